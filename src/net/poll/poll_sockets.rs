//! Waiting for a small number of sockets.

use crate::net::deadline::{Deadline, POLL_SLICE};
use crate::net::{Error, Events, Result, Socket};
use crate::sys::errno::{EINTR, EINVAL};
use crate::sys::{Errno, PollItem, wait_many};
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

/// The maximum number of sockets in one call of [`wait`].
pub const WAIT_MAX: usize = 256;

/// A socket to wait for, and the result.
#[derive(Clone, Copy, Debug)]
pub struct WaitItem<'a> {
    /// The socket.
    pub socket: &'a Socket,
    /// The events to wait for. [`Events::ERROR`] and [`Events::HANGUP`] are always reported.
    pub events: Events,
    /// The events that occurred; written by [`wait`] when it succeeds.
    pub ready: Events,
}

impl<'a> WaitItem<'a> {
    /// An item that waits for these events.
    pub fn new(socket: &'a Socket, events: Events) -> WaitItem<'a> {
        WaitItem { socket, events, ready: Events::NONE }
    }
}

/// Waits until at least one socket is ready and returns how many are; 0 when the timeout expires. Without a timeout it
/// waits indefinitely. The sockets' own timeouts don't apply. ([poll(2)])
///
/// # Errors
/// - [`Error::CLOSED`] if one of the sockets is canceled.
/// - [`Error::INTERRUPTED`] if a signal was handled and one of the sockets is
///   [`Opt::Interruptible`](crate::Opt::Interruptible).
/// - [`Error::INVALID`] for more than [`WAIT_MAX`] sockets, and for an unknown event.
/// - [`Error::TOO_MANY_FILES`] for more items than the process may have descriptors.
///
/// [poll(2)]: https://man7.org/linux/man-pages/man2/poll.2.html
pub fn wait(items: &mut [WaitItem<'_>], timeout: Option<Duration>) -> Result<usize> {
    let mut poll_items = [PollItem::NONE; WAIT_MAX];
    let poll_items = poll_items.get_mut(..items.len()).ok_or(Error::INVALID)?;
    let socket_at = |index: usize| items.get(index).map(|item| (item.socket, item.events));
    let count = wait_for(socket_at, poll_items, Deadline::from_timeout(timeout))?;
    for (item, poll_item) in items.iter_mut().zip(poll_items) {
        item.ready = poll_item.ready();
    }
    Ok(count)
}

/// Waits for `items.len()` sockets; `socket_at` returns each with its events.
pub(crate) fn wait_for<'a>(
    socket_at: impl Fn(usize) -> Option<(&'a Socket, Events)>,
    items: &mut [PollItem],
    deadline: Deadline,
) -> Result<usize> {
    let (mut interruptible, mut all_wake_at_shutdown) = (false, true);
    for (index, item) in items.iter_mut().enumerate() {
        let (socket, events) = socket_at(index).ok_or(Error::INTERNAL)?;
        if !Events::ALL.contains(events) {
            return Err(Error::INVALID);
        }
        interruptible |= socket.interruptible.load(Relaxed);
        all_wake_at_shutdown &= socket.family.is_woken_by_shutdown();
        *item = PollItem::new(&socket.fd, events);
    }
    let mut remaining = match deadline {
        Deadline::Immediate => Some(Duration::ZERO),
        Deadline::Infinite => None,
        Deadline::After(ms, _) => Some(Duration::from_millis(ms as u64)),
    };
    loop {
        let slice = if all_wake_at_shutdown {
            remaining
        } else {
            Some(remaining.map_or(POLL_SLICE, |remaining| remaining.min(POLL_SLICE)))
        };
        let result = wait_many(items, slice);
        match result {
            // Canceling a socket makes it ready, which ends only the waits for that socket.
            _ if (0..items.len()).filter_map(&socket_at).any(|(socket, _)| socket.is_canceled()) => {
                return Err(Error::CLOSED);
            }
            Err(Errno(EINTR)) if interruptible => return Err(Error::INTERRUPTED),
            Ok(0) | Err(Errno(EINTR)) => {}
            Ok(ready) => return Ok(ready),
            // Linux accepts at most RLIMIT_NOFILE items, even if all are for one descriptor.
            Err(Errno(EINVAL)) => return Err(Error::TOO_MANY_FILES),
            Err(errno) => return Err(errno.into()),
        }
        remaining = match deadline.remaining() {
            Some(remaining) => remaining,
            // The results are still empty: neither a signal nor a timeout writes any.
            None => return Ok(0),
        };
    }
}
