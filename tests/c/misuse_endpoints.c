/* Invalid endpoints: NULL and misaligned pointers, bytes of every value, and very long texts. */
#include "misuse.h"

enum { LONG_LEN = 1 << 20 };

/* Checks that the text is invalid at this position. Returns the expected item. */
static const char *check_invalid(const char *text, size_t position) {
    size_t at;
    const char *expected = NULL;
    fill(&at, sizeof at);
    EXPECT(jf_endpoint_check(text, &at, &expected), JF_E_ADDR_INVALID);
    expect_of("jf_endpoint_check: the position", (int64_t)strlen(text), (int64_t)at, (int64_t)position);
    CHECK(expected != NULL && strlen(expected) > 0 && strlen(expected) < 80);
    return expected;
}

static void check_nulls(void) {
    static const char *texts[] = {"tcp://127.0.0.1:80", "tcp://127.0.0.1", "", NULL};
    for (int i = 0; i < 4; i++) {
        int64_t code = i == 0 ? 0 : i == 3 ? JF_E_INVALID : JF_E_ADDR_INVALID;
        for (int has_position = 0; has_position < 2; has_position++)
            for (int has_expected = 0; has_expected < 2; has_expected++) {
                size_t at;
                const char *expected;
                fill(&at, sizeof at);
                fill(&expected, sizeof expected);
                EXPECT(jf_endpoint_check(texts[i], has_position ? &at : NULL, has_expected ? &expected : NULL), code);
                int was_written = code == JF_E_ADDR_INVALID;
                CHECK(was_written && has_position ? at == strlen(texts[i]) : untouched(&at, sizeof at));
                CHECK(was_written && has_expected ? strlen(expected) > 0 : untouched(&expected, sizeof expected));
            }
    }
}

/* Misaligned output pointers. */
static void check_misaligned(void) {
    uint64_t buffer[4];
    fill(buffer, sizeof buffer);
    char *misaligned = (char *)buffer + 1;
    EXPECT(jf_endpoint_check("tcp://", (size_t *)(void *)misaligned, NULL), JF_E_INVALID);
    EXPECT(jf_endpoint_check("tcp://", NULL, (const char **)(void *)misaligned), JF_E_INVALID);
    EXPECT(jf_endpoint_check("tcp://h:1", (size_t *)(void *)misaligned, (const char **)(void *)misaligned),
           JF_E_INVALID);
    CHECK(untouched(buffer, sizeof buffer));
}

/* A start followed by a megabyte of one byte. The text is invalid at `position`. */
static void check_long_texts(void) {
    static const struct {
        const char *start;
        char filler;
        size_t position;
    } texts[] = {
        {"", 'x', 0},           {"", '\xff', 0},         {"tcp", ':', 4},         {"tcp://", 'a', 69},
        {"tcp://", '.', 6},     {"tcp://", '1', 6},      {"tcp://", '[', 7},      {"tcp://[", ':', 9},
        {"tcp://[", '1', 11},   {"tcp://[1:", '1', 13},  {"tcp://[::1%", '1', 11}, {"tcp://[::1%", 'a', 26},
        {"udp://:", '1', 7},    {"udp://:", 'a', 70},    {"udp://:", '+', 7},     {"udp://a.", '\x01', 8},
        {"unix://", '/', 115},  {"unix://@", '@', 115},  {"unix://", '%', 8},     {"unix://x", '\xc3', 8},
    };
    char *text = malloc(LONG_LEN + 1);
    CHECK(text != NULL);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        size_t len = strlen(texts[i].start);
        memcpy(text, texts[i].start, len);
        memset(text + len, texts[i].filler, LONG_LEN - len);
        text[LONG_LEN] = 0;
        check_invalid(text, texts[i].position);
    }
    free(text);
}

static void check_invalid_utf8(void) {
    static const char *bytes[] = {"\x80", "\xff", "\xc3", "\xc0\x80", "\xe2\x82", "\xed\xa0\x80", "\xf4\x90\x80\x80"};
    static const char *starts[] = {"tcp://", "tcp://name", "tcp://\xc3\xa9.", "udp://h:",
                                   "unix://", "unix:///x", "unix://@\xe2\x82\xac", ""};
    const char *utf8_message = check_invalid("\xff", 0);
    for (size_t i = 0; i < sizeof bytes / sizeof bytes[0]; i++)
        for (size_t j = 0; j < sizeof starts / sizeof starts[0]; j++) {
            char text[64];
            snprintf(text, sizeof text, "%s%s", starts[j], bytes[i]);
            /* The returned strings are static. */
            CHECK(check_invalid(text, strlen(starts[j])) == utf8_message);
            snprintf(text, sizeof text, "%s%s:80", starts[j], bytes[i]);
            CHECK(check_invalid(text, strlen(starts[j])) == utf8_message);
            /* The first error is reported. */
            snprintf(text, sizeof text, "xyz%s%s", starts[j], bytes[i]);
            CHECK(starts[j][0] == 0 || check_invalid(text, 0) != utf8_message);
        }
}

/* Random bytes after valid starts. */
static void check_random_texts(int count) {
    static const char *starts[] = {"", "tcp://", "udp://[", "tcp://h:", "tcp://1.2.", "udp://[::1%",
                                   "unix://", "unix://@"};
    uint64_t state = 1;
    for (int i = 0; i < count; i++) {
        char text[200];
        size_t at = 0, len = strlen(starts[i % 8]), filler_len = random_number(&state) % 150;
        const char *expected = NULL;
        memcpy(text, starts[i % 8], len);
        for (size_t j = 0; j < filler_len; j++) {
            uint64_t number = random_number(&state);
            text[len + j] = number & 1 ? "0123456789abcdef:.%[]@/-x "[(number >> 1) % 26] : (char)(number >> 8);
        }
        text[len + filler_len] = 0;
        int64_t result = jf_endpoint_check(text, &at, &expected);
        if (result == 0) {
            CHECK(at == 0 && expected == NULL);
        } else {
            EXPECT(result, JF_E_ADDR_INVALID);
            /* The position is the start of a character, or of invalid UTF-8. */
            CHECK(at <= strlen(text) && strlen(expected) > 0);
            CHECK(((unsigned char)text[at] & 0xC0) != 0x80 || strcmp(expected, "UTF-8") == 0);
        }
    }
}

int main(int argc, char **argv) {
    check_nulls();
    check_misaligned();
    check_invalid("", 0);
    check_long_texts();
    check_invalid_utf8();
    check_random_texts(is_slow(argc, argv) ? 5000 : 200000);
    return 0;
}
