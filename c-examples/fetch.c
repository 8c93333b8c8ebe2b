/*
 * Fetches what an http:// URL names, and writes it to its output:
 *
 *     fetch http://example.org/
 *     fetch 'http://[::1]:8080/search?q=sockets' >found
 *
 * What the server answers is written whatever its status says, and no redirection is followed.
 */
#include <jackfield.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS "0123456789"

enum {
    LONGEST_URL = 8000,
    LONGEST_HEAD = 65536, /* of a reply, together with those that announce it and with the trailer */
    CONNECT_MS = 30000,   /* looking the name up and trying each of its addresses, all together */
    STALL_MS = 30000      /* how long the server may say nothing */
};

/* The connection, and what came from it and was not read yet. */
static struct {
    jf_socket socket;
    char room[65536];
    size_t at, len;
} in;

/* What a reply's head says about its body. */
typedef struct reply {
    int status;
    int chunked;
    int64_t length; /* -1: as far as the connection's end */
} reply;

static void fail(const char *what, const char *why) {
    fprintf(stderr, "fetch: %s: %s\n", what, why);
    exit(1);
}

static int64_t ok(int64_t result, const char *what) {
    if (result < 0) fail(what, jf_error_text(result));
    return result;
}

/* Shows where the URL is wrong. */
static void wrong(const char *url, size_t at, const char *expected) {
    fprintf(stderr, "fetch: %s\n       %*s^ expected %s\n", url, (int)at, "", expected);
    exit(2);
}

/* The length of a word in small letters when a text begins with it, in whatever letters; otherwise 0. */
static size_t begins(const char *text, const char *word) {
    size_t len = 0;
    while (word[len] != 0 && tolower((unsigned char)text[len]) == word[len]) len++;
    return word[len] == 0 ? len : 0;
}

static const char *skip_blanks(const char *text) {
    return text + strspn(text, " \t");
}

/* Makes the endpoint and the request of a URL: http://host:port/path?query#fragment */
static void read_url(const char *url, char *endpoint, char *request) {
    size_t at = 0, scheme = begins(url, "http://");
    while (url[at] > ' ' && url[at] <= '~') at++;
    if (begins(url, "https://")) fail("https://", "this program speaks no TLS, only http://");
    if (scheme == 0) wrong(url, 0, "http://");
    if (url[at] != 0) wrong(url, at, "printable ASCII; other bytes are written as % and two hexadecimal digits");
    if (at > LONGEST_URL) fail("the URL", "it is too long");

    /* An IPv6 address has colons in it, and brackets around it. */
    const char *host = url + scheme, *end = host + strcspn(host, "/?#");
    const char *port = host + strcspn(host, *host == '[' ? "]/?#" : ":/?#"), *expected;
    if (*port == ']') port++;
    if (port == host) wrong(url, scheme, "a host");
    if (*port == ':' && port + 1 + strspn(port + 1, DIGITS) < end) wrong(url, (size_t)(port + 1 - url), "a port's number");
    sprintf(endpoint, "tcp://%.*s%s", (int)(end - host), host, port == end ? ":80" : port + 1 == end ? "80" : "");
    if (jf_endpoint_check(endpoint, &at, &expected) < 0) {
        at += strlen("http") - strlen("tcp");
        wrong(url, url + at < end ? at : (size_t)(end - url), expected);
    }

    /* The zone of an address is this machine's own business. */
    const char *zone = host + strcspn(host, "%/?#"), *after = zone + strcspn(zone, "]/?#");
    sprintf(request, "GET %s%.*s HTTP/1.1\r\nHost: %.*s%.*s\r\nAccept: */*\r\nConnection: close\r\n\r\n",
            *end == '/' ? "" : "/", (int)strcspn(end, "#"), end, (int)(zone - host), host, (int)(end - after), after);
}

/* How many bytes there are to read. If there are none it waits for some; 0 is the end of the stream. */
static size_t available(void) {
    if (in.at == in.len) {
        in.at = 0;
        in.len = (size_t)ok(jf_recv(in.socket, in.room, sizeof in.room, 0), "receive");
    }
    return in.len - in.at;
}

/* A line without its end. It counts against a limit, and is there until the next one is read. */
static const char *read_line(size_t *limit) {
    static char line[LONGEST_HEAD + 1];
    size_t len = 0;
    for (;;) {
        if (available() == 0) fail("the reply", "it is cut short");
        char c = in.room[in.at++];
        if (c == '\n') break;
        if (c == 0 || (*limit)-- == 0) fail("the reply", c == 0 ? "its head is no text" : "its head is too long");
        line[len++] = c;
    }
    if (len > 0 && line[len - 1] == '\r') len--;
    line[len] = 0;
    return line;
}

/* A length: digits, to which one thing may be added. None that is in earnest has more than 15 of them. */
static int64_t length_of(const char *text, int base, char addition) {
    size_t digits = strspn(text, base == 16 ? DIGITS "abcdefABCDEF" : DIGITS);
    char next = *skip_blanks(text + digits);
    if (digits == 0 || digits > 15 || (next != 0 && next != addition)) fail("the reply", "a length in it is none");
    return strtoll(text, NULL, base);
}

static reply read_head(size_t *limit) {
    reply r = {0, 0, -1};
    const char *line = read_line(limit);
    if (strncmp(line, "HTTP/1.", 7) != 0 || !isdigit((unsigned char)line[7]) || line[8] != ' ' || line[9] == '0' ||
        strspn(line + 9, DIGITS) != 3 || (line[12] != ' ' && line[12] != 0))
        fail("the reply", "it is not HTTP/1.1");
    r.status = atoi(line + 9);
    while (*(line = read_line(limit)) != 0) {
        size_t name;
        if ((name = begins(line, "content-length:")) > 0) {
            int64_t length = length_of(skip_blanks(line + name), 10, 0);
            if (r.length >= 0 && r.length != length) fail("the reply", "it has two lengths");
            r.length = length;
        } else if ((name = begins(line, "transfer-encoding:")) > 0) {
            const char *coding = skip_blanks(line + name);
            size_t chunked = begins(coding, "chunked");
            if (r.chunked || chunked == 0 || *skip_blanks(coding + chunked) != 0)
                fail("the reply", "it is in a coding that HTTP/1.1 has not");
            r.chunked = 1;
        } else if (strchr(line, ':') == NULL && skip_blanks(line) == line) {
            fail("the reply", "its head is malformed");
        }
    }
    return r;
}

/* Writes so many bytes of the body, or with -1 all of it. */
static void copy(int64_t count) {
    while (count != 0) {
        size_t len = available();
        if (len == 0 && count < 0) return;
        if (len == 0) fail("the reply", "it is cut short");
        if (count > 0 && (uint64_t)count < len) len = (size_t)count;
        if (fwrite(in.room + in.at, 1, len, stdout) != len) fail("output", strerror(errno));
        in.at += len;
        if (count > 0) count -= (int64_t)len;
    }
}

static void copy_chunks(size_t *limit) {
    for (int64_t size = -1; size != 0;) {
        size_t line_limit = LONGEST_HEAD;
        size = length_of(read_line(&line_limit), 16, ';');
        copy(size);
        if (size > 0 && *read_line(&line_limit) != 0) fail("the reply", "a chunk is longer than it says");
    }
    while (*read_line(limit) != 0) continue; /* the trailer says nothing about the body */
}

int main(int argc, char **argv) {
    static char endpoint[LONGEST_URL + 100], request[2 * LONGEST_URL + 200];
    size_t limit = LONGEST_HEAD;
    reply r;
    if (argc != 2) {
        fprintf(stderr, "usage: fetch http://host[:port]/path[?query]\n");
        return 2;
    }
    read_url(argv[1], endpoint, request);
    in.socket = ok(jf_dial(endpoint, CONNECT_MS), endpoint);
    ok(jf_set(in.socket, JF_OPT_SEND_TIMEOUT, STALL_MS), "timeout");
    ok(jf_set(in.socket, JF_OPT_RECV_TIMEOUT, STALL_MS), "timeout");
    ok(jf_send_all(in.socket, request, strlen(request), NULL), "send");

    do r = read_head(&limit);
    while (r.status < 200); /* those announce the one that counts */
    if (r.status == 204 || r.status == 304) r = (reply){r.status, 0, 0};
    if (r.chunked) copy_chunks(&limit);
    else copy(r.length);
    ok(jf_close(in.socket), "close");
    if (fflush(stdout) != 0) fail("output", strerror(errno));
    return 0;
}
