/* Sets and reads every option, each between two calls of getppid(), and prints the system calls that strace must
 * show in between: for each place of the option the level, the name and the value, or that it is read; for refused
 * calls, nothing. */
#include "option_table.h"

/* Marks the beginning or the end of a section. */
static void mark(void) { (void)getppid(); }

/* Bytes in strace's notation. */
static void print_bytes(const void *value, size_t len) {
    const unsigned char *bytes = value;
    printf("\"");
    for (size_t i = 0; i < len; i++) printf("\\x%02x", bytes[i]);
    printf("\", %zu", len);
}

static void print_value(const struct option *o, const struct place *place, int64_t value) {
    const struct ip_mreqn group = {.imr_ifindex = (int)value};
    if (o->form == WIDE) print_bytes(&value, sizeof value);
    else if (o->form == GROUP_INTERFACE && place->level == SOL_IP) print_bytes(&group, sizeof group);
    else if (o->form == SWAPPED) printf("[%d], 4", (int)htonl((uint32_t)value));
    else if (o->form == NO_FRAGMENT) printf("[%d], 4", value ? IP_PMTUDISC_DO : IP_PMTUDISC_DONT);
    else printf("[%d], 4", (int)value);
}

/* Prints a line for a set option: its name, and for each place |level|name|number of the name|value. */
static void set_number(const struct option *o, int kind, int64_t value) {
    jf_socket s = fresh(kind);
    if (s == 0) return;
    mark();
    OK(jf_set(s, o->option, value));
    mark();
    printf("%s", o->word);
    for (int i = 0; place_of(o, kind, i); i++) {
        const struct place *place = place_of(o, kind, i);
        printf("|%s|%s|%d|", place->level_word, place->name_word, place->name);
        print_value(o, place, value);
    }
    printf("\n");
    OK(jf_close(s));
}

/* Prints a line for a read option, which uses only its first place. Options that need a peer are read all the same. */
static void read_option(const struct option *o, int kind) {
    const struct place *place = place_of(o, kind, 0);
    jf_socket s = fresh(kind);
    int64_t value;
    char text[64];
    if (s == 0) return;
    mark();
    int64_t result = o->form == TEXT ? jf_get_text(s, o->option, text, sizeof text) : jf_get(s, o->option, &value);
    mark();
    CHECK(result >= 0 || result == JF_E_NOT_CONNECTED || o->option == JF_OPT_PEER_SECURITY);
    printf("%s|%s|%s|%d|read\n", o->word, place->level_word, place->name_word, place->name);
    OK(jf_close(s));
}

/* Prints a line for a call that is refused without a system call: only the option's name. */
static void expect_refused(const struct option *o, int kind, int64_t value, int64_t code) {
    jf_socket s = fresh(kind);
    if (s == 0) return;
    mark();
    EXPECT(jf_set(s, o->option, value), code);
    mark();
    printf("%s\n", o->word);
    OK(jf_close(s));
}

static void set_text(int option, const char *level, const char *name, int number, const char *value) {
    jf_socket s = fresh(TCP4);
    mark();
    OK(jf_set_text(s, option, value));
    mark();
    printf("text|%s|%s|%d|", level, name, number);
    print_bytes(value, strlen(value));
    printf("\n");
    OK(jf_close(s));
}

/* Options with a form of their own. */
static void set_special(int option, int64_t value, const char *name, int number, const void *seen, size_t len) {
    jf_socket s = fresh(TCP4);
    mark();
    OK(jf_set(s, option, value));
    mark();
    printf("one|SOL_SOCKET|%s|%d|", name, number);
    if (len > 0) print_bytes(seen, len);
    else printf("%s", (const char *)seen);
    printf("\n");
    OK(jf_close(s));
}

int main(void) {
    const struct timeval some = {2, 500000}, none = {0, 0};
    need_root();
    for (int kind = 0; kind < SOCKETS; kind++)
        for (const struct option *o = options; o < options + OPTIONS; o++) {
            if (o->form == OTHER) continue;
                        /* Type and family are stored in the library. */
            if (o->form != SET && place_of(o, kind, 0) && o->option != JF_OPT_TYPE && o->option != JF_OPT_FAMILY)
                read_option(o, kind);
            if (o->form == READ || o->form == TEXT || !place_of(o, kind, 0)) {
                expect_refused(o, kind, o->least, JF_E_OPTION_UNSUPPORTED);
                continue;
            }
            if (o->min > INT64_MIN) expect_refused(o, kind, o->min - 1, JF_E_INVALID);
            if (o->max < INT64_MAX) expect_refused(o, kind, o->max + 1, JF_E_INVALID);
            set_number(o, kind, o->least);
            set_number(o, kind, o->most);
            set_number(o, kind, o->least + (o->most - o->least) / 2);
        }
    set_text(JF_OPT_DEVICE, "SOL_SOCKET", "SO_BINDTODEVICE", SO_BINDTODEVICE, "lo");
        /* Not "reno": strace shows a value of four bytes as a number. */
    set_text(JF_OPT_CONGESTION, "SOL_TCP", "TCP_CONGESTION", TCP_CONGESTION, "cubic");
    set_special(JF_OPT_RECV_TIMEOUT, 2500, "SO_RCVTIMEO", SO_RCVTIMEO, &some, sizeof some);
    set_special(JF_OPT_SEND_TIMEOUT, -1, "SO_SNDTIMEO", SO_SNDTIMEO, &none, sizeof none);
    set_special(JF_OPT_LINGER, 2500, "SO_LINGER", SO_LINGER, "{l_onoff=1, l_linger=3}, 8", 0);
    set_special(JF_OPT_LINGER, -1, "SO_LINGER", SO_LINGER, "{l_onoff=0, l_linger=0}, 8", 0);
    set_special(JF_OPT_RECV_BUFFER, 12345, "SO_RCVBUF", SO_RCVBUF, "[12345], 4", 0);
    set_special(JF_OPT_SEND_BUFFER, 54321, "SO_SNDBUF", SO_SNDBUF, "[54321], 4", 0);
    return 0;
}
