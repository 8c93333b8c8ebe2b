/* Features that do not apply to a kind of stream are refused, not ignored. */
#include "pairs.h"

static char buffer[16];

/* A socket without an error queue must not return data instead. */
static void error_queue(enum kind kind) {
    jf_socket s[2];
    connected(kind, s);
    EXPECT(jf_send(s[0], "kept", 4, 0), 4);
    int64_t result = jf_recv(s[1], buffer, 8, JF_ERROR_QUEUE);
    if (result >= 0) fprintf(stderr, "%s: JF_ERROR_QUEUE returned data\n", kind_names[kind]);
    CHECK(result == JF_E_WOULD_BLOCK || result == JF_E_UNSUPPORTED);
    EXPECT(jf_recv(s[1], buffer, 8, 0), 4);
    close_both(s);
}

/* A stream can only send to its peer, so passing an address is an error. */
static void send_to_address(enum kind kind) {
    jf_addr a;
    jf_socket s[2], other = bound(kind_anywhere(kind), kind_type(kind), &a);
    connected(kind, s);
    int64_t result = jf_send_to(s[0], "x", 1, 0, &a);
    if (result >= 0) fprintf(stderr, "%s: sent to the peer instead\n", kind_names[kind]);
    CHECK(result == JF_E_TYPE_UNSUPPORTED);
    close_both(s);
    jf_socket fresh = OK(jf_open(kind_family(kind), kind_type(kind), 0));
    result = jf_send_to(fresh, "x", 1, 0, &a);
    if (result != JF_E_TYPE_UNSUPPORTED)
        fprintf(stderr, "%s, not connected: %s\n", kind_names[kind], jf_error_name(result));
    CHECK(result == JF_E_TYPE_UNSUPPORTED);
    OK(jf_close(fresh));
    OK(jf_close(other));
}

/* A socket that never had a peer reports that, or the Linux-specific error that the header documents. */
static void never_connected(enum kind kind) {
    jf_addr a;
    jf_socket s = OK(jf_open(kind_family(kind), kind_type(kind), 0));
    EXPECT(jf_peer_addr(s, &a), JF_E_NOT_CONNECTED);
    int tcp = kind_family(kind) != JF_UNIX;
    EXPECT(jf_recv(s, buffer, 8, JF_DONT_WAIT), kind == UNIX_STREAM ? JF_E_INVALID : JF_E_NOT_CONNECTED);
    EXPECT(jf_send(s, "x", 1, 0), tcp ? JF_E_PIPE : JF_E_NOT_CONNECTED);
    EXPECT(jf_shutdown(s, JF_SHUT_BOTH), tcp ? JF_E_NOT_CONNECTED : 0);
    OK(jf_close(s));
}

int main(void) {
    static const enum kind kinds[] = {TCP4, TCP6, UNIX_STREAM, UNIX_SEQPACKET};

    for (int i = 0; i < 4; i++) {
        error_queue(kinds[i]);
        send_to_address(kinds[i]);
        never_connected(kinds[i]);
    }
    return 0;
}
