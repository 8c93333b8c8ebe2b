//! A parser of hosts, ports and UNIX paths that reports the first wrong character.
//!
//! std's parsers convert IP addresses to values. This parser only finds where an address ends or becomes invalid.

use crate::net::Addr;
use crate::net::addr::address::UNIX_MAX;
use crate::net::addr::endpoint_error::{EndpointError, Expected};
use crate::net::addr::host_port::{Host, Port};
use std::net::{Ipv4Addr, Ipv6Addr};

/// Maximum characters of a name, without a trailing dot (RFC 1035).
const NAME_MAX: usize = 253;
/// Maximum characters of a label, and of a service name.
const LABEL_MAX: usize = 63;
/// Maximum bytes of an interface name.
const ZONE_MAX: usize = 15;

type Result<T> = std::result::Result<T, EndpointError>;

/// A text and the current position. Each method consumes one element and leaves the text after it unread.
pub(in crate::net) struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Parser<'a> {
    /// A parser that starts at byte `at`.
    pub(in crate::net) fn new(text: &'a str, at: usize) -> Parser<'a> {
        Parser { text, at }
    }

    fn unread(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// Consumes a token, if it comes next.
    fn accept(&mut self, token: &str) -> bool {
        if self.unread().starts_with(token) {
            self.at += token.len();
            return true;
        }
        false
    }

    /// Consumes the longest run of characters of a kind.
    fn take_while(&mut self, is_of_kind: fn(char) -> bool) -> &'a str {
        let unread = self.unread();
        let run = &unread[..unread.find(|char| !is_of_kind(char)).unwrap_or(unread.len())];
        self.at += run.len();
        run
    }

    fn require(&mut self, token: &str, expected: Expected) -> Result<()> {
        if self.accept(token) { Ok(()) } else { Err(self.error(expected)) }
    }

    /// The error that the next character is wrong.
    fn error(&self, expected: Expected) -> EndpointError {
        EndpointError::new(self.at, expected)
    }

    pub(in crate::net) fn require_end(&self) -> Result<()> {
        if self.unread().is_empty() { Ok(()) } else { Err(self.error(Expected::End)) }
    }

    /// Parses a host and a port up to the end of the text.
    pub(in crate::net) fn host_and_port(&mut self) -> Result<(Host, Port)> {
        let host = self.host()?;
        self.require(":", if host == Host::Local { Expected::Host } else { Expected::Colon })?;
        let port = self.port()?;
        self.require_end()?;
        Ok((host, port))
    }

    /// Parses a host of an endpoint, where an IPv6 address has brackets.
    fn host(&mut self) -> Result<Host> {
        if !self.accept("[") {
            let is_v6 = |text: &str| text.parse::<Ipv6Addr>().is_ok();
            let unread = self.unread();
            let lacks_brackets = is_v6(unread) || unread.rsplit_once(':').is_some_and(|(host, _)| is_v6(host));
            return if lacks_brackets { Err(self.error(Expected::Brackets)) } else { self.name() };
        }
        let host = self.v6()?;
        self.require("]", Expected::Bracket)?;
        Ok(host)
    }

    /// Parses a name, an IPv4 address, or an empty host.
    pub(in crate::net) fn name(&mut self) -> Result<Host> {
        let start = self.at;
        let name = self.take_while(|char| char == '.' || is_label_char(char));
        if name.is_empty() {
            return Ok(Host::Local);
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
            let error = |expected| Err(EndpointError::new(start + at, expected));
            match char {
                '.' if label == 0 => return error(Expected::Label),
                // A trailing dot does not count.
                '.' if count <= NAME_MAX => label = 0,
                _ if count >= NAME_MAX => return error(Expected::ShortName),
                _ if label == LABEL_MAX => return error(Expected::ShortLabel),
                _ => label += 1,
            }
        }
        Ok(Host::Name(name.into()))
    }

    /// Parses an IPv4 address.
    fn v4(&mut self) -> Result<Ipv4Addr> {
        let start = self.at;
        for count in 0..4 {
            if count > 0 {
                self.require(".", Expected::Dot)?;
            }
            let here = self.at;
            let number = self.take_while(is_label_char);
            if number.parse::<u8>().is_err() || (number.len() > 1 && number.starts_with('0')) {
                return Err(EndpointError::new(here, Expected::Octet));
            }
        }
        self.text[start..self.at].parse().map_err(|_| EndpointError::new(start, Expected::Octet))
    }

    /// Parses an IPv6 address without brackets, and its zone.
    pub(in crate::net) fn v6(&mut self) -> Result<Host> {
        let start = self.at;
        self.v6_groups()?;
        let ip: Ipv6Addr =
            self.text[start..self.at].parse().map_err(|_| EndpointError::new(start, Expected::Groups))?;
        let zone = if self.accept("%") { self.zone()? } else { "" };
        Ok(Host::Ip(ip.into(), zone.into()))
    }

    fn v6_groups(&mut self) -> Result<()> {
        // `::` counts as one group, since it stands for one or more.
        let mut is_shortened = self.accept("::");
        let mut groups = usize::from(is_shortened);
        let mut may_end = is_shortened;
        if !is_shortened && self.accept(":") {
            return Err(self.error(Expected::SecondColon));
        }
        while groups < 8 {
            let here = self.at;
            let digits = self.take_while(|char| char.is_ascii_hexdigit());
            match digits.len() {
                0 if may_end => break,
                0 if groups == 0 => return Err(self.error(Expected::V6)),
                0 => return Err(self.error(Expected::Group)),
                1..=4 => {}
                _ => return Err(EndpointError::new(here + 4, Expected::ShortGroup)),
            }
            // An IPv4 address may stand for the last two groups.
            if self.unread().starts_with('.') && (groups == 6 || is_shortened && groups < 6) {
                self.at = here;
                self.v4()?;
                return Ok(());
            }
            groups += 1;
            if groups == 8 || !self.accept(":") {
                break;
            }
            may_end = !is_shortened && self.accept(":");
            if may_end {
                is_shortened = true;
                groups += 1;
            }
        }
        if is_shortened || groups == 8 { Ok(()) } else { Err(self.error(Expected::Groups)) }
    }

    /// Parses the name or the index of an interface.
    fn zone(&mut self) -> Result<&'a str> {
        let start = self.at;
        let zone = self.take_while(|char| !matches!(char, ']' | '/') && !char.is_whitespace() && !char.is_control());
        let is_index = zone.bytes().all(|byte| byte.is_ascii_digit());
        if is_index && zone.parse::<u32>().is_err() {
            return Err(EndpointError::new(start, Expected::Zone));
        }
        match first_beyond(zone, ZONE_MAX) {
            Some(at) if !is_index => Err(EndpointError::new(start + at, Expected::ShortZone)),
            _ => Ok(zone),
        }
    }

    /// Parses a port number or a service name.
    pub(in crate::net) fn port(&mut self) -> Result<Port> {
        let start = self.at;
        let text = self.take_while(|char| char.is_ascii_alphanumeric() || matches!(char, '-' | '_' | '.' | '+'));
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return port_number(text).map(Port::Number).ok_or(EndpointError::new(start, Expected::Number));
        }
        if !text.bytes().any(|byte| byte.is_ascii_alphabetic()) {
            return Err(EndpointError::new(start, Expected::Port));
        }
        match first_beyond(text, LABEL_MAX) {
            Some(at) => Err(EndpointError::new(start + at, Expected::ShortService)),
            None => Ok(Port::Service(text.into())),
        }
    }

    /// Parses the rest of the text: a UNIX path, or `@` and an abstract name. `%` and two hexadecimal digits stand for
    /// a byte.
    pub(in crate::net) fn unix(&mut self) -> Result<Addr> {
        let is_abstract = self.accept("@");
        let mut bytes = if is_abstract { vec![0] } else { Vec::new() };
        while let Some(char) = self.unread().chars().next() {
            let here = self.at;
            if self.accept("%") {
                let byte = self.hex_digit()? * 16 + self.hex_digit()?;
                bytes.push(byte as u8);
            } else {
                self.at += char.len_utf8();
                bytes.extend_from_slice(&self.text.as_bytes()[here..self.at]);
            }
            let error = |expected| Err(EndpointError::new(here, expected));
            if bytes.len() > UNIX_MAX {
                return error(if is_abstract { Expected::ShortAbstract } else { Expected::ShortPath });
            }
            // A zero byte ends a path, and a leading one makes it an abstract name.
            if !is_abstract && bytes.ends_with(&[0]) {
                return error(Expected::NoZero);
            }
        }
        Addr::from_unix_bytes(&bytes).map_err(|_| self.error(Expected::Path))
    }

    fn hex_digit(&mut self) -> Result<u32> {
        let digit = self.unread().chars().next().and_then(|char| char.to_digit(16));
        self.at += usize::from(digit.is_some());
        digit.ok_or_else(|| self.error(Expected::HexDigit))
    }
}

/// Whether a character may stand in a label. Characters beyond ASCII are checked later, by the system's IDNA.
fn is_label_char(char: char) -> bool {
    match char {
        '-' | '_' => true,
        _ if char.is_ascii() => char.is_ascii_alphanumeric(),
        _ => !char.is_control() && !char.is_whitespace(),
    }
}

/// Whether a last label makes the name an IPv4 address, as the C library and browsers treat it.
fn is_number(label: &str) -> bool {
    match label.strip_prefix("0x").or_else(|| label.strip_prefix("0X")) {
        Some(digits) => digits.bytes().all(|byte| byte.is_ascii_hexdigit()),
        None => !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_digit()),
    }
}

/// The position of the first character that does not fit into `max` bytes.
fn first_beyond(text: &str, max: usize) -> Option<usize> {
    text.char_indices().find(|(at, char)| at + char.len_utf8() > max).map(|(at, _)| at)
}

/// A port number of at most five digits. `u16::from_str` also accepts a sign.
fn port_number(text: &str) -> Option<u16> {
    let is_number = text.len() <= 5 && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_number)
}

impl Host {
    /// Parses a host without a port: an IPv6 address has no brackets.
    pub(in crate::net) fn parse(text: &str) -> Result<Host> {
        let mut parser = Parser::new(text, 0);
        let host = if text.contains(':') { parser.v6()? } else { parser.name()? };
        parser.require_end()?;
        Ok(host)
    }
}

impl Port {
    /// Parses a port without a host. An empty text is port 0.
    pub(in crate::net) fn parse(text: &str) -> Result<Port> {
        if text.is_empty() {
            return Ok(Port::Number(0));
        }
        let mut parser = Parser::new(text, 0);
        let port = parser.port()?;
        parser.require_end()?;
        Ok(port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_without_a_port_has_no_brackets() {
        let ip = |ip: &str, zone: &str| Ok(Host::Ip(ip.parse().unwrap(), zone.into()));
        assert_eq!(Host::parse(""), Ok(Host::Local));
        assert_eq!(Host::parse("127.0.0.1"), ip("127.0.0.1", ""));
        assert_eq!(Host::parse("::"), ip("::", ""));
        assert_eq!(Host::parse("FE80::1%eth0"), ip("fe80::1", "eth0"));
        assert_eq!(Host::parse("example.org."), Ok(Host::Name("example.org.".into())));
        for (text, at) in [
            ("[::1]", 0),
            ("[::1", 0),
            ("[", 0),
            ("::1]", 3),
            ("::1%", 4),
            ("::1%e h", 5),
            ("1:2", 3),
            ("localhost:80", 0),
            ("127.0.0.1:80", 3),
            ("127.1", 5),
            ("127.0.0.1/8", 9),
            ("127.0.0.1%lo", 9),
            ("a b", 1),
            ("a..b", 2),
            (" ", 0),
            (".", 0),
        ] {
            assert_eq!(Host::parse(text).map_err(|error| error.at()), Err(at), "{text}");
        }
    }

    #[test]
    fn an_empty_port_is_port_0() {
        assert_eq!(Port::parse(""), Ok(Port::Number(0)));
        assert_eq!(Port::parse("65535"), Ok(Port::Number(65535)));
        assert_eq!(Port::parse("https"), Ok(Port::Service("https".into())));
        for (text, at) in [("65536", 0), ("000080", 0), (" 80", 0), ("80 ", 2), ("-1", 0), ("a/b", 1), (":80", 0)] {
            assert_eq!(Port::parse(text).map_err(|error| error.at()), Err(at), "{text}");
        }
    }
}
