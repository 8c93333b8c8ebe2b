/* Serves every endpoint given as an argument, and prints for each its local address or the error. */
#include "serving.h"

int main(int argc, char **argv) {
    char text[400];
    alarm(60);
    for (int i = 1; i < argc; i++) {
        jf_addr at;
        int before = open_descriptor_count();
        int64_t s = jf_serve(argv[i], -1);
        /* An abandoned lookup may still have a descriptor open. */
        CHECK(s == JF_E_TIMED_OUT || open_descriptor_count() == before + (s >= 0));
        if (s >= 0) {
            OK(jf_local_addr(s, &at));
            OK(jf_addr_format(&at, text, sizeof text));
        }
        puts(s >= 0 ? text : jf_error_name(s));
    }
    return 0;
}
