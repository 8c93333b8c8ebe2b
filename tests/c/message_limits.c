/* Descriptors that exceed the capacity, or that the receiving call does not return, are closed and reported as
 * truncated. */
#include "messages.h"

#include <sys/resource.h>

static int slow, kind;

/* Returns an array that names the same descriptor `count` times. */
static jf_passed *repeat_descriptor(size_t count) {
    static jf_passed p[512];
    CHECK(count <= 512);
    for (size_t i = 0; i < count; i++) p[i] = descriptor_to_pass(0);
    return p;
}

static void close_received(const jf_msg *m) {
    for (size_t i = 0; i < m->passed_count; i++) {
        if (m->passed[i].kind == JF_PASSED_SOCKET)
            OK(jf_close(m->passed[i].value));
        else
            CHECK(m->passed[i].kind == JF_PASSED_DESCRIPTOR && close((int)m->passed[i].value) == 0);
    }
}

/* Sends descriptors and receives them with this capacity. */
static void check_capacity(jf_socket s[2], size_t sent, size_t capacity) {
    EXPECT(pass_descriptors(s[0], repeat_descriptor(sent), sent), 1);
    jf_msg m = message_with_buffers();
    m.passed_room = capacity;
    if (capacity == 0) m.passed = NULL;
    memset(message_passed, 0xA5, sizeof message_passed);
    EXPECT(jf_recv_msg(s[1], &m, 0), 1);
    size_t expected = sent < capacity ? sent : capacity;
    CHECK(m.passed_count == expected && m.truncated == (expected < sent ? JF_CUT_CONTROL : 0));
    CHECK((uint64_t)message_passed[expected].value == UINT64_C(0xA5A5A5A5A5A5A5A5));
    close_received(&m);
}

static void check_counts(jf_socket s[2]) {
    static const size_t COUNTS[] = {1, 2, 3, 100, JF_PASSED_MAX - 1, JF_PASSED_MAX};
    int before = count_descriptors();
    for (int i = 0; i < 6; i++) {
        check_capacity(s, COUNTS[i], COUNTS[i]);
        check_capacity(s, COUNTS[i], COUNTS[i] - 1);
        check_capacity(s, COUNTS[i], COUNTS[i] + 1);
        check_capacity(s, COUNTS[i], 0);
    }
    CHECK(count_descriptors() == before);
    EXPECT(pass_descriptors(s[0], repeat_descriptor(JF_PASSED_MAX + 1), JF_PASSED_MAX + 1), JF_E_INVALID);
    EXPECT(pass_descriptors(s[0], repeat_descriptor(512), 512), JF_E_INVALID);
    EXPECT(pass_descriptors(s[0], repeat_descriptor(1), SIZE_MAX), JF_E_INVALID);
    jf_msg m = message_with_buffers();
    EXPECT(jf_recv_msg(s[1], &m, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
    /* The maximum number of sockets. */
    static jf_passed sockets[JF_PASSED_MAX];
    for (int i = 0; i < JF_PASSED_MAX; i++) sockets[i] = socket_to_pass(s[i % 2]);
    EXPECT(pass_descriptors(s[0], sockets, JF_PASSED_MAX), 1);
    EXPECT(jf_recv_msg(s[1], &m, 0), 1);
    CHECK(m.passed_count == JF_PASSED_MAX && m.truncated == 0);
    for (int i = 0; i < JF_PASSED_MAX; i++) CHECK(m.passed[i].kind == JF_PASSED_SOCKET);
    close_received(&m);
    CHECK(count_descriptors() == before);
}

/* Many messages with more descriptors than the capacity. */
static void check_many_truncations(jf_socket s[2]) {
    int before = count_descriptors();
    jf_passed p[64];
    for (int i = 0; i < 64; i++) p[i] = i % 8 ? descriptor_to_pass(0) : socket_to_pass(s[i % 2]);
    for (int round = 0; round < (slow ? 50 : 1000); round++) {
        EXPECT(pass_descriptors(s[0], p, 64), 1);
        jf_msg m = message_with_buffers();
        m.passed_room = 10;
        EXPECT(jf_recv_msg(s[1], &m, 0), 1);
        CHECK(m.passed_count == 10 && m.truncated == JF_CUT_CONTROL);
        close_received(&m);
        CHECK(round % 100 || count_descriptors() == before);
    }
    CHECK(count_descriptors() == before);
}

/* Calls that can't return descriptors close them. */
static void check_plain_receives_close_descriptors(jf_socket s[2]) {
    char buffer[8];
    jf_addr from;
    jf_buf in = {buffer, sizeof buffer};
    int before = count_descriptors();
    for (int call = 0; call < 6; call++) {
        EXPECT(pass_descriptors(s[0], repeat_descriptor(JF_PASSED_MAX), JF_PASSED_MAX), 1);
        switch (call) {
        case 0: EXPECT(jf_recv(s[1], buffer, 8, 0), 1); break;
        case 1: EXPECT(jf_recv_from(s[1], buffer, 8, 0, &from), 1); break;
        case 2: EXPECT(jf_recv_vec(s[1], &in, 1, 0), 1); break;
        case 3:
            EXPECT(jf_recv(s[1], buffer, 8, JF_PEEK), 1);
            EXPECT(jf_recv_from(s[1], buffer, 8, 0, NULL), 1);
            break;
        case 4:
            if (kind_type((enum kind)kind) == JF_STREAM)
                EXPECT(jf_recv_exact(s[1], buffer, 1, NULL), 0);
            else
                EXPECT(jf_recv(s[1], buffer, 0, 0), JF_E_TRUNCATED);
            break;
        default: /* The message is never received. */
            jf_close(s[1]);
            jf_close(s[0]);
            connected((enum kind)kind, s);
        }
        CHECK(count_descriptors() == before);
    }
}

/* The data is truncated, but the descriptors are not. */
static void check_truncated_data(jf_socket s[2]) {
    if (kind_type((enum kind)kind) == JF_STREAM) return;
    int before = count_descriptors();
    for (int is_large_enough = 0; is_large_enough < 2; is_large_enough++) {
        jf_msg m = message(NULL, 0);
        m.passed = repeat_descriptor(2);
        m.passed_count = 2;
        EXPECT(send_message(s[0], "hello", &m, 0), 5);
        jf_buf in = {message_buffer, 3};
        m = message_with_buffers();
        m.bufs = &in;
        m.passed_room = is_large_enough ? 2 : 1;
        EXPECT(jf_recv_msg(s[1], &m, 0), JF_E_TRUNCATED);
        CHECK(m.truncated == (uint32_t)(is_large_enough ? JF_CUT_DATA : JF_CUT_DATA | JF_CUT_CONTROL));
        CHECK(m.passed_count == (is_large_enough ? 2 : 1));
        close_received(&m);
    }
    /* Descriptors without data. */
    jf_msg m = message(NULL, 0);
    m.passed = repeat_descriptor(2);
    m.passed_count = 2;
    EXPECT(jf_send_msg(s[0], &m, 0), 0);
    m = message_with_buffers();
    EXPECT(jf_recv_msg(s[1], &m, 0), 0);
    CHECK(m.passed_count == 2 && m.truncated == 0);
    close_received(&m);
    CHECK(count_descriptors() == before);
}

/* At the limit of open descriptors, the excess ones are lost and the data is received. */
static void check_fd_exhaustion(jf_socket s[2]) {
    struct rlimit limit, original;
    int before = count_descriptors(), highest = dup(0);
    CHECK(close(highest) == 0 && getrlimit(RLIMIT_NOFILE, &original) == 0);
    for (int left = 0; left < 4; left++) {
        for (int are_sockets = 0; are_sockets < 2; are_sockets++) {
            jf_passed p[3];
            for (int i = 0; i < 3; i++) p[i] = are_sockets ? socket_to_pass(s[0]) : descriptor_to_pass(0);
            EXPECT(pass_descriptors(s[0], p, 3), 1);
            limit = original;
            limit.rlim_cur = (rlim_t)(highest + left);
            CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
            jf_msg m = message_with_buffers();
            int64_t result = jf_recv_msg(s[1], &m, 0);
            CHECK(setrlimit(RLIMIT_NOFILE, &original) == 0);
            EXPECT(result, 1);
            CHECK(m.passed_count == (size_t)(left < 3 ? left : 3));
            CHECK(m.truncated == (left < 3 ? JF_CUT_CONTROL : 0));
            close_received(&m);
            CHECK(count_descriptors() == before);
        }
    }
    /* Sending needs no new descriptor. */
    limit = original;
    limit.rlim_cur = (rlim_t)highest;
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    jf_passed p[2] = {descriptor_to_pass(0), socket_to_pass(s[1])};
    EXPECT(pass_descriptors(s[0], p, 2), 1);
    CHECK(setrlimit(RLIMIT_NOFILE, &original) == 0);
    jf_msg m = message_with_buffers();
    EXPECT(jf_recv_msg(s[1], &m, 0), 1);
    CHECK(m.passed_count == 2);
    close_received(&m);
    CHECK(count_descriptors() == before);
}

/* The pidfd counts towards the limit as well. */
static void check_pidfd_at_limit(jf_socket s[2]) {
    struct rlimit limit, original;
    int before = count_descriptors(), highest = dup(0);
    CHECK(close(highest) == 0 && getrlimit(RLIMIT_NOFILE, &original) == 0);
    OK(jf_set(s[1], JF_OPT_PASS_PIDFD, 1));
    OK(jf_send(s[0], "x", 1, 0));
    limit = original;
    limit.rlim_cur = (rlim_t)highest;
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    jf_msg m = message_with_buffers();
    int64_t result = jf_recv_msg(s[1], &m, 0);
    CHECK(setrlimit(RLIMIT_NOFILE, &original) == 0);
    EXPECT(result, 1);
    CHECK(!(m.present & JF_HAS_PROCESS) && m.truncated == JF_CUT_CONTROL);
    CHECK(count_descriptors() == before);
    /* A call that can't return the pidfd closes it. */
    char byte;
    OK(jf_send(s[0], "x", 1, 0));
    EXPECT(jf_recv(s[1], &byte, 1, 0), 1);
    CHECK(count_descriptors() == before);
    OK(jf_send(s[0], "x", 1, 0));
    m = receive_message(s[1], "x");
    CHECK(m.present & JF_HAS_PROCESS && closes_on_exec(m.process));
    CHECK(close((int)m.process) == 0);
    CHECK(count_descriptors() == before);
}

int main(int argc, char **argv) {
    slow = is_slow(argc, argv);
    for (kind = UNIX_STREAM; kind < KINDS; kind++) {
        jf_socket s[2];
        connected((enum kind)kind, s);
        check_counts(s);
        check_many_truncations(s);
        check_plain_receives_close_descriptors(s);
        check_truncated_data(s);
        /* valgrind enforces its own limit. */
        if (!slow) check_fd_exhaustion(s);
        if (!slow) check_pidfd_at_limit(s);
        close_both(s);
    }
    return 0;
}
