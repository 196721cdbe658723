/*
 * act_follow.c - what an action does elsewhere: records it makes, and actions the program takes on records that hang
 * together with it.
 *
 * All in the transaction of the action itself. The conditions of those other actions hold as always: one that fails
 * undoes the whole, and the sentence names the record that stood in the way. Rows are read to the end before anything
 * is evaluated or written.
 */
#include "store/act_int.h"

static bool spend(Cx *cx, const ActArg *x)
{
    return --*x->left >= 0
               ? true
               : fail(cx, E_TOO_LARGE, "“%.*s”牵动的记录超过 %d 条，请分批办理", STRF(x->act->label), ACT_RECORDS_MAX);
}

static bool make_one(Cx *cx, Store *s, const ActArg *x, const Rec *from, const struct Make *m, EvalEnv *env,
                     const Org *owner)
{
    Rec r = {.type = m->type, .home = owner->home, .holder = owner->home, .no = S(""), .warnings = S("")};
    r.v = NEW_ARRAY(cx->mem, Value, m->type->n_fields);
    for (size_t i = 0; i < m->n_set; i++) {
        r.v[m->set[i].field->index] = rule_value(env, m->set[i].value, m->set[i].field);
    }
    const Field *at = m->type->region;
    if (at != NULL && !r.v[at->index].has && owner->region != NULL) {
        r.v[at->index] = (Value){.has = true, .s = owner->region->code};
    }
    return cx->err == E_OK && spend(cx, x) &&
           rec_store_new(cx, s, x->a, &r, x->act->id, x->o->reason,
                         str_printf(cx->mem, "%.*s %lld", STRF(from->type->id), (long long)from->id));
}

typedef struct {
    int64_t *ids;
    size_t n, cap;
} Ids;

static bool read_ids(Cx *cx, Sql *q, Ids *ret)
{
    Stmt *st = sql_stmt(cx, cx->db, SQL_ROLLUP, q);
    *ret = (Ids){0};
    if (st == NULL) {
        return false;
    }
    while (stmt_next(cx, st)) {
        ARRAY_ROOM(cx->mem, ret->ids, ret->n, ret->cap);
        ret->ids[ret->n++] = stmt_col_int(st, 0);
    }
    return stmt_end(st);
}

static Sql *select_ids(Cx *cx, Store *s, const RecordType *t)
{
    Sql *q = sql_new(cx->mem);
    sql_lit(q, "select id from ");
    sql_ident(q, s->types[t->index].table);
    sql_lit(q, " where deleted is null");
    return q;
}

static bool make_each(Cx *cx, Store *s, const ActArg *x, const Rec *from, const struct Make *m)
{
    Sql *q = select_ids(cx, s, m->each);
    Ids l;
    sql_lit(q, " order by id");
    if (!read_ids(cx, q, &l)) {
        return false;
    }
    for (size_t i = 0; i < l.n; i++) {
        ArenaMark mark = arena_mark(cx->mem);
        const EvalEnv *outer = act_env(cx, s, x, from); /* keeps what it looked up, so it goes with the rest */
        Rec other;
        if (!rec_load(cx, s, m->each, l.ids[i], true, &other)) {
            return false;
        }
        EvalEnv *env = act_env(cx, s, x, &other);
        env->outer = outer;
        if (m->each_where != NULL && rule_test(env, m->each_where) != TRI_TRUE) {
            if (cx->err != E_OK) {
                return false;
            }
            arena_release(cx->mem, mark);
            continue;
        }
        if (!make_one(cx, s, x, from, m, env, rec_owner(s, &other))) {
            return false;
        }
        arena_release(cx->mem, mark);
    }
    return true;
}

bool act_make(Cx *cx, Store *s, const ActArg *x, const Rec *from)
{
    for (size_t i = 0; i < x->act->n_make; i++) {
        const struct Make *m = &x->act->make[i];
        if (m->each != NULL) {
            if (!make_each(cx, s, x, from, m)) {
                return false;
            }
            continue;
        }
        ArenaMark mark = arena_mark(cx->mem);
        EvalEnv *env = act_env(cx, s, x, from);
        if (m->each_org_level.n == 0) {
            const Org *owner = x->a->org != NULL ? x->a->org : rec_owner(s, from);
            env->region = owner->region;
            if (!make_one(cx, s, x, from, m, env, owner)) {
                return false;
            }
            arena_release(cx->mem, mark);
            continue;
        }
        for (size_t k = 0; k < s->pack->n_orgs; k++) {
            const Org *o = &s->pack->orgs[k];
            env->region = o->region;
            if (o->level_index >= 0 && str_eq(s->pack->levels[o->level_index], m->each_org_level) &&
                !make_one(cx, s, x, from, m, env, o)) {
                return false;
            }
        }
        arena_release(cx->mem, mark);
    }
    return true;
}

static Str name_of(Cx *cx, const Rec *r)
{
    const Field *f = r->type->title;
    Str title = f != NULL && r->v[f->index].has && field_is_text(f) ? r->v[f->index].s : r->no;
    return title.n != 0 ? title : id_text(cx->mem, r->id);
}

static bool then_one(Cx *cx, Store *s, const ActArg *x, const Rec *from, const struct Then *h, const EvalEnv *outer,
                     int64_t id)
{
    const RecordType *t = h->link != NULL ? h->link->type : h->via->ref;
    Rec other, after;
    if (!rec_load(cx, s, t, id, true, &other)) {
        if (cx->err == E_NOT_FOUND && h->via != NULL) { /* it points to a record deleted meanwhile */
            cx_clear(cx);
            return true;
        }
        return false;
    }
    bool from_state = false;
    for (size_t i = 0; i < h->action->n_from; i++) {
        from_state = from_state || h->action->from[i] == other.state;
    }
    EvalEnv *env = act_env(cx, s, x, &other);
    env->outer = outer;
    if (!from_state || (h->where != NULL && rule_test(env, h->where) != TRI_TRUE)) {
        return cx->err == E_OK;
    }
    Str cause = str_printf(cx->mem, "由%.*s“%.*s”的“%.*s”引起", STRF(from->type->label), STRF(name_of(cx, from)),
                           STRF(x->act->label));
    Actor program = act_program(cause);
    Findings found = findings_new(cx->mem);
    WriteOpts o = {.reason = h->reason.n != 0 ? h->reason : cause};
    ActArg next = {.a = &program,
                   .t = t,
                   .id = id,
                   .act = h->action,
                   .o = &o,
                   .found = &found,
                   .ret = &after,
                   .depth = x->depth + 1,
                   .left = x->left};
    next.inputs = NEW_ARRAY(cx->mem, Value, h->action->n_ask + 1);
    if (!spend(cx, x) || !act_run(cx, s, &next)) {
        ErrCode err = cx->err;
        Str why = found.errors != 0 ? found.items[0].text : cx_text(cx);
        cx_clear(cx);
        return fail(cx, err == E_INVALID ? E_WRONG_STATE : err, "%.*s“%.*s”：%.*s", STRF(t->label),
                    STRF(name_of(cx, &other)), STRF(why));
    }
    return true;
}

bool act_then(Cx *cx, Store *s, const ActArg *x, const Rec *from)
{
    for (size_t i = 0; i < x->act->n_then; i++) {
        const struct Then *h = &x->act->then[i];
        Ids l = {0};
        if (h->link != NULL) {
            Sql *q = select_ids(cx, s, h->link->type);
            sql_lit(q, " and ");
            sql_ident2(q, S("f_"), h->link->via->id);
            sql_lit(q, " = ");
            sql_int(q, from->id);
            sql_lit(q, " order by id");
            if (!read_ids(cx, q, &l)) {
                return false;
            }
        } else if (from->v[h->via->index].has) {
            l = (Ids){.ids = &from->v[h->via->index].i, .n = 1};
        }
        if (l.n != 0 && x->depth == ACT_DEPTH_MAX) {
            return fail(cx, E_WRONG_STATE, "“%.*s”引起的连带办理超过 %d 层，请检查策略包", STRF(x->act->label),
                        ACT_DEPTH_MAX);
        }
        for (size_t k = 0; k < l.n; k++) {
            ArenaMark mark = arena_mark(cx->mem);
            if (!then_one(cx, s, x, from, h, act_env(cx, s, x, from), l.ids[k])) {
                return false;
            }
            arena_release(cx->mem, mark);
        }
    }
    return true;
}
