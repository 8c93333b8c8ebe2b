/*
 * Sends an echo server messages on all connections while it is stopped, so that one wait of it tells of all: what it executes
 * is then the same in every run.
 *
 * usage: batches ENDPOINT CONNECTIONS PID ROUNDS MESSAGES
 *
 * In each round the server, which is the process PID and waits, is stopped, sent so many messages, one on each of as many
 * connections, and let go on; and the echoes are taken. A round of no messages is what stopping it costs. It prints a line
 * when it is done, and keeps its connections until the end of its input, so that the server sees nothing of their end.
 */
#include "client.h"

#include <linux/sockios.h>
#include <signal.h>
#include <sys/ioctl.h>

/* Until what was sent is in the server's socket: it is acknowledged from there, also when nobody receives it. */
static void await_arrival(int fd) {
    for (int unsent = 1; unsent > 0;) {
        MUST(ioctl(fd, SIOCOUTQ, &unsent) == 0);
        sched_yield();
    }
}

/* The server, stopped while it waits. */
static void stop(const char *server) {
    await_state(server, 'S');
    MUST(kill(atoi(server), SIGSTOP) == 0);
    await_state(server, 'T');
}

/* One message on each of the first connections, all of which arrive before the server goes on. */
static void exchange(const char *server, struct connection *all, int messages) {
    for (int i = 0; i < messages; i++) {
        send_one(&all[i]);
    }
    for (int i = 0; i < messages; i++) {
        await_arrival(all[i].fd);
    }
    MUST(kill(atoi(server), SIGCONT) == 0);
    for (int i = 0; i < messages; i++) {
        take_echo(&all[i], MSG_WAITALL);
    }
}

int main(int argc, char **argv) {
    enum { MOST = 64 };
    MUST(argc == 6);
    const char *server = argv[3];
    int count = atoi(argv[2]), rounds = atoi(argv[4]), messages = atoi(argv[5]);
    MUST(atoi(server) > 0 && count <= MOST && messages <= count);
    struct sockaddr_in at = address_of(argv[1]);
    struct connection all[MOST];
    stop(server);
    for (int i = 0; i < count; i++) {
        all[i] = connect_one(0, &at);
    }
    exchange(server, all, count);
    for (int round = 0; round < rounds; round++) {
        stop(server);
        exchange(server, all, messages);
    }
    await_state(server, 'S');
    puts("done");
    fflush(stdout);
    getchar();
    return 0;
}
