//! Sending many datagrams in one system call, neighbours that go together as one message that the kernel takes apart
//! (UDP segmentation, `UDP_SEGMENT`).

use super::call::system_call;
use super::datagram::present;
use super::errno::EINVAL;
use super::transfer::{message, send_flags};
use super::{ControlBuf, Datagram, Descriptor, Errno, Family, Flags, RawAddr, Sent, SockAddr};
use libc::{iovec, mmsghdr};
use std::marker::PhantomData;
use std::mem::MaybeUninit;

/// The most messages that go out in one call.
const MESSAGES: usize = 32;
/// The most buffers, of which a message has one for each part that does not follow on the one before in memory.
const BUFS: usize = 128;
/// The most datagrams of one message that every Linux takes that takes several.
const SEGMENTS: usize = 64;
/// The most bytes of a message of several, so that it fits a packet whatever options are in that, and Linux, which counts the
/// headers, hands it to a device as one.
const BYTES: usize = 65_400;

/// What is packed beside a message's data: where it goes out from, its traffic class twice, the size of its segments.
type Control = ControlBuf<128>;

/// A message, but for its buffers.
struct Message {
    /// Where those begin.
    bufs: usize,
    /// How many datagrams are in it and in those before.
    end: usize,
    /// Of each of its datagrams but the last, which may be shorter.
    size: usize,
    has_name: bool,
    is_several: bool,
    /// The kernel takes it apart.
    in_segments: bool,
    name: SockAddr,
    control: Control,
}

/// Datagrams as messages, on their way out.
pub struct Outbox<'a> {
    /// Whether messages of several datagrams are made.
    in_segments: bool,
    messages: [MaybeUninit<Message>; MESSAGES],
    bufs: [MaybeUninit<iovec>; BUFS],
    count: usize,
    buf_count: usize,
    memory: PhantomData<&'a [u8]>,
}

impl<'a> Outbox<'a> {
    #[inline(always)]
    pub fn new(in_segments: bool) -> Outbox<'a> {
        Outbox {
            in_segments,
            messages: [const { MaybeUninit::uninit() }; MESSAGES],
            bufs: [const { MaybeUninit::uninit() }; BUFS],
            count: 0,
            buf_count: 0,
            memory: PhantomData,
        }
    }

    /// How many datagrams are in it.
    pub fn len(&self) -> usize {
        self.end_of(self.count)
    }

    /// Whether there is room for another message.
    #[inline]
    pub fn is_full(&self) -> bool {
        self.count == MESSAGES || self.buf_count == BUFS
    }

    /// The last message, which [`begin`](Outbox::begin) wrote.
    #[inline(always)]
    fn last_mut(&mut self) -> Option<&mut Message> {
        let last = self.messages.get_mut(self.count.wrapping_sub(1))?;
        // SAFETY: so many are written.
        Some(unsafe { last.assume_init_mut() })
    }

    /// Adds to the message that was just begun, with `first`, those of the next datagrams that may go with it, and returns
    /// how many. Each gets the result that it has once it is sent.
    #[inline(always)]
    pub fn extend(&mut self, first: &Datagram<'a>, next: &mut [Datagram<'a>]) -> usize {
        match next.first() {
            Some(second) if self.in_segments && second.goes_with(first) => self.extend_far(first, next),
            _ => 0,
        }
    }

    // Apart from what is done once, so that all that the loop needs is in registers.
    #[inline(never)]
    fn extend_far(&mut self, first: &Datagram<'a>, next: &mut [Datagram<'a>]) -> usize {
        // An empty one can't be a segment.
        if first.len == 0 {
            return 0;
        }
        // Each with no more comparisons than it needs, and those made word by word: a vector would take more steps.
        match first.present {
            0 => self.extend_by(first, next, |datagram| datagram.present == 0),
            present::ADDR => {
                let [a, b, c, d] = first.addr.ip_part();
                self.extend_by(first, next, |datagram| {
                    let to = datagram.addr.ip_part();
                    datagram.present == present::ADDR && to[0] == a && to[1] == b && to[2] == c && to[3] == d
                })
            }
            _ => self.extend_by(first, next, |datagram| datagram.goes_with(first)),
        }
    }

    #[inline(always)]
    fn extend_by(
        &mut self,
        first: &Datagram<'a>,
        next: &mut [Datagram<'a>],
        goes_with_first: impl Fn(&Datagram<'a>) -> bool,
    ) -> usize {
        let size = first.len;
        let bytes_left = BYTES.saturating_sub(size);
        // Dividing takes longer than what there is to do for some datagrams.
        let fitting = if size <= BYTES / SEGMENTS { SEGMENTS - 1 } else { bytes_left / size };
        let most = next.len().min(SEGMENTS - 1).min(fitting);
        let mut tail = Tail::new(&mut self.bufs, self.buf_count - 1, first);
        let mut count = 0;
        for datagram in &mut next[..most] {
            if datagram.len != size || !goes_with_first(datagram) || !tail.add(datagram, size) {
                break;
            }
            datagram.result = size as i64;
            count += 1;
        }
        // One that is shorter may be the last.
        let may_be = |last: &Datagram<'_>| {
            (1..size).contains(&last.len) && last.len <= bytes_left - count * size && count + 1 < SEGMENTS
        };
        if let Some(last) = next.get_mut(count).filter(|last| may_be(last) && goes_with_first(last)) {
            if tail.add(last, last.len) {
                last.result = last.len as i64;
                count += 1;
            }
        }
        self.buf_count = tail.end();
        if let Some(message) = self.last_mut() {
            message.end += count;
            message.is_several = count > 0;
        }
        count
    }

    /// Begins a message with a datagram, which is somewhere, when there is room for another; with an address, if there is
    /// one.
    #[inline(always)]
    pub fn begin(&mut self, datagram: &Datagram<'a>, to: Option<&RawAddr>) -> Result<(), Errno> {
        self.finish();
        let (bufs, end) = (self.buf_count, self.len() + 1);
        let (Some(place), Some(buf)) = (self.messages.get_mut(self.count), self.bufs.get_mut(bufs)) else {
            return Err(Errno(EINVAL));
        };
        let message = place.write(Message {
            bufs,
            end,
            size: datagram.len,
            has_name: to.is_some(),
            is_several: false,
            in_segments: false,
            name: SockAddr::room(),
            control: Control::new(),
        });
        to.map_or(Ok(()), |to| message.name.encode(to))?;
        buf.write(iovec { iov_base: datagram.data.cast(), iov_len: datagram.len });
        self.buf_count += 1;
        self.count += 1;
        Ok(())
    }

    /// Takes the last message out again.
    pub fn drop_last(&mut self) {
        if let Some(&mut Message { bufs, .. }) = self.last_mut() {
            self.buf_count = bufs;
            self.count -= 1;
        }
    }

    /// Packs something beside the last message.
    pub fn push(&mut self, item: Sent<'_>, family: Family) -> Result<(), Errno> {
        self.last_mut().map_or(Ok(()), |message| message.control.push(item, family))
    }

    /// Has the last message's datagrams told apart. To be called once, before all are sent.
    #[inline(always)]
    pub fn finish(&mut self) {
        let Some(message) = self.last_mut().filter(|message| message.is_several) else { return };
        // A size that is no such number is refused as it is.
        if let Ok(size) = u16::try_from(message.size) {
            message.in_segments = message.control.push_segment_size(size).is_ok();
        }
    }

    /// Sends as many messages as the system takes, and returns how many datagrams were in them.
    pub fn send(&mut self, fd: &Descriptor, flags: Flags) -> Result<usize, Errno> {
        let mut headers = [const { MaybeUninit::<mmsghdr>::uninit() }; MESSAGES];
        for (at, place) in headers[..self.count].iter_mut().enumerate() {
            // SAFETY: so many messages, each with its control data and, if it says so, its name, are written.
            unsafe {
                let this = self.messages[at].assume_init_ref();
                let end =
                    self.messages[..self.count].get(at + 1).map_or(self.buf_count, |next| next.assume_init_ref().bufs);
                let bufs = self.bufs[this.bufs..end].as_mut_ptr().cast();
                let mut header = message(bufs, end - this.bufs);
                if this.has_name {
                    header.msg_name = this.name.as_ptr().cast_mut().cast();
                    header.msg_namelen = this.name.len();
                }
                let (packed, len) = this.control.packed();
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

/// The last buffers of an outbox, while datagrams are added to them.
struct Tail<'o> {
    bufs: &'o mut [MaybeUninit<iovec>; BUFS],
    /// The last one, where it begins and where it ends so far.
    last: usize,
    from: *mut u8,
    to: *mut u8,
}

impl<'o> Tail<'o> {
    /// The last buffer is that of this datagram.
    #[inline(always)]
    fn new(bufs: &'o mut [MaybeUninit<iovec>; BUFS], last: usize, datagram: &Datagram<'_>) -> Tail<'o> {
        Tail { bufs, last, from: datagram.data, to: datagram.data.wrapping_add(datagram.len) }
    }

    /// Adds a datagram's bytes: mostly they follow on those before. Else they need to be somewhere, and a buffer of their own.
    #[inline(always)]
    fn add(&mut self, datagram: &Datagram<'_>, len: usize) -> bool {
        if datagram.data != self.to {
            if datagram.data.is_null() || self.last + 1 == BUFS {
                return false;
            }
            self.write();
            self.last += 1;
            self.from = datagram.data;
        }
        self.to = datagram.data.wrapping_add(len);
        true
    }

    #[inline(always)]
    fn write(&mut self) {
        let buf = iovec { iov_base: self.from.cast(), iov_len: self.to.addr() - self.from.addr() };
        self.bufs[self.last].write(buf);
    }

    /// Returns how many buffers there are now.
    #[inline(always)]
    fn end(mut self) -> usize {
        self.write();
        self.last + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::Type;

    #[test]
    fn a_message_that_is_sent_again_is_told_apart_as_before() {
        let fd = Descriptor::open(Family::Inet, Type::Dgram, 0).unwrap();
        let (first, mut others) = (Datagram::of(b"one"), [Datagram::of(b"two")]);
        let mut outbox = Outbox::new(true);
        outbox.begin(&first, None).unwrap();
        assert_eq!(outbox.extend(&first, &mut others), 1);
        outbox.finish();
        for _ in 0..20 {
            // It has no peer.
            assert!(outbox.send(&fd, Flags::NONE).is_err());
            assert!(outbox.begins_in_segments());
        }
    }
}
