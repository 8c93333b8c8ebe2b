//! Membership in multicast groups.

use crate::net::{Addr, Error, Family, Result, Socket, Type};
use crate::sys::Errno;
use crate::sys::errno::{EADDRNOTAVAIL, EINVAL, ENODEV};
use std::net::IpAddr;

impl Socket {
    /// Has the system deliver what is sent to a multicast group and comes in by an interface, from everybody or only
    /// from `source`. Index 0 is the interface of the system's choice, or that of an IPv6 address's scope; ports do not
    /// matter. Several groups, several interfaces, and several sources of one group are joined one by one. An IPv6
    /// socket joins IPv4's groups as well. ([ip(7)])
    ///
    /// # Errors
    /// [`Error::ADDR_IN_USE`] when it is joined already, or joined from everybody and now from one source, or the other
    /// way round; [`Error::ADDR_INVALID`] for a group that is not multicast and for a source that is, or is
    /// unspecified; [`Error::FAMILY_UNSUPPORTED`]; [`Error::TYPE_UNSUPPORTED`] for a stream; [`Error::NOT_FOUND`] when
    /// there is no such interface, or none for the group; [`Error::INVALID`] when an IPv6 scope is another interface;
    /// [`Error::NO_BUFFERS`] and [`Error::NO_MEMORY`] when the socket has joined as many as it may.
    ///
    /// [ip(7)]: https://man7.org/linux/man-pages/man7/ip.7.html
    pub fn join(&self, group: &Addr, source: Option<&Addr>, interface: u32) -> Result<()> {
        // Linux would drop everybody but the source.
        let interface = self.membership(group, source, interface, Error::ADDR_IN_USE)?;
        self.fd.join(group.raw(), source.map(Addr::raw), interface).map_err(|errno| match errno {
            Errno(ENODEV) => Error::NOT_FOUND,
            // So Linux says of a source that it has.
            Errno(EADDRNOTAVAIL) if source.is_some() => Error::ADDR_IN_USE,
            _ => self.failure(errno),
        })
    }

    /// Leaves a group that was joined with the same arguments; without a source, one that was joined from several
    /// leaves them all. ([ip(7)])
    ///
    /// # Errors
    /// [`Error::ADDR_NOT_AVAILABLE`] when it is not joined so, also for want of such an interface;
    /// otherwise as [`Socket::join`].
    ///
    /// [ip(7)]: https://man7.org/linux/man-pages/man7/ip.7.html
    pub fn leave(&self, group: &Addr, source: Option<&Addr>, interface: u32) -> Result<()> {
        // Linux would fail and drop everybody all the same.
        let interface = self.membership(group, source, interface, Error::ADDR_NOT_AVAILABLE)?;
        self.fd.leave(group.raw(), source.map(Addr::raw), interface).map_err(|errno| match errno {
            Errno(ENODEV) => Error::ADDR_NOT_AVAILABLE,
            // So Linux says of a source when it has none.
            Errno(EINVAL) if source.is_some() => Error::ADDR_NOT_AVAILABLE,
            _ => self.failure(errno),
        })
    }

    /// Checks what a membership is made of, and returns the index of its interface; or an error that is given, when it
    /// is of one source and the group is joined from everybody.
    fn membership(&self, group: &Addr, source: Option<&Addr>, interface: u32, mixed: Error) -> Result<u32> {
        let ip = match (self.family, group.ip()) {
            // A raw socket of IPv6 speaks no IPv4.
            (Family::Inet6, Some(IpAddr::V4(_))) if self.kind == Type::Raw => return Err(Error::FAMILY_UNSUPPORTED),
            (Family::Inet | Family::Inet6, Some(ip @ IpAddr::V4(_))) | (Family::Inet6, Some(ip)) => ip,
            _ => return Err(Error::FAMILY_UNSUPPORTED),
        };
        if source.is_some_and(|source| source.family() != group.family()) {
            return Err(Error::FAMILY_UNSUPPORTED);
        }
        // Linux lets a stream join, to no effect.
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
        // That it is not joined at all is an error, too.
        match source.map(|_| self.fd.has_joined_all(group.raw(), interface)) {
            Some(Ok(true)) => Err(mixed),
            _ => Ok(interface),
        }
    }
}
