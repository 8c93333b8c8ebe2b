//! The safe core: sockets as people think of them, with the promises that the operating system doesn't keep.
//!
//! No pointers and no operating system's constants here; those are in `sys`.

#![forbid(unsafe_code)]

mod addr;
mod batches;
mod connect;
mod datagram;
mod dial;
mod endpoint;
mod error;
mod file;
mod first;
mod inherited;
mod interfaces;
mod io;
mod lookup;
mod message;
mod multicast;
mod options;
mod poller;
mod race;
mod reader;
mod recv_many;
mod resolve;
mod send_many;
mod serve;
mod several;
mod socket;
mod socket_file;
mod std_traits;
mod tcp;
mod text;
mod wait;

pub use addr::Addr;
pub use datagram::Arrival;
pub use dial::Dialer;
#[cfg(feature = "capi")]
pub(crate) use dial::dial_within;
#[cfg(feature = "capi")]
pub(crate) use endpoint::Expected;
pub use endpoint::{Endpoint, EndpointError};
pub use error::{Error, Result};
#[cfg(feature = "capi")]
pub(crate) use first::First;
pub use inherited::inherited;
#[cfg(feature = "capi")]
pub(crate) use inherited::{inherited_name, inherited_up_to};
pub use interfaces::{Interface, interfaces};
pub use io::Incomplete;
pub use message::{Incoming, Outgoing, PacketInfo, QueuedError};
pub use poller::Poller;
pub use resolve::{resolve, resolve_addr};
#[cfg(feature = "capi")]
pub(crate) use resolve::{resolve_addr_within, resolve_within};
#[cfg(feature = "capi")]
pub(crate) use several::wait_for;
pub use several::{WAIT_MAX, WaitItem, wait};
pub use socket::Socket;
pub use tcp::{TcpFields, TcpInfo, TcpOptions, TcpState};
#[cfg(feature = "capi")]
pub(crate) use wait::Patience;

#[cfg(all(test, feature = "capi"))]
pub(crate) use crate::sys::present;
pub use crate::sys::{
    Batch, Credentials, Datagram, Events, Family, Flags, InterfaceFlags, Opt, Origin, PollerEvent, RecvBuf, SendBuf,
    Shutdown, Type, VEC_MAX,
};
#[cfg(feature = "capi")]
pub(crate) use crate::sys::{EPOCH_SHIFT, EventRoom, PollItem, RawAddr, TEXT_ROOM, fork_epoch, pause, watch_forks};
