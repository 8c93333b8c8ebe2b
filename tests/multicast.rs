//! Multicast between network namespaces, with Python's `socket` module at the other end.

mod common;

use common::expect_success;
use common::netns::{LinkEnd, Namespace, RoutedNetwork, create_link, two_hosts};
use common::peers::python;
use common::process::Process;
use jackfield::{Addr, Error, Family, Flags, Incoming, Opt, PacketInfo, Socket, Type};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

/// The addresses of one family: a group, two senders in one namespace, and a receiver in the other.
struct Addresses {
    family: Family,
    group: &'static str,
    sender: &'static str,
    other_sender: &'static str,
    receiver: &'static str,
}

const FAMILIES: [Addresses; 2] = [
    Addresses {
        family: Family::Inet,
        group: "239.7.7.7",
        sender: "10.77.0.1",
        other_sender: "10.77.0.11",
        receiver: "10.77.0.2",
    },
    Addresses {
        family: Family::Inet6,
        group: "ff15::7",
        sender: "fd77::1",
        other_sender: "fd77::11",
        receiver: "fd77::2",
    },
];

fn addr(ip: &str, port: u16) -> Addr {
    (ip.parse::<IpAddr>().expect("the text is an IP address"), port).into()
}

/// Two linked hosts; the first has two addresses in each family.
fn sender_and_receiver() -> (Namespace, Namespace) {
    let (a, b) = two_hosts();
    for net in &FAMILIES {
        a.ip(&format!("addr add {}/64 dev eth0 nodad", net.other_sender).replace("10.77.0.11/64", "10.77.0.11/24"));
    }
    a.ip("route add 239.0.0.0/8 dev eth0");
    (a, b)
}

/// A socket in a namespace, bound to an unused port of all addresses, and the port.
fn receiver(namespace: &Namespace, family: Family) -> (Socket, u16) {
    let socket = namespace.enter(|| Socket::open(family, Type::Dgram, 0)).unwrap();
    let any: IpAddr = if family == Family::Inet { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    socket.bind(&(any, 0).into()).unwrap();
    socket.set_recv_timeout(Some(Duration::from_secs(60))).unwrap();
    let port = socket.local_addr().unwrap().port().unwrap();
    (socket, port)
}

/// Sends words from Python, in order, through one interface. Each item is a source, a destination and a word.
fn send_from_python(namespace: &Namespace, interface: &str, words: &[(&str, Addr, &str)]) {
    let index = namespace.interface_index(interface).to_string();
    let mut arguments = vec!["send".to_owned(), index];
    for (from, to, word) in words {
        arguments.extend([addr(from, 0).to_string(), to.to_string(), (*word).to_owned()]);
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    expect_success(&mut namespace.within(&python("tests/py/multicast.py", &arguments)), 60);
}

/// Asserts that the next datagram is this word.
#[track_caller]
fn assert_receives(socket: &Socket, word: &str) {
    let mut buffer = [0; 64];
    let len = socket.recv(&mut buffer[..], Flags::NONE).unwrap();
    assert_eq!(String::from_utf8_lossy(&buffer[..len]), word);
}

#[test]
fn memberships_filter_datagrams_from_python() {
    let (a, b) = sender_and_receiver();
    let interface = b.interface_index("eth0");
    for Addresses { family, group, sender, other_sender, receiver: at } in &FAMILIES {
        let (socket, port) = receiver(&b, *family);
        let to = addr(group, port);
        let marker = (*sender, addr(at, port), "marker");
        send_from_python(&a, "eth0", &[(sender, to, "early"), marker]);
        assert_receives(&socket, "marker");

        socket.join(&to, None, interface).unwrap();
        assert_eq!(socket.join(&to, None, interface), Err(Error::ADDR_IN_USE));
        send_from_python(&a, "eth0", &[(sender, to, "from one"), (other_sender, to, "from the other")]);
        assert_receives(&socket, "from one");
        assert_receives(&socket, "from the other");
        socket.leave(&to, None, interface).unwrap();
        assert_eq!(socket.leave(&to, None, interface), Err(Error::ADDR_NOT_AVAILABLE));
        send_from_python(&a, "eth0", &[(sender, to, "late"), marker]);
        assert_receives(&socket, "marker");

        let source = addr(sender, 0);
        socket.join(&to, Some(&source), interface).unwrap();
        assert_eq!(socket.join(&to, None, interface), Err(Error::ADDR_IN_USE));
        send_from_python(&a, "eth0", &[(other_sender, to, "unwanted"), (sender, to, "wanted")]);
        assert_receives(&socket, "wanted");
        socket.leave(&to, Some(&source), interface).unwrap();
        send_from_python(&a, "eth0", &[(sender, to, "late"), (other_sender, to, "late"), marker]);
        assert_receives(&socket, "marker");
    }
}

#[test]
fn an_ipv6_socket_joins_an_ipv4_group() {
    let (a, b) = sender_and_receiver();
    let interface = b.interface_index("eth0");
    let (socket, port) = receiver(&b, Family::Inet6);
    let Addresses { group, sender, other_sender, receiver: at, .. } = &FAMILIES[0];
    let (to, source, marker) = (addr(group, port), addr(sender, 0), (*sender, addr(at, port), "marker"));
    socket.join(&to, Some(&source), interface).unwrap();
    send_from_python(&a, "eth0", &[(other_sender, to, "unwanted"), (sender, to, "wanted")]);
    assert_receives(&socket, "wanted");
    socket.leave(&to, None, interface).unwrap();
    send_from_python(&a, "eth0", &[(sender, to, "late"), marker]);
    assert_receives(&socket, "marker");
}

#[test]
fn python_receives_multicast_datagrams() {
    let (a, b) = sender_and_receiver();
    let interface = b.interface_index("eth0").to_string();
    for Addresses { family, group, sender, other_sender, .. } in &FAMILIES {
        for source in ["-", sender] {
            let arguments = ["recv", &interface, &addr(group, 0).to_string(), source, "1"];
            let mut process = Process::start(&b.within(&python("tests/py/multicast.py", &arguments)));
            let at: Addr = process.output.read_line().parse().expect("the script prints its address");
            let mut to = addr(group, at.port().unwrap());
            if *family == Family::Inet6 {
                // The scope selects the outgoing interface.
                to = format!("[{group}%{}]:{}", a.interface_index("eth0"), at.port().unwrap()).parse().unwrap();
            }
            a.enter(|| {
                pin_to_one_cpu();
                if source != "-" {
                    send_word(other_sender, &to, "unwanted");
                }
                send_word(sender, &to, "wanted");
            });
            assert_eq!(process.output.read_line(), "wanted");
            process.expect_success();
        }
    }
}

/// Sends a word from a source address.
fn send_word(from: &str, to: &Addr, word: &str) {
    let socket = Socket::open(to.family(), Type::Dgram, 0).unwrap();
    socket.bind(&addr(from, 0)).unwrap();
    assert_eq!(socket.send_to(word.as_bytes(), Flags::NONE, to), Ok(word.len()));
}

/// Pins the calling thread to the first CPU, because datagrams sent from different CPUs may be reordered.
fn pin_to_one_cpu() {
    // SAFETY: an all-zero set is valid and empty.
    let mut set: libc::cpu_set_t = unsafe { std::mem::zeroed() };
    // SAFETY: the pointer and the size are those of the local set.
    unsafe {
        libc::CPU_SET(0, &mut set);
        assert_eq!(libc::sched_setaffinity(0, size_of_val(&set), &set), 0);
    }
}

/// A membership covers one interface. On IPv4 this holds even if another socket has joined the group on the other
/// interface. On IPv6, Linux then checks only the group.
#[test]
fn a_membership_covers_one_interface() {
    let (a, b) = sender_and_receiver();
    create_link(
        &LinkEnd { namespace: &a, interface: "eth1", addresses: &["10.78.0.1/24", "fd78::1/64"] },
        &LinkEnd { namespace: &b, interface: "eth1", addresses: &["10.78.0.2/24", "fd78::2/64"] },
        1500,
    );
    for (Addresses { family, group, sender, .. }, far_sender) in FAMILIES.iter().zip(["10.78.0.1", "fd78::1"]) {
        let ((near, near_port), (far, far_port)) = (receiver(&b, *family), receiver(&b, *family));
        let [to_near, to_far] = [near_port, far_port].map(|port| addr(group, port));
        for socket in [&near, &far] {
            socket.set(Opt::MulticastAll, 0).unwrap();
        }
        near.join(&addr(group, 0), None, b.interface_index("eth0")).unwrap();
        if *family == Family::Inet {
            far.join(&addr(group, 0), None, b.interface_index("eth1")).unwrap();
        }
        send_from_python(
            &a,
            "eth1",
            &[(far_sender, to_near, "other interface"), (far_sender, to_far, "own interface")],
        );
        send_from_python(&a, "eth0", &[(sender, to_far, "other interface"), (sender, to_near, "own interface")]);
        assert_receives(&near, "own interface");
        near.leave(&addr(group, 0), None, b.interface_index("eth0")).unwrap();
        if *family == Family::Inet6 {
            far.join(&addr(group, 0), None, b.interface_index("eth1")).unwrap();
            send_from_python(&a, "eth0", &[(sender, to_far, "other interface")]);
            send_from_python(&a, "eth1", &[(far_sender, to_far, "own interface")]);
        }
        assert_receives(&far, "own interface");
    }
}

#[test]
fn packet_info_has_the_interface_and_the_group() {
    let (a, b) = sender_and_receiver();
    create_link(
        &LinkEnd { namespace: &a, interface: "eth1", addresses: &["10.78.0.1/24", "fd78::1/64"] },
        &LinkEnd { namespace: &b, interface: "eth1", addresses: &["10.78.0.2/24", "fd78::2/64"] },
        1500,
    );
    let [near, far] = ["eth0", "eth1"].map(|interface| b.interface_index(interface));
    // In the last row, an IPv6 socket joins an IPv4 group.
    let rows = [
        (Family::Inet, &FAMILIES[0], "10.78.0.1"),
        (Family::Inet6, &FAMILIES[1], "fd78::1"),
        (Family::Inet6, &FAMILIES[0], "10.78.0.1"),
    ];
    for (family, Addresses { group, sender, .. }, far_sender) in rows {
        let (socket, port) = receiver(&b, family);
        socket.set(Opt::RecvPacketInfo, 1).unwrap();
        let to = addr(group, port);
        for interface in [near, far] {
            socket.join(&to, None, interface).unwrap();
        }
        let mut message = Incoming::new();
        for (interface, from, index) in [("eth0", sender, near), ("eth1", &far_sender, far)] {
            send_from_python(&a, interface, &[(from, to, "word")]);
            let mut buffer = [0; 8];
            assert_eq!(socket.recv_msg(&mut [buffer.as_mut_slice().into()], Flags::NONE, &mut message), Ok(4));
            let ip = match (family, group.parse().expect("the text is an IP address")) {
                (Family::Inet6, IpAddr::V4(ip)) => ip.to_ipv6_mapped().into(),
                (_, ip) => ip,
            };
            assert_eq!(message.destination, Some(PacketInfo { interface: index, addr: (ip, 0).into() }));
        }
    }
}

/// Tests the router of the test networks: it forwards, and its rules and MTUs apply.
#[test]
fn the_test_router_forwards_datagrams() {
    let RoutedNetwork { a, router, b } = RoutedNetwork::new(1500, 1280);
    assert!(router.ip("link show dev left").contains(" mtu 1500 "));
    assert!(router.ip("link show dev right").contains(" mtu 1280 "));
    for (family, to, local) in [(Family::Inet, "10.77.2.2", "127.0.0.1"), (Family::Inet6, "fd77:2::2", "::1")] {
        let ((socket, port), (blocked, blocked_port)) = (receiver(&b, family), receiver(&b, family));
        router.nft(&format!(
            "table inet bar {{ chain forward {{ \
             type filter hook forward priority 0; udp dport {blocked_port} drop; }}; }}\n"
        ));
        let sender = a.enter(|| {
            pin_to_one_cpu();
            let sender = Socket::open(family, Type::Dgram, 0).unwrap();
            sender.send_to(&b"blocked"[..], Flags::NONE, &addr(to, blocked_port)).unwrap();
            sender.send_to(&b"there"[..], Flags::NONE, &addr(to, port)).unwrap();
            sender
        });
        let mut buffer = [0; 64];
        let (len, from) = socket.recv_from(&mut buffer[..], Flags::NONE).unwrap();
        assert_eq!(&buffer[..len], b"there");
        socket.send_to(&b"and back"[..], Flags::NONE, &from).unwrap();
        sender.set_recv_timeout(Some(Duration::from_secs(60))).unwrap();
        assert_receives(&sender, "and back");
        b.enter(|| send_word(local, &addr(local, blocked_port), "marker"));
        assert_receives(&blocked, "marker");
    }
}
