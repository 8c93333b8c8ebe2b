//! Batches of datagrams, tested by C programs of tests/c, run without and with valgrind, and against Python's `socket`
//! module.

mod common;

use common::peers::{python, shared_library};
use common::{compile, expect_success};
use std::process::Command;

c_program_tests!(many_kinds, many_parts, many_runs, many_threads, many_whole,);

/// With each send mode that a kernel may support.
#[test]
fn a_million_datagrams_arrive_intact() {
    expect_success(Command::new(compile("many_whole")).arg("1000000"), 300);
}

#[test]
fn batches_are_exchanged_with_python() {
    let printed = expect_success(&mut python("tests/py/batches.py", &[&shared_library()]), 60);
    let families = ["ipv4", "ipv6"];
    let directions = ["to_python", "from_python", "coalesced_from_python"];
    let expected: Vec<_> = families
        .iter()
        .flat_map(|family| directions.iter().map(move |direction| format!("{family}_{direction}")))
        .collect();
    assert_eq!(printed.lines().collect::<Vec<_>>(), expected);
}
