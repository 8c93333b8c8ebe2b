//! The safe core: sockets as people think of them, with the promises that the operating system doesn't keep.
//!
//! No pointers and no operating system's constants here; those are in `sys`.

#![forbid(unsafe_code)]

mod addr;
mod connect;
mod error;
mod io;
mod options;
mod socket;
mod std_traits;
mod text;
mod wait;

pub use addr::Addr;
pub use error::{Error, Result};
pub use io::Incomplete;
pub use socket::Socket;

pub use crate::sys::{Family, Flags, Opt, RecvBuf, SendBuf, Shutdown, Type, VEC_MAX};
#[cfg(feature = "capi")]
pub(crate) use crate::sys::{RawAddr, fork_count, pause, watch_forks};
