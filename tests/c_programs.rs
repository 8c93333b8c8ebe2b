//! The C API, tested from C: each program of tests/c is built, then run without and with valgrind.

mod common;

use std::collections::HashSet;

c_program_tests!(
    accepted,
    datagram,
    datagram_peers,
    descriptors,
    dial_itself,
    error_texts,
    families,
    inherited,
    interfaces,
    life,
    message,
    message_credentials,
    message_errors,
    message_ip,
    message_limits,
    message_other,
    message_passing,
    message_waits,
    misuse_addresses,
    misuse_arguments,
    misuse_dial,
    misuse_endpoints,
    misuse_handles,
    misuse_many,
    misuse_message,
    misuse_message_values,
    misuse_names,
    misuse_options,
    misuse_order,
    misuse_pointers,
    misuse_poller,
    misuse_serve,
    misuse_sockets,
    multicast,
    no_alloc,
    options,
    options_effect,
    options_special,
    options_text,
    options_traffic,
    poller,
    poller_fds,
    poller_leave,
    poller_wait,
    send_file,
    send_file_beside,
    send_file_reset,
    send_file_signals,
    serve,
    serve_turns,
    serve_unix,
    stream,
    stream_special,
    stream_waits,
    tcp_info,
    wait,
    wait_woken,
);

/// A new function needs a test of its behaviour on misuse.
#[test]
fn every_function_has_a_misuse_test() {
    let folder = common::root().join("tests/c");
    let sources: String = std::fs::read_dir(&folder)
        .expect("the folder is there")
        .map(|entry| entry.expect("the folder can be listed").path())
        .filter(|path| {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            name.starts_with("misuse_") && name.ends_with(".c")
        })
        .map(|path| std::fs::read_to_string(path).expect("the source is UTF-8"))
        .collect();
    // Compares whole identifiers: a function's name may be part of another function's name.
    let used: HashSet<&str> = sources.split(|char: char| !char.is_ascii_alphanumeric() && char != '_').collect();
    let symbols = std::fs::read_to_string(common::root().join("abi/symbols.txt")).expect("the list is there");
    let missing: Vec<&str> = symbols.lines().filter(|symbol| !used.contains(symbol)).collect();
    assert!(symbols.lines().count() > 0);
    assert!(missing.is_empty(), "tests/c/misuse_*.c have no test of {missing:?}");
}
