/* Runs calls in separate threads, sends signals to those threads, and observes whether a call is blocked. */
#ifndef FLIGHT_H
#define FLIGHT_H

#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Ends the program by SIGALRM if it hangs, so that a lost wake-up fails the test. */
static inline void watchdog(unsigned seconds) {
    alarm(seconds);
}

/* Returns microseconds of the monotonic clock. */
static inline int64_t now_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* Sleeps 100 us between two checks of a condition that another thread will change. */
static inline void breathe(void) {
    struct timespec t = {0, 100000};
    nanosleep(&t, NULL);
}

/* The number of signals handled. */
static _Atomic int64_t signals_handled;

static inline void count_signal(int signal) {
    (void)signal;
    atomic_fetch_add(&signals_handled, 1);
}

/* Installs a SIGUSR1 handler that only counts; `flags` is SA_RESTART or 0. */
static inline void handle_signals(int flags) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = count_signal;
    action.sa_flags = flags;
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
}

/* Starts a timer that sends SIGUSR1 to the calling thread periodically. */
static inline timer_t storm_begin(int64_t every_us) {
    struct sigevent event;
    memset(&event, 0, sizeof event);
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = SIGUSR1;
    event._sigev_un._tid = (pid_t)syscall(SYS_gettid);
    timer_t timer;
    CHECK(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
    struct itimerspec time;
    time.it_interval.tv_sec = time.it_value.tv_sec = 0;
    time.it_interval.tv_nsec = time.it_value.tv_nsec = every_us * 1000;
    CHECK(timer_settime(timer, 0, &time, NULL) == 0);
    return timer;
}

static inline void storm_end(timer_t timer) {
    CHECK(timer_delete(timer) == 0);
}

/* A call that runs in a separate thread. */
typedef struct flight {
    const char *name;
    int64_t (*call)(void *argument);
    void *argument;
    /* The interval between signals in microseconds; 0 for no signals. */
    int64_t storm_us;

    int64_t result, began_us, ended_us;
    _Atomic int tid;
    _Atomic int over;
    pthread_t thread;
} flight;

static inline void *flight_main(void *given) {
    flight *f = given;
    timer_t timer = NULL;
    if (f->storm_us != 0) {
        timer = storm_begin(f->storm_us);
    }
    atomic_store(&f->tid, (int)syscall(SYS_gettid));
    f->began_us = now_us();
    f->result = f->call(f->argument);
    f->ended_us = now_us();
    if (f->storm_us != 0) {
        storm_end(timer);
    }
    atomic_store(&f->over, 1);
    return NULL;
}

static inline void start(flight *f, const char *name, int64_t (*call)(void *), void *argument, int64_t storm_us) {
    f->name = name;
    f->call = call;
    f->argument = argument;
    f->storm_us = storm_us;
    f->result = 0;
    atomic_store(&f->tid, 0);
    atomic_store(&f->over, 0);
    CHECK(pthread_create(&f->thread, NULL, flight_main, f) == 0);
}

/* Waits for the call to return. */
static inline int64_t finish(flight *f) {
    CHECK(pthread_join(f->thread, NULL) == 0);
    return f->result;
}

/* Whether the thread is now blocked in a system call that can wait for one or several sockets. */
static inline int sleeps_in_call(const flight *f) {
    int tid = atomic_load(&f->tid);
    if (tid == 0) {
        return 0;
    }
    char path[64], text[256];
    snprintf(path, sizeof path, "/proc/self/task/%d/syscall", tid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        /* The thread has ended. A system without this file can't run the test. */
        CHECK(errno == ENOENT && access("/proc/self/syscall", R_OK) == 0);
        return 0;
    }
    ssize_t len = read(fd, text, sizeof text - 1);
    close(fd);
    if (len <= 0) {
        return 0;
    }
    text[len] = 0;
    static const long BLOCKING[] = {SYS_recvfrom, SYS_recvmsg,  SYS_recvmmsg, SYS_sendto,
                                    SYS_sendmsg,  SYS_sendmmsg, SYS_sendfile, SYS_accept4,
                                    SYS_connect,  SYS_ppoll,    SYS_epoll_pwait2, SYS_epoll_pwait};
    char *end;
    long number = strtol(text, &end, 10);
    for (size_t i = 0; end != text && i < sizeof BLOCKING / sizeof *BLOCKING; i++) {
        if (number == BLOCKING[i]) {
            return 1;
        }
    }
    return 0;
}

/* Waits until the call is blocked. The call must not return before. */
static inline void await_sleep(const flight *f) {
    while (!sleeps_in_call(f)) {
        if (atomic_load(&f->over)) {
            fprintf(stderr, "%s: returned %" PRId64 " (%s) without blocking\n", f->name, f->result,
                    jf_error_name(f->result));
            exit(1);
        }
        breathe();
    }
}

/* Waits until signals were handled, so that they had a chance to disturb the call. */
static inline void await_signals(int64_t count) {
    int64_t before = atomic_load(&signals_handled);
    while (atomic_load(&signals_handled) < before + count) {
        breathe();
    }
}

#endif
