/* jf_serve with UNIX paths: which existing files are replaced by a socket, and which are not. */
#include "socket_files.h"

#include <poll.h>
#include <sys/resource.h>

static void free_and_stale_paths(void) {
    static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
    fresh_path();
    serve_and_check();
    serve_and_check();
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        fresh_path();
        make_stale_file(types[i], path);
        serve_and_check();
    }
}

/* No connection is pending, and no datagram is queued. */
static void expect_nothing_pending(int server) {
    struct pollfd item = {.fd = server, .events = POLLIN, .revents = 0};
    CHECK(poll(&item, 1, 0) >= 0 && (item.revents & POLLIN) == 0);
}

/* Serving a live path fails, leaves the file unchanged, and the live server sees no connection or datagram. */
static void expect_refused_unnoticed(int server) {
    struct stat before = file_status(path);
    REFUSED(endpoint, JF_E_ADDR_IN_USE);
    CHECK(is_unchanged(path, &before));
    expect_nothing_pending(server);
}

static void live_sockets(void) {
    static const int types[] = {SOCK_STREAM, SOCK_SEQPACKET};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        fresh_path();
        int server = bind_foreign_socket(types[i], path);
        /* A bound socket that does not listen yet. */
        expect_refused_unnoticed(server);
        CHECK(listen(server, 4) == 0);
        expect_refused_unnoticed(server);
        int client = connect_foreign_client(types[i], path), accepted = accept(server, NULL, NULL);
        char got;
        CHECK(accepted >= 0 && write(client, "x", 1) == 1 && read(accepted, &got, 1) == 1 && got == 'x');
        CHECK(close(accepted) == 0 && close(client) == 0);
        expect_refused_unnoticed(server);
        CHECK(close(server) == 0);
        serve_and_check();
    }
    fresh_path();
    int server = bind_foreign_socket(SOCK_DGRAM, path), client = connect_foreign_client(SOCK_DGRAM, path);
    expect_refused_unnoticed(server);
    /* A datagram socket that is connected to another peer. */
    char other[PATH_SIZE + 8];
    snprintf(other, sizeof other, "%s-other", path);
    int peer = bind_foreign_socket(SOCK_DGRAM, other);
    CHECK(try_connect(server, other));
    expect_refused_unnoticed(server);
    CHECK(close(peer) == 0 && close(client) == 0 && close(server) == 0);
}

/* A listener with a full queue, on which a connect would block. */
static void full_backlog(void) {
    fresh_path();
    int server = bind_foreign_socket(SOCK_STREAM, path), waiting[16], count = 0;
    CHECK(listen(server, 2) == 0);
    for (;; count++) {
        CHECK(count < 16);
        waiting[count] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (!try_connect(waiting[count], path)) break;
    }
    CHECK(errno == EAGAIN && close(waiting[count]) == 0);
    struct stat before = file_status(path);
    REFUSED(endpoint, JF_E_ADDR_IN_USE);
    CHECK(is_unchanged(path, &before));
    for (int i = 0; i < count; i++) {
        int accepted = accept(server, NULL, NULL);
        CHECK(accepted >= 0 && close(accepted) == 0 && close(waiting[i]) == 0);
    }
    expect_nothing_pending(server);
    /* It is live even when it accepts no more connections. */
    CHECK(shutdown(server, SHUT_RDWR) == 0);
    REFUSED(endpoint, JF_E_ADDR_IN_USE);
    CHECK(close(server) == 0);
    serve_and_check();
}

static void expect_refused_unchanged(int64_t code) {
    struct stat before = file_status(path);
    REFUSED(endpoint, code);
    CHECK(is_unchanged(path, &before));
}

static void other_files(void) {
    char target[PATH_SIZE];
    fresh_path();
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    CHECK(fd >= 0 && write(fd, "precious", 8) == 8 && close(fd) == 0);
    expect_refused_unchanged(JF_E_EXISTS);
    /* No folder of that name can be locked. */
    strcat(endpoint, "/");
    expect_refused_unchanged(JF_E_OS - ENOTDIR);
    strcat(endpoint, "under");
    REFUSED(endpoint, JF_E_OS - ENOTDIR);

    fresh_path();
    CHECK(mkfifo(path, 0600) == 0);
    expect_refused_unchanged(JF_E_EXISTS);

    fresh_path();
    CHECK(mkdir(path, 0700) == 0);
    expect_refused_unchanged(JF_E_EXISTS);
    strcat(endpoint, "/");
    expect_refused_unchanged(JF_E_EXISTS);
    CHECK(rmdir(path) == 0);
    strcat(endpoint, "gone");
    REFUSED(endpoint, JF_E_NOT_FOUND);

    REFUSED("unix:///", JF_E_EXISTS);
    REFUSED("unix://..", JF_E_EXISTS);
    REFUSED("unix:///dev/null", JF_E_EXISTS);

    /* A symlink to a missing file, to a stale socket file, and to a live one. */
    fresh_path();
    strcpy(target, path);
    fresh_path();
    CHECK(symlink(target, path) == 0);
    expect_refused_unchanged(JF_E_EXISTS);
    CHECK(access(target, F_OK) != 0);
    make_stale_file(SOCK_STREAM, target);
    struct stat stale = file_status(target);
    expect_refused_unchanged(JF_E_EXISTS);
    CHECK(is_unchanged(target, &stale) && unlink(target) == 0);
    int server = bind_foreign_socket(SOCK_STREAM, target);
    CHECK(listen(server, 1) == 0);
    expect_refused_unchanged(JF_E_EXISTS);
    CHECK(close(server) == 0);
}

static void access_denied(void) {
    REFUSED(endpoint, JF_E_ACCESS);
}

static void permission_denied(void) {
    REFUSED(endpoint, JF_E_PERMISSION);
}

static void leave_stale_file(void) {
    make_stale_file(SOCK_STREAM, path);
}

/* Another user serves in a folder with this mode: on a free path, or on root's stale socket file with that mode. */
static void serve_with_modes(const char *in_folder, mode_t folder_mode, mode_t file_mode, void (*run)(void)) {
    struct stat before;
    CHECK(chmod(in_folder, folder_mode) == 0);
    unlink(path);
    if (file_mode != 0) {
        make_stale_file(SOCK_STREAM, path);
        CHECK(chmod(path, file_mode) == 0);
        before = file_status(path);
    }
    run_as_user_nobody(run);
    CHECK(file_mode == 0 || run == serve_and_check || is_unchanged(path, &before));
}

static void other_user(void) {
    char in_folder[PATH_SIZE / 2];
    CHECK(chmod(folder, 0755) == 0);
    snprintf(in_folder, sizeof in_folder, "%s/rights", folder);
    snprintf(path, sizeof path, "%s/socket", in_folder);
    snprintf(endpoint, sizeof endpoint, "unix://%s", path);
    CHECK(mkdir(in_folder, 0700) == 0);

    serve_with_modes(in_folder, 0700, 0, access_denied);
    serve_with_modes(in_folder, 0755, 0, access_denied);
    serve_with_modes(in_folder, 0777, 0, serve_and_check);
    /* The stale file cannot be connected to; it can, but not be removed; or only its owner can remove it (sticky
     * bit). */
    serve_with_modes(in_folder, 0777, 0755, access_denied);
    serve_with_modes(in_folder, 0755, 0777, access_denied);
    serve_with_modes(in_folder, 01777, 0777, permission_denied);
    serve_with_modes(in_folder, 0700, 0777, access_denied);
    /* The folder cannot be opened, and therefore not locked. */
    serve_with_modes(in_folder, 0733, 0777, access_denied);
    serve_with_modes(in_folder, 0777, 0777, serve_and_check);
    /* The user's own stale file. */
    serve_with_modes(in_folder, 01777, 0, leave_stale_file);
    run_as_user_nobody(serve_and_check);
    /* A live server that the user may not connect to. */
    CHECK(unlink(path) == 0);
    int server = bind_foreign_socket(SOCK_STREAM, path);
    CHECK(listen(server, 1) == 0 && chmod(path, 0755) == 0);
    struct stat before = file_status(path);
    run_as_user_nobody(access_denied);
    CHECK(is_unchanged(path, &before));
    expect_nothing_pending(server);
    CHECK(close(server) == 0 && unlink(path) == 0 && rmdir(in_folder) == 0 && chmod(folder, 0700) == 0);
}

/* Paths of the maximum length, and one that is too long. */
static void longest_path(void) {
    int len = snprintf(path, sizeof path, "%s/", folder);
    memset(path + len, 'x', sizeof path - (size_t)len);
    path[SUN_PATH] = 0;
    snprintf(endpoint, sizeof endpoint, "unix://%s", path);
    serve_and_check();
    serve_and_check();
    CHECK(unlink(path) == 0);
    make_stale_file(SOCK_STREAM, path);
    serve_and_check();
    CHECK(unlink(path) == 0);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    CHECK(fd >= 0 && close(fd) == 0);
    expect_refused_unchanged(JF_E_EXISTS);
    CHECK(unlink(path) == 0);
    /* A relative path without a slash. */
    CHECK(chdir(folder) == 0);
    memset(path, 'y', SUN_PATH);
    snprintf(endpoint, sizeof endpoint, "unix://%s", path);
    serve_and_check();
    serve_and_check();
    CHECK(unlink(path) == 0 && chdir("/") == 0);

    strcat(endpoint, "y");
    REFUSED(endpoint, JF_E_ADDR_INVALID);
}

/* Bytes that are not UTF-8, a percent sign, and a path that begins with @. */
static void percent_encoded(void) {
    snprintf(path, sizeof path, "%s/\xff\xfe\n%%20", folder);
    snprintf(endpoint, sizeof endpoint, "unix://%s/%%ff%%Fe%%0a%%2520", folder);
    serve_and_check();
    serve_and_check();
    CHECK(chdir(folder) == 0);
    strcpy(path, "@path");
    strcpy(endpoint, "unix://%40path");
    serve_and_check();
    serve_and_check();
    CHECK(chdir("/") == 0);
}

static void abstract_name(void) {
    snprintf(endpoint, sizeof endpoint, "unix://@jackfield-%d", (int)getpid());
    for (int i = 0; i < 2; i++) {
        jf_socket s = SERVED(endpoint);
        REFUSED(endpoint, JF_E_ADDR_IN_USE);
        OK(jf_close(s));
    }
}

static void relative_path(void) {
    static const char *const paths[] = {"relative", "./relative", "below/relative", "../relative", ".."};
    char below[PATH_SIZE];
    snprintf(below, sizeof below, "%s/below", folder);
    CHECK(mkdir(below, 0700) == 0 && chdir(folder) == 0);
    for (int i = 0; i < 3; i++) {
        strcpy(path, paths[i]);
        snprintf(endpoint, sizeof endpoint, "unix://%s", path);
        serve_and_check();
        serve_and_check();
    }
    CHECK(chdir(below) == 0);
    strcpy(path, paths[3]);
    snprintf(endpoint, sizeof endpoint, "unix://%s", path);
    serve_and_check();
    CHECK(unlink("relative") == 0 && chdir("/") == 0 && rmdir(below) == 0);
}

/* With too few descriptors the call fails, and the stale file stays unchanged. */
static void few_descriptors(void) {
    struct rlimit limit, before;
    fresh_path();
    make_stale_file(SOCK_STREAM, path);
    struct stat stale = file_status(path);
    int lowest = open("/dev/null", O_RDONLY | O_CLOEXEC), free_count = 0;
    CHECK(lowest >= 0 && close(lowest) == 0 && getrlimit(RLIMIT_NOFILE, &before) == 0);
    for (limit = before;; free_count++) {
        limit.rlim_cur = (rlim_t)(lowest + free_count);
        CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
        int64_t s = jf_serve(endpoint, -1);
        CHECK(setrlimit(RLIMIT_NOFILE, &before) == 0);
        if (s >= 0) {
            OK(jf_close(s));
            break;
        }
        EXPECT(s, JF_E_TOO_MANY_FILES);
        CHECK(is_unchanged(path, &stale));
    }
    /* The socket, the folder, and the probe socket. */
    CHECK(free_count == 3);
}

int main(int argc, char **argv) {
    alarm(is_slow(argc, argv) ? 280 : 110);
    folder_make();
    free_and_stale_paths();
    live_sockets();
    full_backlog();
    other_files();
    other_user();
    longest_path();
    percent_encoded();
    abstract_name();
    relative_path();
    few_descriptors();
    return 0;
}
