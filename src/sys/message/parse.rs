//! Parsing received control messages.

use crate::sys::addr::{RawAddr, SockAddr};
use crate::sys::errno::Errno;
use crate::sys::message::control::{Credentials, IncomingControl, Origin, OsError};
use crate::sys::message::control_buf::{ControlBuf, HEADER_LEN, cmsg_align};
use crate::sys::plain::read;
use crate::sys::socket::descriptor::Descriptor;
use crate::sys::types::Family;
use libc::{c_int, cmsghdr, in_pktinfo, in6_pktinfo, sock_extended_err, timespec, timeval, ucred};
use std::net::Ipv6Addr;
use std::os::fd::{FromRawFd, OwnedFd, RawFd};
use std::time::Duration;

// Linux's numbers that the libc crate lacks.
const SCM_SECURITY: c_int = 3;
const SCM_PIDFD: c_int = 4;

impl<const CAPACITY: usize> ControlBuf<CAPACITY> {
    /// The size of the segments of a coalesced datagram, if that is the only control message.
    #[inline(always)]
    pub fn only_segment_size(&self) -> Option<u32> {
        const LEN: usize = HEADER_LEN + size_of::<c_int>();
        let bytes = self.bytes();
        if bytes.len() != cmsg_align(LEN) {
            return None;
        }
        let (header, size) = (read::<cmsghdr>(bytes)?, read::<u32>(&bytes[HEADER_LEN..])?);
        let is_segment_size =
            header.cmsg_len == LEN as _ && (header.cmsg_level, header.cmsg_type) == (libc::SOL_UDP, libc::UDP_GRO);
        is_segment_size.then_some(size)
    }

    /// Removes and parses all control messages. If they were truncated, the kernel may have filled the end of the
    /// buffer with a part of the last control message. That part is skipped.
    pub fn drain(&mut self, is_truncated: bool, mut emit: impl FnMut(IncomingControl<'_>)) {
        let (mut remaining, is_full) = self.take_bytes();
        while let Some(header) = read::<cmsghdr>(remaining) {
            #[allow(clippy::unnecessary_cast, reason = "C libraries differ in its type")]
            let len = header.cmsg_len as usize;
            let Some(data) = remaining.get(HEADER_LEN..len) else { break };
            let may_be_part = is_truncated && is_full && cmsg_align(len) >= remaining.len();
            // The kernel never splits a descriptor.
            if may_be_part && header.cmsg_level != libc::SOL_SOCKET {
                break;
            }
            // SAFETY: the kernel has written the message, and its descriptors have no owner yet.
            unsafe { parse(header.cmsg_level, header.cmsg_type, data, &remaining[..len], &mut emit) };
            remaining = remaining.get(cmsg_align(len)..).unwrap_or_default();
        }
    }
}

/// Parses one control message.
///
/// # Safety
/// The descriptors in it are open and have no owner yet.
unsafe fn parse(level: c_int, kind: c_int, data: &[u8], packed: &[u8], emit: &mut impl FnMut(IncomingControl<'_>)) {
    let number = || read::<u32>(data).unwrap_or_else(|| data.first().copied().unwrap_or(0).into());
    // SAFETY: guaranteed by the caller.
    let take_fd = |fd: &RawFd| Descriptor::from(unsafe { OwnedFd::from_raw_fd(*fd) });
    let mut emit_or_raw = |item: Option<IncomingControl<'_>>| emit(item.unwrap_or(IncomingControl::Other(packed)));
    match (level, kind) {
        (libc::SOL_SOCKET, libc::SCM_RIGHTS) => {
            for fd in data.chunks_exact(size_of::<RawFd>()).filter_map(read::<RawFd>) {
                emit(IncomingControl::Descriptor(take_fd(&fd)));
            }
        }
        (libc::SOL_SOCKET, SCM_PIDFD) => {
            // A negative number is the error for which the kernel could not open the descriptor.
            match read::<RawFd>(data) {
                Some(fd @ 0..) => emit(IncomingControl::Pidfd(take_fd(&fd))),
                _ => emit(IncomingControl::Truncated),
            }
        }
        (libc::SOL_SOCKET, libc::SCM_CREDENTIALS) => emit_or_raw(
            read::<ucred>(data)
                .map(|ucred { pid, uid, gid }| IncomingControl::Credentials(Credentials { pid, uid, gid })),
        ),
        (libc::SOL_SOCKET, SCM_SECURITY) => emit_or_raw(None),
        (libc::SOL_SOCKET, libc::SO_TIMESTAMPNS | libc::SO_TIMESTAMPNS_NEW) => {
            emit_or_raw(read::<timespec>(data).and_then(since_1970).map(IncomingControl::Timestamp));
        }
        (libc::SOL_SOCKET, libc::SO_TIMESTAMP | libc::SO_TIMESTAMP_NEW) => {
            let time = read::<timeval>(data)
                .and_then(|time| since_1970(timespec { tv_sec: time.tv_sec, tv_nsec: time.tv_usec * 1000 }));
            emit_or_raw(time.map(IncomingControl::Timestamp));
        }
        // The software timestamp, an unused one, and the hardware timestamp. A timestamp that was not taken is zero.
        (libc::SOL_SOCKET, libc::SO_TIMESTAMPING | libc::SO_TIMESTAMPING_NEW) => {
            let [software, _, hardware] = read::<[timespec; 3]>(data).map_or([None; 3], |times| times.map(since_1970));
            let is_taken = |time: &Duration| !time.is_zero();
            software.filter(is_taken).into_iter().for_each(|time| emit(IncomingControl::Timestamp(time)));
            hardware.filter(is_taken).into_iter().for_each(|time| emit(IncomingControl::HardwareTimestamp(time)));
        }
        (libc::SOL_SOCKET, libc::SO_RXQ_OVFL) => emit_or_raw(Some(IncomingControl::DroppedCount(number()))),
        (libc::IPPROTO_IP, libc::IP_PKTINFO) => emit_or_raw(read::<in_pktinfo>(data).map(|info| {
            IncomingControl::Destination(info.ipi_ifindex as u32, ip(Family::Inet, &info.ipi_addr.s_addr.to_ne_bytes()))
        })),
        (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO) => emit_or_raw(read::<in6_pktinfo>(data).map(|info| {
            let (interface, bytes) = (info.ipi6_ifindex, info.ipi6_addr.s6_addr);
            let is_link_local = Ipv6Addr::from(bytes).is_unicast_link_local();
            let scope_id = if is_link_local { interface } else { 0 };
            IncomingControl::Destination(interface, RawAddr { scope_id, ..ip(Family::Inet6, &bytes) })
        })),
        (libc::IPPROTO_IP, libc::IP_ORIGDSTADDR) | (libc::IPPROTO_IPV6, libc::IPV6_ORIGDSTADDR) => {
            emit_or_raw(Some(IncomingControl::OriginalDestination(addr(data))));
        }
        (libc::IPPROTO_IP, libc::IP_TTL) | (libc::IPPROTO_IPV6, libc::IPV6_HOPLIMIT) => {
            emit_or_raw(Some(IncomingControl::Ttl(number())))
        }
        (libc::IPPROTO_IP, libc::IP_TOS) | (libc::IPPROTO_IPV6, libc::IPV6_TCLASS) => {
            emit_or_raw(Some(IncomingControl::Tos(number())))
        }
        (libc::SOL_UDP, libc::UDP_GRO) => emit_or_raw(Some(IncomingControl::SegmentSize(number()))),
        (libc::IPPROTO_IPV6, libc::IPV6_PATHMTU) => {
            // The MTU follows an address.
            emit_or_raw(
                data.get(size_of::<libc::sockaddr_in6>()..).and_then(read::<u32>).map(IncomingControl::PathMtu),
            );
        }
        (libc::IPPROTO_IP, libc::IP_RECVERR)
        | (libc::IPPROTO_IPV6, libc::IPV6_RECVERR)
        | (libc::SOL_PACKET, libc::PACKET_TX_TIMESTAMP) => {
            emit_or_raw(read::<sock_extended_err>(data).map(|error| IncomingControl::Error(os_error(error, data))));
        }
        _ => emit_or_raw(None),
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
    // For a timestamp, Linux may report this host.
    let has_reporter = matches!(origin, Origin::Icmp | Origin::Icmp6);
    let from = data.get(size_of::<sock_extended_err>()..).filter(|_| has_reporter);
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

/// Converts the bytes of a `sockaddr`.
fn addr(bytes: &[u8]) -> RawAddr {
    let (mut os_addr, mut addr) = (SockAddr::new(), RawAddr::UNSPEC);
    os_addr.copy_from(bytes);
    os_addr.decode(&mut addr);
    addr
}

/// A time since 1970; `None` if it is before.
fn since_1970(time: timespec) -> Option<Duration> {
    Some(Duration::new(time.tv_sec.try_into().ok()?, time.tv_nsec.try_into().ok()?))
}
