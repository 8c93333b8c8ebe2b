//! c-examples/fetch.c downloads the same bytes as curl, from nginx and from a server in this file, and rejects
//! malformed replies.

mod common;

use common::dns::TestHost;
use common::netns::Namespace;
use common::peers::{assert_bytes_eq, example, program, test_data};
use common::process::{Process, TempDir};
use common::{expect_success, library, memcheck, root, scratch};
use jackfield::Error;
use std::collections::HashSet;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;
use std::thread;

/// The result of a program: exit status, output and error messages.
struct Finished {
    status: Option<i32>,
    output: Vec<u8>,
    errors: String,
}

fn run(command: &Command) -> Finished {
    let mut process = Process::start(command);
    let (status, output) = process.wait_for_exit();
    let errors = String::from_utf8_lossy(&process.errors.read_to_end()).into_owned();
    Finished { status: status.code(), output, errors }
}

fn fetch(url: &str) -> Command {
    example("fetch", &[url])
}

fn curl(url: &str) -> Command {
    program("curl", &["-q", "--silent", "--http1.1", "--noproxy", "*", "--globoff", url])
}

/// Nginx in a separate network namespace, where no port is in use and `localhost` and `six.test` name loopback
/// addresses.
struct WebServer {
    namespace: Namespace,
    _folder: TempDir,
    _nginx: Process,
}

const SIZES: [usize; 4] = [0, 1, 4096, 10_000_000];

const HOSTS: &str = "127.0.0.1 localhost\n::1 localhost\n::1 six.test\n";

/// A single process, so that no other user account is needed. Nginx does not know the length of filtered content in
/// advance and sends it in chunks.
const CONFIGURATION: &str = "
    daemon off;
    master_process off;
    pid nginx.pid;
    events {}
    http {
        access_log off;
        client_body_temp_path 1;
        proxy_temp_path 2;
        fastcgi_temp_path 3;
        uwsgi_temp_path 4;
        scgi_temp_path 5;
        sub_filter_types *;
        sub_filter_once off;
        server {
            listen 127.0.0.1:80;
            listen [::1]:80;
            root files;
            location / { autoindex on; }
            location /chunked/ { alias files/; sub_filter @ @; }
            location /trailed/ { alias files/; sub_filter @ @; add_trailer X-Trailer $request_time; }
            location /unmeasured/ { alias files/; sub_filter @ @; chunked_transfer_encoding off; }
            location = /moved { return 301 /elsewhere; }
            location = /empty { return 204; }
            location = /forbidden { return 403; }
        }
        server {
            listen 127.0.0.1:81;
            return 200 '$request $http_host $http_accept $http_connection';
        }
        server {
            listen [::1]:81;
            return 200 '$request $http_host';
        }
        server {
            listen 127.0.0.1:82;
            return 200 four;
        }
    }
";

impl WebServer {
    fn new() -> WebServer {
        let (namespace, folder) = (Namespace::new(), TempDir::new());
        let at = |name: &str| folder.path().join(name);
        let write = |name: &str, bytes: &[u8]| std::fs::write(at(name), bytes).expect("the folder is writable");
        std::fs::create_dir(at("files")).expect("the folder is writable");
        for size in SIZES {
            write(&format!("files/{size}"), &test_data(size));
        }
        write("files/a b%c", b"a name with a blank");
        write("nginx.conf", CONFIGURATION.as_bytes());
        let prefix = folder.path().to_str().expect("the path is UTF-8");
        let mut nginx =
            Process::start(&namespace.command(
                "nginx",
                &["-e", "stderr", "-g", "error_log stderr notice;", "-p", prefix, "-c", "nginx.conf"],
            ));
        // Nginx prints its event method after it has started to listen.
        while !nginx.errors.read_line().contains("event method") {}
        WebServer { namespace, _folder: folder, _nginx: nginx }
    }

    /// Runs a program in the server's namespace, with the hosts file above.
    fn run(&self, command: &Command) -> Finished {
        let test_host = TestHost::new(&self.namespace).with_file("hosts", HOSTS);
        run(&test_host.command(command))
    }

    /// The output of fetch, which must equal the output of curl.
    fn get(&self, url: &str) -> Vec<u8> {
        let (fetched, expected) = (self.run(&fetch(url)), self.run(&curl(url)));
        assert_eq!(expected.status, Some(0), "curl {url}: {}", expected.errors);
        assert_eq!((fetched.status, fetched.errors.as_str()), (Some(0), ""), "{url}");
        assert_bytes_eq(&fetched.output, &expected.output, url);
        fetched.output
    }

    /// The header of a reply, as curl prints it.
    fn head(&self, url: &str) -> String {
        let mut command = curl(url);
        command.args(["--dump-header", "-", "--output", "/dev/null"]);
        String::from_utf8(self.run(&command).output).expect("the header is UTF-8")
    }
}

#[test]
fn files_are_downloaded_intact() {
    let web = WebServer::new();
    for size in SIZES {
        for host in ["127.0.0.1", "[::1]", "localhost", "localhost:80", "six.test"] {
            assert_bytes_eq(&web.get(&format!("http://{host}/{size}")), &test_data(size), host);
        }
    }
    for (location, field) in
        [("", "Content-Length: "), ("chunked", "Transfer-Encoding: chunked"), ("trailed", "Transfer-Encoding: chunked")]
    {
        assert!(web.head(&format!("http://127.0.0.1/{location}/4096")).contains(field), "{location}");
    }
    let head = web.head("http://127.0.0.1/unmeasured/4096");
    assert!(!head.contains("Content-Length") && !head.contains("Transfer-Encoding"), "{head}");
    for location in ["chunked", "trailed", "unmeasured"] {
        for size in SIZES {
            assert_bytes_eq(&web.get(&format!("http://127.0.0.1/{location}/{size}")), &test_data(size), location);
        }
    }
}

#[test]
fn indexes_errors_and_redirects_are_printed() {
    let web = WebServer::new();
    let text = |url: &str| String::from_utf8(web.get(url)).expect("the output is UTF-8");
    assert!(text("http://localhost/").contains("a b%c"), "the index lists the files");
    assert!(text("http://localhost").contains("a b%c"));
    assert_eq!(text("http://localhost/a%20b%25c?x=1&y=%2F"), "a name with a blank");
    assert!(text("http://localhost/missing").contains("404 Not Found"));
    assert!(text("http://localhost/forbidden").contains("403 Forbidden"));
    assert!(text("http://localhost/moved").contains("301 Moved Permanently"));
    assert_eq!(text("http://localhost/empty"), "");
}

#[test]
fn the_request_matches_the_url() {
    let web = WebServer::new();
    let text = |url: &str| {
        let end = web.run(&fetch(url));
        assert_eq!((end.status, end.errors.as_str()), (Some(0), ""), "{url}");
        String::from_utf8(end.output).expect("the output is UTF-8")
    };
    for (url, target, host) in [
        ("http://127.0.0.1:81/a/b?c=d&e=%20#f", "/a/b?c=d&e=%20", "127.0.0.1:81"),
        ("http://127.0.0.1:81/?", "/?", "127.0.0.1:81"),
        ("http://127.0.0.1:81?q", "/?q", "127.0.0.1:81"),
        ("http://127.0.0.1:81", "/", "127.0.0.1:81"),
        ("HTTP://127.0.0.1:81#f", "/", "127.0.0.1:81"),
        ("http://127.0.0.1:00081//x", "//x", "127.0.0.1:00081"),
        ("http://localhost:81/x?http://y:z/", "/x?http://y:z/", "localhost:81"),
    ] {
        // localhost resolves to IPv6 first, where the server's reply is shorter.
        let more = if host.starts_with("localhost") { "" } else { " */* close" };
        assert_eq!(text(url), format!("GET {target} HTTP/1.1 {host}{more}"), "{url}");
    }
    assert_eq!(text("http://[::1]:81/x"), "GET /x HTTP/1.1 [::1]:81");
    // The zone is not sent: it has a meaning only on the local host.
    assert_eq!(text("http://[::1%lo]:81/x"), "GET /x HTTP/1.1 [::1]:81");
}

#[test]
fn an_address_that_refuses_is_skipped() {
    let web = WebServer::new();
    let refused = Error::CONN_REFUSED.to_string();
    assert_eq!(web.get("http://127.0.0.1:82/"), b"four");
    assert!(web.run(&fetch("http://[::1]:82/")).errors.contains(&refused));
    assert!(web.run(&fetch("http://six.test:82/")).errors.contains(&refused));
    assert_eq!(web.get("http://localhost:82/"), b"four");
    let unknown = web.run(&fetch("http://nobody.test/"));
    assert_eq!(unknown.status, Some(1));
    assert!(!unknown.errors.contains(&refused) && unknown.output.is_empty(), "{}", unknown.errors);
}

/// What a server does after its reply.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Then {
    /// Closes the connection.
    Close,
    /// Keeps the connection open until the client closes it.
    Hold,
    /// Sends a text over and over.
    Repeat(&'static str),
    /// Resets the connection without having read the request.
    Reset,
}

use Then::{Close, Hold, Repeat, Reset};

/// Answers one client.
fn answer(mut client: TcpStream, reply: &[u8], then: Then) {
    let timeout = Some(common::process::TIMEOUT);
    client.set_read_timeout(timeout).and_then(|()| client.set_write_timeout(timeout)).expect("the timeout is not zero");
    if then == Reset {
        // Closing a socket with unread data resets the connection.
        assert_eq!(client.peek(&mut [0]).expect("the client sends a request"), 1);
        return;
    }
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        assert_eq!(client.read(&mut byte).expect("the client sends a request"), 1);
        request.extend(byte);
    }
    // The first 1000 bytes are sent one at a time. The client may disconnect before the end of the reply.
    client.set_nodelay(true).expect("the socket is a TCP socket");
    let (slow, fast) = reply.split_at(reply.len().min(1000));
    let mut broken = slow.chunks(1).chain([fast]).any(|piece| client.write_all(piece).is_err());
    if let Repeat(more) = then {
        let more = more.repeat(1 + 10_000 / more.len());
        while !broken {
            broken = client.write_all(more.as_bytes()).is_err();
        }
    }
    if then == Hold {
        let _ = client.read(&mut [0]);
    }
    let _ = client.shutdown(Shutdown::Both);
}

/// Runs `code` with the URL of a server that sends the same reply to each of `clients` clients.
fn with_server<T>(clients: usize, reply: &[u8], then: Then, code: impl FnOnce(&str) -> T) -> T {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    let url = format!("http://{}/", listener.local_addr().expect("the socket is bound"));
    thread::scope(|scope| {
        scope.spawn(move || {
            for _ in 0..clients {
                answer(listener.accept().expect("a client connects").0, reply, then);
            }
        });
        code(&url)
    })
}

/// Unusual but valid replies. Except with `Close`, the client finds their end while the connection stays open.
#[test]
fn valid_replies_are_parsed() {
    let replies: &[(&str, Then, &str)] = &[
        ("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody", Hold, "body"),
        ("HTTP/1.1 200 OK\r\ncontent-LENGTH:4  \r\n\r\nbody and more", Hold, "body"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 4\r\n\r\nbody", Hold, "body"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 000000000000004\r\n\r\nbody", Hold, "body"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", Hold, ""),
        ("HTTP/1.1 200 \r\nContent-Length: 4\r\n\r\nbody", Hold, "body"),
        ("HTTP/1.1 200\r\nContent-Length: 4\r\n\r\nbody", Hold, "body"),
        ("HTTP/1.0 200 OK\nContent-Length: 4\n\nbody", Hold, "body"),
        ("HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 4\r\n\r\nbody", Hold, "body"),
        ("HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\tc\r\nContent-Length: 4\r\n\r\nbody", Hold, "body"),
        ("HTTP/1.1 200 OK\r\n\r\nbody\r\n", Close, "body\r\n"),
        ("HTTP/1.0 200 OK\r\n\r\n", Close, ""),
        ("HTTP/1.1 500 Alas\r\nContent-Length: 4\r\n\r\nbody", Hold, "body"),
        ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody", Hold, "body"),
        (
            "HTTP/1.1 103 Early Hints\r\nLink: x\r\nContent-Length: 9\r\n\r\nHTTP/1.1 102 P\r\n\r\n\
             HTTP/1.1 200 OK\r\n\r\nbody",
            Close,
            "body",
        ),
        ("HTTP/1.1 204 No Content\r\n\r\n", Hold, ""),
        ("HTTP/1.1 204 No Content\r\nContent-Length: 4\r\n\r\n", Hold, ""),
        ("HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\n", Hold, ""),
        ("HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n", Hold, ""),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", Hold, ""),
        ("HTTP/1.1 200 OK\r\nTRANSFER-encoding:\tCHUNKED\r\n\r\n2\r\nbo\r\n2\r\ndy\r\n0\r\n\r\n", Hold, "body"),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n4\r\nbody\r\n0\r\n\r\n",
            Hold,
            "body",
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n",
            Hold,
            "body",
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n00004;a=b;c=\"d\"\r\nbody\r\n\
             0 ; x\r\nX: y\r\nZ: 0\r\n\r\n",
            Hold,
            "body",
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nA\r\n\r\n\0\nbody01\r\na\r\n0123456789\r\n0\r\n\r\n",
            Hold,
            "\r\n\0\nbody010123456789",
        ),
    ];
    for (reply, then, body) in replies {
        with_server(2, reply.as_bytes(), *then, |url| {
            for command in [fetch(url), curl(url)] {
                let end = run(&command);
                assert_eq!((end.status, end.errors.as_str()), (Some(0), ""), "{command:?}: {reply:?}");
                assert_bytes_eq(&end.output, body.as_bytes(), &format!("{command:?}: {reply:?}"));
            }
        });
    }
}

const HEAD: &str = "HTTP/1.1 200 OK\r\n";
const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

const CUT: &str = "reply: truncated";
const NO_HTTP: &str = "reply: not HTTP/1.1";
const NO_LENGTH: &str = "reply: invalid length";
const TOO_LONG: &str = "reply: head too long";

/// A malformed reply: its beginning and the rest, what the server does afterwards, the part of the body that is
/// printed, and the error message.
type Malformed = (&'static str, &'static str, Then, &'static str, &'static str);

static MALFORMED: LazyLock<Vec<Malformed>> = LazyLock::new(|| {
    vec![
        // Replies that end too early.
        ("", "", Close, "", CUT),
        ("", "", Reset, "", Error::CONN_RESET.text()),
        ("", "HTTP/1.1 200", Close, "", CUT),
        (HEAD, "", Close, "", CUT),
        (HEAD, "Content-Length: 4", Close, "", CUT),
        (HEAD, "Content-Length: 4\r\n", Close, "", CUT),
        (HEAD, "Content-Length: 4\r\n\r\n", Close, "", CUT),
        (HEAD, "Content-Length: 4\r\n\r\nbod", Close, "bod", CUT),
        (HEAD, "Content-Length: 999999999999999\r\n\r\nbody", Close, "body", CUT),
        ("", "HTTP/1.1 100 Continue\r\n\r\n", Close, "", CUT),
        (CHUNKED, "", Close, "", CUT),
        (CHUNKED, "4", Close, "", CUT),
        (CHUNKED, "4\r\nbod", Close, "bod", CUT),
        (CHUNKED, "4\r\nbody", Close, "body", CUT),
        (CHUNKED, "4\r\nbody\r\n", Close, "body", CUT),
        (CHUNKED, "4\r\nbody\r\n0\r\n", Close, "body", CUT),
        (CHUNKED, "4\r\nbody\r\n0\r\nX: y\r\n", Close, "body", CUT),
        (CHUNKED, "fffffffffffffff\r\nbody", Close, "body", CUT),
        // Not HTTP.
        ("", "SSH-2.0-OpenSSH_9.2\r\n", Hold, "", NO_HTTP),
        ("", "\r\n", Hold, "", NO_HTTP),
        ("", "\n", Hold, "", NO_HTTP),
        ("", "HTTP/1.\r\n", Hold, "", NO_HTTP),
        ("", "HTTP/1.1\r\n", Hold, "", NO_HTTP),
        ("", "HTTP/2 200\r\n\r\n", Hold, "", NO_HTTP),
        ("", "HTTP/1.1 20\r\n\r\n", Hold, "", NO_HTTP),
        ("", "HTTP/1.1 -20 OK\r\n\r\n", Hold, "", NO_HTTP),
        ("", "HTTP/1.1 099 OK\r\n\r\n", Hold, "", NO_HTTP),
        ("", "HTTP/1.1 2000 OK\r\n\r\n", Hold, "", NO_HTTP),
        ("", "HTTP/1.1  200 OK\r\n\r\n", Hold, "", NO_HTTP),
        ("", "ICY 200 OK\r\n\r\n", Hold, "", NO_HTTP),
        (HEAD, "a line\r\n\r\n", Hold, "", "reply: malformed head"),
        (HEAD, "X: \0\r\n\r\n", Hold, "", "reply: NUL byte in the head"),
        ("", "HTTP/1.1 200 \0\r\n\r\n", Hold, "", "reply: NUL byte in the head"),
        (CHUNKED, "\0", Hold, "", "reply: NUL byte in the head"),
        // Lengths that are malformed or too large.
        (HEAD, "Content-Length:\r\n\r\nbody", Hold, "", NO_LENGTH),
        (HEAD, "Content-Length: -1\r\n\r\nbody", Hold, "", NO_LENGTH),
        (HEAD, "Content-Length: +4\r\n\r\nbody", Hold, "", NO_LENGTH),
        (HEAD, "Content-Length: 4x\r\n\r\nbody", Hold, "", NO_LENGTH),
        (HEAD, "Content-Length: 0x4\r\n\r\nbody", Hold, "", NO_LENGTH),
        (HEAD, "Content-Length: 4, 4\r\n\r\nbody", Hold, "", NO_LENGTH),
        (HEAD, "Content-Length: 4;4\r\n\r\nbody", Hold, "", NO_LENGTH),
        (HEAD, "Content-Length: 9223372036854775808\r\n\r\nbody", Hold, "", NO_LENGTH),
        (HEAD, "Content-Length: 18446744073709551620\r\n\r\nbody", Hold, "", NO_LENGTH),
        (HEAD, "Content-Length: 340282366920938463463374607431768211460\r\n\r\nbody", Hold, "", NO_LENGTH),
        (HEAD, "Content-Length: 4\r\nContent-Length: 5\r\n\r\nbody!", Hold, "", "reply: conflicting lengths"),
        (CHUNKED, "\r\n", Hold, "", NO_LENGTH),
        (CHUNKED, "body\r\n", Hold, "", NO_LENGTH),
        (CHUNKED, "-4\r\nbody\r\n0\r\n\r\n", Hold, "", NO_LENGTH),
        (CHUNKED, "+4\r\nbody\r\n0\r\n\r\n", Hold, "", NO_LENGTH),
        (CHUNKED, " 4\r\nbody\r\n0\r\n\r\n", Hold, "", NO_LENGTH),
        (CHUNKED, "0x4\r\nbody\r\n0\r\n\r\n", Hold, "", NO_LENGTH),
        (CHUNKED, "4 4\r\nbody\r\n0\r\n\r\n", Hold, "", NO_LENGTH),
        (CHUNKED, "7fffffffffffffff\r\nbody\r\n0\r\n\r\n", Hold, "", NO_LENGTH),
        (CHUNKED, "ffffffffffffffff\r\nbody\r\n0\r\n\r\n", Hold, "", NO_LENGTH),
        (CHUNKED, "10000000000000004\r\nbody\r\n0\r\n\r\n", Hold, "", NO_LENGTH),
        (CHUNKED, "4\r\nbody4\r\nbody\r\n0\r\n\r\n", Hold, "body", "reply: chunk longer than its size"),
        // Transfer codings that the client does not accept.
        (HEAD, "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", Hold, "", "reply: unsupported transfer coding"),
        (HEAD, "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", Hold, "", "reply: unsupported transfer coding"),
        (HEAD, "Transfer-Encoding: chunkedly\r\n\r\n0\r\n\r\n", Hold, "", "reply: unsupported transfer coding"),
        (HEAD, "Transfer-Encoding:\r\n\r\n0\r\n\r\n", Hold, "", "reply: unsupported transfer coding"),
        (
            HEAD,
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            Hold,
            "",
            "reply: unsupported transfer coding",
        ),
        // Replies without an end.
        ("", "", Repeat("a"), "", TOO_LONG),
        ("", "", Repeat("HTTP/1.1 100 Continue\r\n\r\n"), "", TOO_LONG),
        (HEAD, "", Repeat("a"), "", TOO_LONG),
        (HEAD, "", Repeat("X: y\r\n"), "", TOO_LONG),
        (HEAD, "", Repeat(" \r\n"), "", TOO_LONG),
        (CHUNKED, "", Repeat("0"), "", TOO_LONG),
        (CHUNKED, "4;", Repeat("x"), "", TOO_LONG),
        (CHUNKED, "4\r\nbody", Repeat("\r"), "body", TOO_LONG),
        (CHUNKED, "0\r\n", Repeat("X: y\r\n"), "", TOO_LONG),
    ]
});

/// Asserts that each malformed reply fails, and that the part of the body before the error is printed.
fn assert_rejects<'a>(replies: impl IntoIterator<Item = &'a Malformed>, command: impl Fn(&str) -> Command) {
    for (head, reply, then, body, message) in replies {
        let reply = format!("{head}{reply}");
        with_server(1, reply.as_bytes(), *then, |url| {
            let end = run(&command(url));
            assert_eq!(end.status, Some(1), "{reply:?} {then:?}: {}", end.errors);
            assert_bytes_eq(&end.output, body.as_bytes(), &reply);
            assert_eq!(end.errors.lines().count(), 1, "{reply:?}: {}", end.errors);
            assert!(end.errors.contains(message), "{reply:?} {then:?}: {}", end.errors);
        });
    }
}

#[test]
fn malformed_replies_are_rejected() {
    assert_rejects(&*MALFORMED, fetch);
}

/// Memcheck is slow, so this tests one reply of each kind.
#[test]
fn memcheck_finds_no_error_in_malformed_replies() {
    let mut kinds = HashSet::new();
    let sample = MALFORMED.iter().filter(|(head, .., message)| kinds.insert((head, message)));
    assert_rejects(sample, |url| {
        let mut command = memcheck();
        command.args([example("fetch", &[]).get_program(), url.as_ref()]);
        command
    });
}

/// The program built with AddressSanitizer and UndefinedBehaviorSanitizer.
fn sanitized() -> PathBuf {
    let output = scratch().join("fetch");
    let mut cc = program("gcc", &["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-O1", "-g"]);
    cc.args(["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-I"]).arg(root().join("include"));
    cc.arg(root().join("c-examples/fetch.c")).arg("-o").arg(&output).arg("-L").arg(library()).arg("-ljackfield");
    expect_success(cc.arg(format!("-Wl,-rpath,{}", library().display())), 120);
    output
}

#[test]
fn sanitizers_find_no_error_in_malformed_replies() {
    let fetch = sanitized();
    assert_rejects(&*MALFORMED, |url| {
        let mut command = Command::new(&fetch);
        command.arg(url);
        command
    });
}

/// The receive timeout of the example is 30 s.
#[test]
fn a_silent_server_times_out() {
    with_server(1, format!("{HEAD}Content-Length: 5\r\n\r\nbody").as_bytes(), Hold, |url| {
        let end = run(&fetch(url));
        assert_eq!((end.status, end.output.as_slice()), (Some(1), b"body".as_slice()));
        assert_eq!(end.errors, format!("fetch: receive: {}\n", Error::TIMED_OUT));
    });
}

#[test]
fn a_write_error_is_reported() {
    for body in ["body".to_owned(), "body".repeat(100_000)] {
        with_server(1, format!("{HEAD}\r\n{body}").as_bytes(), Close, |url| {
            let shell = program("sh", &["-c", "exec \"$0\" \"$1\" >/dev/full"]);
            let fetch = fetch(url);
            let mut command = shell;
            command.arg(fetch.get_program()).args(fetch.get_args());
            let end = run(&command);
            assert_eq!((end.status, end.errors.as_str()), (Some(1), "fetch: output: No space left on device\n"));
        });
    }
}

/// The error message points at the first wrong character.
#[test]
fn malformed_urls_are_rejected() {
    let long = format!("http://127.0.0.1/{}", "a".repeat(10_000));
    for (url, message) in [
        ("", "^ expected http://"),
        ("localhost/", "^ expected http://"),
        ("ftp://localhost/", "^ expected http://"),
        ("http:/localhost/", "^ expected http://"),
        ("http://", "       ^ expected a host"),
        ("http:///path", "       ^ expected a host"),
        ("http://?query", "       ^ expected a host"),
        ("http://:80/", "       ^ expected a host"),
        ("http://::1/", "       ^ expected a host"),
        ("http://a b/", "        ^ expected printable ASCII"),
        ("http://a/\r\nX: y", "         ^ expected printable ASCII"),
        ("http://b\u{fc}cher.test/", "        ^ expected printable ASCII"),
        ("http://a/\u{7f}", "         ^ expected printable ASCII"),
        ("http://a..b/", "         ^ expected"),
        ("http://-a$b/", "         ^ expected"),
        ("http://127.1/", "            ^ expected"),
        ("http://1.2.3.256/", "             ^ expected"),
        ("http://[::1/", "           ^ expected ]"),
        ("http://[::1]80/", "            ^ expected :"),
        ("http://[1.2.3.4]/", "         ^ expected"),
        ("http://localhost:http/", "                 ^ expected a port number"),
        ("http://localhost:80a/", "                 ^ expected a port number"),
        ("http://localhost:-1/", "                 ^ expected a port number"),
        ("http://localhost:65536/", "                 ^ expected a number from 0 to 65535"),
        ("http://user@localhost/", "           ^ expected"),
        ("http://user:secret@localhost/", "            ^ expected"),
    ] {
        let end = run(&fetch(url));
        assert_eq!((end.status, end.output.len()), (Some(2), 0), "{url:?}: {}", end.errors);
        let shown = format!("fetch: {url}\n       {message}");
        assert!(end.errors.starts_with(&shown), "{url:?}:\n{}", end.errors);
    }
    for (arguments, status, message) in [
        (&["https://localhost/"][..], 1, "fetch: https://: TLS is not supported, only http://\n"),
        (&["HTTPS://localhost/"], 1, "fetch: https://: TLS is not supported, only http://\n"),
        (&[&long], 1, "fetch: URL: too long\n"),
        (&[], 2, "usage: fetch http://host[:port]/path[?query]\n"),
        (&["http://localhost/", "more"], 2, "usage: fetch http://host[:port]/path[?query]\n"),
    ] {
        let end = run(&example("fetch", arguments));
        assert_eq!((end.status, end.errors.as_str()), (Some(status), message), "{arguments:?}");
    }
}
