/* The error queue: errors and timestamps of sent datagrams, as this machine's kernel reports them. */
#include "messages.h"

#include <linux/errqueue.h>
#include <linux/if_packet.h>
#include <linux/net_tstamp.h>
#include <poll.h>
#include <time.h>

/* An IPv6 socket also reports errors of datagrams to IPv4-mapped addresses. */
static const struct route {
    int family;
    const char *to, *from;
    int origin, type, code;
} ROUTES[] = {
    {JF_INET, "127.0.0.1:0", "127.0.0.1:0", JF_ORIGIN_ICMP, 3, 3},
    {JF_INET6, "[::1]:0", "[::1]:0", JF_ORIGIN_ICMP6, 1, 4},
    {JF_INET6, "[::ffff:127.0.0.1]:0", "[::ffff:127.0.0.1]:0", JF_ORIGIN_ICMP, 3, 3},
};
enum { ROUTE_COUNT = sizeof ROUTES / sizeof *ROUTES };

static const struct route *route;
static jf_socket s, holder;
static jf_addr unreachable;

/* Binds a port that rejects datagrams: its socket is connected to another, closed port. */
static void begin(const struct route *w) {
    jf_addr peer, at;
    int is_v4 = w->origin == JF_ORIGIN_ICMP;
    const char *local = is_v4 ? "127.0.0.1:0" : "[::1]:0";
    route = w;
    holder = bound(local, JF_DGRAM, &at);
    jf_socket o = bound(local, JF_DGRAM, &peer);
    OK(jf_connect(holder, &peer));
    OK(jf_close(o));
    unreachable = parsed(w->to);
    OK(jf_addr_set_port(&unreachable, at.port));
    s = OK(jf_open(w->family, JF_DGRAM, 0));
    OK(jf_set(s, JF_OPT_RECV_TIMEOUT, 10000));
}

static void end(void) {
    OK(jf_close(s));
    OK(jf_close(holder));
}

static int64_t receive_from_error_queue(jf_msg *m, uint32_t flags) {
    *m = message_with_buffers();
    return jf_recv_msg(s, m, JF_ERROR_QUEUE | flags);
}

/* Waits for an entry and receives it. */
static jf_msg wait_for_error(int64_t expected) {
    jf_msg m;
    struct pollfd item = {(int)OK(jf_fd(s)), 0, 0};
    CHECK(poll(&item, 1, 10000) == 1 && item.revents & POLLERR);
    EXPECT(receive_from_error_queue(&m, 0), expected);
    return m;
}

static void check_refusal(const jf_msg *m) {
    jf_addr reporter = parsed(route->from);
    CHECK(m->present == (JF_HAS_ADDR | JF_HAS_ERROR) && m->other_len == 0 && m->passed_count == 0);
    CHECK(m->error == JF_E_CONN_REFUSED && m->error_origin == (uint32_t)route->origin);
    CHECK(m->icmp_type == (uint32_t)route->type && m->icmp_code == (uint32_t)route->code);
    CHECK(jf_addr_equal(&m->addr, &unreachable) == 1 && jf_addr_equal(&m->error_from, &reporter) == 1);
}

static int64_t send_to_unreachable(const char *data) {
    return jf_send_to(s, data, strlen(data), 0, &unreachable);
}

/* The error of an entry is also pending on the socket until a call reports it. */
static void expect_pending_error(int64_t expected) {
    int64_t error = 1;
    OK(jf_get(s, JF_OPT_ERROR, &error));
    CHECK(error == expected);
}

static void check_refused(void) {
    jf_msg m;
    EXPECT(receive_from_error_queue(&m, 0), JF_E_WOULD_BLOCK);
    /* Without JF_OPT_RECV_ERRORS, the queue stays empty. */
    EXPECT(send_to_unreachable("hello"), 5);
    EXPECT(receive_from_error_queue(&m, 0), JF_E_WOULD_BLOCK);
    OK(jf_set(s, JF_OPT_RECV_ERRORS, 1));
    EXPECT(receive_from_error_queue(&m, 0), JF_E_WOULD_BLOCK);
    EXPECT(send_to_unreachable("hello"), 5);
    /* The error queue can't be peeked. */
    EXPECT(receive_from_error_queue(&m, JF_PEEK), JF_E_UNSUPPORTED);
    EXPECT(jf_recv(s, message_buffer, 8, JF_PEEK | JF_ERROR_QUEUE), JF_E_UNSUPPORTED);
    m = wait_for_error(5);
    CHECK(memcmp(message_buffer, "hello", 5) == 0 && m.truncated == 0);
    check_refusal(&m);
    EXPECT(receive_from_error_queue(&m, 0), JF_E_WOULD_BLOCK);
    expect_pending_error(0);
    /* Several entries are queued in order. Reading the pending error does not remove them. */
    EXPECT(send_to_unreachable("one"), 3);
    expect_pending_error(JF_E_CONN_REFUSED);
    EXPECT(send_to_unreachable("three"), 5);
    m = wait_for_error(3);
    check_refusal(&m);
    CHECK(memcmp(message_buffer, "one", 3) == 0);
    m = wait_for_error(5);
    CHECK(memcmp(message_buffer, "three", 5) == 0);
    EXPECT(receive_from_error_queue(&m, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
}

/* Every call reports truncated data. The kernel does not return the full length. */
static void check_truncation(void) {
    static const uint32_t FLAGS[] = {0, JF_TRUNC};
    char buffer[8];
    jf_addr to;
    jf_buf buf = {buffer, 2};
    OK(jf_set(s, JF_OPT_RECV_ERRORS, 1));
    for (int i = 0; i < 2; i++) {
        for (int call = 0; call < 5; call++) {
            EXPECT(send_to_unreachable("hello"), 5);
            uint32_t flags = JF_ERROR_QUEUE | FLAGS[i];
            memset(buffer, '-', sizeof buffer);
            jf_msg m = message(&buf, 1);
            switch (call) {
            case 0:
                EXPECT(jf_recv_msg(s, &m, flags), JF_E_TRUNCATED);
                check_refusal(&m);
                CHECK(m.truncated == JF_CUT_DATA);
                break;
            case 1: EXPECT(jf_recv(s, buffer, 2, flags), JF_E_TRUNCATED); break;
            case 2:
                EXPECT(jf_recv_from(s, buffer, 2, flags, &to), JF_E_TRUNCATED);
                EXPECT(jf_addr_equal(&to, &unreachable), 1);
                break;
            case 3: EXPECT(jf_recv_vec(s, &buf, 1, flags), JF_E_TRUNCATED); break;
            default:
                memcpy(buffer, "he", 2);
                EXPECT(jf_recv(s, NULL, 0, flags), JF_E_TRUNCATED);
            }
            CHECK(memcmp(buffer, "he------", 8) == 0);
            expect_pending_error(0);
            EXPECT(jf_recv(s, buffer, 2, flags), JF_E_WOULD_BLOCK);
        }
    }
    /* Every call returns data that fits. */
    EXPECT(send_to_unreachable("hello"), 5);
    EXPECT(jf_recv_from(s, buffer, 8, JF_ERROR_QUEUE, &to), 5);
    EXPECT(jf_addr_equal(&to, &unreachable), 1);
    EXPECT(send_to_unreachable("hello"), 5);
    EXPECT(jf_recv(s, buffer, 5, JF_ERROR_QUEUE), 5);
    EXPECT(send_to_unreachable(""), 0);
    EXPECT(jf_recv(s, buffer, 5, JF_ERROR_QUEUE), 0);
    EXPECT(jf_recv(s, buffer, 5, JF_ERROR_QUEUE), JF_E_WOULD_BLOCK);
}

/* A datagram that is longer than the interface's MTU and must not be fragmented. */
static void check_message_too_long(void) {
    static char bytes[65536];
    const int never_fragment = IP_PMTUDISC_DO;
    int fd = (int)OK(jf_fd(s));
    if (route->family == JF_INET6) {
        CHECK(setsockopt(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &never_fragment, sizeof never_fragment) == 0);
    }
    CHECK(setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &never_fragment, sizeof never_fragment) == 0);
    OK(jf_set(s, JF_OPT_RECV_ERRORS, 1));
    /* The MTU of the loopback interface is 65536 bytes including headers; an IPv4 packet has at most 65535. */
    jf_buf buf = {bytes, 65509};
    jf_msg m = message(&buf, 1);
    m.present = JF_HAS_ADDR;
    m.addr = unreachable;
    EXPECT(jf_send_msg(s, &m, 0), JF_E_MESSAGE_SIZE);
    m = wait_for_error(0);
    CHECK(m.present == (JF_HAS_ADDR | JF_HAS_ERROR));
    CHECK(m.error == JF_E_MESSAGE_SIZE && m.error_origin == JF_ORIGIN_LOCAL);
    CHECK(m.error_info == (route->origin == JF_ORIGIN_ICMP ? 65535 : 65536));
    CHECK(m.icmp_type == 0 && m.icmp_code == 0 && m.error_from.family == JF_UNSPEC);
    /* For IPv4, Linux reports the address without its port. */
    if (route->origin == JF_ORIGIN_ICMP) OK(jf_addr_set_port(&m.addr, unreachable.port));
    CHECK(jf_addr_equal(&m.addr, &unreachable) == 1);
    EXPECT(receive_from_error_queue(&m, 0), JF_E_WOULD_BLOCK);
}

/* A socket can also receive the path MTU with its messages. */
static void check_path_mtu(void) {
    static char bytes[65509];
    const int on = 1;
    if (route->origin != JF_ORIGIN_ICMP6) return;
    OK(jf_set(s, JF_OPT_RECV_PATH_MTU, 1));
    CHECK(setsockopt((int)OK(jf_fd(s)), IPPROTO_IPV6, IPV6_DONTFRAG, &on, sizeof on) == 0);
    EXPECT(jf_send_to(s, bytes, sizeof bytes, 0, &unreachable), JF_E_MESSAGE_SIZE);
    jf_msg m = receive_message(s, "");
    CHECK(m.present == (JF_HAS_ADDR | JF_HAS_PATH_MTU) && m.path_mtu == 65536 && m.other_len == 0);
    m = message_with_buffers();
    EXPECT(jf_recv_msg(s, &m, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
}

static int64_t clock_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Transmit timestamps, with the number of the datagram. */
static void check_timestamps(void) {
    static const unsigned EXTRA_BITS[] = {0, SOF_TIMESTAMPING_OPT_TSONLY, SOF_TIMESTAMPING_TX_SCHED};
    for (int mode = 0; mode < 3; mode++) {
        jf_close(s);
        s = OK(jf_open(route->family, JF_DGRAM, 0));
        unsigned bits = SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_OPT_ID;
        bits |= EXTRA_BITS[mode];
        CHECK(setsockopt((int)OK(jf_fd(s)), SOL_SOCKET, SO_TIMESTAMPING, &bits, sizeof bits) == 0);
        for (uint32_t number = 0; number < 3; number++) {
            int64_t before = clock_ns();
            EXPECT(send_to_unreachable("hello"), 5);
            for (int part = 0; part < (mode == 2 ? 2 : 1); part++) {
                jf_msg m = message_with_buffers();
                int64_t count = jf_recv_msg(s, &m, JF_ERROR_QUEUE);
                /* The packet is returned with its timestamp, unless SOF_TIMESTAMPING_OPT_TSONLY is set. */
                CHECK(mode == 1 ? count == 0 : count > 5 && memcmp(message_buffer + count - 5, "hello", 5) == 0);
                CHECK(m.present == (JF_HAS_TIME | JF_HAS_ERROR) && m.other_len == 0 && m.truncated == 0);
                CHECK(m.time >= before && m.time <= clock_ns());
                CHECK(m.error == 0 && m.error_origin == JF_ORIGIN_TIMESTAMP && m.error_data == number);
                CHECK(m.error_info == (mode == 2 && part == 0 ? SCM_TSTAMP_SCHED : SCM_TSTAMP_SND));
                CHECK(m.error_from.family == JF_UNSPEC);
            }
            jf_msg m;
            EXPECT(receive_from_error_queue(&m, 0), JF_E_WOULD_BLOCK);
        }
    }
}

/* On a stream, `error_data` is the offset of the last byte, from 0. SCM_TSTAMP_ACK is the time of the
 * acknowledgement. */
static void check_stream_timestamps(enum kind kind) {
    jf_socket c[2];
    connected(kind, c);
    unsigned bits = SOF_TIMESTAMPING_TX_ACK | SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_OPT_ID;
    bits |= SOF_TIMESTAMPING_OPT_TSONLY;
    CHECK(setsockopt((int)OK(jf_fd(c[0])), SOL_SOCKET, SO_TIMESTAMPING, &bits, sizeof bits) == 0);
    OK(jf_send(c[0], "hello", 5, 0));
    struct pollfd item = {(int)OK(jf_fd(c[0])), 0, 0};
    CHECK(poll(&item, 1, 10000) == 1);
    jf_msg m = message_with_buffers();
    EXPECT(jf_recv_msg(c[0], &m, JF_ERROR_QUEUE), 0);
    CHECK(m.present == (JF_HAS_TIME | JF_HAS_ERROR) && m.error_origin == JF_ORIGIN_TIMESTAMP);
    CHECK(m.error_info == SCM_TSTAMP_ACK && m.error_data == 4);
    EXPECT(jf_recv_msg(c[0], &m, JF_ERROR_QUEUE), JF_E_WOULD_BLOCK);
    close_both(c);
}

/* Completion of zero-copy sends. On loopback, the kernel copies the data nevertheless. */
static void check_zero_copy(void) {
    enum { ZERO_COPY_OPTION = 60, ZERO_COPY_FLAG = 0x4000000 };
    jf_socket c[2];
    static char bytes[20000];
    const int on = 1;
    connected(TCP4, c);
    int fd = (int)OK(jf_fd(c[0]));
    CHECK(setsockopt(fd, SOL_SOCKET, ZERO_COPY_OPTION, &on, sizeof on) == 0);
    for (int i = 0; i < 2; i++) {
        CHECK(send(fd, bytes, sizeof bytes, ZERO_COPY_FLAG) == sizeof bytes);
        EXPECT(jf_recv_exact(c[1], bytes, sizeof bytes, NULL), 0);
    }
    uint32_t completed = 0;
    while (completed < 2) {
        struct pollfd item = {fd, 0, 0};
        CHECK(poll(&item, 1, 10000) == 1);
        jf_msg m = message_with_buffers();
        EXPECT(jf_recv_msg(c[0], &m, JF_ERROR_QUEUE), 0);
        CHECK(m.present == JF_HAS_ERROR && m.error == 0 && m.error_origin == JF_ORIGIN_ZERO_COPY);
        CHECK(m.error_info == completed && m.error_data >= completed && m.error_data < 2);
        completed = m.error_data + 1;
    }
    close_both(c);
}

/* A packet socket also has an error queue. */
static void check_packet_timestamps(void) {
    jf_addr to = parsed("packet:lo:0x88b6:00:00:00:00:00:00");
    s = OK(jf_open(JF_PACKET, JF_DGRAM, 0));
    unsigned bits = SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE;
    CHECK(setsockopt((int)OK(jf_fd(s)), SOL_SOCKET, SO_TIMESTAMPING, &bits, sizeof bits) == 0);
    EXPECT(jf_send_to(s, "hello", 5, 0, &to), 5);
    jf_msg m = message_with_buffers();
    EXPECT(jf_recv_msg(s, &m, JF_ERROR_QUEUE), 14 + 5);
    CHECK((m.present & ~(uint32_t)JF_HAS_ADDR) == (JF_HAS_TIME | JF_HAS_ERROR) && m.other_len == 0);
    CHECK(m.error == 0 && m.error_origin == JF_ORIGIN_TIMESTAMP);
    OK(jf_close(s));
}

int main(void) {
    static void (*const TESTS[])(void) = {check_refused, check_truncation, check_message_too_long,
                                          check_path_mtu, check_timestamps};
    for (int i = 0; i < ROUTE_COUNT; i++)
        for (size_t test = 0; test < sizeof TESTS / sizeof *TESTS; test++) {
            begin(&ROUTES[i]);
            TESTS[test]();
            end();
        }
    check_stream_timestamps(TCP4);
    check_stream_timestamps(TCP6);
    check_zero_copy();
    check_packet_timestamps();
    return 0;
}
