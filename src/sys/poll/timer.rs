//! A timer that becomes ready.

use crate::sys::system_call::system_call;
use crate::sys::{Descriptor, Errno};
use std::mem::size_of;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::ptr;
use std::time::Duration;

/// Something to put into a poller that is ready when its time has come.
#[derive(Debug)]
pub struct Timer(Descriptor);

impl Timer {
    /// One that is not running.
    pub fn new() -> Result<Timer, Errno> {
        let flags = (libc::TFD_CLOEXEC | libc::TFD_NONBLOCK) as usize;
        // SAFETY: no memory is involved.
        let fd = unsafe { system_call(libc::SYS_timerfd_create, [libc::CLOCK_MONOTONIC as usize, flags]) }?;
        // SAFETY: the kernel just gave us this descriptor.
        Ok(Timer(Descriptor::from(unsafe { OwnedFd::from_raw_fd(fd as RawFd) })))
    }

    /// Has it be ready after this long, which is more than nothing.
    pub fn start(&self, time: Duration) -> Result<(), Errno> {
        let never = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        let value = libc::timespec {
            tv_sec: time.as_secs().try_into().unwrap_or(libc::time_t::MAX),
            tv_nsec: time.subsec_nanos().into(),
        };
        let setting = libc::itimerspec { it_interval: never, it_value: value };
        let args = [self.0.raw(), 0, &raw const setting as usize, ptr::null::<u8>() as usize];
        // SAFETY: the setting is ours; the one before is not asked for.
        unsafe { system_call(libc::SYS_timerfd_settime, args) }?;
        Ok(())
    }

    /// Whether its time has come since it was started; it is told once.
    pub fn take(&self) -> bool {
        let mut times = 0u64;
        let args = [self.0.raw(), &raw mut times as usize, size_of::<u64>()];
        // SAFETY: the place is ours.
        unsafe { system_call(libc::SYS_read, args) }.is_ok()
    }

    /// To put it into a poller.
    pub fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}
