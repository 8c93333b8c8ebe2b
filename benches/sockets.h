/*
 * Socket functions with two implementations: jackfield with -DJACKFIELD, otherwise the C library. A benchmark program
 * is compiled once with each. Every function is one inlined library call, so that only the libraries differ.
 */
#ifndef SOCKETS_H
#define SOCKETS_H

#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NO_TIMEOUT_MS = -1 };

#ifdef JACKFIELD
#include "sockets_jackfield.h"
#else
#include "sockets_libc.h"
#endif

/* Two sockets that exchange data, and their addresses, which send_to needs. */
struct socket_pair {
    sock socket[2];
    address address[2];
};

/* Two connected TCP sockets with Nagle's algorithm disabled. */
static inline struct socket_pair tcp_pair(void) {
    struct socket_pair p;
    memset(&p, 0, sizeof p);
    sock listener = open_inet_stream();
    bind_loopback(listener, &p.address[1]);
    start_listening(listener, 1);
    p.socket[0] = open_inet_stream();
    connect_to(p.socket[0], &p.address[1]);
    p.socket[1] = accept_connection(listener, &p.address[0]);
    close_socket(listener);
    set_no_delay(p.socket[0]);
    set_no_delay(p.socket[1]);
    return p;
}

static inline struct socket_pair udp_pair(int is_connected) {
    struct socket_pair p;
    memset(&p, 0, sizeof p);
    for (int i = 0; i < 2; i++) {
        p.socket[i] = open_inet_dgram();
        bind_loopback(p.socket[i], &p.address[i]);
    }
    for (int i = 0; i < 2 && is_connected; i++) {
        connect_to(p.socket[i], &p.address[1 - i]);
    }
    return p;
}

static inline struct socket_pair unix_pair(void) {
    struct socket_pair p;
    memset(&p, 0, sizeof p);
    open_unix_pair(p.socket);
    return p;
}

static inline void set_timeouts(struct socket_pair *p, int ms) {
    for (int i = 0; i < 2 && ms != NO_TIMEOUT_MS; i++) {
        set_timeout(p->socket[i], ms);
    }
}

static inline void close_pair(struct socket_pair *p) {
    close_socket(p->socket[0]);
    close_socket(p->socket[1]);
}

#endif
