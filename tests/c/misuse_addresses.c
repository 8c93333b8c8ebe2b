/* Addresses of every length and family, given to every function that takes one. */
#include "misuse.h"

static char text[512];

/* The functions that only look at an address. */
static int64_t family_of(jf_socket s, jf_addr *a) { return (void)s, jf_addr_family(a); }
static int64_t format(jf_socket s, jf_addr *a) { return (void)s, jf_addr_format(a, text, sizeof text); }
static int64_t format_none(jf_socket s, jf_addr *a) { return (void)s, jf_addr_format(a, NULL, 0); }
static int64_t port_of(jf_socket s, jf_addr *a) { return (void)s, jf_addr_port(a); }
static int64_t set_port(jf_socket s, jf_addr *a) { return (void)s, jf_addr_set_port(a, 7); }

static int64_t equal_left(jf_socket s, jf_addr *a) {
    jf_addr good = parsed("127.0.0.1:1");
    return (void)s, jf_addr_equal(a, &good);
}

static int64_t equal_right(jf_socket s, jf_addr *a) {
    jf_addr good = parsed("unix:");
    return (void)s, jf_addr_equal(&good, a);
}

/* The functions that do something with one. */
static int64_t bind_it(jf_socket s, jf_addr *a) { return jf_bind(s, a); }
static int64_t connect_it(jf_socket s, jf_addr *a) { return jf_connect(s, a); }
static int64_t send_to(jf_socket s, jf_addr *a) { return jf_send_to(s, "x", 1, 0, a); }
static int64_t send_nothing(jf_socket s, jf_addr *a) { return jf_send_to(s, NULL, 0, JF_DONT_WAIT, a); }
static int64_t join_it(jf_socket s, jf_addr *a) { return jf_join(s, a, NULL, 0); }
static int64_t leave_it(jf_socket s, jf_addr *a) { return jf_leave(s, a, NULL, 0); }

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
} lookers[] = {{"jf_addr_family", family_of},    {"jf_addr_format", format},
               {"jf_addr_format", format_none},  {"jf_addr_port", port_of},
               {"jf_addr_set_port", set_port},   {"jf_addr_equal", equal_left},
               {"jf_addr_equal", equal_right}},
  doers[] = {{"jf_bind", bind_it},    {"jf_connect", connect_it}, {"jf_send_to", send_to},   {"jf_send_to", send_nothing},
             {"jf_join", join_it},    {"jf_join", join_from},     {"jf_leave", leave_it},    {"jf_leave", leave_from}};
enum { LOOKERS = sizeof lookers / sizeof lookers[0], DOERS = sizeof doers / sizeof doers[0], MEMBERSHIPS = 4 };

/* A socket of every kind, and none. */
static jf_socket sockets[KINDS + 1];

/* What is no address is refused by every function with the same code, and not changed. */
static void refused(const jf_addr *bad, int64_t code, int with_sockets) {
    jf_addr a = *bad;
    fill(text, sizeof text);
    for (int i = 0; i < LOOKERS; i++) expect_of(lookers[i].name, bad->len, lookers[i].call(0, &a), code);
    for (int i = 0; with_sockets && i < DOERS; i++)
        for (int kind = 0; kind <= KINDS; kind++)
            expect_of(doers[i].name, bad->len, doers[i].call(sockets[kind], &a), code);
    CHECK(memcmp(&a, bad, sizeof a) == 0);
    CHECK(untouched(text, sizeof text));
}

static void taken(const jf_addr *good) {
    jf_addr a = *good, again;
    EXPECT(jf_addr_family(&a), good->family);
    EXPECT(jf_addr_equal(&a, good), 1);
    int64_t len = OK(jf_addr_format(&a, text, sizeof text));
    CHECK(len == (int64_t)strlen(text) && len < 352);
    EXPECT(jf_addr_format(&a, NULL, 0), len);
    if (good->family == JF_UNSPEC) {
        CHECK(strcmp(text, "unspecified") == 0);
    } else {
        OK(jf_addr_parse(text, &again));
        EXPECT(jf_addr_equal(&a, &again), 1);
    }
    if (good->family == JF_INET || good->family == JF_INET6) {
        EXPECT(jf_addr_port(&a), good->port);
        EXPECT(jf_addr_set_port(&a, 65535), 0);
        EXPECT(jf_addr_port(&a), 65535);
    } else {
        EXPECT(jf_addr_port(&a), JF_E_FAMILY_UNSUPPORTED);
        EXPECT(jf_addr_set_port(&a, 65535), JF_E_FAMILY_UNSUPPORTED);
        CHECK(memcmp(&a, good, sizeof a) == 0);
    }
}

/* The family, and data that is: nothing but zeros, a path, a path with a zero in it, an abstract name. */
static void every_length(uint16_t family, const char *data, int good_to) {
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
        int good = varies ? a.len <= (uint32_t)good_to : a.len == (uint32_t)good_to;
        if (good)
            taken(&a);
        else
            refused(&a, JF_E_ADDR_INVALID, 1);
    }
}

static void unknown_families(void) {
    static const uint32_t lens[] = {0, 4, 16, 108, 112, 113, UINT32_MAX};
    jf_addr a;
    fill(&a, sizeof a);
    for (uint32_t family = JF_PACKET + 1; family <= 65535; family++) {
        /* Asking the sockets too takes long, so only some are. */
        int thorough = family < 50 || family % 4099 == 0 || family > 65530;
        a.family = (uint16_t)family;
        for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
            a.len = lens[i];
            if (thorough) {
                refused(&a, JF_E_FAMILY_UNSUPPORTED, 1);
            } else if (i == family % 7) {
                EXPECT(jf_addr_family(&a), JF_E_FAMILY_UNSUPPORTED);
                EXPECT(jf_addr_port(&a), JF_E_FAMILY_UNSUPPORTED);
            }
        }
    }
}

/* Addresses that are right, but of another family than the socket. */
static void wrong_families(void) {
    jf_addr addrs[] = {parsed("127.0.0.1:1"), parsed("[::1]:1"), parsed("unix:@jackfield-nobody")};
    jf_addr unspec;
    memset(&unspec, 0, sizeof unspec);
    for (int kind = 0; kind < KINDS; kind++) {
        jf_socket s = OK(jf_open(kind_family(kind), kind_type(kind), 0));
        for (int i = 0; i < 3; i++) {
            if (addrs[i].family == kind_family(kind)) continue;
            for (int j = 0; j < DOERS; j++) {
                /* A membership may be IPv4's on an IPv6 socket; tests/c/multicast.c has its families. */
                if (i == 0 && kind_family(kind) == JF_INET6 && j >= MEMBERSHIPS) continue;
                expect_of(doers[j].name, kind, doers[j].call(s, &addrs[i]), JF_E_FAMILY_UNSUPPORTED);
            }
        }
        EXPECT(jf_bind(s, &unspec), JF_E_FAMILY_UNSUPPORTED);
        EXPECT(jf_send_to(s, "x", 1, 0, &unspec), JF_E_FAMILY_UNSUPPORTED);
        OK(jf_close(s));
    }
    /* Whether a good address fits is the socket's to say, so without one it is the handle that is wrong. */
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < DOERS; j++)
            expect_of(doers[j].name, i, doers[j].call(0, &addrs[i]), JF_E_BAD_HANDLE);
}

int main(void) {
    for (int kind = 0; kind < KINDS; kind++) sockets[kind] = OK(jf_open(kind_family(kind), kind_type(kind), 0));
    sockets[KINDS] = 0;

    every_length(JF_UNSPEC, "\0", 0);
    every_length(JF_INET, "\x7f\0\0", 4);
    every_length(JF_INET, "xxxx", 4);
    every_length(JF_INET6, "\0", 16);
    every_length(JF_INET6, "xxxx", 16);
    every_length(JF_UNIX, "\0", 108);
    every_length(JF_UNIX, "\0name", 108);
    every_length(JF_UNIX, "/path", 108);
    every_length(JF_UNIX, "zpath", 5);
    every_length(JF_NETLINK, "\0", 0);
    every_length(JF_VSOCK, "xxxx", 0);
    every_length(JF_PACKET, "xxxx", 32);
    unknown_families();

    /* The sockets are as they were: not bound, not connected. */
    for (int kind = 0; kind < KINDS; kind++) {
        jf_addr a;
        EXPECT(jf_peer_addr(sockets[kind], &a), JF_E_NOT_CONNECTED);
        OK(jf_local_addr(sockets[kind], &a));
        CHECK(a.port == 0);
        OK(jf_close(sockets[kind]));
    }
    wrong_families();

    /* The name of nobody is an address, though not one to send or connect to. */
    jf_addr nobody = parsed("unix:");
    static const int types[] = {JF_STREAM, JF_DGRAM, JF_SEQPACKET};
    for (int i = 0; i < 3; i++) {
        jf_socket s = OK(jf_open(JF_UNIX, types[i], 0));
        EXPECT(jf_connect(s, &nobody), JF_E_ADDR_INVALID);
        if (types[i] == JF_DGRAM) EXPECT(jf_send_to(s, "x", 1, 0, &nobody), JF_E_ADDR_INVALID);
        OK(jf_close(s));
    }
    return 0;
}
