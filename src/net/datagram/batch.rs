//! Datagrams of a batch, to be sent and as they came.

use crate::net::datagram::recv_many::{COALESCED_BYTES, COALESCED_COUNT};
use crate::net::{Addr, Batch, Datagram, Error, Flags, PacketInfo, Result, Socket};
use crate::sys::present;
use std::fmt;
use std::time::Duration;

impl<'a> Datagram<'a> {
    /// A datagram to send to the peer that its socket is connected with.
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

    /// Sets its traffic class, of which the lower two bits are ECN; of IP.
    pub fn set_tos(&mut self, tos: u8) {
        self.present |= present::TOS;
        self.tos = tos.into();
    }

    /// Sets where it goes out from; of IP.
    pub fn set_source(&mut self, source: &PacketInfo) {
        self.present |= present::PACKET_INFO;
        self.interface = source.interface;
        self.local = *source.addr.raw();
    }

    /// What [`Socket::send_many`] made of it: how many bytes were sent, or why they were not.
    pub fn result(&self) -> Result<usize> {
        Error::from_code(self.result).map_or(Ok(self.result as usize), Err)
    }
}

impl fmt::Debug for Datagram<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Datagram").field("len", &self.len()).field("result", &self.result()).finish_non_exhaustive()
    }
}

/// A datagram that came in a batch.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Arrival<'b> {
    /// Its bytes.
    pub bytes: &'b [u8],
    /// The datagram was longer than its room; the rest is lost.
    pub is_cut: bool,
    /// Who sent it, if that has a name.
    pub from: Option<Addr>,
    /// Its traffic class, of which the lower two bits are ECN. ([`Opt::RecvTos`](crate::Opt::RecvTos))
    pub tos: Option<u8>,
    /// Where it came to. ([`Opt::RecvPacketInfo`](crate::Opt::RecvPacketInfo))
    pub destination: Option<PacketInfo>,
    /// When it came, since 1970, by the system's clock. ([`Opt::Timestamps`](crate::Opt::Timestamps))
    pub timestamp: Option<Duration>,
}

impl<'a> Batch<'a> {
    /// How many datagrams the system may run together in one room, and how large such a room is.
    pub const COALESCED: (usize, usize) = (COALESCED_COUNT, COALESCED_BYTES);

    /// Each datagram into a room of its own, at most 64 in one call.
    pub fn one_each(rooms: impl IntoIterator<Item = &'a mut [u8]>) -> Batch<'a> {
        Batch::new(rooms.into_iter(), 0)
    }

    /// As many datagrams into a room as the system has run together: the memory is divided into rooms of 65,536 bytes,
    /// each for up to 128 datagrams.
    ///
    /// # Errors
    /// [`Error::INVALID`] when it is not enough for one.
    pub fn coalesced(memory: &'a mut [u8]) -> Result<Batch<'a>> {
        let rooms = memory.len() / COALESCED_BYTES;
        if rooms == 0 {
            return Err(Error::INVALID);
        }
        Ok(Batch::new(memory.chunks_exact_mut(COALESCED_BYTES), rooms * COALESCED_COUNT))
    }

    /// The datagrams that came last.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Arrival<'_>> {
        self.datagrams().iter().enumerate().map(|(index, datagram)| {
            let has = |what: u32| datagram.present & what != 0;
            let addr = Addr::from_os(datagram.local);
            Arrival {
                bytes: self.bytes(index),
                is_cut: datagram.result != datagram.len() as i64,
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
    /// Receives datagrams, many of them in one system call: waits for one, and takes what others are there. Returns how
    /// many came, which [`Batch::iter`] tells of. ([recvmmsg(2)], [udp(7)])
    ///
    /// With [`Batch::coalesced`], UDP datagrams come run together as the network has them, and are taken apart without a
    /// copy. Once that was used on a socket, nothing else may receive from it but the queue of errors: other calls are
    /// [`Error::UNSUPPORTED`], another kind of batch is [`Error::INVALID`], until [`Opt::Gro`](crate::Opt::Gro) is set to
    /// 0 (what has come by then stays run together); and what is received otherwise from a duplicate of it, here or in
    /// another process, may be many for one.
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
    /// let mut came = Vec::new();
    /// while came.len() < 3 {
    ///     receiver.recv_many(&mut batch, Flags::NONE)?;
    ///     came.extend(batch.iter().map(|datagram| datagram.bytes.to_vec()));
    /// }
    /// assert_eq!(came, [b"one".as_slice(), b"two", b"three"]);
    /// # Ok::<(), jackfield::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`Socket::recv`] but [`Error::TRUNCATED`], which [`Arrival::is_cut`] tells;
    /// [`Error::TYPE_UNSUPPORTED`] for a socket that has no datagrams.
    ///
    /// [recvmmsg(2)]: https://man7.org/linux/man-pages/man2/recvmmsg.2.html
    /// [udp(7)]: https://man7.org/linux/man-pages/man7/udp.7.html
    pub fn recv_many(&self, batch: &mut Batch<'_>, flags: Flags) -> Result<usize> {
        let count = self.recv_datagrams(batch.rooms(), flags)?;
        batch.filled(count);
        Ok(count)
    }
}
