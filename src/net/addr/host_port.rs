//! The host and the port of an endpoint, not yet resolved.

use std::fmt;
use std::net::IpAddr;

/// The host of an endpoint, as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::net) enum Host {
    /// An empty host: this machine.
    Local,
    /// An address and its zone: the name or index of an interface, or empty.
    Ip(IpAddr, String),
    Name(String),
}

/// The port of an endpoint, as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::net) enum Port {
    Number(u16),
    Service(String),
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Host::Local => Ok(()),
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
