//! The example programs, and third-party peers for them: netcat, socat, and Python's `socket` module.

use super::process::{Process, TempDir, run_with_input, unique};
use super::{expect_success, library, root};
use std::io::Write;
use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;
use std::thread;

pub const IP_FAMILIES: &[Family] = &[Family::V4, Family::V6];
pub const IP_AND_PATH_FAMILIES: &[Family] = &[Family::V4, Family::V6, Family::Path];
pub const ALL_FAMILIES: &[Family] = &[Family::V4, Family::V6, Family::Path, Family::Abstract];

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Family {
    V4,
    V6,
    Path,
    Abstract,
}

/// A third-party implementation of a client or server.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PeerTool {
    Netcat,
    Socat,
    Python,
}

impl PeerTool {
    /// The families that the tool supports. Netcat has no abstract UNIX names.
    pub fn families(self) -> &'static [Family] {
        if self == PeerTool::Netcat { IP_AND_PATH_FAMILIES } else { ALL_FAMILIES }
    }
}

/// The folder of the example programs, built by `make examples`.
pub fn examples() -> &'static PathBuf {
    static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
        let mut make = Command::new("make");
        make.arg("examples").current_dir(root()).env_remove("RUSTFLAGS");
        expect_success(&mut make, 600);
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
    path.to_str().expect("the path is UTF-8").to_owned()
}

/// Pseudorandom bytes, the same in every run. All values occur, and lines of many lengths.
pub fn test_data(len: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    (0..len).map(|_| next().to_le_bytes()[3]).collect()
}

/// Asserts that the bytes are equal. A failure does not print them, because there may be megabytes.
#[track_caller]
pub fn assert_bytes_eq(received: &[u8], sent: &[u8], what: &str) {
    let first = received.iter().zip(sent).position(|(a, b)| a != b);
    assert!(
        received == sent,
        "{what}: received {} bytes, sent {}; first difference at {first:?}",
        received.len(),
        sent.len()
    );
}

/// An unused address for a server to bind.
pub fn bind_address(family: Family, folder: &TempDir) -> String {
    match family {
        Family::V4 => "127.0.0.1:0".into(),
        Family::V6 => "[::1]:0".into(),
        Family::Path => format!("unix:{}/{}", folder.path().display(), unique("socket")),
        Family::Abstract => format!("unix:@{}", unique("jackfield")),
    }
}

/// The host and the port of an IP address.
pub fn host_and_port(address: &str) -> (&str, &str) {
    let (host, port) = address.rsplit_once(':').expect("the address has a port");
    (host.trim_matches(['[', ']']), port)
}

/// A third-party client that sends its input, and prints what it receives until the server closes the connection.
pub fn peer_client(peer_tool: PeerTool, family: Family, address: &str) -> Command {
    let path = address.trim_start_matches("unix:");
    match (peer_tool, family) {
        (PeerTool::Python, _) => python("tests/py/echo_client.py", &[address]),
        (PeerTool::Netcat, Family::V4 | Family::V6) => {
            let (host, port) = host_and_port(address);
            program("nc", &["-n", "-N", host, port])
        }
        (PeerTool::Netcat, _) => program("nc", &["-N", "-U", path]),
        (PeerTool::Socat, _) => {
            let to = match family {
                Family::V4 => format!("TCP4:{address}"),
                Family::V6 => format!("TCP6:{address}"),
                Family::Path => format!("UNIX-CONNECT:{path}"),
                Family::Abstract => format!("ABSTRACT-CONNECT:{}", &path[1..]),
            };
            // By default, socat exits half a second after the end of its input.
            program("socat", &["-t", "60", "-", &to])
        }
    }
}

/// A third-party echo server for one client, and its address. Netcat does not echo; see `run_client`.
pub fn peer_server(peer_tool: PeerTool, family: Family, folder: &TempDir) -> (Process, String) {
    let address = bind_address(family, folder);
    let path = address.trim_start_matches("unix:");
    let mut server = Process::start(&match (peer_tool, family) {
        (PeerTool::Python, _) => python("tests/py/echo_server.py", &["stream", &address, "1"]),
        (PeerTool::Netcat, Family::V4 | Family::V6) => {
            let (host, port) = host_and_port(&address);
            program("nc", &["-n", "-l", "-v", "-N", host, port])
        }
        (PeerTool::Netcat, _) => program("nc", &["-l", "-v", "-N", "-U", path]),
        (PeerTool::Socat, _) => {
            let at = match family {
                Family::V4 => "TCP4-LISTEN:0,bind=127.0.0.1".into(),
                Family::V6 => "TCP6-LISTEN:0,bind=[::1]".into(),
                Family::Path => format!("UNIX-LISTEN:{path}"),
                Family::Abstract => format!("ABSTRACT-LISTEN:{}", &path[1..]),
            };
            program("socat", &["-d", "-d", "-t", "60", &at, "PIPE"])
        }
    });
    if peer_tool == PeerTool::Python {
        let address = server.output.read_line();
        return (server, address);
    }
    // Netcat and socat print the address to their standard error.
    let line = loop {
        let line = server.errors.read_line();
        if line.to_lowercase().contains("listening on") {
            break line;
        }
    };
    if matches!(family, Family::Path | Family::Abstract) {
        return (server, address);
    }
    let port = line.rsplit([' ', ':']).next().expect("the line ends with the port");
    let (host, _) = address.rsplit_once(':').expect("the address has a port");
    let address = format!("{host}:{port}");
    (server, address)
}

/// Runs a client of ours against a third-party echo server, and returns the client's output. Netcat has no echo: its
/// output is written back to its input here.
pub fn run_client(server: &mut Process, peer_tool: PeerTool, client: &Command, sent: &[u8]) -> Vec<u8> {
    if peer_tool != PeerTool::Netcat {
        return run_with_input(client, sent);
    }
    thread::scope(|scope| {
        let client = scope.spawn(|| run_with_input(client, sent));
        let mut input = server.input.take().expect("the input is piped");
        let mut left = sent.len();
        while left > 0 {
            let bytes = server.output.next_chunk();
            assert!(!bytes.is_empty(), "netcat ended {left} bytes early");
            input.write_all(&bytes).expect("netcat reads its input");
            left -= bytes.len();
        }
        drop(input);
        client.join().expect("the client succeeds")
    })
}
