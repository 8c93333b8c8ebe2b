/* A process ends at once although lookups are running: by exit, by returning from main, by _exit, by quick_exit,
 * or with its last thread. Its exit handlers run, and they can resolve names too. */
#include "name_server.h"

#include <sys/wait.h>

enum { SHORT_MS = 20, LONG_MS = 60000, EXIT_CODE = 7 };

static const char *const ENDINGS[] = {"exit", "return", "_exit", "quick_exit", "last thread"};
enum { ENDING_COUNT = sizeof ENDINGS / sizeof ENDINGS[0] };

static int64_t resolve_for_ever(void *given) {
    return jf_resolve(given, NULL, JF_INET, 0, -1, NULL, 0);
}

static void resolve_at_exit(void) {
    expect_resolved(KNOWN_NAME, LONG_MS, KNOWN_ADDRESS);
    expect_resolved("192.0.2.1", 0, "192.0.2.1");
}

/* The program runs itself with this role: one lookup was abandoned, another one is blocked. */
static int end_process(const char *ending) {
    static flight f;
    watchdog(100);
    CHECK(atexit(resolve_at_exit) == 0 && at_quick_exit(resolve_at_exit) == 0);
    EXPECT(jf_resolve("left.test.", NULL, JF_INET, 0, SHORT_MS, NULL, 0), JF_E_TIMED_OUT);
    start(&f, "jf_resolve", resolve_for_ever, "waited.test.", 0);
        /* The other threads continue; the last one to end ends the process. */
    if (strcmp(ending, "last thread") == 0) pthread_exit(NULL);
        /* The parent writes a byte after both queries have arrived. */
    char byte;
    CHECK(read(STDIN_FILENO, &byte, 1) == 1);
    await_sleep(&f);
    if (strcmp(ending, "exit") == 0) exit(EXIT_CODE);
    if (strcmp(ending, "_exit") == 0) _exit(EXIT_CODE);
    if (strcmp(ending, "quick_exit") == 0) quick_exit(EXIT_CODE);
    return EXIT_CODE;
}

static pid_t run(char *program, const char *ending, const int go[2]) {
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        CHECK(dup2(go[0], STDIN_FILENO) == STDIN_FILENO);
        execl(program, program, "end", ending, (char *)NULL);
        _exit(1);
    }
    return child;
}

static void expect_exit_code(pid_t child, int expected) {
    int status;
    CHECK(waitpid(child, &status, 0) == child);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != expected) {
        fprintf(stderr, "the process ended with status %x\n", (unsigned)status);
        exit(1);
    }
}

/* No query is answered before the process has ended; "last thread" needs the answers, because the lookups' threads
 * must end first. */
static void ends_unanswered(char *program, const char *ending) {
    int go[2];
    CHECK(pipe2(go, O_CLOEXEC) == 0);
    pid_t child = run(program, ending, go);
    query left = next_query("left.test."), waited = next_query("waited.test.");
    int is_last = strcmp(ending, "last thread") == 0;
    if (is_last) {
        answer(&waited);
        answer(&left);
    }
    CHECK(write(go[1], "", 1) == 1);
    expect_exit_code(child, is_last ? 0 : EXIT_CODE);
    close(go[0]);
    close(go[1]);
}

/* The answer arrives while the process ends. */
static void ends_while_answered(int ending, int64_t delay_us) {
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        watchdog(60);
        CHECK(atexit(resolve_at_exit) == 0);
        int64_t got = jf_resolve("soon.test.", NULL, JF_INET, 0, 1, NULL, 0);
        CHECK(got == JF_E_TIMED_OUT || got == 1);
        if (ending == 0) _exit(EXIT_CODE);
        exit(EXIT_CODE);
    }
        /* The process may end before its query was sent. */
    siginfo_t info = {.si_pid = 0};
    while (info.si_pid == 0 && !has_query(1))
        CHECK(waitid(P_PID, (id_t)child, &info, WEXITED | WNOHANG | WNOWAIT) == 0);
    if (has_query(0)) {
        query q = next_query("soon.test.");
        for (int64_t began = now_us(); now_us() - began < delay_us;) continue;
        answer(&q);
    }
    expect_exit_code(child, EXIT_CODE);
}

int main(int argc, char **argv) {
    int slow = is_slow(argc, argv);
    if (argc == 3) return end_process(argv[2]);
    watchdog(slow ? 280 : 110);
    take_over_names();
    for (int i = 0; i < ENDING_COUNT; i++)
        for (int k = 0; k < 3; k++) ends_unanswered(argv[0], ENDINGS[i]);
    for (int i = 0; i < (slow ? 20 : 400); i++) ends_while_answered(i % 2, i);
    return 0;
}
