/* A program as its user would write it: two sockets talk, and the version is printed. */
#include <jackfield.h>
#include <stdio.h>
#include <string.h>

int main(void) {
    jf_socket s[2];
    char room[8] = {0};
    if (jf_pair(JF_UNIX, JF_STREAM, s) != 0 || jf_send_all(s[0], "hello", 5, NULL) != 0) return 1;
    if (jf_recv(s[1], room, sizeof room, 0) != 5 || strcmp(room, "hello") != 0) return 2;
    if (jf_close(s[0]) != 0 || jf_recv(s[1], room, sizeof room, 0) != 0 || jf_close(s[1]) != 0) return 3;
    puts(jf_version_text());
    return 0;
}
