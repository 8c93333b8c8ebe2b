/*
 * Sends a file over TCP on loopback: the sender on one core, the receiver in a separate process on another.
 *
 * usage: send_file FILE jf|SEND_BUFFER RECV_BUFFER|discard SENDER_CPU RECEIVER_CPU
 *
 * "jf" sends with jf_send_file; a number is the buffer size in bytes of a loop of read and send. RECV_BUFFER is the
 * receiver's buffer size in bytes; with "discard" the kernel discards the data (MSG_TRUNC). For each number of bytes on
 * standard input, that much of the file is sent, and the nanoseconds until the receiver has all of it are printed.
 */
#include "sockets.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAX_BUFFER = 1 << 22 };

static struct socket_pair pair;
static char recv_buffer[MAX_BUFFER];

static void set_affinity(int cpu) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    CHECK(sched_setaffinity(0, sizeof set, &set) == 0);
}

static double nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/* Receives as many bytes as the sender announces, and confirms them with one byte. */
static void receive(int fd, int64_t capacity, int flags) {
    int64_t count, n;
    while ((n = recv(fd, &count, sizeof count, MSG_WAITALL)) == sizeof count) {
        while (count > 0) {
            n = recv(fd, recv_buffer, (size_t)(count < capacity ? count : capacity), flags);
            CHECK(n > 0);
            count -= n;
        }
        CHECK(send(fd, "", 1, MSG_NOSIGNAL) == 1);
    }
    CHECK(n == 0);
}

#ifdef JACKFIELD
static void send_data(int file, int64_t count, size_t unused) {
    (void)unused;
    CHECK(jf_send_file(pair.socket[0], file, 0, count) == count);
}
static int descriptor(int end) { return (int)jf_fd(pair.socket[end]); }
#else
static char send_buffer[MAX_BUFFER];

static void send_data(int file, int64_t count, size_t size) {
    CHECK(lseek(file, 0, SEEK_SET) == 0);
    while (count > 0) {
        ssize_t got = read(file, send_buffer, count < (int64_t)size ? (size_t)count : size);
        CHECK(got > 0);
        for (ssize_t done = 0; done < got;) {
            ssize_t sent = send(pair.socket[0], send_buffer + done, (size_t)(got - done), MSG_NOSIGNAL);
            CHECK(sent > 0);
            done += sent;
        }
        count -= got;
    }
}
static int descriptor(int end) { return pair.socket[end]; }
#endif

int main(int argc, char **argv) {
    CHECK(argc == 6);
    int file = open(argv[1], O_RDONLY | O_CLOEXEC);
    size_t size = (size_t)atol(argv[2]);
    CHECK(file >= 0 && size <= MAX_BUFFER);
    int flags = strcmp(argv[3], "discard") == 0 ? MSG_TRUNC : 0;
    int64_t capacity = flags ? MAX_BUFFER : atol(argv[3]);
    CHECK(capacity > 0 && capacity <= MAX_BUFFER);
    pair = tcp_pair();
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        set_affinity(atoi(argv[5]));
        close_socket(pair.socket[0]);
        receive(descriptor(1), capacity, flags);
        _exit(0);
    }
    set_affinity(atoi(argv[4]));
    close_socket(pair.socket[1]);
    for (int64_t count; scanf("%ld", &count) == 1;) {
        char confirmation;
        double before = nanoseconds();
        CHECK(send(descriptor(0), &count, sizeof count, MSG_NOSIGNAL) == sizeof count);
        send_data(file, count, size);
        CHECK(recv(descriptor(0), &confirmation, 1, 0) == 1);
        printf("%.0f\n", nanoseconds() - before);
        fflush(stdout);
    }
    close_socket(pair.socket[0]);
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    return 0;
}
