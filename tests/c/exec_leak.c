/* A program executed while sockets and pollers are opened inherits none of them. */
#include "stuck.h"

#include <dirent.h>
#include <sys/wait.h>

/* Returns the number of open descriptors, without the one used to list them. Prints every unexpected one. */
static int count_descriptors(int expected) {
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

/* The executed program: argument 2 is the one descriptor that it should inherit. */
static int executed_main(int expected) {
    int standard = 0;
    for (int fd = 0; fd < 3; fd++) {
        standard += fcntl(fd, F_GETFD) != -1;
    }
    CHECK(fcntl(expected, F_GETFD) != -1);
    return count_descriptors(expected) == standard + 1 ? 0 : 1;
}

static _Atomic int is_done;
static _Atomic int64_t opened;

enum { SOCKETS = 24 };

/* Opens sockets by every function that makes one, and keeps the latest ones open for a while. */
static int64_t open_sockets(void *given) {
    static const int KIND[][2] = {{JF_INET, JF_STREAM}, {JF_INET6, JF_DGRAM}, {JF_UNIX, JF_SEQPACKET}};
    jf_socket sockets[SOCKETS] = {0}, pair[2];
    jf_poller pollers[4] = {0};
    jf_addr a;
    (void)given;
    for (unsigned i = 0; !atomic_load(&is_done); i++) {
        unsigned at = i * 6 % SOCKETS;
        for (unsigned k = 0; k < 6; k++) {
            jf_close(sockets[at + k]);
        }
        sockets[at] = OK(jf_open(KIND[i % 3][0], KIND[i % 3][1], 0));
        OK(jf_pair(JF_UNIX, JF_STREAM, pair));
        sockets[at + 1] = pair[0];
        sockets[at + 2] = pair[1];
        sockets[at + 3] = OK(jf_dup(pair[0]));
        jf_socket l = fresh_bound(i % 2 ? JF_UNIX : JF_INET, JF_STREAM, &a);
        OK(jf_listen(l, 1));
        sockets[at + 4] = OK(jf_open(a.family, JF_STREAM, 0));
        OK(jf_connect(sockets[at + 4], &a));
        sockets[at + 5] = OK(jf_accept(l, NULL));
        OK(jf_close(l));
        jf_poller_close(pollers[i % 4]);
        pollers[i % 4] = OK(jf_poller_open());
        OK(jf_poller_set(pollers[i % 4], JF_POLLER_REST_LISTENERS, (int64_t)i % 2));
        atomic_fetch_add(&opened, 7);
    }
    for (int i = 0; i < SOCKETS; i++) {
        jf_close(sockets[i]);
        jf_poller_close(pollers[i % 4]);
    }
    return 0;
}

/* jf_from_fd sets close-on-exec. */
static void check_import_sets_cloexec(void) {
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK(fd >= 0 && fcntl(fd, F_GETFD) == 0);
    jf_socket s = OK(jf_from_fd(fd));
    CHECK(fcntl(fd, F_GETFD) == FD_CLOEXEC);
    OK(jf_close(s));
}

int main(int argc, char **argv) {
    if (argc > 2 && strcmp(argv[1], "executed") == 0) {
        return executed_main(atoi(argv[2]));
    }
    int slow = is_slow(argc, argv);
    watchdog(slow ? 280 : 110);
    check_import_sets_cloexec();

    /* Descriptors that this program inherited are not tested. */
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

    flight opener;
    start(&opener, "open sockets", open_sockets, NULL, 0);
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
    atomic_store(&is_done, 1);
    EXPECT(finish(&opener), 0);
    close(given[0]);
    close(given[1]);
    return 0;
}
