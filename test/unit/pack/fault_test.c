/*
 * fault_test.c - each kind of fault in a pack is told with file, line, column and what was expected.
 */
#include "base/buf.h"
#include "cases.h"

static void faults_of_the_yaml_itself(void **state)
{
    (void)state;
    static const Case CASES[] = {
        {"pack.yaml", "title: 小包", "title: &a 小包", "pack.yaml:2:8: 不接受锚点"},
        {"pack.yaml", "title: 小包", "title: *a", "pack.yaml:2:8: 不接受别名"},
        {"pack.yaml", "title: 小包", "title: !!str 小包", "pack.yaml:2:8: 不接受类型标记"},
        {"pack.yaml", "title: 小包", "id: two", "pack.yaml:2:1: 键 id 重复，应为每个键只写一次"},
        {"pack.yaml", "title: 小包", "title: [a", "pack.yaml:3:"},
        {"pack.yaml", "title: 小包", "\ttitle: x", "pack.yaml:2:1: YAML 写法不对"},
        {"pack.yaml", "title: 小包", "title: \"a\\0b\"", "pack.yaml:2:8: 文字里有不能用的字符"},
        {"pack.yaml", "reserved_words: [国家]\n", "---\nid: x\n", "pack.yaml:5:1: 一个文件只能有一份文档"},
        {"pack.yaml", "title: 小包", "? [a]\n: b", "pack.yaml:2:3: 键应为文字"},
        {"pack.yaml", "title: 小包", "title: [[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]", "pack.yaml:2:27: 层次太深，应在 20 层以内"},
    };
    check_cases(CASES, ARRAY_LEN(CASES), NULL, 0);
}

static void faults_of_keys_and_values(void **state)
{
    (void)state;
    static const Case CASES[] = {
        {"pack.yaml", "title: 小包", "tittle: 小包", "pack.yaml:2:1: 不认识的键 tittle，应为 id、title、subtitle、version"},
        {"pack.yaml", "title: 小包", "title: 小包\ntittle: 小包", "pack.yaml:3:1: 不认识的键 tittle"},
        {"pack.yaml", "title: 小包\n", "", "pack.yaml:1:1: 缺少 title，应为文字"},
        {"pack.yaml", "title: 小包", "title: [a]", "pack.yaml:2:8: title 不对，应为文字"},
        {"pack.yaml", "id: mini", "id: Mini", "pack.yaml:1:5: id 的写法不对，应为小写字母开头的标识"},
        {"pack.yaml", "[region, city, county]", "[region, region]", "pack.yaml:4:9: 层级 region 不对，应为互不相同的小写标识"},
        {"pack.yaml", "[region, city, county]", "~", "pack.yaml:1:1: levels 有 0 级，应为 1 到 8 级"},
        {"pack.yaml", "[region, city, county]", "region", "pack.yaml:4:9: levels 的写法不对，应为列表"},
        {"roles.yaml", "admin: true", "admin: yes", "roles.yaml:2:33: admin 的值不对，应为 true 或 false"},
        {"roles.yaml", "level: county", "level: town", "roles.yaml:1:34: 没有层级 town，应为 pack.yaml 的 levels 之一"},
        {"roles.yaml", "id: boss", "id: clerk", "roles.yaml:2:3: 角色 clerk 重复"},
        {"codes.yaml", "tone: sky", "tone: blue", "codes.yaml:4:34: tone 的值不对，应为 grey、sky、grass、gold、red 之一"},
        {"codes.yaml", "parent: a", "parent: z", "codes.yaml:5:36: 没有上级代码 z，应为本列表里的代码"},
        {"codes.yaml", "{code: b,", "{code: a,", "codes.yaml:5:7: 代码 a 重复"},
        {"codes.yaml", "codes: [{code: city", "file: ../x.csv\n  codes: [{code: city", "codes.yaml:7:3: 代码表 level 不对，应为 codes 或 file 之一"},
        {"codes.yaml", "codes: [{code: city, label: 市级}, {code: nation, label: 国家级}]", "file: ../x.csv", "codes.yaml:8:9: 文件名不对"},
        {"codes.yaml", "codes: [{code: city, label: 市级}, {code: nation, label: 国家级}]", "file: x.csv", "codes.yaml:8:9: 没有文件 x.csv"},
        {"clauses.yaml", "parent: '1'", "parent: '2'", "clauses.yaml:2:23: 没有上级条款 2，应为本文件里的条款"},
        {"clauses.yaml", "id: '1.1'", "id: '1'", "clauses.yaml:2:3: 条款 1 重复"},
        {"params.yaml", "value: 300", "value: 3.5", "params.yaml:1:63: value 的值不对，应为整数"},
        {"params.yaml", "value: 300, ", "", "params.yaml:1:3: 缺少 value，应为整数，不知道时写 ~"},
        {"params.yaml", "from: 2022-01-01", "from: 2022-1-1", "params.yaml:1:37: from 的日期不对，应为 2024-05-01 的写法"},
        {"params.yaml", "region: '150400'", "region: '150499'", "params.yaml:2:39: 没有区划 150499"},
        {"targets.yaml", "set: counties", "set: towns", "targets.yaml:1:47: 没有区划集合 towns，应为 sets.yaml 里的 id"},
        {"targets.yaml", "type: thing", "type: thin", "targets.yaml:1:63: 没有记录类型 thin，应为 types/ 里的类型"},
        {"targets.yaml", "goal: 50", "goal: 500", "targets.yaml:1:106: goal 是占集合的百分数，应为 0 到 100"},
        {"targets.yaml", "id: more", "id: each", "targets.yaml:2:3: 目标 each 重复"},
        {"targets.yaml", "clause: '1.1'", "clause: '9'", "targets.yaml:1:35: 没有条款 9，应为 clauses.yaml 里的条款编号"},
        {"sets.yaml", "flag: key_help", "flag: nothing", "sets.yaml:2:3: 集合 key 里没有区划，应为至少一个"},
        {"sets.yaml", "['150402']", "['9']", "sets.yaml:2:49: 没有区划 9"},
        {"menu.yaml", "href: /r/thing", "href: http://x", "menu.yaml:1:32: href 不对，应为以 / 开头的站内地址"},
        {"menu.yaml", "roles: [clerk]", "roles: [clerc]", "menu.yaml:1:62: 没有角色 clerc，应为 roles.yaml 里的 id"},
        {"features.yaml", "pattern: x", "pattern: {a: b}", "features.yaml:3:12: pattern 的值不对，应为文字或文字的列表"},
    };
    check_cases(CASES, ARRAY_LEN(CASES), NULL, 0);
}

static void faults_of_the_csv_files_name_line_and_cell(void **state)
{
    (void)state;
    static const Case CASES[] = {
        {"regions.csv", "code,name,short", "code,nom,short", "regions.csv:1:2: 不认识或重复的列 nom"},
        {"regions.csv", "code,name,short", "code,nom,short", "regions.csv:1:1: 缺少列 name，应为第一行列出全部列名"},
        {"regions.csv", "150102,新城区", "150100,新城区", "regions.csv:4:1: 区划代码 150100 重复"},
        {"regions.csv", "旗,county,150400", "旗,town,150400", "regions.csv:7:5: 没有层级 town"},
        {"regions.csv", "旗,county,150400", "旗,county,150499", "regions.csv:7:6: 没有上级区划 150499，应为本文件里的代码"},
        {"regions.csv", "自治区,region,,", "自治区,region,150430,", "regions.csv:2:6: 上级区划绕成了圈，应为一棵树"},
        {"regions.csv", "150400,8,9", "150400,x,9", "regions.csv:7:7: 数 x 不对，应为 0 到 999 的整数"},
        {"regions.csv", "2020-01-01,150402", "2020-13-01,150402", "regions.csv:9:10: 日期 2020-13-01 不对"},
        {"regions.csv", "2020-01-01,150402", "2020-01-01,150409", "regions.csv:9:11: 没有接替的区划 150409"},
        {"orgs.csv", "150400,2", "150499,2", "orgs.csv:3:6: 没有区划 150499，应为 regions.csv 里的代码"},
        {"orgs.csv", "150400,2", "150400,1", "orgs.csv:3:7: home 1 重复"},
        {"orgs.csv", "150400,2", "150400,9000", "orgs.csv:3:7: 数 9000 不对，应为 1 到 8191 的整数"},
        {"orgs.csv", "150400,2", "150400,", "orgs.csv:3:7: 缺少 home"},
        {"orgs.csv", "city,R", "city,A", "orgs.csv:3:5: 上级机构 A 的层级不比本机构高"},
        {"orgs.csv", "city,R", "city,X", "orgs.csv:3:5: 没有上级机构 X"},
        {"orgs.csv", "A,敖汉旗", "C4,敖汉旗", "orgs.csv:4:1: 机构代码 C4 重复"},
    };
    check_cases(CASES, ARRAY_LEN(CASES), NULL, 0);
}

static void faults_of_fields(void **state)
{
    (void)state;
    static const Case CASES[] = {
        {"types/a_thing.yaml", "kind: text, label: 名称", "kind: string, label: 名称", "types/a_thing.yaml:10:22: kind 的值不对，应为 text、long、int"},
        {"types/a_thing.yaml", "kind: text, label: 名称", "label: 名称", "types/a_thing.yaml:10:5: 缺少 kind"},
        {"types/a_thing.yaml", "id: workers", "id: level", "types/a_thing.yaml:14:10: 字段 level 重复"},
        {"types/a_thing.yaml", "id: workers", "id: today", "types/a_thing.yaml:14:10: today 是表达式用的词，应为别的标识"},
        {"types/a_thing.yaml", "codes: kind", "codes: kinds", "types/a_thing.yaml:11:35: 没有代码表 kinds，应为 codes.yaml 里的列表"},
        {"types/a_thing.yaml", "kind: code, codes: kind", "kind: code", "types/a_thing.yaml:11:5: 缺少 codes，应为文字"},
        {"types/a_thing.yaml", "min: 0, max: 100000", "min: 9, max: 1", "types/a_thing.yaml:14:55: min 大于 max"},
        {"types/a_thing.yaml", "min: 0, max: 100000", "max: 1.5", "types/a_thing.yaml:14:55: max 的值不对，应为整数"},
        {"types/a_thing.yaml", "max: 1000.5", "max: 1000.555", "types/a_thing.yaml:16:55: max 的值不对，应为数"},
        {"types/a_thing.yaml", "kind: bool, label", "kind: bool, max: 3, label", "types/a_thing.yaml:18:28: max 用在这种字段上不对，应为 数、日期和文字 字段"},
        {"types/a_thing.yaml", "kind: bool, label", "kind: bool, codes: kind, label", "types/a_thing.yaml:18:28: codes 用在这种字段上不对，应为 code 字段"},
        {"types/a_thing.yaml", "ref: thing, label", "ref: thin, label", "types/a_thing.yaml:26:34: 没有记录类型 thin"},
        {"types/a_thing.yaml", "level: county", "level: town", "types/a_thing.yaml:13:39: 没有层级 town"},
        {"types/a_thing.yaml", "kind: idnumber, personal: true", "kind: idnumber", "types/a_thing.yaml:27:5: 身份证号字段没有标明个人信息，应为 personal: true"},
        {"types/a_thing.yaml", "{latest: parts.n,", "{latest: part.n,", "types/a_thing.yaml:29:62: 没有关联 part"},
        {"types/a_thing.yaml", "{latest: parts.n,", "{latest: parts.pay,", "types/a_thing.yaml:29:62: 字段 pay 的种类与本字段不同，应为 int"},
        {"types/a_thing.yaml", "by: period}", "by: n}", "types/a_thing.yaml:29:75: by 不对，应为期别或日期字段"},
        {"types/a_thing.yaml", "kind: bool, label: 完成", "kind: list, label: 完成", "types/a_thing.yaml:36:9: 列表里不能再有列表"},
        {"types/a_thing.yaml", "title: name", "title: nam", "types/a_thing.yaml:5:8: 没有字段 nam，应为 thing 的字段"},
        {"types/a_thing.yaml", "region: county\n", "region: name\n", "types/a_thing.yaml:6:9: 字段 name 不是区划"},
        {"types/a_thing.yaml", "number: TH", "number: th", "types/a_thing.yaml:4:9: number 不对，应为至多 8 个大写字母"},
        {"types/a_thing.yaml", "label: 事物", "label: 事物\nplacement: cloud", "types/a_thing.yaml:3:12: placement 的值不对，应为 reference、home、local 之一"},
        {"types/b_part.yaml", "type: part", "type: thing", "types/b_part.yaml:1:7: 记录类型 thing 重复"},
        {"types/b_part.yaml", "fields:\n", "field:\n", "types/b_part.yaml:1:1: 缺少 fields，应为至少一个字段"},
    };
    check_cases(CASES, ARRAY_LEN(CASES), NULL, 0);
}

static void faults_of_links_lists_flows_rights_and_sheets(void **state)
{
    (void)state;
    static const Case CASES[] = {
        {"types/a_thing.yaml", "via: thing", "via: n", "types/a_thing.yaml:37:49: 字段 n 不指向 thing，应为指向它的 ref 字段"},
        {"types/a_thing.yaml", "type: part, via", "type: par, via", "types/a_thing.yaml:37:38: 没有记录类型 par"},
        {"types/a_thing.yaml", "columns: [name, kind]", "columns: [name, king]", "types/a_thing.yaml:38:24: 没有字段 king，应为 thing 的字段"},
        {"types/a_thing.yaml", "columns: [name, kind]", "columns: [name, name]", "types/a_thing.yaml:38:24: 字段 name 在 columns 里重复"},
        {"types/a_thing.yaml", "public: [name, kind]", "public: [name, phone]", "types/a_thing.yaml:39:16: public 里不能有个人信息或列表字段 phone"},
        {"types/a_thing.yaml", "id: at_city, label", "id: draft, label", "types/a_thing.yaml:45:10: 状态 draft 重复"},
        {"types/a_thing.yaml", "initial: true, ", "", "types/a_thing.yaml:44:3: 有 0 个初始状态，应为恰好一个 initial: true"},
        {"types/a_thing.yaml", "due: ended", "due: name", "types/a_thing.yaml:47:74: 字段 name 不是日期，应为 date 字段"},
        {"types/a_thing.yaml", "from: [draft]", "from: [drat]", "types/a_thing.yaml:51:12: 没有状态 drat，应为 states 里的 id"},
        {"types/a_thing.yaml", "{city: at_city,", "{town: at_city,", "types/a_thing.yaml:52:10: 没有层级 town"},
        {"types/a_thing.yaml", "holder: parent", "holder: child", "types/a_thing.yaml:53:13: holder 的值不对，应为 same、owner、parent、top 之一"},
        {"types/a_thing.yaml", "roles: [clerk]", "roles: [clerc]", "types/a_thing.yaml:54:13: 没有角色 clerc"},
        {"types/a_thing.yaml", "reason: required", "reason: none", "types/a_thing.yaml:56:14: 有常用语而不问理由"},
        {"types/a_thing.yaml", "{level: \"'city'\"", "{lvl: \"'city'\"", "types/a_thing.yaml:59:11: 不能写字段 lvl，应为 thing 的普通字段"},
        {"types/a_thing.yaml", "{level: \"'city'\"", "{latest_n: \"1\"", "types/a_thing.yaml:59:11: 不能写字段 latest_n"},
        {"types/a_thing.yaml", "{level: \"'city'\"", "{level: \"'town'\"", "types/a_thing.yaml:59:18: 表达式的值放不进“级别”，应为代码表 level 里的代码"},
        {"types/a_thing.yaml", "{level: \"'city'\"", "{level: workers", "types/a_thing.yaml:59:18: 表达式的值放不进“级别”，应为文字"},
        {"types/a_thing.yaml", "thing: self", "thing: workers", "types/a_thing.yaml:60:56: 表达式的值放不进“事物”，应为self 或同类字段"},
        {"types/a_thing.yaml", "{type: part, each_org", "{type: par, each_org", "types/a_thing.yaml:60:19: 没有记录类型 par"},
        {"types/a_thing.yaml", "  boss: {read", "  bos: {read", "types/a_thing.yaml:63:3: 没有角色 bos，应为 roles.yaml 里的 id"},
        {"types/a_thing.yaml", "read: below", "read: everything", "types/a_thing.yaml:63:16: read 的值不对，应为 none、mine、own、below、all 之一"},
        {"types/a_thing.yaml", "parts.n]", "bits.n]", "types/a_thing.yaml:64:47: 没有并列的关联 bits，应为 beside 里的 link"},
        {"types/a_thing.yaml", "parts.n]", "steps]", "types/a_thing.yaml:64:47: 列表字段 steps 不能作一列"},
        {"types/a_thing.yaml", "{link: parts", "{link: bits", "types/a_thing.yaml:64:85: 没有关联 bits"},
        {"types/a_thing.yaml", "{id: growth,", "{id: cert,", "types/a_thing.yaml:42:10: 检查 cert 重复"},
    };
    check_cases(CASES, ARRAY_LEN(CASES), NULL, 0);
}

static void faults_of_expressions_point_into_the_expression(void **state)
{
    (void)state;
    static const Case CASES[] = {
        {"types/a_thing.yaml", "expr: 'certified <= workers'", "expr: 'certified <= worker'", "types/a_thing.yaml:41:57: 表达式有误：第 14 个字符处没有字段 worker"},
        {"types/a_thing.yaml", "expr: 'certified <= workers'", "expr: certified", "types/a_thing.yaml:41:43: 表达式有误，应为条件"},
        {"types/a_thing.yaml", "'open = true'", "'open = 1'", "types/a_thing.yaml:42:43: 表达式有误：第 6 个字符处条件不能与数比较"},
        {"targets.yaml", "state = 'published'", "state = 'publish'", "targets.yaml:1:86: 表达式有误：第 9 个字符处没有状态 publish"},
        {"types/a_thing.yaml", "show_when: 'born is not empty'", "show_when: 'born is blank'", "types/a_thing.yaml:20:60: 表达式有误：第 9 个字符处这里不对，应为 is empty 或 is not empty"},
        {"types/a_thing.yaml", "'done = true'", "'don = true'", "types/a_thing.yaml:35:59: 表达式有误：第 1 个字符处没有字段 don，应为 thing 的字段"},
    };
    check_cases(CASES, ARRAY_LEN(CASES), NULL, 0);
}

static void missing_and_unknown_files_are_faults(void **state)
{
    (void)state;
    static const struct {
        MiniFile file;
        const char *want;
    } CASES[] = {
        {{"pack.yaml", NULL}, "pack.yaml:1:1: 缺少文件"},
        {{"regions.csv", NULL}, "regions.csv:1:1: 缺少文件"},
        {{"orgs.csv", NULL}, "orgs.csv:1:1: 缺少文件"},
        {{"rolls.yaml", "- {}\n"}, "rolls.yaml:1:1: 不认识的文件"},
        {{"regions.csv", ""}, "regions.csv:1:1: 文件是空的"},
        {{"types/c.yaml", "- a\n"}, "types/c.yaml:1:1: 应为“键: 值”的表"},
        {{"roles.yaml", "clerk: {}\n"}, "roles.yaml:1:1: 应为“- 项”的列表"},
        {{"pack.yaml", "id: \xff\n"}, "pack.yaml:"},
    };
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        Mini m;
        mini_load(&m, &CASES[i].file, 1);
        if (!str_contains(m.report, str_c(CASES[i].want))) {
            print_error("want %s got\n%.*s", CASES[i].want, STRF(m.report));
        }
        assert_null(m.pack);
        assert_true(str_contains(m.report, str_c(CASES[i].want)));
        mini_free(&m);
    }
}

static void a_folder_that_is_not_there_is_a_failure(void **state)
{
    (void)state;
    Arena *a = arena_new(0);
    Cx cx;
    cx_init(&cx, a);
    Str report;
    assert_null(pack_load(&cx, a, "/nonexistent/tamga", &report));
    assert_int_equal(cx.err, E_PACK);
    assert_true(str_contains(report, S("types:1:1: 没有记录类型")));
    arena_free(a);
}

static void a_file_over_the_limits_is_refused(void **state)
{
    (void)state;
    Arena *a = arena_new(0);
    Buf big = buf_new(a, 4 << 20), many = buf_new(a, 4 << 20);
    while (big.n <= 1 << 20) {
        buf_add(&big, S("# 很长的注释，一行又一行\n"));
    }
    buf_add(&many, S("naming:\n  words: ["));
    for (int i = 0; i < 200100; i++) {
        buf_add(&many, S("1,"));
    }
    buf_add(&many, S("1]\n"));
    Mini m;
    mini_load(&m, &(MiniFile){"features.yaml", buf_str(&big).p}, 1);
    assert_true(str_contains(m.report, S("features.yaml:1:1: 文件太大，应在 1024 KiB 以内")));
    mini_free(&m);
    mini_load(&m, &(MiniFile){"features.yaml", buf_str(&many).p}, 1);
    assert_true(str_contains(m.report, S("features.yaml:2:")));
    assert_true(str_contains(m.report, S("内容太多，应在 200000 项以内")));
    mini_free(&m);
    arena_free(a);
}

static void at_most_fifty_faults_are_listed(void **state)
{
    (void)state;
    Arena *a = arena_new(0);
    Buf b = buf_new(a, 65536);
    for (int i = 0; i < 80; i++) {
        buf_add(&b, S("- {nothing: 1}\n"));
    }
    Mini m;
    mini_load(&m, &(MiniFile){"menu.yaml", buf_str(&b).p}, 1);
    size_t lines = 0;
    for (size_t i = 0; i < m.report.n; i++) {
        lines += m.report.p[i] == '\n';
    }
    assert_int_equal(lines, 51);
    assert_true(str_contains(m.report, S("还有 190 处没有列出")));
    mini_free(&m);
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(faults_of_the_yaml_itself),
        cmocka_unit_test(faults_of_keys_and_values),
        cmocka_unit_test(faults_of_the_csv_files_name_line_and_cell),
        cmocka_unit_test(faults_of_fields),
        cmocka_unit_test(faults_of_links_lists_flows_rights_and_sheets),
        cmocka_unit_test(faults_of_expressions_point_into_the_expression),
        cmocka_unit_test(missing_and_unknown_files_are_faults),
        cmocka_unit_test(a_folder_that_is_not_there_is_a_failure),
        cmocka_unit_test(a_file_over_the_limits_is_refused),
        cmocka_unit_test(at_most_fifty_faults_are_listed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
