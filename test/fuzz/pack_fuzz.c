/*
 * pack_fuzz.c - the small pack of the tests with one file replaced. The first byte says which ('a' the first), the rest
 * is the file. It is loaded, or refused with a report that names a place; nothing else.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pack/pack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const FILES[] = {
    "pack.yaml",          "clauses.yaml",         "codes.yaml",       "features.yaml",   "menu.yaml",
    "params.yaml",        "roles.yaml",           "sets.yaml",        "targets.yaml",    "regions.csv",
    "orgs.csv",           "grades.csv",           "types/award.yaml", "types/team.yaml", "calendar.csv",
    "rubrics/plain.yaml", "documents/letter.yaml"};
static const char *const FOLDERS[] = {"types", "rubrics", "documents"};
static char dir[256], source[3000];

static const char *place(const char *root, const char *name)
{
    static char text[3400];
    CHECK(snprintf(text, sizeof text, "%s/%s", root, name) < (int)sizeof text);
    return text;
}

static void put_back(size_t i)
{
    char from[3400];
    snprintf(from, sizeof from, "%s/%s", source, FILES[i]);
    unlink(place(dir, FILES[i]));
    CHECK(access(from, R_OK) != 0 || symlink(from, place(dir, FILES[i])) == 0); /* some are not in the small pack */
}

static void drop(void)
{
    for (size_t i = 0; i < ARRAY_LEN(FILES); i++) {
        unlink(place(dir, FILES[i]));
    }
    for (size_t i = 0; i < ARRAY_LEN(FOLDERS); i++) {
        rmdir(place(dir, FOLDERS[i]));
    }
    rmdir(dir);
}

static void prepare(void)
{
    char root[2000];
    const char *given = getenv("TAMGA_ROOT");
    CHECK(given != NULL ? snprintf(root, sizeof root, "%s", given) < (int)sizeof root
                        : getcwd(root, sizeof root) != NULL);
    snprintf(source, sizeof source, "%s/test/fixture/pack-two", root);
    CHECK(access(place(source, FILES[0]), R_OK) == 0); /* run from the root of the project, or name it in TAMGA_ROOT */
    snprintf(dir, sizeof dir, "%s/tamga-pack-XXXXXX", P_tmpdir);
    CHECK(mkdtemp(dir) != NULL);
    for (size_t i = 0; i < ARRAY_LEN(FOLDERS); i++) {
        CHECK(mkdir(place(dir, FOLDERS[i]), 0700) == 0);
    }
    atexit(drop);
    for (size_t i = 0; i < ARRAY_LEN(FILES); i++) {
        put_back(i);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static Arena *mem;
    if (mem == NULL) {
        mem = arena_new(0);
        prepare();
    }
    if (size == 0) {
        return 0;
    }
    size_t which = (size_t)(data[0] - 'a') % ARRAY_LEN(FILES);
    const char *path = place(dir, FILES[which]);
    unlink(path);
    FILE *f = fopen(path, "wb");
    CHECK(f != NULL && fwrite(data + 1, 1, size - 1, f) == size - 1 && fclose(f) == 0);
    Cx cx;
    cx_init(&cx, mem);
    Str report = S("");
    const Pack *p = pack_load(&cx, mem, dir, &report);
    CHECK(utf8_valid(report));
    if (p == NULL) {
        CHECK(cx.err == E_PACK && report.n != 0);
    } else {
        CHECK(cx.err == E_OK && report.n == 0 && p->n_levels > 0);
    }
    put_back(which);
    arena_reset(mem);
    return 0;
}
