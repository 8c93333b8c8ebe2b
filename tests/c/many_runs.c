/* Coalesced datagrams (GRO): jf_recv_many separates them, whatever process sent them, and no other receive returns
 * several datagrams as one. */
#include "many.h"

#include <linux/errqueue.h>
#include <sys/wait.h>

enum { COUNT = 20, LEN = 100 };

static int family;
static jf_addr to;

static jf_socket open_receiver(void) {
    jf_socket s = bound(family == JF_INET ? "127.0.0.1:0" : "[::1]:0", JF_DGRAM, &to);
    OK(jf_set(s, JF_OPT_RECV_TIMEOUT, 10000));
    return s;
}

static jf_socket open_sender(void) {
    jf_socket s = OK(jf_open(family, JF_DGRAM, 0));
    OK(jf_connect(s, &to));
    return s;
}

/* The first jf_recv_many with a large buffer enables coalescing on the socket. */
static void enable_coalescing(jf_socket s) {
    EXPECT(jf_recv_many(s, coalesced_batch(1), COALESCED_MAX, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
}

/* Other receive calls are refused, whatever their timeout. */
static void check_other_calls_refused(jf_socket s) {
    static const int64_t TIMEOUTS[] = {10000, 0, -1};
    char buffer[8];
    jf_buf buf = {buffer, sizeof buffer};
    jf_addr from;
    for (int i = 0; i < 3; i++) {
        OK(jf_set(s, JF_OPT_RECV_TIMEOUT, TIMEOUTS[i]));
        for (uint32_t flags = 0; flags <= JF_DONT_WAIT; flags += JF_DONT_WAIT) {
            jf_msg m = message(&buf, 1);
            EXPECT(jf_recv(s, buffer, sizeof buffer, flags), JF_E_UNSUPPORTED);
            EXPECT(jf_recv(s, buffer, sizeof buffer, flags | JF_PEEK), JF_E_UNSUPPORTED);
            EXPECT(jf_recv(s, buffer, sizeof buffer, flags | JF_TRUNC), JF_E_UNSUPPORTED);
            EXPECT(jf_recv(s, NULL, 0, flags), JF_E_UNSUPPORTED);
            EXPECT(jf_recv_from(s, buffer, sizeof buffer, flags, &from), JF_E_UNSUPPORTED);
            EXPECT(jf_recv_from(s, buffer, sizeof buffer, flags, NULL), JF_E_UNSUPPORTED);
            EXPECT(jf_recv_vec(s, &buf, 1, flags), JF_E_UNSUPPORTED);
            EXPECT(jf_recv_vec(s, NULL, 0, flags), JF_E_UNSUPPORTED);
            EXPECT(jf_recv_msg(s, &m, flags), JF_E_UNSUPPORTED);
            EXPECT(jf_recv_many(s, plain_batch(BUFFERS, BUFFER_LEN), BUFFERS, flags), JF_E_INVALID);
            EXPECT(jf_recv_many(s, coalesced_batch(1), COALESCED_MAX - 1, flags), JF_E_INVALID);
        }
    }
    OK(jf_set(s, JF_OPT_RECV_TIMEOUT, 10000));
}

static void check_refusals_lose_nothing(void) {
    jf_socket s = open_receiver(), from = open_sender();
    enable_coalescing(s);
    send_numbered(from, NULL, 0, COUNT, LEN);
    check_other_calls_refused(s);
    expect_numbered(s, 1, 0, COUNT, LEN);
    check_other_calls_refused(s);
    /* With JF_OPT_GRO off, other calls receive again. */
    OK(jf_set(s, JF_OPT_GRO, 0));
    send_numbered(from, NULL, COUNT, COUNT, LEN);
    char buffer[BUFFER_LEN];
    EXPECT(jf_recv(s, buffer, sizeof buffer, 0), LEN);
    EXPECT(jf_recv_from(s, buffer, sizeof buffer, JF_DONT_WAIT, NULL), LEN);
    expect_numbered(s, 0, COUNT + 2, COUNT - 2, LEN);
    /* The same with the raw option. */
    enable_coalescing(s);
    check_other_calls_refused(s);
    int off = 0;
    OK(jf_set_raw(s, IPPROTO_UDP, UDP_GRO, &off, sizeof off));
    send_numbered(from, NULL, 7, 1, LEN);
    EXPECT(jf_recv(s, buffer, sizeof buffer, 0), LEN);
    OK(jf_close(s));
    OK(jf_close(from));
}

static void check_errors_are_reported(void) {
    jf_socket unused = open_receiver(), s;
    jf_addr closed = to;
    char buffer[LEN];
    OK(jf_close(unused));
    s = open_receiver();
    enable_coalescing(s);
    OK(jf_set(s, JF_OPT_RECV_ERRORS, 1));
    EXPECT(jf_send_to(s, "hello", 5, 0, &closed), 5);
    jf_msg m = message_with_buffers();
    EXPECT(jf_recv_many(s, coalesced_batch(1), COALESCED_MAX, 0), JF_E_CONN_REFUSED);
    EXPECT(jf_recv_msg(s, &m, JF_ERROR_QUEUE), 5);
    CHECK((m.present & JF_HAS_ERROR) && m.error == JF_E_CONN_REFUSED);
    EXPECT(jf_recv(s, buffer, sizeof buffer, JF_ERROR_QUEUE), JF_E_WOULD_BLOCK);
    check_other_calls_refused(s);
    OK(jf_close(s));
}

/* If the caller enabled GRO, every call may receive; only arrays that are too small are refused. */
static void check_enabled_by_caller(int by_raw_option) {
    jf_socket s = open_receiver(), from = open_sender();
    int on = 1;
    /* This also holds if the socket has received without GRO before. */
    send_numbered(from, NULL, 0, 1, LEN);
    expect_numbered(s, 0, 0, 1, LEN);
    if (by_raw_option) OK(jf_set_raw(s, IPPROTO_UDP, UDP_GRO, &on, sizeof on));
    else OK(jf_set(s, JF_OPT_GRO, 1));
    send_numbered(from, NULL, 0, COUNT, LEN);
    EXPECT(jf_recv_many(s, plain_batch(BUFFERS, BUFFER_LEN), BUFFERS, 0), JF_E_INVALID);
    expect_numbered(s, 1, 0, COUNT, LEN);
    send_numbered(from, NULL, 0, COUNT, LEN);
    jf_msg m = message_with_buffers();
    EXPECT(jf_recv_msg(s, &m, 0), COUNT * LEN);
    CHECK((m.present & JF_HAS_SEGMENT_SIZE) && m.segment_size == LEN);
    OK(jf_close(s));
    OK(jf_close(from));
}

static void check_other_handles(void) {
    jf_socket s = open_receiver(), from = open_sender(), before = OK(jf_dup(s)), after;
    EXPECT(jf_recv_many(before, plain_batch(2, BUFFER_LEN), 2, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
    enable_coalescing(s);
    after = OK(jf_dup(s));
    send_numbered(from, NULL, 0, COUNT, LEN);
    check_other_calls_refused(after);
    expect_numbered(after, 1, 0, COUNT, LEN);
    OK(jf_close(after));
    /* A handle duplicated before coalescing was enabled receives several datagrams as one, but loses none, and
     * preserves the boundaries of messages. */
    send_numbered(from, NULL, 0, 3, LEN);
    send_numbered(from, NULL, 3, 3, 2 * LEN);
    jf_datagram *d = plain_batch(2, BUFFER_LEN);
    EXPECT(jf_recv_many(before, d, 2, 0), 2);
    CHECK(d[0].data == buffers[0] && d[1].data == buffers[1]);
    CHECK(number_of(&d[0]) == 0 && d[0].len == 3 * LEN && number_of(&d[1]) == 3 && d[1].len == 6 * LEN);
    OK(jf_close(before));
    /* jf_into_fd disables coalescing. */
    s = OK(jf_from_fd(OK(jf_into_fd(s))));
    send_numbered(from, NULL, 0, COUNT, LEN);
    char buffer[BUFFER_LEN];
    EXPECT(jf_recv(s, buffer, sizeof buffer, 0), LEN);
    expect_numbered(s, 0, 1, COUNT - 1, LEN);
    enable_coalescing(s);
    /* Coalescing stays enabled in a child process. */
    send_numbered(from, NULL, 0, COUNT, LEN);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        check_other_calls_refused(s);
        expect_numbered(s, 1, 0, COUNT, LEN);
        _exit(0);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    EXPECT(jf_recv_many(s, coalesced_batch(1), COALESCED_MAX, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
    check_other_calls_refused(s);
    OK(jf_close(s));
    OK(jf_close(from));
}

/* A sender that does not use the library, and lets the kernel segment its messages. */
static int open_foreign_sender(void) {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } a;
    memset(&a, 0, sizeof a);
    if (family == JF_INET) {
        a.v4.sin_family = AF_INET;
        a.v4.sin_port = htons(to.port);
        memcpy(&a.v4.sin_addr, to.data, 4);
    } else {
        a.v6.sin6_family = AF_INET6;
        a.v6.sin6_port = htons(to.port);
        memcpy(&a.v6.sin6_addr, to.data, 16);
    }
    int fd = socket(a.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    CHECK(fd >= 0 && connect(fd, &a.any, family == JF_INET ? sizeof a.v4 : sizeof a.v6) == 0);
    return fd;
}

static void check_foreign_sender(void) {
    static unsigned char bytes[65507];
    static const struct { size_t len; int size, count, last; } MESSAGES[] = {
        {128, 1, 128, 1}, {65472, 512, 128, 448}, {65472, 1400, 47, 1072}, {1000, 999, 2, 1}, {65507, 0, 1, 65507}};
    jf_socket s = open_receiver();
    int fd = open_foreign_sender();
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (unsigned char)(i * 7 + (i >> 8));
    enable_coalescing(s);
    for (size_t i = 0; i < sizeof MESSAGES / sizeof *MESSAGES; i++) {
        int size = MESSAGES[i].size == 0 ? MESSAGES[i].last : MESSAGES[i].size;
        CHECK(setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &MESSAGES[i].size, sizeof MESSAGES[i].size) == 0);
        CHECK(send(fd, bytes, MESSAGES[i].len, 0) == (ssize_t)MESSAGES[i].len);
        jf_datagram *d = coalesced_batch(1);
        EXPECT(jf_recv_many(s, d, COALESCED_MAX, 0), MESSAGES[i].count);
        for (int next = 0; next < MESSAGES[i].count; next++) {
            int len = next + 1 < MESSAGES[i].count ? size : MESSAGES[i].last;
            CHECK(d[next].len == (size_t)len && d[next].result == len);
            CHECK(memcmp(d[next].data, bytes + next * size, (size_t)len) == 0);
            CHECK(d[next].data == coalesced_buffers[0] + next * size && d[next].present == JF_HAS_ADDR);
        }
    }
    /* Two messages in one call. */
    for (int i = 0; i < 2; i++) CHECK(send(fd, bytes, 128, 0) == 128);
    int one = 1;
    CHECK(setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &one, sizeof one) == 0);
    jf_datagram *d = coalesced_batch(2);
    EXPECT(jf_recv_many(s, d, 2 * COALESCED_MAX, 0), 2);
    CHECK(d[1].data == coalesced_buffers[1]);
    for (int i = 0; i < 3; i++) CHECK(send(fd, bytes, 128, 0) == 128);
    EXPECT(jf_recv_many(s, d, 2 * COALESCED_MAX - 1, 0), COALESCED_MAX);
    EXPECT(jf_recv_many(s, d, 2 * COALESCED_MAX, 0), 2 * COALESCED_MAX);
    CHECK(d[COALESCED_MAX].data == coalesced_buffers[1]);
    CHECK(d[2 * COALESCED_MAX - 1].data == coalesced_buffers[1] + COALESCED_MAX - 1);
    CHECK(d[0].room == coalesced_buffers[0] && d[1].room == coalesced_buffers[1]);
    CHECK(d[1].room_len == JF_COALESCED_ROOM && !d[2].room);
    CHECK(close(fd) == 0);
    OK(jf_close(s));
}

/* The address and the control messages are returned for each of the coalesced datagrams. */
static void check_metadata_of_each(void) {
    jf_socket s = open_receiver(), from = open_sender();
    jf_addr sender_addr;
    OK(jf_local_addr(from, &sender_addr));
    OK(jf_set(s, JF_OPT_RECV_TOS, 1));
    OK(jf_set(s, JF_OPT_RECV_PACKET_INFO, 1));
    OK(jf_set(s, JF_OPT_TIMESTAMPS, 1));
    enable_coalescing(s);
    jf_datagram out[COUNT];
    for (int i = 0; i < COUNT; i++) {
        out[i] = datagram("hello", 5, NULL);
        out[i].present = JF_HAS_TOS;
        out[i].tos = i < COUNT / 2 ? 1 : 2;
    }
    EXPECT(jf_send_many(from, out, COUNT, 0), COUNT);
    for (int next = 0; next < COUNT;) {
        jf_datagram *d = coalesced_batch(1);
        for (int i = 0; i < COALESCED_MAX; i++) memset(&d[i].addr, 0xA5, sizeof d[i].addr);
        int64_t count = OK(jf_recv_many(s, d, COALESCED_MAX, 0));
        for (int i = 0; i < count; i++, next++) {
            CHECK(d[i].present == (JF_HAS_ADDR | JF_HAS_TOS | JF_HAS_PACKET_INFO | JF_HAS_TIME));
            CHECK(d[i].tos == (next < COUNT / 2 ? 1 : 2) && d[i].interface_index == 1);
            CHECK(d[i].time > INT64_C(1000000000000000000) && d[i].reserved == 0);
            CHECK(d[i].local.family == to.family && memcmp(d[i].local.data, to.data, to.len) == 0);
            CHECK(jf_addr_equal(&d[i].addr, &sender_addr) == 1);
            /* The bytes of an address that IP does not use are zero or unchanged. */
            for (int byte = 16; byte < 112; byte++) CHECK(d[i].addr.data[byte] == 0xA5 || d[i].addr.data[byte] == 0);
        }
        /* A received array can be sent as it is. */
        EXPECT(jf_send_many(s, d, (size_t)count, 0), count);
    }
    for (int i = 0; i < COUNT; i++) {
        char buffer[8];
        EXPECT(jf_recv(from, buffer, sizeof buffer, JF_DONT_WAIT), 5);
        CHECK(memcmp(buffer, "hello", 5) == 0);
    }
    OK(jf_close(s));
    OK(jf_close(from));
}

/* Empty and truncated datagrams. */
static void check_empty_and_truncated(void) {
    static const size_t LENS[] = {0, 0, 5, 5, 0, 300, 300, 300, 4, 0};
    enum { LEN_COUNT = sizeof LENS / sizeof *LENS };
    static char bytes[300];
    jf_datagram out[LEN_COUNT], *d;
    jf_socket s = open_receiver(), from = open_sender();
    for (int is_coalesced = 0; is_coalesced < 2; is_coalesced++) {
        for (int i = 0; i < LEN_COUNT; i++) out[i] = datagram(LENS[i] == 0 ? NULL : bytes, LENS[i], NULL);
        EXPECT(jf_send_many(from, out, LEN_COUNT, 0), LEN_COUNT);
        for (size_t next = 0; next < LEN_COUNT;) {
            d = is_coalesced ? coalesced_batch(1) : plain_batch(7, 100);
            uint32_t flags = next == 0 ? 0 : JF_TRUNC;
            int64_t count = OK(jf_recv_many(s, d, is_coalesced ? COALESCED_MAX : 7, flags));
            for (int64_t i = 0; i < count; i++, next++) {
                int is_truncated = !is_coalesced && LENS[next] > 100;
                CHECK(d[i].len == (is_truncated ? 100 : LENS[next]));
                EXPECT(d[i].result, is_truncated && flags == 0 ? JF_E_TRUNCATED : (int64_t)LENS[next]);
            }
        }
        d = is_coalesced ? coalesced_batch(1) : plain_batch(7, 100);
        EXPECT(jf_recv_many(s, d, is_coalesced ? COALESCED_MAX : 7, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
    }
    OK(jf_close(s));
    OK(jf_close(from));
}

int main(void) {
    for (family = JF_INET; family <= JF_INET6; family++) {
        check_refusals_lose_nothing();
        check_errors_are_reported();
        check_enabled_by_caller(0);
        check_enabled_by_caller(1);
        check_other_handles();
        check_foreign_sender();
        check_metadata_of_each();
        check_empty_and_truncated();
    }
    return 0;
}
