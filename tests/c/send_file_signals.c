/* Sending a file raises no SIGPIPE: not by default, not where one is blocked, and not for a handler. */
#include "flight.h"
#include "stuck.h"

enum { LENGTH = 4 << 20 };
static int file;
static _Atomic int handled;

static void handle(int signal) {
    (void)signal;
    atomic_fetch_add(&handled, 1);
}

static sigset_t only_pipe(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    return set;
}

static int pipe_waits(void) {
    sigset_t set;
    CHECK(sigpending(&set) == 0);
    return sigismember(&set, SIGPIPE);
}

static int pipe_is_blocked(void) {
    sigset_t set;
    CHECK(pthread_sigmask(SIG_BLOCK, NULL, &set) == 0);
    return sigismember(&set, SIGPIPE);
}

static int is_over(int64_t result) {
    return result == JF_E_PIPE || result == JF_E_CONN_RESET;
}

static void pair_of(int family, jf_socket s[2]) {
    if (family == JF_UNIX) {
        OK(jf_pair(JF_UNIX, JF_STREAM, s));
    } else {
        narrow_pair(&s[0], &s[1]);
    }
}

/* The peer has gone. TCP learns of it by the answer to what it sends. */
static void to_a_closed_peer(int family, int64_t timeout) {
    jf_socket s[2];
    int64_t result;
    pair_of(family, s);
    OK(jf_set(s[0], JF_OPT_SEND_TIMEOUT, timeout));
    OK(jf_close(s[1]));
    do {
        result = jf_send_file(s[0], file, 0, 100);
    } while (result == 100);
    CHECK(is_over(result));
    EXPECT(jf_send_file(s[0], file, 0, 100), JF_E_PIPE);
    EXPECT(jf_send_file(s[0], file, 0, LENGTH), JF_E_PIPE);
    OK(jf_close(s[0]));
}

/* Here the connection is shut for sending. */
static void to_a_shut_socket(int family, int64_t timeout) {
    jf_socket s[2];
    pair_of(family, s);
    OK(jf_set(s[0], JF_OPT_SEND_TIMEOUT, timeout));
    OK(jf_shutdown(s[0], JF_SHUT_WRITE));
    EXPECT(jf_send_file(s[0], file, 0, 100), JF_E_PIPE);
    OK(jf_close(s[0]));
    OK(jf_close(s[1]));
}

static int64_t close_it(void *given) {
    jf_socket *s = given;
    static char room[LENGTH / 4];
    size_t received;
    OK(jf_recv_exact(s[1], room, sizeof room, &received));
    return jf_close(s[1]);
}

/* The peer goes after a part, so that the system hides the error, but not the signal, behind how much it sent. */
static void in_the_middle(int family, int64_t timeout) {
    jf_socket s[2];
    flight f;
    pair_of(family, s);
    OK(jf_set(s[0], JF_OPT_SEND_TIMEOUT, timeout));
    start(&f, "a peer that goes", close_it, s, 0);
    int64_t sent = OK(jf_send_file(s[0], file, 0, LENGTH));
    CHECK(sent >= LENGTH / 4 && sent < LENGTH);
    OK(finish(&f));
    CHECK(is_over(jf_send_file(s[0], file, sent, LENGTH - sent)));
    OK(jf_close(s[0]));
}

static void every_way(void) {
    static const int64_t TIMEOUTS[] = {-1, 0, 60000};
    for (int family = JF_INET; family <= JF_UNIX; family += JF_UNIX - JF_INET)
        for (int i = 0; i < 3; i++) {
            to_a_closed_peer(family, TIMEOUTS[i]);
            to_a_shut_socket(family, TIMEOUTS[i]);
            if (TIMEOUTS[i] != 0) in_the_middle(family, TIMEOUTS[i]);
        }
}

int main(int argc, char **argv) {
    sigset_t set = only_pipe();
    struct sigaction action, before;
    watchdog(is_slow(argc, argv) ? 280 : 110);
    file = memfd_create("file", MFD_CLOEXEC);
    CHECK(file >= 0 && ftruncate(file, LENGTH) == 0);

    /* By default it would end the program. */
    CHECK(sigaction(SIGPIPE, NULL, &before) == 0 && before.sa_handler == SIG_DFL);
    every_way();
    CHECK(!pipe_is_blocked() && !pipe_waits());
    CHECK(sigaction(SIGPIPE, NULL, &action) == 0 && action.sa_handler == SIG_DFL);

    /* Ignored it is kept all the same, while it is blocked. */
    CHECK(signal(SIGPIPE, SIG_IGN) == SIG_DFL);
    every_way();
    CHECK(!pipe_is_blocked() && !pipe_waits());

    memset(&action, 0, sizeof action);
    action.sa_handler = handle;
    CHECK(sigaction(SIGPIPE, &action, NULL) == 0);
    every_way();
    CHECK(atomic_load(&handled) == 0 && !pipe_is_blocked());

    /* Blocked, and none waits: none does after it. */
    CHECK(pthread_sigmask(SIG_BLOCK, &set, NULL) == 0);
    every_way();
    CHECK(pipe_is_blocked() && !pipe_waits());

    /* One that waits, for the thread or for the whole process, is still there. */
    for (int for_process = 0; for_process < 2; for_process++) {
        CHECK((for_process ? kill(getpid(), SIGPIPE) : pthread_kill(pthread_self(), SIGPIPE)) == 0);
        CHECK(pipe_waits());
        every_way();
        CHECK(pipe_waits() && pipe_is_blocked() && atomic_load(&handled) == 0);
        /* The thread's own makes one with what is raised; the process's leaves it beside. */
        int taken = 0;
        while (sigtimedwait(&set, NULL, &(struct timespec){0, 0}) == SIGPIPE) taken++;
        CHECK((taken == 1 || (for_process && taken == 2)) && !pipe_waits());
    }
    CHECK(pthread_sigmask(SIG_UNBLOCK, &set, NULL) == 0);
    CHECK(atomic_load(&handled) == 0);
    return 0;
}
