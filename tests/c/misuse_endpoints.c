/* Texts that are no endpoints: no pointers, bytes of every value, and far too many of them. */
#include "misuse.h"

enum { MANY = 1 << 20 };

/* The text, which is wrong, and the position at which it is. */
static const char *wrong(const char *text, size_t position) {
    size_t at;
    const char *expected = NULL;
    fill(&at, sizeof at);
    EXPECT(jf_endpoint_check(text, &at, &expected), JF_E_ADDR_INVALID);
    expect_of("jf_endpoint_check: the position", (int64_t)strlen(text), (int64_t)at, (int64_t)position);
    CHECK(expected != NULL && strlen(expected) > 0 && strlen(expected) < 80);
    return expected;
}

static void nulls(void) {
    static const char *texts[] = {"tcp://127.0.0.1:80", "tcp://127.0.0.1", "", NULL};
    for (int i = 0; i < 4; i++) {
        int64_t want = i == 0 ? 0 : i == 3 ? JF_E_INVALID : JF_E_ADDR_INVALID;
        for (int have_at = 0; have_at < 2; have_at++)
            for (int have_expected = 0; have_expected < 2; have_expected++) {
                size_t at;
                const char *expected;
                fill(&at, sizeof at);
                fill(&expected, sizeof expected);
                EXPECT(jf_endpoint_check(texts[i], have_at ? &at : NULL, have_expected ? &expected : NULL), want);
                int written = want == JF_E_ADDR_INVALID;
                CHECK(written && have_at ? at == strlen(texts[i]) : untouched(&at, sizeof at));
                CHECK(written && have_expected ? strlen(expected) > 0 : untouched(&expected, sizeof expected));
            }
    }
}

/* Places that are none for what is written there. */
static void misaligned(void) {
    uint64_t room[4];
    fill(room, sizeof room);
    char *odd = (char *)room + 1;
    EXPECT(jf_endpoint_check("tcp://", (size_t *)(void *)odd, NULL), JF_E_INVALID);
    EXPECT(jf_endpoint_check("tcp://", NULL, (const char **)(void *)odd), JF_E_INVALID);
    EXPECT(jf_endpoint_check("tcp://h:1", (size_t *)(void *)odd, (const char **)(void *)odd), JF_E_INVALID);
    CHECK(untouched(room, sizeof room));
}

/* A megabyte of one byte after a start, which is wrong at some place. */
static void far_too_long(void) {
    static const struct {
        const char *start;
        char more;
        size_t position;
    } texts[] = {
        {"", 'x', 0},           {"", '\xff', 0},         {"tcp", ':', 4},         {"tcp://", 'a', 69},
        {"tcp://", '.', 6},     {"tcp://", '1', 6},      {"tcp://", '[', 7},      {"tcp://[", ':', 9},
        {"tcp://[", '1', 11},   {"tcp://[1:", '1', 13},  {"tcp://[::1%", '1', 11}, {"tcp://[::1%", 'a', 26},
        {"udp://:", '1', 7},    {"udp://:", 'a', 70},    {"udp://:", '+', 7},     {"udp://a.", '\x01', 8},
        {"unix://", '/', 115},  {"unix://@", '@', 115},  {"unix://", '%', 8},     {"unix://x", '\xc3', 8},
    };
    char *text = malloc(MANY + 1);
    CHECK(text != NULL);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        size_t len = strlen(texts[i].start);
        memcpy(text, texts[i].start, len);
        memset(text + len, texts[i].more, MANY - len);
        text[MANY] = 0;
        wrong(text, texts[i].position);
    }
    free(text);
}

static void not_utf8(void) {
    static const char *bytes[] = {"\x80", "\xff", "\xc3", "\xc0\x80", "\xe2\x82", "\xed\xa0\x80", "\xf4\x90\x80\x80"};
    static const char *starts[] = {"tcp://", "tcp://name", "tcp://\xc3\xa9.", "udp://h:",
                                   "unix://", "unix:///x", "unix://@\xe2\x82\xac", ""};
    const char *said = wrong("\xff", 0);
    for (size_t i = 0; i < sizeof bytes / sizeof bytes[0]; i++)
        for (size_t j = 0; j < sizeof starts / sizeof starts[0]; j++) {
            char text[64];
            snprintf(text, sizeof text, "%s%s", starts[j], bytes[i]);
            /* The strings stay where they are. */
            CHECK(wrong(text, strlen(starts[j])) == said);
            snprintf(text, sizeof text, "%s%s:80", starts[j], bytes[i]);
            CHECK(wrong(text, strlen(starts[j])) == said);
            /* What is wrong before is told. */
            snprintf(text, sizeof text, "xyz%s%s", starts[j], bytes[i]);
            CHECK(starts[j][0] == 0 || wrong(text, 0) != said);
        }
}

/* Bytes at random, after starts that are right. */
static void at_random(int count) {
    static const char *starts[] = {"", "tcp://", "udp://[", "tcp://h:", "tcp://1.2.", "udp://[::1%",
                                   "unix://", "unix://@"};
    uint64_t state = 1;
    for (int i = 0; i < count; i++) {
        char text[200];
        size_t at = 0, len = strlen(starts[i % 8]), more = random_number(&state) % 150;
        const char *expected = NULL;
        memcpy(text, starts[i % 8], len);
        for (size_t j = 0; j < more; j++) {
            uint64_t number = random_number(&state);
            text[len + j] = number & 1 ? "0123456789abcdef:.%[]@/-x "[(number >> 1) % 26] : (char)(number >> 8);
        }
        text[len + more] = 0;
        int64_t result = jf_endpoint_check(text, &at, &expected);
        if (result == 0) {
            CHECK(at == 0 && expected == NULL);
        } else {
            EXPECT(result, JF_E_ADDR_INVALID);
            /* At the beginning of a character, unless it is none. */
            CHECK(at <= strlen(text) && strlen(expected) > 0);
            CHECK(((unsigned char)text[at] & 0xC0) != 0x80 || strcmp(expected, "UTF-8") == 0);
        }
    }
}

int main(int argc, char **argv) {
    nulls();
    misaligned();
    wrong("", 0);
    far_too_long();
    not_utf8();
    at_random(is_slow(argc, argv) ? 5000 : 200000);
    return 0;
}
