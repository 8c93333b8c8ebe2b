//! What is promised of the threads that look names up, from C, with a name server that answers when the test says so: each
//! program of tests/c is built, run by itself and run under valgrind.

mod common;

use common::{compile, compile_with, library, memcheck, run};
use std::path::Path;
use std::process::Command;

/// The program succeeds and prints nothing, by itself and under memcheck.
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
fn it_is_nobody_elses_business() {
    check(&compile("resolve_worker"), &[]);
}

#[test]
fn there_are_only_so_many() {
    check(&compile("resolve_many"), &[]);
}

#[test]
fn a_process_ends_before_it() {
    check(&compile("resolve_exit"), &[]);
}

#[test]
fn it_goes_on_in_a_library_that_is_unloaded() {
    let library = library().join("libjackfield.so");
    check(&compile_with("resolve_unload", &[]), &[library.to_str().expect("the checkout's path is text")]);
}
