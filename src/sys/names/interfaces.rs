//! The machine's network interfaces and their addresses.

use crate::sys::addr::SockAddr;
use crate::sys::errno::ENODEV;
use crate::sys::system_call::uncanceled;
use crate::sys::{Descriptor, Errno, Family, HARDWARE_MAX, RawAddr, Type, check};
use libc::{c_char, c_int, c_ulong, ifaddrs, sockaddr, sockaddr_ll};
use std::ffi::CStr;
use std::mem::{self, offset_of};
use std::os::fd::AsRawFd;
use std::ptr;

/// What an interface is and can do. The numbers are our own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct InterfaceFlags(u32);

impl InterfaceFlags {
    /// It is switched on.
    pub const UP: InterfaceFlags = InterfaceFlags(0x1);
    /// It can carry packets: a cable is plugged in, a peer is there.
    pub const RUNNING: InterfaceFlags = InterfaceFlags(0x2);
    /// It leads back into this machine.
    pub const LOOPBACK: InterfaceFlags = InterfaceFlags(0x4);
    /// It has broadcast addresses.
    pub const BROADCAST: InterfaceFlags = InterfaceFlags(0x8);
    /// It leads to one peer.
    pub const POINT_TO_POINT: InterfaceFlags = InterfaceFlags(0x10);
    /// It carries multicast.
    pub const MULTICAST: InterfaceFlags = InterfaceFlags(0x20);

    /// The bits of these flags.
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// Whether all of those are set.
    pub const fn contains(self, other: InterfaceFlags) -> bool {
        self.0 & other.0 == other.0
    }

    fn from_os(flags: u32) -> InterfaceFlags {
        let pairs = [
            (libc::IFF_UP, InterfaceFlags::UP),
            (libc::IFF_RUNNING, InterfaceFlags::RUNNING),
            (libc::IFF_LOOPBACK, InterfaceFlags::LOOPBACK),
            (libc::IFF_BROADCAST, InterfaceFlags::BROADCAST),
            (libc::IFF_POINTOPOINT, InterfaceFlags::POINT_TO_POINT),
            (libc::IFF_MULTICAST, InterfaceFlags::MULTICAST),
        ];
        let set = pairs.into_iter().filter(|(bit, _)| flags & *bit as u32 != 0);
        InterfaceFlags(set.fold(0, |bits, (_, flag)| bits | flag.0))
    }
}

/// The longest name of an interface.
const NAME_MAX: usize = libc::IFNAMSIZ - 1;

/// An interface with one of its addresses, or without one.
#[derive(Clone)]
pub struct RawInterface {
    pub name: Vec<u8>,
    pub index: u32,
    pub flags: InterfaceFlags,
    pub mtu: u32,
    pub hardware: Vec<u8>,
    pub addr: RawAddr,
    pub prefix_len: u32,
    /// The broadcast address, or the peer of a point-to-point address.
    pub peer: RawAddr,
}

/// Every address of every interface, and every interface without one, in the order of their indexes.
pub fn interfaces() -> Result<Vec<RawInterface>, Errno> {
    // Any socket answers questions about interfaces.
    let asked = Descriptor::open(Family::Unix, Type::Dgram, 0)?;
    let list = List::read()?;
    let mut links: Vec<RawInterface> = Vec::new();
    let mut found: Vec<RawInterface> = Vec::new();
    for entry in list.entries() {
        // SAFETY: an entry has a name.
        let name = unsafe { CStr::from_ptr(entry.ifa_name) }.to_bytes();
        // An IPv4 address may have a label of its own, which is the interface's name, a colon and something.
        let name = name.split(|&byte| byte == b':').next().unwrap_or_default();
        // SAFETY: what the entry points to lives as long as the list.
        let (addr, peer, prefix_len, hardware) = unsafe {
            let addr = address(entry.ifa_addr);
            (addr, address(entry.ifa_ifu), prefix_len(entry.ifa_netmask), hardware(entry.ifa_addr))
        };
        // The interfaces come first in the list, and then their addresses.
        let link = match links.iter().find(|link| link.name == name) {
            Some(link) => link.clone(),
            None => link(&asked, name, entry, hardware.unwrap_or_default())?,
        };
        match addr {
            Some(addr) => {
                let peer = peer.filter(|peer| peer.bytes() != addr.bytes()).unwrap_or(RawAddr::UNSPEC);
                found.push(RawInterface { addr, peer, prefix_len, ..link });
            }
            None => links.push(link),
        }
    }
    // One without an index has gone since the list was made.
    links.retain(|link| link.index != 0 && found.iter().all(|other| other.index != link.index));
    links.append(&mut found);
    links.sort_by_key(|interface| interface.index);
    Ok(links)
}

/// An interface without addresses. Its index and MTU are 0 when there is none of that name.
fn link(asked: &Descriptor, name: &[u8], entry: &ifaddrs, hardware: Vec<u8>) -> Result<RawInterface, Errno> {
    Ok(RawInterface {
        name: name.to_vec(),
        index: ask(asked, libc::SIOCGIFINDEX, name)?,
        flags: InterfaceFlags::from_os(entry.ifa_flags),
        mtu: ask(asked, libc::SIOCGIFMTU, name)?,
        hardware,
        addr: RawAddr::UNSPEC,
        prefix_len: 0,
        peer: RawAddr::UNSPEC,
    })
}

/// The index of the interface with this name. The C library would ask the same, but not say why there is no answer.
pub fn interface_index(name: &str) -> Result<u32, Errno> {
    let index = ask(&Descriptor::open(Family::Unix, Type::Dgram, 0)?, libc::SIOCGIFINDEX, name.as_bytes())?;
    if index == 0 { Err(Errno(ENODEV)) } else { Ok(index) }
}

/// Asks the kernel for one number of an interface; 0 when there is none of that name.
fn ask(asked: &Descriptor, question: c_ulong, name: &[u8]) -> Result<u32, Errno> {
    if name.len() > NAME_MAX || name.contains(&0) {
        return Ok(0);
    }
    // SAFETY: all zeros is a request without a name.
    let mut request: libc::ifreq = unsafe { mem::zeroed() };
    for (place, &byte) in request.ifr_name.iter_mut().zip(name) {
        *place = byte as c_char;
    }
    // SAFETY: the request is ours, and its name ends with a zero.
    match check(unsafe { libc::ioctl(asked.as_raw_fd(), question as _, &raw mut request) }.into()) {
        // SAFETY: both questions are answered by an int.
        Ok(_) => Ok(unsafe { request.ifr_ifru.ifru_mtu } as u32),
        Err(Errno(ENODEV)) => Ok(0),
        Err(errno) => Err(errno),
    }
}

/// The list that the C library makes.
struct List(*mut ifaddrs);

impl List {
    fn read() -> Result<List, Errno> {
        let mut first = ptr::null_mut();
        // SAFETY: the place for the list is ours.
        match uncanceled(|| check(unsafe { libc::getifaddrs(&mut first) }.into())) {
            Ok(_) => Ok(List(first)),
            Err(errno) => Err(errno),
        }
    }

    fn entries(&self) -> impl Iterator<Item = &ifaddrs> {
        // SAFETY: each entry points to the next one or to none, and all live as long as the list.
        std::iter::successors(unsafe { self.0.as_ref() }, |entry| unsafe { entry.ifa_next.as_ref() })
    }
}

impl Drop for List {
    fn drop(&mut self) {
        // SAFETY: the list is the C library's, and nothing uses it after this.
        unsafe { libc::freeifaddrs(self.0) };
    }
}

/// An IP address.
///
/// # Safety
/// If not NULL, `addr` must be readable for as long as its family's addresses are.
unsafe fn address(addr: *const sockaddr) -> Option<RawAddr> {
    // SAFETY: the caller's.
    let copy = unsafe { SockAddr::copy_ip(addr)? };
    let mut out = RawAddr::UNSPEC;
    copy.decode(&mut out);
    Some(out)
}

/// The link address, if this is one.
///
/// # Safety
/// As [`address`].
unsafe fn hardware(addr: *const sockaddr) -> Option<Vec<u8>> {
    // SAFETY: the caller's. The C library's room for a link address is longer than the type for one says.
    unsafe {
        if addr.is_null() || c_int::from((*addr).sa_family) != libc::AF_PACKET {
            return None;
        }
        let len = usize::from((*addr.cast::<sockaddr_ll>()).sll_halen).min(HARDWARE_MAX);
        let bytes = addr.cast::<u8>().add(offset_of!(sockaddr_ll, sll_addr));
        Some(std::slice::from_raw_parts(bytes, len).to_vec())
    }
}

/// How many bits of an address are its network's, from the mask that says so.
///
/// # Safety
/// As [`address`].
unsafe fn prefix_len(mask: *const sockaddr) -> u32 {
    // SAFETY: the caller's.
    let mask = unsafe { address(mask) };
    mask.map_or(0, |mask| mask.bytes().iter().map(|byte| byte.count_ones()).sum())
}
