//! Sending many datagrams in one system call. Adjacent datagrams with the same destination become one message, which
//! the kernel splits into segments (`UDP_SEGMENT`).

use crate::sys::addr::{RawAddr, SockAddr};
use crate::sys::datagram::types::{Datagram, present};
use crate::sys::errno::{EINVAL, Errno};
use crate::sys::message::control::OutgoingControl;
use crate::sys::message::control_buf::ControlBuf;
use crate::sys::socket::descriptor::Descriptor;
use crate::sys::socket::transfer::{message, send_flags};
use crate::sys::system_call::system_call;
use crate::sys::types::{Family, Flags};
use libc::{iovec, mmsghdr};
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::{ptr, slice};

/// The largest number of segments in a message that every Linux version with UDP segmentation accepts.
pub const SEGMENTS: usize = 64;
/// The largest message of several segments, in bytes. It fits a packet with any IP options, and Linux, which includes
/// the headers, passes it to a device in one piece.
pub const SEGMENTS_BYTES: usize = 65_400;

/// Capacity for a source, two traffic classes and a segment size.
type Control = ControlBuf<128>;

/// Memory for the messages of one call and their buffers. A message has one buffer for each run of datagrams that are
/// contiguous in memory.
pub struct SendBatchMemory<const MESSAGES: usize, const BUFS: usize> {
    headers: [MaybeUninit<mmsghdr>; MESSAGES],
    names: [MaybeUninit<SockAddr>; MESSAGES],
    controls: [MaybeUninit<Control>; MESSAGES],
    /// For each message, the number of datagrams up to its end.
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

/// Datagrams packed into messages. The counters are separate from the memory, so that they stay in registers.
pub struct SendBatch<'o, 'a, const MESSAGES: usize, const BUFS: usize> {
    memory: &'o mut SendBatchMemory<MESSAGES, BUFS>,
    /// Whether adjacent datagrams are merged into one message.
    in_segments: bool,
    /// Whether the kernel splits the first message into segments.
    begins_in_segments: bool,
    /// The number of complete messages.
    count: usize,
    /// The number of their buffers.
    buf_count: usize,
    /// The number of their datagrams.
    len: usize,
    data: PhantomData<&'a [u8]>,
}

impl<'o, 'a, const MESSAGES: usize, const BUFS: usize> SendBatch<'o, 'a, MESSAGES, BUFS> {
    #[inline(always)]
    pub fn new(memory: &'o mut SendBatchMemory<MESSAGES, BUFS>, in_segments: bool) -> Self {
        SendBatch { memory, in_segments, begins_in_segments: false, count: 0, buf_count: 0, len: 0, data: PhantomData }
    }

    /// The number of datagrams.
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether no further message fits.
    #[inline]
    pub fn is_full(&self) -> bool {
        self.count == MESSAGES || self.buf_count == BUFS
    }

    /// Whether the kernel splits the first message into segments.
    #[inline]
    pub fn begins_in_segments(&self) -> bool {
        self.begins_in_segments
    }

    /// Begins a message with a datagram whose data is valid. `EINVAL` if the batch is full. [`SendBatch::end`]
    /// completes the message.
    #[inline(always)]
    pub fn begin(&mut self, datagram: &Datagram<'a>, to: Option<&RawAddr>) -> Result<(), Errno> {
        if self.is_full() {
            return Err(Errno(EINVAL));
        }
        let (memory, at) = (&mut *self.memory, self.count);
        memory.bufs[self.buf_count].write(iovec_of(datagram));
        memory.controls[at].write(Control::new());
        let mut header = message(ptr::null_mut(), 0);
        if let Some(to) = to {
            let name = memory.names[at].write(SockAddr::new());
            name.encode(to)?;
            header.msg_name = name.as_ptr().cast_mut().cast();
            header.msg_namelen = name.len();
        }
        memory.headers[at].write(mmsghdr { msg_hdr: header, msg_len: 0 });
        Ok(())
    }

    /// Adds a control message to the message that was begun.
    pub fn push(&mut self, item: OutgoingControl<'_>, family: Family) -> Result<(), Errno> {
        // SAFETY: initialised by `begin`.
        unsafe { self.memory.controls[self.count].assume_init_mut() }.push(item, family)
    }

    /// Completes the message that was begun with `first`: merges the datagrams of `next` that it can carry, and returns
    /// how many. Sets the result that each of them has once the message is sent.
    #[inline(always)]
    pub fn end(&mut self, first: &Datagram<'a>, next: &mut [Datagram<'a>]) -> usize {
        let at = self.count;
        let bufs = &mut self.memory.bufs[self.buf_count..];
        let (more, buf_count) = match next.first() {
            Some(second) if self.in_segments && (MESSAGES == 1 || second.goes_with(first)) => gather(bufs, first, next),
            _ => (0, 1),
        };
        // SAFETY: initialised by `begin`.
        let (header, control) = unsafe {
            (&mut self.memory.headers[at].assume_init_mut().msg_hdr, self.memory.controls[at].assume_init_mut())
        };
        if more > 0 {
            // The kernel refuses a longer segment as one datagram.
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

    /// Sends as many messages as the kernel takes, and returns the number of their datagrams.
    #[inline(always)]
    pub fn send(&mut self, fd: &Descriptor, flags: Flags) -> Result<usize, Errno> {
        let (place, flags) = (self.memory.headers.as_mut_ptr() as usize, send_flags(flags));
        // SAFETY: `count` headers are initialised. Their buffers, addresses and control messages are readable; the
        // kernel writes to the headers alone.
        let sent = unsafe {
            if self.count == 1 {
                return system_call(libc::SYS_sendmsg, [fd.raw(), place, flags]).map(|_| self.len);
            }
            system_call(libc::SYS_sendmmsg, [fd.raw(), place, self.count, flags])
        }?;
        let last = self.memory.ends[..self.count].get(sent.wrapping_sub(1));
        // SAFETY: `end` initialised one for each message.
        Ok(last.map_or(0, |end| unsafe { end.assume_init() }))
    }
}

/// Merges the datagrams of `next` that one message can carry with `first`, whose buffer is the first of `bufs`. Returns
/// the number of merged datagrams, and the number of buffers including the first. Sets their results.
// Out of line, so that the loops keep everything in registers.
#[inline(never)]
fn gather<'a>(bufs: &mut [MaybeUninit<iovec>], first: &Datagram<'a>, next: &mut [Datagram<'a>]) -> (usize, usize) {
    // A segment is not empty.
    if first.len == 0 {
        return (0, 1);
    }
    // Each case has only the comparisons that it needs. They compare words, which takes fewer instructions than
    // vectors.
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
    // A division would take longer than merging a few datagrams.
    let fitting = if size <= SEGMENTS_BYTES / SEGMENTS { SEGMENTS - 1 } else { bytes_left / size };
    let max = next.len().min(SEGMENTS - 1).min(fitting);
    let all = bufs.len();
    let mut rest = bufs.iter_mut();
    let Some(buf) = rest.next() else { return (0, 1) };
    let mut tail = Tail { last: buf.write(iovec_of(first)), end: first.data.wrapping_add(size), rest };
    let mut count = 0;
    // Usually the datagrams are contiguous in memory.
    for datagram in &mut next[..max] {
        if datagram.data != tail.end || datagram.len != size || !goes_with_first(datagram) {
            break;
        }
        datagram.result = size as i64;
        tail.end = tail.end.wrapping_add(size);
        count += 1;
    }
    tail.last.iov_len += count * size;
    for datagram in &mut next[count..max] {
        if datagram.len != size || !goes_with_first(datagram) || !tail.add(datagram, size) {
            break;
        }
        datagram.result = size as i64;
        count += 1;
    }
    // The last segment may be shorter.
    let can_be_last = |last: &Datagram<'_>| {
        (1..size).contains(&last.len) && last.len <= bytes_left - count * size && count + 1 < SEGMENTS
    };
    if let Some(last) = next.get_mut(count).filter(|last| can_be_last(last) && goes_with_first(last)) {
        if tail.add(last, last.len) {
            last.result = last.len as i64;
            count += 1;
        }
    }
    (count, all - tail.rest.len())
}

/// The last buffer of a message, and the unused ones.
struct Tail<'o> {
    last: &'o mut iovec,
    /// The end of the last buffer.
    end: *mut u8,
    rest: slice::IterMut<'o, MaybeUninit<iovec>>,
}

impl Tail<'_> {
    /// Adds a datagram: to the last buffer if it is contiguous, otherwise with a buffer of its own. Returns whether it
    /// was added: its data must not be NULL, and a buffer must be left.
    #[inline(always)]
    fn add(&mut self, datagram: &Datagram<'_>, len: usize) -> bool {
        if datagram.data == self.end {
            self.last.iov_len += len;
        } else {
            let Some(next) = (if datagram.data.is_null() { None } else { self.rest.next() }) else { return false };
            self.last = next.write(iovec_of(datagram));
        }
        self.end = datagram.data.wrapping_add(len);
        true
    }
}

#[inline(always)]
fn iovec_of(datagram: &Datagram<'_>) -> iovec {
    iovec { iov_base: datagram.data.cast(), iov_len: datagram.len }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::Type;

    #[test]
    fn resending_keeps_the_segments() {
        let fd = Descriptor::open(Family::Inet, Type::Dgram, 0).unwrap();
        let (first, mut others) = (Datagram::of(b"one"), [Datagram::of(b"two")]);
        let mut memory = SendBatchMemory::<1, SEGMENTS>::new();
        let mut batch = SendBatch::new(&mut memory, true);
        batch.begin(&first, None).unwrap();
        assert_eq!(batch.end(&first, &mut others), 1);
        for _ in 0..20 {
            // The socket has no peer.
            assert!(batch.send(&fd, Flags::NONE).is_err());
            assert!(batch.begins_in_segments());
        }
    }
}
