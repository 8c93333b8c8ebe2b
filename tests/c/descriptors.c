/* Descriptors on their way in and out, and two handles for one socket. */
#include "clock.h"
#include "flight.h"
#include "pairs.h"

#include <fcntl.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static char room[16];

static int flags_of(int fd) {
    int flags = fcntl(fd, F_GETFL);
    CHECK(flags >= 0);
    return flags;
}

static int closes_on_exec(int fd) {
    int flags = fcntl(fd, F_GETFD);
    CHECK(flags >= 0);
    return flags & FD_CLOEXEC;
}

static int64_t get(jf_socket s, int option) {
    int64_t value = 77;
    OK(jf_get(s, option, &value));
    return value;
}

/* What is refused stays the caller's: open, and with the flags and times it had. */
static void refused(int fd, int64_t code, int64_t other_code) {
    struct timeval time, before = {3, 0};
    socklen_t len = sizeof time;
    CHECK(fd >= 0);
    int is_socket = setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &before, sizeof before) == 0;
    for (int on = 0; on < 2; on++) {
        CHECK(fcntl(fd, F_SETFL, on ? O_NONBLOCK : 0) == 0);
        CHECK(fcntl(fd, F_SETFD, on ? FD_CLOEXEC : 0) == 0);
        int flags = flags_of(fd);
        int64_t result = jf_from_fd(fd);
        if (result != other_code) EXPECT(result, code);
        CHECK(flags_of(fd) == flags);
        CHECK(!!closes_on_exec(fd) == on);
        if (is_socket) CHECK(getsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, &len) == 0 && time.tv_sec == 3);
    }
    CHECK(close(fd) == 0);
}

static void what_is_no_socket(void) {
    int pipes[2];
    CHECK(pipe(pipes) == 0);
    refused(pipes[0], JF_E_NOT_SOCKET, JF_E_NOT_SOCKET);
    refused(pipes[1], JF_E_NOT_SOCKET, JF_E_NOT_SOCKET);
    refused(open("/dev/null", O_RDWR), JF_E_NOT_SOCKET, JF_E_NOT_SOCKET);
    EXPECT(jf_from_fd(pipes[0]), JF_E_BAD_HANDLE);
    EXPECT(jf_from_fd(-1), JF_E_BAD_HANDLE);
    EXPECT(jf_from_fd(INT64_MIN), JF_E_BAD_HANDLE);
    EXPECT(jf_from_fd(INT64_MAX), JF_E_BAD_HANDLE);
    EXPECT(jf_from_fd(INT32_MAX), JF_E_BAD_HANDLE);
    EXPECT(jf_from_fd(1000000), JF_E_BAD_HANDLE);
    /* Numbers whose lower half is an open descriptor. */
    EXPECT(jf_from_fd((int64_t)1 << 32), JF_E_BAD_HANDLE);
    EXPECT(jf_from_fd(((int64_t)1 << 32) + 1), JF_E_BAD_HANDLE);
    EXPECT(jf_from_fd(INT64_MIN + 1), JF_E_BAD_HANDLE);
    /* A socket of a family without a number here, whichever of them the system has. */
    int other = socket(AF_XDP, SOCK_RAW, 0);
    if (other < 0) other = socket(AF_ALG, SOCK_SEQPACKET, 0);
    refused(other, JF_E_FAMILY_UNSUPPORTED, JF_E_FAMILY_UNSUPPORTED);
}

/* A raw socket needs a right that not everyone has; the tests run with it. */
static void raw(void) {
    static const int sockets[][5] = {{AF_INET, SOCK_RAW, IPPROTO_ICMP, JF_INET, JF_RAW},
                                     {AF_INET6, SOCK_RAW, IPPROTO_ICMPV6, JF_INET6, JF_RAW},
                                     {AF_NETLINK, SOCK_DGRAM, NETLINK_ROUTE, JF_NETLINK, JF_DGRAM},
                                     {AF_NETLINK, SOCK_RAW, NETLINK_ROUTE, JF_NETLINK, JF_RAW},
                                     {AF_PACKET, SOCK_DGRAM, 0, JF_PACKET, JF_DGRAM},
                                     {AF_PACKET, SOCK_RAW, 0, JF_PACKET, JF_RAW}};
    for (int i = 0; i < 6; i++) {
        jf_socket s = OK(jf_from_fd(socket(sockets[i][0], sockets[i][1], sockets[i][2])));
        CHECK(get(s, JF_OPT_FAMILY) == sockets[i][3] && get(s, JF_OPT_TYPE) == sockets[i][4]);
        OK(jf_close(s));
    }
}

static void imported(void) {
    static const int families[][2] = {{AF_INET, JF_INET}, {AF_INET6, JF_INET6}, {AF_UNIX, JF_UNIX}};
    static const int types[][2] = {{SOCK_STREAM, JF_STREAM}, {SOCK_DGRAM, JF_DGRAM}, {SOCK_SEQPACKET, JF_SEQPACKET}};
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < (i == 2 ? 3 : 2); j++) {
            int fd = socket(families[i][0], types[j][0], 0);
            CHECK(fd >= 0 && !closes_on_exec(fd));
            jf_socket s = OK(jf_from_fd(fd));
            EXPECT(jf_fd(s), fd);
            CHECK(closes_on_exec(fd));
            CHECK(get(s, JF_OPT_FAMILY) == families[i][1] && get(s, JF_OPT_TYPE) == types[j][1]);
            CHECK(get(s, JF_OPT_RECV_TIMEOUT) == -1 && get(s, JF_OPT_SEND_TIMEOUT) == -1);
            OK(jf_close(s));
            CHECK(fcntl(fd, F_GETFD) == -1);
        }
}

static void non_blocking(void) {
    int fds[2];
    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == 0);
    jf_socket s = OK(jf_from_fd(fds[0]));
    CHECK(get(s, JF_OPT_RECV_TIMEOUT) == 0 && get(s, JF_OPT_SEND_TIMEOUT) == 0);
    EXPECT(jf_recv(s, room, 1, 0), JF_E_WOULD_BLOCK);
    /* A time can be set, and then it waits; sending still does not. */
    OK(jf_set(s, JF_OPT_RECV_TIMEOUT, 60));
    double since = clock_ms();
    EXPECT(jf_recv(s, room, 1, 0), JF_E_TIMED_OUT);
    TOOK(since, 60);
    CHECK(get(s, JF_OPT_SEND_TIMEOUT) == 0);
    static char big[4 << 20];
    size_t sent = 0;
    EXPECT(jf_send_all(s, big, sizeof big, &sent), JF_E_WOULD_BLOCK);
    CHECK(sent > 0);
    OK(jf_close(s));
    CHECK(close(fds[1]) == 0);
}

static void with_times(void) {
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    struct timeval recv_time = {1, 500000}, send_time = {2, 0};
    CHECK(fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &recv_time, sizeof recv_time) == 0);
    CHECK(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &send_time, sizeof send_time) == 0);
    jf_socket s = OK(jf_from_fd(fd));
    CHECK(get(s, JF_OPT_RECV_TIMEOUT) == 1500 && get(s, JF_OPT_SEND_TIMEOUT) == 2000);
    OK(jf_close(s));

    fd = socket(AF_INET, SOCK_DGRAM, 0);
    recv_time = (struct timeval){0, 100000};
    CHECK(fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &recv_time, sizeof recv_time) == 0);
    s = OK(jf_from_fd(fd));
    double since = clock_ms();
    EXPECT(jf_recv(s, room, 1, 0), JF_E_TIMED_OUT);
    TOOK(since, 100);
    OK(jf_close(s));
}

static int64_t time_of(int fd, int name) {
    struct timeval time;
    socklen_t len = sizeof time;
    CHECK(getsockopt(fd, SOL_SOCKET, name, &time, &len) == 0);
    return (int64_t)time.tv_sec * 1000 + time.tv_usec / 1000;
}

static void given_up(enum kind kind) {
    jf_socket s[2];
    for (int timed = 0; timed < 2; timed++) {
        connected(kind, s);
        OK(jf_set(s[0], JF_OPT_RECV_TIMEOUT, timed ? 1500 : -1));
        OK(jf_set(s[0], JF_OPT_SEND_TIMEOUT, timed ? 2000 : -1));
        int64_t fd = OK(jf_fd(s[0]));
        EXPECT(jf_into_fd(s[0]), fd);
        EXPECT(jf_into_fd(s[0]), JF_E_BAD_HANDLE);
        EXPECT(jf_fd(s[0]), JF_E_BAD_HANDLE);
        EXPECT(jf_close(s[0]), JF_E_BAD_HANDLE);
        CHECK(!(flags_of((int)fd) & O_NONBLOCK) && closes_on_exec((int)fd));
        CHECK(time_of((int)fd, SO_RCVTIMEO) == (timed ? 1500 : 0));
        CHECK(time_of((int)fd, SO_SNDTIMEO) == (timed ? 2000 : 0));
        /* It still speaks with the other end, by itself and when it comes back. */
        CHECK(send((int)fd, "a", 1, 0) == 1);
        EXPECT(jf_recv(s[1], room, 1, 0), 1);
        jf_socket again = OK(jf_from_fd(fd));
        CHECK(again != s[0] && get(again, JF_OPT_RECV_TIMEOUT) == (timed ? 1500 : -1));
        CHECK(get(again, JF_OPT_SEND_TIMEOUT) == (timed ? 2000 : -1));
        EXPECT(jf_send(s[1], "b", 1, 0), 1);
        EXPECT(jf_recv(again, room, 1, 0), 1);
        s[0] = again;
        close_both(s);
    }
}

/* Not waiting is no state of a descriptor that was opened here, so none is given up with it. */
static void given_up_impatient(void) {
    jf_addr a;
    jf_socket l = listening("127.0.0.1:0", &a);
    OK(jf_set(l, JF_OPT_RECV_TIMEOUT, 0));
    EXPECT(jf_accept(l, NULL), JF_E_WOULD_BLOCK);
    int64_t fd = OK(jf_into_fd(l));
    CHECK(!(flags_of((int)fd) & O_NONBLOCK));
    CHECK(close((int)fd) == 0);
}

static int64_t receive(void *socket) {
    char got = 0;
    return jf_recv(*(jf_socket *)socket, &got, 1, 0) == 1 ? got : -1;
}

/* While a call is in flight the descriptor stays. */
static void busy(enum kind kind) {
    jf_socket s[2];
    flight f;
    connected(kind, s);
    start(&f, "jf_recv", receive, &s[0], 0);
    await_sleep(&f);
    EXPECT(jf_into_fd(s[0]), JF_E_BUSY);
    EXPECT(jf_send(s[1], "!", 1, 0), 1);
    EXPECT(finish(&f), '!');
    int64_t fd = OK(jf_into_fd(s[0]));
    CHECK(close((int)fd) == 0);
    OK(jf_close(s[1]));
}

static void duplicated(enum kind kind) {
    for (int first = 0; first < 2; first++) {
        jf_socket s[2], d[2];
        connected(kind, s);
        OK(jf_set(s[0], JF_OPT_RECV_TIMEOUT, 5000));
        d[0] = s[0];
        d[1] = OK(jf_dup(s[0]));
        CHECK(d[0] != d[1] && OK(jf_fd(d[0])) != OK(jf_fd(d[1])) && closes_on_exec((int)OK(jf_fd(d[1]))));
        CHECK(get(d[1], JF_OPT_RECV_TIMEOUT) == 5000 && get(d[1], JF_OPT_TYPE) == kind_type(kind));
        for (int i = 0; i < 2; i++) {
            EXPECT(jf_send(d[i], "a", 1, 0), 1);
            EXPECT(jf_recv(s[1], room, 1, 0), 1);
            EXPECT(jf_send(s[1], "b", 1, 0), 1);
            EXPECT(jf_recv(d[i], room, 1, 0), 1);
        }
        OK(jf_close(d[first]));
        EXPECT(jf_send(d[first], "a", 1, 0), JF_E_BAD_HANDLE);
        EXPECT(jf_send(d[!first], "a", 1, 0), 1);
        EXPECT(jf_recv(s[1], room, 1, 0), 1);
        EXPECT(jf_recv(s[1], room, 1, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
        EXPECT(jf_send(s[1], "b", 1, 0), 1);
        EXPECT(jf_recv(d[!first], room, 1, 0), 1);
        OK(jf_close(d[!first]));
        if (kind_type(kind) == JF_STREAM) EXPECT(jf_recv(s[1], room, 1, 0), 0);
        OK(jf_close(s[1]));
    }
}

/* Where no descriptor is to be had, that is what is said: not that something is not there, or not right. */
static void none_left(int slow) {
    struct rlimit most, few;
    jf_addr a;
    jf_socket s = OK(jf_open(JF_UNIX, JF_DGRAM, 0));
    jf_wait_item items[8];
    for (int i = 0; i < 8; i++) items[i] = (jf_wait_item){s, JF_WRITABLE, 0};
    CHECK(getrlimit(RLIMIT_NOFILE, &most) == 0);
    few = most;
    for (few.rlim_cur = 0; few.rlim_cur <= 4; few.rlim_cur++) {
        CHECK(setrlimit(RLIMIT_NOFILE, &few) == 0);
        EXPECT(jf_dup(s), JF_E_TOO_MANY_FILES);
        EXPECT(jf_open(JF_UNIX, JF_DGRAM, 0), JF_E_TOO_MANY_FILES);
        EXPECT(jf_addr_parse("[fe80::1%lo]:1", &a), JF_E_TOO_MANY_FILES);
        /* valgrind keeps this limit itself, and polls without it. */
        if (!slow) EXPECT(jf_wait(items, 8, 0), JF_E_TOO_MANY_FILES);
    }
    CHECK(setrlimit(RLIMIT_NOFILE, &most) == 0);
    EXPECT(jf_wait(items, 8, 0), 8);
    OK(jf_addr_parse("[fe80::1%lo]:1", &a));
    EXPECT(jf_addr_parse("[fe80::1%nosuch]:1", &a), JF_E_NOT_FOUND);
    OK(jf_close(OK(jf_dup(s))));
    OK(jf_close(s));
}

int main(int argc, char **argv) {
    what_is_no_socket();
    raw();
    imported();
    non_blocking();
    with_times();
    for (int kind = 0; kind < KINDS; kind++) {
        given_up(kind);
        busy(kind);
        duplicated(kind);
    }
    given_up_impatient();
    none_left(is_slow(argc, argv));
    return 0;
}
