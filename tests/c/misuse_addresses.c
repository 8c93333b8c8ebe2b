/* Addresses of every length and family, passed to every function that takes one. */
#include "misuse.h"

static char text[512];

/* The functions that only read or change the address. */
static int64_t get_family(jf_socket s, jf_addr *a) { return (void)s, jf_addr_family(a); }
static int64_t format_address(jf_socket s, jf_addr *a) { return (void)s, jf_addr_format(a, text, sizeof text); }
static int64_t format_into_null(jf_socket s, jf_addr *a) { return (void)s, jf_addr_format(a, NULL, 0); }
static int64_t get_port(jf_socket s, jf_addr *a) { return (void)s, jf_addr_port(a); }
static int64_t set_port(jf_socket s, jf_addr *a) { return (void)s, jf_addr_set_port(a, 7); }

static int64_t equal_as_first(jf_socket s, jf_addr *a) {
    jf_addr valid = parsed("127.0.0.1:1");
    return (void)s, jf_addr_equal(a, &valid);
}

static int64_t equal_as_second(jf_socket s, jf_addr *a) {
    jf_addr valid = parsed("unix:");
    return (void)s, jf_addr_equal(&valid, a);
}

/* The functions that use the address with a socket. */
static int64_t bind_socket(jf_socket s, jf_addr *a) { return jf_bind(s, a); }
static int64_t connect_socket(jf_socket s, jf_addr *a) { return jf_connect(s, a); }
static int64_t send_to(jf_socket s, jf_addr *a) { return jf_send_to(s, "x", 1, 0, a); }
static int64_t send_nothing(jf_socket s, jf_addr *a) { return jf_send_to(s, NULL, 0, JF_DONT_WAIT, a); }
static int64_t join_group(jf_socket s, jf_addr *a) { return jf_join(s, a, NULL, 0); }
static int64_t leave_group(jf_socket s, jf_addr *a) { return jf_leave(s, a, NULL, 0); }

static int64_t join_from(jf_socket s, jf_addr *a) {
    jf_addr group = parsed("239.7.7.7:0");
    return jf_join(s, &group, a, 0);
}

static int64_t leave_from(jf_socket s, jf_addr *a) {
    jf_addr group = parsed("[ff15::7]:0");
    return jf_leave(s, &group, a, 0);
}

static const struct {
    const char *name;
    int64_t (*call)(jf_socket, jf_addr *);
} address_calls[] = {{"jf_addr_family", get_family},       {"jf_addr_format", format_address},
                     {"jf_addr_format", format_into_null}, {"jf_addr_port", get_port},
                     {"jf_addr_set_port", set_port},       {"jf_addr_equal", equal_as_first},
                     {"jf_addr_equal", equal_as_second}},
  socket_calls[] = {{"jf_bind", bind_socket},      {"jf_connect", connect_socket}, {"jf_send_to", send_to},
                    {"jf_send_to", send_nothing}, {"jf_join", join_group},        {"jf_join", join_from},
                    {"jf_leave", leave_group},    {"jf_leave", leave_from}};
enum {
    ADDRESS_CALLS = sizeof address_calls / sizeof address_calls[0],
    SOCKET_CALLS = sizeof socket_calls / sizeof socket_calls[0],
    FIRST_MEMBERSHIP_CALL = 4
};

/* A socket of every kind, and an invalid handle. */
static jf_socket sockets[KINDS + 1];

/* Every function refuses an invalid address with the same code, and leaves it unchanged. */
static void check_refused(const jf_addr *invalid, int64_t code, int with_sockets) {
    jf_addr a = *invalid;
    fill(text, sizeof text);
    for (int i = 0; i < ADDRESS_CALLS; i++)
        expect_of(address_calls[i].name, invalid->len, address_calls[i].call(0, &a), code);
    for (int i = 0; with_sockets && i < SOCKET_CALLS; i++)
        for (int kind = 0; kind <= KINDS; kind++)
            expect_of(socket_calls[i].name, invalid->len, socket_calls[i].call(sockets[kind], &a), code);
    CHECK(memcmp(&a, invalid, sizeof a) == 0);
    CHECK(untouched(text, sizeof text));
}

static void check_accepted(const jf_addr *valid) {
    jf_addr a = *valid, again;
    EXPECT(jf_addr_family(&a), valid->family);
    EXPECT(jf_addr_equal(&a, valid), 1);
    int64_t len = OK(jf_addr_format(&a, text, sizeof text));
    CHECK(len == (int64_t)strlen(text) && len < 352);
    EXPECT(jf_addr_format(&a, NULL, 0), len);
    if (valid->family == JF_UNSPEC) {
        CHECK(strcmp(text, "unspecified") == 0);
    } else {
        OK(jf_addr_parse(text, &again));
        EXPECT(jf_addr_equal(&a, &again), 1);
    }
    if (valid->family == JF_INET || valid->family == JF_INET6) {
        EXPECT(jf_addr_port(&a), valid->port);
        EXPECT(jf_addr_set_port(&a, 65535), 0);
        EXPECT(jf_addr_port(&a), 65535);
    } else {
        EXPECT(jf_addr_port(&a), JF_E_FAMILY_UNSUPPORTED);
        EXPECT(jf_addr_set_port(&a, 65535), JF_E_FAMILY_UNSUPPORTED);
        CHECK(memcmp(&a, valid, sizeof a) == 0);
    }
}

/* Tests a family with data that is: zeros, a path, a path with a zero byte in it, or an abstract name. */
static void check_every_length(uint16_t family, const char *data, int valid_len) {
    jf_addr a;
    memset(&a, 0, sizeof a);
    a.family = family;
    a.port = 80;
    memset(a.data, data[0] ? 'x' : 0, sizeof a.data);
    memcpy(a.data, data, strlen(data + 1) + 1);
    if (data[0] == 'z') a.data[5] = 0;
    for (uint32_t len = 0; len <= 257; len++) {
        a.len = len == 256 ? UINT32_MAX : len == 257 ? UINT32_MAX / 2 + 1 : len;
        int varies = family == JF_UNIX || family == JF_PACKET;
        int valid = varies ? a.len <= (uint32_t)valid_len : a.len == (uint32_t)valid_len;
        if (valid)
            check_accepted(&a);
        else
            check_refused(&a, JF_E_ADDR_INVALID, 1);
    }
}

static void check_unknown_families(void) {
    static const uint32_t lens[] = {0, 4, 16, 108, 112, 113, UINT32_MAX};
    jf_addr a;
    fill(&a, sizeof a);
    for (uint32_t family = JF_PACKET + 1; family <= 65535; family++) {
        /* The calls with sockets take long, so they are made for some families only. */
        int is_thorough = family < 50 || family % 4099 == 0 || family > 65530;
        a.family = (uint16_t)family;
        for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
            a.len = lens[i];
            if (is_thorough) {
                check_refused(&a, JF_E_FAMILY_UNSUPPORTED, 1);
            } else if (i == family % 7) {
                EXPECT(jf_addr_family(&a), JF_E_FAMILY_UNSUPPORTED);
                EXPECT(jf_addr_port(&a), JF_E_FAMILY_UNSUPPORTED);
            }
        }
    }
}

/* Valid addresses of another family than the socket's. */
static void check_wrong_families(void) {
    jf_addr addrs[] = {parsed("127.0.0.1:1"), parsed("[::1]:1"), parsed("unix:@jackfield-unbound")};
    jf_addr unspec;
    memset(&unspec, 0, sizeof unspec);
    for (int kind = 0; kind < KINDS; kind++) {
        jf_socket s = OK(jf_open(kind_family(kind), kind_type(kind), 0));
        for (int i = 0; i < 3; i++) {
            if (addrs[i].family == kind_family(kind)) continue;
            for (int j = 0; j < SOCKET_CALLS; j++) {
                /* An IPv6 socket can join IPv4 groups; see tests/c/multicast.c. */
                if (i == 0 && kind_family(kind) == JF_INET6 && j >= FIRST_MEMBERSHIP_CALL) continue;
                expect_of(socket_calls[j].name, kind, socket_calls[j].call(s, &addrs[i]), JF_E_FAMILY_UNSUPPORTED);
            }
        }
        EXPECT(jf_bind(s, &unspec), JF_E_FAMILY_UNSUPPORTED);
        EXPECT(jf_send_to(s, "x", 1, 0, &unspec), JF_E_FAMILY_UNSUPPORTED);
        OK(jf_close(s));
    }
    /* A valid address is compared with the socket's family. With an invalid handle, the call returns
     * JF_E_BAD_HANDLE. */
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < SOCKET_CALLS; j++)
            expect_of(socket_calls[j].name, i, socket_calls[j].call(0, &addrs[i]), JF_E_BAD_HANDLE);
}

int main(void) {
    for (int kind = 0; kind < KINDS; kind++) sockets[kind] = OK(jf_open(kind_family(kind), kind_type(kind), 0));
    sockets[KINDS] = 0;

    check_every_length(JF_UNSPEC, "\0", 0);
    check_every_length(JF_INET, "\x7f\0\0", 4);
    check_every_length(JF_INET, "xxxx", 4);
    check_every_length(JF_INET6, "\0", 16);
    check_every_length(JF_INET6, "xxxx", 16);
    check_every_length(JF_UNIX, "\0", 108);
    check_every_length(JF_UNIX, "\0name", 108);
    check_every_length(JF_UNIX, "/path", 108);
    check_every_length(JF_UNIX, "zpath", 5);
    check_every_length(JF_NETLINK, "\0", 0);
    check_every_length(JF_VSOCK, "xxxx", 0);
    check_every_length(JF_PACKET, "xxxx", 32);
    check_unknown_families();

    /* The sockets are unchanged: not bound, not connected. */
    for (int kind = 0; kind < KINDS; kind++) {
        jf_addr a;
        EXPECT(jf_peer_addr(sockets[kind], &a), JF_E_NOT_CONNECTED);
        OK(jf_local_addr(sockets[kind], &a));
        CHECK(a.port == 0);
        OK(jf_close(sockets[kind]));
    }
    check_wrong_families();

    /* The empty UNIX address is valid, but not as a destination. */
    jf_addr unnamed = parsed("unix:");
    static const int types[] = {JF_STREAM, JF_DGRAM, JF_SEQPACKET};
    for (int i = 0; i < 3; i++) {
        jf_socket s = OK(jf_open(JF_UNIX, types[i], 0));
        EXPECT(jf_connect(s, &unnamed), JF_E_ADDR_INVALID);
        if (types[i] == JF_DGRAM) EXPECT(jf_send_to(s, "x", 1, 0, &unnamed), JF_E_ADDR_INVALID);
        OK(jf_close(s));
    }
    return 0;
}
