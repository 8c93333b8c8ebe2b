//! Socket activation: services that receive their sockets from systemd-socket-activate.

mod common;

use common::netns::Namespace;
use common::peers::{program, python};
use common::process::{Process, TempDir};
use common::{compile, run};
use jackfield::{Error, Flags, Opt, Type};
use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;

/// Set in the environment of the copy of this program that runs as the service.
const IS_SERVICE: &str = "JACKFIELD_TESTS_SERVICE";

/// The service in C. It is built only once, because an executable cannot be run while it is being written.
fn c_service() -> Command {
    static PROGRAM: LazyLock<PathBuf> = LazyLock::new(|| compile("service"));
    Command::new(&*PROGRAM)
}

/// The service manager, which listens in a separate network namespace, where every port is free.
fn manager(namespace: &Namespace, arguments: &[&str], service: &Command) -> Process {
    let mut command = program("systemd-socket-activate", arguments);
    command.arg(service.get_program()).args(service.get_args());
    let mut manager = Process::start(&namespace.within(&command));
    let sockets = arguments.iter().filter(|&&argument| argument == "-l").count();
    for _ in 0..sockets {
        while !manager.errors.read_line().contains("Listening on") {}
    }
    manager
}

/// Sends a line to the service, which must echo it.
fn assert_echoes(namespace: &Namespace, manager: &mut Process, kind: &str, address: &str) {
    let client = namespace.within(&python("tests/py/request.py", &[kind, address, "hello"]));
    let output = run(&client, 60);
    if output.stdout != b"hello\n" {
        // The manager and the service print their errors to the manager's standard error.
        manager.signal(libc::SIGTERM);
        let errors = String::from_utf8_lossy(&manager.errors.read_to_end()).into_owned();
        panic!("{}\n{errors}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn a_c_service_receives_listening_sockets() {
    let (namespace, folder) = (Namespace::new(), TempDir::new());
    let path = folder.path().join("socket").display().to_string();
    let service = c_service();
    let arguments = ["-l", "127.0.0.1:7000", "-l", &path, "-l", "[::1]:7000", "--fdname=web:local:web"];
    let mut manager = manager(&namespace, &arguments, &service);
    assert_echoes(&namespace, &mut manager, "stream", "127.0.0.1:7000");
    assert_echoes(&namespace, &mut manager, "stream", &format!("unix:{path}"));
    assert_echoes(&namespace, &mut manager, "stream", "[::1]:7000");
    let printed = String::from_utf8(manager.expect_success()).unwrap();
    assert_eq!(printed, format!("web 127.0.0.1:7000 listens\nlocal unix:{path} listens\nweb [::1]:7000 listens\n"));
}

#[test]
fn a_c_service_receives_a_datagram_socket() {
    let namespace = Namespace::new();
    let service = c_service();
    let mut manager = manager(&namespace, &["--datagram", "-l", "127.0.0.1:7000"], &service);
    assert_echoes(&namespace, &mut manager, "dgram", "127.0.0.1:7000");
    assert_eq!(manager.expect_success(), b"unknown 127.0.0.1:7000 takes datagrams\n");
}

/// With `--accept` the manager starts a service for each connection.
#[test]
fn a_c_service_receives_a_connection() {
    let namespace = Namespace::new();
    let service = c_service();
    let mut manager = manager(&namespace, &["--accept", "-l", "127.0.0.1:7000", "--fdname=connection"], &service);
    for _ in 0..3 {
        assert_echoes(&namespace, &mut manager, "stream", "127.0.0.1:7000");
        assert_eq!(manager.output.read_line(), "connection 127.0.0.1:7000 is connected");
    }
}

/// The test program itself is also the service.
#[test]
fn a_rust_service_receives_listening_sockets() {
    if std::env::var_os(IS_SERVICE).is_some() {
        return rust_service();
    }
    let namespace = Namespace::new();
    let mut service = Command::new(std::env::current_exe().expect("the path is available"));
    service.args(["--exact", "a_rust_service_receives_listening_sockets", "--nocapture"]);
    let set = format!("--setenv={IS_SERVICE}=1");
    let arguments = ["-l", "127.0.0.1:7000", "-l", "127.0.0.1:7001", "--fdname=one:two", &set];
    let mut manager = manager(&namespace, &arguments, &service);
    assert_echoes(&namespace, &mut manager, "stream", "127.0.0.1:7000");
    let printed = String::from_utf8(manager.expect_success()).unwrap();
    assert!(printed.contains("the service received one, two"), "{printed}");
}

fn rust_service() {
    let sockets = jackfield::listen_fds().unwrap();
    println!("the service received {}", sockets.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", "));
    assert_eq!(jackfield::listen_fds().unwrap().len(), 0);
    for (_, socket) in &sockets {
        assert_eq!((socket.kind(), socket.get(Opt::Listening)), (Type::Stream, Ok(1)));
    }
    let (client, _) = sockets[0].1.accept().unwrap();
    let mut buffer = [0; 16];
    let len = client.recv(&mut buffer[..], Flags::NONE).unwrap();
    client.send_all(&buffer[..len]).unwrap();
    assert_eq!(sockets[1].1.set(Opt::RecvTimeout, 0), Ok(()));
    assert_eq!(sockets[1].1.accept().unwrap_err(), Error::WOULD_BLOCK);
}

#[test]
fn without_a_manager_no_sockets_are_received() {
    if std::env::var_os(IS_SERVICE).is_none() {
        assert_eq!(jackfield::listen_fds().unwrap().len(), 0);
    }
}
