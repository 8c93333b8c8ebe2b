/* How long a stream's calls wait, and the flags that change what they do. */
#include "clock.h"
#include "pairs.h"

#include <fcntl.h>
#include <pthread.h>

static const enum kind streams[] = {TCP4, TCP6, UNIX_STREAM};
enum { STREAMS = sizeof streams / sizeof streams[0] };

static char room[64];

/* A thread that does one thing a while later, and the time a call has when it must not end before that. */
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
    static const int64_t patient[] = {-1, 20000, INT64_MAX};
    jf_socket s[2];
    int64_t timeout = 77;
    connected(kind, s);
    OK(jf_get(s[0], JF_OPT_RECV_TIMEOUT, &timeout));
    CHECK(timeout == -1);
    for (int i = 0; i < 3; i++) {
        OK(jf_set(s[0], JF_OPT_RECV_TIMEOUT, patient[i]));
        double since = clock_ms();
        EXPECT(jf_recv(s[0], room, 4, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
        TOOK(since, 0);
        struct later later = {.s = s[1]};
        since = clock_ms();
        start(&later, send_later);
        EXPECT(jf_recv(s[0], room, 4, 0), 4);
        TOOK(since, LATER);
        join(&later);
    }
    OK(jf_set(s[0], JF_OPT_RECV_TIMEOUT, 0));
    EXPECT(jf_recv(s[0], room, 4, 0), JF_E_WOULD_BLOCK);
    EXPECT(jf_recv(s[0], room, 4, JF_WAIT_ALL), JF_E_WOULD_BLOCK);
    EXPECT(jf_recv(s[0], room, 4, JF_PEEK), JF_E_WOULD_BLOCK);
    for (int64_t ms = 1; ms <= 64; ms *= 8) {
        OK(jf_set(s[0], JF_OPT_RECV_TIMEOUT, ms));
        for (int i = 0; i < 3; i++) {
            double since = clock_ms();
            EXPECT(i == 0   ? jf_recv(s[0], room, 4, 0)
                   : i == 1 ? jf_recv_from(s[0], room, 4, JF_PEEK, NULL)
                            : jf_recv_exact(s[0], room, 4, NULL),
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
    static const int64_t patient[] = {-1, 20000};
    for (int i = 0; i < 2; i++) {
        struct later later = {.s = OK(jf_open(kind_family(kind), JF_STREAM, 0)), .a = a};
        OK(jf_set(l, JF_OPT_RECV_TIMEOUT, patient[i]));
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

/* Connecting to a listener that has no place left. */
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

    /* Waiting for ever ends when there is a place. TCP tries again after one second, then three. */
    OK(jf_set(c, JF_OPT_SEND_TIMEOUT, -1));
    struct later later = {.s = c, .a = a};
    start(&later, connect_now);
    OK(jf_set(l, JF_OPT_RECV_TIMEOUT, 30000));
    jf_socket s[2] = {OK(jf_accept(l, NULL)), OK(jf_accept(l, NULL))};
    join(&later);
    EXPECT(later.result, 0);
    EXPECT(jf_connect(c, &a), JF_E_IS_CONNECTED);
    EXPECT(jf_send(c, "x", 1, 0), 1);
    EXPECT(jf_recv(s[1], room, 1, 0), 1);
    OK(jf_close(first));
    OK(jf_close(c));
    OK(jf_close(l));
    close_both(s);
}

/* Not waiting for a connection that is then made, or refused. */
static void begun(enum kind kind) {
    jf_addr a, nobody;
    jf_socket l = listening(kind_anywhere(kind), &a), holder = bound(kind_anywhere(kind), JF_STREAM, &nobody);
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
        EXPECT(jf_connect(c, &nobody), timeouts[i] ? JF_E_CONN_REFUSED : JF_E_IN_PROGRESS);
        done.fd = (int)OK(jf_fd(c));
        CHECK(poll(&done, 1, 10000) == 1);
        if (!timeouts[i]) EXPECT(jf_connect(c, &nobody), JF_E_CONN_REFUSED);
        OK(jf_close(c));
    }
    OK(jf_close(l));
    OK(jf_close(holder));
}

static void wait_all(enum kind kind) {
    jf_socket s[2];
    connected(kind, s);
    EXPECT(jf_send(s[1], "12", 2, 0), 2);
    EXPECT(jf_recv(s[0], room, 6, JF_WAIT_ALL | JF_DONT_WAIT), 2);
    EXPECT(jf_send(s[1], "12", 2, 0), 2);
    struct later later = {.s = s[1]};
    start(&later, send_later);
    EXPECT(jf_recv(s[0], room, 6, JF_WAIT_ALL), 6);
    CHECK(memcmp(room, "12late", 6) == 0);
    join(&later);
    /* Less comes at the time's end, and at the stream's. */
    OK(jf_set(s[0], JF_OPT_RECV_TIMEOUT, 60));
    EXPECT(jf_send(s[1], "34", 2, 0), 2);
    double since = clock_ms();
    EXPECT(jf_recv(s[0], room, 6, JF_WAIT_ALL), 2);
    TOOK(since, 60);
    EXPECT(jf_send(s[1], "56", 2, 0), 2);
    OK(jf_shutdown(s[1], JF_SHUT_WRITE));
    OK(jf_set(s[0], JF_OPT_RECV_TIMEOUT, -1));
    EXPECT(jf_recv(s[0], room, 6, JF_WAIT_ALL), 2);
    EXPECT(jf_recv(s[0], room, 6, JF_WAIT_ALL), 0);
    close_both(s);
}

/* Nothing is lost by looking, by asking for a length that streams don't have, or by having no room. */
static void nothing_lost(enum kind kind) {
    jf_socket s[2];
    jf_addr from;
    connected(kind, s);
    /* Nothing there, and yet no waiting for it. */
    EXPECT(jf_recv(s[0], NULL, 0, 0), 0);
    EXPECT(jf_recv_vec(s[0], NULL, 0, 0), 0);
    EXPECT(jf_recv(s[0], room, 0, JF_WAIT_ALL), 0);
    EXPECT(jf_recv_exact(s[0], NULL, 0, NULL), 0);
    memset(&from, 0xA5, sizeof from);
    EXPECT(jf_recv_from(s[0], room, 0, 0, &from), 0);
    CHECK(from.family == JF_UNSPEC && from.len == 0);

    EXPECT(jf_send(s[1], "0123456789abcdef", 16, 0), 16);
    EXPECT(jf_recv(s[0], room, 0, 0), 0);
    EXPECT(jf_recv(s[0], room, 0, JF_PEEK | JF_TRUNC), 0);
    EXPECT(jf_recv(s[0], room, 4, JF_PEEK | JF_TRUNC), 4);
    EXPECT(jf_recv(s[0], room, 4, JF_TRUNC), 4);
    CHECK(memcmp(room, "0123", 4) == 0);
    memset(&from, 0xA5, sizeof from);
    EXPECT(jf_recv_from(s[0], room, 4, JF_TRUNC, &from), 4);
    CHECK(memcmp(room, "4567", 4) == 0 && from.family == JF_UNSPEC && from.len == 0);
    jf_buf bufs[] = {{room, 2}, {NULL, 0}, {room + 2, 2}};
    EXPECT(jf_recv_vec(s[0], bufs, 3, JF_TRUNC), 4);
    CHECK(memcmp(room, "89ab", 4) == 0);
    EXPECT(jf_recv(s[0], room, 0, JF_TRUNC), 0);
    EXPECT(jf_recv(s[0], room, sizeof room, JF_PEEK), 4);
    EXPECT(jf_recv(s[0], room, sizeof room, JF_TRUNC), 4);
    CHECK(memcmp(room, "cdef", 4) == 0);
    OK(jf_shutdown(s[1], JF_SHUT_WRITE));
    EXPECT(jf_recv(s[0], room, 4, JF_TRUNC), 0);
    close_both(s);
}

static void urgent(enum kind kind) {
    jf_socket s[2];
    connected(kind, s);
    EXPECT(jf_recv(s[0], room, 1, JF_OUT_OF_BAND), JF_E_INVALID);
    EXPECT(jf_send(s[1], "ab", 2, JF_MORE), 2);
    EXPECT(jf_send(s[1], "!", 1, JF_OUT_OF_BAND), 1);
    struct pollfd there = {.fd = (int)OK(jf_fd(s[0])), .events = POLLPRI};
    CHECK(poll(&there, 1, 10000) == 1);
    EXPECT(jf_recv(s[0], room, 8, JF_OUT_OF_BAND), 1);
    CHECK(room[0] == '!');
    EXPECT(jf_recv(s[0], room, 8, JF_OUT_OF_BAND), JF_E_INVALID);
    EXPECT(jf_recv(s[0], room, 8, 0), 2);
    /* What more was to follow is sent with what follows. */
    EXPECT(jf_send(s[1], "cd", 2, JF_MORE), 2);
    EXPECT(jf_send(s[1], "ef", 2, JF_CONFIRM), 2);
    EXPECT(jf_recv_exact(s[0], room, 4, NULL), 0);
    CHECK(memcmp(room, "cdef", 4) == 0);
    close_both(s);
}

int main(void) {
    for (int i = 0; i < STREAMS; i++) {
        receiving(streams[i]);
        accepting(streams[i]);
        wait_all(streams[i]);
        nothing_lost(streams[i]);
        connecting(streams[i]);
    }
    begun(TCP4);
    begun(TCP6);
    urgent(TCP4);
    urgent(TCP6);
    return 0;
}
