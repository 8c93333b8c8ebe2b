/* What the tests of many datagrams at once share. */
#ifndef MANY_H
#define MANY_H

#include "messages.h"

enum { RUN = JF_COALESCED_COUNT, RUN_ROOMS = 2, OWN_ROOMS = 64, OWN_ROOM = 2048 };

static char run_rooms[RUN_ROOMS][JF_COALESCED_ROOM];
static char own_rooms[OWN_ROOMS][OWN_ROOM];

/* An array for what comes run together in so many rooms. */
static inline jf_datagram *for_runs(size_t rooms) {
    static jf_datagram d[RUN_ROOMS * RUN];
    CHECK(rooms <= RUN_ROOMS);
    memset(d, 0, sizeof d);
    for (size_t i = 0; i < rooms; i++) d[i] = (jf_datagram){.room = run_rooms[i], .room_len = JF_COALESCED_ROOM};
    return d;
}

/* An array for so many that come each into a room of its own, so large. */
static inline jf_datagram *for_each(size_t count, size_t len) {
    static jf_datagram d[OWN_ROOMS];
    CHECK(count <= OWN_ROOMS && len <= OWN_ROOM);
    memset(d, 0, sizeof d);
    for (size_t i = 0; i < count; i++) d[i] = (jf_datagram){.room = own_rooms[i], .room_len = len};
    return d;
}

/* A datagram to send to an address, or to the peer. */
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

/* The number that a test's datagrams begin with. */
static inline uint32_t number_of(const jf_datagram *d) {
    uint32_t number;
    CHECK(d->len >= sizeof number);
    memcpy(&number, d->data, sizeof number);
    return number;
}

/* Sends so many datagrams of one length, numbered from first. */
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

/* Receives datagrams with these numbers in this order and nothing else, run together or each in its own room. */
static inline void expect_numbered(jf_socket s, int runs, uint32_t first, uint32_t count, size_t len) {
    for (uint32_t at = first; at < first + count;) {
        jf_datagram *d = runs ? for_runs(1) : for_each(OWN_ROOMS, OWN_ROOM);
        int64_t came = OK(jf_recv_many(s, d, runs ? RUN : OWN_ROOMS, 0));
        for (int64_t i = 0; i < came; i++) {
            EXPECT(number_of(&d[i]), at++);
            CHECK(d[i].len == len && d[i].result == (int64_t)len);
        }
    }
    jf_datagram *d = runs ? for_runs(1) : for_each(OWN_ROOMS, OWN_ROOM);
    EXPECT(jf_recv_many(s, d, runs ? RUN : OWN_ROOMS, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
}

#endif
