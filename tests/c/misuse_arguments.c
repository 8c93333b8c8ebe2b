/* Invalid flags, families, types, protocols, directions, backlogs and values. */
#include "misuse.h"

static unsigned char buffer[256];
static jf_addr addr;

static const uint32_t valid_send_flags = JF_DONT_WAIT | JF_MORE | JF_OUT_OF_BAND | JF_CONFIRM;
static const uint32_t valid_recv_flags =
    JF_DONT_WAIT | JF_PEEK | JF_WAIT_ALL | JF_TRUNC | JF_OUT_OF_BAND | JF_ERROR_QUEUE;

static void check_send_refuses(jf_socket s, uint32_t flags) {
    const jf_buf bufs[] = {{(void *)"x", 1}};
    expect_of("jf_send", flags, jf_send(s, "x", 1, flags), JF_E_INVALID);
    expect_of("jf_send of 0 bytes", flags, jf_send(s, NULL, 0, flags), JF_E_INVALID);
    expect_of("jf_send_to", flags, jf_send_to(s, "x", 1, flags, &addr), JF_E_INVALID);
    expect_of("jf_send_vec", flags, jf_send_vec(s, bufs, 1, flags), JF_E_INVALID);
    expect_of("jf_send_vec of 0 bytes", flags, jf_send_vec(s, NULL, 0, flags), JF_E_INVALID);
}

static void check_recv_refuses(jf_socket s, uint32_t flags) {
    jf_buf bufs[] = {{buffer, 8}};
    jf_addr *from = (jf_addr *)(void *)(buffer + 16);
    expect_of("jf_recv", flags, jf_recv(s, buffer, 8, flags), JF_E_INVALID);
    expect_of("jf_recv of 0 bytes", flags, jf_recv(s, NULL, 0, flags), JF_E_INVALID);
    expect_of("jf_recv_from", flags, jf_recv_from(s, buffer, 8, flags, from), JF_E_INVALID);
    expect_of("jf_recv_from without an address", flags, jf_recv_from(s, buffer, 8, flags, NULL), JF_E_INVALID);
    expect_of("jf_recv_from of 0 bytes", flags, jf_recv_from(s, NULL, 0, flags, from), JF_E_INVALID);
    expect_of("jf_recv_vec", flags, jf_recv_vec(s, bufs, 1, flags), JF_E_INVALID);
    expect_of("jf_recv_vec of 0 bytes", flags, jf_recv_vec(s, NULL, 0, flags), JF_E_INVALID);
    CHECK(untouched(buffer, sizeof buffer));
}

static void check_flags(enum kind kind) {
    jf_socket s[2];
    connected(kind, s);
    OK(jf_send(s[1], "kept", 4, 0));
    for (int bit = 0; bit < 32; bit++) {
        uint32_t flag = (uint32_t)1 << bit;
        if (!(flag & valid_send_flags)) {
            check_send_refuses(s[0], flag);
            check_send_refuses(s[0], flag | valid_send_flags);
        }
        if (!(flag & valid_recv_flags)) {
            check_recv_refuses(s[0], flag);
            check_recv_refuses(s[0], flag | JF_DONT_WAIT);
            check_recv_refuses(s[0], flag | valid_recv_flags);
        }
    }
    check_send_refuses(s[0], UINT32_MAX);
    check_recv_refuses(s[0], UINT32_MAX);
    /* Nothing was sent or received. */
    EXPECT(jf_recv(s[1], buffer, sizeof buffer, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
    CHECK(untouched(buffer, sizeof buffer));
    EXPECT(jf_recv(s[0], buffer, sizeof buffer, 0), 4);
    fill(buffer, sizeof buffer);
    close_both(s);
}

static void check_open(void) {
    static const int32_t families[] = {JF_UNSPEC, 7, 8, 10, 16, 17, 255, 65535, 65536, 65537, 65539, -1, -65535,
                                       INT32_MIN, INT32_MIN + 1, INT32_MAX};
    static const int32_t types[] = {0, 5, 6, 7, 10, 255, 65535, 65536, 65537, 2049, 526337, -1, -65535,
                                    INT32_MIN, INT32_MIN + 1, INT32_MAX};
    jf_socket *out = (jf_socket *)(void *)buffer;
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
        for (int type = JF_STREAM; type <= JF_RAW; type++) {
            expect_of("jf_open", families[i], jf_open(families[i], type, 0), JF_E_FAMILY_UNSUPPORTED);
            expect_of("jf_pair", families[i], jf_pair(families[i], type, out), JF_E_FAMILY_UNSUPPORTED);
        }
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        for (int family = JF_INET; family <= JF_PACKET; family++)
            expect_of("jf_open", types[i], jf_open(family, types[i], 0), JF_E_TYPE_UNSUPPORTED);
        expect_of("jf_pair", types[i], jf_pair(JF_UNIX, types[i], out), JF_E_TYPE_UNSUPPORTED);
    }
    for (int family = JF_INET; family <= JF_PACKET; family++)
        for (int type = JF_STREAM; type <= JF_RAW; type++)
            if (family != JF_UNIX) EXPECT(jf_pair(family, type, out), JF_E_FAMILY_UNSUPPORTED);
    /* Each is known, but the combination is not supported. */
    EXPECT(jf_open(JF_INET, JF_SEQPACKET, 0), JF_E_TYPE_UNSUPPORTED);
    EXPECT(jf_open(JF_INET6, JF_SEQPACKET, 0), JF_E_TYPE_UNSUPPORTED);
    EXPECT(jf_open(JF_UNIX, JF_RAW, 0), JF_E_TYPE_UNSUPPORTED);
    EXPECT(jf_pair(JF_UNIX, JF_RAW, out), JF_E_TYPE_UNSUPPORTED);
    EXPECT(jf_open(JF_NETLINK, JF_STREAM, 0), JF_E_TYPE_UNSUPPORTED);
    EXPECT(jf_open(JF_NETLINK, JF_SEQPACKET, 0), JF_E_TYPE_UNSUPPORTED);
    EXPECT(jf_open(JF_PACKET, JF_STREAM, 0), JF_E_TYPE_UNSUPPORTED);
    EXPECT(jf_open(JF_VSOCK, JF_RAW, 0), JF_E_TYPE_UNSUPPORTED);
    /* A raw socket requires a protocol. */
    EXPECT(jf_open(JF_INET, JF_RAW, 0), JF_E_PROTOCOL_UNSUPPORTED);
    EXPECT(jf_open(JF_NETLINK, JF_RAW, 1000), JF_E_PROTOCOL_UNSUPPORTED);
    EXPECT(jf_open(JF_PACKET, JF_DGRAM, 65536), JF_E_PROTOCOL_UNSUPPORTED);
    EXPECT(jf_open(JF_PACKET, JF_RAW, -1), JF_E_INVALID);

    for (int family = JF_INET; family <= JF_UNIX; family++) {
        EXPECT(jf_open(family, JF_STREAM, -1), JF_E_INVALID);
        EXPECT(jf_open(family, JF_STREAM, -6), JF_E_INVALID);
        EXPECT(jf_open(family, JF_DGRAM, INT32_MIN), JF_E_INVALID);
        EXPECT(jf_open(family, JF_STREAM, 17), JF_E_PROTOCOL_UNSUPPORTED);
        EXPECT(jf_open(family, JF_DGRAM, 6), JF_E_PROTOCOL_UNSUPPORTED);
        EXPECT(jf_open(family, JF_STREAM, 254), JF_E_PROTOCOL_UNSUPPORTED);
    }
    CHECK(untouched(buffer, sizeof buffer));
}

static void check_shutdown_and_listen(void) {
    static const int32_t directions[] = {0, 4, 5, 255, 65536, 65537, 65539, -1, -2, INT32_MIN,
                                         INT32_MIN + 1, INT32_MAX};
    static const int32_t backlogs[] = {-2, -3, -65536, INT32_MIN, INT32_MIN + 1};
    for (int kind = 0; kind < KINDS; kind++) {
        jf_socket s[2];
        connected(kind, s);
        for (size_t i = 0; i < sizeof directions / sizeof directions[0]; i++)
            expect_of("jf_shutdown", directions[i], jf_shutdown(s[0], directions[i]), JF_E_INVALID);
        EXPECT(jf_send(s[0], "x", 1, 0), 1);
        EXPECT(jf_send(s[1], "x", 1, 0), 1);
        close_both(s);
    }
    jf_addr a;
    jf_socket s = bound("127.0.0.1:0", JF_STREAM, &a);
    int64_t is_listening = 77;
    for (size_t i = 0; i < sizeof backlogs / sizeof backlogs[0]; i++)
        expect_of("jf_listen", backlogs[i], jf_listen(s, backlogs[i]), JF_E_INVALID);
    OK(jf_get(s, JF_OPT_LISTENING, &is_listening));
    CHECK(is_listening == 0);
    EXPECT(jf_accept(s, (jf_addr *)(void *)buffer), JF_E_INVALID);
    CHECK(untouched(buffer, sizeof buffer));
    EXPECT(jf_listen(s, -1), 0);
    EXPECT(jf_listen(s, 0), 0);
    EXPECT(jf_listen(s, INT32_MAX), 0);
    OK(jf_close(s));
}

/* File offsets and lengths must not be negative. The types of the socket and of the file are checked as well. */
static void check_send_file(enum kind kind) {
    static const int64_t negative[] = {-1, -2, -4096, INT32_MIN, INT64_MIN, INT64_MIN + 1};
    int64_t expected = kind_type(kind) == JF_STREAM ? JF_E_BAD_HANDLE : JF_E_TYPE_UNSUPPORTED;
    jf_socket s[2];
    connected(kind, s);
    int64_t fd = OK(jf_fd(s[0]));
    for (size_t i = 0; i < sizeof negative / sizeof negative[0]; i++) {
        expect_of("jf_send_file from", negative[i], jf_send_file(s[0], fd, negative[i], 1), JF_E_INVALID);
        expect_of("jf_send_file of", negative[i], jf_send_file(s[0], fd, 0, negative[i]), JF_E_INVALID);
        expect_of("jf_send_file", negative[i], jf_send_file(s[0], fd, negative[i], negative[i]), JF_E_INVALID);
        expect_of("jf_send_file of 0 bytes", negative[i], jf_send_file(s[0], fd, negative[i], 0), JF_E_INVALID);
        expect_of("jf_send_file", negative[i], jf_send_file(0, -1, negative[i], 0), JF_E_INVALID);
    }
    EXPECT(jf_send_file(s[0], INT32_MAX, 0, 1), expected);
    EXPECT(jf_send_file(s[0], INT32_MAX, INT64_MAX, INT64_MAX), expected);
    EXPECT(jf_recv(s[1], buffer, sizeof buffer, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
    CHECK(untouched(buffer, sizeof buffer));
    close_both(s);
}

/* Unknown events, events that jf_wait does not support, and invalid timeouts. */
static void check_wait(enum kind kind) {
    static const int64_t timeouts[] = {-2, -3, -1000, INT32_MIN, INT64_MIN, INT64_MIN + 1};
    jf_socket s[2];
    connected(kind, s);
    jf_wait_item items[2] = {{s[0], JF_WRITABLE, 77}, {s[1], JF_WRITABLE, 77}};
    for (int bit = 6; bit < 32; bit++) {
        items[1].events = (uint32_t)1 << bit;
        expect_of("jf_wait", bit, jf_wait(items, 2, 0), JF_E_INVALID);
        items[1].events |= JF_WRITABLE;
        expect_of("jf_wait", bit, jf_wait(items, 2, -1), JF_E_INVALID);
    }
    items[1].events = JF_WRITABLE;
    for (size_t i = 0; i < sizeof timeouts / sizeof timeouts[0]; i++) {
        expect_of("jf_wait", timeouts[i], jf_wait(items, 2, timeouts[i]), JF_E_INVALID);
        expect_of("jf_wait for 0 items", timeouts[i], jf_wait(NULL, 0, timeouts[i]), JF_E_INVALID);
    }
    CHECK(items[0].ready == 77 && items[1].ready == 77);
    EXPECT(jf_wait(items, 2, INT64_MAX), 2);
    CHECK(items[0].ready == JF_WRITABLE && items[1].ready == JF_WRITABLE);
    close_both(s);
}

static void check_texts_and_ports(void) {
    static const char *const invalid[] = {"", ":", "80", "1.2.3.4", "1.2.3.4:", "1.2.3.4:65536", "1.2.3.4:-1",
                                          "1.2.3:80", "1.2.3.4:+1", "localhost:80", "::1:80", "[::1]", "[::1]:",
                                          "[::1]:99999", "[fe80::1%]:80", "unix", "unix:/a%", "unix:/a%0",
                                          "unix:/a%00", "unix:\xff", "tcp://1.2.3.4:5", "unspecified",
                                          " 1.2.3.4:5", "\x80:80"};
    char long_text[4096];
    jf_addr out;
    fill(&out, sizeof out);
    for (size_t i = 0; i < sizeof invalid / sizeof invalid[0]; i++)
        expect_of(invalid[i], 0, jf_addr_parse(invalid[i], &out), JF_E_ADDR_INVALID);
    EXPECT(jf_addr_parse("[fe80::1%no-such-interface]:80", &out), JF_E_NOT_FOUND);
    /* One byte more than the longest path or abstract name, and many more. */
    for (int is_abstract = 0; is_abstract < 2; is_abstract++) {
        int prefix_len = snprintf(long_text, sizeof long_text, "unix:%s", is_abstract ? "@" : "/");
        memset(long_text + prefix_len, 'x', sizeof long_text - (size_t)prefix_len);
        long_text[sizeof long_text - 1] = 0;
        EXPECT(jf_addr_parse(long_text, &out), JF_E_ADDR_INVALID);
        long_text[prefix_len + 108] = 0;
        EXPECT(jf_addr_parse(long_text, &out), JF_E_ADDR_INVALID);
    }
    CHECK(untouched(&out, sizeof out));
    long_text[5 + 1 + 107] = 0;
    OK(jf_addr_parse(long_text, &out));

    static const int32_t ports[] = {-1, -65535, 65536, 65537, INT32_MAX, INT32_MIN, INT32_MIN + 1};
    for (size_t i = 0; i < sizeof ports / sizeof ports[0]; i++) {
        jf_addr a = parsed("127.0.0.1:1"), before = a;
        expect_of("jf_addr_set_port", ports[i], jf_addr_set_port(&a, ports[i]), JF_E_INVALID);
        CHECK(memcmp(&a, &before, sizeof a) == 0);
    }
}

static void check_errors(void) {
    static const int64_t codes[] = {0, 1, INT64_MAX, INT64_MIN, INT64_MIN + 1, INT32_MIN, INT32_MAX, -47, -48, -99999,
                                    -100000, -100001, -165535, -165536, -200000, -4294967296,
                                    -4294967297};
    uint64_t state = 2;
    for (int i = 0; i < 10000; i++) {
        int64_t code = i < (int)(sizeof codes / sizeof codes[0]) ? codes[i]
                       : i % 2                                   ? (int64_t)random_number(&state)
                                                                 : -i;
        const char *name = jf_error_name(code), *text = jf_error_text(code);
        CHECK(name && text && strlen(name) > 0 && strlen(text) > 0);
        /* Only negative codes have error names. Only codes with an errno have a system number. */
        CHECK((strcmp(name, "JF_OK") == 0) == (code >= 0));
        int64_t number = jf_error_os(code);
        CHECK(number >= 0 && (code < 0 || number == 0));
        if (code < JF_E_OS && code >= JF_E_OS - 4095) CHECK(number == JF_E_OS - code);
    }
    for (int64_t code = JF_E_INVALID; code >= JF_E_NAME_FAILED; code--)
        CHECK(strncmp(jf_error_name(code), "JF_E_", 5) == 0);
    CHECK(jf_version() >= 1000 && jf_version_text()[0] != 0);
}

int main(void) {
    addr = parsed("127.0.0.1:1");
    fill(buffer, sizeof buffer);
    for (int kind = 0; kind < KINDS; kind++) {
        check_flags(kind);
        check_send_file(kind);
        check_wait(kind);
    }
    check_open();
    check_shutdown_and_listen();
    check_texts_and_ports();
    check_errors();
    /* Protocol numbers above the maximum are unsupported as well. */
    for (int family = JF_INET; family <= JF_UNIX; family++) {
        EXPECT(jf_open(family, JF_STREAM, 1000), JF_E_PROTOCOL_UNSUPPORTED);
        EXPECT(jf_open(family, JF_DGRAM, INT32_MAX), JF_E_PROTOCOL_UNSUPPORTED);
    }
    return 0;
}
