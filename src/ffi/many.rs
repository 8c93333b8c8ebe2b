//! Sending and receiving many datagrams at once, as C sees it.

use super::addr::jf_addr;
use super::boundary::{count, guard, initialised};
use super::socket::{SOCKETS, jf_socket};
use crate::net::{Datagram, Flags};
use std::ffi::c_void;
use std::mem::{align_of, offset_of, size_of};

/// What jf_recv_many takes to receive datagrams that are run together.
#[repr(C)]
#[allow(dead_code, reason = "these are C's names for numbers of the core")]
#[derive(Clone, Copy)]
pub enum jf_coalesced {
    /// So many jf_datagram for each room.
    JF_COALESCED_COUNT = 128,
    /// So many bytes of room.
    JF_COALESCED_ROOM = 65536,
}

/// A datagram of many: one to send, or one that came, and maybe room to receive into. Set an array of them to zero
/// once, then what is needed. What jf_recv_many wrote can be given to jf_send_many as it is, to be sent back: but for
/// what has a result of JF_E_TRUNCATED, a sender without a name, and JF_HAS_PACKET_INFO of what came to a group or a
/// broadcast address.
#[repr(C)]
pub struct jf_datagram {
    /// Its bytes. To send: not looked at when len is 0. jf_recv_many writes where they are, in a room of the array.
    pub data: *mut c_void,
    /// How many. jf_recv_many writes it.
    pub len: usize,
    /// Written by both: the number of bytes, or a JF_E_ code: why it was not sent; JF_E_TRUNCATED when it was longer than
    /// its room, which is filled.
    pub result: i64,
    /// Which of the members are there: JF_HAS_ADDR, JF_HAS_PACKET_INFO, JF_HAS_TOS and, of one that came, JF_HAS_TIME.
    /// jf_recv_many writes it.
    pub present: u32,
    /// JF_HAS_TOS: its traffic class, of which the lower two bits are ECN.
    pub tos: u32,
    /// JF_HAS_ADDR: where it goes to, or who sent it. Without, it goes to the socket's peer. Of an IP address that came,
    /// the bytes of data behind the first 16 are zero or as they were.
    pub addr: jf_addr,
    /// JF_HAS_PACKET_INFO: the address that it came to, whose port does not count: of this machine, or of a group; to
    /// send, the address of this machine that it is to come from, of which JF_UNSPEC has the system choose.
    pub local: jf_addr,
    /// JF_HAS_PACKET_INFO: the interface that it came to; to send, 0 has the system choose.
    pub interface_index: u32,
    /// 0.
    pub reserved: u32,
    /// JF_HAS_TIME: when it came, in nanoseconds since 1970 by the system's clock.
    pub time: i64,
    /// Room to receive into. It need not be for the datagram of the same element. Neither this nor room_len is changed.
    pub room: *mut c_void,
    /// How many bytes of room; 0 when this one has none.
    pub room_len: usize,
}

const _: () = {
    assert!(size_of::<jf_datagram>() == 320 && align_of::<jf_datagram>() == align_of::<Datagram>());
    let c = [
        offset_of!(jf_datagram, data),
        offset_of!(jf_datagram, len),
        offset_of!(jf_datagram, result),
        offset_of!(jf_datagram, present),
        offset_of!(jf_datagram, tos),
        offset_of!(jf_datagram, addr),
        offset_of!(jf_datagram, local),
        offset_of!(jf_datagram, interface_index),
        offset_of!(jf_datagram, time),
        offset_of!(jf_datagram, room),
        offset_of!(jf_datagram, room_len),
    ];
    let mut field = 0;
    while field < c.len() {
        assert!(c[field] == Datagram::OFFSETS[field]);
        field += 1;
    }
};

/// Sends many datagrams, in their order, with few system calls.
///
/// Neighbours that go to the same place with the same members beside them, and have the same length (the last may be
/// shorter), are handed to the system as one that the kernel or the network device takes apart (UDP GSO): up to 64 of
/// them and 65,400 bytes; and up to 32 such groups go into one system call. Where a system or a device can't do that, the
/// socket finds out by itself, once, and sends them one by one.
///
/// A datagram is not cut into fragments, unless that is asked for: what is too long for its path is JF_E_MESSAGE_SIZE. For
/// that the first call on a handle of a socket of IP sets JF_OPT_PATH_MTU_DISCOVERY to JF_PMTU_DO, also for its other
/// calls, if it is JF_PMTU_WANT, as new sockets have it. Who wants fragments sets it to JF_PMTU_DONT or JF_PMTU_OMIT
/// before, or to anything afterwards. (Where Linux discovers no path's MTU, by net.ipv4.ip_no_pmtu_disc, new sockets of
/// IPv4 have JF_PMTU_DONT, and keep it.) While the MTU of a path is not known yet, a router drops what is too long for
/// it, with a shorter one that was handed over with it.
///
/// JF_OPT_SEGMENT_SIZE and JF_OPT_CORK are for other calls: they change what goes alone. What JF_MORE or JF_OPT_CORK holds
/// back of other calls becomes one datagram with the first that are handed over as one.
///
/// s: a socket of datagrams: JF_DGRAM of any family, raw and packet sockets.
/// datagrams: what to send. A result is written to each; nothing else. Not looked at when count is 0.
/// count: how many, at most INT64_MAX / sizeof(jf_datagram).
/// flags: 0, or JF_DONT_WAIT, JF_CONFIRM joined with |.
///
/// Blocks for JF_OPT_SEND_TIMEOUT, counted once for all, until there is room for them. Returns how many were sent; 0
/// only when count is 0. A datagram that can't be sent does not keep back those behind it; its result says why: what
/// jf_send and jf_send_to return, JF_E_INVALID also for an unknown bit of present and a tos above 255, JF_E_UNSUPPORTED
/// for members that such a socket does not send. An ICMP error for an earlier datagram is told once, by
/// JF_E_CONN_REFUSED as the result of one that is not sent; what comes in while the call is under way Linux may forget.
/// When there is no more room or time (JF_E_WOULD_BLOCK, JF_E_TIMED_OUT, JF_E_NO_BUFFERS), when a signal interrupts the
/// call or the socket is closed, it ends, and the rest have that result. Errors: when none was sent, the first one's
/// result; JF_E_TYPE_UNSUPPORTED for a socket that has connections of its kind (JF_STREAM, JF_SEQPACKET); JF_E_INVALID
/// for a NULL, a count or a flag; JF_E_BAD_HANDLE. Then there may be no results. One thread may send while another
/// receives. See sendmmsg(2), udp(7). Since 0.1.
// SAFETY: `datagrams` is NULL or `count` of them, whose data is NULL or readable for its length.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_send_many(s: jf_socket, datagrams: *mut jf_datagram, count: usize, flags: u32) -> i64 {
    guard(|| {
        // SAFETY: the caller's; the layouts are the same, and any bytes are a datagram.
        let datagrams = unsafe { initialised(datagrams.cast::<Datagram>(), count) }?;
        SOCKETS.with(s, |socket| socket.send_many(datagrams, Flags::from_bits(flags))).map(self::count)
    })
}

/// Receives many datagrams with one system call: waits for one, and takes what others are there, without waiting.
///
/// There are two ways.
///
/// Each into its own room: the rooms of the elements are filled one after the other, up to the first element without room,
/// at most 64. This is for small numbers, and for every socket.
///
/// Many into one room: on a UDP socket, with at least JF_COALESCED_COUNT elements and JF_COALESCED_ROOM bytes of room
/// in the first, datagrams come as the network and the kernel ran them together (UDP GRO) and are taken apart without a
/// copy: up to 128 in one room. All elements but the first can be without room; with twice as many elements a second
/// room is used, of as many bytes, in the second, and so on. What is not run together, such as from different senders,
/// or where there is no GRO, is one datagram a room.
///
/// The library turns GRO on at the first such call. From then on the socket is for such calls alone: a smaller array is
/// JF_E_INVALID, and jf_recv, jf_recv_from, jf_recv_vec and jf_recv_msg, which would take many datagrams for one, are
/// JF_E_UNSUPPORTED but for JF_ERROR_QUEUE, until JF_OPT_GRO is set to 0, as jf_into_fd does; receive first what is
/// there, for that stays run together. Other handles of the socket, that jf_dup has made before or another process has,
/// and a jf_recv that is waiting meanwhile do not know of a change. Where the caller has set JF_OPT_GRO to 1, small
/// arrays are JF_E_INVALID as well, and the other calls receive as that option says.
///
/// s: a socket of datagrams: JF_DGRAM of any family, raw and packet sockets.
/// datagrams: room and room_len say where to receive. The other members of the first elements are written, one for each
/// datagram, in the order of arrival. Not looked at when count is 0.
/// count: how many elements; what does not fit is received by the next call.
/// flags: 0, or JF_DONT_WAIT; JF_TRUNC has the result of a datagram that was cut be its whole length.
///
/// Blocks for JF_OPT_RECV_TIMEOUT until one is there. Returns how many came: at least 1, unless count is 0. Fewer than
/// there is room for does not mean that there are no more: with JF_EDGE, receive until JF_E_WOULD_BLOCK. After
/// jf_shutdown, Linux gives one empty datagram at each call. Which members there are is up to the socket:
/// JF_OPT_RECV_TOS, JF_OPT_RECV_PACKET_INFO, JF_OPT_TIMESTAMPS. Errors: those of jf_recv but JF_E_TRUNCATED, which is
/// the result of one datagram; JF_E_TYPE_UNSUPPORTED for a socket that has connections of its kind; JF_E_INVALID for a
/// NULL, an array or first element without room, a flag; JF_E_BAD_HANDLE. One thread may receive while another sends.
/// See recvmmsg(2), udp(7). Since 0.1.
// SAFETY: `datagrams` is NULL or `count` of them, whose room is NULL or writable for its length.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_recv_many(s: jf_socket, datagrams: *mut jf_datagram, count: usize, flags: u32) -> i64 {
    guard(|| {
        // SAFETY: the caller's; the layouts are the same, and any bytes are a datagram.
        let datagrams = unsafe { initialised(datagrams.cast::<Datagram>(), count) }?;
        SOCKETS.with(s, |socket| socket.recv_datagrams(datagrams, Flags::from_bits(flags))).map(self::count)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ffi::msg::jf_has;
    use crate::net::{Batch, present};

    #[test]
    fn c_and_rust_number_what_is_there_alike() {
        assert_eq!(jf_has::JF_HAS_ADDR as u32, present::ADDR);
        assert_eq!(jf_has::JF_HAS_PACKET_INFO as u32, present::PACKET_INFO);
        assert_eq!(jf_has::JF_HAS_TOS as u32, present::TOS);
        assert_eq!(jf_has::JF_HAS_TIME as u32, present::TIME);
        let coalesced = (jf_coalesced::JF_COALESCED_COUNT as usize, jf_coalesced::JF_COALESCED_ROOM as usize);
        assert_eq!(coalesced, Batch::COALESCED);
    }
}
