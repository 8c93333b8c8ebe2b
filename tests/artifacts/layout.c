/* Asserts the size and the member offsets of every struct, in C99 to C23 and C++11 to C++20.
 * The header is included twice to test its include guard. */
#include "jackfield.h"
#include "jackfield.h"

/* C99 has no static assertions. An array of -1 elements is an error. */
#define ASSERT(name, condition) typedef char assert_##name[(condition) ? 1 : -1]
#define OFFSET(type, member, offset) ASSERT(type##_##member, offsetof(type, member) == (offset))
#define SIZE(type, size) ASSERT(sizeof_##type, sizeof(type) == (size))

SIZE(jf_addr, 128);
OFFSET(jf_addr, family, 0);
OFFSET(jf_addr, port, 2);
OFFSET(jf_addr, scope_id, 4);
OFFSET(jf_addr, flow_info, 8);
OFFSET(jf_addr, len, 12);
OFFSET(jf_addr, data, 16);

SIZE(jf_buf, 16);
OFFSET(jf_buf, data, 0);
OFFSET(jf_buf, len, 8);

SIZE(jf_tcp_info_data, 256);
OFFSET(jf_tcp_info_data, size, 0);
OFFSET(jf_tcp_info_data, state, 4);
OFFSET(jf_tcp_info_data, filled, 8);
OFFSET(jf_tcp_info_data, options, 16);
OFFSET(jf_tcp_info_data, rto_us, 20);
OFFSET(jf_tcp_info_data, snd_mss, 24);
OFFSET(jf_tcp_info_data, rcv_mss, 28);
OFFSET(jf_tcp_info_data, unacked, 32);
OFFSET(jf_tcp_info_data, sacked, 36);
OFFSET(jf_tcp_info_data, lost, 40);
OFFSET(jf_tcp_info_data, retrans, 44);
OFFSET(jf_tcp_info_data, retransmits, 48);
OFFSET(jf_tcp_info_data, probes, 52);
OFFSET(jf_tcp_info_data, last_data_sent_ms, 56);
OFFSET(jf_tcp_info_data, last_data_received_ms, 60);
OFFSET(jf_tcp_info_data, last_ack_received_ms, 64);
OFFSET(jf_tcp_info_data, path_mtu, 68);
OFFSET(jf_tcp_info_data, rtt_us, 72);
OFFSET(jf_tcp_info_data, rttvar_us, 76);
OFFSET(jf_tcp_info_data, cwnd, 80);
OFFSET(jf_tcp_info_data, ssthresh, 84);
OFFSET(jf_tcp_info_data, reordering, 88);
OFFSET(jf_tcp_info_data, rcv_rtt_us, 92);
OFFSET(jf_tcp_info_data, rcv_space, 96);
OFFSET(jf_tcp_info_data, total_retransmits, 100);
OFFSET(jf_tcp_info_data, segs_out, 104);
OFFSET(jf_tcp_info_data, segs_in, 108);
OFFSET(jf_tcp_info_data, notsent_bytes, 112);
OFFSET(jf_tcp_info_data, min_rtt_us, 116);
OFFSET(jf_tcp_info_data, data_segs_out, 120);
OFFSET(jf_tcp_info_data, data_segs_in, 124);
OFFSET(jf_tcp_info_data, delivered, 128);
OFFSET(jf_tcp_info_data, delivered_ce, 132);
OFFSET(jf_tcp_info_data, dsack_dups, 136);
OFFSET(jf_tcp_info_data, reord_seen, 140);
OFFSET(jf_tcp_info_data, rcv_ooopack, 144);
OFFSET(jf_tcp_info_data, snd_wnd, 148);
OFFSET(jf_tcp_info_data, rcv_wnd, 152);
OFFSET(jf_tcp_info_data, rehash, 156);
OFFSET(jf_tcp_info_data, total_rto, 160);
OFFSET(jf_tcp_info_data, total_rto_recoveries, 164);
OFFSET(jf_tcp_info_data, total_rto_time_ms, 168);
OFFSET(jf_tcp_info_data, reserved, 172);
OFFSET(jf_tcp_info_data, pacing_rate, 176);
OFFSET(jf_tcp_info_data, max_pacing_rate, 184);
OFFSET(jf_tcp_info_data, bytes_acked, 192);
OFFSET(jf_tcp_info_data, bytes_received, 200);
OFFSET(jf_tcp_info_data, delivery_rate, 208);
OFFSET(jf_tcp_info_data, busy_time_us, 216);
OFFSET(jf_tcp_info_data, rwnd_limited_us, 224);
OFFSET(jf_tcp_info_data, sndbuf_limited_us, 232);
OFFSET(jf_tcp_info_data, bytes_sent, 240);
OFFSET(jf_tcp_info_data, bytes_retransmitted, 248);

SIZE(jf_passed, 16);
OFFSET(jf_passed, value, 0);
OFFSET(jf_passed, kind, 8);
OFFSET(jf_passed, reserved, 12);

SIZE(jf_msg, 680);
OFFSET(jf_msg, size, 0);
OFFSET(jf_msg, present, 4);
OFFSET(jf_msg, truncated, 8);
OFFSET(jf_msg, reserved, 12);
OFFSET(jf_msg, bufs, 16);
OFFSET(jf_msg, buf_count, 24);
OFFSET(jf_msg, passed, 32);
OFFSET(jf_msg, passed_count, 40);
OFFSET(jf_msg, passed_room, 48);
OFFSET(jf_msg, other, 56);
OFFSET(jf_msg, other_len, 64);
OFFSET(jf_msg, other_room, 72);
OFFSET(jf_msg, addr, 80);
OFFSET(jf_msg, local, 208);
OFFSET(jf_msg, interface_index, 336);
OFFSET(jf_msg, pid, 340);
OFFSET(jf_msg, uid, 344);
OFFSET(jf_msg, gid, 348);
OFFSET(jf_msg, ttl, 352);
OFFSET(jf_msg, tos, 356);
OFFSET(jf_msg, segment_size, 360);
OFFSET(jf_msg, overflow, 364);
OFFSET(jf_msg, time, 368);
OFFSET(jf_msg, hardware_time, 376);
OFFSET(jf_msg, process, 384);
OFFSET(jf_msg, original, 392);
OFFSET(jf_msg, path_mtu, 520);
OFFSET(jf_msg, error_origin, 524);
OFFSET(jf_msg, error, 528);
OFFSET(jf_msg, icmp_type, 536);
OFFSET(jf_msg, icmp_code, 540);
OFFSET(jf_msg, error_info, 544);
OFFSET(jf_msg, error_data, 548);
OFFSET(jf_msg, error_from, 552);

SIZE(jf_datagram, 320);
OFFSET(jf_datagram, data, 0);
OFFSET(jf_datagram, len, 8);
OFFSET(jf_datagram, result, 16);
OFFSET(jf_datagram, present, 24);
OFFSET(jf_datagram, tos, 28);
OFFSET(jf_datagram, addr, 32);
OFFSET(jf_datagram, local, 160);
OFFSET(jf_datagram, interface_index, 288);
OFFSET(jf_datagram, reserved, 292);
OFFSET(jf_datagram, time, 296);
OFFSET(jf_datagram, room, 304);
OFFSET(jf_datagram, room_len, 312);

SIZE(jf_interface, 328);
OFFSET(jf_interface, name, 0);
OFFSET(jf_interface, index, 16);
OFFSET(jf_interface, flags, 20);
OFFSET(jf_interface, mtu, 24);
OFFSET(jf_interface, prefix_len, 28);
OFFSET(jf_interface, hardware_len, 32);
OFFSET(jf_interface, reserved, 36);
OFFSET(jf_interface, hardware, 40);
OFFSET(jf_interface, addr, 72);
OFFSET(jf_interface, peer, 200);

SIZE(jf_wait_item, 16);
OFFSET(jf_wait_item, socket, 0);
OFFSET(jf_wait_item, events, 8);
OFFSET(jf_wait_item, ready, 12);

SIZE(jf_event, 16);
OFFSET(jf_event, token, 0);
OFFSET(jf_event, events, 8);
OFFSET(jf_event, error, 12);

SIZE(jf_socket, 8);
ASSERT(socket_is_signed, (jf_socket)-1 < 0);

/* Names the types with and without `struct`, and calls functions with different kinds of parameters and results. */
int64_t use(jf_socket s, struct jf_addr *a, char *text);
int64_t use(jf_socket s, struct jf_addr *a, char *text) {
    jf_buf buf = {text, 1};
    struct jf_buf *bufs = &buf;
    jf_addr copy = *a;
    int32_t option = JF_OPT_RECV_TIMEOUT;
    uint32_t flags = JF_DONT_WAIT | JF_MORE;
    if (jf_send_vec(s, bufs, 1, flags) == JF_E_WOULD_BLOCK) return jf_set(s, option, -1);
    if (jf_version_text()[0] != '0') return JF_E_OS;
    return jf_connect(s, &copy);
}
