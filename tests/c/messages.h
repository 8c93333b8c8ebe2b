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
