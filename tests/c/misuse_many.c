/* Arrays of datagrams that are wrong in every way, the calls that take them, and the sockets that don't. */
#include "misuse.h"

#include <sys/mman.h>

enum { MANY = JF_COALESCED_COUNT };

static jf_addr names[2];
static jf_socket s[2];
static unsigned char room[JF_COALESCED_ROOM];

/* A datagram to send to the second socket, with room for one. */
static jf_datagram good(void) {
    jf_datagram d;
    memset(&d, 0, sizeof d);
    d = (jf_datagram){.data = "x", .len = 1, .result = 77, .room = room, .room_len = 8};
    if (names[1].family != JF_UNIX) {
        d.present = JF_HAS_ADDR;
        d.addr = names[1];
    }
    return d;
}

static void open_two(enum kind kind) {
    connected(kind, s);
    for (int i = 0; i < 2; i++) OK(jf_local_addr(s[i], &names[i]));
}

/* What came: this many, and no more. */
static void came(int64_t count) {
    static jf_datagram in[64];
    for (int i = 0; i < 64; i++) in[i] = (jf_datagram){.room = room + 8 * i, .room_len = 8};
    for (int64_t got = 0; got < count;) got += OK(jf_recv_many(s[1], in, (size_t)(count - got), 0));
    EXPECT(jf_recv_many(s[1], in, 64, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
    fill(room, 1024);
}

static void arrays(void) {
    static const size_t COUNTS[] = {INT64_MAX / sizeof(jf_datagram) + 1, INT64_MAX, (size_t)INT64_MAX + 1, SIZE_MAX};
    jf_datagram d[2] = {good(), good()};
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

static void flags(void) {
    for (int bit = 0; bit < 32; bit++) {
        uint32_t flag = (uint32_t)1 << bit;
        jf_datagram d = good();
        if (flag != JF_DONT_WAIT && flag != JF_CONFIRM) {
            expect_of("flag", bit, jf_send_many(s[0], &d, 1, flag), JF_E_INVALID);
            expect_of("flag", bit, jf_send_many(s[0], &d, 1, flag | JF_DONT_WAIT | JF_CONFIRM), JF_E_INVALID);
            expect_of("flag of none", bit, jf_send_many(s[0], NULL, 0, flag), JF_E_INVALID);
        }
        if (flag != JF_DONT_WAIT && flag != JF_TRUNC) {
            expect_of("flag", bit, jf_recv_many(s[1], &d, 1, flag), JF_E_INVALID);
            expect_of("flag", bit, jf_recv_many(s[1], &d, 1, flag | JF_DONT_WAIT | JF_TRUNC), JF_E_INVALID);
            expect_of("flag of none", bit, jf_recv_many(s[1], NULL, 0, flag), JF_E_INVALID);
        }
        CHECK(d.result == 77 && d.data != room);
    }
    jf_datagram d = good();
    EXPECT(jf_send_many(s[0], &d, 1, JF_DONT_WAIT), 1);
    EXPECT(jf_send_many(s[0], &d, 1, JF_CONFIRM | JF_DONT_WAIT), 1);
    came(2);
}

/* One that is wrong, alone, and before, between and behind good ones: its result says so, and the others go. */
static void one_wrong(jf_datagram wrong, int64_t code, const char *what, int64_t argument) {
    jf_datagram d[3], before;
    wrong.result = 77;
    before = d[0] = wrong;
    expect_of(what, argument, jf_send_many(s[0], d, 1, 0), code);
    CHECK(d[0].result == code);
    d[0].result = 77;
    CHECK(memcmp(d, &before, sizeof before) == 0);
    d[1] = wrong;
    expect_of(what, argument, jf_send_many(s[0], d, 2, 0), code);
    CHECK(d[0].result == code && d[1].result == code);
    for (int at = 0; at < 3; at++) {
        for (int i = 0; i < 3; i++) d[i] = i == at ? wrong : good();
        expect_of(what, argument, jf_send_many(s[0], d, 3, 0), 2);
        for (int i = 0; i < 3; i++) expect_of(what, argument, d[i].result, i == at ? code : 1);
        came(2);
    }
}

static void values(enum kind kind) {
    static const size_t LENS[] = {SIZE_MAX, (size_t)INT64_MAX + 1, SIZE_MAX - 7};
    int family = kind_family(kind);
    jf_datagram d;
    for (size_t i = 0; i < sizeof LENS / sizeof *LENS; i++) {
        d = good();
        d.len = LENS[i];
        one_wrong(d, JF_E_INVALID, "len", (int64_t)LENS[i]);
    }
    for (size_t len = 1; len < 70000; len *= 9) {
        d = good();
        d.data = NULL;
        d.len = len;
        one_wrong(d, JF_E_INVALID, "no data", (int64_t)len);
    }
    for (int bit = 0; bit < 32; bit++) {
        uint32_t flag = (uint32_t)1 << bit;
        if (flag & (JF_HAS_ADDR | JF_HAS_PACKET_INFO | JF_HAS_TOS | JF_HAS_TIME)) continue;
        d = good();
        d.present |= flag;
        one_wrong(d, JF_E_INVALID, "present", bit);
        d.present |= JF_HAS_TOS | JF_HAS_TIME;
        one_wrong(d, JF_E_INVALID, "present", bit);
    }
    for (uint32_t tos = 256; tos; tos <<= 1) {
        d = good();
        d.present |= JF_HAS_TOS;
        d.tos = tos;
        one_wrong(d, family == JF_UNIX ? JF_E_UNSUPPORTED : JF_E_INVALID, "tos", tos);
    }
    d = good();
    d.present |= JF_HAS_PACKET_INFO;
    if (family == JF_UNIX) one_wrong(d, JF_E_UNSUPPORTED, "packet info", 0);
}

/* A datagram like its neighbours but for what it is to go to or from; one that is half like them is not taken for one. */
static void addresses(enum kind kind) {
    int family = kind_family(kind);
    for (int other = 0; other < 10; other++) {
        jf_datagram d = good();
        if (other == family) continue;
        d.present |= JF_HAS_ADDR;
        d.addr.family = (uint16_t)other;
        d.addr.len = other == JF_INET ? 4 : other == JF_INET6 ? 16 : 0;
        one_wrong(d, JF_E_FAMILY_UNSUPPORTED, "family", other);
    }
    for (uint32_t len = 0; len < 300 && family != JF_UNIX; len++) {
        jf_datagram d = good();
        if (len == d.addr.len) continue;
        d.addr.len = len;
        one_wrong(d, JF_E_ADDR_INVALID, "len of an address", len);
    }
    if (family == JF_UNIX) {
        jf_datagram d = good();
        d.present |= JF_HAS_ADDR;
        memset(&d.addr, 0, sizeof d.addr);
        d.addr.family = JF_UNIX;
        one_wrong(d, JF_E_ADDR_INVALID, "no name", 0);
        d.addr.len = 109;
        one_wrong(d, JF_E_ADDR_INVALID, "long name", 0);
        return;
    }
    for (int other = 2; other < 10; other++) {
        jf_datagram d = good();
        d.present |= JF_HAS_PACKET_INFO;
        d.local.family = (uint16_t)other;
        d.local.len = other == JF_INET6 ? 16 : 0;
        if (family == JF_INET6 && other == JF_INET6) continue;
        one_wrong(d, JF_E_FAMILY_UNSUPPORTED, "family of local", other);
    }
    jf_datagram d = good();
    d.present |= JF_HAS_PACKET_INFO;
    d.local = names[1];
    d.local.len = 5;
    one_wrong(d, JF_E_ADDR_INVALID, "len of local", 5);
}

static void rooms(enum kind kind) {
    jf_datagram d[MANY], before[MANY];
    /* First elements without room, or whose room is nowhere. */
    const jf_datagram bad[] = {{.room = NULL, .room_len = 0},
                               {.room = room, .room_len = 0},
                               {.room = NULL, .room_len = 1},
                               {.room = NULL, .room_len = JF_COALESCED_ROOM},
                               {.room = NULL, .room_len = SIZE_MAX},
                               {.room = room, .room_len = SIZE_MAX},
                               {.room = room, .room_len = (size_t)INT64_MAX + 1}};
    EXPECT(jf_send(s[0], "y", 1, 0), 1);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        for (size_t count = 1; count <= MANY; count += MANY - 1) {
            for (size_t at = 0; at < MANY; at++) d[at] = at == 0 ? bad[i] : good();
            memcpy(before, d, sizeof d);
            expect_of("room", (int64_t)i, jf_recv_many(s[1], d, count, 0), JF_E_INVALID);
            CHECK(memcmp(before, d, sizeof d) == 0 && untouched(room, sizeof room));
        }
    /* One that is nowhere behind a good one; but what lies behind the first without room is not looked at. */
    for (size_t i = 2; i < sizeof bad / sizeof *bad; i++) {
        d[0] = good();
        d[1] = bad[i];
        memcpy(before, d, sizeof d);
        expect_of("second room", (int64_t)i, jf_recv_many(s[1], d, 2, 0), JF_E_INVALID);
        CHECK(memcmp(before, d, sizeof d) == 0 && untouched(room, sizeof room));
    }
    /* None of this has changed the socket: each way to receive still works. */
    char byte = 0;
    EXPECT(jf_recv(s[1], &byte, 1, 0), 1);
    CHECK(byte == 'y');
    d[0] = good();
    d[1] = bad[0];
    d[2] = bad[2];
    EXPECT(jf_send(s[0], "z", 1, 0), 1);
    EXPECT(jf_recv_many(s[1], d, 3, 0), 1);
    CHECK(d[0].data == room && room[0] == 'z' && d[0].result == 1);
    fill(room, 8);
    if (kind == UNIX_DGRAM) return;

    /* Where datagrams are run together a smaller array is refused, and what is there stays. */
    for (int at = 0; at < MANY; at++) d[at] = good();
    d[0].room_len = JF_COALESCED_ROOM;
    EXPECT(jf_recv_many(s[1], d, MANY, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
    EXPECT(jf_send(s[0], "y", 1, 0), 1);
    memcpy(before, d, sizeof d);
    for (size_t count = 1; count < MANY; count *= 2)
        expect_of("a small array", (int64_t)count, jf_recv_many(s[1], d, count, 0), JF_E_INVALID);
    for (size_t len = 0; len < JF_COALESCED_ROOM; len = 2 * len + 1) {
        d[0].room_len = len;
        expect_of("a small room", (int64_t)len, jf_recv_many(s[1], d, MANY, 0), JF_E_INVALID);
    }
    d[0].room_len = JF_COALESCED_ROOM;
    CHECK(memcmp(before, d, sizeof d) == 0 && untouched(room, sizeof room));
    EXPECT(jf_recv_many(s[1], d, MANY, 0), 1);
    CHECK(room[0] == 'y');
    fill(room, 8);
    OK(jf_set(s[1], JF_OPT_GRO, 0));
}

/* Memory that is not there is the system's to tell of, and neither crashes nor is taken for a datagram. */
static void memory_that_is_not_there(void) {
    size_t page = 4096;
    void *nowhere = mmap(NULL, page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(nowhere != MAP_FAILED);
    jf_datagram d[3] = {good(), good(), good()};
    d[1].data = nowhere;
    /* Not of one length, with which they would share their luck. */
    d[1].len = 2;
    d[2].data = "xyz";
    d[2].len = 3;
    EXPECT(jf_send_many(s[0], d, 3, 0), 2);
    CHECK(d[0].result == 1 && d[1].result < JF_E_OS && d[2].result == 3);
    came(2);
    CHECK(munmap(nowhere, page) == 0);
}

/* Sockets with connections of their kind have no datagrams. */
static void sockets_with_connections(void) {
    for (enum kind kind = 0; kind < KINDS; kind++) {
        if (kind_type(kind) == JF_DGRAM) continue;
        jf_socket c[2];
        connected(kind, c);
        names[1].family = JF_UNIX;
        jf_datagram d = good();
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
    fill(room, sizeof room);
    for (size_t i = 0; i < sizeof ALL / sizeof *ALL; i++) {
        open_two(ALL[i]);
        arrays();
        flags();
        values(ALL[i]);
        addresses(ALL[i]);
        rooms(ALL[i]);
        /* Valgrind says what the system does. */
        if (!slow) memory_that_is_not_there();
        close_both(s);
    }
    sockets_with_connections();
    return 0;
}
