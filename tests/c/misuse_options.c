/* Invalid options, values, texts and lengths. */
#include "misuse.h"

#include <netinet/in.h>
#include <sys/socket.h>

static _Alignas(16) unsigned char buffer[256];

/* A pointer that must not be accessed if the length is 0. */
static void *const unmapped = (void *)UINTPTR_MAX;
static const size_t huge_lens[] = {SIZE_MAX, SIZE_MAX - 1, (size_t)INT64_MAX + 1, INT64_MAX, (size_t)INT32_MAX + 1};

static void check_unknown_options(jf_socket s) {
    static const int32_t invalid[] = {0, 100, 101, 255, 256, 257, 999, 65536, 65537, 65559, -1, -2, -25, INT32_MIN,
                                      INT32_MIN + 1, INT32_MIN + 21, INT32_MAX};
    for (size_t i = 0; i < sizeof invalid / sizeof invalid[0]; i++) {
        expect_of("jf_set", invalid[i], jf_set(s, invalid[i], 1), JF_E_INVALID);
        expect_of("jf_get", invalid[i], jf_get(s, invalid[i], (int64_t *)(void *)buffer), JF_E_INVALID);
        expect_of("jf_set_text", invalid[i], jf_set_text(s, invalid[i], "lo"), JF_E_INVALID);
        expect_of("jf_get_text", invalid[i], jf_get_text(s, invalid[i], (char *)buffer, sizeof buffer), JF_E_INVALID);
        expect_of("jf_supported", invalid[i], jf_supported(invalid[i]), JF_E_INVALID);
    }
    CHECK(untouched(buffer, sizeof buffer));
}

static void check_pointers(jf_socket s) {
    char *text = (char *)buffer;
    EXPECT(jf_get(s, JF_OPT_TYPE, NULL), JF_E_INVALID);
    EXPECT(jf_get(s, JF_OPT_TYPE, (int64_t *)(void *)(buffer + 1)), JF_E_INVALID);
    EXPECT(jf_set_text(s, JF_OPT_DEVICE, NULL), JF_E_INVALID);
    EXPECT(jf_get_text(s, JF_OPT_DEVICE, NULL, 1), JF_E_INVALID);
    EXPECT(jf_set_raw(s, SOL_SOCKET, SO_KEEPALIVE, NULL, 4), JF_E_INVALID);
    EXPECT(jf_get_raw(s, SOL_SOCKET, SO_KEEPALIVE, NULL, 4), JF_E_INVALID);
    for (size_t i = 0; i < sizeof huge_lens / sizeof huge_lens[0]; i++) {
        if (huge_lens[i] > INT64_MAX) EXPECT(jf_get_text(s, JF_OPT_DEVICE, text, huge_lens[i]), JF_E_INVALID);
        EXPECT(jf_set_raw(s, SOL_SOCKET, SO_KEEPALIVE, buffer, huge_lens[i]), JF_E_INVALID);
        EXPECT(jf_get_raw(s, SOL_SOCKET, SO_KEEPALIVE, buffer, huge_lens[i]), JF_E_INVALID);
        EXPECT(jf_set_raw(s, SOL_SOCKET, SO_KEEPALIVE, NULL, huge_lens[i]), JF_E_INVALID);
        EXPECT(jf_get_raw(s, SOL_SOCKET, SO_KEEPALIVE, NULL, huge_lens[i]), JF_E_INVALID);
    }
    EXPECT(jf_get_text(s, JF_OPT_DEVICE, unmapped, 0), 0);
    EXPECT(jf_set_raw(s, SOL_SOCKET, SO_KEEPALIVE, unmapped, 0), JF_E_INVALID);
    EXPECT(jf_get_raw(s, SOL_SOCKET, SO_KEEPALIVE, unmapped, 0), 0);
    /* Text and raw buffers need not be aligned. */
    EXPECT(jf_get_text(s, JF_OPT_DEVICE, text + 1, 1), 0);
    CHECK(buffer[1] == 0);
    buffer[1] = PATTERN;
    EXPECT(jf_get_raw(s, SOL_SOCKET, SO_KEEPALIVE, buffer + 1, 4), 4);
    fill(buffer + 1, 4);
    CHECK(untouched(buffer, sizeof buffer));
}

static void check_texts(jf_socket s) {
    static char too_long[1 << 20];
    memset(too_long, 'x', sizeof too_long - 1);
    EXPECT(jf_set_text(s, JF_OPT_DEVICE, too_long), JF_E_INVALID);
    EXPECT(jf_set_text(s, JF_OPT_DEVICE, "/"), JF_E_NOT_FOUND);
    EXPECT(jf_set_text(s, JF_OPT_DEVICE, "\xff\x01 %s%n"), JF_E_NOT_FOUND);
    EXPECT(jf_set_text(s, JF_OPT_KEEP_ALIVE, too_long), JF_E_OPTION_UNSUPPORTED);
    EXPECT(jf_get_text(s, JF_OPT_KEEP_ALIVE, (char *)buffer, sizeof buffer), JF_E_OPTION_UNSUPPORTED);
    EXPECT(jf_set(s, JF_OPT_DEVICE, 0), JF_E_OPTION_UNSUPPORTED);
    EXPECT(jf_get(s, JF_OPT_DEVICE, (int64_t *)(void *)buffer), JF_E_OPTION_UNSUPPORTED);
    CHECK(untouched(buffer, sizeof buffer));
}

/* Any level and name can be read: the kernel accepts or refuses it, and no more than the capacity is written. */
static void check_any_level_and_name(jf_socket s) {
    static const int32_t levels[] = {0, 1, 6, 17, 41, 255, 263, 276, -1, INT32_MIN, INT32_MAX};
    uint64_t state = 3;
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++)
        for (int32_t name = -3; name < 100; name++) {
            int64_t length = jf_get_raw(s, levels[i], name, buffer, 64);
            CHECK(length <= 64 && length != JF_E_INTERNAL && untouched(buffer + 64, sizeof buffer - 64));
            fill(buffer, 64);
            int value = (int)random_number(&state);
            CHECK(jf_get_raw(s, levels[i], name, &value, random_number(&state) % 5) != JF_E_INTERNAL);
        }
    EXPECT(jf_set_raw(s, INT32_MAX, INT32_MIN, "four", 4), JF_E_OPTION_UNSUPPORTED);
    EXPECT(jf_set_raw(s, INT32_MIN, INT32_MAX, "four", 4), JF_E_OPTION_UNSUPPORTED);
    EXPECT(jf_set_raw(s, -1, -1, "four", 4), JF_E_OPTION_UNSUPPORTED);
}

/* A value beyond 32 bits must not be truncated to a valid one. */
static void check_switch_values(void) {
    static const int64_t values[] = {-1, 2, 3, 256, INT32_MAX, INT32_MIN, (int64_t)1 << 32, ((int64_t)1 << 32) + 1,
                                     INT64_MAX, INT64_MIN, INT64_MIN + 1};
    static const int switches[] = {JF_OPT_INTERRUPTIBLE, JF_OPT_REUSE_ADDR,  JF_OPT_REUSE_PORT, JF_OPT_ONLY_V6,
                                   JF_OPT_NO_DELAY,      JF_OPT_KEEP_ALIVE,  JF_OPT_BROADCAST,  JF_OPT_OOB_INLINE,
                                   JF_OPT_DONT_FRAGMENT, JF_OPT_TIMESTAMPS,  JF_OPT_FREEBIND,   JF_OPT_QUICK_ACK};
    jf_socket s = OK(jf_open(JF_INET6, JF_STREAM, 0));
    for (size_t i = 0; i < sizeof switches / sizeof switches[0]; i++) {
        int64_t before, after;
        OK(jf_get(s, switches[i], &before));
        for (size_t j = 0; j < sizeof values / sizeof values[0]; j++)
            expect_of("jf_set", values[j], jf_set(s, switches[i], values[j]), JF_E_INVALID);
        OK(jf_get(s, switches[i], &after));
        CHECK(before == after);
    }
    OK(jf_close(s));
}

int main(void) {
    fill(buffer, sizeof buffer);
    check_unknown_options(0);
    for (int option = 1000; option < 100000; option += 7) EXPECT(jf_set(0, option, 1), JF_E_INVALID);
    for (int kind = 0; kind < KINDS; kind++) {
        jf_socket s[2];
        connected((enum kind)kind, s);
        check_unknown_options(s[0]);
        check_pointers(s[0]);
        check_texts(s[0]);
        check_any_level_and_name(s[0]);
        /* The socket is unaffected. */
        EXPECT(jf_send(s[0], "x", 1, 0), 1);
        EXPECT(jf_recv(s[1], buffer, sizeof buffer, 0), 1);
        buffer[0] = PATTERN;
        close_both(s);
    }
    check_switch_values();
    return 0;
}
