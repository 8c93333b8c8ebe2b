//! Messages exchanged with Python's `socket` module: every kind of control message that both sides support.

mod common;

use common::expect_success;
use common::peers::{python, shared_library};

#[test]
fn messages_are_exchanged_with_python() {
    let printed = expect_success(&mut python("tests/py/messages.py", &[&shared_library()]), 60);
    let expected = [
        "descriptors_to_python",
        "descriptors_from_python",
        "credentials_to_python",
        "credentials_from_python",
        "packets_to_python",
        "packets_from_python",
        "segments_to_python",
        "segments_from_python",
    ];
    assert_eq!(printed.lines().collect::<Vec<_>>(), expected);
}
