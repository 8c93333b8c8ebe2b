/* A minimal program: sends data over a pair of sockets, and prints the version. */
#include <jackfield.h>
#include <stdio.h>
#include <string.h>

int main(void) {
    jf_socket s[2];
    char buffer[8] = {0};
    if (jf_pair(JF_UNIX, JF_STREAM, s) != 0 || jf_send_all(s[0], "hello", 5, NULL) != 0) return 1;
    if (jf_recv(s[1], buffer, sizeof buffer, 0) != 5 || strcmp(buffer, "hello") != 0) return 2;
    if (jf_close(s[0]) != 0 || jf_recv(s[1], buffer, sizeof buffer, 0) != 0 || jf_close(s[1]) != 0) return 3;
    puts(jf_version_text());
    return 0;
}
