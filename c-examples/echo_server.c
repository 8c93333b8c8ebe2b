/*
 * Sends back whatever comes, over TCP or a UNIX socket, to one client after the other.
 *
 *     echo_server 127.0.0.1:7000     until it is interrupted
 *     echo_server unix:/tmp/echo 3   for three clients
 *     echo_server [::]:0             at a free port, over IPv6 and IPv4
 *
 * The first line that it prints is the address at which it listens.
 */
#include <jackfield.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Ends the program when a call failed. */
static int64_t ok(int64_t result, const char *what) {
    if (result < 0) {
        fprintf(stderr, "echo_server: %s: %s\n", what, jf_error_text(result));
        exit(1);
    }
    return result;
}

/* Opens a socket that listens at an address, and writes back the address with the port that it got. */
static jf_socket listen_at(jf_addr *a, const char *text) {
    jf_socket s = ok(jf_open(a->family, JF_STREAM, 0), "open");
    /* A server that starts again need not wait until its old connections have faded out. */
    ok(jf_set(s, JF_OPT_REUSE_ADDR, 1), "reuse address");
    ok(jf_bind(s, a), text);
    ok(jf_listen(s, -1), text);
    ok(jf_local_addr(s, a), text);
    return s;
}

/* The file of a UNIX socket stays behind when the socket is closed. */
static void remove_path(const jf_addr *a) {
    char path[sizeof a->data + 1] = {0};
    if (a->family == JF_UNIX && a->len > 0 && a->data[0] != 0) {
        memcpy(path, a->data, a->len);
        remove(path);
    }
}

/* Prints an address and what there is to say about it. Whoever reads the output wants to see it at once. */
static void report(const jf_addr *a, const char *news) {
    char text[JF_ADDR_TEXT];
    ok(jf_addr_format(a, text, sizeof text), "format");
    printf("%s%s\n", text, news);
    fflush(stdout);
}

/* Sends back what a client sends, until it has no more; counts the bytes. Returns 0 or an error. */
static int64_t serve(jf_socket client, uint64_t *total) {
    static char room[65536];
    for (;;) {
        int64_t n = jf_recv(client, room, sizeof room, 0);
        if (n <= 0) return n;
        int64_t sent = jf_send_all(client, room, (size_t)n, NULL);
        if (sent < 0) return sent;
        *total += (uint64_t)n;
    }
}

int main(int argc, char **argv) {
    jf_addr a;
    char *end = "";
    unsigned long clients = argc == 3 ? strtoul(argv[2], &end, 10) : 0; /* 0: without end */
    if (argc < 2 || argc > 3 || *end != 0 || (argc == 3 && clients == 0)) {
        fprintf(stderr, "usage: echo_server ADDRESS [CLIENTS]\n"
                        "an address is 127.0.0.1:7000, [::1]:7000, unix:/path or unix:@name; port 0 is a free one\n");
        return 2;
    }
    ok(jf_addr_parse(argv[1], &a), argv[1]);
    jf_socket listener = listen_at(&a, argv[1]);
    report(&a, "");

    for (unsigned long served = 0; clients == 0 || served < clients; served++) {
        jf_addr peer;
        char news[200];
        uint64_t total = 0;
        int64_t client;
        do {
            client = jf_accept(listener, &peer);
        } while (client == JF_E_CONN_ABORTED); /* gone before its turn came */
        ok(client, "accept");
        int64_t result = serve(client, &total);
        ok(jf_close(client), "close");

        /* A client that breaks off is no reason to leave the others alone. */
        const char *error = result < 0 ? jf_error_text(result) : "";
        snprintf(news, sizeof news, " sent %" PRIu64 " bytes%s%s", total, *error ? ": " : "", error);
        report(&peer, news);
    }
    ok(jf_close(listener), "close");
    remove_path(&a);
    return 0;
}
