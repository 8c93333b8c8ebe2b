//! Serving an endpoint: bind and listen.

use crate::net::addr::endpoint::{Endpoint, Place};
use crate::net::addr::host_port::{Host, Port};
use crate::net::deadline::Deadline;
use crate::net::dial::resolve::{Query, addresses_of};
use crate::net::listen::socket_file::SocketFile;
use crate::net::{Addr, Error, Family, Opt, Result, Socket, Type};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The timeout of the lookup of service and host, in milliseconds.
const LOOKUP_TIMEOUT_MS: i64 = 5000;

/// All addresses of this machine. A socket with the first one serves both families. Without IPv6, the second one is
/// used.
const EVERYWHERE: [IpAddr; 2] = [IpAddr::V6(Ipv6Addr::UNSPECIFIED), IpAddr::V4(Ipv4Addr::UNSPECIFIED)];

impl Socket {
    /// Opens a socket, binds it to an [`Endpoint`] and, except for `udp://`, listens. `backlog` is as for
    /// [`Socket::listen`].
    ///
    /// - An endpoint without a host means all addresses of this machine: IPv6 and IPv4 on one socket, whatever the
    ///   system's default is.
    /// - Names of services and hosts are looked up for at most 5 seconds. The socket is bound to the host's first IPv4
    ///   address that belongs to this machine, or else to its first such IPv6 address.
    /// - A stream socket gets [`Opt::ReuseAddr`], so that a server can be restarted at once. So does a datagram socket
    ///   of a multicast group, which can have several receivers.
    /// - A UNIX socket file that no server listens on any more is replaced. Dropping the socket does not remove its
    ///   file. Servers that start at the same time take turns by a lock on the directory ([flock(2)]).
    ///
    /// ```
    /// use jackfield::Socket;
    /// let server = Socket::serve("tcp://:0", -1)?;
    /// println!("serving port {:?}", server.local_addr()?.port());
    /// # Ok::<(), jackfield::Error>(())
    /// ```
    ///
    /// # Errors
    /// - [`Error::ADDR_IN_USE`]: another server has the address.
    /// - [`Error::EXISTS`]: the path is a file that is not a socket.
    /// - [`Error::BUSY`]: another process held the lock on the directory for more than a second.
    /// - [`Error::ADDR_INVALID`]: the text is not an endpoint, or one that cannot be served.
    /// - [`Error::ADDR_NOT_AVAILABLE`]: no address belongs to this machine.
    /// - [`Error::ACCESS`], [`Error::PERMISSION`]: the port, the directory or the system's policy does not allow it.
    /// - [`Error::NOT_FOUND`]: the directory, service or zone does not exist.
    /// - [`Error::INVALID`]: the backlog is below -1.
    /// - Those of [`resolve`](crate::resolve) and [`Socket::open`].
    ///
    /// [flock(2)]: https://man7.org/linux/man-pages/man2/flock.2.html
    pub fn serve(endpoint: &str, backlog: i32) -> Result<Socket> {
        if backlog < -1 {
            return Err(Error::INVALID);
        }
        let Endpoint(place) = endpoint.parse()?;
        match place {
            Place::Unix(addr) => serve_unix(&addr, backlog),
            Place::Net(kind, host, port) => {
                let socket = bind_net(kind, host, port)?;
                if kind.has_connections() {
                    socket.listen(backlog)?;
                }
                Ok(socket)
            }
        }
    }
}

/// Binds to the first address that belongs to this machine.
fn bind_net(kind: Type, host: Host, port: Port) -> Result<Socket> {
    let query = Query { host, port, kind: Some(kind), local: EVERYWHERE };
    let mut addrs = addresses_of(&query, Family::Unspec, Deadline::from_ms(LOOKUP_TIMEOUT_MS)?)?;
    if query.has_host_name() {
        // IPv4 first: clients of a server on "localhost" use 127.0.0.1, or try both families.
        // Not by a sort, whose code would take 8 kilobytes.
        let (v6, v4): (Vec<Addr>, Vec<Addr>) = addrs.iter().partition(|addr| addr.family() == Family::Inet6);
        addrs = [v4, v6].concat();
    }
    let is_elsewhere = |error: &Error| matches!(*error, Error::ADDR_NOT_AVAILABLE | Error::FAMILY_UNSUPPORTED);
    addrs
        .iter()
        .map(|addr| bind_ip(kind, addr))
        .find(|result| !result.as_ref().is_err_and(is_elsewhere))
        .unwrap_or(Err(Error::ADDR_NOT_AVAILABLE))
}

fn bind_ip(kind: Type, addr: &Addr) -> Result<Socket> {
    let is_group = addr.ip().is_some_and(|ip| ip.to_canonical().is_multicast());
    if is_group && kind == Type::Stream {
        // Linux would listen, but no client can connect to a multicast address.
        return Err(Error::ADDR_INVALID);
    }
    let socket = Socket::open(addr.family(), kind, 0)?;
    // On a stream, it frees the port while old connections are in TIME_WAIT; a second listener is still refused. On
    // datagrams, the last bound socket would receive everything, except in a group, whose members all receive
    // everything. That is Linux: on Windows others could take the port (without SO_EXCLUSIVEADDRUSE), on BSD some of
    // its addresses.
    if kind == Type::Stream || is_group {
        socket.set(Opt::ReuseAddr, 1)?;
    }
    match socket.bind(addr) {
        // EINVAL: a link-local address without a zone.
        Err(Error::INVALID) => Err(Error::ADDR_INVALID),
        result => result.map(|()| socket),
    }
}

/// Binds to a path, replacing a dead socket file, or to an abstract name, and listens.
fn serve_unix(addr: &Addr, backlog: i32) -> Result<Socket> {
    let (socket, file) = (Socket::open(Family::Unix, Type::Stream, 0)?, SocketFile::at(addr));
    match &file {
        None => socket.bind(addr)?,
        Some(file) => match file.bind(&socket) {
            Err(Error::ADDR_IN_USE) => file.replace(&socket)?,
            result => result?,
        },
    }
    // listen(2) fails if a security policy forbids it. The file must not stay then.
    socket.listen(backlog).inspect_err(|_| file.iter().for_each(SocketFile::remove))?;
    Ok(socket)
}
