/* Messages whose struct, arrays and handles are wrong in every way. What is refused writes nothing. */
#include "messages.h"
#include "misuse.h"

#include <sys/mman.h>

static jf_socket s[2];
static unsigned char room[64];
static jf_buf buf = {room, sizeof room};
static jf_passed stdin_passed = {0, JF_PASSED_DESCRIPTOR, 0};

/* Neither direction takes it, and neither writes to it. */
static void both_refuse(jf_msg *m, const char *what, int64_t argument) {
    jf_msg before = *m;
    expect_of(what, argument, jf_send_msg(s[0], m, 0), JF_E_INVALID);
    expect_of(what, argument, jf_recv_msg(s[1], m, 0), JF_E_INVALID);
    CHECK(memcmp(&before, m, sizeof before) == 0 && untouched(room, sizeof room));
}

static void pointers(void) {
    EXPECT(jf_send_msg(s[0], NULL, 0), JF_E_INVALID);
    EXPECT(jf_recv_msg(s[0], NULL, 0), JF_E_INVALID);
    static _Alignas(8) unsigned char memory[sizeof(jf_msg) + 8];
    for (int off = 1; off < 8; off++) {
        fill(memory, sizeof memory);
        jf_msg *m = (jf_msg *)(void *)(memory + off);
        EXPECT(jf_send_msg(s[0], m, 0), JF_E_INVALID);
        EXPECT(jf_recv_msg(s[0], m, 0), JF_E_INVALID);
        CHECK(untouched(memory, sizeof memory));
    }
}

/* At the very end of the memory that there is: what lies behind the struct is not looked at. */
static void at_the_end_of_memory(void) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    unsigned char *memory = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(memory != MAP_FAILED && munmap(memory + page, page) == 0);
    jf_msg *m = (jf_msg *)(void *)(memory + page - sizeof *m);
    *m = message(&buf, 1);
    buf.len = 1;
    /* What is sent may be in memory that can't be written to. */
    CHECK(mprotect(memory, page, PROT_READ) == 0);
    EXPECT(jf_send_msg(s[0], m, 0), 1);
    CHECK(mprotect(memory, page, PROT_READ | PROT_WRITE) == 0);
    EXPECT(jf_recv_msg(s[1], m, 0), 1);
    buf.len = sizeof room;
    fill(room, sizeof room);
    CHECK(munmap(memory, page) == 0);
}

static void sizes(void) {
    static const uint32_t SIZES[] = {0, 1, 4, 8, 16, 128, sizeof(jf_msg) - 8, sizeof(jf_msg) - 1, sizeof(jf_msg) + 4097,
                                     65536, INT32_MAX, (uint32_t)INT32_MAX + 1, UINT32_MAX - 8, UINT32_MAX};
    jf_msg m = message(&buf, 1);
    for (size_t i = 0; i < sizeof SIZES / sizeof *SIZES; i++) {
        m.size = SIZES[i];
        both_refuse(&m, "size", SIZES[i]);
    }
    /* One of a later version, whose members ask for nothing, or for something. */
    static struct { jf_msg m; unsigned char more[4096]; } later;
    static const uint32_t MORE[] = {1, 7, 8, 64, 4095, 4096};
    for (size_t i = 0; i < sizeof MORE / sizeof *MORE; i++) {
        later.m = message(&buf, 1);
        later.m.size += MORE[i];
        EXPECT(jf_send_msg(s[0], &later.m, 0), (int64_t)sizeof room);
        EXPECT(jf_recv_msg(s[1], &later.m, 0), (int64_t)sizeof room);
        later.m.present = 0;
        for (uint32_t at = 0; at < MORE[i]; at += MORE[i] > 64 ? 585 : 1) {
            later.more[at] = 1;
            expect_of("later members", at, jf_send_msg(s[0], &later.m, 0), JF_E_INVALID);
            expect_of("later members", at, jf_recv_msg(s[1], &later.m, 0), JF_E_INVALID);
            later.more[at] = 0;
        }
        later.more[MORE[i] - 1] = 1;
        EXPECT(jf_send_msg(s[0], &later.m, 0), JF_E_INVALID);
        EXPECT(jf_recv_msg(s[1], &later.m, 0), JF_E_INVALID);
        later.more[MORE[i] - 1] = 0;
        /* What lies behind is nobody's business. */
        if (MORE[i] < 4096) later.more[MORE[i]] = 1;
        EXPECT(jf_send_msg(s[0], &later.m, 0), (int64_t)sizeof room);
        EXPECT(jf_recv_msg(s[1], &later.m, 0), (int64_t)sizeof room);
        if (MORE[i] < 4096) later.more[MORE[i]] = 0;
    }
}

static void reserved(void) {
    static const uint32_t VALUES[] = {1, 2, 0x80000000, UINT32_MAX};
    for (int i = 0; i < 4; i++) {
        jf_msg m = message(&buf, 1);
        m.reserved = VALUES[i];
        both_refuse(&m, "reserved", VALUES[i]);
        jf_passed p = stdin_passed;
        p.reserved = VALUES[i];
        EXPECT(pass(s[0], &p, 1), JF_E_INVALID);
    }
}

static void bits(void) {
    for (int bit = 0; bit < 32; bit++) {
        jf_msg m = message(&buf, 1), before;
        m.present = (uint32_t)1 << bit;
        before = m;
        if (bit >= 6) expect_of("present", bit, jf_send_msg(s[0], &m, 0), bit < 13 ? JF_E_UNSUPPORTED : JF_E_INVALID);
        CHECK(memcmp(&m, &before, sizeof m) == 0);
        /* Together with what is good; and an unknown one comes first. */
        m.present |= JF_HAS_CREDENTIALS;
        if (bit >= 6) expect_of("present", bit, jf_send_msg(s[0], &m, 0), bit < 13 ? JF_E_UNSUPPORTED : JF_E_INVALID);
        m.present |= JF_HAS_TIME | 0x80000000;
        expect_of("present", bit, jf_send_msg(s[0], &m, 0), JF_E_INVALID);
    }
}

static void buffers(void) {
    static const size_t COUNTS[] = {JF_VEC_MAX + 1, 65536,   INT64_MAX, (size_t)INT64_MAX + 1,
                                    SIZE_MAX / 16,  SIZE_MAX};
    jf_msg m;
    for (size_t i = 0; i < sizeof COUNTS / sizeof *COUNTS; i++) {
        m = message(&buf, COUNTS[i]);
        both_refuse(&m, "buf_count", (int64_t)COUNTS[i]);
        m = message(NULL, COUNTS[i]);
        both_refuse(&m, "buf_count of none", (int64_t)COUNTS[i]);
    }
    m = message(NULL, 1);
    both_refuse(&m, "no bufs", 1);
    for (uintptr_t off = 1; off < 8; off++) {
        m = message((jf_buf *)((uintptr_t)&buf + off), 1);
        both_refuse(&m, "misaligned bufs", (int64_t)off);
    }
    jf_buf bad[][2] = {{{NULL, 1}, {room, 1}}, {{room, 1}, {NULL, 5}}, {{room, SIZE_MAX}, {NULL, 0}},
                       {{room, (size_t)INT64_MAX + 1}, {NULL, 0}}, {{room, INT64_MAX}, {room, 1}},
                       {{room, SIZE_MAX}, {room, 1}}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        m = message(bad[i], 2);
        both_refuse(&m, "a bad buffer", (int64_t)i);
    }
}

static void what_is_passed(void) {
    static const size_t COUNTS[] = {JF_PASSED_MAX + 1, 1000, INT64_MAX, (size_t)INT64_MAX + 1, SIZE_MAX};
    for (size_t i = 0; i < sizeof COUNTS / sizeof *COUNTS; i++) {
        expect_of("passed_count", (int64_t)COUNTS[i], pass(s[0], &stdin_passed, COUNTS[i]), JF_E_INVALID);
        expect_of("passed_count of none", (int64_t)COUNTS[i], pass(s[0], NULL, COUNTS[i]), JF_E_INVALID);
    }
    EXPECT(pass(s[0], NULL, 1), JF_E_INVALID);
    for (uintptr_t off = 1; off < 8; off++) {
        jf_passed *at = (jf_passed *)((uintptr_t)&stdin_passed + off);
        EXPECT(pass(s[0], at, 1), JF_E_INVALID);
        jf_msg m = message(&buf, 1), before;
        m.passed = at;
        m.passed_room = 1;
        before = m;
        EXPECT(jf_recv_msg(s[1], &m, 0), JF_E_INVALID);
        m.passed = NULL;
        EXPECT(jf_recv_msg(s[1], &m, 0), JF_E_INVALID);
        m.passed_room = SIZE_MAX;
        EXPECT(jf_recv_msg(s[1], &m, 0), JF_E_INVALID);
        /* With a place, but more of it than there is memory. */
        m.passed = &stdin_passed;
        EXPECT(jf_recv_msg(s[1], &m, 0), JF_E_INVALID);
        m.passed_room = SIZE_MAX / sizeof *m.passed;
        EXPECT(jf_recv_msg(s[1], &m, 0), JF_E_INVALID);
        m.passed = before.passed;
        m.passed_room = 1;
        CHECK(memcmp(&m, &before, sizeof m) == 0);
    }
    static const uint32_t KINDS_OF_NONE[] = {0, 3, 4, 255, 256, 257, 65537, 0x80000001, UINT32_MAX};
    for (size_t i = 0; i < sizeof KINDS_OF_NONE / sizeof *KINDS_OF_NONE; i++) {
        jf_passed p = {0, KINDS_OF_NONE[i], 0};
        expect_of("kind", p.kind, pass(s[0], &p, 1), JF_E_INVALID);
        p.value = s[0];
        expect_of("kind", p.kind, pass(s[0], &p, 1), JF_E_INVALID);
    }
    int closed = dup(0);
    CHECK(closed > 0 && close(closed) == 0);
    jf_socket stale = OK(jf_open(JF_INET, JF_DGRAM, 0));
    OK(jf_close(stale));
    int64_t descriptors[] = {-1, -2, -100, closed, 1000000, INT32_MAX, (int64_t)INT32_MAX + 1, (int64_t)1 << 32,
                             INT64_MAX, INT64_MIN, INT64_MIN + 1, INT32_MIN, s[0]};
    int64_t handles[] = {0, 1, -1, 3, stale, stale + 1, (int64_t)1 << 53, INT64_MAX, INT64_MIN, JF_E_CLOSED};
    for (size_t i = 0; i < sizeof descriptors / sizeof *descriptors; i++) {
        /* One that is wrong among those that are right. */
        jf_passed p[3] = {stdin_passed, {descriptors[i], JF_PASSED_DESCRIPTOR, 0}, socket_to_pass(s[0])};
        expect_of("a descriptor", descriptors[i], pass(s[0], p, 3), JF_E_BAD_HANDLE);
        expect_of("a descriptor", descriptors[i], pass(s[0], p + 1, 1), JF_E_BAD_HANDLE);
    }
    for (size_t i = 0; i < sizeof handles / sizeof *handles; i++) {
        jf_passed p[3] = {socket_to_pass(s[1]), {handles[i], JF_PASSED_SOCKET, 0}, stdin_passed};
        expect_of("a handle", handles[i], pass(s[0], p, 3), JF_E_BAD_HANDLE);
        expect_of("a handle", handles[i], pass(s[0], p + 1, 1), JF_E_BAD_HANDLE);
    }
    /* Nobody has them in use afterwards. */
    s[0] = OK(jf_from_fd(OK(jf_into_fd(s[0]))));
    s[1] = OK(jf_from_fd(OK(jf_into_fd(s[1]))));
}

static void other(void) {
    static _Alignas(8) unsigned char memory[4096];
    static const size_t LENS[] = {2049, 4096, INT64_MAX, (size_t)INT64_MAX + 1, SIZE_MAX};
    jf_msg m = message(&buf, 1), before;
    for (size_t i = 0; i < sizeof LENS / sizeof *LENS; i++) {
        m.other = memory;
        m.other_len = LENS[i];
        expect_of("other_len", (int64_t)LENS[i], jf_send_msg(s[0], &m, 0), JF_E_INVALID);
        m.other = NULL;
        expect_of("other_len of none", (int64_t)LENS[i], jf_send_msg(s[0], &m, 0), JF_E_INVALID);
    }
    m.other_len = 1;
    EXPECT(jf_send_msg(s[0], &m, 0), JF_E_INVALID);
    m.other_len = 0;
    static const size_t ROOMS[] = {1, 16, INT64_MAX};
    for (int i = 0; i < 3; i++) {
        m.other_room = ROOMS[i];
        before = m;
        expect_of("other_room of none", (int64_t)ROOMS[i], jf_recv_msg(s[1], &m, 0), JF_E_INVALID);
        CHECK(memcmp(&m, &before, sizeof m) == 0);
    }
    m.other = memory;
    m.other_room = (size_t)INT64_MAX + 1;
    EXPECT(jf_recv_msg(s[1], &m, 0), JF_E_INVALID);
    m.other_room = SIZE_MAX;
    EXPECT(jf_recv_msg(s[1], &m, 0), JF_E_INVALID);
    /* Packed control data that is none: too short, with lengths that lead out of it. */
    static const size_t LIES[] = {0,    1,     8,         15,           17 + sizeof(struct cmsghdr), 2048,
                                  4096, 65536, INT64_MAX, SIZE_MAX - 7, SIZE_MAX};
    m = message(&buf, 1);
    m.other = memory;
    m.other_len = CMSG_LEN(4);
    for (size_t i = 0; i < sizeof LIES / sizeof *LIES; i++) {
        struct cmsghdr *header = (struct cmsghdr *)(void *)memory;
        header->cmsg_len = LIES[i];
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        if (LIES[i] > CMSG_SPACE(4) || LIES[i] < sizeof *header)
            expect_of("a lie", (int64_t)LIES[i], jf_send_msg(s[0], &m, 0), JF_E_INVALID);
    }
    /* A piece that is cut: no byte behind it counts, not even a zero. */
    struct cmsghdr *whole = (struct cmsghdr *)(void *)memory;
    int fd = 0;
    whole->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(whole), &fd, sizeof fd);
    for (m.other_len = 1; m.other_len < CMSG_LEN(sizeof fd); m.other_len++)
        expect_of("a part", (int64_t)m.other_len, jf_send_msg(s[0], &m, 0), JF_E_INVALID);
    /* As noise, it is refused or passed over by the system; nothing worse. */
    uint64_t state = 7;
    char byte;
    for (int round = 0; round < 2000; round++) {
        for (int i = 0; i < 64; i += 8) {
            uint64_t number = random_number(&state);
            memcpy(memory + i, &number, 8);
        }
        if (round % 2) *(size_t *)(void *)memory = 16 + round % 40;
        memory[12] = 0;
        m.other_len = random_number(&state) % 65;
        int64_t result = jf_send_msg(s[0], &m, JF_DONT_WAIT);
        CHECK(result == (int64_t)sizeof room || result == JF_E_INVALID || result == JF_E_BAD_HANDLE ||
              result == JF_E_PERMISSION);
        while (jf_recv(s[1], &byte, 1, JF_DONT_WAIT | JF_TRUNC) > 0) continue;
    }
    fill(room, sizeof room);
}

static void flags(void) {
    static const uint32_t SEND = JF_DONT_WAIT | JF_MORE | JF_OUT_OF_BAND | JF_CONFIRM;
    static const uint32_t RECV =
        JF_DONT_WAIT | JF_PEEK | JF_WAIT_ALL | JF_TRUNC | JF_OUT_OF_BAND | JF_ERROR_QUEUE | JF_PLAIN_DESCRIPTORS;
    jf_msg m = message(&buf, 1);
    m.passed = &stdin_passed;
    for (int bit = 0; bit < 32; bit++) {
        uint32_t flag = (uint32_t)1 << bit;
        for (int with = 0; with < 2; with++) {
            m.passed_count = with;
            if (!(flag & SEND)) {
                expect_of("jf_send_msg, flag", flag, jf_send_msg(s[0], &m, flag), JF_E_INVALID);
                expect_of("jf_send_msg, flag", flag, jf_send_msg(s[0], &m, flag | SEND), JF_E_INVALID);
            }
        }
        m.passed_count = 0;
        if (!(flag & RECV)) {
            expect_of("jf_recv_msg, flag", flag, jf_recv_msg(s[1], &m, flag), JF_E_INVALID);
            expect_of("jf_recv_msg, flag", flag, jf_recv_msg(s[1], &m, flag | RECV), JF_E_INVALID);
        }
    }
    EXPECT(jf_send_msg(s[0], &m, UINT32_MAX), JF_E_INVALID);
    EXPECT(jf_recv_msg(s[1], &m, UINT32_MAX), JF_E_INVALID);
    /* One that is for this call alone. */
    EXPECT(jf_recv(s[1], room, 1, JF_PLAIN_DESCRIPTORS), JF_E_INVALID);
    EXPECT(jf_recv_from(s[1], room, 1, JF_PLAIN_DESCRIPTORS, NULL), JF_E_INVALID);
    EXPECT(jf_recv_vec(s[1], &buf, 1, JF_PLAIN_DESCRIPTORS), JF_E_INVALID);
    /* A UNIX socket has no queue of errors. */
    EXPECT(jf_recv_msg(s[1], &m, JF_ERROR_QUEUE), JF_E_UNSUPPORTED);
    CHECK(untouched(room, sizeof room));
}

static void handles(void) {
    jf_socket stale = OK(jf_open(JF_INET, JF_DGRAM, 0));
    OK(jf_close(stale));
    int64_t none[] = {0, -1, 1, stale, (int64_t)1 << 53, INT64_MIN, INT64_MAX};
    jf_msg m = message(&buf, 1);
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        expect_of("jf_send_msg", none[i], jf_send_msg(none[i], &m, 0), JF_E_BAD_HANDLE);
        expect_of("jf_recv_msg", none[i], jf_recv_msg(none[i], &m, 0), JF_E_BAD_HANDLE);
        expect_of("jf_send_msg", none[i], pass(none[i], &stdin_passed, 1), JF_E_BAD_HANDLE);
    }
}

int main(void) {
    static const int TYPES[] = {JF_SEQPACKET, JF_DGRAM, JF_STREAM};
    for (int i = 0; i < 3; i++) {
        OK(jf_pair(JF_UNIX, TYPES[i], s));
        fill(room, sizeof room);
        int before = descriptors_open();
        pointers();
        at_the_end_of_memory();
        sizes();
        reserved();
        bits();
        buffers();
        what_is_passed();
        other();
        flags();
        handles();
        /* Nothing was sent by all this, and nothing is lost. */
        EXPECT(jf_recv(s[1], room, 1, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
        CHECK(descriptors_open() == before);
        close_both(s);
    }
    return 0;
}
