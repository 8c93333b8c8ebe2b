//! tests/c/names_tool.c, which looks names up and dials on a test's machine.

use super::compile;
use super::dns::{Dns, Machine};
use super::netns::{Namespace, neighbours};
use super::peers::program;
use super::process::{Folder, Process};
use std::io::Write;
use std::net::TcpListener;
use std::os::fd::AsRawFd;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::LazyLock;

/// So many milliseconds may what has a deadline take beyond it.
pub const LATE: f64 = 50.0;

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
        static PROGRAM: LazyLock<PathBuf> = LazyLock::new(|| compile("names_tool"));
        let path = PROGRAM.to_str().expect("its path is text");
        Tool { process: Process::start(&machine.command(&program(path, &[]))), _etc: machine.etc() }
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

    /// Dials; the address that it is connected to, and how many milliseconds it took.
    #[track_caller]
    pub fn connects(&mut self, command: &str) -> (String, f64) {
        let said = self.ask(command);
        assert_eq!(said.result, "0", "{command}: {said:?}");
        (said.words[0].clone(), said.ms)
    }

    /// Has it do something that must fail; how many milliseconds it took.
    #[track_caller]
    pub fn fails(&mut self, command: &str, error: &str) -> f64 {
        let said = self.ask(command);
        assert_eq!(said.result, format!("JF_E_{error}"), "{command}: {said:?}");
        said.ms
    }

    /// Has it do something that must end at its deadline, whose milliseconds are the last word.
    #[track_caller]
    pub fn times_out(&mut self, command: &str) {
        let deadline: f64 = command.rsplit(' ').next().and_then(|word| word.parse().ok()).expect("it has a deadline");
        let ms = self.fails(command, "TIMED_OUT");
        assert!((deadline..deadline + LATE).contains(&ms), "{command}: it took {ms} ms");
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
