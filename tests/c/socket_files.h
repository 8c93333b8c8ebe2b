/* The files of UNIX sockets, as jf_serve finds and makes them. */
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

enum { PATH_ROOM = 256, SUN_PATH = sizeof((struct sockaddr_un *)0)->sun_path };

/* A path in the folder that nobody had before, and its endpoint. */
static char path[PATH_ROOM], endpoint[PATH_ROOM * 3];

static inline void fresh_path(void) {
    static int count;
    snprintf(path, sizeof path, "%s/s%d", folder, ++count);
    snprintf(endpoint, sizeof endpoint, "unix://%s", path);
}

/* A path as plain C has it. The longest has no zero at its end; valgrind looks for one. */
typedef struct name {
    struct sockaddr_un at;
    char end;
    socklen_t len;
} name;

static inline name named(const char *of) {
    name n;
    size_t len = strlen(of);
    CHECK(len <= SUN_PATH);
    memset(&n, 0, sizeof n);
    n.at.sun_family = AF_UNIX;
    memcpy(n.at.sun_path, of, len);
    n.len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
    return n;
}

static inline int binds(int fd, const char *at) {
    name n = named(at);
    return bind(fd, (struct sockaddr *)&n.at, n.len) == 0;
}

static inline int connects(int fd, const char *to) {
    name n = named(to);
    return connect(fd, (struct sockaddr *)&n.at, n.len) == 0;
}

/* Somebody else's socket. */
static inline int theirs(int type, const char *at) {
    int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
    CHECK(fd >= 0 && binds(fd, at));
    return fd;
}

static inline int their_client(int type, const char *to) {
    int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
    CHECK(fd >= 0 && connects(fd, to));
    return fd;
}

/* A socket file that nobody serves. */
static inline void make_dead(int type, const char *at) {
    CHECK(close(theirs(type, at)) == 0);
}

static inline struct stat look(const char *at) {
    struct stat about;
    CHECK(lstat(at, &about) == 0);
    return about;
}

/* Whether the file is still the one that was looked at. */
static inline int is_same(const char *at, const struct stat *before) {
    struct stat now = look(at);
    return now.st_ino == before->st_ino && now.st_mode == before->st_mode && now.st_size == before->st_size
           && now.st_ctim.tv_sec == before->st_ctim.tv_sec && now.st_ctim.tv_nsec == before->st_ctim.tv_nsec;
}

/* Whoever connects to the path reaches this socket, and is the first to do so. */
static inline void is_reached(jf_socket s, const char *at) {
    char got[8];
    EXPECT(jf_set(s, JF_OPT_RECV_TIMEOUT, 0), 0);
    EXPECT(jf_accept(s, NULL), JF_E_WOULD_BLOCK);
    int client = their_client(SOCK_STREAM, at);
    CHECK(write(client, "hello", 5) == 5);
    jf_socket a = OK(jf_accept(s, NULL));
    EXPECT(jf_recv(a, got, sizeof got, 0), 5);
    CHECK(memcmp(got, "hello", 5) == 0);
    OK(jf_close(a));
    CHECK(close(client) == 0);
}

static inline void serves(void) {
    jf_socket s = SERVED(endpoint);
    CHECK(S_ISSOCK(look(path).st_mode));
    is_reached(s, path);
    REFUSED(endpoint, JF_E_ADDR_IN_USE);
    is_reached(s, path);
    OK(jf_close(s));
    /* The file stays. */
    CHECK(S_ISSOCK(look(path).st_mode));
}

#endif
