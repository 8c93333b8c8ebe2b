//! Sending a file.

use crate::net::deadline::Deadline;
use crate::net::socket::transfer::KernelBlocking;
use crate::net::{Error, Incomplete, Result, Socket, TcpState, Type};
use crate::sys::errno::{ECONNRESET, EINVAL, EOVERFLOW, EPIPE, ESPIPE};
use crate::sys::{Descriptor, Direction, Errno, FileEnd, SigpipeGuard, file_end};
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::sync::atomic::Ordering::Relaxed;

/// Maximum bytes per system call. The kernel splices 16 pages at a time and marks all but the last as MSG_MORE. On
/// loopback, calls of 15 pages took about half as long as one call for 1 GiB. The deadline is checked after each call.
const CHUNK: usize = 15 * 4096;

impl Socket {
    /// Sends a part of a file on a stream, and returns the number of bytes sent. The bytes do not pass through this
    /// process, and the file position is neither used nor changed. ([sendfile(2)])
    ///
    /// Fewer than `count` bytes are sent if the file ends, the timeout expires or the connection fails. The next call
    /// returns the reason.
    ///
    /// The socket's timeout covers the whole call, but not the time to read the file. During a call with a timeout, the
    /// descriptor is non-blocking, which other owners of the descriptor can observe.
    ///
    /// # Errors
    /// If nothing was sent:
    /// - [`Error::END_OF_STREAM`]: the file ends at `offset`; [`Error::INVALID`]: it ends before.
    /// - [`Error::UNSUPPORTED`]: the descriptor is a pipe, a socket, a directory, or otherwise no regular file.
    /// - [`Error::BAD_HANDLE`]: the file is not open for reading.
    /// - [`Error::TYPE_UNSUPPORTED`]: the socket is not a stream.
    /// - Those of [`Socket::send`].
    ///
    /// [sendfile(2)]: https://man7.org/linux/man-pages/man2/sendfile.2.html
    pub fn send_file(&self, file: impl AsFd, offset: u64, count: usize) -> Result<usize> {
        self.send_raw_fd(file.as_fd().as_raw_fd(), offset, count)
    }

    /// [`Socket::send_file`] of a number that may not be an open descriptor.
    pub(crate) fn send_raw_fd(&self, file: RawFd, offset: u64, count: usize) -> Result<usize> {
        if self.kind != Type::Stream {
            return Err(Error::TYPE_UNSUPPORTED);
        }
        if count == 0 {
            return self.check_file(file);
        }
        match self.send_chunks(file, offset, count) {
            Ok(()) => Ok(count),
            Err(Incomplete { error, done: 0 }) => Err(error_without_progress(error, file, offset)),
            Err(Incomplete { error, done }) => {
                // The system reports a reset only once; other errors recur in the next call.
                self.pending_reset.fetch_or(error == Error::CONN_RESET, Relaxed);
                Ok(done)
            }
        }
    }

    fn send_chunks(&self, file: RawFd, offset: u64, count: usize) -> Result<(), Incomplete> {
        let deadline = self.deadline(Direction::Send);
        // The kernel's timeout would start anew within a chunk, and the kernel reports no signal that interrupts a
        // chunk.
        let can_block = matches!(deadline, Deadline::Infinite)
            && !self.interruptible.load(Relaxed)
            && !self.must_poll(Direction::Send, deadline);
        let blocking = if can_block { KernelBlocking::Always } else { KernelBlocking::Never };
        let mut no_sigpipe = SigpipeGuard::new();
        let _nonblocking = match blocking {
            KernelBlocking::Always => None,
            _ => Some(self.make_nonblocking().map_err(|errno| Incomplete { error: errno.into(), done: 0 })?),
        };
        let mut is_partial = false;
        self.transfer_within(Direction::Send, deadline, blocking, count, |fd: &Descriptor, done, _| {
            let chunk = CHUNK.min(count - done);
            let result = fd.send_file(file, offset.saturating_add(done as u64), chunk);
            // If the connection ends within a chunk, the system raises SIGPIPE but reports the partial count.
            let has_ended = is_partial && result == Err(Errno(EPIPE));
            is_partial = matches!(result, Ok(sent) if 0 < sent && sent < chunk);
            no_sigpipe.set_raised(is_partial || result == Err(Errno(EPIPE)));
            if has_ended && self.is_reset() { Err(Errno(ECONNRESET)) } else { result }
        })
    }

    /// Whether a reset by the peer ended the connection.
    fn is_reset(&self) -> bool {
        self.tcp_info().is_ok_and(|info| info.state == TcpState::Closed)
    }

    /// Checks the descriptors of a call that sends no bytes.
    fn check_file(&self, file: RawFd) -> Result<usize> {
        // The system checks the descriptors, but not the type of the file.
        self.fd.send_file(file, 0, 0).map_err(|errno| error_without_progress(errno.into(), file, 0))?;
        match file_end(file)? {
            FileEnd::NoFile => Err(Error::UNSUPPORTED),
            _ => Ok(0),
        }
    }
}

/// The error of a call that sent nothing. The system's error for a bad offset or type of file is ambiguous.
#[cold]
fn error_without_progress(error: Error, file: RawFd, offset: u64) -> Error {
    let is_at_end = error == Error::END_OF_STREAM;
    if !is_at_end && ![EINVAL, EOVERFLOW, ESPIPE].map(Error::from_os).contains(&error) {
        return error;
    }
    match file_end(file) {
        Ok(FileEnd::At(end)) if end < offset => Error::INVALID,
        Ok(_) if is_at_end => error,
        Ok(_) => Error::UNSUPPORTED,
        Err(errno) => errno.into(),
    }
}
