/*
 * desk.c - see desk.h.
 */
#include "store/desk.h"

#include "base/date.h"
#include "store/chain.h"
#include "store/internal.h"
#include "store/task.h"

#define MANY_MAX 500
#define ACTS_LOOKED_AT 1000

static bool read_page_held(Cx *cx, Store *s, const Actor *a, const RecordType *t, Sql *q, size_t limit, RecPage *ret)
{
    Stmt *st = sql_stmt(cx, cx->db, SQL_ROLLUP, q);
    if (st == NULL) {
        return false;
    }
    Scope scope = access_scope(cx->mem, s->pack, a, t);
    ret->items = NEW_ARRAY(cx->mem, Rec, limit);
    while (ret->n != limit && stmt_next(cx, st)) {
        if (!row_read(cx, s, t, st, PERSONAL_MASKED, &ret->items[ret->n])) {
            stmt_done(st);
            return false;
        }
        ret->n++;
    }
    if (!stmt_end(st)) {
        return false;
    }
    for (size_t i = 0; i < ret->n; i++) {
        rec_redact(a, &ret->items[i], scope.published_only);
    }
    return true;
}

static bool read_page(Cx *cx, Store *s, const Actor *a, const RecordType *t, Sql *q, size_t limit, RecPage *ret)
{
    ReachHold h;
    reach_list(cx, s, a, t, &h);
    bool ok = read_page_held(cx, s, a, t, q, limit, ret);
    reach_end(cx, &h);
    return ok;
}

static bool begin_select(Cx *cx, Store *s, const Actor *a, const Query *query, Sql *q)
{
    sql_lit(q, "select ");
    buf_add(&q->text, s->types[query->type->index].columns);
    sql_lit(q, " from ");
    sql_ident(q, s->types[query->type->index].table);
    return query_where(cx, s, a, query, NULL, q);
}

bool rec_many(Cx *cx, Store *s, const Actor *a, const RecordType *t, const int64_t *ids, size_t n, RecPage *ret)
{
    *ret = (RecPage){.total = -1};
    n = MIN(n, (size_t)MANY_MAX);
    Query query = {.type = t};
    Sql *q = sql_new(cx->mem);
    if (n == 0 || !begin_select(cx, s, a, &query, q)) {
        return cx->err == E_OK;
    }
    sql_lit(q, " and id");
    sql_in_ints(q, ids, n);
    return read_page(cx, s, a, t, q, n, ret);
}

static bool read_events(Cx *cx, Store *s, Stmt *st, size_t limit, Event **ret, size_t *ret_n)
{
    *ret = NEW_ARRAY(cx->mem, Event, limit);
    *ret_n = 0;
    while (*ret_n != limit && stmt_next(cx, st)) {
        event_read(cx, s, st, &(*ret)[(*ret_n)++]);
    }
    return stmt_end(st);
}

bool desk_done(Cx *cx, Store *s, const Actor *a, EventPlace before, size_t limit, Event **ret, size_t *ret_n)
{
    limit = MIN(MAX(limit, (size_t)1), (size_t)500);
    Stmt *st = db_stmt(cx, cx->db, SQL_ROLLUP,
                       S("select home, seq, at, user_id, user_name, org, act, type, record, rev, action, state_from, state_to, reason, source,"
                         " '', hash from journal where user_id = ?1 and at <= ?2 and (at, home, seq) < (?2, ?3, ?4) and type <> ''"
                         " and act in ('create', 'update', 'delete', 'act', 'task') order by at desc, home desc, seq desc limit ?5"));
    if (st == NULL) {
        return false;
    }
    bool start = before.at_ms <= 0;
    stmt_int(st, 1, a->user);
    stmt_int(st, 2, start ? INT64_MAX : before.at_ms);
    stmt_int(st, 3, start ? INT64_MAX : before.home);
    stmt_int(st, 4, start ? INT64_MAX : before.seq);
    stmt_int(st, 5, (int64_t)limit);
    return read_events(cx, s, st, limit, ret, ret_n);
}

/* ---- what the actor started ---- */

typedef struct {
    const RecordType *type;
    int64_t id;
} Started;

static bool started_by(Cx *cx, Store *s, const Actor *a, Started **ret, size_t *ret_n)
{
    Stmt *st = db_stmt(cx, cx->db, SQL_ROLLUP,
                       S("select type, record, act, state_from, state_to from journal where user_id = ?1 and type <> ''"
                         " and act in ('create', 'act') order by at desc limit ?2"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, a->user);
    stmt_int(st, 2, ACTS_LOOKED_AT);
    *ret = NEW_ARRAY(cx->mem, Started, ACTS_LOOKED_AT);
    *ret_n = 0;
    while (stmt_next(cx, st)) {
        const RecordType *t = pack_type(s->pack, stmt_col_text(st, 0));
        const State *from = t != NULL ? type_state(t, stmt_col_text(st, 3)) : NULL;
        bool sent = from != NULL && from->editable && !str_eq(stmt_col_text(st, 3), stmt_col_text(st, 4));
        if (t != NULL && t->n_actions != 0 && (str_eq(stmt_col_text(st, 2), S("create")) || sent)) {
            (*ret)[(*ret_n)++] = (Started){t, stmt_col_int(st, 1)};
        }
    }
    return stmt_end(st);
}

static bool since(Cx *cx, Begun *items, size_t n)
{
    int64_t *ids = NEW_ARRAY(cx->mem, int64_t, n + 1);
    for (size_t i = 0; i < n; i++) {
        ids[i] = items[i].rec.id;
        items[i].since_ms = items[i].rec.created_ms;
    }
    Sql *q = sql_new(cx->mem);
    sql_lit(q, "select record, max(at) from journal where record");
    sql_in_ints(q, ids, n);
    sql_lit(q, " and state_from <> state_to group by record");
    Stmt *st = sql_stmt(cx, cx->db, SQL_ROLLUP, q);
    if (st == NULL) {
        return false;
    }
    while (stmt_next(cx, st)) {
        for (size_t i = 0; i < n; i++) {
            if (items[i].rec.id == stmt_col_int(st, 0)) {
                items[i].since_ms = MAX(items[i].since_ms, stmt_col_int(st, 1));
            }
        }
    }
    return stmt_end(st);
}

static int newest_first(const void *a, const void *b)
{
    const Begun *x = a, *y = b;
    return x->since_ms > y->since_ms ? -1 : x->since_ms < y->since_ms;
}

bool desk_begun(Cx *cx, Store *s, const Actor *a, Begun **ret, size_t *ret_n)
{
    Started *all;
    size_t n_all;
    *ret = NULL;
    *ret_n = 0;
    if (a->user == 0) {
        return true;
    }
    if (!started_by(cx, s, a, &all, &n_all)) {
        return false;
    }
    Begun *items = NEW_ARRAY(cx->mem, Begun, n_all + 1);
    size_t n = 0;
    for (size_t k = 0; k < s->pack->n_types; k++) {
        const RecordType *t = &s->pack->types[k];
        int64_t ids[200];
        size_t n_ids = 0;
        for (size_t i = 0; i < n_all && n_ids < ARRAY_LEN(ids); i++) {
            bool known = all[i].type != t;
            for (size_t m = 0; m < n_ids && !known; m++) {
                known = ids[m] == all[i].id;
            }
            if (!known) {
                ids[n_ids++] = all[i].id;
            }
        }
        RecPage page;
        if (!rec_many(cx, s, a, t, ids, n_ids, &page)) {
            return false;
        }
        for (size_t i = 0; i < page.n; i++) {
            if (state_has_work(t, page.items[i].state)) {
                items[n++].rec = page.items[i];
            }
        }
    }
    if (n != 0 && !since(cx, items, n)) {
        return false;
    }
    qsort(items, n, sizeof *items, newest_first);
    *ret = items;
    *ret_n = n;
    return true;
}

bool desk_overdue(Cx *cx, Store *s, const Actor *a, const RecordType *t, const State *st, int32_t before, size_t limit, RecPage *ret)
{
    *ret = (RecPage){.total = -1};
    if (a->org == NULL || st->due == NULL) {
        return true;
    }
    Query query = {.type = t, .n_filters = 2};
    query.filters[0] = (Filter){.column = S("state"), .op = OP_EQ, .value = {.has = true, .s = st->id}};
    query.filters[1] = (Filter){.field = st->due, .op = OP_LT, .value = {.has = true, .i = before}};
    int64_t *homes = NEW_ARRAY(cx->mem, int64_t, s->pack->n_orgs);
    size_t n = 0;
    for (size_t i = 0; i < s->pack->n_orgs; i++) {
        if (s->pack->orgs[i].parent == a->org) {
            homes[n++] = s->pack->orgs[i].home;
        }
    }
    Sql *q = sql_new(cx->mem);
    if (n == 0 || !begin_select(cx, s, a, &query, q)) {
        return cx->err == E_OK;
    }
    sql_lit(q, " and holder");
    sql_in_ints(q, homes, n);
    sql_lit(q, " order by ");
    sql_ident2(q, S("f_"), st->due->id);
    sql_lit(q, " limit ");
    sql_int(q, (int64_t)limit);
    return read_page(cx, s, a, t, q, limit, ret);
}
