/* A call that takes many steps has one deadline for all of them, however much a slow peer keeps it going. */
#include "stuck.h"

enum { TIMEOUT_US = 200000, LATE_US = 50000, TRIES = 10, WHOLE = 1 << 20 };
static int slow;

/* What stands at a place of the stream. */
static unsigned char byte_at(int64_t place) {
    return (unsigned char)(place * 7 + (place >> 8));
}

/* A peer that gives, or takes, a little at a time. */
typedef struct trickle {
    jf_socket s;
    int64_t pace_us, count;
    int gives;
    _Atomic int enough;
} trickle;

static void take(trickle *t) {
    unsigned char room[600];
    int64_t got = jf_recv(t->s, room, sizeof room, JF_DONT_WAIT);
    CHECK(got > 0 || got == JF_E_WOULD_BLOCK);
    for (int64_t i = 0; i < got; i++) {
        CHECK(room[i] == byte_at(t->count + i));
    }
    t->count += got > 0 ? got : 0;
}

static int64_t run_trickle(void *given) {
    trickle *t = given;
    struct timespec next;
    clock_gettime(CLOCK_MONOTONIC, &next);
    while (!atomic_load(&t->enough)) {
        if (t->gives) {
            unsigned char byte = byte_at(t->count);
            EXPECT(jf_send(t->s, &byte, 1, 0), 1);
            t->count++;
        } else {
            take(t);
        }
        next.tv_nsec += t->pace_us * 1000;
        next.tv_sec += next.tv_nsec / 1000000000;
        next.tv_nsec %= 1000000000;
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
    }
    return 0;
}

/* How the whole is transferred. */
typedef enum way { RECEIVES, SENDS, SENDS_FILE, WAYS } way;

typedef struct whole {
    jf_socket s;
    way way;
    int file;
    size_t done;
    unsigned char *bytes;
} whole;

static int64_t transfer(void *given) {
    whole *w = given;
    int64_t sent;
    switch (w->way) {
    case RECEIVES:
        return jf_recv_exact(w->s, w->bytes, WHOLE, &w->done);
    case SENDS:
        return jf_send_all(w->s, w->bytes, WHOLE, &w->done);
    default:
        /* It says only how much it sent; for what reason it was less than all, the next call would. */
        sent = OK(jf_send_file(w->s, w->file, 0, WHOLE));
        w->done = (size_t)sent;
        return sent < WHOLE ? JF_E_TIMED_OUT : 0;
    }
}

static const char *const WAY_NAMES[WAYS] = {"recv_exact", "send_all", "send_file"};

/* A file with these bytes. */
static int file_of(const unsigned char *bytes) {
    int fd = memfd_create("bytes", MFD_CLOEXEC);
    CHECK(fd >= 0 && write(fd, bytes, WHOLE) == WHOLE);
    return fd;
}

static int64_t one(int family, way way, int64_t pace_us, int64_t storm_us, int interruptible) {
    static unsigned char bytes[WHOLE];
    jf_socket both[2];
    int sends = way != RECEIVES;
    if (family == JF_INET) {
        narrow_pair(&both[0], &both[1]);
    } else {
        OK(jf_pair(JF_UNIX, JF_STREAM, both));
        OK(jf_set(both[0], JF_OPT_SEND_BUFFER, 4096));
    }
    for (int64_t i = 0; i < WHOLE; i++) {
        bytes[i] = sends ? byte_at(i) : 0;
    }
    trickle t = {both[1], pace_us, 0, !sends, 0};
    whole w = {both[0], way, file_of(bytes), 77, bytes};
    flight peer, f;
    OK(jf_set(both[0], JF_OPT_SEND_TIMEOUT, TIMEOUT_US / 1000));
    OK(jf_set(both[0], JF_OPT_RECV_TIMEOUT, TIMEOUT_US / 1000));
    OK(jf_set(both[0], JF_OPT_INTERRUPTIBLE, interruptible));
    start(&peer, "the slow peer", run_trickle, &t, 0);
    start(&f, WAY_NAMES[way], transfer, &w, storm_us);
    int64_t result = finish(&f), late = f.ended_us - f.began_us - TIMEOUT_US;
    if (result != JF_E_TIMED_OUT || late < 0) {
        fprintf(stderr, "%s, pace %" PRId64 ", interruptible %d: %" PRId64 " (%s), %" PRId64 " us after its time\n", f.name,
                pace_us, interruptible, result, jf_error_name(result), late);
        exit(1);
    }
    atomic_store(&t.enough, 1);
    EXPECT(finish(&peer), 0);

    /* What it says was done was done, and the stream goes on from there. */
    CHECK(w.done > 0 && w.done < WHOLE);
    if (sends) {
        while (t.count < (int64_t)w.done) {
            CHECK(is_ready(both[1], POLLIN, 10000));
            take(&t);
        }
        EXPECT(jf_recv(both[1], bytes, 1, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
        CHECK(t.count == (int64_t)w.done);
    } else {
        CHECK((int64_t)w.done <= t.count);
        size_t rest = (size_t)t.count - w.done;
        EXPECT(jf_recv_exact(both[0], bytes + w.done, rest, &w.done), 0);
        for (int64_t i = 0; i < t.count; i++) {
            CHECK(bytes[i] == byte_at(i));
        }
    }
    close(w.file);
    OK(jf_close(both[0]));
    OK(jf_close(both[1]));
    return late;
}

static void one_deadline(int family, way way, int64_t pace_us, int64_t storm_us, int interruptible) {
    int64_t late = 0;
    for (int try = 0; try < TRIES; try++) {
        late = one(family, way, pace_us, storm_us, interruptible);
        if (late <= LATE_US || slow) {
            return;
        }
    }
    fprintf(stderr, "%s: %" PRId64 " us late\n", WAY_NAMES[way], late);
    exit(1);
}

int main(int argc, char **argv) {
    static const int64_t PACES_US[] = {300, 3000, 30000};
    slow = is_slow(argc, argv);
    watchdog(slow ? 280 : 110);
    handle_signals(0);
    for (way way = 0; way < WAYS; way++) {
        for (int family = JF_INET; family <= JF_UNIX; family += JF_UNIX - JF_INET) {
            for (int pace = 0; pace < 3; pace++) {
                one_deadline(family, way, PACES_US[pace], 0, 0);
                one_deadline(family, way, PACES_US[pace], slow ? 10000 : 1000, 0);
                one_deadline(family, way, PACES_US[pace], 0, 1);
            }
        }
    }
    return 0;
}
