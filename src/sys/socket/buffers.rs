//! Buffers to send from and to receive into.

use libc::{c_void, iovec};
use std::marker::PhantomData;
use std::mem::MaybeUninit;

/// The largest number of buffers in one call.
pub const VEC_MAX: usize = 1024;

/// Memory to send from, laid out as a system call's array element.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct SendBuf<'a>(iovec, PhantomData<&'a [u8]>);

/// Memory to receive into, initialised or not, laid out as a system call's array element.
#[repr(transparent)]
pub struct RecvBuf<'a>(iovec, PhantomData<&'a mut [u8]>);

// SAFETY: a buffer is a slice of bytes, which may be sent and shared.
unsafe impl Send for SendBuf<'_> {}
// SAFETY: as above.
unsafe impl Sync for SendBuf<'_> {}
// SAFETY: as above.
unsafe impl Send for RecvBuf<'_> {}
// SAFETY: as above.
unsafe impl Sync for RecvBuf<'_> {}

impl<'a> From<&'a [u8]> for SendBuf<'a> {
    #[inline]
    fn from(bytes: &'a [u8]) -> SendBuf<'a> {
        SendBuf::from_raw(bytes.as_ptr().cast_mut(), bytes.len())
    }
}

impl<'a> From<&'a mut [u8]> for RecvBuf<'a> {
    #[inline]
    fn from(bytes: &'a mut [u8]) -> RecvBuf<'a> {
        RecvBuf::from_raw(bytes.as_mut_ptr(), bytes.len())
    }
}

impl<'a> From<&'a mut [MaybeUninit<u8>]> for RecvBuf<'a> {
    #[inline]
    fn from(bytes: &'a mut [MaybeUninit<u8>]) -> RecvBuf<'a> {
        RecvBuf::from_raw(bytes.as_mut_ptr().cast(), bytes.len())
    }
}

macro_rules! buffer {
    ($name:ident) => {
        impl $name<'_> {
            /// The memory must stay valid for the buffer's lifetime.
            #[inline]
            pub(in crate::sys) fn from_raw(data: *mut u8, len: usize) -> Self {
                $name(iovec { iov_base: data.cast(), iov_len: len }, PhantomData)
            }

            /// Writes back an address and a length that a system call has preserved.
            #[inline]
            pub(in crate::sys) fn set_raw_parts(&mut self, addr: usize, len: usize) {
                self.0 = iovec { iov_base: addr as *mut c_void, iov_len: len };
            }

            /// The length in bytes.
            #[inline]
            pub fn len(&self) -> usize {
                self.0.iov_len
            }

            /// Whether the length is zero.
            #[inline]
            pub fn is_empty(&self) -> bool {
                self.0.iov_len == 0
            }

            /// The memory's address, as an argument of a system call.
            #[inline]
            pub(in crate::sys) fn addr(&self) -> usize {
                self.0.iov_base as usize
            }

            /// Removes the first `count` bytes.
            ///
            /// # Panics
            /// If the buffer is shorter than `count`.
            #[inline]
            pub fn advance(&mut self, count: usize) {
                assert!(count <= self.0.iov_len);
                // SAFETY: the pointer stays within the buffer, or one past its end.
                self.0.iov_base = unsafe { self.0.iov_base.byte_add(count) };
                self.0.iov_len -= count;
            }
        }
    };
}

buffer!(SendBuf);
buffer!(RecvBuf);

impl RecvBuf<'_> {
    #[inline]
    pub(in crate::sys) fn iovec(&self) -> iovec {
        self.0
    }
}
