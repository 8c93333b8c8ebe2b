/* Messages on every kind of socket pair: data in several buffers, addresses, and truncation. */
#include "messages.h"

#include <signal.h>

/* Checks that the receive set no member but `present`, and left the caller's members unchanged. */
static void check_only_present(const jf_msg *m, uint32_t present) {
    CHECK(m->present == present);
    CHECK(m->truncated == 0 && m->passed_count == 0 && m->other_len == 0);
    CHECK(m->size == sizeof *m && m->reserved == 0);
}

/* The bits of `present` that are always set. */
static uint32_t default_present(enum kind kind) {
    return kind_type(kind) == JF_STREAM ? 0 : JF_HAS_ADDR;
}

static int is_local_addr(const jf_addr *a, jf_socket s) {
    jf_addr name;
    OK(jf_local_addr(s, &name));
    return jf_addr_equal(a, &name) == 1;
}

static void check_several_buffers(enum kind kind) {
    jf_socket s[2];
    connected(kind, s);
    jf_buf out[] = {{(void *)"he", 2}, {NULL, 0}, {(void *)1, 0}, {(void *)"llo", 3}};
    char buffer[64];
    memset(buffer, '-', sizeof buffer);
    jf_buf in[] = {{buffer, 1}, {NULL, 0}, {buffer + 10, 2}, {(void *)1, 0}, {buffer + 20, 30}};
    for (int i = 0; i < 2; i++) {
        jf_msg m = message(out, 4), before = m;
        EXPECT(jf_send_msg(s[i], &m, 0), 5);
        CHECK(memcmp(&m, &before, sizeof m) == 0);
        m = message(in, 5);
        m.present = m.truncated = UINT32_MAX;
        m.passed_count = m.other_len = 77;
        EXPECT(jf_recv_msg(s[1 - i], &m, JF_PEEK), 5);
        check_only_present(&m, default_present(kind));
        EXPECT(jf_recv_msg(s[1 - i], &m, 0), 5);
        check_only_present(&m, default_present(kind));
        CHECK(m.bufs == in && m.buf_count == 5 && m.passed == NULL && m.passed_room == 0 && m.other == NULL);
        CHECK(buffer[0] == 'h' && memcmp(buffer + 10, "el", 2) == 0 && memcmp(buffer + 20, "lo", 2) == 0);
        CHECK(buffer[1] == '-' && buffer[12] == '-' && buffer[22] == '-');
        if (kind_type(kind) == JF_DGRAM && kind_family(kind) != JF_UNIX) CHECK(is_local_addr(&m.addr, s[i]));
        if (kind == UNIX_DGRAM || kind == UNIX_SEQPACKET) CHECK(m.addr.family == JF_UNIX && m.addr.len == 0);
        EXPECT(jf_recv_msg(s[1 - i], &m, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
    }
    close_both(s);
}

/* The maximum number of buffers. */
static void check_max_buffers(enum kind kind) {
    static char bytes[JF_VEC_MAX], buffer[JF_VEC_MAX];
    static jf_buf out[JF_VEC_MAX], in[JF_VEC_MAX];
    jf_socket s[2];
    connected(kind, s);
    for (int i = 0; i < JF_VEC_MAX; i++) {
        bytes[i] = (char)i;
        out[i] = (jf_buf){&bytes[i], 1};
        in[i] = (jf_buf){&buffer[JF_VEC_MAX - 1 - i], 1};
    }
    jf_msg m = message(out, JF_VEC_MAX);
    EXPECT(jf_send_msg(s[0], &m, 0), JF_VEC_MAX);
    m = message(in, JF_VEC_MAX);
    EXPECT(jf_recv_msg(s[1], &m, JF_WAIT_ALL), JF_VEC_MAX);
    for (int i = 0; i < JF_VEC_MAX; i++) CHECK(buffer[JF_VEC_MAX - 1 - i] == bytes[i]);
    close_both(s);
}

/* Truncated data is reported, unless JF_TRUNC asks for the length instead. */
static void check_truncation(enum kind kind) {
    jf_socket s[2];
    connected(kind, s);
    char buffer[8];
    jf_buf in[] = {{buffer, 2}, {buffer + 4, 1}};
    static const uint32_t flags[] = {JF_PEEK, JF_PEEK | JF_TRUNC, JF_TRUNC, 0, JF_DONT_WAIT};
    for (int i = 0; i < 5; i++) {
        if (i != 1 && i != 2) OK(jf_send(s[0], "hello", 5, 0));
        memset(buffer, '-', sizeof buffer);
        jf_msg m = message(in, 2);
        int64_t result = jf_recv_msg(s[1], &m, flags[i]);
        EXPECT(result, kind_type(kind) == JF_STREAM ? 3 : flags[i] & JF_TRUNC ? 5 : JF_E_TRUNCATED);
        CHECK(m.truncated == (kind_type(kind) == JF_STREAM ? 0 : JF_CUT_DATA));
        CHECK(m.present == default_present(kind));
        CHECK(memcmp(buffer, "he--l---", 8) == 0);
        if (kind == UDP4 || kind == UDP6) CHECK(is_local_addr(&m.addr, s[0]));
        if (kind_type(kind) == JF_STREAM && !(flags[i] & JF_PEEK)) EXPECT(jf_recv(s[1], buffer, 2, JF_WAIT_ALL), 2);
    }
    EXPECT(jf_recv(s[1], buffer, 1, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
    close_both(s);
}

/* Empty messages and empty buffers. */
static void check_empty(enum kind kind) {
    jf_socket s[2];
    connected(kind, s);
    jf_msg none = message(NULL, 0), m = none;
    EXPECT(jf_send_msg(s[0], &none, 0), 0);
    if (kind_type(kind) == JF_STREAM) {
        EXPECT(jf_recv_msg(s[1], &m, JF_DONT_WAIT), 0);
        m = message_with_buffers();
        EXPECT(jf_recv_msg(s[1], &m, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
    } else {
        EXPECT(jf_recv_msg(s[1], &m, 0), 0);
        check_only_present(&m, JF_HAS_ADDR);
        OK(jf_send(s[0], "hello", 5, 0));
        EXPECT(jf_recv_msg(s[1], &m, 0), JF_E_TRUNCATED);
        CHECK(m.truncated == JF_CUT_DATA);
    }
    close_both(s);
}

static void check_end_of_stream(enum kind kind) {
    if (kind_type(kind) == JF_DGRAM) return;
    jf_socket s[2];
    connected(kind, s);
    OK(jf_send(s[0], "x", 1, 0));
    OK(jf_close(s[0]));
    receive_message(s[1], "x");
    jf_msg m = receive_message(s[1], "");
    CHECK(m.present == default_present(kind) && m.truncated == 0);
    OK(jf_close(s[1]));
}

/* Messages with addresses, in both directions. */
static void check_addresses(enum kind kind) {
    jf_addr name[3];
    jf_socket s[3];
    if (kind_type(kind) != JF_DGRAM) return;
    for (int i = 0; i < 3; i++) s[i] = bound(kind_anywhere(kind), JF_DGRAM, &name[i]);
    for (int i = 0; i < 2; i++) {
        jf_msg m = message(NULL, 0);
        m.present = JF_HAS_ADDR;
        m.addr = name[1 - i];
        EXPECT(send_message(s[i], "hello", &m, 0), 5);
        m = receive_message(s[1 - i], "hello");
        check_only_present(&m, JF_HAS_ADDR);
        EXPECT(jf_addr_equal(&m.addr, &name[i]), 1);
        CHECK(memcmp(&m.addr, &name[i], sizeof m.addr) == 0);
        /* A received message can be sent as it is. */
        jf_buf buf = {message_buffer, 5};
        m.bufs = &buf;
        m.passed_count = 0;
        EXPECT(jf_send_msg(s[1 - i], &m, 0), 5);
        m = receive_message(s[i], "hello");
        EXPECT(jf_addr_equal(&m.addr, &name[1 - i]), 1);
    }
    /* A connected socket sends to another address than the peer. */
    OK(jf_connect(s[0], &name[1]));
    jf_msg m = message(NULL, 0);
    EXPECT(send_message(s[0], "to the peer", &m, 0), 11);
    receive_message(s[1], "to the peer");
    m.present = JF_HAS_ADDR;
    m.addr = name[2];
    EXPECT(send_message(s[0], "to another", &m, 0), 10);
    m = receive_message(s[2], "to another");
    EXPECT(jf_addr_equal(&m.addr, &name[0]), 1);
    for (int i = 0; i < 3; i++) OK(jf_close(s[i]));
}

/* The same with a dual-stack socket. */
static void check_dual_stack(void) {
    jf_addr any = parsed("[::]:0"), v4, from;
    jf_socket dual_stack = OK(jf_open(JF_INET6, JF_DGRAM, 0)), v4_only = bound("127.0.0.1:0", JF_DGRAM, &v4);
    OK(jf_bind(dual_stack, &any));
    OK(jf_local_addr(dual_stack, &any));
    jf_addr to = parsed("127.0.0.1:0");
    OK(jf_addr_set_port(&to, any.port));
    jf_msg m = message(NULL, 0);
    m.present = JF_HAS_ADDR;
    m.addr = to;
    EXPECT(send_message(v4_only, "hello", &m, 0), 5);
    m = receive_message(dual_stack, "hello");
    check_only_present(&m, JF_HAS_ADDR);
    from = parsed("[::ffff:127.0.0.1]:0");
    OK(jf_addr_set_port(&from, v4.port));
    EXPECT(jf_addr_equal(&m.addr, &from), 1);
    EXPECT(send_message(dual_stack, "hello", &m, 0), 5);
    m = receive_message(v4_only, "hello");
    EXPECT(jf_addr_equal(&m.addr, &to), 1);
    OK(jf_close(dual_stack));
    OK(jf_close(v4_only));
}

/* A non-blocking send on a stream may be partial; the count is exact. */
static void check_partial_send(enum kind kind) {
    static char bytes[1 << 22];
    if (kind_type(kind) != JF_STREAM) return;
    jf_socket s[2];
    connected(kind, s);
    jf_buf out = {bytes, sizeof bytes};
    jf_msg m = message(&out, 1);
    int64_t sent = jf_send_msg(s[0], &m, JF_DONT_WAIT);
    CHECK(sent > 0 && sent < (int64_t)sizeof bytes);
    EXPECT(jf_recv_exact(s[1], bytes, (size_t)sent, NULL), 0);
    EXPECT(jf_recv(s[1], bytes, 1, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
    close_both(s);
}

static void check_timeouts(enum kind kind) {
    jf_socket s[2];
    connected(kind, s);
    jf_msg m = message_with_buffers(), before = m;
    EXPECT(jf_recv_msg(s[0], &m, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
    OK(jf_set(s[0], JF_OPT_RECV_TIMEOUT, 1));
    EXPECT(jf_recv_msg(s[0], &m, 0), JF_E_TIMED_OUT);
    OK(jf_set(s[0], JF_OPT_RECV_TIMEOUT, 0));
    EXPECT(jf_recv_msg(s[0], &m, 0), JF_E_WOULD_BLOCK);
    CHECK(memcmp(&m, &before, sizeof m) == 0);
    close_both(s);
}

/* Sending after a shutdown returns JF_E_PIPE. SIGPIPE would end the program. */
static void check_closed_peer(enum kind kind) {
    jf_socket s[2];
    if (kind == UDP4 || kind == UDP6) return;
    CHECK(signal(SIGPIPE, SIG_DFL) != SIG_ERR);
    connected(kind, s);
    OK(jf_shutdown(s[0], JF_SHUT_WRITE));
    jf_msg m = message(NULL, 0);
    EXPECT(send_message(s[0], "x", &m, 0), JF_E_PIPE);
    jf_passed p = descriptor_to_pass(0);
    if (kind_family(kind) == JF_UNIX) EXPECT(pass_descriptors(s[0], &p, 1), JF_E_PIPE);
    close_both(s);
}

int main(void) {
    for (int kind = 0; kind < KINDS; kind++) {
        check_several_buffers(kind);
        check_max_buffers(kind);
        check_truncation(kind);
        check_empty(kind);
        check_end_of_stream(kind);
        check_addresses(kind);
        check_partial_send(kind);
        check_timeouts(kind);
        check_closed_peer(kind);
    }
    check_dual_stack();
    return 0;
}
