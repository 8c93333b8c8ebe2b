//! What can go wrong, in numbers that are the same on every operating system.

use crate::sys::errno as os;
use crate::sys::{Errno, NameError, errno};
use std::{fmt, io};

/// An error. Compare it with the constants: `Err(Error::TIMED_OUT) => …`.
///
/// What an operating system reports and no constant stands for is kept as [`Error::from_os`] makes it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
// As wide as what C gets and what a call counts, so that the result of a call is two registers.
pub struct Error(i64);

/// The result of a socket call.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The number from which those errors count downwards that have no name of their own.
const OS_BASE: i64 = -100_000;

/// One table makes the constants, names and texts, and maps errno to them and back.
macro_rules! errors {
    ($($name:ident = $number:literal $(, $errno:ident)?: $text:literal;)*) => {
        impl Error {
            $(#[doc = $text] pub const $name: Error = Error($number);)*

            /// Every error that has a name.
            pub const ALL: &[Error] = &[$(Error::$name),*];

            /// The constant's name, or `OS` for an error that only the operating system has a name for.
            pub fn name(self) -> &'static str {
                match self.0 {
                    $($number => stringify!($name),)*
                    _ => "OS",
                }
            }

            /// What happened, in a sentence.
            pub fn text(self) -> &'static str {
                match self.0 {
                    $($number => $text,)*
                    _ => "An error that only the operating system has a name for.",
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

            /// The error that the operating system reports by this number.
            #[inline]
            pub fn from_os(number: i32) -> Error {
                match number {
                    $($(os::$errno => Error::$name,)?)*
                    1..=0xFFFF => Error(OS_BASE - number as i64),
                    // No operating system's; it could not be told apart from another error's number.
                    _ => Error::INTERNAL,
                }
            }
        }
    };
}

errors! {
    INVALID = -1, EINVAL: "An argument is not one that this call takes.";
    BAD_HANDLE = -2, EBADF: "The handle or descriptor is closed, was never open, or is of another kind.";
    CLOSED = -3: "The socket was closed while the call was in flight.";
    WOULD_BLOCK = -4, EAGAIN: "The call would have to wait, and may not.";
    IN_PROGRESS = -5, EINPROGRESS: "The connection is being made.";
    TIMED_OUT = -6, ETIMEDOUT: "The time was over before the call was done.";
    INTERRUPTED = -7, EINTR: "A signal was handled while the call waited.";
    CANCELED = -8, ECANCELED: "The operation was canceled.";
    UNSUPPORTED = -9, EOPNOTSUPP: "This socket or this system can't do that.";
    INTERNAL = -10: "A defect of the library; please report it.";
    NO_MEMORY = -11, ENOMEM: "There is no memory for it.";
    NO_BUFFERS = -12, ENOBUFS: "The system has no buffers left for the network.";
    TOO_MANY_FILES = -13, EMFILE: "The process has as many descriptors open as it may.";
    SYSTEM_FILES = -14, ENFILE: "The system has as many descriptors open as it can.";
    ACCESS = -15, EACCES: "Permission for the address or path is denied.";
    PERMISSION = -16, EPERM: "The process may not do that.";
    BUSY = -17, EBUSY: "It is in use at the moment.";
    EXISTS = -18, EEXIST: "It exists already.";
    NOT_FOUND = -19, ENOENT: "There is nothing of that name.";
    ADDR_INVALID = -20: "The address is malformed, or is of a kind that this call can't use.";
    ADDR_IN_USE = -21, EADDRINUSE: "The address is in use.";
    ADDR_NOT_AVAILABLE = -22, EADDRNOTAVAIL: "The address is not one of this machine's, or no port is left.";
    FAMILY_UNSUPPORTED = -23, EAFNOSUPPORT: "The address family is not one of this socket's or of this system's.";
    PROTOCOL_UNSUPPORTED = -24, EPROTONOSUPPORT: "The family and type have no such protocol.";
    TYPE_UNSUPPORTED = -25, ESOCKTNOSUPPORT: "The socket type is not one that this family or this call has.";
    OPTION_UNSUPPORTED = -26, ENOPROTOOPT: "This socket has no such option, or it can't be set.";
    NOT_SOCKET = -27, ENOTSOCK: "The descriptor is not a socket's.";
    CONN_REFUSED = -28, ECONNREFUSED: "Nobody listens at that address.";
    CONN_RESET = -29, ECONNRESET: "The peer ended the connection without a word.";
    CONN_ABORTED = -30, ECONNABORTED: "The connection was given up on this side.";
    NOT_CONNECTED = -31, ENOTCONN: "The socket is not connected.";
    IS_CONNECTED = -32, EISCONN: "The socket is connected already.";
    ALREADY = -33, EALREADY: "The socket is being connected already.";
    PIPE = -34, EPIPE: "The stream is closed for sending, here or at the peer's end.";
    DEST_REQUIRED = -35, EDESTADDRREQ: "The socket has no peer, and no address was given.";
    MESSAGE_SIZE = -36, EMSGSIZE: "The message is longer than the socket can send in one.";
    TRUNCATED = -37: "The message was longer than the room; the room is filled and the rest is lost.";
    END_OF_STREAM = -38: "The stream ended before everything was received.";
    NETWORK_DOWN = -39, ENETDOWN: "The network is down.";
    NETWORK_UNREACHABLE = -40, ENETUNREACH: "There is no route to that network.";
    HOST_DOWN = -41, EHOSTDOWN: "The host is down.";
    HOST_UNREACHABLE = -42, EHOSTUNREACH: "There is no route to that host.";
    PROTOCOL = -43, EPROTO: "The protocol was violated.";
    NAME_NOT_FOUND = -44: "The name is not known.";
    NAME_TRY_AGAIN = -45: "The name can't be looked up at the moment.";
    NAME_FAILED = -46: "The name can't be looked up.";
    NAME_NO_ADDRESS = -47: "The name is known, but has no address of that family.";
}

impl Error {
    /// The number, the same on every operating system and below zero.
    #[inline]
    pub const fn code(self) -> i64 {
        self.0
    }

    /// The error with this number, if there can be one.
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
            NameError::NoIdna => Error::UNSUPPORTED,
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
        match self.raw_os_error() {
            Some(number) if self.0 < OS_BASE => io::Error::from_raw_os_error(number).fmt(f),
            _ => f.write_str(self.text()),
        }
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
    fn named_errors_count_down_from_minus_one() {
        for (error, number) in Error::ALL.iter().zip(1..) {
            assert_eq!(error.code(), -number);
            assert_eq!(Error::from_code(error.code()), Some(*error));
        }
    }

    #[test]
    fn every_os_error_survives_the_way_there_and_back() {
        for number in 1..=4096 {
            assert_eq!(Error::from_os(number).raw_os_error(), Some(number), "{number}");
        }
        assert_eq!(Error::from_os(0), Error::INTERNAL);
        assert_eq!(Error::from_os(-5), Error::INTERNAL);
    }

    #[test]
    fn no_other_number_is_an_error() {
        for code in [0, 1, -48, -99_999, -100_000, -170_000, i64::MIN, i64::MAX] {
            assert_eq!(Error::from_code(code), None, "{code}");
        }
    }
}
