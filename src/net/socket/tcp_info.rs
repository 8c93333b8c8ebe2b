//! What the system knows of a TCP connection.

use crate::net::socket::options::no_such_option;
use crate::net::{Result, Socket};
use crate::sys::tcp_info::{self as tcp, RawTcpInfo};
use std::mem::{offset_of, size_of};

/// The state of a TCP connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u32)]
#[non_exhaustive]
pub enum TcpState {
    /// One that has no number here.
    #[default]
    Unknown = 0,
    /// Both may send.
    Established = 1,
    /// A connection was asked for.
    SynSent = 2,
    /// It was, and granted.
    SynReceived = 3,
    /// This end is closed for sending, which the peer has yet to acknowledge.
    FinWait1 = 4,
    /// This end is closed for sending.
    FinWait2 = 5,
    /// Both ends are closed; what is under way fades out.
    TimeWait = 6,
    /// There is no connection.
    Closed = 7,
    /// The peer's end is closed for sending.
    CloseWait = 8,
    /// So is this one, which the peer has yet to acknowledge.
    LastAck = 9,
    /// It takes connections.
    Listen = 10,
    /// Both ends closed at the same time.
    Closing = 11,
}

impl TcpState {
    /// They are Linux's numbers.
    fn from_number(number: u8) -> TcpState {
        use TcpState::*;
        let states = [
            Unknown,
            Established,
            SynSent,
            SynReceived,
            FinWait1,
            FinWait2,
            TimeWait,
            Closed,
            CloseWait,
            LastAck,
            Listen,
            Closing,
            SynReceived,
        ];
        states.get(usize::from(number)).copied().unwrap_or(Unknown)
    }
}

/// What both ends of a TCP connection agreed on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(transparent)]
pub struct TcpOptions(u32);

impl TcpOptions {
    /// Segments carry timestamps.
    pub const TIMESTAMPS: TcpOptions = TcpOptions(0x1);
    /// Acknowledgements are selective.
    pub const SACK: TcpOptions = TcpOptions(0x2);
    /// Windows have scales.
    pub const WINDOW_SCALE: TcpOptions = TcpOptions(0x4);
    /// Congestion is notified.
    pub const ECN: TcpOptions = TcpOptions(0x8);
    /// A packet came that was marked as one that could be notified of congestion.
    pub const ECN_SEEN: TcpOptions = TcpOptions(0x10);
    /// Data went with the first packet and was acknowledged: fast open.
    pub const SYN_DATA: TcpOptions = TcpOptions(0x20);

    /// The bits of these options.
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// Whether all of those are among these.
    pub const fn contains(self, those: TcpOptions) -> bool {
        self.0 & those.0 == those.0
    }
}

/// Fields of a [`TcpInfo`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(transparent)]
pub struct TcpFields(u64);

impl TcpFields {
    /// `state`.
    pub const STATE: TcpFields = TcpFields(1 << 0);
    /// `options`.
    pub const OPTIONS: TcpFields = TcpFields(1 << 1);
    /// `rto_us`.
    pub const RTO: TcpFields = TcpFields(1 << 2);
    /// `snd_mss`, `rcv_mss`.
    pub const MSS: TcpFields = TcpFields(1 << 3);
    /// `unacked`, `sacked`, `lost`, `retrans`, `retransmits`, `probes`.
    pub const IN_FLIGHT: TcpFields = TcpFields(1 << 4);
    /// `last_data_sent_ms`, `last_data_received_ms`, `last_ack_received_ms`.
    pub const LAST: TcpFields = TcpFields(1 << 5);
    /// `path_mtu`.
    pub const PATH_MTU: TcpFields = TcpFields(1 << 6);
    /// `rtt_us`, `rttvar_us`.
    pub const RTT: TcpFields = TcpFields(1 << 7);
    /// `cwnd`, `ssthresh`.
    pub const CWND: TcpFields = TcpFields(1 << 8);
    /// `reordering`.
    pub const REORDERING: TcpFields = TcpFields(1 << 9);
    /// `rcv_rtt_us`, `rcv_space`.
    pub const RECEIVER: TcpFields = TcpFields(1 << 10);
    /// `total_retransmits`.
    pub const TOTAL_RETRANSMITS: TcpFields = TcpFields(1 << 11);
    /// `pacing_rate`, `max_pacing_rate`.
    pub const PACING: TcpFields = TcpFields(1 << 12);
    /// `bytes_acked`, `bytes_received`.
    pub const BYTES: TcpFields = TcpFields(1 << 13);
    /// `segs_out`, `segs_in`.
    pub const SEGS: TcpFields = TcpFields(1 << 14);
    /// `notsent_bytes`.
    pub const NOTSENT: TcpFields = TcpFields(1 << 15);
    /// `min_rtt_us`.
    pub const MIN_RTT: TcpFields = TcpFields(1 << 16);
    /// `data_segs_out`, `data_segs_in`.
    pub const DATA_SEGS: TcpFields = TcpFields(1 << 17);
    /// `delivery_rate`.
    pub const DELIVERY_RATE: TcpFields = TcpFields(1 << 18);
    /// `busy_time_us`, `rwnd_limited_us`, `sndbuf_limited_us`.
    pub const TIMES: TcpFields = TcpFields(1 << 19);
    /// `delivered`, `delivered_ce`.
    pub const DELIVERED: TcpFields = TcpFields(1 << 20);
    /// `bytes_sent`, `bytes_retransmitted`.
    pub const BYTES_SENT: TcpFields = TcpFields(1 << 21);
    /// `dsack_dups`, `reord_seen`.
    pub const REORD_SEEN: TcpFields = TcpFields(1 << 22);
    /// `rcv_ooopack`.
    pub const RCV_OOOPACK: TcpFields = TcpFields(1 << 23);
    /// `snd_wnd`.
    pub const SND_WND: TcpFields = TcpFields(1 << 24);
    /// `rcv_wnd`.
    pub const RCV_WND: TcpFields = TcpFields(1 << 25);
    /// `rehash`.
    pub const REHASH: TcpFields = TcpFields(1 << 26);
    /// `total_rto`, `total_rto_recoveries`, `total_rto_time_ms`.
    pub const TOTAL_RTO: TcpFields = TcpFields(1 << 27);

    /// The bits of these fields.
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// Whether all of those are among these.
    pub const fn contains(self, those: TcpFields) -> bool {
        self.0 & those.0 == those.0
    }

    /// Those that a kernel has filled that wrote so many bytes.
    fn of_length(len: usize) -> TcpFields {
        let ends = [
            (TcpFields::STATE, offset_of!(RawTcpInfo, state) + size_of::<u8>()),
            (TcpFields::OPTIONS, offset_of!(RawTcpInfo, options) + size_of::<u8>()),
            (TcpFields::RTO, offset_of!(RawTcpInfo, rto) + size_of::<u32>()),
            (TcpFields::MSS, offset_of!(RawTcpInfo, rcv_mss) + size_of::<u32>()),
            (TcpFields::IN_FLIGHT, offset_of!(RawTcpInfo, retrans) + size_of::<u32>()),
            (TcpFields::LAST, offset_of!(RawTcpInfo, last_ack_recv) + size_of::<u32>()),
            (TcpFields::PATH_MTU, offset_of!(RawTcpInfo, pmtu) + size_of::<u32>()),
            (TcpFields::RTT, offset_of!(RawTcpInfo, rttvar) + size_of::<u32>()),
            (TcpFields::CWND, offset_of!(RawTcpInfo, snd_cwnd) + size_of::<u32>()),
            (TcpFields::REORDERING, offset_of!(RawTcpInfo, reordering) + size_of::<u32>()),
            (TcpFields::RECEIVER, offset_of!(RawTcpInfo, rcv_space) + size_of::<u32>()),
            (TcpFields::TOTAL_RETRANSMITS, offset_of!(RawTcpInfo, total_retrans) + size_of::<u32>()),
            (TcpFields::PACING, offset_of!(RawTcpInfo, max_pacing_rate) + size_of::<u64>()),
            (TcpFields::BYTES, offset_of!(RawTcpInfo, bytes_received) + size_of::<u64>()),
            (TcpFields::SEGS, offset_of!(RawTcpInfo, segs_in) + size_of::<u32>()),
            (TcpFields::NOTSENT, offset_of!(RawTcpInfo, notsent_bytes) + size_of::<u32>()),
            (TcpFields::MIN_RTT, offset_of!(RawTcpInfo, min_rtt) + size_of::<u32>()),
            (TcpFields::DATA_SEGS, offset_of!(RawTcpInfo, data_segs_out) + size_of::<u32>()),
            (TcpFields::DELIVERY_RATE, offset_of!(RawTcpInfo, delivery_rate) + size_of::<u64>()),
            (TcpFields::TIMES, offset_of!(RawTcpInfo, sndbuf_limited) + size_of::<u64>()),
            (TcpFields::DELIVERED, offset_of!(RawTcpInfo, delivered_ce) + size_of::<u32>()),
            (TcpFields::BYTES_SENT, offset_of!(RawTcpInfo, bytes_retrans) + size_of::<u64>()),
            (TcpFields::REORD_SEEN, offset_of!(RawTcpInfo, reord_seen) + size_of::<u32>()),
            (TcpFields::RCV_OOOPACK, offset_of!(RawTcpInfo, rcv_ooopack) + size_of::<u32>()),
            (TcpFields::SND_WND, offset_of!(RawTcpInfo, snd_wnd) + size_of::<u32>()),
            (TcpFields::RCV_WND, offset_of!(RawTcpInfo, rcv_wnd) + size_of::<u32>()),
            (TcpFields::REHASH, offset_of!(RawTcpInfo, rehash) + size_of::<u32>()),
            (TcpFields::TOTAL_RTO, offset_of!(RawTcpInfo, total_rto_time) + size_of::<u32>()),
        ];
        TcpFields(ends.iter().filter(|&&(_, end)| end <= len).fold(0, |bits, &(field, _)| bits | field.0))
    }
}

/// What the system knows of a TCP connection. A field that this system's version does not have is 0, and not in
/// `filled`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
// Laid out as C's.
#[repr(C)]
#[non_exhaustive]
pub struct TcpInfo {
    size: u32,
    /// The connection's state.
    pub state: TcpState,
    /// Which fields the system has filled.
    pub filled: TcpFields,
    /// What was agreed on when the connection was made: see [`TcpOptions`].
    pub options: TcpOptions,
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
    /// Segments up to which that window grows quickly; `i32::MAX` before there was congestion.
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
    /// The shortest round trip of late, in microseconds; `u32::MAX` before one was measured.
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
    reserved: u32,
    /// Bytes a second that are sent at the most for now; `u64::MAX` is no limit.
    pub pacing_rate: u64,
    /// What that can rise to, in bytes a second; `u64::MAX` is no limit.
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

impl TcpInfo {
    fn new(raw: &RawTcpInfo, len: usize) -> TcpInfo {
        let filled = TcpFields::of_length(len);
        let state = TcpState::from_number(raw.state);
        if state == TcpState::Listen {
            // The other fields are 0, or count connections in the queue.
            let filled = TcpFields(filled.0 & (TcpFields::STATE.0 | TcpFields::PACING.0 | TcpFields::REORDERING.0));
            let RawTcpInfo { pacing_rate, max_pacing_rate, reordering, .. } = *raw;
            return TcpInfo { state, filled, pacing_rate, max_pacing_rate, reordering, ..TcpInfo::default() };
        }
        let option = |bit, option: TcpOptions| if raw.options & bit == 0 { 0 } else { option.0 };
        TcpInfo {
            size: size_of::<TcpInfo>() as u32,
            state,
            filled,
            options: TcpOptions(
                option(tcp::TCP_TIMESTAMPS, TcpOptions::TIMESTAMPS)
                    | option(tcp::TCP_SACK, TcpOptions::SACK)
                    | option(tcp::TCP_WINDOW_SCALE, TcpOptions::WINDOW_SCALE)
                    | option(tcp::TCP_ECN, TcpOptions::ECN)
                    | option(tcp::TCP_ECN_SEEN, TcpOptions::ECN_SEEN)
                    | option(tcp::TCP_SYN_DATA, TcpOptions::SYN_DATA),
            ),
            rto_us: raw.rto,
            snd_mss: raw.snd_mss,
            rcv_mss: raw.rcv_mss,
            unacked: raw.unacked,
            sacked: raw.sacked,
            lost: raw.lost,
            retrans: raw.retrans,
            retransmits: raw.retransmits.into(),
            probes: raw.probes.into(),
            last_data_sent_ms: raw.last_data_sent,
            last_data_received_ms: raw.last_data_recv,
            last_ack_received_ms: raw.last_ack_recv,
            path_mtu: raw.pmtu,
            rtt_us: raw.rtt,
            rttvar_us: raw.rttvar,
            cwnd: raw.snd_cwnd,
            ssthresh: raw.snd_ssthresh,
            reordering: raw.reordering,
            rcv_rtt_us: raw.rcv_rtt,
            rcv_space: raw.rcv_space,
            total_retransmits: raw.total_retrans,
            segs_out: raw.segs_out,
            segs_in: raw.segs_in,
            notsent_bytes: raw.notsent_bytes,
            min_rtt_us: raw.min_rtt,
            data_segs_out: raw.data_segs_out,
            data_segs_in: raw.data_segs_in,
            delivered: raw.delivered,
            delivered_ce: raw.delivered_ce,
            dsack_dups: raw.dsack_dups,
            reord_seen: raw.reord_seen,
            rcv_ooopack: raw.rcv_ooopack,
            snd_wnd: raw.snd_wnd,
            rcv_wnd: raw.rcv_wnd,
            rehash: raw.rehash,
            total_rto: raw.total_rto.into(),
            total_rto_recoveries: raw.total_rto_recoveries.into(),
            total_rto_time_ms: raw.total_rto_time,
            reserved: 0,
            pacing_rate: raw.pacing_rate,
            max_pacing_rate: raw.max_pacing_rate,
            bytes_acked: raw.bytes_acked,
            bytes_received: raw.bytes_received,
            delivery_rate: raw.delivery_rate,
            busy_time_us: raw.busy_time,
            rwnd_limited_us: raw.rwnd_limited,
            sndbuf_limited_us: raw.sndbuf_limited,
            bytes_sent: raw.bytes_sent,
            bytes_retransmitted: raw.bytes_retrans,
        }
    }
}

impl Socket {
    /// What the system knows of a TCP connection at this moment. ([tcp(7)], TCP_INFO)
    ///
    /// # Errors
    /// [`Error::OPTION_UNSUPPORTED`](crate::Error::OPTION_UNSUPPORTED) when the socket is not TCP's.
    ///
    /// [tcp(7)]: https://man7.org/linux/man-pages/man7/tcp.7.html
    pub fn tcp_info(&self) -> Result<TcpInfo> {
        let (raw, len) = self.fd.tcp_info().map_err(no_such_option)?;
        Ok(TcpInfo::new(&raw, len))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(len: usize, fields: TcpFields) -> bool {
        TcpFields::of_length(len).contains(fields)
    }

    #[test]
    fn a_kernel_fills_what_it_has() {
        assert_eq!(TcpFields::of_length(0), TcpFields(0));
        assert_eq!(TcpFields::of_length(1), TcpFields::STATE);
        // Linux 2.6 ends with the count of all segments sent again.
        assert!(has(104, TcpFields::TOTAL_RETRANSMITS) && has(104, TcpFields::RTT) && has(104, TcpFields::CWND));
        assert!(!has(103, TcpFields::TOTAL_RETRANSMITS) && !has(104, TcpFields::PACING));
        // Of a group of fields all must be there.
        assert!(has(120, TcpFields::PACING) && !has(112, TcpFields::PACING));
        // Linux 4.10, and 5.4.
        assert!(has(192, TcpFields::TIMES) && !has(192, TcpFields::DELIVERED));
        assert!(has(232, TcpFields::SND_WND) && has(232, TcpFields::BYTES_SENT) && !has(232, TcpFields::RCV_WND));
        // All that there is, and more than that.
        assert_eq!(TcpFields::of_length(248), TcpFields((1 << 28) - 1));
        assert_eq!(TcpFields::of_length(4096), TcpFields((1 << 28) - 1));
        for len in 0..248 {
            let (fewer, more) = (TcpFields::of_length(len), TcpFields::of_length(len + 1));
            assert!(more.contains(fewer), "{len}");
        }
    }

    #[test]
    fn a_listener_tells_little() {
        let raw = RawTcpInfo { state: 10, unacked: 3, sacked: 16, pacing_rate: 5, reordering: 3, ..Default::default() };
        let info = TcpInfo::new(&raw, 248);
        assert_eq!((info.state, info.unacked, info.sacked), (TcpState::Listen, 0, 0));
        assert_eq!((info.pacing_rate, info.reordering), (5, 3));
        assert!(info.filled.contains(TcpFields::STATE) && !info.filled.contains(TcpFields::IN_FLIGHT));
    }

    #[test]
    fn states_are_known_by_number() {
        assert_eq!(TcpState::from_number(1), TcpState::Established);
        assert_eq!(TcpState::from_number(11), TcpState::Closing);
        // A connection that was half asked for, which is the same to whoever looks.
        assert_eq!(TcpState::from_number(12), TcpState::SynReceived);
        assert_eq!(TcpState::from_number(13), TcpState::Unknown);
        assert_eq!(TcpState::from_number(0), TcpState::Unknown);
    }
}
