//! Errors in C: numbers, names and texts.

use crate::net::Error;
use std::ffi::CStr;

/// Errors. A call that fails returns one of these negative numbers; a call that succeeds returns 0 or more.
///
/// The numbers are the same on every operating system, and no number ever changes its meaning. The corresponding errno
/// is in parentheses.
#[repr(C)]
#[allow(dead_code, reason = "C names for numbers that the core defines")]
#[derive(Clone, Copy)]
pub enum jf_error {
    /// Invalid argument. (EINVAL)
    JF_E_INVALID = -1,
    /// The number was never returned as a handle of this kind, or the descriptor is not open. (EBADF)
    JF_E_BAD_HANDLE = -2,
    /// The handle is closed: it was closed before the call, or by another thread during the call.
    JF_E_CLOSED = -3,
    /// The call would have to wait, but the timeout is 0 or JF_DONT_WAIT is set. (EAGAIN)
    JF_E_WOULD_BLOCK = -4,
    /// The connection attempt is in progress. (EINPROGRESS)
    JF_E_IN_PROGRESS = -5,
    /// The operation timed out. (ETIMEDOUT)
    JF_E_TIMED_OUT = -6,
    /// A signal handler interrupted the wait. (EINTR)
    JF_E_INTERRUPTED = -7,
    /// The operation was canceled. (ECANCELED)
    JF_E_CANCELED = -8,
    /// The socket or the system does not support the operation. (EOPNOTSUPP)
    JF_E_UNSUPPORTED = -9,
    /// Internal error: a defect of the library. Please report it.
    JF_E_INTERNAL = -10,
    /// Out of memory. (ENOMEM)
    JF_E_NO_MEMORY = -11,
    /// The system has no network buffer space left. (ENOBUFS)
    JF_E_NO_BUFFERS = -12,
    /// The process has reached its limit of open descriptors. (EMFILE)
    JF_E_TOO_MANY_FILES = -13,
    /// The system has reached its limit of open descriptors. (ENFILE)
    JF_E_SYSTEM_FILES = -14,
    /// Permission denied for the address or path. (EACCES)
    JF_E_ACCESS = -15,
    /// The process lacks the privilege. (EPERM)
    JF_E_PERMISSION = -16,
    /// The resource is in use. (EBUSY)
    JF_E_BUSY = -17,
    /// The object already exists. (EEXIST)
    JF_E_EXISTS = -18,
    /// No object has this name. (ENOENT)
    JF_E_NOT_FOUND = -19,
    /// The address is malformed, or of a kind that the call can't use.
    JF_E_ADDR_INVALID = -20,
    /// The address is already in use. (EADDRINUSE)
    JF_E_ADDR_IN_USE = -21,
    /// The address does not belong to this machine, or no port is free. (EADDRNOTAVAIL)
    JF_E_ADDR_NOT_AVAILABLE = -22,
    /// The socket or the system does not support the address family. (EAFNOSUPPORT)
    JF_E_FAMILY_UNSUPPORTED = -23,
    /// The family and type have no such protocol. (EPROTONOSUPPORT)
    JF_E_PROTOCOL_UNSUPPORTED = -24,
    /// The family or the call does not support the socket type. (ESOCKTNOSUPPORT)
    JF_E_TYPE_UNSUPPORTED = -25,
    /// The socket does not have the option, or the option can't be set. (ENOPROTOOPT)
    JF_E_OPTION_UNSUPPORTED = -26,
    /// The descriptor is not a socket. (ENOTSOCK)
    JF_E_NOT_SOCKET = -27,
    /// Connection refused: no socket listens at the address or is bound to it. (ECONNREFUSED)
    JF_E_CONN_REFUSED = -28,
    /// The peer reset the connection. (ECONNRESET)
    JF_E_CONN_RESET = -29,
    /// The connection was aborted on this side. (ECONNABORTED)
    JF_E_CONN_ABORTED = -30,
    /// The socket is not connected. (ENOTCONN)
    JF_E_NOT_CONNECTED = -31,
    /// The socket is already connected. (EISCONN)
    JF_E_IS_CONNECTED = -32,
    /// A connection attempt is already in progress. (EALREADY)
    JF_E_ALREADY = -33,
    /// Broken pipe: the stream is closed for sending, on this side or by the peer. (EPIPE)
    JF_E_PIPE = -34,
    /// The socket has no peer, and no address was given. (EDESTADDRREQ)
    JF_E_DEST_REQUIRED = -35,
    /// The message is longer than the socket can send at once. (EMSGSIZE)
    JF_E_MESSAGE_SIZE = -36,
    /// The message was longer than the buffer. The buffer is filled; the remainder is discarded, unless JF_PEEK is set.
    JF_E_TRUNCATED = -37,
    /// The stream ended before the buffer was full.
    JF_E_END_OF_STREAM = -38,
    /// The network is down. (ENETDOWN)
    JF_E_NETWORK_DOWN = -39,
    /// No route to the network. (ENETUNREACH)
    JF_E_NETWORK_UNREACHABLE = -40,
    /// The host is down. (EHOSTDOWN)
    JF_E_HOST_DOWN = -41,
    /// No route to the host. (EHOSTUNREACH)
    JF_E_HOST_UNREACHABLE = -42,
    /// Protocol error. (EPROTO)
    JF_E_PROTOCOL = -43,
    /// The host name does not exist.
    JF_E_NAME_NOT_FOUND = -44,
    /// Temporary failure in name resolution; a later lookup may succeed.
    JF_E_NAME_TRY_AGAIN = -45,
    /// Permanent failure in name resolution.
    JF_E_NAME_FAILED = -46,
    /// The host name exists, but has no address of the requested family.
    JF_E_NAME_NO_ADDRESS = -47,
    /// A system error without a constant above is JF_E_OS - errno.
    JF_E_OS = -100_000,
}

/// The number of an error.
#[inline]
pub fn code(error: Error) -> i64 {
    error.code()
}

/// The name and the text of an error's number; `None` if no error has it.
pub fn words(code: i64) -> Option<(&'static CStr, &'static CStr)> {
    Error::from_code(code).map(|error| (error.c_name(), error.c_text()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c_and_rust_have_the_same_errors() {
        let enumerators = include_str!("status.rs");
        assert_eq!(enumerators.lines().filter(|line| line.starts_with("    JF_E_")).count(), Error::ALL.len() + 1);
        for error in Error::ALL {
            let (name, text) = words(code(*error)).unwrap();
            assert_eq!(name.to_str().unwrap(), format!("JF_E_{}", error.name()));
            assert_eq!(text.to_str().unwrap(), error.text());
            assert!(enumerators.contains(&format!("    JF_E_{} = {},\n", error.name(), error.code())), "{error:?}");
        }
        assert_eq!(jf_error::JF_E_INVALID as i64, code(Error::INVALID));
        assert_eq!(jf_error::JF_E_NAME_NO_ADDRESS as i64, code(*Error::ALL.last().unwrap()));
        assert_eq!(jf_error::JF_E_OS as i64 - 5, code(Error::from_os(5)));
    }

    #[test]
    fn system_errors_have_the_systems_text() {
        for number in [5, 19, 28] {
            let (name, text) = words(jf_error::JF_E_OS as i64 - number).unwrap();
            assert_eq!((name, text.to_str().unwrap()), (c"JF_E_OS", Error::from_os(number as i32).text()));
        }
        assert_eq!(words(jf_error::JF_E_OS as i64), None);
    }
}
