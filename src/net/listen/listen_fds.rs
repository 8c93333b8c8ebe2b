//! The sockets that a service manager passes to a service, as sd_listen_fds(3) has it.

use crate::net::socket::state::Mode;
use crate::net::{Error, Result, Socket};
use crate::sys::{self, LISTEN_FDS_MAX};
use std::env;
use std::os::fd::{IntoRawFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::process;
use std::sync::atomic::{AtomicBool, Ordering::AcqRel, Ordering::Acquire, Ordering::Release};

/// Whether somebody has them, or is just taking them. The environment still says that they are there: changing it is
/// not for programs with threads.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// Takes the sockets that a service manager such as systemd passed to this process, with their names, in its order.
/// They become close-on-exec and keep their mode, as with [`Socket::from_fd`]. Only the first call gets them; later
/// ones get none, and so does a process to which nothing was passed, or that was forked since. ([sd_listen_fds(3)])
///
/// It reads the environment's `LISTEN_PID`, `LISTEN_FDS` and `LISTEN_FDNAMES`, and believes them that the descriptors
/// from 3 on are for this process to have: who makes the environment answers for it. A descriptor that was opened since
/// the process began is not mistaken for one of them as long as it is close-on-exec, as all are that Rust programs
/// open.
///
/// # Errors
/// When a call fails, nothing was taken. [`Error::INVALID`] when a variable is malformed, [`Error::BAD_HANDLE`] when a
/// descriptor is not open, [`Error::BUSY`] when it is somebody else's in this process by now, and
/// [`Error::NOT_SOCKET`], [`Error::FAMILY_UNSUPPORTED`] and [`Error::TYPE_UNSUPPORTED`] as from [`Socket::from_fd`].
///
/// [sd_listen_fds(3)]: https://man7.org/linux/man-pages/man3/sd_listen_fds.3.html
pub fn listen_fds() -> Result<Vec<(String, Socket)>> {
    Ok(listen_fds_up_to(usize::MAX)?.1)
}

/// How many there are to take, and if that is no more than `most`, the sockets.
pub(crate) fn listen_fds_up_to(most: usize) -> Result<(usize, Vec<(String, Socket)>)> {
    let count = if TAKEN.load(Acquire) { 0 } else { passed()? };
    if count > 0 {
        // Names that don't fit are told to those who only ask, too.
        drop(names(count)?);
    }
    if count == 0 || count > most {
        return Ok((count, Vec::new()));
    }
    if TAKEN.swap(true, AcqRel) {
        return Ok((0, Vec::new()));
    }
    let taken = take(count).inspect_err(|_| TAKEN.store(false, Release))?;
    Ok((count, taken))
}

/// The name of one of those that were passed, taken or not.
#[cfg(feature = "capi")]
pub(crate) fn listen_fd_name(index: usize) -> Result<Vec<u8>> {
    let count = passed()?;
    if index < count { Ok(names(count)?.nth(index).unwrap_or_default()) } else { Err(Error::NOT_FOUND) }
}

/// How many were passed to this very process.
fn passed() -> Result<usize> {
    match number("LISTEN_PID")? {
        Some(0) => return Err(Error::INVALID),
        Some(id) if id == u64::from(process::id()) => {}
        _ => return Ok(0),
    }
    let count = number("LISTEN_FDS")?.unwrap_or(0);
    usize::try_from(count).ok().filter(|&count| count <= LISTEN_FDS_MAX).ok_or(Error::INVALID)
}

/// A number of the environment: digits and nothing else.
fn number(variable: &str) -> Result<Option<u64>> {
    let Some(text) = env::var_os(variable) else { return Ok(None) };
    let text = text.to_str().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    text.and_then(|text| text.parse().ok()).map(Some).ok_or(Error::INVALID)
}

/// The names of this many.
fn names(count: usize) -> Result<impl Iterator<Item = Vec<u8>>> {
    let text = env::var_os("LISTEN_FDNAMES").map(OsStringExt::into_vec);
    let names: Option<Vec<Vec<u8>>> = text.map(|text| text.split(|&byte| byte == b':').map(<[u8]>::to_vec).collect());
    if names.as_ref().is_some_and(|names| names.len() != count) {
        return Err(Error::INVALID);
    }
    Ok((0..count).map(move |index| match &names {
        Some(names) => names[index].clone(),
        None => b"unknown".to_vec(),
    }))
}

/// Takes them: all, or none.
fn take(count: usize) -> Result<Vec<(String, Socket)>> {
    let names = names(count)?;
    let fds = sys::listen_fds(count)?;
    let modes = fds.iter().map(Mode::read).collect::<Result<Vec<Mode>>>();
    match modes.and_then(|modes| fds.iter().try_for_each(|fd| Ok(fd.set_close_on_exec()?)).map(|()| modes)) {
        Ok(modes) => {
            let sockets = modes.into_iter().zip(fds).map(|(mode, fd)| mode.socket(fd));
            Ok(names.map(|name| String::from_utf8_lossy(&name).into_owned()).zip(sockets).collect())
        }
        Err(error) => {
            for fd in fds {
                let _still_open = OwnedFd::from(fd).into_raw_fd();
            }
            Err(error)
        }
    }
}
