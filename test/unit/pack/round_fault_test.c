/*
 * round_fault_test.c - each fault in what a pack says about processes with several actors, calendars, rubrics and documents is told
 * with file, line, column and what was expected.
 */
#include "cases.h"
#include "round.h"

#define CALL "types/c_call.yaml"
#define ENTRY "types/d_entry.yaml"
#define RUBRIC "rubrics/plain.yaml"
#define LETTER "documents/letter.yaml"

static void faults_of_revisions_persons_and_states(void **state)
{
    (void)state;
    static const Case CASES[] = {
        {ENTRY, "revision: 3", "revision: 0", "types/d_entry.yaml:5:11: revision 的值 0 超出范围，应为 1 到 1000"},
        {ENTRY, "person: login", "person: logins", "types/d_entry.yaml:6:9: 没有字段 logins"},
        {ENTRY, "person: login", "person: call", "types/d_entry.yaml:6:9: 字段 call 不是文字，应为写登录名的 text 字段"},
        {ENTRY, "since: 2, until: 3", "since: 4", "types/d_entry.yaml:16:47: since 的值 4 超出范围，应为 1 到 3"},
        {ENTRY, "since: 2, until: 3", "since: 3, until: 2", "types/d_entry.yaml:16:57: until 不晚于 since，应为更大的表单版次"},
        {CALL, "{id: n, kind: int,", "{id: n, kind: int, since: 1,", "since 用在这种字段上不对，应为 列表以外的 字段"},
        {ENTRY, "sealed: true}", "sealed: yes}", "sealed 的值不对，应为 true 或 false"},
        {ENTRY, "person: login\n", "", "types/d_entry.yaml:19:67: 封存的状态要知道记录属于谁，应为类型里写 person"},
        {ENTRY, "sealed: true}", "sealed: true, published: true}", "状态既封存又公开，应为 sealed 和 published 只写一个"},
        {CALL, "due: until_day, amber: 5", "amber: 5", "types/c_call.yaml:12:51: 有 amber 而没有期限，应为同时写 due"},
        {CALL, "amber: 5", "amber: 0", "amber 的值 0 超出范围，应为 1 到 60"},
        {ENTRY, "assign: true", "assign: 1", "assign 的值不对，应为 true 或 false"},
        {ENTRY, "read: mine", "read: mine, hide_in: {states: [nix], fields: [login]}", "没有状态 nix，应为 states 里的 id"},
        {ENTRY, "read: mine", "read: mine, hide_in: {fields: [login]}", "hide_in 不完整，应为 {states: [状态], fields: [字段]}"},
        {ENTRY, "read: mine", "read: his", "read 的值不对，应为 none、mine、own、below、all 之一"},
    };
    check_cases(CASES, ARRAY_LEN(CASES), ROUND, ARRAY_LEN(ROUND));
}

static void faults_of_who_takes_an_action(void **state)
{
    (void)state;
    static const Case CASES[] = {
        {CALL, "roles: [boss]\n", "at_holder: true\n", "缺少 roles，应为可以办理的角色的列表（只由程序办理的写 system: true）"},
        {CALL, "need: {count: 2}", "need: {count: 1}", "types/c_call.yaml:21:19: count 的值 1 超出范围，应为 2 到 20"},
        {CALL, "need: {count: 2}", "need: {}", "types/c_call.yaml:21:11: need 的写法不对，应为 {count: 人数} 或 {each_role: true}"},
        {CALL, "need: {count: 2}", "need: {count: 2, each_role: true}", "types/c_call.yaml:21:11: need 的写法不对"},
        {CALL, "need: {count: 2}", "need: {each_role: true}", "types/c_call.yaml:21:11: 只有 1 个角色，应为 roles 里至少两个角色"},
        {CALL, "need: {count: 2}", "need: {count: 2}\n    auto: 'year > 1'", "types/c_call.yaml:21:11: 程序办理的动作没有人会签"},
        {CALL, "auto: 'today > until_day'", "auto: year", "表达式有误，应为条件"},
        {CALL, "auto: 'today > until_day'", "auto: 'today > until_da'", "没有字段 until_da"},
        {ENTRY, "system: true, then", "system: true, reason: optional, then", "程序办理的动作不能问理由，应为去掉 reason"},
        {CALL, "system: true, auto", "roles: [boss], reason: required, auto", "程序会自动办理，没有人填写理由"},
        {ENTRY, "system: true, ask", "system: true, auto: 'year > 1', ask", "程序会自动办理，没有人填写“得分”，应为不是必填"},
        {CALL, "snapshot: true", "snapshot: 是", "snapshot 的值不对，应为 true 或 false"},
        {CALL, "{manual: true, say", "{say", "缺少 expr，应为条件表达式"},
        {CALL, "links:", "checks: [{id: x, manual: true, say: 看}]\nlinks:", "types/c_call.yaml:9:26: manual 用在检查上不对"},
        {CALL, "{to: clerk, text", "{to: clerks, text", "没有接收人 clerks，应为 owner、holder、parent、top、person、creator 或一个角色"},
        {CALL, "{to: clerk, text", "{to: person, text", "不知道记录属于谁，应为类型里写 person"},
        {CALL, "{to: clerk, text: 已到期}", "{to: clerk}", "缺少 text，应为文字"},
    };
    check_cases(CASES, ARRAY_LEN(CASES), ROUND, ARRAY_LEN(ROUND));
}

static void faults_of_actions_on_other_records(void **state)
{
    (void)state;
    static const Case CASES[] = {
        {CALL, "{link: entries, where", "{link: entry, where", "types/c_call.yaml:25:19: 没有关联 entry，应为 call 的 links 里的 id"},
        {CALL, "{link: entries, where", "{where", "then 的写法不对，应为 link（指向本记录的那些）或 via（本记录指向的那个）之一"},
        {CALL, "{link: entries, where", "{link: entries, via: name, where", "then 的写法不对"},
        {ENTRY, "{via: call,", "{via: year,", "字段 year 不指向别的记录，应为 ref 字段"},
        {ENTRY, "{via: call,", "{via: cal,", "没有字段 cal，应为 entry 的字段"},
        {CALL, "action: win", "action: wins", "没有办理动作 wins，应为 entry 的 actions 里的 id"},
        {CALL, "action: win, reason: 结果已公布", "action: back", "动作 back 必须有理由，应为写上 reason"},
        {CALL, "action: win", "action: score", "动作 score 要填写“得分”，程序不能代填"},
        {ENTRY, "action: lapse", "action: close", "动作 close 要几个人会签，程序不能代办"},
        {CALL, "and year = outer.year", "and years = outer.year", "没有字段 years，应为 entry 的字段"},
        {CALL, "state = 'sent' and year = outer.year", "state = 'open'", "types/c_call.yaml:25:44: 表达式有误：第 9 个字符处没有状态 open"},
        {CALL, "{type: entry, where", "{type: entri, where", "没有记录类型 entri"},
        {CALL, "make: [{type: ticket,", "make: [{type: ticket, each_org: county,", "each 和 each_org 不能一起写"},
        {CALL, "year: outer.year}}", "year: outer.years}}", "表达式有误"},
        {CALL, "{entry: self,", "{entries: self,", "不能写字段 entries，应为 ticket 的普通字段"},
        {CALL, "call = outer.self", "call", "表达式有误，应为条件"},
    };
    check_cases(CASES, ARRAY_LEN(CASES), ROUND, ARRAY_LEN(ROUND));
}

static void faults_of_public_forms(void **state)
{
    (void)state;
    static const Case CASES[] = {
        {ENTRY, "title: 公众推荐", "titel: 公众推荐", "不认识的键 titel，应为 title、intro、fields"},
        {ENTRY, "fields: [name, phone, county]", "fields: []", "缺少 fields，应为要填写的字段的列表"},
        {ENTRY, "fields: [name, phone, county]", "fields: [phone]", "必填字段 name 不在 fields 里，应为加进去、给默认值，或不是必填"},
        {ENTRY, "fields: [name, phone, county]", "fields: [name, rank]", "公众不能填写 rank"},
        {ENTRY, "fields: [name, phone, county]", "fields: [name, login]", "公众不能填写 login"},
        {ENTRY, "about: call", "about: year", "字段 year 不指向别的记录，应为 ref 字段"},
        {ENTRY, "state = 'open'", "state = 'won'", "没有状态 won"},
        {ENTRY, "  about: call\n  open_when: \"state = 'open'\"\n", "  open_when: 'year > 1'\n", "没有字段 year"},
        {ENTRY, "about: call", "owner: about", "owner: about 而没有 about"},
        {ENTRY, "fields: [name, phone, county]", "owner: region\n  fields: [name]", "owner: region 而不问区划"},
        {ENTRY, "per_hour: 3", "per_hour: 0", "per_hour 的值 0 超出范围，应为 1 到 1000"},
        {ENTRY, "  done: 已收到\n", "", "缺少 done，应为文字"},
    };
    check_cases(CASES, ARRAY_LEN(CASES), ROUND, ARRAY_LEN(ROUND));
}

static void faults_of_the_calendar(void **state)
{
    (void)state;
    static const Case CASES[] = {
        {"calendar.csv", "date,kind", "day,kind", "calendar.csv:1:1: 不认识或重复的列 day"},
        {"calendar.csv", "2026,year", "26,year", "calendar.csv:2:1: 年份 26 不对，应为 2026 的写法"},
        {"calendar.csv", "2026-10-01", "2026-10-32", "calendar.csv:3:1: 日期 2026-10-32 不对，应为 2026-05-01 的写法"},
        {"calendar.csv", "holiday", "rest", "calendar.csv:3:2: 种类 rest 不对，应为 holiday（放假）、workday（调休上班）或 year"},
        {"calendar.csv", "2026-09-20", "2026-09-21", "calendar.csv:4:1: 调休上班日 2026-09-21 不是周末，应为星期六或星期日"},
        {"calendar.csv", "2026-09-20,workday", "2026-10-01,holiday", "calendar.csv:4:1: 日期重复，应为每天、每年只写一次"},
        {"calendar.csv", "2026-09-20,workday,调休", "2026,year,", "calendar.csv:4:1: 日期重复"},
    };
    check_cases(CASES, ARRAY_LEN(CASES), ROUND, ARRAY_LEN(ROUND));
}

static void faults_of_rubrics(void **state)
{
    (void)state;
    static const Case CASES[] = {
        {RUBRIC, "trim: 1", "trims: 1", "rubrics/plain.yaml:7:1: 不认识的键 trims，应为 id、label"},
        {RUBRIC, "type: entry", "type: entri", "rubrics/plain.yaml:5:7: 没有记录类型 entri"},
        {RUBRIC, "trim: 1", "trim: 11", "rubrics/plain.yaml:7:7: trim 的值 11 超出范围，应为 0 到 10"},
        {RUBRIC, "spread: 7.5", "spread: 7.555", "rubrics/plain.yaml:8:9: spread 的值不对，应为至多两位小数的分数，如 12.5"},
        {RUBRIC, "pass: 12", "pass: 21", "rubrics/plain.yaml:9:7: pass 的分数 21 太大，应为至多 20.00"},
        {RUBRIC, "max: 10,", "max: -1,", "rubrics/plain.yaml:11:44: max 的值不对，应为至多两位小数的分数"},
        {RUBRIC, "max: 10, ", "", "rubrics/plain.yaml:11:5: 缺少 max，应为本项的满分"},
        {RUBRIC, "id: pay", "id: scale", "rubrics/plain.yaml:12:10: 评分项目 scale 重复，应为互不相同的 id"},
        {RUBRIC, "expr: workers, ", "", "rubrics/plain.yaml:11:5: expr 和 bands 要一起写"},
        {RUBRIC, "expr: workers", "expr: name", "rubrics/plain.yaml:11:54: 表达式有误，应为数"},
        {RUBRIC, "expr: workers", "expr: worker", "rubrics/plain.yaml:11:54: 表达式有误：第 1 个字符处没有字段 worker"},
        {RUBRIC, "[500, 4.25]", "[500, 10.5]", "rubrics/plain.yaml:11:85: bands 的分数 10.5 太大，应为至多 10.00"},
        {RUBRIC, "[500, 4.25]", "[0, 4.25]", "rubrics/plain.yaml:11:79: 档的起点没有往上排，应为从低到高"},
        {RUBRIC, "[500, 4.25]", "[0.5, 4.25]", "rubrics/plain.yaml:11:80: 档的起点不对，应为整数"},
        {RUBRIC, "[1000.50, 1]", "[1000.505, 1]", "档的起点不对，应为数，小数位数不多于 expr 的"},
        {RUBRIC, "[500, 4.25]", "500", "rubrics/plain.yaml:11:79: bands 的写法不对，应为 [起点, 分数]"},
        {RUBRIC, "[[0, 0], [500, 4.25], [2000, 10]]", "[]", "bands 是空的，应为至少一档"},
        {RUBRIC, "[5, 较好]", "[7.5, 较好]", "锚点的分数没有往下排，应为从高到低"},
        {RUBRIC, "[7.5, 突出]", "[8, 突出]", "anchors 的分数 8 太大，应为至多 7.50"},
        {RUBRIC, "[5, 较好]", "[5]", "anchors 的写法不对，应为 [分数, 说明]"},
        {RUBRIC, "source: 申报", "anchors: [[1, 好]]", "程序评分的项目没有锚点，应为去掉 anchors"},
        {RUBRIC, "clause: '1.1'", "clause: '9'", "没有条款 9"},
    };
    check_cases(CASES, ARRAY_LEN(CASES), ROUND, ARRAY_LEN(ROUND));
}

static void faults_of_documents(void **state)
{
    (void)state;
    static const Case CASES[] = {
        {LETTER, "layout: list", "layout: letter", "documents/letter.yaml:4:9: layout 的值不对，应为 official、form、certificate、list 之一"},
        {LETTER, "type: call", "type: cal", "documents/letter.yaml:3:7: 没有记录类型 cal"},
        {LETTER, "state = 'closed'", "state = 'shut'", "没有状态 shut"},
        {LETTER, "{{year}}", "{{years}}", "documents/letter.yaml:7:8: {{years}} 里没有字段 years，应为记录的字段，或 number、state、today"},
        {LETTER, "{{year}}", "{{year", "{{year）{{ state}} 里没有字段"},
        {LETTER, "{{ state }}", "{{ state", "title 里有 {{ 没有 }}，应为 {{字段}}"},
        {LETTER, "{{year}}", "{{guests}}", "{{guests}} 是列表，应为普通字段（列表用 table）"},
        {LETTER, "{{year}}", "{{row}}", "{{row}} 里没有字段 row"},
        {LETTER, "{{call.name}}", "{{call.nam}}", "{{call.nam}} 里没有字段 nam，应为 call 的字段，或 number、state"},
        {LETTER, "{{call.name}}", "{{call.today}}", "{{call.today}} 里没有字段 today"},
        {LETTER, "{{call.name}}", "{{year.name}}", "{{year.name}} 里的 year 不指向别的记录，应为 ref 字段"},
        {ENTRY, "ref: call,", "ref: cal,", "types/d_entry.yaml:9:32: 没有记录类型 cal"},
        {ENTRY, "ref: call,", "", "types/d_entry.yaml:9:5: 缺少 ref"},
        {LETTER, "{{call.name}}", "{{phone}}", "公开的文件里不能有个人信息 {{phone}}"},
        {CALL, "{id: who, kind: text, label: 姓名}", "{id: who, kind: text, label: 姓名, personal: true}", "personal 用在这种字段上不对，应为 列表以外的 字段"},
        {LETTER, "text: \"{{n}}\"", "text: \"{{name}}\"", "{{name}} 里没有字段 name，应为列表的列，或 number、state、today、row"},
        {LETTER, "each: entries,", "each: entry,", "没有关联 entry，应为 call 的 links 里的 id"},
        {LETTER, "list: guests,", "list: name,", "字段 name 不是列表，应为 list 字段"},
        {LETTER, "list: guests,", "", "表格的行不清楚，应为 each（关联）或 list（列表字段）之一"},
        {LETTER, "where: 'n > 1'", "where: 'm > 1'", "没有字段 m"},
        {LETTER, "where: 'year = outer.year'", "where: 'year = outer.m'", "表达式有误"},
        {LETTER, "columns: [{label: 人数, text: \"{{n}}\"}]", "columns: []", "缺少列，应为 columns 里 1 到 20 列"},
        {LETTER, "kind: heading, text: 名单", "kind: heading", "缺少 text，应为文字"},
        {LETTER, "kind: heading", "kind: headline", "kind 的值不对，应为 para、heading、fields、table、signature、note 之一"},
        {LETTER, "kind: heading, text: 名单", "text: 名单", "缺少 kind，应为 para、heading"},
        {LETTER, "kind: signature", "kind: signature, list: guests", "list 只用在表格里，应为 kind: table"},
        {LETTER, "kind: signature", "kind: signature, fields: [name]", "fields 只用在字段表里，应为 kind: fields"},
        {LETTER, "[name, until_day]", "[name, until]", "没有字段 until"},
    };
    check_cases(CASES, ARRAY_LEN(CASES), ROUND, ARRAY_LEN(ROUND));
}

static void faults_of_feature_names(void **state)
{
    (void)state;
    static const Case CASES[] = {
        {"features.yaml", "scoring.contest:", "scoring.:", "features.yaml:3:1: 功能名 scoring. 不对，应为“功能”或“功能.名称”"},
        {"features.yaml", "scoring.contest:", "scoring.a.b:", "features.yaml:3:1: 功能名 scoring.a.b 不对"},
        {"features.yaml", "scoring.contest:", "Scoring:", "features.yaml:3:1: 功能名 Scoring 不对"},
    };
    check_cases(CASES, ARRAY_LEN(CASES), ROUND, ARRAY_LEN(ROUND));
}

static void two_rubrics_or_documents_of_one_id_are_a_fault(void **state)
{
    (void)state;
    MiniFile files[ARRAY_LEN(ROUND) + 2];
    memcpy(files, ROUND, sizeof ROUND);
    files[ARRAY_LEN(ROUND)] = (MiniFile){"rubrics/second.yaml", ROUND_RUBRIC};
    files[ARRAY_LEN(ROUND) + 1] = (MiniFile){"documents/second.yaml", ROUND_LETTER};
    Mini m;
    mini_load(&m, files, ARRAY_LEN(files));
    assert_null(m.pack);
    assert_true(str_contains(m.report, S("rubrics/second.yaml:1:5: 评分表 plain 重复，应为互不相同的 id")));
    assert_true(str_contains(m.report, S("documents/second.yaml:1:5: 文件 letter 重复，应为互不相同的 id")));
    mini_free(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(faults_of_revisions_persons_and_states),
        cmocka_unit_test(faults_of_who_takes_an_action),
        cmocka_unit_test(faults_of_actions_on_other_records),
        cmocka_unit_test(faults_of_public_forms),
        cmocka_unit_test(faults_of_the_calendar),
        cmocka_unit_test(faults_of_rubrics),
        cmocka_unit_test(faults_of_documents),
        cmocka_unit_test(faults_of_feature_names),
        cmocka_unit_test(two_rubrics_or_documents_of_one_id_are_a_fault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
