/* Serving a path with a stale socket file: a lock on the folder serializes the replacement. */
#include "clock.h"
#include "flight.h"
#include "socket_files.h"

#include <sys/file.h>

/* The number of descriptors that an executed program would inherit. */
static int inherited_count(void) {
    int count = 0;
    for (int fd = 0; fd < 1024; fd++) {
        int flags = fcntl(fd, F_GETFD);
        count += flags != -1 && (flags & FD_CLOEXEC) == 0;
    }
    return count;
}

static int locked_folder(void) {
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CHECK(fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0);
    return fd;
}

static int64_t serve_endpoint(void *given) {
    return jf_serve(given, -1);
}

/* Another process holds the lock. */
static void lock_is_held(void) {
    flight f;
    char below[PATH_SIZE], other[PATH_SIZE + 8];
    /* A path without a file, and one with a live server, need no lock. */
    int lock = locked_folder();
    fresh_path();
    jf_socket served = SERVED(endpoint);
    REFUSED(endpoint, JF_E_ADDR_IN_USE);
    OK(jf_close(served));
    fresh_path();
    make_stale_file(SOCK_STREAM, path);
    for (int storm_us = 0; storm_us <= 500; storm_us += 500) {
        double since = clock_ms();
        int before = open_descriptor_count();
        struct stat stale = file_status(path);
        start(&f, "serve", serve_endpoint, endpoint, storm_us);
        EXPECT(finish(&f), JF_E_BUSY);
        TOOK(since, 1000);
        CHECK(is_unchanged(path, &stale) && open_descriptor_count() == before);
    }
    /* The lock is on the folder that contains the file, also for a relative path; other folders are not affected. */
    CHECK(chdir(folder) == 0);
    REFUSED(strcat(strcpy(other, "unix://"), strrchr(path, '/') + 1), JF_E_BUSY);
    CHECK(chdir("/") == 0);
    snprintf(below, sizeof below, "%s/below", folder);
    CHECK(mkdir(below, 0700) == 0);
    make_stale_file(SOCK_STREAM, strcat(below, "/s"));
    snprintf(other, sizeof other, "unix://%s", below);
    OK(jf_close(SERVED(other)));
    CHECK(unlink(below) == 0);
    *strrchr(below, '/') = 0;
    CHECK(rmdir(below) == 0);
    /* After the lock is released. */
    CHECK(flock(lock, LOCK_UN) == 0);
    OK(jf_close(SERVED(endpoint)));
    CHECK(flock(lock, LOCK_EX | LOCK_NB) == 0);

    /* The lock is released while a call waits for it. A child forked during the call does not keep the lock. */
    for (int storm_us = 0; storm_us <= 500; storm_us += 500) {
        int before = open_descriptor_count(), inherited = inherited_count();
        start(&f, "serve", serve_endpoint, endpoint, storm_us);
        await_sleep(&f);
        CHECK(open_descriptor_count() > before && inherited_count() == inherited);
        pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0) {
            alarm(100);
            for (;;) pause();
        }
        CHECK(flock(lock, LOCK_UN) == 0);
        OK(jf_close(OK(finish(&f))));
        /* The child also has the socket, so its path is in use; another path in the folder is not affected. */
        REFUSED(endpoint, JF_E_ADDR_IN_USE);
        fresh_path();
        make_stale_file(SOCK_STREAM, path);
        OK(jf_close(SERVED(endpoint)));
        CHECK(kill(child, SIGKILL) == 0 && waitpid(child, NULL, 0) == child);
        CHECK(flock(lock, LOCK_EX | LOCK_NB) == 0);
    }
    CHECK(close(lock) == 0);
}

/* Progress of a thread with a pending cancellation: it ends at its first cancellation point. */
typedef struct cancelled_call {
    int lock;
    _Atomic int step;
} cancelled_call;

static void *serve_cancelled(void *given) {
    cancelled_call *c = given;
    CHECK(pthread_cancel(pthread_self()) == 0);
    EXPECT(jf_serve(endpoint, -1), JF_E_BUSY);
    CHECK(flock(c->lock, LOCK_UN) == 0);
    jf_socket s = OK(jf_serve(endpoint, -1));
    EXPECT(jf_serve(endpoint, -1), JF_E_ADDR_IN_USE);
    EXPECT(jf_serve("unix:///", -1), JF_E_EXISTS);
    OK(jf_close(s));
    atomic_store(&c->step, 1);
    pthread_testcancel();
    atomic_store(&c->step, 2);
    return NULL;
}

static void is_no_cancellation_point(void) {
    pthread_t thread;
    void *result;
    cancelled_call c = {.lock = locked_folder()};
    fresh_path();
    make_stale_file(SOCK_STREAM, path);
    CHECK(pthread_create(&thread, NULL, serve_cancelled, &c) == 0 && pthread_join(thread, &result) == 0);
    CHECK(result == PTHREAD_CANCELED && atomic_load(&c.step) == 1 && close(c.lock) == 0);
}

/* The result of one of the processes that serve concurrently. */
typedef struct outcome {
    int64_t result;
    pid_t id;
} outcome;

/* A child: serves when `begin` is closed, writes the result to `results`, sends its process id to one client, and
 * exits when `leave` is closed. */
static void serve_concurrently(int begin, int results, int leave) {
    char none;
    outcome o = {.id = getpid()};
    alarm(100);
    CHECK(read(begin, &none, 1) == 0);
    o.result = jf_serve(endpoint, -1);
    CHECK(write(results, &o, sizeof o) == sizeof o);
    if (o.result >= 0) {
        jf_socket a = OK(jf_accept(o.result, NULL));
        EXPECT(jf_send(a, &o.id, sizeof o.id, 0), sizeof o.id);
        CHECK(read(leave, &none, 1) == 0);
        /* Exits without removing the socket file, like a crash. */
    }
    _exit(0);
}

/* Exactly one process gets the path, and clients reach that one. */
static void concurrent_servers(int count) {
    enum { MAX_CHILDREN = 32 };
    int begin[2], results[2], leave[2];
    pid_t children[MAX_CHILDREN], winner = 0, reached;
    CHECK(count <= MAX_CHILDREN);
    CHECK(pipe2(begin, O_CLOEXEC) == 0 && pipe2(results, O_CLOEXEC) == 0 && pipe2(leave, O_CLOEXEC) == 0);
    for (int i = 0; i < count; i++) {
        children[i] = fork();
        CHECK(children[i] >= 0);
        if (children[i] == 0) {
            close(begin[1]);
            close(leave[1]);
            serve_concurrently(begin[0], results[1], leave[0]);
        }
    }
    CHECK(close(begin[1]) == 0 && close(results[1]) == 0);
    for (int i = 0; i < count; i++) {
        outcome o;
        CHECK(read(results[0], &o, sizeof o) == sizeof o);
        if (o.result >= 0) {
            CHECK(winner == 0);
            winner = o.id;
        } else if (o.result != JF_E_BUSY) {
            EXPECT(o.result, JF_E_ADDR_IN_USE);
        }
    }
    CHECK(winner != 0);
    int client = connect_foreign_client(SOCK_STREAM, path);
    CHECK(read(client, &reached, sizeof reached) == sizeof reached && reached == winner);
    CHECK(close(client) == 0 && close(leave[1]) == 0);
    for (int i = 0; i < count; i++) expect_success(children[i]);
    CHECK(close(begin[0]) == 0 && close(results[0]) == 0 && close(leave[0]) == 0);
}

int main(int argc, char **argv) {
    int slow = is_slow(argc, argv);
    watchdog(slow ? 280 : 110);
    handle_signals(0);
    folder_make();
    lock_is_held();
    is_no_cancellation_point();
    fresh_path();
    for (int round = 0; round < (slow ? 3 : 50); round++) concurrent_servers(slow ? 4 : 20);
    return 0;
}
