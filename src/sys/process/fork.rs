//! A number that distinguishes a forked child from its parent.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

/// The lowest bit of an epoch. Epochs use the top ten bits of a word, so that other data fits below.
pub const EPOCH_SHIFT: u32 = 54;

/// The current epoch. It is never 0, so that a word that was never written has no valid epoch.
static EPOCH: AtomicU64 = AtomicU64::new(1 << EPOCH_SHIFT);
static IS_HANDLER_REGISTERED: AtomicBool = AtomicBool::new(false);

/// The current epoch, in the top ten bits. Each fork after [`register_fork_handler`] changes it in the child; after
/// 1023 forks, it repeats. Children made by a direct `clone` system call are not counted.
#[inline]
pub fn fork_epoch() -> u64 {
    EPOCH.load(Relaxed)
}

/// Begins to count forks.
#[inline]
pub fn register_fork_handler() {
    if !IS_HANDLER_REGISTERED.load(Relaxed) {
        register();
    }
}

#[cold]
fn register() {
    extern "C" fn in_child() {
        const STEP: u64 = 1 << EPOCH_SHIFT;
        // The child has no other thread yet.
        EPOCH.store(EPOCH.load(Relaxed).checked_add(STEP).unwrap_or(STEP), Relaxed);
    }
    // Two threads may register the handler, or the process may fork before the store. A fork is then counted twice,
    // which is harmless. A lock would not be: the child could find it taken. If the C library lacks memory to register
    // the handler, forks are not counted.
    // SAFETY: the handler is async-signal-safe, since it only writes an atomic.
    unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
    IS_HANDLER_REGISTERED.store(true, Relaxed);
}
