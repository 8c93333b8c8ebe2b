/* The families and types below and beside TCP, UDP and UNIX: what they send arrives, their addresses read back as they were
   written, and waiting on them ends by time, by data and by closing. Raw and packet sockets take root, as the tests have it.
   Everything happens in a network of this program's own. */
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

static void own_network(void) {
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

/* An address is what it was, also by way of text. */
static void reads_back(const jf_addr *a, const char *text) {
    char written[JF_ADDR_TEXT];
    jf_addr again;
    OK(jf_addr_format(a, written, sizeof written));
    if (strcmp(written, text) != 0) fprintf(stderr, "%s, not %s\n", written, text);
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

/* Asks for an echo, and waits for it among all that comes. */
static void echo(int family, int protocol, uint8_t request, uint8_t reply, const char *host) {
    struct {
        struct icmphdr head;
        char data[5];
    } ping;
    uint8_t room[256];
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
        int64_t len = OK(jf_recv_from(s, room, sizeof room, 0, &from));
        /* IPv4's header comes with it, IPv6's does not. */
        size_t skip = family == JF_INET ? (size_t)(room[0] & 15) * 4 : 0;
        CHECK(len == (int64_t)(skip + sizeof ping) && memcmp(from.data, to.data, to.len) == 0 && from.len == to.len);
        if (room[skip] == reply) {
            CHECK(memcmp(room + skip + 8, "hello", 5) == 0);
            break;
        }
        CHECK(room[skip] == request);
    }
    /* Connected, it needs no address, and forgets the peer again. */
    OK(jf_connect(s, &to));
    EXPECT(jf_send(s, &ping, sizeof ping, 0), sizeof ping);
    EXPECT(jf_recv(s, room, 4, 0), JF_E_TRUNCATED);
    memset(&to, 0, sizeof to);
    OK(jf_connect(s, &to));
    EXPECT(jf_listen(s, 1), JF_E_UNSUPPORTED);
    OK(jf_close(s));
}

/* The kernel lists its links. */
static void route(void) {
    struct {
        struct nlmsghdr head;
        struct rtgenmsg body;
    } request;
    static _Alignas(8) char room[32768];
    char text[64];
    jf_addr kernel = parsed("netlink:0:0"), local, from;
    jf_socket s = OK(jf_open(JF_NETLINK, JF_RAW, NETLINK_ROUTE));
    OK(jf_bind(s, &kernel));
    OK(jf_local_addr(s, &local));
    CHECK(local.family == JF_NETLINK && local.len == 0 && local.scope_id != 0 && local.flow_info == 0);
    snprintf(text, sizeof text, "netlink:%u:0", local.scope_id);
    reads_back(&local, text);
    OK(jf_set(s, JF_OPT_RECV_TIMEOUT, 10000));
    for (int cut = 1; cut >= 0; cut--) {
        memset(&request, 0, sizeof request);
        request.head.nlmsg_len = NLMSG_LENGTH(sizeof request.body);
        request.head.nlmsg_type = RTM_GETLINK;
        request.head.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
        EXPECT(jf_send_to(s, &request, request.head.nlmsg_len, 0, &kernel), request.head.nlmsg_len);
        if (cut) {
            EXPECT(jf_recv_from(s, room, 16, 0, &from), JF_E_TRUNCATED);
            while (jf_recv(s, room, sizeof room, JF_DONT_WAIT) > 0) {
            }
        }
    }
    int found = 0;
    for (int done = 0; !done;) {
        int64_t len = OK(jf_recv_from(s, room, sizeof room, 0, &from));
        EXPECT(jf_addr_equal(&from, &kernel), 1);
        for (struct nlmsghdr *m = (void *)room; NLMSG_OK(m, len); m = NLMSG_NEXT(m, len)) {
            CHECK(m->nlmsg_type != NLMSG_ERROR);
            done = m->nlmsg_type == NLMSG_DONE;
            if (m->nlmsg_type != RTM_NEWLINK) continue;
            const struct ifinfomsg *link = NLMSG_DATA(m);
            found += link->ifi_index == LOOPBACK && link->ifi_type == ARPHRD_LOOPBACK;
        }
    }
    CHECK(found == 1);
    EXPECT(jf_recv(s, room, sizeof room, JF_DONT_WAIT | JF_ERROR_QUEUE), JF_E_UNSUPPORTED);
    OK(jf_close(s));
}

/* Frames, with and without their header, of one protocol that nobody else speaks. */
static void frames(int type) {
    enum { PROTOCOL = 0x88B5 };
    static const uint8_t nobody[6];
    uint8_t frame[64], room[128];
    jf_addr anywhere = parsed("packet:lo:0x88b5"), to = parsed("packet:1:0x88b5:00:00:00:00:00:00"), from, local;
    jf_socket s[2];
    for (int i = 0; i < 2; i++) {
        s[i] = OK(jf_open(JF_PACKET, type, 0));
        OK(jf_set(s[i], JF_OPT_RECV_TIMEOUT, 10000));
    }
    OK(jf_bind(s[1], &anywhere));
    OK(jf_local_addr(s[1], &local));
    CHECK(local.family == JF_PACKET && local.scope_id == LOOPBACK && local.port == PROTOCOL);
    reads_back(&local, "packet:1:0x88b5:00:00:00:00:00:00");
    size_t head = type == JF_RAW ? sizeof(struct ethhdr) : 0;
    memset(frame, 0, sizeof frame);
    frame[12] = PROTOCOL >> 8;
    frame[13] = PROTOCOL & 255;
    memcpy(frame + head, "hello", 5);
    EXPECT(jf_send_to(s[0], frame, head + 5, 0, &to), (int64_t)head + 5);
    int64_t len = OK(jf_recv_from(s[1], room, sizeof room, 0, &from));
    CHECK(len == (int64_t)head + 5 && memcmp(room + head, "hello", 5) == 0);
    CHECK(from.family == JF_PACKET && from.scope_id == LOOPBACK && from.port == PROTOCOL);
    CHECK(from.len == 6 && memcmp(from.data, nobody, 6) == 0);
    /* What it is to this machine, and what the hardware is; they are no part of what makes two addresses equal. */
    CHECK(from.flow_info >> 16 == PACKET_HOST && (from.flow_info & 0xFFFF) == ARPHRD_LOOPBACK);
    EXPECT(jf_addr_equal(&from, &to), 1);
    if (type == JF_RAW) CHECK(memcmp(room, frame, head) == 0);
    EXPECT(jf_send_to(s[0], frame, head + 5, 0, &to), (int64_t)head + 5);
    EXPECT(jf_recv(s[1], room, 4, 0), JF_E_TRUNCATED);
    EXPECT(jf_recv(s[1], room, 4, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
    EXPECT(jf_bind(s[0], &to), 0);
    to.scope_id = 4711;
    EXPECT(jf_send_to(s[0], frame, head + 5, 0, &to), JF_E_OS - ENXIO);
    OK(jf_close(s[0]));
    OK(jf_close(s[1]));

    /* The protocol given when it is opened is the same number. */
    jf_socket all = OK(jf_open(JF_PACKET, type, 3));
    OK(jf_local_addr(all, &local));
    CHECK(local.port == 3);
    OK(jf_close(all));
}

/* What a call waits for, until something else ends it. */
typedef struct waiter {
    jf_socket s;
    int accepts;
} waiter;

static int64_t wait_for(void *given) {
    waiter *w = given;
    char room[64];
    return w->accepts ? jf_accept(w->s, NULL) : jf_recv(w->s, room, sizeof room, 0);
}

/* Nothing comes: the time is kept, and closing wakes whoever waits. The socket is closed. */
static void waits(const char *name, jf_socket s, int accepts) {
    waiter w = {s, accepts};
    flight f[2];
    OK(jf_set(s, JF_OPT_RECV_TIMEOUT, 0));
    EXPECT(wait_for(&w), JF_E_WOULD_BLOCK);
    static const int times[] = {1, 50, 130};
    for (int i = 0; i < 3; i++) {
        OK(jf_set(s, JF_OPT_RECV_TIMEOUT, times[i]));
        double before = clock_ms();
        EXPECT(wait_for(&w), JF_E_TIMED_OUT);
        TOOK(before, times[i]);
    }
    OK(jf_set(s, JF_OPT_RECV_TIMEOUT, -1));
    OK(jf_set(s, JF_OPT_INTERRUPTIBLE, 1));
    start(&f[0], name, wait_for, &w, 1000);
    EXPECT(finish(&f[0]), JF_E_INTERRUPTED);
    OK(jf_set(s, JF_OPT_INTERRUPTIBLE, 0));
    start(&f[0], name, wait_for, &w, 1000);
    start(&f[1], name, wait_for, &w, 0);
    await_sleep(&f[0]);
    await_sleep(&f[1]);
    await_signals(20);
    OK(jf_close(s));
    EXPECT(finish(&f[0]), JF_E_CLOSED);
    EXPECT(finish(&f[1]), JF_E_CLOSED);
    EXPECT(jf_close(s), JF_E_BAD_HANDLE);
}

/* A machine that is no guest has nobody to talk to by vsock, but it can listen. */
static void vsock(void) {
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
    reads_back(&local, text);
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
        /* Going on with it takes its time as well. */
        EXPECT(jf_connect(c, &to), JF_E_TIMED_OUT);
        TOOK(before, 200);
        OK(jf_set(c, JF_OPT_SEND_TIMEOUT, 0));
        EXPECT(jf_connect(c, &to), JF_E_ALREADY);
    } else {
        EXPECT(result, JF_E_CONN_RESET);
    }
    OK(jf_close(c));
    waits("vsock", s, 1);
}

/* Protocols by their numbers. */
static void by_number(int type, int protocol) {
    jf_addr a = parsed("127.0.0.1:0");
    char room[8];
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
    EXPECT(jf_recv(s, room, sizeof room, 0), 5);
    CHECK(memcmp(room, "hello", 5) == 0);
    OK(jf_close(c));
    OK(jf_close(l));
    if (s != l) OK(jf_close(s));
}

int main(void) {
    watchdog(100);
    own_network();
    handle_signals(0);
    echo(JF_INET, IPPROTO_ICMP, ICMP_ECHO, ICMP_ECHOREPLY, "127.0.0.1:0");
    echo(JF_INET6, IPPROTO_ICMPV6, 128, 129, "[::1]:0");
    route();
    frames(JF_DGRAM);
    frames(JF_RAW);
    vsock();
    by_number(JF_DGRAM, UDP_LITE);
    by_number(JF_STREAM, MPTCP);
    by_number(JF_STREAM, SCTP);
    by_number(JF_SEQPACKET, SCTP);

    waits("raw IPv4", OK(jf_open(JF_INET, JF_RAW, IPPROTO_EGP)), 0);
    waits("raw IPv6", OK(jf_open(JF_INET6, JF_RAW, IPPROTO_EGP)), 0);
    waits("netlink", OK(jf_open(JF_NETLINK, JF_DGRAM, NETLINK_ROUTE)), 0);
    waits("packet", OK(jf_open(JF_PACKET, JF_DGRAM, 0x88B5)), 0);
    return 0;
}
