//! Endpoints: a transport with a host and port, or a UNIX address.

use crate::net::addr::endpoint_error::{EndpointError, Expected};
use crate::net::addr::host_port::{Host, Port};
use crate::net::addr::parser::Parser;
use crate::net::addr::text::write_unix;
use crate::net::{Addr, Type};
use std::fmt;
use std::str::FromStr;

/// Where to connect to or listen, in one text.
///
/// ```text
/// tcp://HOST:PORT    udp://HOST:PORT    unix://PATH    unix://@NAME
/// ```
///
/// HOST is one of
/// - empty: this machine;
/// - an IPv4 address: four decimal numbers without leading zeros, `127.0.0.1`;
/// - an IPv6 address in brackets, `[::1]`, optionally with `%` and a zone, `[fe80::1%eth0]`. The zone is the index of
///   an interface or its name (up to 15 bytes, without spaces, control characters, `]` and `/`);
/// - a name: labels of 1 to 63 characters separated by dots, at most 253 characters, optionally with a trailing dot.
///   The characters are letters, digits, `-` and `_`. Characters beyond ASCII are converted by IDNA. If the last label
///   is a number (decimal, or hexadecimal after `0x`), the host must be an IPv4 address. So `127.1` and `2130706433`,
///   which C libraries accept as addresses, are errors.
///
/// PORT is a number from 0 to 65535 of at most five digits, or a service name: 1 to 63 letters, digits, `-`, `_`, `.`
/// and `+`, at least one of them a letter.
///
/// PATH is 1 to 108 bytes without zero bytes, absolute (`unix:///run/x.sock`) or relative. NAME is 0 to 107 bytes in
/// Linux's abstract namespace. In both, `%` and two hexadecimal digits stand for a byte, as in the text of an [`Addr`]:
/// `%25` is a `%`, and `%40` is the leading `@` of a path.
///
/// Parsing resolves nothing. Names, services and zones are resolved when the endpoint is dialed or served. Formatting
/// writes addresses in their shortest form, and everything else as it was parsed:
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
    /// A host and a port, for a stream or datagram socket.
    Net(Type, Host, Port),
    Unix(Addr),
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    /// Parses an endpoint.
    ///
    /// # Errors
    /// The position of the first wrong character, and what is expected there.
    fn from_str(text: &str) -> Result<Endpoint, EndpointError> {
        let net = |kind, at| Parser::new(text, at).host_and_port().map(|(host, port)| Place::Net(kind, host, port));
        let schemes = ["tcp://", "udp://", "unix://"];
        let common_prefix = |scheme: &str| scheme.bytes().zip(text.bytes()).take_while(|(a, b)| a == b).count();
        let place = match schemes.map(common_prefix) {
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
