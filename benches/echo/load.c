/*
 * Loads an echo server: so many connections, each of which sends a message, waits for its echo, and sends the next.
 *
 * usage: load ENDPOINT CONNECTIONS PID
 *
 * The first line that it prints is how many bytes an idle connection takes in the server, which is the process PID. Then, for
 * each number on standard input, it makes about that many round trips, as many on every connection, and prints how many
 * nanoseconds one took, and how many of those the server was running.
 *
 * It is to be the faster one, so that the server's time counts. So it does not wait for events: it goes around the
 * connections, as the server does that answers in the order of asking. Where no echo is there yet, it yields. And it takes
 * some echoes before it sends as many messages, so that a server that has come to its end of work is woken for several:
 * else the load would spend its time on waking it for each.
 */
#include "client.h"

enum { GROUP = 64 };

/* What the process has in memory; the page tables and what the system keeps of its sockets are not in it. */
static double resident(const char *pid) {
    char line[256];
    double kib = -1;
    FILE *file = about(pid, "smaps_rollup");
    while (kib < 0 && fgets(line, sizeof line, file)) {
        sscanf(line, "Rss: %lf", &kib);
    }
    fclose(file);
    MUST(kib > 0);
    return kib * 1024;
}

/* For how many nanoseconds the process has run. That is exact only while it waits. */
static double running(const char *pid) {
    double time;
    await_state(pid, 'S');
    FILE *file = about(pid, "schedstat");
    MUST(fscanf(file, "%lf", &time) == 1);
    fclose(file);
    return time;
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static void round_trips(struct connection *all, size_t count, long trips) {
    size_t most = count / 4 < 1 ? 1 : count / 4 < GROUP ? count / 4 : GROUP;
    for (long trip = 0; trip <= trips; trip++) {
        for (size_t from = 0, size; from < count; from += size) {
            size = count - from < most ? count - from : most;
            for (size_t i = from; trip > 0 && i < from + size; i++) {
                while (!take_echo(&all[i], MSG_DONTWAIT)) {
                    sched_yield();
                }
            }
            for (size_t i = from; trip < trips && i < from + size; i++) {
                send_one(&all[i]);
            }
        }
    }
}

int main(int argc, char **argv) {
    MUST(argc == 4);
    const char *endpoint = argv[1], *pid = argv[3];
    size_t count = (size_t)atol(argv[2]);
    raise_limit();

    /* The first connection is what everything is loaded for. */
    close(connect_all(endpoint, 1)->fd);
    await_state(pid, 'S');
    double before = resident(pid);
    struct connection *all = connect_all(endpoint, count);
    await_state(pid, 'S');
    printf("%.1f\n", (resident(pid) - before) / (double)count);
    fflush(stdout);

    long wanted;
    while (scanf("%ld", &wanted) == 1) {
        long trips = wanted / (long)count + 1;
        double messages = (double)trips * (double)count, ran = running(pid), began = now();
        round_trips(all, count, trips);
        double took = now() - began;
        printf("%.1f %.1f\n", took / messages, (running(pid) - ran) / messages);
        fflush(stdout);
    }
    return 0;
}
