/*
 * press_test.c - documents through worker processes: this program is its own worker.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdarg.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#undef fail

#include "../paper/sample.h"
#include "base/clock.h"
#include "job/press.h"

static bool print(Press *p, const Paper *paper, PaperFormat format, size_t *ret_n, ErrCode *ret_err)
{
    Arena *mem = arena_new(0);
    Cx cx;
    cx_init(&cx, mem);
    Str out = S("");
    bool ok = press_print(&cx, p, paper, format, &out);
    ok = ok && out.n > 1000 && (format != PAPER_PDF || str_starts(out, S("%PDF-1.4")));
    *ret_n = out.n;
    *ret_err = cx.err;
    arena_free(mem);
    return ok;
}

static void a_document_through_the_worker_is_the_same_as_without(void **state)
{
    (void)state;
    Arena *mem = arena_new(0);
    Cx cx;
    cx_init(&cx, mem);
    Press *p = press_start(NULL);
    Paper *paper = sample_certificate(mem, 7);
    Str direct, through;
    assert_true(paper_render(&cx, paper, PAPER_PDF, &direct));
    assert_true(press_print(&cx, p, paper, PAPER_PDF, &through));
    assert_true(str_eq(direct, through));
    assert_true(press_print(&cx, p, sample_form(mem), PAPER_DOCX, &through));
    assert_true(str_starts(through, S("PK\3\4")));
    press_stop(p);
    arena_free(mem);
}

static void a_killed_worker_is_replaced(void **state)
{
    (void)state;
    Arena *mem = arena_new(0);
    Press *p = press_start(NULL);
    Paper *paper = sample_certificate(mem, 1);
    size_t n;
    ErrCode err;
    int before[2], after[2];
    assert_int_equal(press_pids(p, before, 2), 0);
    assert_true(print(p, paper, PAPER_PDF, &n, &err));
    assert_int_equal(press_pids(p, before, 2), 1);
    assert_int_equal(kill(before[0], SIGKILL), 0);
    assert_true(print(p, paper, PAPER_PDF, &n, &err));
    assert_int_equal(press_pids(p, after, 2), 1);
    assert_int_not_equal(before[0], after[0]);
    press_stop(p);
    arena_free(mem);
}

static void *kill_later(void *arg)
{
    Press *p = arg;
    int pid;
    while (press_pids(p, &pid, 1) == 0) {
        usleep(1000);
    }
    usleep(20000);
    kill(pid, SIGKILL);
    return NULL;
}

static void a_worker_killed_in_the_middle_of_a_document_is_asked_again(void **state)
{
    (void)state;
    Arena *mem = arena_new(0);
    Press *p = press_start(NULL);
    Paper *paper = sample_list(mem, 3000); /* takes longer than the killer waits */
    pthread_t killer;
    size_t n;
    ErrCode err;
    assert_int_equal(pthread_create(&killer, NULL, kill_later, p), 0);
    assert_true(print(p, paper, PAPER_PDF, &n, &err));
    pthread_join(killer, NULL);
    press_stop(p);
    arena_free(mem);
}

typedef struct {
    Press *p;
    const Paper *paper;
    int good;
} Hand;

static void *five(void *arg)
{
    Hand *h = arg;
    for (int i = 0; i < 5; i++) {
        size_t n;
        ErrCode err;
        h->good += print(h->p, h->paper, PAPER_PDF, &n, &err);
    }
    return NULL;
}

static void several_threads_share_two_workers(void **state)
{
    (void)state;
    Arena *mem = arena_new(0);
    Press *p = press_start(NULL);
    Hand hands[4];
    pthread_t threads[4];
    for (int i = 0; i < 4; i++) {
        hands[i] = (Hand){p, sample_certificate(mem, i), 0};
        assert_int_equal(pthread_create(&threads[i], NULL, five, &hands[i]), 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(hands[i].good, 5);
    }
    int pids[4];
    assert_true(press_pids(p, pids, 4) <= 2);
    press_stop(p);
    arena_free(mem);
}

static void what_is_no_worker_is_an_error_and_no_hang(void **state)
{
    (void)state;
    Arena *mem = arena_new(0);
    Press *p = press_start("/bin/false");
    size_t n;
    ErrCode err;
    int64_t from = clock_mono_ms();
    assert_false(print(p, sample_certificate(mem, 1), PAPER_PDF, &n, &err));
    assert_int_equal(err, E_INTERNAL);
    assert_true(clock_mono_ms() - from < 5000);
    press_stop(p);
    p = press_start("/nowhere/tamga");
    assert_false(print(p, sample_certificate(mem, 1), PAPER_PDF, &n, &err));
    press_stop(p);
    arena_free(mem);
}

static void a_document_that_cannot_be_made_says_why_and_keeps_the_worker(void **state)
{
    (void)state;
    Arena *mem = arena_new(0);
    Press *p = press_start(NULL);
    size_t n;
    ErrCode err;
    assert_false(print(p, sample_certificate(mem, 1), PAPER_DOCX, &n, &err));
    assert_int_equal(err, E_NOT_ACCEPTABLE);
    int pid;
    assert_int_equal(press_pids(p, &pid, 1), 1);
    assert_true(print(p, sample_certificate(mem, 1), PAPER_PDF, &n, &err));
    int again;
    assert_int_equal(press_pids(p, &again, 1), 1);
    assert_int_equal(pid, again);
    press_stop(p);
    arena_free(mem);
}

static void a_worker_that_does_not_answer_is_ended_after_ten_seconds(void **state)
{
    (void)state;
    Arena *mem = arena_new(0);
    char script[] = P_tmpdir "/tamga-press-XXXXXX", text[] = "#!/bin/sh\nexec sleep 60\n";
    int fd = mkstemp(script);
    assert_true(fd >= 0 && fchmod(fd, 0700) == 0 && write(fd, text, sizeof text - 1) == sizeof text - 1);
    close(fd);
    Press *p = press_start(script);
    size_t n;
    ErrCode err;
    int pid;
    int64_t from = clock_mono_ms();
    assert_false(print(p, sample_certificate(mem, 1), PAPER_PDF, &n, &err));
    assert_int_equal(err, E_BUSY);
    assert_in_range(clock_mono_ms() - from, 9500, 14000);
    assert_int_equal(press_pids(p, &pid, 1), 0);
    press_stop(p);
    unlink(script);
    arena_free(mem);
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "press") == 0) {
        press_work();
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_document_through_the_worker_is_the_same_as_without),
        cmocka_unit_test(a_killed_worker_is_replaced),
        cmocka_unit_test(a_worker_killed_in_the_middle_of_a_document_is_asked_again),
        cmocka_unit_test(several_threads_share_two_workers),
        cmocka_unit_test(what_is_no_worker_is_an_error_and_no_hang),
        cmocka_unit_test(a_worker_that_does_not_answer_is_ended_after_ten_seconds),
        cmocka_unit_test(a_document_that_cannot_be_made_says_why_and_keeps_the_worker),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
