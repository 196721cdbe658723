/* closing_test.c - closed periods: what is summed, who is refused, what reopening keeps, what verifying finds, and who is quicker. */
#include "tamper.h"

#include "store/closing.h"

#define MAY "2026-05"

static const RecordType *tally_of(const Fixture *f)
{
    return pack_type(f->pack, S("tally"));
}

static Form tally_form(Fixture *f, const Rec *team, const char *month, const char *days, const char *pay)
{
    Form o = form(f, tally_of(f));
    o.v[type_field(o.t, S("team"))->index] = (Value){.has = true, .i = team->id};
    o.set[type_field(o.t, S("team"))->index] = true;
    put(f, &o, "month", month);
    put(f, &o, "days", days);
    put(f, &o, "pay", pay);
    return o;
}

static Rec tally(Fixture *f, const Actor *a, const Rec *team, const char *month, const char *days, const char *pay)
{
    Rec r;
    Form o = tally_form(f, team, month, days, pay);
    OK(create_in(f, a, str_z(f->mem, a->org->code), &o, &r));
    return r;
}

/* Two teams in county C1 with May, one in C2 with May and June. */
typedef struct {
    Rec a, b, c, a_may, b_may, c_may, c_june;
} World;

static World world(Fixture *f)
{
    World w = {.a = team(f, &f->writer, "甲县采收队", "20"), .b = team(f, &f->writer, "甲县瓦工队", "20"), .c = team(f, &f->writer2, "乙县采收队", "20")};
    w.a_may = tally(f, &f->writer, &w.a, MAY, "400", "60000");
    w.b_may = tally(f, &f->writer, &w.b, MAY, "", "0");
    w.c_may = tally(f, &f->writer2, &w.c, MAY, "7", "1234.56");
    w.c_june = tally(f, &f->writer2, &w.c, "2026-06", "9", "1");
    return w;
}

static Closed closed(Fixture *f)
{
    Closed now, c;
    OK(closing_state(&f->cx, f->s, tally_of(f), S(MAY), &now));
    OK(closing_close(&f->cx, f->s, &f->head, tally_of(f), S(MAY), now.seq, &c));
    return c;
}

/* What is wrong with a form, as the person sees it; empty: nothing. */
static Str finding(Fixture *f, const Actor *a, const Rec *r, const Form *o, bool dry)
{
    Findings found = findings_new(f->mem);
    WriteOpts opts = {.dry_run = dry};
    Rec after;
    bool changed, ok = r == NULL ? rec_create(&f->cx, f->s, a, o->t, a->org, o->v, o->set, &opts, &found, &after)
                                 : rec_update(&f->cx, f->s, a, o->t, r->id, o->v, o->set, &opts, &found, &after, &changed);
    cx_clear(&f->cx);
    if (ok) {
        return S("");
    }
    assert_true(found.n != 0);
    SAME(found.items[found.n - 1].field, "month");
    SAME(found.items[found.n - 1].code, "closed");
    return found.items[found.n - 1].text;
}

static void the_figures_of_a_period_are_summed_by_home_and_stay(void **state)
{
    Fixture *f = *state;
    (void)world(f);
    Rec more = team(f, &f->writer2, "乙县瓦工队", "20"), gone = tally(f, &f->writer2, &more, MAY, "1000", "1000");
    OK(rec_delete(&f->cx, f->s, &f->writer2, tally_of(f), gone.id, &(WriteOpts){.reason = S("重复")}));
    Closed c = closed(f);
    assert_true(c.closed);
    assert_int_equal(c.seq, 1);
    assert_int_equal(c.version, 1);
    assert_int_equal(c.n, 3); /* the deleted one does not count */
    assert_int_equal(c.homes, 2);
    SAME(c.fields, "month,days,pay");
    Sums sums, live;
    OK(closing_sums(&f->cx, f->s, &f->head, tally_of(f), S(MAY), 1, &sums));
    OK(closing_live(&f->cx, f->s, &f->head, tally_of(f), S(MAY), &live));
    for (int i = 0; i < 2; i++) {
        const Sums *s = i == 0 ? &sums : &live;
        assert_int_equal(s->n, 2);
        assert_int_equal(s->n_fields, 2);
        assert_int_equal(s->homes[0].home, 21);
        assert_int_equal(s->homes[0].n, 2);
        assert_int_equal(s->homes[0].given[0], 1); /* days were not stated twice */
        assert_int_equal(s->homes[0].total[0], 400);
        assert_int_equal(s->homes[0].total[1], 6000000);
        assert_int_equal(s->homes[1].total[0], 7);
        assert_int_equal(s->homes[1].total[1], 123456);
    }
    sound(f);
}

/* The hash as closing.h says it, made from nothing but the rows. */
static void anybody_can_compute_the_hashes_again(void **state)
{
    Fixture *f = *state;
    World w = world(f);
    Closed c = closed(f);
    Sums sums;
    OK(closing_sums(&f->cx, f->s, &f->head, tally_of(f), S(MAY), 1, &sums));
    uint8_t out[32];
    Str one = str_printf(f->mem, "tally\t2026-05\tmonth,days,pay\n%lld\t400\t6000000\n%lld\t\t0\n", (long long)w.a_may.id, (long long)w.b_may.id);
    sha256(one.p, one.n, out);
    assert_true(str_eq(sums.homes[0].hash, hex(f->mem, out, 32)));
    Str all = str_printf(f->mem, "tally\t2026-05\t1\tmonth,days,pay\n21\t2\t%.*s\n22\t1\t%.*s\n", STRF(sums.homes[0].hash), STRF(sums.homes[1].hash));
    sha256(all.p, all.n, out);
    assert_true(str_eq(c.hash, hex(f->mem, out, 32)));
}

static void nothing_of_a_closed_period_is_written(void **state)
{
    Fixture *f = *state;
    World w = world(f);
    Rec empty = team(f, &f->writer2, "乙县瓦工队", "20");
    (void)closed(f);
    Form o = tally_form(f, &empty, MAY, "1", "1");
    Str why = finding(f, &f->writer2, NULL, &o, false);
    SAME(why, "2026年5月 已关账，不能再改；要更正，请省负责人先重开该期");
    assert_true(str_eq(finding(f, &f->writer2, NULL, &o, true), why)); /* a dry run says so too */
    assert_true(str_eq(finding(f, &f->head, NULL, &o, false), why));   /* an office without a record is closed as well */
    o = tally_form(f, &w.a, MAY, "401", "60000");
    assert_true(str_eq(finding(f, &f->writer, &w.a_may, &o, false), why));
    o = tally_form(f, &w.a, "2026-07", "400", "60000"); /* out of it */
    assert_true(str_eq(finding(f, &f->writer, &w.a_may, &o, false), why));
    o = tally_form(f, &w.c, MAY, "9", "1"); /* into it */
    o.v[type_field(o.t, S("team"))->index].i = empty.id;
    assert_true(str_eq(finding(f, &f->writer2, &w.c_june, &o, false), why));
    o = tally_form(f, &w.a, MAY, "400", "60000"); /* the same again, as an import does */
    SAME(finding(f, &f->writer, &w.a_may, &o, false), "");
    o = tally_form(f, &w.c, "2026-06", "10", "1"); /* another period */
    SAME(finding(f, &f->writer2, &w.c_june, &o, false), "");
    REFUSED(E_WRONG_STATE, rec_delete(&f->cx, f->s, &f->writer, tally_of(f), w.a_may.id, &(WriteOpts){.reason = S("不要了")}));
    assert_int_equal(raw(f, "select count(*) from r_tally where f_month = '2026-05' and deleted is null"), 3);
    sound(f);
}

/* What steps and features write without asking for findings. */
typedef struct {
    const Actor *a;
    const Rec *from;
} Behind;

static bool store_one_more(Cx *cx, Store *s, void *arg)
{
    const Behind *b = arg;
    Rec r = *b->from;
    return rec_store_new(cx, s, b->a, &r, S(""), S(""), S(""));
}

static bool store_other_days(Cx *cx, Store *s, void *arg)
{
    const Behind *b = arg;
    Rec r = *b->from;
    bool changed;
    r.v = NEW_ARRAY(cx->mem, Value, r.type->n_fields);
    memcpy(r.v, b->from->v, r.type->n_fields * sizeof(Value));
    r.v[type_field(r.type, S("days"))->index].i++;
    return rec_store_change(cx, s, b->a, b->from, &r, S("act"), S(""), S(""), S(""), &changed);
}

static void nor_by_what_the_program_writes_itself(void **state)
{
    Fixture *f = *state;
    World w = world(f);
    Behind closed_one = {.a = &f->system, .from = &w.a_may}, open_one = {.a = &f->system, .from = &w.c_june};
    (void)closed(f);
    REFUSED(E_WRONG_STATE, store_write(&f->cx, f->s, store_one_more, &closed_one));
    REFUSED(E_WRONG_STATE, store_write(&f->cx, f->s, store_other_days, &closed_one));
    OK(store_write(&f->cx, f->s, store_one_more, &open_one));
    OK(store_write(&f->cx, f->s, store_other_days, &open_one));
    sound(f);
}

static void a_step_that_sets_figures_waits_and_one_that_moves_does_not(void **state)
{
    Fixture *f = *state;
    World w = world(f);
    (void)closed(f);
    bool can;
    Str why;
    Verdict *v;
    size_t n;
    OK(rec_can(&f->cx, f->s, &f->writer, &w.a_may, type_action(tally_of(f), S("nil")), &can, &why, &v, &n));
    assert_false(can);
    assert_true(str_contains(why, S("已关账")));
    REFUSED(E_WRONG_STATE, act(f, &f->writer, &w.a_may, "nil", ""));
    OK(act(f, &f->head, &w.a_may, "show", ""));
    SAME(w.a_may.state->id, "shown");
    OK(act(f, &f->head, &w.a_may, "hide", ""));
    sound(f); /* the revision went on, the sums stand */
    OK(act(f, &f->writer2, &w.c_june, "nil", ""));
    assert_int_equal(val(&w.c_june, "days")->i, 0);
}

static void personal_fields_are_not_in_it_and_may_be_erased(void **state)
{
    Fixture *f = *state;
    World w = world(f);
    Form o = form(f, tally_of(f));
    bool changed;
    put(f, &o, "payer_phone", "13800002046");
    OK(update(f, &f->writer, &w.a_may, &o, 0, &changed));
    (void)closed(f);
    put(f, &o, "payer_phone", "13800002047");
    assert_true(finding(f, &f->writer, &w.a_may, &o, false).n != 0);
    OK(rec_erase(&f->cx, f->s, &f->writer, tally_of(f), w.a_may.id, 0, S("本人要求删除"), &w.a_may));
    sound(f);
}

static void reopening_wants_a_reason_and_keeps_what_was(void **state)
{
    Fixture *f = *state;
    World w = world(f);
    Closed first = closed(f), c, *acts;
    const RecordType *t = tally_of(f);
    size_t n;
    bool changed;
    Sums sums;
    REFUSED(E_INVALID, closing_reopen(&f->cx, f->s, &f->head, t, S(MAY), 1, S("改"), &c));
    REFUSED(E_STALE, closing_reopen(&f->cx, f->s, &f->head, t, S(MAY), 0, S("甲县少报了一队"), &c));
    REFUSED(E_WRONG_STATE, closing_close(&f->cx, f->s, &f->head, t, S(MAY), 1, &c));
    OK(closing_reopen(&f->cx, f->s, &f->head, t, S(MAY), 1, S("甲县少报了一队"), &c));
    assert_false(c.closed);
    assert_int_equal(c.version, 1);
    REFUSED(E_WRONG_STATE, closing_reopen(&f->cx, f->s, &f->head, t, S(MAY), 2, S("甲县少报了一队"), &c));
    Form o = tally_form(f, &w.a, MAY, "500", "60000");
    OK(update(f, &f->writer, &w.a_may, &o, 0, &changed));
    sound(f); /* what was closed differs from the records now, and may */
    Closed second = closed(f);
    assert_int_equal(second.seq, 3);
    assert_int_equal(second.version, 2);
    assert_false(str_eq(second.hash, first.hash));
    OK(closing_sums(&f->cx, f->s, &f->head, t, S(MAY), 1, &sums));
    assert_int_equal(sums.homes[0].total[0], 400);
    OK(closing_sums(&f->cx, f->s, &f->head, t, S(MAY), 2, &sums));
    assert_int_equal(sums.homes[0].total[0], 500);
    REFUSED(E_NOT_FOUND, closing_sums(&f->cx, f->s, &f->head, t, S(MAY), 3, &sums));
    OK(closing_history(&f->cx, f->s, t, S(MAY), &acts, &n));
    assert_int_equal(n, 3);
    SAME(acts[1].reason, "甲县少报了一队");
    assert_true(str_eq(acts[2].hash, first.hash));
    assert_int_equal(raw(f, "select count(*) from journal where act in ('close', 'reopen') and home = 7"), 3);
    assert_int_equal(raw(f, "select count(*) from journal where act = 'closed' and home in (21, 22)"), 4);
    sound(f);
}

static void who_may_close_and_who_sees_which_sums(void **state)
{
    Fixture *f = *state;
    (void)world(f);
    const RecordType *t = tally_of(f);
    Closed c;
    Sums sums;
    PeriodRow *rows;
    size_t n;
    Actor reader = f->head;
    reader.read_only = true;
    REFUSED(E_FORBIDDEN, closing_close(&f->cx, f->s, &f->writer, t, S(MAY), 0, &c));
    REFUSED(E_FORBIDDEN, closing_close(&f->cx, f->s, &reader, t, S(MAY), 0, &c));
    REFUSED(E_WRONG_STATE, closing_close(&f->cx, f->s, &f->head, t, S("2026-01"), 0, &c)); /* no record */
    c = closed(f);
    REFUSED(E_FORBIDDEN, closing_reopen(&f->cx, f->s, &f->writer, t, S(MAY), 1, S("甲县少报了一队"), &c));
    OK(closing_sums(&f->cx, f->s, &f->writer, t, S(MAY), 1, &sums));
    assert_int_equal(sums.n, 1);
    assert_int_equal(sums.homes[0].home, 21);
    OK(closing_live(&f->cx, f->s, &f->writer2, t, S(MAY), &sums));
    assert_int_equal(sums.n, 1);
    assert_int_equal(sums.homes[0].home, 22);
    Actor member = actor_of(f, 9, "评议员", "P", "member");
    const Actor *const none[] = {&f->nobody, &member};
    for (size_t i = 0; i < ARRAY_LEN(none); i++) {
        REFUSED(E_NOT_FOUND, closing_sums(&f->cx, f->s, none[i], t, S(MAY), 1, &sums));
        REFUSED(E_NOT_FOUND, closing_live(&f->cx, f->s, none[i], t, S(MAY), &sums));
        REFUSED(E_NOT_FOUND, closing_periods(&f->cx, f->s, none[i], t, &rows, &n));
    }
    OK(closing_periods(&f->cx, f->s, &f->writer, t, &rows, &n));
    assert_int_equal(n, 1);
    assert_true(rows[0].state.closed);
    assert_int_equal(rows[0].n, 2);
    OK(closing_periods(&f->cx, f->s, &f->head, t, &rows, &n));
    assert_int_equal(n, 2);
    SAME(rows[0].state.period, "2026-06");
    assert_false(rows[0].state.closed);
    assert_int_equal(rows[1].n, 3);
    REFUSED(E_NOT_FOUND, closing_live(&f->cx, f->s, &f->head, f->team, S(MAY), &sums)); /* a type that is not closed */
}

typedef struct {
    Fixture *f;
    World *w;
    Str before, after;
} OneWrite;

/* A record is written, its period closed, another tried; reopened, and tried again: all in one transaction, which remembers what was open. */
static bool written_closed_written(Cx *cx, Store *s, void *arg)
{
    OneWrite *x = arg;
    Fixture *f = x->f;
    Form more = tally_form(f, &x->w->b, MAY, "3", "0"), late = tally_form(f, &x->w->b, MAY, "5", "0");
    bool changed;
    (void)cx, (void)s;
    x->before = finding(f, &f->writer, &x->w->b_may, &more, false);
    Closed c = closed(f);
    x->after = finding(f, &f->writer, &x->w->b_may, &late, false);
    OK(closing_reopen(&f->cx, f->s, &f->head, tally_of(f), S(MAY), c.seq, S("同一笔里再改"), &c));
    Rec now;
    OK(rec_load(&f->cx, f->s, tally_of(f), x->w->b_may.id, true, &now));
    OK(update(f, &f->writer, &now, &late, 0, &changed));
    return true;
}

static void what_was_open_a_moment_ago_is_asked_again_after_a_closing(void **state)
{
    Fixture *f = *state;
    World w = world(f);
    OneWrite x = {.f = f, .w = &w};
    OK(store_write(&f->cx, f->s, written_closed_written, &x));
    SAME(x.before, "");
    assert_true(str_contains(x.after, S("已关账")));
    sound(f);
}

static bool change(Cx *cx, Store *s, void *arg)
{
    (void)s;
    Stmt *st = db_stmt(cx, cx->db, SQL_ADMIN, str_c(arg));
    return st != NULL && stmt_run(cx, st);
}

static void a_sum_that_does_not_fit_is_said_and_never_wraps(void **state)
{
    static char same_home[] = "update r_tally set f_pay = 9000000000000000000 where home = 21",
                two_homes[] = "update r_tally set f_pay = 5000000000000000000 where f_month = '2026-05' and f_days is not null",
                fits[] = "update r_tally set f_pay = 9223372036854775807 where f_month = '2026-05' and f_days = 400";
    Fixture *f = *state;
    (void)world(f);
    Closed c;
    Sums live;
    OK(store_write(&f->cx, f->s, change, same_home));
    REFUSED(E_WRONG_STATE, closing_close(&f->cx, f->s, &f->head, tally_of(f), S(MAY), 0, &c));
    OK(closing_live(&f->cx, f->s, &f->head, tally_of(f), S(MAY), &live));
    assert_true(live.homes[0].over[1]);
    assert_false(live.homes[1].over[1]);
    assert_int_equal(live.homes[0].total[0], 400); /* the other figures are still told */
    OK(store_write(&f->cx, f->s, change, (char[]){"update r_tally set f_pay = 0 where home = 21"}));
    OK(store_write(&f->cx, f->s, change, two_homes));
    assert_false(closing_close(&f->cx, f->s, &f->head, tally_of(f), S(MAY), 0, &c));
    assert_int_equal(f->cx.err, E_WRONG_STATE);
    assert_true(str_contains(cx_text(&f->cx), S("工资总额")));
    cx_clear(&f->cx);
    assert_int_equal(raw(f, "select count(*) from closing"), 0);
    OK(store_write(&f->cx, f->s, change, (char[]){"update r_tally set f_pay = 0"}));
    OK(store_write(&f->cx, f->s, change, fits));
    OK(closing_close(&f->cx, f->s, &f->head, tally_of(f), S(MAY), 0, &c));
    OK(closing_live(&f->cx, f->s, &f->head, tally_of(f), S(MAY), &live));
    assert_true(live.homes[0].total[1] == INT64_MAX);
    Sums kept;
    OK(closing_sums(&f->cx, f->s, &f->head, tally_of(f), S(MAY), 1, &kept));
    assert_true(kept.homes[0].total[1] == INT64_MAX);
}

static void verifying_finds_what_was_tampered_with(void **state)
{
    static const Tampering CASES[] = {
        {"update closing_sum set total = total + 1 where home = 21 and field = 'days' and version = 2", "与保存的关账合计不符"},
        {"update closing_sum set total = total + 1 where home = 21 and field = 'days' and version = 1", "与保存的关账合计不符"},
        {"update closing_sum set n = n + 1 where home = 22 and field = 'pay'", "与保存的关账合计不符"},
        {"delete from closing_sum where home = 22", "与保存的关账合计不符"},
        {"update closing_home set n = 5 where home = 22", "指纹与各单位合计不符"},
        {"update closing_home set hash = 'x' where home = 22 and version = 1", "指纹与各单位合计不符"},
        {"insert into closing_home select 7, type, period, version, n, hash from closing_home where home = 22 and version = 2", "关账记录"},
        {"delete from closing_home where home = 21", "与保存的关账合计不符"},
        {"update closing set hash = 'x' where seq = 3", "与保存的关账合计不符"},
        {"update closing set reason = '没有理由' where seq = 2", "与保存的关账合计不符"},
        {"delete from closing where seq = 3", "与保存的关账合计不符"},
        {"insert into closing select type, period, 4, 0, 0, '', '', at, 0, '', '', '' from closing where seq = 1", "关账记录"},
        {"update r_tally set f_days = 401 where f_days = 400", "单位 21 的记录与第 2 次关账的合计不符"},
        {"update r_tally set f_month = '2026-05' where f_month = '2026-06'", "单位 22 的记录与第 2 次关账的合计不符"},
        {"update r_tally set deleted = 1 where home = 22", "单位 22 的记录与第 2 次关账的合计不符"},
    };
    Fixture *f = *state;
    World w = world(f);
    Closed c = closed(f);
    bool changed;
    OK(closing_reopen(&f->cx, f->s, &f->head, tally_of(f), S(MAY), 1, S("甲县少报了一队"), &c));
    Form o = tally_form(f, &w.b, MAY, "3", "0");
    OK(update(f, &f->writer, &w.b_may, &o, 0, &changed));
    (void)closed(f);
    sound(f);
    each_is_found(f, CASES, ARRAY_LEN(CASES));
}

/* ---- who is quicker ---- */

#define HANDS 4
#define TRIES 60

typedef struct {
    Fixture *f;
    Store *s;
    const Actor *a;
    const Rec *team;
    int number, written, refused, wrong;
    _Atomic bool *closed;
    int after;                   /* written though the closing had been acknowledged before it began */
    pthread_t thread;
} Hand;

/* One record a try, each of a team of its own, as two of a team would be refused. */
static void *hand(void *arg)
{
    Hand *h = arg;
    const RecordType *t = tally_of(h->f);
    for (int i = 0; i < TRIES; i++) {
        Arena *mem = arena_new(0);
        Cx cx;
        cx_init(&cx, mem);
        Findings found = findings_new(mem);
        WriteOpts opts = {0};
        Value *v = NEW_ARRAY(mem, Value, t->n_fields);
        bool *set = NEW_ARRAY(mem, bool, t->n_fields);
        const char *const ids[] = {"team", "month", "days"};
        v[type_field(t, S("team"))->index] = (Value){.has = true, .i = h->team[h->number * TRIES + i].id};
        v[type_field(t, S("month"))->index] = (Value){.has = true, .s = S(MAY)};
        v[type_field(t, S("days"))->index] = (Value){.has = true, .i = 1};
        for (size_t k = 0; k < ARRAY_LEN(ids); k++) {
            set[type_field(t, str_c(ids[k]))->index] = true;
        }
        bool before = *h->closed;
        Rec r;
        bool ok = store_attach(&cx, h->s) && rec_create(&cx, h->s, h->a, t, h->a->org, v, set, &opts, &found, &r);
        h->written += ok;
        h->after += ok && before;
        h->refused += !ok && cx.err == E_INVALID && found.n != 0 && str_eq(found.items[found.n - 1].code, S("closed"));
        h->wrong += !ok && (cx.err != E_INVALID || found.n == 0 || !str_eq(found.items[found.n - 1].code, S("closed")));
        arena_free(mem);
    }
    store_detach(h->s);
    return NULL;
}

/* Closes from the f->s, writes through `other`: the same store, or on a server another process's. */
static void race(Fixture *f, Store *other)
{
    _Atomic bool shut = false;
    Rec *teams = NEW_ARRAY(f->mem, Rec, HANDS * TRIES);
    Hand hands[HANDS];
    Closed c = {0};
    for (int i = 0; i < HANDS * TRIES; i++) {
        teams[i] = team(f, i / TRIES % 2 == 0 ? &f->writer : &f->writer2, str_printf(f->mem, "第%d队", i).p, "20");
    }
    for (int i = 0; i < HANDS; i++) {
        hands[i] = (Hand){.f = f, .s = i < 2 ? other : f->s, .a = i % 2 == 0 ? &f->writer : &f->writer2, .team = teams, .number = i, .closed = &shut};
        assert_int_equal(pthread_create(&hands[i].thread, NULL, hand, &hands[i]), 0);
    }
    while (raw(f, "select count(*) from r_tally") < HANDS * TRIES / 8) {
        OK(store_attach(&f->cx, f->s));
    }
    OK(closing_close(&f->cx, f->s, &f->head, tally_of(f), S(MAY), 0, &c));
    shut = true;
    int written = 0, refused = 0;
    for (int i = 0; i < HANDS; i++) {
        pthread_join(hands[i].thread, NULL);
        assert_int_equal(hands[i].wrong, 0);
        assert_int_equal(hands[i].after, 0);
        written += hands[i].written;
        refused += hands[i].refused;
    }
    assert_int_equal(written + refused, HANDS * TRIES);
    assert_true(refused > 0); /* else nobody was late, and this has shown nothing */
    assert_int_equal(c.n, written);
    assert_int_equal(raw(f, "select count(*) from r_tally"), written);
    Sums sums;
    OK(closing_sums(&f->cx, f->s, &f->head, tally_of(f), S(MAY), 1, &sums));
    int64_t days = 0;
    for (size_t i = 0; i < sums.n; i++) {
        days += sums.homes[i].total[0];
    }
    assert_int_equal(days, written);
    sound(f);
}

static void a_writer_is_in_the_sums_or_is_refused(void **state)
{
    Fixture *f = *state;
    race(f, f->s);
}

static void so_is_one_of_another_process(void **state)
{
    Fixture *f = *state;
    if (f->server == NULL) {
        skip();
    }
    Store *other = store_open(&f->cx, f->dir, f->pack);
    OK(other != NULL);
    race(f, other);
    store_close(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(the_figures_of_a_period_are_summed_by_home_and_stay),
        T(anybody_can_compute_the_hashes_again),
        T(nothing_of_a_closed_period_is_written),
        T(nor_by_what_the_program_writes_itself),
        T(a_step_that_sets_figures_waits_and_one_that_moves_does_not),
        T(personal_fields_are_not_in_it_and_may_be_erased),
        T(reopening_wants_a_reason_and_keeps_what_was),
        T(what_was_open_a_moment_ago_is_asked_again_after_a_closing),
        T(who_may_close_and_who_sees_which_sums),
        T(a_sum_that_does_not_fit_is_said_and_never_wraps),
        T(verifying_finds_what_was_tampered_with),
        T(a_writer_is_in_the_sums_or_is_refused),
        T(so_is_one_of_another_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
