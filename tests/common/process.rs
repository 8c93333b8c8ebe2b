//! Child processes of a test. Their output is read with a time limit, and they end with the test that started them.

use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

/// How long a test waits for a program, and the longest time that a program runs.
pub const TIMEOUT: Duration = Duration::from_secs(120);

/// A running program. On drop, the program and all processes that it started are killed.
pub struct Process {
    child: Child,
    ended: bool,
    pub input: Option<ChildStdin>,
    pub output: Pipe,
    pub errors: Pipe,
}

impl Process {
    /// Starts a program under `timeout(1)`, so that it ends even if the test is killed.
    pub fn start(command: &Command) -> Process {
        let mut limited = Command::new("timeout");
        limited
            .arg("--kill-after=5")
            .arg(TIMEOUT.as_secs().to_string())
            .arg(command.get_program())
            .args(command.get_args());
        Process::start_directly(&mut limited)
    }

    /// Starts a program without `timeout(1)`, for a test that sends signals to it.
    pub fn start_directly(command: &mut Command) -> Process {
        let name = format!("{command:?}");
        // A shell makes its background jobs ignore SIGINT, and their children inherit that.
        let restore_sigint = || {
            // SAFETY: signal is async-signal-safe, so it may run between fork and exec.
            unsafe { libc::signal(libc::SIGINT, libc::SIG_DFL) };
            Ok(())
        };
        // SAFETY: only the call above runs between fork and exec.
        unsafe { command.pre_exec(restore_sigint) };
        // A separate process group lets `drop` kill the program's children as well.
        let mut child = command
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let input = child.stdin.take();
        let output = Pipe::new(format!("output of {name}"), child.stdout.take().expect("the stream is piped"));
        let errors = Pipe::new(format!("errors of {name}"), child.stderr.take().expect("the stream is piped"));
        Process { child, ended: false, input, output, errors }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal to the program.
    pub fn signal(&self, signal: i32) {
        // SAFETY: no memory is involved. The child has not been waited for, so its ID has not been reused.
        let result = unsafe { libc::kill(self.id() as i32, signal) };
        assert_eq!(result, 0, "the process can be signalled");
    }

    /// Closes the program's input, reads its remaining output and waits for its exit.
    pub fn wait_for_exit(&mut self) -> (ExitStatus, Vec<u8>) {
        self.input = None;
        let rest = self.output.read_to_end();
        let status = self.child.wait().expect("the process is a child");
        self.ended = true;
        (status, rest)
    }

    /// As `wait_for_exit`, and asserts that the exit status is success. Returns the remaining output.
    pub fn expect_success(&mut self) -> Vec<u8> {
        let (status, rest) = self.wait_for_exit();
        let errors = String::from_utf8_lossy(&self.errors.read_to_end()).into_owned();
        assert!(status.success(), "{}: {status}\n{errors}", self.output.name);
        rest
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if !self.ended {
            // SAFETY: no memory is involved. The group leader has not been waited for, so the ID has not been reused.
            unsafe { libc::killpg(self.id() as i32, libc::SIGKILL) };
            self.child.wait().ok();
        }
    }
}

/// Runs a program with this input, and returns its output. The program must succeed.
pub fn run_with_input(command: &Command, input: &[u8]) -> Vec<u8> {
    let mut process = Process::start(command);
    let mut pipe = process.input.take().expect("the stream is piped");
    let input = input.to_vec();
    // Written by a separate thread, because the program may print before it has read all input. If the program exits
    // early, its status is reported rather than the failed write.
    let writer = thread::spawn(move || pipe.write_all(&input).ok());
    let output = process.expect_success();
    writer.join().expect("the writer does not panic");
    output
}

/// The output of a program. A separate thread reads it, so that waiting for it can time out.
pub struct Pipe {
    name: String,
    chunks: Receiver<Vec<u8>>,
    unread: Vec<u8>,
}

impl Pipe {
    fn new(name: String, mut from: impl Read + Send + 'static) -> Pipe {
        let (sender, chunks) = channel();
        thread::spawn(move || {
            let mut buffer = vec![0; 65536];
            while let Ok(count @ 1..) = from.read(&mut buffer) {
                if sender.send(buffer[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        Pipe { name, chunks, unread: Vec::new() }
    }

    /// Waits for more bytes. Returns false at the end of the output.
    fn read_more(&mut self, deadline: Instant) -> bool {
        match self.chunks.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(chunk) => self.unread.extend(chunk),
            Err(RecvTimeoutError::Disconnected) => return false,
            Err(RecvTimeoutError::Timeout) => panic!("timeout while reading the {}", self.name),
        }
        true
    }

    /// The next line, without its line feed.
    pub fn read_line(&mut self) -> String {
        let deadline = Instant::now() + TIMEOUT;
        loop {
            if let Some(end) = self.unread.iter().position(|&byte| byte == b'\n') {
                let line = self.unread.drain(..=end).collect::<Vec<u8>>();
                return String::from_utf8(line[..end].to_vec()).expect("the line is UTF-8");
            }
            assert!(
                self.read_more(deadline),
                "no line in the {}: {:?}",
                self.name,
                String::from_utf8_lossy(&self.unread)
            );
        }
    }

    /// The bytes that are available, after waiting for the first. Empty at the end of the output.
    pub fn next_chunk(&mut self) -> Vec<u8> {
        if self.unread.is_empty() {
            self.read_more(Instant::now() + TIMEOUT);
        }
        std::mem::take(&mut self.unread)
    }

    /// Exactly `count` bytes.
    pub fn read_exact(&mut self, count: usize) -> Vec<u8> {
        let deadline = Instant::now() + TIMEOUT;
        while self.unread.len() < count {
            assert!(self.read_more(deadline), "the {} ended after {} bytes", self.name, self.unread.len());
        }
        self.unread.drain(..count).collect()
    }

    /// All bytes up to the end of the output.
    pub fn read_to_end(&mut self) -> Vec<u8> {
        let deadline = Instant::now() + TIMEOUT;
        while self.read_more(deadline) {}
        std::mem::take(&mut self.unread)
    }
}

/// A temporary folder, removed with its contents on drop. Its path is short enough for UNIX sockets.
pub struct TempDir(PathBuf);

impl TempDir {
    pub fn new() -> TempDir {
        let path = std::env::temp_dir().join(unique("jackfield"));
        std::fs::create_dir(&path).expect("the folder for temporary files is writable");
        TempDir(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

/// A name that is unique among all tests.
pub fn unique(name: &str) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("{name}-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}
