//! c-examples/echo_many.c echoes to many clients at once: third-party, slow and misbehaving ones.

mod common;

use common::peers::{Family, PeerTool, assert_bytes_eq, example, peer_client, test_data};
use common::process::{Process, TIMEOUT, TempDir, run_with_input};
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

/// The server, and its endpoint.
struct Server {
    process: Process,
    endpoint: String,
}

impl Server {
    /// Starts the server by a launcher, such as valgrind.
    fn start(mut launcher: Command, endpoint: &str) -> Server {
        let server = example("echo_many", &[endpoint]);
        launcher.arg(server.get_program()).args(server.get_args());
        let mut process = Process::start_directly(&mut launcher);
        let endpoint = process.output.read_line();
        Server { process, endpoint }
    }

    fn new(endpoint: &str) -> Server {
        // env replaces itself by the server, so that signals reach the server.
        Server::start(Command::new("env"), endpoint)
    }

    /// The address in the form that `peer_client` takes.
    fn address(&self) -> String {
        self.endpoint.replace("tcp://", "").replace("unix://", "unix:")
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address()).expect("the server listens");
        stream.set_read_timeout(Some(TIMEOUT)).expect("the option can be set");
        stream.set_write_timeout(Some(TIMEOUT)).expect("the option can be set");
        stream
    }

    /// A path below the server's folder in /proc.
    fn proc_path(&self, name: &str) -> PathBuf {
        format!("/proc/{}/{name}", self.process.id()).into()
    }

    fn descriptor_count(&self) -> usize {
        std::fs::read_dir(self.proc_path("fd")).expect("the server runs").count()
    }

    /// Stops the server during `send`, so that all sent data is queued when the server continues.
    fn while_stopped(&self, send: impl FnOnce()) {
        self.process.signal(libc::SIGSTOP);
        let is_stopped = || std::fs::read_to_string(self.proc_path("stat")).is_ok_and(|stat| stat.contains(") T "));
        while !is_stopped() {
            thread::yield_now();
        }
        send();
        self.process.signal(libc::SIGCONT);
    }

    /// The server's CPU time.
    fn cpu_time(&self) -> Duration {
        let text = std::fs::read_to_string(self.proc_path("schedstat")).expect("the server runs");
        let time =
            text.split(' ').next().and_then(|number| number.parse().ok()).expect("the file begins with the time");
        Duration::from_nanos(time)
    }

    /// The server's peak resident set size, in KiB.
    fn peak_memory(&self) -> usize {
        let text = std::fs::read_to_string(self.proc_path("status")).expect("the server runs");
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("the file has the peak");
        line.trim().trim_end_matches(" kB").parse().expect("the size is a number")
    }

    /// Asserts that a signal makes the server exit with success.
    fn stop(mut self, signal: i32) {
        self.process.signal(signal);
        assert_eq!(self.process.expect_success(), b"");
    }
}

/// Polls a condition until it is true.
fn wait_until(what: &str, is_true: impl Fn() -> bool) {
    let deadline = Instant::now() + TIMEOUT;
    while !is_true() {
        assert!(Instant::now() < deadline, "timeout while waiting: {what}");
        thread::yield_now();
    }
}

/// Sends all data and half-closes; at the same time receives until the end of the stream.
fn exchange(stream: &TcpStream, sent: &[u8]) -> Vec<u8> {
    let mut received = Vec::new();
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut stream = stream;
            stream.write_all(sent).expect("the data is sent");
            stream.shutdown(Shutdown::Write).expect("the stream is connected");
        });
        let mut stream = stream;
        stream.read_to_end(&mut received).expect("the echo arrives");
    });
    received
}

/// Sends one message and receives its echo.
fn ping(mut stream: &TcpStream) {
    let mut received = [0; 5];
    stream.write_all(b"hello").expect("the data is sent");
    stream.read_exact(&mut received).expect("the echo arrives");
    assert_eq!(&received, b"hello");
}

#[test]
fn third_party_clients_receive_echoes() {
    let folder = TempDir::new();
    let path = format!("unix://{}/socket", folder.path().display());
    let sent = test_data(3_000_000);
    for (family, endpoint) in [(Family::V4, TCP), (Family::V6, "tcp://[::1]:0"), (Family::Path, &path)] {
        let server = Server::new(endpoint);
        thread::scope(|scope| {
            for peer_tool in [PeerTool::Netcat, PeerTool::Socat, PeerTool::Python].repeat(3) {
                let (client, sent) = (peer_client(peer_tool, family, &server.address()), &sent);
                scope.spawn(move || {
                    assert_bytes_eq(&run_with_input(&client, sent), sent, &format!("{peer_tool:?}, {family:?}"))
                });
            }
        });
        server.stop(libc::SIGINT);
        assert_eq!(
            std::fs::read_dir(folder.path()).expect("the folder exists").count(),
            0,
            "the socket file is removed"
        );
    }
}

/// A receive stops before an out-of-band byte, and in a UNIX stream after passed descriptors, although the buffer has
/// space and more data is queued.
#[test]
fn out_of_band_data_and_descriptors_do_not_stall_the_echo() {
    let server = Server::new(TCP);
    let mut client = server.connect();
    let mut received = [0; 6];
    client.write_all(b"x").unwrap();
    client.read_exact(&mut received[..1]).unwrap();
    server.while_stopped(|| {
        client.write_all(b"abc").unwrap();
        // SAFETY: the pointer refers to one byte.
        let sent = unsafe { libc::send(client.as_raw_fd(), c"d".as_ptr().cast(), 1, libc::MSG_OOB) };
        assert_eq!(sent, 1);
        client.write_all(b"efg").unwrap();
    });
    client.read_exact(&mut received).unwrap();
    assert_eq!(&received, b"abcefg");

    let folder = TempDir::new();
    let server = Server::new(&format!("unix://{}/socket", folder.path().display()));
    let client = Socket::dial(&server.endpoint, Some(TIMEOUT)).unwrap();
    client.set(Opt::RecvTimeout, TIMEOUT.as_millis() as i64).unwrap();
    client.send_all(b"x").unwrap();
    client.recv_exact(&mut received[..1]).unwrap();
    server.while_stopped(|| {
        let mut message = Outgoing::default();
        let descriptors = [client.as_fd()];
        message.descriptors = &descriptors;
        client.send_msg(&[b"abc".as_slice().into()], Flags::NONE, &message).unwrap();
        client.send_all(b"efg").unwrap();
    });
    client.recv_exact(&mut received[..]).unwrap();
    assert_eq!(&received, b"abcefg");
}

/// The server stops reading from a client that does not read. The clients send more than the socket buffers hold, and
/// the server does not buffer it in memory.
#[test]
fn slow_readers_do_not_delay_others_or_fill_memory() {
    let server = Server::new(TCP);
    let (large, small) = (test_data(32_000_000), test_data(2_000_000));
    let slow: Vec<TcpStream> = (0..4).map(|_| server.connect()).collect();
    thread::scope(|scope| {
        for mut stream in &slow {
            let large = &large;
            scope.spawn(move || {
                stream.write_all(large).expect("the data is sent");
                stream.shutdown(Shutdown::Write).expect("the stream is connected");
            });
        }
        let fast: Vec<_> = (0..16)
            .map(|_| {
                let (stream, small) = (server.connect(), &small);
                scope.spawn(move || assert_bytes_eq(&exchange(&stream, small), small, "a fast client"))
            })
            .collect();
        fast.into_iter().for_each(|client| client.join().expect("the client is served"));
        for mut stream in &slow {
            let mut received = Vec::new();
            stream.read_to_end(&mut received).expect("the echo arrives");
            assert_bytes_eq(&received, &large, "a slow client");
        }
    });
    let peak = server.peak_memory();
    assert!(peak < 16_384, "the peak is {peak} KiB");
    server.stop(libc::SIGINT);
}

/// Clients that disconnect abruptly.
fn connect_and_abort(server: &Server, times: usize) {
    let before = server.descriptor_count();
    let bystander = server.connect();
    ping(&bystander);
    for _ in 0..times {
        // Immediately; after an echo; before the echo, which resets the connection.
        drop(server.connect());
        ping(&server.connect());
        server.connect().write_all(b"hello").expect("the data is sent");
        // While the send and receive buffers are full.
        let mut stream = server.connect();
        stream.set_nonblocking(true).expect("the option can be set");
        while stream.write(&[7; 65536]).is_ok() {}
        drop(stream);
        ping(&bystander);
    }
    drop(bystander);
    wait_until("the clients' descriptors are closed", || server.descriptor_count() == before);
}

#[test]
fn aborted_connections_are_closed() {
    let server = Server::new(TCP);
    connect_and_abort(&server, 50);
    server.stop(libc::SIGTERM);
}

#[test]
fn a_signal_ends_the_server_while_clients_are_connected() {
    let server = Server::new(TCP);
    let (idle, mut slow) = (server.connect(), server.connect());
    ping(&idle);
    slow.set_nonblocking(true).expect("the option can be set");
    while slow.write(&[7; 65536]).is_ok() {}
    ping(&idle);
    server.stop(libc::SIGINT);
    assert_eq!((&idle).read(&mut [0]).expect("the server closes the connection"), 0);
}

#[test]
fn invalid_arguments_are_rejected() {
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
fn memcheck_finds_no_error() {
    let server = Server::start(memcheck(), TCP);
    let sent = test_data(2_000_000);
    thread::scope(|scope| {
        for _ in 0..8 {
            let (stream, sent) = (server.connect(), &sent);
            scope.spawn(move || assert_bytes_eq(&exchange(&stream, sent), sent, "under memcheck"));
        }
    });
    connect_and_abort(&server, 3);
    server.stop(libc::SIGINT);
}

/// Under fd exhaustion, clients wait and the server uses less than 5 % CPU. In the end each client is served.
#[test]
fn fd_exhaustion_delays_clients_without_busy_waiting() {
    const LIMIT: usize = 64;
    const OBSERVATION: Duration = Duration::from_secs(2);
    let mut limited = Command::new("prlimit");
    limited.arg(format!("--nofile={LIMIT}:{LIMIT}"));
    let server = Server::start(limited, TCP);
    let clients: Vec<TcpStream> = (0..200).map(|_| server.connect()).collect();
    for mut stream in &clients {
        stream.write_all(b"hello").expect("the data is sent");
    }
    // Inherited descriptors may have numbers above the limit.
    let is_full = || (0..LIMIT).all(|fd| server.proc_path(&format!("fd/{fd}")).symlink_metadata().is_ok());
    wait_until("all descriptors are in use", is_full);

    let (cpu_time, start) = (server.cpu_time(), Instant::now());
    thread::sleep(OBSERVATION);
    let (cpu_time, elapsed) = (server.cpu_time() - cpu_time, start.elapsed());
    assert!(cpu_time * 20 < elapsed, "the server used {cpu_time:?} of CPU time in {elapsed:?}");
    assert!(is_full());

    // The server accepts them one by one, as others close.
    for mut stream in clients {
        let mut received = [0; 5];
        stream.read_exact(&mut received).expect("the client is served");
        assert_eq!(&received, b"hello");
    }
    server.stop(libc::SIGINT);
}
