//! Datagrams in batches, as c-examples/udp_blast.c sends and counts them.
//!
//! All that a test sends fits the receiver's buffer, which a privileged process may have so large: nothing is lost, however
//! busy the machine is.

mod common;

use common::memcheck;
use common::peers::{Family, IP_FAMILIES, bind_address, example, examples, python};
use common::process::{Process, TIMEOUT, TempDir, run_with_input};
use std::net::UdpSocket;
use std::process::Command;

/// The receiver, and its address.
fn receiver(command: &mut Command) -> (Process, String) {
    let mut process = Process::start_directly(command);
    let address = process.output.read_line();
    (process, address)
}

fn listen(family: Family) -> (Process, String) {
    receiver(&mut example("udp_blast", &["recv", &bind_address(family, &TempDir::new()), "100"]))
}

fn output(command: &Command) -> String {
    String::from_utf8(run_with_input(command, b"")).expect("it prints text")
}

/// The last line that the receiver prints, but for what depends on the time: how many came, of how many bytes, and the rest.
fn total(process: &mut Process) -> (String, String) {
    let said = String::from_utf8(process.expect_success()).expect("it prints text");
    let last = said.lines().last().expect("it prints a line");
    let (came, rest) = last.split_once(" bytes in ").expect(last);
    let (_, fate) = rest.split_once("; ").expect(last);
    (came.to_owned(), fate.to_owned())
}

const ALL_WELL: &str = "lost 0, duplicated 0, out of order 0";

#[test]
fn a_paced_run_loses_nothing() {
    for &family in IP_FAMILIES {
        let (mut receiver, address) = listen(family);
        let sent = output(&example("udp_blast", &["send", &address, "200", "8000", "20000"]));
        assert!(sent.starts_with("sent 8000 datagrams, 1600000 bytes in "), "{sent}");
        assert!(sent.ends_with("; refused 0\n"), "{sent}");
        assert_eq!(total(&mut receiver), ("total 8000 datagrams, 1600000".into(), ALL_WELL.into()));
    }
}

/// A datagram of a sender of the test's own.
fn datagram(number: u64) -> [u8; 16] {
    let mut bytes = [7; 16];
    bytes[8..].copy_from_slice(&number.to_be_bytes());
    bytes
}

/// The end mark of one that has sent so many.
fn mark(count: u64) -> [u8; 16] {
    datagram(1 << 63 | count)
}

/// While one of them has not ended, the receiver does not end.
#[test]
fn several_senders_at_once() {
    let (mut receiver, address) = listen(Family::V4);
    let own = UdpSocket::bind("127.0.0.1:0").expect("there is a port");
    own.send_to(&datagram(0), &address).expect("it is sent");
    let send = |rate| Process::start(&example("udp_blast", &["send", &address, "1000", "1000", rate]));
    let mut senders = ["2000", "1000", "0"].map(send);
    for sender in &mut senders {
        sender.expect_success();
    }
    own.send_to(&mark(1), &address).expect("it is sent");
    assert_eq!(total(&mut receiver), ("total 3001 datagrams, 3000016".into(), ALL_WELL.into()));
}

/// The script leaves numbers out, sends some twice and some late.
#[test]
fn a_python_sender() {
    for &family in IP_FAMILIES {
        let (mut receiver, address) = listen(family);
        output(&python("tests/py/udp_blast.py", &["send", &address]));
        let (came, fate) = total(&mut receiver);
        assert_eq!(came, "total 995 datagrams, 99500");
        assert_eq!(fate, "lost 20, duplicated 5, out of order 20");
    }
}

#[test]
fn a_python_receiver() {
    for &family in IP_FAMILIES {
        let (mut receiver, address) =
            receiver(&mut python("tests/py/udp_blast.py", &["recv", &bind_address(family, &TempDir::new())]));
        output(&example("udp_blast", &["send", &address, "1201", "1003"]));
        assert_eq!(receiver.expect_success(), format!("{} ok\n", 1201 * 1003).as_bytes());
    }
}

/// To nobody, and too long for any datagram of IPv4.
#[test]
fn what_is_refused_is_told() {
    let closed = UdpSocket::bind("127.0.0.1:0").and_then(|s| s.local_addr()).expect("there is a port").to_string();
    let said = output(&example("udp_blast", &["send", &closed, "100", "300", "1000"]));
    assert!(said.ends_with(": Nobody listens at that address.\n"), "{said}");
    let mut process = Process::start(&example("udp_blast", &["send", &closed, "65520", "100"]));
    let (status, said) = process.wait_for_exit();
    let said = String::from_utf8_lossy(&said).into_owned();
    assert_eq!(status.code(), Some(1));
    assert!(said.ends_with("; refused 100: The message is longer than the socket can send in one.\n"), "{said}");
}

#[test]
fn it_ends_by_itself() {
    let (mut receiver, _) = receiver(&mut example("udp_blast", &["recv", "127.0.0.1:0", "1"]));
    assert_eq!(total(&mut receiver), ("total 0 datagrams, 0".into(), ALL_WELL.into()));
}

/// Interrupted, either side says what there was so far.
#[test]
fn interrupted() {
    let peer = UdpSocket::bind("127.0.0.1:0").expect("there is a port");
    peer.set_read_timeout(Some(TIMEOUT)).expect("it has a timeout");

    let (mut receiver, address) = listen(Family::V4);
    peer.send_to(&datagram(0), &address).expect("it is sent");
    let second = receiver.output.read_line();
    assert!(second.starts_with("1 datagrams, 16 bytes in ") && second.ends_with(ALL_WELL), "{second}");
    receiver.signal(libc::SIGINT);
    assert_eq!(total(&mut receiver), ("total 1 datagrams, 16".into(), ALL_WELL.into()));

    let address = peer.local_addr().expect("it has one").to_string();
    let mut sender = Process::start_directly(&mut example("udp_blast", &["send", &address, "16", "10000", "100"]));
    let mut count = 0;
    loop {
        let mut buffer = [0; 100];
        assert_eq!(peer.recv(&mut buffer).expect("something comes"), 16);
        let number = u64::from_be_bytes(buffer[8..16].try_into().expect("they are eight"));
        if number >> 63 == 1 {
            assert_eq!(buffer[8..16], mark(count)[8..], "the mark says how many were sent");
            break;
        }
        assert_eq!(number, count);
        count += 1;
        if count == 3 {
            sender.signal(libc::SIGINT);
        }
    }
    let said = String::from_utf8(sender.expect_success()).expect("it prints text");
    assert!(said.starts_with(&format!("sent {count} datagrams, {} bytes in ", count * 16)), "{said}");
}

#[test]
fn wrong_arguments() {
    let usage = "usage: udp_blast recv ADDRESS [SECONDS]";
    for (arguments, status, complaint) in [
        ("", 2, usage),
        ("recv", 2, usage),
        ("knit 127.0.0.1:0", 2, usage),
        ("recv 127.0.0.1:0 0", 2, usage),
        ("recv 127.0.0.1:0 1 1", 2, usage),
        ("send 127.0.0.1:1 15", 2, usage),
        ("send 127.0.0.1:1 65528", 2, usage),
        ("send 127.0.0.1:1 16 0", 2, usage),
        ("send 127.0.0.1:1 16 1 -1", 2, usage),
        ("send 127.0.0.1:1 16 1 1x", 2, usage),
        ("send 127.0.0.1:1 16 1 1 1", 2, usage),
        ("send localhost 16 1", 1, "udp_blast: localhost: The address is malformed"),
        ("recv 192.0.2.1:0", 1, "udp_blast: bind: "),
    ] {
        let arguments = arguments.split_whitespace().collect::<Vec<_>>();
        let mut process = Process::start(&example("udp_blast", &arguments));
        assert_eq!(process.wait_for_exit().0.code(), Some(status), "{arguments:?}");
        let said = String::from_utf8(process.errors.read_to_end()).expect("it prints text");
        assert!(said.starts_with(complaint), "{arguments:?}: {said}");
    }
}

#[test]
fn under_memcheck() {
    let program = examples().join("udp_blast");
    let (mut receiver, address) = receiver(memcheck().arg(&program).args(["recv", "[::1]:0", "100"]));
    let sent = output(memcheck().arg(&program).args(["send", &address, "100", "500"]));
    assert!(sent.starts_with("sent 500 datagrams, 50000 bytes in "), "{sent}");
    assert_eq!(total(&mut receiver), ("total 500 datagrams, 50000".into(), ALL_WELL.into()));
}
