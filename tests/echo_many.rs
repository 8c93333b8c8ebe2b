//! c-examples/echo_many.c: many clients at once, by others and of all manners, are sent what they sent.

mod common;

use common::peers::{Family, Theirs, assert_same, data, example, their_client};
use common::process::{Folder, PATIENCE, Process, talk};
use common::{memcheck, run};
use jackfield::{Flags, Opt, Outgoing, Socket};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::fd::{AsFd, AsRawFd};
use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

const TCP: &str = "tcp://127.0.0.1:0";

/// The server, and where it listens.
struct Server {
    process: Process,
    endpoint: String,
}

impl Server {
    /// Starts it by these words.
    fn start(mut launcher: Command, endpoint: &str) -> Server {
        let server = example("echo_many", &[endpoint]);
        launcher.arg(server.get_program()).args(server.get_args());
        let mut process = Process::start_bare(&mut launcher);
        let endpoint = process.output.line();
        Server { process, endpoint }
    }

    fn new(endpoint: &str) -> Server {
        // Which becomes the server, and it gets the signals.
        Server::start(Command::new("env"), endpoint)
    }

    /// As the counterparts of the examples have it.
    fn address(&self) -> String {
        self.endpoint.replace("tcp://", "").replace("unix://", "unix:")
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address()).expect("it listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("it can be set");
        stream.set_write_timeout(Some(PATIENCE)).expect("it can be set");
        stream
    }

    /// What the system tells of its process.
    fn about(&self, what: &str) -> PathBuf {
        format!("/proc/{}/{what}", self.process.id()).into()
    }

    fn descriptors(&self) -> usize {
        std::fs::read_dir(self.about("fd")).expect("it runs").count()
    }

    /// Has it find at once whatever is sent meanwhile.
    fn while_stopped(&self, send: impl FnOnce()) {
        self.process.signal(libc::SIGSTOP);
        let is_stopped = || std::fs::read_to_string(self.about("stat")).is_ok_and(|stat| stat.contains(") T "));
        while !is_stopped() {
            thread::yield_now();
        }
        send();
        self.process.signal(libc::SIGCONT);
    }

    /// How long it has been running.
    fn cpu(&self) -> Duration {
        let text = std::fs::read_to_string(self.about("schedstat")).expect("it runs");
        let time = text.split(' ').next().and_then(|number| number.parse().ok()).expect("it begins with the time");
        Duration::from_nanos(time)
    }

    /// The most memory that it ever had, in KiB.
    fn peak(&self) -> usize {
        let text = std::fs::read_to_string(self.about("status")).expect("it runs");
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("it is told");
        line.trim().trim_end_matches(" kB").parse().expect("it is a number")
    }

    /// Ends in good order.
    fn end(mut self, signal: i32) {
        self.process.signal(signal);
        assert_eq!(self.process.succeed(), b"");
    }
}

/// Waits until something is so, which takes the other side no more than a moment.
fn until(what: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "too long a wait: {what}");
        thread::yield_now();
    }
}

/// Sends all and then ends, and meanwhile receives all.
fn echoes(stream: &TcpStream, sent: &[u8]) -> Vec<u8> {
    let mut came = Vec::new();
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut stream = stream;
            stream.write_all(sent).expect("it is sent");
            stream.shutdown(Shutdown::Write).expect("it was connected");
        });
        let mut stream = stream;
        stream.read_to_end(&mut came).expect("it is received");
    });
    came
}

/// One message there and back.
fn ask(mut stream: &TcpStream) {
    let mut came = [0; 5];
    stream.write_all(b"hello").expect("it is sent");
    stream.read_exact(&mut came).expect("it is received");
    assert_eq!(&came, b"hello");
}

#[test]
fn clients_by_others() {
    let folder = Folder::new();
    let path = format!("unix://{}/socket", folder.path().display());
    let sent = data(3_000_000);
    for (family, endpoint) in [(Family::V4, TCP), (Family::V6, "tcp://[::1]:0"), (Family::Path, &path)] {
        let server = Server::new(endpoint);
        thread::scope(|scope| {
            for theirs in [Theirs::Netcat, Theirs::Socat, Theirs::Python].repeat(3) {
                let (client, sent) = (their_client(theirs, family, &server.address()), &sent);
                scope.spawn(move || assert_same(&talk(&client, sent), sent, &format!("{theirs:?}, {family:?}")));
            }
        });
        server.end(libc::SIGINT);
        assert_eq!(std::fs::read_dir(folder.path()).expect("it is there").count(), 0, "no file stays");
    }
}

/// A receive stops at an urgent byte, and in a UNIX stream at a descriptor, with room left and more behind it.
#[test]
fn what_parts_a_stream_does_not_hold_it_up() {
    let server = Server::new(TCP);
    let mut client = server.connect();
    let mut came = [0; 6];
    client.write_all(b"x").unwrap();
    client.read_exact(&mut came[..1]).unwrap();
    server.while_stopped(|| {
        client.write_all(b"abc").unwrap();
        // SAFETY: it is one byte.
        let sent = unsafe { libc::send(client.as_raw_fd(), c"d".as_ptr().cast(), 1, libc::MSG_OOB) };
        assert_eq!(sent, 1);
        client.write_all(b"efg").unwrap();
    });
    client.read_exact(&mut came).unwrap();
    assert_eq!(&came, b"abcefg");

    let folder = Folder::new();
    let server = Server::new(&format!("unix://{}/socket", folder.path().display()));
    let client = Socket::dial(&server.endpoint, Some(PATIENCE)).unwrap();
    client.set(Opt::RecvTimeout, PATIENCE.as_millis() as i64).unwrap();
    client.send_all(b"x").unwrap();
    client.recv_exact(&mut came[..1]).unwrap();
    server.while_stopped(|| {
        let mut message = Outgoing::default();
        let descriptors = [client.as_fd()];
        message.descriptors = &descriptors;
        client.send_msg(&[b"abc".as_slice().into()], Flags::NONE, &message).unwrap();
        client.send_all(b"efg").unwrap();
    });
    client.recv_exact(&mut came[..]).unwrap();
    assert_eq!(&came, b"abcefg");
}

/// Who doesn't read is not read from: what they send is more than the system takes, and the server doesn't keep it either.
#[test]
fn slow_readers() {
    let server = Server::new(TCP);
    let (much, some) = (data(32_000_000), data(2_000_000));
    let slow: Vec<TcpStream> = (0..4).map(|_| server.connect()).collect();
    thread::scope(|scope| {
        for mut stream in &slow {
            let much = &much;
            scope.spawn(move || {
                stream.write_all(much).expect("it is sent");
                stream.shutdown(Shutdown::Write).expect("it was connected");
            });
        }
        let quick: Vec<_> = (0..16)
            .map(|_| {
                let (stream, some) = (server.connect(), &some);
                scope.spawn(move || assert_same(&echoes(&stream, some), some, "a quick one"))
            })
            .collect();
        quick.into_iter().for_each(|client| client.join().expect("it is served"));
        for mut stream in &slow {
            let mut came = Vec::new();
            stream.read_to_end(&mut came).expect("it is received");
            assert_same(&came, &much, "a slow one");
        }
    });
    let peak = server.peak();
    assert!(peak < 16_384, "it had {peak} KiB");
    server.end(libc::SIGINT);
}

/// Clients that go in every way but a good one.
fn break_off(server: &Server, times: usize) {
    let before = server.descriptors();
    let bystander = server.connect();
    ask(&bystander);
    for _ in 0..times {
        // At once; after a message; before its echo, which resets the connection.
        drop(server.connect());
        ask(&server.connect());
        server.connect().write_all(b"hello").expect("it is sent");
        // It is behind when it goes.
        let mut stream = server.connect();
        stream.set_nonblocking(true).expect("it can be set");
        while stream.write(&[7; 65536]).is_ok() {}
        drop(stream);
        ask(&bystander);
    }
    drop(bystander);
    until("their descriptors are closed", || server.descriptors() == before);
}

#[test]
fn broken_clients() {
    let server = Server::new(TCP);
    break_off(&server, 50);
    server.end(libc::SIGTERM);
}

#[test]
fn ends_while_clients_are_there() {
    let server = Server::new(TCP);
    let (idle, mut behind) = (server.connect(), server.connect());
    ask(&idle);
    behind.set_nonblocking(true).expect("it can be set");
    while behind.write(&[7; 65536]).is_ok() {}
    ask(&idle);
    server.end(libc::SIGINT);
    assert_eq!((&idle).read(&mut [0]).expect("it has ended"), 0);
}

#[test]
fn wrong_arguments() {
    for arguments in [&[][..], &[TCP, TCP], &["udp://127.0.0.1:0"]] {
        let end = run(&example("echo_many", arguments), 20);
        assert_eq!(end.status.code(), Some(2), "{arguments:?}");
        assert!(end.stderr.starts_with(b"usage: "), "{arguments:?}");
        assert_eq!(end.stdout, b"", "{arguments:?}");
    }
    let end = run(&example("echo_many", &["tcp://127.0.0.1"]), 20);
    assert_eq!(end.status.code(), Some(1));
    assert!(end.stderr.starts_with(b"echo_many: tcp://127.0.0.1: "));
}

#[test]
fn under_memcheck() {
    let server = Server::start(memcheck(), TCP);
    let sent = data(2_000_000);
    thread::scope(|scope| {
        for _ in 0..8 {
            let (stream, sent) = (server.connect(), &sent);
            scope.spawn(move || assert_same(&echoes(&stream, sent), sent, "under memcheck"));
        }
    });
    break_off(&server, 3);
    server.end(libc::SIGINT);
}

/// As long as there is no descriptor for them, clients wait, and the server does next to nothing. In the end each is served.
#[test]
fn no_descriptors() {
    const LIMIT: usize = 64;
    const LONG: Duration = Duration::from_secs(2);
    let mut limited = Command::new("prlimit");
    limited.arg(format!("--nofile={LIMIT}:{LIMIT}"));
    let server = Server::start(limited, TCP);
    let clients: Vec<TcpStream> = (0..200).map(|_| server.connect()).collect();
    for mut stream in &clients {
        stream.write_all(b"hello").expect("it is sent");
    }
    // Others than these it may have inherited.
    let is_full = || (0..LIMIT).all(|fd| server.about(&format!("fd/{fd}")).symlink_metadata().is_ok());
    until("it is full", is_full);

    let (ran, began) = (server.cpu(), Instant::now());
    thread::sleep(LONG);
    let (ran, took) = (server.cpu() - ran, began.elapsed());
    assert!(ran * 20 < took, "it was running for {ran:?} of {took:?}");
    assert!(is_full());

    // They are let in one after the other, as they have come.
    for mut stream in clients {
        let mut came = [0; 5];
        stream.read_exact(&mut came).expect("its turn comes");
        assert_eq!(&came, b"hello");
    }
    server.end(libc::SIGINT);
}
