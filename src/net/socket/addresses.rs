//! The addresses of a socket and its peer, and checks of the addresses that callers pass.

use crate::net::{Addr, Error, Family, Result, Socket};
use crate::sys::{Errno, RawAddr, SockAddr};

impl Socket {
    /// The local address. A UNIX socket that is not bound has an unnamed address. ([getsockname(2)])
    ///
    /// [getsockname(2)]: https://man7.org/linux/man-pages/man2/getsockname.2.html
    pub fn local_addr(&self) -> Result<Addr> {
        self.converted_addr(self.fd.local_addr())
    }

    /// The peer's address. ([getpeername(2)])
    ///
    /// # Errors
    /// [`Error::NOT_CONNECTED`] if there is no peer.
    ///
    /// [getpeername(2)]: https://man7.org/linux/man-pages/man2/getpeername.2.html
    pub fn peer_addr(&self) -> Result<Addr> {
        self.converted_addr(self.fd.peer_addr())
    }

    #[inline(never)]
    fn converted_addr(&self, name: Result<SockAddr, Errno>) -> Result<Addr> {
        name.map(|name| self.addr_from(&name)).map_err(|errno| self.error_from(errno))
    }

    /// Converts an address that the system wrote. An unnamed UNIX peer has an empty one.
    #[inline]
    pub(in crate::net) fn addr_from(&self, name: &SockAddr) -> Addr {
        let mut addr = Addr::UNSPEC;
        self.decode_addr(name, &mut addr);
        addr
    }

    /// [`Socket::addr_from`], into `out`.
    #[inline]
    pub(in crate::net) fn decode_addr(&self, name: &SockAddr, out: &mut Addr) {
        let raw = out.raw_mut();
        name.decode(raw);
        if self.family == Family::Unix {
            raw.family = Family::Unix as u16;
        }
    }

    /// Checks a remote address that may be malformed.
    #[inline(always)]
    pub(in crate::net) fn check_raw_remote(&self, addr: &RawAddr) -> Result<()> {
        let is_ip_of_family = match self.family {
            Family::Inet => addr.len == 4,
            Family::Inet6 => addr.len == 16,
            _ => false,
        };
        let is_valid = is_ip_of_family && addr.family == self.family as u16;
        if is_valid { Ok(()) } else { self.check_other_raw_remote(addr) }
    }

    #[inline(never)]
    fn check_other_raw_remote(&self, addr: &RawAddr) -> Result<()> {
        Addr::check(addr)?;
        match addr.family == self.family as u16 {
            true if self.family == Family::Unix && addr.len == 0 => Err(Error::ADDR_INVALID),
            true => Ok(()),
            false => Err(Error::FAMILY_UNSUPPORTED),
        }
    }

    /// Checks a remote address to connect or send to.
    #[inline]
    pub(in crate::net) fn check_remote(&self, addr: &Addr) -> Result<()> {
        if addr.unix_bytes() == Some(&[]) {
            return Err(Error::ADDR_INVALID);
        }
        self.check_family(addr)
    }

    /// Checks the destination of a datagram.
    #[inline]
    pub(in crate::net) fn check_destination(&self, addr: &Addr) -> Result<()> {
        self.check_remote(addr)?;
        // Linux ignores the address on a connected stream.
        if self.kind.has_connections() { Err(Error::TYPE_UNSUPPORTED) } else { Ok(()) }
    }

    #[inline]
    pub(in crate::net) fn check_family(&self, addr: &Addr) -> Result<()> {
        if addr.raw().family == self.family as u16 { Ok(()) } else { Err(Error::FAMILY_UNSUPPORTED) }
    }
}
