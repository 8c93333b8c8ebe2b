//! epoll.

use crate::sys::errno::EPERM;
use crate::sys::poll::registrations::{delist, enlist};
use crate::sys::system_call::system_call;
use crate::sys::{Descriptor, Errno, Events, WakeFd};
use crate::sys::{EventBuffer, OWN_TOKEN, PollerEvent, Waited};
use libc::{ENOSYS, c_int};
use std::mem::size_of;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

/// What epoll writes. It is not longer, so that an array of the one becomes an array of the other in its place.
type Written = libc::epoll_event;
const _: () = assert!(size_of::<Written>() <= size_of::<PollerEvent>());

/// What epoll tells of a socket with data, and of nothing that is the poller's own, which asks for the first alone: so that
/// one comparison does for nearly every event. Both mean the same.
const USUAL: u32 = (libc::EPOLLIN | libc::EPOLLRDNORM) as u32;
const OWN: u32 = libc::EPOLLIN as u32;

/// An epoll instance.
#[derive(Debug)]
pub struct RawPoller(Descriptor);

impl RawPoller {
    pub fn new() -> Result<RawPoller, Errno> {
        // SAFETY: no memory is involved.
        let fd = unsafe { system_call(libc::SYS_epoll_create1, [libc::EPOLL_CLOEXEC as usize]) }?;
        // SAFETY: the kernel just gave us this descriptor.
        let descriptor = Descriptor::from(unsafe { OwnedFd::from_raw_fd(fd as RawFd) });
        enlist(descriptor.as_raw_fd())?;
        Ok(RawPoller(descriptor))
    }

    pub fn add(&self, fd: RawFd, events: Events, token: u64) -> Result<(), Errno> {
        self.control(libc::EPOLL_CTL_ADD, fd, events, token)
    }

    pub fn modify(&self, fd: RawFd, events: Events, token: u64) -> Result<(), Errno> {
        self.control(libc::EPOLL_CTL_MOD, fd, events, token)
    }

    pub fn remove(&self, fd: RawFd) -> Result<(), Errno> {
        remove(self.number(), fd)
    }

    fn control(&self, what: i32, fd: RawFd, events: Events, token: u64) -> Result<(), Errno> {
        self.control_raw(what, fd, events.to_epoll(), token)
    }

    fn control_raw(&self, what: i32, fd: RawFd, bits: u32, token: u64) -> Result<(), Errno> {
        let event = Written { events: bits, u64: token };
        let args = [self.0.raw(), what as usize, fd as usize, &raw const event as usize];
        // SAFETY: the event is ours.
        unsafe { system_call(libc::SYS_epoll_ctl, args) }?;
        Ok(())
    }

    pub fn add_own(&self, fd: RawFd) -> Result<(), Errno> {
        self.control_raw(libc::EPOLL_CTL_ADD, fd, OWN | libc::EPOLLET as u32, OWN_TOKEN)
    }

    /// An edge is told to one wait, heard or not.
    #[inline]
    pub fn hear(&self, _: &WakeFd) {}

    pub fn add_inner(&self, inner: &RawPoller) -> Result<(), Errno> {
        self.control_raw(libc::EPOLL_CTL_ADD, inner.number(), OWN, OWN_TOKEN)
    }

    pub fn heed_inner(&self, inner: &RawPoller, heed: bool) -> Result<(), Errno> {
        self.control_raw(libc::EPOLL_CTL_MOD, inner.number(), if heed { OWN } else { 0 }, OWN_TOKEN)
    }

    pub fn number(&self) -> RawFd {
        self.0.as_raw_fd()
    }

    pub fn is_own(&self, fd: RawFd) -> bool {
        fd == self.number()
    }

    pub fn fd(&self) -> Option<BorrowedFd<'_>> {
        Some(self.0.as_fd())
    }

    #[inline]
    pub fn wait(&self, room: &mut EventBuffer<'_>, time: Option<Duration>) -> Result<Waited, Errno> {
        // As many as epoll takes.
        let most = (room.len - room.filled).min(i32::MAX as usize / size_of::<Written>());
        let limit = time.map(|time| libc::timespec {
            tv_sec: time.as_secs().try_into().unwrap_or(libc::time_t::MAX),
            tv_nsec: time.subsec_nanos().into(),
        });
        let limit_place = limit.as_ref().map_or(ptr::null(), ptr::from_ref);
        // SAFETY: no more than all of it is filled.
        let place = unsafe { room.place.add(room.filled) };
        let written = place.cast::<Written>();
        let args = [self.0.raw(), written as usize, most, limit_place as usize, 0, 0];
        let count = if COUNTS_IN_MS.load(Relaxed) {
            wait_ms(args, time)?
        } else {
            // SAFETY: there is room for so many, and the time is ours; no signal mask.
            match unsafe { system_call(libc::SYS_epoll_pwait2, args) } {
                // Some sandboxes say the latter of what they do not know.
                Err(Errno(ENOSYS | EPERM)) => wait_ms(args, time)?,
                result => result?,
            }
        };
        let (mut waited, mut kept) = (Waited { woken: false, inner: false }, count);
        // SAFETY: so many were written, at the start of the room. Who goes from the last to the first overwrites none that is
        // still to be read, since what is written here is no shorter.
        unsafe {
            let (mut from, mut to) = (written.add(count), place.add(count));
            while to != place {
                (from, to) = (from.sub(1), to.sub(1));
                let Written { events: bits, u64: token } = from.read_unaligned();
                if bits == USUAL {
                    to.write(PollerEvent { token, events: Events::READABLE.bits(), error: 0 });
                } else if token == OWN_TOKEN {
                    // Which of its own is ready it is asked itself.
                    waited = Waited { woken: true, inner: true };
                    // The last one takes its place.
                    kept -= 1;
                    to.copy_from(place.add(kept), 1);
                } else {
                    to.write(PollerEvent { token, events: Events::from_epoll(bits).bits(), error: 0 });
                }
            }
        }
        room.filled += kept;
        Ok(waited)
    }
}

/// The system is older than Linux 5.11, or valgrind, and has no `epoll_pwait2`.
static COUNTS_IN_MS: AtomicBool = AtomicBool::new(false);

/// The same call where time is counted in milliseconds.
#[cold]
fn wait_ms(mut args: [usize; 6], time: Option<Duration>) -> Result<usize, Errno> {
    COUNTS_IN_MS.store(true, Relaxed);
    args[3] = time.map_or(-1, |time| i32::try_from(time.as_nanos().div_ceil(1_000_000)).unwrap_or(i32::MAX)) as usize;
    // SAFETY: the caller has room for so many; no signal mask.
    unsafe { system_call(libc::SYS_epoll_pwait, args) }
}

impl Drop for RawPoller {
    fn drop(&mut self) {
        delist(self.number());
    }
}

/// Takes a descriptor out of an epoll instance, or whatever else has its number by now, to which that means nothing.
pub(in crate::sys) fn remove(poller: RawFd, fd: RawFd) -> Result<(), Errno> {
    // SAFETY: no memory is involved.
    unsafe { system_call(libc::SYS_epoll_ctl, [poller as usize, libc::EPOLL_CTL_DEL as usize, fd as usize, 0]) }?;
    Ok(())
}

impl Events {
    /// epoll's bits for them.
    fn to_epoll(self) -> u32 {
        const MODES: [(Events, c_int); 2] = [(Events::EDGE, libc::EPOLLET), (Events::ONE_SHOT, libc::EPOLLONESHOT)];
        let modes = MODES.iter().filter(|(mode, _)| self.contains(*mode)).fold(0, |bits, (_, bit)| bits | *bit as u32);
        let readable = if self.contains(Events::READABLE) { USUAL } else { 0 };
        // epoll's bits are poll's.
        modes | readable | self.to_os() as u16 as u32
    }

    /// What epoll tells, without a look at a table: this is done for every event.
    #[inline]
    fn from_epoll(bits: u32) -> Events {
        const fn moved(bits: u32, from: c_int, to: Events) -> u32 {
            (bits & from as u32) / (from as u32) * to.bits()
        }
        Events::from_bits(
            moved(bits, libc::EPOLLIN, Events::READABLE)
                | moved(bits, libc::EPOLLOUT, Events::WRITABLE)
                | moved(bits, libc::EPOLLERR, Events::ERROR)
                | moved(bits, libc::EPOLLHUP, Events::HANGUP)
                | moved(bits, libc::EPOLLRDHUP, Events::READ_CLOSED)
                | moved(bits, libc::EPOLLPRI, Events::PRIORITY),
        )
    }
}
