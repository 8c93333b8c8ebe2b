/* Control data of kinds that have no member comes as the system packs it, and goes as the caller does. */
#include "messages.h"

#include <linux/if_packet.h>
#include <linux/net_tstamp.h>
#include <net/if.h>
#include <time.h>

/* An IPv6 extension header of options that mean nothing, in units of eight bytes. */
static size_t options_header(unsigned char *out, size_t units) {
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

static size_t packed(char *out, int level, int type, const void *data, size_t len) {
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

static void turn_on(jf_socket s, int level, int name) {
    const int on = 1;
    CHECK(setsockopt((int)OK(jf_fd(s)), level, name, &on, sizeof on) == 0);
}

/* What came, as recvmsg itself packs it: one socket asks for the library's part, and gets the rest apart from it. */
static void extension_headers(void) {
    unsigned char hop[64], dest[64];
    static _Alignas(8) char out[512], expected[512];
    jf_addr at;
    jf_socket to = bound("[::1]:0", JF_DGRAM, &at), from = OK(jf_open(JF_INET6, JF_DGRAM, 0));
    turn_on(to, IPPROTO_IPV6, IPV6_RECVHOPOPTS);
    turn_on(to, IPPROTO_IPV6, IPV6_RECVDSTOPTS);
    OK(jf_set(to, JF_OPT_RECV_TTL, 1));
    OK(jf_set(to, JF_OPT_RECV_TOS, 1));
    size_t hop_len = options_header(hop, 1), dest_len = options_header(dest, 5);
    jf_msg m = message(NULL, 0);
    size_t len = packed(out, IPPROTO_IPV6, IPV6_HOPOPTS, hop, hop_len);
    len += packed(out + len, IPPROTO_IPV6, IPV6_DSTOPTS, dest, dest_len);
    memcpy(expected, out, len);
    m.present = JF_HAS_ADDR | JF_HAS_TTL;
    m.addr = at;
    m.ttl = 5;
    m.other = out;
    m.other_len = len;
    EXPECT(send_with(from, "hello", &m, 0), 5);
    CHECK(memcmp(out, expected, len) == 0);
    m = received(to, "hello");
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

    /* Room for all but a byte, for one of them, for half of one, for none: whole pieces, and then it is told. */
    const size_t first = CMSG_SPACE(hop_len);
    const struct { size_t room, len; } ROOMS[] = {{len, len},        {len + 1, len}, {len - 1, first}, {first, first},
                                                  {first - 1, 0}, {8, 0},         {1, 0},           {0, 0}};
    for (size_t i = 0; i < sizeof ROOMS / sizeof *ROOMS; i++) {
        /* A place that is not aligned serves as well. */
        for (size_t off = 0; off < 2; off++) {
            m = message(NULL, 0);
            m.present = JF_HAS_ADDR;
            m.addr = at;
            m.other = out;
            m.other_len = len;
            EXPECT(send_with(from, "hello", &m, 0), 5);
            memset(message_other, 0x5A, sizeof message_other);
            m = roomy();
            m.other = ROOMS[i].room == 0 ? NULL : message_other + off;
            m.other_room = ROOMS[i].room;
            EXPECT(jf_recv_msg(to, &m, 0), 5);
            size_t whole = ROOMS[i].len;
            CHECK(m.other_len == whole && m.truncated == (whole < len ? JF_CUT_CONTROL : 0));
            CHECK((m.present & JF_HAS_TTL) && message_other[off + whole] == 0x5A);
        }
    }
    OK(jf_close(to));
    OK(jf_close(from));
}

/* More than there can be room for: what comes is whole, and that something is missing is told. */
static void more_than_fits(void) {
    static unsigned char header[2048];
    jf_addr at;
    jf_socket to = bound("[::1]:0", JF_DGRAM, &at), from = OK(jf_open(JF_INET6, JF_DGRAM, 0));
    turn_on(to, IPPROTO_IPV6, IPV6_RECVHOPOPTS);
    turn_on(to, IPPROTO_IPV6, IPV6_RECVDSTOPTS);
    OK(jf_set(to, JF_OPT_RECV_PACKET_INFO, 1));
    OK(jf_set(to, JF_OPT_RECV_TTL, 1));
    for (size_t units = 240; units < 256; units++) {
        size_t len = options_header(header, units);
        CHECK(setsockopt((int)OK(jf_fd(from)), IPPROTO_IPV6, IPV6_HOPOPTS, header, (socklen_t)len) == 0);
        CHECK(setsockopt((int)OK(jf_fd(from)), IPPROTO_IPV6, IPV6_DSTOPTS, header, (socklen_t)len) == 0);
        jf_msg m = message(NULL, 0);
        m.present = JF_HAS_ADDR;
        m.addr = at;
        EXPECT(send_with(from, "hello", &m, 0), 5);
        m = roomy();
        EXPECT(jf_recv_msg(to, &m, 0), 5);
        CHECK(m.present == (JF_HAS_ADDR | JF_HAS_PACKET_INFO | JF_HAS_TTL));
        size_t all = 2 * CMSG_SPACE(len), usual = CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(int));
        int fits = all + usual <= 4096;
        CHECK(m.truncated == (uint32_t)(fits ? 0 : JF_CUT_CONTROL));
        CHECK(m.other_len == (fits ? all : all / 2));
        struct cmsghdr *first = (struct cmsghdr *)m.other;
        CHECK(first->cmsg_len == CMSG_LEN(len) && first->cmsg_type == IPV6_HOPOPTS);
    }
    OK(jf_close(to));
    OK(jf_close(from));
}

/* Frames as they pass by, and what the system says of them. */
static void frames(void) {
    jf_addr lo = parsed("packet:lo:0x88b5"), at;
    jf_socket to = OK(jf_open(JF_PACKET, JF_RAW, 0x88b5)), from = OK(jf_open(JF_PACKET, JF_DGRAM, 0));
    OK(jf_bind(to, &lo));
    turn_on(to, SOL_PACKET, PACKET_AUXDATA);
    at = parsed("packet:lo:0x88b5:00:00:00:00:00:00");
    jf_msg m = message(NULL, 0);
    m.present = JF_HAS_ADDR;
    m.addr = at;
    EXPECT(send_with(from, "frame", &m, 0), 5);
    m = roomy();
    OK(jf_set(to, JF_OPT_RECV_TIMEOUT, 10000));
    EXPECT(jf_recv_msg(to, &m, 0), 14 + 5);
    CHECK(memcmp(message_room + 14, "frame", 5) == 0);
    CHECK(m.present == JF_HAS_ADDR && m.addr.family == JF_PACKET && m.addr.port == 0x88b5);
    CHECK(m.other_len == CMSG_SPACE(sizeof(struct tpacket_auxdata)));
    struct cmsghdr *header = (struct cmsghdr *)m.other;
    struct tpacket_auxdata aux;
    memcpy(&aux, CMSG_DATA(header), sizeof aux);
    CHECK(header->cmsg_level == SOL_PACKET && header->cmsg_type == PACKET_AUXDATA && aux.tp_len == 19);
    OK(jf_close(to));
    OK(jf_close(from));
}

/* A time to be sent at is refused where the socket does not have it switched on, and taken where it has. */
static void a_time_to_be_sent(void) {
    jf_addr at;
    jf_socket to = bound("127.0.0.1:0", JF_DGRAM, &at), from = OK(jf_open(JF_INET, JF_DGRAM, 0));
    char out[CMSG_SPACE(sizeof(uint64_t))];
    uint64_t when = 0;
    jf_msg m = message(NULL, 0);
    m.present = JF_HAS_ADDR;
    m.addr = at;
    m.other = out;
    m.other_len = packed(out, SOL_SOCKET, SCM_TXTIME, &when, sizeof when);
    EXPECT(send_with(from, "hello", &m, 0), JF_E_INVALID);
    struct sock_txtime how = {CLOCK_MONOTONIC, 0};
    CHECK(setsockopt((int)OK(jf_fd(from)), SOL_SOCKET, SO_TXTIME, &how, sizeof how) == 0);
    EXPECT(send_with(from, "hello", &m, 0), 5);
    received(to, "hello");
    OK(jf_close(to));
    OK(jf_close(from));
}

/* Descriptors may be packed by hand, and are received as any. */
static void by_hand(void) {
    jf_socket s[2];
    connected(UNIX_DGRAM, s);
    int fds[2] = {0, (int)OK(jf_fd(s[0]))};
    char out[CMSG_SPACE(sizeof fds)];
    jf_msg m = message(NULL, 0);
    m.other = out;
    m.other_len = packed(out, SOL_SOCKET, SCM_RIGHTS, fds, sizeof fds);
    EXPECT(send_with(s[0], "x", &m, 0), 1);
    m = received(s[1], "x");
    CHECK(m.passed_count == 2 && m.other_len == 0);
    CHECK(m.passed[0].kind == JF_PASSED_DESCRIPTOR && m.passed[1].kind == JF_PASSED_SOCKET);
    CHECK(close((int)m.passed[0].value) == 0);
    OK(jf_close(m.passed[1].value));
    close_both(s);
}

int main(void) {
    extension_headers();
    more_than_fits();
    frames();
    a_time_to_be_sent();
    by_hand();
    return 0;
}
