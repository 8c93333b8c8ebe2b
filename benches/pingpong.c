/*
 * A byte goes to a partner and comes back, both on one core: the shortest blocking conversation there is.
 *
 * usage: pingpong tcp|udp|udp_to|unix TIMEOUT_MS threads|processes   (a timeout of -1 is none)
 *
 * For each number on standard input it makes that many round trips and prints how many nanoseconds one took. The core is
 * the caller's choice: both partners inherit it.
 */
#include "side.h"

#include <pthread.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PING = 'p', QUIT = 'q', MOST_TRIPS = 10000000 };

static struct pair pair;
static int by_name;

static int64_t give(int side, const char *byte) {
    return by_name ? send_to(pair.socket[side], byte, 1, &pair.name[1 - side]) : send_some(pair.socket[side], byte, 1, 0);
}

static int64_t take(int side, char *byte) {
    address from;
    return by_name ? recv_from(pair.socket[side], byte, 1, &from) : recv_some(pair.socket[side], byte, 1, 0);
}

/* The partner: gives back what it takes, until it is told to stop. */
static void *answer(void *unused) {
    char byte = PING;
    while (byte != QUIT) {
        MUST(take(1, &byte) == 1);
        MUST(give(1, &byte) == 1);
    }
    return unused;
}

static void round_trips(long count, char what) {
    char byte = what;
    while (count-- > 0) {
        MUST(give(0, &byte) == 1);
        MUST(take(0, &byte) == 1);
    }
}

static double nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

int main(int argc, char **argv) {
    MUST(argc == 4);
    const char *mode = argv[1];
    by_name = strcmp(mode, "udp_to") == 0;
    if (strcmp(mode, "tcp") == 0) {
        pair = tcp_pair();
    } else if (strcmp(mode, "unix") == 0) {
        pair = unix_pair();
    } else {
        MUST(by_name || strcmp(mode, "udp") == 0);
        pair = udp_pair(!by_name);
    }
    set_timeouts(&pair, atoi(argv[2]));

    int threads = strcmp(argv[3], "threads") == 0;
    pthread_t thread;
    pid_t child = 0;
    if (threads) {
        MUST(pthread_create(&thread, NULL, answer, NULL) == 0);
    } else if ((child = fork()) == 0) {
        answer(NULL);
        _exit(0);
    }
    MUST(child >= 0);

    long count;
    while (scanf("%ld", &count) == 1) {
        MUST(count > 0 && count <= MOST_TRIPS);
        double before = nanoseconds();
        round_trips(count, PING);
        printf("%.1f\n", (nanoseconds() - before) / (double)count);
        fflush(stdout);
    }

    round_trips(1, QUIT);
    if (threads) {
        MUST(pthread_join(thread, NULL) == 0);
    } else {
        int status;
        MUST(waitpid(child, &status, 0) == child && status == 0);
    }
    close_pair(&pair);
    return 0;
}
