/* A call with a closed handle has no effect on the socket that uses its slot now, not even for a moment. */
#include "flight.h"

enum { SLOTS = 4, CALLERS = 2, RUN_US = 10000000, SLOW_RUN_US = 2000000 };

static jf_socket closed[SLOTS];
static _Atomic int is_done;

static int64_t receive(jf_socket s) {
    char byte;
    return jf_recv(s, &byte, 1, JF_DONT_WAIT);
}

static int64_t send_byte(jf_socket s) { return jf_send(s, "y", 1, JF_DONT_WAIT); }

static int64_t get_type(jf_socket s) {
    int64_t value;
    return jf_get(s, JF_OPT_TYPE, &value);
}

static int64_t wait_for_socket(jf_socket s) {
    jf_wait_item item = {s, JF_READABLE, 0};
    return jf_wait(&item, 1, 0);
}

static int64_t shut_down(jf_socket s) { return jf_shutdown(s, JF_SHUT_BOTH); }

static const struct {
    const char *name;
    int64_t (*call)(jf_socket);
} calls[] = {
    {"jf_recv", receive},
    {"jf_send", send_byte},
    {"jf_get", get_type},
    {"jf_wait", wait_for_socket},
    {"jf_shutdown", shut_down},
    {"jf_into_fd", jf_into_fd},
    {"jf_close", jf_close},
};

static int64_t call_with_closed_handles(void *given) {
    (void)given;
    while (!atomic_load(&is_done)) {
        for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
            for (int slot = 0; slot < SLOTS; slot++) {
                int64_t result = calls[i].call(closed[slot]);
                if (result != JF_E_CLOSED) {
                    fprintf(stderr, "%s returned %" PRId64 " (%s)\n", calls[i].name, result, jf_error_name(result));
                    exit(1);
                }
            }
        }
    }
    return 0;
}

/* Closes one of two handles of a connection, and takes the descriptor from the other. The close must not shut the
 * connection down, because no call is in flight. */
static void close_and_release(void) {
    jf_socket s[2];
    char byte = 0;
    OK(jf_pair(JF_UNIX, JF_STREAM, s));
    jf_socket duplicate = OK(jf_dup(s[0]));
    OK(jf_close(s[0]));
    EXPECT(jf_send(s[1], "x", 1, JF_DONT_WAIT), 1);
    EXPECT(jf_recv(duplicate, &byte, 1, JF_DONT_WAIT), 1);
    CHECK(byte == 'x');
    CHECK(close((int)OK(jf_into_fd(duplicate))) == 0);
    OK(jf_close(s[1]));
}

int main(int argc, char **argv) {
    int slow = is_slow(argc, argv);
    flight callers[CALLERS];
    watchdog(slow ? 280 : 110);
    for (int i = 0; i < SLOTS; i++) closed[i] = OK(jf_open(JF_UNIX, JF_STREAM, 0));
    for (int i = 0; i < SLOTS; i++) OK(jf_close(closed[i]));
    for (int i = 0; i < CALLERS; i++)
        start(&callers[i], "calls with closed handles", call_with_closed_handles, NULL, 0);
    int64_t end = now_us() + (slow ? SLOW_RUN_US : RUN_US);
    while (now_us() < end) close_and_release();
    atomic_store(&is_done, 1);
    for (int i = 0; i < CALLERS; i++) EXPECT(finish(&callers[i]), 0);
    return 0;
}
