/* Streams: all bytes arrive in order, however the calls split them; a partial transfer is reported exactly. */
#include "clock.h"
#include "pairs.h"

#include <pthread.h>
#include <stdatomic.h>

static const enum kind streams[] = {TCP4, TCP6, UNIX_STREAM};
enum { STREAMS = sizeof streams / sizeof streams[0], MAX_BUFFERS = 1024 };

/* The expected byte at a position of the stream. The period is not a power of two, so shifted data is detected. */
static unsigned char byte_at(size_t position) {
    return (unsigned char)(position % 251 * 7 + position / 65536);
}

static unsigned char *bytes_from(size_t position, size_t len) {
    unsigned char *bytes = malloc(len);
    CHECK(bytes);
    for (size_t i = 0; i < len; i++) bytes[i] = byte_at(position + i);
    return bytes;
}

static void expect_bytes(const unsigned char *bytes, size_t position, size_t len) {
    for (size_t i = 0; i < len; i++) CHECK(bytes[i] == byte_at(position + i));
}

struct sender {
    pthread_t thread;
    jf_socket s;
    size_t len;
};

static void *send_everything(void *argument) {
    struct sender *sender = argument;
    unsigned char *bytes = bytes_from(0, sender->len);
    size_t sent = 77;
    EXPECT(jf_send_all(sender->s, bytes, sender->len, &sent), 0);
    CHECK(sent == sender->len);
    free(bytes);
    return NULL;
}

/* Both directions at once, each with one sender and one receiver. */
static void both_directions(enum kind kind, size_t len) {
    jf_socket s[2];
    struct sender senders[2];
    connected(kind, s);
    for (int i = 0; i < 2; i++) {
        senders[i].s = s[i], senders[i].len = len;
        CHECK(pthread_create(&senders[i].thread, NULL, send_everything, &senders[i]) == 0);
    }
    unsigned char *buffer = malloc(len);
    CHECK(buffer);
    for (int i = 0; i < 2; i++) {
        size_t received = 77;
        memset(buffer, 0, len);
        EXPECT(jf_recv_exact(s[i], buffer, len, &received), 0);
        CHECK(received == len);
        expect_bytes(buffer, 0, len);
    }
    for (int i = 0; i < 2; i++) CHECK(pthread_join(senders[i].thread, NULL) == 0);
    EXPECT(jf_recv(s[0], buffer, 1, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
    free(buffer);
    close_both(s);
}

/* `count` buffers of 0 to 6 bytes each; returns their bytes. */
static size_t split(jf_buf *bufs, size_t count, unsigned char *memory) {
    size_t total = 0;
    for (size_t i = 0; i < count; i++) {
        bufs[i].len = i % 7 == 3 ? 0 : count == 1 ? 6 : i % 7;
        bufs[i].data = i % 7 == 3 ? NULL : memory + total;
        total += bufs[i].len;
    }
    return total;
}

static void vectors(enum kind kind) {
    static const size_t counts[] = {0, 1, 3, 4, MAX_BUFFERS};
    static jf_buf out[MAX_BUFFERS + 1], in[MAX_BUFFERS + 1], before[MAX_BUFFERS + 1];
    static unsigned char buffer[MAX_BUFFERS * 7];
    jf_socket s[2];
    connected(kind, s);
    OK(jf_set(s[1], JF_OPT_RECV_TIMEOUT, 10000));
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        unsigned char *bytes = bytes_from(0, sizeof buffer);
        size_t count = counts[i], total = split(out, count, bytes);
        EXPECT(jf_send_vec(s[0], out, count, 0), (int64_t)total);
        memset(buffer, 0, sizeof buffer);
        CHECK(split(in, count, buffer) == total);
        memcpy(before, in, sizeof before);
        EXPECT(jf_recv_vec(s[1], in, count, total ? JF_WAIT_ALL : 0), (int64_t)total);
        expect_bytes(buffer, 0, total);
        CHECK(buffer[total] == 0 && memcmp(in, before, sizeof before) == 0);
        EXPECT(jf_recv(s[1], buffer, 1, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
        free(bytes);
    }
    for (size_t i = 0; i <= MAX_BUFFERS; i++) in[i] = (jf_buf){buffer, 1};
    EXPECT(jf_send_vec(s[0], in, MAX_BUFFERS + 1, 0), JF_E_INVALID);
    EXPECT(jf_recv_vec(s[0], in, MAX_BUFFERS + 1, 0), JF_E_INVALID);
    EXPECT(jf_recv(s[1], buffer, 1, JF_DONT_WAIT), JF_E_WOULD_BLOCK);
    close_both(s);
}

static void end_of_stream_after_part(enum kind kind) {
    unsigned char buffer[16];
    jf_socket s[2];
    connected(kind, s);
    EXPECT(jf_send_all(s[0], "12345", 5, NULL), 0);
    OK(jf_shutdown(s[0], JF_SHUT_WRITE));
    size_t received = 77;
    memset(buffer, 0xA5, sizeof buffer);
    EXPECT(jf_recv_exact(s[1], buffer, sizeof buffer, &received), JF_E_END_OF_STREAM);
    CHECK(received == 5 && memcmp(buffer, "12345", 5) == 0);
    for (size_t i = 5; i < sizeof buffer; i++) CHECK(buffer[i] == 0xA5);
    received = 77;
    EXPECT(jf_recv_exact(s[1], buffer, 1, &received), JF_E_END_OF_STREAM);
    CHECK(received == 0);
    EXPECT(jf_recv_exact(s[1], buffer, 0, &received), 0);
    EXPECT(jf_recv(s[1], buffer, 1, 0), 0);
    close_both(s);
}

/* Reads until the end of the stream; returns the new position. */
static size_t read_to_the_end(jf_socket s, size_t position) {
    static unsigned char buffer[65536];
    for (;;) {
        int64_t count = OK(jf_recv(s, buffer, sizeof buffer, 0));
        if (count == 0) return position;
        expect_bytes(buffer, position, (size_t)count);
        position += (size_t)count;
    }
}

/* The peer does not read: the send times out, and `sent` is the number of bytes that the peer can then read. */
static void peer_does_not_read(enum kind kind, size_t len) {
    static const int64_t timeouts[] = {0, 1, 150};
    unsigned char *bytes = bytes_from(0, len);
    for (size_t i = 0; i < sizeof timeouts / sizeof timeouts[0]; i++) {
        jf_socket s[2];
        connected(kind, s);
        OK(jf_set(s[0], JF_OPT_SEND_TIMEOUT, timeouts[i]));
        size_t sent = len + 77, more = 77;
        double since = clock_ms();
        EXPECT(jf_send_all(s[0], bytes, len, &sent), timeouts[i] ? JF_E_TIMED_OUT : JF_E_WOULD_BLOCK);
        TOOK(since, timeouts[i]);
        CHECK(sent > 0 && sent < len);
        /* The send continues where it stopped, if some queue space became free meanwhile. */
        EXPECT(jf_send_all(s[0], bytes + sent, len - sent, &more), timeouts[i] ? JF_E_TIMED_OUT : JF_E_WOULD_BLOCK);
        OK(jf_shutdown(s[0], JF_SHUT_WRITE));
        CHECK(read_to_the_end(s[1], 0) == sent + more);
        close_both(s);
    }
    free(bytes);
}

struct slow {
    pthread_t thread;
    jf_socket s;
    size_t count;
    /* Ends the delays. */
    atomic_int should_finish;
};

/* Reads in small, delayed steps at first, then everything. */
static void *read_slowly(void *argument) {
    struct slow *slow = argument;
    unsigned char buffer[16384];
    for (int i = 0; i < 200 && !slow->should_finish; i++) {
        int64_t count = OK(jf_recv(slow->s, buffer, sizeof buffer, 0));
        if (count == 0) return NULL;
        expect_bytes(buffer, slow->count, (size_t)count);
        slow->count += (size_t)count;
        linger_ms(20);
    }
    slow->count = read_to_the_end(slow->s, slow->count);
    return NULL;
}

/* The peer reads slowly: the deadline applies to the whole transfer, not to each part. */
static void slow_reader(enum kind kind, int whole) {
    enum { LEN = 8 << 20, TIME = 300 };
    unsigned char *bytes = bytes_from(0, LEN);
    jf_socket s[2];
    connected(kind, s);
    OK(jf_set(s[0], JF_OPT_SEND_TIMEOUT, TIME));
    OK(jf_set(s[0], JF_OPT_SEND_BUFFER, 32768));
    struct slow slow = {.s = s[1]};
    CHECK(pthread_create(&slow.thread, NULL, read_slowly, &slow) == 0);
    size_t sent = 77;
    double since = clock_ms();
    if (whole)
        EXPECT(jf_send_all(s[0], bytes, LEN, &sent), JF_E_TIMED_OUT);
    else
        sent = (size_t)OK(jf_send(s[0], bytes, LEN, 0));
    /* jf_send uses the kernel's timeout, which is rounded at every step; on a UNIX stream it may return a part
     * early. */
    if (whole || kind != UNIX_STREAM) TOOK(since, whole ? TIME : TIME * 9 / 10);
    CHECK(sent > 0 && sent < LEN);
    slow.should_finish = 1;
    OK(jf_shutdown(s[0], JF_SHUT_WRITE));
    CHECK(pthread_join(slow.thread, NULL) == 0);
    CHECK(slow.count == sent);
    free(bytes);
    close_both(s);
}

static void *send_slowly(void *argument) {
    struct slow *slow = argument;
    for (; slow->count < 200 && !slow->should_finish; slow->count++) {
        unsigned char byte = byte_at(slow->count);
        EXPECT(jf_send(slow->s, &byte, 1, 0), 1);
        linger_ms(20);
    }
    OK(jf_shutdown(slow->s, JF_SHUT_WRITE));
    return NULL;
}

static void slow_sender(enum kind kind, int whole) {
    enum { TIME = 300 };
    unsigned char buffer[1000];
    jf_socket s[2];
    connected(kind, s);
    OK(jf_set(s[1], JF_OPT_RECV_TIMEOUT, TIME));
    struct slow slow = {.s = s[0]};
    CHECK(pthread_create(&slow.thread, NULL, send_slowly, &slow) == 0);
    size_t received = 77;
    double since = clock_ms();
    if (whole)
        EXPECT(jf_recv_exact(s[1], buffer, sizeof buffer, &received), JF_E_TIMED_OUT);
    else
        received = (size_t)OK(jf_recv(s[1], buffer, sizeof buffer, JF_WAIT_ALL));
    TOOK(since, whole ? TIME : TIME * 9 / 10);
    CHECK(received > 0 && received < 200);
    slow.should_finish = 1;
    expect_bytes(buffer, 0, received);
    /* Data that arrived later is still queued. */
    OK(jf_set(s[1], JF_OPT_RECV_TIMEOUT, -1));
    size_t all = read_to_the_end(s[1], received);
    CHECK(pthread_join(slow.thread, NULL) == 0);
    CHECK(all == slow.count);
    close_both(s);
}

int main(int argc, char **argv) {
    size_t len = is_slow(argc, argv) ? 1 << 20 : 10 << 20;
    for (int i = 0; i < STREAMS; i++) {
        both_directions(streams[i], len);
        vectors(streams[i]);
        end_of_stream_after_part(streams[i]);
        peer_does_not_read(streams[i], 16 << 20);
        slow_sender(streams[i], 1);
        slow_sender(streams[i], 0);
                slow_reader(streams[i], 1);
        slow_reader(streams[i], 0);
    }
    return 0;
}
