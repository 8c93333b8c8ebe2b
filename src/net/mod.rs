//! The safe core: sockets as people think of them, with the promises that the operating system doesn't keep.
//!
//! No pointers and no operating system's constants here; those are in `sys`.

#![forbid(unsafe_code)]

mod addr;
mod connect;
mod error;
mod file;
mod first;
mod inherited;
mod interfaces;
mod io;
mod message;
mod multicast;
mod options;
mod several;
mod socket;
mod std_traits;
mod tcp;
mod text;
mod wait;

pub use addr::Addr;
pub use error::{Error, Result};
#[cfg(feature = "capi")]
pub(crate) use first::First;
pub use inherited::inherited;
#[cfg(feature = "capi")]
pub(crate) use inherited::{inherited_name, inherited_up_to};
pub use interfaces::{Interface, interfaces};
pub use io::Incomplete;
pub use message::{Incoming, Outgoing, PacketInfo, QueuedError};
#[cfg(feature = "capi")]
pub(crate) use several::wait_for;
pub use several::{WAIT_MAX, WaitItem, wait};
pub use socket::Socket;
pub use tcp::{TcpFields, TcpInfo, TcpOptions, TcpState};

pub use crate::sys::{
    Credentials, Events, Family, Flags, InterfaceFlags, Opt, Origin, RecvBuf, SendBuf, Shutdown, Type, VEC_MAX,
};
#[cfg(feature = "capi")]
pub(crate) use crate::sys::{EPOCH_SHIFT, PollItem, RawAddr, TEXT_ROOM, fork_epoch, pause, watch_forks};
