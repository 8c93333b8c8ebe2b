//! Dialing a name connects to an address that answers, even if other addresses of the name fail. The tests run between
//! network namespaces, one of which drops or rejects packets of the other.

mod common;

use common::dns::{Dnsmasq, TestHost, faulty_name_server};
use common::names_tool::{ATTEMPT_DELAY_MS, NamesTool, drop_packets, listen, network_with_dns};
use common::netns::RoutedNetwork;
use common::peers::python;
use common::process::Process;

#[test]
fn dial_connects_to_the_first_address_that_works() {
    let (a, b, _dns) =
        network_with_dns(&["both.test,10.77.0.2,fd77::2", "four.test,10.77.0.2", "xn--bcher-kva.test,fd77::2"]);
    let local = format!("[fe80::2%{}]:7001", b.interface_index("eth0"));
    let _servers = listen(&b, &["10.77.0.2:7000", "[fd77::2]:7000", &local, "10.77.0.2:7002"]);
    let test_host = TestHost::new(&a).with_file("services", "jack 7000/tcp\n").with_file("hosts", "10.77.0.2 filed\n");
    let mut tool = NamesTool::new(&test_host);
    let before = tool.resource_count();
    for (endpoint, peer) in [
        ("tcp://both.test:7000", "[fd77::2]:7000"),
        ("tcp://both.test:jack", "[fd77::2]:7000"),
        ("tcp://four.test:7000", "10.77.0.2:7000"),
        ("tcp://filed:jack", "10.77.0.2:7000"),
        ("tcp://bücher.test:7000", "[fd77::2]:7000"),
        ("tcp://10.77.0.2:7000", "10.77.0.2:7000"),
        ("tcp://[fd77::2]:jack", "[fd77::2]:7000"),
        // The IPv6 address refuses.
        ("tcp://both.test:7002", "10.77.0.2:7002"),
    ] {
        for timeout in [60000, -1] {
            assert_eq!(tool.assert_connects(&format!("dial {endpoint} {timeout}")), peer, "{endpoint}");
        }
    }
    assert_eq!(
        tool.assert_connects("dial tcp://[fe80::2%eth0]:7001 60000"),
        format!("[fe80::2%{}]:7001", a.interface_index("eth0"))
    );
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
        tool.assert_fails(&format!("dial {endpoint} 60000"), error);
    }
    assert_eq!(tool.resource_count(), before);
}

#[test]
fn an_endpoint_without_a_host_dials_the_loopback_addresses() {
    let (a, _b, _dns) = network_with_dns(&[]);
    let _servers = listen(&a, &["127.0.0.1:7000", "[::1]:7000", "127.0.0.1:7001", "[::1]:7002"]);
    let mut tool = NamesTool::new(&TestHost::new(&a));
    for (port, peer) in [(7000, "[::1]:7000"), (7001, "127.0.0.1:7001"), (7002, "[::1]:7002")] {
        assert_eq!(tool.assert_connects(&format!("dial tcp://:{port} 60000")), peer);
    }
}

#[test]
fn a_silent_address_delays_the_next_attempt_by_the_attempt_delay() {
    let (a, b, _dns) = network_with_dns(&["both.test,10.77.0.2,fd77::2"]);
    let _servers = listen(&b, &["10.77.0.2:7000", "[fd77::2]:7000", "10.77.0.2:7001", "[fd77::2]:7001"]);
    drop_packets(&b, "tcp dport 7000 meta nfproto ipv6");
    drop_packets(&b, "tcp dport 7001 meta nfproto ipv4");
    drop_packets(&b, "tcp dport 7002");
    let mut tool = NamesTool::new(&TestHost::new(&a));
    let before = tool.resource_count();
    assert_eq!(
        tool.assert_connects_within("dial tcp://both.test:7000 60000", ATTEMPT_DELAY_MS..400.0),
        "10.77.0.2:7000"
    );
    assert_eq!(
        tool.assert_connects_within("dial tcp://both.test:7000 delay=20 60000", 20.0..ATTEMPT_DELAY_MS),
        "10.77.0.2:7000"
    );
    assert_eq!(tool.assert_connects("dial tcp://both.test:7001 60000"), "[fd77::2]:7001");
    for deadline in [1, 100, 250, 600] {
        tool.assert_times_out(&format!("dial tcp://both.test:7002 {deadline}"));
        tool.assert_times_out(&format!("dial tcp://10.77.0.2:7002 {deadline}"));
    }
    // The timeout is shorter than the attempt delay.
    tool.assert_times_out("dial tcp://both.test:7000 200");
    tool.assert_fails("dial tcp://10.77.0.2:7002 0", "WOULD_BLOCK");
    assert_eq!(tool.resource_count(), before);
}

#[test]
fn a_failed_attempt_starts_the_next_at_once() {
    let (a, b, _dns) = network_with_dns(&["both.test,10.77.0.2,fd77::2"]);
    let _servers = listen(&b, &["10.77.0.2:7000", "10.77.0.2:7001", "10.77.0.2:7002", "[fd77::2]:7003"]);
    // The resolver ignores these rules when it sorts addresses, so IPv6 is still first.
    a.ip("-6 rule add ipproto tcp dport 7001 unreachable");
    a.ip("-6 rule add ipproto tcp dport 7002 prohibit");
    a.ip("rule add ipproto tcp dport 7003 unreachable");
    let mut tool = NamesTool::new(&TestHost::new(&a));
    let before = tool.resource_count();
    assert_eq!(tool.run_ok("resolve both.test 1 0 stream 60000"), ["[fd77::2]:1", "10.77.0.2:1"]);
    for (port, peer) in [(7000, "10.77.0.2"), (7001, "10.77.0.2"), (7002, "10.77.0.2"), (7003, "[fd77::2]")] {
        // With this attempt delay, waiting would fail the time limit of `assert_connects`.
        assert_eq!(
            tool.assert_connects(&format!("dial tcp://both.test:{port} delay=60000 60000")),
            format!("{peer}:{port}")
        );
    }
    // An unreachable route does affect the resolver: the address is now last.
    a.ip("-6 route add unreachable fd77::2/128");
    assert_eq!(tool.assert_connects("dial tcp://both.test:7000 delay=60000 60000"), "10.77.0.2:7000");
    tool.assert_fails("dial tcp://both.test:7003 60000", "HOST_UNREACHABLE");
    assert_eq!(tool.resource_count(), before);
}

#[test]
fn an_icmp_error_fails_an_attempt() {
    let net = RoutedNetwork::new(1500, 1500);
    let _dns = Dnsmasq::new(&net.a, &["both.test,10.77.2.2,fd77:2::2"]);
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
    // ICMP types and codes: host unreachable, and for 7002 administratively prohibited.
    let rules = ["left", "6:7000:1:3", "4:7001:3:1", "6:7002:1:1", "6:7003:1:3", "4:7003:3:1"];
    let mut router = Process::start(&net.router.within(&python("tests/py/refusing_router.py", &rules)));
    assert_eq!(router.output.read_line(), "ready");
    let mut tool = NamesTool::new(&TestHost::new(&net.a));
    for (port, peer) in [(7000, "10.77.2.2:7000"), (7001, "[fd77:2::2]:7001"), (7002, "10.77.2.2:7002")] {
        assert_eq!(tool.assert_connects(&format!("dial tcp://both.test:{port} delay=60000 60000")), peer);
    }
    tool.assert_fails("dial tcp://both.test:7003 60000", "HOST_UNREACHABLE");
}

#[test]
fn of_several_errors_the_most_specific_is_returned() {
    let (a, b, _dns) = network_with_dns(&[
        "both.test,10.77.0.2,fd77::2",
        "nowhere.test,203.0.113.1,2001:db8::1",
        "half.test,10.77.0.2,2001:db8::1",
        "other.test,203.0.113.1,fd77::2",
    ]);
    drop_packets(&b, "tcp dport 7005 meta nfproto ipv6");
    drop_packets(&b, "tcp dport 7006 meta nfproto ipv4");
    // The resolver ignores these rules when it sorts addresses: IPv6 is first wherever it has a route.
    for command in [
        "-6 rule add ipproto tcp dport 7001 lookup 77",
        "rule add ipproto tcp dport 7002 lookup 77",
        "-6 rule add ipproto tcp dport 7003 lookup 77",
        "rule add ipproto tcp dport 7003 lookup 77",
        "-6 rule add ipproto tcp dport 7004 prohibit",
        "rule add ipproto tcp dport 7004 lookup 77",
        "-6 route add unreachable default table 77",
        "route add unreachable default table 77",
    ] {
        a.ip(command);
    }
    let mut tool = NamesTool::new(&TestHost::new(&a));
    let before = tool.resource_count();
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
        tool.assert_fails_within(&format!("dial tcp://{endpoint} 60000"), error, 0.0..ATTEMPT_DELAY_MS);
    }
    // One address refuses, but the other might still answer.
    tool.assert_times_out("dial tcp://both.test:7005 400");
    tool.assert_times_out("dial tcp://both.test:7006 400");
    assert_eq!(tool.resource_count(), before);
}

#[test]
fn the_last_of_many_addresses_is_reached() {
    let hosts: Vec<String> = (1..=20).map(|last| format!("four.test,10.78.0.{last}")).collect();
    let mixed: Vec<String> = (1..=10).map(|last| format!("both.test,10.78.0.{last},fd78::{last}")).collect();
    let records: Vec<&str> = hosts.iter().chain(&mixed).map(String::as_str).collect();
    let (a, b, _dns) = network_with_dns(&records);
    a.ip("route add 10.78.0.0/24 via 10.77.0.2");
    a.ip("route add fd78::/64 via fd77::2");
    b.ip("route add local 10.78.0.0/24 dev lo");
    b.ip("-6 route add local fd78::/64 dev lo");
    let mut tool = NamesTool::new(&TestHost::new(&a));
    let before = tool.resource_count();
    drop_packets(&b, "tcp dport 7004");
    let mut servers = Vec::new();
    for (name, refused, silent) in [("four.test", 7000, 7001), ("both.test", 7002, 7003)] {
        let last = |tool: &mut NamesTool, port: u16| {
            let found = tool.run_ok(&format!("resolve {name} {port} 0 stream 60000"));
            assert_eq!(found.len(), 20, "{found:?}");
            found[19].clone()
        };
        let peer = last(&mut tool, refused);
        servers.extend(listen(&b, &[&peer]));
        assert_eq!(tool.assert_connects_within(&format!("dial tcp://{name}:{refused} 60000"), 0.0..1000.0), peer);

        let peer = last(&mut tool, silent);
        servers.extend(listen(&b, &[&peer]));
        let ip = peer.trim_end_matches(&format!(":{silent}"));
        drop_packets(&b, &format!("meta nfproto ipv6 tcp dport {silent}"));
        drop_packets(&b, &format!("ip daddr != {ip} tcp dport {silent}"));
        let command = format!("dial tcp://{name}:{silent} delay=50 60000");
        assert_eq!(tool.assert_connects_within(&command, 19.0 * 50.0..19.0 * 50.0 + 500.0), peer);
        // All attempts are in flight when the timeout expires.
        tool.assert_times_out(&format!("dial tcp://{name}:7004 delay=10 500"));
        assert_eq!(tool.resource_count(), before);
    }
}

#[test]
fn attempts_alternate_between_the_families() {
    let hosts: Vec<String> = (1..=8).map(|last| format!("both.test,10.78.0.1,fd78::{last}")).collect();
    let records: Vec<&str> = hosts.iter().map(String::as_str).collect();
    let (a, b, _dns) = network_with_dns(&records);
    a.ip("route add 10.78.0.0/24 via 10.77.0.2");
    a.ip("route add fd78::/64 via fd77::2");
    b.ip("route add local 10.78.0.0/24 dev lo");
    b.ip("-6 route add local fd78::/64 dev lo");
    let _servers = listen(&b, &["10.78.0.1:7000"]);
    drop_packets(&b, "meta nfproto ipv6 tcp dport 7000");
    let mut tool = NamesTool::new(&TestHost::new(&a));
    assert_eq!(tool.run_ok("resolve both.test 7000 0 stream 60000")[8], "10.78.0.1:7000");
    assert_eq!(
        tool.assert_connects_within("dial tcp://both.test:7000 60000", ATTEMPT_DELAY_MS..2.0 * ATTEMPT_DELAY_MS),
        "10.78.0.1:7000"
    );
}

#[test]
fn a_refusal_beside_a_silent_address_starts_the_next_attempt_at_once() {
    let (a, b, _dns) = network_with_dns(&["both.test,10.78.0.1,fd78::1", "both.test,10.78.0.1,fd78::2"]);
    a.ip("route add 10.78.0.0/24 via 10.77.0.2");
    a.ip("route add fd78::/64 via fd77::2");
    b.ip("route add local 10.78.0.0/24 dev lo");
    b.ip("addr add fd78::2/128 dev eth0 nodad");
    b.ip("-6 route add local fd78::1/128 dev lo");
    drop_packets(&b, "ip6 daddr fd78::1");
    let _servers = listen(&b, &["[fd78::2]:7000"]);
    let mut tool = NamesTool::new(&TestHost::new(&a));
    let order = ["[fd78::1]:7000", "[fd78::2]:7000", "10.78.0.1:7000"];
    assert_eq!(tool.run_ok("resolve both.test 7000 0 stream 60000"), order);
    // The address that refuses is tried after one attempt delay, the one that works immediately afterwards.
    assert_eq!(
        tool.assert_connects_within("dial tcp://both.test:7000 60000", ATTEMPT_DELAY_MS..2.0 * ATTEMPT_DELAY_MS),
        "[fd78::2]:7000"
    );
}

#[test]
fn dial_does_not_wait_for_a_missing_answer_about_one_family() {
    let (a, b, dns) = network_with_dns(&[]);
    drop(dns);
    let _faulty = faulty_name_server(&a, "127.0.0.1");
    let _servers = listen(&b, &["10.77.0.2:7000", "[fd77::2]:7000"]);
    let mut tool = NamesTool::new(
        &TestHost::new(&a).with_file("resolv.conf", "nameserver 127.0.0.1\noptions timeout:2 attempts:2\n"),
    );
    let before = tool.resource_count();
    for (name, peer, least) in [
        ("plain", "[fd77::2]:7000", 0.0),
        ("broken6", "10.77.0.2:7000", 0.0),
        ("broken4", "[fd77::2]:7000", 0.0),
        ("mute6", "10.77.0.2:7000", ATTEMPT_DELAY_MS),
        ("mute4", "[fd77::2]:7000", ATTEMPT_DELAY_MS),
        ("late6", "10.77.0.2:7000", ATTEMPT_DELAY_MS),
    ] {
        assert_eq!(
            tool.assert_connects_within(&format!("dial tcp://{name}.odd:7000 5000"), least..1000.0),
            peer,
            "{name}"
        );
    }
    // The lookup's error is returned once both families have failed.
    for name in ["servfail", "refused", "notimp"] {
        tool.assert_fails(&format!("dial tcp://{name}.odd:7000 60000"), "NAME_TRY_AGAIN");
    }
    tool.assert_times_out("dial tcp://silent.odd:7000 600");
    tool.wait_for_resource_count(&before);
}

/// The name has addresses of one family only, and that answer is slow. The search domain has the same name with
/// addresses of the other family.
#[test]
fn a_slow_answer_does_not_select_a_host_of_the_search_domain() {
    let (a, b, dns) = network_with_dns(&[]);
    drop(dns);
    let _faulty = faulty_name_server(&a, "127.0.0.1");
    let _servers = listen(&b, &["10.77.0.2:7000", "[fd77::2]:7000"]);
    for (options, peer) in [("timeout:5", "[fd77::2]:7000"), ("ndots:2", "10.77.0.2:7000")] {
        let lines = format!("nameserver 127.0.0.1\nsearch corp\noptions {options}\n");
        let mut tool = NamesTool::new(&TestHost::new(&a).with_file("resolv.conf", &lines));
        assert_eq!(tool.run_ok("resolve only6.odd 7000 0 stream 60000"), [peer], "{options}");
        assert_eq!(tool.assert_connects_within("dial tcp://only6.odd:7000 60000", 0.0..30_000.0), peer, "{options}");
    }
}

#[test]
fn a_datagram_dial_uses_the_first_address_with_a_route() {
    let (a, _b, _dns) = network_with_dns(&["both.test,10.77.0.2,fd77::2", "nowhere.test,203.0.113.1,2001:db8::1"]);
    a.ip("-6 rule add ipproto udp dport 7001 unreachable");
    let mut tool = NamesTool::new(&TestHost::new(&a));
    let before = tool.resource_count();
    assert_eq!(tool.assert_connects("dial udp://both.test:7000 60000"), "[fd77::2]:7000");
    assert_eq!(tool.assert_connects("dial udp://10.77.0.2:7000 0"), "10.77.0.2:7000");
    assert_eq!(tool.assert_connects("dial udp://both.test:7001 delay=60000 60000"), "10.77.0.2:7001");
    a.ip("-6 route del fd77::/64 dev eth0");
    assert_eq!(tool.assert_connects("dial udp://both.test:7000 delay=60000 60000"), "10.77.0.2:7000");
    tool.assert_fails("dial udp://nowhere.test:7000 60000", "NETWORK_UNREACHABLE");
    assert_eq!(tool.resource_count(), before);
}
