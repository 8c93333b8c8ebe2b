//! What stands between a caller who may be wrong and the core that must not be.

use super::status::code;
use crate::net::{Error, RecvBuf, Result};
use std::ffi::{CStr, c_char, c_void};
use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::{mem, ptr, slice};

/// Runs the body of an exported function and turns its outcome into the number that C gets.
#[inline]
pub fn guard(body: impl FnOnce() -> Result<i64>) -> i64 {
    // The number is made inside, because it fits a register.
    catch_unwind(AssertUnwindSafe(|| body().unwrap_or_else(code))).unwrap_or_else(|payload| {
        // Dropping it could panic again.
        mem::forget(payload);
        code(Error::INTERNAL)
    })
}

/// What a function returns that has nothing to say but that it worked.
#[inline]
pub fn done(_: ()) -> i64 {
    0
}

/// What a function returns that counts bytes.
#[inline]
pub fn count(count: usize) -> i64 {
    // The core refuses lengths beyond isize::MAX, and no system call returns more than it was given.
    count as i64
}

/// A caller's bytes, if there are any and they have a place.
///
/// # Safety
/// If not NULL, `data` must be readable for `len` bytes for as long as the result is used.
#[inline(always)]
pub unsafe fn some_bytes<'a>(data: *const c_void, len: usize) -> Option<&'a [u8]> {
    if len as isize <= 0 || data.is_null() {
        return None;
    }
    // SAFETY: the caller's, for a length that a slice may have.
    Some(unsafe { slice::from_raw_parts(data.cast(), len) })
}

/// A caller's bytes. Of none the pointer is not looked at.
///
/// # Safety
/// As [`some_bytes`].
#[inline]
pub unsafe fn bytes<'a>(data: *const c_void, len: usize) -> Result<&'a [u8]> {
    // SAFETY: the caller's.
    if len == 0 { Ok(&[]) } else { unsafe { some_bytes(data, len) }.ok_or(Error::INVALID) }
}

/// A caller's memory to receive into, if there is any and it has a place.
///
/// # Safety
/// If not NULL, `data` must be writable for `len` bytes, and nobody else may use them, for as long as the result is
/// used.
#[inline(always)]
pub unsafe fn some_recv_buf<'a>(data: *mut c_void, len: usize) -> Option<RecvBuf<'a>> {
    if len as isize <= 0 || data.is_null() {
        return None;
    }
    // SAFETY: the caller's, for a length that a slice may have.
    Some(RecvBuf::from(unsafe { slice::from_raw_parts_mut(data.cast::<MaybeUninit<u8>>(), len) }))
}

/// A caller's memory to receive into. Of none the pointer is not looked at.
///
/// # Safety
/// As [`some_recv_buf`].
#[inline]
pub unsafe fn recv_buf<'a>(data: *mut c_void, len: usize) -> Result<RecvBuf<'a>> {
    if len == 0 {
        return Ok(RecvBuf::from(&mut [] as &mut [u8]));
    }
    // SAFETY: the caller's.
    unsafe { some_recv_buf(data, len) }.ok_or(Error::INVALID)
}

/// A caller's string.
///
/// # Safety
/// If not NULL, `text` must be a string that ends with a zero, for as long as the result is used.
pub unsafe fn text<'a>(text: *const c_char) -> Result<&'a CStr> {
    // SAFETY: the caller's.
    if text.is_null() { Err(Error::INVALID) } else { Ok(unsafe { CStr::from_ptr(text) }) }
}

/// A caller's string, empty if there is none.
///
/// # Safety
/// As [`text`].
pub unsafe fn optional_text<'a>(text: *const c_char) -> Result<&'a CStr> {
    // SAFETY: the caller's.
    if text.is_null() { Ok(c"") } else { unsafe { self::text(text) } }
}

/// A caller's room for a text and the zero at its end.
pub struct TextRoom {
    text: *mut u8,
    size: usize,
}

impl TextRoom {
    /// Of no bytes the pointer is not looked at.
    ///
    /// # Safety
    /// If not NULL, `text` must be writable for `size` bytes until the room is written to.
    pub unsafe fn new(text: *mut c_char, size: usize) -> Result<TextRoom> {
        // SAFETY: the caller's; only the pointer and the length are looked at.
        unsafe { bytes(text.cast(), size) }?;
        Ok(TextRoom { text: text.cast(), size })
    }

    /// Writes a text, or an empty one if it does not fit, and returns its length.
    pub fn write(self, text: &[u8]) -> i64 {
        let fitting = if text.len() < self.size { text } else { &[] };
        if self.size > 0 {
            // SAFETY: there is room for `size` bytes, and the text and its zero are at most as many.
            unsafe {
                ptr::copy_nonoverlapping(fitting.as_ptr(), self.text, fitting.len());
                self.text.add(fitting.len()).write(0);
            }
        }
        count(text.len())
    }
}

/// Something to write to.
///
/// # Safety
/// If not NULL, `out` must be writable for a `T`, and nobody else may use it, for as long as the result is used.
#[inline]
pub unsafe fn required<'a, T>(out: *mut T) -> Result<&'a mut MaybeUninit<T>> {
    let out = out.cast::<MaybeUninit<T>>();
    // SAFETY: the caller's.
    if out.is_aligned() { unsafe { out.as_mut() } } else { None }.ok_or(Error::INVALID)
}

/// A caller's array to write to. Of none the pointer is not looked at.
///
/// # Safety
/// If not NULL, `out` must be writable for `len` times a `T`, and nobody else may use it, for as long as the result is
/// used.
pub unsafe fn array<'a, T>(out: *mut T, len: usize) -> Result<&'a mut [MaybeUninit<T>]> {
    if len == 0 {
        return Ok(&mut []);
    }
    if out.is_null() || !out.is_aligned() || len > isize::MAX as usize / size_of::<T>() {
        return Err(Error::INVALID);
    }
    // SAFETY: the caller's, for a length that a slice may have.
    Ok(unsafe { slice::from_raw_parts_mut(out.cast(), len) })
}

/// A caller's array to read and write. Of none the pointer is not looked at.
///
/// # Safety
/// As [`array`], and what is there is initialised, with a value of a `T`.
pub unsafe fn initialised<'a, T>(array: *mut T, len: usize) -> Result<&'a mut [T]> {
    // SAFETY: the caller's.
    let array = unsafe { self::array(array, len) }?;
    // SAFETY: the caller's.
    Ok(unsafe { slice::from_raw_parts_mut(array.as_mut_ptr().cast(), array.len()) })
}

/// Something to write to, if the caller cares.
///
/// # Safety
/// As [`required`].
#[inline]
pub unsafe fn optional<'a, T>(out: *mut T) -> Result<Option<&'a mut MaybeUninit<T>>> {
    // SAFETY: the caller's.
    if out.is_null() { Ok(None) } else { unsafe { required(out) }.map(Some) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_a_code() {
        std::panic::set_hook(Box::new(|_| {}));
        let result = guard(|| panic!("a defect"));
        let _ = std::panic::take_hook();
        assert_eq!(result, code(Error::INTERNAL));
    }
}
