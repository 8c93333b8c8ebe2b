/* The effects of options on traffic, on the loopback interface of a private network. */
#include "option_table.h"
#include "own_net.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/ioctl.h>

/* Creates a network with a loopback interface only, with an Ethernet's MTU. */
static void make_network(void) {
    struct ifreq lo = {.ifr_name = "lo"};
    leave_net();
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    lo.ifr_mtu = 1500;
    CHECK(fd >= 0 && ioctl(fd, SIOCSIFMTU, &lo) == 0);
    lo.ifr_flags = IFF_UP | IFF_LOOPBACK;
    CHECK(ioctl(fd, SIOCSIFFLAGS, &lo) == 0 && close(fd) == 0);
    write_file("/proc/sys/net/ipv4/tcp_fastopen", "3");
}

static void expect_no_data(jf_socket s) {
    char byte;
    EXPECT(jf_recv(s, &byte, 1, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
}

static jf_socket listener(enum kind kind, jf_addr *a) {
    jf_socket l = bound(kind_anywhere(kind), JF_STREAM, a);
    OK(jf_set(l, JF_OPT_RECV_TIMEOUT, 10000));
    return l;
}

static void expect_no_connection(jf_socket l) {
    OK(jf_set(l, JF_OPT_RECV_TIMEOUT, 0));
    EXPECT(jf_accept(l, NULL), JF_E_WOULD_BLOCK);
    OK(jf_set(l, JF_OPT_RECV_TIMEOUT, 10000));
}

static int syn_had_data(jf_socket s) {
    struct tcp_info info;
    CHECK(jf_get_raw(s, SOL_TCP, TCP_INFO, &info, sizeof info) > 0);
    return (info.tcpi_options & TCPI_OPT_SYN_DATA) != 0;
}

/* Connects and sends data first. Both ends report whether the data was in the SYN. */
static void connect_and_exchange(jf_socket l, const jf_addr *a, int no_cookie, int is_in_syn) {
    jf_socket c = OK(jf_open(a->family, JF_STREAM, 0));
    char text[6] = "";
    OK(jf_set(c, JF_OPT_FAST_OPEN_CONNECT, 1));
    OK(jf_set(c, JF_OPT_FAST_OPEN_NO_COOKIE, no_cookie));
    OK(jf_connect(c, a));
    if (is_in_syn) expect_no_connection(l);
    EXPECT(jf_send(c, "hello", 5, 0), 5);
    jf_socket s = OK(jf_accept(l, NULL));
    OK(jf_set(s, JF_OPT_RECV_TIMEOUT, 10000));
    OK(jf_recv_exact(s, text, 5, NULL));
    CHECK(strcmp(text, "hello") == 0);
    CHECK(syn_had_data(s) == is_in_syn);
    EXPECT(jf_send(s, "you", 3, 0), 3);
    OK(jf_set(c, JF_OPT_RECV_TIMEOUT, 10000));
    OK(jf_recv_exact(c, text, 3, NULL));
    CHECK(syn_had_data(c) == is_in_syn);
    OK(jf_close(s));
    OK(jf_close(c));
}

static void fast_open(enum kind kind) {
    jf_addr a;
    jf_socket l = listener(kind, &a);
    OK(jf_set(l, JF_OPT_FAST_OPEN, 5));
    OK(jf_listen(l, 5));
        /* The first connection obtains the cookie, the second uses it. */
    connect_and_exchange(l, &a, 0, 0);
    connect_and_exchange(l, &a, 0, 1);
    OK(jf_close(l));
    l = listener(kind, &a);
    OK(jf_set(l, JF_OPT_FAST_OPEN, 5));
    OK(jf_set(l, JF_OPT_FAST_OPEN_NO_COOKIE, 1));
    OK(jf_listen(l, 5));
    connect_and_exchange(l, &a, 1, 1);
    OK(jf_close(l));
}

static void defer_accept(enum kind kind) {
    jf_addr a;
    jf_socket l = listener(kind, &a), c = fresh(kind);
    OK(jf_set(l, JF_OPT_DEFER_ACCEPT, 60));
    OK(jf_listen(l, 5));
    OK(jf_connect(c, &a));
    expect_no_connection(l);
    EXPECT(jf_send(c, "x", 1, 0), 1);
    jf_socket s = OK(jf_accept(l, NULL));
    char byte = 0;
    EXPECT(jf_recv(s, &byte, 1, JF_DONT_WAIT), 1);
    CHECK(byte == 'x');
    OK(jf_close(s));
    OK(jf_close(c));
    OK(jf_close(l));
}

static void min_ttl(enum kind kind) {
    jf_addr a;
    jf_socket l = listener(kind, &a), far = fresh(kind), near = fresh(kind);
    OK(jf_set(l, JF_OPT_MIN_TTL, 255));
    OK(jf_listen(l, 5));
    OK(jf_set(far, JF_OPT_TTL, 254));
    OK(jf_set(far, JF_OPT_SEND_TIMEOUT, 100));
    EXPECT(jf_connect(far, &a), JF_E_TIMED_OUT);
    OK(jf_close(far));
    OK(jf_set(near, JF_OPT_TTL, 255));
    OK(jf_set(near, JF_OPT_SEND_TIMEOUT, 10000));
    OK(jf_connect(near, &a));
    OK(jf_close(OK(jf_accept(l, NULL))));
    OK(jf_close(near));
    OK(jf_close(l));
}

static void cork(enum kind kind) {
    jf_socket s[2];
    char text[8];
    connected(kind, s);
    OK(jf_set(s[0], JF_OPT_CORK, 1));
    EXPECT(jf_send(s[0], "ab", 2, 0), 2);
    EXPECT(jf_send(s[0], "cd", 2, 0), 2);
    expect_no_data(s[1]);
    OK(jf_set(s[0], JF_OPT_CORK, 0));
    EXPECT(jf_recv(s[1], text, sizeof text, 0), 4);
    CHECK(memcmp(text, "abcd", 4) == 0);
    close_both(s);
}

/* One send makes three datagrams, or a single one for a receiver with GRO. */
static void segments(enum kind kind) {
    static char data[3000], buffer[3001];
    jf_socket s[2];
    connected(kind, s);
    OK(jf_set(s[0], JF_OPT_SEGMENT_SIZE, 1000));
    EXPECT(jf_send(s[0], data, sizeof data, 0), 3000);
    for (int i = 0; i < 3; i++) EXPECT(jf_recv(s[1], buffer, sizeof buffer, JF_DONT_WAIT), 1000);
    expect_no_data(s[1]);
    OK(jf_set(s[1], JF_OPT_GRO, 1));
    EXPECT(jf_send(s[0], data, sizeof data, 0), 3000);
    EXPECT(jf_recv(s[1], buffer, sizeof buffer, JF_DONT_WAIT), 3000);
    expect_no_data(s[1]);
    close_both(s);
}

static void fragments(enum kind kind) {
    static char data[3000], buffer[3001];
    jf_socket s[2];
    connected(kind, s);
    OK(jf_set(s[0], JF_OPT_DONT_FRAGMENT, 1));
    EXPECT(jf_send(s[0], data, sizeof data, 0), JF_E_MESSAGE_SIZE);
    CHECK(get_option(s[0], JF_OPT_PATH_MTU) == 1500);
    OK(jf_set(s[0], JF_OPT_DONT_FRAGMENT, 0));
    EXPECT(jf_send(s[0], data, sizeof data, 0), 3000);
    EXPECT(jf_recv(s[1], buffer, sizeof buffer, 0), 3000);
    close_both(s);
}

/* Receives one message and counts the expected control messages in it; checks their values. */
static int expected_control_messages(jf_socket s, const int expected[][3], int count) {
    char byte;
    union {
        char buffer[1024];
        struct cmsghdr aligned;
    } control;
    struct iovec data = {&byte, 1};
    struct msghdr msg = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    int found = 0;
    CHECK(recvmsg((int)OK(jf_fd(s)), &msg, 0) == 1);
    for (struct cmsghdr *one = CMSG_FIRSTHDR(&msg); one; one = CMSG_NXTHDR(&msg, one))
        for (int i = 0; i < count; i++) {
            if (one->cmsg_level != expected[i][0] || one->cmsg_type != expected[i][1]) continue;
            int value = 0;
            memcpy(&value, CMSG_DATA(one), expected[i][1] == IP_TOS && expected[i][0] == SOL_IP ? 1 : sizeof value);
            CHECK(expected[i][2] == -1 || value == expected[i][2]);
            found++;
        }
    return found;
}

/* The control messages that a datagram arrives with. IPv4 datagrams on a dual-stack IPv6 socket carry IPv4's. */
static void control_messages(enum kind from, enum kind to) {
    static const int in4[][3] = {{SOL_IP, IP_TTL, 9}, {SOL_IP, IP_TOS, 0x2C}, {SOL_IP, IP_PKTINFO, 1},
                                 {SOL_IP, IP_ORIGDSTADDR, -1}, {SOL_SOCKET, SO_TIMESTAMPNS, -1}};
    static const int in6[][3] = {{SOL_IPV6, IPV6_HOPLIMIT, 9}, {SOL_IPV6, IPV6_TCLASS, 0x2C},
                                 {SOL_IPV6, IPV6_PKTINFO, -1}, {SOL_IPV6, IPV6_RECVORIGDSTADDR, -1},
                                 {SOL_SOCKET, SO_TIMESTAMPNS, -1}};
    static const int options[] = {JF_OPT_RECV_TTL, JF_OPT_RECV_TOS, JF_OPT_RECV_PACKET_INFO, JF_OPT_RECV_ORIGINAL_DEST,
                                  JF_OPT_TIMESTAMPS};
    jf_addr a, any = parsed("[::]:0");
    jf_socket s, r;
    if (to == UDP6) {
        r = fresh(UDP6);
        OK(jf_bind(r, &any));
        OK(jf_local_addr(r, &a));
        int32_t port = (int32_t)OK(jf_addr_port(&a));
        a = parsed(kind_anywhere(from));
        OK(jf_addr_set_port(&a, port));
    } else {
        r = bound("127.0.0.1:0", JF_DGRAM, &a);
    }
    s = fresh(from);
    OK(jf_set(s, JF_OPT_TTL, 9));
    OK(jf_set(s, JF_OPT_TOS, 0x2C));
    EXPECT(jf_send_to(s, "x", 1, 0, &a), 1);
    CHECK(expected_control_messages(r, from == UDP4 ? in4 : in6, 5) == 0);
    for (int i = 0; i < 5; i++) OK(jf_set(r, options[i], 1));
    EXPECT(jf_send_to(s, "x", 1, 0, &a), 1);
    CHECK(expected_control_messages(r, from == UDP4 ? in4 : in6, 5) == 5);
    OK(jf_close(s));
    OK(jf_close(r));
}

static void credentials(enum kind kind) {
    const int sender[][3] = {{SOL_SOCKET, SCM_CREDENTIALS, getpid()}};
    jf_socket s[2];
    connected(kind, s);
    EXPECT(jf_send(s[0], "x", 1, 0), 1);
    CHECK(expected_control_messages(s[1], sender, 1) == 0);
    OK(jf_set(s[1], JF_OPT_PASS_CREDENTIALS, 1));
    EXPECT(jf_send(s[0], "x", 1, 0), 1);
    CHECK(expected_control_messages(s[1], sender, 1) == 1);
    close_both(s);
}

/* A documentation address, which no host has. */
static void foreign_address(enum kind kind, int option) {
    jf_addr a = parsed(kind_family(kind) == JF_INET ? "192.0.2.1:0" : "[2001:db8::1]:0");
    jf_socket s = fresh(kind);
    EXPECT(jf_bind(s, &a), JF_E_ADDR_NOT_AVAILABLE);
    OK(jf_set(s, option, 1));
    OK(jf_bind(s, &a));
    OK(jf_close(s));
}

static void port_at_connect(enum kind kind) {
    jf_addr to, a = parsed(kind_anywhere(kind));
    jf_socket l = listening(kind_anywhere(kind), &to), s = fresh(kind);
    OK(jf_set(s, JF_OPT_BIND_NO_PORT, 1));
    OK(jf_bind(s, &a));
    OK(jf_local_addr(s, &a));
    CHECK(a.port == 0);
    OK(jf_connect(s, &to));
    OK(jf_local_addr(s, &a));
    CHECK(a.port != 0);
    OK(jf_close(s));
    OK(jf_close(l));
}

static void out_of_band_inline(void) {
    jf_socket s[2];
    char text[4] = "";
    tcp_pair(s);
    OK(jf_set(s[1], JF_OPT_OOB_INLINE, 1));
    EXPECT(jf_send(s[0], "a", 1, 0), 1);
    EXPECT(jf_send(s[0], "b", 1, JF_OUT_OF_BAND), 1);
    OK(jf_set(s[1], JF_OPT_RECV_TIMEOUT, 10000));
    OK(jf_recv_exact(s[1], text, 2, NULL));
    CHECK(strcmp(text, "ab") == 0);
    close_both(s);
}

static void low_water(void) {
    jf_socket s[2];
    tcp_pair(s);
    OK(jf_set(s[1], JF_OPT_RECV_LOW_WATER, 4));
    struct pollfd readable = {.fd = (int)OK(jf_fd(s[1])), .events = POLLIN};
    EXPECT(jf_send(s[0], "abc", 3, 0), 3);
        /* Data has arrived, but less than the low-water mark. */
    char text[4];
    EXPECT(jf_recv(s[1], text, sizeof text, JF_PEEK | JF_DONT_WAIT), 3);
    CHECK(poll(&readable, 1, 0) == 0);
    EXPECT(jf_send(s[0], "d", 1, 0), 1);
    CHECK(poll(&readable, 1, 10000) == 1);
    close_both(s);
}

/* There is no route to any group, so a send needs an explicit interface. */
static void group_interface(void) {
    jf_addr a;
    jf_socket r = fresh(UDP4), s = fresh(UDP4);
    const struct ip_mreqn group = {{inet_addr("239.1.2.3")}, {0}, (int)index_of("lo")};
    char byte;
    a = parsed("239.1.2.3:0");
    OK(jf_bind(r, &a));
    OK(jf_local_addr(r, &a));
    OK(jf_set_raw(r, SOL_IP, IP_ADD_MEMBERSHIP, &group, sizeof group));
    EXPECT(jf_send_to(s, "x", 1, 0, &a), JF_E_NETWORK_UNREACHABLE);
    OK(jf_set(s, JF_OPT_MULTICAST_INTERFACE, index_of("lo")));
    EXPECT(jf_send_to(s, "x", 1, 0, &a), 1);
    EXPECT(jf_recv(r, &byte, 1, JF_DONT_WAIT), 1);
    OK(jf_close(r));
    OK(jf_close(s));
}

/* An unconnected socket queues errors only if requested. */
static void queued_errors(enum kind kind) {
    jf_addr unused_addr;
    jf_socket holder = bound(kind_anywhere(kind), JF_DGRAM, &unused_addr), s = fresh(kind);
    char byte = 0;
    OK(jf_close(holder));
    EXPECT(jf_send_to(s, "x", 1, 0, &unused_addr), 1);
    EXPECT(jf_recv(s, &byte, 1, JF_ERROR_QUEUE), JF_E_WOULD_BLOCK);
    OK(jf_set(s, JF_OPT_RECV_ERRORS, 1));
    EXPECT(jf_send_to(s, "x", 1, 0, &unused_addr), 1);
    EXPECT(jf_recv(s, &byte, 1, JF_ERROR_QUEUE), 1);
    CHECK(byte == 'x');
    OK(jf_close(s));
}

int main(void) {
    make_network();
    for (int kind = TCP4; kind <= TCP6; kind++) {
        fast_open((enum kind)kind);
        defer_accept((enum kind)kind);
        min_ttl((enum kind)kind);
        port_at_connect((enum kind)kind);
    }
    for (int kind = UDP4; kind <= UDP6; kind++) {
        cork((enum kind)kind);
        segments((enum kind)kind);
        fragments((enum kind)kind);
        queued_errors((enum kind)kind);
    }
    for (int kind = TCP4; kind <= UDP6; kind++) {
        foreign_address((enum kind)kind, JF_OPT_FREEBIND);
        foreign_address((enum kind)kind, JF_OPT_TRANSPARENT);
    }
    control_messages(UDP4, UDP4);
    control_messages(UDP4, UDP6);
    control_messages(UDP6, UDP6);
    for (int kind = UNIX_STREAM; kind < KINDS; kind++) credentials((enum kind)kind);
    out_of_band_inline();
    low_water();
    group_interface();
    return 0;
}
