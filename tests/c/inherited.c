/* Sockets passed by a service manager (LISTEN_FDS). Each case runs in a forked child that plays both roles. */
#include "misuse.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { COUNT = 3, FIRST_FD = 3 };

static void set_variable(const char *name, const char *value) {
    CHECK((value ? setenv(name, value, 1) : unsetenv(name)) == 0);
}

static const char *own_pid(void) {
    static char text[32];
    snprintf(text, sizeof text, "%d", (int)getpid());
    return text;
}

static void set_environment(const char *id, const char *count, const char *names) {
    set_variable("LISTEN_PID", id);
    set_variable("LISTEN_FDS", count);
    set_variable("LISTEN_FDNAMES", names);
}

/* Duplicates a descriptor to a number without close-on-exec, as after exec; -1 closes the number. */
static void place_fd(int number, int64_t fd) {
    if (fd < 0) {
        close(number);
        return;
    }
    CHECK(dup2((int)fd, number) == number);
}

/* Passes a listener, a datagram socket, and a non-blocking stream. */
static void pass_sockets(void) {
    jf_addr at;
    jf_socket s[COUNT] = {listening("127.0.0.1:0", &at), bound("unix:", JF_DGRAM, &at),
                          OK(jf_open(JF_INET6, JF_STREAM, 0))};
    int fds[COUNT];
    /* High numbers first, so that no dup2 overwrites a descriptor that is still needed. */
    for (int i = 0; i < COUNT; i++) {
        fds[i] = fcntl((int)OK(jf_fd(s[i])), F_DUPFD, 100);
        CHECK(fds[i] >= 100);
        OK(jf_close(s[i]));
    }
    CHECK(fcntl(fds[2], F_SETFL, O_NONBLOCK) == 0);
    for (int i = 0; i < COUNT; i++) {
        place_fd(FIRST_FD + i, fds[i]);
        CHECK(close(fds[i]) == 0);
    }
    set_environment(own_pid(), "3", "web:log:");
}

/* All descriptors can still be received. */
static void check_all_received(void) {
    jf_socket s[COUNT];
    EXPECT(jf_inherited(s, COUNT), COUNT);
    for (int i = 0; i < COUNT; i++) {
        EXPECT(jf_fd(s[i]), FIRST_FD + i);
        CHECK(fcntl(FIRST_FD + i, F_GETFD) == FD_CLOEXEC);
        OK(jf_close(s[i]));
        CHECK(fcntl(FIRST_FD + i, F_GETFD) == -1);
    }
    EXPECT(jf_inherited(s, COUNT), 0);
}

/* A call that failed, or only counted, received no descriptor. */
static void check_none_received(const jf_socket *out, size_t size) {
    CHECK(untouched(out, size));
    for (int i = 0; i < COUNT; i++) CHECK((fcntl(FIRST_FD + i, F_GETFD) & ~FD_CLOEXEC) <= 0);
}

static void expect_name(size_t index, const char *name) {
    char text[300];
    int64_t len = (int64_t)strlen(name);
    fill(text, sizeof text);
    EXPECT(jf_inherited_name(index, text, sizeof text), len);
    CHECK(strcmp(text, name) == 0 && untouched(text + len + 1, sizeof text - (size_t)len - 1));
    EXPECT(jf_inherited_name(index, NULL, 0), len);
    EXPECT(jf_inherited_name(index, text, (size_t)len + 1), len);
    fill(text, sizeof text);
    if (len > 0) {
        EXPECT(jf_inherited_name(index, text, (size_t)len), len);
        CHECK(text[0] == 0 && untouched(text + 1, sizeof text - 1));
    }
}

static void receives_all(void) {
    jf_socket s[COUNT + 1];
    int64_t value;
    pass_sockets();
    fill(s, sizeof s);
    EXPECT(jf_inherited(NULL, 0), COUNT);
    EXPECT(jf_inherited((jf_socket *)1, 0), COUNT);
    for (size_t cap = 0; cap < COUNT; cap++) EXPECT(jf_inherited(s, cap), COUNT);
    check_none_received(s, sizeof s);
    expect_name(0, "web");
    expect_name(1, "log");
    expect_name(2, "");

    EXPECT(jf_inherited(s, COUNT + 1), COUNT);
    CHECK(untouched(s + COUNT, sizeof s[0]));
    for (int i = 0; i < COUNT; i++) {
        EXPECT(jf_fd(s[i]), FIRST_FD + i);
        CHECK(fcntl(FIRST_FD + i, F_GETFD) == FD_CLOEXEC);
    }
    OK(jf_get(s[0], JF_OPT_LISTENING, &value));
    CHECK(value == 1);
    OK(jf_get(s[1], JF_OPT_TYPE, &value));
    CHECK(value == JF_DGRAM);
    OK(jf_get(s[1], JF_OPT_RECV_TIMEOUT, &value));
    CHECK(value == -1);
    OK(jf_get(s[2], JF_OPT_RECV_TIMEOUT, &value));
    CHECK(value == 0);

    /* The sockets work: the listener accepts a client. */
    jf_addr at;
    OK(jf_local_addr(s[0], &at));
    jf_socket c = OK(jf_open(JF_INET, JF_STREAM, 0));
    OK(jf_connect(c, &at));
    OK(jf_close(OK(jf_accept(s[0], NULL))));
    OK(jf_close(c));

    /* The sockets have been received; their names stay available. */
    EXPECT(jf_inherited(NULL, 0), 0);
    EXPECT(jf_inherited(s + COUNT, 1), 0);
    expect_name(1, "log");
    EXPECT(jf_inherited_name(COUNT, NULL, 0), JF_E_NOT_FOUND);
    EXPECT(jf_inherited_name(SIZE_MAX, NULL, 0), JF_E_NOT_FOUND);
    CHECK(strcmp(getenv("LISTEN_FDS"), "3") == 0);
    for (int i = 0; i < COUNT; i++) OK(jf_close(s[i]));
    EXPECT(jf_inherited(NULL, 0), 0);
}

static void has_no_names(void) {
    pass_sockets();
    set_environment(own_pid(), "3", NULL);
    for (size_t i = 0; i < COUNT; i++) expect_name(i, "unknown");
    check_all_received();
}

/* The sockets are for another process, or for none. */
static void has_other_pid(void) {
    static const char *const pids[] = {"1", "4194304", "99999999999"};
    jf_socket s[COUNT];
    fill(s, sizeof s);
    EXPECT(jf_inherited(s, COUNT), 0);
    EXPECT(jf_inherited_name(0, NULL, 0), JF_E_NOT_FOUND);
    pass_sockets();
    for (int i = 0; i < 3; i++) {
        set_variable("LISTEN_PID", pids[i]);
        EXPECT(jf_inherited(s, COUNT), 0);
        EXPECT(jf_inherited_name(0, NULL, 0), JF_E_NOT_FOUND);
    }
    /* If LISTEN_PID names another process, the other variables are not parsed. */
    set_variable("LISTEN_FDS", "many");
    EXPECT(jf_inherited(s, COUNT), 0);
    set_environment(NULL, "3", NULL);
    EXPECT(jf_inherited(s, COUNT), 0);
    set_environment(own_pid(), NULL, NULL);
    EXPECT(jf_inherited(s, COUNT), 0);
    set_environment(own_pid(), "0", NULL);
    EXPECT(jf_inherited(s, COUNT), 0);
    EXPECT(jf_inherited_name(0, NULL, 0), JF_E_NOT_FOUND);
    check_none_received(s, sizeof s);
    set_environment(own_pid(), "3", NULL);
    check_all_received();
}

/* A child process does not receive its parent's sockets. */
static void forks_child(void) {
    int status;
    pass_sockets();
    pid_t child = fork();
    if (child == 0) {
        jf_socket s[COUNT];
        int is_empty = jf_inherited(s, COUNT) == 0 && jf_inherited_name(0, NULL, 0) == JF_E_NOT_FOUND;
        _exit(is_empty ? 0 : 1);
    }
    CHECK(child > 0 && waitpid(child, &status, 0) == child && status == 0);
    check_all_received();
}

static void has_malformed_environment(void) {
    static const char *const numbers[] = {"",   " ",  "x",    "-1",   "+3",  " 3", "3 ",
                                          "3x", "0x", "3.0", "\xff", "99999999999999999999999", "18446744073709551616"};
    jf_socket s[COUNT];
    char text[8];
    fill(s, sizeof s);
    fill(text, sizeof text);
    pass_sockets();
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        set_environment(numbers[i], "3", NULL);
        EXPECT(jf_inherited(s, COUNT), JF_E_INVALID);
        EXPECT(jf_inherited_name(0, text, sizeof text), JF_E_INVALID);
        set_environment(own_pid(), numbers[i], NULL);
        EXPECT(jf_inherited(s, COUNT), JF_E_INVALID);
        EXPECT(jf_inherited(NULL, 0), JF_E_INVALID);
        EXPECT(jf_inherited_name(0, text, sizeof text), JF_E_INVALID);
    }
    set_environment("0", "3", NULL);
    EXPECT(jf_inherited(s, COUNT), JF_E_INVALID);
    static const char *const too_many[] = {"2147483645", "2147483647", "2147483648", "4294967295",
                                            "18446744073709551615"};
    for (size_t i = 0; i < sizeof too_many / sizeof too_many[0]; i++) {
        set_environment(own_pid(), too_many[i], NULL);
        EXPECT(jf_inherited(s, COUNT), JF_E_INVALID);
    }
    set_environment(own_pid(), "2147483644", NULL);
    EXPECT(jf_inherited(s, COUNT), 2147483644);
    static const char *const names[] = {"", "a", "a:b", "a:b:c:d", ":::", "a:b:c:"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        set_environment(own_pid(), "3", names[i]);
        EXPECT(jf_inherited(s, COUNT), JF_E_INVALID);
        EXPECT(jf_inherited_name(0, text, sizeof text), JF_E_INVALID);
    }
    CHECK(untouched(text, sizeof text));
    set_environment(own_pid(), "3", "a:b:c");
    EXPECT(jf_inherited(NULL, 1), JF_E_INVALID);
    EXPECT(jf_inherited((jf_socket *)(void *)((char *)s + 1), 2), JF_E_INVALID);
    EXPECT(jf_inherited(s, SIZE_MAX), JF_E_INVALID);
    EXPECT(jf_inherited(s, SIZE_MAX / sizeof s[0] + 1), JF_E_INVALID);
    EXPECT(jf_inherited_name(0, NULL, 1), JF_E_INVALID);
    EXPECT(jf_inherited_name(0, text, SIZE_MAX), JF_E_INVALID);
    check_none_received(s, sizeof s);
    check_all_received();
}

/* One invalid descriptor: none is received. Once it is corrected, all are. */
static void has_bad_descriptor(void) {
    jf_socket s[COUNT];
    int pipes[2], saved, not_a_socket;
    fill(s, sizeof s);
    CHECK(pipe(pipes) == 0 && (not_a_socket = fcntl(pipes[0], F_DUPFD, 100)) >= 100);
    for (int bad = FIRST_FD; bad < FIRST_FD + COUNT; bad++) {
        pass_sockets();
        CHECK((saved = fcntl(bad, F_DUPFD, 100)) >= 100);
        place_fd(bad, not_a_socket);
        EXPECT(jf_inherited(s, COUNT), JF_E_NOT_SOCKET);
        place_fd(bad, -1);
        EXPECT(jf_inherited(s, COUNT), JF_E_BAD_HANDLE);
        place_fd(bad, saved);
        CHECK(fcntl(bad, F_SETFD, FD_CLOEXEC) == 0);
        EXPECT(jf_inherited(s, COUNT), JF_E_BUSY);
        EXPECT(jf_inherited(NULL, 0), COUNT);
        CHECK(fcntl(bad, F_SETFD, 0) == 0);
        for (int i = 0; i < COUNT; i++) CHECK(fcntl(FIRST_FD + i, F_GETFD) == 0);
        CHECK(close(saved) == 0);
    }
    check_none_received(s, sizeof s);
    check_all_received();
}

static _Atomic int ready, successes;

static void *receive_concurrently(void *threads) {
    jf_socket s[COUNT];
    atomic_fetch_add(&ready, 1);
    while (atomic_load(&ready) < *(int *)threads) continue;
    int64_t count = jf_inherited(s, COUNT);
    CHECK(count == 0 || count == COUNT);
    if (count == 0) return NULL;
    atomic_fetch_add(&successes, 1);
    for (int i = 0; i < COUNT; i++) OK(jf_close(s[i]));
    return NULL;
}

static void receives_in_threads(void) {
    int threads = 8;
    pthread_t thread[8];
    pass_sockets();
    for (int i = 0; i < threads; i++) CHECK(pthread_create(&thread[i], NULL, receive_concurrently, &threads) == 0);
    for (int i = 0; i < threads; i++) CHECK(pthread_join(thread[i], NULL) == 0);
    CHECK(atomic_load(&successes) == 1);
}

int main(void) {
    static void (*const cases[])(void) = {receives_all,  has_no_names,
                                          has_other_pid, forks_child,
                                          has_malformed_environment, has_bad_descriptor,
                                          receives_in_threads};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int status;
        pid_t child = fork();
        if (child == 0) {
            alarm(60);
            cases[i]();
            exit(0);
        }
        CHECK(child > 0 && waitpid(child, &status, 0) == child);
        if (status != 0) fprintf(stderr, "case %d failed\n", (int)i);
        CHECK(status == 0);
    }
    return 0;
}
