//! Dialers do as they are told, can be cut short at any moment, and leave nothing behind: between network namespaces.

mod common;

use common::dns::{Machine, odd_server};
use common::names::{Said, Tool, listen, lose, network};
use jackfield::{Error, Flags, Incoming, Opt, Socket, Type};
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

/// Who has connected.
fn peer(server: &TcpListener) -> SocketAddr {
    server.accept().expect("it is connected to").1
}

/// How often each result came, of which no other may have.
#[track_caller]
fn counts<const N: usize>(said: &Said, results: [&str; N]) -> [u32; N] {
    let mut counts = [0; N];
    for word in &said.words[1..] {
        let (result, count) = word.split_once('=').expect("it is a count");
        let at = results.iter().position(|expected| *expected == result);
        counts[at.unwrap_or_else(|| panic!("{said:?}"))] = count.parse().expect("it is a count");
    }
    counts
}

#[test]
fn it_connects_from_its_local_address() {
    let (a, b, _dns) =
        network(&["both.test,10.77.0.2,fd77::2", "four.test,10.77.0.2", "two.test,10.77.0.2", "two.test,10.77.0.4"]);
    a.ip("addr add 10.77.0.3/24 dev eth0");
    a.ip("addr add fd77::3/64 dev eth0 nodad");
    b.ip("addr add 10.77.0.4/24 dev eth0");
    let servers = listen(&b, &["10.77.0.2:7000", "[fd77::2]:7000", "10.77.0.2:7001", "10.77.0.4:7001"]);
    let mut tool = Tool::new(&Machine::new(&a));
    let before = tool.count();
    for (local, to, server) in [
        ("10.77.0.1:0", "10.77.0.2:7000", &servers[0]),
        ("10.77.0.3:0", "10.77.0.2:7000", &servers[0]),
        ("[fd77::1]:0", "[fd77::2]:7000", &servers[1]),
        ("[fd77::3]:0", "[fd77::2]:7000", &servers[1]),
        ("10.77.0.3:5001", "10.77.0.2:7000", &servers[0]),
        ("[fd77::3]:5001", "[fd77::2]:7000", &servers[1]),
        ("0.0.0.0:5002", "10.77.0.2:7000", &servers[0]),
        ("[::]:5003", "[fd77::2]:7000", &servers[1]),
    ] {
        // Only the addresses of its family are tried.
        let said = tool.ask(&format!("dial tcp://both.test:7000 local={local} 60000"));
        assert_eq!((said.result.as_str(), said.words[0].as_str()), ("0", to), "{local}: {said:?}");
        let local: SocketAddr = local.parse().expect("it is an address");
        let seen = peer(server);
        assert_eq!(said.words[1], seen.to_string());
        assert!(local.ip().is_unspecified() || local.ip() == seen.ip(), "{local}: {seen}");
        assert!(local.port() == 0 || local.port() == seen.port(), "{local}: {seen}");
    }
    // A port that is given is shared by the attempts under way.
    let first = tool.found("resolve two.test 7001 0 stream 60000").swap_remove(0);
    let (lost, server) =
        if first.starts_with("10.77.0.2:") { ("10.77.0.2", &servers[3]) } else { ("10.77.0.4", &servers[2]) };
    lose(&b, &format!("ip daddr {lost} tcp dport 7001"));
    let (_, ms) = tool.connects("dial tcp://two.test:7001 local=10.77.0.1:5004 60000");
    assert_eq!(peer(server), "10.77.0.1:5004".parse().unwrap());
    assert!(ms >= 250.0, "it took {ms} ms");

    for (endpoint, local, error) in [
        ("four.test:7000", "[fd77::1]:0", "NAME_NO_ADDRESS"),
        ("10.77.0.2:7000", "[fd77::1]:0", "NAME_NO_ADDRESS"),
        ("[fd77::2]:7000", "10.77.0.1:0", "NAME_NO_ADDRESS"),
        ("10.77.0.2:7000", "10.77.0.99:0", "ADDR_NOT_AVAILABLE"),
        ("four.test:7000", "10.77.0.99:0", "ADDR_NOT_AVAILABLE"),
    ] {
        tool.fails(&format!("dial tcp://{endpoint} local={local} 60000"), error);
    }
    assert_eq!(tool.count(), before);
}

#[test]
fn it_sets_options_before_it_connects() {
    let (a, b, _dns) = network(&["both.test,10.77.0.2,fd77::2"]);
    let _servers = listen(&b, &["10.77.0.2:7000", "[fd77::2]:7000", "10.77.0.2:7001", "10.77.0.2:7002"]);
    // The first packet already must have it.
    lose(&b, "meta nfproto ipv4 tcp dport 7000 ip ttl != 9");
    lose(&b, "meta nfproto ipv6 tcp dport 7000 ip6 hoplimit != 9");
    lose(&b, "tcp dport 7001 ip dscp != 46");
    let mut tool = Tool::new(&Machine::new(&a));
    let before = tool.count();
    tool.times_out("dial tcp://both.test:7000 600");
    tool.times_out("dial tcp://both.test:7000 ttl=8 600");
    tool.times_out("dial tcp://10.77.0.2:7001 100");
    for (command, read) in [
        ("dial tcp://both.test:7000 ttl=9", "ttl=9"),
        ("dial tcp://10.77.0.2:7000 ttl=8 ttl=9", "ttl=9 ttl=9"),
        ("dial tcp://10.77.0.2:7001 tos=184", "tos=184"),
        ("dial tcp://10.77.0.2:7002 no-delay=1 keep-alive=1", "no-delay=1 keep-alive=1"),
        ("dial tcp://10.77.0.2:7002 no-delay=0 keep-alive=0", "no-delay=0 keep-alive=0"),
        ("dial tcp://10.77.0.2:7002 recv-timeout=5", "recv-timeout=5"),
        ("dial tcp://10.77.0.2:7002 device=eth0 mark=77", "device=eth0 mark=77"),
        ("dial udp://10.77.0.2:7002 ttl=9 tos=184", "ttl=9 tos=184"),
    ] {
        let said = tool.ask(&format!("{command} 60000"));
        assert_eq!((said.result.as_str(), said.words[2..].join(" ").as_str()), ("0", read), "{command}: {said:?}");
    }
    // From the loopback interface there is no way there.
    let lost = tool.ask("dial tcp://10.77.0.2:7002 device=lo 300");
    assert!(["JF_E_TIMED_OUT", "JF_E_NETWORK_UNREACHABLE"].contains(&lost.result.as_str()), "{lost:?}");
    tool.fails("dial tcp://10.77.0.2:7002 device=eth9 60000", "NOT_FOUND");
    tool.fails("dial tcp://10.77.0.2:7002 ttl=9999 60000", "INVALID");
    tool.fails("dial tcp://both.test:7002 ttl=9999 60000", "INVALID");
    tool.fails("dial tcp://10.77.0.2:7002 delay=9 60000", "INVALID");
    assert_eq!(tool.count(), before);
}

#[test]
fn datagrams_carry_what_was_set() {
    let (a, b, _dns) = network(&[]);
    let server = b.enter(|| Socket::open(jackfield::Family::Inet, Type::Dgram, 0)).unwrap();
    server.bind(&"10.77.0.2:7000".parse().unwrap()).unwrap();
    server.set(Opt::RecvTtl, 1).unwrap();
    server.set_recv_timeout(Some(Duration::from_secs(60))).unwrap();
    let mut dialer = jackfield::Dialer::new().unwrap();
    dialer.set(Opt::Ttl, 9).unwrap().bind("10.77.0.1:5001".parse().unwrap()).unwrap();
    let socket = a.enter(|| dialer.dial("udp://10.77.0.2:7000", Some(Duration::ZERO))).unwrap();
    assert_eq!(socket.send(b"hello".as_slice(), Flags::NONE), Ok(5));
    let (mut incoming, mut room) = (Incoming::new(), [0; 64]);
    assert_eq!(server.recv_msg(&mut [room[..].as_mut().into()], Flags::NONE, &mut incoming), Ok(5));
    assert_eq!((incoming.from, incoming.ttl), (Some("10.77.0.1:5001".parse().unwrap()), Some(9)));
    // The peer is the only one it hears.
    assert_eq!(socket.recv(&mut room[..], Flags::DONT_WAIT), Err(Error::WOULD_BLOCK));
}

#[test]
fn ten_thousand_dials_leave_nothing_behind() {
    let (a, _b, dns) = network(&["here.test,127.0.0.1,::1"]);
    let mut tool = Tool::new(&Machine::new(&a).with("hosts", "127.0.0.1 here\n"));
    let before = tool.count();
    for (endpoint, count) in [("127.0.0.1:7009", 9000), ("here:7009", 500), ("here.test:7009", 250), (":7009", 250)] {
        let said = tool.ask(&format!("row {count} dial tcp://{endpoint} 60000"));
        assert_eq!(counts(&said, ["JF_E_CONN_REFUSED"]), [count], "{endpoint}");
    }
    // A look-up's thread may need a moment to end after it has answered.
    tool.settle(&before);
    drop(dns);
}

#[test]
fn closing_it_at_any_moment_cuts_dials_short() {
    let (a, b, dns) = network(&["both.test,10.77.0.2,fd77::2"]);
    let servers = listen(&b, &["10.77.0.2:7000", "[fd77::2]:7000"]);
    lose(&b, "tcp dport 7001");
    let folder = common::process::Folder::new();
    let path = folder.path().join("full").display().to_string();
    let full = Socket::serve(&format!("unix://{path}"), 0).unwrap();
    let mut waiting = Vec::new();
    while let Ok(socket) = Socket::dial(&format!("unix://{path}"), Some(Duration::ZERO)) {
        waiting.push(socket);
    }
    let mut tool = Tool::new(&Machine::new(&a));
    let before = tool.count();
    let cut = |tool: &mut Tool, count: u32, dial: &str| {
        let said = tool.ask(&format!("cut {count} {count} dial {dial} 60000"));
        let [done, closed, bad] = counts(&said, ["done", "JF_E_CLOSED", "JF_E_BAD_HANDLE"]);
        assert_eq!(done + closed + bad, count, "{dial}: {said:?}");
        assert!(said.ms < 100.0, "{dial}: it took {} ms", said.ms);
        (done, closed)
    };
    for dial in ["tcp://10.77.0.2:7001", "tcp://both.test:7001 delay=10", &format!("unix://{path}")] {
        let (done, closed) = cut(&mut tool, 200, dial);
        assert!(done == 0 && closed > 100, "{dial}: {done} done and {closed} closed");
    }
    let (done, _) = cut(&mut tool, 200, "tcp://both.test:7000");
    assert!(done > 0);
    for server in &servers {
        server.set_nonblocking(true).unwrap();
        while server.accept().is_ok() {}
    }
    dns.pause();
    let (done, closed) = cut(&mut tool, 200, "tcp://both.test:7000");
    assert!(done == 0 && closed > 100, "{done} done and {closed} closed");
    dns.go_on();
    tool.settle(&before);
    drop(full);
}

#[test]
fn closing_it_cuts_all_its_dials_short() {
    let (a, b, dns) = network(&["both.test,10.77.0.2,fd77::2"]);
    let _servers = listen(&b, &["10.77.0.2:7000", "[fd77::2]:7000"]);
    lose(&b, "tcp dport 7001");
    let mut tool = Tool::new(&Machine::new(&a));
    let before = tool.count();
    let said = tool.ask("share 100 300 dial tcp://both.test:7001 60000");
    assert_eq!((said.result.as_str(), counts(&said, ["JF_E_CLOSED"])), ("JF_E_BUSY", [100]), "{said:?}");
    assert!(said.ms < 100.0, "{said:?}");
    // Each has a connection by then.
    let said = tool.ask("share 50 2000 dial tcp://both.test:7000 60000");
    assert_eq!((said.result.as_str(), counts(&said, ["done"])), ("0", [50]), "{said:?}");
    dns.pause();
    let said = tool.ask("share 100 300 dial tcp://both.test:7000 60000");
    assert_eq!((said.result.as_str(), counts(&said, ["JF_E_CLOSED"])), ("JF_E_BUSY", [100]), "{said:?}");
    assert!(said.ms < 100.0, "{said:?}");
    dns.go_on();
    tool.settle(&before);
}

#[test]
fn a_hundred_threads_dial_at_once() {
    let (a, b, dns) = network(&["both.test,10.77.0.2,fd77::2"]);
    let _servers = listen(&b, &["10.77.0.2:7000", "[fd77::2]:7000"]);
    lose(&b, "tcp dport 7001 meta nfproto ipv6");
    let _others = listen(&b, &["10.77.0.2:7001"]);
    let mut tool = Tool::new(&Machine::new(&a).with("hosts", "10.77.0.2 filed\n"));
    let before = tool.count();
    for endpoint in ["10.77.0.2:7000", "filed:7000", "both.test:7000", "both.test:7001"] {
        tool.tell(&format!("crowd 100 200 dial tcp://{endpoint} 60000"));
        assert_eq!(tool.line(), "under way");
        let said = tool.hear();
        assert_eq!(counts(&said, ["done"]), [100], "{endpoint}");
        assert!(said.result.parse::<u32>().unwrap() <= 64, "{endpoint}: {said:?}");
        tool.settle(&before);
    }
    dns.pause();
    tool.tell("crowd 100 64 dial tcp://both.test:7000 600");
    assert_eq!(tool.line(), "under way");
    let said = tool.hear();
    assert_eq!((said.result.as_str(), counts(&said, ["JF_E_TIMED_OUT"])), ("64", [100]), "{said:?}");
    assert!(said.ms < 650.0, "{said:?}");
    dns.go_on();
    tool.settle(&before);
}

#[test]
fn a_process_without_descriptors_says_so() {
    let (a, b, _dns) = network(&["both.test,10.77.0.2,fd77::2"]);
    let _servers = listen(&b, &["10.77.0.2:7000"]);
    let mut tool = Tool::new(&Machine::new(&a));
    let before = tool.count();
    tool.ask("fill 0");
    tool.fails("dial tcp://10.77.0.2:7000 60000", "TOO_MANY_FILES");
    tool.fails("dial tcp://both.test:7000 60000", "TOO_MANY_FILES");
    tool.fails("dial unix://@none 60000", "TOO_MANY_FILES");
    tool.ask("fill 1");
    assert_eq!(tool.connects("dial tcp://10.77.0.2:7000 60000").0, "10.77.0.2:7000");
    tool.fails("dial tcp://both.test:7000 60000", "TOO_MANY_FILES");
    tool.ask("fill -1");
    assert_eq!(tool.connects("dial tcp://both.test:7000 60000").0, "10.77.0.2:7000");
    tool.settle(&before);
}

#[test]
fn a_forked_child_dials_while_its_parent_waits_for_a_name() {
    let (a, b, _dns) = network(&["both.test,10.77.0.2,fd77::2"]);
    let mut odd = odd_server(&a, "127.0.0.2");
    let _servers = listen(&b, &["10.77.0.2:7000", "[fd77::2]:7000"]);
    let machine = Machine::new(&a)
        .with("hosts", "10.77.0.2 filed\n")
        .with("resolv.conf", "nameserver 127.0.0.2\nnameserver 127.0.0.1\noptions timeout:2 attempts:1\n");
    let mut tool = Tool::new(&machine);
    let before = tool.count();
    tool.ask("beside dial tcp://silent.odd:7000 delay=60000 1500");
    // Children are for when the look-up waits for its server: the C library has locks that would stay locked in them.
    assert_eq!((odd.output.line(), odd.output.line()), ("1 silent.odd".into(), "28 silent.odd".into()));
    for _ in 0..10 {
        assert_eq!(tool.connects("fork-anew dial tcp://10.77.0.2:7000 60000").0, "10.77.0.2:7000");
        assert_eq!(tool.connects("fork-anew dial tcp://filed:7000 60000").0, "10.77.0.2:7000");
        let (peer, ms) = tool.connects("fork-anew dial tcp://plain.odd:7000 60000");
        assert_eq!(peer, "[fd77::2]:7000");
        assert!(ms < 250.0, "it took {ms} ms");
    }
    tool.times_out("fork-anew dial tcp://silent.odd:7000 100");
    tool.fails("join", "TIMED_OUT");
    tool.settle(&before);
}
