/* Measures elapsed time. */
#ifndef CLOCK_H
#define CLOCK_H

#include <poll.h>
#include <stdint.h>
#include <time.h>

/* Returns milliseconds, with fractions, of the monotonic clock. */
static inline double clock_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* Sleeps. Only for tests whose subject is a slow peer. */
static inline void linger_ms(int ms) {
    poll(NULL, 0, ms);
}

/* Linux ends a blocking call on a socket at a clock tick. This is the longest tick. The tick during which the call
 * begins counts as a full one, so a call may end up to one tick early. */
enum { TICK_MS = 10 };

/* A call that timed out must have waited this long, and not much longer. The tolerance allows for other load on the
 * machine. */
#define TOOK(since, at_least) \
    do { \
        double took_ms = clock_ms() - (since); \
        if (took_ms < (at_least) - TICK_MS || took_ms > (at_least) + 3000) { \
            fprintf(stderr, "%s:%d: took %.1f ms, expected %d ms\n", __FILE__, __LINE__, took_ms, (int)(at_least)); \
            exit(1); \
        } \
    } while (0)

#endif
