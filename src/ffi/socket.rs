//! The life of a socket as C sees it.

use super::addr::{addr, jf_addr};
use super::boundary::{done, guard, optional, required};
use super::handle::{MANY, Table};
use crate::net::{Addr, Error, Family, Result, Shutdown, Socket, Type};
use std::os::fd::{AsRawFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};

/// A socket. The number is positive and below 2^53, stands for this socket alone, and is never given out again.
pub type jf_socket = i64;

/// Address families.
#[repr(C)]
#[allow(dead_code, reason = "these are C's names for numbers of the core")]
#[derive(Clone, Copy)]
pub enum jf_family {
    /// None: the family of an address that stands for nothing.
    JF_UNSPEC = 0,
    /// IPv4.
    JF_INET = 1,
    /// IPv6, and IPv4 too unless JF_OPT_ONLY_V6 is set.
    JF_INET6 = 2,
    /// Sockets within one machine, named by a path, by an abstract name (Linux) or not at all.
    JF_UNIX = 3,
    /// Talking with the kernel (Linux): routes, links and more, by jf_open's protocol. Its messages are netlink(7)'s.
    JF_NETLINK = 4,
    /// Between a virtual machine and its host.
    JF_VSOCK = 5,
    /// Frames as a network interface sends and receives them (Linux); it takes CAP_NET_RAW.
    JF_PACKET = 6,
}

/// Types of sockets.
#[repr(C)]
#[allow(dead_code, reason = "these are C's names for numbers of the core")]
#[derive(Clone, Copy)]
pub enum jf_type {
    /// A stream of bytes, in order and without loss: TCP, or a UNIX stream.
    JF_STREAM = 1,
    /// Datagrams, each sent and received whole or not at all: UDP, or UNIX datagrams.
    JF_DGRAM = 2,
    /// Messages in order and without loss, over a connection: JF_UNIX, JF_VSOCK, SCTP.
    JF_SEQPACKET = 3,
    /// Datagrams of the layer below, which takes CAP_NET_RAW: IP packets of one protocol (of IPv4 they are received
    /// with their header), frames with theirs; of JF_NETLINK the same as JF_DGRAM.
    JF_RAW = 4,
}

/// Directions to shut down.
#[repr(C)]
#[allow(dead_code, reason = "these are C's names for numbers of the core")]
#[derive(Clone, Copy)]
pub enum jf_how {
    /// Nothing more will be received.
    JF_SHUT_READ = 1,
    /// Nothing more will be sent; the peer reads the end of the stream.
    JF_SHUT_WRITE = 2,
    /// Both.
    JF_SHUT_BOTH = 3,
}

const KIND: u64 = 1;

#[cfg(not(loom))]
pub static SOCKETS: Table<Socket, KIND, MANY> = Table::new();
#[cfg(loom)]
pub static SOCKETS: std::sync::LazyLock<Table<Socket, KIND, MANY>> = std::sync::LazyLock::new(Table::new);

pub fn number(number: i32) -> u16 {
    // What is out of range is the number of nothing.
    u16::try_from(number).unwrap_or(u16::MAX)
}

fn family(family: i32) -> Result<Family> {
    Family::from_number(number(family)).filter(|&family| family != Family::Unspec).ok_or(Error::FAMILY_UNSUPPORTED)
}

pub fn kind(kind: i32) -> Result<Type> {
    Type::from_number(number(kind)).ok_or(Error::TYPE_UNSUPPORTED)
}

/// Opens a socket. No program executed later inherits it.
///
/// family: JF_INET, JF_INET6, JF_UNIX, JF_NETLINK, JF_VSOCK or JF_PACKET.
/// type: JF_STREAM, JF_DGRAM, JF_SEQPACKET or JF_RAW.
/// protocol: 0 for the usual one of the family and type; a number from /etc/protocols, such as 6 for TCP, 132 for SCTP,
/// 136 for UDP-Lite, 1 for ICMP (with JF_RAW) or 58 for ICMPv6; of JF_NETLINK a number from netlink(7), where 0 is
/// routing; of JF_PACKET an Ethernet type in the host's byte order, 3 for all, 0 for none yet.
///
/// Never blocks. Returns the socket, which the caller closes with jf_close. Errors: JF_E_FAMILY_UNSUPPORTED,
/// JF_E_TYPE_UNSUPPORTED and JF_E_PROTOCOL_UNSUPPORTED when there is no such socket; JF_E_PERMISSION for JF_RAW and
/// JF_PACKET, JF_E_ACCESS for ICMP with JF_DGRAM where the system does not allow it (of such a socket Linux tells only
/// jf_recv_msg that a message was cut, and passes over a segment size); JF_E_INVALID for a negative protocol;
/// JF_E_TOO_MANY_FILES; JF_E_SYSTEM_FILES; JF_E_NO_MEMORY; JF_E_NO_BUFFERS. See socket(2). Since 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn jf_open(family: i32, r#type: i32, protocol: i32) -> i64 {
    guard(|| SOCKETS.insert(|| Socket::open(self::family(family)?, kind(r#type)?, protocol)))
}

/// Opens two sockets that are connected with each other.
///
/// family: JF_UNIX.
/// type: JF_STREAM, JF_DGRAM or JF_SEQPACKET.
/// out: room for the two sockets, which the caller closes with jf_close; not NULL.
///
/// Never blocks. Returns 0. Errors: JF_E_FAMILY_UNSUPPORTED for every other family; JF_E_TYPE_UNSUPPORTED;
/// JF_E_INVALID for a NULL; JF_E_TOO_MANY_FILES; JF_E_SYSTEM_FILES; JF_E_NO_MEMORY. See socketpair(2). Since 0.1.
// SAFETY: `out` is NULL or writable for two.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_pair(family: i32, r#type: i32, out: *mut jf_socket) -> i64 {
    guard(|| {
        // SAFETY: the caller's.
        let out = unsafe { required(out.cast::<[jf_socket; 2]>()) }?;
        let (a, b) = Socket::pair(self::family(family)?, kind(r#type)?)?;
        let a = SOCKETS.insert(|| Ok(a))?;
        let b = SOCKETS.insert(|| Ok(b)).inspect_err(|_| drop(SOCKETS.remove(a, Socket::cancel)))?;
        out.write([a, b]);
        Ok(0)
    })
}

/// Gives a socket an address of its own. Port 0 is a free one, and for a UNIX address without a name Linux picks an
/// abstract one; jf_local_addr tells which.
///
/// s: the socket.
/// a: the address; not NULL.
///
/// Never blocks. Returns 0. Errors: JF_E_ADDR_IN_USE; JF_E_ADDR_NOT_AVAILABLE when it is not an address of this
/// machine; JF_E_ACCESS for a port or a folder that is not the caller's; JF_E_NOT_FOUND when the path's folder does
/// not exist; JF_E_FAMILY_UNSUPPORTED for an address of another family than the socket's; JF_E_ADDR_INVALID when it is
/// not an address; JF_E_INVALID for a NULL, or when the socket has an address; JF_E_BAD_HANDLE. See bind(2). Since
/// 0.1.
// SAFETY: `a` is NULL or readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_bind(s: jf_socket, a: *const jf_addr) -> i64 {
    guard(|| {
        // SAFETY: the caller's.
        let addr = unsafe { addr(a) }?;
        SOCKETS.with(s, |socket| socket.bind(addr)).map(done)
    })
}

/// Has the system take connections and keep them until they are accepted.
///
/// s: the socket; usually bound, else the system picks an address.
/// backlog: how many connections to keep at the most, 0 or more; -1 for as many as the system allows. The system may
/// limit it.
///
/// Never blocks. Returns 0. Errors: JF_E_ADDR_IN_USE when another socket listens there; JF_E_UNSUPPORTED for a
/// datagram socket; JF_E_INVALID for a backlog below -1, for a UNIX socket without an address, or when the socket is
/// connected; JF_E_BAD_HANDLE. See listen(2). Since 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn jf_listen(s: jf_socket, backlog: i32) -> i64 {
    guard(|| SOCKETS.with(s, |socket| socket.listen(backlog)).map(done))
}

/// Waits for the next connection. The new socket waits for ever in its calls, whatever the timeouts of the listener.
///
/// s: a listening socket.
/// peer: where to write the peer's address; NULL if it does not matter.
///
/// Blocks for JF_OPT_RECV_TIMEOUT. Any number of threads may accept on one socket. Returns the connection, which the
/// caller closes with jf_close. Errors: JF_E_WOULD_BLOCK and JF_E_TIMED_OUT when none came; JF_E_CLOSED when another
/// thread closed the listener; JF_E_INVALID when it does not listen; JF_E_UNSUPPORTED for a datagram socket;
/// JF_E_INTERRUPTED; JF_E_CONN_ABORTED when the peer has gone: accept again; JF_E_TOO_MANY_FILES and JF_E_SYSTEM_FILES
/// when there is no descriptor for it, and then it waits on; JF_E_NO_MEMORY; JF_E_BAD_HANDLE. See accept(2). Since
/// 0.1.
// SAFETY: `peer` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_accept(s: jf_socket, peer: *mut jf_addr) -> i64 {
    guard(|| {
        // SAFETY: the caller's; the layouts are the same.
        let peer = unsafe { optional(peer.cast::<Addr>()) }?;
        SOCKETS.insert(|| {
            let (connection, addr) = SOCKETS.with(s, Socket::accept)?;
            peer.map(|peer| peer.write(addr));
            Ok(connection)
        })
    })
}

/// Connects a socket to a peer. A datagram or raw socket only remembers the peer's address; JF_UNSPEC has it forget.
///
/// s: the socket.
/// a: the peer's address; not NULL.
///
/// Blocks for JF_OPT_SEND_TIMEOUT; a connection that is not made in that time goes on being made, and calling again
/// waits for it once more. Returns 0. Errors: JF_E_CONN_REFUSED; JF_E_TIMED_OUT; JF_E_IN_PROGRESS when the timeout is
/// 0, and JF_E_ALREADY when it is called again meanwhile; JF_E_NETWORK_UNREACHABLE; JF_E_HOST_UNREACHABLE;
/// JF_E_IS_CONNECTED; JF_E_CLOSED when another thread closed the socket; JF_E_INTERRUPTED; for a UNIX path
/// JF_E_NOT_FOUND, JF_E_ACCESS, and JF_E_WOULD_BLOCK when the listener's queue is full and the timeout is 0;
/// JF_E_FAMILY_UNSUPPORTED for an address of another family than the socket's; JF_E_ADDR_INVALID when it is not an
/// address, for a UNIX address without a name, and for JF_UNSPEC when it is no datagram socket; JF_E_INVALID for a
/// NULL; JF_E_BAD_HANDLE. See connect(2). Since 0.1.
// SAFETY: `a` is NULL or readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_connect(s: jf_socket, a: *const jf_addr) -> i64 {
    guard(|| {
        // SAFETY: the caller's.
        let addr = unsafe { addr(a) }?;
        SOCKETS.with(s, |socket| socket.connect(addr)).map(done)
    })
}

/// Ends one or both directions of a connection, for every process that shares the socket. The socket stays open.
///
/// s: the socket.
/// how: JF_SHUT_READ, JF_SHUT_WRITE or JF_SHUT_BOTH.
///
/// Never blocks; wakes calls of other threads that wait in that direction. Returns 0. Errors: JF_E_NOT_CONNECTED
/// (Linux does not say so of JF_UNIX); JF_E_INVALID for an unknown direction; JF_E_BAD_HANDLE. See shutdown(2). Since
/// 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn jf_shutdown(s: jf_socket, how: i32) -> i64 {
    guard(|| {
        let how = Shutdown::from_number(number(how)).ok_or(Error::INVALID)?;
        SOCKETS.with(s, |socket| socket.shutdown(how)).map(done)
    })
}

/// Closes a socket. Calls that other threads have in flight on it return JF_E_CLOSED (or what they had done); later
/// ones return JF_E_BAD_HANDLE. When it returns, no call uses the socket any more, its descriptor is closed, and its
/// address is free again unless a duplicate or another process still holds the socket. If calls were in flight, the
/// connection is shut down for every process that shares it. What was sent is still delivered.
///
/// s: the socket; any number, in fact: what is not an open socket does no harm.
///
/// Waits until calls in flight are out, which takes some 20 milliseconds at most, and as JF_OPT_LINGER says. Must not
/// be called from a signal handler. Returns 0. Errors: JF_E_BAD_HANDLE. See close(2). Since 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn jf_close(s: jf_socket) -> i64 {
    guard(|| SOCKETS.remove(s, Socket::cancel).map(drop).map(done))
}

/// The socket's own address. That of a UNIX socket without a name has len 0.
///
/// s: the socket.
/// out: where to write the address; not NULL.
///
/// Never blocks. Returns 0. Errors: JF_E_INVALID for a NULL; JF_E_BAD_HANDLE. See getsockname(2). Since 0.1.
// SAFETY: `out` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_local_addr(s: jf_socket, out: *mut jf_addr) -> i64 {
    // SAFETY: the caller's.
    guard(|| unsafe { name(s, out, Socket::local_addr) })
}

/// The address of the socket's peer. That of a UNIX socket without a name has len 0.
///
/// s: the socket.
/// out: where to write the address; not NULL.
///
/// Never blocks. Returns 0. Errors: JF_E_NOT_CONNECTED; JF_E_INVALID for a NULL; JF_E_BAD_HANDLE. See getpeername(2).
/// Since 0.1.
// SAFETY: `out` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_peer_addr(s: jf_socket, out: *mut jf_addr) -> i64 {
    // SAFETY: the caller's.
    guard(|| unsafe { name(s, out, Socket::peer_addr) })
}

/// # Safety
/// `out` must be NULL or writable.
unsafe fn name(s: jf_socket, out: *mut jf_addr, name: impl FnOnce(&Socket) -> Result<Addr>) -> Result<i64> {
    // SAFETY: the caller's; the layouts are the same.
    let out = unsafe { required(out.cast::<Addr>()) }?;
    out.write(SOCKETS.with(s, name)?);
    Ok(0)
}

/// Takes over a socket's descriptor from elsewhere, which becomes close-on-exec. It keeps its mode: a non-blocking
/// descriptor makes a socket whose timeouts are 0, one with SO_RCVTIMEO or SO_SNDTIMEO a socket with that timeout.
///
/// fd: the descriptor, which no socket of the library may own already: two owners would end up with somebody else's
/// descriptor when one of them closes it. On success it belongs to the library and must not be closed elsewhere; on
/// failure it is still the caller's, unchanged.
///
/// Never blocks. Returns the socket, which the caller closes with jf_close. Errors: JF_E_NOT_SOCKET; JF_E_BAD_HANDLE
/// when the descriptor is not open; JF_E_FAMILY_UNSUPPORTED and JF_E_TYPE_UNSUPPORTED for a kind of socket that the
/// library does not know; JF_E_NO_MEMORY. Since 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn jf_from_fd(fd: i64) -> i64 {
    guard(|| {
        let fd = RawFd::try_from(fd).ok().filter(|&fd| fd >= 0).ok_or(Error::BAD_HANDLE)?;
        SOCKETS.insert(|| {
            // SAFETY: the caller gives it away. Should it turn out not to be a socket, it is given back, not closed.
            let fd = unsafe { OwnedFd::from_raw_fd(fd) };
            Socket::from_fd(fd).map_err(|(error, fd)| {
                let _still_the_callers = fd.into_raw_fd();
                error
            })
        })
    })
}

/// Gives up a socket and returns its descriptor, with the socket's timeouts in it: non-blocking if both are 0, else
/// blocking, with SO_RCVTIMEO and SO_SNDTIMEO.
///
/// s: the socket; on success it is closed as a handle.
///
/// Never blocks. Returns the descriptor, which the caller closes. Errors: JF_E_BUSY while another thread has a call in
/// flight on it; JF_E_BAD_HANDLE. Since 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn jf_into_fd(s: jf_socket) -> i64 {
    guard(|| Ok(SOCKETS.remove_unused(s)?.into_fd().into_raw_fd().into()))
}

/// The descriptor of a socket, to look at or to wait for. It remains the library's: it must not be closed, and after
/// jf_close its number may be another file's.
///
/// s: the socket.
///
/// Never blocks. Returns the descriptor. Errors: JF_E_BAD_HANDLE. Since 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn jf_fd(s: jf_socket) -> i64 {
    guard(|| SOCKETS.with(s, |socket| Ok(socket.as_raw_fd().into())))
}

/// Opens another handle for the same socket, with a descriptor of its own that no program executed later inherits. The
/// two are closed independently, and the connection ends with the last, or when one is closed while a call of another
/// thread is in flight on it. All that the system keeps is shared: options, data, and the end of a direction. Each
/// handle has timeouts of its own, at first those of s, and should not be given others.
///
/// s: the socket.
///
/// Never blocks. Returns the new handle, which the caller closes with jf_close. Errors: JF_E_TOO_MANY_FILES;
/// JF_E_NO_MEMORY; JF_E_BAD_HANDLE. See fcntl(2), F_DUPFD_CLOEXEC. Since 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn jf_dup(s: jf_socket) -> i64 {
    guard(|| SOCKETS.insert(|| SOCKETS.with(s, Socket::try_clone)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c_and_rust_number_alike() {
        assert_eq!(jf_family::JF_UNSPEC as u16, Family::Unspec as u16);
        assert_eq!(jf_family::JF_INET as u16, Family::Inet as u16);
        assert_eq!(jf_family::JF_INET6 as u16, Family::Inet6 as u16);
        assert_eq!(jf_family::JF_UNIX as u16, Family::Unix as u16);
        assert_eq!(jf_family::JF_NETLINK as u16, Family::Netlink as u16);
        assert_eq!(jf_family::JF_VSOCK as u16, Family::Vsock as u16);
        assert_eq!(jf_family::JF_PACKET as u16, Family::Packet as u16);
        assert_eq!(jf_type::JF_STREAM as u16, Type::Stream as u16);
        assert_eq!(jf_type::JF_DGRAM as u16, Type::Dgram as u16);
        assert_eq!(jf_type::JF_SEQPACKET as u16, Type::SeqPacket as u16);
        assert_eq!(jf_type::JF_RAW as u16, Type::Raw as u16);
        assert_eq!(jf_how::JF_SHUT_READ as u16, Shutdown::Read as u16);
        assert_eq!(jf_how::JF_SHUT_WRITE as u16, Shutdown::Write as u16);
        assert_eq!(jf_how::JF_SHUT_BOTH as u16, Shutdown::Both as u16);
    }
}
