/*
 * round.h - put over the small pack: a round with entries, notes and tickets, which uses every key of processes with several
 * actors, and a calendar, a rubric and a document.
 */
#pragma once

#include "mini.h"

#define ROUND_CALL                                                                                                                     \
    "type: call\n"                                                                                                                     \
    "label: 批次\n"                                                                                                                    \
    "title: name\n"                                                                                                                    \
    "fields:\n"                                                                                                                        \
    "  - {id: name, kind: text, label: 名称, required: true}\n"                                                                        \
    "  - {id: until_day, kind: date, label: 截止}\n"                                                                                   \
    "  - {id: year, kind: int, label: 年度}\n"                                                                                         \
    "  - {id: guests, kind: list, label: 来宾, fields: [{id: who, kind: text, label: 姓名}, {id: n, kind: int, label: 人数}]}\n" \
    "links: [{id: entries, label: 参评, type: entry, via: call}]\n"                                                                    \
    "states:\n"                                                                                                                        \
    "  - {id: draft, label: 草稿, initial: true, editable: true}\n"                                                                    \
    "  - {id: open, label: 开放, published: true, due: until_day, amber: 5}\n"                                                         \
    "  - {id: closed, label: 结束, published: true}\n"                                                                                 \
    "actions:\n"                                                                                                                       \
    "  - {id: open, label: 开放, from: [draft], to: open, roles: [clerk, boss], need: {each_role: true}}\n"                            \
    "  - id: close\n"                                                                                                                  \
    "    label: 结束\n"                                                                                                                \
    "    from: [open]\n"                                                                                                               \
    "    to: closed\n"                                                                                                                 \
    "    roles: [boss]\n"                                                                                                              \
    "    need: {count: 2}\n"                                                                                                           \
    "    snapshot: true\n"                                                                                                             \
    "    conditions:\n"                                                                                                                \
    "      - {manual: true, say: 材料已经当面核对}\n"                                                                                  \
    "    then: [{link: entries, where: \"state = 'sent' and year = outer.year\", action: win, reason: 结果已公布}]\n"                  \
    "    make: [{type: ticket, each: {type: entry, where: \"call = outer.self\"}, set: {entry: self, year: outer.year}}]\n"            \
    "  - {id: lapse, label: 到期, from: [open], to: closed, system: true, auto: 'today > until_day', notify: [{to: clerk, text: 已到期}]}\n"
#define ROUND_ENTRY                                                                                                                    \
    "type: entry\n"                                                                                                                    \
    "label: 参评\n"                                                                                                                    \
    "title: name\n"                                                                                                                    \
    "region: county\n"                                                                                                                 \
    "revision: 3\n"                                                                                                                    \
    "person: login\n"                                                                                                                  \
    "fields:\n"                                                                                                                        \
    "  - {id: name, kind: text, label: 名称, required: true}\n"                                                                        \
    "  - {id: call, kind: ref, ref: call, label: 批次, required: true}\n"                                                              \
    "  - {id: year, kind: int, label: 年度}\n"                                                                                         \
    "  - {id: county, kind: region, level: county, label: 旗县}\n"                                                                     \
    "  - {id: login, kind: text, label: 账号}\n"                                                                                       \
    "  - {id: workers, kind: int, label: 人数}\n"                                                                                      \
    "  - {id: income, kind: money, label: 收入}\n"                                                                                     \
    "  - {id: old, kind: text, label: 旧栏, required: true, until: 2}\n"                                                               \
    "  - {id: fresh, kind: text, label: 新栏, since: 2, until: 3}\n"                                                                   \
    "  - {id: rank, kind: int, label: 名次, read_only: true}\n"                                                                        \
    "  - {id: phone, kind: phone, label: 电话, personal: true}\n"                                                                      \
    "states:\n"                                                                                                                        \
    "  - {id: draft, label: 草稿, initial: true, editable: true, sealed: true}\n"                                                      \
    "  - {id: sent, label: 已报}\n"                                                                                                    \
    "  - {id: won, label: 入选, published: true}\n"                                                                                    \
    "actions:\n"                                                                                                                       \
    "  - {id: send, label: 报送, from: [draft], to: sent, roles: [clerk], notify: [{to: person, text: 已报送}, {to: top, text: 有新的}]}\n" \
    "  - {id: win, label: 入选, from: [sent], to: won, system: true, then: [{via: call, action: lapse}]}\n"                            \
    "  - {id: score, label: 评分, from: [sent], system: true, ask: [{id: points, kind: int, label: 得分, required: true}], set: {rank: points}}\n" \
    "  - {id: back, label: 退回, from: [sent], to: draft, roles: [boss], reason: required}\n"                                          \
    "rights:\n"                                                                                                                        \
    "  clerk: {read: mine, create: own, edit: mine, assign: true}\n"                                                                   \
    "  boss: {read: all}\n"                                                                                                            \
    "public_form:\n"                                                                                                                   \
    "  title: 公众推荐\n"                                                                                                              \
    "  intro: 说明推荐的理由\n"                                                                                                        \
    "  fields: [name, phone, county]\n"                                                                                                \
    "  about: call\n"                                                                                                                  \
    "  open_when: \"state = 'open'\"\n"                                                                                                \
    "  per_hour: 3\n"                                                                                                                  \
    "  total_per_hour: 40\n"                                                                                                                  \
    "  files: true\n"                                                                                                                  \
    "  done: 已收到\n"
#define ROUND_TICKET                                                                                                                   \
    "type: ticket\n"                                                                                                                   \
    "label: 证\n"                                                                                                                      \
    "fields:\n"                                                                                                                        \
    "  - {id: entry, kind: ref, ref: entry, label: 参评}\n"                                                                            \
    "  - {id: year, kind: int, label: 年度}\n"                                                                                         \
    "public_form: {title: 留言, fields: [year], done: 好}\n"
#define ROUND_CALENDAR                                                                                                                 \
    "date,kind,name\n"                                                                                                                 \
    "2026,year,\n"                                                                                                                     \
    "2026-10-01,holiday,国庆节\n"                                                                                                      \
    "2026-09-20,workday,调休\n"
#define ROUND_RUBRIC                                                                                                                   \
    "id: plain\n"                                                                                                                      \
    "label: 评分表（样例）\n"                                                                                                          \
    "version: '1'\n"                                                                                                                   \
    "sample: true\n"                                                                                                                   \
    "type: entry\n"                                                                                                                    \
    "source: 测试\n"                                                                                                                   \
    "trim: 1\n"                                                                                                                        \
    "spread: 7.5\n"                                                                                                                    \
    "pass: 12\n"                                                                                                                       \
    "criteria:\n"                                                                                                                      \
    "  - {id: scale, label: 规模, group: 效益, max: 10, expr: workers, bands: [[0, 0], [500, 4.25], [2000, 10]], source: 申报}\n"      \
    "  - {id: pay, label: 收入, max: 2.5, expr: income, bands: [[1000.50, 1], [2000, 2.5]]}\n"                                         \
    "  - {id: skill, label: 技能, clause: '1.1', max: 7.5, anchors: [[7.5, 突出], [5, 较好], [0, 没有]]}\n"
#define ROUND_LETTER                                                                                                                   \
    "id: letter\n"                                                                                                                     \
    "label: 公布\n"                                                                                                                    \
    "type: call\n"                                                                                                                     \
    "layout: list\n"                                                                                                                   \
    "when: \"state = 'closed'\"\n"                                                                                                     \
    "open: true\n"                                                                                                                     \
    "title: \"{{name}}（{{year}}）{{ state }}\"\n"                                                                                     \
    "date: \"{{today}}\"\n"                                                                                                            \
    "blocks:\n"                                                                                                                        \
    "  - {kind: heading, text: 名单}\n"                                                                                                \
    "  - {kind: fields, fields: [name, until_day]}\n"                                                                                  \
    "  - {kind: table, each: entries, where: 'year = outer.year', text: 表一, columns: [{label: 序号, text: \"{{row}}\"}, {label: 名称, text: \"{{name}}，{{call.name}}，{{call.state}}\", width: 3}]}\n" \
    "  - {kind: table, list: guests, where: 'n > 1', columns: [{label: 人数, text: \"{{n}}\"}]}\n"                                      \
    "  - {kind: signature}\n"
#define ROUND_FEATURES "scoring:\n  type: entry\nscoring.contest:\n  type: call\n  words: [甲, 乙]\nscoringly:\n  type: part\n"

static const MiniFile ROUND[] = {
    {"types/c_call.yaml", ROUND_CALL},     {"types/d_entry.yaml", ROUND_ENTRY}, {"types/e_ticket.yaml", ROUND_TICKET},
    {"calendar.csv", ROUND_CALENDAR},      {"rubrics/plain.yaml", ROUND_RUBRIC}, {"documents/letter.yaml", ROUND_LETTER},
    {"features.yaml", ROUND_FEATURES},
};
