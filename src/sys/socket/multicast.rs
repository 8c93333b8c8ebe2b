//! Joining and leaving multicast groups.

use crate::sys::addr::{RawAddr, SockAddr};
use crate::sys::errno::Errno;
use crate::sys::plain::{Plain, bytes_of_mut, zeroed};
use crate::sys::socket::buffers::RecvBuf;
use crate::sys::socket::descriptor::Descriptor;
use crate::sys::types::Family;
use libc::{c_int, group_req, group_source_req, sockaddr_storage};
use std::mem::offset_of;

/// `struct group_filter` without its sources.
#[repr(C)]
#[derive(Clone, Copy)]
struct GroupFilter {
    interface: u32,
    group: sockaddr_storage,
    mode: u32,
    source_count: u32,
}

// SAFETY: the fields are integers and a plain struct.
unsafe impl Plain for GroupFilter {}

impl Descriptor {
    /// Joins a multicast group on an interface, for all sources or for one.
    pub fn join(&self, group: &RawAddr, source: Option<&RawAddr>, interface: u32) -> Result<(), Errno> {
        match source {
            None => self.set_group(libc::MCAST_JOIN_GROUP, group, interface),
            Some(source) => self.set_group_source(libc::MCAST_JOIN_SOURCE_GROUP, group, source, interface),
        }
    }

    /// Leaves a multicast group on an interface, for all sources or for one.
    pub fn leave(&self, group: &RawAddr, source: Option<&RawAddr>, interface: u32) -> Result<(), Errno> {
        match source {
            None => self.set_group(libc::MCAST_LEAVE_GROUP, group, interface),
            Some(source) => self.set_group_source(libc::MCAST_LEAVE_SOURCE_GROUP, group, source, interface),
        }
    }

    /// Whether the group is joined for all sources except those that are blocked.
    pub fn has_joined_all(&self, group: &RawAddr, interface: u32) -> Result<bool, Errno> {
        // A source count of 0: the kernel writes no sources.
        let mut filter: GroupFilter = zeroed();
        filter.interface = interface;
        filter.group = storage(group)?;
        let len = offset_of!(GroupFilter, source_count) + size_of::<u32>();
        let buf = RecvBuf::from(&mut bytes_of_mut(&mut filter)[..len]);
        self.get_raw(level(group), libc::MCAST_MSFILTER, buf)?;
        Ok(filter.mode == libc::MCAST_EXCLUDE as u32)
    }

    fn set_group(&self, name: c_int, group: &RawAddr, interface: u32) -> Result<(), Errno> {
        let mut request: group_req = zeroed();
        request.gr_interface = interface;
        request.gr_group = storage(group)?;
        self.set_value(level(group), name, &request)
    }

    fn set_group_source(&self, name: c_int, group: &RawAddr, source: &RawAddr, interface: u32) -> Result<(), Errno> {
        let mut request: group_source_req = zeroed();
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
    Ok(SockAddr::encoded(addr)?.to_storage())
}
