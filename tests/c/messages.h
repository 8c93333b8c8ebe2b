/* What the tests of messages share. */
#ifndef MESSAGES_H
#define MESSAGES_H

#include "pairs.h"

#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <unistd.h>

/* What jf_recv_msg should tell, if it is there. */
enum wanted {
    WANT_PACKET_INFO,
    WANT_TTL,
    WANT_TOS,
    WANT_ERRORS,
    WANT_OVERFLOW,
    WANT_TIMESTAMPS,
    WANT_CREDENTIALS,
    WANT_PIDFD,
    WANT_GRO,
    WANT_ORIGINAL_DEST,
    WANT_PATH_MTU
};

/* Asks the system for it, and of an IPv6 socket also for what comes by IPv4. */
static inline void want(jf_socket s, enum wanted what) {
    static const struct { enum wanted what; int v6, level, name; } TABLE[] = {
        {WANT_PACKET_INFO, 0, IPPROTO_IP, IP_PKTINFO},
        {WANT_PACKET_INFO, 1, IPPROTO_IPV6, IPV6_RECVPKTINFO},
        {WANT_TTL, 0, IPPROTO_IP, IP_RECVTTL},
        {WANT_TTL, 1, IPPROTO_IPV6, IPV6_RECVHOPLIMIT},
        {WANT_TOS, 0, IPPROTO_IP, IP_RECVTOS},
        {WANT_TOS, 1, IPPROTO_IPV6, IPV6_RECVTCLASS},
        {WANT_ERRORS, 0, IPPROTO_IP, IP_RECVERR},
        {WANT_ERRORS, 1, IPPROTO_IPV6, IPV6_RECVERR},
        {WANT_OVERFLOW, -1, SOL_SOCKET, SO_RXQ_OVFL},
        {WANT_TIMESTAMPS, -1, SOL_SOCKET, SO_TIMESTAMPNS},
        {WANT_CREDENTIALS, -1, SOL_SOCKET, SO_PASSCRED},
        {WANT_PIDFD, -1, SOL_SOCKET, 76},
        {WANT_GRO, -1, IPPROTO_UDP, UDP_GRO},
        {WANT_ORIGINAL_DEST, 0, IPPROTO_IP, 20},
        {WANT_ORIGINAL_DEST, 1, IPPROTO_IPV6, 74},
        {WANT_PATH_MTU, 1, IPPROTO_IPV6, IPV6_RECVPATHMTU},
    };
    int64_t family = 0;
    OK(jf_get(s, JF_OPT_FAMILY, &family));
    for (size_t i = 0; i < sizeof TABLE / sizeof *TABLE; i++) {
        const int on = 1, v6 = family == JF_INET6;
        if (TABLE[i].what == what && TABLE[i].v6 <= v6)
            CHECK(setsockopt((int)OK(jf_fd(s)), TABLE[i].level, TABLE[i].name, &on, sizeof on) == 0);
    }
}

/* A message with these buffers and nothing else. */
static inline jf_msg message(jf_buf *bufs, size_t count) {
    jf_msg m;
    memset(&m, 0, sizeof m);
    m.size = sizeof m;
    m.bufs = bufs;
    m.buf_count = count;
    return m;
}

/* What recv_simple receives into. */
static char message_room[70000];
static jf_passed message_passed[300];
static _Alignas(8) char message_other[4096];

/* A message that has room for everything. */
static inline jf_msg roomy(void) {
    static jf_buf buf = {message_room, sizeof message_room};
    jf_msg m = message(&buf, 1);
    m.passed = message_passed;
    m.passed_room = sizeof message_passed / sizeof *message_passed;
    m.other = message_other;
    m.other_room = sizeof message_other;
    return m;
}

/* Receives one within ten seconds, into a message that has room for everything. */
static inline jf_msg received(jf_socket s, const char *data) {
    jf_msg m = roomy();
    OK(jf_set(s, JF_OPT_RECV_TIMEOUT, 10000));
    EXPECT(jf_recv_msg(s, &m, 0), (int64_t)strlen(data));
    CHECK(memcmp(message_room, data, strlen(data)) == 0);
    CHECK(m.truncated == 0);
    return m;
}

/* Sends this as a message with what m says. */
static inline int64_t send_with(jf_socket s, const char *data, jf_msg *m, uint32_t flags) {
    jf_buf buf = {(void *)(uintptr_t)data, strlen(data)};
    m->bufs = &buf;
    m->buf_count = 1;
    int64_t result = jf_send_msg(s, m, flags);
    m->bufs = NULL;
    m->buf_count = 0;
    return result;
}

static inline jf_passed socket_to_pass(jf_socket s) {
    jf_passed p = {s, JF_PASSED_SOCKET, 0};
    return p;
}

static inline jf_passed descriptor_to_pass(int fd) {
    jf_passed p = {fd, JF_PASSED_DESCRIPTOR, 0};
    return p;
}

/* Sends a byte with descriptors. */
static inline int64_t pass(jf_socket s, jf_passed *passed, size_t count) {
    jf_msg m = message(NULL, 0);
    m.passed = passed;
    m.passed_count = count;
    return send_with(s, "x", &m, 0);
}

/* How many descriptors the process has open. */
static inline int descriptors_open(void) {
    int count = 0;
    DIR *dir = opendir("/proc/self/fd");
    CHECK(dir);
    while (readdir(dir)) count++;
    CHECK(closedir(dir) == 0);
    return count;
}

static inline int is_open(int64_t fd) {
    return fcntl((int)fd, F_GETFD) >= 0;
}

/* Whether a program executed now would not inherit it. */
static inline int closes_on_exec(int64_t fd) {
    int flags = fcntl((int)fd, F_GETFD);
    CHECK(flags >= 0);
    return !!(flags & FD_CLOEXEC);
}


#endif
