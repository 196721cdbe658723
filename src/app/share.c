/*
 * share.c - where the program finds its templates, assets and packs: beside an installed program, else in the source tree.
 *
 * An installed program stands in PREFIX/bin and the rest in PREFIX/share/tamga; one built from source is started from the top of the tree, as
 * script/server does.
 */
#include <unistd.h>

#include "app/app.h"

static const char *beside_program(Cx *cx, const char *name)
{
    char exe[4096];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof exe);
    Str dir = n > 0 && (size_t)n < sizeof exe ? str_n(exe, (size_t)n) : S("");
    for (int up = 0; up < 2; up++) { /* the name of the program, then "bin" */
        while (dir.n > 0 && dir.p[dir.n - 1] != '/') {
            dir.n--;
        }
        dir.n -= dir.n > 0;
    }
    const char *path = str_printf(cx->mem, "%.*s/share/tamga/%s", STRF(dir), name).p;
    return access(path, R_OK) == 0 ? path : NULL;
}

const char *app_share(Cx *cx, const char *given, const char *name, const char *in_tree)
{
    if (given != NULL) {
        return given;
    }
    const char *installed = beside_program(cx, name);
    return installed != NULL ? installed : in_tree;
}
