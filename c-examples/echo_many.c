/*
 * Sends back whatever comes, to any number of clients at once.
 *
 *     echo_many tcp://:7000             until it is interrupted
 *     echo_many unix:///tmp/echo
 *
 * The first line that it prints is the endpoint at which it listens. Ctrl-C ends it in good order, with the status 0.
 *
 * A message is one receive and one send, and its share of a wait: clients are told of by JF_EDGE, which is the least work
 * for the system, and a receive that leaves room mostly tells that there was no more. A client that has been sent everything
 * needs no memory here: the token of its events is its socket. One that does not read is not read from, so that it costs no
 * more than what came at once. When there is no descriptor for a client, it waits at the listener until another one has left.
 */
#include <jackfield.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h> /* for the number of descriptors; all else is C99 */

enum { EVENTS = 64, ROOM = 65536 };

/* The end of a client's stream may come with the last of it, and an urgent byte parts a stream: JF_READ_CLOSED and
 * JF_PRIORITY tell that there is more behind what is received. Of a descriptor in a UNIX stream nothing tells: no edges. */
enum { FOR_SPACE = JF_WRITABLE | JF_EDGE };
static uint32_t for_more = JF_READABLE | JF_READ_CLOSED | JF_PRIORITY | JF_EDGE;

/* What a client was not sent yet, as the system had no room for it. */
struct rest {
    jf_socket s;
    size_t sent, len;
    char bytes[];
};

static jf_poller poller;
static volatile sig_atomic_t stop;

static int64_t ok(int64_t result, const char *what) {
    if (result < 0) {
        fprintf(stderr, "echo_many: %s: %s\n", what, jf_error_text(result));
        exit(1);
    }
    return result;
}

static void on_signal(int number) {
    signal(number, SIG_DFL);
    stop = 1;
    jf_poller_wake(poller); /* the wait ends also when it begins only after the signal */
}

/* A token is a socket, which is below 2 to the power of 53, or with the topmost bit a rest, whose address is even. */
static const uint64_t IS_REST = (uint64_t)1 << 63;

static uint64_t token_of(const struct rest *rest) {
    return IS_REST | (uint64_t)(uintptr_t)rest >> 1;
}

static struct rest *rest_of(uint64_t token) {
    return (struct rest *)(uintptr_t)(token << 1);
}

/* Keeps what a client could not be sent, and waits until it can be. Meanwhile nothing more is received from it. */
static void keep(jf_socket s, const char *bytes, size_t len) {
    struct rest *rest = malloc(sizeof *rest + len);
    if (rest) {
        rest->s = s;
        rest->sent = 0;
        rest->len = len;
        memcpy(rest->bytes, bytes, len);
        if (jf_poller_modify(poller, s, FOR_SPACE, token_of(rest)) >= 0) return;
    }
    free(rest);
    jf_close(s);
}

/* Sends more of it. After the last of it the client is received from again. */
static void go_on(struct rest *rest) {
    int64_t n = jf_send(rest->s, rest->bytes + rest->sent, rest->len - rest->sent, JF_DONT_WAIT);
    if (n == JF_E_WOULD_BLOCK) return;
    if (n > 0) rest->sent += (size_t)n;
    if (n > 0 && rest->sent < rest->len) return;
    if (n < 0 || jf_poller_modify(poller, rest->s, for_more, (uint64_t)rest->s) < 0) jf_close(rest->s);
    free(rest);
}

/* Receives from a client, once: nobody who sends much keeps the others waiting. */
static void echo(const jf_event *event) {
    static char room[ROOM];
    jf_socket s = (jf_socket)event->token;
    int64_t n = jf_recv(s, room, sizeof room, JF_DONT_WAIT);
    if (n <= 0) {
        if (n != JF_E_WOULD_BLOCK) jf_close(s); /* it has ended, or is broken */
        return;
    }
    int64_t sent = jf_send(s, room, (size_t)n, JF_DONT_WAIT);
    if (sent == n && n < ROOM && event->events == JF_READABLE) return;
    if (sent == JF_E_WOULD_BLOCK) sent = 0;
    if (sent >= 0 && sent < n) keep(s, room + sent, (size_t)(n - sent));
    /* There may be more, which is told by the next wait when it is asked for again. */
    else if (sent < 0 || jf_poller_modify(poller, s, for_more, (uint64_t)s) < 0) jf_close(s);
}

/* Lets a client in. If that fails, it has gone, or there is no descriptor for it, and the listener rests. */
static void let_in(jf_socket listener) {
    int64_t s = jf_accept(listener, NULL);
    if (s < 0) return;
    jf_set(s, JF_OPT_NO_DELAY, 1);   /* a UNIX socket has none */
    jf_set(s, JF_OPT_KEEP_ALIVE, 1); /* a machine that has vanished does not keep its descriptor */
    if (jf_poller_add(poller, s, for_more, (uint64_t)s) < 0) jf_close(s);
}

static void serve(jf_socket listener) {
    jf_event events[EVENTS];
    while (!stop) {
        int64_t n = ok(jf_poller_wait(poller, events, EVENTS, -1), "wait");
        for (const jf_event *event = events; event < events + n; event++) {
            if (event->token & IS_REST) go_on(rest_of(event->token));
            else if (event->token == (uint64_t)listener) let_in(listener);
            else echo(event);
        }
    }
}

/* As many clients as the system's administrator allows, not only as many as programs are given that count them. */
static void raise_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int argc, char **argv) {
    jf_addr at;
    char address[JF_ADDR_TEXT];
    if (argc != 2 || strncmp(argv[1], "udp:", 4) == 0) {
        fprintf(stderr, "usage: echo_many ENDPOINT\nan endpoint is tcp://host:7000, tcp://:7000 or unix:///path\n");
        return 2;
    }
    raise_limit();
    poller = ok(jf_poller_open(), "poller");
    ok(jf_poller_set(poller, JF_POLLER_REST_LISTENERS, 1), "poller");
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);

    jf_socket listener = ok(jf_serve(argv[1], -1), argv[1]);
    ok(jf_set(listener, JF_OPT_RECV_TIMEOUT, 0), "listener");
    ok(jf_poller_add(poller, listener, JF_READABLE, (uint64_t)listener), "listener");
    ok(jf_local_addr(listener, &at), "address");
    ok(jf_addr_format(&at, address, sizeof address), "address");
    printf("%s%s\n", at.family == JF_UNIX ? "" : "tcp://", at.family == JF_UNIX ? argv[1] : address);
    fflush(stdout);
    if (at.family == JF_UNIX) for_more &= ~(uint32_t)JF_EDGE;
    serve(listener);

    /* What clients there are, the system closes at the end of the program. */
    if (at.family == JF_UNIX && at.data[0]) remove((char *)at.data);
    ok(jf_close(listener), "close");
    signal(SIGINT, SIG_DFL); /* no wake may come while the poller is being closed */
    signal(SIGTERM, SIG_DFL);
    ok(jf_poller_close(poller), "poller");
    return 0;
}
