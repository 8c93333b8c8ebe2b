/* Shared by the poller tests. */
#ifndef POLLER_H
#define POLLER_H

#include "flight.h"
#include "pairs.h"

#include <dirent.h>
#include <poll.h>
#include <unistd.h>

enum { ALL_EVENTS = JF_READABLE | JF_WRITABLE | JF_ERROR | JF_HANGUP | JF_READ_CLOSED | JF_PRIORITY, SOON_MS = 20000 };

/* Whether the library's pollers use poll(): they then have no descriptor and no edge-triggered mode. */
static inline int is_poll_backend(void) {
    static _Atomic int known = -1;
    if (known < 0) {
        jf_poller p = OK(jf_poller_open());
        int64_t fd = jf_poller_fd(p);
        CHECK(fd >= 0 || fd == JF_E_UNSUPPORTED);
        OK(jf_poller_close(p));
        known = fd < 0;
    }
    return known;
}

/* Edge-triggered where available, else one-shot; both report an event once. */
static inline uint32_t edge_or_one_shot(void) {
    return is_poll_backend() ? JF_ONE_SHOT : JF_EDGE;
}

static inline uint32_t events_from_poll(short bits) {
    return (uint32_t)((bits & POLLIN ? JF_READABLE : 0) | (bits & POLLOUT ? JF_WRITABLE : 0)
                      | (bits & POLLERR ? JF_ERROR : 0) | (bits & POLLHUP ? JF_HANGUP : 0)
                      | (bits & POLLRDHUP ? JF_READ_CLOSED : 0) | (bits & POLLPRI ? JF_PRIORITY : 0));
}

/* The events that the system's poll() currently reports for a socket. */
static inline uint32_t poll_events(jf_socket s) {
    struct pollfd item = {(int)OK(jf_fd(s)), POLLIN | POLLOUT | POLLRDHUP | POLLPRI, 0};
    CHECK(poll(&item, 1, 0) >= 0);
    return events_from_poll(item.revents);
}

/* Waits until poll() reports the events; data may still be in flight. */
static inline void await_poll_events(jf_socket s, uint32_t events) {
    while ((poll_events(s) & events) != events) breathe();
}

/* The events that a poller reports for its one registration, which has this token; 0 if it reports nothing. */
static inline uint32_t reported_events(jf_poller p, uint64_t token, int64_t timeout_ms) {
    jf_event e[2] = {{~token, 0, 1}, {~token, 0, 1}};
    int64_t count = OK(jf_poller_wait(p, e, 2, timeout_ms));
    if (count == 0) {
        CHECK(e[0].token == ~token && e[0].events == 0 && e[0].error == 1);
        return 0;
    }
    EXPECT(count, 1);
    CHECK(e[0].token == token && e[0].events != 0 && e[0].error == 0);
    CHECK(e[1].token == ~token && e[1].events == 0 && e[1].error == 1);
    return e[0].events;
}

/* Whether the poller reports nothing and its descriptor is not readable. */
static inline int is_quiet(jf_poller p) {
    jf_event e[4];
    int64_t fd = jf_poller_fd(p);
    struct pollfd item = {fd == JF_E_UNSUPPORTED ? -1 : (int)OK(fd), POLLIN, 0};
    int64_t count = OK(jf_poller_wait(p, e, 4, 0));
    CHECK(poll(&item, 1, 0) >= 0);
    return count == 0 && item.revents == 0;
}

static inline void give_byte(jf_socket to) {
    EXPECT(jf_send(to, "x", 1, 0), 1);
}

static inline void take_byte(jf_socket from) {
    char byte;
    EXPECT(jf_recv(from, &byte, 1, 0), 1);
}

static inline int open_descriptors(void) {
    int count = 0;
    DIR *folder = opendir("/proc/self/fd");
    CHECK(folder != NULL);
    while (readdir(folder) != NULL) count++;
    closedir(folder);
    return count;
}

#endif
