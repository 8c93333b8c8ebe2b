//! `jf_send_file`.

use super::boundary::{count, guard};
use super::socket::{SOCKETS, jf_socket};
use crate::net::Error;
use std::os::fd::RawFd;

/// Sends a part of a file on a stream.
///
/// The bytes pass from the system's page cache to the connection without a copy through the program's memory. The
/// file's position is neither used nor changed.
///
/// If the socket has a timeout or JF_OPT_INTERRUPTIBLE, its descriptor is non-blocking during the call. Calls through
/// this handle still block, but other users of the same descriptor see the change. If two handles of one socket send
/// files at the same time, a call may exceed its timeout.
///
/// @param s       connected stream
/// @param fd      [fd] file that is open for reading
/// @param offset  position in the file of the first byte to send
/// @param count   number of bytes to send; with 0, the call only checks both descriptors
///
/// @blocks   at most JF_OPT_SEND_TIMEOUT, which covers the whole call, until all bytes are sent. Reading from the disk
///           may take longer than the timeout.
/// @return   [count] number of bytes sent, at least 1 unless `count` is 0. It is less than `count` if the file ended or
///           an error, the timeout, a signal or a close stopped the call; the next call for the remainder returns the
///           reason.
/// @error JF_E_END_OF_STREAM                the file ends at `offset`
/// @error JF_E_INVALID                      the file ends before `offset`; `offset` or `count` is negative
/// @error JF_E_UNSUPPORTED                  the system cannot send from `fd`, such as a pipe, socket, directory or
///                                          terminal
/// @error JF_E_BAD_HANDLE                   `fd` is not open, or not open for reading
/// @error JF_E_TYPE_UNSUPPORTED             `s` is not a stream
/// @error JF_E_WOULD_BLOCK, JF_E_TIMED_OUT  the send queue was full
/// @error JF_E_PIPE, JF_E_CONN_RESET        the connection is closed
/// @error JF_E_NOT_CONNECTED                the socket is not connected; for TCP, Linux reports JF_E_PIPE instead
/// @see sendfile(2)
/// @since 0.1
#[unsafe(no_mangle)]
pub extern "C" fn jf_send_file(s: jf_socket, fd: i64, offset: i64, count: i64) -> i64 {
    guard(|| {
        let offset = u64::try_from(offset).map_err(|_| Error::INVALID)?;
        let len = usize::try_from(count).map_err(|_| Error::INVALID)?;
        let fd = RawFd::try_from(fd).ok().filter(|&fd| fd >= 0).ok_or(Error::BAD_HANDLE)?;
        SOCKETS.with(s, |socket| socket.send_raw_fd(fd, offset, len)).map(self::count)
    })
}
