//! Socket options by the system's level and name.

use crate::sys::errno::{EINVAL, Errno};
use crate::sys::plain::{Plain, bytes_of, bytes_of_mut, zeroed};
use crate::sys::poll::wait::Direction;
use crate::sys::socket::buffers::RecvBuf;
use crate::sys::socket::descriptor::Descriptor;
use crate::sys::system_call::system_call;
use crate::sys::types::{Family, Type};
use libc::{c_int, socklen_t};
#[cfg(feature = "capi")]
use std::mem::offset_of;
use std::slice;
use std::time::Duration;

impl Descriptor {
    /// Reads an option into `buf` and returns the value's length.
    ///
    /// The values of some options contain pointers, through which the kernel writes. So outside of `sys`, only a C
    /// caller may choose the option: it guarantees that such pointers are valid.
    pub fn get_raw(&self, level: c_int, name: c_int, buf: RecvBuf<'_>) -> Result<usize, Errno> {
        let mut len = socklen(buf.len())?;
        let args = [self.raw(), level as usize, name as usize, buf.addr(), &raw mut len as usize];
        // SAFETY: `buf` is writable for `len` bytes. Pointers in it are valid: options that `sys` reads have none, and
        // a C caller guarantees it for others.
        unsafe { system_call(libc::SYS_getsockopt, args) }?;
        Ok(len as usize)
    }

    /// Sets an option. The values of some options contain pointers, from which the kernel reads. So outside of `sys`,
    /// only a C caller may choose the option: it guarantees that such pointers are valid.
    pub fn set_raw(&self, level: c_int, name: c_int, value: &[u8]) -> Result<(), Errno> {
        let len = socklen(value.len())?;
        let args = [self.raw(), level as usize, name as usize, value.as_ptr() as usize, len as usize];
        // SAFETY: `value` is readable for `len` bytes. Pointers in it are valid, as for `get_raw`.
        unsafe { system_call(libc::SYS_setsockopt, args) }?;
        Ok(())
    }

    pub(in crate::sys) fn get_value<T: Plain>(&self, level: c_int, name: c_int) -> Result<T, Errno> {
        self.get_value_with_len(level, name).map(|(value, _)| value)
    }

    /// Reads a value, and the number of bytes that the kernel returned. Older kernels return only a part of some
    /// structs; the remaining bytes are zero.
    pub(in crate::sys) fn get_value_with_len<T: Plain>(&self, level: c_int, name: c_int) -> Result<(T, usize), Errno> {
        let mut value = zeroed();
        let len = self.get_raw(level, name, RecvBuf::from(bytes_of_mut(&mut value)))?;
        Ok((value, len))
    }

    pub(in crate::sys) fn set_value<T: Plain>(&self, level: c_int, name: c_int, value: &T) -> Result<(), Errno> {
        self.set_raw(level, name, bytes_of(slice::from_ref(value)))
    }

    /// The socket's family, if it has a number in this library, and its type.
    pub fn family_and_type(&self) -> Result<(Option<Family>, Type), Errno> {
        let family: c_int = self.get_value(libc::SOL_SOCKET, libc::SO_DOMAIN)?;
        let kind: c_int = self.get_value(libc::SOL_SOCKET, libc::SO_TYPE)?;
        Ok((Family::from_os(family), Type::from_os(kind)?))
    }

    /// The kernel's timeout for blocking calls; `None` is no timeout.
    pub fn timeout(&self, direction: Direction) -> Result<Option<Duration>, Errno> {
        let time: libc::timeval = self.get_value(libc::SOL_SOCKET, timeout_name(direction))?;
        let time = Duration::from_secs(time.tv_sec as u64) + Duration::from_micros(time.tv_usec as u64);
        Ok((!time.is_zero()).then_some(time))
    }

    /// Sets the kernel's timeout for blocking calls; `None` and zero are no timeout.
    pub fn set_timeout(&self, direction: Direction, time: Option<Duration>) -> Result<(), Errno> {
        let time = time.unwrap_or_default();
        let time = libc::timeval {
            tv_sec: time.as_secs().try_into().unwrap_or(libc::time_t::MAX),
            tv_usec: time.subsec_micros().into(),
        };
        self.set_value(libc::SOL_SOCKET, timeout_name(direction), &time)
    }
}

/// The index of the interface that this option value sets for IPv4 multicast: 0 if the value has no index, `None` if
/// the option is another.
#[cfg(feature = "capi")]
pub fn multicast_interface_of(level: c_int, name: c_int, value: &[u8]) -> Option<u32> {
    if (level, name) != (libc::IPPROTO_IP, libc::IP_MULTICAST_IF) {
        return None;
    }
    // A shorter value is an address alone, which the kernel can read back.
    let index = value.get(offset_of!(libc::ip_mreqn, imr_ifindex)..size_of::<libc::ip_mreqn>());
    Some(index.and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_ne_bytes))
}

/// The direction whose timeout this option sets; `None` if it is another option. Linux has two names for each.
#[cfg(feature = "capi")]
pub fn timeout_of(level: c_int, name: c_int) -> Option<Direction> {
    match (level, name) {
        (libc::SOL_SOCKET, libc::SO_RCVTIMEO | libc::SO_RCVTIMEO_NEW) => Some(Direction::Recv),
        (libc::SOL_SOCKET, libc::SO_SNDTIMEO | libc::SO_SNDTIMEO_NEW) => Some(Direction::Send),
        _ => None,
    }
}

/// Whether this option is the coalescing of datagrams.
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

/// A length for the kernel, which reads it as an `int`.
fn socklen(len: usize) -> Result<socklen_t, Errno> {
    match c_int::try_from(len) {
        Ok(len) => Ok(len as socklen_t),
        Err(_) => Err(Errno(EINVAL)),
    }
}
