/* Shared by all C tests. A test program exits with 0 if every check passed. */
#ifndef CHECK_H
#define CHECK_H

#include "jackfield.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Ends the program if the condition is false. */
#define CHECK(condition) \
    do { \
        if (!(condition)) { \
            fprintf(stderr, "%s:%d: check failed: %s\n", __FILE__, __LINE__, #condition); \
            exit(1); \
        } \
    } while (0)

/* Ends the program if the call returned anything but the expected count, 0, or JF_E_ code. */
#define EXPECT(call, expected) \
    do { \
        int64_t expect_got = (call), expect_want = (expected); \
        if (expect_got != expect_want) { \
            fprintf(stderr, "%s:%d: %s returned %" PRId64 " (%s), not %" PRId64 " (%s)\n", __FILE__, __LINE__, #call, \
                    expect_got, jf_error_name(expect_got), expect_want, jf_error_name(expect_want)); \
            exit(1); \
        } \
    } while (0)

/* Returns the result of a call that must succeed. */
#define OK(call) expect_ok((call), #call, __FILE__, __LINE__)
static inline int64_t expect_ok(int64_t result, const char *call, const char *file, int line) {
    if (result < 0) {
        fprintf(stderr, "%s:%d: %s returned %" PRId64 " (%s)\n", file, line, call, result, jf_error_name(result));
        exit(1);
    }
    return result;
}

/* Whether the program runs under valgrind. Tests then use smaller counts and looser times. */
static inline int is_slow(int argc, char **argv) {
    return argc > 1 && strcmp(argv[1], "slow") == 0;
}

static inline jf_addr parsed(const char *text) {
    jf_addr a;
    OK(jf_addr_parse(text, &a));
    return a;
}

/* Returns a socket bound to the address, e.g. 127.0.0.1:0 for a free port, and its local address. */
static inline jf_socket bound(const char *text, int type, jf_addr *out) {
    jf_addr a = parsed(text);
    jf_socket s = OK(jf_open((int32_t)OK(jf_addr_family(&a)), type, 0));
    OK(jf_bind(s, &a));
    OK(jf_local_addr(s, out));
    return s;
}

static inline jf_socket listening(const char *text, jf_addr *out) {
    jf_socket s = bound(text, JF_STREAM, out);
    OK(jf_listen(s, 16));
    return s;
}

/* Creates two connected TCP sockets. */
static inline void tcp_pair(jf_socket out[2]) {
    jf_addr a;
    jf_socket l = listening("127.0.0.1:0", &a);
    out[0] = OK(jf_open(JF_INET, JF_STREAM, 0));
    OK(jf_connect(out[0], &a));
    out[1] = OK(jf_accept(l, NULL));
    OK(jf_close(l));
}

#endif
