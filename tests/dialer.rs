//! Dialers apply their options and local address, can be cancelled at any moment, and leak nothing. The tests run
//! between network namespaces.

mod common;

use common::dns::{TestHost, faulty_name_server};
use common::names_tool::{ATTEMPT_DELAY_MS, NamesTool, Reply, drop_packets, listen, network_with_dns};
use jackfield::{Error, Flags, Incoming, Opt, Socket, Type};
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

/// How many milliseconds a cancelled dial may take to return.
const CANCEL_LIMIT_MS: f64 = 100.0;

/// Accepts a connection and returns the client's address.
fn accept_peer(server: &TcpListener) -> SocketAddr {
    server.accept().expect("a client has connected").1
}

/// How often each result occurred. Other results than these are a failure.
#[track_caller]
fn counts<const N: usize>(reply: &Reply, results: [&str; N]) -> [u32; N] {
    let mut counts = [0; N];
    for word in &reply.fields[1..] {
        let (result, count) = word.split_once('=').expect("the field is RESULT=COUNT");
        let at = results.iter().position(|expected| *expected == result);
        counts[at.unwrap_or_else(|| panic!("{reply:?}"))] = count.parse().expect("the field is RESULT=COUNT");
    }
    counts
}

#[test]
fn a_dialer_connects_from_its_local_address() {
    let (a, b, _dns) = network_with_dns(&[
        "both.test,10.77.0.2,fd77::2",
        "four.test,10.77.0.2",
        "two.test,10.77.0.2",
        "two.test,10.77.0.4",
    ]);
    a.ip("addr add 10.77.0.3/24 dev eth0");
    a.ip("addr add fd77::3/64 dev eth0 nodad");
    b.ip("addr add 10.77.0.4/24 dev eth0");
    let servers = listen(&b, &["10.77.0.2:7000", "[fd77::2]:7000", "10.77.0.2:7001", "10.77.0.4:7001"]);
    let mut tool = NamesTool::new(&TestHost::new(&a));
    let before = tool.resource_count();
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
        // Only remote addresses of the same family are tried.
        let reply = tool.run(&format!("dial tcp://both.test:7000 local={local} 60000"));
        assert_eq!((reply.result.as_str(), reply.fields[0].as_str()), ("0", to), "{local}: {reply:?}");
        let local: SocketAddr = local.parse().expect("the text is an address");
        let seen = accept_peer(server);
        assert_eq!(reply.fields[1], seen.to_string());
        assert!(local.ip().is_unspecified() || local.ip() == seen.ip(), "{local}: {seen}");
        assert!(local.port() == 0 || local.port() == seen.port(), "{local}: {seen}");
    }
    // Concurrent attempts share a fixed local port.
    let first = tool.run_ok("resolve two.test 7001 0 stream 60000").swap_remove(0);
    let (lost, server) =
        if first.starts_with("10.77.0.2:") { ("10.77.0.2", &servers[3]) } else { ("10.77.0.4", &servers[2]) };
    drop_packets(&b, &format!("ip daddr {lost} tcp dport 7001"));
    tool.assert_connects_within("dial tcp://two.test:7001 local=10.77.0.1:5004 60000", ATTEMPT_DELAY_MS..f64::INFINITY);
    assert_eq!(accept_peer(server), "10.77.0.1:5004".parse().unwrap());

    for (endpoint, local, error) in [
        ("four.test:7000", "[fd77::1]:0", "NAME_NO_ADDRESS"),
        ("10.77.0.2:7000", "[fd77::1]:0", "NAME_NO_ADDRESS"),
        ("[fd77::2]:7000", "10.77.0.1:0", "NAME_NO_ADDRESS"),
        ("10.77.0.2:7000", "10.77.0.99:0", "ADDR_NOT_AVAILABLE"),
        ("four.test:7000", "10.77.0.99:0", "ADDR_NOT_AVAILABLE"),
    ] {
        tool.assert_fails(&format!("dial tcp://{endpoint} local={local} 60000"), error);
    }
    assert_eq!(tool.resource_count(), before);
}

#[test]
fn a_dialer_sets_options_before_it_connects() {
    let (a, b, _dns) = network_with_dns(&["both.test,10.77.0.2,fd77::2"]);
    let _servers = listen(&b, &["10.77.0.2:7000", "[fd77::2]:7000", "10.77.0.2:7001", "10.77.0.2:7002"]);
    // The options must apply to the first packet.
    drop_packets(&b, "meta nfproto ipv4 tcp dport 7000 ip ttl != 9");
    drop_packets(&b, "meta nfproto ipv6 tcp dport 7000 ip6 hoplimit != 9");
    drop_packets(&b, "tcp dport 7001 ip dscp != 46");
    let mut tool = NamesTool::new(&TestHost::new(&a));
    let before = tool.resource_count();
    tool.assert_times_out("dial tcp://both.test:7000 600");
    tool.assert_times_out("dial tcp://both.test:7000 ttl=8 600");
    tool.assert_times_out("dial tcp://10.77.0.2:7001 100");
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
        let reply = tool.run(&format!("{command} 60000"));
        assert_eq!((reply.result.as_str(), reply.fields[2..].join(" ").as_str()), ("0", read), "{command}: {reply:?}");
    }
    // The peer cannot be reached through the loopback interface.
    let lost = tool.run("dial tcp://10.77.0.2:7002 device=lo 300");
    assert!(["JF_E_TIMED_OUT", "JF_E_NETWORK_UNREACHABLE"].contains(&lost.result.as_str()), "{lost:?}");
    tool.assert_fails("dial tcp://10.77.0.2:7002 device=eth9 60000", "NOT_FOUND");
    tool.assert_fails("dial tcp://10.77.0.2:7002 ttl=9999 60000", "INVALID");
    tool.assert_fails("dial tcp://both.test:7002 ttl=9999 60000", "INVALID");
    tool.assert_fails("dial tcp://10.77.0.2:7002 delay=9 60000", "INVALID");
    assert_eq!(tool.resource_count(), before);
}

#[test]
fn a_dialed_datagram_socket_uses_the_dialers_options() {
    let (a, b, _dns) = network_with_dns(&[]);
    let server = b.enter(|| Socket::open(jackfield::Family::Inet, Type::Dgram, 0)).unwrap();
    server.bind(&"10.77.0.2:7000".parse().unwrap()).unwrap();
    server.set(Opt::RecvTtl, 1).unwrap();
    server.set_recv_timeout(Some(Duration::from_secs(60))).unwrap();
    let mut dialer = jackfield::Dialer::new().unwrap();
    dialer.set(Opt::Ttl, 9).unwrap().bind("10.77.0.1:5001".parse().unwrap()).unwrap();
    let socket = a.enter(|| dialer.dial("udp://10.77.0.2:7000", Some(Duration::ZERO))).unwrap();
    assert_eq!(socket.send(b"hello".as_slice(), Flags::NONE), Ok(5));
    let (mut incoming, mut buffer) = (Incoming::new(), [0; 64]);
    assert_eq!(server.recv_msg(&mut [buffer[..].as_mut().into()], Flags::NONE, &mut incoming), Ok(5));
    assert_eq!((incoming.from, incoming.ttl), (Some("10.77.0.1:5001".parse().unwrap()), Some(9)));
    // A connected socket receives from its peer only.
    assert_eq!(socket.recv(&mut buffer[..], Flags::DONT_WAIT), Err(Error::WOULD_BLOCK));
}

#[test]
fn ten_thousand_dials_leak_nothing() {
    let (a, _b, dns) = network_with_dns(&["here.test,127.0.0.1,::1"]);
    let mut tool = NamesTool::new(&TestHost::new(&a).with_file("hosts", "127.0.0.1 here\n"));
    let before = tool.resource_count();
    for (endpoint, count) in [("127.0.0.1:7009", 9000), ("here:7009", 500), ("here.test:7009", 250), (":7009", 250)] {
        let reply = tool.run(&format!("row {count} dial tcp://{endpoint} 60000"));
        assert_eq!(counts(&reply, ["JF_E_CONN_REFUSED"]), [count], "{endpoint}");
    }
    // A lookup thread may exit a moment after it has answered.
    tool.wait_for_resource_count(&before);
    drop(dns);
}

#[test]
fn closing_a_dialer_at_any_moment_ends_its_dials() {
    let (a, b, dns) = network_with_dns(&["both.test,10.77.0.2,fd77::2"]);
    let servers = listen(&b, &["10.77.0.2:7000", "[fd77::2]:7000"]);
    drop_packets(&b, "tcp dport 7001");
    let folder = common::process::TempDir::new();
    let path = folder.path().join("full").display().to_string();
    let full = Socket::serve(&format!("unix://{path}"), 0).unwrap();
    let mut waiting = Vec::new();
    while let Ok(socket) = Socket::dial(&format!("unix://{path}"), Some(Duration::ZERO)) {
        waiting.push(socket);
    }
    let mut tool = NamesTool::new(&TestHost::new(&a));
    let before = tool.resource_count();
    let cut = |tool: &mut NamesTool, count: u32, dial: &str| {
        let reply = tool.run_within(&format!("cut {count} {count} dial {dial} 60000"), 0.0..CANCEL_LIMIT_MS);
        let [done, closed] = counts(&reply, ["done", "JF_E_CLOSED"]);
        assert_eq!(done + closed, count, "{dial}: {reply:?}");
        let begun_before: u32 = reply.result.parse().unwrap();
        assert!(begun_before > count / 2, "{dial}: {reply:?}");
        done
    };
    for dial in ["tcp://10.77.0.2:7001", "tcp://both.test:7001 delay=10", &format!("unix://{path}")] {
        assert_eq!(cut(&mut tool, 200, dial), 0, "{dial}");
    }
    assert!(cut(&mut tool, 200, "tcp://both.test:7000") > 0);
    for server in &servers {
        server.set_nonblocking(true).unwrap();
        while server.accept().is_ok() {}
    }
    dns.pause();
    assert_eq!(cut(&mut tool, 200, "tcp://both.test:7000"), 0);
    dns.resume();
    tool.wait_for_resource_count(&before);
    drop(full);
}

#[test]
fn closing_a_dialer_ends_all_concurrent_dials() {
    let (a, b, dns) = network_with_dns(&["both.test,10.77.0.2,fd77::2"]);
    let _servers = listen(&b, &["10.77.0.2:7000", "[fd77::2]:7000"]);
    drop_packets(&b, "tcp dport 7001");
    let mut tool = NamesTool::new(&TestHost::new(&a));
    let before = tool.resource_count();
    let reply = tool.run_within("share 100 300 dial tcp://both.test:7001 60000", 0.0..CANCEL_LIMIT_MS);
    assert_eq!((reply.result.as_str(), counts(&reply, ["JF_E_CLOSED"])), ("JF_E_BUSY", [100]), "{reply:?}");
    // The dialer is closed after every thread has connected.
    let reply = tool.run("share 100 -1 dial tcp://both.test:7000 60000");
    assert_eq!((reply.result.as_str(), counts(&reply, ["done"])), ("0", [100]), "{reply:?}");
    dns.pause();
    let reply = tool.run_within("share 100 300 dial tcp://both.test:7000 60000", 0.0..CANCEL_LIMIT_MS);
    assert_eq!((reply.result.as_str(), counts(&reply, ["JF_E_CLOSED"])), ("JF_E_BUSY", [100]), "{reply:?}");
    dns.resume();
    tool.wait_for_resource_count(&before);
}

#[test]
fn closing_a_dialer_ends_the_lookup_of_a_service() {
    let (a, _b, _dns) = network_with_dns(&[]);
    let test_host = TestHost::new(&a).with_file("services", "jack 7000/tcp\n");
    let mut tool = NamesTool::new(&test_host);
    let before = tool.resource_count();
    let blocked = test_host.block_file("services");
    let reply = tool.run_within("share 100 300 dial tcp://127.0.0.1:jack 60000", 0.0..CANCEL_LIMIT_MS);
    assert_eq!((reply.result.as_str(), counts(&reply, ["JF_E_CLOSED"])), ("JF_E_BUSY", [100]), "{reply:?}");
    drop(blocked);
    tool.wait_for_resource_count(&before);
}

/// With TCP_FASTOPEN_CONNECT, connect(2) returns at once, and only the first data shows whether the address answers.
#[test]
fn a_dialer_refuses_to_fast_open() {
    let (a, b, _dns) = network_with_dns(&["both.test,10.77.0.2,fd77::2"]);
    let _servers = listen(&b, &["10.77.0.2:7000", "[fd77::2]:7000"]);
    drop_packets(&b, "tcp dport 7000 meta nfproto ipv6");
    let mut tool = NamesTool::new(&TestHost::new(&a));
    for settings in ["fast-open-connect=1", "fast-open-connect=1 fast-open-no-cookie=1", "fast-open-connect=0"] {
        for endpoint in ["tcp://both.test:7000", "tcp://10.77.0.2:7009", "udp://10.77.0.2:7000"] {
            tool.assert_fails(&format!("dial {endpoint} {settings} 60000"), "OPTION_UNSUPPORTED");
        }
    }
    assert_eq!(
        tool.assert_connects_within("dial tcp://both.test:7000 fast-open-no-cookie=1 60000", 0.0..1000.0),
        "10.77.0.2:7000"
    );
}

#[test]
fn whatever_the_options_a_silent_address_is_not_connected() {
    let (a, b, _dns) = network_with_dns(&[]);
    drop_packets(&b, "tcp dport 7000");
    let numbers = [0, 1, 2];
    let mut timeouts = 0;
    for (&option, value) in Opt::ALL.iter().flat_map(|option| numbers.map(|number| (option, number))) {
        let mut dialer = jackfield::Dialer::new().unwrap();
        // Without a cookie, TCP Fast Open needs no earlier connection to the same host.
        dialer.set(Opt::FastOpenNoCookie, 1).unwrap();
        if dialer.set(option, value).is_ok() {
            let result = a.enter(|| dialer.dial("tcp://10.77.0.2:7000", Some(Duration::from_millis(20))));
            assert!(result.is_err(), "{option:?} = {value}: {result:?}");
            timeouts += u32::from(result.err() == Some(Error::TIMED_OUT));
        }
    }
    assert!(timeouts > 60, "{timeouts} dials timed out");
}

#[test]
fn a_hundred_threads_dial_at_once() {
    let (a, b, dns) = network_with_dns(&["both.test,10.77.0.2,fd77::2"]);
    let _servers = listen(&b, &["10.77.0.2:7000", "[fd77::2]:7000"]);
    drop_packets(&b, "tcp dport 7001 meta nfproto ipv6");
    let _others = listen(&b, &["10.77.0.2:7001"]);
    let mut tool = NamesTool::new(&TestHost::new(&a).with_file("hosts", "10.77.0.2 filed\n"));
    let before = tool.resource_count();
    for endpoint in ["10.77.0.2:7000", "filed:7000", "both.test:7000", "both.test:7001"] {
        tool.send_command(&format!("crowd 100 0 dial tcp://{endpoint} 60000"));
        assert_eq!(tool.read_line(), "under way");
        let reply = tool.read_reply();
        assert_eq!(counts(&reply, ["done"]), [100], "{endpoint}");
        tool.wait_for_resource_count(&before);
    }
    tool.assert_crowd_times_out(&dns, "crowd 100 64 dial tcp://both.test:7000 600");
    dns.resume();
    tool.wait_for_resource_count(&before);
}

#[test]
fn fd_exhaustion_returns_too_many_files() {
    let (a, b, _dns) = network_with_dns(&["both.test,10.77.0.2,fd77::2"]);
    let _servers = listen(&b, &["10.77.0.2:7000"]);
    let mut tool = NamesTool::new(&TestHost::new(&a));
    let before = tool.resource_count();
    tool.run("fill 0");
    tool.assert_fails("dial tcp://10.77.0.2:7000 60000", "TOO_MANY_FILES");
    tool.assert_fails("dial tcp://both.test:7000 60000", "TOO_MANY_FILES");
    tool.assert_fails("dial unix://@none 60000", "TOO_MANY_FILES");
    tool.run("fill 1");
    assert_eq!(tool.assert_connects("dial tcp://10.77.0.2:7000 60000"), "10.77.0.2:7000");
    tool.assert_fails("dial tcp://both.test:7000 60000", "TOO_MANY_FILES");
    tool.run("fill -1");
    assert_eq!(tool.assert_connects("dial tcp://both.test:7000 60000"), "10.77.0.2:7000");
    tool.wait_for_resource_count(&before);
}

#[test]
fn a_forked_child_dials_while_its_parent_waits_for_a_name() {
    let (a, b, _dns) = network_with_dns(&["both.test,10.77.0.2,fd77::2"]);
    let mut faulty = faulty_name_server(&a, "127.0.0.2");
    let _servers = listen(&b, &["10.77.0.2:7000", "[fd77::2]:7000"]);
    let test_host = TestHost::new(&a)
        .with_file("hosts", "10.77.0.2 filed\n")
        .with_file("resolv.conf", "nameserver 127.0.0.2\nnameserver 127.0.0.1\noptions timeout:2 attempts:1\n");
    let mut tool = NamesTool::new(&test_host);
    let before = tool.resource_count();
    tool.run("beside dial tcp://silent.odd:7000 delay=60000 1500");
    // Forks only after both queries were sent: until then the C library may hold locks, which would stay locked in the
    // child.
    assert_eq!((faulty.output.read_line(), faulty.output.read_line()), ("1 silent.odd".into(), "28 silent.odd".into()));
    for _ in 0..10 {
        assert_eq!(tool.assert_connects("fork-anew dial tcp://10.77.0.2:7000 60000"), "10.77.0.2:7000");
        assert_eq!(tool.assert_connects("fork-anew dial tcp://filed:7000 60000"), "10.77.0.2:7000");
        assert_eq!(tool.assert_connects("fork-anew dial tcp://plain.odd:7000 60000"), "[fd77::2]:7000");
    }
    tool.assert_times_out("fork-anew dial tcp://silent.odd:7000 100");
    tool.assert_fails("join", "TIMED_OUT");
    tool.wait_for_resource_count(&before);
}

#[test]
fn memcheck_finds_no_error() {
    let (a, b, dns) = network_with_dns(&["both.test,10.77.0.2,fd77::2", "xn--bcher-kva.test,10.77.0.2"]);
    let _servers = listen(&b, &["10.77.0.2:7000", "[fd77::2]:7000"]);
    drop_packets(&b, "tcp dport 7001");
    let mut tool = NamesTool::under_memcheck(&TestHost::new(&a));
    let before = tool.resource_count();
    for command in [
        "resolve both.test 80 0 stream",
        "resolve bücher.test 80 0 stream",
        "resolve none.test 80 0 stream",
        "reverse 10.77.0.2:0",
        "dial tcp://both.test:7000",
        "dial tcp://both.test:7009",
        "dial udp://both.test:7000 ttl=9 local=10.77.0.1:0",
        "row 20 dial tcp://127.0.0.1:7009",
        "cut 20 1 dial tcp://both.test:7000",
        "cut 20 1 dial tcp://both.test:7001 delay=10",
        "share 10 100 dial tcp://both.test:7001",
        "share 10 -1 dial tcp://both.test:7000",
    ] {
        tool.run(&format!("{command} 60000"));
    }
    dns.pause();
    tool.run("share 10 100 dial tcp://both.test:7000 60000");
    tool.assert_fails("dial tcp://both.test:7000 300", "TIMED_OUT");
    dns.resume();
    tool.wait_for_resource_count(&before);
    tool.finish();
}
