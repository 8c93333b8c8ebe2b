//! Sockets as fast as the system call, and without its traps.
//!
//! ```
//! use jackfield::{Addr, Family, Flags, Socket, Type};
//! use std::net::Ipv4Addr;
//!
//! let listener = Socket::open(Family::Inet, Type::Stream, 0)?;
//! listener.bind(&(Ipv4Addr::LOCALHOST, 0).into())?;
//! listener.listen(16)?;
//!
//! let client = Socket::open(Family::Inet, Type::Stream, 0)?;
//! client.connect(&listener.local_addr()?)?;
//! let (server, _peer) = listener.accept()?;
//!
//! client.send_all(b"hello")?;
//! let mut buffer = [0; 16];
//! assert_eq!(server.recv(&mut buffer[..], Flags::NONE)?, 5);
//! # Ok::<(), jackfield::Error>(())
//! ```
//!
//! A call waits as long as its socket's timeouts say and no longer, whatever signals arrive ([`Socket`] has the rules).
//! SIGPIPE is never raised, descriptors are never inherited by programs that are executed, a datagram is never cut in
//! silence. The same core carries a C ABI, behind the feature `capi`; its header is `include/jackfield.h`.

#[cfg(feature = "capi")]
mod ffi;
mod net;
mod sys;

pub use net::{
    Addr, Arrival, Batch, Credentials, Datagram, Dialer, Endpoint, EndpointError, Error, Events, Family, Flags,
    Incoming, Incomplete, Interface, InterfaceFlags, Opt, Origin, Outgoing, PacketInfo, Poller, PollerEvent,
    QueuedError, RecvBuf, Result, SendBuf, Shutdown, Socket, TcpFields, TcpInfo, TcpOptions, TcpState, Type, VEC_MAX,
    WAIT_MAX, WaitItem, interfaces, listen_fds, resolve, resolve_addr, wait,
};
