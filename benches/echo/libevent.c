/* The echo server over libevent: a bufferevent's input is written at once, and only the rest becomes output. See epoll.c. */
#include "common.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <netinet/tcp.h>
#include <signal.h>

static void on_read(struct bufferevent *client, void *unused) {
    (void)unused;
    struct evbuffer *input = bufferevent_get_input(client);
    size_t len = evbuffer_get_length(input);
    int sent = evbuffer_write(input, bufferevent_getfd(client));
    if (sent >= 0 && (size_t)sent == len) return;
    if (sent < 0 && errno != EAGAIN) {
        bufferevent_free(client);
        return;
    }
    MUST(bufferevent_disable(client, EV_READ) == 0);
    MUST(bufferevent_write_buffer(client, input) == 0);
}

/* The rest is written. */
static void on_written(struct bufferevent *client, void *unused) {
    (void)unused;
    MUST(bufferevent_enable(client, EV_READ) == 0);
}

static void on_end(struct bufferevent *client, short what, void *unused) {
    (void)unused, (void)what;
    bufferevent_free(client);
}

static void on_connection(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *from, int len, void *unused) {
    (void)from, (void)len, (void)unused;
    int on = 1;
    MUST(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0);
    struct bufferevent *client = bufferevent_socket_new(evconnlistener_get_base(listener), fd, BEV_OPT_CLOSE_ON_FREE);
    MUST(client);
    bufferevent_setcb(client, on_read, on_written, on_end, NULL);
    MUST(bufferevent_enable(client, EV_READ | EV_WRITE) == 0);
}

int main(int argc, char **argv) {
    MUST(argc == 2);
    raise_limit();
    signal(SIGPIPE, SIG_IGN);
    struct sockaddr_in at = address_of(argv[1]);
    socklen_t len = sizeof at;
    /* No thread but this one. */
    struct event_config *config = event_config_new();
    MUST(config && event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK) == 0);
    struct event_base *base = event_base_new_with_config(config);
    MUST(base);
    /* It has the listener set SO_KEEPALIVE, which its connections inherit. */
    struct evconnlistener *listener = evconnlistener_new_bind(base, on_connection, NULL, LEV_OPT_CLOSE_ON_FREE, SOMAXCONN,
                                                              (struct sockaddr *)&at, sizeof at);
    MUST(listener && getsockname(evconnlistener_get_fd(listener), (struct sockaddr *)&at, &len) == 0);
    report(&at);
    return event_base_dispatch(base);
}
