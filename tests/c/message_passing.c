/* Passing sockets and other descriptors: they arrive in order, and work. */
#include "folder.h"
#include "messages.h"

#include <linux/if_alg.h>
#include <poll.h>

static int descriptor_is_readable(int fd) {
    struct pollfd item = {fd, POLLIN, 0};
    return poll(&item, 1, 0) == 1;
}

/* Passes one descriptor and returns what was received. */
static jf_passed pass_one(jf_socket s[2], jf_passed p, uint32_t flags) {
    EXPECT(pass_descriptors(s[0], &p, 1), 1);
    jf_msg m = message_with_buffers();
    EXPECT(jf_recv_msg(s[1], &m, flags), 1);
    CHECK(m.truncated == 0 && m.passed_count == 1 && m.other_len == 0);
    CHECK((m.present & ~(uint32_t)JF_HAS_ADDR) == 0);
    CHECK(m.passed[0].reserved == 0);
    if (m.passed[0].kind == JF_PASSED_SOCKET) CHECK(closes_on_exec(OK(jf_fd(m.passed[0].value))));
    if (m.passed[0].kind == JF_PASSED_DESCRIPTOR) CHECK(closes_on_exec(m.passed[0].value));
    return m.passed[0];
}

static jf_socket pass_socket(jf_socket s[2], jf_socket passed) {
    jf_passed p = pass_one(s, socket_to_pass(passed), 0);
    CHECK(p.kind == JF_PASSED_SOCKET && p.value != passed);
    CHECK(jf_fd(p.value) != jf_fd(passed));
    return p.value;
}

static void exchange(jf_socket a, jf_socket b) {
    char buffer[8];
    EXPECT(jf_send(a, "there", 5, 0), 5);
    EXPECT(jf_recv(b, buffer, 8, 0), 5);
    EXPECT(jf_send(b, "back", 4, 0), 4);
    EXPECT(jf_recv(a, buffer, 8, 0), 4);
}

/* A passed connection stays usable after the sender has closed its own handle. */
static void check_connections(jf_socket s[2]) {
    for (int kind = 0; kind < KINDS; kind++) {
        jf_socket c[2];
        connected(kind, c);
        OK(jf_set(c[0], JF_OPT_RECV_TIMEOUT, 12000));
        jf_socket copy = pass_socket(s, c[0]);
        int64_t value[3];
        OK(jf_get(copy, JF_OPT_FAMILY, &value[0]));
        OK(jf_get(copy, JF_OPT_TYPE, &value[1]));
        OK(jf_get(copy, JF_OPT_SEND_TIMEOUT, &value[2]));
        CHECK(value[0] == kind_family(kind) && value[1] == kind_type(kind) && value[2] == -1);
        OK(jf_get(copy, JF_OPT_RECV_TIMEOUT, &value[2]));
        CHECK(value[2] == 12000);
        exchange(copy, c[1]);
        OK(jf_close(c[0]));
        exchange(copy, c[1]);
        OK(jf_close(copy));
        OK(jf_close(c[1]));
    }
}

static void check_listeners(jf_socket s[2]) {
    for (int kind = 0; kind < KINDS; kind++) {
        if (kind_type(kind) == JF_DGRAM) continue;
        jf_addr at;
        jf_socket l = bound(kind_anywhere(kind), kind_type(kind), &at), c;
        OK(jf_listen(l, 4));
        jf_socket copy = pass_socket(s, l), a;
        OK(jf_close(l));
        c = OK(jf_open(kind_family(kind), kind_type(kind), 0));
        OK(jf_connect(c, &at));
        a = OK(jf_accept(copy, NULL));
        exchange(a, c);
        OK(jf_close(a));
        OK(jf_close(c));
        OK(jf_close(copy));
    }
}

/* O_NONBLOCK is preserved for both processes. */
static void check_non_blocking_sockets(jf_socket s[2]) {
    char buffer[8];
    jf_socket c[2];
    connected(TCP4, c);
    int fd = (int)OK(jf_into_fd(c[0]));
    CHECK(fcntl(fd, F_SETFL, O_NONBLOCK) == 0);
    jf_passed p = pass_one(s, descriptor_to_pass(fd), 0);
    CHECK(p.kind == JF_PASSED_SOCKET);
    EXPECT(jf_recv(p.value, buffer, 8, 0), JF_E_WOULD_BLOCK);
    exchange(p.value, c[1]);
    CHECK(fcntl(fd, F_GETFL) & O_NONBLOCK);
    /* A receive timeout makes it block, without changing O_NONBLOCK. */
    OK(jf_set(p.value, JF_OPT_RECV_TIMEOUT, 20));
    EXPECT(jf_recv(p.value, buffer, 8, 0), JF_E_TIMED_OUT);
    CHECK(fcntl(fd, F_GETFL) & O_NONBLOCK);
    CHECK(close(fd) == 0);
    OK(jf_close(p.value));
    OK(jf_close(c[1]));
}

/* The socket that carries the descriptors may be non-blocking. */
static void check_non_blocking_carrier(void) {
    jf_socket s[2];
    for (int kind = UNIX_STREAM; kind < KINDS; kind++) {
        connected(kind, s);
        int fd = (int)OK(jf_into_fd(s[1]));
        CHECK(fcntl(fd, F_SETFL, O_NONBLOCK) == 0);
        s[1] = OK(jf_from_fd(fd));
        jf_msg m = message_with_buffers();
        EXPECT(jf_recv_msg(s[1], &m, 0), JF_E_WOULD_BLOCK);
        OK(jf_close(pass_socket(s, s[0])));
        close_both(s);
    }
}

/* Pipes, files, and sockets of families that the library does not know are received as plain descriptors. */
static void check_plain_descriptors(jf_socket s[2]) {
    int pipes[2];
    char byte = 0;
    CHECK(pipe(pipes) == 0);
    jf_passed p = pass_one(s, descriptor_to_pass(pipes[1]), 0);
    CHECK(p.kind == JF_PASSED_DESCRIPTOR && p.value != pipes[1]);
    CHECK(write((int)p.value, "!", 1) == 1 && read(pipes[0], &byte, 1) == 1 && byte == '!');
    CHECK(close((int)p.value) == 0 && close(pipes[0]) == 0 && close(pipes[1]) == 0);

    int file = open(folder, O_TMPFILE | O_RDWR, 0600);
    CHECK(file >= 0 && write(file, "text", 4) == 4);
    p = pass_one(s, descriptor_to_pass(file), 0);
    CHECK(p.kind == JF_PASSED_DESCRIPTOR);
    char buffer[4];
    CHECK(pread((int)p.value, buffer, 4, 0) == 4 && memcmp(buffer, "text", 4) == 0);
    CHECK(close((int)p.value) == 0 && close(file) == 0);

    int unknown = socket(AF_XDP, SOCK_RAW, 0);
    if (unknown < 0) unknown = socket(AF_ALG, SOCK_SEQPACKET, 0);
    CHECK(unknown >= 0 && fcntl(unknown, F_SETFL, O_NONBLOCK) == 0);
    p = pass_one(s, descriptor_to_pass(unknown), 0);
    CHECK(p.kind == JF_PASSED_DESCRIPTOR && fcntl((int)p.value, F_GETFL) & O_NONBLOCK);
    CHECK(close((int)p.value) == 0 && close(unknown) == 0);
}

/* A socket can be sent as a descriptor, and received as one with JF_PLAIN_DESCRIPTORS. */
static void check_sockets_as_descriptors(jf_socket s[2]) {
    jf_socket c[2];
    connected(TCP4, c);
    jf_passed p = pass_one(s, socket_to_pass(c[0]), JF_PLAIN_DESCRIPTORS);
    CHECK(p.kind == JF_PASSED_DESCRIPTOR);
    jf_socket copy = OK(jf_from_fd(p.value));
    exchange(copy, c[1]);
    OK(jf_close(copy));
    p = pass_one(s, descriptor_to_pass((int)OK(jf_fd(c[0]))), 0);
    CHECK(p.kind == JF_PASSED_SOCKET);
    exchange(p.value, c[1]);
    OK(jf_close(p.value));
    close_both(c);
}

/* A mixture arrives in order. */
static void check_mixture(jf_socket s[2]) {
    enum { COUNT = 24 };
    jf_socket c[2], u[2];
    int pipes[2];
    char byte;
    connected(TCP6, c);
    connected(UDP4, u);
    CHECK(pipe(pipes) == 0);
    jf_passed p[COUNT];
    for (int i = 0; i < COUNT; i++)
        p[i] = i % 3 == 0   ? socket_to_pass(i % 2 ? c[0] : u[0])
               : i % 3 == 1 ? descriptor_to_pass(pipes[i % 2])
                            : descriptor_to_pass((int)OK(jf_fd(c[1])));
    for (int is_plain = 0; is_plain < 2; is_plain++) {
        EXPECT(pass_descriptors(s[0], p, COUNT), 1);
        jf_msg m = message_with_buffers();
        memset(message_passed, 0xA5, sizeof message_passed);
        EXPECT(jf_recv_msg(s[1], &m, is_plain ? JF_PLAIN_DESCRIPTORS : 0), 1);
        CHECK(m.passed_count == COUNT && m.truncated == 0);
        CHECK((uint64_t)m.passed[COUNT].value == UINT64_C(0xA5A5A5A5A5A5A5A5));
        for (int i = 0; i < COUNT; i++) {
            jf_passed *copy = &m.passed[i];
            CHECK(copy->reserved == 0);
            CHECK(copy->kind == (i % 3 == 1 || is_plain ? JF_PASSED_DESCRIPTOR : JF_PASSED_SOCKET));
            int fd = (int)(copy->kind == JF_PASSED_SOCKET ? OK(jf_fd(copy->value)) : copy->value);
            CHECK(closes_on_exec(fd));
            /* Data written to the descriptor identifies it. */
            if (i % 3 == 1 && i % 2) {
                CHECK(write(fd, "w", 1) == 1 && read(pipes[0], &byte, 1) == 1);
            } else if (i % 3 == 1) {
                CHECK(write(pipes[1], "r", 1) == 1 && descriptor_is_readable(fd) && read(fd, &byte, 1) == 1);
            } else {
                jf_socket peer = i % 3 == 2 ? c[0] : i % 2 ? c[1] : u[1];
                CHECK(write(fd, "s", 1) == 1);
                EXPECT(jf_recv(peer, &byte, 1, 0), 1);
            }
            if (copy->kind == JF_PASSED_SOCKET)
                OK(jf_close(copy->value));
            else
                CHECK(close(fd) == 0);
        }
    }
    CHECK(close(pipes[0]) == 0 && close(pipes[1]) == 0);
    close_both(c);
    close_both(u);
}

/* A pair passes both of its ends over itself. Each copy is the same socket. */
static void check_passing_itself(enum kind kind) {
    jf_socket s[2];
    connected(kind, s);
    jf_socket sender = pass_socket(s, s[0]), receiver = pass_socket(s, s[1]);
    exchange(sender, receiver);
    exchange(s[0], receiver);
    OK(jf_close(s[0]));
    OK(jf_close(s[1]));
    exchange(sender, receiver);
    jf_socket back[2] = {receiver, sender};
    OK(jf_close(pass_socket(back, sender)));
    close_both(back);
}

/* An out-of-band byte can't carry descriptors. */
static void check_out_of_band(void) {
    jf_socket s[2];
    connected(UNIX_STREAM, s);
    jf_passed p = socket_to_pass(s[0]);
    jf_msg m = message(NULL, 0);
    EXPECT(send_message(s[0], "u", &m, JF_OUT_OF_BAND), 1);
    m.passed = &p;
    m.passed_count = 1;
    EXPECT(send_message(s[0], "u", &m, JF_OUT_OF_BAND), JF_E_UNSUPPORTED);
    close_both(s);
}

/* Each peek returns new descriptors; the message keeps its own. */
static void check_peek(jf_socket s[2]) {
    jf_socket c[2];
    connected(UNIX_STREAM, c);
    int before = count_descriptors();
    jf_passed p = socket_to_pass(c[0]);
    EXPECT(pass_descriptors(s[0], &p, 1), 1);
    for (int i = 0; i < 3; i++) {
        jf_msg m = message_with_buffers();
        EXPECT(jf_recv_msg(s[1], &m, i < 2 ? JF_PEEK : 0), 1);
        CHECK(m.passed_count == 1 && m.passed[0].kind == JF_PASSED_SOCKET);
        exchange(m.passed[0].value, c[1]);
        OK(jf_close(m.passed[0].value));
    }
    CHECK(count_descriptors() == before);
    close_both(c);
}

/* On a stream, a receive ends with the data that the descriptors were sent with, so that they can be attributed to
 * it. */
static void check_stream_boundaries(void) {
    static const struct { size_t capacity; const char *data; size_t passed; } PARTS[] = {
        {4, "befo", 0}, {64, "rewith", 2}, {2, "ag", 1}, {1, "a", 0}, {64, "inafter", 0}};
    jf_socket s[2];
    connected(UNIX_STREAM, s);
    int before = count_descriptors();
    OK(jf_send(s[0], "before", 6, 0));
    jf_passed p[2] = {socket_to_pass(s[0]), descriptor_to_pass(0)};
    jf_msg m = message(NULL, 0);
    m.passed = p;
    m.passed_count = 2;
    EXPECT(send_message(s[0], "with", &m, 0), 4);
    m.passed_count = 1;
    EXPECT(send_message(s[0], "again", &m, 0), 5);
    OK(jf_send(s[0], "after", 5, 0));
    for (int i = 0; i < 5; i++) {
        jf_buf in = {message_buffer, PARTS[i].capacity};
        m = message_with_buffers();
        m.bufs = &in;
        EXPECT(jf_recv_msg(s[1], &m, 0), (int64_t)strlen(PARTS[i].data));
        CHECK(memcmp(message_buffer, PARTS[i].data, strlen(PARTS[i].data)) == 0);
        CHECK(m.passed_count == PARTS[i].passed && m.truncated == 0);
        for (size_t j = 0; j < m.passed_count; j++) {
            CHECK(m.passed[j].kind == (j == 0 ? JF_PASSED_SOCKET : JF_PASSED_DESCRIPTOR));
            if (j == 0)
                OK(jf_close(m.passed[j].value));
            else
                CHECK(close((int)m.passed[j].value) == 0);
        }
    }
    CHECK(count_descriptors() == before);
    close_both(s);
}

int main(void) {
    folder_make();
    for (int kind = UNIX_STREAM; kind < KINDS; kind++) {
        jf_socket s[2];
        connected(kind, s);
        int before = count_descriptors();
        check_connections(s);
        check_listeners(s);
        check_non_blocking_sockets(s);
        check_plain_descriptors(s);
        check_sockets_as_descriptors(s);
        check_mixture(s);
        check_peek(s);
        CHECK(count_descriptors() == before);
        close_both(s);
        check_passing_itself(kind);
    }
    check_non_blocking_carrier();
    check_stream_boundaries();
    check_out_of_band();
    return 0;
}
