//! Checks and conversions between arguments from C, which may be invalid, and the safe core.
//!
//! Arrays, buffers and texts of length 0 never dereference their pointer, so it may be NULL.

use super::status::code;
use crate::net::{Error, RecvBuf, Result};
use std::ffi::{CStr, c_char, c_void};
use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::{mem, ptr, slice};

/// Runs the body of an exported function and converts its result, or a panic, to the number that C receives.
#[inline]
pub fn guard(body: impl FnOnce() -> Result<i64>) -> i64 {
    // The result is converted inside the closure, because an i64 is returned in a register.
    catch_unwind(AssertUnwindSafe(|| body().unwrap_or_else(code))).unwrap_or_else(|payload| {
        // Dropping the payload could panic again.
        mem::forget(payload);
        code(Error::INTERNAL)
    })
}

/// The result of a function that returns nothing but success.
#[inline]
pub fn done(_: ()) -> i64 {
    0
}

/// The result of a function that returns a number of bytes or elements.
#[inline]
pub fn count(count: usize) -> i64 {
    // The core rejects lengths above isize::MAX, and no system call returns more than the length it was given.
    count as i64
}

/// A caller's bytes; `None` for NULL, for 0 bytes and for more than isize::MAX.
///
/// # Safety
/// If not NULL, `data` must be readable for `len` bytes for as long as the result is used.
#[inline(always)]
pub unsafe fn some_bytes<'a>(data: *const c_void, len: usize) -> Option<&'a [u8]> {
    if len as isize <= 0 || data.is_null() {
        return None;
    }
    // SAFETY: guaranteed by the caller; a slice may have this length.
    Some(unsafe { slice::from_raw_parts(data.cast(), len) })
}

/// A caller's bytes, possibly none.
///
/// # Safety
/// As [`some_bytes`].
#[inline]
pub unsafe fn bytes<'a>(data: *const c_void, len: usize) -> Result<&'a [u8]> {
    // SAFETY: guaranteed by the caller.
    if len == 0 { Ok(&[]) } else { unsafe { some_bytes(data, len) }.ok_or(Error::INVALID) }
}

/// A caller's receive buffer; `None` for NULL, for 0 bytes and for more than isize::MAX.
///
/// # Safety
/// If not NULL, `data` must be writable for `len` bytes, and not be accessed otherwise, for as long as the result is
/// used.
#[inline(always)]
pub unsafe fn some_recv_buf<'a>(data: *mut c_void, len: usize) -> Option<RecvBuf<'a>> {
    if len as isize <= 0 || data.is_null() {
        return None;
    }
    // SAFETY: guaranteed by the caller; a slice may have this length.
    Some(RecvBuf::from(unsafe { slice::from_raw_parts_mut(data.cast::<MaybeUninit<u8>>(), len) }))
}

/// A caller's receive buffer, possibly empty.
///
/// # Safety
/// As [`some_recv_buf`].
#[inline]
pub unsafe fn recv_buf<'a>(data: *mut c_void, len: usize) -> Result<RecvBuf<'a>> {
    if len == 0 {
        return Ok(RecvBuf::from(&mut [] as &mut [u8]));
    }
    // SAFETY: guaranteed by the caller.
    unsafe { some_recv_buf(data, len) }.ok_or(Error::INVALID)
}

/// A caller's string.
///
/// # Safety
/// If not NULL, `text` must be a NUL-terminated string for as long as the result is used.
pub unsafe fn text<'a>(text: *const c_char) -> Result<&'a CStr> {
    // SAFETY: guaranteed by the caller.
    if text.is_null() { Err(Error::INVALID) } else { Ok(unsafe { CStr::from_ptr(text) }) }
}

/// A caller's string; NULL is the empty string.
///
/// # Safety
/// As [`text`].
pub unsafe fn optional_text<'a>(text: *const c_char) -> Result<&'a CStr> {
    // SAFETY: guaranteed by the caller.
    if text.is_null() { Ok(c"") } else { unsafe { self::text(text) } }
}

/// A caller's buffer for a NUL-terminated text.
pub struct TextBuffer {
    text: *mut u8,
    size: usize,
}

impl TextBuffer {
    /// # Safety
    /// If not NULL, `text` must be writable for `size` bytes until [`TextBuffer::write`] returns.
    pub unsafe fn new(text: *mut c_char, size: usize) -> Result<TextBuffer> {
        // SAFETY: only the pointer and the length are checked; the memory is not read.
        unsafe { bytes(text.cast(), size) }?;
        Ok(TextBuffer { text: text.cast(), size })
    }

    /// Writes a text, or an empty one if it does not fit, and returns the text's length.
    pub fn write(self, text: &[u8]) -> i64 {
        let fitting = if text.len() < self.size { text } else { &[] };
        if self.size > 0 {
            // SAFETY: `size` bytes are writable, and the text and its NUL need at most `size`.
            unsafe {
                ptr::copy_nonoverlapping(fitting.as_ptr(), self.text, fitting.len());
                self.text.add(fitting.len()).write(0);
            }
        }
        count(text.len())
    }
}

/// A caller's object to write to.
///
/// # Safety
/// If not NULL, `out` must be writable for a `T`, and not be accessed otherwise, for as long as the result is used.
#[inline]
pub unsafe fn required<'a, T>(out: *mut T) -> Result<&'a mut MaybeUninit<T>> {
    let out = out.cast::<MaybeUninit<T>>();
    // SAFETY: guaranteed by the caller.
    if out.is_aligned() { unsafe { out.as_mut() } } else { None }.ok_or(Error::INVALID)
}

/// A caller's array to write to.
///
/// # Safety
/// If not NULL, `out` must be writable for `len` elements, and not be accessed otherwise, for as long as the result is
/// used.
pub unsafe fn array<'a, T>(out: *mut T, len: usize) -> Result<&'a mut [MaybeUninit<T>]> {
    if len == 0 {
        return Ok(&mut []);
    }
    if out.is_null() || !out.is_aligned() || len > isize::MAX as usize / size_of::<T>() {
        return Err(Error::INVALID);
    }
    // SAFETY: guaranteed by the caller; a slice may have this length.
    Ok(unsafe { slice::from_raw_parts_mut(out.cast(), len) })
}

/// A caller's array to read and write.
///
/// # Safety
/// As [`array`], and the elements must be initialised.
pub unsafe fn initialised<'a, T>(array: *mut T, len: usize) -> Result<&'a mut [T]> {
    // SAFETY: guaranteed by the caller.
    let array = unsafe { self::array(array, len) }?;
    // SAFETY: guaranteed by the caller.
    Ok(unsafe { slice::from_raw_parts_mut(array.as_mut_ptr().cast(), array.len()) })
}

/// A caller's object to write to; `None` for NULL.
///
/// # Safety
/// As [`required`].
#[inline]
pub unsafe fn optional<'a, T>(out: *mut T) -> Result<Option<&'a mut MaybeUninit<T>>> {
    // SAFETY: guaranteed by the caller.
    if out.is_null() { Ok(None) } else { unsafe { required(out) }.map(Some) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panic_is_returned_as_internal_error() {
        std::panic::set_hook(Box::new(|_| {}));
        let result = guard(|| panic!("a defect"));
        let _ = std::panic::take_hook();
        assert_eq!(result, code(Error::INTERNAL));
    }
}
