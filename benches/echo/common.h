/* What the echo servers that are written in C share with the programs that load them. */
#ifndef COMMON_H
#define COMMON_H

#include "../must.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

enum { ROOM = 65536 };

static inline void raise_limit(void) {
    struct rlimit limit;
    MUST(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    limit.rlim_cur = limit.rlim_max;
    MUST(setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

/* The address of an endpoint tcp://127.0.0.1:PORT. */
static inline struct sockaddr_in address_of(const char *endpoint) {
    static const char front[] = "tcp://127.0.0.1:";
    MUST(strncmp(endpoint, front, strlen(front)) == 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    at.sin_port = htons((uint16_t)atoi(endpoint + strlen(front)));
    return at;
}

/* Says where a server listens, as c-examples/echo_many.c does. */
static inline void report(const struct sockaddr_in *at) {
    printf("tcp://127.0.0.1:%d\n", ntohs(at->sin_port));
    fflush(stdout);
}

#endif
