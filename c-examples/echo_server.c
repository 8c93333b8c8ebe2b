/*
 * Echoes bytes over TCP or a UNIX socket, to one client after the other.
 *
 *     echo_server 127.0.0.1:7000     runs until it is interrupted
 *     echo_server unix:/tmp/echo 3   ends after three clients
 *     echo_server [::]:0             listens at a free port, over IPv6 and IPv4
 *
 * The first line that it prints is the address at which it listens.
 */
#include <jackfield.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Exits with a message if a call failed; otherwise returns its result. */
static int64_t check(int64_t result, const char *what) {
    if (result < 0) {
        fprintf(stderr, "echo_server: %s: %s\n", what, jf_error_text(result));
        exit(1);
    }
    return result;
}

/* Opens a listener, and writes back the address with the port that the system chose. */
static jf_socket listen_at(jf_addr *address, const char *text) {
    jf_socket s = check(jf_open(address->family, JF_STREAM, 0), "open");
    /* Otherwise a restarted server could not bind while old connections are in TIME-WAIT. */
    check(jf_set(s, JF_OPT_REUSE_ADDR, 1), "reuse address");
    check(jf_bind(s, address), text);
    check(jf_listen(s, -1), text);
    check(jf_local_addr(s, address), text);
    return s;
}

/* Closing a UNIX socket does not remove its file. */
static void remove_socket_file(const jf_addr *address) {
    char path[sizeof address->data + 1] = {0};
    if (address->family == JF_UNIX && address->len > 0 && address->data[0] != 0) {
        memcpy(path, address->data, address->len);
        remove(path);
    }
}

/* Prints an address and a message at once, also when the output is a pipe. */
static void report(const jf_addr *address, const char *message) {
    char text[JF_ADDR_TEXT];
    check(jf_addr_format(address, text, sizeof text), "format");
    printf("%s%s\n", text, message);
    fflush(stdout);
}

/* Echoes to one client until the end of its stream, and counts the bytes. Returns 0 or an error. */
static int64_t serve_client(jf_socket client, uint64_t *total) {
    static char buffer[65536];
    for (;;) {
        int64_t n = jf_recv(client, buffer, sizeof buffer, 0);
        if (n <= 0) return n;
        int64_t sent = jf_send_all(client, buffer, (size_t)n, NULL);
        if (sent < 0) return sent;
        *total += (uint64_t)n;
    }
}

int main(int argc, char **argv) {
    jf_addr address;
    char *end = "";
    unsigned long max_clients = argc == 3 ? strtoul(argv[2], &end, 10) : 0; /* 0: no limit */
    if (argc < 2 || argc > 3 || *end != 0 || (argc == 3 && max_clients == 0)) {
        fprintf(stderr, "usage: echo_server ADDRESS [CLIENTS]\n"
                        "an address is 127.0.0.1:7000, [::1]:7000, unix:/path or unix:@name; port 0 is a free one\n");
        return 2;
    }
    check(jf_addr_parse(argv[1], &address), argv[1]);
    jf_socket listener = listen_at(&address, argv[1]);
    report(&address, "");

    for (unsigned long served = 0; max_clients == 0 || served < max_clients; served++) {
        jf_addr peer;
        char message[200];
        uint64_t total = 0;
        int64_t client;
        do {
            client = jf_accept(listener, &peer);
        } while (client == JF_E_CONN_ABORTED); /* the client closed while in the backlog */
        check(client, "accept");
        int64_t result = serve_client(client, &total);
        check(jf_close(client), "close");

        /* An error of one client does not end the server. */
        const char *error = result < 0 ? jf_error_text(result) : "";
        snprintf(message, sizeof message, " sent %" PRIu64 " bytes%s%s", total, *error ? ": " : "", error);
        report(&peer, message);
    }
    check(jf_close(listener), "close");
    remove_socket_file(&address);
    return 0;
}
