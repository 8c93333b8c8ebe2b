/* The implementation of sockets.h with the C library. */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

typedef int sock;
typedef struct {
    struct sockaddr_storage any;
    socklen_t len;
} address;
typedef struct iovec buffer;

enum { DONT_WAIT = MSG_DONTWAIT };

/* The result of a non-blocking receive from an empty queue. */
static const int64_t WOULD_BLOCK = -1;

static inline buffer buffer_of(void *data, size_t len) {
    return (buffer){data, len};
}

static inline sock open_socket(int family, int type) {
    sock s = socket(family, type | SOCK_CLOEXEC, 0);
    CHECK(s >= 0);
    return s;
}

static inline sock open_inet_stream(void) {
    return open_socket(AF_INET, SOCK_STREAM);
}

static inline sock open_inet_dgram(void) {
    return open_socket(AF_INET, SOCK_DGRAM);
}

static inline sock open_unix_stream(void) {
    return open_socket(AF_UNIX, SOCK_STREAM);
}

static inline void open_unix_pair(sock out[2]) {
    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, out) == 0);
}

/* Binds to a free port of the loopback interface. */
static inline void bind_loopback(sock s, address *out) {
    struct sockaddr_in inet = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    CHECK(bind(s, (struct sockaddr *)&inet, sizeof inet) == 0);
    out->len = sizeof out->any;
    CHECK(getsockname(s, (struct sockaddr *)&out->any, &out->len) == 0);
}

/* Binds to a free name in the abstract namespace, which creates no file. */
static inline void bind_abstract(sock s, address *out, int number) {
    struct sockaddr_un *un = (struct sockaddr_un *)&out->any;
    un->sun_family = AF_UNIX;
    int len = snprintf(un->sun_path + 1, sizeof un->sun_path - 1, "libc-bench-%d", number);
    un->sun_path[0] = 0;
    out->len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)len);
    CHECK(bind(s, (struct sockaddr *)un, out->len) == 0);
}

static inline void start_listening(sock s, int backlog) {
    CHECK(listen(s, backlog) == 0);
}

static inline sock accept_connection(sock s, address *peer) {
    peer->len = sizeof peer->any;
    sock connection = accept4(s, (struct sockaddr *)&peer->any, &peer->len, SOCK_CLOEXEC);
    CHECK(connection >= 0);
    return connection;
}

static inline void connect_to(sock s, const address *to) {
    CHECK(connect(s, (const struct sockaddr *)&to->any, to->len) == 0);
}

static inline void close_socket(sock s) {
    CHECK(close(s) == 0);
}

static inline void set_no_delay(sock s) {
    int on = 1;
    CHECK(setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0);
}

static inline void set_timeout(sock s, int ms) {
    struct timeval time = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
    CHECK(setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time) == 0);
    CHECK(setsockopt(s, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time) == 0);
}

static inline int64_t send_some(sock s, const void *data, size_t len, int flags) {
    return send(s, data, len, flags | MSG_NOSIGNAL);
}

static inline int64_t recv_some(sock s, void *data, size_t len, int flags) {
    return recv(s, data, len, flags);
}

static inline int64_t send_to(sock s, const void *data, size_t len, const address *to) {
    return sendto(s, data, len, MSG_NOSIGNAL, (const struct sockaddr *)&to->any, to->len);
}

static inline int64_t recv_from(sock s, void *data, size_t len, address *from) {
    from->len = sizeof from->any;
    return recvfrom(s, data, len, 0, (struct sockaddr *)&from->any, &from->len);
}

static inline void enable_recv_ttl(sock s) {
    int on = 1;
    CHECK(setsockopt(s, IPPROTO_IP, IP_RECVTTL, &on, sizeof on) == 0);
}

/* A message with a destination address and a TTL as ancillary data. */
static inline int64_t send_msg(sock s, void *data, size_t len, const address *to, int ttl) {
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof ttl)];
    struct iovec buf = {data, len};
    struct msghdr msg;
    memset(&msg, 0, sizeof msg);
    msg.msg_iov = &buf;
    msg.msg_iovlen = 1;
    msg.msg_name = (void *)&to->any;
    msg.msg_namelen = to->len;
    memset(control, 0, sizeof control);
    msg.msg_control = control;
    msg.msg_controllen = sizeof control;
    struct cmsghdr *header = CMSG_FIRSTHDR(&msg);
    header->cmsg_level = IPPROTO_IP;
    header->cmsg_type = IP_TTL;
    header->cmsg_len = CMSG_LEN(sizeof ttl);
    memcpy(CMSG_DATA(header), &ttl, sizeof ttl);
    return sendmsg(s, &msg, MSG_NOSIGNAL);
}

static inline int64_t recv_msg(sock s, void *data, size_t len, address *from, int *ttl) {
    _Alignas(struct cmsghdr) char control[256];
    struct iovec buf = {data, len};
    struct msghdr msg;
    memset(&msg, 0, sizeof msg);
    msg.msg_iov = &buf;
    msg.msg_iovlen = 1;
    msg.msg_name = &from->any;
    msg.msg_namelen = sizeof from->any;
    msg.msg_control = control;
    msg.msg_controllen = sizeof control;
    int64_t count = recvmsg(s, &msg, 0);
    from->len = msg.msg_namelen;
    *ttl = -1;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&msg); header != NULL; header = CMSG_NXTHDR(&msg, header))
        if (header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_TTL)
            memcpy(ttl, CMSG_DATA(header), sizeof *ttl);
    CHECK(*ttl >= 0);
    return count;
}

static inline int64_t send_vec(sock s, buffer *buffers, size_t count) {
    struct msghdr message = {.msg_iov = buffers, .msg_iovlen = count};
    return sendmsg(s, &message, MSG_NOSIGNAL);
}

static inline int64_t recv_vec(sock s, buffer *buffers, size_t count) {
    struct msghdr message = {.msg_iov = buffers, .msg_iovlen = count};
    return recvmsg(s, &message, 0);
}
