/* What is no host, no service, no family, no type, no time and no room, given to those who look names up. */
#include "misuse.h"

#include <stdalign.h>

enum { ROOM = 4, WITHIN = 60000 };

static jf_addr room[ROOM];
static char text[JF_HOST_TEXT];

/* Memory that must not be looked at when a length is 0. */
static void *const nowhere = (void *)UINTPTR_MAX;

static const size_t absurd[] = {SIZE_MAX, SIZE_MAX - 1, (size_t)INT64_MAX + 1};
enum { ABSURD = sizeof absurd / sizeof absurd[0] };

/* A look-up that finds fault with what it is given, in words that say which; nothing is written. */
static void refused(const char *host, const char *service, int32_t family, int32_t type, int64_t timeout_ms, int64_t code) {
    int64_t got = jf_resolve(host, service, family, type, timeout_ms, room, ROOM);
    if (got != code) {
        fprintf(stderr, "\"%s\" \"%s\" %d %d %" PRId64 ": %" PRId64 " (%s), not %s\n", host ? host : "NULL",
                service ? service : "NULL", family, type, timeout_ms, got, jf_error_name(got), jf_error_name(code));
        exit(1);
    }
    CHECK(untouched(room, sizeof room));
}

static void hosts(void) {
    static const char *const none[] = {
        " ", " localhost", "localhost ", "\n", "a b", "a\tb", "a\nb", "\x7f", "a/b", "a,b", "a:80", "a@b", "*", "\"", "\\", "%",
        ".", "..", ".a", "a..b", "a..", "http://a", "tcp://a:80",
        /* Numbers of an address that there are too few, too many or too much of. */
        "127.1", "127.0.1", "1", "0", "2130706433", "1.2.3.4.5", "1.2.3.256", "1.2.3.04", "1.2.3.", "1.2.3.4 ", "0x7f.1", "0x1",
        "0x", "a.1", "a.0x1", "a.1.", "999999999999999999999", "1.2.3.4:80", "1.2.3.4%lo", "1.2.3.4/8",
        "[::1]", "[::1]:80", "::1]", ":", ":1", "1:", ":::", "::1::", "1::2::3", "12345::", "g::", "1:2:3:4:5:6:7", "::1.2.3",
        "::1.2.3.4.5", "1:2:3:4:5:6:7:8:9", "::1 ", "::1/64", "::1%", "::1%a b", "::1%a/b", "::1%0123456789abcdef",
        "::1%4294967296",
        /* What is no UTF-8: a stray byte, one that is missing, more than it takes, half a pair, beyond the last. */
        "\xff", "\x80", "a\xc3", "a\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80",
        /* UTF-8 that no name has: a blank and a control character. */
        "a\xc2\xa0" "b", "a\xc2\x85" "b",
    };
    char longer[4096];
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        for (int family = JF_UNSPEC; family <= JF_INET6; family++)
            refused(none[i], "80", family, JF_STREAM, WITHIN, JF_E_ADDR_INVALID);
    /* Names that are too long, by a character and by far, whole and between dots. */
    const size_t lengths[] = {64, 65, 253, 254, 300, sizeof longer - 1};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        memset(longer, 'a', lengths[i]);
        longer[lengths[i]] = 0;
        refused(longer, "80", JF_UNSPEC, JF_STREAM, WITHIN, JF_E_ADDR_INVALID);
        for (size_t dot = 60; dot < lengths[i]; dot += 61) longer[dot] = '.';
        if (lengths[i] > 253) refused(longer, "80", JF_UNSPEC, JF_STREAM, WITHIN, JF_E_ADDR_INVALID);
    }
    /* What could be one, or an address whose zone is nowhere, or whose family isn't asked for. */
    refused("localhost", "80", JF_UNSPEC, JF_STREAM, 0, JF_E_WOULD_BLOCK);
    refused("a-b_c.d.", "80", JF_UNSPEC, JF_STREAM, 0, JF_E_WOULD_BLOCK);
    refused("b\xc3\xbc" "cher.test", "80", JF_UNSPEC, JF_STREAM, 0, JF_E_WOULD_BLOCK);
    refused("fe80::1%no-interface", "80", JF_UNSPEC, JF_STREAM, WITHIN, JF_E_NOT_FOUND);
    refused("::1%lo%lo", "80", JF_UNSPEC, JF_STREAM, WITHIN, JF_E_NOT_FOUND);
    refused("127.0.0.1", "80", JF_INET6, JF_STREAM, WITHIN, JF_E_NAME_NO_ADDRESS);
    refused("::1", "80", JF_INET, JF_STREAM, WITHIN, JF_E_NAME_NO_ADDRESS);
}

static void services(void) {
    static const char *const none[] = {" ", "80 ", " 80", "-1", "+80", "-", "8 0", "80/tcp", "80,81", "65536", "4294967376", ".",
                                       "99999999999999999999999999", "a b", "a/b", "a:b", "http\n", "\xff", "\xc3\xbc", "%"};
    static const char *const unknown[] = {"no-such-service", "8080x", "0x50", "1e3", "x"};
    char longer[300];
    for (int type = 0; type <= JF_DGRAM; type++) {
        for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
            refused("127.0.0.1", none[i], JF_UNSPEC, type, WITHIN, JF_E_ADDR_INVALID);
        for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++)
            refused("127.0.0.1", unknown[i], JF_UNSPEC, type, WITHIN, JF_E_NOT_FOUND);
    }
    for (size_t len = 64; len < sizeof longer; len += 100) {
        memset(longer, 'a', len);
        longer[len] = 0;
        refused("127.0.0.1", longer, JF_UNSPEC, JF_STREAM, WITHIN, JF_E_ADDR_INVALID);
    }
}

static void constants(void) {
    static const int32_t families[] = {JF_UNIX, JF_NETLINK, JF_VSOCK, JF_PACKET, 7,         10,       255,
                                       65535,   65536,      65537,    -1,        INT32_MAX, INT32_MIN};
    static const int32_t types[] = {JF_SEQPACKET, JF_RAW, 5, 255, 65536, 65537, -1, INT32_MAX, INT32_MIN};
    static const int64_t timeouts[] = {-2, -1000, INT32_MIN, INT64_MIN, INT64_MIN + 1};
    for (int named = 0; named < 2; named++) {
        const char *host = named ? "localhost" : "127.0.0.1";
        for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
            refused(host, "80", families[i], JF_STREAM, WITHIN, JF_E_FAMILY_UNSUPPORTED);
        for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
            refused(host, "80", JF_UNSPEC, types[i], WITHIN, JF_E_TYPE_UNSUPPORTED);
        for (size_t i = 0; i < sizeof timeouts / sizeof timeouts[0]; i++)
            refused(host, "80", JF_UNSPEC, JF_STREAM, timeouts[i], JF_E_INVALID);
    }
}

static void pointers(void) {
    static alignas(16) unsigned char crooked[sizeof(jf_addr) + 16];
    fill(crooked, sizeof crooked);
    refused(NULL, "80", JF_UNSPEC, JF_STREAM, WITHIN, JF_E_INVALID);
    refused(NULL, NULL, JF_UNSPEC, JF_STREAM, 0, JF_E_INVALID);
    for (int named = 0; named < 2; named++) {
        const char *host = named ? "localhost" : "127.0.0.1";
        EXPECT(jf_resolve(host, "80", JF_INET, JF_STREAM, WITHIN, NULL, 1), JF_E_INVALID);
        for (size_t by = 1; by < alignof(jf_addr); by++) {
            jf_addr *out = (jf_addr *)(void *)(crooked + by);
            EXPECT(jf_resolve(host, "80", JF_INET, JF_STREAM, WITHIN, out, 1), JF_E_INVALID);
        }
        for (int i = 0; i < ABSURD; i++)
            EXPECT(jf_resolve(host, "80", JF_INET, JF_STREAM, WITHIN, room, absurd[i]), JF_E_INVALID);
        EXPECT(jf_resolve(host, "80", JF_INET, JF_STREAM, WITHIN, room, INT64_MAX), JF_E_INVALID);
        EXPECT(jf_resolve(host, "80", JF_INET, JF_STREAM, WITHIN, room, SIZE_MAX / sizeof(jf_addr)), JF_E_INVALID);
        EXPECT(jf_resolve(host, "80", JF_INET, JF_STREAM, WITHIN, room, INT64_MAX / sizeof(jf_addr) + 1), JF_E_INVALID);
    }
    CHECK(untouched(room, sizeof room) && untouched(crooked, sizeof crooked));
}

/* What looks like misuse and is none. */
static void taken(void) {
    int64_t count = OK(jf_resolve("localhost", "80", JF_UNSPEC, 0, WITHIN, NULL, 0));
    CHECK(count >= 1);
    EXPECT(jf_resolve("localhost", "80", JF_UNSPEC, 0, INT64_MAX, nowhere, 0), count);
    CHECK(OK(jf_resolve("localhost", NULL, JF_INET, 0, -1, room, ROOM)) >= 1 && room[0].family == JF_INET);
    fill(room, sizeof room);
    /* Nothing is this machine, by both families. Beyond the room nothing is written. */
    EXPECT(jf_resolve("", "", JF_UNSPEC, 0, 0, nowhere, 0), 2);
    EXPECT(jf_resolve("", NULL, JF_UNSPEC, 0, 0, room, 1), 2);
    CHECK(room[0].family == JF_INET6 && room[0].port == 0 && untouched(room + 1, sizeof room - sizeof room[0]));
    EXPECT(jf_resolve("", "65535", JF_INET, JF_DGRAM, 0, room, ROOM), 1);
    CHECK(room[0].family == JF_INET && room[0].port == 65535 && untouched(room + 1, sizeof room - sizeof room[0]));
    EXPECT(jf_resolve("127.0.0.1", "00080", JF_UNSPEC, 0, 0, room, ROOM), 1);
    jf_addr same = parsed("127.0.0.1:80");
    EXPECT(jf_addr_equal(room, &same), 1);
    EXPECT(jf_resolve("fe80::1%4294967295", "0", JF_UNSPEC, 0, 0, room, ROOM), 1);
    CHECK(room[0].scope_id == UINT32_MAX && room[0].port == 0);
    fill(room, sizeof room);
}

/* Bytes at random are an address, no host, or one that would have to be looked up. */
static void random_hosts(int count) {
    static const char likely[] = "0123456789abcdefx.:%[]-_ \x80\xc3\xbc/@";
    uint64_t state = 3;
    for (int i = 0; i < count; i++) {
        char host[40];
        size_t len = random_number(&state) % sizeof host;
        for (size_t k = 0; k < len; k++) {
            uint64_t number = random_number(&state);
            host[k] = i % 2 ? (char)number : likely[number % (sizeof likely - 1)];
        }
        host[len] = 0;
        int64_t got = jf_resolve(host, "80", JF_UNSPEC, JF_STREAM, 0, room, ROOM);
        if (got > 0) {
            fill(room, sizeof room);
        } else {
            CHECK(got == JF_E_ADDR_INVALID || got == JF_E_WOULD_BLOCK || got == JF_E_NOT_FOUND);
            CHECK(untouched(room, sizeof room));
        }
    }
}

static void names_of(void) {
    static const char *const others[] = {"unix:/path", "unix:@name", "unix:", "netlink:0:0", "vsock:2:1", "packet:0:0x0800"};
    static const int64_t timeouts[] = {-2, INT32_MIN, INT64_MIN};
    static alignas(16) unsigned char crooked[sizeof(jf_addr) + 16];
    jf_addr good = parsed("127.0.0.1:65535"), bad = good, unspec;
    memset(&unspec, 0, sizeof unspec);
    fill(text, sizeof text);

    EXPECT(jf_resolve_addr(NULL, WITHIN, text, sizeof text), JF_E_INVALID);
    EXPECT(jf_resolve_addr(NULL, WITHIN, NULL, 0), JF_E_INVALID);
    EXPECT(jf_resolve_addr(&good, WITHIN, NULL, 1), JF_E_INVALID);
    for (int i = 0; i < ABSURD; i++) EXPECT(jf_resolve_addr(&good, WITHIN, text, absurd[i]), JF_E_INVALID);
    for (size_t by = 1; by < alignof(jf_addr); by++) {
        memcpy(crooked + by, &good, sizeof good);
        EXPECT(jf_resolve_addr((jf_addr *)(void *)(crooked + by), WITHIN, text, sizeof text), JF_E_INVALID);
    }
    for (size_t i = 0; i < sizeof timeouts / sizeof timeouts[0]; i++)
        EXPECT(jf_resolve_addr(&good, timeouts[i], text, sizeof text), JF_E_INVALID);
    EXPECT(jf_resolve_addr(&good, 0, text, sizeof text), JF_E_WOULD_BLOCK);
    EXPECT(jf_resolve_addr(&good, 0, nowhere, 0), JF_E_WOULD_BLOCK);

    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        jf_addr other = parsed(others[i]);
        EXPECT(jf_resolve_addr(&other, WITHIN, text, sizeof text), JF_E_FAMILY_UNSUPPORTED);
    }
    EXPECT(jf_resolve_addr(&unspec, WITHIN, text, sizeof text), JF_E_FAMILY_UNSUPPORTED);
    for (uint32_t len = 0; len < 130; len++) {
        bad.len = len == 129 ? UINT32_MAX : len;
        bad.family = len % 2 ? JF_INET : JF_INET6;
        if (bad.len != (len % 2 ? 4 : 16)) EXPECT(jf_resolve_addr(&bad, WITHIN, text, sizeof text), JF_E_ADDR_INVALID);
    }
    for (uint32_t family = JF_PACKET + 1; family <= 65535; family += 97) {
        bad.family = (uint16_t)family;
        EXPECT(jf_resolve_addr(&bad, WITHIN, text, sizeof text), JF_E_FAMILY_UNSUPPORTED);
    }
    CHECK(untouched(text, sizeof text));

    /* Exactly enough, one too few, and none. */
    int64_t len = OK(jf_resolve_addr(&good, WITHIN, NULL, 0));
    CHECK(len > 0 && len < JF_HOST_TEXT);
    EXPECT(jf_resolve_addr(&good, INT64_MAX, nowhere, 0), len);
    EXPECT(jf_resolve_addr(&good, WITHIN, text, (size_t)len + 1), len);
    CHECK(strlen(text) == (size_t)len && untouched(text + len + 1, sizeof text - (size_t)len - 1));
    fill(text, sizeof text);
    EXPECT(jf_resolve_addr(&good, WITHIN, text, (size_t)len), len);
    CHECK(text[0] == 0 && untouched(text + 1, sizeof text - 1));
}

int main(int argc, char **argv) {
    fill(room, sizeof room);
    hosts();
    services();
    constants();
    pointers();
    taken();
    random_hosts(is_slow(argc, argv) ? 1000 : 20000);
    names_of();
    return 0;
}
