//! C functions for pollers.

use super::boundary::{array, count, done, guard};
use super::handle::{SMALL_TABLE, Table};
use super::socket::{SOCKETS, jf_socket};
use crate::net::{Error, EventBuffer, Events, Poller, PollerEvent, Result, Socket};
use std::mem::{align_of, offset_of, size_of};
use std::os::fd::{AsRawFd, RawFd};
use std::time::Duration;

/// A poller handle: a positive number below 2^53. A handle is never reused.
pub type jf_poller = i64;

/// Modes of a registration, joined with | to its events. See docs/polling.md.
#[repr(C)]
#[allow(dead_code, reason = "C names for numbers of the core")]
#[derive(Clone, Copy)]
pub enum jf_poller_mode {
    /// Edge-triggered: an event is reported once when it occurs, not for as long as the condition lasts. Receive, send
    /// or accept until JF_E_WOULD_BLOCK. A system without epoll supports it only together with JF_ONE_SHOT.
    JF_EDGE = 64,
    /// One event is reported; then the registration is disabled until jf_poller_modify.
    JF_ONE_SHOT = 128,
}

/// An event that a poller reports.
#[repr(C)]
pub struct jf_event {
    /// The token of the registration.
    pub token: u64,
    /// [flags(jf_event_flag)] What the socket is ready for.
    pub events: u32,
    /// Reserved, 0.
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
static POLLERS: Table<Poller, KIND, SMALL_TABLE> = Table::new();
#[cfg(loom)]
static POLLERS: std::sync::LazyLock<Table<Poller, KIND, SMALL_TABLE>> = std::sync::LazyLock::new(Table::new);

/// Opens a poller, which waits for any number of sockets at once.
///
/// A poller belongs to the process that opened it: in a forked child, every call on it except jf_poller_close returns
/// JF_E_BAD_HANDLE. See docs/polling.md.
///
/// @blocks   never
/// @return   [new jf_poller] the poller, which the caller closes with jf_poller_close
/// @error JF_E_TOO_MANY_FILES   the process reached its limit of descriptors (a poller has two), or has 1024 pollers
/// @error JF_E_SYSTEM_FILES     the system reached its limit of open files
/// @see epoll(7)
/// @since 0.1
#[unsafe(no_mangle)]
pub extern "C" fn jf_poller_open() -> i64 {
    guard(|| POLLERS.insert(Poller::open))
}

fn with_socket(p: jf_poller, s: jf_socket, call: impl FnOnce(&Poller, &Socket) -> Result<()>) -> Result<i64> {
    POLLERS.with(p, |poller| SOCKETS.with(s, |socket| call(poller, socket))).map(done)
}

/// Adds a socket to a poller.
///
/// Threads that are waiting on the poller wait for the socket from now on. jf_close removes the socket from its
/// pollers: no wait that begins later reports it. A wait that returns at the same moment in another thread may still
/// report it.
///
/// @param p        poller
/// @param s        socket
/// @param events   [flags(jf_event_flag, jf_poller_mode)] events to report: JF_READABLE and so on, joined with |.
///                 JF_ERROR and JF_HANGUP are always reported. Readiness is level-triggered without JF_EDGE and
///                 JF_ONE_SHOT.
/// @param token    number that the events carry, such as a pointer or an index; any number but UINT64_MAX
///
/// @blocks   never
/// @return   [nothing]
/// @error JF_E_EXISTS        the socket is already in this poller
/// @error JF_E_INVALID       `token` is UINT64_MAX
/// @error JF_E_UNSUPPORTED   JF_EDGE without JF_ONE_SHOT on a system without epoll
/// @error JF_E_NO_MEMORY     out of memory, or the system reached its limit of registrations
/// @see epoll_ctl(2)
/// @since 0.1
#[unsafe(no_mangle)]
pub extern "C" fn jf_poller_add(p: jf_poller, s: jf_socket, events: u32, token: u64) -> i64 {
    guard(|| with_socket(p, s, |poller, socket| poller.add(socket, Events::from_bits_retain(events), token)))
}

/// Changes the events and the token of a socket in a poller. This enables a registration again after JF_ONE_SHOT.
///
/// @param p        poller
/// @param s        socket
/// @param events   [flags(jf_event_flag, jf_poller_mode)] events to report, as for jf_poller_add
/// @param token    number that the events carry, as for jf_poller_add
///
/// @blocks   never
/// @return   [nothing]
/// @error JF_E_NOT_FOUND     the socket is not in this poller
/// @error JF_E_INVALID       `token` is UINT64_MAX
/// @error JF_E_UNSUPPORTED   JF_EDGE without JF_ONE_SHOT on a system without epoll
/// @see epoll_ctl(2)
/// @since 0.1
#[unsafe(no_mangle)]
pub extern "C" fn jf_poller_modify(p: jf_poller, s: jf_socket, events: u32, token: u64) -> i64 {
    guard(|| with_socket(p, s, |poller, socket| poller.modify(socket, Events::from_bits_retain(events), token)))
}

/// Removes a socket from a poller.
///
/// No wait that begins later reports the socket. A wait that returns at the same moment in another thread may still
/// report it.
///
/// @param p   poller
/// @param s   socket
///
/// @blocks   never
/// @return   [nothing]
/// @error JF_E_NOT_FOUND   the socket is not in this poller
/// @see epoll_ctl(2)
/// @since 0.1
#[unsafe(no_mangle)]
pub extern "C" fn jf_poller_remove(p: jf_poller, s: jf_socket) -> i64 {
    guard(|| with_socket(p, s, Poller::remove))
}

fn with_fd(p: jf_poller, fd: i64, call: impl FnOnce(&Poller, RawFd) -> Result<()>) -> Result<i64> {
    let fd = RawFd::try_from(fd).ok().filter(|&fd| fd >= 0).ok_or(Error::BAD_HANDLE)?;
    POLLERS.with(p, |poller| call(poller, fd)).map(done)
}

/// Adds a descriptor that is not a jf_socket to a poller: a pipe, a terminal, an eventfd, another library's socket, or
/// another poller (jf_poller_fd).
///
/// Remove the descriptor before closing it. Otherwise its events continue while a duplicate or another process keeps it
/// open.
///
/// @param p        poller
/// @param fd       [fd] descriptor
/// @param events   [flags(jf_event_flag, jf_poller_mode)] events to report, as for jf_poller_add
/// @param token    number that the events carry, as for jf_poller_add
///
/// @blocks   never
/// @return   [nothing]
/// @error JF_E_BAD_HANDLE    `fd` is not open
/// @error JF_E_UNSUPPORTED   `fd` can't be waited for (such as a file on a disk), or the poller would wait for itself,
///                           or JF_EDGE without JF_ONE_SHOT on a system without epoll
/// @error JF_E_EXISTS        the descriptor is already in this poller
/// @error JF_E_INVALID       `token` is UINT64_MAX
/// @error JF_E_NO_MEMORY     out of memory, or the system reached its limit of registrations
/// @see epoll_ctl(2)
/// @since 0.1
#[unsafe(no_mangle)]
pub extern "C" fn jf_poller_add_fd(p: jf_poller, fd: i64, events: u32, token: u64) -> i64 {
    guard(|| with_fd(p, fd, |poller, fd| poller.add_raw(fd, Events::from_bits_retain(events), token)))
}

/// Changes the events and the token of a descriptor in a poller, as jf_poller_modify does for a socket.
///
/// @param p        poller
/// @param fd       [fd] descriptor
/// @param events   [flags(jf_event_flag, jf_poller_mode)] events to report, as for jf_poller_add
/// @param token    number that the events carry, as for jf_poller_add
///
/// @blocks   never
/// @return   [nothing]
/// @error JF_E_BAD_HANDLE    `fd` is not open
/// @error JF_E_NOT_FOUND     the descriptor is not in this poller
/// @error JF_E_INVALID       `token` is UINT64_MAX
/// @error JF_E_UNSUPPORTED   JF_EDGE without JF_ONE_SHOT on a system without epoll
/// @see epoll_ctl(2)
/// @since 0.1
#[unsafe(no_mangle)]
pub extern "C" fn jf_poller_modify_fd(p: jf_poller, fd: i64, events: u32, token: u64) -> i64 {
    guard(|| with_fd(p, fd, |poller, fd| poller.modify_raw(fd, Events::from_bits_retain(events), token)))
}

/// Removes a descriptor from a poller, as jf_poller_remove does for a socket.
///
/// @param p    poller
/// @param fd   [fd] descriptor
///
/// @blocks   never
/// @return   [nothing]
/// @error JF_E_BAD_HANDLE   `fd` is not open
/// @error JF_E_NOT_FOUND    the descriptor is not in this poller
/// @see epoll_ctl(2)
/// @since 0.1
#[unsafe(no_mangle)]
pub extern "C" fn jf_poller_remove_fd(p: jf_poller, fd: i64) -> i64 {
    guard(|| with_fd(p, fd, Poller::remove_raw))
}

/// Waits until at least one socket or descriptor of a poller is ready.
///
/// Any number of threads can wait on one poller. An edge-triggered or one-shot event is reported to one of them. A
/// level-triggered event is reported by every wait that finds the condition, possibly by several at once.
///
/// @param p            poller
/// @param events       [out, array(cap)] where to write the events. Elements beyond the returned count may be
///                     overwritten, too.
/// @param cap          capacity of `events`, at least 1. The next wait reports the events that do not fit.
/// @param timeout_ms   [milliseconds] how long to wait
///
/// @blocks   at most `timeout_ms`, until an event, jf_poller_wake or jf_poller_close. A timeout never expires early.
///           Signals end the wait only with JF_POLLER_INTERRUPTIBLE.
/// @return   [count] number of events written; 0 after the timeout, and after jf_poller_wake if no event is ready
/// @error JF_E_CLOSED        the poller is closed, or another thread closed it during the call
/// @error JF_E_INTERRUPTED   a signal was handled and JF_POLLER_INTERRUPTIBLE is 1
/// @error JF_E_INVALID       `cap` is 0, or `timeout_ms` is below -1
/// @see epoll_wait(2)
/// @since 0.1
// SAFETY: `events` is NULL or writable for `cap` events.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_poller_wait(p: jf_poller, events: *mut jf_event, cap: usize, timeout_ms: i64) -> i64 {
    guard(|| {
        // SAFETY: guaranteed by the caller; the layouts are the same.
        let mut ready = EventBuffer::from(unsafe { array(events.cast::<PollerEvent>(), cap) }?);
        let timeout = match timeout_ms {
            -1 => None,
            0.. => Some(Duration::from_millis(timeout_ms as u64)),
            _ => return Err(Error::INVALID),
        };
        POLLERS.with(p, |poller| poller.wait_into(&mut ready, timeout)).map(count)
    })
}

/// Makes one jf_poller_wait return at once, with the events that are ready or with 0.
///
/// If no thread is waiting, the next wait returns at once. Several wakes can be coalesced into one if no wait returned
/// in between. A signal handler may call this function, unless it interrupted jf_poller_close on the same poller. This
/// is how a signal ends a wait reliably: see "Ending on Ctrl-C" in docs/timeouts.md.
///
/// @param p   poller
///
/// @blocks   never
/// @return   [nothing]
/// @since 0.1
#[unsafe(no_mangle)]
pub extern "C" fn jf_poller_wake(p: jf_poller) -> i64 {
    guard(|| POLLERS.with(p, Poller::wake).map(done))
}

/// Options of a poller.
#[repr(C)]
#[allow(dead_code, reason = "C names for numbers of the core")]
#[derive(Clone, Copy)]
pub enum jf_poller_option {
    /// If 1, jf_poller_wait returns JF_E_INTERRUPTED after a signal handler has run in its thread, for example so that
    /// Ctrl-C ends a wait in Python. A signal just before the call is not noticed; see "Ending on Ctrl-C" in
    /// docs/timeouts.md. Default 0.
    JF_POLLER_INTERRUPTIBLE = 1,
    /// Accept backoff: if 1, the poller pauses its listeners after jf_accept failed with JF_E_TOO_MANY_FILES or
    /// JF_E_SYSTEM_FILES. Applies to listeners that are added afterwards. Default 0. See docs/accept-backoff.md.
    JF_POLLER_REST_LISTENERS = 2,
}

/// Sets an option of a poller.
///
/// @param p        poller
/// @param option   [enum(jf_poller_option)] JF_POLLER_* constant
/// @param value    new value
///
/// @blocks   never
/// @return   [nothing]
/// @error JF_E_INVALID                             `value` is out of range
/// @error JF_E_TOO_MANY_FILES, JF_E_SYSTEM_FILES   no descriptor is available; JF_POLLER_REST_LISTENERS needs two
/// @since 0.1
#[unsafe(no_mangle)]
pub extern "C" fn jf_poller_set(p: jf_poller, option: i32, value: i64) -> i64 {
    guard(|| match (option, value) {
        (2, 0 | 1) => POLLERS.with(p, |poller| poller.set_accept_backoff(value == 1)).map(done),
        (1, 0 | 1) => POLLERS.with(p, |poller| poller.set_interruptible(value == 1)).map(done),
        _ => Err(Error::INVALID),
    })
}

/// Returns a poller's descriptor, which is readable while an event is ready.
///
/// Use it to wait for the poller in another event loop, such as GLib, libuv or asyncio, or in another poller. The
/// descriptor remains the library's; do not close it.
///
/// @param p   poller
///
/// @blocks   never
/// @return   [borrowed fd] the descriptor
/// @error JF_E_UNSUPPORTED   a system without epoll
/// @since 0.1
#[unsafe(no_mangle)]
pub extern "C" fn jf_poller_fd(p: jf_poller) -> i64 {
    guard(|| POLLERS.with(p, |poller| Ok(poller.fd()?.as_raw_fd().into())))
}

/// Closes a poller. Threads that wait on it return JF_E_CLOSED. Its sockets stay open.
///
/// @param p   poller; any other number has no effect and returns JF_E_CLOSED or JF_E_BAD_HANDLE
///
/// @blocks   at most a few milliseconds, until calls in flight have returned
/// @return   [nothing]
/// @since 0.1
#[unsafe(no_mangle)]
pub extern "C" fn jf_poller_close(p: jf_poller) -> i64 {
    guard(|| POLLERS.remove(p, Poller::cancel).map(drop).map(done))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_have_the_same_numbers_in_c_and_rust() {
        assert_eq!(jf_poller_mode::JF_EDGE as u32, Events::EDGE.bits());
        assert_eq!(jf_poller_mode::JF_ONE_SHOT as u32, Events::ONE_SHOT.bits());
    }
}
