//! The operating system's error numbers, by their POSIX names, and a description of each.

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

/// Makes the tables of [`Errno::description`] from a list of numbers and texts.
macro_rules! descriptions {
    ($($name:ident: $text:literal;)*) => {
        const NUMBERS: &[u8] = &[$(libc::$name as u8),*];
        /// The texts in the order of the numbers, each with a NUL at its end. One text for all needs no relocations,
        /// which would take as much space as the texts.
        const TEXTS: &str = concat!($($text, "\0"),*);
    };
}

impl Errno {
    /// What strerror(3) returns for this number in the C locale; "unknown error" for a number that Linux does not use.
    // A table, because strerror uses the locale and may return a buffer that the thread's next call overwrites;
    // strerrordesc_np needs glibc 2.32; and strerror_l may take a lock, which a forked child could find taken.
    pub fn description(self) -> &'static CStr {
        let text = u8::try_from(self.0)
            .ok()
            .and_then(|number| NUMBERS.iter().position(|&listed| listed == number))
            .and_then(|index| TEXTS.split_inclusive('\0').nth(index))
            .and_then(|text| CStr::from_bytes_with_nul(text.as_bytes()).ok());
        text.unwrap_or(c"unknown error")
    }
}

descriptions! {
    EPERM: "Operation not permitted";
    ENOENT: "No such file or directory";
    ESRCH: "No such process";
    EINTR: "Interrupted system call";
    EIO: "Input/output error";
    ENXIO: "No such device or address";
    E2BIG: "Argument list too long";
    ENOEXEC: "Exec format error";
    EBADF: "Bad file descriptor";
    ECHILD: "No child processes";
    EAGAIN: "Resource temporarily unavailable";
    ENOMEM: "Cannot allocate memory";
    EACCES: "Permission denied";
    EFAULT: "Bad address";
    ENOTBLK: "Block device required";
    EBUSY: "Device or resource busy";
    EEXIST: "File exists";
    EXDEV: "Invalid cross-device link";
    ENODEV: "No such device";
    ENOTDIR: "Not a directory";
    EISDIR: "Is a directory";
    EINVAL: "Invalid argument";
    ENFILE: "Too many open files in system";
    EMFILE: "Too many open files";
    ENOTTY: "Inappropriate ioctl for device";
    ETXTBSY: "Text file busy";
    EFBIG: "File too large";
    ENOSPC: "No space left on device";
    ESPIPE: "Illegal seek";
    EROFS: "Read-only file system";
    EMLINK: "Too many links";
    EPIPE: "Broken pipe";
    EDOM: "Numerical argument out of domain";
    ERANGE: "Numerical result out of range";
    EDEADLK: "Resource deadlock avoided";
    ENAMETOOLONG: "File name too long";
    ENOLCK: "No locks available";
    ENOSYS: "Function not implemented";
    ENOTEMPTY: "Directory not empty";
    ELOOP: "Too many levels of symbolic links";
    ENOMSG: "No message of desired type";
    EIDRM: "Identifier removed";
    ECHRNG: "Channel number out of range";
    EL2NSYNC: "Level 2 not synchronized";
    EL3HLT: "Level 3 halted";
    EL3RST: "Level 3 reset";
    ELNRNG: "Link number out of range";
    EUNATCH: "Protocol driver not attached";
    ENOCSI: "No CSI structure available";
    EL2HLT: "Level 2 halted";
    EBADE: "Invalid exchange";
    EBADR: "Invalid request descriptor";
    EXFULL: "Exchange full";
    ENOANO: "No anode";
    EBADRQC: "Invalid request code";
    EBADSLT: "Invalid slot";
    EBFONT: "Bad font file format";
    ENOSTR: "Device not a stream";
    ENODATA: "No data available";
    ETIME: "Timer expired";
    ENOSR: "Out of streams resources";
    ENONET: "Machine is not on the network";
    ENOPKG: "Package not installed";
    EREMOTE: "Object is remote";
    ENOLINK: "Link has been severed";
    EADV: "Advertise error";
    ESRMNT: "Srmount error";
    ECOMM: "Communication error on send";
    EPROTO: "Protocol error";
    EMULTIHOP: "Multihop attempted";
    EDOTDOT: "RFS specific error";
    EBADMSG: "Bad message";
    EOVERFLOW: "Value too large for defined data type";
    ENOTUNIQ: "Name not unique on network";
    EBADFD: "File descriptor in bad state";
    EREMCHG: "Remote address changed";
    ELIBACC: "Can not access a needed shared library";
    ELIBBAD: "Accessing a corrupted shared library";
    ELIBSCN: ".lib section in a.out corrupted";
    ELIBMAX: "Attempting to link in too many shared libraries";
    ELIBEXEC: "Cannot exec a shared library directly";
    EILSEQ: "Invalid or incomplete multibyte or wide character";
    ERESTART: "Interrupted system call should be restarted";
    ESTRPIPE: "Streams pipe error";
    EUSERS: "Too many users";
    ENOTSOCK: "Socket operation on non-socket";
    EDESTADDRREQ: "Destination address required";
    EMSGSIZE: "Message too long";
    EPROTOTYPE: "Protocol wrong type for socket";
    ENOPROTOOPT: "Protocol not available";
    EPROTONOSUPPORT: "Protocol not supported";
    ESOCKTNOSUPPORT: "Socket type not supported";
    EOPNOTSUPP: "Operation not supported";
    EPFNOSUPPORT: "Protocol family not supported";
    EAFNOSUPPORT: "Address family not supported by protocol";
    EADDRINUSE: "Address already in use";
    EADDRNOTAVAIL: "Cannot assign requested address";
    ENETDOWN: "Network is down";
    ENETUNREACH: "Network is unreachable";
    ENETRESET: "Network dropped connection on reset";
    ECONNABORTED: "Software caused connection abort";
    ECONNRESET: "Connection reset by peer";
    ENOBUFS: "No buffer space available";
    EISCONN: "Transport endpoint is already connected";
    ENOTCONN: "Transport endpoint is not connected";
    ESHUTDOWN: "Cannot send after transport endpoint shutdown";
    ETOOMANYREFS: "Too many references: cannot splice";
    ETIMEDOUT: "Connection timed out";
    ECONNREFUSED: "Connection refused";
    EHOSTDOWN: "Host is down";
    EHOSTUNREACH: "No route to host";
    EALREADY: "Operation already in progress";
    EINPROGRESS: "Operation now in progress";
    ESTALE: "Stale file handle";
    EUCLEAN: "Structure needs cleaning";
    ENOTNAM: "Not a XENIX named type file";
    ENAVAIL: "No XENIX semaphores available";
    EISNAM: "Is a named type file";
    EREMOTEIO: "Remote I/O error";
    EDQUOT: "Disk quota exceeded";
    ENOMEDIUM: "No medium found";
    EMEDIUMTYPE: "Wrong medium type";
    ECANCELED: "Operation canceled";
    ENOKEY: "Required key not available";
    EKEYEXPIRED: "Key has expired";
    EKEYREVOKED: "Key has been revoked";
    EKEYREJECTED: "Key was rejected by service";
    EOWNERDEAD: "Owner died";
    ENOTRECOVERABLE: "State not recoverable";
    ERFKILL: "Operation not possible due to RF-kill";
    EHWPOISON: "Memory page has hardware error";
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
