/* TCP can connect a socket to itself if the port has no listener and the kernel picks it as the local port. A dial
 * must not return such a connection. */
#include "own_net.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

enum { PORT = 40000, TRIES = 2000 };

/* Whether connect(2) connects to itself here. Otherwise the test would prove nothing. */
static int connects_to_itself(void) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (int i = 0; i < TRIES; i++) {
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        CHECK(fd >= 0);
        /* A reset leaves no TIME_WAIT state that would block the next attempt. */
        struct linger reset = {1, 0};
        CHECK(setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset) == 0);
        int connected = connect(fd, (struct sockaddr *)&to, sizeof to) == 0;
        CHECK(close(fd) == 0);
        if (connected) return 1;
    }
    return 0;
}

int main(int argc, char **argv) {
    leave_net();
    in_net("ip link set lo up; echo 40000 40001 >/proc/sys/net/ipv4/ip_local_port_range");
    CHECK(connects_to_itself());
    jf_dialer d = OK(jf_dialer_open());
    OK(jf_dialer_set(d, JF_OPT_LINGER, 0));
    int tries = is_slow(argc, argv) ? 100 : TRIES;
    for (int i = 0; i < tries; i++) EXPECT(jf_dialer_dial(d, "tcp://127.0.0.1:40000", 5000), JF_E_CONN_REFUSED);

    /* With an explicitly bound local port, a self-connection is allowed. */
    jf_addr local = parsed("127.0.0.1:40001"), peer;
    OK(jf_dialer_bind(d, &local));
    jf_socket s = OK(jf_dialer_dial(d, "tcp://127.0.0.1:40001", 5000));
    OK(jf_peer_addr(s, &peer));
    CHECK(jf_addr_equal(&peer, &local) == 1);
    OK(jf_close(s));
    OK(jf_dialer_close(d));
    return 0;
}
