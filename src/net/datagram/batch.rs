//! Datagrams to send in a batch, and received batches.

use crate::net::datagram::recv_many::{COALESCED_BYTES, COALESCED_COUNT};
use crate::net::{Addr, Batch, Datagram, Error, Flags, PacketInfo, Result, Socket};
use crate::sys::present;
use std::fmt;
use std::time::Duration;

impl<'a> Datagram<'a> {
    /// A datagram to send to the peer of a connected socket.
    pub fn new(bytes: &'a [u8]) -> Datagram<'a> {
        Datagram::of(bytes)
    }

    /// A datagram to send to an address.
    pub fn to(bytes: &'a [u8], addr: &Addr) -> Datagram<'a> {
        let mut datagram = Datagram::of(bytes);
        datagram.present = present::ADDR;
        datagram.addr = *addr.raw();
        datagram
    }

    /// Sets the traffic class; its lower two bits are ECN. IP sockets only.
    pub fn set_tos(&mut self, tos: u8) {
        self.present |= present::TOS;
        self.tos = tos.into();
    }

    /// Sets the interface and the local address to send from. IP sockets only.
    pub fn set_source(&mut self, source: &PacketInfo) {
        self.present |= present::PACKET_INFO;
        self.interface = source.interface;
        self.local = *source.addr.raw();
    }

    /// The result of [`Socket::send_many`] for this datagram: the number of bytes sent, or why it was not sent.
    pub fn result(&self) -> Result<usize> {
        Error::from_code(self.result).map_or(Ok(self.result as usize), Err)
    }
}

impl fmt::Debug for Datagram<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Datagram").field("len", &self.len()).field("result", &self.result()).finish_non_exhaustive()
    }
}

/// A datagram received in a batch.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Arrival<'b> {
    /// The data.
    pub bytes: &'b [u8],
    /// The datagram was longer than its buffer; the remainder is lost.
    pub is_truncated: bool,
    /// The sender's address, if it has one.
    pub from: Option<Addr>,
    /// The traffic class; its lower two bits are ECN. ([`Opt::RecvTos`](crate::Opt::RecvTos))
    pub tos: Option<u8>,
    /// Where the datagram arrived. ([`Opt::RecvPacketInfo`](crate::Opt::RecvPacketInfo))
    pub destination: Option<PacketInfo>,
    /// When the datagram arrived, since 1970, by the system's clock. ([`Opt::Timestamps`](crate::Opt::Timestamps))
    pub timestamp: Option<Duration>,
}

impl<'a> Batch<'a> {
    /// The maximum number of datagrams that the system coalesces into one buffer, and the size of such a buffer in
    /// bytes.
    pub const COALESCED: (usize, usize) = (COALESCED_COUNT, COALESCED_BYTES);

    /// A batch that receives each datagram into one of the buffers, at most 64 per call.
    pub fn one_each(buffers: impl IntoIterator<Item = &'a mut [u8]>) -> Batch<'a> {
        Batch::new(buffers.into_iter(), 0)
    }

    /// A batch that receives coalesced datagrams. The memory is divided into buffers of 65,536 bytes, each for up to
    /// 128 datagrams.
    ///
    /// # Errors
    /// [`Error::INVALID`] if the memory is smaller than one buffer.
    pub fn coalesced(memory: &'a mut [u8]) -> Result<Batch<'a>> {
        let buffers = memory.len() / COALESCED_BYTES;
        if buffers == 0 {
            return Err(Error::INVALID);
        }
        Ok(Batch::new(memory.chunks_exact_mut(COALESCED_BYTES), buffers * COALESCED_COUNT))
    }

    /// The datagrams of the last [`Socket::recv_many`], in the order of arrival.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Arrival<'_>> {
        self.datagrams().iter().enumerate().map(|(index, datagram)| {
            let has = |field: u32| datagram.present & field != 0;
            let addr = Addr::from_os(datagram.local);
            Arrival {
                bytes: self.bytes(index),
                is_truncated: datagram.result != datagram.len() as i64,
                from: has(present::ADDR).then(|| Addr::from_os(datagram.addr)),
                tos: has(present::TOS).then_some(datagram.tos as u8),
                destination: has(present::PACKET_INFO).then_some(PacketInfo { interface: datagram.interface, addr }),
                timestamp: has(present::TIME).then(|| Duration::from_nanos(datagram.time.max(0) as u64)),
            }
        })
    }
}

impl fmt::Debug for Batch<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl Socket {
    /// Waits for a datagram and receives it with those that are queued behind it, in one system call. Returns the
    /// count; [`Batch::iter`] gives the datagrams. ([recvmmsg(2)], [udp(7)])
    ///
    /// With [`Batch::coalesced`], the call turns UDP coalescing (GRO) on and splits coalesced messages without a copy.
    /// From then on the socket is for such calls only:
    ///
    /// - Other receiving calls fail with [`Error::UNSUPPORTED`], except with [`Flags::ERROR_QUEUE`]. Another kind of
    ///   batch fails with [`Error::INVALID`].
    /// - That ends when [`Opt::Gro`](crate::Opt::Gro) is set to 0. Datagrams that arrived before remain coalesced.
    /// - Other handles of the same socket, here or in another process, may receive several datagrams as one.
    ///
    /// ```
    /// use jackfield::{Batch, Datagram, Family, Flags, Socket, Type};
    /// let receiver = Socket::open(Family::Inet, Type::Dgram, 0)?;
    /// receiver.bind(&"127.0.0.1:0".parse()?)?;
    /// let mut memory = vec![0; 65_536];
    /// let mut batch = Batch::coalesced(&mut memory)?;
    /// # receiver.recv_many(&mut batch, Flags::DONT_WAIT).unwrap_err();
    ///
    /// let sender = Socket::open(Family::Inet, Type::Dgram, 0)?;
    /// sender.connect(&receiver.local_addr()?)?;
    /// let mut datagrams = [b"one".as_slice(), b"two", b"three"].map(Datagram::new);
    /// assert_eq!(sender.send_many(&mut datagrams, Flags::NONE)?, 3);
    ///
    /// let mut received = Vec::new();
    /// while received.len() < 3 {
    ///     receiver.recv_many(&mut batch, Flags::NONE)?;
    ///     received.extend(batch.iter().map(|datagram| datagram.bytes.to_vec()));
    /// }
    /// assert_eq!(received, [b"one".as_slice(), b"two", b"three"]);
    /// # Ok::<(), jackfield::Error>(())
    /// ```
    ///
    /// # Errors
    /// - Those of [`Socket::recv`], except [`Error::TRUNCATED`]: see [`Arrival::is_truncated`].
    /// - [`Error::TYPE_UNSUPPORTED`] for a socket type with connections.
    /// - [`Error::INVALID`] for a batch without a buffer, and for flags other than [`Flags::DONT_WAIT`] and
    ///   [`Flags::TRUNC`].
    ///
    /// [recvmmsg(2)]: https://man7.org/linux/man-pages/man2/recvmmsg.2.html
    /// [udp(7)]: https://man7.org/linux/man-pages/man7/udp.7.html
    pub fn recv_many(&self, batch: &mut Batch<'_>, flags: Flags) -> Result<usize> {
        let count = self.recv_datagrams(batch.buffers(), flags)?;
        batch.set_count(count);
        Ok(count)
    }
}
