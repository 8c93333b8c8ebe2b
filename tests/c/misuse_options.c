/* Options, values, texts and lengths that are none. */
#include "misuse.h"

#include <netinet/in.h>
#include <sys/socket.h>

static _Alignas(16) unsigned char room[256];

/* Memory that must not be looked at when a length is 0. */
static void *const nowhere = (void *)UINTPTR_MAX;
static const size_t absurd[] = {SIZE_MAX, SIZE_MAX - 1, (size_t)INT64_MAX + 1, INT64_MAX, (size_t)INT32_MAX + 1};

static void unknown(jf_socket s) {
    static const int32_t none[] = {0, 100, 101, 255, 256, 257, 999, 65536, 65537, 65559, -1, -2, -25, INT32_MIN,
                                   INT32_MIN + 1, INT32_MIN + 21, INT32_MAX};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        expect_of("jf_set", none[i], jf_set(s, none[i], 1), JF_E_INVALID);
        expect_of("jf_get", none[i], jf_get(s, none[i], (int64_t *)(void *)room), JF_E_INVALID);
        expect_of("jf_set_text", none[i], jf_set_text(s, none[i], "lo"), JF_E_INVALID);
        expect_of("jf_get_text", none[i], jf_get_text(s, none[i], (char *)room, sizeof room), JF_E_INVALID);
        expect_of("jf_supported", none[i], jf_supported(none[i]), JF_E_INVALID);
    }
    CHECK(untouched(room, sizeof room));
}

static void pointers(jf_socket s) {
    char *text = (char *)room;
    EXPECT(jf_get(s, JF_OPT_TYPE, NULL), JF_E_INVALID);
    EXPECT(jf_get(s, JF_OPT_TYPE, (int64_t *)(void *)(room + 1)), JF_E_INVALID);
    EXPECT(jf_set_text(s, JF_OPT_DEVICE, NULL), JF_E_INVALID);
    EXPECT(jf_get_text(s, JF_OPT_DEVICE, NULL, 1), JF_E_INVALID);
    EXPECT(jf_set_raw(s, SOL_SOCKET, SO_KEEPALIVE, NULL, 4), JF_E_INVALID);
    EXPECT(jf_get_raw(s, SOL_SOCKET, SO_KEEPALIVE, NULL, 4), JF_E_INVALID);
    for (size_t i = 0; i < sizeof absurd / sizeof absurd[0]; i++) {
        if (absurd[i] > INT64_MAX) EXPECT(jf_get_text(s, JF_OPT_DEVICE, text, absurd[i]), JF_E_INVALID);
        EXPECT(jf_set_raw(s, SOL_SOCKET, SO_KEEPALIVE, room, absurd[i]), JF_E_INVALID);
        EXPECT(jf_get_raw(s, SOL_SOCKET, SO_KEEPALIVE, room, absurd[i]), JF_E_INVALID);
        EXPECT(jf_set_raw(s, SOL_SOCKET, SO_KEEPALIVE, NULL, absurd[i]), JF_E_INVALID);
        EXPECT(jf_get_raw(s, SOL_SOCKET, SO_KEEPALIVE, NULL, absurd[i]), JF_E_INVALID);
    }
    EXPECT(jf_get_text(s, JF_OPT_DEVICE, nowhere, 0), 0);
    EXPECT(jf_set_raw(s, SOL_SOCKET, SO_KEEPALIVE, nowhere, 0), JF_E_INVALID);
    EXPECT(jf_get_raw(s, SOL_SOCKET, SO_KEEPALIVE, nowhere, 0), 0);
    /* A text may lie anywhere, and so may what is read raw. */
    EXPECT(jf_get_text(s, JF_OPT_DEVICE, text + 1, 1), 0);
    CHECK(room[1] == 0);
    room[1] = PATTERN;
    EXPECT(jf_get_raw(s, SOL_SOCKET, SO_KEEPALIVE, room + 1, 4), 4);
    fill(room + 1, 4);
    CHECK(untouched(room, sizeof room));
}

static void texts(jf_socket s) {
    static char endless[1 << 20];
    memset(endless, 'x', sizeof endless - 1);
    EXPECT(jf_set_text(s, JF_OPT_DEVICE, endless), JF_E_INVALID);
    EXPECT(jf_set_text(s, JF_OPT_DEVICE, "/"), JF_E_NOT_FOUND);
    EXPECT(jf_set_text(s, JF_OPT_DEVICE, "\xff\x01 %s%n"), JF_E_NOT_FOUND);
    EXPECT(jf_set_text(s, JF_OPT_KEEP_ALIVE, endless), JF_E_OPTION_UNSUPPORTED);
    EXPECT(jf_get_text(s, JF_OPT_KEEP_ALIVE, (char *)room, sizeof room), JF_E_OPTION_UNSUPPORTED);
    EXPECT(jf_set(s, JF_OPT_DEVICE, 0), JF_E_OPTION_UNSUPPORTED);
    EXPECT(jf_get(s, JF_OPT_DEVICE, (int64_t *)(void *)room), JF_E_OPTION_UNSUPPORTED);
    CHECK(untouched(room, sizeof room));
}

/* Any level and any name are read: the system says no or yes, never more than there is room for, and nothing breaks. */
static void any_level_and_name(jf_socket s) {
    static const int32_t levels[] = {0, 1, 6, 17, 41, 255, 263, 276, -1, INT32_MIN, INT32_MAX};
    uint64_t state = 3;
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++)
        for (int32_t name = -3; name < 100; name++) {
            int64_t length = jf_get_raw(s, levels[i], name, room, 64);
            CHECK(length <= 64 && length != JF_E_INTERNAL && untouched(room + 64, sizeof room - 64));
            fill(room, 64);
            int value = (int)random_number(&state);
            CHECK(jf_get_raw(s, levels[i], name, &value, random_number(&state) % 5) != JF_E_INTERNAL);
        }
    EXPECT(jf_set_raw(s, INT32_MAX, INT32_MIN, "four", 4), JF_E_OPTION_UNSUPPORTED);
    EXPECT(jf_set_raw(s, INT32_MIN, INT32_MAX, "four", 4), JF_E_OPTION_UNSUPPORTED);
    EXPECT(jf_set_raw(s, -1, -1, "four", 4), JF_E_OPTION_UNSUPPORTED);
}

/* A value beyond 32 bits must not pass for what is left of it. */
static void no_switch(void) {
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
    fill(room, sizeof room);
    unknown(0);
    for (int option = 1000; option < 100000; option += 7) EXPECT(jf_set(0, option, 1), JF_E_INVALID);
    for (int kind = 0; kind < KINDS; kind++) {
        jf_socket s[2];
        connected((enum kind)kind, s);
        unknown(s[0]);
        pointers(s[0]);
        texts(s[0]);
        any_level_and_name(s[0]);
        /* It goes on as if nothing had been. */
        EXPECT(jf_send(s[0], "x", 1, 0), 1);
        EXPECT(jf_recv(s[1], room, sizeof room, 0), 1);
        room[0] = PATTERN;
        close_both(s);
    }
    no_switch();
    return 0;
}
