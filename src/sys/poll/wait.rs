//! Waiting for a few descriptors. ([ppoll(2)](https://man7.org/linux/man-pages/man2/ppoll.2.html))

use crate::sys::errno::{EAGAIN, Errno};
use crate::sys::poll::events::Events;
use crate::sys::system_call::system_call;
use std::os::fd::{AsFd, AsRawFd};
use std::ptr;
use std::time::Duration;

/// The direction of a blocking call, which selects the socket's receive timeout or send timeout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Receiving and accepting.
    Recv,
    /// Sending and connecting.
    Send,
}

/// A descriptor to wait for, and the events for which it is ready. Laid out as the system's `struct pollfd`.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct PollItem(pub(in crate::sys) libc::pollfd);

impl PollItem {
    /// An item that the kernel ignores.
    pub const NONE: PollItem = PollItem(libc::pollfd { fd: -1, events: 0, revents: 0 });

    /// Waits for these events. [`Events::ERROR`] and [`Events::HANGUP`] are always included.
    pub fn new(fd: impl AsFd, events: Events) -> PollItem {
        PollItem(libc::pollfd { fd: fd.as_fd().as_raw_fd(), events: events.to_poll(), revents: 0 })
    }

    /// The events for which the descriptor is ready.
    pub fn ready(&self) -> Events {
        Events::from_poll(self.0.revents)
    }
}

/// Waits until an item is ready and returns how many are; 0 when the timeout expires first. Without a timeout, the wait
/// is unlimited. `EINTR` if a signal handler ran.
pub fn wait_many(items: &mut [PollItem], timeout: Option<Duration>) -> Result<usize, Errno> {
    // The kernel writes the remaining time to `limit`.
    let mut limit = timeout.map(to_timespec);
    let limit = limit.as_mut().map_or(ptr::null_mut(), ptr::from_mut);
    // SAFETY: `items` and `limit` are valid for writes. There is no signal mask.
    unsafe { system_call(libc::SYS_ppoll, [items.as_mut_ptr() as usize, items.len(), limit as usize, 0, 0]) }
}

/// Waits until a call in this direction would not block. `EAGAIN` when the timeout expires first. Without a timeout,
/// the wait is unlimited.
pub fn wait_ready(fd: impl AsFd, direction: Direction, timeout: Option<Duration>) -> Result<(), Errno> {
    let events = match direction {
        Direction::Recv => Events::READABLE,
        Direction::Send => Events::WRITABLE,
    };
    match wait_many(&mut [PollItem::new(fd, events)], timeout)? {
        0 => Err(Errno(EAGAIN)),
        _ => Ok(()),
    }
}

/// Sleeps for this long. `EINTR` if a signal handler ran. Unlike std's sleep, it is not a cancellation point.
pub fn sleep(duration: Duration) -> Result<(), Errno> {
    wait_many(&mut [], Some(duration)).map(drop)
}

/// Converts a duration for a system call. A duration that is too long becomes the longest possible duration.
#[inline]
pub(in crate::sys) fn to_timespec(duration: Duration) -> libc::timespec {
    libc::timespec {
        tv_sec: duration.as_secs().try_into().unwrap_or(libc::time_t::MAX),
        tv_nsec: duration.subsec_nanos().into(),
    }
}
