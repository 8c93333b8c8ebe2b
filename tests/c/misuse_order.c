/* A call with a wrong argument and a wrong handle speaks of one of them, and with a good handle of the argument. */
#include "misuse.h"

/* What is said of the argument; of a handle that is no good, that may be said as well. */
static int good_handle;
#define EXPECT_ONE(call, expected) EXPECT(one_of((call), (expected)), (expected))
static int64_t one_of(int64_t result, int64_t expected) {
    return result == JF_E_BAD_HANDLE && !good_handle ? expected : result;
}

static void one_is_told(jf_socket s) {
    unsigned char room[64];
    fill(room, sizeof room);
    int64_t value = 77;
    size_t done = 77;
    jf_addr addr = parsed("127.0.0.1:1"), bad = addr;
    bad.len = 5;
    jf_buf bufs[] = {{room, INT64_MAX}, {room, INT64_MAX}};

    /* Pointers and lengths. */
    EXPECT_ONE(jf_bind(s, NULL), JF_E_INVALID);
    EXPECT_ONE(jf_send(s, NULL, 1, 0), JF_E_INVALID);
    EXPECT_ONE(jf_recv(s, room, SIZE_MAX, 0), JF_E_INVALID);
    EXPECT_ONE(jf_send_all(s, room, SIZE_MAX, &done), JF_E_INVALID);
    EXPECT_ONE(jf_recv_exact(s, NULL, 1, &done), JF_E_INVALID);
    CHECK(done == 0);
    EXPECT_ONE(jf_send_vec(s, bufs, 1025, 0), JF_E_INVALID);
    /* Addresses. */
    EXPECT_ONE(jf_bind(s, &bad), JF_E_ADDR_INVALID);
    EXPECT_ONE(jf_connect(s, &bad), JF_E_ADDR_INVALID);
    EXPECT_ONE(jf_send_to(s, "x", 1, 0, &bad), JF_E_ADDR_INVALID);
    EXPECT_ONE(jf_join(s, &bad, NULL, 0), JF_E_ADDR_INVALID);
    EXPECT_ONE(jf_leave(s, &addr, &bad, 0), JF_E_ADDR_INVALID);
    /* Constants. */
    EXPECT_ONE(jf_shutdown(s, 4), JF_E_INVALID);
    EXPECT_ONE(jf_set(s, 1000, 1), JF_E_INVALID);
    EXPECT_ONE(jf_get(s, 1000, &value), JF_E_INVALID);
    EXPECT_ONE(jf_set_text(s, 1000, "lo"), JF_E_INVALID);
    EXPECT_ONE(jf_set_text(s, JF_OPT_DEVICE, NULL), JF_E_INVALID);
    EXPECT_ONE(jf_get_text(s, 1000, NULL, 0), JF_E_INVALID);
    EXPECT_ONE(jf_set_raw(s, 1, 9, NULL, 4), JF_E_INVALID);
    EXPECT_ONE(jf_get_raw(s, 1, 9, NULL, 4), JF_E_INVALID);
    EXPECT_ONE(jf_listen(s, -2), JF_E_INVALID);
    /* Flags. */
    EXPECT_ONE(jf_send(s, "x", 1, JF_PEEK), JF_E_INVALID);
    EXPECT_ONE(jf_recv(s, room, 8, JF_MORE), JF_E_INVALID);
    EXPECT_ONE(jf_send_to(s, "x", 1, JF_PEEK, &addr), JF_E_INVALID);
    EXPECT_ONE(jf_recv_from(s, room, 8, JF_MORE, NULL), JF_E_INVALID);
    EXPECT_ONE(jf_send_vec(s, NULL, 0, JF_PEEK), JF_E_INVALID);
    EXPECT_ONE(jf_recv_vec(s, NULL, 0, JF_MORE), JF_E_INVALID);
    /* Lengths together. */
    EXPECT_ONE(jf_send_vec(s, bufs, 2, 0), JF_E_INVALID);
    EXPECT_ONE(jf_recv_vec(s, bufs, 2, 0), JF_E_INVALID);
    /* Values that no socket takes. */
    EXPECT_ONE(jf_set(s, JF_OPT_INTERRUPTIBLE, 2), JF_E_INVALID);
    EXPECT_ONE(jf_set(s, JF_OPT_RECV_TIMEOUT, -2), JF_E_INVALID);
    EXPECT_ONE(jf_set(s, JF_OPT_KEEP_ALIVE, 2), JF_E_INVALID);
    CHECK(value == 77 && untouched(room, sizeof room));
}

int main(void) {
    jf_socket closed = OK(jf_open(JF_INET, JF_STREAM, 0)), live = OK(jf_open(JF_INET, JF_STREAM, 0));
    OK(jf_close(closed));
    good_handle = 1;
    one_is_told(live);
    good_handle = 0;
    one_is_told(closed);
    one_is_told(0);
    OK(jf_close(live));
    return 0;
}
