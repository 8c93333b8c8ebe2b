//! Transfers of an exact number of bytes on a stream, with one deadline.

use crate::net::deadline::Deadline;
use crate::net::{Error, Flags, RecvBuf, Result, SendBuf, Socket};
use crate::sys::{Descriptor, Direction, Errno};
use std::sync::atomic::Ordering::Relaxed;
use std::{fmt, io};

/// The error of a transfer, and the number of bytes transferred before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Incomplete {
    /// Why it failed.
    pub error: Error,
    /// The number of bytes that were transferred before.
    pub done: usize,
}

impl fmt::Display for Incomplete {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (after {} bytes)", self.error, self.done)
    }
}

impl std::error::Error for Incomplete {}

impl From<Incomplete> for Error {
    fn from(incomplete: Incomplete) -> Error {
        incomplete.error
    }
}

impl From<Incomplete> for io::Error {
    fn from(incomplete: Incomplete) -> io::Error {
        incomplete.error.into()
    }
}

/// Which system calls of a transfer may block in the kernel; the others wait in poll.
#[derive(Clone, Copy)]
pub(in crate::net) enum KernelBlocking {
    Always,
    FirstOnly,
    Never,
}

impl Socket {
    /// Sends all bytes on a stream, within one timeout.
    ///
    /// # Errors
    /// Those of [`Socket::send`], with the number of bytes sent before; [`Error::TYPE_UNSUPPORTED`] if the socket is
    /// not a stream.
    pub fn send_all(&self, bytes: &[u8]) -> Result<(), Incomplete> {
        self.transfer_all(Direction::Send, bytes.len(), |fd, done, flags| {
            fd.send(&SendBuf::from(&bytes[done..]), flags)
        })
    }

    /// Fills the whole buffer from a stream, within one timeout.
    ///
    /// # Errors
    /// Those of [`Socket::recv`], with the number of bytes received before; [`Error::END_OF_STREAM`] if the stream
    /// ended first; [`Error::TYPE_UNSUPPORTED`] if the socket is not a stream.
    pub fn recv_exact<'a>(&self, buf: impl Into<RecvBuf<'a>>) -> Result<(), Incomplete> {
        let mut buf = buf.into();
        let len = buf.len();
        self.transfer_all(Direction::Recv, len, |fd, done, flags| {
            buf.advance(done - (len - buf.len()));
            fd.recv(&mut buf, Flags::WAIT_ALL | flags)
        })
    }

    /// Repeats a system call until `len` bytes are transferred. `op` is passed the number of bytes done.
    fn transfer_all(
        &self,
        direction: Direction,
        len: usize,
        op: impl FnMut(&Descriptor, usize, Flags) -> Result<usize, Errno>,
    ) -> Result<(), Incomplete> {
        if self.kind.has_messages() {
            return Err(Incomplete { error: Error::TYPE_UNSUPPORTED, done: 0 });
        }
        let deadline = self.deadline(direction);
        let blocking = match deadline {
            // The kernel reports no signal that interrupts a partial transfer.
            _ if self.interruptible.load(Relaxed) => KernelBlocking::Never,
            // The kernel's timeout starts anew with each system call.
            Deadline::After(..) => KernelBlocking::FirstOnly,
            _ => KernelBlocking::Always,
        };
        self.transfer_within(direction, deadline, blocking, len, op)
    }

    /// Transfers `len` bytes until a given deadline, blocking as `blocking` says.
    pub(in crate::net) fn transfer_within(
        &self,
        direction: Direction,
        deadline: Deadline,
        blocking: KernelBlocking,
        len: usize,
        mut op: impl FnMut(&Descriptor, usize, Flags) -> Result<usize, Errno>,
    ) -> Result<(), Incomplete> {
        let mut done = 0;
        while done < len {
            let op = |fd: &Descriptor, flags| op(fd, done, flags);
            let blocks_in_kernel = match blocking {
                KernelBlocking::Always => true,
                KernelBlocking::FirstOnly => done == 0,
                KernelBlocking::Never => false,
            };
            let result = match deadline {
                Deadline::Immediate => self.call_in_kernel(direction, deadline, op),
                // A steady flow of data does not extend the deadline.
                Deadline::After(..) if done > 0 && deadline.remaining().is_none() => Err(Error::TIMED_OUT),
                _ if blocks_in_kernel => self.call_in_kernel(direction, deadline, op),
                _ => self.call_in_poll(direction, deadline, op),
            };
            let error = match result {
                Ok(0) if self.is_canceled() => Error::CLOSED,
                Ok(0) if direction == Direction::Recv && self.take_pending_reset() => Error::CONN_RESET,
                Ok(0) => Error::END_OF_STREAM,
                Ok(count) => {
                    done += count;
                    continue;
                }
                Err(error) => error,
            };
            return Err(Incomplete { error, done });
        }
        Ok(())
    }
}
