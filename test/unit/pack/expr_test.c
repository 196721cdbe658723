/*
 * expr_test.c - expressions bind as written down, and a wrong type is found when they are read.
 */
#include "base/buf.h"
#include "mini.h"

static Mini mini;

static int up(void **state)
{
    (void)state;
    mini_ok(&mini);
    return 0;
}

static int down(void **state)
{
    (void)state;
    mini_free(&mini);
    return 0;
}

/* The tree in brackets: (and a (= b 1)). */
static void print(Buf *b, const Expr *e)
{
    static const char *const WORDS[] = {"int", "text", "bool", "today", "field", "or", "and", "not", "=", "!=", "<", "<=", ">", ">=", "in", "+", "-", "*",
                                        "/", "empty", "count", "sum", "min", "max", "any", "latest", "previous", "param", "flag", "level",
                                        "days", "year", "named", "self", "number", "state", "owner_level",
                                        "actor", "region_at", "workdays_after", "workdays_between", "if"};
    if (e->kind == EX_INT) {
        buf_printf(b, "%lld%s", (long long)e->num, e->type == XT_DATE ? "d" : e->scale == 1 ? "e-1" : "");
    } else if (e->kind == EX_TEXT) {
        buf_printf(b, "'%.*s'", STRF(e->text));
    } else if (e->kind == EX_FIELD) {
        buf_add(b, e->field->id);
    } else {
        buf_printf(b, "(%s", WORDS[e->kind]);
        if (e->link != NULL || e->list != NULL) {
            buf_printf(b, " %.*s", STRF(e->link != NULL ? e->link->id : e->list->id));
        }
        if (e->field != NULL) {
            buf_printf(b, " %.*s", STRF(e->field->id));
        }
        if (e->text.n != 0) {
            buf_printf(b, " '%.*s'", STRF(e->text));
        }
        for (int i = 0; i < 2; i++) {
            const Expr *x = i == 0 ? e->a : e->b;
            if (x != NULL) {
                buf_addc(b, ' ');
                print(b, x);
            }
        }
        for (size_t i = 0; i < e->n_items; i++) {
            buf_addc(b, ' ');
            print(b, e->items[i]);
        }
        buf_addc(b, ')');
    }
}

static const Expr *parse(const char *text, Str *ret_error)
{
    return expr_parse(mini.mem, mini.pack, pack_type(mini.pack, S("thing")), NULL, 0, str_c(text), ret_error);
}

typedef struct {
    const char *text, *want;
} Case;

static void check_trees(const Case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        Str error = S("");
        const Expr *e = parse(cases[i].text, &error);
        if (e == NULL) {
            print_error("%s: %.*s\n", cases[i].text, STRF(error));
        }
        assert_non_null(e);
        Buf b = buf_new(mini.mem, 10000);
        print(&b, e);
        assert_string_equal(buf_str(&b).p, cases[i].want);
    }
}

static void operators_bind_by_their_precedence(void **state)
{
    (void)state;
    static const Case CASES[] = {
        {"workers + certified * 2 > 3", "(> (+ workers (* certified 2)) 3)"},
        {"(workers + certified) * 2 > 3", "(> (* (+ workers certified) 2) 3)"},
        {"workers - certified - 1 = 0", "(= (- (- workers certified) 1) 0)"},
        {"workers / certified / 2 = 0", "(= (/ (/ workers certified) 2) 0)"},
        {"workers - -1 = -2", "(= (- workers (- 0 1)) (- 0 2))"},
        {"open or open and not open", "(or open (and open (not open)))"},
        {"(open or open) and open", "(and (or open open) open)"},
        {"not workers = 1 and open", "(and (not (= workers 1)) open)"},
        {"not not open", "(not (not open))"},
        {"workers>=1 and certified<=2 or workers<>1", NULL},
        {"workers>=1 and certified<=2 or workers!=1", "(or (and (>= workers 1) (<= certified 2)) (!= workers 1))"},
    };
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        if (CASES[i].want != NULL) {
            check_trees(&CASES[i], 1);
        } else {
            Str error;
            assert_null(parse(CASES[i].text, &error));
        }
    }
}

static void tests_functions_and_aggregates_read(void **state)
{
    (void)state;
    static const Case CASES[] = {
        {"kind in ('a', 'b')", "(in kind 'a' 'b')"},
        {"kind not in ('a')", "(not (in kind 'a'))"},
        {"name is empty", "(empty name)"},
        {"steps is not empty", "(not (empty steps))"},
        {"name = 'it''s'", "(= name 'it's')"},
        {"rate > 12.5", "(> rate 125e-1)"},
        {"born > '2024-01-01'", "(> born 19723d)"},
        {"'2024-01-01' < born", "(< 19723d born)"},
        {"born in ('2024-01-01', today)", "(in born 19723d (today))"},
        {"count(parts) > 0", "(> (count parts) 0)"},
        {"count(parts where open and n > 1) > 0", "(> (count parts (and open (> n 1))) 0)"},
        {"sum(parts.pay where open) > 1", "(> (sum parts pay open) 1)"},
        {"max(parts.day) < today", "(< (max parts day) (today))"},
        {"any(steps where done)", "(any steps done)"},
        {"min(steps.cost) > 1", "(> (min steps cost) 1)"},
        {"latest(parts.period) = '2024'", "(= (latest parts period) '2024')"},
        {"latest(parts.kind) = 'a'", "(= (latest parts kind) 'a')"},
        {"any(parts where state = 'active')", "(any parts (= (state) 'active'))"},
        {"previous(workers) < workers", "(< (previous workers) workers)"},
        {"param('warn_pct') = 300", "(= (param 'warn_pct') 300)"},
        {"has_flag('key_help')", "(flag 'key_help')"},
        {"level() = 'county'", "(= (level) 'county')"},
        {"level = 'city'", "(= level 'city')"},
        {"owner_level in ('city', 'county')", "(in (owner_level) 'city' 'county')"},
        {"days_between(born, today) > 365", "(> (days born (today)) 365)"},
        {"days_between('2024-01-01', born) > 365", "(> (days 19723d born) 365)"},
        {"year(born) = 2024 and year(period) = 2024", "(and (= (year born) 2024) (= (year period) 2024))"},
        {"today - born > 30", "(> (- (today) born) 30)"},
        {"born + 30 < today", "(< (+ born 30) (today))"},
        {"named('naming')", "(named 'naming')"},
        {"state != 'draft' and number is not empty", "(and (!= (state) 'draft') (not (empty (number))))"},
        {"parent = self", "(= parent (self))"},
        {"period > '2023'", "(> period '2023')"},
        {"county = '150430'", "(= county '150430')"},
        {"open = true", "(= open (bool))"},
    };
    check_trees(CASES, ARRAY_LEN(CASES));
}

static void faults_say_where_and_what_was_expected(void **state)
{
    (void)state;
    static const Case CASES[] = {
        {"", "第 1 个字符处表达式没有写完，应为字段名、数或 '文字'"},
        {"workers >", "第 10 个字符处表达式没有写完"},
        {"workers = 1 1", "第 13 个字符处多出了内容"},
        {"(open", "第 6 个字符处表达式没有写完，应为 )"},
        {"open)", "第 5 个字符处多出了内容"},
        {"name = 'x", "第 8 个字符处文字没有结束，应以 ' 收尾"},
        {"open ! open", "第 6 个字符处不认识 !，应为 != 或 not"},
        {"人数 > 1", "第 1 个字符处不认识 人，应为字段名"},
        {"1234567890123456789 > 1", "第 1 个字符处数太长"},
        {"1.1234567 > 1", "第 1 个字符处数太长"},
        {"12x > 1", "第 1 个字符处数的写法不对"},
        {"worker > 1", "第 1 个字符处没有字段 worker，应为 thing 的字段"},
        {"work(1)", "第 1 个字符处没有函数 work，应为 count"},
        {"open + 1 > 2", "第 1 个字符处条件不能运算，应为数"},
        {"workers > 'x'", "第 9 个字符处数不能与文字比较，应为同一种值"},
        {"workers and open", "第 1 个字符处这里是数，应为条件"},
        {"not workers", "第 5 个字符处这里是数，应为条件"},
        {"name < 'b'", "第 6 个字符处文字没有大小（期别除外），应为 = 或 !="},
        {"open < open", "第 6 个字符处条件没有大小"},
        {"kind = 'z'", "第 8 个字符处代码表 kind 没有 z，应为表里的代码"},
        {"kind in ('a', 'z')", "第 15 个字符处代码表 kind 没有 z"},
        {"kind = level", "第 6 个字符处两边的代码表不同"},
        {"county = '15'", "第 10 个字符处没有区划 15"},
        {"state = 'done'", "第 9 个字符处没有状态 done"},
        {"level() = 'town'", "第 11 个字符处没有层级 town"},
        {"born > '2024-13-01'", "第 6 个字符处日期不能与文字比较"},
        {"born + born > 1", "第 1 个字符处日期不能运算"},
        {"born + 1.5 > today", "第 8 个字符处日期加减的天数有小数"},
        {"self + 1 > 2", "第 6 个字符处记录号和机构号不能运算"},
        {"rate * rate * rate * rate * rate * rate * rate > 1", "位小数，应在 6 位以内"},
        {"steps", "第 1 个字符处列表 steps 不能这样用，应为 count(…) 或 is empty"},
        {"open = steps", "第 8 个字符处列表 steps 不能比较"},
        {"open in (steps)", "列表不能比较"},
        {"parts > 1", "第 1 个字符处没有字段 parts"},
        {"parts.n > 1", "第 1 个字符处parts 后面不能有点"},
        {"workers.n > 1", "第 1 个字符处workers 后面不能有点，只有 ref 字段可以"},
        {"parent.nothing > 1", "第 8 个字符处没有字段 nothing，应为 thing 的字段、state 或 number"},
        {"parent.parent.workers > 1", "第 14 个字符处这里不能再有点，只能经过一个 ref 字段"},
        {"parent.state = 'done'", "第 16 个字符处没有状态 done"},
        {"parent.kind = 'c'", "代码表 kind 没有 c"},
        {"parent.steps = parent.steps", "不能这样用"},
        {"outer.workers > 1", "第 1 个字符处outer 不能用在这里，应写在 where 条件里"},
        {"count(parts where outer.n > 1) > 1", "第 25 个字符处没有字段 n，应为外层记录的字段"},
        {"count(parts where outer.state = 'active') > 1", "没有状态 active"},
        {"count(parent.things) > 1", "第 14 个字符处没有关联或列表 things"},
        {"sum(parent.parts) > 1", "第 17 个字符处这里不对，应为“.字段”"},
        {"workdays_after(born) > today", "应为逗号"},
        {"workdays_after(workers, 1) > today", "第 16 个字符处这里是数，应为日期"},
        {"workdays_after(born, 1.5) > today", "第 22 个字符处工作日数不对，应为整数"},
        {"if(workers, 1, 2) > 1", "第 4 个字符处这里是数，应为条件"},
        {"if(open, 1) > 1", "应为逗号"},
        {"if(open, 1, name) > 1", "第 13 个字符处if 的两个值不是同一种"},
        {"if(open, self, 1) > 1", "if 的两个值不是同一种"},
        {"workdays_between(born, 1) > 1", "第 24 个字符处这里是数，应为日期"},
        {"count(things) > 1", "第 7 个字符处没有关联或列表 things"},
        {"sum(parts) > 1", "第 10 个字符处这里不对，应为“.字段”"},
        {"sum(parts.m) > 1", "第 11 个字符处没有字段 m"},
        {"sum(parts.day) > 1", "第 11 个字符处字段 day 是日期，应为数"},
        {"max(parts.open)", "第 11 个字符处字段 open 是条件，应为数或日期"},
        {"sum(parts.thing) > 1", "字段 thing 是数"},
        {"count(parts where n) > 1", "第 19 个字符处这里是数，应为条件"},
        {"count(parts where workers > 1) > 1", "第 19 个字符处没有字段 workers，应为 part 的字段"},
        {"count(parts where count(parts) > 1) > 1", "where 里不能再计数"},
        {"any(parts where named('x'))", "named 不能用在这里"},
        {"any(parts where thing = number)", "没有字段 number"},
        {"param('nothing') > 1", "第 7 个字符处没有参数 nothing，应为 params.yaml 里的 id"},
        {"param(warn_pct) > 1", "第 7 个字符处这里不对，应为'文字'"},
        {"has_flag('nothing')", "第 10 个字符处没有区划标志 nothing"},
        {"year(workers) = 1", "第 6 个字符处这里是数，应为日期或期别"},
        {"days_between(born) > 1", "第 18 个字符处这里不对，应为逗号"},
        {"days_between(1, 2) > 1", "第 14 个字符处这里是数，应为日期"},
        {"previous(parts) > 1", "第 10 个字符处没有字段 parts，应为本记录的普通字段"},
        {"name is blank", "第 9 个字符处这里不对，应为 is empty"},
        {"kind not like 'a'", "第 10 个字符处这里不对，应为 not in"},
        {"kind in ()", "第 10 个字符处这里不对"},
    };
    size_t wrong = 0;
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        Str error = S("");
        const Expr *e = parse(CASES[i].text, &error);
        if (e != NULL || !str_contains(error, str_c(CASES[i].want))) {
            print_error("%s\n  want %s\n  got  %.*s\n", CASES[i].text, CASES[i].want, STRF(error));
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
}

static const Expr *repeated(const char *head, const char *part, int times, const char *tail, Str *ret_error)
{
    Buf b = buf_new(mini.mem, 100000);
    buf_add(&b, str_c(head));
    for (int i = 0; i < times; i++) {
        buf_add(&b, str_c(part));
    }
    buf_add(&b, str_c(tail));
    return parse(buf_str(&b).p, ret_error);
}

static void size_and_depth_are_bounded(void **state)
{
    (void)state;
    Str error = S("");
    assert_non_null(repeated("workers", "+1", 900, "> 0", &error));
    assert_null(repeated("workers", "+1", 1000, "> 0", &error));
    assert_true(str_contains(error, S("表达式太长，应在 2000 字节以内")));
    assert_non_null(repeated("", "not ", 39, "open", &error));
    assert_null(repeated("", "not ", 41, "open", &error));
    assert_true(str_contains(error, S("嵌套太深，应在 40 层以内")));
    assert_null(repeated("", "(", 300, "open", &error));
    assert_null(repeated("", "-", 300, "1 > 0", &error));
    assert_true(str_contains(error, S("嵌套太深")));
}

static void inputs_of_an_action_win_over_fields(void **state)
{
    (void)state;
    const RecordType *t = pack_type(mini.pack, S("thing"));
    Field ask[] = {{.id = S("name"), .label = S("新名"), .kind = FT_INT}};
    Str error = S("");
    const Expr *e = expr_parse(mini.mem, mini.pack, t, ask, 1, S("name > 1"), &error);
    assert_non_null(e);
    assert_ptr_equal(e->a->field, &ask[0]);
    assert_null(expr_parse(mini.mem, mini.pack, NULL, NULL, 0, S("self = 1"), &error));
    assert_true(str_contains(error, S("没有字段 self，应为这里看得到的字段")));
    assert_non_null(expr_parse(mini.mem, mini.pack, NULL, NULL, 0, S("today > '2024-01-01'"), &error));
}

static void scales_follow_the_arithmetic(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int32_t scale;
    } CASES[] = {
        {"workers + 1", 0}, {"income + 1", 2}, {"income + rate", 2}, {"income * rate", 3}, {"income / workers", 2},
        {"income / rate", 1}, {"workers / income", 0}, {"sum(parts.pay)", 2}, {"param('warn_pct')", 0}, {"today - born", 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        Str error = S("");
        const Expr *e = parse(CASES[i].text, &error);
        assert_non_null(e);
        assert_int_equal(e->type, XT_NUM);
        assert_int_equal(e->scale, CASES[i].scale);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(operators_bind_by_their_precedence),
        cmocka_unit_test(tests_functions_and_aggregates_read),
        cmocka_unit_test(faults_say_where_and_what_was_expected),
        cmocka_unit_test(size_and_depth_are_bounded),
        cmocka_unit_test(inputs_of_an_action_win_over_fields),
        cmocka_unit_test(scales_follow_the_arithmetic),
    };
    return cmocka_run_group_tests(tests, up, down);
}
