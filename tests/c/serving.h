/* What the tests of jf_serve share: that nothing is left open, and what another user is told. */
#ifndef SERVING_H
#define SERVING_H

#include "check.h"

#include <dirent.h>
#include <sys/wait.h>
#include <unistd.h>

/* How many descriptors are open. */
static inline int open_count(void) {
    int count = 0;
    DIR *dir = opendir("/proc/self/fd");
    CHECK(dir != NULL);
    while (readdir(dir)) count++;
    CHECK(closedir(dir) == 0);
    return count;
}

/* Serving fails with this code and leaves no descriptor behind. */
#define REFUSED(endpoint, code) \
    do { \
        int refused_before = open_count(); \
        EXPECT(jf_serve((endpoint), -1), (code)); \
        CHECK(open_count() == refused_before); \
    } while (0)

/* Serving succeeds; the socket is the one descriptor that is new. */
#define SERVED(endpoint) serve_one((endpoint), __LINE__)
static inline jf_socket serve_one(const char *endpoint, int line) {
    int before = open_count();
    int64_t s = jf_serve(endpoint, -1);
    if (s < 0 || open_count() != before + 1) {
        fprintf(stderr, "line %d: serving %s: %s, %d descriptors more\n", line, endpoint, jf_error_name(s),
                open_count() - before);
        exit(1);
    }
    return s;
}

static inline void ends_well(pid_t child) {
    int status;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* Runs a function in a child that is nobody; returns when it has. What it checks is checked here. */
static inline void as_nobody(void (*run)(void)) {
    enum { NOBODY = 65534 };
    CHECK(geteuid() == 0 && "root, to become another user");
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        alarm(60);
        CHECK(setresgid(NOBODY, NOBODY, NOBODY) == 0 && setresuid(NOBODY, NOBODY, NOBODY) == 0);
        run();
        /* What is to be done at the parent's end is not the child's to do. */
        _exit(0);
    }
    ends_well(child);
}

#endif
