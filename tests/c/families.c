/* The families and types other than TCP, UDP and UNIX: data arrives, addresses survive a round trip through text,
 * and blocking calls end by timeout, by data and by close. Raw and packet sockets require root. The test runs in a
 * new network namespace. */
#include "clock.h"
#include "flight.h"

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

enum { LOOPBACK = 1, SCTP = 132, UDP_LITE = 136, MPTCP = 262 };

static void enter_new_network(void) {
    CHECK(unshare(CLONE_NEWNET) == 0);
    struct ifreq request;
    memset(&request, 0, sizeof request);
    strcpy(request.ifr_name, "lo");
    request.ifr_flags = IFF_UP;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    CHECK(ioctl(fd, SIOCSIFFLAGS, &request) == 0);
    close(fd);
}

static int64_t get(jf_socket s, int option) {
    int64_t value = -77;
    OK(jf_get(s, option, &value));
    return value;
}

/* Formatting and parsing the address returns the same address. */
static void check_address_round_trip(const jf_addr *a, const char *text) {
    char written[JF_ADDR_TEXT];
    jf_addr again;
    OK(jf_addr_format(a, written, sizeof written));
    if (strcmp(written, text) != 0) fprintf(stderr, "formatted as %s, not %s\n", written, text);
    CHECK(strcmp(written, text) == 0);
    OK(jf_addr_parse(text, &again));
    EXPECT(jf_addr_equal(a, &again), 1);
}

static uint16_t checksum(const void *data, size_t len) {
    const uint8_t *bytes = data;
    uint32_t sum = 0;
    for (size_t i = 0; i < len; i += 2) sum += (uint32_t)(bytes[i] << 8) + (i + 1 < len ? bytes[i + 1] : 0);
    while (sum >> 16) sum = (sum & 0xFFFF) + (sum >> 16);
    return htons((uint16_t)~sum);
}

/* Sends an ICMP echo request and waits for the reply. */
static void check_ping(int family, int protocol, uint8_t request, uint8_t reply, const char *host) {
    struct {
        struct icmphdr head;
        char data[5];
    } ping;
    uint8_t buffer[256];
    jf_addr to = parsed(host), from;
    jf_socket s = OK(jf_open(family, JF_RAW, protocol));
    CHECK(get(s, JF_OPT_TYPE) == JF_RAW && get(s, JF_OPT_PROTOCOL) == protocol);
    OK(jf_set(s, JF_OPT_RECV_TIMEOUT, 10000));
    memset(&ping, 0, sizeof ping);
    ping.head.type = request;
    ping.head.un.echo.id = htons(4711);
    memcpy(ping.data, "hello", 5);
    if (family == JF_INET) ping.head.checksum = checksum(&ping, sizeof ping);
    EXPECT(jf_send_to(s, &ping, sizeof ping, 0, &to), sizeof ping);
    for (;;) {
        int64_t len = OK(jf_recv_from(s, buffer, sizeof buffer, 0, &from));
        /* A raw IPv4 socket also receives the IP header, a raw IPv6 socket does not. */
        size_t skip = family == JF_INET ? (size_t)(buffer[0] & 15) * 4 : 0;
        CHECK(len == (int64_t)(skip + sizeof ping) && memcmp(from.data, to.data, to.len) == 0 && from.len == to.len);
        if (buffer[skip] == reply) {
            CHECK(memcmp(buffer + skip + 8, "hello", 5) == 0);
            break;
        }
        CHECK(buffer[skip] == request);
    }
    /* A raw socket can be connected and disconnected. */
    OK(jf_connect(s, &to));
    EXPECT(jf_send(s, &ping, sizeof ping, 0), sizeof ping);
    EXPECT(jf_recv(s, buffer, 4, 0), JF_E_TRUNCATED);
    memset(&to, 0, sizeof to);
    OK(jf_connect(s, &to));
    EXPECT(jf_listen(s, 1), JF_E_UNSUPPORTED);
    OK(jf_close(s));
}

/* Requests the list of links from the kernel. */
static void check_netlink(void) {
    struct {
        struct nlmsghdr head;
        struct rtgenmsg body;
    } request;
    static _Alignas(8) char buffer[32768];
    char text[64];
    jf_addr kernel = parsed("netlink:0:0"), local, from;
    jf_socket s = OK(jf_open(JF_NETLINK, JF_RAW, NETLINK_ROUTE));
    OK(jf_bind(s, &kernel));
    OK(jf_local_addr(s, &local));
    CHECK(local.family == JF_NETLINK && local.len == 0 && local.scope_id != 0 && local.flow_info == 0);
    snprintf(text, sizeof text, "netlink:%u:0", local.scope_id);
    check_address_round_trip(&local, text);
    OK(jf_set(s, JF_OPT_RECV_TIMEOUT, 10000));
    for (int is_truncated = 1; is_truncated >= 0; is_truncated--) {
        memset(&request, 0, sizeof request);
        request.head.nlmsg_len = NLMSG_LENGTH(sizeof request.body);
        request.head.nlmsg_type = RTM_GETLINK;
        request.head.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
        EXPECT(jf_send_to(s, &request, request.head.nlmsg_len, 0, &kernel), request.head.nlmsg_len);
        if (is_truncated) {
            EXPECT(jf_recv_from(s, buffer, 16, 0, &from), JF_E_TRUNCATED);
            while (jf_recv(s, buffer, sizeof buffer, JF_DONT_WAIT) > 0) {
            }
        }
    }
    int found = 0;
    for (int done = 0; !done;) {
        int64_t len = OK(jf_recv_from(s, buffer, sizeof buffer, 0, &from));
        EXPECT(jf_addr_equal(&from, &kernel), 1);
        for (struct nlmsghdr *m = (void *)buffer; NLMSG_OK(m, len); m = NLMSG_NEXT(m, len)) {
            CHECK(m->nlmsg_type != NLMSG_ERROR);
            done = m->nlmsg_type == NLMSG_DONE;
            if (m->nlmsg_type != RTM_NEWLINK) continue;
            const struct ifinfomsg *link = NLMSG_DATA(m);
            found += link->ifi_index == LOOPBACK && link->ifi_type == ARPHRD_LOOPBACK;
        }
    }
    CHECK(found == 1);
    EXPECT(jf_recv(s, buffer, sizeof buffer, JF_DONT_WAIT | JF_ERROR_QUEUE), JF_E_UNSUPPORTED);
    OK(jf_close(s));
}

/* Sends and receives frames, with and without a header, of an unused protocol. */
static void check_packet(int type) {
    enum { PROTOCOL = 0x88B5 };
    static const uint8_t no_hardware[6];
    uint8_t frame[64], buffer[128];
    jf_addr any = parsed("packet:lo:0x88b5"), to = parsed("packet:1:0x88b5:00:00:00:00:00:00"), from, local;
    jf_socket s[2];
    for (int i = 0; i < 2; i++) {
        s[i] = OK(jf_open(JF_PACKET, type, 0));
        OK(jf_set(s[i], JF_OPT_RECV_TIMEOUT, 10000));
    }
    OK(jf_bind(s[1], &any));
    OK(jf_local_addr(s[1], &local));
    CHECK(local.family == JF_PACKET && local.scope_id == LOOPBACK && local.port == PROTOCOL);
    check_address_round_trip(&local, "packet:1:0x88b5:00:00:00:00:00:00");
    size_t head = type == JF_RAW ? sizeof(struct ethhdr) : 0;
    memset(frame, 0, sizeof frame);
    frame[12] = PROTOCOL >> 8;
    frame[13] = PROTOCOL & 255;
    memcpy(frame + head, "hello", 5);
    EXPECT(jf_send_to(s[0], frame, head + 5, 0, &to), (int64_t)head + 5);
    int64_t len = OK(jf_recv_from(s[1], buffer, sizeof buffer, 0, &from));
    CHECK(len == (int64_t)head + 5 && memcmp(buffer + head, "hello", 5) == 0);
    CHECK(from.family == JF_PACKET && from.scope_id == LOOPBACK && from.port == PROTOCOL);
    CHECK(from.len == 6 && memcmp(from.data, no_hardware, 6) == 0);
    /* `flow_info` holds the packet type and the hardware type. Comparison ignores both. */
    CHECK(from.flow_info >> 16 == PACKET_HOST && (from.flow_info & 0xFFFF) == ARPHRD_LOOPBACK);
    EXPECT(jf_addr_equal(&from, &to), 1);
    if (type == JF_RAW) CHECK(memcmp(buffer, frame, head) == 0);
    EXPECT(jf_send_to(s[0], frame, head + 5, 0, &to), (int64_t)head + 5);
    EXPECT(jf_recv(s[1], buffer, 4, 0), JF_E_TRUNCATED);
    EXPECT(jf_recv(s[1], buffer, 4, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
    EXPECT(jf_bind(s[0], &to), 0);
    to.scope_id = 4711;
    EXPECT(jf_send_to(s[0], frame, head + 5, 0, &to), JF_E_OS - ENXIO);
    OK(jf_close(s[0]));
    OK(jf_close(s[1]));

    /* A protocol given to jf_open has the same byte order as `port`. */
    jf_socket all = OK(jf_open(JF_PACKET, type, 3));
    OK(jf_local_addr(all, &local));
    CHECK(local.port == 3);
    OK(jf_close(all));
}

/* A socket to wait on, and the call to make. */
typedef struct waiter {
    jf_socket s;
    int is_accept;
} waiter;

static int64_t call_blocking(void *given) {
    waiter *w = given;
    char buffer[64];
    return w->is_accept ? jf_accept(w->s, NULL) : jf_recv(w->s, buffer, sizeof buffer, 0);
}

/* Without traffic, a blocking call ends by its timeout, and a close wakes all callers. The socket is closed
 * afterwards. */
static void check_waits(const char *name, jf_socket s, int is_accept) {
    waiter w = {s, is_accept};
    flight f[2];
    OK(jf_set(s, JF_OPT_RECV_TIMEOUT, 0));
    EXPECT(call_blocking(&w), JF_E_WOULD_BLOCK);
    static const int timeouts[] = {1, 50, 130};
    for (int i = 0; i < 3; i++) {
        OK(jf_set(s, JF_OPT_RECV_TIMEOUT, timeouts[i]));
        double before = clock_ms();
        EXPECT(call_blocking(&w), JF_E_TIMED_OUT);
        TOOK(before, timeouts[i]);
    }
    OK(jf_set(s, JF_OPT_RECV_TIMEOUT, -1));
    OK(jf_set(s, JF_OPT_INTERRUPTIBLE, 1));
    start(&f[0], name, call_blocking, &w, 1000);
    EXPECT(finish(&f[0]), JF_E_INTERRUPTED);
    OK(jf_set(s, JF_OPT_INTERRUPTIBLE, 0));
    start(&f[0], name, call_blocking, &w, 1000);
    start(&f[1], name, call_blocking, &w, 0);
    await_sleep(&f[0]);
    await_sleep(&f[1]);
    await_signals(20);
    OK(jf_close(s));
    EXPECT(finish(&f[0]), JF_E_CLOSED);
    EXPECT(finish(&f[1]), JF_E_CLOSED);
    EXPECT(jf_close(s), JF_E_CLOSED);
}

/* A machine that is not a guest has no vsock peer, but can listen. */
static void check_vsock(void) {
    jf_addr any = parsed("vsock:any:any"), local, to;
    char text[64];
    int64_t s = jf_open(JF_VSOCK, JF_STREAM, 0);
    if (s == JF_E_FAMILY_UNSUPPORTED) {
        CHECK(socket(AF_VSOCK, SOCK_STREAM, 0) == -1 && errno == EAFNOSUPPORT);
        return;
    }
    OK(s);
    CHECK(get(s, JF_OPT_FAMILY) == JF_VSOCK);
    int64_t datagrams = jf_open(JF_VSOCK, JF_DGRAM, 0);
    if (datagrams != JF_E_TYPE_UNSUPPORTED) OK(jf_close(OK(datagrams)));
    OK(jf_bind(s, &any));
    OK(jf_local_addr(s, &local));
    CHECK(local.family == JF_VSOCK && local.len == 0 && local.scope_id == UINT32_MAX && local.flow_info != UINT32_MAX);
    snprintf(text, sizeof text, "vsock:any:%u", local.flow_info);
    check_address_round_trip(&local, text);
    OK(jf_listen(s, 4));
    to = local;
    to.scope_id = 1; /* this machine */
    jf_socket c = OK(jf_open(JF_VSOCK, JF_STREAM, 0));
    OK(jf_set(c, JF_OPT_SEND_TIMEOUT, 100));
    double before = clock_ms();
    int64_t result = jf_connect(c, &to);
    if (result == 0) {
        jf_socket peer = OK(jf_accept(s, NULL));
        EXPECT(jf_send(peer, "hello", 5, 0), 5);
        EXPECT(jf_recv(c, text, sizeof text, 0), 5);
        OK(jf_close(peer));
    } else if (result == JF_E_TIMED_OUT) {
        TOOK(before, 100);
        /* A second connect continues the attempt, with a new timeout. */
        EXPECT(jf_connect(c, &to), JF_E_TIMED_OUT);
        TOOK(before, 200);
        OK(jf_set(c, JF_OPT_SEND_TIMEOUT, 0));
        EXPECT(jf_connect(c, &to), JF_E_ALREADY);
    } else {
        EXPECT(result, JF_E_CONN_RESET);
    }
    OK(jf_close(c));
    check_waits("vsock", s, 1);
}

/* Protocols selected by number. */
static void check_protocol(int type, int protocol) {
    jf_addr a = parsed("127.0.0.1:0");
    char buffer[8];
    int64_t l = jf_open(JF_INET, type, protocol);
    if (l == JF_E_PROTOCOL_UNSUPPORTED || l == JF_E_TYPE_UNSUPPORTED) {
        int os_type = type == JF_STREAM ? SOCK_STREAM : type == JF_DGRAM ? SOCK_DGRAM : SOCK_SEQPACKET;
        CHECK(socket(AF_INET, os_type, protocol) == -1);
        return;
    }
    OK(l);
    CHECK(get(l, JF_OPT_PROTOCOL) == protocol);
    OK(jf_bind(l, &a));
    OK(jf_local_addr(l, &a));
    jf_socket c = OK(jf_open(JF_INET, type, protocol)), s = l;
    if (type != JF_DGRAM) OK(jf_listen(l, 1));
    OK(jf_connect(c, &a));
    if (type != JF_DGRAM) s = OK(jf_accept(l, NULL));
    EXPECT(jf_send(c, "hello", 5, 0), 5);
    EXPECT(jf_recv(s, buffer, sizeof buffer, 0), 5);
    CHECK(memcmp(buffer, "hello", 5) == 0);
    OK(jf_close(c));
    OK(jf_close(l));
    if (s != l) OK(jf_close(s));
}

int main(void) {
    watchdog(100);
    enter_new_network();
    handle_signals(0);
    check_ping(JF_INET, IPPROTO_ICMP, ICMP_ECHO, ICMP_ECHOREPLY, "127.0.0.1:0");
    check_ping(JF_INET6, IPPROTO_ICMPV6, 128, 129, "[::1]:0");
    check_netlink();
    check_packet(JF_DGRAM);
    check_packet(JF_RAW);
    check_vsock();
    check_protocol(JF_DGRAM, UDP_LITE);
    check_protocol(JF_STREAM, MPTCP);
    check_protocol(JF_STREAM, SCTP);
    check_protocol(JF_SEQPACKET, SCTP);

    check_waits("raw IPv4", OK(jf_open(JF_INET, JF_RAW, IPPROTO_EGP)), 0);
    check_waits("raw IPv6", OK(jf_open(JF_INET6, JF_RAW, IPPROTO_EGP)), 0);
    check_waits("netlink", OK(jf_open(JF_NETLINK, JF_DGRAM, NETLINK_ROUTE)), 0);
    check_waits("packet", OK(jf_open(JF_PACKET, JF_DGRAM, 0x88B5)), 0);
    return 0;
}
