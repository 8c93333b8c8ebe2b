//! Sending many datagrams in one system call, neighbours that go together as one message that the kernel takes apart
//! (UDP segmentation, `UDP_SEGMENT`).

use crate::sys::datagram::types::present;
use crate::sys::errno::EINVAL;
use crate::sys::socket::transfer::{message, send_flags};
use crate::sys::system_call::system_call;
use crate::sys::{ControlBuf, Datagram, Descriptor, Errno, Family, Flags, OutgoingControl, RawAddr, SockAddr};
use libc::{iovec, mmsghdr};
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::{ptr, slice};

/// The most datagrams of one message that every Linux takes that takes several.
pub const SEGMENTS: usize = 64;
/// The most bytes of a message of several, so that it fits a packet whatever options are in that, and Linux, which counts the
/// headers, hands it to a device as one.
pub const SEGMENTS_BYTES: usize = 65_400;

/// What is packed beside a message's data: where it goes out from, its traffic class twice, the size of its segments.
type Control = ControlBuf<128>;

/// Memory for so many messages that go out in one call, and for so many buffers, of which a message has one for each part
/// that does not follow on the one before in memory.
pub struct SendBatchMemory<const MESSAGES: usize, const BUFS: usize> {
    headers: [MaybeUninit<mmsghdr>; MESSAGES],
    names: [MaybeUninit<SockAddr>; MESSAGES],
    controls: [MaybeUninit<Control>; MESSAGES],
    /// How many datagrams are in each message and in those before.
    ends: [MaybeUninit<usize>; MESSAGES],
    bufs: [MaybeUninit<iovec>; BUFS],
}

impl<const MESSAGES: usize, const BUFS: usize> SendBatchMemory<MESSAGES, BUFS> {
    #[inline(always)]
    pub fn new() -> Self {
        SendBatchMemory {
            headers: [const { MaybeUninit::uninit() }; MESSAGES],
            names: [const { MaybeUninit::uninit() }; MESSAGES],
            controls: [const { MaybeUninit::uninit() }; MESSAGES],
            ends: [const { MaybeUninit::uninit() }; MESSAGES],
            bufs: [const { MaybeUninit::uninit() }; BUFS],
        }
    }
}

/// Datagrams as messages, on their way out. What is counted stands apart from the memory, in registers.
pub struct SendBatch<'o, 'a, const MESSAGES: usize, const BUFS: usize> {
    memory: &'o mut SendBatchMemory<MESSAGES, BUFS>,
    /// Whether messages of several datagrams are made.
    in_segments: bool,
    /// The kernel takes the first message apart.
    begins_in_segments: bool,
    /// How many messages there are; beside the one that was begun, if one was.
    count: usize,
    /// How many buffers those have.
    buf_count: usize,
    /// How many datagrams are in them.
    len: usize,
    data: PhantomData<&'a [u8]>,
}

impl<'o, 'a, const MESSAGES: usize, const BUFS: usize> SendBatch<'o, 'a, MESSAGES, BUFS> {
    #[inline(always)]
    pub fn new(memory: &'o mut SendBatchMemory<MESSAGES, BUFS>, in_segments: bool) -> Self {
        SendBatch { memory, in_segments, begins_in_segments: false, count: 0, buf_count: 0, len: 0, data: PhantomData }
    }

    /// How many datagrams are in it.
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is room for another message.
    #[inline]
    pub fn is_full(&self) -> bool {
        self.count == MESSAGES || self.buf_count == BUFS
    }

    /// Whether the kernel is to take the first message apart.
    #[inline]
    pub fn begins_in_segments(&self) -> bool {
        self.begins_in_segments
    }

    /// Begins a message with a datagram, which is somewhere, when there is room for another; with an address, if there is
    /// one. It is not in the outbox before it is [ended](Outbox::end).
    #[inline(always)]
    pub fn begin(&mut self, datagram: &Datagram<'a>, to: Option<&RawAddr>) -> Result<(), Errno> {
        if self.is_full() {
            return Err(Errno(EINVAL));
        }
        let (memory, at) = (&mut *self.memory, self.count);
        memory.bufs[self.buf_count].write(buf_of(datagram));
        memory.controls[at].write(Control::new());
        let mut header = message(ptr::null_mut(), 0);
        if let Some(to) = to {
            let name = memory.names[at].write(SockAddr::room());
            name.encode(to)?;
            header.msg_name = name.as_ptr().cast_mut().cast();
            header.msg_namelen = name.len();
        }
        memory.headers[at].write(mmsghdr { msg_hdr: header, msg_len: 0 });
        Ok(())
    }

    /// Packs something beside the message that was begun.
    pub fn push(&mut self, item: OutgoingControl<'_>, family: Family) -> Result<(), Errno> {
        // SAFETY: written by `begin`.
        unsafe { self.memory.controls[self.count].assume_init_mut() }.push(item, family)
    }

    /// Ends the message that was begun with `first`: adds those of the next datagrams that may go with it, and returns how
    /// many. Each gets the result that it has once it is sent.
    #[inline(always)]
    pub fn end(&mut self, first: &Datagram<'a>, next: &mut [Datagram<'a>]) -> usize {
        let at = self.count;
        let bufs = &mut self.memory.bufs[self.buf_count..];
        let (more, buf_count) = match next.first() {
            Some(second) if self.in_segments && (MESSAGES == 1 || second.goes_with(first)) => gather(bufs, first, next),
            _ => (0, 1),
        };
        // SAFETY: written by `begin`.
        let (header, control) = unsafe {
            (&mut self.memory.headers[at].assume_init_mut().msg_hdr, self.memory.controls[at].assume_init_mut())
        };
        if more > 0 {
            // A size that is no such number is refused as it is.
            let in_segments = u16::try_from(first.len).is_ok_and(|size| control.push_segment_size(size).is_ok());
            if at == 0 {
                self.begins_in_segments = in_segments;
            }
        }
        let (packed, packed_len) = control.packed();
        if packed_len > 0 {
            header.msg_control = packed.cast_mut().cast();
            header.msg_controllen = packed_len as _;
        }
        header.msg_iov = self.memory.bufs[self.buf_count..].as_mut_ptr().cast();
        header.msg_iovlen = buf_count as _;
        self.count += 1;
        self.buf_count += buf_count;
        self.len += 1 + more;
        self.memory.ends[at].write(self.len);
        more
    }

    /// Sends as many messages as the system takes, and returns how many datagrams were in them.
    #[inline(always)]
    pub fn send(&mut self, fd: &Descriptor, flags: Flags) -> Result<usize, Errno> {
        let (place, flags) = (self.memory.headers.as_mut_ptr() as usize, send_flags(flags));
        // SAFETY: of so many headers, every buffer is readable memory of its length, as are the addresses and the control
        // data; the kernel writes to nothing but the headers.
        let sent = unsafe {
            if self.count == 1 {
                return system_call(libc::SYS_sendmsg, [fd.raw(), place, flags]).map(|_| self.len);
            }
            system_call(libc::SYS_sendmmsg, [fd.raw(), place, self.count, flags])
        }?;
        let last = self.memory.ends[..self.count].get(sent.wrapping_sub(1));
        // SAFETY: so many are written.
        Ok(last.map_or(0, |end| unsafe { end.assume_init() }))
    }
}

/// Gathers those of the next datagrams that may go in one message with the first, whose buffer is the first of these, and
/// returns how many they are, and how many buffers they have with it. Each gets the result that it has once it is sent.
// Apart from what is done once, so that all that the loop needs is in registers.
#[inline(never)]
fn gather<'a>(bufs: &mut [MaybeUninit<iovec>], first: &Datagram<'a>, next: &mut [Datagram<'a>]) -> (usize, usize) {
    // An empty one can't be a segment.
    if first.len == 0 {
        return (0, 1);
    }
    // Each with no more comparisons than it needs, and those made word by word: a vector would take more steps.
    match first.present {
        0 => gather_by(bufs, first, next, |datagram| datagram.present == 0),
        present::ADDR => {
            let to = first.addr.ip_part();
            gather_by(bufs, first, next, |datagram| datagram.present == present::ADDR && datagram.addr.ip_part() == to)
        }
        _ => gather_by(bufs, first, next, |datagram| datagram.goes_with(first)),
    }
}

#[inline(always)]
fn gather_by<'a>(
    bufs: &mut [MaybeUninit<iovec>],
    first: &Datagram<'a>,
    next: &mut [Datagram<'a>],
    goes_with_first: impl Fn(&Datagram<'a>) -> bool,
) -> (usize, usize) {
    let size = first.len;
    let bytes_left = SEGMENTS_BYTES.saturating_sub(size);
    // Dividing takes longer than what there is to do for some datagrams.
    let fitting = if size <= SEGMENTS_BYTES / SEGMENTS { SEGMENTS - 1 } else { bytes_left / size };
    let most = next.len().min(SEGMENTS - 1).min(fitting);
    let all = bufs.len();
    let mut rest = bufs.iter_mut();
    let Some(buf) = rest.next() else { return (0, 1) };
    let mut tail = Tail { last: buf.write(buf_of(first)), to: first.data.wrapping_add(size), rest };
    let mut count = 0;
    // Mostly each follows in memory on the one before.
    for datagram in &mut next[..most] {
        if datagram.data != tail.to || datagram.len != size || !goes_with_first(datagram) {
            break;
        }
        datagram.result = size as i64;
        tail.to = tail.to.wrapping_add(size);
        count += 1;
    }
    tail.last.iov_len += count * size;
    for datagram in &mut next[count..most] {
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
    (count, all - tail.rest.len())
}

/// The buffers of a message, while datagrams are added to them.
struct Tail<'o> {
    last: &'o mut iovec,
    /// Where that one ends.
    to: *mut u8,
    rest: slice::IterMut<'o, MaybeUninit<iovec>>,
}

impl Tail<'_> {
    /// Adds so many bytes of a datagram: to the last buffer if they follow on it; else they need to be somewhere, and a buffer
    /// of their own.
    #[inline(always)]
    fn add(&mut self, datagram: &Datagram<'_>, len: usize) -> bool {
        if datagram.data == self.to {
            self.last.iov_len += len;
        } else {
            let Some(next) = (if datagram.data.is_null() { None } else { self.rest.next() }) else { return false };
            self.last = next.write(buf_of(datagram));
        }
        self.to = datagram.data.wrapping_add(len);
        true
    }
}

#[inline(always)]
fn buf_of(datagram: &Datagram<'_>) -> iovec {
    iovec { iov_base: datagram.data.cast(), iov_len: datagram.len }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::Type;

    #[test]
    fn a_message_that_is_sent_again_is_told_apart_as_before() {
        let fd = Descriptor::open(Family::Inet, Type::Dgram, 0).unwrap();
        let (first, mut others) = (Datagram::of(b"one"), [Datagram::of(b"two")]);
        let mut memory = SendBatchMemory::<1, SEGMENTS>::new();
        let mut outbox = SendBatch::new(&mut memory, true);
        outbox.begin(&first, None).unwrap();
        assert_eq!(outbox.end(&first, &mut others), 1);
        for _ in 0..20 {
            // It has no peer.
            assert!(outbox.send(&fd, Flags::NONE).is_err());
            assert!(outbox.begins_in_segments());
        }
    }
}
