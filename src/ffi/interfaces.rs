//! C functions and types for network interfaces.

use super::addr::jf_addr;
use super::boundary::{array, guard};
use crate::net::{Addr, Interface, interfaces};
use std::ffi::c_char;
use std::mem::{offset_of, size_of};

/// Flags of a network interface, joined with |.
#[repr(C)]
#[allow(dead_code, reason = "C names for numbers of the core")]
#[derive(Clone, Copy)]
pub enum jf_interface_flag {
    /// The interface is enabled. (IFF_UP)
    JF_IF_UP = 0x1,
    /// The interface is operational. (IFF_RUNNING)
    JF_IF_RUNNING = 0x2,
    /// The interface is a loopback. (IFF_LOOPBACK)
    JF_IF_LOOPBACK = 0x4,
    /// The interface has a broadcast address. (IFF_BROADCAST)
    JF_IF_BROADCAST = 0x8,
    /// The interface is a point-to-point link. (IFF_POINTOPOINT)
    JF_IF_POINT_TO_POINT = 0x10,
    /// The interface supports multicast. (IFF_MULTICAST)
    JF_IF_MULTICAST = 0x20,
}

/// A network interface with one of its addresses, or without an address.
#[repr(C)]
pub struct jf_interface {
    /// The interface's name, NUL-terminated. On Linux, the separate label of an IPv4 address (such as eth0:1) is not
    /// reported.
    pub name: [c_char; 16],
    /// The interface's index, as in jf_addr's `scope_id` and in jf_join. 0 if the interface cannot be found by its
    /// name: it was removed in the meantime, or (on Linux) an IPv4 address has a label that does not start with the
    /// interface's name.
    pub index: u32,
    /// [flags(jf_interface_flag)] JF_IF_* flags.
    pub flags: u32,
    /// The largest packet that the interface carries, in bytes.
    pub mtu: u32,
    /// The number of network bits in `addr`: 0 to 32 for IPv4, 0 to 128 for IPv6.
    pub prefix_len: u32,
    /// The number of bytes used in `hardware`: 6 for Ethernet, 0 if there is no link-layer address.
    pub hardware_len: u32,
    /// Reserved, 0.
    pub reserved: u32,
    /// The link-layer address.
    pub hardware: [u8; 32],
    /// The address: JF_INET or JF_INET6 with port 0; JF_UNSPEC if the interface has no address.
    pub addr: jf_addr,
    /// The broadcast address, or the remote address of a point-to-point link; otherwise JF_UNSPEC.
    pub peer: jf_addr,
}

const _: () = assert!(
    size_of::<jf_interface>() == 328
        && size_of::<jf_interface>() % 8 == 0
        && offset_of!(jf_interface, name) == 0
        && offset_of!(jf_interface, index) == 16
        && offset_of!(jf_interface, flags) == 20
        && offset_of!(jf_interface, mtu) == 24
        && offset_of!(jf_interface, prefix_len) == 28
        && offset_of!(jf_interface, hardware_len) == 32
        && offset_of!(jf_interface, reserved) == 36
        && offset_of!(jf_interface, hardware) == 40
        && offset_of!(jf_interface, addr) == 72
        && offset_of!(jf_interface, peer) == 200
);

impl From<&Interface> for jf_interface {
    fn from(interface: &Interface) -> jf_interface {
        let addr = |addr: Option<Addr>| jf_addr::of(&addr.unwrap_or(Addr::UNSPEC));
        jf_interface {
            // Names are at most 15 bytes long, so a NUL always follows.
            name: padded::<16>(interface.name.as_encoded_bytes()).map(|byte| byte as c_char),
            index: interface.index,
            flags: interface.flags.bits(),
            mtu: interface.mtu,
            prefix_len: interface.prefix_len,
            hardware_len: interface.hardware.len().min(32) as u32,
            reserved: 0,
            hardware: padded(&interface.hardware),
            addr: addr(interface.addr),
            peer: addr(interface.peer),
        }
    }
}

/// Copies `bytes` into an array and fills the remainder with zeros.
fn padded<const N: usize>(bytes: &[u8]) -> [u8; N] {
    std::array::from_fn(|i| bytes.get(i).copied().unwrap_or(0))
}

/// Lists the machine's network interfaces and their addresses.
///
/// The list has one entry for each address of each interface, in the order of the interfaces' indexes. An interface
/// without addresses has one entry with a JF_UNSPEC address. The number of entries can change between two calls.
///
/// @param out   [out, array(cap)] where to write the entries
/// @param cap   capacity of `out`
///
/// @blocks   never
/// @return   [count] number of entries, which may exceed `cap`; the first `cap` of them are written
/// @error JF_E_TOO_MANY_FILES, JF_E_SYSTEM_FILES   no descriptor is available for the query
/// @see getifaddrs(3)
/// @since 0.1
// SAFETY: `out` is NULL or writable for `cap` entries.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_interfaces(out: *mut jf_interface, cap: usize) -> i64 {
    guard(|| {
        // SAFETY: guaranteed by the caller.
        let out = unsafe { array(out, cap) }?;
        let all = interfaces()?;
        for (place, interface) in out.iter_mut().zip(&all) {
            place.write(interface.into());
        }
        Ok(all.len() as i64)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::InterfaceFlags;

    #[test]
    fn flags_have_the_same_numbers_in_c_and_rust() {
        let pairs = [
            (jf_interface_flag::JF_IF_UP, InterfaceFlags::UP),
            (jf_interface_flag::JF_IF_RUNNING, InterfaceFlags::RUNNING),
            (jf_interface_flag::JF_IF_LOOPBACK, InterfaceFlags::LOOPBACK),
            (jf_interface_flag::JF_IF_BROADCAST, InterfaceFlags::BROADCAST),
            (jf_interface_flag::JF_IF_POINT_TO_POINT, InterfaceFlags::POINT_TO_POINT),
            (jf_interface_flag::JF_IF_MULTICAST, InterfaceFlags::MULTICAST),
        ];
        for (c, rust) in pairs {
            assert_eq!(c as u32, rust.bits());
        }
    }
}
