//! Reading hosts, ports and paths from left to right, so that the first character that is wrong can be told.
//!
//! What an IP address is worth is std's to say; what is here only finds where one ends, or where it goes wrong.

use crate::net::Addr;
use crate::net::addr::address::UNIX_MAX;
use crate::net::addr::endpoint::{EndpointError, Expected, Host, Port};
use crate::net::addr::text::parse_port;
use std::net::{Ipv4Addr, Ipv6Addr};

/// The most characters of a name, without a dot at its end.
const NAME_MAX: usize = 253;
/// The most characters between the dots of a name, and of a service's name.
const LABEL_MAX: usize = 63;
/// The most bytes of an interface's name.
const ZONE_MAX: usize = 15;

type Result<T> = std::result::Result<T, EndpointError>;

/// A text and how far it has been read. A method reads one thing and leaves what follows it to the caller.
pub(in crate::net) struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Parser<'a> {
    /// Begins after so many bytes.
    pub(in crate::net) fn new(text: &'a str, at: usize) -> Parser<'a> {
        Parser { text, at }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn eat(&mut self, token: &str) -> bool {
        if self.rest().starts_with(token) {
            self.at += token.len();
            return true;
        }
        false
    }

    /// The characters up to one that is not of a kind.
    fn run(&mut self, kind: fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let run = &rest[..rest.find(|char| !kind(char)).unwrap_or(rest.len())];
        self.at += run.len();
        run
    }

    fn need(&mut self, token: &str, expected: Expected) -> Result<()> {
        if self.eat(token) { Ok(()) } else { Err(self.wrong(expected)) }
    }

    /// What is next is wrong.
    fn wrong(&self, expected: Expected) -> EndpointError {
        EndpointError::new(self.at, expected)
    }

    pub(in crate::net) fn end(&self) -> Result<()> {
        if self.rest().is_empty() { Ok(()) } else { Err(self.wrong(Expected::End)) }
    }

    /// A host and a port, and nothing after them.
    pub(in crate::net) fn host_and_port(&mut self) -> Result<(Host, Port)> {
        let host = self.host()?;
        self.need(":", if host == Host::Here { Expected::Host } else { Expected::Colon })?;
        let port = self.port()?;
        self.end()?;
        Ok((host, port))
    }

    /// A host, in which an IPv6 address has brackets.
    fn host(&mut self) -> Result<Host> {
        if !self.eat("[") {
            let is_v6 = |text: &str| text.parse::<Ipv6Addr>().is_ok();
            let rest = self.rest();
            let lacks_brackets = is_v6(rest) || rest.rsplit_once(':').is_some_and(|(host, _)| is_v6(host));
            return if lacks_brackets { Err(self.wrong(Expected::Brackets)) } else { self.name() };
        }
        let host = self.v6()?;
        self.need("]", Expected::Bracket)?;
        Ok(host)
    }

    /// A name, an IPv4 address, or nothing.
    pub(in crate::net) fn name(&mut self) -> Result<Host> {
        let start = self.at;
        let name = self.run(|char| char == '.' || is_label(char));
        if name.is_empty() {
            return Ok(Host::Here);
        }
        let last = name.trim_end_matches('.').rsplit('.').next().filter(|last| is_number(last));
        if let Some(last) = last {
            if name.contains(|char: char| !char.is_ascii_digit() && char != '.') {
                let before = name.trim_end_matches('.').len() - last.len();
                return Err(EndpointError::new(start + before, Expected::NoNumber));
            }
            self.at = start;
            return self.v4().map(|ip| Host::Ip(ip.into(), String::new()));
        }
        let mut label = 0;
        for (count, (at, char)) in name.char_indices().enumerate() {
            let wrong = |expected| Err(EndpointError::new(start + at, expected));
            match char {
                '.' if label == 0 => return wrong(Expected::Label),
                // The one at the end does not count.
                '.' if count <= NAME_MAX => label = 0,
                _ if count >= NAME_MAX => return wrong(Expected::ShortName),
                _ if label == LABEL_MAX => return wrong(Expected::ShortLabel),
                _ => label += 1,
            }
        }
        Ok(Host::Name(name.into()))
    }

    /// Four numbers.
    fn v4(&mut self) -> Result<Ipv4Addr> {
        let start = self.at;
        for count in 0..4 {
            if count > 0 {
                self.need(".", Expected::Dot)?;
            }
            let here = self.at;
            let number = self.run(is_label);
            if number.parse::<u8>().is_err() || (number.len() > 1 && number.starts_with('0')) {
                return Err(EndpointError::new(here, Expected::Octet));
            }
        }
        self.text[start..self.at].parse().map_err(|_| EndpointError::new(start, Expected::Octet))
    }

    /// An IPv6 address without brackets, and its zone.
    pub(in crate::net) fn v6(&mut self) -> Result<Host> {
        let start = self.at;
        self.v6_groups()?;
        let ip: Ipv6Addr =
            self.text[start..self.at].parse().map_err(|_| EndpointError::new(start, Expected::Groups))?;
        let zone = if self.eat("%") { self.zone()? } else { "" };
        Ok(Host::Ip(ip.into(), zone.into()))
    }

    fn v6_groups(&mut self) -> Result<()> {
        // `::` counts as one group, since it stands for one or more.
        let mut shortened = self.eat("::");
        let mut groups = usize::from(shortened);
        let mut may_end = shortened;
        if !shortened && self.eat(":") {
            return Err(self.wrong(Expected::SecondColon));
        }
        while groups < 8 {
            let here = self.at;
            let digits = self.run(|char| char.is_ascii_hexdigit());
            match digits.len() {
                0 if may_end => break,
                0 if groups == 0 => return Err(self.wrong(Expected::V6)),
                0 => return Err(self.wrong(Expected::Group)),
                1..=4 => {}
                _ => return Err(EndpointError::new(here + 4, Expected::ShortGroup)),
            }
            // An IPv4 address takes the place of the last two groups.
            if self.rest().starts_with('.') && (groups == 6 || shortened && groups < 6) {
                self.at = here;
                self.v4()?;
                return Ok(());
            }
            groups += 1;
            if groups == 8 || !self.eat(":") {
                break;
            }
            may_end = !shortened && self.eat(":");
            if may_end {
                shortened = true;
                groups += 1;
            }
        }
        if shortened || groups == 8 { Ok(()) } else { Err(self.wrong(Expected::Groups)) }
    }

    /// The name or the index of an interface.
    fn zone(&mut self) -> Result<&'a str> {
        let start = self.at;
        let zone = self.run(|char| !matches!(char, ']' | '/') && !char.is_whitespace() && !char.is_control());
        let is_index = zone.bytes().all(|byte| byte.is_ascii_digit());
        if is_index && zone.parse::<u32>().is_err() {
            return Err(EndpointError::new(start, Expected::Zone));
        }
        match first_beyond(zone, ZONE_MAX) {
            Some(at) if !is_index => Err(EndpointError::new(start + at, Expected::ShortZone)),
            _ => Ok(zone),
        }
    }

    /// The number of a port, or the name of a service.
    pub(in crate::net) fn port(&mut self) -> Result<Port> {
        let start = self.at;
        let text = self.run(|char| char.is_ascii_alphanumeric() || matches!(char, '-' | '_' | '.' | '+'));
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return parse_port(text).map(Port::Number).map_err(|_| EndpointError::new(start, Expected::Number));
        }
        if !text.bytes().any(|byte| byte.is_ascii_alphabetic()) {
            return Err(EndpointError::new(start, Expected::Port));
        }
        match first_beyond(text, LABEL_MAX) {
            Some(at) => Err(EndpointError::new(start + at, Expected::ShortService)),
            None => Ok(Port::Service(text.into())),
        }
    }

    /// All the rest: the path of a UNIX socket, or `@` and an abstract name, in which `%` and two hexadecimal digits
    /// stand for a byte.
    pub(in crate::net) fn unix(&mut self) -> Result<Addr> {
        let is_abstract = self.eat("@");
        let mut bytes = if is_abstract { vec![0] } else { Vec::new() };
        while let Some(char) = self.rest().chars().next() {
            let here = self.at;
            if self.eat("%") {
                let byte = self.hex_digit()? * 16 + self.hex_digit()?;
                bytes.push(byte as u8);
            } else {
                self.at += char.len_utf8();
                bytes.extend_from_slice(&self.text.as_bytes()[here..self.at]);
            }
            let wrong = |expected| Err(EndpointError::new(here, expected));
            if bytes.len() > UNIX_MAX {
                return wrong(if is_abstract { Expected::ShortAbstract } else { Expected::ShortPath });
            }
            // In a path, but not in an abstract name, a zero would be the end; at its start it would make it such a
            // name.
            if !is_abstract && bytes.ends_with(&[0]) {
                return wrong(Expected::NoZero);
            }
        }
        Addr::from_unix_bytes(&bytes).map_err(|_| self.wrong(Expected::Path))
    }

    fn hex_digit(&mut self) -> Result<u32> {
        let digit = self.rest().chars().next().and_then(|char| char.to_digit(16));
        self.at += usize::from(digit.is_some());
        digit.ok_or_else(|| self.wrong(Expected::HexDigit))
    }
}

/// What parts of a name are made of. Beyond ASCII it is left to IDNA, which is the system's.
fn is_label(char: char) -> bool {
    match char {
        '-' | '_' => true,
        _ if char.is_ascii() => char.is_ascii_alphanumeric(),
        _ => !char.is_control() && !char.is_whitespace(),
    }
}

/// Whether the last part of a name makes all of it an IPv4 address, as it does for the C library and for browsers.
fn is_number(label: &str) -> bool {
    match label.strip_prefix("0x").or_else(|| label.strip_prefix("0X")) {
        Some(digits) => digits.bytes().all(|byte| byte.is_ascii_hexdigit()),
        None => !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_digit()),
    }
}

/// Where the first character is that is not within so many bytes.
fn first_beyond(text: &str, bytes: usize) -> Option<usize> {
    text.char_indices().find(|(at, char)| at + char.len_utf8() > bytes).map(|(at, _)| at)
}
