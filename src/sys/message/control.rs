//! Control messages in unpacked form.

use crate::sys::addr::RawAddr;
use crate::sys::errno::Errno;
use crate::sys::socket::descriptor::Descriptor;
use std::os::fd::BorrowedFd;
use std::time::Duration;

/// The identity of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// The process ID.
    pub pid: i32,
    /// The user ID.
    pub uid: u32,
    /// The group ID.
    pub gid: u32,
}

/// The origin of an entry in the error queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
#[non_exhaustive]
pub enum Origin {
    /// An origin that this enum does not name.
    Other = 0,
    /// This host.
    Local = 1,
    /// An ICMP message.
    Icmp = 2,
    /// An ICMPv6 message.
    Icmp6 = 3,
    /// Not an error: the timestamp of a sent message.
    Timestamp = 4,
    /// Not an error: the kernel no longer uses the memory of a zero-copy send.
    ZeroCopy = 5,
}

/// A control message to send.
pub enum OutgoingControl<'a> {
    Descriptors(&'a [BorrowedFd<'a>]),
    Credentials(Credentials),
    /// The interface and local address to send from.
    Source(u32, &'a RawAddr),
    Ttl(u8),
    Tos(u8),
    SegmentSize(u16),
    /// Control messages that are packed already.
    Packed(&'a [u8]),
}

/// A received control message.
pub enum IncomingControl<'a> {
    Descriptor(Descriptor),
    /// A descriptor for the sender's process.
    Pidfd(Descriptor),
    /// The kernel could not open the descriptor that the message should contain.
    Truncated,
    Credentials(Credentials),
    /// The interface and address that the message was sent to.
    Destination(u32, RawAddr),
    /// The destination before the packet was redirected.
    OriginalDestination(RawAddr),
    Ttl(u32),
    Tos(u32),
    Timestamp(Duration),
    HardwareTimestamp(Duration),
    /// The number of messages that the socket has dropped so far because its queue was full.
    DroppedCount(u32),
    SegmentSize(u32),
    PathMtu(u32),
    Error(OsError),
    /// A control message of another kind, packed.
    Other(&'a [u8]),
}

/// An entry of the error queue.
pub struct OsError {
    pub errno: Errno,
    pub origin: Origin,
    /// The type of the ICMP message.
    pub kind: u8,
    /// The code of the ICMP message.
    pub code: u8,
    /// The path MTU for `EMSGSIZE`, or another value that depends on the origin.
    pub info: u32,
    /// A value that depends on the origin, such as the number of a timestamp.
    pub data: u32,
    /// The host that reported the error.
    pub from: RawAddr,
}
