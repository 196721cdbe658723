/*
 * write.c - what people do with records: create, change, delete. Rights first, then defaults and checks (check.c), then
 * storing (put.c), in one transaction.
 */
#include "store/body.h"
#include "store/closing_int.h"
#include "store/env.h"
#include "store/recent.h"

typedef struct {
    const Actor *a;
    const RecordType *t;
    const Org *owner;
    int64_t id;
    const Value *values;
    const bool *set;
    const WriteOpts *o;
    Findings *found;
    Rec *ret;
    bool *ret_changed;
} WriteArg;

static bool settable(const Actor *a, const RecordType *t, const Field *f, int32_t form)
{
    return field_in_form(f, form) && !f->computed && (!f->read_only || a->is_system) && access_field(a, t, f, false);
}

/* ---- creating ---- */

static void fill_defaults(Cx *cx, Store *s, const Actor *a, Rec *r, const bool *set)
{
    EvalEnv *env = env_make(cx, s, r);
    env->actor = a->login;
    for (size_t i = 0; i < r->type->n_fields; i++) {
        const Field *f = &r->type->fields[i];
        if (!r->v[i].has && f->default_value != NULL && field_in_form(f, r->form) && (set == NULL || !set[i] || f->read_only)) {
            r->v[i] = rule_value(env, f->default_value, f);
        }
    }
    const Field *at = r->type->region; /* an office of one region need not say where it is */
    const Org *o = rec_owner(s, r);
    if (at != NULL && !r->v[at->index].has && o != NULL && o->region != NULL &&
        (at->level.n == 0 || str_eq(at->level, o->region->level))) {
        r->v[at->index] = (Value){.has = true, .s = o->region->code};
    }
}

/* Before defaults and checks look at what the references point to. */
static bool given_refs(Cx *cx, Store *s, const WriteArg *w, const Value *before, const Rec *r)
{
    for (size_t i = 0; i < w->t->n_fields; i++) {
        const Value *v = &r->v[i];
        if (w->o->dry_run && w->t->fields[i].kind == FT_REF && v->has && v->i == REC_NOT_YET) {
            continue;
        }
        if (w->set[i] && !refs_check(cx, s, w->a, &w->t->fields[i], before != NULL ? &before[i] : NULL, v, w->found)) {
            return false;
        }
    }
    return w->found->errors == 0 || fail(cx, E_INVALID, "有 %zu 处需要修改", w->found->errors);
}

static bool do_create(Cx *cx, Store *s, void *arg)
{
    WriteArg *w = arg;
    Rec r = {.type = w->t, .home = w->owner->home, .holder = w->owner->home, .state = state_initial(w->t), .no = S(""),
             .form = MAX(w->t->revision, 1)};
    r.v = NEW_ARRAY(cx->mem, Value, w->t->n_fields);
    for (size_t i = 0; i < w->t->n_fields; i++) {
        if (w->set[i] && settable(w->a, w->t, &w->t->fields[i], r.form)) {
            r.v[i] = w->values[i];
        }
    }
    if (!given_refs(cx, s, w, NULL, &r)) {
        return false;
    }
    fill_defaults(cx, s, w->a, &r, w->set);
    if (!rec_check(cx, s, NULL, &r, w->o->partial, w->found)) {
        return false;
    }
    if (!w->o->dry_run && !rec_store_new(cx, s, w->a, &r, S(""), w->o->reason, w->o->source)) {
        return false;
    }
    *w->ret = rec_as_seen(cx, s, w->a, &r);
    return true;
}

bool rec_create(Cx *cx, Store *s, const Actor *a, const RecordType *t, const Org *owner, const Value *values, const bool *set,
                const WriteOpts *o, Findings *found, Rec *ret)
{
    if (!access_create(s->pack, a, t, owner)) {
        return fail(cx, E_FORBIDDEN, "您不能为%.*s登记%.*s", STRF(owner->name), STRF(t->label));
    }
    WriteArg w = {.a = a, .t = t, .owner = owner, .values = values, .set = set, .o = o, .found = found, .ret = ret};
    if (o->dry_run || (o->undone_by_caller && on_writer(s))) {
        return do_create(cx, s, &w);
    }
    return store_write(cx, s, do_create, &w);
}

/* ---- changing ---- */

/* A masked value that comes back from a form unchanged means: leave it. */
static bool is_own_mask(Cx *cx, const Field *f, const Value *now, const Value *given)
{
    return f->personal && now->has && given->has && str_eq(given->s, mask_personal(cx->mem, f, now->s));
}

static bool do_update(Cx *cx, Store *s, void *arg)
{
    WriteArg *w = arg;
    Rec before, r;
    bool public_only;
    if (!rec_load(cx, s, w->t, w->id, true, &before)) {
        return false;
    }
    if (!access_read(s->pack, w->a, &before, &public_only) || public_only) {
        return fail(cx, E_NOT_FOUND, "没有找到这条%.*s记录，或者不在您的管辖范围内", STRF(w->t->label));
    }
    if (!access_edit(s->pack, w->a, &before)) {
        return fail(cx, E_WRONG_STATE, "这条记录现在是“%.*s”，您不能修改", STRF(before.state->label));
    }
    if (w->o->rev != 0 && w->o->rev != before.rev) {
        return fail(cx, E_STALE, "这条记录刚刚被别人修改过（现在是第 %lld 版），请核对后再保存", (long long)before.rev);
    }
    r = before;
    r.v = NEW_ARRAY(cx->mem, Value, w->t->n_fields);
    memcpy(r.v, before.v, w->t->n_fields * sizeof(Value));
    for (size_t i = 0; i < w->t->n_fields; i++) {
        const Field *f = &w->t->fields[i];
        if (w->set[i] && settable(w->a, w->t, f, r.form) && !is_own_mask(cx, f, &before.v[i], &w->values[i])) {
            r.v[i] = w->values[i];
        }
    }
    if (!given_refs(cx, s, w, before.v, &r) || !rec_check(cx, s, before.v, &r, w->o->partial, w->found)) {
        return false;
    }
    if (w->o->dry_run) {
        *w->ret_changed = values_differ(w->t, before.v, r.v) != 0;
    } else if (!rec_store_change(cx, s, w->a, &before, &r, S("update"), S(""), w->o->reason, w->o->source, w->ret_changed)) {
        return false;
    }
    *w->ret = rec_as_seen(cx, s, w->a, &r);
    return true;
}

bool rec_update(Cx *cx, Store *s, const Actor *a, const RecordType *t, int64_t id, const Value *values, const bool *set,
                const WriteOpts *o, Findings *found, Rec *ret, bool *ret_changed)
{
    WriteArg w = {.a = a, .t = t, .id = id, .values = values, .set = set, .o = o, .found = found, .ret = ret,
                  .ret_changed = ret_changed};
    if (o->dry_run || (o->undone_by_caller && on_writer(s))) {
        return do_update(cx, s, &w);
    }
    return store_write(cx, s, do_update, &w);
}

/* ---- deleting ---- */

static bool do_delete(Cx *cx, Store *s, void *arg)
{
    WriteArg *w = arg;
    Rec r;
    bool public_only;
    if (!rec_load(cx, s, w->t, w->id, true, &r)) {
        return false;
    }
    if (!access_read(s->pack, w->a, &r, &public_only) || public_only) {
        return fail(cx, E_NOT_FOUND, "没有找到这条%.*s记录，或者不在您的管辖范围内", STRF(w->t->label));
    }
    if (!access_delete(s->pack, w->a, &r)) {
        return fail(cx, E_WRONG_STATE, "这条记录现在是“%.*s”，不能删除", STRF(r.state->label));
    }
    if (w->o->rev != 0 && w->o->rev != r.rev) {
        return fail(cx, E_STALE, "这条记录刚刚被别人修改过，请核对后再删除");
    }
    if (!closing_guard(cx, s, NULL, &r, false)) {
        return false;
    }
    Sql *q = sql_new(cx->mem);
    sql_lit(q, "update ");
    sql_ident(q, s->types[w->t->index].table);
    sql_lit(q, " set deleted = ");
    sql_int(q, cx->now_ms);
    sql_lit(q, ", rev = rev + 1 where id = ");
    sql_int(q, r.id);
    sql_lit(q, " and home = ");
    sql_int(q, r.home);
    recent_drop(s, r.id);
    Stmt *st = sql_stmt(cx, cx->db, SQL_HOME, q);
    if (st == NULL || !stmt_run(cx, st)) {
        return false;
    }
    store_touch(s, w->t->index);
    return journal_add(cx, s, r.home, w->a, S("delete"), w->t, r.id, r.rev + 1, S(""), r.state->id, S(""), w->o->reason,
                       w->o->source, S("{}")) &&
           rec_refresh_latest(cx, s, w->a, &r);
}

bool rec_delete(Cx *cx, Store *s, const Actor *a, const RecordType *t, int64_t id, const WriteOpts *o)
{
    WriteArg w = {.a = a, .t = t, .id = id, .o = o};
    return store_write(cx, s, do_delete, &w);
}
