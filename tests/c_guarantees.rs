//! Guarantees about signals, threads, forks and cancellation, tested from C. In a C program, signals have their default
//! dispositions and no thread belongs to a test harness. Each program of tests/c is built, then run without and with
//! valgrind.

mod common;

c_program_tests!(
    sigpipe,
    signals,
    close_wakes,
    deadline,
    exec_leak,
    forking,
    cancel,
    stale_handles,
    stress,
    poller_fork,
    poller_stress,
);
