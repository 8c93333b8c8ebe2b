//! Serving endpoints: in network namespaces, with third-party clients, with private hosts files, and with system-call
//! errors injected by strace.

mod common;

use common::dns::BlockedFile;
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

/// Serves an endpoint in a namespace, and returns the socket and the port.
fn serve(namespace: &Namespace, endpoint: &str) -> (Socket, u16) {
    let socket = namespace.enter(|| Socket::serve(endpoint, -1)).expect(endpoint);
    socket.set_recv_timeout(Some(Duration::from_secs(60))).unwrap();
    let port = socket.local_addr().unwrap().port().unwrap();
    (socket, port)
}

/// Asserts that a third-party client can exchange data over TCP.
fn assert_tcp_echo(namespace: &Namespace, server: &Socket, peer_tool: PeerTool, family: Family, address: &str) {
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

/// Asserts that a datagram from a third-party client arrives.
fn assert_udp_echo(namespace: &Namespace, server: &Socket, peer_tool: PeerTool, address: &str) {
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
fn an_endpoint_without_a_host_serves_both_families() {
    for ipv6_only in ["0", "1"] {
        let namespace = Namespace::new();
        namespace.set_sysctl("net/ipv6/bindv6only", ipv6_only);
        let ((tcp, tcp_port), (udp, udp_port)) = (serve(&namespace, "tcp://:0"), serve(&namespace, "udp://:0"));
        for (family, host) in FAMILIES {
            for peer_tool in PEER_TOOLS {
                assert_tcp_echo(&namespace, &tcp, peer_tool, family, &format!("{host}:{tcp_port}"));
                assert_udp_echo(&namespace, &udp, peer_tool, &format!("{host}:{udp_port}"));
            }
        }
    }
}

#[test]
fn with_ipv6_disabled_ipv4_is_served() {
    let namespace = Namespace::new();
    namespace.set_sysctl("net/ipv6/conf/all/disable_ipv6", "1");
    let ((tcp, tcp_port), (udp, udp_port)) = (serve(&namespace, "tcp://:0"), serve(&namespace, "udp://:0"));
    assert_tcp_echo(&namespace, &tcp, PeerTool::Python, Family::V4, &format!("127.0.0.1:{tcp_port}"));
    assert_udp_echo(&namespace, &udp, PeerTool::Python, &format!("127.0.0.1:{udp_port}"));
    for endpoint in ["tcp://[::1]:0", "udp://[::1]:0"] {
        assert_eq!(
            namespace.enter(|| Socket::serve(endpoint, -1)).err(),
            Some(Error::ADDR_NOT_AVAILABLE),
            "{endpoint}"
        );
    }
}

/// The path of a program that serves its arguments and prints the addresses. It is built only once, because an
/// executable cannot be run while it is being written.
fn serve_program() -> &'static str {
    static PROGRAM: LazyLock<PathBuf> = LazyLock::new(|| compile("serve_at"));
    PROGRAM.to_str().expect("the path is UTF-8")
}

/// The program's output for each endpoint, with strace options that inject results of system calls.
fn serve_with_injection(inject: &[&str], endpoints: &[&str]) -> Vec<String> {
    let mut strace = program("strace", &["--quiet=all", "--output=/dev/null"]);
    strace.args(inject).arg(serve_program()).args(endpoints);
    output_lines(&mut strace)
}

/// The lines of a program's output. The program must succeed.
fn output_lines(command: &mut Command) -> Vec<String> {
    expect_success(command, 60).lines().map(str::to_owned).collect()
}

/// Compares lines. An expected port 0 stands for any other port.
#[track_caller]
fn assert_lines(printed: &[String], expected: &[&str]) {
    let is_same = |(line, expected): (&String, &&str)| match expected.strip_suffix(":0") {
        Some(host) => line.rsplit_once(':').is_some_and(|(address, port)| address == host && port != "0"),
        None => line == expected,
    };
    let are_same = printed.len() == expected.len() && printed.iter().zip(expected).all(is_same);
    assert!(are_same, "{printed:?} instead of {expected:?}");
}

#[test]
fn without_ipv6_support_ipv4_is_served() {
    let no_v6 = "--inject=socket:error=EAFNOSUPPORT:when=1";
    for scheme in ["tcp", "udp"] {
        let (here, v6) = (format!("{scheme}://:0"), format!("{scheme}://[::1]:0"));
        assert_lines(&serve_with_injection(&[no_v6], &[&here]), &["0.0.0.0:0"]);
        assert_lines(&serve_with_injection(&[no_v6], &[&v6]), &["JF_E_ADDR_NOT_AVAILABLE"]);
        assert_lines(&serve_with_injection(&["--inject=bind:error=EADDRNOTAVAIL:when=1"], &[&here]), &["0.0.0.0:0"]);
        // Neither family is supported.
        let none = "--inject=socket:error=EAFNOSUPPORT";
        assert_lines(&serve_with_injection(&[none], &[&here]), &["JF_E_ADDR_NOT_AVAILABLE"]);
        // Other errors are returned without a second attempt.
        for (inject, error) in [
            ("--inject=bind:error=EACCES:when=1", "JF_E_ACCESS"),
            ("--inject=bind:error=EADDRINUSE:when=1", "JF_E_ADDR_IN_USE"),
            ("--inject=socket:error=EMFILE:when=1", "JF_E_TOO_MANY_FILES"),
        ] {
            assert_lines(&serve_with_injection(&[inject], &[&here]), &[error]);
        }
    }
    assert_lines(
        &serve_with_injection(&["--inject=listen:error=EADDRINUSE:when=1"], &["tcp://:0"]),
        &["JF_E_ADDR_IN_USE"],
    );
}

/// A private /etc that contains only these files.
fn etc_with(files: &[(&str, &str)]) -> TempDir {
    let etc = TempDir::new();
    for (name, text) in files {
        fs::write(etc.path().join(name), text).expect("the folder is writable");
    }
    etc
}

/// The program's output in a namespace with a private /etc.
fn serve_with_etc(namespace: &Namespace, etc: &TempDir, endpoints: &[&str]) -> Vec<String> {
    let mount = "mount --bind \"$0\" /etc && exec \"$@\"";
    let mut command = program("unshare", &["--mount", "sh", "-c", mount]);
    command.arg(etc.path()).arg(serve_program()).args(endpoints);
    output_lines(&mut namespace.within(&command))
}

#[test]
fn a_name_serves_its_first_local_address() {
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
        // An address in use is an error; the next address is not tried.
        (&["tcp://127.0.0.2:7000", "tcp://both:7000"], &["127.0.0.2:7000", "JF_E_ADDR_IN_USE"]),
        (&["udp://127.0.0.2:7000", "udp://both:7000"], &["127.0.0.2:7000", "JF_E_ADDR_IN_USE"]),
        (&["tcp://:jackfield-test", "udp://:jackfield-test"], &["[::]:7001", "[::]:7002"]),
        (&["tcp://127.0.0.1:jackfield-test", "udp://both:jackfield-udp"], &["127.0.0.1:7001", "127.0.0.2:7003"]),
        (&["tcp://:jackfield-udp", "udp://127.0.0.1:jackfield"], &["JF_E_NOT_FOUND", "JF_E_NOT_FOUND"]),
    ] {
        assert_lines(&serve_with_etc(&namespace, &etc_with(&FILES), endpoints), expected);
    }
}

#[test]
fn a_lookup_times_out_after_five_seconds() {
    const FILES: [(&str, &str); 2] =
        [("nsswitch.conf", "hosts: dns\n"), ("resolv.conf", "nameserver 127.0.0.1\noptions timeout:30\n")];
    let namespace = Namespace::new();
    // A name server that never answers.
    let silent = namespace.enter(|| UdpSocket::bind("127.0.0.1:53")).expect("root may bind the port");
    let start = Instant::now();
    let printed = serve_with_etc(&namespace, &etc_with(&FILES), &["tcp://name.example:0"]);
    assert_lines(&printed, &["JF_E_TIMED_OUT"]);
    let elapsed = start.elapsed();
    assert!((5..9).contains(&elapsed.as_secs()), "{elapsed:?}");
    silent.recv(&mut [0; 512]).expect("a query was sent");
}

/// The lookups of the service and of the host share the 5 seconds.
#[test]
fn a_service_lookup_times_out_after_five_seconds() {
    const FILES: [(&str, &str); 3] = [
        ("nsswitch.conf", "hosts: dns\nservices: files\n"),
        ("resolv.conf", "nameserver 127.0.0.1\noptions timeout:30\n"),
        ("services", "jackfield-test 7001/tcp\n"),
    ];
    let namespace = Namespace::new();
    // A name server that never answers.
    let silent = namespace.enter(|| UdpSocket::bind("127.0.0.1:53")).expect("root may bind the port");
    for (endpoint, release_after) in [("tcp://:jackfield-test", None), ("tcp://name.example:jackfield-test", Some(3))] {
        let etc = etc_with(&FILES);
        let mut services = Some(BlockedFile::new(&etc.path().join("services")));
        let start = Instant::now();
        thread::scope(|scope| {
            if let Some(seconds) = release_after {
                let services = services.take();
                scope.spawn(move || {
                    thread::sleep(Duration::from_secs(seconds));
                    drop(services);
                });
            }
            assert_lines(&serve_with_etc(&namespace, &etc, &[endpoint]), &["JF_E_TIMED_OUT"]);
        });
        let elapsed = start.elapsed();
        assert!((5.0..7.5).contains(&elapsed.as_secs_f64()), "{endpoint}: {elapsed:?}");
    }
    silent.recv(&mut [0; 512]).expect("a query was sent");
}

fn is_socket(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|about| about.file_type().is_socket())
}

/// Whatever error is injected, a stale socket file is replaced or kept, unless every bind fails after its removal.
#[test]
fn a_stale_socket_file_is_replaced_or_kept() {
    let folder = TempDir::new();
    let path = folder.path().join("socket");
    let (endpoint, served) = (format!("unix://{}", path.display()), format!("unix:{}", path.display()));
    let at_folder = format!("--trace-path={}", folder.path().display());
    let at_path = format!("--trace-path={}", path.display());
    for (inject, expected) in [
        // Signals, and other processes that replace the same file.
        ("bind:error=EINTR:when=1", &served[..]),
        ("bind:error=EINTR:when=2", &served),
        ("openat:error=EINTR:when=1..3", &served),
        ("flock:error=EINTR:when=1", &served),
        ("flock:error=EAGAIN:when=1..5", &served),
        ("newfstatat:error=EINTR:when=1..2", &served),
        ("newfstatat:error=ENOENT:when=1", &served),
        ("connect:error=EINTR:when=1", &served),
        ("connect:error=ENOENT:when=1", &served),
        ("?unlink,unlinkat:error=EINTR:when=1", &served),
        ("?unlink,unlinkat:error=ENOENT:when=1", &served),
        ("bind:error=EADDRINUSE:when=2", &served),
        ("bind:error=EADDRINUSE:when=2..5", &served),
        // Errors that are returned.
        ("openat:error=EACCES", "JF_E_ACCESS"),
        ("flock:error=EAGAIN", "JF_E_BUSY"),
        ("flock:error=ENOSYS", "JF_E_OS"),
        ("newfstatat:error=EACCES", "JF_E_ACCESS"),
        ("connect:error=EACCES", "JF_E_ACCESS"),
        ("connect:error=EPERM", "JF_E_ADDR_IN_USE"),
        ("connect:error=EPROTOTYPE", "JF_E_ADDR_IN_USE"),
        ("connect:error=ENOMEM", "JF_E_ADDR_IN_USE"),
        ("connect:retval=0", "JF_E_ADDR_IN_USE"),
        ("?unlink,unlinkat:error=EROFS", "JF_E_OS"),
        ("?unlink,unlinkat:error=ENOENT", "JF_E_ADDR_IN_USE"),
        ("bind:error=EADDRINUSE", "JF_E_ADDR_IN_USE"),
        ("socket:error=ENFILE:when=2", "JF_E_SYSTEM_FILES"),
    ] {
        drop(UnixListener::bind(&path).expect("the path is unused"));
        let injected = format!("--inject={inject}");
        let mut options = vec![&injected[..]];
        // The program also makes these calls at startup; the path restricts the injection.
        match inject.split_once(':') {
            Some(("openat", _)) => options.push(&at_folder),
            Some(("newfstatat", _)) => options.push(&at_path),
            _ => {}
        }
        let printed = serve_with_injection(&options, &[&endpoint]);
        assert_eq!(printed, [expected], "{inject}");
        // A socket file exists in every other case.
        assert_eq!(is_socket(&path), inject != "bind:error=EADDRINUSE", "{inject}");
        let _ = fs::remove_file(&path);
    }
}

#[test]
fn a_failed_listen_leaves_no_socket_file() {
    let folder = TempDir::new();
    let path = folder.path().join("socket");
    let endpoint = format!("unix://{}", path.display());
    for has_stale_file in [false, true] {
        if has_stale_file {
            drop(UnixListener::bind(&path).expect("the path is unused"));
        }
        let printed = serve_with_injection(&["--inject=listen:error=EPERM"], &[&endpoint]);
        assert_eq!((&printed[..], path.exists()), (&["JF_E_PERMISSION".to_owned()][..], false));
    }
}

#[test]
fn of_concurrent_serve_calls_one_succeeds() {
    const THREADS: usize = 8;
    let folder = TempDir::new();
    let path = folder.path().join("socket");
    let endpoint = format!("unix://{}", path.display());
    drop(UnixListener::bind(&path).expect("the path is unused"));
    for _ in 0..50 {
        let barrier = Barrier::new(THREADS);
        let results: Vec<_> = thread::scope(|scope| {
            let serve = || {
                barrier.wait();
                Socket::serve(&endpoint, 1)
            };
            let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(serve)).collect();
            threads.into_iter().map(|thread| thread.join().expect("the thread does not panic")).collect()
        });
        let (served, refused): (Vec<_>, Vec<_>) = results.into_iter().partition(Result::is_ok);
        assert_eq!(served.len(), 1);
        assert!(refused.iter().all(|result| matches!(result, Err(Error::ADDR_IN_USE | Error::BUSY))), "{refused:?}");
        let client = UnixStream::connect(&path).expect("the socket is served");
        let (connection, _) =
            served.into_iter().flatten().next().expect("one thread serves").accept().expect("a client has connected");
        drop((client, connection));
    }
}
