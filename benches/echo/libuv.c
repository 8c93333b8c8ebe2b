/* The echo server with libuv: one buffer for all clients, and uv_try_write before uv_write. See epoll.c. */
#include "common.h"

#include <uv.h>

struct unsent {
    uv_write_t write;
    char bytes[];
};

static void allocate(uv_handle_t *handle, size_t suggested_size, uv_buf_t *out) {
    static char buffer[BUFFER_SIZE];
    (void)handle, (void)suggested_size;
    *out = uv_buf_init(buffer, sizeof buffer);
}

static void on_close(uv_handle_t *client) {
    free(client);
}

static void close_client(uv_stream_t *client) {
    if (!uv_is_closing((uv_handle_t *)client)) uv_close((uv_handle_t *)client, on_close);
}

static void on_read(uv_stream_t *client, ssize_t n, const uv_buf_t *buffer);

static void on_written(uv_write_t *write, int status) {
    if (status < 0) close_client(write->handle);
    else CHECK(uv_read_start(write->handle, allocate, on_read) == 0);
    free(write->data);
}

static void on_read(uv_stream_t *client, ssize_t n, const uv_buf_t *buffer) {
    if (n <= 0) {
        if (n < 0) close_client(client);
        return;
    }
    uv_buf_t buf = uv_buf_init(buffer->base, (unsigned)n);
    int sent = uv_try_write(client, &buf, 1);
    if (sent == n) return;
    if (sent == UV_EAGAIN) sent = 0;
    if (sent < 0) {
        close_client(client);
        return;
    }
    struct unsent *unsent = malloc(sizeof *unsent + (size_t)(n - sent));
    CHECK(unsent);
    memcpy(unsent->bytes, buffer->base + sent, (size_t)(n - sent));
    unsent->write.data = unsent;
    buf = uv_buf_init(unsent->bytes, (unsigned)(n - sent));
    uv_read_stop(client);
    CHECK(uv_write(&unsent->write, client, &buf, 1, on_written) == 0);
}

static void on_connection(uv_stream_t *listener, int status) {
    CHECK(status == 0);
    uv_tcp_t *client = malloc(sizeof *client);
    CHECK(client && uv_tcp_init(listener->loop, client) == 0);
    CHECK(uv_accept(listener, (uv_stream_t *)client) == 0);
    CHECK(uv_tcp_nodelay(client, 1) == 0 && uv_tcp_keepalive(client, 1, 7200) == 0);
    CHECK(uv_read_start((uv_stream_t *)client, allocate, on_read) == 0);
}

int main(int argc, char **argv) {
    CHECK(argc == 2);
    raise_descriptor_limit();
    struct sockaddr_in address = parse_endpoint(argv[1]);
    int len = sizeof address;
    uv_tcp_t listener;
    CHECK(uv_tcp_init(uv_default_loop(), &listener) == 0);
    CHECK(uv_tcp_bind(&listener, (struct sockaddr *)&address, 0) == 0);
    CHECK(uv_listen((uv_stream_t *)&listener, SOMAXCONN, on_connection) == 0);
    CHECK(uv_tcp_getsockname(&listener, (struct sockaddr *)&address, &len) == 0);
    print_endpoint(&address);
    return uv_run(uv_default_loop(), UV_RUN_DEFAULT);
}
