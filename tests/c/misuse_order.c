/* A call with both a bad argument and a bad handle reports one of the two errors; with a good handle, the
 * argument's. */
#include "misuse.h"

/* Expects the argument's error; with a bad handle, JF_E_BAD_HANDLE is accepted too. */
static int has_good_handle;
#define EXPECT_OR_BAD_HANDLE(call, expected) EXPECT(accept_bad_handle((call), (expected)), (expected))
static int64_t accept_bad_handle(int64_t result, int64_t expected) {
    return result == JF_E_BAD_HANDLE && !has_good_handle ? expected : result;
}

static void reports_one_error(jf_socket s) {
    unsigned char buffer[64];
    fill(buffer, sizeof buffer);
    int64_t value = 77;
    size_t done = 77;
    jf_addr addr = parsed("127.0.0.1:1"), bad = addr;
    bad.len = 5;
    jf_buf bufs[] = {{buffer, INT64_MAX}, {buffer, INT64_MAX}};

    /* Pointers and lengths. */
    EXPECT_OR_BAD_HANDLE(jf_bind(s, NULL), JF_E_INVALID);
    EXPECT_OR_BAD_HANDLE(jf_send(s, NULL, 1, 0), JF_E_INVALID);
    EXPECT_OR_BAD_HANDLE(jf_recv(s, buffer, SIZE_MAX, 0), JF_E_INVALID);
    EXPECT_OR_BAD_HANDLE(jf_send_all(s, buffer, SIZE_MAX, &done), JF_E_INVALID);
    EXPECT_OR_BAD_HANDLE(jf_recv_exact(s, NULL, 1, &done), JF_E_INVALID);
    CHECK(done == 0);
    EXPECT_OR_BAD_HANDLE(jf_send_vec(s, bufs, 1025, 0), JF_E_INVALID);
    /* Addresses. */
    EXPECT_OR_BAD_HANDLE(jf_bind(s, &bad), JF_E_ADDR_INVALID);
    EXPECT_OR_BAD_HANDLE(jf_connect(s, &bad), JF_E_ADDR_INVALID);
    EXPECT_OR_BAD_HANDLE(jf_send_to(s, "x", 1, 0, &bad), JF_E_ADDR_INVALID);
    EXPECT_OR_BAD_HANDLE(jf_join(s, &bad, NULL, 0), JF_E_ADDR_INVALID);
    EXPECT_OR_BAD_HANDLE(jf_leave(s, &addr, &bad, 0), JF_E_ADDR_INVALID);
    /* Constants. */
    EXPECT_OR_BAD_HANDLE(jf_shutdown(s, 4), JF_E_INVALID);
    EXPECT_OR_BAD_HANDLE(jf_set(s, 1000, 1), JF_E_INVALID);
    EXPECT_OR_BAD_HANDLE(jf_get(s, 1000, &value), JF_E_INVALID);
    EXPECT_OR_BAD_HANDLE(jf_set_text(s, 1000, "lo"), JF_E_INVALID);
    EXPECT_OR_BAD_HANDLE(jf_set_text(s, JF_OPT_DEVICE, NULL), JF_E_INVALID);
    EXPECT_OR_BAD_HANDLE(jf_get_text(s, 1000, NULL, 0), JF_E_INVALID);
    EXPECT_OR_BAD_HANDLE(jf_set_raw(s, 1, 9, NULL, 4), JF_E_INVALID);
    EXPECT_OR_BAD_HANDLE(jf_get_raw(s, 1, 9, NULL, 4), JF_E_INVALID);
    EXPECT_OR_BAD_HANDLE(jf_listen(s, -2), JF_E_INVALID);
    /* Flags. */
    EXPECT_OR_BAD_HANDLE(jf_send(s, "x", 1, JF_PEEK), JF_E_INVALID);
    EXPECT_OR_BAD_HANDLE(jf_recv(s, buffer, 8, JF_MORE), JF_E_INVALID);
    EXPECT_OR_BAD_HANDLE(jf_send_to(s, "x", 1, JF_PEEK, &addr), JF_E_INVALID);
    EXPECT_OR_BAD_HANDLE(jf_recv_from(s, buffer, 8, JF_MORE, NULL), JF_E_INVALID);
    EXPECT_OR_BAD_HANDLE(jf_send_vec(s, NULL, 0, JF_PEEK), JF_E_INVALID);
    EXPECT_OR_BAD_HANDLE(jf_recv_vec(s, NULL, 0, JF_MORE), JF_E_INVALID);
    /* The sum of the lengths. */
    EXPECT_OR_BAD_HANDLE(jf_send_vec(s, bufs, 2, 0), JF_E_INVALID);
    EXPECT_OR_BAD_HANDLE(jf_recv_vec(s, bufs, 2, 0), JF_E_INVALID);
    /* Values that no socket accepts. */
    EXPECT_OR_BAD_HANDLE(jf_set(s, JF_OPT_INTERRUPTIBLE, 2), JF_E_INVALID);
    EXPECT_OR_BAD_HANDLE(jf_set(s, JF_OPT_RECV_TIMEOUT, -2), JF_E_INVALID);
    EXPECT_OR_BAD_HANDLE(jf_set(s, JF_OPT_KEEP_ALIVE, 2), JF_E_INVALID);
    CHECK(value == 77 && untouched(buffer, sizeof buffer));
}

int main(void) {
    jf_socket closed = OK(jf_open(JF_INET, JF_STREAM, 0)), live = OK(jf_open(JF_INET, JF_STREAM, 0));
    OK(jf_close(closed));
    has_good_handle = 1;
    reports_one_error(live);
    has_good_handle = 0;
    reports_one_error(closed);
    reports_one_error(0);
    OK(jf_close(live));
    return 0;
}
