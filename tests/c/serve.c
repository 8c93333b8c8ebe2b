/* jf_serve with hosts and ports, in a network namespace where every port is free. */
#include "own_net.h"
#include "serving.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

static int64_t get(jf_socket s, int option) {
    int64_t value = 77;
    OK(jf_get(s, option, &value));
    return value;
}

/* The local address as text; with port 0 if `picked` is set, for a port chosen by the system. */
static const char *address_text(jf_socket s, int picked) {
    static char text[400];
    jf_addr a;
    OK(jf_local_addr(s, &a));
    CHECK(OK(jf_addr_port(&a)) != 0);
    if (picked) OK(jf_addr_set_port(&a, 0));
    CHECK(OK(jf_addr_format(&a, text, sizeof text)) < (int64_t)sizeof text);
    return text;
}

/* A socket that is made without the library; -1 if the address is in use. */
static int bind_foreign_socket(int family, int type, int option, const char *ip, int port) {
    int fd = socket(family, type | SOCK_CLOEXEC, 0), on = 1;
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    CHECK(fd >= 0 && inet_pton(family, ip, family == AF_INET ? (void *)&v4.sin_addr : (void *)&v6.sin6_addr) == 1);
    if (option == IPV6_V6ONLY) CHECK(setsockopt(fd, IPPROTO_IPV6, option, &on, sizeof on) == 0);
    if (option == SO_REUSEADDR) CHECK(setsockopt(fd, SOL_SOCKET, option, &on, sizeof on) == 0);
    int failed = family == AF_INET ? bind(fd, (struct sockaddr *)&v4, sizeof v4)
                                   : bind(fd, (struct sockaddr *)&v6, sizeof v6);
    if (!failed && type == SOCK_STREAM) CHECK(listen(fd, 4) == 0);
    if (!failed) return fd;
    CHECK(errno == EADDRINUSE && close(fd) == 0);
    return -1;
}

static void bound_addresses(void) {
    static const char *const rows[][2] = {
        {"tcp://127.0.0.1:0", "127.0.0.1:0"},
        {"tcp://127.5.6.7:0", "127.5.6.7:0"},
        {"tcp://[::1]:0", "[::1]:0"},
        {"tcp://[::1%lo]:0", "[::1]:0"},
        {"tcp://0.0.0.0:0", "0.0.0.0:0"},
        {"tcp://[::]:0", "[::]:0"},
        {"tcp://:0", "[::]:0"},
        {"tcp://[::ffff:127.0.0.1]:0", "[::ffff:127.0.0.1]:0"},
        {"tcp://[fe80::77%lo]:0", "[fe80::77%1]:0"},
        {"tcp://[fe80::77%1]:0", "[fe80::77%1]:0"},
        {"tcp://localhost:0", "127.0.0.1:0"},
        {"udp://127.0.0.1:0", "127.0.0.1:0"},
        {"udp://[::1]:0", "[::1]:0"},
        {"udp://:0", "[::]:0"},
        {"udp://localhost:0", "127.0.0.1:0"},
        {"udp://255.255.255.255:0", "255.255.255.255:0"},
        {"udp://239.7.7.7:0", "239.7.7.7:0"},
        {"udp://[ff15::7]:0", "[ff15::7]:0"},
        {"udp://[ff02::7%lo]:0", "[ff02::7%1]:0"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        jf_socket s = SERVED(rows[i][0]);
        if (strcmp(address_text(s, 1), rows[i][1]) != 0) {
            fprintf(stderr, "%s is bound to %s\n", rows[i][0], address_text(s, 1));
            exit(1);
        }
        int is_tcp = rows[i][0][0] == 't', is_group = strstr(rows[i][0], "//239") || strstr(rows[i][0], "[ff");
        CHECK(get(s, JF_OPT_TYPE) == (is_tcp ? JF_STREAM : JF_DGRAM));
        CHECK(get(s, JF_OPT_LISTENING) == is_tcp);
        CHECK(get(s, JF_OPT_REUSE_ADDR) == (is_tcp || is_group) && get(s, JF_OPT_REUSE_PORT) == 0);
        CHECK(get(s, JF_OPT_RECV_TIMEOUT) == -1 && get(s, JF_OPT_SEND_TIMEOUT) == -1);
        if (strcmp(rows[i][1], "[::]:0") == 0) CHECK(get(s, JF_OPT_ONLY_V6) == 0);
        OK(jf_close(s));
    }
    jf_socket s = SERVED("tcp://127.0.0.1:7000");
    CHECK(strcmp(address_text(s, 0), "127.0.0.1:7000") == 0);
    OK(jf_close(s));
}

static void invalid_endpoints(void) {
    static const struct {
        const char *endpoint;
        int64_t code;
    } rows[] = {
        {"tcp://192.0.2.1:0", JF_E_ADDR_NOT_AVAILABLE},     {"udp://192.0.2.1:0", JF_E_ADDR_NOT_AVAILABLE},
        {"tcp://[2001:db8::1]:0", JF_E_ADDR_NOT_AVAILABLE}, {"udp://[fe80::78%lo]:0", JF_E_ADDR_NOT_AVAILABLE},
        {"tcp://[fe80::77]:0", JF_E_ADDR_INVALID},          {"udp://[fe80::77]:0", JF_E_ADDR_INVALID},
        {"udp://[ff02::7]:0", JF_E_ADDR_INVALID},           {"tcp://[fe80::77%none]:0", JF_E_NOT_FOUND},
        {"tcp://239.7.7.7:0", JF_E_ADDR_INVALID},           {"tcp://[ff15::7]:0", JF_E_ADDR_INVALID},
        {"tcp://[::ffff:239.7.7.7]:0", JF_E_ADDR_INVALID},  {"tcp://:no-such-service", JF_E_NOT_FOUND},
        {"tcp://no-such-name.invalid.:0", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int before = open_descriptor_count();
        int64_t got = jf_serve(rows[i].endpoint, -1);
        /* The error of a failed lookup depends on the machine's resolver. */
        if (rows[i].code == 0 ? got >= 0 : got != rows[i].code || open_descriptor_count() != before) {
            fprintf(stderr, "%s: %s\n", rows[i].endpoint, jf_error_name(got));
            exit(1);
        }
    }
}

/* Only one server can use a port. */
static void ports_in_use(void) {
    static const char *const tcp[] = {"tcp://127.0.0.1:7000", "tcp://[::ffff:127.0.0.1]:7000", "tcp://0.0.0.0:7000",
                                      "tcp://:7000", "tcp://localhost:7000"},
                      *const udp[] = {"udp://127.0.0.1:7000", "udp://0.0.0.0:7000", "udp://:7000",
                                      "udp://localhost:7000"};
    for (size_t i = 0; i < sizeof tcp / sizeof *tcp; i++) {
        jf_socket s = SERVED(tcp[i]);
        for (size_t j = 0; j < sizeof tcp / sizeof *tcp; j++) REFUSED(tcp[j], JF_E_ADDR_IN_USE);
        OK(jf_close(SERVED("udp://:7000")));
        OK(jf_close(s));
    }
    for (size_t i = 0; i < sizeof udp / sizeof *udp; i++) {
        jf_socket s = SERVED(udp[i]);
        for (size_t j = 0; j < sizeof udp / sizeof *udp; j++) REFUSED(udp[j], JF_E_ADDR_IN_USE);
        /* SO_REUSEADDR of a foreign socket does not let it share the port. */
        CHECK(bind_foreign_socket(AF_INET, SOCK_DGRAM, SO_REUSEADDR, "127.0.0.1", 7000) == -1);
        OK(jf_close(SERVED("tcp://:7000")));
        OK(jf_close(s));
    }
    /* A server on all addresses needs the port in both families. */
    for (int type = SOCK_STREAM; type <= SOCK_DGRAM; type++) {
        for (int half = 0; half < 2; half++) {
            int fd = half ? bind_foreign_socket(AF_INET6, type, IPV6_V6ONLY, "::", 7000)
                          : bind_foreign_socket(AF_INET, type, 0, "0.0.0.0", 7000);
            CHECK(fd >= 0);
            REFUSED(type == SOCK_STREAM ? "tcp://:7000" : "udp://:7000", JF_E_ADDR_IN_USE);
            CHECK(close(fd) == 0);
        }
    }
}

/* A connection to port 7000: returns the server's end. */
static jf_socket connection(jf_socket server, jf_socket *client) {
    jf_addr to = parsed("127.0.0.1:7000");
    *client = OK(jf_open(JF_INET, JF_STREAM, 0));
    OK(jf_connect(*client, &to));
    return OK(jf_accept(server, NULL));
}

/* The port is still used by a connection, so binding it needs SO_REUSEADDR. */
static void expect_port_in_use(void) {
    jf_addr a = parsed("127.0.0.1:7000");
    jf_socket s = OK(jf_open(JF_INET, JF_STREAM, 0));
    EXPECT(jf_bind(s, &a), JF_E_ADDR_IN_USE);
    OK(jf_close(s));
}

static void restart(const char *endpoint) {
    jf_socket client, other, server = SERVED(endpoint), a = connection(server, &client), b = connection(server, &other);
    char none;
    /* The server has closed one connection; the other is still open. */
    OK(jf_close(a));
    EXPECT(jf_recv(client, &none, 1, 0), 0);
    OK(jf_close(client));
    OK(jf_close(server));
    expect_port_in_use();
    server = SERVED(endpoint);
    OK(jf_close(server));
    OK(jf_close(other));
    OK(jf_close(b));
    expect_port_in_use();
    for (int i = 0; i < 3; i++) {
        server = SERVED(endpoint);
        a = connection(server, &client);
        OK(jf_close(a));
        OK(jf_close(client));
        OK(jf_close(server));
    }
}

static void privileged_ports(void) {
    REFUSED("tcp://127.0.0.1:80", JF_E_ACCESS);
    REFUSED("tcp://:http", JF_E_ACCESS);
    REFUSED("udp://[::1]:1023", JF_E_ACCESS);
    REFUSED("udp://localhost:53", JF_E_ACCESS);
    OK(jf_close(SERVED("tcp://:1024")));
}

/* The backlog, as the kernel reports it for a listener in tcpi_sacked. */
static void backlogs(void) {
    static const int32_t rows[] = {0, 1, 77, 4095, -1, INT32_MAX};
    struct tcp_info info;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        jf_socket s = OK(jf_serve("tcp://:0", rows[i]));
        socklen_t len = sizeof info;
        memset(&info, 0, sizeof info);
        CHECK(getsockopt((int)OK(jf_fd(s)), IPPROTO_TCP, TCP_INFO, &info, &len) == 0);
        EXPECT(info.tcpi_sacked, rows[i] < 0 || rows[i] > 4095 ? 4096 : rows[i]);
        OK(jf_close(s));
        OK(jf_close(OK(jf_serve("udp://:0", rows[i]))));
    }
}

/* Two receivers of one multicast group. */
static void group_receivers(const char *endpoint, const char *group) {
    char got[8];
    jf_addr of = parsed(group), to = of;
    jf_socket receivers[2], sender = OK(jf_open(of.family, JF_DGRAM, 0));
    OK(jf_addr_set_port(&to, 7000));
    OK(jf_set(sender, JF_OPT_MULTICAST_INTERFACE, index_of("near")));
    for (int i = 0; i < 2; i++) {
        receivers[i] = SERVED(endpoint);
        OK(jf_join(receivers[i], &of, NULL, index_of("near")));
        OK(jf_set(receivers[i], JF_OPT_RECV_TIMEOUT, 60000));
    }
    EXPECT(jf_send_to(sender, "hello", 5, 0, &to), 5);
    for (int i = 0; i < 2; i++) {
        EXPECT(jf_recv(receivers[i], got, sizeof got, 0), 5);
        OK(jf_close(receivers[i]));
    }
    OK(jf_close(sender));
}

int main(void) {
    CHECK(geteuid() == 0 && "must run as root to create a network and to change the user");
    alarm(280);
    leave_net();
    in_net("ip link set lo up\n"
           "ip addr add fe80::77/64 dev lo nodad\n"
           "ip link add name near type veth peer name end\n"
           "for name in near end; do ip link set $name addrgenmode none up; done\n"
           "ip addr add 10.77.1.1/24 dev near && ip addr add fd77:1::1/64 dev near nodad\n"
           "until ip link show near | grep -q \"state UP\"; do :; done\n"
           "echo 4096 >/proc/sys/net/core/somaxconn\n");
    bound_addresses();
    invalid_endpoints();
    ports_in_use();
    restart("tcp://127.0.0.1:7000");
    restart("tcp://:7000");
    run_as_user_nobody(privileged_ports);
    backlogs();
    group_receivers("udp://239.7.7.7:7000", "239.7.7.7:0");
    group_receivers("udp://[ff15::7]:7000", "[ff15::7]:0");
    return 0;
}
