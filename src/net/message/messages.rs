//! Messages: data with an address and with what goes beside it.

use crate::net::socket::io::room;
use crate::net::{Addr, Credentials, Error, Family, Flags, Origin, RecvBuf, Result, SendBuf, Socket, Type};
use crate::sys::errno::{ENODEV, ESRCH};
use crate::sys::{
    ControlBuf, DESCRIPTORS_MAX, Descriptor, Descriptors, Direction, IncomingControl, OutgoingControl, SockAddr,
};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::os::fd::{BorrowedFd, OwnedFd};
use std::time::Duration;

/// An interface and an address of this machine: where a datagram came to, or is to go out from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PacketInfo {
    /// The interface's index; for sending, 0 lets the system choose.
    pub interface: u32,
    /// The address; its port does not count. For sending, [`Addr::UNSPEC`] lets the system choose.
    pub addr: Addr,
}

/// What goes with the data of a message that is sent. All of it may be missing.
///
/// ```
/// use jackfield::{Addr, Family, Flags, Outgoing, Socket, Type};
/// let socket = Socket::open(Family::Inet, Type::Dgram, 0)?;
/// let to: Addr = "127.0.0.1:9".parse()?;
/// let mut message = Outgoing::to(&to);
/// message.ttl = Some(3);
/// socket.send_msg(&[b"in two ".as_slice().into(), b"pieces".as_slice().into()], Flags::NONE, &message)?;
/// # Ok::<(), jackfield::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Outgoing<'a> {
    /// Where to; on a connected datagram socket, instead of the peer.
    pub to: Option<&'a Addr>,
    /// Descriptors that the receiver gets duplicates of, at most [`Outgoing::DESCRIPTORS_MAX`]; on UNIX sockets.
    pub descriptors: &'a [BorrowedFd<'a>],
    /// Who sent it. The system checks it: only root may be somebody else. On UNIX and netlink sockets.
    pub credentials: Option<Credentials>,
    /// Where it goes out from; of IP.
    pub source: Option<PacketInfo>,
    /// How many routers it may pass, at least 1; of IP.
    pub ttl: Option<u8>,
    /// Its traffic class, of which the lower two bits are ECN; of IP.
    pub tos: Option<u8>,
    /// The data is many datagrams of this size, of which the last may be shorter; of UDP.
    pub segment_size: Option<u16>,
    /// More, as the operating system packs it.
    pub(crate) packed: &'a [u8],
}

impl<'a> Outgoing<'a> {
    /// The most descriptors that one message carries.
    pub const DESCRIPTORS_MAX: usize = DESCRIPTORS_MAX;

    /// A message to this address.
    pub fn to(addr: &'a Addr) -> Outgoing<'a> {
        Outgoing { to: Some(addr), ..Outgoing::default() }
    }

    /// Whether it fits this socket: the system would pass over what does not.
    fn check(&self, socket: &Socket, len: usize, flags: Flags) -> Result<()> {
        let is_unix = socket.family == Family::Unix;
        let sends_packets = matches!(socket.family, Family::Inet | Family::Inet6) && !socket.kind.has_connections();
        let of_packets = self.source.is_some() || self.ttl.is_some() || self.tos.is_some();
        let asked_and_fitting = [
            // The urgent byte comes without them.
            (!self.descriptors.is_empty(), is_unix && !flags.intersects(Flags::OUT_OF_BAND)),
            (self.credentials.is_some(), is_unix || socket.family == Family::Netlink),
            (of_packets, sends_packets),
            (self.segment_size.is_some(), sends_packets && socket.kind == Type::Dgram),
        ];
        if asked_and_fitting.into_iter().any(|(asked, fitting)| asked && !fitting) {
            return Err(Error::UNSUPPORTED);
        }
        // On a stream they go with the first byte.
        let carried_by_none = len == 0 && socket.kind == Type::Stream;
        let carries = !self.descriptors.is_empty() || self.credentials.is_some() || !self.packed.is_empty();
        let no_ttl = self.ttl == Some(0);
        let no_size = self.segment_size == Some(0);
        if carried_by_none && carries || no_ttl || no_size || self.descriptors.len() > DESCRIPTORS_MAX {
            return Err(Error::INVALID);
        }
        match &self.source {
            Some(source) => source.check(socket.family),
            None => Ok(()),
        }
    }

    fn pack(&self, socket: &Socket, control: &mut ControlBuf) -> Result<()> {
        let family = socket.family;
        if !self.descriptors.is_empty() {
            control.push(OutgoingControl::Descriptors(self.descriptors), family)?;
        }
        let source = self.source.map(|source| PacketInfo { addr: socket.as_source(source.addr, self.to), ..source });
        let source = source.as_ref().map(|source| OutgoingControl::Source(source.interface, source.addr.raw()));
        let items = [
            self.credentials.map(OutgoingControl::Credentials),
            source,
            self.ttl.map(OutgoingControl::Ttl),
            self.tos.map(OutgoingControl::Tos),
            self.segment_size.map(OutgoingControl::SegmentSize),
        ];
        items.into_iter().flatten().try_for_each(|item| control.push(item, family))?;
        if !self.packed.is_empty() {
            control.push(OutgoingControl::Packed(self.packed), family)?;
        }
        Ok(())
    }
}

impl PacketInfo {
    pub(in crate::net) fn check(&self, family: Family) -> Result<()> {
        match self.addr.family() {
            Family::Unspec | Family::Inet => Ok(()),
            Family::Inet6 if family == Family::Inet6 => Ok(()),
            _ => Err(Error::FAMILY_UNSUPPORTED),
        }
    }
}

/// An entry of a socket's queue of errors: what became of something sent. ([`Flags::ERROR_QUEUE`])
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueuedError {
    /// What happened; nothing when the entry is no error.
    pub error: Option<Error>,
    /// Who said so.
    pub origin: Origin,
    /// The type of the ICMP message.
    pub icmp_type: u8,
    /// The code of the ICMP message.
    pub icmp_code: u8,
    /// Of [`Error::MESSAGE_SIZE`] the path's MTU; of a timestamp, where it was taken: 0 by the device or driver, 1 when
    /// queued for it, 2 when the peer acknowledged it.
    pub info: u32,
    /// Of a timestamp, the number of what was sent.
    pub data: u32,
    /// The router or host that reported it; [`Addr::UNSPEC`] when it was this machine.
    pub from: Addr,
}

/// What came with the data of a message. It can be used for one message after the other.
#[non_exhaustive]
pub struct Incoming {
    /// The sender's address; of a queued error, where the datagram was to go. A stream has none.
    pub from: Option<Addr>,
    /// The message was longer than the room.
    pub is_cut: bool,
    /// Something of what came with the message was lost for want of room.
    pub control_is_cut: bool,
    /// Who sent it. ([`Opt::PassCredentials`](crate::Opt::PassCredentials))
    pub credentials: Option<Credentials>,
    /// Where it came to. ([`Opt::RecvPacketInfo`](crate::Opt::RecvPacketInfo))
    pub destination: Option<PacketInfo>,
    /// Where it was to go before it was redirected to here.
    /// ([`Opt::RecvOriginalDest`](crate::Opt::RecvOriginalDest))
    pub original_destination: Option<Addr>,
    /// How many more routers it could have passed. ([`Opt::RecvTtl`](crate::Opt::RecvTtl))
    pub ttl: Option<u8>,
    /// Its traffic class, of which the lower two bits are ECN. ([`Opt::RecvTos`](crate::Opt::RecvTos))
    pub tos: Option<u8>,
    /// When it came, since 1970, by the system's clock. ([`Opt::Timestamps`](crate::Opt::Timestamps))
    pub timestamp: Option<Duration>,
    /// When it came, by the network device's clock. ([`Opt::Timestamping`](crate::Opt::Timestamping))
    pub hardware_timestamp: Option<Duration>,
    /// How many messages the socket has lost so far, for want of room.
    /// ([`Opt::RecvOverflow`](crate::Opt::RecvOverflow))
    pub overflow: Option<u32>,
    /// The data is many datagrams of this size, of which the last may be shorter. ([`Opt::Gro`](crate::Opt::Gro))
    pub segment_size: Option<u32>,
    /// The path's MTU is this now. ([`Opt::RecvPathMtu`](crate::Opt::RecvPathMtu))
    pub path_mtu: Option<u32>,
    /// What became of something sent. ([`Flags::ERROR_QUEUE`], [`Opt::RecvErrors`](crate::Opt::RecvErrors))
    pub error: Option<QueuedError>,
    process: Option<Descriptor>,
    descriptors: Descriptors,
}

impl Default for Incoming {
    fn default() -> Incoming {
        Incoming::new()
    }
}

impl fmt::Debug for Incoming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut fields = f.debug_struct("Incoming");
        fields.field("from", &self.from).field("is_cut", &self.is_cut).field("control_is_cut", &self.control_is_cut);
        fields.field("descriptors", &self.descriptors.len()).finish_non_exhaustive()
    }
}

impl Incoming {
    /// Nothing yet.
    pub fn new() -> Incoming {
        Incoming {
            from: None,
            is_cut: false,
            control_is_cut: false,
            credentials: None,
            destination: None,
            original_destination: None,
            ttl: None,
            tos: None,
            timestamp: None,
            hardware_timestamp: None,
            overflow: None,
            segment_size: None,
            path_mtu: None,
            error: None,
            process: None,
            descriptors: Descriptors::new(),
        }
    }

    /// The next of the descriptors that came, in the sender's order. Those that are not taken are closed.
    pub fn take_descriptor(&mut self) -> Option<OwnedFd> {
        self.descriptors.pop().map(OwnedFd::from)
    }

    /// How many descriptors are left to be taken.
    pub fn descriptor_count(&self) -> usize {
        self.descriptors.len()
    }

    /// A descriptor that stands for the sender's process. ([`Opt::PassPidfd`](crate::Opt::PassPidfd))
    pub fn take_process(&mut self) -> Option<OwnedFd> {
        self.process.take().map(OwnedFd::from)
    }

    /// Forgets the message that came before.
    fn clear(&mut self) {
        self.descriptors.clear();
        self.from = None;
        self.is_cut = false;
        self.control_is_cut = false;
        self.credentials = None;
        self.destination = None;
        self.original_destination = None;
        self.ttl = None;
        self.tos = None;
        self.timestamp = None;
        self.hardware_timestamp = None;
        self.overflow = None;
        self.segment_size = None;
        self.path_mtu = None;
        self.error = None;
        self.process = None;
    }

    fn put(&mut self, item: IncomingControl<'_>, other: &mut dyn FnMut(&[u8]) -> bool) {
        match item {
            IncomingControl::Descriptor(fd) => self.control_is_cut |= self.descriptors.push(fd).is_err(),
            IncomingControl::Process(fd) => self.process = Some(fd),
            IncomingControl::Lost => self.control_is_cut = true,
            IncomingControl::Credentials(credentials) => self.credentials = Some(credentials),
            IncomingControl::Destination(interface, addr) => {
                self.destination = Some(PacketInfo { interface, addr: Addr::from_os(addr) });
            }
            IncomingControl::OriginalDestination(addr) => self.original_destination = Some(Addr::from_os(addr)),
            IncomingControl::Ttl(ttl) => self.ttl = u8::try_from(ttl).ok(),
            IncomingControl::Tos(tos) => self.tos = u8::try_from(tos).ok(),
            IncomingControl::Timestamp(time) => self.timestamp = Some(time),
            IncomingControl::HardwareTimestamp(time) => self.hardware_timestamp = Some(time),
            IncomingControl::Overflow(count) => self.overflow = Some(count),
            IncomingControl::SegmentSize(size) => self.segment_size = Some(size),
            IncomingControl::PathMtu(mtu) => self.path_mtu = Some(mtu),
            IncomingControl::Error(error) => {
                let is_error = !matches!(error.origin, Origin::Timestamp | Origin::ZeroCopy);
                self.error = Some(QueuedError {
                    error: is_error.then(|| error.errno.into()),
                    origin: error.origin,
                    icmp_type: error.kind,
                    icmp_code: error.code,
                    info: error.info,
                    data: error.data,
                    from: Addr::from_os(error.from),
                });
            }
            IncomingControl::Other(packed) => self.control_is_cut |= !other(packed),
        }
    }
}

/// What a message names that is not there: an interface, or a process.
pub(in crate::net) fn not_there(error: Error) -> Error {
    if [ENODEV, ESRCH].map(Error::from_os).contains(&error) { Error::NOT_FOUND } else { error }
}

impl Socket {
    /// Sends several buffers' bytes one after the other, with what goes beside them; as one message, if the socket has
    /// messages. ([sendmsg(2)], [cmsg(3)])
    ///
    /// # Errors
    /// Those of [`Socket::send_vec`] and [`Socket::send_to`]; [`Error::UNSUPPORTED`] for something that such a
    /// socket does not carry; [`Error::INVALID`] for too many descriptors, a TTL or a segment size of 0, and for
    /// descriptors or credentials without a byte to go with on a stream; [`Error::PERMISSION`] for another's
    /// credentials;
    /// [`Error::NOT_FOUND`] for an interface or a process that is not there; for a source that is not this machine's
    /// [`Error::INVALID`], or [`Error::NETWORK_UNREACHABLE`] of IPv4.
    ///
    /// [sendmsg(2)]: https://man7.org/linux/man-pages/man2/sendmsg.2.html
    /// [cmsg(3)]: https://man7.org/linux/man-pages/man3/cmsg.3.html
    pub fn send_msg(&self, bufs: &[SendBuf<'_>], flags: Flags, message: &Outgoing<'_>) -> Result<usize> {
        let flags = self.send_flags(flags)?;
        message.check(self, room(bufs.iter().map(SendBuf::len))?, flags)?;
        let mut name = SockAddr::room();
        let to = match message.to {
            None => None,
            Some(to) => {
                self.expect_destination(to)?;
                name.encode(to.raw())?;
                Some(&name)
            }
        };
        let mut control = ControlBuf::new();
        message.pack(self, &mut control)?;
        let result = self.call(Direction::Send, flags, |fd, extra| fd.send_msg(bufs, flags | extra, to, &control));
        result.map_err(not_there)
    }

    /// Receives into several buffers one after the other, with what came beside that. `message` holds the whole of it
    /// also after [`Error::TRUNCATED`]. ([recvmsg(2)], [cmsg(3)])
    ///
    /// # Errors
    /// Those of [`Socket::recv_vec`].
    ///
    /// [recvmsg(2)]: https://man7.org/linux/man-pages/man2/recvmsg.2.html
    /// [cmsg(3)]: https://man7.org/linux/man-pages/man3/cmsg.3.html
    pub fn recv_msg(&self, bufs: &mut [RecvBuf<'_>], flags: Flags, message: &mut Incoming) -> Result<usize> {
        self.recv_msg_with(bufs, flags, message, &mut |_| false)
    }

    /// [`Socket::recv_msg`] that gives away what it has no name for, packed; `other` returns whether there was room.
    pub(crate) fn recv_msg_with(
        &self,
        bufs: &mut [RecvBuf<'_>],
        flags: Flags,
        message: &mut Incoming,
        other: &mut dyn FnMut(&[u8]) -> bool,
    ) -> Result<usize> {
        let passes = if self.family == Family::Unix { Flags::CLOSE_ON_EXEC } else { Flags::NONE };
        let os_flags = self.recv_flags(flags)? | passes;
        let room = room(bufs.iter().map(RecvBuf::len))?;
        message.clear();
        if room == 0 && !self.kind.has_messages() && !flags.intersects(Flags::ERROR_QUEUE) {
            return Ok(0);
        }
        let (mut name, mut control) = (SockAddr::room(), ControlBuf::new());
        let (count, cut) = self
            .call(Direction::Recv, flags, |fd, extra| fd.recv_msg(bufs, os_flags | extra, &mut name, &mut control))?;
        // What the system writes no address for has none: an entry of the queue of errors that is not about a datagram.
        if self.kind.has_messages() {
            message.from = Some(self.named(&name)).filter(|from| from.family() != Family::Unspec);
        }
        message.is_cut = cut.data;
        message.control_is_cut = cut.control;
        control.take(cut.control, |item| message.put(item, other));
        for addr in message.destination.iter_mut().map(|to| &mut to.addr).chain(&mut message.original_destination) {
            *addr = self.as_own(*addr);
        }
        // Of a queued error the system does not say how long its datagram was, only that it was cut: not even when asked.
        match self.received(count, room, flags) {
            Ok(_) if cut.data && (count <= room || !flags.intersects(Flags::TRUNC)) => Err(Error::TRUNCATED),
            result => result,
        }
    }

    /// An address that the system tells of, as this socket has addresses: an IPv6 socket has those of IPv4 mapped.
    #[cold]
    pub(in crate::net) fn as_own(&self, addr: Addr) -> Addr {
        match addr.ip() {
            Some(IpAddr::V4(ip)) if self.family == Family::Inet6 => {
                (ip.to_ipv6_mapped(), addr.port().unwrap_or(0)).into()
            }
            _ => addr,
        }
    }

    /// The address that a message says it comes from. On an IPv6 socket the system does not take "any" of IPv6 where it
    /// goes to an IPv4 address. Who it goes to is looked up if nothing else is known.
    #[cold]
    pub(in crate::net) fn as_source(&self, addr: Addr, to: Option<&Addr>) -> Addr {
        if addr.family() != Family::Unspec || self.family != Family::Inet6 {
            return addr;
        }
        match to.copied().or_else(|| self.peer_addr().ok()).and_then(|to| to.ip()) {
            Some(IpAddr::V6(to)) if to.to_ipv4_mapped().is_some() => (Ipv4Addr::UNSPECIFIED, 0).into(),
            _ => addr,
        }
    }
}
