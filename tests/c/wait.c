/* jf_wait reports the same events as the system's poll(). */
#include "pairs.h"
#include "clock.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ALL = JF_READABLE | JF_WRITABLE | JF_ERROR | JF_HANGUP | JF_READ_CLOSED | JF_PRIORITY };

static const struct {
    uint32_t ours;
    short theirs;
} EVENTS[] = {{JF_READABLE, POLLIN}, {JF_WRITABLE, POLLOUT},      {JF_ERROR, POLLERR},
              {JF_HANGUP, POLLHUP},  {JF_READ_CLOSED, POLLRDHUP}, {JF_PRIORITY, POLLPRI}};
enum { EVENT_COUNT = sizeof EVENTS / sizeof *EVENTS };

static short to_system(uint32_t events) {
    short bits = 0;
    for (int i = 0; i < EVENT_COUNT; i++)
        if (events & EVENTS[i].ours) bits = (short)(bits | EVENTS[i].theirs);
    return bits;
}

static uint32_t ready_now(jf_socket s, uint32_t events) {
    jf_wait_item item = {s, events, 0xA5A5A5A5};
    int64_t count = OK(jf_wait(&item, 1, 0));
    CHECK(count == (item.ready != 0) && item.socket == s && item.events == events);
    return item.ready;
}

/* The result equals that of poll(): for each single event, for all of them, and for none. */
static void expect_same_as_poll(jf_socket s) {
    for (int i = -1; i <= EVENT_COUNT; i++) {
        uint32_t events = i < 0 ? 0 : i == EVENT_COUNT ? ALL : EVENTS[i].ours, ready;
        struct pollfd item = {(int)OK(jf_fd(s)), to_system(events), 0};
        short before;
        /* Retries if data in flight arrived in between. */
        do {
            CHECK(poll(&item, 1, 0) >= 0);
            before = item.revents;
            ready = ready_now(s, events);
            CHECK(poll(&item, 1, 0) >= 0);
        } while (before != item.revents);
        CHECK(to_system(ready) == before);
    }
}

/* Waits for an event, then compares all events. */
static void expect_event(jf_socket s, uint32_t event) {
    jf_wait_item item = {s, event, 0};
    EXPECT(jf_wait(&item, 1, 10000), 1);
    CHECK(item.ready & event);
    expect_same_as_poll(s);
}

static void all_events(enum kind kind) {
    jf_socket s[2];
    char buffer[65536] = {0};
    connected(kind, s);
    expect_same_as_poll(s[0]);
    CHECK(ready_now(s[0], ALL) == JF_WRITABLE);
    EXPECT(jf_send(s[1], "x", 1, 0), 1);
    expect_event(s[0], JF_READABLE);
    CHECK(ready_now(s[0], ALL) == (JF_READABLE | JF_WRITABLE) && ready_now(s[0], 0) == 0);
    EXPECT(jf_recv(s[0], buffer, 1, 0), 1);
    CHECK(ready_now(s[0], ALL) == JF_WRITABLE);
    if (kind == TCP4 || kind == TCP6) {
        EXPECT(jf_send(s[1], "u", 1, JF_OUT_OF_BAND), 1);
        expect_event(s[0], JF_PRIORITY);
        EXPECT(jf_recv(s[0], buffer, 1, JF_OUT_OF_BAND), 1);
    }
    if (kind_type(kind) == JF_STREAM || kind == UNIX_SEQPACKET) {
        /* A full queue, then free space again. */
        size_t len = kind_type(kind) == JF_STREAM ? sizeof buffer : 4096;
        while (ready_now(s[0], JF_WRITABLE)) {
            while (jf_send(s[0], buffer, len, JF_DONT_WAIT) > 0) {
            }
        }
        expect_same_as_poll(s[0]);
        while (!ready_now(s[0], JF_WRITABLE)) jf_recv(s[1], buffer, sizeof buffer, JF_DONT_WAIT);
        expect_same_as_poll(s[0]);
        while (jf_recv(s[1], buffer, sizeof buffer, JF_DONT_WAIT) > 0) {
        }
    }
    if (kind_type(kind) != JF_DGRAM) {
        OK(jf_shutdown(s[1], JF_SHUT_WRITE));
        expect_event(s[0], JF_READ_CLOSED);
        CHECK(!(ready_now(s[0], ALL) & JF_HANGUP));
        OK(jf_shutdown(s[0], JF_SHUT_WRITE));
        expect_event(s[0], JF_HANGUP);
    }
    OK(jf_close(s[1]));
    expect_same_as_poll(s[0]);
    OK(jf_close(s[0]));
}

/* A datagram to an unused port yields an error; a listener has a connection; a connect is refused. */
static void errors_and_listeners(void) {
    jf_addr a;
    jf_socket unused = bound("127.0.0.1:0", JF_DGRAM, &a), s = OK(jf_open(JF_INET, JF_DGRAM, 0));
    OK(jf_connect(s, &a));
    OK(jf_close(unused));
    EXPECT(jf_send(s, "x", 1, 0), 1);
    expect_event(s, JF_ERROR);
    CHECK(ready_now(s, 0) == JF_ERROR);
    int64_t error;
    OK(jf_get(s, JF_OPT_ERROR, &error));
    CHECK(error == JF_E_CONN_REFUSED && ready_now(s, 0) == 0);
    OK(jf_close(s));

    jf_socket listener = listening("127.0.0.1:0", &a);
    CHECK(ready_now(listener, ALL) == 0);
    s = OK(jf_open(JF_INET, JF_STREAM, 0));
    expect_same_as_poll(s);
    OK(jf_connect(s, &a));
    expect_event(listener, JF_READABLE);
    OK(jf_close(listener));
    expect_event(s, JF_ERROR);
    OK(jf_close(s));

    s = OK(jf_open(JF_INET, JF_STREAM, 0));
    OK(jf_set(s, JF_OPT_SEND_TIMEOUT, 0));
    jf_socket reserved = bound("127.0.0.1:0", JF_STREAM, &a);
    int64_t code = jf_connect(s, &a);
    CHECK(code == JF_E_IN_PROGRESS || code == JF_E_CONN_REFUSED);
    expect_event(s, JF_WRITABLE);
    OK(jf_close(s));
    OK(jf_close(reserved));

    s = OK(jf_open(JF_NETLINK, JF_RAW, 0));
    expect_same_as_poll(s);
    CHECK(ready_now(s, ALL) == JF_WRITABLE);
    jf_wait_item item = {s, JF_READABLE, 7};
    double since = clock_ms();
    EXPECT(jf_wait(&item, 1, 50), 0);
    TOOK(since, 50);
    CHECK(item.ready == 0);
    OK(jf_close(s));
}

/* Among many sockets, the right ones are reported. */
static void many_sockets(void) {
    static jf_wait_item items[JF_WAIT_MAX];
    static jf_socket s[JF_WAIT_MAX][2];
    for (int i = 0; i < JF_WAIT_MAX; i++) {
        OK(jf_pair(JF_UNIX, JF_STREAM, s[i]));
        items[i] = (jf_wait_item){s[i][0], JF_READABLE, 0xA5};
    }
    EXPECT(jf_wait(items, JF_WAIT_MAX, 0), 0);
    for (int i = 0; i < JF_WAIT_MAX; i++) CHECK(items[i].ready == 0);
    for (int count = 1; count <= JF_WAIT_MAX; count += count < 20 ? 1 : 59) {
        int sent = count / 2;
        EXPECT(jf_send(s[sent][1], "x", 1, 0), 1);
        EXPECT(jf_wait(items, (size_t)count, -1), 1);
        for (int i = 0; i < count; i++) CHECK(items[i].ready == (i == sent ? JF_READABLE : 0));
        char byte;
        EXPECT(jf_recv(s[sent][0], &byte, 1, 0), 1);
    }
    /* The same socket in two items. */
    items[1] = (jf_wait_item){s[0][0], JF_WRITABLE, 0};
    EXPECT(jf_send(s[0][1], "x", 1, 0), 1);
    EXPECT(jf_wait(items, 3, -1), 2);
    CHECK(items[0].ready == JF_READABLE && items[1].ready == JF_WRITABLE && items[2].ready == 0);
    for (int i = 0; i < JF_WAIT_MAX; i++) close_both(s[i]);
}

static void deadlines(void) {
    jf_socket s[2];
    static const int64_t TIMES[] = {1, 2, 20, 100};
    connected(TCP4, s);
    /* The socket's own timeout does not apply. */
    OK(jf_set(s[0], JF_OPT_RECV_TIMEOUT, 60000));
    for (size_t i = 0; i < sizeof TIMES / sizeof *TIMES; i++) {
        jf_wait_item item = {s[0], JF_READABLE, 1};
        double since = clock_ms();
        EXPECT(jf_wait(&item, 1, TIMES[i]), 0);
        TOOK(since, TIMES[i]);
        CHECK(item.ready == 0);
        since = clock_ms();
        EXPECT(jf_wait(NULL, 0, TIMES[i]), 0);
        TOOK(since, TIMES[i]);
    }
    EXPECT(jf_wait(NULL, 0, 0), 0);
    close_both(s);
}

int main(void) {
    for (int kind = 0; kind < KINDS; kind++) all_events(kind);
    errors_and_listeners();
    many_sockets();
    deadlines();
    return 0;
}
