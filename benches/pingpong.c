/*
 * Blocking round trips of one byte between two threads or processes on one core.
 *
 * usage: pingpong tcp|udp|udp_to|unix TIMEOUT_MS threads|processes   (-1: no timeout)
 *
 * For each number on standard input it makes that many round trips and prints the nanoseconds per round trip. Both
 * partners inherit the CPU affinity of the caller.
 */
#include "sockets.h"

#include <pthread.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PING = 'p', QUIT = 'q', MAX_TRIPS = 10000000 };

static struct socket_pair pair;
static int is_unconnected;

static int64_t send_byte(int end, const char *byte) {
    if (is_unconnected) return send_to(pair.socket[end], byte, 1, &pair.address[1 - end]);
    return send_some(pair.socket[end], byte, 1, 0);
}

static int64_t recv_byte(int end, char *byte) {
    address from;
    if (is_unconnected) return recv_from(pair.socket[end], byte, 1, &from);
    return recv_some(pair.socket[end], byte, 1, 0);
}

/* The partner: echoes bytes until it receives QUIT. */
static void *echo(void *unused) {
    char byte = PING;
    while (byte != QUIT) {
        CHECK(recv_byte(1, &byte) == 1);
        CHECK(send_byte(1, &byte) == 1);
    }
    return unused;
}

static void round_trips(long count, char value) {
    char byte = value;
    while (count-- > 0) {
        CHECK(send_byte(0, &byte) == 1);
        CHECK(recv_byte(0, &byte) == 1);
    }
}

static double nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

int main(int argc, char **argv) {
    CHECK(argc == 4);
    const char *mode = argv[1];
    is_unconnected = strcmp(mode, "udp_to") == 0;
    if (strcmp(mode, "tcp") == 0) {
        pair = tcp_pair();
    } else if (strcmp(mode, "unix") == 0) {
        pair = unix_pair();
    } else {
        CHECK(is_unconnected || strcmp(mode, "udp") == 0);
        pair = udp_pair(!is_unconnected);
    }
    set_timeouts(&pair, atoi(argv[2]));

    int use_threads = strcmp(argv[3], "threads") == 0;
    pthread_t thread;
    pid_t child = 0;
    if (use_threads) {
        CHECK(pthread_create(&thread, NULL, echo, NULL) == 0);
    } else if ((child = fork()) == 0) {
        echo(NULL);
        _exit(0);
    }
    CHECK(child >= 0);

    long count;
    while (scanf("%ld", &count) == 1) {
        CHECK(count > 0 && count <= MAX_TRIPS);
        double before = nanoseconds();
        round_trips(count, PING);
        printf("%.1f\n", (nanoseconds() - before) / (double)count);
        fflush(stdout);
    }

    round_trips(1, QUIT);
    if (use_threads) {
        CHECK(pthread_join(thread, NULL) == 0);
    } else {
        int status;
        CHECK(waitpid(child, &status, 0) == child && status == 0);
    }
    close_pair(&pair);
    return 0;
}
