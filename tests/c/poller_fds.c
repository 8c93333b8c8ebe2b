/* Pollers wait for plain descriptors and for other pollers, other mechanisms wait for a poller, and the number of
 * pollers is limited. */
#include "poller.h"

#include <pty.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <termios.h>

enum { TOKEN = 7 };
static int slow;

static void write_byte(int fd) {
    CHECK(write(fd, "x", 1) == 1);
}

static void read_byte(int fd) {
    char byte;
    CHECK(read(fd, &byte, 1) == 1);
}

/* A descriptor that becomes readable when data is written to `out`, in every mode. */
static void readable_in_every_mode(int in, int out) {
    jf_poller p = OK(jf_poller_open());
    OK(jf_poller_add_fd(p, in, JF_READABLE, TOKEN));
    EXPECT(jf_poller_add_fd(p, in, JF_READABLE, 8), JF_E_EXISTS);
    CHECK(is_quiet(p));
    write_byte(out);
    CHECK(reported_events(p, TOKEN, SOON_MS) == JF_READABLE && reported_events(p, TOKEN, 0) == JF_READABLE);
    read_byte(in);
    CHECK(is_quiet(p));
    int edges = !is_poll_backend();
    EXPECT(jf_poller_modify_fd(p, in, JF_READABLE | JF_EDGE, UINT64_MAX - 1), edges ? 0 : JF_E_UNSUPPORTED);
    CHECK(is_quiet(p));
    for (int i = 0; i < 2; i++) {
        write_byte(out);
        CHECK(reported_events(p, edges ? UINT64_MAX - 1 : TOKEN, SOON_MS) == JF_READABLE && (!edges || is_quiet(p)));
    }
    OK(jf_poller_modify_fd(p, in, JF_READABLE | JF_ONE_SHOT, 0));
    CHECK(reported_events(p, 0, 0) == JF_READABLE && is_quiet(p));
    write_byte(out);
    CHECK(is_quiet(p));
    OK(jf_poller_remove_fd(p, in));
    EXPECT(jf_poller_remove_fd(p, in), JF_E_NOT_FOUND);
    EXPECT(jf_poller_modify_fd(p, in, JF_READABLE, TOKEN), JF_E_NOT_FOUND);
    CHECK(is_quiet(p));
    OK(jf_poller_add_fd(p, in, JF_READABLE, 9));
    CHECK(reported_events(p, 9, 0) == JF_READABLE);
    OK(jf_poller_remove_fd(p, in));
    for (int i = 0; i < 3; i++) read_byte(in);
    OK(jf_poller_close(p));
}

static void pipes(void) {
    int end[2];
    CHECK(pipe2(end, O_CLOEXEC) == 0);
    readable_in_every_mode(end[0], end[1]);
    jf_poller p = OK(jf_poller_open()), full = OK(jf_poller_open());
    OK(jf_poller_add_fd(full, end[1], JF_WRITABLE, TOKEN));
    CHECK(reported_events(full, TOKEN, 0) == JF_WRITABLE);
    static char buffer[65536];
    CHECK(fcntl(end[1], F_SETFL, O_NONBLOCK) == 0);
    while (write(end[1], buffer, sizeof buffer) > 0) {
    }
    CHECK(is_quiet(full));
    CHECK(read(end[0], buffer, sizeof buffer) > 0);
    CHECK(reported_events(full, TOKEN, 0) == JF_WRITABLE);
        /* Closing one end is reported at the other. */
    OK(jf_poller_add_fd(p, end[0], 0, TOKEN));
    CHECK(is_quiet(p));
    OK(jf_poller_remove_fd(full, end[1]));
    close(end[1]);
    CHECK(reported_events(p, TOKEN, 0) == JF_HANGUP);
    OK(jf_poller_remove_fd(p, end[0]));
    close(end[0]);
    CHECK(pipe2(end, O_CLOEXEC) == 0);
    OK(jf_poller_add_fd(full, end[1], 0, TOKEN));
    close(end[0]);
    CHECK(reported_events(full, TOKEN, 0) == JF_ERROR);
        /* Closing the last descriptor removes the registration. */
    close(end[1]);
    CHECK(is_quiet(full));
    OK(jf_poller_close(p));
    OK(jf_poller_close(full));
}

static void eventfds_and_timers(void) {
    jf_poller p = OK(jf_poller_open());
    int fd = eventfd(0, EFD_CLOEXEC);
    uint64_t count = 3;
    OK(jf_poller_add_fd(p, fd, JF_READABLE, TOKEN));
    CHECK(is_quiet(p) && write(fd, &count, sizeof count) == sizeof count);
    CHECK(reported_events(p, TOKEN, 0) == JF_READABLE);
    CHECK(read(fd, &count, sizeof count) == sizeof count && count == 3 && is_quiet(p));
    OK(jf_poller_remove_fd(p, fd));
    close(fd);
    fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    struct itimerspec time = {{0, 0}, {0, 20000000}};
    OK(jf_poller_add_fd(p, fd, JF_READABLE, TOKEN));
    CHECK(timerfd_settime(fd, 0, &time, NULL) == 0);
    int64_t began = now_us();
    CHECK(reported_events(p, TOKEN, -1) == JF_READABLE && now_us() - began >= 20000 - 1000);
    OK(jf_poller_remove_fd(p, fd));
    close(fd);
    OK(jf_poller_close(p));
}

static void terminals(void) {
    int master, slave;
    struct termios raw;
    CHECK(openpty(&master, &slave, NULL, NULL, NULL) == 0);
    CHECK(tcgetattr(slave, &raw) == 0);
    cfmakeraw(&raw);
    CHECK(tcsetattr(slave, TCSANOW, &raw) == 0);
    readable_in_every_mode(slave, master);
    readable_in_every_mode(master, slave);
    jf_poller p = OK(jf_poller_open());
    OK(jf_poller_add_fd(p, master, JF_READABLE, TOKEN));
    close(slave);
    CHECK(reported_events(p, TOKEN, SOON_MS) & JF_HANGUP);
    OK(jf_poller_remove_fd(p, master));
    close(master);
    OK(jf_poller_close(p));
}

static void foreign_sockets(void) {
    int end[2];
    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, end) == 0);
    readable_in_every_mode(end[0], end[1]);
        /* The same descriptor as a socket of the library. */
    jf_poller p = OK(jf_poller_open());
    jf_socket s = OK(jf_from_fd(end[0]));
    OK(jf_poller_add(p, s, JF_READABLE, TOKEN));
    EXPECT(jf_poller_add_fd(p, end[0], JF_READABLE, 8), JF_E_EXISTS);
    write_byte(end[1]);
    CHECK(reported_events(p, TOKEN, 0) == JF_READABLE);
        /* A socket's registration can be modified and removed by its descriptor too. */
    OK(jf_poller_modify_fd(p, end[0], JF_READABLE, 8));
    CHECK(reported_events(p, 8, 0) == JF_READABLE);
    OK(jf_poller_remove_fd(p, end[0]));
    EXPECT(jf_poller_remove(p, s), JF_E_NOT_FOUND);
    CHECK(is_quiet(p));
    OK(jf_close(s));
    close(end[1]);
    OK(jf_poller_close(p));
}

/* Regular files and folders are always ready, so they cannot be registered. */
static void files_and_folders(void) {
    char path[] = "/tmp/jackfield-poller-XXXXXX";
    jf_poller p = OK(jf_poller_open());
    int file = mkstemp(path), folder = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CHECK(file >= 0 && unlink(path) == 0 && folder >= 0);
    const int none[] = {file, folder};
    for (size_t i = 0; i < 2; i++) {
        EXPECT(jf_poller_add_fd(p, none[i], JF_READABLE, TOKEN), JF_E_UNSUPPORTED);
        EXPECT(jf_poller_modify_fd(p, none[i], JF_READABLE, TOKEN), JF_E_UNSUPPORTED);
        EXPECT(jf_poller_remove_fd(p, none[i]), JF_E_UNSUPPORTED);
        close(none[i]);
        EXPECT(jf_poller_add_fd(p, none[i], JF_READABLE, TOKEN), JF_E_BAD_HANDLE);
        EXPECT(jf_poller_modify_fd(p, none[i], JF_READABLE, TOKEN), JF_E_BAD_HANDLE);
        EXPECT(jf_poller_remove_fd(p, none[i]), JF_E_BAD_HANDLE);
    }
    OK(jf_poller_close(p));
}

/* A poller inside another poller, in poll() and in epoll. */
static void pollers_in_pollers(uint32_t mode) {
    jf_socket s[2];
    jf_poller inner = OK(jf_poller_open()), outer = OK(jf_poller_open());
    int fd = (int)OK(jf_poller_fd(inner)), raw = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN};
    struct pollfd item = {fd, POLLIN | POLLOUT | POLLPRI | POLLRDHUP, 0};
    CHECK(raw >= 0 && epoll_ctl(raw, EPOLL_CTL_ADD, fd, &event) == 0);
    OK(jf_pair(JF_UNIX, JF_STREAM, s));
    OK(jf_poller_add(inner, s[0], JF_READABLE | mode, 1));
    OK(jf_poller_add_fd(outer, fd, ALL_EVENTS, 2));
    CHECK(is_quiet(outer) && poll(&item, 1, 0) == 0 && epoll_wait(raw, &event, 1, 0) == 0);
    for (int i = 0; i < 3; i++) {
        give_byte(s[1]);
        for (int k = 0; k < 2; k++) {
            CHECK(reported_events(outer, 2, SOON_MS) == JF_READABLE);
            CHECK(poll(&item, 1, 0) == 1 && item.revents == POLLIN && epoll_wait(raw, &event, 1, 0) == 1);
        }
        CHECK(reported_events(inner, 1, 0) == JF_READABLE);
        take_byte(s[0]);
        CHECK(is_quiet(inner) && is_quiet(outer) && poll(&item, 1, 0) == 0 && epoll_wait(raw, &event, 1, 0) == 0);
        if (mode == JF_ONE_SHOT) OK(jf_poller_modify(inner, s[0], JF_READABLE | mode, 1));
                /* A wake makes the poller's descriptor readable. */
        OK(jf_poller_wake(inner));
        CHECK(reported_events(outer, 2, 0) == JF_READABLE && poll(&item, 1, 0) == 1);
        jf_event e;
        EXPECT(jf_poller_wait(inner, &e, 1, -1), 0);
        CHECK(is_quiet(inner) && is_quiet(outer) && poll(&item, 1, 0) == 0);
    }
        /* When a socket leaves the inner poller, the outer one stops reporting. */
    give_byte(s[1]);
    CHECK(reported_events(outer, 2, 0) == JF_READABLE);
    close_both(s);
    CHECK(is_quiet(outer));
    OK(jf_poller_close(inner));
    CHECK(is_quiet(outer) && epoll_wait(raw, &event, 1, 0) == 0);
    close(raw);
    OK(jf_poller_close(outer));
}

/* A poller cannot wait for itself, directly or through others. */
static void no_cycles(void) {
    enum { CHAIN = 8 };
    jf_poller p[CHAIN];
    int made = 0;
    for (int i = 0; i < CHAIN; i++) {
        p[i] = OK(jf_poller_open());
        int64_t fd = OK(jf_poller_fd(p[i]));
        EXPECT(jf_poller_add_fd(p[i], fd, JF_READABLE, TOKEN), JF_E_UNSUPPORTED);
        EXPECT(jf_poller_modify_fd(p[i], fd, JF_READABLE, TOKEN), JF_E_NOT_FOUND);
        EXPECT(jf_poller_remove_fd(p[i], fd), JF_E_NOT_FOUND);
                /* The kernel limits the nesting depth. */
        int64_t result = i == 0 ? 0 : jf_poller_add_fd(p[i], OK(jf_poller_fd(p[i - 1])), JF_READABLE, TOKEN);
        CHECK(result == 0 || (i > 2 && result == JF_E_UNSUPPORTED));
        made += result == 0;
    }
    CHECK(made >= 3);
    EXPECT(jf_poller_add_fd(p[0], OK(jf_poller_fd(p[1])), JF_READABLE, TOKEN), JF_E_UNSUPPORTED);
    EXPECT(jf_poller_add_fd(p[0], OK(jf_poller_fd(p[2])), JF_READABLE, TOKEN), JF_E_UNSUPPORTED);
    OK(jf_poller_wake(p[0]));
    CHECK(reported_events(p[1], TOKEN, 0) == JF_READABLE && reported_events(p[2], TOKEN, 0) == JF_READABLE);
    for (int i = 0; i < CHAIN; i++) OK(jf_poller_close(p[i]));
}

/* No descriptor number removes or changes a poller's wake descriptor. */
static void wake_descriptor_is_private(void) {
    jf_poller q = OK(jf_poller_open());
    int pipe_end[2];
    CHECK(pipe2(pipe_end, O_CLOEXEC) == 0);
    for (int64_t fd = 0; fd < pipe_end[1]; fd++) {
        if (fcntl((int)fd, F_GETFD) == -1) continue;
        CHECK(jf_poller_remove_fd(q, fd) < 0);
        CHECK(jf_poller_modify_fd(q, fd, 0, TOKEN) < 0);
    }
    jf_event e;
    OK(jf_poller_wake(q));
    EXPECT(jf_poller_wait(q, &e, 1, -1), 0);
    OK(jf_poller_close(q));
    close(pipe_end[0]);
    close(pipe_end[1]);
}

/* Opens the maximum number of pollers; one more fails and leaks no descriptor. */
static void maximum_number(void) {
    enum { MAX_POLLERS = 1024 };
    static jf_poller p[MAX_POLLERS];
    struct rlimit limit, more;
    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    more = limit;
    if (more.rlim_cur < 4 * MAX_POLLERS) {
        more.rlim_cur = 4 * MAX_POLLERS;
        if (more.rlim_max < more.rlim_cur) more.rlim_max = more.rlim_cur;
        CHECK(setrlimit(RLIMIT_NOFILE, &more) == 0);
    }
    int descriptors = open_descriptors();
    jf_socket s[2];
    OK(jf_pair(JF_UNIX, JF_STREAM, s));
    jf_socket copy = OK(jf_dup(s[0]));
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < MAX_POLLERS; i++) {
            p[i] = OK(jf_poller_open());
            CHECK(p[i] > 0 && p[i] < (int64_t)1 << 53);
            OK(jf_poller_add(p[i], s[0], JF_READABLE, (uint64_t)i));
        }
        CHECK(open_descriptors() == descriptors + 3 + 2 * MAX_POLLERS);
        for (int i = 0; i < 3; i++) EXPECT(jf_poller_open(), JF_E_TOO_MANY_FILES);
        CHECK(open_descriptors() == descriptors + 3 + 2 * MAX_POLLERS);
                /* Closing one allows opening one. */
        OK(jf_poller_close(p[round * (MAX_POLLERS - 1)]));
        p[round * (MAX_POLLERS - 1)] = OK(jf_poller_open());
        EXPECT(jf_poller_open(), JF_E_TOO_MANY_FILES);
        OK(jf_poller_add(p[round * (MAX_POLLERS - 1)], s[0], JF_READABLE, 5));
                /* Closing a socket removes it from all of them. */
        give_byte(s[1]);
        CHECK(reported_events(p[MAX_POLLERS / 2], MAX_POLLERS / 2, 0) == JF_READABLE);
        OK(jf_close(s[0]));
        for (int i = 0; i < MAX_POLLERS; i++) CHECK(is_quiet(p[i]));
        for (int i = 0; i < MAX_POLLERS; i++) OK(jf_poller_close(p[round ? i : MAX_POLLERS - 1 - i]));
        s[0] = OK(jf_dup(copy));
    }
    OK(jf_close(copy));
    close_both(s);
    CHECK(open_descriptors() == descriptors);
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

/* There is no descriptor for the poller or for its wake descriptor: the call fails and leaks nothing. */
static void fd_exhaustion(void) {
    struct rlimit limit, few;
    int lowest = dup(0);
    CHECK(lowest >= 0 && close(lowest) == 0 && getrlimit(RLIMIT_NOFILE, &limit) == 0);
        /* Finds the next free numbers; there may be gaps. */
    int next = dup(0), after = dup(0);
    CHECK(close(next) == 0 && close(after) == 0);
    few = limit;
    for (int has_one = 0; has_one < 2; has_one++) {
        few.rlim_cur = (rlim_t)(has_one == 0 ? lowest : after);
        CHECK(setrlimit(RLIMIT_NOFILE, &few) == 0);
        for (int i = 0; i < 3; i++) EXPECT(jf_poller_open(), JF_E_TOO_MANY_FILES);
        CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    }
    few.rlim_cur = (rlim_t)(after + 1);
    CHECK(setrlimit(RLIMIT_NOFILE, &few) == 0);
    jf_poller p = OK(jf_poller_open());
    EXPECT(jf_poller_open(), JF_E_TOO_MANY_FILES);
    OK(jf_poller_close(p));
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

int main(int argc, char **argv) {
    slow = is_slow(argc, argv);
    watchdog(slow ? 280 : 110);
    int descriptors = open_descriptors();
    pipes();
    eventfds_and_timers();
    terminals();
    foreign_sockets();
    files_and_folders();
    if (!is_poll_backend()) {
        pollers_in_pollers(0);
        pollers_in_pollers(JF_EDGE);
        pollers_in_pollers(JF_ONE_SHOT);
        no_cycles();
    }
    wake_descriptor_is_private();
    fd_exhaustion();
    CHECK(open_descriptors() == descriptors);
    maximum_number();
    return 0;
}
