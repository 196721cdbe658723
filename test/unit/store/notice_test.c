/* notice_test.c - who is told of an action, in which words, how often, and what leaves the program for it. */
#include "flow.h"

#include "store/contact.h"
#include "store/notice.h"
#include "store/outbox.h"

typedef struct {
    Actor clerk, clerk_too, clerk_w, officer, officer_too, leader, judge;
} Staff;

static Actor account(Fixture *f, const char *login, const char *org, const char *roles)
{
    int64_t id;
    Actor a;
    OK(user_add(&f->cx, f->s, &f->system, str_c(login), str_c(login), pack_org(f->pack, str_c(org)), str_c(roles), S("staub wolke lampe"),
                false, &id));
    OK(user_actor(&f->cx, f->s, id, &a));
    return a;
}

static Staff staff(Fixture *f)
{
    Staff s = {.clerk = account(f, "dong1", "E", "clerk"), .clerk_too = account(f, "dong2", "E", "clerk"),
               .clerk_w = account(f, "xi1", "W", "clerk"), .officer = account(f, "shi1", "M", "officer"),
               .officer_too = account(f, "shi2", "M", "officer"), .leader = account(f, "zhu1", "M", "leader"),
               .judge = account(f, "ping1", "M", "judge")};
    flow.clerk = s.clerk;
    flow.officer = s.officer;
    flow.leader = s.leader;
    flow.judge = s.judge;
    return s;
}

static size_t told(Fixture *f, const Actor *a, Notice **ret)
{
    size_t n;
    int64_t unread;
    OK(notice_list(&f->cx, f->s, a, 500, ret, &n, &unread));
    return n;
}

static int64_t unread(Fixture *f, const Actor *a)
{
    int64_t n;
    OK(notice_unread(&f->cx, f->s, a, &n));
    return n;
}

static void the_holders_role_and_the_owners_office_hear_of_it_and_who_did_it_does_not(void **state)
{
    Fixture *f = *state;
    Staff s = staff(f);
    Notice *n;
    Rec r = a_piece(f, "剪纸", "2", NULL);
    assert_int_equal(raw(f, "select count(*) from notice"), 0);
    OK(step(f, &s.clerk, &r, "send", ""));
    assert_int_equal(told(f, &s.officer, &n), 1);
    assert_true(str_eq(n[0].text, str_printf(f->mem, "收到一件作品，请审看：剪纸（%.*s）", STRF(r.no))));
    assert_true(str_eq(n[0].href, str_printf(f->mem, "/r/piece/%lld", (long long)r.id)));
    assert_int_equal(n[0].read_ms, 0);
    assert_int_equal(told(f, &s.officer_too, &n), 1);
    assert_int_equal(told(f, &s.clerk_too, &n), 1);
    assert_true(str_starts(n[0].text, S("本镇报送了一件作品：剪纸")));
    assert_int_equal(told(f, &s.clerk, &n), 0);   /* did it */
    assert_int_equal(told(f, &s.clerk_w, &n), 0); /* another town */
    assert_int_equal(told(f, &s.leader, &n), 0);  /* another role */
    assert_int_equal(told(f, &s.judge, &n), 0);
    assert_int_equal(told(f, &f->nobody, &n), 0);
}

static void a_refused_action_tells_nobody_and_a_disabled_person_is_passed_over(void **state)
{
    Fixture *f = *state;
    Staff s = staff(f);
    Notice *n;
    Rec r = a_piece(f, "剪纸", "1", NULL); /* two are asked for */
    REFUSED(E_WRONG_STATE, step(f, &s.clerk, &r, "send", ""));
    assert_int_equal(raw(f, "select count(*) from notice"), 0);
    OK(user_disable(&f->cx, f->s, &f->system, s.officer_too.user, true));
    r = a_piece(f, "泥塑", "2", NULL);
    OK(step(f, &s.clerk, &r, "send", ""));
    assert_int_equal(told(f, &s.officer_too, &n), 0);
    assert_int_equal(told(f, &s.officer, &n), 1);
}

static void nobody_hears_the_same_action_twice(void **state)
{
    Fixture *f = *state;
    Staff s = staff(f);
    Notice *n;
    Rec r = a_piece(f, "剪纸", "2", NULL);
    OK(step(f, &s.clerk, &r, "send", ""));
    OK(step(f, &s.officer, &r, "back", "请补充"));
    assert_int_equal(told(f, &s.clerk, &n), 1); /* as its creator, not again as one of the town */
    assert_true(str_starts(n[0].text, S("您报送的作品被退回：剪纸")));
    assert_int_equal(told(f, &s.clerk_too, &n), 2);
}

static void equal_unread_notices_are_one_with_a_counter_and_a_read_one_is_left_alone(void **state)
{
    Fixture *f = *state;
    Staff s = staff(f);
    Notice *n;
    Rec r = a_piece(f, "剪纸", "2", NULL);
    for (int i = 0; i < 3; i++) {
        OK(step(f, &s.clerk, &r, "send", ""));
        OK(step(f, &s.officer, &r, "back", "请补充"));
    }
    assert_int_equal(told(f, &s.officer_too, &n), 1);
    assert_int_equal(n[0].count, 3);
    assert_int_equal(unread(f, &s.officer_too), 1);
    uint64_t version = notice_version(f->s);
    OK(notice_read(&f->cx, f->s, &s.officer_too, n[0].id));
    assert_true(notice_version(f->s) > version);
    assert_int_equal(unread(f, &s.officer_too), 0);
    OK(step(f, &s.clerk, &r, "send", ""));
    assert_int_equal(told(f, &s.officer_too, &n), 2);
    assert_int_equal(n[0].read_ms, 0); /* unread first */
    assert_true(n[1].read_ms != 0);
    assert_int_equal(n[1].count, 3);
}

static void one_reads_ones_own_only_one_or_all(void **state)
{
    Fixture *f = *state;
    Staff s = staff(f);
    Notice *n;
    for (int i = 0; i < 3; i++) {
        Rec r = a_piece(f, i == 0 ? "甲" : i == 1 ? "乙" : "丙", "2", NULL);
        OK(step(f, &s.clerk, &r, "send", ""));
    }
    assert_int_equal(told(f, &s.officer, &n), 3);
    REFUSED(E_NOT_FOUND, notice_read(&f->cx, f->s, &s.officer_too, n[0].id));
    REFUSED(E_NOT_FOUND, notice_read(&f->cx, f->s, &f->nobody, 0));
    assert_int_equal(unread(f, &s.officer), 3);
    OK(notice_read(&f->cx, f->s, &s.officer, n[0].id));
    OK(notice_read(&f->cx, f->s, &s.officer, n[0].id)); /* again is no mistake */
    assert_int_equal(unread(f, &s.officer), 2);
    OK(notice_read(&f->cx, f->s, &s.officer, 0));
    assert_int_equal(unread(f, &s.officer), 0);
    assert_int_equal(unread(f, &s.officer_too), 3);
}

static void of_a_sealed_record_the_fixed_words_only(void **state)
{
    Fixture *f = *state;
    Staff s = staff(f);
    Notice *n;
    Rec p = a_piece(f, "剪纸", "2", NULL), sheet = a_sheet(f, &p, &s.judge, "80");
    OK(by_program(f, &sheet, "remind"));
    assert_int_equal(told(f, &s.judge, &n), 1);
    SAME(n[0].text, "请尽快打分");
    assert_true(n[0].href.n != 0); /* it is theirs */
    assert_int_equal(told(f, &s.officer_too, &n), 1);
    SAME(n[0].text, "有评分单还没有交");
    SAME(n[0].href, ""); /* they may not open it */
    OK(by_program(f, &sheet, "open"));
    assert_int_equal(told(f, &s.judge, &n), 2);
    SAME(n[0].text, "评分单已启封：ping1");
}

typedef struct {
    int64_t user;
    int n;
    const RecordType *t;
    const Org *o;
    Str role;
} PutArg;

static bool put_many(Cx *cx, Store *s, void *arg)
{
    const PutArg *x = arg;
    for (int i = 0; i < x->n; i++) {
        if (!notice_put(cx, s, x->user, str_printf(cx->mem, "第 %d 条", i), S("/desk"))) {
            return false;
        }
    }
    return x->o == NULL || notice_office(cx, s, x->o, x->t, x->role, S("请注意"), S("/r/piece"));
}

static void five_hundred_unread_are_kept_and_older_ones_count_as_read(void **state)
{
    Fixture *f = *state;
    Staff s = staff(f);
    Notice *n;
    PutArg x = {.user = s.judge.user, .n = NOTICE_UNREAD_MAX + 7};
    OK(store_write(&f->cx, f->s, put_many, &x));
    assert_int_equal(unread(f, &s.judge), NOTICE_UNREAD_MAX);
    assert_int_equal(raw(f, "select count(*) from notice where read <> 0 and text in ('第 0 条', '第 6 条')"), 2);
    assert_int_equal(told(f, &s.judge, &n), NOTICE_UNREAD_MAX);
    SAME(n[0].text, "第 506 条");
}

typedef struct {
    int64_t user;
    Str text;
} OneArg;

static bool put_one(Cx *cx, Store *s, void *arg)
{
    const OneArg *x = arg;
    return notice_put(cx, s, x->user, x->text, S(""));
}

static void a_long_text_is_cut_between_characters(void **state)
{
    Fixture *f = *state;
    Staff s = staff(f);
    Notice *n;
    Buf b = buf_new(f->mem, 2000);
    for (int i = 0; i < 300; i++) {
        buf_add(&b, S("字"));
    }
    OneArg x = {.user = s.judge.user, .text = buf_str(&b)};
    OK(store_write(&f->cx, f->s, put_one, &x));
    assert_int_equal(told(f, &s.judge, &n), 1);
    assert_int_equal(n[0].text.n, 498);
    assert_true(utf8_valid(n[0].text));
}

static void an_office_is_told_where_it_reads_the_type_and_holds_the_role(void **state)
{
    Fixture *f = *state;
    Staff s = staff(f);
    Notice *n;
    PutArg x = {.o = pack_org(f->pack, S("M")), .t = flow.piece};
    OK(store_write(&f->cx, f->s, put_many, &x));
    assert_int_equal(told(f, &s.officer, &n), 1);
    assert_int_equal(told(f, &s.leader, &n), 1);
    assert_int_equal(told(f, &s.judge, &n), 0);
    x.role = S("leader");
    OK(store_write(&f->cx, f->s, put_many, &x));
    assert_int_equal(told(f, &s.leader, &n), 1);
    assert_int_equal(n[0].count, 2);
    assert_int_equal(told(f, &s.officer, &n), 1);
    assert_int_equal(n[0].count, 1);
}

static void what_one_wants_by_mail_or_phone_goes_into_the_outbox_of_channels_in_use(void **state)
{
    Fixture *f = *state;
    Staff s = staff(f);
    Contact c = {.email = S("shi@example.org"), .mobile = S("13800002046"), .by_mail = true, .by_sms = true};
    OK(contact_set(&f->cx, f->s, &s.officer, s.officer.user, &c));
    Rec r = a_piece(f, "甲", "2", NULL);
    OK(step(f, &s.clerk, &r, "send", ""));
    assert_int_equal(raw(f, "select count(*) from outbox"), 0); /* no channel is in use */
    outbox_channels(f->s, CHANNEL_MAIL | CHANNEL_HOOK);
    r = a_piece(f, "乙", "2", NULL);
    OK(step(f, &s.clerk, &r, "send", ""));
    assert_int_equal(raw(f, "select count(*) from outbox where channel = 1"), 1);
    assert_int_equal(raw(f, "select count(*) from outbox where channel = 2"), 0);
    assert_int_equal(raw(f, "select count(*) from outbox where channel = 4"), 2); /* a row of `notify` each, not a person */
}

static void addresses_are_checked_kept_encrypted_and_masked_for_administrators(void **state)
{
    Fixture *f = *state;
    Staff s = staff(f);
    static const char *const BAD[] = {"", "a", "a@b", "a b@c.org", "a@c.org\r\nBcc: x@y.org", "a@-c.org", "@c.org", "a@c..org",
                                      "张@c.org", "<a@c.org>", "a@c.org,b@c.org"};
    for (size_t i = 0; i < ARRAY_LEN(BAD); i++) {
        assert_false(email_ok(str_c(BAD[i])));
    }
    assert_true(email_ok(S("first.last+x@mail.example.org")));
    assert_false(mobile_ok(S("1380000204")));
    assert_false(mobile_ok(S("1380000204a")));
    Contact c = {.email = S("shi@example.org"), .mobile = S("13800002046"), .by_mail = true}, got;
    OK(contact_set(&f->cx, f->s, &s.officer, s.officer.user, &c));
    assert_int_equal(raw(f, "select count(*) from account where email like '%shi%' or mobile like '%2046%'"), 0);
    assert_int_equal(raw(f, "select count(*) from journal where act = 'user_contact' and (body like '%example%' or body like '%2046%')"), 0);
    OK(contact_get(&f->cx, f->s, &s.officer, s.officer.user, &got));
    SAME(got.email, "shi@example.org");
    assert_true(got.by_mail && !got.by_sms);
    OK(contact_get(&f->cx, f->s, &s.leader, s.officer.user, &got)); /* an administrator */
    SAME(got.email, "s***@example.org");
    SAME(got.mobile, "138****2046");
    REFUSED(E_FORBIDDEN, contact_get(&f->cx, f->s, &s.officer_too, s.officer.user, &got));
    REFUSED(E_FORBIDDEN, contact_set(&f->cx, f->s, &s.officer_too, s.officer.user, &c));
    got.mobile = S("13900002046");
    OK(contact_set(&f->cx, f->s, &s.leader, s.officer.user, &got)); /* the mask that came back changes nothing */
    OK(contact_get(&f->cx, f->s, &s.officer, s.officer.user, &got));
    SAME(got.email, "shi@example.org");
    SAME(got.mobile, "13900002046");
    REFUSED(E_INVALID, contact_set(&f->cx, f->s, &s.officer, s.officer.user, &(Contact){.by_mail = true}));
    REFUSED(E_INVALID, contact_set(&f->cx, f->s, &s.officer, s.officer.user, &(Contact){.email = S("shi@"), .by_mail = true}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FT(the_holders_role_and_the_owners_office_hear_of_it_and_who_did_it_does_not),
        FT(a_refused_action_tells_nobody_and_a_disabled_person_is_passed_over),
        FT(nobody_hears_the_same_action_twice),
        FT(equal_unread_notices_are_one_with_a_counter_and_a_read_one_is_left_alone),
        FT(one_reads_ones_own_only_one_or_all),
        FT(of_a_sealed_record_the_fixed_words_only),
        FT(five_hundred_unread_are_kept_and_older_ones_count_as_read),
        FT(a_long_text_is_cut_between_characters),
        FT(an_office_is_told_where_it_reads_the_type_and_holds_the_role),
        FT(what_one_wants_by_mail_or_phone_goes_into_the_outbox_of_channels_in_use),
        FT(addresses_are_checked_kept_encrypted_and_masked_for_administrators),
    };
    return cmocka_run_group_tests_name("store/notice", tests, NULL, NULL);
}
