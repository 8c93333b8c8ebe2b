/* Every kind of call that can block, each with sockets on which it blocks. */
#ifndef STUCK_H
#define STUCK_H

#include "flight.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

typedef enum verb {
    ACCEPT,
    CONNECT,
    RECV,
    RECV_FROM,
    RECV_VEC,
    RECV_MSG,
    RECV_EXACT,
    RECV_MANY,
    /* Receives a coalesced batch into one buffer. */
    RECV_RUNS,
    SEND,
    SEND_TO,
    SEND_VEC,
    SEND_MSG,
    SEND_ALL,
    SEND_FILE,
    SEND_MANY
} verb;

typedef struct kind {
    const char *name;
    verb verb;
    int family, type;
    /* A datagram socket with a peer. */
    int connected;
} kind;

static const kind KINDS[] = {
    {"accept, TCP", ACCEPT, JF_INET, JF_STREAM, 0},
    {"accept, TCP over IPv6", ACCEPT, JF_INET6, JF_STREAM, 0},
    {"accept, UNIX stream", ACCEPT, JF_UNIX, JF_STREAM, 0},
    {"accept, UNIX seqpacket", ACCEPT, JF_UNIX, JF_SEQPACKET, 0},
    {"connect, TCP", CONNECT, JF_INET, JF_STREAM, 0},
    {"connect, UNIX stream", CONNECT, JF_UNIX, JF_STREAM, 0},
    {"connect, UNIX seqpacket", CONNECT, JF_UNIX, JF_SEQPACKET, 0},
    {"recv, TCP", RECV, JF_INET, JF_STREAM, 0},
    {"recv_vec, TCP", RECV_VEC, JF_INET, JF_STREAM, 0},
    {"recv_exact, TCP", RECV_EXACT, JF_INET, JF_STREAM, 0},
    {"recv, UDP", RECV, JF_INET, JF_DGRAM, 0},
    {"recv, connected UDP", RECV, JF_INET, JF_DGRAM, 1},
    {"recv_from, UDP", RECV_FROM, JF_INET, JF_DGRAM, 0},
    {"recv_from, UDP over IPv6", RECV_FROM, JF_INET6, JF_DGRAM, 0},
    {"recv, UNIX stream", RECV, JF_UNIX, JF_STREAM, 0},
    {"recv_exact, UNIX stream", RECV_EXACT, JF_UNIX, JF_STREAM, 0},
    {"recv, UNIX datagrams", RECV, JF_UNIX, JF_DGRAM, 1},
    {"recv_from, UNIX datagrams", RECV_FROM, JF_UNIX, JF_DGRAM, 0},
    {"recv, UNIX seqpacket", RECV, JF_UNIX, JF_SEQPACKET, 0},
    {"recv_from, netlink", RECV_FROM, JF_NETLINK, JF_DGRAM, 0},
    {"recv_msg, TCP", RECV_MSG, JF_INET, JF_STREAM, 0},
    {"recv_msg, UDP over IPv6", RECV_MSG, JF_INET6, JF_DGRAM, 0},
    {"recv_msg, UNIX seqpacket", RECV_MSG, JF_UNIX, JF_SEQPACKET, 0},
    {"recv_msg, netlink", RECV_MSG, JF_NETLINK, JF_DGRAM, 0},
    {"recv_many, UDP", RECV_MANY, JF_INET, JF_DGRAM, 0},
    {"recv_many of runs, UDP", RECV_RUNS, JF_INET, JF_DGRAM, 0},
    {"recv_many of runs, connected UDP", RECV_RUNS, JF_INET, JF_DGRAM, 1},
    {"recv_many, UDP over IPv6", RECV_MANY, JF_INET6, JF_DGRAM, 0},
    {"recv_many, UNIX datagrams", RECV_MANY, JF_UNIX, JF_DGRAM, 0},
    {"recv_many, netlink", RECV_MANY, JF_NETLINK, JF_DGRAM, 0},
    {"send, TCP", SEND, JF_INET, JF_STREAM, 0},
    {"send_vec, TCP", SEND_VEC, JF_INET, JF_STREAM, 0},
    {"send_all, TCP", SEND_ALL, JF_INET, JF_STREAM, 0},
    {"send, UNIX stream", SEND, JF_UNIX, JF_STREAM, 0},
    {"send_all, UNIX stream", SEND_ALL, JF_UNIX, JF_STREAM, 0},
    {"send_file, TCP", SEND_FILE, JF_INET, JF_STREAM, 0},
    {"send_file, UNIX stream", SEND_FILE, JF_UNIX, JF_STREAM, 0},
    {"send, UNIX datagrams", SEND, JF_UNIX, JF_DGRAM, 1},
    {"send_to, UNIX datagrams", SEND_TO, JF_UNIX, JF_DGRAM, 0},
    {"send, UNIX seqpacket", SEND, JF_UNIX, JF_SEQPACKET, 0},
    {"send_vec, UNIX seqpacket", SEND_VEC, JF_UNIX, JF_SEQPACKET, 0},
    {"send_msg, TCP", SEND_MSG, JF_INET, JF_STREAM, 0},
    {"send_msg, UNIX stream", SEND_MSG, JF_UNIX, JF_STREAM, 0},
    {"send_msg, UNIX datagrams to an address", SEND_MSG, JF_UNIX, JF_DGRAM, 0},
    {"send_msg, UNIX seqpacket", SEND_MSG, JF_UNIX, JF_SEQPACKET, 0},
    {"send_many, UNIX datagrams", SEND_MANY, JF_UNIX, JF_DGRAM, 1},
    {"send_many, UNIX datagrams to an address", SEND_MANY, JF_UNIX, JF_DGRAM, 0},
};
enum { KIND_COUNT = sizeof KINDS / sizeof *KINDS };

/* The bytes that a receive gets, and that is sent as a message. */
#define PAYLOAD "payload!"
enum { PAYLOAD_LEN = 8, MOST = 65536 };

/* A blocked call and its sockets. */
typedef struct stuck {
    const kind *kind;
    /* The socket of the call, its peer (for connect: the listener), and the socket that fills the peer's queue. */
    jf_socket s, peer, filler;
    /* The destination of a connect or a datagram. */
    jf_addr to;
    char room[PAYLOAD_LEN];
    /* The count that send_all and recv_exact report. */
    size_t done;
    /* The number of bytes queued before the call. */
    int64_t filled;
} stuck;

static inline int sends(const kind *k) {
    return k->verb >= SEND;
}

static inline int is_stream(const kind *k) {
    return k->type == JF_STREAM;
}

/* The timeout option that applies to the call. */
static inline int timeout_option(const kind *k) {
    return k->verb == CONNECT || sends(k) ? JF_OPT_SEND_TIMEOUT : JF_OPT_RECV_TIMEOUT;
}

/* An unused address. */
static inline jf_addr fresh_addr(int family) {
    static _Atomic int count;
    char text[64];
    switch (family) {
    case JF_INET:
        return parsed("127.0.0.1:0");
    case JF_INET6:
        return parsed("[::1]:0");
    case JF_NETLINK:
        return parsed("netlink:0:0");
    default:
        snprintf(text, sizeof text, "unix:@jackfield-%d-%d", (int)getpid(), atomic_fetch_add(&count, 1));
        return parsed(text);
    }
}

static inline jf_socket fresh_bound(int family, int type, jf_addr *out) {
    jf_addr a = fresh_addr(family);
    jf_socket s = OK(jf_open(family, type, 0));
    OK(jf_bind(s, &a));
    OK(jf_local_addr(s, out));
    return s;
}

/* Whether one of the events occurs within `ms` milliseconds; 0 checks without waiting. */
static inline int is_ready(jf_socket s, short events, int ms) {
    struct pollfd item = {.fd = (int)OK(jf_fd(s)), .events = events, .revents = 0};
    return poll(&item, 1, ms) == 1;
}

/* Whether each send passes an address. */
static inline int names_address(const kind *k) {
    int may_name = k->verb == SEND_MSG || k->verb == SEND_MANY;
    return k->verb == SEND_TO || (may_name && k->type == JF_DGRAM && !k->connected);
}

static inline int64_t send_some(stuck *st, const void *data, size_t len, uint32_t flags) {
    return names_address(st->kind) ? jf_send_to(st->s, data, len, flags, &st->to) : jf_send(st->s, data, len, flags);
}

/* Whether TCP makes no progress: all data sent is acknowledged, and the peer's window is 0. */
static inline int tcp_rests(jf_socket s) {
    struct tcp_info info;
    socklen_t len = sizeof info;
    memset(&info, 0, sizeof info);
    CHECK(getsockopt((int)OK(jf_fd(s)), IPPROTO_TCP, TCP_INFO, &info, &len) == 0);
    return info.tcpi_unacked == 0 && info.tcpi_snd_wnd == 0;
}

/* Sends 'f' bytes until the queue is full. */
static inline void fill(stuck *st) {
    static char bytes[4096];
    memset(bytes, 'f', sizeof bytes);
    size_t len = is_stream(st->kind) ? sizeof bytes : PAYLOAD_LEN;
    for (int refused = 0; refused < 2;) {
        int64_t sent = send_some(st, bytes, len, JF_DONT_WAIT);
        if (sent < 0) {
            EXPECT(sent, JF_E_WOULD_BLOCK);
            refused++;
            /* TCP data may still move to the peer's queue, which frees space in the send queue. */
            while (st->kind->family == JF_INET && !tcp_rests(st->s)) {
                breathe();
            }
        } else {
            st->filled += sent;
            refused = 0;
        }
    }
}

/* A TCP connection with small buffers. */
static inline void narrow_pair(jf_socket *client, jf_socket *server) {
    jf_addr a;
    jf_socket l = fresh_bound(JF_INET, JF_STREAM, &a);
    OK(jf_set(l, JF_OPT_RECV_BUFFER, 4096));
    OK(jf_listen(l, 1));
    *client = OK(jf_open(JF_INET, JF_STREAM, 0));
    OK(jf_set(*client, JF_OPT_SEND_BUFFER, 4096));
    OK(jf_connect(*client, &a));
    *server = OK(jf_accept(l, NULL));
    OK(jf_close(l));
}

static inline void make_connected(stuck *st) {
    const kind *k = st->kind;
    if (k->family != JF_UNIX && is_stream(k)) {
        narrow_pair(&st->s, &st->peer);
    } else if (is_stream(k) || k->type == JF_SEQPACKET || k->connected) {
        if (k->family == JF_UNIX) {
            jf_socket both[2];
            OK(jf_pair(JF_UNIX, k->type, both));
            st->s = both[0];
            st->peer = both[1];
            OK(jf_set(st->s, JF_OPT_SEND_BUFFER, 8192));
        } else {
            jf_addr other;
            st->s = fresh_bound(k->family, k->type, &st->to);
            st->peer = fresh_bound(k->family, k->type, &other);
            OK(jf_connect(st->s, &other));
        }
    } else if (sends(k)) {
        st->peer = fresh_bound(k->family, k->type, &st->to);
        st->s = OK(jf_open(k->family, k->type, 0));
    } else {
        st->s = fresh_bound(k->family, k->type, &st->to);
        st->peer = OK(jf_open(k->family, k->type, 0));
    }
}

/* A listener whose queue is full. TCP then drops further SYNs, so a connect stays in SYN-SENT and retries after a
 * second; UNIX makes a connect block. */
static inline void make_unreachable(stuck *st) {
    const kind *k = st->kind;
    st->peer = fresh_bound(k->family, k->type, &st->to);
    OK(jf_listen(st->peer, 0));
    st->filler = OK(jf_open(k->family, k->type, 0));
    OK(jf_connect(st->filler, &st->to));
    CHECK(is_ready(st->peer, POLLIN, 10000));
    st->s = OK(jf_open(k->family, k->type, 0));
}

/* Creates the sockets; their timeouts are -1 until set. */
static inline void make_stuck(stuck *st, const kind *k) {
    memset(st, 0, sizeof *st);
    st->kind = k;
    st->s = st->peer = st->filler = -1;
    if (k->verb == ACCEPT) {
        st->s = fresh_bound(k->family, k->type, &st->to);
        OK(jf_listen(st->s, 1));
    } else if (k->verb == CONNECT) {
        make_unreachable(st);
    } else {
        make_connected(st);
    }
    if (sends(k)) {
        fill(st);
    }
}

/* A shared file of zeros, which is never changed. */
static inline int zeros(void) {
    static _Atomic int kept;
    int fd = atomic_load(&kept), none = 0;
    if (fd == 0) {
        fd = memfd_create("zeros", MFD_CLOEXEC);
        CHECK(fd > 0 && ftruncate(fd, MOST) == 0);
        if (!atomic_compare_exchange_strong(&kept, &none, fd)) {
            close(fd);
            fd = none;
        }
    }
    return fd;
}

/* Receives one datagram and returns its length. */
static inline int64_t recv_one_of_many(stuck *st) {
    enum { COUNT = JF_COALESCED_COUNT };
    int has_runs = st->kind->verb == RECV_RUNS;
    jf_datagram d[COUNT];
    char buffer[JF_COALESCED_ROOM];
    memset(d, 0, sizeof d);
    d[0].room = buffer;
    d[0].room_len = has_runs ? JF_COALESCED_ROOM : PAYLOAD_LEN;
    int64_t result = jf_recv_many(st->s, d, has_runs ? COUNT : 1, 0);
    CHECK(result <= 1 && result != 0);
    if (result == 1) {
        memcpy(st->room, d[0].data, PAYLOAD_LEN);
        result = (int64_t)d[0].len;
    }
    return result;
}

/* Sends a few datagrams and returns the number of bytes sent. */
static inline int64_t send_a_few(stuck *st, char *bytes, size_t len) {
    enum { FEW = 3 };
    jf_datagram d[FEW];
    memset(d, 0, sizeof d);
    for (int i = 0; i < FEW; i++) {
        d[i].data = bytes;
        d[i].len = len;
        d[i].present = names_address(st->kind) ? JF_HAS_ADDR : 0;
        d[i].addr = st->to;
    }
    int64_t count = jf_send_many(st->s, d, FEW, 0);
    for (int i = 0; i < FEW; i++) CHECK(count < 0 || (i < count ? d[i].result == (int64_t)len : d[i].result < 0));
    return count < 0 ? count : count * (int64_t)len;
}

/* Makes the blocking call. */
static inline int64_t call_stuck(void *given) {
    static char bytes[MOST];
    stuck *st = given;
    size_t len = is_stream(st->kind) ? sizeof bytes : PAYLOAD_LEN;
    jf_buf buffer[2] = {{st->room, 3}, {st->room + 3, PAYLOAD_LEN - 3}};
    jf_buf data[2] = {{bytes, 3}, {bytes, len - 3}};
    jf_addr from;
    jf_msg m;
    memset(&m, 0, sizeof m);
    m.size = sizeof m;
    m.bufs = sends(st->kind) ? data : buffer;
    m.buf_count = 2;
    if (sends(st->kind) && names_address(st->kind)) {
        m.present = JF_HAS_ADDR;
        m.addr = st->to;
    }
    switch (st->kind->verb) {
    case ACCEPT:
        return jf_accept(st->s, NULL);
    case CONNECT:
        return jf_connect(st->s, &st->to);
    case RECV:
        return jf_recv(st->s, st->room, PAYLOAD_LEN, 0);
    case RECV_FROM:
        return jf_recv_from(st->s, st->room, PAYLOAD_LEN, 0, &from);
    case RECV_VEC:
        return jf_recv_vec(st->s, buffer, 2, 0);
    case RECV_MSG:
        return jf_recv_msg(st->s, &m, 0);
    case RECV_EXACT:
        return jf_recv_exact(st->s, st->room, PAYLOAD_LEN, &st->done);
    case RECV_MANY:
    case RECV_RUNS:
        return recv_one_of_many(st);
    case SEND:
    case SEND_TO:
        return send_some(st, bytes, len, 0);
    case SEND_VEC:
        return jf_send_vec(st->s, data, 2, 0);
    case SEND_MSG:
        return jf_send_msg(st->s, &m, 0);
    case SEND_ALL:
        return jf_send_all(st->s, bytes, len, &st->done);
    case SEND_FILE:
        return jf_send_file(st->s, zeros(), 0, MOST);
    case SEND_MANY:
        return send_a_few(st, bytes, len);
    }
    return JF_E_INTERNAL;
}

/* Receives the data available now; counts the filler bytes and the bytes that the call sent. */
static inline void drain(stuck *st, int64_t *filled, int64_t *sent) {
    static char buffer[MOST];
    for (;;) {
        int64_t count = jf_recv(st->peer, buffer, sizeof buffer, JF_DONT_WAIT);
        if (count < 0) {
            EXPECT(count, JF_E_WOULD_BLOCK);
            return;
        }
        for (int64_t i = 0; i < count; i++) {
            *(buffer[i] == 'f' ? filled : sent) += 1;
            CHECK(buffer[i] == 'f' || buffer[i] == 0);
        }
    }
}

/* Sends the data that a blocked receive waits for. */
static inline void give(const stuck *st) {
    if (st->to.family == JF_UNSPEC) {
        EXPECT(jf_send(st->peer, PAYLOAD, PAYLOAD_LEN, 0), PAYLOAD_LEN);
    } else {
        EXPECT(jf_send_to(st->peer, PAYLOAD, PAYLOAD_LEN, 0, &st->to), PAYLOAD_LEN);
    }
}

/* Unblocks the call, and checks its result. */
static inline void release(stuck *st, flight *f) {
    const kind *k = st->kind;
    int64_t filled = 0, sent = 0, result;
    switch (k->verb) {
    case ACCEPT:
        st->peer = OK(jf_open(k->family, k->type, 0));
        OK(jf_connect(st->peer, &st->to));
        OK(jf_close(OK(finish(f))));
        return;
    case CONNECT:
        /* The filler's connection, then the one of this call. */
        OK(jf_close(OK(jf_accept(st->peer, NULL))));
        EXPECT(finish(f), 0);
        OK(jf_close(OK(jf_accept(st->peer, NULL))));
        return;
    case RECV:
    case RECV_FROM:
    case RECV_VEC:
    case RECV_MSG:
    case RECV_EXACT:
    case RECV_MANY:
    case RECV_RUNS:
        give(st);
        EXPECT(finish(f), k->verb == RECV_EXACT ? 0 : PAYLOAD_LEN);
        CHECK(k->verb != RECV_EXACT || st->done == PAYLOAD_LEN);
        CHECK(memcmp(st->room, PAYLOAD, PAYLOAD_LEN) == 0);
        return;
    default:
        while (!atomic_load(&f->over)) {
            drain(st, &filled, &sent);
            breathe();
        }
        result = OK(finish(f));
        if (k->verb == SEND_ALL) {
            CHECK(result == 0 && st->done == MOST);
            result = MOST;
        }
        CHECK(result > 0 && result <= MOST);
        /* Exactly the bytes sent arrive. */
        while (filled + sent < st->filled + result) {
            CHECK(is_ready(st->peer, POLLIN, 10000));
            drain(st, &filled, &sent);
        }
        CHECK(filled == st->filled && sent == result);
    }
}

/* Closes the sockets; the call's own may already be closed. */
static inline void end_stuck(stuck *st) {
    jf_close(st->s);
    jf_close(st->peer);
    jf_close(st->filler);
}

#endif
