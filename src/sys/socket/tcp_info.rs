//! The kernel's state and statistics of a TCP connection.

use crate::sys::errno::Errno;
use crate::sys::plain::Plain;
use crate::sys::socket::descriptor::Descriptor;

/// `struct tcp_info` of Linux 6.18. Newer kernels append fields, and each reports how many bytes it has written. The
/// kernel's bit-fields are represented as whole bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the kernel's")]
pub struct RawTcpInfo {
    pub state: u8,
    pub ca_state: u8,
    pub retransmits: u8,
    pub probes: u8,
    pub backoff: u8,
    pub options: u8,
    /// The peer's and the own window scale, four bits each.
    pub window_scales: u8,
    /// Whether the delivery rate is limited by the application, and why TCP Fast Open failed.
    pub app_limited: u8,
    pub rto: u32,
    pub ato: u32,
    pub snd_mss: u32,
    pub rcv_mss: u32,
    pub unacked: u32,
    pub sacked: u32,
    pub lost: u32,
    pub retrans: u32,
    pub fackets: u32,
    pub last_data_sent: u32,
    pub last_ack_sent: u32,
    pub last_data_recv: u32,
    pub last_ack_recv: u32,
    pub pmtu: u32,
    pub rcv_ssthresh: u32,
    pub rtt: u32,
    pub rttvar: u32,
    pub snd_ssthresh: u32,
    pub snd_cwnd: u32,
    pub advmss: u32,
    pub reordering: u32,
    pub rcv_rtt: u32,
    pub rcv_space: u32,
    pub total_retrans: u32,
    pub pacing_rate: u64,
    pub max_pacing_rate: u64,
    pub bytes_acked: u64,
    pub bytes_received: u64,
    pub segs_out: u32,
    pub segs_in: u32,
    pub notsent_bytes: u32,
    pub min_rtt: u32,
    pub data_segs_in: u32,
    pub data_segs_out: u32,
    pub delivery_rate: u64,
    pub busy_time: u64,
    pub rwnd_limited: u64,
    pub sndbuf_limited: u64,
    pub delivered: u32,
    pub delivered_ce: u32,
    pub bytes_sent: u64,
    pub bytes_retrans: u64,
    pub dsack_dups: u32,
    pub reord_seen: u32,
    pub rcv_ooopack: u32,
    pub snd_wnd: u32,
    pub rcv_wnd: u32,
    pub rehash: u32,
    pub total_rto: u16,
    pub total_rto_recoveries: u16,
    pub total_rto_time: u32,
}

// The offsets of the fields that begin a kernel version's addition; the fields between them follow.
const _: () = {
    use std::mem::offset_of;
    assert!(offset_of!(RawTcpInfo, rto) == 8);
    assert!(offset_of!(RawTcpInfo, unacked) == 24);
    assert!(offset_of!(RawTcpInfo, last_data_sent) == 44);
    assert!(offset_of!(RawTcpInfo, pmtu) == 60);
    assert!(offset_of!(RawTcpInfo, rtt) == 68);
    assert!(offset_of!(RawTcpInfo, snd_cwnd) == 80);
    assert!(offset_of!(RawTcpInfo, rcv_rtt) == 92);
    assert!(offset_of!(RawTcpInfo, total_retrans) == 100);
    assert!(offset_of!(RawTcpInfo, pacing_rate) == 104);
    assert!(offset_of!(RawTcpInfo, bytes_acked) == 120);
    assert!(offset_of!(RawTcpInfo, segs_out) == 136);
    assert!(offset_of!(RawTcpInfo, notsent_bytes) == 144);
    assert!(offset_of!(RawTcpInfo, min_rtt) == 148);
    assert!(offset_of!(RawTcpInfo, delivery_rate) == 160);
    assert!(offset_of!(RawTcpInfo, busy_time) == 168);
    assert!(offset_of!(RawTcpInfo, delivered) == 192);
    assert!(offset_of!(RawTcpInfo, bytes_sent) == 200);
    assert!(offset_of!(RawTcpInfo, dsack_dups) == 216);
    assert!(offset_of!(RawTcpInfo, rcv_ooopack) == 224);
    assert!(offset_of!(RawTcpInfo, snd_wnd) == 228);
    assert!(offset_of!(RawTcpInfo, rcv_wnd) == 232);
    assert!(offset_of!(RawTcpInfo, total_rto) == 240);
    assert!(offset_of!(RawTcpInfo, total_rto_time) == 244);
    assert!(size_of::<RawTcpInfo>() == 248);
};

// SAFETY: the fields are integers.
unsafe impl Plain for RawTcpInfo {}

/// Bit of [`RawTcpInfo::options`]: timestamps are in use.
pub const TCP_TIMESTAMPS: u8 = 1;
/// Bit of [`RawTcpInfo::options`]: selective acknowledgements are in use.
pub const TCP_SACK: u8 = 2;
/// Bit of [`RawTcpInfo::options`]: window scaling is in use.
pub const TCP_WINDOW_SCALE: u8 = 4;
/// Bit of [`RawTcpInfo::options`]: explicit congestion notification is in use.
pub const TCP_ECN: u8 = 8;
/// Bit of [`RawTcpInfo::options`]: a packet with an ECN-capable mark was received.
pub const TCP_ECN_SEEN: u8 = 16;
/// Bit of [`RawTcpInfo::options`]: data in the SYN was acknowledged.
pub const TCP_SYN_DATA: u8 = 32;

impl Descriptor {
    /// Reads the struct, and the number of bytes that the kernel has written.
    pub fn tcp_info(&self) -> Result<(RawTcpInfo, usize), Errno> {
        self.get_value_with_len(libc::IPPROTO_TCP, libc::TCP_INFO)
    }
}
