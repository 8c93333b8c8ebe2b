/* Writing to a closed peer is an error code and never SIGPIPE, and no signal's disposition is the library's to change. */
#include "stuck.h"


enum { SIGNALS = 64 };
static struct sigaction before[SIGNALS + 1];

/* What happens at a signal; 0 if the C library keeps this signal for itself. */
static int disposition(int signal, struct sigaction *out) {
    memset(out, 0, sizeof *out);
    return sigaction(signal, NULL, out) == 0;
}

static void note_dispositions(void) {
    for (int i = 1; i <= SIGNALS; i++) {
        disposition(i, &before[i]);
    }
}

static void dispositions_are_as_before(void) {
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

enum { SENDS = 5 };

/* One of the ways to send. */
static int64_t send_by(int way, jf_socket s, const char *data, size_t len, const jf_addr *to) {
    jf_buf bufs[2] = {{(void *)data, 1}, {(void *)(data + 1), len - 1}};
    size_t done;
    switch (way) {
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

static void is_refused(const char *what, int way, int64_t result) {
    if (result != JF_E_PIPE && result != JF_E_CONN_RESET) {
        fprintf(stderr, "%s, way %d: %" PRId64 " (%s)\n", what, way, result, jf_error_name(result));
        exit(1);
    }
}

/* The peer has closed; unread is whether it left data unread, which resets a TCP connection. */
static void to_a_closed_peer(int family, int type, int way, int unread) {
    jf_socket both[2];
    jf_addr to;
    if (family == JF_UNIX) {
        OK(jf_pair(family, type, both));
    } else {
        tcp_pair(both);
    }
    if (jf_peer_addr(both[0], &to) < 0 || (way == 3 && family == JF_UNIX)) {
        /* An unnamed peer has no address to send to. That a connected socket does not want one is the answer too. */
        to = parsed("unix:@jackfield-nobody");
    }
    if (unread) {
        EXPECT(jf_send(both[0], "unread", 6, 0), 6);
        CHECK(is_ready(both[1], POLLIN, 10000));
    }
    OK(jf_close(both[1]));
    int64_t result = 0;
    /* TCP learns of it by the answer to what it sends: some go out before. */
    for (int64_t end = now_us() + 10000000; result >= 0 && now_us() < end;) {
        result = send_by(way, both[0], "payload", 7, &to);
    }
    if (way == 3 || (way == 4 && type == JF_SEQPACKET)) {
        CHECK(result == JF_E_TYPE_UNSUPPORTED);
    } else {
        is_refused(family == JF_UNIX ? "UNIX" : "TCP", way, result);
        is_refused("again", way, send_by(way, both[0], "payload", 7, &to));
        is_refused("and again", way, send_by(way, both[0], "payload", 7, &to));
    }
    OK(jf_close(both[0]));
}

/* The socket is shut down for sending at its own end. */
static void to_a_shut_socket(int family, int type, int way) {
    jf_socket both[2];
    jf_addr to = parsed(family == JF_UNIX ? "unix:@jackfield-nobody" : "127.0.0.1:9");
    if (family == JF_UNIX) {
        OK(jf_pair(family, type, both));
    } else {
        tcp_pair(both);
    }
    OK(jf_shutdown(both[0], JF_SHUT_WRITE));
    int64_t result = send_by(way, both[0], "payload", 7, &to);
    if (way == 4 && type != JF_STREAM) {
        CHECK(result == JF_E_TYPE_UNSUPPORTED);
    } else if (way == 3) {
        CHECK(result < 0);
    } else {
        EXPECT(result, JF_E_PIPE);
    }
    OK(jf_close(both[0]));
    OK(jf_close(both[1]));
}

/* Sockets that never had a peer. A stream of the internet families answers so with a signal, too. */
static void to_nobody(int family, int type, int way) {
    jf_addr to = parsed(family == JF_UNIX ? "unix:@jackfield-nobody" : "127.0.0.1:9");
    jf_socket s = OK(jf_open(family, type, 0));
    CHECK(send_by(way, s, "payload", 7, &to) < 0);
    OK(jf_close(s));
}

/* The peer goes while the call waits for room. */
static void while_it_waits(void) {
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
        is_refused(k->name, 0, finish(&f));
        is_refused(k->name, 0, call_stuck(&st));
        end_stuck(&st);
    }
}

int main(int argc, char **argv) {
    int slow = is_slow(argc, argv);
    watchdog(slow ? 280 : 110);
    note_dispositions();
    /* A test of an ignored signal would show nothing. */
    CHECK(before[SIGPIPE].sa_handler == SIG_DFL);
    static const int STREAMS[][2] = {{JF_INET, JF_STREAM}, {JF_UNIX, JF_STREAM}, {JF_UNIX, JF_SEQPACKET}, {JF_UNIX, JF_DGRAM}};
    for (int way = 0; way < SENDS; way++) {
        for (int i = 0; i < 4; i++) {
            int family = STREAMS[i][0], type = STREAMS[i][1];
            if (type != JF_DGRAM) {
                to_a_closed_peer(family, type, way, 0);
                to_a_closed_peer(family, type, way, 1);
            }
            to_a_shut_socket(family, type, way);
            if (way != 3 || type != JF_DGRAM) {
                to_nobody(family, type, way);
            }
        }
        to_nobody(JF_INET6, JF_STREAM, way);
    }
    while_it_waits();
    dispositions_are_as_before();
    CHECK(before[SIGPIPE].sa_handler == SIG_DFL);
    return 0;
}
