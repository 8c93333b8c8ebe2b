//! Messages to and from Python's own sockets: every kind of control data that both sides know.

mod common;

use common::peers::{python, shared_library};
use common::succeed;

#[test]
fn python_understands_our_messages_and_we_its() {
    let printed = succeed(&mut python("tests/py/messages.py", &[&shared_library()]), 60);
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
