/* Multicast group membership: which datagrams arrive after joining and after leaving, and which calls are refused. */
#include "misuse.h"
#include "own_net.h"

#include <netinet/in.h>
#include <sys/socket.h>

/* Two interfaces, each with addresses to send from. Datagrams sent on one are looped back on the same one. */
static uint32_t near, far;

static void make_net(void) {
    leave_net();
    in_net("ip link set lo up\n"
           "for name in near far; do\n"
           "    ip link add name $name type veth peer name $name-end\n"
           "    ip link set $name-end addrgenmode none up\n"
           "    ip link set $name addrgenmode none up\n"
           "done\n"
           "ip addr add 10.77.1.1/24 dev near && ip addr add 10.77.1.2/24 dev near\n"
           "ip addr add 10.77.2.1/24 dev far\n"
           "ip addr add fd77:1::1/64 dev near nodad && ip addr add fd77:1::2/64 dev near nodad\n"
           "ip addr add fd77:2::1/64 dev far nodad\n"
           "ip route add 239.0.0.0/8 dev near\n"
           "until ip link show near | grep -q \"state UP\" && ip link show far | grep -q \"state UP\"; do :; done\n");
    near = index_of("near");
    far = index_of("far");
}

/* The addresses of one family. */
typedef struct net {
    int family;
    const char *group, *other_group, *sender, *other_sender, *far_sender;
} net;

static const net V4 = {JF_INET, "239.7.7.7:0", "239.7.7.8:0", "10.77.1.1:0", "10.77.1.2:0", "10.77.2.1:0"},
                 V6 = {JF_INET6, "[ff15::7]:0", "[ff15::8]:0", "[fd77:1::1]:0", "[fd77:1::2]:0", "[fd77:2::1]:0"};

/* Sends `word` to a group, by this interface and from this address of it. */
static void send_by(uint32_t interface_index, const char *from, const char *group, uint16_t port, const char *word) {
    jf_addr at, to = parsed(group);
    jf_socket s = bound(from, JF_DGRAM, &at);
    int fd = (int)OK(jf_fd(s)), index = (int)interface_index;
    struct ip_mreqn by;
    memset(&by, 0, sizeof by);
    by.imr_ifindex = index;
    if (at.family == JF_INET)
        CHECK(setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &by, sizeof by) == 0);
    else
        CHECK(setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, &index, sizeof index) == 0);
    OK(jf_addr_set_port(&to, port));
    EXPECT(jf_send_to(s, word, strlen(word), 0, &to), (int64_t)strlen(word));
    OK(jf_close(s));
}

/* The next datagram must be this word. */
#define EXPECT_WORD(s, word) expect_word((s), (word), __LINE__)
static void expect_word(jf_socket s, const char *word, int line) {
    char got[64] = {0};
    int64_t len = jf_recv(s, got, sizeof got - 1, 0);
    if (len != (int64_t)strlen(word) || strcmp(got, word) != 0) {
        fprintf(stderr, "line %d: received %s (%s), expected %s\n", line, len < 0 ? "" : got, jf_error_name(len), word);
        exit(1);
    }
}

/* Local datagrams arrive in the order they were sent: if the marker is first, nothing arrived before it. */
#define EXPECT_NOTHING(s) expect_nothing((s), __LINE__)
static void expect_nothing(jf_socket s, int line) {
    jf_addr at;
    OK(jf_local_addr(s, &at));
    jf_addr to = parsed(at.family == JF_INET ? "127.0.0.1:0" : "[::1]:0");
    OK(jf_addr_set_port(&to, at.port));
    jf_socket marker = OK(jf_open(to.family, JF_DGRAM, 0));
    EXPECT(jf_send_to(marker, "marker", 6, 0, &to), 6);
    OK(jf_close(marker));
    expect_word(s, "marker", line);
}

static jf_socket receiver(int family, uint16_t *port) {
    jf_addr at;
    jf_socket s = bound(family == JF_INET ? "0.0.0.0:0" : "[::]:0", JF_DGRAM, &at);
    OK(jf_set(s, JF_OPT_RECV_TIMEOUT, 60000));
    *port = at.port;
    return s;
}

static void from_any_source(const net *n, int socket_family) {
    uint16_t port;
    jf_addr group = parsed(n->group);
    jf_socket s = receiver(socket_family, &port);
    send_by(near, n->sender, n->group, port, "early");
    EXPECT_NOTHING(s);
    OK(jf_join(s, &group, NULL, near));
    send_by(far, n->far_sender, n->group, port, "by the other interface");
    send_by(near, n->sender, n->other_group, port, "to another group");
    send_by(near, n->sender, n->group, port, "from one");
    send_by(near, n->other_sender, n->group, port, "from the other");
    EXPECT_WORD(s, "from one");
    EXPECT_WORD(s, "from the other");
    OK(jf_join(s, &group, NULL, far));
    send_by(far, n->far_sender, n->group, port, "by the far one");
    EXPECT_WORD(s, "by the far one");
    OK(jf_leave(s, &group, NULL, near));
    send_by(near, n->sender, n->group, port, "late");
    send_by(far, n->far_sender, n->group, port, "still");
    EXPECT_WORD(s, "still");
    OK(jf_leave(s, &group, NULL, far));
    send_by(far, n->far_sender, n->group, port, "late");
    EXPECT_NOTHING(s);
    OK(jf_close(s));
}

static void from_one_source(const net *n, int socket_family) {
    uint16_t port;
    jf_addr group = parsed(n->group), source = parsed(n->sender), other = parsed(n->other_sender);
    jf_socket s = receiver(socket_family, &port);
    /* The ports of groups and sources are ignored. */
    OK(jf_addr_set_port(&group, 9));
    OK(jf_addr_set_port(&source, 9));
    OK(jf_join(s, &group, &source, near));
    send_by(near, n->other_sender, n->group, port, "unwanted");
    send_by(near, n->sender, n->group, port, "wanted");
    EXPECT_WORD(s, "wanted");
    OK(jf_join(s, &group, &other, near));
    send_by(near, n->other_sender, n->group, port, "wanted now");
    EXPECT_WORD(s, "wanted now");
    OK(jf_leave(s, &group, &source, near));
    send_by(near, n->sender, n->group, port, "unwanted now");
    send_by(near, n->other_sender, n->group, port, "still wanted");
    EXPECT_WORD(s, "still wanted");
    /* Leaving without a source drops all sources. */
    OK(jf_join(s, &group, &source, near));
    OK(jf_leave(s, &group, NULL, near));
    send_by(near, n->sender, n->group, port, "late");
    send_by(near, n->other_sender, n->group, port, "late");
    EXPECT_NOTHING(s);
    EXPECT(jf_leave(s, &group, &source, near), JF_E_ADDR_NOT_AVAILABLE);
    OK(jf_close(s));
}

/* Joining or leaving twice, and mixing both kinds of membership, are errors that change nothing. */
static void repeated_membership_calls(const net *n) {
    uint16_t port;
    jf_addr group = parsed(n->group), source = parsed(n->sender), other = parsed(n->other_sender);
    jf_socket s = receiver(n->family, &port);
    EXPECT(jf_leave(s, &group, NULL, near), JF_E_ADDR_NOT_AVAILABLE);
    EXPECT(jf_leave(s, &group, &source, near), JF_E_ADDR_NOT_AVAILABLE);

    OK(jf_join(s, &group, NULL, near));
    EXPECT(jf_join(s, &group, NULL, near), JF_E_ADDR_IN_USE);
    EXPECT(jf_join(s, &group, &source, near), JF_E_ADDR_IN_USE);
    EXPECT(jf_leave(s, &group, &source, near), JF_E_ADDR_NOT_AVAILABLE);
    EXPECT(jf_leave(s, &group, NULL, far), JF_E_ADDR_NOT_AVAILABLE);
    send_by(near, n->other_sender, n->group, port, "from all");
    EXPECT_WORD(s, "from all");
    OK(jf_leave(s, &group, NULL, near));
    EXPECT(jf_leave(s, &group, NULL, near), JF_E_ADDR_NOT_AVAILABLE);

    OK(jf_join(s, &group, &source, near));
    EXPECT(jf_join(s, &group, &source, near), JF_E_ADDR_IN_USE);
    EXPECT(jf_join(s, &group, NULL, near), JF_E_ADDR_IN_USE);
    EXPECT(jf_leave(s, &group, &other, near), JF_E_ADDR_NOT_AVAILABLE);
    EXPECT(jf_leave(s, &group, &source, far), JF_E_ADDR_NOT_AVAILABLE);
    send_by(near, n->other_sender, n->group, port, "unwanted");
    send_by(near, n->sender, n->group, port, "wanted");
    EXPECT_WORD(s, "wanted");
    OK(jf_leave(s, &group, &source, near));
    EXPECT(jf_leave(s, &group, &source, near), JF_E_ADDR_NOT_AVAILABLE);
    EXPECT(jf_leave(s, &group, NULL, near), JF_E_ADDR_NOT_AVAILABLE);

    /* A duplicate shares the memberships. */
    jf_socket copy = OK(jf_dup(s));
    OK(jf_join(copy, &group, NULL, near));
    EXPECT(jf_join(s, &group, NULL, near), JF_E_ADDR_IN_USE);
    OK(jf_close(copy));
    OK(jf_leave(s, &group, NULL, near));
    OK(jf_close(s));
}

/* The interface is given by index, by the scope of an address, or chosen by the system: here the one with a route. */
static void choice_of_interface(const net *n) {
    uint16_t port;
    jf_addr group = parsed(n->group), source = parsed(n->sender);
    jf_socket s = receiver(n->family, &port);
    if (n->family == JF_INET6) {
        jf_addr scoped = group, scoped_source = source;
        scoped.scope_id = near;
        scoped_source.scope_id = far;
        OK(jf_join(s, &scoped, NULL, 0));
        EXPECT(jf_join(s, &group, NULL, near), JF_E_ADDR_IN_USE);
        EXPECT(jf_join(s, &scoped, NULL, far), JF_E_INVALID);
        EXPECT(jf_leave(s, &scoped, NULL, far), JF_E_INVALID);
        EXPECT(jf_join(s, &scoped, &scoped_source, 0), JF_E_INVALID);
        EXPECT(jf_join(s, &group, &scoped_source, near), JF_E_INVALID);
        OK(jf_leave(s, &scoped, NULL, near));
        OK(jf_join(s, &group, &scoped_source, 0));
        OK(jf_leave(s, &group, &scoped_source, far));
    } else {
        OK(jf_join(s, &group, NULL, 0));
        EXPECT(jf_join(s, &group, NULL, near), JF_E_ADDR_IN_USE);
        send_by(near, n->sender, n->group, port, "by the default interface");
        EXPECT_WORD(s, "by the default interface");
        OK(jf_leave(s, &group, NULL, near));
    }
    OK(jf_join(s, &group, NULL, 0));
    OK(jf_leave(s, &group, NULL, 0));
    OK(jf_join(s, &group, &source, 0));
    OK(jf_leave(s, &group, &source, 0));

    static const uint32_t unknown[] = {9999, INT32_MAX, (uint32_t)INT32_MAX + 1, UINT32_MAX};
    for (int i = 0; i < 4; i++) {
        expect_of("jf_join", unknown[i], jf_join(s, &group, NULL, unknown[i]), JF_E_NOT_FOUND);
        expect_of("jf_join", unknown[i], jf_join(s, &group, &source, unknown[i]), JF_E_NOT_FOUND);
        expect_of("jf_leave", unknown[i], jf_leave(s, &group, NULL, unknown[i]), JF_E_ADDR_NOT_AVAILABLE);
        expect_of("jf_leave", unknown[i], jf_leave(s, &group, &source, unknown[i]), JF_E_ADDR_NOT_AVAILABLE);
    }
    OK(jf_close(s));
}

/* Joins up to the system's limit; the next join fails with one of two errors, and existing memberships stay. */
static void up_to_the_limit(const net *n) {
    uint16_t port;
    jf_addr group = parsed(n->group), source = parsed(n->sender);
    jf_socket s = receiver(n->family, &port);
    int last = n->family == JF_INET ? 3 : 15;
    int64_t result = 0;
    for (int i = 0; i < 100000 && result == 0; i++) {
        group.data[last] = (uint8_t)i;
        group.data[last - 1] = (uint8_t)(i >> 8);
        group.data[last - 2] = (uint8_t)(i >> 16);
        result = jf_join(s, &group, NULL, near);
    }
    CHECK(result == JF_E_NO_BUFFERS || result == JF_E_NO_MEMORY);
    EXPECT(jf_leave(s, &group, NULL, near), JF_E_ADDR_NOT_AVAILABLE);
    OK(jf_close(s));

    s = receiver(n->family, &port);
    group = parsed(n->group);
    OK(jf_join(s, &group, &source, near));
    result = 0;
    for (int i = 0; i < 60000 && result == 0; i++) {
        source.data[last] = (uint8_t)i;
        source.data[last - 1] = (uint8_t)(10 + (i >> 8));
        result = jf_join(s, &group, &source, near);
    }
    CHECK(result == JF_E_NO_BUFFERS || result == JF_E_NO_MEMORY);
    EXPECT(jf_leave(s, &group, &source, near), JF_E_ADDR_NOT_AVAILABLE);
    source = parsed(n->sender);
    send_by(near, n->sender, n->group, port, "wanted");
    EXPECT_WORD(s, "wanted");
    OK(jf_close(s));
}

static void expect_both_refused(jf_socket s, const char *group_text, const char *source_text, int64_t code) {
    jf_addr group = parsed(group_text), source = parsed(source_text ? source_text : "unix:");
    const jf_addr *from = source_text ? &source : NULL;
    expect_of(group_text, near, jf_join(s, &group, from, near), code);
    expect_of(group_text, near, jf_leave(s, &group, from, near), code);
}

static void refused_memberships(void) {
    jf_socket v4 = OK(jf_open(JF_INET, JF_DGRAM, 0)), v6 = OK(jf_open(JF_INET6, JF_DGRAM, 0));
    static const char *const no_groups[] = {"10.77.1.1:0", "0.0.0.0:0", "255.255.255.255:0", "223.255.255.255:0",
                                            "240.0.0.0:0"},
                      *const no_groups6[] = {"[fd77::1]:0", "[::]:0", "[feff::1]:0", "[::ffff:239.7.7.7]:0"};
    for (int i = 0; i < 5; i++) {
        expect_both_refused(v4, no_groups[i], NULL, JF_E_ADDR_INVALID);
        expect_both_refused(v4, no_groups[i], V4.sender, JF_E_ADDR_INVALID);
        expect_both_refused(v6, no_groups[i], NULL, JF_E_ADDR_INVALID);
    }
    for (int i = 0; i < 4; i++) {
        expect_both_refused(v6, no_groups6[i], NULL, JF_E_ADDR_INVALID);
        expect_both_refused(v6, no_groups6[i], V6.sender, JF_E_ADDR_INVALID);
    }
    expect_both_refused(v4, V4.group, "0.0.0.0:0", JF_E_ADDR_INVALID);
    expect_both_refused(v4, V4.group, "239.1.1.1:0", JF_E_ADDR_INVALID);
    expect_both_refused(v6, V6.group, "[::]:0", JF_E_ADDR_INVALID);
    expect_both_refused(v6, V6.group, "[ff15::7]:0", JF_E_ADDR_INVALID);
    /* Family mismatches: with the socket, and between group and source. */
    expect_both_refused(v4, V6.group, NULL, JF_E_FAMILY_UNSUPPORTED);
    expect_both_refused(v4, V6.group, V6.sender, JF_E_FAMILY_UNSUPPORTED);
    expect_both_refused(v4, V4.group, V6.sender, JF_E_FAMILY_UNSUPPORTED);
    expect_both_refused(v6, V6.group, V4.sender, JF_E_FAMILY_UNSUPPORTED);
    expect_both_refused(v6, V4.group, V6.sender, JF_E_FAMILY_UNSUPPORTED);
    expect_both_refused(v4, "unix:/group", NULL, JF_E_FAMILY_UNSUPPORTED);
    expect_both_refused(v4, V4.group, "unix:", JF_E_FAMILY_UNSUPPORTED);

    for (int kind = 0; kind < KINDS; kind++) {
        jf_socket s = OK(jf_open(kind_family(kind), kind_type(kind), 0));
        if (kind_family(kind) == JF_UNIX)
            expect_both_refused(s, V4.group, NULL, JF_E_FAMILY_UNSUPPORTED);
        else if (kind_type(kind) == JF_STREAM)
            expect_both_refused(s, V4.group, NULL, JF_E_TYPE_UNSUPPORTED);
        OK(jf_close(s));
    }
    /* Raw sockets can join groups of their family. */
    jf_socket raw4 = OK(jf_from_fd(socket(AF_INET, SOCK_RAW, IPPROTO_UDP))),
              raw6 = OK(jf_from_fd(socket(AF_INET6, SOCK_RAW, IPPROTO_UDP)));
    jf_addr group = parsed(V4.group), group6 = parsed(V6.group), source6 = parsed(V6.sender);
    OK(jf_join(raw4, &group, NULL, near));
    OK(jf_leave(raw4, &group, NULL, near));
    OK(jf_join(raw6, &group6, &source6, near));
    OK(jf_leave(raw6, &group6, &source6, near));
    expect_both_refused(raw6, V4.group, NULL, JF_E_FAMILY_UNSUPPORTED);
    OK(jf_close(raw4));
    OK(jf_close(raw6));
    OK(jf_close(v4));
    OK(jf_close(v6));
}

int main(void) {
    make_net();
    static const net *const nets[] = {&V4, &V6};
    for (int i = 0; i < 2; i++) {
        from_any_source(nets[i], nets[i]->family);
        from_one_source(nets[i], nets[i]->family);
        repeated_membership_calls(nets[i]);
        choice_of_interface(nets[i]);
        up_to_the_limit(nets[i]);
    }
    /* An IPv6 socket can join IPv4 groups. */
    from_any_source(&V4, JF_INET6);
    from_one_source(&V4, JF_INET6);
    refused_memberships();
    return 0;
}
