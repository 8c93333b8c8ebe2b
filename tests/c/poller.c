/* Which events a poller reports for a socket, and how often, compared with the system's poll(). */
#include "poller.h"

enum { TOKEN = 7 };

/* The poller reports the same as poll(), repeatedly: for each single event, for all of them, and for none. */
static void expect_same_as_poll(jf_poller p, jf_socket s) {
    for (int bit = -1; bit <= 6; bit++) {
        uint32_t events = bit < 0 ? 0 : bit == 6 ? ALL_EVENTS : (uint32_t)1 << bit, before, first, second;
        uint64_t token = (uint64_t)(bit + 2);
        OK(jf_poller_modify(p, s, events, token));
                /* Retries if data in flight arrived in between. */
        do {
            before = poll_events(s);
            first = reported_events(p, token, 0);
            second = reported_events(p, token, 0);
        } while (before != poll_events(s));
        CHECK(first == (before & (events | JF_ERROR | JF_HANGUP)) && second == first);
    }
    OK(jf_poller_modify(p, s, ALL_EVENTS, TOKEN));
}

/* Waits for an event, then compares all events. */
static void expect_event(jf_poller p, jf_socket s, uint32_t event) {
    OK(jf_poller_modify(p, s, event, TOKEN));
    CHECK(reported_events(p, TOKEN, SOON_MS) & event);
    expect_same_as_poll(p, s);
}

static jf_poller poller_with(jf_socket s, uint32_t events) {
    jf_poller p = OK(jf_poller_open());
    OK(jf_poller_add(p, s, events, TOKEN));
    return p;
}

static void fill_up(jf_socket s, enum kind kind) {
    static char buffer[65536];
    size_t len = kind_type(kind) == JF_STREAM ? sizeof buffer : 4096;
    while (poll_events(s) & JF_WRITABLE)
        while (jf_send(s, buffer, len, JF_DONT_WAIT) > 0) {
        }
}

/* Receives until the other end is writable again. */
static void drain_peer(jf_socket s, jf_socket peer) {
    static char buffer[65536];
    while (!(poll_events(s) & JF_WRITABLE)) jf_recv(peer, buffer, sizeof buffer, JF_DONT_WAIT);
    while (jf_recv(peer, buffer, sizeof buffer, JF_DONT_WAIT) > 0) {
    }
}

/* Whether the queue can be filled without the kernel dropping data. */
static int can_be_full(enum kind kind) {
    return kind != UDP4 && kind != UDP6;
}

static void all_events(enum kind kind) {
    jf_socket s[2];
    connected(kind, s);
    jf_poller p = poller_with(s[0], ALL_EVENTS);
    CHECK(reported_events(p, TOKEN, 0) == JF_WRITABLE);
    expect_same_as_poll(p, s[0]);
    give_byte(s[1]);
    expect_event(p, s[0], JF_READABLE);
    CHECK(reported_events(p, TOKEN, 0) == (JF_READABLE | JF_WRITABLE));
    take_byte(s[0]);
    CHECK(reported_events(p, TOKEN, 0) == JF_WRITABLE);
    if (kind == TCP4 || kind == TCP6) {
        EXPECT(jf_send(s[1], "u", 1, JF_OUT_OF_BAND), 1);
        expect_event(p, s[0], JF_PRIORITY);
        char byte;
        EXPECT(jf_recv(s[0], &byte, 1, JF_OUT_OF_BAND), 1);
        expect_same_as_poll(p, s[0]);
    }
    if (can_be_full(kind)) {
        fill_up(s[0], kind);
        expect_same_as_poll(p, s[0]);
        drain_peer(s[0], s[1]);
        expect_event(p, s[0], JF_WRITABLE);
    }
    if (kind_type(kind) != JF_DGRAM) {
        OK(jf_shutdown(s[1], JF_SHUT_WRITE));
        expect_event(p, s[0], JF_READ_CLOSED);
        CHECK(!(reported_events(p, TOKEN, 0) & JF_HANGUP));
        OK(jf_shutdown(s[0], JF_SHUT_WRITE));
        expect_event(p, s[0], JF_HANGUP);
    }
    OK(jf_close(s[1]));
    expect_same_as_poll(p, s[0]);
    OK(jf_close(s[0]));
    CHECK(is_quiet(p));
    OK(jf_poller_close(p));
}

/* Level-triggered: reported for as long as the condition holds, and not one wait longer. */
static void level(enum kind kind) {
    jf_socket s[2];
    connected(kind, s);
    jf_poller p = poller_with(s[0], JF_READABLE);
    CHECK(is_quiet(p));
    for (int round = 0; round < 3; round++) {
        give_byte(s[1]);
        give_byte(s[1]);
        CHECK(reported_events(p, TOKEN, SOON_MS) == JF_READABLE);
        CHECK(reported_events(p, TOKEN, -1) == JF_READABLE && reported_events(p, TOKEN, 0) == JF_READABLE);
        take_byte(s[0]);
        CHECK(reported_events(p, TOKEN, SOON_MS) == JF_READABLE);
        take_byte(s[0]);
        CHECK(is_quiet(p));
    }
        /* Data that arrived before the registration is reported too. */
    OK(jf_poller_modify(p, s[0], 0, TOKEN));
    give_byte(s[1]);
    await_poll_events(s[0], JF_READABLE);
    CHECK(is_quiet(p));
    OK(jf_poller_modify(p, s[0], JF_READABLE, TOKEN));
    CHECK(reported_events(p, TOKEN, 0) == JF_READABLE);
    OK(jf_poller_close(p));
    p = poller_with(s[0], JF_READABLE);
    CHECK(reported_events(p, TOKEN, 0) == JF_READABLE);
    OK(jf_poller_close(p));
    close_both(s);
}

/* Edge-triggered: reported once, when new data arrives. */
static void edge(enum kind kind) {
    jf_socket s[2];
    connected(kind, s);
    if (is_poll_backend()) {
        jf_poller p_poll = poller_with(s[0], JF_READABLE);
        EXPECT(jf_poller_add(p_poll, s[1], JF_READABLE | JF_EDGE, TOKEN), JF_E_UNSUPPORTED);
        EXPECT(jf_poller_modify(p_poll, s[0], JF_WRITABLE | JF_EDGE, TOKEN), JF_E_UNSUPPORTED);
        CHECK(is_quiet(p_poll));
        OK(jf_poller_close(p_poll));
        close_both(s);
        return;
    }
    jf_poller p = poller_with(s[0], JF_READABLE | JF_EDGE);
    CHECK(is_quiet(p));
    for (int round = 0; round < 3; round++) {
        give_byte(s[1]);
        CHECK(reported_events(p, TOKEN, SOON_MS) == JF_READABLE);
        CHECK(is_quiet(p) && poll_events(s[0]) & JF_READABLE);
        give_byte(s[1]);
        CHECK(reported_events(p, TOKEN, SOON_MS) == JF_READABLE);
        take_byte(s[0]);
        CHECK(is_quiet(p) && poll_events(s[0]) & JF_READABLE);
        take_byte(s[0]);
        CHECK(is_quiet(p));
    }
        /* A modified or repeated registration reports the current state again. */
    give_byte(s[1]);
    CHECK(reported_events(p, TOKEN, SOON_MS) == JF_READABLE && is_quiet(p));
    OK(jf_poller_modify(p, s[0], JF_READABLE | JF_EDGE, 2));
    CHECK(reported_events(p, 2, 0) == JF_READABLE && is_quiet(p));
    OK(jf_poller_remove(p, s[0]));
    OK(jf_poller_add(p, s[0], JF_READABLE | JF_EDGE, 3));
    CHECK(reported_events(p, 3, 0) == JF_READABLE && is_quiet(p));
    take_byte(s[0]);

        /* The same for writability. */
    if (can_be_full(kind)) {
        OK(jf_poller_modify(p, s[0], JF_WRITABLE | JF_EDGE, TOKEN));
        CHECK(reported_events(p, TOKEN, 0) == JF_WRITABLE && is_quiet(p));
        fill_up(s[0], kind);
        CHECK(is_quiet(p));
        drain_peer(s[0], s[1]);
        CHECK(reported_events(p, TOKEN, SOON_MS) == JF_WRITABLE);
    }
    OK(jf_poller_close(p));
    close_both(s);
}

/* One-shot: reported once, then disabled until modified. */
static void one_shot(enum kind kind, uint32_t modes) {
    jf_socket s[2];
    connected(kind, s);
    jf_poller p = poller_with(s[0], JF_READABLE | modes);
    CHECK(is_quiet(p));
    for (uint64_t round = 1; round <= 3; round++) {
        give_byte(s[1]);
        CHECK(reported_events(p, round == 1 ? TOKEN : round, SOON_MS) == JF_READABLE && is_quiet(p));
        give_byte(s[1]);
        take_byte(s[0]);
        await_poll_events(s[0], JF_READABLE);
        CHECK(is_quiet(p));
                /* With data left it reports again; without, it does not. */
        OK(jf_poller_modify(p, s[0], JF_READABLE | modes, 77));
        CHECK(reported_events(p, 77, 0) == JF_READABLE && is_quiet(p));
        take_byte(s[0]);
        OK(jf_poller_modify(p, s[0], JF_READABLE | modes, round + 1));
        CHECK(is_quiet(p));
    }
        /* One report covers all current events; a later hang-up is not reported either. */
    OK(jf_poller_modify(p, s[0], ALL_EVENTS | modes, TOKEN));
    CHECK(reported_events(p, TOKEN, 0) == JF_WRITABLE && is_quiet(p));
    OK(jf_close(s[1]));
    CHECK(is_quiet(p));
    if (kind_type(kind) != JF_DGRAM) {
        await_poll_events(s[0], JF_READ_CLOSED);
        CHECK(is_quiet(p));
        OK(jf_poller_modify(p, s[0], modes, TOKEN));
        uint32_t events = reported_events(p, TOKEN, 0);
        CHECK(events == (poll_events(s[0]) & (JF_ERROR | JF_HANGUP)) && is_quiet(p));
    }
    OK(jf_poller_close(p));
    OK(jf_close(s[0]));
}

/* A pending connection is reported until it is accepted; edge-triggered, each new one is reported once. */
static void listeners(enum kind kind) {
    if (kind_type(kind) == JF_DGRAM) return;
    jf_addr a;
    jf_socket l = bound(kind_anywhere(kind), kind_type(kind), &a), c[3];
    OK(jf_listen(l, 4));
    jf_poller p = poller_with(l, ALL_EVENTS), on_edge = poller_with(l, JF_READABLE | edge_or_one_shot());
    jf_poller once = poller_with(l, JF_READABLE | JF_ONE_SHOT);
    CHECK(is_quiet(p) && is_quiet(on_edge) && is_quiet(once));
    for (int i = 0; i < 3; i++) {
        c[i] = OK(jf_open(kind_family(kind), kind_type(kind), 0));
        OK(jf_connect(c[i], &a));
        CHECK(reported_events(p, TOKEN, SOON_MS) == JF_READABLE && reported_events(p, TOKEN, 0) == JF_READABLE);
        CHECK((i > 0 && is_poll_backend()) || reported_events(on_edge, TOKEN, SOON_MS) == JF_READABLE);
        CHECK(is_quiet(on_edge));
        CHECK(i > 0 || reported_events(once, TOKEN, SOON_MS) == JF_READABLE);
        CHECK(is_quiet(once));
    }
    for (int i = 0; i < 3; i++) {
        CHECK(reported_events(p, TOKEN, 0) == JF_READABLE);
        OK(jf_close(OK(jf_accept(l, NULL))));
        OK(jf_close(c[i]));
    }
    CHECK(is_quiet(p) && is_quiet(on_edge));
    OK(jf_poller_close(p));
    OK(jf_poller_close(on_edge));
    OK(jf_poller_close(once));
    OK(jf_close(l));
}

/* A connect that is delayed by a full queue and then succeeds: the system retries the SYN after a second. */
static void connecting(void) {
    jf_addr a;
    jf_socket l = bound("127.0.0.1:0", JF_STREAM, &a), filler = OK(jf_open(JF_INET, JF_STREAM, 0));
    jf_socket s = OK(jf_open(JF_INET, JF_STREAM, 0));
    OK(jf_listen(l, 0));
    OK(jf_connect(filler, &a));
    await_poll_events(l, JF_READABLE);
    OK(jf_set(s, JF_OPT_SEND_TIMEOUT, 0));
    jf_poller p = OK(jf_poller_open()), on_edge = OK(jf_poller_open());
    EXPECT(jf_connect(s, &a), JF_E_IN_PROGRESS);
    OK(jf_poller_add(p, s, JF_WRITABLE, TOKEN));
    OK(jf_poller_add(on_edge, s, JF_WRITABLE | edge_or_one_shot(), TOKEN));
    CHECK(is_quiet(p) && is_quiet(on_edge));
    OK(jf_close(OK(jf_accept(l, NULL))));
    CHECK(reported_events(p, TOKEN, SOON_MS) == JF_WRITABLE && reported_events(on_edge, TOKEN, 0) == JF_WRITABLE);
    int64_t error;
    OK(jf_get(s, JF_OPT_ERROR, &error));
    EXPECT(error, 0);
    OK(jf_close(OK(jf_accept(l, NULL))));
    OK(jf_close(filler));
    OK(jf_close(s));
    OK(jf_close(l));

        /* A refused connect. */
    jf_socket reserved = bound("127.0.0.1:0", JF_STREAM, &a);
    s = OK(jf_open(JF_INET, JF_STREAM, 0));
    OK(jf_set(s, JF_OPT_SEND_TIMEOUT, 0));
    int64_t code = jf_connect(s, &a);
    CHECK(code == JF_E_IN_PROGRESS || code == JF_E_CONN_REFUSED);
    OK(jf_poller_add(p, s, JF_WRITABLE, TOKEN));
    expect_event(p, s, JF_WRITABLE);
    OK(jf_close(s));
    OK(jf_close(reserved));
    CHECK(is_quiet(p) && is_quiet(on_edge));
    OK(jf_poller_close(p));
    OK(jf_poller_close(on_edge));
}

/* A datagram to an unused port yields an error, which is reported until it is read. */
static void errors(void) {
    jf_addr a;
    jf_socket unused = bound("127.0.0.1:0", JF_DGRAM, &a), s = OK(jf_open(JF_INET, JF_DGRAM, 0));
    OK(jf_connect(s, &a));
    OK(jf_close(unused));
    jf_poller p = poller_with(s, 0), on_edge = poller_with(s, edge_or_one_shot()), once = poller_with(s, JF_ONE_SHOT);
    for (int round = 0; round < 2; round++) {
        EXPECT(jf_send(s, "x", 1, 0), 1);
        CHECK(reported_events(p, TOKEN, SOON_MS) == JF_ERROR && reported_events(p, TOKEN, 0) == JF_ERROR);
        CHECK(reported_events(on_edge, TOKEN, 0) == (round == 0 || !is_poll_backend() ? JF_ERROR : 0));
        CHECK(is_quiet(on_edge));
        CHECK(reported_events(once, TOKEN, 0) == (round == 0 ? JF_ERROR : 0));
        expect_same_as_poll(p, s);
        OK(jf_poller_modify(p, s, 0, TOKEN));
        int64_t error;
        OK(jf_get(s, JF_OPT_ERROR, &error));
        CHECK(error == JF_E_CONN_REFUSED && is_quiet(p) && is_quiet(on_edge));
    }
        /* Sockets that were never connected, and a netlink socket. */
    jf_socket others[] = {OK(jf_open(JF_INET, JF_STREAM, 0)), OK(jf_open(JF_INET6, JF_STREAM, 0)),
                          OK(jf_open(JF_UNIX, JF_STREAM, 0)), OK(jf_open(JF_UNIX, JF_DGRAM, 0)),
                          OK(jf_open(JF_NETLINK, JF_RAW, 0))};
    OK(jf_close(s));
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        OK(jf_poller_add(p, others[i], ALL_EVENTS, TOKEN));
        expect_same_as_poll(p, others[i]);
        OK(jf_close(others[i]));
        CHECK(is_quiet(p));
    }
    OK(jf_poller_close(p));
    OK(jf_poller_close(on_edge));
    OK(jf_poller_close(once));
}

/* A token is any number but UINT64_MAX, and is reported unchanged. */
static void tokens(void) {
    jf_socket s[2];
    jf_poller p = OK(jf_poller_open());
    OK(jf_pair(JF_UNIX, JF_STREAM, s));
    give_byte(s[1]);
    const uint64_t some[] = {0, 1, UINT64_MAX - 1, INT64_MAX, (uint64_t)INT64_MIN, UINT32_MAX, (uint64_t)UINT32_MAX + 1,
                             UINT64_MAX << 32, (uint64_t)(uintptr_t)&p, UINT64_C(0x0123456789ABCDEF)};
    for (size_t i = 0; i < sizeof some / sizeof *some + 64; i++) {
        uint64_t token = i < 64 ? (uint64_t)1 << i : some[i - 64];
        OK(jf_poller_add(p, s[0], JF_READABLE, token));
        CHECK(reported_events(p, token, 0) == JF_READABLE);
        EXPECT(jf_poller_add(p, s[0], JF_READABLE, 5), JF_E_EXISTS);
        EXPECT(jf_poller_add(p, s[0], JF_READABLE, UINT64_MAX), JF_E_INVALID);
        EXPECT(jf_poller_modify(p, s[0], JF_WRITABLE, UINT64_MAX), JF_E_INVALID);
        CHECK(reported_events(p, token, 0) == JF_READABLE);
        OK(jf_poller_modify(p, s[0], JF_READABLE, ~token == UINT64_MAX ? 3 : ~token));
        CHECK(reported_events(p, ~token == UINT64_MAX ? 3 : ~token, 0) == JF_READABLE);
        OK(jf_poller_remove(p, s[0]));
        CHECK(is_quiet(p));
        EXPECT(jf_poller_modify(p, s[0], JF_READABLE, 5), JF_E_NOT_FOUND);
        EXPECT(jf_poller_remove(p, s[0]), JF_E_NOT_FOUND);
        CHECK(is_quiet(p));
    }
    EXPECT(jf_poller_add(p, s[0], JF_READABLE, UINT64_MAX), JF_E_INVALID);
    EXPECT(jf_poller_remove(p, s[0]), JF_E_NOT_FOUND);
    CHECK(is_quiet(p));

        /* One token for two sockets, two tokens for two handles of one socket, and one socket in two pollers. */
    jf_poller other = OK(jf_poller_open());
    jf_socket copy = OK(jf_dup(s[0]));
    jf_event e[4];
    OK(jf_poller_add(p, s[0], JF_READABLE, 9));
    OK(jf_poller_add(p, s[1], JF_WRITABLE, 9));
    EXPECT(jf_poller_wait(p, e, 4, 0), 2);
    CHECK(e[0].token == 9 && e[1].token == 9 && (e[0].events | e[1].events) == (JF_READABLE | JF_WRITABLE));
    OK(jf_poller_remove(p, s[1]));
    OK(jf_poller_add(p, copy, JF_WRITABLE, 10));
    EXPECT(jf_poller_wait(p, e, 4, 0), 2);
    int first = e[0].token == 9 ? 0 : 1;
    CHECK(e[first].token == 9 && e[first].events == JF_READABLE);
    CHECK(e[1 - first].token == 10 && e[1 - first].events == JF_WRITABLE);
    OK(jf_poller_remove(p, copy));
    OK(jf_poller_add(other, s[0], JF_READABLE | edge_or_one_shot(), 11));
    CHECK(reported_events(other, 11, 0) == JF_READABLE && is_quiet(other) && reported_events(p, 9, 0) == JF_READABLE);
    OK(jf_poller_remove(p, s[0]));
    give_byte(s[1]);
    CHECK(reported_events(other, 11, 0) == (is_poll_backend() ? 0 : JF_READABLE) && is_quiet(p));
    OK(jf_close(copy));
    close_both(s);
    CHECK(is_quiet(other));
    OK(jf_poller_close(p));
    OK(jf_poller_close(other));
}

enum { SOCKET_COUNT = 64 };
static jf_socket pairs[SOCKET_COUNT][2];

/* Waits with a small event array until all sockets were reported; counts the reports of each. */
static void collect_all(jf_poller p, size_t cap, int times[SOCKET_COUNT]) {
    jf_event e[SOCKET_COUNT + 2];
    memset(times, 0, SOCKET_COUNT * sizeof *times);
    for (int all = 0; all < SOCKET_COUNT;) {
        memset(e, 0xA5, sizeof e);
        int64_t count = OK(jf_poller_wait(p, e, cap, 0));
        CHECK(count == (int64_t)cap || (count == SOCKET_COUNT - all && count > 0) || count == SOCKET_COUNT);
        for (int64_t i = 0; i < count; i++) {
            CHECK(e[i].token < SOCKET_COUNT && e[i].events == JF_READABLE && e[i].error == 0);
            times[e[i].token]++;
        }
        for (const unsigned char *at = (void *)&e[count]; at < (unsigned char *)(e + SOCKET_COUNT + 2); at++)
            CHECK(*at == 0xA5);
        all += (int)count;
    }
}

/* A wake takes no slot of the event array, wherever it is in the queue. */
static void wake_among_ready_sockets(jf_poller p, size_t cap, int woken_before) {
    jf_event e[SOCKET_COUNT + 1];
    int times[SOCKET_COUNT] = {0}, wakes = 0;
    for (int i = 0; i < SOCKET_COUNT; i++) {
        if (i == woken_before) OK(jf_poller_wake(p));
        give_byte(pairs[i][1]);
    }
    for (int all = 0; all < SOCKET_COUNT;) {
        int64_t count = OK(jf_poller_wait(p, e, cap, 0));
        CHECK(count == (int64_t)cap || wakes++ == 0 || all + count == SOCKET_COUNT);
        for (int64_t i = 0; i < count; i++) {
            CHECK(e[i].token < SOCKET_COUNT && e[i].events == JF_READABLE && e[i].error == 0);
            CHECK(times[e[i].token]++ == 0);
            take_byte(pairs[e[i].token][0]);
        }
        all += (int)count;
    }
    EXPECT(jf_poller_wait(p, e, cap, 0), 0);
    CHECK(is_quiet(p));
}

/* Events that do not fit are reported next, before any repeats; edge-triggered and one-shot events are never
 * reported twice. */
static void small_event_arrays(void) {
    const uint32_t MODES[] = {0, edge_or_one_shot(), JF_ONE_SHOT};
    int times[SOCKET_COUNT];
    for (int i = 0; i < SOCKET_COUNT; i++) OK(jf_pair(JF_UNIX, JF_STREAM, pairs[i]));
    for (size_t mode = 0; mode < sizeof MODES / sizeof *MODES; mode++)
        for (size_t cap = 1; cap <= SOCKET_COUNT + 1; cap += cap < 4 ? 1 : cap < 32 ? 13 : 11) {
            jf_poller p = OK(jf_poller_open());
            for (int i = 0; i < SOCKET_COUNT; i++)
                OK(jf_poller_add(p, pairs[i][0], JF_READABLE | MODES[mode], (uint64_t)i));
            CHECK(is_quiet(p));
            for (int i = 0; i < SOCKET_COUNT; i++) give_byte(pairs[i][1]);
            collect_all(p, cap, times);
            for (int i = 0; i < SOCKET_COUNT; i++)
                CHECK(times[i] == 1 || (MODES[mode] == 0 && SOCKET_COUNT % cap != 0 && times[i] <= 2));
            CHECK(MODES[mode] == 0 || is_quiet(p));
            for (int i = 0; i < SOCKET_COUNT; i++) take_byte(pairs[i][0]);
            CHECK(is_quiet(p));
            OK(jf_poller_close(p));
        }
        /* A socket that is always ready does not starve the others. */
    jf_poller p = OK(jf_poller_open());
    for (int i = 0; i < SOCKET_COUNT; i++)
        OK(jf_poller_add(p, pairs[i][0], i == 0 ? JF_WRITABLE : JF_READABLE, (uint64_t)i));
    for (int i = 1; i < SOCKET_COUNT; i++) {
        jf_event e;
        give_byte(pairs[i][1]);
        int tries = 0;
        do {
            EXPECT(jf_poller_wait(p, &e, 1, -1), 1);
        } while (e.token == 0 && ++tries < 3);
        CHECK(e.token == (uint64_t)i && e.events == JF_READABLE);
        take_byte(pairs[i][0]);
    }
    OK(jf_poller_modify(p, pairs[0][0], JF_READABLE, 0));
    for (size_t cap = 1; cap <= SOCKET_COUNT + 1; cap += 8)
        for (int at = 0; at < SOCKET_COUNT; at += 9) wake_among_ready_sockets(p, cap, at);
    for (int i = 0; i < SOCKET_COUNT; i++) close_both(pairs[i]);
    CHECK(is_quiet(p));
    OK(jf_poller_close(p));
}

int main(int argc, char **argv) {
    watchdog(is_slow(argc, argv) ? 280 : 110);
    int descriptors = open_descriptors();
    for (int kind = 0; kind < KINDS; kind++) {
        all_events(kind);
        level(kind);
        edge(kind);
        one_shot(kind, JF_ONE_SHOT);
        one_shot(kind, JF_ONE_SHOT | JF_EDGE);
        listeners(kind);
    }
    connecting();
    errors();
    tokens();
    small_event_arrays();
    CHECK(open_descriptors() == descriptors);
    return 0;
}
