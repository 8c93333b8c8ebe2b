/*
 * A datagram echo: the server and the client.
 *
 *     udp_echo serve 127.0.0.1:7000         runs until it is interrupted
 *     udp_echo serve 127.0.0.1:0 3          listens at a free port, and ends after three datagrams
 *     udp_echo ask 127.0.0.1:7000 a b c     sends three datagrams, and prints each answer on a line
 *
 * The first line that the server prints is the address at which it receives.
 */
#include <jackfield.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_DATAGRAM = 65535,      /* bytes; no IP datagram is longer */
    ANSWER_TIMEOUT_MS = 5000
};

static char buffer[MAX_DATAGRAM];

/* Exits with a message if a call failed; otherwise returns its result. */
static int64_t check(int64_t result, const char *what) {
    if (result < 0) {
        fprintf(stderr, "udp_echo: %s: %s\n", what, jf_error_text(result));
        exit(1);
    }
    return result;
}

/* Prints an address and a message at once, also when the output is a pipe. */
static void report(const jf_addr *address, const char *message) {
    char text[JF_ADDR_TEXT];
    check(jf_addr_format(address, text, sizeof text), "format");
    printf("%s%s\n", text, message);
    fflush(stdout);
}

static void serve(jf_socket s, jf_addr *address, unsigned long max_datagrams) {
    check(jf_bind(s, address), "bind");
    check(jf_local_addr(s, address), "address");
    report(address, "");
    for (unsigned long served = 0; max_datagrams == 0 || served < max_datagrams; served++) {
        jf_addr from;
        char message[200];
        int64_t n = check(jf_recv_from(s, buffer, sizeof buffer, 0, &from), "receive");
        int64_t sent = jf_send_to(s, buffer, (size_t)n, 0, &from);

        /* An unreachable client does not end the server. */
        if (sent < 0)
            snprintf(message, sizeof message, ": %s", jf_error_text(sent));
        else
            snprintf(message, sizeof message, " sent %" PRId64 " bytes", sent);
        report(&from, message);
    }
}

/* Sends a datagram and prints the answer. Datagrams can be lost, so JF_OPT_RECV_TIMEOUT limits the wait. */
static void ask(jf_socket s, const char *question) {
    check(jf_send(s, question, strlen(question), 0), "send");
    int64_t n = check(jf_recv(s, buffer, sizeof buffer, 0), "receive");
    fwrite(buffer, 1, (size_t)n, stdout);
    putchar('\n');
}

int main(int argc, char **argv) {
    int is_server = argc >= 3 && argc <= 4 && strcmp(argv[1], "serve") == 0;
    int is_client = argc >= 4 && strcmp(argv[1], "ask") == 0;
    char *end = "";
    unsigned long max_datagrams = is_server && argc == 4 ? strtoul(argv[3], &end, 10) : 0; /* 0: no limit */
    if ((!is_server && !is_client) || *end != 0 || (is_server && argc == 4 && max_datagrams == 0)) {
        fprintf(stderr, "usage: udp_echo serve ADDRESS [COUNT]\n"
                        "       udp_echo ask ADDRESS TEXT...\n"
                        "an address is 127.0.0.1:7000 or [::1]:7000; port 0 is a free one\n");
        return 2;
    }

    jf_addr address;
    check(jf_addr_parse(argv[2], &address), argv[2]);
    jf_socket s = check(jf_open(address.family, JF_DGRAM, 0), "open");
    if (is_server) {
        serve(s, &address, max_datagrams);
    } else {
        /* A connected socket receives from its peer alone, and reports JF_E_CONN_REFUSED if no server is there. */
        check(jf_connect(s, &address), argv[2]);
        check(jf_set(s, JF_OPT_RECV_TIMEOUT, ANSWER_TIMEOUT_MS), "timeout");
        for (int i = 3; i < argc; i++)
            ask(s, argv[i]);
    }
    check(jf_close(s), "close");
    return 0;
}
