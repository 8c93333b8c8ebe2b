/* jf_send_file on every kind of stream: the bytes that arrive, the end of the file, and descriptors that are not
 * files. */
#include "pairs.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LENGTH = 300000, FILE_POSITION = 1234 };
static unsigned char bytes[LENGTH], buffer[LENGTH];

static int file_of_bytes(void) {
    int fd = memfd_create("bytes", MFD_CLOEXEC);
    CHECK(fd >= 0 && write(fd, bytes, LENGTH) == LENGTH && lseek(fd, FILE_POSITION, SEEK_SET) == FILE_POSITION);
    return fd;
}

static int is_blocking(jf_socket s) {
    return (fcntl((int)OK(jf_fd(s)), F_GETFL) & O_NONBLOCK) == 0;
}

/* Sends a part of the file, as much per call as the queue takes, and compares the received bytes. */
static void expect_received(jf_socket s[2], int fd, int64_t offset, int64_t count) {
    int64_t sent = 0, received = 0;
    while (received < count) {
        if (sent < count) {
            int64_t n = jf_send_file(s[0], fd, offset + sent, count - sent);
            CHECK(n > 0 || n == JF_E_WOULD_BLOCK || n == JF_E_TIMED_OUT);
            sent += n > 0 ? n : 0;
        }
        received += OK(jf_recv(s[1], buffer + received, sent - received, 0));
    }
    CHECK(sent == count && memcmp(buffer, bytes + offset, (size_t)count) == 0);
    EXPECT(jf_recv(s[1], buffer, 1, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
}

/* For every timeout, with an interruptible socket or not. */
static void parts_of_a_file(enum kind kind, int64_t timeout, int interruptible) {
    jf_socket s[2];
    int fd = file_of_bytes();
    connected(kind, s);
    OK(jf_set(s[0], JF_OPT_SEND_TIMEOUT, timeout));
    OK(jf_set(s[0], JF_OPT_INTERRUPTIBLE, interruptible));
    expect_received(s, fd, 0, 1);
    expect_received(s, fd, 4095, 2);
    expect_received(s, fd, LENGTH - 1, 1);
    /* More than the queue holds. With a longer timeout, or none, the call would block until all of it is sent. */
    if (timeout >= 0 && timeout < 1000) expect_received(s, fd, 1, LENGTH - 1);
    EXPECT(jf_send_file(s[0], fd, LENGTH - 10, 11), 10);
    EXPECT(jf_recv(s[1], buffer, 10, JF_WAIT_ALL), 10);
    CHECK(memcmp(buffer, bytes + LENGTH - 10, 10) == 0);
    EXPECT(jf_send_file(s[0], fd, LENGTH - 10, INT64_MAX), 10);
    EXPECT(jf_recv(s[1], buffer, 10, JF_WAIT_ALL), 10);
    EXPECT(jf_send_file(s[0], fd, LENGTH, 1), JF_E_END_OF_STREAM);
    EXPECT(jf_send_file(s[0], fd, LENGTH, INT64_MAX), JF_E_END_OF_STREAM);
    EXPECT(jf_send_file(s[0], fd, LENGTH + 1, 1), JF_E_INVALID);
    EXPECT(jf_send_file(s[0], fd, INT64_MAX, 1), JF_E_INVALID);
    EXPECT(jf_send_file(s[0], fd, INT64_MAX, INT64_MAX), JF_E_INVALID);
    EXPECT(jf_send_file(s[0], fd, 0, 0), 0);
    EXPECT(jf_send_file(s[0], fd, LENGTH + 1, 0), 0);
    EXPECT(jf_recv(s[1], buffer, 1, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
    CHECK(lseek(fd, 0, SEEK_CUR) == FILE_POSITION);
    CHECK(is_blocking(s[0]));
    close(fd);
    close_both(s);
}

/* On a full stream the call reports JF_E_WOULD_BLOCK or JF_E_TIMED_OUT; the counts before add up. */
static void full_queue(enum kind kind) {
    jf_socket s[2];
    int fd = file_of_bytes();
    int64_t sent = 0, n, before = -1;
    connected(kind, s);
    OK(jf_set(s[0], JF_OPT_SEND_TIMEOUT, 0));
    /* TCP data in flight still moves between the queues; the stream is full once a whole round sends nothing. */
    while (sent != before) {
        before = sent;
        while ((n = jf_send_file(s[0], fd, 0, LENGTH)) > 0) sent += n;
        EXPECT(n, JF_E_WOULD_BLOCK);
    }
    CHECK(sent > 0 && is_blocking(s[0]));
    OK(jf_set(s[0], JF_OPT_SEND_TIMEOUT, 30));
    do {
        n = jf_send_file(s[0], fd, 0, LENGTH);
        sent += n > 0 ? n : 0;
    } while (n > 0);
    EXPECT(n, JF_E_TIMED_OUT);
    OK(jf_shutdown(s[0], JF_SHUT_WRITE));
    while ((n = OK(jf_recv(s[1], buffer, sizeof buffer, 0))) > 0) sent -= n;
    CHECK(sent == 0 && is_blocking(s[0]));
    close(fd);
    close_both(s);
}

static void expect_error(jf_socket s[2], int fd, int64_t offset, int64_t code) {
    EXPECT(jf_send_file(s[0], fd, offset, 8), code);
}

/* Files whose length the system does not report, or reports wrongly; and a file that is truncated. */
static void odd_files(enum kind kind) {
    jf_socket s[2];
    connected(kind, s);
    int version = open("/proc/version", O_RDONLY | O_CLOEXEC), empty = memfd_create("empty", MFD_CLOEXEC);
    int64_t len = OK(jf_send_file(s[0], version, 0, 4096));
    CHECK(len > 5 && len < 4096);
    EXPECT(jf_recv(s[1], buffer, (size_t)len, JF_WAIT_ALL), len);
    CHECK(memcmp(buffer, "Linux", 5) == 0);
    expect_error(s, version, len, JF_E_END_OF_STREAM);
    expect_error(s, empty, 0, JF_E_END_OF_STREAM);
    expect_error(s, empty, 1, JF_E_INVALID);
    CHECK(ftruncate(empty, 100) == 0);
    EXPECT(jf_send_file(s[0], empty, 96, 8), 4);
    CHECK(ftruncate(empty, 50) == 0);
    expect_error(s, empty, 96, JF_E_INVALID);
    EXPECT(jf_recv(s[1], buffer, 8, 0), 4);
    close(version);
    close(empty);
    close_both(s);
}

static void unsupported_descriptors(enum kind kind) {
    jf_socket s[2];
    int fds[2], closed;
    connected(kind, s);
    CHECK(pipe2(fds, O_CLOEXEC) == 0 && write(fds[1], "x", 1) == 1);
    int unsupported[] = {fds[0],
                   (int)OK(jf_fd(s[0])),
                   (int)OK(jf_fd(s[1])),
                   open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC),
                   posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC),
                   eventfd(1, EFD_CLOEXEC),
                   epoll_create1(EPOLL_CLOEXEC),
                   open("/dev/null", O_RDONLY | O_CLOEXEC)};
    for (size_t i = 0; i < sizeof unsupported / sizeof *unsupported; i++) {
        CHECK(unsupported[i] >= 0);
        EXPECT(jf_send_file(s[0], unsupported[i], 0, 1), JF_E_UNSUPPORTED);
        EXPECT(jf_send_file(s[0], unsupported[i], 7, INT64_MAX), JF_E_UNSUPPORTED);
        EXPECT(jf_send_file(s[0], unsupported[i], 0, 0), JF_E_UNSUPPORTED);
    }
    closed = dup(fds[0]);
    CHECK(close(closed) == 0);
    int not_readable[] = {fds[1],
                          open("/dev/null", O_WRONLY | O_CLOEXEC),
                          open("/proc/version", O_PATH | O_CLOEXEC),
                          closed};
    for (size_t i = 0; i < sizeof not_readable / sizeof *not_readable; i++) {
        EXPECT(jf_send_file(s[0], not_readable[i], 0, 1), JF_E_BAD_HANDLE);
        EXPECT(jf_send_file(s[0], not_readable[i], 0, 0), JF_E_BAD_HANDLE);
    }
    char kept;
    CHECK(read(fds[0], &kept, 1) == 1 && kept == 'x');
    EXPECT(jf_recv(s[1], buffer, 1, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
    for (size_t i = 3; i < sizeof unsupported / sizeof *unsupported; i++) close(unsupported[i]);
    close(not_readable[1]);
    close(not_readable[2]);
    close(fds[0]);
    close(fds[1]);
    close_both(s);
}

static void unsupported_sockets(void) {
    int fd = file_of_bytes();
    for (int kind = 0; kind < KINDS; kind++) {
        jf_socket s[2];
        if (kind_type(kind) == JF_STREAM) continue;
        connected(kind, s);
        EXPECT(jf_send_file(s[0], fd, 0, 10), JF_E_TYPE_UNSUPPORTED);
        EXPECT(jf_send_file(s[0], fd, 0, 0), JF_E_TYPE_UNSUPPORTED);
        EXPECT(jf_recv(s[1], buffer, 1, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
        close_both(s);
    }
    /* Streams without a peer. */
    jf_socket tcp = OK(jf_open(JF_INET, JF_STREAM, 0)), local = OK(jf_open(JF_UNIX, JF_STREAM, 0));
    EXPECT(jf_send_file(tcp, fd, 0, 10), JF_E_PIPE);
    EXPECT(jf_send_file(local, fd, 0, 10), JF_E_NOT_CONNECTED);
    OK(jf_close(tcp));
    OK(jf_close(local));
    close(fd);
}

/* vsock over local loopback, if the machine supports it; otherwise the connect fails. */
static void vsock(void) {
    int fd = file_of_bytes();
    jf_socket s[2], listener;
    jf_addr a = parsed("vsock:any:any");
    int64_t opened = jf_open(JF_VSOCK, JF_STREAM, 0), code;
    if (opened < 0) {
        EXPECT(opened, JF_E_FAMILY_UNSUPPORTED);
        close(fd);
        return;
    }
    listener = opened;
    OK(jf_bind(listener, &a));
    OK(jf_listen(listener, 1));
    OK(jf_local_addr(listener, &a));
    char text[JF_ADDR_TEXT], local[JF_ADDR_TEXT];
    OK(jf_addr_format(&a, text, sizeof text));
    snprintf(local, sizeof local, "vsock:1:%s", strrchr(text, ':') + 1);
    a = parsed(local);
    s[0] = OK(jf_open(JF_VSOCK, JF_STREAM, 0));
    EXPECT(jf_send_file(s[0], fd, 0, 10), JF_E_NOT_CONNECTED);
    OK(jf_set(s[0], JF_OPT_SEND_TIMEOUT, 300));
    if ((code = jf_connect(s[0], &a)) == 0) {
        s[1] = OK(jf_accept(listener, NULL));
        expect_received(s, fd, 0, LENGTH);
        OK(jf_close(s[1]));
    } else {
        /* Without vsock loopback the connection is reset, times out, or there is no such device (ENODEV). */
        CHECK(code == JF_E_CONN_RESET || code == JF_E_TIMED_OUT || jf_error_os(code) == ENODEV);
    }
    OK(jf_close(s[0]));
    OK(jf_close(listener));
    close(fd);
}

static void adopted_nonblocking(void) {
    jf_socket s[2];
    int fd = file_of_bytes();
    /* A descriptor that was non-blocking when adopted stays non-blocking. */
    connected(TCP4, s);
    int number = (int)OK(jf_into_fd(s[0]));
    CHECK(fcntl(number, F_SETFL, O_NONBLOCK) == 0);
    s[0] = OK(jf_from_fd(number));
    EXPECT(jf_send_file(s[0], fd, 0, 10), 10);
    CHECK(!is_blocking(s[0]));
    for (int64_t timeout = -1; timeout < 10000; timeout += 5000) {
        OK(jf_set(s[0], JF_OPT_SEND_TIMEOUT, timeout));
        EXPECT(jf_send_file(s[0], fd, 0, 10), 10);
        CHECK(!is_blocking(s[0]));
    }
    close_both(s);
    close(fd);
}

int main(void) {
    static const enum kind STREAMS[] = {TCP4, TCP6, UNIX_STREAM};
    static const int64_t TIMEOUTS[] = {-1, 0, 20, 60000};
    for (int i = 0; i < LENGTH; i++) bytes[i] = (unsigned char)(i * 7 + (i >> 8));
    for (int i = 0; i < 3; i++) {
        for (int j = 0; j < 4; j++) {
            parts_of_a_file(STREAMS[i], TIMEOUTS[j], 0);
            parts_of_a_file(STREAMS[i], TIMEOUTS[j], 1);
        }
        full_queue(STREAMS[i]);
        odd_files(STREAMS[i]);
        unsupported_descriptors(STREAMS[i]);
    }
    unsupported_sockets();
    vsock();
    adopted_nonblocking();
    return 0;
}
