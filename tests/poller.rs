//! A poller nested in other event loops (asyncio, and Python's poll and epoll), under fd exhaustion, and under load.

mod common;

use common::peers::{program, python, shared_library};
use common::process::Process;
use common::{compile, expect_success};
use std::process::Command;

#[test]
fn other_event_loops_wait_for_a_poller() {
    let printed = expect_success(&mut python("tests/py/poller.py", &[&shared_library()]), 120);
    assert_eq!(
        printed.lines().collect::<Vec<_>>(),
        ["in_asyncio_level_triggered", "in_asyncio_edge_triggered", "in_poll", "in_epoll"]
    );
}

/// Runs without valgrind, which accepts a connection before it detects that no descriptor is free.
#[test]
fn accept_backoff() {
    expect_success(&mut Command::new(compile("poller_accept_backoff")), 120);
}

/// wrk reports errors in separate lines.
#[test]
fn a_load_generator_reports_no_errors() {
    let mut server = Process::start(Command::new(compile("http_many")).arg("tcp://127.0.0.1:0"));
    let url = format!("http://{}/", server.output.read_line());
    let report =
        expect_success(&mut program("wrk", &["--threads", "2", "--connections", "50", "--duration", "10s", &url]), 60);
    assert!(!report.contains("Socket errors") && !report.contains("Non-2xx"), "{report}");
    let count = report
        .lines()
        .find_map(|line| line.trim().split_once(" requests in "))
        .expect("wrk reports the number of requests");
    assert!(count.0.parse::<u64>().expect("the count is a number") > 0, "{report}");
    server.expect_success();
}
