/* The peer resets the connection while a file is being sent. */
#include "flight.h"

#include <sys/mman.h>

enum { CALL_COUNT = 5 };
static int file;

static int64_t send_endless(void *given) {
    const jf_socket *s = given;
    return jf_send_file(*s, file, 0, INT64_MAX);
}

/* jf_send_file returns the bytes that it sent before the reset; the next call, whichever it is, reports the reset. */
static void reset_during_send(int64_t timeout, int next_call) {
    flight f;
    jf_socket s[2];
    char byte;
    int64_t value;
    tcp_pair(s);
    OK(jf_set(s[0], JF_OPT_SEND_TIMEOUT, timeout));
    start(&f, "jf_send_file", send_endless, &s[0], 0);
    await_sleep(&f);
    OK(jf_close(s[1]));
    CHECK(OK(finish(&f)) > 0);
    switch (next_call) {
    case 0:
        EXPECT(jf_send_file(s[0], file, 0, 1), JF_E_CONN_RESET);
        break;
    case 1:
        EXPECT(jf_recv(s[0], &byte, 1, 0), JF_E_CONN_RESET);
        break;
    case 2:
        EXPECT(jf_recv_exact(s[0], &byte, 1, NULL), JF_E_CONN_RESET);
        break;
    case 3:
        EXPECT(jf_send(s[0], "x", 1, 0), JF_E_CONN_RESET);
        break;
    default:
        OK(jf_get(s[0], JF_OPT_ERROR, &value));
        CHECK(value == JF_E_CONN_RESET);
    }
    /* The error is reported once. */
    EXPECT(jf_recv(s[0], &byte, 1, 0), 0);
    EXPECT(jf_send(s[0], "x", 1, 0), JF_E_PIPE);
    EXPECT(jf_send_file(s[0], file, 0, 1), JF_E_PIPE);
    OK(jf_get(s[0], JF_OPT_ERROR, &value));
    CHECK(value == 0);
    OK(jf_close(s[0]));
}

int main(int argc, char **argv) {
    watchdog(is_slow(argc, argv) ? 280 : 110);
    file = memfd_create("zeros", MFD_CLOEXEC);
    CHECK(file >= 0 && ftruncate(file, (off_t)1 << 26) == 0);
    for (int next_call = 0; next_call < CALL_COUNT; next_call++) {
        reset_during_send(-1, next_call);
        reset_during_send(60000, next_call);
    }
    return 0;
}
