//! Threads, forks and signals of the process.

pub(super) mod detached_thread;
pub(super) mod fork;
pub(super) mod sigpipe;
