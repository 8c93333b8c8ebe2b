//! The text forms of addresses and endpoints: the cases of tests/texts, from Rust and from C, compared with other
//! parsers.

mod common;

use common::compile;
use common::peers::{python, test_data};
use common::process::run_with_input;
use jackfield::{Addr, Endpoint};
use std::fmt::{Debug, Display};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::process::Command;
use std::str::FromStr;

/// A test case: a line of a file in tests/texts.
struct Case {
    /// The file and the line number.
    place: String,
    text: Vec<u8>,
    /// The canonical form of the text, or `^` or `!` and the error.
    outcome: Vec<u8>,
    /// Why Python's result differs.
    python: Option<String>,
}

impl Case {
    /// The text, if it is UTF-8.
    fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.text).ok()
    }

    fn is_malformed(&self) -> bool {
        self.outcome.starts_with(b"^") || self.outcome.starts_with(b"!")
    }

    #[track_caller]
    fn check(&self, outcome: &str) {
        assert_eq!(outcome, String::from_utf8_lossy(&self.outcome), "{}", self.place);
    }
}

fn cases(name: &str) -> Vec<Case> {
    let path = common::root().join("tests/texts").join(name);
    let file = std::fs::read_to_string(&path).expect("the file exists");
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

/// The bytes that a field stands for. tests/texts/endpoints.txt describes the escapes.
fn unescape(field: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = field;
    while let Some((before, escape)) = rest.split_once('\\') {
        bytes.extend(before.as_bytes());
        let (kind, after) = escape.split_at(1);
        // The position of the closing brace. Braces may be nested.
        let braces = |text: &str| {
            let mut depth = 0;
            let end = text.find(|char| {
                depth += i32::from(char == '{') - i32::from(char == '}');
                depth == 0
            });
            end.expect("the brace is closed")
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
                bytes.extend(char.expect("\\u has a code point").to_string().as_bytes());
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

/// The canonical form of an endpoint, or the error.
fn parse_endpoint(text: &str) -> String {
    match text.parse::<Endpoint>() {
        Ok(endpoint) => endpoint.to_string(),
        Err(error) => {
            assert!(text.is_char_boundary(error.at()), "{text}");
            let message = error.to_string();
            let (_, expected) = message.split_once(": ").expect("the message is a position and an expectation");
            format!("^{} {expected}", error.at())
        }
    }
}

/// The canonical form of an address, or the error.
fn parse_address(text: &str) -> String {
    text.parse::<Addr>().map_or_else(|error| format!("! {}", error.name()), |addr| addr.to_string())
}

/// An IP address as it is written before a port: IPv6 is enclosed in brackets.
fn in_brackets(ip: &str) -> String {
    if ip.contains(':') { format!("[{ip}]") } else { ip.into() }
}

/// Asserts that each text of a file has its expected outcome, and that the canonical form parses to an equal value.
fn assert_outcomes<T>(name: &str, outcome: fn(&str) -> String)
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
fn endpoints_have_the_expected_outcomes() {
    assert_outcomes::<Endpoint>("endpoints.txt", parse_endpoint);
}

#[test]
fn addresses_have_the_expected_outcomes() {
    assert_outcomes::<Addr>("addresses.txt", parse_address);
}

/// Each IP address is parsed in an endpoint, in an address, and by the standard library.
#[test]
fn ip_addresses_have_the_expected_outcomes() {
    for case in cases("literals.txt") {
        let text = case.text().expect("the text is UTF-8");
        let outcome = String::from_utf8(case.outcome.clone()).expect("the outcome is UTF-8");
        let host = in_brackets(text);
        let as_endpoint = parse_endpoint(&format!("tcp://{host}:7"));
        let as_address = parse_address(&format!("{host}:7"));
        if let Some((at, expected)) = outcome.strip_prefix('^').and_then(|rest| rest.split_once(' ')) {
            let at = at.parse::<usize>().expect("a position")
                + host.find(text).expect("the host contains the text")
                + "tcp://".len();
            assert_eq!(as_endpoint, format!("^{at} {expected}"), "{}", case.place);
            assert_eq!(as_address, "! ADDR_INVALID", "{}", case.place);
        } else {
            let again = format!("{}:7", in_brackets(&outcome));
            assert_eq!(as_endpoint, format!("tcp://{again}"), "{}", case.place);
            assert_eq!(as_address, again, "{}", case.place);
        }
        if !text.contains('%') {
            let standard = text.parse::<IpAddr>().map(|ip| ip.to_string()).ok();
            assert_eq!(standard, (!case.is_malformed()).then_some(outcome), "{}", case.place);
        }
    }
}

/// The line that tests/c/texts.c prints for a text.
fn line_from_c(text: &str) -> String {
    let endpoint = parse_endpoint(text);
    format!(
        "{}\t{}",
        if endpoint.starts_with('^') { &endpoint } else { "=" },
        parse_address(text).replace("! ", "JF_E_")
    )
}

/// Parses each text of each file from C, both as an endpoint and as an address.
#[test]
fn the_c_api_parses_in_the_same_way() {
    let mut inputs: Vec<(Vec<u8>, String)> = Vec::new();
    for case in cases("endpoints.txt").into_iter().chain(cases("addresses.txt")) {
        let line = match case.text() {
            Some(text) => line_from_c(text),
            // Rust cannot parse text that is not UTF-8; the expected outcome is taken from the file.
            None => format!("{}\tJF_E_ADDR_INVALID", String::from_utf8_lossy(&case.outcome)),
        };
        // A NUL would end the text in C.
        if !case.text.contains(&0) {
            inputs.push((case.text, line));
        }
    }
    for case in cases("literals.txt") {
        let host = in_brackets(case.text().expect("the text is UTF-8"));
        for text in [format!("udp://{host}:7"), format!("{host}:7")] {
            let line = line_from_c(&text);
            inputs.push((text.into_bytes(), line));
        }
    }
    let input: Vec<u8> = inputs.iter().flat_map(|(text, _)| [text, &b"\0"[..]].concat()).collect();
    let output = run_with_input(&Command::new(compile("texts")), &input);
    let lines: Vec<&str> = std::str::from_utf8(&output).expect("the output is UTF-8").lines().collect();
    assert_eq!(lines.len(), inputs.len());
    for (line, (text, expected)) in lines.into_iter().zip(inputs) {
        assert_eq!(line, expected, "{}", String::from_utf8_lossy(&text));
    }
}

/// Pseudorandom numbers, the same in every run.
struct Random(std::vec::IntoIter<u8>);

impl Random {
    fn new(count: usize) -> Random {
        Random(test_data(count).into_iter())
    }

    fn below(&mut self, limit: u8) -> usize {
        usize::from(self.0.next().expect("enough numbers were generated") % limit)
    }
}

/// The library and Python agree on each text, except for the cases with a reason for the difference.
#[test]
fn python_agrees() {
    let mut inputs: Vec<(String, Option<String>, String)> = Vec::new();
    for case in cases("literals.txt") {
        let text = case.text().expect("the text is UTF-8").to_owned();
        let outcome = if case.is_malformed() { "none".into() } else { String::from_utf8(case.outcome).expect("text") };
        inputs.push((text, case.python, outcome));
    }
    let mut random = Random::new(1 << 19);
    for _ in 0..20_000 {
        // Half of the groups are zero, so that runs of zeros occur. Some others have one digit.
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
        let addr: Addr = format!("[{text}]:7").parse().expect("the text is an address");
        let ours = addr.to_string();
        inputs.push((text, None, ours["[".len()..ours.len() - "]:7".len()].into()));
    }
    let input: String = inputs.iter().map(|(text, ..)| format!("{text}\0")).collect();
    let output =
        String::from_utf8(run_with_input(&python("tests/py/ip_addresses.py", &[]), input.as_bytes())).expect("text");
    assert_eq!(output.lines().count(), inputs.len());
    for (python, (text, reason, ours)) in output.lines().zip(inputs) {
        assert_eq!(python == ours, reason.is_none(), "{text}: Python has {python}, the library {ours}; {reason:?}");
    }
}

/// Random texts composed of pieces of addresses. Most are malformed.
fn random_texts(count: usize, pieces: &[&str]) -> Vec<String> {
    let mut random = Random::new(count * 20);
    let text = |_| {
        let len = random.below(18);
        (0..len).map(|_| pieces[random.below(pieces.len() as u8)]).collect()
    };
    (0..count).map(text).collect()
}

/// The library accepts the same IP addresses as the standard library.
#[test]
fn the_standard_library_agrees() {
    let mut valid = 0;
    for text in
        random_texts(100_000, &[":", ":", ":", "::", "1", "1:", "1:", "1:2:3:", "1.", "1.2.3.4", "0", "256", "f", "g"])
    {
        let standard = text.parse::<IpAddr>().ok();
        let host = in_brackets(&text);
        let expected = standard.map(|ip| SocketAddr::from((ip, 7)).to_string());
        assert_eq!(format!("{host}:7").parse::<Addr>().ok().map(|addr| addr.to_string()), expected, "{text}");
        // A text that is not an address may be a name.
        if text.contains(':') || standard.is_some() {
            let endpoint = format!("tcp://{host}:7").parse::<Endpoint>().ok();
            assert_eq!(
                endpoint.map(|endpoint| endpoint.to_string()),
                expected.map(|expected| format!("tcp://{expected}")),
                "{text}"
            );
        }
        valid += usize::from(standard.is_some());
    }
    assert!(valid > 1000, "only {valid} of the texts are addresses");
}

/// The text before the reported position is the start of some address. With the next character, it is not.
#[test]
fn the_first_wrong_character_is_reported() {
    let can_be_completed = |start: &str| {
        ["", "0", ":", "::", ":0", "0:"].iter().any(|middle| {
            (0..8).any(|groups| format!("{start}{middle}{}", ":0".repeat(groups)).parse::<Ipv6Addr>().is_ok())
        })
    };
    for text in random_texts(20_000, &[":", ":", "::", "1", "12", "f:", "1:", "1:2:3:", "g"]) {
        let Err(error) = format!("tcp://[{text}]:7").parse::<Endpoint>() else { continue };
        let at = error.at() - "tcp://[".len();
        assert!(can_be_completed(&text[..at]), "{text}: {error}");
        assert!(at == text.len() || !can_be_completed(&text[..=at]), "{text}: {error}");
    }
}
