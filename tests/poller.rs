//! A poller in other event loops: asyncio, and Python's poll and epoll; and one that runs short of descriptors.

mod common;

use common::peers::{python, shared_library};
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
