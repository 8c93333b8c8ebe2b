/* Dialing what is no endpoint, and dialers that are none, are told nonsense, or are closed under those who dial. */
#include "flight.h"
#include "misuse.h"

#include <dirent.h>
#include <stdalign.h>

enum { WITHIN = 60000, DIALERS = 4, CLOSERS = 4, DESCRIPTORS_AT_MOST = 1000, ENDPOINT_TEXT = JF_ADDR_TEXT + 8 };

/* Where somebody listens, and where somebody does and lets nobody in. */
static char open_door[ENDPOINT_TEXT], shut_door[ENDPOINT_TEXT], shut_path[ENDPOINT_TEXT];
static jf_socket listener;

static jf_socket door(char *endpoint, const char *at, int backlog) {
    jf_addr a;
    char text[JF_ADDR_TEXT];
    jf_socket s = bound(at, JF_STREAM, &a);
    OK(jf_listen(s, backlog));
    OK(jf_addr_format(&a, text, sizeof text));
    if (a.family == JF_UNIX)
        snprintf(endpoint, ENDPOINT_TEXT, "unix://%s", text + strlen("unix:"));
    else
        snprintf(endpoint, ENDPOINT_TEXT, "tcp://%s", text);
    return s;
}

/* One connection waits in its queue, for ever. */
static void shut(char *endpoint, const char *at) {
    jf_addr a;
    jf_socket full = door(endpoint, at, 0);
    OK(jf_local_addr(full, &a));
    OK(jf_connect(OK(jf_open(a.family, JF_STREAM, 0)), &a));
}

static void make_doors(void) {
    listener = door(open_door, "127.0.0.1:0", 16);
    shut(shut_door, "127.0.0.1:0");
    shut(shut_path, "unix:");
}

/* Dialing works, and what comes of it is a socket. */
static void succeeds(jf_dialer d) {
    jf_socket s = OK(jf_dialer_dial(d, open_door, WITHIN)), c = OK(jf_accept(listener, NULL));
    char got;
    EXPECT(jf_send(s, "x", 1, 0), 1);
    EXPECT(jf_recv(c, &got, 1, 0), 1);
    OK(jf_close(s));
    OK(jf_close(c));
}

static int descriptors(void) {
    int count = 0;
    for (int fd = 0; fd < DESCRIPTORS_AT_MOST; fd++) count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

/* What jf_dial and a dialer alike say of a text. */
static void refused(jf_dialer d, const char *endpoint, int64_t timeout_ms, int64_t code) {
    int64_t got[] = {jf_dial(endpoint, timeout_ms), jf_dialer_dial(d, endpoint, timeout_ms)};
    for (int i = 0; i < 2; i++) {
        if (got[i] != code) {
            fprintf(stderr, "\"%s\" within %" PRId64 ": %" PRId64 " (%s), not %s\n", endpoint ? endpoint : "NULL", timeout_ms,
                    got[i], jf_error_name(got[i]), jf_error_name(code));
            exit(1);
        }
    }
}

static void endpoints(jf_dialer d) {
    static const char *const none[] = {
        "", " ", "tcp", "tcp:", "tcp:/", "tcp://", "tcp://a", "tcp://:", "tcp://a:", "tcp://127.0.0.1", "127.0.0.1:80", "localhost:80",
        "http://localhost:80", "TCP://localhost:80", " tcp://localhost:80", "tcp://localhost:80 ", "tcp://localhost:80/",
        "tcp://a..b:80", "tcp://127.1:80", "tcp://1.2.3.4.5:80", "tcp://::1:80", "tcp://[::1]", "tcp://[::1:80", "tcp://[]:80",
        "tcp://a:65536", "tcp://a:-1", "tcp://a:+1", "tcp://a: 1", "tcp://a@b:80", "tcp://a b:80", "tcp://\xff:80", "tcp://a:\xff",
        "udp://", "udp://a", "unix:", "unix:/path", "unix://", "unix:///a%", "unix:///a%0", "unix:///a%00", "unix:///a\xff",
        "sctp://localhost:80", "\xff",
    };
    static const int64_t timeouts[] = {-2, -1000, INT32_MIN, INT64_MIN};
    int before = descriptors();
    char longer[4096];
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        refused(d, none[i], WITHIN, JF_E_ADDR_INVALID);
        refused(d, none[i], 0, JF_E_ADDR_INVALID);
    }
    for (int i = 0; i < 3; i++) {
        const char *head = i == 0 ? "tcp://" : i == 1 ? "unix:///" : "unix://@";
        memset(longer, 'a', sizeof longer);
        memcpy(longer, head, strlen(head));
        longer[sizeof longer - 1] = 0;
        refused(d, longer, WITHIN, JF_E_ADDR_INVALID);
    }
    refused(d, NULL, WITHIN, JF_E_INVALID);
    refused(d, NULL, -2, JF_E_INVALID);
    for (size_t i = 0; i < sizeof timeouts / sizeof timeouts[0]; i++) {
        refused(d, open_door, timeouts[i], JF_E_INVALID);
        refused(d, "unix:///no/such/path", timeouts[i], JF_E_INVALID);
    }
    refused(d, "tcp://localhost:80", 0, JF_E_WOULD_BLOCK);
    refused(d, "udp://localhost:80", 0, JF_E_WOULD_BLOCK);
    refused(d, "tcp://127.0.0.1:no-such-service", WITHIN, JF_E_NOT_FOUND);
    refused(d, "tcp://[fe80::1%no-interface]:80", WITHIN, JF_E_NOT_FOUND);
    refused(d, "unix:///no/such/path", WITHIN, JF_E_NOT_FOUND);
    refused(d, "unix://@jackfield-nobody", WITHIN, JF_E_CONN_REFUSED);
    refused(d, "tcp://127.0.0.1:0", WITHIN, JF_E_CONN_REFUSED);
    refused(d, shut_door, 1, JF_E_TIMED_OUT);
    refused(d, shut_door, 0, JF_E_WOULD_BLOCK);
    refused(d, shut_path, 1, JF_E_TIMED_OUT);
    refused(d, shut_path, 0, JF_E_WOULD_BLOCK);
    EXPECT(descriptors(), before);
}

/* Each call is right but for its handle. */
static int64_t set_it(jf_dialer d) { return jf_dialer_set(d, JF_OPT_KEEP_ALIVE, 1); }
static int64_t set_text(jf_dialer d) { return jf_dialer_set_text(d, JF_OPT_DEVICE, "lo"); }
static int64_t set_delay(jf_dialer d) { return jf_dialer_set_delay(d, 250); }
static int64_t dial_it(jf_dialer d) { return jf_dialer_dial(d, open_door, WITHIN); }
static int64_t dial_nobody(jf_dialer d) { return jf_dialer_dial(d, "tcp://localhost:1", WITHIN); }

static int64_t bind_it(jf_dialer d) {
    jf_addr a = parsed("127.0.0.1:0");
    return jf_dialer_bind(d, &a);
}

static const struct {
    const char *name;
    int64_t (*call)(jf_dialer);
} calls[] = {
    {"jf_dialer_set", set_it}, {"jf_dialer_set_text", set_text}, {"jf_dialer_bind", bind_it},   {"jf_dialer_set_delay", set_delay},
    {"jf_dialer_dial", dial_it}, {"jf_dialer_dial", dial_nobody},  {"jf_dialer_close", jf_dialer_close},
};

static void is_none(int64_t handle) {
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
        expect_of(calls[i].name, handle, calls[i].call(handle), JF_E_BAD_HANDLE);
}

/* No number but that of an open dialer is one; tests/c/misuse_handles.c gives a dialer to those that want a socket. */
static void handles(void) {
    static const int64_t never[] = {0, 1, 2, -1, INT64_MIN, INT64_MAX, INT64_MIN + 1, INT32_MAX, (int64_t)1 << 50, (int64_t)1 << 51};
    int before = descriptors();
    for (size_t i = 0; i < sizeof never / sizeof never[0]; i++) is_none(never[i]);
    jf_dialer d = OK(jf_dialer_open()), closed = OK(jf_dialer_open());
    CHECK(d > 0 && d < (int64_t)1 << 53 && d != closed);
    OK(jf_dialer_close(closed));
    is_none(closed);
    jf_dialer next = OK(jf_dialer_open());
    CHECK(next != closed && next != d);
    is_none(closed);
    is_none(listener);
    jf_socket s = OK(jf_open(JF_INET, JF_STREAM, 0));
    is_none(s);
    EXPECT(jf_close(d), JF_E_BAD_HANDLE);
    OK(jf_close(s));
    is_none(s);
    for (int bit = 0; bit < 64; bit++) {
        int64_t other = (int64_t)((uint64_t)d ^ (uint64_t)1 << bit);
        if (other != next) is_none(other);
    }
    uint64_t state = 5;
    for (int i = 0; i < 1000; i++) {
        int64_t number = (int64_t)random_number(&state);
        is_none(number);
        is_none((number & (((int64_t)1 << 50) - 1)) | (int64_t)2 << 50);
    }
    succeeds(d);
    OK(jf_dialer_close(d));
    EXPECT(jf_dialer_close(d), JF_E_BAD_HANDLE);
    OK(jf_dialer_close(next));
    EXPECT(descriptors(), before);
}

/* Options that there are none of, that are of the other form or only to be read, and then values that are none. */
static void options(void) {
    static const int32_t unknown[] = {0, -1, 1000, 65536, INT32_MAX, INT32_MIN};
    static const int32_t read_only[] = {JF_OPT_ERROR, JF_OPT_TYPE, JF_OPT_FAMILY, JF_OPT_PROTOCOL, JF_OPT_LISTENING};
    jf_dialer d = OK(jf_dialer_open());
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        expect_of("jf_dialer_set", unknown[i], jf_dialer_set(d, unknown[i], 1), JF_E_INVALID);
        expect_of("jf_dialer_set_text", unknown[i], jf_dialer_set_text(d, unknown[i], "x"), JF_E_INVALID);
    }
    for (size_t i = 0; i < sizeof read_only / sizeof read_only[0]; i++) {
        expect_of("jf_dialer_set", read_only[i], jf_dialer_set(d, read_only[i], 1), JF_E_OPTION_UNSUPPORTED);
        expect_of("jf_dialer_set_text", read_only[i], jf_dialer_set_text(d, read_only[i], "x"), JF_E_OPTION_UNSUPPORTED);
    }
    EXPECT(jf_dialer_set(d, JF_OPT_DEVICE, 1), JF_E_OPTION_UNSUPPORTED);
    EXPECT(jf_dialer_set_text(d, JF_OPT_KEEP_ALIVE, "1"), JF_E_OPTION_UNSUPPORTED);
    EXPECT(jf_dialer_set_text(d, JF_OPT_DEVICE, NULL), JF_E_INVALID);
    succeeds(d);

    /* Whether a value is one the socket knows, when there is one. What is set last counts. */
    static const struct {
        int32_t option;
        int64_t bad, good, code;
    } values[] = {
        {JF_OPT_KEEP_ALIVE, 2, 1, JF_E_INVALID},
        {JF_OPT_KEEP_ALIVE, INT64_MIN, 0, JF_E_INVALID},
        {JF_OPT_TTL, 1000, 64, JF_E_INVALID},
        {JF_OPT_RECV_TIMEOUT, -2, 0, JF_E_INVALID},
        {JF_OPT_SEND_TIMEOUT, INT64_MIN, INT64_MAX, JF_E_INVALID},
        {JF_OPT_INTERRUPTIBLE, 2, 1, JF_E_INVALID},
        {JF_OPT_SEND_BUFFER, -1, 65536, JF_E_INVALID},
    };
    int before = descriptors();
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        OK(jf_dialer_set(d, values[i].option, values[i].bad));
        expect_of("jf_dialer_dial", values[i].option, jf_dialer_dial(d, open_door, WITHIN), values[i].code);
        OK(jf_dialer_set(d, values[i].option, values[i].good));
        if (values[i].option != JF_OPT_RECV_TIMEOUT) succeeds(d);
    }
    static char longer[300];
    memset(longer, 'a', sizeof longer - 1);
    OK(jf_dialer_set_text(d, JF_OPT_CONGESTION, longer));
    EXPECT(jf_dialer_dial(d, open_door, WITHIN), JF_E_INVALID);
    OK(jf_dialer_set_text(d, JF_OPT_CONGESTION, "reno"));
    /* An option of another kind of socket. */
    OK(jf_dialer_set(d, JF_OPT_PASS_CREDENTIALS, 1));
    EXPECT(jf_dialer_dial(d, open_door, WITHIN), JF_E_OPTION_UNSUPPORTED);
    EXPECT(descriptors(), before);
    OK(jf_dialer_close(d));
}

static void own_addresses(void) {
    static alignas(16) unsigned char crooked[sizeof(jf_addr) + 16];
    static const char *const others[] = {"netlink:0:0", "vsock:2:1", "packet:0:0x0800"};
    jf_dialer d = OK(jf_dialer_open());
    jf_addr good = parsed("127.0.0.1:0"), bad = good, unspec;
    memset(&unspec, 0, sizeof unspec);
    EXPECT(jf_dialer_bind(d, NULL), JF_E_INVALID);
    for (size_t by = 1; by < alignof(jf_addr); by++) {
        memcpy(crooked + by, &good, sizeof good);
        EXPECT(jf_dialer_bind(d, (jf_addr *)(void *)(crooked + by)), JF_E_INVALID);
    }
    bad.len = 5;
    EXPECT(jf_dialer_bind(d, &bad), JF_E_ADDR_INVALID);
    bad.family = 999;
    EXPECT(jf_dialer_bind(d, &bad), JF_E_FAMILY_UNSUPPORTED);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        jf_addr other = parsed(others[i]);
        EXPECT(jf_dialer_bind(d, &other), JF_E_FAMILY_UNSUPPORTED);
    }
    succeeds(d);

    /* An address that is not this machine's, and those that the endpoint has no peer for. */
    int before = descriptors();
    jf_addr foreign = parsed("192.0.2.1:0"), v6 = parsed("[::1]:0"), path = parsed("unix:@jackfield-own");
    OK(jf_dialer_bind(d, &foreign));
    EXPECT(jf_dialer_dial(d, open_door, WITHIN), JF_E_ADDR_NOT_AVAILABLE);
    EXPECT(jf_dialer_dial(d, "unix://@jackfield-nobody", WITHIN), JF_E_NAME_NO_ADDRESS);
    EXPECT(jf_dialer_dial(d, "tcp://[::1]:1", WITHIN), JF_E_NAME_NO_ADDRESS);
    OK(jf_dialer_bind(d, &v6));
    EXPECT(jf_dialer_dial(d, open_door, WITHIN), JF_E_NAME_NO_ADDRESS);
    OK(jf_dialer_bind(d, &path));
    EXPECT(jf_dialer_dial(d, open_door, WITHIN), JF_E_NAME_NO_ADDRESS);
    EXPECT(jf_dialer_dial(d, "tcp://localhost:1", WITHIN), JF_E_NAME_NO_ADDRESS);
    OK(jf_dialer_bind(d, &unspec));
    succeeds(d);
    EXPECT(descriptors(), before);
    OK(jf_dialer_close(d));
}

static void delays(void) {
    static const int64_t none[] = {9, 0, -1, 60001, -250, INT32_MIN, INT64_MIN, INT64_MAX, (int64_t)1 << 32};
    jf_dialer d = OK(jf_dialer_open());
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        expect_of("jf_dialer_set_delay", none[i], jf_dialer_set_delay(d, none[i]), JF_E_INVALID);
    OK(jf_dialer_set_delay(d, 10));
    OK(jf_dialer_set_delay(d, 60000));
    succeeds(d);
    OK(jf_dialer_close(d));
}

/* What several threads do with one dialer. */
static _Atomic jf_dialer shared;
static _Atomic int enough;

static int64_t dial_shared(void *endpoint) {
    return jf_dialer_dial(shared, endpoint, -1);
}

static int64_t close_shared(void *given) {
    (void)given;
    return jf_dialer_close(shared);
}

/* It is told that others dial, whatever it would change. */
static void is_busy(void) {
    jf_addr a = parsed("127.0.0.1:0");
    EXPECT(jf_dialer_set(shared, JF_OPT_KEEP_ALIVE, 1), JF_E_BUSY);
    EXPECT(jf_dialer_set_text(shared, JF_OPT_DEVICE, "lo"), JF_E_BUSY);
    EXPECT(jf_dialer_bind(shared, &a), JF_E_BUSY);
    EXPECT(jf_dialer_set_delay(shared, 100), JF_E_BUSY);
    /* What is wrong in itself is still that, or busy. */
    int64_t got = jf_dialer_set(shared, 1000, 1);
    CHECK(got == JF_E_INVALID || got == JF_E_BUSY);
}

/* Closed by several at once, while others dial: one of them closes it, and all who dial return. */
static void closed_under_way(void) {
    flight dialing[DIALERS], closing[CLOSERS];
    int before = descriptors(), closed = 0;
    shared = OK(jf_dialer_open());
    for (int i = 0; i < DIALERS; i++) start(&dialing[i], "jf_dialer_dial", dial_shared, i % 2 ? shut_door : shut_path, 0);
    for (int i = 0; i < DIALERS; i++) await_sleep(&dialing[i]);
    is_busy();
    for (int i = 0; i < CLOSERS; i++) start(&closing[i], "jf_dialer_close", close_shared, NULL, 0);
    for (int i = 0; i < CLOSERS; i++) {
        int64_t result = finish(&closing[i]);
        CHECK(result == 0 || result == JF_E_BAD_HANDLE);
        closed += result == 0;
    }
    EXPECT(closed, 1);
    for (int i = 0; i < DIALERS; i++) EXPECT(finish(&dialing[i]), JF_E_CLOSED);
    is_none(shared);
    EXPECT(descriptors(), before);
}

/* Opens and closes the dialer that the others use as if it stayed. */
static int64_t replace(void *given) {
    (void)given;
    while (!atomic_load(&enough)) {
        shared = OK(jf_dialer_open());
        int64_t result = jf_dialer_close(shared);
        CHECK(result == 0 || result == JF_E_BAD_HANDLE);
    }
    return 0;
}

static int64_t abuse(void *given) {
    int *tries = given;
    for (int i = 0; i < *tries; i++) {
        jf_dialer d = shared;
        int64_t got = i % 5 == 0   ? jf_dialer_set(d, JF_OPT_KEEP_ALIVE, 1)
                      : i % 5 == 1 ? jf_dialer_set_text(d, JF_OPT_CONGESTION, "reno")
                      : i % 5 == 2 ? jf_dialer_set_delay(d, 10)
                      : i % 5 == 3 ? jf_dialer_dial(d, i % 2 ? shut_door : shut_path, 1)
                                   : jf_dialer_close(d);
        if (got != 0 && got != JF_E_BUSY && got != JF_E_BAD_HANDLE && got != JF_E_CLOSED && got != JF_E_TIMED_OUT) {
            fprintf(stderr, "call %d returned %" PRId64 " (%s)\n", i % 5, got, jf_error_name(got));
            exit(1);
        }
    }
    return 0;
}

static void abused_by_all(int tries) {
    flight f[DIALERS], replacing;
    int before = descriptors();
    atomic_store(&enough, 0);
    start(&replacing, "replace", replace, NULL, 0);
    for (int i = 0; i < DIALERS; i++) start(&f[i], "abuse", abuse, &tries, 0);
    for (int i = 0; i < DIALERS; i++) EXPECT(finish(&f[i]), 0);
    atomic_store(&enough, 1);
    EXPECT(finish(&replacing), 0);
    EXPECT(descriptors(), before);
}

int main(int argc, char **argv) {
    int slow = is_slow(argc, argv);
    watchdog(slow ? 280 : 110);
    make_doors();
    handles();
    jf_dialer d = OK(jf_dialer_open());
    endpoints(d);
    succeeds(d);
    OK(jf_dialer_close(d));
    options();
    own_addresses();
    delays();
    for (int i = 0; i < (slow ? 3 : 50); i++) closed_under_way();
    abused_by_all(slow ? 200 : 5000);
    return 0;
}
