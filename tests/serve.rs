//! Serving endpoints: in networks of their own, to clients that others wrote, with names of the test's own, and where
//! the system says what it rarely says.

mod common;

use common::netns::Namespace;
use common::peers::{Family, PeerTool, peer_client, program, python};
use common::process::{TempDir, run_with_input};
use common::{compile, expect_success};
use jackfield::{Error, Flags, Socket};
use std::fs;
use std::net::UdpSocket;
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Barrier, LazyLock};
use std::thread;
use std::time::{Duration, Instant};

const FAMILIES: [(Family, &str); 2] = [(Family::V4, "127.0.0.1"), (Family::V6, "[::1]")];
const PEER_TOOLS: [PeerTool; 3] = [PeerTool::Netcat, PeerTool::Socat, PeerTool::Python];

/// Serves in a namespace, and tells the port.
fn serve(namespace: &Namespace, endpoint: &str) -> (Socket, u16) {
    let socket = namespace.enter(|| Socket::serve(endpoint, -1)).expect(endpoint);
    socket.set_recv_timeout(Some(Duration::from_secs(60))).unwrap();
    let port = socket.local_addr().unwrap().port().unwrap();
    (socket, port)
}

/// A client of somebody else's sends something over TCP and gets it back.
fn converse(namespace: &Namespace, server: &Socket, peer_tool: PeerTool, family: Family, address: &str) {
    let client = namespace.within(&peer_client(peer_tool, family, address));
    thread::scope(|scope| {
        scope.spawn(|| {
            let (connection, _) = server.accept().expect(address);
            let mut buffer = [0; 5];
            connection.recv_exact(&mut buffer[..]).expect(address);
            connection.send_all(&buffer).expect(address);
        });
        assert_eq!(run_with_input(&client, b"hello"), b"hello", "{peer_tool:?} at {address}");
    });
}

/// A client of somebody else's sends a datagram.
fn hear(namespace: &Namespace, server: &Socket, peer_tool: PeerTool, address: &str) {
    let (host, port) = common::peers::host_and_port(address);
    let client = match peer_tool {
        PeerTool::Netcat => program("nc", &["-n", "-u", "-N", "-w", "1", host, port]),
        PeerTool::Socat => program("socat", &["-u", "-", &format!("UDP:{address}")]),
        PeerTool::Python => python("tests/py/request.py", &["dgram", address, "hello"]),
    };
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut buffer = [0; 16];
            let (count, peer) = server.recv_from(&mut buffer[..], Flags::NONE).expect(address);
            assert_eq!(&buffer[..count], b"hello", "{peer_tool:?} at {address}");
            server.send_to(&b"hello"[..], Flags::NONE, &peer).expect(address);
        });
        run_with_input(&namespace.within(&client), b"hello");
    });
}

#[test]
fn without_a_host_both_families_reach_it() {
    for v6_alone in ["0", "1"] {
        let namespace = Namespace::new();
        namespace.set_sysctl("net/ipv6/bindv6only", v6_alone);
        let ((tcp, tcp_port), (udp, udp_port)) = (serve(&namespace, "tcp://:0"), serve(&namespace, "udp://:0"));
        for (family, host) in FAMILIES {
            for peer_tool in PEER_TOOLS {
                converse(&namespace, &tcp, peer_tool, family, &format!("{host}:{tcp_port}"));
                hear(&namespace, &udp, peer_tool, &format!("{host}:{udp_port}"));
            }
        }
    }
}

#[test]
fn where_ipv6_is_turned_off_ipv4_reaches_it() {
    let namespace = Namespace::new();
    namespace.set_sysctl("net/ipv6/conf/all/disable_ipv6", "1");
    let ((tcp, tcp_port), (udp, udp_port)) = (serve(&namespace, "tcp://:0"), serve(&namespace, "udp://:0"));
    converse(&namespace, &tcp, PeerTool::Python, Family::V4, &format!("127.0.0.1:{tcp_port}"));
    hear(&namespace, &udp, PeerTool::Python, &format!("127.0.0.1:{udp_port}"));
    for endpoint in ["tcp://[::1]:0", "udp://[::1]:0"] {
        assert_eq!(
            namespace.enter(|| Socket::serve(endpoint, -1)).err(),
            Some(Error::ADDR_NOT_AVAILABLE),
            "{endpoint}"
        );
    }
}

/// The program that serves its arguments and says where. It is built once: nothing can be executed while it is written.
fn server() -> &'static str {
    static PROGRAM: LazyLock<PathBuf> = LazyLock::new(|| compile("serve_at"));
    PROGRAM.to_str().expect("the checkout's path is text")
}

/// What it says of each endpoint when system calls come out otherwise than they would.
fn with_calls(inject: &[&str], endpoints: &[&str]) -> Vec<String> {
    let mut strace = program("strace", &["--quiet=all", "--output=/dev/null"]);
    strace.args(inject).arg(server()).args(endpoints);
    lines(&mut strace)
}

fn lines(command: &mut Command) -> Vec<String> {
    expect_success(command, 60).lines().map(str::to_owned).collect()
}

/// The same line but for the port, if 0 is expected of it.
#[track_caller]
fn assert_lines(said: &[String], expected: &[&str]) {
    let same = |(said, expected): (&String, &&str)| match expected.strip_suffix(":0") {
        Some(host) => said.rsplit_once(':').is_some_and(|(said, port)| said == host && port != "0"),
        None => said == expected,
    };
    assert!(said.len() == expected.len() && said.iter().zip(expected).all(same), "{said:?} instead of {expected:?}");
}

#[test]
fn where_there_is_no_ipv6_it_is_ipv4() {
    let no_v6 = "--inject=socket:error=EAFNOSUPPORT:when=1";
    for scheme in ["tcp", "udp"] {
        let (here, v6) = (format!("{scheme}://:0"), format!("{scheme}://[::1]:0"));
        assert_lines(&with_calls(&[no_v6], &[&here]), &["0.0.0.0:0"]);
        assert_lines(&with_calls(&[no_v6], &[&v6]), &["JF_E_ADDR_NOT_AVAILABLE"]);
        assert_lines(&with_calls(&["--inject=bind:error=EADDRNOTAVAIL:when=1"], &[&here]), &["0.0.0.0:0"]);
        // Neither.
        let none = "--inject=socket:error=EAFNOSUPPORT";
        assert_lines(&with_calls(&[none], &[&here]), &["JF_E_ADDR_NOT_AVAILABLE"]);
        // Everything else is a reason to stop.
        for (inject, error) in [
            ("--inject=bind:error=EACCES:when=1", "JF_E_ACCESS"),
            ("--inject=bind:error=EADDRINUSE:when=1", "JF_E_ADDR_IN_USE"),
            ("--inject=socket:error=EMFILE:when=1", "JF_E_TOO_MANY_FILES"),
        ] {
            assert_lines(&with_calls(&[inject], &[&here]), &[error]);
        }
    }
    assert_lines(&with_calls(&["--inject=listen:error=EADDRINUSE:when=1"], &["tcp://:0"]), &["JF_E_ADDR_IN_USE"]);
}

/// What the program says in a namespace, and with an /etc that has these files alone.
fn with_etc(namespace: &Namespace, files: &[(&str, &str)], endpoints: &[&str]) -> Vec<String> {
    let etc = TempDir::new();
    for (name, text) in files {
        fs::write(etc.path().join(name), text).expect("it is a folder of our own");
    }
    let mount = "mount --bind \"$0\" /etc && exec \"$@\"";
    let mut command = program("unshare", &["--mount", "sh", "-c", mount]);
    command.arg(etc.path()).arg(server()).args(endpoints);
    lines(&mut namespace.within(&command))
}

#[test]
fn names_stand_for_the_first_address_that_is_here() {
    const FILES: [(&str, &str); 4] = [
        ("nsswitch.conf", "hosts: files\nservices: files\n"),
        ("host.conf", "multi on\n"),
        (
            "hosts",
            "::1 localhost both\n127.0.0.1 localhost\n127.0.0.2 both\n\
             192.0.2.1 second six elsewhere\n127.0.0.3 second\n::1 six\n2001:db8::1 elsewhere\n",
        ),
        ("services", "jackfield-test 7001/tcp\njackfield-test 7002/udp\njackfield-udp 7003/udp\n"),
    ];
    let namespace = Namespace::new();
    for (endpoints, expected) in [
        (&["tcp://localhost:0", "udp://localhost:0"][..], &["127.0.0.1:0", "127.0.0.1:0"][..]),
        (&["tcp://both:0", "udp://both:0"], &["127.0.0.2:0", "127.0.0.2:0"]),
        (&["tcp://second:0", "tcp://six:0"], &["127.0.0.3:0", "[::1]:0"]),
        (&["tcp://elsewhere:0", "udp://elsewhere:0"], &["JF_E_ADDR_NOT_AVAILABLE", "JF_E_ADDR_NOT_AVAILABLE"]),
        (&["tcp://nobody:0"], &["JF_E_NAME_NOT_FOUND"]),
        // One that is in use is the end of it, although the next is free.
        (&["tcp://127.0.0.2:7000", "tcp://both:7000"], &["127.0.0.2:7000", "JF_E_ADDR_IN_USE"]),
        (&["udp://127.0.0.2:7000", "udp://both:7000"], &["127.0.0.2:7000", "JF_E_ADDR_IN_USE"]),
        (&["tcp://:jackfield-test", "udp://:jackfield-test"], &["[::]:7001", "[::]:7002"]),
        (&["tcp://127.0.0.1:jackfield-test", "udp://both:jackfield-udp"], &["127.0.0.1:7001", "127.0.0.2:7003"]),
        (&["tcp://:jackfield-udp", "udp://127.0.0.1:jackfield"], &["JF_E_NOT_FOUND", "JF_E_NOT_FOUND"]),
    ] {
        assert_lines(&with_etc(&namespace, &FILES, endpoints), expected);
    }
}

#[test]
fn a_name_is_looked_up_for_five_seconds() {
    const FILES: [(&str, &str); 2] =
        [("nsswitch.conf", "hosts: dns\n"), ("resolv.conf", "nameserver 127.0.0.1\noptions timeout:30\n")];
    let namespace = Namespace::new();
    // It is asked, and says nothing.
    let silent = namespace.enter(|| UdpSocket::bind("127.0.0.1:53")).expect("the namespace is root's");
    let start = Instant::now();
    assert_lines(&with_etc(&namespace, &FILES, &["tcp://name.example:0"]), &["JF_E_TIMED_OUT"]);
    let took = start.elapsed();
    assert!((5..9).contains(&took.as_secs()), "{took:?}");
    silent.recv(&mut [0; 512]).expect("it was asked");
}

fn is_socket(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|about| about.file_type().is_socket())
}

/// Whatever the system says on the way, a dead socket file is replaced or stays.
#[test]
fn a_dead_socket_file_is_replaced_whatever_comes_between() {
    let folder = TempDir::new();
    let path = folder.path().join("socket");
    let (endpoint, served) = (format!("unix://{}", path.display()), format!("unix:{}", path.display()));
    let at_folder = format!("--trace-path={}", folder.path().display());
    let at_path = format!("--trace-path={}", path.display());
    for (inject, expected) in [
        // Signals, and others who are about the same.
        ("bind:error=EINTR:when=1", &served[..]),
        ("bind:error=EINTR:when=2", &served),
        ("openat:error=EINTR:when=1..3", &served),
        ("flock:error=EINTR:when=1", &served),
        ("flock:error=EAGAIN:when=1..5", &served),
        ("newfstatat:error=EINTR:when=1..2", &served),
        ("newfstatat:error=ENOENT:when=1", &served),
        ("connect:error=EINTR:when=1", &served),
        ("connect:error=ENOENT:when=1", &served),
        ("unlinkat:error=EINTR:when=1", &served),
        ("unlinkat:error=ENOENT:when=1", &served),
        ("bind:error=EADDRINUSE:when=2", &served),
        ("bind:error=EADDRINUSE:when=2..5", &served),
        // What ends it.
        ("openat:error=EACCES", "JF_E_ACCESS"),
        ("flock:error=EAGAIN", "JF_E_BUSY"),
        ("flock:error=ENOSYS", "JF_E_OS"),
        ("newfstatat:error=EACCES", "JF_E_ACCESS"),
        ("connect:error=EACCES", "JF_E_ACCESS"),
        ("connect:error=EPERM", "JF_E_ADDR_IN_USE"),
        ("connect:error=EPROTOTYPE", "JF_E_ADDR_IN_USE"),
        ("connect:error=ENOMEM", "JF_E_ADDR_IN_USE"),
        ("connect:retval=0", "JF_E_ADDR_IN_USE"),
        ("unlinkat:error=EROFS", "JF_E_OS"),
        ("unlinkat:error=ENOENT", "JF_E_ADDR_IN_USE"),
        ("bind:error=EADDRINUSE", "JF_E_ADDR_IN_USE"),
        ("socket:error=ENFILE:when=2", "JF_E_SYSTEM_FILES"),
    ] {
        drop(UnixListener::bind(&path).expect("there is nothing yet"));
        let injected = format!("--inject={inject}");
        let mut options = vec![&injected[..]];
        // Of these, the program makes others at its start.
        match inject.split_once(':') {
            Some(("openat", _)) => options.push(&at_folder),
            Some(("newfstatat", _)) => options.push(&at_path),
            _ => {}
        }
        let said = with_calls(&options, &[&endpoint]);
        assert_eq!(said, [expected], "{inject}");
        // It was not replaced by half.
        assert_eq!(is_socket(&path), inject != "bind:error=EADDRINUSE", "{inject}");
        let _ = fs::remove_file(&path);
    }
}

#[test]
fn what_can_not_listen_leaves_no_socket_file() {
    let folder = TempDir::new();
    let path = folder.path().join("socket");
    let endpoint = format!("unix://{}", path.display());
    for was_there in [false, true] {
        if was_there {
            drop(UnixListener::bind(&path).expect("there is nothing yet"));
        }
        let said = with_calls(&["--inject=listen:error=EPERM"], &[&endpoint]);
        assert_eq!((&said[..], path.exists()), (&["JF_E_PERMISSION".to_owned()][..], false));
    }
}

#[test]
fn of_threads_that_serve_at_once_one_does() {
    const THREADS: usize = 8;
    let folder = TempDir::new();
    let path = folder.path().join("socket");
    let endpoint = format!("unix://{}", path.display());
    drop(UnixListener::bind(&path).expect("there is nothing yet"));
    for _ in 0..50 {
        let barrier = Barrier::new(THREADS);
        let results: Vec<_> = thread::scope(|scope| {
            let serve = || {
                barrier.wait();
                Socket::serve(&endpoint, 1)
            };
            let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(serve)).collect();
            threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
        });
        let (served, refused): (Vec<_>, Vec<_>) = results.into_iter().partition(Result::is_ok);
        assert_eq!(served.len(), 1);
        assert!(refused.iter().all(|result| matches!(result, Err(Error::ADDR_IN_USE | Error::BUSY))), "{refused:?}");
        let client = UnixStream::connect(&path).expect("it is served");
        let (connection, _) =
            served.into_iter().flatten().next().expect("there is one").accept().expect("a client came");
        drop((client, connection));
    }
}
