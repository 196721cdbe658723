/* zipplain_test.c - a zip in which no byte can change unnoticed, and which other programs read. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>
#undef fail /* base/err.h has its own */

#include "fmt/zipplain.h"

static const struct {
    const char *name, *text;
} MEMBERS[] = {{"index.html", "<p>一页</p>"}, {"records/a/1.json", "{}"}, {"empty", ""}};

static Str read_all(Arena *mem, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    size_t n = (size_t)lseek(fd, 0, SEEK_END);
    char *p = arena_alloc(mem, n + 1);
    assert_int_equal(pread(fd, p, n, 0), (ssize_t)n);
    close(fd);
    return str_n(p, n);
}

static Str written(Cx *cx, int64_t time_ms)
{
    char path[64];
    snprintf(path, sizeof path, "%s/tamga-zip-XXXXXX", P_tmpdir);
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    unlink(path);
    ZipOut *z;
    assert_true(zipout_open(cx, path, time_ms, &z));
    for (size_t i = 0; i < ARRAY_LEN(MEMBERS); i++) {
        assert_true(zipout_add(cx, z, str_c(MEMBERS[i].name), str_c(MEMBERS[i].text)));
    }
    assert_true(zipout_end(cx, z));
    zipout_drop(z);
    Str bytes = read_all(cx->mem, path);
    unlink(path);
    return bytes;
}

#define WITH_CX                                                                                                                            \
    Arena *mem = arena_new(0);                                                                                                             \
    Cx context, *cx = &context;                                                                                                            \
    cx_init(cx, mem)

static void what_was_written_is_read(void **state)
{
    (void)state;
    WITH_CX;
    ZipMember *m;
    size_t n;
    assert_true(zipplain_read(cx, written(cx, 1767225600000), &m, &n));
    assert_int_equal(n, ARRAY_LEN(MEMBERS));
    for (size_t i = 0; i < n; i++) {
        assert_true(str_eq(m[i].name, str_c(MEMBERS[i].name)));
        assert_true(str_eq(m[i].bytes, str_c(MEMBERS[i].text)));
        assert_true(m[i].heads && m[i].sum);
    }
    arena_free(mem);
}

static void the_same_members_give_the_same_bytes_and_another_time_other_ones(void **state)
{
    (void)state;
    WITH_CX;
    assert_true(str_eq(written(cx, 1767225600000), written(cx, 1767225600000)));
    assert_false(str_eq(written(cx, 1767225600000), written(cx, 1767225602000)));
    arena_free(mem);
}

/* Each bit of each byte: either the directory cannot be followed, or a member says that it is not whole. */
static void no_bit_can_change_unnoticed(void **state)
{
    (void)state;
    WITH_CX;
    Str good = written(cx, 1767225600000);
    char *p = arena_alloc(mem, good.n);
    for (size_t i = 0; i < good.n * 8; i++) {
        ArenaMark mark = arena_mark(mem);
        ZipMember *m;
        size_t n;
        memcpy(p, good.p, good.n);
        p[i / 8] = (char)(p[i / 8] ^ 1 << i % 8);
        bool whole = zipplain_read(cx, str_n(p, good.n), &m, &n);
        for (size_t k = 0; whole && k < n; k++) {
            whole = m[k].heads && m[k].sum;
        }
        assert_false(whole && n == ARRAY_LEN(MEMBERS));
        cx_clear(cx);
        arena_release(mem, mark);
    }
    arena_free(mem);
}

static void what_was_cut_or_lengthened_is_no_such_zip(void **state)
{
    (void)state;
    WITH_CX;
    Str good = written(cx, 1767225600000);
    char *p = arena_alloc(mem, good.n + 1);
    ZipMember *m;
    size_t n;
    memcpy(p, good.p, good.n);
    for (size_t len = 0; len <= good.n + 1; len++) {
        assert_int_equal(zipplain_read(cx, str_n(p, len), &m, &n), len == good.n);
        assert_int_equal(cx->err, len == good.n ? E_OK : E_INVALID);
        cx_clear(cx);
    }
    arena_free(mem);
}

static void a_file_that_is_there_is_not_touched_and_an_unfinished_one_is_removed(void **state)
{
    (void)state;
    WITH_CX;
    char path[64];
    snprintf(path, sizeof path, "%s/tamga-zip-XXXXXX", P_tmpdir);
    int fd = mkstemp(path);
    assert_int_equal(write(fd, "mine", 4), 4);
    close(fd);
    ZipOut *z;
    assert_false(zipout_open(cx, path, 0, &z));
    assert_int_equal(cx->err, E_CONFLICT);
    cx_clear(cx);
    zipout_drop(z);
    assert_true(str_eq(read_all(mem, path), S("mine")));
    unlink(path);
    assert_true(zipout_open(cx, path, 0, &z));
    assert_true(zipout_add(cx, z, S("a"), S("b")));
    zipout_drop(z);
    assert_int_not_equal(access(path, F_OK), 0);
    arena_free(mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_is_read),
        cmocka_unit_test(the_same_members_give_the_same_bytes_and_another_time_other_ones),
        cmocka_unit_test(no_bit_can_change_unnoticed),
        cmocka_unit_test(what_was_cut_or_lengthened_is_no_such_zip),
        cmocka_unit_test(a_file_that_is_there_is_not_touched_and_an_unfinished_one_is_removed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
