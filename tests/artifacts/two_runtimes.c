/* Uses jackfield and somebody else's Rust library, in turns. */
#include <jackfield.h>
#include <stdio.h>

int other_work(void);

int main(void) {
    for (int turn = 0; turn < 3; turn++) {
        jf_socket s[2];
        jf_addr a;
        char room[64];
        if (other_work() != 42) return 1;
        if (jf_pair(JF_UNIX, JF_STREAM, s) != 0) return 2;
        if (jf_send_all(s[0], "hello", 5, NULL) != 0 || jf_recv_exact(s[1], room, 5, NULL) != 0) return 3;
        if (jf_close(s[0]) != 0 || jf_close(s[1]) != 0 || jf_close(s[1]) != JF_E_BAD_HANDLE) return 4;
        if (jf_addr_parse("[::1]:80", &a) != 0 || jf_addr_format(&a, room, sizeof room) != 8) return 5;
    }
    return 0;
}
