//! Names are looked up as the system does it: against dnsmasq and worse name servers, in network namespaces.

mod common;

use common::dns::{Machine, odd_server};
use common::names::{Tool, network};
use common::peers::program;
use common::succeed;

/// What Python's own sockets find, in their order, and each once: the hosts file may say the same twice.
fn python_finds(machine: &Machine<'_>, host: &str, port: u16) -> Vec<String> {
    let script = "import socket, sys
for found in socket.getaddrinfo(sys.argv[1], int(sys.argv[2]), type=socket.SOCK_STREAM):
    print(('[%s]:%d' if found[0] == socket.AF_INET6 else '%s:%d') % found[4][:2])";
    let python = program("python3", &["-c", script, host, &port.to_string()]);
    let mut found: Vec<String> = succeed(&mut machine.command(&python), 60).lines().map(str::to_owned).collect();
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
    let (a, _b, _dns) = network(&records);
    let machine = Machine::new(&a).with("hosts", "10.77.0.2 filed\nfd77::2 filed aside.test\n10.77.0.2 filed twice\n");
    let mut tool = Tool::new(&machine);
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
                tool.fails(&command, "NAME_NO_ADDRESS");
            } else {
                assert_eq!(tool.found(&command), expected, "{command}");
            }
        }
    }
    // What the hosts file doesn't say of a name is asked elsewhere.
    assert_eq!(tool.found("resolve aside.test 80 0 stream 60000"), ["[fd77::2]:80"]);
    tool.fails("resolve aside.test 80 4 stream 60000", "NAME_NO_ADDRESS");
    for (host, count) in [("both.test", 2), ("mixed.test", 8), ("many.test", 20), ("filed", 2)] {
        let found = tool.found(&format!("resolve {host} 8080 0 stream -1"));
        assert_eq!(found.len(), count, "{host}: {found:?}");
        assert_eq!(found, python_finds(&machine, host, 8080), "{host}");
    }
}

#[test]
fn names_without_an_address_fail_by_what_is_wrong() {
    let (a, _b, dns) = network(&["four.test,10.77.0.2", "--txt-record=text.test,words"]);
    let _odd = odd_server(&a, "127.0.0.2");
    let mut tool = Tool::new(&Machine::new(&a));
    for family in [0, 4, 6] {
        tool.fails(&format!("resolve none.test 80 {family} stream 60000"), "NAME_NOT_FOUND");
        tool.fails(&format!("resolve text.test 80 {family} stream 60000"), "NAME_NO_ADDRESS");
        // dnsmasq refuses, which the C library takes for a failure that may pass.
        tool.fails(&format!("resolve elsewhere.example 80 {family} stream 60000"), "NAME_TRY_AGAIN");
    }
    tool.fails("resolve four.test 80 6 stream 60000", "NAME_NO_ADDRESS");
    assert!(dns.asked().contains(&"AAAA four.test".to_owned()), "{:?}", dns.asked());

    let quickly = "options timeout:1 attempts:1\n";
    let mut tool = Tool::new(&Machine::new(&a).with("resolv.conf", &format!("nameserver 127.0.0.2\n{quickly}")));
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
        tool.fails(&format!("resolve {host} 80 {family} stream 60000"), error);
    }
    assert_eq!(tool.found("resolve broken6.odd 80 0 stream 60000"), ["10.77.0.2:80"]);
    assert_eq!(tool.found("resolve broken4.odd 80 0 stream 60000"), ["[fd77::2]:80"]);

    // The next server is asked when one fails, and there may be none.
    let servers = format!("nameserver 127.0.0.9\nnameserver 127.0.0.2\nnameserver 127.0.0.1\n{quickly}");
    let mut tool = Tool::new(&Machine::new(&a).with("resolv.conf", &servers));
    assert_eq!(tool.found("resolve four.test 80 4 stream 60000"), ["10.77.0.2:80"]);
    let nobody = format!("nameserver 127.0.0.9\n{quickly}");
    let mut tool = Tool::new(&Machine::new(&a).with("resolv.conf", &nobody));
    tool.fails("resolve four.test 80 4 stream 60000", "NAME_TRY_AGAIN");
}

#[test]
fn short_names_are_searched_for() {
    let (a, _b, dns) = network(&["web.one.test,10.77.0.11", "web.two.test,10.77.0.12", "mail.two.test,10.77.0.13"]);
    let mut tool = Tool::new(&Machine::new(&a).with("resolv.conf", "nameserver 127.0.0.1\nsearch one.test two.test\n"));
    assert_eq!(tool.found("resolve web 80 4 stream 60000"), ["10.77.0.11:80"]);
    assert_eq!(tool.found("resolve mail 80 4 stream 60000"), ["10.77.0.13:80"]);
    assert_eq!(tool.found("resolve web.two.test 80 4 stream 60000"), ["10.77.0.12:80"]);
    assert_eq!(dns.asked(), ["A web.one.test", "A mail.one.test", "A mail.two.test", "A web.two.test"]);
    // With a dot at its end it is the whole name.
    tool.fails("resolve web.test. 80 4 stream 60000", "NAME_NOT_FOUND");
    // A name that is not found is asked for once more, for either family: it may have addresses of the other.
    let asked = dns.asked();
    assert!(asked[4] == "A web.test" && asked[5..].iter().all(|what| what.ends_with(" web.test")), "{asked:?}");
}

#[test]
fn what_changes_while_a_program_runs_is_heeded() {
    let (a, _b, _dns) = network(&["four.test,10.77.0.2"]);
    let machine = Machine::new(&a).with("resolv.conf", "nameserver 127.0.0.9\noptions timeout:1 attempts:1\n");
    let mut tool = Tool::new(&machine);
    tool.fails("resolve four.test 80 4 stream 60000", "NAME_TRY_AGAIN");
    let machine = machine.with("resolv.conf", "nameserver 127.0.0.1\n");
    assert_eq!(tool.found("resolve four.test 80 4 stream 60000"), ["10.77.0.2:80"]);
    let _machine = machine.with("hosts", "10.77.0.3 four.test\n");
    assert_eq!(tool.found("resolve four.test 80 4 stream 60000"), ["10.77.0.3:80"]);
}

#[test]
fn services_are_found_by_their_kind() {
    let (a, _b, dns) = network(&["four.test,10.77.0.2"]);
    let services = "\
        both 7001/tcp\nboth 7002/udp\nstreams 7003/tcp also-streams\ndatagrams 7004/udp\nftp-data.x_y+z 7005/tcp\n";
    let mut tool = Tool::new(&Machine::new(&a).with("services", services));
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
            let found = tool.found(&format!("resolve {host} {service} 0 {kind} 60000"));
            assert_eq!(found, [format!("10.77.0.2:{port}")], "{service} {kind}");
        }
    }
    let asked = dns.asked().len();
    // An unknown service is known to be that without asking for the host.
    for (service, kind) in [("streams", "dgram"), ("datagrams", "stream"), ("none", "stream"), ("none", "0")] {
        tool.fails(&format!("resolve four.test {service} 0 {kind} 60000"), "NOT_FOUND");
    }
    for service in ["65536", "99999999999999999999", "-1", "+1", "a/b"] {
        tool.fails(&format!("resolve four.test {service} 0 stream 60000"), "ADDR_INVALID");
    }
    assert_eq!(dns.asked().len(), asked);
}

#[test]
fn addresses_and_what_is_no_name_ask_nobody() {
    let (a, _b, dns) = network(&["four.test,10.77.0.2"]);
    let index = a.index("eth0");
    let mut tool = Tool::new(&Machine::new(&a));
    let before = tool.count();
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
            assert_eq!(tool.found(&format!("resolve {host} 80 0 stream {timeout}")), expected, "{host} {timeout}");
        }
    }
    tool.fails("resolve 10.77.0.2 80 6 stream 0", "NAME_NO_ADDRESS");
    tool.fails("resolve fd77::2 80 4 stream 0", "NAME_NO_ADDRESS");
    tool.fails("resolve fe80::2%eth9 80 0 stream 0", "NOT_FOUND");
    for host in
        ["127.1", "0x7f.1", "010.77.0.2", "10.77.0.256", "1.2.3.4.5", "[::1]", "::1::", "a..b", "a/b", ".", "a:b"]
    {
        tool.fails(&format!("resolve {host} 80 0 stream 60000"), "ADDR_INVALID");
    }
    // A name would have to be looked up, also one of the hosts file.
    tool.fails("resolve four.test 80 0 stream 0", "WOULD_BLOCK");
    tool.fails("resolve localhost 80 0 stream 0", "WOULD_BLOCK");
    tool.fails("dial tcp://four.test:80 0", "WOULD_BLOCK");
    tool.fails("reverse 10.77.0.2:0 0", "WOULD_BLOCK");
    tool.fails("resolve four.test 80 0 stream -2", "INVALID");
    assert_eq!(dns.asked(), [""; 0]);
    assert_eq!(tool.count(), before);
}

#[test]
fn names_that_are_not_ascii_are_asked_for_as_idna_has_them() {
    let (a, _b, dns) = network(&["xn--bcher-kva.test,10.77.0.2", "xn--fa-hia.test,10.77.0.3"]);
    let mut tool = Tool::new(&Machine::new(&a));
    assert_eq!(tool.found("resolve bücher.test 80 4 stream 60000"), ["10.77.0.2:80"]);
    assert_eq!(tool.found("resolve BÜCHER.test 80 4 stream 60000"), ["10.77.0.2:80"]);
    assert_eq!(tool.found("resolve faß.test 80 4 stream 60000"), ["10.77.0.3:80"]);
    tool.fails("resolve bücherei.test 80 4 stream 60000", "NAME_NOT_FOUND");
    let expected = ["xn--bcher-kva", "xn--bcher-kva", "xn--fa-hia", "xn--bcherei-n2a"];
    assert_eq!(dns.asked()[..4], expected.map(|name| format!("A {name}.test")));
    assert!(dns.asked()[4..].iter().all(|what| what.ends_with(" xn--bcherei-n2a.test")), "{:?}", dns.asked());
    // No word of any language.
    tool.fails("resolve \u{2028}.test 80 4 stream 60000", "ADDR_INVALID");
}

#[test]
fn addresses_have_names() {
    let (a, _b, dns) = network(&[
        "four.test,10.77.0.2",
        "six.test,fd77::2",
        "--ptr-record=1.2.3.10.in-addr.arpa,pointed.test",
        "--ptr-record=2.2.3.10.in-addr.arpa,xn--bcher-kva.test",
    ]);
    let _odd = odd_server(&a, "127.0.0.2");
    let mut tool = Tool::new(&Machine::new(&a).with("hosts", "10.77.0.3 filed.test short\n"));
    for (address, name) in [
        ("10.77.0.2:80", "four.test"),
        ("[fd77::2]:0", "six.test"),
        ("10.77.0.3:1", "filed.test"),
        ("10.3.2.1:0", "pointed.test"),
        ("10.3.2.2:0", "xn--bcher-kva.test"),
    ] {
        let said = tool.ask(&format!("reverse {address} 60000"));
        assert_eq!((said.result, said.words), (name.len().to_string(), vec![name.to_owned()]), "{address}");
    }
    for address in ["10.77.0.9:0", "[fd77::9]:0", "[fe80::2%eth0]:0"] {
        tool.fails(&format!("reverse {address} 60000"), "NAME_NOT_FOUND");
    }
    tool.fails("reverse unix:/x 60000", "FAMILY_UNSUPPORTED");
    let before = tool.count();
    dns.pause();
    tool.times_out("reverse 10.77.0.2:0 200");
    dns.go_on();
    tool.settle(&before);

    let settings = "nameserver 127.0.0.9\noptions timeout:1 attempts:1\n";
    let mut tool = Tool::new(&Machine::new(&a).with("resolv.conf", settings));
    tool.fails("reverse 10.77.0.2:0 60000", "NAME_TRY_AGAIN");
}

#[test]
fn a_deadline_ends_the_wait_for_a_silent_server() {
    let (a, _b, dns) = network(&["four.test,10.77.0.2"]);
    let mut tool = Tool::new(&Machine::new(&a));
    let before = tool.count();
    dns.pause();
    for command in ["resolve four.test 80 0 stream", "resolve four.test 80 4 stream", "dial tcp://four.test:80"] {
        for deadline in [1, 50, 300, 1000] {
            tool.times_out(&format!("{command} {deadline}"));
        }
    }
    assert_ne!(tool.count(), before, "look-ups are left behind");
    dns.go_on();
    tool.settle(&before);
    assert_eq!(tool.found("resolve four.test 80 4 stream 60000"), ["10.77.0.2:80"]);
}

#[test]
fn signals_do_not_end_a_look_up() {
    let (a, _b, dns) = network(&["four.test,10.77.0.2"]);
    let mut tool = Tool::new(&Machine::new(&a));
    let before = tool.count();
    dns.pause();
    tool.ask("timer 5");
    tool.times_out("resolve four.test 80 4 stream 300");
    tool.times_out("dial tcp://four.test:80 300");
    tool.fails_within("dial tcp://four.test:80 interruptible=1 60000", "INTERRUPTED", 0.0..1000.0);
    tool.tell("resolve four.test 80 4 stream 60000");
    dns.go_on();
    assert_eq!(tool.hear().words, ["10.77.0.2:80"]);
    tool.ask("timer 0");
    // Nor are they handled in it.
    assert_eq!(tool.found("signaled resolve four.test 80 4 stream 60000"), ["10.77.0.2:80"]);
    tool.settle(&before);
}

#[test]
fn at_most_64_look_ups_are_under_way() {
    let (a, _b, dns) = network(&["four.test,10.77.0.2"]);
    let mut tool = Tool::new(&Machine::new(&a));
    let before = tool.count();
    tool.crowd_times_out(&dns, "crowd 200 64 resolve four.test 80 4 stream 500");
    // All are left behind, so nobody else has a turn until they end.
    tool.times_out("resolve four.test 80 4 stream 200");
    // But who needs none is served.
    assert_eq!(tool.found("resolve 10.77.0.2 80 4 stream 0"), ["10.77.0.2:80"]);
    dns.go_on();
    tool.settle(&before);

    // Those who wait for their turn get it.
    dns.pause();
    tool.tell("crowd 200 64 resolve four.test 80 4 stream 60000");
    assert_eq!(tool.line(), "under way");
    dns.go_on();
    let said = tool.hear();
    assert_eq!(said.words[1..], ["done=200"]);
    tool.settle(&before);
}

#[test]
fn a_forked_child_has_turns_of_its_own() {
    let (a, _b, dns) = network(&["four.test,10.77.0.2"]);
    let mut tool = Tool::new(&Machine::new(&a).with("hosts", "10.77.0.3 filed\n"));
    let before = tool.count();
    // As many as there may be are left behind in the parent, and one waits for its turn.
    tool.crowd_times_out(&dns, "crowd 64 64 resolve four.test 80 4 stream 300");
    tool.ask("beside resolve four.test 80 4 stream 60000");
    assert_eq!(tool.found("fork resolve filed 80 4 stream 60000"), ["10.77.0.3:80"]);
    tool.fails("fork resolve four.test 80 4 stream 50", "TIMED_OUT");
    dns.go_on();
    assert_eq!(tool.found("fork resolve four.test 80 4 stream 60000"), ["10.77.0.2:80"]);
    assert_eq!(tool.found("join"), ["10.77.0.2:80"]);
    tool.settle(&before);
}

/// A child that closes what it inherited has sockets of its own at the numbers by which its parent asks.
#[test]
fn a_forked_child_asks_by_no_socket_of_its_parent() {
    let (a, _b, dns) = network(&["four.test,10.77.0.2"]);
    let mut tool = Tool::new(&Machine::new(&a));
    let before = tool.count();
    dns.pause();
    // The look-up goes on. By now it waits for its server: the C library has locks that would stay locked in a child.
    tool.times_out("resolve four.test 80 4 stream 100");
    tool.times_out("fork-anew resolve four.test 80 4 stream 100");
    dns.go_on();
    assert_eq!(tool.found("fork-anew resolve four.test 80 4 stream 60000"), ["10.77.0.2:80"]);
    assert_eq!(tool.found("resolve four.test 80 4 stream 60000"), ["10.77.0.2:80"]);
    tool.settle(&before);
}

#[test]
fn a_process_without_descriptors_says_so() {
    let (a, _b, _dns) = network(&["four.test,10.77.0.2"]);
    let machine = Machine::new(&a).with("hosts", "10.77.0.3 filed\n").with("services", "jack 7000/tcp\n");
    for command in ["resolve four.test 80 4 stream", "resolve filed 80 4 stream", "reverse 10.77.0.2:0"] {
        let mut tool = Tool::new(&machine);
        let before = tool.count();
        // Also when nothing has been looked up before.
        for _ in 0..2 {
            for left in [0, 1] {
                tool.ask(&format!("fill {left}"));
                tool.fails(&format!("{command} 60000"), "TOO_MANY_FILES");
                assert_eq!(tool.found("resolve 10.77.0.2 80 4 stream 60000"), ["10.77.0.2:80"]);
            }
            tool.ask("fill -1");
            assert_eq!(tool.found(&format!("{command} 60000")).len(), 1);
        }
        tool.settle(&before);
    }
    let mut tool = Tool::new(&machine);
    tool.ask("fill 0");
    tool.fails("resolve 10.77.0.2 jack 4 stream 60000", "TOO_MANY_FILES");
    tool.ask("fill -1");
    assert_eq!(tool.found("resolve 10.77.0.2 jack 4 stream 60000"), ["10.77.0.2:7000"]);
}
