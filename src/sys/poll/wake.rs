//! Waking a thread that waits in poll.

use crate::sys::system_call::system_call;
use crate::sys::{Descriptor, Errno, Events, PollItem};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::ptr;

/// Something to wait for beside descriptors of sockets, that any thread makes ready.
#[derive(Debug)]
pub struct WakeFd(Descriptor);

impl WakeFd {
    /// One that is not ready.
    pub fn new() -> Result<WakeFd, Errno> {
        let flags = (libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) as usize;
        // SAFETY: no memory is involved.
        let fd = unsafe { system_call(libc::SYS_eventfd2, [0, flags]) }?;
        // SAFETY: the kernel just gave us this descriptor.
        Ok(WakeFd(Descriptor::from(unsafe { OwnedFd::from_raw_fd(fd as RawFd) })))
    }

    /// Makes it ready.
    pub fn wake(&self) {
        let one = 1u64;
        // SAFETY: the number is ours. It fails only when the sum of all is too large, and then it is ready.
        let _ = unsafe { system_call(libc::SYS_write, [self.0.raw(), &raw const one as usize, size_of::<u64>()]) };
    }

    /// Makes it not ready.
    pub fn clear(&self) {
        let mut sum = 0u64;
        // SAFETY: the place is ours. It fails only when it is not ready.
        let _ =
            unsafe { system_call(libc::SYS_read, [self.0.raw(), ptr::from_mut(&mut sum) as usize, size_of::<u64>()]) };
    }

    /// To put it into a poller.
    pub fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }

    /// To wait for it.
    pub fn item(&self) -> PollItem {
        PollItem::new(&self.0, Events::READABLE)
    }
}
