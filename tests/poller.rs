//! A poller in other event loops: asyncio, and Python's poll and epoll.

mod common;

use common::peers::{python, shared_library};
use common::succeed;

#[test]
fn other_loops_wait_for_it() {
    let printed = succeed(&mut python("tests/py/poller.py", &[&shared_library()]), 120);
    assert_eq!(
        printed.lines().collect::<Vec<_>>(),
        ["in_asyncio_by_level", "in_asyncio_by_edge", "in_poll", "in_epoll"]
    );
}
