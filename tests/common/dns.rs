//! Names of a test's own: name servers in its network namespaces, and programs that ask them and nobody else.

use super::netns::Namespace;
use super::peers::{program, python};
use super::process::{Folder, PATIENCE, Process};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::rc::Rc;
use std::thread;
use std::time::{Duration, Instant};

/// dnsmasq at 127.0.0.1 of a namespace. It knows what it is told, everything else below test, and the names of all other
/// addresses, not to be, and refuses to say more.
pub struct Dns {
    _process: Process,
    folder: Folder,
    /// The number of the server itself, which runs below `timeout`.
    id: i32,
}

impl Dns {
    /// The records are names with their addresses, as `host-record` of dnsmasq has them, and other options of it that begin
    /// with two dashes.
    pub fn new(namespace: &Namespace, records: &[&str]) -> Dns {
        let folder = Folder::new();
        let log = format!("--log-facility={}", folder.path().join("log").display());
        let mut dnsmasq = program("dnsmasq", &["--keep-in-foreground", "--conf-file=", "--pid-file=", "--user=root"]);
        dnsmasq.args([
            "--bind-interfaces",
            "--listen-address=127.0.0.1",
            "--no-hosts",
            "--no-resolv",
            "--no-round-robin",
        ]);
        dnsmasq.args(["--local=/test/", "--local=/in-addr.arpa/", "--local=/ip6.arpa/", "--log-queries", &log]);
        dnsmasq.args(records.iter().map(|&record| match record.starts_with("--") {
            true => record.to_owned(),
            false => format!("--host-record={record}"),
        }));
        let mut dns = Dns { _process: Process::start(&namespace.within(&dnsmasq)), folder, id: 0 };
        let start = Instant::now();
        while dns.id == 0 {
            assert!(start.elapsed() < PATIENCE, "dnsmasq does not start");
            thread::sleep(Duration::from_millis(1));
            dns.id = dns.log().split_once("]: started, ").map_or(0, |(before, _)| {
                before.rsplit_once('[').and_then(|(_, id)| id.parse().ok()).expect("it says its number")
            });
        }
        dns
    }

    /// What it has said so far: everything that it was asked before any answer that came from it.
    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// What it was asked for so far, such as "A four.test".
    pub fn asked(&self) -> Vec<String> {
        let log = self.log();
        let queries = log.lines().filter_map(|line| line.split_once(" query[")?.1.split_once(" from "));
        queries.map(|(query, _)| query.replacen(']', "", 1)).collect()
    }

    /// Has it hear everything and answer nothing, until it is told to go on.
    pub fn pause(&self) {
        self.signal(libc::SIGSTOP);
    }

    pub fn go_on(&self) {
        self.signal(libc::SIGCONT);
    }

    fn signal(&self, signal: i32) {
        // SAFETY: no memory is involved; the process runs until it is ended with this value.
        let result = unsafe { libc::kill(self.id, signal) };
        assert_eq!(result, 0, "dnsmasq runs");
    }
}

/// A name server at an address of a namespace that answers by what the name begins with; see the script.
pub fn odd_server(namespace: &Namespace, address: &str) -> Process {
    let mut server = Process::start(&namespace.within(&python("tests/py/name_server.py", &[address])));
    assert_eq!(server.output.line(), "ready");
    server
}

/// A machine as programs see it: a namespace, and an /etc that says how names are looked up there.
pub struct Machine<'a> {
    namespace: &'a Namespace,
    etc: Rc<Folder>,
}

impl<'a> Machine<'a> {
    /// It asks the hosts file, and then the name server at 127.0.0.1.
    pub fn new(namespace: &'a Namespace) -> Machine<'a> {
        let machine = Machine { namespace, etc: Rc::new(Folder::new()) };
        // Where the libraries are is the same.
        if Path::new("/etc/ld.so.cache").exists() {
            fs::copy("/etc/ld.so.cache", machine.etc.path().join("ld.so.cache")).expect("a file can be copied");
        }
        machine
            .with("nsswitch.conf", "hosts: files dns\nservices: files\n")
            .with("resolv.conf", "nameserver 127.0.0.1\n")
            .with("hosts", "")
            // A name may be in several lines of it.
            .with("host.conf", "multi on\n")
            .with("services", "")
    }

    /// With a file in /etc.
    pub fn with(self, file: &str, text: &str) -> Machine<'a> {
        fs::write(self.etc.path().join(file), text).expect("the folder is writable");
        self
    }

    /// Its /etc, to be kept for as long as a program runs on it.
    pub fn etc(&self) -> Rc<Folder> {
        Rc::clone(&self.etc)
    }

    /// A program that will run on it.
    pub fn command(&self, inner: &Command) -> Command {
        let etc = self.etc.path().to_str().expect("its path is text");
        let mount = "mount --bind \"$0\" /etc && exec \"$@\"";
        let mut command = program("unshare", &["--mount", "--propagation", "private", "sh", "-c", mount, etc]);
        command.arg(inner.get_program()).args(inner.get_args());
        self.namespace.within(&command)
    }
}
