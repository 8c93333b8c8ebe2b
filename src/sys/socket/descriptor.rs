//! A descriptor, usually of a socket, from opening to closing.

use crate::sys::addr::{RawAddr, SockAddr};
use crate::sys::errno::{EPROTONOSUPPORT, Errno};
use crate::sys::fd::close;
use crate::sys::poll::registrations::Registrations;
use crate::sys::system_call::system_call;
use crate::sys::types::{Family, Shutdown, Type};
use socket2::{Domain, Protocol, SockRef, Socket};
use std::ffi::c_int;
use std::mem::ManuallyDrop;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

/// A descriptor that this process owns, usually of a socket. Received descriptors and directories have this type as
/// well. Dropping it closes the descriptor.
#[derive(Debug)]
pub struct Descriptor {
    fd: ManuallyDrop<OwnedFd>,
    /// The pollers in which this descriptor is registered. Closing removes the registrations.
    pub registrations: Registrations,
}

impl Descriptor {
    /// Opens a socket. An IPv6 socket that is not raw also carries IPv4, regardless of the system's default. The
    /// protocol of a packet socket is in host byte order.
    pub fn open(family: Family, kind: Type, protocol: i32) -> Result<Descriptor, Errno> {
        let domain = Domain::from(family.to_os()?);
        let protocol = match family {
            Family::Packet => u16::try_from(protocol).map_err(|_| Errno(EPROTONOSUPPORT))?.to_be().into(),
            _ => protocol,
        };
        let socket = Socket::new(domain, socket2::Type::from(kind.to_os()), Some(Protocol::from(protocol)))?;
        if family == Family::Inet6 && kind != Type::Raw {
            socket.set_only_v6(false)?;
        }
        Ok(Descriptor::from(OwnedFd::from(socket)))
    }

    /// Opens two connected sockets.
    pub fn pair(family: Family, kind: Type) -> Result<(Descriptor, Descriptor), Errno> {
        let (a, b) = Socket::pair(Domain::from(family.to_os()?), socket2::Type::from(kind.to_os()), None)?;
        Ok((Descriptor::from(OwnedFd::from(a)), Descriptor::from(OwnedFd::from(b))))
    }

    /// Duplicates the descriptor; both refer to the same socket.
    pub fn try_clone(&self) -> Result<Descriptor, Errno> {
        Ok(Descriptor::from(self.fd.try_clone()?))
    }

    pub fn set_close_on_exec(&self) -> Result<(), Errno> {
        Ok(self.socket().set_cloexec(true)?)
    }

    /// Whether the open file description is in non-blocking mode.
    pub fn nonblocking(&self) -> Result<bool, Errno> {
        Ok(self.socket().nonblocking()?)
    }

    /// Sets non-blocking mode for every descriptor that shares the open file description.
    pub fn set_nonblocking(&self, nonblocking: bool) -> Result<(), Errno> {
        let on = c_int::from(nonblocking);
        // fcntl takes two calls, and another thread's change between them would be lost.
        // SAFETY: `on` is readable.
        unsafe { system_call(libc::SYS_ioctl, [self.raw(), libc::FIONBIO as usize, &raw const on as usize]) }?;
        Ok(())
    }

    pub fn bind(&self, addr: &RawAddr) -> Result<(), Errno> {
        Ok(self.socket().bind(&SockAddr::encoded(addr)?.to_socket2())?)
    }

    /// Starts accepting connections, with a queue of `backlog` connections.
    pub fn listen(&self, backlog: i32) -> Result<(), Errno> {
        Ok(self.socket().listen(backlog)?)
    }

    /// Accepts the next connection of the queue, with the peer's address. The new descriptor is close-on-exec.
    pub fn accept(&self) -> Result<(Descriptor, SockAddr), Errno> {
        const FLAGS: usize = libc::SOCK_CLOEXEC as usize;
        let mut peer = SockAddr::new();
        let (addr, len) = peer.as_mut_ptrs();
        // SAFETY: `addr` is writable for `len` bytes.
        let fd = unsafe { system_call(libc::SYS_accept4, [self.raw(), addr as usize, len as usize, FLAGS]) }?;
        // SAFETY: the kernel has just opened `fd`.
        let descriptor = Descriptor::from(unsafe { OwnedFd::from_raw_fd(fd as RawFd) });
        Ok((descriptor, peer))
    }

    /// Connects to a peer. `EINPROGRESS` if a non-blocking call has started a connection that is not complete yet.
    pub fn connect(&self, addr: &RawAddr) -> Result<(), Errno> {
        let mut os_addr = SockAddr::new();
        os_addr.encode(addr)?;
        let (ptr, len) = (os_addr.as_ptr() as usize, os_addr.len() as usize);
        // SAFETY: the address is readable for its length.
        unsafe { system_call(libc::SYS_connect, [self.raw(), ptr, len]) }?;
        Ok(())
    }

    /// Shuts down one or both directions, for every process that shares the socket.
    pub fn shutdown(&self, how: Shutdown) -> Result<(), Errno> {
        let how = match how {
            Shutdown::Read => std::net::Shutdown::Read,
            Shutdown::Write => std::net::Shutdown::Write,
            Shutdown::Both => std::net::Shutdown::Both,
        };
        Ok(self.socket().shutdown(how)?)
    }

    pub fn local_addr(&self) -> Result<SockAddr, Errno> {
        Ok(SockAddr::from_socket2(&self.socket().local_addr()?))
    }

    /// The peer's address. `ENOTCONN` without a peer.
    pub fn peer_addr(&self) -> Result<SockAddr, Errno> {
        Ok(SockAddr::from_socket2(&self.socket().peer_addr()?))
    }

    /// The descriptor as an argument of a system call.
    #[inline]
    pub(in crate::sys) fn raw(&self) -> usize {
        self.as_raw_fd() as usize
    }

    fn socket(&self) -> SockRef<'_> {
        SockRef::from(&*self.fd)
    }
}

impl Drop for Descriptor {
    // Out of line, so that callers that rarely close a descriptor stay small.
    #[cold]
    #[inline(never)]
    fn drop(&mut self) {
        self.registrations.remove_from_pollers(self.as_raw_fd());
        // SAFETY: the field is not used afterwards.
        close(unsafe { ManuallyDrop::take(&mut self.fd) });
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
        descriptor.registrations.remove_from_pollers(fd);
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
