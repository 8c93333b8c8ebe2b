/* A folder of the program's own for UNIX paths, gone when the program ends, also after a failed check. */
#ifndef FOLDER_H
#define FOLDER_H

#include "check.h"

#include <dirent.h>
#include <limits.h>
#include <unistd.h>

static char folder[] = "/tmp/jackfield-XXXXXX";

static inline void folder_remove(void) {
    char path[sizeof folder + NAME_MAX + 2];
    DIR *dir = opendir(folder);
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (entry->d_name[0] != '.') unlink(path);
    }
    if (dir) closedir(dir);
    rmdir(folder);
}

static inline void folder_make(void) {
    CHECK(mkdtemp(folder));
    CHECK(atexit(folder_remove) == 0);
}

/* The address of a new path in it. */
static inline jf_addr folder_path(void) {
    static int count;
    char text[sizeof folder + 32];
    snprintf(text, sizeof text, "unix:%s/%d", folder, ++count);
    return parsed(text);
}

#endif
