/* outbox_test.c - the way of a row: due, taken, tried with growing pauses, given up, retried by hand, forgotten. */
#include "flow.h"

#include "store/contact.h"
#include "store/notice.h"
#include "store/outbox.h"

#define MINUTE 60000LL

static Actor account(Fixture *f, const char *login, const char *org, const char *roles)
{
    int64_t id;
    Actor a;
    OK(user_add(&f->cx, f->s, &f->system, str_c(login), str_c(login), pack_org(f->pack, str_c(org)), str_c(roles), S("staub wolke lampe"),
                false, &id));
    OK(user_actor(&f->cx, f->s, id, &a));
    return a;
}

/* An officer who wants mail, told of one thing. */
static Actor one_waits(Fixture *f)
{
    flow.clerk = account(f, "dong1", "E", "clerk");
    Actor a = account(f, "shi1", "M", "officer");
    OK(contact_set(&f->cx, f->s, &a, a.user, &(Contact){.email = S("shi@example.org"), .by_mail = true}));
    outbox_channels(f->s, CHANNEL_MAIL);
    Rec r = a_piece(f, "剪纸", "2", NULL);
    OK(step(f, &flow.clerk, &r, "send", ""));
    return a;
}

static size_t take(Fixture *f, OutRow **ret)
{
    size_t n;
    OK(outbox_take(&f->cx, f->s, CHANNEL_MAIL | CHANNEL_SMS | CHANNEL_HOOK, 10, ret, &n));
    return n;
}

static void a_due_row_is_taken_once_with_its_address_in_clear(void **state)
{
    Fixture *f = *state;
    OutRow *o;
    (void)one_waits(f);
    assert_int_equal(take(f, &o), 1);
    SAME(o[0].address, "shi@example.org");
    SAME(o[0].type, "piece");
    assert_true(str_starts(o[0].text, S("收到一件作品，请审看：剪纸")));
    assert_int_equal(take(f, &o), 0);
    OK(outbox_done(&f->cx, f->s, raw(f, "select id from outbox"), true, S("250")));
    assert_int_equal(raw(f, "select count(*) from outbox where state = 'sent' and attempts = 1"), 1);
    assert_int_equal(raw(f, "select count(*) from outbox_try where ok = 1"), 1);
}

static void pauses_grow_from_a_minute_to_twelve_hours_then_it_failed(void **state)
{
    Fixture *f = *state;
    static const int64_t PAUSES[] = {1, 5, 30, 120, 720};
    OutRow *o;
    (void)one_waits(f);
    for (size_t i = 0; i < ARRAY_LEN(PAUSES); i++) {
        assert_int_equal(take(f, &o), 1);
        OK(outbox_done(&f->cx, f->s, o[0].id, false, S("连不上")));
        f->cx.now_ms += PAUSES[i] * MINUTE - 1;
        assert_int_equal(take(f, &o), 0);
        f->cx.now_ms += 1;
    }
    assert_int_equal(take(f, &o), 1);
    OK(outbox_done(&f->cx, f->s, o[0].id, false, S("连不上")));
    f->cx.now_ms += 30 * 24 * 60 * MINUTE;
    assert_int_equal(take(f, &o), 0);
    assert_int_equal(raw(f, "select count(*) from outbox where state = 'failed' and attempts = 6"), 1);
    assert_int_equal(raw(f, "select count(*) from outbox_try where ok = 0"), 6);
}

static void what_was_being_sent_when_the_program_died_waits_again_and_nothing_else(void **state)
{
    Fixture *f = *state;
    OutRow *o;
    int64_t n, id;
    (void)one_waits(f);
    OK(outbox_recover(&f->cx, f->s, &n));
    assert_int_equal(n, 0);
    assert_int_equal(take(f, &o), 1);
    id = o[0].id;
    store_again(f);
    OK(outbox_recover(&f->cx, f->s, &n));
    assert_int_equal(n, 1);
    assert_int_equal(take(f, &o), 1);
    assert_int_equal(o[0].id, id); /* the same id: the receiver can drop the double */
    assert_int_equal(o[0].attempts, 0);
    OK(outbox_done(&f->cx, f->s, id, true, S("250")));
    OK(outbox_recover(&f->cx, f->s, &n));
    assert_int_equal(take(f, &o), 0);
}

static void a_row_not_tried_goes_back_without_an_attempt(void **state)
{
    Fixture *f = *state;
    OutRow *o;
    (void)one_waits(f);
    assert_int_equal(take(f, &o), 1);
    OK(outbox_back(&f->cx, f->s, &o[0].id, 1));
    assert_int_equal(take(f, &o), 1);
    assert_int_equal(o[0].attempts, 0);
}

static void a_corrected_address_serves_the_next_attempt(void **state)
{
    Fixture *f = *state;
    OutRow *o;
    Actor a = one_waits(f);
    assert_int_equal(take(f, &o), 1);
    OK(outbox_done(&f->cx, f->s, o[0].id, false, S("550")));
    OK(contact_set(&f->cx, f->s, &a, a.user, &(Contact){.email = S("neu@example.org"), .by_mail = true}));
    f->cx.now_ms += MINUTE;
    assert_int_equal(take(f, &o), 1);
    SAME(o[0].address, "neu@example.org");
}

static void the_same_told_again_while_it_waits_leaves_once(void **state)
{
    Fixture *f = *state;
    Rec r;
    Actor a = one_waits(f), other = account(f, "shi2", "M", "officer");
    r = a_piece(f, "泥塑", "2", NULL);
    for (int i = 0; i < 3; i++) {
        OK(step(f, &flow.clerk, &r, "send", ""));
        OK(step(f, &other, &r, "back", "请补充"));
    }
    assert_int_equal(raw(f, "select count(*) from outbox"), 2);
    (void)a;
}

static void administrators_see_masks_and_fixed_words_and_may_send_again(void **state)
{
    Fixture *f = *state;
    OutRow *o;
    size_t n;
    int64_t counts[3], id;
    Actor a = one_waits(f), admin = account(f, "zhu1", "M", "leader");
    REFUSED(E_FORBIDDEN, outbox_list(&f->cx, f->s, &a, S(""), 50, &o, &n));
    REFUSED(E_FORBIDDEN, outbox_retry(&f->cx, f->s, &a, 0));
    for (int i = 0; i < 6; i++) {
        assert_int_equal(take(f, &o), 1);
        OK(outbox_done(&f->cx, f->s, o[0].id, false, S("连不上")));
        f->cx.now_ms += 720 * MINUTE;
    }
    OK(outbox_counts(&f->cx, f->s, &admin, counts));
    assert_int_equal(counts[0], 0);
    assert_int_equal(counts[1], 1);
    OK(outbox_list(&f->cx, f->s, &admin, S("failed"), 50, &o, &n));
    assert_int_equal(n, 1);
    SAME(o[0].address, "s***@example.org");
    SAME(o[0].head, "收到一件作品，请审看");
    SAME(o[0].result, "连不上");
    id = o[0].id;
    REFUSED(E_NOT_FOUND, outbox_retry(&f->cx, f->s, &admin, id + 1));
    OK(outbox_retry(&f->cx, f->s, &admin, id));
    assert_int_equal(take(f, &o), 1);
    assert_int_equal(o[0].attempts, 0);
    REFUSED(E_WRONG_STATE, outbox_retry(&f->cx, f->s, &admin, id)); /* under way */
    OK(outbox_done(&f->cx, f->s, id, true, S("250")));
    REFUSED(E_WRONG_STATE, outbox_retry(&f->cx, f->s, &admin, id));
    assert_int_equal(raw(f, "select count(*) from outbox_try"), 7);
}

static void what_was_sent_is_forgotten_after_ninety_days(void **state)
{
    Fixture *f = *state;
    OutRow *o;
    (void)one_waits(f);
    assert_int_equal(take(f, &o), 1);
    OK(outbox_done(&f->cx, f->s, o[0].id, true, S("250")));
    f->cx.now_ms += 89 * 1440 * MINUTE;
    OK(outbox_trim(&f->cx, f->s));
    assert_int_equal(raw(f, "select count(*) from outbox"), 1);
    f->cx.now_ms += 2 * 1440 * MINUTE;
    OK(outbox_trim(&f->cx, f->s));
    assert_int_equal(raw(f, "select count(*) from outbox"), 0);
    assert_int_equal(raw(f, "select count(*) from outbox_try"), 0);
    assert_int_equal(raw(f, "select count(*) from notice"), 1); /* not read yet */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FT(a_due_row_is_taken_once_with_its_address_in_clear),
        FT(pauses_grow_from_a_minute_to_twelve_hours_then_it_failed),
        FT(what_was_being_sent_when_the_program_died_waits_again_and_nothing_else),
        FT(a_row_not_tried_goes_back_without_an_attempt),
        FT(a_corrected_address_serves_the_next_attempt),
        FT(the_same_told_again_while_it_waits_leaves_once),
        FT(administrators_see_masks_and_fixed_words_and_may_send_again),
        FT(what_was_sent_is_forgotten_after_ninety_days),
    };
    return cmocka_run_group_tests_name("store/outbox", tests, NULL, NULL);
}
