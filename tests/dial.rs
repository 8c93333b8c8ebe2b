//! Dialing a name finds the address that answers, whatever is wrong with the others: between network namespaces, of which one
//! loses or refuses what the other sends.

mod common;

use common::dns::{Dns, Machine, odd_server};
use common::names::{Tool, listen, lose, network};
use common::netns::Routed;
use common::peers::python;
use common::process::Process;

/// How long it takes until the next address is tried beside a silent one.
const DELAY: f64 = 250.0;

#[test]
fn the_first_address_that_works_is_used() {
    let (a, b, _dns) = network(&["both.test,10.77.0.2,fd77::2", "four.test,10.77.0.2", "xn--bcher-kva.test,fd77::2"]);
    let local = format!("[fe80::2%{}]:7001", b.index("eth0"));
    let _servers = listen(&b, &["10.77.0.2:7000", "[fd77::2]:7000", &local, "10.77.0.2:7002"]);
    let machine = Machine::new(&a).with("services", "jack 7000/tcp\n").with("hosts", "10.77.0.2 filed\n");
    let mut tool = Tool::new(&machine);
    let before = tool.count();
    for (endpoint, peer) in [
        ("tcp://both.test:7000", "[fd77::2]:7000"),
        ("tcp://both.test:jack", "[fd77::2]:7000"),
        ("tcp://four.test:7000", "10.77.0.2:7000"),
        ("tcp://filed:jack", "10.77.0.2:7000"),
        ("tcp://bücher.test:7000", "[fd77::2]:7000"),
        ("tcp://10.77.0.2:7000", "10.77.0.2:7000"),
        ("tcp://[fd77::2]:jack", "[fd77::2]:7000"),
        // Nobody listens at the other.
        ("tcp://both.test:7002", "10.77.0.2:7002"),
    ] {
        for timeout in [60000, -1] {
            let (found, ms) = tool.connects(&format!("dial {endpoint} {timeout}"));
            assert_eq!(found, peer, "{endpoint}");
            assert!(ms < DELAY, "{endpoint}: it took {ms} ms");
        }
    }
    let (found, _) = tool.connects("dial tcp://[fe80::2%eth0]:7001 60000");
    assert_eq!(found, format!("[fe80::2%{}]:7001", a.index("eth0")));
    for (endpoint, error) in [
        ("tcp://none.test:7000", "NAME_NOT_FOUND"),
        ("tcp://elsewhere.example:7000", "NAME_TRY_AGAIN"),
        ("tcp://both.test:none", "NOT_FOUND"),
        ("tcp://[fe80::2%eth9]:7001", "NOT_FOUND"),
        ("tcp://both.test:7009", "CONN_REFUSED"),
        ("tcp://10.77.0.2:7009", "CONN_REFUSED"),
        ("tcp://:7009", "CONN_REFUSED"),
        ("tcp://203.0.113.1:7000", "NETWORK_UNREACHABLE"),
        ("tcp://both.test", "ADDR_INVALID"),
        ("both.test:7000", "ADDR_INVALID"),
    ] {
        tool.fails(&format!("dial {endpoint} 60000"), error);
    }
    assert_eq!(tool.count(), before);
}

#[test]
fn this_machine_is_where_no_host_is() {
    let (a, _b, _dns) = network(&[]);
    let _servers = listen(&a, &["127.0.0.1:7000", "[::1]:7000", "127.0.0.1:7001", "[::1]:7002"]);
    let mut tool = Tool::new(&Machine::new(&a));
    for (port, peer) in [(7000, "[::1]:7000"), (7001, "127.0.0.1:7001"), (7002, "[::1]:7002")] {
        assert_eq!(tool.connects(&format!("dial tcp://:{port} 60000")).0, peer);
    }
}

#[test]
fn a_silent_address_is_left_behind() {
    let (a, b, _dns) = network(&["both.test,10.77.0.2,fd77::2"]);
    let _servers = listen(&b, &["10.77.0.2:7000", "[fd77::2]:7000", "10.77.0.2:7001", "[fd77::2]:7001"]);
    lose(&b, "tcp dport 7000 meta nfproto ipv6");
    lose(&b, "tcp dport 7001 meta nfproto ipv4");
    lose(&b, "tcp dport 7002");
    let mut tool = Tool::new(&Machine::new(&a));
    let before = tool.count();
    let (peer, ms) = tool.connects("dial tcp://both.test:7000 60000");
    assert_eq!(peer, "10.77.0.2:7000");
    assert!((DELAY..400.0).contains(&ms), "it took {ms} ms");
    let (peer, ms) = tool.connects("dial tcp://both.test:7000 delay=20 60000");
    assert_eq!(peer, "10.77.0.2:7000");
    assert!((20.0..DELAY).contains(&ms), "it took {ms} ms");
    let (peer, ms) = tool.connects("dial tcp://both.test:7001 60000");
    assert_eq!(peer, "[fd77::2]:7001");
    assert!(ms < DELAY, "it took {ms} ms");
    for deadline in [1, 100, 250, 600] {
        tool.times_out(&format!("dial tcp://both.test:7002 {deadline}"));
        tool.times_out(&format!("dial tcp://10.77.0.2:7002 {deadline}"));
    }
    // The deadline comes before the next address does.
    tool.times_out("dial tcp://both.test:7000 200");
    tool.fails("dial tcp://10.77.0.2:7002 0", "WOULD_BLOCK");
    assert_eq!(tool.count(), before);
}

#[test]
fn an_address_that_fails_holds_nothing_up() {
    let (a, b, _dns) = network(&["both.test,10.77.0.2,fd77::2"]);
    let _servers = listen(&b, &["10.77.0.2:7000", "10.77.0.2:7001", "10.77.0.2:7002", "[fd77::2]:7003"]);
    // Of these the resolver knows nothing, so that the address still comes first.
    a.ip("-6 rule add ipproto tcp dport 7001 unreachable");
    a.ip("-6 rule add ipproto tcp dport 7002 prohibit");
    a.ip("rule add ipproto tcp dport 7003 unreachable");
    let mut tool = Tool::new(&Machine::new(&a));
    let before = tool.count();
    assert_eq!(tool.found("resolve both.test 1 0 stream 60000"), ["[fd77::2]:1", "10.77.0.2:1"]);
    for (port, peer) in [(7000, "10.77.0.2"), (7001, "10.77.0.2"), (7002, "10.77.0.2"), (7003, "[fd77::2]")] {
        // Nobody would wait for that long.
        let (found, ms) = tool.connects(&format!("dial tcp://both.test:{port} delay=60000 60000"));
        assert_eq!(found, format!("{peer}:{port}"));
        assert!(ms < DELAY, "it took {ms} ms");
    }
    // Of a route that isn't there it does, and puts the address last.
    a.ip("-6 route add unreachable fd77::2/128");
    assert_eq!(tool.connects("dial tcp://both.test:7000 delay=60000 60000").0, "10.77.0.2:7000");
    tool.fails("dial tcp://both.test:7003 60000", "HOST_UNREACHABLE");
    assert_eq!(tool.count(), before);
}

#[test]
fn what_a_router_reports_is_heard() {
    let net = Routed::new(1500, 1500);
    let _dns = Dns::new(&net.a, &["both.test,10.77.2.2,fd77:2::2"]);
    let _servers = listen(&net.b, &["10.77.2.2:7000", "[fd77:2::2]:7001", "10.77.2.2:7002"]);
    net.router.nft(
        "table inet refuse {
            chain forward {
                type filter hook forward priority 0;
                meta nfproto ipv6 tcp dport { 7000, 7002, 7003 } drop
                meta nfproto ipv4 tcp dport { 7001, 7003 } drop
            }
        }",
    );
    // Host unreachable, and for one prohibited.
    let rules = ["left", "6:7000:1:3", "4:7001:3:1", "6:7002:1:1", "6:7003:1:3", "4:7003:3:1"];
    let mut router = Process::start(&net.router.within(&python("tests/py/refusing_router.py", &rules)));
    assert_eq!(router.output.line(), "ready");
    let mut tool = Tool::new(&Machine::new(&net.a));
    for (port, peer) in [(7000, "10.77.2.2:7000"), (7001, "[fd77:2::2]:7001"), (7002, "10.77.2.2:7002")] {
        let (found, ms) = tool.connects(&format!("dial tcp://both.test:{port} delay=60000 60000"));
        assert_eq!(found, peer);
        assert!(ms < DELAY, "{port}: it took {ms} ms");
    }
    tool.fails("dial tcp://both.test:7003 60000", "HOST_UNREACHABLE");
}

#[test]
fn of_several_errors_the_one_that_says_most_is_told() {
    let (a, b, _dns) = network(&[
        "both.test,10.77.0.2,fd77::2",
        "nowhere.test,203.0.113.1,2001:db8::1",
        "half.test,10.77.0.2,2001:db8::1",
        "other.test,203.0.113.1,fd77::2",
    ]);
    lose(&b, "tcp dport 7005 meta nfproto ipv6");
    lose(&b, "tcp dport 7006 meta nfproto ipv4");
    // The resolver sees none of it, so that IPv6 comes first wherever it has a route.
    for way in [
        "-6 rule add ipproto tcp dport 7001 lookup 77",
        "rule add ipproto tcp dport 7002 lookup 77",
        "-6 rule add ipproto tcp dport 7003 lookup 77",
        "rule add ipproto tcp dport 7003 lookup 77",
        "-6 rule add ipproto tcp dport 7004 prohibit",
        "rule add ipproto tcp dport 7004 lookup 77",
        "-6 route add unreachable default table 77",
        "route add unreachable default table 77",
    ] {
        a.ip(way);
    }
    let mut tool = Tool::new(&Machine::new(&a));
    let before = tool.count();
    for (endpoint, error) in [
        ("both.test:7000", "CONN_REFUSED"),
        ("both.test:7001", "CONN_REFUSED"),
        ("both.test:7002", "CONN_REFUSED"),
        ("half.test:7000", "CONN_REFUSED"),
        ("other.test:7000", "CONN_REFUSED"),
        ("both.test:7003", "HOST_UNREACHABLE"),
        ("half.test:7002", "HOST_UNREACHABLE"),
        ("other.test:7003", "HOST_UNREACHABLE"),
        ("both.test:7004", "ACCESS"),
        ("nowhere.test:7000", "NETWORK_UNREACHABLE"),
    ] {
        let ms = tool.fails(&format!("dial tcp://{endpoint} 60000"), error);
        assert!(ms < DELAY, "{endpoint}: it took {ms} ms");
    }
    // One is refused, the other still might answer.
    tool.times_out("dial tcp://both.test:7005 400");
    tool.times_out("dial tcp://both.test:7006 400");
    assert_eq!(tool.count(), before);
}

#[test]
fn the_last_of_many_addresses_is_reached() {
    let hosts: Vec<String> = (1..=20).map(|last| format!("four.test,10.78.0.{last}")).collect();
    let mixed: Vec<String> = (1..=10).map(|last| format!("both.test,10.78.0.{last},fd78::{last}")).collect();
    let records: Vec<&str> = hosts.iter().chain(&mixed).map(String::as_str).collect();
    let (a, b, _dns) = network(&records);
    a.ip("route add 10.78.0.0/24 via 10.77.0.2");
    a.ip("route add fd78::/64 via fd77::2");
    b.ip("route add local 10.78.0.0/24 dev lo");
    b.ip("-6 route add local fd78::/64 dev lo");
    let mut tool = Tool::new(&Machine::new(&a));
    let before = tool.count();
    lose(&b, "tcp dport 7004");
    let mut servers = Vec::new();
    for (name, refused, silent) in [("four.test", 7000, 7001), ("both.test", 7002, 7003)] {
        let last = |tool: &mut Tool, port: u16| {
            let found = tool.found(&format!("resolve {name} {port} 0 stream 60000"));
            assert_eq!(found.len(), 20, "{found:?}");
            found[19].clone()
        };
        let peer = last(&mut tool, refused);
        servers.extend(listen(&b, &[&peer]));
        let (found, ms) = tool.connects(&format!("dial tcp://{name}:{refused} 60000"));
        assert_eq!(found, peer);
        assert!(ms < 1000.0, "it took {ms} ms");

        let peer = last(&mut tool, silent);
        servers.extend(listen(&b, &[&peer]));
        let ip = peer.trim_end_matches(&format!(":{silent}"));
        lose(&b, &format!("meta nfproto ipv6 tcp dport {silent}"));
        lose(&b, &format!("ip daddr != {ip} tcp dport {silent}"));
        let (found, ms) = tool.connects(&format!("dial tcp://{name}:{silent} delay=50 60000"));
        assert_eq!(found, peer);
        assert!((19.0 * 50.0..19.0 * 50.0 + 500.0).contains(&ms), "it took {ms} ms");
        // All are under way when the time is over.
        tool.times_out(&format!("dial tcp://{name}:7004 delay=10 500"));
        assert_eq!(tool.count(), before);
    }
}

#[test]
fn a_server_that_is_silent_about_one_family_is_not_waited_for() {
    let (a, b, dns) = network(&[]);
    drop(dns);
    let _odd = odd_server(&a, "127.0.0.1");
    let _servers = listen(&b, &["10.77.0.2:7000", "[fd77::2]:7000"]);
    let mut tool =
        Tool::new(&Machine::new(&a).with("resolv.conf", "nameserver 127.0.0.1\noptions timeout:2 attempts:2\n"));
    let before = tool.count();
    for (name, peer, least) in [
        ("plain", "[fd77::2]:7000", 0.0),
        ("broken6", "10.77.0.2:7000", 0.0),
        ("broken4", "[fd77::2]:7000", 0.0),
        ("mute6", "10.77.0.2:7000", DELAY),
        ("mute4", "[fd77::2]:7000", DELAY),
        ("late6", "10.77.0.2:7000", DELAY),
    ] {
        let (found, ms) = tool.connects(&format!("dial tcp://{name}.odd:7000 5000"));
        assert_eq!(found, peer, "{name}");
        assert!((least..1000.0).contains(&ms), "{name}: it took {ms} ms");
    }
    // What is said of a name is kept until it is known whether there is more.
    for name in ["servfail", "refused", "notimp"] {
        tool.fails(&format!("dial tcp://{name}.odd:7000 60000"), "NAME_TRY_AGAIN");
    }
    tool.times_out("dial tcp://silent.odd:7000 600");
    tool.settle(&before);
}

#[test]
fn datagrams_go_to_the_first_address_with_a_route() {
    let (a, _b, _dns) = network(&["both.test,10.77.0.2,fd77::2", "nowhere.test,203.0.113.1,2001:db8::1"]);
    a.ip("-6 rule add ipproto udp dport 7001 unreachable");
    let mut tool = Tool::new(&Machine::new(&a));
    let before = tool.count();
    assert_eq!(tool.connects("dial udp://both.test:7000 60000").0, "[fd77::2]:7000");
    assert_eq!(tool.connects("dial udp://10.77.0.2:7000 0").0, "10.77.0.2:7000");
    assert_eq!(tool.connects("dial udp://both.test:7001 delay=60000 60000").0, "10.77.0.2:7001");
    a.ip("-6 route del fd77::/64 dev eth0");
    assert_eq!(tool.connects("dial udp://both.test:7000 delay=60000 60000").0, "10.77.0.2:7000");
    tool.fails("dial udp://nowhere.test:7000 60000", "NETWORK_UNREACHABLE");
    assert_eq!(tool.count(), before);
}
