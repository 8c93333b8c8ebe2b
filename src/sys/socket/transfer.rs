//! Sending and receiving, one system call each.
//!
//! The calls go past the C library's functions of the same names, because those are cancellation points.

use crate::sys::addr::SockAddr;
use crate::sys::system_call::{RawResult, system_call, system_call_keeping};
use crate::sys::{ControlBuf, Descriptor, Errno, Flags};
use libc::{c_void, iovec, msghdr};
use std::marker::PhantomData;
use std::mem::{self, MaybeUninit};

/// The most buffers that one call takes.
pub const VEC_MAX: usize = 1024;

/// Memory to send from; laid out as the operating system wants it in an array.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct SendBuf<'a>(pub(in crate::sys) iovec, PhantomData<&'a [u8]>);

/// Memory to receive into, initialised or not; laid out as the operating system wants it in an array.
#[repr(transparent)]
pub struct RecvBuf<'a>(pub(in crate::sys) iovec, PhantomData<&'a mut [u8]>);

// SAFETY: both stand for a slice of bytes, which may be sent and shared.
unsafe impl Send for SendBuf<'_> {}
// SAFETY: as above.
unsafe impl Sync for SendBuf<'_> {}
// SAFETY: as above.
unsafe impl Send for RecvBuf<'_> {}
// SAFETY: as above.
unsafe impl Sync for RecvBuf<'_> {}

impl<'a> From<&'a [u8]> for SendBuf<'a> {
    #[inline]
    fn from(bytes: &'a [u8]) -> SendBuf<'a> {
        SendBuf(iovec { iov_base: bytes.as_ptr().cast_mut().cast(), iov_len: bytes.len() }, PhantomData)
    }
}

impl<'a> From<&'a mut [u8]> for RecvBuf<'a> {
    #[inline]
    fn from(room: &'a mut [u8]) -> RecvBuf<'a> {
        RecvBuf(iovec { iov_base: room.as_mut_ptr().cast(), iov_len: room.len() }, PhantomData)
    }
}

impl<'a> From<&'a mut [MaybeUninit<u8>]> for RecvBuf<'a> {
    #[inline]
    fn from(room: &'a mut [MaybeUninit<u8>]) -> RecvBuf<'a> {
        RecvBuf(iovec { iov_base: room.as_mut_ptr().cast(), iov_len: room.len() }, PhantomData)
    }
}

impl SendBuf<'_> {
    #[inline]
    pub(in crate::sys) fn at(data: *mut u8, len: usize) -> Self {
        SendBuf(iovec { iov_base: data.cast(), iov_len: len }, PhantomData)
    }

    /// How many bytes it is.
    #[inline]
    pub fn len(&self) -> usize {
        self.0.iov_len
    }

    /// Whether that is none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.0.iov_len == 0
    }

    #[inline]
    fn place(&self) -> usize {
        self.0.iov_base as usize
    }

    /// Leaves out the first `count` bytes, which are at most all.
    #[inline]
    pub fn advance(&mut self, count: usize) {
        assert!(count <= self.0.iov_len);
        // SAFETY: the pointer stays within its memory, or one past it.
        self.0.iov_base = unsafe { self.0.iov_base.byte_add(count) };
        self.0.iov_len -= count;
    }
}

impl RecvBuf<'_> {
    #[inline]
    pub(in crate::sys) fn at(room: *mut u8, len: usize) -> Self {
        RecvBuf(iovec { iov_base: room.cast(), iov_len: len }, PhantomData)
    }

    /// How many bytes it has room for.
    #[inline]
    pub fn len(&self) -> usize {
        self.0.iov_len
    }

    /// Whether that is none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.0.iov_len == 0
    }

    #[inline]
    pub(in crate::sys) fn place(&self) -> usize {
        self.0.iov_base as usize
    }

    /// Leaves out the first `count` bytes, which are at most all.
    #[inline]
    pub fn advance(&mut self, count: usize) {
        assert!(count <= self.0.iov_len);
        // SAFETY: the pointer stays within its memory, or one past it.
        self.0.iov_base = unsafe { self.0.iov_base.byte_add(count) };
        self.0.iov_len -= count;
    }
}

impl Descriptor {
    /// Sends to the peer; `Ok` is how many bytes the kernel took.
    #[inline]
    pub fn send(&self, buf: &SendBuf<'_>, flags: Flags) -> Result<usize, Errno> {
        let args = [self.raw(), buf.place(), buf.len(), send_flags(flags), 0, 0];
        // SAFETY: `buf` is readable memory of that length; no address.
        unsafe { system_call(libc::SYS_sendto, args) }
    }

    /// The same in as few steps as can be.
    #[inline(always)]
    pub fn send_fast(&self, buf: &mut SendBuf<'_>, flags: Flags) -> RawResult {
        let mut args = [self.raw(), buf.place(), buf.len(), send_flags(flags), 0];
        // SAFETY: `buf` is readable memory of that length; no address, of which the length does not matter.
        let returned = unsafe { system_call_keeping(libc::SYS_sendto, &mut args) };
        buf.0 = iovec { iov_base: args[1] as *mut c_void, iov_len: args[2] };
        returned
    }

    /// Sends to an address.
    #[inline]
    pub fn send_to(&self, buf: SendBuf<'_>, flags: Flags, addr: &SockAddr) -> Result<usize, Errno> {
        let (ptr, len) = (addr.as_ptr() as usize, addr.len() as usize);
        // SAFETY: `buf` is readable memory of that length, and so is the address.
        unsafe { system_call(libc::SYS_sendto, [self.raw(), buf.place(), buf.len(), send_flags(flags), ptr, len]) }
    }

    /// Sends several buffers' bytes one after the other.
    #[inline]
    pub fn send_vec(&self, bufs: &[SendBuf<'_>], flags: Flags) -> Result<usize, Errno> {
        let message = message(bufs.as_ptr().cast_mut().cast(), bufs.len());
        // SAFETY: every buffer is readable memory of its length, and the kernel does not write to them.
        unsafe { system_call(libc::SYS_sendmsg, [self.raw(), &raw const message as usize, send_flags(flags)]) }
    }

    /// Receives from the peer, or from anyone; `Ok` is how many bytes came, or with [`Flags::TRUNC`] the message's
    /// whole length.
    #[inline]
    pub fn recv(&self, buf: &mut RecvBuf<'_>, flags: Flags) -> Result<usize, Errno> {
        let args = [self.raw(), buf.place(), buf.len(), recv_flags(flags), 0, 0];
        // SAFETY: `buf` is writable memory of that length, borrowed for this call alone; no room for an address.
        unsafe { system_call(libc::SYS_recvfrom, args) }
    }

    /// The same in as few steps as can be.
    #[inline(always)]
    pub fn recv_fast(&self, buf: &mut RecvBuf<'_>, flags: Flags) -> RawResult {
        let mut args = [self.raw(), buf.place(), buf.len(), recv_flags(flags), 0];
        // SAFETY: as in `recv`; the length of the address's room does not matter.
        let returned = unsafe { system_call_keeping(libc::SYS_recvfrom, &mut args) };
        buf.0 = iovec { iov_base: args[1] as *mut c_void, iov_len: args[2] };
        returned
    }

    /// Receives and tells from whom.
    #[inline]
    pub fn recv_from(&self, buf: &mut RecvBuf<'_>, flags: Flags, from: &mut SockAddr) -> Result<usize, Errno> {
        let (addr, len) = from.fill();
        let args = [self.raw(), buf.place(), buf.len(), recv_flags(flags), addr as usize, len as usize];
        // SAFETY: `buf` is writable memory of that length, borrowed for this call alone; so is the room for the address.
        unsafe { system_call(libc::SYS_recvfrom, args) }
    }

    /// Receives into several buffers one after the other.
    #[inline]
    pub fn recv_vec(&self, bufs: &mut [RecvBuf<'_>], flags: Flags) -> Result<usize, Errno> {
        let mut message = message(bufs.as_mut_ptr().cast(), bufs.len());
        // SAFETY: every buffer is writable memory of its length, borrowed for this call alone.
        unsafe { system_call(libc::SYS_recvmsg, [self.raw(), &raw mut message as usize, recv_flags(flags)]) }
    }
}

impl Descriptor {
    /// Sends several buffers' bytes with what goes beside them, perhaps to an address.
    pub fn send_msg(
        &self,
        bufs: &[SendBuf<'_>],
        flags: Flags,
        to: Option<&SockAddr>,
        control: &ControlBuf,
    ) -> Result<usize, Errno> {
        let mut message = message(bufs.as_ptr().cast_mut().cast(), bufs.len());
        if let Some(to) = to {
            message.msg_name = to.as_ptr().cast_mut().cast();
            message.msg_namelen = to.len();
        }
        let (packed, len) = control.packed();
        message.msg_control = packed.cast_mut().cast();
        message.msg_controllen = len as _;
        // SAFETY: every buffer is readable memory of its length, so are the address and the control data, and the kernel
        // does not write to them.
        unsafe { system_call(libc::SYS_sendmsg, [self.raw(), &raw const message as usize, send_flags(flags)]) }
    }

    /// Receives into several buffers, with what came beside that, and tells from whom.
    pub fn recv_msg(
        &self,
        bufs: &mut [RecvBuf<'_>],
        flags: Flags,
        from: &mut SockAddr,
        control: &mut ControlBuf,
    ) -> Result<(usize, Cut), Errno> {
        let mut message = message(bufs.as_mut_ptr().cast(), bufs.len());
        let (name, name_len) = from.fill();
        message.msg_name = name.cast();
        // SAFETY: the length is that of the address's room.
        message.msg_namelen = unsafe { *name_len };
        let (room, len) = control.fill();
        message.msg_control = room.cast();
        message.msg_controllen = len as _;
        let args = [self.raw(), &raw mut message as usize, recv_flags(flags)];
        // SAFETY: every buffer is writable memory of its length, borrowed for this call alone; so are the room for the
        // address and for the control data.
        let count = unsafe { system_call(libc::SYS_recvmsg, args) }?;
        from.filled(message.msg_namelen);
        #[allow(clippy::unnecessary_cast, reason = "C libraries differ in its type")]
        let packed = message.msg_controllen as usize;
        // SAFETY: the kernel just packed so much.
        unsafe { control.filled(packed) };
        let cut = |flag| message.msg_flags & flag != 0;
        Ok((count, Cut { data: cut(libc::MSG_TRUNC), control: cut(libc::MSG_CTRUNC) }))
    }
}

/// What of a message did not fit.
#[derive(Clone, Copy)]
pub struct Cut {
    pub data: bool,
    pub control: bool,
}

/// A send never raises SIGPIPE.
#[inline]
pub(in crate::sys) fn send_flags(flags: Flags) -> usize {
    (flags.to_os() | libc::MSG_NOSIGNAL) as usize
}

#[inline]
pub(in crate::sys) fn recv_flags(flags: Flags) -> usize {
    flags.to_os() as usize
}

pub(in crate::sys) fn message(bufs: *mut iovec, count: usize) -> msghdr {
    // SAFETY: all zeros is a message without address, buffers and control data.
    let mut message: msghdr = unsafe { mem::zeroed() };
    message.msg_iov = bufs;
    message.msg_iovlen = count as _;
    message
}
