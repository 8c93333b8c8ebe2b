//! Accepting connections.

use crate::net::{Addr, Error, Flags, Result, Socket};
use crate::sys::{Descriptor, Direction, Errno, SockAddr, record_fd_exhaustion};
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

impl Socket {
    /// Waits for the next connection, and returns it with its peer's address. The new socket has no timeouts, whatever
    /// the listener's are. ([accept(2)])
    ///
    /// # Errors
    /// - [`Error::WOULD_BLOCK`], [`Error::TIMED_OUT`]: no connection arrived in time.
    /// - [`Error::INVALID`]: the socket does not listen.
    /// - [`Error::CONN_ABORTED`]: the peer gave up before the connection was accepted.
    /// - [`Error::TOO_MANY_FILES`], [`Error::SYSTEM_FILES`]: the limit of open descriptors is reached. The connection
    ///   stays queued. [`Poller::set_accept_backoff`](crate::Poller::set_accept_backoff) pauses such a listener.
    ///
    /// [accept(2)]: https://man7.org/linux/man-pages/man2/accept.2.html
    pub fn accept(&self) -> Result<(Socket, Addr)> {
        let accepted = self.call(Direction::Recv, Flags::NONE, |fd, flags| match flags {
            Flags::DONT_WAIT => self.accept_nonblocking(fd),
            _ => fd.accept(),
        });
        let (fd, peer) = accepted.inspect_err(|error| {
            if matches!(*error, Error::TOO_MANY_FILES | Error::SYSTEM_FILES) {
                record_fd_exhaustion();
            }
        })?;
        let socket = Socket::new(fd, self.family, self.kind);
        // On Linux a TCP connection inherits the kernel timeouts of its listener.
        for direction in [Direction::Recv, Direction::Send] {
            if self.timeout_ms(direction) > 0 {
                socket.sync_kernel_timeout(direction)?;
            }
        }
        Ok((socket, self.addr_from(&peer)))
    }

    /// Accepts without blocking, or for at most 1 ms: accept(2) has no flag for that.
    fn accept_nonblocking(&self, fd: &Descriptor) -> Result<(Descriptor, SockAddr), Errno> {
        if self.timeout_ms(Direction::Recv) != 0 {
            // The listener was readable, but another thread may have accepted the connection since.
            fd.set_timeout(Direction::Recv, Some(Duration::from_millis(1)))?;
            let result = fd.accept();
            // If it fails, the next call finds a wrong kernel timeout and corrects it.
            let _ = self.sync_kernel_timeout(Direction::Recv);
            return result;
        }
        // With a timeout of 0 no call blocks, so the descriptor may stay non-blocking.
        if !self.nonblocking.swap(true, Relaxed) {
            fd.set_nonblocking(true)?;
        }
        fd.accept()
    }
}
