/* sql_test.c - the builder and the hooks. */
#include "fixture.h"

#include <sys/wait.h>

#include "db/hooks.h"

static bool ident_aborts(Arena *mem, Str name)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        (void)!freopen("/dev/null", "w", stderr);
        signal(SIGABRT, SIG_DFL);
        sql_ident(sql_new(mem), name);
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void an_identifier_that_is_not_one_aborts(void **state)
{
    Fixture *f = *state;
    static const Str BAD[] = {STR_INIT(""),    STR_INIT("1a"),   STR_INIT("Name"), STR_INIT("a b"), STR_INIT("a;--"),
                              STR_INIT("a\"b"), STR_INIT("a'b"), STR_INIT("a.b"),  STR_INIT("名称"), STR_INIT("a\0b")};
    for (size_t i = 0; i < ARRAY_LEN(BAD); i++) {
        assert_true(ident_aborts(f->mem, BAD[i]));
    }
    char longest[61];
    memset(longest, 'a', sizeof longest);
    assert_true(ident_aborts(f->mem, str_n(longest, 61)));
    assert_false(ident_aborts(f->mem, str_n(longest, 60)));
    assert_false(ident_aborts(f->mem, S("_a1_b")));
}

static void a_built_statement_binds_every_value(void **state)
{
    Fixture *f = *state;
    script(f, f->db, "create table t (id {pk}, f_name text, n integer) {strict}");
    Sql *q = sql_new(f->mem);
    sql_lit(q, "insert into ");
    sql_ident(q, S("t"));
    sql_lit(q, " (id, ");
    sql_ident2(q, S("f_"), S("name"));
    sql_lit(q, ", n) values (");
    sql_int(q, 7);
    sql_lit(q, ", ");
    sql_text(q, S("'); drop table t; --"));
    sql_lit(q, ", ");
    sql_null(q);
    sql_lit(q, ")");
    assert_true(str_eq(buf_str(&q->text), S("insert into t (id, f_name, n) values (?1, ?2, ?3)")));
    assert_true(stmt_run(&f->cx, sql_stmt(&f->cx, f->db, SQL_HOME, q)));
    assert_int_equal(one(f, f->db, "select count(*) from t where id = 7 and f_name = '''); drop table t; --' and n is null"), 1);
}

static int64_t count_in(Fixture *f, const int64_t *v, size_t n)
{
    Sql *q = sql_new(f->mem);
    sql_lit(q, "select count(*) from t where a");
    sql_in_ints(q, v, n);
    sql_lit(q, " and a > ");
    sql_int(q, 0);
    int64_t got = -1;
    Stmt *st = sql_stmt(&f->cx, f->db, SQL_HOME, q);
    assert_non_null(st);
    assert_true(stmt_one_int(&f->cx, st, -1, &got));
    return got;
}

static void a_list_of_integers_is_one_parameter(void **state)
{
    Fixture *f = *state;
    script(f, f->db, "create table t (a integer) {strict}; insert into t values (1), (2), (3), (9223372036854775807), (-5)");
    assert_int_equal(count_in(f, NULL, 0), 0);
    assert_int_equal(count_in(f, (int64_t[]){2}, 1), 1);
    assert_int_equal(count_in(f, (int64_t[]){3, 1, 99, INT64_MAX, INT64_MIN, -5}, 6), 3);
    int64_t *many = NEW_ARRAY(f->mem, int64_t, 50000);
    for (int i = 0; i < 50000; i++) {
        many[i] = INT64_MIN + i;
    }
    many[49999] = 2;
    assert_int_equal(count_in(f, many, 50000), 1);
}

static int64_t count_like(Fixture *f, Str needle)
{
    Sql *q = sql_new(f->mem);
    sql_lit(q, "select count(*) from t where search like ");
    sql_like(q, needle);
    int64_t got = -1;
    Stmt *st = sql_stmt(&f->cx, f->db, SQL_HOME, q);
    assert_non_null(st);
    assert_true(stmt_one_int(&f->cx, st, -1, &got));
    return got;
}

static void like_finds_a_part_and_takes_wildcards_literally(void **state)
{
    Fixture *f = *state;
    script(f, f->db, "create table t (search text) {strict};"
                     "insert into t values ('敖汉小米 aohan'), ('100% pure'), ('a_b'), ('axb'), ('back\\slash')");
    assert_int_equal(count_like(f, S("小米")), 1);
    assert_int_equal(count_like(f, S("AoHan")), 1);
    assert_int_equal(count_like(f, S("%")), 1);
    assert_int_equal(count_like(f, S("a_b")), 1);
    assert_int_equal(count_like(f, S("\\")), 1);
    assert_int_equal(count_like(f, S("")), 5);
    assert_int_equal(count_like(f, S("' or 1=1 --")), 0);
}

static void hooks_become_what_the_engine_says(void **state)
{
    Fixture *f = *state;
    Str out;
    assert_true(hooks_expand(&f->cx, f->mem, &DB_SQLITE, S("select a from t where a in {list:2} {lock}"), &out));
    assert_true(str_eq(out, S("select a from t where a in (select value from json_each(?2)) ")));
    assert_true(hooks_expand(&f->cx, f->mem, &DB_SQLITE, S("create table t (id {pk}) {strict}"), &out));
    assert_true(str_eq(out, S("create table t (id integer primary key not null) strict")));
    assert_true(hooks_expand(&f->cx, f->mem, &DB_SQLITE, S("select '{pk} it''s', \"{x\" -- {lock\n/* {y */"), &out));
    assert_true(str_eq(out, S("select '{pk} it''s', \"{x\" -- {lock\n/* {y */")));
    static const Str BAD[] = {STR_INIT("a {nosuch}"), STR_INIT("a {list}"),   STR_INIT("a {list:0}"), STR_INIT("a {list:x}"),
                              STR_INIT("a {pk:1}"),   STR_INIT("a {strict"), STR_INIT("{")};
    for (size_t i = 0; i < ARRAY_LEN(BAD); i++) {
        assert_false(hooks_expand(&f->cx, f->mem, &DB_SQLITE, BAD[i], &out));
        assert_int_equal(f->cx.err, E_DB);
        cx_clear(&f->cx);
    }
}

static void what_one_engine_alone_understands_is_refused(void **state)
{
    Fixture *f = *state;
    static const char *const BAD[] = {
        "select ?",          "select $1",          "select :a",       "select @a",          "select a::text",
        "select datetime(a)", "select DATE ('now')", "pragma x",       "insert or replace into t values (1)",
        "replace into t values (1)", "select [a] from t", "select `a`", "select ifnull(a, 1)", "select group_concat(a)",
        "select a from t where b glob 'x*'", "select rowid from t", "select value from json_each(?1)"};
    for (size_t i = 0; i < ARRAY_LEN(BAD); i++) {
        REQUIRE(!hooks_common(&f->cx, str_c(BAD[i])), "passed: %s\n", BAD[i]);
        assert_int_equal(f->cx.err, E_DB);
        cx_clear(&f->cx);
    }
    static const char *const GOOD[] = {
        "select '? $1 :a pragma' from t", "select date, time from t where date >= ?1 and (time) > ?12",
        "insert into t (a) values (?1) on conflict (a) do update set a = excluded.a returning a",
        "select replace(a, 'x', 'y') from t -- pragma?", "select a from t where a in {list:1} or b = ?2 {lock}",
        "with recursive r(n) as (select 1 union all select n + 1 from r where n < 5) select sum(n) filter (where n > 1) from r",
        "select a->>'k' from t", "update t set a = ?1 where b or c"};
    for (size_t i = 0; i < ARRAY_LEN(GOOD); i++) {
        REQUIRE(hooks_common(&f->cx, str_c(GOOD[i])), "refused: %s\n", GOOD[i]);
    }
    assert_null(db_stmt(&f->cx, f->db, SQL_HOME, S("pragma user_version")));
    cx_clear(&f->cx);
    assert_int_equal(outcome(f, f->db, f->server == NULL ? "pragma user_version" : "select now()"), E_OK); /* SQL_ADMIN may */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(an_identifier_that_is_not_one_aborts),
        T(a_built_statement_binds_every_value),
        T(a_list_of_integers_is_one_parameter),
        T(like_finds_a_part_and_takes_wildcards_literally),
        T(hooks_become_what_the_engine_says),
        T(what_one_engine_alone_understands_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
