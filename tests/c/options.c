/* Every option on every kind of socket: a value that was set is read back and matches getsockopt(); anything
 * invalid is refused. */
#include "option_table.h"

/* The option and socket under test, for the failure message. */
static const char *subject = "";
static int subject_kind;

static void print_subject(void) {
    if (*subject)
        fprintf(stderr, "with %s on a socket of family %d and type %d\n", subject, socket_family(subject_kind),
                socket_type(subject_kind));
}

/* A refused value leaves the option unchanged. */
static void expect_refused(jf_socket s, int option, int64_t value) {
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
            else expect_refused(s, o->option, values[i]);
        }
}

/* The option has this value, in each place where the kernel stores it. */
static void expect_value(jf_socket s, const struct option *o, int kind, int64_t value) {
    CHECK(get_option(s, o->option) == value);
    for (int i = 0; place_of(o, kind, i); i++) {
        const struct place *place = place_of(o, kind, i);
                /* IPv4 returns the interface's address, not its index. */
        if (o->form == GROUP_INTERFACE && place->level == SOL_IP) continue;
        CHECK(system_has(s, place, o->form) == value);
    }
}

static void values_read_back(const struct option *o, int kind, jf_socket s) {
    const int64_t values[] = {o->least, o->most, o->least, o->least + (o->most - o->least) / 2};
        /* Reads use the first place; the defaults of IPv6 and IPv4 differ for one option. */
    if (o->initial != -2) CHECK(get_option(s, o->option) == o->initial);
    CHECK(get_option(s, o->option) == system_has(s, place_of(o, kind, 0), o->form));
    for (int i = 0; i < 4; i++) {
        OK(jf_set(s, o->option, values[i]));
        expect_value(s, o, kind, kept(o, kind, values[i]));
    }
        /* A read returns the value as the kernel rounded or limited it. */
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

static void expect_no_text(jf_socket s, int option) {
    char text[64] = "kept";
    EXPECT(jf_set_text(s, option, "1"), JF_E_OPTION_UNSUPPORTED);
    EXPECT(jf_get_text(s, option, text, sizeof text), JF_E_OPTION_UNSUPPORTED);
    CHECK(strcmp(text, "kept") == 0);
}

static void expect_not_settable(jf_socket s, int option) {
    static const int64_t values[] = {0, 1, -1, 2, INT64_MIN, INT64_MAX};
    for (int i = 0; i < 6; i++) EXPECT(jf_set(s, option, values[i]), JF_E_OPTION_UNSUPPORTED);
}

static void expect_not_readable(jf_socket s, int option) {
    int64_t value = 77;
    EXPECT(jf_get(s, option, &value), JF_E_OPTION_UNSUPPORTED);
    CHECK(value == 77);
}

static void options_of_kind(int kind) {
    for (const struct option *o = options; o < options + OPTIONS; o++) {
        jf_socket s = fresh(kind);
        if (s == 0) return;
        subject = o->word;
        subject_kind = kind;
        CHECK(o->option == o->number);
        if (o->form != TEXT) expect_no_text(s, o->option);
        if (o->form != OTHER && !place_of(o, kind, 0)) {
            char text[64];
            expect_not_settable(s, o->option);
            EXPECT(jf_set(s, o->option, o->min), JF_E_OPTION_UNSUPPORTED);
            EXPECT(jf_set(s, o->option, o->max), JF_E_OPTION_UNSUPPORTED);
            expect_not_readable(s, o->option);
            EXPECT(jf_set_text(s, o->option, "reno"), JF_E_OPTION_UNSUPPORTED);
            EXPECT(jf_get_text(s, o->option, text, sizeof text), JF_E_OPTION_UNSUPPORTED);
        } else if (o->form == TEXT) {
            expect_not_settable(s, o->option);
            expect_not_readable(s, o->option);
        } else if (o->form == READ) {
            expect_not_settable(s, o->option);
        } else if (o->form == SET) {
            expect_not_readable(s, o->option);
            OK(jf_set(s, o->option, o->min));
            OK(jf_set(s, o->option, o->max));
            out_of_range(s, o);
        } else if (o->form != OTHER) {
            values_read_back(o, kind, s);
        }
        OK(jf_close(s));
        subject = "";
    }
}

static int64_t time_of(jf_socket s, int name) {
    struct timeval time;
    socklen_t len = sizeof time;
    CHECK(getsockopt((int)OK(jf_fd(s)), SOL_SOCKET, name, &time, &len) == 0);
    return (int64_t)time.tv_sec * 1000 + time.tv_usec / 1000;
}

static void timeouts(enum kind kind) {
        /* The kernel limits blocking sends of UNIX messages to short slices, so that close() can wake them. */
    int is_sliced = kind == UNIX_DGRAM || kind == UNIX_SEQPACKET;
    jf_socket s = fresh(kind);
    for (int send = 0; send < 2; send++) {
        int option = send ? JF_OPT_SEND_TIMEOUT : JF_OPT_RECV_TIMEOUT, name = send ? SO_SNDTIMEO : SO_RCVTIMEO;
        static const int64_t values[] = {-1, 0, 1, 1500, 1000, 2147483647, 2147483648, 86400000000, INT64_MAX - 1,
                                         INT64_MAX, 0, -1};
        CHECK(get_option(s, option) == -1);
        for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
            OK(jf_set(s, option, values[i]));
            CHECK(get_option(s, option) == values[i]);
            if (send && is_sliced) continue;
            if (values[i] <= 0) CHECK(time_of(s, name) == 0);
                        /* The kernel counts in ticks of up to 10 ms; multiples of 500 ms are exact. */
            if (values[i] == 1) CHECK(time_of(s, name) >= 1 && time_of(s, name) <= 10);
            if (values[i] == 1500 || values[i] == 1000) CHECK(time_of(s, name) == values[i]);
            expect_refused(s, option, -2);
            expect_refused(s, option, INT32_MIN);
            expect_refused(s, option, INT64_MIN);
        }
                /* The timeouts of the two directions are independent. */
        OK(jf_set(s, option, 1500));
        CHECK(get_option(s, send ? JF_OPT_RECV_TIMEOUT : JF_OPT_SEND_TIMEOUT) == -1);
        OK(jf_set(s, option, -1));
    }
    CHECK(get_option(s, JF_OPT_INTERRUPTIBLE) == 0);
    OK(jf_set(s, JF_OPT_INTERRUPTIBLE, 1));
    CHECK(get_option(s, JF_OPT_INTERRUPTIBLE) == 1);
    expect_refused(s, JF_OPT_INTERRUPTIBLE, 2);
    expect_refused(s, JF_OPT_INTERRUPTIBLE, -1);
    OK(jf_set(s, JF_OPT_INTERRUPTIBLE, 0));
    OK(jf_close(s));
}

static void linger_times(enum kind kind) {
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
        expect_refused(s, JF_OPT_LINGER, -2);
        expect_refused(s, JF_OPT_LINGER, (int64_t)INT32_MAX + 1);
        expect_refused(s, JF_OPT_LINGER, INT64_MIN);
        expect_refused(s, JF_OPT_LINGER, INT64_MAX);
    }
    OK(jf_set(s, JF_OPT_LINGER, -1));
    CHECK(get_option(s, JF_OPT_LINGER) == -1);
    OK(jf_close(s));
}

static void buffer_sizes(enum kind kind) {
    static const int names[][2] = {{JF_OPT_RECV_BUFFER, SO_RCVBUF}, {JF_OPT_SEND_BUFFER, SO_SNDBUF}};
    for (int i = 0; i < 2; i++) {
        jf_socket s = fresh(kind);
        int option = names[i][0];
                /* Linux doubles the size for its own overhead, and returns the doubled value; the library hides
         * that. */
        const struct place place = {0, SOL_SOCKET, names[i][1], 0, 0};
        CHECK(get_option(s, option) == system_has(s, &place, INT) / 2);
        for (int64_t size = 16384; size <= 65536; size *= 2) {
            OK(jf_set(s, option, size));
            CHECK(get_option(s, option) == size);
            CHECK(system_has(s, &place, INT) == 2 * size);
        }
                /* Small values are rounded up, large ones limited. */
        OK(jf_set(s, option, 1));
        CHECK(get_option(s, option) >= 1 && get_option(s, option) < 16384);
        OK(jf_set(s, option, INT32_MAX / 2));
        CHECK(get_option(s, option) >= 65536);
        expect_refused(s, option, 0);
        expect_refused(s, option, -1);
        expect_refused(s, option, INT32_MAX / 2 + 1);
        expect_refused(s, option, INT64_MAX);
        expect_refused(s, option, INT64_MIN);
        expect_refused(s, option, ((int64_t)1 << 32) + 16384);
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
    CHECK(atexit(print_subject) == 0);
    for (int kind = 0; kind < SOCKETS; kind++) options_of_kind(kind);
    for (int kind = 0; kind < KINDS; kind++) {
        timeouts(kind);
        linger_times(kind);
        buffer_sizes(kind);
        read_only(kind);
    }
    return 0;
}
