/* A process ends at once, and well, whatever its look-ups are at: by exit, by returning from main, by _exit or with
 * its last thread. Its exit handlers run, and they can look names up too. */
#include "name_server.h"

#include <sys/wait.h>

enum { PROMPT_MS = 20, PATIENT_MS = 60000, FINE = 7 };

static const char *const WAYS[] = {"exit", "return", "_exit", "quick_exit", "last thread"};
enum { WAY_COUNT = sizeof WAYS / sizeof WAYS[0] };

static int64_t resolve_for_ever(void *given) {
    return jf_resolve(given, NULL, JF_INET, 0, -1, NULL, 0);
}

static void look_up_at_exit(void) {
    resolves_to(KNOWN_NAME, PATIENT_MS, KNOWN_ADDRESS);
    resolves_to("192.0.2.1", 0, "192.0.2.1");
}

/* What the program does when it is run again to end: one look-up left behind, and one that is waited for. */
static int end(const char *way) {
    static flight f;
    watchdog(100);
    CHECK(atexit(look_up_at_exit) == 0 && at_quick_exit(look_up_at_exit) == 0);
    EXPECT(jf_resolve("left.test.", NULL, JF_INET, 0, PROMPT_MS, NULL, 0), JF_E_TIMED_OUT);
    start(&f, "jf_resolve", resolve_for_ever, "waited.test.", 0);
    /* The others go on without it, and the last of them ends the process. */
    if (strcmp(way, "last thread") == 0) pthread_exit(NULL);
    /* Both are asked for by the time that it is told. */
    char byte;
    CHECK(read(STDIN_FILENO, &byte, 1) == 1);
    await_sleep(&f);
    if (strcmp(way, "exit") == 0) exit(FINE);
    if (strcmp(way, "_exit") == 0) _exit(FINE);
    if (strcmp(way, "quick_exit") == 0) quick_exit(FINE);
    return FINE;
}

static pid_t run(char *program, const char *way, const int go[2]) {
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        CHECK(dup2(go[0], STDIN_FILENO) == STDIN_FILENO);
        execl(program, program, "end", way, (char *)NULL);
        _exit(1);
    }
    return child;
}

static void ended_well(pid_t child, int expected) {
    int status;
    CHECK(waitpid(child, &status, 0) == child);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != expected) {
        fprintf(stderr, "it ended with %x\n", (unsigned)status);
        exit(1);
    }
}

/* Nobody answers before it has ended; but the last thread can only be the last when the others have ended. */
static void ends_unanswered(char *program, const char *way) {
    int go[2];
    CHECK(pipe2(go, O_CLOEXEC) == 0);
    pid_t child = run(program, way, go);
    question left = next_question("left.test."), waited = next_question("waited.test.");
    int is_last = strcmp(way, "last thread") == 0;
    if (is_last) {
        answer(&waited);
        answer(&left);
    }
    CHECK(write(go[1], "", 1) == 1);
    ended_well(child, is_last ? 0 : FINE);
    close(go[0]);
    close(go[1]);
}

/* The answer comes while it ends. */
static void ends_while_answered(int way, int64_t delay_us) {
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        watchdog(60);
        CHECK(atexit(look_up_at_exit) == 0);
        int64_t got = jf_resolve("soon.test.", NULL, JF_INET, 0, 1, NULL, 0);
        CHECK(got == JF_E_TIMED_OUT || got == 1);
        if (way == 0) _exit(FINE);
        exit(FINE);
    }
    /* It may have ended before its question was asked. */
    siginfo_t info = {.si_pid = 0};
    while (info.si_pid == 0 && !is_asked(1)) CHECK(waitid(P_PID, (id_t)child, &info, WEXITED | WNOHANG | WNOWAIT) == 0);
    if (is_asked(0)) {
        question q = next_question("soon.test.");
        for (int64_t began = now_us(); now_us() - began < delay_us;) continue;
        answer(&q);
    }
    ended_well(child, FINE);
}

int main(int argc, char **argv) {
    int slow = is_slow(argc, argv);
    if (argc == 3) return end(argv[2]);
    watchdog(slow ? 280 : 110);
    take_over_names();
    for (int i = 0; i < WAY_COUNT; i++)
        for (int k = 0; k < 3; k++) ends_unanswered(argv[0], WAYS[i]);
    for (int i = 0; i < (slow ? 20 : 400); i++) ends_while_answered(i % 2, i);
    return 0;
}
