/* Sends a whole file to a TCP or UNIX server: send_whole_file ADDRESS FILE [TIMEOUT_MS] */
#include "check.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

int main(int argc, char **argv) {
    CHECK(argc == 3 || argc == 4);
    jf_addr server = parsed(argv[1]);
    int file = open(argv[2], O_RDONLY | O_CLOEXEC);
    struct stat about;
    CHECK(file >= 0 && fstat(file, &about) == 0);
    jf_socket s = OK(jf_open((int32_t)OK(jf_addr_family(&server)), JF_STREAM, 0));
    OK(jf_set(s, JF_OPT_SEND_TIMEOUT, argc == 4 ? atoi(argv[3]) : -1));
    OK(jf_connect(s, &server));
    EXPECT(jf_send_file(s, file, 0, INT64_MAX), about.st_size);
    EXPECT(jf_send_file(s, file, about.st_size, 1), JF_E_END_OF_STREAM);
    OK(jf_close(s));
    close(file);
    return 0;
}
