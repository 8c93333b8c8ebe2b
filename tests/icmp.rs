//! ICMP errors about datagrams arrive as typed errors in the sender's error queue.

mod common;

use common::netns::{Namespace, RoutedNetwork};
use common::process::TIMEOUT;
use jackfield::{Addr, Error, Family, Flags, Incoming, Opt, Origin, QueuedError, Socket, Type};
use std::net::IpAddr;
use std::os::fd::AsRawFd;

/// A sender's family, and the addresses in this family of the host behind the router and of the router.
struct Path {
    family: Family,
    host: &'static str,
    router: &'static str,
    origin: Origin,
}

/// The third: an IPv6 socket also receives errors about datagrams that it sent to an IPv4 address.
const PATHS: [Path; 3] = [
    Path { family: Family::Inet, host: "10.77.2.2", router: "10.77.1.9", origin: Origin::Icmp },
    Path { family: Family::Inet6, host: "fd77:2::2", router: "fd77:1::9", origin: Origin::Icmp6 },
    Path { family: Family::Inet6, host: "::ffff:10.77.2.2", router: "::ffff:10.77.1.9", origin: Origin::Icmp },
];

fn ip(text: &str) -> IpAddr {
    text.parse().expect("the text is an IP address")
}

/// A socket with its error queue enabled.
fn sender(namespace: &Namespace, path: &Path) -> Socket {
    let socket = namespace.enter(|| Socket::open(path.family, Type::Dgram, 0)).unwrap();
    socket.set(Opt::RecvErrors, 1).unwrap();
    socket
}

/// The next entry of the error queue, and the data of the datagram that caused the error.
fn read_error(socket: &Socket) -> (Incoming, QueuedError, Vec<u8>) {
    let mut item = libc::pollfd { fd: socket.as_raw_fd(), events: 0, revents: 0 };
    // SAFETY: the pointer refers to one item.
    let ready = unsafe { libc::poll(&mut item, 1, TIMEOUT.as_millis() as i32) };
    assert_eq!((ready, item.revents & libc::POLLERR), (1, libc::POLLERR), "an error arrives");
    let (mut incoming, mut buffer) = (Incoming::new(), [0; 2000]);
    let count = socket.recv_msg(&mut [buffer[..].as_mut().into()], Flags::ERROR_QUEUE, &mut incoming).unwrap();
    let error = incoming.error.expect("the message has an error");
    (incoming, error, buffer[..count].to_vec())
}

fn is_error_queue_empty(socket: &Socket) -> bool {
    let result = socket.recv_msg(&mut [], Flags::ERROR_QUEUE, &mut Incoming::new());
    result == Err(Error::WOULD_BLOCK)
}

#[test]
fn rejections_by_a_router_are_reported() {
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
    let net = RoutedNetwork::new(1500, 1500);
    net.router.nft(RULES);
    for path in &PATHS {
        let socket = sender(&net.a, path);
        let is_v6 = path.origin == Origin::Icmp6;
        for (port, expected, kind, code) in [
            (1001, Error::HOST_UNREACHABLE, if is_v6 { 1 } else { 3 }, if is_v6 { 3 } else { 1 }),
            (
                1002,
                if is_v6 { Error::ACCESS } else { Error::HOST_UNREACHABLE },
                if is_v6 { 1 } else { 3 },
                [13, 1][usize::from(is_v6)],
            ),
            (1003, Error::NETWORK_UNREACHABLE, if is_v6 { 1 } else { 3 }, 0),
            // Rejected by the host itself: no socket is bound to the port.
            (1004, Error::CONN_REFUSED, if is_v6 { 1 } else { 3 }, if is_v6 { 4 } else { 3 }),
        ] {
            let to: Addr = (ip(path.host), port).into();
            assert_eq!(socket.send_to(b"hello".as_slice(), Flags::NONE, &to), Ok(5));
            let (incoming, error, data) = read_error(&socket);
            let what = format!("{} port {port}: {error:?}", path.host);
            assert_eq!((error.error, error.origin), (Some(expected), path.origin), "{what}");
            assert_eq!((error.icmp_type, error.icmp_code), (kind, code), "{what}");
            assert_eq!(data, b"hello", "{what}");
            assert_eq!(incoming.from, Some(to), "{what}");
            let reporter = if port == 1004 { path.host } else { path.router };
            assert_eq!(error.from.ip(), Some(ip(reporter)), "{what}");
            assert!(!incoming.is_truncated && !incoming.is_control_truncated, "{what}");
            assert!(is_error_queue_empty(&socket), "{what}");
            // Reading the queue also clears the socket's pending error.
            assert_eq!(socket.get(Opt::Error), Ok(0), "{what}");
        }
    }
}

#[test]
fn a_datagram_above_the_path_mtu_reports_that_mtu() {
    for path in &PATHS {
        let net = RoutedNetwork::new(1500, 1280);
        let socket = sender(&net.a, path);
        socket.set(Opt::DontFragment, 1).unwrap();
        let to: Addr = (ip(path.host), 1004).into();
        let data = [b'x'; 1400];
        assert_eq!(socket.send_to(&data[..], Flags::NONE, &to), Ok(1400));
        let (incoming, error, returned) = read_error(&socket);
        assert_eq!((error.error, error.origin), (Some(Error::MESSAGE_SIZE), path.origin), "{error:?}");
        assert_eq!((error.icmp_type, error.icmp_code), if path.origin == Origin::Icmp6 { (2, 0) } else { (3, 4) });
        assert_eq!((error.info, error.from.ip(), incoming.from), (1280, Some(ip(path.router)), Some(to)));
        // The router chooses how much of the packet it returns.
        assert!(!returned.is_empty() && returned.iter().all(|&byte| byte == b'x'), "{} bytes", returned.len());
        assert!(is_error_queue_empty(&socket));

        // Now the kernel knows the path MTU, and reports the error locally.
        assert_eq!(socket.send_to(&data[..], Flags::NONE, &to), Err(Error::MESSAGE_SIZE));
        let (_, error, _) = read_error(&socket);
        assert_eq!((error.error, error.origin, error.info), (Some(Error::MESSAGE_SIZE), Origin::Local, 1280));
        assert_eq!(error.from, Addr::UNSPEC);
        assert!(is_error_queue_empty(&socket));
        // A datagram that fits reaches the host.
        assert_eq!(socket.send_to(&data[..1200], Flags::NONE, &to), Ok(1200));
        let (_, error, _) = read_error(&socket);
        assert_eq!(error.error, Some(Error::CONN_REFUSED));
    }
}
