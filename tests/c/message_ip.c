/* What goes beside datagrams of IP: where they came to, hops, traffic class, times, losses, segments. */
#include "messages.h"

#include <net/if.h>
#include <time.h>

/* Between IPv4 and IPv6 sockets, of which those of IPv6 speak IPv4 too. */
static const struct way {
    int from_family, to_family;
    /* Where the receiver is bound, and what the sender calls it. */
    const char *bound, *to;
    /* What the receiver calls that; where a sender says that it comes from, and what the receiver calls that. */
    const char *local, *source, *seen;
} WAYS[] = {
    {JF_INET, JF_INET, "0.0.0.0:0", "127.0.0.1:0", "127.0.0.1:0", "127.0.0.2:0", "127.0.0.2:0"},
    {JF_INET6, JF_INET6, "[::]:0", "[::1]:0", "[::1]:0", "[::1]:0", "[::1]:0"},
    {JF_INET, JF_INET6, "[::]:0", "127.0.0.1:0", "[::ffff:127.0.0.1]:0", "127.0.0.2:0", "[::ffff:127.0.0.2]:0"},
    {JF_INET6, JF_INET, "0.0.0.0:0", "[::ffff:127.0.0.1]:0", "127.0.0.1:0", "[::ffff:127.0.0.2]:0", "127.0.0.2:0"},
    {JF_INET6, JF_INET, "0.0.0.0:0", "[::ffff:127.0.0.1]:0", "127.0.0.1:0", "127.0.0.2:0", "127.0.0.2:0"},
    {JF_INET6, JF_INET6, "[::]:0", "[::ffff:127.0.0.1]:0", "[::ffff:127.0.0.1]:0", "127.0.0.2:0",
     "[::ffff:127.0.0.2]:0"},
};
enum { WAY_COUNT = sizeof WAYS / sizeof *WAYS };

static const struct way *way;
static jf_socket from, to;
static jf_addr to_addr;
static uint32_t loopback;

static void begin(const struct way *w) {
    jf_addr at;
    way = w;
    from = OK(jf_open(w->from_family, JF_DGRAM, 0));
    to = bound(w->bound, JF_DGRAM, &at);
    to_addr = parsed(w->to);
    OK(jf_addr_set_port(&to_addr, at.port));
    OK(jf_set(to, JF_OPT_RECV_TIMEOUT, 10000));
}

static void end(void) {
    OK(jf_close(from));
    OK(jf_close(to));
}

/* A message to the receiver. */
static jf_msg outgoing(uint32_t present) {
    jf_msg m = message(NULL, 0);
    m.present = JF_HAS_ADDR | present;
    m.addr = to_addr;
    return m;
}

/* Whether it is this address, whatever the port. */
static int is_host(jf_addr a, const char *text) {
    jf_addr b = parsed(text);
    OK(jf_addr_set_port(&a, 0));
    return jf_addr_equal(&a, &b) == 1;
}

static void packet_info(void) {
    OK(jf_set(to, JF_OPT_RECV_PACKET_INFO, 1));
    jf_msg m = outgoing(0);
    EXPECT(send_with(from, "hello", &m, 0), 5);
    m = received(to, "hello");
    CHECK(m.present == (JF_HAS_ADDR | JF_HAS_PACKET_INFO) && m.other_len == 0);
    CHECK(m.interface_index == loopback && is_host(m.local, way->local) && m.local.port == 0);

    /* From an address and an interface of one's choice, or either of them. */
    for (int choice = 0; choice < 4; choice++) {
        m = outgoing(JF_HAS_PACKET_INFO);
        if (choice & 1) m.local = parsed(way->source);
        if (choice & 2) m.interface_index = loopback;
        m.local.port = 9;
        if (!(choice & 1)) m.local.port = 0;
        EXPECT(send_with(from, "hello", &m, 0), 5);
        m = received(to, "hello");
        CHECK(m.interface_index == loopback && is_host(m.local, way->local));
        if (choice & 1) CHECK(is_host(m.addr, way->seen));
    }
    /* The same of a connected socket. */
    OK(jf_connect(from, &to_addr));
    for (int choice = 0; choice < 4; choice++) {
        m = message(NULL, 0);
        m.present = JF_HAS_PACKET_INFO;
        if (choice & 1) m.local = parsed(way->source);
        if (choice & 2) m.interface_index = loopback;
        EXPECT(send_with(from, "hello", &m, 0), 5);
        m = received(to, "hello");
        if (choice & 1) CHECK(is_host(m.addr, way->seen));
    }
    /* What came can be answered from where it came to. */
    m.bufs = NULL;
    m.buf_count = 0;
    m.passed_count = 0;
    EXPECT(send_with(to, "back", &m, 0), 4);

    /* There is no such interface, and no such address. */
    m = outgoing(JF_HAS_PACKET_INFO);
    m.interface_index = 1000000;
    EXPECT(send_with(from, "hello", &m, 0), JF_E_NOT_FOUND);
    m.interface_index = UINT32_MAX;
    EXPECT(send_with(from, "hello", &m, 0), JF_E_NOT_FOUND);
    m.interface_index = (uint32_t)INT32_MAX + 1;
    EXPECT(send_with(from, "hello", &m, 0), JF_E_NOT_FOUND);
    m.interface_index = 0;
    m.local = parsed(way->from_family == JF_INET6 && to_addr.data[0] == 0 && to_addr.data[10] == 0 ? "[2001:db8::1]:0"
                                                                                                    : "192.0.2.1:0");
    CHECK(send_with(from, "hello", &m, 0) < 0);
    EXPECT(jf_recv(to, message_room, 8, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
}

static void hops(void) {
    static const uint32_t TTLS[] = {1, 2, 64, 127, 128, 254, 255};
    OK(jf_set(to, JF_OPT_RECV_TTL, 1));
    jf_msg m = outgoing(0);
    OK(jf_set(from, JF_OPT_TTL, 77));
    EXPECT(send_with(from, "hello", &m, 0), 5);
    m = received(to, "hello");
    CHECK(m.present == (JF_HAS_ADDR | JF_HAS_TTL));
    /* To an IPv4 address an IPv6 socket has another number, which the option of IPv6 does not set. */
    if (way->from_family == JF_INET || is_host(m.addr, "[::1]:0")) CHECK(m.ttl == 77);
    for (size_t i = 0; i < sizeof TTLS / sizeof *TTLS; i++) {
        m = outgoing(JF_HAS_TTL);
        m.ttl = TTLS[i];
        EXPECT(send_with(from, "hello", &m, 0), 5);
        m = received(to, "hello");
        CHECK(m.present == (JF_HAS_ADDR | JF_HAS_TTL) && m.ttl == TTLS[i] && m.other_len == 0);
    }
}

static void traffic_class(void) {
    OK(jf_set(to, JF_OPT_RECV_TOS, 1));
    for (uint32_t tos = 0; tos < 256; tos++) {
        jf_msg m = outgoing(JF_HAS_TOS);
        m.tos = tos;
        EXPECT(send_with(from, "hello", &m, 0), 5);
        m = received(to, "hello");
        CHECK(m.present == (JF_HAS_ADDR | JF_HAS_TOS) && m.tos == tos && m.other_len == 0);
    }
}

static int64_t clock_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void timestamps(void) {
    for (int how = 0; how < 3; how++) {
        const int on = how == 1;
        OK(jf_set(to, JF_OPT_TIMESTAMPS, how == 0));
        if (how > 0) CHECK(setsockopt((int)OK(jf_fd(to)), SOL_SOCKET, SO_TIMESTAMP, &on, sizeof on) == 0);
        if (how == 2) OK(jf_set(to, JF_OPT_TIMESTAMPING, JF_TS_RX_SOFTWARE | JF_TS_SOFTWARE));
        for (int i = 0; i < 2; i++) {
            int64_t before;
            jf_msg m;
            do {
                before = clock_ns();
                m = outgoing(0);
                EXPECT(send_with(from, "hello", &m, 0), 5);
                m = received(to, "hello");
                /* The system begins to take times a while after it is asked to. */
            } while (how == 2 && i == 0 && !(m.present & JF_HAS_TIME));
            CHECK(m.present == (JF_HAS_ADDR | JF_HAS_TIME) && m.other_len == 0);
            /* In microseconds, in one of the ways. */
            CHECK(m.time >= before - (how == 1 ? 1000 : 0) && m.time <= clock_ns());
        }
    }
}

/* The receive buffer runs over; how often, is told from then on. */
static void overflow(void) {
    static char bytes[1000];
    OK(jf_set(to, JF_OPT_RECV_OVERFLOW, 1));
    OK(jf_set(to, JF_OPT_RECV_BUFFER, 4096));
    uint32_t sent = 200, came = 0, lost = 0;
    for (uint32_t i = 0; i < sent; i++) EXPECT(jf_send_to(from, bytes, 1000, 0, &to_addr), 1000);
    for (;;) {
        jf_msg m = roomy();
        int64_t count = jf_recv_msg(to, &m, JF_DONT_WAIT);
        if (count == JF_E_WOULD_BLOCK) break;
        EXPECT(count, (int64_t)sizeof bytes);
        came++;
        /* The first ones were queued before anything was lost. */
        CHECK(m.present == JF_HAS_ADDR);
    }
    CHECK(came > 0 && came < sent);
    jf_msg m = outgoing(0);
    EXPECT(send_with(from, "hello", &m, 0), 5);
    m = received(to, "hello");
    CHECK(m.present == (JF_HAS_ADDR | JF_HAS_OVERFLOW) && m.other_len == 0);
    lost = m.overflow;
    CHECK(lost == sent - came);
}

/* One message becomes many datagrams, and many come as one. */
static void segments(void) {
    static char bytes[64 * 100 + 36];
    jf_buf buf = {bytes, sizeof bytes};
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (char)(i / 100 + 1);
    for (int together = 0; together < 2; together++) {
        if (together) OK(jf_set(to, JF_OPT_GRO, 1));
        jf_msg m = outgoing(JF_HAS_SEGMENT_SIZE);
        m.segment_size = 100;
        m.bufs = &buf;
        m.buf_count = 1;
        EXPECT(jf_send_msg(from, &m, 0), (int64_t)sizeof bytes);
        size_t came = 0, messages = 0;
        while (came < sizeof bytes) {
            m = roomy();
            int64_t count = OK(jf_recv_msg(to, &m, 0));
            size_t left = sizeof bytes - came;
            CHECK(m.truncated == 0 && m.other_len == 0 && memcmp(message_room, bytes + came, (size_t)count) == 0);
            CHECK(m.present == (uint32_t)(together ? JF_HAS_ADDR | JF_HAS_SEGMENT_SIZE : JF_HAS_ADDR));
            if (together)
                CHECK(m.segment_size == 100 && count > 100);
            else
                CHECK(count == (int64_t)(left < 100 ? left : 100));
            came += (size_t)count;
            messages++;
        }
        CHECK(came == sizeof bytes && (together ? messages < 8 : messages == 65));
        /* A single one is no group. */
        m = outgoing(0);
        EXPECT(send_with(from, "hello", &m, 0), 5);
        m = received(to, "hello");
        CHECK(m.present == JF_HAS_ADDR);
    }
    /* Cut, they are told with their size. */
    jf_msg m = outgoing(JF_HAS_SEGMENT_SIZE);
    m.segment_size = 100;
    m.bufs = &buf;
    m.buf_count = 1;
    EXPECT(jf_send_msg(from, &m, 0), (int64_t)sizeof bytes);
    jf_buf in = {message_room, 150};
    m = roomy();
    m.bufs = &in;
    EXPECT(jf_recv_msg(to, &m, 0), JF_E_TRUNCATED);
    CHECK(m.truncated == JF_CUT_DATA && m.segment_size == 100);
}

/* Nobody redirected it, so where it was to go is where it came to; here with the port. */
static void original_destination(void) {
    jf_addr at;
    OK(jf_local_addr(to, &at));
    OK(jf_set(to, JF_OPT_RECV_ORIGINAL_DEST, 1));
    jf_msg m = outgoing(0);
    EXPECT(send_with(from, "hello", &m, 0), 5);
    m = received(to, "hello");
    CHECK(m.present == (JF_HAS_ADDR | JF_HAS_ORIGINAL_DEST) && m.other_len == 0);
    CHECK(m.original.port == at.port && is_host(m.original, way->local));
}

/* Everything at once. */
static void together(void) {
    OK(jf_set(to, JF_OPT_RECV_PACKET_INFO, 1));
    OK(jf_set(to, JF_OPT_RECV_TTL, 1));
    OK(jf_set(to, JF_OPT_RECV_TOS, 1));
    OK(jf_set(to, JF_OPT_TIMESTAMPS, 1));
    OK(jf_set(to, JF_OPT_GRO, 1));
    static char bytes[2000];
    jf_buf buf = {bytes, sizeof bytes};
    jf_msg m = outgoing(JF_HAS_PACKET_INFO | JF_HAS_TTL | JF_HAS_TOS | JF_HAS_SEGMENT_SIZE);
    m.bufs = &buf;
    m.buf_count = 1;
    m.local = parsed(way->source);
    m.interface_index = loopback;
    m.ttl = 9;
    m.tos = 0x2E << 2 | 1;
    m.segment_size = 1000;
    EXPECT(jf_send_msg(from, &m, 0), 2000);
    m = roomy();
    EXPECT(jf_recv_msg(to, &m, 0), 2000);
    const uint32_t lasting = JF_HAS_ADDR | JF_HAS_PACKET_INFO | JF_HAS_TTL | JF_HAS_TOS;
    CHECK(m.present == (lasting | JF_HAS_TIME | JF_HAS_SEGMENT_SIZE));
    CHECK(is_host(m.addr, way->seen) && is_host(m.local, way->local) && m.interface_index == loopback);
    CHECK(m.ttl == 9 && m.tos == (0x2E << 2 | 1) && m.segment_size == 1000 && m.other_len == 0 && m.truncated == 0);
    /* The next message has nothing of this one. */
    OK(jf_set(to, JF_OPT_TIMESTAMPS, 0));
    jf_msg plain = outgoing(0);
    EXPECT(send_with(from, "hello", &plain, 0), 5);
    jf_buf in = {message_room, sizeof message_room};
    m.bufs = &in;
    EXPECT(jf_recv_msg(to, &m, 0), 5);
    CHECK(m.present == lasting);
}

/* Packets of a protocol of their own carry the same, but no segments. */
static void raw(int family) {
    enum { EXPERIMENT = 253 };
    jf_socket r[2];
    jf_addr name[2];
    for (int i = 0; i < 2; i++) {
        jf_addr at = parsed(family == JF_INET ? i ? "127.0.0.1:0" : "127.0.0.2:0" : "[::1]:0");
        r[i] = OK(jf_open(family, JF_RAW, EXPERIMENT));
        OK(jf_bind(r[i], &at));
        OK(jf_local_addr(r[i], &name[i]));
    }
    OK(jf_set(r[1], JF_OPT_RECV_TTL, 1));
    OK(jf_set(r[1], JF_OPT_RECV_TOS, 1));
    OK(jf_set(r[1], JF_OPT_RECV_PACKET_INFO, 1));
    OK(jf_set(r[1], JF_OPT_TIMESTAMPS, 1));
    OK(jf_set(r[1], JF_OPT_RECV_TIMEOUT, 10000));
    jf_msg m = message(NULL, 0);
    m.present = JF_HAS_ADDR | JF_HAS_TTL | JF_HAS_TOS | JF_HAS_PACKET_INFO;
    m.addr = name[1];
    OK(jf_addr_set_port(&m.addr, 0));
    m.ttl = 9;
    m.tos = 0xB9;
    m.local = parsed(family == JF_INET ? "127.0.0.3:0" : "[::1]:0");
    m.interface_index = loopback;
    EXPECT(send_with(r[0], "hello", &m, 0), 5);
    m = roomy();
    /* Of IPv4 the header comes too. */
    size_t header = family == JF_INET ? 20 : 0;
    EXPECT(jf_recv_msg(r[1], &m, 0), (int64_t)header + 5);
    CHECK(memcmp(message_room + header, "hello", 5) == 0);
    CHECK(m.present == (JF_HAS_ADDR | JF_HAS_TTL | JF_HAS_TOS | JF_HAS_PACKET_INFO | JF_HAS_TIME) && m.other_len == 0);
    CHECK(m.ttl == 9 && m.tos == 0xB9 && m.interface_index == loopback);
    CHECK(is_host(m.local, family == JF_INET ? "127.0.0.1:0" : "[::1]:0"));
    CHECK(is_host(m.addr, family == JF_INET ? "127.0.0.3:0" : "[::1]:0"));
    m = message(NULL, 0);
    m.present = JF_HAS_ADDR | JF_HAS_SEGMENT_SIZE;
    m.addr = name[1];
    m.segment_size = 100;
    EXPECT(send_with(r[0], "hello", &m, 0), JF_E_UNSUPPORTED);
    close_both(r);
}

int main(void) {
    static void (*const TESTS[])(void) = {packet_info, hops, traffic_class, timestamps, overflow, segments,
                                          original_destination, together};
    loopback = if_nametoindex("lo");
    CHECK(loopback > 0);
    for (int i = 0; i < WAY_COUNT; i++)
        for (size_t test = 0; test < sizeof TESTS / sizeof *TESTS; test++) {
            begin(&WAYS[i]);
            TESTS[test]();
            end();
        }
    raw(JF_INET);
    raw(JF_INET6);
    return 0;
}
