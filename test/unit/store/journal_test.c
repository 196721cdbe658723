/* journal_test.c - the chain: sound after ordinary work, and every kind of tampering is found and named. */
#include "tamper.h"

/* Ordinary work in two offices. */
static Rec work(Fixture *f)
{
    Rec r = team(f, &f->writer, "甲县采收队", "20");
    Form o = form(f, f->team);
    bool changed;
    put(f, &o, "people", "25");
    put(f, &o, "leader_phone", "13800002046");
    OK(update(f, &f->writer, &r, &o, 1, &changed));
    r.rev = 2;
    OK(act(f, &f->writer, &r, "ask", ""));
    OK(act(f, &f->head, &r, "approve", ""));
    OK(act(f, &f->head, &r, "praise", ""));
    const Field *tools = type_field(f->team, S("tools"));
    Form with = team_form(f, "乙县建筑队", "30");
    Row row = {.v = NEW_ARRAY(f->mem, Value, tools->n_fields)};
    row.v[0] = (Value){.has = true, .s = S("搅拌机")};
    row.v[1] = (Value){.has = true, .i = 3};
    with.v[tools->index] = (Value){.has = true, .rows = &row, .n_rows = 1};
    with.set[tools->index] = true;
    Rec b, gone;
    OK(create_in(f, &f->writer2, "C2", &with, &b));
    gone = team(f, &f->writer2, "乙县误登队", "30");
    WriteOpts opts = {.rev = 1, .reason = S("登记错误")};
    OK(rec_delete(&f->cx, f->s, &f->writer2, f->team, gone.id, &opts));
    return r;
}

static void ordinary_work_verifies(void **state)
{
    Fixture *f = *state;
    work(f);
    VerifyCounts n;
    SAME(tampered(f, NULL, &n), "");
    assert_int_equal(n.faults, 0);
    assert_int_equal(n.homes, 3);
    assert_int_equal(n.records, 3);
    assert_int_equal(n.events, 5 + 1 + 3);
    store_again(f);
    SAME(tampered(f, NULL, &n), "");
}

static void every_tampering_is_found(void **state)
{
    static const Tampering CASES[] = {
        {"update r_team set f_people = 500 where f_name = '甲县采收队'", "人数"},
        {"update r_team set state = 'gone' where f_name = '甲县采收队'", "状态"},
        {"update r_team set f_leader_phone = null", "队长电话"},
        {"update r_team__tools set f_number = 30", "机具"},
        {"delete from r_team__tools", "机具"},
        {"delete from r_team where f_name = '乙县建筑队'", "不见了"},
        {"update r_team set deleted = 1 where f_name = '乙县建筑队'", "不见了"},
        {"update r_team set deleted = null where f_name = '乙县误登队'", "版次"},
        {"insert into r_team (id, home, rev, state, holder, created, updated, created_by, updated_by, no, search, warnings, f_name)"
         " select id - 33554432, home, 1, 'listed', holder, created, updated, 0, 0, 'X', '', '', '塞进来的队' from r_team"
         " where f_name = '乙县建筑队'", "队名"},
        {"update journal set body = replace(body, '25', '52') where home = 21 and seq = 2", "第 2 条被改动"},
        {"update journal set user_name = '别人' where home = 21 and seq = 3", "第 3 条被改动"},
        {"update journal set reason = '同意' where home = 21 and seq = 4", "第 4 条被改动"},
        {"update journal set at = at + 1 where home = 22 and seq = 1", "第 1 条被改动"},
        {"delete from journal where home = 21 and seq = 3", "缺少记录"},
        {"delete from journal where home = 21 and seq = 5", "链尾"},
        {"delete from journal where home = 22", "整条链都不见了"},
        {"update journal_head set hash = (select hash from journal_head where home = 22) where home = 21", "链尾"},
        {"update journal_head set seq = seq - 1 where home = 21", "链尾"},
        {"delete from journal_head where home = 22", "链尾"},
    };
    Fixture *f = *state;
    work(f);
    each_is_found(f, CASES, ARRAY_LEN(CASES));
}

static void only_auditors_read_the_whole_journal(void **state)
{
    Fixture *f = *state;
    work(f);
    Event *e;
    size_t n;
    REFUSED(E_FORBIDDEN, journal_list(&f->cx, f->s, &f->writer, (EventPlace){0}, 50, &e, &n));
    OK(journal_list(&f->cx, f->s, &f->head, (EventPlace){0}, 50, &e, &n));
    assert_int_equal(n, 9);
    for (size_t i = 1; i < n; i++) {
        assert_true(e[i].at_ms <= e[i - 1].at_ms); /* newest first */
    }
    EventPlace at = {0};
    size_t pages = 0, all = 0;
    do { /* most share one instant */
        OK(journal_list(&f->cx, f->s, &f->head, at, 2, &e, &n));
        all += n;
        if (n != 0) {
            at = (EventPlace){e[n - 1].at_ms, e[n - 1].home, e[n - 1].seq};
        }
    } while (n == 2 && ++pages < 10);
    assert_int_equal(all, 9);
}

static void an_entry_tells_before_and_after_and_seals_personal_fields(void **state)
{
    Fixture *f = *state;
    Rec r = work(f);
    Event *e;
    size_t n;
    OK(journal_of(&f->cx, f->s, f->team, r.id, &e, &n));
    assert_int_equal(n, 5);
    assert_true(str_contains(e[1].body, S("\"people\":[\"20\",\"25\"]")));
    assert_true(str_contains(e[1].body, S("\"leader_phone\":[null,\"")));
    assert_false(str_contains(e[1].body, S("13800002046")));
    assert_false(str_contains(e[1].body, S("name"))); /* unchanged */
    assert_int_equal(e[1].user, f->writer.user);
    SAME(e[1].source, "web");
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(e[i].seq, (int64_t)i + 1);
        assert_int_equal(e[i].rev, (int64_t)i + 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(ordinary_work_verifies), T(every_tampering_is_found), T(only_auditors_read_the_whole_journal),
        T(an_entry_tells_before_and_after_and_seals_personal_fields),
    };
    return cmocka_run_group_tests_name("store/journal", tests, NULL, NULL);
}
