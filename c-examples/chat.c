/*
 * A chat in rooms: the server, and a client for terminals.
 *
 *     chat serve tcp://:7000                       until it is interrupted
 *     chat join tcp://example.org:7000 anna        to the room named lobby
 *     chat join unix:///tmp/chat anna kitchen
 *
 * What a client types goes to everybody else in its room, but for /join ROOM, /nick NAME, /who and /quit, which the end
 * of the input (Ctrl-D) is, too. The input is a terminal or a pipe. Ctrl-C ends either program in good order, so that
 * the others are told; a second one ends it at once.
 *
 * The first line that the server prints is the endpoint to join. It trusts nobody: lines have a longest length, a
 * terminal's commands are taken out of them, and each client has only so much memory. Who reads more slowly than the
 * others write misses lines, and is told how many. Nobody waits for anybody.
 *
 * The status is 0 at the end, also after Ctrl-C; 1 when something failed; 2 when the arguments are wrong.
 */
#include <jackfield.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h> /* for read, of the keyboard; all else is C99 */

enum {
    NAME = 20,              /* the longest name of a client or a room */
    TEXT = 1000,            /* the longest line that a client may send */
    LINE = TEXT + NAME + 4, /* room for a line with the name of who says it */
    QUEUE = 65536,          /* how much a client may be behind */
    CLIENTS = 256,
    GRACE_S = 2,            /* how long a client that is to leave may take to read what it was told */
    AGAIN_MS = 500,         /* when to look again at what the poller does not tell of */
    PATIENCE_MS = 10000
};

/* What came in and is no whole line yet, and what is to go out. */
struct lines { char bytes[LINE]; size_t len; };
struct queue { char bytes[QUEUE]; size_t len; };

static jf_poller poller;
static volatile sig_atomic_t stop;

static void fail(const char *what, const char *why) {
    fprintf(stderr, "chat: %s: %s\n", what, why);
    exit(1);
}

static int64_t ok(int64_t result, const char *what) {
    if (result < 0) fail(what, jf_error_text(result));
    return result;
}

static void on_signal(int number) {
    signal(number, SIG_DFL);
    stop = 1;
    jf_poller_wake(poller); /* the wait ends also when it begins only after the signal */
}

static void open_poller(void) {
    poller = ok(jf_poller_open(), "poller");
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
}

static void close_poller(void) {
    signal(SIGINT, SIG_DFL); /* no wake may come while it is being closed */
    signal(SIGTERM, SIG_DFL);
    ok(jf_poller_close(poller), "poller");
}

/* Has all calls on a connection return at once, since the poller waits, and the poller tell of it. */
static int64_t add(jf_socket s, uint64_t token) {
    int64_t result = jf_set(s, JF_OPT_RECV_TIMEOUT, 0);
    if (result >= 0) result = jf_set(s, JF_OPT_SEND_TIMEOUT, 0);
    return result < 0 ? result : jf_poller_add(poller, s, JF_READABLE, token);
}

/* A line, until the next one. */
static const char *text(const char *format, ...) {
    static char line[LINE];
    va_list values;
    va_start(values, format);
    vsnprintf(line, sizeof line, format, values);
    va_end(values);
    return line;
}

/* How many bytes the character at p has; 0 if it is not UTF-8, or something that a terminal obeys. */
static size_t printable(const unsigned char *p) {
    static const uint32_t first[] = {0x20, 0xa0, 0x800, 0x10000}; /* of those with 1, 2, 3, 4 bytes */
    size_t more = *p < 0x80 ? 0 : *p < 0xc0 ? 4 : *p < 0xe0 ? 1 : *p < 0xf0 ? 2 : *p < 0xf8 ? 3 : 4;
    uint32_t code = more == 0 ? *p : *p & (0x3fu >> more);
    if (more > 3) return 0;
    for (size_t i = 1; i <= more; i++) {
        if ((p[i] & 0xc0) != 0x80) return 0;
        code = code << 6 | (p[i] & 0x3f);
    }
    return code < first[more] || code == 0x7f || (code >= 0xd800 && code < 0xe000) || code > 0x10ffff ? 0 : more + 1;
}

/* Takes out the next whole line, made harmless; 0 if there is none. */
static int next_line(struct lines *in, char line[LINE]) {
    char *end = memchr(in->bytes, '\n', in->len);
    if (!end) return 0;
    size_t len = (size_t)(end - in->bytes);
    memcpy(line, in->bytes, len);
    in->len -= len + 1;
    memmove(in->bytes, end + 1, in->len);
    if (len > 0 && line[len - 1] == '\r') len--;
    line[len] = 0; /* which is no part of a character, either */
    for (size_t i = 0, n; i < len; i += n ? n : 1)
        if ((n = printable((unsigned char *)line + i)) == 0) line[i] = '?';
    return 1;
}

/* Puts a line into a queue; 0 if there is no room for it. */
static int put(struct queue *out, const char *line) {
    size_t len = strlen(line);
    if (len >= sizeof out->bytes - out->len) return 0;
    memcpy(out->bytes + out->len, line, len);
    out->bytes[out->len + len] = '\n';
    out->len += len + 1;
    return 1;
}

/* Sends as much of a queue as there is room for. If nothing can be sent any more, who receives next finds the end. */
static void flush(jf_socket s, struct queue *out) {
    size_t sent = 0;
    int64_t result = out->len > 0 ? jf_send_all(s, out->bytes, out->len, &sent) : 0;
    out->len -= sent;
    memmove(out->bytes, out->bytes + sent, out->len);
    if (result >= 0 || result == JF_E_WOULD_BLOCK) return;
    out->len = 0;
    jf_shutdown(s, JF_SHUT_BOTH);
}

/* The server. */

struct client {
    jf_socket s;          /* 0: this place is free */
    char nick[NAME + 1];  /* empty: it has no name yet, or no more; the others don't see it */
    char room[NAME + 1];
    struct lines in;
    struct queue out;
    unsigned long missed; /* lines for which there was no room */
    uint32_t events;      /* what the poller waits for */
    int ended;            /* it sends no more */
    time_t until;         /* not 0: it is leaving, and has time until then */
};

static struct client clients[CLIENTS];
static jf_socket listener;
static time_t full; /* since when nobody can be let in; 0: somebody can */

static void tell(struct client *c, const char *line) {
    if (c->missed == 0 && c->out.len > QUEUE - LINE) flush(c->s, &c->out);
    /* After one line that is missed, all are until the queue is empty: that makes one gap, and one report. */
    if (c->missed > 0 || !put(&c->out, line)) c->missed++;
}

static void tell_others(const struct client *who, const char *line) {
    for (struct client *c = clients; c < clients + CLIENTS; c++)
        if (c != who && *c->nick && strcmp(c->room, who->room) == 0) tell(c, line);
}

static void leave(struct client *c, const char *last_word) {
    if (c->until) return;
    if (*c->nick) tell_others(c, text("* %s leaves", c->nick));
    *c->nick = 0;
    c->until = time(NULL) + GRACE_S;
    tell(c, last_word);
}

/* Gives a client its name, or a room. */
static void change(struct client *c, int nick, const char *to) {
    size_t len = strspn(to, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_");
    int taken = 0;
    for (struct client *other = clients; other < clients + CLIENTS; other++)
        if (nick && strcmp(other->nick, to) == 0) taken = 1;
    if (len == 0 || len > NAME || to[len] != 0) {
        tell(c, text("* A name is 1 to %d letters, digits, - and _", NAME));
    } else if (taken) {
        tell(c, text("* The name %s is taken: choose another one with /nick NAME", to));
    } else {
        if (*c->nick) tell_others(c, text(nick ? "* %s is now %s" : "* %s goes to the room %s", c->nick, to));
        strcpy(nick ? c->nick : c->room, to);
        if (!*c->nick) return;
        tell_others(c, text("* %s is here", c->nick));
        tell(c, text("* You are %s, in the room %s", c->nick, c->room));
    }
}

static void obey(struct client *c, char *line) {
    char *argument = strchr(line, ' ');
    if (*line == 0) return;
    if (*line != '/' && *c->nick) {
        tell_others(c, text("%s: %s", c->nick, line));
        return;
    }
    if (argument) *argument++ = 0;
    if (argument && (strcmp(line, "/nick") == 0 || strcmp(line, "/join") == 0)) {
        change(c, line[1] == 'n', argument);
    } else if (strcmp(line, "/who") == 0) {
        for (struct client *other = clients; other < clients + CLIENTS; other++)
            if (*other->nick && strcmp(other->room, c->room) == 0) tell(c, text("* %s is here", other->nick));
    } else if (strcmp(line, "/quit") == 0) {
        leave(c, "* Goodbye.");
    } else {
        tell(c, *c->nick ? "* There are /join ROOM, /nick NAME, /who and /quit" : "* Say who you are, with /nick NAME");
    }
}

/* Receives from a client, once: nobody who sends much keeps the others waiting. */
static void hear(struct client *c) {
    char line[LINE];
    int64_t n = jf_recv(c->s, c->in.bytes + c->in.len, TEXT + 1 - c->in.len, 0);
    if (n == JF_E_WOULD_BLOCK) return;
    if (n <= 0) {
        c->ended = 1;
        leave(c, "* Goodbye.");
        return;
    }
    c->in.len += (size_t)n;
    while (!c->until && next_line(&c->in, line)) obey(c, line);
    if (c->in.len > TEXT) leave(c, "* That line is too long. Goodbye.");
    if (c->until) c->in.len = 0; /* what it sends no longer matters */
}

/* Without this the poller would tell again and again of who can't be let in. */
static void open_door(int open) {
    full = open ? 0 : time(NULL);
    ok(jf_poller_modify(poller, listener, open ? JF_READABLE : 0, CLIENTS), "listener");
}

/* Who comes when there is no place, or no descriptor, waits at the listener: each second somebody may have left. */
static void let_in(void) {
    struct client *c = clients;
    while (c < clients + CLIENTS && c->s) c++;
    int64_t s = c == clients + CLIENTS ? JF_E_TOO_MANY_FILES : jf_accept(listener, NULL);
    if (s == JF_E_WOULD_BLOCK || s == JF_E_CONN_ABORTED) return;
    if (s < 0 || add(s, (uint64_t)(c - clients)) < 0) {
        jf_close(s); /* to an error it does nothing */
        open_door(0);
        return;
    }
    jf_set(s, JF_OPT_SEND_BUFFER, QUEUE); /* the system would let it grow to megabytes */
    jf_set(s, JF_OPT_KEEP_ALIVE, 1);      /* a machine that has vanished does not keep its name */
    memset(c, 0, sizeof *c);
    strcpy(c->room, "lobby");
    c->events = JF_READABLE;
    c->s = s;
}

/* Sends a client what it was told, and frees its place when it has left. Tells the others nothing. */
static void settle(struct client *c) {
    flush(c->s, &c->out);
    if (c->missed > 0 && c->out.len == 0) {
        put(&c->out, text("* You missed %lu lines", c->missed));
        c->missed = 0;
        flush(c->s, &c->out);
    }
    int told = c->until && c->out.len == 0;
    if (told) jf_shutdown(c->s, JF_SHUT_WRITE);
    if ((told && c->ended) || (c->until && time(NULL) >= c->until)) {
        ok(jf_close(c->s), "close");
        c->s = 0;
        return;
    }
    uint32_t events = (c->ended ? 0 : JF_READABLE) | (c->out.len > 0 ? JF_WRITABLE : 0);
    if (events != c->events) ok(jf_poller_modify(poller, c->s, events, (uint64_t)(c - clients)), "client");
    c->events = events;
}

static void serve(const char *endpoint) {
    jf_event events[64];
    jf_addr at;
    char address[JF_ADDR_TEXT];
    open_poller();
    listener = ok(jf_serve(endpoint, -1), endpoint);
    ok(add(listener, CLIENTS), "listener");
    ok(jf_local_addr(listener, &at), "address");
    ok(jf_addr_format(&at, address, sizeof address), "address");
    printf("%s%s\n", at.family == JF_UNIX ? "" : "tcp://", at.family == JF_UNIX ? endpoint : address);
    fflush(stdout);

    int64_t time_ms = -1;
    for (int ending = 0, present = 1; !ending || present;) {
        int64_t n = ok(jf_poller_wait(poller, events, sizeof events / sizeof *events, time_ms), "wait");
        for (int64_t i = 0; i < n; i++) {
            if (events[i].token == CLIENTS) let_in();
            else if (!clients[events[i].token].ended) hear(&clients[events[i].token]);
        }
        ending = stop;
        if (ending || (full && time(NULL) != full)) open_door(!ending);

        /* What was told is sent all together. Places are freed only here: so no event finds somebody else in one. */
        present = 0;
        time_ms = full ? AGAIN_MS : -1;
        for (struct client *c = clients; c < clients + CLIENTS; c++) {
            if (!c->s) continue;
            if (ending) {
                *c->nick = 0; /* so that the others are not told */
                leave(c, "* The server ends. Goodbye.");
            }
            settle(c);
            if (c->s) present = 1;
            if (c->s && c->until) time_ms = AGAIN_MS;
        }
    }
    if (at.family == JF_UNIX && at.data[0]) remove((char *)at.data); /* the file of a UNIX socket stays otherwise */
    ok(jf_close(listener), "close");
    close_poller();
}

/* The client. */

enum { SERVER, KEYBOARD };

/* Queues what is typed, and returns 0 at its end. A line longer than may be sent becomes several. */
static int type(struct queue *out) {
    static struct lines in;
    char line[LINE];
    ssize_t n = read(0, in.bytes + in.len, TEXT - in.len);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) return 1;
    if (n > 0) in.len += (size_t)n;
    while (next_line(&in, line)) put(out, line);
    if (n <= 0 || in.len == TEXT) {
        in.bytes[in.len++] = '\n';
        next_line(&in, line);
        put(out, line);
    }
    if (n <= 0) put(out, "/quit");
    return n > 0;
}

/* Shows what the server sends, which is not trusted either, and returns 0 at its end. */
static int show(jf_socket s) {
    static struct lines in;
    char line[LINE];
    int64_t n = jf_recv(s, in.bytes + in.len, sizeof in.bytes - in.len, 0);
    if (n == JF_E_WOULD_BLOCK) return 1;
    in.len += (size_t)ok(n, "server");
    while (next_line(&in, line)) puts(line);
    if (in.len == sizeof in.bytes) fail("server", "It sends too long a line.");
    if (fflush(stdout) != 0 && !stop) fail("output", strerror(errno));
    return n > 0;
}

static void join(const char *endpoint, const char *nick, const char *room) {
    static struct queue out;
    jf_event events[2];
    int typing = 1, connected = 1;
    jf_socket s = ok(jf_dial(endpoint, PATIENCE_MS), endpoint);
    open_poller();
    ok(add(s, SERVER), "server");
    ok(jf_poller_add_fd(poller, 0, JF_ONE_SHOT, KEYBOARD), "keyboard");
    put(&out, text("/join %s", room));
    put(&out, text("/nick %s", nick));
    while (connected && !stop) {
        flush(s, &out);
        ok(jf_poller_modify(poller, s, JF_READABLE | (out.len > 0 ? JF_WRITABLE : 0), SERVER), "server");
        /* One event at a time: even its hangup is not told while there is no room for what may be typed. */
        if (typing && out.len < QUEUE - 2 * LINE)
            ok(jf_poller_modify_fd(poller, 0, JF_READABLE | JF_ONE_SHOT, KEYBOARD), "keyboard");
        int64_t n = ok(jf_poller_wait(poller, events, 2, -1), "wait");
        for (int64_t i = 0; i < n; i++) {
            if (events[i].token == KEYBOARD) typing = type(&out);
            else connected = show(s);
        }
    }
    ok(jf_close(s), "close");
    close_poller();
}

int main(int argc, char **argv) {
    int stream = argc > 2 && strncmp(argv[2], "udp:", 4) != 0;
    if (stream && argc == 3 && strcmp(argv[1], "serve") == 0) {
        serve(argv[2]);
    } else if (stream && (argc == 4 || argc == 5) && strcmp(argv[1], "join") == 0) {
        join(argv[2], argv[3], argc == 5 ? argv[4] : "lobby");
    } else {
        fprintf(stderr, "usage: chat serve ENDPOINT\n"
                        "       chat join ENDPOINT NICK [ROOM]\n"
                        "an endpoint is tcp://host:7000, tcp://:7000 or unix:///path\n");
        return 2;
    }
    return 0;
}
