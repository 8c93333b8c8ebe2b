/* Sends "hello" to a server and prints the answer: hello tcp://example.org:7000 or hello unix:///tmp/socket */
#include <jackfield.h>
#include <stdio.h>
#include <stdlib.h>

static int64_t check(int64_t result) {
    if (result >= 0) return result;
    fprintf(stderr, "hello: %s\n", jf_error_text(result));
    exit(1);
}

int main(int argc, char **argv) {
    char answer[4096];
    /* Resolves the name and connects to the first of its addresses that answers, within 5000 ms altogether. */
    jf_socket s = check(jf_dial(argc == 2 ? argv[1] : "tcp://localhost:7000", 5000));
    check(jf_set(s, JF_OPT_SEND_TIMEOUT, 5000));
    check(jf_set(s, JF_OPT_RECV_TIMEOUT, 5000));
    check(jf_send_all(s, "hello\n", 6, NULL));
    check(jf_shutdown(s, JF_SHUT_WRITE)); /* half-close: the server now reads the end of the stream */
    for (int64_t count; (count = check(jf_recv(s, answer, sizeof answer, 0))) > 0;)
        fwrite(answer, 1, (size_t)count, stdout);
    return (int)check(jf_close(s));
}
