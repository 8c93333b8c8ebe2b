/* The library is unloaded, as far as the program goes, while a look-up that was left behind still runs in it. The
 * program is not linked to it: its argument is the library's path. */
#include "name_server.h"

#include <dlfcn.h>

typedef int64_t resolve_call(const char *, const char *, int32_t, int32_t, int64_t, jf_addr *, size_t);
typedef int64_t dial_call(const char *, int64_t);

enum { PROMPT_MS = 20, TIMES = 5 };

static void *loaded(const char *path) {
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) fprintf(stderr, "%s\n", dlerror());
    CHECK(library != NULL);
    return library;
}

/* A function of the library. A pointer to one comes as a pointer to data. */
static void find(void *library, const char *name, void *call) {
    void *found = dlsym(library, name);
    CHECK(found != NULL);
    memcpy(call, &found, sizeof found);
}

/* A thread of its own, with which what the library keeps for its callers' threads is gone. */
static void *leave_one_behind(void *library) {
    static int times;
    resolve_call *resolve;
    dial_call *dial;
    find(library, "jf_resolve", &resolve);
    find(library, "jf_dial", &dial);
    int64_t got = times++ % 2 == 0 ? resolve("left.test.", "80", JF_UNSPEC, 0, PROMPT_MS, NULL, 0)
                                   : dial("tcp://left.test.:80", PROMPT_MS);
    CHECK(got == JF_E_TIMED_OUT);
    return NULL;
}

int main(int argc, char **argv) {
    watchdog(argc > 2 ? 280 : 110);
    take_over_names();
    for (int i = 0; i < TIMES; i++) {
        pthread_t thread;
        void *library = loaded(argv[1]);
        CHECK(pthread_create(&thread, NULL, leave_one_behind, library) == 0 && pthread_join(thread, NULL) == 0);
        CHECK(dlclose(library) == 0);
        /* It is answered now, and what the answer comes to is the library's business. */
        CHECK(is_asked(-1));
        answer_all("left.test.", NULL);
    }
    /* It stays when nothing runs in it too: nobody can tell whether a thread has come to its very end. */
    CHECK(dlclose(loaded(argv[1])) == 0);
    CHECK(dlopen(argv[1], RTLD_NOW | RTLD_NOLOAD) != NULL);
    return 0;
}
