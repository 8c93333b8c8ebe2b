/*
 * Single calls, many in a row, none of which waits.
 *
 * usage: calls count      under callgrind: leaves one profile "CALL TIMEOUT N" for every call, timeout and N
 *        calls time       prints "CALL TIMEOUT nanoseconds" for each
 *
 * Each measurement has sockets of its own, with everything in their queues that its calls are going to take.
 */
#include "side_many.h"

#include <time.h>
#include <unistd.h>
#include <valgrind/callgrind.h>

/* Few enough for the queue of a socket to hold a datagram for each, and for each to have a descriptor. */
enum { FEW = 50, MANY = 150, TIMEOUT_MS = 5000 };

static struct pair pair;
static sock listener, sockets[MANY];
static address listens_at;

static void on_tcp(int calls) {
    (void)calls;
    pair = tcp_pair();
}

static void on_udp(int calls) {
    (void)calls;
    pair = udp_pair(1);
}

static void on_udp_by_name(int calls) {
    (void)calls;
    pair = udp_pair(0);
}

static void fill(int calls) {
    for (int i = 0; i < calls; i++) {
        MUST(send_some(pair.socket[0], "xy", 2, 0) == 2);
    }
}

static void on_full_tcp(int calls) {
    on_tcp(calls);
    fill(calls);
}

static void on_full_udp(int calls) {
    on_udp(calls);
    fill(calls);
}

static void on_full_udp_by_name(int calls) {
    on_udp_by_name(calls);
    for (int i = 0; i < calls; i++) {
        MUST(send_to(pair.socket[0], "xy", 2, &pair.name[1]) == 2);
    }
}

static void on_messages(int calls) {
    on_udp_by_name(calls);
    ask_for_ttl(pair.socket[1]);
}

static void on_full_messages(int calls) {
    on_messages(calls);
    for (int i = 0; i < calls; i++) {
        char bytes[2] = "xy";
        MUST(send_msg(pair.socket[0], bytes, 2, &pair.name[1], 7) == 2);
    }
}

static void on_many(int calls) {
    on_udp_by_name(calls);
    prepare_many(pair.socket[1], pair.name);
}

static void on_full_many(int calls) {
    on_many(calls);
    for (int i = 0; i < calls; i++) {
        MUST(send_many(pair.socket[0]) == BATCH);
    }
}

/* A listener with as many connections to accept, at the other ends of `sockets`. */
static void on_connections(int calls) {
    listener = open_inet_stream();
    bind_loopback(listener, &listens_at);
    begin_listening(listener, MANY);
    for (int i = 0; i < calls; i++) {
        sockets[i] = open_inet_stream();
        connect_to(sockets[i], &listens_at);
    }
}

/* As many sockets that are not connected yet, and a listener for them. */
static void on_strangers(int calls) {
    static int number;
    listener = open_unix_stream();
    bind_abstract(listener, &listens_at, (int)getpid() * 1000 + number++);
    begin_listening(listener, MANY);
    for (int i = 0; i < calls; i++) {
        sockets[i] = open_unix_stream();
    }
}

static void on_nothing(int calls) {
    (void)calls;
}

static void end_pair(int calls) {
    (void)calls;
    close_pair(&pair);
}

static void end_sockets(int calls) {
    for (int i = 0; i < calls; i++) {
        close_one(sockets[i]);
    }
    close_one(listener);
}

static void call_send(int calls) {
    for (int i = 0; i < calls; i++) {
        MUST(send_some(pair.socket[0], "xy", 2, 0) == 2);
    }
}

static void call_recv(int calls) {
    char room[2];
    for (int i = 0; i < calls; i++) {
        MUST(recv_some(pair.socket[1], room, sizeof room, 0) == 2);
    }
}

static void call_recv_nothing(int calls) {
    char room[2];
    for (int i = 0; i < calls; i++) {
        MUST(recv_some(pair.socket[1], room, sizeof room, DONT_WAIT) == NOTHING);
    }
}

static void call_send_to(int calls) {
    for (int i = 0; i < calls; i++) {
        MUST(send_to(pair.socket[0], "xy", 2, &pair.name[1]) == 2);
    }
}

static void call_recv_from(int calls) {
    char room[2];
    address from;
    for (int i = 0; i < calls; i++) {
        MUST(recv_from(pair.socket[1], room, sizeof room, &from) == 2);
    }
}

static void call_send_vec(int calls) {
    char bytes[2] = "xy";
    buffer buffers[2] = {buffer_of(&bytes[0], 1), buffer_of(&bytes[1], 1)};
    for (int i = 0; i < calls; i++) {
        MUST(send_vec(pair.socket[0], buffers, 2) == 2);
    }
}

static void call_recv_vec(int calls) {
    char room[2];
    buffer buffers[2] = {buffer_of(&room[0], 1), buffer_of(&room[1], 1)};
    for (int i = 0; i < calls; i++) {
        MUST(recv_vec(pair.socket[1], buffers, 2) == 2);
    }
}

static void call_send_msg(int calls) {
    char bytes[2] = "xy";
    for (int i = 0; i < calls; i++) {
        MUST(send_msg(pair.socket[0], bytes, 2, &pair.name[1], 7) == 2);
    }
}

static void call_recv_msg(int calls) {
    char room[2];
    address from;
    int ttl;
    for (int i = 0; i < calls; i++) {
        MUST(recv_msg(pair.socket[1], room, sizeof room, &from, &ttl) == 2 && ttl == 7);
    }
}

/* What does not fit the receiver's queue is thrown away, which the sender doesn't see. */
static void call_send_many(int calls) {
    for (int i = 0; i < calls; i++) {
        MUST(send_many(pair.socket[0]) == BATCH);
    }
}

static void call_send_scattered(int calls) {
    for (int i = 0; i < calls; i++) {
        MUST(send_scattered(pair.socket[0]) == BATCH);
    }
}

static void call_recv_many(int calls) {
    for (int i = 0; i < calls; i++) {
        MUST(recv_many(pair.socket[1]) == BATCH);
    }
}

static void call_accept_close(int calls) {
    address peer;
    for (int i = 0; i < calls; i++) {
        close_one(accept_one(listener, &peer));
    }
}

static void call_open_close(int calls) {
    for (int i = 0; i < calls; i++) {
        close_one(open_unix_stream());
    }
}

static void call_connect(int calls) {
    for (int i = 0; i < calls; i++) {
        connect_to(sockets[i], &listens_at);
    }
}

typedef void step(int calls);

static const struct call {
    const char *name;
    int with_timeout;
    step *begin, *run, *end;
} CALLS[] = {
    {"send_tcp", 1, on_tcp, call_send, end_pair},
    {"recv_tcp", 1, on_full_tcp, call_recv, end_pair},
    {"send_udp", 1, on_udp, call_send, end_pair},
    {"recv_udp", 1, on_full_udp, call_recv, end_pair},
    {"send_to", 1, on_udp_by_name, call_send_to, end_pair},
    {"recv_from", 1, on_full_udp_by_name, call_recv_from, end_pair},
    {"send_vec", 1, on_tcp, call_send_vec, end_pair},
    {"recv_vec", 1, on_full_tcp, call_recv_vec, end_pair},
    {"send_msg", 1, on_messages, call_send_msg, end_pair},
    {"recv_msg", 1, on_full_messages, call_recv_msg, end_pair},
    {"send_many", 1, on_many, call_send_many, end_pair},
    {"send_scattered", 1, on_many, call_send_scattered, end_pair},
    {"recv_many", 1, on_full_many, call_recv_many, end_pair},
    {"recv_tcp_nothing", 0, on_tcp, call_recv_nothing, end_pair},
    {"recv_udp_nothing", 0, on_udp, call_recv_nothing, end_pair},
    {"accept_close", 0, on_connections, call_accept_close, end_sockets},
    {"connect_unix", 0, on_strangers, call_connect, end_sockets},
    {"open_close", 0, on_nothing, call_open_close, on_nothing},
};
enum { CALL_COUNT = sizeof CALLS / sizeof *CALLS };

static void begin(const struct call *call, int calls, int timeout) {
    memset(&pair, 0, sizeof pair);
    call->begin(calls);
    if (call->with_timeout) {
        set_timeouts(&pair, timeout);
    }
}

static void count(const struct call *call, int calls, int timeout) {
    char what[64];
    snprintf(what, sizeof what, "%s %d %d", call->name, timeout, calls);
    begin(call, calls, timeout);
    CALLGRIND_ZERO_STATS;
    call->run(calls);
    CALLGRIND_DUMP_STATS_AT(what);
    call->end(calls);
}

static double nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/* The fastest of several rows: what slows one down is not the call. */
static double measure(const struct call *call, int timeout) {
    double best = 0;
    for (int row = 0; row < 20; row++) {
        begin(call, MANY, timeout);
        double before = nanoseconds();
        call->run(MANY);
        double took = (nanoseconds() - before) / MANY;
        call->end(MANY);
        best = row == 0 || took < best ? took : best;
    }
    return best;
}

int main(int argc, char **argv) {
    MUST(argc == 2);
    int counting = strcmp(argv[1], "count") == 0;
    MUST(counting || strcmp(argv[1], "time") == 0);
    for (const struct call *call = CALLS; call < CALLS + CALL_COUNT; call++) {
        for (int timeout = FOREVER_MS; timeout <= TIMEOUT_MS; timeout += TIMEOUT_MS - FOREVER_MS) {
            if (timeout != FOREVER_MS && !call->with_timeout) {
                continue;
            }
            if (counting) {
                /* Once for what happens only the first time, such as finding the functions. */
                count(call, FEW, timeout);
                count(call, FEW, timeout);
                count(call, MANY, timeout);
            } else {
                printf("%s %d %.1f\n", call->name, timeout, measure(call, timeout));
            }
        }
    }
    return 0;
}
