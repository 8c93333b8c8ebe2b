//! Socket addresses.

use crate::net::{Error, Family, Result};
use crate::sys::{ADDR_DATA_LEN, HARDWARE_ADDR_MAX, RawAddr};
use std::hash::{Hash, Hasher};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

/// Maximum length in bytes of a UNIX path, or of an abstract name with its leading zero: Linux's `sun_path`.
pub(in crate::net) const UNIX_MAX: usize = 108;

/// A socket address: IPv4, IPv6, UNIX, netlink, vsock, packet, or unspecified.
///
/// It is parsed from text by [`str::parse`], converted from std's addresses, or made from a UNIX path:
///
/// ```
/// use jackfield::Addr;
/// let tcp: Addr = "[::1]:80".parse()?;
/// assert_eq!(tcp, Addr::from((std::net::Ipv6Addr::LOCALHOST, 80)));
/// assert_eq!(Addr::unix("/run/x.sock")?.to_string(), "unix:/run/x.sock");
/// # Ok::<(), jackfield::Error>(())
/// ```
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Addr(RawAddr);

impl Addr {
    /// The unspecified address. Connecting a datagram socket to it removes the socket's peer.
    pub const UNSPEC: Addr = Addr(RawAddr::UNSPEC);

    /// A UNIX address from a path. An empty path makes an unnamed address.
    ///
    /// # Errors
    /// [`Error::ADDR_INVALID`] if the path is longer than 108 bytes or contains a zero byte.
    pub fn unix(path: impl AsRef<std::path::Path>) -> Result<Addr> {
        let path = path.as_ref().as_os_str().as_encoded_bytes();
        if path.contains(&0) { Err(Error::ADDR_INVALID) } else { Addr::from_unix_bytes(path) }
    }

    /// A UNIX address in Linux's abstract namespace. `name` has no leading zero and may contain any bytes.
    ///
    /// # Errors
    /// [`Error::ADDR_INVALID`] if the name is longer than 107 bytes.
    pub fn abstract_name(name: impl AsRef<[u8]>) -> Result<Addr> {
        Addr::from_unix_bytes(&[&[0], name.as_ref()].concat())
    }

    /// A netlink address: a port (0 is the kernel) and a bit mask of multicast groups. ([netlink(7)])
    ///
    /// [netlink(7)]: https://man7.org/linux/man-pages/man7/netlink.7.html
    pub fn netlink(port: u32, groups: u32) -> Addr {
        Addr(RawAddr { family: Family::Netlink as u16, scope_id: port, flow_info: groups, ..RawAddr::UNSPEC })
    }

    /// A vsock address: a context identifier (1 is this machine, 2 is its host) and a port. `u32::MAX` is the
    /// wildcard for either. ([vsock(7)])
    ///
    /// [vsock(7)]: https://man7.org/linux/man-pages/man7/vsock.7.html
    pub fn vsock(cid: u32, port: u32) -> Addr {
        Addr(RawAddr { family: Family::Vsock as u16, scope_id: cid, flow_info: port, ..RawAddr::UNSPEC })
    }

    /// A packet address: the index of an interface, an Ethernet protocol (3 is all of them), and a hardware address,
    /// which may be empty. ([packet(7)])
    ///
    /// # Errors
    /// [`Error::ADDR_INVALID`] if the hardware address is longer than 32 bytes, or the index is above `i32::MAX`.
    ///
    /// [packet(7)]: https://man7.org/linux/man-pages/man7/packet.7.html
    pub fn packet(interface: u32, protocol: u16, hardware: &[u8]) -> Result<Addr> {
        let len = hardware.len() as u32;
        let raw =
            RawAddr { family: Family::Packet as u16, port: protocol, scope_id: interface, len, ..RawAddr::UNSPEC };
        Addr::with_bytes(raw, hardware)
    }

    pub(in crate::net) fn from_unix_bytes(bytes: &[u8]) -> Result<Addr> {
        let raw = RawAddr { family: Family::Unix as u16, len: bytes.len() as u32, ..RawAddr::UNSPEC };
        Addr::with_bytes(raw, bytes)
    }

    fn with_bytes(mut raw: RawAddr, bytes: &[u8]) -> Result<Addr> {
        raw.data.get_mut(..bytes.len()).ok_or(Error::ADDR_INVALID)?.copy_from_slice(bytes);
        Addr::check(&raw)?;
        Ok(Addr(raw))
    }

    /// Checks that an address from a caller is well-formed.
    #[inline]
    pub(crate) fn check(raw: &RawAddr) -> Result<()> {
        let is_well_formed = match Family::from_number(raw.family).ok_or(Error::FAMILY_UNSUPPORTED)? {
            Family::Unspec | Family::Netlink | Family::Vsock => raw.len == 0,
            Family::Inet => raw.len == 4,
            Family::Inet6 => raw.len == 16,
            Family::Unix => {
                let name = raw.bytes();
                name.len() == raw.len as usize
                    && name.len() <= UNIX_MAX
                    && (name.first() == Some(&0) || !name.contains(&0))
            }
            Family::Packet => raw.len as usize <= HARDWARE_ADDR_MAX && i32::try_from(raw.scope_id).is_ok(),
        };
        if is_well_formed { Ok(()) } else { Err(Error::ADDR_INVALID) }
    }

    /// Converts an address from a caller, if it is well-formed.
    pub(in crate::net) fn checked(raw: RawAddr) -> Result<Addr> {
        Addr::check(&raw).map(|()| Addr(raw))
    }

    /// Converts an address that the operating system wrote, which is well-formed.
    pub(in crate::net) fn from_os(raw: RawAddr) -> Addr {
        Addr(raw)
    }

    /// Converts an address that the operating system wrote, or `None` if it reported none.
    pub(in crate::net) fn reported(raw: RawAddr) -> Option<Addr> {
        (raw.family != Family::Unspec as u16).then(|| Addr::from_os(raw))
    }

    /// Mutable access for system calls, which write only well-formed addresses.
    #[inline]
    pub(in crate::net) fn raw_mut(&mut self) -> &mut RawAddr {
        &mut self.0
    }

    #[inline]
    pub(crate) fn raw(&self) -> &RawAddr {
        &self.0
    }

    /// The address family.
    #[inline]
    pub fn family(&self) -> Family {
        Family::from_number(self.0.family).unwrap_or(Family::Unspec)
    }

    /// The IP address, or `None` if the family is not IPv4 or IPv6.
    pub fn ip(&self) -> Option<IpAddr> {
        match self.family() {
            Family::Inet => Some(Ipv4Addr::from(self.ip_bytes::<4>()).into()),
            Family::Inet6 => Some(Ipv6Addr::from(self.ip_bytes::<16>()).into()),
            _ => None,
        }
    }

    /// The port, or `None` if the family is not IPv4 or IPv6.
    pub fn port(&self) -> Option<u16> {
        self.ip().map(|_| self.0.port)
    }

    /// Sets the port.
    ///
    /// # Errors
    /// [`Error::FAMILY_UNSUPPORTED`] if the family is not IPv4 or IPv6.
    pub fn set_port(&mut self, port: u16) -> Result<()> {
        if self.ip().is_none() {
            return Err(Error::FAMILY_UNSUPPORTED);
        }
        self.0.port = port;
        Ok(())
    }

    /// The bytes of a UNIX address: empty if it is unnamed, else a path, or a zero byte and an abstract name.
    #[inline]
    pub fn unix_bytes(&self) -> Option<&[u8]> {
        (self.family() == Family::Unix).then(|| self.0.bytes())
    }

    /// The port and the group mask of a netlink address.
    pub fn netlink_parts(&self) -> Option<(u32, u32)> {
        (self.family() == Family::Netlink).then_some((self.0.scope_id, self.0.flow_info))
    }

    /// The context identifier and the port of a vsock address.
    pub fn vsock_parts(&self) -> Option<(u32, u32)> {
        (self.family() == Family::Vsock).then_some((self.0.scope_id, self.0.flow_info))
    }

    /// The interface index, the protocol and the hardware address of a packet address.
    pub fn packet_parts(&self) -> Option<(u32, u16, &[u8])> {
        (self.family() == Family::Packet).then(|| (self.0.scope_id, self.0.port, self.0.bytes()))
    }

    fn ip_bytes<const N: usize>(&self) -> [u8; N] {
        std::array::from_fn(|i| self.0.data[i])
    }

    /// The parts that equality compares. Flow label, packet type and unused bytes are left out.
    fn key(&self) -> (u16, u16, u32, u32, &[u8]) {
        let RawAddr { family, port, scope_id, flow_info, .. } = self.0;
        let (port, scope_id, flow_info) = match self.family() {
            Family::Unspec | Family::Unix => (0, 0, 0),
            Family::Inet => (port, 0, 0),
            Family::Inet6 | Family::Packet => (port, scope_id, 0),
            Family::Netlink | Family::Vsock => (0, scope_id, flow_info),
        };
        (family, port, scope_id, flow_info, self.0.bytes())
    }

    /// The interface index of a link-local IPv6 address, or 0.
    pub fn scope_id(&self) -> u32 {
        if self.family() == Family::Inet6 { self.0.scope_id } else { 0 }
    }
}

impl PartialEq for Addr {
    fn eq(&self, other: &Addr) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Addr {}

impl Hash for Addr {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

impl From<SocketAddrV4> for Addr {
    fn from(addr: SocketAddrV4) -> Addr {
        let mut data = [0; ADDR_DATA_LEN];
        data[..4].copy_from_slice(&addr.ip().octets());
        Addr(RawAddr { family: Family::Inet as u16, port: addr.port(), len: 4, data, ..RawAddr::UNSPEC })
    }
}

impl From<SocketAddrV6> for Addr {
    fn from(addr: SocketAddrV6) -> Addr {
        let mut data = [0; ADDR_DATA_LEN];
        data[..16].copy_from_slice(&addr.ip().octets());
        Addr(RawAddr {
            family: Family::Inet6 as u16,
            port: addr.port(),
            scope_id: addr.scope_id(),
            flow_info: addr.flowinfo(),
            len: 16,
            data,
        })
    }
}

impl From<SocketAddr> for Addr {
    fn from(addr: SocketAddr) -> Addr {
        match addr {
            SocketAddr::V4(addr) => addr.into(),
            SocketAddr::V6(addr) => addr.into(),
        }
    }
}

impl<I: Into<IpAddr>> From<(I, u16)> for Addr {
    fn from((ip, port): (I, u16)) -> Addr {
        SocketAddr::new(ip.into(), port).into()
    }
}

/// Fails with [`Error::FAMILY_UNSUPPORTED`] if the family is not IPv4 or IPv6.
impl TryFrom<Addr> for SocketAddr {
    type Error = Error;

    fn try_from(addr: Addr) -> Result<SocketAddr> {
        match addr.ip() {
            Some(IpAddr::V4(ip)) => Ok(SocketAddrV4::new(ip, addr.0.port).into()),
            Some(IpAddr::V6(ip)) => Ok(SocketAddrV6::new(ip, addr.0.port, addr.0.flow_info, addr.0.scope_id).into()),
            None => Err(Error::FAMILY_UNSUPPORTED),
        }
    }
}
