//! What is known of a TCP connection, as C sees it.

use super::boundary::{guard, required};
use super::socket::{SOCKETS, jf_socket};
use crate::net::{Error, TcpInfo};
use std::mem::{align_of, offset_of, size_of};
use std::ptr;

/// States of a TCP connection.
#[repr(C)]
#[allow(dead_code, reason = "these are C's names for numbers of the core")]
#[derive(Clone, Copy)]
pub enum jf_tcp_state {
    /// One that this library does not know.
    JF_TCP_UNKNOWN = 0,
    /// Both may send.
    JF_TCP_ESTABLISHED = 1,
    /// A connection was asked for.
    JF_TCP_SYN_SENT = 2,
    /// It was, and granted.
    JF_TCP_SYN_RECEIVED = 3,
    /// This end is closed for sending, which the peer has yet to acknowledge.
    JF_TCP_FIN_WAIT_1 = 4,
    /// This end is closed for sending.
    JF_TCP_FIN_WAIT_2 = 5,
    /// Both ends are closed; what is under way fades out.
    JF_TCP_TIME_WAIT = 6,
    /// There is no connection.
    JF_TCP_CLOSED = 7,
    /// The peer's end is closed for sending.
    JF_TCP_CLOSE_WAIT = 8,
    /// So is this one, which the peer has yet to acknowledge.
    JF_TCP_LAST_ACK = 9,
    /// It takes connections.
    JF_TCP_LISTEN = 10,
    /// Both ends closed at the same time.
    JF_TCP_CLOSING = 11,
}

/// What both ends of a TCP connection agreed on, joined with |.
#[repr(C)]
#[allow(dead_code, reason = "these are C's names for numbers of the core")]
#[derive(Clone, Copy)]
pub enum jf_tcp_option {
    /// Segments carry timestamps.
    JF_TCP_OPTION_TIMESTAMPS = 0x1,
    /// Acknowledgements are selective.
    JF_TCP_OPTION_SACK = 0x2,
    /// Windows have scales.
    JF_TCP_OPTION_WINDOW_SCALE = 0x4,
    /// Congestion is notified.
    JF_TCP_OPTION_ECN = 0x8,
    /// A packet came that was marked as one that could be notified of congestion.
    JF_TCP_OPTION_ECN_SEEN = 0x10,
    /// Data went with the first packet and was acknowledged: fast open.
    JF_TCP_OPTION_SYN_DATA = 0x20,
}

/// Fields of a jf_tcp_info_data that the system has filled, joined with |; each stands for the members it names.
#[repr(C)]
#[allow(dead_code, reason = "these are C's names for numbers of the core")]
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

/// What the system knows of a TCP connection. A member that this system's version does not have is 0, and not in
/// filled. Later versions of the library may append members: size tells them apart.
#[repr(C)]
pub struct jf_tcp_info_data {
    /// To be set to sizeof(jf_tcp_info_data) before the call.
    pub size: u32,
    /// The connection's state: one of JF_TCP_ESTABLISHED and so on.
    pub state: u32,
    /// Which members are filled: JF_TCP_HAS_* joined with |.
    pub filled: u64,
    /// What was agreed on when the connection was made: JF_TCP_OPTION_* joined with |.
    pub options: u32,
    /// How long an acknowledgement is waited for before sending again, in microseconds.
    pub rto_us: u32,
    /// The most bytes of data that a segment to the peer holds.
    pub snd_mss: u32,
    /// The same of segments from the peer, as far as it can be guessed, in bytes.
    pub rcv_mss: u32,
    /// Segments sent and not yet acknowledged.
    pub unacked: u32,
    /// Of those, how many the peer has told it has out of order.
    pub sacked: u32,
    /// Of those, how many are taken for lost.
    pub lost: u32,
    /// Of those, how many were sent again.
    pub retrans: u32,
    /// How often in a row the timeout for an acknowledgement has passed.
    pub retransmits: u32,
    /// Probes of a closed window or a silent peer without an answer.
    pub probes: u32,
    /// Milliseconds since data was last sent, or else since the machine was started, about.
    pub last_data_sent_ms: u32,
    /// Milliseconds since data last came.
    pub last_data_received_ms: u32,
    /// Milliseconds since an acknowledgement last came.
    pub last_ack_received_ms: u32,
    /// The longest packet that the path takes, in bytes.
    pub path_mtu: u32,
    /// The round trip's time, smoothed, in microseconds; 0 before one was measured.
    pub rtt_us: u32,
    /// How much it varies, in microseconds.
    pub rttvar_us: u32,
    /// The congestion window: segments that may be on their way.
    pub cwnd: u32,
    /// Segments up to which that window grows quickly; INT32_MAX before there was congestion.
    pub ssthresh: u32,
    /// By how many segments the path is taken to change their order.
    pub reordering: u32,
    /// The round trip's time as the receiver guesses it, in microseconds; 0 before it can.
    pub rcv_rtt_us: u32,
    /// Bytes that the receiver lets come in one round trip.
    pub rcv_space: u32,
    /// Segments sent again since the connection was made.
    pub total_retransmits: u32,
    /// Segments sent, those without data included.
    pub segs_out: u32,
    /// Segments received, those without data included.
    pub segs_in: u32,
    /// Bytes that are queued and were not sent yet.
    pub notsent_bytes: u32,
    /// The shortest round trip of late, in microseconds; UINT32_MAX before one was measured.
    pub min_rtt_us: u32,
    /// Segments with data that were sent.
    pub data_segs_out: u32,
    /// Segments with data that were received.
    pub data_segs_in: u32,
    /// Segments with data that arrived, as the peer says, those sent again included.
    pub delivered: u32,
    /// Of those, how many met congestion on their way.
    pub delivered_ce: u32,
    /// Segments that the peer says it got twice.
    pub dsack_dups: u32,
    /// How often segments were seen to arrive out of order at the peer.
    pub reord_seen: u32,
    /// Segments that came out of order.
    pub rcv_ooopack: u32,
    /// Bytes that the peer has room for.
    pub snd_wnd: u32,
    /// Bytes that the peer was told there is room for here.
    pub rcv_wnd: u32,
    /// How often another path was tried since this one seemed to fail.
    pub rehash: u32,
    /// How often the timeout for an acknowledgement has passed.
    pub total_rto: u32,
    /// How often sending was begun anew after that, once for several in a row.
    pub total_rto_recoveries: u32,
    /// Milliseconds from those timeouts until what was lost had arrived.
    pub total_rto_time_ms: u32,
    /// Nothing; 0.
    pub reserved: u32,
    /// Bytes a second that are sent at the most for now; UINT64_MAX is no limit.
    pub pacing_rate: u64,
    /// What that can rise to, in bytes a second; UINT64_MAX is no limit.
    pub max_pacing_rate: u64,
    /// Bytes of data that the peer has acknowledged; the SYN counts as one.
    pub bytes_acked: u64,
    /// Bytes of data that came, in order; the FIN counts as one.
    pub bytes_received: u64,
    /// Bytes a second that have arrived at the peer of late; 0 before it was measured.
    pub delivery_rate: u64,
    /// Microseconds in which there was something to send or to be acknowledged.
    pub busy_time_us: u64,
    /// Of those, in how many the peer had no room.
    pub rwnd_limited_us: u64,
    /// Of those, in how many the send buffer was too small.
    pub sndbuf_limited_us: u64,
    /// Bytes of data sent, those sent again included.
    pub bytes_sent: u64,
    /// Of those, how many were sent again.
    pub bytes_retransmitted: u64,
}

/// As long as it was at first; no caller has less.
const FIRST_SIZE: usize = 16 + 40 * 4 + 10 * 8;
/// Longer than it will ever be. What says to be longer was not set.
const MOST_SIZE: usize = 4096;

macro_rules! laid_out_alike {
    ($($member:ident),*) => {
        const _: () = assert!(
            size_of::<jf_tcp_info_data>() == size_of::<TcpInfo>()
                && align_of::<jf_tcp_info_data>() == align_of::<TcpInfo>()
                && FIRST_SIZE <= size_of::<TcpInfo>()
                $(&& offset_of!(jf_tcp_info_data, $member) == offset_of!(TcpInfo, $member))*
        );
    };
}
laid_out_alike!(
    state,
    filled,
    options,
    rto_us,
    snd_mss,
    rcv_mss,
    unacked,
    sacked,
    lost,
    retrans,
    retransmits,
    probes,
    last_data_sent_ms,
    last_data_received_ms,
    last_ack_received_ms,
    path_mtu,
    rtt_us,
    rttvar_us,
    cwnd,
    ssthresh,
    reordering,
    rcv_rtt_us,
    rcv_space,
    total_retransmits,
    segs_out,
    segs_in,
    notsent_bytes,
    min_rtt_us,
    data_segs_out,
    data_segs_in,
    delivered,
    delivered_ce,
    dsack_dups,
    reord_seen,
    rcv_ooopack,
    snd_wnd,
    rcv_wnd,
    rehash,
    total_rto,
    total_rto_recoveries,
    total_rto_time_ms,
    pacing_rate,
    max_pacing_rate,
    bytes_acked,
    bytes_received,
    delivery_rate,
    busy_time_us,
    rwnd_limited_us,
    sndbuf_limited_us,
    bytes_sent,
    bytes_retransmitted
);

/// Tells what the system knows of a TCP connection at this moment.
///
/// s: a TCP socket.
/// out: what to fill in; not NULL. Its member size must be set to sizeof(jf_tcp_info_data), or to more, up to 4096, by
/// who knows of more members: then those are set to 0.
///
/// Never blocks. A listener has but its state, its pacing and its reordering. Returns 0. Errors:
/// JF_E_OPTION_UNSUPPORTED when it is no TCP socket; JF_E_INVALID for a NULL or a size that can't be; JF_E_BAD_HANDLE.
/// See tcp(7), TCP_INFO. Since 0.1.
// SAFETY: `out` is NULL, or its size is set and it is writable for that.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn jf_tcp_info(s: jf_socket, out: *mut jf_tcp_info_data) -> i64 {
    guard(|| {
        if !out.is_aligned() {
            return Err(Error::INVALID);
        }
        // SAFETY: the caller's. How much more there is, the size says.
        let size = unsafe { required(out.cast::<u32>())?.assume_init_read() } as usize;
        if !(FIRST_SIZE..=MOST_SIZE).contains(&size) {
            return Err(Error::INVALID);
        }
        let info = SOCKETS.with(s, |socket| socket.tcp_info())?;
        let (known, from) = (size.min(size_of::<TcpInfo>()) - size_of::<u32>(), &raw const info);
        // SAFETY: the caller's memory is as long as its size says, and is no part of ours. All but the size itself is written.
        unsafe {
            let room = out.cast::<u8>().add(size_of::<u32>());
            ptr::copy_nonoverlapping(from.cast::<u8>().add(size_of::<u32>()), room, known);
            ptr::write_bytes(room.add(known), 0, size - size_of::<u32>() - known);
        }
        Ok(0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::{TcpFields, TcpOptions, TcpState};

    #[test]
    fn c_and_rust_number_alike() {
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
        for (c, rust) in [
            (jf_tcp_option::JF_TCP_OPTION_TIMESTAMPS, TcpOptions::TIMESTAMPS),
            (jf_tcp_option::JF_TCP_OPTION_SACK, TcpOptions::SACK),
            (jf_tcp_option::JF_TCP_OPTION_WINDOW_SCALE, TcpOptions::WINDOW_SCALE),
            (jf_tcp_option::JF_TCP_OPTION_ECN, TcpOptions::ECN),
            (jf_tcp_option::JF_TCP_OPTION_ECN_SEEN, TcpOptions::ECN_SEEN),
            (jf_tcp_option::JF_TCP_OPTION_SYN_DATA, TcpOptions::SYN_DATA),
        ] {
            assert_eq!(c as u32, rust.bits());
        }
        for (c, rust) in [
            (jf_tcp_field::JF_TCP_HAS_STATE, TcpFields::STATE),
            (jf_tcp_field::JF_TCP_HAS_OPTIONS, TcpFields::OPTIONS),
            (jf_tcp_field::JF_TCP_HAS_RTO, TcpFields::RTO),
            (jf_tcp_field::JF_TCP_HAS_MSS, TcpFields::MSS),
            (jf_tcp_field::JF_TCP_HAS_IN_FLIGHT, TcpFields::IN_FLIGHT),
            (jf_tcp_field::JF_TCP_HAS_LAST, TcpFields::LAST),
            (jf_tcp_field::JF_TCP_HAS_PATH_MTU, TcpFields::PATH_MTU),
            (jf_tcp_field::JF_TCP_HAS_RTT, TcpFields::RTT),
            (jf_tcp_field::JF_TCP_HAS_CWND, TcpFields::CWND),
            (jf_tcp_field::JF_TCP_HAS_REORDERING, TcpFields::REORDERING),
            (jf_tcp_field::JF_TCP_HAS_RECEIVER, TcpFields::RECEIVER),
            (jf_tcp_field::JF_TCP_HAS_TOTAL_RETRANSMITS, TcpFields::TOTAL_RETRANSMITS),
            (jf_tcp_field::JF_TCP_HAS_PACING, TcpFields::PACING),
            (jf_tcp_field::JF_TCP_HAS_BYTES, TcpFields::BYTES),
            (jf_tcp_field::JF_TCP_HAS_SEGS, TcpFields::SEGS),
            (jf_tcp_field::JF_TCP_HAS_NOTSENT, TcpFields::NOTSENT),
            (jf_tcp_field::JF_TCP_HAS_MIN_RTT, TcpFields::MIN_RTT),
            (jf_tcp_field::JF_TCP_HAS_DATA_SEGS, TcpFields::DATA_SEGS),
            (jf_tcp_field::JF_TCP_HAS_DELIVERY_RATE, TcpFields::DELIVERY_RATE),
            (jf_tcp_field::JF_TCP_HAS_TIMES, TcpFields::TIMES),
            (jf_tcp_field::JF_TCP_HAS_DELIVERED, TcpFields::DELIVERED),
            (jf_tcp_field::JF_TCP_HAS_BYTES_SENT, TcpFields::BYTES_SENT),
            (jf_tcp_field::JF_TCP_HAS_REORD_SEEN, TcpFields::REORD_SEEN),
            (jf_tcp_field::JF_TCP_HAS_RCV_OOOPACK, TcpFields::RCV_OOOPACK),
            (jf_tcp_field::JF_TCP_HAS_SND_WND, TcpFields::SND_WND),
            (jf_tcp_field::JF_TCP_HAS_RCV_WND, TcpFields::RCV_WND),
            (jf_tcp_field::JF_TCP_HAS_REHASH, TcpFields::REHASH),
            (jf_tcp_field::JF_TCP_HAS_TOTAL_RTO, TcpFields::TOTAL_RTO),
        ] {
            assert_eq!(c as u64, rust.bits());
        }
    }
}
