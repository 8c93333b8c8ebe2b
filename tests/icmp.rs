//! What routers report of datagrams arrives as typed errors in their sender's queue of errors.

mod common;

use common::netns::{Namespace, Routed};
use common::process::PATIENCE;
use jackfield::{Addr, Error, Family, Flags, Incoming, Opt, Origin, QueuedError, Socket, Type};
use std::net::IpAddr;
use std::os::fd::AsRawFd;

/// A sender's family, and what it calls the host behind the router and the router itself.
struct Way {
    family: Family,
    host: &'static str,
    router: &'static str,
    origin: Origin,
}

/// An IPv6 socket is told of what it sent to an IPv4 address as well.
const WAYS: [Way; 3] = [
    Way { family: Family::Inet, host: "10.77.2.2", router: "10.77.1.9", origin: Origin::Icmp },
    Way { family: Family::Inet6, host: "fd77:2::2", router: "fd77:1::9", origin: Origin::Icmp6 },
    Way { family: Family::Inet6, host: "::ffff:10.77.2.2", router: "::ffff:10.77.1.9", origin: Origin::Icmp },
];

fn ip(text: &str) -> IpAddr {
    text.parse().expect("it is an IP address")
}

/// A socket that asks for errors.
fn sender(namespace: &Namespace, way: &Way) -> Socket {
    let socket = namespace.enter(|| Socket::open(way.family, Type::Dgram, 0)).unwrap();
    socket.set(Opt::RecvErrors, 1).unwrap();
    socket
}

/// The next entry of the queue of errors, and the data of the datagram that it is about.
fn entry(socket: &Socket) -> (Incoming, QueuedError, Vec<u8>) {
    let mut item = libc::pollfd { fd: socket.as_raw_fd(), events: 0, revents: 0 };
    // SAFETY: it is one item.
    let ready = unsafe { libc::poll(&mut item, 1, PATIENCE.as_millis() as i32) };
    assert_eq!((ready, item.revents & libc::POLLERR), (1, libc::POLLERR), "an error arrives");
    let (mut incoming, mut room) = (Incoming::new(), [0; 2000]);
    let count = socket.recv_msg(&mut [room[..].as_mut().into()], Flags::ERROR_QUEUE, &mut incoming).unwrap();
    let error = incoming.error.expect("it is an error");
    (incoming, error, room[..count].to_vec())
}

fn is_empty(socket: &Socket) -> bool {
    let result = socket.recv_msg(&mut [], Flags::ERROR_QUEUE, &mut Incoming::new());
    result == Err(Error::WOULD_BLOCK)
}

#[test]
fn a_router_that_refuses_is_heard() {
    const RULES: &str = "
        table inet refuse {
            chain forward {
                type filter hook forward priority 0;
                meta nfproto ipv4 udp dport 1001 reject with icmp type host-unreachable
                meta nfproto ipv6 udp dport 1001 reject with icmpv6 type addr-unreachable
                udp dport 1002 reject with icmpx type admin-prohibited
                meta nfproto ipv4 udp dport 1003 reject with icmp type net-unreachable
                meta nfproto ipv6 udp dport 1003 reject with icmpv6 type no-route
            }
        }
    ";
    let net = Routed::new(1500, 1500);
    net.router.nft(RULES);
    for way in &WAYS {
        let socket = sender(&net.a, way);
        let is_v6 = way.origin == Origin::Icmp6;
        for (port, expected, kind, code) in [
            (1001, Error::HOST_UNREACHABLE, if is_v6 { 1 } else { 3 }, if is_v6 { 3 } else { 1 }),
            (
                1002,
                if is_v6 { Error::ACCESS } else { Error::HOST_UNREACHABLE },
                if is_v6 { 1 } else { 3 },
                [13, 1][usize::from(is_v6)],
            ),
            (1003, Error::NETWORK_UNREACHABLE, if is_v6 { 1 } else { 3 }, 0),
            // The host itself, where nobody listens.
            (1004, Error::CONN_REFUSED, if is_v6 { 1 } else { 3 }, if is_v6 { 4 } else { 3 }),
        ] {
            let to: Addr = (ip(way.host), port).into();
            assert_eq!(socket.send_to(b"hello".as_slice(), Flags::NONE, &to), Ok(5));
            let (incoming, error, data) = entry(&socket);
            let what = format!("{} port {port}: {error:?}", way.host);
            assert_eq!((error.error, error.origin), (Some(expected), way.origin), "{what}");
            assert_eq!((error.icmp_type, error.icmp_code), (kind, code), "{what}");
            assert_eq!(data, b"hello", "{what}");
            assert_eq!(incoming.from, Some(to), "{what}");
            let reporter = if port == 1004 { way.host } else { way.router };
            assert_eq!(error.from.ip(), Some(ip(reporter)), "{what}");
            assert!(!incoming.is_cut && !incoming.control_is_cut, "{what}");
            assert!(is_empty(&socket), "{what}");
            // The error was the next call's as well, until it was taken from the queue.
            assert_eq!(socket.get(Opt::Error), Ok(0), "{what}");
        }
    }
}

#[test]
fn a_path_that_is_too_narrow_is_told_with_its_mtu() {
    for way in &WAYS {
        let net = Routed::new(1500, 1280);
        let socket = sender(&net.a, way);
        socket.set(Opt::DontFragment, 1).unwrap();
        let to: Addr = (ip(way.host), 1004).into();
        let data = [b'x'; 1400];
        assert_eq!(socket.send_to(&data[..], Flags::NONE, &to), Ok(1400));
        let (incoming, error, came) = entry(&socket);
        assert_eq!((error.error, error.origin), (Some(Error::MESSAGE_SIZE), way.origin), "{error:?}");
        assert_eq!((error.icmp_type, error.icmp_code), if way.origin == Origin::Icmp6 { (2, 0) } else { (3, 4) });
        assert_eq!((error.info, error.from.ip(), incoming.from), (1280, Some(ip(way.router)), Some(to)));
        // A router gives back as much of the packet as it likes.
        assert!(!came.is_empty() && came.iter().all(|&byte| byte == b'x'), "{} bytes", came.len());
        assert!(is_empty(&socket));

        // From then on this machine knows.
        assert_eq!(socket.send_to(&data[..], Flags::NONE, &to), Err(Error::MESSAGE_SIZE));
        let (_, error, _) = entry(&socket);
        assert_eq!((error.error, error.origin, error.info), (Some(Error::MESSAGE_SIZE), Origin::Local, 1280));
        assert_eq!(error.from, Addr::UNSPEC);
        assert!(is_empty(&socket));
        // What fits goes through.
        assert_eq!(socket.send_to(&data[..1200], Flags::NONE, &to), Ok(1200));
        let (_, error, _) = entry(&socket);
        assert_eq!(error.error, Some(Error::CONN_REFUSED));
    }
}
