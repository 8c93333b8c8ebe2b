//! Sockets passed by a service manager (sd_listen_fds(3)).

use crate::net::socket::adopt::Mode;
use crate::net::{Error, Result, Socket};
use crate::sys::{self, LISTEN_FDS_MAX};
use std::env;
use std::os::fd::{IntoRawFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::process;
use std::sync::atomic::{AtomicBool, Ordering::AcqRel, Ordering::Acquire, Ordering::Release};

/// Set when a call has claimed the sockets. The environment variables stay set, because changing them is not
/// thread-safe.
static ARE_TAKEN: AtomicBool = AtomicBool::new(false);

/// Takes the sockets that a service manager such as systemd passed to this process, with their names, in its order.
/// They become close-on-exec and keep their modes, as with [`Socket::from_fd`]. ([sd_listen_fds(3)])
///
/// Only the first call returns the sockets. Later calls return none, as does a process that was passed none or was
/// forked since.
///
/// The function trusts the environment variables `LISTEN_PID`, `LISTEN_FDS` and `LISTEN_FDNAMES`: descriptors from 3 on
/// belong to the caller. A descriptor that this process opened itself is rejected if it is close-on-exec, as all
/// descriptors are that Rust's standard library opens.
///
/// # Errors
/// No socket is taken if the call fails.
/// - [`Error::INVALID`]: a variable is malformed.
/// - [`Error::BAD_HANDLE`]: a descriptor is not open.
/// - [`Error::BUSY`]: a descriptor is close-on-exec, so this process has opened it for another purpose.
/// - [`Error::NOT_SOCKET`], [`Error::FAMILY_UNSUPPORTED`], [`Error::TYPE_UNSUPPORTED`]: as for [`Socket::from_fd`].
///
/// [sd_listen_fds(3)]: https://man7.org/linux/man-pages/man3/sd_listen_fds.3.html
pub fn listen_fds() -> Result<Vec<(String, Socket)>> {
    Ok(listen_fds_up_to(usize::MAX)?.1)
}

/// The number of sockets to take, and the sockets themselves if there are at most `max`.
pub(crate) fn listen_fds_up_to(max: usize) -> Result<(usize, Vec<(String, Socket)>)> {
    let count = if ARE_TAKEN.load(Acquire) { 0 } else { passed_count()? };
    if count > 0 {
        // Malformed names are an error for callers that only ask for the number, too.
        drop(names(count)?);
    }
    if count == 0 || count > max {
        return Ok((count, Vec::new()));
    }
    if ARE_TAKEN.swap(true, AcqRel) {
        return Ok((0, Vec::new()));
    }
    let taken = take(count).inspect_err(|_| ARE_TAKEN.store(false, Release))?;
    Ok((count, taken))
}

/// The name of a passed socket, taken or not.
#[cfg(feature = "capi")]
pub(crate) fn listen_fd_name(index: usize) -> Result<Vec<u8>> {
    let count = passed_count()?;
    if index < count { Ok(names(count)?.nth(index).unwrap_or_default()) } else { Err(Error::NOT_FOUND) }
}

/// The number of sockets passed to this process.
fn passed_count() -> Result<usize> {
    match env_number("LISTEN_PID")? {
        Some(0) => return Err(Error::INVALID),
        Some(id) if id == u64::from(process::id()) => {}
        _ => return Ok(0),
    }
    let count = env_number("LISTEN_FDS")?.unwrap_or(0);
    usize::try_from(count).ok().filter(|&count| count <= LISTEN_FDS_MAX).ok_or(Error::INVALID)
}

/// A decimal number from the environment.
fn env_number(variable: &str) -> Result<Option<u64>> {
    let Some(text) = env::var_os(variable) else { return Ok(None) };
    let text = text.to_str().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    text.and_then(|text| text.parse().ok()).map(Some).ok_or(Error::INVALID)
}

/// The names of the passed sockets.
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

/// Takes all sockets, or none.
fn take(count: usize) -> Result<Vec<(String, Socket)>> {
    let names = names(count)?;
    let fds = sys::listen_fds(count)?;
    let modes = fds.iter().map(Mode::read).collect::<Result<Vec<Mode>>>();
    match modes.and_then(|modes| fds.iter().try_for_each(|fd| Ok(fd.set_close_on_exec()?)).map(|()| modes)) {
        Ok(modes) => {
            let sockets = modes.into_iter().zip(fds).map(|(mode, fd)| mode.into_socket(fd));
            Ok(names.map(|name| String::from_utf8_lossy(&name).into_owned()).zip(sockets).collect())
        }
        Err(error) => {
            for fd in fds {
                let _stays_open = OwnedFd::from(fd).into_raw_fd();
            }
            Err(error)
        }
    }
}
