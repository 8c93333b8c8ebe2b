/* An HTTP server with a fixed reply, for tests with a third-party load generator: http_many ENDPOINT. It supports
 * many clients, keep-alive and pipelining. It exits at the end of its input. */
#include "check.h"

enum { EVENTS = 64 };

static const char REPLY[] = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 6\r\n\r\nhello\n";
enum { REPLY_LEN = sizeof REPLY - 1 };

struct client {
    jf_socket s;
    size_t matched;   /* length of the prefix of "\r\n\r\n" matched so far */
    size_t unsent;    /* bytes still to be sent */
    int is_blocked;   /* whether the last send would have blocked */
};

static jf_poller poller;

static void disconnect(struct client *c) {
    OK(jf_close(c->s));
    free(c);
}

/* Counts the requests that end in these bytes. Requests have no body. */
static size_t count_requests(struct client *c, const char *bytes, size_t len) {
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

/* Sends pending bytes without blocking. Returns 0 if the client has disconnected. */
static int send_replies(struct client *c) {
    while (c->unsent > 0) {
        size_t len = c->unsent % REPLY_LEN == 0 ? REPLY_LEN : c->unsent % REPLY_LEN;
        int64_t n = jf_send(c->s, REPLY + REPLY_LEN - len, len, JF_DONT_WAIT);
        if (n == JF_E_WOULD_BLOCK) break;
        if (n < 0) return 0;
        c->unsent -= (size_t)n;
    }
    int is_blocked = c->unsent > 0;
    if (is_blocked != c->is_blocked) {
        OK(jf_poller_modify(poller, c->s, is_blocked ? JF_WRITABLE : JF_READABLE, (uint64_t)(uintptr_t)c));
    }
    c->is_blocked = is_blocked;
    return 1;
}

static void serve_client(struct client *c) {
    static char buffer[65536];
    if (!c->is_blocked) {
        int64_t n = jf_recv(c->s, buffer, sizeof buffer, JF_DONT_WAIT);
        if (n == JF_E_WOULD_BLOCK) return;
        if (n <= 0) {
            disconnect(c);
            return;
        }
        c->unsent = count_requests(c, buffer, (size_t)n) * REPLY_LEN;
    }
    if (!send_replies(c)) disconnect(c);
}

static void accept_client(jf_socket listener) {
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
            if (event->token == LISTENER) accept_client(listener);
            else serve_client((struct client *)(uintptr_t)event->token);
        }
    }
}
