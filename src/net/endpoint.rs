//! Endpoints.

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

    fn from_str(_text: &str) -> Result<Endpoint, EndpointError> {
        Err(EndpointError::new(0, Expected::Scheme))
    }
}

impl Host {
    /// A host that stands by itself, so that an IPv6 address has no brackets.
    pub(super) fn alone(_text: &str) -> Result<Host, EndpointError> {
        Err(EndpointError::new(0, Expected::Scheme))
    }
}

impl Port {
    /// A port that stands by itself; nothing is port 0.
    pub(super) fn alone(_text: &str) -> Result<Port, EndpointError> {
        Err(EndpointError::new(0, Expected::Scheme))
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

    /// Which character is wrong: the number of bytes before it.
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

/// What should be where a text is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    Text,
    Scheme,
}

impl Expected {
    pub(crate) fn c_text(self) -> &'static CStr {
        match self {
            Expected::Text => c"UTF-8",
            Expected::Scheme => c"tcp://, udp:// or unix://",
        }
    }
}
