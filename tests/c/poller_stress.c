/* Many threads register, modify, remove, close and reopen sockets while others wait. No event is reported for a
 * removed registration, none is lost, and one-shot events are reported once. Each registration has its own token,
 * which identifies a record of the requested events, the reports, and the time of removal. */
#include "poller.h"

enum { CHANGERS = 8, WAITERS = 4, POLLERS = 3, SLOTS = 48, CONTENDED = 4 };
enum { STEPS = 300000, STEPS_SLOW = 20000, TIMEOUT_S = 20 };

static uint64_t seed;
static _Atomic int should_stop, passed;

static unsigned pick(uint64_t *state, unsigned below) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (unsigned)(*state >> 33) % below;
}

static void print_seed(void) {
    if (!atomic_load(&passed)) fprintf(stderr, "JACKFIELD_STRESS_SEED=%" PRIu64 "\n", seed);
}

static void fail_on_timeout(int signal) {
    (void)signal;
    print_seed();
    _exit(1);
}

/* A logical clock: a wait begins at the current number, and a removal takes the next one. */
static _Atomic int64_t sequence = 1;

/* The record of one token. */
typedef struct watch {
    uint32_t requested;
        /* The time of removal; 0 while registered. Contended sockets share one among all their tokens. */
    _Atomic int64_t *removed_at;
    _Atomic int64_t own_removed_at;
        /* The number of reports, of reports of readability, and the start of the latest wait that reported. */
    _Atomic int64_t report_count, readable_count, last_wait;
} watch;

enum { MAX_WATCHES = STEPS };
static watch watches[MAX_WATCHES];
static _Atomic uint32_t watch_count;
/* Tokens use all 64 bits. */
static const uint64_t TOKENS = UINT64_C(0xFEDCBA9800000000);

static watch *new_watch(uint32_t requested) {
    uint32_t at = atomic_fetch_add(&watch_count, 1);
    CHECK(at < MAX_WATCHES);
    watches[at].requested = requested;
    watches[at].removed_at = &watches[at].own_removed_at;
    return &watches[at];
}

static uint64_t token_of(const watch *w) {
    return TOKENS + (uint64_t)(w - watches);
}

/* Called after the removing call has returned. */
static void mark_removed(watch *w) {
    if (w != NULL) atomic_store(w->removed_at, atomic_fetch_add(&sequence, 1) + 1);
}

static void fail(const char *what, const watch *w, const jf_event *e, int64_t began) {
    fprintf(stderr, "%s: token %" PRIx64 ", requested %u, reported %u by a wait that began at %" PRId64
                ", removed at %" PRId64 ", %" PRId64 " reports\n",
                what, token_of(w), w->requested, e == NULL ? 0 : e->events, began, atomic_load(w->removed_at),
                atomic_load(&w->report_count));
    exit(1);
}

static jf_poller pollers[POLLERS];

/* Records the reported events and checks that they are allowed. */
static void record_events(const jf_event *e, int64_t count, int64_t began) {
    for (int64_t i = 0; i < count; i++) {
        uint64_t at = e[i].token - TOKENS;
        if (at >= atomic_load(&watch_count)) {
            fprintf(stderr, "unknown token: %" PRIx64 "\n", e[i].token);
            exit(1);
        }
        watch *w = &watches[at];
        int64_t removed_at = atomic_load(w->removed_at), before = atomic_fetch_add(&w->report_count, 1);
        if (removed_at != 0 && removed_at <= began) fail("reported a removed registration", w, &e[i], began);
        if (e[i].events == 0 || e[i].error != 0) fail("reported without events", w, &e[i], began);
        if (e[i].events & ~(w->requested | JF_ERROR | JF_HANGUP))
            fail("reported an unrequested event", w, &e[i], began);
        if (w->requested & JF_ONE_SHOT && before > 0) fail("reported a one-shot event twice", w, &e[i], began);
        if (e[i].events & JF_READABLE) atomic_fetch_add(&w->readable_count, 1);
        for (int64_t last = atomic_load(&w->last_wait); last < began;)
            if (atomic_compare_exchange_weak(&w->last_wait, &last, began)) break;
    }
}

static int64_t wait_repeatedly(void *given) {
    static const int64_t TIMES[] = {-1, 0, 1, 7};
    jf_poller p = pollers[(uintptr_t)given % POLLERS];
    uint64_t state = seed * 31 + (uintptr_t)given;
    jf_event e[16];
    while (!atomic_load(&should_stop)) {
        size_t cap = pick(&state, 2) ? 16 : 1 + pick(&state, 4);
        int64_t began = atomic_load(&sequence);
        int64_t count = OK(jf_poller_wait(p, e, cap, TIMES[pick(&state, 4)]));
        CHECK(count <= (int64_t)cap);
        record_events(e, count, began);
                /* Level-triggered events repeat without end; yielding lets other threads change the registration. */
        if (count > 0) sched_yield();
    }
    return 0;
}

/* A socket, used by one thread at a time. */
typedef struct slot {
    pthread_mutex_t lock;
    jf_socket s, peer, copy;
    enum kind kind;
    int bytes;
    watch *in[POLLERS];
} slot;

static slot slots[SLOTS];

static void await(const watch *w, const _Atomic int64_t *number, int64_t beyond, const char *what) {
    for (int64_t end = now_us() + TIMEOUT_S * INT64_C(1000000); atomic_load(number) <= beyond;) {
        if (now_us() > end) fail(what, w, NULL, 0);
        breathe();
    }
}

/* A readable socket registered for JF_READABLE is soon reported by some wait. */
static void expect_reported(const watch *w, int64_t reports_before, int64_t since) {
    if (!(w->requested & JF_READABLE)) return;
    if (w->requested & JF_ONE_SHOT)
        await(w, &w->report_count, 0, "lost a one-shot event");
    else if (w->requested & JF_EDGE)
        await(w, &w->readable_count, reports_before, "lost an edge-triggered event");
    else
        await(w, &w->last_wait, since, "lost a level-triggered event");
}

static void open_slot(slot *t, uint64_t *state) {
    jf_socket s[2];
    t->kind = pick(state, 4) ? UNIX_STREAM + pick(state, 3) : pick(state, KINDS);
    connected(t->kind, s);
    t->s = s[0];
    t->peer = s[1];
    t->copy = pick(state, 2) ? OK(jf_dup(t->s)) : -1;
    t->bytes = 0;
    if (t->kind == TCP4 || t->kind == TCP6)
        for (int i = 0; i < 2; i++) OK(jf_set(s[i], JF_OPT_LINGER, 0));
}

static void close_slot(slot *t, uint64_t *state) {
    if (pick(state, 4) == 0) {
        int fd = (int)OK(jf_into_fd(t->s));
        for (int i = 0; i < POLLERS; i++) mark_removed(t->in[i]);
                /* Data that a wrong registration would report. */
        jf_send(t->peer, "x", 1, JF_DONT_WAIT);
        close(fd);
    } else {
        OK(jf_close(t->s));
        for (int i = 0; i < POLLERS; i++) mark_removed(t->in[i]);
    }
    for (int i = 0; i < POLLERS; i++) t->in[i] = NULL;
    if (t->copy >= 0) jf_send(t->peer, "x", 1, JF_DONT_WAIT);
}

static void close_rest_of_slot(slot *t) {
    jf_close(t->copy);
    OK(jf_close(t->peer));
}

static uint32_t some_events(uint64_t *state) {
    const uint32_t MODES[] = {0, edge_or_one_shot(), edge_or_one_shot(), JF_ONE_SHOT, JF_ONE_SHOT,
                              JF_ONE_SHOT | JF_EDGE};
    uint32_t mode = MODES[pick(state, 6)];
        /* Sockets are nearly always writable, so level-triggered writability would be reported constantly. */
    uint32_t events = mode != 0 && pick(state, 4) == 0 ? JF_READABLE | JF_WRITABLE | JF_READ_CLOSED : JF_READABLE;
    return mode | (pick(state, 8) ? events : 0);
}

static void add_or_change(slot *t, uint64_t *state) {
    int at = (int)pick(state, POLLERS);
    watch *old = t->in[at], *w = new_watch(some_events(state));
    int64_t since = atomic_fetch_add(&sequence, 1);
    if (old == NULL) {
        EXPECT(jf_poller_modify(pollers[at], t->s, w->requested, token_of(w)), JF_E_NOT_FOUND);
        OK(jf_poller_add(pollers[at], t->s, w->requested, token_of(w)));
    } else {
        EXPECT(jf_poller_add(pollers[at], t->s, w->requested, token_of(w)), JF_E_EXISTS);
        OK(jf_poller_modify(pollers[at], t->s, w->requested, token_of(w)));
    }
    mark_removed(old);
    t->in[at] = w;
    if (t->bytes > 0 && pick(state, 2)) expect_reported(w, 0, since);
}

static void remove_from_one(slot *t, uint64_t *state) {
    int at = (int)pick(state, POLLERS);
    EXPECT(jf_poller_remove(pollers[at], t->s), t->in[at] != NULL ? 0 : JF_E_NOT_FOUND);
    mark_removed(t->in[at]);
    t->in[at] = NULL;
}

static void send_one(slot *t, uint64_t *state) {
    int64_t before[POLLERS], since = atomic_fetch_add(&sequence, 1);
    for (int i = 0; i < POLLERS; i++) before[i] = t->in[i] != NULL ? atomic_load(&t->in[i]->readable_count) : 0;
    give_byte(t->peer);
    t->bytes++;
    await_poll_events(t->s, JF_READABLE);
    if (pick(state, 2) == 0) return;
    for (int i = 0; i < POLLERS; i++)
        if (t->in[i] != NULL) expect_reported(t->in[i], before[i], since);
}

static void receive_all(slot *t) {
    for (; t->bytes > 0; t->bytes--) take_byte(t->s);
}

/* Registers it in a temporary poller too, so that sockets and pollers reuse each other's descriptor numbers. */
static void use_temporary_poller(slot *t, uint64_t *state) {
    jf_poller p = OK(jf_poller_open());
    OK(jf_poller_add(p, t->s, JF_READABLE, 5));
    CHECK(reported_events(p, 5, 0) == (t->bytes > 0 ? JF_READABLE : 0));
    if (pick(state, 2)) {
        OK(jf_poller_remove(p, t->s));
        CHECK(is_quiet(p));
    } else if (pick(state, 2)) {
        close_slot(t, state);
        CHECK(is_quiet(p));
        close_rest_of_slot(t);
        open_slot(t, state);
    }
    OK(jf_poller_close(p));
}

/* A socket that several threads change concurrently, so its registration is unknown. */
typedef struct contended {
    _Atomic int64_t s;
    jf_socket peer, copy;
    _Atomic int64_t *_Atomic removed_at;
} contended;

static contended contended_sockets[CONTENDED];

static void open_contended(contended *f) {
    jf_socket s[2];
    OK(jf_pair(JF_UNIX, JF_STREAM, s));
    f->peer = s[1];
    f->copy = OK(jf_dup(s[0]));
    atomic_store(&f->removed_at, &new_watch(0)->own_removed_at);
    atomic_store(&f->s, s[0]);
}

static void close_contended(contended *f, jf_socket s, int64_t result, _Atomic int64_t *removed_at) {
    if (result < 0) {
        CHECK(result == JF_E_CLOSED || result == JF_E_BUSY);
        return;
    }
        /* Only the thread whose call succeeded gets here. */
    CHECK(atomic_load(&f->s) == s);
    atomic_store(removed_at, atomic_fetch_add(&sequence, 1) + 1);
        /* The peer may fail: a close under another thread's call shuts the connection down. */
    jf_send(f->peer, "x", 1, JF_DONT_WAIT);
    OK(jf_close(f->copy));
    OK(jf_close(f->peer));
    open_contended(f);
}

static int is_expected(int64_t result, int64_t other) {
    return result == 0 || result == other || result == JF_E_CLOSED;
}

static void change_contended(contended *f, uint64_t *state) {
    jf_socket s = atomic_load(&f->s);
    _Atomic int64_t *removed_at = atomic_load(&f->removed_at);
        /* A new socket is published after its other fields. */
    if (atomic_load(&f->s) != s) return;
    jf_poller p = pollers[pick(state, 2)];
    watch *w = new_watch(JF_READABLE | edge_or_one_shot());
    w->removed_at = removed_at;
    int64_t result;
    switch (pick(state, 8)) {
    case 0:
        close_contended(f, s, jf_close(s), removed_at);
        break;
    case 1:
        result = jf_into_fd(s);
        if (result >= 0) {
            close_contended(f, s, result, removed_at);
            close((int)result);
        }
        break;
    case 2:
    case 3:
    case 4:
        result = jf_poller_add(p, s, w->requested, token_of(w));
        CHECK(is_expected(result, JF_E_EXISTS));
        break;
    case 5:
        result = jf_poller_modify(p, s, w->requested, token_of(w));
        CHECK(is_expected(result, JF_E_NOT_FOUND));
        break;
    default:
        result = jf_poller_remove(p, s);
        CHECK(is_expected(result, JF_E_NOT_FOUND));
    }
}

static _Atomic int64_t steps_left;

static int64_t change_repeatedly(void *given) {
    uint64_t state = seed * 1000003 + (uintptr_t)given;
    while (atomic_fetch_sub(&steps_left, 1) > 0) {
        if (pick(&state, 8) == 0) {
            change_contended(&contended_sockets[pick(&state, CONTENDED)], &state);
            continue;
        }
        slot *t = &slots[pick(&state, SLOTS)];
        if (pthread_mutex_trylock(&t->lock) != 0) continue;
        switch (pick(&state, 16)) {
        case 0:
        case 1:
            close_slot(t, &state);
            close_rest_of_slot(t);
            open_slot(t, &state);
            break;
        case 2:
            use_temporary_poller(t, &state);
            break;
        case 3:
        case 4:
            remove_from_one(t, &state);
            break;
        case 5:
        case 6:
        case 7:
            send_one(t, &state);
            receive_all(t);
            break;
        case 8:
            send_one(t, &state);
            break;
        case 9:
        case 10:
            receive_all(t);
            break;
        case 11:
            OK(jf_poller_wake(pollers[pick(&state, POLLERS)]));
            break;
        default:
            add_or_change(t, &state);
        }
        CHECK(pthread_mutex_unlock(&t->lock) == 0);
    }
    return 0;
}

/* When all threads are idle, a poller reports for each registered socket what poll() reports, and nothing else. */
static void compare_with_poll(int at) {
    static jf_event e[SLOTS + 1];
    uint32_t found[SLOTS] = {0};
    for (uint64_t i = 0; i < SLOTS; i++) {
        int64_t result = jf_poller_modify(pollers[at], slots[i].s, ALL_EVENTS, i);
        EXPECT(result, slots[i].in[at] != NULL ? 0 : JF_E_NOT_FOUND);
        if (i % 2 && kind_type(slots[i].kind) != JF_DGRAM) {
            OK(jf_shutdown(slots[i].peer, JF_SHUT_WRITE));
            await_poll_events(slots[i].s, JF_READ_CLOSED);
        }
    }
        /* Discards a pending wake and events of contended sockets. */
    for (int i = 0; i < 2; i++) OK(jf_poller_wait(pollers[at], e, SLOTS + 1, 0));
    int64_t count = OK(jf_poller_wait(pollers[at], e, SLOTS + 1, 0));
    for (int64_t i = 0; i < count; i++) {
        CHECK(e[i].token < SLOTS && found[e[i].token] == 0);
        found[e[i].token] = e[i].events;
    }
    for (int i = 0; i < SLOTS; i++) CHECK(found[i] == (slots[i].in[at] != NULL ? poll_events(slots[i].s) : 0));
}

static uint64_t chosen_seed(void) {
    const char *text = getenv("JACKFIELD_STRESS_SEED");
    return text != NULL ? strtoull(text, NULL, 10) : (uint64_t)now_us() ^ (uint64_t)getpid() << 32;
}

int main(int argc, char **argv) {
    int slow = is_slow(argc, argv);
    static flight changers[CHANGERS], waiters[WAITERS];
    seed = chosen_seed();
    CHECK(atexit(print_seed) == 0 && signal(SIGALRM, fail_on_timeout) != SIG_ERR);
    watchdog(slow ? 280 : 110);
    int descriptors = open_descriptors();
    uint64_t state = seed;
    for (int i = 0; i < POLLERS; i++) pollers[i] = OK(jf_poller_open());
    for (int i = 0; i < SLOTS; i++) {
        CHECK(pthread_mutex_init(&slots[i].lock, NULL) == 0);
        open_slot(&slots[i], &state);
    }
    for (int i = 0; i < CONTENDED; i++) open_contended(&contended_sockets[i]);
    atomic_store(&steps_left, slow ? STEPS_SLOW : STEPS);
    int64_t began = now_us();
    for (uintptr_t i = 0; i < WAITERS; i++) start(&waiters[i], "waits", wait_repeatedly, (void *)i, 0);
    for (uintptr_t i = 0; i < CHANGERS; i++) start(&changers[i], "changes", change_repeatedly, (void *)(i + 1), 0);
    for (int i = 0; i < CHANGERS; i++) EXPECT(finish(&changers[i]), 0);
    int64_t took = now_us() - began;

        /* Wakes the blocked waits, each once. */
    atomic_store(&should_stop, 1);
    for (int i = 0; i < WAITERS; i++)
        while (!atomic_load(&waiters[i].over)) {
            for (int k = 0; k < POLLERS; k++) OK(jf_poller_wake(pollers[k]));
            breathe();
        }
    for (int i = 0; i < WAITERS; i++) EXPECT(finish(&waiters[i]), 0);
    for (int i = 0; i < POLLERS; i++) compare_with_poll(i);

    for (int i = 0; i < CONTENDED; i++) {
        OK(jf_close(atomic_load(&contended_sockets[i].s)));
        jf_send(contended_sockets[i].peer, "x", 1, JF_DONT_WAIT);
    }
    for (int i = 0; i < SLOTS; i++) close_slot(&slots[i], &state);
    for (int i = 0; i < POLLERS; i++) {
        CHECK(is_quiet(pollers[i]));
        OK(jf_poller_close(pollers[i]));
    }
    for (int i = 0; i < CONTENDED; i++) {
        OK(jf_close(contended_sockets[i].copy));
        OK(jf_close(contended_sockets[i].peer));
    }
    for (int i = 0; i < SLOTS; i++) close_rest_of_slot(&slots[i]);
    CHECK(open_descriptors() == descriptors);
    if (argc > 1 && strcmp(argv[1], "counts") == 0)
        printf("%u tokens in %" PRId64 " ms\n", atomic_load(&watch_count), took / 1000);
    atomic_store(&passed, 1);
    return 0;
}
