//! Network interfaces as C sees them.

use super::addr::jf_addr;
use super::boundary::{array, guard};
use crate::net::{Addr, Interface, interfaces};
use std::ffi::c_char;
use std::mem::{offset_of, size_of};

/// What a network interface is and can do.
#[repr(C)]
#[allow(dead_code, reason = "these are C's names for numbers of the core")]
#[derive(Clone, Copy)]
pub enum jf_interface_flag {
    /// It is switched on. (IFF_UP)
    JF_IF_UP = 0x1,
    /// It can carry packets. (IFF_RUNNING)
    JF_IF_RUNNING = 0x2,
    /// It leads back into this machine. (IFF_LOOPBACK)
    JF_IF_LOOPBACK = 0x4,
    /// It has broadcast addresses. (IFF_BROADCAST)
    JF_IF_BROADCAST = 0x8,
    /// It leads to one peer. (IFF_POINTOPOINT)
    JF_IF_POINT_TO_POINT = 0x10,
    /// It carries multicast. (IFF_MULTICAST)
    JF_IF_MULTICAST = 0x20,
}

/// A network interface with one of its addresses, or without one.
#[repr(C)]
pub struct jf_interface {
    /// The interface's name, with a zero at its end. An IPv4 address's own label on Linux, such as eth0:1, is not told.
    pub name: [c_char; 16],
    /// Its index, as jf_addr's scope_id and jf_join have it. 0 when there is none of that name: it has just gone, or on
    /// Linux the name is a label that somebody gave an IPv4 address without regard to the interface's.
    pub index: u32,
    /// JF_IF_* joined with |.
    pub flags: u32,
    /// The largest packet it carries, in bytes.
    pub mtu: u32,
    /// How many bits of addr are the network's: 0 to 32, or to 128.
    pub prefix_len: u32,
    /// How many bytes of hardware count: 6 for Ethernet, 0 when there is no link address.
    pub hardware_len: u32,
    /// 0.
    pub reserved: u32,
    /// The link address.
    pub hardware: [u8; 32],
    /// The address, JF_INET or JF_INET6 with port 0; JF_UNSPEC when the interface has none.
    pub addr: jf_addr,
    /// The network's broadcast address, or the address at the other end of one that leads to a single peer; else
    /// JF_UNSPEC.
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
            // No name is longer than 15 bytes.
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

/// Bytes, and zeros after them.
fn padded<const N: usize>(bytes: &[u8]) -> [u8; N] {
    std::array::from_fn(|i| bytes.get(i).copied().unwrap_or(0))
}

/// Lists the machine's network interfaces: one entry for each address of each interface, and one with the address
/// JF_UNSPEC for an interface that has none, in the order of their indexes.
///
/// out: where to write the entries; not looked at when cap is 0.
/// cap: how many entries there is room for.
///
/// Never blocks. Returns how many entries there are, of which the first cap were written. Between two calls there may
/// come to be more. Errors: JF_E_INVALID for a NULL or a cap that no memory has; JF_E_NO_MEMORY; JF_E_TOO_MANY_FILES
/// and JF_E_SYSTEM_FILES when there is no descriptor to ask with. See getifaddrs(3). Since 0.1.
// SAFETY: `out` is NULL or writable for `cap` entries.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_interfaces(out: *mut jf_interface, cap: usize) -> i64 {
    guard(|| {
        // SAFETY: the caller's.
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
    fn c_and_rust_number_the_flags_alike() {
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
