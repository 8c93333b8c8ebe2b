/* A jf_wait for several sockets ends when one of them is closed. A signal ends it only if one of the sockets is
 * interruptible, and never extends it. */
#include "stuck.h"

enum { TIMEOUT_US = 100000, LATE_US = 50000, PROMPT_US = 100000, TRIES = 20 };
static int slow;

typedef struct set {
    jf_wait_item items[20];
    size_t count;
    int64_t timeout_ms;
} set;

static int64_t wait_for(void *given) {
    set *all = given;
    return jf_wait(all->items, all->count, all->timeout_ms);
}

/* The kinds of sockets that a wait can include; none of them becomes ready. */
typedef enum socket_kind {
    TCP, LISTENER, CONNECTING, UDP, UDP6, UNIX_STREAM, UNIX_LISTENER, UNIX_DATAGRAMS, UNBOUND_DATAGRAMS, SEQPACKET,
    NETLINK, SOCKET_KINDS
} socket_kind;

static const char *const NAMES[SOCKET_KINDS] = {"TCP", "a listener", "a connecting socket", "UDP", "UDP over IPv6",
                                                "a UNIX stream", "a UNIX listener", "UNIX datagrams",
                                                "an unbound UNIX datagram socket", "UNIX seqpacket", "netlink"};

static void make_socket(socket_kind type, stuck *st) {
    static const kind MADE[SOCKET_KINDS] = {{"", RECV, JF_INET, JF_STREAM, 0},     {"", ACCEPT, JF_INET, JF_STREAM, 0},
                                     {"", CONNECT, JF_INET, JF_STREAM, 0},  {"", RECV_FROM, JF_INET, JF_DGRAM, 0},
                                     {"", RECV_FROM, JF_INET6, JF_DGRAM, 0}, {"", RECV, JF_UNIX, JF_STREAM, 0},
                                     {"", ACCEPT, JF_UNIX, JF_STREAM, 0},   {"", RECV, JF_UNIX, JF_DGRAM, 1},
                                     {"", SEND_TO, JF_UNIX, JF_DGRAM, 0},   {"", RECV, JF_UNIX, JF_SEQPACKET, 0},
                                     {"", RECV_FROM, JF_NETLINK, JF_DGRAM, 0}};
    make_stuck(st, &MADE[type]);
    if (type == CONNECTING) {
        OK(jf_set(st->s, JF_OPT_SEND_TIMEOUT, 0));
        EXPECT(jf_connect(st->s, &st->to), JF_E_IN_PROGRESS);
    }
}

/* Closes one of the sockets; with `beside`, the wait includes sockets of every other kind too. */
static int64_t close_during_wait(socket_kind type, uint32_t events, int64_t timeout_ms, int with_others) {
    stuck st, others[SOCKET_KINDS];
    flight f;
    set all = {.count = 1, .timeout_ms = timeout_ms};
    make_socket(type, &st);
    if (with_others)
        for (int i = 0; i < SOCKET_KINDS; i++) {
            make_socket(i, &others[i]);
            all.items[all.count++] = (jf_wait_item){others[i].s, JF_READABLE, 77};
        }
    /* The socket is both the first item and the last. */
    all.items[0] = (jf_wait_item){st.s, events, 77};
    if (with_others) all.items[all.count++] = all.items[0];
    start(&f, NAMES[type], wait_for, &all, 0);
    await_sleep(&f);
    EXPECT(jf_into_fd(st.s), JF_E_BUSY);
    int64_t began = now_us();
    OK(jf_close(st.s));
    int64_t result = finish(&f);
    if (result != JF_E_CLOSED) {
        fprintf(stderr, "%s: woken with %" PRId64 " (%s)\n", NAMES[type], result, jf_error_name(result));
        exit(1);
    }
    for (size_t i = 0; i < all.count; i++) CHECK(all.items[i].ready == 77);
    end_stuck(&st);
    for (int i = 0; with_others && i < SOCKET_KINDS; i++) end_stuck(&others[i]);
    return f.ended_us - began;
}

static void wakes_promptly(socket_kind type, uint32_t events, int64_t timeout_ms, int with_others) {
    int64_t took = 0;
    for (int try = 0; try < TRIES; try++) {
        took = close_during_wait(type, events, timeout_ms, with_others);
        if (took < PROMPT_US || slow) return;
    }
    fprintf(stderr, "%s: woken after %" PRId64 " us\n", NAMES[type], took);
    exit(1);
}

/* Closes at any time: before the wait, at its start, or later. */
static void closes_at_any_time(void) {
    for (int i = 0; i < (slow ? 30 : 500); i++) {
        jf_socket s[2];
        flight f;
        OK(jf_pair(JF_UNIX, JF_STREAM, s));
        set all = {.items = {{s[0], JF_READABLE, 0}, {s[1], JF_READABLE, 0}}, .count = 2, .timeout_ms = -1};
        start(&f, "a wait", wait_for, &all, 0);
        for (int spin = 0; spin < i * 20; spin++) sched_yield();
        OK(jf_close(s[0]));
        EXPECT(finish(&f), JF_E_CLOSED);
        OK(jf_close(s[1]));
    }
}

static void times_out(socket_kind type, int64_t storm_us, int interruptible) {
    int64_t late = 0, handled = 0;
    for (int try = 0; try < TRIES; try++) {
        stuck st;
        flight f;
        make_socket(type, &st);
        OK(jf_set(st.s, JF_OPT_INTERRUPTIBLE, interruptible));
        set all = {.items = {{st.s, JF_READABLE, 0}}, .count = 1, .timeout_ms = TIMEOUT_US / 1000};
        handled = atomic_load(&signals_handled);
        start(&f, NAMES[type], wait_for, &all, storm_us);
        EXPECT(finish(&f), 0);
        late = f.ended_us - f.began_us - TIMEOUT_US;
        CHECK(late >= 0);
        handled = atomic_load(&signals_handled) - handled;
        end_stuck(&st);
        if ((late <= LATE_US || slow) && (handled >= 3 || storm_us == 0)) return;
    }
    fprintf(stderr, "%s: %" PRId64 " us late after %" PRId64 " signals\n", NAMES[type], late, handled);
    exit(1);
}

/* The second of two sockets is interruptible. */
static void interruptible_wait(socket_kind type, int64_t timeout_ms) {
    stuck st, other;
    flight f;
    make_socket(type, &st);
    make_socket(TCP, &other);
    OK(jf_set(other.s, JF_OPT_INTERRUPTIBLE, 1));
    set all = {.items = {{st.s, JF_READABLE, 77}, {other.s, JF_READABLE, 77}}, .count = 2, .timeout_ms = timeout_ms};
    start(&f, NAMES[type], wait_for, &all, 0);
    await_sleep(&f);
    CHECK(pthread_kill(f.thread, SIGUSR1) == 0);
    EXPECT(finish(&f), JF_E_INTERRUPTED);
    CHECK(all.items[0].ready == 77 && all.items[1].ready == 77);
    end_stuck(&st);
    end_stuck(&other);
}

/* A wait under frequent signals completes. */
static void completes_under_signals(void) {
    stuck st;
    flight f;
    make_socket(TCP, &st);
    set all = {.items = {{st.s, JF_READABLE, 77}}, .count = 1, .timeout_ms = -1};
    start(&f, "a wait under a storm", wait_for, &all, slow ? 10000 : 1000);
    await_signals(slow ? 3 : 20);
    await_sleep(&f);
    EXPECT(jf_send(st.peer, "x", 1, 0), 1);
    EXPECT(finish(&f), 1);
    CHECK(all.items[0].ready == JF_READABLE);
    end_stuck(&st);
}

int main(int argc, char **argv) {
    slow = is_slow(argc, argv);
    watchdog(slow ? 280 : 110);
    handle_signals(0);
    for (socket_kind type = 0; type < SOCKET_KINDS; type++) {
        wakes_promptly(type, JF_READABLE, -1, 0);
        wakes_promptly(type, JF_READABLE, 60000, 0);
        wakes_promptly(type, 0, -1, 0);
        wakes_promptly(type, JF_PRIORITY, -1, 0);
        wakes_promptly(type, JF_READABLE, -1, 1);
        times_out(type, 0, 1);
        times_out(type, slow ? 10000 : 1000, 0);
        interruptible_wait(type, -1);
        interruptible_wait(type, 60000);
    }
    closes_at_any_time();
    completes_under_signals();
    return 0;
}
