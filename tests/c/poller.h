/* What the tests of pollers share. */
#ifndef POLLER_H
#define POLLER_H

#include "flight.h"
#include "pairs.h"

#include <dirent.h>
#include <poll.h>
#include <unistd.h>

enum { EVERY = JF_READABLE | JF_WRITABLE | JF_ERROR | JF_HANGUP | JF_READ_CLOSED | JF_PRIORITY, SOON_MS = 20000 };

/* Whether pollers are over the system's poll, and so have no descriptor to wait for, and no edges. */
static inline int only_poll(void) {
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

/* Edges, or where there are none what else is told once. */
static inline uint32_t edge_or_once(void) {
    return only_poll() ? JF_ONE_SHOT : JF_EDGE;
}

static inline uint32_t from_poll(short bits) {
    return (uint32_t)((bits & POLLIN ? JF_READABLE : 0) | (bits & POLLOUT ? JF_WRITABLE : 0)
                      | (bits & POLLERR ? JF_ERROR : 0) | (bits & POLLHUP ? JF_HANGUP : 0)
                      | (bits & POLLRDHUP ? JF_READ_CLOSED : 0) | (bits & POLLPRI ? JF_PRIORITY : 0));
}

/* What the system's poll says that a socket is ready for now. */
static inline uint32_t polled(jf_socket s) {
    struct pollfd item = {(int)OK(jf_fd(s)), POLLIN | POLLOUT | POLLRDHUP | POLLPRI, 0};
    CHECK(poll(&item, 1, 0) >= 0);
    return from_poll(item.revents);
}

/* Waits until poll says so; what was sent may still be on its way. */
static inline void await_polled(jf_socket s, uint32_t events) {
    while ((polled(s) & events) != events) breathe();
}

/* What a poller with one thing in it tells of that, which has this token; 0 is nothing. */
static inline uint32_t told(jf_poller p, uint64_t token, int64_t timeout_ms) {
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

/* Nothing is told, and nothing is ready to be told. */
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
