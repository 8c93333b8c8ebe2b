/* What a poller tells of a socket and how often, with the system's poll as the referee. */
#include "poller.h"

enum { TOKEN = 7 };

/* For each single event, for all and for none, the same as poll says, again and again. */
static void as_poll(jf_poller p, jf_socket s) {
    for (int bit = -1; bit <= 6; bit++) {
        uint32_t events = bit < 0 ? 0 : bit == 6 ? EVERY : (uint32_t)1 << bit, before, first, second;
        uint64_t token = (uint64_t)(bit + 2);
        OK(jf_poller_modify(p, s, events, token));
        /* What is on its way may come in between. */
        do {
            before = polled(s);
            first = told(p, token, 0);
            second = told(p, token, 0);
        } while (before != polled(s));
        CHECK(first == (before & (events | JF_ERROR | JF_HANGUP)) && second == first);
    }
    OK(jf_poller_modify(p, s, EVERY, TOKEN));
}

/* Waits for an event, and finds what else there is. */
static void becomes(jf_poller p, jf_socket s, uint32_t event) {
    OK(jf_poller_modify(p, s, event, TOKEN));
    CHECK(told(p, TOKEN, SOON_MS) & event);
    as_poll(p, s);
}

static jf_poller with(jf_socket s, uint32_t events) {
    jf_poller p = OK(jf_poller_open());
    OK(jf_poller_add(p, s, events, TOKEN));
    return p;
}

static void fill_up(jf_socket s, enum kind kind) {
    static char room[65536];
    size_t len = kind_type(kind) == JF_STREAM ? sizeof room : 4096;
    while (polled(s) & JF_WRITABLE)
        while (jf_send(s, room, len, JF_DONT_WAIT) > 0) {
        }
}

/* Takes what the other end was filled with, until it has room again. */
static void make_room(jf_socket s, jf_socket peer) {
    static char room[65536];
    while (!(polled(s) & JF_WRITABLE)) jf_recv(peer, room, sizeof room, JF_DONT_WAIT);
    while (jf_recv(peer, room, sizeof room, JF_DONT_WAIT) > 0) {
    }
}

/* A full queue can be had without the kernel's losing anything. */
static int can_be_full(enum kind kind) {
    return kind != UDP4 && kind != UDP6;
}

static void every_event(enum kind kind) {
    jf_socket s[2];
    connected(kind, s);
    jf_poller p = with(s[0], EVERY);
    CHECK(told(p, TOKEN, 0) == JF_WRITABLE);
    as_poll(p, s[0]);
    give_byte(s[1]);
    becomes(p, s[0], JF_READABLE);
    CHECK(told(p, TOKEN, 0) == (JF_READABLE | JF_WRITABLE));
    take_byte(s[0]);
    CHECK(told(p, TOKEN, 0) == JF_WRITABLE);
    if (kind == TCP4 || kind == TCP6) {
        EXPECT(jf_send(s[1], "u", 1, JF_OUT_OF_BAND), 1);
        becomes(p, s[0], JF_PRIORITY);
        char byte;
        EXPECT(jf_recv(s[0], &byte, 1, JF_OUT_OF_BAND), 1);
        as_poll(p, s[0]);
    }
    if (can_be_full(kind)) {
        fill_up(s[0], kind);
        as_poll(p, s[0]);
        make_room(s[0], s[1]);
        becomes(p, s[0], JF_WRITABLE);
    }
    if (kind_type(kind) != JF_DGRAM) {
        OK(jf_shutdown(s[1], JF_SHUT_WRITE));
        becomes(p, s[0], JF_READ_CLOSED);
        CHECK(!(told(p, TOKEN, 0) & JF_HANGUP));
        OK(jf_shutdown(s[0], JF_SHUT_WRITE));
        becomes(p, s[0], JF_HANGUP);
    }
    OK(jf_close(s[1]));
    as_poll(p, s[0]);
    OK(jf_close(s[0]));
    CHECK(is_quiet(p));
    OK(jf_poller_close(p));
}

/* Told for as long as it lasts, and not a wait longer. */
static void level(enum kind kind) {
    jf_socket s[2];
    connected(kind, s);
    jf_poller p = with(s[0], JF_READABLE);
    CHECK(is_quiet(p));
    for (int round = 0; round < 3; round++) {
        give_byte(s[1]);
        give_byte(s[1]);
        CHECK(told(p, TOKEN, SOON_MS) == JF_READABLE && told(p, TOKEN, -1) == JF_READABLE && told(p, TOKEN, 0) == JF_READABLE);
        take_byte(s[0]);
        CHECK(told(p, TOKEN, SOON_MS) == JF_READABLE);
        take_byte(s[0]);
        CHECK(is_quiet(p));
    }
    /* What was ready before it was asked for is told as well. */
    OK(jf_poller_modify(p, s[0], 0, TOKEN));
    give_byte(s[1]);
    await_polled(s[0], JF_READABLE);
    CHECK(is_quiet(p));
    OK(jf_poller_modify(p, s[0], JF_READABLE, TOKEN));
    CHECK(told(p, TOKEN, 0) == JF_READABLE);
    OK(jf_poller_close(p));
    p = with(s[0], JF_READABLE);
    CHECK(told(p, TOKEN, 0) == JF_READABLE);
    OK(jf_poller_close(p));
    close_both(s);
}

/* Told once, when it comes up. */
static void edge(enum kind kind) {
    jf_socket s[2];
    connected(kind, s);
    if (only_poll()) {
        jf_poller none = with(s[0], JF_READABLE);
        EXPECT(jf_poller_add(none, s[1], JF_READABLE | JF_EDGE, TOKEN), JF_E_UNSUPPORTED);
        EXPECT(jf_poller_modify(none, s[0], JF_WRITABLE | JF_EDGE, TOKEN), JF_E_UNSUPPORTED);
        CHECK(is_quiet(none));
        OK(jf_poller_close(none));
        close_both(s);
        return;
    }
    jf_poller p = with(s[0], JF_READABLE | JF_EDGE);
    CHECK(is_quiet(p));
    for (int round = 0; round < 3; round++) {
        give_byte(s[1]);
        CHECK(told(p, TOKEN, SOON_MS) == JF_READABLE);
        CHECK(is_quiet(p) && polled(s[0]) & JF_READABLE);
        give_byte(s[1]);
        CHECK(told(p, TOKEN, SOON_MS) == JF_READABLE);
        take_byte(s[0]);
        CHECK(is_quiet(p) && polled(s[0]) & JF_READABLE);
        take_byte(s[0]);
        CHECK(is_quiet(p));
    }
    /* To be asked for again is to be told again, of what is there. */
    give_byte(s[1]);
    CHECK(told(p, TOKEN, SOON_MS) == JF_READABLE && is_quiet(p));
    OK(jf_poller_modify(p, s[0], JF_READABLE | JF_EDGE, 2));
    CHECK(told(p, 2, 0) == JF_READABLE && is_quiet(p));
    OK(jf_poller_remove(p, s[0]));
    OK(jf_poller_add(p, s[0], JF_READABLE | JF_EDGE, 3));
    CHECK(told(p, 3, 0) == JF_READABLE && is_quiet(p));
    take_byte(s[0]);

    /* Room to send comes up as well. */
    if (can_be_full(kind)) {
        OK(jf_poller_modify(p, s[0], JF_WRITABLE | JF_EDGE, TOKEN));
        CHECK(told(p, TOKEN, 0) == JF_WRITABLE && is_quiet(p));
        fill_up(s[0], kind);
        CHECK(is_quiet(p));
        make_room(s[0], s[1]);
        CHECK(told(p, TOKEN, SOON_MS) == JF_WRITABLE);
    }
    OK(jf_poller_close(p));
    close_both(s);
}

/* Told once, and then whatever happens no more, until it is asked for again. */
static void one_shot(enum kind kind, uint32_t modes) {
    jf_socket s[2];
    connected(kind, s);
    jf_poller p = with(s[0], JF_READABLE | modes);
    CHECK(is_quiet(p));
    for (uint64_t round = 1; round <= 3; round++) {
        give_byte(s[1]);
        CHECK(told(p, round == 1 ? TOKEN : round, SOON_MS) == JF_READABLE && is_quiet(p));
        give_byte(s[1]);
        take_byte(s[0]);
        await_polled(s[0], JF_READABLE);
        CHECK(is_quiet(p));
        /* There is something left; then there is not. */
        OK(jf_poller_modify(p, s[0], JF_READABLE | modes, 77));
        CHECK(told(p, 77, 0) == JF_READABLE && is_quiet(p));
        take_byte(s[0]);
        OK(jf_poller_modify(p, s[0], JF_READABLE | modes, round + 1));
        CHECK(is_quiet(p));
    }
    /* One is one, for however much there is; the end is nothing else. */
    OK(jf_poller_modify(p, s[0], EVERY | modes, TOKEN));
    CHECK(told(p, TOKEN, 0) == JF_WRITABLE && is_quiet(p));
    OK(jf_close(s[1]));
    CHECK(is_quiet(p));
    if (kind_type(kind) != JF_DGRAM) {
        await_polled(s[0], JF_READ_CLOSED);
        CHECK(is_quiet(p));
        OK(jf_poller_modify(p, s[0], modes, TOKEN));
        uint32_t events = told(p, TOKEN, 0);
        CHECK(events == (polled(s[0]) & (JF_ERROR | JF_HANGUP)) && is_quiet(p));
    }
    OK(jf_poller_close(p));
    OK(jf_close(s[0]));
}

/* A connection is there for as long as nobody takes it; on the edge each that comes is told. */
static void listeners(enum kind kind) {
    if (kind_type(kind) == JF_DGRAM) return;
    jf_addr a;
    jf_socket l = bound(kind_anywhere(kind), kind_type(kind), &a), c[3];
    OK(jf_listen(l, 4));
    jf_poller p = with(l, EVERY), on_edge = with(l, JF_READABLE | edge_or_once()), once = with(l, JF_READABLE | JF_ONE_SHOT);
    CHECK(is_quiet(p) && is_quiet(on_edge) && is_quiet(once));
    for (int i = 0; i < 3; i++) {
        c[i] = OK(jf_open(kind_family(kind), kind_type(kind), 0));
        OK(jf_connect(c[i], &a));
        CHECK(told(p, TOKEN, SOON_MS) == JF_READABLE && told(p, TOKEN, 0) == JF_READABLE);
        CHECK((i > 0 && only_poll()) || told(on_edge, TOKEN, SOON_MS) == JF_READABLE);
        CHECK(is_quiet(on_edge));
        CHECK(i > 0 || told(once, TOKEN, SOON_MS) == JF_READABLE);
        CHECK(is_quiet(once));
    }
    for (int i = 0; i < 3; i++) {
        CHECK(told(p, TOKEN, 0) == JF_READABLE);
        OK(jf_close(OK(jf_accept(l, NULL))));
        OK(jf_close(c[i]));
    }
    CHECK(is_quiet(p) && is_quiet(on_edge));
    OK(jf_poller_close(p));
    OK(jf_poller_close(on_edge));
    OK(jf_poller_close(once));
    OK(jf_close(l));
}

/* A connection that can't be made yet, for a full queue, and then can: the system asks again after a second. */
static void connecting(void) {
    jf_addr a;
    jf_socket l = bound("127.0.0.1:0", JF_STREAM, &a), filler = OK(jf_open(JF_INET, JF_STREAM, 0));
    jf_socket s = OK(jf_open(JF_INET, JF_STREAM, 0));
    OK(jf_listen(l, 0));
    OK(jf_connect(filler, &a));
    await_polled(l, JF_READABLE);
    OK(jf_set(s, JF_OPT_SEND_TIMEOUT, 0));
    jf_poller p = OK(jf_poller_open()), on_edge = OK(jf_poller_open());
    EXPECT(jf_connect(s, &a), JF_E_IN_PROGRESS);
    OK(jf_poller_add(p, s, JF_WRITABLE, TOKEN));
    OK(jf_poller_add(on_edge, s, JF_WRITABLE | edge_or_once(), TOKEN));
    CHECK(is_quiet(p) && is_quiet(on_edge));
    OK(jf_close(OK(jf_accept(l, NULL))));
    CHECK(told(p, TOKEN, SOON_MS) == JF_WRITABLE && told(on_edge, TOKEN, 0) == JF_WRITABLE);
    int64_t error;
    OK(jf_get(s, JF_OPT_ERROR, &error));
    EXPECT(error, 0);
    OK(jf_close(OK(jf_accept(l, NULL))));
    OK(jf_close(filler));
    OK(jf_close(s));
    OK(jf_close(l));

    /* One that is refused. */
    jf_socket reserved = bound("127.0.0.1:0", JF_STREAM, &a);
    s = OK(jf_open(JF_INET, JF_STREAM, 0));
    OK(jf_set(s, JF_OPT_SEND_TIMEOUT, 0));
    int64_t code = jf_connect(s, &a);
    CHECK(code == JF_E_IN_PROGRESS || code == JF_E_CONN_REFUSED);
    OK(jf_poller_add(p, s, JF_WRITABLE, TOKEN));
    becomes(p, s, JF_WRITABLE);
    OK(jf_close(s));
    OK(jf_close(reserved));
    CHECK(is_quiet(p) && is_quiet(on_edge));
    OK(jf_poller_close(p));
    OK(jf_poller_close(on_edge));
}

/* A datagram that nobody wants comes back as an error, until somebody takes that. */
static void errors(void) {
    jf_addr a;
    jf_socket nobody = bound("127.0.0.1:0", JF_DGRAM, &a), s = OK(jf_open(JF_INET, JF_DGRAM, 0));
    OK(jf_connect(s, &a));
    OK(jf_close(nobody));
    jf_poller p = with(s, 0), on_edge = with(s, edge_or_once()), once = with(s, JF_ONE_SHOT);
    for (int round = 0; round < 2; round++) {
        EXPECT(jf_send(s, "x", 1, 0), 1);
        CHECK(told(p, TOKEN, SOON_MS) == JF_ERROR && told(p, TOKEN, 0) == JF_ERROR);
        CHECK(told(on_edge, TOKEN, 0) == (round == 0 || !only_poll() ? JF_ERROR : 0) && is_quiet(on_edge));
        CHECK(told(once, TOKEN, 0) == (round == 0 ? JF_ERROR : 0));
        as_poll(p, s);
        OK(jf_poller_modify(p, s, 0, TOKEN));
        int64_t error;
        OK(jf_get(s, JF_OPT_ERROR, &error));
        CHECK(error == JF_E_CONN_REFUSED && is_quiet(p) && is_quiet(on_edge));
    }
    /* A socket that never was connected, and one that talks with the kernel. */
    jf_socket others[] = {OK(jf_open(JF_INET, JF_STREAM, 0)), OK(jf_open(JF_INET6, JF_STREAM, 0)),
                          OK(jf_open(JF_UNIX, JF_STREAM, 0)), OK(jf_open(JF_UNIX, JF_DGRAM, 0)),
                          OK(jf_open(JF_NETLINK, JF_RAW, 0))};
    OK(jf_close(s));
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        OK(jf_poller_add(p, others[i], EVERY, TOKEN));
        as_poll(p, others[i]);
        OK(jf_close(others[i]));
        CHECK(is_quiet(p));
    }
    OK(jf_poller_close(p));
    OK(jf_poller_close(on_edge));
    OK(jf_poller_close(once));
}

/* A token is any number but one, and comes back as it was. */
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
        CHECK(told(p, token, 0) == JF_READABLE);
        EXPECT(jf_poller_add(p, s[0], JF_READABLE, 5), JF_E_EXISTS);
        EXPECT(jf_poller_add(p, s[0], JF_READABLE, UINT64_MAX), JF_E_INVALID);
        EXPECT(jf_poller_modify(p, s[0], JF_WRITABLE, UINT64_MAX), JF_E_INVALID);
        CHECK(told(p, token, 0) == JF_READABLE);
        OK(jf_poller_modify(p, s[0], JF_READABLE, ~token == UINT64_MAX ? 3 : ~token));
        CHECK(told(p, ~token == UINT64_MAX ? 3 : ~token, 0) == JF_READABLE);
        OK(jf_poller_remove(p, s[0]));
        CHECK(is_quiet(p));
        EXPECT(jf_poller_modify(p, s[0], JF_READABLE, 5), JF_E_NOT_FOUND);
        EXPECT(jf_poller_remove(p, s[0]), JF_E_NOT_FOUND);
        CHECK(is_quiet(p));
    }
    EXPECT(jf_poller_add(p, s[0], JF_READABLE, UINT64_MAX), JF_E_INVALID);
    EXPECT(jf_poller_remove(p, s[0]), JF_E_NOT_FOUND);
    CHECK(is_quiet(p));

    /* One token for two sockets, two for two handles of one, and one socket in two pollers. */
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
    OK(jf_poller_add(other, s[0], JF_READABLE | edge_or_once(), 11));
    CHECK(told(other, 11, 0) == JF_READABLE && is_quiet(other) && told(p, 9, 0) == JF_READABLE);
    OK(jf_poller_remove(p, s[0]));
    give_byte(s[1]);
    CHECK(told(other, 11, 0) == (only_poll() ? 0 : JF_READABLE) && is_quiet(p));
    OK(jf_close(copy));
    close_both(s);
    CHECK(is_quiet(other));
    OK(jf_poller_close(p));
    OK(jf_poller_close(other));
}

enum { MANY = 64 };
static jf_socket many[MANY][2];

/* Waits with little room until as many were told as there are sockets; how often each was. */
static void tell_all(jf_poller p, size_t cap, int times[MANY]) {
    jf_event e[MANY + 2];
    memset(times, 0, MANY * sizeof *times);
    for (int all = 0; all < MANY;) {
        memset(e, 0xA5, sizeof e);
        int64_t count = OK(jf_poller_wait(p, e, cap, 0));
        CHECK(count == (int64_t)cap || (count == MANY - all && count > 0) || count == MANY);
        for (int64_t i = 0; i < count; i++) {
            CHECK(e[i].token < MANY && e[i].events == JF_READABLE && e[i].error == 0);
            times[e[i].token]++;
        }
        for (const unsigned char *at = (void *)&e[count]; at < (unsigned char *)(e + MANY + 2); at++) CHECK(*at == 0xA5);
        all += (int)count;
    }
}

/* A wake takes nobody's place, wherever it is among them. */
static void a_wake_among_many(jf_poller p, size_t cap, int woken_before) {
    jf_event e[MANY + 1];
    int times[MANY] = {0}, wakes = 0;
    for (int i = 0; i < MANY; i++) {
        if (i == woken_before) OK(jf_poller_wake(p));
        give_byte(many[i][1]);
    }
    for (int all = 0; all < MANY;) {
        int64_t count = OK(jf_poller_wait(p, e, cap, 0));
        CHECK(count == (int64_t)cap || wakes++ == 0 || all + count == MANY);
        for (int64_t i = 0; i < count; i++) {
            CHECK(e[i].token < MANY && e[i].events == JF_READABLE && e[i].error == 0 && times[e[i].token]++ == 0);
            take_byte(many[e[i].token][0]);
        }
        all += (int)count;
    }
    EXPECT(jf_poller_wait(p, e, cap, 0), 0);
    CHECK(is_quiet(p));
}

/* Who has no place this time has one the next, before anybody has a second; none is told of twice that is told once. */
static void little_room(void) {
    const uint32_t MODES[] = {0, edge_or_once(), JF_ONE_SHOT};
    int times[MANY];
    for (int i = 0; i < MANY; i++) OK(jf_pair(JF_UNIX, JF_STREAM, many[i]));
    for (size_t mode = 0; mode < sizeof MODES / sizeof *MODES; mode++)
        for (size_t cap = 1; cap <= MANY + 1; cap += cap < 4 ? 1 : cap < 32 ? 13 : 11) {
            jf_poller p = OK(jf_poller_open());
            for (int i = 0; i < MANY; i++) OK(jf_poller_add(p, many[i][0], JF_READABLE | MODES[mode], (uint64_t)i));
            CHECK(is_quiet(p));
            for (int i = 0; i < MANY; i++) give_byte(many[i][1]);
            tell_all(p, cap, times);
            for (int i = 0; i < MANY; i++) CHECK(times[i] == 1 || (MODES[mode] == 0 && MANY % cap != 0 && times[i] <= 2));
            CHECK(MODES[mode] == 0 || is_quiet(p));
            for (int i = 0; i < MANY; i++) take_byte(many[i][0]);
            CHECK(is_quiet(p));
            OK(jf_poller_close(p));
        }
    /* One that is ready all the time does not hide the others. */
    jf_poller p = OK(jf_poller_open());
    for (int i = 0; i < MANY; i++) OK(jf_poller_add(p, many[i][0], i == 0 ? JF_WRITABLE : JF_READABLE, (uint64_t)i));
    for (int i = 1; i < MANY; i++) {
        jf_event e;
        give_byte(many[i][1]);
        int tries = 0;
        do {
            EXPECT(jf_poller_wait(p, &e, 1, -1), 1);
        } while (e.token == 0 && ++tries < 3);
        CHECK(e.token == (uint64_t)i && e.events == JF_READABLE);
        take_byte(many[i][0]);
    }
    OK(jf_poller_modify(p, many[0][0], JF_READABLE, 0));
    for (size_t cap = 1; cap <= MANY + 1; cap += 8)
        for (int at = 0; at < MANY; at += 9) a_wake_among_many(p, cap, at);
    for (int i = 0; i < MANY; i++) close_both(many[i]);
    CHECK(is_quiet(p));
    OK(jf_poller_close(p));
}

int main(int argc, char **argv) {
    watchdog(is_slow(argc, argv) ? 280 : 110);
    int descriptors = open_descriptors();
    for (int kind = 0; kind < KINDS; kind++) {
        every_event(kind);
        level(kind);
        edge(kind);
        one_shot(kind, JF_ONE_SHOT);
        one_shot(kind, JF_ONE_SHOT | JF_EDGE);
        listeners(kind);
    }
    connecting();
    errors();
    tokens();
    little_room();
    CHECK(open_descriptors() == descriptors);
    return 0;
}
