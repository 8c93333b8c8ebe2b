//! Names are looked up as the system does it: against dnsmasq and worse name servers, in network namespaces.

mod common;

use common::dns::{TestHost, faulty_name_server};
use common::expect_success;
use common::names_tool::{NamesTool, network_with_dns};
use common::peers::program;

/// What Python's own sockets find, in their order, and each once: the hosts file may say the same twice.
fn python_finds(test_host: &TestHost<'_>, host: &str, port: u16) -> Vec<String> {
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
fn addresses_come_as_the_resolver_gives_them() {
    let many: Vec<String> = (1..=20).map(|last| format!("many.test,10.78.{}.{last}", last % 3)).collect();
    let mut records = vec![
        "four.test,10.77.0.2",
        "six.test,fd77::2",
        "both.test,10.77.0.2,fd77::2",
        // Of unlike worth: without a route, of another scope, mapped, and this machine's own.
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
    for (host, four, six) in [
        ("four.test", vec!["10.77.0.2:80"], vec![]),
        ("alias4.test", vec!["10.77.0.2:80"], vec![]),
        ("six.test", vec![], vec!["[fd77::2]:80"]),
        ("both.test", vec!["10.77.0.2:80"], vec!["[fd77::2]:80"]),
        ("BOTH.Test.", vec!["10.77.0.2:80"], vec!["[fd77::2]:80"]),
        ("alias.test", vec!["10.77.0.2:80"], vec!["[fd77::2]:80"]),
        ("other.test", vec!["10.77.0.2:80"], vec!["[fd77::2]:80"]),
        ("filed", vec!["10.77.0.2:80"], vec!["[fd77::2]:80"]),
    ] {
        let all = [six.clone(), four.clone()].concat();
        for (family, expected) in [(4, four), (6, six), (0, all)] {
            let command = format!("resolve {host} 80 {family} stream 60000");
            if expected.is_empty() {
                tool.assert_fails(&command, "NAME_NO_ADDRESS");
            } else {
                assert_eq!(tool.run_ok(&command), expected, "{command}");
            }
        }
    }
    // What the hosts file doesn't say of a name is asked elsewhere.
    assert_eq!(tool.run_ok("resolve aside.test 80 0 stream 60000"), ["[fd77::2]:80"]);
    tool.assert_fails("resolve aside.test 80 4 stream 60000", "NAME_NO_ADDRESS");
    for (host, count) in [("both.test", 2), ("mixed.test", 8), ("many.test", 20), ("filed", 2)] {
        let found = tool.run_ok(&format!("resolve {host} 8080 0 stream -1"));
        assert_eq!(found.len(), count, "{host}: {found:?}");
        assert_eq!(found, python_finds(&test_host, host, 8080), "{host}");
    }
}

#[test]
fn names_without_an_address_fail_by_what_is_wrong() {
    let (a, _b, dns) = network_with_dns(&["four.test,10.77.0.2", "--txt-record=text.test,words"]);
    let _odd = faulty_name_server(&a, "127.0.0.2");
    let mut tool = NamesTool::new(&TestHost::new(&a));
    for family in [0, 4, 6] {
        tool.assert_fails(&format!("resolve none.test 80 {family} stream 60000"), "NAME_NOT_FOUND");
        tool.assert_fails(&format!("resolve text.test 80 {family} stream 60000"), "NAME_NO_ADDRESS");
        // dnsmasq refuses, which the C library takes for a failure that may pass.
        tool.assert_fails(&format!("resolve elsewhere.example 80 {family} stream 60000"), "NAME_TRY_AGAIN");
    }
    tool.assert_fails("resolve four.test 80 6 stream 60000", "NAME_NO_ADDRESS");
    assert!(dns.queries().contains(&"AAAA four.test".to_owned()), "{:?}", dns.queries());

    let quickly = "options timeout:1 attempts:1\n";
    let mut tool =
        NamesTool::new(&TestHost::new(&a).with_file("resolv.conf", &format!("nameserver 127.0.0.2\n{quickly}")));
    for (host, family, error) in [
        ("servfail.odd", 0, "NAME_TRY_AGAIN"),
        ("servfail.odd", 4, "NAME_TRY_AGAIN"),
        ("refused.odd", 0, "NAME_TRY_AGAIN"),
        ("notimp.odd", 0, "NAME_TRY_AGAIN"),
        ("silent.odd", 6, "NAME_TRY_AGAIN"),
        ("garbage.odd", 4, "NAME_TRY_AGAIN"),
        ("broken4.odd", 4, "NAME_TRY_AGAIN"),
        ("broken6.odd", 6, "NAME_TRY_AGAIN"),
        // The C library takes it that the question can't be asked.
        ("formerr.odd", 0, "NAME_NOT_FOUND"),
    ] {
        tool.assert_fails(&format!("resolve {host} 80 {family} stream 60000"), error);
    }
    assert_eq!(tool.run_ok("resolve broken6.odd 80 0 stream 60000"), ["10.77.0.2:80"]);
    assert_eq!(tool.run_ok("resolve broken4.odd 80 0 stream 60000"), ["[fd77::2]:80"]);

    // The next server is asked when one fails, and there may be none.
    let servers = format!("nameserver 127.0.0.9\nnameserver 127.0.0.2\nnameserver 127.0.0.1\n{quickly}");
    let mut tool = NamesTool::new(&TestHost::new(&a).with_file("resolv.conf", &servers));
    assert_eq!(tool.run_ok("resolve four.test 80 4 stream 60000"), ["10.77.0.2:80"]);
    let nobody = format!("nameserver 127.0.0.9\n{quickly}");
    let mut tool = NamesTool::new(&TestHost::new(&a).with_file("resolv.conf", &nobody));
    tool.assert_fails("resolve four.test 80 4 stream 60000", "NAME_TRY_AGAIN");
}

#[test]
fn short_names_are_searched_for() {
    let (a, _b, dns) =
        network_with_dns(&["web.one.test,10.77.0.11", "web.two.test,10.77.0.12", "mail.two.test,10.77.0.13"]);
    let mut tool =
        NamesTool::new(&TestHost::new(&a).with_file("resolv.conf", "nameserver 127.0.0.1\nsearch one.test two.test\n"));
    assert_eq!(tool.run_ok("resolve web 80 4 stream 60000"), ["10.77.0.11:80"]);
    assert_eq!(tool.run_ok("resolve mail 80 4 stream 60000"), ["10.77.0.13:80"]);
    assert_eq!(tool.run_ok("resolve web.two.test 80 4 stream 60000"), ["10.77.0.12:80"]);
    assert_eq!(dns.queries(), ["A web.one.test", "A mail.one.test", "A mail.two.test", "A web.two.test"]);
    // With a dot at its end it is the whole name.
    tool.assert_fails("resolve web.test. 80 4 stream 60000", "NAME_NOT_FOUND");
    // A name that is not found is asked for once more, for either family: it may have addresses of the other.
    let asked = dns.queries();
    assert!(asked[4] == "A web.test" && asked[5..].iter().all(|what| what.ends_with(" web.test")), "{asked:?}");
}

#[test]
fn what_changes_while_a_program_runs_is_heeded() {
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
fn services_are_found_by_their_kind() {
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
    let asked = dns.queries().len();
    // An unknown service is known to be that without asking for the host.
    for (service, kind) in [("streams", "dgram"), ("datagrams", "stream"), ("none", "stream"), ("none", "0")] {
        tool.assert_fails(&format!("resolve four.test {service} 0 {kind} 60000"), "NOT_FOUND");
    }
    for service in ["65536", "99999999999999999999", "-1", "+1", "a/b"] {
        tool.assert_fails(&format!("resolve four.test {service} 0 stream 60000"), "ADDR_INVALID");
    }
    assert_eq!(dns.queries().len(), asked);
}

#[test]
fn addresses_and_what_is_no_name_ask_nobody() {
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
    // A name would have to be looked up, also one of the hosts file.
    tool.assert_fails("resolve four.test 80 0 stream 0", "WOULD_BLOCK");
    tool.assert_fails("resolve localhost 80 0 stream 0", "WOULD_BLOCK");
    tool.assert_fails("dial tcp://four.test:80 0", "WOULD_BLOCK");
    tool.assert_fails("reverse 10.77.0.2:0 0", "WOULD_BLOCK");
    tool.assert_fails("resolve four.test 80 0 stream -2", "INVALID");
    assert_eq!(dns.queries(), [""; 0]);
    assert_eq!(tool.resource_count(), before);
}

#[test]
fn names_that_are_not_ascii_are_asked_for_as_idna_has_them() {
    let (a, _b, dns) = network_with_dns(&["xn--bcher-kva.test,10.77.0.2", "xn--fa-hia.test,10.77.0.3"]);
    let mut tool = NamesTool::new(&TestHost::new(&a));
    assert_eq!(tool.run_ok("resolve bücher.test 80 4 stream 60000"), ["10.77.0.2:80"]);
    assert_eq!(tool.run_ok("resolve BÜCHER.test 80 4 stream 60000"), ["10.77.0.2:80"]);
    assert_eq!(tool.run_ok("resolve faß.test 80 4 stream 60000"), ["10.77.0.3:80"]);
    tool.assert_fails("resolve bücherei.test 80 4 stream 60000", "NAME_NOT_FOUND");
    let expected = ["xn--bcher-kva", "xn--bcher-kva", "xn--fa-hia", "xn--bcherei-n2a"];
    assert_eq!(dns.queries()[..4], expected.map(|name| format!("A {name}.test")));
    assert!(dns.queries()[4..].iter().all(|what| what.ends_with(" xn--bcherei-n2a.test")), "{:?}", dns.queries());
    // No word of any language.
    tool.assert_fails("resolve \u{2028}.test 80 4 stream 60000", "ADDR_INVALID");
}

#[test]
fn addresses_have_names() {
    let (a, _b, dns) = network_with_dns(&[
        "four.test,10.77.0.2",
        "six.test,fd77::2",
        "--ptr-record=1.2.3.10.in-addr.arpa,pointed.test",
        "--ptr-record=2.2.3.10.in-addr.arpa,xn--bcher-kva.test",
    ]);
    let _odd = faulty_name_server(&a, "127.0.0.2");
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
fn a_deadline_ends_the_wait_for_a_silent_server() {
    let (a, _b, dns) = network_with_dns(&["four.test,10.77.0.2"]);
    let mut tool = NamesTool::new(&TestHost::new(&a));
    let before = tool.resource_count();
    dns.pause();
    for command in ["resolve four.test 80 0 stream", "resolve four.test 80 4 stream", "dial tcp://four.test:80"] {
        for deadline in [1, 50, 300, 1000] {
            tool.assert_times_out(&format!("{command} {deadline}"));
        }
    }
    assert_ne!(tool.resource_count(), before, "lookups are left behind");
    dns.resume();
    tool.wait_for_resource_count(&before);
    assert_eq!(tool.run_ok("resolve four.test 80 4 stream 60000"), ["10.77.0.2:80"]);
}

#[test]
fn signals_do_not_end_a_look_up() {
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
    // Nor are they handled in it.
    assert_eq!(tool.run_ok("signaled resolve four.test 80 4 stream 60000"), ["10.77.0.2:80"]);
    tool.wait_for_resource_count(&before);
}

#[test]
fn at_most_64_look_ups_are_under_way() {
    let (a, _b, dns) = network_with_dns(&["four.test,10.77.0.2"]);
    let mut tool = NamesTool::new(&TestHost::new(&a));
    let before = tool.resource_count();
    tool.assert_crowd_times_out(&dns, "crowd 200 64 resolve four.test 80 4 stream 500");
    // All are left behind, so nobody else has a turn until they end.
    tool.assert_times_out("resolve four.test 80 4 stream 200");
    // But who needs none is served.
    assert_eq!(tool.run_ok("resolve 10.77.0.2 80 4 stream 0"), ["10.77.0.2:80"]);
    dns.resume();
    tool.wait_for_resource_count(&before);

    // Those who wait for their turn get it.
    dns.pause();
    tool.send_command("crowd 200 64 resolve four.test 80 4 stream 60000");
    assert_eq!(tool.read_line(), "under way");
    dns.resume();
    let reply = tool.read_reply();
    assert_eq!(reply.fields[1..], ["done=200"]);
    tool.wait_for_resource_count(&before);
}

#[test]
fn a_forked_child_has_turns_of_its_own() {
    let (a, _b, dns) = network_with_dns(&["four.test,10.77.0.2"]);
    let mut tool = NamesTool::new(&TestHost::new(&a).with_file("hosts", "10.77.0.3 filed\n"));
    let before = tool.resource_count();
    // As many as there may be are left behind in the parent, and one waits for its turn.
    tool.assert_crowd_times_out(&dns, "crowd 64 64 resolve four.test 80 4 stream 300");
    tool.run("beside resolve four.test 80 4 stream 60000");
    assert_eq!(tool.run_ok("fork resolve filed 80 4 stream 60000"), ["10.77.0.3:80"]);
    tool.assert_fails("fork resolve four.test 80 4 stream 50", "TIMED_OUT");
    dns.resume();
    assert_eq!(tool.run_ok("fork resolve four.test 80 4 stream 60000"), ["10.77.0.2:80"]);
    assert_eq!(tool.run_ok("join"), ["10.77.0.2:80"]);
    tool.wait_for_resource_count(&before);
}

/// A child that closes what it inherited has sockets of its own at the numbers by which its parent asks.
#[test]
fn a_forked_child_asks_by_no_socket_of_its_parent() {
    let (a, _b, dns) = network_with_dns(&["four.test,10.77.0.2"]);
    let mut tool = NamesTool::new(&TestHost::new(&a));
    let before = tool.resource_count();
    dns.pause();
    // The lookup goes on. By now it waits for its server: the C library has locks that would stay locked in a child.
    tool.assert_times_out("resolve four.test 80 4 stream 100");
    tool.assert_times_out("fork-anew resolve four.test 80 4 stream 100");
    dns.resume();
    assert_eq!(tool.run_ok("fork-anew resolve four.test 80 4 stream 60000"), ["10.77.0.2:80"]);
    assert_eq!(tool.run_ok("resolve four.test 80 4 stream 60000"), ["10.77.0.2:80"]);
    tool.wait_for_resource_count(&before);
}

#[test]
fn a_process_without_descriptors_says_so() {
    let (a, _b, _dns) = network_with_dns(&["four.test,10.77.0.2"]);
    let test_host = TestHost::new(&a).with_file("hosts", "10.77.0.3 filed\n").with_file("services", "jack 7000/tcp\n");
    for command in ["resolve four.test 80 4 stream", "resolve filed 80 4 stream", "reverse 10.77.0.2:0"] {
        let mut tool = NamesTool::new(&test_host);
        let before = tool.resource_count();
        // Also when nothing has been looked up before.
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
