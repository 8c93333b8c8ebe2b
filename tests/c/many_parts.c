/* Batches that are sent in part: the count and every result are correct, the other datagrams are sent, and the order
 * is kept. */
#include "flight.h"
#include "many.h"
#include "own_net.h"
#include "refuse.h"

#include <netinet/ip.h>
#include <poll.h>
#include <sys/wait.h>

enum { COUNT = 100, LEN = 200, WAIT_MS = 50 };

static unsigned char bytes[COUNT][LEN];

/* Returns a batch of datagrams of one length, or of growing lengths so that no two can be segments of one message. */
static jf_datagram *make_batch(const jf_addr *to, int has_one_length) {
    static jf_datagram d[COUNT];
    for (uint32_t i = 0; i < COUNT; i++) {
        memcpy(bytes[i], &i, sizeof i);
        d[i] = datagram(bytes[i], has_one_length ? LEN : LEN - COUNT + i, to);
    }
    return d;
}

/* Receives exactly the datagrams of the batch that were sent, in order. */
static void expect_sent(jf_socket s, const jf_datagram *d) {
    for (uint32_t next = 0; next < COUNT;) {
        uint32_t missing = 0;
        for (uint32_t i = next; i < COUNT; i++) missing += d[i].result >= 0;
        if (missing == 0) break;
        jf_datagram *received = plain_batch(BUFFERS, BUFFER_LEN);
        int64_t count = OK(jf_recv_many(s, received, BUFFERS, 0));
        for (int64_t i = 0; i < count; i++, next++) {
            while (next < COUNT && d[next].result < 0) next++;
            CHECK(next < COUNT);
            EXPECT(number_of(&received[i]), next);
            EXPECT((int64_t)received[i].len, d[next].result);
        }
    }
    EXPECT(jf_recv_many(s, plain_batch(1, BUFFER_LEN), 1, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
}

/* Checks that the first `sent` datagrams were sent, and that the others failed with `code`. */
static void expect_first_sent(const jf_datagram *d, int64_t sent, int64_t code) {
    for (int64_t i = 0; i < COUNT; i++) EXPECT(d[i].result, i < sent ? (int64_t)d[i].len : code);
}

/* Fills the queue. A second call fails for the first datagram. */
static void fill_queue(jf_socket s, jf_socket receiver, const jf_addr *to, int64_t timeout, int has_one_length) {
    int64_t code = timeout > 0 ? JF_E_TIMED_OUT : JF_E_WOULD_BLOCK, sent;
    uint32_t flags = timeout < 0 ? JF_DONT_WAIT : 0;
    OK(jf_set(s, JF_OPT_SEND_TIMEOUT, timeout));
    jf_datagram *d = make_batch(to, has_one_length);
    int64_t began = now_us();
    sent = OK(jf_send_many(s, d, COUNT, flags));
    CHECK(sent > 0 && sent < COUNT);
    CHECK(timeout < 0 || now_us() - began >= timeout * 1000);
    expect_first_sent(d, sent, code);
    static jf_datagram more[COUNT];
    memcpy(more, d, sizeof more);
    began = now_us();
    EXPECT(jf_send_many(s, more, COUNT, flags), code);
    CHECK(timeout < 0 || now_us() - began >= timeout * 1000);
    expect_first_sent(more, 0, code);
    EXPECT(jf_send_many(s, more, 1, flags), code);
    EXPECT(more[0].result, code);
    if (receiver) expect_sent(receiver, d);
}

static void check_full_queues(void) {
    static const int64_t TIMEOUTS[] = {-1, 0, WAIT_MS};
    for (int i = 0; i < 3; i++)
        for (int has_one_length = 0; has_one_length < 2; has_one_length++) {
            jf_socket s[2];
            OK(jf_pair(JF_UNIX, JF_DGRAM, s));
            OK(jf_set(s[0], JF_OPT_SEND_BUFFER, 8192));
            fill_queue(s[0], s[1], NULL, TIMEOUTS[i], has_one_length);
            fill_queue(s[0], s[1], NULL, TIMEOUTS[i], has_one_length);
            OK(jf_close(s[0]));
            OK(jf_close(s[1]));
            /* The same for the queue of an address. */
            jf_addr to;
            s[1] = bound("unix:", JF_DGRAM, &to);
            s[0] = OK(jf_open(JF_UNIX, JF_DGRAM, 0));
            fill_queue(s[0], s[1], &to, TIMEOUTS[i], has_one_length);
            OK(jf_close(s[0]));
            OK(jf_close(s[1]));
        }
}

static int64_t send_batch(void *given) {
    return jf_send_many(*(jf_socket *)given, make_batch(NULL, 0), COUNT, 0);
}

/* A device whose queue never empties within the test. */
static void check_slow_device(void) {
    static const int64_t TIMEOUTS[] = {-1, 0, WAIT_MS};
    in_net("ip link set lo up; ip link add name near type veth peer name far; ip link set far up;"
           "ip addr add 10.9.0.1/24 dev near; ip link set near up;"
           "ip neigh add 10.9.0.2 lladdr 02:00:00:00:00:02 dev near;"
           "tc qdisc add dev near root tbf rate 8bit burst 1600 limit 10mb");
    jf_addr to = parsed("10.9.0.2:9");
    for (int i = 0; i < 3; i++)
        for (int has_one_length = 0; has_one_length < 2; has_one_length++) {
            jf_socket s = OK(jf_open(JF_INET, JF_DGRAM, 0));
            OK(jf_set(s, JF_OPT_SEND_BUFFER, 4608));
            fill_queue(s, 0, &to, TIMEOUTS[i], has_one_length);
            OK(jf_close(s));
        }
    /* A blocked call is woken by a close, and with JF_OPT_INTERRUPTIBLE by a signal. */
    handle_signals(0);
    for (int is_interrupted = 0; is_interrupted < 2; is_interrupted++)
        for (int has_timeout = 0; has_timeout < 2; has_timeout++) {
            jf_socket s = OK(jf_open(JF_INET, JF_DGRAM, 0));
            flight f;
            OK(jf_set(s, JF_OPT_SEND_BUFFER, 4608));
            OK(jf_connect(s, &to));
            CHECK(jf_send_many(s, make_batch(NULL, 0), COUNT, JF_DONT_WAIT) > 0);
            OK(jf_set(s, JF_OPT_SEND_TIMEOUT, has_timeout ? 60000 : -1));
            OK(jf_set(s, JF_OPT_INTERRUPTIBLE, is_interrupted));
            start(&f, "send_many", send_batch, &s, 0);
            await_sleep(&f);
            if (is_interrupted) CHECK(pthread_kill(f.thread, SIGUSR1) == 0);
            else OK(jf_close(s));
            EXPECT(finish(&f), is_interrupted ? JF_E_INTERRUPTED : JF_E_CLOSED);
            if (is_interrupted) OK(jf_close(s));
        }
}

/* Positions of invalid datagrams: at the start, at the end, in the middle, and consecutive ones. */
static const int INVALID[] = {0, 1, 17, 40, 41, 42, 43, 66, 99};
enum { INVALID_COUNT = sizeof INVALID / sizeof *INVALID };

/* The parts of that batch that are sent: all of it; and parts small enough for one message that begin and end with
 * an invalid datagram, with a valid one, or with one of each. */
static const struct window { int from, to; } WINDOWS[] = {{0, COUNT}, {0, 41}, {2, 60}, {0, 60}, {2, 18}, {44, 66}};

static void check_invalid(jf_socket s, jf_socket receiver, const jf_addr *to, jf_datagram invalid, int64_t code) {
    invalid.result = -1; /* as in all datagrams that are not sent */
    for (size_t w = 0; w < sizeof WINDOWS / sizeof *WINDOWS; w++)
        for (int has_one_length = 0; has_one_length < 2; has_one_length++) {
            int is_invalid[COUNT] = {0}, from = WINDOWS[w].from, end = WINDOWS[w].to, expected = end - from;
            jf_datagram *d = make_batch(to, has_one_length);
            for (int i = 0; i < COUNT; i++) d[i].result = -1;
            for (int i = 0; i < INVALID_COUNT; i++) {
                d[INVALID[i]] = invalid;
                is_invalid[INVALID[i]] = 1;
                expected -= INVALID[i] >= from && INVALID[i] < end;
            }
            EXPECT(jf_send_many(s, d + from, (size_t)(end - from), 0), expected);
            for (int i = from; i < end; i++) EXPECT(d[i].result, is_invalid[i] ? code : (int64_t)d[i].len);
            expect_sent(receiver, d);
        }
}

static void check_invalid_ip(const char *local, const char *other_family) {
    static char large[70000];
    jf_addr to, other = parsed(other_family), port_zero = parsed(local);
    jf_socket receiver = bound(local, JF_DGRAM, &to);
    jf_socket s = OK(jf_open(to.family, JF_DGRAM, 0));
    for (int connected = 0; connected < 2; connected++) {
        const jf_addr *address = connected ? NULL : &to;
        if (connected) OK(jf_connect(s, &to));
        check_invalid(s, receiver, address, datagram(NULL, LEN, address), JF_E_INVALID);
        check_invalid(s, receiver, address, datagram(large, SIZE_MAX, address), JF_E_INVALID);
        check_invalid(s, receiver, address, datagram(large, sizeof large, address), JF_E_MESSAGE_SIZE);
        check_invalid(s, receiver, address, datagram(large, 65536, address), JF_E_MESSAGE_SIZE);
        check_invalid(s, receiver, address, datagram(bytes, LEN, &other), JF_E_FAMILY_UNSUPPORTED);
        /* Port 0 is not a valid destination. */
        check_invalid(s, receiver, address, datagram(bytes, LEN, &port_zero), JF_E_INVALID);
        jf_datagram invalid = datagram(bytes, LEN, address);
        invalid.present |= 0x80000000;
        check_invalid(s, receiver, address, invalid, JF_E_INVALID);
        invalid.present = (invalid.present & JF_HAS_ADDR) | JF_HAS_TOS;
        invalid.tos = 256;
        check_invalid(s, receiver, address, invalid, JF_E_INVALID);
        /* A source address that this machine does not have. */
        invalid.present = (invalid.present & JF_HAS_ADDR) | JF_HAS_PACKET_INFO;
        invalid.local = parsed(to.family == JF_INET ? "192.0.2.7:0" : "[2001:db8::7]:0");
        check_invalid(s, receiver, address, invalid, to.family == JF_INET ? JF_E_NETWORK_UNREACHABLE : JF_E_INVALID);
    }
    OK(jf_close(s));
    /* Without a peer, a datagram needs an address. */
    s = OK(jf_open(to.family, JF_DGRAM, 0));
    check_invalid(s, receiver, &to, datagram(bytes, LEN, NULL), JF_E_DEST_REQUIRED);
    OK(jf_close(s));
    OK(jf_close(receiver));
}

static void check_invalid_unix(void) {
    jf_addr to, closed;
    static char large[300000];
    jf_socket receiver = bound("unix:", JF_DGRAM, &to), s = OK(jf_open(JF_UNIX, JF_DGRAM, 0));
    OK(jf_close(bound("unix:", JF_DGRAM, &closed)));
    OK(jf_set(receiver, JF_OPT_RECV_TIMEOUT, 10000));
    const struct {
        jf_datagram d;
        int64_t code;
    } cases[] = {{datagram(bytes, LEN, &closed), JF_E_CONN_REFUSED},
                 {datagram(NULL, LEN, &to), JF_E_INVALID},
                 {datagram(large, sizeof large, &to), JF_E_MESSAGE_SIZE},
                 {datagram(bytes, LEN, NULL), JF_E_NOT_CONNECTED}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        /* The queue of a UNIX socket holds few datagrams. */
        jf_datagram d[9];
        for (uint32_t next = 0; next < 9; next++) {
            memcpy(bytes[next], &next, sizeof next);
            d[next] = next % 3 == 1 ? cases[i].d : datagram(bytes[next], 4, &to);
        }
        EXPECT(jf_send_many(s, d, 9, 0), 6);
        for (int next = 0; next < 9; next++) EXPECT(d[next].result, next % 3 == 1 ? cases[i].code : 4);
        jf_datagram *received = plain_batch(9, 8);
        EXPECT(jf_recv_many(receiver, received, 9, 0), 6);
        for (uint32_t next = 0; next < 6; next++) EXPECT(number_of(&received[next]), next / 2 * 3 + next % 2 * 2);
    }
    OK(jf_close(receiver));
    OK(jf_close(s));
}

/* The port is closed. Each call after the first reports the ICMP error of the call before for its first datagram,
 * and sends the others. */
static void check_refused(const char *local) {
    jf_addr to, own;
    OK(jf_close(bound(local, JF_DGRAM, &to)));
    jf_socket s = bound(local, JF_DGRAM, &own);
    OK(jf_connect(s, &to));
    for (int round = 0; round < 3; round++) {
        int has_error = round > 0;
        jf_datagram *d = make_batch(NULL, 1);
        struct pollfd item = {.fd = (int)OK(jf_fd(s)), .events = 0, .revents = 0};
        CHECK(poll(&item, 1, has_error ? 10000 : 0) == has_error);
        EXPECT(jf_send_many(s, d, 10, 0), 10 - has_error);
        EXPECT(d[0].result, has_error ? JF_E_CONN_REFUSED : LEN);
        for (int i = 1; i < 10; i++) EXPECT(d[i].result, LEN);
    }
    OK(jf_close(s));
}

/* IPv4 options and IPv6 extension headers take space in a packet of the largest size. The tested ones need more than
 * the library leaves free for them. */
static void check_with_options(const char *local, int level, int option, size_t len) {
    enum { SEGMENTS = 64, SEGMENT_LEN = 1021, ROUNDS = 2 };
    static char segments[SEGMENTS][SEGMENT_LEN];
    unsigned char options[256] = {0};
    jf_datagram d[SEGMENTS];
    jf_addr to;
    jf_socket receiver = bound(local, JF_DGRAM, &to), s = OK(jf_open(to.family, JF_DGRAM, 0));
    if (option == IPV6_DSTOPTS) {
        options[1] = (unsigned char)(len / 8 - 1);
        options[2] = 0x1e; /* receivers skip this unknown option */
        options[3] = (unsigned char)(len - 4);
    } else {
        memset(options, IPOPT_NOOP, len);
    }
    OK(jf_set_raw(s, level, option, options, len));
    for (uint32_t i = 0; i < SEGMENTS; i++) {
        memcpy(segments[i], &i, sizeof i);
        d[i] = datagram(segments[i], SEGMENT_LEN, &to);
    }
    for (int round = 0; round < ROUNDS; round++) {
        EXPECT(jf_send_many(s, d, SEGMENTS, 0), SEGMENTS);
        for (uint32_t next = 0; next < SEGMENTS;) {
            jf_datagram *received = coalesced_batch(1);
            int64_t count = OK(jf_recv_many(receiver, received, COALESCED_MAX, 0));
            for (int64_t i = 0; i < count; i++, next++) {
                EXPECT(number_of(&received[i]), next);
                EXPECT(received[i].len, SEGMENT_LEN);
            }
        }
        EXPECT(jf_recv_many(receiver, coalesced_batch(1), COALESCED_MAX, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
    }
    OK(jf_close(receiver));
    OK(jf_close(s));
}

static void check_ip_options(void) {
    static const size_t LENS[] = {8, 64, 96, 256};
    check_with_options("127.0.0.1:0", IPPROTO_IP, IP_OPTIONS, 40);
    for (size_t i = 0; i < sizeof LENS / sizeof *LENS; i++)
        check_with_options("[::1]:0", IPPROTO_IPV6, IPV6_DSTOPTS, LENS[i]);
}

static int64_t path_mtu_discovery(jf_socket s) {
    int64_t mode;
    OK(jf_get(s, JF_OPT_PATH_MTU_DISCOVERY, &mode));
    return mode;
}

/* The first batch of a socket sets path MTU discovery. Later batches, also on another handle, do not set it again
 * after the caller has changed it. An empty batch does not set it. */
static void check_path_mtu_discovery_is_set_once(const char *local) {
    jf_addr to;
    jf_socket receiver = bound(local, JF_DGRAM, &to), s = OK(jf_open(to.family, JF_DGRAM, 0));
    OK(jf_connect(s, &to));
    EXPECT(jf_send_many(s, NULL, 0, 0), 0);
    EXPECT(path_mtu_discovery(s), JF_PMTU_WANT);
    EXPECT(jf_send_many(s, make_batch(NULL, 1), 2, 0), 2);
    EXPECT(path_mtu_discovery(s), JF_PMTU_DO);
    OK(jf_set(s, JF_OPT_PATH_MTU_DISCOVERY, JF_PMTU_WANT));
    jf_socket other = OK(jf_dup(s));
    EXPECT(jf_send_many(other, make_batch(NULL, 1), 2, 0), 2);
    EXPECT(jf_send_many(s, make_batch(NULL, 1), 2, 0), 2);
    EXPECT(path_mtu_discovery(s), JF_PMTU_WANT);
    OK(jf_close(other));
    OK(jf_close(receiver));
    OK(jf_close(s));
}

static void check_ip_errors(void) {
    check_invalid_ip("127.0.0.1:0", "[::1]:9");
    check_invalid_ip("[::1]:0", "127.0.0.1:9");
    check_refused("127.0.0.1:0");
    check_refused("[::1]:0");
    check_path_mtu_discovery_is_set_once("127.0.0.1:0");
    check_path_mtu_discovery_is_set_once("[::1]:0");
}

/* The same in a child process whose kernel refuses segmentation. */
static void check_with_refused_segments(int error) {
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        if (error == 0) refuse_options();
        else refuse_segments(error, 0);
        check_ip_errors();
        _exit(0);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
}

int main(int argc, char **argv) {
    int slow = is_slow(argc, argv);
    watchdog(slow ? 280 : 110);
    leave_net();
    check_slow_device();
    check_full_queues();
    check_invalid_unix();
    check_ip_errors();
    check_ip_options();
    /* valgrind does not support seccomp notifications. */
    static const int ERRORS[] = {EIO, EINVAL, ENOPROTOOPT, EOPNOTSUPP, 0};
    for (size_t i = 0; i < sizeof ERRORS / sizeof *ERRORS && !slow; i++) check_with_refused_segments(ERRORS[i]);
    return 0;
}
