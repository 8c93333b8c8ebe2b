/* Serving UNIX paths: which file makes way for a socket, and which does not. */
#include "socket_files.h"

#include <poll.h>
#include <sys/resource.h>

static void fresh_and_dead(void) {
    static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
    fresh_path();
    serves();
    serves();
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        fresh_path();
        make_dead(types[i], path);
        serves();
    }
}

/* No connection waits to be accepted, and no datagram to be received. */
static void sees_nobody(int server) {
    struct pollfd item = {.fd = server, .events = POLLIN, .revents = 0};
    CHECK(poll(&item, 1, 0) >= 0 && (item.revents & POLLIN) == 0);
}

/* What is served stays as it is, and who serves it sees nothing of those who asked. */
static void refused_unseen(int live) {
    struct stat before = look(path);
    REFUSED(endpoint, JF_E_ADDR_IN_USE);
    CHECK(is_same(path, &before));
    sees_nobody(live);
}

static void live(void) {
    static const int types[] = {SOCK_STREAM, SOCK_SEQPACKET};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        fresh_path();
        int server = theirs(types[i], path);
        /* It has not yet come to listen. */
        refused_unseen(server);
        CHECK(listen(server, 4) == 0);
        refused_unseen(server);
        int client = their_client(types[i], path), accepted = accept(server, NULL, NULL);
        char got;
        CHECK(accepted >= 0 && write(client, "x", 1) == 1 && read(accepted, &got, 1) == 1 && got == 'x');
        CHECK(close(accepted) == 0 && close(client) == 0);
        refused_unseen(server);
        CHECK(close(server) == 0);
        serves();
    }
    fresh_path();
    int server = theirs(SOCK_DGRAM, path), client = their_client(SOCK_DGRAM, path);
    refused_unseen(server);
    /* One that takes datagrams from a single peer. */
    char other[PATH_ROOM + 8];
    snprintf(other, sizeof other, "%s-other", path);
    int peer = theirs(SOCK_DGRAM, other);
    CHECK(connects(server, other));
    refused_unseen(server);
    CHECK(close(peer) == 0 && close(client) == 0 && close(server) == 0);
}

/* A listener's queue is full, so that whoever connects has to wait. */
static void full(void) {
    fresh_path();
    int server = theirs(SOCK_STREAM, path), waiting[16], count = 0;
    CHECK(listen(server, 2) == 0);
    for (;; count++) {
        CHECK(count < 16);
        waiting[count] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (!connects(waiting[count], path)) break;
    }
    CHECK(errno == EAGAIN && close(waiting[count]) == 0);
    struct stat before = look(path);
    REFUSED(endpoint, JF_E_ADDR_IN_USE);
    CHECK(is_same(path, &before));
    for (int i = 0; i < count; i++) {
        int accepted = accept(server, NULL, NULL);
        CHECK(accepted >= 0 && close(accepted) == 0 && close(waiting[i]) == 0);
    }
    sees_nobody(server);
    /* It is alive also when it accepts no more. */
    CHECK(shutdown(server, SHUT_RDWR) == 0);
    REFUSED(endpoint, JF_E_ADDR_IN_USE);
    CHECK(close(server) == 0);
    serves();
}

static void stays(int64_t code) {
    struct stat before = look(path);
    REFUSED(endpoint, code);
    CHECK(is_same(path, &before));
}

static void other_files(void) {
    char target[PATH_ROOM];
    fresh_path();
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    CHECK(fd >= 0 && write(fd, "precious", 8) == 8 && close(fd) == 0);
    stays(JF_E_EXISTS);
    /* With no folder of that name to lock. */
    strcat(endpoint, "/");
    stays(JF_E_OS - ENOTDIR);
    strcat(endpoint, "under");
    REFUSED(endpoint, JF_E_OS - ENOTDIR);

    fresh_path();
    CHECK(mkfifo(path, 0600) == 0);
    stays(JF_E_EXISTS);

    fresh_path();
    CHECK(mkdir(path, 0700) == 0);
    stays(JF_E_EXISTS);
    strcat(endpoint, "/");
    stays(JF_E_EXISTS);
    CHECK(rmdir(path) == 0);
    strcat(endpoint, "gone");
    REFUSED(endpoint, JF_E_NOT_FOUND);

    REFUSED("unix:///", JF_E_EXISTS);
    REFUSED("unix://..", JF_E_EXISTS);
    REFUSED("unix:///dev/null", JF_E_EXISTS);

    /* A symlink: to nothing, to a dead socket file, and to a live one. */
    fresh_path();
    strcpy(target, path);
    fresh_path();
    CHECK(symlink(target, path) == 0);
    stays(JF_E_EXISTS);
    CHECK(access(target, F_OK) != 0);
    make_dead(SOCK_STREAM, target);
    struct stat dead = look(target);
    stays(JF_E_EXISTS);
    CHECK(is_same(target, &dead) && unlink(target) == 0);
    int server = theirs(SOCK_STREAM, target);
    CHECK(listen(server, 1) == 0);
    stays(JF_E_EXISTS);
    CHECK(close(server) == 0);
}

static void access_denied(void) {
    REFUSED(endpoint, JF_E_ACCESS);
}

static void permission_denied(void) {
    REFUSED(endpoint, JF_E_PERMISSION);
}

static void dies_here(void) {
    make_dead(SOCK_STREAM, path);
}

/* Another user serves in a folder with these rights, where nothing is, or root's dead socket file with these. */
static void rights(const char *of, mode_t of_folder, mode_t of_file, void (*run)(void)) {
    struct stat before;
    CHECK(chmod(of, of_folder) == 0);
    unlink(path);
    if (of_file != 0) {
        make_dead(SOCK_STREAM, path);
        CHECK(chmod(path, of_file) == 0);
        before = look(path);
    }
    as_nobody(run);
    CHECK(of_file == 0 || run == serves || is_same(path, &before));
}

static void another_user(void) {
    char of[PATH_ROOM / 2];
    CHECK(chmod(folder, 0755) == 0);
    snprintf(of, sizeof of, "%s/rights", folder);
    snprintf(path, sizeof path, "%s/socket", of);
    snprintf(endpoint, sizeof endpoint, "unix://%s", path);
    CHECK(mkdir(of, 0700) == 0);

    rights(of, 0700, 0, access_denied);
    rights(of, 0755, 0, access_denied);
    rights(of, 0777, 0, serves);
    /* It may not be asked whether it is dead; or it may be, but not removed; or only its owner may remove it. */
    rights(of, 0777, 0755, access_denied);
    rights(of, 0755, 0777, access_denied);
    rights(of, 01777, 0777, permission_denied);
    rights(of, 0700, 0777, access_denied);
    /* The folder can't be opened, and so not locked. */
    rights(of, 0733, 0777, access_denied);
    rights(of, 0777, 0777, serves);
    /* One's own. */
    rights(of, 01777, 0, dies_here);
    as_nobody(serves);
    /* A live one that one may not connect to. */
    CHECK(unlink(path) == 0);
    int server = theirs(SOCK_STREAM, path);
    CHECK(listen(server, 1) == 0 && chmod(path, 0755) == 0);
    struct stat before = look(path);
    as_nobody(access_denied);
    CHECK(is_same(path, &before));
    sees_nobody(server);
    CHECK(close(server) == 0 && unlink(path) == 0 && rmdir(of) == 0 && chmod(folder, 0700) == 0);
}

/* Paths that fill all of their room, and one that does not fit. */
static void longest(void) {
    int len = snprintf(path, sizeof path, "%s/", folder);
    memset(path + len, 'x', sizeof path - (size_t)len);
    path[SUN_PATH] = 0;
    snprintf(endpoint, sizeof endpoint, "unix://%s", path);
    serves();
    serves();
    CHECK(unlink(path) == 0);
    make_dead(SOCK_STREAM, path);
    serves();
    CHECK(unlink(path) == 0);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    CHECK(fd >= 0 && close(fd) == 0);
    stays(JF_E_EXISTS);
    CHECK(unlink(path) == 0);
    /* Without a slash, all of it is the file's name. */
    CHECK(chdir(folder) == 0);
    memset(path, 'y', SUN_PATH);
    snprintf(endpoint, sizeof endpoint, "unix://%s", path);
    serves();
    serves();
    CHECK(unlink(path) == 0 && chdir("/") == 0);

    strcat(endpoint, "y");
    REFUSED(endpoint, JF_E_ADDR_INVALID);
}

/* Bytes that are no text, a percent sign, and a path that begins with @. */
static void encoded(void) {
    snprintf(path, sizeof path, "%s/\xff\xfe\n%%20", folder);
    snprintf(endpoint, sizeof endpoint, "unix://%s/%%ff%%Fe%%0a%%2520", folder);
    serves();
    serves();
    CHECK(chdir(folder) == 0);
    strcpy(path, "@path");
    strcpy(endpoint, "unix://%40path");
    serves();
    serves();
    CHECK(chdir("/") == 0);
}

static void abstract(void) {
    snprintf(endpoint, sizeof endpoint, "unix://@jackfield-%d", (int)getpid());
    for (int i = 0; i < 2; i++) {
        jf_socket s = SERVED(endpoint);
        REFUSED(endpoint, JF_E_ADDR_IN_USE);
        OK(jf_close(s));
    }
}

static void relative(void) {
    static const char *const paths[] = {"relative", "./relative", "below/relative", "../relative", ".."};
    char below[PATH_ROOM];
    snprintf(below, sizeof below, "%s/below", folder);
    CHECK(mkdir(below, 0700) == 0 && chdir(folder) == 0);
    for (int i = 0; i < 3; i++) {
        strcpy(path, paths[i]);
        snprintf(endpoint, sizeof endpoint, "unix://%s", path);
        serves();
        serves();
    }
    CHECK(chdir(below) == 0);
    strcpy(path, paths[3]);
    snprintf(endpoint, sizeof endpoint, "unix://%s", path);
    serves();
    CHECK(unlink("relative") == 0 && chdir("/") == 0 && rmdir(below) == 0);
}

/* However few descriptors there are, the file stays until it can be replaced. */
static void few_descriptors(void) {
    struct rlimit limit, before;
    fresh_path();
    make_dead(SOCK_STREAM, path);
    struct stat dead = look(path);
    int lowest = open("/dev/null", O_RDONLY | O_CLOEXEC), free = 0;
    CHECK(lowest >= 0 && close(lowest) == 0 && getrlimit(RLIMIT_NOFILE, &before) == 0);
    for (limit = before;; free++) {
        limit.rlim_cur = (rlim_t)(lowest + free);
        CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
        int64_t s = jf_serve(endpoint, -1);
        CHECK(setrlimit(RLIMIT_NOFILE, &before) == 0);
        if (s >= 0) {
            OK(jf_close(s));
            break;
        }
        EXPECT(s, JF_E_TOO_MANY_FILES);
        CHECK(is_same(path, &dead));
    }
    /* The socket, the folder, and a socket to ask with. */
    CHECK(free == 3);
}

int main(int argc, char **argv) {
    alarm(is_slow(argc, argv) ? 280 : 110);
    folder_make();
    fresh_and_dead();
    live();
    full();
    other_files();
    another_user();
    longest();
    encoded();
    abstract();
    relative();
    few_descriptors();
    return 0;
}
