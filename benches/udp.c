/*
 * Sends a batch of datagrams over UDP on loopback, and receives it in the same thread, so that no datagram is lost and
 * no call blocks. It measures the cost of both calls per datagram.
 *
 * usage: udp SEND RECEIVE SIZE BATCH DESTINATIONS
 *
 *     SEND      sendto          one call per datagram
 *               send            the same from connected sockets
 *               sendmmsg        one call per batch
 *               gso             one segmented message per batch (UDP_SEGMENT)
 *               gso_connected   the same from a connected socket
 *               gso_gather      the same from datagrams that are not contiguous in memory
 *               jf, jf_connected, jf_gather     jf_send_many, in the same three situations
 *     RECEIVE   recvfrom        one call per datagram
 *               recv            the same at connected sockets
 *               recvmmsg        one call per batch
 *               gro             one coalesced message (UDP_GRO), which is then split into datagrams
 *               jf              jf_recv_many, with a buffer for each datagram
 *               jf_gro          jf_recv_many, with one buffer for up to 128 coalesced datagrams
 *
 * The methods that begin with jf need -DJACKFIELD. The datagrams go to each destination in turn. Each destination is a
 * socket, from which its datagrams are received. What can be prepared once is prepared before the measurement. All
 * methods but recv return the sender's address. The length and first byte of each datagram enter a checksum.
 *
 * For each number on standard input it sends and receives that many batches, and prints the nanoseconds per datagram.
 */
#include "sockets.h"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    MAX_BATCH = 64,
    MAX_DESTINATIONS = 16,
    SLOTS = MAX_BATCH + MAX_DESTINATIONS,
    MAX_DATAGRAM = 1472,            /* bytes */
    MAX_SEGMENTS = 64,              /* datagrams in a segmented message */
    MAX_PAYLOAD = 65507,            /* bytes in a segmented message */
    COALESCED_BUFFER_SIZE = 65536,  /* bytes */
    MAX_COALESCED = 128,            /* datagrams in a coalesced message */
    FIRST_BYTE = 'd'
};

static size_t size, batch, destinations, stride;
static int is_connected;

/* Datagram n goes to destination n modulo `destinations`. Connected sockets are paired: sender i with receiver i. */
static int sender[MAX_DESTINATIONS], receiver[MAX_DESTINATIONS];
static struct sockaddr_in destination_address[MAX_DESTINATIONS];

/* The datagrams to send, one every `stride` bytes. A batch begins in the slot of its first destination. */
static char sent[SLOTS * MAX_DATAGRAM];
static char datagram_buffers[MAX_BATCH][MAX_DATAGRAM], coalesced_buffer[COALESCED_BUFFER_SIZE];

static uint64_t checksum;

static inline void add_to_checksum(const char *data, size_t len) {
    checksum += (unsigned char)*data + len;
}

/* Send methods: each sends a batch that begins in a slot. */

static void send_with_sendto(size_t slot) {
    for (size_t end = slot + batch; slot < end; slot++) {
        const struct sockaddr *to = (const struct sockaddr *)&destination_address[slot % destinations];
        CHECK(sendto(sender[0], sent + slot * stride, size, 0, to, sizeof *destination_address) == (ssize_t)size);
    }
}

static void send_with_send(size_t slot) {
    for (size_t end = slot + batch; slot < end; slot++) {
        CHECK(send(sender[slot % destinations], sent + slot * stride, size, 0) == (ssize_t)size);
    }
}

static struct mmsghdr out_headers[SLOTS];
static struct iovec out_iovecs[SLOTS];

static void prepare_sendmmsg(void) {
    for (size_t slot = 0; slot < SLOTS; slot++) {
        struct msghdr *header = &out_headers[slot].msg_hdr;
        out_iovecs[slot] = (struct iovec){sent + slot * stride, size};
        header->msg_name = &destination_address[slot % destinations];
        header->msg_namelen = sizeof *destination_address;
        header->msg_iov = &out_iovecs[slot];
        header->msg_iovlen = 1;
    }
}

static void send_with_sendmmsg(size_t slot) {
    CHECK(sendmmsg(sender[0], &out_headers[slot], (unsigned)batch, 0) == (int)batch);
}

/* A batch is one segmented message, or several if one would exceed MAX_PAYLOAD or MAX_SEGMENTS. */
static struct msghdr groups[MAX_BATCH];
static size_t group_count;

static void prepare_gso(void) {
    static _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(uint16_t))];
    struct msghdr with_control = {.msg_control = control, .msg_controllen = sizeof control};
    struct cmsghdr *cmsg = CMSG_FIRSTHDR(&with_control);
    uint16_t segment_size = (uint16_t)size;
    cmsg->cmsg_level = IPPROTO_UDP;
    cmsg->cmsg_type = UDP_SEGMENT;
    cmsg->cmsg_len = CMSG_LEN(sizeof segment_size);
    memcpy(CMSG_DATA(cmsg), &segment_size, sizeof segment_size);

    size_t max_count = MAX_PAYLOAD / size < MAX_SEGMENTS ? MAX_PAYLOAD / size : MAX_SEGMENTS;
    for (size_t slot = 0; slot < batch; slot += max_count) {
        size_t count = batch - slot < max_count ? batch - slot : max_count;
        struct msghdr *group = &groups[group_count];
        *group = with_control;
        group->msg_name = is_connected ? NULL : &destination_address[0];
        group->msg_namelen = is_connected ? 0 : sizeof *destination_address;
        group->msg_iov = &out_iovecs[slot];
        group->msg_iovlen = stride == size ? 1 : count;
        for (size_t i = 0; i < group->msg_iovlen; i++) {
            out_iovecs[slot + i] = (struct iovec){sent + (slot + i) * stride, count * size / group->msg_iovlen};
        }
        group_count++;
    }
}

static void send_with_gso(size_t slot) {
    (void)slot; /* with one destination every batch begins in slot 0 */
    size_t bytes = 0;
    for (size_t i = 0; i < group_count; i++) {
        ssize_t n = sendmsg(sender[0], &groups[i], 0);
        CHECK(n > 0);
        bytes += (size_t)n;
    }
    CHECK(bytes == batch * size);
}

/* Receive methods: each receives `count` datagrams from a destination. */

static void receive_with_recvfrom(size_t destination, size_t count) {
    for (size_t i = 0; i < count; i++) {
        struct sockaddr_in from;
        socklen_t len = sizeof from;
        ssize_t n = recvfrom(receiver[destination], coalesced_buffer, MAX_DATAGRAM, 0, (struct sockaddr *)&from, &len);
        CHECK(n > 0);
        add_to_checksum(coalesced_buffer, (size_t)n);
    }
}

static void receive_with_recv(size_t destination, size_t count) {
    for (size_t i = 0; i < count; i++) {
        ssize_t n = recv(receiver[destination], coalesced_buffer, MAX_DATAGRAM, 0);
        CHECK(n > 0);
        add_to_checksum(coalesced_buffer, (size_t)n);
    }
}

static struct mmsghdr in_headers[MAX_BATCH];
static struct iovec in_iovecs[MAX_BATCH];
static struct sockaddr_in senders[MAX_BATCH];

static void prepare_recvmmsg(void) {
    for (size_t i = 0; i < MAX_BATCH; i++) {
        struct msghdr *header = &in_headers[i].msg_hdr;
        in_iovecs[i] = (struct iovec){datagram_buffers[i], MAX_DATAGRAM};
        header->msg_name = &senders[i];
        header->msg_namelen = sizeof *senders; /* stays valid: every sender's address has this length */
        header->msg_iov = &in_iovecs[i];
        header->msg_iovlen = 1;
    }
}

static void receive_with_recvmmsg(size_t destination, size_t count) {
    while (count > 0) {
        int n = recvmmsg(receiver[destination], in_headers, (unsigned)count, MSG_WAITFORONE, NULL);
        CHECK(n > 0);
        for (int i = 0; i < n; i++) {
            add_to_checksum(datagram_buffers[i], in_headers[i].msg_len);
        }
        count -= (size_t)n;
    }
}

struct datagram {
    char *data;
    size_t len;
};

static void prepare_gro(void) {
    int on = 1;
    for (size_t i = 0; i < destinations; i++) {
        CHECK(setsockopt(receiver[i], IPPROTO_UDP, UDP_GRO, &on, sizeof on) == 0);
    }
}

/* Receives a coalesced message, splits it, and returns the number of datagrams. */
static size_t receive_coalesced(int fd, struct datagram datagrams[MAX_COALESCED]) {
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
    struct sockaddr_in from;
    struct iovec all = {coalesced_buffer, COALESCED_BUFFER_SIZE};
    struct msghdr header = {.msg_name = &from, .msg_namelen = sizeof from, .msg_iov = &all, .msg_iovlen = 1,
                            .msg_control = control, .msg_controllen = sizeof control};
    ssize_t n = recvmsg(fd, &header, 0);
    CHECK(n > 0);
    int segment_size = (int)n;
    for (struct cmsghdr *cmsg = CMSG_FIRSTHDR(&header); cmsg != NULL; cmsg = CMSG_NXTHDR(&header, cmsg)) {
        if (cmsg->cmsg_level == IPPROTO_UDP && cmsg->cmsg_type == UDP_GRO) {
            memcpy(&segment_size, CMSG_DATA(cmsg), sizeof segment_size);
        }
    }
    CHECK(segment_size > 0);
    size_t count = 0, len = (size_t)segment_size;
    for (size_t start = 0; start < (size_t)n; start += len) {
        size_t remaining = (size_t)n - start;
        CHECK(count < MAX_COALESCED);
        datagrams[count++] = (struct datagram){coalesced_buffer + start, remaining < len ? remaining : len};
    }
    return count;
}

static void receive_with_gro(size_t destination, size_t count) {
    static struct datagram datagrams[MAX_COALESCED];
    while (count > 0) {
        size_t n = receive_coalesced(receiver[destination], datagrams);
        CHECK(n <= count);
        for (size_t i = 0; i < n; i++) {
            add_to_checksum(datagrams[i].data, datagrams[i].len);
        }
        count -= n;
    }
}

#ifdef JACKFIELD
static jf_socket jf_sender, jf_receiver[MAX_DESTINATIONS];
static _Alignas(64) jf_datagram outgoing[SLOTS], incoming[JF_COALESCED_COUNT];

static void prepare_jf_send(void) {
    CHECK((jf_sender = jf_from_fd(dup(sender[0]))) > 0);
    for (size_t slot = 0; slot < SLOTS; slot++) {
        jf_datagram *datagram = &outgoing[slot];
        datagram->data = sent + slot * stride;
        datagram->len = size;
        datagram->present = is_connected ? 0 : JF_HAS_ADDR;
        CHECK(jf_addr_parse("127.0.0.1:0", &datagram->addr) == 0);
        datagram->addr.port = ntohs(destination_address[slot % destinations].sin_port);
    }
}

static void send_with_jf(size_t slot) {
    CHECK(jf_send_many(jf_sender, &outgoing[slot], batch, 0) == (int64_t)batch);
}

static void prepare_jf_receive(void) {
    for (size_t i = 0; i < destinations; i++) {
        CHECK((jf_receiver[i] = jf_from_fd(dup(receiver[i]))) > 0);
    }
    for (size_t i = 0; i < MAX_BATCH; i++) {
        incoming[i].room = datagram_buffers[i];
        incoming[i].room_len = MAX_DATAGRAM;
    }
}

static void prepare_jf_gro(void) {
    prepare_jf_receive();
    memset(incoming, 0, sizeof incoming);
    incoming[0].room = coalesced_buffer;
    incoming[0].room_len = JF_COALESCED_ROOM;
}

/* Calls jf_recv_many with an array of `elements` elements; 0: as many as datagrams are expected. */
static inline void receive_with_jf_array(size_t elements, size_t destination, size_t count) {
    while (count > 0) {
        int64_t n = jf_recv_many(jf_receiver[destination], incoming, elements ? elements : count, 0);
        CHECK(n > 0 && n <= (int64_t)count);
        for (int64_t i = 0; i < n; i++) {
            add_to_checksum(incoming[i].data, incoming[i].len);
        }
        count -= (size_t)n;
    }
}

static void receive_with_jf(size_t destination, size_t count) {
    receive_with_jf_array(0, destination, count);
}

static void receive_with_jf_gro(size_t destination, size_t count) {
    receive_with_jf_array(JF_COALESCED_COUNT, destination, count);
}
#endif

static void prepare_nothing(void) {}

static const struct send_method {
    const char *name;
    void (*prepare)(void);
    void (*send)(size_t slot);
} SEND_METHODS[] = {
    {"sendto", prepare_nothing, send_with_sendto},
    {"send", prepare_nothing, send_with_send},
    {"sendmmsg", prepare_sendmmsg, send_with_sendmmsg},
    {"gso", prepare_gso, send_with_gso},
    {"gso_connected", prepare_gso, send_with_gso},
    {"gso_gather", prepare_gso, send_with_gso},
#ifdef JACKFIELD
    {"jf", prepare_jf_send, send_with_jf},
    {"jf_connected", prepare_jf_send, send_with_jf},
    {"jf_gather", prepare_jf_send, send_with_jf},
#endif
    {NULL, NULL, NULL}
};

static const struct receive_method {
    const char *name;
    void (*prepare)(void);
    void (*receive)(size_t destination, size_t count);
} RECEIVE_METHODS[] = {
    {"recvfrom", prepare_nothing, receive_with_recvfrom},
    {"recv", prepare_nothing, receive_with_recv},
    {"recvmmsg", prepare_recvmmsg, receive_with_recvmmsg},
    {"gro", prepare_gro, receive_with_gro},
#ifdef JACKFIELD
    {"jf", prepare_jf_receive, receive_with_jf},
    {"jf_gro", prepare_jf_gro, receive_with_jf_gro},
#endif
    {NULL, NULL, NULL}
};

/* Opens a socket at a free port, with buffers that hold the largest batch. */
static int open_udp(struct sockaddr_in *address) {
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), bytes = MAX_BATCH * 4096;
    socklen_t len = sizeof *address;
    *address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    CHECK(fd >= 0 && bind(fd, (struct sockaddr *)address, sizeof *address) == 0);
    CHECK(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes) == 0);
    CHECK(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes) == 0);
    CHECK(getsockname(fd, (struct sockaddr *)address, &len) == 0);
    return fd;
}

static void open_sockets(void) {
    for (size_t i = 0; i < destinations; i++) {
        struct sockaddr_in from;
        sender[i] = open_udp(&from);
        receiver[i] = open_udp(&destination_address[i]);
        if (is_connected) {
            CHECK(connect(sender[i], (struct sockaddr *)&destination_address[i], sizeof destination_address[i]) == 0);
            CHECK(connect(receiver[i], (struct sockaddr *)&from, sizeof from) == 0);
        }
    }
}

static double nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

int main(int argc, char **argv) {
    CHECK(argc == 6);
    const struct send_method *send_method = SEND_METHODS;
    const struct receive_method *receive_method = RECEIVE_METHODS;
    while (send_method->name && strcmp(send_method->name, argv[1]) != 0) send_method++;
    while (receive_method->name && strcmp(receive_method->name, argv[2]) != 0) receive_method++;
    CHECK(send_method->name && receive_method->name);
    size = (size_t)atol(argv[3]);
    batch = (size_t)atol(argv[4]);
    destinations = (size_t)atol(argv[5]);
    CHECK(size > 0 && size <= MAX_DATAGRAM && batch > 0 && batch <= MAX_BATCH);
    CHECK(destinations > 0 && destinations <= MAX_DESTINATIONS);
    stride = strstr(send_method->name, "_gather") ? MAX_DATAGRAM : size;
    size_t batch_destinations = batch < destinations ? batch : destinations;
    CHECK(batch % batch_destinations == 0);
    CHECK(destinations == 1 || send_method->send != send_with_gso);

    memset(sent, FIRST_BYTE, sizeof sent);
    is_connected = send_method->send == send_with_send || strstr(send_method->name, "_connected");
    open_sockets();
    send_method->prepare();
    receive_method->prepare();

    size_t slot = 0;
    for (long batches; scanf("%ld", &batches) == 1;) {
        CHECK(batches > 0);
        checksum = 0;
        double before = nanoseconds();
        for (long i = 0; i < batches; i++) {
            send_method->send(slot);
            for (size_t destination = slot; destination < slot + batch_destinations; destination++) {
                receive_method->receive(destination % destinations, batch / batch_destinations);
            }
            slot = (slot + batch) % destinations;
        }
        double datagrams = (double)batches * (double)batch;
        printf("%.2f\n", (nanoseconds() - before) / datagrams);
        fflush(stdout);
        CHECK(checksum == (uint64_t)batches * batch * (FIRST_BYTE + size));
    }
    return 0;
}
