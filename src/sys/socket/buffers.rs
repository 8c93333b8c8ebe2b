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

// SAFETY: a `SendBuf` is a shared borrow of bytes, which any thread may read.
unsafe impl Send for SendBuf<'_> {}
// SAFETY: a shared `SendBuf` only reads the bytes.
unsafe impl Sync for SendBuf<'_> {}
// SAFETY: a `RecvBuf` is an exclusive borrow of bytes, which may move to another thread.
unsafe impl Send for RecvBuf<'_> {}
// SAFETY: the bytes are written only through an exclusive borrow of the `RecvBuf`.
unsafe impl Sync for RecvBuf<'_> {}

impl<'a> From<&'a [u8]> for SendBuf<'a> {
    #[inline]
    fn from(bytes: &'a [u8]) -> SendBuf<'a> {
        // SAFETY: `bytes` is readable for `'a`.
        unsafe { SendBuf::from_raw(bytes.as_ptr().cast_mut(), bytes.len()) }
    }
}

impl<'a> From<&'a mut [u8]> for RecvBuf<'a> {
    #[inline]
    fn from(bytes: &'a mut [u8]) -> RecvBuf<'a> {
        // SAFETY: `bytes` is exclusively borrowed for `'a`.
        unsafe { RecvBuf::from_raw(bytes.as_mut_ptr(), bytes.len()) }
    }
}

impl<'a> From<&'a mut [MaybeUninit<u8>]> for RecvBuf<'a> {
    #[inline]
    fn from(bytes: &'a mut [MaybeUninit<u8>]) -> RecvBuf<'a> {
        // SAFETY: `bytes` is exclusively borrowed for `'a`.
        unsafe { RecvBuf::from_raw(bytes.as_mut_ptr().cast(), bytes.len()) }
    }
}

macro_rules! buffer {
    ($name:ident) => {
        impl $name<'_> {
            /// A buffer of `len` bytes at `data`.
            ///
            /// # Safety
            /// For the buffer's lifetime, the bytes are valid for reads (`SendBuf`), or for writes that nothing else
            /// accesses (`RecvBuf`).
            #[inline]
            pub(in crate::sys) unsafe fn from_raw(data: *mut u8, len: usize) -> Self {
                $name(iovec { iov_base: data.cast(), iov_len: len }, PhantomData)
            }

            /// Sets the address and the length to the values that it had before: a system call has preserved them.
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
