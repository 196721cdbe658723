/* archive_test.c - a backup of a folder that the disk does not give whole is refused: nothing is left out of it. */
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#undef fail /* base/err.h has its own */

#include "fmt/archive.h"

static const char *in(Arena *mem, const char *dir, const char *name)
{
    return str_printf(mem, "%s/%s", dir, name).p;
}

static void write_file(const char *path, const char *text)
{
    FILE *to = fopen(path, "w");
    assert_non_null(to);
    fputs(text, to);
    fclose(to);
}

static int remove_one(const char *p, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st, (void)kind, (void)ftw;
    return remove(p);
}

#define SHA "ab00000000000000000000000000000000000000000000000000000000000000"

static void what_cannot_be_read_is_not_left_out(void **state)
{
    static const char *const PARTS[] = {"master.key", "keys/ed25519.key", "anchor", "files/ab", "files"};
    (void)state;
    Arena *mem = arena_new(0);
    char dir[] = "/tmp/tamga-archive-XXXXXX";
    assert_non_null(mkdtemp(dir));
    const char *out = in(mem, dir, "out.zip"), *aside = in(mem, dir, "aside");
    assert_true(mkdir(in(mem, dir, "files"), 0700) == 0 && mkdir(in(mem, dir, "files/ab"), 0700) == 0 && mkdir(in(mem, dir, "keys"), 0700) == 0);
    static const char *const FILES[] = {"tamga.db", "pack", "master.key", "keys/ed25519.key", "anchor", "files/ab/" SHA};
    for (size_t i = 0; i < ARRAY_LEN(FILES); i++) {
        write_file(in(mem, dir, FILES[i]), "x");
    }
    for (size_t i = 0; i < ARRAY_LEN(PARTS); i++) {
        Cx cx;
        cx_init(&cx, mem);
        const char *part = in(mem, dir, PARTS[i]);
        assert_int_equal(rename(part, aside), 0);
        assert_int_equal(symlink(part, part), 0); /* to itself: there, and nobody can read it */
        bool taken = archive_write(&cx, dir, in(mem, dir, "tamga.db"), out);
        if (taken) {
            print_error("left out: %s\n", PARTS[i]);
        }
        assert_false(taken);
        assert_int_equal(cx.err, E_IO);
        assert_int_equal(access(out, F_OK), -1);
        assert_int_equal(unlink(part), 0);
        assert_int_equal(rename(aside, part), 0);
        cx_clear(&cx);
        assert_true(archive_write(&cx, dir, in(mem, dir, "tamga.db"), out));
        assert_int_equal(unlink(out), 0);
    }
    assert_int_equal(nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
    arena_free(mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_cannot_be_read_is_not_left_out)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
