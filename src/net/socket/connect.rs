//! Connecting.

use crate::net::deadline::{Deadline, POLL_SLICE};
use crate::net::{Addr, Error, Family, Opt, Result, Socket};
use crate::sys::errno::{EAGAIN, EALREADY, ECONNABORTED, EINPROGRESS, EINTR, ENOTCONN};
use crate::sys::{Direction, Errno, Flags, sleep};
use std::sync::atomic::Ordering::Relaxed;

impl Socket {
    /// Connects to a peer, within the timeout for sending. A datagram socket only stores the peer's address, and
    /// [`Addr::UNSPEC`] removes it. ([connect(2)])
    ///
    /// After a timeout the system goes on connecting. A repeated call waits for the result.
    ///
    /// # Errors
    /// - [`Error::CONN_REFUSED`], [`Error::NETWORK_UNREACHABLE`], [`Error::HOST_UNREACHABLE`]: the connection failed.
    /// - [`Error::TIMED_OUT`]: the timeout expired, or the system gave up.
    /// - [`Error::IN_PROGRESS`]: the timeout is 0, and the connection is not made yet.
    /// - [`Error::ALREADY`]: the timeout is 0, and an earlier call is still connecting.
    /// - [`Error::IS_CONNECTED`]: the socket is connected.
    /// - [`Error::FAMILY_UNSUPPORTED`]: the address has another family.
    /// - On a UNIX socket also [`Error::NOT_FOUND`], [`Error::ACCESS`], and [`Error::WOULD_BLOCK`] if the listener's
    ///   backlog is full and the timeout is 0.
    ///
    /// [connect(2)]: https://man7.org/linux/man-pages/man2/connect.2.html
    pub fn connect(&self, addr: &Addr) -> Result<()> {
        self.connect_within(addr, self.deadline(Direction::Send))
    }

    /// [`Socket::connect`] until a given deadline.
    pub(in crate::net) fn connect_within(&self, addr: &Addr, deadline: Deadline) -> Result<()> {
        match addr.family() {
            Family::Unspec if !self.kind.has_connections() => {}
            Family::Unspec => return Err(Error::ADDR_INVALID),
            _ => self.check_remote(addr)?,
        }
        let result = match deadline {
            _ if !self.kind.has_connections() => self.fd.connect(addr.raw()),
            Deadline::Immediate => self.connect_nonblocking(addr),
            _ if self.family == Family::Unix => return self.connect_in_slices(addr, deadline),
            _ if self.family == Family::Vsock => self.connect_nonblocking(addr),
            _ => self.fd.connect(addr.raw()),
        };
        match result {
            Ok(()) => Ok(()),
            Err(errno) if matches!(deadline, Deadline::Immediate) => Err(self.error_from(errno)),
            Err(Errno(EINTR)) => self.await_connection(EINTR, deadline),
            // The kernel's timeout expired, or another thread is connecting the socket.
            Err(Errno(EINPROGRESS | EALREADY)) => self.await_connection(EAGAIN, deadline),
            Err(errno) => Err(self.error_from(errno)),
        }
    }

    fn connect_nonblocking(&self, addr: &Addr) -> Result<(), Errno> {
        if self.nonblocking.load(Relaxed) {
            return self.fd.connect(addr.raw());
        }
        self.fd.set_nonblocking(true)?;
        let result = self.fd.connect(addr.raw());
        self.fd.set_nonblocking(false)?;
        result
    }

    fn await_connection(&self, errno: i32, deadline: Deadline) -> Result<()> {
        self.retry_in_poll(Errno(errno), Direction::Send, deadline, &mut |_, flags| {
            self.connect_result(flags == Flags::DONT_WAIT)
        })
    }

    /// The result of a connect in progress, or EAGAIN. `is_ready` says that poll reported the socket as writable.
    fn connect_result(&self, is_ready: bool) -> Result<(), Errno> {
        match self.fd.get(Opt::Error, self.family, self.kind)? as i32 {
            0 => {}
            error => return Err(Errno(error)),
        }
        match self.fd.peer_addr() {
            Ok(_) => Ok(()),
            // Writable, no error and not connected: another thread took the error.
            Err(Errno(ENOTCONN)) if is_ready => Err(Errno(ECONNABORTED)),
            Err(Errno(ENOTCONN)) => Err(Errno(EAGAIN)),
            Err(errno) => Err(errno),
        }
    }

    /// The result of a connect whose socket has become writable.
    pub(in crate::net) fn finish_connect(&self) -> Result<()> {
        self.connect_result(true).map_err(|errno| self.error_from(errno))
    }

    /// Connects a UNIX socket. The call blocks while the listener's backlog is full, and a shutdown of this socket does
    /// not wake it. So it blocks for one slice at a time and checks for cancellation in between.
    fn connect_in_slices(&self, addr: &Addr, deadline: Deadline) -> Result<()> {
        let connect = || {
            let mut left = self.remaining_after(Errno(EAGAIN), deadline)?;
            loop {
                let slice = left.map_or(POLL_SLICE, |left| left.min(POLL_SLICE));
                self.fd.set_timeout(Direction::Send, Some(slice))?;
                match self.fd.connect(addr.raw()) {
                    Ok(()) => return Ok(()),
                    Err(errno) => left = self.remaining_after(errno, deadline)?,
                }
                // An adopted non-blocking descriptor does not block in the kernel.
                if self.nonblocking.load(Relaxed) {
                    if let Err(interrupted) = sleep(left.map_or(POLL_SLICE, |left| left.min(POLL_SLICE))) {
                        left = self.remaining_after(interrupted, deadline)?;
                    }
                }
            }
        };
        let result = connect();
        self.sync_kernel_timeout(Direction::Send)?;
        result
    }
}
