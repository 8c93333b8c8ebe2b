/*
 * A chat with rooms: the server, and a client for terminals. It shows jf_poller, with sockets and with the keyboard.
 *
 *     chat serve tcp://:7000                       runs until it is interrupted
 *     chat join tcp://example.org:7000 anna        joins the room named lobby
 *     chat join unix:///tmp/chat anna kitchen      joins the room named kitchen
 *
 * What a client types is sent to all others in its room, except for the commands /join ROOM, /nick NAME, /who and
 * /quit. The end of the input (Ctrl-D) is the same as /quit. The input is a terminal or a pipe. Ctrl-C ends either
 * program cleanly, so that the other users are notified; a second Ctrl-C terminates it at once.
 *
 * The first line that the server prints is the endpoint to join. The server does not trust its clients: it limits the
 * length of a line, replaces terminal control characters, and bounds the memory of each client. A client that reads too
 * slowly misses lines, and is notified how many. A slow client never delays the others.
 *
 * The exit status is 0 at the end, also after Ctrl-C; 1 after an error; 2 when the arguments are wrong.
 */
#include <jackfield.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h> /* for read(), of the keyboard; all else is C99 */

enum {
    MAX_NAME = 20,      /* bytes in the name of a client or a room */
    MAX_TEXT = 1000,    /* bytes in a line that a client may send */
    MAX_LINE = MAX_TEXT + MAX_NAME + 4, /* capacity for a line with the name of its sender */
    QUEUE_SIZE = 65536, /* bytes that may wait to be sent to a client */
    MAX_CLIENTS = 256,
    GRACE_SECONDS = 2,  /* how long a leaving client has to read its queue */
    RETRY_MS = 500,     /* when to check again what the poller does not report */
    DIAL_TIMEOUT_MS = 10000
};

/* Received bytes that are not yet a whole line, and bytes to send. */
struct line_buffer { char bytes[MAX_LINE]; size_t len; };
struct send_queue { char bytes[QUEUE_SIZE]; size_t len; };

static jf_poller poller;
static volatile sig_atomic_t stop_requested;

static void fail(const char *what, const char *why) {
    fprintf(stderr, "chat: %s: %s\n", what, why);
    exit(1);
}

/* Exits with a message if a call failed; otherwise returns its result. */
static int64_t check(int64_t result, const char *what) {
    if (result < 0) fail(what, jf_error_text(result));
    return result;
}

static void on_signal(int number) {
    signal(number, SIG_DFL);
    stop_requested = 1;
    jf_poller_wake(poller); /* a wait that starts only after the signal returns, too */
}

static void open_poller(void) {
    poller = check(jf_poller_open(), "poller");
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
}

static void close_poller(void) {
    signal(SIGINT, SIG_DFL); /* the handler must not use the poller while it is being closed */
    signal(SIGTERM, SIG_DFL);
    check(jf_poller_close(poller), "poller");
}

/* Makes a socket non-blocking, and registers it with the poller. */
static int64_t register_socket(jf_socket s, uint64_t token) {
    int64_t result = jf_set(s, JF_OPT_RECV_TIMEOUT, 0);
    if (result >= 0) result = jf_set(s, JF_OPT_SEND_TIMEOUT, 0);
    return result < 0 ? result : jf_poller_add(poller, s, JF_READABLE, token);
}

/* Formats a line into a static buffer, which the next call overwrites. */
static const char *format_line(const char *format, ...) {
    static char line[MAX_LINE];
    va_list values;
    va_start(values, format);
    vsnprintf(line, sizeof line, format, values);
    va_end(values);
    return line;
}

/* Returns the length of the UTF-8 character at p; 0 if it is invalid, or a control character. */
static size_t printable_length(const unsigned char *p) {
    static const uint32_t lowest_code[] = {0x20, 0xa0, 0x800, 0x10000}; /* with 0, 1, 2, 3 continuation bytes */
    size_t continuation = *p < 0x80 ? 0 : *p < 0xc0 ? 4 : *p < 0xe0 ? 1 : *p < 0xf0 ? 2 : *p < 0xf8 ? 3 : 4;
    uint32_t code = continuation == 0 ? *p : *p & (0x3fu >> continuation);
    if (continuation > 3) return 0;
    for (size_t i = 1; i <= continuation; i++) {
        if ((p[i] & 0xc0) != 0x80) return 0;
        code = code << 6 | (p[i] & 0x3f);
    }
    int is_surrogate = code >= 0xd800 && code < 0xe000;
    if (code < lowest_code[continuation] || code == 0x7f || is_surrogate || code > 0x10ffff) return 0;
    return continuation + 1;
}

/* Removes the next whole line from the buffer, with unprintable bytes replaced; returns 0 if there is none. */
static int take_line(struct line_buffer *in, char line[MAX_LINE]) {
    char *end = memchr(in->bytes, '\n', in->len);
    if (!end) return 0;
    size_t len = (size_t)(end - in->bytes);
    memcpy(line, in->bytes, len);
    in->len -= len + 1;
    memmove(in->bytes, end + 1, in->len);
    if (len > 0 && line[len - 1] == '\r') len--;
    line[len] = 0; /* also stops printable_length: NUL is no continuation byte */
    for (size_t i = 0, n; i < len; i += n ? n : 1)
        if ((n = printable_length((unsigned char *)line + i)) == 0) line[i] = '?';
    return 1;
}

/* Appends a line to a queue; returns 0 if there is not enough space. */
static int enqueue_line(struct send_queue *out, const char *line) {
    size_t len = strlen(line);
    if (len >= sizeof out->bytes - out->len) return 0;
    memcpy(out->bytes + out->len, line, len);
    out->bytes[out->len + len] = '\n';
    out->len += len + 1;
    return 1;
}

/* Sends as much of a queue as the socket accepts. On an error, shuts the socket down: the next receive ends it. */
static void flush_queue(jf_socket s, struct send_queue *out) {
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
    jf_socket s;              /* 0: this slot is free */
    char nick[MAX_NAME + 1];  /* empty before the client has a name and while it leaves; the others don't see it then */
    char room[MAX_NAME + 1];
    struct line_buffer in;
    struct send_queue out;
    unsigned long missed;     /* lines dropped because the queue was full */
    uint32_t events;          /* the events registered with the poller */
    int end_of_stream;        /* the client sends no more */
    time_t leave_deadline;    /* when a leaving client is disconnected; 0: it is not leaving */
};

static struct client clients[MAX_CLIENTS];
static jf_socket listener;
static time_t paused_since; /* when accepting was paused; 0: it is not paused */

static void send_line(struct client *client, const char *line) {
    if (client->missed == 0 && client->out.len > QUEUE_SIZE - MAX_LINE) flush_queue(client->s, &client->out);
    /* After one line is dropped, all are until the queue is empty: that makes one gap, and one report. */
    if (client->missed > 0 || !enqueue_line(&client->out, line)) client->missed++;
}

static void send_to_others(const struct client *sender, const char *line) {
    for (struct client *client = clients; client < clients + MAX_CLIENTS; client++)
        if (client != sender && *client->nick && strcmp(client->room, sender->room) == 0) send_line(client, line);
}

static void start_leaving(struct client *client, const char *last_line) {
    if (client->leave_deadline) return;
    if (*client->nick) send_to_others(client, format_line("* %s leaves", client->nick));
    *client->nick = 0;
    client->leave_deadline = time(NULL) + GRACE_SECONDS;
    send_line(client, last_line);
}

static int is_nick_taken(const char *nick) {
    for (struct client *client = clients; client < clients + MAX_CLIENTS; client++)
        if (strcmp(client->nick, nick) == 0) return 1;
    return 0;
}

/* Changes the name of a client, or its room. */
static void rename_or_move(struct client *client, int is_nick, const char *name) {
    size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_");
    if (len == 0 || len > MAX_NAME || name[len] != 0) {
        send_line(client, format_line("* A name is 1 to %d letters, digits, - and _", MAX_NAME));
        return;
    }
    if (is_nick && is_nick_taken(name)) {
        send_line(client, format_line("* The name %s is taken: choose another one with /nick NAME", name));
        return;
    }
    const char *notice = is_nick ? "* %s is now %s" : "* %s goes to the room %s";
    if (*client->nick) send_to_others(client, format_line(notice, client->nick, name));
    strcpy(is_nick ? client->nick : client->room, name);
    if (!*client->nick) return;
    send_to_others(client, format_line("* %s is here", client->nick));
    send_line(client, format_line("* You are %s, in the room %s", client->nick, client->room));
}

static void list_room(struct client *client) {
    for (struct client *other = clients; other < clients + MAX_CLIENTS; other++)
        if (*other->nick && strcmp(other->room, client->room) == 0)
            send_line(client, format_line("* %s is here", other->nick));
}

static void handle_line(struct client *client, char *line) {
    char *argument = strchr(line, ' ');
    if (*line == 0) return;
    if (*line != '/' && *client->nick) {
        send_to_others(client, format_line("%s: %s", client->nick, line));
        return;
    }
    if (argument) *argument++ = 0;
    if (argument && strcmp(line, "/nick") == 0) {
        rename_or_move(client, 1, argument);
    } else if (argument && strcmp(line, "/join") == 0) {
        rename_or_move(client, 0, argument);
    } else if (strcmp(line, "/who") == 0) {
        list_room(client);
    } else if (strcmp(line, "/quit") == 0) {
        start_leaving(client, "* Goodbye.");
    } else if (*client->nick) {
        send_line(client, "* There are /join ROOM, /nick NAME, /who and /quit");
    } else {
        send_line(client, "* Say who you are, with /nick NAME");
    }
}

/* Receives from a client once per event, so that a client that sends much does not delay the others. */
static void receive_from(struct client *client) {
    char line[MAX_LINE];
    struct line_buffer *in = &client->in;
    int64_t n = jf_recv(client->s, in->bytes + in->len, MAX_TEXT + 1 - in->len, 0);
    if (n == JF_E_WOULD_BLOCK) return;
    if (n <= 0) {
        client->end_of_stream = 1;
        start_leaving(client, "* Goodbye.");
        return;
    }
    in->len += (size_t)n;
    while (!client->leave_deadline && take_line(in, line)) handle_line(client, line);
    if (in->len > MAX_TEXT) start_leaving(client, "* That line is too long. Goodbye.");
    if (client->leave_deadline) in->len = 0; /* input of a leaving client is discarded */
}

/* While accepting is paused the poller must not report the listener, which stays readable. */
static void set_accepting(int is_accepting) {
    paused_since = is_accepting ? 0 : time(NULL);
    check(jf_poller_modify(poller, listener, is_accepting ? JF_READABLE : 0, MAX_CLIENTS), "listener");
}

/* Accepts a client. With no free slot or descriptor, clients wait in the backlog; a retry follows each second. */
static void accept_client(void) {
    struct client *client = clients;
    while (client < clients + MAX_CLIENTS && client->s) client++;
    int64_t s = client == clients + MAX_CLIENTS ? JF_E_TOO_MANY_FILES : jf_accept(listener, NULL);
    if (s == JF_E_WOULD_BLOCK || s == JF_E_CONN_ABORTED) return;
    if (s < 0 || register_socket(s, (uint64_t)(client - clients)) < 0) {
        jf_close(s); /* closing an error code does nothing */
        set_accepting(0);
        return;
    }
    jf_set(s, JF_OPT_SEND_BUFFER, QUEUE_SIZE); /* the kernel would let it grow to megabytes */
    jf_set(s, JF_OPT_KEEP_ALIVE, 1);           /* detects a machine that has vanished, which frees its name */
    memset(client, 0, sizeof *client);
    strcpy(client->room, "lobby");
    client->events = JF_READABLE;
    client->s = s;
}

/* Sends the queue of a client, and frees the slot of a client that has left. */
static void update_client(struct client *client) {
    flush_queue(client->s, &client->out);
    if (client->missed > 0 && client->out.len == 0) {
        enqueue_line(&client->out, format_line("* You missed %lu lines", client->missed));
        client->missed = 0;
        flush_queue(client->s, &client->out);
    }
    int is_done = client->leave_deadline && client->out.len == 0;
    int is_late = client->leave_deadline && time(NULL) >= client->leave_deadline;
    if (is_done) jf_shutdown(client->s, JF_SHUT_WRITE);
    if ((is_done && client->end_of_stream) || is_late) {
        check(jf_close(client->s), "close");
        client->s = 0;
        return;
    }
    uint32_t events = (client->end_of_stream ? 0 : JF_READABLE) | (client->out.len > 0 ? JF_WRITABLE : 0);
    if (events != client->events)
        check(jf_poller_modify(poller, client->s, events, (uint64_t)(client - clients)), "client");
    client->events = events;
}

static void serve(const char *endpoint) {
    jf_event events[64];
    jf_addr address;
    char address_text[JF_ADDR_TEXT];
    open_poller();
    listener = check(jf_serve(endpoint, -1), endpoint);
    check(register_socket(listener, MAX_CLIENTS), "listener");
    check(jf_local_addr(listener, &address), "address");
    check(jf_addr_format(&address, address_text, sizeof address_text), "address");
    if (address.family == JF_UNIX) puts(endpoint);
    else printf("tcp://%s\n", address_text);
    fflush(stdout);

    int64_t timeout_ms = -1;
    for (int is_stopping = 0, connected = 1; !is_stopping || connected > 0;) {
        int64_t n = check(jf_poller_wait(poller, events, sizeof events / sizeof *events, timeout_ms), "wait");
        for (int64_t i = 0; i < n; i++) {
            if (events[i].token == MAX_CLIENTS) accept_client();
            else if (!clients[events[i].token].end_of_stream) receive_from(&clients[events[i].token]);
        }
        is_stopping = stop_requested;
        if (is_stopping || (paused_since && time(NULL) != paused_since)) set_accepting(!is_stopping);

        /* One send per client and wait. Slots are freed only here, so no event can refer to a slot's next client. */
        connected = 0;
        timeout_ms = paused_since ? RETRY_MS : -1;
        for (struct client *client = clients; client < clients + MAX_CLIENTS; client++) {
            if (!client->s) continue;
            if (is_stopping) {
                *client->nick = 0; /* so that the others are not notified */
                start_leaving(client, "* The server ends. Goodbye.");
            }
            update_client(client);
            if (client->s) connected++;
            if (client->s && client->leave_deadline) timeout_ms = RETRY_MS;
        }
    }
    /* Closing a UNIX socket does not remove its file. */
    if (address.family == JF_UNIX && address.data[0]) remove((char *)address.data);
    check(jf_close(listener), "close");
    close_poller();
}

/* The client. */

enum { SERVER_TOKEN, KEYBOARD_TOKEN };

/* Queues the typed lines; returns 0 at the end of the input. A line that is too long is split into several. */
static int read_keyboard(struct send_queue *out) {
    static struct line_buffer in;
    char line[MAX_LINE];
    ssize_t n = read(0, in.bytes + in.len, MAX_TEXT - in.len);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) return 1;
    if (n > 0) in.len += (size_t)n;
    while (take_line(&in, line)) enqueue_line(out, line);
    if (n <= 0 || in.len == MAX_TEXT) {
        in.bytes[in.len++] = '\n';
        take_line(&in, line);
        enqueue_line(out, line);
    }
    if (n <= 0) enqueue_line(out, "/quit");
    return n > 0;
}

/* Prints the lines of the server, which is not trusted either; returns 0 at the end of the stream. */
static int print_received(jf_socket s) {
    static struct line_buffer in;
    char line[MAX_LINE];
    int64_t n = jf_recv(s, in.bytes + in.len, sizeof in.bytes - in.len, 0);
    if (n == JF_E_WOULD_BLOCK) return 1;
    in.len += (size_t)check(n, "server");
    while (take_line(&in, line)) puts(line);
    if (in.len == sizeof in.bytes) fail("server", "line too long");
    if (fflush(stdout) != 0 && !stop_requested) fail("output", strerror(errno));
    return n > 0;
}

static void join(const char *endpoint, const char *nick, const char *room) {
    static struct send_queue out;
    jf_event events[2];
    int is_typing = 1, is_connected = 1;
    jf_socket s = check(jf_dial(endpoint, DIAL_TIMEOUT_MS), endpoint);
    open_poller();
    check(register_socket(s, SERVER_TOKEN), "server");
    check(jf_poller_add_fd(poller, 0, JF_ONE_SHOT, KEYBOARD_TOKEN), "keyboard");
    enqueue_line(&out, format_line("/join %s", room));
    enqueue_line(&out, format_line("/nick %s", nick));
    while (is_connected && !stop_requested) {
        flush_queue(s, &out);
        uint32_t server_events = JF_READABLE | (out.len > 0 ? JF_WRITABLE : 0);
        check(jf_poller_modify(poller, s, server_events, SERVER_TOKEN), "server");
        /* The keyboard is one-shot: while the queue has no space for more input, even its hangup is not reported. */
        if (is_typing && out.len < QUEUE_SIZE - 2 * MAX_LINE)
            check(jf_poller_modify_fd(poller, 0, JF_READABLE | JF_ONE_SHOT, KEYBOARD_TOKEN), "keyboard");
        int64_t n = check(jf_poller_wait(poller, events, 2, -1), "wait");
        for (int64_t i = 0; i < n; i++) {
            if (events[i].token == KEYBOARD_TOKEN) is_typing = read_keyboard(&out);
            else is_connected = print_received(s);
        }
    }
    check(jf_close(s), "close");
    close_poller();
}

int main(int argc, char **argv) {
    int is_stream = argc > 2 && strncmp(argv[2], "udp:", 4) != 0;
    if (is_stream && argc == 3 && strcmp(argv[1], "serve") == 0) {
        serve(argv[2]);
    } else if (is_stream && (argc == 4 || argc == 5) && strcmp(argv[1], "join") == 0) {
        join(argv[2], argv[3], argc == 5 ? argv[4] : "lobby");
    } else {
        fprintf(stderr, "usage: chat serve ENDPOINT\n"
                        "       chat join ENDPOINT NICK [ROOM]\n"
                        "an endpoint is tcp://host:7000, tcp://:7000 or unix:///path\n");
        return 2;
    }
    return 0;
}
