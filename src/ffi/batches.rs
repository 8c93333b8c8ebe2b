//! Sending and receiving batches of datagrams: the C functions.

use super::addr::jf_addr;
use super::boundary::{count, guard, initialised};
use super::socket::{SOCKETS, jf_socket};
use crate::net::{Datagram, Flags};
use std::ffi::c_void;
use std::mem::{align_of, offset_of, size_of};

/// What jf_recv_many needs to receive coalesced datagrams (UDP GRO). See docs/batches.md.
#[repr(C)]
#[allow(dead_code, reason = "C names for numbers that the core defines")]
#[derive(Clone, Copy)]
pub enum jf_coalesced {
    /// Number of jf_datagram elements that the array needs for each buffer.
    JF_COALESCED_COUNT = 128,
    /// Size of each buffer in bytes.
    JF_COALESCED_ROOM = 65536,
}

/// An element of a batch. It describes a datagram to send or a received datagram, and may hold a buffer to receive
/// into. Zero the array once. Then set the fields that you use.
///
/// The elements that jf_recv_many has written can be passed to jf_send_many, which sends each datagram back to its
/// sender. Exceptions are datagrams with the result JF_E_TRUNCATED, datagrams from an unnamed sender, and datagrams
/// with JF_HAS_PACKET_INFO whose `local` is a multicast or broadcast address.
#[repr(C)]
pub struct jf_datagram {
    /// [inout, buffer(len), borrowed(room)] The bytes to send; ignored if `len` is 0. jf_recv_many sets it to the
    /// received bytes, which are in one of the buffers of the array, not necessarily in the buffer of this element.
    pub data: *mut c_void,
    /// Number of bytes. Written by jf_recv_many.
    pub len: usize,
    /// Written by jf_send_many: the number of bytes sent, or the JF_E_ code of the reason why the datagram was not
    /// sent. Written by jf_recv_many: the length, or JF_E_TRUNCATED if the datagram was longer than its buffer, which
    /// is filled.
    pub result: i64,
    /// [flags(jf_has)] Which fields are valid: JF_HAS_ADDR, JF_HAS_PACKET_INFO, JF_HAS_TOS and, if received,
    /// JF_HAS_TIME. Written by jf_recv_many.
    pub present: u32,
    /// JF_HAS_TOS: the traffic class, whose lower two bits are ECN.
    pub tos: u32,
    /// JF_HAS_ADDR: the destination, or the sender. Without it, the datagram is sent to the peer of the socket. For a
    /// received IP address, each byte of `addr.data` after the first 16 is zero or unchanged.
    pub addr: jf_addr,
    /// JF_HAS_PACKET_INFO: the address that the datagram arrived at (a local, multicast or broadcast address); the port
    /// is ignored. To send: the local address to send from; JF_UNSPEC lets the system choose.
    pub local: jf_addr,
    /// JF_HAS_PACKET_INFO: the interface that the datagram arrived at. To send, 0 lets the system choose.
    pub interface_index: u32,
    /// Must be 0.
    pub reserved: u32,
    /// JF_HAS_TIME: the time of arrival, in nanoseconds since 1970, by the system clock.
    pub time: i64,
    /// [out, buffer(room_len)] Buffer to receive into, not necessarily for the datagram of this element. `room` and
    /// `room_len` are not changed.
    pub room: *mut c_void,
    /// Size of the buffer in bytes; 0 if this element has none.
    pub room_len: usize,
}

const _: () = {
    assert!(size_of::<jf_datagram>() == 320 && align_of::<jf_datagram>() == align_of::<Datagram>());
    let offsets = [
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
    while field < offsets.len() {
        assert!(offsets[field] == Datagram::OFFSETS[field]);
        field += 1;
    }
};

/// Sends a batch of datagrams, in order, with few system calls.
///
/// The library passes a run of consecutive datagrams to the system as one message, if they have the same destination,
/// the same other fields and the same length; the last one may be shorter. The kernel or the network device then
/// segments the message (UDP GSO), if it supports that.
///
/// The first call on an IP socket forbids fragmentation for all calls on it: it changes JF_OPT_PATH_MTU_DISCOVERY from
/// JF_PMTU_WANT to JF_PMTU_DO. See docs/batches.md.
///
/// A datagram that can't be sent does not stop the batch; its `result` is the reason. The call ends early when no queue
/// space or time is left, at a signal, and when the socket is closed or shut down. Then `result` of all remaining
/// datagrams is that error. One thread may send while another receives.
///
/// @param s          datagram socket: JF_DGRAM of any family, raw or packet socket
/// @param datagrams  [inout, array(count)] what to send; only `result` is written. Ignored if `count` is 0
/// @param count      number of datagrams, at most INT64_MAX / sizeof(jf_datagram)
/// @param flags      [flags(jf_flag)] 0, or JF_DONT_WAIT | JF_CONFIRM
///
/// @blocks  at most JF_OPT_SEND_TIMEOUT, which covers the whole call, until the queue has space for all datagrams
/// @return  [count] number of datagrams sent; 0 only if `count` is 0. If none was sent, the call returns the `result`
///          of the first datagram. The errors below are values of `result`, unless their text says otherwise
/// @error JF_E_WOULD_BLOCK, JF_E_TIMED_OUT, JF_E_NO_BUFFERS  the queue had no space in time
/// @error JF_E_MESSAGE_SIZE        the datagram is longer than the MTU of its path, or than the socket can send
/// @error JF_E_CONN_REFUSED        an earlier datagram was refused, because no socket is bound to its destination; this
///                                 one was not sent
/// @error JF_E_DEST_REQUIRED, JF_E_NOT_CONNECTED  no address, and the socket has no peer
/// @error JF_E_NETWORK_UNREACHABLE, JF_E_HOST_UNREACHABLE  no route to the network or the host
/// @error JF_E_NOT_FOUND           the UNIX path or the interface does not exist
/// @error JF_E_ACCESS              broadcast address, but JF_OPT_BROADCAST is not set
/// @error JF_E_FAMILY_UNSUPPORTED  an address and the socket differ in family
/// @error JF_E_ADDR_INVALID        an address is invalid, or is an unnamed UNIX address
/// @error JF_E_PIPE                the socket is shut down for sending
/// @error JF_E_UNSUPPORTED         the socket can't send a field of `present`, or does not support a flag
/// @error JF_E_INVALID             unknown bit in `present`, `tos` above 255, or `data` is NULL. Or, returned by the
///                                 call without writing any result: `datagrams`, `count` or `flags` is invalid
/// @error JF_E_TYPE_UNSUPPORTED    returned by the call without writing any result: the type has connections
///                                 (JF_STREAM, JF_SEQPACKET)
/// @see sendmmsg(2), udp(7)
/// @since 0.1
// SAFETY: `datagrams` is NULL or has `count` elements, whose `data` is NULL or readable for `len` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_send_many(s: jf_socket, datagrams: *mut jf_datagram, count: usize, flags: u32) -> i64 {
    guard(|| {
        // SAFETY: guaranteed by the caller; the layouts are equal, and any bytes are a valid `Datagram`.
        let datagrams = unsafe { initialised(datagrams.cast::<Datagram>(), count) }?;
        SOCKETS.with(s, |socket| socket.send_many(datagrams, Flags::from_bits_retain(flags))).map(self::count)
    })
}

/// Receives a batch of datagrams with few system calls. The call waits for the first datagram, then takes further ones
/// without waiting.
///
/// Coalescing: if the first element has a buffer of at least JF_COALESCED_ROOM bytes and `count` is at least
/// JF_COALESCED_COUNT, a UDP socket receives up to JF_COALESCED_COUNT coalesced datagrams in each such buffer (UDP
/// GRO). Otherwise each datagram has a separate buffer: the buffers are filled in order, up to the first element
/// without a buffer, at most 64.
///
/// The first call with coalescing enables UDP GRO. Then only such calls can receive from the socket, until JF_OPT_GRO
/// is set to 0. See docs/batches.md.
///
/// A result smaller than `count` does not mean that the queue is empty: with JF_EDGE, receive until JF_E_WOULD_BLOCK.
/// One thread may receive while another sends.
///
/// @param s          datagram socket: JF_DGRAM of any family, raw or packet socket
/// @param datagrams  [inout, array(count)] `room` and `room_len` are the buffers. The other fields of the first
///                   elements are written, one element per datagram, in order of arrival. Ignored if `count` is 0
/// @param count      number of elements; the next call receives what does not fit
/// @param flags      [flags(jf_flag)] 0, or JF_DONT_WAIT | JF_TRUNC. With JF_TRUNC, the result of a truncated datagram
///                   is its whole length
///
/// @blocks  at most JF_OPT_RECV_TIMEOUT, until a datagram is available
/// @return  [count] number of datagrams received; 0 only if `count` is 0
/// @error JF_E_WOULD_BLOCK, JF_E_TIMED_OUT  no datagram arrived in time
/// @error JF_E_CONN_REFUSED                 an earlier datagram was refused, because no socket is bound to its
///                                          destination
/// @error JF_E_UNSUPPORTED                  the socket does not support a flag
/// @error JF_E_TRUNCATED                    only as a `result`: the datagram was longer than its buffer
/// @error JF_E_INVALID                      the first element has no buffer, a buffer is NULL, or UDP GRO is enabled
///                                          and the array is too small for it
/// @error JF_E_TYPE_UNSUPPORTED             the type has connections (JF_STREAM, JF_SEQPACKET)
/// @see recvmmsg(2), udp(7)
/// @since 0.1
// SAFETY: `datagrams` is NULL or has `count` elements, whose `room` is NULL or writable for `room_len` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_recv_many(s: jf_socket, datagrams: *mut jf_datagram, count: usize, flags: u32) -> i64 {
    guard(|| {
        // SAFETY: guaranteed by the caller; the layouts are equal, and any bytes are a valid `Datagram`.
        let datagrams = unsafe { initialised(datagrams.cast::<Datagram>(), count) }?;
        SOCKETS.with(s, |socket| socket.recv_datagrams(datagrams, Flags::from_bits_retain(flags))).map(self::count)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ffi::message_types::jf_has;
    use crate::net::{Batch, present};

    #[test]
    fn c_and_rust_numbers_are_equal() {
        assert_eq!(jf_has::JF_HAS_ADDR as u32, present::ADDR);
        assert_eq!(jf_has::JF_HAS_PACKET_INFO as u32, present::PACKET_INFO);
        assert_eq!(jf_has::JF_HAS_TOS as u32, present::TOS);
        assert_eq!(jf_has::JF_HAS_TIME as u32, present::TIME);
        let coalesced = (jf_coalesced::JF_COALESCED_COUNT as usize, jf_coalesced::JF_COALESCED_ROOM as usize);
        assert_eq!(coalesced, Batch::COALESCED);
    }
}
