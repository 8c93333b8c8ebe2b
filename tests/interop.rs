//! The example programs against counterparts that others wrote (netcat, socat, Python's own sockets, curl), both ways
//! round: what comes back is compared byte by byte.

mod common;

use common::peers::{
    Family, IP, Theirs, assert_same, data, example, examples, host_and_port, place, program, python, shared_library,
    talk_with, their_client, their_server,
};
use common::process::{Folder, Process, talk, unique};
use common::{compile, root};
use std::io::Write;
use std::process::Command;
use std::thread;

/// From a single byte to far more than the system's buffers hold.
const SIZES: [usize; 3] = [1, 64 * 1024, 5 * 1024 * 1024];

/// The language of our program.
#[derive(Clone, Copy, Debug)]
enum Ours {
    C,
    Python,
}

fn our_server(ours: Ours, address: &str, clients: usize) -> Process {
    let clients = clients.to_string();
    Process::start(&match ours {
        Ours::C => example("echo_server", &[address, &clients]),
        Ours::Python => python("c-examples/echo.py", &[&shared_library(), "serve", address, &clients]),
    })
}

fn our_client(ours: Ours, address: &str) -> Command {
    match ours {
        Ours::C => example("echo_client", &[address]),
        Ours::Python => python("c-examples/echo.py", &[&shared_library(), "ask", address]),
    }
}

/// Our server answers somebody else's clients, which send every size.
fn serve(ours: Ours, theirs: Theirs) {
    let folder = Folder::new();
    for &family in theirs.families() {
        let mut server = our_server(ours, &place(family, &folder), SIZES.len());
        let address = server.output.line();
        for size in SIZES {
            let sent = data(size);
            let came = talk(&their_client(theirs, family, &address), &sent);
            assert_same(&came, &sent, &format!("{ours:?} server, {theirs:?} client, {family:?}"));
            let report = server.output.line();
            assert!(report.ends_with(&format!(" sent {size} bytes")), "{report}");
        }
        assert!(server.succeed().is_empty(), "it has nothing more to say");
        if family == Family::Path {
            let left = std::fs::read_dir(folder.path()).expect("the folder is there").count();
            assert_eq!(left, 0, "the server removes its path");
        }
    }
}

/// Our client asks somebody else's servers. It waits for each line's answer, so that the largest size takes its time: once
/// is enough.
fn ask(ours: Ours, theirs: Theirs) {
    let folder = Folder::new();
    for &family in theirs.families() {
        let count = if family == Family::V4 { 3 } else { 2 };
        for size in SIZES.into_iter().take(count) {
            let (mut server, address) = their_server(theirs, family, &folder);
            let sent = data(size);
            let came = talk_with(&mut server, theirs, &our_client(ours, &address), &sent);
            assert_same(&came, &sent, &format!("{ours:?} client, {theirs:?} server, {family:?}"));
        }
    }
}

#[test]
fn c_server_and_netcat() {
    serve(Ours::C, Theirs::Netcat);
}

#[test]
fn c_server_and_socat() {
    serve(Ours::C, Theirs::Socat);
}

#[test]
fn c_server_and_python() {
    serve(Ours::C, Theirs::Python);
}

#[test]
fn python_server_and_netcat() {
    serve(Ours::Python, Theirs::Netcat);
}

#[test]
fn python_server_and_socat() {
    serve(Ours::Python, Theirs::Socat);
}

#[test]
fn python_server_and_python() {
    serve(Ours::Python, Theirs::Python);
}

#[test]
fn c_client_and_netcat() {
    ask(Ours::C, Theirs::Netcat);
}

#[test]
fn c_client_and_socat() {
    ask(Ours::C, Theirs::Socat);
}

#[test]
fn c_client_and_python() {
    ask(Ours::C, Theirs::Python);
}

#[test]
fn python_client_and_netcat() {
    ask(Ours::Python, Theirs::Netcat);
}

#[test]
fn python_client_and_socat() {
    ask(Ours::Python, Theirs::Socat);
}

#[test]
fn python_client_and_python() {
    ask(Ours::Python, Theirs::Python);
}

/// The two that the README prints. Netcat is no peer for them: it may end as soon as its peer has said everything.
#[test]
fn hello() {
    let folder = Folder::new();
    for theirs in [Theirs::Socat, Theirs::Python] {
        for &family in theirs.families() {
            for ours in [Ours::C, Ours::Python] {
                let (_server, address) = their_server(theirs, family, &folder);
                let endpoint = match address.strip_prefix("unix:") {
                    Some(path) => format!("unix://{path}"),
                    None => format!("tcp://{address}"),
                };
                let client = match ours {
                    Ours::C => example("hello", &[&endpoint]),
                    Ours::Python => python("c-examples/hello.py", &[&shared_library(), &endpoint]),
                };
                assert_same(&talk(&client, b""), b"hello\n", &format!("{ours:?} and {theirs:?}, {family:?}"));
            }
        }
    }
    for name in ["c-examples/hello.c", "c-examples/hello.py"] {
        let text = std::fs::read_to_string(root().join(name)).expect("the example is there");
        assert!(text.lines().count() <= 25, "{name} must fit the README");
    }
}

/// Datagrams that every counterpart takes in one piece.
const DATAGRAMS: [usize; 3] = [1, 1400, 8000];

fn text(len: usize) -> String {
    data(len).into_iter().map(|byte| char::from(b'a' + byte % 26)).collect()
}

#[test]
fn udp_server() {
    for &family in IP {
        let mut server = Process::start(&example(
            "udp_echo",
            &["serve", &place(family, &Folder::new()), &(DATAGRAMS.len() * 3).to_string()],
        ));
        let address = server.output.line();
        let (host, port) = host_and_port(&address);
        let version = if family == Family::V4 { "UDP4" } else { "UDP6" };
        let socat = format!("{version}:{address}");
        for size in DATAGRAMS {
            let sent = data(size);
            for client in [
                program("nc", &["-n", "-u", "-W", "1", host, port]),
                program("socat", &["-", &socat]),
                python("tests/py/ask_udp.py", &[&address]),
            ] {
                // Socat goes on after the answer: it is ended here.
                let mut process = Process::start(&client);
                let mut input = process.input.take().expect("it is piped");
                input.write_all(&sent).expect("it reads");
                if client.get_program() == "python3" {
                    drop(input);
                }
                assert_same(&process.output.exactly(size), &sent, &format!("{client:?}"));
                let report = server.output.line();
                assert!(report.ends_with(&format!(" sent {size} bytes")), "{report}");
            }
        }
        assert!(server.succeed().is_empty(), "it has nothing more to say");
    }
}

#[test]
fn udp_client() {
    let texts = DATAGRAMS.map(text);
    let answer = texts.concat();
    let ask = |address: &str, echo: &mut dyn FnMut()| {
        let mut client = Process::start(&example("udp_echo", &["ask", address, &texts[0], &texts[1], &texts[2]]));
        echo();
        let came = String::from_utf8(client.succeed()).expect("it is text");
        assert_same(came.replace('\n', "").as_bytes(), answer.as_bytes(), address);
    };
    for &family in IP {
        let at = place(family, &Folder::new());
        let (host, _) = at.rsplit_once(':').expect("it is an IP address");

        let mut server = Process::start(&python("tests/py/echo_server.py", &["dgram", &at, "3"]));
        ask(&server.output.line(), &mut || {});
        server.succeed();

        let listen = if family == Family::V4 { "UDP4-LISTEN" } else { "UDP6-LISTEN" };
        let listen = format!("{listen}:0,bind={host}");
        let mut server = Process::start(&program("socat", &["-d", "-d", &listen, "PIPE"]));
        let line = server.errors.line();
        let port = line.rsplit(':').next().expect("it ends with the port");
        ask(&format!("{host}:{port}"), &mut || {});

        let mut server = Process::start(&program("nc", &["-n", "-u", "-l", "-v", host.trim_matches(['[', ']']), "0"]));
        let line = server.errors.line();
        let port = line.rsplit(' ').next().expect("it ends with the port");
        let mut input = server.input.take().expect("it is piped");
        ask(&format!("{host}:{port}"), &mut || {
            for size in DATAGRAMS {
                let datagram = server.output.exactly(size);
                input.write_all(&datagram).expect("netcat reads");
            }
        });
    }
}

/// An empty datagram is one too.
#[test]
fn udp_empty() {
    let mut server = Process::start(&python("tests/py/echo_server.py", &["dgram", "127.0.0.1:0", "2"]));
    let client = example("udp_echo", &["ask", &server.output.line(), "", "x"]);
    assert_same(&talk(&client, b""), b"\nx\n", "an empty answer and another");
    server.succeed();
}

#[test]
fn curl() {
    let folder = Folder::new();
    let body: Vec<u8> = (0..100_000_u32).map(|i| (i * 31 % 251).to_le_bytes()[0]).collect();
    let program = compile("http_reply");
    for family in [Family::V4, Family::V6, Family::Path] {
        let mut server = Process::start(Command::new(&program).arg(place(family, &folder)));
        let address = server.output.line();
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--show-error", "--noproxy", "*"]);
        match address.strip_prefix("unix:") {
            Some(path) => curl.args(["--unix-socket", path, "http://localhost/"]),
            None => curl.arg(format!("http://{address}/")),
        };
        assert_same(&talk(&curl, b""), &body, &format!("curl from {address}"));
        server.succeed();
    }
}

/// A file of this many blocks of a mebibyte, no two of them the same.
fn large_file(folder: &Folder, blocks: u64) -> String {
    let path = folder.path().join(unique("file"));
    let mut file = std::fs::File::create(&path).expect("the folder is writable");
    let mut block = data(1 << 20);
    for number in 0..blocks {
        block[..8].copy_from_slice(&number.to_le_bytes());
        file.write_all(&block).expect("there is room for the file");
    }
    path.to_str().expect("the path is text").to_owned()
}

/// The start of what sha256sum prints.
fn sum(printed: &[u8]) -> String {
    let sum: String = String::from_utf8_lossy(printed).chars().take_while(char::is_ascii_hexdigit).collect();
    assert_eq!(sum.len(), 64, "{printed:?}");
    sum
}

/// A gibibyte is the same at both ends, without a timeout and with one.
#[test]
fn a_large_file() {
    let folder = Folder::new();
    let files = [1024, 100].map(|blocks| large_file(&folder, blocks));
    let sums = [0, 1].map(|number| sum(&talk(&program("sha256sum", &[&files[number]]), b"")));
    let ours = compile("send_whole_file");
    let path = folder.path().join("socket");
    let at_path = format!("UNIX-LISTEN:{}", path.display());
    for (number, server, timeout) in [
        (0, "socat -d -d -u TCP4-LISTEN:0,bind=127.0.0.1 -", "-1"),
        (1, "nc -n -l -v 127.0.0.1 0 </dev/null", "60000"),
        (1, &format!("socat -d -d -u {at_path} -"), "-1"),
        (1, &format!("socat -d -d -u {at_path} -"), "60000"),
    ] {
        let mut process = Process::start(&program("sh", &["-c", &format!("{server} | sha256sum")]));
        let line = loop {
            let line = process.errors.line();
            if line.to_lowercase().contains("listening on") {
                break line;
            }
        };
        let address = if server.contains("UNIX") {
            format!("unix:{}", path.display())
        } else {
            format!("127.0.0.1:{}", line.rsplit([' ', ':']).next().expect("it ends with the port"))
        };
        let mut client = Command::new(&ours);
        client.args([&address, &files[number], timeout]);
        assert!(talk(&client, b"").is_empty());
        assert_eq!(sum(&process.succeed()), sums[number], "{server}");
    }
}

/// Ctrl-C ends a Python program that waits in the library.
#[test]
fn keyboard_interrupt() {
    let mut server =
        Process::start_bare(&mut python("c-examples/echo.py", &[&shared_library(), "serve", "127.0.0.1:0"]));
    server.output.line();
    // After that line it computes until it waits in accept, where it sleeps for the first time.
    let stat = format!("/proc/{}/stat", server.id());
    let sleeps = || {
        let stat = std::fs::read_to_string(&stat).expect("it still runs");
        stat.rsplit(") ").next().expect("the state follows the name").starts_with('S')
    };
    let start = std::time::Instant::now();
    while !sleeps() {
        assert!(start.elapsed() < common::process::PATIENCE, "it never waits");
        thread::yield_now();
    }
    server.signal(libc::SIGINT);
    let (status, _) = server.end();
    assert_eq!(status.code(), Some(130), "{status}");
}

/// What is wrong is said, and shows in the status.
#[test]
fn complaints() {
    let nowhere = "unix:@jackfield-where-nobody-listens";
    let nowhere_to_dial = "unix://@jackfield-where-nobody-listens";
    let text = "Nobody listens at that address.";
    let so = shared_library();
    let cases = [
        (example("hello", &[nowhere_to_dial]), 1, text),
        (example("echo_client", &[nowhere]), 1, text),
        (example("echo_client", &[]), 2, "usage: echo_client ADDRESS [LINE...]"),
        (example("echo_server", &["127.0.0.1"]), 1, "The address is malformed"),
        (example("echo_server", &["127.0.0.1:0", "many"]), 2, "usage: echo_server ADDRESS [CLIENTS]"),
        (example("udp_echo", &["ask", "127.0.0.1:0"]), 2, "usage: udp_echo serve ADDRESS [COUNT]"),
        (python("c-examples/hello.py", &[&so, nowhere_to_dial]), 1, text),
        (python("c-examples/echo.py", &[&so, "ask", nowhere]), 1, "JF_E_CONN_REFUSED: Nobody listens"),
        (python("c-examples/echo.py", &[&so]), 2, "echo.py libjackfield.so serve"),
    ];
    for (command, status, complaint) in cases {
        let mut process = Process::start(&command);
        assert_eq!(process.end().0.code(), Some(status), "{command:?}");
        let said = String::from_utf8(process.errors.rest()).expect("it is text");
        assert!(said.contains(complaint), "{command:?} says {said:?}");
    }
}

#[test]
fn demo() {
    let mut make = Command::new("make");
    make.arg("demo").current_dir(root()).env_remove("RUSTFLAGS");
    examples();
    let said = common::succeed(&mut make, 170);
    for line in [
        "TCP: a server and a client in C",
        "UDP, in C",
        "TCP: a server in C, a client in Python",
        "TCP: a server in Python, a client in C",
        "    client | > jackfield",
        "    client | < jackfield",
    ] {
        assert!(said.lines().any(|said| said == line), "{line:?} is missing in:\n{said}");
    }
    assert_eq!(said.lines().last(), Some("Success: every line was received as it was sent."));
}
