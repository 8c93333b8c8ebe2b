/* Datagrams that come run together: each is told apart whoever sent it, and no other way to receive takes many for one. */
#include "many.h"

#include <linux/errqueue.h>
#include <sys/wait.h>

enum { SOME = 20, LEN = 100 };

static int family;
static jf_addr to;

static jf_socket receiver(void) {
    jf_socket s = bound(family == JF_INET ? "127.0.0.1:0" : "[::1]:0", JF_DGRAM, &to);
    OK(jf_set(s, JF_OPT_RECV_TIMEOUT, 10000));
    return s;
}

static jf_socket sender(void) {
    jf_socket s = OK(jf_open(family, JF_DGRAM, 0));
    OK(jf_connect(s, &to));
    return s;
}

/* Has the socket's datagrams come run together from now on. */
static void use_runs(jf_socket s) {
    EXPECT(jf_recv_many(s, for_runs(1), RUN, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
}

/* None of the other calls receives, whatever they are to wait. */
static void others_are_refused(jf_socket s) {
    static const int64_t TIMEOUTS[] = {10000, 0, -1};
    char room[8];
    jf_buf buf = {room, sizeof room};
    jf_addr from;
    for (int i = 0; i < 3; i++) {
        OK(jf_set(s, JF_OPT_RECV_TIMEOUT, TIMEOUTS[i]));
        for (uint32_t flags = 0; flags <= JF_DONT_WAIT; flags += JF_DONT_WAIT) {
            jf_msg m = message(&buf, 1);
            EXPECT(jf_recv(s, room, sizeof room, flags), JF_E_UNSUPPORTED);
            EXPECT(jf_recv(s, room, sizeof room, flags | JF_PEEK), JF_E_UNSUPPORTED);
            EXPECT(jf_recv(s, room, sizeof room, flags | JF_TRUNC), JF_E_UNSUPPORTED);
            EXPECT(jf_recv(s, NULL, 0, flags), JF_E_UNSUPPORTED);
            EXPECT(jf_recv_from(s, room, sizeof room, flags, &from), JF_E_UNSUPPORTED);
            EXPECT(jf_recv_from(s, room, sizeof room, flags, NULL), JF_E_UNSUPPORTED);
            EXPECT(jf_recv_vec(s, &buf, 1, flags), JF_E_UNSUPPORTED);
            EXPECT(jf_recv_vec(s, NULL, 0, flags), JF_E_UNSUPPORTED);
            EXPECT(jf_recv_msg(s, &m, flags), JF_E_UNSUPPORTED);
            EXPECT(jf_recv_many(s, for_each(OWN_ROOMS, OWN_ROOM), OWN_ROOMS, flags), JF_E_INVALID);
            EXPECT(jf_recv_many(s, for_runs(1), RUN - 1, flags), JF_E_INVALID);
        }
    }
    OK(jf_set(s, JF_OPT_RECV_TIMEOUT, 10000));
}

static void nothing_is_lost_by_refusals(void) {
    jf_socket s = receiver(), from = sender();
    use_runs(s);
    send_numbered(from, NULL, 0, SOME, LEN);
    others_are_refused(s);
    expect_numbered(s, 1, 0, SOME, LEN);
    others_are_refused(s);
    /* Turned back, the socket is as it was. */
    OK(jf_set(s, JF_OPT_GRO, 0));
    send_numbered(from, NULL, SOME, SOME, LEN);
    char room[OWN_ROOM];
    EXPECT(jf_recv(s, room, sizeof room, 0), LEN);
    EXPECT(jf_recv_from(s, room, sizeof room, JF_DONT_WAIT, NULL), LEN);
    expect_numbered(s, 0, SOME + 2, SOME - 2, LEN);
    /* And once more, by the other name of the option. */
    use_runs(s);
    others_are_refused(s);
    int off = 0;
    OK(jf_set_raw(s, IPPROTO_UDP, UDP_GRO, &off, sizeof off));
    send_numbered(from, NULL, 7, 1, LEN);
    EXPECT(jf_recv(s, room, sizeof room, 0), LEN);
    OK(jf_close(s));
    OK(jf_close(from));
}

static void errors_are_still_told(void) {
    jf_socket nobody = receiver(), s;
    jf_addr gone = to;
    char room[LEN];
    OK(jf_close(nobody));
    s = receiver();
    use_runs(s);
    OK(jf_set(s, JF_OPT_RECV_ERRORS, 1));
    EXPECT(jf_send_to(s, "hello", 5, 0, &gone), 5);
    jf_msg m = roomy();
    EXPECT(jf_recv_many(s, for_runs(1), RUN, 0), JF_E_CONN_REFUSED);
    EXPECT(jf_recv_msg(s, &m, JF_ERROR_QUEUE), 5);
    CHECK((m.present & JF_HAS_ERROR) && m.error == JF_E_CONN_REFUSED);
    EXPECT(jf_recv(s, room, sizeof room, JF_ERROR_QUEUE), JF_E_WOULD_BLOCK);
    others_are_refused(s);
    OK(jf_close(s));
}

/* Who has turned it on himself may receive as he likes; but an array has to be large enough. */
static void turned_on_by_its_user(int raw) {
    jf_socket s = receiver(), from = sender();
    int on = 1;
    /* Also when it has received otherwise before. */
    send_numbered(from, NULL, 0, 1, LEN);
    expect_numbered(s, 0, 0, 1, LEN);
    if (raw) OK(jf_set_raw(s, IPPROTO_UDP, UDP_GRO, &on, sizeof on));
    else OK(jf_set(s, JF_OPT_GRO, 1));
    send_numbered(from, NULL, 0, SOME, LEN);
    EXPECT(jf_recv_many(s, for_each(OWN_ROOMS, OWN_ROOM), OWN_ROOMS, 0), JF_E_INVALID);
    expect_numbered(s, 1, 0, SOME, LEN);
    send_numbered(from, NULL, 0, SOME, LEN);
    jf_msg m = roomy();
    EXPECT(jf_recv_msg(s, &m, 0), SOME * LEN);
    CHECK((m.present & JF_HAS_SEGMENT_SIZE) && m.segment_size == LEN);
    OK(jf_close(s));
    OK(jf_close(from));
}

static void other_handles(void) {
    jf_socket s = receiver(), from = sender(), before = OK(jf_dup(s)), after;
    EXPECT(jf_recv_many(before, for_each(2, OWN_ROOM), 2, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
    use_runs(s);
    after = OK(jf_dup(s));
    send_numbered(from, NULL, 0, SOME, LEN);
    others_are_refused(after);
    expect_numbered(after, 1, 0, SOME, LEN);
    OK(jf_close(after));
    /* One made before takes many for one, but loses none, and still tells where they end. */
    send_numbered(from, NULL, 0, 3, LEN);
    send_numbered(from, NULL, 3, 3, 2 * LEN);
    jf_datagram *d = for_each(2, OWN_ROOM);
    EXPECT(jf_recv_many(before, d, 2, 0), 2);
    CHECK(d[0].data == own_rooms[0] && d[1].data == own_rooms[1]);
    CHECK(number_of(&d[0]) == 0 && d[0].len == 3 * LEN && number_of(&d[1]) == 3 && d[1].len == 6 * LEN);
    OK(jf_close(before));
    /* Given away it is an ordinary socket, which runs nothing together. */
    s = OK(jf_from_fd(OK(jf_into_fd(s))));
    send_numbered(from, NULL, 0, SOME, LEN);
    char room[OWN_ROOM];
    EXPECT(jf_recv(s, room, sizeof room, 0), LEN);
    expect_numbered(s, 0, 1, SOME - 1, LEN);
    use_runs(s);
    /* In a child it goes on as it is. */
    send_numbered(from, NULL, 0, SOME, LEN);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        others_are_refused(s);
        expect_numbered(s, 1, 0, SOME, LEN);
        _exit(0);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    EXPECT(jf_recv_many(s, for_runs(1), RUN, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
    others_are_refused(s);
    OK(jf_close(s));
    OK(jf_close(from));
}

/* A sender that is none of ours has the kernel take apart what it sends. */
static int foreign(void) {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } a;
    memset(&a, 0, sizeof a);
    if (family == JF_INET) {
        a.v4.sin_family = AF_INET;
        a.v4.sin_port = htons(to.port);
        memcpy(&a.v4.sin_addr, to.data, 4);
    } else {
        a.v6.sin6_family = AF_INET6;
        a.v6.sin6_port = htons(to.port);
        memcpy(&a.v6.sin6_addr, to.data, 16);
    }
    int fd = socket(a.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    CHECK(fd >= 0 && connect(fd, &a.any, family == JF_INET ? sizeof a.v4 : sizeof a.v6) == 0);
    return fd;
}

static void whoever_sends(void) {
    static unsigned char bytes[65507];
    static const struct { size_t len; int size, count, last; } SENT[] = {
        {128, 1, 128, 1}, {65472, 512, 128, 448}, {65472, 1400, 47, 1072}, {1000, 999, 2, 1}, {65507, 0, 1, 65507}};
    jf_socket s = receiver();
    int fd = foreign();
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (unsigned char)(i * 7 + (i >> 8));
    use_runs(s);
    for (size_t i = 0; i < sizeof SENT / sizeof *SENT; i++) {
        int size = SENT[i].size == 0 ? SENT[i].last : SENT[i].size;
        CHECK(setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &SENT[i].size, sizeof SENT[i].size) == 0);
        CHECK(send(fd, bytes, SENT[i].len, 0) == (ssize_t)SENT[i].len);
        jf_datagram *d = for_runs(1);
        EXPECT(jf_recv_many(s, d, RUN, 0), SENT[i].count);
        for (int at = 0; at < SENT[i].count; at++) {
            int len = at + 1 < SENT[i].count ? size : SENT[i].last;
            CHECK(d[at].len == (size_t)len && d[at].result == len);
            CHECK(memcmp(d[at].data, bytes + at * size, (size_t)len) == 0);
            CHECK(d[at].data == run_rooms[0] + at * size && d[at].present == JF_HAS_ADDR);
        }
    }
    /* Two messages in one call. */
    for (int i = 0; i < 2; i++) CHECK(send(fd, bytes, 128, 0) == 128);
    int one = 1;
    CHECK(setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &one, sizeof one) == 0);
    jf_datagram *d = for_runs(2);
    EXPECT(jf_recv_many(s, d, 2 * RUN, 0), 2);
    CHECK(d[1].data == run_rooms[1]);
    for (int i = 0; i < 3; i++) CHECK(send(fd, bytes, 128, 0) == 128);
    EXPECT(jf_recv_many(s, d, 2 * RUN - 1, 0), RUN);
    EXPECT(jf_recv_many(s, d, 2 * RUN, 0), 2 * RUN);
    CHECK(d[RUN].data == run_rooms[1] && d[2 * RUN - 1].data == run_rooms[1] + RUN - 1);
    CHECK(d[0].room == run_rooms[0] && d[1].room == run_rooms[1] && d[1].room_len == JF_COALESCED_ROOM && !d[2].room);
    CHECK(close(fd) == 0);
    OK(jf_close(s));
}

/* What is told beside a datagram is told of each that was run together. */
static void everything_is_told_of_each(void) {
    jf_socket s = receiver(), from = sender();
    jf_addr own;
    OK(jf_local_addr(from, &own));
    OK(jf_set(s, JF_OPT_RECV_TOS, 1));
    OK(jf_set(s, JF_OPT_RECV_PACKET_INFO, 1));
    OK(jf_set(s, JF_OPT_TIMESTAMPS, 1));
    use_runs(s);
    jf_datagram out[SOME];
    for (int i = 0; i < SOME; i++) {
        out[i] = datagram("hello", 5, NULL);
        out[i].present = JF_HAS_TOS;
        out[i].tos = i < SOME / 2 ? 1 : 2;
    }
    EXPECT(jf_send_many(from, out, SOME, 0), SOME);
    for (int at = 0; at < SOME;) {
        jf_datagram *d = for_runs(1);
        for (int i = 0; i < RUN; i++) memset(&d[i].addr, 0xA5, sizeof d[i].addr);
        int64_t count = OK(jf_recv_many(s, d, RUN, 0));
        for (int i = 0; i < count; i++, at++) {
            CHECK(d[i].present == (JF_HAS_ADDR | JF_HAS_TOS | JF_HAS_PACKET_INFO | JF_HAS_TIME));
            CHECK(d[i].tos == (at < SOME / 2 ? 1 : 2) && d[i].interface_index == 1);
            CHECK(d[i].time > INT64_C(1000000000000000000) && d[i].reserved == 0);
            CHECK(d[i].local.family == to.family && memcmp(d[i].local.data, to.data, to.len) == 0);
            CHECK(jf_addr_equal(&d[i].addr, &own) == 1);
            /* Behind what may be of IP there is nothing, or what was there. */
            for (int byte = 16; byte < 112; byte++) CHECK(d[i].addr.data[byte] == 0xA5 || d[i].addr.data[byte] == 0);
        }
        /* Sent back as they came. */
        EXPECT(jf_send_many(s, d, (size_t)count, 0), count);
    }
    for (int i = 0; i < SOME; i++) {
        char room[8];
        EXPECT(jf_recv(from, room, sizeof room, JF_DONT_WAIT), 5);
        CHECK(memcmp(room, "hello", 5) == 0);
    }
    OK(jf_close(s));
    OK(jf_close(from));
}

/* Those of no length, and those that are cut. */
static void empty_and_long_ones(void) {
    static const size_t LENS[] = {0, 0, 5, 5, 0, 300, 300, 300, 4, 0};
    enum { COUNT = sizeof LENS / sizeof *LENS };
    static char bytes[300];
    jf_datagram out[COUNT], *d;
    jf_socket s = receiver(), from = sender();
    for (int runs = 0; runs < 2; runs++) {
        for (int i = 0; i < COUNT; i++) out[i] = datagram(LENS[i] == 0 ? NULL : bytes, LENS[i], NULL);
        EXPECT(jf_send_many(from, out, COUNT, 0), COUNT);
        for (size_t at = 0; at < COUNT;) {
            d = runs ? for_runs(1) : for_each(7, 100);
            uint32_t flags = at == 0 ? 0 : JF_TRUNC;
            int64_t count = OK(jf_recv_many(s, d, runs ? RUN : 7, flags));
            for (int64_t i = 0; i < count; i++, at++) {
                int is_cut = !runs && LENS[at] > 100;
                CHECK(d[i].len == (is_cut ? 100 : LENS[at]));
                EXPECT(d[i].result, is_cut && flags == 0 ? JF_E_TRUNCATED : (int64_t)LENS[at]);
            }
        }
        EXPECT(jf_recv_many(s, runs ? for_runs(1) : for_each(7, 100), runs ? RUN : 7, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
    }
    OK(jf_close(s));
    OK(jf_close(from));
}

int main(void) {
    for (family = JF_INET; family <= JF_INET6; family++) {
        nothing_is_lost_by_refusals();
        errors_are_still_told();
        turned_on_by_its_user(0);
        turned_on_by_its_user(1);
        other_handles();
        whoever_sends();
        everything_is_told_of_each();
        empty_and_long_ones();
    }
    return 0;
}
