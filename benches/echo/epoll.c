/*
 * The echo server with plain epoll, the baseline of the comparison. It is edge-triggered, its token is the descriptor,
 * and a message costs one receive and one send. Bytes that cannot be sent at once are stored; until they are sent,
 * nothing is received from that client.
 *
 * usage: epoll tcp://127.0.0.1:0    the first line that it prints is its endpoint
 */
#include "common.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { MAX_EVENTS = 64 };

static const uint32_t READ_EVENTS = EPOLLIN | EPOLLRDHUP | EPOLLPRI | EPOLLET, WRITE_EVENTS = EPOLLOUT | EPOLLET;

struct unsent {
    int fd;
    size_t sent, len;
    char bytes[];
};

static int poller;

/* A token is a descriptor, or the top bit and the address of unsent bytes, halved. */
static const uint64_t IS_UNSENT = (uint64_t)1 << 63;

static int control(int operation, int fd, uint32_t events, uint64_t token) {
    struct epoll_event event = {.events = events, .data = {.u64 = token}};
    return epoll_ctl(poller, operation, fd, &event);
}

static void store_unsent(int fd, const char *bytes, size_t len) {
    struct unsent *unsent = malloc(sizeof *unsent + len);
    CHECK(unsent);
    unsent->fd = fd;
    unsent->sent = 0;
    unsent->len = len;
    memcpy(unsent->bytes, bytes, len);
    CHECK(control(EPOLL_CTL_MOD, fd, WRITE_EVENTS, IS_UNSENT | (uint64_t)(uintptr_t)unsent >> 1) == 0);
}

static void send_unsent(struct unsent *unsent) {
    ssize_t n = send(unsent->fd, unsent->bytes + unsent->sent, unsent->len - unsent->sent, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0 && errno == EAGAIN) return;
    if (n > 0) unsent->sent += (size_t)n;
    if (n > 0 && unsent->sent < unsent->len) return;
    if (n < 0) close(unsent->fd);
    else CHECK(control(EPOLL_CTL_MOD, unsent->fd, READ_EVENTS, (uint64_t)unsent->fd) == 0);
    free(unsent);
}

static void echo(const struct epoll_event *event) {
    static char buffer[BUFFER_SIZE];
    int fd = (int)event->data.u64;
    ssize_t n = recv(fd, buffer, sizeof buffer, MSG_DONTWAIT);
    if (n <= 0) {
        if (n == 0 || errno != EAGAIN) close(fd);
        return;
    }
    ssize_t sent = send(fd, buffer, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent == n && n < BUFFER_SIZE && event->events == EPOLLIN) return;
    if (sent < 0 && errno == EAGAIN) sent = 0;
    if (sent >= 0 && sent < n) store_unsent(fd, buffer + sent, (size_t)(n - sent));
    else if (sent < 0) close(fd);
    else CHECK(control(EPOLL_CTL_MOD, fd, READ_EVENTS, (uint64_t)fd) == 0);
}

static void accept_client(int listener) {
    int on = 1, fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    CHECK(fd >= 0 || errno == EAGAIN || errno == ECONNABORTED);
    if (fd < 0) return;
    CHECK(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0);
    CHECK(setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on) == 0);
    CHECK(control(EPOLL_CTL_ADD, fd, READ_EVENTS, (uint64_t)fd) == 0);
}

int main(int argc, char **argv) {
    CHECK(argc == 2);
    raise_descriptor_limit();
    struct sockaddr_in address = parse_endpoint(argv[1]);
    socklen_t len = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    CHECK(bind(listener, (struct sockaddr *)&address, len) == 0 && listen(listener, SOMAXCONN) == 0);
    CHECK(getsockname(listener, (struct sockaddr *)&address, &len) == 0);
    CHECK((poller = epoll_create1(EPOLL_CLOEXEC)) >= 0);
    CHECK(control(EPOLL_CTL_ADD, listener, EPOLLIN, (uint64_t)listener) == 0);
    print_endpoint(&address);
    for (;;) {
        struct epoll_event events[MAX_EVENTS];
        int n = epoll_wait(poller, events, MAX_EVENTS, -1);
        CHECK(n >= 0 || errno == EINTR);
        for (const struct epoll_event *event = events; event < events + n; event++) {
            uint64_t token = event->data.u64;
            if (token & IS_UNSENT) send_unsent((struct unsent *)(uintptr_t)(token << 1));
            else if (token == (uint64_t)listener) accept_client(listener);
            else echo(event);
        }
    }
}
