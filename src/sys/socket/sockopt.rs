//! What the kernel keeps with a socket, read and set by level and name.

use crate::sys::{Descriptor, Direction, Errno, Family, RecvBuf, Type, check};
use libc::{c_int, c_void, socklen_t};
#[cfg(feature = "capi")]
use std::mem::offset_of;
use std::mem::{MaybeUninit, size_of};
use std::os::fd::AsRawFd;
use std::slice;
use std::time::Duration;

impl Descriptor {
    /// Reads what the kernel keeps under this level and name, and returns its length. The value of some options holds
    /// pointers that the kernel writes through: so this is for the options that are known here, and for callers in C.
    pub fn get_raw(&self, level: c_int, name: c_int, room: RecvBuf<'_>) -> Result<usize, Errno> {
        let mut len = length(room.len())?;
        let value = room.place() as *mut c_void;
        // SAFETY: `value` and `len` describe room that is ours.
        check(unsafe { libc::getsockopt(self.as_raw_fd(), level, name, value, &mut len) }.into())?;
        Ok(len as usize)
    }

    /// Sets what the kernel keeps under this level and name. As with [`Descriptor::get_raw`], the value may hold
    /// pointers.
    pub fn set_raw(&self, level: c_int, name: c_int, value: &[u8]) -> Result<(), Errno> {
        let len = length(value.len())?;
        // SAFETY: `value` is as long as it says.
        check(unsafe { libc::setsockopt(self.as_raw_fd(), level, name, value.as_ptr().cast(), len) }.into())?;
        Ok(())
    }

    pub(in crate::sys) fn get_value<T: Plain>(&self, level: c_int, name: c_int) -> Result<T, Errno> {
        self.get_start(level, name).map(|(value, _)| value)
    }

    /// Reads a value of which this kernel may have only the start, and how many bytes those are; the rest is zero.
    pub(in crate::sys) fn get_start<T: Plain>(&self, level: c_int, name: c_int) -> Result<(T, usize), Errno> {
        let mut value = MaybeUninit::<T>::zeroed();
        // SAFETY: a value's bytes, initialised or not, are that.
        let bytes = unsafe { slice::from_raw_parts_mut(value.as_mut_ptr().cast::<MaybeUninit<u8>>(), size_of::<T>()) };
        let len = self.get_raw(level, name, RecvBuf::from(bytes))?;
        // SAFETY: zeros and whatever the kernel wrote over them are a value of a plain type.
        Ok((unsafe { value.assume_init() }, len))
    }

    pub(in crate::sys) fn set_value<T: Plain>(&self, level: c_int, name: c_int, value: &T) -> Result<(), Errno> {
        // SAFETY: a plain type has no bytes that are not initialised.
        let bytes = unsafe { slice::from_raw_parts((&raw const *value).cast(), size_of::<T>()) };
        self.set_raw(level, name, bytes)
    }

    /// The socket's family, if it has a number here, and its type.
    pub fn kind(&self) -> Result<(Option<Family>, Type), Errno> {
        let family: c_int = self.get_value(libc::SOL_SOCKET, libc::SO_DOMAIN)?;
        let kind: c_int = self.get_value(libc::SOL_SOCKET, libc::SO_TYPE)?;
        Ok((Family::from_os(family), Type::from_os(kind)?))
    }

    /// How long a call that blocks in the kernel waits; nothing for ever.
    pub fn timeout(&self, direction: Direction) -> Result<Option<Duration>, Errno> {
        let time: libc::timeval = self.get_value(libc::SOL_SOCKET, timeout_name(direction))?;
        let time = Duration::from_secs(time.tv_sec as u64) + Duration::from_micros(time.tv_usec as u64);
        Ok((!time.is_zero()).then_some(time))
    }

    /// Sets how long a call that blocks in the kernel waits; nothing, or no time at all, for ever.
    pub fn set_timeout(&self, direction: Direction, time: Option<Duration>) -> Result<(), Errno> {
        let time = time.unwrap_or_default();
        let time = libc::timeval {
            tv_sec: time.as_secs().try_into().unwrap_or(libc::time_t::MAX),
            tv_usec: time.subsec_micros().into(),
        };
        self.set_value(libc::SOL_SOCKET, timeout_name(direction), &time)
    }
}

/// Types for which all bytes are values, and which have no others.
pub(in crate::sys) trait Plain: Copy {}
impl Plain for c_int {}
impl Plain for u64 {}
impl Plain for libc::ip_mreqn {}
impl Plain for libc::linger {}
impl Plain for libc::timeval {}
impl Plain for libc::ucred {}
// These have bytes between their fields; whoever makes one sets them to zero.
impl Plain for libc::group_req {}
impl Plain for libc::group_source_req {}

/// The index of an interface that an IPv4 socket's packets to groups are given by such a setting; 0 for none.
#[cfg(feature = "capi")]
pub fn multicast_interface_of(level: c_int, name: c_int, value: &[u8]) -> Option<u32> {
    if (level, name) != (libc::IPPROTO_IP, libc::IP_MULTICAST_IF) {
        return None;
    }
    // A shorter value has an address alone, which the kernel tells.
    let index = value.get(offset_of!(libc::ip_mreqn, imr_ifindex)..size_of::<libc::ip_mreqn>());
    Some(index.and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_ne_bytes))
}

/// The timeout that a level and a name stand for; Linux has two names for each.
#[cfg(feature = "capi")]
pub fn timeout_of(level: c_int, name: c_int) -> Option<Direction> {
    match (level, name) {
        (libc::SOL_SOCKET, libc::SO_RCVTIMEO | libc::SO_RCVTIMEO_NEW) => Some(Direction::Recv),
        (libc::SOL_SOCKET, libc::SO_SNDTIMEO | libc::SO_SNDTIMEO_NEW) => Some(Direction::Send),
        _ => None,
    }
}

/// Whether a level and a name stand for the coalescing of datagrams.
#[cfg(feature = "capi")]
pub fn is_coalescing(level: c_int, name: c_int) -> bool {
    (level, name) == (libc::SOL_UDP, libc::UDP_GRO)
}

fn timeout_name(direction: Direction) -> c_int {
    match direction {
        Direction::Recv => libc::SO_RCVTIMEO,
        Direction::Send => libc::SO_SNDTIMEO,
    }
}

/// A length as the kernel takes it, which is an `int` to it.
fn length(len: usize) -> Result<socklen_t, Errno> {
    match c_int::try_from(len) {
        Ok(len) => Ok(len as socklen_t),
        Err(_) => Err(Errno(libc::EINVAL)),
    }
}
