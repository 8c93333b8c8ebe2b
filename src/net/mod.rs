//! The safe core: sockets as people think of them, with the promises that the operating system doesn't keep.
//!
//! No pointers and no operating system's constants here; those are in `sys`.

#![forbid(unsafe_code)]

mod addr;
mod connect;
mod error;
mod first;
mod interfaces;
mod io;
mod message;
mod multicast;
mod options;
mod socket;
mod std_traits;
mod text;
mod wait;

pub use addr::Addr;
pub use error::{Error, Result};
#[cfg(feature = "capi")]
pub(crate) use first::First;
pub use interfaces::{Interface, interfaces};
pub use io::Incomplete;
pub use message::{Incoming, Outgoing, PacketInfo, QueuedError};
pub use socket::Socket;

pub use crate::sys::{
    Credentials, Family, Flags, InterfaceFlags, Opt, Origin, RecvBuf, SendBuf, Shutdown, Type, VEC_MAX,
};
#[cfg(feature = "capi")]
pub(crate) use crate::sys::{EPOCH_SHIFT, RawAddr, TEXT_ROOM, fork_epoch, pause, watch_forks};
