//! Families, types, directions and flags with the same numbers on every system, and their conversion to the system's.

use crate::sys::errno::{EAFNOSUPPORT, ESOCKTNOSUPPORT, Errno};
use bitflags::bitflags;
use std::ffi::c_int;

/// A socket's address family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
#[non_exhaustive]
pub enum Family {
    /// No family: the address is empty.
    Unspec = 0,
    /// IPv4.
    Inet = 1,
    /// IPv6. The socket also carries IPv4 unless [`Opt::OnlyV6`](crate::Opt::OnlyV6) is set.
    Inet6 = 2,
    /// Local sockets, with a path name, an abstract name or no name.
    Unix = 3,
    /// Communication with the kernel, for example about routes and links.
    Netlink = 4,
    /// Communication between a virtual machine and its host.
    Vsock = 5,
    /// Frames as a network interface sends and receives them.
    Packet = 6,
}

impl Family {
    /// The family with this number.
    #[inline]
    pub fn from_number(number: u16) -> Option<Family> {
        match number {
            0 => Some(Family::Unspec),
            1 => Some(Family::Inet),
            2 => Some(Family::Inet6),
            3 => Some(Family::Unix),
            4 => Some(Family::Netlink),
            5 => Some(Family::Vsock),
            6 => Some(Family::Packet),
            _ => None,
        }
    }

    /// Whether `shutdown` wakes calls that are blocked on a socket of this family.
    #[inline]
    pub fn is_woken_by_shutdown(self) -> bool {
        !matches!(self, Family::Netlink | Family::Vsock | Family::Packet)
    }

    pub(in crate::sys) fn to_os(self) -> Result<c_int, Errno> {
        match self {
            Family::Unspec => Err(Errno(EAFNOSUPPORT)),
            Family::Inet => Ok(libc::AF_INET),
            Family::Inet6 => Ok(libc::AF_INET6),
            Family::Unix => Ok(libc::AF_UNIX),
            Family::Netlink => Ok(libc::AF_NETLINK),
            Family::Vsock => Ok(libc::AF_VSOCK),
            Family::Packet => Ok(libc::AF_PACKET),
        }
    }

    #[inline]
    pub(in crate::sys) fn from_os(family: c_int) -> Option<Family> {
        match family {
            libc::AF_UNSPEC => Some(Family::Unspec),
            libc::AF_INET => Some(Family::Inet),
            libc::AF_INET6 => Some(Family::Inet6),
            libc::AF_UNIX => Some(Family::Unix),
            libc::AF_NETLINK => Some(Family::Netlink),
            libc::AF_VSOCK => Some(Family::Vsock),
            libc::AF_PACKET => Some(Family::Packet),
            _ => None,
        }
    }
}

/// A socket's type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
#[non_exhaustive]
pub enum Type {
    /// A reliable, ordered stream of bytes.
    Stream = 1,
    /// Datagrams: each send is one message.
    Dgram = 2,
    /// Reliable, ordered messages over a connection.
    SeqPacket = 3,
    /// Packets of the layer below: IP packets of one protocol, or frames with their headers.
    Raw = 4,
}

impl Type {
    /// The type with this number.
    pub fn from_number(number: u16) -> Option<Type> {
        match number {
            1 => Some(Type::Stream),
            2 => Some(Type::Dgram),
            3 => Some(Type::SeqPacket),
            4 => Some(Type::Raw),
            _ => None,
        }
    }

    /// Whether message boundaries are kept: one receive takes one message and discards what exceeds the buffer.
    pub fn has_messages(self) -> bool {
        self != Type::Stream
    }

    /// Whether a socket of this type has one peer, set by `connect` or `accept`.
    pub fn has_connections(self) -> bool {
        matches!(self, Type::Stream | Type::SeqPacket)
    }

    pub(in crate::sys) fn to_os(self) -> c_int {
        match self {
            Type::Stream => libc::SOCK_STREAM,
            Type::Dgram => libc::SOCK_DGRAM,
            Type::SeqPacket => libc::SOCK_SEQPACKET,
            Type::Raw => libc::SOCK_RAW,
        }
    }

    pub(in crate::sys) fn from_os(kind: c_int) -> Result<Type, Errno> {
        match kind {
            libc::SOCK_STREAM => Ok(Type::Stream),
            libc::SOCK_DGRAM => Ok(Type::Dgram),
            libc::SOCK_SEQPACKET => Ok(Type::SeqPacket),
            libc::SOCK_RAW => Ok(Type::Raw),
            _ => Err(Errno(ESOCKTNOSUPPORT)),
        }
    }
}

/// The directions that a shutdown ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u16)]
pub enum Shutdown {
    /// Receiving.
    Read = 1,
    /// Sending. The peer reads the end of the stream.
    Write = 2,
    /// Receiving and sending.
    Both = 3,
}

impl Shutdown {
    /// The direction with this number.
    pub fn from_number(number: u16) -> Option<Shutdown> {
        match number {
            1 => Some(Shutdown::Read),
            2 => Some(Shutdown::Write),
            3 => Some(Shutdown::Both),
            _ => None,
        }
    }
}

bitflags! {
    /// Flags of one send or receive.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    #[repr(transparent)]
    pub struct Flags: u32 {
        /// Sends or receives a stream's out-of-band byte. Receiving it never waits.
        const OUT_OF_BAND = 0x1;
        /// Receive: leaves the data in the queue.
        const PEEK = 0x2;
        /// Receive: returns the message's whole length, even when it exceeds the buffer. No effect on a stream, nor in
        /// the error queue, where the system does not know the length.
        const TRUNC = 0x20;
        /// Never waits, regardless of the socket's timeout.
        const DONT_WAIT = 0x40;
        /// Receive on a stream: waits until the buffer is full.
        const WAIT_ALL = 0x100;
        /// Send: the peer has just answered, so its link address needs no probe.
        const CONFIRM = 0x800;
        /// Receive: takes a message from the error queue. Never waits.
        const ERROR_QUEUE = 0x2000;
        /// Send: more data follows soon, so a partial packet may wait for it.
        const MORE = 0x8000;
    }
}

impl Flags {
    /// No flags.
    pub const NONE: Flags = Flags::empty();

    /// The flags that a send accepts.
    pub const FOR_SEND: Flags = Flags::DONT_WAIT.union(Flags::OUT_OF_BAND).union(Flags::MORE).union(Flags::CONFIRM);
    /// The flags that a receive accepts.
    pub const FOR_RECV: Flags = Flags::FOR_ANY_RECV.union(Flags::OUT_OF_BAND).union(Flags::ERROR_QUEUE);
    /// The flags that a receive accepts on a socket of any family and type.
    pub(crate) const FOR_ANY_RECV: Flags =
        Flags::DONT_WAIT.union(Flags::PEEK).union(Flags::WAIT_ALL).union(Flags::TRUNC);
    /// The flags with which a call never waits.
    pub(crate) const NONBLOCKING: Flags = Flags::DONT_WAIT.union(Flags::ERROR_QUEUE).union(Flags::OUT_OF_BAND);

    /// Receive on a UNIX socket: sets close-on-exec on received descriptors. Packet sockets reject this flag.
    pub(crate) const CLOSE_ON_EXEC: Flags = Flags::from_bits_retain(0x4000_0000);

    /// The `MSG_` bits, which have the same numbers on Linux.
    #[inline]
    pub(in crate::sys) const fn to_os(self) -> c_int {
        self.bits() as c_int
    }
}

const _: () = assert!(
    Flags::OUT_OF_BAND.to_os() == libc::MSG_OOB
        && Flags::PEEK.to_os() == libc::MSG_PEEK
        && Flags::TRUNC.to_os() == libc::MSG_TRUNC
        && Flags::DONT_WAIT.to_os() == libc::MSG_DONTWAIT
        && Flags::WAIT_ALL.to_os() == libc::MSG_WAITALL
        && Flags::CONFIRM.to_os() == libc::MSG_CONFIRM
        && Flags::ERROR_QUEUE.to_os() == libc::MSG_ERRQUEUE
        && Flags::MORE.to_os() == libc::MSG_MORE
        && Flags::CLOSE_ON_EXEC.to_os() == libc::MSG_CMSG_CLOEXEC
);
