//! The numbers by which the operating system reports errors.

use std::io;

pub use libc::{
    EACCES, EADDRINUSE, EADDRNOTAVAIL, EAFNOSUPPORT, EAGAIN, EALREADY, EBADF, EBUSY, ECANCELED, ECONNABORTED,
    ECONNREFUSED, ECONNRESET, EDESTADDRREQ, EEXIST, EHOSTDOWN, EHOSTUNREACH, EINPROGRESS, EINTR, EINVAL, EIO, EISCONN,
    ELOOP, EMFILE, EMSGSIZE, ENETDOWN, ENETUNREACH, ENFILE, ENOBUFS, ENODEV, ENOENT, ENOMEM, ENOPROTOOPT, ENOSPC,
    ENOTCONN, ENOTSOCK, EOPNOTSUPP, EOVERFLOW, EPERM, EPIPE, EPROTO, EPROTONOSUPPORT, ESOCKTNOSUPPORT, ESPIPE, ESRCH,
    ETIMEDOUT,
};

/// An operating system's error number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Errno(pub i32);

impl Errno {
    /// The calling thread's error of the call that just failed.
    pub fn last() -> Errno {
        // SAFETY: the location is the calling thread's own and always valid.
        Errno(unsafe { *libc::__errno_location() })
    }
}

impl From<io::Error> for Errno {
    fn from(error: io::Error) -> Errno {
        Errno(error.raw_os_error().unwrap_or(EINVAL))
    }
}
