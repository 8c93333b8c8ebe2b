/* At most 64 lookups per process run at once; further ones wait. They delay neither calls that need no lookup nor the
 * lookup of a service alone. A forked child inherits none of the parent's lookups, and resolves names like a new
 * process. */
#include "name_server.h"

#include <sys/wait.h>
#include <valgrind/valgrind.h>

enum { MAX_LOOKUPS = 64, SHORT_MS = 50, SOON_MS = 200, LONG_MS = 100000 };

static query pending[MAX_LOOKUPS];

/* Starts the maximum number of lookups, each abandoned by its caller and with one query pending. */
static void start_max_lookups(void) {
    char name[64];
    for (int i = 0; i < MAX_LOOKUPS; i++) {
        snprintf(name, sizeof name, "silent%02d.test.", i);
        EXPECT(jf_resolve(name, NULL, JF_INET, 0, 1, NULL, 0), JF_E_TIMED_OUT);
        pending[i] = next_query(name);
    }
    EXPECT(resolver_threads(NULL), MAX_LOOKUPS);
}

static void answer_pending(void) {
    for (int i = 0; i < MAX_LOOKUPS; i++) answer(&pending[i]);
    await_resolvers(0);
}

static jf_socket listener;
static char numeric_endpoint[64], named_endpoint[64];

static void listen_at_known(void) {
    jf_addr a;
    listener = listening(KNOWN_ADDRESS ":0", &a);
    snprintf(numeric_endpoint, sizeof numeric_endpoint, "tcp://" KNOWN_ADDRESS ":%d", (int)OK(jf_addr_port(&a)));
    snprintf(named_endpoint, sizeof named_endpoint, "tcp://" KNOWN_NAME ":%d", (int)OK(jf_addr_port(&a)));
}

static void dial_and_accept(const char *endpoint) {
    OK(jf_close(OK(jf_dial(endpoint, LONG_MS))));
    OK(jf_close(OK(jf_accept(listener, NULL))));
}

/* Calls that need no lookup. */
static void calls_without_lookup(void) {
    expect_resolved("192.0.2.1", 0, "192.0.2.1");
    expect_resolved("192.0.2.1", LONG_MS, "192.0.2.1");
    EXPECT(jf_resolve("", "80", JF_UNSPEC, 0, LONG_MS, NULL, 0), 2);
    EXPECT(jf_resolve(KNOWN_NAME, NULL, JF_UNSPEC, 0, 0, NULL, 0), JF_E_WOULD_BLOCK);
    EXPECT(jf_resolve("a..b", NULL, JF_UNSPEC, 0, LONG_MS, NULL, 0), JF_E_ADDR_INVALID);
    dial_and_accept(numeric_endpoint);
}

static void resolve_service(void) {
    EXPECT(jf_resolve("", "http", JF_UNSPEC, 0, LONG_MS, NULL, 0), 2);
}

static int64_t resolve_next(void *given) {
    expect_resolved(given, LONG_MS, ANSWER_ADDRESS);
    return 0;
}

static int64_t resolve_known(void *given) {
    (void)given;
    expect_resolved(KNOWN_NAME, LONG_MS, KNOWN_ADDRESS);
    return 0;
}

static int64_t reverse_known(void *given) {
    jf_addr a = parsed(KNOWN_ADDRESS ":0");
    (void)given;
    EXPECT(jf_resolve_addr(&a, LONG_MS, NULL, 0), (int64_t)strlen(KNOWN_NAME));
    return 0;
}

static int64_t dial_known(void *given) {
    (void)given;
    dial_and_accept(named_endpoint);
    return 0;
}

/* A further lookup times out while it waits for a free slot; so does every other call that needs one. */
static void further_lookups_time_out(void) {
    jf_addr a = parsed(KNOWN_ADDRESS ":0");
    EXPECT(jf_resolve("further.test.", NULL, JF_UNSPEC, 0, SOON_MS, NULL, 0), JF_E_TIMED_OUT);
    EXPECT(jf_resolve(KNOWN_NAME, NULL, JF_INET, 0, SOON_MS, NULL, 0), JF_E_TIMED_OUT);
    EXPECT(jf_resolve_addr(&a, SOON_MS, NULL, 0), JF_E_TIMED_OUT);
    EXPECT(jf_dial(named_endpoint, SOON_MS), JF_E_TIMED_OUT);
    CHECK(!has_query(0));
    EXPECT(resolver_threads(NULL), MAX_LOOKUPS);
    calls_without_lookup();
    resolve_service();
    await_resolvers(MAX_LOOKUPS);
}

/* Each lookup that ends allows one more. */
static void further_lookups_wait(void) {
    static const struct {
        const char *name;
        int64_t (*call)(void *);
    } calls[] = {{"jf_resolve", resolve_known}, {"jf_resolve_addr", reverse_known}, {"jf_dial", dial_known}};
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        flight f;
        start(&f, calls[i].name, calls[i].call, NULL, 0);
        await_sleep(&f);
        CHECK(resolver_threads(NULL) == MAX_LOOKUPS);
        answer(&pending[0]);
        EXPECT(finish(&f), 0);
        await_resolvers(MAX_LOOKUPS - 1);
        EXPECT(jf_resolve("silent00.test.", NULL, JF_INET, 0, 1, NULL, 0), JF_E_TIMED_OUT);
        pending[0] = next_query("silent00.test.");
    }

        /* Several waiting lookups run one after the other. */
    flight f[3];
    for (int i = 0; i < 3; i++) start(&f[i], "jf_resolve", resolve_next, "next.test.", 0);
    for (int i = 0; i < 3; i++) await_sleep(&f[i]);
    CHECK(!has_query(SHORT_MS));
    for (int i = 0; i < 3; i++) {
        answer(&pending[i]);
        pending[i] = next_query("next.test.");
        CHECK(!has_query(SHORT_MS));
    }
    for (int i = 0; i < 3; i++) answer(&pending[i]);
    for (int i = 0; i < 3; i++) EXPECT(finish(&f[i]), 0);
    await_resolvers(MAX_LOOKUPS - 3);
    for (int i = 0; i < 3; i++) {
        EXPECT(jf_resolve("silent.test.", NULL, JF_INET, 0, 1, NULL, 0), JF_E_TIMED_OUT);
        pending[i] = next_query("silent.test.");
    }
}

/* Returns 1 in the child. The parent waits; the child must succeed. */
static int forked(void) {
    int status;
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        watchdog(100);
                /* Memory of the parent's threads, which do not exist here, would be reported as leaked. */
        VALGRIND_CLO_CHANGE("--leak-check=no");
        return 1;
    }
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    return 0;
}

/* The child resolves, dials, and starts the maximum number of lookups. */
static void run_child(int depth) {
    query own[2];
    calls_without_lookup();
    EXPECT(resolver_threads(NULL), 0);
    resolve_service();
    await_resolvers(0);
    resolve_known(NULL);
    reverse_known(NULL);
    dial_and_accept(named_endpoint);
    EXPECT(jf_resolve("child.test.", NULL, JF_UNSPEC, 0, 1, NULL, 0), JF_E_TIMED_OUT);
    next_query_pair(own, "child.test.");
    if (depth > 0 && forked()) {
        run_child(depth - 1);
        _exit(0);
    }
    answer_pair(own);
    await_resolvers(0);
    start_max_lookups();
    further_lookups_time_out();
    answer_pending();
    resolve_known(NULL);
}

static void child_has_no_lookups(void) {
    if (forked()) {
        run_child(1);
        _exit(0);
    }
        /* The parent's lookups are unchanged. */
    EXPECT(resolver_threads(NULL), MAX_LOOKUPS);
    further_lookups_time_out();
}

/* A child has closed the inherited descriptors and reused their numbers: lookups send nothing on them. */
static void child_uses_own_sockets(void) {
    if (!forked()) return;
    int own[2];
    for (int fd = 3; fd < 1024; fd++)
        if (fd != server) close(fd);
    for (int i = 0; i < MAX_LOOKUPS; i++) {
        char byte;
        CHECK(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, own) == 0);
        flight f;
        start(&f, "jf_resolve", resolve_next, "own.test.", 0);
        query q = next_query("own.test.");
        answer(&q);
        EXPECT(finish(&f), 0);
        CHECK(recv(own[0], &byte, 1, 0) < 0 && errno == EAGAIN && recv(own[1], &byte, 1, 0) < 0 && errno == EAGAIN);
    }
    _exit(0);
}

static int64_t resolve_repeatedly(void *given) {
    while (!atomic_load((_Atomic int *)given)) resolve_known(NULL);
    return 0;
}

/* Forks at any point of a lookup. If another thread holds the C library's lock of the resolver configuration at
 * that moment, the lock stays held in the child: its lookup times out, and everything else works. */
static void fork_during_lookups(int times) {
    enum { THREADS = 3 };
    flight f[THREADS];
    _Atomic int should_stop = 0;
    for (int i = 0; i < THREADS; i++) start(&f[i], "jf_resolve", resolve_repeatedly, &should_stop, 0);
    for (int i = 0; i < times; i++) {
        if (forked()) {
            int64_t got = jf_resolve(KNOWN_NAME, NULL, JF_INET, 0, SOON_MS, NULL, 0);
            CHECK(got == 1 || got == JF_E_TIMED_OUT);
            calls_without_lookup();
            resolve_service();
            _exit(0);
        }
    }
    atomic_store(&should_stop, 1);
    for (int i = 0; i < THREADS; i++) EXPECT(finish(&f[i]), 0);
    await_resolvers(0);
}

int main(int argc, char **argv) {
    int slow = is_slow(argc, argv);
    watchdog(slow ? 280 : 110);
    take_over_names();
    listen_at_known();
    start_max_lookups();
    further_lookups_time_out();
    further_lookups_wait();
    child_has_no_lookups();
    child_uses_own_sockets();
    answer_pending();
    start_max_lookups();
    further_lookups_time_out();
    answer_pending();
    fork_during_lookups(slow ? 10 : 300);
    return 0;
}
