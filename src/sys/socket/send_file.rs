//! Sending from a file.

use crate::sys::system_call::system_call;
use crate::sys::{Descriptor, Errno};
use std::mem::MaybeUninit;
use std::os::fd::RawFd;

/// Where a file ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileEnd {
    /// After this many bytes.
    At(u64),
    /// It has none, or it shows only when it is reached: a device, or a file that the system makes up as it is read.
    Unknown,
    /// What has no places to send from: a pipe, a socket, a directory, a terminal.
    NoFile,
}

impl Descriptor {
    /// Sends from this place of a file and leaves the file's own position alone. `Ok` is how many bytes the kernel
    /// took, 0 at the file's end. There is no flag for not to wait: the descriptor's mode says that; and SIGPIPE is
    /// raised.
    pub fn send_file(&self, file: RawFd, offset: u64, count: usize) -> Result<usize, Errno> {
        // Beyond INT64_MAX the kernel takes it for negative, and refuses it.
        let mut offset = offset as i64;
        let args = [self.raw(), file as usize, &raw mut offset as usize, count];
        // SAFETY: the offset is ours. The kernel only reads from the file, and copes with a number that is no descriptor's.
        unsafe { system_call(libc::SYS_sendfile, args) }
    }
}

/// Where the file behind a descriptor ends at this moment.
pub fn file_end(file: RawFd) -> Result<FileEnd, Errno> {
    let mut about = MaybeUninit::<libc::stat>::zeroed();
    // SAFETY: `about` is room for it.
    if unsafe { libc::fstat(file, about.as_mut_ptr()) } != 0 {
        return Err(Errno::last());
    }
    // SAFETY: the kernel has filled it.
    let about = unsafe { about.assume_init() };
    Ok(match about.st_mode & libc::S_IFMT {
        libc::S_IFREG if about.st_size > 0 => FileEnd::At(about.st_size as u64),
        libc::S_IFREG if first_byte(file) => FileEnd::Unknown,
        libc::S_IFREG => FileEnd::At(0),
        libc::S_IFBLK => FileEnd::Unknown,
        _ => FileEnd::NoFile,
    })
}

/// Whether there is something in a file whose length is said to be 0, as that of all files of /proc is.
fn first_byte(file: RawFd) -> bool {
    let mut byte = 0_u8;
    // SAFETY: `byte` is room for one.
    unsafe { system_call(libc::SYS_pread64, [file as usize, &raw mut byte as usize, 1, 0]) == Ok(1) }
}
