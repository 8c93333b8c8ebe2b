/*
 * The echo server over epoll itself: what there is to be reached. Edge-triggered, the descriptor is the token, a message is
 * one receive and one send. What can't be sent at once is kept, and meanwhile nothing is received.
 *
 * usage: epoll tcp://127.0.0.1:0    the first line that it prints is where it listens
 */
#include "common.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { EVENTS = 64 };

static const uint32_t FOR_MORE = EPOLLIN | EPOLLRDHUP | EPOLLPRI | EPOLLET, FOR_SPACE = EPOLLOUT | EPOLLET;

struct rest {
    int fd;
    size_t sent, len;
    char bytes[];
};

static int poller;

/* A token is a descriptor, or with the topmost bit a rest, whose address is even. */
static const uint64_t IS_REST = (uint64_t)1 << 63;

static int control(int what, int fd, uint32_t events, uint64_t token) {
    struct epoll_event event = {.events = events, .data = {.u64 = token}};
    return epoll_ctl(poller, what, fd, &event);
}

static void keep(int fd, const char *bytes, size_t len) {
    struct rest *rest = malloc(sizeof *rest + len);
    MUST(rest);
    rest->fd = fd;
    rest->sent = 0;
    rest->len = len;
    memcpy(rest->bytes, bytes, len);
    MUST(control(EPOLL_CTL_MOD, fd, FOR_SPACE, IS_REST | (uint64_t)(uintptr_t)rest >> 1) == 0);
}

static void go_on(struct rest *rest) {
    ssize_t n = send(rest->fd, rest->bytes + rest->sent, rest->len - rest->sent, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0 && errno == EAGAIN) return;
    if (n > 0) rest->sent += (size_t)n;
    if (n > 0 && rest->sent < rest->len) return;
    if (n < 0) close(rest->fd);
    else MUST(control(EPOLL_CTL_MOD, rest->fd, FOR_MORE, (uint64_t)rest->fd) == 0);
    free(rest);
}

static void echo(const struct epoll_event *event) {
    static char room[ROOM];
    int fd = (int)event->data.u64;
    ssize_t n = recv(fd, room, sizeof room, MSG_DONTWAIT);
    if (n <= 0) {
        if (n == 0 || errno != EAGAIN) close(fd);
        return;
    }
    ssize_t sent = send(fd, room, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent == n && n < ROOM && event->events == EPOLLIN) return;
    if (sent < 0 && errno == EAGAIN) sent = 0;
    if (sent >= 0 && sent < n) keep(fd, room + sent, (size_t)(n - sent));
    else if (sent < 0) close(fd);
    else MUST(control(EPOLL_CTL_MOD, fd, FOR_MORE, (uint64_t)fd) == 0);
}

static void let_in(int listener) {
    int on = 1, fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    MUST(fd >= 0 || errno == EAGAIN || errno == ECONNABORTED);
    if (fd < 0) return;
    MUST(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0);
    MUST(setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on) == 0);
    MUST(control(EPOLL_CTL_ADD, fd, FOR_MORE, (uint64_t)fd) == 0);
}

int main(int argc, char **argv) {
    MUST(argc == 2);
    raise_limit();
    struct sockaddr_in at = address_of(argv[1]);
    socklen_t len = sizeof at;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    MUST(bind(listener, (struct sockaddr *)&at, len) == 0 && listen(listener, SOMAXCONN) == 0);
    MUST(getsockname(listener, (struct sockaddr *)&at, &len) == 0);
    MUST((poller = epoll_create1(EPOLL_CLOEXEC)) >= 0);
    MUST(control(EPOLL_CTL_ADD, listener, EPOLLIN, (uint64_t)listener) == 0);
    report(&at);
    for (;;) {
        struct epoll_event events[EVENTS];
        int n = epoll_wait(poller, events, EVENTS, -1);
        MUST(n >= 0 || errno == EINTR);
        for (const struct epoll_event *event = events; event < events + n; event++) {
            uint64_t token = event->data.u64;
            if (token & IS_REST) go_on((struct rest *)(uintptr_t)(token << 1));
            else if (token == (uint64_t)listener) let_in(listener);
            else echo(event);
        }
    }
}
