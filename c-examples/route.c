/*
 * Lists the routers on the way to a host, one a line, as traceroute does.
 *
 *     route 192.0.2.1:33434
 *     route [2001:db8::1]:33434
 *
 * It needs no privilege and no system header: a datagram's TTL and the ICMP errors are fields of jf_msg.
 */
#include <jackfield.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_HOPS = 30, ANSWER_TIMEOUT_MS = 2000 };

/* Exits with a message if a call failed; otherwise returns its result. */
static int64_t check(int64_t result) {
    if (result >= 0) return result;
    fprintf(stderr, "route: %s\n", jf_error_text(result));
    exit(1);
}

static void send_probe(jf_socket s, const jf_addr *to, uint32_t ttl) {
    jf_buf buf = {"where am I?", 11};
    jf_msg msg;
    memset(&msg, 0, sizeof msg);
    msg.size = sizeof msg;
    msg.present = JF_HAS_ADDR | JF_HAS_TTL;
    msg.addr = *to;
    msg.ttl = ttl;
    msg.bufs = &buf;
    msg.buf_count = 1;
    check(jf_send_msg(s, &msg, 0));
}

/* Waits for the ICMP error that answers a probe. Returns its code and sender, or JF_E_TIMED_OUT. */
static int64_t receive_error(jf_socket s, jf_addr *from) {
    char data[64];
    jf_buf buf = {data, sizeof data};
    jf_wait_item item = {s, 0, 0}; /* no events requested: errors are always reported */
    jf_msg msg;
    if (check(jf_wait(&item, 1, ANSWER_TIMEOUT_MS)) == 0) return JF_E_TIMED_OUT;
    memset(&msg, 0, sizeof msg);
    msg.size = sizeof msg;
    msg.bufs = &buf;
    msg.buf_count = 1;
    check(jf_recv_msg(s, &msg, JF_ERROR_QUEUE));
    *from = msg.error_from;
    return msg.error;
}

int main(int argc, char **argv) {
    jf_addr to, from;
    if (argc != 2) {
        fprintf(stderr, "usage: route address:port\n");
        return 2;
    }
    check(jf_addr_parse(argv[1], &to));
    jf_socket s = check(jf_open(to.family, JF_DGRAM, 0));
    check(jf_set(s, JF_OPT_RECV_ERRORS, 1));
    for (uint32_t ttl = 1; ttl <= MAX_HOPS; ttl++) {
        char text[JF_ADDR_TEXT];
        send_probe(s, &to, ttl);
        int64_t error = receive_error(s, &from);
        if (error == JF_E_TIMED_OUT) {
            printf("%2u  no answer\n", ttl);
            continue;
        }
        check(jf_addr_format(&from, text, sizeof text));
        /* A router answers that the TTL expired; the host itself, that the port is closed. */
        int is_host = error == JF_E_CONN_REFUSED;
        printf("%2u  %s%s\n", ttl, text, is_host ? "  reached" : "");
        if (is_host) break;
    }
    return (int)check(jf_close(s));
}
