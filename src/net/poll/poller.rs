//! Waiting for any number of sockets.

use crate::net::poll::accept_backoff::AcceptBackoff;
use crate::net::{Error, Events, Result, Socket};
use crate::sys::errno::{EINTR, ELOOP, ENOENT, ENOSPC, EPERM};
use crate::sys::{Errno, EventBuffer, Instant, PollerEvent, RESERVED_TOKEN, RawPoller, WakeFd, fork_epoch};
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::time::Duration;

/// Waits for any number of sockets, each registered with a token that its events carry. ([epoll(7)])
///
/// Readiness is level-triggered by default, or edge-triggered with [`Events::EDGE`]. With [`Events::ONE_SHOT`], a
/// registration reports one event and is then disabled until [`Poller::modify`]. A socket that is dropped leaves its
/// pollers.
///
/// Any number of threads may wait on one poller, and add, modify and remove registrations meanwhile. One thread
/// receives an edge or a one-shot event. A poller can't be used in a forked child.
///
/// ```
/// use jackfield::{Events, Family, Flags, Poller, PollerEvent, Socket, Type};
/// let (a, b) = Socket::pair(Family::Unix, Type::Stream)?;
/// let poller = Poller::open()?;
/// poller.add(&b, Events::READABLE, 7)?;
/// a.send_all(b"hello")?;
/// let mut events = [PollerEvent::default(); 16];
/// let count = poller.wait(&mut events, None)?;
/// assert_eq!((count, events[0].token, events[0].events()), (1, 7, Events::READABLE));
/// # Ok::<(), jackfield::Error>(())
/// ```
///
/// [epoll(7)]: https://man7.org/linux/man-pages/man7/epoll.7.html
#[derive(Debug)]
pub struct Poller {
    raw: RawPoller,
    wake_fd: WakeFd,
    /// The fork epoch of the process that opened the poller.
    epoch: u64,
    interruptible: AtomicBool,
    canceled: AtomicBool,
    /// The number of calls of [`Poller::wake`] that no wait has returned for. The timer can end a wait as well.
    pending_wakes: AtomicU32,
    /// Set by the first [`Poller::set_accept_backoff`], for good.
    backoff: OnceLock<AcceptBackoff>,
}

impl Poller {
    /// Opens an empty poller. It has two descriptors.
    ///
    /// # Errors
    /// - [`Error::TOO_MANY_FILES`] if the process can't open two more descriptors, or has 1024 pollers.
    /// - [`Error::SYSTEM_FILES`] if the system can't open more files.
    /// - [`Error::NO_MEMORY`].
    pub fn open() -> Result<Poller> {
        let (raw, wake_fd) = (RawPoller::new()?, WakeFd::new()?);
        raw.add_wake_fd(wake_fd.as_raw_fd())?;
        Ok(Poller {
            raw,
            wake_fd,
            epoch: fork_epoch(),
            interruptible: AtomicBool::new(false),
            canceled: AtomicBool::new(false),
            pending_wakes: AtomicU32::new(0),
            backoff: OnceLock::new(),
        })
    }

    /// Registers a socket for events, with a token that they carry. [`Events::ERROR`] and [`Events::HANGUP`] are always
    /// reported. ([epoll_ctl(2)])
    ///
    /// # Errors
    /// - [`Error::EXISTS`] if the socket is registered in this poller.
    /// - [`Error::INVALID`] for an unknown event, and for the token `u64::MAX`.
    /// - [`Error::NO_MEMORY`], also if the system's limit of registrations is reached.
    /// - [`Error::UNSUPPORTED`] for [`Events::EDGE`] without [`Events::ONE_SHOT`] on a system that only has poll(2).
    /// - [`Error::BAD_HANDLE`] in a forked child.
    ///
    /// [epoll_ctl(2)]: https://man7.org/linux/man-pages/man2/epoll_ctl.2.html
    pub fn add(&self, socket: &Socket, events: Events, token: u64) -> Result<()> {
        self.check_registration(events, token)?;
        let (fd, raw) = (socket.as_raw_fd(), &self.raw);
        let backoff = self.backoff.get().filter(|_| socket.is_listener.load(Relaxed));
        // Recorded first, so that closing a socket always finds its registrations.
        socket.fd.registrations.record(raw.id());
        let Some(backoff) = backoff else { return raw.add(fd, events, token).map_err(registration_error) };
        // A listener must not be in both pollers. If it was registered before it listened, it is in this one, and the
        // add fails.
        raw.add(fd, Events::NONE, token).map_err(registration_error)?;
        // Another thread may have removed it.
        let _ = raw.remove(fd);
        let listeners = backoff.listeners();
        socket.fd.registrations.record(listeners.id());
        listeners.add(fd, events, token).map_err(registration_error)
    }

    /// Changes the events and the token of a registered socket, and enables a disabled [`Events::ONE_SHOT`]
    /// registration.
    ///
    /// # Errors
    /// [`Error::NOT_FOUND`] if the socket is not registered; those of [`Poller::add`].
    pub fn modify(&self, socket: &Socket, events: Events, token: u64) -> Result<()> {
        self.modify_raw(socket.as_raw_fd(), events, token)
    }

    /// Removes a registered socket.
    ///
    /// # Errors
    /// - [`Error::NOT_FOUND`] if the socket is not registered.
    /// - [`Error::BAD_HANDLE`] in a forked child.
    pub fn remove(&self, socket: &Socket) -> Result<()> {
        self.remove_raw(socket.as_raw_fd())
    }

    /// Registers a descriptor that is not a [`Socket`], such as a pipe or an eventfd.
    ///
    /// Remove it before it is closed. Otherwise its events may continue while a duplicate is open.
    ///
    /// # Errors
    /// [`Error::UNSUPPORTED`] for a descriptor that is always ready, such as a file, and for one that would make the
    /// poller wait for itself; those of [`Poller::add`].
    pub fn add_fd(&self, fd: BorrowedFd<'_>, events: Events, token: u64) -> Result<()> {
        self.add_raw(fd.as_raw_fd(), events, token)
    }

    /// [`Poller::modify`] for a descriptor.
    ///
    /// # Errors
    /// Those of [`Poller::modify`].
    pub fn modify_fd(&self, fd: BorrowedFd<'_>, events: Events, token: u64) -> Result<()> {
        self.modify_raw(fd.as_raw_fd(), events, token)
    }

    /// [`Poller::remove`] for a descriptor.
    ///
    /// # Errors
    /// Those of [`Poller::remove`].
    pub fn remove_fd(&self, fd: BorrowedFd<'_>) -> Result<()> {
        self.remove_raw(fd.as_raw_fd())
    }

    /// Waits for events and returns how many were written. Without a timeout it waits indefinitely. It returns 0 when
    /// the timeout expires or the poller is woken. ([epoll_wait(2)])
    ///
    /// # Errors
    /// - [`Error::CLOSED`] if the poller is canceled.
    /// - [`Error::INTERRUPTED`] if a signal was handled and [`Poller::set_interruptible`] is on.
    /// - [`Error::INVALID`] if `events` is empty.
    /// - [`Error::BAD_HANDLE`] in a forked child.
    ///
    /// [epoll_wait(2)]: https://man7.org/linux/man-pages/man2/epoll_wait.2.html
    pub fn wait(&self, events: &mut [PollerEvent], timeout: Option<Duration>) -> Result<usize> {
        self.wait_into(&mut events.into(), timeout)
    }

    #[inline]
    pub(crate) fn wait_into(&self, events: &mut EventBuffer<'_>, timeout: Option<Duration>) -> Result<usize> {
        self.check_open()?;
        if events.is_full() {
            return Err(Error::INVALID);
        }
        // Only a wait with a timeout above 0 needs the clock.
        let start = timeout.filter(|timeout| !timeout.is_zero()).map(|_| Instant::now());
        let mut remaining = timeout;
        loop {
            let backoff = self.backoff.get();
            backoff.into_iter().try_for_each(|backoff| backoff.before_wait(&self.raw))?;
            let waited = self.raw.wait(events, remaining);
            self.check_open()?;
            match waited {
                Ok(waited) => {
                    if let Some(backoff) = backoff {
                        backoff.after_wait(&self.raw, &waited, events)?;
                    }
                    if waited.is_woken && self.take_wakes() || events.filled() > 0 {
                        return Ok(events.filled());
                    }
                }
                Err(Errno(EINTR)) if self.interruptible.load(Relaxed) => return Err(Error::INTERRUPTED),
                Err(Errno(EINTR)) => {}
                Err(errno) => return Err(errno.into()),
            }
            remaining =
                timeout.map(|timeout| start.map_or(Duration::ZERO, |start| timeout.saturating_sub(start.elapsed().0)));
            if remaining.is_some_and(|remaining| remaining.is_zero()) {
                return Ok(0);
            }
        }
    }

    /// Takes all pending wakes and returns whether there were any. If not, something else ended the wait.
    #[cold]
    fn take_wakes(&self) -> bool {
        self.raw.clear_wake(&self.wake_fd);
        self.pending_wakes.swap(0, Relaxed) > 0
    }

    /// Turns accept backoff on or off. It uses two more descriptors.
    ///
    /// A listener is ready while connections are queued, so a loop that can't accept them for lack of a descriptor
    /// would spin. With accept backoff, the listeners are paused after such a failure, until 100 ms have passed or a
    /// wait begins after the library has closed a socket.
    ///
    /// It applies to sockets that already listen when they are added, and that are added after this call. A listener
    /// with [`Events::EDGE`] is not reported again after the pause.
    ///
    /// # Errors
    /// - [`Error::TOO_MANY_FILES`] and [`Error::SYSTEM_FILES`] if the descriptors can't be opened.
    /// - [`Error::BAD_HANDLE`] in a forked child.
    pub fn set_accept_backoff(&self, is_enabled: bool) -> Result<()> {
        self.check_process()?;
        if is_enabled && self.backoff.get().is_none() {
            let backoff = AcceptBackoff::new()?;
            backoff.add_to(&self.raw)?;
            // If another thread was faster, its value is kept, and the descriptors of this one are closed.
            let _ = self.backoff.set(backoff);
        }
        self.backoff.get().iter().for_each(|backoff| backoff.set_enabled(is_enabled));
        Ok(())
    }

    /// Makes one waiting thread return, or the next wait if no thread is waiting.
    ///
    /// # Errors
    /// [`Error::BAD_HANDLE`] in a forked child.
    pub fn wake(&self) -> Result<()> {
        self.check_process()?;
        self.pending_wakes.fetch_add(1, Relaxed);
        self.wake_fd.wake();
        Ok(())
    }

    /// Sets whether a handled signal ends a wait with [`Error::INTERRUPTED`]. The default is off.
    ///
    /// # Errors
    /// [`Error::BAD_HANDLE`] in a forked child.
    pub fn set_interruptible(&self, interruptible: bool) -> Result<()> {
        self.check_process()?;
        self.interruptible.store(interruptible, Relaxed);
        Ok(())
    }

    /// The poller's descriptor, for another event loop. It is readable while a wait would return events at once.
    ///
    /// # Errors
    /// - [`Error::UNSUPPORTED`] on a system that only has poll(2).
    /// - [`Error::BAD_HANDLE`] in a forked child.
    pub fn fd(&self) -> Result<BorrowedFd<'_>> {
        self.check_process()?;
        self.raw.fd().ok_or(Error::UNSUPPORTED)
    }

    /// Makes all current and future waits return [`Error::CLOSED`].
    pub fn cancel(&self) {
        self.canceled.store(true, Relaxed);
        // In a forked child this fails: a wake would reach the parent's threads.
        let _ = self.wake();
    }

    /// Checks the conditions of a wait. They are checked before and after it: a signal handler may fork meanwhile.
    #[inline]
    fn check_open(&self) -> Result<()> {
        self.check_process()?;
        if self.canceled.load(Relaxed) {
            // A wake ends the wait of one thread, so each thread wakes the next one.
            self.wake_fd.wake();
            return Err(Error::CLOSED);
        }
        Ok(())
    }

    fn check_registration(&self, events: Events, token: u64) -> Result<()> {
        self.check_process()?;
        if Events::FOR_POLLER.contains(events) && token != RESERVED_TOKEN { Ok(()) } else { Err(Error::INVALID) }
    }

    /// Fails in a forked child, which shares the parent's poller: a change would affect the parent.
    fn check_process(&self) -> Result<()> {
        if fork_epoch() == self.epoch { Ok(()) } else { Err(Error::BAD_HANDLE) }
    }

    /// Whether the descriptor is one of the poller's own, which can't be registered, modified or removed.
    fn is_own(&self, fd: RawFd) -> bool {
        self.raw.is_internal_fd(fd)
            || self.wake_fd.as_raw_fd() == fd
            || self.backoff.get().is_some_and(|backoff| backoff.is_own(fd))
    }

    pub(crate) fn add_raw(&self, fd: RawFd, events: Events, token: u64) -> Result<()> {
        self.check_registration(events, token)?;
        if self.is_own(fd) {
            return Err(Error::UNSUPPORTED);
        }
        self.raw.add(fd, events, token).map_err(registration_error)
    }

    pub(crate) fn modify_raw(&self, fd: RawFd, events: Events, token: u64) -> Result<()> {
        self.check_registration(events, token)?;
        self.find_registration(fd, |poller| poller.modify(fd, events, token))
    }

    pub(crate) fn remove_raw(&self, fd: RawFd) -> Result<()> {
        self.check_process()?;
        self.find_registration(fd, |poller| poller.remove(fd))
    }

    /// Calls `op` with this poller, and with the listeners' one if the descriptor is not registered here.
    fn find_registration(&self, fd: RawFd, op: impl Fn(&RawPoller) -> Result<(), Errno>) -> Result<()> {
        if self.is_own(fd) {
            return Err(Error::NOT_FOUND);
        }
        match (op(&self.raw), self.backoff.get()) {
            (Err(Errno(ENOENT)), Some(backoff)) => op(backoff.listeners()),
            (result, _) => result,
        }
        .map_err(registration_error)
    }
}

fn registration_error(errno: Errno) -> Error {
    match errno {
        Errno(EPERM | ELOOP) => Error::UNSUPPORTED,
        Errno(ENOSPC) => Error::NO_MEMORY,
        _ => errno.into(),
    }
}
