/* A poller belongs to its process: a forked child can only close it. Whatever the child does with inherited
 * sockets changes nothing in the parent's pollers. */
#include "poller.h"

#include <sys/wait.h>

enum { TOKEN = 7 };
static int slow;

static pid_t forked(void) {
    pid_t child = fork();
    CHECK(child >= 0);
        /* Alarms are not inherited. */
    if (child == 0) watchdog(slow ? 280 : 100);
    return child;
}

static void await_child(pid_t child) {
    int status;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* Every function but jf_poller_close. */
static void expect_unusable(jf_poller p, jf_socket s) {
    jf_event e = {77, 77, 77};
    EXPECT(jf_poller_add(p, s, JF_READABLE, TOKEN), JF_E_BAD_HANDLE);
    EXPECT(jf_poller_modify(p, s, JF_READABLE, TOKEN), JF_E_BAD_HANDLE);
    EXPECT(jf_poller_remove(p, s), JF_E_BAD_HANDLE);
    EXPECT(jf_poller_add_fd(p, 0, JF_READABLE, TOKEN), JF_E_BAD_HANDLE);
    EXPECT(jf_poller_modify_fd(p, OK(jf_fd(s)), JF_READABLE, TOKEN), JF_E_BAD_HANDLE);
    EXPECT(jf_poller_remove_fd(p, OK(jf_fd(s))), JF_E_BAD_HANDLE);
    EXPECT(jf_poller_wait(p, &e, 1, 0), JF_E_BAD_HANDLE);
    EXPECT(jf_poller_wait(p, &e, 1, 1), JF_E_BAD_HANDLE);
    EXPECT(jf_poller_wait(p, &e, 1, -1), JF_E_BAD_HANDLE);
    EXPECT(jf_poller_wake(p), JF_E_BAD_HANDLE);
    EXPECT(jf_poller_set(p, JF_POLLER_INTERRUPTIBLE, 1), JF_E_BAD_HANDLE);
    EXPECT(jf_poller_fd(p), JF_E_BAD_HANDLE);
    CHECK(e.token == 77 && e.events == 77 && e.error == 77);
}

/* The child uses its own pollers, with sockets that the parent still has. */
static void use_own_pollers(jf_socket s, jf_socket peer) {
    jf_poller p = OK(jf_poller_open()), q = OK(jf_poller_open());
    jf_socket own[2];
    OK(jf_pair(JF_UNIX, JF_STREAM, own));
    OK(jf_poller_add(p, own[0], JF_READABLE | edge_or_one_shot(), 3));
    give_byte(own[1]);
    CHECK(reported_events(p, 3, 0) == JF_READABLE && is_quiet(p));
    close_both(own);
    OK(jf_poller_add(p, s, JF_WRITABLE, 1));
    OK(jf_poller_add(q, s, JF_WRITABLE, 2));
    OK(jf_poller_add(q, peer, JF_PRIORITY, 3));
    CHECK(reported_events(p, 1, 0) == JF_WRITABLE && reported_events(q, 2, 0) == JF_WRITABLE);
    OK(jf_poller_wake(p));
    jf_event e;
    EXPECT(jf_poller_wait(p, &e, 1, 0), 1);
        /* The parent's copy keeps the socket open. */
    OK(jf_close(s));
    CHECK(is_quiet(q));
    jf_poller_wait(p, &e, 1, 0);
    CHECK(is_quiet(p));
    OK(jf_poller_close(p));
    OK(jf_poller_close(q));
}

static int64_t wait_for_ever(void *given) {
    jf_event e;
    return jf_poller_wait(*(jf_poller *)given, &e, 1, -1);
}

/* The parent waits while its child or grandchild uses and closes everything. */
static void child_changes_nothing(int pollers, int has_grandchild) {
    jf_poller p[3], idle = OK(jf_poller_open());
    jf_socket s[2];
    flight f;
    OK(jf_pair(JF_UNIX, JF_STREAM, s));
    for (int i = 0; i < pollers; i++) {
        p[i] = OK(jf_poller_open());
        uint32_t mode = i == 1 ? edge_or_one_shot() : i == 2 ? JF_ONE_SHOT : 0;
        OK(jf_poller_add(p[i], s[0], JF_READABLE | mode, (uint64_t)i));
    }
    start(&f, "the parent's wait", wait_for_ever, &idle, 0);
    await_sleep(&f);
    pid_t child = forked();
    if (child == 0) {
        pid_t grandchild = has_grandchild ? forked() : 0;
        if (grandchild > 0) await_child(grandchild);
        expect_unusable(idle, s[0]);
        for (int i = 0; i < pollers; i++) expect_unusable(p[i], s[0]);
        if (has_grandchild) OK(jf_poller_close(idle));
        use_own_pollers(s[0], s[1]);
        OK(jf_close(s[1]));
        for (int i = 0; i < pollers; i++) {
            if (!has_grandchild) expect_unusable(p[i], s[0] = OK(jf_open(JF_INET, JF_DGRAM, 0)));
            OK(jf_poller_close(p[i]));
            EXPECT(jf_poller_close(p[i]), JF_E_CLOSED);
            EXPECT(jf_poller_wake(p[i]), JF_E_CLOSED);
        }
                /* The descriptor numbers can be reused by new pollers. */
        for (int i = 0; i < 10; i++) OK(jf_poller_close(OK(jf_poller_open())));
        _exit(0);
    }
    await_child(child);
    await_sleep(&f);
        /* The parent's registrations are unchanged. */
    for (int i = 0; i < pollers; i++) CHECK(is_quiet(p[i]));
    give_byte(s[1]);
    for (int i = 0; i < pollers; i++) {
        CHECK(reported_events(p[i], (uint64_t)i, 0) == JF_READABLE);
        EXPECT(jf_poller_add(p[i], s[0], JF_READABLE, 9), JF_E_EXISTS);
        CHECK(i > 0 ? is_quiet(p[i]) : reported_events(p[i], 0, 0) == JF_READABLE);
        OK(jf_poller_modify(p[i], s[0], JF_READABLE, 9));
    }
    OK(jf_close(s[0]));
    for (int i = 0; i < pollers; i++) {
        CHECK(is_quiet(p[i]));
        OK(jf_poller_close(p[i]));
    }
    OK(jf_close(s[1]));
    OK(jf_poller_wake(idle));
    EXPECT(finish(&f), 0);
    OK(jf_poller_close(idle));
}

/* jf_into_fd in the child leaves the parent's registration. */
static void into_fd_in_child(void) {
    jf_socket s[2];
    jf_poller p = OK(jf_poller_open());
    OK(jf_pair(JF_UNIX, JF_DGRAM, s));
    OK(jf_poller_add(p, s[0], JF_READABLE, TOKEN));
    pid_t child = forked();
    if (child == 0) {
        close((int)OK(jf_into_fd(s[0])));
        _exit(0);
    }
    await_child(child);
    give_byte(s[1]);
    CHECK(reported_events(p, TOKEN, 0) == JF_READABLE);
    close_both(s);
    CHECK(is_quiet(p));
    OK(jf_poller_close(p));
}

/* Closing a poller ends its waits, although a child still has a copy. */
static void close_while_child_has_copy(void) {
    jf_poller p = OK(jf_poller_open());
    jf_socket s[2];
    flight f;
    int go[2];
    char byte;
    CHECK(pipe(go) == 0);
    OK(jf_pair(JF_UNIX, JF_STREAM, s));
    OK(jf_poller_add(p, s[0], JF_READABLE, TOKEN));
    start(&f, "the parent's wait", wait_for_ever, &p, 0);
    await_sleep(&f);
    pid_t child = forked();
    if (child == 0) {
        close(go[1]);
        CHECK(read(go[0], &byte, 1) == 0);
        expect_unusable(p, s[0]);
        close_both(s);
        OK(jf_poller_close(p));
        _exit(0);
    }
    OK(jf_poller_close(p));
    EXPECT(finish(&f), JF_E_CLOSED);
    close_both(s);
    close(go[0]);
    close(go[1]);
    await_child(child);
}

static volatile pid_t child_of_handler;

static void fork_in_handler(int signal) {
    (void)signal;
    child_of_handler = fork();
}

/* A handler that forks interrupts a wait: the wait continues in the parent, and fails in the child. */
static int64_t wait_in_both(void *given) {
    jf_poller p = *(jf_poller *)given;
    jf_event e;
    child_of_handler = -1;
    int64_t result = jf_poller_wait(p, &e, 1, -1);
    if (child_of_handler != 0) return result;
    watchdog(slow ? 280 : 100);
    CHECK(result == JF_E_BAD_HANDLE);
    EXPECT(jf_poller_wait(p, &e, 1, 0), JF_E_BAD_HANDLE);
    EXPECT(jf_poller_close(p), 0);
    _exit(0);
}

static void fork_in_signal_handler(int flags, int interruptible) {
    struct sigaction action;
    jf_socket s[2];
    jf_poller p = OK(jf_poller_open());
    flight f;
    memset(&action, 0, sizeof action);
    action.sa_handler = fork_in_handler;
    action.sa_flags = flags;
    CHECK(sigaction(SIGUSR2, &action, NULL) == 0);
    OK(jf_pair(JF_UNIX, JF_STREAM, s));
    OK(jf_poller_add(p, s[0], JF_READABLE | JF_ONE_SHOT, TOKEN));
    OK(jf_poller_set(p, JF_POLLER_INTERRUPTIBLE, interruptible));
    start(&f, "a wait", wait_in_both, &p, 0);
    await_sleep(&f);
    CHECK(pthread_kill(f.thread, SIGUSR2) == 0);
    while (child_of_handler == -1) breathe();
    await_child(child_of_handler);
    if (!interruptible) {
        await_sleep(&f);
        give_byte(s[1]);
    }
    EXPECT(finish(&f), interruptible ? JF_E_INTERRUPTED : 1);
    close_both(s);
    OK(jf_poller_close(p));
}

static _Atomic int should_stop;

static int64_t churn(void *given) {
    jf_poller p = *(jf_poller *)given;
    jf_event e;
    for (uint64_t i = 0; !atomic_load(&should_stop); i++) {
        jf_socket s[2];
        jf_poller own = OK(jf_poller_open());
        OK(jf_pair(JF_UNIX, JF_DGRAM, s));
        OK(jf_poller_add(p, s[0], JF_READABLE | edge_or_one_shot(), i));
        OK(jf_poller_add(own, s[0], JF_READABLE, i));
        give_byte(s[1]);
        CHECK(reported_events(own, i, 0) == JF_READABLE);
        OK(jf_poller_wait(p, &e, 1, 0));
        OK(jf_poller_wake(p));
        close_both(s);
        OK(jf_poller_close(own));
    }
    return 0;
}

/* Forks while other threads use pollers. */
static void fork_under_load(void) {
    enum { CHURNERS = 3 };
    flight f[CHURNERS];
    jf_poller p = OK(jf_poller_open());
    jf_socket s[2];
    OK(jf_pair(JF_UNIX, JF_STREAM, s));
    OK(jf_poller_add(p, s[0], JF_READABLE | edge_or_one_shot(), UINT64_MAX - 1));
    for (int i = 0; i < CHURNERS; i++) start(&f[i], "open and close", churn, &p, 0);
    for (int i = 0; i < (slow ? 5 : 100); i++) {
        pid_t child = forked();
        if (child == 0) {
            expect_unusable(p, s[0]);
            use_own_pollers(s[0], s[1]);
            OK(jf_poller_close(p));
            _exit(0);
        }
        await_child(child);
    }
    atomic_store(&should_stop, 1);
    for (int i = 0; i < CHURNERS; i++) EXPECT(finish(&f[i]), 0);
    jf_event e[8];
    OK(jf_poller_wait(p, e, 8, 0));
    CHECK(is_quiet(p));
    give_byte(s[1]);
    CHECK(reported_events(p, UINT64_MAX - 1, 0) == JF_READABLE);
    close_both(s);
    CHECK(is_quiet(p));
    OK(jf_poller_close(p));
}

int main(int argc, char **argv) {
    slow = is_slow(argc, argv);
    watchdog(slow ? 280 : 110);
    int descriptors = open_descriptors();
    for (int pollers = 1; pollers <= 3; pollers++) {
        child_changes_nothing(pollers, 0);
        child_changes_nothing(pollers, 1);
    }
    into_fd_in_child();
    close_while_child_has_copy();
    for (int interruptible = 0; interruptible < 2; interruptible++) {
        fork_in_signal_handler(0, interruptible);
        fork_in_signal_handler(SA_RESTART, interruptible);
    }
    fork_under_load();
    CHECK(open_descriptors() == descriptors);
    return 0;
}
