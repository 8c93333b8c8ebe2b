/* Members of messages that are out of range, or that the socket does not carry: on every kind of it, never silence. */
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

/* It is refused, also together with what is good. */
static void refused(jf_msg m, int64_t code, const char *what, int64_t argument) {
    jf_msg before = m;
    expect_of(what, argument, send_with(s[0], "x", &m, 0), code);
    CHECK(memcmp(&m, &before, sizeof m) == 0);
    if (is_udp()) {
        m.present |= JF_HAS_TTL | JF_HAS_TOS;
        if (!(before.present & JF_HAS_TTL)) m.ttl = 1;
        expect_of(what, argument, send_with(s[0], "x", &m, 0), code);
    }
}

/* Numbers out of range, where the socket carries it at all. */
static void numbers(void) {
    static const uint32_t BAD_TTLS[] = {0, 256, 257, 65535, 65537, 0x80000000, UINT32_MAX};
    static const uint32_t BAD_CLASSES[] = {256, 257, 65536, 0x80000000, UINT32_MAX};
    static const uint32_t BAD_SIZES[] = {0, 65536, 65537, 0x80000001, UINT32_MAX};
    jf_msg m = message(NULL, 0);
    for (size_t i = 0; i < sizeof BAD_TTLS / sizeof *BAD_TTLS; i++) {
        m.present = JF_HAS_TTL;
        m.ttl = BAD_TTLS[i];
        refused(m, is_udp() || m.ttl > 255 ? JF_E_INVALID : JF_E_UNSUPPORTED, "ttl", BAD_TTLS[i]);
    }
    m = message(NULL, 0);
    for (size_t i = 0; i < sizeof BAD_CLASSES / sizeof *BAD_CLASSES; i++) {
        m.present = JF_HAS_TOS;
        m.tos = BAD_CLASSES[i];
        refused(m, JF_E_INVALID, "tos", BAD_CLASSES[i]);
    }
    m = message(NULL, 0);
    for (size_t i = 0; i < sizeof BAD_SIZES / sizeof *BAD_SIZES; i++) {
        m.present = JF_HAS_SEGMENT_SIZE;
        m.segment_size = BAD_SIZES[i];
        refused(m, is_udp() || m.segment_size > 0 ? JF_E_INVALID : JF_E_UNSUPPORTED, "segment_size", BAD_SIZES[i]);
    }
    /* What present does not name does not count. */
    m = message(NULL, 0);
    m.ttl = m.tos = m.segment_size = m.interface_index = UINT32_MAX;
    m.pid = -1;
    memset(&m.addr, 0xA5, sizeof m.addr);
    memset(&m.local, 0xA5, sizeof m.local);
    EXPECT(send_with(s[0], "x", &m, 0), 1);
}

/* What such a socket does not carry. */
static void not_carried(void) {
    jf_msg m = message(NULL, 0);
    m.pid = getpid();
    m.uid = getuid();
    m.gid = getgid();
    m.ttl = 1;
    m.segment_size = 100;
    static const uint32_t OF_PACKETS[] = {JF_HAS_PACKET_INFO, JF_HAS_TTL, JF_HAS_TOS, JF_HAS_SEGMENT_SIZE};
    for (int i = 0; i < 4; i++) {
        m.present = OF_PACKETS[i];
        if (!is_udp()) refused(m, JF_E_UNSUPPORTED, "of packets", OF_PACKETS[i]);
    }
    m.present = JF_HAS_CREDENTIALS;
    if (!is_unix()) refused(m, JF_E_UNSUPPORTED, "credentials", 0);
    m.present = 0;
    jf_passed p[2] = {descriptor_to_pass(0), socket_to_pass(s[1])};
    m.passed = p;
    m.passed_count = 2;
    if (!is_unix()) refused(m, JF_E_UNSUPPORTED, "descriptors", 2);
    m.passed_count = 1;
    if (!is_unix()) refused(m, JF_E_UNSUPPORTED, "descriptors", 1);
}

/* Nothing on a stream goes with no data. */
static void without_data(void) {
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

/* Addresses of other families, and that are none. */
static void addresses(void) {
    static const char *const TEXTS[] = {"127.0.0.1:9", "[::1]:9", "unix:/nowhere", "netlink:0:0"};
    jf_addr none, garbage, long_path = parsed("unix:/x");
    memset(&none, 0, sizeof none);
    memset(&garbage, 0xA5, sizeof garbage);
    jf_addr bad_len = parsed("127.0.0.1:9");
    bad_len.len = 113;
    long_path.len = UINT32_MAX;
    jf_msg m = message(NULL, 0);
    m.present = JF_HAS_ADDR;
    for (int i = 0; i < 5; i++) {
        m.addr = i < 4 ? parsed(TEXTS[i]) : none;
        int is_own = m.addr.family == kind_family(kind);
        if (is_own && kind_type(kind) == JF_DGRAM) continue;
        refused(m, is_own ? JF_E_TYPE_UNSUPPORTED : JF_E_FAMILY_UNSUPPORTED, "addr", i);
    }
    const jf_addr bad[] = {garbage, bad_len, long_path};
    for (int i = 0; i < 3; i++) {
        m.addr = bad[i];
        refused(m, i ? JF_E_ADDR_INVALID : JF_E_FAMILY_UNSUPPORTED, "a bad addr", i);
        m.present = JF_HAS_PACKET_INFO;
        m.local = bad[i];
        refused(m, i ? JF_E_ADDR_INVALID : JF_E_FAMILY_UNSUPPORTED, "a bad local", i);
        m.present = JF_HAS_ADDR;
    }
    if (!is_udp()) return;
    /* An IPv6 socket takes those of IPv4 as well, but not where it sends to IPv6. */
    m.present = JF_HAS_PACKET_INFO;
    for (int i = 0; i < 4; i++) {
        m.local = parsed(TEXTS[i]);
        if (m.local.family == kind_family(kind)) continue;
        int is_mapped = kind == UDP6 && i == 0;
        refused(m, is_mapped ? JF_E_INVALID : JF_E_FAMILY_UNSUPPORTED, "local", i);
    }
}

/* Somebody else's credentials are root's to send; of processes that are not there, nobody's. */
static void credentials(void) {
    jf_msg m = message(NULL, 0);
    if (!is_unix()) return;
    m.present = JF_HAS_CREDENTIALS;
    m.pid = INT32_MAX;
    int64_t result = send_with(s[0], "x", &m, 0);
    CHECK(result < 0);
    m.pid = -1;
    CHECK(send_with(s[0], "x", &m, 0) < 0);
    m.pid = getpid();
    m.uid = UINT32_MAX;
    EXPECT(send_with(s[0], "x", &m, 0), JF_E_INVALID);
    m.uid = 0;
    m.gid = UINT32_MAX;
    EXPECT(send_with(s[0], "x", &m, 0), JF_E_INVALID);
    /* What was right has been let go of with what was wrong. */
    jf_passed p = socket_to_pass(s[1]);
    m.passed = &p;
    m.passed_count = 1;
    EXPECT(send_with(s[0], "x", &m, 0), JF_E_INVALID);
    s[1] = OK(jf_from_fd(OK(jf_into_fd(s[1]))));
}

int main(void) {
    for (int i = 0; i < KINDS; i++) {
        kind = (enum kind)i;
        connected(kind, s);
        int before = descriptors_open();
        numbers();
        char byte;
        EXPECT(jf_recv(s[1], &byte, 1, 0), 1);
        not_carried();
        without_data();
        addresses();
        credentials();
        EXPECT(jf_recv(s[1], &byte, 1, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
        CHECK(descriptors_open() == before);
        close_both(s);
    }
    return 0;
}
