/* Every poller function, with every invalid argument. */
#include "misuse.h"

#include <fcntl.h>
#include <unistd.h>

enum { TOKEN = 7, ALLOWED = 63 | JF_EDGE | JF_ONE_SHOT };

static jf_poller p;
static jf_socket s[2];
static int fds[2];
static _Alignas(16) unsigned char buffer[256];

static jf_event *events(void) {
    return (jf_event *)(void *)buffer;
}

/* Calls in which only the poller is invalid. */
static int64_t add(jf_poller q) { return jf_poller_add(q, s[0], JF_READABLE, TOKEN); }
static int64_t modify(jf_poller q) { return jf_poller_modify(q, s[0], JF_READABLE, TOKEN); }
static int64_t remove_socket_s(jf_poller q) { return jf_poller_remove(q, s[0]); }
static int64_t add_fd(jf_poller q) { return jf_poller_add_fd(q, fds[0], JF_READABLE, TOKEN); }
static int64_t modify_fd(jf_poller q) { return jf_poller_modify_fd(q, fds[0], JF_READABLE, TOKEN); }
static int64_t remove_fd(jf_poller q) { return jf_poller_remove_fd(q, fds[0]); }
static int64_t wait_for_ever(jf_poller q) { return jf_poller_wait(q, events(), 4, -1); }
static int64_t poll_once(jf_poller q) { return jf_poller_wait(q, events(), 4, 0); }
static int64_t set(jf_poller q) { return jf_poller_set(q, JF_POLLER_INTERRUPTIBLE, 1); }

/* Calls in which only the socket is invalid. */
static int64_t add_socket(jf_socket t) { return jf_poller_add(p, t, JF_READABLE, TOKEN); }
static int64_t modify_socket(jf_socket t) { return jf_poller_modify(p, t, JF_READABLE, TOKEN); }
static int64_t remove_socket(jf_socket t) { return jf_poller_remove(p, t); }

typedef struct row {
    const char *name;
    int64_t (*call)(int64_t);
} row;

static const row poller_calls[] = {{"jf_poller_add", add},
                                 {"jf_poller_modify", modify},
                                 {"jf_poller_remove", remove_socket_s},
                                 {"jf_poller_add_fd", add_fd},
                                 {"jf_poller_modify_fd", modify_fd},
                                 {"jf_poller_remove_fd", remove_fd},
                                 {"jf_poller_wait", wait_for_ever},
                                 {"jf_poller_wait", poll_once},
                                 {"jf_poller_wake", jf_poller_wake},
                                 {"jf_poller_set", set},
                                 {"jf_poller_fd", jf_poller_fd},
                                 {"jf_poller_close", jf_poller_close}};
static const row socket_calls[] = {{"jf_poller_add", add_socket},
                                 {"jf_poller_modify", modify_socket},
                                 {"jf_poller_remove", remove_socket}};
/* Functions that take other handles. */
static const row other_calls[] = {{"jf_close", jf_close}, {"jf_fd", jf_fd}, {"jf_dup", jf_dup},
                                {"jf_into_fd", jf_into_fd}, {"jf_dialer_close", jf_dialer_close}};

static void expect_handle_error(const row *rows, size_t count, int64_t handle, int64_t kind) {
    for (size_t i = 0; i < count; i++)
        expect_of(rows[i].name, handle, rows[i].call(handle), handle_error(handle, kind));
    CHECK(untouched(buffer, sizeof buffer));
}
#define EXPECT_HANDLE_ERROR(rows, handle, kind) \
    expect_handle_error((rows), sizeof(rows) / sizeof *(rows), (handle), (kind))

/* A handle of neither an open poller nor an open socket. */
static void expect_invalid_handle(int64_t handle) {
    if (handle != p) EXPECT_HANDLE_ERROR(poller_calls, handle, POLLER_HANDLE);
    if (handle != s[0] && handle != s[1]) EXPECT_HANDLE_ERROR(socket_calls, handle, SOCKET_HANDLE);
}

static void handles(void) {
    const int64_t never[] = {0, 1, 2, -1, INT64_MIN, INT64_MAX, INT64_MIN + 1, INT32_MAX,
                             (int64_t)1 << 50, (int64_t)3 << 50};
    for (size_t i = 0; i < sizeof never / sizeof never[0]; i++) expect_invalid_handle(never[i]);
    /* Handles of the wrong type, in both directions. */
    jf_dialer dialer = given_out(OK(jf_dialer_open()));
    EXPECT_HANDLE_ERROR(poller_calls, s[0], POLLER_HANDLE);
    EXPECT_HANDLE_ERROR(poller_calls, dialer, POLLER_HANDLE);
    EXPECT_HANDLE_ERROR(socket_calls, p, SOCKET_HANDLE);
    EXPECT_HANDLE_ERROR(socket_calls, dialer, SOCKET_HANDLE);
    EXPECT_HANDLE_ERROR(other_calls, p, SOCKET_HANDLE);
    OK(jf_dialer_close(dialer));
    expect_invalid_handle(dialer);
    /* Closed and given-up handles, before and after their slot is reused. */
    jf_poller closed = given_out(OK(jf_poller_open()));
    OK(jf_poller_close(closed));
    EXPECT(jf_poller_wake(closed), JF_E_CLOSED);
    expect_invalid_handle(closed);
    jf_poller next = given_out(OK(jf_poller_open()));
    CHECK(next != closed && next > 0 && next < (int64_t)1 << 53);
    expect_invalid_handle(closed);
    OK(jf_poller_close(next));
    expect_invalid_handle(next);
    jf_socket given_up = given_out(OK(jf_dup(s[0])));
    int fd = (int)OK(jf_into_fd(given_up));
    expect_invalid_handle(given_up);
    close(fd);
    /* Handles that differ from a live one by one bit, by type, or by a small offset. */
    const int64_t live[] = {p, s[0]};
    for (size_t i = 0; i < 2; i++) {
        for (int bit = 0; bit < 64; bit++) expect_invalid_handle((int64_t)((uint64_t)live[i] ^ (uint64_t)1 << bit));
        for (int64_t kind = 1; kind < 8; kind++) expect_invalid_handle(live[i] ^ kind << 50);
        for (int64_t step = -20; step <= 20; step++) expect_invalid_handle(live[i] + step * ((int64_t)1 << 24));
        expect_invalid_handle(-live[i]);
        expect_invalid_handle(~live[i]);
    }
    uint64_t state = 1;
    for (int i = 0; i < 2000; i++) {
        int64_t number = (int64_t)random_number(&state);
        expect_invalid_handle(number);
        expect_invalid_handle((number & (((int64_t)1 << 50) - 1)) | (int64_t)3 << 50);
        expect_invalid_handle((number & 0x3FF0003FF) | (int64_t)3 << 50);
    }
}

static void events_refused(uint32_t bits) {
    expect_of("jf_poller_add", bits, jf_poller_add(p, s[0], bits, TOKEN), JF_E_INVALID);
    expect_of("jf_poller_modify", bits, jf_poller_modify(p, s[0], bits, TOKEN), JF_E_INVALID);
    expect_of("jf_poller_add", bits, jf_poller_add(p, s[1], bits, TOKEN), JF_E_INVALID);
    expect_of("jf_poller_modify", bits, jf_poller_modify(p, s[1], bits, TOKEN), JF_E_INVALID);
    expect_of("jf_poller_add_fd", bits, jf_poller_add_fd(p, fds[0], bits, TOKEN), JF_E_INVALID);
    expect_of("jf_poller_modify_fd", bits, jf_poller_modify_fd(p, fds[0], bits, TOKEN), JF_E_INVALID);
}

static void events_and_tokens(void) {
    for (int bit = 0; bit < 32; bit++) {
        uint32_t flag = (uint32_t)1 << bit;
        if (flag & ALLOWED) continue;
        events_refused(flag);
        events_refused(flag | JF_READABLE);
        events_refused(flag | ALLOWED);
    }
    events_refused(UINT32_MAX);
    EXPECT(jf_poller_add(p, s[1], JF_READABLE, UINT64_MAX), JF_E_INVALID);
    EXPECT(jf_poller_modify(p, s[0], JF_READABLE, UINT64_MAX), JF_E_INVALID);
    EXPECT(jf_poller_add_fd(p, fds[0], JF_READABLE, UINT64_MAX), JF_E_INVALID);
    EXPECT(jf_poller_modify_fd(p, fds[0], JF_READABLE, UINT64_MAX), JF_E_INVALID);
    /* All valid bits, and none. */
    OK(jf_poller_add_fd(p, fds[0], ALLOWED, TOKEN + 1));
    OK(jf_poller_modify_fd(p, fds[0], 0, TOKEN + 1));
    OK(jf_poller_remove_fd(p, fds[0]));
}

static void capacities_and_timeouts(void) {
    static const size_t caps[] = {SIZE_MAX, SIZE_MAX - 1, (size_t)INT64_MAX + 1, INT64_MAX, INT64_MAX / 16 + 1,
                                  SIZE_MAX / 16 + 2, (size_t)1 << 60};
    static const int64_t times[] = {-2, -3, -1000, INT32_MIN, INT64_MIN, INT64_MIN + 1};
    void *const nowhere = (void *)UINTPTR_MAX;
    const int64_t waits[] = {-1, 0, 1};
    for (size_t w = 0; w < 3; w++) {
        EXPECT(jf_poller_wait(p, NULL, 1, waits[w]), JF_E_INVALID);
        EXPECT(jf_poller_wait(p, NULL, 0, waits[w]), JF_E_INVALID);
        EXPECT(jf_poller_wait(p, nowhere, 0, waits[w]), JF_E_INVALID);
        EXPECT(jf_poller_wait(p, events(), 0, waits[w]), JF_E_INVALID);
        for (size_t i = 0; i < sizeof caps / sizeof *caps; i++) {
            EXPECT(jf_poller_wait(p, events(), caps[i], waits[w]), JF_E_INVALID);
            EXPECT(jf_poller_wait(p, NULL, caps[i], waits[w]), JF_E_INVALID);
        }
        for (int crooked = 1; crooked < 8; crooked++)
            EXPECT(jf_poller_wait(p, (jf_event *)(void *)(buffer + crooked), 2, waits[w]), JF_E_INVALID);
    }
    for (size_t i = 0; i < sizeof times / sizeof *times; i++)
        expect_of("jf_poller_wait", times[i], jf_poller_wait(p, events(), 4, times[i]), JF_E_INVALID);
    CHECK(untouched(buffer, sizeof buffer));
}

static void descriptors(void) {
    const int64_t none[] = {-1, -2, INT32_MIN, INT64_MIN, INT64_MAX, INT32_MAX, (int64_t)1 << 31, (int64_t)1 << 32,
                            ((int64_t)1 << 32) + fds[0], -((int64_t)1 << 32) + fds[0], ((int64_t)1 << 62) + fds[0]};
    int closed = dup(fds[0]);
    CHECK(closed >= 0 && close(closed) == 0);
    for (size_t i = 0; i <= sizeof none / sizeof *none; i++) {
        int64_t fd = i == 0 ? closed : none[i - 1];
        expect_of("jf_poller_add_fd", fd, jf_poller_add_fd(p, fd, JF_READABLE, TOKEN), JF_E_BAD_HANDLE);
        expect_of("jf_poller_modify_fd", fd, jf_poller_modify_fd(p, fd, JF_READABLE, TOKEN), JF_E_BAD_HANDLE);
        expect_of("jf_poller_remove_fd", fd, jf_poller_remove_fd(p, fd), JF_E_BAD_HANDLE);
    }
    /* Open descriptors that are not registered. */
    EXPECT(jf_poller_modify_fd(p, fds[0], JF_READABLE, TOKEN), JF_E_NOT_FOUND);
    EXPECT(jf_poller_remove_fd(p, fds[0]), JF_E_NOT_FOUND);
    EXPECT(jf_poller_modify(p, s[1], JF_READABLE, TOKEN), JF_E_NOT_FOUND);
    EXPECT(jf_poller_remove(p, s[1]), JF_E_NOT_FOUND);
    /* Already registered. */
    EXPECT(jf_poller_add(p, s[0], JF_WRITABLE, 9), JF_E_EXISTS);
    EXPECT(jf_poller_add_fd(p, OK(jf_fd(s[0])), JF_WRITABLE, 9), JF_E_EXISTS);
}

static void options(void) {
    const int32_t unknown[] = {0, -1, 3, 4, 8, 255, 65537, INT32_MAX, INT32_MIN, INT32_MIN + 1};
    const int64_t values[] = {-1, 2, 3, 255, INT32_MIN, INT64_MAX, INT64_MIN, (int64_t)1 << 32, ((int64_t)1 << 32) + 1};
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
        for (int64_t value = -1; value <= 1; value++)
            expect_of("jf_poller_set", unknown[i], jf_poller_set(p, unknown[i], value), JF_E_INVALID);
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        expect_of("jf_poller_set", values[i], jf_poller_set(p, JF_POLLER_INTERRUPTIBLE, values[i]), JF_E_INVALID);
        expect_of("jf_poller_set", values[i], jf_poller_set(p, JF_POLLER_REST_LISTENERS, values[i]), JF_E_INVALID);
    }
}

/* With a bad argument and a bad handle, one of the two errors is reported. */
static void both_wrong(void) {
    const int64_t none[] = {0, -1, s[0], INT64_MAX};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        const int64_t results[] = {
            jf_poller_add(none[i], s[0], UINT32_MAX, TOKEN),       jf_poller_add(none[i], 0, JF_READABLE, UINT64_MAX),
            jf_poller_modify(none[i], 0, UINT32_MAX, UINT64_MAX),  jf_poller_remove(none[i], 0),
            jf_poller_add_fd(none[i], -1, UINT32_MAX, UINT64_MAX),
            jf_poller_modify_fd(none[i], -1, UINT32_MAX, UINT64_MAX),
            jf_poller_remove_fd(none[i], -1),                      jf_poller_wait(none[i], NULL, 0, -2),
            jf_poller_wait(none[i], NULL, SIZE_MAX, INT64_MIN),    jf_poller_set(none[i], 0, 7),
        };
        for (size_t k = 0; k < sizeof results / sizeof *results; k++)
            CHECK(results[k] == JF_E_BAD_HANDLE || results[k] == JF_E_INVALID);
    }
}

int main(void) {
    fill(buffer, sizeof buffer);
    /* Before any poller exists. */
    s[0] = s[1] = -7;
    p = -7;
    expect_invalid_handle(0);
    expect_invalid_handle((int64_t)3 << 50);
    expect_invalid_handle(((int64_t)3 << 50) + 1);

    p = given_out(OK(jf_poller_open()));
    OK(jf_pair(JF_UNIX, JF_STREAM, s));
    given_out(s[0]);
    given_out(s[1]);
    CHECK(pipe2(fds, O_CLOEXEC) == 0);
    OK(jf_poller_add(p, s[0], JF_WRITABLE | JF_EDGE | JF_ONE_SHOT, TOKEN));
    handles();
    events_and_tokens();
    capacities_and_timeouts();
    descriptors();
    options();
    both_wrong();

    /* None of this changed the poller: its one event is still pending, and there are no others. */
    CHECK(untouched(buffer, sizeof buffer));
    EXPECT(jf_poller_wait(p, events(), 4, 0), 1);
    CHECK(events()->token == TOKEN && events()->events == JF_WRITABLE && events()->error == 0);
    EXPECT(jf_send(s[1], "x", 1, 0), 1);
    EXPECT(jf_poller_wait(p, events(), 4, 20), 0);
    OK(jf_poller_wake(p));
    EXPECT(jf_poller_wait(p, events(), 4, -1), 0);
    close_both(s);
    close(fds[0]);
    close(fds[1]);
    OK(jf_poller_close(p));
    return 0;
}
