//! The words that every operating system's part understands, with numbers of our own, and Linux's numbers for them.

use crate::sys::Errno;
use crate::sys::errno::{EAFNOSUPPORT, ESOCKTNOSUPPORT};
use std::ffi::c_int;
use std::ops::{BitOr, BitOrAssign};

/// A socket's address family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
#[non_exhaustive]
pub enum Family {
    /// No family: an address that stands for none.
    Unspec = 0,
    /// IPv4.
    Inet = 1,
    /// IPv6; such a socket speaks IPv4 too unless [`Opt::OnlyV6`](crate::Opt::OnlyV6) is set.
    Inet6 = 2,
    /// Sockets of one machine, named by a path, an abstract name or not at all.
    Unix = 3,
    /// Talking with the kernel: routes, links, and whatever else has a netlink protocol.
    Netlink = 4,
    /// Between a virtual machine and its host.
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

    /// Whether a shutdown of the socket wakes the calls that wait on it.
    #[inline]
    pub fn wakes_at_shutdown(self) -> bool {
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

/// What a socket carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
#[non_exhaustive]
pub enum Type {
    /// A stream of bytes, in order and without loss.
    Stream = 1,
    /// Datagrams: each send is one message.
    Dgram = 2,
    /// Messages in order and without loss, over a connection.
    SeqPacket = 3,
    /// Datagrams of the layer below: IP packets of one protocol, frames with their headers.
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

    /// Whether one receive takes one message, and whatever of it does not fit is lost.
    pub fn has_messages(self) -> bool {
        self != Type::Stream
    }

    /// Whether such a socket gets its one peer by `connect` or `accept`.
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

/// Which directions a shutdown ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u16)]
pub enum Shutdown {
    /// No more receiving.
    Read = 1,
    /// No more sending; the peer reads the end of the stream.
    Write = 2,
    /// Neither.
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

/// How one send or receive differs from a plain one. Flags are joined with `|`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(transparent)]
pub struct Flags(u32);

impl Flags {
    /// A plain call.
    pub const NONE: Flags = Flags(0);
    /// A stream's urgent byte; receiving it never waits.
    pub const OUT_OF_BAND: Flags = Flags(0x1);
    /// Receive: leave the data in the queue.
    pub const PEEK: Flags = Flags(0x2);
    /// Receive: return a message's whole length, even when it did not fit. No effect on a stream, nor where the system
    /// does not know the length: in the queue of errors.
    pub const TRUNC: Flags = Flags(0x20);
    /// Never wait, whatever the socket's timeout.
    pub const DONT_WAIT: Flags = Flags(0x40);
    /// Receive on a stream: wait until the buffer is full.
    pub const WAIT_ALL: Flags = Flags(0x100);
    /// Send: the peer answered just now, so its link address needs no probe.
    pub const CONFIRM: Flags = Flags(0x800);
    /// Receive from the queue of errors; never waits.
    pub const ERROR_QUEUE: Flags = Flags(0x2000);
    /// Send: more will follow soon, so a packet may wait for it.
    pub const MORE: Flags = Flags(0x8000);

    /// Receive on a UNIX socket: no program executed later inherits the descriptors that come. Packet sockets refuse
    /// it.
    pub(crate) const CLOSE_ON_EXEC: Flags = Flags(0x4000_0000);

    /// What a send may be told.
    pub const FOR_SEND: Flags = Flags(Self::DONT_WAIT.0 | Self::OUT_OF_BAND.0 | Self::MORE.0 | Self::CONFIRM.0);
    /// What a receive may be told.
    pub const FOR_RECV: Flags = Flags(
        Self::DONT_WAIT.0 | Self::PEEK.0 | Self::WAIT_ALL.0 | Self::OUT_OF_BAND.0 | Self::TRUNC.0 | Self::ERROR_QUEUE.0,
    );
    /// What every receive on every socket may be told.
    pub(crate) const EVERYWHERE: Flags = Flags(Self::DONT_WAIT.0 | Self::PEEK.0 | Self::WAIT_ALL.0 | Self::TRUNC.0);
    /// Those that make a call never wait: the error queue and the urgent byte are there or they are not.
    pub(crate) const NEVER_WAIT: Flags = Flags(Self::DONT_WAIT.0 | Self::ERROR_QUEUE.0 | Self::OUT_OF_BAND.0);

    /// The flags with these bits, defined or not: the call they are given to refuses unknown ones.
    pub const fn from_bits(bits: u32) -> Flags {
        Flags(bits)
    }

    /// The bits of these flags.
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// Whether none but these are set.
    pub const fn within(self, allowed: Flags) -> bool {
        self.0 & !allowed.0 == 0
    }

    /// Whether any of these is set.
    pub const fn intersects(self, other: Flags) -> bool {
        self.0 & other.0 != 0
    }

    /// These without those.
    pub const fn without(self, other: Flags) -> Flags {
        Flags(self.0 & !other.0)
    }

    /// Linux's `MSG_` bits for them. The numbers were chosen so that there is nothing to do.
    #[inline]
    pub(in crate::sys) const fn to_os(self) -> c_int {
        self.0 as c_int
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

impl BitOr for Flags {
    type Output = Flags;

    fn bitor(self, other: Flags) -> Flags {
        Flags(self.0 | other.0)
    }
}

impl BitOrAssign for Flags {
    fn bitor_assign(&mut self, other: Flags) {
        *self = *self | other;
    }
}
