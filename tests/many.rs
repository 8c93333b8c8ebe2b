//! Many datagrams at once, from C: each program of tests/c is built, run by itself and run under valgrind.

mod common;

programs!(many_runs,);
