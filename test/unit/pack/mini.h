/*
 * mini.h - a small whole pack for tests, written to a temporary folder; a test replaces or adds files of it.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#undef fail

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/date.h"
#include "pack/expr.h"

typedef struct {
    const char *name, *text;
} MiniFile;

#define MINI_HEAD "id: mini\ntitle: 小包\nversion: '1'\nlevels: [region, city, county]\nreserved_words: [国家]\n"
#define MINI_CLAUSES "- {id: '1', title: 总则}\n- {id: '1.1', parent: '1', title: 摸底, text: 摸清底数}\n"
#define MINI_REGIONS                                                                                                                   \
    "code,name,short,kind,level,parent,hex_col,hex_row,valid_from,valid_to,successor,flags,name_mn\n"                                  \
    "150000,内蒙古自治区,内蒙古,自治区,region,,,,,,,,\n"                                                                               \
    "150100,呼和浩特市,呼市,地级市,city,150000,,,,,,,\n"                                                                               \
    "150102,新城区,,市辖区,county,150100,3,4,,,,,\n"                                                                                   \
    "150172,经开区,,功能区,,150100,,,,,,,\n"                                                                                           \
    "150400,赤峰市,,地级市,city,150000,,,,,,,\n"                                                                                       \
    "150430,敖汉旗,敖汉,旗,county,150400,8,9,,,,key_help;farm,\n"                                                                      \
    "150402,新城区,,市辖区,county,150400,7,9,,,,,\n"                                                                                   \
    "150405,元宝山旧区,旧区,市辖区,county,150400,,,,2020-01-01,150402,,\n"                                                             \
    "150406,废弃区,,市辖区,county,150400,,,,2020-01-01,,,\n"
#define MINI_ORGS                                                                                                                      \
    "code,name,short,level,parent,region,home,valid_from,valid_to\n"                                                                   \
    "R,自治区人社厅,区厅,region,,150000,1,,\n"                                                                                         \
    "C4,赤峰市人社局,赤峰局,city,R,150400,2,,\n"                                                                                       \
    "A,敖汉旗人社局,敖汉局,county,C4,150430,3,,\n"
#define MINI_CODES                                                                                                                     \
    "kind:\n  label: 种类\n  codes:\n    - {code: a, label: 甲类, tone: sky}\n    - {code: b, label: 乙类, parent: a}\n"               \
    "level:\n  label: 级别\n  codes: [{code: city, label: 市级}, {code: nation, label: 国家级}]\n"
#define MINI_ROLES "- {id: clerk, label: 经办人, level: county}\n- {id: boss, label: 负责人, admin: true, audit: true}\n"
#define MINI_PARAMS                                                                                                                    \
    "- {id: warn_pct, label: 增幅上限, from: 2022-01-01, to: ~, value: 300, source: 示例, sample: true}\n"                             \
    "- {id: warn_pct, label: 增幅上限, region: '150400', value: 200}\n"                                                                \
    "- {id: unset, label: 未定, value: ~}\n"
#define MINI_THING                                                                                                                     \
    "type: thing\n"                                                                                                                    \
    "label: 事物\n"                                                                                                                    \
    "clause: '1.1'\n"                                                                                                                  \
    "number: TH\n"                                                                                                                     \
    "title: name\n"                                                                                                                    \
    "region: county\n"                                                                                                                 \
    "unique: [name]\n"                                                                                                                 \
    "searchable: true\n"                                                                                                               \
    "fields:\n"                                                                                                                        \
    "  - {id: name, kind: text, label: 名称, required: true, max: 10}\n"                                                               \
    "  - {id: kind, kind: code, codes: kind, label: 种类}\n"                                                                           \
    "  - {id: level, kind: code, codes: level, label: 级别}\n"                                                                         \
    "  - {id: county, kind: region, level: county, label: 旗县}\n"                                                                     \
    "  - {id: workers, kind: int, label: 人数, unit: 人, min: 0, max: 100000}\n"                                                       \
    "  - {id: certified, kind: int, label: 持证, unit: 人}\n"                                                                          \
    "  - {id: income, kind: money, label: 收入, min: 0, max: 1000.5}\n"                                                                \
    "  - {id: rate, kind: decimal, decimals: 1, label: 比率, unit: '%'}\n"                                                             \
    "  - {id: open, kind: bool, label: 公开}\n"                                                                                        \
    "  - {id: born, kind: date, label: 成立, min: 1950-01-01}\n"                                                                       \
    "  - {id: ended, kind: date, label: 结束, show_when: 'born is not empty', require_when: \"kind = 'b'\"}\n"                         \
    "  - {id: phone, kind: phone, label: 电话, personal: true}\n"                                                                      \
    "  - {id: uscc, kind: uscc, label: 信用代码}\n"                                                                                    \
    "  - {id: docno, kind: docno, label: 文号}\n"                                                                                      \
    "  - {id: period, kind: period, label: 期别}\n"                                                                                    \
    "  - {id: office, kind: org, label: 单位}\n"                                                                                       \
    "  - {id: parent, kind: ref, ref: thing, label: 上级}\n"                                                                           \
    "  - {id: idno, kind: idnumber, personal: true, label: 身份证号}\n"                                                                \
    "  - {id: note, kind: long, label: 备注, max: 20}\n"                                                                               \
    "  - {id: latest_n, kind: int, label: 最新数, computed: {latest: parts.n, by: period}}\n"                                          \
    "  - id: steps\n"                                                                                                                  \
    "    kind: list\n"                                                                                                                 \
    "    label: 措施\n"                                                                                                                \
    "    fields:\n"                                                                                                                    \
    "      - {id: what, kind: text, label: 内容, required: true, max: 5}\n"                                                            \
    "      - {id: cost, kind: money, label: 费用, require_when: 'done = true'}\n"                                                      \
    "      - {id: done, kind: bool, label: 完成}\n"                                                                                    \
    "links: [{id: parts, label: 分项, type: part, via: thing}]\n"                                                                      \
    "list: {columns: [name, kind], filters: [kind], facets: [kind], orders: [workers]}\n"                                              \
    "public: [name, kind]\n"                                                                                                           \
    "checks:\n"                                                                                                                        \
    "  - {id: cert, fields: [certified], expr: 'certified <= workers', say: 持证人数不能多于人数, clause: '1.1'}\n"                    \
    "  - {id: growth, level: warn, when: 'open = true', expr: \"workers * 100 <= previous(workers) * param('warn_pct')\", say: 增幅过大}\n" \
    "states:\n"                                                                                                                        \
    "  - {id: draft, label: 草稿, tone: grey, initial: true, editable: true}\n"                                                        \
    "  - {id: at_city, label: 市审}\n"                                                                                                 \
    "  - {id: at_region, label: 区审}\n"                                                                                               \
    "  - {id: published, label: 已发布, published: true, public_text: 纳入目录, due: ended}\n"                                         \
    "actions:\n"                                                                                                                       \
    "  - id: submit\n"                                                                                                                 \
    "    label: 提交\n"                                                                                                                \
    "    from: [draft]\n"                                                                                                              \
    "    to: {city: at_city, region: at_region}\n"                                                                                     \
    "    holder: parent\n"                                                                                                             \
    "    roles: [clerk]\n"                                                                                                             \
    "    reason: required\n"                                                                                                           \
    "    phrases: [材料齐全]\n"                                                                                                        \
    "    ask: [{id: due, kind: date, label: 期限, required: true}]\n"                                                                  \
    "    conditions: [{expr: 'count(parts) >= 1', say: 至少一个分项}]\n"                                                               \
    "    set: {level: \"'city'\", ended: due}\n"                                                                                       \
    "    make: [{type: part, each_org: county, set: {thing: self, n: workers}}]\n"                                                     \
    "rights:\n"                                                                                                                        \
    "  clerk: {read: own, create: own, edit: own, export: true, hide: [idno]}\n"                                                       \
    "  boss: {read: below, history: true}\n"                                                                                           \
    "sheet: {id: survey, label: 表, columns: [name, parts.n], key: [name], beside: {link: parts, key: [period]}, notes: [说明]}\n"
#define MINI_PART                                                                                                                      \
    "type: part\n"                                                                                                                     \
    "label: 分项\n"                                                                                                                    \
    "fields:\n"                                                                                                                        \
    "  - {id: thing, kind: ref, ref: thing, label: 事物}\n"                                                                            \
    "  - {id: period, kind: period, label: 期别}\n"                                                                                    \
    "  - {id: n, kind: int, label: 数量}\n"                                                                                            \
    "  - {id: pay, kind: money, label: 金额}\n"                                                                                        \
    "  - {id: day, kind: date, label: 日期}\n"                                                                                         \
    "  - {id: kind, kind: code, codes: kind, label: 种类}\n"                                                                           \
    "  - {id: open, kind: bool, label: 公开}\n"
#define MINI_TARGETS                                                                                                                   \
    "- {id: each, label: 一县一个, clause: '1.1', set: counties, type: thing, where: \"state = 'published'\", goal: 50, due: 2025-12-31}\n" \
    "- {id: more, label: 新增, type: thing, goal: 5, increment: true, baseline: ~}\n"
#define MINI_SETS "- {id: counties, label: 全部旗县, level: county, not_kinds: [镇]}\n- {id: key, label: 重点, flag: key_help, except: ['150402']}\n"
#define MINI_MENU "- {group: 工作, label: 台账, href: /r/thing, icon: list, roles: [clerk]}\n"
#define MINI_FEATURES "naming:\n  words: [甲, 乙]\n  pattern: x\n"

static const MiniFile MINI[] = {
    {"pack.yaml", MINI_HEAD},       {"clauses.yaml", MINI_CLAUSES}, {"regions.csv", MINI_REGIONS},     {"orgs.csv", MINI_ORGS},
    {"codes.yaml", MINI_CODES},     {"roles.yaml", MINI_ROLES},     {"params.yaml", MINI_PARAMS},      {"types/a_thing.yaml", MINI_THING},
    {"types/b_part.yaml", MINI_PART}, {"targets.yaml", MINI_TARGETS}, {"sets.yaml", MINI_SETS},        {"menu.yaml", MINI_MENU},
    {"features.yaml", MINI_FEATURES},
};

typedef struct {
    Arena *mem;
    Cx cx;
    char dir[64];
    const Pack *pack;
    Str report;
} Mini;

static inline void mini_write(const char *dir, const char *name, const char *text, size_t n)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, n, f), n);
    fclose(f);
}

static inline int mini_remove(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st, (void)flag, (void)ftw;
    return remove(path);
}

/* mini_load - the pack with `files` put over it (text NULL: left out). */
static inline void mini_load(Mini *m, const MiniFile *files, size_t n)
{
    *m = (Mini){.mem = arena_new(0), .report = S("")};
    cx_init(&m->cx, m->mem);
    snprintf(m->dir, sizeof m->dir, "/tmp/tamga-pack-XXXXXX");
    assert_non_null(mkdtemp(m->dir));
    static const char *const FOLDERS[] = {"types", "rubrics", "documents"};
    for (size_t i = 0; i < ARRAY_LEN(FOLDERS); i++) {
        char folder[80];
        snprintf(folder, sizeof folder, "%s/%s", m->dir, FOLDERS[i]);
        assert_int_equal(mkdir(folder, 0700), 0);
    }
    for (size_t i = 0; i < ARRAY_LEN(MINI); i++) {
        bool replaced = false;
        for (size_t k = 0; k < n; k++) {
            replaced = replaced || strcmp(files[k].name, MINI[i].name) == 0;
        }
        if (!replaced) {
            mini_write(m->dir, MINI[i].name, MINI[i].text, strlen(MINI[i].text));
        }
    }
    for (size_t k = 0; k < n; k++) {
        if (files[k].text != NULL) {
            mini_write(m->dir, files[k].name, files[k].text, strlen(files[k].text));
        }
    }
    m->pack = pack_load(&m->cx, m->mem, m->dir, &m->report);
}

static inline void mini_free(Mini *m)
{
    nftw(m->dir, mini_remove, 8, FTW_DEPTH | FTW_PHYS);
    arena_free(m->mem);
}

/* mini_ok - the whole pack, which has no fault. */
static inline void mini_ok(Mini *m)
{
    mini_load(m, NULL, 0);
    if (m->pack == NULL) {
        print_error("%.*s", STRF(m->report));
    }
    assert_non_null(m->pack);
}
