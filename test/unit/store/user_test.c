/* user_test.c - accounts, signing in, sessions, tokens, Idempotency-Key. */
#include "fixture.h"
#include "store/idem.h"

#define PASSWORD S("correct horse battery")

static int64_t person(Fixture *f, const char *login, const char *org, const char *roles)
{
    int64_t id;
    OK(user_add(&f->cx, f->s, &f->system, str_c(login), S("某人"), pack_org(f->pack, str_c(org)), str_c(roles), PASSWORD, false, &id));
    return id;
}

static bool sign_in(Fixture *f, const char *login, Str password, Str *ret_token)
{
    Actor a;
    bool code;
    return session_open(&f->cx, f->s, str_c(login), password, S("192.0.2.1"), ret_token, &code, &a);
}

static void pass_time(Fixture *f, int64_t ms)
{
    f->cx.now_ms += ms;
    clock_set(f->cx.now_ms);
}

static void the_right_password_opens_a_session_that_stands_for_the_person(void **state)
{
    Fixture *f = *state;
    int64_t id = person(f, "jia", "C1", "writer");
    Str token, csrf;
    Actor a;
    OK(sign_in(f, " JIA ", PASSWORD, &token)); /* logins know no case */
    OK(session_actor(&f->cx, f->s, token, &a, &csrf));
    assert_int_equal(a.user, id);
    SAME(a.org->code, "C1");
    assert_true(actor_has_role(&a, S("writer")));
    assert_false(a.is_system || a.read_only);
    assert_true(csrf.n >= 20);
    assert_int_equal(raw(f, "select count(*) from journal where act = 'login'"), 1);
    OK(session_close(&f->cx, f->s, token));
    REFUSED(E_UNAUTHENTICATED, session_actor(&f->cx, f->s, token, &a, &csrf));
}

static void neither_passwords_nor_tokens_stand_in_the_database(void **state)
{
    Fixture *f = *state;
    int64_t id = person(f, "jia", "C1", "writer");
    Str session, token;
    OK(sign_in(f, "jia", PASSWORD, &session));
    OK(token_add(&f->cx, f->s, &f->system, id, S("报表"), S("read"), f->cx.now_ms + 1000, &token));
    store_close(f->s);
    Str all = database_bytes(f);
    assert_non_null(memmem(all.p, all.n, "报表", strlen("报表")));
    assert_null(memmem(all.p, all.n, PASSWORD.p, PASSWORD.n));
    assert_null(memmem(all.p, all.n, session.p, session.n));
    assert_null(memmem(all.p, all.n, token.p + 4, token.n - 4));
    store_up(f);
}

static void five_wrong_passwords_lock_a_login_for_fifteen_minutes(void **state)
{
    Fixture *f = *state;
    person(f, "jia", "C1", "writer");
    person(f, "yi", "C2", "writer");
    Str token;
    for (int i = 0; i < 5; i++) {
        REFUSED(E_UNAUTHENTICATED, sign_in(f, "jia", S("wrong wrong wrong"), &token));
    }
    REFUSED(E_LOCKED, sign_in(f, "jia", PASSWORD, &token)); /* even the right one */
    OK(sign_in(f, "yi", PASSWORD, &token));                 /* others are not locked out */
    pass_time(f, 15 * 60 * 1000 + 1);
    OK(sign_in(f, "jia", PASSWORD, &token));
}

static void an_unknown_login_fails_and_locks_like_a_known_one(void **state)
{
    Fixture *f = *state;
    Str token;
    for (int i = 0; i < 5; i++) {
        REFUSED(E_UNAUTHENTICATED, sign_in(f, "nobody", S("wrong wrong wrong"), &token));
    }
    REFUSED(E_LOCKED, sign_in(f, "nobody", S("wrong wrong wrong"), &token));
}

static void a_session_ends_when_idle_and_after_ten_hours(void **state)
{
    Fixture *f = *state;
    person(f, "jia", "C1", "writer");
    Str token, csrf;
    Actor a;
    clock_set(f->cx.now_ms);
    OK(sign_in(f, "jia", PASSWORD, &token));
    for (int i = 0; i < 20; i++) { /* kept awake: 9 h 40 min */
        pass_time(f, 29 * 60 * 1000);
        OK(session_actor(&f->cx, f->s, token, &a, &csrf));
    }
    pass_time(f, 21 * 60 * 1000);
    REFUSED(E_UNAUTHENTICATED, session_actor(&f->cx, f->s, token, &a, &csrf));
    OK(sign_in(f, "jia", PASSWORD, &token));
    pass_time(f, 30 * 60 * 1000 + 1);
    REFUSED(E_UNAUTHENTICATED, session_actor(&f->cx, f->s, token, &a, &csrf));
}

static void a_disabled_person_is_out_at_once(void **state)
{
    Fixture *f = *state;
    int64_t id = person(f, "jia", "C1", "writer");
    Str session, token, csrf;
    Actor a;
    OK(sign_in(f, "jia", PASSWORD, &session));
    OK(token_add(&f->cx, f->s, &f->system, id, S("报表"), S("write"), f->cx.now_ms + 100000, &token));
    OK(user_disable(&f->cx, f->s, &f->head, id, true));
    REFUSED(E_UNAUTHENTICATED, session_actor(&f->cx, f->s, session, &a, &csrf));
    REFUSED(E_UNAUTHENTICATED, token_actor(&f->cx, f->s, token, &a));
    REFUSED(E_UNAUTHENTICATED, sign_in(f, "jia", PASSWORD, &session));
    OK(user_disable(&f->cx, f->s, &f->head, id, false));
    OK(sign_in(f, "jia", PASSWORD, &session));
}

static void a_new_password_ends_the_old_sessions(void **state)
{
    Fixture *f = *state;
    int64_t id = person(f, "jia", "C1", "writer");
    Str session, csrf;
    Actor a, own;
    OK(sign_in(f, "jia", PASSWORD, &session));
    OK(session_actor(&f->cx, f->s, session, &own, &csrf));
    REFUSED(E_INVALID, user_password(&f->cx, f->s, &own, id, S("short"), false));
    REFUSED(E_INVALID, user_password(&f->cx, f->s, &own, id, S("has jia inside it"), false));
    OK(user_password(&f->cx, f->s, &own, id, S("staple river lantern"), false));
    REFUSED(E_UNAUTHENTICATED, session_actor(&f->cx, f->s, session, &a, &csrf));
    REFUSED(E_UNAUTHENTICATED, sign_in(f, "jia", PASSWORD, &session));
    OK(sign_in(f, "jia", S("staple river lantern"), &session));
    own.read_only = true;
    REFUSED(E_FORBIDDEN, user_password(&f->cx, f->s, &own, id, S("river staple lantern"), false));
}

static void only_an_administrator_above_manages_people(void **state)
{
    Fixture *f = *state;
    int64_t id = person(f, "jia", "C1", "writer"), other;
    User *list;
    size_t n;
    const Org *c1 = pack_org(f->pack, S("C1"));
    REFUSED(E_FORBIDDEN, user_add(&f->cx, f->s, &f->writer, S("bing"), S("丙"), c1, S("writer"), PASSWORD, false, &other));
    REFUSED(E_FORBIDDEN, user_list(&f->cx, f->s, &f->writer, &list, &n));
    REFUSED(E_FORBIDDEN, user_disable(&f->cx, f->s, &f->writer_too, id, true));
    REFUSED(E_FORBIDDEN, user_password(&f->cx, f->s, &f->writer2, id, S("staple river lantern"), false));
    OK(user_add(&f->cx, f->s, &f->head, S("bing"), S("丙"), c1, S("writer"), PASSWORD, false, &other));
    REFUSED(E_CONFLICT, user_add(&f->cx, f->s, &f->head, S("BING"), S("丁"), c1, S("writer"), PASSWORD, false, &other));
    REFUSED(E_INVALID, user_add(&f->cx, f->s, &f->head, S("ding"), S("丁"), c1, S("head"), PASSWORD, false, &other)); /* level */
    REFUSED(E_INVALID, user_add(&f->cx, f->s, &f->head, S("ding"), S("丁"), c1, S("king"), PASSWORD, false, &other));
    REFUSED(E_INVALID, user_add(&f->cx, f->s, &f->head, S("d ing"), S("丁"), c1, S("writer"), PASSWORD, false, &other));
    OK(user_list(&f->cx, f->s, &f->head, &list, &n));
    assert_int_equal(n, 2);
}

static void a_read_token_reads_and_a_write_token_writes(void **state)
{
    Fixture *f = *state;
    int64_t id = person(f, "jia", "C1", "writer");
    Str read, write;
    Actor r, w, own;
    Rec made;
    OK(user_actor(&f->cx, f->s, id, &own));
    OK(token_add(&f->cx, f->s, &own, id, S("报表"), S("read"), f->cx.now_ms + 1000, &read));
    OK(token_add(&f->cx, f->s, &own, id, S("对接"), S("write"), f->cx.now_ms + 1000, &write));
    REFUSED(E_INVALID, token_add(&f->cx, f->s, &own, id, S("全部"), S("admin"), f->cx.now_ms + 1000, &write));
    REFUSED(E_INVALID, token_add(&f->cx, f->s, &own, id, S("过期"), S("read"), f->cx.now_ms - 1, &write));
    REFUSED(E_FORBIDDEN, token_add(&f->cx, f->s, &f->writer2, id, S("别人"), S("read"), f->cx.now_ms + 1000, &write));
    OK(token_actor(&f->cx, f->s, read, &r));
    OK(token_actor(&f->cx, f->s, write, &w));
    SAME(w.via, "token:对接");
    Form o = team_form(f, "甲县采收队", "20");
    REFUSED(E_FORBIDDEN, create_in(f, &r, "C1", &o, &made));
    OK(create_in(f, &w, "C1", &o, &made));
    OK(rec_get(&f->cx, f->s, &r, f->team, made.id, &made));
    assert_int_equal(raw(f, "select count(*) from journal where act = 'create' and source = 'token:对接'"), 1);
    REFUSED(E_FORBIDDEN, token_add(&f->cx, f->s, &r, id, S("升级"), S("write"), f->cx.now_ms + 1000, &write));
    TokenRow *rows;
    size_t n;
    OK(token_list(&f->cx, f->s, &own, id, &rows, &n));
    assert_int_equal(n, 2);
    REFUSED(E_NOT_FOUND, token_drop(&f->cx, f->s, &f->writer2, rows[0].id));
    OK(token_drop(&f->cx, f->s, &own, rows[0].id));
    REFUSED(E_UNAUTHENTICATED, token_actor(&f->cx, f->s, read, &r));
    pass_time(f, 1001);
    REFUSED(E_UNAUTHENTICATED, token_actor(&f->cx, f->s, write, &w));
}

static void an_answer_is_kept_for_its_key_and_person_for_a_day(void **state)
{
    Fixture *f = *state;
    bool known;
    int status;
    Str body;
    OK(idem_get(&f->cx, f->s, &f->writer, S("k1"), S("h1"), &known, &status, &body));
    assert_false(known);
    OK(idem_put(&f->cx, f->s, &f->writer, S("k1"), S("h1"), 201, S("{\"id\":\"1\"}")));
    OK(idem_put(&f->cx, f->s, &f->writer, S("k1"), S("h1"), 500, S("second"))); /* the first stays */
    OK(idem_get(&f->cx, f->s, &f->writer, S("k1"), S("h1"), &known, &status, &body));
    assert_true(known);
    assert_int_equal(status, 201);
    SAME(body, "{\"id\":\"1\"}");
    REFUSED(E_INVALID, idem_get(&f->cx, f->s, &f->writer, S("k1"), S("another request"), &known, &status, &body));
    OK(idem_get(&f->cx, f->s, &f->writer2, S("k1"), S("h1"), &known, &status, &body));
    assert_false(known);
    pass_time(f, 24 * 3600 * 1000LL + 1);
    OK(idem_get(&f->cx, f->s, &f->writer, S("k1"), S("h1"), &known, &status, &body));
    assert_false(known);
}

static bool nothing(Cx *cx, Store *s, void *arg)
{
    (void)cx, (void)s;
    return *(bool *)arg;
}

/* As after a crash between a write and the keeping of its answer. */
static void a_write_whose_answer_was_lost_is_not_done_again(void **state)
{
    Fixture *f = *state;
    bool known, works = false;
    int status;
    Str body;
    f->cx.once = idem_once(&f->cx, f->s, &f->writer, S("k2"), S("h1"));
    assert_false(store_write(&f->cx, f->s, nothing, &works)); /* nothing was done: nothing is noted, */
    assert_non_null(f->cx.once);                               /* and the next one carries it */
    cx_clear(&f->cx);
    OK(idem_get(&f->cx, f->s, &f->writer, S("k2"), S("h1"), &known, &status, &body));
    assert_false(known);
    works = true;
    OK(store_write(&f->cx, f->s, nothing, &works));
    assert_null(f->cx.once);
    REFUSED(E_CONFLICT, idem_get(&f->cx, f->s, &f->writer, S("k2"), S("h1"), &known, &status, &body));
    REFUSED(E_INVALID, idem_get(&f->cx, f->s, &f->writer, S("k2"), S("another request"), &known, &status, &body));
    OK(idem_put(&f->cx, f->s, &f->writer, S("k2"), S("h1"), 201, S("kept"))); /* the answer comes after it */
    OK(idem_get(&f->cx, f->s, &f->writer, S("k2"), S("h1"), &known, &status, &body));
    assert_true(known && status == 201);
    SAME(body, "kept");
    OK(idem_drop(&f->cx, f->s, &f->writer, S("k2"))); /* one with an answer stays */
    OK(idem_get(&f->cx, f->s, &f->writer, S("k2"), S("h1"), &known, &status, &body));
    assert_true(known);
    f->cx.once = idem_once(&f->cx, f->s, &f->writer, S("k3"), S("h1"));
    OK(store_write(&f->cx, f->s, nothing, &works));
    OK(idem_drop(&f->cx, f->s, &f->writer, S("k3")));
    OK(idem_get(&f->cx, f->s, &f->writer, S("k3"), S("h1"), &known, &status, &body));
    assert_false(known);
}

static void a_notice_for_the_next_page_is_shown_once(void **state)
{
    Fixture *f = *state;
    person(f, "jia", "C1", "writer");
    Str token, tone, text;
    OK(sign_in(f, "jia", PASSWORD, &token));
    OK(session_flash(&f->cx, f->s, token, S("good"), S("已保存")));
    OK(session_flash_take(&f->cx, f->s, token, &tone, &text));
    SAME(text, "已保存");
    OK(session_flash_take(&f->cx, f->s, token, &tone, &text));
    SAME(text, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(the_right_password_opens_a_session_that_stands_for_the_person), T(neither_passwords_nor_tokens_stand_in_the_database),
        T(five_wrong_passwords_lock_a_login_for_fifteen_minutes), T(an_unknown_login_fails_and_locks_like_a_known_one),
        T(a_session_ends_when_idle_and_after_ten_hours), T(a_disabled_person_is_out_at_once), T(a_new_password_ends_the_old_sessions),
        T(only_an_administrator_above_manages_people), T(a_read_token_reads_and_a_write_token_writes),
        T(an_answer_is_kept_for_its_key_and_person_for_a_day),
        T(a_write_whose_answer_was_lost_is_not_done_again), T(a_notice_for_the_next_page_is_shown_once),
    };
    return cmocka_run_group_tests_name("store/user", tests, NULL, NULL);
}
