/* Closing a socket wakes whoever waits on it, once and for all, and leaves nothing of it behind. */
#include "stuck.h"

#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { PROMPT_US = 100000, TRIES = 10 };
static int slow;

static int is_closed(int fd) {
    struct stat about;
    return fstat(fd, &about) == -1 && errno == EBADF;
}

/* One call is woken by a close. Returns how long that took. */
static int64_t wake(const kind *k, int64_t timeout_ms, int64_t storm_us) {
    stuck st;
    flight f;
    make_stuck(&st, k);
    OK(jf_set(st.s, timeout_option(k), timeout_ms));
    st.done = 77;
    start(&f, k->name, call_stuck, &st, storm_us);
    if (storm_us != 0) {
        await_signals(3);
    }
    await_sleep(&f);
    int fd = (int)OK(jf_fd(st.s));

    int64_t began = now_us();
    EXPECT(jf_close(st.s), 0);
    /* No call is in flight any more, and the descriptor has gone. */
    CHECK(!sleeps_in_call(&f));
    CHECK(is_closed(fd));
    int may_take = k->verb == RECV_FROM || k->verb == RECV_MSG || k->verb == RECV_MANY || k->verb == RECV_RUNS;
    int takes_from_anyone = may_take && k->type == JF_DGRAM && !k->connected;
    if (k->verb == ACCEPT || takes_from_anyone) {
        /* Nobody was accepted, so the address is free, even for who does not ask for its reuse. */
        jf_socket again = OK(jf_open(k->family, k->type, 0));
        OK(jf_bind(again, &st.to));
        OK(jf_close(again));
    }
    int64_t result = finish(&f);
    if (result != JF_E_CLOSED) {
        fprintf(stderr, "%s, timeout %" PRId64 ": woken with %" PRId64 " (%s)\n", k->name, timeout_ms, result,
                jf_error_name(result));
        exit(1);
    }
    CHECK(st.done == (k->verb == RECV_EXACT || k->verb == SEND_ALL ? 0 : 77));

    EXPECT(call_stuck(&st), JF_E_BAD_HANDLE);
    EXPECT(jf_close(st.s), JF_E_BAD_HANDLE);
    end_stuck(&st);
    return f.ended_us - began;
}

/* On a busy machine a thread that was woken may have to wait for a processor: the best of some tries counts. */
static void wakes_promptly(const kind *k, int64_t timeout_ms, int64_t storm_us) {
    int64_t took = 0;
    for (int try = 0; try < TRIES; try++) {
        took = wake(k, timeout_ms, storm_us);
        if (took < PROMPT_US || slow) {
            return;
        }
    }
    fprintf(stderr, "%s, timeout %" PRId64 ": woken after %" PRId64 " us\n", k->name, timeout_ms, took);
    exit(1);
}

static void every_kind_wakes(void) {
    for (int i = 0; i < KIND_COUNT; i++) {
        for (int storm = 0; storm < 2; storm++) {
            int64_t storm_us = storm * (slow ? 10000 : 1000);
            wakes_promptly(&KINDS[i], -1, storm_us);
            wakes_promptly(&KINDS[i], 10000, storm_us);
        }
    }
}

/* The closer, too, has signals to handle. */
static void a_close_under_signals(void) {
    timer_t timer = storm_begin(slow ? 10000 : 1000);
    for (int i = 0; i < KIND_COUNT; i++) {
        wakes_promptly(&KINDS[i], -1, 0);
    }
    storm_end(timer);
}

/* As many as may be wait on one socket. */
static void everyone_wakes(const kind *k) {
    enum { CROWD = 8 };
    stuck st, mine[CROWD];
    flight f[CROWD];
    int64_t last = 0;
    for (int try = 0; try < TRIES; try++) {
        make_stuck(&st, k);
        for (int i = 0; i < CROWD; i++) {
            mine[i] = st;
            start(&f[i], k->name, call_stuck, &mine[i], 0);
        }
        for (int i = 0; i < CROWD; i++) {
            /* A second connect on a stream waits for the first one, one of the receivers for another. */
            await_sleep(&f[i]);
        }
        int64_t began = now_us();
        OK(jf_close(st.s));
        last = 0;
        for (int i = 0; i < CROWD; i++) {
            CHECK(!sleeps_in_call(&f[i]));
        }
        for (int i = 0; i < CROWD; i++) {
            EXPECT(finish(&f[i]), JF_E_CLOSED);
            last = f[i].ended_us - began > last ? f[i].ended_us - began : last;
        }
        end_stuck(&st);
        if (last < PROMPT_US || slow) {
            return;
        }
    }
    fprintf(stderr, "%s: the last was woken after %" PRId64 " us\n", k->name, last);
    exit(1);
}

/* A reader and a writer wait on one stream. */
static void both_directions_wake(int family) {
    static const kind READ[2] = {{"recv beside send", RECV, JF_INET, JF_STREAM, 0},
                                 {"recv beside send", RECV, JF_UNIX, JF_STREAM, 0}};
    static const kind WRITE[2] = {{"send beside recv", SEND, JF_INET, JF_STREAM, 0},
                                  {"send beside recv", SEND, JF_UNIX, JF_STREAM, 0}};
    stuck writer, reader;
    flight f[2];
    make_stuck(&writer, &WRITE[family == JF_UNIX]);
    reader = writer;
    reader.kind = &READ[family == JF_UNIX];
    start(&f[0], "send", call_stuck, &writer, 0);
    start(&f[1], "recv", call_stuck, &reader, 0);
    await_sleep(&f[0]);
    await_sleep(&f[1]);
    OK(jf_close(writer.s));
    EXPECT(finish(&f[0]), JF_E_CLOSED);
    EXPECT(finish(&f[1]), JF_E_CLOSED);
    end_stuck(&writer);
}

/* A receive that has part of what it waits for tells so. */
static void a_part_is_told(const kind *k) {
    stuck st;
    flight f;
    int queued;
    make_stuck(&st, k);
    EXPECT(jf_send(st.peer, PAYLOAD, 5, 0), 5);
    CHECK(is_ready(st.s, POLLIN, 10000));
    start(&f, k->name, call_stuck, &st, 0);
    do {
        CHECK(ioctl((int)OK(jf_fd(st.s)), FIONREAD, &queued) == 0);
    } while (queued != 0);
    await_sleep(&f);
    OK(jf_close(st.s));
    EXPECT(finish(&f), JF_E_CLOSED);
    CHECK(st.done == 5 && memcmp(st.room, PAYLOAD, 5) == 0);
    end_stuck(&st);
}

static pthread_barrier_t gate;

static int64_t close_at_once(void *given) {
    pthread_barrier_wait(&gate);
    return jf_close(*(jf_socket *)given);
}

/* Of several who close a socket, one does. */
static void one_closes(int with_call) {
    enum { CLOSERS = 3 };
    static const kind WAITING = {"recv under two closes", RECV, JF_UNIX, JF_STREAM, 0};
    CHECK(pthread_barrier_init(&gate, NULL, CLOSERS) == 0);
    for (int round = 0; round < (slow ? 10 : 100); round++) {
        stuck st;
        flight f, closer[CLOSERS];
        make_stuck(&st, &WAITING);
        if (with_call) {
            start(&f, WAITING.name, call_stuck, &st, 0);
            await_sleep(&f);
        }
        for (int i = 0; i < CLOSERS; i++) {
            start(&closer[i], "close", close_at_once, &st.s, 0);
        }
        int closed = 0;
        for (int i = 0; i < CLOSERS; i++) {
            int64_t result = finish(&closer[i]);
            CHECK(result == 0 || result == JF_E_BAD_HANDLE);
            closed += result == 0;
        }
        CHECK(closed == 1);
        if (with_call) {
            EXPECT(finish(&f), JF_E_CLOSED);
        }
        end_stuck(&st);
    }
    pthread_barrier_destroy(&gate);
}

enum { MANY = 100000, OPENERS = 4 };
static jf_socket handles[MANY];

static int64_t open_and_close(void *given) {
    int64_t count = (slow ? 2000 : MANY) / OPENERS;
    jf_socket *out = given;
    for (int64_t i = 0; i < count; i++) {
        out[i] = OK(jf_open(JF_UNIX, JF_DGRAM, 0));
        OK(jf_close(out[i]));
    }
    return count;
}

static int compare(const void *a, const void *b) {
    jf_socket x = *(const jf_socket *)a, y = *(const jf_socket *)b;
    return (x > y) - (x < y);
}

/* A handle is never given out twice, whoever opens. */
static void no_handle_twice(void) {
    flight f[OPENERS];
    int64_t count = (slow ? 2000 : MANY) / OPENERS;
    for (int i = 0; i < OPENERS; i++) {
        start(&f[i], "open and close", open_and_close, handles + i * count, 0);
    }
    for (int i = 0; i < OPENERS; i++) {
        EXPECT(finish(&f[i]), count);
    }
    qsort(handles, (size_t)(count * OPENERS), sizeof *handles, compare);
    for (int64_t i = 0; i < count * OPENERS; i++) {
        CHECK(handles[i] > 0 && handles[i] < (INT64_C(1) << 53));
        CHECK(i == 0 || handles[i] != handles[i - 1]);
        EXPECT(jf_close(handles[i]), JF_E_BAD_HANDLE);
    }
}

/* A shutdown is not a close: who receives reads the end. */
static void a_shutdown_is_an_end(void) {
    for (int i = 0; i < KIND_COUNT; i++) {
        const kind *k = &KINDS[i];
        if (k->type == JF_DGRAM || sends(k) || k->verb == CONNECT) {
            continue;
        }
        stuck st;
        flight f;
        make_stuck(&st, k);
        start(&f, k->name, call_stuck, &st, 0);
        await_sleep(&f);
        OK(jf_shutdown(st.s, JF_SHUT_READ));
        EXPECT(finish(&f), k->verb == ACCEPT ? JF_E_INVALID : k->verb == RECV_EXACT ? JF_E_END_OF_STREAM : 0);
        OK(jf_close(st.s));
        end_stuck(&st);
    }
}

/* A shutdown for sending has a waiting sender learn that the stream is closed. */
static void a_shutdown_wakes_senders(void) {
    for (int i = 0; i < KIND_COUNT; i++) {
        const kind *k = &KINDS[i];
        if (!sends(k) || k->type != JF_STREAM) {
            continue;
        }
        stuck st;
        flight f;
        make_stuck(&st, k);
        start(&f, k->name, call_stuck, &st, 0);
        await_sleep(&f);
        OK(jf_shutdown(st.s, JF_SHUT_WRITE));
        EXPECT(finish(&f), JF_E_PIPE);
        end_stuck(&st);
    }
}

/* Who closes a socket on which nobody waits does not end the connection of others who have it. */
static void a_shared_connection_lives(const kind *k, int child_closes) {
    stuck st;
    char room[4];
    make_stuck(&st, k);
    /* Once there was a call in flight, which is over. */
    EXPECT(jf_recv(st.s, room, sizeof room, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
    int go[2];
    CHECK(pipe(go) == 0);
    int status = 0;
    pid_t child = fork();
    CHECK(child >= 0);
    if ((child == 0) == child_closes) {
        OK(jf_close(st.s));
        OK(jf_close(st.peer));
        if (child == 0) {
            _exit(0);
        }
        CHECK(write(go[1], "", 1) == 1);
    } else {
        if (child == 0) {
            CHECK(read(go[0], room, 1) == 1);
        } else {
            CHECK(waitpid(child, &status, 0) == child);
        }
        EXPECT(jf_send(st.s, "abc", 3, 0), 3);
        EXPECT(jf_recv(st.peer, room, 3, 0), 3);
        EXPECT(jf_send(st.peer, "def", 3, 0), 3);
        EXPECT(jf_recv(st.s, room, 3, 0), 3);
        CHECK(memcmp(room, "def", 3) == 0);
        OK(jf_close(st.s));
        OK(jf_close(st.peer));
        if (child == 0) {
            _exit(0);
        }
    }
    if (!child_closes) {
        CHECK(waitpid(child, &status, 0) == child);
    }
    CHECK(status == 0);
    close(go[0]);
    close(go[1]);
}

int main(int argc, char **argv) {
    static const kind SHARED[] = {{"TCP", RECV, JF_INET, JF_STREAM, 0},
                                  {"UNIX stream", RECV, JF_UNIX, JF_STREAM, 0},
                                  {"UNIX seqpacket", RECV, JF_UNIX, JF_SEQPACKET, 0},
                                  {"UNIX datagrams", RECV, JF_UNIX, JF_DGRAM, 1}};
    slow = is_slow(argc, argv);
    watchdog(slow ? 280 : 110);
    for (size_t i = 0; i < sizeof SHARED / sizeof *SHARED; i++) {
        a_shared_connection_lives(&SHARED[i], 0);
        a_shared_connection_lives(&SHARED[i], 1);
    }
    handle_signals(0);
    every_kind_wakes();
    a_close_under_signals();
    for (int i = 0; i < KIND_COUNT; i++) {
        if (!is_stream(&KINDS[i]) || KINDS[i].verb == ACCEPT || KINDS[i].verb == RECV) {
            everyone_wakes(&KINDS[i]);
        }
        if (KINDS[i].verb == RECV_EXACT) {
            a_part_is_told(&KINDS[i]);
        }
    }
    both_directions_wake(JF_INET);
    both_directions_wake(JF_UNIX);
    one_closes(0);
    one_closes(1);
    no_handle_twice();
    a_shutdown_is_an_end();
    a_shutdown_wakes_senders();
    return 0;
}
