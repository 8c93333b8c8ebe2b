/* jf_tcp_info returns the kernel's values, and they match the traffic. */
#include "pairs.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

enum { SENT = 100000, FIRST_SIZE = 256 };
static char bytes[SENT];

static jf_tcp_info_data info_of(jf_socket s) {
    jf_tcp_info_data info;
    memset(&info, 0xA5, sizeof info);
    info.size = sizeof info;
    EXPECT(jf_tcp_info(s, &info), 0);
    CHECK(info.size == sizeof info && info.reserved == 0);
    return info;
}

static socklen_t kernel_info(jf_socket s, struct tcp_info *out) {
    socklen_t len = sizeof *out;
    memset(out, 0, sizeof *out);
    CHECK(getsockopt((int)OK(jf_fd(s)), IPPROTO_TCP, TCP_INFO, out, &len) == 0);
    /* Times since an event change continuously. */
    out->tcpi_last_data_sent = out->tcpi_last_data_recv = out->tcpi_last_ack_recv = 0;
    return len;
}

#define SAME(mine, kernels) CHECK((uint64_t)info.mine == (uint64_t)k.tcpi_##kernels)

/* Compares all fields, retrying until two reads of the kernel's values are equal. */
static void expect_kernel_values(jf_socket s) {
    struct tcp_info k, after;
    jf_tcp_info_data info;
    socklen_t len;
    do {
        len = kernel_info(s, &k);
        info = info_of(s);
        kernel_info(s, &after);
    } while (memcmp(&k, &after, sizeof k) != 0);
    CHECK(len == sizeof k);
    SAME(state, state);
    SAME(retransmits, retransmits);
    SAME(probes, probes);
    SAME(rto_us, rto);
    SAME(snd_mss, snd_mss);
    SAME(rcv_mss, rcv_mss);
    SAME(unacked, unacked);
    SAME(sacked, sacked);
    SAME(lost, lost);
    SAME(retrans, retrans);
    SAME(path_mtu, pmtu);
    SAME(rtt_us, rtt);
    SAME(rttvar_us, rttvar);
    SAME(ssthresh, snd_ssthresh);
    SAME(cwnd, snd_cwnd);
    SAME(reordering, reordering);
    SAME(rcv_rtt_us, rcv_rtt);
    SAME(rcv_space, rcv_space);
    SAME(total_retransmits, total_retrans);
    SAME(pacing_rate, pacing_rate);
    SAME(max_pacing_rate, max_pacing_rate);
    SAME(bytes_acked, bytes_acked);
    SAME(bytes_received, bytes_received);
    SAME(segs_out, segs_out);
    SAME(segs_in, segs_in);
    SAME(notsent_bytes, notsent_bytes);
    SAME(min_rtt_us, min_rtt);
    SAME(data_segs_in, data_segs_in);
    SAME(data_segs_out, data_segs_out);
    SAME(delivery_rate, delivery_rate);
    SAME(busy_time_us, busy_time);
    SAME(rwnd_limited_us, rwnd_limited);
    SAME(sndbuf_limited_us, sndbuf_limited);
    SAME(delivered, delivered);
    SAME(delivered_ce, delivered_ce);
    SAME(bytes_sent, bytes_sent);
    SAME(bytes_retransmitted, bytes_retrans);
    SAME(dsack_dups, dsack_dups);
    SAME(reord_seen, reord_seen);
    SAME(rcv_ooopack, rcv_ooopack);
    SAME(snd_wnd, snd_wnd);
    /* The kernel's constants have other names, but the same values. */
    CHECK(info.options == k.tcpi_options);
    CHECK((JF_TCP_OPTION_TIMESTAMPS | JF_TCP_OPTION_SACK | JF_TCP_OPTION_WINDOW_SCALE | JF_TCP_OPTION_ECN) == 15);
    const uint64_t until_5_4 = ((uint64_t)JF_TCP_HAS_SND_WND << 1) - 1;
    CHECK((info.filled & until_5_4) == until_5_4);
}

/* Newer kernel fields, by offset: the system header's struct may not have them. */
static void newer_fields(jf_socket s) {
    unsigned char raw[512];
    socklen_t len = sizeof raw;
    CHECK(getsockopt((int)OK(jf_fd(s)), IPPROTO_TCP, TCP_INFO, raw, &len) == 0);
    jf_tcp_info_data info = info_of(s);
    uint32_t rcv_wnd;
    memcpy(&rcv_wnd, raw + 232, sizeof rcv_wnd);
    CHECK(((info.filled & JF_TCP_HAS_RCV_WND) != 0) == (len >= 236));
    CHECK(((info.filled & JF_TCP_HAS_REHASH) != 0) == (len >= 240));
    CHECK(((info.filled & JF_TCP_HAS_TOTAL_RTO) != 0) == (len >= 248));
    CHECK(info.filled >> 28 == 0);
    CHECK(len < 236 || (info.rcv_wnd == rcv_wnd && rcv_wnd > 0));
}

/* Waits until the connection is in this state. */
static void await_state(jf_socket s, uint32_t state) {
    while (info_of(s).state != state) poll(NULL, 0, 1);
}

/* Traffic in one direction; both ends count it. */
static void traffic(enum kind kind) {
    jf_socket s[2];
    jf_tcp_info_data info;
    connected(kind, s);
    CHECK(info_of(s[0]).state == JF_TCP_ESTABLISHED && info_of(s[1]).state == JF_TCP_ESTABLISHED);
    CHECK(info_of(s[0]).bytes_sent == 0 && info_of(s[1]).bytes_received == 0);
    expect_kernel_values(s[0]);
    OK(jf_send_all(s[0], bytes, SENT, NULL));
    OK(jf_recv_exact(s[1], bytes, SENT, NULL));
    do info = info_of(s[0]);
    while (info.unacked > 0);
    CHECK(info.bytes_sent == SENT + info.bytes_retransmitted && info.notsent_bytes == 0);
    /* The client's SYN counts as one byte. */
    CHECK(info.bytes_acked == SENT + 1);
    CHECK(info.segs_out >= info.data_segs_out && info.data_segs_out > 0 && info.delivered > 0);
    CHECK(info.rtt_us > 0 && info.rtt_us < 60000000 && info.rto_us >= 1000 && info.min_rtt_us <= info.rtt_us * 100u);
    CHECK(info.snd_mss > 500 && info.snd_mss <= info.path_mtu && info.cwnd > 0);
    info = info_of(s[1]);
    CHECK(info.bytes_received == SENT && info.bytes_sent == 0 && info.data_segs_in > 0);
    expect_kernel_values(s[0]);
    expect_kernel_values(s[1]);
    newer_fields(s[0]);
    newer_fields(s[1]);

    /* Data that cannot be sent because the peer's window is full. */
    while (jf_send(s[0], bytes, SENT, JF_DONT_WAIT) > 0) {
    }
    do info = info_of(s[0]);
    while (info.notsent_bytes == 0 || info.busy_time_us == 0);
    CHECK(info.bytes_sent > SENT);

    /* One end shuts down sending, then the other. */
    OK(jf_shutdown(s[1], JF_SHUT_WRITE));
    await_state(s[0], JF_TCP_CLOSE_WAIT);
    await_state(s[1], JF_TCP_FIN_WAIT_2);
    OK(jf_shutdown(s[0], JF_SHUT_WRITE));
    while (jf_recv(s[1], bytes, SENT, 0) > 0) {
    }
    await_state(s[0], JF_TCP_CLOSED);
    close_both(s);
}

/* Sockets that are not connected. */
static void states(enum kind kind) {
    jf_addr a;
    jf_socket l = listening(kind_anywhere(kind), &a), s = OK(jf_open(kind_family(kind), JF_STREAM, 0));
    jf_tcp_info_data info = info_of(s);
    CHECK(info.state == JF_TCP_CLOSED && info.bytes_sent == 0);
    OK(jf_connect(s, &a));
    struct pollfd ready = {.fd = (int)OK(jf_fd(l)), .events = POLLIN, .revents = 0};
    CHECK(poll(&ready, 1, 10000) == 1);
    info = info_of(l);
    /* For a listener the kernel reports the queue in fields that count segments otherwise; the library clears them. */
    CHECK(info.state == JF_TCP_LISTEN && info.unacked == 0 && info.sacked == 0);
    CHECK(info.filled == (JF_TCP_HAS_STATE | JF_TCP_HAS_PACING | JF_TCP_HAS_REORDERING));
    CHECK(info.max_pacing_rate == UINT64_MAX);
    OK(jf_close(s));
    OK(jf_close(l));
}

/* A struct larger than the library's, and a struct whose size is not set. */
static void sizes(void) {
    static _Alignas(8) unsigned char memory[8192];
    jf_tcp_info_data *out = (jf_tcp_info_data *)(void *)memory;
    static const uint32_t invalid[] = {0, 1, 4, 8, 16, FIRST_SIZE - 1, 4097, 65536, INT32_MAX, UINT32_MAX, 0xA5A5A5A5};
    static const uint32_t valid[] = {FIRST_SIZE, FIRST_SIZE + 1, FIRST_SIZE + 8, 1000, 4096};
    jf_socket s[2];
    tcp_pair(s);
    CHECK(sizeof(jf_tcp_info_data) >= FIRST_SIZE);
    for (size_t i = 0; i < sizeof invalid / sizeof *invalid; i++) {
        memset(memory, 0xA5, sizeof memory);
        out->size = invalid[i];
        EXPECT(jf_tcp_info(s[0], out), JF_E_INVALID);
        CHECK(out->size == invalid[i]);
        for (size_t at = 4; at < sizeof memory; at++) CHECK(memory[at] == 0xA5);
    }
    for (size_t i = 0; i < sizeof valid / sizeof *valid; i++) {
        memset(memory, 0xA5, sizeof memory);
        out->size = valid[i];
        EXPECT(jf_tcp_info(s[0], out), 0);
        CHECK(out->size == valid[i] && out->state == JF_TCP_ESTABLISHED && out->bytes_sent == 0);
        for (size_t at = FIRST_SIZE; at < valid[i]; at++) CHECK(memory[at] == 0);
        for (size_t at = valid[i]; at < sizeof memory; at++) CHECK(memory[at] == 0xA5);
    }
    close_both(s);
}

static void not_tcp(void) {
    jf_tcp_info_data info, before;
    for (int kind = 0; kind < KINDS; kind++) {
        jf_socket s[2];
        if (kind == TCP4 || kind == TCP6) continue;
        connected(kind, s);
        memset(&info, 0xA5, sizeof info);
        info.size = sizeof info;
        before = info;
        EXPECT(jf_tcp_info(s[0], &info), JF_E_OPTION_UNSUPPORTED);
        CHECK(memcmp(&info, &before, sizeof info) == 0);
        close_both(s);
    }
    jf_socket netlink = OK(jf_open(JF_NETLINK, JF_DGRAM, 0));
    EXPECT(jf_tcp_info(netlink, &info), JF_E_OPTION_UNSUPPORTED);
    OK(jf_close(netlink));
}

int main(void) {
    for (enum kind kind = TCP4; kind <= TCP6; kind++) {
        traffic(kind);
        states(kind);
    }
    sizes();
    not_tcp();
    return 0;
}
