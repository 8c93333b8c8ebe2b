//! What callers are promised, from C, where signals have their default dispositions and threads are the program's own: each
//! program of tests/c is built, run by itself and run under valgrind.

mod common;

programs!(sigpipe, signals, close_wakes, deadline, exec_leak, forking, cancel, stress, poller_fork, poller_stress,);
