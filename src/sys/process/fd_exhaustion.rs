//! Whether the process or the system has run out of file descriptors, and whether one has been closed since.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

static IS_EXHAUSTED: AtomicBool = AtomicBool::new(false);
static EXHAUSTIONS: AtomicU64 = AtomicU64::new(0);
static RECOVERIES: AtomicU64 = AtomicU64::new(0);

/// Whether the process lacks file descriptors, and counts of the changes.
#[derive(Clone, Copy, Debug)]
pub struct FdExhaustion {
    /// Counts the accepts that failed for lack of a file descriptor.
    pub exhaustions: u64,
    /// Whether the library has closed no file descriptor since the last of these accepts.
    pub is_exhausted: bool,
    /// Counts the changes of `is_exhausted` from true to false, each made by closing a descriptor.
    pub recoveries: u64,
}

/// Records that an accept failed for lack of a file descriptor.
pub fn record_fd_exhaustion() {
    EXHAUSTIONS.fetch_add(1, Relaxed);
    IS_EXHAUSTED.store(true, Relaxed);
}

/// Records that the library has closed a file descriptor.
#[inline]
pub(in crate::sys) fn record_fd_closed() {
    // Without exhaustion, closing only reads, so that the cache line stays shared between processors.
    if IS_EXHAUSTED.load(Relaxed) {
        IS_EXHAUSTED.store(false, Relaxed);
        RECOVERIES.fetch_add(1, Relaxed);
    }
}

/// Reads the counters. The three values are not read atomically.
pub fn fd_exhaustion() -> FdExhaustion {
    FdExhaustion {
        exhaustions: EXHAUSTIONS.load(Relaxed),
        is_exhausted: IS_EXHAUSTED.load(Relaxed),
        recoveries: RECOVERIES.load(Relaxed),
    }
}
