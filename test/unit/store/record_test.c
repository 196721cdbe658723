/* record_test.c - opening, creating, reading, changing and deleting records; who may; personal fields at rest. */
#include "fixture.h"

#include <sys/stat.h>

static void a_new_folder_gets_a_database_and_a_key_only_the_owner_may_read(void **state)
{
    Fixture *f = *state;
    struct stat st;
    assert_int_equal(stat(str_printf(f->mem, "%s/master.key", f->dir).p, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(st.st_size, 32);
    /* the database, or its address, which may hold a password */
    assert_int_equal(stat(str_printf(f->mem, "%s/%s", f->dir, f->server == NULL ? "tamga.db" : "db").p, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void what_was_written_is_there_after_reopening(void **state)
{
    Fixture *f = *state;
    Form o = team_form(f, "甲县采收队", "20");
    Rec r, again;
    put(f, &o, "wage", "180.50");
    put(f, &o, "leader_phone", "13800002046");
    put(f, &o, "about", "采收枸杞。");
    OK(create_in(f, &f->writer, "C1", &o, &r));
    assert_int_equal(r.rev, 1);
    assert_int_equal(r.home, 21);
    assert_int_equal(id_home(r.id), 21);
    SAME(r.state->id, "new");
    assert_true(str_starts(r.no, S("DW-990101-")));
    assert_true(str_ends(r.no, S("-0001")));
    store_again(f);
    OK(rec_get(&f->cx, f->s, &f->writer, f->team, r.id, &again));
    SAME(val(&again, "name")->s, "甲县采收队");
    SAME(val(&again, "place")->s, "990101"); /* the office's own county, though nobody typed it */
    assert_int_equal(val(&again, "wage")->i, 18050);
    SAME(val(&again, "leader_phone")->s, "138****2046");
    assert_false(val(&again, "listed_on")->has);
    OK(rec_by_no(&f->cx, f->s, &f->writer, f->team, r.no, &again));
    assert_int_equal(again.id, r.id);
    Rec next = team(f, &f->writer, "甲县二队", "20");
    assert_true(next.id > r.id);
    assert_true(str_ends(next.no, S("-0002")));
}

static void a_damaged_key_file_stops_the_start(void **state)
{
    Fixture *f = *state;
    const char *path = str_printf(f->mem, "%s/master.key", f->dir).p;
    const char *kept = str_printf(f->mem, "%s/kept.key", f->dir).p;
    store_close(f->s);
    assert_int_equal(link(path, kept), 0);
    assert_int_equal(unlink(path), 0);
    FILE *damaged = fopen(path, "w");
    assert_non_null(damaged);
    fputs("damaged", damaged);
    fclose(damaged);
    assert_null(store_open(&f->cx, f->dir, f->pack));
    assert_int_equal(f->cx.err, E_DATA);
    cx_clear(&f->cx);
    if (f->server != NULL) { /* a database on a server is bound to the keys that filled it */
        assert_int_equal(unlink(path), 0);
        assert_null(store_open(&f->cx, f->dir, f->pack));
        assert_int_equal(f->cx.err, E_DATA);
        cx_clear(&f->cx);
    }
    assert_int_equal(rename(kept, path), 0);
    store_up(f);
}

static void list_rows_keep_their_order_and_columns(void **state)
{
    Fixture *f = *state;
    Form o = team_form(f, "甲县建筑队", "30");
    const Field *tools = type_field(f->team, S("tools"));
    Row rows[2];
    Rec r;
    for (int i = 0; i < 2; i++) {
        rows[i].v = NEW_ARRAY(f->mem, Value, tools->n_fields);
        rows[i].v[0] = (Value){.has = true, .s = i == 0 ? S("搅拌机") : S("水准仪")};
        rows[i].v[1] = (Value){.has = true, .i = 3 + i};
    }
    o.v[tools->index] = (Value){.has = true, .rows = rows, .n_rows = 2};
    o.set[tools->index] = true;
    OK(create_in(f, &f->writer, "C1", &o, &r));
    store_again(f);
    OK(rec_get(&f->cx, f->s, &f->writer, f->team, r.id, &r));
    const Value *v = val(&r, "tools");
    assert_int_equal(v->n_rows, 2);
    SAME(v->rows[0].v[0].s, "搅拌机");
    assert_int_equal(v->rows[1].v[1].i, 4);
    Form less = form(f, f->team);
    bool changed;
    less.v[tools->index] = (Value){.has = true, .rows = rows + 1, .n_rows = 1};
    less.set[tools->index] = true;
    OK(update(f, &f->writer, &r, &less, 1, &changed));
    assert_true(changed);
    assert_int_equal(raw(f, "select count(*) from r_team__tools"), 1);
}

static void findings_refuse_a_record_and_nothing_is_written(void **state)
{
    Fixture *f = *state;
    Form o = form(f, f->team);
    Findings found = findings_new(f->mem);
    WriteOpts opts = {0};
    Rec r;
    put(f, &o, "name", "无工种队");
    put(f, &o, "people", "9999");
    REFUSED(E_INVALID, rec_create(&f->cx, f->s, &f->writer, f->team, f->writer.org, o.v, o.set, &opts, &found, &r));
    assert_int_equal(found.errors, 2); /* no trade; too many people */
    assert_int_equal(raw(f, "select count(*) from r_team"), 0);
    assert_int_equal(raw(f, "select count(*) from journal"), 0);
    assert_int_equal(raw(f, "select count(*) from counter"), 0);
}

static void a_warning_is_kept_with_the_record(void **state)
{
    Fixture *f = *state;
    Rec r = team(f, &f->writer2, "乙县小队", "6"); /* below the province's 10 */
    OK(rec_get(&f->cx, f->s, &f->writer2, f->team, r.id, &r));
    assert_true(str_contains(r.warnings, S("人数偏少")));
    Rec fine = team(f, &f->writer, "甲县小队", "6"); /* county C1 has its own 5 */
    SAME(fine.warnings, "");
}

static void a_record_lies_where_its_owner_is_responsible(void **state)
{
    Fixture *f = *state;
    Form o = team_form(f, "越界采收队", "20");
    Findings found = findings_new(f->mem);
    WriteOpts opts = {0};
    Rec r;
    put(f, &o, "place", "990102");
    REFUSED(E_INVALID, rec_create(&f->cx, f->s, &f->writer, f->team, f->writer.org, o.v, o.set, &opts, &found, &r));
    SAME(found.items[0].field, "place");
    SAME(found.items[0].code, "scope");
}

static void numbers_of_two_owners_never_meet_though_the_place_is_the_same(void **state)
{
    Fixture *f = *state;
    Form o = team_form(f, "省直采收队", "20");
    Rec a = team(f, &f->writer, "甲县采收队", "20"), b;
    put(f, &o, "place", "990101");
    OK(create_in(f, &f->system, "P", &o, &b)); /* of the province, in the same county */
    assert_false(str_eq(a.no, b.no));
    assert_true(str_starts(b.no, S("DW-990000-")));
}

static void a_dry_run_checks_everything_and_writes_nothing(void **state)
{
    Fixture *f = *state;
    Form o = team_form(f, "甲县试队", "20");
    Findings found = findings_new(f->mem);
    WriteOpts dry = {.dry_run = true};
    Rec r;
    OK(rec_create(&f->cx, f->s, &f->writer, f->team, f->writer.org, o.v, o.set, &dry, &found, &r));
    assert_int_equal(raw(f, "select count(*) from r_team"), 0);
    Rec real = team(f, &f->writer, "甲县真队", "20");
    Form more = form(f, f->team);
    bool changed = false;
    put(f, &more, "people", "21");
    OK(rec_update(&f->cx, f->s, &f->writer, f->team, real.id, more.v, more.set, &dry, &found, &r, &changed));
    assert_true(changed);
    assert_int_equal(raw(f, "select sum(f_people) from r_team"), 20);
}

static void an_office_enters_for_itself_only(void **state)
{
    Fixture *f = *state;
    Form o = team_form(f, "越界队", "20");
    Rec r;
    REFUSED(E_FORBIDDEN, create_in(f, &f->writer, "C2", &o, &r));
    REFUSED(E_FORBIDDEN, create_in(f, &f->head, "C1", &o, &r)); /* the pack gives the province no right to enter teams */
    REFUSED(E_FORBIDDEN, create_in(f, &f->nobody, "C1", &o, &r));
    Actor token = f->writer;
    token.read_only = true;
    REFUSED(E_FORBIDDEN, create_in(f, &token, "C1", &o, &r));
    assert_int_equal(raw(f, "select count(*) from r_team"), 0);
}

static void another_county_does_not_learn_that_a_record_exists(void **state)
{
    Fixture *f = *state;
    Rec r = team(f, &f->writer, "甲县采收队", "20"), seen;
    Form o = form(f, f->team);
    bool changed;
    put(f, &o, "people", "1");
    REFUSED(E_NOT_FOUND, rec_get(&f->cx, f->s, &f->writer2, f->team, r.id, &seen));
    REFUSED(E_NOT_FOUND, rec_get(&f->cx, f->s, &f->writer2, f->team, r.id + 1, &seen)); /* the same answer as for none */
    REFUSED(E_NOT_FOUND, rec_by_no(&f->cx, f->s, &f->writer2, f->team, r.no, &seen));
    REFUSED(E_NOT_FOUND, update(f, &f->writer2, &r, &o, 1, &changed));
    REFUSED(E_NOT_FOUND, rec_get(&f->cx, f->s, &f->nobody, f->team, r.id, &seen));
    WriteOpts opts = {.rev = 1};
    REFUSED(E_NOT_FOUND, rec_delete(&f->cx, f->s, &f->writer2, f->team, r.id, &opts));
    OK(rec_get(&f->cx, f->s, &f->head, f->team, r.id, &seen));
    REFUSED(E_WRONG_STATE, update(f, &f->head, &r, &o, 1, &changed));
}

static void the_public_reads_public_fields_of_published_records(void **state)
{
    Fixture *f = *state;
    Form o = team_form(f, "甲县采收队", "20");
    Rec r, seen;
    put(f, &o, "leader_phone", "13800002046");
    put(f, &o, "wage", "180");
    OK(create_in(f, &f->writer, "C1", &o, &r));
    OK(act(f, &f->writer, &r, "ask", ""));
    OK(act(f, &f->head, &r, "approve", "同意"));
    OK(rec_get(&f->cx, f->s, &f->nobody, f->team, r.id, &seen));
    SAME(val(&seen, "name")->s, "甲县采收队");
    assert_int_equal(val(&seen, "people")->i, 20);
    assert_false(val(&seen, "leader_phone")->has);
    assert_false(val(&seen, "wage")->has);
    assert_int_equal(seen.created_by, 0);
    OK(rec_get(&f->cx, f->s, &f->writer2, f->team, r.id, &seen)); /* another county sees what anyone sees */
    assert_false(val(&seen, "wage")->has);
}

static void a_hidden_field_is_empty_for_the_role_that_may_not_see_it(void **state)
{
    Fixture *f = *state;
    Form o = team_form(f, "甲县采收队", "20");
    Rec r, seen;
    put(f, &o, "leader_id", "11010519491231002X");
    OK(create_in(f, &f->writer, "C1", &o, &r));
    SAME(val(&r, "leader_id")->s, "110105********002X"); /* what a write returns is masked as well */
    OK(rec_get(&f->cx, f->s, &f->writer, f->team, r.id, &seen));
    SAME(val(&seen, "leader_id")->s, "110105********002X");
    OK(rec_get(&f->cx, f->s, &f->head, f->team, r.id, &seen));
    assert_false(val(&seen, "leader_id")->has);
}

static void a_list_may_leave_personal_fields_closed(void **state)
{
    Fixture *f = *state;
    Form o = team_form(f, "甲县采收队", "20");
    Rec r;
    put(f, &o, "leader_id", "11010519491231002X");
    OK(create_in(f, &f->writer, "C1", &o, &r));
    Query q = {.type = f->team};
    RecPage page;
    OK(rec_list(&f->cx, f->s, &f->writer, &q, false, &page));
    SAME(val(&page.items[0], "leader_id")->s, "110105********002X");
    q.leave_personal = true;
    OK(rec_list(&f->cx, f->s, &f->writer, &q, false, &page));
    assert_int_equal(page.n, 1);
    assert_false(val(&page.items[0], "leader_id")->has);
    SAME(val(&page.items[0], "name")->s, "甲县采收队");
}

static bool holds(Str all, const char *needle)
{
    return memmem(all.p, all.n, needle, strlen(needle)) != NULL;
}

static void personal_fields_are_sealed_in_the_database_file(void **state)
{
    Fixture *f = *state;
    Form o = team_form(f, "甲县采收队", "20");
    Rec r;
    bool changed;
    put(f, &o, "leader_phone", "13800002046");
    put(f, &o, "leader_id", "11010519491231002X");
    OK(create_in(f, &f->writer, "C1", &o, &r));
    Form next = form(f, f->team);
    put(f, &next, "leader_phone", "13911112222");
    OK(update(f, &f->writer, &r, &next, 1, &changed));
    Str all = database_bytes(f);
    assert_true(holds(all, "甲县采收队")); /* the search itself works */
    assert_false(holds(all, "13800002046"));
    assert_false(holds(all, "13911112222"));
    assert_false(holds(all, "19491231"));
}

static void a_sealed_value_moved_to_another_record_does_not_open(void **state)
{
    Fixture *f = *state;
    Form o = team_form(f, "甲县采收队", "20");
    Rec a, seen;
    put(f, &o, "leader_phone", "13800002046");
    OK(create_in(f, &f->writer, "C1", &o, &a));
    Rec b = team(f, &f->writer, "甲县二队", "20");
    Cx cx;
    cx_init(&cx, f->mem);
    Db *db = db_open(&cx, behind_url(f), DB_WRITE);
    assert_non_null(db);
    assert_true(db_script(&cx, db, "update r_team set f_leader_phone = (select f_leader_phone from r_team where f_leader_phone is not null)"));
    db_close(db);
    OK(rec_get(&f->cx, f->s, &f->writer, f->team, b.id, &seen));
    assert_false(str_contains(val(&seen, "leader_phone")->s, S("2046")));
}

static void the_clear_text_is_given_for_a_reason_that_is_journalled(void **state)
{
    Fixture *f = *state;
    Form o = team_form(f, "甲县采收队", "20");
    Rec r, seen;
    put(f, &o, "leader_phone", "13800002046");
    OK(create_in(f, &f->writer, "C1", &o, &r));
    REFUSED(E_INVALID, rec_unmask(&f->cx, f->s, &f->writer, f->team, r.id, S(" 无 "), &seen));
    REFUSED(E_FORBIDDEN, rec_unmask(&f->cx, f->s, &f->head, f->team, r.id, S("电话核实情况"), &seen));
    Actor token = f->writer;
    token.read_only = true;
    REFUSED(E_FORBIDDEN, rec_unmask(&f->cx, f->s, &token, f->team, r.id, S("电话核实情况"), &seen));
    assert_int_equal(raw(f, "select count(*) from journal where act = 'unmask'"), 0);
    OK(rec_unmask(&f->cx, f->s, &f->writer, f->team, r.id, S("电话核实情况"), &seen));
    SAME(val(&seen, "leader_phone")->s, "13800002046");
    assert_int_equal(raw(f, "select count(*) from journal where act = 'unmask' and reason = '电话核实情况'"), 1);
}

static void a_mask_that_comes_back_unchanged_leaves_the_value(void **state)
{
    Fixture *f = *state;
    Form o = team_form(f, "甲县采收队", "20"), back = form(f, f->team);
    Rec r, seen;
    bool changed;
    put(f, &o, "leader_phone", "13800002046");
    OK(create_in(f, &f->writer, "C1", &o, &r));
    const Field *phone = type_field(f->team, S("leader_phone"));
    back.v[phone->index] = (Value){.has = true, .s = S("138****2046")};
    back.set[phone->index] = true;
    OK(update(f, &f->writer, &r, &back, 1, &changed));
    assert_false(changed);
    OK(rec_unmask(&f->cx, f->s, &f->writer, f->team, r.id, S("电话核实情况"), &seen));
    SAME(val(&seen, "leader_phone")->s, "13800002046");
}

static void a_change_raises_the_revision_and_a_stale_one_is_refused(void **state)
{
    Fixture *f = *state;
    Rec r = team(f, &f->writer, "甲县采收队", "20");
    Form o = form(f, f->team);
    bool changed;
    put(f, &o, "people", "21");
    OK(update(f, &f->writer, &r, &o, 1, &changed));
    assert_true(changed);
    put(f, &o, "people", "22");
    REFUSED(E_STALE, update(f, &f->writer_too, &r, &o, 1, &changed));
    OK(rec_get(&f->cx, f->s, &f->writer, f->team, r.id, &r));
    assert_int_equal(r.rev, 2);
    assert_int_equal(val(&r, "people")->i, 21);
    SAME(val(&r, "name")->s, "甲县采收队"); /* not given: kept */
}

static void a_change_of_nothing_writes_nothing(void **state)
{
    Fixture *f = *state;
    Rec r = team(f, &f->writer, "甲县采收队", "20");
    Form o = team_form(f, "甲县采收队", "20");
    bool changed = true;
    int64_t events = raw(f, "select count(*) from journal");
    uint64_t version = store_version(f->s, f->team->index);
    OK(update(f, &f->writer, &r, &o, 1, &changed));
    assert_false(changed);
    OK(rec_get(&f->cx, f->s, &f->writer, f->team, r.id, &r));
    assert_int_equal(r.rev, 1);
    assert_int_equal(raw(f, "select count(*) from journal"), events);
    assert_int_equal(store_version(f->s, f->team->index), version);
}

static void read_only_and_computed_fields_are_not_taken_from_people(void **state)
{
    Fixture *f = *state;
    Form o = team_form(f, "甲县采收队", "20");
    Rec r;
    put(f, &o, "listed_on", "2020-01-01");
    put(f, &o, "last_prize", "5");
    OK(create_in(f, &f->writer, "C1", &o, &r));
    assert_false(val(&r, "listed_on")->has);
    assert_false(val(&r, "last_prize")->has);
}

static void two_records_of_an_office_may_not_share_the_unique_field(void **state)
{
    Fixture *f = *state;
    Rec r = team(f, &f->writer, "采收队", "20"), other;
    Form o = team_form(f, "采收队", "30");
    bool changed;
    REFUSED(E_INVALID, create_in(f, &f->writer_too, "C1", &o, &other));
    OK(create_in(f, &f->writer2, "C2", &o, &other)); /* another office may */
    OK(update(f, &f->writer, &r, &o, 1, &changed));  /* itself is no other */
    Rec second = team(f, &f->writer, "采摘队", "20");
    REFUSED(E_INVALID, update(f, &f->writer, &second, &o, 1, &changed));
    WriteOpts opts = {.rev = 2, .reason = S("重复")};
    OK(rec_delete(&f->cx, f->s, &f->writer, f->team, r.id, &opts));
    OK(update(f, &f->writer, &second, &o, 1, &changed)); /* a deleted record holds no name */
}

static void a_deleted_record_is_gone_and_its_history_stays(void **state)
{
    Fixture *f = *state;
    Rec r = team(f, &f->writer, "采收队", "20"), seen;
    WriteOpts stale = {.rev = 9}, opts = {.rev = 1, .reason = S("登记错误")};
    REFUSED(E_STALE, rec_delete(&f->cx, f->s, &f->writer, f->team, r.id, &stale));
    OK(rec_delete(&f->cx, f->s, &f->writer, f->team, r.id, &opts));
    REFUSED(E_NOT_FOUND, rec_get(&f->cx, f->s, &f->writer, f->team, r.id, &seen));
    REFUSED(E_NOT_FOUND, rec_delete(&f->cx, f->s, &f->writer, f->team, r.id, &opts));
    Event *events;
    size_t n;
    OK(journal_of(&f->cx, f->s, f->team, r.id, &events, &n));
    assert_int_equal(n, 2);
    SAME(events[1].act, "delete");
    SAME(events[1].reason, "登记错误");
}

static void the_importer_finds_a_record_by_its_key_within_reach(void **state)
{
    Fixture *f = *state;
    Rec r = team(f, &f->writer, "采收队", "20"), hit;
    const Field *key = type_field(f->team, S("name"));
    Value v = {.has = true, .s = S("采收队")};
    bool found;
    OK(rec_find(&f->cx, f->s, &f->writer, f->team, &key, &v, 1, &hit, &found));
    assert_true(found);
    assert_int_equal(hit.id, r.id);
    OK(rec_find(&f->cx, f->s, &f->writer2, f->team, &key, &v, 1, &hit, &found));
    assert_false(found);
    SAME(rec_label(&f->cx, f->s, f->team, r.id), "采收队");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_new_folder_gets_a_database_and_a_key_only_the_owner_may_read), T(what_was_written_is_there_after_reopening),
        T(a_damaged_key_file_stops_the_start), T(list_rows_keep_their_order_and_columns),
        T(findings_refuse_a_record_and_nothing_is_written), T(a_warning_is_kept_with_the_record),
        T(a_record_lies_where_its_owner_is_responsible),
        T(numbers_of_two_owners_never_meet_though_the_place_is_the_same), T(a_dry_run_checks_everything_and_writes_nothing), T(an_office_enters_for_itself_only),
        T(another_county_does_not_learn_that_a_record_exists), T(the_public_reads_public_fields_of_published_records),
        T(a_hidden_field_is_empty_for_the_role_that_may_not_see_it), T(a_list_may_leave_personal_fields_closed), T(personal_fields_are_sealed_in_the_database_file),
        T(a_sealed_value_moved_to_another_record_does_not_open), T(the_clear_text_is_given_for_a_reason_that_is_journalled),
        T(a_mask_that_comes_back_unchanged_leaves_the_value), T(a_change_raises_the_revision_and_a_stale_one_is_refused),
        T(a_change_of_nothing_writes_nothing), T(read_only_and_computed_fields_are_not_taken_from_people),
        T(two_records_of_an_office_may_not_share_the_unique_field), T(a_deleted_record_is_gone_and_its_history_stays),
        T(the_importer_finds_a_record_by_its_key_within_reach),
    };
    return cmocka_run_group_tests_name("store/record", tests, NULL, NULL);
}
