//! The example programs as servers and clients of third-party programs: netcat, socat, Python's `socket` module and
//! curl. The received bytes are compared with the sent bytes.

mod common;

use common::peers::{
    Family, IP_FAMILIES, PeerTool, assert_bytes_eq, bind_address, example, examples, host_and_port, peer_client,
    peer_server, program, python, run_client, shared_library, test_data,
};
use common::process::{Process, TempDir, run_with_input, unique};
use common::{compile, root};
use jackfield::Error;
use std::io::Write;
use std::process::Command;
use std::thread;

/// From one byte to much more than the socket buffers hold.
const SIZES: [usize; 3] = [1, 64 * 1024, 5 * 1024 * 1024];

/// The language of the example program.
#[derive(Clone, Copy, Debug)]
enum Language {
    C,
    Python,
}

fn our_server(language: Language, address: &str, clients: usize) -> Process {
    let clients = clients.to_string();
    Process::start(&match language {
        Language::C => example("echo_server", &[address, &clients]),
        Language::Python => python("c-examples/echo.py", &[&shared_library(), "serve", address, &clients]),
    })
}

fn our_client(language: Language, address: &str) -> Command {
    match language {
        Language::C => example("echo_client", &[address]),
        Language::Python => python("c-examples/echo.py", &[&shared_library(), "ask", address]),
    }
}

/// Tests an example server with third-party clients that send every size.
fn test_server(language: Language, peer_tool: PeerTool) {
    let folder = TempDir::new();
    for &family in peer_tool.families() {
        let mut server = our_server(language, &bind_address(family, &folder), SIZES.len());
        let address = server.output.read_line();
        for size in SIZES {
            let sent = test_data(size);
            let received = run_with_input(&peer_client(peer_tool, family, &address), &sent);
            assert_bytes_eq(&received, &sent, &format!("{language:?} server, {peer_tool:?} client, {family:?}"));
            let report = server.output.read_line();
            assert!(report.ends_with(&format!(" sent {size} bytes")), "{report}");
        }
        assert!(server.expect_success().is_empty(), "no more output");
        if family == Family::Path {
            let left = std::fs::read_dir(folder.path()).expect("the folder exists").count();
            assert_eq!(left, 0, "the server removes its path");
        }
    }
}

/// Tests an example client with third-party servers. The client waits for the echo of each line, so the largest size is
/// slow; it is sent only once.
fn test_client(language: Language, peer_tool: PeerTool) {
    let folder = TempDir::new();
    for &family in peer_tool.families() {
        let count = if family == Family::V4 { 3 } else { 2 };
        for size in SIZES.into_iter().take(count) {
            let (mut server, address) = peer_server(peer_tool, family, &folder);
            let sent = test_data(size);
            let received = run_client(&mut server, peer_tool, &our_client(language, &address), &sent);
            assert_bytes_eq(&received, &sent, &format!("{language:?} client, {peer_tool:?} server, {family:?}"));
        }
    }
}

#[test]
fn c_server_and_netcat_client() {
    test_server(Language::C, PeerTool::Netcat);
}

#[test]
fn c_server_and_socat_client() {
    test_server(Language::C, PeerTool::Socat);
}

#[test]
fn c_server_and_python_client() {
    test_server(Language::C, PeerTool::Python);
}

#[test]
fn python_server_and_netcat_client() {
    test_server(Language::Python, PeerTool::Netcat);
}

#[test]
fn python_server_and_socat_client() {
    test_server(Language::Python, PeerTool::Socat);
}

#[test]
fn python_server_and_python_client() {
    test_server(Language::Python, PeerTool::Python);
}

#[test]
fn c_client_and_netcat_server() {
    test_client(Language::C, PeerTool::Netcat);
}

#[test]
fn c_client_and_socat_server() {
    test_client(Language::C, PeerTool::Socat);
}

#[test]
fn c_client_and_python_server() {
    test_client(Language::C, PeerTool::Python);
}

#[test]
fn python_client_and_netcat_server() {
    test_client(Language::Python, PeerTool::Netcat);
}

#[test]
fn python_client_and_socat_server() {
    test_client(Language::Python, PeerTool::Socat);
}

#[test]
fn python_client_and_python_server() {
    test_client(Language::Python, PeerTool::Python);
}

/// The examples that the README prints. Netcat is not tested: it may exit as soon as its peer has sent everything.
#[test]
fn hello_reaches_third_party_servers() {
    let folder = TempDir::new();
    for peer_tool in [PeerTool::Socat, PeerTool::Python] {
        for &family in peer_tool.families() {
            for language in [Language::C, Language::Python] {
                let (_server, address) = peer_server(peer_tool, family, &folder);
                let endpoint = match address.strip_prefix("unix:") {
                    Some(path) => format!("unix://{path}"),
                    None => format!("tcp://{address}"),
                };
                let client = match language {
                    Language::C => example("hello", &[&endpoint]),
                    Language::Python => python("c-examples/hello.py", &[&shared_library(), &endpoint]),
                };
                assert_bytes_eq(
                    &run_with_input(&client, b""),
                    b"hello\n",
                    &format!("{language:?} and {peer_tool:?}, {family:?}"),
                );
            }
        }
    }
    for name in ["c-examples/hello.c", "c-examples/hello.py"] {
        let text = std::fs::read_to_string(root().join(name)).expect("the example exists");
        assert!(text.lines().count() <= 25, "{name} must fit the README");
    }
}

/// Sizes of datagrams that every third-party program can send and receive.
const DATAGRAMS: [usize; 3] = [1, 1400, 8000];

fn text(len: usize) -> String {
    test_data(len).into_iter().map(|byte| char::from(b'a' + byte % 26)).collect()
}

#[test]
fn udp_server_echoes_to_third_party_clients() {
    for &family in IP_FAMILIES {
        let mut server = Process::start(&example(
            "udp_echo",
            &["serve", &bind_address(family, &TempDir::new()), &(DATAGRAMS.len() * 3).to_string()],
        ));
        let address = server.output.read_line();
        let (host, port) = host_and_port(&address);
        let version = if family == Family::V4 { "UDP4" } else { "UDP6" };
        let socat = format!("{version}:{address}");
        for size in DATAGRAMS {
            let sent = test_data(size);
            for client in [
                program("nc", &["-n", "-u", "-W", "1", host, port]),
                program("socat", &["-", &socat]),
                python("tests/py/request_udp.py", &[&address]),
            ] {
                // Netcat and socat keep running after the answer; they are killed when `process` is dropped.
                let mut process = Process::start(&client);
                let mut input = process.input.take().expect("the input is piped");
                input.write_all(&sent).expect("the client reads its input");
                if client.get_program() == "python3" {
                    drop(input);
                }
                assert_bytes_eq(&process.output.read_exact(size), &sent, &format!("{client:?}"));
                let report = server.output.read_line();
                assert!(report.ends_with(&format!(" sent {size} bytes")), "{report}");
            }
        }
        assert!(server.expect_success().is_empty(), "no more output");
    }
}

#[test]
fn udp_client_reads_echoes_of_third_party_servers() {
    let texts = DATAGRAMS.map(text);
    let answer = texts.concat();
    let run_client = |address: &str, echo: &mut dyn FnMut()| {
        let mut client = Process::start(&example("udp_echo", &["ask", address, &texts[0], &texts[1], &texts[2]]));
        echo();
        let received = String::from_utf8(client.expect_success()).expect("the output is UTF-8");
        assert_bytes_eq(received.replace('\n', "").as_bytes(), answer.as_bytes(), address);
    };
    for &family in IP_FAMILIES {
        let at = bind_address(family, &TempDir::new());
        let (host, _) = at.rsplit_once(':').expect("the address has a port");

        let mut server = Process::start(&python("tests/py/echo_server.py", &["dgram", &at, "3"]));
        run_client(&server.output.read_line(), &mut || {});
        server.expect_success();

        let listen = if family == Family::V4 { "UDP4-LISTEN" } else { "UDP6-LISTEN" };
        let listen = format!("{listen}:0,bind={host}");
        let mut server = Process::start(&program("socat", &["-d", "-d", &listen, "PIPE"]));
        let line = server.errors.read_line();
        let port = line.rsplit(':').next().expect("the line ends with the port");
        run_client(&format!("{host}:{port}"), &mut || {});

        let mut server = Process::start(&program("nc", &["-n", "-u", "-l", "-v", host.trim_matches(['[', ']']), "0"]));
        let line = server.errors.read_line();
        let port = line.rsplit(' ').next().expect("the line ends with the port");
        let mut input = server.input.take().expect("the input is piped");
        run_client(&format!("{host}:{port}"), &mut || {
            for size in DATAGRAMS {
                let datagram = server.output.read_exact(size);
                input.write_all(&datagram).expect("netcat reads");
            }
        });
    }
}

#[test]
fn an_empty_datagram_is_echoed() {
    let mut server = Process::start(&python("tests/py/echo_server.py", &["dgram", "127.0.0.1:0", "2"]));
    let client = example("udp_echo", &["ask", &server.output.read_line(), "", "x"]);
    assert_bytes_eq(&run_with_input(&client, b""), b"\nx\n", "an empty answer and a second one");
    server.expect_success();
}

#[test]
fn curl_downloads_from_a_server() {
    let folder = TempDir::new();
    let body: Vec<u8> = (0..100_000_u32).map(|i| (i * 31 % 251).to_le_bytes()[0]).collect();
    let program = compile("http_reply");
    for family in [Family::V4, Family::V6, Family::Path] {
        let mut server = Process::start(Command::new(&program).arg(bind_address(family, &folder)));
        let address = server.output.read_line();
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--show-error", "--noproxy", "*"]);
        match address.strip_prefix("unix:") {
            Some(path) => curl.args(["--unix-socket", path, "http://localhost/"]),
            None => curl.arg(format!("http://{address}/")),
        };
        assert_bytes_eq(&run_with_input(&curl, b""), &body, &format!("curl from {address}"));
        server.expect_success();
    }
}

/// A file of `blocks` different blocks of 1 MiB.
fn large_file(folder: &TempDir, blocks: u64) -> String {
    let path = folder.path().join(unique("file"));
    let mut file = std::fs::File::create(&path).expect("the folder is writable");
    let mut block = test_data(1 << 20);
    for number in 0..blocks {
        block[..8].copy_from_slice(&number.to_le_bytes());
        file.write_all(&block).expect("the disk has space for the file");
    }
    path.to_str().expect("the path is UTF-8").to_owned()
}

/// The checksum in the output of sha256sum.
fn checksum(printed: &[u8]) -> String {
    let sum: String = String::from_utf8_lossy(printed).chars().take_while(char::is_ascii_hexdigit).collect();
    assert_eq!(sum.len(), 64, "{printed:?}");
    sum
}

/// Files of up to 1 GiB, without and with a timeout.
#[test]
fn a_large_file_arrives_intact() {
    let folder = TempDir::new();
    let files = [1024, 100].map(|blocks| large_file(&folder, blocks));
    let checksums = [0, 1].map(|number| checksum(&run_with_input(&program("sha256sum", &[&files[number]]), b"")));
    let sender = compile("send_whole_file");
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
            let line = process.errors.read_line();
            if line.to_lowercase().contains("listening on") {
                break line;
            }
        };
        let address = if server.contains("UNIX") {
            format!("unix:{}", path.display())
        } else {
            format!("127.0.0.1:{}", line.rsplit([' ', ':']).next().expect("the line ends with the port"))
        };
        let mut client = Command::new(&sender);
        client.args([&address, &files[number], timeout]);
        assert!(run_with_input(&client, b"").is_empty());
        assert_eq!(checksum(&process.expect_success()), checksums[number], "{server}");
    }
}

/// Ctrl-C ends a Python program that blocks in a library call.
#[test]
fn a_keyboard_interrupt_ends_a_blocked_python_server() {
    let mut server =
        Process::start_directly(&mut python("c-examples/echo.py", &[&shared_library(), "serve", "127.0.0.1:0"]));
    server.output.read_line();
    // After that line the server first sleeps in accept.
    let stat = format!("/proc/{}/stat", server.id());
    let is_sleeping = || {
        let stat = std::fs::read_to_string(&stat).expect("the server still runs");
        stat.rsplit(") ").next().expect("the state follows the name").starts_with('S')
    };
    let start = std::time::Instant::now();
    while !is_sleeping() {
        assert!(start.elapsed() < common::process::TIMEOUT, "the server never blocks");
        thread::yield_now();
    }
    server.signal(libc::SIGINT);
    let (status, _) = server.wait_for_exit();
    assert_eq!(status.code(), Some(130), "{status}");
}

#[test]
fn failures_print_an_error_and_set_the_exit_status() {
    let closed_address = "unix:@jackfield-closed";
    let closed_endpoint = "unix://@jackfield-closed";
    let refused = Error::CONN_REFUSED.to_string();
    let refused_with_name = format!("JF_E_CONN_REFUSED: {refused}");
    let malformed = Error::ADDR_INVALID.to_string();
    let so = shared_library();
    let cases = [
        (example("hello", &[closed_endpoint]), 1, refused.as_str()),
        (example("echo_client", &[closed_address]), 1, &refused),
        (example("echo_client", &[]), 2, "usage: echo_client ADDRESS [LINE...]"),
        (example("echo_server", &["127.0.0.1"]), 1, &malformed),
        (example("echo_server", &["127.0.0.1:0", "many"]), 2, "usage: echo_server ADDRESS [CLIENTS]"),
        (example("udp_echo", &["ask", "127.0.0.1:0"]), 2, "usage: udp_echo serve ADDRESS [COUNT]"),
        (python("c-examples/hello.py", &[&so, closed_endpoint]), 1, &refused),
        (python("c-examples/echo.py", &[&so, "ask", closed_address]), 1, &refused_with_name),
        (python("c-examples/echo.py", &[&so]), 2, "echo.py libjackfield.so serve"),
    ];
    for (command, status, message) in cases {
        let mut process = Process::start(&command);
        assert_eq!(process.wait_for_exit().0.code(), Some(status), "{command:?}");
        let printed = String::from_utf8(process.errors.read_to_end()).expect("the output is UTF-8");
        assert!(printed.contains(message), "{command:?} prints {printed:?}");
    }
}

#[test]
fn make_demo_succeeds() {
    let mut make = Command::new("make");
    make.arg("demo").current_dir(root()).env_remove("RUSTFLAGS");
    examples();
    let printed = common::expect_success(&mut make, 170);
    for line in [
        "TCP: a server and a client in C",
        "UDP, in C",
        "TCP: a server in C, a client in Python",
        "TCP: a server in Python, a client in C",
        "    client | > jackfield",
        "    client | < jackfield",
    ] {
        assert!(printed.lines().any(|printed| printed == line), "{line:?} is missing in:\n{printed}");
    }
    assert_eq!(printed.lines().last(), Some("Success: every line was received as it was sent."));
}
