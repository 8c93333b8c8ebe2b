//! Telling a forked child from its parent.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

/// The lowest bit of an epoch: it is in the top ten, so that a word can carry it beside other things as it is.
pub const EPOCH_SHIFT: u32 = 54;

/// Never 0, so that a word nobody has written yet is of no epoch.
static EPOCH: AtomicU64 = AtomicU64::new(1 << EPOCH_SHIFT);
static WATCHED: AtomicBool = AtomicBool::new(false);

/// A number in the top ten bits that each fork since [`register_fork_handler`] has made another one; it comes round after 1023. A
/// child made by a bare `clone`, past the C library, is not counted.
#[inline]
pub fn fork_epoch() -> u64 {
    EPOCH.load(Relaxed)
}

/// Counts forks from now on.
#[inline]
pub fn register_fork_handler() {
    if !WATCHED.load(Relaxed) {
        watch();
    }
}

#[cold]
fn watch() {
    extern "C" fn in_child() {
        const STEP: u64 = 1 << EPOCH_SHIFT;
        // The child has no other thread yet.
        EPOCH.store(EPOCH.load(Relaxed).checked_add(STEP).unwrap_or(STEP), Relaxed);
    }
    // Two threads may both get here, and a fork may come before the store. Counting a fork twice does no harm; a lock
    // that the child finds taken would.
    // SAFETY: the handler may run in a child of a program with threads, as it does nothing but write a number.
    unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
    WATCHED.store(true, Relaxed);
}
