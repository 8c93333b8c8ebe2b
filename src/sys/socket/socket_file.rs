//! The files of UNIX sockets, and a lock on their directory.

use crate::sys::addr::RawAddr;
use crate::sys::errno::{EACCES, ECONNREFUSED, EINTR, ENOENT, Errno};
use crate::sys::socket::descriptor::Descriptor;
use crate::sys::system_call::system_call;
use crate::sys::types::{Family, Type};
use std::ffi::CStr;
use std::os::fd::{FromRawFd, OwnedFd, RawFd};

/// Whether `path` is a socket. Symbolic links are not followed.
pub fn is_socket(path: &CStr) -> Result<bool, Errno> {
    Ok(nix::sys::stat::lstat(path)?.st_mode & libc::S_IFMT == libc::S_IFSOCK)
}

/// Whether a socket file is stale: no socket is bound to it any more.
///
/// Connecting a datagram socket does not disturb a server. The kernel returns ECONNREFUSED only if no socket is bound.
/// If a socket of another type is bound, the error is EPROTOTYPE, even before `listen`.
pub fn is_stale(addr: &RawAddr) -> Result<bool, Errno> {
    match Descriptor::open(Family::Unix, Type::Dgram, 0)?.connect(addr) {
        Err(Errno(ECONNREFUSED)) => Ok(true),
        Err(Errno(errno @ (EACCES | ENOENT | EINTR))) => Err(Errno(errno)),
        _ => Ok(false),
    }
}

/// Removes a file or a symbolic link, but no directory. `ENOENT` if it does not exist.
pub fn remove_file(path: &CStr) -> Result<(), Errno> {
    Ok(nix::unistd::unlink(path)?)
}

/// A directory that processes lock against each other. Dropping this value unlocks the directory.
pub struct Directory(Descriptor);

impl Directory {
    pub fn open(path: &CStr) -> Result<Directory, Errno> {
        let flags = libc::O_RDONLY | libc::O_DIRECTORY | libc::O_CLOEXEC;
        let args = [libc::AT_FDCWD as usize, path.as_ptr() as usize, flags as usize];
        // SAFETY: `path` is NUL-terminated.
        let fd = unsafe { system_call(libc::SYS_openat, args) }?;
        // SAFETY: the kernel has just opened `fd`.
        Ok(Directory(Descriptor::from(unsafe { OwnedFd::from_raw_fd(fd as RawFd) })))
    }

    /// Locks the directory without waiting. `EAGAIN` if another process has locked it.
    pub fn lock(&self) -> Result<(), Errno> {
        self.flock(libc::LOCK_EX | libc::LOCK_NB)
    }

    // Not nix's Flock, which panics if unlocking fails.
    fn flock(&self, operation: i32) -> Result<(), Errno> {
        // SAFETY: flock accesses no memory.
        unsafe { system_call(libc::SYS_flock, [self.0.raw(), operation as usize]) }?;
        Ok(())
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // Closing alone would not unlock the directory: a child forked meanwhile may keep the descriptor open.
        let _ = self.flock(libc::LOCK_UN);
    }
}
