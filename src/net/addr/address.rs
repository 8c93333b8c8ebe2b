//! Addresses of sockets.

use crate::net::{Error, Family, Result};
use crate::sys::{ADDR_DATA, HARDWARE_MAX, RawAddr};
use std::hash::{Hash, Hasher};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

/// The longest UNIX path or abstract name, its leading zero included: Linux's `sun_path`.
pub(in crate::net) const UNIX_MAX: usize = 108;

/// The address of a socket: IPv4, IPv6, UNIX, netlink, vsock, of frames, or none.
///
/// From text as [`str::parse`] reads it, from std's addresses, and from a UNIX path:
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
    /// No address: connecting a datagram socket to it dissolves the connection.
    pub const UNSPEC: Addr = Addr(RawAddr::UNSPEC);

    /// A UNIX address: a path, or nothing for a socket without a name.
    ///
    /// # Errors
    /// [`Error::ADDR_INVALID`] when the path is longer than 108 bytes or has a zero in it.
    pub fn unix(path: impl AsRef<std::path::Path>) -> Result<Addr> {
        let path = path.as_ref().as_os_str().as_encoded_bytes();
        if path.contains(&0) { Err(Error::ADDR_INVALID) } else { Addr::from_unix_bytes(path) }
    }

    /// A name in Linux's abstract namespace, without its leading zero; it may be any bytes, zeros too.
    ///
    /// # Errors
    /// [`Error::ADDR_INVALID`] when the name is longer than 107 bytes.
    pub fn abstract_name(name: impl AsRef<[u8]>) -> Result<Addr> {
        Addr::from_unix_bytes(&[&[0], name.as_ref()].concat())
    }

    /// A netlink address: the port of a socket, 0 for the kernel's, and a mask of groups.
    pub fn netlink(port: u32, groups: u32) -> Addr {
        Addr(RawAddr { family: Family::Netlink as u16, scope_id: port, flow_info: groups, ..RawAddr::UNSPEC })
    }

    /// A vsock address: a machine's number (1 is this one, 2 its host) and a port. `u32::MAX` is any.
    pub fn vsock(machine: u32, port: u32) -> Addr {
        Addr(RawAddr { family: Family::Vsock as u16, scope_id: machine, flow_info: port, ..RawAddr::UNSPEC })
    }

    /// The address of frames: an interface's index, the frames' protocol (an Ethernet type, 3 for all), and the
    /// hardware address, if one is needed.
    ///
    /// # Errors
    /// [`Error::ADDR_INVALID`] when the hardware address is longer than 32 bytes or the index is above `i32::MAX`.
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

    /// Checks an address that was made elsewhere: when this succeeds, it is one.
    #[inline]
    pub(crate) fn check(raw: &RawAddr) -> Result<()> {
        let well_formed = match Family::from_number(raw.family).ok_or(Error::FAMILY_UNSUPPORTED)? {
            Family::Unspec | Family::Netlink | Family::Vsock => raw.len == 0,
            Family::Inet => raw.len == 4,
            Family::Inet6 => raw.len == 16,
            Family::Unix => {
                let name = raw.bytes();
                name.len() == raw.len as usize
                    && name.len() <= UNIX_MAX
                    && (name.first() == Some(&0) || !name.contains(&0))
            }
            Family::Packet => raw.len as usize <= HARDWARE_MAX && i32::try_from(raw.scope_id).is_ok(),
        };
        if well_formed { Ok(()) } else { Err(Error::ADDR_INVALID) }
    }

    /// A copy of an address that was made elsewhere, if it is one.
    pub(in crate::net) fn checked(raw: RawAddr) -> Result<Addr> {
        Addr::check(&raw).map(|()| Addr(raw))
    }

    /// An address that the operating system wrote.
    pub(in crate::net) fn from_os(raw: RawAddr) -> Addr {
        Addr(raw)
    }

    /// An address that the system told, if it told one.
    pub(in crate::net) fn told(raw: RawAddr) -> Option<Addr> {
        (raw.family != Family::Unspec as u16).then(|| Addr::from_os(raw))
    }

    /// For the operating system to write to: what it writes is an address.
    #[inline]
    pub(in crate::net) fn raw_mut(&mut self) -> &mut RawAddr {
        &mut self.0
    }

    #[inline]
    pub(crate) fn raw(&self) -> &RawAddr {
        &self.0
    }

    /// The address's family.
    #[inline]
    pub fn family(&self) -> Family {
        Family::from_number(self.0.family).unwrap_or(Family::Unspec)
    }

    /// The IP address.
    pub fn ip(&self) -> Option<IpAddr> {
        match self.family() {
            Family::Inet => Some(Ipv4Addr::from(self.ip_bytes::<4>()).into()),
            Family::Inet6 => Some(Ipv6Addr::from(self.ip_bytes::<16>()).into()),
            _ => None,
        }
    }

    /// The port, of an IP address.
    pub fn port(&self) -> Option<u16> {
        self.ip().map(|_| self.0.port)
    }

    /// Changes the port.
    ///
    /// # Errors
    /// [`Error::FAMILY_UNSUPPORTED`] when it is not an IP address.
    pub fn set_port(&mut self, port: u16) -> Result<()> {
        if self.ip().is_none() {
            return Err(Error::FAMILY_UNSUPPORTED);
        }
        self.0.port = port;
        Ok(())
    }

    /// The bytes of a UNIX address: none when it has no name, a path's, or a zero and an abstract name.
    #[inline]
    pub fn unix_bytes(&self) -> Option<&[u8]> {
        (self.family() == Family::Unix).then(|| self.0.bytes())
    }

    /// The port and the groups of a netlink address.
    pub fn netlink_parts(&self) -> Option<(u32, u32)> {
        (self.family() == Family::Netlink).then_some((self.0.scope_id, self.0.flow_info))
    }

    /// The machine and the port of a vsock address.
    pub fn vsock_parts(&self) -> Option<(u32, u32)> {
        (self.family() == Family::Vsock).then_some((self.0.scope_id, self.0.flow_info))
    }

    /// The interface, the protocol and the hardware address of frames.
    pub fn packet_parts(&self) -> Option<(u32, u16, &[u8])> {
        (self.family() == Family::Packet).then(|| (self.0.scope_id, self.0.port, self.0.bytes()))
    }

    fn ip_bytes<const N: usize>(&self) -> [u8; N] {
        std::array::from_fn(|i| self.0.data[i])
    }

    /// What makes two addresses the same; the flow label, a frame's kind and the rest of the room do not.
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

    /// The interface of an IPv6 link-local address, or 0.
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
        let mut data = [0; ADDR_DATA];
        data[..4].copy_from_slice(&addr.ip().octets());
        Addr(RawAddr { family: Family::Inet as u16, port: addr.port(), len: 4, data, ..RawAddr::UNSPEC })
    }
}

impl From<SocketAddrV6> for Addr {
    fn from(addr: SocketAddrV6) -> Addr {
        let mut data = [0; ADDR_DATA];
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

/// Fails with [`Error::FAMILY_UNSUPPORTED`] when it is not an IP address.
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
