/* Invalid hosts, services, families, types, timeouts and buffers of name lookups. */
#include "misuse.h"

#include <stdalign.h>

enum { CAPACITY = 4, TIMEOUT = 60000 };

static jf_addr found[CAPACITY];
static char text[JF_HOST_TEXT];

/* A pointer that must not be accessed if the length is 0. */
static void *const unmapped = (void *)UINTPTR_MAX;

static const size_t huge_lens[] = {SIZE_MAX, SIZE_MAX - 1, (size_t)INT64_MAX + 1};
enum { HUGE_LENS = sizeof huge_lens / sizeof huge_lens[0] };

/* The lookup returns this error and writes nothing. */
static void check_refused(const char *host, const char *service, int32_t family, int32_t type, int64_t timeout_ms,
                          int64_t code) {
    int64_t result = jf_resolve(host, service, family, type, timeout_ms, found, CAPACITY);
    if (result != code) {
        fprintf(stderr, "lookup of \"%s\" \"%s\" %d %d %" PRId64 " returned %" PRId64 " (%s), not %s\n",
                host ? host : "NULL", service ? service : "NULL", family, type, timeout_ms, result,
                jf_error_name(result), jf_error_name(code));
        exit(1);
    }
    CHECK(untouched(found, sizeof found));
}

static void check_hosts(void) {
    static const char *const invalid[] = {
        " ", " localhost", "localhost ", "\n", "a b", "a\tb", "a\nb", "\x7f", "a/b", "a,b", "a:80", "a@b", "*", "\"",
        "\\", "%", ".", "..", ".a", "a..b", "a..", "http://a", "tcp://a:80",
        /* Numeric addresses with too few, too many or too large numbers. */
        "127.1", "127.0.1", "1", "0", "2130706433", "1.2.3.4.5", "1.2.3.256", "1.2.3.04", "1.2.3.", "1.2.3.4 ",
        "0x7f.1", "0x1", "0x", "a.1", "a.0x1", "a.1.", "999999999999999999999", "1.2.3.4:80", "1.2.3.4%lo", "1.2.3.4/8",
        "[::1]", "[::1]:80", "::1]", ":", ":1", "1:", ":::", "::1::", "1::2::3", "12345::", "g::", "1:2:3:4:5:6:7",
        "::1.2.3", "::1.2.3.4.5", "1:2:3:4:5:6:7:8:9", "::1 ", "::1/64", "::1%", "::1%a b", "::1%a/b",
        "::1%0123456789abcdef", "::1%4294967296",
        /* Invalid UTF-8: a stray byte, a missing byte, an overlong form, a surrogate, a code point above the
         * maximum. */
        "\xff", "\x80", "a\xc3", "a\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80",
        /* Valid UTF-8 that no name contains: a no-break space and a control character. */
        "a\xc2\xa0" "b", "a\xc2\x85" "b",
    };
    char too_long[4096];
    for (size_t i = 0; i < sizeof invalid / sizeof invalid[0]; i++)
        for (int family = JF_UNSPEC; family <= JF_INET6; family++)
            check_refused(invalid[i], "80", family, JF_STREAM, TIMEOUT, JF_E_ADDR_INVALID);
    /* Names and labels that are too long, by one character and by many. */
    const size_t lengths[] = {64, 65, 253, 254, 300, sizeof too_long - 1};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        memset(too_long, 'a', lengths[i]);
        too_long[lengths[i]] = 0;
        check_refused(too_long, "80", JF_UNSPEC, JF_STREAM, TIMEOUT, JF_E_ADDR_INVALID);
        for (size_t dot = 60; dot < lengths[i]; dot += 61) too_long[dot] = '.';
        if (lengths[i] > 253) check_refused(too_long, "80", JF_UNSPEC, JF_STREAM, TIMEOUT, JF_E_ADDR_INVALID);
    }
    /* Possible names; and addresses whose zone does not exist, or whose family was not requested. */
    check_refused("localhost", "80", JF_UNSPEC, JF_STREAM, 0, JF_E_WOULD_BLOCK);
    check_refused("a-b_c.d.", "80", JF_UNSPEC, JF_STREAM, 0, JF_E_WOULD_BLOCK);
    check_refused("b\xc3\xbc" "cher.test", "80", JF_UNSPEC, JF_STREAM, 0, JF_E_WOULD_BLOCK);
    check_refused("fe80::1%no-interface", "80", JF_UNSPEC, JF_STREAM, TIMEOUT, JF_E_NOT_FOUND);
    check_refused("::1%lo%lo", "80", JF_UNSPEC, JF_STREAM, TIMEOUT, JF_E_NOT_FOUND);
    check_refused("127.0.0.1", "80", JF_INET6, JF_STREAM, TIMEOUT, JF_E_NAME_NO_ADDRESS);
    check_refused("::1", "80", JF_INET, JF_STREAM, TIMEOUT, JF_E_NAME_NO_ADDRESS);
}

static void check_services(void) {
    static const char *const invalid[] = {
        " ", "80 ", " 80", "-1", "+80", "-", "8 0", "80/tcp", "80,81", "65536", "4294967376", ".",
        "99999999999999999999999999", "a b", "a/b", "a:b", "http\n", "\xff", "\xc3\xbc", "%",
    };
    static const char *const unknown[] = {"no-such-service", "8080x", "0x50", "1e3", "x"};
    char too_long[300];
    for (int type = 0; type <= JF_DGRAM; type++) {
        for (size_t i = 0; i < sizeof invalid / sizeof invalid[0]; i++)
            check_refused("127.0.0.1", invalid[i], JF_UNSPEC, type, TIMEOUT, JF_E_ADDR_INVALID);
        for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++)
            check_refused("127.0.0.1", unknown[i], JF_UNSPEC, type, TIMEOUT, JF_E_NOT_FOUND);
    }
    check_refused("127.0.0.1", "http", JF_UNSPEC, JF_STREAM, 0, JF_E_WOULD_BLOCK);
    check_refused("localhost", "no-such-service", JF_UNSPEC, JF_STREAM, 0, JF_E_WOULD_BLOCK);
    for (size_t len = 64; len < sizeof too_long; len += 100) {
        memset(too_long, 'a', len);
        too_long[len] = 0;
        check_refused("127.0.0.1", too_long, JF_UNSPEC, JF_STREAM, TIMEOUT, JF_E_ADDR_INVALID);
    }
}

static void check_constants(void) {
    static const int32_t families[] = {JF_UNIX, JF_NETLINK, JF_VSOCK, JF_PACKET, 7,         10,       255,
                                       65535,   65536,      65537,    -1,        INT32_MAX, INT32_MIN};
    static const int32_t types[] = {JF_SEQPACKET, JF_RAW, 5, 255, 65536, 65537, -1, INT32_MAX, INT32_MIN};
    static const int64_t timeouts[] = {-2, -1000, INT32_MIN, INT64_MIN, INT64_MIN + 1};
    for (int is_name = 0; is_name < 2; is_name++) {
        const char *host = is_name ? "localhost" : "127.0.0.1";
        for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
            check_refused(host, "80", families[i], JF_STREAM, TIMEOUT, JF_E_FAMILY_UNSUPPORTED);
        for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
            check_refused(host, "80", JF_UNSPEC, types[i], TIMEOUT, JF_E_TYPE_UNSUPPORTED);
        for (size_t i = 0; i < sizeof timeouts / sizeof timeouts[0]; i++)
            check_refused(host, "80", JF_UNSPEC, JF_STREAM, timeouts[i], JF_E_INVALID);
    }
}

static void check_pointers(void) {
    static alignas(16) unsigned char misaligned[sizeof(jf_addr) + 16];
    fill(misaligned, sizeof misaligned);
    check_refused(NULL, "80", JF_UNSPEC, JF_STREAM, TIMEOUT, JF_E_INVALID);
    check_refused(NULL, NULL, JF_UNSPEC, JF_STREAM, 0, JF_E_INVALID);
    for (int is_name = 0; is_name < 2; is_name++) {
        const char *host = is_name ? "localhost" : "127.0.0.1";
        EXPECT(jf_resolve(host, "80", JF_INET, JF_STREAM, TIMEOUT, NULL, 1), JF_E_INVALID);
        for (size_t offset = 1; offset < alignof(jf_addr); offset++) {
            jf_addr *out = (jf_addr *)(void *)(misaligned + offset);
            EXPECT(jf_resolve(host, "80", JF_INET, JF_STREAM, TIMEOUT, out, 1), JF_E_INVALID);
        }
        for (int i = 0; i < HUGE_LENS; i++)
            EXPECT(jf_resolve(host, "80", JF_INET, JF_STREAM, TIMEOUT, found, huge_lens[i]), JF_E_INVALID);
        EXPECT(jf_resolve(host, "80", JF_INET, JF_STREAM, TIMEOUT, found, INT64_MAX), JF_E_INVALID);
        EXPECT(jf_resolve(host, "80", JF_INET, JF_STREAM, TIMEOUT, found, SIZE_MAX / sizeof(jf_addr)), JF_E_INVALID);
        EXPECT(jf_resolve(host, "80", JF_INET, JF_STREAM, TIMEOUT, found, INT64_MAX / sizeof(jf_addr) + 1),
               JF_E_INVALID);
    }
    CHECK(untouched(found, sizeof found) && untouched(misaligned, sizeof misaligned));
}

/* Unusual but valid arguments. */
static void check_accepted(void) {
    int64_t count = OK(jf_resolve("localhost", "80", JF_UNSPEC, 0, TIMEOUT, NULL, 0));
    CHECK(count >= 1);
    EXPECT(jf_resolve("localhost", "80", JF_UNSPEC, 0, INT64_MAX, unmapped, 0), count);
    CHECK(OK(jf_resolve("localhost", NULL, JF_INET, 0, -1, found, CAPACITY)) >= 1 && found[0].family == JF_INET);
    fill(found, sizeof found);
    /* An empty host is this machine, for both families. Nothing is written beyond the capacity. */
    EXPECT(jf_resolve("", "", JF_UNSPEC, 0, 0, unmapped, 0), 2);
    EXPECT(jf_resolve("", NULL, JF_UNSPEC, 0, 0, found, 1), 2);
    CHECK(found[0].family == JF_INET6 && found[0].port == 0 && untouched(found + 1, sizeof found - sizeof found[0]));
    EXPECT(jf_resolve("", "65535", JF_INET, JF_DGRAM, 0, found, CAPACITY), 1);
    CHECK(found[0].family == JF_INET && found[0].port == 65535 && untouched(found + 1, sizeof found - sizeof found[0]));
    EXPECT(jf_resolve("127.0.0.1", "00080", JF_UNSPEC, 0, 0, found, CAPACITY), 1);
    jf_addr expected = parsed("127.0.0.1:80");
    EXPECT(jf_addr_equal(found, &expected), 1);
    EXPECT(jf_resolve("fe80::1%4294967295", "0", JF_UNSPEC, 0, 0, found, CAPACITY), 1);
    CHECK(found[0].scope_id == UINT32_MAX && found[0].port == 0);
    fill(found, sizeof found);
}

/* Random bytes are an address, an invalid host, or a name that needs a lookup. */
static void check_random_hosts(int count) {
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
        int64_t result = jf_resolve(host, "80", JF_UNSPEC, JF_STREAM, 0, found, CAPACITY);
        if (result > 0) {
            fill(found, sizeof found);
        } else {
            CHECK(result == JF_E_ADDR_INVALID || result == JF_E_WOULD_BLOCK || result == JF_E_NOT_FOUND);
            CHECK(untouched(found, sizeof found));
        }
    }
}

static void check_resolve_addr(void) {
    static const char *const others[] = {
        "unix:/path", "unix:@name", "unix:", "netlink:0:0", "vsock:2:1", "packet:0:0x0800",
    };
    static const int64_t timeouts[] = {-2, INT32_MIN, INT64_MIN};
    static alignas(16) unsigned char misaligned[sizeof(jf_addr) + 16];
    jf_addr valid = parsed("127.0.0.1:65535"), invalid = valid, unspec;
    memset(&unspec, 0, sizeof unspec);
    fill(text, sizeof text);

    EXPECT(jf_resolve_addr(NULL, TIMEOUT, text, sizeof text), JF_E_INVALID);
    EXPECT(jf_resolve_addr(NULL, TIMEOUT, NULL, 0), JF_E_INVALID);
    EXPECT(jf_resolve_addr(&valid, TIMEOUT, NULL, 1), JF_E_INVALID);
    for (int i = 0; i < HUGE_LENS; i++) EXPECT(jf_resolve_addr(&valid, TIMEOUT, text, huge_lens[i]), JF_E_INVALID);
    for (size_t offset = 1; offset < alignof(jf_addr); offset++) {
        memcpy(misaligned + offset, &valid, sizeof valid);
        EXPECT(jf_resolve_addr((jf_addr *)(void *)(misaligned + offset), TIMEOUT, text, sizeof text), JF_E_INVALID);
    }
    for (size_t i = 0; i < sizeof timeouts / sizeof timeouts[0]; i++)
        EXPECT(jf_resolve_addr(&valid, timeouts[i], text, sizeof text), JF_E_INVALID);
    EXPECT(jf_resolve_addr(&valid, 0, text, sizeof text), JF_E_WOULD_BLOCK);
    EXPECT(jf_resolve_addr(&valid, 0, unmapped, 0), JF_E_WOULD_BLOCK);

    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        jf_addr other = parsed(others[i]);
        EXPECT(jf_resolve_addr(&other, TIMEOUT, text, sizeof text), JF_E_FAMILY_UNSUPPORTED);
    }
    EXPECT(jf_resolve_addr(&unspec, TIMEOUT, text, sizeof text), JF_E_FAMILY_UNSUPPORTED);
    for (uint32_t len = 0; len < 130; len++) {
        invalid.len = len == 129 ? UINT32_MAX : len;
        invalid.family = len % 2 ? JF_INET : JF_INET6;
        if (invalid.len != (len % 2 ? 4 : 16))
            EXPECT(jf_resolve_addr(&invalid, TIMEOUT, text, sizeof text), JF_E_ADDR_INVALID);
    }
    for (uint32_t family = JF_PACKET + 1; family <= 65535; family += 97) {
        invalid.family = (uint16_t)family;
        EXPECT(jf_resolve_addr(&invalid, TIMEOUT, text, sizeof text), JF_E_FAMILY_UNSUPPORTED);
    }
    CHECK(untouched(text, sizeof text));

    /* A buffer of exactly the needed size, one byte less, and none. */
    int64_t len = OK(jf_resolve_addr(&valid, TIMEOUT, NULL, 0));
    CHECK(len > 0 && len < JF_HOST_TEXT);
    EXPECT(jf_resolve_addr(&valid, INT64_MAX, unmapped, 0), len);
    EXPECT(jf_resolve_addr(&valid, TIMEOUT, text, (size_t)len + 1), len);
    CHECK(strlen(text) == (size_t)len && untouched(text + len + 1, sizeof text - (size_t)len - 1));
    fill(text, sizeof text);
    EXPECT(jf_resolve_addr(&valid, TIMEOUT, text, (size_t)len), len);
    CHECK(text[0] == 0 && untouched(text + 1, sizeof text - 1));
}

int main(int argc, char **argv) {
    fill(found, sizeof found);
    check_hosts();
    check_services();
    check_constants();
    check_pointers();
    check_accepted();
    check_random_hosts(is_slow(argc, argv) ? 1000 : 20000);
    check_resolve_addr();
    return 0;
}
