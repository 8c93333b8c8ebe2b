/*
 * A file goes through TCP on loopback: the sender on one core, the receiver in a process of its own on another.
 *
 * usage: file FILE jf|BUFFER ROOM|discard SENDER_CPU RECEIVER_CPU
 *
 * jf sends by jf_send_file; a number of bytes is the buffer of a read and send loop. The receiver takes the bytes into a
 * buffer of so many bytes, or has the kernel throw them away (discard). For each number on standard input, which is a count of
 * bytes, the file's start is sent once and how many nanoseconds that took is printed: until the receiver has it all.
 */
#include "side.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MOST_ROOM = 1 << 22 };

static struct pair pair;
static char room[MOST_ROOM];

static void run_on(int cpu) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    MUST(sched_setaffinity(0, sizeof set, &set) == 0);
}

static double nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/* Takes what is announced, and says when it has it. */
static void receive(int fd, int64_t most, int flags) {
    int64_t count, n;
    while ((n = recv(fd, &count, sizeof count, MSG_WAITALL)) == sizeof count) {
        while (count > 0) {
            n = recv(fd, room, (size_t)(count < most ? count : most), flags);
            MUST(n > 0);
            count -= n;
        }
        MUST(send(fd, "", 1, MSG_NOSIGNAL) == 1);
    }
    MUST(n == 0);
}

#ifdef JACKFIELD
static void send_bytes(int file, int64_t count, size_t unused) {
    (void)unused;
    MUST(jf_send_file(pair.socket[0], file, 0, count) == count);
}
static int descriptor(int side) { return (int)jf_fd(pair.socket[side]); }
#else
static char bytes[MOST_ROOM];

static void send_bytes(int file, int64_t count, size_t size) {
    MUST(lseek(file, 0, SEEK_SET) == 0);
    while (count > 0) {
        ssize_t got = read(file, bytes, count < (int64_t)size ? (size_t)count : size);
        MUST(got > 0);
        for (ssize_t done = 0; done < got;) {
            ssize_t sent = send(pair.socket[0], bytes + done, (size_t)(got - done), MSG_NOSIGNAL);
            MUST(sent > 0);
            done += sent;
        }
        count -= got;
    }
}
static int descriptor(int side) { return pair.socket[side]; }
#endif

int main(int argc, char **argv) {
    MUST(argc == 6);
    int file = open(argv[1], O_RDONLY | O_CLOEXEC);
    size_t size = (size_t)atol(argv[2]);
    MUST(file >= 0 && size <= MOST_ROOM);
    int flags = strcmp(argv[3], "discard") == 0 ? MSG_TRUNC : 0;
    int64_t most = flags ? MOST_ROOM : atol(argv[3]);
    MUST(most > 0 && most <= MOST_ROOM);
    pair = tcp_pair();
    pid_t child = fork();
    MUST(child >= 0);
    if (child == 0) {
        run_on(atoi(argv[5]));
        close_one(pair.socket[0]);
        receive(descriptor(1), most, flags);
        _exit(0);
    }
    run_on(atoi(argv[4]));
    close_one(pair.socket[1]);
    for (int64_t count; scanf("%ld", &count) == 1;) {
        char done;
        double before = nanoseconds();
        MUST(send(descriptor(0), &count, sizeof count, MSG_NOSIGNAL) == sizeof count);
        send_bytes(file, count, size);
        MUST(recv(descriptor(0), &done, 1, 0) == 1);
        printf("%.0f\n", nanoseconds() - before);
        fflush(stdout);
    }
    close_one(pair.socket[0]);
    int status;
    MUST(waitpid(child, &status, 0) == child && status == 0);
    return 0;
}
