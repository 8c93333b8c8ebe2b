/* Descriptors for which there is no room, or that nobody asked for, are closed, and it is told. */
#include "messages.h"

#include <sys/resource.h>

static int slow, kind;

/* The same descriptor so many times. */
static jf_passed *copies(size_t count) {
    static jf_passed p[512];
    CHECK(count <= 512);
    for (size_t i = 0; i < count; i++) p[i] = descriptor_to_pass(0);
    return p;
}

static void close_all(const jf_msg *m) {
    for (size_t i = 0; i < m->passed_count; i++) {
        if (m->passed[i].kind == JF_PASSED_SOCKET)
            OK(jf_close(m->passed[i].value));
        else
            CHECK(m->passed[i].kind == JF_PASSED_DESCRIPTOR && close((int)m->passed[i].value) == 0);
    }
}

/* Sends some and receives them into a room for fewer. */
static void some_into(jf_socket s[2], size_t sent, size_t room) {
    EXPECT(pass(s[0], copies(sent), sent), 1);
    jf_msg m = roomy();
    m.passed_room = room;
    if (room == 0) m.passed = NULL;
    memset(message_passed, 0xA5, sizeof message_passed);
    EXPECT(jf_recv_msg(s[1], &m, 0), 1);
    size_t came = sent < room ? sent : room;
    CHECK(m.passed_count == came && m.truncated == (came < sent ? JF_CUT_CONTROL : 0));
    CHECK((uint64_t)message_passed[came].value == UINT64_C(0xA5A5A5A5A5A5A5A5));
    close_all(&m);
}

static void counts(jf_socket s[2]) {
    static const size_t COUNTS[] = {1, 2, 3, 100, JF_PASSED_MAX - 1, JF_PASSED_MAX};
    int before = descriptors_open();
    for (int i = 0; i < 6; i++) {
        some_into(s, COUNTS[i], COUNTS[i]);
        some_into(s, COUNTS[i], COUNTS[i] - 1);
        some_into(s, COUNTS[i], COUNTS[i] + 1);
        some_into(s, COUNTS[i], 0);
    }
    CHECK(descriptors_open() == before);
    EXPECT(pass(s[0], copies(JF_PASSED_MAX + 1), JF_PASSED_MAX + 1), JF_E_INVALID);
    EXPECT(pass(s[0], copies(512), 512), JF_E_INVALID);
    EXPECT(pass(s[0], copies(1), SIZE_MAX), JF_E_INVALID);
    jf_msg m = roomy();
    EXPECT(jf_recv_msg(s[1], &m, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
    /* As many sockets. */
    static jf_passed sockets[JF_PASSED_MAX];
    for (int i = 0; i < JF_PASSED_MAX; i++) sockets[i] = socket_to_pass(s[i % 2]);
    EXPECT(pass(s[0], sockets, JF_PASSED_MAX), 1);
    EXPECT(jf_recv_msg(s[1], &m, 0), 1);
    CHECK(m.passed_count == JF_PASSED_MAX && m.truncated == 0);
    for (int i = 0; i < JF_PASSED_MAX; i++) CHECK(m.passed[i].kind == JF_PASSED_SOCKET);
    close_all(&m);
    CHECK(descriptors_open() == before);
}

/* Many times too many. */
static void again_and_again(jf_socket s[2]) {
    int before = descriptors_open();
    jf_passed p[64];
    for (int i = 0; i < 64; i++) p[i] = i % 8 ? descriptor_to_pass(0) : socket_to_pass(s[i % 2]);
    for (int round = 0; round < (slow ? 50 : 1000); round++) {
        EXPECT(pass(s[0], p, 64), 1);
        jf_msg m = roomy();
        m.passed_room = 10;
        EXPECT(jf_recv_msg(s[1], &m, 0), 1);
        CHECK(m.passed_count == 10 && m.truncated == JF_CUT_CONTROL);
        close_all(&m);
        CHECK(round % 100 || descriptors_open() == before);
    }
    CHECK(descriptors_open() == before);
}

/* Who doesn't ask for descriptors gets none. */
static void nobody_asked(jf_socket s[2]) {
    char room[8];
    jf_addr from;
    jf_buf in = {room, sizeof room};
    int before = descriptors_open();
    for (int how = 0; how < 6; how++) {
        EXPECT(pass(s[0], copies(JF_PASSED_MAX), JF_PASSED_MAX), 1);
        switch (how) {
        case 0: EXPECT(jf_recv(s[1], room, 8, 0), 1); break;
        case 1: EXPECT(jf_recv_from(s[1], room, 8, 0, &from), 1); break;
        case 2: EXPECT(jf_recv_vec(s[1], &in, 1, 0), 1); break;
        case 3: EXPECT(jf_recv(s[1], room, 8, JF_PEEK), 1); EXPECT(jf_recv_from(s[1], room, 8, 0, NULL), 1); break;
        case 4:
            if (kind_type((enum kind)kind) == JF_STREAM)
                EXPECT(jf_recv_exact(s[1], room, 1, NULL), 0);
            else
                EXPECT(jf_recv(s[1], room, 0, 0), JF_E_TRUNCATED);
            break;
        default: /* Nobody receives it. */
            jf_close(s[1]);
            jf_close(s[0]);
            connected((enum kind)kind, s);
        }
        CHECK(descriptors_open() == before);
    }
}

/* The data is cut, but the descriptors are not. */
static void cut_data(jf_socket s[2]) {
    if (kind_type((enum kind)kind) == JF_STREAM) return;
    int before = descriptors_open();
    for (int room = 0; room < 2; room++) {
        jf_msg m = message(NULL, 0);
        m.passed = copies(2);
        m.passed_count = 2;
        EXPECT(send_with(s[0], "hello", &m, 0), 5);
        jf_buf in = {message_room, 3};
        m = roomy();
        m.bufs = &in;
        m.passed_room = room ? 2 : 1;
        EXPECT(jf_recv_msg(s[1], &m, 0), JF_E_TRUNCATED);
        CHECK(m.truncated == (uint32_t)(room ? JF_CUT_DATA : JF_CUT_DATA | JF_CUT_CONTROL));
        CHECK(m.passed_count == (room ? 2 : 1));
        close_all(&m);
    }
    /* With no data at all. */
    jf_msg m = message(NULL, 0);
    m.passed = copies(2);
    m.passed_count = 2;
    EXPECT(jf_send_msg(s[0], &m, 0), 0);
    m = roomy();
    EXPECT(jf_recv_msg(s[1], &m, 0), 0);
    CHECK(m.passed_count == 2 && m.truncated == 0);
    close_all(&m);
    CHECK(descriptors_open() == before);
}

/* The process may have no more descriptors: those that do not fit are lost, and the data comes all the same. */
static void at_the_limit(jf_socket s[2]) {
    struct rlimit limit, old;
    int before = descriptors_open(), highest = dup(0);
    CHECK(close(highest) == 0 && getrlimit(RLIMIT_NOFILE, &old) == 0);
    for (int left = 0; left < 4; left++) {
        for (int as_sockets = 0; as_sockets < 2; as_sockets++) {
            jf_passed p[3];
            for (int i = 0; i < 3; i++) p[i] = as_sockets ? socket_to_pass(s[0]) : descriptor_to_pass(0);
            EXPECT(pass(s[0], p, 3), 1);
            limit = old;
            limit.rlim_cur = (rlim_t)(highest + left);
            CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
            jf_msg m = roomy();
            int64_t result = jf_recv_msg(s[1], &m, 0);
            CHECK(setrlimit(RLIMIT_NOFILE, &old) == 0);
            EXPECT(result, 1);
            CHECK(m.passed_count == (size_t)(left < 3 ? left : 3));
            CHECK(m.truncated == (left < 3 ? JF_CUT_CONTROL : 0));
            close_all(&m);
            CHECK(descriptors_open() == before);
        }
    }
    /* Sending needs none. */
    limit = old;
    limit.rlim_cur = (rlim_t)highest;
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    jf_passed p[2] = {descriptor_to_pass(0), socket_to_pass(s[1])};
    EXPECT(pass(s[0], p, 2), 1);
    CHECK(setrlimit(RLIMIT_NOFILE, &old) == 0);
    jf_msg m = roomy();
    EXPECT(jf_recv_msg(s[1], &m, 0), 1);
    CHECK(m.passed_count == 2);
    close_all(&m);
    CHECK(descriptors_open() == before);
}

/* A descriptor for the sender's process takes a place as well. */
static void a_process_at_the_limit(jf_socket s[2]) {
    struct rlimit limit, old;
    int before = descriptors_open(), highest = dup(0);
    CHECK(close(highest) == 0 && getrlimit(RLIMIT_NOFILE, &old) == 0);
    OK(jf_set(s[1], JF_OPT_PASS_PIDFD, 1));
    OK(jf_send(s[0], "x", 1, 0));
    limit = old;
    limit.rlim_cur = (rlim_t)highest;
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    jf_msg m = roomy();
    int64_t result = jf_recv_msg(s[1], &m, 0);
    CHECK(setrlimit(RLIMIT_NOFILE, &old) == 0);
    EXPECT(result, 1);
    CHECK(!(m.present & JF_HAS_PROCESS) && m.truncated == JF_CUT_CONTROL);
    CHECK(descriptors_open() == before);
    /* Who does not look at it does not keep it. */
    char byte;
    OK(jf_send(s[0], "x", 1, 0));
    EXPECT(jf_recv(s[1], &byte, 1, 0), 1);
    CHECK(descriptors_open() == before);
    OK(jf_send(s[0], "x", 1, 0));
    m = received(s[1], "x");
    CHECK(m.present & JF_HAS_PROCESS && closes_on_exec(m.process));
    CHECK(close((int)m.process) == 0);
    CHECK(descriptors_open() == before);
}

int main(int argc, char **argv) {
    slow = is_slow(argc, argv);
    for (kind = UNIX_STREAM; kind < KINDS; kind++) {
        jf_socket s[2];
        connected((enum kind)kind, s);
        counts(s);
        again_and_again(s);
        nobody_asked(s);
        cut_data(s);
        /* Valgrind has a limit of its own. */
        if (!slow) at_the_limit(s);
        if (!slow) a_process_at_the_limit(s);
        close_both(s);
    }
    return 0;
}
