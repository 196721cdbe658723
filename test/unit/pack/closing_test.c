/*
 * closing_test.c - what a pack says about closing periods: read as meant, and each fault told with file, line, column and what was expected.
 */
#include "cases.h"

#define REPORT "types/z_report.yaml"
#define REPORT_TEXT                                                                                                    \
    "type: report\n"                                                                                                   \
    "label: 月报\n"                                                                                                    \
    "fields:\n"                                                                                                        \
    "  - {id: month, kind: period, label: 月份, required: true}\n"                                                     \
    "  - {id: days, kind: int, label: 工日}\n"                                                                         \
    "  - {id: pay, kind: money, label: 工资}\n"                                                                        \
    "  - {id: rate, kind: decimal, decimals: 1, label: 比率}\n"                                                        \
    "  - {id: note, kind: text, label: 说明}\n"                                                                        \
    "  - {id: person, kind: text, label: 登录名}\n"                                                                    \
    "person: person\n"                                                                                                 \
    "states: [{id: open, label: 填写, initial: true, editable: true}, {id: done, label: 完成}]\n"                      \
    "rights:\n"                                                                                                        \
    "  clerk: {read: own, create: own, edit: own}\n"                                                                   \
    "  boss: {read: all}\n"                                                                                            \
    "closing: {by: month, sums: [days, pay, rate], level: city, close: [boss], reopen: [boss]}\n"

static const MiniFile FILES[] = {{REPORT, REPORT_TEXT}};

static void what_is_closed_and_by_whom(void **state)
{
    (void)state;
    Mini m;
    mini_load(&m, FILES, ARRAY_LEN(FILES));
    assert_non_null(m.pack);
    const RecordType *t = pack_type(m.pack, S("report"));
    const Closing *c = t->closing;
    assert_non_null(c);
    assert_ptr_equal(c->by, type_field(t, S("month")));
    assert_int_equal(c->n_sums, 3);
    assert_ptr_equal(c->sums[2], type_field(t, S("rate")));
    assert_int_equal(c->level_index, 1);
    assert_int_equal(c->n_close, 1);
    assert_true(str_eq(c->close[0], S("boss")) && str_eq(c->reopen[0], S("boss")));
    assert_null(pack_type(m.pack, S("thing"))->closing);
    mini_free(&m);
}

static void faults_of_closings(void **state)
{
    (void)state;
    static const Case CASES[] = {
        {REPORT, "level: city", "levels: city", "types/z_report.yaml:15:47: 不认识的键 levels，应为 by、sums、level、close、reopen"},
        {REPORT, "{by: month, sums: [days, pay, rate], level: city, close: [boss], reopen: [boss]}", "month", "types/z_report.yaml:15:10: "},
        {REPORT, "by: month, ", "", "types/z_report.yaml:15:10: 缺少 by，应为期别字段"},
        {REPORT, "by: month", "by: nix", "types/z_report.yaml:15:15: 没有字段 nix"},
        {REPORT, "by: month", "by: days", "types/z_report.yaml:15:15: 字段 days 不能用来关账，应为必填、谁都看得到的期别字段"},
        {REPORT, "label: 月份, required: true", "label: 月份", "types/z_report.yaml:15:15: 字段 month 不能用来关账"},
        {REPORT, "sums: [days, pay, rate], ", "", "types/z_report.yaml:15:10: sums 有 0 个字段，应为 1 到 20 个要合计的字段"},
        {REPORT, "pay, rate]", "note]", "types/z_report.yaml:15:35: 字段 note 不能合计，应为填报的整数、小数或金额"},
        {REPORT, "pay, rate]", "days]", "types/z_report.yaml:15:35: 字段 days 重复，应为只写一次"},
        {REPORT, "edit: own}", "edit: own, hide: [pay]}", "types/z_report.yaml:15:35: 字段 pay 有角色看不到，应为读得到记录的人都能看的字段"},
        {REPORT, "edit: own}", "edit: own, hide_in: {states: [open], fields: [rate]}}", "字段 rate 有角色看不到"},
        {REPORT, "level: city", "level: town", "types/z_report.yaml:15:54: 没有层级 town，应为 pack.yaml 的 levels 之一"},
        {REPORT, "level: city, ", "", "types/z_report.yaml:15:10: 缺少 level，应为合计到的层级"},
        {REPORT, "close: [boss], ", "", "types/z_report.yaml:15:10: 缺少 close，应为可以办理的角色的列表"},
        {REPORT, "close: [boss]", "close: [clerk]", "types/z_report.yaml:15:68: 角色 clerk 看不到全部记录，应为 rights 里 read: all 的角色"},
        {REPORT, "reopen: [boss]", "reopen: [nobody]", "角色 nobody 看不到全部记录"},
        {REPORT, "label: 完成}", "label: 完成, sealed: true}", "types/z_report.yaml:15:10: 类型有封存的状态，合计会透露内容，应为不用 closing"},
    };
    check_cases(CASES, ARRAY_LEN(CASES), FILES, ARRAY_LEN(FILES));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_closed_and_by_whom),
        cmocka_unit_test(faults_of_closings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
