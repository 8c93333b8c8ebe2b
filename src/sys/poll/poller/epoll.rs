//! A poller over epoll. ([epoll(7)](https://man7.org/linux/man-pages/man7/epoll.7.html))

use super::epoll_ctl::{epoll_ctl, remove_by_id};
use super::event_buffer::{EventBuffer, PollerEvent, RESERVED_TOKEN, WaitOutcome};
use crate::sys::errno::{EPERM, Errno};
use crate::sys::fd::CloseOnDrop;
use crate::sys::poll::events::Events;
use crate::sys::poll::registrations::{register_poller, unregister_poller};
use crate::sys::poll::wait::to_timespec;
use crate::sys::poll::wake::WakeFd;
use crate::sys::system_call::system_call;
use libc::{ENOSYS, c_int, epoll_event};
use nix::sys::epoll::{Epoll, EpollCreateFlags};
use std::mem::size_of;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

// The kernel writes its events into the caller's buffer, where they are converted in place.
const _: () = assert!(size_of::<epoll_event>() <= size_of::<PollerEvent>());

/// epoll's bits for readable data. Both have the same meaning. Sockets are registered with both, internal descriptors
/// with the first alone, so that one comparison identifies the most frequent event of a socket.
const SOCKET_READABLE: u32 = (libc::EPOLLIN | libc::EPOLLRDNORM) as u32;
const INTERNAL_READABLE: u32 = libc::EPOLLIN as u32;

/// An epoll instance.
#[derive(Debug)]
pub struct RawPoller(CloseOnDrop<OwnedFd>);

impl RawPoller {
    pub fn new() -> Result<RawPoller, Errno> {
        let Epoll(fd) = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        let fd = CloseOnDrop::new(fd);
        register_poller(fd.as_raw_fd())?;
        Ok(RawPoller(fd))
    }

    pub fn add(&self, fd: RawFd, events: Events, token: u64) -> Result<(), Errno> {
        self.control(libc::EPOLL_CTL_ADD, fd, events.to_epoll(), token)
    }

    pub fn modify(&self, fd: RawFd, events: Events, token: u64) -> Result<(), Errno> {
        self.control(libc::EPOLL_CTL_MOD, fd, events.to_epoll(), token)
    }

    pub fn remove(&self, fd: RawFd) -> Result<(), Errno> {
        remove_by_id(self.id(), fd)
    }

    fn control(&self, operation: i32, fd: RawFd, bits: u32, token: u64) -> Result<(), Errno> {
        epoll_ctl(self.id(), operation, fd, Some(&epoll_event { events: bits, u64: token }))
    }

    pub fn add_wake_fd(&self, fd: RawFd) -> Result<(), Errno> {
        self.control(libc::EPOLL_CTL_ADD, fd, INTERNAL_READABLE | libc::EPOLLET as u32, RESERVED_TOKEN)
    }

    /// Does nothing: wake descriptors are edge-triggered, and each edge ends one wait.
    #[inline]
    pub fn clear_wake(&self, _: &WakeFd) {}

    pub fn add_nested(&self, nested: &RawPoller) -> Result<(), Errno> {
        self.control(libc::EPOLL_CTL_ADD, nested.id(), INTERNAL_READABLE, RESERVED_TOKEN)
    }

    pub fn set_nested_enabled(&self, nested: &RawPoller, is_enabled: bool) -> Result<(), Errno> {
        let bits = if is_enabled { INTERNAL_READABLE } else { 0 };
        self.control(libc::EPOLL_CTL_MOD, nested.id(), bits, RESERVED_TOKEN)
    }

    pub fn id(&self) -> RawFd {
        self.0.as_raw_fd()
    }

    pub fn is_internal_fd(&self, fd: RawFd) -> bool {
        fd == self.id()
    }

    pub fn fd(&self) -> Option<BorrowedFd<'_>> {
        Some(self.0.as_fd())
    }

    #[inline]
    pub fn wait(&self, buffer: &mut EventBuffer<'_>, timeout: Option<Duration>) -> Result<WaitOutcome, Errno> {
        // The kernel rejects a larger capacity.
        let capacity = (buffer.capacity - buffer.filled).min(i32::MAX as usize / size_of::<epoll_event>());
        let limit = timeout.map(to_timespec);
        let limit = limit.as_ref().map_or(ptr::null(), ptr::from_ref);
        // SAFETY: an `EventBuffer` has `filled` <= `capacity`, so the pointer stays within the buffer or at its end.
        let converted = unsafe { buffer.start.add(buffer.filled) };
        let written = converted.cast::<epoll_event>();
        let args = [self.id() as usize, written as usize, capacity, limit as usize, 0, 0];
        let count = if HAS_NO_PWAIT2.load(Relaxed) {
            wait_with_pwait(args, timeout)?
        } else {
            // SAFETY: `written` is writable for `capacity` events and `limit` is valid. There is no signal mask.
            match unsafe { system_call(libc::SYS_epoll_pwait2, args) } {
                // Some sandboxes return EPERM for a system call that they do not know.
                Err(Errno(ENOSYS | EPERM)) => wait_with_pwait(args, timeout)?,
                result => result?,
            }
        };
        let (mut outcome, mut event_count) = (WaitOutcome { is_woken: false, is_nested_ready: false }, count);
        // SAFETY: the kernel wrote `count` events at `written`. The conversion runs from the last event to the first:
        // since a `PollerEvent` is no shorter, it overwrites no event that is still to be read.
        unsafe {
            let (mut from, mut to) = (written.add(count), converted.add(count));
            while to != converted {
                (from, to) = (from.sub(1), to.sub(1));
                let epoll_event { events: bits, u64: token } = from.read_unaligned();
                if bits == SOCKET_READABLE {
                    to.write(PollerEvent { token, events: Events::READABLE.bits(), error: 0 });
                } else if token == RESERVED_TOKEN {
                    // The internal descriptors share one token: the caller checks each of them.
                    outcome = WaitOutcome { is_woken: true, is_nested_ready: true };
                    // The last event fills the gap.
                    event_count -= 1;
                    to.copy_from(converted.add(event_count), 1);
                } else {
                    to.write(PollerEvent { token, events: Events::from_epoll(bits).bits(), error: 0 });
                }
            }
        }
        buffer.filled += event_count;
        Ok(outcome)
    }
}

/// Set after `epoll_pwait2` failed: the kernel is older than Linux 5.11, or valgrind or a sandbox rejects the call.
static HAS_NO_PWAIT2: AtomicBool = AtomicBool::new(false);

/// Waits with a timeout in whole milliseconds, rounded up. `args` are those of `epoll_pwait2`.
#[cold]
fn wait_with_pwait(mut args: [usize; 6], timeout: Option<Duration>) -> Result<usize, Errno> {
    HAS_NO_PWAIT2.store(true, Relaxed);
    let ms = timeout.map_or(-1, |time| i32::try_from(time.as_nanos().div_ceil(1_000_000)).unwrap_or(i32::MAX));
    args[3] = ms as usize;
    // SAFETY: the caller's buffer is valid. There is no signal mask.
    unsafe { system_call(libc::SYS_epoll_pwait, args) }
}

impl Drop for RawPoller {
    fn drop(&mut self) {
        unregister_poller(self.id());
    }
}

impl Events {
    fn to_epoll(self) -> u32 {
        const MODES: [(Events, c_int); 2] = [(Events::EDGE, libc::EPOLLET), (Events::ONE_SHOT, libc::EPOLLONESHOT)];
        let modes = MODES.iter().filter(|(mode, _)| self.contains(*mode)).fold(0, |bits, (_, bit)| bits | *bit as u32);
        let readable = if self.contains(Events::READABLE) { SOCKET_READABLE } else { 0 };
        // For all other events, epoll's bits are poll's.
        modes | readable | self.to_poll() as u16 as u32
    }

    /// Moves the bits without a table lookup or a branch, because it runs for every event.
    #[inline]
    fn from_epoll(bits: u32) -> Events {
        const fn move_bit(bits: u32, from: c_int, to: Events) -> u32 {
            (bits & from as u32) / (from as u32) * to.bits()
        }
        Events::from_bits_retain(
            move_bit(bits, libc::EPOLLIN, Events::READABLE)
                | move_bit(bits, libc::EPOLLOUT, Events::WRITABLE)
                | move_bit(bits, libc::EPOLLERR, Events::ERROR)
                | move_bit(bits, libc::EPOLLHUP, Events::HANGUP)
                | move_bit(bits, libc::EPOLLRDHUP, Events::READ_CLOSED)
                | move_bit(bits, libc::EPOLLPRI, Events::PRIORITY),
        )
    }
}
