/* run_test.c - imports, exports and templates as the command line runs them, without the queue. */
#include "fixture.h"

#define HEAD "队名,所在县,工种,人数,日工资,队长电话,简介\n"

static ImportCounts take(Fixture *f, const Actor *a, const char *path, bool dry, const char *report)
{
    ImportCounts n = {0};
    REQUIRE(import_run(&f->cx, f->s, a, f->team, path, dry, report, S("test"), NULL, NULL, &n), &f->cx);
    return n;
}

static int64_t teams(Fixture *f, const Actor *a)
{
    Query q = {.type = f->team};
    RecPage page;
    REQUIRE(rec_list(&f->cx, f->s, a, &q, true, &page), &f->cx);
    return page.total;
}

static void a_dry_run_counts_and_writes_nothing(void **state)
{
    Fixture *f = *state;
    const char *in = fixture_file(f, "a.csv", HEAD "第一队,甲县,砌筑,12,150.5,13800000001,\n第二队,甲县,农业,8,,,=1+1\n");
    int64_t before = teams(f, &f->writer);
    ImportCounts n = take(f, &f->writer, in, true, NULL);
    assert_int_equal(n.rows, 2);
    assert_int_equal(n.n_new, 2);
    assert_int_equal(n.n_wrong, 0);
    assert_int_equal(teams(f, &f->writer), before);
}

static void the_same_file_twice_makes_no_record_twice(void **state)
{
    Fixture *f = *state;
    const char *in = fixture_file(f, "b.csv", HEAD "乙一队,甲县,砌筑,12,150.5,13800000001,\n乙二队,甲县,农业,8,,,=1+1\n");
    int64_t before = teams(f, &f->writer);
    ImportCounts n = take(f, &f->writer, in, false, NULL);
    assert_int_equal(n.n_new, 2);
    n = take(f, &f->writer, in, false, NULL);
    assert_int_equal(n.n_new, 0);
    assert_int_equal(n.n_same, 2);
    in = fixture_file(f, "b2.csv", HEAD "乙一队,甲县,砌筑,13,150.5,13800000001,\n乙二队,甲县,农业,8,,,=1+1\n");
    n = take(f, &f->writer, in, false, NULL);
    assert_int_equal(n.n_changed, 1);
    assert_int_equal(n.n_same, 1);
    assert_int_equal(teams(f, &f->writer), before + 2);
}

typedef struct {
    Fixture *f;
    size_t rows;
    Str reason, first_name;
} Seen;

static bool see_row(void *ctx, size_t row, const Cell *cells, size_t n)
{
    Seen *s = ctx;
    (void)row;
    for (size_t i = 0; i < n; i++) {
        if (str_starts(cells[i].text, S("人数：不能大于"))) {
            s->reason = str_dup(s->f->mem, cells[i].text);
        }
        if (str_eq(cells[i].text, S("丙二队"))) {
            s->first_name = S("丙二队");
        }
    }
    s->rows++;
    return true;
}

static void wrong_rows_are_left_out_and_come_back_with_their_reasons(void **state)
{
    Fixture *f = *state;
    const char *in = fixture_file(f, "c.csv", HEAD "丙一队,甲县,砌筑,12,,,\n丙二队,甲县,砌筑,9999,,,\n丙三队,没有的县,砌筑,5,,,\n丙一队,甲县,砌筑,3,,,\n");
    const char *report = fixture_path(f, "c-report.xlsx");
    ImportCounts n = take(f, &f->writer, in, false, report);
    assert_int_equal(n.rows, 4);
    assert_int_equal(n.n_new, 1);
    assert_int_equal(n.n_wrong, 3);
    Seen seen = {.f = f};
    REQUIRE(xlsx_read(&f->cx, report, 0, NULL, see_row, &seen), &f->cx);
    assert_true(seen.rows >= 5);
    assert_true(seen.reason.n != 0);
    assert_true(seen.first_name.n != 0);
    n = take(f, &f->writer, report, true, NULL); /* and may be handed in again */
    assert_int_equal(n.rows, 4);
    assert_int_equal(n.n_same, 1);
    assert_int_equal(n.n_wrong, 3);
}

static void a_file_without_a_required_column_is_refused_by_name(void **state)
{
    Fixture *f = *state;
    const char *in = fixture_file(f, "d.csv", "队名,工种,人数\n某队,砌筑,12\n");
    ImportCounts n = {0};
    assert_false(import_run(&f->cx, f->s, &f->writer, f->team, in, true, NULL, S("test"), NULL, NULL, &n));
    assert_int_equal(f->cx.err, E_INVALID);
    assert_true(str_contains(cx_text(&f->cx), S("所在县")));
    cx_clear(&f->cx);
}

static void a_role_without_the_right_neither_imports_nor_takes_rows_of_others(void **state)
{
    Fixture *f = *state;
    const char *in = fixture_file(f, "e.csv", HEAD "戊队,甲县,砌筑,12,,,\n");
    ImportCounts n = {0};
    assert_false(import_run(&f->cx, f->s, &f->head, f->team, in, true, NULL, S("test"), NULL, NULL, &n));
    assert_int_equal(f->cx.err, E_FORBIDDEN);
    cx_clear(&f->cx);
    Actor reader = f->writer;
    reader.read_only = true;
    assert_false(import_run(&f->cx, f->s, &reader, f->team, in, true, NULL, S("test"), NULL, NULL, &n));
    assert_int_equal(f->cx.err, E_FORBIDDEN);
    cx_clear(&f->cx);
}

static bool stop_at_once(void *ctx, int64_t done, int64_t total)
{
    (void)ctx;
    (void)done;
    (void)total;
    return false;
}

static void an_export_shows_what_the_actor_sees_and_starts_no_formula(void **state)
{
    Fixture *f = *state;
    const char *in = fixture_file(f, "g.csv", HEAD "庚队,甲县,砌筑,12,150.5,13800000001,=cmd()\n");
    (void)take(f, &f->writer, in, false, NULL);
    const char *out = fixture_path(f, "g-out.csv");
    int64_t rows = 0;
    Query q = {.type = f->team, .search = S("庚队")};
    REQUIRE(export_run(&f->cx, f->s, &f->writer, &q, S("csv"), out, NULL, NULL, &rows), &f->cx);
    assert_int_equal(rows, 1);
    Str text = fixture_read(f, out);
    assert_true(str_starts(text, S("\xEF\xBB\xBF")));
    assert_true(str_contains(text, S("甲县")));
    assert_true(str_contains(text, S("砌筑")));
    assert_true(str_contains(text, S(",150.50,")));
    assert_false(str_contains(text, S("13800000001")));
    assert_true(str_contains(text, S("138****0001")));
    assert_false(str_contains(text, S(",=cmd()")));
    assert_true(str_contains(text, S("队长身份证号")));
    REQUIRE(export_run(&f->cx, f->s, &f->head, &q, S("csv"), out, NULL, NULL, &rows), &f->cx);
    assert_false(str_contains(fixture_read(f, out), S("队长身份证号"))); /* hidden from this role: no column */
    REQUIRE(export_run(&f->cx, f->s, &f->other, &q, S("csv"), out, NULL, NULL, &rows), &f->cx);
    assert_int_equal(rows, 0);
    assert_false(export_run(&f->cx, f->s, &f->writer, &q, S("csv"), out, stop_at_once, NULL, &rows));
    assert_int_equal(f->cx.err, E_CANCELLED);
    assert_int_equal(access(out, F_OK), -1);
    cx_clear(&f->cx);
    Actor public = {.name = S("")};
    assert_false(export_run(&f->cx, f->s, &public, &q, S("csv"), out, NULL, NULL, &rows));
    assert_int_equal(f->cx.err, E_FORBIDDEN);
    cx_clear(&f->cx);
}

static void an_export_of_many_pages_has_every_record_once(void **state)
{
    Fixture *f = *state;
    Buf b = buf_new(f->mem, 1 << 20);
    buf_add(&b, S(HEAD));
    for (int i = 0; i < 1203; i++) {
        buf_printf(&b, "辛%d队,甲县,农业,%d,,,\n", i, i % 500 + 1);
    }
    ImportCounts n = take(f, &f->writer, fixture_file(f, "h.csv", buf_str(&b).p), false, NULL);
    assert_int_equal(n.n_new, 1203);
    Query q = {.type = f->team, .search = S("辛")};
    int64_t rows = 0;
    const char *out = fixture_path(f, "h.csv.out"), *book = fixture_path(f, "h.xlsx");
    REQUIRE(export_run(&f->cx, f->s, &f->writer, &q, S("csv"), out, NULL, NULL, &rows), &f->cx);
    assert_int_equal(rows, 1203);
    Str text = fixture_read(f, out);
    for (int i = 0; i < 1203; i += 97) {
        Str name = str_printf(f->mem, ",辛%d队,", i);
        size_t at;
        assert_true(str_find(text, name, &at));
        assert_false(str_contains(str_sub(text, at + name.n, text.n), name));
    }
    REQUIRE(export_run(&f->cx, f->s, &f->writer, &q, S("xlsx"), book, NULL, NULL, &rows), &f->cx);
    Seen seen = {.f = f};
    REQUIRE(xlsx_read(&f->cx, book, 0, NULL, see_row, &seen), &f->cx);
    assert_int_equal(seen.rows, 1203 + 1);
}

static void a_template_says_which_sheet_and_version_it_is(void **state)
{
    Fixture *f = *state;
    const char *path = fixture_path(f, "t.xlsx");
    REQUIRE(template_write(&f->cx, f->s, &f->writer, f->team, false, path), &f->cx);
    XlsxInfo info;
    REQUIRE(xlsx_info(&f->cx, path, &info), &f->cx);
    bool id = false, version = false;
    for (size_t i = 0; i < info.n_properties; i++) {
        id = id || (str_eq(info.properties[i][0], S("tamga_template")) && str_eq(info.properties[i][1], S("teams")));
        version = version || str_eq(info.properties[i][1], f->pack->version);
    }
    assert_true(id);
    assert_true(version);
    ImportCounts n = take(f, &f->writer, path, true, NULL);
    assert_int_equal(n.rows, 0);
}

static void a_template_with_rows_handed_in_again_changes_nothing(void **state)
{
    Fixture *f = *state;
    const char *in = fixture_file(f, "j.csv", HEAD "癸队,乙县,砌筑,12,150.5,13800000001,说明\n");
    (void)take(f, &f->other, in, false, NULL);
    const char *path = fixture_path(f, "j.xlsx");
    REQUIRE(template_write(&f->cx, f->s, &f->other, f->team, true, path), &f->cx);
    ImportCounts n = take(f, &f->other, path, false, NULL);
    assert_int_equal(n.rows, 1);
    assert_int_equal(n.n_same, 1);
    assert_int_equal(n.n_wrong, 0);
    Query q = {.type = f->team, .search = S("癸队")};
    RecPage page;
    REQUIRE(rec_list(&f->cx, f->s, &f->other, &q, false, &page), &f->cx);
    Rec r;
    REQUIRE(rec_unmask(&f->cx, f->s, &f->other, f->team, page.items[0].id, S("核对电话号码"), &r), &f->cx);
    assert_true(str_eq(r.v[type_field(f->team, S("leader_phone"))->index].s, S("13800000001")));
}

static bool do_rename(Cx *cx, Store *s, void *arg)
{
    (void)s;
    return db_script(cx, cx->db, arg);
}

static void rename_teams(Fixture *f, const char *sql)
{
    REQUIRE(store_write(&f->cx, f->s, do_rename, (void *)(uintptr_t)sql), &f->cx);
}

static void a_reference_that_cannot_be_looked_up_ends_the_import(void **state)
{
    Fixture *f = *state;
    const RecordType *tally = pack_type(f->pack, S("tally"));
    take(f, &f->writer, fixture_file(f, "t.csv", HEAD "子队,甲县,砌筑,12,,,\n"), false, NULL);
    const char *in = fixture_file(f, "u.csv", "队伍,月份,出勤工日,工资总额\n子队,2026-03,10,100\n没有的队,2026-03,10,100\n");
    ImportCounts n = {0};
    REQUIRE(import_run(&f->cx, f->s, &f->writer, tally, in, true, NULL, S("test"), NULL, NULL, &n), &f->cx);
    assert_int_equal(n.n_new, 1);
    assert_int_equal(n.n_wrong, 1);
    rename_teams(f, "alter table r_team rename to r_away");
    bool ok = import_run(&f->cx, f->s, &f->writer, tally, in, true, NULL, S("test"), NULL, NULL, &n);
    ErrCode err = f->cx.err;
    Str said = str_dup(f->mem, cx_text(&f->cx));
    cx_clear(&f->cx);
    rename_teams(f, "alter table r_away rename to r_team");
    assert_false(ok); /* not: there is no such team */
    assert_int_equal(err, E_DB);
    assert_true(str_eq(said, str_c(err_info(E_DB)->text)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dry_run_counts_and_writes_nothing),
        cmocka_unit_test(the_same_file_twice_makes_no_record_twice),
        cmocka_unit_test(wrong_rows_are_left_out_and_come_back_with_their_reasons),
        cmocka_unit_test(a_file_without_a_required_column_is_refused_by_name),
        cmocka_unit_test(a_role_without_the_right_neither_imports_nor_takes_rows_of_others),
        cmocka_unit_test(an_export_shows_what_the_actor_sees_and_starts_no_formula),
        cmocka_unit_test(an_export_of_many_pages_has_every_record_once),
        cmocka_unit_test(a_reference_that_cannot_be_looked_up_ends_the_import),
        cmocka_unit_test(a_template_says_which_sheet_and_version_it_is),
        cmocka_unit_test(a_template_with_rows_handed_in_again_changes_nothing),
    };
    return cmocka_run_group_tests(tests, fixture_up, fixture_down);
}
