//! Endpoints: an address or a name, and how it is to be used. The texts are read in `reader`.

use crate::net::addr::parser::Parser;
use crate::net::addr::text::write_unix;
use crate::net::{Addr, Error, Type};
use std::ffi::CStr;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// What to connect to, or where to serve, in one text.
///
/// ```text
/// tcp://HOST:PORT    udp://HOST:PORT    unix://PATH    unix://@NAME
/// ```
///
/// HOST is one of
/// - nothing: this machine;
/// - an IPv4 address: four decimal numbers without leading zeros, `127.0.0.1`;
/// - an IPv6 address in brackets, `[::1]`, maybe with `%` and its zone, `[fe80::1%eth0]`, which is the name of an
///   interface (up to 15 bytes, without spaces, control characters, `]` and `/`) or its index;
/// - a name: parts of 1 to 63 characters with dots between them, 253 characters at most, and maybe a dot at the end. The
///   characters are letters, digits, `-` and `_`, and beyond ASCII what IDNA makes of them. When the last part is a
///   number (decimal, or hexadecimal after `0x`) it is no name, but an IPv4 address or wrong: so `127.1` and
///   `2130706433`, which C libraries take for addresses, are wrong.
///
/// PORT is a number from 0 to 65535 of at most five digits, or the name of a service: 1 to 63 letters, digits, `-`,
/// `_`, `.` and `+`, of which one is a letter.
///
/// PATH is 1 to 108 bytes, none of them zero, and absolute (`unix:///run/x.sock`) or relative; NAME is 0 to 107 bytes
/// in Linux's abstract namespace. In both `%` and two hexadecimal digits stand for a byte, as they do in [`Addr`]'s
/// texts: `%25` is a `%`, and `%40` a path's leading `@`.
///
/// An endpoint is only read here. Names, services and zones are looked up when it is dialed or served. It is written
/// with its addresses in their shortest form, and else as it was read:
///
/// ```
/// use jackfield::Endpoint;
///
/// let endpoint: Endpoint = "tcp://[2001:DB8:0:0::1]:https".parse()?;
/// assert_eq!(endpoint.to_string(), "tcp://[2001:db8::1]:https");
///
/// let error = "tcp://127.0.0.256:80".parse::<Endpoint>().unwrap_err();
/// assert_eq!(error.at(), "tcp://127.0.0.".len());
/// assert_eq!(error.to_string(), "byte 14: expected a number from 0 to 255 without leading zeros");
/// # Ok::<(), jackfield::EndpointError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint(pub(in crate::net) Place);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::net) enum Place {
    /// A host and a port, for streams or datagrams.
    Net(Type, Host, Port),
    Unix(Addr),
}

/// A host as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::net) enum Host {
    /// Nothing: this machine.
    Here,
    /// An address, and its zone: an interface's name or index, or nothing.
    Ip(IpAddr, String),
    Name(String),
}

/// A port as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::net) enum Port {
    Number(u16),
    Service(String),
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    /// Reads an endpoint.
    ///
    /// # Errors
    /// The first character that is wrong, and what should be there.
    fn from_str(text: &str) -> Result<Endpoint, EndpointError> {
        let net = |kind, at| Parser::new(text, at).host_and_port().map(|(host, port)| Place::Net(kind, host, port));
        let schemes = ["tcp://", "udp://", "unix://"];
        // How many bytes are the same.
        let start = |scheme: &str| scheme.bytes().zip(text.bytes()).take_while(|(a, b)| a == b).count();
        let place = match schemes.map(start) {
            [6, ..] => net(Type::Stream, 6)?,
            [_, 6, _] => net(Type::Dgram, 6)?,
            [.., 7] if text.len() == 7 => return Err(EndpointError::new(7, Expected::Path)),
            [.., 7] => Place::Unix(Parser::new(text, 7).unix()?),
            [a, b, c] => return Err(EndpointError::new(a.max(b).max(c), Expected::Scheme)),
        };
        Ok(Endpoint(place))
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Place::Net(Type::Dgram, host, port) => write!(f, "udp://{host}:{port}"),
            Place::Net(_, host, port) => write!(f, "tcp://{host}:{port}"),
            Place::Unix(addr) => {
                f.write_str("unix://")?;
                write_unix(f, addr.unix_bytes().unwrap_or_default())
            }
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Host::Here => Ok(()),
            Host::Ip(IpAddr::V4(ip), _) => write!(f, "{ip}"),
            Host::Ip(IpAddr::V6(ip), zone) if zone.is_empty() => write!(f, "[{ip}]"),
            Host::Ip(IpAddr::V6(ip), zone) => write!(f, "[{ip}%{zone}]"),
            Host::Name(name) => f.write_str(name),
        }
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Port::Number(number) => write!(f, "{number}"),
            Port::Service(name) => f.write_str(name),
        }
    }
}

impl Host {
    /// A host that stands by itself, so that an IPv6 address has no brackets.
    pub(in crate::net) fn alone(text: &str) -> Result<Host, EndpointError> {
        let mut reader = Parser::new(text, 0);
        let host = if text.contains(':') { reader.v6()? } else { reader.name()? };
        reader.end()?;
        Ok(host)
    }
}

impl Port {
    /// A port that stands by itself; nothing is port 0.
    pub(in crate::net) fn alone(text: &str) -> Result<Port, EndpointError> {
        if text.is_empty() {
            return Ok(Port::Number(0));
        }
        let mut reader = Parser::new(text, 0);
        let port = reader.port()?;
        reader.end()?;
        Ok(port)
    }
}

/// Why a text is no [`Endpoint`]: which is the first character that is wrong, and (for people to read) what should be
/// there.
///
/// A number that is out of its range, and a port that is neither a number nor a service's name, are wrong at their
/// first character. As an [`Error`] it is [`Error::ADDR_INVALID`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndpointError {
    at: usize,
    expected: Expected,
}

impl EndpointError {
    pub(crate) fn new(at: usize, expected: Expected) -> EndpointError {
        EndpointError { at, expected }
    }

    /// Which character is wrong: the number of bytes before it, which is the text's length when something is missing.
    pub fn at(&self) -> usize {
        self.at
    }

    pub(crate) fn expected(&self) -> Expected {
        self.expected
    }
}

impl fmt::Display for EndpointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "byte {}: expected {}", self.at, self.expected.c_text().to_string_lossy())
    }
}

impl std::error::Error for EndpointError {}

impl From<EndpointError> for Error {
    fn from(_: EndpointError) -> Error {
        Error::ADDR_INVALID
    }
}

/// What should be where a text is wrong, to be read after "expected".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    #[cfg(feature = "capi")]
    Text,
    Scheme,
    Brackets,
    Host,
    Label,
    ShortLabel,
    ShortName,
    NoNumber,
    Octet,
    Dot,
    V6,
    Group,
    ShortGroup,
    SecondColon,
    Groups,
    Zone,
    ShortZone,
    Bracket,
    Colon,
    Port,
    Number,
    ShortService,
    Path,
    HexDigit,
    NoZero,
    ShortPath,
    ShortAbstract,
    End,
}

impl Expected {
    pub(crate) fn c_text(self) -> &'static CStr {
        match self {
            #[cfg(feature = "capi")]
            Expected::Text => c"UTF-8",
            Expected::Scheme => c"tcp://, udp:// or unix:// in lower case",
            Expected::Brackets => c"[ before an IPv6 address, and ] after it",
            Expected::NoNumber => c"a last part that is no number, or four numbers from 0 to 255",
            Expected::Host => c"a host, or : and a port",
            Expected::Label => c"a letter, a digit, - or _",
            Expected::ShortLabel => c"at most 63 characters between dots",
            Expected::ShortName => c"at most 253 characters in a name",
            Expected::Octet => c"a number from 0 to 255 without leading zeros",
            Expected::Dot => c". and another number",
            Expected::V6 => c"an IPv6 address",
            Expected::Group => c"1 to 4 hexadecimal digits",
            Expected::ShortGroup => c"at most 4 hexadecimal digits",
            Expected::SecondColon => c"another :",
            Expected::Groups => c"8 groups of hexadecimal digits, or :: in place of some",
            Expected::Zone => c"the name or index of an interface",
            Expected::ShortZone => c"at most 15 bytes in the name of an interface",
            Expected::Bracket => c"] after the address",
            Expected::Colon => c": and a port",
            Expected::Port => c"the number of a port or the name of a service",
            Expected::Number => c"a number from 0 to 65535",
            Expected::ShortService => c"at most 63 characters in the name of a service",
            Expected::Path => c"a path, or @ and a name",
            Expected::HexDigit => c"a hexadecimal digit",
            Expected::NoZero => c"no zero byte in a path",
            Expected::ShortPath => c"at most 108 bytes in a path",
            Expected::ShortAbstract => c"at most 107 bytes in an abstract name",
            Expected::End => c"nothing more",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_alone_has_no_brackets() {
        let ip = |ip: &str, zone: &str| Ok(Host::Ip(ip.parse().unwrap(), zone.into()));
        assert_eq!(Host::alone(""), Ok(Host::Here));
        assert_eq!(Host::alone("127.0.0.1"), ip("127.0.0.1", ""));
        assert_eq!(Host::alone("::"), ip("::", ""));
        assert_eq!(Host::alone("FE80::1%eth0"), ip("fe80::1", "eth0"));
        assert_eq!(Host::alone("example.org."), Ok(Host::Name("example.org.".into())));
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
            assert_eq!(Host::alone(text).map_err(|error| error.at()), Err(at), "{text}");
        }
    }

    #[test]
    fn a_port_alone_may_be_nothing() {
        assert_eq!(Port::alone(""), Ok(Port::Number(0)));
        assert_eq!(Port::alone("65535"), Ok(Port::Number(65535)));
        assert_eq!(Port::alone("https"), Ok(Port::Service("https".into())));
        for (text, at) in [("65536", 0), ("000080", 0), (" 80", 0), ("80 ", 2), ("-1", 0), ("a/b", 1), (":80", 0)] {
            assert_eq!(Port::alone(text).map_err(|error| error.at()), Err(at), "{text}");
        }
    }
}
