//! The interface and the local address of a packet.

use crate::net::{Addr, Error, Family, Result, Socket};
use crate::sys::errno::{ENODEV, ESRCH};
use std::net::{IpAddr, Ipv4Addr};

/// An interface and a local address: where a datagram arrived, or where it is sent from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PacketInfo {
    /// The interface's index. When sending, 0 lets the system choose.
    pub interface: u32,
    /// The address; its port is ignored. When sending, [`Addr::UNSPEC`] lets the system choose.
    pub addr: Addr,
}

impl PacketInfo {
    /// Checks that a socket of this family can send from the address.
    pub(in crate::net) fn check(&self, family: Family) -> Result<()> {
        match self.addr.family() {
            Family::Unspec | Family::Inet => Ok(()),
            Family::Inet6 if family == Family::Inet6 => Ok(()),
            _ => Err(Error::FAMILY_UNSUPPORTED),
        }
    }
}

/// Converts the errors for an unknown interface and an unknown process, both named in control data.
pub(in crate::net) fn control_error(error: Error) -> Error {
    if [ENODEV, ESRCH].map(Error::from_os).contains(&error) { Error::NOT_FOUND } else { error }
}

impl Socket {
    /// Converts an address from control data to the socket's family: an IPv6 socket reports IPv4 addresses as mapped.
    #[cold]
    pub(in crate::net) fn to_own_family(&self, addr: Addr) -> Addr {
        match addr.ip() {
            Some(IpAddr::V4(ip)) if self.family == Family::Inet6 => {
                (ip.to_ipv6_mapped(), addr.port().unwrap_or(0)).into()
            }
            _ => addr,
        }
    }

    /// Converts the source address of a message to the family of its destination, which is the peer if `to` is `None`.
    ///
    /// An IPv6 socket that sends to an IPv4 address rejects IPv6's unspecified address as the source.
    #[cold]
    pub(in crate::net) fn to_source(&self, addr: Addr, to: Option<&Addr>) -> Addr {
        if addr.family() != Family::Unspec || self.family != Family::Inet6 {
            return addr;
        }
        match to.copied().or_else(|| self.peer_addr().ok()).and_then(|to| to.ip()) {
            Some(IpAddr::V6(to)) if to.to_ipv4_mapped().is_some() => (Ipv4Addr::UNSPECIFIED, 0).into(),
            _ => addr,
        }
    }
}
