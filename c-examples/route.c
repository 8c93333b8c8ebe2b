/* Shows the way to a host, one router a line, as traceroute does: route 192.0.2.1:33434 or route [2001:db8::1]:33434
   It needs no privilege and no header of the system: a datagram's TTL and the errors that come back for it are members of a
   message. */
#include <jackfield.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FARTHEST = 30, PATIENCE_MS = 2000 };

static int64_t ok(int64_t result) {
    if (result >= 0) return result;
    fprintf(stderr, "route: %s\n", jf_error_text(result));
    exit(1);
}

/* Waits for the error that a datagram comes to; returns what it is, or JF_E_TIMED_OUT, and who says so. */
static int64_t answer(jf_socket s, jf_addr *from) {
    char data[64];
    jf_buf buf = {data, sizeof data};
    jf_wait_item item = {s, 0, 0}; /* errors are always waited for */
    jf_msg msg;
    if (ok(jf_wait(&item, 1, PATIENCE_MS)) == 0) return JF_E_TIMED_OUT;
    memset(&msg, 0, sizeof msg);
    msg.size = sizeof msg;
    msg.bufs = &buf;
    msg.buf_count = 1;
    ok(jf_recv_msg(s, &msg, JF_ERROR_QUEUE));
    *from = msg.error_from;
    return msg.error;
}

int main(int argc, char **argv) {
    jf_addr to, from;
    if (argc != 2) {
        fprintf(stderr, "usage: route address:port\n");
        return 2;
    }
    ok(jf_addr_parse(argv[1], &to));
    jf_socket s = ok(jf_open(to.family, JF_DGRAM, 0));
    ok(jf_set(s, JF_OPT_RECV_ERRORS, 1));
    for (uint32_t ttl = 1; ttl <= FARTHEST; ttl++) {
        char text[JF_ADDR_TEXT];
        jf_buf buf = {"where am I?", 11};
        jf_msg msg;
        memset(&msg, 0, sizeof msg);
        msg.size = sizeof msg;
        msg.present = JF_HAS_ADDR | JF_HAS_TTL;
        msg.addr = to;
        msg.ttl = ttl;
        msg.bufs = &buf;
        msg.buf_count = 1;
        ok(jf_send_msg(s, &msg, 0));
        int64_t error = answer(s, &from);
        if (error == JF_E_TIMED_OUT) {
            printf("%2u  no answer\n", ttl);
            continue;
        }
        ok(jf_addr_format(&from, text, sizeof text));
        /* A router says that the host can't be reached (in so few steps); the host, that nobody listens at that port. */
        printf("%2u  %s%s\n", ttl, text, error == JF_E_CONN_REFUSED ? "  is there" : "");
        if (error == JF_E_CONN_REFUSED) break;
    }
    return (int)ok(jf_close(s));
}
