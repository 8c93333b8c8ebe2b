//! Receiving.

use crate::net::socket::buffers::total_len;
use crate::net::socket::fast_path::FastPathMiss;
use crate::net::{Addr, Error, Flags, RecvBuf, Result, Socket};
use crate::sys::{Descriptor, Direction, SockAddr};

impl Socket {
    /// Receives and returns the number of bytes: on a stream as many as are queued, otherwise one message. ([recv(2)])
    ///
    /// On a stream, 0 is the end of the stream. An empty message is 0 as well. If `buf` is empty, a call on a stream
    /// returns 0 at once.
    ///
    /// # Errors
    /// - [`Error::WOULD_BLOCK`], [`Error::TIMED_OUT`]: nothing arrived in time.
    /// - [`Error::TRUNCATED`]: the message was longer than `buf`, which is filled.
    /// - [`Error::CONN_RESET`], [`Error::NOT_CONNECTED`], [`Error::CLOSED`].
    ///
    /// [recv(2)]: https://man7.org/linux/man-pages/man2/recv.2.html
    #[inline]
    pub fn recv<'a>(&self, buf: impl Into<RecvBuf<'a>>, flags: Flags) -> Result<usize> {
        let mut buf = buf.into();
        if buf.is_empty() {
            return self.recv_slow(buf, flags);
        }
        match self.recv_fast(&mut buf, flags) {
            Ok(result) => result,
            Err(Some(miss)) => self.recv_after_miss(miss, buf),
            Err(None) => self.recv_slow(buf, flags),
        }
    }

    /// [`Socket::recv`] on the slow path.
    pub(crate) fn recv_slow(&self, mut buf: RecvBuf<'_>, flags: Flags) -> Result<usize> {
        let os_flags = self.recv_flags(flags)?;
        if flags.intersects(Flags::ERROR_QUEUE) {
            return self.recv_queued_error(&mut [buf], flags).0;
        }
        if buf.is_empty() && !self.kind.has_messages() {
            return Ok(0);
        }
        let count = self.call(Direction::Recv, flags, |fd, extra| fd.recv(&mut buf, os_flags | extra))?;
        self.recv_result(count, buf.len(), flags)
    }

    /// Continues a receive on the slow path.
    pub(crate) fn recv_after_miss(&self, miss: FastPathMiss, mut buf: RecvBuf<'_>) -> Result<usize> {
        let flags = miss.flags() | self.base_recv_flags();
        let count = self.call_after_miss(miss, Direction::Recv, |fd, extra| fd.recv(&mut buf, flags | extra))?;
        self.recv_result(count, buf.len(), miss.flags())
    }

    /// Receives, and returns the sender's address as well. For an entry of the error queue, it is the destination of
    /// the datagram. A stream reports no address, [`Addr::UNSPEC`].
    /// ([recvfrom(2)])
    ///
    /// # Errors
    /// Those of [`Socket::recv`].
    ///
    /// [recvfrom(2)]: https://man7.org/linux/man-pages/man2/recvfrom.2.html
    #[inline]
    pub fn recv_from<'a>(&self, buf: impl Into<RecvBuf<'a>>, flags: Flags) -> Result<(usize, Addr)> {
        let mut sender = Addr::UNSPEC;
        let count = self.recv_from_into(buf.into(), flags, &mut sender)?;
        Ok((count, sender))
    }

    /// [`Socket::recv_from`], which also sets `sender` for a truncated message.
    #[inline(always)]
    pub(crate) fn recv_from_into(&self, mut buf: RecvBuf<'_>, flags: Flags, sender: &mut Addr) -> Result<usize> {
        let os_flags = self.recv_flags(flags)?;
        if flags.intersects(Flags::ERROR_QUEUE) {
            return self.recv_named_queued_error(buf, flags, sender);
        }
        if buf.is_empty() && !self.kind.has_messages() {
            *sender = Addr::UNSPEC;
            return Ok(0);
        }
        let len = buf.len();
        let mut name = SockAddr::new();
        let op = |fd: &Descriptor, extra| fd.recv_from(&mut buf, os_flags | extra, &mut name);
        let count = self.call(Direction::Recv, flags, op)?;
        let result = self.recv_result(count, len, flags);
        if matches!(result, Ok(_) | Err(Error::TRUNCATED)) {
            if self.kind.has_messages() {
                self.decode_addr(&name, sender);
            } else {
                *sender = Addr::UNSPEC;
            }
        }
        result
    }

    /// Receives into several buffers one after the other. ([readv(2)])
    ///
    /// # Errors
    /// Those of [`Socket::recv`], and [`Error::INVALID`] for more than [`VEC_MAX`](crate::VEC_MAX) buffers.
    ///
    /// [readv(2)]: https://man7.org/linux/man-pages/man2/readv.2.html
    pub fn recv_vec(&self, bufs: &mut [RecvBuf<'_>], flags: Flags) -> Result<usize> {
        let os_flags = self.recv_flags(flags)?;
        if flags.intersects(Flags::ERROR_QUEUE) {
            return self.recv_queued_error(bufs, flags).0;
        }
        let len = total_len(bufs.iter().map(RecvBuf::len))?;
        if len == 0 && !self.kind.has_messages() {
            return Ok(0);
        }
        let count = self.call(Direction::Recv, flags, |fd, extra| fd.recv_vec(bufs, os_flags | extra))?;
        self.recv_result(count, len, flags)
    }

    /// Checks the flags of a receiving call, and converts them to those of the system call. MSG_TRUNC reports the full
    /// length of a message; on a stream it would discard data.
    #[inline]
    pub(in crate::net) fn recv_flags(&self, flags: Flags) -> Result<Flags> {
        if !Flags::FOR_ANY_RECV.contains(flags) {
            self.check_flags(flags, Flags::FOR_RECV)?;
        }
        // Coalesced datagrams would look like one.
        if self.batches.is_batch_only() && !flags.intersects(Flags::ERROR_QUEUE) {
            return Err(Error::UNSUPPORTED);
        }
        Ok(flags.difference(Flags::TRUNC) | self.base_recv_flags())
    }

    /// The result of a receive that the system reports as a success, into a buffer of `len` bytes.
    #[inline]
    pub(in crate::net) fn recv_result(&self, count: usize, len: usize, flags: Flags) -> Result<usize> {
        match count {
            0 => self.empty_recv_result(),
            _ if count <= len || flags.intersects(Flags::TRUNC) => Ok(count),
            _ => Err(Error::TRUNCATED),
        }
    }

    /// 0 bytes are the end of the stream, a cancellation, or a reset that was already consumed.
    #[cold]
    fn empty_recv_result(&self) -> Result<usize> {
        match self.is_canceled() {
            true => Err(Error::CLOSED),
            false if self.take_pending_reset() => Err(Error::CONN_RESET),
            false => Ok(0),
        }
    }
}
