/* Options with text values, options by level and name, jf_supported, and options that need privileges. */
#include "clock.h"
#include "option_table.h"

#include <errno.h>
#include <linux/filter.h>
#include <net/if.h>
#include <sys/wait.h>

static void expect_text(jf_socket s, int option, const char *want) {
    char text[64];
    memset(text, 'x', sizeof text);
    EXPECT(jf_get_text(s, option, text, sizeof text), (int64_t)strlen(want));
    CHECK(strcmp(text, want) == 0);
        /* A buffer of exactly the right size, one byte too small, and none. */
    size_t len = strlen(want);
    memset(text, 'x', sizeof text);
    EXPECT(jf_get_text(s, option, text, len + 1), (int64_t)len);
    CHECK(strcmp(text, want) == 0 && text[len + 1] == 'x');
    EXPECT(jf_get_text(s, option, NULL, 0), (int64_t)len);
    if (len == 0) return;
    memset(text, 'x', sizeof text);
    EXPECT(jf_get_text(s, option, text, len), (int64_t)len);
    CHECK(text[0] == 0 && text[1] == 'x');
}

/* A refused text leaves the option unchanged. */
static void expect_refused(jf_socket s, int option, const char *text, int64_t code) {
    char before[64];
    OK(jf_get_text(s, option, before, sizeof before));
    EXPECT(jf_set_text(s, option, text), code);
    expect_text(s, option, before);
}

static void expect_system_text(jf_socket s, int level, int name, const char *want) {
    char text[64] = "";
    socklen_t len = sizeof text;
    CHECK(getsockopt((int)OK(jf_fd(s)), level, name, text, &len) == 0);
    CHECK(strcmp(text, want) == 0);
}

static void devices(int kind) {
    jf_socket s = fresh(kind);
    if (s == 0) return;
    expect_text(s, JF_OPT_DEVICE, "");
    OK(jf_set_text(s, JF_OPT_DEVICE, "lo"));
    expect_text(s, JF_OPT_DEVICE, "lo");
    expect_system_text(s, SOL_SOCKET, SO_BINDTODEVICE, "lo");
    CHECK(get_option(s, JF_OPT_DEVICE_INDEX) == if_nametoindex("lo"));
    expect_refused(s, JF_OPT_DEVICE, "no-such", JF_E_NOT_FOUND);
    expect_refused(s, JF_OPT_DEVICE, "fifteen-letters", JF_E_NOT_FOUND);
    expect_refused(s, JF_OPT_DEVICE, "sixteen--letters", JF_E_INVALID);
    OK(jf_set_text(s, JF_OPT_DEVICE, ""));
    expect_text(s, JF_OPT_DEVICE, "");
    CHECK(get_option(s, JF_OPT_DEVICE_INDEX) == 0);
    OK(jf_set(s, JF_OPT_DEVICE_INDEX, if_nametoindex("lo")));
    expect_text(s, JF_OPT_DEVICE, "lo");
    OK(jf_close(s));
}

static void tcp_texts(int kind) {
    jf_socket s = fresh(kind);
    OK(jf_set_text(s, JF_OPT_CONGESTION, "reno"));
    expect_text(s, JF_OPT_CONGESTION, "reno");
    expect_system_text(s, SOL_TCP, TCP_CONGESTION, "reno");
    expect_refused(s, JF_OPT_CONGESTION, "no-such", JF_E_NOT_FOUND);
    expect_refused(s, JF_OPT_CONGESTION, "ren", JF_E_NOT_FOUND);
    expect_refused(s, JF_OPT_CONGESTION, "reno2", JF_E_NOT_FOUND);
    expect_refused(s, JF_OPT_CONGESTION, "reno-and-cubic-x", JF_E_INVALID);
    expect_refused(s, JF_OPT_CONGESTION, "", JF_E_INVALID);
    expect_refused(s, JF_OPT_CONGESTION, "\xff\xfe", JF_E_NOT_FOUND);
    expect_text(s, JF_OPT_ULP, "");
    expect_refused(s, JF_OPT_ULP, "no-such", JF_E_NOT_FOUND);
    OK(jf_close(s));
}

static void security_labels(void) {
    jf_socket s[2];
    char text[4096];
    OK(jf_pair(JF_UNIX, JF_STREAM, s));
    EXPECT(jf_set_text(s[0], JF_OPT_PEER_SECURITY, "label"), JF_E_OPTION_UNSUPPORTED);
    int64_t len = jf_get_text(s[0], JF_OPT_PEER_SECURITY, text, sizeof text);
    if (OK(jf_supported(JF_OPT_PEER_SECURITY))) CHECK(len > 0 && strlen(text) == (size_t)len);
    else CHECK(len == JF_E_OPTION_UNSUPPORTED);
    close_both(s);
}

static void supported(void) {
    int before = dup(0);
    for (const struct option *o = options; o < options + OPTIONS; o++) {
        int64_t is_supported = OK(jf_supported(o->option));
        const int level = o->places[0].level;
        int depends = o->option == JF_OPT_PEER_SECURITY || level == AF_VSOCK || level == SOL_UDPLITE;
        if (is_supported != 1 && !(depends && is_supported == 0)) {
            fprintf(stderr, "jf_supported(JF_OPT_%s) returned %" PRId64 "\n", o->word, is_supported);
            exit(1);
        }
    }
    CHECK(close(before) == 0 && dup(0) == before && close(before) == 0);
}

/* Settings that require privileges. */
static void without_privileges(void) {
    static const struct {
        int kind, option;
        int64_t value, allowed;
    } settings[] = {
        {UDP4, JF_OPT_DEBUG, 1, 0},
        {UNIX_STREAM, JF_OPT_DEBUG, 1, 0},
        {UDP4, JF_OPT_PRIORITY, 7, 6},
        {UDP4, JF_OPT_MARK, 1, -1},
        {UDP4, JF_OPT_PREFER_BUSY_POLL, 1, 0},
        {UDP4, JF_OPT_BUSY_POLL_BUDGET, 1, 0},
        {UDP4, JF_OPT_RECV_BUFFER_FORCE, 65536, -1},
        {UDP4, JF_OPT_SEND_BUFFER_FORCE, 65536, -1},
        {TCP4, JF_OPT_TRANSPARENT, 1, 0},
        {TCP6, JF_OPT_TRANSPARENT, 1, 0},
    };
    jf_socket bound_to_device = fresh(UDP4);
    OK(jf_set_text(bound_to_device, JF_OPT_DEVICE, "lo"));
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        CHECK(setresgid(1234, 1234, 1234) == 0 && setresuid(1234, 1234, 1234) == 0);
        for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
            jf_socket s = fresh(settings[i].kind);
            EXPECT(jf_set(s, settings[i].option, settings[i].value), JF_E_PERMISSION);
            if (settings[i].allowed >= 0) EXPECT(jf_set(s, settings[i].option, settings[i].allowed), 0);
            OK(jf_close(s));
        }
        EXPECT(jf_set_text(bound_to_device, JF_OPT_DEVICE, ""), JF_E_PERMISSION);
        EXPECT(jf_set(bound_to_device, JF_OPT_DEVICE_INDEX, 0), JF_E_PERMISSION);
                /* The probe of these options needs a raw socket, which takes privileges; write-only options are
         * probed without setting them. */
        EXPECT(jf_supported(JF_OPT_HEADER_INCLUDED), JF_E_PERMISSION);
        EXPECT(jf_supported(JF_OPT_CHECKSUM_OFFSET), JF_E_PERMISSION);
        EXPECT(jf_supported(JF_OPT_RECV_BUFFER_FORCE), 1);
        EXPECT(jf_supported(JF_OPT_MARK), 1);
        _exit(0);
    }
    int status = -1;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    OK(jf_close(bound_to_device));
}

static void by_level_and_name(int kind, int slow) {
    jf_socket s = fresh(kind);
    if (s == 0) return;
    int value = 5, buffer[64];
    memset(buffer, 0x55, sizeof buffer);
    OK(jf_set_raw(s, SOL_SOCKET, SO_PRIORITY, &value, sizeof value));
    CHECK(get_option(s, JF_OPT_PRIORITY) == 5);
    EXPECT(jf_get_raw(s, SOL_SOCKET, SO_PRIORITY, buffer, sizeof buffer), 4);
    CHECK(buffer[0] == 5 && buffer[1] == 0x55555555);
        /* A buffer shorter than the value. */
    buffer[0] = 0x55555555;
    EXPECT(jf_get_raw(s, SOL_SOCKET, SO_PRIORITY, buffer, 1), 1);
    CHECK(buffer[0] == 0x55555505);
    EXPECT(jf_get_raw(s, SOL_SOCKET, SO_PRIORITY, NULL, 0), 0);
    EXPECT(jf_set_raw(s, SOL_SOCKET, SO_PRIORITY, &value, 2), JF_E_INVALID);
    EXPECT(jf_set_raw(s, SOL_SOCKET, SO_PRIORITY, NULL, 0), JF_E_INVALID);
    CHECK(get_option(s, JF_OPT_PRIORITY) == 5);
        /* Unknown options, whichever error the system returns. */
    EXPECT(jf_set_raw(s, SOL_SOCKET, 9999, &value, sizeof value), JF_E_OPTION_UNSUPPORTED);
    EXPECT(jf_get_raw(s, SOL_SOCKET, 9999, buffer, sizeof buffer), JF_E_OPTION_UNSUPPORTED);
    EXPECT(jf_get_raw(s, 9999, 1, buffer, sizeof buffer), JF_E_OPTION_UNSUPPORTED);
    if (!(TCP & OF(kind))) EXPECT(jf_get_raw(s, SOL_TCP, TCP_INFO, buffer, sizeof buffer), JF_E_OPTION_UNSUPPORTED);
        /* A pointer inside the value is read by the kernel alone. */
    const struct sock_filter takes_all = BPF_STMT(BPF_RET | BPF_K, 0xFFFFFFFF);
    const struct sock_fprog filter = {1, (struct sock_filter *)&takes_all}, nowhere = {1, (struct sock_filter *)8};
    OK(jf_set_raw(s, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter));
        /* Memcheck would report the bad pointer as an error. */
    if (!slow) EXPECT(jf_set_raw(s, SOL_SOCKET, SO_ATTACH_FILTER, &nowhere, sizeof nowhere), JF_E_OS - EFAULT);
    OK(jf_close(s));
}

/* A timeout set with jf_set_raw is the socket's timeout, whichever of the two ways was used last. */
static void timeouts_by_name(enum kind kind) {
    static const int names[][2] = {{SO_RCVTIMEO, JF_OPT_RECV_TIMEOUT}, {SO_SNDTIMEO, JF_OPT_SEND_TIMEOUT}};
    const struct timeval none = {0, 0}, short_time = {0, 40000}, hour = {3600, 0};
    jf_socket s[2];
    char byte;
    connected(kind, s);
    for (int i = 0; i < 2; i++) {
        OK(jf_set_raw(s[0], SOL_SOCKET, names[i][0], &hour, sizeof hour));
        CHECK(get_option(s[0], names[i][1]) == 3600000);
        CHECK(get_option(s[0], names[1 - i][1]) == -1);
        OK(jf_set_raw(s[0], SOL_SOCKET, names[i][0], &none, sizeof none));
        CHECK(get_option(s[0], names[i][1]) == -1);
    }
        /* One hour with jf_set, then a short timeout with jf_set_raw: the short one applies. */
    OK(jf_set(s[0], JF_OPT_RECV_TIMEOUT, 3600000));
    OK(jf_set_raw(s[0], SOL_SOCKET, SO_RCVTIMEO, &short_time, sizeof short_time));
    CHECK(get_option(s[0], JF_OPT_RECV_TIMEOUT) >= 40);
    double start = clock_ms();
    EXPECT(jf_recv(s[0], &byte, 1, 0), JF_E_TIMED_OUT);
    TOOK(start, 40);
        /* The other way round. */
    OK(jf_set_raw(s[0], SOL_SOCKET, SO_RCVTIMEO, &hour, sizeof hour));
    OK(jf_set(s[0], JF_OPT_RECV_TIMEOUT, 40));
    start = clock_ms();
    EXPECT(jf_recv(s[0], &byte, 1, 0), JF_E_TIMED_OUT);
    TOOK(start, 40);
        /* A socket with timeout 0 still never blocks. */
    OK(jf_set(s[0], JF_OPT_RECV_TIMEOUT, 0));
    EXPECT(jf_recv(s[0], &byte, 1, 0), JF_E_WOULD_BLOCK);
        /* Set on the descriptor without the library: the kernel's timeout is shorter than the socket's, which
     * still applies. */
    OK(jf_set(s[0], JF_OPT_RECV_TIMEOUT, 60));
    const struct timeval tick = {0, 1000};
    CHECK(setsockopt((int)OK(jf_fd(s[0])), SOL_SOCKET, SO_RCVTIMEO, &tick, sizeof tick) == 0);
    start = clock_ms();
    EXPECT(jf_recv(s[0], &byte, 1, 0), JF_E_TIMED_OUT);
    TOOK(start, 60);
    close_both(s);
}

int main(int argc, char **argv) {
    need_root();
    for (int kind = 0; kind < SOCKETS; kind++) {
        devices(kind);
        by_level_and_name(kind, is_slow(argc, argv));
    }
    tcp_texts(TCP4);
    tcp_texts(TCP6);
    security_labels();
    supported();
    without_privileges();
    for (int kind = 0; kind < KINDS; kind++) timeouts_by_name((enum kind)kind);
    return 0;
}
