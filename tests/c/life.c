/* The lifetime of a socket, from opening to closing, for every address family. */
#include "check.h"

#include <unistd.h>

static void check_lifetime(const char *text) {
    jf_addr a, client_name, peer;
    jf_socket l = listening(text, &a);
    int64_t listens = 0;
    OK(jf_get(l, JF_OPT_LISTENING, &listens));
    CHECK(listens == 1);

    jf_socket c = OK(jf_open((int32_t)jf_addr_family(&a), JF_STREAM, 0));
    EXPECT(jf_peer_addr(c, &peer), JF_E_NOT_CONNECTED);
    OK(jf_connect(c, &a));
    jf_socket s = OK(jf_accept(l, &peer));
    OK(jf_local_addr(c, &client_name));
    EXPECT(jf_addr_equal(&peer, &client_name), 1);
    OK(jf_peer_addr(c, &peer));
    EXPECT(jf_addr_equal(&peer, &a), 1);

    char buffer[16] = {0};
    EXPECT(jf_send(c, "hello", 5, 0), 5);
    EXPECT(jf_recv(s, buffer, sizeof buffer, JF_PEEK), 5);
    EXPECT(jf_recv(s, buffer, sizeof buffer, 0), 5);
    CHECK(memcmp(buffer, "hello", 5) == 0);
    EXPECT(jf_recv(s, buffer, sizeof buffer, JF_DONT_WAIT), JF_E_WOULD_BLOCK);

    OK(jf_shutdown(c, JF_SHUT_WRITE));
    EXPECT(jf_recv(s, buffer, sizeof buffer, 0), 0);
    EXPECT(jf_send(c, "x", 1, 0), JF_E_PIPE);
    EXPECT(jf_send_all(s, "answer", 6, NULL), 0);
    size_t done = 0;
    EXPECT(jf_recv_exact(c, buffer, 6, &done), 0);
    CHECK(done == 6 && memcmp(buffer, "answer", 6) == 0);

    OK(jf_close(s));
    EXPECT(jf_recv_exact(c, buffer, 6, &done), JF_E_END_OF_STREAM);
    CHECK(done == 0);
    OK(jf_close(c));
    OK(jf_close(l));
    EXPECT(jf_close(l), JF_E_CLOSED);
    EXPECT(jf_recv(c, buffer, sizeof buffer, 0), JF_E_CLOSED);

    /* The address can be bound again at once. */
    if (jf_addr_family(&a) != JF_UNIX) {
        jf_socket again = OK(jf_open((int32_t)jf_addr_family(&a), JF_STREAM, 0));
        OK(jf_set(again, JF_OPT_REUSE_ADDR, 1));
        OK(jf_bind(again, &a));
        OK(jf_close(again));
    }
}

int main(void) {
    char name[64];
    check_lifetime("127.0.0.1:0");
    check_lifetime("[::1]:0");
    snprintf(name, sizeof name, "unix:@jackfield-life-%d", (int)getpid());
    check_lifetime(name);
    return 0;
}
