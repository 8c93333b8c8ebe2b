/* jf_send_file raises no SIGPIPE, whether the signal has its default action, is ignored, handled, or blocked. */
#include "flight.h"
#include "stuck.h"

enum { LENGTH = 4 << 20 };
static int file;
static _Atomic int handled;

static void handle(int signal) {
    (void)signal;
    atomic_fetch_add(&handled, 1);
}

static sigset_t pipe_set(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    return set;
}

static int is_pipe_pending(void) {
    sigset_t set;
    CHECK(sigpending(&set) == 0);
    return sigismember(&set, SIGPIPE);
}

static int is_pipe_blocked(void) {
    sigset_t set;
    CHECK(pthread_sigmask(SIG_BLOCK, NULL, &set) == 0);
    return sigismember(&set, SIGPIPE);
}

static int is_closed_error(int64_t result) {
    return result == JF_E_PIPE || result == JF_E_CONN_RESET;
}

static void pair_of(int family, jf_socket s[2]) {
    if (family == JF_UNIX) {
        OK(jf_pair(JF_UNIX, JF_STREAM, s));
    } else {
        narrow_pair(&s[0], &s[1]);
    }
}

/* The peer has closed. TCP learns that from the reply to the first data. */
static void to_a_closed_peer(int family, int64_t timeout) {
    jf_socket s[2];
    int64_t result;
    pair_of(family, s);
    OK(jf_set(s[0], JF_OPT_SEND_TIMEOUT, timeout));
    OK(jf_close(s[1]));
    do {
        result = jf_send_file(s[0], file, 0, 100);
    } while (result == 100);
    CHECK(is_closed_error(result));
    EXPECT(jf_send_file(s[0], file, 0, 100), JF_E_PIPE);
    EXPECT(jf_send_file(s[0], file, 0, LENGTH), JF_E_PIPE);
    OK(jf_close(s[0]));
}

/* The socket itself is shut down for sending. */
static void to_a_shut_socket(int family, int64_t timeout) {
    jf_socket s[2];
    pair_of(family, s);
    OK(jf_set(s[0], JF_OPT_SEND_TIMEOUT, timeout));
    OK(jf_shutdown(s[0], JF_SHUT_WRITE));
    EXPECT(jf_send_file(s[0], file, 0, 100), JF_E_PIPE);
    OK(jf_close(s[0]));
    OK(jf_close(s[1]));
}

static int64_t receive_and_close(void *given) {
    jf_socket *s = given;
    static char buffer[LENGTH / 4];
    size_t received;
    OK(jf_recv_exact(s[1], buffer, sizeof buffer, &received));
    return jf_close(s[1]);
}

/* The peer closes in the middle of a file. The system then returns the number of bytes sent instead of the error,
 * but raises the signal. */
static void close_during_send(int family, int64_t timeout) {
    jf_socket s[2];
    flight f;
    pair_of(family, s);
    OK(jf_set(s[0], JF_OPT_SEND_TIMEOUT, timeout));
    start(&f, "a peer that closes", receive_and_close, s, 0);
    int64_t sent = OK(jf_send_file(s[0], file, 0, LENGTH));
    CHECK(sent >= LENGTH / 4 && sent < LENGTH);
    OK(finish(&f));
    CHECK(is_closed_error(jf_send_file(s[0], file, sent, LENGTH - sent)));
    OK(jf_close(s[0]));
}

static void all_cases(void) {
    static const int64_t TIMEOUTS[] = {-1, 0, 60000};
    for (int family = JF_INET; family <= JF_UNIX; family += JF_UNIX - JF_INET)
        for (int i = 0; i < 3; i++) {
            to_a_closed_peer(family, TIMEOUTS[i]);
            to_a_shut_socket(family, TIMEOUTS[i]);
            if (TIMEOUTS[i] != 0) close_during_send(family, TIMEOUTS[i]);
        }
}

int main(int argc, char **argv) {
    sigset_t set = pipe_set();
    struct sigaction action, before;
    watchdog(is_slow(argc, argv) ? 280 : 110);
    file = memfd_create("file", MFD_CLOEXEC);
    CHECK(file >= 0 && ftruncate(file, LENGTH) == 0);

    /* The default action would end the program. */
    CHECK(sigaction(SIGPIPE, NULL, &before) == 0 && before.sa_handler == SIG_DFL);
    all_cases();
    CHECK(!is_pipe_blocked() && !is_pipe_pending());
    CHECK(sigaction(SIGPIPE, NULL, &action) == 0 && action.sa_handler == SIG_DFL);

    /* An ignored signal still becomes pending while it is blocked. */
    CHECK(signal(SIGPIPE, SIG_IGN) == SIG_DFL);
    all_cases();
    CHECK(!is_pipe_blocked() && !is_pipe_pending());

    memset(&action, 0, sizeof action);
    action.sa_handler = handle;
    CHECK(sigaction(SIGPIPE, &action, NULL) == 0);
    all_cases();
    CHECK(atomic_load(&handled) == 0 && !is_pipe_blocked());

    /* With the signal blocked and none pending, none is pending afterwards. */
    CHECK(pthread_sigmask(SIG_BLOCK, &set, NULL) == 0);
    all_cases();
    CHECK(is_pipe_blocked() && !is_pipe_pending());

    /* A pending signal, of the thread or the process, stays pending. */
    for (int for_process = 0; for_process < 2; for_process++) {
        CHECK((for_process ? kill(getpid(), SIGPIPE) : pthread_kill(pthread_self(), SIGPIPE)) == 0);
        CHECK(is_pipe_pending());
        all_cases();
        CHECK(is_pipe_pending() && is_pipe_blocked() && atomic_load(&handled) == 0);
        /* The thread's pending signal merges with a raised one; the process's is separate. */
        int pending = 0;
        while (sigtimedwait(&set, NULL, &(struct timespec){0, 0}) == SIGPIPE) pending++;
        CHECK((pending == 1 || (for_process && pending == 2)) && !is_pipe_pending());
    }
    CHECK(pthread_sigmask(SIG_UNBLOCK, &set, NULL) == 0);
    CHECK(atomic_load(&handled) == 0);
    return 0;
}
