//! The list of the fields of [`TcpInfo`](crate::TcpInfo).

/// Calls `$callback!` with the fields in the order of the struct, in groups that one bit of
/// [`TcpFields`](crate::TcpFields) stands for.
///
/// A row is `field = kernel_field;`, a group `NAME = bit_number { rows }`. The groups of 32-bit fields are in `u32 {}`,
/// those of 64-bit fields in `u64 {}`. The fields before them (size, state, filled, options) and the reserved field
/// between them are not in the list.
macro_rules! tcp_info_fields {
    ($callback:ident) => {
        $callback! {
            u32 {
                RTO = 2 {
                    /// Retransmission timeout in microseconds.
                    rto_us = rto;
                }
                MSS = 3 {
                    /// Maximum segment size for sending, in bytes of data.
                    snd_mss = snd_mss;
                    /// Estimated maximum segment size of the peer's segments, in bytes of data.
                    rcv_mss = rcv_mss;
                }
                IN_FLIGHT = 4 {
                    /// Number of segments sent and not yet acknowledged.
                    unacked = unacked;
                    /// Number of those segments that the peer has acknowledged selectively.
                    sacked = sacked;
                    /// Number of those segments that are assumed lost.
                    lost = lost;
                    /// Number of those segments that were retransmitted.
                    retrans = retrans;
                    /// Number of consecutive retransmission timeouts.
                    retransmits = retransmits;
                    /// Number of unanswered zero-window or keepalive probes.
                    probes = probes;
                }
                LAST = 5 {
                    /// Milliseconds since data was last sent; if none was sent, roughly the time since the system
                    /// started.
                    last_data_sent_ms = last_data_sent;
                    /// Milliseconds since data was last received.
                    last_data_received_ms = last_data_recv;
                    /// Milliseconds since an acknowledgement was last received.
                    last_ack_received_ms = last_ack_recv;
                }
                PATH_MTU = 6 {
                    /// Path MTU in bytes.
                    path_mtu = pmtu;
                }
                RTT = 7 {
                    /// Smoothed round-trip time in microseconds; 0 before the first measurement.
                    rtt_us = rtt;
                    /// Variation of the round-trip time in microseconds.
                    rttvar_us = rttvar;
                }
                CWND = 8 {
                    /// Congestion window: the maximum number of segments in flight.
                    cwnd = snd_cwnd;
                    /// Slow-start threshold in segments; `i32::MAX` before the first congestion.
                    ssthresh = snd_ssthresh;
                }
                REORDERING = 9 {
                    /// Assumed reordering of the path, in segments.
                    reordering = reordering;
                }
                RECEIVER = 10 {
                    /// Round-trip time in microseconds as estimated by the receiver; 0 before the first estimate.
                    rcv_rtt_us = rcv_rtt;
                    /// Bytes that the receiver allows in one round trip.
                    rcv_space = rcv_space;
                }
                TOTAL_RETRANSMITS = 11 {
                    /// Number of segments retransmitted since the connection was established.
                    total_retransmits = total_retrans;
                }
                SEGS = 14 {
                    /// Number of segments sent, including those without data.
                    segs_out = segs_out;
                    /// Number of segments received, including those without data.
                    segs_in = segs_in;
                }
                NOTSENT = 15 {
                    /// Number of bytes queued and not yet sent.
                    notsent_bytes = notsent_bytes;
                }
                MIN_RTT = 16 {
                    /// Minimum of the recent round-trip times in microseconds; `u32::MAX` before the first measurement.
                    min_rtt_us = min_rtt;
                }
                DATA_SEGS = 17 {
                    /// Number of segments with data sent.
                    data_segs_out = data_segs_out;
                    /// Number of segments with data received.
                    data_segs_in = data_segs_in;
                }
                DELIVERED = 20 {
                    /// Number of segments with data delivered according to the peer, including retransmitted ones.
                    delivered = delivered;
                    /// Number of those segments that were marked with ECN congestion experienced.
                    delivered_ce = delivered_ce;
                }
                REORD_SEEN = 22 {
                    /// Number of segments that the peer reported as duplicates.
                    dsack_dups = dsack_dups;
                    /// Number of reordering events observed at the peer.
                    reord_seen = reord_seen;
                }
                RCV_OOOPACK = 23 {
                    /// Number of segments received out of order.
                    rcv_ooopack = rcv_ooopack;
                }
                SND_WND = 24 {
                    /// Receive window advertised by the peer, in bytes.
                    snd_wnd = snd_wnd;
                }
                RCV_WND = 25 {
                    /// Receive window advertised to the peer, in bytes.
                    rcv_wnd = rcv_wnd;
                }
                REHASH = 26 {
                    /// Number of times another path was tried because the current one seemed to fail.
                    rehash = rehash;
                }
                TOTAL_RTO = 27 {
                    /// Number of retransmission timeouts.
                    total_rto = total_rto;
                    /// Number of recoveries after retransmission timeouts; consecutive timeouts count as one.
                    total_rto_recoveries = total_rto_recoveries;
                    /// Milliseconds spent in those recoveries: from the timeout until the lost data was delivered.
                    total_rto_time_ms = total_rto_time;
                }
            }
            u64 {
                PACING = 12 {
                    /// Current pacing rate in bytes per second; `u64::MAX` means no limit.
                    pacing_rate = pacing_rate;
                    /// Maximum pacing rate in bytes per second; `u64::MAX` means no limit.
                    max_pacing_rate = max_pacing_rate;
                }
                BYTES = 13 {
                    /// Number of bytes that the peer has acknowledged; the SYN counts as one.
                    bytes_acked = bytes_acked;
                    /// Number of bytes received in order; the FIN counts as one.
                    bytes_received = bytes_received;
                }
                DELIVERY_RATE = 18 {
                    /// Recent rate of delivery to the peer in bytes per second; 0 before the first measurement.
                    delivery_rate = delivery_rate;
                }
                TIMES = 19 {
                    /// Microseconds during which data was waiting to be sent or acknowledged.
                    busy_time_us = busy_time;
                    /// Part of `busy_time_us` during which the peer's receive window was full.
                    rwnd_limited_us = rwnd_limited;
                    /// Part of `busy_time_us` during which the send buffer was too small.
                    sndbuf_limited_us = sndbuf_limited;
                }
                BYTES_SENT = 21 {
                    /// Number of bytes of data sent, including retransmitted ones.
                    bytes_sent = bytes_sent;
                    /// Number of bytes of data retransmitted.
                    bytes_retransmitted = bytes_retrans;
                }
            }
        }
    };
}
pub(crate) use tcp_info_fields;
