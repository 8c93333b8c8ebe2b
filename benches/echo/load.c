/*
 * Generates load for an echo server: each of its connections sends a message, waits for the echo, and sends the next.
 *
 * usage: load ENDPOINT CONNECTIONS PID
 *
 * The first line that it prints is the memory of an idle connection in the server, the process PID, in bytes. Then, for
 * each number on standard input, it makes about that many round trips, equally many on every connection. It prints the
 * nanoseconds per round trip, and the CPU time of the server per round trip, in nanoseconds.
 *
 * The load generator must be faster than the server, so that it measures the server. It does not wait for events, but
 * polls the connections in order, which is the order in which the server answers. While an echo has not arrived, it
 * yields. It receives a group of echoes before it sends the next group of messages, so that an idle server is woken
 * once for several messages. Otherwise waking the server for each would dominate the time of the load generator.
 */
#include "client.h"

enum { MAX_GROUP = 64 };

/* The resident memory of a process in bytes, without page tables and the kernel's socket buffers. */
static double resident_memory(const char *pid) {
    char line[256];
    double kib = -1;
    FILE *file = open_proc_file(pid, "smaps_rollup");
    while (kib < 0 && fgets(line, sizeof line, file)) {
        sscanf(line, "Rss: %lf", &kib);
    }
    fclose(file);
    CHECK(kib > 0);
    return kib * 1024;
}

/* The CPU time of a process in nanoseconds. The kernel updates it when the process waits. */
static double cpu_time(const char *pid) {
    double time;
    wait_for_state(pid, 'S');
    FILE *file = open_proc_file(pid, "schedstat");
    CHECK(fscanf(file, "%lf", &time) == 1);
    fclose(file);
    return time;
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static void make_round_trips(struct connection *all, size_t count, long trips) {
    size_t max_group = count / 4 < 1 ? 1 : count / 4 < MAX_GROUP ? count / 4 : MAX_GROUP;
    for (long trip = 0; trip <= trips; trip++) {
        for (size_t start = 0, size; start < count; start += size) {
            size = count - start < max_group ? count - start : max_group;
            for (size_t i = start; trip > 0 && i < start + size; i++) {
                while (!receive_echo(&all[i], MSG_DONTWAIT)) {
                    sched_yield();
                }
            }
            for (size_t i = start; trip < trips && i < start + size; i++) {
                send_message(&all[i]);
            }
        }
    }
}

int main(int argc, char **argv) {
    CHECK(argc == 4);
    const char *endpoint = argv[1], *pid = argv[3];
    size_t count = (size_t)atol(argv[2]);
    raise_descriptor_limit();

    /* The first connection is a warm-up: the server loads its code and allocates what it keeps. */
    close(connect_all(endpoint, 1)->fd);
    wait_for_state(pid, 'S');
    double memory_before = resident_memory(pid);
    struct connection *all = connect_all(endpoint, count);
    wait_for_state(pid, 'S');
    printf("%.1f\n", (resident_memory(pid) - memory_before) / (double)count);
    fflush(stdout);

    long requested;
    while (scanf("%ld", &requested) == 1) {
        long trips = requested / (long)count + 1;
        double messages = (double)trips * (double)count, cpu_before = cpu_time(pid), time_before = now();
        make_round_trips(all, count, trips);
        double elapsed = now() - time_before;
        printf("%.1f %.1f\n", elapsed / messages, (cpu_time(pid) - cpu_before) / messages);
        fflush(stdout);
    }
    return 0;
}
