/* A fake name server: gives the program a private network and resolver configuration, so that the test answers (or
 * ignores) every DNS query. */
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

/* The hosts file maps KNOWN_NAME to KNOWN_ADDRESS and to an IPv6 address. The server answers every A query with
 * ANSWER_ADDRESS. */
#define KNOWN_NAME "known.test"
#define KNOWN_ADDRESS "127.0.0.7"
#define ANSWER_ADDRESS "192.0.2.53"

enum { MAX_QUERIES = 1000, TYPE_A = 1, TYPE_PTR = 12, TYPE_AAAA = 28 };

/* A query as received. */
typedef struct query {
    unsigned char packet[512];
    /* Length of the header and the question, without any additional records. */
    size_t len;
    struct sockaddr_in from;
    int type;
    char name[256];
} query;

static int server = -1;

/* Bind-mounts `text` over a file, in this program's mount namespace only. */
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

/* The resolver configuration has a long timeout: the resolver sends each query once and waits. */
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

/* Whether a query arrives within `ms` milliseconds; -1 waits for one. */
static inline int has_query(int ms) {
    struct pollfd item = {.fd = server, .events = POLLIN, .revents = 0};
    int ready;
    do ready = poll(&item, 1, ms);
    while (ready < 0 && errno == EINTR);
    return ready == 1;
}

/* The next query; its name must begin with `expected`. */
static inline query next_query(const char *expected) {
    query q;
    socklen_t from_len = sizeof q.from;
    memset(&q, 0, sizeof q);
    CHECK(has_query(-1));
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
      fprintf(stderr, "got a query for %s, not for %s\n", q.name, expected);
        exit(1);
    }
    return q;
}

/* Answers a query: A with an IPv4 address, PTR with a name, anything else with an empty answer section. */
static inline void answer(const query *q) {
    static const unsigned char a[] = {0xc0, 12, 0, TYPE_A, 0, 1, 0, 0, 0, 0, 0, 4, 192, 0, 2, 53};
    static const unsigned char ptr[] = {0xc0, 12, 0, TYPE_PTR, 0, 1, 0, 0, 0, 0, 0, 11,
                                        4, 'p', 'e', 'e', 'r', 4, 't', 'e', 's', 't', 0};
    unsigned char reply[1024];
    size_t len = q->len;
    memcpy(reply, q->packet, len);
    /* A response from a recursive server, with one question and no answers yet. */
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

/* The resolver sends two queries per name: A and AAAA. */
static inline void next_query_pair(query q[2], const char *expected) {
    q[0] = next_query(expected);
    q[1] = next_query(expected);
    CHECK(q[0].type + q[1].type == TYPE_A + TYPE_AAAA);
}

static inline void answer_pair(const query q[2]) {
    answer(&q[0]);
    answer(&q[1]);
}

/* Returns the number of resolver threads, and stores the id of one of them. */
static inline int resolver_threads(int *one) {
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

/* Waits until exactly `count` resolver threads exist. */
static inline void await_resolvers(int count) {
    while (resolver_threads(NULL) != count) breathe();
}

/* Dialing queries both address families at once, and retries. Answers every query until the call has ended (if
 * `is_over` is given) and no lookup remains. */
static inline void answer_all(const char *name, const _Atomic int *is_over) {
    while ((is_over != NULL && !atomic_load(is_over)) || resolver_threads(NULL) > 0 || has_query(0)) {
        if (has_query(1)) {
            query q = next_query(name);
            answer(&q);
        }
    }
}

static inline int open_descriptors(void) {
    int count = 0;
    for (int fd = 0; fd < 1024; fd++) count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

/* Resolves `host`, which must yield exactly this IPv4 address. */
static inline void expect_resolved(const char *host, int64_t timeout_ms, const char *address) {
    jf_addr found, expected;
    char text[64];
    CHECK(snprintf(text, sizeof text, "%s:80", address) < (int)sizeof text);
    expected = parsed(text);
    EXPECT(jf_resolve(host, "80", JF_INET, JF_STREAM, timeout_ms, &found, 1), 1);
    EXPECT(jf_addr_equal(&found, &expected), 1);
}

#endif
