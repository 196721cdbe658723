/* writer_test.c - group commit: many threads, failures among them, versions, nested writes. */
#include "fixture.h"

#define THREADS 8
#define WRITES 50

typedef struct {
    Fixture *f;
    int number;
    int failed_as_it_should, wrong;
    pthread_t thread;
} Hand;

/* Every fifth write asks for something that cannot be. */
static void *hand(void *arg)
{
    Hand *h = arg;
    Fixture *f = h->f;
    for (int i = 0; i < WRITES; i++) {
        Arena *mem = arena_new(0);
        Cx cx;
        cx_init(&cx, mem);
        bool bad = i % 5 == 4;
        Findings found = findings_new(mem);
        WriteOpts opts = {0};
        Value *v = NEW_ARRAY(mem, Value, f->team->n_fields);
        bool *set = NEW_ARRAY(mem, bool, f->team->n_fields);
        const char *const ids[] = {"name", "trade", "people"};
        v[type_field(f->team, S("name"))->index] = (Value){.has = true, .s = str_printf(mem, "队%d号%d", h->number, i)};
        v[type_field(f->team, S("trade"))->index] = (Value){.has = true, .s = S("farm")};
        v[type_field(f->team, S("people"))->index] = (Value){.has = true, .i = bad ? 99999 : 20};
        for (size_t k = 0; k < ARRAY_LEN(ids); k++) {
            set[type_field(f->team, str_c(ids[k]))->index] = true;
        }
        const Actor *a = h->number % 2 == 0 ? &f->writer : &f->writer2;
        Rec r, seen;
        bool ok = store_attach(&cx, f->s) && rec_create(&cx, f->s, a, f->team, a->org, v, set, &opts, &found, &r);
        if (bad) {
            h->failed_as_it_should += !ok && cx.err == E_INVALID;
        } else if (!ok || !rec_get(&cx, f->s, a, f->team, r.id, &seen)) { /* acknowledged: readable at once */
            h->wrong++;
        }
        arena_free(mem);
    }
    store_detach(f->s);
    return NULL;
}

static void eight_threads_write_at_once_and_failures_harm_nobody(void **state)
{
    Fixture *f = *state;
    Hand hands[THREADS];
    for (int i = 0; i < THREADS; i++) {
        hands[i] = (Hand){.f = f, .number = i};
        assert_int_equal(pthread_create(&hands[i].thread, NULL, hand, &hands[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(hands[i].thread, NULL);
        assert_int_equal(hands[i].wrong, 0);
        assert_int_equal(hands[i].failed_as_it_should, WRITES / 5);
    }
    int64_t good = THREADS * (WRITES - WRITES / 5);
    assert_int_equal(raw(f, "select count(*) from r_team"), good);
    assert_int_equal(raw(f, "select count(distinct no) from r_team"), good);
    assert_int_equal(raw(f, "select max(n) from counter"), good / 2); /* failed writes used no number */
    VerifyCounts n;
    Str report;
    OK(journal_verify(&f->cx, f->s, &n, &report));
    SAME(report, "");
    assert_int_equal(n.events, good);
}

static bool write_then_fail(Cx *cx, Store *s, void *arg)
{
    (void)arg;
    store_touch(s, 0);
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE, S("insert into meta (key, value) values ('left', 'over')"));
    return st != NULL && stmt_run(cx, st) ? fail(cx, E_CONFLICT, "不行") : false;
}

static bool write_and_survive(Cx *cx, Store *s, void *arg)
{
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE, S("insert into meta (key, value) values ('mine', 'stays')"));
    if (st == NULL || !stmt_run(cx, st)) {
        return false;
    }
    *(bool *)arg = store_write(cx, s, write_then_fail, NULL); /* nested */
    cx_clear(cx);
    return true;
}

static void a_failing_write_leaves_nothing_and_bumps_no_version(void **state)
{
    Fixture *f = *state;
    uint64_t before = store_version(f->s, 0);
    REFUSED(E_CONFLICT, store_write(&f->cx, f->s, write_then_fail, NULL));
    assert_int_equal(raw(f, "select count(*) from meta where key = 'left'"), 0);
    assert_int_equal(store_version(f->s, 0), before);
}

static void a_nested_failure_undoes_its_own_part_only(void **state)
{
    Fixture *f = *state;
    bool inner = true;
    OK(store_write(&f->cx, f->s, write_and_survive, &inner));
    assert_false(inner);
    assert_int_equal(raw(f, "select count(*) from meta where key = 'left'"), 0);
    assert_int_equal(raw(f, "select count(*) from meta where key = 'mine'"), 1);
    assert_ptr_not_equal(f->cx.db, f->s->writer); /* the caller reads through its own connection again */
}

static void the_version_of_a_type_grows_with_its_writes_only(void **state)
{
    Fixture *f = *state;
    uint64_t teams = store_version(f->s, f->team->index), awards = store_version(f->s, f->award->index);
    team(f, &f->writer, "甲县采收队", "20");
    assert_true(store_version(f->s, f->team->index) > teams);
    assert_int_equal(store_version(f->s, f->award->index), awards);
}

static void ids_rise_and_never_repeat_even_when_the_clock_goes_back(void **state)
{
    Fixture *f = *state;
    int64_t last = 0;
    for (int i = 0; i < 2000; i++) { /* more than a tick holds */
        int64_t id = store_new_id(f->s, 21);
        assert_true(id > last);
        assert_int_equal(id_home(id), 21);
        last = id;
    }
    Rec r = team(f, &f->writer, "甲县采收队", "20");
    clock_set(clock_now_ms() - 3600 * 1000);
    assert_true(store_new_id(f->s, 21) > r.id);
    store_again(f);
    assert_true(store_new_id(f->s, 21) > r.id);
    assert_true(store_new_id(f->s, 22) > r.id);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(eight_threads_write_at_once_and_failures_harm_nobody), T(a_failing_write_leaves_nothing_and_bumps_no_version),
        T(a_nested_failure_undoes_its_own_part_only), T(the_version_of_a_type_grows_with_its_writes_only),
        T(ids_rise_and_never_repeat_even_when_the_clock_goes_back),
    };
    return cmocka_run_group_tests_name("store/writer", tests, NULL, NULL);
}
