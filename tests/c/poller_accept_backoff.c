/* Accept backoff: with JF_POLLER_REST_LISTENERS, listeners are paused while no descriptor is left for a connection. */
#include "poller.h"

#include <sys/resource.h>

enum { LISTENER = 1, OTHER = 2, BACKOFF_US = 100000 };
static struct rlimit limit;

/* Lowers the limit so that no further descriptor can be opened; open ones stay. */
static void exhaust_descriptors(void) {
    struct rlimit none = limit;
    int lowest = dup(0);
    CHECK(lowest >= 0 && close(lowest) == 0);
    none.rlim_cur = (rlim_t)lowest;
    CHECK(setrlimit(RLIMIT_NOFILE, &none) == 0);
}

static void restore_limit(void) {
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

/* A poller with a listener that has a pending connection, and with other sockets. */
typedef struct fixture {
    jf_poller p;
    jf_socket l, c, others[2];
    jf_addr a;
} fixture;

static void connect_client(fixture *t) {
    t->c = OK(jf_open(JF_INET, JF_STREAM, 0));
    OK(jf_connect(t->c, &t->a));
    await_poll_events(t->l, JF_READABLE);
}

static void set_up(fixture *t, uint32_t modes) {
    t->p = OK(jf_poller_open());
    OK(jf_poller_set(t->p, JF_POLLER_REST_LISTENERS, 1));
    t->l = listening("127.0.0.1:0", &t->a);
    OK(jf_pair(JF_UNIX, JF_STREAM, t->others));
    OK(jf_poller_add(t->p, t->l, JF_READABLE | modes, LISTENER));
    EXPECT(jf_poller_add(t->p, t->l, JF_READABLE, LISTENER), JF_E_EXISTS);
    OK(jf_poller_add(t->p, t->others[0], JF_READABLE, OTHER));
    CHECK(is_quiet(t->p));
    connect_client(t);
}

static void tear_down(fixture *t) {
    restore_limit();
    jf_close(t->c);
    jf_close(t->l);
    CHECK(is_quiet(t->p));
    close_both(t->others);
    OK(jf_poller_close(t->p));
}

/* A failed accept and the wait that starts the backoff; returns a time before its start. */
static int64_t begin_backoff(fixture *t) {
    exhaust_descriptors();
    EXPECT(jf_accept(t->l, NULL), JF_E_TOO_MANY_FILES);
    int64_t before = now_us();
    CHECK(is_quiet(t->p));
    return before;
}

/* The listener is paused for the backoff time only; other sockets are reported meanwhile. */
static void pauses_listener(int64_t timeout_ms) {
    fixture t;
    set_up(&t, 0);
    CHECK(reported_events(t.p, LISTENER, 0) == JF_READABLE && reported_events(t.p, LISTENER, -1) == JF_READABLE);
    for (int round = 0; round < 3; round++) {
        int64_t before = begin_backoff(&t);
        give_byte(t.others[1]);
        uint32_t meanwhile = reported_events(t.p, OTHER, 0);
        OK(jf_poller_wake(t.p));
        jf_event e;
        EXPECT(jf_poller_wait(t.p, &e, 1, 0), meanwhile == JF_READABLE);
        jf_poller_wait(t.p, &e, 1, 0);
        take_byte(t.others[0]);
                /* A wake while the event array has a free slot. */
        OK(jf_poller_wake(t.p));
        CHECK(jf_poller_wait(t.p, &e, 1, 0) == 0 || now_us() - before >= BACKOFF_US);
        CHECK(reported_events(t.p, LISTENER, timeout_ms) == JF_READABLE);
        CHECK(now_us() - before >= BACKOFF_US);
        CHECK(reported_events(t.p, LISTENER, 0) == JF_READABLE);
        restore_limit();
    }
    OK(jf_close(OK(jf_accept(t.l, NULL))));
    CHECK(is_quiet(t.p));
    tear_down(&t);
}

/* A shorter wait times out as usual; a foreign event loop sees the poller become readable at the end of the backoff. */
static void backoff_in_other_waits(void) {
    fixture t;
    set_up(&t, 0);
    jf_event e;
    begin_backoff(&t);
    int64_t began = now_us();
    EXPECT(jf_poller_wait(t.p, &e, 1, 20), 0);
    CHECK(now_us() - began >= 20000);
    struct pollfd item = {(int)OK(jf_poller_fd(t.p)), POLLIN, 0};
    restore_limit();
    while (jf_poller_wait(t.p, &e, 1, 0) == 0) CHECK(poll(&item, 1, SOON_MS) == 1);
    CHECK(e.token == LISTENER && e.events == JF_READABLE);
    tear_down(&t);
}

/* Closing a socket ends the backoff, before the wait that would start it and during it. */
static void ends_on_close(int before_the_wait) {
    int64_t took = 0;
    for (int try = 0; try < 20; try++) {
        fixture t;
        set_up(&t, 0);
        jf_socket idle = OK(jf_open(JF_INET, JF_STREAM, 0));
        exhaust_descriptors();
        EXPECT(jf_accept(t.l, NULL), JF_E_TOO_MANY_FILES);
        if (!before_the_wait) CHECK(is_quiet(t.p));
        int64_t began = now_us();
        OK(jf_close(idle));
        CHECK(reported_events(t.p, LISTENER, SOON_MS) == JF_READABLE);
        took = now_us() - began;
        tear_down(&t);
        if (took < BACKOFF_US / 2) return;
    }
    fprintf(stderr, "closing %s ended the backoff after %" PRId64 " us\n",
            before_the_wait ? "before the wait" : "during the wait", took);
    exit(1);
}

/* Edge-triggered and one-shot events that arise during the backoff are reported after it. */
static void keeps_pending_events(uint32_t mode) {
    fixture t;
    set_up(&t, mode);
    CHECK(reported_events(t.p, LISTENER, SOON_MS) == JF_READABLE && is_quiet(t.p));
    begin_backoff(&t);
    restore_limit();
    OK(jf_close(OK(jf_accept(t.l, NULL))));
    jf_socket first = t.c;
    OK(jf_poller_modify(t.p, t.l, JF_READABLE | mode, 3));
    connect_client(&t);
    CHECK(reported_events(t.p, 3, SOON_MS) == JF_READABLE && is_quiet(t.p));
    OK(jf_close(first));
    tear_down(&t);
}

static int64_t wait_for_ever(void *given) {
    jf_event e;
    int64_t result = jf_poller_wait(*(jf_poller *)given, &e, 1, -1);
    return result == 1 ? (int64_t)e.token : result;
}

/* A blocked wait gets the event, although another thread started the backoff and no longer waits. */
static void blocked_wait_gets_the_event(void) {
    fixture t;
    flight f;
    set_up(&t, JF_EDGE);
    CHECK(reported_events(t.p, LISTENER, SOON_MS) == JF_READABLE);
    start(&f, "a wait", wait_for_ever, &t.p, 0);
    await_sleep(&f);
    exhaust_descriptors();
    EXPECT(jf_accept(t.l, NULL), JF_E_TOO_MANY_FILES);
    jf_event e;
    EXPECT(jf_poller_wait(t.p, &e, 1, 0), 0);
    restore_limit();
    jf_socket first = t.c;
    connect_client(&t);
    EXPECT(finish(&f), LISTENER);
    OK(jf_close(first));
    tear_down(&t);
}

/* Accepts connections until the poller is closed. */
static _Atomic int64_t accepted, failed_accepts;

static int64_t accept_connections(void *given) {
    const fixture *t = given;
    for (;;) {
        jf_event e;
        int64_t count = jf_poller_wait(t->p, &e, 1, -1);
        if (count < 0) return count;
        int64_t s = jf_accept(t->l, NULL);
        CHECK(s > 0 || s == JF_E_TOO_MANY_FILES || s == JF_E_WOULD_BLOCK);
        if (s == JF_E_TOO_MANY_FILES) atomic_fetch_add(&failed_accepts, 1);
        if (s < 0) continue;
        OK(jf_close(s));
        atomic_fetch_add(&accepted, 1);
    }
}

/* However many threads start and end a backoff concurrently, it ends, and one of them gets the event. */
static void concurrent_backoffs(void) {
    enum { WAITERS = 6, ROUNDS = 40 };
    fixture t;
    flight f[WAITERS];
    set_up(&t, 0);
    OK(jf_set(t.l, JF_OPT_RECV_TIMEOUT, 0));
    for (int i = 0; i < WAITERS; i++) start(&f[i], "takes connections", accept_connections, &t, 0);
    while (atomic_load(&accepted) < 1) breathe();
    for (int64_t round = 1; round <= ROUNDS; round++) {
        OK(jf_close(t.c));
        t.c = OK(jf_open(JF_INET, JF_STREAM, 0));
        jf_socket idle = OK(jf_open(JF_INET, JF_STREAM, 0));
        int64_t failed_before = atomic_load(&failed_accepts);
        exhaust_descriptors();
        OK(jf_connect(t.c, &t.a));
                /* An accept that finds no connection holds the last descriptor for a moment, so this one may
         * succeed. */
        while (atomic_load(&failed_accepts) == failed_before && atomic_load(&accepted) <= round) breathe();
        if (round % 2) OK(jf_close(idle));
        restore_limit();
        while (atomic_load(&accepted) <= round) breathe();
        if (round % 2 == 0) OK(jf_close(idle));
    }
    CHECK(atomic_load(&failed_accepts) > ROUNDS / 2);
    OK(jf_poller_close(t.p));
    for (int i = 0; i < WAITERS; i++) {
        /* Also if the thread was between two waits. */
        EXPECT(finish(&f[i]), JF_E_CLOSED);
    }
    OK(jf_close(t.c));
    OK(jf_close(t.l));
    close_both(t.others);
}

/* A paused listener can be modified, removed and closed like any other. */
static void change_paused_listener(int how) {
    fixture t;
    set_up(&t, 0);
    jf_socket copy = OK(jf_dup(t.l));
    begin_backoff(&t);
    if (how == 0) {
        OK(jf_poller_remove(t.p, t.l));
        EXPECT(jf_poller_remove(t.p, t.l), JF_E_NOT_FOUND);
    } else if (how == 1) {
        OK(jf_close(t.l));
    } else if (how == 2) {
        OK(jf_poller_modify(t.p, t.l, 0, 3));
    } else {
        close((int)OK(jf_into_fd(t.l)));
    }
    jf_event e;
    EXPECT(jf_poller_wait(t.p, &e, 1, BACKOFF_US / 1000 * 2), 0);
    CHECK(poll_events(copy) & JF_READABLE);
    restore_limit();
    OK(jf_close(copy));
    tear_down(&t);
}

/* Without the option there is no backoff; clearing the option ends it. */
static void only_with_the_option(void) {
    fixture t;
    set_up(&t, 0);
    OK(jf_poller_set(t.p, JF_POLLER_REST_LISTENERS, 0));
    exhaust_descriptors();
    EXPECT(jf_accept(t.l, NULL), JF_E_TOO_MANY_FILES);
    CHECK(reported_events(t.p, LISTENER, 0) == JF_READABLE && reported_events(t.p, LISTENER, 0) == JF_READABLE);
    OK(jf_poller_set(t.p, JF_POLLER_REST_LISTENERS, 1));
    restore_limit();
    begin_backoff(&t);
    OK(jf_poller_set(t.p, JF_POLLER_REST_LISTENERS, 0));
    CHECK(reported_events(t.p, LISTENER, SOON_MS) == JF_READABLE);
        /* The listener was added before the option was set. */
    restore_limit();
    jf_poller q = OK(jf_poller_open());
    OK(jf_poller_add(q, t.l, JF_READABLE, LISTENER));
    OK(jf_poller_set(q, JF_POLLER_REST_LISTENERS, 1));
    EXPECT(jf_poller_add(q, t.l, JF_READABLE, LISTENER), JF_E_EXISTS);
    exhaust_descriptors();
    EXPECT(jf_accept(t.l, NULL), JF_E_TOO_MANY_FILES);
    CHECK(reported_events(q, LISTENER, 0) == JF_READABLE && reported_events(q, LISTENER, 0) == JF_READABLE);
    OK(jf_poller_remove(q, t.l));
    CHECK(is_quiet(q));
    OK(jf_poller_close(q));
    tear_down(&t);
}

/* The backoff's descriptors cannot be removed by number, and a failed jf_poller_set leaks none. */
static void descriptors_are_private(void) {
    fixture t;
    set_up(&t, 0);
    for (int fd = 0; fd < 64; fd++) {
        if (fd == jf_fd(t.l) || fd == jf_fd(t.others[0]) || fcntl(fd, F_GETFD) == -1) continue;
        CHECK(jf_poller_remove_fd(t.p, fd) < 0 && jf_poller_modify_fd(t.p, fd, 0, 9) < 0);
    }
    CHECK(reported_events(t.p, LISTENER, 0) == JF_READABLE);
    begin_backoff(&t);
    CHECK(reported_events(t.p, LISTENER, SOON_MS) == JF_READABLE);
    tear_down(&t);
    jf_poller p = OK(jf_poller_open());
    int before = open_descriptors();
    struct rlimit few = limit;
    for (int available = 0; available < 2; available++) {
        few.rlim_cur = (rlim_t)dup(0);
        CHECK(close((int)few.rlim_cur) == 0);
        few.rlim_cur += (rlim_t)available;
        CHECK(setrlimit(RLIMIT_NOFILE, &few) == 0);
        EXPECT(jf_poller_set(p, JF_POLLER_REST_LISTENERS, 1), JF_E_TOO_MANY_FILES);
        restore_limit();
        CHECK(open_descriptors() == before);
    }
    OK(jf_poller_set(p, JF_POLLER_REST_LISTENERS, 1));
    OK(jf_poller_set(p, JF_POLLER_REST_LISTENERS, 1));
    CHECK(open_descriptors() == before + 2);
    OK(jf_poller_close(p));
}

int main(void) {
    watchdog(110);
    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    int descriptors = open_descriptors();
    pauses_listener(-1);
    pauses_listener(SOON_MS);
    if (!is_poll_backend()) backoff_in_other_waits();
    ends_on_close(0);
    ends_on_close(1);
    keeps_pending_events(edge_or_one_shot());
    keeps_pending_events(JF_ONE_SHOT);
    if (!is_poll_backend()) blocked_wait_gets_the_event();
    concurrent_backoffs();
    for (int how = 0; how < 4; how++) change_paused_listener(how);
    only_with_the_option();
    descriptors_are_private();
    CHECK(open_descriptors() == descriptors);
    return 0;
}
