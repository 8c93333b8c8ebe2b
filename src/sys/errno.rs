//! The operating system's error numbers, and what each means.

use std::ffi::CStr;
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
    /// The calling thread's `errno`, as the system call that just failed has set it.
    pub fn last() -> Errno {
        Errno(nix::errno::Errno::last_raw())
    }
}

impl From<io::Error> for Errno {
    fn from(error: io::Error) -> Errno {
        Errno(error.raw_os_error().unwrap_or(EINVAL))
    }
}

impl From<nix::errno::Errno> for Errno {
    fn from(error: nix::errno::Errno) -> Errno {
        match error {
            // A number that nix has no name for; the failed call has left it in `errno`.
            nix::errno::Errno::UnknownErrno => Errno::last(),
            error => Errno(error as i32),
        }
    }
}

/// Makes [`Errno::description`] from a list of numbers and texts.
macro_rules! descriptions {
    ($($name:ident: $text:literal;)*) => {
        impl Errno {
            /// What strerror(3) returns for this number in the C locale; "unknown error" for a number that Linux
            /// does not use.
            // A table, because strerror uses the locale and may return a buffer that the thread's next call overwrites;
            // strerrordesc_np needs glibc 2.32; and strerror_l may take a lock, which a forked child could find taken.
            pub fn description(self) -> &'static CStr {
                match self.0 {
                    $(libc::$name => $text,)*
                    _ => c"unknown error",
                }
            }
        }
    };
}

descriptions! {
    EPERM: c"Operation not permitted";
    ENOENT: c"No such file or directory";
    ESRCH: c"No such process";
    EINTR: c"Interrupted system call";
    EIO: c"Input/output error";
    ENXIO: c"No such device or address";
    E2BIG: c"Argument list too long";
    ENOEXEC: c"Exec format error";
    EBADF: c"Bad file descriptor";
    ECHILD: c"No child processes";
    EAGAIN: c"Resource temporarily unavailable";
    ENOMEM: c"Cannot allocate memory";
    EACCES: c"Permission denied";
    EFAULT: c"Bad address";
    ENOTBLK: c"Block device required";
    EBUSY: c"Device or resource busy";
    EEXIST: c"File exists";
    EXDEV: c"Invalid cross-device link";
    ENODEV: c"No such device";
    ENOTDIR: c"Not a directory";
    EISDIR: c"Is a directory";
    EINVAL: c"Invalid argument";
    ENFILE: c"Too many open files in system";
    EMFILE: c"Too many open files";
    ENOTTY: c"Inappropriate ioctl for device";
    ETXTBSY: c"Text file busy";
    EFBIG: c"File too large";
    ENOSPC: c"No space left on device";
    ESPIPE: c"Illegal seek";
    EROFS: c"Read-only file system";
    EMLINK: c"Too many links";
    EPIPE: c"Broken pipe";
    EDOM: c"Numerical argument out of domain";
    ERANGE: c"Numerical result out of range";
    EDEADLK: c"Resource deadlock avoided";
    ENAMETOOLONG: c"File name too long";
    ENOLCK: c"No locks available";
    ENOSYS: c"Function not implemented";
    ENOTEMPTY: c"Directory not empty";
    ELOOP: c"Too many levels of symbolic links";
    ENOMSG: c"No message of desired type";
    EIDRM: c"Identifier removed";
    ECHRNG: c"Channel number out of range";
    EL2NSYNC: c"Level 2 not synchronized";
    EL3HLT: c"Level 3 halted";
    EL3RST: c"Level 3 reset";
    ELNRNG: c"Link number out of range";
    EUNATCH: c"Protocol driver not attached";
    ENOCSI: c"No CSI structure available";
    EL2HLT: c"Level 2 halted";
    EBADE: c"Invalid exchange";
    EBADR: c"Invalid request descriptor";
    EXFULL: c"Exchange full";
    ENOANO: c"No anode";
    EBADRQC: c"Invalid request code";
    EBADSLT: c"Invalid slot";
    EBFONT: c"Bad font file format";
    ENOSTR: c"Device not a stream";
    ENODATA: c"No data available";
    ETIME: c"Timer expired";
    ENOSR: c"Out of streams resources";
    ENONET: c"Machine is not on the network";
    ENOPKG: c"Package not installed";
    EREMOTE: c"Object is remote";
    ENOLINK: c"Link has been severed";
    EADV: c"Advertise error";
    ESRMNT: c"Srmount error";
    ECOMM: c"Communication error on send";
    EPROTO: c"Protocol error";
    EMULTIHOP: c"Multihop attempted";
    EDOTDOT: c"RFS specific error";
    EBADMSG: c"Bad message";
    EOVERFLOW: c"Value too large for defined data type";
    ENOTUNIQ: c"Name not unique on network";
    EBADFD: c"File descriptor in bad state";
    EREMCHG: c"Remote address changed";
    ELIBACC: c"Can not access a needed shared library";
    ELIBBAD: c"Accessing a corrupted shared library";
    ELIBSCN: c".lib section in a.out corrupted";
    ELIBMAX: c"Attempting to link in too many shared libraries";
    ELIBEXEC: c"Cannot exec a shared library directly";
    EILSEQ: c"Invalid or incomplete multibyte or wide character";
    ERESTART: c"Interrupted system call should be restarted";
    ESTRPIPE: c"Streams pipe error";
    EUSERS: c"Too many users";
    ENOTSOCK: c"Socket operation on non-socket";
    EDESTADDRREQ: c"Destination address required";
    EMSGSIZE: c"Message too long";
    EPROTOTYPE: c"Protocol wrong type for socket";
    ENOPROTOOPT: c"Protocol not available";
    EPROTONOSUPPORT: c"Protocol not supported";
    ESOCKTNOSUPPORT: c"Socket type not supported";
    EOPNOTSUPP: c"Operation not supported";
    EPFNOSUPPORT: c"Protocol family not supported";
    EAFNOSUPPORT: c"Address family not supported by protocol";
    EADDRINUSE: c"Address already in use";
    EADDRNOTAVAIL: c"Cannot assign requested address";
    ENETDOWN: c"Network is down";
    ENETUNREACH: c"Network is unreachable";
    ENETRESET: c"Network dropped connection on reset";
    ECONNABORTED: c"Software caused connection abort";
    ECONNRESET: c"Connection reset by peer";
    ENOBUFS: c"No buffer space available";
    EISCONN: c"Transport endpoint is already connected";
    ENOTCONN: c"Transport endpoint is not connected";
    ESHUTDOWN: c"Cannot send after transport endpoint shutdown";
    ETOOMANYREFS: c"Too many references: cannot splice";
    ETIMEDOUT: c"Connection timed out";
    ECONNREFUSED: c"Connection refused";
    EHOSTDOWN: c"Host is down";
    EHOSTUNREACH: c"No route to host";
    EALREADY: c"Operation already in progress";
    EINPROGRESS: c"Operation now in progress";
    ESTALE: c"Stale file handle";
    EUCLEAN: c"Structure needs cleaning";
    ENOTNAM: c"Not a XENIX named type file";
    ENAVAIL: c"No XENIX semaphores available";
    EISNAM: c"Is a named type file";
    EREMOTEIO: c"Remote I/O error";
    EDQUOT: c"Disk quota exceeded";
    ENOMEDIUM: c"No medium found";
    EMEDIUMTYPE: c"Wrong medium type";
    ECANCELED: c"Operation canceled";
    ENOKEY: c"Required key not available";
    EKEYEXPIRED: c"Key has expired";
    EKEYREVOKED: c"Key has been revoked";
    EKEYREJECTED: c"Key was rejected by service";
    EOWNERDEAD: c"Owner died";
    ENOTRECOVERABLE: c"State not recoverable";
    ERFKILL: c"Operation not possible due to RF-kill";
    EHWPOISON: c"Memory page has hardware error";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_env = "gnu")]
    fn descriptions_equal_strerror() {
        for number in 1..4096 {
            // SAFETY: the text is read before the next call; the test changes no locale.
            let expected = unsafe { CStr::from_ptr(libc::strerror(number)) };
            let expected = if expected.to_bytes().starts_with(b"Unknown error ") { c"unknown error" } else { expected };
            assert_eq!(Errno(number).description(), expected, "{number}");
        }
    }

    #[test]
    fn other_numbers_are_unknown() {
        for number in [0, -1, -5, i32::MIN, i32::MAX] {
            assert_eq!(Errno(number).description(), c"unknown error", "{number}");
        }
    }
}
