/* folder_test.c - the small files of a folder: what they say, that there are none, and that one cannot be read. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/folder.h"

static void write_file(const char *path, size_t blanks, const char *text)
{
    FILE *to = fopen(path, "w");
    assert_non_null(to);
    fprintf(to, "%*s%s\n", (int)blanks, "", text);
    fclose(to);
}

static void a_setting_is_said_or_not_said_or_a_failure(void **state)
{
    Arena *mem = *state;
    Cx cx;
    cx_init(&cx, mem);
    char dir[] = "/tmp/tamga-folder-XXXXXX";
    assert_non_null(mkdtemp(dir));
    const char *path = str_printf(mem, "%s/word", dir).p;
    bool there = true;
    Str text;
    assert_true(folder_setting(&cx, dir, "word", &there, &text));
    assert_false(there);
    assert_int_equal(text.n, 0);
    write_file(path, 1, "sm4-gcm ");
    assert_true(folder_setting(&cx, dir, "word", &there, &text));
    assert_true(there);
    assert_str(text, S("sm4-gcm"));
    write_file(path, 0, "");
    assert_true(folder_setting(&cx, dir, "word", &there, &text) && there && text.n == 0);
    write_file(path, FOLDER_SETTING_MAX, "too long");
    assert_false(folder_setting(&cx, dir, "word", NULL, &text));
    assert_int_equal(cx.err, E_IO);
    cx_clear(&cx);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_false(folder_setting(&cx, dir, "word", NULL, &text));
    cx_clear(&cx);
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(symlink("word", path), 0); /* to itself */
    assert_false(folder_setting(&cx, dir, "word", NULL, &text));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(dir), 0);
}

static void what_the_disk_does_not_tell_counts_as_there(void **state)
{
    Arena *mem = *state;
    char dir[] = "/tmp/tamga-folder-XXXXXX";
    assert_non_null(mkdtemp(dir));
    const char *path = str_printf(mem, "%s/word", dir).p;
    assert_false(folder_has(path));
    assert_false(folder_has(str_printf(mem, "%s/no/word", dir).p));
    assert_int_equal(symlink("word", path), 0); /* to itself: there, and nobody can look at it */
    assert_true(folder_has(path));
    assert_int_equal(unlink(path), 0);
    write_file(path, 0, "");
    assert_true(folder_has(path));
    assert_false(folder_has(str_printf(mem, "%s/below", path).p)); /* a file has nothing in it */
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {T(a_setting_is_said_or_not_said_or_a_failure), T(what_the_disk_does_not_tell_counts_as_there)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
