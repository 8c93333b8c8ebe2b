//! Threads, forks, signals and descriptor exhaustion of the process.

pub(super) mod detached_thread;
pub(super) mod fd_exhaustion;
pub(super) mod fork;
pub(super) mod sigpipe;
