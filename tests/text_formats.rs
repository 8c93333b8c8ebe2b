//! What addresses and endpoints are as text: the cases of tests/texts, from Rust and from C, and beside other readers.

mod common;

use common::compile;
use common::peers::{python, test_data};
use common::process::run_with_input;
use jackfield::{Addr, Endpoint};
use std::fmt::{Debug, Display};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::process::Command;
use std::str::FromStr;

/// A line of a file of tests/texts.
struct Case {
    /// The file and the line.
    place: String,
    text: Vec<u8>,
    /// What the text is written as again, or `^` or `!` and what is wrong.
    outcome: Vec<u8>,
    /// Why Python sees it otherwise.
    python: Option<String>,
}

impl Case {
    /// The text, if Rust could have it.
    fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.text).ok()
    }

    fn is_wrong(&self) -> bool {
        self.outcome.starts_with(b"^") || self.outcome.starts_with(b"!")
    }

    #[track_caller]
    fn check(&self, outcome: &str) {
        assert_eq!(outcome, String::from_utf8_lossy(&self.outcome), "{}", self.place);
    }
}

fn cases(name: &str) -> Vec<Case> {
    let path = common::root().join("tests/texts").join(name);
    let file = std::fs::read_to_string(&path).expect("the file is there");
    let lines = file.lines().enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with("# "));
    let case = |(number, line): (usize, &str)| {
        let place = format!("tests/texts/{name}:{}", number + 1);
        let mut fields =
            line.split("  ").flat_map(|field| field.split('\t')).map(str::trim).filter(|field| !field.is_empty());
        let text = unescape(fields.next().expect(&place));
        let outcome = match fields.next().expect(&place) {
            "=" => text.clone(),
            outcome => unescape(outcome),
        };
        Case { text, outcome, python: fields.next().map(str::to_owned), place }
    };
    let cases: Vec<Case> = lines.map(case).collect();
    assert!(cases.len() > 100, "{name} has {} cases", cases.len());
    cases
}

/// The bytes that a field stands for; tests/texts/endpoints.txt says how.
fn unescape(field: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = field;
    while let Some((before, escape)) = rest.split_once('\\') {
        bytes.extend(before.as_bytes());
        let (kind, after) = escape.split_at(1);
        // To the end of what is in braces, which may have braces in it.
        let braces = |text: &str| {
            let mut depth = 0;
            let end = text.find(|char| {
                depth += i32::from(char == '{') - i32::from(char == '}');
                depth == 0
            });
            end.expect("a brace is closed")
        };
        rest = match kind {
            "\\" => {
                bytes.push(b'\\');
                after
            }
            "e" => after,
            "x" => {
                bytes.push(u8::from_str_radix(&after[..2], 16).expect("\\x has two digits"));
                &after[2..]
            }
            "u" => {
                let end = braces(after);
                let char = u32::from_str_radix(&after[1..end], 16).ok().and_then(char::from_u32);
                bytes.extend(char.expect("\\u has a character's number").to_string().as_bytes());
                &after[end + 1..]
            }
            "{" => {
                let end = braces(escape);
                let (count, what) = escape[1..end].split_once(' ').expect("a count and a text");
                bytes.extend(unescape(what).repeat(count.parse().expect("a count")));
                &escape[end + 1..]
            }
            _ => panic!("unknown escape in {field}"),
        };
    }
    bytes.extend(rest.as_bytes());
    bytes
}

/// An endpoint as it is written again, or what is wrong with it.
fn endpoint(text: &str) -> String {
    match text.parse::<Endpoint>() {
        Ok(endpoint) => endpoint.to_string(),
        Err(error) => {
            assert!(text.is_char_boundary(error.at()), "{text}");
            let sentence = error.to_string();
            let (_, expected) = sentence.split_once(": ").expect("the place and what is expected");
            format!("^{} {expected}", error.at())
        }
    }
}

/// An address as it is written again, or what is wrong with it.
fn address(text: &str) -> String {
    text.parse::<Addr>().map_or_else(|error| format!("! {}", error.name()), |addr| addr.to_string())
}

/// An IP address as an address has it.
fn in_brackets(ip: &str) -> String {
    if ip.contains(':') { format!("[{ip}]") } else { ip.into() }
}

/// Every text of a file comes out as it says there, and what is written reads back as the same.
fn each_is_read<T>(name: &str, outcome: fn(&str) -> String)
where
    T: FromStr<Err: Debug + PartialEq> + Debug + Display + PartialEq,
{
    for case in cases(name) {
        let Some(text) = case.text() else { continue };
        case.check(&outcome(text));
        if let Ok(value) = text.parse::<T>() {
            assert_eq!(value.to_string().parse(), Ok(value), "{}", case.place);
        }
    }
}

#[test]
fn endpoints() {
    each_is_read::<Endpoint>("endpoints.txt", endpoint);
}

#[test]
fn addresses() {
    each_is_read::<Addr>("addresses.txt", address);
}

/// As endpoints, as addresses, and beside what the standard library says.
#[test]
fn ip_addresses() {
    for case in cases("literals.txt") {
        let text = case.text().expect("the file has only UTF-8");
        let outcome = String::from_utf8(case.outcome.clone()).expect("so are the outcomes");
        let host = in_brackets(text);
        let as_endpoint = endpoint(&format!("tcp://{host}:7"));
        let as_address = address(&format!("{host}:7"));
        if let Some((at, expected)) = outcome.strip_prefix('^').and_then(|rest| rest.split_once(' ')) {
            let at = at.parse::<usize>().expect("a position") + host.find(text).expect("it is there") + "tcp://".len();
            assert_eq!(as_endpoint, format!("^{at} {expected}"), "{}", case.place);
            assert_eq!(as_address, "! ADDR_INVALID", "{}", case.place);
        } else {
            let again = format!("{}:7", in_brackets(&outcome));
            assert_eq!(as_endpoint, format!("tcp://{again}"), "{}", case.place);
            assert_eq!(as_address, again, "{}", case.place);
        }
        if !text.contains('%') {
            let standard = text.parse::<IpAddr>().map(|ip| ip.to_string()).ok();
            assert_eq!(standard, (!case.is_wrong()).then_some(outcome), "{}", case.place);
        }
    }
}

/// What tests/c/texts.c prints of a text.
fn line_from_c(text: &str) -> String {
    let endpoint = endpoint(text);
    format!("{}\t{}", if endpoint.starts_with('^') { &endpoint } else { "=" }, address(text).replace("! ", "JF_E_"))
}

/// Every text of every file, as both.
#[test]
fn they_are_the_same_from_c() {
    let mut asked: Vec<(Vec<u8>, String)> = Vec::new();
    for case in cases("endpoints.txt").into_iter().chain(cases("addresses.txt")) {
        let line = match case.text() {
            Some(text) => line_from_c(text),
            // Only the file knows.
            None => format!("{}\tJF_E_ADDR_INVALID", String::from_utf8_lossy(&case.outcome)),
        };
        // A zero would end it.
        if !case.text.contains(&0) {
            asked.push((case.text, line));
        }
    }
    for case in cases("literals.txt") {
        let host = in_brackets(case.text().expect("the file has only UTF-8"));
        for text in [format!("udp://{host}:7"), format!("{host}:7")] {
            let line = line_from_c(&text);
            asked.push((text.into_bytes(), line));
        }
    }
    let input: Vec<u8> = asked.iter().flat_map(|(text, _)| [text, &b"\0"[..]].concat()).collect();
    let output = run_with_input(&Command::new(compile("texts")), &input);
    let lines: Vec<&str> = std::str::from_utf8(&output).expect("it prints text").lines().collect();
    assert_eq!(lines.len(), asked.len());
    for (line, (text, wanted)) in lines.into_iter().zip(asked) {
        assert_eq!(line, wanted, "{}", String::from_utf8_lossy(&text));
    }
}

/// Numbers at random, the same in every run.
struct Random(std::vec::IntoIter<u8>);

impl Random {
    fn new(count: usize) -> Random {
        Random(test_data(count).into_iter())
    }

    fn below(&mut self, limit: u8) -> usize {
        usize::from(self.0.next().expect("there are enough") % limit)
    }
}

/// What we write is what Python writes, and what we refuse it refuses, but for the cases that say why not.
#[test]
fn python_agrees() {
    let mut asked: Vec<(String, Option<String>, String)> = Vec::new();
    for case in cases("literals.txt") {
        let text = case.text().expect("the file has only UTF-8").to_owned();
        let ours = if case.is_wrong() { "none".into() } else { String::from_utf8(case.outcome).expect("text") };
        asked.push((text, case.python, ours));
    }
    let mut random = Random::new(1 << 19);
    for _ in 0..20_000 {
        // Half of the groups are zero, so that there are runs of them; some others have digits that are.
        let group = |random: &mut Random| match random.below(8) {
            0..4 => 0,
            4 => random.below(16),
            _ => random.below(255) << 8 | random.below(255),
        };
        let mut groups: [usize; 8] = std::array::from_fn(|_| group(&mut random));
        if random.below(16) == 0 {
            groups[..5].fill(0);
            groups[5] = 0xffff;
        }
        let text = groups.map(|group| format!("{group:X}")).join(":");
        let addr: Addr = format!("[{text}]:7").parse().expect("it is one");
        let ours = addr.to_string();
        asked.push((text, None, ours["[".len()..ours.len() - "]:7".len()].into()));
    }
    let input: String = asked.iter().map(|(text, ..)| format!("{text}\0")).collect();
    let output =
        String::from_utf8(run_with_input(&python("tests/py/ip_addresses.py", &[]), input.as_bytes())).expect("text");
    assert_eq!(output.lines().count(), asked.len());
    for (peer_tool, (text, reason, ours)) in output.lines().zip(asked) {
        assert_eq!(peer_tool == ours, reason.is_none(), "{text}: Python says {peer_tool} and we {ours}; {reason:?}");
    }
}

/// Texts out of the pieces of addresses, most of them wrong.
fn pieces(count: usize, pieces: &[&str]) -> Vec<String> {
    let mut random = Random::new(count * 20);
    let text = |_| {
        let len = random.below(18);
        (0..len).map(|_| pieces[random.below(pieces.len() as u8)]).collect()
    };
    (0..count).map(text).collect()
}

/// Whether a text is an IP address is the standard library's to say.
#[test]
fn the_standard_library_agrees() {
    let mut right = 0;
    for text in
        pieces(100_000, &[":", ":", ":", "::", "1", "1:", "1:", "1:2:3:", "1.", "1.2.3.4", "0", "256", "f", "g"])
    {
        let standard = text.parse::<IpAddr>().ok();
        let host = in_brackets(&text);
        let want = standard.map(|ip| SocketAddr::from((ip, 7)).to_string());
        assert_eq!(format!("{host}:7").parse::<Addr>().ok().map(|addr| addr.to_string()), want, "{text}");
        // What is no address may be a name.
        if text.contains(':') || standard.is_some() {
            let endpoint = format!("tcp://{host}:7").parse::<Endpoint>().ok();
            assert_eq!(
                endpoint.map(|endpoint| endpoint.to_string()),
                want.map(|want| format!("tcp://{want}")),
                "{text}"
            );
        }
        right += usize::from(standard.is_some());
    }
    assert!(right > 1000, "only {right} of the texts are addresses");
}

/// Up to the character that is wrong there is an address that begins so, and with it there is none.
#[test]
fn the_first_wrong_character_is_found() {
    let begins_one = |start: &str| {
        ["", "0", ":", "::", ":0", "0:"].iter().any(|middle| {
            (0..8).any(|groups| format!("{start}{middle}{}", ":0".repeat(groups)).parse::<Ipv6Addr>().is_ok())
        })
    };
    for text in pieces(20_000, &[":", ":", "::", "1", "12", "f:", "1:", "1:2:3:", "g"]) {
        let Err(error) = format!("tcp://[{text}]:7").parse::<Endpoint>() else { continue };
        let at = error.at() - "tcp://[".len();
        assert!(begins_one(&text[..at]), "{text}: {error}");
        assert!(at == text.len() || !begins_one(&text[..=at]), "{text}: {error}");
    }
}
