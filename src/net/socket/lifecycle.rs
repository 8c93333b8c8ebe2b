//! Opening, binding, duplicating and ending a socket.

use crate::net::datagram::batch_state::Coalescing;
use crate::net::socket::adopt::Mode;
use crate::net::{Addr, Error, Family, Result, Shutdown, Socket, Type};
use crate::sys::errno::{EINVAL, ENODEV};
use crate::sys::{Descriptor, Direction, Errno};
#[cfg(feature = "capi")]
use std::os::fd::OwnedFd;
use std::sync::atomic::Ordering::Relaxed;

impl Socket {
    /// Opens a socket. Protocol 0 is the default protocol of the family and type. ([socket(2)])
    ///
    /// # Errors
    /// - [`Error::FAMILY_UNSUPPORTED`], [`Error::TYPE_UNSUPPORTED`], [`Error::PROTOCOL_UNSUPPORTED`]: the system has no
    ///   such socket.
    /// - [`Error::PERMISSION`]: a raw or packet socket needs a privilege.
    /// - [`Error::TOO_MANY_FILES`], [`Error::SYSTEM_FILES`]: the limit of open descriptors is reached.
    /// - [`Error::INVALID`]: the protocol is negative.
    ///
    /// [socket(2)]: https://man7.org/linux/man-pages/man2/socket.2.html
    pub fn open(family: Family, kind: Type, protocol: i32) -> Result<Socket> {
        if protocol < 0 {
            return Err(Error::INVALID);
        }
        Socket::check_type(family, kind)?;
        match Descriptor::open(family, kind, protocol) {
            Ok(fd) => Ok(Socket::new(fd, family, kind)),
            // Linux: the number is too large for a protocol.
            Err(Errno(EINVAL)) => Err(Error::PROTOCOL_UNSUPPORTED),
            // Linux: no transport carries vsock datagrams.
            Err(Errno(ENODEV)) => Err(Error::TYPE_UNSUPPORTED),
            Err(errno) => Err(errno.into()),
        }
    }

    /// Opens two connected sockets of the family [`Family::Unix`]. ([socketpair(2)])
    ///
    /// # Errors
    /// [`Error::FAMILY_UNSUPPORTED`] for another family, [`Error::TYPE_UNSUPPORTED`], [`Error::TOO_MANY_FILES`] and
    /// [`Error::SYSTEM_FILES`].
    ///
    /// [socketpair(2)]: https://man7.org/linux/man-pages/man2/socketpair.2.html
    pub fn pair(family: Family, kind: Type) -> Result<(Socket, Socket)> {
        // The system's EOPNOTSUPP for other families would be a less exact error.
        if family != Family::Unix {
            return Err(Error::FAMILY_UNSUPPORTED);
        }
        Socket::check_type(family, kind)?;
        let (a, b) = Descriptor::pair(family, kind)?;
        Ok((Socket::new(a, family, kind), Socket::new(b, family, kind)))
    }

    /// Rejects raw UNIX sockets: Linux would silently open a datagram socket instead.
    fn check_type(family: Family, kind: Type) -> Result<()> {
        if (family, kind) == (Family::Unix, Type::Raw) { Err(Error::TYPE_UNSUPPORTED) } else { Ok(()) }
    }

    /// Binds the socket to a local address. ([bind(2)])
    ///
    /// # Errors
    /// - [`Error::ADDR_IN_USE`]: another socket has the address.
    /// - [`Error::ADDR_NOT_AVAILABLE`]: the address does not belong to this machine.
    /// - [`Error::ACCESS`]: a port below 1024 needs a privilege, or the directory is not writable.
    /// - [`Error::NOT_FOUND`]: the directory of a UNIX path does not exist.
    /// - [`Error::FAMILY_UNSUPPORTED`]: the address has another family.
    /// - [`Error::INVALID`]: the socket is bound already.
    ///
    /// [bind(2)]: https://man7.org/linux/man-pages/man2/bind.2.html
    pub fn bind(&self, addr: &Addr) -> Result<()> {
        self.check_family(addr)?;
        self.fd.bind(addr.raw()).map_err(|errno| self.error_from(errno))
    }

    /// Starts to accept connections. The system queues up to `backlog` of them; -1 is the system's maximum.
    /// ([listen(2)])
    ///
    /// # Errors
    /// [`Error::UNSUPPORTED`] if the socket type has no connections, [`Error::ADDR_IN_USE`] if another socket listens
    /// on the address, [`Error::INVALID`] if the backlog is below -1.
    ///
    /// [listen(2)]: https://man7.org/linux/man-pages/man2/listen.2.html
    pub fn listen(&self, backlog: i32) -> Result<()> {
        let backlog = match backlog {
            -1 => i32::MAX,
            0.. => backlog,
            _ => return Err(Error::INVALID),
        };
        self.fd.listen(backlog).map_err(|errno| self.error_from(errno))?;
        self.is_listener.store(true, Relaxed);
        Ok(())
    }

    /// Shuts down one or both directions of the connection, for all processes that share the socket. ([shutdown(2)])
    ///
    /// # Errors
    /// [`Error::NOT_CONNECTED`] if there is no connection.
    ///
    /// [shutdown(2)]: https://man7.org/linux/man-pages/man2/shutdown.2.html
    pub fn shutdown(&self, how: Shutdown) -> Result<()> {
        self.fd.shutdown(how).map_err(|errno| self.error_from(errno))
    }

    /// Cancels the socket: blocked calls, and later calls that would block, return [`Error::CLOSED`].
    ///
    /// It shuts the socket down, for all processes that share it. A connect that is about to start may miss the
    /// cancellation. Repeat the call until all calls have returned.
    pub fn cancel(&self) {
        self.canceled.store(true, Relaxed);
        // ENOTCONN is no failure: the kernel wakes blocked calls first.
        let _ = self.fd.shutdown(Shutdown::Both);
    }

    /// Duplicates the socket. Both sockets share what the kernel keeps: shut-down directions, and every option except
    /// the timeouts and [`Opt::Interruptible`](crate::Opt::Interruptible), which are copied. ([dup(2)])
    ///
    /// # Errors
    /// [`Error::TOO_MANY_FILES`] if the process's limit of open descriptors is reached.
    ///
    /// [dup(2)]: https://man7.org/linux/man-pages/man2/dup.2.html
    pub fn try_clone(&self) -> Result<Socket> {
        let mode = Mode {
            family: self.family,
            kind: self.kind,
            recv_timeout: self.timeout_ms(Direction::Recv),
            send_timeout: self.timeout_ms(Direction::Send),
            is_nonblocking: self.nonblocking.load(Relaxed),
            is_listener: self.is_listener.load(Relaxed),
        };
        let fd = self.fd.try_clone().map_err(|errno| match errno {
            // Linux: a limit of 3 or fewer descriptors makes the minimum of F_DUPFD invalid.
            Errno(EINVAL) => Error::TOO_MANY_FILES,
            _ => errno.into(),
        })?;
        let clone = mode.into_socket(fd);
        clone.interruptible.store(self.interruptible.load(Relaxed), Relaxed);
        clone.multicast_interface.store(self.multicast_interface.load(Relaxed), Relaxed);
        if let Some(can) = self.batches.can_segment() {
            // Otherwise the clone's first batch would overwrite the path MTU option.
            clone.batches.set_can_segment(can);
        }
        if self.batches.is_batch_only() {
            clone.set_coalescing(Coalescing::OnByBatches);
        }
        Ok(clone)
    }

    /// Duplicates the descriptor alone.
    #[cfg(feature = "capi")]
    pub(crate) fn try_clone_fd(&self) -> Result<OwnedFd> {
        Ok(self.fd.try_clone()?.into())
    }
}
