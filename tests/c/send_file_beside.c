/* Other calls on a socket that sends files, and so is non-blocking again and again, wait as if it were not. */
#include "stuck.h"

enum { FILES = 400, SHORT_MS = 3 };
static int rounds = FILES;

/* A socket that sends files with a timeout, and its peer. */
static jf_socket s[2];
static _Atomic int enough;

static int64_t send_files(void *unused) {
    (void)unused;
    int64_t sent = 0;
    while (!atomic_load(&enough)) sent += OK(jf_send_file(s[0], zeros(), 0, MOST));
    return sent;
}

/* Takes what the files are sent to. */
static int64_t take(void *unused) {
    static char room[MOST];
    (void)unused;
    int64_t took = 0, n;
    while ((n = OK(jf_recv(s[1], room, sizeof room, 0))) > 0) took += n;
    return took;
}

/* A receive that waits for ever, or for long, gets every byte. */
static int64_t receive_all(void *given) {
    const int64_t *timeout = given;
    char byte;
    OK(jf_set(s[0], JF_OPT_RECV_TIMEOUT, *timeout));
    for (int i = 0; i < rounds; i++) {
        EXPECT(jf_recv(s[0], &byte, 1, 0), 1);
        CHECK(byte == (char)i);
    }
    return rounds;
}

/* One that waits for a short time waits that long. */
static int64_t receive_nothing(void *unused) {
    char byte;
    (void)unused;
    OK(jf_set(s[0], JF_OPT_RECV_TIMEOUT, SHORT_MS));
    for (int i = 0; i < rounds / 4; i++) {
        int64_t began = now_us();
        EXPECT(jf_recv(s[0], &byte, 1, 0), JF_E_TIMED_OUT);
        int64_t took = now_us() - began;
        if (took < SHORT_MS * 1000) {
            fprintf(stderr, "round %d: timed out after %" PRId64 " us\n", i, took);
            exit(1);
        }
    }
    return 0;
}

static void begin(int family, int senders, flight *sending, flight *taking) {
    if (family == JF_UNIX) {
        OK(jf_pair(JF_UNIX, JF_STREAM, s));
    } else {
        tcp_pair(s);
    }
    OK(jf_set(s[0], JF_OPT_SEND_TIMEOUT, 60000));
    atomic_store(&enough, 0);
    start(taking, "take", take, NULL, 0);
    for (int i = 0; i < senders; i++) start(&sending[i], "send_file", send_files, NULL, 0);
}

static void end(int senders, flight *sending, flight *taking) {
    int64_t sent = 0;
    atomic_store(&enough, 1);
    for (int i = 0; i < senders; i++) sent += finish(&sending[i]);
    /* Nobody sends any more, and the descriptor is as it was. */
    CHECK((fcntl((int)OK(jf_fd(s[0])), F_GETFL) & O_NONBLOCK) == 0);
    OK(jf_shutdown(s[0], JF_SHUT_WRITE));
    EXPECT(finish(taking), sent);
    OK(jf_close(s[0]));
    OK(jf_close(s[1]));
}

int main(int argc, char **argv) {
    static const int64_t TIMEOUTS[] = {-1, 60000};
    flight sending[2], taking, receiving;
    if (is_slow(argc, argv)) rounds = FILES / 10;
    watchdog(is_slow(argc, argv) ? 280 : 110);
    for (int family = JF_INET; family <= JF_UNIX; family += JF_UNIX - JF_INET)
        for (int senders = 1; senders <= 2; senders++) {
            for (int i = 0; i < 2; i++) {
                begin(family, senders, sending, &taking);
                start(&receiving, "recv", receive_all, (void *)&TIMEOUTS[i], 0);
                for (int byte = 0; byte < rounds; byte++) {
                    EXPECT(jf_send(s[1], &(char){(char)byte}, 1, 0), 1);
                    if (byte % 8 == 0) breathe();
                }
                EXPECT(finish(&receiving), rounds);
                end(senders, sending, &taking);
            }
            begin(family, senders, sending, &taking);
            start(&receiving, "recv that times out", receive_nothing, NULL, 0);
            EXPECT(finish(&receiving), 0);
            end(senders, sending, &taking);
        }
    return 0;
}
