/* A private network namespace for the test program; it disappears when the program exits. */
#ifndef OWN_NET_H
#define OWN_NET_H

#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <unistd.h>

static inline void write_file(const char *path, const char *text) {
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    CHECK(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) && close(fd) == 0);
}

/* Enters an empty network namespace, in which the program is root. Without privileges it needs a user namespace as
 * well, which some systems forbid. */
static inline void leave_net(void) {
    char map[64];
    unsigned uid = getuid(), gid = getgid();
    if (unshare(CLONE_NEWNET) == 0) return;
    if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) {
        fprintf(stderr, "cannot create a network namespace (run as root): %s\n", strerror(errno));
        exit(1);
    }
    write_file("/proc/self/setgroups", "deny");
    snprintf(map, sizeof map, "0 %u 1", uid);
    write_file("/proc/self/uid_map", map);
    snprintf(map, sizeof map, "0 %u 1", gid);
    write_file("/proc/self/gid_map", map);
}

/* Runs a shell script in the namespace. */
static inline void in_net(const char *script) {
    char command[4096];
    CHECK(snprintf(command, sizeof command, "timeout 60 sh -euc '%s'", script) < (int)sizeof command);
    CHECK(system(command) == 0);
}

/* The index of an interface in the namespace. */
static inline uint32_t index_of(const char *name) {
    uint32_t index = if_nametoindex(name);
    CHECK(index > 0);
    return index;
}

#endif
