/* A lookup runs in its own thread, which handles none of the program's signals, does not touch the caller's
 * memory, and leaks nothing. A caller that waits for it cannot be cancelled. */
#include "name_server.h"

#include <sys/resource.h>

enum { SHORT_MS = 50, LONG_MS = 60000, TRIES = 20 };

static int slow;

/* A lookup of both families, which its caller abandons after a timeout. */
static void abandon_lookup(query q[2], const char *name) {
    jf_addr results[4];
    EXPECT(jf_resolve(name, "80", JF_UNSPEC, JF_STREAM, SHORT_MS, results, 4), JF_E_TIMED_OUT);
    next_query_pair(q, name);
    CHECK(resolver_threads(NULL) == 1);
}

static void finish_lookup(const query q[2]) {
    answer_pair(q);
    await_resolvers(0);
}

/* A signal set from the status file of a thread or the process. */
static uint64_t signals_of(int tid, const char *field) {
    char path[64], line[256];
    uint64_t set = 0;
    int found = 0;
    snprintf(path, sizeof path, "/proc/self/task/%d/status", tid);
    FILE *file = fopen(path, "re");
    CHECK(file != NULL);
    while (fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, field, strlen(field)) == 0) found += sscanf(line + strlen(field), ": %" SCNx64, &set);
    fclose(file);
    CHECK(found == 1);
    return set;
}

static uint64_t bit_of(int signal) {
    return (uint64_t)1 << (signal - 1);
}

/* All signals are blocked, except those that cannot be, the C library's own, and synchronous ones. */
static void signals_are_blocked(void) {
    static const int unblockable[] = {SIGKILL, SIGSTOP, 32, 33, SIGSEGV, SIGBUS,
                                      SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT};
    uint64_t expected = UINT64_MAX;
    int worker, self = (int)getpid();
    query q[2];
    sigset_t set;
    for (size_t i = 0; i < sizeof unblockable / sizeof unblockable[0]; i++) expected &= ~bit_of(unblockable[i]);
    uint64_t own = signals_of(self, "SigBlk");
    abandon_lookup(q, "masked.test.");
    EXPECT(resolver_threads(&worker), 1);
        /* Valgrind reserves signal 64. */
    if (slow) expected &= ~bit_of(64);
    if (signals_of(worker, "SigBlk") != expected) {
        fprintf(stderr, "blocked signals are %" PRIx64 ", expected %" PRIx64 "\n", signals_of(worker, "SigBlk"),
                expected);
        exit(1);
    }
    CHECK(signals_of(self, "SigBlk") == own);

        /* The C library signals every thread to change the process's user, including this one. */
    CHECK(setuid(getuid()) == 0);
    CHECK(resolver_threads(NULL) == 1);

        /* A signal that the program blocks stays pending: the resolver thread does not take it. */
    handle_signals(0);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    CHECK(pthread_sigmask(SIG_BLOCK, &set, NULL) == 0);
    CHECK(kill(getpid(), SIGUSR1) == 0);
    CHECK(signals_of(self, "ShdPnd") & bit_of(SIGUSR1));
    finish_lookup(q);
    CHECK(signals_of(self, "ShdPnd") & bit_of(SIGUSR1));
    CHECK(atomic_load(&signals_handled) == 0);
    CHECK(pthread_sigmask(SIG_UNBLOCK, &set, NULL) == 0);
    CHECK(atomic_load(&signals_handled) == 1);
    CHECK(signals_of(self, "SigBlk") == own);
}

static int64_t resolve_answered(void *given) {
    expect_resolved(given, -1, ANSWER_ADDRESS);
    return 0;
}

static int64_t dial_forever(void *given) {
    return jf_dial(given, -1);
}

static int64_t resolve_soon(void *given) {
    return jf_resolve(given, NULL, JF_INET, 0, 300, NULL, 0);
}

/* Signals in the caller's thread neither end the call nor extend its timeout. */
static void signals_do_not_interrupt(void) {
    query q;
    flight f;
    for (int flags = 0; flags < 2; flags++) {
        handle_signals(flags ? SA_RESTART : 0);
        start(&f, "jf_resolve", resolve_answered, "stormy.test.", slow ? 20000 : 500);
        q = next_query("stormy.test.");
        await_signals(20);
        CHECK(!atomic_load(&f.over));
        answer(&q);
        EXPECT(finish(&f), 0);

        start(&f, "jf_resolve", resolve_soon, "stormy.test.", slow ? 20000 : 500);
        q = next_query("stormy.test.");
        EXPECT(finish(&f), JF_E_TIMED_OUT);
        CHECK(f.ended_us - f.began_us >= 300000);
        answer(&q);
        await_resolvers(0);
    }
}

/* After the call the caller may reuse its memory and descriptors, whatever the lookup does later. */
static void caller_memory_is_not_kept(void) {
    int before = open_descriptors();
    for (int i = 0; i < TRIES; i++) {
        query q[2];
        char *host = malloc(32), *service = malloc(32);
        jf_addr *results = malloc(4 * sizeof *results);
        CHECK(host != NULL && service != NULL && results != NULL);
        memset(results, 'x', 4 * sizeof *results);
        strcpy(host, "kept.test.");
        strcpy(service, "http");
        EXPECT(jf_resolve(host, service, JF_UNSPEC, JF_STREAM, i % 3 + 1, results, 4), JF_E_TIMED_OUT);
        for (size_t k = 0; k < 4 * sizeof *results; k++) CHECK(((char *)results)[k] == 'x');
        memset(host, 'y', 32);
        memset(service, 'y', 32);
        free(host);
        free(service);
        free(results);
        next_query_pair(q, "kept.test.");
                /* The only extra descriptor is the socket of the lookup's query. */
        EXPECT(open_descriptors(), before + 1);
        finish_lookup(q);
        EXPECT(open_descriptors(), before);
    }
}

/* The descriptors that a waiting call opens are close-on-exec. */
static void descriptors_are_close_on_exec(void) {
    char was_open[1024];
    int more = 0;
    flight f;
    for (int fd = 0; fd < 1024; fd++) was_open[fd] = fcntl(fd, F_GETFD) >= 0;
    start(&f, "jf_dial", dial_forever, "tcp://inherited.test.:80", 0);
    CHECK(has_query(-1));
    await_sleep(&f);
    for (int fd = 0; fd < 1024; fd++) {
        int flags = fcntl(fd, F_GETFD);
        if (was_open[fd] || flags < 0) continue;
        CHECK(flags & FD_CLOEXEC);
        more++;
    }
    CHECK(more >= 2);
    answer_all("inherited.test.", &f.over);
    EXPECT(finish(&f), JF_E_NETWORK_UNREACHABLE);
}

/* The answer arrives at about the time of the timeout. */
static void answer_at_timeout(void) {
    int before = open_descriptors(), answers = 0;
    for (int i = 0; i < (slow ? 50 : 500); i++) {
        flight f;
        start(&f, "jf_resolve", resolve_soon, KNOWN_NAME, 0);
        EXPECT(finish(&f), 1);
        int64_t got = jf_resolve(KNOWN_NAME, NULL, JF_INET, 0, 1, NULL, 0);
        CHECK(got == 1 || got == JF_E_TIMED_OUT);
        answers += got == 1;
    }
    await_resolvers(0);
    CHECK(answers > 0 || slow);
    EXPECT(open_descriptors(), before);
}

/* errno belongs to the caller: its value before a call does not matter. */
static void errno_is_ignored(void) {
    static const int numbers[] = {0, EINTR, EAGAIN, EMFILE, ENOMEM, 12345};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        query q;
        errno = numbers[i];
        expect_resolved(KNOWN_NAME, LONG_MS, KNOWN_ADDRESS);
        errno = numbers[i];
        expect_resolved("192.0.2.1", 0, "192.0.2.1");
        errno = numbers[i];
        EXPECT(jf_resolve("127.0.0.1", "no-such-service", JF_UNSPEC, 0, -1, NULL, 0), JF_E_NOT_FOUND);
        errno = numbers[i];
        EXPECT(jf_dial("tcp://" KNOWN_NAME ":1", LONG_MS), JF_E_CONN_REFUSED);
        errno = numbers[i];
        EXPECT(jf_resolve("late.test.", NULL, JF_INET, 0, SHORT_MS, NULL, 0), JF_E_TIMED_OUT);
        q = next_query("late.test.");
        answer(&q);
        await_resolvers(0);
    }
}

/* A call whose thread is cancelled, and what happened to it. */
typedef struct cancelled_call {
    flight f;
    _Atomic int returned, went_on;
} cancelled_call;

static void *call_and_test(void *given) {
    cancelled_call *c = given;
    atomic_store(&c->f.tid, (int)syscall(SYS_gettid));
    c->f.result = c->f.call(c->f.argument);
    atomic_store(&c->returned, 1);
    pthread_testcancel();
    atomic_store(&c->went_on, 1);
    return NULL;
}

static int64_t resolve_name(void *given) {
    char name[JF_HOST_TEXT];
    jf_addr a = parsed(given);
    int64_t result = jf_resolve_addr(&a, -1, name, sizeof name);
    CHECK(result < 0 || strcmp(name, "peer.test") == 0);
    return result;
}

/* Cancelling the caller during the call does not affect the call: the thread ends at its next cancellation point. */
static void callers_are_not_cancelled(void) {
    static const struct {
        const char *name;
        int64_t (*call)(void *);
        const char *argument, *expected_query;
        int64_t result;
    } calls[] = {
        {"jf_resolve", resolve_answered, "cancel.test.", "cancel.test.", 0},
        {"jf_resolve_addr", resolve_name, "192.0.2.1:0", "1.2.0.192.in-addr.arpa.", 9},
                /* The network namespace has only a loopback interface. */
        {"jf_dial", dial_forever, "tcp://cancel.test.:80", "cancel.test.", JF_E_NETWORK_UNREACHABLE},
        {"jf_dial", dial_forever, "udp://cancel.test.:80", "cancel.test.", JF_E_NETWORK_UNREACHABLE},
    };
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        pthread_t thread;
        cancelled_call c;
        void *result;
        memset(&c, 0, sizeof c);
        c.f.name = calls[i].name;
        c.f.call = calls[i].call;
        c.f.argument = (void *)calls[i].argument;
        CHECK(pthread_create(&thread, NULL, call_and_test, &c) == 0);
        query q = next_query(calls[i].expected_query);
        await_sleep(&c.f);
        CHECK(pthread_cancel(thread) == 0);
        await_sleep(&c.f);
        CHECK(!atomic_load(&c.returned));
        answer(&q);
        answer_all(calls[i].expected_query, &c.returned);
        CHECK(pthread_join(thread, &result) == 0 && result == PTHREAD_CANCELED);
        CHECK(!atomic_load(&c.went_on));
        EXPECT(c.f.result, calls[i].result);
    }
}

static int64_t resolve_known(void) {
    return jf_resolve(KNOWN_NAME, NULL, JF_INET, 0, LONG_MS, NULL, 0);
}

static struct rlimit limit(int of, rlim_t to) {
    struct rlimit before, now;
    CHECK(getrlimit(of, &before) == 0);
    now = before;
    now.rlim_cur = to;
    CHECK(setrlimit(of, &now) == 0);
    return before;
}

/* Without memory for a thread the lookup fails, and does not count against the limit: 100 of them would exceed it.
 * The C library reuses stacks of ended threads, so this runs before any thread was created. */
static void without_memory(void) {
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    CHECK(file != NULL && fscanf(file, "%ld", &pages) == 1);
    struct rlimit before = limit(RLIMIT_AS, (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE));
    for (int i = 0; i < 100; i++) EXPECT(resolve_known(), JF_E_NO_MEMORY);
    CHECK(setrlimit(RLIMIT_AS, &before) == 0 && fclose(file) == 0);
    EXPECT(resolve_known(), 1);
}

/* The same without descriptors. */
static void without_descriptors(void) {
    jf_socket kept[64];
    int count = 0;
    struct rlimit before = limit(RLIMIT_NOFILE, (rlim_t)open_descriptors() + 3);
    while (count < 64 && (kept[count] = jf_open(JF_INET, JF_DGRAM, 0)) > 0) count++;
    for (int i = 0; i < 100; i++) EXPECT(resolve_known(), JF_E_TOO_MANY_FILES);
    EXPECT(jf_dial("tcp://" KNOWN_NAME ":1", LONG_MS), JF_E_TOO_MANY_FILES);
        /* One descriptor is enough to wait on, but not for the C library to open its files. */
    OK(jf_close(kept[--count]));
    EXPECT(resolve_known(), JF_E_TOO_MANY_FILES);
    CHECK(setrlimit(RLIMIT_NOFILE, &before) == 0);
    while (count > 0) OK(jf_close(kept[--count]));

    EXPECT(resolve_known(), 1);
}

int main(int argc, char **argv) {
    slow = is_slow(argc, argv);
    watchdog(slow ? 280 : 110);
    take_over_names();
    if (!slow) without_memory();
    signals_are_blocked();
    signals_do_not_interrupt();
    caller_memory_is_not_kept();
    descriptors_are_close_on_exec();
    answer_at_timeout();
    errno_is_ignored();
    callers_are_not_cancelled();
    without_descriptors();
    return 0;
}
