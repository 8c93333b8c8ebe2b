//! Endpoints.

use super::reader::Reader;
use super::text::write_unix;
use super::{Addr, Error, Type};
use std::ffi::CStr;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// What to connect to, or where to serve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint(pub(super) Place);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// A host and a port, for streams or datagrams.
    Net(Type, Host, Port),
    Unix(Addr),
}

/// A host as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Host {
    /// Nothing: this machine.
    Here,
    /// An address, and its zone: an interface's name or index, or nothing.
    Ip(IpAddr, String),
    Name(String),
}

/// A port as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Port {
    Number(u16),
    Service(String),
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Endpoint, EndpointError> {
        let net = |kind, at| Reader::new(text, at).host_and_port().map(|(host, port)| Place::Net(kind, host, port));
        let schemes = ["tcp://", "udp://", "unix://"];
        let place = match schemes.iter().position(|scheme| text.starts_with(scheme)) {
            Some(0) => net(Type::Stream, schemes[0].len())?,
            Some(1) => net(Type::Dgram, schemes[1].len())?,
            Some(_) if text.len() == schemes[2].len() => return Err(EndpointError::new(text.len(), Expected::Path)),
            Some(_) => Place::Unix(Reader::new(text, schemes[2].len()).unix()?),
            None => {
                let same = |scheme: &&str| scheme.bytes().zip(text.bytes()).take_while(|(a, b)| a == b).count();
                return Err(EndpointError::new(schemes.iter().map(same).max().unwrap_or(0), Expected::Scheme));
            }
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
    pub(super) fn alone(text: &str) -> Result<Host, EndpointError> {
        let mut reader = Reader::new(text, 0);
        let host = if text.contains(':') { reader.v6()? } else { reader.name()? };
        reader.end()?;
        Ok(host)
    }
}

impl Port {
    /// A port that stands by itself; nothing is port 0.
    pub(super) fn alone(text: &str) -> Result<Port, EndpointError> {
        if text.is_empty() {
            return Ok(Port::Number(0));
        }
        let mut reader = Reader::new(text, 0);
        let port = reader.port()?;
        reader.end()?;
        Ok(port)
    }
}

/// Why a text is no endpoint.
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

    #[cfg(feature = "capi")]
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

/// What should be where a text is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    #[cfg(feature = "capi")]
    Text,
    Scheme,
    Host,
    Label,
    ShortLabel,
    ShortName,
    Octet,
    Dot,
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
            Expected::Scheme => c"tcp://, udp:// or unix://",
            Expected::Host => c"a host, or : and a port",
            Expected::Label => c"a letter, a digit, - or _",
            Expected::ShortLabel => c"at most 63 characters between dots",
            Expected::ShortName => c"at most 253 characters in a name",
            Expected::Octet => c"a number from 0 to 255 without leading zeros",
            Expected::Dot => c". and another number",
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
