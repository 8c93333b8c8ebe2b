/*
 * An HTTP client: requests an http:// URL and writes the body of the reply to its output.
 *
 *     fetch http://example.org/
 *     fetch 'http://[::1]:8080/search?q=sockets' >found
 *
 * The body is written whatever the status of the reply. Redirections are not followed.
 */
#include <jackfield.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS "0123456789"

enum {
    MAX_URL = 8000,
    MAX_HEAD = 65536,          /* bytes in all heads of a reply (interim replies included) and its trailer */
    DIAL_TIMEOUT_MS = 30000,   /* for the name lookup and for connecting to all addresses together */
    IO_TIMEOUT_MS = 30000      /* for each send and receive */
};

/* The connection, and its received bytes that are not yet read: data[position..len]. */
static struct {
    jf_socket socket;
    char data[65536];
    size_t position, len;
} input;

/* The fields of a reply's head that describe its body. */
typedef struct reply {
    int status;
    int is_chunked;
    int64_t length; /* -1: until the end of the connection */
} reply;

static void fail(const char *what, const char *why) {
    fprintf(stderr, "fetch: %s: %s\n", what, why);
    exit(1);
}

/* Exits with a message if a call failed; otherwise returns its result. */
static int64_t check(int64_t result, const char *what) {
    if (result < 0) fail(what, jf_error_text(result));
    return result;
}

/* Marks the position of an error in the URL. */
static void fail_url(const char *url, size_t position, const char *expected) {
    fprintf(stderr, "fetch: %s\n       %*s^ expected %s\n", url, (int)position, "", expected);
    exit(2);
}

/* Returns the length of a lower-case prefix if the text begins with it, ignoring case; otherwise 0. */
static size_t match_prefix(const char *text, const char *prefix) {
    size_t len = 0;
    while (prefix[len] != 0 && tolower((unsigned char)text[len]) == prefix[len]) len++;
    return prefix[len] == 0 ? len : 0;
}

static const char *skip_blanks(const char *text) {
    return text + strspn(text, " \t");
}

/* Makes the endpoint and the request for a URL: http://host:port/path?query#fragment */
static void parse_url(const char *url, char *endpoint, char *request) {
    size_t position = 0, scheme_len = match_prefix(url, "http://");
    while (url[position] > ' ' && url[position] <= '~') position++;
    if (match_prefix(url, "https://")) fail("https://", "TLS is not supported, only http://");
    if (scheme_len == 0) fail_url(url, 0, "http://");
    if (url[position] != 0)
        fail_url(url, position, "printable ASCII; other bytes are written as % and two hexadecimal digits");
    if (position > MAX_URL) fail("URL", "too long");

    /* An IPv6 address contains colons, and is enclosed in brackets. */
    const char *host = url + scheme_len, *end = host + strcspn(host, "/?#");
    const char *port = host + strcspn(host, *host == '[' ? "]/?#" : ":/?#"), *expected;
    if (*port == ']') port++;
    if (port == host) fail_url(url, scheme_len, "a host");
    if (*port == ':' && port + 1 + strspn(port + 1, DIGITS) < end)
        fail_url(url, (size_t)(port + 1 - url), "a port number");
    const char *default_port = port == end ? ":80" : port + 1 == end ? "80" : "";
    sprintf(endpoint, "tcp://%.*s%s", (int)(end - host), host, default_port);
    if (jf_endpoint_check(endpoint, &position, &expected) < 0) {
        position += strlen("http") - strlen("tcp");
        fail_url(url, url + position < end ? position : (size_t)(end - url), expected);
    }

    /* The Host field is without the zone of an address, which has a meaning only on this machine (RFC 6874). */
    const char *zone = host + strcspn(host, "%/?#"), *zone_end = zone + strcspn(zone, "]/?#");
    sprintf(request, "GET %s%.*s HTTP/1.1\r\nHost: %.*s%.*s\r\nAccept: */*\r\nConnection: close\r\n\r\n",
            *end == '/' ? "" : "/", (int)strcspn(end, "#"), end,
            (int)(zone - host), host, (int)(end - zone_end), zone_end);
}

/* Returns the number of bytes to read, after waiting for some if there are none; 0 at the end of the stream. */
static size_t fill_input(void) {
    if (input.position == input.len) {
        input.position = 0;
        input.len = (size_t)check(jf_recv(input.socket, input.data, sizeof input.data, 0), "receive");
    }
    return input.len - input.position;
}

/* Reads a line without its end, and reduces the limit by its length. The next call overwrites the line. */
static const char *read_line(size_t *limit) {
    static char line[MAX_HEAD + 1];
    size_t len = 0;
    for (;;) {
        if (fill_input() == 0) fail("reply", "truncated");
        char c = input.data[input.position++];
        if (c == '\n') break;
        if (c == 0) fail("reply", "NUL byte in the head");
        if ((*limit)-- == 0) fail("reply", "head too long");
        line[len++] = c;
    }
    if (len > 0 && line[len - 1] == '\r') len--;
    line[len] = 0;
    return line;
}

/* Parses a length, which `terminator` may follow. More than 15 digits are rejected, so that none overflows. */
static int64_t parse_length(const char *text, int base, char terminator) {
    size_t digits = strspn(text, base == 16 ? DIGITS "abcdefABCDEF" : DIGITS);
    char next = *skip_blanks(text + digits);
    if (digits == 0 || digits > 15 || (next != 0 && next != terminator)) fail("reply", "invalid length");
    return strtoll(text, NULL, base);
}

static int is_status_line(const char *line) {
    return strncmp(line, "HTTP/1.", 7) == 0 && isdigit((unsigned char)line[7]) && line[8] == ' ' && line[9] != '0' &&
           strspn(line + 9, DIGITS) == 3 && (line[12] == ' ' || line[12] == 0);
}

static reply read_head(size_t *limit) {
    reply r = {0, 0, -1};
    const char *line = read_line(limit);
    if (!is_status_line(line)) fail("reply", "not HTTP/1.1");
    r.status = atoi(line + 9);
    while (*(line = read_line(limit)) != 0) {
        size_t name_len;
        if ((name_len = match_prefix(line, "content-length:")) > 0) {
            int64_t length = parse_length(skip_blanks(line + name_len), 10, 0);
            if (r.length >= 0 && r.length != length) fail("reply", "conflicting lengths");
            r.length = length;
        } else if ((name_len = match_prefix(line, "transfer-encoding:")) > 0) {
            const char *coding = skip_blanks(line + name_len);
            size_t chunked_len = match_prefix(coding, "chunked");
            if (r.is_chunked || chunked_len == 0 || *skip_blanks(coding + chunked_len) != 0)
                fail("reply", "unsupported transfer coding");
            r.is_chunked = 1;
        } else if (strchr(line, ':') == NULL && skip_blanks(line) == line) {
            fail("reply", "malformed head");
        }
    }
    return r;
}

/* Writes `count` bytes of the body, or everything until the end of the stream if it is -1. */
static void copy_body(int64_t count) {
    while (count != 0) {
        size_t len = fill_input();
        if (len == 0 && count < 0) return;
        if (len == 0) fail("reply", "truncated");
        if (count > 0 && (uint64_t)count < len) len = (size_t)count;
        if (fwrite(input.data + input.position, 1, len, stdout) != len) fail("output", strerror(errno));
        input.position += len;
        if (count > 0) count -= (int64_t)len;
    }
}

static void copy_chunks(size_t *limit) {
    for (int64_t size = -1; size != 0;) {
        size_t line_limit = MAX_HEAD;
        size = parse_length(read_line(&line_limit), 16, ';');
        copy_body(size);
        if (size > 0 && *read_line(&line_limit) != 0) fail("reply", "chunk longer than its size");
    }
    while (*read_line(limit) != 0) continue; /* discards the trailer */
}

int main(int argc, char **argv) {
    static char endpoint[MAX_URL + 100], request[2 * MAX_URL + 200];
    size_t limit = MAX_HEAD;
    reply r;
    if (argc != 2) {
        fprintf(stderr, "usage: fetch http://host[:port]/path[?query]\n");
        return 2;
    }
    parse_url(argv[1], endpoint, request);
    input.socket = check(jf_dial(endpoint, DIAL_TIMEOUT_MS), endpoint);
    check(jf_set(input.socket, JF_OPT_SEND_TIMEOUT, IO_TIMEOUT_MS), "timeout");
    check(jf_set(input.socket, JF_OPT_RECV_TIMEOUT, IO_TIMEOUT_MS), "timeout");
    check(jf_send_all(input.socket, request, strlen(request), NULL), "send");

    do r = read_head(&limit);
    while (r.status < 200); /* interim replies */
    if (r.status == 204 || r.status == 304) r = (reply){r.status, 0, 0};
    if (r.is_chunked) copy_chunks(&limit);
    else copy_body(r.length);
    check(jf_close(input.socket), "close");
    if (fflush(stdout) != 0) fail("output", strerror(errno));
    return 0;
}
