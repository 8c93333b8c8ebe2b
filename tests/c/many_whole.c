/* Every datagram arrives whole, once, and in its sender's order, of whatever sizes, destinations and ECN marks, where the
   system takes messages apart, where it ceases to, and where it never did.

   usage: many_whole [slow | COUNT] */
#include "many.h"
#include "misuse.h"
#include "refuse.h"

#include <sys/wait.h>

enum { SENDERS = 4, RECEIVERS = 6, BATCH = 300, BYTES = 400000, LONGEST = 9000, PATTERN_LEN = 1 << 16 };

/* A datagram that is on its way. */
typedef struct expected {
    uint64_t seed;
    size_t len;
    uint32_t tos;
} expected;

/* Those from a sender to a receiver, the oldest first. */
static struct lane {
    expected queue[BATCH];
    int head, count;
} lanes[SENDERS][RECEIVERS];

static jf_socket senders[SENDERS], receivers[RECEIVERS];
static uint16_t ports[SENDERS];
/* Where each sender reaches each receiver; of no family where it does not, or where that is its peer. */
static jf_addr ways[SENDERS][RECEIVERS];
static int peers[SENDERS];
static unsigned char pattern[PATTERN_LEN + LONGEST];
static uint64_t state;

static uint32_t below(uint32_t limit) {
    return (uint32_t)(random_number(&state) % limit);
}

/* A datagram's bytes: its seed, then some of the pattern. */
static void write_bytes(unsigned char *out, const expected *e) {
    memcpy(out, pattern + e->seed % PATTERN_LEN, e->len);
    memcpy(out, &e->seed, e->len < sizeof e->seed ? e->len : sizeof e->seed);
}

static int is_whole(const unsigned char *bytes, const expected *e) {
    size_t head = e->len < sizeof e->seed ? e->len : sizeof e->seed;
    return e->len == 0 || (memcmp(bytes, &e->seed, head) == 0 &&
                           memcmp(bytes + head, pattern + e->seed % PATTERN_LEN + head, e->len - head) == 0);
}

static jf_addr with_port(const char *host, uint16_t port) {
    jf_addr a = parsed(host);
    OK(jf_addr_set_port(&a, port));
    return a;
}

/* Receivers of IPv4, of IPv6 and of both, each once for runs and once for datagrams each in its room; senders of both,
   with and without a peer. */
static void open_all(void) {
    static const char *const PLACES[] = {"127.0.0.1:0", "[::1]:0", "[::]:0"};
    jf_addr a;
    memset(ways, 0, sizeof ways);
    for (int i = 0; i < RECEIVERS; i++) {
        receivers[i] = bound(PLACES[i / 2], JF_DGRAM, &a);
        OK(jf_set(receivers[i], JF_OPT_RECV_BUFFER_FORCE, 8 << 20));
        OK(jf_set(receivers[i], JF_OPT_RECV_TIMEOUT, 20000));
        OK(jf_set(receivers[i], JF_OPT_RECV_TOS, 1));
        int takes_v4 = i / 2 != 1, takes_v6 = i / 2 != 0;
        for (int from = 0; from < SENDERS; from++) {
            const char *host = from % 2 == 0 ? "127.0.0.1:0" : from == 1 && takes_v6 ? "[::1]:0" : "[::ffff:127.0.0.1]:0";
            /* The last has a peer of IPv4, beside which its socket reaches nobody of IPv6. */
            if (from == 1 || takes_v4) ways[from][i] = with_port(host, a.port);
        }
    }
    for (int i = 0; i < SENDERS; i++) {
        senders[i] = bound(i % 2 ? "[::]:0" : "127.0.0.1:0", JF_DGRAM, &a);
        ports[i] = a.port;
        peers[i] = -1;
    }
    for (int i = 2; i < SENDERS; i++) {
        peers[i] = i == 2 ? 0 : 5;
        OK(jf_connect(senders[i], &ways[i][peers[i]]));
    }
}

static void close_all(void) {
    for (int i = 0; i < SENDERS; i++) OK(jf_close(senders[i]));
    for (int i = 0; i < RECEIVERS; i++) OK(jf_close(receivers[i]));
}

static size_t some_len(void) {
    switch (below(6)) {
    case 0:
        return below(9);
    case 1:
        return below(300);
    case 2:
        return 1200 + below(100);
    case 3:
        return 1 + below(LONGEST);
    default:
        return 1 + below(1500);
    }
}

/* Sends a batch with runs of one length, destination and mark, which one of another length may end. */
static int64_t send_batch(int from, int64_t most) {
    static jf_datagram d[BATCH];
    static unsigned char bytes[BYTES + LONGEST];
    int64_t count = 0, limit = 1 + below(BATCH);
    /* Neighbours mostly follow on each other in memory, or mostly do not. */
    uint32_t gaps = below(2) ? 1 : 7;
    size_t used = 0, len = 0;
    uint32_t left = 0, present = 0, tos = 0, to = 0;
    if (limit > most) limit = most;
    for (; count < limit && used < BYTES; left--, count++) {
        if (left == 0) {
            left = below(2) ? 1 : 1 + below(100);
            do {
                to = below(RECEIVERS);
            } while (ways[from][to].family == JF_UNSPEC);
            if (peers[from] >= 0 && below(2)) to = (uint32_t)peers[from];
            present = (int)to == peers[from] && below(4) ? 0 : JF_HAS_ADDR;
            present |= below(2) ? JF_HAS_TOS : 0;
            tos = present & JF_HAS_TOS ? below(4) : 0;
            len = some_len();
        } else if (below(40) == 0) {
            len = some_len();
        }
        struct lane *lane = &lanes[from][to];
        expected *e = &lane->queue[lane->count++];
        *e = (expected){random_number(&state), len, tos};
        used += below(8) < gaps;
        write_bytes(bytes + used, e);
        d[count] = datagram(bytes + used, len, &ways[from][to]);
        d[count].present = present;
        d[count].tos = tos;
        used += len;
    }
    EXPECT(jf_send_many(senders[from], d, (size_t)count, 0), count);
    for (int64_t i = 0; i < count; i++) EXPECT(d[i].result, (int64_t)d[i].len);
    return count;
}

/* Receives what a sender has sent to a receiver. */
static void receive(int from, int to) {
    static char rooms[RECEIVERS][LONGEST + 1];
    struct lane *lane = &lanes[from][to];
    int runs = to % 2 == 0;
    while (lane->head < lane->count) {
        jf_datagram *d = runs ? for_runs(1 + below(2)) : for_each(6, 0);
        for (int i = 0; !runs && i < 6; i++) d[i] = (jf_datagram){.room = rooms[i], .room_len = LONGEST + 1};
        int64_t count = OK(jf_recv_many(receivers[to], d, runs ? (d[1].room ? 2 * RUN : RUN) : 1 + below(6), 0));
        for (int64_t i = 0; i < count; i++) {
            CHECK(lane->head < lane->count);
            const expected *e = &lane->queue[lane->head++];
            CHECK(d[i].present == (JF_HAS_ADDR | JF_HAS_TOS) && d[i].addr.port == ports[from]);
            EXPECT((int64_t)d[i].len, (int64_t)e->len);
            EXPECT(d[i].result, (int64_t)e->len);
            EXPECT(d[i].tos, e->tos);
            CHECK(is_whole(d[i].data, e));
        }
    }
    lane->head = lane->count = 0;
}

static void nothing_is_left(void) {
    for (int to = 0; to < RECEIVERS; to++) {
        int runs = to % 2 == 0;
        jf_datagram *d = runs ? for_runs(1) : for_each(1, OWN_ROOM);
        EXPECT(jf_recv_many(receivers[to], d, runs ? RUN : 1, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
    }
}

/* A sender and the receivers take turns, so that no buffer overflows. */
static void send_and_receive(int64_t total) {
    open_all();
    /* From now on. */
    nothing_is_left();
    for (int64_t sent = 0; sent < total;) {
        int from = (int)below(SENDERS);
        sent += send_batch(from, total - sent);
        for (int to = 0; to < RECEIVERS; to++) receive(from, to);
    }
    nothing_is_left();
    close_all();
}

/* The same, in a process of its own, where segments are refused. */
static void where_refused(int error, int64_t total) {
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        if (error == 0) refuse_options();
        else refuse_segments(error, 50);
        send_and_receive(total);
        /* A socket finds out once, and one that has no such option does not even try. */
        CHECK(error == 0 ? refused == 0 : refused > 0 && refused <= SENDERS);
        _exit(0);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child);
    if (status != 0) {
        fprintf(stderr, "where segments are refused with %s\n", error ? strerror(error) : "their option");
        exit(1);
    }
}

int main(int argc, char **argv) {
    static const int ERRORS[] = {EIO, EINVAL, ENOPROTOOPT, EOPNOTSUPP, 0};
    int slow = is_slow(argc, argv);
    int64_t total = slow ? 2000 : argc > 1 ? strtoll(argv[1], NULL, 10) : 20000;
    CHECK(total > 0);
    state = (uint64_t)total;
    for (size_t i = 0; i < sizeof pattern; i++) pattern[i] = (unsigned char)below(256);
    send_and_receive(total);
    /* Valgrind knows no process that decides about another's calls. */
    for (size_t i = 0; i < sizeof ERRORS / sizeof *ERRORS && !slow; i++) where_refused(ERRORS[i], total);
    return 0;
}
