//! Network interfaces.

use crate::net::{Addr, Result};
use crate::sys::{self, InterfaceFlags, RawInterface};
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

/// A network interface with one of its addresses, or without an address.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Interface {
    /// The interface's name. On Linux, an IPv4 address with a label has it as well.
    pub name: OsString,
    /// The interface's index, as in an IPv6 address's scope ID and [`Socket::join`](crate::Socket::join). It is 0 if no
    /// interface has the name: the interface was just removed, or the name is the label of an IPv4 address that is not
    /// derived from the interface's name.
    pub index: u32,
    /// The interface's state and capabilities.
    pub flags: InterfaceFlags,
    /// The maximum transmission unit in bytes.
    pub mtu: u32,
    /// The link-layer address, such as an Ethernet address; empty if the interface has none.
    pub hardware: Vec<u8>,
    /// The address, with port 0; `None` if the interface has none.
    pub addr: Option<Addr>,
    /// The length of the address's network prefix in bits.
    pub prefix_len: u32,
    /// The broadcast address of the network, or the peer's address of a point-to-point interface.
    pub peer: Option<Addr>,
}

/// Lists the addresses of all network interfaces, ordered by interface index. An interface without an address appears
/// once. ([getifaddrs(3)])
///
/// # Errors
/// [`Error::NO_MEMORY`](crate::Error::NO_MEMORY), [`Error::TOO_MANY_FILES`](crate::Error::TOO_MANY_FILES),
/// [`Error::SYSTEM_FILES`](crate::Error::SYSTEM_FILES).
///
/// [getifaddrs(3)]: https://man7.org/linux/man-pages/man3/getifaddrs.3.html
pub fn interfaces() -> Result<Vec<Interface>> {
    Ok(sys::interfaces()?.into_iter().map(Interface::from).collect())
}

impl From<RawInterface> for Interface {
    fn from(raw: RawInterface) -> Interface {
        Interface {
            name: OsString::from_vec(raw.name),
            index: raw.index,
            flags: raw.flags,
            mtu: raw.mtu,
            hardware: raw.hardware,
            addr: Addr::reported(raw.addr),
            prefix_len: raw.prefix_len,
            peer: Addr::reported(raw.peer),
        }
    }
}
