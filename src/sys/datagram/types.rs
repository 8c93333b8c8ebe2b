//! A datagram of a batch, laid out as C has it.

use crate::sys::addr::IpPart;
use crate::sys::{RawAddr, RecvBuf, SendBuf};
use std::marker::PhantomData;
use std::mem::{offset_of, size_of};
use std::{ptr, slice};

/// Which of a datagram's fields are there; the numbers are C's.
pub mod present {
    pub const ADDR: u32 = 0x1;
    pub const PACKET_INFO: u32 = 0x4;
    pub const TOS: u32 = 0x10;
    pub const TIME: u32 = 0x40;
    pub const ALL: u32 = ADDR | PACKET_INFO | TOS | TIME;
}

/// A datagram of a batch: to be sent, or one that came, and maybe room to receive into.
///
/// What it points to lives for `'a`: bytes to send, a room, or where in a room the datagram is. In the order of its fields,
/// all that a datagram of IP mostly needs is in one cache line.
#[repr(C)]
pub struct Datagram<'a> {
    pub(in crate::sys) data: *mut u8,
    pub(in crate::sys) len: usize,
    /// How many bytes were sent or came, or the code of an error.
    pub(crate) result: i64,
    /// Bits of [`present`].
    pub(crate) present: u32,
    pub(crate) tos: u32,
    /// Where it goes to, or came from.
    pub(crate) addr: RawAddr,
    /// The address of this machine that it goes out from, or came to, and the interface.
    pub(crate) local: RawAddr,
    pub(crate) interface: u32,
    reserved: u32,
    /// In nanoseconds since 1970.
    pub(crate) time: i64,
    pub(in crate::sys) room: *mut u8,
    pub(in crate::sys) room_len: usize,
    memory: PhantomData<&'a mut [u8]>,
}

const _: () = assert!(size_of::<Datagram>() == 320);

/// The fields of a datagram from `result` to as much of `addr` as is of IP, which are written together.
pub(in crate::sys) type Told = [u64; 6];
const _: () = assert!(
    offset_of!(Datagram, addr) + size_of::<IpPart>() == offset_of!(Datagram, result) + size_of::<Told>()
        && offset_of!(Datagram, present) == offset_of!(Datagram, result) + 8
        && offset_of!(Datagram, addr) == offset_of!(Datagram, result) + 16
);

// SAFETY: it stands for slices of bytes, which may be sent and shared.
unsafe impl Send for Datagram<'_> {}
// SAFETY: as above.
unsafe impl Sync for Datagram<'_> {}

impl<'a> Datagram<'a> {
    /// Where its fields are.
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
        offset_of!(Datagram, room),
        offset_of!(Datagram, room_len),
    ];

    const NOTHING: Datagram<'a> = Datagram {
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
        room: ptr::null_mut(),
        room_len: 0,
        memory: PhantomData,
    };

    /// One to send.
    pub(crate) fn of(bytes: &'a [u8]) -> Datagram<'a> {
        Datagram { data: bytes.as_ptr().cast_mut(), len: bytes.len(), ..Datagram::NOTHING }
    }

    /// How many bytes it is.
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether that is none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether it has bytes and no place where they are, or more than there can be.
    #[inline]
    pub(crate) fn is_nowhere(&self) -> bool {
        self.len != 0 && (self.data.is_null() || self.len > isize::MAX as usize)
    }

    /// How much it has room for.
    #[inline]
    pub(crate) fn room_len(&self) -> usize {
        self.room_len
    }

    /// Whether it has room and no place where that is, or more than there can be.
    pub(crate) fn has_room_nowhere(&self) -> bool {
        self.room_len != 0 && (self.room.is_null() || self.room_len > isize::MAX as usize)
    }

    /// What is sent of it.
    #[inline]
    pub(crate) fn send_buf(&self) -> SendBuf<'a> {
        SendBuf::at(self.data, self.len)
    }

    #[inline]
    pub(in crate::sys) fn recv_buf(&self) -> RecvBuf<'a> {
        RecvBuf::at(self.room, self.room_len)
    }

    /// What datagrams that came together have in common: their length as a result, which fields there are, the traffic class,
    /// and the address, of IP.
    #[inline(always)]
    pub(in crate::sys) fn told(&self) -> Told {
        // SAFETY: so many bytes are there and initialised.
        unsafe { (&raw const self.result).cast::<Told>().read() }
    }

    /// Takes that from another.
    #[inline(always)]
    pub(in crate::sys) fn set_told(&mut self, told: Told) {
        // SAFETY: there is room for so many bytes, and any are values of those fields.
        unsafe { (&raw mut self.result).cast::<Told>().write(told) };
    }

    /// Whether it goes to the same place as the other, with the same beside it.
    #[inline(always)]
    pub(crate) fn goes_with(&self, other: &Datagram<'_>) -> bool {
        let present = other.present;
        self.present == present
            && (present & present::ADDR == 0 || self.addr.ip_part() == other.addr.ip_part())
            && (present & !present::ADDR == 0 || self.is_sent_alike(other))
    }

    #[inline(never)]
    fn is_sent_alike(&self, other: &Datagram<'_>) -> bool {
        let has = |what: u32| self.present & what != 0;
        !(has(present::TOS) && self.tos != other.tos
            || has(present::PACKET_INFO)
                && (self.interface != other.interface || self.local.ip_part() != other.local.ip_part()))
    }
}

/// Room for datagrams, and those that came last.
pub struct Batch<'a> {
    datagrams: Box<[Datagram<'a>]>,
    /// How many came.
    count: usize,
}

impl<'a> Batch<'a> {
    /// So many datagrams, the first of which have these rooms.
    pub(crate) fn new(rooms: impl Iterator<Item = &'a mut [u8]>, count: usize) -> Batch<'a> {
        let with_room =
            |room: &'a mut [u8]| Datagram { room: room.as_mut_ptr(), room_len: room.len(), ..Datagram::NOTHING };
        let mut datagrams: Vec<_> = rooms.map(with_room).collect();
        datagrams.resize_with(count.max(datagrams.len()), || Datagram::NOTHING);
        Batch { datagrams: datagrams.into(), count: 0 }
    }

    /// The datagrams to receive into, of which nothing is known until it is told how many came.
    pub(crate) fn rooms(&mut self) -> &mut [Datagram<'a>] {
        self.count = 0;
        &mut self.datagrams
    }

    /// Tells how many came.
    pub(crate) fn filled(&mut self, count: usize) {
        self.count = count;
    }

    /// Those that came.
    pub(crate) fn datagrams(&self) -> &[Datagram<'a>] {
        &self.datagrams[..self.count]
    }

    /// The bytes of one that came.
    pub(crate) fn bytes(&self, index: usize) -> &[u8] {
        let datagram = &self.datagrams()[index];
        if datagram.len == 0 {
            return &[];
        }
        // SAFETY: when it came it was put into one of the rooms, which are there for `'a`, are bytes from the beginning, and
        // are nobody else's: nothing can be received into them as long as the batch is borrowed.
        unsafe { slice::from_raw_parts(datagram.data, datagram.len) }
    }
}
