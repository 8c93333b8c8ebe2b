/* A look-up runs in a thread of its own. It handles none of the program's signals, touches nothing of the caller's,
 * and leaves nothing behind once it has ended; and no caller is cancelled while he waits for it. */
#include "name_server.h"

#include <sys/resource.h>

enum { PROMPT_MS = 50, PATIENT_MS = 60000, TRIES = 20 };

static int slow;

/* A look-up of both families that is given up, and goes on. */
static void leave_one_behind(question q[2], const char *name) {
    jf_addr room[4];
    EXPECT(jf_resolve(name, "80", JF_UNSPEC, JF_STREAM, PROMPT_MS, room, 4), JF_E_TIMED_OUT);
    next_two(q, name);
    CHECK(resolvers(NULL) == 1);
}

static void end_it(const question q[2]) {
    answer_two(q);
    await_resolvers(0);
}

/* A set of signals, from a thread's or the process's status. */
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

/* All are blocked but those that can't be, the C library's own, and those that a thread raises by what it does. */
static void no_signal_is_handled_in_it(void) {
    static const int open[] = {SIGKILL, SIGSTOP, 32, 33, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT};
    uint64_t expected = UINT64_MAX;
    int worker, self = (int)getpid();
    question q[2];
    sigset_t set;
    for (size_t i = 0; i < sizeof open / sizeof open[0]; i++) expected &= ~bit_of(open[i]);
    uint64_t own = signals_of(self, "SigBlk");
    leave_one_behind(q, "masked.test.");
    EXPECT(resolvers(&worker), 1);
    /* Valgrind keeps the last one to itself. */
    if (slow) expected &= ~bit_of(64);
    if (signals_of(worker, "SigBlk") != expected) {
        fprintf(stderr, "%" PRIx64 " are blocked, not %" PRIx64 "\n", signals_of(worker, "SigBlk"), expected);
        exit(1);
    }
    CHECK(signals_of(self, "SigBlk") == own);

    /* The C library reaches every thread to change the process's user, this one too. */
    CHECK(setuid(getuid()) == 0);
    CHECK(resolvers(NULL) == 1);

    /* What the program blocks stays pending for it, though another thread is there. */
    handle_signals(0);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    CHECK(pthread_sigmask(SIG_BLOCK, &set, NULL) == 0);
    CHECK(kill(getpid(), SIGUSR1) == 0);
    CHECK(signals_of(self, "ShdPnd") & bit_of(SIGUSR1));
    end_it(q);
    CHECK(signals_of(self, "ShdPnd") & bit_of(SIGUSR1));
    CHECK(atomic_load(&signals_handled) == 0);
    CHECK(pthread_sigmask(SIG_UNBLOCK, &set, NULL) == 0);
    CHECK(atomic_load(&signals_handled) == 1);
    CHECK(signals_of(self, "SigBlk") == own);
}

static int64_t resolve_told(void *given) {
    resolves_to(given, -1, TOLD_ADDRESS);
    return 0;
}

static int64_t dial_told(void *given) {
    return jf_dial(given, -1);
}

static int64_t resolve_soon(void *given) {
    return jf_resolve(given, NULL, JF_INET, 0, 300, NULL, 0);
}

/* Signals that the caller's thread handles, however many, neither end its call nor make it longer. */
static void signals_do_not_disturb(void) {
    question q;
    flight f;
    for (int flags = 0; flags < 2; flags++) {
        handle_signals(flags ? SA_RESTART : 0);
        start(&f, "jf_resolve", resolve_told, "stormy.test.", slow ? 20000 : 500);
        q = next_question("stormy.test.");
        await_signals(20);
        CHECK(!atomic_load(&f.over));
        answer(&q);
        EXPECT(finish(&f), 0);

        start(&f, "jf_resolve", resolve_soon, "stormy.test.", slow ? 20000 : 500);
        q = next_question("stormy.test.");
        EXPECT(finish(&f), JF_E_TIMED_OUT);
        CHECK(f.ended_us - f.began_us >= 300000);
        answer(&q);
        await_resolvers(0);
    }
}

/* A caller's memory and descriptors are his again once the call is over, whatever happens to the look-up later. */
static void nothing_of_the_callers_is_kept(void) {
    int before = open_descriptors();
    for (int i = 0; i < TRIES; i++) {
        question q[2];
        char *host = malloc(32), *service = malloc(32);
        jf_addr *room = malloc(4 * sizeof *room);
        CHECK(host != NULL && service != NULL && room != NULL);
        memset(room, 'x', 4 * sizeof *room);
        strcpy(host, "kept.test.");
        strcpy(service, "http");
        EXPECT(jf_resolve(host, service, JF_UNSPEC, JF_STREAM, i % 3 + 1, room, 4), JF_E_TIMED_OUT);
        for (size_t k = 0; k < 4 * sizeof *room; k++) CHECK(((char *)room)[k] == 'x');
        memset(host, 'y', 32);
        memset(service, 'y', 32);
        free(host);
        free(service);
        free(room);
        next_two(q, "kept.test.");
        /* The thread's own, by which it asks, is all that there is beside. */
        EXPECT(open_descriptors(), before + 1);
        end_it(q);
        EXPECT(open_descriptors(), before);
    }
}

/* While it waits there are more descriptors, and no program that is started inherits one. */
static void nothing_is_inherited(void) {
    char was_open[1024];
    int more = 0;
    flight f;
    for (int fd = 0; fd < 1024; fd++) was_open[fd] = fcntl(fd, F_GETFD) >= 0;
    start(&f, "jf_dial", dial_told, "tcp://inherited.test.:80", 0);
    CHECK(is_asked(-1));
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

/* The answer and the end of the caller's patience come at the same time. */
static void the_last_moment(void) {
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

/* The C library's error number is the caller's: it says nothing to the library, and its old value is of no account. */
static void errno_says_nothing(void) {
    static const int numbers[] = {0, EINTR, EAGAIN, EMFILE, ENOMEM, 12345};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        question q;
        errno = numbers[i];
        resolves_to(KNOWN_NAME, PATIENT_MS, KNOWN_ADDRESS);
        errno = numbers[i];
        resolves_to("192.0.2.1", 0, "192.0.2.1");
        errno = numbers[i];
        EXPECT(jf_resolve("127.0.0.1", "no-such-service", JF_UNSPEC, 0, -1, NULL, 0), JF_E_NOT_FOUND);
        errno = numbers[i];
        EXPECT(jf_dial("tcp://" KNOWN_NAME ":1", PATIENT_MS), JF_E_CONN_REFUSED);
        errno = numbers[i];
        EXPECT(jf_resolve("late.test.", NULL, JF_INET, 0, PROMPT_MS, NULL, 0), JF_E_TIMED_OUT);
        q = next_question("late.test.");
        answer(&q);
        await_resolvers(0);
    }
}

/* A call whose thread is cancelled, and what came of it. */
typedef struct canceled {
    flight f;
    _Atomic int returned, went_on;
} canceled;

static void *call_and_test(void *given) {
    canceled *c = given;
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
    CHECK(result < 0 || strcmp(name, "told.test") == 0);
    return result;
}

/* Cancelling the caller while he waits changes nothing for the call: the thread ends at its own next chance. */
static void callers_are_not_canceled(void) {
    static const struct {
        const char *name;
        int64_t (*call)(void *);
        const char *argument, *asked;
        int64_t result;
    } calls[] = {
        {"jf_resolve", resolve_told, "cancel.test.", "cancel.test.", 0},
        {"jf_resolve_addr", resolve_name, "192.0.2.1:0", "1.2.0.192.in-addr.arpa.", 9},
        /* There is no network but this machine. */
        {"jf_dial", dial_told, "tcp://cancel.test.:80", "cancel.test.", JF_E_NETWORK_UNREACHABLE},
        {"jf_dial", dial_told, "udp://cancel.test.:80", "cancel.test.", JF_E_NETWORK_UNREACHABLE},
    };
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        pthread_t thread;
        canceled c;
        void *result;
        memset(&c, 0, sizeof c);
        c.f.name = calls[i].name;
        c.f.call = calls[i].call;
        c.f.argument = (void *)calls[i].argument;
        CHECK(pthread_create(&thread, NULL, call_and_test, &c) == 0);
        question q = next_question(calls[i].asked);
        await_sleep(&c.f);
        CHECK(pthread_cancel(thread) == 0);
        await_sleep(&c.f);
        CHECK(!atomic_load(&c.returned));
        answer(&q);
        answer_all(calls[i].asked, &c.returned);
        CHECK(pthread_join(thread, &result) == 0 && result == PTHREAD_CANCELED);
        CHECK(!atomic_load(&c.went_on));
        EXPECT(c.f.result, calls[i].result);
    }
}

static int64_t resolve_known(void) {
    return jf_resolve(KNOWN_NAME, NULL, JF_INET, 0, PATIENT_MS, NULL, 0);
}

static struct rlimit limit(int of, rlim_t to) {
    struct rlimit before, now;
    CHECK(getrlimit(of, &before) == 0);
    now = before;
    now.rlim_cur = to;
    CHECK(setrlimit(of, &now) == 0);
    return before;
}

/* There is no look-up without the memory for a thread, and none is counted: they would be more than there may be. The C
 * library keeps what a thread had for the next one, so this is for a program that had none yet. */
static void without_memory(void) {
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    CHECK(file != NULL && fscanf(file, "%ld", &pages) == 1);
    struct rlimit before = limit(RLIMIT_AS, (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE));
    for (int i = 0; i < 100; i++) EXPECT(resolve_known(), JF_E_NO_MEMORY);
    CHECK(setrlimit(RLIMIT_AS, &before) == 0 && fclose(file) == 0);
    EXPECT(resolve_known(), 1);
}

/* Nor without a descriptor. */
static void without_descriptors(void) {
    jf_socket kept[64];
    int count = 0;
    struct rlimit before = limit(RLIMIT_NOFILE, (rlim_t)open_descriptors() + 3);
    while (count < 64 && (kept[count] = jf_open(JF_INET, JF_DGRAM, 0)) > 0) count++;
    for (int i = 0; i < 100; i++) EXPECT(resolve_known(), JF_E_TOO_MANY_FILES);
    EXPECT(jf_dial("tcp://" KNOWN_NAME ":1", PATIENT_MS), JF_E_TOO_MANY_FILES);
    /* One is enough to wait by, but the C library can't even open its files. */
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
    no_signal_is_handled_in_it();
    signals_do_not_disturb();
    nothing_of_the_callers_is_kept();
    nothing_is_inherited();
    the_last_moment();
    errno_says_nothing();
    callers_are_not_canceled();
    without_descriptors();
    return 0;
}
