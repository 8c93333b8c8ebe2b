/*
 * One program over two libraries. What a benchmark needs of sockets has one name here, and two sides: jackfield with
 * -DJACKFIELD, else the C library. Each verb is one call, made in place, so that what is compared is the libraries.
 */
#ifndef SIDE_H
#define SIDE_H

#include "must.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FOREVER_MS = -1 };

#ifdef JACKFIELD
#include "side_jackfield.h"
#else
#include "side_libc.h"
#endif

/* Two sockets that talk to each other, and for send_to the name of each. */
struct pair {
    sock socket[2];
    address name[2];
};

/* TCP, in which a small packet does not wait for another. */
static inline struct pair tcp_pair(void) {
    struct pair p;
    memset(&p, 0, sizeof p);
    sock listener = open_inet_stream();
    bind_loopback(listener, &p.name[1]);
    begin_listening(listener, 1);
    p.socket[0] = open_inet_stream();
    connect_to(p.socket[0], &p.name[1]);
    p.socket[1] = accept_one(listener, &p.name[0]);
    close_one(listener);
    set_no_delay(p.socket[0]);
    set_no_delay(p.socket[1]);
    return p;
}

static inline struct pair udp_pair(int connected) {
    struct pair p;
    memset(&p, 0, sizeof p);
    for (int i = 0; i < 2; i++) {
        p.socket[i] = open_inet_dgram();
        bind_loopback(p.socket[i], &p.name[i]);
    }
    for (int i = 0; i < 2 && connected; i++) {
        connect_to(p.socket[i], &p.name[1 - i]);
    }
    return p;
}

static inline struct pair unix_pair(void) {
    struct pair p;
    memset(&p, 0, sizeof p);
    open_unix_pair(p.socket);
    return p;
}

static inline void set_timeouts(struct pair *p, int ms) {
    for (int i = 0; i < 2 && ms != FOREVER_MS; i++) {
        set_timeout(p->socket[i], ms);
    }
}

static inline void close_pair(struct pair *p) {
    close_one(p->socket[0]);
    close_one(p->socket[1]);
}

#endif
