/*
 * pool.c - who may be drawn: every judge of the pool against every entry of the panel, with the reason in words for
 * each one left out.
 *
 * Left out: not active, not valid today, no account, same unit as one behind an entry (by its code, or by its name), a
 * declared relation with what an entry is about, advice given to it within the years of the parameter, and, where the
 * panel says so, the same city.
 */
#include "feature/scoring/set.h"

#include "base/date.h"
#include "fmt/codes.h"

/* ---- entries ---- */

static const Field *uscc_of(const RecordType *t)
{
    for (size_t i = 0; i < t->n_fields; i++) {
        if (t->fields[i].kind == FT_USCC) {
            return &t->fields[i];
        }
    }
    return NULL;
}

static void add_unit(Cx *cx, EntryFacts *e, Str name, Str uscc)
{
    if (name.n != 0 || uscc.n != 0) {
        e->units[e->n_units++] = (Unit){.name = name, .folded = name_fold(cx->mem, name), .uscc = uscc};
    }
}

bool entry_facts(Cx *cx, Store *s, const Scoring *sc, const Rec *entry, EntryFacts *ret)
{
    const Pack *p = store_pack(s);
    const RecordType *t = sc->entry;
    const Setting *units = scoring_setting(p, sc, "entry_units");
    EntryFacts e = {.id = entry->id, .no = entry->no, .state = entry->state, .title = rec_label(cx, s, t, entry->id)};
    e.units = NEW_ARRAY(cx->mem, Unit, units != NULL ? units->n + 1 : 1);
    for (size_t i = 0; units != NULL && i < units->n; i++) {
        const Field *f = type_field(t, units->values[i]);
        const Value *v = f != NULL ? val_of(entry, f) : NULL;
        if (v == NULL || !v->has) {
            continue;
        }
        if (f->kind != FT_REF) {
            bool code = f->kind == FT_USCC;
            add_unit(cx, &e, code ? S("") : v->s, code ? v->s : S(""));
            continue;
        }
        Rec unit;
        const Field *code = uscc_of(f->ref);
        if (!system_rec(cx, s, f->ref, v->i, &unit)) {
            return false;
        }
        add_unit(cx, &e, rec_label(cx, s, f->ref, v->i), code != NULL ? val_of(&unit, code)->s : S(""));
    }
    if (sc->entry_subject != NULL && val_of(entry, sc->entry_subject)->has) {
        e.subject = val_of(entry, sc->entry_subject)->i;
        e.subject_name = rec_label(cx, s, sc->entry_subject->ref, e.subject);
    }
    const Org *owner = pack_org_by_home(p, entry->home);
    const Region *at = t->region != NULL ? pack_region(p, val_of(entry, t->region)->s) : NULL;
    at = at == NULL && owner != NULL ? owner->region : at;
    e.city = region_at(p, at, pack_setting_str(p, sc->name, S("stratum_level")));
    *ret = e;
    return true;
}

bool under_review(const Pack *p, const Scoring *sc, const State *state)
{
    const Setting *states = scoring_setting(p, sc, "entry_states");
    for (size_t i = 0; states != NULL && i < states->n; i++) {
        if (str_eq(states->values[i], state->id)) {
            return true;
        }
    }
    return false;
}

typedef struct {
    int64_t *ids;
    size_t n, cap;
    Cx *cx;
    const Pack *pack;
    const Scoring *sc;
} Ids;

static bool note_id(void *ctx, const Rec *r)
{
    Ids *l = ctx;
    if (r->type == l->sc->entry && !under_review(l->pack, l->sc, r->state)) {
        return true;
    }
    if (l->n == l->cap) {
        return fail(l->cx, E_TOO_LARGE, "%.*s超过 %zu 条，请分组评审", STRF(r->type->label), l->cap);
    }
    l->ids[l->n++] = r->id;
    return true;
}

#define IDS_MAX 20000

static bool ids_of(Cx *cx, Store *s, const Scoring *sc, const Query *q, Ids *l)
{
    *l = (Ids){.ids = NEW_ARRAY(cx->mem, int64_t, IDS_MAX), .cap = IDS_MAX, .cx = cx, .pack = store_pack(s), .sc = sc};
    return rec_each(cx, s, &SCORING_SYSTEM, q, note_id, l);
}

static int by_no(const void *a, const void *b)
{
    return str_cmp(((const EntryFacts *)a)->no, ((const EntryFacts *)b)->no);
}

bool panel_entries(Cx *cx, Store *s, const Scoring *sc, const Rec *panel, EntryFacts **ret, size_t *ret_n)
{
    const Value *chosen = val_of(panel, sc->p.entries);
    Ids l = {.ids = NEW_ARRAY(cx->mem, int64_t, chosen->n_rows + 1)};
    for (size_t i = 0; i < chosen->n_rows; i++) {
        const Value *v = &chosen->rows[i].v[sc->p.entry->index];
        if (v->has) {
            l.ids[l.n++] = v->i;
        }
    }
    if (l.n == 0) {
        Query q = {.type = sc->entry, .ascending = true};
        q.filters[q.n_filters++] = (Filter){.field = sc->entry_round, .value = v_int(val_of(panel, sc->p.round)->i)};
        if (!ids_of(cx, s, sc, &q, &l)) {
            return false;
        }
    }
    EntryFacts *e = NEW_ARRAY(cx->mem, EntryFacts, l.n + 1);
    for (size_t i = 0; i < l.n; i++) {
        Rec r;
        if (!system_rec(cx, s, sc->entry, l.ids[i], &r) || !entry_facts(cx, s, sc, &r, &e[i])) {
            return false;
        }
        if (!under_review(store_pack(s), sc, r.state) ||
            val_of(&r, sc->entry_round)->i != val_of(panel, sc->p.round)->i) {
            return fail(cx, E_WRONG_STATE, "“%.*s”不在本%.*s的评审中，请从评审组里去掉", STRF(e[i].title),
                        STRF(sc->round->label));
        }
    }
    if (l.n > 1) {
        qsort(e, l.n, sizeof *e, by_no);
    }
    *ret = e;
    *ret_n = l.n;
    return true;
}

/* ---- judges against entries ---- */

int32_t advised_years(const Pack *p, const Scoring *sc, int32_t today)
{
    const Param0 *q = pack_param(p, pack_setting_str(p, sc->name, S("advised_param")), NULL, today);
    return q != NULL && q->known ? (int32_t)q->value : 0;
}

static int32_t years_before(int32_t day, int32_t years)
{
    Civil c = date_to_civil(day);
    int year = MAX(c.year - years, 1);
    return date_from_civil(year, c.month, MIN(c.day, date_month_days(year, c.month)));
}

static Str same_unit(Arena *mem, const Scoring *sc, const Rec *judge, const EntryFacts *e)
{
    Str uscc = val_of(judge, sc->j.uscc)->s, unit = name_fold(mem, val_of(judge, sc->j.unit)->s);
    for (size_t i = 0; i < e->n_units; i++) {
        const Unit *u = &e->units[i];
        if ((uscc.n != 0 && str_eq(uscc, u->uscc)) || (unit.n != 0 && str_eq(unit, u->folded))) {
            Str name = u->name.n != 0 ? u->name : val_of(judge, sc->j.unit)->s;
            return str_printf(mem, "所在单位“%.*s”是“%.*s”的申报或引领单位", STRF(name), STRF(e->title));
        }
    }
    return S("");
}

Str entry_conflict(Arena *mem, const Scoring *sc, const Rec *judge, const Region *judge_city, const EntryFacts *e,
                   bool city, int32_t today, int32_t years)
{
    Str why = same_unit(mem, sc, judge, e);
    if (why.n != 0) {
        return why;
    }
    const Value *rel = val_of(judge, sc->j.relations), *adv = val_of(judge, sc->j.advised);
    for (size_t i = 0; i < rel->n_rows && e->subject != 0; i++) {
        const Value *v = rel->rows[i].v;
        if (v[sc->j.relation_subject->index].i == e->subject) {
            Str text = v[sc->j.relation->index].s;
            return str_printf(mem, "已申明与“%.*s”有关系%s%.*s", STRF(e->subject_name), text.n != 0 ? "：" : "",
                              STRF(text));
        }
    }
    int32_t since = years_before(today, years);
    for (size_t i = 0; i < adv->n_rows && e->subject != 0 && years > 0; i++) {
        const Value *v = adv->rows[i].v, *until = &v[sc->j.advised_until->index];
        if (v[sc->j.advised_subject->index].i != e->subject || (until->has && until->i < since)) {
            continue;
        }
        Str end =
            until->has ? str_printf(mem, "（至%.*s）", STRF(date_zh(mem, (int32_t)until->i))) : S("（现在仍在指导）");
        return str_printf(mem, "%d 年内指导过“%.*s”%.*s", years, STRF(e->subject_name), STRF(end));
    }
    if (city && judge_city != NULL && judge_city == e->city) {
        return str_printf(mem, "与“%.*s”同在%.*s", STRF(e->title), STRF(judge_city->name));
    }
    return S("");
}

static void judge_reasons(Cx *cx, const Scoring *sc, Candidate *c, const EntryFacts *e, size_t n, bool city,
                          int32_t today, int32_t years)
{
    const Rec *r = &c->rec;
    const Value *from = val_of(r, sc->j.valid_from), *to = val_of(r, sc->j.valid_to);
    c->reasons = NEW_ARRAY(cx->mem, Str, n + 4);
    if (!r->state->initial) {
        c->reasons[c->n_reasons++] = str_printf(cx->mem, "现在是“%.*s”", STRF(r->state->label));
    }
    if ((from->has && from->i > today) || (to->has && to->i < today)) {
        c->reasons[c->n_reasons++] = S("聘期还没有开始或者已经结束");
    }
    if (!val_of(r, sc->j.account)->has) {
        c->reasons[c->n_reasons++] = S("没有登录账号");
    }
    for (size_t i = 0; i < n; i++) {
        Str why = entry_conflict(cx->mem, sc, r, c->city, &e[i], city, today, years);
        if (why.n != 0) {
            c->reasons[c->n_reasons++] = why;
        }
    }
}

static int by_rec_no(const void *a, const void *b)
{
    return str_cmp(((const Candidate *)a)->rec.no, ((const Candidate *)b)->rec.no);
}

bool pool_make(Cx *cx, Store *s, const Scoring *sc, const Rec *panel, Pool *ret)
{
    const Pack *p = store_pack(s);
    Pool pool = {0};
    if (!panel_entries(cx, s, sc, panel, &pool.entries, &pool.n_entries)) {
        return false;
    }
    Ids l;
    Query q = {.type = sc->judge, .ascending = true};
    if (!ids_of(cx, s, sc, &q, &l)) {
        return false;
    }
    int32_t today = instant_date(cx->now_ms), years = advised_years(p, sc, today);
    bool city = str_eq(val_of(panel, sc->p.city_rule)->s, S("panel"));
    Str level = pack_setting_str(p, sc->name, S("stratum_level"));
    pool.items = NEW_ARRAY(cx->mem, Candidate, l.n + 1);
    for (size_t i = 0; i < l.n; i++) {
        Candidate *c = &pool.items[pool.n++];
        if (!system_rec(cx, s, sc->judge, l.ids[i], &c->rec)) {
            return false;
        }
        c->city = region_at(p, pack_region(p, val_of(&c->rec, sc->j.region)->s), level);
        judge_reasons(cx, sc, c, pool.entries, pool.n_entries, city, today, years);
        pool.n_fit += c->n_reasons == 0;
    }
    if (pool.n > 1) {
        qsort(pool.items, pool.n, sizeof *pool.items, by_rec_no);
    }
    *ret = pool;
    return true;
}
