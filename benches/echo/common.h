/* Shared by the echo servers in C and their load generators. */
#ifndef COMMON_H
#define COMMON_H

#include "../check.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

enum { BUFFER_SIZE = 65536 };

static inline void raise_descriptor_limit(void) {
    struct rlimit limit;
    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    limit.rlim_cur = limit.rlim_max;
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

/* Parses an endpoint of the form tcp://127.0.0.1:PORT. */
static inline struct sockaddr_in parse_endpoint(const char *endpoint) {
    static const char prefix[] = "tcp://127.0.0.1:";
    CHECK(strncmp(endpoint, prefix, strlen(prefix)) == 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    address.sin_port = htons((uint16_t)atoi(endpoint + strlen(prefix)));
    return address;
}

/* Prints the endpoint of a server, in the form of c-examples/echo_many.c. */
static inline void print_endpoint(const struct sockaddr_in *address) {
    printf("tcp://127.0.0.1:%d\n", ntohs(address->sin_port));
    fflush(stdout);
}

#endif
