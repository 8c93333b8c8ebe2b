//! c-examples/udp_blast.c sends and counts datagrams in batches.
//!
//! The receiver runs as root and enlarges its receive buffer, so that all datagrams of a test fit: none is lost,
//! however busy the machine is.

mod common;

use common::memcheck;
use common::peers::{Family, IP_FAMILIES, bind_address, example, examples, python};
use common::process::{Process, TIMEOUT, TempDir, run_with_input};
use jackfield::Error;
use std::net::UdpSocket;
use std::process::Command;

/// Starts a receiver, and returns it and its address.
fn start_receiver(command: &mut Command) -> (Process, String) {
    let mut process = Process::start_directly(command);
    let address = process.output.read_line();
    (process, address)
}

fn udp_blast_receiver(family: Family) -> (Process, String) {
    start_receiver(&mut example("udp_blast", &["recv", &bind_address(family, &TempDir::new()), "100"]))
}

fn output(command: &Command) -> String {
    String::from_utf8(run_with_input(command, b"")).expect("the output is UTF-8")
}

/// The receiver's last line without the parts that depend on time: the numbers of datagrams and bytes, and the losses.
fn summary(process: &mut Process) -> (String, String) {
    let printed = String::from_utf8(process.expect_success()).expect("the output is UTF-8");
    let last = printed.lines().last().expect("the receiver prints a line");
    let (received, rest) = last.split_once(" bytes in ").expect(last);
    let (_, losses) = rest.split_once("; ").expect(last);
    (received.to_owned(), losses.to_owned())
}

const NO_LOSSES: &str = "lost 0, duplicated 0, out of order 0";

#[test]
fn a_paced_run_loses_nothing() {
    for &family in IP_FAMILIES {
        let (mut receiver, address) = udp_blast_receiver(family);
        let sent = output(&example("udp_blast", &["send", &address, "200", "8000", "20000"]));
        assert!(sent.starts_with("sent 8000 datagrams, 1600000 bytes in "), "{sent}");
        assert!(sent.ends_with("; refused 0\n"), "{sent}");
        assert_eq!(summary(&mut receiver), ("total 8000 datagrams, 1600000".into(), NO_LOSSES.into()));
    }
}

/// A datagram of a sender that the test itself implements.
fn datagram(number: u64) -> [u8; 16] {
    let mut bytes = [7; 16];
    bytes[8..].copy_from_slice(&number.to_be_bytes());
    bytes
}

/// The end mark of a sender that has sent `count` datagrams.
fn end_mark(count: u64) -> [u8; 16] {
    datagram(1 << 63 | count)
}

/// The receiver runs until every sender has sent its end mark.
#[test]
fn concurrent_senders_are_all_counted() {
    let (mut receiver, address) = udp_blast_receiver(Family::V4);
    let own = UdpSocket::bind("127.0.0.1:0").expect("there is a free port");
    own.send_to(&datagram(0), &address).expect("the datagram is sent");
    let send = |rate| Process::start(&example("udp_blast", &["send", &address, "1000", "1000", rate]));
    let mut senders = ["2000", "1000", "0"].map(send);
    for sender in &mut senders {
        sender.expect_success();
    }
    own.send_to(&end_mark(1), &address).expect("the datagram is sent");
    assert_eq!(summary(&mut receiver), ("total 3001 datagrams, 3000016".into(), NO_LOSSES.into()));
}

/// The script skips some sequence numbers, and sends some datagrams twice and some late.
#[test]
fn losses_duplicates_and_reordering_are_counted() {
    for &family in IP_FAMILIES {
        let (mut receiver, address) = udp_blast_receiver(family);
        output(&python("tests/py/udp_blast.py", &["send", &address]));
        let (received, losses) = summary(&mut receiver);
        assert_eq!(received, "total 995 datagrams, 99500");
        assert_eq!(losses, "lost 20, duplicated 5, out of order 20");
    }
}

#[test]
fn a_python_receiver_receives_all() {
    for &family in IP_FAMILIES {
        let (mut receiver, address) =
            start_receiver(&mut python("tests/py/udp_blast.py", &["recv", &bind_address(family, &TempDir::new())]));
        output(&example("udp_blast", &["send", &address, "1201", "1003"]));
        assert_eq!(receiver.expect_success(), format!("{} ok\n", 1201 * 1003).as_bytes());
    }
}

/// A port without a socket, and datagrams longer than IPv4 allows.
#[test]
fn send_errors_are_reported() {
    let closed = UdpSocket::bind("127.0.0.1:0").and_then(|s| s.local_addr()).expect("there is a free port").to_string();
    let printed = output(&example("udp_blast", &["send", &closed, "100", "300", "1000"]));
    assert!(printed.ends_with(&format!(": {}\n", Error::CONN_REFUSED)), "{printed}");
    let mut process = Process::start(&example("udp_blast", &["send", &closed, "65520", "100"]));
    let (status, printed) = process.wait_for_exit();
    let printed = String::from_utf8_lossy(&printed).into_owned();
    assert_eq!(status.code(), Some(1));
    assert!(printed.ends_with(&format!("; refused 100: {}\n", Error::MESSAGE_SIZE)), "{printed}");
}

#[test]
fn the_receiver_ends_after_its_time_limit() {
    let (mut receiver, _) = start_receiver(&mut example("udp_blast", &["recv", "127.0.0.1:0", "1"]));
    assert_eq!(summary(&mut receiver), ("total 0 datagrams, 0".into(), NO_LOSSES.into()));
}

#[test]
fn after_an_interrupt_both_sides_print_a_summary() {
    let peer = UdpSocket::bind("127.0.0.1:0").expect("there is a free port");
    peer.set_read_timeout(Some(TIMEOUT)).expect("the timeout can be set");

    let (mut receiver, address) = udp_blast_receiver(Family::V4);
    peer.send_to(&datagram(0), &address).expect("the datagram is sent");
    let second = receiver.output.read_line();
    assert!(second.starts_with("1 datagrams, 16 bytes in ") && second.ends_with(NO_LOSSES), "{second}");
    receiver.signal(libc::SIGINT);
    assert_eq!(summary(&mut receiver), ("total 1 datagrams, 16".into(), NO_LOSSES.into()));

    let address = peer.local_addr().expect("the socket is bound").to_string();
    let mut sender = Process::start_directly(&mut example("udp_blast", &["send", &address, "16", "10000", "100"]));
    let mut count = 0;
    loop {
        let mut buffer = [0; 100];
        assert_eq!(peer.recv(&mut buffer).expect("a datagram arrives"), 16);
        let number = u64::from_be_bytes(buffer[8..16].try_into().expect("the number has eight bytes"));
        if number >> 63 == 1 {
            assert_eq!(buffer[8..16], end_mark(count)[8..], "the end mark has the number of datagrams sent");
            break;
        }
        assert_eq!(number, count);
        count += 1;
        if count == 3 {
            sender.signal(libc::SIGINT);
        }
    }
    let printed = String::from_utf8(sender.expect_success()).expect("the output is UTF-8");
    assert!(printed.starts_with(&format!("sent {count} datagrams, {} bytes in ", count * 16)), "{printed}");
}

#[test]
fn invalid_arguments_are_rejected() {
    let usage = "usage: udp_blast recv ADDRESS [SECONDS]";
    let malformed = format!("udp_blast: localhost: {}", Error::ADDR_INVALID);
    for (arguments, status, message) in [
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
        ("send localhost 16 1", 1, &malformed),
        ("recv 192.0.2.1:0", 1, "udp_blast: bind: "),
    ] {
        let arguments = arguments.split_whitespace().collect::<Vec<_>>();
        let mut process = Process::start(&example("udp_blast", &arguments));
        assert_eq!(process.wait_for_exit().0.code(), Some(status), "{arguments:?}");
        let printed = String::from_utf8(process.errors.read_to_end()).expect("the output is UTF-8");
        assert!(printed.starts_with(message), "{arguments:?}: {printed}");
    }
}

#[test]
fn memcheck_finds_no_error() {
    let program = examples().join("udp_blast");
    let (mut receiver, address) = start_receiver(memcheck().arg(&program).args(["recv", "[::1]:0", "100"]));
    let sent = output(memcheck().arg(&program).args(["send", &address, "100", "500"]));
    assert!(sent.starts_with("sent 500 datagrams, 50000 bytes in "), "{sent}");
    assert_eq!(summary(&mut receiver), ("total 500 datagrams, 50000".into(), NO_LOSSES.into()));
}
