/* Datagrams that fit, that are too long, or that are empty. None is truncated silently, merged with another, or
 * written past the buffer. */
#include "folder.h"
#include "pairs.h"

static const char message[] = "0123456789abcdefghij";
enum { LEN = 20, PATTERN = 0xA5 };

/* Two sockets. What `s[0]` sends arrives at `s[1]` with the address `name`. */
struct route {
    jf_socket s[2];
    jf_addr name;
};

enum { VIA_UDP4, VIA_UDP6, VIA_PATH, VIA_ABSTRACT, VIA_SEQPACKET, ROUTES };

static struct route open_route(int kind) {
    struct route route;
    jf_addr to;
    if (kind == VIA_UDP4 || kind == VIA_UDP6) {
        connected(kind == VIA_UDP4 ? UDP4 : UDP6, route.s);
        OK(jf_local_addr(route.s[0], &route.name));
    } else if (kind == VIA_PATH) {
        for (int i = 0; i < 2; i++) {
            jf_addr a = folder_path();
            route.s[i] = OK(jf_open(JF_UNIX, JF_DGRAM, 0));
            OK(jf_bind(route.s[i], &a));
        }
        OK(jf_local_addr(route.s[0], &route.name));
        OK(jf_local_addr(route.s[1], &to));
        CHECK(route.name.family == JF_UNIX && route.name.data[0] == '/');
        OK(jf_connect(route.s[0], &to));
    } else if (kind == VIA_ABSTRACT) {
        route.s[0] = bound("unix:", JF_DGRAM, &route.name);
        route.s[1] = bound("unix:", JF_DGRAM, &to);
        CHECK(route.name.len > 1 && route.name.data[0] == 0);
        OK(jf_connect(route.s[0], &to));
    } else {
        jf_socket l = bound("unix:", JF_SEQPACKET, &to);
        OK(jf_listen(l, 1));
        route.s[0] = bound("unix:", JF_SEQPACKET, &route.name);
        OK(jf_connect(route.s[0], &to));
        route.s[1] = OK(jf_accept(l, NULL));
        OK(jf_close(l));
    }
    /* A failing test must not block for ever. */
    OK(jf_set(route.s[1], JF_OPT_RECV_TIMEOUT, 10000));
    return route;
}

static unsigned char buffer[64];

static void clear_buffer(void) {
    memset(buffer, PATTERN, sizeof buffer);
}

/* Checks that the buffer holds the message's first `len` bytes from `at` on, and that nothing is written after
 * `end`. */
static void check_buffer(size_t at, size_t len, size_t end) {
    CHECK(memcmp(buffer + at, message, len) == 0);
    for (size_t i = end; i < sizeof buffer; i++) CHECK(buffer[i] == PATTERN);
}

static void send_message(const struct route *route) {
    EXPECT(jf_send(route->s[0], message, LEN, 0), LEN);
}

static void check_queue_empty(const struct route *route) {
    jf_addr from;
    memset(&from, PATTERN, sizeof from);
    jf_addr before = from;
    clear_buffer();
    EXPECT(jf_recv(route->s[1], buffer, sizeof buffer, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
    EXPECT(jf_recv_from(route->s[1], buffer, sizeof buffer, JF_DONT_WAIT, &from), JF_E_WOULD_BLOCK);
    CHECK(memcmp(&from, &before, sizeof from) == 0);
    check_buffer(0, 0, 0);
}

static void check_truncation(const struct route *route) {
    for (size_t len = 0; len <= LEN + 1; len++) {
        int fits = len >= LEN;
        size_t filled = fits ? LEN : len;
        clear_buffer(), send_message(route);
        EXPECT(jf_recv(route->s[1], buffer, len, 0), fits ? LEN : JF_E_TRUNCATED);
        check_buffer(0, filled, filled);

        jf_addr from;
        memset(&from, PATTERN, sizeof from);
        clear_buffer(), send_message(route);
        EXPECT(jf_recv_from(route->s[1], buffer, len, 0, &from), fits ? LEN : JF_E_TRUNCATED);
        EXPECT(jf_addr_equal(&from, &route->name), 1);
        check_buffer(0, filled, filled);

        clear_buffer(), send_message(route);
        EXPECT(jf_recv_from(route->s[1], buffer, len, 0, NULL), fits ? LEN : JF_E_TRUNCATED);
        check_buffer(0, filled, filled);

        clear_buffer(), send_message(route);
        EXPECT(jf_recv(route->s[1], buffer, len, JF_TRUNC), LEN);
        check_buffer(0, filled, filled);

        memset(&from, PATTERN, sizeof from);
        clear_buffer(), send_message(route);
        EXPECT(jf_recv_from(route->s[1], buffer, len, JF_TRUNC, &from), LEN);
        EXPECT(jf_addr_equal(&from, &route->name), 1);
        check_buffer(0, filled, filled);
    }
    check_queue_empty(route);
}

/* A peeked message stays queued, and whole. */
static void check_peek(const struct route *route) {
    jf_addr from;
    send_message(route);
    for (int i = 0; i < 3; i++) {
        clear_buffer();
        EXPECT(jf_recv(route->s[1], NULL, 0, JF_PEEK | JF_TRUNC), LEN);
        EXPECT(jf_recv(route->s[1], NULL, 0, JF_PEEK), JF_E_TRUNCATED);
        EXPECT(jf_recv(route->s[1], buffer, 8, JF_PEEK | JF_TRUNC), LEN);
        check_buffer(0, 8, 8);
        clear_buffer();
        EXPECT(jf_recv_from(route->s[1], buffer, 9, JF_PEEK, &from), JF_E_TRUNCATED);
        EXPECT(jf_addr_equal(&from, &route->name), 1);
        check_buffer(0, 9, 9);
        EXPECT(jf_recv(route->s[1], buffer, sizeof buffer, JF_PEEK), LEN);
        check_buffer(0, LEN, LEN);
    }
    clear_buffer();
    EXPECT(jf_recv(route->s[1], buffer, sizeof buffer, 0), LEN);
    check_buffer(0, LEN, LEN);
    check_queue_empty(route);
}

static void check_empty(const struct route *route) {
    jf_addr from;
    for (int i = 0; i < 3; i++) {
        EXPECT(jf_send(route->s[0], NULL, 0, 0), 0);
        EXPECT(jf_send_vec(route->s[0], NULL, 0, 0), 0);
        send_message(route);
        clear_buffer();
        memset(&from, PATTERN, sizeof from);
        if (i == 0) EXPECT(jf_recv(route->s[1], buffer, sizeof buffer, JF_PEEK), 0);
        EXPECT(jf_recv_from(route->s[1], buffer, i == 1 ? 0 : sizeof buffer, 0, &from), 0);
        EXPECT(jf_addr_equal(&from, &route->name), 1);
        EXPECT(jf_recv(route->s[1], NULL, 0, i == 2 ? JF_TRUNC : 0), 0);
        check_buffer(0, 0, 0);
        EXPECT(jf_recv(route->s[1], buffer, sizeof buffer, 0), LEN);
        check_buffer(0, LEN, LEN);
    }
    /* If the buffer is empty, the message is lost and the truncation reported; the next message stays queued. */
    send_message(route);
    EXPECT(jf_send(route->s[0], "next", 4, 0), 4);
    EXPECT(jf_recv(route->s[1], NULL, 0, 0), JF_E_TRUNCATED);
    clear_buffer();
    EXPECT(jf_recv(route->s[1], buffer, sizeof buffer, 0), 4);
    CHECK(memcmp(buffer, "next", 4) == 0);
    check_queue_empty(route);
}

static void check_scattered(const struct route *route) {
    unsigned char a[8], b[8];
    jf_buf too_short[] = {{a, 5}, {NULL, 0}, {b, 4}}, enough[] = {{a, 5}, {NULL, 0}, {b, 4}, {buffer, sizeof buffer}};
    for (int with_trunc = 0; with_trunc < 2; with_trunc++) {
        memset(a, PATTERN, sizeof a), memset(b, PATTERN, sizeof b);
        send_message(route);
        EXPECT(jf_recv_vec(route->s[1], too_short, 3, with_trunc ? JF_TRUNC : 0), with_trunc ? LEN : JF_E_TRUNCATED);
        CHECK(memcmp(a, message, 5) == 0 && a[5] == PATTERN && a[7] == PATTERN);
        CHECK(memcmp(b, message + 5, 4) == 0 && b[4] == PATTERN && b[7] == PATTERN);
        send_message(route);
        EXPECT(jf_recv_vec(route->s[1], NULL, 0, with_trunc ? JF_TRUNC : 0), with_trunc ? LEN : JF_E_TRUNCATED);
        send_message(route);
        EXPECT(jf_recv_vec(route->s[1], too_short + 1, 1, with_trunc ? JF_TRUNC : 0),
               with_trunc ? LEN : JF_E_TRUNCATED);
    }
    send_message(route);
    EXPECT(jf_recv_vec(route->s[1], too_short, 3, JF_PEEK | JF_TRUNC), LEN);
    clear_buffer();
    EXPECT(jf_recv_vec(route->s[1], enough, 4, 0), LEN);
    CHECK(memcmp(buffer, message + 9, LEN - 9) == 0 && buffer[LEN - 9] == PATTERN);

    /* Several buffers make one message; the array stays unchanged. */
    const jf_buf parts[] = {{(void *)message, 7}, {NULL, 0}, {(void *)(message + 7), LEN - 7}};
    EXPECT(jf_send_vec(route->s[0], parts, 3, 0), LEN);
    clear_buffer();
    EXPECT(jf_recv(route->s[1], buffer, sizeof buffer, 0), LEN);
    check_buffer(0, LEN, LEN);
    CHECK(too_short[0].data == a && too_short[0].len == 5 && too_short[2].data == b && too_short[2].len == 4);
    check_queue_empty(route);
}

/* jf_send_all and jf_recv_exact require a stream. */
static void check_stream_calls_refused(const struct route *route) {
    size_t done = 77;
    EXPECT(jf_send_all(route->s[0], message, LEN, &done), JF_E_TYPE_UNSUPPORTED);
    CHECK(done == 0);
    send_message(route);
    done = 77;
    clear_buffer();
    EXPECT(jf_recv_exact(route->s[1], buffer, 8, &done), JF_E_TYPE_UNSUPPORTED);
    CHECK(done == 0);
    check_buffer(0, 0, 0);
    EXPECT(jf_recv(route->s[1], buffer, sizeof buffer, JF_WAIT_ALL), LEN);
    check_buffer(0, LEN, LEN);
    check_queue_empty(route);
}

int main(void) {
    folder_make();
    for (int kind = 0; kind < ROUTES; kind++) {
        struct route route = open_route(kind);
        check_truncation(&route);
        check_peek(&route);
        check_empty(&route);
        check_scattered(&route);
        check_stream_calls_refused(&route);
        close_both(route.s);
    }
    return 0;
}
