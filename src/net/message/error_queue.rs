//! Receiving from the error queue.

use crate::net::{Addr, Error, Flags, Incoming, RecvBuf, Result, Socket};

impl Socket {
    /// Receives the data of an entry of the error queue, and the address that the datagram was sent to.
    ///
    /// The system reports the truncation of an entry only in the flags of recvmsg(2), so that all calls use it.
    #[cold]
    pub(in crate::net) fn recv_queued_error(&self, bufs: &mut [RecvBuf<'_>], flags: Flags) -> (Result<usize>, Addr) {
        let mut message = Incoming::new();
        let result = self.recv_msg(bufs, flags, &mut message);
        (result, message.from.unwrap_or(Addr::UNSPEC))
    }

    /// [`Socket::recv_queued_error`] that writes the address to `to`, unless the call fails without data.
    #[cold]
    pub(in crate::net) fn recv_named_queued_error(
        &self,
        buf: RecvBuf<'_>,
        flags: Flags,
        to: &mut Addr,
    ) -> Result<usize> {
        let (result, addr) = self.recv_queued_error(&mut [buf], flags);
        if matches!(result, Ok(_) | Err(Error::TRUNCATED)) {
            *to = addr;
        }
        result
    }
}
