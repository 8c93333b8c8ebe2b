/* Every function that takes a handle or a descriptor, with invalid ones. A handle that was closed is JF_E_CLOSED for
 * ever. A number that was never given out, or that is a handle of another kind, is JF_E_BAD_HANDLE. */
#include "misuse.h"

#include <fcntl.h>
#include <unistd.h>

static jf_addr address, group;
static unsigned char buffer[256];
static int file;

/* The valid handles. Every other number must be refused. */
static jf_socket live[8];

/* Each call is valid except for its handle. Output is written to `buffer`. */
static int64_t bind_socket(jf_socket s) { return jf_bind(s, &address); }
static int64_t listen_socket(jf_socket s) { return jf_listen(s, 1); }
static int64_t accept_socket(jf_socket s) { return jf_accept(s, (jf_addr *)(void *)buffer); }
static int64_t connect_socket(jf_socket s) { return jf_connect(s, &address); }
static int64_t shutdown_socket(jf_socket s) { return jf_shutdown(s, JF_SHUT_BOTH); }
static int64_t local_addr(jf_socket s) { return jf_local_addr(s, (jf_addr *)(void *)buffer); }
static int64_t peer_addr(jf_socket s) { return jf_peer_addr(s, (jf_addr *)(void *)buffer); }
static int64_t send_byte(jf_socket s) { return jf_send(s, "x", 1, 0); }
static int64_t send_nothing(jf_socket s) { return jf_send(s, NULL, 0, 0); }
static int64_t receive(jf_socket s) { return jf_recv(s, buffer, sizeof buffer, 0); }
static int64_t receive_nothing(jf_socket s) { return jf_recv(s, NULL, 0, 0); }
static int64_t send_to(jf_socket s) { return jf_send_to(s, "x", 1, 0, &address); }
static int64_t recv_from(jf_socket s) { return jf_recv_from(s, buffer, 8, 0, (jf_addr *)(void *)(buffer + 16)); }
static int64_t get_option(jf_socket s) { return jf_get(s, JF_OPT_TYPE, (int64_t *)(void *)buffer); }
static int64_t set_option(jf_socket s) { return jf_set(s, JF_OPT_KEEP_ALIVE, 1); }
static int64_t set_text(jf_socket s) { return jf_set_text(s, JF_OPT_DEVICE, "lo"); }
static int64_t get_text(jf_socket s) { return jf_get_text(s, JF_OPT_DEVICE, (char *)buffer, sizeof buffer); }
static int64_t set_raw(jf_socket s) { return jf_set_raw(s, 1, 9, buffer, 4); }
static int64_t get_raw(jf_socket s) { return jf_get_raw(s, 1, 9, buffer, sizeof buffer); }
static int64_t join_group(jf_socket s) { return jf_join(s, &group, NULL, 0); }
static int64_t leave_group(jf_socket s) { return jf_leave(s, &group, NULL, 0); }

static int64_t send_file(jf_socket s) { return jf_send_file(s, file, 0, 1); }
static int64_t send_file_of_nothing(jf_socket s) { return jf_send_file(s, file, 0, 0); }

/* jf_wait checks every item; the others are valid. */
static int64_t wait_for_items(jf_socket s) {
    static int next;
    jf_wait_item items[] = {{s, JF_WRITABLE, 77}, {s, JF_WRITABLE, 77}, {s, 0, 77}};
    if (live[0] > 0) items[next++ % 2].socket = live[0];
    int64_t result = jf_wait(items, 3, 0);
    CHECK(items[0].ready == 77 && items[1].ready == 77 && items[2].ready == 77);
    return result;
}

static int64_t tcp_info(jf_socket s) {
    jf_tcp_info_data info;
    fill(&info, sizeof info);
    info.size = sizeof info;
    int64_t result = jf_tcp_info(s, &info);
    CHECK(info.size == sizeof info && untouched(&info.state, sizeof info - sizeof info.size));
    return result;
}

static int64_t send_vec(jf_socket s) {
    const jf_buf bufs[] = {{(void *)"x", 1}, {NULL, 0}};
    return jf_send_vec(s, bufs, 2, 0);
}

static int64_t recv_vec(jf_socket s) {
    jf_buf bufs[] = {{buffer, 8}, {buffer + 8, 8}};
    return jf_recv_vec(s, bufs, 2, 0);
}

static int64_t send_many(jf_socket s) {
    jf_datagram d[2];
    memset(d, 0, sizeof d);
    d[0].data = d[1].data = "x";
    d[0].len = d[1].len = 1;
    d[0].result = d[1].result = 77;
    int64_t result = jf_send_many(s, d, 2, 0);
    CHECK(d[0].result == 77 && d[1].result == 77);
    return result;
}

static int64_t send_many_none(jf_socket s) { return jf_send_many(s, NULL, 0, 0); }
static int64_t recv_many_none(jf_socket s) { return jf_recv_many(s, NULL, 0, 0); }

static int64_t recv_many(jf_socket s) {
    jf_datagram d[2];
    memset(d, 0, sizeof d);
    for (int i = 0; i < 2; i++) d[i] = (jf_datagram){.room = buffer + 8 * i, .room_len = 8, .result = 77};
    int64_t result = jf_recv_many(s, d, 2, 0);
    CHECK(d[0].result == 77 && d[1].result == 77 && !d[0].data && !d[1].data);
    return result;
}

/* On failure, these two calls always set the count, here to 0. */
static int64_t send_all(jf_socket s) {
    size_t sent = 77;
    int64_t result = jf_send_all(s, "x", 1, &sent);
    CHECK(sent == 0);
    return result;
}

static int64_t recv_exact(jf_socket s) {
    size_t received = 77;
    int64_t result = jf_recv_exact(s, buffer, 8, &received);
    CHECK(received == 0);
    return result;
}

static const struct {
    const char *name;
    int64_t (*call)(jf_socket);
} calls[] = {
    {"jf_bind", bind_socket},
    {"jf_listen", listen_socket},
    {"jf_accept", accept_socket},
    {"jf_connect", connect_socket},
    {"jf_shutdown", shutdown_socket},
    {"jf_close", jf_close},
    {"jf_local_addr", local_addr},
    {"jf_peer_addr", peer_addr},
    {"jf_into_fd", jf_into_fd},
    {"jf_fd", jf_fd},
    {"jf_dup", jf_dup},
    {"jf_send", send_byte},
    {"jf_send of 0 bytes", send_nothing},
    {"jf_recv", receive},
    {"jf_recv of 0 bytes", receive_nothing},
    {"jf_send_to", send_to},
    {"jf_recv_from", recv_from},
    {"jf_send_all", send_all},
    {"jf_recv_exact", recv_exact},
    {"jf_send_vec", send_vec},
    {"jf_recv_vec", recv_vec},
    {"jf_send_many", send_many},
    {"jf_send_many of 0 datagrams", send_many_none},
    {"jf_recv_many", recv_many},
    {"jf_recv_many of 0 datagrams", recv_many_none},
    {"jf_send_file", send_file},
    {"jf_send_file of 0 bytes", send_file_of_nothing},
    {"jf_set", set_option},
    {"jf_get", get_option},
    {"jf_set_text", set_text},
    {"jf_get_text", get_text},
    {"jf_set_raw", set_raw},
    {"jf_get_raw", get_raw},
    {"jf_tcp_info", tcp_info},
    {"jf_wait", wait_for_items},
    {"jf_join", join_group},
    {"jf_leave", leave_group},
};

static void check_refused(jf_socket handle) {
    for (size_t i = 0; i < sizeof live / sizeof live[0]; i++)
        if (handle == live[i]) return;
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        expect_of(calls[i].name, handle, calls[i].call(handle), handle_error(handle, SOCKET_HANDLE));
        CHECK(untouched(buffer, sizeof buffer));
    }
}

/* A number in the range of descriptors may be open. Numbers outside the range are refused. */
static void check_refused_fd(int64_t fd) {
    if (fd >= 0 && fd <= INT32_MAX) return;
    expect_of("jf_from_fd", fd, jf_from_fd(fd), JF_E_BAD_HANDLE);
    expect_of("jf_send_file", fd, jf_send_file(live[0], fd, 0, 1), JF_E_BAD_HANDLE);
    expect_of("jf_send_file of 0 bytes", fd, jf_send_file(live[0], fd, 0, 0), JF_E_BAD_HANDLE);
}

int main(void) {
    address = parsed("127.0.0.1:1");
    CHECK((file = open("/proc/version", O_RDONLY | O_CLOEXEC)) >= 0);
    group = parsed("239.7.7.7:0");
    fill(buffer, sizeof buffer);

    /* Before any socket is opened. */
    const jf_socket never[] = {0, 1, 2, -1, INT64_MIN, INT64_MAX, INT64_MIN + 1, INT32_MAX, (int64_t)1 << 50};
    for (size_t i = 0; i < sizeof never / sizeof never[0]; i++) check_refused(never[i]);

    connected(TCP4, &live[0]);
    connected(UDP4, &live[2]);
    connected(UNIX_STREAM, &live[4]);
    connected(UNIX_DGRAM, &live[6]);
    for (size_t i = 0; i < sizeof live / sizeof live[0]; i++) given_out(live[i]);
    record_handles(open_udp, jf_close);
    for (size_t i = 0; i < sizeof never / sizeof never[0]; i++) check_refused(never[i]);

    /* Handles that were closed or released, and whose slot has been reused. */
    jf_socket closed = given_out(OK(jf_open(JF_INET, JF_DGRAM, 0)));
    OK(jf_close(closed));
    EXPECT(jf_fd(closed), JF_E_CLOSED);
    check_refused(closed);
    jf_socket next = given_out(OK(jf_open(JF_INET, JF_DGRAM, 0)));
    CHECK(next != closed);
    check_refused(closed);
    int64_t fd = OK(jf_into_fd(next));
    check_refused(next);
    jf_socket imported = given_out(OK(jf_from_fd(fd)));
    CHECK(imported != next && imported != closed);
    OK(jf_close(imported));
    check_refused(imported);
    EXPECT(jf_from_fd(fd), JF_E_BAD_HANDLE);

    /* A dialer's handle. */
    jf_dialer dialer = given_out(OK(jf_dialer_open()));
    check_refused(dialer);
    OK(jf_dialer_close(dialer));
    check_refused(dialer);

    /* Numbers that differ from a valid handle in one bit (kind, generation, slot, or above bit 53), or by a small
     * amount. */
    for (size_t i = 0; i < sizeof live / sizeof live[0]; i++) {
        CHECK(live[i] > 0 && live[i] < (int64_t)1 << 53);
        for (int bit = 0; bit < 64; bit++) check_refused((int64_t)((uint64_t)live[i] ^ (uint64_t)1 << bit));
        for (int64_t kind = 1; kind < 8; kind++) check_refused(live[i] ^ kind << 50);
        for (int64_t step = -20; step <= 20; step++) check_refused(live[i] + step * ((int64_t)1 << 24));
        check_refused(-live[i]);
        check_refused(~live[i]);
    }

    uint64_t state = 1;
    for (int i = 0; i < 10000; i++) {
        int64_t number = (int64_t)random_number(&state);
        check_refused(number);
        /* Most random numbers have an unknown kind; these have a known one. */
        check_refused((number & (((int64_t)1 << 50) - 1)) | (int64_t)1 << 50);
        check_refused((number & 0x3FF0003FF) | (int64_t)1 << 50);
        check_refused_fd(number);
    }
    const int64_t invalid_fds[] = {-1, -2, INT32_MIN, INT64_MIN, INT64_MAX, (int64_t)1 << 31, (int64_t)1 << 32};
    for (size_t i = 0; i < sizeof invalid_fds / sizeof invalid_fds[0]; i++) check_refused_fd(invalid_fds[i]);
    EXPECT(jf_from_fd(INT32_MAX), JF_E_BAD_HANDLE);
    EXPECT(jf_send_file(live[0], INT32_MAX, 0, 1), JF_E_BAD_HANDLE);
    close(file);

    /* The valid sockets are unaffected. */
    for (size_t i = 0; i < sizeof live / sizeof live[0]; i += 2) {
        char byte = 0;
        EXPECT(jf_send(live[i], "y", 1, 0), 1);
        EXPECT(jf_recv(live[i + 1], &byte, 1, 0), 1);
        CHECK(byte == 'y');
        EXPECT(jf_recv(live[i + 1], &byte, 1, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
        close_both(&live[i]);
    }
    return 0;
}
