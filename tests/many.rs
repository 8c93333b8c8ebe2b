//! Many datagrams at once: C programs of tests/c, each built, run by itself and run under valgrind; and Python's own sockets.

mod common;

use common::peers::{python, shared_library};
use common::{compile, succeed};
use std::process::Command;

programs!(many_kinds, many_parts, many_runs, many_threads, many_whole,);

/// In each of the ways that a system may send them.
#[test]
fn a_million_arrive_whole() {
    succeed(Command::new(compile("many_whole")).arg("1000000"), 300);
}

#[test]
fn python_receives_our_datagrams_and_we_its() {
    let printed = succeed(&mut python("tests/py/many.py", &[&shared_library()]), 60);
    let families = ["ipv4", "ipv6"];
    let ways = ["to_python", "from_python", "runs_from_python"];
    let expected: Vec<_> =
        families.iter().flat_map(|family| ways.iter().map(move |way| format!("{family}_{way}"))).collect();
    assert_eq!(printed.lines().collect::<Vec<_>>(), expected);
}
