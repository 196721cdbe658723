/*
 * naming.c - see naming.h. The pattern is a habit, not a law: what does not follow it is warned about and kept; only reserved words and
 * characters that no name can hold are refused.
 */
#include "feature/naming/naming.h"

#include "fmt/codes.h"

static bool starts_with_region(const Pack *p, const Region *at, Str name, size_t *ret_cut)
{
    size_t best = 0;
    for (size_t i = 0; i < p->n_regions; i++) {
        const Region *r = &p->regions[i];
        if (at != NULL && !region_within(at, r) && !region_within(r, at)) {
            continue;
        }
        if (str_starts(name, r->name)) {
            best = MAX(best, r->name.n);
        }
        if (r->shortname.n >= 6 && str_starts(name, r->shortname)) {
            best = MAX(best, r->shortname.n);
        }
        Str stem = r->name; /* 敖汉旗 -> 敖汉: names rarely keep the last character */
        if (utf8_len(stem) >= 3) {
            stem = utf8_cut(stem, utf8_len(stem) - 1);
            if (str_starts(name, stem)) {
                best = MAX(best, stem.n);
            }
        }
    }
    const Setting *words = pack_setting(p, S("naming"), S("region_words"));
    for (size_t i = 0; words != NULL && i < words->n; i++) {
        if (str_starts(name, words->values[i])) {
            best = MAX(best, words->values[i].n);
        }
    }
    *ret_cut = best;
    return best != 0;
}

static Str trade_word(const Pack *p, Str name)
{
    const Setting *words = pack_setting(p, S("naming"), S("words"));
    Str best = S("");
    for (size_t i = 0; words != NULL && i < words->n; i++) {
        if (str_contains(name, words->values[i]) && words->values[i].n > best.n) {
            best = words->values[i];
        }
    }
    return best;
}

void naming_check(const EvalEnv *env, const Field *f, const Value *v, Findings *found)
{
    Str name = v->s;
    size_t cut;
    if (!v->has) {
        return;
    }
    for (size_t i = 0; i < env->pack->n_reserved_words; i++) {
        if (str_contains(name, env->pack->reserved_words[i])) {
            finding_add(found, false, f->id, S("reserved"), f->clause,
                        str_printf(found->mem, "名称不能含有“%.*s”", STRF(env->pack->reserved_words[i])));
        }
    }
    if (!starts_with_region(env->pack, env->region, name, &cut)) {
        finding_add(found, true, f->id, S("pattern"), f->clause, S("名称一般以地区开头（地区+产业行业或职业），请核对"));
    }
    if (trade_word(env->pack, name).n == 0) {
        finding_add(found, true, f->id, S("pattern"), f->clause, S("名称里没有看出产业、行业或职业，请核对"));
    }
}

static Str region_stem(const Region *at)
{
    size_t n = utf8_len(at->name);
    return n >= 3 ? utf8_cut(at->name, n - 1) : at->name;
}

size_t naming_propose(Arena *mem, const Pack *p, Str typed, const Region *at, Str *out, size_t max)
{
    size_t n = 0, cut;
    Str word = trade_word(p, typed);
    if (at == NULL || typed.n == 0 || max == 0) {
        return 0;
    }
    if (!starts_with_region(p, at, typed, &cut)) {
        out[n++] = str_printf(mem, "%.*s%.*s", STRF(region_stem(at)), STRF(typed));
        cut = 0;
    }
    if (word.n != 0 && n < max) {
        Str one = str_printf(mem, "%.*s%.*s", STRF(region_stem(at)), STRF(word));
        if (!str_eq(one, typed) && (n == 0 || !str_eq(one, out[0]))) {
            out[n++] = one;
        }
    }
    return n;
}

/* Names of all records, with the system's eyes: a duplicate in another county must be told, but only its name and place. */
static bool near_names(Req *rq, const RecordType *t, const Field *f, Str typed, int64_t self, Doc *same, Doc *near)
{
    Actor eyes = {.is_system = true};
    int64_t limit = 1;
    (void)str_int(pack_setting_str(rq->pack, S("naming"), S("near_distance")), &limit);
    Str folded = name_fold(rq->mem, typed);
    if (utf8_len(folded) < 2) {
        return true;
    }
    /* Candidates share the first or the last two characters: what differs by one character does. */
    const Str parts[2] = {utf8_cut(folded, 2), str_sub(folded, utf8_cut(folded, utf8_len(folded) - 2).n, folded.n)};
    for (int k = 0; k < 2; k++) {
        Query q = {.type = t, .search = parts[k], .limit = 200};
        RecPage page;
        if (!rec_list(&rq->cx, rq->store, &eyes, &q, false, &page)) {
            return false;
        }
        for (size_t i = 0; i < page.n; i++) {
            Str other = name_fold(rq->mem, page.items[i].v[f->index].s);
            size_t d = edit_distance(folded, other, (size_t)limit);
            if (page.items[i].id == self || d > (size_t)limit || (k == 1 && str_starts(other, parts[0]))) {
                continue;
            }
            Doc *o = doc_add_obj(d == 0 ? same : near);
            const Org *owner = pack_org_by_home(rq->pack, page.items[i].home);
            doc_set_str(o, "name", page.items[i].v[f->index].s);
            doc_set_str(o, "org", owner != NULL ? owner->name : S(""));
        }
    }
    return true;
}

bool naming_live(Req *rq)
{
    const RecordType *t = pack_type(rq->pack, pack_setting_str(rq->pack, S("naming"), S("type")));
    const Field *f = t != NULL ? type_field(t, pack_setting_str(rq->pack, S("naming"), S("field"))) : NULL;
    if (f == NULL) {
        return fail(&rq->cx, E_NOT_FOUND, "这个策略包没有命名规则");
    }
    Str typed = str_narrow(rq->mem, req_param(rq, "name"));
    const Region *at = pack_region(rq->pack, req_param(rq, "region"));
    if (at == NULL && rq->actor.org != NULL) {
        at = rq->actor.org->region;
    }
    int64_t self = 0;
    (void)id_read(req_param(rq, "self"), &self);
    Findings found = findings_new(rq->mem);
    Value *values = NEW_ARRAY(rq->mem, Value, t->n_fields), v = {.has = typed.n != 0, .s = typed};
    EvalEnv env = {.cx = &rq->cx, .pack = rq->pack, .type = t, .values = values, .region = at};
    naming_check(&env, f, &v, &found);
    doc_set_str(rq->doc, "name", typed);
    Doc *findings = doc_set_list(rq->doc, "findings");
    for (size_t i = 0; i < found.n; i++) {
        Doc *o = doc_add_obj(findings);
        doc_set_str(o, "code", found.items[i].code);
        doc_set_str(o, "text", found.items[i].text);
        doc_set_bool(o, "warn", found.items[i].warn);
        doc_set_str(o, "clause", found.items[i].clause);
    }
    Doc *same = doc_set_list(rq->doc, "same"), *near = doc_set_list(rq->doc, "near"), *names = doc_set_list(rq->doc, "proposals");
    Str out[3];
    size_t n = naming_propose(rq->mem, rq->pack, typed, at, out, ARRAY_LEN(out));
    for (size_t i = 0; i < n; i++) {
        doc_add_str(names, out[i]);
    }
    if (!near_names(rq, t, f, typed, self, same, near)) {
        return false;
    }
    doc_set_bool(rq->doc, "ok", typed.n != 0 && found.n == 0 && same->n == 0 && near->n == 0);
    return true;
}

const Route ROUTES_NAMING[] = {
    {"GET", "/naming", naming_live, AUTH_USER, "naming/live", "Check a name while it is typed: pattern, equal and near names, proposals",
     "name:string,region:string,self:string", 0},
    {0},
};
