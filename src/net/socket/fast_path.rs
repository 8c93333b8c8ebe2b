//! The first try of a call: the short way, which nearly every call takes.
//!
//! A call without a timeout to keep, or that must not wait, is one system call whose result is the call's. That takes no
//! look at a clock and nothing to be kept meanwhile, so a few instructions do. Whatever else comes of it, or is asked for,
//! goes the long way in `io`, with what the first try came to.

use crate::net::{Error, Flags, RecvBuf, Result, SendBuf, Socket};
use crate::sys::errno::EAGAIN;
use crate::sys::{Descriptor, Direction, Errno, RawResult};

/// What a first try came to that was not the end of its call: what the system call returned, and whether it could have
/// waited. It is one number, because it is handed on in a register.
#[derive(Clone, Copy)]
pub(crate) struct FastPathMiss(isize);

impl FastPathMiss {
    fn of(result: Result<usize, Errno>, flags: Flags) -> FastPathMiss {
        let number = result.map_or_else(|errno| -errno.0 as isize, |count| count as isize);
        FastPathMiss(number << 1 | isize::from(flags == Flags::DONT_WAIT))
    }

    pub(in crate::net) fn result(self) -> Result<usize, Errno> {
        usize::try_from(self.0 >> 1).map_err(|_| Errno(-(self.0 >> 1) as i32))
    }

    /// The flags of its call.
    pub(in crate::net) fn flags(self) -> Flags {
        if self.0 & 1 == 1 { Flags::DONT_WAIT } else { Flags::NONE }
    }
}

/// The end of a call; or what came of the first try, if the short way was the right one.
type FastPathResult = Result<Result<usize>, Option<FastPathMiss>>;

impl Socket {
    /// Tries to send something.
    #[inline(always)]
    pub(crate) fn send_fast(&self, buf: &mut SendBuf<'_>, flags: Flags) -> FastPathResult {
        self.first(Direction::Send, flags, buf, |fd, buf, flags| (fd.send_fast(buf, flags), buf.len()))
    }

    /// Tries to receive something that fits.
    #[inline(always)]
    pub(crate) fn recv_fast(&self, buf: &mut RecvBuf<'_>, flags: Flags) -> FastPathResult {
        let told = self.base_recv_flags();
        self.first(Direction::Recv, flags, buf, |fd, buf, flags| {
            // They have no bit in common, and the sum is an instruction less.
            let flags = Flags::from_bits(flags.bits() + told.bits());
            (fd.recv_fast(buf, flags), buf.len())
        })
    }

    /// Makes the system call if the short way is the right one. `op` also tells the buffer's length, which is not 0.
    #[inline(always)]
    fn first<B>(
        &self,
        direction: Direction,
        flags: Flags,
        buf: &mut B,
        op: impl Fn(&Descriptor, &mut B, Flags) -> (RawResult, usize),
    ) -> FastPathResult {
        // Each is written out, so that its flags are no variable.
        match self.fast_path_flags(direction, flags) {
            Some(Flags::NONE) => self.fast_path_result(Flags::NONE, op(&self.fd, buf, Flags::NONE)),
            Some(_) => self.fast_path_result(Flags::DONT_WAIT, op(&self.fd, buf, Flags::DONT_WAIT)),
            None => Err(None),
        }
    }

    #[inline(always)]
    fn fast_path_result(&self, flags: Flags, (returned, len): (RawResult, usize)) -> FastPathResult {
        // Nothing may be the end of a stream or of the socket, and more than there is room for was cut.
        if let Some(count) = returned.within(len) {
            return Ok(Ok(count));
        }
        match returned.result() {
            // To find nothing where one must not wait is as usual as to find something.
            Err(Errno(EAGAIN)) if flags == Flags::DONT_WAIT && !self.is_canceled() => Ok(Err(Error::WOULD_BLOCK)),
            result => Err(Some(FastPathMiss::of(result, flags))),
        }
    }
}
