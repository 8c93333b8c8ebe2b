/* Many threads put sockets into pollers, change, remove, close and reopen them, while others wait: no event is told of what is
   gone, none is lost, and what is asked for once is told once. Each registration has a token of its own, under which is kept
   what was asked for, what was told, and since when it is gone. */
#include "poller.h"

enum { CHANGERS = 8, WAITERS = 4, POLLERS = 3, SLOTS = 48, FOUGHT_OVER = 4, STEPS = 300000, STEPS_SLOW = 20000, PATIENCE_S = 20 };

static uint64_t seed;
static _Atomic int enough, passed;

static unsigned pick(uint64_t *state, unsigned below) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (unsigned)(*state >> 33) % below;
}

static void tell_seed(void) {
    if (!atomic_load(&passed)) fprintf(stderr, "JACKFIELD_STRESS_SEED=%" PRIu64 "\n", seed);
}

static void hangs(int signal) {
    (void)signal;
    tell_seed();
    _exit(1);
}

/* The order of things: a wait begins at the number that it finds, and what is gone is so from the number that it takes. */
static _Atomic int64_t sequence = 1;

/* What a token stands for. */
typedef struct watch {
    uint32_t asked;
    /* Since when it is gone; 0 while it is not. What several threads fight over goes with its socket. */
    _Atomic int64_t *gone;
    _Atomic int64_t own_gone;
    /* How often it was told, how often of those that it is readable, and when the last wait began that did. */
    _Atomic int64_t told, told_readable, last_began;
} watch;

enum { MOST_WATCHES = STEPS };
static watch watches[MOST_WATCHES];
static _Atomic uint32_t watch_count;
/* Tokens have all their bits. */
static const uint64_t TOKENS = UINT64_C(0xFEDCBA9800000000);

static watch *new_watch(uint32_t asked) {
    uint32_t at = atomic_fetch_add(&watch_count, 1);
    CHECK(at < MOST_WATCHES);
    watches[at].asked = asked;
    watches[at].gone = &watches[at].own_gone;
    return &watches[at];
}

static uint64_t token_of(const watch *w) {
    return TOKENS + (uint64_t)(w - watches);
}

/* After the call that took it out has returned. */
static void is_gone(watch *w) {
    if (w != NULL) atomic_store(w->gone, atomic_fetch_add(&sequence, 1) + 1);
}

static void fail(const char *what, const watch *w, const jf_event *e, int64_t began) {
    fprintf(stderr, "%s: token %" PRIx64 ", asked %u, told %u in a wait of %" PRId64 ", gone since %" PRId64 ", told %" PRId64 "\n",
            what, token_of(w), w->asked, e == NULL ? 0 : e->events, began, atomic_load(w->gone), atomic_load(&w->told));
    exit(1);
}

static jf_poller pollers[POLLERS];

/* What was told is entered, and held to what it may be. */
static void enter(const jf_event *e, int64_t count, int64_t began) {
    for (int64_t i = 0; i < count; i++) {
        uint64_t at = e[i].token - TOKENS;
        if (at >= atomic_load(&watch_count)) {
            fprintf(stderr, "an unknown token: %" PRIx64 "\n", e[i].token);
            exit(1);
        }
        watch *w = &watches[at];
        int64_t gone = atomic_load(w->gone), before = atomic_fetch_add(&w->told, 1);
        if (gone != 0 && gone <= began) fail("told of what is gone", w, &e[i], began);
        if (e[i].events == 0 || e[i].error != 0) fail("told of nothing", w, &e[i], began);
        if (e[i].events & ~(w->asked | JF_ERROR | JF_HANGUP)) fail("told of what was not asked for", w, &e[i], began);
        if (w->asked & JF_ONE_SHOT && before > 0) fail("told twice", w, &e[i], began);
        if (e[i].events & JF_READABLE) atomic_fetch_add(&w->told_readable, 1);
        for (int64_t last = atomic_load(&w->last_began); last < began;)
            if (atomic_compare_exchange_weak(&w->last_began, &last, began)) break;
    }
}

static int64_t waits(void *given) {
    static const int64_t TIMES[] = {-1, 0, 1, 7};
    jf_poller p = pollers[(uintptr_t)given % POLLERS];
    uint64_t state = seed * 31 + (uintptr_t)given;
    jf_event e[16];
    while (!atomic_load(&enough)) {
        size_t cap = pick(&state, 2) ? 16 : 1 + pick(&state, 4);
        int64_t began = atomic_load(&sequence);
        int64_t count = OK(jf_poller_wait(p, e, cap, TIMES[pick(&state, 4)]));
        CHECK(count <= (int64_t)cap);
        enter(e, count, began);
        /* What stays ready is told without end, which must not keep the others from changing it. */
        if (count > 0) sched_yield();
    }
    return 0;
}

/* A socket, for one thread at a time. */
typedef struct slot {
    pthread_mutex_t lock;
    jf_socket s, peer, copy;
    enum kind kind;
    int bytes;
    watch *in[POLLERS];
} slot;

static slot slots[SLOTS];

static void await(const watch *w, const _Atomic int64_t *number, int64_t beyond, const char *what) {
    for (int64_t end = now_us() + PATIENCE_S * INT64_C(1000000); atomic_load(number) <= beyond;) {
        if (now_us() > end) fail(what, w, NULL, 0);
        breathe();
    }
}

/* Of what is readable, and registered for that, some wait tells soon. */
static void is_told(const watch *w, int64_t told_before, int64_t since) {
    if (!(w->asked & JF_READABLE)) return;
    if (w->asked & JF_ONE_SHOT)
        await(w, &w->told, 0, "once is lost");
    else if (w->asked & JF_EDGE)
        await(w, &w->told_readable, told_before, "an edge is lost");
    else
        await(w, &w->last_began, since, "a level is lost");
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
        for (int i = 0; i < POLLERS; i++) is_gone(t->in[i]);
        /* Something to tell of what is still open. */
        jf_send(t->peer, "x", 1, JF_DONT_WAIT);
        close(fd);
    } else {
        OK(jf_close(t->s));
        for (int i = 0; i < POLLERS; i++) is_gone(t->in[i]);
    }
    for (int i = 0; i < POLLERS; i++) t->in[i] = NULL;
    if (t->copy >= 0) jf_send(t->peer, "x", 1, JF_DONT_WAIT);
}

static void forget_slot(slot *t) {
    jf_close(t->copy);
    OK(jf_close(t->peer));
}

static uint32_t some_events(uint64_t *state) {
    const uint32_t MODES[] = {0, edge_or_once(), edge_or_once(), JF_ONE_SHOT, JF_ONE_SHOT, JF_ONE_SHOT | JF_EDGE};
    uint32_t mode = MODES[pick(state, 6)];
    /* Room to send is there all the time, so a level of it would be told all the time. */
    uint32_t events = mode != 0 && pick(state, 4) == 0 ? JF_READABLE | JF_WRITABLE | JF_READ_CLOSED : JF_READABLE;
    return mode | (pick(state, 8) ? events : 0);
}

static void add_or_change(slot *t, uint64_t *state) {
    int at = (int)pick(state, POLLERS);
    watch *old = t->in[at], *w = new_watch(some_events(state));
    int64_t since = atomic_fetch_add(&sequence, 1);
    if (old == NULL) {
        EXPECT(jf_poller_modify(pollers[at], t->s, w->asked, token_of(w)), JF_E_NOT_FOUND);
        OK(jf_poller_add(pollers[at], t->s, w->asked, token_of(w)));
    } else {
        EXPECT(jf_poller_add(pollers[at], t->s, w->asked, token_of(w)), JF_E_EXISTS);
        OK(jf_poller_modify(pollers[at], t->s, w->asked, token_of(w)));
    }
    is_gone(old);
    t->in[at] = w;
    if (t->bytes > 0 && pick(state, 2)) is_told(w, 0, since);
}

static void remove_from_one(slot *t, uint64_t *state) {
    int at = (int)pick(state, POLLERS);
    EXPECT(jf_poller_remove(pollers[at], t->s), t->in[at] != NULL ? 0 : JF_E_NOT_FOUND);
    is_gone(t->in[at]);
    t->in[at] = NULL;
}

static void send_one(slot *t, uint64_t *state) {
    int64_t before[POLLERS], since = atomic_fetch_add(&sequence, 1);
    for (int i = 0; i < POLLERS; i++) before[i] = t->in[i] != NULL ? atomic_load(&t->in[i]->told_readable) : 0;
    give_byte(t->peer);
    t->bytes++;
    await_polled(t->s, JF_READABLE);
    if (pick(state, 2) == 0) return;
    for (int i = 0; i < POLLERS; i++)
        if (t->in[i] != NULL) is_told(t->in[i], before[i], since);
}

static void receive_all(slot *t) {
    for (; t->bytes > 0; t->bytes--) take_byte(t->s);
}

/* Also in a poller that comes and goes, so that the sockets' and the pollers' numbers are each other's now and then. */
static void visit(slot *t, uint64_t *state) {
    jf_poller p = OK(jf_poller_open());
    OK(jf_poller_add(p, t->s, JF_READABLE, 5));
    CHECK(told(p, 5, 0) == (t->bytes > 0 ? JF_READABLE : 0));
    if (pick(state, 2)) {
        OK(jf_poller_remove(p, t->s));
        CHECK(is_quiet(p));
    } else if (pick(state, 2)) {
        close_slot(t, state);
        CHECK(is_quiet(p));
        forget_slot(t);
        open_slot(t, state);
    }
    OK(jf_poller_close(p));
}

/* A socket that several threads change at the same time, so that nobody knows what it is asked for. */
typedef struct fought_over {
    _Atomic int64_t s;
    jf_socket peer, copy;
    _Atomic int64_t *_Atomic gone;
} fought_over;

static fought_over fights[FOUGHT_OVER];

static void open_fight(fought_over *f) {
    jf_socket s[2];
    OK(jf_pair(JF_UNIX, JF_STREAM, s));
    f->peer = s[1];
    f->copy = OK(jf_dup(s[0]));
    atomic_store(&f->gone, &new_watch(0)->own_gone);
    atomic_store(&f->s, s[0]);
}

static void close_fight(fought_over *f, jf_socket s, int64_t result, _Atomic int64_t *gone) {
    if (result < 0) {
        CHECK(result == JF_E_BAD_HANDLE || result == JF_E_BUSY);
        return;
    }
    /* Nobody else gets here with this one. */
    CHECK(atomic_load(&f->s) == s);
    atomic_store(gone, atomic_fetch_add(&sequence, 1) + 1);
    /* What is still open may have been shut down, as closing does under a call of another thread. */
    jf_send(f->peer, "x", 1, JF_DONT_WAIT);
    OK(jf_close(f->copy));
    OK(jf_close(f->peer));
    open_fight(f);
}

static int is_one_of(int64_t result, int64_t other) {
    return result == 0 || result == other || result == JF_E_BAD_HANDLE;
}

static void fight(fought_over *f, uint64_t *state) {
    jf_socket s = atomic_load(&f->s);
    _Atomic int64_t *gone = atomic_load(&f->gone);
    /* A new one is published after what belongs to it. */
    if (atomic_load(&f->s) != s) return;
    jf_poller p = pollers[pick(state, 2)];
    watch *w = new_watch(JF_READABLE | edge_or_once());
    w->gone = gone;
    int64_t result;
    switch (pick(state, 8)) {
    case 0:
        close_fight(f, s, jf_close(s), gone);
        break;
    case 1:
        result = jf_into_fd(s);
        if (result >= 0) {
            close_fight(f, s, result, gone);
            close((int)result);
        }
        break;
    case 2:
    case 3:
    case 4:
        result = jf_poller_add(p, s, w->asked, token_of(w));
        CHECK(is_one_of(result, JF_E_EXISTS));
        break;
    case 5:
        result = jf_poller_modify(p, s, w->asked, token_of(w));
        CHECK(is_one_of(result, JF_E_NOT_FOUND));
        break;
    default:
        result = jf_poller_remove(p, s);
        CHECK(is_one_of(result, JF_E_NOT_FOUND));
    }
}

static _Atomic int64_t steps_left;

static int64_t changes(void *given) {
    uint64_t state = seed * 1000003 + (uintptr_t)given;
    while (atomic_fetch_sub(&steps_left, 1) > 0) {
        if (pick(&state, 8) == 0) {
            fight(&fights[pick(&state, FOUGHT_OVER)], &state);
            continue;
        }
        slot *t = &slots[pick(&state, SLOTS)];
        if (pthread_mutex_trylock(&t->lock) != 0) continue;
        switch (pick(&state, 16)) {
        case 0:
        case 1:
            close_slot(t, &state);
            forget_slot(t);
            open_slot(t, &state);
            break;
        case 2:
            visit(t, &state);
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

/* At rest a poller tells of each socket in it what poll says, and of nothing else. */
static void at_rest(int at) {
    static jf_event e[SLOTS + 1];
    uint32_t found[SLOTS] = {0};
    for (uint64_t i = 0; i < SLOTS; i++) {
        int64_t result = jf_poller_modify(pollers[at], slots[i].s, EVERY, i);
        EXPECT(result, slots[i].in[at] != NULL ? 0 : JF_E_NOT_FOUND);
        if (i % 2 && kind_type(slots[i].kind) != JF_DGRAM) {
            OK(jf_shutdown(slots[i].peer, JF_SHUT_WRITE));
            await_polled(slots[i].s, JF_READ_CLOSED);
        }
    }
    /* What is left of a wake and of what was fought over. */
    for (int i = 0; i < 2; i++) OK(jf_poller_wait(pollers[at], e, SLOTS + 1, 0));
    int64_t count = OK(jf_poller_wait(pollers[at], e, SLOTS + 1, 0));
    for (int64_t i = 0; i < count; i++) {
        CHECK(e[i].token < SLOTS && found[e[i].token] == 0);
        found[e[i].token] = e[i].events;
    }
    for (int i = 0; i < SLOTS; i++) CHECK(found[i] == (slots[i].in[at] != NULL ? polled(slots[i].s) : 0));
}

static uint64_t chosen_seed(void) {
    const char *text = getenv("JACKFIELD_STRESS_SEED");
    return text != NULL ? strtoull(text, NULL, 10) : (uint64_t)now_us() ^ (uint64_t)getpid() << 32;
}

int main(int argc, char **argv) {
    int slow = is_slow(argc, argv);
    static flight changers[CHANGERS], waiters[WAITERS];
    seed = chosen_seed();
    CHECK(atexit(tell_seed) == 0 && signal(SIGALRM, hangs) != SIG_ERR);
    watchdog(slow ? 280 : 110);
    int descriptors = open_descriptors();
    uint64_t state = seed;
    for (int i = 0; i < POLLERS; i++) pollers[i] = OK(jf_poller_open());
    for (int i = 0; i < SLOTS; i++) {
        CHECK(pthread_mutex_init(&slots[i].lock, NULL) == 0);
        open_slot(&slots[i], &state);
    }
    for (int i = 0; i < FOUGHT_OVER; i++) open_fight(&fights[i]);
    atomic_store(&steps_left, slow ? STEPS_SLOW : STEPS);
    int64_t began = now_us();
    for (uintptr_t i = 0; i < WAITERS; i++) start(&waiters[i], "waits", waits, (void *)i, 0);
    for (uintptr_t i = 0; i < CHANGERS; i++) start(&changers[i], "changes", changes, (void *)(i + 1), 0);
    for (int i = 0; i < CHANGERS; i++) EXPECT(finish(&changers[i]), 0);
    int64_t took = now_us() - began;

    /* Who waits without end is woken, each once. */
    atomic_store(&enough, 1);
    for (int i = 0; i < WAITERS; i++)
        while (!atomic_load(&waiters[i].over)) {
            for (int k = 0; k < POLLERS; k++) OK(jf_poller_wake(pollers[k]));
            breathe();
        }
    for (int i = 0; i < WAITERS; i++) EXPECT(finish(&waiters[i]), 0);
    for (int i = 0; i < POLLERS; i++) at_rest(i);

    for (int i = 0; i < FOUGHT_OVER; i++) {
        OK(jf_close(atomic_load(&fights[i].s)));
        jf_send(fights[i].peer, "x", 1, JF_DONT_WAIT);
    }
    for (int i = 0; i < SLOTS; i++) close_slot(&slots[i], &state);
    for (int i = 0; i < POLLERS; i++) {
        CHECK(is_quiet(pollers[i]));
        OK(jf_poller_close(pollers[i]));
    }
    for (int i = 0; i < FOUGHT_OVER; i++) {
        OK(jf_close(fights[i].copy));
        OK(jf_close(fights[i].peer));
    }
    for (int i = 0; i < SLOTS; i++) forget_slot(&slots[i]);
    CHECK(open_descriptors() == descriptors);
    if (argc > 1 && strcmp(argv[1], "counts") == 0)
        printf("%u tokens in %" PRId64 " ms\n", atomic_load(&watch_count), took / 1000);
    atomic_store(&passed, 1);
    return 0;
}
