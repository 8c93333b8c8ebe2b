/* Shared by the misuse tests: memory that must stay unchanged, random numbers, and a check that reports its subject. */
#ifndef MISUSE_H
#define MISUSE_H

#include "pairs.h"

enum { PATTERN = 0xA5 };

static inline void fill(void *memory, size_t len) {
    memset(memory, PATTERN, len);
}

static inline int untouched(const void *memory, size_t len) {
    const unsigned char *bytes = memory;
    for (size_t i = 0; i < len; i++)
        if (bytes[i] != PATTERN) return 0;
    return 1;
}

/* Returns the same sequence in every run (splitmix64). */
static inline uint64_t random_number(uint64_t *state) {
    uint64_t z = *state += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

/* The kinds of handles, and the number of slots of each kind that a test may use. */
enum { SOCKET_HANDLE = 1, DIALER_HANDLE, POLLER_HANDLE, HANDLE_SLOTS = 64, SLOT_BITS = 24, KIND_BIT = 50 };

/* The newest handle that was given out, by kind and slot. Every slot gives out its generations in order. */
static int64_t newest_handles[POLLER_HANDLE + 1][HANDLE_SLOTS];

/* Records a handle that was given out. */
static inline int64_t given_out(int64_t handle) {
    int64_t kind = handle >> KIND_BIT, slot = handle & ((1 << SLOT_BITS) - 1);
    CHECK(kind >= SOCKET_HANDLE && kind <= POLLER_HANDLE && slot < HANDLE_SLOTS);
    if (handle > newest_handles[kind][slot]) newest_handles[kind][slot] = handle;
    return handle;
}

/* Records all handles that were given out so far: opens objects until one has a slot that was never used. */
static inline void record_handles(int64_t (*open)(void), int64_t (*close)(int64_t)) {
    int64_t handles[HANDLE_SLOTS];
    int count = 0;
    do {
        CHECK(count < HANDLE_SLOTS);
        handles[count] = given_out(OK(open()));
    } while ((handles[count++] & (((int64_t)1 << KIND_BIT) - 1)) >> SLOT_BITS != 0);
    while (count > 0) OK(close(handles[--count]));
}

static inline int64_t open_udp(void) { return jf_open(JF_INET, JF_DGRAM, 0); }

/* Returns the error of a number that is not an open handle of the kind. */
static inline int64_t handle_error(int64_t number, int64_t kind) {
    int64_t slot = number & ((1 << SLOT_BITS) - 1);
    int was_given_out = number >> KIND_BIT == kind && slot < HANDLE_SLOTS && number <= newest_handles[kind][slot];
    return was_given_out ? JF_E_CLOSED : JF_E_BAD_HANDLE;
}

/* Like EXPECT, for the rows of a table. */
static inline void expect_of(const char *call, int64_t argument, int64_t got, int64_t want) {
    if (got != want) {
        fprintf(stderr, "%s with argument %" PRId64 " returned %" PRId64 " (%s), not %" PRId64 " (%s)\n", call,
                argument, got, jf_error_name(got), want, jf_error_name(want));
        exit(1);
    }
}

#endif
