/* Shared by the tests of jf_serve: checks for leaked descriptors, and code that runs as another user. */
#ifndef SERVING_H
#define SERVING_H

#include "check.h"

#include <dirent.h>
#include <sys/wait.h>
#include <unistd.h>

/* The number of open descriptors. */
static inline int open_descriptor_count(void) {
    int count = 0;
    DIR *dir = opendir("/proc/self/fd");
    CHECK(dir != NULL);
    while (readdir(dir)) count++;
    CHECK(closedir(dir) == 0);
    return count;
}

/* jf_serve fails with this code and leaks no descriptor. */
#define REFUSED(endpoint, code) \
    do { \
        int refused_before = open_descriptor_count(); \
        EXPECT(jf_serve((endpoint), -1), (code)); \
        CHECK(open_descriptor_count() == refused_before); \
    } while (0)

/* jf_serve succeeds and opens exactly one descriptor. */
#define SERVED(endpoint) serve_one((endpoint), __LINE__)
static inline jf_socket serve_one(const char *endpoint, int line) {
    int before = open_descriptor_count();
    int64_t s = jf_serve(endpoint, -1);
    if (s < 0 || open_descriptor_count() != before + 1) {
        fprintf(stderr, "line %d: serving %s: %s, %d new descriptors\n", line, endpoint, jf_error_name(s),
                open_descriptor_count() - before);
        exit(1);
    }
    return s;
}

static inline void expect_success(pid_t child) {
    int status;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* Runs a function in a child process as an unprivileged user (uid 65534) and waits for it. */
static inline void run_as_user_nobody(void (*run)(void)) {
    enum { NOBODY = 65534 };
    CHECK(geteuid() == 0 && "must run as root to change the user");
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        alarm(60);
        CHECK(setresgid(NOBODY, NOBODY, NOBODY) == 0 && setresuid(NOBODY, NOBODY, NOBODY) == 0);
        run();
        /* Skips the parent's exit handlers. */
        _exit(0);
    }
    expect_success(child);
}

#endif
