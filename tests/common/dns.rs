//! Private name resolution: name servers in a test's network namespaces, and programs that ask only those.

use super::netns::Namespace;
use super::peers::{program, python};
use super::process::{Process, TIMEOUT, TempDir};
use std::fs::{self, File};
use std::os::fd::AsRawFd;
use std::path::Path;
use std::process::Command;
use std::rc::Rc;
use std::thread;
use std::time::{Duration, Instant};

/// dnsmasq at 127.0.0.1 of a namespace. It answers for its records; other names below `test`, and the reverse names of
/// other addresses, do not exist. It refuses all other queries.
pub struct Dnsmasq {
    _process: Process,
    folder: TempDir,
    /// The process ID of dnsmasq itself, which runs below `timeout`.
    id: i32,
}

impl Dnsmasq {
    /// A record is a name with its addresses, in the form of dnsmasq's `host-record`, or another dnsmasq option, which
    /// begins with two dashes.
    pub fn new(namespace: &Namespace, records: &[&str]) -> Dnsmasq {
        let folder = TempDir::new();
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
        let mut dns = Dnsmasq { _process: Process::start(&namespace.within(&dnsmasq)), folder, id: 0 };
        let start = Instant::now();
        while dns.id == 0 {
            assert!(start.elapsed() < TIMEOUT, "dnsmasq does not start");
            thread::sleep(Duration::from_millis(1));
            dns.id = dns.log().split_once("]: started, ").map_or(0, |(before, _)| {
                before.rsplit_once('[').and_then(|(_, id)| id.parse().ok()).expect("the log has the process ID")
            });
        }
        dns
    }

    /// The log so far. dnsmasq logs a query before it sends the answer.
    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// The queries so far, such as "A four.test".
    pub fn queries(&self) -> Vec<String> {
        let log = self.log();
        let queries = log.lines().filter_map(|line| line.split_once(" query[")?.1.split_once(" from "));
        queries.map(|(query, _)| query.replacen(']', "", 1)).collect()
    }

    /// Stops dnsmasq, so that queries get no answer until `resume`.
    pub fn pause(&self) {
        self.signal(libc::SIGSTOP);
    }

    pub fn resume(&self) {
        self.signal(libc::SIGCONT);
    }

    fn signal(&self, signal: i32) {
        // SAFETY: no memory is involved; the process runs until this value is dropped.
        let result = unsafe { libc::kill(self.id, signal) };
        assert_eq!(result, 0, "dnsmasq runs");
    }
}

/// A name server at an address of a namespace whose answers depend on the first label of the name; see the script.
pub fn faulty_name_server(namespace: &Namespace, address: &str) -> Process {
    let mut server = Process::start(&namespace.within(&python("tests/py/faulty_name_server.py", &[address])));
    assert_eq!(server.output.read_line(), "ready");
    server
}

/// While this exists, opening a file blocks, for up to 45 seconds (fs.lease-break-time). The file is then a source of
/// names that does not answer.
pub struct BlockedFile(File);

impl BlockedFile {
    /// Takes a write lease on a file that no process has open. The kernel announces an open by a signal.
    pub fn new(path: &Path) -> BlockedFile {
        const F_SETSIG: i32 = 10;
        let file = File::options().read(true).write(true).open(path).expect("the file exists");
        // SIGURG is ignored by default; SIGIO would end the process.
        for (command, argument) in [(F_SETSIG, libc::SIGURG), (libc::F_SETLEASE, libc::F_WRLCK)] {
            // SAFETY: no memory is involved; the descriptor is open.
            let result = unsafe { libc::fcntl(file.as_raw_fd(), command, argument) };
            assert_eq!(result, 0, "{}: {}", path.display(), std::io::Error::last_os_error());
        }
        BlockedFile(file)
    }
}

impl Drop for BlockedFile {
    fn drop(&mut self) {
        // Closing the descriptor would do as well, but only after other threads' child processes have closed theirs.
        // SAFETY: no memory is involved; the descriptor is open.
        unsafe { libc::fcntl(self.0.as_raw_fd(), libc::F_SETLEASE, libc::F_UNLCK) };
    }
}

/// A simulated host: a namespace, and a private /etc that configures name resolution.
pub struct TestHost<'a> {
    namespace: &'a Namespace,
    etc: Rc<TempDir>,
}

impl<'a> TestHost<'a> {
    /// A host that reads its hosts file first, and then queries the name server at 127.0.0.1.
    pub fn new(namespace: &'a Namespace) -> TestHost<'a> {
        let test_host = TestHost { namespace, etc: Rc::new(TempDir::new()) };
        // The dynamic linker's cache stays the same.
        if Path::new("/etc/ld.so.cache").exists() {
            fs::copy("/etc/ld.so.cache", test_host.etc.path().join("ld.so.cache")).expect("the file can be copied");
        }
        test_host
            .with_file("nsswitch.conf", "hosts: files dns\nservices: files\n")
            .with_file("resolv.conf", "nameserver 127.0.0.1\n")
            .with_file("hosts", "")
            // A name may occur in several lines of the hosts file.
            .with_file("host.conf", "multi on\n")
            .with_file("services", "")
    }

    /// Adds or replaces a file in /etc.
    pub fn with_file(self, file: &str, text: &str) -> TestHost<'a> {
        fs::write(self.etc.path().join(file), text).expect("the folder is writable");
        self
    }

    /// Blocks the readers of a file in /etc.
    pub fn block_file(&self, file: &str) -> BlockedFile {
        BlockedFile::new(&self.etc.path().join(file))
    }

    /// The host's /etc. It must outlive every program that runs on the host.
    pub fn etc(&self) -> Rc<TempDir> {
        Rc::clone(&self.etc)
    }

    /// Wraps a command so that it runs on this host.
    pub fn command(&self, inner: &Command) -> Command {
        let etc = self.etc.path().to_str().expect("the path is UTF-8");
        let mount = "mount --bind \"$0\" /etc && exec \"$@\"";
        let mut command = program("unshare", &["--mount", "--propagation", "private", "sh", "-c", mount, etc]);
        command.arg(inner.get_program()).args(inner.get_args());
        self.namespace.within(&command)
    }
}
