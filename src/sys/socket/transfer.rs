//! Sending and receiving, with one system call each.

use crate::sys::addr::SockAddr;
use crate::sys::errno::Errno;
use crate::sys::message::control_buf::ControlBuf;
use crate::sys::socket::buffers::{RecvBuf, SendBuf};
use crate::sys::socket::descriptor::Descriptor;
use crate::sys::system_call::{RawResult, system_call, system_call_preserving_args};
use crate::sys::types::Flags;
use libc::{iovec, msghdr};
use std::mem;

impl Descriptor {
    /// Sends to the peer. Returns how many bytes the kernel took. ([send(2)])
    ///
    /// [send(2)]: https://man7.org/linux/man-pages/man2/send.2.html
    #[inline]
    pub fn send(&self, buf: &SendBuf<'_>, flags: Flags) -> Result<usize, Errno> {
        let args = [self.raw(), buf.addr(), buf.len(), send_flags(flags), 0, 0];
        // SAFETY: `buf` is readable; there is no address.
        unsafe { system_call(libc::SYS_sendto, args) }
    }

    /// Sends to the peer, in as few instructions as possible.
    #[inline(always)]
    pub fn send_fast(&self, buf: &mut SendBuf<'_>, flags: Flags) -> RawResult {
        let mut args = [self.raw(), buf.addr(), buf.len(), send_flags(flags), 0];
        // SAFETY: `buf` is readable; there is no address, so its length has no effect.
        let result = unsafe { system_call_preserving_args(libc::SYS_sendto, &mut args) };
        buf.set_raw_parts(args[1], args[2]);
        result
    }

    /// Sends to an address.
    #[inline]
    pub fn send_to(&self, buf: SendBuf<'_>, flags: Flags, addr: &SockAddr) -> Result<usize, Errno> {
        let (ptr, len) = (addr.as_ptr() as usize, addr.len() as usize);
        // SAFETY: `buf` and the address are readable.
        unsafe { system_call(libc::SYS_sendto, [self.raw(), buf.addr(), buf.len(), send_flags(flags), ptr, len]) }
    }

    /// Sends the bytes of several buffers, in order.
    #[inline]
    pub fn send_vec(&self, bufs: &[SendBuf<'_>], flags: Flags) -> Result<usize, Errno> {
        let message = new_msghdr(bufs.as_ptr().cast_mut().cast(), bufs.len());
        // SAFETY: every buffer is readable, and the kernel only reads `message`.
        unsafe { system_call(libc::SYS_sendmsg, [self.raw(), &raw const message as usize, send_flags(flags)]) }
    }

    /// Receives from any sender. Returns the number of bytes; with [`Flags::TRUNC`], the message's whole length.
    #[inline]
    pub fn recv(&self, buf: &mut RecvBuf<'_>, flags: Flags) -> Result<usize, Errno> {
        let args = [self.raw(), buf.addr(), buf.len(), recv_flags(flags), 0, 0];
        // SAFETY: `buf` is writable and exclusively borrowed; no address is requested.
        unsafe { system_call(libc::SYS_recvfrom, args) }
    }

    /// Receives from any sender, in as few instructions as possible.
    #[inline(always)]
    pub fn recv_fast(&self, buf: &mut RecvBuf<'_>, flags: Flags) -> RawResult {
        let mut args = [self.raw(), buf.addr(), buf.len(), recv_flags(flags), 0];
        // SAFETY: `buf` is writable and exclusively borrowed. No address is requested, so the pointer to its length has
        // no effect.
        let result = unsafe { system_call_preserving_args(libc::SYS_recvfrom, &mut args) };
        buf.set_raw_parts(args[1], args[2]);
        result
    }

    /// Receives, and writes the sender's address to `from`.
    #[inline]
    pub fn recv_from(&self, buf: &mut RecvBuf<'_>, flags: Flags, from: &mut SockAddr) -> Result<usize, Errno> {
        let (addr, len) = from.as_mut_ptrs();
        let args = [self.raw(), buf.addr(), buf.len(), recv_flags(flags), addr as usize, len as usize];
        // SAFETY: `buf` and `from` are writable and exclusively borrowed.
        unsafe { system_call(libc::SYS_recvfrom, args) }
    }

    /// Receives into several buffers, in order.
    #[inline]
    pub fn recv_vec(&self, bufs: &mut [RecvBuf<'_>], flags: Flags) -> Result<usize, Errno> {
        let mut message = new_msghdr(bufs.as_mut_ptr().cast(), bufs.len());
        // SAFETY: every buffer is writable and exclusively borrowed.
        unsafe { system_call(libc::SYS_recvmsg, [self.raw(), &raw mut message as usize, recv_flags(flags)]) }
    }

    /// Sends the bytes of several buffers with control messages, to an address if there is one.
    pub fn send_msg(
        &self,
        bufs: &[SendBuf<'_>],
        flags: Flags,
        to: Option<&SockAddr>,
        control: &ControlBuf,
    ) -> Result<usize, Errno> {
        let mut message = new_msghdr(bufs.as_ptr().cast_mut().cast(), bufs.len());
        if let Some(to) = to {
            message.msg_name = to.as_ptr().cast_mut().cast();
            message.msg_namelen = to.len();
        }
        let (data, len) = control.as_raw_parts();
        message.msg_control = data.cast_mut().cast();
        message.msg_controllen = len as _;
        // SAFETY: the buffers, the address and the control messages are readable, and the kernel only reads them.
        unsafe { system_call(libc::SYS_sendmsg, [self.raw(), &raw const message as usize, send_flags(flags)]) }
    }

    /// Receives into several buffers, with the sender's address and control messages.
    pub fn recv_msg(
        &self,
        bufs: &mut [RecvBuf<'_>],
        flags: Flags,
        from: &mut SockAddr,
        control: &mut ControlBuf,
    ) -> Result<(usize, Truncation), Errno> {
        let mut message = new_msghdr(bufs.as_mut_ptr().cast(), bufs.len());
        message.msg_namelen = from.len();
        message.msg_name = from.as_mut_ptrs().0.cast();
        let (buf, capacity) = control.as_mut_buf();
        message.msg_control = buf.cast();
        message.msg_controllen = capacity as _;
        let args = [self.raw(), &raw mut message as usize, recv_flags(flags)];
        // SAFETY: the buffers, the address and the control buffer are writable and exclusively borrowed.
        let count = unsafe { system_call(libc::SYS_recvmsg, args) }?;
        from.set_len(message.msg_namelen);
        #[allow(clippy::unnecessary_cast, reason = "C libraries differ in its type")]
        let control_len = message.msg_controllen as usize;
        // SAFETY: the kernel has written `control_len` bytes, and new descriptors.
        unsafe { control.set_len(control_len) };
        let has = |flag| message.msg_flags & flag != 0;
        Ok((count, Truncation { is_data_truncated: has(libc::MSG_TRUNC), is_control_truncated: has(libc::MSG_CTRUNC) }))
    }
}

/// The parts of a received message that exceeded their buffer.
#[derive(Clone, Copy)]
pub struct Truncation {
    pub is_data_truncated: bool,
    pub is_control_truncated: bool,
}

/// The system's flags for a send, which never raises SIGPIPE.
#[inline]
pub(in crate::sys) fn send_flags(flags: Flags) -> usize {
    (flags.to_os() | libc::MSG_NOSIGNAL) as usize
}

/// The system's flags for a receive.
#[inline]
pub(in crate::sys) fn recv_flags(flags: Flags) -> usize {
    flags.to_os() as usize
}

/// A message header without an address and without control messages.
pub(in crate::sys) fn new_msghdr(bufs: *mut iovec, count: usize) -> msghdr {
    // SAFETY: zeros are a message header: pointers are NULL.
    let mut message: msghdr = unsafe { mem::zeroed() };
    message.msg_iov = bufs;
    message.msg_iovlen = count as _;
    message
}
