//! What the tests of the C ABI share: the library, and how programs are built and run against it.
#![allow(dead_code, reason = "each test binary uses a part of this")]

pub mod dns;
pub mod names;
pub mod netns;
pub mod peers;
pub mod process;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{LazyLock, OnceLock};

/// The checkout.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The folder with libjackfield.so and libjackfield.a, as `make lib` leaves it now; another one when JACKFIELD_POLLER says in
/// which way its poller is to work.
pub fn library() -> &'static Path {
    static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
        // The variables are this build's; the library has its own.
        let output = Command::new("make").args(["lib"]).current_dir(root()).env_remove("RUSTFLAGS").output();
        let output = output.expect("make runs");
        assert!(output.status.success(), "make lib: {}", String::from_utf8_lossy(&output.stderr));
        match std::env::var("JACKFIELD_POLLER") {
            Ok(way) => root().join(format!("target/poller-{way}/release")),
            Err(_) => root().join("target/release"),
        }
    });
    &FOLDER
}

/// A folder for this run's files.
pub fn scratch() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("run-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("the build folder is writable");
        folder
    })
}

/// Builds a C program of tests/c and returns its path.
pub fn compile(name: &str) -> PathBuf {
    let folder = library().display();
    compile_with(name, &[&format!("-L{folder}"), "-ljackfield", &format!("-Wl,-rpath,{folder}")])
}

/// Builds one with these arguments after its name, or without the library when there are none.
pub fn compile_with(name: &str, arguments: &[&str]) -> PathBuf {
    let program = scratch().join(name);
    let mut cc = Command::new(std::env::var("CC").unwrap_or_else(|_| "cc".into()));
    cc.args(["-std=c11", "-D_GNU_SOURCE", "-O1", "-g", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-pthread", "-I"])
        .arg(root().join("include"))
        .arg(root().join("tests/c").join(name).with_extension("c"))
        .arg("-o")
        .arg(&program)
        .args(arguments);
    succeed(&mut cc, 120);
    program
}

/// Runs a program of tests/c, then again under memcheck. A program checks itself, and is told by an argument when valgrind
/// makes everything slow.
pub fn check(name: &str) {
    let program = compile(name);
    succeed(&mut Command::new(&program), 120);
    succeed(memcheck().arg(&program).arg("slow"), 300);
}

/// Memcheck, to which a program is to be added.
pub fn memcheck() -> Command {
    let mut memcheck = Command::new("valgrind");
    memcheck.args(["--quiet", "--error-exitcode=99", "--leak-check=full", "--track-fds=no", "--fair-sched=yes"]);
    memcheck.arg(format!("--suppressions={}", root().join("tests/c/valgrind.supp").display()));
    memcheck
}

/// One test for each program of tests/c that is named.
#[macro_export]
macro_rules! programs {
    ($($name:ident),* $(,)?) => {$(
        #[test]
        fn $name() {
            common::check(stringify!($name));
        }
    )*};
}

/// Runs a command that must succeed within some seconds, and returns what it printed.
pub fn succeed(command: &mut Command, seconds: u32) -> String {
    let output = run(command, seconds);
    assert!(
        output.status.success(),
        "{command:?}: {}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("what it printed is text")
}

/// Runs a command, and ends it after some seconds (its exit status is 124 then).
pub fn run(command: &Command, seconds: u32) -> Output {
    let mut limited = Command::new("timeout");
    // A make that is started here is not part of the one that runs the tests.
    for name in ["MAKEFLAGS", "MAKELEVEL", "MFLAGS"] {
        limited.env_remove(name);
    }
    limited.arg("--kill-after=5").arg(seconds.to_string()).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => limited.env(name, value),
            None => limited.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        limited.current_dir(folder);
    }
    limited.output().expect("timeout runs")
}
