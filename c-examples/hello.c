/* Says hello to a server and prints the answer: hello tcp://example.org:7000 or hello unix:///tmp/x */
#include <jackfield.h>
#include <stdio.h>
#include <stdlib.h>

static int64_t ok(int64_t result) {
    if (result >= 0) return result;
    fprintf(stderr, "hello: %s\n", jf_error_text(result));
    exit(1);
}

int main(int argc, char **argv) {
    char answer[4096];
    /* Looks the name up and tries its IPv6 and IPv4 addresses, all within 5000 milliseconds. */
    jf_socket s = ok(jf_dial(argc == 2 ? argv[1] : "tcp://localhost:7000", 5000));
    ok(jf_set(s, JF_OPT_SEND_TIMEOUT, 5000));
    ok(jf_set(s, JF_OPT_RECV_TIMEOUT, 5000));
    ok(jf_send_all(s, "hello\n", 6, NULL));
    ok(jf_shutdown(s, JF_SHUT_WRITE)); /* that was all: the server reads the end */
    for (int64_t n; (n = ok(jf_recv(s, answer, sizeof answer, 0))) > 0;)
        fwrite(answer, 1, (size_t)n, stdout);
    return (int)ok(jf_close(s));
}
