/*
 * closing_write.c - closing and reopening a period: rows of the three tables and entries of the journal, in one write.
 */
#include "fmt/doc.h"
#include "rule/validate.h"
#include "store/closing_int.h"
#include "store/held.h"

typedef struct {
    const Actor *a;
    const RecordType *t;
    Str period, reason;
    int64_t seq;
    Closed *ret;
} CloseArg;

/* The next row of table `closing`. */
static bool add_row(Cx *cx, Store *s, const CloseArg *x, const Closed *c)
{
    held_open_forget(s);
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

/* The first four values of a row about a home. */
static void bind_home(Stmt *st, const CloseArg *x, const Closed *c, const HomeSums *h)
{
    stmt_int(st, 1, h->home);
    stmt_text(st, 2, x->t->id);
    stmt_text(st, 3, c->period);
    stmt_int(st, 4, c->version);
}

static bool add_sum(Cx *cx, const CloseArg *x, const Closed *c, const HomeSums *h, Str field, size_t i)
{
    Stmt *st = db_stmt(cx, cx->db, SQL_HOME,
                       S("insert into closing_sum (home, type, period, version, field, n, total) values (?1, ?2, ?3, ?4, ?5, ?6, ?7)"));
    if (st == NULL) {
        return false;
    }
    bind_home(st, x, c, h);
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
    bind_home(st, x, c, h);
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
    if (!add_row(cx, s, x, &c)) {
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
    if (!next_row(cx, s, x, false, &c) || !add_row(cx, s, x, &c) || !tell(cx, s, x, &c)) {
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
