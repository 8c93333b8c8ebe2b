/* Batches of which a part is sent: the count and every result are right, what stands before and behind was sent, and the order
   is kept. */
#include "flight.h"
#include "many.h"
#include "own_net.h"
#include "refuse.h"

#include <netinet/ip.h>
#include <poll.h>
#include <sys/wait.h>

enum { COUNT = 100, LEN = 200, WAIT_MS = 50 };

static unsigned char bytes[COUNT][LEN];

/* A batch of one length, or of lengths that grow so that none goes with its neighbour. */
static jf_datagram *batch(const jf_addr *to, int alike) {
    static jf_datagram d[COUNT];
    for (uint32_t i = 0; i < COUNT; i++) {
        memcpy(bytes[i], &i, sizeof i);
        d[i] = datagram(bytes[i], alike ? LEN : LEN - COUNT + i, to);
    }
    return d;
}

/* Receives the datagrams of the batch that were sent, in their order, and nothing else. */
static void expect_sent(jf_socket s, const jf_datagram *d) {
    for (uint32_t at = 0; at < COUNT;) {
        uint32_t left = 0;
        for (uint32_t i = at; i < COUNT; i++) left += d[i].result >= 0;
        if (left == 0) break;
        jf_datagram *in = for_each(OWN_ROOMS, OWN_ROOM);
        int64_t count = OK(jf_recv_many(s, in, OWN_ROOMS, 0));
        for (int64_t i = 0; i < count; i++, at++) {
            while (at < COUNT && d[at].result < 0) at++;
            CHECK(at < COUNT);
            EXPECT(number_of(&in[i]), at);
            EXPECT((int64_t)in[i].len, d[at].result);
        }
    }
    EXPECT(jf_recv_many(s, for_each(1, OWN_ROOM), 1, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
}

/* The first so many were sent; the rest was not, for this reason. */
static void expect_first(const jf_datagram *d, int64_t sent, int64_t code) {
    for (int64_t i = 0; i < COUNT; i++) EXPECT(d[i].result, i < sent ? (int64_t)d[i].len : code);
}

/* A queue that is full, which the second call finds so. */
static void until_it_is_full(jf_socket s, jf_socket receiver, const jf_addr *to, int64_t timeout, int alike) {
    int64_t code = timeout > 0 ? JF_E_TIMED_OUT : JF_E_WOULD_BLOCK, sent;
    uint32_t flags = timeout < 0 ? JF_DONT_WAIT : 0;
    OK(jf_set(s, JF_OPT_SEND_TIMEOUT, timeout));
    jf_datagram *d = batch(to, alike);
    int64_t began = now_us();
    sent = OK(jf_send_many(s, d, COUNT, flags));
    CHECK(sent > 0 && sent < COUNT);
    CHECK(timeout < 0 || now_us() - began >= timeout * 1000);
    expect_first(d, sent, code);
    static jf_datagram more[COUNT];
    memcpy(more, d, sizeof more);
    began = now_us();
    EXPECT(jf_send_many(s, more, COUNT, flags), code);
    CHECK(timeout < 0 || now_us() - began >= timeout * 1000);
    expect_first(more, 0, code);
    EXPECT(jf_send_many(s, more, 1, flags), code);
    EXPECT(more[0].result, code);
    if (receiver) expect_sent(receiver, d);
}

static void full_queues(void) {
    static const int64_t TIMEOUTS[] = {-1, 0, WAIT_MS};
    for (int i = 0; i < 3; i++)
        for (int alike = 0; alike < 2; alike++) {
            jf_socket s[2];
            OK(jf_pair(JF_UNIX, JF_DGRAM, s));
            OK(jf_set(s[0], JF_OPT_SEND_BUFFER, 8192));
            until_it_is_full(s[0], s[1], NULL, TIMEOUTS[i], alike);
            until_it_is_full(s[0], s[1], NULL, TIMEOUTS[i], alike);
            OK(jf_close(s[0]));
            OK(jf_close(s[1]));
            /* And the queue of an address. */
            jf_addr to;
            s[1] = bound("unix:", JF_DGRAM, &to);
            s[0] = OK(jf_open(JF_UNIX, JF_DGRAM, 0));
            until_it_is_full(s[0], s[1], &to, TIMEOUTS[i], alike);
            OK(jf_close(s[0]));
            OK(jf_close(s[1]));
        }
}

static int64_t send_batch(void *given) {
    return jf_send_many(*(jf_socket *)given, batch(NULL, 0), COUNT, 0);
}

/* A device that is as good as stuck. */
static void a_slow_device(void) {
    static const int64_t TIMEOUTS[] = {-1, 0, WAIT_MS};
    in_net("ip link set lo up; ip link add name near type veth peer name far; ip link set far up;"
           "ip addr add 10.9.0.1/24 dev near; ip link set near up;"
           "ip neigh add 10.9.0.2 lladdr 02:00:00:00:00:02 dev near;"
           "tc qdisc add dev near root tbf rate 8bit burst 1600 limit 10mb");
    jf_addr to = parsed("10.9.0.2:9");
    for (int i = 0; i < 3; i++)
        for (int alike = 0; alike < 2; alike++) {
            jf_socket s = OK(jf_open(JF_INET, JF_DGRAM, 0));
            OK(jf_set(s, JF_OPT_SEND_BUFFER, 4608));
            until_it_is_full(s, 0, &to, TIMEOUTS[i], alike);
            OK(jf_close(s));
        }
    /* One that waits is woken by a close; and by a signal, when it asks for it. */
    handle_signals(0);
    for (int interrupted = 0; interrupted < 2; interrupted++)
        for (int timed = 0; timed < 2; timed++) {
            jf_socket s = OK(jf_open(JF_INET, JF_DGRAM, 0));
            flight f;
            OK(jf_set(s, JF_OPT_SEND_BUFFER, 4608));
            OK(jf_connect(s, &to));
            CHECK(jf_send_many(s, batch(NULL, 0), COUNT, JF_DONT_WAIT) > 0);
            OK(jf_set(s, JF_OPT_SEND_TIMEOUT, timed ? 60000 : -1));
            OK(jf_set(s, JF_OPT_INTERRUPTIBLE, interrupted));
            start(&f, "send_many", send_batch, &s, 0);
            await_sleep(&f);
            if (interrupted) CHECK(pthread_kill(f.thread, SIGUSR1) == 0);
            else OK(jf_close(s));
            EXPECT(finish(&f), interrupted ? JF_E_INTERRUPTED : JF_E_CLOSED);
            if (interrupted) OK(jf_close(s));
        }
}

/* What can't be sent, in the middle, at the start, at the end, and a run of it. */
static const int WRONG[] = {0, 1, 17, 40, 41, 42, 43, 66, 99};
enum { WRONG_COUNT = sizeof WRONG / sizeof *WRONG };

/* What is sent of that batch: all; and so few that they may be one message, which begin and end with a wrong one, with a good
   one, or with one of each. */
static const struct window { int from, to; } WINDOWS[] = {{0, COUNT}, {0, 41}, {2, 60}, {0, 60}, {2, 18}, {44, 66}};

static void some_are_wrong(jf_socket s, jf_socket receiver, const jf_addr *to, jf_datagram wrong, int64_t code) {
    wrong.result = -1; /* as have all that are not sent */
    for (size_t w = 0; w < sizeof WINDOWS / sizeof *WINDOWS; w++)
        for (int alike = 0; alike < 2; alike++) {
            int is_wrong[COUNT] = {0}, from = WINDOWS[w].from, end = WINDOWS[w].to, good = end - from;
            jf_datagram *d = batch(to, alike);
            for (int i = 0; i < COUNT; i++) d[i].result = -1;
            for (int i = 0; i < WRONG_COUNT; i++) {
                d[WRONG[i]] = wrong;
                is_wrong[WRONG[i]] = 1;
                good -= WRONG[i] >= from && WRONG[i] < end;
            }
            EXPECT(jf_send_many(s, d + from, (size_t)(end - from), 0), good);
            for (int i = from; i < end; i++) EXPECT(d[i].result, is_wrong[i] ? code : (int64_t)d[i].len);
            expect_sent(receiver, d);
        }
}

static void wrong_ones(const char *place, const char *other_family) {
    static char large[70000];
    jf_addr to, other = parsed(other_family), nobody = parsed(place);
    jf_socket receiver = bound(place, JF_DGRAM, &to);
    jf_socket s = OK(jf_open(to.family, JF_DGRAM, 0));
    for (int connected = 0; connected < 2; connected++) {
        const jf_addr *address = connected ? NULL : &to;
        if (connected) OK(jf_connect(s, &to));
        some_are_wrong(s, receiver, address, datagram(NULL, LEN, address), JF_E_INVALID);
        some_are_wrong(s, receiver, address, datagram(large, SIZE_MAX, address), JF_E_INVALID);
        some_are_wrong(s, receiver, address, datagram(large, sizeof large, address), JF_E_MESSAGE_SIZE);
        some_are_wrong(s, receiver, address, datagram(large, 65536, address), JF_E_MESSAGE_SIZE);
        some_are_wrong(s, receiver, address, datagram(bytes, LEN, &other), JF_E_FAMILY_UNSUPPORTED);
        /* Nobody has port 0. */
        some_are_wrong(s, receiver, address, datagram(bytes, LEN, &nobody), JF_E_INVALID);
        jf_datagram wrong = datagram(bytes, LEN, address);
        wrong.present |= 0x80000000;
        some_are_wrong(s, receiver, address, wrong, JF_E_INVALID);
        wrong.present = (wrong.present & JF_HAS_ADDR) | JF_HAS_TOS;
        wrong.tos = 256;
        some_are_wrong(s, receiver, address, wrong, JF_E_INVALID);
        /* An address that is not this machine's. */
        wrong.present = (wrong.present & JF_HAS_ADDR) | JF_HAS_PACKET_INFO;
        wrong.local = parsed(to.family == JF_INET ? "192.0.2.7:0" : "[2001:db8::7]:0");
        some_are_wrong(s, receiver, address, wrong, to.family == JF_INET ? JF_E_NETWORK_UNREACHABLE : JF_E_INVALID);
    }
    OK(jf_close(s));
    /* Without a peer it has to be said where to. */
    s = OK(jf_open(to.family, JF_DGRAM, 0));
    some_are_wrong(s, receiver, &to, datagram(bytes, LEN, NULL), JF_E_DEST_REQUIRED);
    OK(jf_close(s));
    OK(jf_close(receiver));
}

static void wrong_ones_of_unix(void) {
    jf_addr to, gone;
    static char large[300000];
    jf_socket receiver = bound("unix:", JF_DGRAM, &to), s = OK(jf_open(JF_UNIX, JF_DGRAM, 0));
    OK(jf_close(bound("unix:", JF_DGRAM, &gone)));
    OK(jf_set(receiver, JF_OPT_RECV_TIMEOUT, 10000));
    const struct {
        jf_datagram d;
        int64_t code;
    } cases[] = {{datagram(bytes, LEN, &gone), JF_E_CONN_REFUSED},
                 {datagram(NULL, LEN, &to), JF_E_INVALID},
                 {datagram(large, sizeof large, &to), JF_E_MESSAGE_SIZE},
                 {datagram(bytes, LEN, NULL), JF_E_NOT_CONNECTED}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        /* As many as such a queue holds. */
        jf_datagram d[9];
        for (uint32_t at = 0; at < 9; at++) {
            memcpy(bytes[at], &at, sizeof at);
            d[at] = at % 3 == 1 ? cases[i].d : datagram(bytes[at], 4, &to);
        }
        EXPECT(jf_send_many(s, d, 9, 0), 6);
        for (int at = 0; at < 9; at++) EXPECT(d[at].result, at % 3 == 1 ? cases[i].code : 4);
        jf_datagram *in = for_each(9, 8);
        EXPECT(jf_recv_many(receiver, in, 9, 0), 6);
        for (uint32_t at = 0; at < 6; at++) EXPECT(number_of(&in[at]), at / 2 * 3 + at % 2 * 2);
    }
    OK(jf_close(receiver));
    OK(jf_close(s));
}

/* Nobody listens: one call is told of what an earlier one sent, by one datagram, and sends the rest. */
static void refused_ones(const char *place) {
    jf_addr to, own;
    OK(jf_close(bound(place, JF_DGRAM, &to)));
    jf_socket s = bound(place, JF_DGRAM, &own);
    OK(jf_connect(s, &to));
    for (int round = 0; round < 3; round++) {
        int has_error = round > 0;
        jf_datagram *d = batch(NULL, 1);
        struct pollfd item = {.fd = (int)OK(jf_fd(s)), .events = 0, .revents = 0};
        CHECK(poll(&item, 1, has_error ? 10000 : 0) == has_error);
        EXPECT(jf_send_many(s, d, 10, 0), 10 - has_error);
        EXPECT(d[0].result, has_error ? JF_E_CONN_REFUSED : LEN);
        for (int i = 1; i < 10; i++) EXPECT(d[i].result, LEN);
    }
    OK(jf_close(s));
}

/* What is packed beside the data takes room in a packet of the largest size: options of IPv4, and the headers of IPv6, that are
   more than is left free for them. */
static void with_options(const char *place, int level, int option, size_t len) {
    enum { SEGMENTS = 64, SEGMENT = 1021, ROUNDS = 2 };
    static char room[SEGMENTS][SEGMENT];
    unsigned char options[256] = {0};
    jf_datagram d[SEGMENTS];
    jf_addr to;
    jf_socket receiver = bound(place, JF_DGRAM, &to), s = OK(jf_open(to.family, JF_DGRAM, 0));
    if (option == IPV6_DSTOPTS) {
        options[1] = (unsigned char)(len / 8 - 1);
        options[2] = 0x1e; /* one that whoever does not know it passes over */
        options[3] = (unsigned char)(len - 4);
    } else {
        memset(options, IPOPT_NOOP, len);
    }
    OK(jf_set_raw(s, level, option, options, len));
    for (uint32_t i = 0; i < SEGMENTS; i++) {
        memcpy(room[i], &i, sizeof i);
        d[i] = datagram(room[i], SEGMENT, &to);
    }
    for (int round = 0; round < ROUNDS; round++) {
        EXPECT(jf_send_many(s, d, SEGMENTS, 0), SEGMENTS);
        for (uint32_t at = 0; at < SEGMENTS;) {
            jf_datagram *in = for_runs(1);
            int64_t count = OK(jf_recv_many(receiver, in, RUN, 0));
            for (int64_t i = 0; i < count; i++, at++) {
                EXPECT(number_of(&in[i]), at);
                EXPECT(in[i].len, SEGMENT);
            }
        }
        EXPECT(jf_recv_many(receiver, for_runs(1), RUN, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
    }
    OK(jf_close(receiver));
    OK(jf_close(s));
}

static void options_of_ip(void) {
    static const size_t LENS[] = {8, 64, 96, 256};
    with_options("127.0.0.1:0", IPPROTO_IP, IP_OPTIONS, 40);
    for (size_t i = 0; i < sizeof LENS / sizeof *LENS; i++)
        with_options("[::1]:0", IPPROTO_IPV6, IPV6_DSTOPTS, LENS[i]);
}

static int64_t discovery(jf_socket s) {
    int64_t how;
    OK(jf_get(s, JF_OPT_PATH_MTU_DISCOVERY, &how));
    return how;
}

/* What the first batch sets it does not set again, neither after its user has set it nor by another handle; and nothing sent
   is no batch. */
static void fragments_are_set_once(const char *place) {
    jf_addr to;
    jf_socket receiver = bound(place, JF_DGRAM, &to), s = OK(jf_open(to.family, JF_DGRAM, 0));
    OK(jf_connect(s, &to));
    EXPECT(jf_send_many(s, NULL, 0, 0), 0);
    EXPECT(discovery(s), JF_PMTU_WANT);
    EXPECT(jf_send_many(s, batch(NULL, 1), 2, 0), 2);
    EXPECT(discovery(s), JF_PMTU_DO);
    OK(jf_set(s, JF_OPT_PATH_MTU_DISCOVERY, JF_PMTU_WANT));
    jf_socket other = OK(jf_dup(s));
    EXPECT(jf_send_many(other, batch(NULL, 1), 2, 0), 2);
    EXPECT(jf_send_many(s, batch(NULL, 1), 2, 0), 2);
    EXPECT(discovery(s), JF_PMTU_WANT);
    OK(jf_close(other));
    OK(jf_close(receiver));
    OK(jf_close(s));
}

static void wrong_ones_of_ip(void) {
    wrong_ones("127.0.0.1:0", "[::1]:9");
    wrong_ones("[::1]:0", "127.0.0.1:9");
    refused_ones("127.0.0.1:0");
    refused_ones("[::1]:0");
    fragments_are_set_once("127.0.0.1:0");
    fragments_are_set_once("[::1]:0");
}

/* The same in a process of its own, where nothing is taken apart. */
static void where_refused(int error) {
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        if (error == 0) refuse_options();
        else refuse_segments(error, 0);
        wrong_ones_of_ip();
        _exit(0);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
}

int main(int argc, char **argv) {
    int slow = is_slow(argc, argv);
    watchdog(slow ? 280 : 110);
    leave_net();
    a_slow_device();
    full_queues();
    wrong_ones_of_unix();
    wrong_ones_of_ip();
    options_of_ip();
    /* Valgrind knows no process that decides about another's calls. */
    static const int ERRORS[] = {EIO, EINVAL, ENOPROTOOPT, EOPNOTSUPP, 0};
    for (size_t i = 0; i < sizeof ERRORS / sizeof *ERRORS && !slow; i++) where_refused(ERRORS[i]);
    return 0;
}
