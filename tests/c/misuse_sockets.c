/* Calls that the type or the state of a socket does not allow. */
#include "misuse.h"

static unsigned char buffer[256];

static jf_socket fresh(enum kind kind) {
    return OK(jf_open(kind_family(kind), kind_type(kind), 0));
}

static void expect_accept_refused(jf_socket s, int64_t code) {
    EXPECT(jf_accept(s, (jf_addr *)(void *)buffer), code);
    EXPECT(jf_accept(s, NULL), code);
    CHECK(untouched(buffer, sizeof buffer));
}

static void listening_and_accepting(enum kind kind) {
    jf_addr a;
    jf_socket s = fresh(kind), pair[2];
    int64_t no_connections = kind_type(kind) == JF_DGRAM ? JF_E_UNSUPPORTED : JF_E_INVALID;
    expect_accept_refused(s, no_connections);
    if (no_connections == JF_E_UNSUPPORTED || kind_family(kind) == JF_UNIX) EXPECT(jf_listen(s, 1), no_connections);
    OK(jf_close(s));

    s = bound(kind_anywhere(kind), kind_type(kind), &a);
    expect_accept_refused(s, no_connections);
    EXPECT(jf_listen(s, 1), no_connections == JF_E_UNSUPPORTED ? JF_E_UNSUPPORTED : 0);
    OK(jf_close(s));

    connected(kind, pair);
    expect_accept_refused(pair[0], no_connections);
    EXPECT(jf_listen(pair[0], 1), no_connections);
    close_both(pair);
}

static void bound_addresses(enum kind kind) {
    jf_addr a, again = parsed(kind_anywhere(kind));
    jf_socket s = bound(kind_anywhere(kind), kind_type(kind), &a), other = fresh(kind);
    EXPECT(jf_bind(other, &a), JF_E_ADDR_IN_USE);
    if (kind_family(kind) != JF_UNIX) EXPECT(jf_bind(s, &again), JF_E_INVALID);
    EXPECT(jf_bind(s, &a), JF_E_INVALID);
    EXPECT(jf_peer_addr(s, (jf_addr *)(void *)buffer), JF_E_NOT_CONNECTED);
    CHECK(untouched(buffer, sizeof buffer));
    OK(jf_close(other));
    OK(jf_close(s));
}

static void connecting(enum kind kind) {
    jf_addr a;
    jf_socket l = bound(kind_anywhere(kind), kind_type(kind), &a), s = fresh(kind);
    OK(jf_listen(l, 4));
    OK(jf_connect(s, &a));
    EXPECT(jf_connect(s, &a), JF_E_IS_CONNECTED);
    jf_socket peer = OK(jf_accept(l, NULL));
    EXPECT(jf_connect(peer, &a), JF_E_IS_CONNECTED);
    OK(jf_shutdown(s, JF_SHUT_WRITE));
    EXPECT(jf_send(s, "x", 1, 0), JF_E_PIPE);
    size_t sent = 77;
    if (kind_type(kind) == JF_STREAM) {
        EXPECT(jf_send_all(s, "x", 1, &sent), JF_E_PIPE);
        CHECK(sent == 0);
    }
    OK(jf_close(peer));
    OK(jf_close(s));
    OK(jf_close(l));
}

static void no_destination(enum kind kind) {
    jf_socket s = fresh(kind);
    int64_t code = kind == UNIX_DGRAM ? JF_E_NOT_CONNECTED : JF_E_DEST_REQUIRED;
    const jf_buf bufs[] = {{(void *)"x", 1}};
    EXPECT(jf_send(s, "x", 1, 0), code);
    EXPECT(jf_send_vec(s, bufs, 1, 0), code);
    EXPECT(jf_send(s, NULL, 0, 0), code);
    OK(jf_close(s));
}

int main(void) {
    fill(buffer, sizeof buffer);
    for (int kind = 0; kind < KINDS; kind++) {
        listening_and_accepting(kind);
        bound_addresses(kind);
        if (kind_type(kind) == JF_DGRAM)
            no_destination(kind);
        else
            connecting(kind);
    }
    /* Documentation addresses (RFC 5737, RFC 3849), which no host has. */
    jf_addr v4 = parsed("192.0.2.1:0"), v6 = parsed("[2001:db8::1]:0");
    jf_socket s4 = fresh(TCP4), s6 = fresh(TCP6);
    EXPECT(jf_bind(s4, &v4), JF_E_ADDR_NOT_AVAILABLE);
    EXPECT(jf_bind(s6, &v6), JF_E_ADDR_NOT_AVAILABLE);
    OK(jf_close(s4));
    OK(jf_close(s6));
    return 0;
}
