//! Descriptors that a service manager has passed to the process.

use crate::sys::errno::{EBUSY, Errno};
use crate::sys::socket::descriptor::Descriptor;
use crate::sys::system_call::system_call;
use std::os::fd::{FromRawFd, OwnedFd, RawFd};

/// The first passed descriptor, after the standard ones.
const FIRST: RawFd = 3;

/// The largest possible number of passed descriptors.
pub const LISTEN_FDS_MAX: usize = (RawFd::MAX - FIRST) as usize;

/// Takes ownership of `count` passed descriptors: all, or none. `EBUSY` if one of them was opened or taken since the
/// process started.
pub fn listen_fds(count: usize) -> Result<Vec<Descriptor>, Errno> {
    let all = FIRST..FIRST + count.min(LISTEN_FDS_MAX) as RawFd;
    for fd in all.clone() {
        // SAFETY: this fcntl accesses no memory, and refuses a number that is not open.
        let flags = unsafe { system_call(libc::SYS_fcntl, [fd as usize, libc::F_GETFD as usize]) }?;
        // A descriptor with close-on-exec was not passed through exec. This library and Rust's open descriptors with
        // that flag only, and the first user of passed descriptors sets it.
        if flags & libc::FD_CLOEXEC as usize != 0 {
            return Err(Errno(EBUSY));
        }
    }
    // SAFETY: the service manager passed these descriptors to the process. They are open, and no other owner in the
    // process has taken them, as far as the flag shows. The caller takes them once.
    Ok(all.map(|fd| Descriptor::from(unsafe { OwnedFd::from_raw_fd(fd) })).collect())
}
