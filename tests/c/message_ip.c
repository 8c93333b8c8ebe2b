/* Control messages of IP datagrams: packet info, hop limit, traffic class, timestamps, overflow counts and segments. */
#include "messages.h"

#include <net/if.h>
#include <time.h>

/* Between IPv4 and IPv6 sockets. The IPv6 sockets are dual-stack. */
static const struct route {
    int from_family, to_family;
    /* Where the receiver is bound, and the address that the sender sends to. */
    const char *bind_address, *to;
    /* The destination as the receiver sees it; a source address that the sender chooses, and that address as the
     * receiver sees it. */
    const char *local, *source, *received_source;
} ROUTES[] = {
    {JF_INET, JF_INET, "0.0.0.0:0", "127.0.0.1:0", "127.0.0.1:0", "127.0.0.2:0", "127.0.0.2:0"},
    {JF_INET6, JF_INET6, "[::]:0", "[::1]:0", "[::1]:0", "[::1]:0", "[::1]:0"},
    {JF_INET, JF_INET6, "[::]:0", "127.0.0.1:0", "[::ffff:127.0.0.1]:0", "127.0.0.2:0", "[::ffff:127.0.0.2]:0"},
    {JF_INET6, JF_INET, "0.0.0.0:0", "[::ffff:127.0.0.1]:0", "127.0.0.1:0", "[::ffff:127.0.0.2]:0", "127.0.0.2:0"},
    {JF_INET6, JF_INET, "0.0.0.0:0", "[::ffff:127.0.0.1]:0", "127.0.0.1:0", "127.0.0.2:0", "127.0.0.2:0"},
    {JF_INET6, JF_INET6, "[::]:0", "[::ffff:127.0.0.1]:0", "[::ffff:127.0.0.1]:0", "127.0.0.2:0",
     "[::ffff:127.0.0.2]:0"},
};
enum { ROUTE_COUNT = sizeof ROUTES / sizeof *ROUTES };

static const struct route *route;
static jf_socket from, to;
static jf_addr to_addr;
static uint32_t loopback;

static void begin(const struct route *w) {
    jf_addr at;
    route = w;
    from = OK(jf_open(w->from_family, JF_DGRAM, 0));
    to = bound(w->bind_address, JF_DGRAM, &at);
    to_addr = parsed(w->to);
    OK(jf_addr_set_port(&to_addr, at.port));
    OK(jf_set(to, JF_OPT_RECV_TIMEOUT, 10000));
}

static void end(void) {
    OK(jf_close(from));
    OK(jf_close(to));
}

/* Returns an empty message to the receiver. */
static jf_msg outgoing(uint32_t present) {
    jf_msg m = message(NULL, 0);
    m.present = JF_HAS_ADDR | present;
    m.addr = to_addr;
    return m;
}

/* Compares addresses without their ports. */
static int is_host(jf_addr a, const char *text) {
    jf_addr b = parsed(text);
    OK(jf_addr_set_port(&a, 0));
    return jf_addr_equal(&a, &b) == 1;
}

static void check_packet_info(void) {
    OK(jf_set(to, JF_OPT_RECV_PACKET_INFO, 1));
    jf_msg m = outgoing(0);
    EXPECT(send_message(from, "hello", &m, 0), 5);
    m = receive_message(to, "hello");
    CHECK(m.present == (JF_HAS_ADDR | JF_HAS_PACKET_INFO) && m.other_len == 0);
    CHECK(m.interface_index == loopback && is_host(m.local, route->local) && m.local.port == 0);

    /* With a chosen source address, interface, both or neither. */
    for (int choice = 0; choice < 4; choice++) {
        m = outgoing(JF_HAS_PACKET_INFO);
        if (choice & 1) m.local = parsed(route->source);
        if (choice & 2) m.interface_index = loopback;
        m.local.port = 9;
        if (!(choice & 1)) m.local.port = 0;
        EXPECT(send_message(from, "hello", &m, 0), 5);
        m = receive_message(to, "hello");
        CHECK(m.interface_index == loopback && is_host(m.local, route->local));
        if (choice & 1) CHECK(is_host(m.addr, route->received_source));
    }
    /* The same on a connected socket. */
    OK(jf_connect(from, &to_addr));
    for (int choice = 0; choice < 4; choice++) {
        m = message(NULL, 0);
        m.present = JF_HAS_PACKET_INFO;
        if (choice & 1) m.local = parsed(route->source);
        if (choice & 2) m.interface_index = loopback;
        EXPECT(send_message(from, "hello", &m, 0), 5);
        m = receive_message(to, "hello");
        if (choice & 1) CHECK(is_host(m.addr, route->received_source));
    }
    /* A received message can be answered from the address that it was sent to. */
    m.bufs = NULL;
    m.buf_count = 0;
    m.passed_count = 0;
    EXPECT(send_message(to, "back", &m, 0), 4);

    /* An interface and an address that do not exist. */
    m = outgoing(JF_HAS_PACKET_INFO);
    m.interface_index = 1000000;
    EXPECT(send_message(from, "hello", &m, 0), JF_E_NOT_FOUND);
    m.interface_index = UINT32_MAX;
    EXPECT(send_message(from, "hello", &m, 0), JF_E_NOT_FOUND);
    m.interface_index = (uint32_t)INT32_MAX + 1;
    EXPECT(send_message(from, "hello", &m, 0), JF_E_NOT_FOUND);
    m.interface_index = 0;
    m.local = parsed(route->from_family == JF_INET6 && to_addr.data[0] == 0 && to_addr.data[10] == 0 ? "[2001:db8::1]:0"
                                                                                                    : "192.0.2.1:0");
    CHECK(send_message(from, "hello", &m, 0) < 0);
    EXPECT(jf_recv(to, message_buffer, 8, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
}

static void check_ttl(void) {
    static const uint32_t TTLS[] = {1, 2, 64, 127, 128, 254, 255};
    OK(jf_set(to, JF_OPT_RECV_TTL, 1));
    jf_msg m = outgoing(0);
    OK(jf_set(from, JF_OPT_TTL, 77));
    EXPECT(send_message(from, "hello", &m, 0), 5);
    m = receive_message(to, "hello");
    CHECK(m.present == (JF_HAS_ADDR | JF_HAS_TTL));
    /* For IPv4-mapped destinations, an IPv6 socket does not use the IPv6 hop limit option. */
    if (route->from_family == JF_INET || is_host(m.addr, "[::1]:0")) CHECK(m.ttl == 77);
    for (size_t i = 0; i < sizeof TTLS / sizeof *TTLS; i++) {
        m = outgoing(JF_HAS_TTL);
        m.ttl = TTLS[i];
        EXPECT(send_message(from, "hello", &m, 0), 5);
        m = receive_message(to, "hello");
        CHECK(m.present == (JF_HAS_ADDR | JF_HAS_TTL) && m.ttl == TTLS[i] && m.other_len == 0);
    }
}

static void check_traffic_class(void) {
    OK(jf_set(to, JF_OPT_RECV_TOS, 1));
    for (uint32_t tos = 0; tos < 256; tos++) {
        jf_msg m = outgoing(JF_HAS_TOS);
        m.tos = tos;
        EXPECT(send_message(from, "hello", &m, 0), 5);
        m = receive_message(to, "hello");
        CHECK(m.present == (JF_HAS_ADDR | JF_HAS_TOS) && m.tos == tos && m.other_len == 0);
    }
}

static int64_t clock_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void check_timestamps(void) {
    for (int mode = 0; mode < 3; mode++) {
        const int on = mode == 1;
        OK(jf_set(to, JF_OPT_TIMESTAMPS, mode == 0));
        if (mode > 0) CHECK(setsockopt((int)OK(jf_fd(to)), SOL_SOCKET, SO_TIMESTAMP, &on, sizeof on) == 0);
        if (mode == 2) OK(jf_set(to, JF_OPT_TIMESTAMPING, JF_TS_RX_SOFTWARE | JF_TS_SOFTWARE));
        for (int i = 0; i < 2; i++) {
            int64_t before;
            jf_msg m;
            do {
                before = clock_ns();
                m = outgoing(0);
                EXPECT(send_message(from, "hello", &m, 0), 5);
                m = receive_message(to, "hello");
                /* The kernel starts taking timestamps some time after the option is set. */
            } while (mode == 2 && i == 0 && !(m.present & JF_HAS_TIME));
            CHECK(m.present == (JF_HAS_ADDR | JF_HAS_TIME) && m.other_len == 0);
            /* SO_TIMESTAMP has a resolution of one microsecond. */
            CHECK(m.time >= before - (mode == 1 ? 1000 : 0) && m.time <= clock_ns());
        }
    }
}

/* The receive buffer overflows. Later messages report the number of lost datagrams. */
static void check_overflow(void) {
    static char bytes[1000];
    OK(jf_set(to, JF_OPT_RECV_OVERFLOW, 1));
    OK(jf_set(to, JF_OPT_RECV_BUFFER, 4096));
    uint32_t sent = 200, received = 0, lost = 0;
    for (uint32_t i = 0; i < sent; i++) EXPECT(jf_send_to(from, bytes, 1000, 0, &to_addr), 1000);
    for (;;) {
        jf_msg m = message_with_buffers();
        int64_t count = jf_recv_msg(to, &m, JF_DONT_WAIT);
        if (count == JF_E_WOULD_BLOCK) break;
        EXPECT(count, (int64_t)sizeof bytes);
        received++;
        /* The first datagrams were queued before any was lost. */
        CHECK(m.present == JF_HAS_ADDR);
    }
    CHECK(received > 0 && received < sent);
    jf_msg m = outgoing(0);
    EXPECT(send_message(from, "hello", &m, 0), 5);
    m = receive_message(to, "hello");
    CHECK(m.present == (JF_HAS_ADDR | JF_HAS_OVERFLOW) && m.other_len == 0);
    lost = m.overflow;
    CHECK(lost == sent - received);
}

/* One message is sent as many datagrams (GSO), and many datagrams are received as one message (GRO). */
static void check_segments(void) {
    static char bytes[64 * 100 + 36];
    jf_buf buf = {bytes, sizeof bytes};
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (char)(i / 100 + 1);
    for (int is_coalesced = 0; is_coalesced < 2; is_coalesced++) {
        if (is_coalesced) OK(jf_set(to, JF_OPT_GRO, 1));
        jf_msg m = outgoing(JF_HAS_SEGMENT_SIZE);
        m.segment_size = 100;
        m.bufs = &buf;
        m.buf_count = 1;
        EXPECT(jf_send_msg(from, &m, 0), (int64_t)sizeof bytes);
        size_t received = 0, message_count = 0;
        while (received < sizeof bytes) {
            m = message_with_buffers();
            int64_t count = OK(jf_recv_msg(to, &m, 0));
            size_t remaining = sizeof bytes - received;
            CHECK(m.truncated == 0 && m.other_len == 0 && memcmp(message_buffer, bytes + received, (size_t)count) == 0);
            CHECK(m.present == (uint32_t)(is_coalesced ? JF_HAS_ADDR | JF_HAS_SEGMENT_SIZE : JF_HAS_ADDR));
            if (is_coalesced)
                CHECK(m.segment_size == 100 && count > 100);
            else
                CHECK(count == (int64_t)(remaining < 100 ? remaining : 100));
            received += (size_t)count;
            message_count++;
        }
        CHECK(received == sizeof bytes && (is_coalesced ? message_count < 8 : message_count == 65));
        /* A single datagram has no segment size. */
        m = outgoing(0);
        EXPECT(send_message(from, "hello", &m, 0), 5);
        m = receive_message(to, "hello");
        CHECK(m.present == JF_HAS_ADDR);
    }
    /* Truncated coalesced data is reported with its segment size. */
    jf_msg m = outgoing(JF_HAS_SEGMENT_SIZE);
    m.segment_size = 100;
    m.bufs = &buf;
    m.buf_count = 1;
    EXPECT(jf_send_msg(from, &m, 0), (int64_t)sizeof bytes);
    jf_buf in = {message_buffer, 150};
    m = message_with_buffers();
    m.bufs = &in;
    EXPECT(jf_recv_msg(to, &m, 0), JF_E_TRUNCATED);
    CHECK(m.truncated == JF_CUT_DATA && m.segment_size == 100);
}

/* Without a redirection, the original destination is the local address, with the port. */
static void check_original_destination(void) {
    jf_addr at;
    OK(jf_local_addr(to, &at));
    OK(jf_set(to, JF_OPT_RECV_ORIGINAL_DEST, 1));
    jf_msg m = outgoing(0);
    EXPECT(send_message(from, "hello", &m, 0), 5);
    m = receive_message(to, "hello");
    CHECK(m.present == (JF_HAS_ADDR | JF_HAS_ORIGINAL_DEST) && m.other_len == 0);
    CHECK(m.original.port == at.port && is_host(m.original, route->local));
}

/* All control messages in one datagram. */
static void check_all_control_messages(void) {
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
    m.local = parsed(route->source);
    m.interface_index = loopback;
    m.ttl = 9;
    m.tos = 0x2E << 2 | 1;
    m.segment_size = 1000;
    EXPECT(jf_send_msg(from, &m, 0), 2000);
    m = message_with_buffers();
    EXPECT(jf_recv_msg(to, &m, 0), 2000);
    const uint32_t always_present = JF_HAS_ADDR | JF_HAS_PACKET_INFO | JF_HAS_TTL | JF_HAS_TOS;
    CHECK(m.present == (always_present | JF_HAS_TIME | JF_HAS_SEGMENT_SIZE));
    CHECK(is_host(m.addr, route->received_source) && is_host(m.local, route->local) && m.interface_index == loopback);
    CHECK(m.ttl == 9 && m.tos == (0x2E << 2 | 1) && m.segment_size == 1000 && m.other_len == 0 && m.truncated == 0);
    /* The next message reports nothing of this one. */
    OK(jf_set(to, JF_OPT_TIMESTAMPS, 0));
    jf_msg plain = outgoing(0);
    EXPECT(send_message(from, "hello", &plain, 0), 5);
    jf_buf in = {message_buffer, sizeof message_buffer};
    m.bufs = &in;
    EXPECT(jf_recv_msg(to, &m, 0), 5);
    CHECK(m.present == always_present);
}

/* Packets of a raw protocol carry the same control messages, except segments. */
static void check_raw(int family) {
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
    EXPECT(send_message(r[0], "hello", &m, 0), 5);
    m = message_with_buffers();
    /* An IPv4 raw socket also receives the IP header. */
    size_t header = family == JF_INET ? 20 : 0;
    EXPECT(jf_recv_msg(r[1], &m, 0), (int64_t)header + 5);
    CHECK(memcmp(message_buffer + header, "hello", 5) == 0);
    CHECK(m.present == (JF_HAS_ADDR | JF_HAS_TTL | JF_HAS_TOS | JF_HAS_PACKET_INFO | JF_HAS_TIME) && m.other_len == 0);
    CHECK(m.ttl == 9 && m.tos == 0xB9 && m.interface_index == loopback);
    CHECK(is_host(m.local, family == JF_INET ? "127.0.0.1:0" : "[::1]:0"));
    CHECK(is_host(m.addr, family == JF_INET ? "127.0.0.3:0" : "[::1]:0"));
    m = message(NULL, 0);
    m.present = JF_HAS_ADDR | JF_HAS_SEGMENT_SIZE;
    m.addr = name[1];
    m.segment_size = 100;
    EXPECT(send_message(r[0], "hello", &m, 0), JF_E_UNSUPPORTED);
    close_both(r);
}

int main(void) {
    static void (*const TESTS[])(void) = {
        check_packet_info, check_ttl,      check_traffic_class,        check_timestamps,
        check_overflow,    check_segments, check_original_destination, check_all_control_messages};
    loopback = if_nametoindex("lo");
    CHECK(loopback > 0);
    for (int i = 0; i < ROUTE_COUNT; i++)
        for (size_t test = 0; test < sizeof TESTS / sizeof *TESTS; test++) {
            begin(&ROUTES[i]);
            TESTS[test]();
            end();
        }
    check_raw(JF_INET);
    check_raw(JF_INET6);
    return 0;
}
