/* Answers one HTTP request, for tests with a third-party HTTP client: http_reply ADDRESS. */
#include "check.h"

enum { BODY = 100000 };

int main(int argc, char **argv) {
    CHECK(argc == 2);
    jf_addr a;
    jf_socket listener = listening(argv[1], &a);
    char text[JF_ADDR_TEXT], request[8192] = {0}, head[128];
    OK(jf_addr_format(&a, text, sizeof text));
    printf("%s\n", text);
    fflush(stdout);

    jf_socket s = OK(jf_accept(listener, NULL));
    for (size_t len = 0; strstr(request, "\r\n\r\n") == NULL;) {
        int64_t n = OK(jf_recv(s, request + len, sizeof request - 1 - len, 0));
        CHECK(n > 0);
        len += (size_t)n;
    }
    CHECK(strncmp(request, "GET / HTTP/1.", 13) == 0);

    static char body[BODY];
    for (size_t i = 0; i < BODY; i++) {
        body[i] = (char)(i * 31 % 251);
    }
    size_t len = (size_t)snprintf(head, sizeof head, "HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n", BODY);
    jf_buf parts[2] = {{head, len}, {body, BODY}};
    int64_t sent = OK(jf_send_vec(s, parts, 2, 0));
    CHECK(sent >= (int64_t)len);
    size_t done = (size_t)sent - len;
    OK(jf_send_all(s, body + done, BODY - done, NULL));
    OK(jf_close(s));
    OK(jf_close(listener));
    return 0;
}
