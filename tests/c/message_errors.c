/* The queue of errors: what became of what was sent, as this machine itself reports it. */
#include "messages.h"

#include <linux/errqueue.h>
#include <linux/if_packet.h>
#include <linux/net_tstamp.h>
#include <poll.h>
#include <time.h>

/* An IPv6 socket reports what goes to IPv4 addresses as well. */
static const struct way {
    int family;
    const char *to, *from;
    int origin, type, code;
} WAYS[] = {
    {JF_INET, "127.0.0.1:0", "127.0.0.1:0", JF_ORIGIN_ICMP, 3, 3},
    {JF_INET6, "[::1]:0", "[::1]:0", JF_ORIGIN_ICMP6, 1, 4},
    {JF_INET6, "[::ffff:127.0.0.1]:0", "[::ffff:127.0.0.1]:0", JF_ORIGIN_ICMP, 3, 3},
};
enum { WAY_COUNT = sizeof WAYS / sizeof *WAYS };

static const struct way *way;
static jf_socket s, holder;
static jf_addr nobody;

/* A port at which a datagram finds nobody: whoever has it takes messages from another port only. */
static void begin(const struct way *w) {
    jf_addr other, at;
    int is_v4 = w->origin == JF_ORIGIN_ICMP;
    const char *local = is_v4 ? "127.0.0.1:0" : "[::1]:0";
    way = w;
    holder = bound(local, JF_DGRAM, &at);
    jf_socket o = bound(local, JF_DGRAM, &other);
    OK(jf_connect(holder, &other));
    OK(jf_close(o));
    nobody = parsed(w->to);
    OK(jf_addr_set_port(&nobody, at.port));
    s = OK(jf_open(w->family, JF_DGRAM, 0));
    OK(jf_set(s, JF_OPT_RECV_TIMEOUT, 10000));
}

static void end(void) {
    OK(jf_close(s));
    OK(jf_close(holder));
}

static int64_t from_the_queue(jf_msg *m, uint32_t flags) {
    *m = roomy();
    return jf_recv_msg(s, m, JF_ERROR_QUEUE | flags);
}

/* Waits for an entry. */
static jf_msg entry(int64_t expected) {
    jf_msg m;
    struct pollfd item = {(int)OK(jf_fd(s)), 0, 0};
    CHECK(poll(&item, 1, 10000) == 1 && item.revents & POLLERR);
    EXPECT(from_the_queue(&m, 0), expected);
    return m;
}

static void is_refusal(const jf_msg *m) {
    jf_addr reporter = parsed(way->from);
    CHECK(m->present == (JF_HAS_ADDR | JF_HAS_ERROR) && m->other_len == 0 && m->passed_count == 0);
    CHECK(m->error == JF_E_CONN_REFUSED && m->error_origin == (uint32_t)way->origin);
    CHECK(m->icmp_type == (uint32_t)way->type && m->icmp_code == (uint32_t)way->code);
    CHECK(jf_addr_equal(&m->addr, &nobody) == 1 && jf_addr_equal(&m->error_from, &reporter) == 1);
}

static int64_t send_to_nobody(const char *data) {
    return jf_send_to(s, data, strlen(data), 0, &nobody);
}

/* The socket has an error waiting as well, which whichever call is next is told of. */
static void take_error(int64_t expected) {
    int64_t error = 1;
    OK(jf_get(s, JF_OPT_ERROR, &error));
    CHECK(error == expected);
}

static void refused(void) {
    jf_msg m;
    EXPECT(from_the_queue(&m, 0), JF_E_WOULD_BLOCK);
    /* Nobody asked to be told. */
    EXPECT(send_to_nobody("hello"), 5);
    EXPECT(from_the_queue(&m, 0), JF_E_WOULD_BLOCK);
    OK(jf_set(s, JF_OPT_RECV_ERRORS, 1));
    EXPECT(from_the_queue(&m, 0), JF_E_WOULD_BLOCK);
    EXPECT(send_to_nobody("hello"), 5);
    /* It can't be looked at and left there. */
    EXPECT(from_the_queue(&m, JF_PEEK), JF_E_UNSUPPORTED);
    EXPECT(jf_recv(s, message_room, 8, JF_PEEK | JF_ERROR_QUEUE), JF_E_UNSUPPORTED);
    m = entry(5);
    CHECK(memcmp(message_room, "hello", 5) == 0 && m.truncated == 0);
    is_refusal(&m);
    EXPECT(from_the_queue(&m, 0), JF_E_WOULD_BLOCK);
    take_error(0);
    /* Several wait in their order; a look leaves them there. */
    EXPECT(send_to_nobody("one"), 3);
    take_error(JF_E_CONN_REFUSED);
    EXPECT(send_to_nobody("three"), 5);
    m = entry(3);
    is_refusal(&m);
    CHECK(memcmp(message_room, "one", 3) == 0);
    m = entry(5);
    CHECK(memcmp(message_room, "three", 5) == 0);
    EXPECT(from_the_queue(&m, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
}

/* The data is cut, and that is told by every call. What the whole length was, the system does not say. */
static void cut(void) {
    static const uint32_t FLAGS[] = {0, JF_TRUNC};
    char room[8];
    jf_addr to;
    jf_buf buf = {room, 2};
    OK(jf_set(s, JF_OPT_RECV_ERRORS, 1));
    for (int i = 0; i < 2; i++) {
        for (int how = 0; how < 5; how++) {
            EXPECT(send_to_nobody("hello"), 5);
            uint32_t flags = JF_ERROR_QUEUE | FLAGS[i];
            memset(room, '-', sizeof room);
            jf_msg m = message(&buf, 1);
            switch (how) {
            case 0:
                EXPECT(jf_recv_msg(s, &m, flags), JF_E_TRUNCATED);
                is_refusal(&m);
                CHECK(m.truncated == JF_CUT_DATA);
                break;
            case 1: EXPECT(jf_recv(s, room, 2, flags), JF_E_TRUNCATED); break;
            case 2:
                EXPECT(jf_recv_from(s, room, 2, flags, &to), JF_E_TRUNCATED);
                EXPECT(jf_addr_equal(&to, &nobody), 1);
                break;
            case 3: EXPECT(jf_recv_vec(s, &buf, 1, flags), JF_E_TRUNCATED); break;
            default:
                memcpy(room, "he", 2);
                EXPECT(jf_recv(s, NULL, 0, flags), JF_E_TRUNCATED);
            }
            CHECK(memcmp(room, "he------", 8) == 0);
            take_error(0);
            EXPECT(jf_recv(s, room, 2, flags), JF_E_WOULD_BLOCK);
        }
    }
    /* Whole, all of them get it. */
    EXPECT(send_to_nobody("hello"), 5);
    EXPECT(jf_recv_from(s, room, 8, JF_ERROR_QUEUE, &to), 5);
    EXPECT(jf_addr_equal(&to, &nobody), 1);
    EXPECT(send_to_nobody("hello"), 5);
    EXPECT(jf_recv(s, room, 5, JF_ERROR_QUEUE), 5);
    EXPECT(send_to_nobody(""), 0);
    EXPECT(jf_recv(s, room, 5, JF_ERROR_QUEUE), 0);
    EXPECT(jf_recv(s, room, 5, JF_ERROR_QUEUE), JF_E_WOULD_BLOCK);
}

/* A datagram that is too long for the interface, and must not be cut to pieces. */
static void too_long(void) {
    static char bytes[65536];
    const int always = IP_PMTUDISC_DO;
    int fd = (int)OK(jf_fd(s));
    if (way->family == JF_INET6) CHECK(setsockopt(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &always, sizeof always) == 0);
    CHECK(setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &always, sizeof always) == 0);
    OK(jf_set(s, JF_OPT_RECV_ERRORS, 1));
    /* The loopback interface takes 65536 bytes with the headers, and IPv4 no more than 65535. */
    jf_buf buf = {bytes, 65509};
    jf_msg m = message(&buf, 1);
    m.present = JF_HAS_ADDR;
    m.addr = nobody;
    EXPECT(jf_send_msg(s, &m, 0), JF_E_MESSAGE_SIZE);
    m = entry(0);
    CHECK(m.present == (JF_HAS_ADDR | JF_HAS_ERROR));
    CHECK(m.error == JF_E_MESSAGE_SIZE && m.error_origin == JF_ORIGIN_LOCAL);
    CHECK(m.error_info == (way->origin == JF_ORIGIN_ICMP ? 65535 : 65536));
    CHECK(m.icmp_type == 0 && m.icmp_code == 0 && m.error_from.family == JF_UNSPEC);
    /* Of IPv4, Linux forgets the port. */
    if (way->origin == JF_ORIGIN_ICMP) OK(jf_addr_set_port(&m.addr, nobody.port));
    CHECK(jf_addr_equal(&m.addr, &nobody) == 1);
    EXPECT(from_the_queue(&m, 0), JF_E_WOULD_BLOCK);
}

/* A socket can be told of the path's MTU among its messages, too. */
static void path_mtu(void) {
    static char bytes[65509];
    const int on = 1;
    if (way->origin != JF_ORIGIN_ICMP6) return;
    OK(jf_set(s, JF_OPT_RECV_PATH_MTU, 1));
    CHECK(setsockopt((int)OK(jf_fd(s)), IPPROTO_IPV6, IPV6_DONTFRAG, &on, sizeof on) == 0);
    EXPECT(jf_send_to(s, bytes, sizeof bytes, 0, &nobody), JF_E_MESSAGE_SIZE);
    jf_msg m = received(s, "");
    CHECK(m.present == (JF_HAS_ADDR | JF_HAS_PATH_MTU) && m.path_mtu == 65536 && m.other_len == 0);
    m = roomy();
    EXPECT(jf_recv_msg(s, &m, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
}

static int64_t clock_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* When what was sent went out, by its number. */
static void timestamps(void) {
    static const unsigned HOW[] = {0, SOF_TIMESTAMPING_OPT_TSONLY, SOF_TIMESTAMPING_TX_SCHED};
    for (int how = 0; how < 3; how++) {
        jf_close(s);
        s = OK(jf_open(way->family, JF_DGRAM, 0));
        unsigned bits = SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_OPT_ID | HOW[how];
        CHECK(setsockopt((int)OK(jf_fd(s)), SOL_SOCKET, SO_TIMESTAMPING, &bits, sizeof bits) == 0);
        for (uint32_t number = 0; number < 3; number++) {
            int64_t before = clock_ns();
            EXPECT(send_to_nobody("hello"), 5);
            for (int part = 0; part < (how == 2 ? 2 : 1); part++) {
                jf_msg m = roomy();
                int64_t count = jf_recv_msg(s, &m, JF_ERROR_QUEUE);
                /* The whole packet comes back with its time, unless only that is wanted. */
                CHECK(how == 1 ? count == 0 : count > 5 && memcmp(message_room + count - 5, "hello", 5) == 0);
                CHECK(m.present == (JF_HAS_TIME | JF_HAS_ERROR) && m.other_len == 0 && m.truncated == 0);
                CHECK(m.time >= before && m.time <= clock_ns());
                CHECK(m.error == 0 && m.error_origin == JF_ORIGIN_TIMESTAMP && m.error_data == number);
                CHECK(m.error_info == (how == 2 && part == 0 ? SCM_TSTAMP_SCHED : SCM_TSTAMP_SND));
                CHECK(m.error_from.family == JF_UNSPEC);
            }
            jf_msg m;
            EXPECT(from_the_queue(&m, 0), JF_E_WOULD_BLOCK);
        }
    }
}

/* Of a stream's bytes the last one's number; it counts from 0, and the peer's word for it comes as well. */
static void timestamps_of_a_stream(enum kind kind) {
    jf_socket c[2];
    connected(kind, c);
    unsigned bits = SOF_TIMESTAMPING_TX_ACK | SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_OPT_ID;
    bits |= SOF_TIMESTAMPING_OPT_TSONLY;
    CHECK(setsockopt((int)OK(jf_fd(c[0])), SOL_SOCKET, SO_TIMESTAMPING, &bits, sizeof bits) == 0);
    OK(jf_send(c[0], "hello", 5, 0));
    struct pollfd item = {(int)OK(jf_fd(c[0])), 0, 0};
    CHECK(poll(&item, 1, 10000) == 1);
    jf_msg m = roomy();
    EXPECT(jf_recv_msg(c[0], &m, JF_ERROR_QUEUE), 0);
    CHECK(m.present == (JF_HAS_TIME | JF_HAS_ERROR) && m.error_origin == JF_ORIGIN_TIMESTAMP);
    CHECK(m.error_info == SCM_TSTAMP_ACK && m.error_data == 4);
    EXPECT(jf_recv_msg(c[0], &m, JF_ERROR_QUEUE), JF_E_WOULD_BLOCK);
    close_both(c);
}

/* What was sent without a copy is done with; on loopback it was copied after all. */
static void without_a_copy(void) {
    enum { ZERO_COPY = 60, MSG_WITHOUT_COPY = 0x4000000 };
    jf_socket c[2];
    static char bytes[20000];
    const int on = 1;
    connected(TCP4, c);
    int fd = (int)OK(jf_fd(c[0]));
    CHECK(setsockopt(fd, SOL_SOCKET, ZERO_COPY, &on, sizeof on) == 0);
    for (int i = 0; i < 2; i++) {
        CHECK(send(fd, bytes, sizeof bytes, MSG_WITHOUT_COPY) == sizeof bytes);
        EXPECT(jf_recv_exact(c[1], bytes, sizeof bytes, NULL), 0);
    }
    uint32_t done = 0;
    while (done < 2) {
        struct pollfd item = {fd, 0, 0};
        CHECK(poll(&item, 1, 10000) == 1);
        jf_msg m = roomy();
        EXPECT(jf_recv_msg(c[0], &m, JF_ERROR_QUEUE), 0);
        CHECK(m.present == JF_HAS_ERROR && m.error == 0 && m.error_origin == JF_ORIGIN_ZERO_COPY);
        CHECK(m.error_info == done && m.error_data >= done && m.error_data < 2);
        done = m.error_data + 1;
    }
    close_both(c);
}

/* A packet socket has a queue too. */
static void of_frames(void) {
    jf_addr to = parsed("packet:lo:0x88b6:00:00:00:00:00:00");
    s = OK(jf_open(JF_PACKET, JF_DGRAM, 0));
    unsigned bits = SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE;
    CHECK(setsockopt((int)OK(jf_fd(s)), SOL_SOCKET, SO_TIMESTAMPING, &bits, sizeof bits) == 0);
    EXPECT(jf_send_to(s, "hello", 5, 0, &to), 5);
    jf_msg m = roomy();
    EXPECT(jf_recv_msg(s, &m, JF_ERROR_QUEUE), 14 + 5);
    CHECK((m.present & ~(uint32_t)JF_HAS_ADDR) == (JF_HAS_TIME | JF_HAS_ERROR) && m.other_len == 0);
    CHECK(m.error == 0 && m.error_origin == JF_ORIGIN_TIMESTAMP);
    OK(jf_close(s));
}

int main(void) {
    static void (*const TESTS[])(void) = {refused, cut, too_long, path_mtu, timestamps};
    for (int i = 0; i < WAY_COUNT; i++)
        for (size_t test = 0; test < sizeof TESTS / sizeof *TESTS; test++) {
            begin(&WAYS[i]);
            TESTS[test]();
            end();
        }
    timestamps_of_a_stream(TCP4);
    timestamps_of_a_stream(TCP6);
    without_a_copy();
    of_frames();
    return 0;
}
