/* How long something took. */
#ifndef CLOCK_H
#define CLOCK_H

#include <poll.h>
#include <stdint.h>
#include <time.h>

/* Milliseconds since some point in the past, with the part of one that is going on. */
static inline double clock_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* Lets time go by where a test is about slowness itself. */
static inline void linger_ms(int ms) {
    poll(NULL, 0, ms);
}

/* The longest tick of the clock by which Linux ends a blocking call on a socket. The one that runs when the call begins counts
 * as a whole one. */
enum { TICK_MS = 10 };

/* A call that gave up must have waited this long, and not much longer; how much depends on what else the machine does. */
#define TOOK(since, at_least) \
    do { \
        double took_ms = clock_ms() - (since); \
        if (took_ms < (at_least) - TICK_MS || took_ms > (at_least) + 3000) { \
            fprintf(stderr, "%s:%d: it took %.1f ms, not %d\n", __FILE__, __LINE__, took_ms, (int)(at_least)); \
            exit(1); \
        } \
    } while (0)

#endif
