/* Every option: what is set is read back, and is what the system has, on every kind of socket; the rest is refused. */
#include "pairs.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

enum { INET = 1, INET6 = 2, UNIX = 4, IS_TCP = 8, ANY = INET | INET6 | UNIX };

/* What a kind of socket is; an option goes with it when all that the option needs is there. */
static int traits(enum kind kind) {
    int family = kind_family(kind);
    return (family == JF_INET ? INET : family == JF_INET6 ? INET6 : UNIX) | (kind == TCP4 || kind == TCP6 ? IS_TCP : 0);
}

static const struct option {
    int option;
    int families, tcp_only;
    int level, name;
    int64_t min, max;
    /* What a fresh socket has; -2 is whatever the system says. */
    int64_t initial;
} options[] = {
    {JF_OPT_REUSE_ADDR, ANY, 0, SOL_SOCKET, SO_REUSEADDR, 0, 1, 0},
    {JF_OPT_REUSE_PORT, INET | INET6, 0, SOL_SOCKET, SO_REUSEPORT, 0, 1, 0},
    {JF_OPT_ONLY_V6, INET6, 0, IPPROTO_IPV6, IPV6_V6ONLY, 0, 1, 0},
    {JF_OPT_NO_DELAY, INET | INET6, 1, IPPROTO_TCP, TCP_NODELAY, 0, 1, 0},
    {JF_OPT_KEEP_ALIVE, ANY, 0, SOL_SOCKET, SO_KEEPALIVE, 0, 1, 0},
    {JF_OPT_KEEP_IDLE, INET | INET6, 1, IPPROTO_TCP, TCP_KEEPIDLE, 1, 32767, -2},
    {JF_OPT_KEEP_INTERVAL, INET | INET6, 1, IPPROTO_TCP, TCP_KEEPINTVL, 1, 32767, -2},
    {JF_OPT_KEEP_COUNT, INET | INET6, 1, IPPROTO_TCP, TCP_KEEPCNT, 1, 127, -2},
    {JF_OPT_BROADCAST, ANY, 0, SOL_SOCKET, SO_BROADCAST, 0, 1, 0},
    {JF_OPT_TTL, INET, 0, IPPROTO_IP, IP_TTL, 1, 255, -2},
    {JF_OPT_TTL, INET6, 0, IPPROTO_IPV6, IPV6_UNICAST_HOPS, 1, 255, -2},
};
enum { OPTIONS = sizeof options / sizeof options[0] };

static jf_socket fresh(enum kind kind) {
    return OK(jf_open(kind_family(kind), kind_type(kind), 0));
}

static int64_t get(jf_socket s, int option) {
    int64_t value = 77;
    OK(jf_get(s, option, &value));
    return value;
}

static int system_has(jf_socket s, int level, int name) {
    int value = -77;
    socklen_t len = sizeof value;
    CHECK(getsockopt((int)OK(jf_fd(s)), level, name, &value, &len) == 0);
    return value;
}

/* The socket keeps what it has when a value is refused. */
static void refuses(jf_socket s, int option, int64_t value) {
    int64_t before = get(s, option);
    EXPECT(jf_set(s, option, value), JF_E_INVALID);
    CHECK(get(s, option) == before);
}

static void of_the_table(enum kind kind) {
    for (const struct option *o = options; o < options + OPTIONS; o++) {
        jf_socket s = fresh(kind);
        int64_t value = 77;
        int known = (traits(kind) & o->families) && (!o->tcp_only || (traits(kind) & IS_TCP));
        if (known) {
            if (o->initial != -2) CHECK(get(s, o->option) == o->initial);
            CHECK(get(s, o->option) == system_has(s, o->level, o->name));
            const int64_t values[] = {o->min, o->max, o->min, (o->min + o->max) / 2};
            for (int i = 0; i < 4; i++) {
                OK(jf_set(s, o->option, values[i]));
                CHECK(get(s, o->option) == values[i]);
                CHECK(system_has(s, o->level, o->name) == values[i]);
                refuses(s, o->option, o->min - 1);
                refuses(s, o->option, o->max + 1);
                refuses(s, o->option, -1);
                refuses(s, o->option, INT64_MIN);
                refuses(s, o->option, INT64_MAX);
                refuses(s, o->option, ((int64_t)1 << 32) + o->min);
            }
        } else if (!(o->option == JF_OPT_TTL && traits(kind) & (INET | INET6)) && o->option != JF_OPT_REUSE_PORT) {
            EXPECT(jf_set(s, o->option, o->min), JF_E_OPTION_UNSUPPORTED);
            EXPECT(jf_set(s, o->option, o->max), JF_E_OPTION_UNSUPPORTED);
            EXPECT(jf_get(s, o->option, &value), JF_E_OPTION_UNSUPPORTED);
            CHECK(value == 77);
        }
        OK(jf_close(s));
    }
}

static int64_t time_of(jf_socket s, int name) {
    struct timeval time;
    socklen_t len = sizeof time;
    CHECK(getsockopt((int)OK(jf_fd(s)), SOL_SOCKET, name, &time, &len) == 0);
    return (int64_t)time.tv_sec * 1000 + time.tv_usec / 1000;
}

static void times(enum kind kind) {
    /* UNIX senders of messages are in the kernel for a shorter time, so as to be woken. */
    int sliced = kind == UNIX_DGRAM || kind == UNIX_SEQPACKET;
    jf_socket s = fresh(kind);
    for (int send = 0; send < 2; send++) {
        int option = send ? JF_OPT_SEND_TIMEOUT : JF_OPT_RECV_TIMEOUT, name = send ? SO_SNDTIMEO : SO_RCVTIMEO;
        static const int64_t values[] = {-1, 0, 1, 1500, 1000, 2147483647, 2147483648, 86400000000, INT64_MAX - 1,
                                         INT64_MAX, 0, -1};
        CHECK(get(s, option) == -1);
        for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
            OK(jf_set(s, option, values[i]));
            CHECK(get(s, option) == values[i]);
            if (send && sliced) continue;
            if (values[i] <= 0) CHECK(time_of(s, name) == 0);
            /* The kernel counts in ticks, which are up to ten milliseconds; whole half seconds are exact. */
            if (values[i] == 1) CHECK(time_of(s, name) >= 1 && time_of(s, name) <= 10);
            if (values[i] == 1500 || values[i] == 1000) CHECK(time_of(s, name) == values[i]);
            refuses(s, option, -2);
            refuses(s, option, INT32_MIN);
            refuses(s, option, INT64_MIN);
        }
        /* One direction's time is not the other's. */
        OK(jf_set(s, option, 1500));
        CHECK(get(s, send ? JF_OPT_RECV_TIMEOUT : JF_OPT_SEND_TIMEOUT) == -1);
        OK(jf_set(s, option, -1));
    }
    CHECK(get(s, JF_OPT_INTERRUPTIBLE) == 0);
    OK(jf_set(s, JF_OPT_INTERRUPTIBLE, 1));
    CHECK(get(s, JF_OPT_INTERRUPTIBLE) == 1);
    refuses(s, JF_OPT_INTERRUPTIBLE, 2);
    refuses(s, JF_OPT_INTERRUPTIBLE, -1);
    OK(jf_set(s, JF_OPT_INTERRUPTIBLE, 0));
    OK(jf_close(s));
}

static void lingering(enum kind kind) {
    static const int64_t values[][3] = {{0, 0, 0}, {1, 1, 1000}, {999, 1, 1000}, {1000, 1, 1000}, {1001, 2, 2000},
                                        {60000, 60, 60000}, {2147483647, 2147484, 2147484000}};
    jf_socket s = fresh(kind);
    struct linger now;
    CHECK(get(s, JF_OPT_LINGER) == -1);
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        socklen_t len = sizeof now;
        OK(jf_set(s, JF_OPT_LINGER, values[i][0]));
        CHECK(getsockopt((int)OK(jf_fd(s)), SOL_SOCKET, SO_LINGER, &now, &len) == 0);
        CHECK(now.l_onoff == 1 && now.l_linger == values[i][1]);
        CHECK(get(s, JF_OPT_LINGER) == values[i][2]);
        refuses(s, JF_OPT_LINGER, -2);
        refuses(s, JF_OPT_LINGER, (int64_t)INT32_MAX + 1);
        refuses(s, JF_OPT_LINGER, INT64_MIN);
        refuses(s, JF_OPT_LINGER, INT64_MAX);
    }
    OK(jf_set(s, JF_OPT_LINGER, -1));
    CHECK(get(s, JF_OPT_LINGER) == -1);
    OK(jf_close(s));
}

static void buffers(enum kind kind) {
    static const int names[][2] = {{JF_OPT_RECV_BUFFER, SO_RCVBUF}, {JF_OPT_SEND_BUFFER, SO_SNDBUF}};
    for (int i = 0; i < 2; i++) {
        jf_socket s = fresh(kind);
        int option = names[i][0];
        /* Linux keeps twice what it is told, for itself, and says so; here that is not seen. */
        CHECK(get(s, option) == system_has(s, SOL_SOCKET, names[i][1]) / 2);
        for (int64_t size = 16384; size <= 65536; size *= 2) {
            OK(jf_set(s, option, size));
            CHECK(get(s, option) == size);
            CHECK(system_has(s, SOL_SOCKET, names[i][1]) == 2 * size);
        }
        /* Rounded up, and limited. */
        OK(jf_set(s, option, 1));
        CHECK(get(s, option) >= 1 && get(s, option) < 16384);
        OK(jf_set(s, option, INT32_MAX / 2));
        CHECK(get(s, option) >= 65536);
        refuses(s, option, 0);
        refuses(s, option, -1);
        refuses(s, option, INT64_MAX);
        refuses(s, option, INT64_MIN);
        refuses(s, option, ((int64_t)1 << 32) + 16384);
        OK(jf_close(s));
    }
}

static void read_only(enum kind kind) {
    static const int names[] = {JF_OPT_ERROR, JF_OPT_TYPE, JF_OPT_FAMILY, JF_OPT_PROTOCOL, JF_OPT_LISTENING};
    jf_socket s = fresh(kind);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        for (int64_t value = -1; value < 3; value++) {
            int64_t before = get(s, names[i]);
            EXPECT(jf_set(s, names[i], value), JF_E_OPTION_UNSUPPORTED);
            CHECK(get(s, names[i]) == before);
        }
    CHECK(get(s, JF_OPT_ERROR) == 0);
    CHECK(get(s, JF_OPT_FAMILY) == kind_family(kind));
    CHECK(get(s, JF_OPT_TYPE) == kind_type(kind));
    CHECK(get(s, JF_OPT_PROTOCOL) == (kind_family(kind) == JF_UNIX ? 0 : kind_type(kind) == JF_STREAM ? 6 : 17));
    CHECK(get(s, JF_OPT_PROTOCOL) == system_has(s, SOL_SOCKET, SO_PROTOCOL));
    CHECK(get(s, JF_OPT_LISTENING) == 0);
    OK(jf_close(s));
    if (kind_type(kind) == JF_DGRAM) return;
    jf_addr a;
    s = bound(kind_anywhere(kind), kind_type(kind), &a);
    CHECK(get(s, JF_OPT_LISTENING) == 0);
    OK(jf_listen(s, 1));
    CHECK(get(s, JF_OPT_LISTENING) == 1);
    OK(jf_close(s));
}

int main(void) {
    for (int kind = 0; kind < KINDS; kind++) {
        of_the_table(kind);
        times(kind);
        lingering(kind);
        buffers(kind);
        read_only(kind);
    }
    return 0;
}
