/*
 * set.c - the settings of one instance, looked up once a request, and small readers.
 */
#include "feature/scoring/set.h"

#include "base/date.h"

const Actor SCORING_SYSTEM = {.is_system = true, .name = STR_INIT("系统"), .via = STR_INIT("scoring")};

const Setting *scoring_setting(const Pack *p, const Scoring *sc, const char *key)
{
    return pack_setting(p, sc->name, str_c(key));
}

bool scoring_role(const Pack *p, const Scoring *sc, const Actor *a, const char *key)
{
    const Setting *st = scoring_setting(p, sc, key);
    for (size_t i = 0; st != NULL && i < st->n; i++) {
        if (actor_has_role(a, st->values[i])) {
            return true;
        }
    }
    return false;
}

typedef struct {
    const Field **to;
    const char *id;
} Want;

static bool fields_of(Cx *cx, const RecordType *t, const Want *w, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        *w[i].to = type_field(t, str_c(w[i].id));
        if (*w[i].to == NULL) {
            return fail(cx, E_PACK, "%.*s（%.*s）缺少字段 %s", STRF(t->label), STRF(t->id), w[i].id);
        }
    }
    return true;
}

static bool columns_of(Cx *cx, const RecordType *t, const Field *list, const Want *w, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        *w[i].to = NULL;
        for (size_t k = 0; k < list->n_fields; k++) {
            *w[i].to = str_eq(list->fields[k].id, str_c(w[i].id)) ? &list->fields[k] : *w[i].to;
        }
        if (*w[i].to == NULL) {
            return fail(cx, E_PACK, "%.*s的 %.*s 缺少列 %s", STRF(t->label), STRF(list->id), w[i].id);
        }
    }
    return true;
}

static bool actions_of(Cx *cx, const RecordType *t, const Action **const *to, const char *const *ids, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        *to[i] = type_action(t, str_c(ids[i]));
        if (*to[i] == NULL) {
            return fail(cx, E_PACK, "%.*s（%.*s）缺少办理步骤 %s", STRF(t->label), STRF(t->id), ids[i]);
        }
    }
    return true;
}

static bool panel_parts(Cx *cx, Scoring *sc)
{
    const Want f[] = {{&sc->p.round, "round"},
                      {&sc->p.size, "size"},
                      {&sc->p.substitutes, "substitutes"},
                      {&sc->p.per_city, "per_city"},
                      {&sc->p.city_rule, "city_rule"},
                      {&sc->p.entries, "entries"},
                      {&sc->p.commitment, "commitment"},
                      {&sc->p.sealed_seed, "sealed_seed"},
                      {&sc->p.list_hash, "list_hash"},
                      {&sc->p.rubric_hash, "rubric_hash"},
                      {&sc->p.word, "word"},
                      {&sc->p.seed, "seed"},
                      {&sc->p.drawn_on, "drawn_on"},
                      {&sc->p.closes, "closes"}};
    const Want c[] = {{&sc->p.entry, "entry"}};
    const Action **const a[] = {&sc->p.commit, &sc->p.draw, &sc->p.close};
    const char *const ids[] = {"commit", "draw", "close"};
    return fields_of(cx, sc->panel, f, ARRAY_LEN(f)) && columns_of(cx, sc->panel, sc->p.entries, c, ARRAY_LEN(c)) &&
           actions_of(cx, sc->panel, a, ids, ARRAY_LEN(ids));
}

static bool sheet_parts(Cx *cx, Scoring *sc)
{
    const Want f[] = {
        {&sc->s.title, "title"},   {&sc->s.panel, "panel"},       {&sc->s.entry, "entry"},
        {&sc->s.judge, "judge"},   {&sc->s.account, "account"},   {&sc->s.seat, "seat"},
        {&sc->s.rubric, "rubric"}, {&sc->s.marks, "marks"},       {&sc->s.comment, "comment"},
        {&sc->s.total, "total"},   {&sc->s.conflict, "conflict"}, {&sc->s.conflict_text, "conflict_text"}};
    const Want c[] = {{&sc->s.criterion, "criterion"}, {&sc->s.points, "points"}, {&sc->s.reason, "reason"}};
    const Action **const a[] = {&sc->s.declare, &sc->s.recuse, &sc->s.submit, &sc->s.open, &sc->s.lapse};
    const char *const ids[] = {"declare", "recuse", "submit", "open", "lapse"};
    return fields_of(cx, sc->sheet, f, ARRAY_LEN(f)) && columns_of(cx, sc->sheet, sc->s.marks, c, ARRAY_LEN(c)) &&
           actions_of(cx, sc->sheet, a, ids, ARRAY_LEN(ids));
}

static bool judge_parts(Cx *cx, Scoring *sc)
{
    const Want f[] = {{&sc->j.name, "name"},         {&sc->j.unit, "unit"},       {&sc->j.uscc, "uscc"},
                      {&sc->j.region, "region"},     {&sc->j.account, "account"}, {&sc->j.valid_from, "valid_from"},
                      {&sc->j.valid_to, "valid_to"}, {&sc->j.advised, "advised"}, {&sc->j.relations, "relations"}};
    if (!fields_of(cx, sc->judge, f, ARRAY_LEN(f))) {
        return false;
    }
    const Want a[] = {{&sc->j.advised_subject, "subject"}, {&sc->j.advised_until, "until"}};
    const Want r[] = {{&sc->j.relation_subject, "subject"}, {&sc->j.relation, "relation"}};
    return columns_of(cx, sc->judge, sc->j.advised, a, ARRAY_LEN(a)) &&
           columns_of(cx, sc->judge, sc->j.relations, r, ARRAY_LEN(r));
}

bool scoring_of(Cx *cx, const Pack *p, const char *key, const RecordType *t, Scoring *ret)
{
    *ret = (Scoring){.name = pack_instance(p, S("scoring"), str_c(key), t->id)};
    Scoring *sc = ret;
    if (sc->name.n == 0) {
        return fail(cx, E_NOT_FOUND, "%.*s没有评审", STRF(t->label));
    }
    const RecordType **const types[] = {&sc->round, &sc->panel, &sc->sheet, &sc->entry, &sc->judge};
    const char *const keys[] = {"round", "panel", "sheet", "entry", "judge"};
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        *types[i] = pack_type(p, pack_setting_str(p, sc->name, str_c(keys[i])));
        if (*types[i] == NULL) {
            return fail(cx, E_PACK, "features.yaml 的 %.*s 没有写明 %s 是哪种记录", STRF(sc->name), keys[i]);
        }
    }
    sc->round_rubric = type_field(sc->round, pack_setting_str(p, sc->name, S("round_rubric")));
    sc->entry_round = type_field(sc->entry, pack_setting_str(p, sc->name, S("entry_round")));
    sc->entry_subject = type_field(sc->entry, pack_setting_str(p, sc->name, S("entry_subject")));
    sc->score = type_action(sc->entry, pack_setting_str(p, sc->name, S("entry_action")));
    if (sc->round_rubric == NULL || sc->entry_round == NULL || sc->score == NULL) {
        return fail(cx, E_PACK, "features.yaml 的 %.*s 须写明 round_rubric、entry_round、entry_action", STRF(sc->name));
    }
    return panel_parts(cx, sc) && sheet_parts(cx, sc) && judge_parts(cx, sc);
}

bool scoring_page(Req *rq, const char *key, Scoring *sc, Rec *ret)
{
    const RecordType *t = req_type(rq);
    int64_t id;
    return t != NULL && req_id(rq, &id) && scoring_of(&rq->cx, rq->pack, key, t, sc) &&
           system_rec(&rq->cx, rq->store, t, id, ret);
}

bool system_rec(Cx *cx, Store *s, const RecordType *t, int64_t id, Rec *ret)
{
    return rec_get(cx, s, &SCORING_SYSTEM, t, id, ret);
}

bool system_act(Cx *cx, Store *s, const Actor *a, const Rec *r, const Action *act, const char *const *names,
                const Value *values, size_t n, int64_t rev, Rec *ret)
{
    Value *inputs = NEW_ARRAY(cx->mem, Value, act->n_ask + 1);
    Findings found = findings_new(cx->mem);
    WriteOpts o = {.rev = rev};
    for (size_t i = 0; i < act->n_ask; i++) {
        for (size_t k = 0; k < n; k++) {
            if (str_eq(act->ask[i].id, str_c(names[k]))) {
                inputs[i] = values[k];
            }
        }
    }
    if (rec_act_system(cx, s, a, r->type, r->id, act, inputs, &o, &found, ret)) {
        return true;
    }
    if (cx->err == E_INVALID && found.n != 0) {
        cx->err_text = found.items[0].text;
    }
    return false;
}

Str value_words(Cx *cx, Store *s, const Field *f, const Value *v)
{
    return !v->has             ? S("")
           : f->kind == FT_REF ? rec_label(cx, s, f->ref, v->i)
                               : value_show(cx->mem, store_pack(s), f, v);
}

Str points_text(Arena *mem, int64_t points)
{
    int64_t whole = points / 100, rest = points % 100;
    if (rest == 0) {
        return str_printf(mem, "%lld", (long long)whole);
    }
    return rest % 10 == 0 ? str_printf(mem, "%lld.%lld", (long long)whole, (long long)(rest / 10))
                          : str_printf(mem, "%lld.%02lld", (long long)whole, (long long)rest);
}

const Region *region_at(const Pack *p, const Region *r, Str level)
{
    (void)p;
    for (const Region *at = r; at != NULL; at = at->parent) {
        if (str_eq(at->level, level)) {
            return at;
        }
    }
    return r;
}

bool round_rubric(Cx *cx, Store *s, const Scoring *sc, int64_t round, const Rubric **ret)
{
    Rec r;
    if (!system_rec(cx, s, sc->round, round, &r)) {
        return false;
    }
    *ret = pack_rubric(store_pack(s), val_of(&r, sc->round_rubric)->s);
    if (*ret == NULL || (*ret)->type != sc->entry) {
        return fail(cx, E_WRONG_STATE, "这个%.*s还没有选定%.*s，或者选的评分表不适用", STRF(sc->round->label),
                    STRF(sc->round_rubric->label));
    }
    return true;
}

bool rubric_same(Cx *cx, Store *s, const Scoring *sc, const Rec *panel, const Rubric **ret)
{
    if (!round_rubric(cx, s, sc, val_of(panel, sc->p.round)->i, ret)) {
        return false;
    }
    if (!str_eq((*ret)->hash, val_of(panel, sc->p.rubric_hash)->s)) {
        return fail(cx, E_WRONG_STATE,
                    "评分表在评审开始后被改过，不能继续。请恢复原来的评分表；新的评分表只用于新的%.*s",
                    STRF(sc->round->label));
    }
    return true;
}
