/* The implementation of sockets.h with jackfield. */
#include "jackfield.h"

typedef jf_socket sock;
typedef jf_addr address;
typedef jf_buf buffer;

enum { DONT_WAIT = JF_DONT_WAIT };

/* The result of a non-blocking receive from an empty queue. */
static const int64_t WOULD_BLOCK = JF_E_WOULD_BLOCK;

static inline buffer buffer_of(void *data, size_t len) {
    return (buffer){data, len};
}

static inline sock open_inet_stream(void) {
    sock s = jf_open(JF_INET, JF_STREAM, 0);
    CHECK(s > 0);
    return s;
}

static inline sock open_inet_dgram(void) {
    sock s = jf_open(JF_INET, JF_DGRAM, 0);
    CHECK(s > 0);
    return s;
}

static inline sock open_unix_stream(void) {
    sock s = jf_open(JF_UNIX, JF_STREAM, 0);
    CHECK(s > 0);
    return s;
}

static inline void open_unix_pair(sock out[2]) {
    CHECK(jf_pair(JF_UNIX, JF_STREAM, out) == 0);
}

/* Binds to a free port of the loopback interface. */
static inline void bind_loopback(sock s, address *out) {
    CHECK(jf_addr_parse("127.0.0.1:0", out) == 0);
    CHECK(jf_bind(s, out) == 0);
    CHECK(jf_local_addr(s, out) == 0);
}

/* Binds to a free name in the abstract namespace, which creates no file. */
static inline void bind_abstract(sock s, address *out, int number) {
    char text[64];
    snprintf(text, sizeof text, "unix:@jackfield-bench-%d", number);
    CHECK(jf_addr_parse(text, out) == 0);
    CHECK(jf_bind(s, out) == 0);
}

static inline void start_listening(sock s, int backlog) {
    CHECK(jf_listen(s, backlog) == 0);
}

static inline sock accept_connection(sock s, address *peer) {
    sock connection = jf_accept(s, peer);
    CHECK(connection > 0);
    return connection;
}

static inline void connect_to(sock s, const address *to) {
    CHECK(jf_connect(s, to) == 0);
}

static inline void close_socket(sock s) {
    CHECK(jf_close(s) == 0);
}

static inline void set_no_delay(sock s) {
    CHECK(jf_set(s, JF_OPT_NO_DELAY, 1) == 0);
}

static inline void set_timeout(sock s, int ms) {
    CHECK(jf_set(s, JF_OPT_RECV_TIMEOUT, ms) == 0);
    CHECK(jf_set(s, JF_OPT_SEND_TIMEOUT, ms) == 0);
}

static inline int64_t send_some(sock s, const void *data, size_t len, int flags) {
    return jf_send(s, data, len, (uint32_t)flags);
}

static inline int64_t recv_some(sock s, void *data, size_t len, int flags) {
    return jf_recv(s, data, len, (uint32_t)flags);
}

static inline int64_t send_to(sock s, const void *data, size_t len, const address *to) {
    return jf_send_to(s, data, len, 0, to);
}

static inline int64_t recv_from(sock s, void *data, size_t len, address *from) {
    return jf_recv_from(s, data, len, 0, from);
}

static inline void enable_recv_ttl(sock s) {
    CHECK(jf_set(s, JF_OPT_RECV_TTL, 1) == 0);
}

/* A message with a destination address and a TTL as ancillary data. */
static inline int64_t send_msg(sock s, void *data, size_t len, const address *to, int ttl) {
    jf_buf buf = {data, len};
    jf_msg msg;
    memset(&msg, 0, sizeof msg);
    msg.size = sizeof msg;
    msg.bufs = &buf;
    msg.buf_count = 1;
    msg.present = JF_HAS_ADDR | JF_HAS_TTL;
    msg.addr = *to;
    msg.ttl = (uint32_t)ttl;
    return jf_send_msg(s, &msg, 0);
}

static inline int64_t recv_msg(sock s, void *data, size_t len, address *from, int *ttl) {
    jf_buf buf = {data, len};
    jf_msg msg;
    memset(&msg, 0, sizeof msg);
    msg.size = sizeof msg;
    msg.bufs = &buf;
    msg.buf_count = 1;
    int64_t count = jf_recv_msg(s, &msg, 0);
    CHECK((msg.present & (JF_HAS_ADDR | JF_HAS_TTL)) == (JF_HAS_ADDR | JF_HAS_TTL));
    *from = msg.addr;
    *ttl = (int)msg.ttl;
    return count;
}

static inline int64_t send_vec(sock s, buffer *buffers, size_t count) {
    return jf_send_vec(s, buffers, count, 0);
}

static inline int64_t recv_vec(sock s, buffer *buffers, size_t count) {
    return jf_recv_vec(s, buffers, count, 0);
}
