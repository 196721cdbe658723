/* openform_test.c - what the public sends in: limits, once-only, number and code. */
#include "fixture.h"

#include "store/openform.h"

#define TOTAL 500

static const PublicForm FORM = {.title = STR_INIT("推荐"), .done = STR_INIT("已收到"), .owner = STR_INIT("top"), .per_hour = 3, .total_per_hour = TOTAL, .files = true};

typedef struct {
    Rec r;
    Str code;
    int64_t wait;
} Sent;

static int n_names;

/* The type of the small pack with a form of the public. */
static RecordType *opened(const Fixture *f)
{
    RecordType *t = NEW(f->mem, RecordType);
    *t = *f->team;
    t->open = (PublicForm *)(uintptr_t)&FORM;
    return t;
}

static bool send_as(Fixture *f, const RecordType *t, const char *peer, const char *name, const char *once, Sent *ret)
{
    Findings found = findings_new(f->mem);
    Form o = team_form(f, name, "20");
    OpenForm form = {.t = t, .owner = pack_org(f->pack, S("C1")), .values = o.v, .set = o.set, .peer = str_c(peer), .once = str_c(once)};
    return open_send(&f->cx, f->s, &form, &found, &ret->r, &ret->code, &ret->wait);
}

/* With a name of its own. */
static bool send_in(Fixture *f, const RecordType *t, const char *peer, const char *once, Sent *ret)
{
    return send_as(f, t, peer, str_printf(f->mem, "甲县第%d采收队", ++n_names).p, once, ret);
}

static void one_address_may_send_a_few_in_an_hour_and_then_again(void **state)
{
    Fixture *f = *state;
    const RecordType *t = opened(f);
    Sent x;
    for (int i = 0; i < 3; i++) {
        OK(send_in(f, t, "192.0.2.1", "", &x));
    }
    REFUSED(E_TOO_MANY, send_in(f, t, "192.0.2.1", "", &x));
    assert_int_equal(x.wait, 3600);
    OK(send_in(f, t, "192.0.2.2", "", &x));
    assert_int_equal(raw(f, "select count(*) from r_team"), 4);
    f->cx.now_ms += 3600 * 1000LL + 1;
    OK(send_in(f, t, "192.0.2.1", "", &x));
}

static void addresses_of_one_network_count_as_one(void **state)
{
    Fixture *f = *state;
    const RecordType *t = opened(f);
    Sent x;
    OK(send_in(f, t, "2001:db8:1:2::1", "", &x));
    OK(send_in(f, t, "2001:db8:1:2:ffff::2", "", &x));
    OK(send_in(f, t, "2001:db8:1:2:3:4:5:6", "", &x));
    REFUSED(E_TOO_MANY, send_in(f, t, "2001:db8:1:2::9", "", &x));
    OK(send_in(f, t, "2001:db8:1:3::1", "", &x));
}

static void a_flood_from_everywhere_ends_at_the_ceiling_and_loses_nothing_taken(void **state)
{
    Fixture *f = *state;
    const RecordType *t = opened(f);
    Sent x;
    for (int i = 0; i < TOTAL; i++) {
        OK(send_in(f, t, str_printf(f->mem, "10.0.%d.%d", i / 250, i % 250).p, "", &x));
    }
    REFUSED(E_TOO_MANY, send_in(f, t, "198.51.100.7", "", &x));
    assert_true(x.wait > 0);
    assert_int_equal(raw(f, "select count(*) from r_team"), TOTAL);
    assert_int_equal(raw(f, "select count(*) from open_sent"), TOTAL);
}

static void the_same_page_sent_twice_makes_one_record_and_the_same_code(void **state)
{
    Fixture *f = *state;
    const RecordType *t = opened(f);
    Sent a, b;
    OK(send_as(f, t, "192.0.2.1", "甲县采收队", "page-1", &a));
    OK(send_as(f, t, "192.0.2.1", "甲县采收队", "page-1", &b));
    assert_int_equal(a.r.id, b.r.id);
    assert_true(str_eq(a.code, b.code));
    assert_int_equal(raw(f, "select count(*) from r_team"), 1);
    OK(send_in(f, t, "192.0.2.1", "page-2", &b));
    assert_false(str_eq(a.code, b.code));
}

static void number_and_code_together_find_it_and_guessing_ends(void **state)
{
    Fixture *f = *state;
    const RecordType *t = opened(f);
    Sent a, b;
    Rec r;
    bool found;
    int64_t wait;
    OK(send_in(f, t, "192.0.2.1", "", &a));
    OK(send_in(f, t, "192.0.2.1", "", &b));
    OK(open_find(&f->cx, f->s, t, open_no(f->mem, &a.r), str_lower(f->mem, a.code), S("192.0.2.9"), &r, &found, &wait));
    assert_true(found && r.id == a.r.id);
    OK(open_find(&f->cx, f->s, t, open_no(f->mem, &a.r), b.code, S("192.0.2.9"), &r, &found, &wait));
    assert_false(found);
    for (int i = 2; i < 20; i++) {
        OK(open_find(&f->cx, f->s, t, open_no(f->mem, &a.r), S("AAAAAAAAAA"), S("192.0.2.9"), &r, &found, &wait));
        assert_false(found);
    }
    REFUSED(E_TOO_MANY, open_find(&f->cx, f->s, t, open_no(f->mem, &a.r), a.code, S("192.0.2.9"), &r, &found, &wait));
    OK(open_find(&f->cx, f->s, t, open_no(f->mem, &a.r), a.code, S("192.0.2.10"), &r, &found, &wait));
    assert_true(found);
}

static void tries_count_for_all_processes_and_grow_old(void **state)
{
    Fixture *f = *state;
    int64_t wait;
    Store *other = f->server != NULL ? store_open(&f->cx, f->dir, f->pack) : f->s;
    OK(other != NULL);
    for (int i = 0; i < 3; i++) {
        Store *s = i % 2 == 0 ? f->s : other;
        OK(store_attach(&f->cx, s));
        OK(open_tries(&f->cx, s, S("looking"), S("192.0.2.9"), 4, 12, 600000, &wait));
        assert_int_equal(wait, 0);
        f->cx.now_ms += 1000;
    }
    REFUSED(E_TOO_MANY, open_tries(&f->cx, f->s, S("looking"), S("192.0.2.9"), 4, 12, 600000, &wait));
    assert_int_equal(wait, 597);
    OK(open_tries(&f->cx, f->s, S("asking"), S("192.0.2.9"), 4, 12, 600000, &wait));
    OK(open_tries(&f->cx, f->s, S("looking"), S("192.0.2.10"), 4, 12, 600000, &wait));
    f->cx.now_ms += 597000;
    OK(open_tries(&f->cx, other, S("looking"), S("192.0.2.9"), 4, 12, 600000, &wait));
    if (other != f->s) {
        store_detach(other);
        store_close(other);
        OK(store_attach(&f->cx, f->s));
    }
}

static void the_code_is_not_kept_and_the_address_only_for_a_day(void **state)
{
    Fixture *f = *state;
    const RecordType *t = opened(f);
    Sent x;
    OK(send_in(f, t, "192.0.2.1", "", &x));
    Stmt *st = db_stmt(&f->cx, f->cx.db, SQL_ADMIN, S("select count(*) from open_sent where code = ?1 or peer like '%192.0%'"));
    int64_t n;
    OK(st != NULL);
    stmt_text(st, 1, x.code);
    OK(stmt_one_int(&f->cx, st, 0, &n));
    assert_int_equal(n, 0);
    f->cx.now_ms += 25 * 3600 * 1000LL;
    OK(send_in(f, t, "192.0.2.2", "", &x));
    assert_int_equal(raw(f, "select count(*) from open_sent where peer = ''"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(one_address_may_send_a_few_in_an_hour_and_then_again), T(addresses_of_one_network_count_as_one),
        T(a_flood_from_everywhere_ends_at_the_ceiling_and_loses_nothing_taken), T(the_same_page_sent_twice_makes_one_record_and_the_same_code),
        T(number_and_code_together_find_it_and_guessing_ends), T(tries_count_for_all_processes_and_grow_old),
        T(the_code_is_not_kept_and_the_address_only_for_a_day),
    };
    return cmocka_run_group_tests_name("store/openform", tests, NULL, NULL);
}
