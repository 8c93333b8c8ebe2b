/* Reads NUL-terminated texts, and prints a line about each: as an endpoint, a tab, as an address.
 * tests/text_formats.rs compares the lines. */
#include "check.h"

int main(void) {
    char *text = NULL;
    size_t capacity = 0;
    while (getdelim(&text, &capacity, 0, stdin) > 0) {
        size_t at;
        const char *expected;
        jf_addr a;
        char again[JF_ADDR_TEXT];

        int64_t result = jf_endpoint_check(text, &at, &expected);
        if (result == JF_E_ADDR_INVALID)
            printf("^%zu expected %s\t", at, expected);
        else
            printf("%s\t", result == 0 ? "=" : jf_error_name(result));

        result = jf_addr_parse(text, &a);
        if (result == 0) result = jf_addr_format(&a, again, sizeof again);
        printf("%s\n", result < 0 ? jf_error_name(result) : again);
    }
    CHECK(feof(stdin) && fflush(stdout) == 0);
    free(text);
    return 0;
}
