/* Options that the system rounds, limits, or ties to other state: interfaces, peers, routes, names, protocols. */
#include "option_table.h"

#include <net/if.h>
#include <sys/wait.h>

static void expect_rounded(int kind, int option, int64_t value, int64_t read_back) {
    jf_socket s = fresh(kind);
    if (s == 0) return;
    OK(jf_set(s, option, value));
    CHECK(get_option(s, option) == read_back);
    OK(jf_close(s));
}

static int64_t read_number(const char *path) {
    long long number = -1;
    FILE *file = fopen(path, "r");
    CHECK(file && fscanf(file, "%lld", &number) == 1);
    fclose(file);
    return number;
}

/* The rounding that the header documents. */
static void rounding(void) {
    for (int kind = TCP4; kind <= TCP6; kind++) {
        jf_socket s = fresh(kind);
        int64_t usual = get_option(s, JF_OPT_FIN_TIMEOUT), segment = get_option(s, JF_OPT_MAX_SEGMENT);
        expect_rounded(kind, JF_OPT_FIN_TIMEOUT, -1, -1);
        expect_rounded(kind, JF_OPT_FIN_TIMEOUT, 121, 120);
        expect_rounded(kind, JF_OPT_FIN_TIMEOUT, INT32_MAX, 120);
        expect_rounded(kind, JF_OPT_FIN_TIMEOUT, 0, usual);
        expect_rounded(kind, JF_OPT_DEFER_ACCEPT, 2, 3);
        expect_rounded(kind, JF_OPT_FAST_OPEN, INT32_MAX, read_number("/proc/sys/net/core/somaxconn"));
        expect_rounded(kind, JF_OPT_WINDOW_CLAMP, 0, 0);
        OK(jf_set(s, JF_OPT_WINDOW_CLAMP, 1));
        CHECK(get_option(s, JF_OPT_WINDOW_CLAMP) > 1);
        EXPECT(jf_set(s, JF_OPT_MAX_SEGMENT, 87), JF_E_INVALID);
        expect_rounded(kind, JF_OPT_MAX_SEGMENT, 0, segment);
        expect_rounded(kind, JF_OPT_TOS, 0xFF, 0xFC);
        OK(jf_close(s));
    }
    for (int kind = UDPLITE4; kind <= UDPLITE6; kind++)
        for (int option = JF_OPT_UDP_LITE_SEND_COVERAGE; option <= JF_OPT_UDP_LITE_RECV_COVERAGE; option++) {
            expect_rounded(kind, option, 0, 0);
            expect_rounded(kind, option, 1, 8);
            expect_rounded(kind, option, 7, 8);
        }
    jf_socket s = fresh(VSOCK);
    if (s == 0) return;
    OK(jf_set(s, JF_OPT_VSOCK_BUFFER_MAX, 50000));
    OK(jf_set(s, JF_OPT_VSOCK_BUFFER_MIN, 1000));
    OK(jf_set(s, JF_OPT_VSOCK_BUFFER_SIZE, INT64_MAX));
    CHECK(get_option(s, JF_OPT_VSOCK_BUFFER_SIZE) == 50000);
    OK(jf_set(s, JF_OPT_VSOCK_BUFFER_SIZE, 0));
    CHECK(get_option(s, JF_OPT_VSOCK_BUFFER_SIZE) == 1000);
    OK(jf_close(s));
}

static void no_such_interface(jf_socket s, int option) {
    int64_t before = get_option(s, option);
    EXPECT(jf_set(s, option, INT32_MAX), JF_E_NOT_FOUND);
    CHECK(get_option(s, option) == before);
}

/* The kernel returns only the interface's address on IPv4; the library remembers the index. */
static void group_interfaces(void) {
    const int lo = (int)if_nametoindex("lo");
    const int kinds[] = {UDP4, UDP6, RAW4, RAW6, UDPLITE4, UDPLITE6};
    CHECK(lo > 0);
    for (int i = 0; i < 6; i++) {
        jf_socket s = fresh(kinds[i]), twin;
        if (s == 0) continue;
        OK(jf_set(s, JF_OPT_MULTICAST_INTERFACE, lo));
        no_such_interface(s, JF_OPT_MULTICAST_INTERFACE);
        CHECK(get_option(s, JF_OPT_MULTICAST_INTERFACE) == lo);
        twin = OK(jf_dup(s));
        CHECK(get_option(twin, JF_OPT_MULTICAST_INTERFACE) == lo);
        OK(jf_set(s, JF_OPT_MULTICAST_INTERFACE, 0));
        CHECK(get_option(s, JF_OPT_MULTICAST_INTERFACE) == 0);
        OK(jf_set(s, JF_OPT_UNICAST_INTERFACE, lo));
        no_such_interface(s, JF_OPT_UNICAST_INTERFACE);
        OK(jf_close(twin));
        OK(jf_close(s));
    }
    const struct ip_mreqn by_index = {.imr_ifindex = lo};
    const struct in_addr by_address = {htonl(INADDR_LOOPBACK)}, no_address = {htonl(INADDR_ANY)};
    jf_socket s = fresh(UDP4);
    OK(jf_set_raw(s, SOL_IP, IP_MULTICAST_IF, &by_address, sizeof by_address));
    CHECK(get_option(s, JF_OPT_MULTICAST_INTERFACE) == lo);
    jf_socket other = OK(jf_from_fd((int)OK(jf_into_fd(s))));
    CHECK(get_option(other, JF_OPT_MULTICAST_INTERFACE) == lo);
    OK(jf_set_raw(other, SOL_IP, IP_MULTICAST_IF, &no_address, sizeof no_address));
    CHECK(get_option(other, JF_OPT_MULTICAST_INTERFACE) == 0);
    OK(jf_set_raw(other, SOL_IP, IP_MULTICAST_IF, &by_index, sizeof by_index));
    CHECK(get_option(other, JF_OPT_MULTICAST_INTERFACE) == lo);
        /* As documented in the header: the library cannot know the index that was set before the socket was adopted. */
    s = OK(jf_from_fd((int)OK(jf_into_fd(other))));
    CHECK(get_option(s, JF_OPT_MULTICAST_INTERFACE) == 0);
    OK(jf_close(s));
}

static void routes(enum kind kind) {
    jf_socket s[2];
    int64_t value = 77;
    s[0] = fresh(kind);
    EXPECT(jf_get(s[0], JF_OPT_PATH_MTU, &value), JF_E_NOT_CONNECTED);
    CHECK(value == 77);
    OK(jf_close(s[0]));
    connected(kind, s);
    const struct place mtu = kind_family(kind) == JF_INET ? (struct place)PLACE(0, SOL_IP, IP_MTU)
                                                          : (struct place)PLACE(0, SOL_IPV6, IPV6_MTU);
    CHECK(get_option(s[0], JF_OPT_PATH_MTU) == system_has(s[0], &mtu, INT));
    CHECK(get_option(s[0], JF_OPT_PATH_MTU) >= 1280);

    static const int64_t forbids[][2] = {{JF_PMTU_DONT, 0}, {JF_PMTU_WANT, 0}, {JF_PMTU_DO, 1}, {JF_PMTU_PROBE, 1},
                                         {JF_PMTU_INTERFACE, 0}, {JF_PMTU_OMIT, 0}};
    for (int i = 0; i < 6; i++) {
        CHECK(forbids[i][0] == i);
        OK(jf_set(s[0], JF_OPT_PATH_MTU_DISCOVERY, forbids[i][0]));
        CHECK(get_option(s[0], JF_OPT_DONT_FRAGMENT) == forbids[i][1]);
    }
    OK(jf_set(s[0], JF_OPT_DONT_FRAGMENT, 1));
    CHECK(get_option(s[0], JF_OPT_PATH_MTU_DISCOVERY) == JF_PMTU_DO);
    OK(jf_set(s[0], JF_OPT_DONT_FRAGMENT, 0));
    CHECK(get_option(s[0], JF_OPT_PATH_MTU_DISCOVERY) == JF_PMTU_DONT);
    close_both(s);
}

static void timestamps(void) {
    static const int64_t bits[][2] = {
        {JF_TS_TX_HARDWARE, 1},   {JF_TS_TX_SOFTWARE, 2}, {JF_TS_RX_HARDWARE, 4}, {JF_TS_RX_SOFTWARE, 8},
        {JF_TS_SOFTWARE, 16},     {JF_TS_RAW_HARDWARE, 64}, {JF_TS_OPT_ID, 128},  {JF_TS_TX_SCHED, 256},
        {JF_TS_TX_ACK, 512},      {JF_TS_OPT_CMSG, 1024}, {JF_TS_OPT_TSONLY, 2048}};
    jf_socket s = fresh(UDP4), tcp = fresh(TCP4);
    int64_t all = 0;
    for (int i = 0; i < 11; i++) {
        CHECK(bits[i][0] == bits[i][1]);
        OK(jf_set(s, JF_OPT_TIMESTAMPING, bits[i][0]));
        CHECK(get_option(s, JF_OPT_TIMESTAMPING) == bits[i][0]);
        all |= bits[i][0];
    }
    OK(jf_set(s, JF_OPT_TIMESTAMPING, all));
    EXPECT(jf_set(s, JF_OPT_TIMESTAMPING, 1 << 30), JF_E_INVALID);
    CHECK(get_option(s, JF_OPT_TIMESTAMPING) == all);
    EXPECT(jf_set(tcp, JF_OPT_TIMESTAMPING, JF_TS_OPT_ID), JF_E_INVALID);
    OK(jf_close(s));
    OK(jf_close(tcp));
}

static void values_from_the_system(void) {
    int64_t last = 0;
    for (int kind = 0; kind < SOCKETS; kind++) {
        jf_socket s = fresh(kind);
        if (s == 0) continue;
        int64_t cookie = get_option(s, JF_OPT_COOKIE);
        CHECK(cookie > 0 && cookie != last && get_option(s, JF_OPT_COOKIE) == cookie);
        last = cookie;
        CHECK(get_option(s, JF_OPT_SEND_LOW_WATER) == 1);
        CHECK(get_option(s, JF_OPT_INCOMING_NAPI_ID) == 0);
        CHECK(get_option(s, JF_OPT_FAMILY) == socket_family(kind));
        CHECK(get_option(s, JF_OPT_TYPE) == socket_type(kind));
        CHECK(get_option(s, JF_OPT_PROTOCOL) == (TCP & OF(kind)                      ? 6
                                                 : kind == UDP4 || kind == UDP6 ? 17
                                                                                : socket_protocol(kind)));
        OK(jf_close(s));
    }
        /* The FORCE options exceed the system-wide limit. */
    int64_t most = read_number("/proc/sys/net/core/rmem_max");
    jf_socket s = fresh(UDP4);
    OK(jf_set(s, JF_OPT_RECV_BUFFER, most + 4096));
    CHECK(get_option(s, JF_OPT_RECV_BUFFER) == most);
    OK(jf_set(s, JF_OPT_RECV_BUFFER_FORCE, most + 4096));
    CHECK(get_option(s, JF_OPT_RECV_BUFFER) == most + 4096);
    most = read_number("/proc/sys/net/core/wmem_max");
    OK(jf_set(s, JF_OPT_SEND_BUFFER, most + 4096));
    CHECK(get_option(s, JF_OPT_SEND_BUFFER) == most);
    OK(jf_set(s, JF_OPT_SEND_BUFFER_FORCE, most + 4096));
    CHECK(get_option(s, JF_OPT_SEND_BUFFER) == most + 4096);
    OK(jf_close(s));
        /* The checksum offset of ICMPv6 is fixed, and offsets must be even. */
    s = OK(jf_open(JF_INET6, JF_RAW, IPPROTO_ICMPV6));
    CHECK(get_option(s, JF_OPT_CHECKSUM_OFFSET) == 2);
    EXPECT(jf_set(s, JF_OPT_CHECKSUM_OFFSET, 4), JF_E_INVALID);
    OK(jf_close(s));
    s = fresh(RAW6);
    EXPECT(jf_set(s, JF_OPT_CHECKSUM_OFFSET, 3), JF_E_INVALID);
    OK(jf_close(s));
    s = OK(jf_open(JF_INET, JF_RAW, IPPROTO_RAW));
    CHECK(get_option(s, JF_OPT_HEADER_INCLUDED) == 1);
    OK(jf_close(s));
}

static void expect_peer(jf_socket s, int64_t pid, int64_t uid, int64_t gid) {
    CHECK(get_option(s, JF_OPT_PEER_PID) == pid);
    CHECK(get_option(s, JF_OPT_PEER_UID) == uid);
    CHECK(get_option(s, JF_OPT_PEER_GID) == gid);
}

static void expect_no_peer(jf_socket s) {
    int64_t value = 77;
    for (int option = JF_OPT_PEER_PID; option <= JF_OPT_PEER_GID; option++)
        EXPECT(jf_get(s, option, &value), JF_E_NOT_CONNECTED);
    CHECK(value == 77);
}

/* A process of another user and group connects to a listener. */
static void peers(void) {
    jf_addr a;
    jf_socket l = bound("unix:", JF_STREAM, &a), pair[2];
    const gid_t group = getegid();
    expect_no_peer(l);
    OK(jf_listen(l, 1));
    OK(jf_set(l, JF_OPT_RECV_TIMEOUT, 10000));
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        jf_socket c = OK(jf_open(JF_UNIX, JF_STREAM, 0));
        char end;
        expect_no_peer(c);
        CHECK(setresgid(4321, 4321, 4321) == 0 && setresuid(1234, 1234, 1234) == 0);
        OK(jf_connect(c, &a));
        expect_peer(c, getppid(), 0, group);
        OK(jf_recv(c, &end, 1, 0));
        _exit(0);
    }
    jf_socket s = OK(jf_accept(l, NULL));
    expect_peer(s, child, 1234, 4321);
    OK(jf_close(s));
    int status = -1;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    OK(jf_close(l));
    for (int kind = UNIX_STREAM; kind < KINDS; kind++) {
        connected((enum kind)kind, pair);
        for (int i = 0; i < 2; i++) expect_peer(pair[i], getpid(), geteuid(), getegid());
        close_both(pair);
    }
        /* A socket connected to a bound address has no peer credentials. */
    l = bound("unix:", JF_DGRAM, &a);
    s = fresh(UNIX_DGRAM);
    OK(jf_connect(s, &a));
    expect_no_peer(s);
    OK(jf_close(s));
    OK(jf_close(l));
}

int main(void) {
    need_root();
    rounding();
    group_interfaces();
    for (int kind = TCP4; kind <= UDP6; kind++) routes((enum kind)kind);
    timestamps();
    values_from_the_system();
    peers();
    return 0;
}
