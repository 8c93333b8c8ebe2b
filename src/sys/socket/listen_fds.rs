//! Descriptors that a service manager has passed to the process.

use crate::sys::errno::{EBUSY, Errno};
use crate::sys::socket::descriptor::Descriptor;
use crate::sys::system_call::system_call;
use std::os::fd::{FromRawFd, OwnedFd, RawFd};

/// The first passed descriptor, after the standard ones.
const FIRST: RawFd = 3;

/// The largest possible number of passed descriptors.
pub const LISTEN_FDS_MAX: usize = (RawFd::MAX - FIRST) as usize;

/// Takes ownership of `count` passed descriptors: all, or none. `EBUSY` if any of them was opened or taken since the
/// process started, as far as its close-on-exec flag shows.
///
/// Like every use of descriptors by number, this can't be checked: other code of the process must not own these
/// descriptors. The caller calls this function at most once with success.
pub fn listen_fds(count: usize) -> Result<Vec<Descriptor>, Errno> {
    let all = FIRST..FIRST + count.min(LISTEN_FDS_MAX) as RawFd;
    for fd in all.clone() {
        // SAFETY: this fcntl accesses no memory, and rejects a number that is not open.
        let flags = unsafe { system_call(libc::SYS_fcntl, [fd as usize, libc::F_GETFD as usize]) }?;
        // A descriptor with close-on-exec was not passed through exec. This library and std open descriptors only with
        // close-on-exec, and the first user of passed descriptors sets it.
        if flags & libc::FD_CLOEXEC as usize != 0 {
            return Err(Errno(EBUSY));
        }
    }
    // SAFETY: the descriptors are open. The service manager passed them for this use, and by the requirement above no
    // other code owns them. The close-on-exec flag would reveal most other owners.
    Ok(all.map(|fd| Descriptor::from(unsafe { OwnedFd::from_raw_fd(fd) })).collect())
}
