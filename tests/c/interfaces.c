/* The list of interfaces and addresses, in a new network namespace. */
#include "misuse.h"
#include "own_net.h"

static int matches(const jf_interface *i, const char *name, const char *addr, uint32_t prefix_len, const char *peer) {
    jf_addr none;
    memset(&none, 0, sizeof none);
    jf_addr a = addr ? parsed(addr) : none, p = peer ? parsed(peer) : none;
    if (addr && a.family == JF_INET6 && a.data[0] == 0xfe) a.scope_id = i->index;
    return strcmp(i->name, name) == 0 && i->index == if_nametoindex(name) && i->prefix_len == prefix_len &&
           jf_addr_equal(&i->addr, &a) == 1 && jf_addr_equal(&i->peer, &p) == 1 && i->reserved == 0;
}

int main(void) {
    enum { CAPACITY = 16, ALL = 8, TUNNEL_FLAGS = JF_IF_POINT_TO_POINT | JF_IF_MULTICAST };
    static jf_interface list[CAPACITY], partial[CAPACITY];
    leave_net();
    EXPECT(jf_interfaces(list, CAPACITY), 1);
    CHECK(matches(&list[0], "lo", NULL, 0, NULL) && list[0].flags == JF_IF_LOOPBACK && list[0].mtu == 65536);

    in_net("ip link set lo up\n"
           "ip link add name near index 11 mtu 1280 address 02:00:00:00:00:01 "
           "type veth peer name fifteen-letters index 12\n"
           "ip link set near addrgenmode none up\n"
           "ip addr add 10.77.1.1/24 brd + dev near\n"
           "ip addr add 10.77.1.2/24 dev near label near:1\n"
           "ip addr add 10.99.0.1 peer 10.99.0.2/32 dev near\n"
           "ip addr add fe80::1/64 dev near nodad\n"
           "ip tuntap add tunnel mode tun\n"
           "ip link set tunnel addrgenmode none up\n"
           "ip addr add 10.88.0.1 peer 10.88.0.2/32 dev tunnel\n");
    int64_t count = OK(jf_interfaces(NULL, 0));
    EXPECT(jf_interfaces(list, CAPACITY), count);
    for (int64_t i = 0; i < count; i++) {
        char text[JF_ADDR_TEXT];
        OK(jf_addr_format(&list[i].addr, text, sizeof text));
        printf("%u %s %s/%u flags %u\n", list[i].index, list[i].name, text, list[i].prefix_len, list[i].flags);
        CHECK(i == 0 || list[i - 1].index <= list[i].index);
    }
    EXPECT(count, ALL);
    jf_interface *i = list;
    CHECK(matches(&i[0], "lo", "127.0.0.1:0", 8, NULL) && matches(&i[1], "lo", "[::1]:0", 128, NULL));
    CHECK(i[0].flags == (JF_IF_LOOPBACK | JF_IF_UP | JF_IF_RUNNING) && i[0].hardware_len == 6);
    CHECK(matches(&i[2], "tunnel", "10.88.0.1:0", 32, "10.88.0.2:0") && i[2].hardware_len == 0);
    CHECK((i[2].flags & ~(uint32_t)JF_IF_RUNNING) == (TUNNEL_FLAGS | JF_IF_UP));
    CHECK(matches(&i[3], "near", "10.77.1.1:0", 24, "10.77.1.255:0"));
    CHECK(matches(&i[4], "near", "10.99.0.1:0", 32, "10.99.0.2:0"));
    CHECK(matches(&i[5], "near", "10.77.1.2:0", 24, NULL) && matches(&i[6], "near", "[fe80::1]:0", 64, NULL));
    for (int at = 3; at < 7; at++) {
        CHECK(i[at].mtu == 1280 && i[at].flags == (JF_IF_UP | JF_IF_BROADCAST | JF_IF_MULTICAST));
        CHECK(i[at].hardware_len == 6 && memcmp(i[at].hardware, "\2\0\0\0\0\1\0", 7) == 0);
    }
    /* An interface that is down, without an address, and with the longest possible name. */
    CHECK(matches(&i[7], "fifteen-letters", NULL, 0, NULL) && i[7].flags == (JF_IF_BROADCAST | JF_IF_MULTICAST));

    /* Fills the given capacity and writes nothing beyond. */
    for (int64_t cap = 0; cap <= count; cap++) {
        fill(partial, sizeof partial);
        EXPECT(jf_interfaces(partial, (size_t)cap), count);
        CHECK(memcmp(partial, list, (size_t)cap * sizeof list[0]) == 0);
        CHECK(untouched(partial + cap, (size_t)(CAPACITY - cap) * sizeof list[0]));
    }
    return 0;
}
