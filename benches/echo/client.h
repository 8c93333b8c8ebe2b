/* Shared by the load generators: connections to an echo server, and the state of its process in /proc. */
#ifndef CLIENT_H
#define CLIENT_H

#include "common.h"

#include <netinet/tcp.h>
#include <sched.h>
#include <time.h>
#include <unistd.h>

enum { MESSAGE_SIZE = 64, CONNECTIONS_PER_ECHO = 1000, CONNECTIONS_PER_ADDRESS = 4000 };

struct connection {
    int fd;
    unsigned sent; /* number of messages */
};

/* Makes the current message of a connection, which differs from all others. */
static inline void make_message(const struct connection *c, unsigned char message[MESSAGE_SIZE]) {
    for (unsigned i = 0; i < MESSAGE_SIZE; i++) {
        message[i] = (unsigned char)(c->sent * 31 + (unsigned)c->fd * 7 + i + (c->sent >> 8) + ((unsigned)c->fd >> 8));
    }
}

static inline void send_message(struct connection *c) {
    unsigned char message[MESSAGE_SIZE];
    c->sent++;
    make_message(c, message);
    CHECK(send(c->fd, message, sizeof message, MSG_NOSIGNAL) == MESSAGE_SIZE);
}

/* Receives the echo of the last message; returns 0 if it has not arrived yet. */
static inline int receive_echo(struct connection *c, int flags) {
    unsigned char message[MESSAGE_SIZE], received[MESSAGE_SIZE];
    ssize_t n = recv(c->fd, received, sizeof received, flags);
    if (n < 0 && (flags & MSG_DONTWAIT)) return 0;
    CHECK(n == MESSAGE_SIZE);
    make_message(c, message);
    CHECK(memcmp(received, message, sizeof message) == 0);
    return 1;
}

/* Connects from the loopback address 127.0.0.1 + `number`. */
static inline struct connection open_connection(uint32_t number, const struct sockaddr_in *address) {
    int on = 1;
    struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK + number)}};
    /* Closing resets the connection, so no port stays in TIME-WAIT for the next round. */
    struct linger reset_on_close = {.l_onoff = 1};
    struct connection c = {socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), 0};
    CHECK(c.fd >= 0 && setsockopt(c.fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on) == 0);
    CHECK(bind(c.fd, (struct sockaddr *)&from, sizeof from) == 0);
    CHECK(connect(c.fd, (const struct sockaddr *)address, sizeof *address) == 0);
    CHECK(setsockopt(c.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0);
    CHECK(setsockopt(c.fd, SOL_SOCKET, SO_LINGER, &reset_on_close, sizeof reset_on_close) == 0);
    return c;
}

/*
 * Opens connections, and returns when the server has accepted all. The server accepts in order, so the echo of the last
 * one proves that. An echo every CONNECTIONS_PER_ECHO keeps the backlog from overflowing. CONNECTIONS_PER_ADDRESS is so
 * low that the kernel finds a free port without a search.
 */
static inline struct connection *connect_all(const char *endpoint, size_t count) {
    struct sockaddr_in address = parse_endpoint(endpoint);
    struct connection *all = calloc(count, sizeof *all);
    CHECK(all && count > 0);
    for (size_t i = 0; i < count; i++) {
        all[i] = open_connection((uint32_t)(i / CONNECTIONS_PER_ADDRESS), &address);
        if (i % CONNECTIONS_PER_ECHO == CONNECTIONS_PER_ECHO - 1 || i == count - 1) {
            send_message(&all[i]);
            receive_echo(&all[i], MSG_WAITALL);
        }
    }
    return all;
}

/* Opens a file in /proc/PID. */
static inline FILE *open_proc_file(const char *pid, const char *name) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%s/%s", pid, name);
    FILE *file = fopen(path, "r");
    CHECK(file);
    return file;
}

/* Returns the state of a process: S when it waits, T when it is stopped. */
static inline char process_state(const char *pid) {
    char state;
    FILE *file = open_proc_file(pid, "stat");
    CHECK(fscanf(file, "%*d (%*[^)]) %c", &state) == 1);
    fclose(file);
    return state;
}

static inline void wait_for_state(const char *pid, char state) {
    while (process_state(pid) != state) {
        sched_yield();
    }
}

#endif
