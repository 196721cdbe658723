/*
 * overview.c - the page of targets, map and ranking. Everything is counted live; nothing is kept but the counts' cache.
 */
#include "feature/overview/overview.h"

#include "base/date.h"
#include "pack/expr.h"

static const Target *target_by_id(const Pack *p, Str id)
{
    for (size_t i = 0; i < p->n_targets; i++) {
        if (str_eq(p->targets[i].id, id)) {
            return &p->targets[i];
        }
    }
    return NULL;
}

static void set_verdict(Doc *o, int32_t today, const Target *t, bool known, bool reached)
{
    const char *tone = reached ? "good" : today > t->due ? "bad" : "warn", *text = reached ? "已达到" : today > t->due ? "到期未达到" : "未达到";
    doc_set_strc(o, "verdict", known ? text : "基数未知");
    doc_html_only(doc_set_strc(o, "tone", known ? tone : "plain"));
}

static bool one_target(Req *rq, const Target *t, Doc *o)
{
    RegionCounts n;
    if (!count_by_region(&rq->cx, rq->store, t->type, t->where, &n)) {
        return false;
    }
    int64_t numerator = n.total, denominator = 0;
    if (t->set != NULL) {
        numerator = 0;
        for (size_t i = 0; i < t->set->n; i++) {
            numerator += n.of_region[t->set->regions[i] - rq->pack->regions] != 0;
        }
        denominator = (int64_t)t->set->n;
    }
    bool known = !t->increment || t->has_baseline;
    if (t->increment && t->has_baseline) {
        numerator -= t->baseline;
    }
    int64_t goal = denominator != 0 ? (denominator * t->goal + 99) / 100 : t->goal; /* “以上” includes the number itself */
    doc_set_str(o, "id", t->id);
    doc_set_str(o, "label", t->label);
    doc_set_str(o, "clause", t->clause);
    doc_set_str(o, "note", t->note);
    doc_set_int(o, "numerator", numerator);
    if (denominator != 0) {
        doc_set_int(o, "denominator", denominator);
        int64_t pct10 = numerator * 1000 / denominator;
        doc_set_str(o, "percent", str_printf(rq->mem, "%lld.%lld%%", (long long)(pct10 / 10), (long long)(pct10 % 10)));
        doc_set_str(o, "set_label", t->set->label);
        doc_set_int(o, "goal_percent", t->goal);
    } else {
        doc_set_null(o, "denominator");
        doc_set_null(o, "percent");
        doc_set_null(o, "set_label");
        doc_set_null(o, "goal_percent");
    }
    doc_set_int(o, "goal", goal);
    if (known && goal > numerator) {
        doc_set_int(o, "missing", goal - numerator);
    } else {
        doc_set_null(o, "missing");
    }
    if (t->has_baseline) {
        doc_set_int(o, "baseline", t->baseline);
    } else {
        doc_set_null(o, "baseline");
    }
    doc_set_bool(o, "increment", t->increment);
    doc_set_bool(o, "no_baseline", t->increment && !t->has_baseline);
    if (t->due != DATE_MAX) {
        doc_set_date(o, "due", t->due);
    } else {
        doc_set_null(o, "due");
    }
    int64_t whole = denominator != 0 ? denominator : MAX(goal, (int64_t)1);
    doc_html_only(doc_set_int(o, "bar", MIN(numerator * 100 / whole, (int64_t)100)));
    doc_html_only(doc_set_int(o, "mark", MIN(goal * 100 / whole, (int64_t)100)));
    doc_html_only(doc_set_str(o, "href", denominator != 0 ? str_printf(rq->mem, "/overview/%.*s", STRF(t->id))
                                                          : str_printf(rq->mem, "/r/%.*s", STRF(t->type->id))));
    set_verdict(o, instant_date(rq->cx.now_ms), t, known, known && numerator >= goal);
    return true;
}

bool targets_doc(Req *rq, Doc *list)
{
    const Setting *names = pack_setting(rq->pack, S("overview"), S("targets"));
    for (size_t i = 0; names != NULL && i < names->n; i++) {
        const Target *t = target_by_id(rq->pack, names->values[i]);
        if (t != NULL && !one_target(rq, t, doc_add_obj(list))) {
            return false;
        }
    }
    return true;
}

static bool ranking(Req *rq, Doc *list, const RegionSet *set, const RegionCounts *n)
{
    const Pack *p = rq->pack;
    Str level = pack_setting_str(p, S("overview"), S("rank_level"));
    size_t *order = NEW_ARRAY(rq->mem, size_t, p->n_regions);
    int64_t *have = NEW_ARRAY(rq->mem, int64_t, p->n_regions), *all = NEW_ARRAY(rq->mem, int64_t, p->n_regions);
    size_t count = 0;
    for (size_t i = 0; i < p->n_regions; i++) {
        if (!str_eq(p->regions[i].level, level)) {
            continue;
        }
        for (size_t k = 0; k < set->n; k++) {
            if (region_within(set->regions[k], &p->regions[i])) {
                all[i]++;
                have[i] += n->of_region[set->regions[k] - p->regions] != 0;
            }
        }
        size_t at = count++;
        for (; at > 0 && have[order[at - 1]] * all[i] < have[i] * all[order[at - 1]]; at--) {
            order[at] = order[at - 1];
        }
        order[at] = i;
    }
    const RecordType *t = pack_type(p, pack_setting_str(p, S("overview"), S("map_type")));
    for (size_t k = 0; k < count; k++) {
        size_t i = order[k];
        int64_t pct = all[i] != 0 ? (have[i] * 200 + all[i]) / (2 * all[i]) : 0;
        Doc *o = doc_add_obj(list);
        doc_set_str(o, "label", p->regions[i].name);
        doc_set_int(o, "have", have[i]);
        doc_set_int(o, "all", all[i]);
        doc_set_int(o, "pct", pct);
        doc_set_str(o, "text", str_printf(rq->mem, "%lld/%lld · %lld%%", (long long)have[i], (long long)all[i], (long long)pct));
        doc_html_only(doc_set_strc(o, "tone", pct >= 50 ? "good" : "warn"));
        doc_set_str(o, "href", str_printf(rq->mem, "/r/%.*s?%.*s=%.*s", STRF(t->id), STRF(t->region->id), STRF(p->regions[i].code)));
    }
    return true;
}

static bool map_counts(Req *rq, const RecordType **ret_type, const RegionSet **ret_set, RegionCounts *ret)
{
    const Pack *p = rq->pack;
    *ret_type = pack_type(p, pack_setting_str(p, S("overview"), S("map_type")));
    *ret_set = pack_set(p, pack_setting_str(p, S("overview"), S("map_set")));
    if (*ret_type == NULL || *ret_set == NULL || (*ret_type)->region == NULL) {
        return fail(&rq->cx, E_NOT_FOUND, "这个策略包没有设置总览");
    }
    Str text = pack_setting_str(p, S("overview"), S("map_where")), error;
    const Expr *where = NULL;
    if (text.n != 0) {
        where = expr_parse(rq->mem, p, *ret_type, NULL, 0, text, &error);
        if (where == NULL) {
            return fail(&rq->cx, E_PACK, "总览的 map_where 不能用：%.*s", STRF(error));
        }
    }
    return count_by_region(&rq->cx, rq->store, *ret_type, where, ret);
}

static bool overview_page(Req *rq)
{
    RegionCounts n;
    const RecordType *t;
    const RegionSet *set;
    if (!map_counts(rq, &t, &set, &n) || !targets_doc(rq, doc_set_list(rq->doc, "targets"))) {
        return false;
    }
    doc_set_int(rq->doc, "total", n.total);
    doc_set_count_kept(rq->doc, n.total);
    doc_set_str(rq->doc, "type_label", t->label);
    doc_set_str(rq->doc, "set_label", set->label);
    return hexmap_doc(rq, doc_set_obj(rq->doc, "map"), &n) && ranking(rq, doc_set_list(rq->doc, "bars"), set, &n);
}

/* The regions behind one target: which have it, which miss it. */
static bool target_page(Req *rq)
{
    const Target *t = target_by_id(rq->pack, req_arg(rq, "target"));
    RegionCounts n;
    if (t == NULL || t->set == NULL) {
        return fail(&rq->cx, E_NOT_FOUND, "没有这个目标");
    }
    if (!one_target(rq, t, doc_set_obj(rq->doc, "target")) || !count_by_region(&rq->cx, rq->store, t->type, t->where, &n)) {
        return false;
    }
    Doc *missing = doc_set_list(rq->doc, "missing"), *reached = doc_set_list(rq->doc, "reached");
    for (size_t i = 0; i < t->set->n; i++) {
        const Region *r = t->set->regions[i];
        int64_t have = n.of_region[r - rq->pack->regions];
        Doc *o = doc_add_obj(have != 0 ? reached : missing);
        doc_set_str(o, "code", r->code);
        doc_set_str(o, "name", r->name);
        doc_set_str(o, "above", r->parent != NULL ? r->parent->name : S(""));
        doc_set_int(o, "n", have);
        doc_set_str(o, "href", str_printf(rq->mem, "/r/%.*s?%.*s=%.*s", STRF(t->type->id), STRF(t->type->region->id), STRF(r->code)));
    }
    req_crumb(rq, S("目标总览"), S("/overview"));
    req_crumb(rq, t->label, S(""));
    return true;
}

const Route ROUTES_OVERVIEW[] = {
    {"GET", "/overview", overview_page, AUTH_USER, "overview/overview", "Targets, map of counties, ranking", NULL, 0},
    {"GET", "/overview/{target}", target_page, AUTH_USER, "overview/target", "Counties that reach or miss a target", NULL, 0},
    {0},
};
