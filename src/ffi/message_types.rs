//! The C structs and constants of messages.

use super::addr::jf_addr;
use super::send_recv::jf_buf;
use std::ffi::c_void;
use std::mem::{align_of, size_of};

/// Bits of the field `present` of jf_msg and jf_datagram: which fields are valid. See docs/messages.md.
#[repr(C)]
#[allow(dead_code, reason = "C uses them all")]
#[derive(Clone, Copy)]
pub enum jf_has {
    /// `addr`: the destination, or the sender. For a queued error, the destination of the datagram. Not on a stream.
    JF_HAS_ADDR = 0x1,
    /// `pid`, `uid`, `gid`: the credentials of the sender. JF_UNIX, JF_NETLINK; received with JF_OPT_PASS_CREDENTIALS.
    JF_HAS_CREDENTIALS = 0x2,
    /// `interface_index`, `local`: the interface and local address that a packet arrived at, or is sent from. Datagrams
    /// and raw packets of IP; received with JF_OPT_RECV_PACKET_INFO.
    JF_HAS_PACKET_INFO = 0x4,
    /// `ttl`: the time to live, or hop limit. Datagrams and raw packets of IP; received with JF_OPT_RECV_TTL.
    JF_HAS_TTL = 0x8,
    /// `tos`: the traffic class, whose lower two bits are ECN. Datagrams and raw packets of IP; received with
    /// JF_OPT_RECV_TOS.
    JF_HAS_TOS = 0x10,
    /// `segment_size`: the data is several datagrams of this size; the last may be shorter. UDP; received with
    /// JF_OPT_GRO.
    JF_HAS_SEGMENT_SIZE = 0x20,
    /// `time`: when a message arrived, or when a sent message left. Received with JF_OPT_TIMESTAMPS or
    /// JF_OPT_TIMESTAMPING.
    JF_HAS_TIME = 0x40,
    /// `hardware_time`: the same, by the clock of the network device. Received with JF_OPT_TIMESTAMPING.
    JF_HAS_HARDWARE_TIME = 0x80,
    /// `overflow`: how many messages the socket has dropped so far. Received with JF_OPT_RECV_OVERFLOW.
    JF_HAS_OVERFLOW = 0x100,
    /// `path_mtu`: the MTU of the path. Received with JF_OPT_RECV_PATH_MTU.
    JF_HAS_PATH_MTU = 0x200,
    /// `original`: the destination before a redirection to this socket. Received with JF_OPT_RECV_ORIGINAL_DEST.
    JF_HAS_ORIGINAL_DEST = 0x400,
    /// `process`: a close-on-exec pidfd of the sender (see pidfd_open(2)), which the caller closes. Received with
    /// JF_OPT_PASS_PIDFD.
    JF_HAS_PROCESS = 0x800,
    /// `error` and the fields after it: an entry of the error queue. Received with the flag JF_ERROR_QUEUE. Errors
    /// require JF_OPT_RECV_ERRORS; timestamps of sent messages require JF_OPT_TIMESTAMPING.
    JF_HAS_ERROR = 0x1000,
}

/// Bits of the field `truncated` of jf_msg: what did not fit.
#[repr(C)]
#[allow(dead_code, reason = "C uses them all")]
#[derive(Clone, Copy)]
pub enum jf_cut {
    /// The message was longer than the buffers.
    JF_CUT_DATA = 0x1,
    /// Descriptors or other control messages did not fit, or the process has too many open descriptors. What did not
    /// fit is discarded; descriptors are closed.
    JF_CUT_CONTROL = 0x2,
}

/// Kinds of a jf_passed.
#[repr(C)]
#[allow(dead_code, reason = "C uses them all")]
#[derive(Clone, Copy)]
pub enum jf_passed_kind {
    /// A jf_socket.
    JF_PASSED_SOCKET = 1,
    /// A plain file descriptor.
    JF_PASSED_DESCRIPTOR = 2,
}

/// Where an entry of the error queue comes from: the field `error_origin` of a jf_msg.
#[repr(C)]
#[allow(dead_code, reason = "C names for numbers that the core defines")]
#[derive(Clone, Copy)]
pub enum jf_origin {
    /// An origin without a constant here.
    JF_ORIGIN_OTHER = 0,
    /// This machine.
    JF_ORIGIN_LOCAL = 1,
    /// An ICMP message.
    JF_ORIGIN_ICMP = 2,
    /// An ICMPv6 message.
    JF_ORIGIN_ICMP6 = 3,
    /// Not an error: the timestamp of a sent message.
    JF_ORIGIN_TIMESTAMP = 4,
    /// Not an error: a zero-copy send is complete.
    JF_ORIGIN_ZERO_COPY = 5,
}

/// A socket or descriptor in a message.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jf_passed {
    /// A jf_socket, or the number of a file descriptor.
    pub value: i64,
    /// [enum(jf_passed_kind)] JF_PASSED_SOCKET or JF_PASSED_DESCRIPTOR.
    pub kind: u32,
    /// Must be 0.
    pub reserved: u32,
}

/// A message: data, an address and control messages. Zero the struct. Then set `size` and the fields that you use. See
/// docs/messages.md.
#[repr(C)]
pub struct jf_msg {
    /// sizeof(jf_msg). Later versions may be larger.
    pub size: u32,
    /// [flags(jf_has)] Which fields are valid. Written by jf_recv_msg.
    pub present: u32,
    /// [flags(jf_cut)] What did not fit. Written by jf_recv_msg.
    pub truncated: u32,
    /// Must be 0.
    pub reserved: u32,
    /// [in, array(buf_count)] The data: buffers to send from, or to receive into. Ignored if `buf_count` is 0.
    pub bufs: *mut jf_buf,
    /// Number of buffers, at most JF_VEC_MAX.
    pub buf_count: usize,
    /// [inout, array(passed_count)] Sockets and descriptors, on JF_UNIX. To receive, the array has `passed_room`
    /// elements. The receiver gets duplicates. Received ones are close-on-exec and belong to the caller, who closes
    /// them with jf_close or close(2).
    pub passed: *mut jf_passed,
    /// Number of elements to send, at most JF_PASSED_MAX. jf_recv_msg writes the number received.
    pub passed_count: usize,
    /// Capacity of `passed` for receiving, in elements.
    pub passed_room: usize,
    /// [inout, buffer(other_len)] Control messages without a field here, packed as in cmsg(3): control messages to
    /// send, or a buffer of `other_room` bytes for received ones.
    pub other: *mut c_void,
    /// Number of bytes to send, at most 2048. jf_recv_msg writes the number received.
    pub other_len: usize,
    /// Capacity of `other` for receiving, in bytes.
    pub other_room: usize,
    /// JF_HAS_ADDR: the destination, or the sender.
    pub addr: jf_addr,
    /// JF_HAS_PACKET_INFO: the local address, whose port is ignored. To send, JF_UNSPEC lets the system choose.
    pub local: jf_addr,
    /// JF_HAS_PACKET_INFO: the interface. To send, 0 lets the system choose.
    pub interface_index: u32,
    /// JF_HAS_CREDENTIALS: the process. Sending another process requires CAP_SYS_ADMIN; another user, CAP_SETUID;
    /// another group, CAP_SETGID.
    pub pid: i32,
    /// JF_HAS_CREDENTIALS: the user.
    pub uid: u32,
    /// JF_HAS_CREDENTIALS: the group.
    pub gid: u32,
    /// JF_HAS_TTL: to send, 1 to 255.
    pub ttl: u32,
    /// JF_HAS_TOS: 0 to 255.
    pub tos: u32,
    /// JF_HAS_SEGMENT_SIZE: bytes; to send, 1 to 65535.
    pub segment_size: u32,
    /// JF_HAS_OVERFLOW: number of dropped messages since the socket was opened.
    pub overflow: u32,
    /// JF_HAS_TIME: nanoseconds since 1970, by the system clock.
    pub time: i64,
    /// JF_HAS_HARDWARE_TIME: nanoseconds since the zero of the device clock.
    pub hardware_time: i64,
    /// JF_HAS_PROCESS: a file descriptor.
    pub process: i64,
    /// JF_HAS_ORIGINAL_DEST: the original destination.
    pub original: jf_addr,
    /// JF_HAS_PATH_MTU: bytes.
    pub path_mtu: u32,
    /// [enum(jf_origin)] JF_HAS_ERROR: where the entry comes from.
    pub error_origin: u32,
    /// JF_HAS_ERROR: a JF_E_ code, such as JF_E_CONN_REFUSED for a port without a socket, JF_E_HOST_UNREACHABLE, or
    /// JF_E_MESSAGE_SIZE when fragmentation was needed. 0 if the entry is not an error.
    pub error: i64,
    /// JF_HAS_ERROR: the type of the ICMP message.
    pub icmp_type: u32,
    /// JF_HAS_ERROR: the code of the ICMP message.
    pub icmp_code: u32,
    /// JF_HAS_ERROR: with JF_E_MESSAGE_SIZE, the MTU of the path in bytes. With a timestamp, where it was taken: 0 by
    /// the driver or device, 1 when the message entered the packet scheduler, 2 when the peer acknowledged it.
    pub error_info: u32,
    /// JF_HAS_ERROR: with a timestamp, the number of the sent message, counted from 0 (JF_TS_OPT_ID).
    pub error_data: u32,
    /// JF_HAS_ERROR: the router or host that reported the error; JF_UNSPEC for this machine.
    pub error_from: jf_addr,
}

const _: () = assert!(size_of::<jf_msg>() == 680 && align_of::<jf_msg>() == 8 && size_of::<jf_passed>() == 16);
