/* Messages: data in pieces, addresses, and what is told when there is too little room, on every kind of socket pair. */
#include "messages.h"

#include <signal.h>

/* Everything that a receive does not write stays as it was; the rest of the struct must be what was asked for. */
static void nothing_but(const jf_msg *m, uint32_t present) {
    CHECK(m->present == present);
    CHECK(m->truncated == 0 && m->passed_count == 0 && m->other_len == 0);
    CHECK(m->size == sizeof *m && m->reserved == 0);
}

/* What is present although nothing was asked for. */
static uint32_t usual(enum kind kind) {
    return kind_type(kind) == JF_STREAM ? 0 : JF_HAS_ADDR;
}

static int is_named(const jf_addr *a, jf_socket s) {
    jf_addr name;
    OK(jf_local_addr(s, &name));
    return jf_addr_equal(a, &name) == 1;
}

static void several_buffers(enum kind kind) {
    jf_socket s[2];
    connected(kind, s);
    jf_buf out[] = {{(void *)"he", 2}, {NULL, 0}, {(void *)1, 0}, {(void *)"llo", 3}};
    char room[64];
    memset(room, '-', sizeof room);
    jf_buf in[] = {{room, 1}, {NULL, 0}, {room + 10, 2}, {(void *)1, 0}, {room + 20, 30}};
    for (int i = 0; i < 2; i++) {
        jf_msg m = message(out, 4), before = m;
        EXPECT(jf_send_msg(s[i], &m, 0), 5);
        CHECK(memcmp(&m, &before, sizeof m) == 0);
        m = message(in, 5);
        m.present = m.truncated = UINT32_MAX;
        m.passed_count = m.other_len = 77;
        EXPECT(jf_recv_msg(s[1 - i], &m, JF_PEEK), 5);
        nothing_but(&m, usual(kind));
        EXPECT(jf_recv_msg(s[1 - i], &m, 0), 5);
        nothing_but(&m, usual(kind));
        CHECK(m.bufs == in && m.buf_count == 5 && m.passed == NULL && m.passed_room == 0 && m.other == NULL);
        CHECK(room[0] == 'h' && memcmp(room + 10, "el", 2) == 0 && memcmp(room + 20, "lo", 2) == 0);
        CHECK(room[1] == '-' && room[12] == '-' && room[22] == '-');
        if (kind_type(kind) == JF_DGRAM && kind_family(kind) != JF_UNIX) CHECK(is_named(&m.addr, s[i]));
        if (kind == UNIX_DGRAM || kind == UNIX_SEQPACKET) CHECK(m.addr.family == JF_UNIX && m.addr.len == 0);
        EXPECT(jf_recv_msg(s[1 - i], &m, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
    }
    close_both(s);
}

/* As many buffers as there may be. */
static void most_buffers(enum kind kind) {
    static char bytes[JF_VEC_MAX], room[JF_VEC_MAX];
    static jf_buf out[JF_VEC_MAX], in[JF_VEC_MAX];
    jf_socket s[2];
    connected(kind, s);
    for (int i = 0; i < JF_VEC_MAX; i++) {
        bytes[i] = (char)i;
        out[i] = (jf_buf){&bytes[i], 1};
        in[i] = (jf_buf){&room[JF_VEC_MAX - 1 - i], 1};
    }
    jf_msg m = message(out, JF_VEC_MAX);
    EXPECT(jf_send_msg(s[0], &m, 0), JF_VEC_MAX);
    m = message(in, JF_VEC_MAX);
    EXPECT(jf_recv_msg(s[1], &m, JF_WAIT_ALL), JF_VEC_MAX);
    for (int i = 0; i < JF_VEC_MAX; i++) CHECK(room[JF_VEC_MAX - 1 - i] == bytes[i]);
    close_both(s);
}

/* Data that is cut is told of, unless the caller asked for the length instead. */
static void too_long(enum kind kind) {
    jf_socket s[2];
    connected(kind, s);
    char room[8];
    jf_buf in[] = {{room, 2}, {room + 4, 1}};
    static const uint32_t flags[] = {JF_PEEK, JF_PEEK | JF_TRUNC, JF_TRUNC, 0, JF_DONT_WAIT};
    for (int i = 0; i < 5; i++) {
        if (i != 1 && i != 2) OK(jf_send(s[0], "hello", 5, 0));
        memset(room, '-', sizeof room);
        jf_msg m = message(in, 2);
        int64_t result = jf_recv_msg(s[1], &m, flags[i]);
        EXPECT(result, kind_type(kind) == JF_STREAM ? 3 : flags[i] & JF_TRUNC ? 5 : JF_E_TRUNCATED);
        CHECK(m.truncated == (kind_type(kind) == JF_STREAM ? 0 : JF_CUT_DATA));
        CHECK(m.present == usual(kind));
        CHECK(memcmp(room, "he--l---", 8) == 0);
        if (kind == UDP4 || kind == UDP6) CHECK(is_named(&m.addr, s[0]));
        if (kind_type(kind) == JF_STREAM && !(flags[i] & JF_PEEK)) EXPECT(jf_recv(s[1], room, 2, JF_WAIT_ALL), 2);
    }
    EXPECT(jf_recv(s[1], room, 1, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
    close_both(s);
}

/* No data at all, and no room for any. */
static void nothing(enum kind kind) {
    jf_socket s[2];
    connected(kind, s);
    jf_msg none = message(NULL, 0), m = none;
    EXPECT(jf_send_msg(s[0], &none, 0), 0);
    if (kind_type(kind) == JF_STREAM) {
        EXPECT(jf_recv_msg(s[1], &m, JF_DONT_WAIT), 0);
        m = roomy();
        EXPECT(jf_recv_msg(s[1], &m, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
    } else {
        EXPECT(jf_recv_msg(s[1], &m, 0), 0);
        nothing_but(&m, JF_HAS_ADDR);
        OK(jf_send(s[0], "hello", 5, 0));
        EXPECT(jf_recv_msg(s[1], &m, 0), JF_E_TRUNCATED);
        CHECK(m.truncated == JF_CUT_DATA);
    }
    close_both(s);
}

static void the_end(enum kind kind) {
    if (kind_type(kind) == JF_DGRAM) return;
    jf_socket s[2];
    connected(kind, s);
    OK(jf_send(s[0], "x", 1, 0));
    OK(jf_close(s[0]));
    received(s[1], "x");
    jf_msg m = received(s[1], "");
    CHECK(m.present == usual(kind) && m.truncated == 0);
    OK(jf_close(s[1]));
}

/* With addresses, both ways. */
static void addresses(enum kind kind) {
    jf_addr name[3];
    jf_socket s[3];
    if (kind_type(kind) != JF_DGRAM) return;
    for (int i = 0; i < 3; i++) s[i] = bound(kind_anywhere(kind), JF_DGRAM, &name[i]);
    for (int i = 0; i < 2; i++) {
        jf_msg m = message(NULL, 0);
        m.present = JF_HAS_ADDR;
        m.addr = name[1 - i];
        EXPECT(send_with(s[i], "hello", &m, 0), 5);
        m = received(s[1 - i], "hello");
        nothing_but(&m, JF_HAS_ADDR);
        EXPECT(jf_addr_equal(&m.addr, &name[i]), 1);
        CHECK(memcmp(&m.addr, &name[i], sizeof m.addr) == 0);
        /* What came goes back as it is. */
        jf_buf buf = {message_room, 5};
        m.bufs = &buf;
        m.passed_count = 0;
        EXPECT(jf_send_msg(s[1 - i], &m, 0), 5);
        m = received(s[i], "hello");
        EXPECT(jf_addr_equal(&m.addr, &name[1 - i]), 1);
    }
    /* Of a connected socket, to another than the peer. */
    OK(jf_connect(s[0], &name[1]));
    jf_msg m = message(NULL, 0);
    EXPECT(send_with(s[0], "to the peer", &m, 0), 11);
    received(s[1], "to the peer");
    m.present = JF_HAS_ADDR;
    m.addr = name[2];
    EXPECT(send_with(s[0], "to another", &m, 0), 10);
    m = received(s[2], "to another");
    EXPECT(jf_addr_equal(&m.addr, &name[0]), 1);
    for (int i = 0; i < 3; i++) OK(jf_close(s[i]));
}

/* The same, with a socket that speaks IPv6 and IPv4. */
static void both_families(void) {
    jf_addr any = parsed("[::]:0"), v4, from;
    jf_socket six = OK(jf_open(JF_INET6, JF_DGRAM, 0)), four = bound("127.0.0.1:0", JF_DGRAM, &v4);
    OK(jf_bind(six, &any));
    OK(jf_local_addr(six, &any));
    jf_addr to = parsed("127.0.0.1:0");
    OK(jf_addr_set_port(&to, any.port));
    jf_msg m = message(NULL, 0);
    m.present = JF_HAS_ADDR;
    m.addr = to;
    EXPECT(send_with(four, "hello", &m, 0), 5);
    m = received(six, "hello");
    nothing_but(&m, JF_HAS_ADDR);
    from = parsed("[::ffff:127.0.0.1]:0");
    OK(jf_addr_set_port(&from, v4.port));
    EXPECT(jf_addr_equal(&m.addr, &from), 1);
    EXPECT(send_with(six, "hello", &m, 0), 5);
    m = received(four, "hello");
    EXPECT(jf_addr_equal(&m.addr, &to), 1);
    OK(jf_close(six));
    OK(jf_close(four));
}

/* Part of what a stream is given goes through, and nobody has to guess which. */
static void a_part(enum kind kind) {
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

static void times(enum kind kind) {
    jf_socket s[2];
    connected(kind, s);
    jf_msg m = roomy(), before = m;
    EXPECT(jf_recv_msg(s[0], &m, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
    OK(jf_set(s[0], JF_OPT_RECV_TIMEOUT, 1));
    EXPECT(jf_recv_msg(s[0], &m, 0), JF_E_TIMED_OUT);
    OK(jf_set(s[0], JF_OPT_RECV_TIMEOUT, 0));
    EXPECT(jf_recv_msg(s[0], &m, 0), JF_E_WOULD_BLOCK);
    CHECK(memcmp(&m, &before, sizeof m) == 0);
    close_both(s);
}

/* Nobody is there any more. SIGPIPE would end the program. */
static void nobody(enum kind kind) {
    jf_socket s[2];
    if (kind == UDP4 || kind == UDP6) return;
    CHECK(signal(SIGPIPE, SIG_DFL) != SIG_ERR);
    connected(kind, s);
    OK(jf_shutdown(s[0], JF_SHUT_WRITE));
    jf_msg m = message(NULL, 0);
    EXPECT(send_with(s[0], "x", &m, 0), JF_E_PIPE);
    jf_passed p = descriptor_to_pass(0);
    if (kind_family(kind) == JF_UNIX) EXPECT(pass(s[0], &p, 1), JF_E_PIPE);
    close_both(s);
}

int main(void) {
    for (int kind = 0; kind < KINDS; kind++) {
        several_buffers(kind);
        most_buffers(kind);
        too_long(kind);
        nothing(kind);
        the_end(kind);
        addresses(kind);
        a_part(kind);
        times(kind);
        nobody(kind);
    }
    both_families();
    return 0;
}
