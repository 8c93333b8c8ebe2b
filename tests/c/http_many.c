/*
 * An HTTP server for any number of clients, each of which may ask again and again and before it has been answered, so that a
 * load generator by somebody else can be a peer: http_many ENDPOINT. The answer is always the same. It ends with its input.
 */
#include "check.h"

enum { EVENTS = 64 };

static const char REPLY[] = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 6\r\n\r\nhello\n";
enum { REPLY_LEN = sizeof REPLY - 1 };

struct client {
    jf_socket s;
    size_t matched; /* how much of the end of a request's head came last */
    size_t owed;    /* how many bytes are still to be sent */
    int waits;      /* until they can be */
};

static jf_poller poller;

static void leave(struct client *c) {
    OK(jf_close(c->s));
    free(c);
}

/* How many requests end in what came. They are all without a body. */
static size_t requests(struct client *c, const char *bytes, size_t len) {
    static const char END[] = "\r\n\r\n";
    size_t count = 0;
    for (size_t i = 0; i < len; i++) {
        c->matched = bytes[i] == END[c->matched] ? c->matched + 1 : bytes[i] == '\r';
        if (c->matched == sizeof END - 1) {
            c->matched = 0;
            count++;
        }
    }
    return count;
}

/* Sends what is owed, as far as there is room for it. 0 when the client has gone. */
static int answer(struct client *c) {
    while (c->owed > 0) {
        size_t len = c->owed % REPLY_LEN == 0 ? REPLY_LEN : c->owed % REPLY_LEN;
        int64_t n = jf_send(c->s, REPLY + REPLY_LEN - len, len, JF_DONT_WAIT);
        if (n == JF_E_WOULD_BLOCK) break;
        if (n < 0) return 0;
        c->owed -= (size_t)n;
    }
    int waits = c->owed > 0;
    if (waits != c->waits) {
        OK(jf_poller_modify(poller, c->s, waits ? JF_WRITABLE : JF_READABLE, (uint64_t)(uintptr_t)c));
    }
    c->waits = waits;
    return 1;
}

static void serve(struct client *c) {
    static char room[65536];
    if (!c->waits) {
        int64_t n = jf_recv(c->s, room, sizeof room, JF_DONT_WAIT);
        if (n == JF_E_WOULD_BLOCK) return;
        if (n <= 0) {
            leave(c);
            return;
        }
        c->owed = requests(c, room, (size_t)n) * REPLY_LEN;
    }
    if (!answer(c)) leave(c);
}

static void let_in(jf_socket listener) {
    int64_t s = jf_accept(listener, NULL);
    if (s < 0) return;
    OK(jf_set(s, JF_OPT_NO_DELAY, 1));
    struct client *c = calloc(1, sizeof *c);
    CHECK(c != NULL);
    c->s = s;
    OK(jf_poller_add(poller, s, JF_READABLE, (uint64_t)(uintptr_t)c));
}

int main(int argc, char **argv) {
    enum { LISTENER, INPUT };
    CHECK(argc == 2);
    jf_addr a;
    char text[JF_ADDR_TEXT];
    jf_socket listener = OK(jf_serve(argv[1], -1));
    OK(jf_local_addr(listener, &a));
    OK(jf_addr_format(&a, text, sizeof text));
    OK(jf_set(listener, JF_OPT_RECV_TIMEOUT, 0));
    poller = OK(jf_poller_open());
    OK(jf_poller_add(poller, listener, JF_READABLE, LISTENER));
    OK(jf_poller_add_fd(poller, 0, JF_READABLE, INPUT));
    printf("%s\n", text);
    fflush(stdout);
    for (;;) {
        jf_event events[EVENTS];
        int64_t n = OK(jf_poller_wait(poller, events, EVENTS, -1));
        for (const jf_event *event = events; event < events + n; event++) {
            if (event->token == INPUT) return 0;
            if (event->token == LISTENER) let_in(listener);
            else serve((struct client *)(uintptr_t)event->token);
        }
    }
}
