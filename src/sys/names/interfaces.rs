//! Network interfaces and their addresses.

use crate::sys::addr::{HARDWARE_ADDR_MAX, RawAddr, SockAddr};
use crate::sys::errno::{ENODEV, Errno};
use crate::sys::socket::descriptor::Descriptor;
use crate::sys::system_call::{errno_result, with_cancellation_disabled};
use crate::sys::types::{Family, Type};
use bitflags::bitflags;
use libc::{c_char, c_int, c_ulong, ifaddrs, sockaddr, sockaddr_ll};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ffi::CStr;
use std::mem::offset_of;
use std::os::fd::AsRawFd;
use std::ptr;

bitflags! {
    /// The state and the properties of a network interface. The numbers are the same on every system.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct InterfaceFlags: u32 {
        /// The interface is enabled.
        const UP = 0x1;
        /// The interface can carry packets: for example, a cable is plugged in.
        const RUNNING = 0x2;
        /// The interface is a loopback interface.
        const LOOPBACK = 0x4;
        /// The interface supports broadcast.
        const BROADCAST = 0x8;
        /// The interface is a point-to-point link.
        const POINT_TO_POINT = 0x10;
        /// The interface supports multicast.
        const MULTICAST = 0x20;
    }
}

impl InterfaceFlags {
    fn from_os(os_flags: u32) -> InterfaceFlags {
        let pairs = [
            (libc::IFF_UP, InterfaceFlags::UP),
            (libc::IFF_RUNNING, InterfaceFlags::RUNNING),
            (libc::IFF_LOOPBACK, InterfaceFlags::LOOPBACK),
            (libc::IFF_BROADCAST, InterfaceFlags::BROADCAST),
            (libc::IFF_POINTOPOINT, InterfaceFlags::POINT_TO_POINT),
            (libc::IFF_MULTICAST, InterfaceFlags::MULTICAST),
        ];
        pairs.into_iter().filter(|(bit, _)| os_flags & *bit as u32 != 0).map(|(_, flag)| flag).collect()
    }
}

/// The length of the longest name, without its NUL.
const NAME_MAX: usize = libc::IFNAMSIZ - 1;

/// An interface with one of its addresses, or without an address.
#[derive(Clone)]
pub struct RawInterface {
    pub name: Vec<u8>,
    /// The index, or 0 if there is no interface of this name.
    pub index: u32,
    pub flags: InterfaceFlags,
    /// The largest packet, in bytes; 0 if there is no interface of this name.
    pub mtu: u32,
    pub hardware: Vec<u8>,
    pub addr: RawAddr,
    pub prefix_len: u32,
    /// The broadcast address, or the peer of a point-to-point address.
    pub peer: RawAddr,
}

/// Lists every address of every interface, and each interface without an address once, ordered by index.
// nix's getifaddrs would lose bytes: it converts names to UTF-8, and shortens link addresses to 6 bytes.
pub fn interfaces() -> Result<Vec<RawInterface>, Errno> {
    let control_socket = open_control_socket()?;
    let list = AddressList::read()?;
    let mut links: Vec<RawInterface> = Vec::new();
    let mut found: Vec<RawInterface> = Vec::new();
    for entry in list.entries() {
        // SAFETY: every entry has a name.
        let name = unsafe { CStr::from_ptr(entry.ifa_name) }.to_bytes();
        // An IPv4 address can have a label in place of the name: the interface's name, a colon and a suffix.
        let name = name.split(|&byte| byte == b':').next().unwrap_or_default();
        // SAFETY: the entry's pointers are valid for as long as the list.
        let (addr, peer, prefix_len, hardware) = unsafe {
            let addr = ip_addr(entry.ifa_addr);
            (addr, ip_addr(entry.ifa_ifu), prefix_len(entry.ifa_netmask), hardware_addr(entry.ifa_addr))
        };
        // The list begins with the interfaces; their addresses follow.
        let link = match links.iter().find(|link| link.name == name) {
            Some(link) => link.clone(),
            None => link(&control_socket, name, entry, hardware.unwrap_or_default())?,
        };
        match addr {
            Some(addr) => {
                let peer = peer.filter(|peer| peer.bytes() != addr.bytes()).unwrap_or(RawAddr::UNSPEC);
                found.push(RawInterface { addr, peer, prefix_len, ..link });
            }
            None => links.push(link),
        }
    }
    // An interface without an index was removed after the list was made.
    links.retain(|link| link.index != 0 && found.iter().all(|other| other.index != link.index));
    links.append(&mut found);
    Ok(ordered_by_index(links))
}

/// Orders by index, and keeps the order of equal ones. A sort of such large elements would take 6 kilobytes of code.
fn ordered_by_index(interfaces: Vec<RawInterface>) -> Vec<RawInterface> {
    let keys = interfaces.iter().enumerate().map(|(position, interface)| Reverse((interface.index, position)));
    let mut order: BinaryHeap<Reverse<(u32, usize)>> = keys.collect();
    let mut interfaces: Vec<Option<RawInterface>> = interfaces.into_iter().map(Some).collect();
    let mut ordered = Vec::with_capacity(interfaces.len());
    while let Some(Reverse((_, position))) = order.pop() {
        ordered.extend(interfaces[position].take());
    }
    ordered
}

/// The interface of a list entry, without an address.
fn link(control_socket: &Descriptor, name: &[u8], entry: &ifaddrs, hardware: Vec<u8>) -> Result<RawInterface, Errno> {
    Ok(RawInterface {
        name: name.to_vec(),
        index: read_number(control_socket, libc::SIOCGIFINDEX, name)?,
        flags: InterfaceFlags::from_os(entry.ifa_flags),
        mtu: read_number(control_socket, libc::SIOCGIFMTU, name)?,
        hardware,
        addr: RawAddr::UNSPEC,
        prefix_len: 0,
        peer: RawAddr::UNSPEC,
    })
}

/// Looks up the index of an interface. `ENODEV` if there is no interface of this name.
// Not if_nametoindex(3), whose errno older C libraries overwrite when there is no file descriptor.
pub fn interface_index(name: &str) -> Result<u32, Errno> {
    let index = read_number(&open_control_socket()?, libc::SIOCGIFINDEX, name.as_bytes())?;
    if index == 0 { Err(Errno(ENODEV)) } else { Ok(index) }
}

/// Opens a socket for the ioctls of [netdevice(7)](https://man7.org/linux/man-pages/man7/netdevice.7.html). Any socket
/// serves.
fn open_control_socket() -> Result<Descriptor, Errno> {
    Descriptor::open(Family::Unix, Type::Dgram, 0)
}

/// Reads a number of an interface from the kernel; 0 if there is no interface of this name.
fn read_number(control_socket: &Descriptor, request: c_ulong, name: &[u8]) -> Result<u32, Errno> {
    if name.len() > NAME_MAX || name.contains(&0) {
        return Ok(0);
    }
    let ifr_ifru = libc::__c_anonymous_ifr_ifru { ifru_mtu: 0 };
    let mut argument = libc::ifreq { ifr_name: [0; libc::IFNAMSIZ], ifr_ifru };
    for (target, &byte) in argument.ifr_name.iter_mut().zip(name) {
        *target = byte as c_char;
    }
    // SAFETY: `argument` is valid, and its name ends with a NUL.
    match errno_result(unsafe { libc::ioctl(control_socket.as_raw_fd(), request as _, &raw mut argument) }.into()) {
        // SAFETY: both requests write an int.
        Ok(_) => Ok(unsafe { argument.ifr_ifru.ifru_mtu } as u32),
        Err(Errno(ENODEV)) => Ok(0),
        Err(errno) => Err(errno),
    }
}

/// The list that getifaddrs(3) allocates.
struct AddressList(*mut ifaddrs);

impl AddressList {
    fn read() -> Result<AddressList, Errno> {
        let mut first = ptr::null_mut();
        // SAFETY: `first` is writable.
        with_cancellation_disabled(|| errno_result(unsafe { libc::getifaddrs(&mut first) }.into()))?;
        Ok(AddressList(first))
    }

    fn entries(&self) -> impl Iterator<Item = &ifaddrs> {
        // SAFETY: getifaddrs returned the first entry, or NULL, and it lives as long as the list.
        let first = unsafe { self.0.as_ref() };
        // SAFETY: each entry points to the next one, or to NULL, and all live as long as the list.
        std::iter::successors(first, |entry| unsafe { entry.ifa_next.as_ref() })
    }
}

impl Drop for AddressList {
    fn drop(&mut self) {
        // SAFETY: the list came from getifaddrs, and is not used afterwards.
        unsafe { libc::freeifaddrs(self.0) };
    }
}

/// The address, if it is an IP address.
///
/// # Safety
/// `addr` is NULL, or readable for the length of its family's addresses.
// Used three times in one function; inlined, it would take a kilobyte more.
#[inline(never)]
unsafe fn ip_addr(addr: *const sockaddr) -> Option<RawAddr> {
    // SAFETY: guaranteed by the caller.
    let copy = unsafe { SockAddr::copy_ip(addr)? };
    let mut out = RawAddr::UNSPEC;
    copy.decode(&mut out);
    Some(out)
}

/// The bytes of the address, if it is a link-layer address.
///
/// # Safety
/// As for [`ip_addr`].
unsafe fn hardware_addr(addr: *const sockaddr) -> Option<Vec<u8>> {
    // SAFETY: guaranteed by the caller. The C library allocates `sll_halen` bytes for the address, which can be more
    // than the 8 bytes of `sll_addr`.
    unsafe {
        if addr.is_null() || c_int::from((*addr).sa_family) != libc::AF_PACKET {
            return None;
        }
        let len = usize::from((*addr.cast::<sockaddr_ll>()).sll_halen).min(HARDWARE_ADDR_MAX);
        let bytes = addr.cast::<u8>().add(offset_of!(sockaddr_ll, sll_addr));
        Some(std::slice::from_raw_parts(bytes, len).to_vec())
    }
}

/// The number of one bits in a netmask.
///
/// # Safety
/// As for [`ip_addr`].
unsafe fn prefix_len(netmask: *const sockaddr) -> u32 {
    // SAFETY: guaranteed by the caller.
    let netmask = unsafe { ip_addr(netmask) };
    netmask.map_or(0, |netmask| netmask.bytes().iter().map(|byte| byte.count_ones()).sum())
}
