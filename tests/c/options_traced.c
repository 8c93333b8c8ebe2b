/* Sets and reads every option, each between two calls of getppid, and prints what a tracer must see in between: for each
   place of the option the level, the name and the value, or that it is read; of what is refused, nothing. */
#include "option_table.h"

/* What the tracer looks for. */
static void mark(void) { (void)getppid(); }

/* Bytes as the tracer shows them. */
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

/* A line for what was set: the option, and for each place of it |level|name|number of the name|value. */
static void number(const struct option *o, int kind, int64_t value) {
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

/* A line for what is read, which is one place of all. Some need a peer, and are asked for all the same. */
static void reading(const struct option *o, int kind) {
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

/* What is refused without asking the system: a line of the option alone. */
static void refused(const struct option *o, int kind, int64_t value, int64_t code) {
    jf_socket s = fresh(kind);
    if (s == 0) return;
    mark();
    EXPECT(jf_set(s, o->option, value), code);
    mark();
    printf("%s\n", o->word);
    OK(jf_close(s));
}

static void text(int option, const char *level, const char *name, int number, const char *value) {
    jf_socket s = fresh(TCP4);
    mark();
    OK(jf_set_text(s, option, value));
    mark();
    printf("text|%s|%s|%d|", level, name, number);
    print_bytes(value, strlen(value));
    printf("\n");
    OK(jf_close(s));
}

/* What has a form of its own. */
static void one(int option, int64_t value, const char *name, int number, const void *seen, size_t len) {
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
            /* The socket knows its own family and type. */
            if (o->form != SET && place_of(o, kind, 0) && o->option != JF_OPT_TYPE && o->option != JF_OPT_FAMILY)
                reading(o, kind);
            if (o->form == READ || o->form == TEXT || !place_of(o, kind, 0)) {
                refused(o, kind, o->least, JF_E_OPTION_UNSUPPORTED);
                continue;
            }
            if (o->min > INT64_MIN) refused(o, kind, o->min - 1, JF_E_INVALID);
            if (o->max < INT64_MAX) refused(o, kind, o->max + 1, JF_E_INVALID);
            number(o, kind, o->least);
            number(o, kind, o->most);
            number(o, kind, o->least + (o->most - o->least) / 2);
        }
    text(JF_OPT_DEVICE, "SOL_SOCKET", "SO_BINDTODEVICE", SO_BINDTODEVICE, "lo");
    /* Not four bytes long, lest it looks like a number. */
    text(JF_OPT_CONGESTION, "SOL_TCP", "TCP_CONGESTION", TCP_CONGESTION, "cubic");
    one(JF_OPT_RECV_TIMEOUT, 2500, "SO_RCVTIMEO", SO_RCVTIMEO, &some, sizeof some);
    one(JF_OPT_SEND_TIMEOUT, -1, "SO_SNDTIMEO", SO_SNDTIMEO, &none, sizeof none);
    one(JF_OPT_LINGER, 2500, "SO_LINGER", SO_LINGER, "{l_onoff=1, l_linger=3}, 8", 0);
    one(JF_OPT_LINGER, -1, "SO_LINGER", SO_LINGER, "{l_onoff=0, l_linger=0}, 8", 0);
    one(JF_OPT_RECV_BUFFER, 12345, "SO_RCVBUF", SO_RCVBUF, "[12345], 4", 0);
    one(JF_OPT_SEND_BUFFER, 54321, "SO_SNDBUF", SO_SNDBUF, "[54321], 4", 0);
    return 0;
}
