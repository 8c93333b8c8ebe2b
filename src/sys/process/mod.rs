//! What belongs to the process: threads, forks and signals.

pub(super) mod detached_thread;
pub(super) mod fork;
pub(super) mod sigpipe;
