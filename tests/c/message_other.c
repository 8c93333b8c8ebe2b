/* Control messages without a member in jf_msg are received and sent in the kernel's packed form. */
#include "messages.h"

#include <linux/if_packet.h>
#include <linux/net_tstamp.h>
#include <net/if.h>
#include <time.h>

/* Builds an IPv6 extension header of `units` * 8 bytes with options that have no effect. */
static size_t make_options_header(unsigned char *out, size_t units) {
    enum { EXPERIMENT = 0x1E };
    size_t len = units * 8;
    memset(out, 0, len);
    out[1] = (unsigned char)(units - 1);
    for (size_t at = 2, option; at < len; at += option) {
        option = len - at < 257 ? len - at : len - at == 258 ? 200 : 257;
        out[at] = EXPERIMENT;
        out[at + 1] = (unsigned char)(option - 2);
    }
    return len;
}

static size_t pack_control_message(char *out, int level, int type, const void *data, size_t len) {
    struct cmsghdr header;
    memset(&header, 0, sizeof header);
    memset(out, 0, CMSG_SPACE(len));
    header.cmsg_len = CMSG_LEN(len);
    header.cmsg_level = level;
    header.cmsg_type = type;
    memcpy(out, &header, sizeof header);
    memcpy(out + CMSG_LEN(0), data, len);
    return CMSG_SPACE(len);
}

static void enable(jf_socket s, int level, int name) {
    const int on = 1;
    CHECK(setsockopt((int)OK(jf_fd(s)), level, name, &on, sizeof on) == 0);
}

/* `other` has the form of recvmsg's control messages. Those with a member in jf_msg are separated from it. */
static void check_extension_headers(void) {
    unsigned char hop[64], dest[64];
    static _Alignas(8) char out[512], expected[512];
    jf_addr at;
    jf_socket to = bound("[::1]:0", JF_DGRAM, &at), from = OK(jf_open(JF_INET6, JF_DGRAM, 0));
    enable(to, IPPROTO_IPV6, IPV6_RECVHOPOPTS);
    enable(to, IPPROTO_IPV6, IPV6_RECVDSTOPTS);
    OK(jf_set(to, JF_OPT_RECV_TTL, 1));
    OK(jf_set(to, JF_OPT_RECV_TOS, 1));
    size_t hop_len = make_options_header(hop, 1), dest_len = make_options_header(dest, 5);
    jf_msg m = message(NULL, 0);
    size_t len = pack_control_message(out, IPPROTO_IPV6, IPV6_HOPOPTS, hop, hop_len);
    len += pack_control_message(out + len, IPPROTO_IPV6, IPV6_DSTOPTS, dest, dest_len);
    memcpy(expected, out, len);
    m.present = JF_HAS_ADDR | JF_HAS_TTL;
    m.addr = at;
    m.ttl = 5;
    m.other = out;
    m.other_len = len;
    EXPECT(send_message(from, "hello", &m, 0), 5);
    CHECK(memcmp(out, expected, len) == 0);
    m = receive_message(to, "hello");
    CHECK(m.present == (JF_HAS_ADDR | JF_HAS_TTL | JF_HAS_TOS) && m.ttl == 5);
    CHECK(m.other_len == len);
    struct msghdr view;
    memset(&view, 0, sizeof view);
    view.msg_control = m.other;
    view.msg_controllen = m.other_len;
    struct cmsghdr *header = CMSG_FIRSTHDR(&view);
    CHECK(header && header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == IPV6_HOPOPTS);
    CHECK(header->cmsg_len == CMSG_LEN(hop_len));
    CHECK(memcmp((char *)CMSG_DATA(header) + 1, hop + 1, hop_len - 1) == 0);
    header = CMSG_NXTHDR(&view, header);
    CHECK(header && header->cmsg_type == IPV6_DSTOPTS && header->cmsg_len == CMSG_LEN(dest_len));
    CHECK(memcmp((char *)CMSG_DATA(header) + 1, dest + 1, dest_len - 1) == 0);
    CHECK(CMSG_NXTHDR(&view, header) == NULL);

    /* Capacities for all bytes, all but one, one message, half a message, and none: only whole messages are
     * returned, and truncation is reported. */
    const size_t hop_space = CMSG_SPACE(hop_len);
    const struct { size_t capacity, len; } CAPACITIES[] = {
        {len, len},         {len + 1, len}, {len - 1, hop_space}, {hop_space, hop_space},
        {hop_space - 1, 0}, {8, 0},         {1, 0},               {0, 0}};
    for (size_t i = 0; i < sizeof CAPACITIES / sizeof *CAPACITIES; i++) {
        /* `other` need not be aligned. */
        for (size_t offset = 0; offset < 2; offset++) {
            m = message(NULL, 0);
            m.present = JF_HAS_ADDR;
            m.addr = at;
            m.other = out;
            m.other_len = len;
            EXPECT(send_message(from, "hello", &m, 0), 5);
            memset(message_other, 0x5A, sizeof message_other);
            m = message_with_buffers();
            m.other = CAPACITIES[i].capacity == 0 ? NULL : message_other + offset;
            m.other_room = CAPACITIES[i].capacity;
            EXPECT(jf_recv_msg(to, &m, 0), 5);
            size_t expected_len = CAPACITIES[i].len;
            CHECK(m.other_len == expected_len && m.truncated == (expected_len < len ? JF_CUT_CONTROL : 0));
            CHECK((m.present & JF_HAS_TTL) && message_other[offset + expected_len] == 0x5A);
        }
    }
    OK(jf_close(to));
    OK(jf_close(from));
}

/* More than the library's buffer: whole control messages are returned, and truncation is reported. */
static void check_too_large_for_buffer(void) {
    static unsigned char header[2048];
    jf_addr at;
    jf_socket to = bound("[::1]:0", JF_DGRAM, &at), from = OK(jf_open(JF_INET6, JF_DGRAM, 0));
    enable(to, IPPROTO_IPV6, IPV6_RECVHOPOPTS);
    enable(to, IPPROTO_IPV6, IPV6_RECVDSTOPTS);
    OK(jf_set(to, JF_OPT_RECV_PACKET_INFO, 1));
    OK(jf_set(to, JF_OPT_RECV_TTL, 1));
    for (size_t units = 240; units < 256; units++) {
        size_t len = make_options_header(header, units);
        CHECK(setsockopt((int)OK(jf_fd(from)), IPPROTO_IPV6, IPV6_HOPOPTS, header, (socklen_t)len) == 0);
        CHECK(setsockopt((int)OK(jf_fd(from)), IPPROTO_IPV6, IPV6_DSTOPTS, header, (socklen_t)len) == 0);
        jf_msg m = message(NULL, 0);
        m.present = JF_HAS_ADDR;
        m.addr = at;
        EXPECT(send_message(from, "hello", &m, 0), 5);
        m = message_with_buffers();
        EXPECT(jf_recv_msg(to, &m, 0), 5);
        CHECK(m.present == (JF_HAS_ADDR | JF_HAS_PACKET_INFO | JF_HAS_TTL));
        size_t total = 2 * CMSG_SPACE(len);
        size_t library_len = CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(int));
        int fits = total + library_len <= 4096;
        CHECK(m.truncated == (uint32_t)(fits ? 0 : JF_CUT_CONTROL));
        CHECK(m.other_len == (fits ? total : total / 2));
        struct cmsghdr *first = (struct cmsghdr *)m.other;
        CHECK(first->cmsg_len == CMSG_LEN(len) && first->cmsg_type == IPV6_HOPOPTS);
    }
    OK(jf_close(to));
    OK(jf_close(from));
}

/* PACKET_AUXDATA of captured frames. */
static void check_auxdata(void) {
    jf_addr lo = parsed("packet:lo:0x88b5"), at;
    jf_socket to = OK(jf_open(JF_PACKET, JF_RAW, 0x88b5)), from = OK(jf_open(JF_PACKET, JF_DGRAM, 0));
    OK(jf_bind(to, &lo));
    enable(to, SOL_PACKET, PACKET_AUXDATA);
    at = parsed("packet:lo:0x88b5:00:00:00:00:00:00");
    jf_msg m = message(NULL, 0);
    m.present = JF_HAS_ADDR;
    m.addr = at;
    EXPECT(send_message(from, "frame", &m, 0), 5);
    m = message_with_buffers();
    OK(jf_set(to, JF_OPT_RECV_TIMEOUT, 10000));
    EXPECT(jf_recv_msg(to, &m, 0), 14 + 5);
    CHECK(memcmp(message_buffer + 14, "frame", 5) == 0);
    CHECK(m.present == JF_HAS_ADDR && m.addr.family == JF_PACKET && m.addr.port == 0x88b5);
    CHECK(m.other_len == CMSG_SPACE(sizeof(struct tpacket_auxdata)));
    struct cmsghdr *header = (struct cmsghdr *)m.other;
    struct tpacket_auxdata aux;
    memcpy(&aux, CMSG_DATA(header), sizeof aux);
    CHECK(header->cmsg_level == SOL_PACKET && header->cmsg_type == PACKET_AUXDATA && aux.tp_len == 19);
    OK(jf_close(to));
    OK(jf_close(from));
}

/* SCM_TXTIME is refused unless SO_TXTIME is enabled on the socket. */
static void check_transmit_time(void) {
    jf_addr at;
    jf_socket to = bound("127.0.0.1:0", JF_DGRAM, &at), from = OK(jf_open(JF_INET, JF_DGRAM, 0));
    char out[CMSG_SPACE(sizeof(uint64_t))];
    uint64_t send_time = 0;
    jf_msg m = message(NULL, 0);
    m.present = JF_HAS_ADDR;
    m.addr = at;
    m.other = out;
    m.other_len = pack_control_message(out, SOL_SOCKET, SCM_TXTIME, &send_time, sizeof send_time);
    EXPECT(send_message(from, "hello", &m, 0), JF_E_INVALID);
    struct sock_txtime config = {CLOCK_MONOTONIC, 0};
    CHECK(setsockopt((int)OK(jf_fd(from)), SOL_SOCKET, SO_TXTIME, &config, sizeof config) == 0);
    EXPECT(send_message(from, "hello", &m, 0), 5);
    receive_message(to, "hello");
    OK(jf_close(to));
    OK(jf_close(from));
}

/* Descriptors sent in packed form are received like any others. */
static void check_packed_descriptors(void) {
    jf_socket s[2];
    connected(UNIX_DGRAM, s);
    int fds[2] = {0, (int)OK(jf_fd(s[0]))};
    char out[CMSG_SPACE(sizeof fds)];
    jf_msg m = message(NULL, 0);
    m.other = out;
    m.other_len = pack_control_message(out, SOL_SOCKET, SCM_RIGHTS, fds, sizeof fds);
    EXPECT(send_message(s[0], "x", &m, 0), 1);
    m = receive_message(s[1], "x");
    CHECK(m.passed_count == 2 && m.other_len == 0);
    CHECK(m.passed[0].kind == JF_PASSED_DESCRIPTOR && m.passed[1].kind == JF_PASSED_SOCKET);
    CHECK(close((int)m.passed[0].value) == 0);
    OK(jf_close(m.passed[1].value));
    close_both(s);
}

int main(void) {
    check_extension_headers();
    check_too_large_for_buffer();
    check_auxdata();
    check_transmit_time();
    check_packed_descriptors();
    return 0;
}
