//! The first try of a call: the short way, which nearly every call takes.
//!
//! A call without a timeout to keep, or that must not wait, is one system call whose result is the call's. That takes no
//! look at a clock and nothing to be kept meanwhile, so a few instructions do. Whatever else comes of it, or is asked for,
//! goes the long way in [`Socket::send_on`] and [`Socket::recv_on`], with what the first try came to.

use super::{Error, Flags, RecvBuf, Result, SendBuf, Socket};
use crate::sys::errno::EAGAIN;
use crate::sys::{Descriptor, Direction, Errno};

/// What a first try came to that was not the end of its call: a count, an error below zero, or that it was not made. It is
/// one number, because it is handed on in a register.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct First(isize);

impl First {
    pub(crate) const UNTRIED: First = First(isize::MIN);

    /// What the system call returned, if it was made.
    pub(super) fn result(self) -> Option<Result<usize, Errno>> {
        match self {
            First::UNTRIED => None,
            First(count @ 0..) => Some(Ok(count as usize)),
            First(error) => Some(Err(Errno(-error as i32))),
        }
    }
}

/// The end of a call; or what it came to, and the flags with which to go on.
type Try = Result<Result<usize>, (First, Flags)>;

impl Socket {
    /// Tries to send something.
    #[inline(always)]
    pub(crate) fn send_first(&self, buf: SendBuf<'_>, flags: Flags) -> Try {
        if self.polls_to_send {
            return Err((First::UNTRIED, flags));
        }
        self.first(Direction::Send, flags, buf.len(), |fd, flags| fd.send(buf, flags))
    }

    /// Tries to receive something that fits.
    #[inline(always)]
    pub(crate) fn recv_first(&self, buf: &mut RecvBuf<'_>, flags: Flags) -> Try {
        self.first(Direction::Recv, flags, buf.len(), |fd, flags| fd.recv(buf, flags | self.always_told))
    }

    /// Makes the system call if the short way is the right one; `len` is more than nothing.
    #[inline(always)]
    fn first(
        &self,
        direction: Direction,
        flags: Flags,
        len: usize,
        op: impl FnOnce(&Descriptor, Flags) -> Result<usize, Errno>,
    ) -> Try {
        match self.timeout_ms(direction) {
            // Each is written out, so that its flags are no variable.
            ..=-1 if flags == Flags::NONE => self.end(Flags::NONE, len, op(&self.fd, Flags::NONE)),
            0.. if flags == Flags::NONE => Err((First::UNTRIED, flags)),
            _ if flags == Flags::DONT_WAIT => self.end(Flags::DONT_WAIT, len, op(&self.fd, Flags::DONT_WAIT)),
            _ => Err((First::UNTRIED, flags)),
        }
    }

    /// Whether the first try was the end of its call.
    #[inline(always)]
    fn end(&self, flags: Flags, len: usize, result: Result<usize, Errno>) -> Try {
        match result {
            // Nothing may be the end of a stream or of the socket, and more than there is room for was cut.
            Ok(count) if count.wrapping_sub(1) < len => Ok(Ok(count)),
            Ok(count) => Err((First(count as isize), flags)),
            // To find nothing where one must not wait is as usual as to find something.
            Err(Errno(EAGAIN)) if flags == Flags::DONT_WAIT && !self.is_canceled() => Ok(Err(Error::WOULD_BLOCK)),
            Err(Errno(number)) => Err((First(-number as isize), flags)),
        }
    }
}
