//! Waiting for one descriptor.

use super::call::system_call;
use super::errno::EAGAIN;
use super::{Descriptor, Errno};
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

/// Waits until a call in this direction would not wait: there is data or room, an end or an error. `EAGAIN` when the
/// time is over first; without a time it waits for ever.
pub fn wait_ready(descriptor: &Descriptor, direction: Direction, time: Option<Duration>) -> Result<(), Errno> {
    let events = match direction {
        Direction::Recv => libc::POLLIN,
        Direction::Send => libc::POLLOUT,
    };
    let mut item = libc::pollfd { fd: descriptor.as_raw_fd(), events, revents: 0 };
    let mut limit = time.map(timespec);
    let limit = limit.as_mut().map_or(ptr::null_mut(), |limit| limit as *mut libc::timespec);
    // SAFETY: one item and one time, both ours; no signal mask.
    let ready = unsafe { system_call(libc::SYS_ppoll, [&raw mut item as usize, 1, limit as usize, 0, 0]) }?;
    if ready == 0 { Err(Errno(EAGAIN)) } else { Ok(()) }
}

/// Does nothing for this long. `EINTR` when a signal was handled meanwhile.
pub fn pause(time: Duration) -> Result<(), Errno> {
    let mut limit = timespec(time);
    // SAFETY: no items, a time of ours, no signal mask. std's sleep would do as well, were it not a cancellation point.
    unsafe { system_call(libc::SYS_ppoll, [0, 0, &raw mut limit as usize, 0, 0]) }?;
    Ok(())
}

fn timespec(time: Duration) -> libc::timespec {
    libc::timespec {
        tv_sec: time.as_secs().try_into().unwrap_or(libc::time_t::MAX),
        tv_nsec: time.subsec_nanos().into(),
    }
}
