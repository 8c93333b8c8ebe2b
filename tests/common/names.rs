//! tests/c/names_tool.c, which looks names up and dials on a test's machine.

use super::dns::{Dns, Machine};
use super::netns::{Namespace, neighbours};
use super::process::{Folder, Process};
use super::{compile, memcheck};
use std::io::Write;
use std::net::TcpListener;
use std::ops::Range;
use std::os::fd::AsRawFd;
use std::path::PathBuf;
use std::process::Command;
use std::rc::Rc;
use std::sync::LazyLock;

/// So many milliseconds may what has a deadline take beyond it.
pub const LATE: f64 = 50.0;

/// How many milliseconds an address has until the next one is tried beside it.
pub const DELAY: f64 = 250.0;

/// Where the program is to run, a neighbour, and the name server that it asks.
pub fn network(records: &[&str]) -> (Namespace, Namespace, Dns) {
    let (a, b) = neighbours();
    let dns = Dns::new(&a, records);
    (a, b, dns)
}

/// A server's sockets in a namespace, which keep all connections waiting.
pub fn listen(namespace: &Namespace, addresses: &[&str]) -> Vec<TcpListener> {
    let listen = |address: &&str| {
        let listener = TcpListener::bind(address).unwrap_or_else(|error| panic!("{address}: {error}"));
        // SAFETY: no memory is involved; the descriptor is open. There would be room for a few only.
        assert_eq!(unsafe { libc::listen(listener.as_raw_fd(), 4096) }, 0);
        listener
    };
    namespace.enter(|| addresses.iter().map(listen).collect())
}

/// Has a namespace lose what comes in and a rule of nftables matches.
pub fn lose(namespace: &Namespace, rule: &str) {
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

/// The program as it runs.
pub struct Tool {
    process: Process,
    _etc: Rc<Folder>,
}

/// What it said: a result, the milliseconds that it took, and what came of it.
#[derive(Debug)]
pub struct Said {
    pub result: String,
    pub ms: f64,
    pub words: Vec<String>,
}

impl Tool {
    pub fn new(machine: &Machine<'_>) -> Tool {
        Tool::start(machine, &Command::new(&*PROGRAM))
    }

    pub fn under_memcheck(machine: &Machine<'_>) -> Tool {
        Tool::start(machine, memcheck().arg(&*PROGRAM))
    }

    fn start(machine: &Machine<'_>, command: &Command) -> Tool {
        Tool { process: Process::start(&machine.command(command)), _etc: machine.etc() }
    }

    /// Ends it, which must be a success.
    pub fn end(mut self) {
        self.process.succeed();
    }

    /// Has it do something, which it does when it has done all before.
    pub fn tell(&mut self, command: &str) {
        let input = self.process.input.as_mut().expect("it is piped");
        input.write_all(format!("{command}\n").as_bytes()).expect("it reads");
    }

    /// The next line that it says.
    #[track_caller]
    pub fn line(&mut self) -> String {
        self.process.output.line()
    }

    /// What it says of a command.
    #[track_caller]
    pub fn hear(&mut self) -> Said {
        let line = self.line();
        let mut words = line.split(' ').map(str::to_owned);
        let result = words.next().unwrap_or_default();
        let ms = words.next().and_then(|word| word.parse().ok()).unwrap_or_else(|| panic!("it said {line:?}"));
        Said { result, ms, words: words.collect() }
    }

    #[track_caller]
    pub fn ask(&mut self, command: &str) -> Said {
        self.tell(command);
        self.hear()
    }

    /// The addresses, or a name, that come of a command that succeeds.
    #[track_caller]
    pub fn found(&mut self, command: &str) -> Vec<String> {
        let said = self.ask(command);
        assert!(!said.result.starts_with("JF_E_"), "{command}: {said:?}");
        said.words
    }

    /// Has it do something that must take so many milliseconds. Where it took more it may have been the machine that is busy:
    /// it has three tries. To take less is wrong at once.
    #[track_caller]
    pub fn timed(&mut self, command: &str, range: Range<f64>) -> Said {
        let mut tries = 1;
        loop {
            let said = self.ask(command);
            if range.contains(&said.ms) {
                return said;
            }
            assert!(tries < 3 && said.ms >= range.end, "{command}: {said:?}, which is not within {range:?} ms");
            tries += 1;
        }
    }

    /// Dials; the address that it is connected to. It has no time to wait for anything.
    #[track_caller]
    pub fn connects(&mut self, command: &str) -> String {
        self.connects_within(command, 0.0..DELAY)
    }

    /// The same of what must take so many milliseconds.
    #[track_caller]
    pub fn connects_within(&mut self, command: &str, range: Range<f64>) -> String {
        let said = self.timed(command, range);
        assert_eq!(said.result, "0", "{command}: {said:?}");
        said.words[0].clone()
    }

    /// Has it do something that must fail.
    #[track_caller]
    pub fn fails(&mut self, command: &str, error: &str) {
        self.fails_within(command, error, 0.0..f64::INFINITY);
    }

    #[track_caller]
    pub fn fails_within(&mut self, command: &str, error: &str, range: Range<f64>) {
        let said = self.timed(command, range);
        assert_eq!(said.result, format!("JF_E_{error}"), "{command}: {said:?}");
    }

    /// Has it do something that must end at its deadline, whose milliseconds are the last word.
    #[track_caller]
    pub fn times_out(&mut self, command: &str) {
        let deadline: f64 = command.rsplit(' ').next().and_then(|word| word.parse().ok()).expect("it has a deadline");
        self.fails_within(command, "TIMED_OUT", deadline..deadline + LATE);
    }

    /// Stops the name server, and has a crowd ask it that must end at its deadline. Of the crowd's look-ups 64 are under way.
    #[track_caller]
    pub fn crowd_times_out(&mut self, dns: &Dns, command: &str) {
        let before = self.count();
        let mut tries = 1;
        let deadline: f64 = command.rsplit(' ').next().and_then(|word| word.parse().ok()).expect("it has a deadline");
        loop {
            dns.pause();
            self.tell(command);
            assert_eq!(self.line(), "under way");
            let said = self.hear();
            assert_eq!(said.result, "64", "threads beside the callers': {said:?}");
            assert!(said.words.len() == 2 && said.words[1].starts_with("JF_E_TIMED_OUT="), "{said:?}");
            // As in timed().
            if said.ms < deadline + LATE {
                break;
            }
            assert!(tries < 3, "{command}: {said:?}");
            tries += 1;
            dns.go_on();
            self.settle(&before);
        }
    }

    /// How many descriptors and threads it has.
    #[track_caller]
    pub fn count(&mut self) -> String {
        self.ask("count").words.join(" ")
    }

    /// Waits until it has no more descriptors and threads than it had.
    #[track_caller]
    pub fn settle(&mut self, before: &str) {
        assert_eq!(
            self.ask(&format!("settle {before}")).words.join(" "),
            before,
            "descriptors and threads that are left"
        );
    }
}
