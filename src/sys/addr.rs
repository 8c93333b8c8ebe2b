//! Addresses with one layout on every system, and their conversion to and from the system's `sockaddr`.

use crate::sys::errno::{EAFNOSUPPORT, EINVAL, Errno};
use crate::sys::plain::{Plain, bytes_of, read, zero_extended, zeroed};
use crate::sys::types::Family;
use libc::{
    sa_family_t, sockaddr, sockaddr_in, sockaddr_in6, sockaddr_ll, sockaddr_nl, sockaddr_storage, sockaddr_un,
    sockaddr_vm, socklen_t,
};
use socket2::SockAddrStorage;
use std::ffi::c_int;
use std::mem::{MaybeUninit, offset_of, size_of};
use std::{ptr, slice};

/// The capacity of [`RawAddr::data`].
pub const ADDR_DATA_LEN: usize = 112;

/// An address as plain data, 128 bytes on every system. The fields are unchecked; `Addr` checks them.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct RawAddr {
    /// The number of a [`Family`].
    pub family: u16,
    /// The port, in host byte order. Packet: the frame's protocol.
    pub port: u16,
    /// IPv6: the interface of a link-local address. Netlink: the port. Vsock: the CID. Packet: the interface.
    pub scope_id: u32,
    /// IPv6: the flow label and traffic class, in host byte order. Netlink: the groups. Vsock: the port. Packet: the
    /// frame's type and the hardware's type.
    pub flow_info: u32,
    /// How many bytes of `data` are used.
    pub len: u32,
    /// IP: the address in network byte order. UNIX: a path without its final NUL, or a NUL and an abstract name.
    /// Packet: the hardware address.
    pub data: [u8; ADDR_DATA_LEN],
}

impl RawAddr {
    /// The empty address.
    pub const UNSPEC: RawAddr =
        RawAddr { family: 0, port: 0, scope_id: 0, flow_info: 0, len: 0, data: [0; ADDR_DATA_LEN] };

    /// The used part of `data`; empty if `len` is out of range.
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        self.data.get(..self.len as usize).unwrap_or_default()
    }

    /// The part that an IP address uses.
    #[inline(always)]
    pub(in crate::sys) fn ip_part(&self) -> IpPart {
        // SAFETY: an `IpPart` is no longer than an address, whose bytes are all initialised.
        unsafe { ptr::from_ref(self).cast::<IpPart>().read_unaligned() }
    }

    /// Writes the part that an IP address uses.
    #[inline(always)]
    pub(in crate::sys) fn set_ip_part(&mut self, part: IpPart) {
        // SAFETY: an `IpPart` is no longer than an address, and all bytes are values of its fields.
        unsafe { ptr::from_mut(self).cast::<IpPart>().write_unaligned(part) }
    }

    #[inline]
    fn ip<const N: usize>(&self) -> Result<[u8; N], Errno> {
        self.bytes().try_into().map_err(|_| Errno(EINVAL))
    }
}

/// The first 32 bytes of a [`RawAddr`]. In an IP address, the bytes after them are zero.
pub(in crate::sys) type IpPart = [u64; 4];
const _: () = assert!(size_of::<IpPart>() == offset_of!(RawAddr, data) + 16);

/// Joins two fields that are adjacent in memory into one word.
#[inline(always)]
fn join_u32(first: u32, second: u32) -> u64 {
    let (first, second) = (u64::from(first), u64::from(second));
    if cfg!(target_endian = "little") { first | second << 32 } else { first << 32 | second }
}

/// Builds an [`IpPart`] in registers; `bytes` is the IP address as two words.
#[inline(always)]
fn build_ip_part(family: Family, port: u16, scope_id: u32, flow_info: u32, len: u32, bytes: [u64; 2]) -> IpPart {
    let (first, second) = (family as u32, u32::from(port));
    let begin = if cfg!(target_endian = "little") { first | second << 16 } else { first << 16 | second };
    [join_u32(begin, scope_id), join_u32(flow_info, len), bytes[0], bytes[1]]
}

/// Linux's longest hardware address, in bytes.
pub const HARDWARE_ADDR_MAX: usize = 32;
const HARDWARE_OFFSET: usize = offset_of!(sockaddr_ll, sll_addr);
const PATH_OFFSET: usize = offset_of!(sockaddr_un, sun_path);
const PATH_CAPACITY: usize = size_of::<sockaddr_un>() - PATH_OFFSET;

/// The longest `sockaddr` of a known family is `sockaddr_un` with 110 bytes. The kernel may report a path that fills
/// all of it, and add a NUL.
const STORAGE_LEN: usize = size_of::<sockaddr_storage>();

#[repr(C, align(8))]
struct Storage([MaybeUninit<u8>; STORAGE_LEN]);

/// A `sockaddr` and its length, as system calls read and write them.
pub struct SockAddr {
    storage: Storage,
    /// The number of initialised bytes. In a new address it is the capacity, which system calls read; then no byte is
    /// initialised.
    len: socklen_t,
}

impl SockAddr {
    /// An uninitialised address, for the kernel or [`SockAddr::encode`] to write before it is read.
    #[inline]
    pub fn new() -> SockAddr {
        SockAddr { storage: Storage([const { MaybeUninit::uninit() }; STORAGE_LEN]), len: STORAGE_LEN as socklen_t }
    }

    /// The system's form of an address.
    #[inline(always)]
    pub(in crate::sys) fn encoded(addr: &RawAddr) -> Result<SockAddr, Errno> {
        let mut encoded = SockAddr::new();
        encoded.encode(addr)?;
        Ok(encoded)
    }

    #[inline]
    pub(in crate::sys) fn as_ptr(&self) -> *const sockaddr {
        self.storage.0.as_ptr().cast()
    }

    #[inline]
    pub(in crate::sys) fn len(&self) -> socklen_t {
        self.len
    }

    /// Where a system call writes an address and its length, which holds the capacity beforehand.
    #[inline]
    pub(in crate::sys) fn as_mut_ptrs(&mut self) -> (*mut sockaddr, *mut socklen_t) {
        (self.storage.0.as_mut_ptr().cast(), &mut self.len)
    }

    /// Sets the number of bytes that the kernel has written; it reports the address's whole length.
    #[inline]
    pub(in crate::sys) fn set_len(&mut self, len: socklen_t) {
        self.len = len.min(STORAGE_LEN as socklen_t);
    }

    /// Copies a `sockaddr` that the kernel wrote elsewhere.
    pub(in crate::sys) fn copy_from(&mut self, bytes: &[u8]) {
        let len = bytes.len().min(STORAGE_LEN);
        self.write(0, &bytes[..len]);
        self.len = len as socklen_t;
    }

    /// Copies an IP address from a `sockaddr`. `None` for a NULL, or for another family.
    ///
    /// # Safety
    /// `addr` is NULL, or readable for as many bytes as the address family takes.
    pub(in crate::sys) unsafe fn copy_ip(addr: *const sockaddr) -> Option<SockAddr> {
        if addr.is_null() {
            return None;
        }
        // SAFETY: guaranteed by the caller.
        let bytes = unsafe {
            let len = match (*addr).sa_family.into() {
                libc::AF_INET => size_of::<sockaddr_in>(),
                libc::AF_INET6 => size_of::<sockaddr_in6>(),
                _ => return None,
            };
            slice::from_raw_parts(addr.cast::<u8>(), len)
        };
        let mut copy = SockAddr::new();
        copy.copy_from(bytes);
        Some(copy)
    }

    pub(in crate::sys) fn to_storage(&self) -> sockaddr_storage {
        zero_extended(self.bytes())
    }

    pub(in crate::sys) fn to_socket2(&self) -> socket2::SockAddr {
        let mut storage = SockAddrStorage::zeroed();
        // SAFETY: `sockaddr_storage` is the system's type, and the address is as long as its family requires.
        unsafe {
            *storage.view_as() = self.to_storage();
            socket2::SockAddr::new(storage, self.len)
        }
    }

    pub(in crate::sys) fn from_socket2(addr: &socket2::SockAddr) -> SockAddr {
        let mut copy = SockAddr::new();
        let len = (addr.len() as usize).min(STORAGE_LEN);
        // SAFETY: the address consists of a `sockaddr_storage`, which is initialised.
        copy.copy_from(unsafe { slice::from_raw_parts(addr.as_ptr().cast(), len) });
        copy
    }

    /// The bytes that the kernel or [`SockAddr::encode`] has written. Must not be called on a new address.
    #[inline(always)]
    fn bytes(&self) -> &[u8] {
        // SAFETY: the write of the address has set `len` to the number of bytes written, at most the capacity.
        unsafe { slice::from_raw_parts(self.storage.0.as_ptr().cast(), self.len as usize) }
    }

    #[inline(always)]
    fn write(&mut self, offset: usize, bytes: &[u8]) {
        let target = &mut self.storage.0[offset..offset + bytes.len()];
        // SAFETY: `target` has the length of `bytes`, and they do not overlap.
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), target.as_mut_ptr().cast(), bytes.len()) };
    }

    #[inline(always)]
    fn set<T: Plain>(&mut self, addr: T) {
        self.write(0, bytes_of(&[addr]));
        self.len = size_of::<T>() as socklen_t;
    }

    /// Writes the system's form of an address.
    #[inline]
    pub fn encode(&mut self, addr: &RawAddr) -> Result<(), Errno> {
        // Branches instead of a `match`: a jump table beside a system call would cost a misprediction.
        if addr.family == Family::Inet as u16 {
            self.set(sockaddr_in {
                sin_family: libc::AF_INET as sa_family_t,
                sin_port: addr.port.to_be(),
                sin_addr: libc::in_addr { s_addr: u32::from_ne_bytes(addr.ip()?) },
                sin_zero: [0; 8],
            });
        } else if addr.family == Family::Inet6 as u16 {
            self.set(sockaddr_in6 {
                sin6_family: libc::AF_INET6 as sa_family_t,
                sin6_port: addr.port.to_be(),
                sin6_flowinfo: addr.flow_info.to_be(),
                sin6_addr: libc::in6_addr { s6_addr: addr.ip()? },
                sin6_scope_id: addr.scope_id,
            });
        } else {
            return self.encode_other(addr);
        }
        Ok(())
    }

    /// The kernel's address, if it is an IP address.
    #[inline(always)]
    pub(in crate::sys) fn ip_part(&self) -> Option<IpPart> {
        let bytes = self.bytes();
        // No IP address is shorter. An unnamed peer's is empty.
        if bytes.len() < size_of::<sockaddr_in>() {
            return None;
        }
        match c_int::from(read::<sa_family_t>(bytes)?) {
            libc::AF_INET => {
                let inet = read::<sockaddr_in>(bytes)?;
                let port = u16::from_be(inet.sin_port);
                Some(build_ip_part(Family::Inet, port, 0, 0, 4, [join_u32(inet.sin_addr.s_addr, 0), 0]))
            }
            libc::AF_INET6 => {
                let inet6 = read::<sockaddr_in6>(bytes)?;
                let (port, flow_info) = (u16::from_be(inet6.sin6_port), u32::from_be(inet6.sin6_flowinfo));
                let words = read::<[u64; 2]>(&inet6.sin6_addr.s6_addr)?;
                Some(build_ip_part(Family::Inet6, port, inet6.sin6_scope_id, flow_info, 16, words))
            }
            _ => None,
        }
    }

    /// Converts the kernel's address. An empty address, or an address of an unknown family, becomes
    /// [`RawAddr::UNSPEC`].
    #[inline]
    pub fn decode(&self, out: &mut RawAddr) {
        *out = RawAddr::UNSPEC;
        match self.ip_part() {
            Some(part) => out.set_ip_part(part),
            None => self.decode_other(out),
        }
    }

    /// Writes the system's form of an address that is not an IP address.
    #[inline(never)]
    fn encode_other(&mut self, addr: &RawAddr) -> Result<(), Errno> {
        match Family::from_number(addr.family).ok_or(Errno(EAFNOSUPPORT))? {
            Family::Unix => {
                let name = addr.bytes();
                if name.len() != addr.len as usize || name.len() > PATH_CAPACITY {
                    return Err(Errno(EINVAL));
                }
                self.set(libc::AF_UNIX as sa_family_t);
                self.write(PATH_OFFSET, name);
                // The kernel uses the length; tools that trace system calls look for the NUL.
                self.write(PATH_OFFSET + name.len(), &[0]);
                self.len = (PATH_OFFSET + name.len()) as socklen_t;
            }
            Family::Netlink => {
                let mut netlink: sockaddr_nl = zeroed();
                netlink.nl_family = libc::AF_NETLINK as sa_family_t;
                netlink.nl_pid = addr.scope_id;
                netlink.nl_groups = addr.flow_info;
                self.set(netlink);
            }
            Family::Vsock => {
                let mut vsock: sockaddr_vm = zeroed();
                vsock.svm_family = libc::AF_VSOCK as sa_family_t;
                vsock.svm_cid = addr.scope_id;
                vsock.svm_port = addr.flow_info;
                self.set(vsock);
            }
            Family::Packet => {
                let hardware = addr.bytes();
                if hardware.len() != addr.len as usize || hardware.len() > HARDWARE_ADDR_MAX {
                    return Err(Errno(EINVAL));
                }
                self.set(sockaddr_ll {
                    sll_family: libc::AF_PACKET as sa_family_t,
                    sll_protocol: addr.port.to_be(),
                    sll_ifindex: addr.scope_id.try_into().map_err(|_| Errno(EINVAL))?,
                    sll_hatype: addr.flow_info as u16,
                    sll_pkttype: (addr.flow_info >> 16) as u8,
                    sll_halen: hardware.len() as u8,
                    sll_addr: [0; 8],
                });
                // A hardware address longer than 8 bytes exceeds the struct; the kernel accepts that.
                self.write(HARDWARE_OFFSET, hardware);
                self.len = size_of::<sockaddr_ll>().max(HARDWARE_OFFSET + hardware.len()) as socklen_t;
            }
            // Connecting a datagram socket to AF_UNSPEC dissolves its connection.
            _ => self.set([0_u8; size_of::<sockaddr>()]),
        }
        Ok(())
    }

    /// Converts the kernel's address if it is not an IP address. `out` must be [`RawAddr::UNSPEC`].
    #[inline(never)]
    fn decode_other(&self, out: &mut RawAddr) {
        let bytes = self.bytes();
        match read::<sa_family_t>(bytes).map(c_int::from) {
            Some(libc::AF_UNIX) => {
                let mut name = bytes.get(PATH_OFFSET..).unwrap_or_default();
                name = &name[..name.len().min(ADDR_DATA_LEN)];
                // A path ends at its NUL. An abstract name starts with a NUL and may contain others.
                if name.first() != Some(&0) {
                    name = name.split(|&byte| byte == 0).next().unwrap_or_default();
                }
                out.family = Family::Unix as u16;
                out.len = name.len() as u32;
                out.data[..name.len()].copy_from_slice(name);
            }
            Some(libc::AF_NETLINK) => {
                let Some(netlink) = read::<sockaddr_nl>(bytes) else { return };
                out.family = Family::Netlink as u16;
                out.scope_id = netlink.nl_pid;
                out.flow_info = netlink.nl_groups;
            }
            Some(libc::AF_VSOCK) => {
                let Some(vsock) = read::<sockaddr_vm>(bytes) else { return };
                out.family = Family::Vsock as u16;
                out.scope_id = vsock.svm_cid;
                out.flow_info = vsock.svm_port;
            }
            Some(libc::AF_PACKET) => {
                // A bound socket without a hardware address reports an address that ends before it.
                let Some(hardware) = bytes.get(HARDWARE_OFFSET..) else { return };
                let head: sockaddr_ll = zero_extended(bytes);
                let len = hardware.len().min(HARDWARE_ADDR_MAX).min(head.sll_halen.into());
                out.family = Family::Packet as u16;
                out.port = u16::from_be(head.sll_protocol);
                out.scope_id = head.sll_ifindex as u32;
                out.flow_info = u32::from(head.sll_hatype) | u32::from(head.sll_pkttype) << 16;
                out.len = len as u32;
                out.data[..len].copy_from_slice(&hardware[..len]);
            }
            _ => {}
        }
    }
}
