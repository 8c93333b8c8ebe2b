/* Invalid arrays of datagrams, invalid members and flags, and sockets without datagrams. */
#include "misuse.h"

#include <sys/mman.h>

enum { COUNT = JF_COALESCED_COUNT };

static jf_addr names[2];
static jf_socket s[2];
static unsigned char buffer[JF_COALESCED_ROOM];

/* A datagram to the second socket, with a receive buffer. */
static jf_datagram valid_datagram(void) {
    jf_datagram d;
    memset(&d, 0, sizeof d);
    d = (jf_datagram){.data = "x", .len = 1, .result = 77, .room = buffer, .room_len = 8};
    if (names[1].family != JF_UNIX) {
        d.present = JF_HAS_ADDR;
        d.addr = names[1];
    }
    return d;
}

static void open_pair(enum kind kind) {
    connected(kind, s);
    for (int i = 0; i < 2; i++) OK(jf_local_addr(s[i], &names[i]));
}

/* Receives exactly this many datagrams. */
static void expect_received(int64_t count) {
    static jf_datagram received[64];
    for (int i = 0; i < 64; i++) received[i] = (jf_datagram){.room = buffer + 8 * i, .room_len = 8};
    for (int64_t total = 0; total < count;) total += OK(jf_recv_many(s[1], received, (size_t)(count - total), 0));
    EXPECT(jf_recv_many(s[1], received, 64, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
    fill(buffer, 1024);
}

static void check_arrays(void) {
    static const size_t COUNTS[] = {INT64_MAX / sizeof(jf_datagram) + 1, INT64_MAX, (size_t)INT64_MAX + 1, SIZE_MAX};
    jf_datagram d[2] = {valid_datagram(), valid_datagram()};
    EXPECT(jf_send_many(s[0], NULL, 0, 0), 0);
    EXPECT(jf_recv_many(s[1], NULL, 0, 0), 0);
    EXPECT(jf_send_many(s[0], (jf_datagram *)(uintptr_t)3, 0, 0), 0);
    EXPECT(jf_recv_many(s[1], (jf_datagram *)(uintptr_t)3, 0, 0), 0);
    for (size_t count = 1; count < 200; count += 63) {
        expect_of("jf_send_many of NULL", (int64_t)count, jf_send_many(s[0], NULL, count, 0), JF_E_INVALID);
        expect_of("jf_recv_many of NULL", (int64_t)count, jf_recv_many(s[1], NULL, count, 0), JF_E_INVALID);
    }
    for (size_t i = 0; i < sizeof COUNTS / sizeof *COUNTS; i++) {
        expect_of("jf_send_many", (int64_t)COUNTS[i], jf_send_many(s[0], d, COUNTS[i], 0), JF_E_INVALID);
        expect_of("jf_recv_many", (int64_t)COUNTS[i], jf_recv_many(s[1], d, COUNTS[i], 0), JF_E_INVALID);
    }
    for (uintptr_t off = 1; off < 8; off++) {
        jf_datagram *at = (jf_datagram *)((uintptr_t)d + off);
        expect_of("misaligned", (int64_t)off, jf_send_many(s[0], at, 1, 0), JF_E_INVALID);
        expect_of("misaligned", (int64_t)off, jf_recv_many(s[1], at, 1, 0), JF_E_INVALID);
    }
    CHECK(d[0].result == 77 && d[1].result == 77);
}

static void check_flags(void) {
    for (int bit = 0; bit < 32; bit++) {
        uint32_t flag = (uint32_t)1 << bit;
        jf_datagram d = valid_datagram();
        if (flag != JF_DONT_WAIT && flag != JF_CONFIRM) {
            expect_of("flag", bit, jf_send_many(s[0], &d, 1, flag), JF_E_INVALID);
            expect_of("flag", bit, jf_send_many(s[0], &d, 1, flag | JF_DONT_WAIT | JF_CONFIRM), JF_E_INVALID);
            expect_of("flag of 0 datagrams", bit, jf_send_many(s[0], NULL, 0, flag), JF_E_INVALID);
        }
        if (flag != JF_DONT_WAIT && flag != JF_TRUNC) {
            expect_of("flag", bit, jf_recv_many(s[1], &d, 1, flag), JF_E_INVALID);
            expect_of("flag", bit, jf_recv_many(s[1], &d, 1, flag | JF_DONT_WAIT | JF_TRUNC), JF_E_INVALID);
            expect_of("flag of 0 datagrams", bit, jf_recv_many(s[1], NULL, 0, flag), JF_E_INVALID);
        }
        CHECK(d.result == 77 && d.data != buffer);
    }
    jf_datagram d = valid_datagram();
    EXPECT(jf_send_many(s[0], &d, 1, JF_DONT_WAIT), 1);
    EXPECT(jf_send_many(s[0], &d, 1, JF_CONFIRM | JF_DONT_WAIT), 1);
    expect_received(2);
}

/* An invalid datagram, alone, and before, between and after valid ones. Its result is the error, and the others are
 * sent. */
static void check_invalid(jf_datagram invalid, int64_t code, const char *member, int64_t argument) {
    jf_datagram d[3], before;
    invalid.result = 77;
    before = d[0] = invalid;
    expect_of(member, argument, jf_send_many(s[0], d, 1, 0), code);
    CHECK(d[0].result == code);
    d[0].result = 77;
    CHECK(memcmp(d, &before, sizeof before) == 0);
    d[1] = invalid;
    expect_of(member, argument, jf_send_many(s[0], d, 2, 0), code);
    CHECK(d[0].result == code && d[1].result == code);
    for (int at = 0; at < 3; at++) {
        for (int i = 0; i < 3; i++) d[i] = i == at ? invalid : valid_datagram();
        expect_of(member, argument, jf_send_many(s[0], d, 3, 0), 2);
        for (int i = 0; i < 3; i++) expect_of(member, argument, d[i].result, i == at ? code : 1);
        expect_received(2);
    }
}

static void check_values(enum kind kind) {
    static const size_t LENS[] = {SIZE_MAX, (size_t)INT64_MAX + 1, SIZE_MAX - 7};
    int family = kind_family(kind);
    jf_datagram d;
    for (size_t i = 0; i < sizeof LENS / sizeof *LENS; i++) {
        d = valid_datagram();
        d.len = LENS[i];
        check_invalid(d, JF_E_INVALID, "len", (int64_t)LENS[i]);
    }
    for (size_t len = 1; len < 70000; len *= 9) {
        d = valid_datagram();
        d.data = NULL;
        d.len = len;
        check_invalid(d, JF_E_INVALID, "no data", (int64_t)len);
    }
    for (int bit = 0; bit < 32; bit++) {
        uint32_t flag = (uint32_t)1 << bit;
        if (flag & (JF_HAS_ADDR | JF_HAS_PACKET_INFO | JF_HAS_TOS | JF_HAS_TIME)) continue;
        d = valid_datagram();
        d.present |= flag;
        check_invalid(d, JF_E_INVALID, "present", bit);
        d.present |= JF_HAS_TOS | JF_HAS_TIME;
        check_invalid(d, JF_E_INVALID, "present", bit);
    }
    for (uint32_t tos = 256; tos; tos <<= 1) {
        d = valid_datagram();
        d.present |= JF_HAS_TOS;
        d.tos = tos;
        check_invalid(d, family == JF_UNIX ? JF_E_UNSUPPORTED : JF_E_INVALID, "tos", tos);
    }
    d = valid_datagram();
    d.present |= JF_HAS_PACKET_INFO;
    if (family == JF_UNIX) check_invalid(d, JF_E_UNSUPPORTED, "packet info", 0);
}

/* A datagram that differs from its neighbours only in an invalid destination or source must not be sent as a segment
 * with them. */
static void check_addresses(enum kind kind) {
    int family = kind_family(kind);
    for (int other = 0; other < 10; other++) {
        jf_datagram d = valid_datagram();
        if (other == family) continue;
        d.present |= JF_HAS_ADDR;
        d.addr.family = (uint16_t)other;
        d.addr.len = other == JF_INET ? 4 : other == JF_INET6 ? 16 : 0;
        check_invalid(d, JF_E_FAMILY_UNSUPPORTED, "family", other);
    }
    for (uint32_t len = 0; len < 300 && family != JF_UNIX; len++) {
        jf_datagram d = valid_datagram();
        if (len == d.addr.len) continue;
        d.addr.len = len;
        check_invalid(d, JF_E_ADDR_INVALID, "len of an address", len);
    }
    if (family == JF_UNIX) {
        jf_datagram d = valid_datagram();
        d.present |= JF_HAS_ADDR;
        memset(&d.addr, 0, sizeof d.addr);
        d.addr.family = JF_UNIX;
        check_invalid(d, JF_E_ADDR_INVALID, "no name", 0);
        d.addr.len = 109;
        check_invalid(d, JF_E_ADDR_INVALID, "long name", 0);
        return;
    }
    for (int other = 2; other < 10; other++) {
        jf_datagram d = valid_datagram();
        d.present |= JF_HAS_PACKET_INFO;
        d.local.family = (uint16_t)other;
        d.local.len = other == JF_INET6 ? 16 : 0;
        if (family == JF_INET6 && other == JF_INET6) continue;
        check_invalid(d, JF_E_FAMILY_UNSUPPORTED, "family of local", other);
    }
    jf_datagram d = valid_datagram();
    d.present |= JF_HAS_PACKET_INFO;
    d.local = names[1];
    d.local.len = 5;
    check_invalid(d, JF_E_ADDR_INVALID, "len of local", 5);
}

static void check_buffers(enum kind kind) {
    jf_datagram d[COUNT], before[COUNT];
    /* First elements without a buffer, or with an invalid one. */
    const jf_datagram invalid[] = {{.room = NULL, .room_len = 0},
                                   {.room = buffer, .room_len = 0},
                                   {.room = NULL, .room_len = 1},
                                   {.room = NULL, .room_len = JF_COALESCED_ROOM},
                                   {.room = NULL, .room_len = SIZE_MAX},
                                   {.room = buffer, .room_len = SIZE_MAX},
                                   {.room = buffer, .room_len = (size_t)INT64_MAX + 1}};
    EXPECT(jf_send(s[0], "y", 1, 0), 1);
    for (size_t i = 0; i < sizeof invalid / sizeof *invalid; i++)
        for (size_t count = 1; count <= COUNT; count += COUNT - 1) {
            for (size_t at = 0; at < COUNT; at++) d[at] = at == 0 ? invalid[i] : valid_datagram();
            memcpy(before, d, sizeof d);
            expect_of("first buffer", (int64_t)i, jf_recv_many(s[1], d, count, 0), JF_E_INVALID);
            CHECK(memcmp(before, d, sizeof d) == 0 && untouched(buffer, sizeof buffer));
        }
    /* An invalid buffer after a valid one is refused. Elements after the first one without a buffer are not read. */
    for (size_t i = 2; i < sizeof invalid / sizeof *invalid; i++) {
        d[0] = valid_datagram();
        d[1] = invalid[i];
        memcpy(before, d, sizeof d);
        expect_of("second buffer", (int64_t)i, jf_recv_many(s[1], d, 2, 0), JF_E_INVALID);
        CHECK(memcmp(before, d, sizeof d) == 0 && untouched(buffer, sizeof buffer));
    }
    /* The socket is unchanged: every receive call still works. */
    char byte = 0;
    EXPECT(jf_recv(s[1], &byte, 1, 0), 1);
    CHECK(byte == 'y');
    d[0] = valid_datagram();
    d[1] = invalid[0];
    d[2] = invalid[2];
    EXPECT(jf_send(s[0], "z", 1, 0), 1);
    EXPECT(jf_recv_many(s[1], d, 3, 0), 1);
    CHECK(d[0].data == buffer && buffer[0] == 'z' && d[0].result == 1);
    fill(buffer, 8);
    if (kind == UNIX_DGRAM) return;

    /* On a coalescing socket, a smaller array is refused, and the datagrams stay queued. */
    for (int at = 0; at < COUNT; at++) d[at] = valid_datagram();
    d[0].room_len = JF_COALESCED_ROOM;
    EXPECT(jf_recv_many(s[1], d, COUNT, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
    EXPECT(jf_send(s[0], "y", 1, 0), 1);
    memcpy(before, d, sizeof d);
    for (size_t count = 1; count < COUNT; count *= 2)
        expect_of("a small array", (int64_t)count, jf_recv_many(s[1], d, count, 0), JF_E_INVALID);
    for (size_t len = 0; len < JF_COALESCED_ROOM; len = 2 * len + 1) {
        d[0].room_len = len;
        expect_of("a small buffer", (int64_t)len, jf_recv_many(s[1], d, COUNT, 0), JF_E_INVALID);
    }
    d[0].room_len = JF_COALESCED_ROOM;
    CHECK(memcmp(before, d, sizeof d) == 0 && untouched(buffer, sizeof buffer));
    EXPECT(jf_recv_many(s[1], d, COUNT, 0), 1);
    CHECK(buffer[0] == 'y');
    fill(buffer, 8);
    OK(jf_set(s[1], JF_OPT_GRO, 0));
}

/* The kernel reports unmapped memory. The call does not crash and does not report the datagram as sent. */
static void check_unmapped_memory(void) {
    size_t page = 4096;
    void *unmapped = mmap(NULL, page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(unmapped != MAP_FAILED);
    jf_datagram d[3] = {valid_datagram(), valid_datagram(), valid_datagram()};
    d[1].data = unmapped;
    /* Different lengths, so that the datagrams are not segments of one message. */
    d[1].len = 2;
    d[2].data = "xyz";
    d[2].len = 3;
    EXPECT(jf_send_many(s[0], d, 3, 0), 2);
    CHECK(d[0].result == 1 && d[1].result < JF_E_OS && d[2].result == 3);
    expect_received(2);
    CHECK(munmap(unmapped, page) == 0);
}

/* Stream and seqpacket sockets have no datagrams. */
static void check_connection_sockets(void) {
    for (enum kind kind = 0; kind < KINDS; kind++) {
        if (kind_type(kind) == JF_DGRAM) continue;
        jf_socket c[2];
        connected(kind, c);
        names[1].family = JF_UNIX;
        jf_datagram d = valid_datagram();
        for (size_t count = 0; count < 2; count++) {
            expect_of(kind_names[kind], kind, jf_send_many(c[0], &d, count, 0), JF_E_TYPE_UNSUPPORTED);
            expect_of(kind_names[kind], kind, jf_recv_many(c[1], &d, count, 0), JF_E_TYPE_UNSUPPORTED);
        }
        close_both(c);
    }
}

int main(int argc, char **argv) {
    static const enum kind ALL[] = {UDP4, UDP6, UNIX_DGRAM};
    int slow = is_slow(argc, argv);
    fill(buffer, sizeof buffer);
    for (size_t i = 0; i < sizeof ALL / sizeof *ALL; i++) {
        open_pair(ALL[i]);
        check_arrays();
        check_flags();
        check_values(ALL[i]);
        check_addresses(ALL[i]);
        check_buffers(ALL[i]);
        /* valgrind reports the unmapped memory itself. */
        if (!slow) check_unmapped_memory();
        close_both(s);
    }
    check_connection_sockets();
    return 0;
}
