//! Sending and receiving.

use crate::net::deadline::Deadline;
use crate::net::socket::buffers::total_len;
use crate::net::socket::fast_path::FastPathMiss;
use crate::net::{Addr, Error, Family, Flags, RecvBuf, Result, SendBuf, Socket};
use crate::sys::{Descriptor, Direction, Errno, RawAddr, SockAddr};
use std::sync::atomic::Ordering::Relaxed;
use std::{fmt, io};

/// A transfer that failed after part of it was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Incomplete {
    /// Why it ended.
    pub error: Error,
    /// How many bytes were transferred before that.
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

/// Which parts of a transfer may block in the kernel; the others wait in poll.
#[derive(Clone, Copy)]
pub(in crate::net) enum Blocks {
    Always,
    /// The first.
    Once,
    Never,
}

impl Socket {
    /// Sends to the peer and returns how many bytes the system took: of a stream perhaps not all, of a message all.
    /// ([send(2)])
    ///
    /// # Errors
    /// [`Error::WOULD_BLOCK`] and [`Error::TIMED_OUT`] when there was no room, [`Error::PIPE`] and
    /// [`Error::CONN_RESET`] when the connection is over, [`Error::NOT_CONNECTED`] and [`Error::DEST_REQUIRED`] when
    /// there is none, [`Error::MESSAGE_SIZE`], [`Error::CONN_REFUSED`] when an earlier datagram found nobody.
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
            Err(Some(first)) => self.send_after_miss(first, buf),
            Err(None) => self.send_slow(buf, flags),
        }
    }

    /// [`Socket::send`] the long way.
    pub(crate) fn send_slow(&self, buf: SendBuf<'_>, flags: Flags) -> Result<usize> {
        let flags = self.send_flags(flags)?;
        self.call(Direction::Send, flags, |fd, extra| fd.send(&buf, flags | extra))
    }

    /// Goes on with a send from what its first try came to.
    pub(crate) fn send_after_miss(&self, first: FastPathMiss, buf: SendBuf<'_>) -> Result<usize> {
        self.call_on(first, Direction::Send, |fd, extra| fd.send(&buf, first.flags() | extra))
    }

    /// Sends a datagram to an address; on a connected socket, to this one instead of the peer.
    ///
    /// # Errors
    /// Those of [`Socket::send`], and [`Error::FAMILY_UNSUPPORTED`], [`Error::ACCESS`] for a broadcast address,
    /// [`Error::TYPE_UNSUPPORTED`] for a socket with connections.
    #[inline(always)]
    pub fn send_to<'a>(&self, buf: impl Into<SendBuf<'a>>, flags: Flags, addr: &Addr) -> Result<usize> {
        let buf = buf.into();
        let flags = self.send_flags(flags)?;
        self.expect_destination(addr)?;
        let mut name = SockAddr::room();
        name.encode(addr.raw())?;
        let name = &name;
        self.call(Direction::Send, flags, move |fd, extra| fd.send_to(buf, flags | extra, name))
    }

    /// The same, to an address that somebody else made.
    pub(in crate::net) fn send_to_raw(&self, buf: SendBuf<'_>, flags: Flags, addr: &RawAddr) -> Result<usize> {
        self.expect_raw_peer(addr)?;
        let mut name = SockAddr::room();
        name.encode(addr)?;
        let name = &name;
        self.call(Direction::Send, flags, move |fd, extra| fd.send_to(buf, flags | extra, name))
    }

    /// Sends several buffers' bytes one after the other; as one message, if the socket has messages.
    ///
    /// # Errors
    /// Those of [`Socket::send`], and [`Error::INVALID`] for more than [`VEC_MAX`] buffers.
    pub fn send_vec(&self, bufs: &[SendBuf<'_>], flags: Flags) -> Result<usize> {
        let flags = self.send_flags(flags)?;
        total_len(bufs.iter().map(SendBuf::len))?;
        self.call(Direction::Send, flags, |fd, extra| fd.send_vec(bufs, flags | extra))
    }

    /// Receives and returns how many bytes came: of a stream what is there, of messages one.
    ///
    /// On a stream 0 is its end (or `buf` is empty: then nothing is waited for); an empty message is 0 as well.
    /// ([recv(2)])
    ///
    /// # Errors
    /// [`Error::WOULD_BLOCK`] and [`Error::TIMED_OUT`] when nothing came, [`Error::TRUNCATED`] when the message was
    /// longer than the room, which is filled; [`Error::CONN_RESET`], [`Error::NOT_CONNECTED`], [`Error::CLOSED`].
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
            Err(Some(first)) => self.recv_after_miss(first, buf),
            Err(None) => self.recv_slow(buf, flags),
        }
    }

    /// [`Socket::recv`] the long way.
    pub(crate) fn recv_slow(&self, mut buf: RecvBuf<'_>, flags: Flags) -> Result<usize> {
        let os_flags = self.recv_flags(flags)?;
        if flags.intersects(Flags::ERROR_QUEUE) {
            return self.recv_queued_error(&mut [buf], flags).0;
        }
        if buf.is_empty() && !self.kind.has_messages() {
            return Ok(0);
        }
        let count = self.call(Direction::Recv, flags, |fd, extra| fd.recv(&mut buf, os_flags | extra))?;
        self.received(count, buf.len(), flags)
    }

    /// Goes on with a receive from what its first try came to.
    pub(crate) fn recv_after_miss(&self, first: FastPathMiss, mut buf: RecvBuf<'_>) -> Result<usize> {
        let flags = first.flags() | self.base_recv_flags();
        let count = self.call_on(first, Direction::Recv, |fd, extra| fd.recv(&mut buf, flags | extra))?;
        self.received(count, buf.len(), first.flags())
    }

    /// Receives and tells from whom; from a stream's peer no address comes, [`Addr::UNSPEC`].
    ///
    /// # Errors
    /// Those of [`Socket::recv`].
    #[inline]
    pub fn recv_from<'a>(&self, buf: impl Into<RecvBuf<'a>>, flags: Flags) -> Result<(usize, Addr)> {
        let mut from = Addr::UNSPEC;
        let count = self.recv_named(buf.into(), flags, &mut from)?;
        Ok((count, from))
    }

    /// [`Socket::recv_from`], but `from` is known even when the message was longer than the room.
    #[inline(always)]
    pub(crate) fn recv_named(&self, mut buf: RecvBuf<'_>, flags: Flags, from: &mut Addr) -> Result<usize> {
        let os_flags = self.recv_flags(flags)?;
        if flags.intersects(Flags::ERROR_QUEUE) {
            return self.recv_named_queued_error(buf, flags, from);
        }
        if buf.is_empty() && !self.kind.has_messages() {
            *from = Addr::UNSPEC;
            return Ok(0);
        }
        let room = buf.len();
        let mut name = SockAddr::room();
        let op = |fd: &Descriptor, extra| fd.recv_from(&mut buf, os_flags | extra, &mut name);
        let count = self.call(Direction::Recv, flags, op)?;
        let result = self.received(count, room, flags);
        if matches!(result, Ok(_) | Err(Error::TRUNCATED)) {
            if self.kind.has_messages() {
                self.read_name(&name, from);
            } else {
                *from = Addr::UNSPEC;
            }
        }
        result
    }

    /// Receives into several buffers one after the other.
    ///
    /// # Errors
    /// Those of [`Socket::recv`], and [`Error::INVALID`] for more than [`VEC_MAX`] buffers.
    pub fn recv_vec(&self, bufs: &mut [RecvBuf<'_>], flags: Flags) -> Result<usize> {
        let os_flags = self.recv_flags(flags)?;
        if flags.intersects(Flags::ERROR_QUEUE) {
            return self.recv_queued_error(bufs, flags).0;
        }
        let room = total_len(bufs.iter().map(RecvBuf::len))?;
        if room == 0 && !self.kind.has_messages() {
            return Ok(0);
        }
        let count = self.call(Direction::Recv, flags, |fd, extra| fd.recv_vec(bufs, os_flags | extra))?;
        self.received(count, room, flags)
    }

    /// Sends all of a stream's bytes, however often the system takes only part, within one timeout.
    ///
    /// # Errors
    /// Those of [`Socket::send`], with how many bytes were sent before; [`Error::TYPE_UNSUPPORTED`] if it's no stream.
    pub fn send_all(&self, bytes: &[u8]) -> Result<(), Incomplete> {
        self.transfer_all(Direction::Send, bytes.len(), |fd, done, flags| {
            fd.send(&SendBuf::from(&bytes[done..]), flags)
        })
    }

    /// Fills the whole buffer from a stream, however often the system gives only part, within one timeout.
    ///
    /// # Errors
    /// Those of [`Socket::recv`], with how many bytes were received before; [`Error::END_OF_STREAM`] when it ended
    /// first; [`Error::TYPE_UNSUPPORTED`] if it's no stream.
    pub fn recv_exact<'a>(&self, buf: impl Into<RecvBuf<'a>>) -> Result<(), Incomplete> {
        let mut buf = buf.into();
        let len = buf.len();
        self.transfer_all(Direction::Recv, len, |fd, done, flags| {
            buf.advance(done - (len - buf.len()));
            fd.recv(&mut buf, Flags::WAIT_ALL | flags)
        })
    }

    /// Repeats a transfer until `len` bytes are done; `op` is told how many are.
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
        let blocks = match deadline {
            // A part that is done hides the signal that cut it short, so there is no waiting but in poll.
            _ if self.interruptible.load(Relaxed) => Blocks::Never,
            // The kernel's timeout is right for the first part alone.
            Deadline::After(..) => Blocks::Once,
            _ => Blocks::Always,
        };
        self.transfer_parts(direction, deadline, blocks, len, op)
    }

    /// The same, where it is known how long to wait and which parts may block in the kernel for that.
    pub(in crate::net) fn transfer_parts(
        &self,
        direction: Direction,
        deadline: Deadline,
        blocks: Blocks,
        len: usize,
        mut op: impl FnMut(&Descriptor, usize, Flags) -> Result<usize, Errno>,
    ) -> Result<(), Incomplete> {
        let mut done = 0;
        while done < len {
            let op = |fd: &Descriptor, flags| op(fd, done, flags);
            let in_the_kernel = match blocks {
                Blocks::Always => true,
                Blocks::Once => done == 0,
                Blocks::Never => false,
            };
            let result = match deadline {
                Deadline::Immediate => self.call_in_kernel(direction, deadline, op),
                // Data that never pauses does not stop the clock.
                Deadline::After(..) if done > 0 && deadline.remaining().is_none() => Err(Error::TIMED_OUT),
                _ if in_the_kernel => self.call_in_kernel(direction, deadline, op),
                _ => self.call_in_poll(direction, deadline, op),
            };
            match result {
                Ok(0) if self.is_canceled() => {
                    return Err(Incomplete { error: Error::CLOSED, done });
                }
                Ok(0) if direction == Direction::Recv && self.take_pending_reset() => {
                    return Err(Incomplete { error: Error::CONN_RESET, done });
                }
                Ok(0) => {
                    return Err(Incomplete { error: Error::END_OF_STREAM, done });
                }
                Ok(count) => done += count,
                Err(error) => return Err(Incomplete { error, done }),
            }
        }
        Ok(())
    }

    /// An address to send a datagram to.
    #[inline]
    pub(in crate::net) fn expect_destination(&self, addr: &Addr) -> Result<()> {
        self.expect_peer(addr)?;
        // A stream's peer gets it, whatever the address, and some systems don't say that they ignored it.
        if self.kind.has_connections() { Err(Error::TYPE_UNSUPPORTED) } else { Ok(()) }
    }

    /// What the system is told: to always say how long a message was, and never anything of the kind on a stream,
    /// where it would throw the data away.
    #[inline]
    pub(in crate::net) fn recv_flags(&self, flags: Flags) -> Result<Flags> {
        if !flags.within(Flags::EVERYWHERE) {
            self.expect_flags(flags, Flags::FOR_RECV)?;
        }
        // Several datagrams would pass for one.
        if self.batches.is_batch_only() && !flags.intersects(Flags::ERROR_QUEUE) {
            return Err(Error::UNSUPPORTED);
        }
        Ok(flags.without(Flags::TRUNC) | self.base_recv_flags())
    }

    #[inline]
    pub(in crate::net) fn send_flags(&self, flags: Flags) -> Result<Flags> {
        if flags != Flags::NONE {
            self.expect_flags(flags, Flags::FOR_SEND)?;
        }
        Ok(flags)
    }

    /// Some flags are for some sockets, and the system ignores them on others.
    #[cold]
    fn expect_flags(&self, flags: Flags, allowed: Flags) -> Result<()> {
        if !flags.within(allowed) {
            return Err(Error::INVALID);
        }
        let urgent = flags.intersects(Flags::OUT_OF_BAND) && self.kind.has_messages();
        // What is taken from there can't be left there.
        let has_no_errors = matches!(self.family, Family::Unix | Family::Netlink) || flags.intersects(Flags::PEEK);
        let errors = flags.intersects(Flags::ERROR_QUEUE) && has_no_errors;
        if urgent || errors { Err(Error::UNSUPPORTED) } else { Ok(()) }
    }

    /// What a receive was that nothing came of: the end of the stream, unless there is something else to tell.
    #[cold]
    fn received_nothing(&self) -> Result<usize> {
        match self.is_canceled() {
            true => Err(Error::CLOSED),
            false if self.take_pending_reset() => Err(Error::CONN_RESET),
            false => Ok(0),
        }
    }

    /// What a receive that the system calls a success was.
    #[inline]
    pub(in crate::net) fn received(&self, count: usize, room: usize, flags: Flags) -> Result<usize> {
        match count {
            0 => self.received_nothing(),
            _ if count <= room || flags.intersects(Flags::TRUNC) => Ok(count),
            _ => Err(Error::TRUNCATED),
        }
    }
}
