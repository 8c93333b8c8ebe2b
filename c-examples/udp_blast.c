/*
 * Measures how many datagrams a network path carries, and counts those that are lost, duplicated or reordered.
 *
 *     udp_blast recv 127.0.0.1:7000                   until its senders have ended, or it is interrupted
 *     udp_blast recv [::]:0 10                        for at most ten seconds, at a free port
 *     udp_blast send 127.0.0.1:7000                   a million datagrams of 1200 bytes, as fast as possible
 *     udp_blast send 192.0.2.1:7000 200 5000 1000     5000 datagrams of 200 bytes, 1000 per second
 *
 * The first line that recv prints is its address. Several senders may send to it at once. It shows jf_send_many and
 * jf_recv_many.
 *
 * A datagram begins with two 64-bit numbers in network byte order: the id of its sender and a sequence number, from 0.
 * At its end a sender sends an end mark several times: a sequence number with the highest bit set, whose other bits are
 * the number of datagrams sent. From these numbers the receiver counts lost, duplicated and reordered datagrams.
 *
 * The exit status is 0 at the end, also after Ctrl-C; 1 after an error, or if no datagram could be sent; 2 when the
 * arguments are wrong.
 */
#define _POSIX_C_SOURCE 199309L /* for clock_gettime; all else is C99 */
#include <jackfield.h>
#include <ctype.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    HEADER_SIZE = 16,              /* bytes of the two numbers */
    MAX_DATAGRAM = 65527,          /* bytes; no UDP datagram is longer */
    BATCH_SIZE = 64,               /* datagrams per jf_send_many */
    SOCKET_BUFFER_SIZE = 8 << 20,  /* bytes requested for a socket buffer; the system may grant fewer */
    RECEIVE_TIMEOUT_MS = 100,      /* after this silence a receiver whose senders have all ended ends, too */
    END_MARK_COUNT = 5,
    END_MARK_INTERVAL_MS = 20,
    MAX_SENDERS = 64,
    WINDOW = 1 << 16               /* sequence numbers for which the receiver remembers whether they arrived */
};

static const uint64_t END_MARK = UINT64_C(1) << 63;

static jf_datagram datagrams[JF_COALESCED_COUNT];
static volatile sig_atomic_t stop_requested;

/* Exits with a message if a call failed; otherwise returns its result. */
static int64_t check(int64_t result, const char *what) {
    if (result >= 0) return result;
    fprintf(stderr, "udp_blast: %s: %s\n", what, jf_error_text(result));
    exit(1);
}

static void on_signal(int number) {
    signal(number, SIG_DFL);
    stop_requested = 1;
}

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static uint64_t read_u64(const unsigned char *bytes) {
    uint64_t number = 0;
    for (int i = 0; i < 8; i++) number = number << 8 | bytes[i];
    return number;
}

static void write_u64(unsigned char *bytes, uint64_t number) {
    for (int i = 8; i-- > 0; number >>= 8) bytes[i] = (unsigned char)number;
}

/* Enlarges a socket buffer. Only a privileged process may exceed the system's limit. */
static void enlarge_buffer(jf_socket s, int32_t force_option, int32_t option) {
    if (jf_set(s, force_option, SOCKET_BUFFER_SIZE) < 0) check(jf_set(s, option, SOCKET_BUFFER_SIZE), "buffer");
}

static void print_rate(const char *prefix, uint64_t count, uint64_t bytes, double time) {
    if (time <= 0) time = 1e-9;
    printf("%s%" PRIu64 " datagrams, %" PRIu64 " bytes in %.3f s: %.0f datagrams/s, %.1f MB/s", prefix, count, bytes,
           time, (double)count / time, (double)bytes / time / 1e6);
}

/* The receiver. */

struct sender {
    uint64_t id;
    uint64_t next_number;  /* one more than the highest sequence number received, or the count in the end mark */
    uint64_t unique_count; /* datagrams received, without duplicates */
    int has_ended;
    unsigned char seen[WINDOW / 8]; /* one bit per sequence number, modulo WINDOW */
};

static struct sender senders[MAX_SENDERS];
static size_t sender_count, running_senders;
static struct { uint64_t count, bytes, duplicated, reordered, foreign; } totals; /* of all senders */

/* Finds the sender with an id, or adds one; returns NULL if there are too many. */
static struct sender *find_sender(uint64_t id) {
    size_t i = 0;
    while (i < sender_count && senders[i].id != id) i++;
    if (i == MAX_SENDERS) return NULL;
    if (i == sender_count) {
        senders[i].id = id;
        sender_count++;
        running_senders++;
    }
    return &senders[i];
}

/* Moves the window up to `next_number`: clears the bits that the new sequence numbers share with older ones. */
static void advance_window(struct sender *sender, uint64_t next_number) {
    if (next_number >= sender->next_number + WINDOW) {
        memset(sender->seen, 0, sizeof sender->seen);
    } else {
        for (uint64_t n = sender->next_number; n < next_number; n++)
            sender->seen[n % WINDOW / 8] &= (unsigned char)~(1 << n % 8);
    }
    if (next_number > sender->next_number) sender->next_number = next_number;
}

static void count_datagram(const jf_datagram *datagram) {
    const unsigned char *data = datagram->data;
    struct sender *sender = datagram->result >= HEADER_SIZE ? find_sender(read_u64(data)) : NULL;
    if (!sender) {
        totals.foreign++;
        return;
    }
    uint64_t number = read_u64(data + 8);
    if (number & END_MARK) {
        if (!sender->has_ended) running_senders--;
        sender->has_ended = 1;
        advance_window(sender, number & ~END_MARK);
        return;
    }
    totals.count++;
    totals.bytes += datagram->len;
    int is_late = number < sender->next_number;
    int is_in_window = !is_late || sender->next_number - number <= WINDOW;
    unsigned char *byte = &sender->seen[number % WINDOW / 8], bit = (unsigned char)(1 << number % 8);
    advance_window(sender, number + 1);
    if (is_late && is_in_window && *byte & bit) {
        totals.duplicated++;
        return;
    }
    if (is_late) totals.reordered++;
    if (is_in_window) *byte |= bit;
    sender->unique_count++;
}

static void print_received(const char *prefix, uint64_t count, uint64_t bytes, double time) {
    uint64_t lost = 0;
    for (size_t i = 0; i < sender_count; i++) lost += senders[i].next_number - senders[i].unique_count;
    print_rate(prefix, count, bytes, time);
    printf("; lost %" PRIu64 ", duplicated %" PRIu64 ", out of order %" PRIu64 "\n", lost, totals.duplicated,
           totals.reordered);
    fflush(stdout);
}

static void receive(jf_socket s, const jf_addr *address, double max_seconds) {
    static unsigned char buffer[JF_COALESCED_ROOM];
    char text[JF_ADDR_TEXT];
    jf_addr bound;
    check(jf_bind(s, address), "bind");
    enlarge_buffer(s, JF_OPT_RECV_BUFFER_FORCE, JF_OPT_RECV_BUFFER);
    check(jf_set(s, JF_OPT_RECV_TIMEOUT, RECEIVE_TIMEOUT_MS), "timeout");
    check(jf_local_addr(s, &bound), "address");
    check(jf_addr_format(&bound, text, sizeof text), "address");
    printf("%s\n", text);
    fflush(stdout);

    /* One buffer for many datagrams: the kernel returns them coalesced, and each gets an element of the array. */
    datagrams[0].room = buffer;
    datagrams[0].room_len = sizeof buffer;
    double start = seconds(), first_arrival = 0, last_arrival = 0, last_report = 0;
    uint64_t reported_count = 0, reported_bytes = 0;
    while (!stop_requested && (max_seconds == 0 || seconds() - start < max_seconds)) {
        int64_t n = jf_recv_many(s, datagrams, JF_COALESCED_COUNT, 0);
        double now = seconds();
        uint64_t count_before = totals.count;
        if (n != JF_E_TIMED_OUT) check(n, "receive");
        else if (sender_count > 0 && running_senders == 0) break;
        for (int64_t i = 0; i < n; i++) count_datagram(&datagrams[i]);
        if (totals.count > count_before) last_arrival = now;
        if (first_arrival == 0) first_arrival = last_report = last_arrival;
        if (first_arrival > 0 && now - last_report >= 1) {
            print_received("", totals.count - reported_count, totals.bytes - reported_bytes, now - last_report);
            last_report = now;
            reported_count = totals.count;
            reported_bytes = totals.bytes;
        }
    }
    if (totals.foreign > 0) printf("%" PRIu64 " datagrams from other programs\n", totals.foreign);
    print_received("total ", totals.count, totals.bytes, last_arrival - first_arrival);
}

/* The sender. */

static void send_end_marks(jf_socket s, uint64_t id, uint64_t count) {
    unsigned char mark[HEADER_SIZE];
    write_u64(mark, id);
    write_u64(mark + 8, count | END_MARK);
    for (int i = 0; i < END_MARK_COUNT; i++) {
        jf_send(s, mark, sizeof mark, 0);
        check(jf_wait(NULL, 0, END_MARK_INTERVAL_MS), "wait");
    }
}

/* Sends `total` datagrams, at `rate` per second unless it is 0. Returns the exit status. */
static int send_datagrams(jf_socket s, const jf_addr *to, size_t size, uint64_t total, uint64_t rate) {
    static unsigned char data[BATCH_SIZE * MAX_DATAGRAM];
    uint64_t number = 0, sent = 0;
    int64_t error = 0;
    jf_addr from;
    check(jf_connect(s, to), "connect"); /* a connected socket reports JF_E_CONN_REFUSED */
    enlarge_buffer(s, JF_OPT_SEND_BUFFER_FORCE, JF_OPT_SEND_BUFFER);
    check(jf_local_addr(s, &from), "address");
    double start = seconds(), elapsed = 0;
    uint64_t id = (uint64_t)(start * 1e9) << 16 | from.port;
    for (size_t i = 0; i < BATCH_SIZE; i++) {
        datagrams[i].data = data + i * size;
        datagrams[i].len = size;
        write_u64(data + i * size, id);
    }
    while (!stop_requested && number < total) {
        uint64_t due = rate ? (uint64_t)((seconds() - start) * (double)rate) + 1 : total;
        if (due > total) due = total;
        size_t n = due - number < BATCH_SIZE ? (size_t)(due - number) : BATCH_SIZE;
        for (size_t i = 0; i < n; i++) write_u64((unsigned char *)datagrams[i].data + 8, number++);
        int64_t result = n > 0 ? jf_send_many(s, datagrams, n, 0) : check(jf_wait(NULL, 0, 1), "wait");
        if (result < 0) error = result;
        else sent += (uint64_t)result;
        for (size_t i = 0; i < n && result > 0; i++)
            if (datagrams[i].result < 0) error = datagrams[i].result;
        elapsed = seconds() - start;
    }
    send_end_marks(s, id, number);
    print_rate("sent ", sent, sent * size, elapsed);
    printf("; refused %" PRIu64 "%s%s\n", number - sent, error ? ": " : "", error ? jf_error_text(error) : "");
    return sent == 0;
}

/* Parses an optional argument, whose default `*number` holds; returns 0 if it is no number or out of range. */
static int parse_number(int argc, char **argv, int i, uint64_t min, uint64_t max, uint64_t *number) {
    char *end;
    if (i >= argc) return 1;
    *number = strtoull(argv[i], &end, 10);
    return isdigit((unsigned char)*argv[i]) && *end == 0 && *number >= min && *number <= max;
}

int main(int argc, char **argv) {
    uint64_t max_seconds = 0, size = 1200, total = 1000000, rate = 0;
    int is_receiver = argc >= 3 && argc <= 4 && strcmp(argv[1], "recv") == 0
        && parse_number(argc, argv, 3, 1, 1000000, &max_seconds);
    int is_sender = argc >= 3 && argc <= 6 && strcmp(argv[1], "send") == 0
        && parse_number(argc, argv, 3, HEADER_SIZE, MAX_DATAGRAM, &size)
        && parse_number(argc, argv, 4, 1, END_MARK - 1, &total)
        && parse_number(argc, argv, 5, 0, UINT32_MAX, &rate);
    jf_addr address;
    int status = 0;
    if (!is_receiver && !is_sender) {
        fprintf(stderr, "usage: udp_blast recv ADDRESS [SECONDS]\n"
                        "       udp_blast send ADDRESS [SIZE [COUNT [RATE]]]\n"
                        "an address is 127.0.0.1:7000 or [::1]:7000; SIZE is %d to %d bytes,\n"
                        "RATE is datagrams per second, or 0 for no limit\n",
                HEADER_SIZE, MAX_DATAGRAM);
        return 2;
    }
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    check(jf_addr_parse(argv[2], &address), argv[2]);
    jf_socket s = check(jf_open(address.family, JF_DGRAM, 0), "open");
    if (is_receiver) receive(s, &address, (double)max_seconds);
    else status = send_datagrams(s, &address, (size_t)size, total, rate);
    check(jf_close(s), "close");
    return status;
}
