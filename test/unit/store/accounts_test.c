/* accounts_test.c - three administrators kept apart, profiles of rules, the second factor, proofs, the first start. */
#include "fixture.h"

#include "base/date.h"
#include "fmt/totp.h"
#include "store/compliance.h"
#include "store/delegate.h"
#include "store/factor.h"

#define PASSWORD S("Staple7 river lantern")

static int64_t person(Fixture *f, const char *login, const char *org, const char *roles)
{
    int64_t id;
    OK(user_add(&f->cx, f->s, &f->system, str_c(login), str_c(login), pack_org(f->pack, str_c(org)), str_c(roles), PASSWORD, false, &id));
    return id;
}

static Actor actor(Fixture *f, int64_t id)
{
    Actor a;
    OK(user_actor(&f->cx, f->s, id, &a));
    return a;
}

static void profile(Fixture *f, const char *id)
{
    OK(settings_set(&f->cx, f->s, &f->system, id, 0));
}

static void pass_time(Fixture *f, int64_t ms)
{
    f->cx.now_ms += ms;
    clock_set(f->cx.now_ms);
}

static bool sign_in(Fixture *f, const char *login, Str password, Str *ret_token, bool *ret_code)
{
    Actor a;
    return session_open(&f->cx, f->s, str_c(login), password, S("192.0.2.1"), ret_token, ret_code, &a);
}

/* The top office of the small pack. */
static const char *top(Fixture *f) { return str_z(f->mem, f->pack->orgs[0].code); }

/* A statement that the database itself must refuse. */
static void refused_by_sql(Fixture *f, const char *sql)
{
    Cx cx;
    cx_init(&cx, f->mem);
    Db *db = db_open(&cx, f->s->url.p, DB_WRITE);
    assert_non_null(db);
    bool ok = db_script(&cx, db, sql);
    db_close(db);
    if (ok) {
        print_error("accepted: %s\n", sql);
    }
    assert_false(ok);
}

static void the_three_are_three_whoever_writes_the_row(void **state)
{
    Fixture *f = *state;
    int64_t sys = person(f, "sys", top(f), "keeper"), sec = person(f, "sec", top(f), "grantor"), clerk = person(f, "jia", "C1", "writer"), id;
    const Org *o = &f->pack->orgs[0];
    REFUSED(E_INVALID, user_add(&f->cx, f->s, &f->system, S("two"), S("二"), o, S("keeper,grantor"), PASSWORD, false, &id));
    REFUSED(E_INVALID, user_add(&f->cx, f->s, &f->system, S("two"), S("二"), o, S("keeper,head"), PASSWORD, false, &id));
    Actor by = actor(f, sec);
    bool waits;
    REFUSED(E_INVALID, user_grant(&f->cx, f->s, &by, sys, S("keeper,watcher"), S("测试理由"), &waits));
    REFUSED(E_INVALID, user_grant(&f->cx, f->s, &by, clerk, S("writer,watcher"), S("测试理由"), &waits));
    refused_by_sql(f, "update account set roles = 'head' where login = 'sys'");
    refused_by_sql(f, "update account set admin_kind = 'security' where login = 'jia'");
    refused_by_sql(f, "update account set admin_kind = 'system,security' where login = 'sys'");
    refused_by_sql(f, "update account set admin_kind = 'root', roles = '' where login = 'jia'");
    refused_by_sql(f, "insert into role_request (id, home, user_id, was, roles, reason, at, by_user, by_name, state, decided, decided_by)"
                      " values (1, 1, 7, '', 'writer', 'x', 0, 7, 'x', 'open', 0, 0)");
    refused_by_sql(f, "insert into role_request (id, home, user_id, was, roles, reason, at, by_user, by_name, state, decided, decided_by)"
                      " values (1, 1, 7, '', 'writer', 'x', 0, 8, 'x', 'agreed', 0, 8)");
    /* A role of the three written among business roles makes nobody one of them. */
    Db *db = db_open(&f->cx, f->s->url.p, DB_WRITE);
    assert_true(db_script(&f->cx, db, "update account set roles = 'writer,grantor' where login = 'jia'"));
    db_close(db);
    Actor a = actor(f, clerk);
    assert_int_equal(a.kind, ADMIN_NONE);
    assert_false(actor_has_role(&a, S("grantor")));
    assert_true(actor_has_role(&a, S("writer")));
}

static void an_administrator_of_the_three_reads_and_does_nothing_with_records(void **state)
{
    Fixture *f = *state;
    Rec made, got;
    Form o = team_form(f, "甲县采收队", "20");
    OK(create_in(f, &f->writer, "C1", &o, &made));
    static const char *const ROLES[] = {"keeper", "grantor", "watcher"};
    for (size_t i = 0; i < ARRAY_LEN(ROLES); i++) {
        Actor a = actor(f, person(f, str_printf(f->mem, "adm%zu", i).p, top(f), ROLES[i]));
        assert_int_equal(a.kind, i + 1);
        REFUSED(E_NOT_FOUND, rec_get(&f->cx, f->s, &a, f->team, made.id, &got));
        REFUSED(E_FORBIDDEN, create_in(f, &a, str_z(f->mem, f->pack->orgs[0].code), &o, &got));
        for (size_t t = 0; t < f->pack->n_types; t++) {
            Scope s = access_scope(f->mem, f->pack, &a, &f->pack->types[t]);
            assert_true(s.published_only && !s.mine);
        }
    }
}

static void accounts_and_roles_are_two_persons_work(void **state)
{
    Fixture *f = *state;
    Actor sys = actor(f, person(f, "sys", top(f), "keeper")), sec = actor(f, person(f, "sec", top(f), "grantor"));
    Actor aud = actor(f, person(f, "aud", top(f), "watcher"));
    const Org *c1 = pack_org(f->pack, S("C1"));
    int64_t id, other;
    bool waits;
    User *list;
    size_t n;
    REFUSED(E_FORBIDDEN, user_add(&f->cx, f->s, &sys, S("yi"), S("乙"), c1, S("writer"), PASSWORD, false, &id)); /* no roles with the account */
    OK(user_add(&f->cx, f->s, &sys, S("yi"), S("乙"), c1, S(""), PASSWORD, false, &id));
    REFUSED(E_FORBIDDEN, user_add(&f->cx, f->s, &sec, S("bing"), S("丙"), c1, S(""), PASSWORD, false, &other));
    REFUSED(E_FORBIDDEN, user_add(&f->cx, f->s, &aud, S("bing"), S("丙"), c1, S(""), PASSWORD, false, &other));
    REFUSED(E_FORBIDDEN, user_grant(&f->cx, f->s, &sys, id, S("writer"), S("到岗上任"), &waits));
    REFUSED(E_FORBIDDEN, user_grant(&f->cx, f->s, &aud, id, S("writer"), S("到岗上任"), &waits));
    REFUSED(E_FORBIDDEN, user_grant(&f->cx, f->s, &sec, sec.user, S("head"), S("给自己的"), &waits));
    REFUSED(E_INVALID, user_grant(&f->cx, f->s, &sec, id, S("writer"), S("短"), &waits));
    OK(user_grant(&f->cx, f->s, &sec, id, S("writer"), S("到岗上任"), &waits));
    assert_false(waits);
    Actor yi = actor(f, id);
    assert_true(actor_has_role(&yi, S("writer")));
    assert_int_equal(raw(f, "select count(*) from journal where act = 'user_roles' and reason = '到岗上任'"), 1);
    REFUSED(E_FORBIDDEN, user_disable(&f->cx, f->s, &sec, id, true));
    REFUSED(E_FORBIDDEN, user_disable(&f->cx, f->s, &aud, id, true));
    REFUSED(E_WRONG_STATE, user_disable(&f->cx, f->s, &sys, sec.user, true)); /* the last of its kind */
    REFUSED(E_FORBIDDEN, user_password(&f->cx, f->s, &sys, sec.user, S("Quiet9 marble window"), false)); /* or it could become the other */
    OK(user_password(&f->cx, f->s, &sys, id, S("Quiet9 marble window"), false));
    REFUSED(E_FORBIDDEN, user_list(&f->cx, f->s, &aud, &list, &n));
    OK(user_list(&f->cx, f->s, &sec, &list, &n));
    assert_int_equal(n, 4);
    /* An administrator of the pack manages their office, not the three. */
    REFUSED(E_FORBIDDEN, user_grant(&f->cx, f->s, &f->head, sys.user, S("head"), S("越权的事"), &waits));
    REFUSED(E_FORBIDDEN, user_disable(&f->cx, f->s, &f->head, sys.user, true));
    int64_t high = person(f, "wang", top(f), "head");
    REFUSED(E_FORBIDDEN, user_grant(&f->cx, f->s, &f->head, high, S("keeper"), S("越权的事"), &waits));
    REFUSED(E_FORBIDDEN, delegate_add(&f->cx, f->s, &sec, aud.user, instant_date(f->cx.now_ms), instant_date(f->cx.now_ms), &other));
}

static void the_audit_administrator_reads_what_administrators_did(void **state)
{
    Fixture *f = *state;
    Actor aud = actor(f, person(f, "aud", top(f), "watcher")), sys = actor(f, person(f, "sys", top(f), "keeper"));
    Rec made;
    Form o = team_form(f, "甲县采收队", "20");
    OK(create_in(f, &f->writer, "C1", &o, &made));
    Event *e;
    size_t n;
    OK(journal_list(&f->cx, f->s, &aud, (EventPlace){0}, 100, &e, &n));
    assert_int_equal(n, 2);
    for (size_t i = 0; i < n; i++) {
        SAME(e[i].act, "user_add");
    }
    OK(journal_list(&f->cx, f->s, &f->head, (EventPlace){0}, 100, &e, &n));
    assert_int_equal(n, 3);
    REFUSED(E_FORBIDDEN, journal_list(&f->cx, f->s, &sys, (EventPlace){0}, 100, &e, &n));
}

static void where_grants_are_apart_a_second_security_administrator_agrees(void **state)
{
    Fixture *f = *state;
    Actor sec = actor(f, person(f, "sec", top(f), "grantor")), sec2 = actor(f, person(f, "sec2", top(f), "grantor"));
    int64_t id = person(f, "jia", "C1", "");
    RoleRequest *q;
    size_t n;
    bool waits;
    profile(f, "cn-mlps3");
    REFUSED(E_FORBIDDEN, user_grant(&f->cx, f->s, &f->head, id, S("writer"), S("到岗上任"), &waits));
    OK(user_grant(&f->cx, f->s, &sec, id, S("writer"), S("到岗上任"), &waits));
    assert_true(waits);
    Actor jia = actor(f, id);
    assert_int_equal(jia.n_roles, 0);
    REFUSED(E_CONFLICT, user_grant(&f->cx, f->s, &sec2, id, S("writer"), S("再提一次"), &waits));
    OK(role_requests(&f->cx, f->s, &sec, &q, &n));
    assert_int_equal(n, 1);
    assert_false(q[0].may_decide);
    REFUSED(E_FORBIDDEN, role_decide(&f->cx, f->s, &sec, q[0].id, true));
    REFUSED(E_FORBIDDEN, role_decide(&f->cx, f->s, &f->head, q[0].id, true));
    OK(role_decide(&f->cx, f->s, &sec2, q[0].id, true));
    jia = actor(f, id);
    assert_true(actor_has_role(&jia, S("writer")));
    REFUSED(E_NOT_FOUND, role_decide(&f->cx, f->s, &sec2, q[0].id, true));
    OK(user_grant(&f->cx, f->s, &sec, id, S(""), S("调离岗位"), &waits));
    OK(role_requests(&f->cx, f->s, &sec2, &q, &n));
    assert_true(q[0].may_decide);
    OK(role_decide(&f->cx, f->s, &sec2, q[0].id, false));
    jia = actor(f, id);
    assert_true(actor_has_role(&jia, S("writer")));
}

static void passwords_keep_to_the_profile(void **state)
{
    Fixture *f = *state;
    static const struct {
        const char *password;
        bool fits[3]; /* default, cn-mlps3, asvs-l2 */
    } CASES[] = {
        {"staple river lantern", {true, false, true}},
        {"Staple7 river lantern", {true, true, true}},
        {"Short7 one", {false, false, false}},
        {"Password1234567890", {false, false, false}},
        {"aaaaaaaaaaaaaaaa", {false, false, false}},
        {"Qwertyuiop123456!", {false, false, false}},
        {"STAPLE RIVER LANTERN", {true, false, true}},
        {"has Jia7 in jia words", {false, false, false}},
    };
    for (size_t p = 0; p < N_COMPLIANCE; p++) {
        for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
            bool fits = password_fits(&f->cx, f->s, &COMPLIANCE[p], S("jia"), str_c(CASES[i].password));
            if (fits != CASES[i].fits[p]) {
                print_error("%s: %s\n", COMPLIANCE[p].id, CASES[i].password);
            }
            assert_int_equal(fits, CASES[i].fits[p]);
            cx_clear(&f->cx);
        }
    }
}

static void a_password_grows_old_only_where_the_profile_says(void **state)
{
    Fixture *f = *state;
    static const bool OLD[] = {false, true, false};
    int64_t id = person(f, "jia", "C1", "writer");
    for (size_t p = 0; p < N_COMPLIANCE; p++) {
        profile(f, COMPLIANCE[p].id);
        Actor a = actor(f, id);
        assert_false(a.must_change);
    }
    pass_time(f, 90 * 86400000LL + 1);
    for (size_t p = 0; p < N_COMPLIANCE; p++) {
        profile(f, COMPLIANCE[p].id);
        Actor a = actor(f, id);
        assert_int_equal(a.must_change, OLD[p]);
    }
}

static void wrong_passwords_lock_or_delay_by_the_profile(void **state)
{
    Fixture *f = *state;
    Str token;
    bool code;
    person(f, "jia", "C1", "writer");
    profile(f, "cn-mlps3");
    for (int i = 0; i < 5; i++) {
        REFUSED(E_UNAUTHENTICATED, sign_in(f, "jia", S("wrong wrong wrong"), &token, &code));
    }
    REFUSED(E_LOCKED, sign_in(f, "jia", PASSWORD, &token, &code));
    pass_time(f, 15 * 60000 - 1);
    REFUSED(E_LOCKED, sign_in(f, "jia", PASSWORD, &token, &code));
    pass_time(f, 2);
    OK(sign_in(f, "jia", PASSWORD, &token, &code));
    person(f, "yi", "C1", "writer");
    profile(f, "asvs-l2");
    int tries = 0;
    for (int64_t t = 0; t < 3600; t += 5) { /* a guesser who tries every five seconds for an hour */
        pass_time(f, 5000);
        if (!sign_in(f, "yi", S("wrong wrong wrong"), &token, &code)) {
            tries += f->cx.err == E_UNAUTHENTICATED;
            cx_clear(&f->cx);
        }
    }
    assert_true(tries >= 5 && tries <= 10);
    pass_time(f, 3600 * 1000 + 1);
    OK(sign_in(f, "yi", PASSWORD, &token, &code));
}

static void sessions_end_when_idle_and_are_so_many_by_the_profile(void **state)
{
    Fixture *f = *state;
    static const int IDLE[] = {30, 15, 15}, MOST[] = {5, 3, 3};
    person(f, "wang", top(f), "head");
    person(f, "jia", "C1", "writer");
    Str token[5], csrf, admin;
    bool code;
    Actor a;
    for (size_t p = 0; p < N_COMPLIANCE; p++) {
        profile(f, COMPLIANCE[p].id);
        OK(sign_in(f, "wang", PASSWORD, &admin, &code));
        for (int i = 0; i < 5; i++) {
            pass_time(f, 1000);
            OK(sign_in(f, "jia", PASSWORD, &token[i], &code));
        }
        int open = 0;
        for (int i = 0; i < 5; i++) {
            open += session_actor(&f->cx, f->s, token[i], &a, &csrf);
            cx_clear(&f->cx);
        }
        assert_int_equal(open, MOST[p]);
        OK(session_actor(&f->cx, f->s, token[4], &a, &csrf)); /* the newest */
        pass_time(f, (IDLE[p] - 1) * 60000LL - 5000);
        OK(session_actor(&f->cx, f->s, admin, &a, &csrf));
        pass_time(f, IDLE[p] * 60000LL + 1);
        REFUSED(E_UNAUTHENTICATED, session_actor(&f->cx, f->s, admin, &a, &csrf));
        pass_time(f, 31 * 60000);
    }
}

static Str enrol(Fixture *f, const Actor *a, Str **ret_codes)
{
    Str secret;
    OK(factor_begin(&f->cx, f->s, a, &secret));
    OK(factor_confirm(&f->cx, f->s, a, totp_code(f->mem, secret, totp_step(f->cx.now_ms)), ret_codes));
    return secret;
}

static void a_second_factor_is_asked_for_and_each_code_counts_once(void **state)
{
    Fixture *f = *state;
    Actor a = actor(f, person(f, "jia", "C1", "writer")), who;
    Str *codes, token, old, csrf;
    bool code;
    Str secret = enrol(f, &a, &codes);
    pass_time(f, 60000);
    OK(sign_in(f, "jia", PASSWORD, &token, &code));
    assert_true(code);
    REFUSED(E_UNAUTHENTICATED, session_actor(&f->cx, f->s, token, &who, &csrf)); /* stands for nobody yet */
    old = token;
    Str now = totp_code(f->mem, secret, totp_step(f->cx.now_ms));
    REFUSED(E_UNAUTHENTICATED, session_code(&f->cx, f->s, S("000000"), &token, &who));
    OK(session_code(&f->cx, f->s, now, &token, &who));
    assert_int_equal(who.user, a.user);
    assert_false(str_eq(old, token)); /* a new id */
    REFUSED(E_UNAUTHENTICATED, session_actor(&f->cx, f->s, old, &who, &csrf));
    OK(session_actor(&f->cx, f->s, token, &who, &csrf));
    OK(sign_in(f, "jia", PASSWORD, &token, &code));
    REFUSED(E_UNAUTHENTICATED, session_code(&f->cx, f->s, now, &token, &who)); /* used */
    OK(session_code(&f->cx, f->s, str_lower(f->mem, codes[3]), &token, &who));
    OK(sign_in(f, "jia", PASSWORD, &token, &code));
    REFUSED(E_UNAUTHENTICATED, session_code(&f->cx, f->s, codes[3], &token, &who)); /* used as well */
    OK(sign_in(f, "jia", PASSWORD, &token, &code));
    pass_time(f, 5 * 60000 + 1);
    REFUSED(E_CONFLICT, session_code(&f->cx, f->s, codes[4], &token, &who)); /* waited too long */
    FactorState st;
    OK(factor_state(&f->cx, f->s, a.user, &st));
    assert_int_equal(st.recovery_left, 9);
}

static void wrong_codes_lock_like_wrong_passwords(void **state)
{
    Fixture *f = *state;
    Actor a = actor(f, person(f, "jia", "C1", "writer")), who;
    Str *codes, token;
    bool code;
    enrol(f, &a, &codes);
    OK(sign_in(f, "jia", PASSWORD, &token, &code));
    for (int i = 0; i < 5; i++) {
        REFUSED(E_UNAUTHENTICATED, session_code(&f->cx, f->s, i % 2 ? S("AAAA-BBBB-CCCC") : S("123456"), &token, &who));
    }
    REFUSED(E_LOCKED, session_code(&f->cx, f->s, codes[0], &token, &who));
}

static void neither_secret_nor_recovery_code_stands_in_the_database(void **state)
{
    Fixture *f = *state;
    ONLY_SQLITE(f);
    Actor a = actor(f, person(f, "jia", "C1", "writer"));
    Str *codes;
    Str secret = enrol(f, &a, &codes);
    store_close(f->s);
    Str all = database_bytes(f), text = base32(f->mem, secret);
    assert_null(memmem(all.p, all.n, secret.p, secret.n));
    assert_null(memmem(all.p, all.n, text.p, text.n));
    assert_null(memmem(all.p, all.n, codes[0].p, codes[0].n));
    store_up(f);
}

static void only_a_security_administrator_resets_a_lost_factor(void **state)
{
    Fixture *f = *state;
    Actor a = actor(f, person(f, "jia", "C1", "writer")), sec = actor(f, person(f, "sec", top(f), "grantor")), sys = actor(f, person(f, "sys", top(f), "keeper"));
    Str *codes, token;
    bool code;
    enrol(f, &a, &codes);
    REFUSED(E_FORBIDDEN, factor_reset(&f->cx, f->s, &sys, a.user, S("手机丢失了")));
    REFUSED(E_INVALID, factor_reset(&f->cx, f->s, &sec, a.user, S("")));
    OK(factor_reset(&f->cx, f->s, &sec, a.user, S("手机丢失了")));
    OK(sign_in(f, "jia", PASSWORD, &token, &code));
    assert_false(code);
    assert_int_equal(raw(f, "select count(*) from journal where act = 'factor_reset' and reason = '手机丢失了'"), 1);
    enrol(f, &sec, &codes);
    REFUSED(E_FORBIDDEN, factor_reset(&f->cx, f->s, &sec, sec.user, S("自己的手机")));
}

static void who_must_enrol_is_said_by_the_profile(void **state)
{
    Fixture *f = *state;
    int64_t writer = person(f, "jia", "C1", "writer"), head = person(f, "wang", top(f), "head"), sys = person(f, "sys", top(f), "keeper");
    int64_t none = person(f, "new", "C1", "");
    static const bool WANT[3][4] = {{false, false, false, false}, {true, true, true, true}, {true, true, true, false}};
    for (size_t p = 0; p < N_COMPLIANCE; p++) {
        profile(f, COMPLIANCE[p].id);
        int64_t ids[] = {writer, head, sys, none};
        for (size_t i = 0; i < 4; i++) {
            Actor a = actor(f, ids[i]);
            if (i != 0 || p != 2) { /* whether the writer exports is the pack's matter */
                assert_int_equal(a.must_enrol, WANT[p][i]);
            }
        }
    }
    profile(f, "cn-mlps3");
    Actor a = actor(f, writer);
    Str *codes;
    enrol(f, &a, &codes);
    a = actor(f, writer);
    assert_false(a.must_enrol);
    REFUSED(E_FORBIDDEN, factor_drop(&f->cx, f->s, &a));
    profile(f, "default");
    OK(factor_drop(&f->cx, f->s, &a));
}

static void a_proof_holds_five_minutes_and_gives_a_new_id(void **state)
{
    Fixture *f = *state;
    for (size_t p = 0; p < N_COMPLIANCE; p++) {
        profile(f, "default");
        Actor a = actor(f, person(f, str_printf(f->mem, "jia%zu", p).p, "C1", "writer"));
        profile(f, COMPLIANCE[p].id);
        Str token, csrf, csrf2, old;
        bool code, fresh;
        OK(sign_in(f, str_z(f->mem, a.login), PASSWORD, &token, &code));
        OK(session_actor(&f->cx, f->s, token, &a, &csrf));
        OK(session_fresh(&f->cx, f->s, &a, &fresh));
        assert_true(fresh); /* just signed in */
        pass_time(f, 5 * 60000 + 1);
        OK(session_actor(&f->cx, f->s, token, &a, &csrf));
        OK(session_fresh(&f->cx, f->s, &a, &fresh));
        assert_false(fresh);
        REFUSED(E_UNAUTHENTICATED, session_prove(&f->cx, f->s, &a, S("wrong wrong wrong"), S("192.0.2.1"), &token));
        old = token;
        OK(session_prove(&f->cx, f->s, &a, PASSWORD, S("192.0.2.1"), &token));
        assert_false(str_eq(old, token));
        Actor b;
        REFUSED(E_UNAUTHENTICATED, session_actor(&f->cx, f->s, old, &b, &csrf2));
        OK(session_actor(&f->cx, f->s, token, &a, &csrf2));
        assert_true(str_eq(csrf, csrf2)); /* forms open in other tabs stay good */
        OK(session_fresh(&f->cx, f->s, &a, &fresh));
        assert_true(fresh);
        OK(session_unprove(&f->cx, f->s, token));
        OK(session_actor(&f->cx, f->s, token, &a, &csrf));
        OK(session_fresh(&f->cx, f->s, &a, &fresh));
        assert_false(fresh);
    }
}

static void failed_sign_ins_are_kept_as_long_as_logs_must_be(void **state)
{
    Fixture *f = *state;
    Str token;
    bool code;
    Settings now;
    REFUSED(E_INVALID, settings_set(&f->cx, f->s, &f->system, NULL, 179));
    REFUSED(E_INVALID, settings_set(&f->cx, f->s, &f->system, "cn-mlps4", 0));
    REFUSED(E_FORBIDDEN, settings_set(&f->cx, f->s, &f->head, "default", 0));
    OK(settings_set(&f->cx, f->s, &f->system, NULL, 180));
    Db *db = db_open(&f->cx, f->s->url.p, DB_WRITE); /* behind the program's back: the floor is the floor */
    assert_true(db_script(&f->cx, db, "update meta set value = '1' where key = 'retention_days'"));
    db_close(db);
    pass_time(f, 11000);
    OK(settings_now(&f->cx, f->s, &now));
    assert_int_equal(now.retention_days, 180);
    REFUSED(E_UNAUTHENTICATED, sign_in(f, "nobody", S("wrong wrong wrong"), &token, &code));
    pass_time(f, 179 * 86400000LL);
    REFUSED(E_UNAUTHENTICATED, sign_in(f, "nobody", S("wrong wrong wrong"), &token, &code));
    assert_int_equal(raw(f, "select count(*) from login_failure where key = 'l:nobody'"), 2);
    pass_time(f, 2 * 86400000LL);
    REFUSED(E_UNAUTHENTICATED, sign_in(f, "nobody", S("wrong wrong wrong"), &token, &code));
    assert_int_equal(raw(f, "select count(*) from login_failure where key = 'l:nobody'"), 2);
}

static void the_first_start_takes_a_token_once_and_three_persons(void **state)
{
    Fixture *f = *state;
    Str token, stale;
    bool needed;
    Findings found;
    FirstAdmin who[3] = {{S("sys"), S("王一"), S("Quiet9 marble window")}, {S("sec"), S("李二"), S("River3 candle forest")}, {S("aud"), S("赵三"), S("Yellow5 stone bridge")}};
    OK(first_needed(&f->cx, f->s, &needed));
    assert_true(needed);
    OK(first_token(&f->cx, f->s, &stale));
    OK(first_token(&f->cx, f->s, &token));
    found = findings_new(f->mem);
    REFUSED(E_INVALID, first_admins(&f->cx, f->s, S("guess"), S("192.0.2.1"), who, &found));
    REFUSED(E_INVALID, first_admins(&f->cx, f->s, stale, S("192.0.2.1"), who, &found));
    assert_int_equal(raw(f, "select count(*) from meta where key = 'first' and value like '%x%'"), 0);
    FirstAdmin twice[3] = {who[0], who[0], who[2]};
    found = findings_new(f->mem);
    REFUSED(E_INVALID, first_admins(&f->cx, f->s, token, S("192.0.2.1"), twice, &found));
    assert_int_equal(found.errors, 2); /* person and password */
    assert_int_equal(raw(f, "select count(*) from account"), 0);
    found = findings_new(f->mem);
    pass_time(f, 24 * 3600000LL + 1);
    REFUSED(E_INVALID, first_admins(&f->cx, f->s, token, S("192.0.2.2"), who, &found)); /* too old */
    OK(first_token(&f->cx, f->s, &token));
    found = findings_new(f->mem);
    OK(first_admins(&f->cx, f->s, token, S("192.0.2.2"), who, &found));
    OK(first_needed(&f->cx, f->s, &needed));
    assert_false(needed);
    found = findings_new(f->mem);
    REFUSED(E_INVALID, first_admins(&f->cx, f->s, token, S("192.0.2.3"), who, &found));
    assert_int_equal(raw(f, "select count(*) from account where must_change = 1 and roles = '' and admin_kind in ('system', 'security', 'audit')"), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(the_three_are_three_whoever_writes_the_row),
        T(an_administrator_of_the_three_reads_and_does_nothing_with_records),
        T(accounts_and_roles_are_two_persons_work),
        T(the_audit_administrator_reads_what_administrators_did),
        T(where_grants_are_apart_a_second_security_administrator_agrees),
        T(passwords_keep_to_the_profile),
        T(a_password_grows_old_only_where_the_profile_says),
        T(wrong_passwords_lock_or_delay_by_the_profile),
        T(sessions_end_when_idle_and_are_so_many_by_the_profile),
        T(a_second_factor_is_asked_for_and_each_code_counts_once),
        T(wrong_codes_lock_like_wrong_passwords),
        T(neither_secret_nor_recovery_code_stands_in_the_database),
        T(only_a_security_administrator_resets_a_lost_factor),
        T(who_must_enrol_is_said_by_the_profile),
        T(a_proof_holds_five_minutes_and_gives_a_new_id),
        T(failed_sign_ins_are_kept_as_long_as_logs_must_be),
        T(the_first_start_takes_a_token_once_and_three_persons),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
