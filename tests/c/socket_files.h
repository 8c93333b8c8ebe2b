/* Socket files of UNIX sockets, for the tests of jf_serve. */
#ifndef SOCKET_FILES_H
#define SOCKET_FILES_H

#include "folder.h"
#include "serving.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

enum { PATH_SIZE = 256, SUN_PATH = sizeof((struct sockaddr_un *)0)->sun_path };

/* An unused path in the folder, and its endpoint. */
static char path[PATH_SIZE], endpoint[PATH_SIZE * 3];

static inline void fresh_path(void) {
    static int count;
    snprintf(path, sizeof path, "%s/s%d", folder, ++count);
    snprintf(endpoint, sizeof endpoint, "unix://%s", path);
}

/* A path as struct sockaddr_un. The longest path has no terminating NUL there; `end` supplies one for valgrind. */
typedef struct name {
    struct sockaddr_un at;
    char end;
    socklen_t len;
} name;

static inline name socket_name(const char *of) {
    name n;
    size_t len = strlen(of);
    CHECK(len <= SUN_PATH);
    memset(&n, 0, sizeof n);
    n.at.sun_family = AF_UNIX;
    memcpy(n.at.sun_path, of, len);
    n.len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
    return n;
}

static inline int try_bind(int fd, const char *at) {
    name n = socket_name(at);
    return bind(fd, (struct sockaddr *)&n.at, n.len) == 0;
}

static inline int try_connect(int fd, const char *to) {
    name n = socket_name(to);
    return connect(fd, (struct sockaddr *)&n.at, n.len) == 0;
}

/* A listener or client that is made without the library. */
static inline int bind_foreign_socket(int type, const char *at) {
    int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
    CHECK(fd >= 0 && try_bind(fd, at));
    return fd;
}

static inline int connect_foreign_client(int type, const char *to) {
    int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
    CHECK(fd >= 0 && try_connect(fd, to));
    return fd;
}

/* A stale socket file: no socket is bound to it any more. */
static inline void make_stale_file(int type, const char *at) {
    CHECK(close(bind_foreign_socket(type, at)) == 0);
}

static inline struct stat file_status(const char *at) {
    struct stat about;
    CHECK(lstat(at, &about) == 0);
    return about;
}

/* Whether the file is unchanged since `before`. */
static inline int is_unchanged(const char *at, const struct stat *before) {
    struct stat now = file_status(at);
    return now.st_ino == before->st_ino && now.st_mode == before->st_mode && now.st_size == before->st_size
           && now.st_ctim.tv_sec == before->st_ctim.tv_sec && now.st_ctim.tv_nsec == before->st_ctim.tv_nsec;
}

/* A client that connects to the path reaches this socket, which had no earlier connection pending. */
static inline void expect_reached(jf_socket s, const char *at) {
    char got[8];
    EXPECT(jf_set(s, JF_OPT_RECV_TIMEOUT, 0), 0);
    EXPECT(jf_accept(s, NULL), JF_E_WOULD_BLOCK);
    int client = connect_foreign_client(SOCK_STREAM, at);
    CHECK(write(client, "hello", 5) == 5);
    jf_socket a = OK(jf_accept(s, NULL));
    EXPECT(jf_recv(a, got, sizeof got, 0), 5);
    CHECK(memcmp(got, "hello", 5) == 0);
    OK(jf_close(a));
    CHECK(close(client) == 0);
}

static inline void serve_and_check(void) {
    jf_socket s = SERVED(endpoint);
    CHECK(S_ISSOCK(file_status(path).st_mode));
    expect_reached(s, path);
    REFUSED(endpoint, JF_E_ADDR_IN_USE);
    expect_reached(s, path);
    OK(jf_close(s));
    /* Closing the socket does not remove the file. */
    CHECK(S_ISSOCK(file_status(path).st_mode));
}

#endif
