/* A socket that is being passed is free to be closed while the message still waits for room. */
#include "flight.h"
#include "messages.h"

#include <poll.h>

static int slow;

typedef struct sending {
    jf_socket s;
    jf_addr to;
    jf_passed passed[3];
} sending;

static int64_t send_it(void *given) {
    sending *f = given;
    jf_msg m = message(NULL, 0);
    m.passed = f->passed;
    m.passed_count = 3;
    if (f->to.family != JF_UNSPEC) {
        m.present = JF_HAS_ADDR;
        m.addr = f->to;
    }
    return send_with(f->s, "payload", &m, 0);
}

static void fill_up(const sending *f) {
    static char bytes[4096];
    int64_t result;
    do {
        result = f->to.family == JF_UNSPEC ? jf_send(f->s, bytes, sizeof bytes, JF_DONT_WAIT)
                                           : jf_send_to(f->s, bytes, sizeof bytes, JF_DONT_WAIT, &f->to);
    } while (result > 0);
    EXPECT(result, JF_E_WOULD_BLOCK);
}

/* Receives what filled the queue until the message is there. */
static jf_msg drained(jf_socket s) {
    for (;;) {
        jf_msg m = roomy();
        OK(jf_recv_msg(s, &m, 0));
        if (m.passed_count > 0) return m;
    }
}

static void closed_while_it_waits(enum kind kind, int to_an_address, int64_t timeout_ms, int close_sender) {
    jf_socket s[2], c[2];
    sending f;
    flight fl;
    char room[8];
    memset(&f, 0, sizeof f);
    if (to_an_address) {
        s[1] = bound("unix:", JF_DGRAM, &f.to);
        s[0] = OK(jf_open(JF_UNIX, JF_DGRAM, 0));
    } else {
        connected(kind, s);
    }
    connected(TCP4, c);
    int before = descriptors_open();
    f.s = s[0];
    f.passed[0] = f.passed[2] = socket_to_pass(c[0]);
    f.passed[1] = descriptor_to_pass(0);
    OK(jf_set(s[0], JF_OPT_SEND_BUFFER, 8192));
    OK(jf_set(s[0], JF_OPT_SEND_TIMEOUT, timeout_ms));
    fill_up(&f);
    start(&fl, kind_names[kind], send_it, &f, 0);
    await_sleep(&fl);
    OK(jf_close(c[0]));
    EXPECT(jf_close(c[0]), JF_E_BAD_HANDLE);
    await_sleep(&fl);
    /* It is as open as before to the other end. */
    EXPECT(jf_recv(c[1], room, 8, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
    if (close_sender) {
        OK(jf_close(s[0]));
        EXPECT(finish(&fl), JF_E_CLOSED);
        EXPECT(jf_recv(c[1], room, 8, 0), 0);
        OK(jf_close(s[1]));
        OK(jf_close(c[1]));
        return;
    }
    jf_msg m = drained(s[1]);
    EXPECT(finish(&fl), 7);
    CHECK(m.passed_count == 3 && m.passed[1].kind == JF_PASSED_DESCRIPTOR);
    EXPECT(jf_send(m.passed[0].value, "x", 1, 0), 1);
    EXPECT(jf_recv(c[1], room, 8, 0), 1);
    OK(jf_close(m.passed[0].value));
    OK(jf_close(m.passed[2].value));
    CHECK(close((int)m.passed[1].value) == 0);
    EXPECT(jf_recv(c[1], room, 8, 0), 0);
    CHECK(descriptors_open() == before - 1);
    OK(jf_close(c[1]));
    close_both(s);
}

/* A message that does not go in time has passed nothing. */
static void in_vain(enum kind kind) {
    jf_socket s[2];
    sending f;
    memset(&f, 0, sizeof f);
    connected(kind, s);
    int before = descriptors_open();
    f.s = s[0];
    f.passed[0] = f.passed[2] = socket_to_pass(s[1]);
    f.passed[1] = descriptor_to_pass(0);
    OK(jf_set(s[0], JF_OPT_SEND_BUFFER, 8192));
    fill_up(&f);
    OK(jf_set(s[0], JF_OPT_SEND_TIMEOUT, 20));
    EXPECT(send_it(&f), JF_E_TIMED_OUT);
    OK(jf_set(s[0], JF_OPT_SEND_TIMEOUT, 0));
    EXPECT(send_it(&f), JF_E_WOULD_BLOCK);
    CHECK(descriptors_open() == before);
    /* Nobody has it in use. */
    int fd = (int)OK(jf_into_fd(s[1]));
    CHECK(close(fd) == 0);
    OK(jf_close(s[0]));
}

int main(int argc, char **argv) {
    slow = is_slow(argc, argv);
    watchdog(slow ? 280 : 110);
    for (int kind = UNIX_STREAM; kind < KINDS; kind++) {
        for (int close_sender = 0; close_sender < 2; close_sender++) {
            closed_while_it_waits(kind, 0, -1, close_sender);
            closed_while_it_waits(kind, 0, 60000, close_sender);
        }
        in_vain(kind);
    }
    closed_while_it_waits(UNIX_DGRAM, 1, -1, 0);
    closed_while_it_waits(UNIX_DGRAM, 1, 60000, 1);
    return 0;
}
