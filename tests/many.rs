//! Many datagrams at once, from C: each program of tests/c is built, run by itself and run under valgrind.

mod common;

use common::{compile, succeed};
use std::process::Command;

programs!(many_parts, many_runs, many_whole,);

/// In each of the ways that a system may send them.
#[test]
fn a_million_arrive_whole() {
    succeed(Command::new(compile("many_whole")).arg("1000000"), 300);
}
