//! Multicast from one network namespace to another, with Python's own sockets at the other end.

mod common;

use common::expect_success;
use common::netns::{LinkEnd, Namespace, RoutedNetwork, create_link, two_hosts};
use common::peers::python;
use common::process::Process;
use jackfield::{Addr, Error, Family, Flags, Incoming, Opt, PacketInfo, Socket, Type};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

/// One family's words: a group, two senders in one namespace, and a receiver in the other.
struct Net {
    family: Family,
    group: &'static str,
    sender: &'static str,
    other_sender: &'static str,
    receiver: &'static str,
}

const NETS: [Net; 2] = [
    Net {
        family: Family::Inet,
        group: "239.7.7.7",
        sender: "10.77.0.1",
        other_sender: "10.77.0.11",
        receiver: "10.77.0.2",
    },
    Net { family: Family::Inet6, group: "ff15::7", sender: "fd77::1", other_sender: "fd77::11", receiver: "fd77::2" },
];

fn addr(ip: &str, port: u16) -> Addr {
    (ip.parse::<IpAddr>().expect("it is an IP address"), port).into()
}

/// Neighbours, of whom the first has two addresses.
fn sender_and_receiver() -> (Namespace, Namespace) {
    let (a, b) = two_hosts();
    for net in &NETS {
        a.ip(&format!("addr add {}/64 dev eth0 nodad", net.other_sender).replace("10.77.0.11/64", "10.77.0.11/24"));
    }
    a.ip("route add 239.0.0.0/8 dev eth0");
    (a, b)
}

/// A socket of a namespace that takes what comes to a port, and the port.
fn receiver(namespace: &Namespace, family: Family) -> (Socket, u16) {
    let socket = namespace.enter(|| Socket::open(family, Type::Dgram, 0)).unwrap();
    let any: IpAddr = if family == Family::Inet { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    socket.bind(&(any, 0).into()).unwrap();
    socket.set_recv_timeout(Some(Duration::from_secs(60))).unwrap();
    let port = socket.local_addr().unwrap().port().unwrap();
    (socket, port)
}

/// Python sends words, each from an address to an address, in this order and on this way.
fn python_sends(namespace: &Namespace, interface: &str, words: &[(&str, Addr, &str)]) {
    let index = namespace.interface_index(interface).to_string();
    let mut arguments = vec!["send".to_owned(), index];
    for (from, to, word) in words {
        arguments.extend([addr(from, 0).to_string(), to.to_string(), (*word).to_owned()]);
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    expect_success(&mut namespace.within(&python("tests/py/multicast.py", &arguments)), 60);
}

#[track_caller]
fn expect_word(socket: &Socket, word: &str) {
    let mut buffer = [0; 64];
    let len = socket.recv(&mut buffer[..], Flags::NONE).unwrap();
    assert_eq!(String::from_utf8_lossy(&buffer[..len]), word);
}

#[test]
fn python_sends_and_jackfield_joins() {
    let (a, b) = sender_and_receiver();
    let interface = b.interface_index("eth0");
    for Net { family, group, sender, other_sender, receiver: at } in &NETS {
        let (socket, port) = receiver(&b, *family);
        let to = addr(group, port);
        let marker = (*sender, addr(at, port), "marker");
        python_sends(&a, "eth0", &[(sender, to, "early"), marker]);
        expect_word(&socket, "marker");

        socket.join(&to, None, interface).unwrap();
        assert_eq!(socket.join(&to, None, interface), Err(Error::ADDR_IN_USE));
        python_sends(&a, "eth0", &[(sender, to, "from one"), (other_sender, to, "from the other")]);
        expect_word(&socket, "from one");
        expect_word(&socket, "from the other");
        socket.leave(&to, None, interface).unwrap();
        assert_eq!(socket.leave(&to, None, interface), Err(Error::ADDR_NOT_AVAILABLE));
        python_sends(&a, "eth0", &[(sender, to, "late"), marker]);
        expect_word(&socket, "marker");

        let source = addr(sender, 0);
        socket.join(&to, Some(&source), interface).unwrap();
        assert_eq!(socket.join(&to, None, interface), Err(Error::ADDR_IN_USE));
        python_sends(&a, "eth0", &[(other_sender, to, "unwanted"), (sender, to, "wanted")]);
        expect_word(&socket, "wanted");
        socket.leave(&to, Some(&source), interface).unwrap();
        python_sends(&a, "eth0", &[(sender, to, "late"), (other_sender, to, "late"), marker]);
        expect_word(&socket, "marker");
    }
}

#[test]
fn an_ipv6_socket_joins_ipv4() {
    let (a, b) = sender_and_receiver();
    let interface = b.interface_index("eth0");
    let (socket, port) = receiver(&b, Family::Inet6);
    let Net { group, sender, other_sender, receiver: at, .. } = &NETS[0];
    let (to, source, marker) = (addr(group, port), addr(sender, 0), (*sender, addr(at, port), "marker"));
    socket.join(&to, Some(&source), interface).unwrap();
    python_sends(&a, "eth0", &[(other_sender, to, "unwanted"), (sender, to, "wanted")]);
    expect_word(&socket, "wanted");
    socket.leave(&to, None, interface).unwrap();
    python_sends(&a, "eth0", &[(sender, to, "late"), marker]);
    expect_word(&socket, "marker");
}

#[test]
fn jackfield_sends_and_python_joins() {
    let (a, b) = sender_and_receiver();
    let interface = b.interface_index("eth0").to_string();
    for Net { family, group, sender, other_sender, .. } in &NETS {
        for source in ["-", sender] {
            let arguments = ["recv", &interface, &addr(group, 0).to_string(), source, "1"];
            let mut process = Process::start(&b.within(&python("tests/py/multicast.py", &arguments)));
            let at: Addr = process.output.read_line().parse().expect("it says where it listens");
            let mut to = addr(group, at.port().unwrap());
            if *family == Family::Inet6 {
                // The interface to send by.
                to = format!("[{group}%{}]:{}", a.interface_index("eth0"), at.port().unwrap()).parse().unwrap();
            }
            a.enter(|| {
                on_one_processor();
                if source != "-" {
                    say(other_sender, &to, "unwanted");
                }
                say(sender, &to, "wanted");
            });
            assert_eq!(process.output.read_line(), "wanted");
            process.expect_success();
        }
    }
}

/// Sends a word from an address.
fn say(from: &str, to: &Addr, word: &str) {
    let socket = Socket::open(to.family(), Type::Dgram, 0).unwrap();
    socket.bind(&addr(from, 0)).unwrap();
    assert_eq!(socket.send_to(word.as_bytes(), Flags::NONE, to), Ok(word.len()));
}

/// Has the calling thread run on the first processor: what one processor sends goes one way, in order.
fn on_one_processor() {
    // SAFETY: all zeros is a set of none.
    let mut set: libc::cpu_set_t = unsafe { std::mem::zeroed() };
    // SAFETY: the set is ours and as long as is said.
    unsafe {
        libc::CPU_SET(0, &mut set);
        assert_eq!(libc::sched_setaffinity(0, size_of_val(&set), &set), 0);
    }
}

/// A membership is one interface's: what comes in by another does not count. On IPv4 that holds when another socket lets it
/// in; on IPv6 Linux looks only at the group then.
#[test]
fn an_interface_is_joined_by_itself() {
    let (a, b) = sender_and_receiver();
    create_link(
        &LinkEnd { namespace: &a, interface: "eth1", addresses: &["10.78.0.1/24", "fd78::1/64"] },
        &LinkEnd { namespace: &b, interface: "eth1", addresses: &["10.78.0.2/24", "fd78::2/64"] },
        1500,
    );
    for (Net { family, group, sender, .. }, far_sender) in NETS.iter().zip(["10.78.0.1", "fd78::1"]) {
        let ((near, near_port), (far, far_port)) = (receiver(&b, *family), receiver(&b, *family));
        let [to_near, to_far] = [near_port, far_port].map(|port| addr(group, port));
        for socket in [&near, &far] {
            socket.set(Opt::MulticastAll, 0).unwrap();
        }
        near.join(&addr(group, 0), None, b.interface_index("eth0")).unwrap();
        if *family == Family::Inet {
            far.join(&addr(group, 0), None, b.interface_index("eth1")).unwrap();
        }
        python_sends(&a, "eth1", &[(far_sender, to_near, "by another"), (far_sender, to_far, "by its own")]);
        python_sends(&a, "eth0", &[(sender, to_far, "by another"), (sender, to_near, "by its own")]);
        expect_word(&near, "by its own");
        near.leave(&addr(group, 0), None, b.interface_index("eth0")).unwrap();
        if *family == Family::Inet6 {
            far.join(&addr(group, 0), None, b.interface_index("eth1")).unwrap();
            python_sends(&a, "eth0", &[(sender, to_far, "by another")]);
            python_sends(&a, "eth1", &[(far_sender, to_far, "by its own")]);
        }
        expect_word(&far, "by its own");
    }
}

/// A datagram tells by which interface it came, and to which group.
#[test]
fn packet_info_names_the_interface() {
    let (a, b) = sender_and_receiver();
    create_link(
        &LinkEnd { namespace: &a, interface: "eth1", addresses: &["10.78.0.1/24", "fd78::1/64"] },
        &LinkEnd { namespace: &b, interface: "eth1", addresses: &["10.78.0.2/24", "fd78::2/64"] },
        1500,
    );
    let [near, far] = ["eth0", "eth1"].map(|interface| b.interface_index(interface));
    // The last is an IPv6 socket that joins a group of IPv4.
    let rows = [
        (Family::Inet, &NETS[0], "10.78.0.1"),
        (Family::Inet6, &NETS[1], "fd78::1"),
        (Family::Inet6, &NETS[0], "10.78.0.1"),
    ];
    for (family, Net { group, sender, .. }, far_sender) in rows {
        let (socket, port) = receiver(&b, family);
        socket.set(Opt::RecvPacketInfo, 1).unwrap();
        let to = addr(group, port);
        for interface in [near, far] {
            socket.join(&to, None, interface).unwrap();
        }
        let mut message = Incoming::new();
        for (by, from, index) in [("eth0", sender, near), ("eth1", &far_sender, far)] {
            python_sends(&a, by, &[(from, to, "word")]);
            let mut buffer = [0; 8];
            assert_eq!(socket.recv_msg(&mut [buffer.as_mut_slice().into()], Flags::NONE, &mut message), Ok(4));
            let ip = match (family, group.parse().expect("it is an IP address")) {
                (Family::Inet6, IpAddr::V4(ip)) => ip.to_ipv6_mapped().into(),
                (_, ip) => ip,
            };
            assert_eq!(message.destination, Some(PacketInfo { interface: index, addr: (ip, 0).into() }));
        }
    }
}

/// Packets pass the router of the tests' networks, and its rules and limits hold.
#[test]
fn a_router_passes_datagrams_on() {
    let RoutedNetwork { a, router, b } = RoutedNetwork::new(1500, 1280);
    assert!(router.ip("link show dev left").contains(" mtu 1500 "));
    assert!(router.ip("link show dev right").contains(" mtu 1280 "));
    for (family, to, local) in [(Family::Inet, "10.77.2.2", "127.0.0.1"), (Family::Inet6, "fd77:2::2", "::1")] {
        let ((socket, port), (barred, barred_port)) = (receiver(&b, family), receiver(&b, family));
        router.nft(&format!(
            "table inet bar {{ chain forward {{ type filter hook forward priority 0; udp dport {barred_port} drop; }}; }}\n"
        ));
        let sender = a.enter(|| {
            on_one_processor();
            let sender = Socket::open(family, Type::Dgram, 0).unwrap();
            sender.send_to(&b"barred"[..], Flags::NONE, &addr(to, barred_port)).unwrap();
            sender.send_to(&b"there"[..], Flags::NONE, &addr(to, port)).unwrap();
            sender
        });
        let mut buffer = [0; 64];
        let (len, from) = socket.recv_from(&mut buffer[..], Flags::NONE).unwrap();
        assert_eq!(&buffer[..len], b"there");
        socket.send_to(&b"and back"[..], Flags::NONE, &from).unwrap();
        sender.set_recv_timeout(Some(Duration::from_secs(60))).unwrap();
        expect_word(&sender, "and back");
        b.enter(|| say(local, &addr(local, barred_port), "marker"));
        expect_word(&barred, "marker");
    }
}
