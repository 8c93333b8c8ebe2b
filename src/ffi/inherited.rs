//! The sockets that a service manager passes, as C sees them.

use super::boundary::{TextRoom, array, guard};
use super::socket::{SOCKETS, jf_socket};
use crate::net::{Socket, listen_fd_name, listen_fds_up_to};
use std::ffi::c_char;

/// Takes the sockets that a service manager such as systemd passed to this process: the descriptors from 3 on, as many
/// as LISTEN_FDS says, if LISTEN_PID says that they are for this process. They become close-on-exec and keep their
/// mode, as with jf_from_fd. Only one call gets them. The environment stays as it is, because changing it is not safe
/// in a program with threads; for the same reason no thread may change it during the call.
///
/// out: where to write the sockets, in the manager's order; the caller closes each with jf_close. Not looked at when
/// cap is 0.
/// cap: how many there is room for. If that is too few, none is taken; 0 only asks.
///
/// Never blocks. Returns how many sockets there are to take; 0 when nothing was passed, when it was passed to another
/// process (such as the one that this was forked from), and after a call, in any thread, that took them. A call that
/// fails takes none. Errors: JF_E_INVALID for a NULL, for a cap that no memory has, or when LISTEN_PID, LISTEN_FDS or
/// LISTEN_FDNAMES is malformed; JF_E_BAD_HANDLE when one of the descriptors is not open; JF_E_BUSY when one is
/// close-on-exec, so that it was opened or taken by somebody in this process; JF_E_NOT_SOCKET; JF_E_FAMILY_UNSUPPORTED
/// and JF_E_TYPE_UNSUPPORTED for a kind of socket that the library does not know; JF_E_NO_MEMORY, which is the
/// exception: they are closed then. See sd_listen_fds(3). Since 0.1.
// SAFETY: `out` is NULL or writable for `cap` sockets.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_inherited(out: *mut jf_socket, cap: usize) -> i64 {
    guard(|| {
        // SAFETY: the caller's.
        let out = unsafe { array(out, cap) }?;
        let (count, taken) = listen_fds_up_to(cap)?;
        let mut handles = Vec::with_capacity(taken.len());
        for (_, socket) in taken {
            let inserted = SOCKETS.insert(|| Ok(socket));
            handles.push(inserted.inspect_err(|_| {
                handles.iter().for_each(|&handle| drop(SOCKETS.remove(handle, Socket::cancel)));
            })?);
        }
        for (place, handle) in out.iter_mut().zip(handles) {
            place.write(handle);
        }
        Ok(count as i64)
    })
}

/// The name that the service manager gave one of the sockets it passed, before or after they are taken; "unknown" when
/// it gave no names.
///
/// index: which one, from 0 on.
/// text: where to write it, with a zero at its end; may be NULL when size is 0.
/// size: how many bytes there are at text; 256 are enough for the names that systemd gives.
///
/// Never blocks; no thread may change the environment during the call. Returns the length of the name without its zero.
/// If that is not less than size, the name did not fit, and an empty string was written instead (nothing, when size is
/// 0). Errors: JF_E_NOT_FOUND when fewer were passed to this process; JF_E_INVALID for a NULL, or when LISTEN_PID,
/// LISTEN_FDS or LISTEN_FDNAMES is malformed. See sd_listen_fds_with_names(3). Since 0.1.
// SAFETY: `text` is NULL or writable for `size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_inherited_name(index: usize, text: *mut c_char, size: usize) -> i64 {
    guard(|| {
        // SAFETY: the caller's.
        let room = unsafe { TextRoom::new(text, size) }?;
        Ok(room.write(&listen_fd_name(index)?))
    })
}
