//! Packing control messages to send.

use crate::sys::errno::{EINVAL, Errno};
use crate::sys::message::control::{Credentials, OutgoingControl};
use crate::sys::message::control_buf::{ControlBuf, HEADER_LEN, cmsg_align};
use crate::sys::message::descriptors::DESCRIPTORS_MAX;
use crate::sys::plain::{Plain, bytes_of, read, zeroed};
use crate::sys::types::Family;
use libc::{c_int, cmsghdr, in_pktinfo, in6_pktinfo, ucred};
use std::net::Ipv4Addr;
use std::os::fd::AsRawFd;

/// The control message that sets the size of segments.
#[repr(C)]
#[derive(Clone, Copy)]
struct SegmentSize {
    header: cmsghdr,
    size: u16,
    padding: [u16; 3],
}

// SAFETY: the fields are integers and a plain struct.
unsafe impl Plain for SegmentSize {}

const _: () = assert!(size_of::<SegmentSize>() == HEADER_LEN + cmsg_align(size_of::<u16>()));

impl<const CAPACITY: usize> ControlBuf<CAPACITY> {
    /// Adds a control message for a socket of this family. `EINVAL` if it does not fit.
    ///
    /// For an IPv6 socket, TTL and TOS are packed for both versions: the kernel uses the one for the destination's
    /// version.
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

    /// Adds an [`OutgoingControl::SegmentSize`]. It is written in one piece because batches use it for every message.
    #[inline(always)]
    pub fn push_segment_size(&mut self, size: u16) -> Result<(), Errno> {
        let header = header(libc::SOL_UDP, libc::UDP_SEGMENT, size_of::<u16>());
        self.append_aligned(bytes_of(&[SegmentSize { header, size, padding: [0; 3] }]))
    }

    fn pack(&mut self, level: c_int, kind: c_int, data: &[u8]) -> Result<(), Errno> {
        self.append(bytes_of(&[header(level, kind, data.len())]))?;
        self.append(data)
    }
}

fn header(level: c_int, kind: c_int, data_len: usize) -> cmsghdr {
    let mut header: cmsghdr = zeroed();
    header.cmsg_len = (HEADER_LEN + data_len) as _;
    header.cmsg_level = level;
    header.cmsg_type = kind;
    header
}

/// Whether the bytes are complete control messages, so that a message appended later is parsed correctly.
fn is_packed(mut remaining: &[u8]) -> bool {
    while let Some(header) = read::<cmsghdr>(remaining) {
        #[allow(clippy::unnecessary_cast, reason = "C libraries differ in its type")]
        let len = header.cmsg_len as usize;
        if !(HEADER_LEN..=remaining.len()).contains(&len) {
            return false;
        }
        remaining = remaining.get(cmsg_align(len)..).unwrap_or_default();
    }
    remaining.is_empty()
}
