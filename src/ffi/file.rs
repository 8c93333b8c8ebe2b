//! Sending from a file as C sees it.

use super::boundary::{count, guard};
use super::socket::{SOCKETS, jf_socket};
use crate::net::Error;
use std::os::fd::RawFd;

/// Sends a part of a file on a stream. The bytes go from the system's cache of the file to the connection, not through
/// the program's memory. SIGPIPE is never raised.
///
/// s: a connected stream.
/// fd: the descriptor of a file that is open for reading. It remains the caller's, and its position is neither used nor
/// moved.
/// offset: where in the file to begin, in bytes.
/// count: how many bytes. Of 0 nothing is sent, but both descriptors are looked at.
///
/// Blocks for JF_OPT_SEND_TIMEOUT, counted once for the whole, until everything is sent; reading the file is not
/// timed, and may wait for the disk. While a socket sends that has a timeout or JF_OPT_INTERRUPTIBLE, its descriptor
/// is non-blocking: this handle's calls wait all the same, but whoever else shares it sees that, and two handles of one
/// socket that send files at the same time may wait for longer. Returns how many
/// bytes were sent, if that is at least one. It is fewer than count when the file ended or an error, the timeout, a
/// signal or a close cut it short: call again with the rest, and that call says which. Errors: when nothing was sent,
/// JF_E_END_OF_STREAM when the file ends at offset; JF_E_INVALID when it ends before that, or for a negative number;
/// JF_E_UNSUPPORTED when fd is a pipe, a socket, a directory, a terminal or whatever else is no file that the system
/// can send; JF_E_BAD_HANDLE when fd or s is not open or fd not for reading; JF_E_TYPE_UNSUPPORTED when s is no
/// stream; JF_E_WOULD_BLOCK and JF_E_TIMED_OUT when there was no room; JF_E_PIPE and JF_E_CONN_RESET when the
/// connection is over; JF_E_NOT_CONNECTED (of TCP, Linux says JF_E_PIPE there too); JF_E_CLOSED when another thread
/// closed the socket; JF_E_INTERRUPTED. See sendfile(2). Since 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn jf_send_file(s: jf_socket, fd: i64, offset: i64, count: i64) -> i64 {
    guard(|| {
        let offset = u64::try_from(offset).map_err(|_| Error::INVALID)?;
        let wanted = usize::try_from(count).map_err(|_| Error::INVALID)?;
        let fd = RawFd::try_from(fd).ok().filter(|&fd| fd >= 0).ok_or(Error::BAD_HANDLE)?;
        SOCKETS.with(s, |socket| socket.send_descriptor(fd, offset, wanted)).map(self::count)
    })
}
