//! The files of UNIX sockets, which outlive their sockets: putting a new one in a dead one's place.
//!
//! A socket file without a socket must go before another can be bound there. Two servers that start at once could both
//! find it dead; then the slower one would remove what the faster one has just bound. So they take turns, by a lock on
//! the folder, which leaves nothing behind as a lock file would.

use crate::net::deadline::Deadline;
use crate::net::{Addr, Error, Result, Socket};
use crate::sys::{Folder, is_dead, is_socket, pause, remove_file};
use std::ffi::CString;
use std::time::Duration;

/// How long others may have the folder locked, in milliseconds, and how long to leave it to them before looking again.
const LOCK_MS: i64 = 1000;
const PAUSE: Duration = Duration::from_millis(3);

/// How often to try against somebody who puts his own there without locking.
const TRIES: u32 = 8;

/// Where the file of a socket is or shall be.
pub(in crate::net) struct SocketFile<'a> {
    addr: &'a Addr,
    path: CString,
    folder: CString,
}

impl<'a> SocketFile<'a> {
    /// `None` for an address without a file.
    pub(in crate::net) fn at(addr: &'a Addr) -> Option<SocketFile<'a>> {
        let path = addr.unix_bytes().filter(|path| !path.is_empty())?;
        let folder = match path.iter().rposition(|&byte| byte == b'/') {
            None => b".",
            Some(0) => b"/",
            Some(end) => &path[..end],
        };
        // An abstract name begins with a zero; in a path there is none.
        Some(SocketFile { addr, path: CString::new(path).ok()?, folder: CString::new(folder).ok()? })
    }

    /// Binds a socket in place of what is there, if that is dead.
    pub(in crate::net) fn replace(&self, socket: &Socket) -> Result<()> {
        // Who is not to be replaced need not wait for those who are.
        self.expect_dead().or_else(unless_gone)?;
        let _folder = self.lock_folder()?;
        for _ in 0..TRIES {
            self.expect_dead().and_then(|()| undisturbed(|| remove_file(&self.path))).or_else(unless_gone)?;
            match self.bind(socket) {
                // Somebody was faster.
                Err(Error::ADDR_IN_USE) => {}
                result => return result,
            }
        }
        Err(Error::ADDR_IN_USE)
    }

    /// Binds a socket where there is nothing yet.
    pub(in crate::net) fn bind(&self, socket: &Socket) -> Result<()> {
        undisturbed(|| socket.bind(self.addr))
    }

    /// Removes the file of a socket that is ours.
    pub(in crate::net) fn remove(&self) {
        let _ = undisturbed(|| remove_file(&self.path));
    }

    fn expect_dead(&self) -> Result<()> {
        if !undisturbed(|| is_socket(&self.path))? {
            Err(Error::EXISTS)
        } else if !undisturbed(|| is_dead(self.addr.raw()))? {
            Err(Error::ADDR_IN_USE)
        } else {
            Ok(())
        }
    }

    fn lock_folder(&self) -> Result<Folder> {
        let folder = undisturbed(|| Folder::open(&self.folder))?;
        let deadline = Deadline::from_ms(LOCK_MS)?;
        loop {
            match undisturbed(|| folder.lock()) {
                Err(Error::WOULD_BLOCK) => {}
                result => return result.map(|()| folder),
            }
            let left = deadline.remaining().flatten().ok_or(Error::BUSY)?;
            // A signal ends it early, to no harm.
            let _ = pause(left.min(PAUSE));
        }
    }
}

/// What has just gone is in nobody's way.
fn unless_gone(error: Error) -> Result<()> {
    if error == Error::NOT_FOUND { Ok(()) } else { Err(error) }
}

/// Makes a call that fails when a signal arrives, until none does.
fn undisturbed<T, E: Into<Error>>(mut call: impl FnMut() -> Result<T, E>) -> Result<T> {
    loop {
        match call().map_err(Into::into) {
            Err(Error::INTERRUPTED) => {}
            result => return result,
        }
    }
}
