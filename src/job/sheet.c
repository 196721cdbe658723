/*
 * sheet.c - see sheet.h. Titles are compared folded (spaces, brackets and stars gone), so that small edits of a header do no harm.
 */
#include "job/sheet.h"

#include "fmt/codes.h"

static Str field_title(Arena *mem, const Field *f)
{
    return f->unit.n != 0 ? str_printf(mem, "%.*s（%.*s）", STRF(f->label), STRF(f->unit)) : f->label;
}

static int level_of(const Pack *p, Str level)
{
    for (size_t i = 0; i < p->n_levels; i++) {
        if (str_eq(p->levels[i], level)) {
            return (int)i;
        }
    }
    return -1;
}

SheetPlan sheet_plan(Arena *mem, const Pack *p, const RecordType *t)
{
    CHECK(t->sheet != NULL);
    SheetPlan plan = {.type = t, .sheet = t->sheet};
    plan.cols = NEW_ARRAY(mem, PlanCol, t->sheet->n * 2 + 1);
    if (t->number_prefix.n != 0) {
        plan.cols[plan.n++] = (PlanCol){.kind = SC_NUMBER, .key = S("no"), .title = S("编号（新增不填）")};
    }
    for (size_t i = 0; i < t->sheet->n; i++) {
        const SheetCol *c = &t->sheet->cols[i];
        const Field *f = c->field;
        int level = f->kind == FT_REGION ? level_of(p, f->level) : -1;
        if (level >= 2) {
            plan.cols[plan.n++] = (PlanCol){.kind = SC_PARENT, .field = f, .key = str_printf(mem, "%.*s.above", STRF(f->id)),
                                            .title = S("上级地区")};
        }
        Str key = f->id;
        if (c->beside) {
            key = str_printf(mem, "%.*s.%.*s", STRF(t->sheet->beside->id), STRF(f->id));
        }
        plan.cols[plan.n++] = (PlanCol){.kind = c->beside ? SC_BESIDE : SC_FIELD, .field = f, .key = key,
                                        .title = field_title(mem, f), .required = f->required};
    }
    return plan;
}

static Str fold_title(Arena *mem, Str s)
{
    Str t = str_narrow(mem, s);
    t = str_replace(mem, t, S("*"), S(""));
    return name_fold(mem, t);
}

HeaderMap sheet_match(Arena *mem, const SheetPlan *plan, const Str *cells, size_t n, bool by_key)
{
    HeaderMap m = {.at = NEW_ARRAY(mem, int, plan->n), .unknown = NEW_ARRAY(mem, Str, n)};
    for (size_t i = 0; i < plan->n; i++) {
        m.at[i] = -1;
    }
    for (size_t c = 0; c < n; c++) {
        Str text = str_trim(cells[c]);
        if (text.n == 0) {
            continue;
        }
        Str folded = by_key ? text : fold_title(mem, text);
        bool hit = false;
        for (size_t i = 0; i < plan->n && !hit; i++) {
            const PlanCol *col = &plan->cols[i];
            hit = by_key ? str_eq(col->key, folded)
                         : str_eq(fold_title(mem, col->title), folded) ||
                               (col->field != NULL && col->kind != SC_PARENT && str_eq(fold_title(mem, col->field->label), folded));
            if (hit && m.at[i] < 0) {
                m.at[i] = (int)c;
                m.matched++;
            }
        }
        if (!hit) {
            m.unknown[m.n_unknown++] = text;
        }
    }
    return m;
}

static Str nearest(Arena *mem, const HeaderMap *map, Str title)
{
    Str best = S("");
    size_t least = 4;
    for (size_t i = 0; i < map->n_unknown; i++) {
        size_t d = edit_distance(fold_title(mem, title), fold_title(mem, map->unknown[i]), 3);
        if (d < least) {
            least = d;
            best = map->unknown[i];
        }
    }
    return best;
}

/* Is there any column of the record beside? Without one, nothing is written there and nothing of it is missing. */
static bool any_beside(const SheetPlan *plan, const HeaderMap *map)
{
    for (size_t i = 0; i < plan->n; i++) {
        if (plan->cols[i].kind == SC_BESIDE && map->at[i] >= 0) {
            return true;
        }
    }
    return false;
}

Str sheet_missing(Arena *mem, const SheetPlan *plan, const HeaderMap *map)
{
    Buf b = buf_new(mem, 4096);
    for (size_t i = 0; i < plan->n; i++) {
        if (!plan->cols[i].required || map->at[i] >= 0 || (plan->cols[i].kind == SC_BESIDE && !any_beside(plan, map))) {
            continue;
        }
        Str near = nearest(mem, map, plan->cols[i].title);
        buf_add(&b, b.n == 0 ? S("缺少必填的列：") : S("、"));
        buf_printf(&b, "“%.*s”", STRF(plan->cols[i].title));
        if (near.n != 0) {
            buf_printf(&b, "（表里有“%.*s”，是不是改了列名？）", STRF(near));
        }
    }
    if (b.n != 0) {
        buf_add(&b, S("。请下载最新模板，不要改动表头"));
    }
    return buf_str(&b);
}
