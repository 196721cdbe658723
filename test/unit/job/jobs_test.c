/* jobs_test.c - the queue: who sees what, how jobs end, what a restart leaves. */
#include <time.h>

#include "fixture.h"
#include "base/clock.h"
#include "job/internal.h"

#define GOOD "队名,所在县,工种,人数\n甲一队,甲县,砌筑,12\n"

static Job wait_for(Fixture *f, Jobs *j, const Actor *a, int64_t id)
{
    Job b = {0};
    for (int i = 0; i < 500; i++) {
        REQUIRE(job_get(&f->cx, j, a, id, &b), &f->cx);
        if (!str_eq(b.state, S("waiting")) && !str_eq(b.state, S("running"))) {
            return b;
        }
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    }
    print_error("job %lld is still %.*s\n", (long long)id, STRF(b.state));
    _fail(__FILE__, __LINE__);
    return b;
}

static void an_import_is_checked_then_run_for_real_and_found_again(void **state)
{
    Fixture *f = *state;
    Jobs *j = jobs_start(&f->cx, f->s);
    REQUIRE(j != NULL, &f->cx);
    int64_t id, again;
    REQUIRE(import_submit(&f->cx, j, &f->writer, f->team, S("名册.csv"), S(GOOD), true, &id), &f->cx);
    Job b = wait_for(f, j, &f->writer, id);
    assert_true(str_eq(b.state, S("done")));
    assert_int_equal(b.n_new, 1);
    assert_true(b.dry_run);
    REQUIRE(job_retry(&f->cx, j, &f->writer, id, false, &again), &f->cx);
    b = wait_for(f, j, &f->writer, again);
    assert_true(str_eq(b.state, S("done")));
    assert_int_equal(b.n_new, 1);
    assert_false(b.dry_run);
    assert_true(str_eq(b.input_name, S("名册.csv")));
    Job *items;
    size_t n;
    REQUIRE(job_list(&f->cx, j, &f->writer, &items, &n), &f->cx);
    assert_int_equal(n, 2);
    int fd;
    Str name;
    REQUIRE(job_file(&f->cx, j, &f->writer, again, S("input"), &fd, &name), &f->cx);
    close(fd);
    assert_true(str_eq(name, S("名册.csv")));
    assert_false(job_file(&f->cx, j, &f->writer, again, S("report"), &fd, &name));
    assert_int_equal(f->cx.err, E_NOT_FOUND);
    cx_clear(&f->cx);
    jobs_stop(j);
}

static void nobody_sees_or_stops_the_job_of_another(void **state)
{
    Fixture *f = *state;
    Jobs *j = jobs_start(&f->cx, f->s);
    int64_t id, x;
    Job b;
    int fd;
    Str name;
    REQUIRE(import_submit(&f->cx, j, &f->writer, f->team, S("a.csv"), S(GOOD), true, &id), &f->cx);
    assert_false(job_get(&f->cx, j, &f->other, id, &b));
    cx_clear(&f->cx);
    assert_false(job_cancel(&f->cx, j, &f->other, id));
    cx_clear(&f->cx);
    assert_false(job_retry(&f->cx, j, &f->other, id, false, &x));
    cx_clear(&f->cx);
    assert_false(job_file(&f->cx, j, &f->other, id, S("input"), &fd, &name));
    assert_int_equal(f->cx.err, E_NOT_FOUND);
    cx_clear(&f->cx);
    (void)wait_for(f, j, &f->writer, id);
    jobs_stop(j);
}

static void what_is_no_spreadsheet_is_refused_at_the_door(void **state)
{
    Fixture *f = *state;
    Jobs *j = jobs_start(&f->cx, f->s);
    const struct {
        const char *name;
        Str bytes;
    } BAD[] = {{"a.xls", S("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1")}, {"a.pdf", S("%PDF-1.7")}, {"a.csv", S("")},
               {"a.xlsx", S("name,place\n")},                    {"a.png", S("\x89PNG\r\n\x1a\n")}};
    int64_t id;
    for (size_t i = 0; i < ARRAY_LEN(BAD); i++) {
        assert_false(import_submit(&f->cx, j, &f->writer, f->team, str_c(BAD[i].name), BAD[i].bytes, true, &id));
        assert_int_equal(f->cx.err, E_MEDIA_TYPE);
        cx_clear(&f->cx);
    }
    assert_false(import_submit(&f->cx, j, &f->writer, f->team, S("a.xlsx"), S("PK\x03\x04 cut off"), true, &id));
    assert_int_not_equal(f->cx.err, E_OK);
    cx_clear(&f->cx);
    jobs_stop(j);
}

static void a_file_that_cannot_be_taken_ends_as_failed_with_the_reason(void **state)
{
    Fixture *f = *state;
    Jobs *j = jobs_start(&f->cx, f->s);
    int64_t id;
    REQUIRE(import_submit(&f->cx, j, &f->writer, f->team, S("a.csv"), S("甲,乙\n1,2\n"), true, &id), &f->cx);
    Job b = wait_for(f, j, &f->writer, id);
    assert_true(str_eq(b.state, S("failed")));
    assert_true(str_contains(b.text, S("表头")));
    jobs_stop(j);
}

static bool mark_running(Cx *cx, Store *s, void *arg)
{
    (void)s;
    Stmt *st = db_stmt(cx, cx->db, SQL_ADMIN, S("update job set state = 'running' where id = ?1"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, *(int64_t *)arg);
    return stmt_run(cx, st);
}

static void a_job_cut_off_by_a_crash_is_marked_and_runs_again(void **state)
{
    Fixture *f = *state;
    Jobs *j = jobs_start(&f->cx, f->s);
    int64_t id, again;
    REQUIRE(import_submit(&f->cx, j, &f->writer, f->team, S("a.csv"), S(GOOD), true, &id), &f->cx);
    (void)wait_for(f, j, &f->writer, id);
    jobs_stop(j);
    REQUIRE(store_write(&f->cx, f->s, mark_running, &id), &f->cx);
    j = jobs_start(&f->cx, f->s);
    Job b;
    REQUIRE(job_get(&f->cx, j, &f->writer, id, &b), &f->cx);
    assert_true(str_eq(b.state, S("failed")));
    assert_true(str_contains(b.text, S("可以重新运行")));
    REQUIRE(job_retry(&f->cx, j, &f->writer, id, true, &again), &f->cx);
    assert_true(str_eq(wait_for(f, j, &f->writer, again).state, S("done")));
    jobs_stop(j);
}

/* Of a service that runs for months: not at its start alone. */
static void after_thirty_days_a_job_and_its_files_are_forgotten(void **state)
{
    Fixture *f = *state;
    Jobs *j = jobs_start(&f->cx, f->s);
    int64_t old, young;
    Job b;
    f->cx.now_ms = clock_now_ms();
    REQUIRE(import_submit(&f->cx, j, &f->writer, f->team, S("a.csv"), S(GOOD), true, &old), &f->cx);
    (void)wait_for(f, j, &f->writer, old);
    const char *in = str_printf(f->mem, "%s/jobs/%lld.in", f->dir, (long long)old).p;
    assert_int_equal(access(in, F_OK), 0);
    f->cx.now_ms += (int64_t)31 * 86400 * 1000;
    clock_set(f->cx.now_ms);
    REQUIRE(import_submit(&f->cx, j, &f->writer, f->team, S("b.csv"), S(GOOD), true, &young), &f->cx);
    assert_true(str_eq(wait_for(f, j, &f->writer, young).state, S("done")));
    assert_false(job_get(&f->cx, j, &f->writer, old, &b));
    assert_int_equal(f->cx.err, E_NOT_FOUND);
    cx_clear(&f->cx);
    assert_int_equal(access(in, F_OK), -1);
    jobs_stop(j);
    clock_set(0);
}

/* Without a worker, so that each moment stands still. */
static void a_job_is_stopped_whether_it_waits_or_has_just_begun(void **state)
{
    Fixture *f = *state;
    Jobs *j = jobs_start(&f->cx, f->s);
    jobs_stop(j);
    for (int begun = 0; begun < 2; begun++) {
        JobRow r = {.job = {.id = store_new_id(f->s, 1), .user = f->writer.user, .kind = S("export"), .state = S("running"), .type = f->team->id}};
        int64_t taken = 0;
        REQUIRE(store_write(&f->cx, f->s, job_row_insert, &r), &f->cx);
        if (begun) {
            REQUIRE(store_write(&f->cx, f->s, job_row_take, &taken), &f->cx);
            assert_int_equal(taken, r.job.id);
        }
        REQUIRE(store_write(&f->cx, f->s, job_row_stop, &r.job.id), &f->cx);
        JobMark mark = {.job = &r.job};
        REQUIRE(store_write(&f->cx, f->s, job_row_update, &mark), &f->cx);
        assert_int_equal(mark.cancel, begun);
        assert_int_equal(mark.lost, !begun); /* nobody runs the one that waited */
        JobRow now;
        REQUIRE(job_row_own(&f->cx, &f->writer, r.job.id, &now), &f->cx);
        assert_true(str_eq(now.job.state, begun ? S("running") : S("cancelled")));
    }
}

static void a_job_that_ended_cannot_be_cancelled(void **state)
{
    Fixture *f = *state;
    Jobs *j = jobs_start(&f->cx, f->s);
    int64_t id;
    Query q = {.type = f->team};
    REQUIRE(export_submit(&f->cx, j, &f->writer, &q, S("csv"), &id), &f->cx);
    Job b = wait_for(f, j, &f->writer, id);
    assert_true(str_eq(b.state, S("done")));
    assert_true(b.has_output);
    assert_true(str_ends(b.input_name, S(".csv")));
    assert_false(job_cancel(&f->cx, j, &f->writer, id));
    assert_int_equal(f->cx.err, E_WRONG_STATE);
    cx_clear(&f->cx);
    jobs_stop(j);
}

static void a_query_survives_the_queue(void **state)
{
    Fixture *f = *state;
    const Region *county = pack_region(f->pack, S("990101"));
    Query q = {.type = f->team, .search = S("“队\\"), .ascending = true, .order = type_field(f->team, S("people")), .n_filters = 2}, back;
    q.filters[0] = (Filter){.field = type_field(f->team, S("place")), .within = county, .value = {.has = true, .s = county->code}};
    q.filters[1] = (Filter){.column = S("updated"), .op = OP_GE, .value = {.has = true, .i = 1700000000000000001}};
    REQUIRE(query_load(&f->cx, f->pack, f->team, query_save(f->mem, &q), &back), &f->cx);
    assert_true(str_eq(back.search, q.search));
    assert_ptr_equal(back.order, q.order);
    assert_true(back.ascending);
    assert_int_equal(back.n_filters, 2);
    assert_ptr_equal(back.filters[0].field, q.filters[0].field);
    assert_ptr_equal(back.filters[0].within, county);
    assert_true(str_eq(back.filters[1].column, S("updated")));
    assert_int_equal(back.filters[1].op, OP_GE);
    assert_true(back.filters[1].value.i == 1700000000000000001);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_import_is_checked_then_run_for_real_and_found_again),
        cmocka_unit_test(nobody_sees_or_stops_the_job_of_another),
        cmocka_unit_test(what_is_no_spreadsheet_is_refused_at_the_door),
        cmocka_unit_test(a_file_that_cannot_be_taken_ends_as_failed_with_the_reason),
        cmocka_unit_test(a_job_cut_off_by_a_crash_is_marked_and_runs_again),
        cmocka_unit_test(a_job_is_stopped_whether_it_waits_or_has_just_begun),
        cmocka_unit_test(a_job_that_ended_cannot_be_cancelled),
        cmocka_unit_test(a_query_survives_the_queue),
        cmocka_unit_test(after_thirty_days_a_job_and_its_files_are_forgotten),
    };
    return cmocka_run_group_tests(tests, fixture_up, fixture_down);
}
