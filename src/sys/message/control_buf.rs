//! The buffer of packed control messages.

use crate::sys::errno::{EINVAL, Errno};
use libc::cmsghdr;
use std::mem::{self, MaybeUninit};
use std::{ptr, slice};

/// Enough for one control message of every usual kind: descriptors take about 1 KB, the extension headers of an IPv6
/// packet at most 2 KB. The kernel truncates the excess and reports that.
const DEFAULT_CAPACITY: usize = 4096;

/// Rounds a length up to the alignment of control messages (`CMSG_ALIGN`).
pub(in crate::sys::message) const fn cmsg_align(len: usize) -> usize {
    len.next_multiple_of(align_of::<usize>())
}

/// The length of a control message's header.
pub(in crate::sys::message) const HEADER_LEN: usize = cmsg_align(size_of::<cmsghdr>());

/// Packed control messages.
#[repr(C, align(8))]
pub struct ControlBuf<const CAPACITY: usize = DEFAULT_CAPACITY> {
    buf: [MaybeUninit<u8>; CAPACITY],
    /// The number of initialised bytes.
    len: usize,
}

impl<const CAPACITY: usize> ControlBuf<CAPACITY> {
    #[inline]
    pub fn new() -> Self {
        ControlBuf { buf: [const { MaybeUninit::uninit() }; CAPACITY], len: 0 }
    }

    /// The address and the length in bytes of the control messages.
    #[inline]
    pub(in crate::sys) fn as_raw_parts(&self) -> (*const u8, usize) {
        (self.buf.as_ptr().cast(), self.len)
    }

    /// The buffer's address and capacity, for the kernel to write.
    #[inline]
    pub(in crate::sys) fn as_mut_buf(&mut self) -> (*mut u8, usize) {
        (self.buf.as_mut_ptr().cast(), CAPACITY)
    }

    /// Sets the number of bytes that the kernel has written.
    ///
    /// # Safety
    /// The kernel has written `len` bytes to the start of the buffer, and the descriptors in them have no owner yet.
    #[inline]
    pub(in crate::sys) unsafe fn set_len(&mut self, len: usize) {
        self.len = len.min(CAPACITY);
    }

    #[inline(always)]
    pub(in crate::sys::message) fn bytes(&self) -> &[u8] {
        // SAFETY: `append` has initialised `len` bytes, or the caller of `set_len` guarantees it.
        unsafe { slice::from_raw_parts(self.buf.as_ptr().cast(), self.len) }
    }

    /// Empties the buffer. Returns the bytes that it held, and whether they filled it.
    pub(in crate::sys::message) fn take_bytes(&mut self) -> (&[u8], bool) {
        let len = mem::take(&mut self.len);
        // SAFETY: as in `bytes`, `len` bytes are initialised.
        (unsafe { slice::from_raw_parts(self.buf.as_ptr().cast(), len) }, len == CAPACITY)
    }

    /// Appends bytes whose length is aligned.
    #[inline(always)]
    pub(in crate::sys::message) fn append_aligned(&mut self, bytes: &[u8]) -> Result<(), Errno> {
        let end = self.len + bytes.len();
        let slot = self.buf.get_mut(self.len..end).ok_or(Errno(EINVAL))?;
        // SAFETY: both are `bytes.len()` bytes, and they do not overlap.
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), slot.as_mut_ptr().cast(), bytes.len()) };
        self.len = end;
        Ok(())
    }

    /// Appends bytes, and zeros up to the alignment of the next control message.
    pub(in crate::sys::message) fn append(&mut self, bytes: &[u8]) -> Result<(), Errno> {
        let end = cmsg_align(self.len + bytes.len());
        let slot = self.buf.get_mut(self.len..end).ok_or(Errno(EINVAL))?;
        let (slot, padding) = slot.split_at_mut(bytes.len());
        // SAFETY: both are `bytes.len()` bytes, and they do not overlap.
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), slot.as_mut_ptr().cast(), bytes.len()) };
        padding.fill(MaybeUninit::new(0));
        self.len = end;
        Ok(())
    }
}
