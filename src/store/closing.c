/*
 * closing.c - closing and reopening a period, and the question every write asks first: is it closed?
 */
#include "fmt/doc.h"
#include "rule/validate.h"
#include "store/closing_int.h"

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
    if (v == NULL || !v->has) {
        return true;
    }
    if (!closing_state(cx, s, t, v->s, &now)) {
        return false;
    }
    if (now.closed) {
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

/* ---- closing and reopening ---- */

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

typedef struct {
    const Actor *a;
    const RecordType *t;
    Str period, reason;
    int64_t seq;
    Closed *ret;
} CloseArg;

/* The next row of table `closing`. */
static bool add_row(Cx *cx, const CloseArg *x, const Closed *c)
{
    Stmt *st = db_stmt(cx, cx->db, SQL_REFERENCE,
                       S("insert into closing (type, period, seq, n, homes, fields, hash, at, user_id, user_name, org, reason)"
                         " values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"));
    if (st == NULL) {
        return false;
    }
    stmt_text(st, 1, x->t->id);
    stmt_text(st, 2, c->period);
    const int64_t ints[] = {c->seq, c->n, c->homes};
    for (int i = 0; i < 3; i++) {
        stmt_int(st, i + 3, ints[i]);
    }
    stmt_text(st, 6, c->fields);
    stmt_text(st, 7, c->hash);
    stmt_int(st, 8, c->at_ms);
    stmt_int(st, 9, x->a->user);
    stmt_text(st, 10, c->who);
    stmt_text(st, 11, c->org);
    stmt_text(st, 12, c->reason);
    return stmt_run(cx, st);
}

/* The chain that tells of it: of the office that did it, or of the top office when the program did. */
static int64_t chain_of(const Store *s, const Actor *a)
{
    const Org *o = a->org != NULL ? a->org : s->pack->n_orgs != 0 ? &s->pack->orgs[0] : NULL;
    while (o != NULL && a->org == NULL && o->parent != NULL) {
        o = o->parent;
    }
    return o != NULL ? o->home : 0;
}

static bool tell(Cx *cx, Store *s, const CloseArg *x, const Closed *c)
{
    Doc *body = doc_obj(cx->mem);
    doc_set_int(body, "#version", c->version);
    doc_set_int(body, "#n", c->n);
    doc_set_int(body, "#homes", c->homes);
    doc_set_str(body, "#fields", c->fields);
    doc_set_str(body, "#sha256", c->hash);
    return journal_add(cx, s, chain_of(s, x->a), x->a, c->closed ? S("close") : S("reopen"), x->t, 0, c->seq, c->period, S(""), S(""),
                       c->reason, S(""), json_text(cx->mem, body));
}

static bool add_sum(Cx *cx, const CloseArg *x, const Closed *c, const HomeSums *h, Str field, size_t i)
{
    Stmt *st = db_stmt(cx, cx->db, SQL_HOME,
                       S("insert into closing_sum (home, type, period, version, field, n, total) values (?1, ?2, ?3, ?4, ?5, ?6, ?7)"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, h->home);
    stmt_text(st, 2, x->t->id);
    stmt_text(st, 3, c->period);
    stmt_int(st, 4, c->version);
    stmt_text(st, 5, field);
    stmt_int(st, 6, h->given[i]);
    stmt_int(st, 7, h->total[i]);
    return stmt_run(cx, st);
}

static bool add_home(Cx *cx, Store *s, const CloseArg *x, const Closed *c, const HomeSums *h)
{
    const ClosedFields f = closed_fields(c->fields);
    Stmt *st = db_stmt(cx, cx->db, SQL_HOME,
                       S("insert into closing_home (home, type, period, version, n, hash) values (?1, ?2, ?3, ?4, ?5, ?6)"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, h->home);
    stmt_text(st, 2, x->t->id);
    stmt_text(st, 3, c->period);
    stmt_int(st, 4, c->version);
    stmt_int(st, 5, h->n);
    stmt_text(st, 6, h->hash);
    Doc *body = doc_obj(cx->mem), *sums = doc_set_obj(body, "#sums");
    for (size_t i = 0; i < f.n; i++) {
        Doc *pair = doc_list(cx->mem);
        doc_add_int(pair, h->given[i]);
        doc_add_int(pair, h->total[i]);
        doc_set_doc_n(sums, f.sums[i], pair);
    }
    doc_set_int(body, "#version", c->version);
    doc_set_int(body, "#n", h->n);
    doc_set_str(body, "#sha256", h->hash);
    bool ok = stmt_run(cx, st);
    for (size_t i = 0; i < f.n && ok; i++) {
        ok = add_sum(cx, x, c, h, f.sums[i], i);
    }
    return ok && journal_add(cx, s, h->home, x->a, S("closed"), x->t, 0, c->seq, c->period, S(""), S(""), S(""), S(""),
                             json_text(cx->mem, body));
}

static bool next_row(Cx *cx, Store *s, const CloseArg *x, bool close, Closed *ret)
{
    if (!closing_state(cx, s, x->t, x->period, ret)) {
        return false;
    }
    Str period = period_zh(cx->mem, x->period);
    if (ret->seq != x->seq) {
        return fail(cx, E_STALE, "%.*s 刚刚被别人关账或重开过，请核对后再办", STRF(period));
    }
    if (ret->closed == close) {
        return fail(cx, E_WRONG_STATE, "%.*s %s", STRF(period), close ? "已经关账" : "没有关账，不用重开");
    }
    *ret = (Closed){.period = x->period, .seq = ret->seq + 1, .closed = close, .at_ms = cx->now_ms,
                    .who = x->a->name, .org = x->a->org != NULL ? x->a->org->name : S(""), .reason = x->reason, .hash = S(""), .fields = S("")};
    ret->version = (ret->seq + 1) / 2;
    return true;
}

static bool do_close(Cx *cx, Store *s, void *arg)
{
    const CloseArg *x = arg;
    Closed c;
    HomeSums *homes, all = {0};
    size_t n;
    if (!next_row(cx, s, x, true, &c)) {
        return false;
    }
    c.fields = closed_fields_text(cx->mem, x->t);
    if (!closing_digest(cx, x->t->id, x->period, c.fields, &homes, &n)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        sums_add(&all, &homes[i], x->t->closing->n_sums);
    }
    for (size_t i = 0; i < x->t->closing->n_sums; i++) {
        if (all.over[i]) {
            return fail(cx, E_WRONG_STATE, "“%.*s”的合计大得装不下，请先核对数值", STRF(x->t->closing->sums[i]->label));
        }
    }
    if (n == 0) {
        Str period = period_zh(cx->mem, x->period);
        return fail(cx, E_WRONG_STATE, "%.*s 还没有%.*s，不能关账", STRF(period), STRF(x->t->label));
    }
    c.n = all.n;
    c.homes = (int64_t)n;
    c.hash = closing_root(cx->mem, x->t->id, x->period, c.version, c.fields, homes, n);
    int64_t own = chain_of(s, x->a);
    bool told = false;
    if (!add_row(cx, x, &c)) {
        return false;
    }
    for (size_t i = 0; i <= n; i++) { /* chains in ascending order of home */
        if (!told && (i == n || homes[i].home >= own)) {
            told = true;
            if (!tell(cx, s, x, &c)) {
                return false;
            }
        }
        if (i < n && !add_home(cx, s, x, &c, &homes[i])) {
            return false;
        }
    }
    store_touch(s, x->t->index);
    *x->ret = c;
    return true;
}

static bool do_reopen(Cx *cx, Store *s, void *arg)
{
    const CloseArg *x = arg;
    Closed c;
    if (!next_row(cx, s, x, false, &c) || !add_row(cx, x, &c) || !tell(cx, s, x, &c)) {
        return false;
    }
    store_touch(s, x->t->index);
    *x->ret = c;
    return true;
}

bool closing_close(Cx *cx, Store *s, const Actor *a, const RecordType *t, Str period, int64_t seq, Closed *ret)
{
    if (!closing_may(a, t, false)) {
        return fail(cx, E_FORBIDDEN, "您不能给%.*s关账", STRF(t->label));
    }
    CloseArg x = {.a = a, .t = t, .period = period, .seq = seq, .reason = S(""), .ret = ret};
    return store_write(cx, s, do_close, &x);
}

bool closing_reopen(Cx *cx, Store *s, const Actor *a, const RecordType *t, Str period, int64_t seq, Str reason, Closed *ret)
{
    if (!closing_may(a, t, true)) {
        return fail(cx, E_FORBIDDEN, "您不能重开%.*s的期别", STRF(t->label));
    }
    if (utf8_len(str_trim(reason)) < 4) {
        return fail(cx, E_INVALID, "请写明重开的理由（至少 4 个字），理由会记入操作记录");
    }
    CloseArg x = {.a = a, .t = t, .period = period, .seq = seq, .reason = str_trim(reason), .ret = ret};
    return store_write(cx, s, do_reopen, &x);
}
