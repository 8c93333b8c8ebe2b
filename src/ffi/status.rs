//! Errors as C sees them: numbers, and static strings for them.

use crate::net::Error;
use std::ffi::CStr;

/// Why a call failed; every call that can fail returns 0 or more when it did not. The numbers are the same on every
/// operating system and are never used again for anything else. In parentheses: the errno that each stands for.
#[repr(C)]
#[allow(dead_code, reason = "these are C's names for numbers of the core")]
#[derive(Clone, Copy)]
pub enum jf_error {
    /// An argument is not one that this call takes. (EINVAL)
    JF_E_INVALID = -1,
    /// The handle or descriptor is closed, was never open, or is of another kind. (EBADF)
    JF_E_BAD_HANDLE = -2,
    /// The socket was closed while the call was in flight.
    JF_E_CLOSED = -3,
    /// The call would have to wait, and may not. (EAGAIN)
    JF_E_WOULD_BLOCK = -4,
    /// The connection is being made. (EINPROGRESS)
    JF_E_IN_PROGRESS = -5,
    /// The time was over before the call was done. (ETIMEDOUT)
    JF_E_TIMED_OUT = -6,
    /// A signal was handled while the call waited. (EINTR)
    JF_E_INTERRUPTED = -7,
    /// The operation was canceled. (ECANCELED)
    JF_E_CANCELED = -8,
    /// This socket or this system can't do that. (EOPNOTSUPP)
    JF_E_UNSUPPORTED = -9,
    /// A defect of the library; please report it.
    JF_E_INTERNAL = -10,
    /// There is no memory for it. (ENOMEM)
    JF_E_NO_MEMORY = -11,
    /// The system has no buffers left for the network. (ENOBUFS)
    JF_E_NO_BUFFERS = -12,
    /// The process has as many descriptors open as it may. (EMFILE)
    JF_E_TOO_MANY_FILES = -13,
    /// The system has as many descriptors open as it can. (ENFILE)
    JF_E_SYSTEM_FILES = -14,
    /// Permission for the address or path is denied. (EACCES)
    JF_E_ACCESS = -15,
    /// The process may not do that. (EPERM)
    JF_E_PERMISSION = -16,
    /// It is in use at the moment. (EBUSY)
    JF_E_BUSY = -17,
    /// It exists already. (EEXIST)
    JF_E_EXISTS = -18,
    /// There is nothing of that name. (ENOENT)
    JF_E_NOT_FOUND = -19,
    /// The address is malformed, or is of a kind that this call can't use.
    JF_E_ADDR_INVALID = -20,
    /// The address is in use. (EADDRINUSE)
    JF_E_ADDR_IN_USE = -21,
    /// The address is not one of this machine's, or no port is left. (EADDRNOTAVAIL)
    JF_E_ADDR_NOT_AVAILABLE = -22,
    /// The address family is not one of this socket's or of this system's. (EAFNOSUPPORT)
    JF_E_FAMILY_UNSUPPORTED = -23,
    /// The family and type have no such protocol. (EPROTONOSUPPORT)
    JF_E_PROTOCOL_UNSUPPORTED = -24,
    /// The socket type is not one that this family or this call has. (ESOCKTNOSUPPORT)
    JF_E_TYPE_UNSUPPORTED = -25,
    /// This socket has no such option, or it can't be set. (ENOPROTOOPT)
    JF_E_OPTION_UNSUPPORTED = -26,
    /// The descriptor is not a socket's. (ENOTSOCK)
    JF_E_NOT_SOCKET = -27,
    /// Nobody listens at that address. (ECONNREFUSED)
    JF_E_CONN_REFUSED = -28,
    /// The peer ended the connection without a word. (ECONNRESET)
    JF_E_CONN_RESET = -29,
    /// The connection was given up on this side. (ECONNABORTED)
    JF_E_CONN_ABORTED = -30,
    /// The socket is not connected. (ENOTCONN)
    JF_E_NOT_CONNECTED = -31,
    /// The socket is connected already. (EISCONN)
    JF_E_IS_CONNECTED = -32,
    /// The socket is being connected already. (EALREADY)
    JF_E_ALREADY = -33,
    /// The stream is closed for sending, here or at the peer's end. (EPIPE)
    JF_E_PIPE = -34,
    /// The socket has no peer, and no address was given. (EDESTADDRREQ)
    JF_E_DEST_REQUIRED = -35,
    /// The message is longer than the socket can send in one. (EMSGSIZE)
    JF_E_MESSAGE_SIZE = -36,
    /// The message was longer than the room; the room is filled and the rest is lost.
    JF_E_TRUNCATED = -37,
    /// The stream ended before everything was received.
    JF_E_END_OF_STREAM = -38,
    /// The network is down. (ENETDOWN)
    JF_E_NETWORK_DOWN = -39,
    /// There is no route to that network. (ENETUNREACH)
    JF_E_NETWORK_UNREACHABLE = -40,
    /// The host is down. (EHOSTDOWN)
    JF_E_HOST_DOWN = -41,
    /// There is no route to that host. (EHOSTUNREACH)
    JF_E_HOST_UNREACHABLE = -42,
    /// The protocol was violated. (EPROTO)
    JF_E_PROTOCOL = -43,
    /// The name is not known.
    JF_E_NAME_NOT_FOUND = -44,
    /// The name can't be looked up at the moment.
    JF_E_NAME_TRY_AGAIN = -45,
    /// The name can't be looked up.
    JF_E_NAME_FAILED = -46,
    /// The name is known, but has no address of that family.
    JF_E_NAME_NO_ADDRESS = -47,
    /// An error of the operating system that has no name above is JF_E_OS - errno.
    JF_E_OS = -100_000,
}

/// The number of an error.
#[inline]
pub fn code(error: Error) -> i64 {
    error.code()
}

/// Names and texts, in the order of the numbers.
const WORDS: &[(&CStr, &CStr)] = &[
    (c"JF_E_INVALID", c"An argument is not one that this call takes."),
    (c"JF_E_BAD_HANDLE", c"The handle or descriptor is closed, was never open, or is of another kind."),
    (c"JF_E_CLOSED", c"The socket was closed while the call was in flight."),
    (c"JF_E_WOULD_BLOCK", c"The call would have to wait, and may not."),
    (c"JF_E_IN_PROGRESS", c"The connection is being made."),
    (c"JF_E_TIMED_OUT", c"The time was over before the call was done."),
    (c"JF_E_INTERRUPTED", c"A signal was handled while the call waited."),
    (c"JF_E_CANCELED", c"The operation was canceled."),
    (c"JF_E_UNSUPPORTED", c"This socket or this system can't do that."),
    (c"JF_E_INTERNAL", c"A defect of the library; please report it."),
    (c"JF_E_NO_MEMORY", c"There is no memory for it."),
    (c"JF_E_NO_BUFFERS", c"The system has no buffers left for the network."),
    (c"JF_E_TOO_MANY_FILES", c"The process has as many descriptors open as it may."),
    (c"JF_E_SYSTEM_FILES", c"The system has as many descriptors open as it can."),
    (c"JF_E_ACCESS", c"Permission for the address or path is denied."),
    (c"JF_E_PERMISSION", c"The process may not do that."),
    (c"JF_E_BUSY", c"It is in use at the moment."),
    (c"JF_E_EXISTS", c"It exists already."),
    (c"JF_E_NOT_FOUND", c"There is nothing of that name."),
    (c"JF_E_ADDR_INVALID", c"The address is malformed, or is of a kind that this call can't use."),
    (c"JF_E_ADDR_IN_USE", c"The address is in use."),
    (c"JF_E_ADDR_NOT_AVAILABLE", c"The address is not one of this machine's, or no port is left."),
    (c"JF_E_FAMILY_UNSUPPORTED", c"The address family is not one of this socket's or of this system's."),
    (c"JF_E_PROTOCOL_UNSUPPORTED", c"The family and type have no such protocol."),
    (c"JF_E_TYPE_UNSUPPORTED", c"The socket type is not one that this family or this call has."),
    (c"JF_E_OPTION_UNSUPPORTED", c"This socket has no such option, or it can't be set."),
    (c"JF_E_NOT_SOCKET", c"The descriptor is not a socket's."),
    (c"JF_E_CONN_REFUSED", c"Nobody listens at that address."),
    (c"JF_E_CONN_RESET", c"The peer ended the connection without a word."),
    (c"JF_E_CONN_ABORTED", c"The connection was given up on this side."),
    (c"JF_E_NOT_CONNECTED", c"The socket is not connected."),
    (c"JF_E_IS_CONNECTED", c"The socket is connected already."),
    (c"JF_E_ALREADY", c"The socket is being connected already."),
    (c"JF_E_PIPE", c"The stream is closed for sending, here or at the peer's end."),
    (c"JF_E_DEST_REQUIRED", c"The socket has no peer, and no address was given."),
    (c"JF_E_MESSAGE_SIZE", c"The message is longer than the socket can send in one."),
    (c"JF_E_TRUNCATED", c"The message was longer than the room; the room is filled and the rest is lost."),
    (c"JF_E_END_OF_STREAM", c"The stream ended before everything was received."),
    (c"JF_E_NETWORK_DOWN", c"The network is down."),
    (c"JF_E_NETWORK_UNREACHABLE", c"There is no route to that network."),
    (c"JF_E_HOST_DOWN", c"The host is down."),
    (c"JF_E_HOST_UNREACHABLE", c"There is no route to that host."),
    (c"JF_E_PROTOCOL", c"The protocol was violated."),
    (c"JF_E_NAME_NOT_FOUND", c"The name is not known."),
    (c"JF_E_NAME_TRY_AGAIN", c"The name can't be looked up at the moment."),
    (c"JF_E_NAME_FAILED", c"The name can't be looked up."),
    (c"JF_E_NAME_NO_ADDRESS", c"The name is known, but has no address of that family."),
];

/// The name and the text of an error's number, if it is one.
pub fn words(code: i64) -> Option<(&'static CStr, &'static CStr)> {
    let error = Error::from_code(code)?;
    let named = WORDS.get((-1 - error.code()) as usize).copied();
    Some(named.unwrap_or((c"JF_E_OS", c"An error that only the operating system has a name for.")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c_and_rust_say_the_same_of_every_error() {
        assert_eq!(WORDS.len(), Error::ALL.len());
        for error in Error::ALL {
            let (name, text) = words(code(*error)).unwrap();
            assert_eq!(name.to_str().unwrap(), format!("JF_E_{}", error.name()));
            assert_eq!(text.to_str().unwrap(), error.text());
        }
        assert_eq!(jf_error::JF_E_INVALID as i64, code(Error::INVALID));
        assert_eq!(jf_error::JF_E_NAME_NO_ADDRESS as i64, code(*Error::ALL.last().unwrap()));
        assert_eq!(jf_error::JF_E_OS as i64 - 5, code(Error::from_os(5)));
    }
}
