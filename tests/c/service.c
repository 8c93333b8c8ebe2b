/* A socket-activated service: prints the name and address of each inherited socket, and echoes one line on it. */
#include "check.h"

static void answer(jf_socket s) {
    char line[256];
    int64_t len = OK(jf_recv(s, line, sizeof line, 0));
    OK(jf_send_all(s, line, (size_t)len, NULL));
}

int main(void) {
    enum { MAX_SOCKETS = 8 };
    jf_socket s[MAX_SOCKETS];
    int64_t count = OK(jf_inherited(s, MAX_SOCKETS));
    CHECK(count <= MAX_SOCKETS);
    EXPECT(jf_inherited(s, MAX_SOCKETS), 0);
    for (int64_t i = 0; i < count; i++) {
        char name[256], text[JF_ADDR_TEXT], line[256];
        int64_t type, is_listening, len;
        jf_addr at;
        CHECK(OK(jf_inherited_name((size_t)i, name, sizeof name)) < (int64_t)sizeof name);
        OK(jf_local_addr(s[i], &at));
        OK(jf_addr_format(&at, text, sizeof text));
        OK(jf_get(s[i], JF_OPT_TYPE, &type));
        OK(jf_get(s[i], JF_OPT_LISTENING, &is_listening));
        printf("%s %s %s\n", name, text,
               is_listening ? "listens" : type == JF_DGRAM ? "takes datagrams" : "is connected");
        fflush(stdout);
        /* The timeout is whatever the service manager set. */
        OK(jf_set(s[i], JF_OPT_RECV_TIMEOUT, 60000));
        if (type == JF_DGRAM) {
            len = OK(jf_recv_from(s[i], line, sizeof line, 0, &at));
            OK(jf_send_to(s[i], line, (size_t)len, 0, &at));
        } else if (is_listening) {
            jf_socket connection = OK(jf_accept(s[i], NULL));
            answer(connection);
            OK(jf_close(connection));
        } else {
            answer(s[i]);
        }
        OK(jf_close(s[i]));
    }
    return 0;
}
