//! Sending many datagrams in one system call, neighbours that go together as one message that the kernel takes apart
//! (UDP segmentation, `UDP_SEGMENT`).

use super::call::system_call;
use super::transfer::{message, send_flags};
use super::{ControlBuf, Datagram, Descriptor, Errno, Family, Flags, RawAddr, Sent, SockAddr};
use libc::{iovec, mmsghdr};
use std::marker::PhantomData;
use std::mem::MaybeUninit;

/// The most messages that go out in one call.
const MESSAGES: usize = 64;
/// The most buffers, of which a message has one for each part that does not follow on the one before in memory.
const BUFS: usize = 256;
/// The most datagrams of one message that every Linux takes that takes several.
const SEGMENTS: usize = 64;
/// The most bytes of a message of several, so that it fits a packet whatever options are in that, and Linux, which counts the
/// headers, hands it to a device as one.
const BYTES: usize = 65_400;

/// What is packed beside a message's data: where it goes out from, its traffic class twice, the size of its segments.
type Control = ControlBuf<128>;

/// A message, but for what stands in the arrays.
#[derive(Clone, Copy)]
struct Message {
    /// Where its buffers begin.
    bufs: usize,
    /// How many datagrams are in it and in those before.
    end: usize,
    /// Of each of its datagrams but the last, which may be shorter.
    size: usize,
    has_name: bool,
    /// The kernel takes it apart.
    in_segments: bool,
}

/// Datagrams as messages, on their way out.
pub struct Outbox<'a> {
    /// Whether messages of several datagrams are made, and how long a single one may be that is not told to be a segment,
    /// which the kernel does not cut into fragments.
    segment_above: Option<usize>,
    messages: [MaybeUninit<Message>; MESSAGES],
    names: [MaybeUninit<SockAddr>; MESSAGES],
    controls: [MaybeUninit<Control>; MESSAGES],
    bufs: [MaybeUninit<iovec>; BUFS],
    count: usize,
    buf_count: usize,
    /// The most that a datagram may have that is added to the last message; 0 when none may be.
    most: usize,
    /// How many bytes and datagrams may still be added to it.
    bytes_left: usize,
    left: usize,
    memory: PhantomData<&'a [u8]>,
}

impl<'a> Outbox<'a> {
    #[inline(always)]
    pub fn new(segment_above: Option<usize>) -> Outbox<'a> {
        Outbox {
            segment_above,
            messages: [const { MaybeUninit::uninit() }; MESSAGES],
            names: [const { MaybeUninit::uninit() }; MESSAGES],
            controls: [const { MaybeUninit::uninit() }; MESSAGES],
            bufs: [const { MaybeUninit::uninit() }; BUFS],
            count: 0,
            buf_count: 0,
            most: 0,
            bytes_left: 0,
            left: 0,
            memory: PhantomData,
        }
    }

    /// How many datagrams are in it.
    pub fn len(&self) -> usize {
        self.last().map_or(0, |message| message.end)
    }

    /// Whether there is room for another message.
    #[inline]
    pub fn is_full(&self) -> bool {
        self.count == MESSAGES || self.buf_count == BUFS
    }

    #[inline]
    fn last(&self) -> Option<&Message> {
        // SAFETY: so many are written.
        self.count.checked_sub(1).map(|last| unsafe { self.messages[last].assume_init_ref() })
    }

    #[inline]
    fn last_mut(&mut self) -> &mut Message {
        // SAFETY: so many are written, and this is called when there is one.
        unsafe { self.messages[self.count - 1].assume_init_mut() }
    }

    /// Adds a datagram to the last message, of which `first` is the first, if it may go with it.
    #[inline(always)]
    pub fn extend(&mut self, first: &Datagram<'a>, datagram: &Datagram<'a>) -> bool {
        let len = datagram.len;
        // An empty one can't be a segment.
        let fits = len.wrapping_sub(1) < self.most && len <= self.bytes_left && self.left > 0;
        if !fits || datagram.data.is_null() || !datagram.goes_with(first) {
            return false;
        }
        // SAFETY: the message has a buffer, and it is the last that was written.
        let last = unsafe { self.bufs[self.buf_count - 1].assume_init_mut() };
        if last.iov_base.wrapping_byte_add(last.iov_len) == datagram.data.cast() {
            last.iov_len += len;
        } else if self.buf_count < BUFS {
            self.bufs[self.buf_count].write(iovec { iov_base: datagram.data.cast(), iov_len: len });
            self.buf_count += 1;
        } else {
            return false;
        }
        self.bytes_left -= len;
        self.left -= 1;
        // A shorter one is the last.
        if len < self.most {
            self.most = 0;
        }
        self.last_mut().end += 1;
        true
    }

    /// Begins a message with a datagram, which is somewhere, when it is not full.
    #[inline(always)]
    pub fn begin(&mut self, datagram: &Datagram<'a>) {
        self.end();
        let (bufs, len) = (self.buf_count, datagram.len);
        let end = self.len() + 1;
        self.messages[self.count].write(Message { bufs, end, size: len, has_name: false, in_segments: false });
        self.controls[self.count].write(Control::new());
        self.bufs[bufs].write(iovec { iov_base: datagram.data.cast(), iov_len: len });
        self.buf_count += 1;
        self.count += 1;
        self.most = if self.segment_above.is_some() { len } else { 0 };
        self.bytes_left = BYTES.saturating_sub(len);
        self.left = SEGMENTS - 1;
    }

    /// Addresses the last message.
    #[inline(always)]
    pub fn address(&mut self, to: &RawAddr) -> Result<(), Errno> {
        let name = self.names[self.count - 1].write(SockAddr::room());
        name.encode(to)?;
        self.last_mut().has_name = true;
        Ok(())
    }

    /// Takes the last message out again.
    pub fn drop_last(&mut self) {
        self.buf_count = self.last_mut().bufs;
        self.count -= 1;
        self.most = 0;
    }

    /// Packs something beside the last message.
    pub fn push(&mut self, item: Sent<'_>, family: Family) -> Result<(), Errno> {
        // SAFETY: written when the message was begun.
        unsafe { self.controls[self.count - 1].assume_init_mut() }.push(item, family)
    }

    /// Has the last message's datagrams told apart, once: a call that has to wait is made again.
    #[inline(always)]
    fn end(&mut self) {
        let Some(above) = self.segment_above else { return };
        let Some(&Message { size, in_segments: false, .. }) = self.last() else { return };
        let is_several = self.left < SEGMENTS - 1;
        if !is_several && size <= above {
            return;
        }
        // A size that is no such number is refused as it is.
        if let Ok(size) = u16::try_from(size) {
            // SAFETY: written when the message was begun.
            let control = unsafe { self.controls[self.count - 1].assume_init_mut() };
            self.last_mut().in_segments = control.push_segment_size(size).is_ok();
        }
        self.most = 0;
    }

    /// Sends as many messages as the system takes, and returns how many datagrams were in them.
    pub fn send(&mut self, fd: &Descriptor, flags: Flags) -> Result<usize, Errno> {
        self.end();
        let mut headers = [const { MaybeUninit::<mmsghdr>::uninit() }; MESSAGES];
        for (at, place) in headers[..self.count].iter_mut().enumerate() {
            // SAFETY: so many messages, each with its control data and, if it says so, its name, are written.
            unsafe {
                let this = self.messages[at].assume_init_ref();
                let end =
                    if at + 1 < self.count { self.messages[at + 1].assume_init_ref().bufs } else { self.buf_count };
                let bufs = self.bufs[this.bufs..end].as_mut_ptr().cast();
                let mut header = message(bufs, end - this.bufs);
                if this.has_name {
                    let name = self.names[at].assume_init_ref();
                    header.msg_name = name.as_ptr().cast_mut().cast();
                    header.msg_namelen = name.len();
                }
                let (packed, len) = self.controls[at].assume_init_ref().packed();
                if len > 0 {
                    header.msg_control = packed.cast_mut().cast();
                    header.msg_controllen = len as _;
                }
                place.write(mmsghdr { msg_hdr: header, msg_len: 0 });
            }
        }
        let place = headers.as_mut_ptr() as usize;
        // SAFETY: of so many headers, every buffer is readable memory of its length, as are the addresses and the control
        // data; the kernel writes to nothing but the headers.
        let sent = unsafe {
            match self.count {
                1 => system_call(libc::SYS_sendmsg, [fd.raw(), place, send_flags(flags)]).map(|_| 1),
                count => system_call(libc::SYS_sendmmsg, [fd.raw(), place, count, send_flags(flags)]),
            }
        }?;
        Ok(self.end_of(sent))
    }

    /// How many datagrams are in the first messages.
    fn end_of(&self, messages: usize) -> usize {
        let last = self.messages[..self.count].get(messages.wrapping_sub(1));
        // SAFETY: so many are written.
        last.map_or(0, |message| unsafe { message.assume_init_ref() }.end)
    }

    /// Whether the kernel is to take the first message apart.
    pub fn begins_in_segments(&self) -> bool {
        // SAFETY: so many are written.
        self.count > 0 && unsafe { self.messages[0].assume_init_ref() }.in_segments
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::Type;

    #[test]
    fn a_message_that_is_sent_again_is_told_apart_as_before() {
        let fd = Descriptor::open(Family::Inet, Type::Dgram, 0).unwrap();
        let (first, second) = (Datagram::of(b"one"), Datagram::of(b"two"));
        let mut outbox = Outbox::new(Some(1_232));
        outbox.begin(&first);
        assert!(outbox.extend(&first, &second));
        for _ in 0..20 {
            // It has no peer.
            assert!(outbox.send(&fd, Flags::NONE).is_err());
            assert!(outbox.begins_in_segments());
        }
    }
}
