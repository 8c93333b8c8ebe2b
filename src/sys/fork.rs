//! Telling a forked child from its parent.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};

static FORKS: AtomicU32 = AtomicU32::new(0);
static WATCHED: AtomicBool = AtomicBool::new(false);

/// How many forks since [`watch_forks`] lie between this process and its ancestor that called it. A child made by a bare
/// `clone`, past the C library, is not counted.
#[inline]
pub fn fork_count() -> u32 {
    FORKS.load(Relaxed)
}

/// Counts forks from now on.
#[inline]
pub fn watch_forks() {
    if !WATCHED.load(Relaxed) {
        watch();
    }
}

#[cold]
fn watch() {
    extern "C" fn in_child() {
        FORKS.fetch_add(1, Relaxed);
    }
    // Two threads may both get here, and a fork may come before the store. Counting a fork twice does no harm; a lock
    // that the child finds taken would.
    // SAFETY: the handler may run in a child of a program with threads, as it does nothing but add.
    unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
    WATCHED.store(true, Relaxed);
}
