/* How long a poller waits, and what ends a wait: its timeout, an event, a wake, a signal (if interruptible), and
 * closing. */
#include "poller.h"

#include <sys/wait.h>

enum { LATE_US = 50000, PROMPT_US = 100000, TRIES = 20, WAITERS = 4 };
static int slow;

/* A wait in a separate thread. */
typedef struct call {
    jf_poller p;
    int64_t timeout_ms;
    size_t cap;
    jf_event e[4];
    flight f;
} call;

static int64_t wait_call(void *given) {
    call *c = given;
    return jf_poller_wait(c->p, c->e, c->cap, c->timeout_ms);
}

static void begin_wait(call *c, jf_poller p, int64_t timeout_ms, int64_t storm_us) {
    memset(c, 0, sizeof *c);
    c->p = p;
    c->timeout_ms = timeout_ms;
    c->cap = 4;
    start(&c->f, "a poller's wait", wait_call, c, storm_us);
}

static void await_waiting(call *c, int count) {
    for (int i = 0; i < count; i++) await_sleep(&c[i].f);
}

/* The wait ends with one event. */
static void expect_event(call *c, uint64_t token, uint32_t events) {
    EXPECT(finish(&c->f), 1);
    CHECK(c->e[0].token == token && c->e[0].events == events && c->e[0].error == 0);
}

/* Returns the wait that has ended; the others must still be blocked. */
static int ended_wait(call *c, const int *is_done, int count) {
    int over = -1;
    while (over < 0) {
        for (int i = 0; i < count; i++)
            if (!is_done[i] && atomic_load(&c[i].f.over)) over = i;
        breathe();
    }
    for (int i = 0; i < count; i++)
        if (!is_done[i] && i != over) await_sleep(&c[i].f);
    return over;
}

/* A poller with registrations but no pending event. */
static jf_poller idle_poller(jf_socket s[2]) {
    jf_poller p = OK(jf_poller_open());
    OK(jf_pair(JF_UNIX, JF_STREAM, s));
    OK(jf_poller_add(p, s[0], JF_READABLE, 1));
    OK(jf_poller_add(p, s[1], JF_WRITABLE | JF_ONE_SHOT, 2));
    CHECK(reported_events(p, 2, 0) == JF_WRITABLE);
    return p;
}

static void close_idle_poller(jf_poller p, jf_socket s[2]) {
    OK(jf_poller_close(p));
    close_both(s);
}

/* Never early, and late only on a busy machine. */
static void times_out(int64_t timeout_ms, int64_t storm_us) {
    jf_socket s[2];
    jf_poller p = idle_poller(s);
    int64_t late = 0, handled = 0;
    for (int try = 0; try < TRIES; try++) {
        call c;
        handled = atomic_load(&signals_handled);
        begin_wait(&c, p, timeout_ms, storm_us);
        EXPECT(finish(&c.f), 0);
        late = c.f.ended_us - c.f.began_us - timeout_ms * 1000;
        if (late < 0) break;
        handled = atomic_load(&signals_handled) - handled;
        if ((late <= LATE_US || slow) && (handled >= 3 || storm_us == 0 || timeout_ms < 50)) {
            close_idle_poller(p, s);
            return;
        }
    }
    fprintf(stderr, "%" PRId64 " ms: %" PRId64 " us late after %" PRId64 " signals\n", timeout_ms, late, handled);
    exit(1);
}

static void continues_under_signals(int64_t timeout_ms) {
    jf_socket s[2];
    jf_poller p = idle_poller(s);
    call c;
    begin_wait(&c, p, timeout_ms, slow ? 10000 : 1000);
    await_signals(slow ? 3 : 20);
    await_sleep(&c.f);
    give_byte(s[1]);
    expect_event(&c, 1, JF_READABLE);
    close_idle_poller(p, s);
}

/* SIGSTOP and SIGCONT do not interrupt the wait, and its timeout keeps running. */
static void continues_after_stop(void) {
    jf_socket s[2];
    int ready[2], status;
    CHECK(pipe(ready) == 0);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        watchdog(100);
        jf_poller p = idle_poller(s);
        jf_event e;
        CHECK(write(ready[1], "", 1) == 1);
        int64_t began = now_us();
        EXPECT(jf_poller_wait(p, &e, 1, 200), 0);
        CHECK(now_us() - began >= 200000);
        _exit(0);
    }
    char byte;
    CHECK(read(ready[0], &byte, 1) == 1);
    for (int i = 0; i < 20; i++) {
        CHECK(kill(child, SIGSTOP) == 0 && waitpid(child, &status, WUNTRACED) == child);
        if (!WIFSTOPPED(status)) break;
        CHECK(kill(child, SIGCONT) == 0);
        breathe();
    }
    if (WIFSTOPPED(status)) CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    close(ready[0]);
    close(ready[1]);
}

/* Registration changes take effect during a wait. */
static void changes_during_wait(void) {
    jf_socket s[2], t[2];
    jf_poller p = idle_poller(s);
    call c;
    OK(jf_pair(JF_UNIX, JF_DGRAM, t));
    give_byte(t[0]);

    begin_wait(&c, p, -1, 0);
    await_sleep(&c.f);
    OK(jf_poller_add(p, t[1], JF_READABLE, 3));
    expect_event(&c, 3, JF_READABLE);
    take_byte(t[1]);

    begin_wait(&c, p, 60000, 0);
    await_sleep(&c.f);
    OK(jf_poller_modify(p, s[1], JF_WRITABLE | JF_ONE_SHOT, 4));
    expect_event(&c, 4, JF_WRITABLE);

    begin_wait(&c, p, -1, 0);
    await_sleep(&c.f);
    OK(jf_poller_remove(p, t[1]));
    give_byte(t[0]);
    OK(jf_poller_modify(p, s[0], 0, 5));
    give_byte(s[1]);
    await_sleep(&c.f);
    OK(jf_poller_modify(p, s[0], JF_READABLE, 5));
    expect_event(&c, 5, JF_READABLE);
    take_byte(s[0]);

    begin_wait(&c, p, -1, 0);
    await_sleep(&c.f);
    OK(jf_close(s[0]));
    await_sleep(&c.f);
    OK(jf_poller_modify(p, s[1], JF_READ_CLOSED, 6));
    EXPECT(finish(&c.f), 1);
    CHECK(c.e[0].token == 6 && c.e[0].events == (JF_READ_CLOSED | JF_HANGUP));
    OK(jf_close(s[1]));
    CHECK(is_quiet(p));
    OK(jf_poller_close(p));
    close_both(t);
}

/* Of several blocked waits, one gets an edge-triggered or one-shot event. */
static void one_wait_gets_the_event(uint32_t mode) {
    jf_poller p = OK(jf_poller_open());
    jf_socket s[WAITERS][2];
    call c[WAITERS];
    int is_done[WAITERS] = {0};
    for (int i = 0; i < WAITERS; i++) {
        OK(jf_pair(JF_UNIX, JF_STREAM, s[i]));
        OK(jf_poller_add(p, s[i][0], JF_READABLE | mode, (uint64_t)i));
        begin_wait(&c[i], p, i % 2 ? 60000 : -1, 0);
    }
    await_waiting(c, WAITERS);
    for (int i = 0; i < WAITERS; i++) {
        give_byte(s[i][1]);
        int over = ended_wait(c, is_done, WAITERS);
        is_done[over] = 1;
        expect_event(&c[over], (uint64_t)i, JF_READABLE);
    }
    CHECK(is_quiet(p));
    OK(jf_poller_close(p));
    for (int i = 0; i < WAITERS; i++) close_both(s[i]);
}

/* The next wait returns at once, the one after it does not. */
static void expect_one_wake(jf_poller p) {
    jf_event e;
    if (!is_poll_backend()) {
        struct pollfd item = {(int)OK(jf_poller_fd(p)), POLLIN, 0};
        CHECK(poll(&item, 1, 0) == 1);
    }
    EXPECT(jf_poller_wait(p, &e, 1, -1), 0);
    CHECK(is_quiet(p));
    int64_t began = now_us();
    e = (jf_event){77, 77, 77};
    EXPECT(jf_poller_wait(p, &e, 1, 10), 0);
    CHECK(now_us() - began >= 10000 && e.token == 77 && e.events == 77 && e.error == 77);
}

static void wakes(void) {
    jf_socket s[2];
    jf_poller p = idle_poller(s);
    call c[WAITERS];
    jf_event e[4];

        /* Wakes before a wait count once, however many. */
    for (int count = 1; count <= 1000; count *= 10) {
        for (int i = 0; i < count; i++) OK(jf_poller_wake(p));
        expect_one_wake(p);
    }
        /* Together with a ready socket: the event is reported, and the wake is consumed. */
    give_byte(s[1]);
    for (size_t cap = 1; cap <= 4; cap++) {
        OK(jf_poller_wake(p));
        int64_t count, waits = 0;
        while ((count = OK(jf_poller_wait(p, e, cap, -1))) == 0) CHECK(++waits == 1);
        CHECK(count == 1 && e[0].token == 1 && e[0].events == JF_READABLE && e[0].error == 0);
        OK(jf_poller_modify(p, s[0], JF_READABLE | JF_ONE_SHOT, 1));
        while ((count = OK(jf_poller_wait(p, e, cap, 0))) == 0) CHECK(++waits <= 2);
        CHECK(count == 1 && e[0].token == 1);
        EXPECT(jf_poller_wait(p, e, cap, 0), 0);
        CHECK(is_quiet(p));
        OK(jf_poller_modify(p, s[0], JF_READABLE, 1));
    }
    take_byte(s[0]);
    CHECK(is_quiet(p));

        /* During a wait, and after one that timed out. */
    for (int i = 0; i < 4; i++) {
        begin_wait(&c[0], p, i % 2 ? INT64_MAX : -1, 0);
        await_sleep(&c[0].f);
        OK(jf_poller_wake(p));
        EXPECT(finish(&c[0].f), 0);
        CHECK(is_quiet(p));
        EXPECT(jf_poller_wait(p, e, 4, 1), 0);
    }
        /* Each wake ends one of several waits. */
    int is_done[WAITERS] = {0};
    for (int i = 0; i < WAITERS; i++) begin_wait(&c[i], p, -1, 0);
    await_waiting(c, WAITERS);
    for (int i = 0; i < WAITERS; i++) {
        OK(jf_poller_wake(p));
        int over = ended_wait(c, is_done, WAITERS);
        is_done[over] = 1;
        EXPECT(finish(&c[over].f), 0);
    }
    CHECK(is_quiet(p));
        /* Many wakes end at least one wait, and none is pending after the last wait has ended. */
    for (int i = 0; i < WAITERS; i++) begin_wait(&c[i], p, -1, 0);
    for (int out = 0; out < WAITERS;) {
        for (int i = 0; i < 100; i++) OK(jf_poller_wake(p));
        int before = out;
        while (out == before) {
            out = 0;
            for (int i = 0; i < WAITERS; i++) out += atomic_load(&c[i].f.over);
        }
    }
    for (int i = 0; i < WAITERS; i++) EXPECT(finish(&c[i].f), 0);
    jf_poller_wait(p, e, 4, 0);
    CHECK(is_quiet(p));
    close_idle_poller(p, s);
}

static _Atomic int rounds_done;

static int64_t wait_repeatedly(void *given) {
    jf_event e;
    while (atomic_load(&rounds_done) >= 0) {
        EXPECT(jf_poller_wait(*(jf_poller *)given, &e, 1, -1), 0);
        atomic_fetch_add(&rounds_done, 1);
    }
    return 0;
}

/* A wake at any time, also between two waits, is not lost: a lost one would block the next wait for ever. */
static void wakes_at_any_time(void) {
    jf_socket s[2];
    jf_poller p = idle_poller(s);
    flight f;
    atomic_store(&rounds_done, 0);
    start(&f, "waits", wait_repeatedly, &p, 0);
    for (int i = 1; i < (slow ? 200 : 20000); i++) {
        OK(jf_poller_wake(p));
        while (atomic_load(&rounds_done) < i) sched_yield();
        for (volatile int spin = 0; spin < i % 300; spin++) {
        }
    }
    atomic_store(&rounds_done, INT32_MIN);
    OK(jf_poller_wake(p));
    EXPECT(finish(&f), 0);
    close_idle_poller(p, s);
}

static jf_poller poller_of_handler;

static void wake_in_handler(int signal) {
    (void)signal;
    if (jf_poller_wake(poller_of_handler) != 0) _exit(99);
    atomic_fetch_add(&signals_handled, 1);
}

/* jf_poller_wake in a signal handler: in the waiting thread, in another one, and under frequent signals. */
static void wake_in_signal_handler(void) {
    jf_socket s[2];
    call c;
    jf_event e;
    struct sigaction action, before;
    poller_of_handler = idle_poller(s);
    memset(&action, 0, sizeof action);
    action.sa_handler = wake_in_handler;
    CHECK(sigaction(SIGUSR1, &action, &before) == 0);
    for (int i = 0; i < 100; i++) {
        begin_wait(&c, poller_of_handler, i % 2 ? 60000 : -1, 0);
        if (i % 4 < 2) await_sleep(&c.f);
        CHECK((i % 3 ? pthread_kill(c.f.thread, SIGUSR1) : raise(SIGUSR1)) == 0);
        EXPECT(finish(&c.f), 0);
        CHECK(is_quiet(poller_of_handler));
    }
    timer_t timer = storm_begin(slow ? 10000 : 1000);
    for (int i = 0; i < (slow ? 5 : 50); i++) EXPECT(jf_poller_wait(poller_of_handler, &e, 1, -1), 0);
    storm_end(timer);
        /* With the interruptible option the wait returns either result. */
    OK(jf_poller_set(poller_of_handler, JF_POLLER_INTERRUPTIBLE, 1));
    for (int i = 0; i < 100; i++) {
        begin_wait(&c, poller_of_handler, -1, 0);
        if (i % 2) await_sleep(&c.f);
        CHECK(pthread_kill(c.f.thread, SIGUSR1) == 0);
        int64_t result = finish(&c.f);
        CHECK(result == 0 || result == JF_E_INTERRUPTED);
        int64_t rest = jf_poller_wait(poller_of_handler, &e, 1, 0);
        CHECK(rest == 0 && is_quiet(poller_of_handler));
    }
    CHECK(sigaction(SIGUSR1, &before, NULL) == 0);
    close_idle_poller(poller_of_handler, s);
}

static void interruptible_wait(int64_t timeout_ms) {
    jf_socket s[2];
    jf_poller p = idle_poller(s);
    call c;
    OK(jf_poller_set(p, JF_POLLER_INTERRUPTIBLE, 1));
    for (int round = 0; round < 2; round++) {
        begin_wait(&c, p, timeout_ms, 0);
        await_sleep(&c.f);
        int64_t sent_us = now_us();
        CHECK(pthread_kill(c.f.thread, SIGUSR1) == 0);
        EXPECT(finish(&c.f), JF_E_INTERRUPTED);
        CHECK(c.f.ended_us - sent_us < 5000000 && c.e[0].token == 0 && c.e[0].events == 0);
    }
        /* A signal before the wait does not interrupt it, and without a signal it works as usual. */
    CHECK(raise(SIGUSR1) == 0);
    jf_event e;
    EXPECT(jf_poller_wait(p, &e, 1, 20), 0);
    begin_wait(&c, p, timeout_ms, 0);
    await_sleep(&c.f);
    give_byte(s[1]);
    expect_event(&c, 1, JF_READABLE);
    take_byte(s[0]);
        /* The option is changed during the wait. */
    OK(jf_poller_set(p, JF_POLLER_INTERRUPTIBLE, 0));
    begin_wait(&c, p, timeout_ms, 0);
    await_sleep(&c.f);
    int64_t handled = atomic_load(&signals_handled);
    CHECK(pthread_kill(c.f.thread, SIGUSR1) == 0);
    while (atomic_load(&signals_handled) == handled) breathe();
    await_sleep(&c.f);
    OK(jf_poller_set(p, JF_POLLER_INTERRUPTIBLE, 1));
    CHECK(pthread_kill(c.f.thread, SIGUSR1) == 0);
    EXPECT(finish(&c.f), JF_E_INTERRUPTED);
    close_idle_poller(p, s);
}

/* Closing ends every wait and leaves the sockets open. */
static int64_t close_during_waits(int waiters, int64_t timeout_ms) {
    enum { MAX_WAITS = 64 };
    static call c[MAX_WAITS];
    jf_socket s[2];
    jf_poller p = idle_poller(s);
    for (int i = 0; i < waiters; i++) begin_wait(&c[i], p, timeout_ms, 0);
    await_waiting(c, waiters);
    int64_t began = now_us(), last = began;
    EXPECT(jf_poller_close(p), 0);
    for (int i = 0; i < waiters; i++) {
        EXPECT(finish(&c[i].f), JF_E_CLOSED);
        last = c[i].f.ended_us > last ? c[i].f.ended_us : last;
    }
    jf_event e;
    EXPECT(jf_poller_wait(p, &e, 1, 0), JF_E_CLOSED);
    EXPECT(jf_poller_wake(p), JF_E_CLOSED);
    EXPECT(jf_poller_close(p), JF_E_CLOSED);
    give_byte(s[1]);
    take_byte(s[0]);
    p = OK(jf_poller_open());
    OK(jf_poller_add(p, s[0], JF_WRITABLE, 8));
    CHECK(reported_events(p, 8, 0) == JF_WRITABLE);
    OK(jf_poller_close(p));
    close_both(s);
    return last - began;
}

static void closes_promptly(int waiters, int64_t timeout_ms) {
    int64_t took = 0;
    for (int try = 0; try < TRIES; try++) {
        took = close_during_waits(waiters, timeout_ms);
        if (took < PROMPT_US || slow) return;
    }
    fprintf(stderr, "%d waits were over %" PRId64 " us after closing\n", waiters, took);
    exit(1);
}

/* Closing at any time, while other threads use the poller. */
static jf_socket shared_pair[2];

static int64_t use_poller(void *given) {
    jf_poller p = *(jf_poller *)given;
    jf_event e;
    for (uint64_t i = 0;; i++) {
        int64_t result = i % 4 == 0   ? jf_poller_add(p, shared_pair[0], JF_WRITABLE, i)
                         : i % 4 == 1 ? jf_poller_modify(p, shared_pair[0], JF_READABLE, i)
                         : i % 4 == 2 ? jf_poller_wait(p, &e, 1, 0)
                                      : jf_poller_remove(p, shared_pair[0]);
        if (result == JF_E_CLOSED) return result;
        EXPECT(result, 0);
    }
}

static void closes_at_any_time(void) {
    OK(jf_pair(JF_UNIX, JF_STREAM, shared_pair));
    for (int i = 0; i < (slow ? 30 : 500); i++) {
        jf_socket s[2];
        jf_poller p = idle_poller(s);
        call c[2];
        flight user;
        begin_wait(&c[0], p, -1, 0);
        begin_wait(&c[1], p, 60000, 0);
        start(&user, "changes", use_poller, &p, 0);
        for (int spin = 0; spin < i % 10; spin++) sched_yield();
        for (volatile int spin = 0; spin < i * 50; spin++) {
        }
        if (i % 3 == 0) OK(jf_poller_wake(p));
        OK(jf_poller_close(p));
        for (int k = 0; k < 2; k++) {
            int64_t result = finish(&c[k].f);
            CHECK(result == JF_E_CLOSED || (result == 0 && i % 3 == 0)
                  || (result == 1 && c[k].e[0].events == JF_WRITABLE));
        }
        EXPECT(finish(&user), JF_E_CLOSED);
        close_both(s);
    }
    close_both(shared_pair);
}

int main(int argc, char **argv) {
    slow = is_slow(argc, argv);
    watchdog(slow ? 280 : 110);
    int descriptors = open_descriptors();
    for (int flags = 0; flags <= SA_RESTART; flags += SA_RESTART) {
        handle_signals(flags);
        static const int64_t TIMES[] = {0, 1, 2, 20, 100};
        for (size_t i = 0; i < sizeof TIMES / sizeof *TIMES; i++) {
            times_out(TIMES[i], 0);
            times_out(TIMES[i], slow ? 10000 : 1000);
        }
        continues_under_signals(-1);
        continues_under_signals(60000);
        interruptible_wait(-1);
        interruptible_wait(60000);
    }
    continues_after_stop();
    changes_during_wait();
    one_wait_gets_the_event(edge_or_one_shot());
    one_wait_gets_the_event(JF_ONE_SHOT);
    wakes();
    wakes_at_any_time();
    wake_in_signal_handler();
    for (int waiters = 1; waiters <= 64; waiters *= 8) {
        closes_promptly(waiters, -1);
        closes_promptly(waiters, 60000);
    }
    closes_at_any_time();
    CHECK(open_descriptors() == descriptors);
    return 0;
}
