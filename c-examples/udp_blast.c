/*
 * How many datagrams a way takes, and what becomes of them.
 *
 *     udp_blast recv 127.0.0.1:7000                   until its senders have ended, or it is interrupted
 *     udp_blast recv [::]:0 10                        for ten seconds at the most, at a free port
 *     udp_blast send 127.0.0.1:7000                   a million datagrams of 1200 bytes, as fast as it goes
 *     udp_blast send 192.0.2.1:7000 200 5000 1000     5000 of 200 bytes, 1000 a second
 *
 * The first line that recv prints is its address. Several may send to it at once.
 *
 * A datagram begins with two numbers of 64 bits, the first byte the highest: the sender's own, and how many it has sent
 * before. At its end a sender says so a few times: the highest bit of the second number is set, and the rest is how many
 * there were. So whoever counts can tell what was lost, what came twice, and what was overtaken by others.
 *
 * The status is 0 at the end, also after Ctrl-C; 1 when something failed, or nothing could be sent; 2 when the arguments are
 * wrong.
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
    HEAD = 16,         /* bytes of the two numbers */
    LONGEST = 65527,   /* no datagram of UDP is longer */
    BATCH = 64,
    BUFFER = 8 << 20,  /* what the system shall keep for a socket, where it may be so much */
    TICK_MS = 100,     /* how long to wait until something else is looked at; and the silence that is an end */
    MARKS = 5,         /* how often a sender says that it has ended, and how many milliseconds lie between */
    MARKS_MS = 20,
    SENDERS = 64,
    WINDOW = 1 << 16   /* of so many numbers is known which have come */
};

static const uint64_t END = UINT64_C(1) << 63;

static jf_datagram datagrams[JF_COALESCED_COUNT];
static volatile sig_atomic_t stop;

static int64_t ok(int64_t result, const char *what) {
    if (result >= 0) return result;
    fprintf(stderr, "udp_blast: %s: %s\n", what, jf_error_text(result));
    exit(1);
}

static void on_signal(int number) {
    signal(number, SIG_DFL);
    stop = 1;
}

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static uint64_t get(const unsigned char *at) {
    uint64_t number = 0;
    for (int i = 0; i < 8; i++) number = number << 8 | at[i];
    return number;
}

static void put(unsigned char *at, uint64_t number) {
    for (int i = 8; i-- > 0; number >>= 8) at[i] = (unsigned char)number;
}

/* A buffer of a socket; beyond what everybody may have it takes a privilege. */
static void enlarge(jf_socket s, int32_t force, int32_t option) {
    if (jf_set(s, force, BUFFER) < 0) ok(jf_set(s, option, BUFFER), "buffer");
}

static void report(const char *when, uint64_t count, uint64_t bytes, double time) {
    if (time <= 0) time = 1e-9;
    printf("%s%" PRIu64 " datagrams, %" PRIu64 " bytes in %.3f s: %.0f datagrams/s, %.1f MB/s", when, count, bytes, time,
           (double)count / time, (double)bytes / time / 1e6);
}

struct sender {
    uint64_t id;
    uint64_t next;   /* one more than the highest number that came, or was told at the end */
    uint64_t came;   /* how many different ones */
    int ended;
    unsigned char seen[WINDOW / 8]; /* bits, by the number modulo WINDOW */
};

static struct sender senders[SENDERS];
static size_t sender_count, running;
static uint64_t count, bytes, twice, overtaken, foreign; /* of all senders */

static struct sender *sender_of(uint64_t id) {
    size_t i = 0;
    while (i < sender_count && senders[i].id != id) i++;
    if (i == SENDERS) return NULL;
    if (i == sender_count) {
        senders[i].id = id;
        sender_count++;
        running++;
    }
    return &senders[i];
}

/* Numbers from the next one on have not come: their places in the window were those of others. */
static void advance(struct sender *s, uint64_t next) {
    if (next >= s->next + WINDOW) memset(s->seen, 0, sizeof s->seen);
    else for (uint64_t n = s->next; n < next; n++) s->seen[n % WINDOW / 8] &= (unsigned char)~(1 << n % 8);
    if (next > s->next) s->next = next;
}

static void hear(const jf_datagram *d) {
    const unsigned char *data = d->data;
    struct sender *from = d->result >= HEAD ? sender_of(get(data)) : NULL;
    if (!from) {
        foreign++;
        return;
    }
    uint64_t number = get(data + 8);
    if (number & END) {
        if (!from->ended) running--;
        from->ended = 1;
        advance(from, number & ~END);
        return;
    }
    count++;
    bytes += d->len;
    int late = number < from->next, known = !late || from->next - number <= WINDOW;
    unsigned char *byte = &from->seen[number % WINDOW / 8], bit = (unsigned char)(1 << number % 8);
    advance(from, number + 1);
    if (late && known && *byte & bit) {
        twice++;
        return;
    }
    if (late) overtaken++;
    if (known) *byte |= bit;
    from->came++;
}

static void report_received(const char *when, uint64_t some, uint64_t some_bytes, double time) {
    uint64_t lost = 0;
    for (size_t i = 0; i < sender_count; i++) lost += senders[i].next - senders[i].came;
    report(when, some, some_bytes, time);
    printf("; lost %" PRIu64 ", twice %" PRIu64 ", out of order %" PRIu64 "\n", lost, twice, overtaken);
    fflush(stdout);
}

static void receive(jf_socket s, const jf_addr *at, double patience) {
    static unsigned char room[JF_COALESCED_ROOM];
    char text[JF_ADDR_TEXT];
    jf_addr bound;
    ok(jf_bind(s, at), "bind");
    enlarge(s, JF_OPT_RECV_BUFFER_FORCE, JF_OPT_RECV_BUFFER);
    ok(jf_set(s, JF_OPT_RECV_TIMEOUT, TICK_MS), "timeout");
    ok(jf_local_addr(s, &bound), "address");
    ok(jf_addr_format(&bound, text, sizeof text), "address");
    printf("%s\n", text);
    fflush(stdout);

    /* One room for many datagrams: the system hands them over together, and each is told in an element of its own. */
    datagrams[0].room = room;
    datagrams[0].room_len = sizeof room;
    double start = seconds(), begin = 0, last = 0, second = 0;
    uint64_t old_count = 0, old_bytes = 0;
    while (!stop && (patience == 0 || seconds() - start < patience)) {
        int64_t n = jf_recv_many(s, datagrams, JF_COALESCED_COUNT, 0);
        double now = seconds();
        uint64_t before = count;
        if (n != JF_E_TIMED_OUT) ok(n, "receive");
        else if (sender_count > 0 && running == 0) break;
        for (int64_t i = 0; i < n; i++) hear(&datagrams[i]);
        if (count > before) last = now;
        if (begin == 0) begin = second = last;
        if (begin > 0 && now - second >= 1) {
            report_received("", count - old_count, bytes - old_bytes, now - second);
            second = now;
            old_count = count;
            old_bytes = bytes;
        }
    }
    if (foreign > 0) printf("%" PRIu64 " datagrams were not ours\n", foreign);
    report_received("in all ", count, bytes, last - begin);
}

static int send_all(jf_socket s, const jf_addr *to, size_t size, uint64_t total, uint64_t rate) {
    static unsigned char data[BATCH * LONGEST];
    unsigned char mark[HEAD];
    uint64_t number = 0, sent = 0;
    int64_t error = 0;
    jf_addr from;
    ok(jf_connect(s, to), "connect"); /* so it learns when nobody is there */
    enlarge(s, JF_OPT_SEND_BUFFER_FORCE, JF_OPT_SEND_BUFFER);
    ok(jf_local_addr(s, &from), "address");
    double start = seconds(), time = 0;
    uint64_t id = (uint64_t)(start * 1e9) << 16 | from.port;
    for (size_t i = 0; i < BATCH; i++) {
        datagrams[i].data = data + i * size;
        datagrams[i].len = size;
        put(data + i * size, id);
    }
    while (!stop && number < total) {
        uint64_t due = rate ? (uint64_t)((seconds() - start) * (double)rate) + 1 : total;
        if (due > total) due = total;
        size_t n = due - number < BATCH ? (size_t)(due - number) : BATCH;
        for (size_t i = 0; i < n; i++) put((unsigned char *)datagrams[i].data + 8, number++);
        int64_t went = n > 0 ? jf_send_many(s, datagrams, n, 0) : ok(jf_wait(NULL, 0, 1), "wait");
        if (went < 0) error = went;
        else sent += (uint64_t)went;
        for (size_t i = 0; i < n && went > 0; i++)
            if (datagrams[i].result < 0) error = datagrams[i].result;
        time = seconds() - start;
    }
    put(mark, id);
    put(mark + 8, number | END);
    for (int i = 0; i < MARKS; i++) {
        jf_send(s, mark, sizeof mark, 0);
        ok(jf_wait(NULL, 0, MARKS_MS), "wait");
    }
    report("sent ", sent, sent * size, time);
    printf("; refused %" PRIu64 "%s%s\n", number - sent, error ? ": " : "", error ? jf_error_text(error) : "");
    return sent == 0;
}

/* A number among the arguments, or its default; one that is out of range is no number at all. */
static int number_at(int argc, char **argv, int i, uint64_t least, uint64_t most, uint64_t *number) {
    char *end;
    if (i >= argc) return 1;
    *number = strtoull(argv[i], &end, 10);
    return isdigit((unsigned char)*argv[i]) && *end == 0 && *number >= least && *number <= most;
}

int main(int argc, char **argv) {
    uint64_t patience = 0, size = 1200, total = 1000000, rate = 0;
    int receives = argc >= 3 && argc <= 4 && strcmp(argv[1], "recv") == 0 && number_at(argc, argv, 3, 1, 1000000, &patience);
    int sends = argc >= 3 && argc <= 6 && strcmp(argv[1], "send") == 0 && number_at(argc, argv, 3, HEAD, LONGEST, &size)
        && number_at(argc, argv, 4, 1, END - 1, &total) && number_at(argc, argv, 5, 0, UINT32_MAX, &rate);
    jf_addr a;
    int status = 0;
    if (!receives && !sends) {
        fprintf(stderr, "usage: udp_blast recv ADDRESS [SECONDS]\n"
                        "       udp_blast send ADDRESS [SIZE [COUNT [RATE]]]\n"
                        "an address is 127.0.0.1:7000 or [::1]:7000; SIZE is %d to %d bytes, RATE so many a second, or 0\n",
                HEAD, LONGEST);
        return 2;
    }
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    ok(jf_addr_parse(argv[2], &a), argv[2]);
    jf_socket s = ok(jf_open(a.family, JF_DGRAM, 0), "open");
    if (receives) receive(s, &a, (double)patience);
    else status = send_all(s, &a, (size_t)size, total, rate);
    ok(jf_close(s), "close");
    return status;
}
