/* What the programs share that load an echo server: its connections, and what the system knows of its process. */
#ifndef CLIENT_H
#define CLIENT_H

#include "common.h"

#include <netinet/tcp.h>
#include <sched.h>
#include <time.h>
#include <unistd.h>

enum { MESSAGE = 64, QUEUE = 1000, FROM_ONE_ADDRESS = 4000 };

struct connection {
    int fd;
    unsigned sent; /* how many messages */
};

/* The next message of a connection: as no other one. */
static inline void write_message(const struct connection *c, unsigned char message[MESSAGE]) {
    for (unsigned i = 0; i < MESSAGE; i++) {
        message[i] = (unsigned char)(c->sent * 31 + (unsigned)c->fd * 7 + i + (c->sent >> 8) + ((unsigned)c->fd >> 8));
    }
}

static inline void send_one(struct connection *c) {
    unsigned char message[MESSAGE];
    c->sent++;
    write_message(c, message);
    MUST(send(c->fd, message, sizeof message, MSG_NOSIGNAL) == MESSAGE);
}

/* Takes the echo of the last message; 0 if it is not there yet. */
static inline int take_echo(struct connection *c, int flags) {
    unsigned char message[MESSAGE], came[MESSAGE];
    ssize_t n = recv(c->fd, came, sizeof came, flags);
    if (n < 0 && (flags & MSG_DONTWAIT)) return 0;
    MUST(n == MESSAGE);
    write_message(c, message);
    MUST(memcmp(came, message, sizeof message) == 0);
    return 1;
}

/* Connects from the loopback address of this number. */
static inline struct connection connect_one(uint32_t number, const struct sockaddr_in *at) {
    int on = 1;
    struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK + number)}};
    /* The end is a reset, after which no port is kept from the next round. */
    struct linger at_once = {.l_onoff = 1};
    struct connection c = {socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), 0};
    MUST(c.fd >= 0 && setsockopt(c.fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on) == 0);
    MUST(bind(c.fd, (struct sockaddr *)&from, sizeof from) == 0);
    MUST(connect(c.fd, (const struct sockaddr *)at, sizeof *at) == 0);
    MUST(setsockopt(c.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0);
    MUST(setsockopt(c.fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) == 0);
    return c;
}

/*
 * Makes connections, all of which the server has accepted in the end. It accepts them in order, so the last one's echo
 * tells; now and then one is asked for before, so that the queue does not get full. No address has so many of them that
 * the system would have to search for a port.
 */
static inline struct connection *connect_all(const char *endpoint, size_t count) {
    struct sockaddr_in at = address_of(endpoint);
    struct connection *all = calloc(count, sizeof *all);
    MUST(all && count > 0);
    for (size_t i = 0; i < count; i++) {
        all[i] = connect_one((uint32_t)(i / FROM_ONE_ADDRESS), &at);
        if (i % QUEUE == QUEUE - 1 || i == count - 1) {
            send_one(&all[i]);
            take_echo(&all[i], MSG_WAITALL);
        }
    }
    return all;
}

/* Opens a file of a process. */
static inline FILE *about(const char *pid, const char *what) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%s/%s", pid, what);
    FILE *file = fopen(path, "r");
    MUST(file);
    return file;
}

/* What the process is doing: S when it waits, T when it is stopped. */
static inline char state_of(const char *pid) {
    char state;
    FILE *file = about(pid, "stat");
    MUST(fscanf(file, "%*d (%*[^)]) %c", &state) == 1);
    fclose(file);
    return state;
}

static inline void await_state(const char *pid, char state) {
    while (state_of(pid) != state) {
        sched_yield();
    }
}

#endif
