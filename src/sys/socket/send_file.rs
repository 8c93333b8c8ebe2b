//! Sending from a file.

use crate::sys::errno::Errno;
use crate::sys::socket::descriptor::Descriptor;
use crate::sys::system_call::system_call;
use std::mem::MaybeUninit;
use std::os::fd::RawFd;

/// The offset of a file's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileEnd {
    /// After this many bytes.
    At(u64),
    /// Unknown until it is reached: a device, or a file whose content the system generates.
    Unknown,
    /// The descriptor has no offsets to send from: a pipe, a socket, a directory or a terminal.
    NoFile,
}

impl Descriptor {
    /// Sends from `offset` of a file, whose own position is not changed. Returns how many bytes the kernel took; 0 at
    /// the end of the file. There is no flag for a non-blocking call: the descriptor's mode decides. Raises SIGPIPE.
    pub fn send_file(&self, file: RawFd, offset: u64, count: usize) -> Result<usize, Errno> {
        // Above INT64_MAX the offset is negative, and the kernel rejects it.
        let mut offset = offset as i64;
        let args = [self.raw(), file as usize, &raw mut offset as usize, count];
        // SAFETY: `offset` is writable. The kernel only reads from the file, and rejects a number that is not open.
        unsafe { system_call(libc::SYS_sendfile, args) }
    }
}

/// Returns where the file of a descriptor ends now.
pub fn file_end(file: RawFd) -> Result<FileEnd, Errno> {
    let mut status = MaybeUninit::<libc::stat>::uninit();
    // Not nix's fstat, which requires an open descriptor: `file` is a number from the caller.
    // SAFETY: `status` is writable.
    if unsafe { libc::fstat(file, status.as_mut_ptr()) } != 0 {
        return Err(Errno::last());
    }
    // SAFETY: initialised by a successful fstat.
    let status = unsafe { status.assume_init() };
    Ok(match status.st_mode & libc::S_IFMT {
        libc::S_IFREG if status.st_size > 0 => FileEnd::At(status.st_size as u64),
        libc::S_IFREG if has_first_byte(file) => FileEnd::Unknown,
        libc::S_IFREG => FileEnd::At(0),
        libc::S_IFBLK => FileEnd::Unknown,
        _ => FileEnd::NoFile,
    })
}

/// Whether a file with a reported size of 0 has content, as files of /proc do.
fn has_first_byte(file: RawFd) -> bool {
    let mut byte = 0_u8;
    // SAFETY: `byte` is writable.
    unsafe { system_call(libc::SYS_pread64, [file as usize, &raw mut byte as usize, 1, 0]) == Ok(1) }
}
