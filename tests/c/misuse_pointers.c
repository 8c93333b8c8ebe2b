/* NULL for every pointer, and lengths above what any memory can have. */
#include "misuse.h"

/* Lengths above INT64_MAX. */
static const size_t too_long[] = {SIZE_MAX, SIZE_MAX - 1, (size_t)INT64_MAX + 1};
enum { TOO_LONG_COUNT = sizeof too_long / sizeof too_long[0] };

/* Must not be dereferenced when a length is 0. */
static void *const nowhere = (void *)UINTPTR_MAX;

static jf_addr addr;
static unsigned char buffer[256];

static void null_address_arguments(void) {
    jf_addr out;
    fill(&out, sizeof out);
    EXPECT(jf_addr_parse(NULL, &out), JF_E_INVALID);
    EXPECT(jf_addr_parse(NULL, NULL), JF_E_INVALID);
    CHECK(untouched(&out, sizeof out));
    EXPECT(jf_addr_parse("127.0.0.1:1", NULL), JF_E_INVALID);
    EXPECT(jf_addr_equal(NULL, &addr), JF_E_INVALID);
    EXPECT(jf_addr_equal(&addr, NULL), JF_E_INVALID);
    EXPECT(jf_addr_equal(NULL, NULL), JF_E_INVALID);
    EXPECT(jf_addr_family(NULL), JF_E_INVALID);
    EXPECT(jf_addr_port(NULL), JF_E_INVALID);
    EXPECT(jf_addr_set_port(NULL, 80), JF_E_INVALID);
    EXPECT(jf_addr_set_port(NULL, -1), JF_E_INVALID);

    char *text = (char *)buffer;
    int64_t len = OK(jf_addr_format(&addr, NULL, 0));
    EXPECT(jf_addr_format(&addr, nowhere, 0), len);
    EXPECT(jf_addr_format(&addr, NULL, 1), JF_E_INVALID);
    EXPECT(jf_addr_format(NULL, text, sizeof buffer), JF_E_INVALID);
    EXPECT(jf_addr_format(NULL, NULL, 0), JF_E_INVALID);
    for (int i = 0; i < TOO_LONG_COUNT; i++) EXPECT(jf_addr_format(&addr, text, too_long[i]), JF_E_INVALID);
    CHECK(untouched(buffer, sizeof buffer));
    /* A buffer of exactly the right size, and one byte too small: that yields an empty string. */
    EXPECT(jf_addr_format(&addr, text, (size_t)len + 1), len);
    CHECK(strlen(text) == (size_t)len);
    fill(buffer, sizeof buffer);
    EXPECT(jf_addr_format(&addr, text, (size_t)len), len);
    CHECK(text[0] == 0 && untouched(buffer + 1, sizeof buffer - 1));
    fill(buffer, sizeof buffer);
}

/* There are none; tests/c/inherited.c tests the rest. */
static void inherited(void) {
    EXPECT(jf_inherited(nowhere, 0), 0);
    fill(buffer, sizeof buffer);
    EXPECT(jf_inherited(NULL, 1), JF_E_INVALID);
    for (int i = 0; i < TOO_LONG_COUNT; i++)
        EXPECT(jf_inherited((jf_socket *)(void *)buffer, too_long[i]), JF_E_INVALID);
    EXPECT(jf_inherited((jf_socket *)(void *)buffer, INT64_MAX), JF_E_INVALID);
    CHECK(jf_inherited_name(0, NULL, 1) < 0 && jf_inherited_name(SIZE_MAX, (char *)buffer, SIZE_MAX) < 0);
    CHECK(untouched(buffer, sizeof buffer));
}

static void interfaces(void) {
    static jf_interface one[2];
    int64_t count = OK(jf_interfaces(NULL, 0));
    CHECK(count > 0);
    EXPECT(jf_interfaces(nowhere, 0), count);
    fill(one, sizeof one);
    EXPECT(jf_interfaces(NULL, 1), JF_E_INVALID);
    EXPECT(jf_interfaces((jf_interface *)(void *)((char *)one + 1), 1), JF_E_INVALID);
    for (int i = 0; i < TOO_LONG_COUNT; i++) EXPECT(jf_interfaces(one, too_long[i]), JF_E_INVALID);
    EXPECT(jf_interfaces(one, INT64_MAX), JF_E_INVALID);
    EXPECT(jf_interfaces(one, INT64_MAX / sizeof one[0] + 1), JF_E_INVALID);
    CHECK(untouched(one, sizeof one));
    /* The array beyond its given capacity stays unchanged. */
    EXPECT(jf_interfaces(one, 1), count);
    CHECK(!untouched(one, sizeof one[0]) && untouched(one + 1, sizeof one[0]));
}

/* Pointers are checked before the handle, so the result is the same for good and bad handles. */
static void null_call_arguments(jf_socket s) {
    jf_buf no_data[] = {{buffer, 4}, {NULL, 1}};
    EXPECT(jf_bind(s, NULL), JF_E_INVALID);
    EXPECT(jf_connect(s, NULL), JF_E_INVALID);
    EXPECT(jf_local_addr(s, NULL), JF_E_INVALID);
    EXPECT(jf_peer_addr(s, NULL), JF_E_INVALID);
    EXPECT(jf_get(s, JF_OPT_TYPE, NULL), JF_E_INVALID);
    EXPECT(jf_tcp_info(s, NULL), JF_E_INVALID);
    EXPECT(jf_wait(NULL, 1, 0), JF_E_INVALID);
    EXPECT(jf_wait(NULL, JF_WAIT_MAX, -1), JF_E_INVALID);
    EXPECT(jf_wait(nowhere, 0, 0), 0);
    EXPECT(jf_join(s, NULL, NULL, 0), JF_E_INVALID);
    EXPECT(jf_join(s, NULL, &addr, 0), JF_E_INVALID);
    EXPECT(jf_leave(s, NULL, NULL, 0), JF_E_INVALID);
    EXPECT(jf_send(s, NULL, 1, 0), JF_E_INVALID);
    EXPECT(jf_recv(s, NULL, 1, 0), JF_E_INVALID);
    EXPECT(jf_send_to(s, NULL, 1, 0, &addr), JF_E_INVALID);
    EXPECT(jf_send_to(s, "x", 1, 0, NULL), JF_E_INVALID);
    EXPECT(jf_send_to(s, NULL, 0, 0, NULL), JF_E_INVALID);
    EXPECT(jf_recv_from(s, NULL, 1, 0, (jf_addr *)(void *)buffer), JF_E_INVALID);
    EXPECT(jf_recv_from(s, NULL, 1, 0, NULL), JF_E_INVALID);
    EXPECT(jf_send_vec(s, NULL, 1, 0), JF_E_INVALID);
    EXPECT(jf_recv_vec(s, NULL, 1, 0), JF_E_INVALID);
    EXPECT(jf_send_vec(s, no_data, 2, 0), JF_E_INVALID);
    EXPECT(jf_recv_vec(s, no_data, 2, 0), JF_E_INVALID);
    EXPECT(jf_send_all(s, NULL, 1, NULL), JF_E_INVALID);
    EXPECT(jf_recv_exact(s, NULL, 1, NULL), JF_E_INVALID);
    size_t sent = 77, received = 77;
    EXPECT(jf_send_all(s, NULL, 1, &sent), JF_E_INVALID);
    EXPECT(jf_recv_exact(s, NULL, 1, &received), JF_E_INVALID);
    CHECK(sent == 0 && received == 0);
    CHECK(untouched(buffer, sizeof buffer));
}

static void excessive_lengths(jf_socket s) {
    for (int i = 0; i < TOO_LONG_COUNT; i++) {
        size_t len = too_long[i], sent = 77, received = 77;
        EXPECT(jf_send(s, buffer, len, 0), JF_E_INVALID);
        EXPECT(jf_recv(s, buffer, len, 0), JF_E_INVALID);
        EXPECT(jf_send_to(s, buffer, len, 0, &addr), JF_E_INVALID);
        EXPECT(jf_recv_from(s, buffer, len, 0, (jf_addr *)(void *)buffer), JF_E_INVALID);
        EXPECT(jf_recv_from(s, buffer, len, 0, NULL), JF_E_INVALID);
        EXPECT(jf_send_all(s, buffer, len, &sent), JF_E_INVALID);
        EXPECT(jf_recv_exact(s, buffer, len, &received), JF_E_INVALID);
        CHECK(sent == 0 && received == 0);
        EXPECT(jf_send(s, NULL, len, 0), JF_E_INVALID);
        EXPECT(jf_recv(s, NULL, len, 0), JF_E_INVALID);
        /* More items or buffers than allowed: the array is not read. */
        jf_wait_item item = {s, JF_WRITABLE, 77};
        EXPECT(jf_wait(&item, len, 0), JF_E_INVALID);
        EXPECT(jf_wait(&item, JF_WAIT_MAX + 1, 0), JF_E_INVALID);
        EXPECT(jf_wait(NULL, len, 0), JF_E_INVALID);
        CHECK(item.ready == 77);
        jf_buf one = {buffer, 1};
        EXPECT(jf_send_vec(s, &one, len, 0), JF_E_INVALID);
        EXPECT(jf_recv_vec(s, &one, len, 0), JF_E_INVALID);
        EXPECT(jf_send_vec(s, NULL, len, 0), JF_E_INVALID);
        EXPECT(jf_recv_vec(s, NULL, len, 0), JF_E_INVALID);
    }
    jf_buf one = {buffer, 1};
    const size_t too_many[] = {1025, 1026, SIZE_MAX / sizeof(jf_buf), SIZE_MAX / sizeof(jf_buf) + 1, INT64_MAX};
    for (size_t i = 0; i < sizeof too_many / sizeof too_many[0]; i++) {
        EXPECT(jf_send_vec(s, &one, too_many[i], 0), JF_E_INVALID);
        EXPECT(jf_recv_vec(s, &one, too_many[i], 0), JF_E_INVALID);
    }
    CHECK(untouched(buffer, sizeof buffer));
}

/* Buffers whose lengths are too large alone, or in sum. */
static void excessive_sums(jf_socket s) {
    for (int i = 0; i < TOO_LONG_COUNT; i++) {
        jf_buf bufs[] = {{buffer, 1}, {buffer, too_long[i]}};
        EXPECT(jf_send_vec(s, bufs, 2, 0), JF_E_INVALID);
        EXPECT(jf_recv_vec(s, bufs, 2, 0), JF_E_INVALID);
        EXPECT(jf_send_vec(s, bufs + 1, 1, 0), JF_E_INVALID);
        EXPECT(jf_recv_vec(s, bufs + 1, 1, 0), JF_E_INVALID);
    }
    jf_buf sums[][3] = {
        {{buffer, INT64_MAX}, {buffer, 1}, {NULL, 0}},
        {{buffer, INT64_MAX}, {buffer, INT64_MAX}, {NULL, 0}},
        {{buffer, INT64_MAX}, {buffer, INT64_MAX}, {buffer, 2}},
        {{buffer, INT64_MAX}, {buffer, INT64_MAX}, {buffer, INT64_MAX}},
    };
    for (size_t i = 0; i < sizeof sums / sizeof sums[0]; i++) {
        EXPECT(jf_send_vec(s, sums[i], 3, 0), JF_E_INVALID);
        EXPECT(jf_recv_vec(s, sums[i], 3, 0), JF_E_INVALID);
    }
    CHECK(untouched(buffer, sizeof buffer));
}

/* A misaligned pointer is refused like NULL. */
static void misaligned_pointers(jf_socket s) {
    static _Alignas(16) unsigned char memory[512];
    jf_addr good = parsed("127.0.0.1:1"), *a = (jf_addr *)(void *)(memory + 1);
    memcpy(a, &good, sizeof good);
    fill(buffer, sizeof buffer);
    EXPECT(jf_addr_parse("127.0.0.1:1", a), JF_E_INVALID);
    EXPECT(jf_addr_format(a, (char *)buffer, sizeof buffer), JF_E_INVALID);
    EXPECT(jf_addr_equal(a, &good), JF_E_INVALID);
    EXPECT(jf_addr_equal(&good, a), JF_E_INVALID);
    EXPECT(jf_addr_family(a), JF_E_INVALID);
    EXPECT(jf_addr_port(a), JF_E_INVALID);
    EXPECT(jf_addr_set_port(a, 2), JF_E_INVALID);
    EXPECT(jf_bind(s, a), JF_E_INVALID);
    EXPECT(jf_connect(s, a), JF_E_INVALID);
    EXPECT(jf_accept(s, a), JF_E_INVALID);
    EXPECT(jf_join(s, a, NULL, 0), JF_E_INVALID);
    EXPECT(jf_join(s, &good, a, 0), JF_E_INVALID);
    EXPECT(jf_leave(s, a, NULL, 0), JF_E_INVALID);
    EXPECT(jf_leave(s, &good, a, 0), JF_E_INVALID);
    EXPECT(jf_local_addr(s, a), JF_E_INVALID);
    EXPECT(jf_peer_addr(s, a), JF_E_INVALID);
    EXPECT(jf_send_to(s, "x", 1, 0, a), JF_E_INVALID);
    EXPECT(jf_recv_from(s, buffer, 8, 0, a), JF_E_INVALID);
    EXPECT(jf_pair(JF_UNIX, JF_STREAM, (jf_socket *)(void *)(memory + 1)), JF_E_INVALID);
    EXPECT(jf_get(s, JF_OPT_TYPE, (int64_t *)(void *)(memory + 1)), JF_E_INVALID);
    EXPECT(jf_tcp_info(s, (jf_tcp_info_data *)(void *)(memory + 1)), JF_E_INVALID);
    EXPECT(jf_wait((jf_wait_item *)(void *)(memory + 1), 1, 0), JF_E_INVALID);
    EXPECT(jf_wait((jf_wait_item *)(void *)(memory + 4), 1, 0), JF_E_INVALID);
    EXPECT(jf_tcp_info(s, (jf_tcp_info_data *)(void *)(memory + 4)), JF_E_INVALID);
    EXPECT(jf_send_all(s, "x", 1, (size_t *)(void *)(memory + 1)), JF_E_INVALID);
    EXPECT(jf_recv_exact(s, buffer, 1, (size_t *)(void *)(memory + 1)), JF_E_INVALID);
    EXPECT(jf_send_vec(s, (jf_buf *)(void *)(memory + 1), 1, 0), JF_E_INVALID);
    EXPECT(jf_recv_vec(s, (jf_buf *)(void *)(memory + 1), 1, 0), JF_E_INVALID);
    CHECK(untouched(buffer, sizeof buffer) && memcmp(a, &good, sizeof good) == 0);
}

/* With length 0 the pointer may have any value. A stream then sends nothing, other sockets send an empty message. */
static void empty_buffers(enum kind kind, void *pointer) {
    int stream = kind_type(kind) == JF_STREAM;
    jf_socket s[2];
    connected(kind, s);
    OK(jf_set(s[1], JF_OPT_RECV_TIMEOUT, 10000));
    jf_addr from;
    jf_buf empty[] = {{pointer, 0}, {pointer, 0}};

    EXPECT(jf_send(s[0], pointer, 0, 0), 0);
    EXPECT(jf_recv(s[1], pointer, 0, 0), 0);
    EXPECT(jf_send_vec(s[0], pointer, 0, 0), 0);
    EXPECT(jf_recv_vec(s[1], pointer, 0, 0), 0);
    EXPECT(jf_send(s[0], pointer, 0, 0), 0);
    EXPECT(jf_recv_from(s[1], pointer, 0, 0, &from), 0);
    EXPECT(jf_send(s[0], pointer, 0, 0), 0);
    EXPECT(jf_recv_from(s[1], pointer, 0, 0, NULL), 0);
    if (kind == UDP4 || kind == UDP6) {
        OK(jf_peer_addr(s[0], &from));
        EXPECT(jf_send_to(s[0], pointer, 0, 0, &from), 0);
        EXPECT(jf_recv(s[1], pointer, 0, 0), 0);
    }
    if (stream) {
        size_t sent = 77, received = 77;
        EXPECT(jf_send_all(s[0], pointer, 0, &sent), 0);
        EXPECT(jf_recv_exact(s[1], pointer, 0, &received), 0);
        CHECK(sent == 0 && received == 0);
    }
    EXPECT(jf_send_vec(s[0], empty, 2, 0), 0);
    EXPECT(jf_recv_vec(s[1], empty, 2, 0), 0);
    EXPECT(jf_recv(s[1], buffer, sizeof buffer, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
    CHECK(untouched(buffer, sizeof buffer));

    /* Pointers that are optional. */
    EXPECT(jf_send(s[0], "x", 1, 0), 1);
    unsigned char got = 0;
    EXPECT(jf_recv_from(s[1], &got, 1, 0, NULL), 1);
    if (stream) {
        EXPECT(jf_send_all(s[0], "x", 1, NULL), 0);
        EXPECT(jf_recv_exact(s[1], &got, 1, NULL), 0);
    }
    close_both(s);
}

int main(void) {
    addr = parsed("127.0.0.1:1");
    fill(buffer, sizeof buffer);
    null_address_arguments();
    interfaces();
    inherited();
    EXPECT(jf_pair(JF_UNIX, JF_STREAM, NULL), JF_E_INVALID);

    null_call_arguments(0);
    excessive_lengths(0);
    for (int kind = 0; kind < KINDS; kind++) {
        jf_socket s[2];
        connected(kind, s);
        null_call_arguments(s[0]);
        excessive_lengths(s[0]);
        excessive_sums(s[0]);
        misaligned_pointers(s[0]);
        /* Nothing was sent, and nothing was consumed. */
        EXPECT(jf_recv(s[1], buffer, sizeof buffer, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
        CHECK(untouched(buffer, sizeof buffer));
        close_both(s);
        empty_buffers(kind, NULL);
    }
    for (int kind = 0; kind < KINDS; kind++) empty_buffers(kind, nowhere);
    return 0;
}
