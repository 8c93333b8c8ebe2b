/* Connected socket pairs of every kind. */
#ifndef PAIRS_H
#define PAIRS_H

#include "check.h"

enum kind { TCP4, TCP6, UDP4, UDP6, UNIX_STREAM, UNIX_DGRAM, UNIX_SEQPACKET, KINDS };

static const char *const kind_names[KINDS] = {"TCP over IPv4", "TCP over IPv6", "UDP over IPv4",  "UDP over IPv6",
                                              "UNIX stream",   "UNIX datagram", "UNIX seqpacket"};

static inline int kind_family(enum kind kind) {
    return kind == TCP4 || kind == UDP4 ? JF_INET : kind == TCP6 || kind == UDP6 ? JF_INET6 : JF_UNIX;
}

static inline int kind_type(enum kind kind) {
    return kind == TCP4 || kind == TCP6 || kind == UNIX_STREAM ? JF_STREAM
           : kind == UNIX_SEQPACKET                            ? JF_SEQPACKET
                                                               : JF_DGRAM;
}

/* A bind address that yields a free address; an unnamed UNIX socket gets an abstract name. */
static inline const char *kind_anywhere(enum kind kind) {
    return kind_family(kind) == JF_INET ? "127.0.0.1:0" : kind_family(kind) == JF_INET6 ? "[::1]:0" : "unix:";
}

static inline void connected(enum kind kind, jf_socket out[2]) {
    jf_addr a[2];
    if (kind_family(kind) == JF_UNIX) {
        OK(jf_pair(JF_UNIX, kind_type(kind), out));
    } else if (kind_type(kind) == JF_STREAM) {
        jf_socket l = listening(kind_anywhere(kind), &a[0]);
        out[0] = OK(jf_open(kind_family(kind), JF_STREAM, 0));
        OK(jf_connect(out[0], &a[0]));
        out[1] = OK(jf_accept(l, NULL));
        OK(jf_close(l));
    } else {
        for (int i = 0; i < 2; i++) out[i] = bound(kind_anywhere(kind), JF_DGRAM, &a[i]);
        for (int i = 0; i < 2; i++) OK(jf_connect(out[i], &a[1 - i]));
    }
}

static inline void close_both(jf_socket s[2]) {
    OK(jf_close(s[0]));
    OK(jf_close(s[1]));
}

#endif
