//! A socket and its life.

use crate::net::datagram::batch_state::{BatchState, Coalescing};
use crate::net::deadline::Deadline;
use crate::net::{Addr, Error, Family, Flags, Opt, Result, Shutdown, Type};
use crate::sys::errno::{EINVAL, ENODEV};
use crate::sys::{Descriptor, Direction, Errno, RawAddr, SockAddr, record_fd_exhaustion};
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU16, AtomicU32, Ordering::Relaxed, Ordering::SeqCst};
use std::time::Duration;

/// A socket. Dropping it closes it.
///
/// # Waiting
/// How long a call waits is a number of the socket, one for receiving and accepting ([`Opt::RecvTimeout`]) and one for
/// sending and connecting ([`Opt::SendTimeout`]): for ever at first. A call that takes longer fails with
/// [`Error::TIMED_OUT`], or with [`Error::WOULD_BLOCK`] when it must not wait at all. Signals neither end a call nor
/// prolong it unless [`Opt::Interruptible`] says so.
///
/// # Threads
/// Every method takes `&self`, and any thread may call any method at any time. Use [`Socket::cancel`] to wake a thread
/// that waits.
///
/// [`Opt::RecvTimeout`]: crate::Opt::RecvTimeout
/// [`Opt::SendTimeout`]: crate::Opt::SendTimeout
/// [`Opt::Interruptible`]: crate::Opt::Interruptible
#[derive(Debug)]
pub struct Socket {
    pub(in crate::net) fd: Descriptor,
    pub(in crate::net) family: Family,
    pub(in crate::net) kind: Type,
    /// How long the calls of each direction wait, in milliseconds; -1 is for ever.
    timeouts: [AtomicI64; 2],
    /// 1 for a direction whose calls have to go the long way; a number, to be looked at together with a call's flags, and
    /// as long as those so that it takes one instruction less.
    slow_path: [AtomicU32; 2],
    pub(in crate::net) interruptible: AtomicBool,
    /// The descriptor has `O_NONBLOCK`: it came with it, or accepting had to set it. It keeps it, because others may
    /// share it.
    pub(in crate::net) nonblocking: AtomicBool,
    /// How many calls have the descriptor non-blocking for as long as they take.
    unblocking: AtomicU16,
    /// Whether there ever was one. Since then, that the kernel handed a call back does not tell that its time is over.
    pub(in crate::net) unblocked: AtomicBool,
    canceled: AtomicBool,
    /// It takes connections.
    pub(in crate::net) listens: AtomicBool,
    /// The peer ended the connection without a word, which the system told a call that had done a part and said so.
    pub(in crate::net) pending_reset: AtomicBool,
    /// The index that [`Opt::MulticastInterface`](crate::Opt::MulticastInterface) was set to, which an IPv4 socket does
    /// not tell.
    pub(in crate::net) multicast_interface: AtomicU32,
    /// Flags that fit.
    base_recv_flags: u8,
    pub(in crate::net) batches: BatchState,
}

// A connection that only is there takes one cache line of the handles' table, with what the table keeps of it.
const _: () = assert!(size_of::<Socket>() <= 48);

impl Socket {
    /// Opens a socket. Protocol 0 is the usual one for the family and type. ([socket(2)])
    ///
    /// # Errors
    /// [`Error::FAMILY_UNSUPPORTED`], [`Error::TYPE_UNSUPPORTED`] and [`Error::PROTOCOL_UNSUPPORTED`] when the system
    /// has no such socket, [`Error::TOO_MANY_FILES`] and [`Error::SYSTEM_FILES`] when there are too many.
    ///
    /// [socket(2)]: https://man7.org/linux/man-pages/man2/socket.2.html
    pub fn open(family: Family, kind: Type, protocol: i32) -> Result<Socket> {
        if protocol < 0 {
            return Err(Error::INVALID);
        }
        Socket::expect_type(family, kind)?;
        match Descriptor::open(family, kind, protocol) {
            Ok(fd) => Ok(Socket::new(fd, family, kind)),
            // Linux has it for a protocol's number that is too large to be one.
            Err(Errno(EINVAL)) => Err(Error::PROTOCOL_UNSUPPORTED),
            // And for datagrams of vsock, where nothing carries them.
            Err(Errno(ENODEV)) => Err(Error::TYPE_UNSUPPORTED),
            Err(errno) => Err(errno.into()),
        }
    }

    /// Opens two sockets that are connected with each other; the family is [`Family::Unix`]. ([socketpair(2)])
    ///
    /// [socketpair(2)]: https://man7.org/linux/man-pages/man2/socketpair.2.html
    pub fn pair(family: Family, kind: Type) -> Result<(Socket, Socket)> {
        // The internet families answer EOPNOTSUPP, of which "can't do that" is all that is left.
        if family != Family::Unix {
            return Err(Error::FAMILY_UNSUPPORTED);
        }
        Socket::expect_type(family, kind)?;
        let (a, b) = Descriptor::pair(family, kind)?;
        Ok((Socket::new(a, family, kind), Socket::new(b, family, kind)))
    }

    /// Linux takes a raw UNIX socket for one of datagrams, and then says so.
    fn expect_type(family: Family, kind: Type) -> Result<()> {
        if (family, kind) == (Family::Unix, Type::Raw) { Err(Error::TYPE_UNSUPPORTED) } else { Ok(()) }
    }

    /// A socket that waits for ever, as a new one does.
    fn new(fd: Descriptor, family: Family, kind: Type) -> Socket {
        let socket = Socket {
            fd,
            family,
            kind,
            timeouts: [const { AtomicI64::new(-1) }; 2],
            slow_path: [const { AtomicU32::new(0) }; 2],
            interruptible: AtomicBool::new(false),
            nonblocking: AtomicBool::new(false),
            unblocking: AtomicU16::new(0),
            unblocked: AtomicBool::new(false),
            canceled: AtomicBool::new(false),
            listens: AtomicBool::new(false),
            pending_reset: AtomicBool::new(false),
            multicast_interface: AtomicU32::new(0),
            batches: BatchState::new(),
            base_recv_flags: if kind.has_messages() { Flags::TRUNC.bits() as u8 } else { 0 },
        };
        for direction in [Direction::Recv, Direction::Send] {
            socket.keep_timeout(direction, -1);
        }
        socket
    }

    /// Takes over a socket's descriptor, made close-on-exec. It keeps the mode it has: a non-blocking one becomes a
    /// socket that never waits, one with `SO_RCVTIMEO` or `SO_SNDTIMEO` has that timeout.
    ///
    /// # Errors
    /// [`Error::NOT_SOCKET`], [`Error::FAMILY_UNSUPPORTED`] and [`Error::TYPE_UNSUPPORTED`] for what has no [`Family`]
    /// and [`Type`] here; the descriptor is given back as it was.
    pub fn from_fd(fd: OwnedFd) -> Result<Socket, (Error, OwnedFd)> {
        let fd = Descriptor::from(fd);
        match Mode::of(&fd) {
            Ok(mode) => Ok(mode.socket(fd)),
            Err(error) => Err((error, fd.into())),
        }
    }

    /// Gives the descriptor up, with the socket's timeouts in it: non-blocking if both are 0, else blocking with
    /// `SO_RCVTIMEO` and `SO_SNDTIMEO`.
    pub fn into_fd(self) -> OwnedFd {
        let never_waits = [Direction::Recv, Direction::Send].map(|direction| self.timeout_ms(direction)) == [0, 0];
        // A descriptor that can't be told is given up as it is.
        let _ = self.arm(Direction::Recv).and_then(|()| self.arm(Direction::Send));
        let _ = self.fd.set_nonblocking(never_waits);
        if self.batches.is_batch_only() {
            let _ = self.fd.set(Opt::Gro, self.family, self.kind, 0);
        }
        self.fd.into()
    }

    /// Gives the socket a name of its own. ([bind(2)])
    ///
    /// # Errors
    /// [`Error::ADDR_IN_USE`], [`Error::ADDR_NOT_AVAILABLE`], [`Error::ACCESS`] for a port below 1024 or a folder,
    /// [`Error::NOT_FOUND`] for a path, [`Error::FAMILY_UNSUPPORTED`] for an address of another family,
    /// [`Error::INVALID`] when it has a name.
    ///
    /// [bind(2)]: https://man7.org/linux/man-pages/man2/bind.2.html
    pub fn bind(&self, addr: &Addr) -> Result<()> {
        self.expect_family(addr)?;
        self.fd.bind(addr.raw()).map_err(|errno| self.failure(errno))
    }

    /// Has the system take connections and queue up to `backlog` of them until they are accepted; -1 is as many as the
    /// system allows. ([listen(2)])
    ///
    /// # Errors
    /// [`Error::UNSUPPORTED`] when the socket's type has no connections, [`Error::ADDR_IN_USE`] when another listens
    /// there.
    ///
    /// [listen(2)]: https://man7.org/linux/man-pages/man2/listen.2.html
    pub fn listen(&self, backlog: i32) -> Result<()> {
        let backlog = match backlog {
            -1 => i32::MAX,
            0.. => backlog,
            _ => return Err(Error::INVALID),
        };
        self.fd.listen(backlog).map_err(|errno| self.failure(errno))?;
        self.listens.store(true, Relaxed);
        Ok(())
    }

    /// Waits for the next connection and returns it with its peer's address. Its timeouts are those of a new socket,
    /// whatever the listener's. ([accept(2)])
    ///
    /// # Errors
    /// [`Error::WOULD_BLOCK`] and [`Error::TIMED_OUT`] when none came, [`Error::INVALID`] when the socket doesn't
    /// listen, [`Error::CONN_ABORTED`] when the peer gave up meanwhile, [`Error::TOO_MANY_FILES`] and
    /// [`Error::SYSTEM_FILES`] when there is no descriptor for it: then the connection is still queued (a poller can let the
    /// listener rest, see [`Poller::set_accept_backoff`](crate::Poller::set_accept_backoff)).
    ///
    /// [accept(2)]: https://man7.org/linux/man-pages/man2/accept.2.html
    pub fn accept(&self) -> Result<(Socket, Addr)> {
        let accepted = self.call(Direction::Recv, Flags::NONE, |fd, flags| match flags {
            Flags::DONT_WAIT => self.accept_at_once(fd),
            _ => fd.accept(),
        });
        let (fd, peer) = accepted.inspect_err(|error| {
            if matches!(*error, Error::TOO_MANY_FILES | Error::SYSTEM_FILES) {
                record_fd_exhaustion();
            }
        })?;
        let socket = Socket::new(fd, self.family, self.kind);
        // Linux gives a TCP connection the timeouts of its listener.
        for direction in [Direction::Recv, Direction::Send] {
            if self.timeout_ms(direction) > 0 {
                socket.arm(direction)?;
            }
        }
        Ok((socket, self.named(&peer)))
    }

    /// Accepts without waiting, for which there is no flag.
    fn accept_at_once(&self, fd: &Descriptor) -> Result<(Descriptor, SockAddr), Errno> {
        if self.timeout_ms(Direction::Recv) != 0 {
            // There was a connection a moment ago, but another thread may have taken it.
            fd.set_timeout(Direction::Recv, Some(Duration::from_millis(1)))?;
            let result = fd.accept();
            // What the kernel refuses here, the next call finds out and mends.
            let _ = self.arm(Direction::Recv);
            return result;
        }
        // A listener that never waits may as well have a descriptor that doesn't, from here on.
        if !self.nonblocking.swap(true, Relaxed) {
            fd.set_nonblocking(true)?;
        }
        fd.accept()
    }

    /// Has no call on the descriptor block until the result is dropped, for system calls that know no flag for it. What
    /// other threads begin meanwhile is handed back to them, and they wait on in `poll`.
    pub(in crate::net) fn unblock(&self) -> Result<Unblocked<'_>, Errno> {
        self.unblocked.store(true, SeqCst);
        self.unblocking.fetch_add(1, SeqCst);
        let unblocked = Unblocked(self);
        if !self.nonblocking.load(Relaxed) {
            self.fd.set_nonblocking(true)?;
        }
        Ok(unblocked)
    }

    /// Ends one or both directions, for every process that shares the socket. ([shutdown(2)])
    ///
    /// # Errors
    /// [`Error::NOT_CONNECTED`].
    ///
    /// [shutdown(2)]: https://man7.org/linux/man-pages/man2/shutdown.2.html
    pub fn shutdown(&self, how: Shutdown) -> Result<()> {
        self.fd.shutdown(how).map_err(|errno| self.failure(errno))
    }

    /// Makes every call that waits on this socket return [`Error::CLOSED`], and every later one that would wait. It
    /// shuts the socket down, also for other processes that share it. A connect that is just about to begin may miss
    /// it: repeat it until all are out.
    pub fn cancel(&self) {
        self.canceled.store(true, Relaxed);
        // Not being connected is no reason not to wake: the kernel does so and then says it.
        let _ = self.fd.shutdown(Shutdown::Both);
    }

    /// The socket's own address; a UNIX socket that was not bound has one without a name. ([getsockname(2)])
    ///
    /// [getsockname(2)]: https://man7.org/linux/man-pages/man2/getsockname.2.html
    pub fn local_addr(&self) -> Result<Addr> {
        self.fd.local_addr().map(|name| self.named(&name)).map_err(|errno| self.failure(errno))
    }

    /// Its peer's address. ([getpeername(2)])
    ///
    /// # Errors
    /// [`Error::NOT_CONNECTED`].
    ///
    /// [getpeername(2)]: https://man7.org/linux/man-pages/man2/getpeername.2.html
    pub fn peer_addr(&self) -> Result<Addr> {
        self.fd.peer_addr().map(|name| self.named(&name)).map_err(|errno| self.failure(errno))
    }

    /// Another handle for the same socket, with the same timeouts. What is set in the kernel is set for both: every
    /// option but [`Opt::Interruptible`](crate::Opt::Interruptible), and the end of a direction. ([dup(2)])
    ///
    /// [dup(2)]: https://man7.org/linux/man-pages/man2/dup.2.html
    pub fn try_clone(&self) -> Result<Socket> {
        let mode = Mode {
            family: self.family,
            kind: self.kind,
            recv_timeout: self.timeout_ms(Direction::Recv),
            send_timeout: self.timeout_ms(Direction::Send),
            nonblocking: self.nonblocking.load(Relaxed),
            listens: self.listens.load(Relaxed),
        };
        let fd = self.fd.try_clone().map_err(|errno| match errno {
            // Linux has it where a process may have but the three standard ones.
            Errno(EINVAL) => Error::TOO_MANY_FILES,
            _ => errno.into(),
        })?;
        let other = mode.socket(fd);
        other.interruptible.store(self.interruptible.load(Relaxed), Relaxed);
        other.multicast_interface.store(self.multicast_interface.load(Relaxed), Relaxed);
        if let Some(can) = self.batches.can_segment() {
            // Or its first batch would set anew what was set since.
            other.batches.set_can_segment(can);
        }
        if self.batches.is_batch_only() {
            other.set_coalescing(Coalescing::OnByBatches);
        }
        Ok(other)
    }

    /// A duplicate of the descriptor alone.
    #[cfg(feature = "capi")]
    pub(crate) fn try_clone_fd(&self) -> Result<OwnedFd> {
        Ok(self.fd.try_clone()?.into())
    }

    /// The socket's family.
    pub fn family(&self) -> Family {
        self.family
    }

    /// The socket's type.
    pub fn kind(&self) -> Type {
        self.kind
    }

    /// Whether there is a reset that nobody was told of. Asking takes it.
    #[cold]
    pub(in crate::net) fn take_pending_reset(&self) -> bool {
        self.pending_reset.swap(false, Relaxed)
    }

    /// What a receive tells the system in any case: to say of a message how long it was.
    #[inline(always)]
    pub(in crate::net) fn base_recv_flags(&self) -> Flags {
        Flags::from_bits(self.base_recv_flags.into())
    }

    #[inline]
    pub(in crate::net) fn is_canceled(&self) -> bool {
        self.canceled.load(Relaxed)
    }

    #[inline]
    pub(in crate::net) fn timeout_ms(&self, direction: Direction) -> i64 {
        self.timeouts[direction as usize].load(Relaxed)
    }

    /// Remembers a timeout; the kernel is not told.
    pub(in crate::net) fn keep_timeout(&self, direction: Direction, ms: i64) {
        let waits_for_ever_in_the_kernel = ms < 0 && !self.must_poll(direction, Deadline::Infinite);
        let is_refused = direction == Direction::Recv && self.batches.is_batch_only();
        self.timeouts[direction as usize].store(ms, Relaxed);
        self.slow_path[direction as usize].store(u32::from(!waits_for_ever_in_the_kernel || is_refused), Relaxed);
    }

    /// The flags with which a call in this direction may go the short way, which are those that it was given: none, or
    /// [`Flags::DONT_WAIT`].
    #[inline(always)]
    pub(in crate::net) fn fast_path_flags(&self, direction: Direction, flags: Flags) -> Option<Flags> {
        /// Has the compiler look for the other case first, which then costs no comparison.
        #[cold]
        fn second() {}

        match Flags::from_bits(flags.bits() | self.slow_path[direction as usize].load(Relaxed)) {
            Flags::NONE => Some(Flags::NONE),
            Flags::DONT_WAIT => {
                second();
                Some(Flags::DONT_WAIT)
            }
            _ => None,
        }
    }

    /// An address that the system wrote. It writes nothing for a peer without a name.
    #[inline]
    pub(in crate::net) fn named(&self, name: &SockAddr) -> Addr {
        let mut addr = Addr::UNSPEC;
        self.read_name(name, &mut addr);
        addr
    }

    /// The same, in its place at once.
    #[inline]
    pub(in crate::net) fn read_name(&self, name: &SockAddr, out: &mut Addr) {
        let raw = out.raw_mut();
        name.decode(raw);
        if self.family == Family::Unix {
            raw.family = Family::Unix as u16;
        }
    }

    /// An address to send to, as somebody else made it.
    #[inline(always)]
    pub(in crate::net) fn expect_raw_peer(&self, addr: &RawAddr) -> Result<()> {
        let is_ip_of_ours = match self.family {
            Family::Inet => addr.len == 4,
            Family::Inet6 => addr.len == 16,
            _ => false,
        };
        if is_ip_of_ours && addr.family == self.family as u16 { Ok(()) } else { self.expect_other_peer(addr) }
    }

    #[inline(never)]
    fn expect_other_peer(&self, addr: &RawAddr) -> Result<()> {
        Addr::check(addr)?;
        match addr.family == self.family as u16 {
            true if self.family == Family::Unix && addr.len == 0 => Err(Error::ADDR_INVALID),
            true => Ok(()),
            false => Err(Error::FAMILY_UNSUPPORTED),
        }
    }

    /// An address to connect or send to.
    #[inline]
    pub(in crate::net) fn expect_peer(&self, addr: &Addr) -> Result<()> {
        if addr.unix_bytes() == Some(&[]) {
            return Err(Error::ADDR_INVALID);
        }
        self.expect_family(addr)
    }

    #[inline]
    fn expect_family(&self, addr: &Addr) -> Result<()> {
        if addr.raw().family == self.family as u16 { Ok(()) } else { Err(Error::FAMILY_UNSUPPORTED) }
    }
}

/// A descriptor that does not block for the moment.
pub(in crate::net) struct Unblocked<'a>(&'a Socket);

impl Drop for Unblocked<'_> {
    fn drop(&mut self) {
        let Unblocked(socket) = *self;
        if socket.unblocking.fetch_sub(1, SeqCst) > 1 || socket.nonblocking.load(SeqCst) {
            return;
        }
        // A descriptor that can't be told is left as it is: the calls cope with either.
        let _ = socket.fd.set_nonblocking(false);
        // Somebody may have come to need it since we were found to be the last.
        if socket.unblocking.load(SeqCst) > 0 || socket.nonblocking.load(SeqCst) {
            let _ = socket.fd.set_nonblocking(true);
        }
    }
}

/// What a descriptor tells of the socket behind it.
pub(in crate::net) struct Mode {
    family: Family,
    kind: Type,
    recv_timeout: i64,
    send_timeout: i64,
    nonblocking: bool,
    listens: bool,
}

impl Mode {
    /// Reads it, and makes the descriptor ready to be one of ours.
    fn of(fd: &Descriptor) -> Result<Mode> {
        let mode = Mode::read(fd)?;
        fd.set_close_on_exec()?;
        Ok(mode)
    }

    pub(in crate::net) fn read(fd: &Descriptor) -> Result<Mode> {
        let (family, kind) = fd.kind()?;
        let family = family.ok_or(Error::FAMILY_UNSUPPORTED)?;
        let nonblocking = fd.nonblocking()?;
        let timeout = |direction| if nonblocking { Ok(0) } else { timeout_kept(fd, direction) };
        let (recv_timeout, send_timeout) = (timeout(Direction::Recv)?, timeout(Direction::Send)?);
        let listens = kind.has_connections() && fd.get(Opt::Listening, family, kind)? == 1;
        Ok(Mode { family, kind, recv_timeout, send_timeout, nonblocking, listens })
    }

    pub(in crate::net) fn socket(self, fd: Descriptor) -> Socket {
        let socket = Socket::new(fd, self.family, self.kind);
        socket.keep_timeout(Direction::Recv, self.recv_timeout);
        socket.keep_timeout(Direction::Send, self.send_timeout);
        socket.nonblocking.store(self.nonblocking, Relaxed);
        socket.listens.store(self.listens, Relaxed);
        socket
    }
}

/// The timeout that the kernel keeps, in milliseconds.
pub(in crate::net) fn timeout_kept(fd: &Descriptor, direction: Direction) -> Result<i64> {
    let time = fd.timeout(direction)?;
    Ok(time.map_or(-1, |time| i64::try_from(time.as_micros().div_ceil(1000)).unwrap_or(-1)))
}
