//! A wake descriptor, which ends a thread's wait. ([eventfd(2)](https://man7.org/linux/man-pages/man2/eventfd.2.html))

use crate::sys::errno::Errno;
use crate::sys::fd::CloseOnDrop;
use crate::sys::poll::events::Events;
use crate::sys::poll::wait::PollItem;
use crate::sys::system_call::system_call;
use nix::sys::eventfd::{EfdFlags, EventFd};
use std::mem::size_of;
use std::os::fd::{AsRawFd, RawFd};

/// A descriptor that any thread can make readable.
#[derive(Debug)]
pub struct WakeFd(CloseOnDrop<EventFd>);

impl WakeFd {
    /// Creates a wake descriptor that is not readable.
    pub fn new() -> Result<WakeFd, Errno> {
        Ok(WakeFd(CloseOnDrop::new(EventFd::from_flags(EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK)?)))
    }

    /// Makes the descriptor readable until [`WakeFd::clear`].
    pub fn wake(&self) {
        let one = 1u64;
        let args = [self.as_raw_fd() as usize, &raw const one as usize, size_of::<u64>()];
        // The write fails only when the counter is at its maximum; then the descriptor is readable already.
        // SAFETY: `one` is readable for 8 bytes.
        let _ = unsafe { system_call(libc::SYS_write, args) };
    }

    /// Makes the descriptor not readable.
    pub fn clear(&self) {
        let mut count = 0u64;
        let args = [self.as_raw_fd() as usize, &raw mut count as usize, size_of::<u64>()];
        // The read fails only when the descriptor is not readable.
        // SAFETY: `count` is writable for 8 bytes.
        let _ = unsafe { system_call(libc::SYS_read, args) };
    }

    /// The descriptor to add to a poller.
    pub fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }

    /// The item to pass to [`wait_many`](crate::sys::wait_many).
    pub fn item(&self) -> PollItem {
        PollItem::new(&*self.0, Events::READABLE)
    }
}
