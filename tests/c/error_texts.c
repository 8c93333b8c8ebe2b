/* Names, texts and numbers of errors. The text of a system error without a JF_E_ code is that of strerror. */
#include "check.h"

#include <errno.h>
#include <locale.h>

static void named_errors(void) {
    CHECK(strcmp(jf_error_text(JF_E_TIMED_OUT), "operation timed out") == 0);
    CHECK(strcmp(jf_error_text(JF_E_CONN_RESET), "connection reset by peer") == 0);
    CHECK(strcmp(jf_error_text(JF_E_INVALID), "invalid argument") == 0);
    for (int64_t code = JF_E_INVALID; code >= JF_E_NAME_NO_ADDRESS; code--) {
        const char *text = jf_error_text(code);
        CHECK(text[0] >= 'a' && text[0] <= 'z' && text[strlen(text) - 1] != '.');
        for (int64_t other = JF_E_INVALID; other > code; other--) CHECK(strcmp(text, jf_error_text(other)) != 0);
    }
}

static void system_errors(void) {
    static const int numbers[] = {EIO, ENODEV, ENOSPC, ELOOP, ESPIPE, EXDEV, EROFS, ESTALE, E2BIG, EOVERFLOW};
    /* A locale of the environment must not change the texts. strerror is called in the C locale. */
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        int64_t code = JF_E_OS - numbers[i];
        const char *text = jf_error_text(code);
        CHECK(strcmp(text, strerror(numbers[i])) == 0);
        CHECK(strcmp(jf_error_name(code), "JF_E_OS") == 0 && jf_error_os(code) == numbers[i]);
        setlocale(LC_ALL, "");
        CHECK(jf_error_text(code) == text);
        setlocale(LC_ALL, "C");
        CHECK(strcmp(text, strerror(numbers[i])) == 0);
    }
    /* The text stays valid after others were read. */
    const char *first = jf_error_text(JF_E_OS - EIO);
    char copy[64];
    snprintf(copy, sizeof copy, "%s", first);
    for (int number = 1; number < 4096; number++) CHECK(jf_error_text(JF_E_OS - number)[0] != 0);
    CHECK(strcmp(first, copy) == 0);
}

static void unknown_errors(void) {
    /* Linux does not use these numbers. */
    CHECK(strcmp(jf_error_text(JF_E_OS - 4000), "unknown error") == 0);
    CHECK(strcmp(jf_error_text(JF_E_OS - 65535), "unknown error") == 0);
    /* No call returns these. */
    static const int64_t codes[] = {JF_E_NAME_NO_ADDRESS - 1, JF_E_OS, JF_E_OS - 65536, INT64_MIN};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        CHECK(strcmp(jf_error_name(codes[i]), "JF_E_UNKNOWN") == 0 && jf_error_os(codes[i]) == 0);
        CHECK(strcmp(jf_error_text(codes[i]), jf_error_text(codes[0])) == 0);
        CHECK(strcmp(jf_error_text(codes[i]), "unknown error") != 0);
    }
    CHECK(strcmp(jf_error_text(0), jf_error_text(INT64_MAX)) == 0);
}

int main(void) {
    named_errors();
    system_errors();
    unknown_errors();
    return 0;
}
