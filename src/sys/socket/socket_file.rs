//! Files that stand for UNIX sockets, and a lock on the folder that they are in.

use crate::sys::errno::{EACCES, ECONNREFUSED, EINTR, ENOENT};
use crate::sys::system_call::system_call;
use crate::sys::{Descriptor, Errno, Family, RawAddr, Type};
use std::ffi::CStr;
use std::mem::MaybeUninit;
use std::os::fd::{FromRawFd, OwnedFd, RawFd};

/// Whether the file with this path is a socket's. A symlink is none, wherever it leads.
pub fn is_socket(path: &CStr) -> Result<bool, Errno> {
    let mut about = MaybeUninit::<libc::stat>::zeroed();
    // SAFETY: the path ends with a zero, and `about` is room for what is told of it.
    if unsafe { libc::lstat(path.as_ptr(), about.as_mut_ptr()) } != 0 {
        return Err(Errno::last());
    }
    // SAFETY: the kernel has filled it.
    Ok(unsafe { about.assume_init() }.st_mode & libc::S_IFMT == libc::S_IFSOCK)
}

/// Whether a socket file has outlived its socket.
///
/// A datagram socket asks. The kernel refuses it only where no socket is bound any more; where one of another type is,
/// be it before its `listen`, it says that the type is wrong, and nobody there notices.
pub fn is_dead(addr: &RawAddr) -> Result<bool, Errno> {
    match Descriptor::open(Family::Unix, Type::Dgram, 0)?.connect(addr) {
        Err(Errno(ECONNREFUSED)) => Ok(true),
        Err(Errno(errno @ (EACCES | ENOENT | EINTR))) => Err(Errno(errno)),
        _ => Ok(false),
    }
}

/// Removes a file.
pub fn remove_file(path: &CStr) -> Result<(), Errno> {
    // SAFETY: the path ends with a zero.
    unsafe { system_call(libc::SYS_unlinkat, [libc::AT_FDCWD as usize, path.as_ptr() as usize, 0]) }?;
    Ok(())
}

/// A folder that can be locked against others who lock it. Dropping it unlocks it.
pub struct Folder(Descriptor);

impl Folder {
    pub fn open(path: &CStr) -> Result<Folder, Errno> {
        let flags = libc::O_RDONLY | libc::O_DIRECTORY | libc::O_CLOEXEC;
        let args = [libc::AT_FDCWD as usize, path.as_ptr() as usize, flags as usize];
        // SAFETY: the path ends with a zero.
        let fd = unsafe { system_call(libc::SYS_openat, args) }?;
        // SAFETY: the kernel just gave us this descriptor.
        Ok(Folder(Descriptor::from(unsafe { OwnedFd::from_raw_fd(fd as RawFd) })))
    }

    /// `EAGAIN` when somebody else has it locked.
    pub fn lock(&self) -> Result<(), Errno> {
        // SAFETY: no memory is involved.
        unsafe { system_call(libc::SYS_flock, [self.0.raw(), (libc::LOCK_EX | libc::LOCK_NB) as usize]) }?;
        Ok(())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Closing would not do: a child forked meanwhile has the descriptor as well, maybe for long.
        // SAFETY: no memory is involved.
        let _ = unsafe { system_call(libc::SYS_flock, [self.0.raw(), libc::LOCK_UN as usize]) };
    }
}
