/* Whom datagrams go to and come from, what happens when there is nobody, and how long they can be. */
#include "folder.h"
#include "pairs.h"

static char room[70000];

/* A port at which a datagram finds nobody: whoever has it takes messages from another port only. */
static jf_socket deaf(enum kind kind, jf_addr *out) {
    jf_addr other;
    jf_socket s = bound(kind_anywhere(kind), JF_DGRAM, out), o = bound(kind_anywhere(kind), JF_DGRAM, &other);
    OK(jf_connect(s, &other));
    OK(jf_close(o));
    return s;
}

static void refused(enum kind kind) {
    jf_addr nobody, a;
    jf_socket holder = deaf(kind, &nobody), s = bound(kind_anywhere(kind), JF_DGRAM, &a);
    OK(jf_connect(s, &nobody));
    OK(jf_set(s, JF_OPT_RECV_TIMEOUT, 10000));
    EXPECT(jf_send(s, "x", 1, 0), 1);
    EXPECT(jf_recv(s, room, 1, 0), JF_E_CONN_REFUSED);
    EXPECT(jf_recv(s, room, 1, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
    /* Whichever call is next hears of it, once; the answer is there as soon as the send is done, on loopback. */
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

static void connected_and_not(enum kind kind) {
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
    EXPECT(jf_recv(s[1], room, 8, 0), 1);
    /* To another than the peer, and then the peer is still the peer. */
    EXPECT(jf_send_to(s[0], "2", 1, 0, &name[2]), 1);
    EXPECT(jf_recv_from(s[2], room, 8, 0, &from), 1);
    EXPECT(jf_addr_equal(&from, &name[0]), 1);
    EXPECT(jf_recv(s[1], room, 8, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
    /* Another peer takes the first one's place. */
    OK(jf_connect(s[0], &name[2]));
    EXPECT(jf_send(s[0], "3", 1, 0), 1);
    EXPECT(jf_recv(s[2], room, 8, 0), 1);

    jf_addr none;
    memset(&none, 0, sizeof none);
    OK(jf_connect(s[0], &none));
    EXPECT(jf_peer_addr(s[0], &from), JF_E_NOT_CONNECTED);
    EXPECT(jf_send(s[0], "4", 1, 0), kind == UNIX_DGRAM ? JF_E_NOT_CONNECTED : JF_E_DEST_REQUIRED);
    /* Everyone can reach it again; where, it has to say, as the system may have given it another port. */
    EXPECT(jf_send_to(s[0], "4", 1, 0, &name[2]), 1);
    EXPECT(jf_recv_from(s[2], room, 8, 0, &from), 1);
    EXPECT(jf_send_to(s[1], "5", 1, 0, &from), 1);
    EXPECT(jf_recv_from(s[0], room, 8, 0, &from), 1);
    EXPECT(jf_addr_equal(&from, &name[1]), 1);
    OK(jf_connect(s[0], &none));
    for (int i = 0; i < 3; i++) OK(jf_close(s[i]));
}

static void families(void) {
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

static void sizes(enum kind kind) {
    jf_socket s[2];
    connected(kind, s);
    OK(jf_set(s[1], JF_OPT_RECV_TIMEOUT, 10000));
    int64_t longest = kind == UDP4 ? 65507 : kind == UDP6 ? 65527 : 0;
    if (longest) {
        memset(room, 'x', sizeof room);
        EXPECT(jf_send(s[0], room, (size_t)longest, 0), longest);
        memset(room, 0, sizeof room);
        EXPECT(jf_recv(s[1], room, sizeof room, 0), longest);
        CHECK(room[0] == 'x' && room[longest - 1] == 'x' && room[longest] == 0);
    } else {
        OK(jf_set(s[0], JF_OPT_SEND_BUFFER, 8192));
        longest = 32768;
    }
    jf_buf halves[] = {{room, (size_t)longest}, {room, 1}};
    EXPECT(jf_send(s[0], room, (size_t)longest + 1, 0), JF_E_MESSAGE_SIZE);
    EXPECT(jf_send_vec(s[0], halves, 2, 0), JF_E_MESSAGE_SIZE);
    EXPECT(jf_recv(s[1], room, sizeof room, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
    close_both(s);
}

/* More to follow: UDP makes one datagram of the pieces. */
static void pieces(enum kind kind) {
    jf_socket s[2];
    connected(kind, s);
    EXPECT(jf_send(s[0], "ab", 2, JF_MORE), 2);
    EXPECT(jf_recv(s[1], room, 8, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
    EXPECT(jf_send(s[0], "cd", 2, JF_MORE | JF_CONFIRM), 2);
    EXPECT(jf_send(s[0], "e", 1, 0), 1);
    EXPECT(jf_recv(s[1], room, 8, 0), 5);
    CHECK(memcmp(room, "abcde", 5) == 0);
    close_both(s);
}

static void without_a_name(void) {
    jf_addr to, from, local;
    jf_socket s = OK(jf_open(JF_UNIX, JF_DGRAM, 0)), r = bound("unix:", JF_DGRAM, &to);
    for (size_t len = 0; len < 2; len++) {
        memset(&from, 0xA5, sizeof from);
        EXPECT(jf_send_to(s, "x", 1, 0, &to), 1);
        EXPECT(jf_recv_from(r, room, len, 0, &from), len ? 1 : JF_E_TRUNCATED);
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
        EXPECT(jf_recv_from(pair[1], room, 1, 0, &from), 1);
        CHECK(from.family == JF_UNIX && from.len == 0);
        OK(jf_peer_addr(pair[0], &from));
        CHECK(from.family == JF_UNIX && from.len == 0);
        close_both(pair);
    }
}

static void paths(void) {
    jf_addr nobody = folder_path(), gone = folder_path();
    jf_socket s = OK(jf_open(JF_UNIX, JF_DGRAM, 0)), r = OK(jf_open(JF_UNIX, JF_DGRAM, 0));
    EXPECT(jf_send_to(s, "x", 1, 0, &nobody), JF_E_NOT_FOUND);
    EXPECT(jf_connect(s, &nobody), JF_E_NOT_FOUND);
    OK(jf_bind(r, &gone));
    EXPECT(jf_bind(r, &nobody), JF_E_INVALID);
    EXPECT(jf_bind(s, &gone), JF_E_ADDR_IN_USE);
    OK(jf_close(r));
    EXPECT(jf_send_to(s, "x", 1, 0, &gone), JF_E_CONN_REFUSED);
    EXPECT(jf_connect(s, &gone), JF_E_CONN_REFUSED);
    jf_addr no_folder = parsed("unix:/no-such-folder/socket");
    EXPECT(jf_bind(s, &no_folder), JF_E_NOT_FOUND);
    OK(jf_close(s));
}

/* A datagram socket has no urgent byte, and its errors are not its data: such a receive must not take a message. */
static void special_receives(enum kind kind) {
    jf_socket s[2];
    connected(kind, s);
    EXPECT(jf_send(s[0], "x", 1, JF_OUT_OF_BAND), JF_E_UNSUPPORTED);
    EXPECT(jf_send(s[0], "kept", 4, 0), 4);
    int64_t result = jf_recv(s[1], room, 8, JF_ERROR_QUEUE);
    if (result >= 0) fprintf(stderr, "%s: JF_ERROR_QUEUE took data\n", kind_names[kind]);
    CHECK(result == JF_E_WOULD_BLOCK || result == JF_E_UNSUPPORTED);
    result = jf_recv(s[1], room, 8, JF_OUT_OF_BAND);
    if (result >= 0) fprintf(stderr, "%s: JF_OUT_OF_BAND took data\n", kind_names[kind]);
    CHECK(result == JF_E_INVALID || result == JF_E_UNSUPPORTED);
    EXPECT(jf_recv(s[1], room, 8, 0), 4);
    close_both(s);
}

int main(void) {
    folder_make();
    refused(UDP4);
    refused(UDP6);
    connected_and_not(UDP4);
    connected_and_not(UDP6);
    connected_and_not(UNIX_DGRAM);
    families();
    sizes(UDP4);
    sizes(UDP6);
    sizes(UNIX_DGRAM);
    sizes(UNIX_SEQPACKET);
    pieces(UDP4);
    pieces(UDP6);
    without_a_name();
    paths();
    for (int kind = UDP4; kind < KINDS; kind++)
        if (kind != UNIX_STREAM) special_receives(kind);
    return 0;
}
