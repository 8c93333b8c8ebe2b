//! Changes of an epoll instance's interest list.
//! ([epoll_ctl(2)](https://man7.org/linux/man-pages/man2/epoll_ctl.2.html))

use crate::sys::errno::Errno;
use crate::sys::system_call::system_call;
use libc::epoll_event;
use std::os::fd::RawFd;
use std::ptr;

/// Makes one change. It takes descriptors by number, unlike nix's function: C callers pass descriptors that need not be
/// open, and a closing descriptor leaves epoll instances that may be closed already.
#[inline]
pub fn epoll_ctl(epoll: RawFd, operation: i32, fd: RawFd, event: Option<&epoll_event>) -> Result<(), Errno> {
    let event = event.map_or(ptr::null(), ptr::from_ref);
    // SAFETY: `event` is NULL, which EPOLL_CTL_DEL allows, or points to an event.
    unsafe { system_call(libc::SYS_epoll_ctl, [epoll as usize, operation as usize, fd as usize, event as usize]) }?;
    Ok(())
}

/// Removes a descriptor from an epoll instance. If the poller was closed and its number reused, nothing happens.
pub fn remove_by_id(epoll: RawFd, fd: RawFd) -> Result<(), Errno> {
    epoll_ctl(epoll, libc::EPOLL_CTL_DEL, fd, None)
}
