/* Importing, exporting and duplicating file descriptors. */
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

static char buffer[16];

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

/* A refused descriptor stays the caller's: open, with the same flags and timeouts. */
static void check_refused(int fd, int64_t code, int64_t other_code) {
    struct timeval timeout, before = {3, 0};
    socklen_t len = sizeof timeout;
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
        if (is_socket) CHECK(getsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, &len) == 0 && timeout.tv_sec == 3);
    }
    CHECK(close(fd) == 0);
}

static void check_non_sockets(void) {
    int pipes[2];
    CHECK(pipe(pipes) == 0);
    check_refused(pipes[0], JF_E_NOT_SOCKET, JF_E_NOT_SOCKET);
    check_refused(pipes[1], JF_E_NOT_SOCKET, JF_E_NOT_SOCKET);
    check_refused(open("/dev/null", O_RDWR), JF_E_NOT_SOCKET, JF_E_NOT_SOCKET);
    EXPECT(jf_from_fd(pipes[0]), JF_E_BAD_HANDLE);
    EXPECT(jf_from_fd(-1), JF_E_BAD_HANDLE);
    EXPECT(jf_from_fd(INT64_MIN), JF_E_BAD_HANDLE);
    EXPECT(jf_from_fd(INT64_MAX), JF_E_BAD_HANDLE);
    EXPECT(jf_from_fd(INT32_MAX), JF_E_BAD_HANDLE);
    EXPECT(jf_from_fd(1000000), JF_E_BAD_HANDLE);
    /* Numbers whose low 32 bits are an open descriptor. */
    EXPECT(jf_from_fd((int64_t)1 << 32), JF_E_BAD_HANDLE);
    EXPECT(jf_from_fd(((int64_t)1 << 32) + 1), JF_E_BAD_HANDLE);
    EXPECT(jf_from_fd(INT64_MIN + 1), JF_E_BAD_HANDLE);
    /* A socket of a family that the library does not know: AF_XDP or AF_ALG, whichever the kernel supports. */
    int unknown = socket(AF_XDP, SOCK_RAW, 0);
    if (unknown < 0) unknown = socket(AF_ALG, SOCK_SEQPACKET, 0);
    check_refused(unknown, JF_E_FAMILY_UNSUPPORTED, JF_E_FAMILY_UNSUPPORTED);
}

/* Raw sockets require CAP_NET_RAW; the tests run as root. */
static void check_raw_import(void) {
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

static void check_import(void) {
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

static void check_non_blocking_import(void) {
    int fds[2];
    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == 0);
    jf_socket s = OK(jf_from_fd(fds[0]));
    CHECK(get(s, JF_OPT_RECV_TIMEOUT) == 0 && get(s, JF_OPT_SEND_TIMEOUT) == 0);
    EXPECT(jf_recv(s, buffer, 1, 0), JF_E_WOULD_BLOCK);
    /* A receive timeout makes receiving block; sending stays non-blocking. */
    OK(jf_set(s, JF_OPT_RECV_TIMEOUT, 60));
    double since = clock_ms();
    EXPECT(jf_recv(s, buffer, 1, 0), JF_E_TIMED_OUT);
    TOOK(since, 60);
    CHECK(get(s, JF_OPT_SEND_TIMEOUT) == 0);
    static char big[4 << 20];
    size_t sent = 0;
    EXPECT(jf_send_all(s, big, sizeof big, &sent), JF_E_WOULD_BLOCK);
    CHECK(sent > 0);
    OK(jf_close(s));
    CHECK(close(fds[1]) == 0);
}

static void check_import_with_timeouts(void) {
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    struct timeval recv_timeout = {1, 500000}, send_timeout = {2, 0};
    CHECK(fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &recv_timeout, sizeof recv_timeout) == 0);
    CHECK(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &send_timeout, sizeof send_timeout) == 0);
    jf_socket s = OK(jf_from_fd(fd));
    CHECK(get(s, JF_OPT_RECV_TIMEOUT) == 1500 && get(s, JF_OPT_SEND_TIMEOUT) == 2000);
    OK(jf_close(s));

    fd = socket(AF_INET, SOCK_DGRAM, 0);
    recv_timeout = (struct timeval){0, 100000};
    CHECK(fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &recv_timeout, sizeof recv_timeout) == 0);
    s = OK(jf_from_fd(fd));
    double since = clock_ms();
    EXPECT(jf_recv(s, buffer, 1, 0), JF_E_TIMED_OUT);
    TOOK(since, 100);
    OK(jf_close(s));
}

static int64_t kernel_timeout_ms(int fd, int name) {
    struct timeval timeout;
    socklen_t len = sizeof timeout;
    CHECK(getsockopt(fd, SOL_SOCKET, name, &timeout, &len) == 0);
    return (int64_t)timeout.tv_sec * 1000 + timeout.tv_usec / 1000;
}

static void check_into_fd(enum kind kind) {
    jf_socket s[2];
    for (int has_timeouts = 0; has_timeouts < 2; has_timeouts++) {
        connected(kind, s);
        OK(jf_set(s[0], JF_OPT_RECV_TIMEOUT, has_timeouts ? 1500 : -1));
        OK(jf_set(s[0], JF_OPT_SEND_TIMEOUT, has_timeouts ? 2000 : -1));
        int64_t fd = OK(jf_fd(s[0]));
        EXPECT(jf_into_fd(s[0]), fd);
        EXPECT(jf_into_fd(s[0]), JF_E_CLOSED);
        EXPECT(jf_fd(s[0]), JF_E_CLOSED);
        EXPECT(jf_close(s[0]), JF_E_CLOSED);
        CHECK(!(flags_of((int)fd) & O_NONBLOCK) && closes_on_exec((int)fd));
        CHECK(kernel_timeout_ms((int)fd, SO_RCVTIMEO) == (has_timeouts ? 1500 : 0));
        CHECK(kernel_timeout_ms((int)fd, SO_SNDTIMEO) == (has_timeouts ? 2000 : 0));
        /* The descriptor still works as a plain file descriptor, and after it is imported again. */
        CHECK(send((int)fd, "a", 1, 0) == 1);
        EXPECT(jf_recv(s[1], buffer, 1, 0), 1);
        jf_socket again = OK(jf_from_fd(fd));
        CHECK(again != s[0] && get(again, JF_OPT_RECV_TIMEOUT) == (has_timeouts ? 1500 : -1));
        CHECK(get(again, JF_OPT_SEND_TIMEOUT) == (has_timeouts ? 2000 : -1));
        EXPECT(jf_send(s[1], "b", 1, 0), 1);
        EXPECT(jf_recv(again, buffer, 1, 0), 1);
        s[0] = again;
        close_both(s);
    }
}

/* A timeout of 0 does not set O_NONBLOCK on the descriptor, so jf_into_fd returns a blocking one. */
static void check_into_fd_after_non_blocking_call(void) {
    jf_addr a;
    jf_socket l = listening("127.0.0.1:0", &a);
    OK(jf_set(l, JF_OPT_RECV_TIMEOUT, 0));
    EXPECT(jf_accept(l, NULL), JF_E_WOULD_BLOCK);
    int64_t fd = OK(jf_into_fd(l));
    CHECK(!(flags_of((int)fd) & O_NONBLOCK));
    CHECK(close((int)fd) == 0);
}

static int64_t receive_byte(void *socket) {
    char byte = 0;
    return jf_recv(*(jf_socket *)socket, &byte, 1, 0) == 1 ? byte : -1;
}

/* jf_into_fd is refused during a call in flight. */
static void check_into_fd_during_call(enum kind kind) {
    jf_socket s[2];
    flight f;
    connected(kind, s);
    start(&f, "jf_recv", receive_byte, &s[0], 0);
    await_sleep(&f);
    EXPECT(jf_into_fd(s[0]), JF_E_BUSY);
    EXPECT(jf_send(s[1], "!", 1, 0), 1);
    EXPECT(finish(&f), '!');
    int64_t fd = OK(jf_into_fd(s[0]));
    CHECK(close((int)fd) == 0);
    OK(jf_close(s[1]));
}

static void check_dup(enum kind kind) {
    for (int closed_first = 0; closed_first < 2; closed_first++) {
        jf_socket s[2], handles[2];
        connected(kind, s);
        OK(jf_set(s[0], JF_OPT_RECV_TIMEOUT, 5000));
        handles[0] = s[0];
        handles[1] = OK(jf_dup(s[0]));
        CHECK(handles[0] != handles[1] && OK(jf_fd(handles[0])) != OK(jf_fd(handles[1])));
        CHECK(closes_on_exec((int)OK(jf_fd(handles[1]))));
        CHECK(get(handles[1], JF_OPT_RECV_TIMEOUT) == 5000 && get(handles[1], JF_OPT_TYPE) == kind_type(kind));
        for (int i = 0; i < 2; i++) {
            EXPECT(jf_send(handles[i], "a", 1, 0), 1);
            EXPECT(jf_recv(s[1], buffer, 1, 0), 1);
            EXPECT(jf_send(s[1], "b", 1, 0), 1);
            EXPECT(jf_recv(handles[i], buffer, 1, 0), 1);
        }
        OK(jf_close(handles[closed_first]));
        EXPECT(jf_send(handles[closed_first], "a", 1, 0), JF_E_CLOSED);
        EXPECT(jf_send(handles[!closed_first], "a", 1, 0), 1);
        EXPECT(jf_recv(s[1], buffer, 1, 0), 1);
        EXPECT(jf_recv(s[1], buffer, 1, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
        EXPECT(jf_send(s[1], "b", 1, 0), 1);
        EXPECT(jf_recv(handles[!closed_first], buffer, 1, 0), 1);
        OK(jf_close(handles[!closed_first]));
        if (kind_type(kind) == JF_STREAM) EXPECT(jf_recv(s[1], buffer, 1, 0), 0);
        OK(jf_close(s[1]));
    }
}

/* Without a free descriptor, calls return JF_E_TOO_MANY_FILES, not JF_E_NOT_FOUND or JF_E_INVALID. */
static void check_fd_exhaustion(int slow) {
    struct rlimit limit, lowered;
    jf_addr a;
    jf_socket s = OK(jf_open(JF_UNIX, JF_DGRAM, 0));
    jf_wait_item items[8];
    for (int i = 0; i < 8; i++) items[i] = (jf_wait_item){s, JF_WRITABLE, 0};
    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    lowered = limit;
    for (lowered.rlim_cur = 0; lowered.rlim_cur <= 4; lowered.rlim_cur++) {
        CHECK(setrlimit(RLIMIT_NOFILE, &lowered) == 0);
        EXPECT(jf_dup(s), JF_E_TOO_MANY_FILES);
        EXPECT(jf_open(JF_UNIX, JF_DGRAM, 0), JF_E_TOO_MANY_FILES);
        EXPECT(jf_addr_parse("[fe80::1%lo]:1", &a), JF_E_TOO_MANY_FILES);
        /* valgrind enforces RLIMIT_NOFILE itself, and poll(2) succeeds under it. */
        if (!slow) EXPECT(jf_wait(items, 8, 0), JF_E_TOO_MANY_FILES);
    }
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    EXPECT(jf_wait(items, 8, 0), 8);
    OK(jf_addr_parse("[fe80::1%lo]:1", &a));
    EXPECT(jf_addr_parse("[fe80::1%nosuch]:1", &a), JF_E_NOT_FOUND);
    OK(jf_close(OK(jf_dup(s))));
    OK(jf_close(s));
}

int main(int argc, char **argv) {
    check_non_sockets();
    check_raw_import();
    check_import();
    check_non_blocking_import();
    check_import_with_timeouts();
    for (int kind = 0; kind < KINDS; kind++) {
        check_into_fd(kind);
        check_into_fd_during_call(kind);
        check_dup(kind);
    }
    check_into_fd_after_non_blocking_call();
    check_fd_exhaustion(is_slow(argc, argv));
    return 0;
}
