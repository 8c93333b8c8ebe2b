/*
 * Sends messages to an echo server on all connections while the server is stopped, so that one wait reports all.
 * The server then executes the same instructions in every run.
 *
 * usage: burst ENDPOINT CONNECTIONS PID ROUNDS MESSAGES
 *
 * Each round stops the server, the process PID, while it waits. It sends MESSAGES messages, each on another connection,
 * lets the server continue, and receives the echoes. A round without messages measures the cost of stopping. After the
 * last round the program prints a line. It keeps its connections open until the end of its input, so that the server
 * does not execute instructions for closing them.
 */
#include "client.h"

#include <linux/sockios.h>
#include <signal.h>
#include <sys/ioctl.h>

/* Waits until the kernel has acknowledged the data, which is then in the queue of the server's socket. */
static void wait_for_arrival(int fd) {
    for (int unsent = 1; unsent > 0;) {
        CHECK(ioctl(fd, SIOCOUTQ, &unsent) == 0);
        sched_yield();
    }
}

/* Stops the server while it waits for events. */
static void stop_server(const char *server) {
    wait_for_state(server, 'S');
    CHECK(kill(atoi(server), SIGSTOP) == 0);
    wait_for_state(server, 'T');
}

/* Exchanges one message on each of the first connections. All arrive before the server continues. */
static void exchange(const char *server, struct connection *all, int messages) {
    for (int i = 0; i < messages; i++) {
        send_message(&all[i]);
    }
    for (int i = 0; i < messages; i++) {
        wait_for_arrival(all[i].fd);
    }
    CHECK(kill(atoi(server), SIGCONT) == 0);
    for (int i = 0; i < messages; i++) {
        receive_echo(&all[i], MSG_WAITALL);
    }
}

int main(int argc, char **argv) {
    enum { MAX_CONNECTIONS = 64 };
    CHECK(argc == 6);
    const char *server = argv[3];
    int count = atoi(argv[2]), rounds = atoi(argv[4]), messages = atoi(argv[5]);
    CHECK(atoi(server) > 0 && count <= MAX_CONNECTIONS && messages <= count);
    struct sockaddr_in address = parse_endpoint(argv[1]);
    struct connection all[MAX_CONNECTIONS];
    stop_server(server);
    for (int i = 0; i < count; i++) {
        all[i] = open_connection(0, &address);
    }
    exchange(server, all, count);
    for (int round = 0; round < rounds; round++) {
        stop_server(server);
        exchange(server, all, messages);
    }
    wait_for_state(server, 'S');
    puts("done");
    fflush(stdout);
    getchar();
    return 0;
}
