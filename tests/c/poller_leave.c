/* A socket that is closed or given up leaves every poller, even if a duplicate or a forked child keeps the open
 * file description alive. */
#include "poller.h"

#include <sys/epoll.h>
#include <sys/wait.h>

enum { TOKEN = 100, MAX_POLLERS = 3 };
static int slow;

typedef enum keeper { NOTHING, A_HANDLE, A_DESCRIPTOR, A_CHILD, A_GRANDCHILD, KEEPERS } keeper;

/* What keeps the socket's open file description alive besides its handle. */
typedef struct kept {
    keeper by;
    jf_socket copy;
    int fd, go[2];
    pid_t child;
} kept;

static void hold_open(kept *k, keeper by, jf_socket s) {
    k->by = by;
    if (by == A_HANDLE) k->copy = OK(jf_dup(s));
    if (by == A_DESCRIPTOR) CHECK((k->fd = dup((int)OK(jf_fd(s)))) >= 0);
    if (by < A_CHILD) return;
    CHECK(pipe(k->go) == 0);
    k->child = fork();
    CHECK(k->child >= 0);
    if (k->child == 0) {
        char byte;
        watchdog(slow ? 280 : 110);
        close(k->go[1]);
        pid_t child = by == A_GRANDCHILD ? fork() : 0;
        CHECK(child >= 0);
        int status = 0;
        if (child == 0)
            CHECK(read(k->go[0], &byte, 1) == 0);
        else
            CHECK(waitpid(child, &status, 0) == child);
        _exit(status != 0);
    }
    close(k->go[0]);
}

static void release_hold(kept *k) {
    int status;
    if (k->by == A_HANDLE) OK(jf_close(k->copy));
    if (k->by == A_DESCRIPTOR) close(k->fd);
    if (k->by < A_CHILD) return;
    close(k->go[1]);
    CHECK(waitpid(k->child, &status, 0) == k->child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void expect_all_quiet(const jf_poller *p, int count) {
    for (int i = 0; i < count; i++) CHECK(is_quiet(p[i]));
}

/* A new socket with the same descriptor number is reported under its own token only. */
static void reuse_descriptor_number(const jf_poller *p, int count, int fd) {
    jf_socket s[2];
    OK(jf_pair(JF_UNIX, JF_DGRAM, s));
    int at = jf_fd(s[0]) == fd ? 0 : 1;
    EXPECT(jf_fd(s[at]), fd);
    give_byte(s[1 - at]);
    expect_all_quiet(p, count);
    for (int i = 0; i < count; i++) {
        EXPECT(jf_poller_modify(p[i], s[at], JF_READABLE, 5), JF_E_NOT_FOUND);
        OK(jf_poller_add(p[i], s[at], JF_READABLE, TOKEN + 50));
        CHECK(reported_events(p[i], TOKEN + 50, 0) == JF_READABLE);
    }
    close_both(s);
    expect_all_quiet(p, count);
}

typedef enum how { CLOSE, GIVE_UP, REMOVE_AND_CLOSE, HOWS } how;

static void leaves_pollers(enum kind kind, uint32_t modes, int count, keeper by, how how) {
    jf_socket s[2];
    jf_poller p[MAX_POLLERS];
    kept k;
    connected(kind, s);
    for (int i = 0; i < count; i++) {
        p[i] = OK(jf_poller_open());
        OK(jf_poller_add(p[i], s[0], JF_READABLE | modes, (uint64_t)(TOKEN + i)));
    }
        /* Removes and re-adds it in the first or the last poller. */
    int again = (int)by % 2 ? count - 1 : 0;
    OK(jf_poller_remove(p[again], s[0]));
    OK(jf_poller_add(p[again], s[0], JF_READABLE | modes, (uint64_t)(TOKEN + again)));
    hold_open(&k, by, s[0]);
    give_byte(s[1]);
    await_poll_events(s[0], JF_READABLE);
        /* Half of the pollers have reported the event, the others have it pending. */
    for (int i = 0; i < count; i += 2) CHECK(reported_events(p[i], (uint64_t)(TOKEN + i), 0) == JF_READABLE);
    int fd = (int)OK(jf_fd(s[0]));
    if (how == GIVE_UP) {
        EXPECT(jf_into_fd(s[0]), fd);
    } else {
        for (int i = 0; how == REMOVE_AND_CLOSE && i < count; i += 2) OK(jf_poller_remove(p[i], s[0]));
        OK(jf_close(s[0]));
    }
    expect_all_quiet(p, count);
        /* New data is not reported. */
    int64_t sent = jf_send(s[1], "y", 1, 0);
    CHECK(sent == 1 || (by == NOTHING && how != GIVE_UP));
    expect_all_quiet(p, count);
    if (how == GIVE_UP) {
        for (int i = 0; i < count; i++) {
            OK(jf_poller_add_fd(p[i], fd, JF_READABLE, 9));
            CHECK(reported_events(p[i], 9, SOON_MS) == JF_READABLE);
            OK(jf_poller_remove_fd(p[i], fd));
        }
        close(fd);
    }
    reuse_descriptor_number(p, count, fd);
    OK(jf_close(s[1]));
    release_hold(&k);
    expect_all_quiet(p, count);
    for (int i = 0; i < count; i++) OK(jf_poller_close(p[i]));
}

/* Closing a socket after its pollers is harmless, also when new pollers reuse their descriptor numbers. */
static void close_after_pollers(int count) {
    jf_socket s[2], t[2];
    jf_poller p[MAX_POLLERS], later[MAX_POLLERS];
    OK(jf_pair(JF_UNIX, JF_STREAM, s));
    OK(jf_pair(JF_UNIX, JF_STREAM, t));
    jf_socket copy = OK(jf_dup(s[0]));
    for (int i = 0; i < count; i++) {
        p[i] = OK(jf_poller_open());
        OK(jf_poller_add(p[i], s[0], JF_READABLE, (uint64_t)i));
    }
    for (int i = 0; i < count; i++) OK(jf_poller_close(p[i]));
    for (int i = 0; i < count; i++) {
        later[i] = OK(jf_poller_open());
        OK(jf_poller_add(later[i], t[0], JF_READABLE, (uint64_t)i));
        OK(jf_poller_add(later[i], copy, JF_READABLE, (uint64_t)(10 + i)));
    }
    OK(jf_poller_add(later[count - 1], s[0], JF_READABLE, 20));
    OK(jf_close(s[0]));
        /* The duplicate and the other socket are still registered. */
    give_byte(s[1]);
    give_byte(t[1]);
    for (int i = 0; i < count; i++) {
        jf_event e[4];
        EXPECT(jf_poller_wait(later[i], e, 4, 0), 2);
        CHECK(e[0].token + e[1].token == (uint64_t)(10 + 2 * i));
    }
    OK(jf_close(copy));
    OK(jf_close(s[1]));
    close_both(t);
    expect_all_quiet(later, count);
    for (int i = 0; i < count; i++) OK(jf_poller_close(later[i]));
}

/* The program's own epoll reuses the descriptor number of a closed poller, and contains a socket of that poller. */
static void epoll_with_reused_number(void) {
    jf_socket s[2], t[2];
    OK(jf_pair(JF_UNIX, JF_STREAM, s));
    OK(jf_pair(JF_UNIX, JF_STREAM, t));
    jf_poller p = OK(jf_poller_open());
    int number = (int)OK(jf_poller_fd(p));
    OK(jf_poller_add(p, s[0], JF_READABLE, TOKEN));
    OK(jf_poller_close(p));
    int own = epoll_create1(EPOLL_CLOEXEC);
    EXPECT(own, number);
    struct epoll_event event = {.events = EPOLLIN};
    CHECK(epoll_ctl(own, EPOLL_CTL_ADD, (int)OK(jf_fd(s[0])), &event) == 0);
    int fd = (int)OK(jf_into_fd(s[0]));
    give_byte(s[1]);
    CHECK(epoll_wait(own, &event, 1, 0) == 1);
    close(fd);
    close(own);
    OK(jf_close(s[1]));
    close_both(t);
}

/* Closes sockets while other threads wait: no wait that begins after the close reports them. */
static jf_poller shared[2];
static _Atomic int64_t first_live_token;
static _Atomic int should_stop;

static int64_t wait_repeatedly(void *given) {
    jf_poller p = shared[(intptr_t)given % 2];
    for (int i = 0; !atomic_load(&should_stop); i++) {
        jf_event e[3];
        int64_t first_live = atomic_load(&first_live_token), count = OK(jf_poller_wait(p, e, 1 + (size_t)i % 3, i % 2));
        for (int64_t k = 0; k < count; k++) CHECK((int64_t)e[k].token >= first_live);
    }
    return 0;
}

static void close_during_waits(void) {
    enum { WAITERS = 4 };
    flight f[WAITERS];
    for (int i = 0; i < 2; i++) shared[i] = OK(jf_poller_open());
    for (intptr_t i = 0; i < WAITERS; i++) start(&f[i], "looks", wait_repeatedly, (void *)i, 0);
    for (int64_t i = 1; i < (slow ? 300 : 3000); i++) {
        jf_socket s[2];
        OK(jf_pair(JF_UNIX, JF_STREAM, s));
        jf_socket copy = OK(jf_dup(s[0]));
        for (int k = 0; k < 1 + i % 2; k++)
            OK(jf_poller_add(shared[k], s[0], JF_READABLE | (i % 3 ? 0 : edge_or_one_shot()), (uint64_t)i));
        give_byte(s[1]);
        if (i % 5 == 0) sched_yield();
        if (i % 7 == 0)
            close((int)OK(jf_into_fd(s[0])));
        else
            OK(jf_close(s[0]));
        atomic_store(&first_live_token, i + 1);
        give_byte(s[1]);
        OK(jf_close(copy));
        OK(jf_close(s[1]));
    }
    atomic_store(&should_stop, 1);
    for (int i = 0; i < WAITERS; i++) EXPECT(finish(&f[i]), 0);
    for (int i = 0; i < 2; i++) {
        CHECK(is_quiet(shared[i]));
        OK(jf_poller_close(shared[i]));
    }
}

/* One thread removes a socket while another adds it: wherever it ends up, closing removes it. */
static jf_socket both[2];
static _Atomic int turn;

static int64_t add_in_turn(void *given) {
    jf_poller p = *(jf_poller *)given;
    for (int i = 1;; i++) {
        int now;
        while ((now = atomic_load(&turn)) < 2 * i - 1) {
        }
        if (now == INT32_MAX) return 0;
        int64_t result;
        while ((result = jf_poller_add(p, both[0], JF_READABLE, TOKEN)) == JF_E_EXISTS) {
        }
        EXPECT(result, 0);
        atomic_store(&turn, 2 * i);
    }
}

static void remove_during_add(void) {
    jf_poller p = OK(jf_poller_open());
    flight f;
    OK(jf_pair(JF_UNIX, JF_STREAM, both));
    start(&f, "adds", add_in_turn, &p, 0);
    for (int i = 1; i < (slow ? 100 : 20000); i++) {
        jf_socket copy = OK(jf_dup(both[0]));
        OK(jf_poller_add(p, both[0], JF_READABLE, TOKEN));
        atomic_store(&turn, 2 * i - 1);
        for (volatile int spin = 0; spin < i % 100; spin++) {
        }
        OK(jf_poller_remove(p, both[0]));
        while (atomic_load(&turn) != 2 * i) sched_yield();
        OK(jf_close(both[0]));
        give_byte(both[1]);
        CHECK(is_quiet(p));
        take_byte(copy);
        both[0] = copy;
    }
    atomic_store(&turn, INT32_MAX);
    EXPECT(finish(&f), 0);
    close_both(both);
    OK(jf_poller_close(p));
}

int main(int argc, char **argv) {
    const uint32_t MODES[] = {0, edge_or_one_shot(), JF_ONE_SHOT};
    slow = is_slow(argc, argv);
    watchdog(slow ? 280 : 110);
    int descriptors = open_descriptors();
    for (int kind = 0; kind < KINDS; kind++)
        for (int by = 0; by < KEEPERS; by++)
            for (int how = 0; how < HOWS; how++)
                for (int count = 1; count <= MAX_POLLERS; count++) {
                    if (slow && (kind + by + how + count) % 6) continue;
                    leaves_pollers(kind, MODES[(kind + by + count) % 3], count, by, how);
                }
    for (int count = 1; count <= MAX_POLLERS; count++) close_after_pollers(count);
    if (!is_poll_backend()) epoll_with_reused_number();
    close_during_waits();
    remove_during_add();
    CHECK(open_descriptors() == descriptors);
    return 0;
}
