//! Descriptors that were there before the program.

use crate::sys::errno::EBUSY;
use crate::sys::system_call::system_call;
use crate::sys::{Descriptor, Errno};
use std::os::fd::{FromRawFd, OwnedFd, RawFd};

/// The first descriptor after the standard ones, from which on a service manager passes its own.
const FIRST: RawFd = 3;

/// The most of them that there can be.
pub const LISTEN_FDS_MAX: usize = (RawFd::MAX - FIRST) as usize;

/// Takes over so many descriptors that the process was started with: all, or none. `EBUSY` when one of them was opened
/// or taken since.
pub fn listen_fds(count: usize) -> Result<Vec<Descriptor>, Errno> {
    let all = FIRST..FIRST + count.min(LISTEN_FDS_MAX) as RawFd;
    for fd in all.clone() {
        // SAFETY: no memory is involved.
        let flags = unsafe { system_call(libc::SYS_fcntl, [fd as usize, libc::F_GETFD as usize]) }?;
        // No descriptor comes through an exec with this flag. Rust's library and this one open none without it, and
        // whoever takes over what a service manager passed sets it.
        if flags & libc::FD_CLOEXEC as usize != 0 {
            return Err(Errno(EBUSY));
        }
    }
    // SAFETY: the service manager said that these are the process's to have; they are open, and nobody else's here as
    // far as can be told. The caller takes them only once.
    Ok(all.map(|fd| Descriptor::from(unsafe { OwnedFd::from_raw_fd(fd) })).collect())
}
