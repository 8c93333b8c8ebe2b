//! Entries of the error queue.

use crate::net::{Addr, Error, Origin};
use crate::sys::OsError;

/// An entry of a socket's error queue: an error, or a report on sent data. ([`Flags::ERROR_QUEUE`](crate::Flags))
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueuedError {
    /// The error; `None` if the entry is a report.
    pub error: Option<Error>,
    /// Where the entry comes from.
    pub origin: Origin,
    /// The type of the ICMP message.
    pub icmp_type: u8,
    /// The code of the ICMP message.
    pub icmp_code: u8,
    /// For [`Error::MESSAGE_SIZE`], the path MTU in bytes. For a timestamp, where it was taken: 0 in the driver or
    /// device, 1 when the packet was queued for the device, 2 when the peer acknowledged it.
    pub info: u32,
    /// For a timestamp, the number of the send that it belongs to.
    pub data: u32,
    /// The router or host that reported the error; [`Addr::UNSPEC`] if it was this machine.
    pub from: Addr,
}

impl QueuedError {
    pub(super) fn new(error: &OsError) -> QueuedError {
        let is_report = matches!(error.origin, Origin::Timestamp | Origin::ZeroCopy);
        QueuedError {
            error: if is_report { None } else { Some(error.errno.into()) },
            origin: error.origin,
            icmp_type: error.kind,
            icmp_code: error.code,
            info: error.info,
            data: error.data,
            from: Addr::from_os(error.from),
        }
    }
}
