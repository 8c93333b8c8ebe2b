//! Structs of the system as plain bytes.

use std::mem::{MaybeUninit, size_of, size_of_val};
use std::{ptr, slice};

/// Types for which every bit pattern is a value, zeros included. A type with padding must be created with [`zeroed`].
///
/// # Safety
/// Every bit pattern is a value of the type. Values that are passed to [`bytes_of`] or [`bytes_of_mut`] have no
/// uninitialised padding.
pub(in crate::sys) unsafe trait Plain: Copy {}

macro_rules! plain {
    ($($type:ty),* $(,)?) => {
        // SAFETY: the fields are integers and arrays of integers.
        $(unsafe impl Plain for $type {})*
    };
}

plain! {
    u8, u16, i32, u32, u64, libc::cmsghdr, libc::group_req, libc::group_source_req, libc::in6_pktinfo, libc::in_pktinfo,
    libc::ip_mreqn, libc::linger, libc::sock_extended_err, libc::sockaddr_in, libc::sockaddr_in6, libc::sockaddr_ll,
    libc::sockaddr_nl, libc::sockaddr_storage, libc::sockaddr_vm, libc::timespec, libc::timeval, libc::ucred,
}

// SAFETY: an array of plain values has no padding between them.
unsafe impl<T: Plain, const N: usize> Plain for [T; N] {}

/// A value of zeros, padding included.
#[inline(always)]
pub(in crate::sys) fn zeroed<T: Plain>() -> T {
    // SAFETY: zeros are a value of every plain type.
    unsafe { MaybeUninit::zeroed().assume_init() }
}

/// The value at the start of `bytes`, which need not be aligned; `None` if there are too few bytes.
#[inline(always)]
pub(in crate::sys) fn read<T: Plain>(bytes: &[u8]) -> Option<T> {
    let bytes = bytes.get(..size_of::<T>())?;
    // SAFETY: `bytes` is as long as a `T`, and all bytes are a value of a plain type.
    Some(unsafe { ptr::read_unaligned(bytes.as_ptr().cast()) })
}

/// The bytes of values that have no uninitialised padding: a type with padding was created with [`zeroed`].
#[inline(always)]
pub(in crate::sys) fn bytes_of<T: Plain>(values: &[T]) -> &[u8] {
    // SAFETY: `Plain` requires that values passed to this function have no uninitialised padding.
    unsafe { slice::from_raw_parts(values.as_ptr().cast(), size_of_val(values)) }
}

/// The bytes of a value, to be overwritten. As for [`bytes_of`], the value has no uninitialised padding.
#[inline(always)]
pub(in crate::sys) fn bytes_of_mut<T: Plain>(value: &mut T) -> &mut [u8] {
    // SAFETY: as in `bytes_of`, all bytes are initialised. Any bytes are a value of a plain type.
    unsafe { slice::from_raw_parts_mut(ptr::from_mut(value).cast(), size_of::<T>()) }
}

/// The value that starts with `bytes`, or with as many of them as it holds; the remainder is zero.
pub(in crate::sys) fn zero_extended<T: Plain>(bytes: &[u8]) -> T {
    let mut value = zeroed();
    let target = bytes_of_mut(&mut value);
    let len = bytes.len().min(target.len());
    target[..len].copy_from_slice(&bytes[..len]);
    value
}
