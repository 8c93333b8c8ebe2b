//! Drives tests/c/names_tool.c, which resolves names and dials on a test host.

use super::dns::{Dnsmasq, TestHost};
use super::netns::{Namespace, two_hosts};
use super::process::{Process, TempDir};
use super::{compile, memcheck};
use std::io::Write;
use std::net::TcpListener;
use std::ops::Range;
use std::os::fd::AsRawFd;
use std::path::PathBuf;
use std::process::Command;
use std::rc::Rc;
use std::sync::LazyLock;

/// How many milliseconds after its deadline an operation may end.
pub const DEADLINE_TOLERANCE_MS: f64 = 50.0;

/// The default delay in milliseconds between two connection attempts of one dial.
pub const ATTEMPT_DELAY_MS: f64 = 250.0;

/// The namespace for the program, a second host linked to it, and the name server of the first.
pub fn network_with_dns(records: &[&str]) -> (Namespace, Namespace, Dnsmasq) {
    let (a, b) = two_hosts();
    let dns = Dnsmasq::new(&a, records);
    (a, b, dns)
}

/// Listening sockets in a namespace, with backlogs that hold all connections of a test.
pub fn listen(namespace: &Namespace, addresses: &[&str]) -> Vec<TcpListener> {
    let listen = |address: &&str| {
        let listener = TcpListener::bind(address).unwrap_or_else(|error| panic!("{address}: {error}"));
        // std's backlog is too small for a crowd of clients.
        // SAFETY: no memory is involved; the descriptor is open.
        assert_eq!(unsafe { libc::listen(listener.as_raw_fd(), 4096) }, 0);
        listener
    };
    namespace.enter(|| addresses.iter().map(listen).collect())
}

/// Makes a namespace drop the incoming packets that match an nftables rule.
pub fn drop_packets(namespace: &Namespace, rule: &str) {
    namespace.nft(&format!(
        "table inet lose {{
            chain in {{
                type filter hook input priority 0;
                {rule} drop
            }}
        }}"
    ));
}

static PROGRAM: LazyLock<PathBuf> = LazyLock::new(|| compile("names_tool"));

/// The running program.
pub struct NamesTool {
    process: Process,
    _etc: Rc<TempDir>,
}

/// The program's reply to a command: the result, the duration in milliseconds, and the remaining fields.
#[derive(Debug)]
pub struct Reply {
    pub result: String,
    pub ms: f64,
    pub fields: Vec<String>,
}

impl NamesTool {
    pub fn new(test_host: &TestHost<'_>) -> NamesTool {
        NamesTool::start(test_host, &Command::new(&*PROGRAM))
    }

    pub fn under_memcheck(test_host: &TestHost<'_>) -> NamesTool {
        NamesTool::start(test_host, memcheck().arg(&*PROGRAM))
    }

    fn start(test_host: &TestHost<'_>, command: &Command) -> NamesTool {
        NamesTool { process: Process::start(&test_host.command(command)), _etc: test_host.etc() }
    }

    /// Closes the program's input; asserts that it exits with success.
    pub fn finish(mut self) {
        self.process.expect_success();
    }

    /// Sends a command. The program runs commands in order.
    pub fn send_command(&mut self, command: &str) {
        let input = self.process.input.as_mut().expect("the input is piped");
        input.write_all(format!("{command}\n").as_bytes()).expect("the program reads its input");
    }

    /// The next line of output.
    #[track_caller]
    pub fn read_line(&mut self) -> String {
        self.process.output.read_line()
    }

    /// The next line of output, parsed as the reply to a command.
    #[track_caller]
    pub fn read_reply(&mut self) -> Reply {
        let line = self.read_line();
        let mut fields = line.split(' ').map(str::to_owned);
        let result = fields.next().unwrap_or_default();
        let ms =
            fields.next().and_then(|field| field.parse().ok()).unwrap_or_else(|| panic!("malformed reply {line:?}"));
        Reply { result, ms, fields: fields.collect() }
    }

    #[track_caller]
    pub fn run(&mut self, command: &str) -> Reply {
        self.send_command(command);
        self.read_reply()
    }

    /// Runs a command that must succeed, and returns the addresses or the name that it found.
    #[track_caller]
    pub fn run_ok(&mut self, command: &str) -> Vec<String> {
        let reply = self.run(command);
        assert!(!reply.result.starts_with("JF_E_"), "{command}: {reply:?}");
        reply.fields
    }

    /// Runs a command whose duration in milliseconds must be in `range`. A busy machine may delay it: a run that takes
    /// too long is repeated, up to three runs. A run that ends too early fails at once.
    #[track_caller]
    pub fn run_within(&mut self, command: &str, range: Range<f64>) -> Reply {
        let mut tries = 1;
        loop {
            let reply = self.run(command);
            if range.contains(&reply.ms) {
                return reply;
            }
            assert!(tries < 3 && reply.ms >= range.end, "{command}: {reply:?} is not within {range:?} ms");
            tries += 1;
        }
    }

    /// Dials; the connection must be established before a second attempt would start. Returns the peer's address.
    #[track_caller]
    pub fn assert_connects(&mut self, command: &str) -> String {
        self.assert_connects_within(command, 0.0..ATTEMPT_DELAY_MS)
    }

    /// Dials; the duration in milliseconds must be in `range`. Returns the peer's address.
    #[track_caller]
    pub fn assert_connects_within(&mut self, command: &str, range: Range<f64>) -> String {
        let reply = self.run_within(command, range);
        assert_eq!(reply.result, "0", "{command}: {reply:?}");
        reply.fields[0].clone()
    }

    /// Runs a command that must fail with an error, whose name is given without JF_E_.
    #[track_caller]
    pub fn assert_fails(&mut self, command: &str, error: &str) {
        self.assert_fails_within(command, error, 0.0..f64::INFINITY);
    }

    #[track_caller]
    pub fn assert_fails_within(&mut self, command: &str, error: &str, range: Range<f64>) {
        let reply = self.run_within(command, range);
        assert_eq!(reply.result, format!("JF_E_{error}"), "{command}: {reply:?}");
    }

    /// Runs a command that must time out. The last word of the command is its timeout in milliseconds.
    #[track_caller]
    pub fn assert_times_out(&mut self, command: &str) {
        let timeout = timeout_of(command);
        self.assert_fails_within(command, "TIMED_OUT", timeout..timeout + DEADLINE_TOLERANCE_MS);
    }

    /// Pauses the name server and runs a command in many threads, all of which must time out. 64 lookups must be in
    /// flight.
    #[track_caller]
    pub fn assert_crowd_times_out(&mut self, dns: &Dnsmasq, command: &str) {
        let before = self.resource_count();
        let mut tries = 1;
        let timeout = timeout_of(command);
        loop {
            dns.pause();
            self.send_command(command);
            assert_eq!(self.read_line(), "under way");
            let reply = self.read_reply();
            assert_eq!(reply.result, "64", "threads beside the callers': {reply:?}");
            assert!(reply.fields.len() == 2 && reply.fields[1].starts_with("JF_E_TIMED_OUT="), "{reply:?}");
            // Repeated for the same reason as in `run_within`.
            if reply.ms < timeout + DEADLINE_TOLERANCE_MS {
                break;
            }
            assert!(tries < 3, "{command}: {reply:?}");
            tries += 1;
            dns.resume();
            self.wait_for_resource_count(&before);
        }
    }

    /// The program's numbers of open descriptors and threads.
    #[track_caller]
    pub fn resource_count(&mut self) -> String {
        self.run("count").fields.join(" ")
    }

    /// Waits until the program has no more descriptors and threads than `before`.
    #[track_caller]
    pub fn wait_for_resource_count(&mut self, before: &str) {
        assert_eq!(self.run(&format!("settle {before}")).fields.join(" "), before, "leaked descriptors or threads");
    }
}

/// The last word of a command, which is its timeout in milliseconds.
fn timeout_of(command: &str) -> f64 {
    command.rsplit(' ').next().and_then(|word| word.parse().ok()).expect("the command ends with a timeout")
}
