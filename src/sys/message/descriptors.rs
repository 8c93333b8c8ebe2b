//! Received descriptors.

use crate::sys::socket::descriptor::Descriptor;
use std::mem::MaybeUninit;
use std::os::fd::{FromRawFd, IntoRawFd, OwnedFd, RawFd};

/// The largest number of descriptors in one message: Linux's `SCM_MAX_FD`.
pub const DESCRIPTORS_MAX: usize = 253;

/// A queue of received descriptors. Dropping it closes the descriptors that remain.
pub struct Descriptors {
    /// The elements from `next` to `end` are initialised, and owned by the queue.
    fds: [MaybeUninit<RawFd>; DESCRIPTORS_MAX],
    next: usize,
    end: usize,
}

impl Descriptors {
    #[inline]
    pub fn new() -> Descriptors {
        Descriptors { fds: [const { MaybeUninit::uninit() }; DESCRIPTORS_MAX], next: 0, end: 0 }
    }

    /// The number of descriptors in the queue.
    #[inline]
    pub fn len(&self) -> usize {
        self.end - self.next
    }

    /// Appends a descriptor, or returns it if the queue is full.
    pub fn push(&mut self, fd: Descriptor) -> Result<(), Descriptor> {
        match self.fds.get_mut(self.end) {
            Some(slot) => {
                slot.write(OwnedFd::from(fd).into_raw_fd());
                self.end += 1;
                Ok(())
            }
            None => Err(fd),
        }
    }

    /// Removes the first descriptor.
    pub fn pop(&mut self) -> Option<Descriptor> {
        if self.next == self.end {
            return None;
        }
        self.next += 1;
        // SAFETY: the element was initialised and owned by the queue, which has just given it up.
        Some(Descriptor::from(unsafe { OwnedFd::from_raw_fd(self.fds[self.next - 1].assume_init()) }))
    }

    /// Closes the descriptors in the queue.
    #[inline]
    pub fn clear(&mut self) {
        while self.pop().is_some() {}
        (self.next, self.end) = (0, 0);
    }
}

impl Drop for Descriptors {
    #[inline]
    fn drop(&mut self) {
        self.clear();
    }
}
