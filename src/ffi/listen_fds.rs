//! C functions for the sockets that a service manager passes to a process.

use super::boundary::{TextBuffer, array, guard};
use super::socket::{SOCKETS, jf_socket};
use crate::net::{Socket, listen_fd_name, listen_fds_up_to};
use std::ffi::c_char;

/// Takes the sockets that a service manager such as systemd passed to this process.
///
/// These are the descriptors from 3 on. The environment variable LISTEN_FDS holds their number. LISTEN_PID must be the
/// ID of this process. The descriptors become close-on-exec and keep their blocking mode, as with jf_from_fd. Only one
/// call gets the sockets; a call that fails takes none.
///
/// The environment is not changed, because that is unsafe in a program with threads. For the same reason, no thread may
/// change the environment during the call.
///
/// @param out   [out, array(cap)] where to write the sockets, in the service manager's order. The caller closes each
///              with jf_close.
/// @param cap   capacity of `out`. If it is too small, no socket is taken; 0 only queries the number.
///
/// @blocks   never
/// @return   [count] number of sockets available; 0 if none were passed to this process, or an earlier call took them
/// @error JF_E_INVALID                                     LISTEN_PID, LISTEN_FDS or LISTEN_FDNAMES is malformed
/// @error JF_E_BAD_HANDLE                                  one of the descriptors is not open
/// @error JF_E_BUSY                                        one of the descriptors is close-on-exec, so it was opened or
///                                                         taken after the process started
/// @error JF_E_NOT_SOCKET                                  one of the descriptors is not a socket
/// @error JF_E_FAMILY_UNSUPPORTED, JF_E_TYPE_UNSUPPORTED   the library does not support one of the sockets
/// @error JF_E_NO_MEMORY                                   out of memory; unlike after other errors, the sockets are
///                                                         closed
/// @see sd_listen_fds(3)
/// @since 0.1
// SAFETY: `out` is NULL or writable for `cap` sockets.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_inherited(out: *mut jf_socket, cap: usize) -> i64 {
    guard(|| {
        // SAFETY: guaranteed by the caller.
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

/// Reads the name that the service manager gave to one of the sockets that jf_inherited takes.
///
/// The name can be read before and after the sockets are taken. No thread may change the environment during the call.
///
/// @param index   which socket, counted from 0
/// @param text    [out, text(size)] where to write the name
/// @param size    capacity of `text` in bytes; 256 is enough for every name that systemd passes
///
/// @blocks   never
/// @return   [length] length of the name; "unknown" if the service manager passed no names. If the length is `size` or
///           more, the name did not fit and `text` holds an empty string.
/// @error JF_E_NOT_FOUND   `index` is at least the number of sockets that were passed to this process
/// @error JF_E_INVALID     LISTEN_PID, LISTEN_FDS or LISTEN_FDNAMES is malformed
/// @see sd_listen_fds_with_names(3)
/// @since 0.1
// SAFETY: `text` is NULL or writable for `size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_inherited_name(index: usize, text: *mut c_char, size: usize) -> i64 {
    guard(|| {
        // SAFETY: guaranteed by the caller.
        let text = unsafe { TextBuffer::new(text, size) }?;
        Ok(text.write(&listen_fd_name(index)?))
    })
}
