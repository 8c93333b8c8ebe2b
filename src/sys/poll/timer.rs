//! A timer with a file descriptor. ([timerfd_create(2)](https://man7.org/linux/man-pages/man2/timerfd_create.2.html))

use crate::sys::errno::Errno;
use crate::sys::fd::CloseOnDrop;
use crate::sys::poll::wait::to_timespec;
use crate::sys::system_call::system_call;
use nix::sys::time::TimeSpec;
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};
use std::mem::size_of;
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::time::Duration;

/// A one-shot timer whose descriptor becomes readable when the timer expires.
#[derive(Debug)]
pub struct Timer(CloseOnDrop<TimerFd>);

impl Timer {
    /// Creates a stopped timer.
    pub fn new() -> Result<Timer, Errno> {
        let flags = TimerFlags::TFD_CLOEXEC | TimerFlags::TFD_NONBLOCK;
        Ok(Timer(CloseOnDrop::new(TimerFd::new(ClockId::CLOCK_MONOTONIC, flags)?)))
    }

    /// Starts the timer, or restarts it. `duration` is not zero, which would stop the timer.
    pub fn start(&self, duration: Duration) -> Result<(), Errno> {
        let expiration = Expiration::OneShot(TimeSpec::from_timespec(to_timespec(duration)));
        Ok(self.0.set(expiration, TimerSetTimeFlags::empty())?)
    }

    /// Returns whether the timer has expired, once per expiration.
    pub fn take_expiration(&self) -> bool {
        let mut count = 0u64;
        let args = [self.as_raw_fd() as usize, &raw mut count as usize, size_of::<u64>()];
        // SAFETY: `count` is writable for 8 bytes.
        unsafe { system_call(libc::SYS_read, args) }.is_ok()
    }

    /// The descriptor to add to a poller.
    pub fn as_raw_fd(&self) -> RawFd {
        self.0.as_fd().as_raw_fd()
    }
}
