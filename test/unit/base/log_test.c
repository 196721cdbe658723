/* log_test.c - a line of the log is one line of JSON, whatever stands in it. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "unit.h"

#include "base/log.h"

static char out[20000];

/* What `say` writes to standard error. */
static Str heard(void (*say)(void))
{
    int kept = dup(STDERR_FILENO), file = open(P_tmpdir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    assert_true(kept >= 0 && file >= 0 && dup2(file, STDERR_FILENO) == STDERR_FILENO);
    say();
    dup2(kept, STDERR_FILENO);
    ssize_t n = pread(file, out, sizeof out - 1, 0);
    close(file);
    close(kept);
    assert_true(n >= 0);
    out[n] = '\0';
    return str_n(out, (size_t)n);
}

static size_t lines(Str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        n += s.p[i] == '\n';
        assert_true(s.p[i] == '\n' || (unsigned char)s.p[i] >= 0x20); /* nothing that moves a terminal */
    }
    return n;
}

static void say_odd(void)
{
    const LogField f[] = {
        LOG_TEXT("a", S("x\"},\n{\"level\":\"error\",\"msg\":\"forged\r\n")), LOG_TEXT("b", S("\x1b[2J\x7f\xc2\x85\xe2\x80\xa8\xe2\x80\xae")),
        LOG_TEXT("c", S("\xff\xc3(\xe5\x8a")), LOG_TEXT("d", str_n("a\0b", 3)), LOG_INT("n", -5), LOG_TEXT("e", S("塔木嘎😀")),
    };
    log_event(LOG_INFO, "odd", f, ARRAY_LEN(f));
}

static void nobody_writes_a_line_of_their_own(void **state)
{
    (void)state;
    Str s = heard(say_odd);
    assert_int_equal(lines(s), 1);
    assert_true(str_contains(s, S("\"event\":\"odd\",\"a\":\"x\\\"},\\u000a{\\\"level")));
    assert_true(str_contains(s, S("\"b\":\"\\u001b[2J\\u007f\\u00c2\\u0085\\u00e2\\u0080\\u00a8\\u00e2\\u0080\\u00ae\"")));
    assert_true(str_contains(s, S("\"c\":\"\\u00ff\\u00c3(\\u00e5\\u008a\"")));
    assert_true(str_contains(s, S("\"d\":\"a\\u0000b\",\"n\":-5,\"e\":\"塔木嘎😀\"}")));
}

static void say_long(void)
{
    static char big[9000];
    LogField f[12];
    memset(big, '\n', sizeof big);
    for (size_t i = 0; i < ARRAY_LEN(f); i++) {
        f[i] = LOG_TEXT("much", str_n(big, sizeof big));
    }
    log_event(LOG_INFO, "long", f, ARRAY_LEN(f));
}

static void a_line_that_would_be_too_long_is_cut_and_still_whole(void **state)
{
    (void)state;
    Str s = heard(say_long);
    assert_int_equal(lines(s), 1);
    assert_true(s.n < 4000 && str_ends(s, S("\"}\n")));
}

static void say_levels(void)
{
    LogLevel level = LOG_DEBUG;
    log_level(LOG_WARN);
    log_event(LOG_INFO, "hidden", NULL, 0);
    log_info("hidden too");
    log_event(LOG_WARN, "seen", NULL, 0);
    assert_true(log_level_read(S("info"), &level) && level == LOG_INFO && !log_level_read(S("loud"), &level));
    log_level(LOG_INFO);
    assert_true(str_eq(str_c(log_level_name(log_level_now())), S("info")));
}

static void the_level_may_change_while_it_runs(void **state)
{
    (void)state;
    Str s = heard(say_levels);
    assert_int_equal(lines(s), 1);
    assert_true(str_contains(s, S("\"event\":\"seen\"")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_writes_a_line_of_their_own),
        cmocka_unit_test(a_line_that_would_be_too_long_is_cut_and_still_whole),
        cmocka_unit_test(the_level_may_change_while_it_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
