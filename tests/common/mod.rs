//! Shared by the tests: builds the library and C programs, and runs programs with a time limit.
#![allow(dead_code, reason = "each test binary uses a part of this")]

pub mod dns;
pub mod names_tool;
pub mod netns;
pub mod peers;
pub mod process;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{LazyLock, OnceLock};

/// The root of the source tree.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The folder with an up-to-date libjackfield.so and libjackfield.a, built by `make lib`. If JACKFIELD_POLLER names a
/// poller backend, this is the folder of the build with that backend.
pub fn library() -> &'static Path {
    static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
        // RUSTFLAGS is for the build of the tests; the library has separate flags.
        let output = Command::new("make").args(["lib"]).current_dir(root()).env_remove("RUSTFLAGS").output();
        let output = output.expect("make runs");
        assert!(output.status.success(), "make lib: {}", String::from_utf8_lossy(&output.stderr));
        match std::env::var("JACKFIELD_POLLER") {
            Ok(backend) => root().join(format!("target/poller-{backend}/release")),
            Err(_) => root().join("target/release"),
        }
    });
    &FOLDER
}

/// A folder for the files of this test run.
pub fn scratch() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("run-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("the build folder is writable");
        folder
    })
}

/// Builds a C program of tests/c against the shared library, and returns the program's path.
pub fn compile(name: &str) -> PathBuf {
    let folder = library().display();
    compile_with(name, &[&format!("-L{folder}"), "-ljackfield", &format!("-Wl,-rpath,{folder}")])
}

/// Builds a C program of tests/c with linker arguments. Without arguments, the library is not linked.
pub fn compile_with(name: &str, arguments: &[&str]) -> PathBuf {
    let program = scratch().join(name);
    let mut cc = Command::new(std::env::var("CC").unwrap_or_else(|_| "cc".into()));
    cc.args(["-std=c11", "-D_GNU_SOURCE", "-O1", "-g", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-pthread", "-I"])
        .arg(root().join("include"))
        .arg(root().join("tests/c").join(name).with_extension("c"))
        .arg("-o")
        .arg(&program)
        .args(arguments);
    expect_success(&mut cc, 120);
    program
}

/// Runs a self-checking program of tests/c, then again under memcheck. The argument `slow` makes the program allow for
/// valgrind's slowness.
pub fn check_program(name: &str) {
    let program = compile(name);
    expect_success(&mut Command::new(&program), 120);
    expect_success(memcheck().arg(&program).arg("slow"), 300);
}

/// A valgrind memcheck command; the caller adds the program to run.
pub fn memcheck() -> Command {
    let mut memcheck = Command::new("valgrind");
    memcheck.args(["--quiet", "--error-exitcode=99", "--leak-check=full", "--track-fds=no", "--fair-sched=yes"]);
    memcheck.arg(format!("--suppressions={}", root().join("tests/c/valgrind.supp").display()));
    memcheck
}

/// Defines one test for each named program of tests/c.
#[macro_export]
macro_rules! c_program_tests {
    ($($name:ident),* $(,)?) => {$(
        #[test]
        fn $name() {
            common::check_program(stringify!($name));
        }
    )*};
}

/// Runs a command that must succeed within a time limit in seconds, and returns its output.
pub fn expect_success(command: &mut Command, seconds: u32) -> String {
    let output = run(command, seconds);
    assert!(
        output.status.success(),
        "{command:?}: {}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("the output is UTF-8")
}

/// Runs a command with a time limit in seconds. If the limit expires, the command is terminated and the exit status is
/// 124.
pub fn run(command: &Command, seconds: u32) -> Output {
    let mut limited = Command::new("timeout");
    // A make started here must not act as part of the make that runs the tests.
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
