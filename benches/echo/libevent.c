/*
 * The echo server with libevent. The input of a bufferevent is written directly; only unsent bytes enter its output.
 * See epoll.c.
 */
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
    CHECK(bufferevent_disable(client, EV_READ) == 0);
    CHECK(bufferevent_write_buffer(client, input) == 0);
}

/* All unsent bytes are written. */
static void on_written(struct bufferevent *client, void *unused) {
    (void)unused;
    CHECK(bufferevent_enable(client, EV_READ) == 0);
}

static void on_event(struct bufferevent *client, short events, void *unused) {
    (void)unused, (void)events;
    bufferevent_free(client);
}

static void on_connection(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *from, int len,
                          void *unused) {
    (void)from, (void)len, (void)unused;
    int on = 1;
    CHECK(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0);
    struct bufferevent *client = bufferevent_socket_new(evconnlistener_get_base(listener), fd, BEV_OPT_CLOSE_ON_FREE);
    CHECK(client);
    bufferevent_setcb(client, on_read, on_written, on_event, NULL);
    CHECK(bufferevent_enable(client, EV_READ | EV_WRITE) == 0);
}

int main(int argc, char **argv) {
    CHECK(argc == 2);
    raise_descriptor_limit();
    signal(SIGPIPE, SIG_IGN);
    struct sockaddr_in address = parse_endpoint(argv[1]);
    socklen_t len = sizeof address;
    /* The program is single-threaded. */
    struct event_config *config = event_config_new();
    CHECK(config && event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK) == 0);
    struct event_base *base = event_base_new_with_config(config);
    CHECK(base);
    /* libevent sets SO_KEEPALIVE on the listener; accepted connections inherit it. */
    struct evconnlistener *listener = evconnlistener_new_bind(
        base, on_connection, NULL, LEV_OPT_CLOSE_ON_FREE, SOMAXCONN, (struct sockaddr *)&address, sizeof address);
    CHECK(listener && getsockname(evconnlistener_get_fd(listener), (struct sockaddr *)&address, &len) == 0);
    print_endpoint(&address);
    return event_base_dispatch(base);
}
