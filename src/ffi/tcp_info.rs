//! The C function and types for the state of a TCP connection.

use super::boundary::{guard, required};
use super::socket::{SOCKETS, jf_socket};
use crate::net::{Error, TcpInfo, tcp_info_fields};
use std::mem::{align_of, offset_of, size_of};
use std::ptr;

/// States of a TCP connection, as in RFC 9293.
#[repr(C)]
#[allow(dead_code, reason = "C names for numbers of the core")]
#[derive(Clone, Copy)]
pub enum jf_tcp_state {
    /// A state that this library does not know.
    JF_TCP_UNKNOWN = 0,
    /// The connection is open in both directions.
    JF_TCP_ESTABLISHED = 1,
    /// A connection was requested; no answer has arrived.
    JF_TCP_SYN_SENT = 2,
    /// A request was received and answered; the handshake is not complete.
    JF_TCP_SYN_RECEIVED = 3,
    /// This end is closed for sending; the peer has not acknowledged the FIN.
    JF_TCP_FIN_WAIT_1 = 4,
    /// This end is closed for sending, and the peer has acknowledged it.
    JF_TCP_FIN_WAIT_2 = 5,
    /// Both ends are closed; the connection waits until delayed packets have expired.
    JF_TCP_TIME_WAIT = 6,
    /// There is no connection.
    JF_TCP_CLOSED = 7,
    /// The peer's end is closed for sending.
    JF_TCP_CLOSE_WAIT = 8,
    /// Both ends are closed, the peer's first; the peer has not acknowledged the FIN.
    JF_TCP_LAST_ACK = 9,
    /// The socket listens for connections.
    JF_TCP_LISTEN = 10,
    /// Both ends were closed at the same time; the peer has not acknowledged the FIN.
    JF_TCP_CLOSING = 11,
}

/// Options that both ends of a TCP connection negotiated, joined with |.
#[repr(C)]
#[allow(dead_code, reason = "C names for numbers of the core")]
#[derive(Clone, Copy)]
pub enum jf_tcp_option {
    /// Segments carry timestamps.
    JF_TCP_OPTION_TIMESTAMPS = 0x1,
    /// Selective acknowledgements.
    JF_TCP_OPTION_SACK = 0x2,
    /// Window scaling.
    JF_TCP_OPTION_WINDOW_SCALE = 0x4,
    /// Explicit congestion notification.
    JF_TCP_OPTION_ECN = 0x8,
    /// A packet with an ECN-capable mark was received.
    JF_TCP_OPTION_ECN_SEEN = 0x10,
    /// Data in the SYN was acknowledged (TCP Fast Open).
    JF_TCP_OPTION_SYN_DATA = 0x20,
}

/// Bits of `filled` in jf_tcp_info_data, joined with |; each stands for the fields that it names.
#[repr(C)]
#[allow(dead_code, reason = "C names for numbers of the core")]
#[derive(Clone, Copy)]
pub enum jf_tcp_field {
    /// state.
    JF_TCP_HAS_STATE = 0x1,
    /// options.
    JF_TCP_HAS_OPTIONS = 0x2,
    /// rto_us.
    JF_TCP_HAS_RTO = 0x4,
    /// snd_mss, rcv_mss.
    JF_TCP_HAS_MSS = 0x8,
    /// unacked, sacked, lost, retrans, retransmits, probes.
    JF_TCP_HAS_IN_FLIGHT = 0x10,
    /// last_data_sent_ms, last_data_received_ms, last_ack_received_ms.
    JF_TCP_HAS_LAST = 0x20,
    /// path_mtu.
    JF_TCP_HAS_PATH_MTU = 0x40,
    /// rtt_us, rttvar_us.
    JF_TCP_HAS_RTT = 0x80,
    /// cwnd, ssthresh.
    JF_TCP_HAS_CWND = 0x100,
    /// reordering.
    JF_TCP_HAS_REORDERING = 0x200,
    /// rcv_rtt_us, rcv_space.
    JF_TCP_HAS_RECEIVER = 0x400,
    /// total_retransmits.
    JF_TCP_HAS_TOTAL_RETRANSMITS = 0x800,
    /// pacing_rate, max_pacing_rate.
    JF_TCP_HAS_PACING = 0x1000,
    /// bytes_acked, bytes_received.
    JF_TCP_HAS_BYTES = 0x2000,
    /// segs_out, segs_in.
    JF_TCP_HAS_SEGS = 0x4000,
    /// notsent_bytes.
    JF_TCP_HAS_NOTSENT = 0x8000,
    /// min_rtt_us.
    JF_TCP_HAS_MIN_RTT = 0x10000,
    /// data_segs_out, data_segs_in.
    JF_TCP_HAS_DATA_SEGS = 0x20000,
    /// delivery_rate.
    JF_TCP_HAS_DELIVERY_RATE = 0x40000,
    /// busy_time_us, rwnd_limited_us, sndbuf_limited_us.
    JF_TCP_HAS_TIMES = 0x80000,
    /// delivered, delivered_ce.
    JF_TCP_HAS_DELIVERED = 0x100000,
    /// bytes_sent, bytes_retransmitted.
    JF_TCP_HAS_BYTES_SENT = 0x200000,
    /// dsack_dups, reord_seen.
    JF_TCP_HAS_REORD_SEEN = 0x400000,
    /// rcv_ooopack.
    JF_TCP_HAS_RCV_OOOPACK = 0x800000,
    /// snd_wnd.
    JF_TCP_HAS_SND_WND = 0x1000000,
    /// rcv_wnd.
    JF_TCP_HAS_RCV_WND = 0x2000000,
    /// rehash.
    JF_TCP_HAS_REHASH = 0x4000000,
    /// total_rto, total_rto_recoveries, total_rto_time_ms.
    JF_TCP_HAS_TOTAL_RTO = 0x8000000,
}

/// State and statistics of a TCP connection.
///
/// A field that the system does not report is 0, and its bit in `filled` is not set. Later versions of the library may
/// append fields; `size` distinguishes the versions.
#[repr(C)]
pub struct jf_tcp_info_data {
    /// Must be set to sizeof(jf_tcp_info_data) before the call.
    pub size: u32,
    /// [enum(jf_tcp_state)] State of the connection.
    pub state: u32,
    /// [flags(jf_tcp_field)] Fields that are filled in.
    pub filled: u64,
    /// [flags(jf_tcp_option)] Options negotiated in the handshake.
    pub options: u32,
    /// Retransmission timeout in microseconds.
    pub rto_us: u32,
    /// Maximum segment size for sending, in bytes of data.
    pub snd_mss: u32,
    /// Estimated maximum segment size of the peer's segments, in bytes of data.
    pub rcv_mss: u32,
    /// Number of segments sent and not yet acknowledged.
    pub unacked: u32,
    /// Number of those segments that the peer has acknowledged selectively.
    pub sacked: u32,
    /// Number of those segments that are assumed lost.
    pub lost: u32,
    /// Number of those segments that were retransmitted.
    pub retrans: u32,
    /// Number of consecutive retransmission timeouts.
    pub retransmits: u32,
    /// Number of unanswered zero-window or keepalive probes.
    pub probes: u32,
    /// Milliseconds since data was last sent; if none was sent, roughly the time since the system started.
    pub last_data_sent_ms: u32,
    /// Milliseconds since data was last received.
    pub last_data_received_ms: u32,
    /// Milliseconds since an acknowledgement was last received.
    pub last_ack_received_ms: u32,
    /// Path MTU in bytes.
    pub path_mtu: u32,
    /// Smoothed round-trip time in microseconds; 0 before the first measurement.
    pub rtt_us: u32,
    /// Variation of the round-trip time in microseconds.
    pub rttvar_us: u32,
    /// Congestion window: the maximum number of segments in flight.
    pub cwnd: u32,
    /// Slow-start threshold in segments; INT32_MAX before the first congestion.
    pub ssthresh: u32,
    /// Assumed reordering of the path, in segments.
    pub reordering: u32,
    /// Round-trip time in microseconds as estimated by the receiver; 0 before the first estimate.
    pub rcv_rtt_us: u32,
    /// Bytes that the receiver allows in one round trip.
    pub rcv_space: u32,
    /// Number of segments retransmitted since the connection was established.
    pub total_retransmits: u32,
    /// Number of segments sent, including those without data.
    pub segs_out: u32,
    /// Number of segments received, including those without data.
    pub segs_in: u32,
    /// Number of bytes queued and not yet sent.
    pub notsent_bytes: u32,
    /// Minimum of the recent round-trip times in microseconds; UINT32_MAX before the first measurement.
    pub min_rtt_us: u32,
    /// Number of segments with data sent.
    pub data_segs_out: u32,
    /// Number of segments with data received.
    pub data_segs_in: u32,
    /// Number of segments with data delivered according to the peer, including retransmitted ones.
    pub delivered: u32,
    /// Number of those segments that were marked with ECN congestion experienced.
    pub delivered_ce: u32,
    /// Number of segments that the peer reported as duplicates.
    pub dsack_dups: u32,
    /// Number of reordering events observed at the peer.
    pub reord_seen: u32,
    /// Number of segments received out of order.
    pub rcv_ooopack: u32,
    /// Receive window advertised by the peer, in bytes.
    pub snd_wnd: u32,
    /// Receive window advertised to the peer, in bytes.
    pub rcv_wnd: u32,
    /// Number of times another path was tried because the current one seemed to fail.
    pub rehash: u32,
    /// Number of retransmission timeouts.
    pub total_rto: u32,
    /// Number of recoveries after retransmission timeouts; consecutive timeouts count as one.
    pub total_rto_recoveries: u32,
    /// Milliseconds spent in those recoveries: from the timeout until the lost data was delivered.
    pub total_rto_time_ms: u32,
    /// Reserved, 0.
    pub reserved: u32,
    /// Current pacing rate in bytes per second; UINT64_MAX means no limit.
    pub pacing_rate: u64,
    /// Maximum pacing rate in bytes per second; UINT64_MAX means no limit.
    pub max_pacing_rate: u64,
    /// Number of bytes that the peer has acknowledged; the SYN counts as one.
    pub bytes_acked: u64,
    /// Number of bytes received in order; the FIN counts as one.
    pub bytes_received: u64,
    /// Recent rate of delivery to the peer in bytes per second; 0 before the first measurement.
    pub delivery_rate: u64,
    /// Microseconds during which data was waiting to be sent or acknowledged.
    pub busy_time_us: u64,
    /// Part of `busy_time_us` during which the peer's receive window was full.
    pub rwnd_limited_us: u64,
    /// Part of `busy_time_us` during which the send buffer was too small.
    pub sndbuf_limited_us: u64,
    /// Number of bytes of data sent, including retransmitted ones.
    pub bytes_sent: u64,
    /// Number of bytes of data retransmitted.
    pub bytes_retransmitted: u64,
}

/// The struct's size in version 0.1, the smallest that a caller can have.
const MIN_SIZE: usize = 16 + 40 * 4 + 10 * 8;
/// Larger than the struct will ever be. A larger size means that the caller did not set the field.
const MAX_SIZE: usize = 4096;

macro_rules! assert_same_layout {
    ($($type:ident { $($group:ident = $bit:literal { $($(#[$doc:meta])+ $member:ident = $raw:ident;)+ })+ })+) => {
        const _: () = assert!(
            size_of::<jf_tcp_info_data>() == size_of::<TcpInfo>()
                && align_of::<jf_tcp_info_data>() == align_of::<TcpInfo>()
                && MIN_SIZE <= size_of::<TcpInfo>()
                && offset_of!(jf_tcp_info_data, state) == offset_of!(TcpInfo, state)
                && offset_of!(jf_tcp_info_data, filled) == offset_of!(TcpInfo, filled)
                && offset_of!(jf_tcp_info_data, options) == offset_of!(TcpInfo, options)
                $($($(&& offset_of!(jf_tcp_info_data, $member) == offset_of!(TcpInfo, $member))+)+)+
        );
    };
}
tcp_info_fields!(assert_same_layout);

/// Reads the current state and statistics of a TCP connection.
///
/// For a listener, only its state, its pacing rates and its reordering are reported.
///
/// @param s     TCP socket
/// @param out   [inout] struct to fill in. Its field `size` must be set to sizeof(jf_tcp_info_data). A larger size, up
///              to 4096, is accepted from a caller built with a later version; the fields that this version lacks are
///              set to 0.
///
/// @blocks   never
/// @return   [nothing]
/// @error JF_E_OPTION_UNSUPPORTED   the socket is not a TCP socket
/// @error JF_E_INVALID              `size` is less than it is in version 0.1, or above 4096
/// @see tcp(7), TCP_INFO
/// @since 0.1
// SAFETY: `out` is NULL, or its field `size` is set and it is writable for that many bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_tcp_info(s: jf_socket, out: *mut jf_tcp_info_data) -> i64 {
    guard(|| {
        if !out.is_aligned() {
            return Err(Error::INVALID);
        }
        // SAFETY: guaranteed by the caller. Only `size`, the first field, is read here: it limits everything after it.
        let size = unsafe { required(out.cast::<u32>())?.assume_init_read() } as usize;
        if !(MIN_SIZE..=MAX_SIZE).contains(&size) {
            return Err(Error::INVALID);
        }
        let info = SOCKETS.with(s, |socket| socket.tcp_info())?;
        let (known, source) = (size.min(size_of::<TcpInfo>()) - size_of::<u32>(), &raw const info);
        // SAFETY: the caller's memory has `size` bytes and does not overlap ours. All of it but the size is written.
        unsafe {
            let members = out.cast::<u8>().add(size_of::<u32>());
            ptr::copy_nonoverlapping(source.cast::<u8>().add(size_of::<u32>()), members, known);
            ptr::write_bytes(members.add(known), 0, size - size_of::<u32>() - known);
        }
        Ok(0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::{TcpFields, TcpOptions, TcpState};

    #[test]
    fn enums_have_the_same_numbers_in_c_and_rust() {
        for (c, rust) in [
            (jf_tcp_state::JF_TCP_UNKNOWN, TcpState::Unknown),
            (jf_tcp_state::JF_TCP_ESTABLISHED, TcpState::Established),
            (jf_tcp_state::JF_TCP_SYN_SENT, TcpState::SynSent),
            (jf_tcp_state::JF_TCP_SYN_RECEIVED, TcpState::SynReceived),
            (jf_tcp_state::JF_TCP_FIN_WAIT_1, TcpState::FinWait1),
            (jf_tcp_state::JF_TCP_FIN_WAIT_2, TcpState::FinWait2),
            (jf_tcp_state::JF_TCP_TIME_WAIT, TcpState::TimeWait),
            (jf_tcp_state::JF_TCP_CLOSED, TcpState::Closed),
            (jf_tcp_state::JF_TCP_CLOSE_WAIT, TcpState::CloseWait),
            (jf_tcp_state::JF_TCP_LAST_ACK, TcpState::LastAck),
            (jf_tcp_state::JF_TCP_LISTEN, TcpState::Listen),
            (jf_tcp_state::JF_TCP_CLOSING, TcpState::Closing),
        ] {
            assert_eq!(c as u32, rust as u32);
        }
    }

    /// The enumerators are read from this file, so that none of the core's flags can be missing.
    #[test]
    fn every_flag_has_its_enumerator() {
        let source = include_str!("tcp_info.rs");
        for (name, option) in TcpOptions::all().iter_names() {
            let enumerator = format!("    JF_TCP_OPTION_{name} = {:#x},\n", option.bits());
            assert!(source.contains(&enumerator), "{enumerator}");
        }
        for (name, field) in TcpFields::all().iter_names() {
            let (_, members) = TcpFields::GROUPS.iter().find(|(group, _)| *group == field).unwrap();
            let enumerator = format!("    /// {}.\n    JF_TCP_HAS_{name} = {:#x},\n", members.join(", "), field.bits());
            assert!(source.contains(&enumerator), "{enumerator}");
        }
        let count = |prefix: &str| source.lines().filter(|line| line.starts_with(prefix)).count();
        assert_eq!(count("    JF_TCP_OPTION_"), TcpOptions::all().iter_names().count());
        assert_eq!(count("    JF_TCP_HAS_"), TcpFields::all().iter_names().count());
    }
}
