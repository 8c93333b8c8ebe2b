/* Names that nobody answers for until the test does: a network and a resolver's configuration of the program's own,
 * with its one name server in the test's hand. */
#ifndef NAME_SERVER_H
#define NAME_SERVER_H

#include "flight.h"
#include "own_net.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>

/* What the hosts file has, beside an address of IPv6, and where the name server says that every other name is. */
#define KNOWN_NAME "known.test"
#define KNOWN_ADDRESS "127.0.0.7"
#define TOLD_ADDRESS "192.0.2.53"

enum { QUESTIONS_AT_MOST = 1000, TYPE_A = 1, TYPE_PTR = 12, TYPE_AAAA = 28 };

/* A question as it came. */
typedef struct question {
    unsigned char packet[512];
    /* Of its header and itself, without what may follow. */
    size_t len;
    struct sockaddr_in from;
    int type;
    char name[256];
} question;

static int server = -1;

/* Puts a text in a file's place, for this program alone. */
static inline void replace_file(const char *path, const char *text) {
    char own[] = "/tmp/jackfield-XXXXXX";
    int fd = mkstemp(own);
    CHECK(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) && fchmod(fd, 0644) == 0 && close(fd) == 0);
    if (mount(own, path, "none", MS_BIND, NULL) != 0) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        unlink(own);
        exit(1);
    }
    CHECK(unlink(own) == 0);
}

/* The resolver asks once and then is patient. */
static inline void take_over_names(void) {
    leave_net();
    in_net("ip link set lo up");
    CHECK(unshare(CLONE_NEWNS) == 0 && mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) == 0);
    replace_file("/etc/resolv.conf", "nameserver 127.0.0.1\noptions timeout:30 attempts:5\n");
    replace_file("/etc/nsswitch.conf", "hosts: files dns\nservices: files\n");
    replace_file("/etc/hosts", "127.0.0.1 localhost\n" KNOWN_ADDRESS " " KNOWN_NAME "\nfd77::7 " KNOWN_NAME "\n");
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(53), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    server = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    CHECK(server >= 0 && bind(server, (struct sockaddr *)&at, sizeof at) == 0);
}

/* Whether a question comes within some milliseconds; -1 waits for one. */
static inline int is_asked(int ms) {
    struct pollfd item = {.fd = server, .events = POLLIN, .revents = 0};
    int ready;
    do ready = poll(&item, 1, ms);
    while (ready < 0 && errno == EINTR);
    return ready == 1;
}

/* The next question; its name begins with what is expected. */
static inline question next_question(const char *expected) {
    question q;
    socklen_t from_len = sizeof q.from;
    memset(&q, 0, sizeof q);
    CHECK(is_asked(-1));
    ssize_t len = recvfrom(server, q.packet, sizeof q.packet, 0, (struct sockaddr *)&q.from, &from_len);
    CHECK(len > 12 + 5);
    size_t at = 12;
    while (q.packet[at] != 0) {
        size_t label = q.packet[at];
        CHECK(label < 64 && at + label < (size_t)len - 5);
        strncat(q.name, (char *)&q.packet[at + 1], label);
        strcat(q.name, ".");
        at += label + 1;
    }
    q.type = q.packet[at + 1] << 8 | q.packet[at + 2];
    q.len = at + 5;
    if (strncmp(q.name, expected, strlen(expected)) != 0) {
        fprintf(stderr, "%s was asked for, not %s\n", q.name, expected);
        exit(1);
    }
    return q;
}

/* Answers a question: with an address of IPv4, with a name, or that there is no such thing. */
static inline void answer(const question *q) {
    static const unsigned char a[] = {0xc0, 12, 0, TYPE_A, 0, 1, 0, 0, 0, 0, 0, 4, 192, 0, 2, 53};
    static const unsigned char ptr[] = {0xc0, 12, 0, TYPE_PTR, 0, 1, 0, 0, 0, 0, 0, 11,
                                        4, 't', 'o', 'l', 'd', 4, 't', 'e', 's', 't', 0};
    unsigned char reply[1024];
    size_t len = q->len;
    memcpy(reply, q->packet, len);
    /* A response, of a server that would ask others; one question and nothing else so far. */
    reply[2] = 0x81;
    reply[3] = 0x80;
    memset(reply + 6, 0, 6);
    if (q->type == TYPE_A || q->type == TYPE_PTR) {
        reply[7] = 1;
        memcpy(reply + len, q->type == TYPE_A ? a : ptr, q->type == TYPE_A ? sizeof a : sizeof ptr);
        len += q->type == TYPE_A ? sizeof a : sizeof ptr;
    }
    CHECK(sendto(server, reply, len, 0, (const struct sockaddr *)&q->from, sizeof q->from) == (ssize_t)len);
}

/* A name's addresses are asked for in two questions. */
static inline void next_two(question q[2], const char *expected) {
    q[0] = next_question(expected);
    q[1] = next_question(expected);
    CHECK(q[0].type + q[1].type == TYPE_A + TYPE_AAAA);
}

static inline void answer_two(const question q[2]) {
    answer(&q[0]);
    answer(&q[1]);
}

/* The threads that look names up: how many there are, and one of them. */
static inline int resolvers(int *one) {
    DIR *tasks = opendir("/proc/self/task");
    struct dirent *task;
    int count = 0;
    CHECK(tasks != NULL);
    while ((task = readdir(tasks)) != NULL) {
        char path[300], name[32] = "";
        snprintf(path, sizeof path, "/proc/self/task/%s/comm", task->d_name);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0) continue;
        ssize_t len = read(fd, name, sizeof name - 1);
        close(fd);
        if (len <= 0 || strncmp(name, "jf-resolver", strlen("jf-resolver")) != 0) continue;
        if (one != NULL) *one = atoi(task->d_name);
        count++;
    }
    closedir(tasks);
    return count;
}

/* Waits until so many are left. */
static inline void await_resolvers(int count) {
    while (resolvers(NULL) != count) breathe();
}

/* Dialing asks for both families at once, and after a while for each: answers whatever comes until the call is over,
 * if it is not already, and no look-up is left. */
static inline void answer_all(const char *name, const _Atomic int *is_over) {
    while ((is_over != NULL && !atomic_load(is_over)) || resolvers(NULL) > 0 || is_asked(0)) {
        if (is_asked(1)) {
            question q = next_question(name);
            answer(&q);
        }
    }
}

static inline int open_descriptors(void) {
    int count = 0;
    for (int fd = 0; fd < 1024; fd++) count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

/* Looks an IPv4 address up that has to be this. */
static inline void resolves_to(const char *host, int64_t timeout_ms, const char *address) {
    jf_addr found, expected;
    char text[64];
    CHECK(snprintf(text, sizeof text, "%s:80", address) < (int)sizeof text);
    expected = parsed(text);
    EXPECT(jf_resolve(host, "80", JF_INET, JF_STREAM, timeout_ms, &found, 1), 1);
    EXPECT(jf_addr_equal(&found, &expected), 1);
}

#endif
