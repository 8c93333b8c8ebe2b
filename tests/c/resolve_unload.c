/* dlclose while an abandoned lookup still runs in the library. The program is not linked to the library: its
 * argument is the path. */
#include "name_server.h"

#include <dlfcn.h>

typedef int64_t resolve_call(const char *, const char *, int32_t, int32_t, int64_t, jf_addr *, size_t);
typedef int64_t dial_call(const char *, int64_t);

enum { SHORT_MS = 20, ROUNDS = 5 };

static void *load_library(const char *path) {
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) fprintf(stderr, "%s\n", dlerror());
    CHECK(library != NULL);
    return library;
}

/* Finds a function. dlsym returns function pointers as data pointers. */
static void find(void *library, const char *name, void *call) {
    void *found = dlsym(library, name);
    CHECK(found != NULL);
    memcpy(call, &found, sizeof found);
}

/* Runs in its own thread, so that the library's thread-local data of the caller is freed before dlclose. */
static void *abandon_lookup(void *library) {
    static int times;
    resolve_call *resolve;
    dial_call *dial;
    find(library, "jf_resolve", &resolve);
    find(library, "jf_dial", &dial);
    int64_t got = times++ % 2 == 0 ? resolve("left.test.", "80", JF_UNSPEC, 0, SHORT_MS, NULL, 0)
                                   : dial("tcp://left.test.:80", SHORT_MS);
    CHECK(got == JF_E_TIMED_OUT);
    return NULL;
}

int main(int argc, char **argv) {
    watchdog(argc > 2 ? 280 : 110);
    take_over_names();
    for (int i = 0; i < ROUNDS; i++) {
        pthread_t thread;
        void *library = load_library(argv[1]);
        CHECK(pthread_create(&thread, NULL, abandon_lookup, library) == 0 && pthread_join(thread, NULL) == 0);
        CHECK(dlclose(library) == 0);
                /* The query is answered after dlclose: the library's thread must still handle it. */
        CHECK(has_query(-1));
        answer_all("left.test.", NULL);
    }
        /* The library stays loaded even when no thread runs in it: it cannot know when a thread has left its code. */
    CHECK(dlclose(load_library(argv[1])) == 0);
    CHECK(dlopen(argv[1], RTLD_NOW | RTLD_NOLOAD) != NULL);
    return 0;
}
