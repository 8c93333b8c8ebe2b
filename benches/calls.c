/*
 * Runs of single calls, none of which blocks.
 *
 * usage: calls count      under callgrind: writes one profile "CALL TIMEOUT N" for each call, timeout and run length
 *        calls time       prints "CALL TIMEOUT nanoseconds" for each call and timeout
 *
 * Each measurement uses new sockets, whose queues hold all the data that its calls receive.
 */
#include "datagram_batch.h"

#include <time.h>
#include <unistd.h>
#include <valgrind/callgrind.h>

/* Calls in a run: few enough for a socket's queue to hold a datagram for each, and to open a socket for each. */
enum { SHORT_RUN = 50, LONG_RUN = 150, TIMEOUT_MS = 5000 };

static struct socket_pair pair;
static sock listener, sockets[LONG_RUN];
static address listener_address;

static void setup_tcp(int calls) {
    (void)calls;
    pair = tcp_pair();
}

static void setup_udp(int calls) {
    (void)calls;
    pair = udp_pair(1);
}

static void setup_unconnected_udp(int calls) {
    (void)calls;
    pair = udp_pair(0);
}

static void send_data(int calls) {
    for (int i = 0; i < calls; i++) {
        CHECK(send_some(pair.socket[0], "xy", 2, 0) == 2);
    }
}

static void setup_tcp_with_data(int calls) {
    setup_tcp(calls);
    send_data(calls);
}

static void setup_udp_with_data(int calls) {
    setup_udp(calls);
    send_data(calls);
}

static void setup_unconnected_udp_with_data(int calls) {
    setup_unconnected_udp(calls);
    for (int i = 0; i < calls; i++) {
        CHECK(send_to(pair.socket[0], "xy", 2, &pair.address[1]) == 2);
    }
}

static void setup_messages(int calls) {
    setup_unconnected_udp(calls);
    enable_recv_ttl(pair.socket[1]);
}

static void setup_messages_with_data(int calls) {
    setup_messages(calls);
    for (int i = 0; i < calls; i++) {
        char bytes[2] = "xy";
        CHECK(send_msg(pair.socket[0], bytes, 2, &pair.address[1], 7) == 2);
    }
}

static void setup_batches(int calls) {
    setup_unconnected_udp(calls);
    prepare_batches(pair.socket[1], pair.address);
}

static void setup_batches_with_data(int calls) {
    setup_batches(calls);
    for (int i = 0; i < calls; i++) {
        CHECK(send_batch(pair.socket[0]) == BATCH_SIZE);
    }
}

/* A listener with one connection to accept for each call. The peers are in `sockets`. */
static void setup_pending_connections(int calls) {
    listener = open_inet_stream();
    bind_loopback(listener, &listener_address);
    start_listening(listener, LONG_RUN);
    for (int i = 0; i < calls; i++) {
        sockets[i] = open_inet_stream();
        connect_to(sockets[i], &listener_address);
    }
}

/* One unconnected socket for each call, and a listener. */
static void setup_unconnected_sockets(int calls) {
    static int number;
    listener = open_unix_stream();
    bind_abstract(listener, &listener_address, (int)getpid() * 1000 + number++);
    start_listening(listener, LONG_RUN);
    for (int i = 0; i < calls; i++) {
        sockets[i] = open_unix_stream();
    }
}

static void do_nothing(int calls) {
    (void)calls;
}

static void teardown_pair(int calls) {
    (void)calls;
    close_pair(&pair);
}

static void teardown_sockets(int calls) {
    for (int i = 0; i < calls; i++) {
        close_socket(sockets[i]);
    }
    close_socket(listener);
}

static void call_send(int calls) {
    for (int i = 0; i < calls; i++) {
        CHECK(send_some(pair.socket[0], "xy", 2, 0) == 2);
    }
}

static void call_recv(int calls) {
    char bytes[2];
    for (int i = 0; i < calls; i++) {
        CHECK(recv_some(pair.socket[1], bytes, sizeof bytes, 0) == 2);
    }
}

static void call_recv_empty(int calls) {
    char bytes[2];
    for (int i = 0; i < calls; i++) {
        CHECK(recv_some(pair.socket[1], bytes, sizeof bytes, DONT_WAIT) == WOULD_BLOCK);
    }
}

static void call_send_to(int calls) {
    for (int i = 0; i < calls; i++) {
        CHECK(send_to(pair.socket[0], "xy", 2, &pair.address[1]) == 2);
    }
}

static void call_recv_from(int calls) {
    char bytes[2];
    address from;
    for (int i = 0; i < calls; i++) {
        CHECK(recv_from(pair.socket[1], bytes, sizeof bytes, &from) == 2);
    }
}

static void call_send_vec(int calls) {
    char bytes[2] = "xy";
    buffer buffers[2] = {buffer_of(&bytes[0], 1), buffer_of(&bytes[1], 1)};
    for (int i = 0; i < calls; i++) {
        CHECK(send_vec(pair.socket[0], buffers, 2) == 2);
    }
}

static void call_recv_vec(int calls) {
    char bytes[2];
    buffer buffers[2] = {buffer_of(&bytes[0], 1), buffer_of(&bytes[1], 1)};
    for (int i = 0; i < calls; i++) {
        CHECK(recv_vec(pair.socket[1], buffers, 2) == 2);
    }
}

static void call_send_msg(int calls) {
    char bytes[2] = "xy";
    for (int i = 0; i < calls; i++) {
        CHECK(send_msg(pair.socket[0], bytes, 2, &pair.address[1], 7) == 2);
    }
}

static void call_recv_msg(int calls) {
    char bytes[2];
    address from;
    int ttl;
    for (int i = 0; i < calls; i++) {
        CHECK(recv_msg(pair.socket[1], bytes, sizeof bytes, &from, &ttl) == 2 && ttl == 7);
    }
}

/* The kernel drops what does not fit the receiver's queue; the sender gets no error. */
static void call_send_many(int calls) {
    for (int i = 0; i < calls; i++) {
        CHECK(send_batch(pair.socket[0]) == BATCH_SIZE);
    }
}

static void call_send_scattered(int calls) {
    for (int i = 0; i < calls; i++) {
        CHECK(send_scattered_batch(pair.socket[0]) == BATCH_SIZE);
    }
}

static void call_recv_many(int calls) {
    for (int i = 0; i < calls; i++) {
        CHECK(recv_batch(pair.socket[1]) == BATCH_SIZE);
    }
}

static void call_accept_close(int calls) {
    address peer;
    for (int i = 0; i < calls; i++) {
        close_socket(accept_connection(listener, &peer));
    }
}

static void call_open_close(int calls) {
    for (int i = 0; i < calls; i++) {
        close_socket(open_unix_stream());
    }
}

static void call_connect(int calls) {
    for (int i = 0; i < calls; i++) {
        connect_to(sockets[i], &listener_address);
    }
}

typedef void step(int calls);

static const struct call {
    const char *name;
    int has_timeout;
    step *setup, *run, *teardown;
} CALLS[] = {
    {"send_tcp", 1, setup_tcp, call_send, teardown_pair},
    {"recv_tcp", 1, setup_tcp_with_data, call_recv, teardown_pair},
    {"send_udp", 1, setup_udp, call_send, teardown_pair},
    {"recv_udp", 1, setup_udp_with_data, call_recv, teardown_pair},
    {"send_to", 1, setup_unconnected_udp, call_send_to, teardown_pair},
    {"recv_from", 1, setup_unconnected_udp_with_data, call_recv_from, teardown_pair},
    {"send_vec", 1, setup_tcp, call_send_vec, teardown_pair},
    {"recv_vec", 1, setup_tcp_with_data, call_recv_vec, teardown_pair},
    {"send_msg", 1, setup_messages, call_send_msg, teardown_pair},
    {"recv_msg", 1, setup_messages_with_data, call_recv_msg, teardown_pair},
    {"send_many", 1, setup_batches, call_send_many, teardown_pair},
    {"send_scattered", 1, setup_batches, call_send_scattered, teardown_pair},
    {"recv_many", 1, setup_batches_with_data, call_recv_many, teardown_pair},
    {"recv_tcp_empty", 0, setup_tcp, call_recv_empty, teardown_pair},
    {"recv_udp_empty", 0, setup_udp, call_recv_empty, teardown_pair},
    {"accept_close", 0, setup_pending_connections, call_accept_close, teardown_sockets},
    {"connect_unix", 0, setup_unconnected_sockets, call_connect, teardown_sockets},
    {"open_close", 0, do_nothing, call_open_close, do_nothing},
};
enum { CALL_COUNT = sizeof CALLS / sizeof *CALLS };

static void set_up(const struct call *call, int calls, int timeout) {
    memset(&pair, 0, sizeof pair);
    call->setup(calls);
    if (call->has_timeout) {
        set_timeouts(&pair, timeout);
    }
}

static void count_instructions(const struct call *call, int calls, int timeout) {
    char label[64];
    snprintf(label, sizeof label, "%s %d %d", call->name, timeout, calls);
    set_up(call, calls, timeout);
    CALLGRIND_ZERO_STATS;
    call->run(calls);
    CALLGRIND_DUMP_STATS_AT(label);
    call->teardown(calls);
}

static double nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/* Times a call: the fastest of 20 runs, since only other activity makes a run slower. */
static double measure_time(const struct call *call, int timeout) {
    double best = 0;
    for (int run = 0; run < 20; run++) {
        set_up(call, LONG_RUN, timeout);
        double before = nanoseconds();
        call->run(LONG_RUN);
        double elapsed = (nanoseconds() - before) / LONG_RUN;
        call->teardown(LONG_RUN);
        best = run == 0 || elapsed < best ? elapsed : best;
    }
    return best;
}

int main(int argc, char **argv) {
    CHECK(argc == 2);
    int is_counting = strcmp(argv[1], "count") == 0;
    CHECK(is_counting || strcmp(argv[1], "time") == 0);
    for (const struct call *call = CALLS; call < CALLS + CALL_COUNT; call++) {
        for (int timeout = NO_TIMEOUT_MS; timeout <= TIMEOUT_MS; timeout += TIMEOUT_MS - NO_TIMEOUT_MS) {
            if (timeout != NO_TIMEOUT_MS && !call->has_timeout) {
                continue;
            }
            if (is_counting) {
                /* The first run warms up: it includes the lazy binding of the library's functions. */
                count_instructions(call, SHORT_RUN, timeout);
                count_instructions(call, SHORT_RUN, timeout);
                count_instructions(call, LONG_RUN, timeout);
            } else {
                printf("%s %d %.1f\n", call->name, timeout, measure_time(call, timeout));
            }
        }
    }
    return 0;
}
