//! Waiting for descriptors.

use crate::sys::errno::EAGAIN;
use crate::sys::system_call::system_call;
use crate::sys::{Descriptor, Errno, Events};
use std::os::fd::AsRawFd;
use std::ptr;
use std::time::Duration;

/// The direction of a call that waits, and so which of a socket's timeouts it obeys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Receiving and accepting.
    Recv,
    /// Sending and connecting.
    Send,
}

/// A descriptor to wait for, and what it turned out to be ready for; laid out as the operating system wants it in an
/// array.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct PollItem(pub(in crate::sys) libc::pollfd);

impl PollItem {
    /// Nothing to wait for.
    pub const NONE: PollItem = PollItem(libc::pollfd { fd: -1, events: 0, revents: 0 });

    /// Waits for these events, and for errors and the end in any case.
    pub fn new(descriptor: &Descriptor, events: Events) -> PollItem {
        PollItem(libc::pollfd { fd: descriptor.as_raw_fd(), events: events.to_os(), revents: 0 })
    }

    /// What it is ready for.
    pub fn ready(&self) -> Events {
        Events::from_os(self.0.revents)
    }
}

/// Waits until one of them is ready, and returns how many are; 0 when the time is over first. Without a time it waits
/// for ever.
pub fn wait_many(items: &mut [PollItem], time: Option<Duration>) -> Result<usize, Errno> {
    let mut limit = time.map(|time| libc::timespec {
        tv_sec: time.as_secs().try_into().unwrap_or(libc::time_t::MAX),
        tv_nsec: time.subsec_nanos().into(),
    });
    let limit = limit.as_mut().map_or(ptr::null_mut(), |limit| limit as *mut libc::timespec);
    // SAFETY: items and time are ours; no signal mask.
    unsafe { system_call(libc::SYS_ppoll, [items.as_mut_ptr() as usize, items.len(), limit as usize, 0, 0]) }
}

/// Waits until a call in this direction would not wait: there is data or room, an end or an error. `EAGAIN` when the
/// time is over first; without a time it waits for ever.
pub fn wait_ready(descriptor: &Descriptor, direction: Direction, time: Option<Duration>) -> Result<(), Errno> {
    let events = match direction {
        Direction::Recv => Events::READABLE,
        Direction::Send => Events::WRITABLE,
    };
    match wait_many(&mut [PollItem::new(descriptor, events)], time)? {
        0 => Err(Errno(EAGAIN)),
        _ => Ok(()),
    }
}

/// Does nothing for this long. `EINTR` when a signal was handled meanwhile. std's sleep would do as well, were it not a
/// cancellation point.
pub fn pause(time: Duration) -> Result<(), Errno> {
    wait_many(&mut [], Some(time)).map(drop)
}
