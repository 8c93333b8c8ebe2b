/* Writing to a closed peer returns an error and raises no SIGPIPE, and the library changes no signal's disposition. */
#include "stuck.h"


enum { SIGNALS = 64 };
static struct sigaction before[SIGNALS + 1];

/* Reads the disposition of a signal; returns 0 for a signal that the C library reserves. */
static int disposition(int signal, struct sigaction *out) {
    memset(out, 0, sizeof *out);
    return sigaction(signal, NULL, out) == 0;
}

static void save_dispositions(void) {
    for (int i = 1; i <= SIGNALS; i++) {
        disposition(i, &before[i]);
    }
}

static void expect_same_dispositions(void) {
    for (int i = 1; i <= SIGNALS; i++) {
        struct sigaction now;
        if (disposition(i, &now)) {
            CHECK(now.sa_handler == before[i].sa_handler && now.sa_flags == before[i].sa_flags);
        }
    }
    sigset_t blocked;
    CHECK(pthread_sigmask(SIG_BLOCK, NULL, &blocked) == 0);
    CHECK(sigisemptyset(&blocked));
}

enum { FUNCTION_COUNT = 5 };

/* Sends with one of the five functions. */
static int64_t send_by(int function, jf_socket s, const char *data, size_t len, const jf_addr *to) {
    jf_buf bufs[2] = {{(void *)data, 1}, {(void *)(data + 1), len - 1}};
    size_t done;
    switch (function) {
    case 0:
        return jf_send(s, data, len, 0);
    case 1:
        return jf_send(s, data, len, JF_DONT_WAIT | JF_MORE);
    case 2:
        return jf_send_vec(s, bufs, 2, 0);
    case 3:
        return jf_send_to(s, data, len, 0, to);
    default:
        return jf_send_all(s, data, len, &done);
    }
}

static void expect_closed_error(const char *what, int function, int64_t result) {
    if (result != JF_E_PIPE && result != JF_E_CONN_RESET) {
        fprintf(stderr, "%s, function %d: %" PRId64 " (%s)\n", what, function, result, jf_error_name(result));
        exit(1);
    }
}

/* The peer has closed. With `unread` it leaves data unread, which resets a TCP connection. */
static void to_a_closed_peer(int family, int type, int function, int unread) {
    jf_socket both[2];
    jf_addr to;
    if (family == JF_UNIX) {
        OK(jf_pair(family, type, both));
    } else {
        tcp_pair(both);
    }
    if (jf_peer_addr(both[0], &to) < 0 || (function == 3 && family == JF_UNIX)) {
        /* An unnamed peer has no address, so any other is used; the call must fail. */
        to = parsed("unix:@jackfield-unused");
    }
    if (unread) {
        EXPECT(jf_send(both[0], "unread", 6, 0), 6);
        CHECK(is_ready(both[1], POLLIN, 10000));
    }
    OK(jf_close(both[1]));
    int64_t result = 0;
    /* TCP learns of the close from the reply to sent data: the first sends succeed. */
    for (int64_t end = now_us() + 10000000; result >= 0 && now_us() < end;) {
        result = send_by(function, both[0], "payload", 7, &to);
    }
    if (function == 3 || (function == 4 && type == JF_SEQPACKET)) {
        CHECK(result == JF_E_TYPE_UNSUPPORTED);
    } else {
        expect_closed_error(family == JF_UNIX ? "UNIX" : "TCP", function, result);
        expect_closed_error("second send", function, send_by(function, both[0], "payload", 7, &to));
        expect_closed_error("third send", function, send_by(function, both[0], "payload", 7, &to));
    }
    OK(jf_close(both[0]));
}

/* The socket itself is shut down for sending. */
static void to_a_shut_socket(int family, int type, int function) {
    jf_socket both[2];
    jf_addr to = parsed(family == JF_UNIX ? "unix:@jackfield-unused" : "127.0.0.1:9");
    if (family == JF_UNIX) {
        OK(jf_pair(family, type, both));
    } else {
        tcp_pair(both);
    }
    OK(jf_shutdown(both[0], JF_SHUT_WRITE));
    int64_t result = send_by(function, both[0], "payload", 7, &to);
    if (function == 4 && type != JF_STREAM) {
        CHECK(result == JF_E_TYPE_UNSUPPORTED);
    } else if (function == 3) {
        CHECK(result < 0);
    } else {
        EXPECT(result, JF_E_PIPE);
    }
    OK(jf_close(both[0]));
    OK(jf_close(both[1]));
}

/* Sockets that never had a peer. TCP raises SIGPIPE for them too. */
static void to_no_peer(int family, int type, int function) {
    jf_addr to = parsed(family == JF_UNIX ? "unix:@jackfield-unused" : "127.0.0.1:9");
    jf_socket s = OK(jf_open(family, type, 0));
    CHECK(send_by(function, s, "payload", 7, &to) < 0);
    OK(jf_close(s));
}

/* The peer closes while the call waits for queue space. */
static void close_during_send(void) {
    for (int i = 0; i < KIND_COUNT; i++) {
        const kind *k = &KINDS[i];
        if (!sends(k) || (k->type == JF_DGRAM)) {
            continue;
        }
        stuck st;
        flight f;
        make_stuck(&st, k);
        start(&f, k->name, call_stuck, &st, 0);
        await_sleep(&f);
        OK(jf_close(st.peer));
        expect_closed_error(k->name, 0, finish(&f));
        expect_closed_error(k->name, 0, call_stuck(&st));
        end_stuck(&st);
    }
}

int main(int argc, char **argv) {
    int slow = is_slow(argc, argv);
    watchdog(slow ? 280 : 110);
    save_dispositions();
    /* With the signal ignored, this test would show nothing. */
    CHECK(before[SIGPIPE].sa_handler == SIG_DFL);
    static const int STREAMS[][2] = {{JF_INET, JF_STREAM}, {JF_UNIX, JF_STREAM}, {JF_UNIX, JF_SEQPACKET},
                                     {JF_UNIX, JF_DGRAM}};
    for (int function = 0; function < FUNCTION_COUNT; function++) {
        for (int i = 0; i < 4; i++) {
            int family = STREAMS[i][0], type = STREAMS[i][1];
            if (type != JF_DGRAM) {
                to_a_closed_peer(family, type, function, 0);
                to_a_closed_peer(family, type, function, 1);
            }
            to_a_shut_socket(family, type, function);
            if (function != 3 || type != JF_DGRAM) {
                to_no_peer(family, type, function);
            }
        }
        to_no_peer(JF_INET6, JF_STREAM, function);
    }
    close_during_send();
    expect_same_dispositions();
    CHECK(before[SIGPIPE].sa_handler == SIG_DFL);
    return 0;
}
