/*
 * Echoes bytes to any number of clients at once: an event loop over jf_poller, with edge-triggered readiness.
 *
 *     echo_many tcp://:7000             runs until it is interrupted
 *     echo_many unix:///tmp/echo
 *
 * The first line that it prints is the endpoint at which it listens. Ctrl-C ends it cleanly, with exit status 0.
 *
 * A message costs one receive, one send and a share of a wait. Clients are registered with JF_EDGE, which is the least
 * work for the kernel. A receive that does not fill the buffer usually means that no more data is queued. A client
 * without unsent data needs no memory here: the token of its events is its socket. While a client does not read,
 * nothing is received from it, so it costs no more memory than one buffer. Without a free file descriptor, new clients
 * wait in the listener's backlog until another one disconnects.
 */
#include <jackfield.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h> /* for the limit of descriptors; all else is C99 */

enum { MAX_EVENTS = 64, BUFFER_SIZE = 65536 };

/*
 * A short receive may leave something: the end of the stream, or data behind an out-of-band byte. JF_READ_CLOSED and
 * JF_PRIORITY report these. No event reports a control message in a UNIX stream, so UNIX sockets do without JF_EDGE.
 */
static uint32_t read_events = JF_READABLE | JF_READ_CLOSED | JF_PRIORITY | JF_EDGE;
enum { WRITE_EVENTS = JF_WRITABLE | JF_EDGE };

/* Bytes that the socket of a client did not accept yet. */
struct unsent {
    jf_socket s;
    size_t sent, len;
    char bytes[];
};

static jf_poller poller;
static volatile sig_atomic_t stop_requested;

/* Exits with a message if a call failed; otherwise returns its result. */
static int64_t check(int64_t result, const char *what) {
    if (result < 0) {
        fprintf(stderr, "echo_many: %s: %s\n", what, jf_error_text(result));
        exit(1);
    }
    return result;
}

static void on_signal(int number) {
    signal(number, SIG_DFL);
    stop_requested = 1;
    jf_poller_wake(poller); /* a wait that starts only after the signal returns, too */
}

/* A token is a socket, which is below 2 to the power of 53, or the top bit and the address of unsent bytes, halved. */
static const uint64_t IS_UNSENT = (uint64_t)1 << 63;

static uint64_t token_of(const struct unsent *unsent) {
    return IS_UNSENT | (uint64_t)(uintptr_t)unsent >> 1;
}

static struct unsent *unsent_of(uint64_t token) {
    return (struct unsent *)(uintptr_t)(token << 1);
}

/* Stores unsent bytes, and waits for the socket to be writable. Until all are sent, nothing is received from it. */
static void store_unsent(jf_socket s, const char *bytes, size_t len) {
    struct unsent *unsent = malloc(sizeof *unsent + len);
    if (unsent) {
        unsent->s = s;
        unsent->sent = 0;
        unsent->len = len;
        memcpy(unsent->bytes, bytes, len);
        if (jf_poller_modify(poller, s, WRITE_EVENTS, token_of(unsent)) >= 0) return;
    }
    free(unsent);
    jf_close(s);
}

/* Sends more of the stored bytes. After the last one, waits for data again. */
static void send_unsent(struct unsent *unsent) {
    int64_t n = jf_send(unsent->s, unsent->bytes + unsent->sent, unsent->len - unsent->sent, JF_DONT_WAIT);
    if (n == JF_E_WOULD_BLOCK) return;
    if (n > 0) unsent->sent += (size_t)n;
    if (n > 0 && unsent->sent < unsent->len) return;
    if (n < 0 || jf_poller_modify(poller, unsent->s, read_events, (uint64_t)unsent->s) < 0) jf_close(unsent->s);
    free(unsent);
}

/* Receives from a client once per event, so that a client that sends much does not delay the others. */
static void echo(const jf_event *event) {
    static char buffer[BUFFER_SIZE];
    jf_socket s = (jf_socket)event->token;
    int64_t n = jf_recv(s, buffer, sizeof buffer, JF_DONT_WAIT);
    if (n <= 0) {
        if (n != JF_E_WOULD_BLOCK) jf_close(s); /* the end of the stream, or an error */
        return;
    }
    int64_t sent = jf_send(s, buffer, (size_t)n, JF_DONT_WAIT);
    if (sent == n && n < BUFFER_SIZE && event->events == JF_READABLE) return;
    if (sent == JF_E_WOULD_BLOCK) sent = 0;
    if (sent >= 0 && sent < n) store_unsent(s, buffer + sent, (size_t)(n - sent));
    /* More data may be queued. Registering the same events again makes the next wait report it despite JF_EDGE. */
    else if (sent < 0 || jf_poller_modify(poller, s, read_events, (uint64_t)s) < 0) jf_close(s);
}

/* Accepts a client. On an error it has disconnected, or no descriptor is free and the poller pauses the listener. */
static void accept_client(jf_socket listener) {
    int64_t s = jf_accept(listener, NULL);
    if (s < 0) return;
    jf_set(s, JF_OPT_NO_DELAY, 1);   /* fails for a UNIX socket, which has no such option */
    jf_set(s, JF_OPT_KEEP_ALIVE, 1); /* detects a machine that has vanished, which frees its descriptor */
    if (jf_poller_add(poller, s, read_events, (uint64_t)s) < 0) jf_close(s);
}

static void serve(jf_socket listener) {
    jf_event events[MAX_EVENTS];
    while (!stop_requested) {
        int64_t n = check(jf_poller_wait(poller, events, MAX_EVENTS, -1), "wait");
        for (const jf_event *event = events; event < events + n; event++) {
            if (event->token & IS_UNSENT) send_unsent(unsent_of(event->token));
            else if (event->token == (uint64_t)listener) accept_client(listener);
            else echo(event);
        }
    }
}

/* Raises the soft limit of descriptors, which is low for the sake of programs that use select(), to the hard limit. */
static void raise_descriptor_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int argc, char **argv) {
    jf_addr address;
    char address_text[JF_ADDR_TEXT];
    if (argc != 2 || strncmp(argv[1], "udp:", 4) == 0) {
        fprintf(stderr, "usage: echo_many ENDPOINT\nan endpoint is tcp://host:7000, tcp://:7000 or unix:///path\n");
        return 2;
    }
    raise_descriptor_limit();
    poller = check(jf_poller_open(), "poller");
    check(jf_poller_set(poller, JF_POLLER_REST_LISTENERS, 1), "poller");
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);

    jf_socket listener = check(jf_serve(argv[1], -1), argv[1]);
    check(jf_set(listener, JF_OPT_RECV_TIMEOUT, 0), "listener");
    check(jf_poller_add(poller, listener, JF_READABLE, (uint64_t)listener), "listener");
    check(jf_local_addr(listener, &address), "address");
    check(jf_addr_format(&address, address_text, sizeof address_text), "address");
    if (address.family == JF_UNIX) puts(argv[1]);
    else printf("tcp://%s\n", address_text);
    fflush(stdout);
    if (address.family == JF_UNIX) read_events &= ~(uint32_t)JF_EDGE;
    serve(listener);

    /* Closing a UNIX socket does not remove its file. The end of the process closes the clients. */
    if (address.family == JF_UNIX && address.data[0]) remove((char *)address.data);
    check(jf_close(listener), "close");
    signal(SIGINT, SIG_DFL); /* the handler must not use the poller while it is being closed */
    signal(SIGTERM, SIG_DFL);
    check(jf_poller_close(poller), "poller");
    return 0;
}
