//! Batches on paths with a small MTU: datagrams that fit arrive, longer ones fail, and the kernel makes no fragments
//! unless the socket asks for them.

mod common;

use common::expect_success;
use common::netns::{LinkEnd, Namespace, RoutedNetwork, create_link};
use common::process::TIMEOUT;
use jackfield::{Addr, Batch, Datagram, Error, Family, Flags, Opt, Socket, Type};
use std::net::IpAddr;
use std::os::fd::AsRawFd;
use std::time::Instant;

const MTU: u32 = 1280;

/// Whether the kernel can segment a sender's datagrams.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Segmentation {
    /// The kernel or the device segments runs of datagrams (GSO).
    Supported,
    /// The kernel refuses to segment, because UDP checksums are off.
    Refused,
}

/// A socket family, the other host's address in that family, and the longest datagram that fits into a packet, in
/// bytes.
#[derive(Clone, Copy, Debug)]
struct Path {
    family: Family,
    host: &'static str,
    longest: usize,
}

const PATHS: [Path; 3] = [
    Path { family: Family::Inet, host: "10.77.0.2", longest: 1252 },
    Path { family: Family::Inet6, host: "fd77::2", longest: 1232 },
    Path { family: Family::Inet6, host: "::ffff:10.77.0.2", longest: 1252 },
];

fn ip(text: &str) -> IpAddr {
    text.parse().expect("the text is an IP address")
}

/// Two hosts linked with an MTU of `MTU` bytes.
fn small_mtu_hosts() -> (Namespace, Namespace) {
    let (a, b) = (Namespace::new(), Namespace::new());
    create_link(
        &LinkEnd { namespace: &a, interface: "eth0", addresses: &["10.77.0.1/24", "fd77::1/64"] },
        &LinkEnd { namespace: &b, interface: "eth0", addresses: &["10.77.0.2/24", "fd77::2/64"] },
        MTU,
    );
    (a, b)
}

fn set_int_option(socket: &Socket, level: i32, name: i32, value: i32) {
    // SAFETY: the pointer refers to a value of 4 bytes.
    let result = unsafe { libc::setsockopt(socket.as_raw_fd(), level, name, (&raw const value).cast(), 4) };
    assert_eq!(result, 0, "option {name} of level {level} can be set");
}

fn sender(namespace: &Namespace, path: Path, segmentation: Segmentation) -> Socket {
    const UDP_NO_CHECK6_TX: i32 = 101;
    let socket = namespace.enter(|| Socket::open(path.family, Type::Dgram, 0)).unwrap();
    if segmentation == Segmentation::Refused {
        set_int_option(&socket, libc::SOL_SOCKET, libc::SO_NO_CHECK, 1);
        if path.family == Family::Inet6 {
            set_int_option(&socket, libc::IPPROTO_UDP, UDP_NO_CHECK6_TX, 1);
        }
    }
    socket
}

/// A receiver, and its address in the sender's family.
fn receiver(namespace: &Namespace, path: Path) -> (Socket, Addr) {
    const UDP_NO_CHECK6_RX: i32 = 102;
    let socket = namespace.enter(|| Socket::open(Family::Inet6, Type::Dgram, 0)).unwrap();
    socket.bind(&"[::]:0".parse().unwrap()).unwrap();
    set_int_option(&socket, libc::IPPROTO_UDP, UDP_NO_CHECK6_RX, 1);
    socket.set(Opt::RecvBufferForce, 8 << 20).unwrap();
    socket.set(Opt::RecvTimeout, TIMEOUT.as_millis() as i64).unwrap();
    let port = socket.local_addr().unwrap().port().unwrap();
    (socket, (ip(path.host), port).into())
}

/// Datagrams of these lengths. Their content differs by index.
fn make_datagrams(lens: &[usize]) -> Vec<Vec<u8>> {
    lens.iter().enumerate().map(|(index, &len)| vec![index as u8; len]).collect()
}

/// Sends datagrams of these lengths and returns the result of each.
fn send(socket: &Socket, to: Option<&Addr>, lens: &[usize]) -> Vec<Result<usize, Error>> {
    let bytes = make_datagrams(lens);
    let mut datagrams: Vec<_> =
        bytes.iter().map(|bytes| to.map_or(Datagram::new(bytes), |to| Datagram::to(bytes, to))).collect();
    let sent = socket.send_many(&mut datagrams, Flags::NONE);
    let results: Vec<_> = datagrams.iter().map(Datagram::result).collect();
    match results.iter().filter(|result| result.is_ok()).count() {
        0 => assert_eq!(sent.map_err(Err), Err(results[0])),
        count => assert_eq!(sent, Ok(count)),
    }
    results
}

/// Asserts that exactly these datagrams arrive, in this order.
fn assert_receives(socket: &Socket, expected: &[Vec<u8>]) {
    let mut memory = vec![0; 2 * 65536];
    let mut batch = Batch::coalesced(&mut memory).unwrap();
    let mut received = Vec::new();
    while received.len() < expected.len() {
        socket.recv_many(&mut batch, Flags::NONE).unwrap();
        received.extend(batch.iter().map(|datagram| datagram.bytes.to_vec()));
    }
    let lens = |all: &[Vec<u8>]| all.iter().map(Vec::len).collect::<Vec<_>>();
    assert!(received == expected, "received {:?} instead of {:?}", lens(&received), lens(expected));
    assert_eq!(socket.recv_many(&mut batch, Flags::DONT_WAIT), Err(Error::WOULD_BLOCK));
}

/// The number of fragments that this host has created.
fn fragment_count(namespace: &Namespace) -> u64 {
    let v4 = expect_success(&mut namespace.command("cat", &["/proc/net/snmp"]), 30);
    let mut rows = v4.lines().filter(|line| line.starts_with("Ip:")).map(str::split_whitespace);
    let (mut names, mut values) = (rows.next().unwrap(), rows.next().unwrap());
    let at = names.position(|name| name == "FragCreates").unwrap();
    let v4: u64 = values.nth(at).unwrap().parse().unwrap();
    let v6 = expect_success(&mut namespace.command("cat", &["/proc/net/snmp6"]), 30);
    let v6 = v6.lines().find_map(|line| line.strip_prefix("Ip6FragCreates")).unwrap();
    v4 + v6.trim().parse::<u64>().unwrap()
}

/// Lengths below, at and above the longest that fits, in runs and alone.
fn lengths_around(longest: usize) -> Vec<usize> {
    let mut lens = vec![longest; 5];
    lens.extend([longest + 1, longest, longest + 1, longest + 1, longest - 1, 0, 9000, longest + 20, 3]);
    lens.extend([longest + 100; 7]);
    lens.extend([longest; 70]);
    lens.extend([longest + 1; 66]);
    lens.extend([longest + 2, longest - 2, longest - 3, 65_507, 65_508, 70_000, 1]);
    lens
}

/// Asserts that datagrams that fit arrive, and that each longer one fails with MESSAGE_SIZE.
fn assert_fitting_datagrams_arrive(a: &Namespace, b: &Namespace, paths: &[Path]) {
    for &path in paths {
        let lens = lengths_around(path.longest);
        for segmentation in [Segmentation::Supported, Segmentation::Refused] {
            let (socket, (receiving, to)) = (sender(a, path, segmentation), receiver(b, path));
            // From the second round, the library knows whether the kernel segments. The third round uses a connected
            // socket.
            for round in 0..3 {
                if round == 2 {
                    socket.connect(&to).unwrap();
                }
                let results = send(&socket, (round < 2).then_some(&to), &lens);
                let expected =
                    lens.iter().map(|&len| if len <= path.longest { Ok(len) } else { Err(Error::MESSAGE_SIZE) });
                let expected: Vec<_> = expected.collect();
                for (index, (result, expected)) in results.iter().zip(&expected).enumerate() {
                    assert_eq!(result, expected, "{path:?}, {segmentation:?}, round {round}, datagram {index}");
                }
                let fits = |bytes: &Vec<u8>| bytes.len() <= path.longest;
                assert_receives(&receiving, &make_datagrams(&lens).into_iter().filter(fits).collect::<Vec<_>>());
                assert_eq!(socket.get(Opt::PathMtuDiscovery), Ok(2), "the kernel must not fragment");
            }
        }
    }
    assert_eq!(fragment_count(a), 0);
}

#[test]
fn datagrams_that_fit_into_a_packet_arrive() {
    let (a, b) = small_mtu_hosts();
    assert_fitting_datagrams_arrive(&a, &b, &PATHS);
}

/// This MTU is below the minimum of IPv6.
#[test]
fn datagrams_that_fit_into_a_small_ipv4_packet_arrive() {
    let (a, b) = small_mtu_hosts();
    for namespace in [&a, &b] {
        expect_success(&mut namespace.command("ip", &["link", "set", "eth0", "mtu", "600"]), 30);
    }
    assert_fitting_datagrams_arrive(&a, &b, &[Path { longest: 572, ..PATHS[0] }]);
}

/// If a device lacks an offload, the kernel does the work.
#[test]
fn device_offloads_make_no_difference() {
    for features in [
        &["tx-udp-segmentation", "off", "gro", "off"][..],
        &["tx", "off", "rx", "off"],
        &["gro", "on"],
        &["gso", "off"],
    ] {
        let (a, b) = small_mtu_hosts();
        for namespace in [&a, &b] {
            expect_success(&mut namespace.command("ethtool", &[&["-K", "eth0"], features].concat()), 30);
        }
        assert_fitting_datagrams_arrive(&a, &b, &PATHS);
    }
}

/// Otherwise equal datagrams with different TOS values keep them, whether the sender or the device combines datagrams.
#[test]
fn each_datagram_keeps_its_tos() {
    for gro in ["off", "on"] {
        let (a, b) = small_mtu_hosts();
        for namespace in [&a, &b] {
            expect_success(&mut namespace.command("ethtool", &["-K", "eth0", "gro", gro]), 30);
        }
        for path in PATHS {
            for segmentation in [Segmentation::Supported, Segmentation::Refused] {
                let (socket, (receiving, to)) = (sender(&a, path, segmentation), receiver(&b, path));
                receiving.set(Opt::RecvTos, 1).unwrap();
                let bytes = make_datagrams(&[1000; 200]);
                let tos = |index: usize| if index % 50 < 40 { index as u8 / 50 } else { index as u8 % 4 };
                let mut datagrams: Vec<_> = bytes.iter().map(|bytes| Datagram::to(bytes, &to)).collect();
                for (index, datagram) in datagrams.iter_mut().enumerate() {
                    datagram.set_tos(tos(index));
                }
                assert_eq!(socket.send_many(&mut datagrams, Flags::NONE), Ok(200));
                let mut memory = vec![0; 65536];
                let mut batch = Batch::coalesced(&mut memory).unwrap();
                let mut index = 0;
                while index < 200 {
                    receiving.recv_many(&mut batch, Flags::NONE).unwrap();
                    for datagram in batch.iter() {
                        let what = format!("{path:?}, {segmentation:?}, gro {gro}, datagram {index}");
                        assert_eq!((datagram.bytes, datagram.tos), (&bytes[index][..], Some(tos(index))), "{what}");
                        index += 1;
                    }
                }
            }
        }
    }
}

#[test]
fn fragments_are_created_only_on_request() {
    let (a, b) = small_mtu_hosts();
    for path in PATHS {
        for segmentation in [Segmentation::Supported, Segmentation::Refused] {
            let (socket, (receiving, to)) = (sender(&a, path, segmentation), receiver(&b, path));
            let lens =
                [500, path.longest, path.longest + 1, 2000, 2000, 2000, 1400, 5000, path.longest, path.longest, 7];
            for discovery in [0, 5] {
                socket.set(Opt::PathMtuDiscovery, discovery).unwrap();
                let before = fragment_count(&a);
                assert_eq!(send(&socket, Some(&to), &lens), lens.map(Ok), "{path:?}, {segmentation:?}");
                assert_receives(&receiving, &make_datagrams(&lens));
                assert!(fragment_count(&a) > before);
                assert_eq!(socket.get(Opt::PathMtuDiscovery), Ok(discovery));
            }
            // The modes that forbid fragmentation.
            for discovery in [2, 3, 4] {
                socket.set(Opt::PathMtuDiscovery, discovery).unwrap();
                let before = fragment_count(&a);
                let expected = lens.map(|len| if len <= path.longest { Ok(len) } else { Err(Error::MESSAGE_SIZE) });
                assert_eq!(send(&socket, Some(&to), &lens), expected, "{path:?}, {segmentation:?}, {discovery}");
                let fits = |bytes: &Vec<u8>| bytes.len() <= path.longest;
                assert_receives(&receiving, &make_datagrams(&lens).into_iter().filter(fits).collect::<Vec<_>>());
                assert_eq!(fragment_count(&a), before);
                assert_eq!(socket.get(Opt::PathMtuDiscovery), Ok(discovery));
            }
        }
    }
}

/// Waits until the kernel knows the path MTU to a peer.
fn wait_for_path_mtu(namespace: &Namespace, path: Path, to: &Addr) {
    let start = Instant::now();
    loop {
        let probe = sender(namespace, path, Segmentation::Supported);
        probe.connect(to).unwrap();
        // An IPv6 socket does not report the path MTU of an IPv4 peer.
        let known = match (path.family, to.ip().unwrap().to_canonical()) {
            (Family::Inet6, IpAddr::V4(v4)) => {
                let v4 = namespace.ip(&format!("route get {v4}"));
                v4.contains(&format!("mtu {MTU}"))
            }
            _ => probe.get(Opt::PathMtu) == Ok(MTU.into()),
        };
        if known {
            return;
        }
        assert!(start.elapsed() < TIMEOUT, "timeout while waiting for the path MTU");
    }
}

/// Only the router's ICMP errors about the first datagrams reveal that its other link has a smaller MTU.
#[test]
fn a_smaller_mtu_behind_a_router_is_discovered() {
    const ROUTED: [Path; 3] = [
        Path { family: Family::Inet, host: "10.77.2.2", longest: 1252 },
        Path { family: Family::Inet6, host: "fd77:2::2", longest: 1232 },
        Path { family: Family::Inet6, host: "::ffff:10.77.2.2", longest: 1252 },
    ];
    for path in ROUTED {
        for connected in [false, true] {
            let net = RoutedNetwork::new(1500, MTU);
            let (socket, (receiving, to)) = (sender(&net.a, path, Segmentation::Supported), receiver(&net.b, path));
            let what = format!("{path:?}, connected: {connected}");
            if connected {
                socket.connect(&to).unwrap();
            }
            let to_peer = (!connected).then_some(&to);
            // These are sent, but the router drops them.
            assert_eq!(send(&socket, to_peer, &[1400; 10]), [Ok(1400); 10], "{what}");
            wait_for_path_mtu(&net.a, path, &to);
            // A connected socket reports the ICMP error once, as the result of one datagram. The others are sent: they
            // fit.
            let mut results = send(&socket, to_peer, &[100; 20]);
            let sent = make_datagrams(&[100; 20]).into_iter().zip(&results).filter(|(_, result)| result.is_ok());
            assert_receives(&receiving, &sent.map(|(bytes, _)| bytes).collect::<Vec<_>>());
            results.retain(|&result| result != Ok(100));
            assert!(results.is_empty() || connected && results == [Err(Error::MESSAGE_SIZE)], "{what}: {results:?}");
            let lens = lengths_around(path.longest);
            for (index, (result, len)) in send(&socket, to_peer, &lens).into_iter().zip(lens).enumerate() {
                let expected = if len <= path.longest { Ok(len) } else { Err(Error::MESSAGE_SIZE) };
                assert_eq!(result, expected, "{what}, datagram {index}");
            }
            let lens = lengths_around(path.longest);
            let fits = |bytes: &Vec<u8>| bytes.len() <= path.longest;
            assert_receives(&receiving, &make_datagrams(&lens).into_iter().filter(fits).collect::<Vec<_>>());
            assert_eq!(fragment_count(&net.a) + fragment_count(&net.router), 0, "{what}");
        }
    }
}

#[test]
fn unreachable_destinations_do_not_affect_other_datagrams() {
    let (a, b) = small_mtu_hosts();
    for (route, v4, v6, error4, error6) in [
        ("unreachable", "10.1.0.0/16", "fd01::/16", Error::HOST_UNREACHABLE, Error::HOST_UNREACHABLE),
        ("prohibit", "10.2.0.0/16", "fd02::/16", Error::ACCESS, Error::ACCESS),
        ("blackhole", "10.3.0.0/16", "fd03::/16", Error::INVALID, Error::INVALID),
    ] {
        a.ip(&format!("route add {route} {v4}"));
        a.ip(&format!("route add {route} {v6}"));
        for path in PATHS {
            for segmentation in [Segmentation::Supported, Segmentation::Refused] {
                let (socket, (receiving, to)) = (sender(&a, path, segmentation), receiver(&b, path));
                let is_v4 = to.ip().unwrap().to_canonical().is_ipv4();
                let net = if is_v4 { v4 } else { v6 };
                let mut unreachable: IpAddr = ip(net.split_once('/').unwrap().0);
                if let (IpAddr::V4(v4), Family::Inet6) = (unreachable, path.family) {
                    unreachable = v4.to_ipv6_mapped().into();
                }
                let unreachable: Addr = (unreachable, 9).into();
                let error = if is_v4 { error4 } else { error6 };
                let bytes = make_datagrams(&[200; 90]);
                let is_reachable = |index: usize| !(5..7).contains(&index) && index != 30 && !(60..80).contains(&index);
                let destination = |index: usize| if is_reachable(index) { &to } else { &unreachable };
                for _ in 0..2 {
                    let mut datagrams: Vec<_> = bytes
                        .iter()
                        .enumerate()
                        .map(|(index, bytes)| Datagram::to(bytes, destination(index)))
                        .collect();
                    assert_eq!(socket.send_many(&mut datagrams, Flags::NONE), Ok(67), "{route}, {path:?}");
                    for (index, datagram) in datagrams.iter().enumerate() {
                        let expected = if is_reachable(index) { Ok(200) } else { Err(error) };
                        assert_eq!(
                            datagram.result(),
                            expected,
                            "{route}, {path:?}, {segmentation:?}, datagram {index}"
                        );
                    }
                    let sent = bytes.iter().enumerate().filter(|(index, _)| is_reachable(*index));
                    assert_receives(&receiving, &sent.map(|(_, bytes)| bytes.clone()).collect::<Vec<_>>());
                }
                // If no datagram can be sent, the call returns the error.
                let mut batch = [Datagram::to(b"a", &unreachable), Datagram::to(b"b", &unreachable)];
                assert_eq!(socket.send_many(&mut batch, Flags::NONE), Err(error), "{route}, {path:?}");
            }
        }
    }
}
