/* The sockets of a service manager, whose part the program plays for forked children of its own. */
#include "misuse.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PASSED = 3, FIRST = 3 };

static void set(const char *name, const char *value) {
    CHECK((value ? setenv(name, value, 1) : unsetenv(name)) == 0);
}

static const char *own_id(void) {
    static char text[32];
    snprintf(text, sizeof text, "%d", (int)getpid());
    return text;
}

static void say(const char *id, const char *count, const char *names) {
    set("LISTEN_PID", id);
    set("LISTEN_FDS", count);
    set("LISTEN_FDNAMES", names);
}

/* Puts a descriptor of this process at a number, as an exec would leave it, or nothing. */
static void put(int number, int64_t fd) {
    if (fd < 0) {
        close(number);
        return;
    }
    CHECK(dup2((int)fd, number) == number);
}

/* What is passed: a listener, a datagram socket, and a stream that does not block. */
static void pass(void) {
    jf_addr at;
    jf_socket s[PASSED] = {listening("127.0.0.1:0", &at), bound("unix:", JF_DGRAM, &at), OK(jf_open(JF_INET6, JF_STREAM, 0))};
    int fds[PASSED];
    /* Out of the way, so that none is overwritten by another. */
    for (int i = 0; i < PASSED; i++) {
        fds[i] = fcntl((int)OK(jf_fd(s[i])), F_DUPFD, 100);
        CHECK(fds[i] >= 100);
        OK(jf_close(s[i]));
    }
    CHECK(fcntl(fds[2], F_SETFL, O_NONBLOCK) == 0);
    for (int i = 0; i < PASSED; i++) {
        put(FIRST + i, fds[i]);
        CHECK(close(fds[i]) == 0);
    }
    say(own_id(), "3", "web:log:");
}

/* They are all still there to be taken. */
static void are_taken(void) {
    jf_socket s[PASSED];
    EXPECT(jf_inherited(s, PASSED), PASSED);
    for (int i = 0; i < PASSED; i++) {
        EXPECT(jf_fd(s[i]), FIRST + i);
        CHECK(fcntl(FIRST + i, F_GETFD) == FD_CLOEXEC);
        OK(jf_close(s[i]));
        CHECK(fcntl(FIRST + i, F_GETFD) == -1);
    }
    EXPECT(jf_inherited(s, PASSED), 0);
}

/* None was touched by a call that failed, or only asked. */
static void are_untouched(const jf_socket *out, size_t size) {
    CHECK(untouched(out, size));
    for (int i = 0; i < PASSED; i++) CHECK((fcntl(FIRST + i, F_GETFD) & ~FD_CLOEXEC) <= 0);
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

static void takes(void) {
    jf_socket s[PASSED + 1];
    int64_t value;
    pass();
    fill(s, sizeof s);
    EXPECT(jf_inherited(NULL, 0), PASSED);
    EXPECT(jf_inherited((jf_socket *)1, 0), PASSED);
    for (size_t cap = 0; cap < PASSED; cap++) EXPECT(jf_inherited(s, cap), PASSED);
    are_untouched(s, sizeof s);
    expect_name(0, "web");
    expect_name(1, "log");
    expect_name(2, "");

    EXPECT(jf_inherited(s, PASSED + 1), PASSED);
    CHECK(untouched(s + PASSED, sizeof s[0]));
    for (int i = 0; i < PASSED; i++) {
        EXPECT(jf_fd(s[i]), FIRST + i);
        CHECK(fcntl(FIRST + i, F_GETFD) == FD_CLOEXEC);
    }
    OK(jf_get(s[0], JF_OPT_LISTENING, &value));
    CHECK(value == 1);
    OK(jf_get(s[1], JF_OPT_TYPE, &value));
    CHECK(value == JF_DGRAM);
    OK(jf_get(s[1], JF_OPT_RECV_TIMEOUT, &value));
    CHECK(value == -1);
    OK(jf_get(s[2], JF_OPT_RECV_TIMEOUT, &value));
    CHECK(value == 0);

    /* They work: a client of the listener is accepted. */
    jf_addr at;
    OK(jf_local_addr(s[0], &at));
    jf_socket c = OK(jf_open(JF_INET, JF_STREAM, 0));
    OK(jf_connect(c, &at));
    OK(jf_close(OK(jf_accept(s[0], NULL))));
    OK(jf_close(c));

    /* They are taken; their names stay. */
    EXPECT(jf_inherited(NULL, 0), 0);
    EXPECT(jf_inherited(s + PASSED, 1), 0);
    expect_name(1, "log");
    EXPECT(jf_inherited_name(PASSED, NULL, 0), JF_E_NOT_FOUND);
    EXPECT(jf_inherited_name(SIZE_MAX, NULL, 0), JF_E_NOT_FOUND);
    CHECK(strcmp(getenv("LISTEN_FDS"), "3") == 0);
    for (int i = 0; i < PASSED; i++) OK(jf_close(s[i]));
    EXPECT(jf_inherited(NULL, 0), 0);
}

static void has_no_names(void) {
    pass();
    say(own_id(), "3", NULL);
    for (size_t i = 0; i < PASSED; i++) expect_name(i, "unknown");
    are_taken();
}

/* For somebody else, or for nobody. */
static void finds_nothing(void) {
    static const char *const ids[] = {"1", "4194304", "99999999999"};
    jf_socket s[PASSED];
    fill(s, sizeof s);
    EXPECT(jf_inherited(s, PASSED), 0);
    EXPECT(jf_inherited_name(0, NULL, 0), JF_E_NOT_FOUND);
    pass();
    for (int i = 0; i < 3; i++) {
        set("LISTEN_PID", ids[i]);
        EXPECT(jf_inherited(s, PASSED), 0);
        EXPECT(jf_inherited_name(0, NULL, 0), JF_E_NOT_FOUND);
    }
    /* What is said to somebody else may be anything. */
    set("LISTEN_FDS", "many");
    EXPECT(jf_inherited(s, PASSED), 0);
    say(NULL, "3", NULL);
    EXPECT(jf_inherited(s, PASSED), 0);
    say(own_id(), NULL, NULL);
    EXPECT(jf_inherited(s, PASSED), 0);
    say(own_id(), "0", NULL);
    EXPECT(jf_inherited(s, PASSED), 0);
    EXPECT(jf_inherited_name(0, NULL, 0), JF_E_NOT_FOUND);
    are_untouched(s, sizeof s);
    say(own_id(), "3", NULL);
    are_taken();
}

/* A child has not what was passed to its parent. */
static void has_a_child(void) {
    int status;
    pass();
    pid_t child = fork();
    if (child == 0) {
        jf_socket s[PASSED];
        int is_right = jf_inherited(s, PASSED) == 0 && jf_inherited_name(0, NULL, 0) == JF_E_NOT_FOUND;
        _exit(is_right ? 0 : 1);
    }
    CHECK(child > 0 && waitpid(child, &status, 0) == child && status == 0);
    are_taken();
}

static void is_malformed(void) {
    static const char *const numbers[] = {"",   " ",  "x",    "-1",   "+3",  " 3", "3 ",
                                          "3x", "0x", "3.0", "\xff", "99999999999999999999999", "18446744073709551616"};
    jf_socket s[PASSED];
    char text[8];
    fill(s, sizeof s);
    fill(text, sizeof text);
    pass();
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        say(numbers[i], "3", NULL);
        EXPECT(jf_inherited(s, PASSED), JF_E_INVALID);
        EXPECT(jf_inherited_name(0, text, sizeof text), JF_E_INVALID);
        say(own_id(), numbers[i], NULL);
        EXPECT(jf_inherited(s, PASSED), JF_E_INVALID);
        EXPECT(jf_inherited(NULL, 0), JF_E_INVALID);
        EXPECT(jf_inherited_name(0, text, sizeof text), JF_E_INVALID);
    }
    say("0", "3", NULL);
    EXPECT(jf_inherited(s, PASSED), JF_E_INVALID);
    static const char *const many[] = {"2147483645", "2147483647", "2147483648", "4294967295", "18446744073709551615"};
    for (size_t i = 0; i < sizeof many / sizeof many[0]; i++) {
        say(own_id(), many[i], NULL);
        EXPECT(jf_inherited(s, PASSED), JF_E_INVALID);
    }
    say(own_id(), "2147483644", NULL);
    EXPECT(jf_inherited(s, PASSED), 2147483644);
    static const char *const names[] = {"", "a", "a:b", "a:b:c:d", ":::", "a:b:c:"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        say(own_id(), "3", names[i]);
        EXPECT(jf_inherited(s, PASSED), JF_E_INVALID);
        EXPECT(jf_inherited_name(0, text, sizeof text), JF_E_INVALID);
    }
    CHECK(untouched(text, sizeof text));
    say(own_id(), "3", "a:b:c");
    EXPECT(jf_inherited(NULL, 1), JF_E_INVALID);
    EXPECT(jf_inherited((jf_socket *)(void *)((char *)s + 1), 2), JF_E_INVALID);
    EXPECT(jf_inherited(s, SIZE_MAX), JF_E_INVALID);
    EXPECT(jf_inherited(s, SIZE_MAX / sizeof s[0] + 1), JF_E_INVALID);
    EXPECT(jf_inherited_name(0, NULL, 1), JF_E_INVALID);
    EXPECT(jf_inherited_name(0, text, SIZE_MAX), JF_E_INVALID);
    are_untouched(s, sizeof s);
    are_taken();
}

/* One of them is not what it should be: the others are not taken, and when it is set right all are. */
static void has_a_bad_one(void) {
    jf_socket s[PASSED];
    int pipes[2], keep, no_socket;
    fill(s, sizeof s);
    CHECK(pipe(pipes) == 0 && (no_socket = fcntl(pipes[0], F_DUPFD, 100)) >= 100);
    for (int bad = FIRST; bad < FIRST + PASSED; bad++) {
        pass();
        CHECK((keep = fcntl(bad, F_DUPFD, 100)) >= 100);
        put(bad, no_socket);
        EXPECT(jf_inherited(s, PASSED), JF_E_NOT_SOCKET);
        put(bad, -1);
        EXPECT(jf_inherited(s, PASSED), JF_E_BAD_HANDLE);
        put(bad, keep);
        CHECK(fcntl(bad, F_SETFD, FD_CLOEXEC) == 0);
        EXPECT(jf_inherited(s, PASSED), JF_E_BUSY);
        EXPECT(jf_inherited(NULL, 0), PASSED);
        CHECK(fcntl(bad, F_SETFD, 0) == 0);
        for (int i = 0; i < PASSED; i++) CHECK(fcntl(FIRST + i, F_GETFD) == 0);
        CHECK(close(keep) == 0);
    }
    are_untouched(s, sizeof s);
    are_taken();
}

static _Atomic int ready, taken;

static void *take(void *threads) {
    jf_socket s[PASSED];
    atomic_fetch_add(&ready, 1);
    while (atomic_load(&ready) < *(int *)threads) continue;
    int64_t count = jf_inherited(s, PASSED);
    CHECK(count == 0 || count == PASSED);
    if (count == 0) return NULL;
    atomic_fetch_add(&taken, 1);
    for (int i = 0; i < PASSED; i++) OK(jf_close(s[i]));
    return NULL;
}

static void has_threads(void) {
    int threads = 8;
    pthread_t thread[8];
    pass();
    for (int i = 0; i < threads; i++) CHECK(pthread_create(&thread[i], NULL, take, &threads) == 0);
    for (int i = 0; i < threads; i++) CHECK(pthread_join(thread[i], NULL) == 0);
    CHECK(atomic_load(&taken) == 1);
}

int main(void) {
    static void (*const services[])(void) = {takes,        has_no_names,  finds_nothing, has_a_child,
                                             is_malformed, has_a_bad_one, has_threads};
    for (size_t i = 0; i < sizeof services / sizeof services[0]; i++) {
        int status;
        pid_t child = fork();
        if (child == 0) {
            alarm(60);
            services[i]();
            exit(0);
        }
        CHECK(child > 0 && waitpid(child, &status, 0) == child);
        if (status != 0) fprintf(stderr, "service %d\n", (int)i);
        CHECK(status == 0);
    }
    return 0;
}
