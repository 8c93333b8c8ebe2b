//! Whether descriptors ran short, and whether one has come free since.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

static SHORT: AtomicBool = AtomicBool::new(false);
static TIMES: AtomicU64 = AtomicU64::new(0);
static FREED: AtomicU64 = AtomicU64::new(0);

/// There was no descriptor for a connection.
pub fn record_fd_exhaustion() {
    TIMES.fetch_add(1, Relaxed);
    SHORT.store(true, Relaxed);
}

/// A descriptor of the library has been closed.
#[inline]
pub(in crate::sys) fn record_fd_closed() {
    // Those who close many while there are enough write nothing that others read.
    if SHORT.load(Relaxed) {
        SHORT.store(false, Relaxed);
        FREED.fetch_add(1, Relaxed);
    }
}

/// How often there was none, whether none has come free since the last time, and how often one has after a time.
pub fn fd_exhaustion() -> (u64, bool, u64) {
    (TIMES.load(Relaxed), SHORT.load(Relaxed), FREED.load(Relaxed))
}
