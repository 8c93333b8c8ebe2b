/*
 * Batches of datagrams with two implementations, like sockets.h. That with the C library does by hand what jackfield
 * does. To one destination it sends one segmented message (GSO), and splits a coalesced one (GRO). To two destinations
 * in turn, where no two neighbours can share a message, it calls sendmmsg.
 */
#ifndef DATAGRAM_BATCH_H
#define DATAGRAM_BATCH_H

#include "sockets.h"

enum { BATCH_SIZE = 64, DATAGRAM_SIZE = 2, MAX_COALESCED = 128 };

static char sent_bytes[BATCH_SIZE][DATAGRAM_SIZE], received_bytes[65536];

#ifdef JACKFIELD
static jf_datagram outgoing[BATCH_SIZE], scattered[BATCH_SIZE], incoming[JF_COALESCED_COUNT];

static inline void prepare_batches(sock receiver, address to[2]) {
    for (int i = 0; i < BATCH_SIZE; i++) {
        outgoing[i] = (jf_datagram){.data = sent_bytes[i], .len = DATAGRAM_SIZE, .present = JF_HAS_ADDR, .addr = to[1]};
        scattered[i] = outgoing[i];
        scattered[i].addr = to[i % 2];
    }
    incoming[0].room = received_bytes;
    incoming[0].room_len = sizeof received_bytes;
    /* The first call enables GRO, which applies to datagrams that arrive afterwards. */
    CHECK(jf_recv_many(receiver, incoming, JF_COALESCED_COUNT, JF_DONT_WAIT) == WOULD_BLOCK);
}

static inline int64_t send_batch(sock s) {
    return jf_send_many(s, outgoing, BATCH_SIZE, 0);
}

static inline int64_t send_scattered_batch(sock s) {
    return jf_send_many(s, scattered, BATCH_SIZE, 0);
}

static inline int64_t recv_batch(sock s) {
    return jf_recv_many(s, incoming, JF_COALESCED_COUNT, 0);
}

#else
#include <netinet/udp.h>

static struct msghdr outgoing;
static struct mmsghdr scattered[BATCH_SIZE];
static buffer outgoing_bytes, scattered_bytes[BATCH_SIZE], incoming[MAX_COALESCED];

static inline void prepare_batches(sock receiver, address to[2]) {
    static _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(uint16_t))];
    uint16_t segment_size = DATAGRAM_SIZE;
    int on = 1;
    outgoing_bytes = buffer_of(sent_bytes, sizeof sent_bytes);
    outgoing = (struct msghdr){.msg_name = &to[1].any, .msg_namelen = to[1].len, .msg_iov = &outgoing_bytes,
                               .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    struct cmsghdr *header = CMSG_FIRSTHDR(&outgoing);
    header->cmsg_level = IPPROTO_UDP;
    header->cmsg_type = UDP_SEGMENT;
    header->cmsg_len = CMSG_LEN(sizeof segment_size);
    memcpy(CMSG_DATA(header), &segment_size, sizeof segment_size);
    for (int i = 0; i < BATCH_SIZE; i++) {
        scattered_bytes[i] = buffer_of(sent_bytes[i], DATAGRAM_SIZE);
        scattered[i].msg_hdr = (struct msghdr){.msg_name = &to[i % 2].any, .msg_namelen = to[i % 2].len,
                                               .msg_iov = &scattered_bytes[i], .msg_iovlen = 1};
    }
    CHECK(setsockopt(receiver, IPPROTO_UDP, UDP_GRO, &on, sizeof on) == 0);
}

static inline int64_t send_batch(sock s) {
    return sendmsg(s, &outgoing, MSG_NOSIGNAL) / DATAGRAM_SIZE;
}

static inline int64_t send_scattered_batch(sock s) {
    return sendmmsg(s, scattered, BATCH_SIZE, MSG_NOSIGNAL);
}

static inline int64_t recv_batch(sock s) {
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
    struct sockaddr_in from;
    buffer all = buffer_of(received_bytes, sizeof received_bytes);
    struct msghdr msg = {.msg_name = &from, .msg_namelen = sizeof from, .msg_iov = &all, .msg_iovlen = 1,
                         .msg_control = control, .msg_controllen = sizeof control};
    ssize_t len = recvmsg(s, &msg, 0);
    int segment_size = (int)len, count = 0;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&msg); header != NULL; header = CMSG_NXTHDR(&msg, header))
        if (header->cmsg_level == IPPROTO_UDP && header->cmsg_type == UDP_GRO)
            memcpy(&segment_size, CMSG_DATA(header), sizeof segment_size);
    for (ssize_t start = 0; start < len && count < MAX_COALESCED; start += segment_size)
        incoming[count++] = buffer_of(received_bytes + start,
                                      (size_t)(len - start < segment_size ? len - start : segment_size));
    return count;
}
#endif

#endif
