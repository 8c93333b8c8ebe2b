//! The chat, as c-examples/chat.c has it over a poller. What happens in the terminals is in tests/py/chat.py.

mod common;

use common::peers::{examples, python};
use common::{scratch, succeed};

/// Runs a part of the script, with programs that are started by these words.
fn play(part: &[&str], launcher: &[&str]) -> String {
    let chat = examples().join("chat");
    let mut command = python("tests/py/chat.py", part);
    command.arg("--").args(launcher).arg(chat);
    succeed(&mut command, 170)
}

const TCP: &str = "tcp://127.0.0.1:0";
const TCP6: &str = "tcp://[::1]:0";
/// The script makes the folder.
const PATH: &str = "unix://FOLDER/socket";

#[test]
fn names_rooms_and_ends() {
    for endpoint in [TCP, TCP6, PATH] {
        play(&["talk", endpoint], &[]);
    }
}

#[test]
fn hostile_clients() {
    play(&["hostile", TCP], &[]);
}

#[test]
fn no_place_and_no_descriptor() {
    for what in ["places", "descriptors"] {
        play(&["full", TCP, what], &[]);
    }
}

/// Some of them do not read. The time is what they type in, not what it takes.
#[test]
fn a_crowd() {
    print!("{}", play(&["crowd", TCP, "20"], &[]));
}

#[test]
fn under_memcheck() {
    // What it finds shows in the status; what it says would come between the lines.
    let log = format!("--log-file={}", scratch().join("chat-%p").display());
    let memcheck = ["valgrind", "--quiet", "--error-exitcode=99", "--leak-check=full", &log];
    play(&["talk", TCP], &memcheck);
    play(&["hostile", TCP], &memcheck);
}
