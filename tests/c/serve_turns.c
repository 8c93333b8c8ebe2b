/* Serving a dead socket file: those who replace one in the same folder take turns. */
#include "clock.h"
#include "flight.h"
#include "socket_files.h"

#include <sys/file.h>

/* How many descriptors a program that is executed has. */
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

/* Somebody else has the folder locked. */
static void locked(void) {
    flight f;
    /* It takes no lock to serve where nothing is. */
    int lock = locked_folder();
    fresh_path();
    OK(jf_close(SERVED(endpoint)));
    fresh_path();
    make_dead(SOCK_STREAM, path);
    for (int storm_us = 0; storm_us <= 500; storm_us += 500) {
        double since = clock_ms();
        int before = open_count();
        struct stat dead = look(path);
        start(&f, "serve", serve_endpoint, endpoint, storm_us);
        EXPECT(finish(&f), JF_E_BUSY);
        TOOK(since, 1000);
        CHECK(is_same(path, &dead) && open_count() == before);
    }
    /* Nobody has it locked any more. */
    CHECK(flock(lock, LOCK_UN) == 0);
    OK(jf_close(SERVED(endpoint)));
    CHECK(flock(lock, LOCK_EX | LOCK_NB) == 0);

    /* The lock is let go while it is waited for. A child that is forked meanwhile does not keep it. */
    for (int storm_us = 0; storm_us <= 500; storm_us += 500) {
        int before = open_count(), inherited = inherited_count();
        start(&f, "serve", serve_endpoint, endpoint, storm_us);
        await_sleep(&f);
        CHECK(open_count() > before && inherited_count() == inherited);
        pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0)
            for (;;) pause();
        CHECK(flock(lock, LOCK_UN) == 0);
        OK(jf_close(OK(finish(&f))));
        /* The child has the socket, too; another one's path is to be had. */
        REFUSED(endpoint, JF_E_ADDR_IN_USE);
        fresh_path();
        make_dead(SOCK_STREAM, path);
        OK(jf_close(SERVED(endpoint)));
        CHECK(kill(child, SIGKILL) == 0 && waitpid(child, NULL, 0) == child);
        CHECK(flock(lock, LOCK_EX | LOCK_NB) == 0);
    }
    CHECK(close(lock) == 0);
}

/* How far a thread came whose cancellation is pending: its first cancellation point is its end. */
typedef struct canceled {
    int lock;
    _Atomic int step;
} canceled;

static void *serve_canceled(void *given) {
    canceled *c = given;
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
    canceled c = {.lock = locked_folder()};
    fresh_path();
    make_dead(SOCK_STREAM, path);
    CHECK(pthread_create(&thread, NULL, serve_canceled, &c) == 0 && pthread_join(thread, &result) == 0);
    CHECK(result == PTHREAD_CANCELED && atomic_load(&c.step) == 1 && close(c.lock) == 0);
}

/* What a process that serves at the same moment as others came to. */
typedef struct outcome {
    int64_t result;
    pid_t id;
} outcome;

/* Serves when told to by the end of a pipe, says what came of it, tells one client who it is, and goes when told to. */
static void contend(int begin, int say, int leave) {
    char none;
    outcome o = {.id = getpid()};
    alarm(100);
    CHECK(read(begin, &none, 1) == 0);
    o.result = jf_serve(endpoint, -1);
    CHECK(write(say, &o, sizeof o) == sizeof o);
    if (o.result >= 0) {
        jf_socket a = OK(jf_accept(o.result, NULL));
        EXPECT(jf_send(a, &o.id, sizeof o.id, 0), sizeof o.id);
        CHECK(read(leave, &none, 1) == 0);
        /* The socket file is left as by a crash. */
    }
    _exit(0);
}

/* Exactly one of them gets the path, and clients reach that one. */
static void at_once(int count) {
    enum { MOST = 32 };
    int begin[2], say[2], leave[2];
    pid_t children[MOST], winner = 0, reached;
    CHECK(count <= MOST && pipe2(begin, O_CLOEXEC) == 0 && pipe2(say, O_CLOEXEC) == 0 && pipe2(leave, O_CLOEXEC) == 0);
    for (int i = 0; i < count; i++) {
        children[i] = fork();
        CHECK(children[i] >= 0);
        if (children[i] == 0) {
            close(begin[1]);
            close(leave[1]);
            contend(begin[0], say[1], leave[0]);
        }
    }
    CHECK(close(begin[1]) == 0 && close(say[1]) == 0);
    for (int i = 0; i < count; i++) {
        outcome o;
        CHECK(read(say[0], &o, sizeof o) == sizeof o);
        if (o.result >= 0) {
            CHECK(winner == 0);
            winner = o.id;
        } else if (o.result != JF_E_BUSY) {
            EXPECT(o.result, JF_E_ADDR_IN_USE);
        }
    }
    CHECK(winner != 0);
    int client = their_client(SOCK_STREAM, path);
    CHECK(read(client, &reached, sizeof reached) == sizeof reached && reached == winner);
    CHECK(close(client) == 0 && close(leave[1]) == 0);
    for (int i = 0; i < count; i++) ends_well(children[i]);
    CHECK(close(begin[0]) == 0 && close(say[0]) == 0 && close(leave[0]) == 0);
}

int main(int argc, char **argv) {
    int slow = is_slow(argc, argv);
    watchdog(slow ? 280 : 110);
    handle_signals(0);
    folder_make();
    locked();
    is_no_cancellation_point();
    fresh_path();
    for (int round = 0; round < (slow ? 3 : 50); round++) at_once(slow ? 4 : 20);
    return 0;
}
