//! Pollers as C sees them.

use super::boundary::{array, count, done, guard};
use super::handle::{FEW, Table};
use super::socket::{SOCKETS, jf_socket};
use crate::net::{Error, EventBuffer, Events, Poller, PollerEvent, Result, Socket};
use std::mem::{align_of, offset_of, size_of};
use std::os::fd::{AsRawFd, RawFd};
use std::time::Duration;

/// A poller. The number is positive and below 2^53, stands for this poller alone, and is never given out again.
pub type jf_poller = i64;

/// How a poller tells, joined with | to the events that it is asked for.
#[repr(C)]
#[allow(dead_code, reason = "these are C's names for numbers of the core")]
#[derive(Clone, Copy)]
pub enum jf_poller_mode {
    /// An event is told once when it comes up, not for as long as it lasts: receive, send or accept until
    /// JF_E_WOULD_BLOCK. (Of a TCP stream a receive that left room has taken all that was there, unless JF_PRIORITY is told,
    /// too. Of a UNIX stream it may have stopped at a descriptor in the middle.) JF_E_UNSUPPORTED on a system that only has
    /// poll, but together with JF_ONE_SHOT.
    JF_EDGE = 64,
    /// One event is told, and then none until jf_poller_modify asks again.
    JF_ONE_SHOT = 128,
}

/// Something that a poller found ready.
#[repr(C)]
pub struct jf_event {
    /// The token that it was added with.
    pub token: u64,
    /// What it is ready for: JF_READABLE and so on, joined with |.
    pub events: u32,
    /// 0, for what a later version may tell.
    pub error: i32,
}

const _: () = assert!(
    size_of::<jf_event>() == 16
        && size_of::<PollerEvent>() == 16
        && align_of::<jf_event>() == align_of::<PollerEvent>()
        && offset_of!(jf_event, token) == offset_of!(PollerEvent, token)
        && offset_of!(jf_event, events) == offset_of!(PollerEvent, events)
        && offset_of!(jf_event, error) == offset_of!(PollerEvent, error)
        && offset_of!(jf_event, events) == 8
        && offset_of!(jf_event, error) == 12
);

const KIND: u64 = 3;

#[cfg(not(loom))]
static POLLERS: Table<Poller, KIND, FEW> = Table::new();
#[cfg(loom)]
static POLLERS: std::sync::LazyLock<Table<Poller, KIND, FEW>> = std::sync::LazyLock::new(Table::new);

/// Opens a poller, which waits for any number of sockets at once.
///
/// Never blocks. Returns the poller, which the caller closes with jf_poller_close. It is for this process: in a forked
/// child every call but jf_poller_close is JF_E_BAD_HANDLE. Errors: JF_E_TOO_MANY_FILES (it has two descriptors), also
/// when the process has 1024 pollers; JF_E_SYSTEM_FILES; JF_E_NO_MEMORY. See epoll(7). Since 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn jf_poller_open() -> i64 {
    guard(|| POLLERS.insert(Poller::open))
}

fn with_socket(p: jf_poller, s: jf_socket, call: impl FnOnce(&Poller, &Socket) -> Result<()>) -> Result<i64> {
    POLLERS.with(p, |poller| SOCKETS.with(s, |socket| call(poller, socket))).map(done)
}

/// Has a poller wait for a socket, too.
///
/// p: the poller.
/// s: the socket. It leaves the poller when it is closed: a wait that begins after that tells no event of it, one that
/// another thread is just returning from still may.
/// events: what for, JF_READABLE and so on joined with |; JF_ERROR and JF_HANGUP are told in any case. With JF_EDGE or
/// JF_ONE_SHOT they are told as those say, else for as long as they last.
/// token: what its events shall carry, such as a pointer or an index; any number but UINT64_MAX.
///
/// Never blocks; threads that wait on p wait for s at once. Returns 0. Errors: JF_E_EXISTS when p has it already;
/// JF_E_INVALID for an unknown event and for that token; JF_E_NO_MEMORY, also when the system waits for as many as it
/// can; JF_E_BAD_HANDLE. See epoll_ctl(2). Since 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn jf_poller_add(p: jf_poller, s: jf_socket, events: u32, token: u64) -> i64 {
    guard(|| with_socket(p, s, |poller, socket| poller.add(socket, Events::from_bits(events), token)))
}

/// Changes what a poller waits for on a socket, and the token. After JF_ONE_SHOT has told, this asks again.
///
/// p: the poller.
/// s: the socket.
/// events, token: as for jf_poller_add.
///
/// Never blocks. Returns 0. Errors: JF_E_NOT_FOUND when p does not have it; JF_E_INVALID for an unknown event and for
/// the token UINT64_MAX; JF_E_BAD_HANDLE. See epoll_ctl(2). Since 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn jf_poller_modify(p: jf_poller, s: jf_socket, events: u32, token: u64) -> i64 {
    guard(|| with_socket(p, s, |poller, socket| poller.modify(socket, Events::from_bits(events), token)))
}

/// Has a poller wait for a socket no longer. A wait that begins after this tells no event of it; one that another
/// thread is just returning from still may.
///
/// p: the poller.
/// s: the socket.
///
/// Never blocks. Returns 0. Errors: JF_E_NOT_FOUND when p does not have it; JF_E_BAD_HANDLE. See epoll_ctl(2). Since
/// 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn jf_poller_remove(p: jf_poller, s: jf_socket) -> i64 {
    guard(|| with_socket(p, s, Poller::remove))
}

fn with_fd(p: jf_poller, fd: i64, call: impl FnOnce(&Poller, RawFd) -> Result<()>) -> Result<i64> {
    let fd = RawFd::try_from(fd).ok().filter(|&fd| fd >= 0).ok_or(Error::BAD_HANDLE)?;
    POLLERS.with(p, |poller| call(poller, fd)).map(done)
}

/// Has a poller wait for a descriptor that is no socket of the library: a pipe, a terminal, an eventfd, another
/// library's socket, another poller (jf_poller_fd).
///
/// p: the poller.
/// fd: the descriptor. It remains the caller's, who takes it out before closing it: else its events go on when a
/// duplicate or another process has it too.
/// events, token: as for jf_poller_add.
///
/// Never blocks. Returns 0. Errors: JF_E_UNSUPPORTED for what can't be waited for, such as a file on a disk, or a
/// poller that would wait for itself; JF_E_BAD_HANDLE also when the descriptor is not open; the others as from
/// jf_poller_add. See epoll_ctl(2). Since 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn jf_poller_add_fd(p: jf_poller, fd: i64, events: u32, token: u64) -> i64 {
    guard(|| with_fd(p, fd, |poller, fd| poller.add_raw(fd, Events::from_bits(events), token)))
}

/// Changes what a poller waits for on such a descriptor, as jf_poller_modify does for a socket.
///
/// p: the poller.
/// fd: the descriptor.
/// events, token: as for jf_poller_add.
///
/// Never blocks. Returns 0. Errors: as from jf_poller_modify; JF_E_BAD_HANDLE also when the descriptor is not open.
/// Since 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn jf_poller_modify_fd(p: jf_poller, fd: i64, events: u32, token: u64) -> i64 {
    guard(|| with_fd(p, fd, |poller, fd| poller.modify_raw(fd, Events::from_bits(events), token)))
}

/// Has a poller wait for such a descriptor no longer, as jf_poller_remove does for a socket.
///
/// p: the poller.
/// fd: the descriptor.
///
/// Never blocks. Returns 0. Errors: JF_E_NOT_FOUND when p does not have it; JF_E_BAD_HANDLE also when the descriptor is
/// not open. Since 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn jf_poller_remove_fd(p: jf_poller, fd: i64) -> i64 {
    guard(|| with_fd(p, fd, Poller::remove_raw))
}

/// Waits until something is ready. Any number of threads may wait on one poller. With JF_EDGE and JF_ONE_SHOT each
/// event is told to one of them; else every wait tells what is ready as it begins, and so may several at once.
///
/// p: the poller.
/// events: where to write what is ready; not NULL. What is in it beyond the events that are told may be changed, too.
/// cap: how many there is room for, at least 1. What does not fit is told by the next wait.
/// timeout_ms: how long to wait, in milliseconds; -1 for ever, 0 not at all.
///
/// Blocks for timeout_ms, never shorter, whatever signals arrive. Returns how many events were written; 0 when the time
/// is over, and when jf_poller_wake ended the wait. Errors: JF_E_CLOSED when another thread closed the poller;
/// JF_E_INTERRUPTED when a signal was handled and JF_POLLER_INTERRUPTIBLE is set; JF_E_INVALID for a NULL, a cap that
/// is 0 or that no memory has, and a timeout below -1; JF_E_BAD_HANDLE. See epoll_wait(2). Since 0.1.
// SAFETY: `events` is NULL or writable for `cap` of them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_poller_wait(p: jf_poller, events: *mut jf_event, cap: usize, timeout_ms: i64) -> i64 {
    guard(|| {
        // SAFETY: the caller's; the layouts are the same.
        let mut room = EventBuffer::from(unsafe { array(events.cast::<PollerEvent>(), cap) }?);
        let time = match timeout_ms {
            -1 => None,
            0.. => Some(Duration::from_millis(timeout_ms as u64)),
            _ => return Err(Error::INVALID),
        };
        POLLERS.with(p, |poller| poller.wait_into(&mut room, time)).map(count)
    })
}

/// Has one thread that waits on a poller return at once with what is ready, or 0; or, when none waits, the next wait.
/// Several wakes that nobody has returned for yet may count as one.
///
/// p: the poller.
///
/// Never blocks. It may be called from a signal handler, if that has not interrupted a call on p's way to be closed.
/// Returns 0. Errors: JF_E_BAD_HANDLE. Since 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn jf_poller_wake(p: jf_poller) -> i64 {
    guard(|| POLLERS.with(p, Poller::wake).map(done))
}

/// The options of a poller.
#[repr(C)]
#[allow(dead_code, reason = "these are C's names for numbers of the core")]
#[derive(Clone, Copy)]
pub enum jf_poller_option {
    /// Whether jf_poller_wait returns JF_E_INTERRUPTED when a signal was handled: 0, the default, or 1. So Ctrl-C works
    /// in a host language.
    JF_POLLER_INTERRUPTIBLE = 1,
    /// Whether listeners rest while there is no descriptor for a connection: 0, the default, or 1. When jf_accept has
    /// returned JF_E_TOO_MANY_FILES or JF_E_SYSTEM_FILES, on whatever listener, those in the poller tell nothing until
    /// 100 milliseconds have passed, or a wait begins after a socket was closed. With 0 a listener is ready for as long
    /// as connections are queued, and a loop that can't accept them spins. It is for listeners that are added when it
    /// is 1, listen by then, and are told of for as long as connections are queued: with JF_EDGE one is not told of
    /// again after the rest.
    JF_POLLER_REST_LISTENERS = 2,
}

/// Sets an option of a poller.
///
/// p: the poller.
/// option: one of JF_POLLER_*.
/// value: what to set it to.
///
/// Never blocks. Returns 0. Errors: JF_E_INVALID for an unknown option and a value out of range; JF_E_TOO_MANY_FILES
/// and JF_E_SYSTEM_FILES, since JF_POLLER_REST_LISTENERS takes two more descriptors; JF_E_BAD_HANDLE. Since 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn jf_poller_set(p: jf_poller, option: i32, value: i64) -> i64 {
    guard(|| match (option, value) {
        (2, 0 | 1) => POLLERS.with(p, |poller| poller.set_accept_backoff(value == 1)).map(done),
        (1, 0 | 1) => POLLERS.with(p, |poller| poller.set_interruptible(value == 1)).map(done),
        _ => Err(Error::INVALID),
    })
}

/// The descriptor of a poller, which is readable when an event can be had: to wait for it in another event loop, such
/// as GLib's, libuv's or asyncio's, or in another poller. It remains the library's and must not be closed.
///
/// p: the poller.
///
/// Never blocks. Returns the descriptor. Errors: JF_E_UNSUPPORTED on a system that only has poll; JF_E_BAD_HANDLE. Since
/// 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn jf_poller_fd(p: jf_poller) -> i64 {
    guard(|| POLLERS.with(p, |poller| Ok(poller.fd()?.as_raw_fd().into())))
}

/// Closes a poller. Threads that wait on it return JF_E_CLOSED. The sockets in it stay open.
///
/// p: the poller; any number, in fact: what is not an open poller does no harm.
///
/// Waits until calls in flight are out, which takes a few milliseconds. Must not be called from a signal handler.
/// Returns 0. Errors: JF_E_BAD_HANDLE. Since 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn jf_poller_close(p: jf_poller) -> i64 {
    guard(|| POLLERS.remove(p, Poller::cancel).map(drop).map(done))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c_and_rust_number_the_modes_alike() {
        assert_eq!(jf_poller_mode::JF_EDGE as u32, Events::EDGE.bits());
        assert_eq!(jf_poller_mode::JF_ONE_SHOT as u32, Events::ONE_SHOT.bits());
    }
}
