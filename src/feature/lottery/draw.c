/*
 * draw.c - the list, its commitment, the draw and the records it makes.
 *
 * The draw is made from the list that was closed with the commitment, whatever happened since; a record that left the
 * states in which it may be drawn is then drawn but nothing is made for it, and the result says so.
 */
#include "base/date.h"
#include "feature/lottery/lottery.h"
#include "pack/expr.h"
#include "rule/lot.h"
#include "store/access.h"
#include "store/snapshot.h"
#include "store/tlog.h"

#define SUBJECTS_MAX 5000

static const Actor PROGRAM = {.is_system = true, .name = STR_INIT("系统"), .via = STR_INIT("lottery")};

bool lottery_has(const Pack *p, const Lottery *l, const char *key, Str value)
{
    const Setting *s = pack_setting(p, l->name, str_c(key));
    bool has = false;
    for (size_t i = 0; s != NULL && i < s->n; i++) {
        has = has || str_eq(s->values[i], value);
    }
    return has;
}

bool lottery_role(const Pack *p, const Lottery *l, const Actor *a, const char *key)
{
    const Setting *s = pack_setting(p, l->name, str_c(key));
    bool has = false;
    for (size_t i = 0; s != NULL && i < s->n; i++) {
        has = has || actor_has_role(a, s->values[i]);
    }
    return has;
}

bool lottery_of(Cx *cx, const Pack *p, const RecordType *t, Lottery *ret)
{
    Lottery *l = ret;
    *l = (Lottery){.name = pack_instance(p, S("lottery"), S("draw"), t->id), .draw = t};
    if (l->name.n == 0) {
        return fail(cx, E_NOT_FOUND, "没有这个页面");
    }
    l->subject = pack_type(p, pack_setting_str(p, l->name, S("subject")));
    l->make = pack_type(p, pack_setting_str(p, l->name, S("make")));
    l->make_subject = l->make != NULL ? type_field(l->make, pack_setting_str(p, l->name, S("make_subject"))) : NULL;
    l->make_draw = l->make != NULL ? type_field(l->make, pack_setting_str(p, l->name, S("make_draw"))) : NULL;
    const struct {
        const Field **to;
        const char *id;
    } fields[] = {{&l->size, "size"},
                  {&l->per_city, "per_city"},
                  {&l->commitment, "commitment"},
                  {&l->sealed_seed, "sealed_seed"},
                  {&l->list_hash, "list_hash"},
                  {&l->word, "word"},
                  {&l->seed, "seed"},
                  {&l->drawn_on, "drawn_on"}};
    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        *fields[i].to = type_field(t, str_c(fields[i].id));
        if (*fields[i].to == NULL) {
            return fail(cx, E_PACK, "%.*s缺少字段 %s", STRF(t->label), fields[i].id);
        }
    }
    l->commit = type_action(t, S("commit"));
    l->act_draw = type_action(t, S("draw"));
    if (l->subject == NULL || l->make_subject == NULL || l->make_draw == NULL || l->commit == NULL ||
        l->act_draw == NULL || l->subject->number_prefix.n == 0 || t->number_prefix.n == 0) {
        return fail(cx, E_PACK, "features.yaml 的 %.*s 不全，或者抽签、抽签对象没有编号", STRF(l->name));
    }
    return true;
}

/* ---- the list ---- */

static const Region *stratum(const Pack *p, const Lottery *l, const Rec *r)
{
    const Org *o = pack_org_by_home(p, r->home);
    const Region *at = o != NULL ? o->region : NULL;
    Str level = pack_setting_str(p, l->name, S("stratum_level"));
    while (at != NULL && !str_eq(at->level, level)) {
        at = at->parent;
    }
    return at;
}

static bool add_reasons(Cx *cx, Store *s, const Lottery *l, const Rec *r, Doc *reasons)
{
    const Setting *e = pack_setting(store_pack(s), l->name, S("exclude"));
    for (size_t i = 0; e != NULL && i < e->n; i++) {
        Str reason, when, error, shown;
        Value v;
        (void)str_cut(e->values[i], '|', &reason, &when);
        const Expr *x = expr_parse(cx->mem, store_pack(s), l->subject, NULL, 0, str_trim(when), &error);
        if (x == NULL) {
            return fail(cx, E_PACK, "features.yaml 的 %.*s.exclude 不能用：%.*s", STRF(l->name), STRF(error));
        }
        if (!rec_eval(cx, s, r, x, &v, &shown)) {
            return false;
        }
        if (v.has && v.i != 0) {
            doc_add_str(reasons, str_trim(reason));
        }
    }
    return true;
}

bool lottery_list(Cx *cx, Store *s, const Lottery *l, const Rec *draw, Doc **ret)
{
    const Pack *p = store_pack(s);
    const Org *office = pack_org_by_home(p, draw->home);
    Doc *o = doc_obj(cx->mem), *in = doc_set_list(o, "candidates"), *out = doc_set_list(o, "exclusions");
    Query q = {.type = l->subject, .limit = 200};
    RecPage page;
    do {
        if (!rec_list(cx, s, &PROGRAM, &q, false, &page)) {
            return false;
        }
        for (size_t i = 0; i < page.n; i++) {
            const Rec *r = &page.items[i];
            const Org *owner = pack_org_by_home(p, r->home);
            if (!lottery_has(p, l, "subject_states", r->state->id) || owner == NULL || office == NULL ||
                !org_within(owner, office)) {
                continue;
            }
            Doc *why = doc_list(cx->mem);
            if (!add_reasons(cx, s, l, r, why)) {
                return false;
            }
            const Region *at = stratum(p, l, r);
            Doc *one = doc_add_obj(why->n == 0 ? in : out);
            doc_set_id(one, "id", r->id);
            doc_set_str(one, "key", r->no);
            doc_set_str(one, "title", l->subject->title != NULL ? r->v[l->subject->title->index].s : S(""));
            doc_set_str(one, "stratum", at != NULL ? at->code : S(""));
            if (why->n != 0) {
                doc_set_doc(one, "reasons", why);
            }
        }
        q.after = page.next;
    } while (page.next.n != 0 && in->n + out->n < SUBJECTS_MAX);
    doc_set_str(o, "purpose", draw->no);
    doc_set_int(o, "want", draw->v[l->size->index].i);
    doc_set_int(o, "per_stratum", draw->v[l->per_city->index].i);
    *ret = o;
    return true;
}

bool lottery_kept(Cx *cx, Store *s, const Lottery *l, const Rec *draw, const char *name, Doc **ret)
{
    Snapshot snap;
    bool found;
    Str why;
    *ret = NULL;
    if (!snapshot_last(cx, s, l->draw, draw->id, str_c(name), &snap, &found)) {
        return false;
    }
    *ret = found ? json_read_large(cx->mem, snap.body, &why) : NULL;
    return !found || *ret != NULL || fail(cx, E_DATA, "抽签留存的名单读不出来");
}

/* ---- steps of the program ---- */

typedef struct {
    const Actor *a;
    const Lottery *l;
    const Rec *draw;
    Str word;
} Arg;

static bool take(Cx *cx, Store *s, const Arg *x, const Action *act, const char *const *names, const Value *values,
                 size_t n, Rec *ret)
{
    Value *inputs = NEW_ARRAY(cx->mem, Value, act->n_ask + 1);
    WriteOpts o = {.rev = x->draw->rev, .undone_by_caller = true};
    Findings found = findings_new(cx->mem);
    for (size_t i = 0; i < act->n_ask; i++) {
        for (size_t k = 0; k < n; k++) {
            inputs[i] = str_eq(act->ask[i].id, str_c(names[k])) ? values[k] : inputs[i];
        }
    }
    return rec_act_system(cx, s, x->a, x->draw->type, x->draw->id, act, inputs, &o, &found, ret);
}

static Value text(Str s)
{
    return (Value){.has = s.n != 0, .s = s};
}

static Str aad(Cx *cx, const Lottery *l, const Rec *draw)
{
    return str_printf(cx->mem, "%.*s|%.*s|%lld", STRF(l->draw->id), STRF(l->sealed_seed->id), (long long)draw->id);
}

static bool do_commit(Cx *cx, Store *s, void *arg)
{
    const Arg *x = arg;
    Doc *list, *promise = doc_obj(cx->mem);
    Rec after;
    Snapshot snap;
    int64_t index, want = x->draw->v[x->l->size->index].i;
    if (!lottery_list(cx, s, x->l, x->draw, &list)) {
        return false;
    }
    size_t fit = doc_get(list, S("candidates"))->n;
    if ((int64_t)fit < want) {
        return fail(cx, E_WRONG_STATE, "可以抽的只有 %zu 个，不够 %lld 个，请减少抽取个数", fit, (long long)want);
    }
    uint8_t bytes[32], hash[32];
    char commitment[65];
    random_bytes(bytes, sizeof bytes);
    Str seed = hex(cx->mem, bytes, sizeof bytes), body = json_canonical(cx->mem, list);
    lot_commitment(seed, commitment);
    sha256(body.p, body.n, hash);
    const char *const names[] = {"commitment", "sealed_seed", "list_hash"};
    const Value values[] = {text(str_dup(cx->mem, str_c(commitment))),
                            text(field_seal(cx->mem, store_key(s), aad(cx, x->l, x->draw), seed)),
                            text(hex(cx->mem, hash, sizeof hash))};
    doc_set_str(promise, "commitment", values[0].s);
    doc_set_str(promise, "list_hash", values[2].s);
    return take(cx, s, x, x->l->commit, names, values, ARRAY_LEN(names), &after) &&
           snapshot_put(cx, s, x->a, &after, S("list"), body, &snap) &&
           tlog_add(cx, s, S("lot-commitment"), x->draw->no, json_canonical(cx->mem, promise), &index);
}

bool lottery_commit(Cx *cx, Store *s, const Actor *a, const Lottery *l, const Rec *draw)
{
    Arg x = {.a = a, .l = l, .draw = draw};
    return store_write(cx, s, do_commit, &x);
}

/* ---- the draw ---- */

static bool make_value(Cx *cx, Store *s, const Lottery *l, const Rec *subject, Str setting, Value *v, bool *set)
{
    Str id, expr, error, shown;
    (void)str_cut(setting, '|', &id, &expr);
    const Field *f = type_field(l->make, str_trim(id));
    const Expr *e = f != NULL ? expr_parse(cx->mem, store_pack(s), l->subject, NULL, 0, str_trim(expr), &error) : NULL;
    if (e == NULL || !expr_fits(cx->mem, e, f, &error)) {
        return fail(cx, E_PACK, "features.yaml 的 %.*s.make_set 不能用：%.*s", STRF(l->name), STRF(setting));
    }
    set[f->index] = true;
    return rec_eval(cx, s, subject, e, &v[f->index], &shown);
}

static bool make_record(Cx *cx, Store *s, const Arg *x, const Rec *draw, const Rec *subject)
{
    const Lottery *l = x->l;
    const Pack *p = store_pack(s);
    Value *v = NEW_ARRAY(cx->mem, Value, l->make->n_fields);
    bool *set = NEW_ARRAY(cx->mem, bool, l->make->n_fields);
    const Setting *copies = pack_setting(p, l->name, S("make_copy")), *sets = pack_setting(p, l->name, S("make_set"));
    for (size_t i = 0; copies != NULL && i < copies->n; i++) {
        const Field *to = type_field(l->make, copies->values[i]), *from = type_field(l->draw, copies->values[i]);
        if (to == NULL || from == NULL || to->kind != from->kind) {
            return fail(cx, E_PACK, "features.yaml 的 %.*s.make_copy 不能用：%.*s", STRF(l->name),
                        STRF(copies->values[i]));
        }
        v[to->index] = draw->v[from->index];
        set[to->index] = true;
    }
    for (size_t i = 0; sets != NULL && i < sets->n; i++) {
        if (!make_value(cx, s, l, subject, sets->values[i], v, set)) {
            return false;
        }
    }
    v[l->make_subject->index] = (Value){.has = true, .i = subject->id};
    v[l->make_draw->index] = (Value){.has = true, .i = draw->id};
    set[l->make_subject->index] = set[l->make_draw->index] = true;
    WriteOpts o = {.undone_by_caller = true, .source = draw->no};
    Findings found = findings_new(cx->mem);
    Rec made;
    if (rec_create(cx, s, &PROGRAM, l->make, pack_org_by_home(p, draw->home), v, set, &o, &found, &made)) {
        return true;
    }
    if (found.n != 0) {
        cx->err_text = found.items[0].text;
    }
    return false;
}

static const Doc *by_key(const Doc *list, Str key)
{
    const Doc *o = doc_get(list, S("candidates"))->first;
    while (o != NULL && !str_eq(doc_get_str(o, "key"), key)) {
        o = o->next;
    }
    return o;
}

static bool result(Cx *cx, Store *s, const Arg *x, const Rec *draw, const Doc *list, const Lot *lots, size_t n, Doc *o)
{
    Doc *order = doc_set_list(o, "order");
    for (size_t i = 0; i < n; i++) {
        const Doc *c = by_key(list, lots[i].key);
        Doc *one = doc_add_obj(order);
        Rec subject;
        bool made = false;
        doc_set_id(one, "id", doc_get_int(c, "id", 0));
        doc_set_str(one, "key", lots[i].key);
        doc_set_str(one, "title", doc_get_str(c, "title"));
        doc_set_str(one, "stratum", lots[i].stratum);
        doc_set_str(one, "ticket", str_dup(cx->mem, str_c(lots[i].ticket)));
        doc_set_int(one, "place", lots[i].place);
        doc_set_bool(one, "drawn", lots[i].drawn);
        if (lots[i].drawn) {
            if (!rec_get(cx, s, &PROGRAM, x->l->subject, doc_get_int(c, "id", 0), &subject)) {
                return false;
            }
            made = lottery_has(store_pack(s), x->l, "subject_states", subject.state->id);
            if (made && !make_record(cx, s, x, draw, &subject)) {
                return false;
            }
        }
        doc_set_bool(one, "made", made);
    }
    return true;
}

static bool do_draw(Cx *cx, Store *s, void *arg)
{
    const Arg *x = arg;
    const Lottery *l = x->l;
    int64_t want = x->draw->v[l->size->index].i, limit = x->draw->v[l->per_city->index].i;
    Doc *list, *o = doc_obj(cx->mem);
    Rec after;
    Snapshot snap;
    Str seed;
    if (!lottery_kept(cx, s, l, x->draw, "list", &list)) {
        return false;
    }
    if (list == NULL ||
        !field_open(cx->mem, store_key(s), aad(cx, l, x->draw), x->draw->v[l->sealed_seed->index].s, &seed)) {
        return fail(cx, E_DATA, "封存的种子或名单打不开，不能抽签，请重新建立抽签");
    }
    const Doc *in = doc_get(list, S("candidates"));
    Lot *lots = NEW_ARRAY(cx->mem, Lot, in->n + 1);
    size_t n = 0;
    for (const Doc *c = in->first; c != NULL; c = c->next) {
        lots[n++] = (Lot){.key = doc_get_str(c, "key"), .stratum = doc_get_str(c, "stratum")};
    }
    if ((int64_t)lot_draw(seed, x->word, x->draw->no, lots, n, (size_t)want, (size_t)limit) < want) {
        return fail(cx, E_WRONG_STATE, "同一地区最多抽 %lld 个，这样抽不满 %lld 个，请另建抽签，放宽限制或者减少个数",
                    (long long)limit, (long long)want);
    }
    const char *const names[] = {"seed", "word", "drawn_on"};
    const Value values[] = {text(seed), text(x->word), {.has = true, .i = instant_date(cx->now_ms)}};
    if (!take(cx, s, x, l->act_draw, names, values, ARRAY_LEN(names), &after)) {
        return false;
    }
    doc_set_str(o, "seed", seed);
    doc_set_str(o, "word", x->word);
    doc_set_str(o, "purpose", x->draw->no);
    doc_set_int(o, "want", want);
    doc_set_int(o, "per_stratum", limit);
    return result(cx, s, x, &after, list, lots, n, o) &&
           snapshot_put(cx, s, x->a, &after, S("draw"), json_canonical(cx->mem, o), &snap);
}

bool lottery_draw(Cx *cx, Store *s, const Actor *a, const Lottery *l, const Rec *draw, Str word)
{
    Arg x = {.a = a, .l = l, .draw = draw, .word = word};
    return store_write(cx, s, do_draw, &x);
}
