//! The system's poller: epoll.

use super::call::system_call;
use super::errno::{ENOSYS, EPERM};
use super::polled::{delist, enlist};
use super::{Descriptor, Errno, Events};
use std::marker::PhantomData;
use std::mem::{MaybeUninit, size_of};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

/// Something that a poller found ready, laid out as C gets it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct PollerEvent {
    /// What it was added with.
    pub token: u64,
    /// What it is ready for: bits of [`Events`].
    pub events: u32,
    /// A number of an error, or 0.
    pub error: i32,
}

impl PollerEvent {
    /// What it is ready for.
    pub fn events(&self) -> Events {
        Events::from_bits(self.events)
    }
}

/// What epoll writes. It is not longer, so that an array of the one becomes an array of the other in its place.
type Written = libc::epoll_event;
const _: () = assert!(size_of::<Written>() <= size_of::<PollerEvent>());

/// The token of what is the poller's own: nobody else may have it.
pub const OWN_TOKEN: u64 = u64::MAX;

/// What epoll tells of a poller that is ready, and of nothing else that is the poller's own.
const INNER: u32 = (libc::EPOLLIN | libc::EPOLLRDNORM) as u32;

/// What came of a wait.
pub struct Waited {
    /// How many events were written.
    pub count: usize,
    /// Whether something was ready that ends a wait.
    pub woken: bool,
    /// Whether the poller in this one is ready.
    pub inner: bool,
}

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

    /// `EEXIST` when it is there already.
    pub fn add(&self, fd: RawFd, events: Events, token: u64) -> Result<(), Errno> {
        self.control(libc::EPOLL_CTL_ADD, fd, events, token)
    }

    /// `ENOENT` when it is not there.
    pub fn modify(&self, fd: RawFd, events: Events, token: u64) -> Result<(), Errno> {
        self.control(libc::EPOLL_CTL_MOD, fd, events, token)
    }

    /// `ENOENT` when it is not there.
    pub fn remove(&self, fd: RawFd) -> Result<(), Errno> {
        remove(self.as_raw_fd(), fd)
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

    /// Puts in what ends a wait, of which no event is written, and one wait is told.
    pub fn add_own(&self, fd: RawFd) -> Result<(), Errno> {
        self.add(fd, Events::READABLE | Events::EDGE, OWN_TOKEN)
    }

    /// Puts in another poller, of which no event is written.
    pub fn add_inner(&self, inner: &RawPoller) -> Result<(), Errno> {
        self.control_raw(libc::EPOLL_CTL_ADD, inner.as_raw_fd(), INNER, OWN_TOKEN)
    }

    /// Sets whether the poller in this one is waited for.
    pub fn heed_inner(&self, inner: &RawPoller, heed: bool) -> Result<(), Errno> {
        self.control_raw(libc::EPOLL_CTL_MOD, inner.as_raw_fd(), if heed { INNER } else { 0 }, OWN_TOKEN)
    }

    /// Waits until something is ready. Without a time it waits for ever.
    #[inline]
    pub fn wait(&self, room: &mut EventRoom<'_>, time: Option<Duration>) -> Result<Waited, Errno> {
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
        let mut waited = Waited { count, woken: false, inner: false };
        for at in (0..count).rev() {
            // SAFETY: so many were written, at the start of the room. Who goes from the last to the first overwrites
            // none that is still to be read, since what is written here is no shorter.
            unsafe {
                let event = written.add(at).read_unaligned();
                let (token, bits) = (event.u64, event.events);
                if token == OWN_TOKEN {
                    waited.woken |= bits != INNER;
                    waited.inner |= bits == INNER;
                    // The last one takes its place.
                    waited.count -= 1;
                    place.add(at).copy_from(place.add(waited.count), 1);
                } else {
                    let events = Events::from_epoll(bits).bits();
                    place.add(at).write(PollerEvent { token, events, error: 0 });
                }
            }
        }
        room.filled += waited.count;
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
        delist(self.as_raw_fd());
    }
}

/// Room for events, which need not be anything yet.
pub struct EventRoom<'a> {
    place: *mut PollerEvent,
    len: usize,
    /// How much of it is taken by events.
    filled: usize,
    room: PhantomData<&'a mut [PollerEvent]>,
}

impl EventRoom<'_> {
    /// Whether there is room for no further event.
    pub fn is_full(&self) -> bool {
        self.filled == self.len
    }

    /// How many events are in it.
    pub fn filled(&self) -> usize {
        self.filled
    }
}

impl<'a> From<&'a mut [MaybeUninit<PollerEvent>]> for EventRoom<'a> {
    fn from(room: &'a mut [MaybeUninit<PollerEvent>]) -> EventRoom<'a> {
        EventRoom { place: room.as_mut_ptr().cast(), len: room.len(), filled: 0, room: PhantomData }
    }
}

impl<'a> From<&'a mut [PollerEvent]> for EventRoom<'a> {
    fn from(room: &'a mut [PollerEvent]) -> EventRoom<'a> {
        EventRoom { place: room.as_mut_ptr(), len: room.len(), filled: 0, room: PhantomData }
    }
}

impl AsFd for RawPoller {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl AsRawFd for RawPoller {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

/// Takes a descriptor out of an epoll instance, or whatever else has its number by now, to which that means nothing.
pub(super) fn remove(poller: RawFd, fd: RawFd) -> Result<(), Errno> {
    // SAFETY: no memory is involved.
    unsafe { system_call(libc::SYS_epoll_ctl, [poller as usize, libc::EPOLL_CTL_DEL as usize, fd as usize, 0]) }?;
    Ok(())
}
