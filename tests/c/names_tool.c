/* Resolves names and dials on command, for tests that set up the network around it. It reads one command per line
 * and prints one line for each: the result (a number or an error name), the milliseconds it took, and the output.
 *
 *     resolve HOST SERVICE FAMILY TYPE TIMEOUT    the number of addresses, and the addresses; FAMILY 0, 4, 6;
 *                                                 TYPE 0, stream, dgram
 *     reverse ADDRESS TIMEOUT                     the length of the name, and the name
 *     dial ENDPOINT [SETTING...] TIMEOUT          0, the addresses of the peer and of the socket, and each setting
 *                                                 as read back from the socket
 *
 * "" stands for an empty word. Settings of a dialer are delay=MS, local=ADDRESS, and the options of option_of() below.
 * names_many.h has further commands, which repeat these or run them in parallel. */
#include "check.h"
#include "clock.h"

#include <dirent.h>

#define WORDS 24

/* The outcome of a command. */
struct outcome {
    int64_t result;
    double ms;
    char text[1500];
};

static void append_word(struct outcome *o, const char *word) {
    size_t used = strlen(o->text);
    snprintf(o->text + used, sizeof o->text - used, " %s", word);
}

static void append_addr(struct outcome *o, const jf_addr *a) {
    char text[JF_ADDR_TEXT];
    OK(jf_addr_format(a, text, sizeof text));
    append_word(o, text);
}

static int32_t option_of(const char *name, size_t len) {
    static const struct {
        const char *name;
        int32_t option;
    } options[] = {{"ttl", JF_OPT_TTL}, {"tos", JF_OPT_TOS}, {"no-delay", JF_OPT_NO_DELAY}, {"mark", JF_OPT_MARK},
                   {"recv-timeout", JF_OPT_RECV_TIMEOUT}, {"interruptible", JF_OPT_INTERRUPTIBLE},
                   {"device", JF_OPT_DEVICE}, {"keep-alive", JF_OPT_KEEP_ALIVE},
                   {"fast-open-connect", JF_OPT_FAST_OPEN_CONNECT},
                   {"fast-open-no-cookie", JF_OPT_FAST_OPEN_NO_COOKIE}};
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        if (strlen(options[i].name) == len && strncmp(options[i].name, name, len) == 0)
            return options[i].option;
    fprintf(stderr, "unknown setting: %s\n", name);
    exit(1);
}

static int64_t apply_setting(jf_dialer d, const char *setting) {
    const char *value = strchr(setting, '=');
    CHECK(value != NULL);
    size_t len = (size_t)(value++ - setting);
    if (strncmp(setting, "delay=", 6) == 0)
        return jf_dialer_set_delay(d, strtoll(value, NULL, 10));
    if (strncmp(setting, "local=", 6) == 0) {
        jf_addr local = parsed(value);
        return jf_dialer_bind(d, &local);
    }
    int32_t option = option_of(setting, len);
    return option == JF_OPT_DEVICE ? jf_dialer_set_text(d, option, value)
                                   : jf_dialer_set(d, option, strtoll(value, NULL, 10));
}

static struct outcome resolve(char **words) {
    struct outcome o = {0};
    jf_addr found[64];
    const char *service = strcmp(words[2], "NULL") == 0 ? NULL : words[2];
    int32_t family = *words[3] == '4' ? JF_INET : *words[3] == '6' ? JF_INET6 : JF_UNSPEC;
    int32_t type = *words[4] == 's' ? JF_STREAM : *words[4] == 'd' ? JF_DGRAM : 0;
    double start = clock_ms();
    o.result = jf_resolve(words[1], service, family, type, strtoll(words[5], NULL, 10), found, 64);
    o.ms = clock_ms() - start;
    for (int64_t i = 0; i < o.result; i++)
        append_addr(&o, &found[i]);
    return o;
}

static struct outcome reverse(char **words) {
    struct outcome o = {0};
    jf_addr a = parsed(words[1]);
    char name[JF_HOST_TEXT] = "";
    double start = clock_ms();
    o.result = jf_resolve_addr(&a, strtoll(words[2], NULL, 10), name, sizeof name);
    o.ms = clock_ms() - start;
    if (o.result >= 0)
        append_word(&o, name);
    return o;
}

static struct outcome dial(char **words, int count) {
    struct outcome o = {0};
    int64_t timeout = strtoll(words[count - 1], NULL, 10);
    jf_dialer d = count > 3 ? OK(jf_dialer_open()) : 0;
    for (int i = 2; i < count - 1 && o.result == 0; i++)
        o.result = apply_setting(d, words[i]);
    double start = clock_ms();
    jf_socket s = o.result != 0 ? o.result
                  : count > 3   ? jf_dialer_dial(d, words[1], timeout)
                                : jf_dial(words[1], timeout);
    o.ms = clock_ms() - start;
    o.result = s < 0 ? s : 0;
    if (s >= 0) {
        jf_addr a;
        OK(jf_peer_addr(s, &a));
        append_addr(&o, &a);
        OK(jf_local_addr(s, &a));
        append_addr(&o, &a);
        for (int i = 2; i < count - 1; i++) {
            size_t len = strcspn(words[i], "=");
            if (strncmp(words[i], "delay=", 6) != 0 && strncmp(words[i], "local=", 6) != 0) {
                int64_t value = 0;
                int32_t option = option_of(words[i], len);
                char read[64] = "device=";
                if (option == JF_OPT_DEVICE) {
                    OK(jf_get_text(s, option, read + 7, sizeof read - 7));
                } else {
                    OK(jf_get(s, option, &value));
                    snprintf(read, sizeof read, "%.*s=%" PRId64, (int)len, words[i], value);
                }
                append_word(&o, read);
            }
        }
        OK(jf_close(s));
    }
    if (d > 0)
        OK(jf_dialer_close(d));
    return o;
}

/* The number of entries in a folder of /proc, without the descriptor that reads it. */
static int entries(const char *path, int own) {
    DIR *folder = opendir(path);
    CHECK(folder != NULL);
    int count = -own;
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
        count += entry->d_name[0] != '.';
    closedir(folder);
    return count;
}

static int descriptor_count(void) {
    return entries("/proc/self/fd", 1);
}

static int thread_count(void) {
    return entries("/proc/self/task", 0);
}

static struct outcome perform(char **words, int count) {
    if (strcmp(words[0], "resolve") == 0)
        return resolve(words);
    if (strcmp(words[0], "reverse") == 0)
        return reverse(words);
    if (strcmp(words[0], "dial") == 0)
        return dial(words, count);
    fprintf(stderr, "unknown command: %s\n", words[0]);
    exit(1);
}

/* Prints a result; an error by its name. */
static void print_result(int64_t result) {
    if (result < 0)
        printf("%s", jf_error_name(result));
    else
        printf("%" PRId64, result);
}

static void print_outcome(const struct outcome *o) {
    print_result(o->result);
    printf(" %.1f%s\n", o->ms, o->text);
}

#include "names_many.h"

int main(void) {
    char line[1000];
    /* Failures are printed in place of an answer. */
    CHECK(dup2(1, 2) == 2);
    while (fgets(line, sizeof line, stdin) != NULL) {
        char *words[WORDS + 1];
        int count = 0;
        for (char *word = strtok(line, " \n"); word != NULL && count < WORDS; word = strtok(NULL, " \n"))
            words[count++] = strcmp(word, "\"\"") == 0 ? word + 2 : word;
        CHECK(count > 0);
        words[count] = NULL;
        if (!perform_many(words, count)) {
            struct outcome o = perform(words, count);
            print_outcome(&o);
        }
        fflush(stdout);
    }
    return 0;
}
