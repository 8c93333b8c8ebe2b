//! The library's version, and the names and texts of error codes.

use super::status::words;
use crate::net::Error;
use std::ffi::c_char;

/// Returns the version of the loaded library as a number.
///
/// @blocks   never
/// @return   [number] major version * 1000000 + minor version * 1000 + patch version
/// @since 0.1
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

/// Returns the version of the loaded library as text.
///
/// @blocks   never
/// @return   [static text] such as "0.1.0"; never NULL
/// @since 0.1
#[unsafe(no_mangle)]
pub extern "C" fn jf_version_text() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

/// Returns the name of an error code, such as "JF_E_TIMED_OUT".
///
/// @param code   result of any call
///
/// @blocks   never
/// @return   [static text] the name; "JF_E_OS" for an errno without a JF_E_ code; "JF_OK" for 0 and above;
///           "JF_E_UNKNOWN" for a number that no call returns; never NULL
/// @since 0.1
#[unsafe(no_mangle)]
pub extern "C" fn jf_error_name(code: i64) -> *const c_char {
    let name = match (code, words(code)) {
        (_, Some((name, _))) => name,
        (0.., None) => c"JF_OK",
        (_, None) => c"JF_E_UNKNOWN",
    };
    name.as_ptr()
}

/// Describes an error code in English, in lower case without a full stop.
///
/// @param code   result of any call
///
/// @blocks   never
/// @return   [static text] such as "operation timed out"; never NULL
/// @since 0.1
#[unsafe(no_mangle)]
pub extern "C" fn jf_error_text(code: i64) -> *const c_char {
    let text = match (code, words(code)) {
        (_, Some((_, text))) => text,
        (0.., None) => c"no error",
        (_, None) => c"not an error of this library",
    };
    text.as_ptr()
}

/// Returns the errno of an error code, as defined in this system's <errno.h>.
///
/// @param code   result of any call
///
/// @blocks   never
/// @return   [number] the errno; 0 if the code is no error, or an error of this library without an errno
/// @since 0.1
#[unsafe(no_mangle)]
pub extern "C" fn jf_error_os(code: i64) -> i64 {
    Error::from_code(code).and_then(Error::raw_os_error).map_or(0, i64::from)
}
