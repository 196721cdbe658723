/*
 * parse_test.c - what people type comes into one normal form, or is refused with a reason; values are shown as people read them.
 */
#include "world.h"

typedef struct {
    const char *field, *typed;
    const char *raw;      /* NULL: refused */
    const char *says;     /* of the finding; NULL: none */
    const char *within;   /* region code; NULL: none */
} Case;

static bool one(World *w, const Case *c)
{
    const Field *f = type_field(w->thing, str_c(c->field));
    assert_non_null(f);
    Findings found = findings_new(w->mini.mem);
    Value v = {.i = -1};
    const Region *within = c->within != NULL ? pack_region(w->mini.pack, str_c(c->within)) : NULL;
    bool ok = value_parse(w->mini.mem, w->mini.pack, f, S("here"), str_c(c->typed), within, &v, &found);
    Str raw = value_raw(w->mini.mem, f, &v);
    bool good = ok == (c->raw != NULL) && str_eq(raw, str_c(c->raw)) && found.n == (c->says != NULL) && found.errors == !ok;
    if (good && found.n != 0) {
        good = str_contains(found.items[0].text, str_c(c->says)) && str_eq(found.items[0].field, S("here")) && found.items[0].warn == ok &&
               str_starts(found.items[0].text, f->label);
    }
    if (!good) {
        print_error("%s “%s”: %s “%.*s” %.*s\n", c->field, c->typed, ok ? "ok" : "refused", STRF(raw),
                    STRF(found.n != 0 ? found.items[0].text : S("no finding")));
    }
    return good;
}

static void check_all(World *w, const Case *cases, size_t n)
{
    size_t wrong = 0;
    for (size_t i = 0; i < n; i++) {
        wrong += !one(w, &cases[i]);
    }
    assert_int_equal(wrong, 0);
}

static void an_empty_text_is_an_empty_value_of_any_kind(void **state)
{
    World *w = *state;
    for (size_t i = 0; i < w->thing->n_fields; i++) {
        Findings found = findings_new(w->mini.mem);
        Value v = {.has = true};
        assert_true(value_parse(w->mini.mem, w->mini.pack, &w->thing->fields[i], S("x"), S(" \t　"), NULL, &v, &found));
        assert_false(v.has);
        assert_int_equal(found.n, 0);
    }
}

static void whole_numbers(void **state)
{
    static const Case CASES[] = {
        {"workers", "120", "120"}, {"workers", " １２０ ", "120"}, {"workers", "12,000", "12000"}, {"workers", "1，234，567", "1234567"},
        {"workers", "120人", "120"}, {"workers", "120 人", "120"}, {"workers", "120.0", "120"}, {"workers", "-5", "-5"}, {"workers", "+5", "5"}, {"workers", "007", "7"},
        {"workers", "12,00", NULL, "逗号位置不对"}, {"workers", "1,2345", NULL, "逗号位置不对"}, {"workers", ",123", NULL, "逗号位置不对"},
        {"workers", "120.5", NULL, "不是整数"}, {"workers", "十二", NULL, "“十二”不是整数"}, {"workers", "1 2", NULL, "不是整数"}, {"workers", "-", NULL, "不是整数"}, {"workers", "人", NULL, "不是整数"},
        {"workers", "1.5E+17", NULL, "科学计数法"}, {"workers", "99999999999999999999", NULL, "数太大"}, {"workers", "3.", NULL, "不是整数"}, {"workers", "1万", NULL, "不是整数"},
    };
    check_all(*state, CASES, ARRAY_LEN(CASES));
}

static void money_and_decimals(void **state)
{
    static const Case CASES[] = {
        {"income", "12", "1200"}, {"income", "12.5", "1250"}, {"income", "¥1,200.05", "120005"}, {"income", "￥3元", "300"}, {"income", "0.01", "1"}, {"income", "12.500", "1250"},
        {"income", "-0.05", "-5"}, {"income", "12.345", NULL, "最多 2 位小数"}, {"income", "5万元", NULL, "请以元为单位"}, {"income", "元", NULL, "不是数"}, {"income", "1e5", NULL, "科学计数法"},
        {"rate", "12.5", "12.5"}, {"rate", "12.5%", "12.5"}, {"rate", "１２％", "12.0"}, {"rate", "12.55", NULL, "最多 1 位小数"}, {"rate", "1..2", NULL, "不是数"},
    };
    check_all(*state, CASES, ARRAY_LEN(CASES));
}

static void dates(void **state)
{
    static const Case CASES[] = {
        {"born", "2024-05-01", "2024-05-01"}, {"born", "2024/5/1", "2024-05-01"}, {"born", "2024.5.1", "2024-05-01"}, {"born", "20240501", "2024-05-01"},
        {"born", "２０２４年５月１日", "2024-05-01"}, {"born", "2024-05-01 00:00:00", "2024-05-01"},
        {"born", "2024年5月", "2024-05-01", "只写到月，按 2024-05-01 记"}, {"born", "2024", "2024-01-01", "只写到年，按 2024-01-01 记"},
        {"born", "2024-02-30", NULL, "“2024-02-30”不是日期"}, {"born", "去年", NULL, "不是日期"}, {"born", "45413", NULL, "不是日期"},
    };
    check_all(*state, CASES, ARRAY_LEN(CASES));
}

static void yes_and_no(void **state)
{
    static const Case CASES[] = {
        {"open", "是", "true"}, {"open", "否", "false"}, {"open", "TRUE", "true"}, {"open", "0", "false"}, {"open", "√", "true"}, {"open", "无", "false"}, {"open", "也许", NULL, "请写“是”或“否”"},
    };
    check_all(*state, CASES, ARRAY_LEN(CASES));
}

static void choices_by_code_or_label(void **state)
{
    static const Case CASES[] = {
        {"kind", "a", "a"}, {"kind", "甲类", "a"}, {"kind", " 乙 类 ", "b"}, {"kind", "ａ", "a"}, {"kind", "丙类", NULL, "没有“丙类”这一项，请从 甲类、乙类 中选择"},
        {"level", "国家级", "nation"},
    };
    check_all(*state, CASES, ARRAY_LEN(CASES));
}

static void regions_by_code_or_name(void **state)
{
    static const Case CASES[] = {
        {"county", "150430", "150430"}, {"county", "１５０４３０", "150430"}, {"county", "150430000000", "150430"}, {"county", "敖汉旗", "150430"}, {"county", "敖汉", "150430"},
        {"county", "赤峰市敖汉旗", "150430"}, {"county", "新城区", NULL, "叫“新城区”的地区不止一个"}, {"county", "新城区", "150402", NULL, "150400"}, {"county", "新城区", "150102", NULL, "150100"},
        {"county", "敖汉旗", "150430", NULL, "150100"}, {"county", "赤峰市新城区", "150402"}, {"county", "150499", NULL, "没有代码为 150499 的地区"}, {"county", "不存在旗", NULL, "没有叫“不存在旗”的地区"},
        {"county", "150405", "150402", "“元宝山旧区”（150405）已撤销，按“新城区”（150402）记"}, {"county", "旧区", "150402", "已撤销"}, {"county", "150406", NULL, "“废弃区”已撤销，请填现在的地区"},
        {"county", "赤峰市", NULL, "“赤峰市”的层级不对，请填它下面一级的地区"}, {"county", "经开区", NULL, "“经开区”的层级不对，请填它所属的地区"},
    };
    check_all(*state, CASES, ARRAY_LEN(CASES));
}

static void offices_by_code_name_or_home(void **state)
{
    static const Case CASES[] = {
        {"office", "C4", "2"}, {"office", "敖汉旗人社局", "3"}, {"office", "敖汉局", "3"}, {"office", "2", "2"}, {"office", "民政局", NULL, "没有“民政局”这个单位"},
        {"parent", "123", "123"}, {"parent", "甲", NULL, "请从列表中选择"}, {"parent", "-1", NULL, "请从列表中选择"},
    };
    check_all(*state, CASES, ARRAY_LEN(CASES));
}

static void codes_of_the_standards(void **state)
{
    static const Case CASES[] = {
        {"uscc", "91350100M000100Y43", "91350100M000100Y43"}, {"uscc", " ９１350100m000100y43", "91350100M000100Y43"}, {"uscc", "9135 0100 M000 100Y 43", "91350100M000100Y43"},
        {"uscc", "91350100M000100Y44", "91350100M000100Y44", "校验位不对"}, {"uscc", "91350100M000100Y4", NULL, "不是统一社会信用代码"}, {"uscc", "91350100I000100Y43", NULL, "不是统一社会信用代码"},
        {"uscc", "9.13501E+17", NULL, "末几位已丢失"},
        {"phone", "13812342046", "13812342046"}, {"phone", "138 1234 2046", "13812342046"}, {"phone", "138-1234-2046", "13812342046"}, {"phone", "+8613812342046", "13812342046"},
        {"phone", "0471-1234567", NULL, "应为 11 位手机号"}, {"phone", "0471-6234567", "0471-6234567"}, {"phone", "12345", NULL, "应为 11 位手机号"}, {"phone", "1.38E+10", NULL, "文本格式"},
        {"idno", "11010519491231002X", "11010519491231002X"}, {"idno", "11010519491231002x", "11010519491231002X"}, {"idno", "110105194912310021", NULL, "校验位不对"}, {"idno", "11010519491331002X", NULL, "应为 18 位身份证号"},
        {"docno", "内人社办发〔2024〕118号", "内人社办发〔2024〕118号"}, {"docno", "内人社办发[2024]１１８ 号", "内人社办发〔2024〕118号"}, {"docno", "关于某事的通知", NULL, "不是发文字号"},
    };
    check_all(*state, CASES, ARRAY_LEN(CASES));
}

static void periods(void **state)
{
    static const Case CASES[] = {
        {"period", "2024", "2024"}, {"period", "2024年", "2024"}, {"period", "2024年度", "2024"}, {"period", "２０２４ 年", "2024"}, {"period", "2024年全年", "2024"},
        {"period", "2024Q1", "2024Q1"}, {"period", "2024-q3", "2024Q3"}, {"period", "2024年第1季度", "2024Q1"}, {"period", "2024年一季度", "2024Q1"}, {"period", "2024年第四季度", "2024Q4"},
        {"period", "2024H1", "2024H1"}, {"period", "2024年上半年", "2024H1"}, {"period", "2024年下半年", "2024H2"},
        {"period", "2024-05", "2024-05"}, {"period", "2024/5", "2024-05"}, {"period", "2024.5", "2024-05"}, {"period", "202405", "2024-05"}, {"period", "2024年5月", "2024-05"}, {"period", "2024年05月份", "2024-05"},
        {"period", "2024Q5", NULL, "不是期别"}, {"period", "2024-13", NULL, "不是期别"}, {"period", "24年", NULL, "不是期别"}, {"period", "2024年五季度", NULL, "不是期别"}, {"period", "20245", NULL, "不是期别"},
        {"period", "2024-05-01", NULL, "不是期别"}, {"period", "3024", NULL, "不是期别"},
    };
    check_all(*state, CASES, ARRAY_LEN(CASES));
}

static void free_texts_lose_what_cannot_be_seen(void **state)
{
    static const Case CASES[] = {
        {"name", "  敖汉架线工 ", "敖汉架线工"}, {"name", "甲\r\n乙", "甲 乙"}, {"name", "Ａ１", "Ａ１"}, {"name", "a\001b", NULL, "控制字符"}, {"name", "1.5E+17", NULL, "科学计数法"},
        {"note", "一\r\n二\r三", "一\n二\n三"}, {"note", "1.5E+17", "1.5E+17"}, {"name", "\xff", NULL, "编码不对"},
    };
    check_all(*state, CASES, ARRAY_LEN(CASES));
}

static void raw_texts_come_back_as_the_same_value(void **state)
{
    World *w = *state;
    static const char *const TYPED[][2] = {{"workers", "12000"}, {"rate", "-12.5"}, {"open", "否"}, {"born", "1999-12-31"}, {"county", "敖汉旗"},
                                           {"office", "A"}, {"parent", "9007199254740993"}, {"period", "2024年第2季度"}, {"kind", "乙类"}};
    for (size_t i = 0; i < ARRAY_LEN(TYPED); i++) {
        const Field *f = type_field(w->thing, str_c(TYPED[i][0]));
        Findings found = findings_new(w->mini.mem);
        Value a, b;
        assert_true(value_parse(w->mini.mem, w->mini.pack, f, f->id, str_c(TYPED[i][1]), NULL, &a, &found));
        assert_true(value_parse(w->mini.mem, w->mini.pack, f, f->id, value_raw(w->mini.mem, f, &a), NULL, &b, &found));
        assert_true(value_eq(f, &a, &b));
    }
}

static void values_are_shown_as_people_read_them(void **state)
{
    World *w = *state;
    static const char *const SHOWN[][3] = {
        {"workers", "1234567", "1,234,567"}, {"workers", "-999", "-999"}, {"workers", "0", "0"}, {"income", "1200.5", "¥1,200.50"}, {"income", "-0.05", "-¥0.05"}, {"rate", "1234.5", "1,234.5"},
        {"born", "2024-5-1", "2024年5月1日"}, {"open", "1", "是"}, {"kind", "a", "甲类"}, {"county", "150430", "敖汉旗"}, {"office", "A", "敖汉旗人社局"},
        {"period", "2024", "2024年"}, {"period", "2024H2", "2024年下半年"}, {"period", "2024Q3", "2024年第3季度"}, {"period", "202405", "2024年5月"}, {"name", "甲", "甲"},
    };
    for (size_t i = 0; i < ARRAY_LEN(SHOWN); i++) {
        const Field *f = type_field(w->thing, str_c(SHOWN[i][0]));
        world_set(w, SHOWN[i][0], SHOWN[i][1]);
        world_text(value_show(w->mini.mem, w->mini.pack, f, &w->v[f->index]), SHOWN[i][2]);
    }
    Value list = {.has = true, .n_rows = 3}, none = {0};
    world_text(value_show(w->mini.mem, w->mini.pack, type_field(w->thing, S("steps")), &list), "3 项");
    world_text(value_show(w->mini.mem, w->mini.pack, type_field(w->thing, S("name")), &none), "");
    world_text(value_raw(w->mini.mem, type_field(w->thing, S("income")), &(Value){.has = true, .i = -5}), "-5");
}

static void values_are_equal_by_their_kind(void **state)
{
    World *w = *state;
    const Field *name = type_field(w->thing, S("name")), *steps = type_field(w->thing, S("steps")), *n = type_field(w->thing, S("workers"));
    Value a = {.has = true, .s = S("甲")}, b = {.has = true, .s = S("甲"), .i = 9}, none = {0}, one_ = {.has = true, .i = 1};
    assert_true(value_eq(name, &a, &b));
    assert_false(value_eq(name, &a, &none));
    assert_true(value_eq(name, &none, &none));
    assert_false(value_eq(n, &one_, &(Value){.has = true, .i = 2}));
    Value c1[3] = {a, none, none}, c2[3] = {a, one_, none};
    Row r1 = {c1}, r2 = {c2};
    Value l1 = {.has = true, .rows = &r1, .n_rows = 1}, l2 = {.has = true, .rows = &r2, .n_rows = 1};
    assert_true(value_eq(steps, &l1, &l1));
    assert_false(value_eq(steps, &l1, &l2));
    assert_false(value_eq(steps, &l1, &none));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD(an_empty_text_is_an_empty_value_of_any_kind),
        WORLD(whole_numbers),
        WORLD(money_and_decimals),
        WORLD(dates),
        WORLD(yes_and_no),
        WORLD(choices_by_code_or_label),
        WORLD(regions_by_code_or_name),
        WORLD(offices_by_code_name_or_home),
        WORLD(codes_of_the_standards),
        WORLD(periods),
        WORLD(free_texts_lose_what_cannot_be_seen),
        WORLD(raw_texts_come_back_as_the_same_value),
        WORLD(values_are_shown_as_people_read_them),
        WORLD(values_are_equal_by_their_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
