//! Making a connection.

use crate::net::deadline::{Deadline, POLL_SLICE};
use crate::net::{Addr, Error, Family, Opt, Result, Socket};
use crate::sys::errno::{EAGAIN, EALREADY, ECONNABORTED, EINPROGRESS, EINTR, ENOTCONN};
use crate::sys::{Direction, Errno, Flags, pause};
use std::sync::atomic::Ordering::Relaxed;

impl Socket {
    /// Connects to a peer. A datagram socket only remembers it, and [`Addr::UNSPEC`] has it forget. ([connect(2)])
    ///
    /// A connection that is not made in time goes on being made: calling again waits for it once more.
    ///
    /// # Errors
    /// [`Error::CONN_REFUSED`], [`Error::NETWORK_UNREACHABLE`], [`Error::HOST_UNREACHABLE`], [`Error::TIMED_OUT`];
    /// [`Error::IN_PROGRESS`] when the socket never waits and [`Error::ALREADY`] when it is called again before the
    /// end; [`Error::IS_CONNECTED`], [`Error::FAMILY_UNSUPPORTED`]. On a UNIX socket [`Error::NOT_FOUND`],
    /// [`Error::WOULD_BLOCK`] when the listener's queue is full, and [`Error::ACCESS`].
    ///
    /// [connect(2)]: https://man7.org/linux/man-pages/man2/connect.2.html
    pub fn connect(&self, addr: &Addr) -> Result<()> {
        self.connect_within(addr, self.deadline(Direction::Send))
    }

    /// The same within another time than the socket's.
    pub(in crate::net) fn connect_within(&self, addr: &Addr, deadline: Deadline) -> Result<()> {
        match addr.family() {
            Family::Unspec if !self.kind.has_connections() => {}
            Family::Unspec => return Err(Error::ADDR_INVALID),
            _ => self.expect_peer(addr)?,
        }
        let result = match deadline {
            _ if !self.kind.has_connections() => self.fd.connect(addr.raw()),
            Deadline::Immediate => self.connect_at_once(addr),
            _ if self.family == Family::Unix => return self.connect_in_slices(addr, deadline),
            _ if self.family == Family::Vsock => self.connect_at_once(addr),
            _ => self.fd.connect(addr.raw()),
        };
        match result {
            Ok(()) => Ok(()),
            Err(errno) if matches!(deadline, Deadline::Immediate) => Err(self.failure(errno)),
            Err(Errno(EINTR)) => self.await_connection(EINTR, deadline),
            // The kernel's own time is over, or another thread began it.
            Err(Errno(EINPROGRESS | EALREADY)) => self.await_connection(EAGAIN, deadline),
            Err(errno) => Err(self.failure(errno)),
        }
    }

    fn connect_at_once(&self, addr: &Addr) -> Result<(), Errno> {
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
            self.connected(flags == Flags::DONT_WAIT)
        })
    }

    /// How the connection that is being made has turned out, of which the socket may already be known to be ready.
    fn connected(&self, ready: bool) -> Result<(), Errno> {
        match self.fd.get(Opt::Error, self.family, self.kind)? as i32 {
            0 => {}
            error => return Err(Errno(error)),
        }
        match self.fd.peer_addr() {
            Ok(_) => Ok(()),
            // Ready, no error and not connected: somebody else took the error.
            Err(Errno(ENOTCONN)) if ready => Err(Errno(ECONNABORTED)),
            Err(Errno(ENOTCONN)) => Err(Errno(EAGAIN)),
            Err(errno) => Err(errno),
        }
    }

    /// The end of a connect that was in progress until the socket became ready.
    pub(in crate::net) fn finish_connect(&self) -> Result<()> {
        self.connected(true).map_err(|errno| self.failure(errno))
    }

    /// A UNIX socket's connect waits for room in its peer's queue, where a shutdown of this socket is not seen. So it
    /// is in the kernel for a slice at a time, and looks in between.
    fn connect_in_slices(&self, addr: &Addr, deadline: Deadline) -> Result<()> {
        let connect = || {
            let mut left = self.time_left(Errno(EAGAIN), deadline)?;
            loop {
                let slice = left.map_or(POLL_SLICE, |left| left.min(POLL_SLICE));
                self.fd.set_timeout(Direction::Send, Some(slice))?;
                match self.fd.connect(addr.raw()) {
                    Ok(()) => return Ok(()),
                    Err(errno) => left = self.time_left(errno, deadline)?,
                }
                // A descriptor that came non-blocking does not wait in the kernel.
                if self.nonblocking.load(Relaxed) {
                    if let Err(interrupted) = pause(left.map_or(POLL_SLICE, |left| left.min(POLL_SLICE))) {
                        left = self.time_left(interrupted, deadline)?;
                    }
                }
            }
        };
        let result = connect();
        self.arm(Direction::Send)?;
        result
    }
}
