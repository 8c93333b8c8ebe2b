/*
 * Datagrams go through UDP on loopback: a batch of them is sent, then received by the same thread, so that none is lost
 * and nobody waits. What is measured is what both calls cost for each.
 *
 * usage: udp SEND RECEIVE SIZE BATCH DESTINATIONS
 *
 *     SEND      sendto, sendmmsg; send, from connected sockets; gso, which has the system cut a message into datagrams;
 *               jf, which is jf_send_many; gso_connected and jf_connected, from connected sockets; gso_apart and
 *               jf_apart, whose datagrams don't lie side by side in memory
 *     RECEIVE   recvfrom, recvmmsg; recv, at connected sockets; gro, which receives many as one and takes them apart;
 *               and jf_recv_many: jf into a room for each datagram, jf_gro into one for up to 128
 *
 * The ways beginning with jf are there with -DJACKFIELD alone. The datagrams go to each destination in turn; it is a
 * socket, from which its own are received. Everything that can be made ready once, is. All but recv learn the sender, and
 * each datagram has its length and first byte added up.
 *
 * For each number on standard input it sends and receives that many batches, and prints how many nanoseconds a datagram
 * took.
 */
#include "side.h"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    MOST_BATCH = 64,
    MOST_DESTINATIONS = 16,
    SLOTS = MOST_BATCH + MOST_DESTINATIONS,
    LONGEST = 1472,     /* the longest datagram */
    SEGMENTS = 64,      /* the most that are sent as one */
    PAYLOAD = 65507,    /* their most bytes */
    ROOM = 65536,       /* for all that is received as one */
    MOST_PIECES = 128,  /* the most of them */
    FIRST = 'd'         /* the first byte of each datagram */
};

static size_t size, batch, destinations, stride;
static int connected;

/* Datagram n goes to destination n modulo `destinations`, from the socket of the same number if that is connected. */
static int sender[MOST_DESTINATIONS], receiver[MOST_DESTINATIONS];
static struct sockaddr_in name[MOST_DESTINATIONS];

/* The datagrams to send, `stride` bytes from each to the next. A batch begins in the slot of the destination whose turn it
 * is. */
static char sent[SLOTS * LONGEST];
static char rooms[MOST_BATCH][LONGEST], room[ROOM];

static uint64_t sum;

static inline void touch(const char *data, size_t len) {
    sum += (unsigned char)*data + len;
}

/* The ways to send a batch that begins in a slot. */

static void send_by_sendto(size_t slot) {
    for (size_t end = slot + batch; slot < end; slot++) {
        const struct sockaddr *to = (const struct sockaddr *)&name[slot % destinations];
        MUST(sendto(sender[0], sent + slot * stride, size, 0, to, sizeof *name) == (ssize_t)size);
    }
}

static void send_connected(size_t slot) {
    for (size_t end = slot + batch; slot < end; slot++) {
        MUST(send(sender[slot % destinations], sent + slot * stride, size, 0) == (ssize_t)size);
    }
}

static struct mmsghdr out_headers[SLOTS];
static struct iovec out_pieces[SLOTS];

static void prepare_sendmmsg(void) {
    for (size_t slot = 0; slot < SLOTS; slot++) {
        struct msghdr *header = &out_headers[slot].msg_hdr;
        out_pieces[slot] = (struct iovec){sent + slot * stride, size};
        header->msg_name = &name[slot % destinations];
        header->msg_namelen = sizeof *name;
        header->msg_iov = &out_pieces[slot];
        header->msg_iovlen = 1;
    }
}

static void send_by_sendmmsg(size_t slot) {
    MUST(sendmmsg(sender[0], &out_headers[slot], (unsigned)batch, 0) == (int)batch);
}

/* A batch is one message, unless that were too long. */
static struct msghdr groups[MOST_BATCH];
static size_t group_count;

static void prepare_gso(void) {
    static _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(uint16_t))];
    struct msghdr with_control = {.msg_control = control, .msg_controllen = sizeof control};
    struct cmsghdr *head = CMSG_FIRSTHDR(&with_control);
    uint16_t segment = (uint16_t)size;
    head->cmsg_level = IPPROTO_UDP;
    head->cmsg_type = UDP_SEGMENT;
    head->cmsg_len = CMSG_LEN(sizeof segment);
    memcpy(CMSG_DATA(head), &segment, sizeof segment);

    size_t most = PAYLOAD / size < SEGMENTS ? PAYLOAD / size : SEGMENTS;
    for (size_t slot = 0; slot < batch; slot += most) {
        size_t count = batch - slot < most ? batch - slot : most;
        struct msghdr *group = &groups[group_count];
        *group = with_control;
        group->msg_name = connected ? NULL : &name[0];
        group->msg_namelen = connected ? 0 : sizeof *name;
        group->msg_iov = &out_pieces[slot];
        group->msg_iovlen = stride == size ? 1 : count;
        for (size_t i = 0; i < group->msg_iovlen; i++) {
            out_pieces[slot + i] = (struct iovec){sent + (slot + i) * stride, count * size / group->msg_iovlen};
        }
        group_count++;
    }
}

static void send_by_gso(size_t slot) {
    (void)slot; /* to one destination every batch begins in the first */
    size_t bytes = 0;
    for (size_t i = 0; i < group_count; i++) {
        ssize_t n = sendmsg(sender[0], &groups[i], 0);
        MUST(n > 0);
        bytes += (size_t)n;
    }
    MUST(bytes == batch * size);
}

/* The ways to receive so many from a destination. */

static void receive_by_recvfrom(size_t who, size_t count) {
    for (size_t i = 0; i < count; i++) {
        struct sockaddr_in from;
        socklen_t len = sizeof from;
        ssize_t n = recvfrom(receiver[who], room, LONGEST, 0, (struct sockaddr *)&from, &len);
        MUST(n > 0);
        touch(room, (size_t)n);
    }
}

static void receive_connected(size_t who, size_t count) {
    for (size_t i = 0; i < count; i++) {
        ssize_t n = recv(receiver[who], room, LONGEST, 0);
        MUST(n > 0);
        touch(room, (size_t)n);
    }
}

static struct mmsghdr in_headers[MOST_BATCH];
static struct iovec in_pieces[MOST_BATCH];
static struct sockaddr_in senders[MOST_BATCH];

static void prepare_recvmmsg(void) {
    for (size_t i = 0; i < MOST_BATCH; i++) {
        struct msghdr *header = &in_headers[i].msg_hdr;
        in_pieces[i] = (struct iovec){rooms[i], LONGEST};
        header->msg_name = &senders[i];
        header->msg_namelen = sizeof *senders; /* stays so, since every name has this length */
        header->msg_iov = &in_pieces[i];
        header->msg_iovlen = 1;
    }
}

static void receive_by_recvmmsg(size_t who, size_t count) {
    while (count > 0) {
        int n = recvmmsg(receiver[who], in_headers, (unsigned)count, MSG_WAITFORONE, NULL);
        MUST(n > 0);
        for (int i = 0; i < n; i++) {
            touch(rooms[i], in_headers[i].msg_len);
        }
        count -= (size_t)n;
    }
}

struct piece {
    char *data;
    size_t len;
};

static void prepare_gro(void) {
    int on = 1;
    for (size_t i = 0; i < destinations; i++) {
        MUST(setsockopt(receiver[i], IPPROTO_UDP, UDP_GRO, &on, sizeof on) == 0);
    }
}

/* Receives at least one; returns how many. */
static size_t take_apart(int fd, struct piece pieces[MOST_PIECES]) {
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
    struct sockaddr_in from;
    struct iovec all = {room, ROOM};
    struct msghdr header = {.msg_name = &from, .msg_namelen = sizeof from, .msg_iov = &all, .msg_iovlen = 1,
                            .msg_control = control, .msg_controllen = sizeof control};
    ssize_t n = recvmsg(fd, &header, 0);
    MUST(n > 0);
    int segment = (int)n;
    for (struct cmsghdr *head = CMSG_FIRSTHDR(&header); head != NULL; head = CMSG_NXTHDR(&header, head)) {
        if (head->cmsg_level == IPPROTO_UDP && head->cmsg_type == UDP_GRO) {
            memcpy(&segment, CMSG_DATA(head), sizeof segment);
        }
    }
    MUST(segment > 0);
    size_t count = 0, len = (size_t)segment;
    for (size_t at = 0; at < (size_t)n; at += len) {
        size_t left = (size_t)n - at;
        MUST(count < MOST_PIECES);
        pieces[count++] = (struct piece){room + at, left < len ? left : len};
    }
    return count;
}

static void receive_by_gro(size_t who, size_t count) {
    static struct piece pieces[MOST_PIECES];
    while (count > 0) {
        size_t n = take_apart(receiver[who], pieces);
        MUST(n <= count);
        for (size_t i = 0; i < n; i++) {
            touch(pieces[i].data, pieces[i].len);
        }
        count -= n;
    }
}

#ifdef JACKFIELD
static jf_socket jf_sender, jf_receiver[MOST_DESTINATIONS];
static _Alignas(64) jf_datagram outgoing[SLOTS], incoming[JF_COALESCED_COUNT];

static void prepare_jf_send(void) {
    MUST((jf_sender = jf_from_fd(dup(sender[0]))) > 0);
    for (size_t slot = 0; slot < SLOTS; slot++) {
        jf_datagram *datagram = &outgoing[slot];
        datagram->data = sent + slot * stride;
        datagram->len = size;
        datagram->present = connected ? 0 : JF_HAS_ADDR;
        MUST(jf_addr_parse("127.0.0.1:0", &datagram->addr) == 0);
        datagram->addr.port = ntohs(name[slot % destinations].sin_port);
    }
}

static void send_by_jf(size_t slot) {
    MUST(jf_send_many(jf_sender, &outgoing[slot], batch, 0) == (int64_t)batch);
}

static void prepare_jf_rooms(void) {
    for (size_t i = 0; i < destinations; i++) {
        MUST((jf_receiver[i] = jf_from_fd(dup(receiver[i]))) > 0);
    }
    for (size_t i = 0; i < MOST_BATCH; i++) {
        incoming[i].room = rooms[i];
        incoming[i].room_len = LONGEST;
    }
}

static void prepare_jf_room(void) {
    prepare_jf_rooms();
    memset(incoming, 0, sizeof incoming);
    incoming[0].room = room;
    incoming[0].room_len = JF_COALESCED_ROOM;
}

/* With an array of so many elements, or of as many as are to come. */
static inline void receive_by_jf_with(size_t elements, size_t who, size_t count) {
    while (count > 0) {
        int64_t n = jf_recv_many(jf_receiver[who], incoming, elements ? elements : count, 0);
        MUST(n > 0 && n <= (int64_t)count);
        for (int64_t i = 0; i < n; i++) {
            touch(incoming[i].data, incoming[i].len);
        }
        count -= (size_t)n;
    }
}

static void receive_by_jf(size_t who, size_t count) {
    receive_by_jf_with(0, who, count);
}

static void receive_by_jf_gro(size_t who, size_t count) {
    receive_by_jf_with(JF_COALESCED_COUNT, who, count);
}
#endif

static void prepare_nothing(void) {}

static const struct sending {
    const char *name;
    void (*prepare)(void);
    void (*send)(size_t slot);
} SENDING[] = {
    {"sendto", prepare_nothing, send_by_sendto},
    {"send", prepare_nothing, send_connected},
    {"sendmmsg", prepare_sendmmsg, send_by_sendmmsg},
    {"gso", prepare_gso, send_by_gso},
    {"gso_connected", prepare_gso, send_by_gso},
    {"gso_apart", prepare_gso, send_by_gso},
#ifdef JACKFIELD
    {"jf", prepare_jf_send, send_by_jf},
    {"jf_connected", prepare_jf_send, send_by_jf},
    {"jf_apart", prepare_jf_send, send_by_jf},
#endif
    {NULL, NULL, NULL}
};

static const struct receiving {
    const char *name;
    void (*prepare)(void);
    void (*receive)(size_t who, size_t count);
} RECEIVING[] = {
    {"recvfrom", prepare_nothing, receive_by_recvfrom},
    {"recv", prepare_nothing, receive_connected},
    {"recvmmsg", prepare_recvmmsg, receive_by_recvmmsg},
    {"gro", prepare_gro, receive_by_gro},
#ifdef JACKFIELD
    {"jf", prepare_jf_rooms, receive_by_jf},
    {"jf_gro", prepare_jf_room, receive_by_jf_gro},
#endif
    {NULL, NULL, NULL}
};

/* A socket at a free port, with room for the largest batch. */
static int open_udp(struct sockaddr_in *at) {
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), bytes = MOST_BATCH * 4096;
    socklen_t len = sizeof *at;
    *at = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    MUST(fd >= 0 && bind(fd, (struct sockaddr *)at, sizeof *at) == 0);
    MUST(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes) == 0);
    MUST(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes) == 0);
    MUST(getsockname(fd, (struct sockaddr *)at, &len) == 0);
    return fd;
}

static void open_sockets(void) {
    for (size_t i = 0; i < destinations; i++) {
        struct sockaddr_in from;
        sender[i] = open_udp(&from);
        receiver[i] = open_udp(&name[i]);
        if (connected) {
            MUST(connect(sender[i], (struct sockaddr *)&name[i], sizeof name[i]) == 0);
            MUST(connect(receiver[i], (struct sockaddr *)&from, sizeof from) == 0);
        }
    }
}

static double nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

int main(int argc, char **argv) {
    MUST(argc == 6);
    const struct sending *sending = SENDING;
    const struct receiving *receiving = RECEIVING;
    while (sending->name && strcmp(sending->name, argv[1]) != 0) sending++;
    while (receiving->name && strcmp(receiving->name, argv[2]) != 0) receiving++;
    MUST(sending->name && receiving->name);
    size = (size_t)atol(argv[3]);
    batch = (size_t)atol(argv[4]);
    destinations = (size_t)atol(argv[5]);
    MUST(size > 0 && size <= LONGEST && batch > 0 && batch <= MOST_BATCH);
    MUST(destinations > 0 && destinations <= MOST_DESTINATIONS);
    stride = strstr(sending->name, "_apart") ? LONGEST : size;
    size_t reached = batch < destinations ? batch : destinations; /* destinations of a batch */
    MUST(batch % reached == 0);
    MUST(destinations == 1 || sending->send != send_by_gso);

    memset(sent, FIRST, sizeof sent);
    connected = sending->send == send_connected || strstr(sending->name, "_connected");
    open_sockets();
    sending->prepare();
    receiving->prepare();

    size_t slot = 0;
    for (long batches; scanf("%ld", &batches) == 1;) {
        MUST(batches > 0);
        sum = 0;
        double before = nanoseconds();
        for (long i = 0; i < batches; i++) {
            sending->send(slot);
            for (size_t who = slot; who < slot + reached; who++) {
                receiving->receive(who % destinations, batch / reached);
            }
            slot = (slot + batch) % destinations;
        }
        double datagrams = (double)batches * (double)batch;
        printf("%.2f\n", (nanoseconds() - before) / datagrams);
        fflush(stdout);
        MUST(sum == (uint64_t)batches * batch * (FIRST + size));
    }
    return 0;
}
