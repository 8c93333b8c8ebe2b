//! The first try of a call: the short way, which nearly every call takes.
//!
//! A call without a timeout to keep, or that must not wait, is one system call whose result is the call's. That takes no
//! look at a clock and nothing to be kept meanwhile, so a few instructions do. Whatever else comes of it, or is asked for,
//! goes the long way in `io`, with what the first try came to.

use super::{Error, Flags, RecvBuf, Result, SendBuf, Socket};
use crate::sys::errno::EAGAIN;
use crate::sys::{Descriptor, Direction, Errno, Returned};

/// What a first try came to that was not the end of its call: what the system call returned, and whether it could have
/// waited. It is one number, because it is handed on in a register.
#[derive(Clone, Copy)]
pub(crate) struct First(isize);

impl First {
    fn of(result: Result<usize, Errno>, flags: Flags) -> First {
        let number = result.map_or_else(|errno| -errno.0 as isize, |count| count as isize);
        First(number << 1 | isize::from(flags == Flags::DONT_WAIT))
    }

    pub(super) fn result(self) -> Result<usize, Errno> {
        usize::try_from(self.0 >> 1).map_err(|_| Errno(-(self.0 >> 1) as i32))
    }

    /// The flags of its call.
    pub(super) fn flags(self) -> Flags {
        if self.0 & 1 == 1 { Flags::DONT_WAIT } else { Flags::NONE }
    }
}

/// The end of a call; or what came of the first try, if the short way was the right one.
type Try = Result<Result<usize>, Option<First>>;

impl Socket {
    /// Tries to send something.
    #[inline(always)]
    pub(crate) fn send_first(&self, buf: &mut SendBuf<'_>, flags: Flags) -> Try {
        self.first(Direction::Send, flags, buf, |fd, buf, flags| (fd.send_first(buf, flags), buf.len()))
    }

    /// Tries to receive something that fits.
    #[inline(always)]
    pub(crate) fn recv_first(&self, buf: &mut RecvBuf<'_>, flags: Flags) -> Try {
        let told = self.always_told();
        self.first(Direction::Recv, flags, buf, |fd, buf, flags| (fd.recv_first(buf, flags | told), buf.len()))
    }

    /// Makes the system call if the short way is the right one. `op` also tells the buffer's length, which is not 0.
    #[inline(always)]
    fn first<B>(
        &self,
        direction: Direction,
        flags: Flags,
        buf: &mut B,
        op: impl Fn(&Descriptor, &mut B, Flags) -> (Returned, usize),
    ) -> Try {
        // Each is written out, so that its flags are no variable.
        match self.short_way(direction, flags) {
            Some(Flags::NONE) => self.came_to(Flags::NONE, op(&self.fd, buf, Flags::NONE)),
            Some(_) => self.came_to(Flags::DONT_WAIT, op(&self.fd, buf, Flags::DONT_WAIT)),
            None => Err(None),
        }
    }

    #[inline(always)]
    fn came_to(&self, flags: Flags, (returned, len): (Returned, usize)) -> Try {
        // Nothing may be the end of a stream or of the socket, and more than there is room for was cut.
        if let Some(count) = returned.within(len) {
            return Ok(Ok(count));
        }
        match returned.result() {
            // To find nothing where one must not wait is as usual as to find something.
            Err(Errno(EAGAIN)) if flags == Flags::DONT_WAIT && !self.is_canceled() => Ok(Err(Error::WOULD_BLOCK)),
            result => Err(Some(First::of(result, flags))),
        }
    }
}
