/*
 * collect.c - the settings of a bundle, and which records belong to it.
 */
#include "db/sql.h"
#include "feature/bundle/set.h"
#include "store/reach.h"

/* ---- settings ---- */

static bool step_of(Cx *cx, const Pack *p, const BundleSet *set, const char *key, Str text, Step *ret)
{
    Str type, field;
    (void)str_cut(text, '.', &type, &field);
    ret->type = pack_type(p, type);
    ret->via = ret->type != NULL ? type_field(ret->type, field) : NULL;
    if (ret->via == NULL || ret->via->kind != FT_REF) {
        return fail(cx, E_PACK, "features.yaml 的 %.*s.%s：“%.*s”不是某种记录的引用字段", STRF(set->name), key, STRF(text));
    }
    return true;
}

static bool steps_of(Cx *cx, const Pack *p, const BundleSet *set, const char *key, Step **ret, size_t *ret_n)
{
    const Setting *list = pack_setting(p, set->name, str_c(key));
    *ret_n = list != NULL ? list->n : 0;
    *ret = NEW_ARRAY(cx->mem, Step, *ret_n + 1);
    for (size_t i = 0; i < *ret_n; i++) {
        if (!step_of(cx, p, set, key, list->values[i], &(*ret)[i])) {
            return false;
        }
    }
    return true;
}

bool set_of(Cx *cx, const Pack *p, const RecordType *t, BundleSet *ret)
{
    BundleSet set = {.name = pack_instance(p, S("bundle"), S("root"), t->id), .root = t};
    if (set.name.n == 0) {
        return fail(cx, E_NOT_FOUND, "%.*s没有证据包", STRF(t->label));
    }
    Str rubric = pack_setting_str(p, set.name, S("rubric"));
    set.rubric = rubric.n != 0 ? type_field(t, rubric) : NULL;
    set.draw = pack_type(p, pack_setting_str(p, set.name, S("draw")));
    set.result = pack_type(p, pack_setting_str(p, set.name, S("result")));
    set.under_review = pack_setting(p, set.name, S("under_review"));
    if (rubric.n != 0 && set.rubric == NULL) {
        return fail(cx, E_PACK, "features.yaml 的 %.*s.rubric：没有这个字段", STRF(set.name));
    }
    if (!steps_of(cx, p, &set, "follow", &set.follow, &set.n_follow) || !steps_of(cx, p, &set, "also", &set.also, &set.n_also)) {
        return false;
    }
    *ret = set;
    return true;
}

bool bundle_offered(const Pack *p, const Actor *a, const RecordType *t)
{
    return pack_instance(p, S("bundle"), S("root"), t->id).n != 0 && access_flag(a, t, 'x') && access_flag(a, t, 'h');
}

/* ---- records ---- */

void leave_out(Cx *cx, Collected *c, Str what, Str name, Str why)
{
    ARRAY_ROOM(cx->mem, c->left, c->n_left, c->cap_left);
    c->left[c->n_left++] = (LeftOut){str_dup(cx->mem, what), str_dup(cx->mem, name), str_dup(cx->mem, why)};
}

static void keep(Cx *cx, Collected *c, const RecordType *t, int64_t id)
{
    if (!map_put(&c->seen, id_text(cx->mem, id), c)) {
        return;
    }
    ARRAY_ROOM(cx->mem, c->items, c->n, c->cap);
    c->items[c->n++] = (Item){t, id};
}

/* In: what the person may read. A sealed record within reach is named; what is out of reach is not there for them. */
static bool take(Cx *cx, Store *s, const Actor *a, Collected *c, const RecordType *t, int64_t id, Str no, Str state)
{
    Rec r;
    if (map_has(&c->seen, id_text(cx->mem, id))) {
        return true;
    }
    if (rec_get(cx, s, a, t, id, &r)) {
        keep(cx, c, t, id);
        return true;
    }
    if (cx->err != E_NOT_FOUND) {
        return false;
    }
    cx_clear(cx);
    const State *st = type_state(t, state);
    Scope scope = access_scope(cx->mem, store_pack(s), a, t);
    if (st != NULL && st->sealed && !scope.published_only && scope_has(&scope, id_home(id))) {
        leave_out(cx, c, t->label, safe_name(cx->mem, no, id), str_printf(cx->mem, "“%.*s”期间封存，只有本人能看", STRF(st->label)));
    }
    return true;
}

typedef struct {
    int64_t id;
    Str no, state;
} Found;

static bool referring_held(Cx *cx, const Step *step, int64_t to, Found **ret, size_t *ret_n)
{
    Sql *q = sql_new(cx->mem);
    sql_lit(q, "select id, no, state from ");
    sql_ident2(q, S("r_"), step->type->id);
    sql_lit(q, " where deleted is null and ");
    sql_ident2(q, S("f_"), step->via->id);
    sql_lit(q, " = ");
    sql_int(q, to);
    sql_lit(q, " order by id");
    Stmt *st = sql_stmt(cx, cx->db, SQL_ROLLUP, q);
    size_t cap = 0;
    *ret = NULL;
    *ret_n = 0;
    while (st != NULL && stmt_next(cx, st)) {
        ARRAY_ROOM(cx->mem, *ret, *ret_n, cap);
        (*ret)[(*ret_n)++] = (Found){stmt_col_int(st, 0), stmt_col_dup(cx->mem, st, 1), stmt_col_dup(cx->mem, st, 2)};
    }
    return st != NULL && stmt_end(st);
}

static bool referring(Cx *cx, const Step *step, int64_t to, Found **ret, size_t *ret_n)
{
    ReachHold h;
    reach_program(cx, &h);
    bool ok = referring_held(cx, step, to, ret, ret_n);
    reach_end(cx, &h);
    return ok;
}

static bool follow(Cx *cx, Store *s, const Actor *a, Collected *c, const Step *step)
{
    for (size_t i = 0, before = c->n; i < before; i++) {
        Found *found;
        size_t n;
        if (c->items[i].type != step->via->ref) {
            continue;
        }
        if (!referring(cx, step, c->items[i].id, &found, &n)) {
            return false;
        }
        for (size_t k = 0; k < n; k++) {
            if (!take(cx, s, a, c, step->type, found[k].id, found[k].no, found[k].state)) {
                return false;
            }
        }
    }
    return true;
}

static bool also(Cx *cx, Store *s, const Actor *a, Collected *c, const Step *step)
{
    for (size_t i = 0, before = c->n; i < before; i++) {
        Rec r;
        if (c->items[i].type != step->type) {
            continue;
        }
        if (!rec_get(cx, s, a, step->type, c->items[i].id, &r)) {
            return false;
        }
        const Value *v = &r.v[step->via->index];
        if (v->has && !take(cx, s, a, c, step->via->ref, v->i, S(""), S(""))) {
            return false;
        }
    }
    return true;
}

bool collect(Cx *cx, Store *s, const Actor *a, const BundleSet *set, int64_t root, Collected *ret)
{
    Collected c = {.seen = map_new(cx->mem)};
    keep(cx, &c, set->root, root);
    for (size_t i = 0; i < set->n_follow; i++) {
        if (!follow(cx, s, a, &c, &set->follow[i])) {
            return false;
        }
    }
    for (size_t i = 0; i < set->n_also; i++) {
        if (!also(cx, s, a, &c, &set->also[i])) {
            return false;
        }
    }
    *ret = c;
    return true;
}

Str safe_name(Arena *mem, Str no, int64_t id)
{
    bool ok = no.n != 0 && no.n <= 60;
    for (size_t i = 0; i < no.n && ok; i++) {
        char ch = no.p[i];
        ok = (ch >= '0' && ch <= '9') || (ch >= 'A' && ch <= 'Z') || (ch >= 'a' && ch <= 'z') || ch == '-';
    }
    return ok ? no : id_text(mem, id);
}

Str sha256_hex(Arena *mem, Str bytes)
{
    uint8_t h[32];
    sha256(bytes.p, bytes.n, h);
    return hex(mem, h, sizeof h);
}
