//! A socket's descriptor and its life.

use crate::sys::addr::SockAddr;
use crate::sys::errno::EPROTONOSUPPORT;
use crate::sys::poll::fd_exhaustion::record_fd_closed;
use crate::sys::poll::registrations::Registrations;
use crate::sys::system_call::system_call;
use crate::sys::{Errno, Family, RawAddr, Shutdown, Type, check};
use socket2::{Domain, Protocol, SockRef, Socket};
use std::mem::ManuallyDrop;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

/// A socket that this process owns; it is closed when dropped.
#[derive(Debug)]
pub struct Descriptor {
    fd: ManuallyDrop<OwnedFd>,
    /// The poller that it leaves when it is closed.
    pub registrations: Registrations,
}

impl Descriptor {
    /// Opens a socket. An IPv6 one speaks IPv4 too, whatever the system's default, but for a raw one, which can't. A
    /// frame's protocol is in host order.
    pub fn open(family: Family, kind: Type, protocol: i32) -> Result<Descriptor, Errno> {
        let domain = Domain::from(family.to_os()?);
        let protocol = match family {
            Family::Packet => u16::try_from(protocol).map_err(|_| Errno(EPROTONOSUPPORT))?.to_be().into(),
            _ => protocol,
        };
        let socket = Socket::new(domain, socket2::Type::from(kind.to_os()), Some(Protocol::from(protocol)))?;
        // A raw one speaks nothing else.
        if family == Family::Inet6 && kind != Type::Raw {
            socket.set_only_v6(false)?;
        }
        Ok(Descriptor::from(OwnedFd::from(socket)))
    }

    /// Opens two sockets that are connected with each other.
    pub fn pair(family: Family, kind: Type) -> Result<(Descriptor, Descriptor), Errno> {
        let (a, b) = Socket::pair(Domain::from(family.to_os()?), socket2::Type::from(kind.to_os()), None)?;
        Ok((Descriptor::from(OwnedFd::from(a)), Descriptor::from(OwnedFd::from(b))))
    }

    /// Another descriptor for the same socket.
    pub fn try_clone(&self) -> Result<Descriptor, Errno> {
        Ok(Descriptor::from(self.fd.try_clone()?))
    }

    /// Lets no program started from now on inherit the descriptor.
    pub fn set_close_on_exec(&self) -> Result<(), Errno> {
        Ok(self.socket().set_cloexec(true)?)
    }

    /// Whether calls on this descriptor return rather than wait.
    pub fn nonblocking(&self) -> Result<bool, Errno> {
        Ok(self.socket().nonblocking()?)
    }

    /// Sets whether calls on this descriptor, and on all that share its open file, return rather than wait.
    pub fn set_nonblocking(&self, nonblocking: bool) -> Result<(), Errno> {
        let on = libc::c_int::from(nonblocking);
        // SAFETY: the number is ours. fcntl would take two calls, between which another thread may make them as well.
        unsafe { system_call(libc::SYS_ioctl, [self.raw(), libc::FIONBIO as usize, &raw const on as usize]) }?;
        Ok(())
    }

    /// Gives the socket its own name.
    pub fn bind(&self, addr: &RawAddr) -> Result<(), Errno> {
        let mut name = SockAddr::room();
        name.encode(addr)?;
        // SAFETY: the address is as long as it says.
        check(unsafe { libc::bind(self.as_raw_fd(), name.as_ptr(), name.len()) }.into())?;
        Ok(())
    }

    /// Has the kernel take connections and queue this many of them.
    pub fn listen(&self, backlog: i32) -> Result<(), Errno> {
        Ok(self.socket().listen(backlog)?)
    }

    /// Takes the next connection from the queue.
    pub fn accept(&self) -> Result<(Descriptor, SockAddr), Errno> {
        const FLAGS: usize = libc::SOCK_CLOEXEC as usize;
        let mut peer = SockAddr::room();
        let (addr, len) = peer.fill();
        // SAFETY: `addr` and `len` describe room of ours.
        let fd = unsafe { system_call(libc::SYS_accept4, [self.raw(), addr as usize, len as usize, FLAGS]) }?;
        // SAFETY: the kernel just gave us this descriptor.
        let descriptor = Descriptor::from(unsafe { OwnedFd::from_raw_fd(fd as RawFd) });
        Ok((descriptor, peer))
    }

    /// Connects to a peer, or begins to.
    pub fn connect(&self, addr: &RawAddr) -> Result<(), Errno> {
        let mut name = SockAddr::room();
        name.encode(addr)?;
        // SAFETY: the address is as long as it says.
        unsafe { system_call(libc::SYS_connect, [self.raw(), name.as_ptr() as usize, name.len() as usize]) }?;
        Ok(())
    }

    /// Ends one or both directions, for every process that shares the socket.
    pub fn shutdown(&self, how: Shutdown) -> Result<(), Errno> {
        let how = match how {
            Shutdown::Read => std::net::Shutdown::Read,
            Shutdown::Write => std::net::Shutdown::Write,
            Shutdown::Both => std::net::Shutdown::Both,
        };
        Ok(self.socket().shutdown(how)?)
    }

    /// The socket's own name.
    pub fn local_addr(&self) -> Result<SockAddr, Errno> {
        let mut name = SockAddr::room();
        let (addr, len) = name.fill();
        // SAFETY: `addr` and `len` describe room of ours.
        check(unsafe { libc::getsockname(self.as_raw_fd(), addr, len) }.into())?;
        Ok(name)
    }

    /// Its peer's name.
    pub fn peer_addr(&self) -> Result<SockAddr, Errno> {
        let mut name = SockAddr::room();
        let (addr, len) = name.fill();
        // SAFETY: `addr` and `len` describe room of ours.
        check(unsafe { libc::getpeername(self.as_raw_fd(), addr, len) }.into())?;
        Ok(name)
    }

    /// The descriptor as a system call's argument.
    #[inline]
    pub(in crate::sys) fn raw(&self) -> usize {
        self.as_raw_fd() as usize
    }

    pub(in crate::sys) fn socket(&self) -> SockRef<'_> {
        SockRef::from(&*self.fd)
    }
}

impl Drop for Descriptor {
    // Apart from the calls that may have to close one, so that those are fast that have none.
    #[cold]
    #[inline(never)]
    fn drop(&mut self) {
        self.registrations.leave(self.as_raw_fd());
        // SAFETY: the descriptor is ours, and nothing uses it after this. The C library's close would do as well, were
        // it not a cancellation point. An error says that data was lost, not that the descriptor is still open.
        let _ = unsafe { system_call(libc::SYS_close, [self.raw()]) };
        record_fd_closed();
    }
}

impl From<OwnedFd> for Descriptor {
    fn from(fd: OwnedFd) -> Descriptor {
        Descriptor { fd: ManuallyDrop::new(fd), registrations: Registrations::new() }
    }
}

impl From<Descriptor> for OwnedFd {
    fn from(descriptor: Descriptor) -> OwnedFd {
        let descriptor = ManuallyDrop::new(descriptor);
        let fd = descriptor.as_raw_fd();
        descriptor.registrations.leave(fd);
        // SAFETY: `descriptor` is never dropped, so its descriptor has this one owner.
        unsafe { OwnedFd::from_raw_fd(fd) }
    }
}

impl AsFd for Descriptor {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl AsRawFd for Descriptor {
    #[inline]
    fn as_raw_fd(&self) -> RawFd {
        self.fd.as_raw_fd()
    }
}
