//! The C ABI from C: each program of tests/c is built, run by itself and run under valgrind.

mod common;

use common::{compile, succeed};
use std::process::Command;

/// Runs a program of tests/c, then again under memcheck. A program checks itself, and is told by an argument when valgrind
/// makes everything slow.
fn check(name: &str) {
    let program = compile(name);
    succeed(&mut Command::new(&program), 120);
    let mut memcheck = Command::new("valgrind");
    memcheck.args(["--quiet", "--error-exitcode=99", "--leak-check=full", "--track-fds=no", "--fair-sched=yes"]);
    succeed(memcheck.arg(&program).arg("slow"), 300);
}

macro_rules! programs {
    ($($name:ident),* $(,)?) => {$(
        #[test]
        fn $name() {
            check(stringify!($name));
        }
    )*};
}

programs!(life);
