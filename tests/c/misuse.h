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

/* Like EXPECT, for the rows of a table. */
static inline void expect_of(const char *call, int64_t argument, int64_t got, int64_t want) {
    if (got != want) {
        fprintf(stderr, "%s with argument %" PRId64 " returned %" PRId64 " (%s), not %" PRId64 " (%s)\n", call,
                argument, got, jf_error_name(got), want, jf_error_name(want));
        exit(1);
    }
}

#endif
