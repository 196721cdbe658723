/*
 * env.c - see env.h.
 */
#include "store/env.h"

#include "base/date.h"
#include "store/recent.h"

#define RELATED_MAX 10000 /* more are refused aloud: a count cut short would be a wrong figure */
#define REFERRED_MAX 8

const Org *rec_owner(const Store *s, const Rec *r)
{
    return pack_org_by_home(s->pack, r->home);
}

const Region *rec_region(const Store *s, const Rec *r)
{
    const Field *f = r->type->region;
    if (f != NULL && r->v[f->index].has) {
        const Region *at = pack_region(s->pack, r->v[f->index].s);
        if (at != NULL) {
            return at;
        }
    }
    const Org *o = rec_owner(s, r);
    return o != NULL ? o->region : NULL;
}

/* A record referred to, loaded once: a condition may ask for several of its fields. */
typedef struct {
    const RecordType *type;
    int64_t id;
    bool found;
    Rec rec;
} Referred;

typedef struct {
    Store *s;
    const Rec *rec;
    EvalEnv env;
    Referred *seen[REFERRED_MAX]; /* a ring: the oldest goes first */
    size_t n_seen;
} EnvBox;

static bool referred_held(EnvBox *box, Cx *cx, const RecordType *t, int64_t id, const Referred **ret)
{
    for (size_t i = 0; i < MIN(box->n_seen, (size_t)REFERRED_MAX); i++) {
        if (box->seen[i]->type == t && box->seen[i]->id == id) {
            *ret = box->seen[i];
            return true;
        }
    }
    Sql *q = sql_new(cx->mem);
    sql_lit(q, "select id from ");
    sql_ident(q, box->s->types[t->index].table);
    sql_lit(q, " where home = ");
    sql_int(q, id_home(id));
    sql_lit(q, " and id = ");
    sql_int(q, id);
    sql_lit(q, " and deleted is null");
    Stmt *st = sql_stmt(cx, cx->db, SQL_HOME, q);
    int64_t there = 0;
    if (st == NULL || !stmt_one_int(cx, st, 0, &there)) {
        return false;
    }
    Referred *r = NEW(cx->mem, Referred);
    *r = (Referred){.type = t, .id = id, .found = there != 0};
    if (r->found && !rec_load(cx, box->s, t, id, true, &r->rec)) {
        return false;
    }
    box->seen[box->n_seen++ % REFERRED_MAX] = r;
    *ret = r;
    return true;
}

static bool referred(EnvBox *box, Cx *cx, const RecordType *t, int64_t id, const Referred **ret)
{
    ReachHold h;
    reach_program(cx, &h);
    bool ok = referred_held(box, cx, t, id, ret);
    reach_end(cx, &h);
    return ok;
}

static bool refer(void *ctx, Cx *cx, const Field *ref, int64_t id, Value const **ret_values, Str *ret_state, Str *ret_number,
                  bool *ret_found)
{
    const Referred *r;
    if (!referred(ctx, cx, ref->ref, id, &r)) {
        return false;
    }
    *ret_found = r->found;
    if (r->found) {
        *ret_values = r->rec.v;
        *ret_state = r->rec.state != NULL ? r->rec.state->id : S("");
        *ret_number = r->rec.no;
    }
    return true;
}

static bool related_held(void *ctx, Cx *cx, const Link *link, int64_t of, RelatedRows *ret)
{
    EnvBox *box = ctx;
    *ret = (RelatedRows){.type = link->type};
    if (of == 0) {
        return true;
    }
    const TypeSql *ts = &box->s->types[link->type->index];
    Sql *q = sql_new(cx->mem);
    sql_lit(q, "select ");
    buf_add(&q->text, ts->columns);
    sql_lit(q, " from ");
    sql_ident(q, ts->table);
    sql_lit(q, " where ");
    sql_ident2(q, S("f_"), link->via->id);
    sql_lit(q, " = ");
    sql_int(q, of);
    sql_lit(q, " and deleted is null order by id limit ");
    sql_int(q, RELATED_MAX + 1);
    Stmt *st = sql_stmt(cx, cx->db, SQL_ROLLUP, q);
    if (st == NULL) {
        return false;
    }
    size_t cap = 0, n = 0;
    const Value **rows = NULL;
    Str *states = NULL;
    int64_t *ids = NULL;
    while (stmt_next(cx, st)) {
        Rec r;
        if (!row_read(cx, box->s, link->type, st, PERSONAL_CLEAR, &r)) {
            stmt_done(st);
            return false;
        }
        if (n == RELATED_MAX) {
            stmt_done(st);
            return fail(cx, E_TOO_LARGE, "关联的%.*s超过 %d 条，不能逐条计算", STRF(link->type->label), RELATED_MAX);
        }
        if (n == cap) {
            size_t more = cap != 0 ? cap * 2 : 8;
            rows = arena_grow(cx->mem, rows, cap * sizeof *rows, more * sizeof *rows);
            states = arena_grow(cx->mem, states, cap * sizeof *states, more * sizeof *states);
            ids = arena_grow(cx->mem, ids, cap * sizeof *ids, more * sizeof *ids);
            cap = more;
        }
        rows[n] = r.v;
        ids[n] = r.id;
        states[n++] = r.state->id;
    }
    if (!stmt_end(st)) {
        return false;
    }
    *ret = (RelatedRows){.type = link->type, .rows = rows, .states = states, .ids = ids, .n = n};
    return true;
}

static bool related(void *ctx, Cx *cx, const Link *link, int64_t of, RelatedRows *ret)
{
    ReachHold h;
    reach_program(cx, &h);
    bool ok = related_held(ctx, cx, link, of, ret);
    reach_end(cx, &h);
    return ok;
}

static bool tally_held(void *ctx, Cx *cx, const Link *link, int64_t of, int64_t *ret)
{
    EnvBox *box = ctx;
    Sql *q = sql_new(cx->mem);
    sql_lit(q, "select count(*) from ");
    sql_ident(q, box->s->types[link->type->index].table);
    sql_lit(q, " where ");
    sql_ident2(q, S("f_"), link->via->id);
    sql_lit(q, " = ");
    sql_int(q, of);
    sql_lit(q, " and deleted is null");
    Stmt *st = sql_stmt(cx, cx->db, SQL_ROLLUP, q);
    return st != NULL && stmt_one_int(cx, st, 0, ret);
}

static bool tally(void *ctx, Cx *cx, const Link *link, int64_t of, int64_t *ret)
{
    ReachHold h;
    reach_program(cx, &h);
    bool ok = tally_held(ctx, cx, link, of, ret);
    reach_end(cx, &h);
    return ok;
}

static const Field *first_of(const RecordType *t, FieldKind kind)
{
    for (size_t i = 0; i < t->n_fields; i++) {
        if (t->fields[i].kind == kind) {
            return &t->fields[i];
        }
    }
    return NULL;
}

/* The same field in the last period before this record's, of the record it belongs to. */
static bool previous_held(void *ctx, Cx *cx, const Field *field, Value *ret)
{
    EnvBox *box = ctx;
    const RecordType *t = box->rec->type;
    const Field *period = first_of(t, FT_PERIOD), *owner = first_of(t, FT_REF);
    *ret = (Value){0};
    if (period == NULL || owner == NULL || !box->rec->v[period->index].has || !box->rec->v[owner->index].has ||
        recent_unreferred(box->s, box->rec->v[owner->index].i)) {
        return true;
    }
    Sql *q = sql_new(cx->mem);
    sql_lit(q, "select ");
    sql_ident2(q, S("f_"), field->id);
    sql_lit(q, " from ");
    sql_ident(q, box->s->types[t->index].table);
    sql_lit(q, " where ");
    sql_ident2(q, S("f_"), owner->id);
    sql_lit(q, " = ");
    sql_int(q, box->rec->v[owner->index].i);
    sql_lit(q, " and ");
    sql_ident2(q, S("f_"), period->id);
    sql_lit(q, " < ");
    sql_text(q, box->rec->v[period->index].s);
    sql_lit(q, " and deleted is null order by ");
    sql_ident2(q, S("f_"), period->id);
    sql_lit(q, " desc limit 1");
    Stmt *st = sql_stmt(cx, cx->db, SQL_ROLLUP, q);
    bool row = false;
    if (st == NULL || !stmt_step(cx, st, &row)) {
        return false;
    }
    if (row && !stmt_col_null(st, 0)) {
        ret->has = true;
        if (field->kind == FT_DATE) {
            int32_t days = 0;
            ret->has = date_iso_parse(stmt_col_text(st, 0), &days);
            ret->i = days;
        } else if (field_is_text(field)) {
            ret->s = stmt_col_dup(cx->mem, st, 0);
        } else {
            ret->i = stmt_col_int(st, 0);
        }
    }
    stmt_done(st);
    return true;
}

static bool previous(void *ctx, Cx *cx, const Field *field, Value *ret)
{
    ReachHold h;
    reach_program(cx, &h);
    bool ok = previous_held(ctx, cx, field, ret);
    reach_end(cx, &h);
    return ok;
}

EvalEnv *env_make(Cx *cx, Store *s, const Rec *r)
{
    EnvBox *box = NEW(cx->mem, EnvBox);
    box->s = s;
    box->rec = r;
    box->env = (EvalEnv){.cx = cx, .pack = s->pack, .type = r->type, .values = r->v, .form = r->form, .self = r->id,
                         .state = r->state != NULL ? r->state->id : S(""), .number = r->no, .today = instant_date(cx->now_ms),
                         .region = rec_region(s, r), .org = rec_owner(s, r), .related = related, .previous = previous, .tally = tally,
                         .refer = refer, .ctx = box};
    return &box->env;
}

bool rec_eval(Cx *cx, Store *s, const Rec *r, const Expr *e, Value *ret, Str *ret_shown)
{
    static const Field NUMBER = {.kind = FT_INT, .id = STR_INIT("value")}, YES_NO = {.kind = FT_BOOL, .id = STR_INIT("value")};
    const Field *as = e->type == XT_BOOL && e->kind != EX_FIELD ? &YES_NO : e->field != NULL && e->kind != EX_COUNT ? e->field : &NUMBER;
    *ret = rule_value(env_make(cx, s, r), e, as);
    *ret_shown = S("");
    if (ret->has) {
        *ret_shown = as->kind == FT_REF ? rec_label(cx, s, as->ref, ret->i) : value_show(cx->mem, s->pack, as, ret);
        if (as->unit.n != 0 && as->kind != FT_MONEY) {
            *ret_shown = str_printf(cx->mem, "%.*s %.*s", STRF(*ret_shown), STRF(as->unit));
        }
    }
    return cx->err == E_OK;
}
