/* jf_serve with invalid endpoints and invalid backlogs. */
#include "misuse.h"
#include "serving.h"

#include <sys/mman.h>

static const int32_t bad_backlogs[] = {-2, -3, -65536, INT32_MIN + 1, INT32_MIN};
static const char *const bad_texts[] = {
    "", " ", ":", "://", "tcp", "tcp:", "tcp:/", "tcp://", "TCP://:0", "tcp://:", "tcp://:-1", "tcp://:+1", "tcp://: 0",
    "tcp://:0 ", " tcp://:0", "tcp://:65536", "tcp://:4294967296", "tcp://:99999999999999999999", "tcp://127.0.0.1",
    "tcp://127.0.0.1:", "tcp://127.1:0", "tcp://0x7f000001:0", "tcp://256.0.0.1:0", "tcp://127.0.0.1:0/", "tcp://::1:0",
    "tcp://[::1]", "tcp://[::1:0", "tcp://[]:0", "tcp://[::1%]:0", "tcp://[127.0.0.1]:0", "tcp://host..name:0",
    "tcp://.:0", "tcp://user@host:0", "tcp://*:0", "tcp://\n:0", "udp://", "udp://:", "udp://127.0.0.1:0:0",
    "sctp://:0", "http://:0", "127.0.0.1:0", "[::1]:0", "unix:", "unix:/", "unix://", "unix:@name", "unix:name",
    "UNIX:///tmp/x", "unix://%", "unix://%4", "unix://%zz", "unix://a%00b", "vsock:1:1",
    "vsock://1:1", "netlink:0:0", "unix://\xff", "\xff", "tcp://\xff:0",
    "tcp://\xc3:0", "tcp://\xed\xa0\x80:0",
};
enum { BACKLOGS = sizeof bad_backlogs / sizeof *bad_backlogs, TEXTS = sizeof bad_texts / sizeof *bad_texts };

static void expect_refused(const char *text) {
    /* If both are invalid, either error may be reported. */
    for (int i = 0; i < BACKLOGS; i++) {
        int64_t got = jf_serve(text, bad_backlogs[i]);
        if (got != JF_E_ADDR_INVALID) expect_of(text, bad_backlogs[i], got, JF_E_INVALID);
    }
    for (int32_t backlog = -1; backlog < 2; backlog++)
        expect_of(text, backlog, jf_serve(text, backlog), JF_E_ADDR_INVALID);
    expect_of(text, INT32_MAX, jf_serve(text, INT32_MAX), JF_E_ADDR_INVALID);
}

/* The backlog is checked first: nothing is resolved or created. */
static void backlogs(void) {
    static const char *const texts[] = {"tcp://127.0.0.1:0", "udp://127.0.0.1:0", "tcp://no-such-name.invalid:0",
                                        "unix://jackfield-never-made", "unix://@jackfield-never-made"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        for (int j = 0; j < BACKLOGS; j++)
            expect_of(texts[i], bad_backlogs[j], jf_serve(texts[i], bad_backlogs[j]), JF_E_INVALID);
    CHECK(access("jackfield-never-made", F_OK) != 0);
    OK(jf_close(OK(jf_serve("tcp://127.0.0.1:0", 0))));
    OK(jf_close(OK(jf_serve("udp://127.0.0.1:0", INT32_MAX))));
}

/* Random bytes, in a string that ends right before an inaccessible page. */
static void random_texts(int rounds) {
    static const char *const prefixes[] = {"", "tcp://", "udp://", "tcp://[", "tcp://127.", "unix://"};
    enum { PREFIXES = sizeof prefixes / sizeof *prefixes, LONGEST = 300 };
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(pages != MAP_FAILED && mprotect(pages + page, page, PROT_NONE) == 0);
    uint64_t state = 1;
    for (int round = 0; round < rounds; round++) {
        const char *prefix = prefixes[round % PREFIXES];
        size_t count = random_number(&state) % LONGEST, len = strlen(prefix) + count;
        char *text = pages + page - len - 2;
        memcpy(text, prefix, strlen(prefix));
        for (size_t i = 0; i < count; i++) text[strlen(prefix) + i] = (char)(random_number(&state) % 255 + 1);
        /* An incomplete percent escape makes the text invalid whatever precedes it. */
        text[len] = '%';
        text[len + 1] = 0;
        expect_refused(text);
    }
    CHECK(munmap(pages, 2 * page) == 0);
}

/* Strings of 1 MiB. */
static void huge_texts(void) {
    enum { MEGABYTE = 1 << 20 };
    static const char *const prefixes[] = {"tcp://", "tcp://[", "udp://:", "unix://", "unix://@",
                                           "tcp://127.0.0.1:", ""};
    static char text[MEGABYTE + 1];
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        memset(text, '1', MEGABYTE);
        memcpy(text, prefixes[i], strlen(prefixes[i]));
        expect_refused(text);
    }
}

int main(int argc, char **argv) {
    int before = open_descriptor_count();
    for (int i = 0; i < BACKLOGS; i++) EXPECT(jf_serve(NULL, bad_backlogs[i]), JF_E_INVALID);
    EXPECT(jf_serve(NULL, 0), JF_E_INVALID);
    for (int i = 0; i < TEXTS; i++) expect_refused(bad_texts[i]);
    backlogs();
    random_texts(is_slow(argc, argv) ? 300 : 30000);
    huge_texts();
    CHECK(open_descriptor_count() == before);
    return 0;
}
