/* The effects of options: who can bind where, which address families a socket handles, and connection errors. */
#include "clock.h"
#include "pairs.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

static int64_t get(jf_socket s, int option) {
    int64_t value = 77;
    OK(jf_get(s, option, &value));
    return value;
}

/* The same port on 127.0.0.1. */
static jf_addr v4_of(const jf_addr *a) {
    jf_addr v4 = parsed("127.0.0.1:0");
    OK(jf_addr_set_port(&v4, (int32_t)jf_addr_port(a)));
    return v4;
}

/* The library turns IPV6_V6ONLY off for its own sockets, whatever the system's default is. */
static void default_of_only_v6(void) {
    int value = -1;
    socklen_t len = sizeof value;
    static const int types[] = {JF_STREAM, JF_DGRAM};
    for (int i = 0; i < 2; i++) {
        jf_socket s = OK(jf_open(JF_INET6, types[i], 0));
        CHECK(get(s, JF_OPT_ONLY_V6) == 0);
        CHECK(getsockopt((int)OK(jf_fd(s)), IPPROTO_IPV6, IPV6_V6ONLY, &value, &len) == 0 && value == 0);
        OK(jf_close(s));
    }
        /* An adopted descriptor keeps its setting. */
    int fd = socket(AF_INET6, SOCK_STREAM, 0);
    value = 1;
    CHECK(fd >= 0 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &value, sizeof value) == 0);
    jf_socket s = OK(jf_from_fd(fd));
    CHECK(get(s, JF_OPT_ONLY_V6) == 1);
    OK(jf_close(s));
}

/* IPv4 clients of a listener on [::]. */
static void both_families(int only_v6) {
    jf_addr any = parsed("[::]:0"), a, peer;
    jf_socket l = OK(jf_open(JF_INET6, JF_STREAM, 0)), v4 = OK(jf_open(JF_INET, JF_STREAM, 0));
    OK(jf_set(l, JF_OPT_ONLY_V6, only_v6));
    OK(jf_bind(l, &any));
    EXPECT(jf_set(l, JF_OPT_ONLY_V6, !only_v6), JF_E_INVALID);
    CHECK(get(l, JF_OPT_ONLY_V6) == only_v6);
    OK(jf_listen(l, 4));
    OK(jf_set(l, JF_OPT_RECV_TIMEOUT, 10000));
    OK(jf_local_addr(l, &a));
    jf_addr to = v4_of(&a);
    jf_socket holder = 0;
    if (only_v6) {
                /* Holds the IPv4 port, so that no other process listens on it. */
        holder = OK(jf_open(JF_INET, JF_STREAM, 0));
        int64_t taken = jf_bind(holder, &to);
        CHECK(taken == 0 || taken == JF_E_ADDR_IN_USE);
        if (taken == 0) EXPECT(jf_connect(v4, &to), JF_E_CONN_REFUSED);
    } else {
        OK(jf_connect(v4, &to));
        jf_socket s = OK(jf_accept(l, &peer));
        CHECK(peer.family == JF_INET6 && peer.data[10] == 0xFF && peer.data[11] == 0xFF && peer.data[12] == 127);
        OK(jf_close(s));
    }
    jf_addr six = parsed("[::1]:0");
    OK(jf_addr_set_port(&six, (int32_t)jf_addr_port(&a)));
    jf_socket v6 = OK(jf_open(JF_INET6, JF_STREAM, 0));
    OK(jf_connect(v6, &six));
    OK(jf_close(OK(jf_accept(l, NULL))));
    if (holder) OK(jf_close(holder));
    OK(jf_close(v6));
    OK(jf_close(v4));
    OK(jf_close(l));
}

static void shared_port(enum kind kind) {
    jf_addr a;
    jf_socket s[3];
    for (int i = 0; i < 3; i++) s[i] = OK(jf_open(kind_family(kind), kind_type(kind), 0));
    OK(jf_set(s[0], JF_OPT_REUSE_PORT, 1));
    OK(jf_set(s[1], JF_OPT_REUSE_PORT, 1));
    a = parsed(kind_anywhere(kind));
    OK(jf_bind(s[0], &a));
    OK(jf_local_addr(s[0], &a));
    OK(jf_bind(s[1], &a));
    EXPECT(jf_bind(s[2], &a), JF_E_ADDR_IN_USE);
    if (kind_type(kind) == JF_STREAM) {
        OK(jf_listen(s[0], 4));
        OK(jf_listen(s[1], 4));
                /* Either of the two gets the connection. */
        jf_socket c = OK(jf_open(kind_family(kind), JF_STREAM, 0));
        OK(jf_connect(c, &a));
        struct pollfd both[] = {{(int)OK(jf_fd(s[0])), POLLIN, 0}, {(int)OK(jf_fd(s[1])), POLLIN, 0}};
        CHECK(poll(both, 2, 10000) == 1);
        OK(jf_close(OK(jf_accept(both[0].revents ? s[0] : s[1], NULL))));
        OK(jf_close(c));
    }
    for (int i = 0; i < 3; i++) OK(jf_close(s[i]));
}

/* An address with connections in TIME_WAIT. The kernel allows a second bind only if both sockets set SO_REUSEADDR. */
static void bind_during_time_wait(int reuse) {
    jf_addr a = parsed("127.0.0.1:0");
    jf_socket l = OK(jf_open(JF_INET, JF_STREAM, 0)), c = OK(jf_open(JF_INET, JF_STREAM, 0));
    OK(jf_set(l, JF_OPT_REUSE_ADDR, reuse));
    OK(jf_bind(l, &a));
    OK(jf_listen(l, 1));
    OK(jf_local_addr(l, &a));
    OK(jf_connect(c, &a));
    jf_socket s = OK(jf_accept(l, NULL));
    char byte;
        /* The side that closes first enters TIME_WAIT, after the other has closed too. */
    OK(jf_close(s));
    EXPECT(jf_recv(c, &byte, 1, 0), 0);
    OK(jf_close(c));
    OK(jf_close(l));
    jf_socket again = OK(jf_open(JF_INET, JF_STREAM, 0));
    OK(jf_set(again, JF_OPT_REUSE_ADDR, reuse));
    EXPECT(jf_bind(again, &a), reuse ? 0 : JF_E_ADDR_IN_USE);
    OK(jf_close(again));
}

static void connect_error(enum kind kind) {
    jf_addr unused_addr;
    jf_socket holder = bound(kind_anywhere(kind), JF_STREAM, &unused_addr);
    jf_socket c = OK(jf_open(kind_family(kind), JF_STREAM, 0));
    CHECK(get(c, JF_OPT_ERROR) == 0);
    OK(jf_set(c, JF_OPT_SEND_TIMEOUT, 0));
    EXPECT(jf_connect(c, &unused_addr), JF_E_IN_PROGRESS);
    struct pollfd over = {.fd = (int)OK(jf_fd(c)), .events = POLLOUT};
    CHECK(poll(&over, 1, 10000) == 1);
    CHECK(get(c, JF_OPT_ERROR) == JF_E_CONN_REFUSED);
    CHECK(get(c, JF_OPT_ERROR) == 0);
    OK(jf_close(c));
    OK(jf_close(holder));
}

/* With a linger time of 0, close discards unsent data and resets the connection. */
static void reset_on_close(void) {
    jf_socket s[2];
    char byte;
    tcp_pair(s);
    OK(jf_set(s[0], JF_OPT_LINGER, 0));
    OK(jf_close(s[0]));
    EXPECT(jf_recv(s[1], &byte, 1, 0), JF_E_CONN_RESET);
    OK(jf_close(s[1]));
}

static void broadcast(void) {
    jf_addr a = parsed("127.255.255.255:9");
    jf_socket s = OK(jf_open(JF_INET, JF_DGRAM, 0));
    EXPECT(jf_send_to(s, "x", 1, 0, &a), JF_E_ACCESS);
    OK(jf_set(s, JF_OPT_BROADCAST, 1));
    EXPECT(jf_send_to(s, "x", 1, 0, &a), 1);
    OK(jf_close(s));
}

/* An IPv6 socket applies the TTL to IPv4 packets as well. */
static void ttl_of_both_families(void) {
    jf_socket s = OK(jf_open(JF_INET6, JF_STREAM, 0));
    int value = 0;
    socklen_t len = sizeof value;
    OK(jf_set(s, JF_OPT_TTL, 42));
    CHECK(getsockopt((int)OK(jf_fd(s)), IPPROTO_IPV6, IPV6_UNICAST_HOPS, &value, &len) == 0 && value == 42);
    CHECK(getsockopt((int)OK(jf_fd(s)), IPPROTO_IP, IP_TTL, &value, &len) == 0 && value == 42);
    OK(jf_close(s));
}

int main(void) {
    default_of_only_v6();
    both_families(0);
    both_families(1);
    shared_port(TCP4);
    shared_port(TCP6);
    shared_port(UDP4);
    shared_port(UDP6);
    bind_during_time_wait(0);
    bind_during_time_wait(1);
    connect_error(TCP4);
    connect_error(TCP6);
    reset_on_close();
    ttl_of_both_families();
    broadcast();
    return 0;
}
