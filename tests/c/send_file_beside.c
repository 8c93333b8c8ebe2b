/* jf_send_file makes the descriptor non-blocking temporarily; other calls on the socket still block for their
 * timeout. */
#include "stuck.h"

enum { FILES = 400, SHORT_MS = 3 };
static int rounds = FILES;

/* A socket that sends files with a timeout, and its peer. */
static jf_socket s[2];
static _Atomic int should_stop;

static int64_t send_files(void *unused) {
    (void)unused;
    int64_t sent = 0;
    while (!atomic_load(&should_stop)) sent += OK(jf_send_file(s[0], zeros(), 0, MOST));
    return sent;
}

/* Discards the sent data at the peer. */
static int64_t discard_all(void *unused) {
    static char buffer[MOST];
    (void)unused;
    int64_t received = 0, n;
    while ((n = OK(jf_recv(s[1], buffer, sizeof buffer, 0))) > 0) received += n;
    return received;
}

/* A receive with no timeout or a long one gets every byte. */
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

/* A receive with a short timeout waits for all of it. */
static int64_t receive_nothing(void *unused) {
    char byte;
    (void)unused;
    OK(jf_set(s[0], JF_OPT_RECV_TIMEOUT, SHORT_MS));
    for (int i = 0; i < rounds / 4; i++) {
        int64_t began = now_us();
        EXPECT(jf_recv(s[0], &byte, 1, 0), JF_E_TIMED_OUT);
        int64_t received = now_us() - began;
        if (received < SHORT_MS * 1000) {
            fprintf(stderr, "round %d: timed out after %" PRId64 " us\n", i, received);
            exit(1);
        }
    }
    return 0;
}

static void start_senders(int family, int senders, flight *sending, flight *taking) {
    if (family == JF_UNIX) {
        OK(jf_pair(JF_UNIX, JF_STREAM, s));
    } else {
        tcp_pair(s);
    }
    OK(jf_set(s[0], JF_OPT_SEND_TIMEOUT, 60000));
    atomic_store(&should_stop, 0);
    start(taking, "take", discard_all, NULL, 0);
    for (int i = 0; i < senders; i++) start(&sending[i], "send_file", send_files, NULL, 0);
}

static void stop_senders(int senders, flight *sending, flight *taking) {
    int64_t sent = 0;
    atomic_store(&should_stop, 1);
    for (int i = 0; i < senders; i++) sent += finish(&sending[i]);
    /* The descriptor is blocking again after the last send. */
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
                start_senders(family, senders, sending, &taking);
                start(&receiving, "recv", receive_all, (void *)&TIMEOUTS[i], 0);
                for (int byte = 0; byte < rounds; byte++) {
                    EXPECT(jf_send(s[1], &(char){(char)byte}, 1, 0), 1);
                    if (byte % 8 == 0) breathe();
                }
                EXPECT(finish(&receiving), rounds);
                stop_senders(senders, sending, &taking);
            }
            start_senders(family, senders, sending, &taking);
            start(&receiving, "recv that times out", receive_nothing, NULL, 0);
            EXPECT(finish(&receiving), 0);
            stop_senders(senders, sending, &taking);
        }
    return 0;
}
