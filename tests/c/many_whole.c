/* Every datagram arrives whole, once, and in its sender's order, for random sizes, destinations and ECN marks: while
 * the kernel segments messages, after it stops segmenting, and if it never does.
 *
 * usage: many_whole [slow | COUNT] */
#include "many.h"
#include "misuse.h"
#include "refuse.h"

#include <sys/wait.h>

enum { SENDERS = 4, RECEIVERS = 6, BATCH = 300, BATCH_BYTES = 400000, MAX_LEN = 9000, PATTERN_LEN = 1 << 16 };

/* A datagram in flight. */
typedef struct sent_datagram {
    uint64_t seed;
    size_t len;
    uint32_t tos;
} sent_datagram;

/* The datagrams in flight from a sender to a receiver, oldest first. */
static struct lane {
    sent_datagram queue[BATCH];
    int head, count;
} lanes[SENDERS][RECEIVERS];

static jf_socket senders[SENDERS], receivers[RECEIVERS];
static uint16_t ports[SENDERS];
/* The address by which each sender reaches each receiver. The family is JF_UNSPEC if the sender can't reach it. */
static jf_addr routes[SENDERS][RECEIVERS];
static int peers[SENDERS];
static unsigned char pattern[PATTERN_LEN + MAX_LEN];
static uint64_t state;

static uint32_t random_below(uint32_t limit) {
    return (uint32_t)(random_number(&state) % limit);
}

/* Writes a datagram's bytes: its seed, then a part of the pattern. */
static void write_datagram(unsigned char *out, const sent_datagram *e) {
    memcpy(out, pattern + e->seed % PATTERN_LEN, e->len);
    memcpy(out, &e->seed, e->len < sizeof e->seed ? e->len : sizeof e->seed);
}

static int matches(const unsigned char *bytes, const sent_datagram *e) {
    size_t head = e->len < sizeof e->seed ? e->len : sizeof e->seed;
    return e->len == 0 || (memcmp(bytes, &e->seed, head) == 0 &&
                           memcmp(bytes + head, pattern + e->seed % PATTERN_LEN + head, e->len - head) == 0);
}

static jf_addr parse_with_port(const char *host, uint16_t port) {
    jf_addr a = parsed(host);
    OK(jf_addr_set_port(&a, port));
    return a;
}

/* Opens receivers of IPv4, of IPv6 and of both, one with and one without coalescing of each; and senders of both
 * families, with and without a peer. */
static void open_all(void) {
    static const char *const ADDRESSES[] = {"127.0.0.1:0", "[::1]:0", "[::]:0"};
    jf_addr a;
    memset(routes, 0, sizeof routes);
    for (int i = 0; i < RECEIVERS; i++) {
        receivers[i] = bound(ADDRESSES[i / 2], JF_DGRAM, &a);
        OK(jf_set(receivers[i], JF_OPT_RECV_BUFFER_FORCE, 8 << 20));
        OK(jf_set(receivers[i], JF_OPT_RECV_TIMEOUT, 20000));
        OK(jf_set(receivers[i], JF_OPT_RECV_TOS, 1));
        int has_v4 = i / 2 != 1, has_v6 = i / 2 != 0;
        for (int from = 0; from < SENDERS; from++) {
            const char *host = from % 2 == 0 ? "127.0.0.1:0" : from == 1 && has_v6 ? "[::1]:0" : "[::ffff:127.0.0.1]:0";
            /* The last sender has an IPv4 peer, and its socket can't reach IPv6 addresses. */
            if (from == 1 || has_v4) routes[from][i] = parse_with_port(host, a.port);
        }
    }
    for (int i = 0; i < SENDERS; i++) {
        senders[i] = bound(i % 2 ? "[::]:0" : "127.0.0.1:0", JF_DGRAM, &a);
        ports[i] = a.port;
        peers[i] = -1;
    }
    for (int i = 2; i < SENDERS; i++) {
        peers[i] = i == 2 ? 0 : 5;
        OK(jf_connect(senders[i], &routes[i][peers[i]]));
    }
}

static void close_all(void) {
    for (int i = 0; i < SENDERS; i++) OK(jf_close(senders[i]));
    for (int i = 0; i < RECEIVERS; i++) OK(jf_close(receivers[i]));
}

static size_t random_len(void) {
    switch (random_below(6)) {
    case 0:
        return random_below(9);
    case 1:
        return random_below(300);
    case 2:
        return 1200 + random_below(100);
    case 3:
        return 1 + random_below(MAX_LEN);
    default:
        return 1 + random_below(1500);
    }
}

/* Sends a batch of runs of equal length, destination and mark. A datagram of another length may interrupt a run. */
static int64_t send_batch(int from, int64_t max_count) {
    static jf_datagram d[BATCH];
    static unsigned char bytes[BATCH_BYTES + MAX_LEN];
    int64_t count = 0, limit = 1 + random_below(BATCH);
    /* In half of the batches, neighbours mostly follow each other in memory; in the others they mostly do not. */
    uint32_t gaps = random_below(2) ? 1 : 7;
    size_t used = 0, len = 0;
    uint32_t repeats = 0, present = 0, tos = 0, to = 0;
    if (limit > max_count) limit = max_count;
    for (; count < limit && used < BATCH_BYTES; repeats--, count++) {
        if (repeats == 0) {
            repeats = random_below(2) ? 1 : 1 + random_below(100);
            do {
                to = random_below(RECEIVERS);
            } while (routes[from][to].family == JF_UNSPEC);
            if (peers[from] >= 0 && random_below(2)) to = (uint32_t)peers[from];
            present = (int)to == peers[from] && random_below(4) ? 0 : JF_HAS_ADDR;
            present |= random_below(2) ? JF_HAS_TOS : 0;
            tos = present & JF_HAS_TOS ? random_below(4) : 0;
            len = random_len();
        } else if (random_below(40) == 0) {
            len = random_len();
        }
        struct lane *lane = &lanes[from][to];
        sent_datagram *e = &lane->queue[lane->count++];
        *e = (sent_datagram){random_number(&state), len, tos};
        used += random_below(8) < gaps;
        write_datagram(bytes + used, e);
        d[count] = datagram(bytes + used, len, &routes[from][to]);
        d[count].present = present;
        d[count].tos = tos;
        used += len;
    }
    EXPECT(jf_send_many(senders[from], d, (size_t)count, 0), count);
    for (int64_t i = 0; i < count; i++) EXPECT(d[i].result, (int64_t)d[i].len);
    return count;
}

/* Receives the datagrams from a sender to a receiver. */
static void receive_lane(int from, int to) {
    static char large_buffers[RECEIVERS][MAX_LEN + 1];
    struct lane *lane = &lanes[from][to];
    int is_coalesced = to % 2 == 0;
    while (lane->head < lane->count) {
        jf_datagram *d = is_coalesced ? coalesced_batch(1 + random_below(2)) : plain_batch(6, 0);
        for (int i = 0; !is_coalesced && i < 6; i++) {
            d[i] = (jf_datagram){.room = large_buffers[i], .room_len = MAX_LEN + 1};
        }
        size_t capacity = !is_coalesced ? 1 + random_below(6) : d[1].room ? 2 * COALESCED_MAX : COALESCED_MAX;
        int64_t count = OK(jf_recv_many(receivers[to], d, capacity, 0));
        for (int64_t i = 0; i < count; i++) {
            CHECK(lane->head < lane->count);
            const sent_datagram *e = &lane->queue[lane->head++];
            CHECK(d[i].present == (JF_HAS_ADDR | JF_HAS_TOS) && d[i].addr.port == ports[from]);
            EXPECT((int64_t)d[i].len, (int64_t)e->len);
            EXPECT(d[i].result, (int64_t)e->len);
            EXPECT(d[i].tos, e->tos);
            CHECK(matches(d[i].data, e));
        }
    }
    lane->head = lane->count = 0;
}

static void check_queues_empty(void) {
    for (int to = 0; to < RECEIVERS; to++) {
        int is_coalesced = to % 2 == 0;
        jf_datagram *d = is_coalesced ? coalesced_batch(1) : plain_batch(1, BUFFER_LEN);
        EXPECT(jf_recv_many(receivers[to], d, is_coalesced ? COALESCED_MAX : 1, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
    }
}

/* Sends and receives alternately, so that no receive buffer overflows. */
static void send_and_receive(int64_t total) {
    open_all();
    /* The first receive enables coalescing. */
    check_queues_empty();
    for (int64_t sent = 0; sent < total;) {
        int from = (int)random_below(SENDERS);
        sent += send_batch(from, total - sent);
        for (int to = 0; to < RECEIVERS; to++) receive_lane(from, to);
    }
    check_queues_empty();
    close_all();
}

/* The same, in a child process whose kernel refuses segmentation. */
static void run_with_refused_segments(int error, int64_t total) {
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        if (error == 0) refuse_options();
        else refuse_segments(error, 50);
        send_and_receive(total);
        /* Each socket discovers the refusal once. Without the option, it does not try. */
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
    for (size_t i = 0; i < sizeof pattern; i++) pattern[i] = (unsigned char)random_below(256);
    send_and_receive(total);
    /* valgrind does not support seccomp notifications. */
    for (size_t i = 0; i < sizeof ERRORS / sizeof *ERRORS && !slow; i++) run_with_refused_segments(ERRORS[i], total);
    return 0;
}
