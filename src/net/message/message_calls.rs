//! Sending and receiving messages with control data.

use crate::net::message::packet_info::control_error;
use crate::net::socket::buffers::total_len;
use crate::net::{Error, Family, Flags, Incoming, Outgoing, RecvBuf, Result, SendBuf, Socket};
use crate::sys::{ControlBuf, Direction, SockAddr};

impl Socket {
    /// Sends the concatenation of several buffers with an address and control data. On a socket with messages, it is
    /// one message. ([sendmsg(2)], [cmsg(3)])
    ///
    /// # Errors
    /// - Those of [`Socket::send_vec`] and [`Socket::send_to`].
    /// - [`Error::UNSUPPORTED`] for control data that the socket's family or type does not send.
    /// - [`Error::INVALID`] for more than [`Outgoing::DESCRIPTORS_MAX`] descriptors, a TTL or a segment size of 0, and
    ///   for descriptors or credentials without data on a stream.
    /// - [`Error::PERMISSION`] for the credentials of another process, user or group.
    /// - [`Error::NOT_FOUND`] for an interface or a process that does not exist.
    /// - For a source that is not a local address, [`Error::INVALID`], or [`Error::NETWORK_UNREACHABLE`] with IPv4.
    ///
    /// [sendmsg(2)]: https://man7.org/linux/man-pages/man2/sendmsg.2.html
    /// [cmsg(3)]: https://man7.org/linux/man-pages/man3/cmsg.3.html
    pub fn send_msg(&self, bufs: &[SendBuf<'_>], flags: Flags, message: &Outgoing<'_>) -> Result<usize> {
        let flags = self.send_flags(flags)?;
        message.check(self, total_len(bufs.iter().map(SendBuf::len))?, flags)?;
        let mut name = SockAddr::new();
        let to = match message.to {
            None => None,
            Some(to) => {
                self.check_destination(to)?;
                name.encode(to.raw())?;
                Some(&name)
            }
        };
        let mut control = ControlBuf::new();
        message.pack(self, &mut control)?;
        let result = self.call(Direction::Send, flags, |fd, extra| fd.send_msg(bufs, flags | extra, to, &control));
        result.map_err(control_error)
    }

    /// Receives into several buffers, one after the other, with the address and the control data. ([recvmsg(2)],
    /// [cmsg(3)])
    ///
    /// `message` is complete after [`Error::TRUNCATED`] as well.
    ///
    /// # Errors
    /// Those of [`Socket::recv_vec`].
    ///
    /// [recvmsg(2)]: https://man7.org/linux/man-pages/man2/recvmsg.2.html
    /// [cmsg(3)]: https://man7.org/linux/man-pages/man3/cmsg.3.html
    pub fn recv_msg(&self, bufs: &mut [RecvBuf<'_>], flags: Flags, message: &mut Incoming) -> Result<usize> {
        self.recv_msg_with(bufs, flags, message, &mut |_| false)
    }

    /// [`Socket::recv_msg`] that passes unknown control messages to `other` in the system's format. `other` returns
    /// whether it stored them.
    pub(crate) fn recv_msg_with(
        &self,
        bufs: &mut [RecvBuf<'_>],
        flags: Flags,
        message: &mut Incoming,
        other: &mut dyn FnMut(&[u8]) -> bool,
    ) -> Result<usize> {
        let fd_flags = if self.family == Family::Unix { Flags::CLOSE_ON_EXEC } else { Flags::NONE };
        let os_flags = self.recv_flags(flags)? | fd_flags;
        let capacity = total_len(bufs.iter().map(RecvBuf::len))?;
        message.clear();
        if capacity == 0 && !self.kind.has_messages() && !flags.intersects(Flags::ERROR_QUEUE) {
            return Ok(0);
        }
        let (mut name, mut control) = (SockAddr::new(), ControlBuf::new());
        let (count, truncation) = self
            .call(Direction::Recv, flags, |fd, extra| fd.recv_msg(bufs, os_flags | extra, &mut name, &mut control))?;
        // The system writes no address for an entry of the error queue that is not about a datagram.
        if self.kind.has_messages() {
            message.from = Some(self.addr_from(&name)).filter(|from| from.family() != Family::Unspec);
        }
        message.is_truncated = truncation.is_data_truncated;
        message.is_control_truncated = truncation.is_control_truncated;
        control.drain(truncation.is_control_truncated, |item| message.store(item, other));
        for addr in message.destination.iter_mut().map(|to| &mut to.addr).chain(&mut message.original_destination) {
            *addr = self.to_own_family(*addr);
        }
        // For an entry of the error queue, the kernel reports that the datagram exceeded the buffer, but not its full
        // length.
        match self.recv_result(count, capacity, flags) {
            Ok(_) if truncation.is_data_truncated && (count <= capacity || !flags.intersects(Flags::TRUNC)) => {
                Err(Error::TRUNCATED)
            }
            result => result,
        }
    }
}
