//! Sending.

use crate::net::socket::buffers::total_len;
use crate::net::socket::fast_path::FastPathMiss;
use crate::net::{Addr, Error, Family, Flags, Result, SendBuf, Socket};
use crate::sys::{Direction, RawAddr, SockAddr};

impl Socket {
    /// Sends to the peer, and returns the number of bytes that were sent: on a stream perhaps a part, otherwise the
    /// whole message. ([send(2)])
    ///
    /// # Errors
    /// - [`Error::WOULD_BLOCK`], [`Error::TIMED_OUT`]: the send buffer stayed full.
    /// - [`Error::PIPE`], [`Error::CONN_RESET`]: the connection has ended.
    /// - [`Error::NOT_CONNECTED`], [`Error::DEST_REQUIRED`]: there is no peer.
    /// - [`Error::MESSAGE_SIZE`]: the message is too long for one datagram.
    /// - [`Error::CONN_REFUSED`]: an earlier datagram reached a closed port.
    ///
    /// [send(2)]: https://man7.org/linux/man-pages/man2/send.2.html
    #[inline]
    pub fn send<'a>(&self, buf: impl Into<SendBuf<'a>>, flags: Flags) -> Result<usize> {
        let mut buf = buf.into();
        if buf.is_empty() {
            return self.send_slow(buf, flags);
        }
        match self.send_fast(&mut buf, flags) {
            Ok(result) => result,
            Err(Some(miss)) => self.send_after_miss(miss, buf),
            Err(None) => self.send_slow(buf, flags),
        }
    }

    /// [`Socket::send`] on the slow path.
    pub(crate) fn send_slow(&self, buf: SendBuf<'_>, flags: Flags) -> Result<usize> {
        let flags = self.send_flags(flags)?;
        self.call(Direction::Send, flags, |fd, extra| fd.send(&buf, flags | extra))
    }

    /// Continues a send on the slow path.
    pub(crate) fn send_after_miss(&self, miss: FastPathMiss, buf: SendBuf<'_>) -> Result<usize> {
        self.call_after_miss(miss, Direction::Send, |fd, extra| fd.send(&buf, miss.flags() | extra))
    }

    /// Sends a datagram to an address. A connected socket sends to this address instead of its peer. ([sendto(2)])
    ///
    /// # Errors
    /// Those of [`Socket::send`], and
    /// - [`Error::FAMILY_UNSUPPORTED`]: the address has another family.
    /// - [`Error::ACCESS`]: the address is a broadcast address and [`Opt::Broadcast`](crate::Opt::Broadcast) is not
    ///   set.
    /// - [`Error::TYPE_UNSUPPORTED`]: the socket type has connections.
    ///
    /// [sendto(2)]: https://man7.org/linux/man-pages/man2/sendto.2.html
    #[inline(always)]
    pub fn send_to<'a>(&self, buf: impl Into<SendBuf<'a>>, flags: Flags, addr: &Addr) -> Result<usize> {
        let buf = buf.into();
        let flags = self.send_flags(flags)?;
        self.check_destination(addr)?;
        let mut name = SockAddr::new();
        name.encode(addr.raw())?;
        let name = &name;
        self.call(Direction::Send, flags, move |fd, extra| fd.send_to(buf, flags | extra, name))
    }

    // A shared function would cost `send_to` some twenty instructions.
    /// [`Socket::send_to`] an address that may be malformed.
    pub(in crate::net) fn send_to_raw(&self, buf: SendBuf<'_>, flags: Flags, addr: &RawAddr) -> Result<usize> {
        self.check_raw_remote(addr)?;
        let mut name = SockAddr::new();
        name.encode(addr)?;
        let name = &name;
        self.call(Direction::Send, flags, move |fd, extra| fd.send_to(buf, flags | extra, name))
    }

    /// Sends the bytes of several buffers one after the other, as one message if the socket is not a stream.
    /// ([writev(2)])
    ///
    /// # Errors
    /// Those of [`Socket::send`], and [`Error::INVALID`] for more than [`VEC_MAX`](crate::VEC_MAX) buffers.
    ///
    /// [writev(2)]: https://man7.org/linux/man-pages/man2/writev.2.html
    pub fn send_vec(&self, bufs: &[SendBuf<'_>], flags: Flags) -> Result<usize> {
        let flags = self.send_flags(flags)?;
        total_len(bufs.iter().map(SendBuf::len))?;
        self.call(Direction::Send, flags, |fd, extra| fd.send_vec(bufs, flags | extra))
    }

    /// Checks the flags of a sending call.
    #[inline]
    pub(in crate::net) fn send_flags(&self, flags: Flags) -> Result<Flags> {
        if flags != Flags::NONE {
            self.check_flags(flags, Flags::FOR_SEND)?;
        }
        Ok(flags)
    }

    /// Rejects flags that the call or the socket does not support. The system would ignore some of them.
    #[cold]
    pub(in crate::net) fn check_flags(&self, flags: Flags, allowed: Flags) -> Result<()> {
        if !allowed.contains(flags) {
            return Err(Error::INVALID);
        }
        let has_no_urgent_data = flags.intersects(Flags::OUT_OF_BAND) && self.kind.has_messages();
        // The error queue can't be peeked at.
        let has_no_error_queue = matches!(self.family, Family::Unix | Family::Netlink) || flags.intersects(Flags::PEEK);
        let lacks_error_queue = flags.intersects(Flags::ERROR_QUEUE) && has_no_error_queue;
        if has_no_urgent_data || lacks_error_queue { Err(Error::UNSUPPORTED) } else { Ok(()) }
    }
}
