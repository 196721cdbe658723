/* err_test.c - failures: the table, the first one wins; and what the log writes. */
#include "unit.h"

#include "base/err.h"
#include "base/log.h"

static void every_code_has_status_exit_word_and_chinese_text(void **state)
{
    (void)state;
    for (int i = 0; i < E_COUNT; i++) {
        const ErrInfo *e = err_info((ErrCode)i);
        assert_in_range(e->http, 200, 599);
        assert_in_range(e->exit_status, 0, 63);
        assert_true((e->exit_status == 0) == (i == E_OK));
        Str text = str_c(e->text);
        assert_true(text.n != 0 && utf8_valid(text) && (unsigned char)text.p[0] >= 0x80);
        for (const char *p = e->api; *p != 0; p++) {
            assert_true((*p >= 'a' && *p <= 'z') || *p == '_');
        }
        for (int k = 0; k < i; k++) {
            assert_string_not_equal(e->api, err_info((ErrCode)k)->api);
        }
    }
}

static void the_first_failure_wins(void **state)
{
    Arena *mem = *state;
    Cx cx;
    cx_init(&cx, mem);
    assert_int_equal(cx.err, E_OK);
    assert_true(cx.now_ms > 0);
    assert_false(fail(&cx, E_STALE, "第 %d 条", 3));
    assert_false(fail(&cx, E_NOT_FOUND, "另一个"));
    assert_int_equal(cx.err, E_STALE);
    assert_str(cx_text(&cx), S("第 3 条"));
    assert_true(str_contains(cx.err_at, S("err_test.c:")));
    cx_clear(&cx);
    assert_int_equal(cx.err, E_OK);
    assert_int_equal(cx.err_at.n, 0);
    assert_false(fail(&cx, E_NOT_FOUND, "另一个"));
    assert_str(cx_text(&cx), S("另一个"));
}

static void without_a_text_the_code_speaks(void **state)
{
    Arena *mem = *state;
    Cx cx;
    cx_init(&cx, mem);
    assert_false(fail(&cx, E_STALE, "%s", ""));
    assert_str(cx_text(&cx), str_c(err_info(E_STALE)->text));
}

static void ask_for_no_code(void *arg)
{
    (void)arg;
    err_info(E_COUNT);
}

static void fail_with_ok(void *arg)
{
    Cx cx;
    cx_init(&cx, arg);
    fail(&cx, E_OK, "x");
}

static void misuse_aborts(void **state)
{
    assert_true(aborts(ask_for_no_code, *state));
    assert_true(aborts(fail_with_ok, *state));
}

/* What fn writes on standard error, in `out`. */
static Str logged(Arena *mem, void (*fn)(Arena *))
{
    int fds[2], keep = dup(STDERR_FILENO);
    assert_int_equal(pipe(fds), 0);
    dup2(fds[1], STDERR_FILENO);
    fn(mem);
    dup2(keep, STDERR_FILENO);
    close(keep);
    close(fds[1]);
    char *out = arena_alloc(mem, 65536);
    size_t n = 0;
    ssize_t got;
    while ((got = read(fds[0], out + n, 65536 - n)) > 0) {
        n += (size_t)got;
    }
    close(fds[0]);
    return str_n(out, n);
}

static void write_awkward(Arena *mem)
{
    (void)mem;
    log_debug("not shown");
    log_info("say \"%s\" \\ \n\x01", "塔木嘎");
}

static void a_line_of_the_log_is_one_json_object(void **state)
{
    Str line = logged(*state, write_awkward);
    assert_true(str_starts(line, S("{\"time\":\"")) && str_ends(line, S("\"}\n")));
    assert_true(str_contains(line, S("\"level\":\"info\"")));
    assert_true(str_contains(line, S("\"msg\":\"say \\\"塔木嘎\\\" \\\\ \\u000a\\u0001\"")));
    assert_false(str_contains(line, S("not shown")));
}

static void write_long(Arena *mem)
{
    char text[4000];
    for (size_t shift = 0; shift < 4; shift++) {
        memset(text, 'a', shift);
        for (size_t i = shift; i + 3 < sizeof text; i += 3) {
            memcpy(text + i, "塔", 3);
        }
        log_info("%.*s", 3000, text);
        memset(text, '\n', sizeof text);
        memcpy(text + 300 + shift, "塔塔塔塔塔塔塔塔塔塔塔塔塔塔塔塔塔塔塔塔塔塔塔塔塔塔塔塔塔塔塔塔", 96);
        log_info("%.*s", 3000, text);
    }
    (void)mem;
}

static void write_bytes_that_are_no_text(Arena *mem)
{
    char text[1024];
    memset(text, '\n', 345);
    memset(text + 345, 0x80, sizeof text - 346);
    text[sizeof text - 1] = '\0';
    log_info("%s", text);
    (void)mem;
}

static void bytes_that_are_no_text_do_not_overrun(void **state)
{
    assert_true(str_ends(logged(*state, write_bytes_that_are_no_text), S("\"}\n")));
}

static void a_long_line_is_cut_between_characters(void **state)
{
    Str all = logged(*state, write_long), line;
    int lines = 0;
    while (str_cut(all, '\n', &line, &all)) {
        assert_true(utf8_valid(line));
        assert_true(str_starts(line, S("{\"time\"")) && str_ends(line, S("\"}")));
        lines++;
    }
    assert_int_equal(lines, 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(every_code_has_status_exit_word_and_chinese_text),
        T(the_first_failure_wins),
        T(without_a_text_the_code_speaks),
        T(misuse_aborts),
        T(a_line_of_the_log_is_one_json_object),
        T(bytes_that_are_no_text_do_not_overrun),
        T(a_long_line_is_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
