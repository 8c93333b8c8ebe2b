//! The example programs, and counterparts of them that others wrote: netcat, socat, and Python's own sockets.

use super::process::{Folder, Process, talk, unique};
use super::{library, root, succeed};
use std::io::Write;
use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;
use std::thread;

pub const IP: &[Family] = &[Family::V4, Family::V6];
pub const PATHS: &[Family] = &[Family::V4, Family::V6, Family::Path];
pub const ALL: &[Family] = &[Family::V4, Family::V6, Family::Path, Family::Abstract];

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Family {
    V4,
    V6,
    Path,
    Abstract,
}

/// Who wrote the counterpart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Theirs {
    Netcat,
    Socat,
    Python,
}

impl Theirs {
    /// Netcat knows no abstract names.
    pub fn families(self) -> &'static [Family] {
        if self == Theirs::Netcat { PATHS } else { ALL }
    }
}

/// The folder of the example programs, as `make examples` leaves it now.
pub fn examples() -> &'static PathBuf {
    static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
        let mut make = Command::new("make");
        make.arg("examples").current_dir(root()).env_remove("RUSTFLAGS");
        succeed(&mut make, 600);
        root().join("target/examples")
    });
    &FOLDER
}

pub fn example(name: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(examples().join(name));
    command.args(arguments);
    command
}

pub fn python(script: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new("python3");
    command.arg(root().join(script)).args(arguments);
    command
}

pub fn program(name: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(name);
    command.args(arguments);
    command
}

pub fn shared_library() -> String {
    let path = library().join("libjackfield.so");
    path.to_str().expect("the checkout's path is text").to_owned()
}

/// Bytes of every value, the same each time; lines of all lengths.
pub fn data(len: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    (0..len).map(|_| next().to_le_bytes()[3]).collect()
}

/// Compares without printing megabytes.
#[track_caller]
pub fn assert_same(came: &[u8], sent: &[u8], what: &str) {
    let first = came.iter().zip(sent).position(|(a, b)| a != b);
    assert!(
        came == sent,
        "{what}: {} bytes came and {} were sent; the first that differs: {first:?}",
        came.len(),
        sent.len()
    );
}

/// Where a server is to listen.
pub fn place(family: Family, folder: &Folder) -> String {
    match family {
        Family::V4 => "127.0.0.1:0".into(),
        Family::V6 => "[::1]:0".into(),
        Family::Path => format!("unix:{}/{}", folder.path().display(), unique("socket")),
        Family::Abstract => format!("unix:@{}", unique("jackfield")),
    }
}

/// The host and the port of an IP address.
pub fn host_and_port(address: &str) -> (&str, &str) {
    let (host, port) = address.rsplit_once(':').expect("it is an IP address");
    (host.trim_matches(['[', ']']), port)
}

/// A client by somebody else, which sends its input and prints what comes until the server ends.
pub fn their_client(theirs: Theirs, family: Family, address: &str) -> Command {
    let path = address.trim_start_matches("unix:");
    match (theirs, family) {
        (Theirs::Python, _) => python("tests/py/echo_client.py", &[address]),
        (Theirs::Netcat, Family::V4 | Family::V6) => {
            let (host, port) = host_and_port(address);
            program("nc", &["-n", "-N", host, port])
        }
        (Theirs::Netcat, _) => program("nc", &["-N", "-U", path]),
        (Theirs::Socat, _) => {
            let to = match family {
                Family::V4 => format!("TCP4:{address}"),
                Family::V6 => format!("TCP6:{address}"),
                Family::Path => format!("UNIX-CONNECT:{path}"),
                Family::Abstract => format!("ABSTRACT-CONNECT:{}", &path[1..]),
            };
            // Its own patience, after it has sent everything, is half a second.
            program("socat", &["-t", "60", "-", &to])
        }
    }
}

/// An echo server by somebody else for one client, and its address.
pub fn their_server(theirs: Theirs, family: Family, folder: &Folder) -> (Process, String) {
    let address = place(family, folder);
    let path = address.trim_start_matches("unix:");
    let mut server = Process::start(&match (theirs, family) {
        (Theirs::Python, _) => python("tests/py/echo_server.py", &["stream", &address, "1"]),
        (Theirs::Netcat, Family::V4 | Family::V6) => {
            let (host, port) = host_and_port(&address);
            program("nc", &["-n", "-l", "-v", "-N", host, port])
        }
        (Theirs::Netcat, _) => program("nc", &["-l", "-v", "-N", "-U", path]),
        (Theirs::Socat, _) => {
            let at = match family {
                Family::V4 => "TCP4-LISTEN:0,bind=127.0.0.1".into(),
                Family::V6 => "TCP6-LISTEN:0,bind=[::1]".into(),
                Family::Path => format!("UNIX-LISTEN:{path}"),
                Family::Abstract => format!("ABSTRACT-LISTEN:{}", &path[1..]),
            };
            program("socat", &["-d", "-d", "-t", "60", &at, "PIPE"])
        }
    });
    if theirs == Theirs::Python {
        let address = server.output.line();
        return (server, address);
    }
    // They say on their error output that they listen, and where.
    let line = loop {
        let line = server.errors.line();
        if line.to_lowercase().contains("listening on") {
            break line;
        }
    };
    if matches!(family, Family::Path | Family::Abstract) {
        return (server, address);
    }
    let port = line.rsplit([' ', ':']).next().expect("it ends with the port");
    let (host, _) = address.rsplit_once(':').expect("it is an IP address");
    let address = format!("{host}:{port}");
    (server, address)
}

/// Talks with a server through a client of ours. Netcat has no echo: what it prints is given to it again here.
pub fn talk_with(server: &mut Process, theirs: Theirs, client: &Command, sent: &[u8]) -> Vec<u8> {
    if theirs != Theirs::Netcat {
        return talk(client, sent);
    }
    thread::scope(|scope| {
        let client = scope.spawn(|| talk(client, sent));
        let mut input = server.input.take().expect("it is piped");
        let mut left = sent.len();
        while left > 0 {
            let bytes = server.output.some();
            assert!(!bytes.is_empty(), "netcat ended with {left} bytes to come");
            input.write_all(&bytes).expect("netcat reads");
            left -= bytes.len();
        }
        drop(input);
        client.join().expect("the client succeeds")
    })
}
