/* Many datagrams at once on sockets of every kind that has any, answers from the address that was asked, and what becomes of
   descriptors that are sent along. */
#include "many.h"
#include "own_net.h"

#include <linux/netlink.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>

enum { FEW = 6, UDP_LITE = 136, PROTOCOL = 0x88B5 };

static jf_datagram few[FEW];
static unsigned char bytes[FEW][256];

/* Datagrams of growing lengths, numbered. */
static void make_few(const jf_addr *to, size_t len, size_t step) {
    for (uint32_t i = 0; i < FEW; i++) {
        memset(bytes[i], 'a' + (int)i, sizeof bytes[i]);
        memcpy(bytes[i], &i, sizeof i);
        few[i] = datagram(bytes[i], len + i * step, to);
    }
}

static void expect_few(jf_socket s, jf_datagram *d, size_t count, const jf_addr *from) {
    for (uint32_t at = 0; at < FEW;) {
        int64_t came = OK(jf_recv_many(s, d, count, 0));
        for (int64_t i = 0; i < came; i++, at++) {
            CHECK(at < FEW && d[i].len == few[at].len && memcmp(d[i].data, bytes[at], d[i].len) == 0);
            CHECK(d[i].present == JF_HAS_ADDR && jf_addr_equal(&d[i].addr, from) == 1);
        }
    }
    EXPECT(jf_recv_many(s, d, count, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
}

static void unix_datagrams(void) {
    char text[] = "unix:/tmp/jackfield-many-XXXXXX/socket";
    char *folder = text + strlen("unix:"), *slash = strrchr(text, '/');
    *slash = '\0';
    CHECK(mkdtemp(folder));
    *slash = '/';
    const char *const places[] = {text, "unix:", "unix:"};
    for (int i = 0; i < 3; i++) {
        jf_addr to, from;
        jf_socket s = bound(places[i], JF_DGRAM, &to), sender;
        /* The address of a sender without a name has none. */
        from = (jf_addr){.family = JF_UNIX};
        sender = i == 2 ? OK(jf_open(JF_UNIX, JF_DGRAM, 0)) : bound("unix:", JF_DGRAM, &from);
        make_few(&to, 4, i == 0);
        EXPECT(jf_send_many(sender, few, FEW, 0), FEW);
        expect_few(s, for_each(FEW - 1, 256), FEW - 1, &from);
        EXPECT(jf_send_many(sender, few, FEW, 0), FEW);
        /* No datagrams of such a socket are run together, whatever room there is. */
        expect_few(s, for_runs(2), 2 * RUN, &from);
        OK(jf_close(s));
        OK(jf_close(sender));
    }
    CHECK(unlink(folder) == 0);
    *slash = '\0';
    CHECK(rmdir(folder) == 0);
}

static void descriptors_are_closed(void) {
    jf_socket s[2];
    jf_passed passed[JF_PASSED_MAX];
    OK(jf_pair(JF_UNIX, JF_DGRAM, s));
    OK(jf_set(s[1], JF_OPT_PASS_CREDENTIALS, 1));
    int before = descriptors_open();
    for (size_t count = 1; count <= JF_PASSED_MAX; count = 3 * count + 1) {
        for (size_t i = 0; i < count; i++) passed[i] = descriptor_to_pass(1);
        for (int i = 0; i < 3; i++) EXPECT(pass(s[0], passed, count), 1);
        jf_datagram *d = for_each(2, 8);
        EXPECT(jf_recv_many(s[1], d, 2, 0), 2);
        CHECK(d[0].len == 1 && d[1].len == 1 && memcmp(d[0].data, "x", 1) == 0 && d[0].present == JF_HAS_ADDR);
        EXPECT(jf_recv_many(s[1], for_each(1, 8), 1, 0), 1);
        CHECK(descriptors_open() == before);
    }
    OK(jf_close(s[0]));
    OK(jf_close(s[1]));
}

static void pings(void) {
    const struct icmphdr request = {.type = ICMP_ECHO, .un.echo.id = htons(7)};
    jf_addr to = parsed("127.0.0.1:0");
    write_file("/proc/sys/net/ipv4/ping_group_range", "0 2147483647");
    jf_socket s = OK(jf_open(JF_INET, JF_DGRAM, IPPROTO_ICMP));
    /* Of one length: nothing takes such datagrams apart, and each is an echo's. */
    make_few(&to, 64, 0);
    for (int i = 0; i < FEW; i++) memcpy(bytes[i], &request, sizeof request);
    EXPECT(jf_send_many(s, few, FEW, 0), FEW);
    for (int at = 0; at < FEW;) {
        jf_datagram *d = for_runs(2);
        int64_t count = OK(jf_recv_many(s, d, 2 * RUN, 0));
        for (int64_t i = 0; i < count; i++, at++) {
            CHECK(d[i].len == 64 && *(unsigned char *)d[i].data == ICMP_ECHOREPLY);
            CHECK(memcmp((char *)d[i].data + sizeof request, bytes[at] + sizeof request, 64 - sizeof request) == 0);
        }
    }
    OK(jf_close(s));
}

static void raw_packets(void) {
    jf_addr to = parsed("127.0.0.1:0");
    jf_socket s = OK(jf_open(JF_INET, JF_RAW, 253)), sender = OK(jf_open(JF_INET, JF_RAW, 253));
    OK(jf_bind(s, &to));
    OK(jf_set(s, JF_OPT_RECV_TOS, 1));
    make_few(&to, 100, 0);
    for (int i = 0; i < FEW; i++) {
        few[i].present |= JF_HAS_TOS;
        few[i].tos = 1;
    }
    EXPECT(jf_send_many(sender, few, FEW, 0), FEW);
    for (int at = 0; at < FEW;) {
        jf_datagram *d = for_each(4, 256);
        int64_t count = OK(jf_recv_many(s, d, 4, 0));
        for (int64_t i = 0; i < count; i++, at++) {
            CHECK(d[i].len == sizeof(struct iphdr) + 100 && d[i].present == (JF_HAS_ADDR | JF_HAS_TOS) && d[i].tos == 1);
            CHECK(memcmp((char *)d[i].data + sizeof(struct iphdr), bytes[at], 100) == 0);
        }
    }
    OK(jf_close(s));
    OK(jf_close(sender));
}

static void udp_lite(void) {
    jf_addr to = parsed("127.0.0.1:0"), from = to;
    /* Linux is about to give it up. */
    jf_socket s = jf_open(JF_INET, JF_DGRAM, UDP_LITE);
    if (s == JF_E_PROTOCOL_UNSUPPORTED) return;
    OK(jf_bind(OK(s), &to));
    OK(jf_local_addr(s, &to));
    jf_socket sender = OK(jf_open(JF_INET, JF_DGRAM, UDP_LITE));
    OK(jf_bind(sender, &from));
    OK(jf_local_addr(sender, &from));
    make_few(&to, 100, 0);
    EXPECT(jf_send_many(sender, few, FEW, 0), FEW);
    expect_few(s, for_runs(2), 2 * RUN, &from);
    EXPECT(jf_send_many(sender, few, FEW, 0), FEW);
    expect_few(s, for_each(4, 256), 4, &from);
    char byte;
    EXPECT(jf_recv(s, &byte, 1, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
    OK(jf_close(s));
    OK(jf_close(sender));
}

/* The kernel acknowledges each message. */
static void netlink(void) {
    jf_addr kernel = parsed("netlink:0:0");
    jf_socket s = OK(jf_open(JF_NETLINK, JF_RAW, NETLINK_ROUTE));
    struct nlmsghdr requests[FEW];
    memset(requests, 0, sizeof requests);
    for (uint32_t i = 0; i < FEW; i++) {
        requests[i] = (struct nlmsghdr){
            .nlmsg_len = sizeof *requests, .nlmsg_type = NLMSG_NOOP, .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK, .nlmsg_seq = i};
        few[i] = datagram(&requests[i], sizeof *requests, &kernel);
    }
    EXPECT(jf_send_many(s, few, FEW, 0), FEW);
    for (uint32_t at = 0; at < FEW;) {
        jf_datagram *d = for_each(4, 256);
        int64_t count = OK(jf_recv_many(s, d, 4, 0));
        for (int64_t i = 0; i < count; i++, at++) {
            struct nlmsghdr answer;
            CHECK(d[i].len >= sizeof answer && d[i].present == JF_HAS_ADDR && d[i].addr.family == JF_NETLINK);
            memcpy(&answer, d[i].data, sizeof answer);
            CHECK(answer.nlmsg_type == NLMSG_ERROR && answer.nlmsg_seq == at);
        }
    }
    OK(jf_close(s));
}

static void frames(void) {
    jf_addr to = parsed("packet:1:0x88b5:00:00:00:00:00:00"), anywhere = parsed("packet:1:0x88b5");
    jf_socket s = OK(jf_open(JF_PACKET, JF_DGRAM, 0)), sender = OK(jf_open(JF_PACKET, JF_DGRAM, 0));
    OK(jf_bind(s, &anywhere));
    make_few(&to, 100, 0);
    /* One that goes nowhere in between. */
    few[2].addr.scope_id = 77;
    EXPECT(jf_send_many(sender, few, FEW, 0), FEW - 1);
    EXPECT(few[2].result, JF_E_OS - ENXIO);
    for (int at = 0; at < FEW - 1;) {
        jf_datagram *d = for_each(4, 256);
        int64_t count = OK(jf_recv_many(s, d, 4, 0));
        for (int64_t i = 0; i < count; i++) {
            /* A device without a wire hands its frames to who sniffs as well, once as they leave. */
            if (d[i].addr.flow_info >> 16 != 0) continue;
            CHECK(d[i].len == 100 && memcmp(d[i].data, bytes[at < 2 ? at : at + 1], 100) == 0);
            CHECK(d[i].addr.family == JF_PACKET && d[i].addr.port == PROTOCOL && d[i].addr.scope_id == 1);
            at++;
        }
    }
    OK(jf_close(s));
    OK(jf_close(sender));
}

/* A server that is bound to every address sends an array back as it came, and each client hears from whom it asked. */
static void answers(const char *anywhere, const char *const *hosts, int count, int runs) {
    jf_addr local;
    jf_socket s = bound(anywhere, JF_DGRAM, &local);
    OK(jf_set(s, JF_OPT_RECV_PACKET_INFO, 1));
    OK(jf_set(s, JF_OPT_RECV_TOS, 1));
    OK(jf_set(s, JF_OPT_TIMESTAMPS, 1));
    jf_socket clients[5];
    CHECK(count <= 5);
    for (int i = 0; i < count; i++) {
        jf_addr host = parsed(hosts[i]);
        OK(jf_addr_set_port(&host, local.port));
        clients[i] = OK(jf_open(host.family, JF_DGRAM, 0));
        OK(jf_connect(clients[i], &host));
        make_few(NULL, 50, 0);
        for (int at = 0; at < FEW; at++) {
            few[at].present = JF_HAS_TOS;
            few[at].tos = 2;
        }
        EXPECT(jf_send_many(clients[i], few, FEW, 0), FEW);
    }
    for (int at = 0; at < count * FEW;) {
        jf_datagram *d = runs ? for_runs(2) : for_each(OWN_ROOMS, 256);
        int64_t came = OK(jf_recv_many(s, d, runs ? 2 * RUN : OWN_ROOMS, 0));
        for (int64_t i = 0; i < came; i++) {
            CHECK(d[i].present == (JF_HAS_ADDR | JF_HAS_PACKET_INFO | JF_HAS_TOS | JF_HAS_TIME) && d[i].tos == 2);
            CHECK(d[i].local.family == local.family && d[i].interface_index == 1);
            /* An address of a link says of which, as everywhere. */
            int is_of_link = local.family == JF_INET6 && d[i].local.data[0] == 0xfe;
            EXPECT(d[i].local.scope_id, is_of_link ? d[i].interface_index : 0);
        }
        EXPECT(jf_send_many(s, d, (size_t)came, 0), came);
        at += (int)came;
    }
    for (int i = 0; i < count; i++) {
        jf_addr host;
        OK(jf_peer_addr(clients[i], &host));
        OK(jf_set(clients[i], JF_OPT_RECV_TIMEOUT, 10000));
        expect_few(clients[i], for_each(FEW, 256), FEW, &host);
        OK(jf_close(clients[i]));
    }
    OK(jf_close(s));
}

/* To a group, of which one receives what is run together and one each datagram in its room. */
static void groups(const char *anywhere, const char *group_text) {
    jf_addr group = parsed(group_text), any = parsed(anywhere), from;
    jf_socket members[2], sender = OK(jf_open(group.family, JF_DGRAM, 0));
    for (int i = 0; i < 2; i++) {
        members[i] = OK(jf_open(group.family, JF_DGRAM, 0));
        OK(jf_set(members[i], JF_OPT_REUSE_ADDR, 1));
        OK(jf_set(members[i], JF_OPT_RECV_TIMEOUT, 10000));
        OK(jf_addr_set_port(&any, i == 0 ? 0 : group.port));
        OK(jf_bind(members[i], &any));
        OK(jf_local_addr(members[i], &from));
        OK(jf_addr_set_port(&group, from.port));
        OK(jf_join(members[i], &group, NULL, index_of("near")));
    }
    OK(jf_set(sender, JF_OPT_MULTICAST_INTERFACE, index_of("near")));
    make_few(&group, 100, 0);
    EXPECT(jf_recv_many(members[0], for_runs(1), RUN, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
    for (int at = 0; at < FEW; at++) {
        few[at].present |= JF_HAS_TOS;
        few[at].tos = 1;
    }
    EXPECT(jf_send_many(sender, few, FEW, 0), FEW);
    for (int i = 0; i < 2; i++)
        for (int at = 0; at < FEW;) {
            jf_datagram *d = i == 0 ? for_runs(1) : for_each(4, 256);
            int64_t came = OK(jf_recv_many(members[i], d, i == 0 ? RUN : 4, 0));
            for (int64_t one = 0; one < came; one++, at++)
                CHECK(d[one].len == 100 && memcmp(d[one].data, bytes[at], 100) == 0);
        }
    for (int i = 0; i < 2; i++) OK(jf_close(members[i]));
    OK(jf_close(sender));
}

int main(void) {
    static const char *const V4[] = {"127.0.0.1:9", "127.0.0.5:9", "127.9.9.9:9"};
    static const char *const BOTH[] = {"[::1]:9", "127.0.0.5:9", "[fd77::7]:9", "127.0.0.1:9", "[fe80::7%lo]:9"};
    unix_datagrams();
    descriptors_are_closed();
    leave_net();
    in_net("ip link set lo up; ip addr add fd77::7/64 dev lo nodad; ip addr add fe80::7/64 dev lo nodad;"
           "ip link add name near type veth peer name far; ip link set far addrgenmode none up;"
           "ip link set near addrgenmode none up; ip addr add 10.77.1.1/24 dev near; ip addr add fd77:1::1/64 dev near nodad;"
           "until ip link show near | grep -q \"state UP\"; do :; done");
    pings();
    raw_packets();
    udp_lite();
    netlink();
    frames();
    groups("0.0.0.0:0", "239.7.7.7:0");
    groups("[::]:0", "[ff15::7]:0");
    for (int runs = 0; runs < 2; runs++) {
        answers("0.0.0.0:0", V4, 3, runs);
        answers("[::]:0", BOTH, 5, runs);
    }
    return 0;
}
