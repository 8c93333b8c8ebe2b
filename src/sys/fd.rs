//! Owned file descriptors whose close is not a cancellation point.

use crate::sys::process::fd_exhaustion::record_fd_closed;
use crate::sys::system_call::system_call;
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::os::fd::{IntoRawFd, OwnedFd};

/// Closes a file descriptor. Dropping an `OwnedFd` would call the C library's close(2), a cancellation point.
#[inline]
pub(in crate::sys) fn close(fd: OwnedFd) {
    // An error reports lost data. The descriptor is closed in any case.
    // SAFETY: `fd` is owned by this function and not used afterwards.
    let _ = unsafe { system_call(libc::SYS_close, [fd.into_raw_fd() as usize]) };
    record_fd_closed();
}

/// Owns a file descriptor, and closes it with [`close`] when dropped.
#[derive(Debug)]
pub(in crate::sys) struct CloseOnDrop<T: Into<OwnedFd>>(ManuallyDrop<T>);

impl<T: Into<OwnedFd>> CloseOnDrop<T> {
    pub fn new(owner: T) -> CloseOnDrop<T> {
        CloseOnDrop(ManuallyDrop::new(owner))
    }
}

impl<T: Into<OwnedFd>> Deref for CloseOnDrop<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Into<OwnedFd>> Drop for CloseOnDrop<T> {
    #[cold]
    fn drop(&mut self) {
        // SAFETY: the field is not used afterwards.
        close(unsafe { ManuallyDrop::take(&mut self.0) }.into());
    }
}
