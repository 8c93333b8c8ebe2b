//! Membership in multicast groups.

use crate::net::{Addr, Error, Family, Result, Socket, Type};
use crate::sys::Errno;
use crate::sys::errno::{EADDRNOTAVAIL, EINVAL, ENODEV};
use std::net::IpAddr;

impl Socket {
    /// Joins a multicast group on an interface, for all sources or only for `source`. ([ip(7)])
    ///
    /// Interface 0 is the scope of an IPv6 address, or the system's choice. Ports are ignored. Each group, interface
    /// and source is joined by a separate call. An IPv6 socket can join IPv4 groups.
    ///
    /// # Errors
    /// - [`Error::ADDR_IN_USE`]: the socket has this membership already, or mixes joining the group with and without a
    ///   source.
    /// - [`Error::ADDR_INVALID`]: the group is not a multicast address, or the source is one or is unspecified.
    /// - [`Error::FAMILY_UNSUPPORTED`]: the socket and the addresses are of different families.
    /// - [`Error::TYPE_UNSUPPORTED`]: the socket type has connections.
    /// - [`Error::NOT_FOUND`]: the interface does not exist, or none fits the group.
    /// - [`Error::INVALID`]: the scope of an IPv6 address is another interface.
    /// - [`Error::NO_BUFFERS`], [`Error::NO_MEMORY`]: the limit of memberships is reached.
    ///
    /// [ip(7)]: https://man7.org/linux/man-pages/man7/ip.7.html
    pub fn join(&self, group: &Addr, source: Option<&Addr>, interface: u32) -> Result<()> {
        // Without this check, Linux would drop a membership for all sources.
        let interface = self.check_membership(group, source, interface, Error::ADDR_IN_USE)?;
        self.fd.join(group.raw(), source.map(Addr::raw), interface).map_err(|errno| match errno {
            Errno(ENODEV) => Error::NOT_FOUND,
            // Linux: the source is joined already.
            Errno(EADDRNOTAVAIL) if source.is_some() => Error::ADDR_IN_USE,
            _ => self.error_from(errno),
        })
    }

    /// Leaves a group that was joined with the same arguments. Without a source, all sources of the group are left.
    /// ([ip(7)])
    ///
    /// # Errors
    /// [`Error::ADDR_NOT_AVAILABLE`] if there is no such membership or interface; otherwise those of [`Socket::join`].
    ///
    /// [ip(7)]: https://man7.org/linux/man-pages/man7/ip.7.html
    pub fn leave(&self, group: &Addr, source: Option<&Addr>, interface: u32) -> Result<()> {
        // Without this check, Linux would fail, and drop a membership for all sources nevertheless.
        let interface = self.check_membership(group, source, interface, Error::ADDR_NOT_AVAILABLE)?;
        self.fd.leave(group.raw(), source.map(Addr::raw), interface).map_err(|errno| match errno {
            Errno(ENODEV) => Error::ADDR_NOT_AVAILABLE,
            // Linux: the group has no sources.
            Errno(EINVAL) if source.is_some() => Error::ADDR_NOT_AVAILABLE,
            _ => self.error_from(errno),
        })
    }

    /// Checks the arguments of a membership, and returns the index of its interface. For one source, it returns `mixed`
    /// if the group is joined for all sources.
    fn check_membership(&self, group: &Addr, source: Option<&Addr>, interface: u32, mixed: Error) -> Result<u32> {
        let ip = match (self.family, group.ip()) {
            // A raw IPv6 socket can't receive IPv4.
            (Family::Inet6, Some(IpAddr::V4(_))) if self.kind == Type::Raw => return Err(Error::FAMILY_UNSUPPORTED),
            (Family::Inet | Family::Inet6, Some(ip @ IpAddr::V4(_))) | (Family::Inet6, Some(ip)) => ip,
            _ => return Err(Error::FAMILY_UNSUPPORTED),
        };
        if source.is_some_and(|source| source.family() != group.family()) {
            return Err(Error::FAMILY_UNSUPPORTED);
        }
        // Linux lets a stream join, without effect.
        if self.kind.has_connections() {
            return Err(Error::TYPE_UNSUPPORTED);
        }
        let is_sender = |ip: IpAddr| !ip.is_multicast() && !ip.is_unspecified();
        if !ip.is_multicast() || source.and_then(Addr::ip).is_some_and(|ip| !is_sender(ip)) {
            return Err(Error::ADDR_INVALID);
        }
        let mut interface = interface;
        for scope in [group.scope_id(), source.map_or(0, Addr::scope_id)] {
            match (interface, scope) {
                (_, 0) => {}
                (0, _) => interface = scope,
                _ if scope == interface => {}
                _ => return Err(Error::INVALID),
            }
        }
        // An error means that the group is not joined.
        match source.map(|_| self.fd.has_joined_all(group.raw(), interface)) {
            Some(Ok(true)) => Err(mixed),
            _ => Ok(interface),
        }
    }
}
