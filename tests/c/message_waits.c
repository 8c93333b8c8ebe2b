/* A socket that is being passed can be closed while the send is blocked. */
#include "flight.h"
#include "messages.h"

#include <poll.h>

static int slow;

typedef struct pending_send {
    jf_socket s;
    jf_addr to;
    jf_passed passed[3];
} pending_send;

static int64_t send_descriptors(void *given) {
    pending_send *f = given;
    jf_msg m = message(NULL, 0);
    m.passed = f->passed;
    m.passed_count = 3;
    if (f->to.family != JF_UNSPEC) {
        m.present = JF_HAS_ADDR;
        m.addr = f->to;
    }
    return send_message(f->s, "payload", &m, 0);
}

static void fill_queue(const pending_send *f) {
    static char bytes[4096];
    int64_t result;
    do {
        result = f->to.family == JF_UNSPEC ? jf_send(f->s, bytes, sizeof bytes, JF_DONT_WAIT)
                                           : jf_send_to(f->s, bytes, sizeof bytes, JF_DONT_WAIT, &f->to);
    } while (result > 0);
    EXPECT(result, JF_E_WOULD_BLOCK);
}

/* Receives the messages that filled the queue, and returns the one with descriptors. */
static jf_msg receive_until_passed(jf_socket s) {
    for (;;) {
        jf_msg m = message_with_buffers();
        OK(jf_recv_msg(s, &m, 0));
        if (m.passed_count > 0) return m;
    }
}

static void check_close_during_send(enum kind kind, int has_address, int64_t timeout_ms, int close_sender) {
    jf_socket s[2], c[2];
    pending_send f;
    flight call;
    char buffer[8];
    memset(&f, 0, sizeof f);
    if (has_address) {
        s[1] = bound("unix:", JF_DGRAM, &f.to);
        s[0] = OK(jf_open(JF_UNIX, JF_DGRAM, 0));
    } else {
        connected(kind, s);
    }
    connected(TCP4, c);
    int before = count_descriptors();
    f.s = s[0];
    f.passed[0] = f.passed[2] = socket_to_pass(c[0]);
    f.passed[1] = descriptor_to_pass(0);
    OK(jf_set(s[0], JF_OPT_SEND_BUFFER, 8192));
    OK(jf_set(s[0], JF_OPT_SEND_TIMEOUT, timeout_ms));
    fill_queue(&f);
    start(&call, kind_names[kind], send_descriptors, &f, 0);
    await_sleep(&call);
    OK(jf_close(c[0]));
    EXPECT(jf_close(c[0]), JF_E_CLOSED);
    await_sleep(&call);
    /* The connection is still open for the other end. */
    EXPECT(jf_recv(c[1], buffer, 8, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
    if (close_sender) {
        OK(jf_close(s[0]));
        EXPECT(finish(&call), JF_E_CLOSED);
        EXPECT(jf_recv(c[1], buffer, 8, 0), 0);
        OK(jf_close(s[1]));
        OK(jf_close(c[1]));
        return;
    }
    jf_msg m = receive_until_passed(s[1]);
    EXPECT(finish(&call), 7);
    CHECK(m.passed_count == 3 && m.passed[1].kind == JF_PASSED_DESCRIPTOR);
    EXPECT(jf_send(m.passed[0].value, "x", 1, 0), 1);
    EXPECT(jf_recv(c[1], buffer, 8, 0), 1);
    OK(jf_close(m.passed[0].value));
    OK(jf_close(m.passed[2].value));
    CHECK(close((int)m.passed[1].value) == 0);
    EXPECT(jf_recv(c[1], buffer, 8, 0), 0);
    CHECK(count_descriptors() == before - 1);
    OK(jf_close(c[1]));
    close_both(s);
}

/* A send that times out passes nothing. */
static void check_failed_send(enum kind kind) {
    jf_socket s[2];
    pending_send f;
    memset(&f, 0, sizeof f);
    connected(kind, s);
    int before = count_descriptors();
    f.s = s[0];
    f.passed[0] = f.passed[2] = socket_to_pass(s[1]);
    f.passed[1] = descriptor_to_pass(0);
    OK(jf_set(s[0], JF_OPT_SEND_BUFFER, 8192));
    fill_queue(&f);
    OK(jf_set(s[0], JF_OPT_SEND_TIMEOUT, 20));
    EXPECT(send_descriptors(&f), JF_E_TIMED_OUT);
    OK(jf_set(s[0], JF_OPT_SEND_TIMEOUT, 0));
    EXPECT(send_descriptors(&f), JF_E_WOULD_BLOCK);
    CHECK(count_descriptors() == before);
    /* The failed sends no longer use the socket. */
    int fd = (int)OK(jf_into_fd(s[1]));
    CHECK(close(fd) == 0);
    OK(jf_close(s[0]));
}

int main(int argc, char **argv) {
    slow = is_slow(argc, argv);
    watchdog(slow ? 280 : 110);
    for (int kind = UNIX_STREAM; kind < KINDS; kind++) {
        for (int close_sender = 0; close_sender < 2; close_sender++) {
            check_close_during_send(kind, 0, -1, close_sender);
            check_close_during_send(kind, 0, 60000, close_sender);
        }
        check_failed_send(kind);
    }
    check_close_during_send(UNIX_DGRAM, 1, -1, 0);
    check_close_during_send(UNIX_DGRAM, 1, 60000, 1);
    return 0;
}
