//! The fast path of send and recv, which nearly every call takes.
//!
//! If the timeout is infinite or 0, a call makes one system call and returns its result. It reads no clock and keeps no
//! state, so a few instructions suffice. If the system call does not finish the call, `send.rs` and `recv.rs` continue
//! on the slow path, with the [`FastPathMiss`].

use crate::net::{Error, Flags, RecvBuf, Result, SendBuf, Socket};
use crate::sys::errno::EAGAIN;
use crate::sys::{Descriptor, Direction, Errno, RawResult};

/// A system call of the fast path that did not finish its call: its result, and whether it could block. Packed into one
/// number, so that it is passed in a register.
#[derive(Clone, Copy)]
pub(crate) struct FastPathMiss(isize);

impl FastPathMiss {
    fn new(result: Result<usize, Errno>, flags: Flags) -> FastPathMiss {
        let number = result.map_or_else(|errno| -errno.0 as isize, |count| count as isize);
        FastPathMiss(number << 1 | isize::from(flags == Flags::DONT_WAIT))
    }

    pub(in crate::net) fn result(self) -> Result<usize, Errno> {
        usize::try_from(self.0 >> 1).map_err(|_| Errno(-(self.0 >> 1) as i32))
    }

    /// The flags of the call.
    pub(in crate::net) fn flags(self) -> Flags {
        if self.0 & 1 == 1 { Flags::DONT_WAIT } else { Flags::NONE }
    }
}

/// The result of a finished call; or why it takes the slow path: a miss, or no system call was made.
type FastPathResult = Result<Result<usize>, Option<FastPathMiss>>;

impl Socket {
    /// Sends a non-empty buffer on the fast path.
    #[inline(always)]
    pub(crate) fn send_fast(&self, buf: &mut SendBuf<'_>, flags: Flags) -> FastPathResult {
        self.fast_path(Direction::Send, flags, buf, |fd, buf, flags| (fd.send_fast(buf, flags), buf.len()))
    }

    /// Receives into a non-empty buffer on the fast path.
    #[inline(always)]
    pub(crate) fn recv_fast(&self, buf: &mut RecvBuf<'_>, flags: Flags) -> FastPathResult {
        let base = self.base_recv_flags();
        self.fast_path(Direction::Recv, flags, buf, |fd, buf, flags| {
            // The two have no bit in common. Adding them takes one instruction less than joining them.
            let flags = Flags::from_bits_retain(flags.bits() + base.bits());
            (fd.recv_fast(buf, flags), buf.len())
        })
    }

    /// Makes the system call, if the call may take the fast path. `op` also returns the length of the buffer.
    #[inline(always)]
    fn fast_path<B>(
        &self,
        direction: Direction,
        flags: Flags,
        buf: &mut B,
        op: impl Fn(&Descriptor, &mut B, Flags) -> (RawResult, usize),
    ) -> FastPathResult {
        // Two calls of `op`, so that the flags of each are constant.
        match self.fast_path_flags(direction, flags) {
            Some(Flags::NONE) => self.fast_path_result(Flags::NONE, op(&self.fd, buf, Flags::NONE)),
            Some(_) => self.fast_path_result(Flags::DONT_WAIT, op(&self.fd, buf, Flags::DONT_WAIT)),
            None => Err(None),
        }
    }

    #[inline(always)]
    fn fast_path_result(&self, flags: Flags, (returned, len): (RawResult, usize)) -> FastPathResult {
        // 0 may be the end of the stream or a cancellation, and a count above `len` is a truncated datagram.
        if let Some(count) = returned.count_within(len) {
            return Ok(Ok(count));
        }
        match returned.result() {
            // A non-blocking call that would block is as common as one that succeeds.
            Err(Errno(EAGAIN)) if flags == Flags::DONT_WAIT && !self.is_canceled() => Ok(Err(Error::WOULD_BLOCK)),
            result => Err(Some(FastPathMiss::new(result, flags))),
        }
    }
}
