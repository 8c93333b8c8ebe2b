/* Listeners rest while there is no descriptor for a connection, if the poller is told to have them do so. */
#include "poller.h"

#include <sys/resource.h>

enum { LISTENER = 1, OTHER = 2, REST_US = 100000 };
static struct rlimit limit;

/* From here on there is no descriptor to be had; what is open stays. */
static void shortage(void) {
    struct rlimit none = limit;
    int lowest = dup(0);
    CHECK(lowest >= 0 && close(lowest) == 0);
    none.rlim_cur = (rlim_t)lowest;
    CHECK(setrlimit(RLIMIT_NOFILE, &none) == 0);
}

static void plenty(void) {
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

/* A listener with a connection to take, in a poller with others. */
typedef struct scene {
    jf_poller p;
    jf_socket l, c, others[2];
    jf_addr a;
} scene;

static void another_connection(scene *t) {
    t->c = OK(jf_open(JF_INET, JF_STREAM, 0));
    OK(jf_connect(t->c, &t->a));
    await_polled(t->l, JF_READABLE);
}

static void set_up(scene *t, uint32_t modes) {
    t->p = OK(jf_poller_open());
    OK(jf_poller_set(t->p, JF_POLLER_REST_LISTENERS, 1));
    t->l = listening("127.0.0.1:0", &t->a);
    OK(jf_pair(JF_UNIX, JF_STREAM, t->others));
    OK(jf_poller_add(t->p, t->l, JF_READABLE | modes, LISTENER));
    EXPECT(jf_poller_add(t->p, t->l, JF_READABLE, LISTENER), JF_E_EXISTS);
    OK(jf_poller_add(t->p, t->others[0], JF_READABLE, OTHER));
    CHECK(is_quiet(t->p));
    another_connection(t);
}

static void tear_down(scene *t) {
    plenty();
    jf_close(t->c);
    jf_close(t->l);
    CHECK(is_quiet(t->p));
    close_both(t->others);
    OK(jf_poller_close(t->p));
}

/* The accept that fails, and the wait that has them rest; since when at the latest. */
static int64_t begin_rest(scene *t) {
    shortage();
    EXPECT(jf_accept(t->l, NULL), JF_E_TOO_MANY_FILES);
    int64_t before = now_us();
    CHECK(is_quiet(t->p));
    return before;
}

/* For its time, and not for ever; the others are told of meanwhile. */
static void rests(int64_t timeout_ms) {
    scene t;
    set_up(&t, 0);
    CHECK(told(t.p, LISTENER, 0) == JF_READABLE && told(t.p, LISTENER, -1) == JF_READABLE);
    for (int round = 0; round < 3; round++) {
        int64_t before = begin_rest(&t);
        give_byte(t.others[1]);
        uint32_t meanwhile = told(t.p, OTHER, 0);
        OK(jf_poller_wake(t.p));
        jf_event e;
        EXPECT(jf_poller_wait(t.p, &e, 1, 0), meanwhile == JF_READABLE);
        jf_poller_wait(t.p, &e, 1, 0);
        take_byte(t.others[0]);
        /* A wake with room for more than the others have. */
        OK(jf_poller_wake(t.p));
        CHECK(jf_poller_wait(t.p, &e, 1, 0) == 0 || now_us() - before >= REST_US);
        CHECK(told(t.p, LISTENER, timeout_ms) == JF_READABLE);
        CHECK(now_us() - before >= REST_US);
        CHECK(told(t.p, LISTENER, 0) == JF_READABLE);
        plenty();
    }
    OK(jf_close(OK(jf_accept(t.l, NULL))));
    CHECK(is_quiet(t.p));
    tear_down(&t);
}

/* A wait that is shorter takes its time; one in another loop is told of the end as well. */
static void rests_in_other_waits(void) {
    scene t;
    set_up(&t, 0);
    jf_event e;
    begin_rest(&t);
    int64_t began = now_us();
    EXPECT(jf_poller_wait(t.p, &e, 1, 20), 0);
    CHECK(now_us() - began >= 20000);
    struct pollfd item = {(int)OK(jf_poller_fd(t.p)), POLLIN, 0};
    plenty();
    while (jf_poller_wait(t.p, &e, 1, 0) == 0) CHECK(poll(&item, 1, SOON_MS) == 1);
    CHECK(e.token == LISTENER && e.events == JF_READABLE);
    tear_down(&t);
}

/* A socket that is closed ends it, before the wait that would begin it and after that. */
static void ends_at_a_close(int before_the_wait) {
    int64_t took = 0;
    for (int try = 0; try < 20; try++) {
        scene t;
        set_up(&t, 0);
        jf_socket idle = OK(jf_open(JF_INET, JF_STREAM, 0));
        shortage();
        EXPECT(jf_accept(t.l, NULL), JF_E_TOO_MANY_FILES);
        if (!before_the_wait) CHECK(is_quiet(t.p));
        int64_t began = now_us();
        OK(jf_close(idle));
        CHECK(told(t.p, LISTENER, SOON_MS) == JF_READABLE);
        took = now_us() - began;
        tear_down(&t);
        if (took < REST_US / 2) return;
    }
    fprintf(stderr, "closing %s ended the rest after %" PRId64 " us\n", before_the_wait ? "before the wait" : "in it", took);
    exit(1);
}

/* What comes up once is told after the rest. */
static void no_edge_is_lost(uint32_t mode) {
    scene t;
    set_up(&t, mode);
    CHECK(told(t.p, LISTENER, SOON_MS) == JF_READABLE && is_quiet(t.p));
    begin_rest(&t);
    plenty();
    OK(jf_close(OK(jf_accept(t.l, NULL))));
    jf_socket first = t.c;
    OK(jf_poller_modify(t.p, t.l, JF_READABLE | mode, 3));
    another_connection(&t);
    CHECK(told(t.p, 3, SOON_MS) == JF_READABLE && is_quiet(t.p));
    OK(jf_close(first));
    tear_down(&t);
}

static int64_t wait_for_ever(void *given) {
    jf_event e;
    int64_t result = jf_poller_wait(*(jf_poller *)given, &e, 1, -1);
    return result == 1 ? (int64_t)e.token : result;
}

/* A thread that waits all the time is told, though another began the rest and waits no more. */
static void whoever_waits_is_told(void) {
    scene t;
    flight f;
    set_up(&t, JF_EDGE);
    CHECK(told(t.p, LISTENER, SOON_MS) == JF_READABLE);
    start(&f, "a wait", wait_for_ever, &t.p, 0);
    await_sleep(&f);
    shortage();
    EXPECT(jf_accept(t.l, NULL), JF_E_TOO_MANY_FILES);
    jf_event e;
    EXPECT(jf_poller_wait(t.p, &e, 1, 0), 0);
    plenty();
    jf_socket first = t.c;
    another_connection(&t);
    EXPECT(finish(&f), LISTENER);
    OK(jf_close(first));
    tear_down(&t);
}

/* Takes connections for as long as the poller is open. */
static _Atomic int64_t taken, short_of_descriptors;

static int64_t take_connections(void *given) {
    const scene *t = given;
    for (;;) {
        jf_event e;
        int64_t count = jf_poller_wait(t->p, &e, 1, -1);
        if (count < 0) return count;
        int64_t s = jf_accept(t->l, NULL);
        CHECK(s > 0 || s == JF_E_TOO_MANY_FILES || s == JF_E_WOULD_BLOCK);
        if (s == JF_E_TOO_MANY_FILES) atomic_fetch_add(&short_of_descriptors, 1);
        if (s < 0) continue;
        OK(jf_close(s));
        atomic_fetch_add(&taken, 1);
    }
}

/* However many threads begin and end a rest at once, it ends, and somebody is told. */
static void many_begin_and_end_it(void) {
    enum { WAITERS = 6, ROUNDS = 40 };
    scene t;
    flight f[WAITERS];
    set_up(&t, 0);
    OK(jf_set(t.l, JF_OPT_RECV_TIMEOUT, 0));
    for (int i = 0; i < WAITERS; i++) start(&f[i], "takes connections", take_connections, &t, 0);
    while (atomic_load(&taken) < 1) breathe();
    for (int64_t round = 1; round <= ROUNDS; round++) {
        OK(jf_close(t.c));
        t.c = OK(jf_open(JF_INET, JF_STREAM, 0));
        jf_socket idle = OK(jf_open(JF_INET, JF_STREAM, 0));
        int64_t short_before = atomic_load(&short_of_descriptors);
        shortage();
        OK(jf_connect(t.c, &t.a));
        /* An accept that finds nothing has a descriptor for a moment, which may be the one that is left. */
        while (atomic_load(&short_of_descriptors) == short_before && atomic_load(&taken) <= round) breathe();
        if (round % 2) OK(jf_close(idle));
        plenty();
        while (atomic_load(&taken) <= round) breathe();
        if (round % 2 == 0) OK(jf_close(idle));
    }
    CHECK(atomic_load(&short_of_descriptors) > ROUNDS / 2);
    OK(jf_poller_close(t.p));
    for (int i = 0; i < WAITERS; i++) {
        int64_t code = finish(&f[i]);
        /* One that has not begun by then, or is between two waits. */
        CHECK(code == JF_E_CLOSED || code == JF_E_BAD_HANDLE);
    }
    OK(jf_close(t.c));
    OK(jf_close(t.l));
    close_both(t.others);
}

/* A listener that rests is changed and leaves as any other. */
static void leaves(int how) {
    scene t;
    set_up(&t, 0);
    jf_socket copy = OK(jf_dup(t.l));
    begin_rest(&t);
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
    EXPECT(jf_poller_wait(t.p, &e, 1, REST_US / 1000 * 2), 0);
    CHECK(polled(copy) & JF_READABLE);
    plenty();
    OK(jf_close(copy));
    tear_down(&t);
}

/* Nobody rests who is not told to; and who is not any more does not. */
static void only_on_demand(void) {
    scene t;
    set_up(&t, 0);
    OK(jf_poller_set(t.p, JF_POLLER_REST_LISTENERS, 0));
    shortage();
    EXPECT(jf_accept(t.l, NULL), JF_E_TOO_MANY_FILES);
    CHECK(told(t.p, LISTENER, 0) == JF_READABLE && told(t.p, LISTENER, 0) == JF_READABLE);
    OK(jf_poller_set(t.p, JF_POLLER_REST_LISTENERS, 1));
    plenty();
    begin_rest(&t);
    OK(jf_poller_set(t.p, JF_POLLER_REST_LISTENERS, 0));
    CHECK(told(t.p, LISTENER, SOON_MS) == JF_READABLE);
    /* Added before it was asked for. */
    plenty();
    jf_poller q = OK(jf_poller_open());
    OK(jf_poller_add(q, t.l, JF_READABLE, LISTENER));
    OK(jf_poller_set(q, JF_POLLER_REST_LISTENERS, 1));
    EXPECT(jf_poller_add(q, t.l, JF_READABLE, LISTENER), JF_E_EXISTS);
    shortage();
    EXPECT(jf_accept(t.l, NULL), JF_E_TOO_MANY_FILES);
    CHECK(told(q, LISTENER, 0) == JF_READABLE && told(q, LISTENER, 0) == JF_READABLE);
    OK(jf_poller_remove(q, t.l));
    CHECK(is_quiet(q));
    OK(jf_poller_close(q));
    tear_down(&t);
}

/* Its own descriptors are not to be had, and nothing is left where there are too few. */
static void has_its_own_descriptors(void) {
    scene t;
    set_up(&t, 0);
    for (int fd = 0; fd < 64; fd++) {
        if (fd == jf_fd(t.l) || fd == jf_fd(t.others[0]) || fcntl(fd, F_GETFD) == -1) continue;
        CHECK(jf_poller_remove_fd(t.p, fd) < 0 && jf_poller_modify_fd(t.p, fd, 0, 9) < 0);
    }
    CHECK(told(t.p, LISTENER, 0) == JF_READABLE);
    begin_rest(&t);
    CHECK(told(t.p, LISTENER, SOON_MS) == JF_READABLE);
    tear_down(&t);
    jf_poller p = OK(jf_poller_open());
    int before = open_descriptors();
    struct rlimit few = limit;
    for (int room = 0; room < 2; room++) {
        few.rlim_cur = (rlim_t)dup(0);
        CHECK(close((int)few.rlim_cur) == 0);
        few.rlim_cur += (rlim_t)room;
        CHECK(setrlimit(RLIMIT_NOFILE, &few) == 0);
        EXPECT(jf_poller_set(p, JF_POLLER_REST_LISTENERS, 1), JF_E_TOO_MANY_FILES);
        plenty();
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
    rests(-1);
    rests(SOON_MS);
    if (!only_poll()) rests_in_other_waits();
    ends_at_a_close(0);
    ends_at_a_close(1);
    no_edge_is_lost(edge_or_once());
    no_edge_is_lost(JF_ONE_SHOT);
    if (!only_poll()) whoever_waits_is_told();
    many_begin_and_end_it();
    for (int how = 0; how < 4; how++) leaves(how);
    only_on_demand();
    has_its_own_descriptors();
    CHECK(open_descriptors() == descriptors);
    return 0;
}
