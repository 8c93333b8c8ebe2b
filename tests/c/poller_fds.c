/* A poller waits for plain descriptors and for other pollers, others wait for it, and there are only so many. */
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

/* One descriptor that is readable when something is written to the other, in every mode. */
static void readable(int in, int out) {
    jf_poller p = OK(jf_poller_open());
    OK(jf_poller_add_fd(p, in, JF_READABLE, TOKEN));
    EXPECT(jf_poller_add_fd(p, in, JF_READABLE, 8), JF_E_EXISTS);
    CHECK(is_quiet(p));
    write_byte(out);
    CHECK(told(p, TOKEN, SOON_MS) == JF_READABLE && told(p, TOKEN, 0) == JF_READABLE);
    read_byte(in);
    CHECK(is_quiet(p));
    int edges = !only_poll();
    EXPECT(jf_poller_modify_fd(p, in, JF_READABLE | JF_EDGE, UINT64_MAX - 1), edges ? 0 : JF_E_UNSUPPORTED);
    CHECK(is_quiet(p));
    for (int i = 0; i < 2; i++) {
        write_byte(out);
        CHECK(told(p, edges ? UINT64_MAX - 1 : TOKEN, SOON_MS) == JF_READABLE && (!edges || is_quiet(p)));
    }
    OK(jf_poller_modify_fd(p, in, JF_READABLE | JF_ONE_SHOT, 0));
    CHECK(told(p, 0, 0) == JF_READABLE && is_quiet(p));
    write_byte(out);
    CHECK(is_quiet(p));
    OK(jf_poller_remove_fd(p, in));
    EXPECT(jf_poller_remove_fd(p, in), JF_E_NOT_FOUND);
    EXPECT(jf_poller_modify_fd(p, in, JF_READABLE, TOKEN), JF_E_NOT_FOUND);
    CHECK(is_quiet(p));
    OK(jf_poller_add_fd(p, in, JF_READABLE, 9));
    CHECK(told(p, 9, 0) == JF_READABLE);
    OK(jf_poller_remove_fd(p, in));
    for (int i = 0; i < 3; i++) read_byte(in);
    OK(jf_poller_close(p));
}

static void pipes(void) {
    int end[2];
    CHECK(pipe2(end, O_CLOEXEC) == 0);
    readable(end[0], end[1]);
    jf_poller p = OK(jf_poller_open()), full = OK(jf_poller_open());
    OK(jf_poller_add_fd(full, end[1], JF_WRITABLE, TOKEN));
    CHECK(told(full, TOKEN, 0) == JF_WRITABLE);
    static char room[65536];
    CHECK(fcntl(end[1], F_SETFL, O_NONBLOCK) == 0);
    while (write(end[1], room, sizeof room) > 0) {
    }
    CHECK(is_quiet(full));
    CHECK(read(end[0], room, sizeof room) > 0);
    CHECK(told(full, TOKEN, 0) == JF_WRITABLE);
    /* The end of one is told at the other. */
    OK(jf_poller_add_fd(p, end[0], 0, TOKEN));
    CHECK(is_quiet(p));
    OK(jf_poller_remove_fd(full, end[1]));
    close(end[1]);
    CHECK(told(p, TOKEN, 0) == JF_HANGUP);
    OK(jf_poller_remove_fd(p, end[0]));
    close(end[0]);
    CHECK(pipe2(end, O_CLOEXEC) == 0);
    OK(jf_poller_add_fd(full, end[1], 0, TOKEN));
    close(end[0]);
    CHECK(told(full, TOKEN, 0) == JF_ERROR);
    /* Without being taken out: nobody else has it, so it is gone. */
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
    CHECK(told(p, TOKEN, 0) == JF_READABLE && read(fd, &count, sizeof count) == sizeof count && count == 3 && is_quiet(p));
    OK(jf_poller_remove_fd(p, fd));
    close(fd);
    fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    struct itimerspec time = {{0, 0}, {0, 20000000}};
    OK(jf_poller_add_fd(p, fd, JF_READABLE, TOKEN));
    CHECK(timerfd_settime(fd, 0, &time, NULL) == 0);
    int64_t began = now_us();
    CHECK(told(p, TOKEN, -1) == JF_READABLE && now_us() - began >= 20000 - 1000);
    OK(jf_poller_remove_fd(p, fd));
    close(fd);
    OK(jf_poller_close(p));
}

static void terminals(void) {
    int ours, theirs;
    struct termios raw;
    CHECK(openpty(&ours, &theirs, NULL, NULL, NULL) == 0);
    CHECK(tcgetattr(theirs, &raw) == 0);
    cfmakeraw(&raw);
    CHECK(tcsetattr(theirs, TCSANOW, &raw) == 0);
    readable(theirs, ours);
    readable(ours, theirs);
    jf_poller p = OK(jf_poller_open());
    OK(jf_poller_add_fd(p, ours, JF_READABLE, TOKEN));
    close(theirs);
    CHECK(told(p, TOKEN, SOON_MS) & JF_HANGUP);
    OK(jf_poller_remove_fd(p, ours));
    close(ours);
    OK(jf_poller_close(p));
}

static void sockets_of_others(void) {
    int end[2];
    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, end) == 0);
    readable(end[0], end[1]);
    /* And then one of the library's. */
    jf_poller p = OK(jf_poller_open());
    jf_socket s = OK(jf_from_fd(end[0]));
    OK(jf_poller_add(p, s, JF_READABLE, TOKEN));
    EXPECT(jf_poller_add_fd(p, end[0], JF_READABLE, 8), JF_E_EXISTS);
    write_byte(end[1]);
    CHECK(told(p, TOKEN, 0) == JF_READABLE);
    /* By its descriptor a socket can be changed and taken out, too. */
    OK(jf_poller_modify_fd(p, end[0], JF_READABLE, 8));
    CHECK(told(p, 8, 0) == JF_READABLE);
    OK(jf_poller_remove_fd(p, end[0]));
    EXPECT(jf_poller_remove(p, s), JF_E_NOT_FOUND);
    CHECK(is_quiet(p));
    OK(jf_close(s));
    close(end[1]);
    OK(jf_poller_close(p));
}

/* What is always ready can't be waited for. */
static void files(void) {
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

/* A poller in a poller, in the system's poll and in its epoll. */
static void pollers_in_pollers(uint32_t mode) {
    jf_socket s[2];
    jf_poller inner = OK(jf_poller_open()), outer = OK(jf_poller_open());
    int fd = (int)OK(jf_poller_fd(inner)), raw = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN};
    struct pollfd item = {fd, POLLIN | POLLOUT | POLLPRI | POLLRDHUP, 0};
    CHECK(raw >= 0 && epoll_ctl(raw, EPOLL_CTL_ADD, fd, &event) == 0);
    OK(jf_pair(JF_UNIX, JF_STREAM, s));
    OK(jf_poller_add(inner, s[0], JF_READABLE | mode, 1));
    OK(jf_poller_add_fd(outer, fd, EVERY, 2));
    CHECK(is_quiet(outer) && poll(&item, 1, 0) == 0 && epoll_wait(raw, &event, 1, 0) == 0);
    for (int i = 0; i < 3; i++) {
        give_byte(s[1]);
        for (int k = 0; k < 2; k++) {
            CHECK(told(outer, 2, SOON_MS) == JF_READABLE);
            CHECK(poll(&item, 1, 0) == 1 && item.revents == POLLIN && epoll_wait(raw, &event, 1, 0) == 1);
        }
        CHECK(told(inner, 1, 0) == JF_READABLE);
        take_byte(s[0]);
        CHECK(is_quiet(inner) && is_quiet(outer) && poll(&item, 1, 0) == 0 && epoll_wait(raw, &event, 1, 0) == 0);
        if (mode == JF_ONE_SHOT) OK(jf_poller_modify(inner, s[0], JF_READABLE | mode, 1));
        /* A wake is something to wait for as well. */
        OK(jf_poller_wake(inner));
        CHECK(told(outer, 2, 0) == JF_READABLE && poll(&item, 1, 0) == 1);
        jf_event e;
        EXPECT(jf_poller_wait(inner, &e, 1, -1), 0);
        CHECK(is_quiet(inner) && is_quiet(outer) && poll(&item, 1, 0) == 0);
    }
    /* What leaves the inner one, the outer one does not wait for. */
    give_byte(s[1]);
    CHECK(told(outer, 2, 0) == JF_READABLE);
    close_both(s);
    CHECK(is_quiet(outer));
    OK(jf_poller_close(inner));
    CHECK(is_quiet(outer) && epoll_wait(raw, &event, 1, 0) == 0);
    close(raw);
    OK(jf_poller_close(outer));
}

/* No poller waits for itself, not by way of others either. */
static void circles(void) {
    enum { LONG = 8 };
    jf_poller p[LONG];
    int made = 0;
    for (int i = 0; i < LONG; i++) {
        p[i] = OK(jf_poller_open());
        int64_t fd = OK(jf_poller_fd(p[i]));
        EXPECT(jf_poller_add_fd(p[i], fd, JF_READABLE, TOKEN), JF_E_UNSUPPORTED);
        EXPECT(jf_poller_modify_fd(p[i], fd, JF_READABLE, TOKEN), JF_E_NOT_FOUND);
        EXPECT(jf_poller_remove_fd(p[i], fd), JF_E_NOT_FOUND);
        /* The system nests them to some depth. */
        int64_t result = i == 0 ? 0 : jf_poller_add_fd(p[i], OK(jf_poller_fd(p[i - 1])), JF_READABLE, TOKEN);
        CHECK(result == 0 || (i > 2 && result == JF_E_UNSUPPORTED));
        made += result == 0;
    }
    CHECK(made >= 3);
    EXPECT(jf_poller_add_fd(p[0], OK(jf_poller_fd(p[1])), JF_READABLE, TOKEN), JF_E_UNSUPPORTED);
    EXPECT(jf_poller_add_fd(p[0], OK(jf_poller_fd(p[2])), JF_READABLE, TOKEN), JF_E_UNSUPPORTED);
    OK(jf_poller_wake(p[0]));
    CHECK(told(p[1], TOKEN, 0) == JF_READABLE && told(p[2], TOKEN, 0) == JF_READABLE);
    for (int i = 0; i < LONG; i++) OK(jf_poller_close(p[i]));
}

/* Whatever numbers are tried, none takes away a poller's wake. */
static void wakes_are_its_own(void) {
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

/* As many as there may be, and no descriptor left of one too many. */
static void as_many_as_there_may_be(void) {
    enum { MOST = 1024 };
    static jf_poller p[MOST];
    struct rlimit limit, more;
    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    more = limit;
    if (more.rlim_cur < 4 * MOST) {
        more.rlim_cur = 4 * MOST;
        if (more.rlim_max < more.rlim_cur) more.rlim_max = more.rlim_cur;
        CHECK(setrlimit(RLIMIT_NOFILE, &more) == 0);
    }
    int descriptors = open_descriptors();
    jf_socket s[2];
    OK(jf_pair(JF_UNIX, JF_STREAM, s));
    jf_socket copy = OK(jf_dup(s[0]));
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < MOST; i++) {
            p[i] = OK(jf_poller_open());
            CHECK(p[i] > 0 && p[i] < (int64_t)1 << 53);
            OK(jf_poller_add(p[i], s[0], JF_READABLE, (uint64_t)i));
        }
        CHECK(open_descriptors() == descriptors + 3 + 2 * MOST);
        for (int i = 0; i < 3; i++) EXPECT(jf_poller_open(), JF_E_TOO_MANY_FILES);
        CHECK(open_descriptors() == descriptors + 3 + 2 * MOST);
        /* One gone is room for one. */
        OK(jf_poller_close(p[round * (MOST - 1)]));
        p[round * (MOST - 1)] = OK(jf_poller_open());
        EXPECT(jf_poller_open(), JF_E_TOO_MANY_FILES);
        OK(jf_poller_add(p[round * (MOST - 1)], s[0], JF_READABLE, 5));
        /* A socket that is in all of them leaves them all. */
        give_byte(s[1]);
        CHECK(told(p[MOST / 2], MOST / 2, 0) == JF_READABLE);
        OK(jf_close(s[0]));
        for (int i = 0; i < MOST; i++) CHECK(is_quiet(p[i]));
        for (int i = 0; i < MOST; i++) OK(jf_poller_close(p[round ? i : MOST - 1 - i]));
        s[0] = OK(jf_dup(copy));
    }
    OK(jf_close(copy));
    close_both(s);
    CHECK(open_descriptors() == descriptors);
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

/* No descriptor for the poller, or for its wake: nothing is left of it. */
static void too_few_descriptors(void) {
    struct rlimit limit, few;
    int lowest = dup(0);
    CHECK(lowest >= 0 && close(lowest) == 0 && getrlimit(RLIMIT_NOFILE, &limit) == 0);
    /* There may be gaps above. */
    int next = dup(0), after = dup(0);
    CHECK(close(next) == 0 && close(after) == 0);
    few = limit;
    for (int room = 0; room < 2; room++) {
        few.rlim_cur = (rlim_t)(room == 0 ? lowest : after);
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
    sockets_of_others();
    files();
    if (!only_poll()) {
        pollers_in_pollers(0);
        pollers_in_pollers(JF_EDGE);
        pollers_in_pollers(JF_ONE_SHOT);
        circles();
    }
    wakes_are_its_own();
    too_few_descriptors();
    CHECK(open_descriptors() == descriptors);
    as_many_as_there_may_be();
    return 0;
}
