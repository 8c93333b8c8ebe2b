//! Names are resolved as the C library resolves them. The tests use dnsmasq and a faulty name server, in network
//! namespaces.

mod common;

use common::dns::{TestHost, faulty_name_server};
use common::expect_success;
use common::names_tool::{NamesTool, listen, network_with_dns};
use common::peers::program;
use std::thread;
use std::time::Duration;

/// The addresses from Python's getaddrinfo, in order, without duplicates: the hosts file may list an address twice.
fn resolve_with_python(test_host: &TestHost<'_>, host: &str, port: u16) -> Vec<String> {
    let script = "import socket, sys
for found in socket.getaddrinfo(sys.argv[1], int(sys.argv[2]), type=socket.SOCK_STREAM):
    print(('[%s]:%d' if found[0] == socket.AF_INET6 else '%s:%d') % found[4][:2])";
    let python = program("python3", &["-c", script, host, &port.to_string()]);
    let mut found: Vec<String> =
        expect_success(&mut test_host.command(&python), 60).lines().map(str::to_owned).collect();
    found.dedup();
    found
}

#[test]
fn addresses_are_returned_in_the_resolvers_order() {
    let many: Vec<String> = (1..=20).map(|last| format!("many.test,10.78.{}.{last}", last % 3)).collect();
    let mut records = vec![
        "four.test,10.77.0.2",
        "six.test,fd77::2",
        "both.test,10.77.0.2,fd77::2",
        // Addresses that RFC 6724 ranks differently: reachable, unreachable, link-local and loopback ones.
        "mixed.test,10.77.0.2,2001:db8::1",
        "mixed.test,127.0.0.1,fd77::1",
        "mixed.test,169.254.1.1,fe80::2",
        "mixed.test,203.0.113.1,::1",
        "--cname=alias.test,other.test,both.test",
        "--cname=alias4.test,four.test",
    ];
    records.extend(many.iter().map(String::as_str));
    let (a, _b, _dns) = network_with_dns(&records);
    let test_host =
        TestHost::new(&a).with_file("hosts", "10.77.0.2 filed\nfd77::2 filed aside.test\n10.77.0.2 filed twice\n");
    let mut tool = NamesTool::new(&test_host);
    for (host, ipv4, ipv6) in [
        ("four.test", vec!["10.77.0.2:80"], vec![]),
        ("alias4.test", vec!["10.77.0.2:80"], vec![]),
        ("six.test", vec![], vec!["[fd77::2]:80"]),
        ("both.test", vec!["10.77.0.2:80"], vec!["[fd77::2]:80"]),
        ("BOTH.Test.", vec!["10.77.0.2:80"], vec!["[fd77::2]:80"]),
        ("alias.test", vec!["10.77.0.2:80"], vec!["[fd77::2]:80"]),
        ("other.test", vec!["10.77.0.2:80"], vec!["[fd77::2]:80"]),
        ("filed", vec!["10.77.0.2:80"], vec!["[fd77::2]:80"]),
    ] {
        let all = [ipv6.clone(), ipv4.clone()].concat();
        for (family, expected) in [(4, ipv4), (6, ipv6), (0, all)] {
            let command = format!("resolve {host} 80 {family} stream 60000");
            if expected.is_empty() {
                tool.assert_fails(&command, "NAME_NO_ADDRESS");
            } else {
                assert_eq!(tool.run_ok(&command), expected, "{command}");
            }
        }
    }
    // The hosts file has only an IPv6 address for this name. IPv4 is queried from the name server, which has no such
    // name.
    assert_eq!(tool.run_ok("resolve aside.test 80 0 stream 60000"), ["[fd77::2]:80"]);
    tool.assert_fails("resolve aside.test 80 4 stream 60000", "NAME_NO_ADDRESS");
    for (host, count) in [("both.test", 2), ("mixed.test", 8), ("many.test", 20), ("filed", 2)] {
        let found = tool.run_ok(&format!("resolve {host} 8080 0 stream -1"));
        assert_eq!(found.len(), count, "{host}: {found:?}");
        assert_eq!(found, resolve_with_python(&test_host, host, 8080), "{host}");
    }
}

#[test]
fn failed_lookups_return_the_reason() {
    let (a, _b, dns) = network_with_dns(&["four.test,10.77.0.2", "--txt-record=text.test,words"]);
    let _faulty = faulty_name_server(&a, "127.0.0.2");
    let mut tool = NamesTool::new(&TestHost::new(&a));
    for family in [0, 4, 6] {
        tool.assert_fails(&format!("resolve none.test 80 {family} stream 60000"), "NAME_NOT_FOUND");
        tool.assert_fails(&format!("resolve text.test 80 {family} stream 60000"), "NAME_NO_ADDRESS");
        // dnsmasq answers REFUSED, which the C library treats as a temporary failure.
        tool.assert_fails(&format!("resolve elsewhere.example 80 {family} stream 60000"), "NAME_TRY_AGAIN");
    }
    tool.assert_fails("resolve four.test 80 6 stream 60000", "NAME_NO_ADDRESS");
    assert!(dns.queries().contains(&"AAAA four.test".to_owned()), "{:?}", dns.queries());

    let short_timeout = "options timeout:1 attempts:1\n";
    let mut tool =
        NamesTool::new(&TestHost::new(&a).with_file("resolv.conf", &format!("nameserver 127.0.0.2\n{short_timeout}")));
    for (host, family, error) in [
        ("servfail.odd", 0, "NAME_TRY_AGAIN"),
        ("servfail.odd", 4, "NAME_TRY_AGAIN"),
        ("refused.odd", 0, "NAME_TRY_AGAIN"),
        ("notimp.odd", 0, "NAME_TRY_AGAIN"),
        ("silent.odd", 6, "NAME_TRY_AGAIN"),
        ("garbage.odd", 4, "NAME_TRY_AGAIN"),
        ("broken4.odd", 4, "NAME_TRY_AGAIN"),
        ("broken6.odd", 6, "NAME_TRY_AGAIN"),
        // The C library treats FORMERR as a name that does not exist.
        ("formerr.odd", 0, "NAME_NOT_FOUND"),
    ] {
        tool.assert_fails(&format!("resolve {host} 80 {family} stream 60000"), error);
    }
    assert_eq!(tool.run_ok("resolve broken6.odd 80 0 stream 60000"), ["10.77.0.2:80"]);
    assert_eq!(tool.run_ok("resolve broken4.odd 80 0 stream 60000"), ["[fd77::2]:80"]);

    // If a server fails, the next one is queried. Without a server, the lookup fails.
    let servers = format!("nameserver 127.0.0.9\nnameserver 127.0.0.2\nnameserver 127.0.0.1\n{short_timeout}");
    let mut tool = NamesTool::new(&TestHost::new(&a).with_file("resolv.conf", &servers));
    assert_eq!(tool.run_ok("resolve four.test 80 4 stream 60000"), ["10.77.0.2:80"]);
    let no_server = format!("nameserver 127.0.0.9\n{short_timeout}");
    let mut tool = NamesTool::new(&TestHost::new(&a).with_file("resolv.conf", &no_server));
    tool.assert_fails("resolve four.test 80 4 stream 60000", "NAME_TRY_AGAIN");
}

#[test]
fn short_names_use_the_search_domains() {
    let (a, _b, dns) =
        network_with_dns(&["web.one.test,10.77.0.11", "web.two.test,10.77.0.12", "mail.two.test,10.77.0.13"]);
    let mut tool =
        NamesTool::new(&TestHost::new(&a).with_file("resolv.conf", "nameserver 127.0.0.1\nsearch one.test two.test\n"));
    assert_eq!(tool.run_ok("resolve web 80 4 stream 60000"), ["10.77.0.11:80"]);
    assert_eq!(tool.run_ok("resolve mail 80 4 stream 60000"), ["10.77.0.13:80"]);
    assert_eq!(tool.run_ok("resolve web.two.test 80 4 stream 60000"), ["10.77.0.12:80"]);
    assert_eq!(dns.queries(), ["A web.one.test", "A mail.one.test", "A mail.two.test", "A web.two.test"]);
    // A name with a trailing dot is absolute.
    tool.assert_fails("resolve web.test. 80 4 stream 60000", "NAME_NOT_FOUND");
    // A name that is not found is queried again for both families, to learn whether it has addresses of the other
    // family.
    let queries = dns.queries();
    let repeats_the_name = queries[5..].iter().all(|query| query.ends_with(" web.test"));
    assert!(queries[4] == "A web.test" && repeats_the_name, "{queries:?}");
}

#[test]
fn configuration_changes_take_effect_in_a_running_program() {
    let (a, _b, _dns) = network_with_dns(&["four.test,10.77.0.2"]);
    let test_host = TestHost::new(&a).with_file("resolv.conf", "nameserver 127.0.0.9\noptions timeout:1 attempts:1\n");
    let mut tool = NamesTool::new(&test_host);
    tool.assert_fails("resolve four.test 80 4 stream 60000", "NAME_TRY_AGAIN");
    let test_host = test_host.with_file("resolv.conf", "nameserver 127.0.0.1\n");
    assert_eq!(tool.run_ok("resolve four.test 80 4 stream 60000"), ["10.77.0.2:80"]);
    let _machine = test_host.with_file("hosts", "10.77.0.3 four.test\n");
    assert_eq!(tool.run_ok("resolve four.test 80 4 stream 60000"), ["10.77.0.3:80"]);
}

#[test]
fn services_are_found_by_socket_type() {
    let (a, _b, dns) = network_with_dns(&["four.test,10.77.0.2"]);
    let services = "\
        both 7001/tcp\nboth 7002/udp\nstreams 7003/tcp also-streams\ndatagrams 7004/udp\nftp-data.x_y+z 7005/tcp\n";
    let mut tool = NamesTool::new(&TestHost::new(&a).with_file("services", services));
    for host in ["10.77.0.2", "four.test"] {
        for (service, kind, port) in [
            ("both", "stream", 7001),
            ("both", "dgram", 7002),
            ("streams", "stream", 7003),
            ("streams", "0", 7003),
            ("also-streams", "stream", 7003),
            ("datagrams", "dgram", 7004),
            ("datagrams", "0", 7004),
            ("ftp-data.x_y+z", "stream", 7005),
            ("65535", "dgram", 65535),
            ("0", "stream", 0),
            ("\"\"", "stream", 0),
            ("NULL", "0", 0),
        ] {
            let found = tool.run_ok(&format!("resolve {host} {service} 0 {kind} 60000"));
            assert_eq!(found, [format!("10.77.0.2:{port}")], "{service} {kind}");
        }
    }
    let query_count = dns.queries().len();
    // An unknown service fails without a query for the host.
    for (service, kind) in [("streams", "dgram"), ("datagrams", "stream"), ("none", "stream"), ("none", "0")] {
        tool.assert_fails(&format!("resolve four.test {service} 0 {kind} 60000"), "NOT_FOUND");
    }
    for service in ["65536", "99999999999999999999", "-1", "+1", "a/b"] {
        tool.assert_fails(&format!("resolve four.test {service} 0 stream 60000"), "ADDR_INVALID");
    }
    assert_eq!(dns.queries().len(), query_count);
}

#[test]
fn addresses_and_malformed_names_cause_no_query() {
    let (a, _b, dns) = network_with_dns(&["four.test,10.77.0.2"]);
    let index = a.interface_index("eth0");
    let mut tool = NamesTool::new(&TestHost::new(&a));
    let before = tool.resource_count();
    for (host, expected) in [
        ("10.77.0.2", vec!["10.77.0.2:80".to_owned()]),
        ("203.0.113.7", vec!["203.0.113.7:80".into()]),
        ("fd77::2", vec!["[fd77::2]:80".into()]),
        ("::ffff:10.77.0.2", vec!["[::ffff:10.77.0.2]:80".into()]),
        ("fe80::2%eth0", vec![format!("[fe80::2%{index}]:80")]),
        (&format!("fe80::2%{index}"), vec![format!("[fe80::2%{index}]:80")]),
        ("\"\"", vec!["[::1]:80".into(), "127.0.0.1:80".into()]),
    ] {
        for timeout in [0, 1, -1] {
            assert_eq!(tool.run_ok(&format!("resolve {host} 80 0 stream {timeout}")), expected, "{host} {timeout}");
        }
    }
    tool.assert_fails("resolve 10.77.0.2 80 6 stream 0", "NAME_NO_ADDRESS");
    tool.assert_fails("resolve fd77::2 80 4 stream 0", "NAME_NO_ADDRESS");
    tool.assert_fails("resolve fe80::2%eth9 80 0 stream 0", "NOT_FOUND");
    for host in
        ["127.1", "0x7f.1", "010.77.0.2", "10.77.0.256", "1.2.3.4.5", "[::1]", "::1::", "a..b", "a/b", ".", "a:b"]
    {
        tool.assert_fails(&format!("resolve {host} 80 0 stream 60000"), "ADDR_INVALID");
    }
    // With a timeout of 0, no lookup is started, not even of a name in the hosts file.
    tool.assert_fails("resolve four.test 80 0 stream 0", "WOULD_BLOCK");
    tool.assert_fails("resolve localhost 80 0 stream 0", "WOULD_BLOCK");
    tool.assert_fails("dial tcp://four.test:80 0", "WOULD_BLOCK");
    tool.assert_fails("reverse 10.77.0.2:0 0", "WOULD_BLOCK");
    tool.assert_fails("resolve four.test 80 0 stream -2", "INVALID");
    assert_eq!(dns.queries(), [""; 0]);
    assert_eq!(tool.resource_count(), before);
}

#[test]
fn non_ascii_names_are_queried_in_their_idna_form() {
    let (a, _b, dns) = network_with_dns(&["xn--bcher-kva.test,10.77.0.2", "xn--fa-hia.test,10.77.0.3"]);
    let mut tool = NamesTool::new(&TestHost::new(&a));
    assert_eq!(tool.run_ok("resolve bücher.test 80 4 stream 60000"), ["10.77.0.2:80"]);
    assert_eq!(tool.run_ok("resolve BÜCHER.test 80 4 stream 60000"), ["10.77.0.2:80"]);
    assert_eq!(tool.run_ok("resolve faß.test 80 4 stream 60000"), ["10.77.0.3:80"]);
    tool.assert_fails("resolve bücherei.test 80 4 stream 60000", "NAME_NOT_FOUND");
    let expected = ["xn--bcher-kva", "xn--bcher-kva", "xn--fa-hia", "xn--bcherei-n2a"];
    assert_eq!(dns.queries()[..4], expected.map(|name| format!("A {name}.test")));
    assert!(dns.queries()[4..].iter().all(|query| query.ends_with(" xn--bcherei-n2a.test")), "{:?}", dns.queries());
    // IDNA does not allow this character.
    tool.assert_fails("resolve \u{2028}.test 80 4 stream 60000", "ADDR_INVALID");
}

#[test]
fn addresses_are_resolved_to_names() {
    let (a, _b, dns) = network_with_dns(&[
        "four.test,10.77.0.2",
        "six.test,fd77::2",
        "--ptr-record=1.2.3.10.in-addr.arpa,pointed.test",
        "--ptr-record=2.2.3.10.in-addr.arpa,xn--bcher-kva.test",
    ]);
    let _faulty = faulty_name_server(&a, "127.0.0.2");
    let mut tool = NamesTool::new(&TestHost::new(&a).with_file("hosts", "10.77.0.3 filed.test short\n"));
    for (address, name) in [
        ("10.77.0.2:80", "four.test"),
        ("[fd77::2]:0", "six.test"),
        ("10.77.0.3:1", "filed.test"),
        ("10.3.2.1:0", "pointed.test"),
        ("10.3.2.2:0", "xn--bcher-kva.test"),
    ] {
        let reply = tool.run(&format!("reverse {address} 60000"));
        assert_eq!((reply.result, reply.fields), (name.len().to_string(), vec![name.to_owned()]), "{address}");
    }
    for address in ["10.77.0.9:0", "[fd77::9]:0", "[fe80::2%eth0]:0"] {
        tool.assert_fails(&format!("reverse {address} 60000"), "NAME_NOT_FOUND");
    }
    tool.assert_fails("reverse unix:/x 60000", "FAMILY_UNSUPPORTED");
    let before = tool.resource_count();
    dns.pause();
    tool.assert_times_out("reverse 10.77.0.2:0 200");
    dns.resume();
    tool.wait_for_resource_count(&before);

    let settings = "nameserver 127.0.0.9\noptions timeout:1 attempts:1\n";
    let mut tool = NamesTool::new(&TestHost::new(&a).with_file("resolv.conf", settings));
    tool.assert_fails("reverse 10.77.0.2:0 60000", "NAME_TRY_AGAIN");
}

#[test]
fn a_timeout_ends_the_wait_for_a_silent_server() {
    let (a, _b, dns) = network_with_dns(&["four.test,10.77.0.2"]);
    let mut tool = NamesTool::new(&TestHost::new(&a));
    let before = tool.resource_count();
    dns.pause();
    for command in ["resolve four.test 80 0 stream", "resolve four.test 80 4 stream", "dial tcp://four.test:80"] {
        for timeout in [1, 50, 300, 1000] {
            tool.assert_times_out(&format!("{command} {timeout}"));
        }
    }
    assert_ne!(tool.resource_count(), before, "abandoned lookups still run");
    dns.resume();
    tool.wait_for_resource_count(&before);
    assert_eq!(tool.run_ok("resolve four.test 80 4 stream 60000"), ["10.77.0.2:80"]);
}

#[test]
fn a_timeout_ends_the_wait_for_the_services_database() {
    let (a, b, dns) = network_with_dns(&["four.test,10.77.0.2"]);
    let _servers = listen(&b, &["10.77.0.2:7000"]);
    let test_host = TestHost::new(&a).with_file("services", "jack 7000/tcp\njack 7000/udp\n");
    let mut tool = NamesTool::new(&test_host);
    let before = tool.resource_count();
    let blocked = test_host.block_file("services");
    for command in [
        "resolve 10.77.0.2 jack 0 stream",
        "resolve four.test jack 4 0",
        "resolve \"\" jack 0 dgram",
        "dial tcp://10.77.0.2:jack",
        "dial tcp://four.test:jack ttl=9",
        "dial udp://10.77.0.2:jack",
    ] {
        for timeout in [1, 50, 300] {
            tool.assert_times_out(&format!("{command} {timeout}"));
        }
        tool.assert_fails(&format!("{command} 0"), "WOULD_BLOCK");
    }
    assert_ne!(tool.resource_count(), before, "abandoned lookups still run");
    tool.run("timer 5");
    tool.assert_times_out("dial tcp://10.77.0.2:jack 300");
    tool.assert_times_out("resolve 10.77.0.2 jack 0 stream 300");
    tool.assert_fails_within("dial tcp://10.77.0.2:jack interruptible=1 60000", "INTERRUPTED", 0.0..1000.0);
    tool.run("timer 0");
    // A port number needs no lookup.
    assert_eq!(tool.run_ok("resolve 10.77.0.2 7000 0 stream 0"), ["10.77.0.2:7000"]);
    assert_eq!(tool.assert_connects("dial tcp://10.77.0.2:7000 1000"), "10.77.0.2:7000");
    assert_eq!(dns.queries(), [""; 0]);

    tool.send_command("dial tcp://10.77.0.2:jack 60000");
    drop(blocked);
    let reply = tool.read_reply();
    assert_eq!((reply.result.as_str(), reply.fields[0].as_str()), ("0", "10.77.0.2:7000"), "{reply:?}");
    tool.wait_for_resource_count(&before);
}

#[test]
fn the_lookups_of_service_and_host_share_the_timeout() {
    let (a, _b, dns) = network_with_dns(&["four.test,10.77.0.2"]);
    let test_host = TestHost::new(&a).with_file("services", "jack 7000/tcp\n");
    let mut tool = NamesTool::new(&test_host);
    let before = tool.resource_count();
    for command in ["resolve four.test jack 0 stream 1000", "dial tcp://four.test:jack 1000"] {
        dns.pause();
        let blocked = test_host.block_file("services");
        tool.send_command(command);
        thread::sleep(Duration::from_millis(600));
        drop(blocked);
        let reply = tool.read_reply();
        assert_eq!(reply.result, "JF_E_TIMED_OUT", "{command}: {reply:?}");
        // The host's own second would end at 1600.
        assert!((1000.0..1500.0).contains(&reply.ms), "{command}: {reply:?}");
        dns.resume();
        tool.wait_for_resource_count(&before);
    }
}

#[test]
fn signals_do_not_end_a_lookup() {
    let (a, _b, dns) = network_with_dns(&["four.test,10.77.0.2"]);
    let mut tool = NamesTool::new(&TestHost::new(&a));
    let before = tool.resource_count();
    dns.pause();
    tool.run("timer 5");
    tool.assert_times_out("resolve four.test 80 4 stream 300");
    tool.assert_times_out("dial tcp://four.test:80 300");
    tool.assert_fails_within("dial tcp://four.test:80 interruptible=1 60000", "INTERRUPTED", 0.0..1000.0);
    tool.send_command("resolve four.test 80 4 stream 60000");
    dns.resume();
    assert_eq!(tool.read_reply().fields, ["10.77.0.2:80"]);
    tool.run("timer 0");
    // Lookup threads do not handle the program's signals.
    assert_eq!(tool.run_ok("signaled resolve four.test 80 4 stream 60000"), ["10.77.0.2:80"]);
    tool.wait_for_resource_count(&before);
}

#[test]
fn at_most_64_lookups_are_in_flight() {
    let (a, _b, dns) = network_with_dns(&["four.test,10.77.0.2"]);
    let mut tool = NamesTool::new(&TestHost::new(&a));
    let before = tool.resource_count();
    tool.assert_crowd_times_out(&dns, "crowd 200 64 resolve four.test 80 4 stream 500");
    // All 64 lookups are abandoned but still in flight, so a new one cannot start.
    tool.assert_times_out("resolve four.test 80 4 stream 200");
    // An IP address needs no lookup.
    assert_eq!(tool.run_ok("resolve 10.77.0.2 80 4 stream 0"), ["10.77.0.2:80"]);
    dns.resume();
    tool.wait_for_resource_count(&before);

    // Callers that wait for a free slot get one.
    dns.pause();
    tool.send_command("crowd 200 64 resolve four.test 80 4 stream 60000");
    assert_eq!(tool.read_line(), "under way");
    dns.resume();
    let reply = tool.read_reply();
    assert_eq!(reply.fields[1..], ["done=200"]);
    tool.wait_for_resource_count(&before);
}

#[test]
fn a_forked_child_has_separate_lookup_slots() {
    let (a, _b, dns) = network_with_dns(&["four.test,10.77.0.2"]);
    let mut tool = NamesTool::new(&TestHost::new(&a).with_file("hosts", "10.77.0.3 filed\n"));
    let before = tool.resource_count();
    // In the parent, 64 abandoned lookups are in flight, and one more waits for a slot.
    tool.assert_crowd_times_out(&dns, "crowd 64 64 resolve four.test 80 4 stream 300");
    tool.run("beside resolve four.test 80 4 stream 60000");
    assert_eq!(tool.run_ok("fork resolve filed 80 4 stream 60000"), ["10.77.0.3:80"]);
    tool.assert_fails("fork resolve four.test 80 4 stream 50", "TIMED_OUT");
    dns.resume();
    assert_eq!(tool.run_ok("fork resolve four.test 80 4 stream 60000"), ["10.77.0.2:80"]);
    assert_eq!(tool.run_ok("join"), ["10.77.0.2:80"]);
    tool.wait_for_resource_count(&before);
}

/// The child closes inherited descriptors, and opens sockets with the descriptor numbers that the parent's lookup uses.
#[test]
fn a_forked_child_does_not_use_the_parents_dns_sockets() {
    let (a, _b, dns) = network_with_dns(&["four.test,10.77.0.2"]);
    let mut tool = NamesTool::new(&TestHost::new(&a));
    let before = tool.resource_count();
    dns.pause();
    // The lookup continues, and already waits for its server: before that, the C library may hold locks, which would
    // stay locked in the child.
    tool.assert_times_out("resolve four.test 80 4 stream 100");
    tool.assert_times_out("fork-anew resolve four.test 80 4 stream 100");
    dns.resume();
    assert_eq!(tool.run_ok("fork-anew resolve four.test 80 4 stream 60000"), ["10.77.0.2:80"]);
    assert_eq!(tool.run_ok("resolve four.test 80 4 stream 60000"), ["10.77.0.2:80"]);
    tool.wait_for_resource_count(&before);
}

#[test]
fn fd_exhaustion_returns_too_many_files() {
    let (a, _b, _dns) = network_with_dns(&["four.test,10.77.0.2"]);
    let test_host = TestHost::new(&a).with_file("hosts", "10.77.0.3 filed\n").with_file("services", "jack 7000/tcp\n");
    for command in ["resolve four.test 80 4 stream", "resolve filed 80 4 stream", "reverse 10.77.0.2:0"] {
        let mut tool = NamesTool::new(&test_host);
        let before = tool.resource_count();
        // The first lookup of a process fails in the same way as later ones.
        for _ in 0..2 {
            for left in [0, 1] {
                tool.run(&format!("fill {left}"));
                tool.assert_fails(&format!("{command} 60000"), "TOO_MANY_FILES");
                assert_eq!(tool.run_ok("resolve 10.77.0.2 80 4 stream 60000"), ["10.77.0.2:80"]);
            }
            tool.run("fill -1");
            assert_eq!(tool.run_ok(&format!("{command} 60000")).len(), 1);
        }
        tool.wait_for_resource_count(&before);
    }
    let mut tool = NamesTool::new(&test_host);
    tool.run("fill 0");
    tool.assert_fails("resolve 10.77.0.2 jack 4 stream 60000", "TOO_MANY_FILES");
    tool.run("fill -1");
    assert_eq!(tool.run_ok("resolve 10.77.0.2 jack 4 stream 60000"), ["10.77.0.2:7000"]);
}
