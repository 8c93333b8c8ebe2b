/* An accepted connection blocks without a timeout, whatever the timeouts of its listener. */
#include "clock.h"
#include "pairs.h"

#include <fcntl.h>
#include <pthread.h>

/* The peer's delay exceeds the listener's timeout. A call that had inherited the listener's timeout would end too
 * early. */
enum { LISTENER_TIMEOUT_MS = 30, DELAY_MS = 150 };

static char big[4 << 20];

struct peer {
    pthread_t thread;
    jf_socket s;
};

static void *send_two_bytes(void *argument) {
    struct peer *peer = argument;
    EXPECT(jf_send(peer->s, "1", 1, 0), 1);
    linger_ms(DELAY_MS);
    EXPECT(jf_send(peer->s, "2", 1, 0), 1);
    return NULL;
}

static void *send_two_bytes_late(void *argument) {
    struct peer *peer = argument;
    linger_ms(DELAY_MS);
    return send_two_bytes(peer);
}

static void *receive_late(void *argument) {
    struct peer *peer = argument;
    char *buffer = malloc(sizeof big);
    CHECK(buffer);
    linger_ms(DELAY_MS);
    EXPECT(jf_recv_exact(peer->s, buffer, sizeof big, NULL), 0);
    free(buffer);
    return NULL;
}

/* Accepts a connection of this kind from a listener with this timeout for both directions. */
static struct peer accept_connection(enum kind kind, int64_t timeout, jf_socket *out) {
    jf_addr a;
    struct peer peer;
    jf_socket l = bound(kind_anywhere(kind), kind_type(kind), &a);
    OK(jf_listen(l, 4));
    OK(jf_set(l, JF_OPT_SEND_TIMEOUT, timeout));
    OK(jf_set(l, JF_OPT_RECV_TIMEOUT, timeout));
    EXPECT(jf_accept(l, NULL), timeout ? JF_E_TIMED_OUT : JF_E_WOULD_BLOCK);
    peer.s = OK(jf_open(kind_family(kind), kind_type(kind), 0));
    OK(jf_connect(peer.s, &a));
    struct pollfd pollable = {.fd = (int)OK(jf_fd(l)), .events = POLLIN};
    CHECK(poll(&pollable, 1, 10000) == 1);
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

enum call { RECV, RECV_EXACT, SEND_ALL, SEND, WAIT_ALL, WAIT_ALL_LATE };

static void check_blocks(enum kind kind, int64_t timeout, enum call call) {
    jf_socket s;
    char buffer[2] = {0};
    struct peer peer = accept_connection(kind, timeout, &s);
    int is_send = call == SEND || call == SEND_ALL;
    int is_late = call == RECV || call == WAIT_ALL_LATE;
    void *(*peer_main)(void *) = is_send ? receive_late : is_late ? send_two_bytes_late : send_two_bytes;
    double since = clock_ms();
    CHECK(pthread_create(&peer.thread, NULL, peer_main, &peer) == 0);
    if (call == RECV) EXPECT(jf_recv(s, buffer, 1, 0), 1);
    if (call == RECV_EXACT) EXPECT(jf_recv_exact(s, buffer, 2, NULL), 0);
    if (call == WAIT_ALL || call == WAIT_ALL_LATE) EXPECT(jf_recv(s, buffer, 2, JF_WAIT_ALL), 2);
    if (call == SEND_ALL) EXPECT(jf_send_all(s, big, sizeof big, NULL), 0);
    /* On a stream, jf_send blocks until all bytes are queued. */
    if (call == SEND) EXPECT(jf_send(s, big, sizeof big, 0), (int64_t)sizeof big);
    TOOK(since, call == RECV ? DELAY_MS : is_send ? 0 : DELAY_MS);
    CHECK(pthread_join(peer.thread, NULL) == 0);
    CHECK(is_send || buffer[0] == '1');
    OK(jf_close(s));
    OK(jf_close(peer.s));
}

int main(void) {
    static const enum kind kinds[] = {TCP4, TCP6, UNIX_STREAM};
    for (int call = RECV; call <= WAIT_ALL_LATE; call++)
        for (int i = 0; i < 3; i++) {
            check_blocks(kinds[i], LISTENER_TIMEOUT_MS, call);
            check_blocks(kinds[i], 0, call);
        }
    return 0;
}
