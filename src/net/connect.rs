//! Making a connection.

use super::wait::{Again, Patience, SLICE};
use super::{Addr, Error, Family, Opt, Result, Socket};
use crate::sys::errno::{EAGAIN, EALREADY, ECONNABORTED, EINPROGRESS, EINTR, ENOTCONN};
use crate::sys::{Descriptor, Direction, Errno, Flags};
use std::sync::atomic::Ordering::Relaxed;

impl Socket {
    /// Connects to a peer. A datagram socket only remembers it, and [`Addr::UNSPEC`] has it forget. ([connect(2)])
    ///
    /// A connection that is not made in time goes on being made: calling again waits for it once more.
    ///
    /// # Errors
    /// [`Error::CONN_REFUSED`], [`Error::NETWORK_UNREACHABLE`], [`Error::HOST_UNREACHABLE`], [`Error::TIMED_OUT`];
    /// [`Error::IN_PROGRESS`] when the socket never waits and [`Error::ALREADY`] when it is called again before the end;
    /// [`Error::IS_CONNECTED`], [`Error::FAMILY_UNSUPPORTED`]. On a UNIX socket [`Error::NOT_FOUND`],
    /// [`Error::WOULD_BLOCK`] when the listener's queue is full, and [`Error::ACCESS`].
    ///
    /// [connect(2)]: https://man7.org/linux/man-pages/man2/connect.2.html
    pub fn connect(&self, addr: &Addr) -> Result<()> {
        if addr.family() != Family::Unspec {
            self.expect_family(addr)?;
        }
        let patience = self.patience(Direction::Send);
        let result = match patience {
            _ if !self.kind.has_connections() => self.fd.connect(addr.raw()),
            Patience::Never => self.connect_at_once(addr),
            _ if self.family == Family::Unix => return self.connect_in_slices(addr, patience),
            _ => self.fd.connect(addr.raw()),
        };
        match result {
            Ok(()) => Ok(()),
            Err(errno) if matches!(patience, Patience::Never) => Err(self.failure(errno)),
            Err(Errno(EINTR)) => self.await_connection(EINTR, patience),
            // The kernel's own time is over, or another thread began it.
            Err(Errno(EINPROGRESS | EALREADY)) => self.await_connection(EAGAIN, patience),
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

    fn await_connection(&self, errno: i32, patience: Patience) -> Result<()> {
        self.again(Errno(errno), Direction::Send, patience, Again::Poll, |fd, flags| {
            match fd.get(Opt::Error, self.family)? as i32 {
                0 => {}
                error => return Err(Errno(error)),
            }
            match fd.peer_addr() {
                Ok(_) => Ok(()),
                // Ready, no error and not connected: somebody else took the error.
                Err(Errno(ENOTCONN)) if flags == Flags::DONT_WAIT => Err(Errno(ECONNABORTED)),
                Err(Errno(ENOTCONN)) => Err(Errno(EAGAIN)),
                Err(errno) => Err(errno),
            }
        })
    }

    /// A UNIX socket's connect waits for room in its peer's queue, where a shutdown of this socket is not seen.
    fn connect_in_slices(&self, addr: &Addr, patience: Patience) -> Result<()> {
        let connect = |fd: &Descriptor, _| fd.connect(addr.raw());
        let time = patience.left().ok_or(Error::TIMED_OUT)?.map_or(SLICE, |time| time.min(SLICE));
        self.fd.set_timeout(Direction::Send, Some(time))?;
        let result = connect(&self.fd, Flags::NONE)
            .or_else(|errno| self.again(errno, Direction::Send, patience, Again::Slice, connect));
        self.arm(Direction::Send)?;
        result
    }
}
