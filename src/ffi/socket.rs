//! Opening, connecting and closing sockets: the C functions.

use super::addr::{addr, jf_addr};
use super::boundary::{done, guard, optional, required};
use super::handle::{LARGE_TABLE, Table};
use crate::net::{Addr, Error, Family, Result, Shutdown, Socket, Type};
use std::os::fd::{AsRawFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};

/// A handle of a socket: positive and below 2^53. A handle stands for one socket and is never reused.
pub type jf_socket = i64;

/// Address families.
#[repr(C)]
#[allow(dead_code, reason = "C names for numbers that the core defines")]
#[derive(Clone, Copy)]
pub enum jf_family {
    /// No family: there is no address.
    JF_UNSPEC = 0,
    /// IPv4.
    JF_INET = 1,
    /// IPv6; also IPv4, unless JF_OPT_ONLY_V6 is set.
    JF_INET6 = 2,
    /// Sockets within one machine. An address is a path, an abstract name (Linux) or unnamed.
    JF_UNIX = 3,
    /// Communication with the kernel (Linux): routes, links and more, by the protocol given to jf_open. See netlink(7).
    JF_NETLINK = 4,
    /// Communication between a virtual machine and its host.
    JF_VSOCK = 5,
    /// Frames as a network interface sends and receives them (Linux). Requires CAP_NET_RAW.
    JF_PACKET = 6,
}

/// Types of sockets.
#[repr(C)]
#[allow(dead_code, reason = "C names for numbers that the core defines")]
#[derive(Clone, Copy)]
pub enum jf_type {
    /// A reliable, ordered stream of bytes: TCP, or a UNIX stream.
    JF_STREAM = 1,
    /// Datagrams, each sent and received as a whole or not at all: UDP, or UNIX datagrams.
    JF_DGRAM = 2,
    /// Reliable, ordered messages over a connection: JF_UNIX, JF_VSOCK, SCTP.
    JF_SEQPACKET = 3,
    /// Datagrams of the layer below. With IP: the packets of one protocol; received IPv4 packets include their IP
    /// header. With JF_PACKET: frames with their header. Both require CAP_NET_RAW. With JF_NETLINK: the same as
    /// JF_DGRAM.
    JF_RAW = 4,
}

/// Directions to shut down.
#[repr(C)]
#[allow(dead_code, reason = "C names for numbers that the core defines")]
#[derive(Clone, Copy)]
pub enum jf_how {
    /// No more data will be received.
    JF_SHUT_READ = 1,
    /// No more data will be sent; the peer reads the end of the stream.
    JF_SHUT_WRITE = 2,
    /// Both directions.
    JF_SHUT_BOTH = 3,
}

const KIND: u64 = 1;

#[cfg(not(loom))]
pub static SOCKETS: Table<Socket, KIND, LARGE_TABLE> = Table::new();
#[cfg(loom)]
pub static SOCKETS: std::sync::LazyLock<Table<Socket, KIND, LARGE_TABLE>> = std::sync::LazyLock::new(Table::new);

pub fn number(number: i32) -> u16 {
    // No family, type or direction has this number.
    u16::try_from(number).unwrap_or(u16::MAX)
}

fn family(family: i32) -> Result<Family> {
    Family::from_number(number(family)).filter(|&family| family != Family::Unspec).ok_or(Error::FAMILY_UNSUPPORTED)
}

pub fn kind(kind: i32) -> Result<Type> {
    Type::from_number(number(kind)).ok_or(Error::TYPE_UNSUPPORTED)
}

/// Opens a socket. Its descriptor is close-on-exec.
///
/// On an ICMP socket of type JF_DGRAM, only jf_recv_msg reports that a message was truncated. Linux ignores a segment
/// size on such a socket.
///
/// @param family    [enum(jf_family)] JF_INET, JF_INET6, JF_UNIX, JF_NETLINK, JF_VSOCK or JF_PACKET
/// @param type      [enum(jf_type)] JF_STREAM, JF_DGRAM, JF_SEQPACKET or JF_RAW
/// @param protocol  0 for the default protocol of the family and type, or a number. With JF_INET and JF_INET6: a number
///                  from /etc/protocols, such as 6 (TCP), 132 (SCTP), 136 (UDP-Lite), 1 (ICMP) or 58 (ICMPv6). With
///                  JF_NETLINK: a number from netlink(7); 0 is routing. With JF_PACKET: an Ethernet type in the host's
///                  byte order; 3 is all types, 0 is none yet
///
/// @blocks  never
/// @return  [new jf_socket] the socket, which the caller closes with jf_close
/// @error JF_E_FAMILY_UNSUPPORTED, JF_E_TYPE_UNSUPPORTED, JF_E_PROTOCOL_UNSUPPORTED  the system has no such socket
/// @error JF_E_PERMISSION                           JF_RAW or JF_PACKET without CAP_NET_RAW
/// @error JF_E_ACCESS                               ICMP with JF_DGRAM, where the system does not allow it
/// @error JF_E_INVALID                              `protocol` is negative
/// @error JF_E_TOO_MANY_FILES, JF_E_SYSTEM_FILES    no descriptor is left in the process or in the system
/// @error JF_E_NO_BUFFERS                           the system has no buffer space left
/// @see socket(2)
/// @since 0.1
#[unsafe(no_mangle)]
pub extern "C" fn jf_open(family: i32, r#type: i32, protocol: i32) -> i64 {
    guard(|| SOCKETS.insert(|| Socket::open(self::family(family)?, kind(r#type)?, protocol)))
}

/// Opens two sockets that are connected to each other.
///
/// @param family  [enum(jf_family)] JF_UNIX
/// @param type    [enum(jf_type)] JF_STREAM, JF_DGRAM or JF_SEQPACKET
/// @param out     [out, array(2)] where to write the two sockets; close each with jf_close
///
/// @blocks  never
/// @return  [nothing]
/// @error JF_E_FAMILY_UNSUPPORTED                 the family is not JF_UNIX
/// @error JF_E_TYPE_UNSUPPORTED                   the family has no such type
/// @error JF_E_TOO_MANY_FILES, JF_E_SYSTEM_FILES  no descriptor is left in the process or in the system
/// @see socketpair(2)
/// @since 0.1
// SAFETY: `out` is NULL or writable for two.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_pair(family: i32, r#type: i32, out: *mut jf_socket) -> i64 {
    guard(|| {
        // SAFETY: guaranteed by the caller.
        let out = unsafe { required(out.cast::<[jf_socket; 2]>()) }?;
        let (a, b) = Socket::pair(self::family(family)?, kind(r#type)?)?;
        let a = SOCKETS.insert(|| Ok(a))?;
        let b = SOCKETS.insert(|| Ok(b)).inspect_err(|_| drop(SOCKETS.remove(a, Socket::cancel)))?;
        out.write([a, b]);
        Ok(0)
    })
}

/// Binds a socket to a local address.
///
/// Port 0 selects a free port. For an unnamed UNIX address, Linux selects an abstract name. jf_local_addr returns the
/// address that was selected.
///
/// @param s  socket
/// @param a  [in] local address
///
/// @blocks  never
/// @return  [nothing]
/// @error JF_E_ADDR_IN_USE         the address is in use
/// @error JF_E_ADDR_NOT_AVAILABLE  the address does not belong to this machine
/// @error JF_E_ACCESS              the process may not use the port, or may not write to the directory of the path
/// @error JF_E_NOT_FOUND           the directory of the path does not exist
/// @error JF_E_FAMILY_UNSUPPORTED  the address and the socket differ in family
/// @error JF_E_ADDR_INVALID        the address is invalid
/// @error JF_E_INVALID             the socket is already bound
/// @see bind(2)
/// @since 0.1
// SAFETY: `a` is NULL or readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_bind(s: jf_socket, a: *const jf_addr) -> i64 {
    guard(|| {
        // SAFETY: guaranteed by the caller.
        let addr = unsafe { addr(a) }?;
        SOCKETS.with(s, |socket| socket.bind(addr)).map(done)
    })
}

/// Makes a socket listen: the system accepts connections and queues them until jf_accept.
///
/// @param s        socket, usually bound; for an unbound socket, the system selects an address
/// @param backlog  maximum number of queued connections, 0 or more; -1 for the maximum of the system. The system may
///                 limit the number
///
/// @blocks  never
/// @return  [nothing]
/// @error JF_E_ADDR_IN_USE  another socket listens at the address
/// @error JF_E_UNSUPPORTED  datagram socket
/// @error JF_E_INVALID      `backlog` is below -1, the socket is connected, or is a UNIX socket without an address
/// @see listen(2)
/// @since 0.1
#[unsafe(no_mangle)]
pub extern "C" fn jf_listen(s: jf_socket, backlog: i32) -> i64 {
    guard(|| SOCKETS.with(s, |socket| socket.listen(backlog)).map(done))
}

/// Accepts the next connection.
///
/// Both timeouts of the new socket are -1, and its JF_OPT_INTERRUPTIBLE is 0, whatever the listener has set. On TCP,
/// Linux copies most other options of the listener, such as JF_OPT_NO_DELAY. Any number of threads may accept on one
/// socket.
///
/// @param s     listening socket
/// @param peer  [out, optional] where to write the address of the peer
///
/// @blocks  at most JF_OPT_RECV_TIMEOUT, until a connection is available
/// @return  [new jf_socket] the connection
/// @error JF_E_WOULD_BLOCK, JF_E_TIMED_OUT        no connection arrived in time
/// @error JF_E_CONN_ABORTED                       the peer closed the connection before it was accepted; accept again
/// @error JF_E_TOO_MANY_FILES, JF_E_SYSTEM_FILES  no descriptor is left for the connection, which stays in the queue
/// @error JF_E_INVALID                            the socket does not listen
/// @error JF_E_UNSUPPORTED                        datagram socket
/// @see accept(2)
/// @since 0.1
// SAFETY: `peer` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_accept(s: jf_socket, peer: *mut jf_addr) -> i64 {
    guard(|| {
        // SAFETY: guaranteed by the caller; the layouts are equal.
        let peer = unsafe { optional(peer.cast::<Addr>()) }?;
        SOCKETS.insert(|| {
            let (connection, addr) = SOCKETS.with(s, Socket::accept)?;
            peer.map(|peer| peer.write(addr));
            Ok(connection)
        })
    })
}

/// Connects a socket to a peer.
///
/// A datagram or raw socket stores the address of the peer; no packet is sent. JF_UNSPEC removes the stored address.
///
/// If the timeout expires, the connection attempt continues. Call jf_connect again to wait for its result. With a
/// timeout of 0, first wait for JF_WRITABLE.
///
/// @param s  socket
/// @param a  [in] address of the peer
///
/// @blocks  at most JF_OPT_SEND_TIMEOUT, until the connection is established or refused
/// @return  [nothing]
/// @error JF_E_CONN_REFUSED        no socket listens at the address
/// @error JF_E_TIMED_OUT           the connection was not established in time
/// @error JF_E_IN_PROGRESS         the timeout is 0 and the connection attempt has started
/// @error JF_E_ALREADY             the timeout is 0 and an earlier attempt is still in progress
/// @error JF_E_WOULD_BLOCK         the timeout is 0 and the queue of the UNIX listener is full
/// @error JF_E_IS_CONNECTED        the socket is already connected
/// @error JF_E_NETWORK_UNREACHABLE, JF_E_HOST_UNREACHABLE  no route to the network or the host
/// @error JF_E_NOT_FOUND           the UNIX path does not exist
/// @error JF_E_ACCESS              the process may not connect to the UNIX path
/// @error JF_E_FAMILY_UNSUPPORTED  the address and the socket differ in family
/// @error JF_E_ADDR_INVALID        the address is invalid, is an unnamed UNIX address, or is JF_UNSPEC and the
///                                 socket is not a datagram socket
/// @see connect(2)
/// @since 0.1
// SAFETY: `a` is NULL or readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_connect(s: jf_socket, a: *const jf_addr) -> i64 {
    guard(|| {
        // SAFETY: guaranteed by the caller.
        let addr = unsafe { addr(a) }?;
        SOCKETS.with(s, |socket| socket.connect(addr)).map(done)
    })
}

/// Shuts down one or both directions of a connection. The socket stays open.
///
/// This affects every process that shares the socket, and wakes other threads that wait in that direction.
///
/// @param s    socket
/// @param how  [enum(jf_how)] JF_SHUT_READ, JF_SHUT_WRITE or JF_SHUT_BOTH
///
/// @blocks  never
/// @return  [nothing]
/// @error JF_E_NOT_CONNECTED  the socket is not connected; Linux does not report this for JF_UNIX
/// @see shutdown(2)
/// @since 0.1
#[unsafe(no_mangle)]
pub extern "C" fn jf_shutdown(s: jf_socket, how: i32) -> i64 {
    guard(|| {
        let how = Shutdown::from_number(number(how)).ok_or(Error::INVALID)?;
        SOCKETS.with(s, |socket| socket.shutdown(how)).map(done)
    })
}

/// Closes a socket.
///
/// Calls in flight on the socket return JF_E_CLOSED, or the part that they have completed. Later calls return
/// JF_E_CLOSED and have no effect. When jf_close returns, no call uses the socket, and its descriptor is closed. Data
/// that was sent is still delivered, unless JF_OPT_LINGER is 0. See docs/closing.md for duplicates, other processes,
/// fork() and lingering.
///
/// @param s  socket; any other number has no effect and returns JF_E_CLOSED or JF_E_BAD_HANDLE
///
/// @blocks  until calls in flight have returned (at most about 20 milliseconds), and then for as long as JF_OPT_LINGER
///          allows
/// @return  [nothing]
/// @see close(2)
/// @since 0.1
#[unsafe(no_mangle)]
pub extern "C" fn jf_close(s: jf_socket) -> i64 {
    guard(|| SOCKETS.remove(s, Socket::cancel).map(drop).map(done))
}

/// Reads the local address of a socket. An unnamed UNIX socket has an address whose `len` is 0.
///
/// @param s    socket
/// @param out  [out] where to write the address
///
/// @blocks  never
/// @return  [nothing]
/// @see getsockname(2)
/// @since 0.1
// SAFETY: `out` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_local_addr(s: jf_socket, out: *mut jf_addr) -> i64 {
    // SAFETY: guaranteed by the caller.
    guard(|| unsafe { write_addr(s, out, Socket::local_addr) })
}

/// Reads the address of the peer. An unnamed UNIX socket has an address whose `len` is 0.
///
/// @param s    socket
/// @param out  [out] where to write the address
///
/// @blocks  never
/// @return  [nothing]
/// @error JF_E_NOT_CONNECTED  the socket is not connected
/// @see getpeername(2)
/// @since 0.1
// SAFETY: `out` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_peer_addr(s: jf_socket, out: *mut jf_addr) -> i64 {
    // SAFETY: guaranteed by the caller.
    guard(|| unsafe { write_addr(s, out, Socket::peer_addr) })
}

/// # Safety
/// `out` must be NULL or writable.
unsafe fn write_addr(s: jf_socket, out: *mut jf_addr, read: impl FnOnce(&Socket) -> Result<Addr>) -> Result<i64> {
    // SAFETY: guaranteed by the caller; the layouts are equal.
    let out = unsafe { required(out.cast::<Addr>()) }?;
    out.write(SOCKETS.with(s, read)?);
    Ok(0)
}

/// Makes a jf_socket from the descriptor of a socket.
///
/// The descriptor becomes close-on-exec. If it is non-blocking, both timeouts of the socket are 0. Otherwise
/// JF_OPT_RECV_TIMEOUT and JF_OPT_SEND_TIMEOUT are the values of SO_RCVTIMEO and SO_SNDTIMEO.
///
/// @param fd  [owned fd] descriptor that no other jf_socket owns. Don't close it elsewhere: the second close could hit
///            an unrelated file. If the call fails, the descriptor is unchanged and stays the caller's
///
/// @blocks  never
/// @return  [new jf_socket] the socket, which the caller closes with jf_close
/// @error JF_E_NOT_SOCKET                                 the descriptor is not a socket
/// @error JF_E_BAD_HANDLE                                 the descriptor is not open
/// @error JF_E_FAMILY_UNSUPPORTED, JF_E_TYPE_UNSUPPORTED  the library does not support this kind of socket
/// @since 0.1
#[unsafe(no_mangle)]
pub extern "C" fn jf_from_fd(fd: i64) -> i64 {
    guard(|| {
        let fd = RawFd::try_from(fd).ok().filter(|&fd| fd >= 0).ok_or(Error::BAD_HANDLE)?;
        SOCKETS.insert(|| {
            // SAFETY: the caller transfers ownership. On failure, it is returned below and not closed.
            let fd = unsafe { OwnedFd::from_raw_fd(fd) };
            Socket::from_fd(fd).map_err(|(error, fd)| {
                let _owned_by_the_caller = fd.into_raw_fd();
                error
            })
        })
    })
}

/// Releases the descriptor of a socket from its handle. On success the handle is closed.
///
/// The descriptor keeps the timeouts: it is non-blocking if both are 0; otherwise it is blocking, with SO_RCVTIMEO and
/// SO_SNDTIMEO set. If jf_recv_many has enabled UDP GRO, it is disabled again.
///
/// @param s  socket
///
/// @blocks  never
/// @return  [owned fd] the descriptor, which the caller closes
/// @error JF_E_BUSY  another thread has a call in flight on the socket
/// @since 0.1
#[unsafe(no_mangle)]
pub extern "C" fn jf_into_fd(s: jf_socket) -> i64 {
    guard(|| Ok(SOCKETS.remove_unused(s)?.into_fd().into_raw_fd().into()))
}

/// Returns the descriptor of a socket, for inspection or for waiting.
///
/// The library still owns the descriptor. Don't close it. After jf_close, the same number may stand for another file.
///
/// @param s  socket
///
/// @blocks  never
/// @return  [borrowed fd] the descriptor
/// @since 0.1
#[unsafe(no_mangle)]
pub extern "C" fn jf_fd(s: jf_socket) -> i64 {
    guard(|| SOCKETS.with(s, |socket| Ok(socket.as_raw_fd().into())))
}

/// Opens another handle for the same socket, with a separate close-on-exec descriptor.
///
/// Both handles share everything that the system keeps: options, queued data, and shut-down directions. Each handle has
/// a separate JF_OPT_INTERRUPTIBLE and separate timeouts, initially those of `s`. The library also stores the timeouts
/// in the socket, which both handles share. If the two handles have different timeouts, a call may wait longer than its
/// timeout.
///
/// Each handle is closed separately. The connection ends when the last one is closed, or when one is closed during
/// another thread's call on it. See docs/closing.md.
///
/// @param s  socket
///
/// @blocks  never
/// @return  [new jf_socket] the duplicate, which the caller closes with jf_close
/// @error JF_E_TOO_MANY_FILES  no descriptor is left in the process
/// @see fcntl(2)
/// @since 0.1
#[unsafe(no_mangle)]
pub extern "C" fn jf_dup(s: jf_socket) -> i64 {
    guard(|| SOCKETS.insert(|| SOCKETS.with(s, Socket::try_clone)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c_and_rust_numbers_are_equal() {
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
