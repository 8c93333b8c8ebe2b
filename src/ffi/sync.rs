//! Atomics and cells for the handle table: std's, or loom's in a build that explores all interleavings.

#[cfg(loom)]
pub use loom::{
    cell::UnsafeCell,
    sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, Ordering},
};
#[cfg(not(loom))]
pub use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, Ordering};

/// std's cell with the two methods of loom's cell.
#[cfg(not(loom))]
pub struct UnsafeCell<T>(std::cell::UnsafeCell<T>);

#[cfg(not(loom))]
impl<T> UnsafeCell<T> {
    pub const fn new(value: T) -> UnsafeCell<T> {
        UnsafeCell(std::cell::UnsafeCell::new(value))
    }

    #[inline]
    pub fn with<R>(&self, f: impl FnOnce(*const T) -> R) -> R {
        f(self.0.get())
    }

    #[inline]
    pub fn with_mut<R>(&self, f: impl FnOnce(*mut T) -> R) -> R {
        f(self.0.get())
    }
}

/// Backoff while another thread returns from a system call: yields 8 times, then sleeps for 16 µs, doubled up to 1 ms.
pub struct Backoff(u32);

impl Backoff {
    pub const fn new() -> Backoff {
        Backoff(0)
    }

    #[cfg(loom)]
    pub fn wait(&mut self) {
        self.0 += 1;
        loom::thread::yield_now();
    }

    #[cfg(not(loom))]
    pub fn wait(&mut self) {
        match self.0 {
            0..8 => std::thread::yield_now(),
            count => {
                // A signal may end the sleep early, which does no harm.
                let _ = crate::net::sleep(std::time::Duration::from_micros(16 << (count - 8).min(6)));
            }
        }
        self.0 += 1;
    }
}
