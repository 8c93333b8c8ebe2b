//! A call is one system call, whether it waits or not and whether it may wait for ever or not.

mod common;

use common::{compile, scratch, succeed};
use std::collections::BTreeMap;
use std::process::Command;

/// The system calls between each two marks, by name.
fn traced() -> Vec<BTreeMap<String, usize>> {
    let program = compile("one_call");
    let trace = scratch().join("one_call.trace");
    succeed(Command::new("strace").arg("-o").arg(&trace).arg(&program), 60);
    let trace = std::fs::read_to_string(&trace).expect("strace wrote it");
    let mut rows = Vec::new();
    let mut open: Option<BTreeMap<String, usize>> = None;
    for line in trace.lines() {
        // A child that ends in between is told of, and is no call.
        let Some((name, _)) = line.split_once('(').filter(|_| !line.starts_with("---")) else { continue };
        if name == "getppid" {
            match open.take() {
                None => open = Some(BTreeMap::new()),
                Some(row) => rows.push(row),
            }
        } else if let Some(row) = &mut open {
            *row.entry(name.to_owned()).or_default() += 1;
        }
    }
    rows
}

#[test]
fn a_call_is_one_system_call() {
    let row = |calls: &[(&str, usize)]| calls.iter().map(|&(name, count)| (name.to_owned(), count)).collect();
    let conversation: BTreeMap<_, _> = row(&[("sendto", 200), ("recvfrom", 200)]);
    let datagrams: BTreeMap<_, _> = row(&[("sendto", 200), ("recvfrom", 400)]);
    // Sending a file has two more about SIGPIPE, and with a timeout two about the descriptor's mode.
    let files = row(&[("rt_sigprocmask", 400), ("sendfile", 200), ("recvfrom", 200)]);
    let timed_files = row(&[("rt_sigprocmask", 400), ("ioctl", 400), ("sendfile", 200), ("recvfrom", 200)]);
    let waits: BTreeMap<_, _> = row(&[("ppoll", 200)]);
    let (mut expected, mut three) =
        (vec![conversation.clone(), conversation, datagrams.clone(), datagrams], vec![waits; 3]);
    expected.extend([files, timed_files]);
    expected.append(&mut three);
    let messages = row(&[("sendmsg", 200), ("recvmsg", 400)]);
    expected.extend([messages.clone(), messages, row(&[("sendmsg", 200)])]);
    let pollers = row(&[("epoll_ctl", 600), ("epoll_pwait2", 600), ("write", 200)]);
    let polled: BTreeMap<_, _> = row(&[("sendto", 200), ("epoll_pwait2", 200), ("recvfrom", 200)]);
    expected.extend([pollers.clone(), pollers.clone(), pollers, polled.clone(), polled]);
    let runs = row(&[("sendmsg", 200), ("recvmsg", 400)]);
    let many: BTreeMap<_, _> = row(&[("sendmmsg", 200), ("recvmmsg", 200), ("sendto", 200), ("recvmsg", 200)]);
    expected.extend([runs.clone(), many.clone(), runs, many]);
    assert_eq!(traced(), expected);
}
