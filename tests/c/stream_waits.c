/* How long calls on streams block, and the effects of flags. */
#include "clock.h"
#include "pairs.h"

#include <fcntl.h>
#include <pthread.h>

static const enum kind streams[] = {TCP4, TCP6, UNIX_STREAM};
enum { STREAMS = sizeof streams / sizeof streams[0] };

static char buffer[64];

/* A thread that acts after LATER milliseconds: a call that waits for it must not return earlier. */
enum { LATER = 80 };

struct later {
    pthread_t thread;
    jf_socket s;
    int64_t result;
    jf_addr a;
};

static void *send_later(void *argument) {
    struct later *later = argument;
    linger_ms(LATER);
    EXPECT(jf_send(later->s, "late", 4, 0), 4);
    return NULL;
}

static void *connect_later(void *argument) {
    struct later *later = argument;
    linger_ms(LATER);
    OK(jf_connect(later->s, &later->a));
    return NULL;
}

static void start(struct later *later, void *(*what)(void *)) {
    CHECK(pthread_create(&later->thread, NULL, what, later) == 0);
}

static void join(struct later *later) {
    CHECK(pthread_join(later->thread, NULL) == 0);
}

static void receiving(enum kind kind) {
    static const int64_t long_timeouts[] = {-1, 20000, INT64_MAX};
    jf_socket s[2];
    int64_t timeout = 77;
    connected(kind, s);
    OK(jf_get(s[0], JF_OPT_RECV_TIMEOUT, &timeout));
    CHECK(timeout == -1);
    for (int i = 0; i < 3; i++) {
        OK(jf_set(s[0], JF_OPT_RECV_TIMEOUT, long_timeouts[i]));
        double since = clock_ms();
        EXPECT(jf_recv(s[0], buffer, 4, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
        TOOK(since, 0);
        struct later later = {.s = s[1]};
        since = clock_ms();
        start(&later, send_later);
        EXPECT(jf_recv(s[0], buffer, 4, 0), 4);
        TOOK(since, LATER);
        join(&later);
    }
    OK(jf_set(s[0], JF_OPT_RECV_TIMEOUT, 0));
    EXPECT(jf_recv(s[0], buffer, 4, 0), JF_E_WOULD_BLOCK);
    EXPECT(jf_recv(s[0], buffer, 4, JF_WAIT_ALL), JF_E_WOULD_BLOCK);
    EXPECT(jf_recv(s[0], buffer, 4, JF_PEEK), JF_E_WOULD_BLOCK);
    for (int64_t ms = 1; ms <= 64; ms *= 8) {
        OK(jf_set(s[0], JF_OPT_RECV_TIMEOUT, ms));
        for (int i = 0; i < 3; i++) {
            double since = clock_ms();
            EXPECT(i == 0   ? jf_recv(s[0], buffer, 4, 0)
                   : i == 1 ? jf_recv_from(s[0], buffer, 4, JF_PEEK, NULL)
                            : jf_recv_exact(s[0], buffer, 4, NULL),
                   JF_E_TIMED_OUT);
            TOOK(since, ms);
        }
    }
    close_both(s);
}

static void accepting(enum kind kind) {
    jf_addr a, peer;
    jf_socket l = listening(kind_anywhere(kind), &a);
    memset(&peer, 0xA5, sizeof peer);
    jf_addr before = peer;
    OK(jf_set(l, JF_OPT_RECV_TIMEOUT, 0));
    EXPECT(jf_accept(l, &peer), JF_E_WOULD_BLOCK);
    OK(jf_set(l, JF_OPT_RECV_TIMEOUT, 60));
    double since = clock_ms();
    EXPECT(jf_accept(l, &peer), JF_E_TIMED_OUT);
    TOOK(since, 60);
    OK(jf_set(l, JF_OPT_RECV_TIMEOUT, 0));
    EXPECT(jf_accept(l, &peer), JF_E_WOULD_BLOCK);
    CHECK(memcmp(&peer, &before, sizeof peer) == 0);
    static const int64_t long_timeouts[] = {-1, 20000};
    for (int i = 0; i < 2; i++) {
        struct later later = {.s = OK(jf_open(kind_family(kind), JF_STREAM, 0)), .a = a};
        OK(jf_set(l, JF_OPT_RECV_TIMEOUT, long_timeouts[i]));
        since = clock_ms();
        start(&later, connect_later);
        jf_socket s = OK(jf_accept(l, &peer));
        TOOK(since, LATER);
        join(&later);
        OK(jf_close(later.s));
        OK(jf_close(s));
    }
    OK(jf_close(l));
}

static void *connect_now(void *argument) {
    struct later *later = argument;
    later->result = jf_connect(later->s, &later->a);
    return NULL;
}

/* Connects to a listener whose queue is full. */
static void connecting(enum kind kind) {
    int is_unix = kind == UNIX_STREAM;
    jf_addr a;
    jf_socket l = bound(kind_anywhere(kind), JF_STREAM, &a), first = OK(jf_open(kind_family(kind), JF_STREAM, 0));
    OK(jf_listen(l, 0));
    OK(jf_connect(first, &a));
    struct pollfd queued = {.fd = (int)OK(jf_fd(l)), .events = POLLIN};
    CHECK(poll(&queued, 1, 10000) == 1);

    jf_socket c = OK(jf_open(kind_family(kind), JF_STREAM, 0));
    OK(jf_set(c, JF_OPT_SEND_TIMEOUT, 0));
    EXPECT(jf_connect(c, &a), is_unix ? JF_E_WOULD_BLOCK : JF_E_IN_PROGRESS);
    EXPECT(jf_connect(c, &a), is_unix ? JF_E_WOULD_BLOCK : JF_E_ALREADY);
    for (int i = 0; i < 2; i++) {
        OK(jf_set(c, JF_OPT_SEND_TIMEOUT, 60));
        double since = clock_ms();
        EXPECT(jf_connect(c, &a), JF_E_TIMED_OUT);
        TOOK(since, 60);
    }
    OK(jf_set(c, JF_OPT_SEND_TIMEOUT, 0));
    EXPECT(jf_connect(c, &a), is_unix ? JF_E_WOULD_BLOCK : JF_E_ALREADY);
    CHECK((fcntl((int)OK(jf_fd(c)), F_GETFL) & O_NONBLOCK) == 0);

    /* The connect completes when the queue has space. TCP retries the SYN after 1 s and 3 s. */
    OK(jf_set(c, JF_OPT_SEND_TIMEOUT, -1));
    struct later later = {.s = c, .a = a};
    start(&later, connect_now);
    OK(jf_set(l, JF_OPT_RECV_TIMEOUT, 30000));
    jf_socket s[2] = {OK(jf_accept(l, NULL)), OK(jf_accept(l, NULL))};
    join(&later);
    EXPECT(later.result, 0);
    EXPECT(jf_connect(c, &a), JF_E_IS_CONNECTED);
    EXPECT(jf_send(c, "x", 1, 0), 1);
    EXPECT(jf_recv(s[1], buffer, 1, 0), 1);
    OK(jf_close(first));
    OK(jf_close(c));
    OK(jf_close(l));
    close_both(s);
}

/* A non-blocking connect that succeeds, or is refused. */
static void nonblocking_connect(enum kind kind) {
    jf_addr a, unused_addr;
    jf_socket l = listening(kind_anywhere(kind), &a), holder = bound(kind_anywhere(kind), JF_STREAM, &unused_addr);
    static const int64_t timeouts[] = {0, 20000, -1};
    for (int i = 0; i < 3; i++) {
        jf_socket c = OK(jf_open(kind_family(kind), JF_STREAM, 0));
        OK(jf_set(c, JF_OPT_SEND_TIMEOUT, timeouts[i]));
        EXPECT(jf_connect(c, &a), timeouts[i] ? 0 : JF_E_IN_PROGRESS);
        struct pollfd done = {.fd = (int)OK(jf_fd(c)), .events = POLLOUT};
        CHECK(poll(&done, 1, 10000) == 1);
        if (!timeouts[i]) EXPECT(jf_connect(c, &a), 0);
        EXPECT(jf_connect(c, &a), JF_E_IS_CONNECTED);
        OK(jf_close(c));

        c = OK(jf_open(kind_family(kind), JF_STREAM, 0));
        OK(jf_set(c, JF_OPT_SEND_TIMEOUT, timeouts[i]));
        EXPECT(jf_connect(c, &unused_addr), timeouts[i] ? JF_E_CONN_REFUSED : JF_E_IN_PROGRESS);
        done.fd = (int)OK(jf_fd(c));
        CHECK(poll(&done, 1, 10000) == 1);
        if (!timeouts[i]) EXPECT(jf_connect(c, &unused_addr), JF_E_CONN_REFUSED);
        OK(jf_close(c));
    }
    OK(jf_close(l));
    OK(jf_close(holder));
}

static void wait_all(enum kind kind) {
    jf_socket s[2];
    connected(kind, s);
    EXPECT(jf_send(s[1], "12", 2, 0), 2);
    EXPECT(jf_recv(s[0], buffer, 6, JF_WAIT_ALL | JF_DONT_WAIT), 2);
    EXPECT(jf_send(s[1], "12", 2, 0), 2);
    struct later later = {.s = s[1]};
    start(&later, send_later);
    EXPECT(jf_recv(s[0], buffer, 6, JF_WAIT_ALL), 6);
    CHECK(memcmp(buffer, "12late", 6) == 0);
    join(&later);
    /* JF_WAIT_ALL returns less at a timeout and at the end of the stream. */
    OK(jf_set(s[0], JF_OPT_RECV_TIMEOUT, 60));
    EXPECT(jf_send(s[1], "34", 2, 0), 2);
    double since = clock_ms();
    EXPECT(jf_recv(s[0], buffer, 6, JF_WAIT_ALL), 2);
    TOOK(since, 60);
    EXPECT(jf_send(s[1], "56", 2, 0), 2);
    OK(jf_shutdown(s[1], JF_SHUT_WRITE));
    OK(jf_set(s[0], JF_OPT_RECV_TIMEOUT, -1));
    EXPECT(jf_recv(s[0], buffer, 6, JF_WAIT_ALL), 2);
    EXPECT(jf_recv(s[0], buffer, 6, JF_WAIT_ALL), 0);
    close_both(s);
}

/* No data is lost by JF_PEEK, by JF_TRUNC (which has no effect on streams), or by an empty buffer. */
static void nothing_is_lost(enum kind kind) {
    jf_socket s[2];
    jf_addr from;
    connected(kind, s);
    /* With no data and an empty buffer, the call does not block. */
    EXPECT(jf_recv(s[0], NULL, 0, 0), 0);
    EXPECT(jf_recv_vec(s[0], NULL, 0, 0), 0);
    EXPECT(jf_recv(s[0], buffer, 0, JF_WAIT_ALL), 0);
    EXPECT(jf_recv_exact(s[0], NULL, 0, NULL), 0);
    memset(&from, 0xA5, sizeof from);
    EXPECT(jf_recv_from(s[0], buffer, 0, 0, &from), 0);
    CHECK(from.family == JF_UNSPEC && from.len == 0);

    EXPECT(jf_send(s[1], "0123456789abcdef", 16, 0), 16);
    EXPECT(jf_recv(s[0], buffer, 0, 0), 0);
    EXPECT(jf_recv(s[0], buffer, 0, JF_PEEK | JF_TRUNC), 0);
    EXPECT(jf_recv(s[0], buffer, 4, JF_PEEK | JF_TRUNC), 4);
    EXPECT(jf_recv(s[0], buffer, 4, JF_TRUNC), 4);
    CHECK(memcmp(buffer, "0123", 4) == 0);
    memset(&from, 0xA5, sizeof from);
    EXPECT(jf_recv_from(s[0], buffer, 4, JF_TRUNC, &from), 4);
    CHECK(memcmp(buffer, "4567", 4) == 0 && from.family == JF_UNSPEC && from.len == 0);
    jf_buf bufs[] = {{buffer, 2}, {NULL, 0}, {buffer + 2, 2}};
    EXPECT(jf_recv_vec(s[0], bufs, 3, JF_TRUNC), 4);
    CHECK(memcmp(buffer, "89ab", 4) == 0);
    EXPECT(jf_recv(s[0], buffer, 0, JF_TRUNC), 0);
    EXPECT(jf_recv(s[0], buffer, sizeof buffer, JF_PEEK), 4);
    EXPECT(jf_recv(s[0], buffer, sizeof buffer, JF_TRUNC), 4);
    CHECK(memcmp(buffer, "cdef", 4) == 0);
    OK(jf_shutdown(s[1], JF_SHUT_WRITE));
    EXPECT(jf_recv(s[0], buffer, 4, JF_TRUNC), 0);
    close_both(s);
}

static void out_of_band(enum kind kind) {
    jf_socket s[2];
    connected(kind, s);
    EXPECT(jf_recv(s[0], buffer, 1, JF_OUT_OF_BAND), JF_E_INVALID);
    EXPECT(jf_send(s[1], "ab", 2, JF_MORE), 2);
    EXPECT(jf_send(s[1], "!", 1, JF_OUT_OF_BAND), 1);
    struct pollfd has_priority = {.fd = (int)OK(jf_fd(s[0])), .events = POLLPRI};
    CHECK(poll(&has_priority, 1, 10000) == 1);
    EXPECT(jf_recv(s[0], buffer, 8, JF_OUT_OF_BAND), 1);
    CHECK(buffer[0] == '!');
    EXPECT(jf_recv(s[0], buffer, 8, JF_OUT_OF_BAND), JF_E_INVALID);
    EXPECT(jf_recv(s[0], buffer, 8, 0), 2);
    /* Data held back by JF_MORE is sent with the data that follows. */
    EXPECT(jf_send(s[1], "cd", 2, JF_MORE), 2);
    EXPECT(jf_send(s[1], "ef", 2, JF_CONFIRM), 2);
    EXPECT(jf_recv_exact(s[0], buffer, 4, NULL), 0);
    CHECK(memcmp(buffer, "cdef", 4) == 0);
    close_both(s);
}

int main(void) {
    for (int i = 0; i < STREAMS; i++) {
        receiving(streams[i]);
        accepting(streams[i]);
        wait_all(streams[i]);
        nothing_is_lost(streams[i]);
        connecting(streams[i]);
    }
    nonblocking_connect(TCP4);
    nonblocking_connect(TCP6);
    out_of_band(TCP4);
    out_of_band(TCP6);
    return 0;
}
