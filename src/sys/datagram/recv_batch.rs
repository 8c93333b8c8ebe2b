//! Receiving many datagrams in one system call, and taking apart what the kernel ran together (UDP coalescing, `UDP_GRO`).

use crate::sys::datagram::types::present;
use crate::sys::socket::transfer::{message, recv_flags};
use crate::sys::system_call::system_call;
use crate::sys::{ControlBuf, Datagram, Descriptor, Errno, Flags, IncomingControl, RawAddr, SockAddr};
use libc::{iovec, mmsghdr};
use std::marker::PhantomData;
use std::mem::MaybeUninit;

/// The most messages that come in one call.
pub const RECV_BATCH_MAX: usize = 64;

/// What is told beside a message's data: the size of its segments, its traffic class, where it came to, when; and as much
/// again that nobody here asks for.
type Control = ControlBuf<256>;

/// Rooms for so many messages at the most, and those that came.
pub struct RecvBatch<'a, const MOST: usize> {
    headers: [MaybeUninit<mmsghdr>; MOST],
    names: [MaybeUninit<SockAddr>; MOST],
    controls: [MaybeUninit<Control>; MOST],
    bufs: [MaybeUninit<iovec>; MOST],
    /// How many rooms there are.
    count: usize,
    memory: PhantomData<&'a mut [u8]>,
}

/// What became of a message.
pub struct Taken {
    /// How many datagrams it was.
    pub count: usize,
    /// Its length, when it was cut.
    pub cut: Option<usize>,
}

impl<'a, const MOST: usize> RecvBatch<'a, MOST> {
    #[inline(always)]
    pub fn new() -> Self {
        RecvBatch {
            headers: [const { MaybeUninit::uninit() }; MOST],
            names: [const { MaybeUninit::uninit() }; MOST],
            controls: [const { MaybeUninit::uninit() }; MOST],
            bufs: [const { MaybeUninit::uninit() }; MOST],
            count: 0,
            memory: PhantomData,
        }
    }

    /// Adds the room of a datagram, of which there are no more than that.
    #[inline]
    pub fn add(&mut self, datagram: &Datagram<'a>) {
        self.bufs[self.count].write(datagram.recv_buf().0);
        self.count += 1;
    }

    /// How many rooms there are.
    #[inline(always)]
    fn count(&self) -> usize {
        // One, where the compiler may know it.
        if MOST == 1 { 1 } else { self.count }
    }

    /// Receives a message, and what others are there, and returns how many came.
    #[inline(always)]
    pub fn receive(&mut self, fd: &Descriptor, flags: Flags) -> Result<usize, Errno> {
        assert!(self.count > 0);
        for at in 0..self.count() {
            let mut header = message(self.bufs[at].as_mut_ptr(), 1);
            let (name, name_len) = self.names[at].write(SockAddr::room()).fill();
            header.msg_name = name.cast();
            // SAFETY: the length is that of the address's room.
            header.msg_namelen = unsafe { *name_len };
            let (control, control_len) = self.controls[at].write(Control::new()).fill();
            header.msg_control = control.cast();
            header.msg_controllen = control_len as _;
            self.headers[at].write(mmsghdr { msg_hdr: header, msg_len: 0 });
        }
        let (headers, flags) = (self.headers.as_mut_ptr(), recv_flags(flags));
        // SAFETY: of so many headers, every buffer is writable memory of its length, the datagrams' for as long as we are
        // there; so are the rooms for addresses and control data, which are ours.
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

    /// Tells the datagrams of a message that came, each by the next of `out`, which has one at least. What is told of an
    /// address of this machine goes through `own`.
    ///
    /// A message that is run together from more than there are of `out` is told by the last as one with the rest.
    #[inline(always)]
    pub fn take(&mut self, message: usize, out: &mut [Datagram<'a>], own: impl Fn(RawAddr) -> RawAddr) -> Taken {
        assert!(message < self.count());
        // SAFETY: written by `receive`, and by the system since.
        let (header, buf) = unsafe { (self.headers[message].assume_init_ref(), self.bufs[message].assume_init_ref()) };
        let len = header.msg_len as usize;
        let there = len.min(buf.iov_len);
        let is_cut = header.msg_hdr.msg_flags & libc::MSG_TRUNC != 0 || there < len;

        let [first, ..] = out else { return Taken { count: 0, cut: None } };
        // SAFETY: written by `receive`; the system says how much it filled.
        let name = unsafe { self.names[message].assume_init_mut() };
        name.filled(header.msg_hdr.msg_namelen);
        (first.present, first.tos) = (present::ADDR, 0);
        match name.ip_part() {
            Some(part) => first.addr.set_ip_part(part),
            None => {
                name.decode(&mut first.addr);
                first.present = if first.addr.family == 0 { 0 } else { present::ADDR };
            }
        }
        #[allow(clippy::unnecessary_cast, reason = "C libraries differ in its type")]
        let packed = header.msg_hdr.msg_controllen as usize;
        let mut size = there;
        if packed > 0 {
            // SAFETY: written by `receive`, and the system packed so much.
            let control = unsafe { self.controls[message].assume_init_mut() };
            // SAFETY: as above.
            unsafe { control.filled(packed) };
            size = match control.segment_size_alone() {
                Some(size) => size as usize,
                None => {
                    let is_cut = header.msg_hdr.msg_flags & libc::MSG_CTRUNC != 0;
                    take_beside(control, is_cut, first, own).unwrap_or(there)
                }
            };
        }

        (first.data, first.len) = (buf.iov_base.cast(), there);
        Taken { count: tell_apart(out, size), cut: is_cut.then_some(len) }
    }
}

/// Of datagrams that came run together, so many bytes a piece and the last what is left, the first one is told all but its
/// result, and has the bytes of all: tells each its own. Returns how many they are.
// Apart from what is done once, so that all that the loop needs is in registers.
#[inline(never)]
fn tell_apart(out: &mut [Datagram<'_>], size: usize) -> usize {
    let len = out[0].len;
    let count = len.div_ceil(size.max(1)).clamp(1, out.len());
    let [first, others @ ..] = &mut out[..count] else { return 0 };
    if others.is_empty() {
        first.result = len as i64;
        return 1;
    }
    (first.len, first.result) = (size, size as i64);
    let (told, mut place) = (first.told(), first.data);
    for datagram in others.iter_mut() {
        place = place.wrapping_add(size);
        (datagram.data, datagram.len) = (place, size);
        datagram.set_told(told);
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

/// Tells a datagram what came beside it, and returns the size of segments, if that did.
#[inline(never)]
fn take_beside(
    control: &mut Control,
    is_cut: bool,
    datagram: &mut Datagram<'_>,
    own: impl Fn(RawAddr) -> RawAddr,
) -> Option<usize> {
    let mut size = None;
    control.take(is_cut, |came| match came {
        IncomingControl::SegmentSize(segment) => size = Some(segment as usize),
        IncomingControl::Tos(tos) => {
            datagram.present |= present::TOS;
            datagram.tos = tos;
        }
        IncomingControl::Destination(interface, addr) => {
            datagram.present |= present::PACKET_INFO;
            datagram.interface = interface;
            datagram.local = own(addr);
        }
        IncomingControl::Timestamp(time) => {
            datagram.present |= present::TIME;
            datagram.time = i64::try_from(time.as_nanos()).unwrap_or(i64::MAX);
        }
        // Descriptors are closed by this.
        _ => {}
    });
    size
}
