//! UNIX socket files, which outlive their sockets: replacing a dead one.
//!
//! A dead socket file must be removed before another socket can be bound to its path. Two servers that start at the
//! same time could both find it dead, and the slower one would remove the file that the faster one has just made. So
//! servers lock the directory, which, unlike a lock file, leaves nothing on the disk.

use crate::net::deadline::Deadline;
use crate::net::{Addr, Error, Result, Socket};
use crate::sys::{Directory, is_socket, is_stale, remove_file, sleep};
use std::ffi::CString;
use std::time::Duration;

/// How long to wait for the lock of the directory, in milliseconds.
const LOCK_TIMEOUT_MS: i64 = 1000;
/// The pause between two tries to lock the directory.
const LOCK_PAUSE: Duration = Duration::from_millis(3);

/// How often to try again if another process binds to the path without taking the lock.
const MAX_TRIES: u32 = 8;

/// The path of a socket file, which need not exist.
pub(in crate::net) struct SocketFile<'a> {
    addr: &'a Addr,
    path: CString,
    directory: CString,
}

impl<'a> SocketFile<'a> {
    /// `None` for an address without a file.
    pub(in crate::net) fn at(addr: &'a Addr) -> Option<SocketFile<'a>> {
        let path = addr.unix_bytes().filter(|path| !path.is_empty())?;
        let directory = match path.iter().rposition(|&byte| byte == b'/') {
            None => b".",
            Some(0) => b"/",
            Some(end) => &path[..end],
        };
        // `CString::new` rejects an abstract name, which begins with a zero byte.
        Some(SocketFile { addr, path: CString::new(path).ok()?, directory: CString::new(directory).ok()? })
    }

    /// Binds a socket to the path. An existing socket file is replaced if it is dead.
    pub(in crate::net) fn replace(&self, socket: &Socket) -> Result<()> {
        // A live server is reported without waiting for the lock.
        self.check_dead().or_else(ignore_missing)?;
        let _directory = self.lock_directory()?;
        for _ in 0..MAX_TRIES {
            self.check_dead().and_then(|()| retry_interrupted(|| remove_file(&self.path))).or_else(ignore_missing)?;
            match self.bind(socket) {
                // Another process bound to the path in between.
                Err(Error::ADDR_IN_USE) => {}
                result => return result,
            }
        }
        Err(Error::ADDR_IN_USE)
    }

    /// Binds a socket to the path, where no file may be.
    pub(in crate::net) fn bind(&self, socket: &Socket) -> Result<()> {
        retry_interrupted(|| socket.bind(self.addr))
    }

    /// Removes the file.
    pub(in crate::net) fn remove(&self) {
        let _ = retry_interrupted(|| remove_file(&self.path));
    }

    fn check_dead(&self) -> Result<()> {
        if !retry_interrupted(|| is_socket(&self.path))? {
            Err(Error::EXISTS)
        } else if !retry_interrupted(|| is_stale(self.addr.raw()))? {
            Err(Error::ADDR_IN_USE)
        } else {
            Ok(())
        }
    }

    fn lock_directory(&self) -> Result<Directory> {
        let directory = retry_interrupted(|| Directory::open(&self.directory))?;
        let deadline = Deadline::from_ms(LOCK_TIMEOUT_MS)?;
        loop {
            match retry_interrupted(|| directory.lock()) {
                Err(Error::WOULD_BLOCK) => {}
                result => return result.map(|()| directory),
            }
            let left = deadline.remaining().flatten().ok_or(Error::BUSY)?;
            // A signal may shorten the pause.
            let _ = sleep(left.min(LOCK_PAUSE));
        }
    }
}

/// Accepts that the file does not exist.
fn ignore_missing(error: Error) -> Result<()> {
    if error == Error::NOT_FOUND { Ok(()) } else { Err(error) }
}

/// Repeats a call for as long as signals interrupt it.
fn retry_interrupted<T, E: Into<Error>>(mut call: impl FnMut() -> Result<T, E>) -> Result<T> {
    loop {
        match call().map_err(Into::into) {
            Err(Error::INTERRUPTED) => {}
            result => return result,
        }
    }
}
