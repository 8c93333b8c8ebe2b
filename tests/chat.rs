//! The chat server and client of c-examples/chat.c. tests/py/chat.py runs them in terminals.

mod common;

use common::peers::{examples, python};
use common::{expect_success, scratch};
use jackfield::Error;

/// Runs a part of the script. `launcher` is the command that starts the programs, such as valgrind.
fn run_script(part: &[&str], launcher: &[&str]) -> String {
    let chat = examples().join("chat");
    let mut command = python("tests/py/chat.py", part);
    command.arg("--").args(launcher).arg(chat);
    command.env("CONN_RESET", Error::CONN_RESET.text()).env("CONN_REFUSED", Error::CONN_REFUSED.text());
    expect_success(&mut command, 170)
}

const TCP: &str = "tcp://127.0.0.1:0";
const TCP6: &str = "tcp://[::1]:0";
/// The script replaces FOLDER by a temporary folder.
const PATH: &str = "unix://FOLDER/socket";

#[test]
fn clients_set_names_change_rooms_and_leave() {
    for endpoint in [TCP, TCP6, PATH] {
        run_script(&["talk", endpoint], &[]);
    }
}

#[test]
fn hostile_clients_do_no_harm() {
    run_script(&["hostile", TCP], &[]);
}

#[test]
fn clients_beyond_the_limit_wait() {
    for limit in ["places", "descriptors"] {
        run_script(&["full", TCP, limit], &[]);
    }
}

/// Some clients do not read. The clients type for 20 s; the test takes longer.
#[test]
fn fifty_clients_chat_at_once() {
    print!("{}", run_script(&["crowd", TCP, "20"], &[]));
}

#[test]
fn memcheck_finds_no_error() {
    // Valgrind's errors set the exit status. Its messages go to a file, because they would disturb the terminal.
    let log = format!("--log-file={}", scratch().join("chat-%p").display());
    let memcheck = ["valgrind", "--quiet", "--error-exitcode=99", "--leak-check=full", &log];
    run_script(&["talk", TCP], &memcheck);
    run_script(&["hostile", TCP], &memcheck);
}
