//! Programs that run beside a test: what they print is read with a time limit, and they end with the test that started them.

use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

/// How long a test waits for anything that a program should do. No program runs longer.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// A program that runs, with all that it has started in turn. It is ended when this is dropped.
pub struct Process {
    child: Child,
    ended: bool,
    pub input: Option<ChildStdin>,
    pub output: Pipe,
    pub errors: Pipe,
}

impl Process {
    /// Starts a program under `timeout`, so that it ends even when the test is killed.
    pub fn start(command: &Command) -> Process {
        let mut limited = Command::new("timeout");
        limited
            .arg("--kill-after=5")
            .arg(PATIENCE.as_secs().to_string())
            .arg(command.get_program())
            .args(command.get_args());
        Process::start_bare(&mut limited)
    }

    /// Starts a program itself, for a test that sends it signals.
    pub fn start_bare(command: &mut Command) -> Process {
        let name = format!("{command:?}");
        let heed_interrupts = || {
            // SAFETY: the call is one that may stand between fork and exec.
            unsafe { libc::signal(libc::SIGINT, libc::SIG_DFL) };
            Ok(())
        };
        // SAFETY: what runs between fork and exec is the one call above.
        unsafe { command.pre_exec(heed_interrupts) };
        // A shell has its background jobs ignore Ctrl-C, and what they start inherits that: hence the call above. A group of
        // its own, so that what it starts is ended with it.
        let mut child = command
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let input = child.stdin.take();
        let output = Pipe::new(format!("output of {name}"), child.stdout.take().expect("it is piped"));
        let errors = Pipe::new(format!("errors of {name}"), child.stderr.take().expect("it is piped"));
        Process { child, ended: false, input, output, errors }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal to the program.
    pub fn signal(&self, signal: i32) {
        // SAFETY: no memory is involved; the process is our child, not yet waited for, so the number is its.
        let result = unsafe { libc::kill(self.id() as i32, signal) };
        assert_eq!(result, 0, "the process can be signaled");
    }

    /// Reads what the program still prints, and waits for its end.
    pub fn end(&mut self) -> (ExitStatus, Vec<u8>) {
        self.input = None;
        let rest = self.output.rest();
        let status = self.child.wait().expect("it is our child");
        self.ended = true;
        (status, rest)
    }

    /// Reads what the program still prints, and waits for its end, which must be a success.
    pub fn succeed(&mut self) -> Vec<u8> {
        let (status, rest) = self.end();
        let errors = String::from_utf8_lossy(&self.errors.rest()).into_owned();
        assert!(status.success(), "{}: {status}\n{errors}", self.output.name);
        rest
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if !self.ended {
            // SAFETY: no memory is involved. The leader is not yet waited for, so the number is still that group's.
            unsafe { libc::killpg(self.id() as i32, libc::SIGKILL) };
            self.child.wait().ok();
        }
    }
}

/// Gives a program its input, and returns all that it prints; it must succeed.
pub fn talk(command: &Command, input: &[u8]) -> Vec<u8> {
    let mut process = Process::start(command);
    let mut pipe = process.input.take().expect("it is piped");
    let input = input.to_vec();
    // Written aside, since the program may print before it has read everything. A program that breaks off shows in its
    // status, which says more than the failed write.
    let writer = thread::spawn(move || pipe.write_all(&input).ok());
    let output = process.succeed();
    writer.join().expect("the writer does not panic");
    output
}

/// What a program prints, read by a thread of its own so that the wait for it can have an end.
pub struct Pipe {
    name: String,
    chunks: Receiver<Vec<u8>>,
    unread: Vec<u8>,
}

impl Pipe {
    fn new(name: String, mut from: impl Read + Send + 'static) -> Pipe {
        let (sender, chunks) = channel();
        thread::spawn(move || {
            let mut room = vec![0; 65536];
            while let Ok(count @ 1..) = from.read(&mut room) {
                if sender.send(room[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        Pipe { name, chunks, unread: Vec::new() }
    }

    /// Waits for more; false at the end.
    fn more(&mut self, deadline: Instant) -> bool {
        match self.chunks.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(chunk) => self.unread.extend(chunk),
            Err(RecvTimeoutError::Disconnected) => return false,
            Err(RecvTimeoutError::Timeout) => panic!("too long a wait for the {}", self.name),
        }
        true
    }

    /// The next line, without its end.
    pub fn line(&mut self) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(end) = self.unread.iter().position(|&byte| byte == b'\n') {
                let line = self.unread.drain(..=end).collect::<Vec<u8>>();
                return String::from_utf8(line[..end].to_vec()).expect("a line is text");
            }
            assert!(self.more(deadline), "no line in the {}: {:?}", self.name, String::from_utf8_lossy(&self.unread));
        }
    }

    /// The next bytes, at most so many: whatever is there, or at the end none.
    pub fn some(&mut self) -> Vec<u8> {
        if self.unread.is_empty() {
            self.more(Instant::now() + PATIENCE);
        }
        std::mem::take(&mut self.unread)
    }

    /// So many bytes.
    pub fn exactly(&mut self, count: usize) -> Vec<u8> {
        let deadline = Instant::now() + PATIENCE;
        while self.unread.len() < count {
            assert!(self.more(deadline), "the {} ended after {}", self.name, self.unread.len());
        }
        self.unread.drain(..count).collect()
    }

    /// Everything until the end.
    pub fn rest(&mut self) -> Vec<u8> {
        let deadline = Instant::now() + PATIENCE;
        while self.more(deadline) {}
        std::mem::take(&mut self.unread)
    }
}

/// A folder for UNIX sockets, whose paths must be short; it is removed with what is in it when this is dropped.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Folder {
        let path = std::env::temp_dir().join(unique("jackfield"));
        std::fs::create_dir(&path).expect("the folder for temporary files is writable");
        Folder(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

/// A name that no other test has.
pub fn unique(name: &str) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("{name}-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}
