//! Receiving many datagrams in one system call, and splitting datagrams that the kernel has coalesced (`UDP_GRO`).

use crate::sys::addr::{RawAddr, SockAddr};
use crate::sys::datagram::types::{Datagram, present};
use crate::sys::errno::Errno;
use crate::sys::message::control::IncomingControl;
use crate::sys::message::control_buf::ControlBuf;
use crate::sys::socket::descriptor::Descriptor;
use crate::sys::socket::transfer::{new_msghdr, recv_flags};
use crate::sys::system_call::system_call;
use crate::sys::types::Flags;
use libc::{iovec, mmsghdr};
use std::marker::PhantomData;
use std::mem::MaybeUninit;

/// The largest number of messages in one call.
pub const RECV_BATCH_MAX: usize = 64;

/// Twice the control messages that are parsed: segment size, traffic class, destination and timestamp.
type Control = ControlBuf<256>;

/// Buffers for up to `CAPACITY` messages, and the messages received.
///
/// The order of the calls is: [`RecvBatch::add`], [`RecvBatch::receive`], and for each received message
/// [`RecvBatch::split_message`]. To keep the hot path short, the last call does not check that its message was
/// received.
pub struct RecvBatch<'a, const CAPACITY: usize> {
    headers: [MaybeUninit<mmsghdr>; CAPACITY],
    addrs: [MaybeUninit<SockAddr>; CAPACITY],
    controls: [MaybeUninit<Control>; CAPACITY],
    bufs: [MaybeUninit<iovec>; CAPACITY],
    /// The number of buffers.
    count: usize,
    memory: PhantomData<&'a mut [u8]>,
}

/// The result of splitting a message.
pub struct SplitMessage {
    /// The number of datagrams in the message.
    pub count: usize,
    /// The message's whole length, if it exceeded the buffer.
    pub truncated_len: Option<usize>,
}

impl<'a, const CAPACITY: usize> RecvBatch<'a, CAPACITY> {
    #[inline(always)]
    pub fn new() -> Self {
        RecvBatch {
            headers: [const { MaybeUninit::uninit() }; CAPACITY],
            addrs: [const { MaybeUninit::uninit() }; CAPACITY],
            controls: [const { MaybeUninit::uninit() }; CAPACITY],
            bufs: [const { MaybeUninit::uninit() }; CAPACITY],
            count: 0,
            memory: PhantomData,
        }
    }

    /// Adds a datagram's buffer.
    ///
    /// # Panics
    /// If the batch is full.
    #[inline]
    pub fn add(&mut self, datagram: &Datagram<'a>) {
        self.bufs[self.count].write(datagram.recv_buf().iovec());
        self.count += 1;
    }

    /// The number of buffers.
    #[inline(always)]
    fn count(&self) -> usize {
        // For a single message, the count is a constant, so that the compiler removes the loops.
        if CAPACITY == 1 { 1 } else { self.count }
    }

    /// Receives one message, and further messages that are queued already. Returns their number.
    #[inline(always)]
    pub fn receive(&mut self, fd: &Descriptor, flags: Flags) -> Result<usize, Errno> {
        assert!(self.count > 0);
        for at in 0..self.count() {
            let mut header = new_msghdr(self.bufs[at].as_mut_ptr(), 1);
            let addr = self.addrs[at].write(SockAddr::new());
            header.msg_namelen = addr.len();
            header.msg_name = addr.as_mut_ptrs().0.cast();
            let (control, control_len) = self.controls[at].write(Control::new()).as_mut_buf();
            header.msg_control = control.cast();
            header.msg_controllen = control_len as _;
            self.headers[at].write(mmsghdr { msg_hdr: header, msg_len: 0 });
        }
        let (headers, flags) = (self.headers.as_mut_ptr(), recv_flags(flags));
        // SAFETY: `count` headers are initialised. Their buffers, addresses and control buffers are writable and
        // exclusively borrowed, the datagrams' buffers for `'a`.
        unsafe {
            if self.count() == 1 {
                let len = system_call(libc::SYS_recvmsg, [fd.raw(), headers as usize, flags])?;
                (*headers.cast::<mmsghdr>()).msg_len = len as _;
                return Ok(1);
            }
            let flags = flags | libc::MSG_WAITFORONE as usize;
            system_call(libc::SYS_recvmmsg, [fd.raw(), headers as usize, self.count(), flags, 0])
        }
    }

    /// Splits a received message into datagrams and writes them to `out`, which has at least one element. `message` is
    /// less than the number that [`RecvBatch::receive`] returned. `to_socket_family` converts local addresses. If `out`
    /// is too short for a coalesced message, its last element is a datagram with all remaining bytes.
    #[inline(always)]
    pub fn split_message(
        &mut self,
        message: usize,
        out: &mut [Datagram<'a>],
        to_socket_family: impl Fn(RawAddr) -> RawAddr,
    ) -> SplitMessage {
        assert!(message < self.count());
        // SAFETY: the caller received this message, so `receive` has initialised both.
        let (header, buf) = unsafe { (self.headers[message].assume_init_ref(), self.bufs[message].assume_init_ref()) };
        let len = header.msg_len as usize;
        let received = len.min(buf.iov_len);
        let is_truncated = header.msg_hdr.msg_flags & libc::MSG_TRUNC != 0 || received < len;

        let [first, ..] = out else { return SplitMessage { count: 0, truncated_len: None } };
        // SAFETY: the caller received this message, so `receive` has initialised the address.
        let addr = unsafe { self.addrs[message].assume_init_mut() };
        addr.set_len(header.msg_hdr.msg_namelen);
        (first.present, first.tos) = (present::ADDR, 0);
        match addr.ip_part() {
            Some(part) => first.addr.set_ip_part(part),
            None => {
                addr.decode(&mut first.addr);
                first.present = if first.addr.family == 0 { 0 } else { present::ADDR };
            }
        }
        #[allow(clippy::unnecessary_cast, reason = "C libraries differ in its type")]
        let control_len = header.msg_hdr.msg_controllen as usize;
        let mut size = received;
        if control_len > 0 {
            // SAFETY: the caller received this message, so `receive` has initialised the control buffer.
            let control = unsafe { self.controls[message].assume_init_mut() };
            // SAFETY: the kernel has written `control_len` bytes, and new descriptors.
            unsafe { control.set_len(control_len) };
            size = match control.only_segment_size() {
                Some(size) => size as usize,
                None => {
                    let is_truncated = header.msg_hdr.msg_flags & libc::MSG_CTRUNC != 0;
                    parse_control(control, is_truncated, first, to_socket_family).unwrap_or(received)
                }
            };
        }

        (first.data, first.len) = (buf.iov_base.cast(), received);
        SplitMessage { count: split(out, size), truncated_len: is_truncated.then_some(len) }
    }
}

/// Splits a coalesced message into datagrams of `size` bytes, the last of which may be shorter. On entry, `out[0]` has
/// all bytes of the message and all fields except the result. Returns the number of datagrams.
// Out of line, so that the loops keep everything in registers.
#[inline(never)]
fn split(out: &mut [Datagram<'_>], size: usize) -> usize {
    let len = out[0].len;
    let count = len.div_ceil(size.max(1)).clamp(1, out.len());
    let [first, others @ ..] = &mut out[..count] else { return 0 };
    if others.is_empty() {
        first.result = len as i64;
        return 1;
    }
    (first.len, first.result) = (size, size as i64);
    let (common_fields, mut next_data) = (first.common_fields(), first.data);
    for datagram in others.iter_mut() {
        next_data = next_data.wrapping_add(size);
        (datagram.data, datagram.len) = (next_data, size);
        datagram.set_common_fields(common_fields);
    }
    if first.present & (present::PACKET_INFO | present::TIME) != 0 {
        for datagram in others.iter_mut() {
            (datagram.local, datagram.interface, datagram.time) = (first.local, first.interface, first.time);
        }
    }
    if let [.., last] = others {
        last.len = len - (count - 1) * size;
        last.result = last.len as i64;
    }
    count
}

/// Writes the control messages to a datagram's fields. Returns the segment size if one of them contains it.
#[inline(never)]
fn parse_control(
    control: &mut Control,
    is_truncated: bool,
    datagram: &mut Datagram<'_>,
    to_socket_family: impl Fn(RawAddr) -> RawAddr,
) -> Option<usize> {
    let mut size = None;
    control.drain(is_truncated, |item| match item {
        IncomingControl::SegmentSize(segment) => size = Some(segment as usize),
        IncomingControl::Tos(tos) => {
            datagram.present |= present::TOS;
            datagram.tos = tos;
        }
        IncomingControl::Destination(interface, addr) => {
            datagram.present |= present::PACKET_INFO;
            datagram.interface = interface;
            datagram.local = to_socket_family(addr);
        }
        IncomingControl::Timestamp(time) => {
            datagram.present |= present::TIME;
            datagram.time = i64::try_from(time.as_nanos()).unwrap_or(i64::MAX);
        }
        // Dropping a descriptor closes it.
        _ => {}
    });
    size
}
