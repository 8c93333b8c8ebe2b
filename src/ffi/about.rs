//! The library about itself and its errors.

use super::status::words;
use crate::net::Error;
use std::ffi::c_char;

/// The version of the library that is loaded, as a number.
///
/// Returns 1000000 for each major version, 1000 for each minor version and 1 for each patch. Since 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn jf_version() -> i64 {
    const fn number(text: &str) -> i64 {
        let (mut value, mut at) = (0, 0);
        while at < text.len() {
            value = value * 10 + (text.as_bytes()[at] - b'0') as i64;
            at += 1;
        }
        value
    }
    const VERSION: i64 = number(env!("CARGO_PKG_VERSION_MAJOR")) * 1_000_000
        + number(env!("CARGO_PKG_VERSION_MINOR")) * 1_000
        + number(env!("CARGO_PKG_VERSION_PATCH"));
    VERSION
}

/// The version of the library that is loaded, as text.
///
/// Returns a static string such as "0.1.0", never NULL. Since 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn jf_version_text() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

/// The name of an error, such as "JF_E_TIMED_OUT"; "JF_E_OS" for every error that only the operating system has a name
/// for, "JF_OK" for 0 and more, and "JF_E_UNKNOWN" for a number that no call returns.
///
/// code: what a call returned.
///
/// Returns a static string, never NULL. Since 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn jf_error_name(code: i64) -> *const c_char {
    let name = match (code, words(code)) {
        (_, Some((name, _))) => name,
        (0.., None) => c"JF_OK",
        (_, None) => c"JF_E_UNKNOWN",
    };
    name.as_ptr()
}

/// What happened, in one English sentence.
///
/// code: what a call returned.
///
/// Returns a static string, never NULL. Since 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn jf_error_text(code: i64) -> *const c_char {
    let text = match (code, words(code)) {
        (_, Some((_, text))) => text,
        (0.., None) => c"No error.",
        (_, None) => c"Not an error of this library.",
    };
    text.as_ptr()
}

/// The operating system's number for an error, as its <errno.h> has it.
///
/// code: what a call returned.
///
/// Returns the errno, or 0 when the error has none: it is this library's own, or no error at all. Since 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn jf_error_os(code: i64) -> i64 {
    Error::from_code(code).and_then(Error::raw_os_error).map_or(0, i64::from)
}
