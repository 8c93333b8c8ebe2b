/* At most 64 look-ups of a process are under way at once; further ones wait for their turn, and whoever needs none
 * goes on. A forked child has none of its parent's, and looks names up as if it were the first. */
#include "name_server.h"

#include <sys/wait.h>
#include <valgrind/valgrind.h>

enum { MOST = 64, PROMPT_MS = 50, SOON_MS = 200, PATIENT_MS = 100000 };

static question asked[MOST];

/* As many as there may be, each given up by its caller, and each asking for one address. */
static void have_most_hang(void) {
    char name[64];
    for (int i = 0; i < MOST; i++) {
        snprintf(name, sizeof name, "silent%02d.test.", i);
        EXPECT(jf_resolve(name, NULL, JF_INET, 0, 1, NULL, 0), JF_E_TIMED_OUT);
        asked[i] = next_question(name);
    }
    EXPECT(resolvers(NULL), MOST);
}

static void end_all(void) {
    for (int i = 0; i < MOST; i++) answer(&asked[i]);
    await_resolvers(0);
}

static jf_socket listener;
static char by_number[64], by_name[64];

static void listen_at_known(void) {
    jf_addr a;
    listener = listening(KNOWN_ADDRESS ":0", &a);
    snprintf(by_number, sizeof by_number, "tcp://" KNOWN_ADDRESS ":%d", (int)OK(jf_addr_port(&a)));
    snprintf(by_name, sizeof by_name, "tcp://" KNOWN_NAME ":%d", (int)OK(jf_addr_port(&a)));
}

static void dials(const char *endpoint) {
    OK(jf_close(OK(jf_dial(endpoint, PATIENT_MS))));
    OK(jf_close(OK(jf_accept(listener, NULL))));
}

/* All that needs no look-up. */
static void is_itself(void) {
    resolves_to("192.0.2.1", 0, "192.0.2.1");
    resolves_to("192.0.2.1", PATIENT_MS, "192.0.2.1");
    EXPECT(jf_resolve("", "http", JF_UNSPEC, 0, PATIENT_MS, NULL, 0), 2);
    EXPECT(jf_resolve(KNOWN_NAME, NULL, JF_UNSPEC, 0, 0, NULL, 0), JF_E_WOULD_BLOCK);
    EXPECT(jf_resolve("a..b", NULL, JF_UNSPEC, 0, PATIENT_MS, NULL, 0), JF_E_ADDR_INVALID);
    dials(by_number);
}

static int64_t resolve_next(void *given) {
    resolves_to(given, PATIENT_MS, TOLD_ADDRESS);
    return 0;
}

static int64_t resolve_known(void *given) {
    (void)given;
    resolves_to(KNOWN_NAME, PATIENT_MS, KNOWN_ADDRESS);
    return 0;
}

static int64_t name_known(void *given) {
    jf_addr a = parsed(KNOWN_ADDRESS ":0");
    (void)given;
    EXPECT(jf_resolve_addr(&a, PATIENT_MS, NULL, 0), (int64_t)strlen(KNOWN_NAME));
    return 0;
}

static int64_t dial_known(void *given) {
    (void)given;
    dials(by_name);
    return 0;
}

/* One more than there may be has no turn in its time, nor has anything else that takes one. */
static void further_ones_time_out(void) {
    jf_addr a = parsed(KNOWN_ADDRESS ":0");
    EXPECT(jf_resolve("further.test.", NULL, JF_UNSPEC, 0, SOON_MS, NULL, 0), JF_E_TIMED_OUT);
    EXPECT(jf_resolve(KNOWN_NAME, NULL, JF_INET, 0, SOON_MS, NULL, 0), JF_E_TIMED_OUT);
    EXPECT(jf_resolve_addr(&a, SOON_MS, NULL, 0), JF_E_TIMED_OUT);
    EXPECT(jf_dial(by_name, SOON_MS), JF_E_TIMED_OUT);
    CHECK(!is_asked(0));
    EXPECT(resolvers(NULL), MOST);
    is_itself();
}

/* Each that ends makes room for one more. */
static void further_ones_get_their_turn(void) {
    static const struct {
        const char *name;
        int64_t (*call)(void *);
    } calls[] = {{"jf_resolve", resolve_known}, {"jf_resolve_addr", name_known}, {"jf_dial", dial_known}};
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        flight f;
        start(&f, calls[i].name, calls[i].call, NULL, 0);
        await_sleep(&f);
        CHECK(resolvers(NULL) == MOST);
        answer(&asked[0]);
        EXPECT(finish(&f), 0);
        await_resolvers(MOST - 1);
        EXPECT(jf_resolve("silent00.test.", NULL, JF_INET, 0, 1, NULL, 0), JF_E_TIMED_OUT);
        asked[0] = next_question("silent00.test.");
    }

    /* Several wait, and have their turns one after the other. */
    flight f[3];
    for (int i = 0; i < 3; i++) start(&f[i], "jf_resolve", resolve_next, "next.test.", 0);
    for (int i = 0; i < 3; i++) await_sleep(&f[i]);
    CHECK(!is_asked(PROMPT_MS));
    for (int i = 0; i < 3; i++) {
        answer(&asked[i]);
        asked[i] = next_question("next.test.");
        CHECK(!is_asked(PROMPT_MS));
    }
    for (int i = 0; i < 3; i++) answer(&asked[i]);
    for (int i = 0; i < 3; i++) EXPECT(finish(&f[i]), 0);
    await_resolvers(MOST - 3);
    for (int i = 0; i < 3; i++) {
        EXPECT(jf_resolve("silent.test.", NULL, JF_INET, 0, 1, NULL, 0), JF_E_TIMED_OUT);
        asked[i] = next_question("silent.test.");
    }
}

/* A child that returns must have succeeded. */
static int forked(void) {
    int status;
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        watchdog(100);
        /* What its parent's threads have, which are not here, would be taken for lost. */
        VALGRIND_CLO_CHANGE("--leak-check=no");
        return 1;
    }
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    return 0;
}

/* What a child does: everything, and as many look-ups as its parent has. */
static void live(int depth) {
    question own[2];
    is_itself();
    EXPECT(resolvers(NULL), 0);
    resolve_known(NULL);
    name_known(NULL);
    dials(by_name);
    EXPECT(jf_resolve("child.test.", NULL, JF_UNSPEC, 0, 1, NULL, 0), JF_E_TIMED_OUT);
    next_two(own, "child.test.");
    if (depth > 0 && forked()) {
        live(depth - 1);
        _exit(0);
    }
    answer_two(own);
    await_resolvers(0);
    have_most_hang();
    further_ones_time_out();
    end_all();
    resolve_known(NULL);
}

static void children_begin_anew(void) {
    if (forked()) {
        live(1);
        _exit(0);
    }
    /* The parent's are as they were. */
    EXPECT(resolvers(NULL), MOST);
    further_ones_time_out();
}

/* A child that has closed what it inherited, and has something else by those numbers: nothing is asked by that. */
static void a_child_asks_by_its_own(void) {
    if (!forked()) return;
    int own[2];
    for (int fd = 3; fd < 1024; fd++)
        if (fd != server) close(fd);
    for (int i = 0; i < MOST; i++) {
        char byte;
        CHECK(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, own) == 0);
        flight f;
        start(&f, "jf_resolve", resolve_next, "own.test.", 0);
        question q = next_question("own.test.");
        answer(&q);
        EXPECT(finish(&f), 0);
        CHECK(recv(own[0], &byte, 1, 0) < 0 && errno == EAGAIN && recv(own[1], &byte, 1, 0) < 0 && errno == EAGAIN);
    }
    _exit(0);
}

static int64_t resolve_on(void *given) {
    while (!atomic_load((_Atomic int *)given)) resolve_known(NULL);
    return 0;
}

/* Forked at any point of a look-up. When another thread happened to have the C library's lock for the resolver's
 * configuration, it is locked for ever in the child, which is told that the time is over; all else goes on. */
static void forked_in_the_midst(int times) {
    enum { THREADS = 3 };
    flight f[THREADS];
    _Atomic int enough = 0;
    for (int i = 0; i < THREADS; i++) start(&f[i], "jf_resolve", resolve_on, &enough, 0);
    for (int i = 0; i < times; i++) {
        if (forked()) {
            int64_t got = jf_resolve(KNOWN_NAME, NULL, JF_INET, 0, SOON_MS, NULL, 0);
            CHECK(got == 1 || got == JF_E_TIMED_OUT);
            is_itself();
            _exit(0);
        }
    }
    atomic_store(&enough, 1);
    for (int i = 0; i < THREADS; i++) EXPECT(finish(&f[i]), 0);
    await_resolvers(0);
}

int main(int argc, char **argv) {
    int slow = is_slow(argc, argv);
    watchdog(slow ? 280 : 110);
    take_over_names();
    listen_at_known();
    have_most_hang();
    further_ones_time_out();
    further_ones_get_their_turn();
    children_begin_anew();
    a_child_asks_by_its_own();
    end_all();
    have_most_hang();
    further_ones_time_out();
    end_all();
    forked_in_the_midst(slow ? 10 : 300);
    return 0;
}
