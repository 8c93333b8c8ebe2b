//! What a message carries beside its data, and how the operating system packs it.

use crate::sys::addr::SockAddr;
use crate::sys::errno::EINVAL;
use crate::sys::{Descriptor, Errno, Family, RawAddr};
use libc::{c_int, cmsghdr, in_pktinfo, in6_pktinfo, sock_extended_err, timespec, timeval, ucred};
use std::mem::{MaybeUninit, size_of};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};
use std::time::Duration;
use std::{ptr, slice};

/// The most descriptors that one message carries: Linux's `SCM_MAX_FD`.
pub const DESCRIPTORS_MAX: usize = 253;

/// Room for everything at once that is usual: the descriptors are a kilobyte, an extension header of an IPv6 packet at
/// most two. What does not fit is cut, and told.
const ALL_USUAL: usize = 4096;

// Linux's numbers that the C library has no names for.
const SCM_SECURITY: c_int = 3;
const SCM_PIDFD: c_int = 4;

/// Who a process is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// Its number.
    pub pid: i32,
    /// Its user.
    pub uid: u32,
    /// Its group.
    pub gid: u32,
}

/// Where a queued error comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
#[non_exhaustive]
pub enum Origin {
    /// Something that has no name here.
    Other = 0,
    /// This machine.
    Local = 1,
    /// An ICMP message.
    Icmp = 2,
    /// An ICMPv6 message.
    Icmp6 = 3,
    /// No error: the timestamp of something sent.
    Timestamp = 4,
    /// No error: something that was sent without a copy is done with.
    ZeroCopy = 5,
}

/// Something to send beside the data.
pub enum OutgoingControl<'a> {
    Descriptors(&'a [BorrowedFd<'a>]),
    Credentials(Credentials),
    /// From which interface and address of this machine.
    Source(u32, &'a RawAddr),
    Ttl(u8),
    Tos(u8),
    SegmentSize(u16),
    /// Packed already, by somebody who knows how.
    Packed(&'a [u8]),
}

/// Something that came beside the data.
pub enum IncomingControl<'a> {
    Descriptor(Descriptor),
    /// Stands for the sender's process.
    Process(Descriptor),
    /// Something that the system could not give.
    Lost,
    Credentials(Credentials),
    /// To which interface and address.
    Destination(u32, RawAddr),
    /// Where it went before the packet was redirected.
    OriginalDestination(RawAddr),
    Ttl(u32),
    Tos(u32),
    Timestamp(Duration),
    HardwareTimestamp(Duration),
    /// How many messages the socket has lost so far, for want of room.
    Overflow(u32),
    SegmentSize(u32),
    PathMtu(u32),
    Error(OsError),
    /// Of no kind that is known here; packed as the system packs it.
    Other(&'a [u8]),
}

/// A queued error, as the operating system tells it.
pub struct OsError {
    pub errno: Errno,
    pub origin: Origin,
    pub kind: u8,
    pub code: u8,
    pub info: u32,
    pub data: u32,
    /// Who reported it.
    pub from: RawAddr,
}

/// Descriptors that came, to be taken one after the other; the rest is closed.
pub struct Descriptors {
    /// Those from `next` up to `end` are there, and are owned.
    fds: [MaybeUninit<RawFd>; DESCRIPTORS_MAX],
    next: usize,
    end: usize,
}

impl Descriptors {
    #[inline]
    pub fn new() -> Descriptors {
        Descriptors { fds: [const { MaybeUninit::uninit() }; DESCRIPTORS_MAX], next: 0, end: 0 }
    }

    /// How many are left.
    #[inline]
    pub fn len(&self) -> usize {
        self.end - self.next
    }

    /// Puts one behind the others, if there is room.
    pub fn push(&mut self, fd: Descriptor) -> Result<(), Descriptor> {
        match self.fds.get_mut(self.end) {
            Some(place) => {
                place.write(OwnedFd::from(fd).into_raw_fd());
                self.end += 1;
                Ok(())
            }
            None => Err(fd),
        }
    }

    /// Takes the first.
    pub fn pop(&mut self) -> Option<Descriptor> {
        if self.next == self.end {
            return None;
        }
        self.next += 1;
        // SAFETY: it was there and owned, and from now on it is not here.
        Some(Descriptor::from(unsafe { OwnedFd::from_raw_fd(self.fds[self.next - 1].assume_init()) }))
    }

    /// Closes what is left, and makes room.
    #[inline]
    pub fn clear(&mut self) {
        while self.pop().is_some() {}
        (self.next, self.end) = (0, 0);
    }
}

impl Drop for Descriptors {
    #[inline]
    fn drop(&mut self) {
        self.clear();
    }
}

/// Control data, packed.
#[repr(C, align(8))]
pub struct ControlBuf<const ROOM: usize = ALL_USUAL> {
    room: [MaybeUninit<u8>; ROOM],
    len: usize,
}

const fn align(len: usize) -> usize {
    len.next_multiple_of(align_of::<usize>())
}

const HEADER: usize = align(size_of::<cmsghdr>());

/// The size of a message's segments, as the system packs it.
#[repr(C)]
struct SegmentSize {
    header: cmsghdr,
    size: u16,
    padding: [u16; 3],
}

const _: () = assert!(size_of::<SegmentSize>() == HEADER + align(size_of::<u16>()));

impl<const ROOM: usize> ControlBuf<ROOM> {
    #[inline]
    pub fn new() -> Self {
        ControlBuf { room: [const { MaybeUninit::uninit() }; ROOM], len: 0 }
    }

    /// Where the packed data begins, and how long it is.
    #[inline]
    pub(in crate::sys) fn packed(&self) -> (*const u8, usize) {
        (self.room.as_ptr().cast(), self.len)
    }

    /// Where the system may pack it, and how much.
    #[inline]
    pub(in crate::sys) fn fill(&mut self) -> (*mut u8, usize) {
        (self.room.as_mut_ptr().cast(), ROOM)
    }

    /// Says how much the system packed.
    ///
    /// # Safety
    /// The system has packed so much, and the descriptors in it are nobody's yet.
    #[inline]
    pub(in crate::sys) unsafe fn filled(&mut self, len: usize) {
        self.len = len.min(ROOM);
    }

    /// Adds something for a socket of this family. An IPv6 socket sends to IPv4 addresses as well, and then heeds what
    /// is said to IPv4; otherwise it passes over that.
    pub fn push(&mut self, item: OutgoingControl<'_>, family: Family) -> Result<(), Errno> {
        let is_v6 = family == Family::Inet6;
        match item {
            OutgoingControl::Descriptors(fds) => {
                let mut numbers = [0; DESCRIPTORS_MAX];
                let numbers = numbers.get_mut(..fds.len()).ok_or(Errno(EINVAL))?;
                for (number, fd) in numbers.iter_mut().zip(fds) {
                    *number = fd.as_raw_fd();
                }
                self.pack(libc::SOL_SOCKET, libc::SCM_RIGHTS, bytes_of(numbers))
            }
            OutgoingControl::Credentials(Credentials { pid, uid, gid }) => {
                self.pack(libc::SOL_SOCKET, libc::SCM_CREDENTIALS, bytes_of(&[ucred { pid, uid, gid }]))
            }
            OutgoingControl::Source(interface, addr) if is_v6 => {
                let ip = match addr.bytes() {
                    &[a, b, c, d] => Ipv4Addr::new(a, b, c, d).to_ipv6_mapped().octets(),
                    ip => ip.try_into().unwrap_or_default(),
                };
                let info = in6_pktinfo { ipi6_addr: libc::in6_addr { s6_addr: ip }, ipi6_ifindex: interface };
                self.pack(libc::IPPROTO_IPV6, libc::IPV6_PKTINFO, bytes_of(&[info]))
            }
            OutgoingControl::Source(interface, addr) => {
                let ip = u32::from_ne_bytes(addr.bytes().try_into().unwrap_or_default());
                let none = libc::in_addr { s_addr: 0 };
                let ipi_ifindex = interface as c_int;
                let info = in_pktinfo { ipi_ifindex, ipi_spec_dst: libc::in_addr { s_addr: ip }, ipi_addr: none };
                self.pack(libc::IPPROTO_IP, libc::IP_PKTINFO, bytes_of(&[info]))
            }
            OutgoingControl::Ttl(ttl) => {
                if is_v6 {
                    self.pack(libc::IPPROTO_IPV6, libc::IPV6_HOPLIMIT, bytes_of(&[c_int::from(ttl)]))?;
                }
                self.pack(libc::IPPROTO_IP, libc::IP_TTL, bytes_of(&[c_int::from(ttl)]))
            }
            OutgoingControl::Tos(tos) => {
                if is_v6 {
                    self.pack(libc::IPPROTO_IPV6, libc::IPV6_TCLASS, bytes_of(&[c_int::from(tos)]))?;
                }
                self.pack(libc::IPPROTO_IP, libc::IP_TOS, bytes_of(&[c_int::from(tos)]))
            }
            OutgoingControl::SegmentSize(size) => self.push_segment_size(size),
            OutgoingControl::Packed(bytes) if is_packed(bytes) => self.append(bytes),
            OutgoingControl::Packed(_) => Err(Errno(EINVAL)),
        }
    }

    /// [`OutgoingControl::SegmentSize`], which is packed so often that it is written at once.
    #[inline(always)]
    pub fn push_segment_size(&mut self, size: u16) -> Result<(), Errno> {
        let place = self.room.get_mut(self.len..self.len + size_of::<SegmentSize>()).ok_or(Errno(EINVAL))?;
        // SAFETY: all zeros is a header.
        let mut header: cmsghdr = unsafe { std::mem::zeroed() };
        header.cmsg_len = (HEADER + size_of::<u16>()) as _;
        header.cmsg_level = libc::SOL_UDP;
        header.cmsg_type = libc::UDP_SEGMENT;
        // SAFETY: the place is as large.
        unsafe {
            place.as_mut_ptr().cast::<SegmentSize>().write_unaligned(SegmentSize { header, size, padding: [0; 3] })
        };
        self.len += size_of::<SegmentSize>();
        Ok(())
    }

    fn pack(&mut self, level: c_int, kind: c_int, data: &[u8]) -> Result<(), Errno> {
        // SAFETY: all zeros is a header.
        let mut header: cmsghdr = unsafe { std::mem::zeroed() };
        header.cmsg_len = (HEADER + data.len()) as _;
        header.cmsg_level = level;
        header.cmsg_type = kind;
        self.append(bytes_of(&[header]))?;
        self.append(data)
    }

    /// Adds bytes, and zeros up to where the next header may begin.
    fn append(&mut self, bytes: &[u8]) -> Result<(), Errno> {
        let end = align(self.len + bytes.len());
        let room = self.room.get_mut(self.len..end).ok_or(Errno(EINVAL))?;
        let (place, padding) = room.split_at_mut(bytes.len());
        // SAFETY: both are so long, and they are not the same memory.
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), place.as_mut_ptr().cast(), bytes.len()) };
        padding.fill(MaybeUninit::new(0));
        self.len = end;
        Ok(())
    }

    /// The size of the segments that a message was run together from, if that is all that came.
    #[inline(always)]
    pub fn segment_size_alone(&self) -> Option<u32> {
        const LEN: usize = HEADER + size_of::<c_int>();
        if self.len != align(LEN) {
            return None;
        }
        // SAFETY: so much was written, and any bytes are a header and a number.
        let (header, size) = unsafe {
            let place = self.room.as_ptr();
            (place.cast::<cmsghdr>().read_unaligned(), place.add(HEADER).cast::<u32>().read_unaligned())
        };
        let is_it =
            header.cmsg_len == LEN as _ && (header.cmsg_level, header.cmsg_type) == (libc::SOL_UDP, libc::UDP_GRO);
        is_it.then_some(size)
    }

    /// Takes out everything that came, of which something may be cut: then the system fills the room to its end,
    /// perhaps with the first part of something.
    pub fn take(&mut self, is_cut: bool, mut each: impl FnMut(IncomingControl<'_>)) {
        // SAFETY: so much was written, by the system or here.
        let mut rest = unsafe { slice::from_raw_parts(self.room.as_ptr().cast::<u8>(), self.len) };
        let may_end_in_a_part = is_cut && self.len == ROOM;
        self.len = 0;
        while let Some(header) = read::<cmsghdr>(rest) {
            #[allow(clippy::unnecessary_cast, reason = "C libraries differ in its type")]
            let len = header.cmsg_len as usize;
            let Some(data) = rest.get(HEADER..len) else { break };
            // Descriptors it never cuts.
            let is_part = may_end_in_a_part && align(len) >= rest.len();
            if is_part && header.cmsg_level != libc::SOL_SOCKET {
                break;
            }
            // SAFETY: the system packed it, and nobody has taken the descriptors.
            unsafe { came(header.cmsg_level, header.cmsg_type, data, &rest[..len], &mut each) };
            rest = rest.get(align(len)..).unwrap_or_default();
        }
    }
}

/// Whether bytes are whole pieces of control data, so that no byte behind them passes for a part of one.
fn is_packed(mut rest: &[u8]) -> bool {
    while let Some(header) = read::<cmsghdr>(rest) {
        #[allow(clippy::unnecessary_cast, reason = "C libraries differ in its type")]
        let len = header.cmsg_len as usize;
        if !(HEADER..=rest.len()).contains(&len) {
            return false;
        }
        rest = rest.get(align(len)..).unwrap_or_default();
    }
    rest.is_empty()
}

/// Tells what one piece of control data is.
///
/// # Safety
/// Descriptors in it are nobody's yet.
unsafe fn came(level: c_int, kind: c_int, data: &[u8], packed: &[u8], each: &mut impl FnMut(IncomingControl<'_>)) {
    let number = || read::<u32>(data).unwrap_or_else(|| data.first().copied().unwrap_or(0).into());
    // SAFETY: the caller's.
    let own = |fd: &RawFd| Descriptor::from(unsafe { OwnedFd::from_raw_fd(*fd) });
    let mut one = |item: Option<IncomingControl<'_>>| each(item.unwrap_or(IncomingControl::Other(packed)));
    match (level, kind) {
        (libc::SOL_SOCKET, libc::SCM_RIGHTS) => {
            for fd in data.chunks_exact(size_of::<RawFd>()).filter_map(read::<RawFd>) {
                each(IncomingControl::Descriptor(own(&fd)));
            }
        }
        (libc::SOL_SOCKET, SCM_PIDFD) => {
            // Where it could not be made, its place holds an error.
            match read::<RawFd>(data) {
                Some(fd @ 0..) => each(IncomingControl::Process(own(&fd))),
                _ => each(IncomingControl::Lost),
            }
        }
        (libc::SOL_SOCKET, libc::SCM_CREDENTIALS) => one(read::<ucred>(data)
            .map(|ucred { pid, uid, gid }| IncomingControl::Credentials(Credentials { pid, uid, gid }))),
        (libc::SOL_SOCKET, SCM_SECURITY) => one(None),
        (libc::SOL_SOCKET, libc::SO_TIMESTAMPNS | libc::SO_TIMESTAMPNS_NEW) => {
            one(read::<timespec>(data).and_then(since_1970).map(IncomingControl::Timestamp));
        }
        (libc::SOL_SOCKET, libc::SO_TIMESTAMP | libc::SO_TIMESTAMP_NEW) => {
            let time = read::<timeval>(data)
                .and_then(|time| since_1970(timespec { tv_sec: time.tv_sec, tv_nsec: time.tv_usec * 1000 }));
            one(time.map(IncomingControl::Timestamp));
        }
        // By software, an unused one, by hardware; what was not taken is zero.
        (libc::SOL_SOCKET, libc::SO_TIMESTAMPING | libc::SO_TIMESTAMPING_NEW) => {
            let [software, _, hardware] = read::<[timespec; 3]>(data).map_or([None; 3], |times| times.map(since_1970));
            let taken = |time: &Duration| !time.is_zero();
            software.filter(taken).into_iter().for_each(|time| each(IncomingControl::Timestamp(time)));
            hardware.filter(taken).into_iter().for_each(|time| each(IncomingControl::HardwareTimestamp(time)));
        }
        (libc::SOL_SOCKET, libc::SO_RXQ_OVFL) => one(Some(IncomingControl::Overflow(number()))),
        (libc::IPPROTO_IP, libc::IP_PKTINFO) => one(read::<in_pktinfo>(data).map(|info| {
            IncomingControl::Destination(info.ipi_ifindex as u32, ip(Family::Inet, &info.ipi_addr.s_addr.to_ne_bytes()))
        })),
        (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO) => one(read::<in6_pktinfo>(data).map(|info| {
            let (interface, bytes) = (info.ipi6_ifindex, info.ipi6_addr.s6_addr);
            let is_of_link = Ipv6Addr::from(bytes).is_unicast_link_local();
            let scope_id = if is_of_link { interface } else { 0 };
            IncomingControl::Destination(interface, RawAddr { scope_id, ..ip(Family::Inet6, &bytes) })
        })),
        (libc::IPPROTO_IP, libc::IP_ORIGDSTADDR) | (libc::IPPROTO_IPV6, libc::IPV6_ORIGDSTADDR) => {
            one(Some(IncomingControl::OriginalDestination(addr(data))));
        }
        (libc::IPPROTO_IP, libc::IP_TTL) | (libc::IPPROTO_IPV6, libc::IPV6_HOPLIMIT) => {
            one(Some(IncomingControl::Ttl(number())))
        }
        (libc::IPPROTO_IP, libc::IP_TOS) | (libc::IPPROTO_IPV6, libc::IPV6_TCLASS) => {
            one(Some(IncomingControl::Tos(number())))
        }
        (libc::SOL_UDP, libc::UDP_GRO) => one(Some(IncomingControl::SegmentSize(number()))),
        (libc::IPPROTO_IPV6, libc::IPV6_PATHMTU) => {
            // An address comes before the number.
            one(data.get(size_of::<libc::sockaddr_in6>()..).and_then(read::<u32>).map(IncomingControl::PathMtu));
        }
        (libc::IPPROTO_IP, libc::IP_RECVERR)
        | (libc::IPPROTO_IPV6, libc::IPV6_RECVERR)
        | (libc::SOL_PACKET, libc::PACKET_TX_TIMESTAMP) => {
            one(read::<sock_extended_err>(data).map(|error| IncomingControl::Error(os_error(error, data))));
        }
        _ => one(None),
    }
}

fn os_error(error: sock_extended_err, data: &[u8]) -> OsError {
    let origin = match error.ee_origin {
        libc::SO_EE_ORIGIN_LOCAL => Origin::Local,
        libc::SO_EE_ORIGIN_ICMP => Origin::Icmp,
        libc::SO_EE_ORIGIN_ICMP6 => Origin::Icmp6,
        4 => Origin::Timestamp,
        5 => Origin::ZeroCopy,
        _ => Origin::Other,
    };
    // Of a timestamp, Linux may name this machine.
    let is_from_elsewhere = matches!(origin, Origin::Icmp | Origin::Icmp6);
    let from = data.get(size_of::<sock_extended_err>()..).filter(|_| is_from_elsewhere);
    OsError {
        errno: Errno(error.ee_errno as i32),
        origin,
        kind: error.ee_type,
        code: error.ee_code,
        info: error.ee_info,
        data: error.ee_data,
        from: addr(from.unwrap_or_default()),
    }
}

fn ip(family: Family, bytes: &[u8]) -> RawAddr {
    let mut addr = RawAddr { family: family as u16, len: bytes.len() as u32, ..RawAddr::UNSPEC };
    addr.data[..bytes.len()].copy_from_slice(bytes);
    addr
}

/// The address that these bytes are to the system.
fn addr(bytes: &[u8]) -> RawAddr {
    let (mut name, mut addr) = (SockAddr::room(), RawAddr::UNSPEC);
    name.copy_from(bytes);
    name.decode(&mut addr);
    addr
}

fn since_1970(time: timespec) -> Option<Duration> {
    Some(Duration::new(time.tv_sec.try_into().ok()?, time.tv_nsec.try_into().ok()?))
}

/// Types for which all bytes are values, and that have no bytes between their fields.
trait Packed: Copy {}
impl Packed for u32 {}
impl Packed for i32 {}
impl Packed for ucred {}
impl Packed for in_pktinfo {}
impl Packed for in6_pktinfo {}
impl Packed for timespec {}
impl Packed for timeval {}
impl Packed for [timespec; 3] {}
impl Packed for sock_extended_err {}
// Where it has bytes between its fields, they were zeroed.
impl Packed for cmsghdr {}

fn read<T: Packed>(bytes: &[u8]) -> Option<T> {
    let bytes = bytes.get(..size_of::<T>())?;
    // SAFETY: there are as many bytes as it takes, and any are a value.
    Some(unsafe { ptr::read_unaligned(bytes.as_ptr().cast()) })
}

fn bytes_of<T: Packed>(values: &[T]) -> &[u8] {
    // SAFETY: all of them are initialised.
    unsafe { slice::from_raw_parts(values.as_ptr().cast(), size_of_val(values)) }
}
