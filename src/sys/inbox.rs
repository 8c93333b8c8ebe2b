//! Receiving many datagrams in one system call, and taking apart what the kernel ran together (UDP coalescing, `UDP_GRO`).

use super::call::system_call;
use super::datagram::present;
use super::transfer::{message, recv_flags};
use super::{Came, ControlBuf, Datagram, Descriptor, Errno, Flags, RawAddr, SockAddr};
use libc::{iovec, mmsghdr};
use std::marker::PhantomData;
use std::mem::MaybeUninit;

/// The most messages that come in one call.
pub const MESSAGES: usize = 64;

/// What is told beside a message's data: the size of its segments, its traffic class, where it came to, when; and as much
/// again that nobody here asks for.
type Control = ControlBuf<256>;

/// Rooms for messages, and those that came.
pub struct Inbox<'a> {
    headers: [MaybeUninit<mmsghdr>; MESSAGES],
    names: [MaybeUninit<SockAddr>; MESSAGES],
    controls: [MaybeUninit<Control>; MESSAGES],
    bufs: [MaybeUninit<iovec>; MESSAGES],
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

impl<'a> Inbox<'a> {
    #[inline(always)]
    pub fn new() -> Inbox<'a> {
        Inbox {
            headers: [const { MaybeUninit::uninit() }; MESSAGES],
            names: [const { MaybeUninit::uninit() }; MESSAGES],
            controls: [const { MaybeUninit::uninit() }; MESSAGES],
            bufs: [const { MaybeUninit::uninit() }; MESSAGES],
            count: 0,
            memory: PhantomData,
        }
    }

    /// Adds the room of a datagram, of which there are at most [`MESSAGES`].
    #[inline]
    pub fn add(&mut self, datagram: &Datagram<'a>) {
        self.bufs[self.count].write(datagram.recv_buf().0);
        self.count += 1;
    }

    /// Receives a message, and what others are there, and returns how many came.
    pub fn receive(&mut self, fd: &Descriptor, flags: Flags) -> Result<usize, Errno> {
        for at in 0..self.count {
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
            if self.count == 1 {
                let len = system_call(libc::SYS_recvmsg, [fd.raw(), headers as usize, flags])?;
                (*headers.cast::<mmsghdr>()).msg_len = len as _;
                return Ok(1);
            }
            let flags = flags | libc::MSG_WAITFORONE as usize;
            system_call(libc::SYS_recvmmsg, [fd.raw(), headers as usize, self.count, flags, 0])
        }
    }

    /// Tells the datagrams of a message that came, each by the next of `out`, which has one at least. What is told of an
    /// address of this machine goes through `own`.
    ///
    /// A message that is run together from more than there are of `out` is told by the last as one with the rest.
    pub fn take(&mut self, message: usize, out: &mut [Datagram<'a>], own: impl Fn(RawAddr) -> RawAddr) -> Taken {
        assert!(message < self.count);
        // SAFETY: written by `receive`, and by the system since.
        let (header, buf) = unsafe { (self.headers[message].assume_init_ref(), self.bufs[message].assume_init_ref()) };
        let len = header.msg_len as usize;
        let there = len.min(buf.iov_len);
        let is_cut = header.msg_hdr.msg_flags & libc::MSG_TRUNC != 0 || there < len;
        let (mut size, mut has) = (there, 0);
        let (mut tos, mut local, mut interface, mut time) = (0, RawAddr::UNSPEC, 0, 0);

        #[allow(clippy::unnecessary_cast, reason = "C libraries differ in its type")]
        let packed = header.msg_hdr.msg_controllen as usize;
        if packed > 0 {
            // SAFETY: written by `receive`, and the system packed so much.
            let control = unsafe { self.controls[message].assume_init_mut() };
            // SAFETY: as above.
            unsafe { control.filled(packed) };
            control.take(header.msg_hdr.msg_flags & libc::MSG_CTRUNC != 0, |came| match came {
                Came::SegmentSize(segment) => size = segment as usize,
                Came::Tos(came) => (has, tos) = (has | present::TOS, came),
                Came::Destination(index, addr) => {
                    (has, interface, local) = (has | present::PACKET_INFO, index, own(addr));
                }
                Came::Timestamp(since_1970) => {
                    (has, time) = (has | present::TIME, i64::try_from(since_1970.as_nanos()).unwrap_or(i64::MAX));
                }
                // Descriptors are closed by this.
                _ => {}
            });
        }
        let mut from = RawAddr::UNSPEC;
        // SAFETY: written by `receive`; the system says how much it filled.
        let name = unsafe { self.names[message].assume_init_mut() };
        name.filled(header.msg_hdr.msg_namelen);
        name.decode(&mut from);
        if from.family != 0 {
            has |= present::ADDR;
        }

        let count = if there == 0 { 1 } else { there.div_ceil(size.max(1)).min(out.len()) };
        let mut place = buf.iov_base.cast::<u8>();
        let mut left = there;
        for (datagram, further) in out[..count].iter_mut().zip((0..count).rev()) {
            let len = if further > 0 { size } else { left };
            datagram.data = place;
            datagram.len = len;
            datagram.result = len as i64;
            datagram.present = has;
            datagram.tos = tos;
            from.copy_to(&mut datagram.addr);
            // Those are further away in memory.
            if has & present::PACKET_INFO != 0 {
                local.copy_to(&mut datagram.local);
                datagram.interface = interface;
            }
            if has & present::TIME != 0 {
                datagram.time = time;
            }
            place = place.wrapping_add(len);
            left -= len;
        }
        Taken { count, cut: is_cut.then_some(len) }
    }
}
