//! Messages to send: the address and the control data.

use crate::net::message::packet_info::PacketInfo;
use crate::net::{Addr, Credentials, Error, Family, Flags, Result, Socket, Type};
use crate::sys::{ControlBuf, DESCRIPTORS_MAX, OutgoingControl};
use std::os::fd::BorrowedFd;

/// The address and the control data of a message to send. Every field is optional.
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
    /// The destination. On a connected datagram socket it replaces the peer.
    pub to: Option<&'a Addr>,
    /// Descriptors to pass, at most [`Outgoing::DESCRIPTORS_MAX`]; the receiver gets duplicates. UNIX sockets.
    pub descriptors: &'a [BorrowedFd<'a>],
    /// The sender's credentials. The system checks them: only a privileged process may send those of another. UNIX and
    /// netlink sockets.
    pub credentials: Option<Credentials>,
    /// The interface and address to send from. IP datagrams.
    pub source: Option<PacketInfo>,
    /// The time to live, or hop limit, at least 1. IP datagrams.
    pub ttl: Option<u8>,
    /// The traffic class; its lower two bits are ECN. IP datagrams.
    pub tos: Option<u8>,
    /// The data is segmented into datagrams of this size in bytes; the last may be shorter. UDP.
    pub segment_size: Option<u16>,
    /// More control data, in the system's format.
    pub(crate) packed: &'a [u8],
}

impl<'a> Outgoing<'a> {
    /// The maximum number of descriptors in one message.
    pub const DESCRIPTORS_MAX: usize = DESCRIPTORS_MAX;

    /// A message to this address.
    pub fn to(addr: &'a Addr) -> Outgoing<'a> {
        Outgoing { to: Some(addr), ..Outgoing::default() }
    }

    /// Checks that the socket can send the message: the system silently ignores control data of other protocols.
    pub(super) fn check(&self, socket: &Socket, len: usize, flags: Flags) -> Result<()> {
        let Outgoing { to: _, descriptors, credentials, source, ttl, tos, segment_size, packed } = self;
        let is_unix = socket.family == Family::Unix;
        let sends_packets = matches!(socket.family, Family::Inet | Family::Inet6) && !socket.kind.has_connections();
        let has_packet_fields = source.is_some() || ttl.is_some() || tos.is_some();
        let requested_and_supported = [
            // Out-of-band data is delivered without descriptors.
            (!descriptors.is_empty(), is_unix && !flags.intersects(Flags::OUT_OF_BAND)),
            (credentials.is_some(), is_unix || socket.family == Family::Netlink),
            (has_packet_fields, sends_packets),
            (segment_size.is_some(), sends_packets && socket.kind == Type::Dgram),
        ];
        if requested_and_supported.into_iter().any(|(requested, supported)| requested && !supported) {
            return Err(Error::UNSUPPORTED);
        }
        // A stream attaches control data to the first byte.
        let has_no_carrier = len == 0 && socket.kind == Type::Stream;
        let needs_carrier = !descriptors.is_empty() || credentials.is_some() || !packed.is_empty();
        let has_zero = *ttl == Some(0) || *segment_size == Some(0);
        if has_no_carrier && needs_carrier || has_zero || descriptors.len() > DESCRIPTORS_MAX {
            return Err(Error::INVALID);
        }
        match source {
            Some(source) => source.check(socket.family),
            None => Ok(()),
        }
    }

    /// Packs the control data in the system's format.
    pub(super) fn pack(&self, socket: &Socket, control: &mut ControlBuf) -> Result<()> {
        let Outgoing { to, descriptors, credentials, source, ttl, tos, segment_size, packed } = self;
        let family = socket.family;
        if !descriptors.is_empty() {
            control.push(OutgoingControl::Descriptors(descriptors), family)?;
        }
        let source = source.map(|source| PacketInfo { addr: socket.to_source(source.addr, *to), ..source });
        let items = [
            credentials.map(OutgoingControl::Credentials),
            source.as_ref().map(|source| OutgoingControl::Source(source.interface, source.addr.raw())),
            ttl.map(OutgoingControl::Ttl),
            tos.map(OutgoingControl::Tos),
            segment_size.map(OutgoingControl::SegmentSize),
        ];
        items.into_iter().flatten().try_for_each(|item| control.push(item, family))?;
        if !packed.is_empty() {
            control.push(OutgoingControl::Packed(packed), family)?;
        }
        Ok(())
    }
}
