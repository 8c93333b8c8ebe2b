/* An accepted connection waits for ever, however impatient its listener is. */
#include "clock.h"
#include "pairs.h"

#include <fcntl.h>
#include <pthread.h>

/* The listener's time, and one that is longer: what happens after that, only a patient call sees. */
enum { SHORT = 30, LONGER = 150 };

static char big[4 << 20];

struct peer {
    pthread_t thread;
    jf_socket s;
};

static void *send_in_two(void *argument) {
    struct peer *peer = argument;
    EXPECT(jf_send(peer->s, "1", 1, 0), 1);
    linger_ms(LONGER);
    EXPECT(jf_send(peer->s, "2", 1, 0), 1);
    return NULL;
}

static void *send_late(void *argument) {
    struct peer *peer = argument;
    linger_ms(LONGER);
    return send_in_two(peer);
}

static void *read_late(void *argument) {
    struct peer *peer = argument;
    char *room = malloc(sizeof big);
    CHECK(room);
    linger_ms(LONGER);
    EXPECT(jf_recv_exact(peer->s, room, sizeof big, NULL), 0);
    free(room);
    return NULL;
}

/* A connection of each kind, from a listener with this timeout for both directions. */
static struct peer accepted(enum kind kind, int64_t timeout, jf_socket *out) {
    jf_addr a;
    struct peer peer;
    jf_socket l = bound(kind_anywhere(kind), kind_type(kind), &a);
    OK(jf_listen(l, 4));
    OK(jf_set(l, JF_OPT_SEND_TIMEOUT, timeout));
    OK(jf_set(l, JF_OPT_RECV_TIMEOUT, timeout));
    EXPECT(jf_accept(l, NULL), timeout ? JF_E_TIMED_OUT : JF_E_WOULD_BLOCK);
    peer.s = OK(jf_open(kind_family(kind), kind_type(kind), 0));
    OK(jf_connect(peer.s, &a));
    struct pollfd queued = {.fd = (int)OK(jf_fd(l)), .events = POLLIN};
    CHECK(poll(&queued, 1, 10000) == 1);
    *out = OK(jf_accept(l, NULL));
    int64_t value = 77;
    OK(jf_get(*out, JF_OPT_RECV_TIMEOUT, &value));
    CHECK(value == -1);
    OK(jf_get(*out, JF_OPT_SEND_TIMEOUT, &value));
    CHECK(value == -1);
    CHECK((fcntl((int)OK(jf_fd(*out)), F_GETFL) & O_NONBLOCK) == 0);
    CHECK((fcntl((int)OK(jf_fd(*out)), F_GETFD) & FD_CLOEXEC) != 0);
    OK(jf_close(l));
    return peer;
}

enum what { RECV, RECV_EXACT, SEND_ALL, SEND, WAIT_ALL, WAIT_ALL_LATE };

static void waits(enum kind kind, int64_t timeout, enum what what) {
    jf_socket s;
    char room[2] = {0};
    struct peer peer = accepted(kind, timeout, &s);
    int sends = what == SEND || what == SEND_ALL;
    void *(*part)(void *) = sends ? read_late : what == RECV || what == WAIT_ALL_LATE ? send_late : send_in_two;
    double since = clock_ms();
    CHECK(pthread_create(&peer.thread, NULL, part, &peer) == 0);
    if (what == RECV) EXPECT(jf_recv(s, room, 1, 0), 1);
    if (what == RECV_EXACT) EXPECT(jf_recv_exact(s, room, 2, NULL), 0);
    if (what == WAIT_ALL || what == WAIT_ALL_LATE) EXPECT(jf_recv(s, room, 2, JF_WAIT_ALL), 2);
    if (what == SEND_ALL) EXPECT(jf_send_all(s, big, sizeof big, NULL), 0);
    /* "On a stream until there is room for everything." */
    if (what == SEND) EXPECT(jf_send(s, big, sizeof big, 0), (int64_t)sizeof big);
    TOOK(since, what == RECV ? LONGER : sends ? 0 : LONGER);
    CHECK(pthread_join(peer.thread, NULL) == 0);
    CHECK(sends || room[0] == '1');
    OK(jf_close(s));
    OK(jf_close(peer.s));
}

int main(void) {
    static const enum kind kinds[] = {TCP4, TCP6, UNIX_STREAM};
    for (int what = RECV; what <= WAIT_ALL_LATE; what++)
        for (int i = 0; i < 3; i++) {
            waits(kinds[i], SHORT, what);
            waits(kinds[i], 0, what);
        }
    return 0;
}
