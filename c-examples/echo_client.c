/*
 * Sends lines to an echo server over TCP or a UNIX socket, and prints the answers.
 *
 *     echo_client 127.0.0.1:7000              sends the lines of its input
 *     echo_client unix:/tmp/echo good morning sends two lines, "good" and "morning"
 */
#include <jackfield.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Exits with a message if a call failed; otherwise returns its result. */
static int64_t check(int64_t result, const char *what) {
    if (result < 0) {
        fprintf(stderr, "echo_client: %s: %s\n", what, jf_error_text(result));
        exit(1);
    }
    return result;
}

/* Exits with a message if the output fails: a full disk must not look like success. */
static void print(const char *bytes, size_t len) {
    if (fwrite(bytes, 1, len, stdout) != len) {
        perror("echo_client: output");
        exit(1);
    }
}

/* Reads a line with its newline, or the first `capacity` bytes of a longer line; returns 0 at the end of the input. */
static size_t read_line(char *line, size_t capacity) {
    size_t len = 0;
    int c;
    while (len < capacity && (c = getchar()) != EOF) {
        line[len++] = (char)c;
        if (c == '\n') break;
    }
    return len;
}

/*
 * Sends some bytes and waits for as many. Sending everything before reading anything could deadlock: once the socket
 * buffers are full, the server waits for the client to read, and the client for the server.
 */
static void exchange(jf_socket s, char *bytes, size_t len) {
    check(jf_send_all(s, bytes, len, NULL), "send");
    check(jf_recv_exact(s, bytes, len, NULL), "receive");
    print(bytes, len);
}

int main(int argc, char **argv) {
    char line[4096];
    if (argc < 2) {
        fprintf(stderr, "usage: echo_client ADDRESS [LINE...]\n"
                        "an address is 127.0.0.1:7000, [::1]:7000, unix:/path or unix:@name\n");
        return 2;
    }

    jf_addr server;
    check(jf_addr_parse(argv[1], &server), argv[1]);
    jf_socket s = check(jf_open(server.family, JF_STREAM, 0), "open");
    check(jf_connect(s, &server), argv[1]);

    for (int i = 2; i < argc; i++) {
        size_t len = strlen(argv[i]);
        if (len >= sizeof line) {
            fprintf(stderr, "echo_client: a line has more than %zu bytes\n", sizeof line - 1);
            return 2;
        }
        memcpy(line, argv[i], len);
        line[len] = '\n';
        exchange(s, line, len + 1);
    }
    if (argc == 2) {
        size_t len;
        while ((len = read_line(line, sizeof line)) > 0)
            exchange(s, line, len);
        if (ferror(stdin)) {
            perror("echo_client: input");
            return 1;
        }
    }

    /* Half-close: the server reads the end of the stream, and ends its own side after its last bytes. */
    check(jf_shutdown(s, JF_SHUT_WRITE), "shutdown");
    int64_t n;
    while ((n = check(jf_recv(s, line, sizeof line, 0), "receive")) > 0)
        print(line, (size_t)n);
    check(jf_close(s), "close");
    if (fflush(stdout) != 0) {
        perror("echo_client: output");
        return 1;
    }
    return 0;
}
