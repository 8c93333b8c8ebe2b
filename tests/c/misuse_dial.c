/* Dialing invalid endpoints; invalid dialer handles, options, addresses and delays; and dialers closed during a
 * dial. */
#include "flight.h"
#include "misuse.h"

#include <dirent.h>
#include <stdalign.h>

enum { TIMEOUT = 60000, DIALERS = 4, CLOSERS = 4, MAX_DESCRIPTORS = 1000, ENDPOINT_TEXT = JF_ADDR_TEXT + 8 };

/* An endpoint that accepts connections, and endpoints whose backlog is full. */
static char open_endpoint[ENDPOINT_TEXT], full_endpoint[ENDPOINT_TEXT], full_unix_endpoint[ENDPOINT_TEXT];
static jf_socket listener;

static jf_socket open_listener(char *endpoint, const char *address, int backlog) {
    jf_addr a;
    char text[JF_ADDR_TEXT];
    jf_socket s = bound(address, JF_STREAM, &a);
    OK(jf_listen(s, backlog));
    OK(jf_addr_format(&a, text, sizeof text));
    if (a.family == JF_UNIX)
        snprintf(endpoint, ENDPOINT_TEXT, "unix://%s", text + strlen("unix:"));
    else
        snprintf(endpoint, ENDPOINT_TEXT, "tcp://%s", text);
    return s;
}

/* Fills the backlog with one connection that is never accepted. */
static void open_full_listener(char *endpoint, const char *address) {
    jf_addr a;
    jf_socket full = open_listener(endpoint, address, 0);
    OK(jf_local_addr(full, &a));
    OK(jf_connect(OK(jf_open(a.family, JF_STREAM, 0)), &a));
}

static void open_listeners(void) {
    listener = open_listener(open_endpoint, "127.0.0.1:0", 16);
    open_full_listener(full_endpoint, "127.0.0.1:0");
    open_full_listener(full_unix_endpoint, "unix:");
}

/* A dial succeeds and returns a working socket. */
static void check_dial_succeeds(jf_dialer d) {
    jf_socket s = OK(jf_dialer_dial(d, open_endpoint, TIMEOUT)), c = OK(jf_accept(listener, NULL));
    char got;
    EXPECT(jf_send(s, "x", 1, 0), 1);
    EXPECT(jf_recv(c, &got, 1, 0), 1);
    OK(jf_close(s));
    OK(jf_close(c));
}

static int count_descriptors(void) {
    int count = 0;
    for (int fd = 0; fd < MAX_DESCRIPTORS; fd++) count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

/* jf_dial and jf_dialer_dial return the same error for the endpoint. */
static void check_refused(jf_dialer d, const char *endpoint, int64_t timeout_ms, int64_t code) {
    int64_t got[] = {jf_dial(endpoint, timeout_ms), jf_dialer_dial(d, endpoint, timeout_ms)};
    for (int i = 0; i < 2; i++) {
        if (got[i] != code) {
            fprintf(stderr, "dial of \"%s\" with timeout %" PRId64 " returned %" PRId64 " (%s), not %s\n",
                    endpoint ? endpoint : "NULL",
                    timeout_ms, got[i], jf_error_name(got[i]), jf_error_name(code));
            exit(1);
        }
    }
}

static void check_endpoints(jf_dialer d) {
    static const char *const invalid[] = {
        "", " ", "tcp", "tcp:", "tcp:/", "tcp://", "tcp://a", "tcp://:", "tcp://a:", "tcp://127.0.0.1", "127.0.0.1:80",
        "localhost:80", "http://localhost:80", "TCP://localhost:80", " tcp://localhost:80", "tcp://localhost:80 ",
        "tcp://localhost:80/", "tcp://a..b:80", "tcp://127.1:80", "tcp://1.2.3.4.5:80", "tcp://::1:80", "tcp://[::1]",
        "tcp://[::1:80", "tcp://[]:80", "tcp://a:65536", "tcp://a:-1", "tcp://a:+1", "tcp://a: 1", "tcp://a@b:80",
        "tcp://a b:80", "tcp://\xff:80", "tcp://a:\xff", "udp://", "udp://a", "unix:", "unix:/path", "unix://",
        "unix:///a%", "unix:///a%0", "unix:///a%00", "unix:///a\xff", "sctp://localhost:80", "\xff",
    };
    static const int64_t timeouts[] = {-2, -1000, INT32_MIN, INT64_MIN};
    int before = count_descriptors();
    char too_long[4096];
    for (size_t i = 0; i < sizeof invalid / sizeof invalid[0]; i++) {
        check_refused(d, invalid[i], TIMEOUT, JF_E_ADDR_INVALID);
        check_refused(d, invalid[i], 0, JF_E_ADDR_INVALID);
    }
    for (int i = 0; i < 3; i++) {
        const char *head = i == 0 ? "tcp://" : i == 1 ? "unix:///" : "unix://@";
        memset(too_long, 'a', sizeof too_long);
        memcpy(too_long, head, strlen(head));
        too_long[sizeof too_long - 1] = 0;
        check_refused(d, too_long, TIMEOUT, JF_E_ADDR_INVALID);
    }
    check_refused(d, NULL, TIMEOUT, JF_E_INVALID);
    check_refused(d, NULL, -2, JF_E_INVALID);
    for (size_t i = 0; i < sizeof timeouts / sizeof timeouts[0]; i++) {
        check_refused(d, open_endpoint, timeouts[i], JF_E_INVALID);
        check_refused(d, "unix:///no/such/path", timeouts[i], JF_E_INVALID);
    }
    check_refused(d, "tcp://localhost:80", 0, JF_E_WOULD_BLOCK);
    check_refused(d, "udp://localhost:80", 0, JF_E_WOULD_BLOCK);
    check_refused(d, "tcp://127.0.0.1:http", 0, JF_E_WOULD_BLOCK);
    check_refused(d, "udp://:no-such-service", 0, JF_E_WOULD_BLOCK);
    check_refused(d, "tcp://127.0.0.1:no-such-service", TIMEOUT, JF_E_NOT_FOUND);
    check_refused(d, "tcp://[fe80::1%no-interface]:80", TIMEOUT, JF_E_NOT_FOUND);
    check_refused(d, "unix:///no/such/path", TIMEOUT, JF_E_NOT_FOUND);
    check_refused(d, "unix://@jackfield-unbound", TIMEOUT, JF_E_CONN_REFUSED);
    check_refused(d, "tcp://127.0.0.1:0", TIMEOUT, JF_E_CONN_REFUSED);
    check_refused(d, full_endpoint, 1, JF_E_TIMED_OUT);
    check_refused(d, full_endpoint, 0, JF_E_WOULD_BLOCK);
    check_refused(d, full_unix_endpoint, 1, JF_E_TIMED_OUT);
    check_refused(d, full_unix_endpoint, 0, JF_E_WOULD_BLOCK);
    EXPECT(count_descriptors(), before);
}

/* Each call is valid except for its handle. */
static int64_t set_option(jf_dialer d) { return jf_dialer_set(d, JF_OPT_KEEP_ALIVE, 1); }
static int64_t set_text(jf_dialer d) { return jf_dialer_set_text(d, JF_OPT_DEVICE, "lo"); }
static int64_t set_delay(jf_dialer d) { return jf_dialer_set_delay(d, 250); }
static int64_t dial_address(jf_dialer d) { return jf_dialer_dial(d, open_endpoint, TIMEOUT); }
static int64_t dial_name(jf_dialer d) { return jf_dialer_dial(d, "tcp://localhost:1", TIMEOUT); }

static int64_t bind_address(jf_dialer d) {
    jf_addr a = parsed("127.0.0.1:0");
    return jf_dialer_bind(d, &a);
}

static const struct {
    const char *name;
    int64_t (*call)(jf_dialer);
} dialer_calls[] = {
    {"jf_dialer_set", set_option},
    {"jf_dialer_set_text", set_text},
    {"jf_dialer_bind", bind_address},
    {"jf_dialer_set_delay", set_delay},
    {"jf_dialer_dial", dial_address},
    {"jf_dialer_dial of a name", dial_name},
    {"jf_dialer_close", jf_dialer_close},
};

static void check_not_open(int64_t handle) {
    for (size_t i = 0; i < sizeof dialer_calls / sizeof dialer_calls[0]; i++)
        expect_of(dialer_calls[i].name, handle, dialer_calls[i].call(handle), handle_error(handle, DIALER_HANDLE));
}

/* Only the handle of an open dialer is accepted. tests/c/misuse_handles.c passes a dialer to functions that take a
 * socket. */
static void check_handles(void) {
    static const int64_t never[] = {
        0, 1, 2, -1, INT64_MIN, INT64_MAX, INT64_MIN + 1, INT32_MAX, (int64_t)1 << 50, (int64_t)1 << 51,
    };
    int before = count_descriptors();
    for (size_t i = 0; i < sizeof never / sizeof never[0]; i++) check_not_open(never[i]);
    jf_dialer d = given_out(OK(jf_dialer_open())), closed = given_out(OK(jf_dialer_open()));
    CHECK(d > 0 && d < (int64_t)1 << 53 && d != closed);
    OK(jf_dialer_close(closed));
    check_not_open(closed);
    EXPECT(jf_dialer_close(closed), JF_E_CLOSED);
    jf_dialer next = given_out(OK(jf_dialer_open()));
    CHECK(next != closed && next != d);
    check_not_open(closed);
    check_not_open(listener);
    jf_socket s = OK(jf_open(JF_INET, JF_STREAM, 0));
    check_not_open(s);
    EXPECT(jf_close(d), JF_E_BAD_HANDLE);
    OK(jf_close(s));
    check_not_open(s);
    for (int bit = 0; bit < 64; bit++) {
        int64_t other = (int64_t)((uint64_t)d ^ (uint64_t)1 << bit);
        if (other != next) check_not_open(other);
    }
    uint64_t state = 5;
    for (int i = 0; i < 1000; i++) {
        int64_t number = (int64_t)random_number(&state);
        check_not_open(number);
        check_not_open((number & (((int64_t)1 << 50) - 1)) | (int64_t)2 << 50);
    }
    check_dial_succeeds(d);
    OK(jf_dialer_close(d));
    EXPECT(jf_dialer_close(d), JF_E_CLOSED);
    OK(jf_dialer_close(next));
    EXPECT(count_descriptors(), before);
}

/* Unknown options, options of the other type, and read-only options; then invalid values. */
static void check_options(void) {
    static const int32_t unknown[] = {0, -1, 1000, 65536, INT32_MAX, INT32_MIN};
    static const int32_t read_only[] = {JF_OPT_ERROR, JF_OPT_TYPE, JF_OPT_FAMILY, JF_OPT_PROTOCOL, JF_OPT_LISTENING};
    jf_dialer d = OK(jf_dialer_open());
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        expect_of("jf_dialer_set", unknown[i], jf_dialer_set(d, unknown[i], 1), JF_E_INVALID);
        expect_of("jf_dialer_set_text", unknown[i], jf_dialer_set_text(d, unknown[i], "x"), JF_E_INVALID);
    }
    for (size_t i = 0; i < sizeof read_only / sizeof read_only[0]; i++) {
        int32_t option = read_only[i];
        expect_of("jf_dialer_set", option, jf_dialer_set(d, option, 1), JF_E_OPTION_UNSUPPORTED);
        expect_of("jf_dialer_set_text", option, jf_dialer_set_text(d, option, "x"), JF_E_OPTION_UNSUPPORTED);
    }
    EXPECT(jf_dialer_set(d, JF_OPT_DEVICE, 1), JF_E_OPTION_UNSUPPORTED);
    EXPECT(jf_dialer_set(d, JF_OPT_FAST_OPEN_CONNECT, 1), JF_E_OPTION_UNSUPPORTED);
    EXPECT(jf_dialer_set_text(d, JF_OPT_KEEP_ALIVE, "1"), JF_E_OPTION_UNSUPPORTED);
    EXPECT(jf_dialer_set_text(d, JF_OPT_DEVICE, NULL), JF_E_INVALID);
    check_dial_succeeds(d);

    /* A value is validated when the socket is opened. The latest value of an option applies. */
    static const struct {
        int32_t option;
        int64_t invalid, valid, code;
    } values[] = {
        {JF_OPT_KEEP_ALIVE, 2, 1, JF_E_INVALID},
        {JF_OPT_KEEP_ALIVE, INT64_MIN, 0, JF_E_INVALID},
        {JF_OPT_TTL, 1000, 64, JF_E_INVALID},
        {JF_OPT_RECV_TIMEOUT, -2, 0, JF_E_INVALID},
        {JF_OPT_SEND_TIMEOUT, INT64_MIN, INT64_MAX, JF_E_INVALID},
        {JF_OPT_INTERRUPTIBLE, 2, 1, JF_E_INVALID},
        {JF_OPT_SEND_BUFFER, -1, 65536, JF_E_INVALID},
    };
    int before = count_descriptors();
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        OK(jf_dialer_set(d, values[i].option, values[i].invalid));
        expect_of("jf_dialer_dial", values[i].option, jf_dialer_dial(d, open_endpoint, TIMEOUT), values[i].code);
        OK(jf_dialer_set(d, values[i].option, values[i].valid));
        if (values[i].option != JF_OPT_RECV_TIMEOUT) check_dial_succeeds(d);
    }
    static char too_long[300];
    memset(too_long, 'a', sizeof too_long - 1);
    OK(jf_dialer_set_text(d, JF_OPT_CONGESTION, too_long));
    EXPECT(jf_dialer_dial(d, open_endpoint, TIMEOUT), JF_E_INVALID);
    OK(jf_dialer_set_text(d, JF_OPT_CONGESTION, "reno"));
    /* An option of another kind of socket. */
    OK(jf_dialer_set(d, JF_OPT_PASS_CREDENTIALS, 1));
    EXPECT(jf_dialer_dial(d, open_endpoint, TIMEOUT), JF_E_OPTION_UNSUPPORTED);
    EXPECT(count_descriptors(), before);
    OK(jf_dialer_close(d));
}

static void check_local_addresses(void) {
    static alignas(16) unsigned char misaligned[sizeof(jf_addr) + 16];
    static const char *const others[] = {"netlink:0:0", "vsock:2:1", "packet:0:0x0800"};
    jf_dialer d = OK(jf_dialer_open());
    jf_addr valid = parsed("127.0.0.1:0"), invalid = valid, unspec;
    memset(&unspec, 0, sizeof unspec);
    EXPECT(jf_dialer_bind(d, NULL), JF_E_INVALID);
    for (size_t offset = 1; offset < alignof(jf_addr); offset++) {
        memcpy(misaligned + offset, &valid, sizeof valid);
        EXPECT(jf_dialer_bind(d, (jf_addr *)(void *)(misaligned + offset)), JF_E_INVALID);
    }
    invalid.len = 5;
    EXPECT(jf_dialer_bind(d, &invalid), JF_E_ADDR_INVALID);
    invalid.family = 999;
    EXPECT(jf_dialer_bind(d, &invalid), JF_E_FAMILY_UNSUPPORTED);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        jf_addr other = parsed(others[i]);
        EXPECT(jf_dialer_bind(d, &other), JF_E_FAMILY_UNSUPPORTED);
    }
    check_dial_succeeds(d);

    /* An address that this machine does not have, and addresses of another family than the endpoint's. */
    int before = count_descriptors();
    jf_addr foreign = parsed("192.0.2.1:0"), v6 = parsed("[::1]:0"), path = parsed("unix:@jackfield-own");
    OK(jf_dialer_bind(d, &foreign));
    EXPECT(jf_dialer_dial(d, open_endpoint, TIMEOUT), JF_E_ADDR_NOT_AVAILABLE);
    EXPECT(jf_dialer_dial(d, "unix://@jackfield-unbound", TIMEOUT), JF_E_NAME_NO_ADDRESS);
    EXPECT(jf_dialer_dial(d, "tcp://[::1]:1", TIMEOUT), JF_E_NAME_NO_ADDRESS);
    OK(jf_dialer_bind(d, &v6));
    EXPECT(jf_dialer_dial(d, open_endpoint, TIMEOUT), JF_E_NAME_NO_ADDRESS);
    OK(jf_dialer_bind(d, &path));
    EXPECT(jf_dialer_dial(d, open_endpoint, TIMEOUT), JF_E_NAME_NO_ADDRESS);
    EXPECT(jf_dialer_dial(d, "tcp://localhost:1", TIMEOUT), JF_E_NAME_NO_ADDRESS);
    OK(jf_dialer_bind(d, &unspec));
    check_dial_succeeds(d);
    EXPECT(count_descriptors(), before);
    OK(jf_dialer_close(d));
}

static void check_delays(void) {
    static const int64_t invalid[] = {9, 0, -1, 60001, -250, INT32_MIN, INT64_MIN, INT64_MAX, (int64_t)1 << 32};
    jf_dialer d = OK(jf_dialer_open());
    for (size_t i = 0; i < sizeof invalid / sizeof invalid[0]; i++)
        expect_of("jf_dialer_set_delay", invalid[i], jf_dialer_set_delay(d, invalid[i]), JF_E_INVALID);
    OK(jf_dialer_set_delay(d, 10));
    OK(jf_dialer_set_delay(d, 60000));
    check_dial_succeeds(d);
    OK(jf_dialer_close(d));
}

/* State shared by the threads. */
static _Atomic jf_dialer shared;
static _Atomic int is_done;

static int64_t dial_shared(void *endpoint) {
    return jf_dialer_dial(shared, endpoint, -1);
}

static int64_t close_shared(void *given) {
    (void)given;
    return jf_dialer_close(shared);
}

/* A dialer in use refuses every change. */
static void check_busy(void) {
    jf_addr a = parsed("127.0.0.1:0");
    EXPECT(jf_dialer_set(shared, JF_OPT_KEEP_ALIVE, 1), JF_E_BUSY);
    EXPECT(jf_dialer_set_text(shared, JF_OPT_DEVICE, "lo"), JF_E_BUSY);
    EXPECT(jf_dialer_bind(shared, &a), JF_E_BUSY);
    EXPECT(jf_dialer_set_delay(shared, 100), JF_E_BUSY);
    /* Invalid arguments are reported as such, or as JF_E_BUSY. */
    int64_t got = jf_dialer_set(shared, 1000, 1);
    CHECK(got == JF_E_INVALID || got == JF_E_BUSY);
}

/* Several threads close a dialer during dials. One close succeeds, and every dial returns. */
static void check_close_during_dials(void) {
    flight dialing[DIALERS], closing[CLOSERS];
    int before = count_descriptors(), closed = 0;
    shared = given_out(OK(jf_dialer_open()));
    for (int i = 0; i < DIALERS; i++)
        start(&dialing[i], "jf_dialer_dial", dial_shared, i % 2 ? full_endpoint : full_unix_endpoint, 0);
    for (int i = 0; i < DIALERS; i++) await_sleep(&dialing[i]);
    check_busy();
    for (int i = 0; i < CLOSERS; i++) start(&closing[i], "jf_dialer_close", close_shared, NULL, 0);
    for (int i = 0; i < CLOSERS; i++) {
        int64_t result = finish(&closing[i]);
        CHECK(result == 0 || result == JF_E_CLOSED);
        closed += result == 0;
    }
    EXPECT(closed, 1);
    for (int i = 0; i < DIALERS; i++) EXPECT(finish(&dialing[i]), JF_E_CLOSED);
    check_not_open(shared);
    EXPECT(count_descriptors(), before);
}

/* Opens and closes the dialer while other threads use it. */
static int64_t open_and_close(void *given) {
    (void)given;
    while (!atomic_load(&is_done)) {
        shared = OK(jf_dialer_open());
        int64_t result = jf_dialer_close(shared);
        CHECK(result == 0 || result == JF_E_CLOSED);
    }
    return 0;
}

static int64_t call_shared(void *given) {
    int *calls_per_thread = given;
    for (int i = 0; i < *calls_per_thread; i++) {
        jf_dialer d = shared;
        int64_t got = i % 5 == 0   ? jf_dialer_set(d, JF_OPT_KEEP_ALIVE, 1)
                      : i % 5 == 1 ? jf_dialer_set_text(d, JF_OPT_CONGESTION, "reno")
                      : i % 5 == 2 ? jf_dialer_set_delay(d, 10)
                      : i % 5 == 3 ? jf_dialer_dial(d, i % 2 ? full_endpoint : full_unix_endpoint, 1)
                                   : jf_dialer_close(d);
        if (got != 0 && got != JF_E_BUSY && got != JF_E_CLOSED && got != JF_E_TIMED_OUT) {
            fprintf(stderr, "call %d returned %" PRId64 " (%s)\n", i % 5, got, jf_error_name(got));
            exit(1);
        }
    }
    return 0;
}

static void check_calls_on_closed_dialers(int calls_per_thread) {
    flight f[DIALERS], replacer;
    int before = count_descriptors();
    atomic_store(&is_done, 0);
    start(&replacer, "open and close", open_and_close, NULL, 0);
    for (int i = 0; i < DIALERS; i++) start(&f[i], "calls on a shared dialer", call_shared, &calls_per_thread, 0);
    for (int i = 0; i < DIALERS; i++) EXPECT(finish(&f[i]), 0);
    atomic_store(&is_done, 1);
    EXPECT(finish(&replacer), 0);
    EXPECT(count_descriptors(), before);
}

int main(int argc, char **argv) {
    int slow = is_slow(argc, argv);
    watchdog(slow ? 280 : 110);
    open_listeners();
    check_handles();
    jf_dialer d = OK(jf_dialer_open());
    check_endpoints(d);
    check_dial_succeeds(d);
    OK(jf_dialer_close(d));
    check_options();
    check_local_addresses();
    check_delays();
    for (int i = 0; i < (slow ? 3 : 50); i++) check_close_during_dials();
    check_calls_on_closed_dialers(slow ? 200 : 5000);
    return 0;
}
