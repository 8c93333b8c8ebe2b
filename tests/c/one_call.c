/* Makes each call 200 times, between two calls of getppid() that mark the section for strace. Some calls complete
 * at once; in the conversations the receives block. */
#include "check.h"

#include <sys/mman.h>
#include <unistd.h>

enum { ROUNDS = 200 };

/* Marks the beginning or the end of a section. */
static void mark(void) { (void)getppid(); }

/* Echoes in a child process. */
static void answer(jf_socket s) {
    char byte;
    while (jf_recv(s, &byte, 1, 0) == 1) OK(jf_send(s, &byte, 1, 0));
    _exit(0);
}

static void converse(jf_socket s) {
    char byte = 'x';
    for (int i = 0; i < ROUNDS; i++) {
        EXPECT(jf_send(s, &byte, 1, 0), 1);
        EXPECT(jf_recv(s, &byte, 1, 0), 1);
    }
}

static void with_timeout(jf_socket s, int64_t ms) {
    OK(jf_set(s, JF_OPT_RECV_TIMEOUT, ms));
    OK(jf_set(s, JF_OPT_SEND_TIMEOUT, ms));
}

static void streams(int64_t timeout) {
    jf_socket s[2];
    tcp_pair(s);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        OK(jf_close(s[0]));
        answer(s[1]);
    }
    OK(jf_close(s[1]));
    with_timeout(s[0], timeout);
    mark();
    converse(s[0]);
    mark();
    OK(jf_close(s[0]));
}

static void datagrams(int64_t timeout) {
    jf_addr to, from;
    jf_socket s = bound("127.0.0.1:0", JF_DGRAM, &to);
    char byte = 'x';
    with_timeout(s, timeout);
    mark();
    for (int i = 0; i < ROUNDS; i++) {
        EXPECT(jf_send_to(s, &byte, 1, 0, &to), 1);
        EXPECT(jf_recv_from(s, &byte, 1, 0, &from), 1);
        EXPECT(jf_recv(s, &byte, 1, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
    }
    mark();
    OK(jf_close(s));
}

/* Sends one page of a file, on a stream whose buffer has space for it. */
static void files(int64_t timeout) {
    enum { PAGE = 4096 };
    static char page[PAGE];
    jf_socket s[2];
    int file = memfd_create("file", MFD_CLOEXEC);
    CHECK(file >= 0 && ftruncate(file, PAGE) == 0);
    tcp_pair(s);
    with_timeout(s[0], timeout);
    mark();
    for (int i = 0; i < ROUNDS; i++) {
        EXPECT(jf_send_file(s[0], file, 0, PAGE), PAGE);
        EXPECT(jf_recv(s[1], page, PAGE, JF_WAIT_ALL), PAGE);
    }
    mark();
    close(file);
    OK(jf_close(s[0]));
    OK(jf_close(s[1]));
}

static void waits(int64_t timeout) {
    jf_socket s[2];
    tcp_pair(s);
    jf_wait_item items[] = {{s[0], JF_WRITABLE, 0}, {s[1], JF_READABLE, 0}};
    mark();
    for (int i = 0; i < ROUNDS; i++) EXPECT(jf_wait(items, 2, timeout), 1);
    mark();
    OK(jf_close(s[0]));
    OK(jf_close(s[1]));
}

/* Registration changes, and waits with and without events. */
static void pollers(int64_t timeout) {
    jf_socket s[2];
    jf_event e[4];
    jf_poller p = OK(jf_poller_open());
    tcp_pair(s);
    OK(jf_poller_add(p, s[1], JF_READABLE, 2));
    mark();
    for (int i = 0; i < ROUNDS; i++) {
        OK(jf_poller_add(p, s[0], JF_WRITABLE, 1));
        EXPECT(jf_poller_wait(p, e, 4, timeout), 1);
        OK(jf_poller_modify(p, s[0], JF_READABLE, 1));
        EXPECT(jf_poller_wait(p, e, 4, 0), 0);
        OK(jf_poller_wake(p));
        EXPECT(jf_poller_wait(p, e, 4, timeout == 0 ? -1 : timeout), 0);
        OK(jf_poller_remove(p, s[0]));
    }
    mark();
    OK(jf_poller_close(p));
    OK(jf_close(s[0]));
    OK(jf_close(s[1]));
}

/* A conversation with a poller wait before each receive. */
static void polled_streams(int64_t timeout) {
    jf_socket s[2];
    jf_event e;
    char byte = 'x';
    jf_poller p = OK(jf_poller_open());
    tcp_pair(s);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        OK(jf_close(s[0]));
        answer(s[1]);
    }
    OK(jf_close(s[1]));
    OK(jf_poller_add(p, s[0], JF_READABLE, 1));
    mark();
    for (int i = 0; i < ROUNDS; i++) {
        EXPECT(jf_send(s[0], &byte, 1, 0), 1);
        EXPECT(jf_poller_wait(p, &e, 1, timeout), 1);
        EXPECT(jf_recv(s[0], &byte, 1, 0), 1);
    }
    mark();
    OK(jf_poller_close(p));
    OK(jf_close(s[0]));
}

/* Messages with ancillary data, which the receiver requests. */
static void messages(int64_t timeout) {
    jf_addr to;
    jf_socket s = bound("127.0.0.1:0", JF_DGRAM, &to);
    char byte = 'x';
    with_timeout(s, timeout);
    OK(jf_set(s, JF_OPT_RECV_TTL, 1));
    jf_buf buf = {&byte, 1};
    jf_msg m;
    memset(&m, 0, sizeof m);
    m.size = sizeof m;
    m.bufs = &buf;
    m.buf_count = 1;
    mark();
    for (int i = 0; i < ROUNDS; i++) {
        m.present = JF_HAS_ADDR | JF_HAS_TTL | JF_HAS_PACKET_INFO;
        m.ttl = 9;
        m.addr = to;
        EXPECT(jf_send_msg(s, &m, 0), 1);
        EXPECT(jf_recv_msg(s, &m, 0), 1);
        CHECK(m.present == (JF_HAS_ADDR | JF_HAS_TTL) && m.ttl == 9);
        EXPECT(jf_recv_msg(s, &m, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
    }
    mark();
    OK(jf_close(s));
}

/* Messages with a descriptor and a socket, which the receiver discards. */
static void passing(int type) {
    jf_socket s[2];
    char byte = 'x';
    OK(jf_pair(JF_UNIX, type, s));
    jf_buf buf = {&byte, 1};
    jf_passed passed[2] = {{0, JF_PASSED_DESCRIPTOR, 0}, {s[0], JF_PASSED_SOCKET, 0}};
    jf_msg m;
    memset(&m, 0, sizeof m);
    m.size = sizeof m;
    m.bufs = &buf;
    m.buf_count = 1;
    m.passed = passed;
    mark();
    for (int i = 0; i < ROUNDS; i++) {
        m.passed_count = 2;
        EXPECT(jf_send_msg(s[0], &m, 0), 1);
    }
    mark();
    for (int i = 0; i < ROUNDS; i++) EXPECT(jf_recv_msg(s[1], &m, 0), 1);
    OK(jf_close(s[0]));
    OK(jf_close(s[1]));
}

/* Batches: one segmented and coalesced message, then separate datagrams. */
static void many(int64_t timeout) {
    enum { RUN = 16, OWN = 8 };
    static jf_datagram out[RUN], in[JF_COALESCED_COUNT];
    static char bytes[RUN], buffers[JF_COALESCED_ROOM];
    jf_addr to;
    jf_socket s = bound("127.0.0.1:0", JF_DGRAM, &to), other = bound("127.0.0.1:0", JF_DGRAM, &to);
    OK(jf_connect(s, &to));
    with_timeout(s, timeout);
    with_timeout(other, timeout);
    for (int i = 0; i < RUN; i++) out[i] = (jf_datagram){.data = bytes, .len = 2};
    in[0] = (jf_datagram){.room = buffers, .room_len = sizeof buffers};
    /* On first use each socket detects the kernel's features. */
    EXPECT(jf_recv_many(other, in, JF_COALESCED_COUNT, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
    EXPECT(jf_send_many(s, out, RUN, 0), RUN);
    EXPECT(jf_recv_many(other, in, JF_COALESCED_COUNT, 0), RUN);
    mark();
    for (int i = 0; i < ROUNDS; i++) {
        EXPECT(jf_send_many(s, out, RUN, 0), RUN);
        EXPECT(jf_recv_many(other, in, JF_COALESCED_COUNT, 0), RUN);
        EXPECT(jf_recv_many(other, in, JF_COALESCED_COUNT, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
    }
    mark();
    OK(jf_set(other, JF_OPT_GRO, 0));
    for (int i = 0; i < OWN; i++) {
        out[i].len = (size_t)i + 1;
        in[i] = (jf_datagram){.room = buffers + RUN * i, .room_len = RUN};
    }
    EXPECT(jf_recv_many(other, in, OWN, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
    mark();
    for (int i = 0; i < ROUNDS; i++) {
        EXPECT(jf_send_many(s, out, OWN, 0), OWN);
        EXPECT(jf_recv_many(other, in, OWN, 0), OWN);
        EXPECT(jf_send_many(s, out, 1, 0), 1);
        EXPECT(jf_recv_many(other, in, 1, 0), 1);
    }
    mark();
    OK(jf_close(s));
    OK(jf_close(other));
}

int main(void) {
    streams(-1);
    streams(5000);
    datagrams(-1);
    datagrams(5000);
    files(-1);
    files(5000);
    waits(-1);
    waits(0);
    waits(5000);
    messages(-1);
    messages(5000);
    passing(JF_SEQPACKET);
    pollers(-1);
    pollers(0);
    pollers(5000);
    polled_streams(-1);
    polled_streams(5000);
    many(-1);
    many(5000);
    return 0;
}
