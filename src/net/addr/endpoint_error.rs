//! Why a text is not an endpoint or an address.

use crate::net::Error;
use std::ffi::CStr;
use std::fmt;

/// A text is not a valid [`Endpoint`](crate::Endpoint): the position of the first wrong character, and what is expected
/// there.
///
/// A number out of range, and a port that is neither a number nor a service name, are wrong at their first character.
/// The error converts to [`Error::ADDR_INVALID`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndpointError {
    at: usize,
    expected: Expected,
}

impl EndpointError {
    pub(crate) fn new(at: usize, expected: Expected) -> EndpointError {
        EndpointError { at, expected }
    }

    /// The offset in bytes of the first wrong character; the length of the text if its end is missing.
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

/// What is expected at the first wrong character. The texts continue the word "expected".
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
            Expected::NoNumber => c"a last label that is not a number, or four numbers from 0 to 255",
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
            Expected::ShortZone => c"at most 15 bytes in an interface name",
            Expected::Bracket => c"] after the address",
            Expected::Colon => c": and a port",
            Expected::Port => c"a port number or a service name",
            Expected::Number => c"a number from 0 to 65535",
            Expected::ShortService => c"at most 63 characters in a service name",
            Expected::Path => c"a path, or @ and a name",
            Expected::HexDigit => c"a hexadecimal digit",
            Expected::NoZero => c"no zero byte in a path",
            Expected::ShortPath => c"at most 108 bytes in a path",
            Expected::ShortAbstract => c"at most 107 bytes in an abstract name",
            Expected::End => c"nothing more",
        }
    }
}
