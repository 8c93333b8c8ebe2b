/* Provides a temporary directory for UNIX socket paths. It is removed when the program exits, also after a failed
 * check. */
#ifndef FOLDER_H
#define FOLDER_H

#include "check.h"

#include <ftw.h>
#include <unistd.h>

static char folder[] = "/tmp/jackfield-XXXXXX";

static inline int folder_remove_one(const char *path, const struct stat *about, int type, struct FTW *at) {
    (void)about, (void)type, (void)at;
    return remove(path);
}

static inline void folder_remove(void) {
    nftw(folder, folder_remove_one, 4, FTW_DEPTH | FTW_PHYS);
}

static inline void folder_make(void) {
    CHECK(mkdtemp(folder));
    CHECK(atexit(folder_remove) == 0);
}

/* Returns the address of a new path in the directory. */
static inline jf_addr folder_path(void) {
    static int count;
    char text[sizeof folder + 32];
    snprintf(text, sizeof text, "unix:%s/%d", folder, ++count);
    return parsed(text);
}

#endif
