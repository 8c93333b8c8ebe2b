//! Waiting for a handful of sockets at once.

use crate::net::deadline::{Deadline, POLL_SLICE};
use crate::net::{Error, Events, Result, Socket};
use crate::sys::errno::{EINTR, EINVAL};
use crate::sys::{Errno, PollItem, wait_many};
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

/// The most sockets that one call waits for.
pub const WAIT_MAX: usize = 256;

/// A socket to wait for.
#[derive(Clone, Copy, Debug)]
pub struct WaitItem<'a> {
    /// The socket.
    pub socket: &'a Socket,
    /// What to wait for, beside errors and the end.
    pub events: Events,
    /// What it is ready for; written by [`wait`] when it succeeds.
    pub ready: Events,
}

impl<'a> WaitItem<'a> {
    /// Waits for these events.
    pub fn new(socket: &'a Socket, events: Events) -> WaitItem<'a> {
        WaitItem { socket, events, ready: Events::NONE }
    }
}

/// Waits until one of the sockets is ready, and returns how many are; 0 when the time is over. Without a time it waits
/// for ever. The sockets' own timeouts do not count. ([poll(2)])
///
/// # Errors
/// [`Error::CLOSED`] when one of them is canceled, [`Error::INTERRUPTED`] when a signal was handled and one of them is
/// [`Opt::Interruptible`](crate::Opt::Interruptible), [`Error::INVALID`] for more than [`WAIT_MAX`] sockets.
///
/// [poll(2)]: https://man7.org/linux/man-pages/man2/poll.2.html
pub fn wait(items: &mut [WaitItem<'_>], time: Option<Duration>) -> Result<usize> {
    let mut room = [PollItem::NONE; WAIT_MAX];
    let room = room.get_mut(..items.len()).ok_or(Error::INVALID)?;
    let count =
        wait_for(|at| items.get(at).map(|item| (item.socket, item.events)), room, Deadline::from_timeout(time))?;
    for (item, polled) in items.iter_mut().zip(room) {
        item.ready = polled.ready();
    }
    Ok(count)
}

/// Waits for as many sockets as there is room for; `of` tells which and for what.
pub(crate) fn wait_for<'a>(
    of: impl Fn(usize) -> Option<(&'a Socket, Events)>,
    room: &mut [PollItem],
    deadline: Deadline,
) -> Result<usize> {
    let (mut interruptible, mut wakes) = (false, true);
    for (at, polled) in room.iter_mut().enumerate() {
        let (socket, events) = of(at).ok_or(Error::INTERNAL)?;
        if !events.within(Events::ALL) {
            return Err(Error::INVALID);
        }
        interruptible |= socket.interruptible.load(Relaxed);
        wakes &= socket.family.wakes_at_shutdown();
        *polled = PollItem::new(&socket.fd, events);
    }
    let mut left = match deadline {
        Deadline::Immediate => Some(Duration::ZERO),
        Deadline::Infinite => None,
        Deadline::After(ms, _) => Some(Duration::from_millis(ms as u64)),
    };
    loop {
        let slice = if wakes { left } else { Some(left.map_or(POLL_SLICE, |left| left.min(POLL_SLICE))) };
        let result = wait_many(room, slice);
        match result {
            // Closing a socket makes it ready, and wakes nobody else.
            _ if (0..room.len()).filter_map(&of).any(|(socket, _)| socket.is_canceled()) => return Err(Error::CLOSED),
            Err(Errno(EINTR)) if interruptible => return Err(Error::INTERRUPTED),
            Ok(0) | Err(Errno(EINTR)) => {}
            Ok(ready) => return Ok(ready),
            // Linux takes no more items than the process may have descriptors, be they of one socket.
            Err(Errno(EINVAL)) => return Err(Error::TOO_MANY_FILES),
            Err(errno) => return Err(errno.into()),
        }
        left = match deadline.remaining() {
            Some(left) => left,
            // What a signal cut short has left the array as it was, and so has the end of the time.
            None => return Ok(0),
        };
    }
}
