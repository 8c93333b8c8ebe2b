/* Messages with invalid members, arrays and handles. A refused message is not written to. */
#include "messages.h"
#include "misuse.h"

#include <sys/mman.h>

static jf_socket s[2];
static unsigned char buffer[64];
static jf_buf buf = {buffer, sizeof buffer};
static jf_passed stdin_passed = {0, JF_PASSED_DESCRIPTOR, 0};

/* Both directions refuse the message, and leave it unchanged. */
static void check_both_refuse(jf_msg *m, const char *member, int64_t argument) {
    jf_msg before = *m;
    expect_of(member, argument, jf_send_msg(s[0], m, 0), JF_E_INVALID);
    expect_of(member, argument, jf_recv_msg(s[1], m, 0), JF_E_INVALID);
    CHECK(memcmp(&before, m, sizeof before) == 0 && untouched(buffer, sizeof buffer));
}

static void check_pointers(void) {
    EXPECT(jf_send_msg(s[0], NULL, 0), JF_E_INVALID);
    EXPECT(jf_recv_msg(s[0], NULL, 0), JF_E_INVALID);
    static _Alignas(8) unsigned char memory[sizeof(jf_msg) + 8];
    for (int offset = 1; offset < 8; offset++) {
        fill(memory, sizeof memory);
        jf_msg *m = (jf_msg *)(void *)(memory + offset);
        EXPECT(jf_send_msg(s[0], m, 0), JF_E_INVALID);
        EXPECT(jf_recv_msg(s[0], m, 0), JF_E_INVALID);
        CHECK(untouched(memory, sizeof memory));
    }
}

/* The struct ends at the end of a mapping, so reading beyond it would crash. */
static void check_end_of_mapping(void) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    unsigned char *memory = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(memory != MAP_FAILED && munmap(memory + page, page) == 0);
    jf_msg *m = (jf_msg *)(void *)(memory + page - sizeof *m);
    *m = message(&buf, 1);
    buf.len = 1;
    /* A message to send may be in read-only memory. */
    CHECK(mprotect(memory, page, PROT_READ) == 0);
    EXPECT(jf_send_msg(s[0], m, 0), 1);
    CHECK(mprotect(memory, page, PROT_READ | PROT_WRITE) == 0);
    EXPECT(jf_recv_msg(s[1], m, 0), 1);
    buf.len = sizeof buffer;
    fill(buffer, sizeof buffer);
    CHECK(munmap(memory, page) == 0);
}

static void check_sizes(void) {
    static const uint32_t SIZES[] = {0, 1, 4, 8, 16, 128, sizeof(jf_msg) - 8, sizeof(jf_msg) - 1, sizeof(jf_msg) + 4097,
                                     65536, INT32_MAX, (uint32_t)INT32_MAX + 1, UINT32_MAX - 8, UINT32_MAX};
    jf_msg m = message(&buf, 1);
    for (size_t i = 0; i < sizeof SIZES / sizeof *SIZES; i++) {
        m.size = SIZES[i];
        check_both_refuse(&m, "size", SIZES[i]);
    }
    /* A struct of a later version: accepted if the unknown members are zero. */
    static struct { jf_msg m; unsigned char extra[4096]; } later;
    static const uint32_t EXTRA_SIZES[] = {1, 7, 8, 64, 4095, 4096};
    for (size_t i = 0; i < sizeof EXTRA_SIZES / sizeof *EXTRA_SIZES; i++) {
        later.m = message(&buf, 1);
        later.m.size += EXTRA_SIZES[i];
        EXPECT(jf_send_msg(s[0], &later.m, 0), (int64_t)sizeof buffer);
        EXPECT(jf_recv_msg(s[1], &later.m, 0), (int64_t)sizeof buffer);
        later.m.present = 0;
        for (uint32_t at = 0; at < EXTRA_SIZES[i]; at += EXTRA_SIZES[i] > 64 ? 585 : 1) {
            later.extra[at] = 1;
            expect_of("later members", at, jf_send_msg(s[0], &later.m, 0), JF_E_INVALID);
            expect_of("later members", at, jf_recv_msg(s[1], &later.m, 0), JF_E_INVALID);
            later.extra[at] = 0;
        }
        later.extra[EXTRA_SIZES[i] - 1] = 1;
        EXPECT(jf_send_msg(s[0], &later.m, 0), JF_E_INVALID);
        EXPECT(jf_recv_msg(s[1], &later.m, 0), JF_E_INVALID);
        later.extra[EXTRA_SIZES[i] - 1] = 0;
        /* Memory after the struct is not read. */
        if (EXTRA_SIZES[i] < 4096) later.extra[EXTRA_SIZES[i]] = 1;
        EXPECT(jf_send_msg(s[0], &later.m, 0), (int64_t)sizeof buffer);
        EXPECT(jf_recv_msg(s[1], &later.m, 0), (int64_t)sizeof buffer);
        if (EXTRA_SIZES[i] < 4096) later.extra[EXTRA_SIZES[i]] = 0;
    }
}

static void check_reserved(void) {
    static const uint32_t VALUES[] = {1, 2, 0x80000000, UINT32_MAX};
    for (int i = 0; i < 4; i++) {
        jf_msg m = message(&buf, 1);
        m.reserved = VALUES[i];
        check_both_refuse(&m, "reserved", VALUES[i]);
        jf_passed p = stdin_passed;
        p.reserved = VALUES[i];
        EXPECT(pass_descriptors(s[0], &p, 1), JF_E_INVALID);
    }
}

static void check_present_bits(void) {
    for (int bit = 0; bit < 32; bit++) {
        jf_msg m = message(&buf, 1), before;
        m.present = (uint32_t)1 << bit;
        before = m;
        if (bit >= 6) expect_of("present", bit, jf_send_msg(s[0], &m, 0), bit < 13 ? JF_E_UNSUPPORTED : JF_E_INVALID);
        CHECK(memcmp(&m, &before, sizeof m) == 0);
        /* Together with valid bits. An unknown bit is reported first. */
        m.present |= JF_HAS_CREDENTIALS;
        if (bit >= 6) expect_of("present", bit, jf_send_msg(s[0], &m, 0), bit < 13 ? JF_E_UNSUPPORTED : JF_E_INVALID);
        m.present |= JF_HAS_TIME | 0x80000000;
        expect_of("present", bit, jf_send_msg(s[0], &m, 0), JF_E_INVALID);
    }
}

static void check_buffers(void) {
    static const size_t COUNTS[] = {JF_VEC_MAX + 1, 65536,   INT64_MAX, (size_t)INT64_MAX + 1,
                                    SIZE_MAX / 16,  SIZE_MAX};
    jf_msg m;
    for (size_t i = 0; i < sizeof COUNTS / sizeof *COUNTS; i++) {
        m = message(&buf, COUNTS[i]);
        check_both_refuse(&m, "buf_count", (int64_t)COUNTS[i]);
        m = message(NULL, COUNTS[i]);
        check_both_refuse(&m, "buf_count of none", (int64_t)COUNTS[i]);
    }
    m = message(NULL, 1);
    check_both_refuse(&m, "no bufs", 1);
    for (uintptr_t offset = 1; offset < 8; offset++) {
        m = message((jf_buf *)((uintptr_t)&buf + offset), 1);
        check_both_refuse(&m, "misaligned bufs", (int64_t)offset);
    }
    jf_buf invalid[][2] = {{{NULL, 1}, {buffer, 1}}, {{buffer, 1}, {NULL, 5}}, {{buffer, SIZE_MAX}, {NULL, 0}},
                           {{buffer, (size_t)INT64_MAX + 1}, {NULL, 0}}, {{buffer, INT64_MAX}, {buffer, 1}},
                           {{buffer, SIZE_MAX}, {buffer, 1}}};
    for (size_t i = 0; i < sizeof invalid / sizeof *invalid; i++) {
        m = message(invalid[i], 2);
        check_both_refuse(&m, "a bad buffer", (int64_t)i);
    }
}

static void check_passed(void) {
    static const size_t COUNTS[] = {JF_PASSED_MAX + 1, 1000, INT64_MAX, (size_t)INT64_MAX + 1, SIZE_MAX};
    for (size_t i = 0; i < sizeof COUNTS / sizeof *COUNTS; i++) {
        expect_of("passed_count", (int64_t)COUNTS[i], pass_descriptors(s[0], &stdin_passed, COUNTS[i]), JF_E_INVALID);
        expect_of("passed_count of none", (int64_t)COUNTS[i], pass_descriptors(s[0], NULL, COUNTS[i]), JF_E_INVALID);
    }
    EXPECT(pass_descriptors(s[0], NULL, 1), JF_E_INVALID);
    for (uintptr_t offset = 1; offset < 8; offset++) {
        jf_passed *misaligned = (jf_passed *)((uintptr_t)&stdin_passed + offset);
        EXPECT(pass_descriptors(s[0], misaligned, 1), JF_E_INVALID);
        jf_msg m = message(&buf, 1), before;
        m.passed = misaligned;
        m.passed_room = 1;
        before = m;
        EXPECT(jf_recv_msg(s[1], &m, 0), JF_E_INVALID);
        m.passed = NULL;
        EXPECT(jf_recv_msg(s[1], &m, 0), JF_E_INVALID);
        m.passed_room = SIZE_MAX;
        EXPECT(jf_recv_msg(s[1], &m, 0), JF_E_INVALID);
        /* A valid pointer with an impossible capacity. */
        m.passed = &stdin_passed;
        EXPECT(jf_recv_msg(s[1], &m, 0), JF_E_INVALID);
        m.passed_room = SIZE_MAX / sizeof *m.passed;
        EXPECT(jf_recv_msg(s[1], &m, 0), JF_E_INVALID);
        m.passed = before.passed;
        m.passed_room = 1;
        CHECK(memcmp(&m, &before, sizeof m) == 0);
    }
    static const uint32_t INVALID_KINDS[] = {0, 3, 4, 255, 256, 257, 65537, 0x80000001, UINT32_MAX};
    for (size_t i = 0; i < sizeof INVALID_KINDS / sizeof *INVALID_KINDS; i++) {
        jf_passed p = {0, INVALID_KINDS[i], 0};
        expect_of("kind", p.kind, pass_descriptors(s[0], &p, 1), JF_E_INVALID);
        p.value = s[0];
        expect_of("kind", p.kind, pass_descriptors(s[0], &p, 1), JF_E_INVALID);
    }
    int closed = dup(0);
    CHECK(closed > 0 && close(closed) == 0);
    record_handles(open_udp, jf_close);
    jf_socket stale = given_out(OK(open_udp()));
    OK(jf_close(stale));
    int64_t descriptors[] = {-1, -2, -100, closed, 1000000, INT32_MAX, (int64_t)INT32_MAX + 1, (int64_t)1 << 32,
                             INT64_MAX, INT64_MIN, INT64_MIN + 1, INT32_MIN, s[0]};
    int64_t handles[] = {
        0, 1, -1, 3, stale, stale + ((int64_t)1 << SLOT_BITS), (int64_t)1 << 53, INT64_MAX, INT64_MIN, JF_E_CLOSED,
    };
    for (size_t i = 0; i < sizeof descriptors / sizeof *descriptors; i++) {
        /* An invalid descriptor among valid ones. */
        jf_passed p[3] = {stdin_passed, {descriptors[i], JF_PASSED_DESCRIPTOR, 0}, socket_to_pass(s[0])};
        expect_of("a descriptor", descriptors[i], pass_descriptors(s[0], p, 3), JF_E_BAD_HANDLE);
        expect_of("a descriptor", descriptors[i], pass_descriptors(s[0], p + 1, 1), JF_E_BAD_HANDLE);
    }
    for (size_t i = 0; i < sizeof handles / sizeof *handles; i++) {
        jf_passed p[3] = {socket_to_pass(s[1]), {handles[i], JF_PASSED_SOCKET, 0}, stdin_passed};
        int64_t error = handle_error(handles[i], SOCKET_HANDLE);
        expect_of("a handle", handles[i], pass_descriptors(s[0], p, 3), error);
        expect_of("a handle", handles[i], pass_descriptors(s[0], p + 1, 1), error);
    }
    /* The refused calls no longer use the sockets. */
    s[0] = OK(jf_from_fd(OK(jf_into_fd(s[0]))));
    s[1] = OK(jf_from_fd(OK(jf_into_fd(s[1]))));
}

static void check_other(void) {
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
    static const size_t CAPACITIES[] = {1, 16, INT64_MAX};
    for (int i = 0; i < 3; i++) {
        m.other_room = CAPACITIES[i];
        before = m;
        expect_of("other_room of none", (int64_t)CAPACITIES[i], jf_recv_msg(s[1], &m, 0), JF_E_INVALID);
        CHECK(memcmp(&m, &before, sizeof m) == 0);
    }
    m.other = memory;
    m.other_room = (size_t)INT64_MAX + 1;
    EXPECT(jf_recv_msg(s[1], &m, 0), JF_E_INVALID);
    m.other_room = SIZE_MAX;
    EXPECT(jf_recv_msg(s[1], &m, 0), JF_E_INVALID);
    /* Malformed control messages: too short, or with lengths beyond the end. */
    static const size_t WRONG_LENS[] = {0,    1,     8,         15,           17 + sizeof(struct cmsghdr), 2048,
                                        4096, 65536, INT64_MAX, SIZE_MAX - 7, SIZE_MAX};
    m = message(&buf, 1);
    m.other = memory;
    m.other_len = CMSG_LEN(4);
    for (size_t i = 0; i < sizeof WRONG_LENS / sizeof *WRONG_LENS; i++) {
        struct cmsghdr *header = (struct cmsghdr *)(void *)memory;
        header->cmsg_len = WRONG_LENS[i];
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        if (WRONG_LENS[i] > CMSG_SPACE(4) || WRONG_LENS[i] < sizeof *header)
            expect_of("cmsg_len", (int64_t)WRONG_LENS[i], jf_send_msg(s[0], &m, 0), JF_E_INVALID);
    }
    /* A truncated control message: bytes after the end are not read, not even as zeros. */
    struct cmsghdr *first_header = (struct cmsghdr *)(void *)memory;
    int fd = 0;
    first_header->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(first_header), &fd, sizeof fd);
    for (m.other_len = 1; m.other_len < CMSG_LEN(sizeof fd); m.other_len++)
        expect_of("a truncated control message", (int64_t)m.other_len, jf_send_msg(s[0], &m, 0), JF_E_INVALID);
    /* Random bytes are refused or ignored by the kernel. */
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
        CHECK(result == (int64_t)sizeof buffer || result == JF_E_INVALID || result == JF_E_BAD_HANDLE ||
              result == JF_E_PERMISSION);
        while (jf_recv(s[1], &byte, 1, JF_DONT_WAIT | JF_TRUNC) > 0) continue;
    }
    fill(buffer, sizeof buffer);
}

static void check_flags(void) {
    static const uint32_t SEND = JF_DONT_WAIT | JF_MORE | JF_OUT_OF_BAND | JF_CONFIRM;
    static const uint32_t RECV =
        JF_DONT_WAIT | JF_PEEK | JF_WAIT_ALL | JF_TRUNC | JF_OUT_OF_BAND | JF_ERROR_QUEUE | JF_PLAIN_DESCRIPTORS;
    jf_msg m = message(&buf, 1);
    m.passed = &stdin_passed;
    for (int bit = 0; bit < 32; bit++) {
        uint32_t flag = (uint32_t)1 << bit;
        for (int has_descriptor = 0; has_descriptor < 2; has_descriptor++) {
            m.passed_count = has_descriptor;
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
    /* JF_PLAIN_DESCRIPTORS is valid for jf_recv_msg only. */
    EXPECT(jf_recv(s[1], buffer, 1, JF_PLAIN_DESCRIPTORS), JF_E_INVALID);
    EXPECT(jf_recv_from(s[1], buffer, 1, JF_PLAIN_DESCRIPTORS, NULL), JF_E_INVALID);
    EXPECT(jf_recv_vec(s[1], &buf, 1, JF_PLAIN_DESCRIPTORS), JF_E_INVALID);
    /* A UNIX socket has no error queue. */
    EXPECT(jf_recv_msg(s[1], &m, JF_ERROR_QUEUE), JF_E_UNSUPPORTED);
    CHECK(untouched(buffer, sizeof buffer));
}

static void check_handles(void) {
    jf_socket stale = given_out(OK(open_udp()));
    OK(jf_close(stale));
    int64_t invalid[] = {0, -1, 1, stale, (int64_t)1 << 53, INT64_MIN, INT64_MAX};
    jf_msg m = message(&buf, 1);
    for (size_t i = 0; i < sizeof invalid / sizeof *invalid; i++) {
        int64_t error = handle_error(invalid[i], SOCKET_HANDLE);
        expect_of("jf_send_msg", invalid[i], jf_send_msg(invalid[i], &m, 0), error);
        expect_of("jf_recv_msg", invalid[i], jf_recv_msg(invalid[i], &m, 0), error);
        expect_of("jf_send_msg", invalid[i], pass_descriptors(invalid[i], &stdin_passed, 1), error);
    }
}

int main(void) {
    static const int TYPES[] = {JF_SEQPACKET, JF_DGRAM, JF_STREAM};
    for (int i = 0; i < 3; i++) {
        OK(jf_pair(JF_UNIX, TYPES[i], s));
        fill(buffer, sizeof buffer);
        int before = count_descriptors();
        check_pointers();
        check_end_of_mapping();
        check_sizes();
        check_reserved();
        check_present_bits();
        check_buffers();
        check_passed();
        check_other();
        check_flags();
        check_handles();
        /* Nothing was sent, and no descriptor is leaked. */
        EXPECT(jf_recv(s[1], buffer, 1, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
        CHECK(count_descriptors() == before);
        close_both(s);
    }
    return 0;
}
