/* Closing a socket wakes every blocked call on it, and releases the descriptor and the address at once. */
#include "stuck.h"

#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { MAX_WAKE_US = 100000, ATTEMPTS = 10 };
static int slow;

static int is_closed(int fd) {
    struct stat about;
    return fstat(fd, &about) == -1 && errno == EBADF;
}

/* Closes a socket under a blocked call. Returns the time until the call returned, in microseconds. */
static int64_t close_under_call(const kind *k, int64_t timeout_ms, int64_t storm_us) {
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
    /* No call is in flight any more, and the descriptor is closed. */
    CHECK(!sleeps_in_call(&f));
    CHECK(is_closed(fd));
    int is_receive = k->verb == RECV_FROM || k->verb == RECV_MSG || k->verb == RECV_MANY || k->verb == RECV_RUNS;
    int has_no_peer = is_receive && k->type == JF_DGRAM && !k->connected;
    if (k->verb == ACCEPT || has_no_peer) {
        /* No connection was accepted, so the address can be bound again without JF_OPT_REUSE_ADDR. */
        jf_socket again = OK(jf_open(k->family, k->type, 0));
        OK(jf_bind(again, &st.to));
        OK(jf_close(again));
    }
    int64_t result = finish(&f);
    if (result != JF_E_CLOSED) {
        fprintf(stderr, "%s, timeout %" PRId64 ": returned %" PRId64 " (%s)\n", k->name, timeout_ms, result,
                jf_error_name(result));
        exit(1);
    }
    CHECK(st.done == (k->verb == RECV_EXACT || k->verb == SEND_ALL ? 0 : 77));

    EXPECT(call_stuck(&st), JF_E_CLOSED);
    EXPECT(jf_close(st.s), JF_E_CLOSED);
    end_stuck(&st);
    return f.ended_us - began;
}

/* On a busy machine, a woken thread may have to wait for a processor. One prompt attempt is enough. */
static void check_prompt_wake(const kind *k, int64_t timeout_ms, int64_t storm_us) {
    int64_t took = 0;
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        took = close_under_call(k, timeout_ms, storm_us);
        if (took < MAX_WAKE_US || slow) {
            return;
        }
    }
    fprintf(stderr, "%s, timeout %" PRId64 ": woken after %" PRId64 " us\n", k->name, timeout_ms, took);
    exit(1);
}

static void check_every_kind_wakes(void) {
    for (int i = 0; i < KIND_COUNT; i++) {
        for (int storm = 0; storm < 2; storm++) {
            int64_t storm_us = storm * (slow ? 10000 : 1000);
            check_prompt_wake(&KINDS[i], -1, storm_us);
            check_prompt_wake(&KINDS[i], 10000, storm_us);
        }
    }
}

/* The closing thread also receives signals. */
static void check_close_under_signals(void) {
    timer_t timer = storm_begin(slow ? 10000 : 1000);
    for (int i = 0; i < KIND_COUNT; i++) {
        check_prompt_wake(&KINDS[i], -1, 0);
    }
    storm_end(timer);
}

/* Many threads are blocked on one socket. */
static void check_all_callers_wake(const kind *k) {
    enum { CALLERS = 8 };
    stuck st, copies[CALLERS];
    flight f[CALLERS];
    int64_t last = 0;
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        make_stuck(&st, k);
        for (int i = 0; i < CALLERS; i++) {
            copies[i] = st;
            start(&f[i], k->name, call_stuck, &copies[i], 0);
        }
        for (int i = 0; i < CALLERS; i++) {
            /* A second connect on a stream waits for the first one, and each receiver waits for the one before. */
            await_sleep(&f[i]);
        }
        int64_t began = now_us();
        OK(jf_close(st.s));
        last = 0;
        for (int i = 0; i < CALLERS; i++) {
            CHECK(!sleeps_in_call(&f[i]));
        }
        for (int i = 0; i < CALLERS; i++) {
            EXPECT(finish(&f[i]), JF_E_CLOSED);
            last = f[i].ended_us - began > last ? f[i].ended_us - began : last;
        }
        end_stuck(&st);
        if (last < MAX_WAKE_US || slow) {
            return;
        }
    }
    fprintf(stderr, "%s: the last call was woken after %" PRId64 " us\n", k->name, last);
    exit(1);
}

/* One thread receives and another sends on the same stream. */
static void check_both_directions_wake(int family) {
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

/* An interrupted jf_recv_exact reports the bytes received so far. */
static void check_partial_receive_is_reported(const kind *k) {
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

static pthread_barrier_t barrier;

static int64_t close_at_barrier(void *given) {
    pthread_barrier_wait(&barrier);
    return jf_close(*(jf_socket *)given);
}

/* If several threads close a socket, exactly one succeeds. */
static void check_one_close_succeeds(int with_call) {
    enum { CLOSERS = 3 };
    static const kind WAITING = {"recv under two closes", RECV, JF_UNIX, JF_STREAM, 0};
    CHECK(pthread_barrier_init(&barrier, NULL, CLOSERS) == 0);
    for (int round = 0; round < (slow ? 10 : 100); round++) {
        stuck st;
        flight f, closer[CLOSERS];
        make_stuck(&st, &WAITING);
        if (with_call) {
            start(&f, WAITING.name, call_stuck, &st, 0);
            await_sleep(&f);
        }
        for (int i = 0; i < CLOSERS; i++) {
            start(&closer[i], "close", close_at_barrier, &st.s, 0);
        }
        int closed = 0;
        for (int i = 0; i < CLOSERS; i++) {
            int64_t result = finish(&closer[i]);
            CHECK(result == 0 || result == JF_E_CLOSED);
            closed += result == 0;
        }
        CHECK(closed == 1);
        if (with_call) {
            EXPECT(finish(&f), JF_E_CLOSED);
        }
        end_stuck(&st);
    }
    pthread_barrier_destroy(&barrier);
}

enum { HANDLES = 100000, OPENERS = 4 };
static jf_socket handles[HANDLES];

static int64_t open_and_close(void *given) {
    int64_t count = (slow ? 2000 : HANDLES) / OPENERS;
    jf_socket *out = given;
    for (int64_t i = 0; i < count; i++) {
        out[i] = OK(jf_open(JF_UNIX, JF_DGRAM, 0));
        OK(jf_close(out[i]));
    }
    return count;
}

static int compare_handles(const void *a, const void *b) {
    jf_socket x = *(const jf_socket *)a, y = *(const jf_socket *)b;
    return (x > y) - (x < y);
}

/* A handle value is never used twice, whichever thread opens. */
static void check_handles_are_unique(void) {
    flight f[OPENERS];
    int64_t count = (slow ? 2000 : HANDLES) / OPENERS;
    for (int i = 0; i < OPENERS; i++) {
        start(&f[i], "open and close", open_and_close, handles + i * count, 0);
    }
    for (int i = 0; i < OPENERS; i++) {
        EXPECT(finish(&f[i]), count);
    }
    qsort(handles, (size_t)(count * OPENERS), sizeof *handles, compare_handles);
    for (int64_t i = 0; i < count * OPENERS; i++) {
        CHECK(handles[i] > 0 && handles[i] < (INT64_C(1) << 53));
        CHECK(i == 0 || handles[i] != handles[i - 1]);
        EXPECT(jf_close(handles[i]), JF_E_CLOSED);
    }
}

static int64_t accept_one(void *given) {
    return jf_accept(*(jf_socket *)given, NULL);
}

/* An accept beside a close returns the same error, whether it begins before the close or after it. */
static void check_close_beside_accept(void) {
    for (int round = 0; round < (slow ? 30 : 300); round++) {
        jf_addr a;
        flight f;
        jf_socket listener = listening("unix:", &a);
        start(&f, "accept beside a close", accept_one, &listener, 0);
        for (int spin = 0; spin < round; spin++) {
            sched_yield();
        }
        OK(jf_close(listener));
        EXPECT(finish(&f), JF_E_CLOSED);
    }
}

/* A shutdown is not a close: a blocked receive returns end of stream. */
static void check_shutdown_ends_receive(void) {
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

/* A shutdown for writing ends a blocked send with JF_E_PIPE. */
static void check_shutdown_wakes_senders(void) {
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

/* Closing a socket without blocked calls does not shut down the connection that another process shares. */
static void check_shared_connection_survives(const kind *k, int child_closes) {
    stuck st;
    char buffer[4];
    make_stuck(&st, k);
    /* A call was in flight before, and has ended. */
    EXPECT(jf_recv(st.s, buffer, sizeof buffer, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
    int start_pipe[2];
    CHECK(pipe(start_pipe) == 0);
    int status = 0;
    pid_t child = fork();
    CHECK(child >= 0);
    if ((child == 0) == child_closes) {
        OK(jf_close(st.s));
        OK(jf_close(st.peer));
        if (child == 0) {
            _exit(0);
        }
        CHECK(write(start_pipe[1], "", 1) == 1);
    } else {
        if (child == 0) {
            CHECK(read(start_pipe[0], buffer, 1) == 1);
        } else {
            CHECK(waitpid(child, &status, 0) == child);
        }
        EXPECT(jf_send(st.s, "abc", 3, 0), 3);
        EXPECT(jf_recv(st.peer, buffer, 3, 0), 3);
        EXPECT(jf_send(st.peer, "def", 3, 0), 3);
        EXPECT(jf_recv(st.s, buffer, 3, 0), 3);
        CHECK(memcmp(buffer, "def", 3) == 0);
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
    close(start_pipe[0]);
    close(start_pipe[1]);
}

int main(int argc, char **argv) {
    static const kind SHARED[] = {{"TCP", RECV, JF_INET, JF_STREAM, 0},
                                  {"UNIX stream", RECV, JF_UNIX, JF_STREAM, 0},
                                  {"UNIX seqpacket", RECV, JF_UNIX, JF_SEQPACKET, 0},
                                  {"UNIX datagrams", RECV, JF_UNIX, JF_DGRAM, 1}};
    slow = is_slow(argc, argv);
    watchdog(slow ? 280 : 110);
    for (size_t i = 0; i < sizeof SHARED / sizeof *SHARED; i++) {
        check_shared_connection_survives(&SHARED[i], 0);
        check_shared_connection_survives(&SHARED[i], 1);
    }
    handle_signals(0);
    check_every_kind_wakes();
    check_close_under_signals();
    for (int i = 0; i < KIND_COUNT; i++) {
        if (!is_stream(&KINDS[i]) || KINDS[i].verb == ACCEPT || KINDS[i].verb == RECV) {
            check_all_callers_wake(&KINDS[i]);
        }
        if (KINDS[i].verb == RECV_EXACT) {
            check_partial_receive_is_reported(&KINDS[i]);
        }
    }
    check_both_directions_wake(JF_INET);
    check_both_directions_wake(JF_UNIX);
    check_one_close_succeeds(0);
    check_one_close_succeeds(1);
    check_close_beside_accept();
    check_handles_are_unique();
    check_shutdown_ends_receive();
    check_shutdown_wakes_senders();
    return 0;
}
