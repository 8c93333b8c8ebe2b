//! Socket options: each makes the expected system call, and each has a test.

mod common;

use common::{compile, expect_success, root, scratch};
use std::collections::BTreeSet;
use std::process::Command;

/// The arguments of a setsockopt call as strace shows them: level, name, and the value with its length. For getsockopt,
/// the value is "read".
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct OptionCall {
    level: String,
    name: String,
    value: String,
}

/// The option calls in each section of the trace. A call of getppid starts and ends a section.
fn traced_sections(trace: &str) -> Vec<BTreeSet<OptionCall>> {
    let mut all = Vec::new();
    let mut open: Option<BTreeSet<OptionCall>> = None;
    for line in trace.lines() {
        if line.starts_with("getppid(") {
            match open.take() {
                None => open = Some(BTreeSet::new()),
                Some(calls) => all.push(calls),
            }
        } else if let (Some(calls), Some((call, arguments))) = (&mut open, line.split_once('(')) {
            let (arguments, result) = arguments.rsplit_once(')').expect("the call is complete");
            let mut parts = arguments.splitn(4, ", ").skip(1).map(str::to_owned);
            let mut next = || parts.next().expect("the call has five arguments");
            let (level, name) = (next(), next());
            let value = match call {
                "setsockopt" => {
                    assert!(result.trim() == "= 0", "{line}");
                    next()
                }
                "getsockopt" => "read".to_owned(),
                _ => panic!("{line}: unexpected call"),
            };
            assert!(calls.insert(OptionCall { level, name, value }), "duplicate: {line}");
        }
    }
    assert!(open.is_none(), "getppid is called in pairs");
    all
}

/// The option calls that a line of the program's output expects, and the number of each option name.
fn expected_calls(line: &str) -> (BTreeSet<OptionCall>, Vec<(String, String)>) {
    let fields: Vec<&str> = line.split('|').skip(1).collect();
    assert!(fields.len() % 4 == 0, "{line}");
    let groups = fields.chunks(4);
    let calls =
        groups.clone().map(|call| OptionCall { level: call[0].into(), name: call[1].into(), value: call[3].into() });
    (calls.collect(), groups.map(|call| (call[1].into(), call[2].into())).collect())
}

#[test]
fn each_option_makes_the_expected_system_call() {
    let program = compile("options_traced");
    let trace = scratch().join("options.trace");
    let mut strace = Command::new("strace");
    strace.args(["-xx", "-e", "trace=setsockopt,getsockopt,getppid", "-o"]).arg(&trace).arg(&program);
    let printed = expect_success(&mut strace, 120);
    let seen = traced_sections(&std::fs::read_to_string(&trace).expect("strace wrote it"));
    assert_eq!(seen.len(), printed.lines().count());
    assert!(seen.len() > 1000, "only {} option calls", seen.len());
    for (line, seen) in printed.lines().zip(seen) {
        let (wanted, names) = expected_calls(line);
        // UDP and UDP-Lite have separate options with the same purpose. For those the library first reads the protocol,
        // because the family and the type do not determine it.
        let option = line.split('|').next().expect("split yields at least one item");
        let reads_protocol = ["SEGMENT_SIZE", "GRO"].contains(&option) || option.starts_with("UDP_LITE");
        let seen = seen.into_iter().filter(|call| !(reads_protocol && call.name == "SO_PROTOCOL"));
        // strace prints a name that it does not know as a number, which a comment may follow. It adds _OLD to options
        // that have a newer variant with 64-bit time. _ORIGDSTADDR has the same number as _RECVORIGDSTADDR.
        let named = seen.map(|mut call| {
            call.name = call.name.trim_end_matches("_OLD").replace("_ORIGDSTADDR", "_RECVORIGDSTADDR");
            let number = call.name.split(' ').next().and_then(|word| match word.strip_prefix("0x") {
                Some(digits) => i32::from_str_radix(digits, 16).ok(),
                None => word.parse().ok(),
            });
            let known = number.and_then(|number| names.iter().find(|name| name.1 == number.to_string()));
            if let Some((name, _)) = known {
                call.name.clone_from(name);
            }
            call
        });
        assert_eq!(named.collect::<BTreeSet<_>>(), wanted, "{line}");
    }
}

/// A new option needs a row in the table.
#[test]
fn every_option_has_a_row_in_the_table() {
    let read = |name: &str| std::fs::read_to_string(root().join(name)).expect("the file is there");
    let (header, table) = (read("include/jackfield.h"), read("tests/c/option_table.h"));
    let mut options = 0;
    for line in header.lines() {
        let Some((name, number)) = line.trim().strip_prefix("JF_OPT_").and_then(|line| line.split_once(" = ")) else {
            continue;
        };
        let number = number.trim_end_matches(',');
        let rows = table.matches(&format!("({number}, {name}, ")).count();
        assert_eq!(rows, 1, "tests/c/option_table.h has {rows} rows for JF_OPT_{name} = {number}");
        options += 1;
    }
    assert!(options >= 99);
}
