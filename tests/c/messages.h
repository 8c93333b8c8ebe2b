/* Shared by the tests of messages (jf_msg). */
#ifndef MESSAGES_H
#define MESSAGES_H

#include "pairs.h"

#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <unistd.h>

/* Returns a message with these buffers and no other members set. */
static inline jf_msg message(jf_buf *bufs, size_t count) {
    jf_msg m;
    memset(&m, 0, sizeof m);
    m.size = sizeof m;
    m.bufs = bufs;
    m.buf_count = count;
    return m;
}

/* The buffers of message_with_buffers. */
static char message_buffer[70000];
static jf_passed message_passed[300];
static _Alignas(8) char message_other[4096];

/* Returns a message with buffers for data, descriptors and other control messages. */
static inline jf_msg message_with_buffers(void) {
    static jf_buf buf = {message_buffer, sizeof message_buffer};
    jf_msg m = message(&buf, 1);
    m.passed = message_passed;
    m.passed_room = sizeof message_passed / sizeof *message_passed;
    m.other = message_other;
    m.other_room = sizeof message_other;
    return m;
}

/* Receives a message with this data within ten seconds, without truncation. */
static inline jf_msg receive_message(jf_socket s, const char *data) {
    jf_msg m = message_with_buffers();
    OK(jf_set(s, JF_OPT_RECV_TIMEOUT, 10000));
    EXPECT(jf_recv_msg(s, &m, 0), (int64_t)strlen(data));
    CHECK(memcmp(message_buffer, data, strlen(data)) == 0);
    CHECK(m.truncated == 0);
    return m;
}

/* Sends the data as a message with the members of `m`. */
static inline int64_t send_message(jf_socket s, const char *data, jf_msg *m, uint32_t flags) {
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

/* Sends one byte with descriptors. */
static inline int64_t pass_descriptors(jf_socket s, jf_passed *passed, size_t count) {
    jf_msg m = message(NULL, 0);
    m.passed = passed;
    m.passed_count = count;
    return send_message(s, "x", &m, 0);
}

/* Returns the number of open descriptors of the process, plus a constant. */
static inline int count_descriptors(void) {
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

/* Whether exec closes the descriptor. */
static inline int closes_on_exec(int64_t fd) {
    int flags = fcntl((int)fd, F_GETFD);
    CHECK(flags >= 0);
    return !!(flags & FD_CLOEXEC);
}

#endif
