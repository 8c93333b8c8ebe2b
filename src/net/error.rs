//! Errors, with numbers that are the same on every operating system.

use crate::sys::errno as os;
use crate::sys::{Errno, NameError, errno};
use std::ffi::CStr;
use std::{fmt, io};

/// An error. Compare it with the constants: `Err(Error::TIMED_OUT) => …`.
///
/// A system error without a constant is kept as [`Error::from_os`] makes it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
// As wide as a C result and a byte count, so that a call returns its `Result` in two registers.
pub struct Error(i64);

/// The result of a socket call.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error without a constant has the number `OS_BASE - errno`.
const OS_BASE: i64 = -100_000;

/// A string literal that ends with a NUL, as a C string.
const fn c_str(text: &'static str) -> &'static CStr {
    match CStr::from_bytes_with_nul(text.as_bytes()) {
        Ok(text) => text,
        Err(_) => panic!("exactly one NUL, at the end"),
    }
}

/// Makes the constants, their names and texts, and the conversions from and to errno, from one list.
macro_rules! errors {
    ($($name:ident = $number:literal $(, $errno:ident)?: $text:literal;)*) => {
        impl Error {
            $(#[doc = concat!($text, $(" (`", stringify!($errno), "`)")?)] pub const $name: Error = Error($number);)*

            /// Every error that has a constant.
            pub const ALL: &[Error] = &[$(Error::$name),*];

            /// The constant's name, or `OS` for a system error without a constant.
            pub fn name(self) -> &'static str {
                match self.0 {
                    $($number => stringify!($name),)*
                    _ => "OS",
                }
            }

            /// The name of the C constant.
            #[cfg(feature = "capi")]
            pub(crate) fn c_name(self) -> &'static CStr {
                match self.0 {
                    $($number => const { c_str(concat!("JF_E_", stringify!($name), "\0")) },)*
                    _ => c"JF_E_OS",
                }
            }

            /// [`text`](Error::text) as a C string.
            pub(crate) fn c_text(self) -> &'static CStr {
                match self.0 {
                    $($number => const { c_str(concat!($text, "\0")) },)*
                    _ => Errno(self.raw_os_error().unwrap_or(0)).description(),
                }
            }

            /// The operating system's number for the condition, if it has one.
            pub fn raw_os_error(self) -> Option<i32> {
                match self.0 {
                    $($($number => Some(errno::$errno),)?)*
                    number if number < OS_BASE => i32::try_from(OS_BASE - number).ok(),
                    _ => None,
                }
            }

            /// The error for an errno; [`Error::INTERNAL`] for a number outside 1 to 65535.
            #[inline]
            pub fn from_os(number: i32) -> Error {
                match number {
                    $($(os::$errno => Error::$name,)?)*
                    1..=0xFFFF => Error(OS_BASE - number as i64),
                    // No operating system uses it, and its number could collide with another error's.
                    _ => Error::INTERNAL,
                }
            }
        }
    };
}

errors! {
    INVALID = -1, EINVAL: "invalid argument";
    BAD_HANDLE = -2, EBADF: "bad handle or file descriptor";
    CLOSED = -3: "handle closed";
    WOULD_BLOCK = -4, EAGAIN: "operation would block";
    IN_PROGRESS = -5, EINPROGRESS: "connection in progress";
    TIMED_OUT = -6, ETIMEDOUT: "operation timed out";
    INTERRUPTED = -7, EINTR: "interrupted by a signal";
    CANCELED = -8, ECANCELED: "operation canceled";
    UNSUPPORTED = -9, EOPNOTSUPP: "operation not supported";
    INTERNAL = -10: "internal error of the library";
    NO_MEMORY = -11, ENOMEM: "out of memory";
    NO_BUFFERS = -12, ENOBUFS: "no network buffer space available";
    TOO_MANY_FILES = -13, EMFILE: "too many open files in the process";
    SYSTEM_FILES = -14, ENFILE: "too many open files in the system";
    ACCESS = -15, EACCES: "permission denied";
    PERMISSION = -16, EPERM: "operation not permitted";
    BUSY = -17, EBUSY: "resource busy";
    EXISTS = -18, EEXIST: "already exists";
    NOT_FOUND = -19, ENOENT: "not found";
    ADDR_INVALID = -20: "invalid address";
    ADDR_IN_USE = -21, EADDRINUSE: "address already in use";
    ADDR_NOT_AVAILABLE = -22, EADDRNOTAVAIL: "address not available";
    FAMILY_UNSUPPORTED = -23, EAFNOSUPPORT: "address family not supported";
    PROTOCOL_UNSUPPORTED = -24, EPROTONOSUPPORT: "protocol not supported";
    TYPE_UNSUPPORTED = -25, ESOCKTNOSUPPORT: "socket type not supported";
    OPTION_UNSUPPORTED = -26, ENOPROTOOPT: "socket option not supported";
    NOT_SOCKET = -27, ENOTSOCK: "not a socket";
    CONN_REFUSED = -28, ECONNREFUSED: "connection refused";
    CONN_RESET = -29, ECONNRESET: "connection reset by peer";
    CONN_ABORTED = -30, ECONNABORTED: "connection aborted";
    NOT_CONNECTED = -31, ENOTCONN: "socket not connected";
    IS_CONNECTED = -32, EISCONN: "socket already connected";
    ALREADY = -33, EALREADY: "connection attempt already in progress";
    PIPE = -34, EPIPE: "broken pipe";
    DEST_REQUIRED = -35, EDESTADDRREQ: "destination address required";
    MESSAGE_SIZE = -36, EMSGSIZE: "message too long";
    TRUNCATED = -37: "message truncated";
    END_OF_STREAM = -38: "unexpected end of stream";
    NETWORK_DOWN = -39, ENETDOWN: "network is down";
    NETWORK_UNREACHABLE = -40, ENETUNREACH: "network unreachable";
    HOST_DOWN = -41, EHOSTDOWN: "host is down";
    HOST_UNREACHABLE = -42, EHOSTUNREACH: "no route to host";
    PROTOCOL = -43, EPROTO: "protocol error";
    NAME_NOT_FOUND = -44: "host name not found";
    NAME_TRY_AGAIN = -45: "temporary failure in name resolution";
    NAME_FAILED = -46: "name resolution failed";
    NAME_NO_ADDRESS = -47: "host name has no address of this family";
}

impl Error {
    /// A short description: lower case, without a full stop. For a system error without a constant, the system's own
    /// description of that errno.
    pub fn text(self) -> &'static str {
        self.c_text().to_str().unwrap_or_default()
    }

    /// The number: negative, and the same on every operating system.
    #[inline]
    pub const fn code(self) -> i64 {
        self.0
    }

    /// The error with this number; `None` if no error has it.
    pub fn from_code(code: i64) -> Option<Error> {
        let named = (-(Error::ALL.len() as i64)..0).contains(&code);
        let unnamed = (OS_BASE - 0xFFFF..OS_BASE).contains(&code);
        (named || unnamed).then_some(Error(code))
    }
}

impl From<Errno> for Error {
    #[inline]
    fn from(errno: Errno) -> Error {
        Error::from_os(errno.0)
    }
}

impl From<NameError> for Error {
    fn from(error: NameError) -> Error {
        match error {
            NameError::NotFound => Error::NAME_NOT_FOUND,
            NameError::NoAddress => Error::NAME_NO_ADDRESS,
            NameError::TryAgain => Error::NAME_TRY_AGAIN,
            NameError::Failed => Error::NAME_FAILED,
            NameError::NoService => Error::NOT_FOUND,
            NameError::Malformed => Error::ADDR_INVALID,
            NameError::IdnaUnsupported => Error::UNSUPPORTED,
            NameError::System(errno) => errno.into(),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.raw_os_error() {
            Some(number) if self.0 < OS_BASE => write!(f, "OS({number})"),
            _ => f.write_str(self.name()),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl std::error::Error for Error {}

impl From<Error> for io::Error {
    fn from(error: Error) -> io::Error {
        match (error, error.raw_os_error()) {
            (_, Some(number)) => io::Error::from_raw_os_error(number),
            (Error::END_OF_STREAM, None) => io::Error::new(io::ErrorKind::UnexpectedEof, error),
            (Error::ADDR_INVALID, None) => io::Error::new(io::ErrorKind::InvalidInput, error),
            (Error::TRUNCATED, None) => io::Error::new(io::ErrorKind::InvalidData, error),
            (_, None) => io::Error::other(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_codes_count_down_from_minus_one() {
        for (error, number) in Error::ALL.iter().zip(1..) {
            assert_eq!(error.code(), -number);
            assert_eq!(Error::from_code(error.code()), Some(*error));
        }
    }

    #[test]
    fn from_os_and_raw_os_error_are_inverses() {
        for number in 1..=4096 {
            assert_eq!(Error::from_os(number).raw_os_error(), Some(number), "{number}");
        }
        assert_eq!(Error::from_os(0), Error::INTERNAL);
        assert_eq!(Error::from_os(-5), Error::INTERNAL);
    }

    #[test]
    fn from_code_refuses_other_numbers() {
        for code in [0, 1, -48, -99_999, -100_000, -170_000, i64::MIN, i64::MAX] {
            assert_eq!(Error::from_code(code), None, "{code}");
        }
    }

    #[test]
    fn texts_are_lower_case_without_full_stop() {
        for error in Error::ALL {
            let text = error.text();
            assert!(text.starts_with(|c: char| c.is_ascii_lowercase()) && !text.ends_with('.'), "{text}");
        }
    }

    #[test]
    fn system_errors_have_the_systems_text() {
        assert_eq!(Error::from_os(os::EIO).text(), "Input/output error");
        assert_eq!(Error::from_os(os::ENODEV).to_string(), "No such device");
        // Linux uses no such numbers.
        assert_eq!(Error::from_os(4000).text(), "unknown error");
        assert_eq!(Error::from_os(0xFFFF).text(), "unknown error");
    }
}
