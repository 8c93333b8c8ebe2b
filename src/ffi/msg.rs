//! What a message is to C.

use super::addr::jf_addr;
use super::io::jf_buf;
use std::ffi::c_void;
use std::mem::{align_of, size_of};

/// What a jf_msg holds beside its data; the bits of its member present.
#[repr(C)]
#[allow(dead_code, reason = "C needs them all")]
#[derive(Clone, Copy)]
pub enum jf_has {
    /// addr: where it goes to, or who sent it. Of a queued error, where the datagram was to go. A stream has none.
    JF_HAS_ADDR = 0x1,
    /// pid, uid, gid: the sender's process. JF_UNIX, JF_NETLINK; received with JF_OPT_PASS_CREDENTIALS.
    JF_HAS_CREDENTIALS = 0x2,
    /// interface_index, local: the interface and the address of this machine that it came to, or is to go out from.
    /// Datagrams and raw packets of IP; received with JF_OPT_RECV_PACKET_INFO.
    JF_HAS_PACKET_INFO = 0x4,
    /// ttl: how many more routers it may pass. Datagrams and raw packets of IP; received with JF_OPT_RECV_TTL.
    JF_HAS_TTL = 0x8,
    /// tos: its traffic class, of which the lower two bits are ECN. Datagrams and raw packets of IP; received with
    /// JF_OPT_RECV_TOS.
    JF_HAS_TOS = 0x10,
    /// segment_size: the data is many datagrams of this size, of which the last may be shorter. UDP; received with
    /// JF_OPT_GRO.
    JF_HAS_SEGMENT_SIZE = 0x20,
    /// time: when it came, or when what was sent went out. Received with JF_OPT_TIMESTAMPS or JF_OPT_TIMESTAMPING.
    JF_HAS_TIME = 0x40,
    /// hardware_time: the same by the clock of the network device. Received with JF_OPT_TIMESTAMPING.
    JF_HAS_HARDWARE_TIME = 0x80,
    /// overflow: how many messages the socket has lost so far. Received with JF_OPT_RECV_OVERFLOW.
    JF_HAS_OVERFLOW = 0x100,
    /// path_mtu: received with JF_OPT_RECV_PATH_MTU.
    JF_HAS_PATH_MTU = 0x200,
    /// original: where it was to go before it was redirected to here. Received with JF_OPT_RECV_ORIGINAL_DEST.
    JF_HAS_ORIGINAL_DEST = 0x400,
    /// process: a descriptor that stands for the sender's process (pidfd_open(2)), close-on-exec, which the caller
    /// closes. Received with JF_OPT_PASS_PIDFD.
    JF_HAS_PROCESS = 0x800,
    /// error and the members behind it: what became of something sent. Received with the flag JF_ERROR_QUEUE, with
    /// JF_OPT_RECV_ERRORS and for timestamps of what was sent.
    JF_HAS_ERROR = 0x1000,
}

/// What a jf_msg had no room for; the bits of its member truncated.
#[repr(C)]
#[allow(dead_code, reason = "C needs them all")]
#[derive(Clone, Copy)]
pub enum jf_cut {
    /// The message was longer than the buffers.
    JF_CUT_DATA = 0x1,
    /// Descriptors, or control data of other kinds, were more than the room for them, or than the process may have
    /// open; what did not fit is closed and lost.
    JF_CUT_CONTROL = 0x2,
}

/// What a jf_passed is.
#[repr(C)]
#[allow(dead_code, reason = "C needs them all")]
#[derive(Clone, Copy)]
pub enum jf_passed_kind {
    /// A socket of the library.
    JF_PASSED_SOCKET = 1,
    /// A plain descriptor.
    JF_PASSED_DESCRIPTOR = 2,
}

/// Where a queued error comes from; the member error_origin of jf_msg.
#[repr(C)]
#[allow(dead_code, reason = "these are C's names for numbers of the core")]
#[derive(Clone, Copy)]
pub enum jf_origin {
    /// From something that has no name here.
    JF_ORIGIN_OTHER = 0,
    /// From this machine.
    JF_ORIGIN_LOCAL = 1,
    /// From an ICMP message.
    JF_ORIGIN_ICMP = 2,
    /// From an ICMPv6 message.
    JF_ORIGIN_ICMP6 = 3,
    /// It is no error, but the timestamp of something sent.
    JF_ORIGIN_TIMESTAMP = 4,
    /// It is no error: something sent without a copy is done with.
    JF_ORIGIN_ZERO_COPY = 5,
}

/// A socket or descriptor that a message carries.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct jf_passed {
    /// A jf_socket, or the number of a descriptor.
    pub value: i64,
    /// JF_PASSED_SOCKET or JF_PASSED_DESCRIPTOR.
    pub kind: u32,
    /// 0.
    pub reserved: u32,
}

/// A message: data, an address, and what goes beside them. Set it all to zero, then size and what is needed.
#[repr(C)]
pub struct jf_msg {
    /// sizeof(jf_msg); in a later version it may be larger.
    pub size: u32,
    /// Which of the members are there: JF_HAS_ bits. jf_recv_msg writes it.
    pub present: u32,
    /// jf_recv_msg writes here what did not fit: JF_CUT_ bits.
    pub truncated: u32,
    /// 0.
    pub reserved: u32,
    /// The data: to send from, or to receive into. Not looked at when buf_count is 0.
    pub bufs: *mut jf_buf,
    /// How many buffers, at most JF_VEC_MAX.
    pub buf_count: usize,
    /// Sockets and descriptors, on JF_UNIX. Sending passes duplicates of them on. Received ones are close-on-exec and
    /// the caller's, to be closed with jf_close and close(2): whatever the library can use as a socket comes as one,
    /// with the timeouts that jf_from_fd finds, which need not be those of the sender's handle.
    pub passed: *mut jf_passed,
    /// How many to send, at most JF_PASSED_MAX; jf_recv_msg writes how many came.
    pub passed_count: usize,
    /// How many there is room for to receive.
    pub passed_room: usize,
    /// Control data of other kinds, packed as cmsg(3) says: to send more, or where to receive what the library has no
    /// member for. NULL if there is none to send, or none is wanted. What is sent here is for the system to judge,
    /// which may pass over kinds that the socket does not know; what comes is whole pieces with the padding behind
    /// each.
    pub other: *mut c_void,
    /// How many bytes to send, at most 2048; jf_recv_msg writes how many came.
    pub other_len: usize,
    /// How many bytes there is room for to receive.
    pub other_room: usize,
    /// JF_HAS_ADDR.
    pub addr: jf_addr,
    /// JF_HAS_PACKET_INFO: the address, whose port does not count; to send, JF_UNSPEC has the system choose.
    pub local: jf_addr,
    /// JF_HAS_PACKET_INFO: the interface; to send, 0 has the system choose.
    pub interface_index: u32,
    /// JF_HAS_CREDENTIALS: the process. To send another's takes CAP_SYS_ADMIN, another user or group CAP_SETUID and
    /// CAP_SETGID.
    pub pid: i32,
    /// JF_HAS_CREDENTIALS: the user.
    pub uid: u32,
    /// JF_HAS_CREDENTIALS: the group.
    pub gid: u32,
    /// JF_HAS_TTL: to send 1 to 255.
    pub ttl: u32,
    /// JF_HAS_TOS: 0 to 255.
    pub tos: u32,
    /// JF_HAS_SEGMENT_SIZE: bytes, to send 1 to 65535.
    pub segment_size: u32,
    /// JF_HAS_OVERFLOW: messages since the socket was opened.
    pub overflow: u32,
    /// JF_HAS_TIME: nanoseconds since 1970 by the system's clock.
    pub time: i64,
    /// JF_HAS_HARDWARE_TIME: nanoseconds since the zero of the device's clock.
    pub hardware_time: i64,
    /// JF_HAS_PROCESS: a descriptor.
    pub process: i64,
    /// JF_HAS_ORIGINAL_DEST.
    pub original: jf_addr,
    /// JF_HAS_PATH_MTU: bytes.
    pub path_mtu: u32,
    /// JF_HAS_ERROR: who says so, JF_ORIGIN_.
    pub error_origin: u32,
    /// JF_HAS_ERROR: what happened, a JF_E_ code, such as JF_E_CONN_REFUSED for a port nobody listens at,
    /// JF_E_HOST_UNREACHABLE, or JF_E_MESSAGE_SIZE when a fragment was needed; 0 when it is no error.
    pub error: i64,
    /// JF_HAS_ERROR: the type of the ICMP message.
    pub icmp_type: u32,
    /// JF_HAS_ERROR: the code of the ICMP message.
    pub icmp_code: u32,
    /// JF_HAS_ERROR: of JF_E_MESSAGE_SIZE the path's MTU in bytes; of a timestamp where it was taken: 0 by the driver
    /// or device, 1 when it was queued for it, 2 when the peer acknowledged it.
    pub error_info: u32,
    /// JF_HAS_ERROR: of a timestamp the number of what was sent, counted from 0 (JF_TS_OPT_ID).
    pub error_data: u32,
    /// JF_HAS_ERROR: the router or host that reported it; JF_UNSPEC when it was this machine.
    pub error_from: jf_addr,
}

const _: () = assert!(size_of::<jf_msg>() == 680 && align_of::<jf_msg>() == 8 && size_of::<jf_passed>() == 16);
