/* Messages that fit, do not fit, or are empty: never cut in silence, never two at once, never beyond the room. */
#include "folder.h"
#include "pairs.h"

static const char message[] = "0123456789abcdefghij";
enum { LEN = 20, PATTERN = 0xA5 };

/* Two sockets; what `out[0]` sends arrives at `out[1]` with this name. */
struct way {
    jf_socket s[2];
    jf_addr name;
};

enum { VIA_UDP4, VIA_UDP6, VIA_PATH, VIA_ABSTRACT, VIA_SEQPACKET, WAYS };

static struct way open_way(int kind) {
    struct way way;
    jf_addr to;
    if (kind == VIA_UDP4 || kind == VIA_UDP6) {
        connected(kind == VIA_UDP4 ? UDP4 : UDP6, way.s);
        OK(jf_local_addr(way.s[0], &way.name));
    } else if (kind == VIA_PATH) {
        for (int i = 0; i < 2; i++) {
            jf_addr a = folder_path();
            way.s[i] = OK(jf_open(JF_UNIX, JF_DGRAM, 0));
            OK(jf_bind(way.s[i], &a));
        }
        OK(jf_local_addr(way.s[0], &way.name));
        OK(jf_local_addr(way.s[1], &to));
        CHECK(way.name.family == JF_UNIX && way.name.data[0] == '/');
        OK(jf_connect(way.s[0], &to));
    } else if (kind == VIA_ABSTRACT) {
        way.s[0] = bound("unix:", JF_DGRAM, &way.name);
        way.s[1] = bound("unix:", JF_DGRAM, &to);
        CHECK(way.name.len > 1 && way.name.data[0] == 0);
        OK(jf_connect(way.s[0], &to));
    } else {
        jf_socket l = bound("unix:", JF_SEQPACKET, &to);
        OK(jf_listen(l, 1));
        way.s[0] = bound("unix:", JF_SEQPACKET, &way.name);
        OK(jf_connect(way.s[0], &to));
        way.s[1] = OK(jf_accept(l, NULL));
        OK(jf_close(l));
    }
    /* So that a test that goes wrong ends. */
    OK(jf_set(way.s[1], JF_OPT_RECV_TIMEOUT, 10000));
    return way;
}

static unsigned char room[64];

static void clear(void) {
    memset(room, PATTERN, sizeof room);
}

/* The room holds the message's first `len` bytes from `at` on; nothing is written after `end`. */
static void holds(size_t at, size_t len, size_t end) {
    CHECK(memcmp(room + at, message, len) == 0);
    for (size_t i = end; i < sizeof room; i++) CHECK(room[i] == PATTERN);
}

static void put(const struct way *way) {
    EXPECT(jf_send(way->s[0], message, LEN, 0), LEN);
}

static void nothing_left(const struct way *way) {
    jf_addr from;
    memset(&from, PATTERN, sizeof from);
    jf_addr before = from;
    clear();
    EXPECT(jf_recv(way->s[1], room, sizeof room, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
    EXPECT(jf_recv_from(way->s[1], room, sizeof room, JF_DONT_WAIT, &from), JF_E_WOULD_BLOCK);
    CHECK(memcmp(&from, &before, sizeof from) == 0);
    holds(0, 0, 0);
}

static void too_long(const struct way *way) {
    for (size_t len = 0; len <= LEN + 1; len++) {
        int fits = len >= LEN;
        size_t filled = fits ? LEN : len;
        clear(), put(way);
        EXPECT(jf_recv(way->s[1], room, len, 0), fits ? LEN : JF_E_TRUNCATED);
        holds(0, filled, filled);

        jf_addr from;
        memset(&from, PATTERN, sizeof from);
        clear(), put(way);
        EXPECT(jf_recv_from(way->s[1], room, len, 0, &from), fits ? LEN : JF_E_TRUNCATED);
        EXPECT(jf_addr_equal(&from, &way->name), 1);
        holds(0, filled, filled);

        clear(), put(way);
        EXPECT(jf_recv_from(way->s[1], room, len, 0, NULL), fits ? LEN : JF_E_TRUNCATED);
        holds(0, filled, filled);

        clear(), put(way);
        EXPECT(jf_recv(way->s[1], room, len, JF_TRUNC), LEN);
        holds(0, filled, filled);

        memset(&from, PATTERN, sizeof from);
        clear(), put(way);
        EXPECT(jf_recv_from(way->s[1], room, len, JF_TRUNC, &from), LEN);
        EXPECT(jf_addr_equal(&from, &way->name), 1);
        holds(0, filled, filled);
    }
    nothing_left(way);
}

/* What was only looked at is still there, whole. */
static void peeked(const struct way *way) {
    jf_addr from;
    put(way);
    for (int i = 0; i < 3; i++) {
        clear();
        EXPECT(jf_recv(way->s[1], NULL, 0, JF_PEEK | JF_TRUNC), LEN);
        EXPECT(jf_recv(way->s[1], NULL, 0, JF_PEEK), JF_E_TRUNCATED);
        EXPECT(jf_recv(way->s[1], room, 8, JF_PEEK | JF_TRUNC), LEN);
        holds(0, 8, 8);
        clear();
        EXPECT(jf_recv_from(way->s[1], room, 9, JF_PEEK, &from), JF_E_TRUNCATED);
        EXPECT(jf_addr_equal(&from, &way->name), 1);
        holds(0, 9, 9);
        EXPECT(jf_recv(way->s[1], room, sizeof room, JF_PEEK), LEN);
        holds(0, LEN, LEN);
    }
    clear();
    EXPECT(jf_recv(way->s[1], room, sizeof room, 0), LEN);
    holds(0, LEN, LEN);
    nothing_left(way);
}

static void empty(const struct way *way) {
    jf_addr from;
    for (int i = 0; i < 3; i++) {
        EXPECT(jf_send(way->s[0], NULL, 0, 0), 0);
        EXPECT(jf_send_vec(way->s[0], NULL, 0, 0), 0);
        put(way);
        clear();
        memset(&from, PATTERN, sizeof from);
        if (i == 0) EXPECT(jf_recv(way->s[1], room, sizeof room, JF_PEEK), 0);
        EXPECT(jf_recv_from(way->s[1], room, i == 1 ? 0 : sizeof room, 0, &from), 0);
        EXPECT(jf_addr_equal(&from, &way->name), 1);
        EXPECT(jf_recv(way->s[1], NULL, 0, i == 2 ? JF_TRUNC : 0), 0);
        holds(0, 0, 0);
        EXPECT(jf_recv(way->s[1], room, sizeof room, 0), LEN);
        holds(0, LEN, LEN);
    }
    /* A message that finds no room at all is lost, but not in silence, and takes no other with it. */
    put(way);
    EXPECT(jf_send(way->s[0], "next", 4, 0), 4);
    EXPECT(jf_recv(way->s[1], NULL, 0, 0), JF_E_TRUNCATED);
    clear();
    EXPECT(jf_recv(way->s[1], room, sizeof room, 0), 4);
    CHECK(memcmp(room, "next", 4) == 0);
    nothing_left(way);
}

static void scattered(const struct way *way) {
    unsigned char a[8], b[8];
    jf_buf short_of[] = {{a, 5}, {NULL, 0}, {b, 4}}, enough[] = {{a, 5}, {NULL, 0}, {b, 4}, {room, sizeof room}};
    for (int trunc = 0; trunc < 2; trunc++) {
        memset(a, PATTERN, sizeof a), memset(b, PATTERN, sizeof b);
        put(way);
        EXPECT(jf_recv_vec(way->s[1], short_of, 3, trunc ? JF_TRUNC : 0), trunc ? LEN : JF_E_TRUNCATED);
        CHECK(memcmp(a, message, 5) == 0 && a[5] == PATTERN && a[7] == PATTERN);
        CHECK(memcmp(b, message + 5, 4) == 0 && b[4] == PATTERN && b[7] == PATTERN);
        put(way);
        EXPECT(jf_recv_vec(way->s[1], NULL, 0, trunc ? JF_TRUNC : 0), trunc ? LEN : JF_E_TRUNCATED);
        put(way);
        EXPECT(jf_recv_vec(way->s[1], short_of + 1, 1, trunc ? JF_TRUNC : 0), trunc ? LEN : JF_E_TRUNCATED);
    }
    put(way);
    EXPECT(jf_recv_vec(way->s[1], short_of, 3, JF_PEEK | JF_TRUNC), LEN);
    clear();
    EXPECT(jf_recv_vec(way->s[1], enough, 4, 0), LEN);
    CHECK(memcmp(room, message + 9, LEN - 9) == 0 && room[LEN - 9] == PATTERN);

    /* Several buffers are one message; the array is as it was. */
    const jf_buf parts[] = {{(void *)message, 7}, {NULL, 0}, {(void *)(message + 7), LEN - 7}};
    EXPECT(jf_send_vec(way->s[0], parts, 3, 0), LEN);
    clear();
    EXPECT(jf_recv(way->s[1], room, sizeof room, 0), LEN);
    holds(0, LEN, LEN);
    CHECK(short_of[0].data == a && short_of[0].len == 5 && short_of[2].data == b && short_of[2].len == 4);
    nothing_left(way);
}

/* These are of streams. */
static void no_stream(const struct way *way) {
    size_t done = 77;
    EXPECT(jf_send_all(way->s[0], message, LEN, &done), JF_E_TYPE_UNSUPPORTED);
    CHECK(done == 0);
    put(way);
    done = 77;
    clear();
    EXPECT(jf_recv_exact(way->s[1], room, 8, &done), JF_E_TYPE_UNSUPPORTED);
    CHECK(done == 0);
    holds(0, 0, 0);
    EXPECT(jf_recv(way->s[1], room, sizeof room, JF_WAIT_ALL), LEN);
    holds(0, LEN, LEN);
    nothing_left(way);
}

int main(void) {
    folder_make();
    for (int kind = 0; kind < WAYS; kind++) {
        struct way way = open_way(kind);
        too_long(&way);
        peeked(&way);
        empty(&way);
        scattered(&way);
        no_stream(&way);
        close_both(way.s);
    }
    return 0;
}
