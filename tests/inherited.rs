//! Services that a service manager starts: systemd's own, which passes the sockets it listens on.

mod common;

use common::netns::Namespace;
use common::peers::{program, python};
use common::process::{Folder, Process};
use common::{compile, run};
use jackfield::{Error, Flags, Opt, Type};
use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;

/// Set in the copy of this program that is the service.
const IS_SERVICE: &str = "JACKFIELD_TESTS_SERVICE";

/// The service in C. It is built once: nothing can be executed while it is written.
fn c_service() -> Command {
    static PROGRAM: LazyLock<PathBuf> = LazyLock::new(|| compile("service"));
    Command::new(&*PROGRAM)
}

/// The manager, listening in a network of its own, where every port is free.
fn manager(namespace: &Namespace, arguments: &[&str], service: &Command) -> Process {
    let mut command = program("systemd-socket-activate", arguments);
    command.arg(service.get_program()).args(service.get_args());
    let mut manager = Process::start(&namespace.within(&command));
    let sockets = arguments.iter().filter(|&&argument| argument == "-l").count();
    for _ in 0..sockets {
        while !manager.errors.line().contains("Listening on") {}
    }
    manager
}

fn ask(namespace: &Namespace, manager: &mut Process, kind: &str, address: &str) {
    let client = namespace.within(&python("tests/py/ask.py", &[kind, address, "hello"]));
    let output = run(&client, 60);
    if output.stdout != b"hello\n" {
        // What the manager and the service have to say is in their errors.
        manager.signal(libc::SIGTERM);
        let said = String::from_utf8_lossy(&manager.errors.rest()).into_owned();
        panic!("{}\n{said}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn a_c_service_listens() {
    let (namespace, folder) = (Namespace::new(), Folder::new());
    let path = folder.path().join("socket").display().to_string();
    let service = c_service();
    let arguments = ["-l", "127.0.0.1:7000", "-l", &path, "-l", "[::1]:7000", "--fdname=web:local:web"];
    let mut manager = manager(&namespace, &arguments, &service);
    ask(&namespace, &mut manager, "stream", "127.0.0.1:7000");
    ask(&namespace, &mut manager, "stream", &format!("unix:{path}"));
    ask(&namespace, &mut manager, "stream", "[::1]:7000");
    let said = String::from_utf8(manager.succeed()).unwrap();
    assert_eq!(said, format!("web 127.0.0.1:7000 listens\nlocal unix:{path} listens\nweb [::1]:7000 listens\n"));
}

#[test]
fn a_c_service_takes_datagrams() {
    let namespace = Namespace::new();
    let service = c_service();
    let mut manager = manager(&namespace, &["--datagram", "-l", "127.0.0.1:7000"], &service);
    ask(&namespace, &mut manager, "dgram", "127.0.0.1:7000");
    assert_eq!(manager.succeed(), b"unknown 127.0.0.1:7000 takes datagrams\n");
}

/// With `--accept` each connection has a service of its own.
#[test]
fn a_c_service_is_passed_a_connection() {
    let namespace = Namespace::new();
    let service = c_service();
    let mut manager = manager(&namespace, &["--accept", "-l", "127.0.0.1:7000", "--fdname=connection"], &service);
    for _ in 0..3 {
        ask(&namespace, &mut manager, "stream", "127.0.0.1:7000");
        assert_eq!(manager.output.line(), "connection 127.0.0.1:7000 is connected");
    }
}

/// This test's own program is the service as well.
#[test]
fn a_rust_service_listens() {
    if std::env::var_os(IS_SERVICE).is_some() {
        return rust_service();
    }
    let namespace = Namespace::new();
    let mut service = Command::new(std::env::current_exe().expect("the system tells it"));
    service.args(["--exact", "a_rust_service_listens", "--nocapture"]);
    let set = format!("--setenv={IS_SERVICE}=1");
    let arguments = ["-l", "127.0.0.1:7000", "-l", "127.0.0.1:7001", "--fdname=one:two", &set];
    let mut manager = manager(&namespace, &arguments, &service);
    ask(&namespace, &mut manager, "stream", "127.0.0.1:7000");
    let said = String::from_utf8(manager.succeed()).unwrap();
    assert!(said.contains("the service took one, two"), "{said}");
}

fn rust_service() {
    let sockets = jackfield::listen_fds().unwrap();
    println!("the service took {}", sockets.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", "));
    assert_eq!(jackfield::listen_fds().unwrap().len(), 0);
    for (_, socket) in &sockets {
        assert_eq!((socket.kind(), socket.get(Opt::Listening)), (Type::Stream, Ok(1)));
    }
    let (client, _) = sockets[0].1.accept().unwrap();
    let mut room = [0; 16];
    let len = client.recv(&mut room[..], Flags::NONE).unwrap();
    client.send_all(&room[..len]).unwrap();
    assert_eq!(sockets[1].1.set(Opt::RecvTimeout, 0), Ok(()));
    assert_eq!(sockets[1].1.accept().unwrap_err(), Error::WOULD_BLOCK);
}

/// Without a manager there is nothing.
#[test]
fn nothing_is_inherited_here() {
    if std::env::var_os(IS_SERVICE).is_none() {
        assert_eq!(jackfield::listen_fds().unwrap().len(), 0);
    }
}
