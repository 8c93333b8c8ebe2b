/* Members of messages that are out of range, or that the socket does not support. They are never ignored. */
#include "messages.h"
#include "misuse.h"

static enum kind kind;
static jf_socket s[2];

static int is_udp(void) {
    return kind == UDP4 || kind == UDP6;
}

static int is_unix(void) {
    return kind_family(kind) == JF_UNIX;
}

/* The message is refused, also together with valid members. */
static void check_refused(jf_msg m, int64_t code, const char *member, int64_t argument) {
    jf_msg before = m;
    expect_of(member, argument, send_message(s[0], "x", &m, 0), code);
    CHECK(memcmp(&m, &before, sizeof m) == 0);
    if (is_udp()) {
        m.present |= JF_HAS_TTL | JF_HAS_TOS;
        if (!(before.present & JF_HAS_TTL)) m.ttl = 1;
        expect_of(member, argument, send_message(s[0], "x", &m, 0), code);
    }
}

/* Numbers out of range. */
static void check_ranges(void) {
    static const uint32_t BAD_TTLS[] = {0, 256, 257, 65535, 65537, 0x80000000, UINT32_MAX};
    static const uint32_t BAD_CLASSES[] = {256, 257, 65536, 0x80000000, UINT32_MAX};
    static const uint32_t BAD_SIZES[] = {0, 65536, 65537, 0x80000001, UINT32_MAX};
    jf_msg m = message(NULL, 0);
    for (size_t i = 0; i < sizeof BAD_TTLS / sizeof *BAD_TTLS; i++) {
        m.present = JF_HAS_TTL;
        m.ttl = BAD_TTLS[i];
        check_refused(m, is_udp() || m.ttl > 255 ? JF_E_INVALID : JF_E_UNSUPPORTED, "ttl", BAD_TTLS[i]);
    }
    m = message(NULL, 0);
    for (size_t i = 0; i < sizeof BAD_CLASSES / sizeof *BAD_CLASSES; i++) {
        m.present = JF_HAS_TOS;
        m.tos = BAD_CLASSES[i];
        check_refused(m, JF_E_INVALID, "tos", BAD_CLASSES[i]);
    }
    m = message(NULL, 0);
    for (size_t i = 0; i < sizeof BAD_SIZES / sizeof *BAD_SIZES; i++) {
        m.present = JF_HAS_SEGMENT_SIZE;
        m.segment_size = BAD_SIZES[i];
        check_refused(m, is_udp() || m.segment_size > 0 ? JF_E_INVALID : JF_E_UNSUPPORTED, "segment_size",
                      BAD_SIZES[i]);
    }
    /* Members without a bit in `present` are ignored. */
    m = message(NULL, 0);
    m.ttl = m.tos = m.segment_size = m.interface_index = UINT32_MAX;
    m.pid = -1;
    memset(&m.addr, 0xA5, sizeof m.addr);
    memset(&m.local, 0xA5, sizeof m.local);
    EXPECT(send_message(s[0], "x", &m, 0), 1);
}

/* Members that the kind of socket does not support. */
static void check_unsupported(void) {
    jf_msg m = message(NULL, 0);
    m.pid = getpid();
    m.uid = getuid();
    m.gid = getgid();
    m.ttl = 1;
    m.segment_size = 100;
    static const uint32_t IP_MEMBERS[] = {JF_HAS_PACKET_INFO, JF_HAS_TTL, JF_HAS_TOS, JF_HAS_SEGMENT_SIZE};
    for (int i = 0; i < 4; i++) {
        m.present = IP_MEMBERS[i];
        if (!is_udp()) check_refused(m, JF_E_UNSUPPORTED, "an IP member", IP_MEMBERS[i]);
    }
    m.present = JF_HAS_CREDENTIALS;
    if (!is_unix()) check_refused(m, JF_E_UNSUPPORTED, "credentials", 0);
    m.present = 0;
    jf_passed p[2] = {descriptor_to_pass(0), socket_to_pass(s[1])};
    m.passed = p;
    m.passed_count = 2;
    if (!is_unix()) check_refused(m, JF_E_UNSUPPORTED, "descriptors", 2);
    m.passed_count = 1;
    if (!is_unix()) check_refused(m, JF_E_UNSUPPORTED, "descriptors", 1);
}

/* On a stream, control messages require data. */
static void check_empty_stream_message(void) {
    jf_passed p = descriptor_to_pass(0);
    jf_buf empty[] = {{NULL, 0}, {(void *)1, 0}};
    _Alignas(8) char packed[CMSG_SPACE(sizeof(int))] = {0};
    struct cmsghdr *header = (struct cmsghdr *)(void *)packed;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    if (kind_type(kind) != JF_STREAM || !is_unix()) return;
    for (size_t count = 0; count < 3; count++) {
        jf_msg m = message(empty, count);
        m.passed = &p;
        m.passed_count = 1;
        EXPECT(jf_send_msg(s[0], &m, 0), JF_E_INVALID);
        m.passed_count = 0;
        m.present = JF_HAS_CREDENTIALS;
        m.pid = getpid();
        EXPECT(jf_send_msg(s[0], &m, 0), JF_E_INVALID);
        m.present = 0;
        m.other = packed;
        m.other_len = sizeof packed;
        EXPECT(jf_send_msg(s[0], &m, 0), JF_E_INVALID);
        m.other_len = 0;
        EXPECT(jf_send_msg(s[0], &m, 0), 0);
    }
}

/* Addresses of other families, and invalid ones. */
static void check_addresses(void) {
    static const char *const TEXTS[] = {"127.0.0.1:9", "[::1]:9", "unix:/nowhere", "netlink:0:0"};
    jf_addr unspecified, garbage, long_path = parsed("unix:/x");
    memset(&unspecified, 0, sizeof unspecified);
    memset(&garbage, 0xA5, sizeof garbage);
    jf_addr bad_len = parsed("127.0.0.1:9");
    bad_len.len = 113;
    long_path.len = UINT32_MAX;
    jf_msg m = message(NULL, 0);
    m.present = JF_HAS_ADDR;
    for (int i = 0; i < 5; i++) {
        m.addr = i < 4 ? parsed(TEXTS[i]) : unspecified;
        int has_own_family = m.addr.family == kind_family(kind);
        if (has_own_family && kind_type(kind) == JF_DGRAM) continue;
        check_refused(m, has_own_family ? JF_E_TYPE_UNSUPPORTED : JF_E_FAMILY_UNSUPPORTED, "addr", i);
    }
    const jf_addr invalid[] = {garbage, bad_len, long_path};
    for (int i = 0; i < 3; i++) {
        m.addr = invalid[i];
        check_refused(m, i ? JF_E_ADDR_INVALID : JF_E_FAMILY_UNSUPPORTED, "a bad addr", i);
        m.present = JF_HAS_PACKET_INFO;
        m.local = invalid[i];
        check_refused(m, i ? JF_E_ADDR_INVALID : JF_E_FAMILY_UNSUPPORTED, "a bad local", i);
        m.present = JF_HAS_ADDR;
    }
    if (!is_udp()) return;
    /* An IPv6 socket accepts an IPv4 source address, but not with an IPv6 destination. */
    m.present = JF_HAS_PACKET_INFO;
    for (int i = 0; i < 4; i++) {
        m.local = parsed(TEXTS[i]);
        if (m.local.family == kind_family(kind)) continue;
        int is_mapped = kind == UDP6 && i == 0;
        check_refused(m, is_mapped ? JF_E_INVALID : JF_E_FAMILY_UNSUPPORTED, "local", i);
    }
}

/* Foreign credentials require root, and the process must exist. */
static void check_credentials(void) {
    jf_msg m = message(NULL, 0);
    if (!is_unix()) return;
    m.present = JF_HAS_CREDENTIALS;
    m.pid = INT32_MAX;
    int64_t result = send_message(s[0], "x", &m, 0);
    CHECK(result < 0);
    m.pid = -1;
    CHECK(send_message(s[0], "x", &m, 0) < 0);
    m.pid = getpid();
    m.uid = UINT32_MAX;
    EXPECT(send_message(s[0], "x", &m, 0), JF_E_INVALID);
    m.uid = 0;
    m.gid = UINT32_MAX;
    EXPECT(send_message(s[0], "x", &m, 0), JF_E_INVALID);
    /* The valid descriptor of the refused message is no longer in use. */
    jf_passed p = socket_to_pass(s[1]);
    m.passed = &p;
    m.passed_count = 1;
    EXPECT(send_message(s[0], "x", &m, 0), JF_E_INVALID);
    s[1] = OK(jf_from_fd(OK(jf_into_fd(s[1]))));
}

int main(void) {
    for (int i = 0; i < KINDS; i++) {
        kind = (enum kind)i;
        connected(kind, s);
        int before = count_descriptors();
        check_ranges();
        char byte;
        EXPECT(jf_recv(s[1], &byte, 1, 0), 1);
        check_unsupported();
        check_empty_stream_message();
        check_addresses();
        check_credentials();
        EXPECT(jf_recv(s[1], &byte, 1, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
        CHECK(count_descriptors() == before);
        close_both(s);
    }
    return 0;
}
