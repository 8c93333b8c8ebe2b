//! Joining and leaving multicast groups.

use crate::sys::addr::SockAddr;
use crate::sys::{Descriptor, Errno, Family, RawAddr, check};
use libc::{c_int, group_req, group_source_req, sockaddr_storage, socklen_t};
use std::mem::{self, MaybeUninit, offset_of};
use std::os::fd::AsRawFd;
use std::ptr;

/// `struct group_filter`, up to the sources.
#[repr(C)]
struct GroupFilter {
    interface: u32,
    group: sockaddr_storage,
    mode: u32,
    source_count: u32,
}

impl Descriptor {
    /// Joins a group on an interface, from every source or from one. The group's family is the level's.
    pub fn join(&self, group: &RawAddr, source: Option<&RawAddr>, interface: u32) -> Result<(), Errno> {
        match source {
            None => self.set_group(libc::MCAST_JOIN_GROUP, group, interface),
            Some(source) => self.set_group_source(libc::MCAST_JOIN_SOURCE_GROUP, group, source, interface),
        }
    }

    /// Leaves it.
    pub fn leave(&self, group: &RawAddr, source: Option<&RawAddr>, interface: u32) -> Result<(), Errno> {
        match source {
            None => self.set_group(libc::MCAST_LEAVE_GROUP, group, interface),
            Some(source) => self.set_group_source(libc::MCAST_LEAVE_SOURCE_GROUP, group, source, interface),
        }
    }

    /// Whether it is joined from every source, but for those that are left out.
    pub fn has_joined_all(&self, group: &RawAddr, interface: u32) -> Result<bool, Errno> {
        // SAFETY: all zeros is a filter without an address.
        let mut filter: GroupFilter = unsafe { mem::zeroed() };
        filter.interface = interface;
        filter.group = storage(group)?;
        let mut len = (offset_of!(GroupFilter, source_count) + size_of::<u32>()) as socklen_t;
        let ptr = (&raw mut filter).cast();
        // SAFETY: `ptr` and `len` describe a filter of ours, which says that there is room for no source.
        check(unsafe { libc::getsockopt(self.as_raw_fd(), level(group), libc::MCAST_MSFILTER, ptr, &mut len) }.into())?;
        Ok(filter.mode == libc::MCAST_EXCLUDE as u32)
    }

    fn set_group(&self, name: c_int, group: &RawAddr, interface: u32) -> Result<(), Errno> {
        // SAFETY: all zeros is a request without an address. Those between its members go to the kernel too.
        let mut request: group_req = unsafe { mem::zeroed() };
        request.gr_interface = interface;
        request.gr_group = storage(group)?;
        self.set_value(level(group), name, &request)
    }

    fn set_group_source(&self, name: c_int, group: &RawAddr, source: &RawAddr, interface: u32) -> Result<(), Errno> {
        // SAFETY: as above.
        let mut request: group_source_req = unsafe { mem::zeroed() };
        request.gsr_interface = interface;
        request.gsr_group = storage(group)?;
        request.gsr_source = storage(source)?;
        self.set_value(level(group), name, &request)
    }
}

fn level(group: &RawAddr) -> c_int {
    if group.family == Family::Inet as u16 { libc::IPPROTO_IP } else { libc::IPPROTO_IPV6 }
}

fn storage(addr: &RawAddr) -> Result<sockaddr_storage, Errno> {
    let mut name = SockAddr::room();
    name.encode(addr)?;
    let mut storage = MaybeUninit::<sockaddr_storage>::zeroed();
    // SAFETY: the name is as long as it says, and no longer than the storage, of which the rest is zeros.
    unsafe {
        ptr::copy_nonoverlapping(name.as_ptr().cast::<u8>(), storage.as_mut_ptr().cast(), name.len() as usize);
        Ok(storage.assume_init())
    }
}
