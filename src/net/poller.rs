//! Waiting for any number of sockets.

use super::{Error, Events, Result, Socket};
use crate::sys::errno::{EINTR, ELOOP, ENOSPC, EPERM};
use crate::sys::{Errno, EventRoom, Moment, PollerEvent, RawPoller, Wake, fork_epoch};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

/// The token of the poller's own wake.
const OWN: u64 = u64::MAX;

/// Waits for any number of sockets at once, each with a token that its events carry. ([epoll(7)])
///
/// A socket is ready for as long as it is (level), or is told once when it becomes so ([`Events::EDGE`]), or once and then no
/// more until it is asked for again with [`Poller::modify`] ([`Events::ONE_SHOT`]). One that is dropped leaves its pollers.
/// Any number of threads may wait on one poller, and add, change and remove meanwhile; an event is told to one of them. A
/// poller is for the process that opened it, not for forked children.
///
/// ```
/// use jackfield::{Events, Family, Flags, Poller, PollerEvent, Socket, Type};
/// let (a, b) = Socket::pair(Family::Unix, Type::Stream)?;
/// let poller = Poller::open()?;
/// poller.add(&b, Events::READABLE, 7)?;
/// a.send_all(b"hello")?;
/// let mut room = [PollerEvent::default(); 16];
/// let count = poller.wait(&mut room, None)?;
/// assert_eq!((count, room[0].token, room[0].events()), (1, 7, Events::READABLE));
/// # Ok::<(), jackfield::Error>(())
/// ```
///
/// [epoll(7)]: https://man7.org/linux/man-pages/man7/epoll.7.html
#[derive(Debug)]
pub struct Poller {
    raw: RawPoller,
    wake: Wake,
    epoch: u64,
    interruptible: AtomicBool,
    canceled: AtomicBool,
}

impl Poller {
    /// Opens a poller with nothing in it.
    ///
    /// # Errors
    /// [`Error::TOO_MANY_FILES`] and [`Error::SYSTEM_FILES`]: it has two descriptors; the first also when the process has
    /// 1024 pollers. [`Error::NO_MEMORY`].
    pub fn open() -> Result<Poller> {
        let (raw, wake) = (RawPoller::new()?, Wake::new()?);
        raw.add(wake.as_raw_fd(), Events::READABLE | Events::EDGE, OWN)?;
        let (interruptible, canceled) = (AtomicBool::new(false), AtomicBool::new(false));
        Ok(Poller { raw, wake, epoch: fork_epoch(), interruptible, canceled })
    }

    /// Adds a socket: for which events, of which [`Events::ERROR`] and [`Events::HANGUP`] are told in any case, and the
    /// token that they carry, which is any number but `u64::MAX`. ([epoll_ctl(2)])
    ///
    /// # Errors
    /// [`Error::EXISTS`] when it is in it, [`Error::INVALID`] for an unknown event or that token, [`Error::NO_MEMORY`] also
    /// when the system's limit for such is reached.
    ///
    /// [epoll_ctl(2)]: https://man7.org/linux/man-pages/man2/epoll_ctl.2.html
    pub fn add(&self, socket: &Socket, events: Events, token: u64) -> Result<()> {
        // Noted first, so that it is known to be in it for all the time that it is.
        self.check(events, token)?;
        socket.fd.polled.note(self.raw.as_raw_fd());
        self.add_raw(socket.as_raw_fd(), events, token)
    }

    /// Changes for which events a socket is in it, and the token. One that has told its [`Events::ONE_SHOT`] begins anew.
    ///
    /// # Errors
    /// [`Error::NOT_FOUND`] when it is not in it; those of [`Poller::add`].
    pub fn modify(&self, socket: &Socket, events: Events, token: u64) -> Result<()> {
        self.modify_raw(socket.as_raw_fd(), events, token)
    }

    /// Takes a socket out.
    ///
    /// # Errors
    /// [`Error::NOT_FOUND`] when it is not in it.
    pub fn remove(&self, socket: &Socket) -> Result<()> {
        self.remove_raw(socket.as_raw_fd())?;
        socket.fd.polled.forget(self.raw.as_raw_fd());
        Ok(())
    }

    /// Adds a descriptor that is no [`Socket`]: a pipe, an eventfd, another library's. It has to be taken out before it is
    /// closed, or its events may go on.
    ///
    /// # Errors
    /// [`Error::UNSUPPORTED`] for what is always ready, such as a file, and for a poller that would wait for itself; those of
    /// [`Poller::add`].
    pub fn add_fd(&self, fd: BorrowedFd<'_>, events: Events, token: u64) -> Result<()> {
        self.add_raw(fd.as_raw_fd(), events, token)
    }

    /// As [`Poller::modify`].
    ///
    /// # Errors
    /// As there.
    pub fn modify_fd(&self, fd: BorrowedFd<'_>, events: Events, token: u64) -> Result<()> {
        self.modify_raw(fd.as_raw_fd(), events, token)
    }

    /// As [`Poller::remove`].
    ///
    /// # Errors
    /// As there.
    pub fn remove_fd(&self, fd: BorrowedFd<'_>) -> Result<()> {
        self.remove_raw(fd.as_raw_fd())
    }

    /// Waits until something is ready, and returns how many events were written; 0 when the time is over, or when the
    /// poller was woken. Without a time it waits for ever. ([epoll_wait(2)])
    ///
    /// # Errors
    /// [`Error::CLOSED`] when it was canceled, [`Error::INTERRUPTED`] when a signal was handled and the poller is set to
    /// heed that, [`Error::INVALID`] without room for an event.
    ///
    /// [epoll_wait(2)]: https://man7.org/linux/man-pages/man2/epoll_wait.2.html
    pub fn wait(&self, room: &mut [PollerEvent], time: Option<Duration>) -> Result<usize> {
        self.wait_into(&mut room.into(), time)
    }

    #[inline]
    pub(crate) fn wait_into(&self, room: &mut EventRoom<'_>, time: Option<Duration>) -> Result<usize> {
        self.expect_own_process()?;
        if room.is_empty() {
            return Err(Error::INVALID);
        }
        // Who waits for ever or not at all needs no clock.
        let start = time.filter(|time| !time.is_zero()).map(|_| Moment::now());
        let mut left = time;
        loop {
            match self.raw.wait(room, OWN, left) {
                _ if self.canceled.load(Relaxed) => return Err(Error::CLOSED),
                Ok((count, woken)) if count > 0 || woken => return Ok(count),
                Ok(_) if left.is_some() => return Ok(0),
                Ok(_) => {}
                Err(Errno(EINTR)) if self.interruptible.load(Relaxed) => return Err(Error::INTERRUPTED),
                Err(Errno(EINTR)) => {}
                Err(errno) => return Err(errno.into()),
            }
            left = time.map(|time| start.map_or(Duration::ZERO, |start| time.saturating_sub(start.elapsed().0)));
        }
    }

    /// Has one thread that waits return, or the next one that begins to.
    pub fn wake(&self) {
        self.wake.wake();
    }

    /// Whether a signal that is handled ends a wait.
    pub fn set_interruptible(&self, interruptible: bool) {
        self.interruptible.store(interruptible, Relaxed);
    }

    /// Makes a thread that waits return [`Error::CLOSED`], and all later ones. Repeat it until all are out.
    pub fn cancel(&self) {
        self.canceled.store(true, Relaxed);
        self.wake();
    }

    fn check(&self, events: Events, token: u64) -> Result<()> {
        self.expect_own_process()?;
        if events.within(Events::FOR_POLLER) && token != OWN { Ok(()) } else { Err(Error::INVALID) }
    }

    /// In a forked child it is the parent's poller still: what is changed here would be changed there.
    fn expect_own_process(&self) -> Result<()> {
        if fork_epoch() == self.epoch { Ok(()) } else { Err(Error::BAD_HANDLE) }
    }

    pub(crate) fn add_raw(&self, fd: RawFd, events: Events, token: u64) -> Result<()> {
        self.check(events, token)?;
        self.raw.add(fd, events, token).map_err(refused)
    }

    pub(crate) fn modify_raw(&self, fd: RawFd, events: Events, token: u64) -> Result<()> {
        self.check(events, token)?;
        self.raw.modify(fd, events, token).map_err(refused)
    }

    pub(crate) fn remove_raw(&self, fd: RawFd) -> Result<()> {
        self.expect_own_process()?;
        self.raw.remove(fd).map_err(refused)
    }
}

/// Ready when an event can be had without waiting.
impl AsFd for Poller {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.raw.as_fd()
    }
}

fn refused(errno: Errno) -> Error {
    match errno {
        Errno(EPERM | ELOOP) => Error::UNSUPPORTED,
        Errno(ENOSPC) => Error::NO_MEMORY,
        _ => errno.into(),
    }
}
