//! The machine's network interfaces.

use crate::net::{Addr, Result};
use crate::sys::{self, InterfaceFlags, RawInterface};
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

/// A network interface with one of its addresses, or without one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Interface {
    /// Its name. (Of an IPv4 address with a label of its own, on Linux, that of the interface all the same.)
    pub name: OsString,
    /// Its index, which an IPv6 address's scope and [`Socket::join`](crate::Socket::join) mean. 0 when there is none of
    /// that name: it has just gone, or the name is a label that somebody gave an IPv4 address without regard to it.
    pub index: u32,
    /// What it is and can do.
    pub flags: InterfaceFlags,
    /// The largest packet it carries, in bytes.
    pub mtu: u32,
    /// Its link address, such as an Ethernet one; empty when it has none.
    pub hardware: Vec<u8>,
    /// The address, with port 0; none when the interface has none.
    pub addr: Option<Addr>,
    /// How many bits of the address are the network's.
    pub prefix_len: u32,
    /// The network's broadcast address, or the address at the other end of one that leads to a single peer.
    pub peer: Option<Addr>,
}

/// Every address of every interface, and each interface without an address once, in the order of their indexes.
/// ([getifaddrs(3)])
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
