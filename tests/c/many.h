/* Shared by the tests of batches (jf_send_many, jf_recv_many). */
#ifndef MANY_H
#define MANY_H

#include "messages.h"

enum { COALESCED_MAX = JF_COALESCED_COUNT, COALESCED_BUFFERS = 2, BUFFERS = 64, BUFFER_LEN = 2048 };

static char coalesced_buffers[COALESCED_BUFFERS][JF_COALESCED_ROOM];
static char buffers[BUFFERS][BUFFER_LEN];

/* Returns an array that receives coalesced datagrams into this many large buffers. */
static inline jf_datagram *coalesced_batch(size_t buffer_count) {
    static jf_datagram d[COALESCED_BUFFERS * COALESCED_MAX];
    CHECK(buffer_count <= COALESCED_BUFFERS);
    memset(d, 0, sizeof d);
    for (size_t i = 0; i < buffer_count; i++) {
        d[i] = (jf_datagram){.room = coalesced_buffers[i], .room_len = JF_COALESCED_ROOM};
    }
    return d;
}

/* Returns an array that receives each datagram into a separate buffer of this length. */
static inline jf_datagram *plain_batch(size_t count, size_t len) {
    static jf_datagram d[BUFFERS];
    CHECK(count <= BUFFERS && len <= BUFFER_LEN);
    memset(d, 0, sizeof d);
    for (size_t i = 0; i < count; i++) d[i] = (jf_datagram){.room = buffers[i], .room_len = len};
    return d;
}

/* Returns a datagram to an address, or to the peer if `to` is NULL. */
static inline jf_datagram datagram(const void *data, size_t len, const jf_addr *to) {
    jf_datagram d;
    memset(&d, 0, sizeof d);
    d.data = (void *)(uintptr_t)data;
    d.len = len;
    if (to) {
        d.present = JF_HAS_ADDR;
        d.addr = *to;
    }
    return d;
}

/* Returns the number at the start of a test's datagram. */
static inline uint32_t number_of(const jf_datagram *d) {
    uint32_t number;
    CHECK(d->len >= sizeof number);
    memcpy(&number, d->data, sizeof number);
    return number;
}

/* Sends `count` datagrams of one length, numbered from `first`. */
static inline void send_numbered(jf_socket s, const jf_addr *to, uint32_t first, uint32_t count, size_t len) {
    static char bytes[256][2048];
    jf_datagram d[256];
    CHECK(count <= 256 && len >= 4 && len <= 2048);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t number = first + i;
        memcpy(bytes[i], &number, sizeof number);
        d[i] = datagram(bytes[i], len, to);
    }
    EXPECT(jf_send_many(s, d, count, 0), count);
    for (uint32_t i = 0; i < count; i++) EXPECT(d[i].result, (int64_t)len);
}

/* Receives the datagrams with these numbers in order and nothing else, coalesced or each into a separate buffer. */
static inline void expect_numbered(jf_socket s, int is_coalesced, uint32_t first, uint32_t count, size_t len) {
    for (uint32_t next = first; next < first + count;) {
        jf_datagram *d = is_coalesced ? coalesced_batch(1) : plain_batch(BUFFERS, BUFFER_LEN);
        int64_t arrived = OK(jf_recv_many(s, d, is_coalesced ? COALESCED_MAX : BUFFERS, 0));
        for (int64_t i = 0; i < arrived; i++) {
            EXPECT(number_of(&d[i]), next++);
            CHECK(d[i].len == len && d[i].result == (int64_t)len);
        }
    }
    jf_datagram *d = is_coalesced ? coalesced_batch(1) : plain_batch(BUFFERS, BUFFER_LEN);
    EXPECT(jf_recv_many(s, d, is_coalesced ? COALESCED_MAX : BUFFERS, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
}

#endif
