/* A call with both a bad argument and a bad handle reports one of the two errors; with a good handle, the
 * argument's. */
#include "misuse.h"

/* Expects the argument's error. The error of the handle is accepted too; it is 0 for an open handle. */
static int64_t accepted_error;
#define EXPECT_OR_HANDLE_ERROR(call, expected) EXPECT(accept_handle_error((call), (expected)), (expected))
static int64_t accept_handle_error(int64_t result, int64_t expected) {
    return accepted_error != 0 && result == accepted_error ? expected : result;
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
    EXPECT_OR_HANDLE_ERROR(jf_bind(s, NULL), JF_E_INVALID);
    EXPECT_OR_HANDLE_ERROR(jf_send(s, NULL, 1, 0), JF_E_INVALID);
    EXPECT_OR_HANDLE_ERROR(jf_recv(s, buffer, SIZE_MAX, 0), JF_E_INVALID);
    EXPECT_OR_HANDLE_ERROR(jf_send_all(s, buffer, SIZE_MAX, &done), JF_E_INVALID);
    EXPECT_OR_HANDLE_ERROR(jf_recv_exact(s, NULL, 1, &done), JF_E_INVALID);
    CHECK(done == 0);
    EXPECT_OR_HANDLE_ERROR(jf_send_vec(s, bufs, 1025, 0), JF_E_INVALID);
    /* Addresses. */
    EXPECT_OR_HANDLE_ERROR(jf_bind(s, &bad), JF_E_ADDR_INVALID);
    EXPECT_OR_HANDLE_ERROR(jf_connect(s, &bad), JF_E_ADDR_INVALID);
    EXPECT_OR_HANDLE_ERROR(jf_send_to(s, "x", 1, 0, &bad), JF_E_ADDR_INVALID);
    EXPECT_OR_HANDLE_ERROR(jf_join(s, &bad, NULL, 0), JF_E_ADDR_INVALID);
    EXPECT_OR_HANDLE_ERROR(jf_leave(s, &addr, &bad, 0), JF_E_ADDR_INVALID);
    /* Constants. */
    EXPECT_OR_HANDLE_ERROR(jf_shutdown(s, 4), JF_E_INVALID);
    EXPECT_OR_HANDLE_ERROR(jf_set(s, 1000, 1), JF_E_INVALID);
    EXPECT_OR_HANDLE_ERROR(jf_get(s, 1000, &value), JF_E_INVALID);
    EXPECT_OR_HANDLE_ERROR(jf_set_text(s, 1000, "lo"), JF_E_INVALID);
    EXPECT_OR_HANDLE_ERROR(jf_set_text(s, JF_OPT_DEVICE, NULL), JF_E_INVALID);
    EXPECT_OR_HANDLE_ERROR(jf_get_text(s, 1000, NULL, 0), JF_E_INVALID);
    EXPECT_OR_HANDLE_ERROR(jf_set_raw(s, 1, 9, NULL, 4), JF_E_INVALID);
    EXPECT_OR_HANDLE_ERROR(jf_get_raw(s, 1, 9, NULL, 4), JF_E_INVALID);
    EXPECT_OR_HANDLE_ERROR(jf_listen(s, -2), JF_E_INVALID);
    /* Flags. */
    EXPECT_OR_HANDLE_ERROR(jf_send(s, "x", 1, JF_PEEK), JF_E_INVALID);
    EXPECT_OR_HANDLE_ERROR(jf_recv(s, buffer, 8, JF_MORE), JF_E_INVALID);
    EXPECT_OR_HANDLE_ERROR(jf_send_to(s, "x", 1, JF_PEEK, &addr), JF_E_INVALID);
    EXPECT_OR_HANDLE_ERROR(jf_recv_from(s, buffer, 8, JF_MORE, NULL), JF_E_INVALID);
    EXPECT_OR_HANDLE_ERROR(jf_send_vec(s, NULL, 0, JF_PEEK), JF_E_INVALID);
    EXPECT_OR_HANDLE_ERROR(jf_recv_vec(s, NULL, 0, JF_MORE), JF_E_INVALID);
    /* The sum of the lengths. */
    EXPECT_OR_HANDLE_ERROR(jf_send_vec(s, bufs, 2, 0), JF_E_INVALID);
    EXPECT_OR_HANDLE_ERROR(jf_recv_vec(s, bufs, 2, 0), JF_E_INVALID);
    /* Values that no socket accepts. */
    EXPECT_OR_HANDLE_ERROR(jf_set(s, JF_OPT_INTERRUPTIBLE, 2), JF_E_INVALID);
    EXPECT_OR_HANDLE_ERROR(jf_set(s, JF_OPT_RECV_TIMEOUT, -2), JF_E_INVALID);
    EXPECT_OR_HANDLE_ERROR(jf_set(s, JF_OPT_KEEP_ALIVE, 2), JF_E_INVALID);
    CHECK(value == 77 && untouched(buffer, sizeof buffer));
}

int main(void) {
    jf_socket closed = OK(jf_open(JF_INET, JF_STREAM, 0)), live = OK(jf_open(JF_INET, JF_STREAM, 0));
    OK(jf_close(closed));
    reports_one_error(live);
    accepted_error = JF_E_CLOSED;
    reports_one_error(closed);
    accepted_error = JF_E_BAD_HANDLE;
    reports_one_error(0);
    OK(jf_close(live));
    return 0;
}
