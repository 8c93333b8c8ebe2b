/* Every option: what is set is read back, and is what the system has, on every kind of socket; the rest is refused. */
#include "option_table.h"

/* What a failure is about. */
static const char *about = "";
static int about_kind;

static void tell(void) {
    if (*about) fprintf(stderr, "with %s on a socket of family %d and type %d\n", about, socket_family(about_kind),
                        socket_type(about_kind));
}

/* The socket keeps what it has when a value is refused. */
static void refuses(jf_socket s, int option, int64_t value) {
    int64_t before = get_option(s, option);
    EXPECT(jf_set(s, option, value), JF_E_INVALID);
    CHECK(get_option(s, option) == before);
}

static void out_of_range(jf_socket s, const struct option *o) {
    const int64_t values[] = {o->min - 1, INT32_MIN, INT64_MIN, INT64_MAX, o->max < INT64_MAX ? o->max + 1 : o->max,
                              o->max < INT64_MAX ? ((int64_t)1 << 32) + o->min : o->max};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        if (values[i] < o->min || values[i] > o->max) {
            if (o->form == SET) EXPECT(jf_set(s, o->option, values[i]), JF_E_INVALID);
            else refuses(s, o->option, values[i]);
        }
}

/* What is there, in each of the places where it is kept. */
static void has(jf_socket s, const struct option *o, int kind, int64_t value) {
    CHECK(get_option(s, o->option) == value);
    for (int i = 0; place_of(o, kind, i); i++) {
        const struct place *place = place_of(o, kind, i);
        /* IPv4 does not tell by which interface. */
        if (o->form == GROUP_INTERFACE && place->level == SOL_IP) continue;
        CHECK(system_has(s, place, o->form) == value);
    }
}

static void number_kept(const struct option *o, int kind, jf_socket s) {
    const int64_t values[] = {o->least, o->most, o->least, o->least + (o->most - o->least) / 2};
    /* The lowest place is where it is read; IPv6's default of one option is not IPv4's. */
    if (o->initial != -2) CHECK(get_option(s, o->option) == o->initial);
    CHECK(get_option(s, o->option) == system_has(s, place_of(o, kind, 0), o->form));
    for (int i = 0; i < 4; i++) {
        OK(jf_set(s, o->option, values[i]));
        has(s, o, kind, kept(o, kind, values[i]));
    }
    /* What the system rounds or limits is what is read back. */
    const int64_t bounds[] = {o->min, o->max};
    for (int i = 0; i < 2; i++) {
        if (bounds[i] >= o->least && bounds[i] <= o->most) continue;
        int64_t result = jf_set(s, o->option, bounds[i]);
        CHECK(result == 0 || result == JF_E_INVALID || (o->form == SWAPPED && result == JF_E_NOT_FOUND)
              || (o->form == GROUP_INTERFACE && result == JF_E_NOT_FOUND));
        if (o->form != GROUP_INTERFACE) CHECK(get_option(s, o->option) == system_has(s, place_of(o, kind, 0), o->form));
    }
    out_of_range(s, o);
}

static void not_a_text(jf_socket s, int option) {
    char text[64] = "kept";
    EXPECT(jf_set_text(s, option, "1"), JF_E_OPTION_UNSUPPORTED);
    EXPECT(jf_get_text(s, option, text, sizeof text), JF_E_OPTION_UNSUPPORTED);
    CHECK(strcmp(text, "kept") == 0);
}

static void not_to_be_set(jf_socket s, int option) {
    static const int64_t values[] = {0, 1, -1, 2, INT64_MIN, INT64_MAX};
    for (int i = 0; i < 6; i++) EXPECT(jf_set(s, option, values[i]), JF_E_OPTION_UNSUPPORTED);
}

static void not_to_be_read(jf_socket s, int option) {
    int64_t value = 77;
    EXPECT(jf_get(s, option, &value), JF_E_OPTION_UNSUPPORTED);
    CHECK(value == 77);
}

static void of_the_table(int kind) {
    for (const struct option *o = options; o < options + OPTIONS; o++) {
        jf_socket s = fresh(kind);
        if (s == 0) return;
        about = o->word;
        about_kind = kind;
        CHECK(o->option == o->number);
        if (o->form != TEXT) not_a_text(s, o->option);
        if (o->form != OTHER && !place_of(o, kind, 0)) {
            char text[64];
            not_to_be_set(s, o->option);
            EXPECT(jf_set(s, o->option, o->min), JF_E_OPTION_UNSUPPORTED);
            EXPECT(jf_set(s, o->option, o->max), JF_E_OPTION_UNSUPPORTED);
            not_to_be_read(s, o->option);
            EXPECT(jf_set_text(s, o->option, "reno"), JF_E_OPTION_UNSUPPORTED);
            EXPECT(jf_get_text(s, o->option, text, sizeof text), JF_E_OPTION_UNSUPPORTED);
        } else if (o->form == TEXT) {
            not_to_be_set(s, o->option);
            not_to_be_read(s, o->option);
        } else if (o->form == READ) {
            not_to_be_set(s, o->option);
        } else if (o->form == SET) {
            not_to_be_read(s, o->option);
            OK(jf_set(s, o->option, o->min));
            OK(jf_set(s, o->option, o->max));
            out_of_range(s, o);
        } else if (o->form != OTHER) {
            number_kept(o, kind, s);
        }
        OK(jf_close(s));
        about = "";
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
        CHECK(get_option(s, option) == -1);
        for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
            OK(jf_set(s, option, values[i]));
            CHECK(get_option(s, option) == values[i]);
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
        CHECK(get_option(s, send ? JF_OPT_RECV_TIMEOUT : JF_OPT_SEND_TIMEOUT) == -1);
        OK(jf_set(s, option, -1));
    }
    CHECK(get_option(s, JF_OPT_INTERRUPTIBLE) == 0);
    OK(jf_set(s, JF_OPT_INTERRUPTIBLE, 1));
    CHECK(get_option(s, JF_OPT_INTERRUPTIBLE) == 1);
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
    CHECK(get_option(s, JF_OPT_LINGER) == -1);
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        socklen_t len = sizeof now;
        OK(jf_set(s, JF_OPT_LINGER, values[i][0]));
        CHECK(getsockopt((int)OK(jf_fd(s)), SOL_SOCKET, SO_LINGER, &now, &len) == 0);
        CHECK(now.l_onoff == 1 && now.l_linger == values[i][1]);
        CHECK(get_option(s, JF_OPT_LINGER) == values[i][2]);
        refuses(s, JF_OPT_LINGER, -2);
        refuses(s, JF_OPT_LINGER, (int64_t)INT32_MAX + 1);
        refuses(s, JF_OPT_LINGER, INT64_MIN);
        refuses(s, JF_OPT_LINGER, INT64_MAX);
    }
    OK(jf_set(s, JF_OPT_LINGER, -1));
    CHECK(get_option(s, JF_OPT_LINGER) == -1);
    OK(jf_close(s));
}

static void buffers(enum kind kind) {
    static const int names[][2] = {{JF_OPT_RECV_BUFFER, SO_RCVBUF}, {JF_OPT_SEND_BUFFER, SO_SNDBUF}};
    for (int i = 0; i < 2; i++) {
        jf_socket s = fresh(kind);
        int option = names[i][0];
        /* Linux keeps twice what it is told, for itself, and says so; here that is not seen. */
        const struct place place = {0, SOL_SOCKET, names[i][1], 0, 0};
        CHECK(get_option(s, option) == system_has(s, &place, INT) / 2);
        for (int64_t size = 16384; size <= 65536; size *= 2) {
            OK(jf_set(s, option, size));
            CHECK(get_option(s, option) == size);
            CHECK(system_has(s, &place, INT) == 2 * size);
        }
        /* Rounded up, and limited. */
        OK(jf_set(s, option, 1));
        CHECK(get_option(s, option) >= 1 && get_option(s, option) < 16384);
        OK(jf_set(s, option, INT32_MAX / 2));
        CHECK(get_option(s, option) >= 65536);
        refuses(s, option, 0);
        refuses(s, option, -1);
        refuses(s, option, INT32_MAX / 2 + 1);
        refuses(s, option, INT64_MAX);
        refuses(s, option, INT64_MIN);
        refuses(s, option, ((int64_t)1 << 32) + 16384);
        OK(jf_close(s));
    }
}

static void read_only(enum kind kind) {
    const struct place protocol = {0, SOL_SOCKET, SO_PROTOCOL, 0, 0};
    static const int names[] = {JF_OPT_ERROR, JF_OPT_TYPE, JF_OPT_FAMILY, JF_OPT_PROTOCOL, JF_OPT_LISTENING};
    jf_socket s = fresh(kind);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        for (int64_t value = -1; value < 3; value++) {
            int64_t before = get_option(s, names[i]);
            EXPECT(jf_set(s, names[i], value), JF_E_OPTION_UNSUPPORTED);
            CHECK(get_option(s, names[i]) == before);
        }
    CHECK(get_option(s, JF_OPT_ERROR) == 0);
    CHECK(get_option(s, JF_OPT_FAMILY) == kind_family(kind));
    CHECK(get_option(s, JF_OPT_TYPE) == kind_type(kind));
    CHECK(get_option(s, JF_OPT_PROTOCOL) == (kind_family(kind) == JF_UNIX ? 0 : kind_type(kind) == JF_STREAM ? 6 : 17));
    CHECK(get_option(s, JF_OPT_PROTOCOL) == system_has(s, &protocol, INT));
    CHECK(get_option(s, JF_OPT_LISTENING) == 0);
    OK(jf_close(s));
    if (kind_type(kind) == JF_DGRAM) return;
    jf_addr a;
    s = bound(kind_anywhere(kind), kind_type(kind), &a);
    CHECK(get_option(s, JF_OPT_LISTENING) == 0);
    OK(jf_listen(s, 1));
    CHECK(get_option(s, JF_OPT_LISTENING) == 1);
    OK(jf_close(s));
}

int main(void) {
    need_root();
    CHECK(atexit(tell) == 0);
    for (int kind = 0; kind < SOCKETS; kind++) of_the_table(kind);
    for (int kind = 0; kind < KINDS; kind++) {
        times(kind);
        lingering(kind);
        buffers(kind);
        read_only(kind);
    }
    return 0;
}
