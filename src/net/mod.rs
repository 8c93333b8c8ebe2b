//! The safe core: sockets with timeouts, cancellation and portable errors, the same on every operating system.
//!
//! No pointers and no operating system's constants here; those are in `sys`.

#![forbid(unsafe_code)]

mod addr;
mod datagram;
mod deadline;
mod dial;
mod error;
mod interfaces;
mod listen;
mod message;
mod poll;
mod socket;

pub use addr::address::Addr;
pub use addr::endpoint::Endpoint;
pub use addr::endpoint_error::EndpointError;
#[cfg(feature = "capi")]
pub(crate) use addr::endpoint_error::Expected;
pub use datagram::batch::Arrival;
#[cfg(feature = "capi")]
pub(crate) use deadline::Deadline;
pub use dial::dialer::Dialer;
#[cfg(feature = "capi")]
pub(crate) use dial::dialer::dial_within;
pub use dial::resolve::{resolve, resolve_addr};
#[cfg(feature = "capi")]
pub(crate) use dial::resolve::{resolve_addr_within, resolve_within};
pub use error::{Error, Result};
pub use interfaces::{Interface, interfaces};
pub use listen::listen_fds::listen_fds;
#[cfg(feature = "capi")]
pub(crate) use listen::listen_fds::{listen_fd_name, listen_fds_up_to};
pub use message::incoming::Incoming;
pub use message::outgoing::Outgoing;
pub use message::packet_info::PacketInfo;
pub use message::queued_error::QueuedError;
#[cfg(feature = "capi")]
pub(crate) use poll::poll_sockets::wait_for;
pub use poll::poll_sockets::{WAIT_MAX, WaitItem, wait};
pub use poll::poller::Poller;
#[cfg(feature = "capi")]
pub(crate) use socket::fast_path::FastPathMiss;
pub use socket::state::Socket;
pub use socket::tcp_info::{TcpFields, TcpInfo, TcpOptions, TcpState};
#[cfg(feature = "capi")]
pub(crate) use socket::tcp_info_fields::tcp_info_fields;
pub use socket::transfer::Incomplete;

#[cfg(all(test, feature = "capi"))]
pub(crate) use crate::sys::present;
#[cfg(all(feature = "capi", not(loom)))]
pub(crate) use crate::sys::sleep;
pub use crate::sys::{
    Batch, Credentials, Datagram, Events, Family, Flags, InterfaceFlags, Opt, Origin, PollerEvent, RecvBuf, SendBuf,
    Shutdown, Type, VEC_MAX,
};
#[cfg(feature = "capi")]
pub(crate) use crate::sys::{
    EPOCH_SHIFT, EventBuffer, PollItem, RawAddr, TEXT_CAPACITY, fork_epoch, register_fork_handler,
};
