//! Many datagrams at once on networks whose packets have a largest size: what fits arrives, what does not is told, and nothing
//! is cut into fragments that was not asked for.

mod common;

use common::expect_success;
use common::netns::{LinkEnd, Namespace, RoutedNetwork, create_link};
use common::process::TIMEOUT;
use jackfield::{Addr, Batch, Datagram, Error, Family, Flags, Opt, Socket, Type};
use std::net::IpAddr;
use std::os::fd::AsRawFd;
use std::time::Instant;

const MTU: u32 = 1280;

/// How a sender's datagrams go out.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Sending {
    /// Taken apart by the kernel or the device.
    InSegments,
    /// The kernel refuses that, because the datagrams are to have no checksums.
    Refused,
}

/// A family, the other host's address in it, and the longest datagram that fits into a packet.
#[derive(Clone, Copy, Debug)]
struct Way {
    family: Family,
    host: &'static str,
    longest: usize,
}

const WAYS: [Way; 3] = [
    Way { family: Family::Inet, host: "10.77.0.2", longest: 1252 },
    Way { family: Family::Inet6, host: "fd77::2", longest: 1232 },
    Way { family: Family::Inet6, host: "::ffff:10.77.0.2", longest: 1252 },
];

fn ip(text: &str) -> IpAddr {
    text.parse().expect("it is an IP address")
}

/// Two hosts whose packets have at most so many bytes.
fn narrow() -> (Namespace, Namespace) {
    let (a, b) = (Namespace::new(), Namespace::new());
    create_link(
        &LinkEnd { namespace: &a, interface: "eth0", addresses: &["10.77.0.1/24", "fd77::1/64"] },
        &LinkEnd { namespace: &b, interface: "eth0", addresses: &["10.77.0.2/24", "fd77::2/64"] },
        MTU,
    );
    (a, b)
}

fn set_number(socket: &Socket, level: i32, name: i32, value: i32) {
    // SAFETY: the value is an int, and is as long as it says.
    let result = unsafe { libc::setsockopt(socket.as_raw_fd(), level, name, (&raw const value).cast(), 4) };
    assert_eq!(result, 0, "option {name} of {level} can be set");
}

fn sender(namespace: &Namespace, way: Way, sending: Sending) -> Socket {
    const UDP_NO_CHECK6_TX: i32 = 101;
    let socket = namespace.enter(|| Socket::open(way.family, Type::Dgram, 0)).unwrap();
    if sending == Sending::Refused {
        set_number(&socket, libc::SOL_SOCKET, libc::SO_NO_CHECK, 1);
        if way.family == Family::Inet6 {
            set_number(&socket, libc::IPPROTO_UDP, UDP_NO_CHECK6_TX, 1);
        }
    }
    socket
}

/// A receiver, and its address as the sender calls it.
fn receiver(namespace: &Namespace, way: Way) -> (Socket, Addr) {
    const UDP_NO_CHECK6_RX: i32 = 102;
    let socket = namespace.enter(|| Socket::open(Family::Inet6, Type::Dgram, 0)).unwrap();
    socket.bind(&"[::]:0".parse().unwrap()).unwrap();
    set_number(&socket, libc::IPPROTO_UDP, UDP_NO_CHECK6_RX, 1);
    socket.set(Opt::RecvBufferForce, 8 << 20).unwrap();
    socket.set(Opt::RecvTimeout, TIMEOUT.as_millis() as i64).unwrap();
    let port = socket.local_addr().unwrap().port().unwrap();
    (socket, (ip(way.host), port).into())
}

/// Datagrams of these lengths, told apart by what is in them.
fn bytes_of(lens: &[usize]) -> Vec<Vec<u8>> {
    lens.iter().enumerate().map(|(index, &len)| vec![index as u8; len]).collect()
}

/// Sends datagrams of these lengths and returns what became of each.
fn send(socket: &Socket, to: Option<&Addr>, lens: &[usize]) -> Vec<Result<usize, Error>> {
    let bytes = bytes_of(lens);
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

/// Receives these and nothing else.
fn expect(socket: &Socket, expected: &[Vec<u8>]) {
    let mut memory = vec![0; 2 * 65536];
    let mut batch = Batch::coalesced(&mut memory).unwrap();
    let mut came = Vec::new();
    while came.len() < expected.len() {
        socket.recv_many(&mut batch, Flags::NONE).unwrap();
        came.extend(batch.iter().map(|datagram| datagram.bytes.to_vec()));
    }
    let lens = |all: &[Vec<u8>]| all.iter().map(Vec::len).collect::<Vec<_>>();
    assert!(came == expected, "{:?} came of {:?}", lens(&came), lens(expected));
    assert_eq!(socket.recv_many(&mut batch, Flags::DONT_WAIT), Err(Error::WOULD_BLOCK));
}

/// How many fragments this host has made.
fn fragments(namespace: &Namespace) -> u64 {
    let v4 = expect_success(&mut namespace.command("cat", &["/proc/net/snmp"]), 30);
    let mut rows = v4.lines().filter(|line| line.starts_with("Ip:")).map(str::split_whitespace);
    let (mut names, mut values) = (rows.next().unwrap(), rows.next().unwrap());
    let at = names.position(|name| name == "FragCreates").unwrap();
    let v4: u64 = values.nth(at).unwrap().parse().unwrap();
    let v6 = expect_success(&mut namespace.command("cat", &["/proc/net/snmp6"]), 30);
    let v6 = v6.lines().find_map(|line| line.strip_prefix("Ip6FragCreates")).unwrap();
    v4 + v6.trim().parse::<u64>().unwrap()
}

/// Lengths around the longest, in runs and alone.
fn around(longest: usize) -> Vec<usize> {
    let mut lens = vec![longest; 5];
    lens.extend([longest + 1, longest, longest + 1, longest + 1, longest - 1, 0, 9000, longest + 20, 3]);
    lens.extend([longest + 100; 7]);
    lens.extend([longest; 70]);
    lens.extend([longest + 1; 66]);
    lens.extend([longest + 2, longest - 2, longest - 3, 65_507, 65_508, 70_000, 1]);
    lens
}

/// What fits is sent, and of the others each is told that it is too long.
fn what_fits_arrives(a: &Namespace, b: &Namespace, ways: &[Way]) {
    for &way in ways {
        let lens = around(way.longest);
        for sending in [Sending::InSegments, Sending::Refused] {
            let (socket, (other, to)) = (sender(a, way, sending), receiver(b, way));
            // The second time it is known whether the kernel takes them apart; then with a peer.
            for round in 0..3 {
                if round == 2 {
                    socket.connect(&to).unwrap();
                }
                let results = send(&socket, (round < 2).then_some(&to), &lens);
                let wanted =
                    lens.iter().map(|&len| if len <= way.longest { Ok(len) } else { Err(Error::MESSAGE_SIZE) });
                let wanted: Vec<_> = wanted.collect();
                for (index, (result, wanted)) in results.iter().zip(&wanted).enumerate() {
                    assert_eq!(result, wanted, "{way:?}, {sending:?}, round {round}, datagram {index}");
                }
                let fits = |bytes: &Vec<u8>| bytes.len() <= way.longest;
                expect(&other, &bytes_of(&lens).into_iter().filter(fits).collect::<Vec<_>>());
                assert_eq!(socket.get(Opt::PathMtuDiscovery), Ok(2), "nothing is to be cut");
            }
        }
    }
    assert_eq!(fragments(a), 0);
}

#[test]
fn what_fits_into_a_packet_arrives() {
    let (a, b) = narrow();
    what_fits_arrives(&a, &b, &WAYS);
}

/// As narrow as no network of IPv6 may be.
#[test]
fn what_fits_into_a_small_packet_arrives() {
    let (a, b) = narrow();
    for namespace in [&a, &b] {
        expect_success(&mut namespace.command("ip", &["link", "set", "eth0", "mtu", "600"]), 30);
    }
    what_fits_arrives(&a, &b, &[Way { longest: 572, ..WAYS[0] }]);
}

/// A device without this or that leaves it to the kernel.
#[test]
fn what_a_device_can_makes_no_difference() {
    for features in [
        &["tx-udp-segmentation", "off", "gro", "off"][..],
        &["tx", "off", "rx", "off"],
        &["gro", "on"],
        &["gso", "off"],
    ] {
        let (a, b) = narrow();
        for namespace in [&a, &b] {
            expect_success(&mut namespace.command("ethtool", &[&["-K", "eth0"], features].concat()), 30);
        }
        what_fits_arrives(&a, &b, &WAYS);
    }
}

/// Of datagrams that differ in nothing but their marks, each has its own, whoever runs them together.
#[test]
fn marks_are_each_datagrams_own() {
    for gro in ["off", "on"] {
        let (a, b) = narrow();
        for namespace in [&a, &b] {
            expect_success(&mut namespace.command("ethtool", &["-K", "eth0", "gro", gro]), 30);
        }
        for way in WAYS {
            for sending in [Sending::InSegments, Sending::Refused] {
                let (socket, (other, to)) = (sender(&a, way, sending), receiver(&b, way));
                other.set(Opt::RecvTos, 1).unwrap();
                let bytes = bytes_of(&[1000; 200]);
                let mark = |index: usize| if index % 50 < 40 { index as u8 / 50 } else { index as u8 % 4 };
                let mut datagrams: Vec<_> = bytes.iter().map(|bytes| Datagram::to(bytes, &to)).collect();
                for (index, datagram) in datagrams.iter_mut().enumerate() {
                    datagram.set_tos(mark(index));
                }
                assert_eq!(socket.send_many(&mut datagrams, Flags::NONE), Ok(200));
                let mut memory = vec![0; 65536];
                let mut batch = Batch::coalesced(&mut memory).unwrap();
                let mut index = 0;
                while index < 200 {
                    other.recv_many(&mut batch, Flags::NONE).unwrap();
                    for datagram in batch.iter() {
                        let what = format!("{way:?}, {sending:?}, gro {gro}, datagram {index}");
                        assert_eq!((datagram.bytes, datagram.tos), (&bytes[index][..], Some(mark(index))), "{what}");
                        index += 1;
                    }
                }
            }
        }
    }
}

#[test]
fn fragments_are_made_for_who_asks() {
    let (a, b) = narrow();
    for way in WAYS {
        for sending in [Sending::InSegments, Sending::Refused] {
            let (socket, (other, to)) = (sender(&a, way, sending), receiver(&b, way));
            let lens = [500, way.longest, way.longest + 1, 2000, 2000, 2000, 1400, 5000, way.longest, way.longest, 7];
            for discovery in [0, 5] {
                socket.set(Opt::PathMtuDiscovery, discovery).unwrap();
                let before = fragments(&a);
                assert_eq!(send(&socket, Some(&to), &lens), lens.map(Ok), "{way:?}, {sending:?}");
                expect(&other, &bytes_of(&lens));
                assert!(fragments(&a) > before);
                assert_eq!(socket.get(Opt::PathMtuDiscovery), Ok(discovery));
            }
            // Who asks for none, in whichever way, gets none.
            for discovery in [2, 3, 4] {
                socket.set(Opt::PathMtuDiscovery, discovery).unwrap();
                let before = fragments(&a);
                let wanted = lens.map(|len| if len <= way.longest { Ok(len) } else { Err(Error::MESSAGE_SIZE) });
                assert_eq!(send(&socket, Some(&to), &lens), wanted, "{way:?}, {sending:?}, {discovery}");
                let fits = |bytes: &Vec<u8>| bytes.len() <= way.longest;
                expect(&other, &bytes_of(&lens).into_iter().filter(fits).collect::<Vec<_>>());
                assert_eq!(fragments(&a), before);
                assert_eq!(socket.get(Opt::PathMtuDiscovery), Ok(discovery));
            }
        }
    }
}

/// Waits until a socket that has this peer knows how large the packets on the path may be.
fn await_path_mtu(namespace: &Namespace, way: Way, to: &Addr) {
    let start = Instant::now();
    loop {
        let probe = sender(namespace, way, Sending::InSegments);
        probe.connect(to).unwrap();
        // Of IPv4 an IPv6 socket does not tell.
        let known = match (way.family, to.ip().unwrap().to_canonical()) {
            (Family::Inet6, IpAddr::V4(v4)) => {
                let v4 = namespace.ip(&format!("route get {v4}"));
                v4.contains(&format!("mtu {MTU}"))
            }
            _ => probe.get(Opt::PathMtu) == Ok(MTU.into()),
        };
        if known {
            return;
        }
        assert!(start.elapsed() < TIMEOUT, "the router is heard");
    }
}

/// Behind a router the packets have to be smaller, which the first learn that are too large.
#[test]
fn a_narrow_path_behind_a_router_is_learnt() {
    const ROUTED: [Way; 3] = [
        Way { family: Family::Inet, host: "10.77.2.2", longest: 1252 },
        Way { family: Family::Inet6, host: "fd77:2::2", longest: 1232 },
        Way { family: Family::Inet6, host: "::ffff:10.77.2.2", longest: 1252 },
    ];
    for way in ROUTED {
        for connected in [false, true] {
            let net = RoutedNetwork::new(1500, MTU);
            let (socket, (other, to)) = (sender(&net.a, way, Sending::InSegments), receiver(&net.b, way));
            let what = format!("{way:?}, connected: {connected}");
            if connected {
                socket.connect(&to).unwrap();
            }
            let to_peer = (!connected).then_some(&to);
            // These go out, and are lost on their way.
            assert_eq!(send(&socket, to_peer, &[1400; 10]), [Ok(1400); 10], "{what}");
            await_path_mtu(&net.a, way, &to);
            // A socket with a peer is told of that once, by one that is not sent; the others are, for they fit.
            let mut results = send(&socket, to_peer, &[100; 20]);
            let sent = bytes_of(&[100; 20]).into_iter().zip(&results).filter(|(_, result)| result.is_ok());
            expect(&other, &sent.map(|(bytes, _)| bytes).collect::<Vec<_>>());
            results.retain(|&result| result != Ok(100));
            assert!(results.is_empty() || connected && results == [Err(Error::MESSAGE_SIZE)], "{what}: {results:?}");
            let lens = around(way.longest);
            for (index, (result, len)) in send(&socket, to_peer, &lens).into_iter().zip(lens).enumerate() {
                let wanted = if len <= way.longest { Ok(len) } else { Err(Error::MESSAGE_SIZE) };
                assert_eq!(result, wanted, "{what}, datagram {index}");
            }
            let lens = around(way.longest);
            let fits = |bytes: &Vec<u8>| bytes.len() <= way.longest;
            expect(&other, &bytes_of(&lens).into_iter().filter(fits).collect::<Vec<_>>());
            assert_eq!(fragments(&net.a) + fragments(&net.router), 0, "{what}");
        }
    }
}

/// Places that can't be reached keep nobody else's datagrams back.
#[test]
fn some_go_nowhere() {
    let (a, b) = narrow();
    for (route, v4, v6, error4, error6) in [
        ("unreachable", "10.1.0.0/16", "fd01::/16", Error::HOST_UNREACHABLE, Error::HOST_UNREACHABLE),
        ("prohibit", "10.2.0.0/16", "fd02::/16", Error::ACCESS, Error::ACCESS),
        ("blackhole", "10.3.0.0/16", "fd03::/16", Error::INVALID, Error::INVALID),
    ] {
        a.ip(&format!("route add {route} {v4}"));
        a.ip(&format!("route add {route} {v6}"));
        for way in WAYS {
            for sending in [Sending::InSegments, Sending::Refused] {
                let (socket, (other, to)) = (sender(&a, way, sending), receiver(&b, way));
                let is_v4 = to.ip().unwrap().to_canonical().is_ipv4();
                let net = if is_v4 { v4 } else { v6 };
                let mut nowhere: IpAddr = ip(net.split_once('/').unwrap().0);
                if let (IpAddr::V4(v4), Family::Inet6) = (nowhere, way.family) {
                    nowhere = v4.to_ipv6_mapped().into();
                }
                let nowhere: Addr = (nowhere, 9).into();
                let error = if is_v4 { error4 } else { error6 };
                let bytes = bytes_of(&[200; 90]);
                let goes = |index: usize| !(5..7).contains(&index) && index != 30 && !(60..80).contains(&index);
                let place = |index: usize| if goes(index) { &to } else { &nowhere };
                for _ in 0..2 {
                    let mut datagrams: Vec<_> =
                        bytes.iter().enumerate().map(|(index, bytes)| Datagram::to(bytes, place(index))).collect();
                    assert_eq!(socket.send_many(&mut datagrams, Flags::NONE), Ok(67), "{route}, {way:?}");
                    for (index, datagram) in datagrams.iter().enumerate() {
                        let wanted = if goes(index) { Ok(200) } else { Err(error) };
                        assert_eq!(datagram.result(), wanted, "{route}, {way:?}, {sending:?}, datagram {index}");
                    }
                    let sent = bytes.iter().enumerate().filter(|(index, _)| goes(*index));
                    expect(&other, &sent.map(|(_, bytes)| bytes.clone()).collect::<Vec<_>>());
                }
                // When none can be sent, the call says why.
                let mut lost = [Datagram::to(b"a", &nowhere), Datagram::to(b"b", &nowhere)];
                assert_eq!(socket.send_many(&mut lost, Flags::NONE), Err(error), "{route}, {way:?}");
            }
        }
    }
}
