//! A poller in other event loops: asyncio, and Python's poll and epoll; one that runs short of descriptors; and one under load.

mod common;

use common::peers::{program, python, shared_library};
use common::process::Process;
use common::{compile, succeed};
use std::process::Command;

#[test]
fn other_loops_wait_for_it() {
    let printed = succeed(&mut python("tests/py/poller.py", &[&shared_library()]), 120);
    assert_eq!(
        printed.lines().collect::<Vec<_>>(),
        ["in_asyncio_by_level", "in_asyncio_by_edge", "in_poll", "in_epoll"]
    );
}

/// Without valgrind, which takes a connection first and then finds that there is no descriptor for it.
#[test]
fn listeners_rest() {
    succeed(&mut Command::new(compile("poller_rest")), 120);
}

/// wrk reports what went wrong in lines of their own.
#[test]
fn a_load_generator_finds_no_fault() {
    let mut server = Process::start(Command::new(compile("http_many")).arg("tcp://127.0.0.1:0"));
    let url = format!("http://{}/", server.output.line());
    let report =
        succeed(&mut program("wrk", &["--threads", "2", "--connections", "50", "--duration", "10s", &url]), 60);
    assert!(!report.contains("Socket errors") && !report.contains("Non-2xx"), "{report}");
    let count = report.lines().find_map(|line| line.trim().split_once(" requests in ")).expect("it tells how many");
    assert!(count.0.parse::<u64>().expect("it is a number") > 0, "{report}");
    server.succeed();
}
