/* A program that is executed while sockets and pollers are made inherits none of them. */
#include "stuck.h"

#include <dirent.h>
#include <sys/wait.h>

/* The descriptors that are open, but for the one that reads them; returns how many, and prints what should not be there. */
static int open_descriptors(int expected) {
    int count = 0;
    DIR *folder = opendir("/proc/self/fd");
    CHECK(folder != NULL);
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        char path[300], target[300];
        int fd = atoi(entry->d_name);
        if (entry->d_name[0] == '.' || fd == dirfd(folder)) {
            continue;
        }
        count++;
        snprintf(path, sizeof path, "/proc/self/fd/%s", entry->d_name);
        ssize_t len = readlink(path, target, sizeof target - 1);
        if (fd > 2 && fd != expected && len > 0) {
            target[len] = 0;
            fprintf(stderr, "the program inherited %d: %s\n", fd, target);
        }
    }
    closedir(folder);
    return count;
}

/* The program that is executed: argument 2 is the one descriptor that was left open for it. */
static int executed(int expected) {
    int standard = 0;
    for (int fd = 0; fd < 3; fd++) {
        standard += fcntl(fd, F_GETFD) != -1;
    }
    CHECK(fcntl(expected, F_GETFD) != -1);
    return open_descriptors(expected) == standard + 1 ? 0 : 1;
}

static _Atomic int enough;
static _Atomic int64_t opened;

enum { KEPT = 24 };

/* Makes sockets in every way there is and keeps the last ones for a while. */
static int64_t make_sockets(void *given) {
    static const int KIND[][2] = {{JF_INET, JF_STREAM}, {JF_INET6, JF_DGRAM}, {JF_UNIX, JF_SEQPACKET}};
    jf_socket kept[KEPT] = {0}, both[2];
    jf_poller pollers[4] = {0};
    jf_addr a;
    (void)given;
    for (unsigned i = 0; !atomic_load(&enough); i++) {
        unsigned at = i * 6 % KEPT;
        for (unsigned k = 0; k < 6; k++) {
            jf_close(kept[at + k]);
        }
        kept[at] = OK(jf_open(KIND[i % 3][0], KIND[i % 3][1], 0));
        OK(jf_pair(JF_UNIX, JF_STREAM, both));
        kept[at + 1] = both[0];
        kept[at + 2] = both[1];
        kept[at + 3] = OK(jf_dup(both[0]));
        jf_socket l = fresh_bound(i % 2 ? JF_UNIX : JF_INET, JF_STREAM, &a);
        OK(jf_listen(l, 1));
        kept[at + 4] = OK(jf_open(a.family, JF_STREAM, 0));
        OK(jf_connect(kept[at + 4], &a));
        kept[at + 5] = OK(jf_accept(l, NULL));
        OK(jf_close(l));
        jf_poller_close(pollers[i % 4]);
        pollers[i % 4] = OK(jf_poller_open());
        OK(jf_poller_set(pollers[i % 4], JF_POLLER_REST_LISTENERS, (int64_t)i % 2));
        atomic_fetch_add(&opened, 7);
    }
    for (int i = 0; i < KEPT; i++) {
        jf_close(kept[i]);
        jf_poller_close(pollers[i % 4]);
    }
    return 0;
}

/* A descriptor that is taken over becomes close-on-exec too. */
static void from_outside(void) {
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK(fd >= 0 && fcntl(fd, F_GETFD) == 0);
    jf_socket s = OK(jf_from_fd(fd));
    CHECK(fcntl(fd, F_GETFD) == FD_CLOEXEC);
    OK(jf_close(s));
}

int main(int argc, char **argv) {
    if (argc > 2 && strcmp(argv[1], "executed") == 0) {
        return executed(atoi(argv[2]));
    }
    int slow = is_slow(argc, argv);
    watchdog(slow ? 280 : 110);
    from_outside();

    /* What this program itself inherited is not the question. */
    for (int fd = 3; fd < 1024; fd++) {
        int flags = fcntl(fd, F_GETFD);
        if (flags != -1) {
            fcntl(fd, F_SETFD, flags | FD_CLOEXEC);
        }
    }
    int given[2];
    CHECK(pipe2(given, O_CLOEXEC) == 0);
    CHECK(fcntl(given[0], F_SETFD, 0) == 0);
    char self[4096], number[16];
    ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
    CHECK(len > 0);
    self[len] = 0;
    snprintf(number, sizeof number, "%d", given[0]);
    char *arguments[] = {self, "executed", number, NULL};

    flight maker;
    start(&maker, "make sockets", make_sockets, NULL, 0);
    for (int i = 0; i < (slow ? 20 : 200); i++) {
        int64_t before = atomic_load(&opened);
        while (atomic_load(&opened) == before) {
            breathe();
        }
        pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0) {
            execv(self, arguments);
            _exit(127);
        }
        int status;
        CHECK(waitpid(child, &status, 0) == child);
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    atomic_store(&enough, 1);
    EXPECT(finish(&maker), 0);
    close(given[0]);
    close(given[1]);
    return 0;
}
