//! Waiting for a handful of sockets as C sees it.

use super::boundary::guard;
use super::handle::InUse;
use super::socket::{SOCKETS, jf_socket};
use crate::net::{Deadline, Error, Events, PollItem, Result, Socket, WAIT_MAX, wait_for};
use std::mem::{align_of, offset_of, size_of};
use std::slice;

/// What a socket can be ready for, joined with |.
#[repr(C)]
#[allow(dead_code, reason = "these are C's names for numbers of the core")]
#[derive(Clone, Copy)]
pub enum jf_event_flag {
    /// A receive or an accept would not wait: there is data, a connection, an end or an error.
    JF_READABLE = 1,
    /// A send would not wait, or a connection has been made or refused.
    JF_WRITABLE = 2,
    /// There is an error: JF_OPT_ERROR tells it, or it is in the queue of errors, with timestamps of what was sent, and
    /// is received with JF_ERROR_QUEUE. It is told until it is taken. Always told.
    JF_ERROR = 4,
    /// Both directions have ended, or there is no connection. Always told.
    JF_HANGUP = 8,
    /// The peer sends no more; there may be something still to be received.
    JF_READ_CLOSED = 16,
    /// There is urgent data.
    JF_PRIORITY = 32,
}

/// A socket to wait for.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jf_wait_item {
    /// The socket. The same may stand in several items.
    pub socket: jf_socket,
    /// What to wait for: JF_READABLE and so on joined with |, or 0. JF_ERROR and JF_HANGUP are waited for in any case.
    pub events: u32,
    /// What it is ready for is written here, or 0.
    pub ready: u32,
}

const _: () = assert!(
    size_of::<jf_wait_item>() == 16
        && align_of::<jf_wait_item>() == 8
        && offset_of!(jf_wait_item, events) == 8
        && offset_of!(jf_wait_item, ready) == 12
);

/// As many as are mostly waited for: room for them is made quickly.
const FEW: usize = 16;

/// Waits until at least one of some sockets is ready.
///
/// items: which, and what for; not looked at when count is 0. What each is ready for is written to its ready when the
/// call succeeds.
/// count: how many, at most JF_WAIT_MAX. With 0 the time is waited for.
/// timeout_ms: how long to wait, in milliseconds; -1 for ever, 0 not at all. The sockets' own timeouts do not count.
///
/// Blocks for timeout_ms, whatever signals arrive. Returns how many items are ready; 0 when the time is over. Errors:
/// JF_E_CLOSED when another thread closed one of the sockets; JF_E_INTERRUPTED when a signal was handled and one of
/// them has JF_OPT_INTERRUPTIBLE; JF_E_INVALID for a NULL, for too many, for an unknown event and for a timeout below
/// -1; JF_E_TOO_MANY_FILES for more items than the process may have descriptors; JF_E_BAD_HANDLE when one of them is
/// not open. See poll(2). Since 0.1.
// SAFETY: `items` is NULL or `count` of them, which nobody else uses.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_wait(items: *mut jf_wait_item, count: usize, timeout_ms: i64) -> i64 {
    guard(|| {
        let items = match count {
            0 => &mut [],
            _ if count > WAIT_MAX || items.is_null() || !items.is_aligned() => return Err(Error::INVALID),
            // SAFETY: the caller's.
            _ => unsafe { slice::from_raw_parts_mut(items, count) },
        };
        if count <= FEW { wait_in::<FEW>(items, timeout_ms) } else { wait_in::<WAIT_MAX>(items, timeout_ms) }
    })
}

/// Waits in room for at most so many. The sockets are in use meanwhile, so that none is closed under the wait.
fn wait_in<const ROOM: usize>(items: &mut [jf_wait_item], timeout_ms: i64) -> Result<i64> {
    // Of wrong arguments, the handles are the last that are looked at.
    let deadline = Deadline::from_ms(timeout_ms)?;
    if items.iter().any(|item| !Events::from_bits(item.events).within(Events::ALL)) {
        return Err(Error::INVALID);
    }
    let mut sockets: [Option<InUse<'_, Socket>>; ROOM] = [const { None }; ROOM];
    for (socket, item) in sockets.iter_mut().zip(&*items) {
        *socket = Some(SOCKETS.enter(item.socket)?);
    }
    let socket = |at: usize| sockets.get(at).and_then(Option::as_deref);
    let mut room = [PollItem::NONE; ROOM];
    let room = &mut room[..items.len()];
    let ready = wait_for(|at| Some((socket(at)?, Events::from_bits(items[at].events))), room, deadline)?;
    for (item, polled) in items.iter_mut().zip(room) {
        item.ready = polled.ready().bits();
    }
    Ok(ready as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c_and_rust_number_the_events_alike() {
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
