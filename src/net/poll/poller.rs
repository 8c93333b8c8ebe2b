//! Waiting for any number of sockets.

use crate::net::{Error, Events, Result, Socket};
use crate::sys::errno::{EINTR, ELOOP, ENOENT, ENOSPC, EPERM};
use crate::sys::{
    Errno, EventBuffer, Instant, OWN_TOKEN, PollerEvent, RawPoller, SerialUpdate, Timer, Waited, WakeFd, fd_exhaustion,
    fork_epoch,
};
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// How long listeners rest at the most.
const REST: Duration = Duration::from_millis(100);

/// Waits for any number of sockets at once, each with a token that its events carry. ([epoll(7)])
///
/// A socket is ready for as long as it is (level), or is told once when it becomes so ([`Events::EDGE`]), or once and
/// then no more until it is asked for again with [`Poller::modify`] ([`Events::ONE_SHOT`]). One that is dropped leaves
/// its pollers. Any number of threads may wait on one poller, and add, change and remove meanwhile; an edge or a
/// one-shot event is told to one of them. A poller is for the process that opened it, not for forked children.
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
    wake: WakeFd,
    epoch: u64,
    interruptible: AtomicBool,
    canceled: AtomicBool,
    /// How many wakes nobody has returned for. What ends a wait may also be the timer.
    wakes: AtomicU32,
    listeners: OnceLock<Listeners>,
}

impl Poller {
    /// Opens a poller with nothing in it.
    ///
    /// # Errors
    /// [`Error::TOO_MANY_FILES`] and [`Error::SYSTEM_FILES`]: it has two descriptors; the first also when the process has
    /// 1024 pollers. [`Error::NO_MEMORY`].
    pub fn open() -> Result<Poller> {
        let (raw, wake) = (RawPoller::new()?, WakeFd::new()?);
        raw.add_own(wake.as_raw_fd())?;
        let (interruptible, canceled) = (AtomicBool::new(false), AtomicBool::new(false));
        Ok(Poller {
            raw,
            wake,
            epoch: fork_epoch(),
            interruptible,
            canceled,
            wakes: AtomicU32::new(0),
            listeners: OnceLock::new(),
        })
    }

    /// Adds a socket: for which events, of which [`Events::ERROR`] and [`Events::HANGUP`] are told in any case, and the
    /// token that they carry, which is any number but `u64::MAX`. ([epoll_ctl(2)])
    ///
    /// # Errors
    /// [`Error::EXISTS`] when it is in it, [`Error::INVALID`] for an unknown event or that token, [`Error::NO_MEMORY`] also
    /// when the system's limit for such is reached, [`Error::UNSUPPORTED`] for [`Events::EDGE`] without
    /// [`Events::ONE_SHOT`] on a system that only has poll.
    ///
    /// [epoll_ctl(2)]: https://man7.org/linux/man-pages/man2/epoll_ctl.2.html
    pub fn add(&self, socket: &Socket, events: Events, token: u64) -> Result<()> {
        // Noted first, so that it is known to be in it for all the time that it is.
        self.check(events, token)?;
        let (fd, raw) = (socket.as_raw_fd(), &self.raw);
        let listeners = self.listeners.get().filter(|_| socket.listens.load(Relaxed));
        socket.fd.registrations.note(raw.number());
        let Some(listeners) = listeners else { return raw.add(fd, events, token).map_err(refused) };
        // It may be in there since before it listened, and is not to be in both.
        raw.add(fd, Events::NONE, token).map_err(refused)?;
        // Another thread may have taken it out already.
        let _ = raw.remove(fd);
        socket.fd.registrations.note(listeners.raw.number());
        listeners.raw.add(fd, events, token).map_err(refused)
    }

    /// Changes for which events a socket is in it, and the token. One that has told its [`Events::ONE_SHOT`] begins
    /// anew.
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
        self.remove_raw(socket.as_raw_fd())
    }

    /// Adds a descriptor that is no [`Socket`]: a pipe, an eventfd, another library's. It has to be taken out before it
    /// is closed, or its events may go on.
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
    pub(crate) fn wait_into(&self, room: &mut EventBuffer<'_>, time: Option<Duration>) -> Result<usize> {
        self.expect_open()?;
        if room.is_full() {
            return Err(Error::INVALID);
        }
        // Who waits for ever or not at all needs no clock.
        let start = time.filter(|time| !time.is_zero()).map(|_| Instant::now());
        let mut left = time;
        loop {
            let listeners = self.listeners.get();
            listeners.into_iter().try_for_each(|listeners| listeners.rest(&self.raw))?;
            let waited = self.raw.wait(room, left);
            self.expect_open()?;
            match waited {
                Ok(waited) => {
                    if let Some(listeners) = listeners {
                        listeners.look(&self.raw, &waited, room)?;
                    }
                    if waited.woken && self.hear() || room.filled() > 0 {
                        return Ok(room.filled());
                    }
                }
                Err(Errno(EINTR)) if self.interruptible.load(Relaxed) => return Err(Error::INTERRUPTED),
                Err(Errno(EINTR)) => {}
                Err(errno) => return Err(errno.into()),
            }
            left = time.map(|time| start.map_or(Duration::ZERO, |start| time.saturating_sub(start.elapsed().0)));
            if left.is_some_and(|left| left.is_zero()) {
                return Ok(0);
            }
        }
    }

    /// Whether there is a wake to return for, or a wait was ended by something else.
    #[cold]
    fn hear(&self) -> bool {
        self.raw.hear(&self.wake);
        self.wakes.swap(0, Relaxed) > 0
    }

    /// Has listeners rest while there is no descriptor for a connection, or no longer: once an accept has failed for
    /// that, they are not waited for until 100 milliseconds have passed, or a wait begins after a socket of the library
    /// was closed. Else a listener is ready for as long as connections are queued, and a loop that can't accept them
    /// spins. It is for the sockets that listen already when they are added after this, and are told of for as long as
    /// connections are queued: with [`Events::EDGE`] one is not told of again after the rest.
    ///
    /// # Errors
    /// [`Error::TOO_MANY_FILES`] and [`Error::SYSTEM_FILES`]: it takes two more descriptors.
    pub fn set_accept_backoff(&self, rest: bool) -> Result<()> {
        self.expect_own_process()?;
        if rest && self.listeners.get().is_none() {
            let listeners = Listeners::new()?;
            self.raw.add_own(listeners.timer.as_raw_fd())?;
            self.raw.add_inner(&listeners.raw)?;
            // Another thread may have been as quick; then its own are as good.
            let _ = self.listeners.set(listeners);
        }
        self.listeners.get().iter().for_each(|listeners| listeners.may_rest.store(rest, Relaxed));
        Ok(())
    }

    /// Has one thread that waits return, or the next one that begins to.
    ///
    /// # Errors
    /// [`Error::BAD_HANDLE`] in a forked child.
    pub fn wake(&self) -> Result<()> {
        self.expect_own_process()?;
        self.wakes.fetch_add(1, Relaxed);
        self.wake.wake();
        Ok(())
    }

    /// Whether a signal that is handled ends a wait.
    ///
    /// # Errors
    /// [`Error::BAD_HANDLE`] in a forked child.
    pub fn set_interruptible(&self, interruptible: bool) -> Result<()> {
        self.expect_own_process()?;
        self.interruptible.store(interruptible, Relaxed);
        Ok(())
    }

    /// Its descriptor, which is readable when an event can be had without waiting: for another event loop.
    ///
    /// # Errors
    /// [`Error::UNSUPPORTED`] where the system has no such descriptor, [`Error::BAD_HANDLE`] in a forked child.
    pub fn fd(&self) -> Result<BorrowedFd<'_>> {
        self.expect_own_process()?;
        self.raw.fd().ok_or(Error::UNSUPPORTED)
    }

    /// Makes all who wait return [`Error::CLOSED`], and all who will.
    pub fn cancel(&self) {
        self.canceled.store(true, Relaxed);
        // In a forked child nobody waits, and the parent's threads would be woken.
        let _ = self.wake();
    }

    /// What holds before a wait and after it, as in between a signal handler may have forked.
    #[inline]
    fn expect_open(&self) -> Result<()> {
        self.expect_own_process()?;
        if self.canceled.load(Relaxed) {
            // A wake is for one thread; the next one is woken by this.
            self.wake.wake();
            return Err(Error::CLOSED);
        }
        Ok(())
    }

    fn check(&self, events: Events, token: u64) -> Result<()> {
        self.expect_own_process()?;
        if events.within(Events::FOR_POLLER) && token != OWN_TOKEN { Ok(()) } else { Err(Error::INVALID) }
    }

    /// In a forked child it is the parent's poller still: what is changed here would be changed there.
    fn expect_own_process(&self) -> Result<()> {
        if fork_epoch() == self.epoch { Ok(()) } else { Err(Error::BAD_HANDLE) }
    }

    /// What is in the poller for its own sake is not for others to change, nor can it be in itself.
    fn is_own(&self, fd: RawFd) -> bool {
        let of_listeners = |listeners: &Listeners| listeners.raw.is_own(fd) || listeners.timer.as_raw_fd() == fd;
        self.raw.is_own(fd) || self.wake.as_raw_fd() == fd || self.listeners.get().is_some_and(of_listeners)
    }

    pub(crate) fn add_raw(&self, fd: RawFd, events: Events, token: u64) -> Result<()> {
        self.check(events, token)?;
        if self.is_own(fd) {
            return Err(Error::UNSUPPORTED);
        }
        self.raw.add(fd, events, token).map_err(refused)
    }

    pub(crate) fn modify_raw(&self, fd: RawFd, events: Events, token: u64) -> Result<()> {
        self.check(events, token)?;
        self.either(fd, |raw| raw.modify(fd, events, token))
    }

    pub(crate) fn remove_raw(&self, fd: RawFd) -> Result<()> {
        self.expect_own_process()?;
        self.either(fd, |raw| raw.remove(fd))
    }

    /// Does something with what is in the poller itself, or among the listeners.
    fn either(&self, fd: RawFd, call: impl Fn(&RawPoller) -> Result<(), Errno>) -> Result<()> {
        if self.is_own(fd) {
            return Err(Error::NOT_FOUND);
        }
        match (call(&self.raw), self.listeners.get()) {
            (Err(Errno(ENOENT)), Some(listeners)) => call(&listeners.raw),
            (result, _) => result,
        }
        .map_err(refused)
    }
}

/// A poller in the poller, for listeners alone: all of them rest when it does.
#[derive(Debug)]
struct Listeners {
    raw: RawPoller,
    /// Ends the rest, in whatever thread waits then.
    timer: Timer,
    /// Whether its time has come.
    is_over: AtomicBool,
    may_rest: AtomicBool,
    /// To have them rest, or end it. Who has it alone sets the two below.
    turn: SerialUpdate,
    /// How often descriptors had run short when that was last heeded.
    heeded: AtomicU64,
    /// While they rest: how often a descriptor had come free when that began.
    since: AtomicU64,
}

/// They do not rest.
const AWAKE: u64 = u64::MAX;

impl Listeners {
    fn new() -> Result<Listeners> {
        Ok(Listeners {
            raw: RawPoller::new()?,
            timer: Timer::new()?,
            is_over: AtomicBool::new(false),
            may_rest: AtomicBool::new(true),
            turn: SerialUpdate::new(),
            heeded: AtomicU64::new(fd_exhaustion().0),
            since: AtomicU64::new(AWAKE),
        })
    }

    /// Has the listeners in a poller rest, or end it, as things are. Where another thread is at it that one sees to it, and
    /// the system tells those who wait by then.
    fn rest(&self, poller: &RawPoller) -> Result<()> {
        let (times, _, record_fd_closed) = fd_exhaustion();
        if self.ends(record_fd_closed) || self.heeded.load(Relaxed) != times { self.change(poller) } else { Ok(()) }
    }

    /// Whether they rest and should no more.
    fn ends(&self, record_fd_closed: u64) -> bool {
        let since = self.since.load(Relaxed);
        since != AWAKE && (since != record_fd_closed || self.is_over.load(Relaxed) || !self.may_rest.load(Relaxed))
    }

    #[cold]
    fn change(&self, poller: &RawPoller) -> Result<()> {
        self.turn.take(|| self.change_in_turn(poller))
    }

    fn change_in_turn(&self, poller: &RawPoller) -> Result<()> {
        let (times, is_short, record_fd_closed) = fd_exhaustion();
        if self.ends(record_fd_closed) {
            poller.heed_inner(&self.raw, true)?;
            self.since.store(AWAKE, Relaxed);
        }
        if self.heeded.swap(times, Relaxed) != times && is_short && self.may_rest.load(Relaxed) {
            self.is_over.store(false, Relaxed);
            // Known before it begins, so that who sees it end meanwhile comes here. Whatever is missed, the timer ends it.
            self.since.store(record_fd_closed, Relaxed);
            self.timer.start(REST)?;
            poller.heed_inner(&self.raw, false)?;
        }
        Ok(())
    }

    /// Sees to what came of a wait: ends the rest when its time is over, and takes the listeners' events into what room
    /// is left, unless they rest. What another thread has taken meanwhile is not among them.
    fn look(&self, poller: &RawPoller, waited: &Waited, room: &mut EventBuffer<'_>) -> Result<()> {
        if waited.woken && self.since.load(Relaxed) != AWAKE && self.timer.take() {
            self.is_over.store(true, Relaxed);
            self.change(poller)?;
        }
        // What ended the wait may have been a wake or the timer.
        if !waited.inner || room.is_full() || self.since.load(Relaxed) != AWAKE {
            return Ok(());
        }
        match self.raw.wait(room, Some(Duration::ZERO)) {
            Ok(_) | Err(Errno(EINTR)) => Ok(()),
            Err(errno) => Err(errno.into()),
        }
    }
}

fn refused(errno: Errno) -> Error {
    match errno {
        Errno(EPERM | ELOOP) => Error::UNSUPPORTED,
        Errno(ENOSPC) => Error::NO_MEMORY,
        _ => errno.into(),
    }
}
