//! `jf_wait`, and the events that it shares with pollers.

use super::boundary::guard;
use super::handle::InUse;
use super::socket::{SOCKETS, jf_socket};
use crate::net::{Deadline, Error, Events, PollItem, Result, Socket, WAIT_MAX, wait_for};
use std::mem::{align_of, offset_of, size_of};
use std::slice;

/// Events of a socket, joined with |.
#[repr(C)]
#[allow(dead_code, reason = "these are C's names for numbers of the core")]
#[derive(Clone, Copy)]
pub enum jf_event_flag {
    /// A receive or an accept would not block: data, a connection, end of stream or an error is available.
    JF_READABLE = 1,
    /// A send would not block, or a connection attempt has finished.
    JF_WRITABLE = 2,
    /// An error is pending: read it with JF_OPT_ERROR, or receive it from the error queue with JF_ERROR_QUEUE.
    /// Timestamps of sent data are in the error queue, too. Reported even if not requested, until it is read.
    JF_ERROR = 4,
    /// Both directions are closed, or the socket is not connected. Reported even if not requested.
    JF_HANGUP = 8,
    /// The peer has closed its sending direction. Earlier data may remain to be received.
    JF_READ_CLOSED = 16,
    /// Out-of-band data is available.
    JF_PRIORITY = 32,
}

/// One socket of a jf_wait call.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jf_wait_item {
    /// The socket. Several items may name the same socket.
    pub socket: jf_socket,
    /// [flags(jf_event_flag)] The events to wait for, or 0. JF_ERROR and JF_HANGUP are always included.
    pub events: u32,
    /// [flags(jf_event_flag)] Output: the events that are ready, or 0.
    pub ready: u32,
}

const _: () = assert!(
    size_of::<jf_wait_item>() == 16
        && align_of::<jf_wait_item>() == 8
        && offset_of!(jf_wait_item, events) == 8
        && offset_of!(jf_wait_item, ready) == 12
);

/// Calls with at most this many items use small arrays, which are quick to initialize.
const SMALL_COUNT: usize = 16;

/// Waits until at least one of several sockets is ready.
///
/// Readiness is level-triggered. The timeouts of the sockets do not apply. If one of the sockets has
/// JF_OPT_INTERRUPTIBLE, a signal handler that runs during the wait ends it with JF_E_INTERRUPTED. To wait for many
/// sockets repeatedly, use a poller: see docs/polling.md.
///
/// @param items       [inout, array(count)] the sockets and events to wait for; `ready` of every item is written
/// @param count       number of items, at most JF_WAIT_MAX; with 0, the call only waits for the timeout
/// @param timeout_ms  [milliseconds] how long to wait
///
/// @blocks   at most `timeout_ms`, until a socket is ready
/// @return   [count] number of items that are ready; 0 if the timeout expired
/// @error JF_E_INVALID         `count` is too large, or `timeout_ms` is below -1
/// @error JF_E_CLOSED          the socket of an item is closed, or another thread closed it during the call
/// @error JF_E_BAD_HANDLE      the `socket` of an item is not a handle of a socket
/// @error JF_E_TOO_MANY_FILES  `count` exceeds the process's limit of open descriptors
/// @see poll(2), jf_poller_wait
/// @since 0.1
// SAFETY: `items` is NULL, or points to `count` items that no other thread uses.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_wait(items: *mut jf_wait_item, count: usize, timeout_ms: i64) -> i64 {
    guard(|| {
        let items = match count {
            0 => &mut [],
            _ if count > WAIT_MAX || items.is_null() || !items.is_aligned() => return Err(Error::INVALID),
            // SAFETY: the caller's.
            _ => unsafe { slice::from_raw_parts_mut(items, count) },
        };
        if count <= SMALL_COUNT {
            wait_in::<SMALL_COUNT>(items, timeout_ms)
        } else {
            wait_in::<WAIT_MAX>(items, timeout_ms)
        }
    })
}

/// Waits for at most `CAPACITY` items. The sockets are in use during the wait, so that none is closed meanwhile.
fn wait_in<const CAPACITY: usize>(items: &mut [jf_wait_item], timeout_ms: i64) -> Result<i64> {
    // Handles are checked last: an invalid argument takes precedence over a bad handle.
    let deadline = Deadline::from_ms(timeout_ms)?;
    if items.iter().any(|item| !Events::ALL.contains(Events::from_bits_retain(item.events))) {
        return Err(Error::INVALID);
    }
    let mut sockets: [Option<InUse<'_, Socket>>; CAPACITY] = [const { None }; CAPACITY];
    for (socket, item) in sockets.iter_mut().zip(&*items) {
        *socket = Some(SOCKETS.enter(item.socket)?);
    }
    let socket = |at: usize| sockets.get(at).and_then(Option::as_deref);
    let mut poll_items = [PollItem::NONE; CAPACITY];
    let poll_items = &mut poll_items[..items.len()];
    let ready = wait_for(|at| Some((socket(at)?, Events::from_bits_retain(items[at].events))), poll_items, deadline)?;
    for (item, poll_item) in items.iter_mut().zip(poll_items) {
        item.ready = poll_item.ready().bits();
    }
    Ok(ready as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_have_the_same_bits_in_c_and_rust() {
        for (c, rust) in [
            (jf_event_flag::JF_READABLE, Events::READABLE),
            (jf_event_flag::JF_WRITABLE, Events::WRITABLE),
            (jf_event_flag::JF_ERROR, Events::ERROR),
            (jf_event_flag::JF_HANGUP, Events::HANGUP),
            (jf_event_flag::JF_READ_CLOSED, Events::READ_CLOSED),
            (jf_event_flag::JF_PRIORITY, Events::PRIORITY),
        ] {
            assert_eq!(c as u32, rust.bits());
        }
        assert_eq!(crate::ffi::addr::jf_size::JF_WAIT_MAX as usize, WAIT_MAX);
    }
}
