//! Datagrams of a batch, with the layout of the C struct, so that a batch from C needs no copy.

use crate::sys::addr::{IpPart, RawAddr};
use crate::sys::socket::buffers::{RecvBuf, SendBuf};
use std::marker::PhantomData;
use std::mem::{offset_of, size_of};
use std::{ptr, slice};

/// Bits that show which fields of a datagram are set. The numbers are those of C's `jf_has`.
pub mod present {
    pub const ADDR: u32 = 0x1;
    pub const PACKET_INFO: u32 = 0x4;
    pub const TOS: u32 = 0x10;
    pub const TIME: u32 = 0x40;
    pub const ALL: u32 = ADDR | PACKET_INFO | TOS | TIME;
}

/// A datagram of a batch: one to send, or one received, and a buffer to receive into.
///
/// `data` points to the bytes to send, or to the received bytes in the buffer. Only this layer and C callers set
/// `data`, `buffer` and their lengths. The memory is valid for `'a`, unless `has_invalid_data` or
/// `has_invalid_buffer` reports otherwise. The order of the fields keeps those that an IP datagram usually
/// needs in one cache line.
#[repr(C)]
pub struct Datagram<'a> {
    pub(in crate::sys) data: *mut u8,
    pub(in crate::sys) len: usize,
    /// The number of bytes sent or received, or an error code.
    pub(crate) result: i64,
    /// Bits of [`present`].
    pub(crate) present: u32,
    pub(crate) tos: u32,
    /// The destination, or the sender.
    pub(crate) addr: RawAddr,
    /// The local address and the interface that it is sent from, or was sent to.
    pub(crate) local: RawAddr,
    pub(crate) interface: u32,
    reserved: u32,
    /// The time of arrival, in nanoseconds since 1970.
    pub(crate) time: i64,
    buffer: *mut u8,
    buffer_len: usize,
    memory: PhantomData<&'a mut [u8]>,
}

const _: () = assert!(size_of::<Datagram>() == 320);

/// The fields from `result` to the part of `addr` that an IP address uses, copied together.
pub(in crate::sys) type CommonFields = [u64; 6];
const _: () = assert!(
    offset_of!(Datagram, addr) + size_of::<IpPart>() == offset_of!(Datagram, result) + size_of::<CommonFields>()
        && offset_of!(Datagram, present) == offset_of!(Datagram, result) + 8
        && offset_of!(Datagram, addr) == offset_of!(Datagram, result) + 16
);

// SAFETY: a datagram borrows bytes for `'a`, and the borrow may move to another thread.
unsafe impl Send for Datagram<'_> {}
// SAFETY: a shared datagram only reads the bytes; they are written through an exclusive borrow of the datagram.
unsafe impl Sync for Datagram<'_> {}

impl<'a> Datagram<'a> {
    /// The offsets of the fields, in the order of the C struct's members.
    #[cfg(feature = "capi")]
    pub(crate) const OFFSETS: [usize; 11] = [
        offset_of!(Datagram, data),
        offset_of!(Datagram, len),
        offset_of!(Datagram, result),
        offset_of!(Datagram, present),
        offset_of!(Datagram, tos),
        offset_of!(Datagram, addr),
        offset_of!(Datagram, local),
        offset_of!(Datagram, interface),
        offset_of!(Datagram, time),
        offset_of!(Datagram, buffer),
        offset_of!(Datagram, buffer_len),
    ];

    const EMPTY: Datagram<'a> = Datagram {
        data: ptr::null_mut(),
        len: 0,
        result: 0,
        present: 0,
        tos: 0,
        addr: RawAddr::UNSPEC,
        local: RawAddr::UNSPEC,
        interface: 0,
        reserved: 0,
        time: 0,
        buffer: ptr::null_mut(),
        buffer_len: 0,
        memory: PhantomData,
    };

    /// A datagram to send.
    pub(crate) fn of(bytes: &'a [u8]) -> Datagram<'a> {
        Datagram { data: bytes.as_ptr().cast_mut(), len: bytes.len(), ..Datagram::EMPTY }
    }

    /// The length in bytes.
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether the length is zero.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether `data` and `len` are not a slice: a NULL with a length, or a length above `isize::MAX`.
    #[inline]
    pub(crate) fn has_invalid_data(&self) -> bool {
        self.len != 0 && (self.data.is_null() || self.len > isize::MAX as usize)
    }

    /// The capacity of the buffer.
    #[inline]
    pub(crate) fn buffer_len(&self) -> usize {
        self.buffer_len
    }

    /// Whether the buffer is not a slice: a NULL with a length, or a length above `isize::MAX`.
    pub(crate) fn has_invalid_buffer(&self) -> bool {
        self.buffer_len != 0 && (self.buffer.is_null() || self.buffer_len > isize::MAX as usize)
    }

    /// The bytes to send. The caller has checked `has_invalid_data`.
    #[inline]
    pub(crate) fn send_buf(&self) -> SendBuf<'a> {
        // SAFETY: valid data is readable for `'a`.
        unsafe { SendBuf::from_raw(self.data, self.len) }
    }

    /// The buffer to receive into. The caller has checked `has_invalid_buffer`, and uses one `RecvBuf` of a
    /// datagram at a time.
    #[inline]
    pub(in crate::sys) fn recv_buf(&self) -> RecvBuf<'a> {
        // SAFETY: a valid buffer is exclusively borrowed for `'a`, and nothing else accesses it through this datagram.
        unsafe { RecvBuf::from_raw(self.buffer, self.buffer_len) }
    }

    /// The fields that the datagrams of one coalesced message share: result, present fields, traffic class, IP address.
    #[inline(always)]
    pub(in crate::sys) fn common_fields(&self) -> CommonFields {
        // SAFETY: the fields are adjacent, aligned and initialised.
        unsafe { (&raw const self.result).cast::<CommonFields>().read() }
    }

    /// Copies the fields of another datagram of the message.
    #[inline(always)]
    pub(in crate::sys) fn set_common_fields(&mut self, fields: CommonFields) {
        // SAFETY: the fields are adjacent and aligned, and all bytes are values of them.
        unsafe { (&raw mut self.result).cast::<CommonFields>().write(fields) };
    }

    /// Whether both datagrams have the same destination and control messages, so that one message can carry both.
    #[inline(always)]
    pub(crate) fn can_share_message_with(&self, other: &Datagram<'_>) -> bool {
        let present = other.present;
        self.present == present
            && (present & present::ADDR == 0 || self.addr.ip_part() == other.addr.ip_part())
            && (present & !present::ADDR == 0 || self.has_equal_control(other))
    }

    #[inline(never)]
    fn has_equal_control(&self, other: &Datagram<'_>) -> bool {
        let has = |what: u32| self.present & what != 0;
        !(has(present::TOS) && self.tos != other.tos
            || has(present::PACKET_INFO)
                && (self.interface != other.interface || self.local.ip_part() != other.local.ip_part()))
    }
}

/// Buffers for datagrams, and the datagrams received last.
pub struct Batch<'a> {
    datagrams: Box<[Datagram<'a>]>,
    /// The number of received datagrams, at the start of `datagrams`.
    count: usize,
}

impl<'a> Batch<'a> {
    /// A batch of `count` datagrams, or of one for each buffer if there are more buffers.
    pub(crate) fn new(buffers: impl Iterator<Item = &'a mut [u8]>, count: usize) -> Batch<'a> {
        let with_buffer = |buffer: &'a mut [u8]| Datagram {
            buffer: buffer.as_mut_ptr(),
            buffer_len: buffer.len(),
            ..Datagram::EMPTY
        };
        let mut datagrams: Vec<_> = buffers.map(with_buffer).collect();
        datagrams.resize_with(count.max(datagrams.len()), || Datagram::EMPTY);
        Batch { datagrams: datagrams.into(), count: 0 }
    }

    /// The datagrams to receive into. The batch is empty until [`Batch::set_count`].
    pub(crate) fn buffers(&mut self) -> &mut [Datagram<'a>] {
        self.count = 0;
        &mut self.datagrams
    }

    /// Sets the number of received datagrams.
    pub(crate) fn set_count(&mut self, count: usize) {
        self.count = count;
    }

    pub(crate) fn datagrams(&self) -> &[Datagram<'a>] {
        &self.datagrams[..self.count]
    }

    /// The bytes of a received datagram.
    pub(crate) fn bytes(&self, index: usize) -> &[u8] {
        let datagram = &self.datagrams()[index];
        if datagram.len == 0 {
            return &[];
        }
        // SAFETY: only this layer changes `data` and `len`, so the bytes are in one of the buffers. The buffers came
        // from `&mut [u8]`, which is initialised and exclusively borrowed for `'a`. Nothing is received into them while
        // the batch is borrowed.
        unsafe { slice::from_raw_parts(datagram.data, datagram.len) }
    }
}
