//! Guarantees about the lookup threads, tested from C with a name server that answers when the test lets it. Each
//! program of tests/c is built, then run without and with valgrind.

mod common;

use common::{compile, compile_with, library, memcheck, run};
use std::path::Path;
use std::process::Command;

/// Asserts that a program succeeds and prints nothing, without and with memcheck.
fn check(program: &Path, arguments: &[&str]) {
    let mut checked = memcheck();
    checked.arg(program);
    for (mut command, slow) in [(Command::new(program), None), (checked, Some("slow"))] {
        let output = run(command.args(arguments).args(slow), 300);
        let printed = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(output.status.success(), "{command:?}: {}\n{printed}", output.status);
        assert_eq!(printed, "", "{command:?}");
    }
}

#[test]
fn lookup_threads_do_not_affect_the_program() {
    check(&compile("resolve_worker"), &[]);
}

#[test]
fn the_number_of_lookup_threads_is_limited() {
    check(&compile("resolve_many"), &[]);
}

#[test]
fn a_process_can_exit_during_a_lookup() {
    check(&compile("resolve_exit"), &[]);
}

#[test]
fn a_lookup_thread_survives_unloading_the_library() {
    let library = library().join("libjackfield.so");
    check(&compile_with("resolve_unload", &[]), &[library.to_str().expect("the path is UTF-8")]);
}
