//! Sending many datagrams in one system call. Adjacent datagrams with the same destination become one message, which
//! the kernel splits into segments (`UDP_SEGMENT`).

use crate::sys::addr::{RawAddr, SockAddr};
use crate::sys::datagram::types::{Datagram, present};
use crate::sys::errno::{EINVAL, Errno};
use crate::sys::message::control::OutgoingControl;
use crate::sys::message::control_buf::ControlBuf;
use crate::sys::socket::descriptor::Descriptor;
use crate::sys::socket::transfer::{new_msghdr, send_flags};
use crate::sys::system_call::system_call;
use crate::sys::types::{Family, Flags};
use libc::{iovec, mmsghdr};
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::{ptr, slice};

/// The largest number of segments in a message (UDP_MAX_SEGMENTS) that every Linux version with UDP segmentation
/// accepts.
pub const MAX_SEGMENTS: usize = 64;
/// The largest message of more than one segment, in bytes. With any IP options, it fits a packet of 65535 bytes. Linux
/// counts the headers as well, and still passes the message to a device in one piece.
pub const MAX_SEGMENTED_LEN: usize = 65_400;

/// Capacity for a source, two traffic classes and a segment size.
type Control = ControlBuf<128>;

/// Memory for the messages of one call and their buffers. A message has one buffer for each run of datagrams that are
/// contiguous in memory.
pub struct SendBatchMemory<const MESSAGES: usize, const BUFS: usize> {
    headers: [MaybeUninit<mmsghdr>; MESSAGES],
    addrs: [MaybeUninit<SockAddr>; MESSAGES],
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
            addrs: [const { MaybeUninit::uninit() }; MESSAGES],
            controls: [const { MaybeUninit::uninit() }; MESSAGES],
            ends: [const { MaybeUninit::uninit() }; MESSAGES],
            bufs: [const { MaybeUninit::uninit() }; BUFS],
        }
    }
}

/// Datagrams packed into messages. For each message, the order of the calls is: [`SendBatch::begin_message`],
/// [`SendBatch::push`] for each control message, [`SendBatch::finish_message`]. To keep the hot path short, these
/// functions do not check the order. The counters are separate from the memory, so that they stay in registers.
pub struct SendBatch<'o, 'a, const MESSAGES: usize, const BUFS: usize> {
    memory: &'o mut SendBatchMemory<MESSAGES, BUFS>,
    /// Whether adjacent datagrams are merged into one message.
    is_merging: bool,
    /// Whether the kernel splits the first message into segments.
    is_first_segmented: bool,
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
    pub fn new(memory: &'o mut SendBatchMemory<MESSAGES, BUFS>, is_merging: bool) -> Self {
        SendBatch { memory, is_merging, is_first_segmented: false, count: 0, buf_count: 0, len: 0, data: PhantomData }
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
    pub fn is_first_segmented(&self) -> bool {
        self.is_first_segmented
    }

    /// Begins a message with a datagram whose data is valid. `EINVAL` if the batch is full.
    /// [`SendBatch::finish_message`] completes the message.
    #[inline(always)]
    pub fn begin_message(&mut self, datagram: &Datagram<'a>, to: Option<&RawAddr>) -> Result<(), Errno> {
        if self.is_full() {
            return Err(Errno(EINVAL));
        }
        let (memory, at) = (&mut *self.memory, self.count);
        memory.bufs[self.buf_count].write(iovec_of(datagram));
        memory.controls[at].write(Control::new());
        let mut header = new_msghdr(ptr::null_mut(), 0);
        if let Some(to) = to {
            let addr = memory.addrs[at].write(SockAddr::new());
            addr.encode(to)?;
            header.msg_name = addr.as_ptr().cast_mut().cast();
            header.msg_namelen = addr.len();
        }
        memory.headers[at].write(mmsghdr { msg_hdr: header, msg_len: 0 });
        Ok(())
    }

    /// Adds a control message to the message that was begun.
    pub fn push(&mut self, item: OutgoingControl<'_>, family: Family) -> Result<(), Errno> {
        // SAFETY: the caller has begun the message, so `begin_message` has initialised the control buffer.
        unsafe { self.memory.controls[self.count].assume_init_mut() }.push(item, family)
    }

    /// Completes the message that was begun with `first`. Merges the datagrams of `next` that the message can carry,
    /// and returns their number. Writes their results in advance, as they are once the message is sent.
    #[inline(always)]
    pub fn finish_message(&mut self, first: &Datagram<'a>, next: &mut [Datagram<'a>]) -> usize {
        let at = self.count;
        let bufs = &mut self.memory.bufs[self.buf_count..];
        let (more, buf_count) = match next.first() {
            Some(second) if self.is_merging && (MESSAGES == 1 || second.can_share_message_with(first)) => {
                merge_datagrams(bufs, first, next)
            }
            _ => (0, 1),
        };
        // SAFETY: the caller has begun the message, so `begin_message` has initialised both.
        let (header, control) = unsafe {
            (&mut self.memory.headers[at].assume_init_mut().msg_hdr, self.memory.controls[at].assume_init_mut())
        };
        if more > 0 {
            // Without a segment size, the kernel rejects the whole message as a datagram that is too long.
            let is_segmented = u16::try_from(first.len).is_ok_and(|size| control.push_segment_size(size).is_ok());
            if at == 0 {
                self.is_first_segmented = is_segmented;
            }
        }
        let (control_data, control_len) = control.as_raw_parts();
        if control_len > 0 {
            header.msg_control = control_data.cast_mut().cast();
            header.msg_controllen = control_len as _;
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
        let (headers, flags) = (self.memory.headers.as_mut_ptr() as usize, send_flags(flags));
        // SAFETY: `count` headers are initialised. Their buffers, addresses and control messages are readable; the
        // kernel writes to the headers alone.
        let sent = unsafe {
            if self.count == 1 {
                return system_call(libc::SYS_sendmsg, [fd.raw(), headers, flags]).map(|_| self.len);
            }
            system_call(libc::SYS_sendmmsg, [fd.raw(), headers, self.count, flags])
        }?;
        let last = self.memory.ends[..self.count].get(sent.wrapping_sub(1));
        // SAFETY: `finish_message` has initialised the end of each message.
        Ok(last.map_or(0, |end| unsafe { end.assume_init() }))
    }
}

/// Merges the datagrams of `next` that one message can carry with `first`, whose buffer is the first of `bufs`. Returns
/// the number of merged datagrams, and the number of buffers including the first. Sets their results.
// Out of line, so that the loops keep everything in registers.
#[inline(never)]
fn merge_datagrams<'a>(
    bufs: &mut [MaybeUninit<iovec>],
    first: &Datagram<'a>,
    next: &mut [Datagram<'a>],
) -> (usize, usize) {
    // A segment is not empty.
    if first.len == 0 {
        return (0, 1);
    }
    // Each case has only the comparisons that it needs. Comparing words takes fewer instructions than comparing
    // vectors.
    match first.present {
        0 => merge_while(bufs, first, next, |datagram| datagram.present == 0),
        present::ADDR => {
            let to = first.addr.ip_part();
            merge_while(bufs, first, next, |datagram| {
                datagram.present == present::ADDR && datagram.addr.ip_part() == to
            })
        }
        _ => merge_while(bufs, first, next, |datagram| datagram.can_share_message_with(first)),
    }
}

#[inline(always)]
fn merge_while<'a>(
    bufs: &mut [MaybeUninit<iovec>],
    first: &Datagram<'a>,
    next: &mut [Datagram<'a>],
    matches_first: impl Fn(&Datagram<'a>) -> bool,
) -> (usize, usize) {
    let size = first.len;
    let remaining_bytes = MAX_SEGMENTED_LEN.saturating_sub(size);
    // A division would take longer than merging a few datagrams.
    let fitting = if size <= MAX_SEGMENTED_LEN / MAX_SEGMENTS { MAX_SEGMENTS - 1 } else { remaining_bytes / size };
    let max = next.len().min(MAX_SEGMENTS - 1).min(fitting);
    let all = bufs.len();
    let mut unused = bufs.iter_mut();
    let Some(buf) = unused.next() else { return (0, 1) };
    let mut tail = IovecTail { last: buf.write(iovec_of(first)), end: first.data.wrapping_add(size), unused };
    let mut count = 0;
    // Usually the datagrams are contiguous in memory.
    for datagram in &mut next[..max] {
        if datagram.data != tail.end || datagram.len != size || !matches_first(datagram) {
            break;
        }
        datagram.result = size as i64;
        tail.end = tail.end.wrapping_add(size);
        count += 1;
    }
    tail.last.iov_len += count * size;
    for datagram in &mut next[count..max] {
        if datagram.len != size || !matches_first(datagram) || !tail.add(datagram, size) {
            break;
        }
        datagram.result = size as i64;
        count += 1;
    }
    // The last segment may be shorter.
    let can_be_last = |last: &Datagram<'_>| {
        (1..size).contains(&last.len) && last.len <= remaining_bytes - count * size && count + 1 < MAX_SEGMENTS
    };
    if let Some(last) = next.get_mut(count).filter(|last| can_be_last(last) && matches_first(last)) {
        if tail.add(last, last.len) {
            last.result = last.len as i64;
            count += 1;
        }
    }
    (count, all - tail.unused.len())
}

/// The last buffer of a message, and the unused ones.
struct IovecTail<'o> {
    last: &'o mut iovec,
    /// The end of the last buffer.
    end: *mut u8,
    unused: slice::IterMut<'o, MaybeUninit<iovec>>,
}

impl IovecTail<'_> {
    /// Adds a datagram: to the last buffer if it is contiguous, otherwise with a buffer of its own. Returns whether it
    /// was added: its data must not be NULL, and a buffer must remain.
    #[inline(always)]
    fn add(&mut self, datagram: &Datagram<'_>, len: usize) -> bool {
        if datagram.data == self.end {
            self.last.iov_len += len;
        } else {
            let Some(next) = (if datagram.data.is_null() { None } else { self.unused.next() }) else { return false };
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
        let mut memory = SendBatchMemory::<1, MAX_SEGMENTS>::new();
        let mut batch = SendBatch::new(&mut memory, true);
        batch.begin_message(&first, None).unwrap();
        assert_eq!(batch.finish_message(&first, &mut others), 1);
        for _ in 0..20 {
            // The socket has no peer.
            assert!(batch.send(&fd, Flags::NONE).is_err());
            assert!(batch.is_first_segmented());
        }
    }
}
