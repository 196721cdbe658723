/* count_test.c - how many records belong to one, where they are very many. */
#include "flow.h"
#include "rule/validate.h"

#define VOTES 12000

static bool many(Cx *cx, Store *s, void *arg)
{
    const Rec *like = arg;
    for (int i = 1; i < VOTES; i++) {
        ArenaMark mark = arena_mark(cx->mem);
        Rec r = *like;
        r.no = S("");
        if (!rec_store_new(cx, s, &flow.clerk, &r, S(""), S(""), S(""))) {
            return false;
        }
        arena_release(cx->mem, mark);
    }
    return true;
}

static int64_t value_of(Fixture *f, const Rec *r, const char *text)
{
    Str error, shown;
    Value v;
    const Expr *e = expr_parse(f->mem, f->pack, r->type, NULL, 0, str_c(text), &error);
    assert_non_null(e);
    OK(rec_eval(&f->cx, f->s, r, e, &v, &shown));
    assert_true(v.has);
    return v.i;
}

static void twelve_thousand_are_counted_to_the_last_and_no_other_is(void **state)
{
    Fixture *f = *state;
    Rec mine = a_round(f, "2026-03-20"), other = a_round(f, "2026-03-20");
    Rec one = a_piece(f, "木雕", "3", &mine);
    (void)a_piece(f, "石雕", "3", &other);
    OK(store_write(&f->cx, f->s, many, &one));
    assert_int_equal(value_of(f, &mine, "count(pieces)"), VOTES);
    assert_int_equal(value_of(f, &other, "count(pieces)"), 1);
}

/* A condition is decided record by record, and that has an end: told, not cut short. */
static void a_condition_over_more_than_can_be_read_is_refused(void **state)
{
    Fixture *f = *state;
    Rec mine = a_round(f, "2026-03-20"), one = a_piece(f, "木雕", "3", &mine);
    Str error, shown;
    Value v;
    OK(store_write(&f->cx, f->s, many, &one));
    const Expr *e = expr_parse(f->mem, f->pack, mine.type, NULL, 0, S("count(pieces where state = 'draft')"), &error);
    assert_non_null(e);
    REFUSED(E_TOO_LARGE, rec_eval(&f->cx, f->s, &mine, e, &v, &shown));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FT(twelve_thousand_are_counted_to_the_last_and_no_other_is),
        FT(a_condition_over_more_than_can_be_read_is_refused),
    };
    return cmocka_run_group_tests_name("store/count", tests, NULL, NULL);
}
