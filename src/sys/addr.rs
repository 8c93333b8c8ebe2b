//! An address with one layout everywhere, and its way into the operating system's `sockaddr` and back.

use crate::sys::errno::{EAFNOSUPPORT, EINVAL};
use crate::sys::{Errno, Family};
use libc::{
    sa_family_t, sockaddr, sockaddr_in, sockaddr_in6, sockaddr_ll, sockaddr_nl, sockaddr_un, sockaddr_vm, socklen_t,
};
use std::ffi::c_int;
use std::mem::{self, MaybeUninit, offset_of, size_of};
use std::ptr;

/// The room for an address's own bytes.
pub const ADDR_DATA: usize = 112;

/// An address as plain data, 128 bytes on every operating system. Nothing in it is checked: `Addr` does that.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct RawAddr {
    /// The number of a [`Family`].
    pub family: u16,
    /// The port, in host order; packet: the frame's protocol.
    pub port: u16,
    /// IPv6: the interface a link-local address belongs to; netlink: the port; vsock: the machine; packet: the
    /// interface.
    pub scope_id: u32,
    /// IPv6: the flow label and traffic class, in host order; netlink: the groups; vsock: the port; packet: the kinds
    /// of the frame and of the hardware.
    pub flow_info: u32,
    /// How much of `data` is the address.
    pub len: u32,
    /// IP bytes in network order; a UNIX path without a final zero, or a zero and an abstract name; packet: the
    /// hardware's address.
    pub data: [u8; ADDR_DATA],
}

impl RawAddr {
    /// The address of nothing.
    pub const UNSPEC: RawAddr = RawAddr { family: 0, port: 0, scope_id: 0, flow_info: 0, len: 0, data: [0; ADDR_DATA] };

    /// The part of `data` that is the address; nothing when `len` is out of range.
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        self.data.get(..self.len as usize).unwrap_or_default()
    }

    /// What may be of IP in an address.
    #[inline(always)]
    pub(in crate::sys) fn ip_part(&self) -> IpPart {
        // SAFETY: so many bytes are there and initialised.
        unsafe { ptr::from_ref(self).cast::<IpPart>().read_unaligned() }
    }

    /// Puts in an address of IP.
    #[inline(always)]
    pub(in crate::sys) fn set_ip_part(&mut self, part: IpPart) {
        // SAFETY: there is room for so many bytes, and any are values of those fields.
        unsafe { ptr::from_mut(self).cast::<IpPart>().write_unaligned(part) }
    }

    #[inline]
    fn ip<const N: usize>(&self) -> Result<[u8; N], Errno> {
        self.bytes().try_into().map_err(|_| Errno(EINVAL))
    }
}

/// As much of an address as may be anything but zero in one of IP.
pub(in crate::sys) type IpPart = [u64; 4];
const _: () = assert!(size_of::<IpPart>() == offset_of!(RawAddr, data) + 16);

/// Two neighbours in memory as the word that both are.
#[inline(always)]
fn word(first: u32, second: u32) -> u64 {
    let (first, second) = (u64::from(first), u64::from(second));
    if cfg!(target_endian = "little") { first | second << 32 } else { first << 32 | second }
}

/// An address of IP, made in registers; its bytes as two words.
#[inline(always)]
fn ip_part_of(family: Family, port: u16, scope_id: u32, flow_info: u32, len: u32, bytes: [u64; 2]) -> IpPart {
    let (first, second) = (family as u32, u32::from(port));
    let begin = if cfg!(target_endian = "little") { first | second << 16 } else { first << 16 | second };
    [word(begin, scope_id), word(flow_info, len), bytes[0], bytes[1]]
}

/// The longest hardware address that Linux knows.
pub const HARDWARE_MAX: usize = 32;
const HARDWARE_OFFSET: usize = offset_of!(sockaddr_ll, sll_addr);
const PATH_OFFSET: usize = offset_of!(sockaddr_un, sun_path);
const PATH_ROOM: usize = size_of::<sockaddr_un>() - PATH_OFFSET;

/// Every `sockaddr` that has a family of ours. `sockaddr_un` is the longest, at 110 bytes; the room beyond it lets the
/// kernel report a longer one whole.
#[repr(C)]
union Storage {
    any: sa_family_t,
    inet: sockaddr_in,
    inet6: sockaddr_in6,
    unix: sockaddr_un,
    netlink: sockaddr_nl,
    vsock: sockaddr_vm,
    packet: sockaddr_ll,
    room: [u8; 128],
}

/// A `sockaddr` and its length, as system calls take and fill it.
pub struct SockAddr {
    storage: MaybeUninit<Storage>,
    len: socklen_t,
}

impl SockAddr {
    /// Room for the kernel to fill.
    #[inline]
    pub fn room() -> SockAddr {
        SockAddr { storage: MaybeUninit::uninit(), len: size_of::<Storage>() as socklen_t }
    }

    #[inline]
    pub(in crate::sys) fn as_ptr(&self) -> *const sockaddr {
        self.storage.as_ptr().cast()
    }

    #[inline]
    pub(in crate::sys) fn len(&self) -> socklen_t {
        self.len
    }

    /// What a call that fills an address wants: where, and how much.
    #[inline]
    pub(in crate::sys) fn fill(&mut self) -> (*mut sockaddr, *mut socklen_t) {
        (self.storage.as_mut_ptr().cast(), &mut self.len)
    }

    /// Says how much the kernel filled.
    #[inline]
    pub(in crate::sys) fn filled(&mut self, len: socklen_t) {
        self.len = len.min(size_of::<Storage>() as socklen_t);
    }

    /// Puts in what the kernel wrote elsewhere.
    pub(in crate::sys) fn copy_from(&mut self, bytes: &[u8]) {
        let len = bytes.len().min(size_of::<Storage>());
        // SAFETY: `storage` is ours, and has room for so many bytes.
        unsafe { self.storage.as_mut_ptr().cast::<u8>().copy_from_nonoverlapping(bytes.as_ptr(), len) };
        self.len = len as socklen_t;
    }

    /// A copy of somebody else's IP address, if it is one.
    ///
    /// # Safety
    /// If not NULL, `addr` must be readable for as long as its family's addresses are.
    pub(in crate::sys) unsafe fn copy_ip(addr: *const sockaddr) -> Option<SockAddr> {
        if addr.is_null() {
            return None;
        }
        // SAFETY: the caller's.
        let len = match unsafe { (*addr).sa_family }.into() {
            libc::AF_INET => size_of::<sockaddr_in>(),
            libc::AF_INET6 => size_of::<sockaddr_in6>(),
            _ => return None,
        };
        let mut copy = SockAddr { storage: MaybeUninit::uninit(), len: len as socklen_t };
        // SAFETY: the caller's, and the storage is large enough for both.
        unsafe { copy.storage.as_mut_ptr().cast::<u8>().copy_from_nonoverlapping(addr.cast(), len) };
        Some(copy)
    }

    /// Puts in an address for the kernel to read.
    #[inline]
    pub fn encode(&mut self, addr: &RawAddr) -> Result<(), Errno> {
        let storage = self.storage.as_mut_ptr();
        // Not by a table of jumps, which the processor can't foresee after a system call.
        if addr.family == Family::Inet as u16 {
            let inet = sockaddr_in {
                sin_family: libc::AF_INET as sa_family_t,
                sin_port: addr.port.to_be(),
                sin_addr: libc::in_addr { s_addr: u32::from_ne_bytes(addr.ip()?) },
                sin_zero: [0; 8],
            };
            // SAFETY: `storage` is ours, writable and large enough for every member.
            unsafe { (&raw mut (*storage).inet).write(inet) };
            self.len = size_of::<sockaddr_in>() as socklen_t;
        } else if addr.family == Family::Inet6 as u16 {
            let inet6 = sockaddr_in6 {
                sin6_family: libc::AF_INET6 as sa_family_t,
                sin6_port: addr.port.to_be(),
                sin6_flowinfo: addr.flow_info.to_be(),
                sin6_addr: libc::in6_addr { s6_addr: addr.ip()? },
                sin6_scope_id: addr.scope_id,
            };
            // SAFETY: as above.
            unsafe { (&raw mut (*storage).inet6).write(inet6) };
            self.len = size_of::<sockaddr_in6>() as socklen_t;
        } else {
            return self.encode_other(addr);
        }
        Ok(())
    }

    /// What the kernel filled in, if it is an address of IP.
    #[inline(always)]
    pub(in crate::sys) fn ip_part(&self) -> Option<IpPart> {
        let len = self.len as usize;
        // As long as the shorter one is.
        if len < size_of::<sockaddr_in>() {
            return None;
        }
        let storage = self.storage.as_ptr();
        // SAFETY: the kernel filled `len` bytes, and each arm reads only within them.
        unsafe {
            match c_int::from((*storage).any) {
                libc::AF_INET => {
                    let inet = (*storage).inet;
                    let port = u16::from_be(inet.sin_port);
                    Some(ip_part_of(Family::Inet, port, 0, 0, 4, [word(inet.sin_addr.s_addr, 0), 0]))
                }
                libc::AF_INET6 if len >= size_of::<sockaddr_in6>() => {
                    let inet6 = (*storage).inet6;
                    let (port, flow_info) = (u16::from_be(inet6.sin6_port), u32::from_be(inet6.sin6_flowinfo));
                    let bytes = (&raw const inet6.sin6_addr).cast::<[u64; 2]>().read_unaligned();
                    Some(ip_part_of(Family::Inet6, port, inet6.sin6_scope_id, flow_info, 16, bytes))
                }
                _ => None,
            }
        }
    }

    /// What the kernel filled in. An address of a family without a number here, or of none, is [`RawAddr::UNSPEC`].
    #[inline]
    pub fn decode(&self, out: &mut RawAddr) {
        let len = self.len as usize;
        *out = RawAddr::UNSPEC;
        if let Some(part) = self.ip_part() {
            return out.set_ip_part(part);
        }
        if len < size_of::<sa_family_t>() {
            return;
        }
        let storage = self.storage.as_ptr();
        // SAFETY: the kernel filled `len` bytes, and each arm reads only within them.
        unsafe {
            match c_int::from((*storage).any) {
                libc::AF_UNIX => {
                    let path = storage.cast::<u8>().add(PATH_OFFSET);
                    let filled = len.saturating_sub(PATH_OFFSET).min(ADDR_DATA);
                    let mut name = std::slice::from_raw_parts(path, filled);
                    // A path ends at its zero; in an abstract name, which begins with one, zeros are bytes like others.
                    if name.first() != Some(&0) {
                        name = name.split(|&byte| byte == 0).next().unwrap_or_default();
                    }
                    out.family = Family::Unix as u16;
                    out.len = name.len() as u32;
                    out.data[..name.len()].copy_from_slice(name);
                }
                libc::AF_NETLINK | libc::AF_VSOCK | libc::AF_PACKET => self.decode_rare(out),
                _ => {}
            }
        }
    }

    /// Puts in an address of a family but IP, apart from those so that they are fast.
    #[inline(never)]
    fn encode_other(&mut self, addr: &RawAddr) -> Result<(), Errno> {
        let storage = self.storage.as_mut_ptr();
        match Family::from_number(addr.family).ok_or(Errno(EAFNOSUPPORT))? {
            Family::Unix => {
                let name = addr.bytes();
                if name.len() != addr.len as usize || name.len() > PATH_ROOM {
                    return Err(Errno(EINVAL));
                }
                // The kernel goes by the length; others who look at system calls go by the zero.
                // SAFETY: `storage` is ours, and the name was measured to fit its place, after which there is room.
                unsafe {
                    (&raw mut (*storage).any).write(libc::AF_UNIX as sa_family_t);
                    let path = storage.cast::<u8>().add(PATH_OFFSET);
                    path.copy_from_nonoverlapping(name.as_ptr(), name.len());
                    path.add(name.len()).write(0);
                }
                self.len = (PATH_OFFSET + name.len()) as socklen_t;
            }
            Family::Netlink => {
                // SAFETY: all zeros is such an address.
                let mut netlink: sockaddr_nl = unsafe { mem::zeroed() };
                netlink.nl_family = libc::AF_NETLINK as sa_family_t;
                netlink.nl_pid = addr.scope_id;
                netlink.nl_groups = addr.flow_info;
                // SAFETY: `storage` is ours, writable and large enough for every member.
                unsafe { (&raw mut (*storage).netlink).write(netlink) };
                self.len = size_of::<sockaddr_nl>() as socklen_t;
            }
            Family::Vsock => {
                // SAFETY: all zeros is such an address.
                let mut vsock: sockaddr_vm = unsafe { mem::zeroed() };
                vsock.svm_family = libc::AF_VSOCK as sa_family_t;
                vsock.svm_cid = addr.scope_id;
                vsock.svm_port = addr.flow_info;
                // SAFETY: as above.
                unsafe { (&raw mut (*storage).vsock).write(vsock) };
                self.len = size_of::<sockaddr_vm>() as socklen_t;
            }
            Family::Packet => {
                let hardware = addr.bytes();
                if hardware.len() != addr.len as usize || hardware.len() > HARDWARE_MAX {
                    return Err(Errno(EINVAL));
                }
                let packet = sockaddr_ll {
                    sll_family: libc::AF_PACKET as sa_family_t,
                    sll_protocol: addr.port.to_be(),
                    sll_ifindex: addr.scope_id.try_into().map_err(|_| Errno(EINVAL))?,
                    sll_hatype: addr.flow_info as u16,
                    sll_pkttype: (addr.flow_info >> 16) as u8,
                    sll_halen: hardware.len() as u8,
                    sll_addr: [0; 8],
                };
                // SAFETY: as above; a longer hardware address goes on in the room behind.
                unsafe {
                    (&raw mut (*storage).packet).write(packet);
                    let place = storage.cast::<u8>().add(HARDWARE_OFFSET);
                    place.copy_from_nonoverlapping(hardware.as_ptr(), hardware.len());
                }
                self.len = size_of::<sockaddr_ll>().max(HARDWARE_OFFSET + hardware.len()) as socklen_t;
            }
            // What dissolves a datagram socket's connection.
            _ => {
                // SAFETY: as above.
                unsafe { storage.cast::<[u8; size_of::<sockaddr>()]>().write([0; size_of::<sockaddr>()]) };
                self.len = size_of::<sockaddr>() as socklen_t;
            }
        }
        Ok(())
    }

    /// What the kernel filled in for one of these families.
    ///
    /// # Safety
    /// The kernel filled as many bytes as `len` says, and the family first.
    #[cold]
    unsafe fn decode_rare(&self, out: &mut RawAddr) {
        let len = self.len as usize;
        let storage = self.storage.as_ptr();
        // SAFETY: each arm reads only within what was filled.
        unsafe {
            match c_int::from((*storage).any) {
                libc::AF_NETLINK if len >= size_of::<sockaddr_nl>() => {
                    let netlink = (*storage).netlink;
                    out.family = Family::Netlink as u16;
                    out.scope_id = netlink.nl_pid;
                    out.flow_info = netlink.nl_groups;
                }
                libc::AF_VSOCK if len >= size_of::<sockaddr_vm>() => {
                    let vsock = (*storage).vsock;
                    out.family = Family::Vsock as u16;
                    out.scope_id = vsock.svm_cid;
                    out.flow_info = vsock.svm_port;
                }
                // A bound socket that has no hardware address yet reports no room for one.
                libc::AF_PACKET if len >= HARDWARE_OFFSET => {
                    let packet = storage.cast::<u8>();
                    let head = packet.cast::<sockaddr_ll>();
                    let filled = (len - HARDWARE_OFFSET).min(HARDWARE_MAX).min((*head).sll_halen.into());
                    out.family = Family::Packet as u16;
                    out.port = u16::from_be((*head).sll_protocol);
                    out.scope_id = (*head).sll_ifindex as u32;
                    out.flow_info = u32::from((*head).sll_hatype) | u32::from((*head).sll_pkttype) << 16;
                    out.len = filled as u32;
                    out.data[..filled].copy_from_slice(std::slice::from_raw_parts(packet.add(HARDWARE_OFFSET), filled));
                }
                _ => {}
            }
        }
    }
}
