/*
 * closing.c - the tables of closings, how a period stands, and the question every write asks first: is it closed?
 */
#include "rule/validate.h"
#include "store/closing_int.h"
#include "store/held.h"

bool closing_tables(Cx *cx, Db *db)
{
    return db_script(cx, db,
                     "create table if not exists closing (type text not null, period text not null, seq integer not null,"
                     " n integer not null, homes integer not null, fields text not null, hash text not null, at integer not null,"
                     " user_id integer not null, user_name text not null, org text not null, reason text not null,"
                     " primary key (type, period, seq)){strict};"
                     "create table if not exists closing_home (home integer not null, type text not null, period text not null,"
                     " version integer not null, n integer not null, hash text not null, primary key (home, type, period, version)){homes};"
                     "create table if not exists closing_sum (home integer not null, type text not null, period text not null,"
                     " version integer not null, field text not null, n integer not null, total integer not null,"
                     " primary key (home, type, period, version, field)){homes};") &&
           db_homes(cx, db, S("closing_home"), S("type, period, version")) &&
           db_homes(cx, db, S("closing_sum"), S("type, period, version, field"));
}

/* ---- how it stands ---- */

#define CLOSING_COLUMNS "select period, seq, n, homes, fields, hash, at, user_name, org, reason from closing"

static void read_closed(Cx *cx, Stmt *st, Closed *c)
{
    int64_t seq = stmt_col_int(st, 1);
    *c = (Closed){.period = stmt_col_dup(cx->mem, st, 0), .seq = seq, .closed = seq % 2 == 1, .version = (seq + 1) / 2,
                  .n = stmt_col_int(st, 2), .homes = stmt_col_int(st, 3), .fields = stmt_col_dup(cx->mem, st, 4),
                  .hash = stmt_col_dup(cx->mem, st, 5), .at_ms = stmt_col_int(st, 6), .who = stmt_col_dup(cx->mem, st, 7),
                  .org = stmt_col_dup(cx->mem, st, 8), .reason = stmt_col_dup(cx->mem, st, 9)};
}

bool closing_state(Cx *cx, Store *s, const RecordType *t, Str period, Closed *ret)
{
    (void)s;
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE, S(CLOSING_COLUMNS " where type = ?1 and period = ?2 order by seq desc limit 1"));
    *ret = (Closed){.period = period};
    if (st == NULL) {
        return false;
    }
    stmt_text(st, 1, t->id);
    stmt_text(st, 2, period);
    if (stmt_next(cx, st)) {
        read_closed(cx, st, ret);
    }
    return stmt_end(st);
}

bool closing_history(Cx *cx, Store *s, const RecordType *t, Str period, Closed **ret, size_t *ret_n)
{
    Closed last;
    if (!closing_state(cx, s, t, period, &last)) {
        return false;
    }
    *ret = NEW_ARRAY(cx->mem, Closed, (size_t)last.seq + 1);
    *ret_n = 0;
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE,
                       S(CLOSING_COLUMNS " where type = ?1 and period = ?2 and seq <= ?3 order by seq desc"));
    if (st == NULL) {
        return false;
    }
    stmt_text(st, 1, t->id);
    stmt_text(st, 2, period);
    stmt_int(st, 3, last.seq);
    while (*ret_n < (size_t)last.seq && stmt_next(cx, st)) {
        read_closed(cx, st, &(*ret)[(*ret_n)++]);
    }
    return stmt_end(st);
}

static Str role_names(Cx *cx, const Pack *p, const Closing *c)
{
    Buf b = buf_new(cx->mem, 4000);
    for (size_t i = 0; i < c->n_reopen; i++) {
        const Role *r = pack_role(p, c->reopen[i]);
        buf_add(&b, i != 0 ? S("或") : S(""));
        buf_add(&b, r != NULL ? r->label : c->reopen[i]);
    }
    return buf_str(&b);
}

bool closing_refuses(Cx *cx, Store *s, const RecordType *t, const Value *values, Str *ret_why)
{
    Closed now;
    const Value *v = t->closing != NULL ? &values[t->closing->by->index] : NULL;
    *ret_why = S("");
    if (v == NULL || !v->has || held_open(s, t, v->s)) {
        return true;
    }
    if (!closing_state(cx, s, t, v->s, &now)) {
        return false;
    }
    if (!now.closed) {
        held_open_note(s, t, v->s);
    } else {
        Str period = period_zh(cx->mem, v->s), who = role_names(cx, s->pack, t->closing);
        *ret_why = str_printf(cx->mem, "%.*s 已关账，不能再改；要更正，请%.*s先重开该期", STRF(period), STRF(who));
    }
    return true;
}

/* ---- what a write asks ---- */

static bool moves_figures(const RecordType *t, const Value *before, const Value *after, bool erase)
{
    for (size_t i = 0; i < t->n_fields; i++) {
        const Field *f = &t->fields[i];
        if (!f->computed && !(erase && f->personal) && !value_eq(f, &before[i], &after[i])) {
            return true;
        }
    }
    return false;
}

static bool asks(Cx *cx, Store *s, const Value *before, const Rec *r, bool erase, Str *ret_why)
{
    *ret_why = S("");
    if (r->type->closing == NULL || (before != NULL && !moves_figures(r->type, before, r->v, erase))) {
        return true;
    }
    if (before != NULL && !closing_refuses(cx, s, r->type, before, ret_why)) {
        return false;
    }
    return ret_why->n != 0 || closing_refuses(cx, s, r->type, r->v, ret_why);
}

bool closing_check(Cx *cx, Store *s, const Value *before, const Rec *r, Findings *found)
{
    Str why;
    if (!asks(cx, s, before, r, false, &why)) {
        return false;
    }
    if (why.n != 0) {
        finding_add(found, false, r->type->closing->by->id, S("closed"), r->type->closing->by->clause, why);
    }
    return true;
}

bool closing_guard(Cx *cx, Store *s, const Value *before, const Rec *r, bool erase)
{
    Str why;
    return asks(cx, s, before, r, erase, &why) && (why.n == 0 || fail(cx, E_WRONG_STATE, "%.*s", STRF(why)));
}

/* ---- who ---- */

bool closing_may(const Actor *a, const RecordType *t, bool reopen)
{
    const Closing *c = t->closing;
    if (c == NULL || a->read_only) {
        return false;
    }
    bool may = a->is_system;
    for (size_t i = 0; i < (reopen ? c->n_reopen : c->n_close); i++) {
        may = may || actor_has_role(a, reopen ? c->reopen[i] : c->close[i]);
    }
    return may;
}
