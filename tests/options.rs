//! Options: that what is asked for is what the system is asked, and that no option goes untested.

mod common;

use common::{compile, root, scratch, succeed};
use std::collections::BTreeSet;
use std::process::Command;

/// What a call of setsockopt is: level, name, and the value with its length, as strace shows them. Of getsockopt the
/// value is "read".
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Setting {
    level: String,
    name: String,
    value: String,
}

/// The settings between each two marks.
fn traced(trace: &str) -> Vec<BTreeSet<Setting>> {
    let mut all = Vec::new();
    let mut open: Option<BTreeSet<Setting>> = None;
    for line in trace.lines() {
        if line.starts_with("getppid(") {
            match open.take() {
                None => open = Some(BTreeSet::new()),
                Some(settings) => all.push(settings),
            }
        } else if let (Some(settings), Some((call, arguments))) = (&mut open, line.split_once('(')) {
            let (arguments, result) = arguments.rsplit_once(')').expect("a call ends");
            let mut parts = arguments.splitn(4, ", ").skip(1).map(str::to_owned);
            let mut next = || parts.next().expect("it has five arguments");
            let (level, name) = (next(), next());
            let value = match call {
                "setsockopt" => {
                    assert!(result.trim() == "= 0", "{line}");
                    next()
                }
                "getsockopt" => "read".to_owned(),
                _ => panic!("{line}: it was not asked for"),
            };
            assert!(settings.insert(Setting { level, name, value }), "twice: {line}");
        }
    }
    assert!(open.is_none(), "the marks come in pairs");
    all
}

/// What the program says that there must be, in a line.
fn expected(line: &str) -> (BTreeSet<Setting>, Vec<(String, String)>) {
    let fields: Vec<&str> = line.split('|').skip(1).collect();
    assert!(fields.len() % 4 == 0, "{line}");
    let places = fields.chunks(4);
    let settings =
        places.clone().map(|place| Setting { level: place[0].into(), name: place[1].into(), value: place[3].into() });
    (settings.collect(), places.map(|place| (place[1].into(), place[2].into())).collect())
}

#[test]
fn what_is_asked_for_is_what_the_system_is_asked() {
    let program = compile("options_traced");
    let trace = scratch().join("options.trace");
    let mut strace = Command::new("strace");
    strace.args(["-xx", "-e", "trace=setsockopt,getsockopt,getppid", "-o"]).arg(&trace).arg(&program);
    let said = succeed(&mut strace, 120);
    let seen = traced(&std::fs::read_to_string(&trace).expect("strace wrote it"));
    assert_eq!(seen.len(), said.lines().count());
    assert!(seen.len() > 1000, "{} settings", seen.len());
    for (line, seen) in said.lines().zip(seen) {
        let (wanted, names) = expected(line);
        // For what UDP and UDP-Lite have apart the socket is first asked for its protocol, which neither its family nor
        // its type tells.
        let option = line.split('|').next().expect("split gives something");
        let asks = ["SEGMENT_SIZE", "GRO"].contains(&option) || option.starts_with("UDP_LITE");
        let seen = seen.into_iter().filter(|setting| !(asks && setting.name == "SO_PROTOCOL"));
        // A name that is younger than strace is a number to it, perhaps with a remark; some have a younger form with a
        // wider time, from which it tells them apart; and one is the same number as the data it asks for.
        let named = seen.map(|mut setting| {
            setting.name = setting.name.trim_end_matches("_OLD").replace("_ORIGDSTADDR", "_RECVORIGDSTADDR");
            let number = setting.name.split(' ').next().and_then(|word| match word.strip_prefix("0x") {
                Some(digits) => i32::from_str_radix(digits, 16).ok(),
                None => word.parse().ok(),
            });
            let known = number.and_then(|number| names.iter().find(|name| name.1 == number.to_string()));
            if let Some((name, _)) = known {
                setting.name.clone_from(name);
            }
            setting
        });
        assert_eq!(named.collect::<BTreeSet<_>>(), wanted, "{line}");
    }
}

/// Whoever adds an option also says what is expected of it.
#[test]
fn no_option_goes_untested() {
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
