/* Many datagrams at once in many threads: two send on one socket while another receives on it, and somebody closes it. */
#include "flight.h"
#include "many.h"

enum { THREADS = 2, BATCH = 40, LONG = 1400, SHORT = 100, AHEAD = 4 };

/* How many batches each thread sends. */
static uint32_t batches;
static jf_socket shared;
static jf_addr to;
static _Atomic uint32_t arrived[THREADS];

/* A datagram says who sent it and which of his it is. */
typedef struct label {
    uint32_t thread, number;
} label;

static int64_t send_all_of_them(void *given) {
    uint32_t thread = *(uint32_t *)given, number = 0;
    static char rooms[THREADS][BATCH][LONG];
    jf_datagram d[BATCH];
    for (uint32_t batch = 0; batch < batches; batch++) {
        for (int i = 0; i < BATCH; i++) {
            label l = {thread, number++};
            memcpy(rooms[thread][i], &l, sizeof l);
            d[i] = datagram(rooms[thread][i], batch % 2 ? LONG : SHORT, &to);
        }
        EXPECT(jf_send_many(shared, d, BATCH, 0), BATCH);
        while (number - atomic_load(&arrived[thread]) > AHEAD * BATCH) breathe();
    }
    return 0;
}

/* A socket that sends to itself. */
static void all_arrive(int runs) {
    shared = bound("127.0.0.1:0", JF_DGRAM, &to);
    OK(jf_set(shared, JF_OPT_RECV_BUFFER_FORCE, 8 << 20));
    OK(jf_set(shared, JF_OPT_RECV_TIMEOUT, 60000));
    flight f[THREADS];
    uint32_t ids[THREADS] = {0, 1}, left = THREADS * batches * BATCH;
    for (int i = 0; i < THREADS; i++) {
        atomic_store(&arrived[i], 0);
        start(&f[i], "send_many", send_all_of_them, &ids[i], 0);
    }
    while (left > 0) {
        jf_datagram *d = runs ? for_runs(2) : for_each(OWN_ROOMS, OWN_ROOM);
        int64_t count = OK(jf_recv_many(shared, d, runs ? 2 * RUN : OWN_ROOMS, 0));
        for (int64_t i = 0; i < count; i++, left--) {
            label l;
            memcpy(&l, d[i].data, sizeof l);
            CHECK(l.thread < THREADS && l.number == atomic_load(&arrived[l.thread]));
            CHECK(d[i].len == (l.number / BATCH % 2 ? LONG : SHORT));
            atomic_fetch_add(&arrived[l.thread], 1);
        }
    }
    for (int i = 0; i < THREADS; i++) EXPECT(finish(&f[i]), 0);
    int64_t discovery;
    OK(jf_get(shared, JF_OPT_PATH_MTU_DISCOVERY, &discovery));
    CHECK(discovery == JF_PMTU_DO);
    OK(jf_close(shared));
}

static int64_t send_on(void *given) {
    static char bytes[LONG];
    jf_datagram d[BATCH];
    int64_t result;
    (void)given;
    do {
        for (int i = 0; i < BATCH; i++) d[i] = datagram(bytes, i % 3 ? LONG : SHORT, &to);
        result = jf_send_many(shared, d, BATCH, 0);
    } while (result > 0);
    return result;
}

static int64_t receive_on(void *given) {
    static char rooms[2][JF_COALESCED_ROOM];
    static jf_datagram d[2][RUN];
    int at = *(int *)given;
    int64_t result;
    do {
        memset(d[at], 0, sizeof d[at]);
        d[at][0] = (jf_datagram){.room = rooms[at], .room_len = sizeof rooms[at]};
        result = jf_recv_many(shared, d[at], RUN, 0);
        for (int64_t i = 0; i < result; i++) CHECK(d[at][i].len == LONG || d[at][i].len == SHORT);
    } while (result > 0);
    return result;
}

/* Every call in flight is over when the socket is closed. */
static void closed_meanwhile(void) {
    flight f[4];
    int at[2] = {0, 1};
    shared = bound("127.0.0.1:0", JF_DGRAM, &to);
    for (int i = 0; i < 2; i++) start(&f[i], "send_many", send_on, NULL, 0);
    for (int i = 0; i < 2; i++) start(&f[2 + i], "recv_many", receive_on, &at[i], 0);
    /* Under way. */
    jf_socket other = OK(jf_dup(shared));
    breathe();
    OK(jf_close(shared));
    for (int i = 0; i < 4; i++) {
        int64_t result = finish(&f[i]);
        if (result != JF_E_CLOSED) EXPECT(result, JF_E_BAD_HANDLE);
    }
    OK(jf_close(other));
}

int main(int argc, char **argv) {
    int slow = is_slow(argc, argv);
    watchdog(slow ? 280 : 110);
    batches = slow ? 10 : 500;
    all_arrive(0);
    all_arrive(1);
    for (int i = 0; i < (slow ? 5 : 100); i++) closed_meanwhile();
    return 0;
}
