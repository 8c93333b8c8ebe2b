/* Signals neither end a call nor extend its timeout nor truncate its result, unless the socket is interruptible. */
#include "stuck.h"

enum { TIMEOUT_US = 100000, LATE_US = 50000, TRIES = 20 };
static int slow;
static int64_t storm_us;

/* A call that can only time out, on an interruptible socket or not. */
static void times_out(const kind *k, int64_t storm, int interruptible) {
    int64_t late = 0, handled = 0;
    for (int try = 0; try < TRIES; try++) {
        stuck st;
        flight f;
        make_stuck(&st, k);
        OK(jf_set(st.s, timeout_option(k), TIMEOUT_US / 1000));
        OK(jf_set(st.s, JF_OPT_INTERRUPTIBLE, interruptible));
        handled = atomic_load(&signals_handled);
        st.done = 77;
        start(&f, k->name, call_stuck, &st, storm);
        int64_t result = finish(&f);
        late = f.ended_us - f.began_us - TIMEOUT_US;
        if (result != JF_E_TIMED_OUT || late < 0) {
            fprintf(stderr, "%s: %" PRId64 " (%s), %" PRId64 " us after the deadline\n", k->name, result,
                    jf_error_name(result), late);
            exit(1);
        }
        CHECK(st.done == (k->verb == RECV_EXACT || k->verb == SEND_ALL ? 0 : 77));
        end_stuck(&st);
        /* On a busy machine the call may end late, or see too few signals to show anything: then it is repeated. */
        handled = atomic_load(&signals_handled) - handled;
        if ((late <= LATE_US || slow) && (handled >= 3 || storm == 0)) {
            return;
        }
    }
    fprintf(stderr, "%s: %" PRId64 " us late, after %" PRId64 " signals\n", k->name, late, handled);
    exit(1);
}

/* A call under frequent signals completes. */
static void completes_under_signals(const kind *k, int64_t timeout_ms) {
    stuck st;
    flight f;
    make_stuck(&st, k);
    OK(jf_set(st.s, timeout_option(k), timeout_ms));
    start(&f, k->name, call_stuck, &st, storm_us);
    await_sleep(&f);
    await_signals(slow ? 3 : 20);
    await_sleep(&f);
    release(&st, &f);
    end_stuck(&st);
}

/* An interruptible call returns JF_E_INTERRUPTED, and can be repeated. */
static void interruptible_call(const kind *k, int64_t timeout_ms) {
    stuck st;
    flight f;
    make_stuck(&st, k);
    OK(jf_set(st.s, timeout_option(k), timeout_ms));
    OK(jf_set(st.s, JF_OPT_INTERRUPTIBLE, 1));
    for (int round = 0; round < 2; round++) {
        start(&f, k->name, call_stuck, &st, 0);
        await_sleep(&f);
        int64_t sent_us = now_us();
        CHECK(pthread_kill(f.thread, SIGUSR1) == 0);
        EXPECT(finish(&f), JF_E_INTERRUPTED);
        CHECK(f.ended_us - sent_us < 5000000);
    }
    /* The interruption did not undo or lose anything. */
    start(&f, k->name, call_stuck, &st, 0);
    await_sleep(&f);
    release(&st, &f);
    end_stuck(&st);
}

/* An interrupted jf_recv_exact reports the bytes it received; the next call gets the remainder. */
static void part_is_reported(const kind *k, int64_t timeout_ms) {
    stuck st;
    flight f;
    int queued;
    make_stuck(&st, k);
    OK(jf_set(st.s, timeout_option(k), timeout_ms));
    OK(jf_set(st.s, JF_OPT_INTERRUPTIBLE, 1));
    EXPECT(jf_send(st.peer, PAYLOAD, 5, 0), 5);
    CHECK(is_ready(st.s, POLLIN, 10000));
    start(&f, k->name, call_stuck, &st, 0);
    do {
        CHECK(ioctl((int)OK(jf_fd(st.s)), FIONREAD, &queued) == 0);
    } while (queued != 0);
    await_sleep(&f);
    CHECK(pthread_kill(f.thread, SIGUSR1) == 0);
    EXPECT(finish(&f), JF_E_INTERRUPTED);
    CHECK(st.done == 5);
    EXPECT(jf_send(st.peer, PAYLOAD + 5, 3, 0), 3);
    EXPECT(jf_recv_exact(st.s, st.room + 5, 3, &st.done), 0);
    CHECK(memcmp(st.room, PAYLOAD, PAYLOAD_LEN) == 0);
    end_stuck(&st);
}

/* The same at a timeout. Without a signal, the interruptible option makes no difference. */
static void part_is_reported_at_timeout(const kind *k, int interruptible, int64_t storm) {
    stuck st;
    flight f;
    make_stuck(&st, k);
    OK(jf_set(st.s, timeout_option(k), TIMEOUT_US / 1000));
    OK(jf_set(st.s, JF_OPT_INTERRUPTIBLE, interruptible));
    if (k->verb == RECV_EXACT) {
        EXPECT(jf_send(st.peer, PAYLOAD, 5, 0), 5);
    } else {
        /* Makes space for a part of the data. */
        static char buffer[MOST];
        while (!is_ready(st.s, POLLOUT, 0)) {
            CHECK(jf_recv(st.peer, buffer, sizeof buffer, 0) > 0);
        }
    }
    start(&f, k->name, call_stuck, &st, storm);
    int64_t result = finish(&f);
    if (result != JF_E_TIMED_OUT || f.ended_us - f.began_us < TIMEOUT_US) {
        fprintf(stderr, "%s, interruptible %d: %" PRId64 " (%s) with %zu done\n", k->name, interruptible, result,
                jf_error_name(result), st.done);
        exit(1);
    }
    CHECK(k->verb == SEND_ALL ? st.done > 0 : st.done == 5);
    end_stuck(&st);
}

/* An accept under signals restores the descriptor's mode and timeout. */
static void accept_restores_descriptor(const kind *k) {
    stuck st;
    flight f;
    int64_t timeout = 0;
    make_stuck(&st, k);
    OK(jf_set(st.s, timeout_option(k), 60000));
    start(&f, k->name, call_stuck, &st, storm_us);
    await_signals(3);
    await_sleep(&f);
    release(&st, &f);
    int fd = (int)OK(jf_into_fd(st.s));
    CHECK((fcntl(fd, F_GETFL) & O_NONBLOCK) == 0);
    jf_socket again = OK(jf_from_fd(fd));
    OK(jf_get(again, timeout_option(k), &timeout));
    CHECK(timeout == 60000);
    OK(jf_close(again));
    end_stuck(&st);
}

int main(int argc, char **argv) {
    slow = is_slow(argc, argv);
    storm_us = slow ? 10000 : 1000;
    watchdog(slow ? 280 : 110);
    for (int restart = 0; restart < 2; restart++) {
        handle_signals(restart ? SA_RESTART : 0);
        for (int i = 0; i < KIND_COUNT; i++) {
            times_out(&KINDS[i], storm_us, 0);
            completes_under_signals(&KINDS[i], -1);
            completes_under_signals(&KINDS[i], 60000);
        }
    }
    handle_signals(0);
    for (int i = 0; i < KIND_COUNT; i++) {
        const kind *k = &KINDS[i];
        times_out(k, 0, 0);
        times_out(k, 0, 1);
        interruptible_call(k, -1);
        interruptible_call(k, 60000);
        if (k->verb == ACCEPT) {
            accept_restores_descriptor(k);
        }
        if (k->verb == RECV_EXACT) {
            part_is_reported(k, -1);
            part_is_reported(k, 60000);
        }
        if (k->verb == RECV_EXACT || k->verb == SEND_ALL) {
            part_is_reported_at_timeout(k, 0, 0);
            part_is_reported_at_timeout(k, 0, storm_us);
            part_is_reported_at_timeout(k, 1, 0);
        }
    }
    return 0;
}
