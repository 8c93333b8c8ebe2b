/* Batches on every kind of datagram socket, replies from the address of the request, and descriptors sent with
 * datagrams. */
#include "many.h"
#include "own_net.h"

#include <linux/netlink.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>

enum { COUNT = 6, UDP_LITE = 136, PROTOCOL = 0x88B5 };

static jf_datagram batch[COUNT];
static unsigned char bytes[COUNT][256];

/* Fills the batch with numbered datagrams whose lengths grow by `step`. */
static void fill_batch(const jf_addr *to, size_t len, size_t step) {
    for (uint32_t i = 0; i < COUNT; i++) {
        memset(bytes[i], 'a' + (int)i, sizeof bytes[i]);
        memcpy(bytes[i], &i, sizeof i);
        batch[i] = datagram(bytes[i], len + i * step, to);
    }
}

static void expect_batch(jf_socket s, jf_datagram *d, size_t count, const jf_addr *from) {
    for (uint32_t next = 0; next < COUNT;) {
        int64_t received = OK(jf_recv_many(s, d, count, 0));
        for (int64_t i = 0; i < received; i++, next++) {
            CHECK(next < COUNT && d[i].len == batch[next].len && memcmp(d[i].data, bytes[next], d[i].len) == 0);
            CHECK(d[i].present == JF_HAS_ADDR && jf_addr_equal(&d[i].addr, from) == 1);
        }
    }
    EXPECT(jf_recv_many(s, d, count, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
}

static void check_unix_datagrams(void) {
    char text[] = "unix:/tmp/jackfield-many-XXXXXX/socket";
    char *folder = text + strlen("unix:"), *slash = strrchr(text, '/');
    *slash = '\0';
    CHECK(mkdtemp(folder));
    *slash = '/';
    const char *const addresses[] = {text, "unix:", "unix:"};
    for (int i = 0; i < 3; i++) {
        jf_addr to, from;
        jf_socket s = bound(addresses[i], JF_DGRAM, &to), sender;
        /* An unbound sender has an empty address. */
        from = (jf_addr){.family = JF_UNIX};
        sender = i == 2 ? OK(jf_open(JF_UNIX, JF_DGRAM, 0)) : bound("unix:", JF_DGRAM, &from);
        fill_batch(&to, 4, i == 0);
        EXPECT(jf_send_many(sender, batch, COUNT, 0), COUNT);
        expect_batch(s, plain_batch(COUNT - 1, 256), COUNT - 1, &from);
        EXPECT(jf_send_many(sender, batch, COUNT, 0), COUNT);
        /* Datagrams of UNIX sockets are not coalesced, whatever the buffer's size. */
        expect_batch(s, coalesced_batch(2), 2 * COALESCED_MAX, &from);
        OK(jf_close(s));
        OK(jf_close(sender));
    }
    CHECK(unlink(folder) == 0);
    *slash = '\0';
    CHECK(rmdir(folder) == 0);
}

static void check_descriptors_are_closed(void) {
    jf_socket s[2];
    jf_passed passed[JF_PASSED_MAX];
    OK(jf_pair(JF_UNIX, JF_DGRAM, s));
    OK(jf_set(s[1], JF_OPT_PASS_CREDENTIALS, 1));
    int before = count_descriptors();
    for (size_t count = 1; count <= JF_PASSED_MAX; count = 3 * count + 1) {
        for (size_t i = 0; i < count; i++) passed[i] = descriptor_to_pass(1);
        for (int i = 0; i < 3; i++) EXPECT(pass_descriptors(s[0], passed, count), 1);
        jf_datagram *d = plain_batch(2, 8);
        EXPECT(jf_recv_many(s[1], d, 2, 0), 2);
        CHECK(d[0].len == 1 && d[1].len == 1 && memcmp(d[0].data, "x", 1) == 0 && d[0].present == JF_HAS_ADDR);
        EXPECT(jf_recv_many(s[1], plain_batch(1, 8), 1, 0), 1);
        CHECK(count_descriptors() == before);
    }
    OK(jf_close(s[0]));
    OK(jf_close(s[1]));
}

static void check_pings(void) {
    const struct icmphdr request = {.type = ICMP_ECHO, .un.echo.id = htons(7)};
    jf_addr to = parsed("127.0.0.1:0");
    write_file("/proc/sys/net/ipv4/ping_group_range", "0 2147483647");
    jf_socket s = OK(jf_open(JF_INET, JF_DGRAM, IPPROTO_ICMP));
    /* All have one length. The kernel can't segment such messages, and each datagram must be a separate echo
     * request. */
    fill_batch(&to, 64, 0);
    for (int i = 0; i < COUNT; i++) memcpy(bytes[i], &request, sizeof request);
    EXPECT(jf_send_many(s, batch, COUNT, 0), COUNT);
    for (int next = 0; next < COUNT;) {
        jf_datagram *d = coalesced_batch(2);
        int64_t count = OK(jf_recv_many(s, d, 2 * COALESCED_MAX, 0));
        for (int64_t i = 0; i < count; i++, next++) {
            CHECK(d[i].len == 64 && *(unsigned char *)d[i].data == ICMP_ECHOREPLY);
            CHECK(memcmp((char *)d[i].data + sizeof request, bytes[next] + sizeof request, 64 - sizeof request) == 0);
        }
    }
    OK(jf_close(s));
}

static void check_raw_packets(void) {
    jf_addr to = parsed("127.0.0.1:0");
    jf_socket s = OK(jf_open(JF_INET, JF_RAW, 253)), sender = OK(jf_open(JF_INET, JF_RAW, 253));
    OK(jf_bind(s, &to));
    OK(jf_set(s, JF_OPT_RECV_TOS, 1));
    fill_batch(&to, 100, 0);
    for (int i = 0; i < COUNT; i++) {
        batch[i].present |= JF_HAS_TOS;
        batch[i].tos = 1;
    }
    EXPECT(jf_send_many(sender, batch, COUNT, 0), COUNT);
    for (int next = 0; next < COUNT;) {
        jf_datagram *d = plain_batch(4, 256);
        int64_t count = OK(jf_recv_many(s, d, 4, 0));
        for (int64_t i = 0; i < count; i++, next++) {
            CHECK(d[i].len == sizeof(struct iphdr) + 100);
            CHECK(d[i].present == (JF_HAS_ADDR | JF_HAS_TOS) && d[i].tos == 1);
            CHECK(memcmp((char *)d[i].data + sizeof(struct iphdr), bytes[next], 100) == 0);
        }
    }
    OK(jf_close(s));
    OK(jf_close(sender));
}

static void check_udp_lite(void) {
    jf_addr to = parsed("127.0.0.1:0"), from = to;
    /* Newer kernels no longer support UDP-Lite. */
    jf_socket s = jf_open(JF_INET, JF_DGRAM, UDP_LITE);
    if (s == JF_E_PROTOCOL_UNSUPPORTED) return;
    OK(jf_bind(OK(s), &to));
    OK(jf_local_addr(s, &to));
    jf_socket sender = OK(jf_open(JF_INET, JF_DGRAM, UDP_LITE));
    OK(jf_bind(sender, &from));
    OK(jf_local_addr(sender, &from));
    fill_batch(&to, 100, 0);
    EXPECT(jf_send_many(sender, batch, COUNT, 0), COUNT);
    expect_batch(s, coalesced_batch(2), 2 * COALESCED_MAX, &from);
    EXPECT(jf_send_many(sender, batch, COUNT, 0), COUNT);
    expect_batch(s, plain_batch(4, 256), 4, &from);
    char byte;
    EXPECT(jf_recv(s, &byte, 1, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
    OK(jf_close(s));
    OK(jf_close(sender));
}

/* The kernel acknowledges each message. */
static void check_netlink(void) {
    jf_addr kernel = parsed("netlink:0:0");
    jf_socket s = OK(jf_open(JF_NETLINK, JF_RAW, NETLINK_ROUTE));
    struct nlmsghdr requests[COUNT];
    memset(requests, 0, sizeof requests);
    for (uint32_t i = 0; i < COUNT; i++) {
        requests[i] = (struct nlmsghdr){
            .nlmsg_len = sizeof *requests, .nlmsg_type = NLMSG_NOOP,
            .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK, .nlmsg_seq = i};
        batch[i] = datagram(&requests[i], sizeof *requests, &kernel);
    }
    EXPECT(jf_send_many(s, batch, COUNT, 0), COUNT);
    for (uint32_t next = 0; next < COUNT;) {
        jf_datagram *d = plain_batch(4, 256);
        int64_t count = OK(jf_recv_many(s, d, 4, 0));
        for (int64_t i = 0; i < count; i++, next++) {
            struct nlmsghdr reply;
            CHECK(d[i].len >= sizeof reply && d[i].present == JF_HAS_ADDR && d[i].addr.family == JF_NETLINK);
            memcpy(&reply, d[i].data, sizeof reply);
            CHECK(reply.nlmsg_type == NLMSG_ERROR && reply.nlmsg_seq == next);
        }
    }
    OK(jf_close(s));
}

static void check_frames(void) {
    jf_addr to = parsed("packet:1:0x88b5:00:00:00:00:00:00"), bind_address = parsed("packet:1:0x88b5");
    jf_socket s = OK(jf_open(JF_PACKET, JF_DGRAM, 0)), sender = OK(jf_open(JF_PACKET, JF_DGRAM, 0));
    OK(jf_bind(s, &bind_address));
    fill_batch(&to, 100, 0);
    /* One datagram in the middle has a missing interface. */
    batch[2].addr.scope_id = 77;
    EXPECT(jf_send_many(sender, batch, COUNT, 0), COUNT - 1);
    EXPECT(batch[2].result, JF_E_OS - ENXIO);
    for (int next = 0; next < COUNT - 1;) {
        jf_datagram *d = plain_batch(4, 256);
        int64_t count = OK(jf_recv_many(s, d, 4, 0));
        for (int64_t i = 0; i < count; i++) {
            /* The loopback interface also hands each outgoing frame to packet sockets. */
            if (d[i].addr.flow_info >> 16 != 0) continue;
            CHECK(d[i].len == 100 && memcmp(d[i].data, bytes[next < 2 ? next : next + 1], 100) == 0);
            CHECK(d[i].addr.family == JF_PACKET && d[i].addr.port == PROTOCOL && d[i].addr.scope_id == 1);
            next++;
        }
    }
    OK(jf_close(s));
    OK(jf_close(sender));
}

/* A server bound to the wildcard address sends each received array back unchanged. Each client receives the replies
 * from the address that it sent to. */
static void check_replies(const char *bind_address, const char *const *hosts, int count, int is_coalesced) {
    jf_addr local;
    jf_socket s = bound(bind_address, JF_DGRAM, &local);
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
        fill_batch(NULL, 50, 0);
        for (int next = 0; next < COUNT; next++) {
            batch[next].present = JF_HAS_TOS;
            batch[next].tos = 2;
        }
        EXPECT(jf_send_many(clients[i], batch, COUNT, 0), COUNT);
    }
    for (int next = 0; next < count * COUNT;) {
        jf_datagram *d = is_coalesced ? coalesced_batch(2) : plain_batch(BUFFERS, 256);
        int64_t received = OK(jf_recv_many(s, d, is_coalesced ? 2 * COALESCED_MAX : BUFFERS, 0));
        for (int64_t i = 0; i < received; i++) {
            CHECK(d[i].present == (JF_HAS_ADDR | JF_HAS_PACKET_INFO | JF_HAS_TOS | JF_HAS_TIME) && d[i].tos == 2);
            CHECK(d[i].local.family == local.family && d[i].interface_index == 1);
            /* A link-local address has the interface as its scope. */
            int is_link_local = local.family == JF_INET6 && d[i].local.data[0] == 0xfe;
            EXPECT(d[i].local.scope_id, is_link_local ? d[i].interface_index : 0);
        }
        EXPECT(jf_send_many(s, d, (size_t)received, 0), received);
        next += (int)received;
    }
    for (int i = 0; i < count; i++) {
        jf_addr host;
        OK(jf_peer_addr(clients[i], &host));
        OK(jf_set(clients[i], JF_OPT_RECV_TIMEOUT, 10000));
        expect_batch(clients[i], plain_batch(COUNT, 256), COUNT, &host);
        OK(jf_close(clients[i]));
    }
    OK(jf_close(s));
}

/* Sends to a multicast group. One member receives coalesced datagrams, the other each datagram into a separate
 * buffer. */
static void check_groups(const char *bind_address, const char *group_text) {
    jf_addr group = parsed(group_text), any = parsed(bind_address), from;
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
    fill_batch(&group, 100, 0);
    EXPECT(jf_recv_many(members[0], coalesced_batch(1), COALESCED_MAX, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
    for (int next = 0; next < COUNT; next++) {
        batch[next].present |= JF_HAS_TOS;
        batch[next].tos = 1;
    }
    EXPECT(jf_send_many(sender, batch, COUNT, 0), COUNT);
    for (int i = 0; i < 2; i++)
        for (int next = 0; next < COUNT;) {
            jf_datagram *d = i == 0 ? coalesced_batch(1) : plain_batch(4, 256);
            int64_t received = OK(jf_recv_many(members[i], d, i == 0 ? COALESCED_MAX : 4, 0));
            for (int64_t k = 0; k < received; k++, next++)
                CHECK(d[k].len == 100 && memcmp(d[k].data, bytes[next], 100) == 0);
        }
    for (int i = 0; i < 2; i++) OK(jf_close(members[i]));
    OK(jf_close(sender));
}

int main(void) {
    static const char *const V4[] = {"127.0.0.1:9", "127.0.0.5:9", "127.9.9.9:9"};
    static const char *const V4_AND_V6[] = {"[::1]:9", "127.0.0.5:9", "[fd77::7]:9", "127.0.0.1:9", "[fe80::7%lo]:9"};
    check_unix_datagrams();
    check_descriptors_are_closed();
    leave_net();
    in_net("ip link set lo up; ip addr add fd77::7/64 dev lo nodad; ip addr add fe80::7/64 dev lo nodad;"
           "ip link add name near type veth peer name far; ip link set far addrgenmode none up;"
           "ip link set near addrgenmode none up; ip addr add 10.77.1.1/24 dev near;"
           "ip addr add fd77:1::1/64 dev near nodad;"
           "until ip link show near | grep -q \"state UP\"; do :; done");
    check_pings();
    check_raw_packets();
    check_udp_lite();
    check_netlink();
    check_frames();
    check_groups("0.0.0.0:0", "239.7.7.7:0");
    check_groups("[::]:0", "[ff15::7]:0");
    for (int is_coalesced = 0; is_coalesced < 2; is_coalesced++) {
        check_replies("0.0.0.0:0", V4, 3, is_coalesced);
        check_replies("[::]:0", V4_AND_V6, 5, is_coalesced);
    }
    return 0;
}
