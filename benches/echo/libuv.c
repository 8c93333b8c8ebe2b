/* The echo server over libuv: one room for all, and uv_try_write before uv_write. See epoll.c. */
#include "common.h"

#include <uv.h>

struct rest {
    uv_write_t write;
    char bytes[];
};

static void allocate(uv_handle_t *handle, size_t wanted, uv_buf_t *out) {
    static char room[ROOM];
    (void)handle, (void)wanted;
    *out = uv_buf_init(room, sizeof room);
}

static void on_close(uv_handle_t *client) {
    free(client);
}

static void leave(uv_stream_t *client) {
    if (!uv_is_closing((uv_handle_t *)client)) uv_close((uv_handle_t *)client, on_close);
}

static void on_read(uv_stream_t *client, ssize_t n, const uv_buf_t *room);

static void on_written(uv_write_t *write, int status) {
    if (status < 0) leave(write->handle);
    else MUST(uv_read_start(write->handle, allocate, on_read) == 0);
    free(write->data);
}

static void on_read(uv_stream_t *client, ssize_t n, const uv_buf_t *room) {
    if (n <= 0) {
        if (n < 0) leave(client);
        return;
    }
    uv_buf_t buf = uv_buf_init(room->base, (unsigned)n);
    int sent = uv_try_write(client, &buf, 1);
    if (sent == n) return;
    if (sent == UV_EAGAIN) sent = 0;
    if (sent < 0) {
        leave(client);
        return;
    }
    struct rest *rest = malloc(sizeof *rest + (size_t)(n - sent));
    MUST(rest);
    memcpy(rest->bytes, room->base + sent, (size_t)(n - sent));
    rest->write.data = rest;
    buf = uv_buf_init(rest->bytes, (unsigned)(n - sent));
    uv_read_stop(client);
    MUST(uv_write(&rest->write, client, &buf, 1, on_written) == 0);
}

static void on_connection(uv_stream_t *listener, int status) {
    MUST(status == 0);
    uv_tcp_t *client = malloc(sizeof *client);
    MUST(client && uv_tcp_init(listener->loop, client) == 0);
    MUST(uv_accept(listener, (uv_stream_t *)client) == 0);
    MUST(uv_tcp_nodelay(client, 1) == 0 && uv_tcp_keepalive(client, 1, 7200) == 0);
    MUST(uv_read_start((uv_stream_t *)client, allocate, on_read) == 0);
}

int main(int argc, char **argv) {
    MUST(argc == 2);
    raise_limit();
    struct sockaddr_in at = address_of(argv[1]);
    int len = sizeof at;
    uv_tcp_t listener;
    MUST(uv_tcp_init(uv_default_loop(), &listener) == 0);
    MUST(uv_tcp_bind(&listener, (struct sockaddr *)&at, 0) == 0);
    MUST(uv_listen((uv_stream_t *)&listener, SOMAXCONN, on_connection) == 0);
    MUST(uv_tcp_getsockname(&listener, (struct sockaddr *)&at, &len) == 0);
    report(&at);
    return uv_run(uv_default_loop(), UV_RUN_DEFAULT);
}
