//! Sending from a file.

use crate::net::deadline::Deadline;
use crate::net::socket::io::Blocks;
use crate::net::{Error, Incomplete, Result, Socket, TcpState, Type};
use crate::sys::errno::{ECONNRESET, EINVAL, EOVERFLOW, EPIPE, ESPIPE};
use crate::sys::{Descriptor, Direction, Errno, FileEnd, NoSigpipe, file_end};
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::sync::atomic::Ordering::Relaxed;

/// How much is sent by one system call. The kernel moves 16 pages at a time and says in between that more will come. On
/// loopback, 15 pages a call took about half the time of one call for a gibibyte. It is also as long as a deadline goes
/// unseen.
const PIECE: usize = 15 * 4096;

impl Socket {
    /// Sends a part of a file on a stream, without its bytes passing through this process, and returns how many were
    /// sent. All of them are unless the file ends, the time is over, or the call is cut short otherwise; which of it,
    /// the next call says. The file's own position is neither used nor moved. ([sendfile(2)])
    ///
    /// The timeout counts once for the whole. It is that of the socket: reading the file may take longer. While a
    /// socket with a timeout sends, its descriptor is non-blocking, which shows to those who share it past this crate.
    ///
    /// # Errors
    /// When nothing was sent: [`Error::END_OF_STREAM`] where the file ends at `offset`, [`Error::INVALID`]
    /// where it ends before, [`Error::UNSUPPORTED`] for a pipe, a socket, a directory or whatever else is no file to
    /// the system,
    /// [`Error::BAD_HANDLE`] for a file that is not open for reading, [`Error::TYPE_UNSUPPORTED`] if the socket is no
    /// stream; else those of [`Socket::send`].
    ///
    /// [sendfile(2)]: https://man7.org/linux/man-pages/man2/sendfile.2.html
    pub fn send_file(&self, file: impl AsFd, offset: u64, count: usize) -> Result<usize> {
        self.send_descriptor(file.as_fd().as_raw_fd(), offset, count)
    }

    /// [`Socket::send_file`] of a number that may be no descriptor's.
    pub(crate) fn send_descriptor(&self, file: RawFd, offset: u64, count: usize) -> Result<usize> {
        if self.kind != Type::Stream {
            return Err(Error::TYPE_UNSUPPORTED);
        }
        if count == 0 {
            return self.send_nothing(file);
        }
        match self.send_pieces(file, offset, count) {
            Ok(()) => Ok(count),
            Err(Incomplete { error, done: 0 }) => Err(why_nothing(error, file, offset)),
            Err(Incomplete { error, done }) => {
                // Nobody else will be told. What else there is to tell, the next call finds out anew.
                self.pending_reset.fetch_or(error == Error::CONN_RESET, Relaxed);
                Ok(done)
            }
        }
    }

    fn send_pieces(&self, file: RawFd, offset: u64, count: usize) -> Result<(), Incomplete> {
        let deadline = self.deadline(Direction::Send);
        // The kernel's timeout would begin anew within a piece. And a part that is done hides the signal that cut it short.
        let blocks = matches!(deadline, Deadline::Infinite)
            && !self.interruptible.load(Relaxed)
            && !self.must_poll(Direction::Send, deadline);
        let blocks = if blocks { Blocks::Always } else { Blocks::Never };
        let mut no_signal = NoSigpipe::begin();
        let _unblocked = match blocks {
            Blocks::Always => None,
            _ => Some(self.unblock().map_err(|errno| Incomplete { error: errno.into(), done: 0 })?),
        };
        let mut cut_short = false;
        self.transfer_parts(Direction::Send, deadline, blocks, count, |fd: &Descriptor, done, _| {
            let piece = PIECE.min(count - done);
            let result = fd.send_file(file, offset.saturating_add(done as u64), piece);
            // Where the connection ends after a part of the piece, the signal is raised but the error is not told.
            let ended = cut_short && result == Err(Errno(EPIPE));
            cut_short = matches!(result, Ok(sent) if 0 < sent && sent < piece);
            no_signal.tell(cut_short || result == Err(Errno(EPIPE)));
            if ended && self.is_reset() { Err(Errno(ECONNRESET)) } else { result }
        })
    }

    /// Whether it was the peer who ended the connection, and in both directions.
    fn is_reset(&self) -> bool {
        self.tcp_info().is_ok_and(|info| info.state == TcpState::Closed)
    }

    /// What there is to say of a file of which nothing is wanted.
    fn send_nothing(&self, file: RawFd) -> Result<usize> {
        // The system looks at the descriptors all the same, but not at what is behind them.
        self.fd.send_file(file, 0, 0).map_err(|errno| why_nothing(errno.into(), file, 0))?;
        match file_end(file)? {
            FileEnd::NoFile => Err(Error::UNSUPPORTED),
            _ => Ok(0),
        }
    }
}

/// Why nothing was sent: what the system says of the place and the kind of a file means several things.
#[cold]
fn why_nothing(error: Error, file: RawFd, offset: u64) -> Error {
    let at_end = error == Error::END_OF_STREAM;
    if !at_end && ![EINVAL, EOVERFLOW, ESPIPE].map(Error::from_os).contains(&error) {
        return error;
    }
    match file_end(file) {
        Ok(FileEnd::At(end)) if end < offset => Error::INVALID,
        Ok(_) if at_end => error,
        Ok(_) => Error::UNSUPPORTED,
        Err(errno) => errno.into(),
    }
}
