/* A call of many steps has one deadline for all of them, however long a slow peer keeps it busy. */
#include "stuck.h"

enum { TIMEOUT_US = 200000, MAX_LATE_US = 50000, ATTEMPTS = 10, TOTAL_LEN = 1 << 20 };
static int slow;

/* The byte at an offset of the stream. */
static unsigned char byte_at(int64_t offset) {
    return (unsigned char)(offset * 7 + (offset >> 8));
}

/* A peer that sends or receives a little at a time. */
typedef struct slow_peer {
    jf_socket s;
    int64_t interval_us, count;
    int sends;
    _Atomic int is_done;
} slow_peer;

static void receive_some(slow_peer *t) {
    unsigned char buffer[600];
    int64_t count = jf_recv(t->s, buffer, sizeof buffer, JF_DONT_WAIT);
    CHECK(count > 0 || count == JF_E_WOULD_BLOCK);
    for (int64_t i = 0; i < count; i++) {
        CHECK(buffer[i] == byte_at(t->count + i));
    }
    t->count += count > 0 ? count : 0;
}

static int64_t run_slow_peer(void *given) {
    slow_peer *t = given;
    struct timespec next;
    clock_gettime(CLOCK_MONOTONIC, &next);
    while (!atomic_load(&t->is_done)) {
        if (t->sends) {
            unsigned char byte = byte_at(t->count);
            EXPECT(jf_send(t->s, &byte, 1, 0), 1);
            t->count++;
        } else {
            receive_some(t);
        }
        next.tv_nsec += t->interval_us * 1000;
        next.tv_sec += next.tv_nsec / 1000000000;
        next.tv_nsec %= 1000000000;
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
    }
    return 0;
}

/* The call that transfers the bytes. */
typedef enum call { RECV_EXACT_CALL, SEND_ALL_CALL, SEND_FILE_CALL, CALLS } call;

typedef struct bulk_transfer {
    jf_socket s;
    call call;
    int file;
    size_t done;
    unsigned char *bytes;
} bulk_transfer;

static int64_t transfer(void *given) {
    bulk_transfer *w = given;
    int64_t sent;
    switch (w->call) {
    case RECV_EXACT_CALL:
        return jf_recv_exact(w->s, w->bytes, TOTAL_LEN, &w->done);
    case SEND_ALL_CALL:
        return jf_send_all(w->s, w->bytes, TOTAL_LEN, &w->done);
    default:
        /* jf_send_file reports only a count. The next call would report why it is short. */
        sent = OK(jf_send_file(w->s, w->file, 0, TOTAL_LEN));
        w->done = (size_t)sent;
        return sent < TOTAL_LEN ? JF_E_TIMED_OUT : 0;
    }
}

static const char *const CALL_NAMES[CALLS] = {"recv_exact", "send_all", "send_file"};

/* Returns a file with these bytes. */
static int make_file(const unsigned char *bytes) {
    int fd = memfd_create("bytes", MFD_CLOEXEC);
    CHECK(fd >= 0 && write(fd, bytes, TOTAL_LEN) == TOTAL_LEN);
    return fd;
}

static int64_t run_transfer(int family, call call, int64_t interval_us, int64_t storm_us, int interruptible) {
    static unsigned char bytes[TOTAL_LEN];
    jf_socket pair[2];
    int sends = call != RECV_EXACT_CALL;
    if (family == JF_INET) {
        narrow_pair(&pair[0], &pair[1]);
    } else {
        OK(jf_pair(JF_UNIX, JF_STREAM, pair));
        OK(jf_set(pair[0], JF_OPT_SEND_BUFFER, 4096));
    }
    for (int64_t i = 0; i < TOTAL_LEN; i++) {
        bytes[i] = sends ? byte_at(i) : 0;
    }
    slow_peer t = {pair[1], interval_us, 0, !sends, 0};
    bulk_transfer w = {pair[0], call, make_file(bytes), 77, bytes};
    flight peer, f;
    OK(jf_set(pair[0], JF_OPT_SEND_TIMEOUT, TIMEOUT_US / 1000));
    OK(jf_set(pair[0], JF_OPT_RECV_TIMEOUT, TIMEOUT_US / 1000));
    OK(jf_set(pair[0], JF_OPT_INTERRUPTIBLE, interruptible));
    start(&peer, "the slow peer", run_slow_peer, &t, 0);
    start(&f, CALL_NAMES[call], transfer, &w, storm_us);
    int64_t result = finish(&f), late = f.ended_us - f.began_us - TIMEOUT_US;
    if (result != JF_E_TIMED_OUT || late < 0) {
        fprintf(stderr, "%s, interval %" PRId64 " us, interruptible %d: returned %" PRId64 " (%s) %" PRId64
                " us after its deadline\n", f.name, interval_us, interruptible, result, jf_error_name(result), late);
        exit(1);
    }
    atomic_store(&t.is_done, 1);
    EXPECT(finish(&peer), 0);

    /* The reported bytes were transferred, and the stream continues after them. */
    CHECK(w.done > 0 && w.done < TOTAL_LEN);
    if (sends) {
        while (t.count < (int64_t)w.done) {
            CHECK(is_ready(pair[1], POLLIN, 10000));
            receive_some(&t);
        }
        EXPECT(jf_recv(pair[1], bytes, 1, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
        CHECK(t.count == (int64_t)w.done);
    } else {
        CHECK((int64_t)w.done <= t.count);
        size_t remaining = (size_t)t.count - w.done;
        EXPECT(jf_recv_exact(pair[0], bytes + w.done, remaining, &w.done), 0);
        for (int64_t i = 0; i < t.count; i++) {
            CHECK(bytes[i] == byte_at(i));
        }
    }
    close(w.file);
    OK(jf_close(pair[0]));
    OK(jf_close(pair[1]));
    return late;
}

static void check_deadline(int family, call call, int64_t interval_us, int64_t storm_us, int interruptible) {
    int64_t late = 0;
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        late = run_transfer(family, call, interval_us, storm_us, interruptible);
        if (late <= MAX_LATE_US || slow) {
            return;
        }
    }
    fprintf(stderr, "%s: %" PRId64 " us late\n", CALL_NAMES[call], late);
    exit(1);
}

int main(int argc, char **argv) {
    static const int64_t INTERVALS_US[] = {300, 3000, 30000};
    slow = is_slow(argc, argv);
    watchdog(slow ? 280 : 110);
    handle_signals(0);
    for (call call = 0; call < CALLS; call++) {
        for (int family = JF_INET; family <= JF_UNIX; family += JF_UNIX - JF_INET) {
            for (int interval = 0; interval < 3; interval++) {
                check_deadline(family, call, INTERVALS_US[interval], 0, 0);
                check_deadline(family, call, INTERVALS_US[interval], slow ? 10000 : 1000, 0);
                check_deadline(family, call, INTERVALS_US[interval], 0, 1);
            }
        }
    }
    return 0;
}
