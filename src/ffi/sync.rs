//! The atomics and the cell that the handle table is made of: std's, or loom's when its interleavings are explored.

#[cfg(loom)]
pub use loom::{
    cell::UnsafeCell,
    sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, Ordering},
};
#[cfg(not(loom))]
pub use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, Ordering};

/// std's cell with loom's two methods.
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

/// Waits a little, and longer each time: what is waited for takes a system call's return in another thread.
pub struct Pause(u32);

impl Pause {
    pub const fn new() -> Pause {
        Pause(0)
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
            // 16 µs, doubled up to 1 ms.
            turn => {
                // A signal makes it a shorter one.
                let _ = crate::net::pause(std::time::Duration::from_micros(16 << (turn - 8).min(6)));
            }
        }
        self.0 += 1;
    }
}
