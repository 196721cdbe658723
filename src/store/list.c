/*
 * list.c - lists, facets and cross counts: one where clause, made of the actor's reach and the query's filters.
 *
 * Pages are cut by keyset: the cursor is the order value and id of the last row. Totals and counts come from the count
 * cache.
 */
#include "base/clock.h"
#include "base/date.h"
#include "fmt/codes.h"
#include "store/internal.h"

/* Stands for "the state" where a field to leave out is named. */
static const Field STATE_FIELD;
#define SKIP_STATE (&STATE_FIELD)

static void filter_column(Sql *q, const Filter *f)
{
    if (f->field != NULL) {
        sql_ident2(q, S("f_"), f->field->id);
    } else {
        sql_ident(q, f->column);
    }
}

static void filter_value(Cx *cx, Sql *q, const Filter *f)
{
    const Value *v = &f->value;
    if (f->field != NULL && f->field->kind == FT_DATE) {
        sql_text(q, date_iso(cx->mem, (int32_t)v->i));
    } else if (f->field != NULL ? field_is_text(f->field)
                                : str_eq(f->column, S("state")) || str_eq(f->column, S("no"))) {
        sql_text(q, v->s);
    } else {
        sql_int(q, v->i);
    }
}

/* A region and all below it, as an or-list of equalities: few enough, and each can use the index. */
static void filter_region(const Pack *p, Sql *q, const Filter *f)
{
    bool first = true;
    sql_lit(q, " and (");
    for (size_t i = 0; i < p->n_regions && q->n_args < SQL_MAX_ARGS - 16; i++) {
        if (region_within(&p->regions[i], f->within)) {
            if (!first) {
                sql_lit(q, " or ");
            }
            filter_column(q, f);
            sql_lit(q, " = ");
            sql_text(q, p->regions[i].code);
            first = false;
        }
    }
    sql_lit(q, ")");
}

static void add_filter(Cx *cx, const Pack *p, Sql *q, const Filter *f)
{
    if (f->within != NULL) {
        if (f->within->parent != NULL) { /* the whole: no condition */
            filter_region(p, q, f);
        }
        return;
    }
    sql_lit(q, " and ");
    filter_column(q, f);
    if (!f->value.has) {
        if (f->op == OP_NE) {
            sql_lit(q, " is not null");
        } else {
            sql_lit(q, " is null");
        }
        return;
    }
    switch (f->op) {
    case OP_EQ:
        sql_lit(q, " = ");
        break;
    case OP_NE:
        sql_lit(q, " is distinct from ");
        break;
    case OP_LT:
        sql_lit(q, " < ");
        break;
    case OP_LE:
        sql_lit(q, " <= ");
        break;
    case OP_GT:
        sql_lit(q, " > ");
        break;
    case OP_GE:
        sql_lit(q, " >= ");
        break;
    case OP_HAS:
        sql_lit(q, " like ");
        sql_like(q, f->value.s);
        return;
    }
    filter_value(cx, q, f);
}

static void add_states(Sql *q, const RecordType *t, bool (*want)(const RecordType *, const State *, const Actor *),
                       const Actor *a)
{
    bool first = true;
    sql_lit(q, " and state in (");
    for (size_t i = 0; i < t->n_states; i++) {
        if (want(t, &t->states[i], a)) {
            if (!first) {
                sql_lit(q, ", ");
            }
            sql_text(q, t->states[i].id);
            first = false;
        }
    }
    if (first) {
        sql_lit(q, "''");
    }
    sql_lit(q, ")");
}

static bool is_published(const RecordType *t, const State *st, const Actor *a)
{
    (void)t;
    (void)a;
    return st->published;
}

/* Is there work for this actor in a state: an action of one of the actor's roles that must be done at the desk, or an
 * editable state? */
static bool is_work(const RecordType *t, const State *st, const Actor *a)
{
    if (st->published || st->rest) {
        return false;
    }
    for (size_t i = 0; i < t->n_actions; i++) {
        const Action *act = &t->actions[i];
        bool from = false, role = false;
        for (size_t k = 0; k < act->n_from; k++) {
            from = from || act->from[k] == st;
        }
        for (size_t k = 0; k < act->n_roles; k++) {
            role = role || actor_has_role(a, act->roles[k]);
        }
        if (from && role && act->at_holder && act->n_to != 0) {
            return true;
        }
    }
    return false;
}

/* A sealed record that can still be filled in waits for the one person who may read it, wherever it lies. */
static bool is_own_work(const RecordType *t, const State *st, const Actor *a)
{
    (void)t;
    (void)a;
    return st->sealed && st->editable;
}

static bool has_own_work(const RecordType *t)
{
    bool any = false;
    for (size_t i = 0; i < t->n_states; i++) {
        any = any || is_own_work(t, &t->states[i], NULL);
    }
    return any;
}

static bool is_sealed(const RecordType *t, const State *st, const Actor *a)
{
    (void)t;
    (void)a;
    return st->sealed;
}

static void add_mine(Sql *q, const RecordType *t, const Actor *a)
{
    sql_lit(q, "created_by = ");
    sql_int(q, a->user);
    if (t->person != NULL && a->login.n != 0) {
        sql_lit(q, " or ");
        sql_ident2(q, S("f_"), t->person->id);
        sql_lit(q, " = ");
        sql_text(q, a->login);
    }
}

static void seal_where(const Actor *a, const RecordType *t, const Scope *scope, Sql *q)
{
    bool any = false;
    for (size_t i = 0; i < t->n_states; i++) {
        any = any || t->states[i].sealed;
    }
    if (!any) {
        return;
    }
    bool mine = a->user != 0 && !scope->published_only;
    sql_lit(q, " and (not (1 = 1");
    add_states(q, t, is_sealed, a);
    sql_lit(q, ")");
    if (mine && t->person == NULL) {
        sql_lit(q, " or ");
        add_mine(q, t, a);
    } else if (mine) { /* as access_belongs */
        sql_lit(q, " or ");
        sql_ident2(q, S("f_"), t->person->id);
        sql_lit(q, " = ");
        sql_text(q, a->login);
        sql_lit(q, " or (");
        sql_ident2(q, S("f_"), t->person->id);
        sql_lit(q, " is null and created_by = ");
        sql_int(q, a->user);
        sql_lit(q, ")");
    }
    sql_lit(q, ")");
}

bool reach_where(const Actor *a, const RecordType *t, const Scope *scope, Sql *q)
{
#ifdef TAMGA_BREAK_SCOPE /* a test build: is there a second line? (test/keys) */
    return true;
#endif
    if (scope->published_only) {
        if (t->n_publics == 0) {
            return false;
        }
        add_states(q, t, is_published, a);
    } else if (!scope->all) {
        if (scope->n == 0 && !scope->mine) {
            return false;
        }
        sql_lit(q, " and (");
        if (scope->n == 1) {
            sql_lit(q, "home = ");
            sql_int(q, scope->homes[0]);
        } else if (scope->n != 0) {
            sql_lit(q, "home");
            sql_in_ints(q, scope->homes, scope->n);
        }
        if (scope->mine) {
            if (scope->n != 0) {
                sql_lit(q, " or ");
            }
            add_mine(q, t, a);
        }
        sql_lit(q, ")");
    }
    seal_where(a, t, scope, q);
    return true;
}

/* A personal field: equality only, by its blind index, for those who might see it in clear; others would guess at it value by value. */
static bool add_lookup(Cx *cx, Store *s, const Actor *a, const RecordType *t, const Filter *f, Sql *q)
{
    if (!f->field->lookup || f->op != OP_EQ || !f->value.has) {
        return fail(cx, E_INVALID, "“%.*s”是个人信息，只能按完整内容查找", STRF(f->field->label));
    }
    if (!access_flag(a, t, 'u')) {
        return fail(cx, E_FORBIDDEN, "您没有按个人信息查找的权限");
    }
    sql_lit(q, " and ");
    row_equals(cx, s, q, t, f->field, &f->value);
    return true;
}

bool query_where(Cx *cx, Store *s, const Actor *a, const Query *query, const Field *skip, Sql *q)
{
    const RecordType *t = query->type;
    Scope scope = access_scope(cx->mem, s->pack, a, t);
    sql_lit(q, " where deleted is null");
    if (!reach_where(a, t, &scope, q)) {
        return false;
    }
    for (size_t i = 0; i < query->n_filters; i++) {
        const Filter *f = &query->filters[i];
        if (f->field != NULL && !access_field_in(a, t, NULL, f->field, scope.published_only)) {
            return false; /* no filtering by what may not be seen */
        }
        bool skipped =
            skip == SKIP_STATE ? f->field == NULL && str_eq(f->column, S("state")) : skip != NULL && f->field == skip;
        if (f->field != NULL && f->field->personal) {
            if (!add_lookup(cx, s, a, t, f, q)) {
                return false;
            }
        } else if (!skipped) {
            add_filter(cx, s->pack, q, f);
        }
    }
    if (query->order != NULL && !access_field_in(a, t, NULL, query->order, scope.published_only)) {
        return false; /* nor ordering */
    }
    if (query->search.n != 0 && t->searchable) {
        sql_lit(q, " and search like ");
        sql_like(q, name_fold(cx->mem, query->search));
    }
    if (query->mine_to_do) {
        if (a->org == NULL) {
            return false;
        }
        bool own = has_own_work(t);
        sql_lit(q, " and (");
        if (own) { /* the seal (reach_where) leaves the actor's own only */
            sql_lit(q, "(1 = 1");
            add_states(q, t, is_own_work, a);
            sql_lit(q, ") or ");
        }
        sql_lit(q, "(holder = ");
        sql_int(q, a->org->home);
        add_states(q, t, is_work, a);
        sql_lit(q, "))");
    }
    return true;
}

static void order_column(Sql *q, const Query *query)
{
    const Field *f = query->order;
    if (f == NULL) {
        sql_lit(q, "updated");
        return;
    }
    sql_lit(q, "coalesce(");
    sql_ident2(q, S("f_"), f->id);
    if (field_is_text(f) || f->kind == FT_DATE) {
        sql_lit(q, ", '')");
    } else {
        sql_lit(q, ", -1)");
    }
}

/* Cursor text: order value, a vertical bar, id; base64url, so that nobody builds one by hand. */
static Str cursor_make(Cx *cx, const Query *query, const Rec *last)
{
    Str key;
    const Field *f = query->order;
    if (f == NULL) {
        key = id_text(cx->mem, last->updated_ms);
    } else if (f->kind == FT_DATE) {
        key = last->v[f->index].has ? date_iso(cx->mem, (int32_t)last->v[f->index].i) : S("");
    } else if (field_is_text(f)) {
        key = last->v[f->index].s;
    } else {
        key = id_text(cx->mem, last->v[f->index].has ? last->v[f->index].i : -1);
    }
    return base64url(cx->mem, str_printf(cx->mem, "%lld|%.*s", (long long)last->id, STRF(key)));
}

static bool add_cursor(Cx *cx, Sql *q, const Query *query)
{
    Str plain, id_part, key;
    int64_t id, number = 0;
    if (!base64url_read(cx->mem, query->after, &plain) || !utf8_valid(plain) || !str_cut(plain, '|', &id_part, &key) ||
        !id_read(id_part, &id)) {
        return fail(cx, E_BAD_REQUEST, "分页位置 cursor 无效，请从第一页开始");
    }
    const Field *f = query->order;
    bool text = f != NULL && (field_is_text(f) || f->kind == FT_DATE);
    if (!text && !str_int(key, &number)) {
        return fail(cx, E_BAD_REQUEST, "分页位置 cursor 无效，请从第一页开始");
    }
    sql_lit(q, " and (");
    order_column(q, query);
    if (query->ascending) {
        sql_lit(q, ", id) > (");
    } else {
        sql_lit(q, ", id) < (");
    }
    if (text) {
        sql_text(q, key);
    } else {
        sql_int(q, number);
    }
    sql_lit(q, ", ");
    sql_int(q, id);
    sql_lit(q, ")");
    return true;
}

static bool read_rows(Cx *cx, Store *s, const Query *query, Stmt *st, size_t limit, RecPage *ret)
{
    ret->items = NEW_ARRAY(cx->mem, Rec, limit);
    while (stmt_next(cx, st)) {
        if (ret->n == limit) { /* one more than asked was read: there is a next page */
            ret->next = cursor_make(cx, query, &ret->items[limit - 1]);
            return true;
        }
        if (!row_read(cx, s, query->type, st, query->leave_personal ? PERSONAL_LEFT : PERSONAL_MASKED, &ret->items[ret->n])) {
            return false;
        }
        ret->n++;
    }
    return stmt_end(st);
}

static bool count_total(Cx *cx, Store *s, const Actor *a, const Query *query, int64_t *ret)
{
    Sql *q = sql_new(cx->mem);
    sql_lit(q, "select count(*) from ");
    sql_ident(q, s->types[query->type->index].table);
    if (!query_where(cx, s, a, query, NULL, q)) {
        *ret = 0;
        return true;
    }
    uint64_t version = store_version(s, query->type->index);
    void *kept;
    size_t bytes;
    if (count_cache_get(s->counts, q, version, clock_mono_ms(), cx->mem, &kept, &bytes) && bytes == sizeof *ret) {
        memcpy(ret, kept, sizeof *ret);
        return true;
    }
    Stmt *st = sql_stmt(cx, cx->db, SQL_ROLLUP, q);
    if (st == NULL || !stmt_one_int(cx, st, 0, ret)) {
        return false;
    }
    count_cache_put(s->counts, q, version, clock_mono_ms(), *ret, ret, sizeof *ret);
    return true;
}

static bool rec_list_held(Cx *cx, Store *s, const Actor *a, const Query *query, bool want_total, RecPage *ret)
{
    *ret = (RecPage){.total = want_total ? 0 : -1};
    size_t limit = query->limit == 0 ? 50 : MIN(query->limit, (size_t)200);
    Sql *q = sql_new(cx->mem);
    sql_lit(q, "select ");
    buf_add(&q->text, s->types[query->type->index].columns);
    sql_lit(q, " from ");
    sql_ident(q, s->types[query->type->index].table);
    if (!query_where(cx, s, a, query, NULL, q)) {
        return cx->err == E_OK;
    }
    if (query->after.n != 0 && !add_cursor(cx, q, query)) {
        return false;
    }
    sql_lit(q, " order by ");
    order_column(q, query);
    if (query->ascending) {
        sql_lit(q, " asc, id asc limit ");
    } else {
        sql_lit(q, " desc, id desc limit ");
    }
    sql_int(q, (int64_t)limit + 1);
    sql_lit(q, " offset ");
    sql_int(q, query->after.n != 0 ? 0 : (int64_t)query->offset);
    Stmt *st = sql_stmt(cx, cx->db, SQL_ROLLUP, q);
    if (st == NULL) {
        return false;
    }
    bool ok = read_rows(cx, s, query, st, limit, ret);
    stmt_done(st);
    Scope scope = access_scope(cx->mem, s->pack, a, query->type);
    for (size_t i = 0; ok && i < ret->n; i++) {
        rec_redact(a, &ret->items[i], scope.published_only);
    }
    return ok && (!want_total || count_total(cx, s, a, query, &ret->total));
}

bool rec_list(Cx *cx, Store *s, const Actor *a, const Query *query, bool want_total, RecPage *ret)
{
    ReachHold h;
    reach_list(cx, s, a, query->type, &h);
    bool ok = rec_list_held(cx, s, a, query, want_total, ret);
    reach_end(cx, &h);
    return ok;
}

static bool rec_each_held(Cx *cx, Store *s, const Actor *a, const Query *query, RecEachFn *fn, void *ctx)
{
    Sql *q = sql_new(cx->mem);
    sql_lit(q, "select ");
    buf_add(&q->text, s->types[query->type->index].columns);
    sql_lit(q, " from ");
    sql_ident(q, s->types[query->type->index].table);
    if (!query_where(cx, s, a, query, NULL, q)) {
        return cx->err == E_OK;
    }
    sql_lit(q, " order by ");
    order_column(q, query);
    if (query->ascending) {
        sql_lit(q, " asc, id asc");
    } else {
        sql_lit(q, " desc, id desc");
    }
    Scope scope = access_scope(cx->mem, s->pack, a, query->type);
    Stmt *st = sql_stmt(cx, cx->db, SQL_ROLLUP, q);
    bool ok = st != NULL;
    while (ok && stmt_next(cx, st)) {
        Rec r;
        ArenaMark mark = arena_mark(cx->mem);
        ok = row_read(cx, s, query->type, st, query->leave_personal ? PERSONAL_LEFT : PERSONAL_MASKED, &r);
        if (ok) {
            rec_redact(a, &r, scope.published_only);
            ok = fn(ctx, &r);
        }
        if (ok) { /* a failure's text stays */
            arena_release(cx->mem, mark);
        }
    }
    return st != NULL && stmt_end(st) && ok;
}

bool rec_each(Cx *cx, Store *s, const Actor *a, const Query *query, RecEachFn *fn, void *ctx)
{
    ReachHold h;
    reach_list(cx, s, a, query->type, &h);
    bool ok = rec_each_held(cx, s, a, query, fn, ctx);
    reach_end(cx, &h);
    return ok;
}

/* What the cache keeps of a cross count: texts in a row, with their lengths. */
static Str pack_counts(Cx *cx, const CrossCount *items, size_t n, size_t n_fields)
{
    Buf b = buf_new(cx->mem, 8 << 20);
    for (size_t i = 0; i < n; i++) {
        buf_add_bytes(&b, &items[i].n, sizeof items[i].n);
        for (size_t k = 0; k < n_fields; k++) {
            uint32_t len = (uint32_t)items[i].keys[k].n;
            buf_add_bytes(&b, &len, sizeof len);
            buf_add(&b, items[i].keys[k]);
        }
    }
    return buf_str(&b);
}

static void unpack_counts(Cx *cx, Str bytes, size_t n_fields, CrossCount **ret, size_t *ret_n)
{
    size_t cap = 0, n = 0;
    CrossCount *items = NULL;
    for (const char *p = bytes.p, *end = p + bytes.n; p < end;) {
        ARRAY_ROOM(cx->mem, items, n, cap);
        CrossCount *c = &items[n++];
        memcpy(&c->n, p, sizeof c->n);
        p += sizeof c->n;
        for (size_t k = 0; k < n_fields; k++) {
            uint32_t len;
            memcpy(&len, p, sizeof len);
            c->keys[k] = str_n(p + sizeof len, len);
            p += sizeof len + len;
        }
    }
    *ret = items;
    *ret_n = n;
}

static bool read_counts(Cx *cx, Stmt *st, size_t n_fields, CrossCount **ret, size_t *ret_n)
{
    size_t cap = 0, n = 0;
    CrossCount *items = NULL;
    while (stmt_next(cx, st)) {
        ARRAY_ROOM(cx->mem, items, n, cap);
        CrossCount *c = &items[n++];
        for (size_t k = 0; k < n_fields; k++) {
            c->keys[k] = stmt_col_dup(cx->mem, st, (int)k);
        }
        c->n = stmt_col_int(st, (int)n_fields);
    }
    if (!stmt_end(st)) {
        return false;
    }
    *ret = items;
    *ret_n = n;
    return true;
}

static void count_columns(Sql *q, const Field *const *fields, size_t n_fields)
{
    for (size_t k = 0; k < n_fields; k++) {
        if (k != 0) {
            sql_lit(q, ", ");
        }
        if (fields[k] == NULL) {
            sql_lit(q, "state");
        } else {
            sql_ident2(q, S("f_"), fields[k]->id);
        }
    }
}

static bool cross_held(Cx *cx, Store *s, const Actor *a, const Query *query, const Field *const *fields, size_t n_fields,
                  const Field *skip, CrossCount **ret, size_t *ret_n)
{
    *ret_n = 0;
    bool public_only = access_scope(cx->mem, s->pack, a, query->type).published_only;
    for (size_t k = 0; k < n_fields; k++) {
        if (fields[k] != NULL && !access_field_in(a, query->type, NULL, fields[k], public_only)) {
            return true; /* no counting by what may not be seen */
        }
    }
    Sql *q = sql_new(cx->mem);
    sql_lit(q, "select ");
    count_columns(q, fields, n_fields);
    sql_lit(q, ", count(*) from ");
    sql_ident(q, s->types[query->type->index].table);
    if (!query_where(cx, s, a, query, skip, q)) {
        return cx->err == E_OK;
    }
    sql_lit(q, " group by ");
    count_columns(q, fields, n_fields);
    uint64_t version = store_version(s, query->type->index);
    void *kept;
    size_t bytes;
    if (count_cache_get(s->counts, q, version, clock_mono_ms(), cx->mem, &kept, &bytes)) {
        unpack_counts(cx, str_n(kept, bytes), n_fields, ret, ret_n);
        return true;
    }
    Stmt *st = sql_stmt(cx, cx->db, SQL_ROLLUP, q);
    if (st == NULL) {
        return false;
    }
    bool ok = read_counts(cx, st, n_fields, ret, ret_n);
    stmt_done(st);
    if (ok) {
        int64_t counted = 0;
        for (size_t i = 0; i < *ret_n; i++) {
            counted += (*ret)[i].n;
        }
        Str packed = pack_counts(cx, *ret, *ret_n, n_fields);
        count_cache_put(s->counts, q, version, clock_mono_ms(), counted, packed.p, packed.n);
    }
    return ok;
}

static bool cross(Cx *cx, Store *s, const Actor *a, const Query *query, const Field *const *fields, size_t n_fields,
                  const Field *skip, CrossCount **ret, size_t *ret_n)
{
    ReachHold h;
    reach_list(cx, s, a, query->type, &h);
    bool ok = cross_held(cx, s, a, query, fields, n_fields, skip, ret, ret_n);
    reach_end(cx, &h);
    return ok;
}

bool rec_cross(Cx *cx, Store *s, const Actor *a, const Query *query, const Field *const *fields, size_t n_fields,
               CrossCount **ret, size_t *ret_n)
{
    CHECK(n_fields >= 1 && n_fields <= 6);
    return cross(cx, s, a, query, fields, n_fields, NULL, ret, ret_n);
}

bool rec_facet(Cx *cx, Store *s, const Actor *a, const Query *query, const Field *f, FacetCount **ret, size_t *ret_n)
{
    CrossCount *items;
    size_t n;
    if (!cross(cx, s, a, query, &f, 1, f != NULL ? f : SKIP_STATE, &items, &n)) {
        return false;
    }
    *ret = NEW_ARRAY(cx->mem, FacetCount, n);
    for (size_t i = 0; i < n; i++) {
        (*ret)[i] = (FacetCount){.key = items[i].keys[0], .n = items[i].n};
    }
    *ret_n = n;
    return true;
}
