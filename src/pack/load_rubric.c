/*
 * load_rubric.c - rubrics/: how entries are scored. Points are written as 12.5 and kept times 100.
 */
#include "fmt/crypt.h"
#include "pack/load.h"

#define POINTS_MAX 100000 /* 1,000 points */

static bool points_of(Loader *l, const Node *n, const char *what, int32_t max, int32_t *ret)
{
    int64_t v;
    if (n->kind != NODE_TEXT || n->text.n == 0 || !scaled(n->text, 2, &v) || v < 0) {
        fault(l, n, "%s 的值不对，应为至多两位小数的分数，如 12.5", what);
        return false;
    }
    if (v > max) {
        fault(l, n, "%s 的分数 %.*s 太大，应为至多 %d.%02d", what, STRF(n->text), max / 100, max % 100);
        return false;
    }
    *ret = (int32_t)v;
    return true;
}

static int32_t get_points(Loader *l, const Node *map, const char *key, int32_t max)
{
    const Node *n = node_get(map, key);
    int32_t v = 0;
    return n != NULL && points_of(l, n, key, max, &v) ? v : 0;
}

/* [a, b] */
static bool is_pair(Loader *l, const Node *n, const char *key, const char *what)
{
    if (n->kind == NODE_LIST && n->n == 2) {
        return true;
    }
    fault(l, n, "%s 的写法不对，应为 [%s]", key, what);
    return false;
}

static void load_anchors(Loader *l, const Node *list, Criterion *c)
{
    c->anchors = NEW_ARRAY(l->mem, Anchor, list->n + 1);
    for (const Node *n = list->first; n != NULL; n = n->next) {
        Anchor *a = &c->anchors[c->n_anchors];
        if (!is_pair(l, n, "anchors", "分数, 说明") || !points_of(l, n->first, "anchors", c->max, &a->points)) {
            continue;
        }
        a->say = node_text(l, n->last, "anchors");
        if (c->n_anchors != 0 && a->points >= a[-1].points) {
            fault(l, n, "锚点的分数没有往下排，应为从高到低");
        }
        c->n_anchors++;
    }
}

static void load_criterion(Loader *l, const Node *n, const Rubric *r, Criterion *c)
{
    static const char *const KEYS[] = {"id",    "label",   "group",  "max",  "expr",
                                       "bands", "anchors", "source", "note", NULL};
    if (!keys_only(l, n, KEYS)) {
        return;
    }
    *c = (Criterion){.id = get_id(l, n, "id", true),
                     .label = get_text(l, n, "label", true),
                     .group = get_text(l, n, "group", false),
                     .clause = get_clause(l, n),
                     .source = get_text(l, n, "source", false),
                     .note = get_text(l, n, "note", false)};
    const Node *max = node_get(n, "max");
    if (max == NULL) {
        fault(l, n, "缺少 max，应为本项的满分");
    }
    if (max == NULL || !points_of(l, max, "max", POINTS_MAX, &c->max)) {
        c->max = POINTS_MAX; /* one fault is enough */
    }
    const Node *expr = node_get(n, "expr"), *bands = get_list(l, n, "bands"), *anchors = get_list(l, n, "anchors");
    if ((expr != NULL) != (node_get(n, "bands") != NULL)) {
        fault(l, n, "expr 和 bands 要一起写：程序按 expr 的数和 bands 的档给分；应为都写，或都不写由人评分");
    } else if (expr != NULL && anchors != NULL) {
        fault(l, anchors, "程序评分的项目没有锚点，应为去掉 anchors");
    } else if (expr != NULL && bands != NULL && r->type != NULL) {
        want_number(l, expr, r->type, &c->expr);
        ARRAY_ROOM(l->tmp, l->bands, l->n_bands, l->cap_bands);
        l->bands[l->n_bands++] = (struct BandTree){c, bands};
    } else if (anchors != NULL) {
        load_anchors(l, anchors, c);
    }
}

static void load_criteria(Loader *l, const Node *n, Rubric *r)
{
    const Node *list = get_list(l, n, "criteria");
    if (list == NULL || list->n == 0 || list->n > 100) {
        fault(l, list != NULL ? list : n, "缺少评分项目，应为 criteria 里 1 到 100 项");
        return;
    }
    r->criteria = NEW_ARRAY(l->mem, Criterion, list->n);
    for (const Node *c = list->first; c != NULL; c = c->next) {
        Criterion *at = &r->criteria[r->n_criteria];
        load_criterion(l, c, r, at);
        for (size_t i = 0; i < r->n_criteria; i++) {
            if (at->id.n != 0 && str_eq(r->criteria[i].id, at->id)) {
                fault(l, node_get(c, "id"), "评分项目 %.*s 重复，应为互不相同的 id", STRF(at->id));
            }
        }
        r->total += at->max;
        r->n_criteria++;
    }
}

static void load_rubric(Loader *l, const Node *n, Rubric *r)
{
    static const char *const KEYS[] = {"id",   "label", "version", "sample", "type",     "source",
                                       "note", "trim",  "spread",  "pass",   "criteria", NULL};
    if (!keys_only(l, n, KEYS)) {
        return;
    }
    const PackFile *file = &l->files[l->n_files - 1];
    uint8_t digest[32];
    sha256(file->text.n != 0 ? file->text.p : "", file->text.n, digest);
    *r = (Rubric){.id = get_id(l, n, "id", true),
                  .label = get_text(l, n, "label", true),
                  .version = get_text(l, n, "version", true),
                  .clause = get_clause(l, n),
                  .source = get_text(l, n, "source", false),
                  .note = get_text(l, n, "note", false),
                  .hash = hex(l->mem, digest, sizeof digest),
                  .sample = get_bool(l, n, "sample", false)};
    r->type = get_type(l, n, "type");
    int64_t trim = 0;
    (void)get_int(l, n, "trim", 0, 10, &trim);
    r->trim = (int32_t)trim;
    load_criteria(l, n, r);
    if (r->total > 0) {
        r->spread = get_points(l, n, "spread", r->total);
        r->pass = get_points(l, n, "pass", r->total);
    }
}

void load_rubrics(Loader *l)
{
    size_t n_files;
    Str *files = file_names(l, "rubrics", &n_files);
    Pack *p = l->p;
    p->rubrics = NEW_ARRAY(l->mem, Rubric, n_files + 1);
    for (size_t i = 0; i < n_files; i++) {
        const Node *n = file_tree(l, files[i], true);
        if (n == NULL) {
            continue;
        }
        Rubric *r = &p->rubrics[p->n_rubrics];
        load_rubric(l, n, r);
        if (r->id.n != 0 && pack_rubric(p, r->id) != NULL) {
            fault(l, node_get(n, "id"), "评分表 %.*s 重复，应为互不相同的 id", STRF(r->id));
        }
        p->n_rubrics++;
    }
}

static void read_bands(Loader *l, const Node *list, Criterion *c)
{
    c->bands = NEW_ARRAY(l->mem, Band, list->n + 1);
    for (const Node *n = list->first; n != NULL; n = n->next) {
        Band *b = &c->bands[c->n_bands];
        if (!is_pair(l, n, "bands", "起点, 分数") || !points_of(l, n->last, "bands", c->max, &b->points)) {
            continue;
        }
        const Node *from = n->first;
        if (from->kind != NODE_TEXT || from->text.n == 0 || !scaled(from->text, c->expr->scale, &b->from)) {
            fault(l, from, "档的起点不对，应为%s", c->expr->scale > 0 ? "数，小数位数不多于 expr 的" : "整数");
            continue;
        }
        if (c->n_bands != 0 && b->from <= b[-1].from) {
            fault(l, n, "档的起点没有往上排，应为从低到高");
        }
        c->n_bands++;
    }
    if (list->n == 0) {
        fault(l, list, "bands 是空的，应为至少一档 [起点, 分数]");
    }
}

void load_bands(Loader *l)
{
    for (size_t i = 0; i < l->n_bands; i++) {
        if (l->bands[i].of->expr != NULL) {
            read_bands(l, l->bands[i].node, l->bands[i].of);
        }
    }
}
