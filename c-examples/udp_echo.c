/*
 * An echo of datagrams: the server and the client.
 *
 *     udp_echo serve 127.0.0.1:7000         until it is interrupted
 *     udp_echo serve 127.0.0.1:0 3          three datagrams, at a free port
 *     udp_echo ask 127.0.0.1:7000 a b c     sends three datagrams and prints each answer on a line
 *
 * The first line that the server prints is the address at which it listens.
 */
#include <jackfield.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LONGEST = 65535,  /* no datagram of IP is longer */
    PATIENCE = 5000   /* how long the client waits for an answer, in milliseconds */
};

static char room[LONGEST];

/* Ends the program when a call failed. */
static int64_t ok(int64_t result, const char *what) {
    if (result < 0) {
        fprintf(stderr, "udp_echo: %s: %s\n", what, jf_error_text(result));
        exit(1);
    }
    return result;
}

/* Prints an address and what there is to say about it. Whoever reads the output wants to see it at once. */
static void report(const jf_addr *a, const char *news) {
    char text[JF_ADDR_TEXT];
    ok(jf_addr_format(a, text, sizeof text), "format");
    printf("%s%s\n", text, news);
    fflush(stdout);
}

static void serve(jf_socket s, jf_addr *a, unsigned long count) {
    ok(jf_bind(s, a), "bind");
    ok(jf_local_addr(s, a), "address");
    report(a, "");
    for (unsigned long served = 0; count == 0 || served < count; served++) {
        jf_addr from;
        char news[200];
        int64_t n = ok(jf_recv_from(s, room, sizeof room, 0, &from), "receive");
        int64_t sent = jf_send_to(s, room, (size_t)n, 0, &from);

        /* A client that can't be reached is no reason to leave the others alone. */
        if (sent < 0)
            snprintf(news, sizeof news, ": %s", jf_error_text(sent));
        else
            snprintf(news, sizeof news, " sent %" PRId64 " bytes", sent);
        report(&from, news);
    }
}

/* Datagrams can be lost, so the client waits for an answer only so long. */
static void ask(jf_socket s, const char *question) {
    ok(jf_send(s, question, strlen(question), 0), "send");
    int64_t n = ok(jf_recv(s, room, sizeof room, 0), "receive");
    fwrite(room, 1, (size_t)n, stdout);
    putchar('\n');
}

int main(int argc, char **argv) {
    int serves = argc >= 3 && strcmp(argv[1], "serve") == 0;
    int asks = argc >= 4 && strcmp(argv[1], "ask") == 0;
    char *end = "";
    unsigned long count = serves && argc == 4 ? strtoul(argv[3], &end, 10) : 0; /* 0: without end */
    if ((!serves && !asks) || (serves && argc > 4) || *end != 0 || (serves && argc == 4 && count == 0)) {
        fprintf(stderr, "usage: udp_echo serve ADDRESS [COUNT]\n"
                        "       udp_echo ask ADDRESS TEXT...\n"
                        "an address is 127.0.0.1:7000 or [::1]:7000; port 0 is a free one\n");
        return 2;
    }

    jf_addr a;
    ok(jf_addr_parse(argv[2], &a), argv[2]);
    jf_socket s = ok(jf_open(a.family, JF_DGRAM, 0), "open");
    if (serves) {
        serve(s, &a, count);
    } else {
        /* Connected, it receives from the server alone, and learns when nobody is there. */
        ok(jf_connect(s, &a), argv[2]);
        ok(jf_set(s, JF_OPT_RECV_TIMEOUT, PATIENCE), "timeout");
        for (int i = 3; i < argc; i++)
            ask(s, argv[i]);
    }
    ok(jf_close(s), "close");
    return 0;
}
