/*
 * Many datagrams by one call, over either library; side.h says what that is. The C library's side is by hand: a message that
 * the system cuts, and one receive of what came as one, which is then taken apart; or to two destinations in turn, where none
 * goes with its neighbour, sendmmsg.
 */
#ifndef SIDE_MANY_H
#define SIDE_MANY_H

#include "side.h"

enum { BATCH = 64, BATCH_BYTES = 2 };

static char many_bytes[BATCH][BATCH_BYTES], many_room[65536];

#ifdef JACKFIELD
static jf_datagram outgoing[BATCH], scattered[BATCH], incoming[JF_COALESCED_COUNT];

static inline void prepare_many(sock receiver, address to[2]) {
    for (int i = 0; i < BATCH; i++) {
        outgoing[i] = (jf_datagram){.data = many_bytes[i], .len = BATCH_BYTES, .present = JF_HAS_ADDR, .addr = to[1]};
        scattered[i] = outgoing[i];
        scattered[i].addr = to[i % 2];
    }
    incoming[0].room = many_room;
    incoming[0].room_len = sizeof many_room;
    /* From the first call on the system leaves together what was sent together. */
    MUST(jf_recv_many(receiver, incoming, JF_COALESCED_COUNT, JF_DONT_WAIT) == NOTHING);
}

static inline int64_t send_many(sock s) {
    return jf_send_many(s, outgoing, BATCH, 0);
}

static inline int64_t send_scattered(sock s) {
    return jf_send_many(s, scattered, BATCH, 0);
}

static inline int64_t recv_many(sock s) {
    return jf_recv_many(s, incoming, JF_COALESCED_COUNT, 0);
}

#else
#include <netinet/udp.h>

static struct msghdr outgoing;
static struct mmsghdr scattered[BATCH];
static buffer outgoing_bytes, scattered_bytes[BATCH], incoming[128];

static inline void prepare_many(sock receiver, address to[2]) {
    static _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(uint16_t))];
    uint16_t segment = BATCH_BYTES;
    int on = 1;
    outgoing_bytes = buffer_of(many_bytes, sizeof many_bytes);
    outgoing = (struct msghdr){.msg_name = &to[1].any, .msg_namelen = to[1].len, .msg_iov = &outgoing_bytes,
                               .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    struct cmsghdr *head = CMSG_FIRSTHDR(&outgoing);
    head->cmsg_level = IPPROTO_UDP;
    head->cmsg_type = UDP_SEGMENT;
    head->cmsg_len = CMSG_LEN(sizeof segment);
    memcpy(CMSG_DATA(head), &segment, sizeof segment);
    for (int i = 0; i < BATCH; i++) {
        scattered_bytes[i] = buffer_of(many_bytes[i], BATCH_BYTES);
        scattered[i].msg_hdr = (struct msghdr){.msg_name = &to[i % 2].any, .msg_namelen = to[i % 2].len,
                                               .msg_iov = &scattered_bytes[i], .msg_iovlen = 1};
    }
    MUST(setsockopt(receiver, IPPROTO_UDP, UDP_GRO, &on, sizeof on) == 0);
}

static inline int64_t send_many(sock s) {
    return sendmsg(s, &outgoing, MSG_NOSIGNAL) / BATCH_BYTES;
}

static inline int64_t send_scattered(sock s) {
    return sendmmsg(s, scattered, BATCH, MSG_NOSIGNAL);
}

static inline int64_t recv_many(sock s) {
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
    struct sockaddr_in from;
    buffer all = buffer_of(many_room, sizeof many_room);
    struct msghdr msg = {.msg_name = &from, .msg_namelen = sizeof from, .msg_iov = &all, .msg_iovlen = 1,
                         .msg_control = control, .msg_controllen = sizeof control};
    ssize_t len = recvmsg(s, &msg, 0);
    int segment = (int)len, count = 0;
    for (struct cmsghdr *head = CMSG_FIRSTHDR(&msg); head != NULL; head = CMSG_NXTHDR(&msg, head))
        if (head->cmsg_level == IPPROTO_UDP && head->cmsg_type == UDP_GRO) memcpy(&segment, CMSG_DATA(head), sizeof segment);
    for (ssize_t at = 0; at < len && count < 128; at += segment)
        incoming[count++] = buffer_of(many_room + at, (size_t)(len - at < segment ? len - at : segment));
    return count;
}
#endif

#endif
