//! Received messages: the address and the control data.

use crate::net::message::packet_info::PacketInfo;
use crate::net::message::queued_error::QueuedError;
use crate::net::{Addr, Credentials};
use crate::sys::{Descriptor, Descriptors, IncomingControl};
use std::fmt;
use std::os::fd::OwnedFd;
use std::time::Duration;

/// Declares the optional fields of [`Incoming`]. Each row is a field, its type, and for control data the
/// [`IncomingControl`] variant and the field's new value. The rows are in the order of the C bits `JF_HAS_*`.
macro_rules! incoming {
    ($($(#[$doc:meta])* $vis:vis $field:ident: $type:ty $(= $control:pat => $value:expr)?;)+) => {
        /// The address and the control data of a received message. A value can be reused for further messages.
        #[non_exhaustive]
        pub struct Incoming {
            /// The message was longer than the buffers.
            pub is_truncated: bool,
            /// Control data was lost because it did not fit.
            pub is_control_truncated: bool,
            $($(#[$doc])* $vis $field: Option<$type>,)+
            pub(super) descriptors: Descriptors,
        }

        impl Incoming {
            /// The names of the optional fields; a field's index is the number of its C bit.
            #[cfg(feature = "capi")]
            pub(crate) const FIELDS: &'static [&'static str] = &[$(stringify!($field)),+];

            /// An empty message.
            pub fn new() -> Incoming {
                Incoming {
                    is_truncated: false,
                    is_control_truncated: false,
                    $($field: None,)+
                    descriptors: Descriptors::new(),
                }
            }

            /// Discards the previous message.
            pub(super) fn clear(&mut self) {
                self.descriptors.clear();
                self.is_truncated = false;
                self.is_control_truncated = false;
                $(self.$field = None;)+
            }

            /// Stores a control message. Unknown ones are passed to `other`, which returns whether it stored them.
            pub(super) fn store(&mut self, item: IncomingControl<'_>, other: &mut dyn FnMut(&[u8]) -> bool) {
                match item {
                    $($($control => self.$field = $value,)?)+
                    IncomingControl::Descriptor(fd) => self.is_control_truncated |= self.descriptors.push(fd).is_err(),
                    IncomingControl::Truncated => self.is_control_truncated = true,
                    IncomingControl::Other(packed) => self.is_control_truncated |= !other(packed),
                }
            }
        }

        impl fmt::Debug for Incoming {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut fields = f.debug_struct("Incoming");
                fields.field("is_truncated", &self.is_truncated);
                fields.field("is_control_truncated", &self.is_control_truncated);
                $(if let Some(value) = &self.$field {
                    fields.field(stringify!($field), value);
                })+
                fields.field("descriptors", &self.descriptors.len()).finish_non_exhaustive()
            }
        }
    };
}

incoming! {
    /// The sender's address. For an entry of the error queue, the datagram's destination. `None` on a stream.
    pub from: Addr;
    /// The sender's credentials. ([`Opt::PassCredentials`](crate::Opt::PassCredentials))
    pub credentials: Credentials = IncomingControl::Credentials(credentials) => Some(credentials);
    /// Where the datagram arrived. ([`Opt::RecvPacketInfo`](crate::Opt::RecvPacketInfo))
    pub destination: PacketInfo = IncomingControl::Destination(interface, addr) => {
        Some(PacketInfo { interface, addr: Addr::from_os(addr) })
    };
    /// The remaining time to live, or hop limit. ([`Opt::RecvTtl`](crate::Opt::RecvTtl))
    pub ttl: u8 = IncomingControl::Ttl(ttl) => u8::try_from(ttl).ok();
    /// The traffic class; its lower two bits are ECN. ([`Opt::RecvTos`](crate::Opt::RecvTos))
    pub tos: u8 = IncomingControl::Tos(tos) => u8::try_from(tos).ok();
    /// The data is several coalesced datagrams of this size in bytes; the last may be shorter.
    /// ([`Opt::Gro`](crate::Opt::Gro))
    pub segment_size: u32 = IncomingControl::SegmentSize(size) => Some(size);
    /// When the message arrived, since 1970, by the system's clock. ([`Opt::Timestamps`](crate::Opt::Timestamps))
    pub timestamp: Duration = IncomingControl::Timestamp(time) => Some(time);
    /// When the message arrived, by the network device's clock. ([`Opt::Timestamping`](crate::Opt::Timestamping))
    pub hardware_timestamp: Duration = IncomingControl::HardwareTimestamp(time) => Some(time);
    /// How many messages the socket has dropped so far because its queue was full.
    /// ([`Opt::RecvOverflow`](crate::Opt::RecvOverflow))
    pub overflow: u32 = IncomingControl::DroppedCount(count) => Some(count);
    /// The new path MTU in bytes. ([`Opt::RecvPathMtu`](crate::Opt::RecvPathMtu))
    pub path_mtu: u32 = IncomingControl::PathMtu(mtu) => Some(mtu);
    /// The destination before the packet was redirected to this socket.
    /// ([`Opt::RecvOriginalDest`](crate::Opt::RecvOriginalDest))
    pub original_destination: Addr = IncomingControl::OriginalDestination(addr) => Some(Addr::from_os(addr));
    pub(crate) process: Descriptor = IncomingControl::Pidfd(fd) => Some(fd);
    /// An error, or a report on sent data.
    /// ([`Flags::ERROR_QUEUE`](crate::Flags::ERROR_QUEUE), [`Opt::RecvErrors`](crate::Opt::RecvErrors))
    pub error: QueuedError = IncomingControl::Error(error) => Some(QueuedError::new(&error));
}

impl Default for Incoming {
    fn default() -> Incoming {
        Incoming::new()
    }
}

impl Incoming {
    /// Takes the next received descriptor, in the sender's order. Descriptors that are not taken are closed.
    pub fn take_descriptor(&mut self) -> Option<OwnedFd> {
        self.descriptors.pop().map(OwnedFd::from)
    }

    /// The number of received descriptors that were not taken yet.
    pub fn descriptor_count(&self) -> usize {
        self.descriptors.len()
    }

    /// Takes the process descriptor (pidfd) of the sender. ([`Opt::PassPidfd`](crate::Opt::PassPidfd))
    pub fn take_process(&mut self) -> Option<OwnedFd> {
        self.process.take().map(OwnedFd::from)
    }
}
