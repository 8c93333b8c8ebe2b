//! Making a descriptor non-blocking for the duration of one call, for system calls that have no flag for that.

use crate::net::Socket;
use crate::sys::Errno;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};

impl Socket {
    /// Makes the descriptor non-blocking until the result is dropped. Calls of other threads may get EAGAIN meanwhile,
    /// and go on waiting in poll.
    pub(in crate::net) fn make_nonblocking(&self) -> Result<TemporaryNonblocking<'_>, Errno> {
        self.was_nonblocking.store(true, SeqCst);
        self.nonblocking_calls.fetch_add(1, SeqCst);
        let guard = TemporaryNonblocking(self);
        if !self.nonblocking.load(Relaxed) {
            self.fd.set_nonblocking(true)?;
        }
        Ok(guard)
    }
}

/// Restores the blocking mode when it is dropped, unless another call needs the non-blocking mode.
pub(in crate::net) struct TemporaryNonblocking<'a>(&'a Socket);

impl Drop for TemporaryNonblocking<'_> {
    fn drop(&mut self) {
        let TemporaryNonblocking(socket) = *self;
        if socket.nonblocking_calls.fetch_sub(1, SeqCst) > 1 || socket.nonblocking.load(SeqCst) {
            return;
        }
        // If it fails, the descriptor stays non-blocking, which every call can handle.
        let _ = socket.fd.set_nonblocking(false);
        // Another call may have made it non-blocking between the check above and here.
        if socket.nonblocking_calls.load(SeqCst) > 0 || socket.nonblocking.load(SeqCst) {
            let _ = socket.fd.set_nonblocking(true);
        }
    }
}
