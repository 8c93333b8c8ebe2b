/* Alternates between calls of jackfield and of another Rust library. */
#include <jackfield.h>
#include <stdio.h>

int other_work(void);

int main(void) {
    for (int round = 0; round < 3; round++) {
        jf_socket s[2];
        jf_addr a;
        char buffer[64];
        if (other_work() != 42) return 1;
        if (jf_pair(JF_UNIX, JF_STREAM, s) != 0) return 2;
        if (jf_send_all(s[0], "hello", 5, NULL) != 0 || jf_recv_exact(s[1], buffer, 5, NULL) != 0) return 3;
        if (jf_close(s[0]) != 0 || jf_close(s[1]) != 0 || jf_close(s[1]) != JF_E_CLOSED) return 4;
        if (jf_addr_parse("[::1]:80", &a) != 0 || jf_addr_format(&a, buffer, sizeof buffer) != 8) return 5;
    }
    return 0;
}
