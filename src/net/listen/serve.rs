//! Serving an endpoint.

use crate::net::addr::endpoint::{Endpoint, Host, Place, Port};
use crate::net::deadline::Deadline;
use crate::net::dial::resolve::{addresses_of, port_number};
use crate::net::listen::socket_file::SocketFile;
use crate::net::{Addr, Error, Family, Opt, Result, Socket, Type};
use std::net::{Ipv4Addr, Ipv6Addr};

/// How long a name may take to be looked up, in milliseconds.
const LOOKUP_MS: i64 = 5000;

impl Socket {
    /// Opens a socket that serves an [`Endpoint`]: bound and, but for `udp://`, listening. The queue's length is as for
    /// [`Socket::listen`].
    ///
    /// Without a host it is all of this machine's addresses, IPv6 and IPv4 with one socket, whatever the system's
    /// default for that. A name, which is looked up for at most 5 seconds, stands for the first of its IPv4 addresses,
    /// or else IPv6 addresses, that is this machine's. A stream has [`Opt::ReuseAddr`], so that a server can be started
    /// again at once; so has a datagram socket of a multicast group, which can have many receivers.
    ///
    /// A socket file takes the place of one that nobody serves any more, and stays when the socket is dropped. Those
    /// who start at once take turns, for which the folder is locked ([flock(2)]).
    ///
    /// ```
    /// use jackfield::Socket;
    /// let server = Socket::serve("tcp://:0", -1)?;
    /// println!("serving port {:?}", server.local_addr()?.port());
    /// # Ok::<(), jackfield::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::ADDR_IN_USE`] when somebody serves there; [`Error::EXISTS`] when the path is a file's and no socket's;
    /// [`Error::BUSY`] when somebody has its folder locked for more than a second; [`Error::ADDR_INVALID`] for what is
    /// no endpoint, or none to serve; [`Error::ADDR_NOT_AVAILABLE`] when it is not this machine's; [`Error::ACCESS`]
    /// and [`Error::PERMISSION`]; [`Error::NOT_FOUND`] when there is no such folder, service or zone; those of
    /// [`resolve`](crate::resolve) and [`Socket::open`]; [`Error::INVALID`] for a queue's length below -1.
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
                let socket = bind_net(kind, host, &port)?;
                if kind.has_connections() {
                    socket.listen(backlog)?;
                }
                Ok(socket)
            }
        }
    }
}

/// Binds to the first address that is this machine's.
fn bind_net(kind: Type, host: Host, port: &Port) -> Result<Socket> {
    let port = port_number(port, Some(kind))?;
    let addrs = match host {
        // Where there is no IPv6, IPv4's is all there is.
        Host::Here => vec![(Ipv6Addr::UNSPECIFIED, port).into(), (Ipv4Addr::UNSPECIFIED, port).into()],
        host => {
            let addrs = addresses_of(host, port, Family::Unspec, Deadline::from_ms(LOOKUP_MS)?)?;
            // Who says 127.0.0.1 is to reach what serves localhost; who says localhost tries both.
            let (v6, mut v4): (Vec<Addr>, Vec<Addr>) = addrs.iter().partition(|addr| addr.family() == Family::Inet6);
            v4.extend(v6);
            v4
        }
    };
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
        // Linux would listen there, where nobody can connect.
        return Err(Error::ADDR_INVALID);
    }
    let socket = Socket::open(addr.family(), kind, 0)?;
    // With it a stream's port is free again while old connections linger, and still nobody else's to serve; datagrams
    // would go to whoever binds last, which only a group's receivers don't mind, each of whom has them all.
    // That is Linux: Windows lets others take the port (unless SO_EXCLUSIVEADDRUSE is set), BSD single addresses of it.
    if kind == Type::Stream || is_group {
        socket.set(Opt::ReuseAddr, 1)?;
    }
    match socket.bind(addr) {
        // A link-local address without a zone.
        Err(Error::INVALID) => Err(Error::ADDR_INVALID),
        result => result.map(|()| socket),
    }
}

/// Binds to a path, also in place of a dead socket's file, or to an abstract name.
fn serve_unix(addr: &Addr, backlog: i32) -> Result<Socket> {
    let (socket, file) = (Socket::open(Family::Unix, Type::Stream, 0)?, SocketFile::at(addr));
    match &file {
        None => socket.bind(addr)?,
        Some(file) => match file.bind(&socket) {
            Err(Error::ADDR_IN_USE) => file.replace(&socket)?,
            result => result?,
        },
    }
    // It fails where the system's policy forbids it, and then the file must not stay.
    socket.listen(backlog).inspect_err(|_| file.iter().for_each(SocketFile::remove))?;
    Ok(socket)
}
