//! A call makes one system call, whether or not it has to wait, and with or without a timeout.

mod common;

use common::{compile, expect_success, scratch};
use std::collections::BTreeMap;
use std::process::Command;

/// The number of system calls by name, for each section of the program. A call of getppid starts and ends a section.
fn traced_sections() -> Vec<BTreeMap<String, usize>> {
    let program = compile("one_call");
    let trace = scratch().join("one_call.trace");
    expect_success(Command::new("strace").arg("-o").arg(&trace).arg(&program), 60);
    let trace = std::fs::read_to_string(&trace).expect("strace wrote it");
    let mut sections = Vec::new();
    let mut open: Option<BTreeMap<String, usize>> = None;
    for line in trace.lines() {
        // Lines that begin with --- report a signal, such as SIGCHLD.
        let Some((name, _)) = line.split_once('(').filter(|_| !line.starts_with("---")) else { continue };
        if name == "getppid" {
            match open.take() {
                None => open = Some(BTreeMap::new()),
                Some(section) => sections.push(section),
            }
        } else if let Some(section) = &mut open {
            *section.entry(name.to_owned()).or_default() += 1;
        }
    }
    sections
}

#[test]
fn a_call_makes_one_system_call() {
    let row = |calls: &[(&str, usize)]| calls.iter().map(|&(name, count)| (name.to_owned(), count)).collect();
    let stream: BTreeMap<_, _> = row(&[("sendto", 200), ("recvfrom", 200)]);
    let datagrams: BTreeMap<_, _> = row(&[("sendto", 200), ("recvfrom", 400)]);
    // Sending a file takes two more calls to block SIGPIPE, and with a timeout two more to change the descriptor's
    // mode.
    let files = row(&[("rt_sigprocmask", 400), ("sendfile", 200), ("recvfrom", 200)]);
    let timed_files = row(&[("rt_sigprocmask", 400), ("ioctl", 400), ("sendfile", 200), ("recvfrom", 200)]);
    let waits: BTreeMap<_, _> = row(&[("ppoll", 200)]);
    let (mut expected, mut three_waits) = (vec![stream.clone(), stream, datagrams.clone(), datagrams], vec![waits; 3]);
    expected.extend([files, timed_files]);
    expected.append(&mut three_waits);
    let messages = row(&[("sendmsg", 200), ("recvmsg", 400)]);
    expected.extend([messages.clone(), messages, row(&[("sendmsg", 200)])]);
    let poller_calls = row(&[("epoll_ctl", 600), ("epoll_pwait2", 600), ("write", 200)]);
    let polled_io: BTreeMap<_, _> = row(&[("sendto", 200), ("epoll_pwait2", 200), ("recvfrom", 200)]);
    expected.extend([poller_calls.clone(), poller_calls.clone(), poller_calls, polled_io.clone(), polled_io]);
    let segmented = row(&[("sendmsg", 200), ("recvmsg", 400)]);
    let separate: BTreeMap<_, _> = row(&[("sendmmsg", 200), ("recvmmsg", 200), ("sendto", 200), ("recvmsg", 200)]);
    expected.extend([segmented.clone(), separate.clone(), segmented, separate]);
    assert_eq!(traced_sections(), expected);
}
