/* Destinations and sources of datagrams, unreachable destinations, and the longest datagrams. */
#include "folder.h"
#include "pairs.h"

static char buffer[70000];

/* Binds a port that rejects datagrams: its socket is connected to another, closed port. */
static jf_socket bind_unreachable(enum kind kind, jf_addr *out) {
    jf_addr other;
    jf_socket s = bound(kind_anywhere(kind), JF_DGRAM, out), o = bound(kind_anywhere(kind), JF_DGRAM, &other);
    OK(jf_connect(s, &other));
    OK(jf_close(o));
    return s;
}

static void check_refused(enum kind kind) {
    jf_addr unreachable, a;
    jf_socket holder = bind_unreachable(kind, &unreachable), s = bound(kind_anywhere(kind), JF_DGRAM, &a);
    OK(jf_connect(s, &unreachable));
    OK(jf_set(s, JF_OPT_RECV_TIMEOUT, 10000));
    EXPECT(jf_send(s, "x", 1, 0), 1);
    EXPECT(jf_recv(s, buffer, 1, 0), JF_E_CONN_REFUSED);
    EXPECT(jf_recv(s, buffer, 1, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
    /* The next call of any kind reports the error, once. On loopback, the ICMP error arrives before the send
     * returns. */
    EXPECT(jf_send(s, "x", 1, 0), 1);
    EXPECT(jf_send(s, "x", 1, 0), JF_E_CONN_REFUSED);
    EXPECT(jf_send(s, "x", 1, 0), 1);
    int64_t error = 0;
    OK(jf_get(s, JF_OPT_ERROR, &error));
    CHECK(error == JF_E_CONN_REFUSED);
    OK(jf_get(s, JF_OPT_ERROR, &error));
    CHECK(error == 0);
    OK(jf_close(s));
    OK(jf_close(holder));
}

static void check_connect_and_disconnect(enum kind kind) {
    jf_addr name[3], from;
    jf_socket s[3];
    for (int i = 0; i < 3; i++) {
        s[i] = bound(kind_anywhere(kind), JF_DGRAM, &name[i]);
        OK(jf_set(s[i], JF_OPT_RECV_TIMEOUT, 10000));
    }
    OK(jf_connect(s[0], &name[1]));
    OK(jf_peer_addr(s[0], &from));
    EXPECT(jf_addr_equal(&from, &name[1]), 1);
    EXPECT(jf_send(s[0], "1", 1, 0), 1);
    EXPECT(jf_recv(s[1], buffer, 8, 0), 1);
    /* A datagram to another address leaves the peer unchanged. */
    EXPECT(jf_send_to(s[0], "2", 1, 0, &name[2]), 1);
    EXPECT(jf_recv_from(s[2], buffer, 8, 0, &from), 1);
    EXPECT(jf_addr_equal(&from, &name[0]), 1);
    EXPECT(jf_recv(s[1], buffer, 8, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
    /* A second connect replaces the peer. */
    OK(jf_connect(s[0], &name[2]));
    EXPECT(jf_send(s[0], "3", 1, 0), 1);
    EXPECT(jf_recv(s[2], buffer, 8, 0), 1);

    jf_addr none;
    memset(&none, 0, sizeof none);
    OK(jf_connect(s[0], &none));
    EXPECT(jf_peer_addr(s[0], &from), JF_E_NOT_CONNECTED);
    EXPECT(jf_send(s[0], "4", 1, 0), kind == UNIX_DGRAM ? JF_E_NOT_CONNECTED : JF_E_DEST_REQUIRED);
    /* Any address can reach the socket again. The datagram reveals the port, which the system may have changed. */
    EXPECT(jf_send_to(s[0], "4", 1, 0, &name[2]), 1);
    EXPECT(jf_recv_from(s[2], buffer, 8, 0, &from), 1);
    EXPECT(jf_send_to(s[1], "5", 1, 0, &from), 1);
    EXPECT(jf_recv_from(s[0], buffer, 8, 0, &from), 1);
    EXPECT(jf_addr_equal(&from, &name[1]), 1);
    OK(jf_connect(s[0], &none));
    for (int i = 0; i < 3; i++) OK(jf_close(s[i]));
}

static void check_families(void) {
    jf_addr v4 = parsed("127.0.0.1:9"), v6 = parsed("[::1]:9"), path = parsed("unix:/x"), none;
    jf_addr addrs[] = {v4, v6, path};
    memset(&none, 0, sizeof none);
    for (int kind = UDP4; kind < KINDS; kind++) {
        if (kind_type(kind) != JF_DGRAM) continue;
        jf_socket s = OK(jf_open(kind_family(kind), JF_DGRAM, 0));
        for (int i = 0; i < 3; i++) {
            if (addrs[i].family == kind_family(kind)) continue;
            EXPECT(jf_send_to(s, "x", 1, 0, &addrs[i]), JF_E_FAMILY_UNSUPPORTED);
            EXPECT(jf_connect(s, &addrs[i]), JF_E_FAMILY_UNSUPPORTED);
        }
        EXPECT(jf_send_to(s, "x", 1, 0, &none), JF_E_FAMILY_UNSUPPORTED);
        OK(jf_close(s));
    }
}

static void check_sizes(enum kind kind) {
    jf_socket s[2];
    connected(kind, s);
    OK(jf_set(s[1], JF_OPT_RECV_TIMEOUT, 10000));
    int64_t longest = kind == UDP4 ? 65507 : kind == UDP6 ? 65527 : 0;
    if (longest) {
        memset(buffer, 'x', sizeof buffer);
        EXPECT(jf_send(s[0], buffer, (size_t)longest, 0), longest);
        memset(buffer, 0, sizeof buffer);
        EXPECT(jf_recv(s[1], buffer, sizeof buffer, 0), longest);
        CHECK(buffer[0] == 'x' && buffer[longest - 1] == 'x' && buffer[longest] == 0);
    } else {
        OK(jf_set(s[0], JF_OPT_SEND_BUFFER, 8192));
        longest = 32768;
    }
    jf_buf halves[] = {{buffer, (size_t)longest}, {buffer, 1}};
    EXPECT(jf_send(s[0], buffer, (size_t)longest + 1, 0), JF_E_MESSAGE_SIZE);
    EXPECT(jf_send_vec(s[0], halves, 2, 0), JF_E_MESSAGE_SIZE);
    EXPECT(jf_recv(s[1], buffer, sizeof buffer, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
    close_both(s);
}

/* With JF_MORE, UDP makes one datagram of several sends. */
static void check_more(enum kind kind) {
    jf_socket s[2];
    connected(kind, s);
    EXPECT(jf_send(s[0], "ab", 2, JF_MORE), 2);
    EXPECT(jf_recv(s[1], buffer, 8, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
    EXPECT(jf_send(s[0], "cd", 2, JF_MORE | JF_CONFIRM), 2);
    EXPECT(jf_send(s[0], "e", 1, 0), 1);
    EXPECT(jf_recv(s[1], buffer, 8, 0), 5);
    CHECK(memcmp(buffer, "abcde", 5) == 0);
    close_both(s);
}

static void check_unbound_sender(void) {
    jf_addr to, from, local;
    jf_socket s = OK(jf_open(JF_UNIX, JF_DGRAM, 0)), r = bound("unix:", JF_DGRAM, &to);
    for (size_t len = 0; len < 2; len++) {
        memset(&from, 0xA5, sizeof from);
        EXPECT(jf_send_to(s, "x", 1, 0, &to), 1);
        EXPECT(jf_recv_from(r, buffer, len, 0, &from), len ? 1 : JF_E_TRUNCATED);
        CHECK(from.family == JF_UNIX && from.len == 0);
    }
    OK(jf_local_addr(s, &local));
    CHECK(local.family == JF_UNIX && local.len == 0);
    EXPECT(jf_addr_equal(&local, &from), 1);
    OK(jf_close(s));
    OK(jf_close(r));

    static const int types[] = {JF_DGRAM, JF_SEQPACKET};
    for (int i = 0; i < 2; i++) {
        jf_socket pair[2];
        OK(jf_pair(JF_UNIX, types[i], pair));
        memset(&from, 0xA5, sizeof from);
        EXPECT(jf_send(pair[0], "x", 1, 0), 1);
        EXPECT(jf_recv_from(pair[1], buffer, 1, 0, &from), 1);
        CHECK(from.family == JF_UNIX && from.len == 0);
        OK(jf_peer_addr(pair[0], &from));
        CHECK(from.family == JF_UNIX && from.len == 0);
        close_both(pair);
    }
}

static void check_paths(void) {
    jf_addr missing = folder_path(), gone = folder_path();
    jf_socket s = OK(jf_open(JF_UNIX, JF_DGRAM, 0)), r = OK(jf_open(JF_UNIX, JF_DGRAM, 0));
    EXPECT(jf_send_to(s, "x", 1, 0, &missing), JF_E_NOT_FOUND);
    EXPECT(jf_connect(s, &missing), JF_E_NOT_FOUND);
    OK(jf_bind(r, &gone));
    EXPECT(jf_bind(r, &missing), JF_E_INVALID);
    EXPECT(jf_bind(s, &gone), JF_E_ADDR_IN_USE);
    OK(jf_close(r));
    EXPECT(jf_send_to(s, "x", 1, 0, &gone), JF_E_CONN_REFUSED);
    EXPECT(jf_connect(s, &gone), JF_E_CONN_REFUSED);
    jf_addr no_folder = parsed("unix:/no-such-folder/socket");
    EXPECT(jf_bind(s, &no_folder), JF_E_NOT_FOUND);
    OK(jf_close(s));
}

/* A datagram socket has no out-of-band byte, and its error queue is separate from its data. Such a receive must not
 * take a message. */
static void check_special_receives(enum kind kind) {
    jf_socket s[2];
    connected(kind, s);
    EXPECT(jf_send(s[0], "x", 1, JF_OUT_OF_BAND), JF_E_UNSUPPORTED);
    EXPECT(jf_send(s[0], "kept", 4, 0), 4);
    int64_t result = jf_recv(s[1], buffer, 8, JF_ERROR_QUEUE);
    if (result >= 0) fprintf(stderr, "%s: JF_ERROR_QUEUE received data\n", kind_names[kind]);
    CHECK(result == JF_E_WOULD_BLOCK || result == JF_E_UNSUPPORTED);
    result = jf_recv(s[1], buffer, 8, JF_OUT_OF_BAND);
    if (result >= 0) fprintf(stderr, "%s: JF_OUT_OF_BAND received data\n", kind_names[kind]);
    CHECK(result == JF_E_INVALID || result == JF_E_UNSUPPORTED);
    EXPECT(jf_recv(s[1], buffer, 8, 0), 4);
    close_both(s);
}

int main(void) {
    folder_make();
    check_refused(UDP4);
    check_refused(UDP6);
    check_connect_and_disconnect(UDP4);
    check_connect_and_disconnect(UDP6);
    check_connect_and_disconnect(UNIX_DGRAM);
    check_families();
    check_sizes(UDP4);
    check_sizes(UDP6);
    check_sizes(UNIX_DGRAM);
    check_sizes(UNIX_SEQPACKET);
    check_more(UDP4);
    check_more(UDP6);
    check_unbound_sender();
    check_paths();
    for (int kind = UDP4; kind < KINDS; kind++)
        if (kind != UNIX_STREAM) check_special_receives(kind);
    return 0;
}
