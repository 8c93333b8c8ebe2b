/* Batches in several threads: two threads send on a socket while another receives on it, and the socket is closed
 * meanwhile. */
#include "flight.h"
#include "many.h"

enum { THREADS = 2, BATCH = 40, LONG_LEN = 1400, SHORT_LEN = 100, MAX_BATCHES_AHEAD = 4 };

/* The number of batches that each thread sends. */
static uint32_t batches;
static jf_socket shared;
static jf_addr to;
static _Atomic uint32_t arrived[THREADS];

/* The content of a datagram: the sending thread and the datagram's number. */
typedef struct label {
    uint32_t thread, number;
} label;

static int64_t send_batches(void *given) {
    uint32_t thread = *(uint32_t *)given, number = 0;
    static char thread_buffers[THREADS][BATCH][LONG_LEN];
    jf_datagram d[BATCH];
    for (uint32_t batch = 0; batch < batches; batch++) {
        for (int i = 0; i < BATCH; i++) {
            label l = {thread, number++};
            memcpy(thread_buffers[thread][i], &l, sizeof l);
            d[i] = datagram(thread_buffers[thread][i], batch % 2 ? LONG_LEN : SHORT_LEN, &to);
        }
        EXPECT(jf_send_many(shared, d, BATCH, 0), BATCH);
        while (number - atomic_load(&arrived[thread]) > MAX_BATCHES_AHEAD * BATCH) breathe();
    }
    return 0;
}

/* The socket sends to itself. */
static void check_all_arrive(int is_coalesced) {
    shared = bound("127.0.0.1:0", JF_DGRAM, &to);
    OK(jf_set(shared, JF_OPT_RECV_BUFFER_FORCE, 8 << 20));
    OK(jf_set(shared, JF_OPT_RECV_TIMEOUT, 60000));
    flight f[THREADS];
    uint32_t ids[THREADS] = {0, 1}, missing = THREADS * batches * BATCH;
    for (int i = 0; i < THREADS; i++) {
        atomic_store(&arrived[i], 0);
        start(&f[i], "send_many", send_batches, &ids[i], 0);
    }
    while (missing > 0) {
        jf_datagram *d = is_coalesced ? coalesced_batch(2) : plain_batch(BUFFERS, BUFFER_LEN);
        int64_t count = OK(jf_recv_many(shared, d, is_coalesced ? 2 * COALESCED_MAX : BUFFERS, 0));
        for (int64_t i = 0; i < count; i++, missing--) {
            label l;
            memcpy(&l, d[i].data, sizeof l);
            CHECK(l.thread < THREADS && l.number == atomic_load(&arrived[l.thread]));
            CHECK(d[i].len == (l.number / BATCH % 2 ? LONG_LEN : SHORT_LEN));
            atomic_fetch_add(&arrived[l.thread], 1);
        }
    }
    for (int i = 0; i < THREADS; i++) EXPECT(finish(&f[i]), 0);
    int64_t discovery;
    OK(jf_get(shared, JF_OPT_PATH_MTU_DISCOVERY, &discovery));
    CHECK(discovery == JF_PMTU_DO);
    OK(jf_close(shared));
}

static int64_t send_until_error(void *given) {
    static char bytes[LONG_LEN];
    jf_datagram d[BATCH];
    int64_t result;
    (void)given;
    do {
        for (int i = 0; i < BATCH; i++) d[i] = datagram(bytes, i % 3 ? LONG_LEN : SHORT_LEN, &to);
        result = jf_send_many(shared, d, BATCH, 0);
    } while (result > 0);
    return result;
}

static int64_t receive_until_error(void *given) {
    static char thread_buffers[2][JF_COALESCED_ROOM];
    static jf_datagram d[2][COALESCED_MAX];
    int at = *(int *)given;
    int64_t result;
    do {
        memset(d[at], 0, sizeof d[at]);
        d[at][0] = (jf_datagram){.room = thread_buffers[at], .room_len = sizeof thread_buffers[at]};
        result = jf_recv_many(shared, d[at], COALESCED_MAX, 0);
        for (int64_t i = 0; i < result; i++) CHECK(d[at][i].len == LONG_LEN || d[at][i].len == SHORT_LEN);
    } while (result > 0);
    return result;
}

/* Every call in flight ends when the socket is closed. */
static void check_close_during_calls(void) {
    flight f[4];
    int at[2] = {0, 1};
    shared = bound("127.0.0.1:0", JF_DGRAM, &to);
    for (int i = 0; i < 2; i++) start(&f[i], "send_many", send_until_error, NULL, 0);
    for (int i = 0; i < 2; i++) start(&f[2 + i], "recv_many", receive_until_error, &at[i], 0);
    /* The calls are in flight. */
    jf_socket other = OK(jf_dup(shared));
    breathe();
    OK(jf_close(shared));
    for (int i = 0; i < 4; i++) EXPECT(finish(&f[i]), JF_E_CLOSED);
    OK(jf_close(other));
}

int main(int argc, char **argv) {
    int slow = is_slow(argc, argv);
    watchdog(slow ? 280 : 110);
    batches = slow ? 10 : 500;
    check_all_arrive(0);
    check_all_arrive(1);
    for (int i = 0; i < (slow ? 5 : 100); i++) check_close_during_calls();
    return 0;
}
