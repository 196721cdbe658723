/*
 * closing_verify.c - closed periods, proved: against what the journal said when they were closed, and, where the closing stands, against the records.
 *
 * The chain holds figures and hashes, so a sum changed behind the program's back differs from its entry; the hash of the closing is recomputed from
 * its homes; and while a period is closed its records still give the same sums and hashes.
 */
#include "fmt/doc.h"
#include "rule/validate.h"
#include "store/closing_int.h"

static const Scope EVERYWHERE = {.all = true};

/* One row of table `closing`. */
typedef struct {
    Str type;
    Closed c;
    bool stands;                 /* it closes, and nothing came after it */
} CloseRow;

static bool read_rows(Cx *cx, CloseRow **ret, size_t *ret_n)
{
    size_t cap = 0, n = 0;
    CloseRow *rows = NULL;
    Stmt *st = db_stmt(cx, cx->db, SQL_ADMIN,
                       S("select type, period, seq, n, homes, fields, hash, reason from closing order by type, period, seq"));
    if (st == NULL) {
        return false;
    }
    while (stmt_next(cx, st)) {
        ARRAY_ROOM(cx->mem, rows, n, cap);
        int64_t seq = stmt_col_int(st, 2);
        rows[n++] = (CloseRow){.type = stmt_col_dup(cx->mem, st, 0), .stands = seq % 2 == 1,
                          .c = {.period = stmt_col_dup(cx->mem, st, 1), .seq = seq, .closed = seq % 2 == 1, .version = (seq + 1) / 2,
                                .n = stmt_col_int(st, 3), .homes = stmt_col_int(st, 4), .fields = stmt_col_dup(cx->mem, st, 5),
                                .hash = stmt_col_dup(cx->mem, st, 6), .reason = stmt_col_dup(cx->mem, st, 7)}};
        if (n > 1 && str_eq(rows[n - 2].type, rows[n - 1].type) && str_eq(rows[n - 2].c.period, rows[n - 1].c.period)) {
            rows[n - 2].stands = false;
        }
    }
    *ret = rows;
    *ret_n = n;
    return stmt_end(st);
}

/* ---- against the journal ---- */

typedef struct {
    CloseRow *row;                    /* the last closing looked at, and what it holds */
    HomeSums *homes;
    size_t n;
} Held;

static CloseRow *row_of(CloseRow *rows, size_t n, const Event *e)
{
    for (size_t i = 0; i < n; i++) {
        if (rows[i].c.seq == e->rev && str_eq(rows[i].type, e->type) && str_eq(rows[i].c.period, e->action)) {
            return &rows[i];
        }
    }
    return NULL;
}

static bool same_closing(const CloseRow *r, const Event *e, const Doc *body)
{
    return str_eq(r->c.hash, doc_get_str(body, "#sha256")) && str_eq(r->c.fields, doc_get_str(body, "#fields")) &&
           r->c.n == doc_get_int(body, "#n", -1) && r->c.homes == doc_get_int(body, "#homes", -1) &&
           r->c.closed == str_eq(e->act, S("close")) && str_eq(r->c.reason, e->reason);
}

static bool same_home(const CloseRow *r, const HomeSums *h, const Doc *body)
{
    ClosedFields f = closed_fields(r->c.fields);
    const Doc *sums = doc_get(body, S("#sums"));
    bool same = sums != NULL && sums->n == f.n && h->n == doc_get_int(body, "#n", -1) && str_eq(h->hash, doc_get_str(body, "#sha256"));
    for (size_t i = 0; same && i < f.n; i++) {
        const Doc *pair = doc_get(sums, f.sums[i]), *given = doc_at(pair, 0), *total = doc_at(pair, 1);
        same = given != NULL && total != NULL && given->i == h->given[i] && total->i == h->total[i];
    }
    return same;
}

static bool hold(Cx *cx, CloseRow *r, Held *held)
{
    if (held->row == r) {
        return true;
    }
    ClosedFields f = closed_fields(r->c.fields);
    held->row = r;
    return closed_rows(cx, r->type, &r->c, &f, &EVERYWHERE, &held->homes, &held->n);
}

static bool read_entries(Cx *cx, Store *s, Event **ret, size_t *ret_n)
{
    Stmt *st = db_stmt(cx, cx->db, SQL_ADMIN,
                       S(EVENT_SELECT " where act in ('close', 'closed', 'reopen') and record = 0 order by type, action, rev, home, seq"));
    return st != NULL && events_read(cx, s, st, ret, ret_n);
}

static bool against_journal(Cx *cx, Store *s, CloseRow *rows, size_t n, Report *r)
{
    Event *all;
    Held held = {0};
    size_t n_all, told_rows = 0, told_homes = 0;
    int64_t kept_homes;
    if (!read_entries(cx, s, &all, &n_all)) {
        return false;
    }
    for (size_t i = 0; i < n_all; i++) {
        const Event *e = &all[i];
        Str error;
        const Doc *body = json_read(cx->mem, e->body, &error);
        CloseRow *row = row_of(rows, n, e);
        bool of_home = str_eq(e->act, S("closed")), same = row != NULL && body != NULL;
        if (same && of_home) {
            if (!hold(cx, row, &held)) {
                return false;
            }
            const HomeSums *h = home_at(held.homes, held.n, e->home);
            same = h != NULL && same_home(row, h, body);
        } else if (same) {
            same = same_closing(row, e, body);
        }
        *(of_home ? &told_homes : &told_rows) += 1;
        if (!same) {
            verify_fault(r, "单位 %lld：第 %lld 条（%.*s %.*s）与保存的关账合计不符", (long long)e->home, (long long)e->seq,
                         STRF(e->type), STRF(e->action));
        }
    }
    Stmt *st = db_stmt(cx, cx->db, SQL_ADMIN, S("select count(*) from closing_home"));
    if (st == NULL || !stmt_one_int(cx, st, 0, &kept_homes)) {
        return false;
    }
    if (n != told_rows || kept_homes != (int64_t)told_homes) {
        verify_fault(r, "关账记录 %zu 条、单位合计 %lld 条，操作记录里是 %zu 条、%zu 条", n, (long long)kept_homes, told_rows, told_homes);
    }
    return true;
}

/* ---- against each other and against the records ---- */

static bool same_figures(const HomeSums *a, const HomeSums *b, size_t n)
{
    bool same = a->home == b->home && a->n == b->n && str_eq(a->hash, b->hash);
    for (size_t i = 0; same && i < n; i++) {
        same = a->given[i] == b->given[i] && a->total[i] == b->total[i] && !b->over[i];
    }
    return same;
}

static bool against_records(Cx *cx, const CloseRow *row, const Held *held, Report *r)
{
    HomeSums *now;
    size_t n, at = 0;
    if (!closing_digest(cx, row->type, row->c.period, row->c.fields, &now, &n)) {
        return false;
    }
    for (size_t i = 0; i < held->n || at < n;) {
        bool first = at == n || (i < held->n && held->homes[i].home <= now[at].home); /* kept comes first, or both do */
        int64_t home = first ? held->homes[i].home : now[at].home;
        const HomeSums *kept = i < held->n && held->homes[i].home == home ? &held->homes[i++] : NULL;
        const HomeSums *live = at < n && now[at].home == home ? &now[at++] : NULL;
        if (kept == NULL || live == NULL || !same_figures(kept, live, closed_fields(row->c.fields).n)) {
            verify_fault(r, "%.*s %.*s：单位 %lld 的记录与第 %lld 次关账的合计不符", STRF(row->type), STRF(row->c.period), (long long)home,
                         (long long)row->c.version);
        }
    }
    return true;
}

static bool verify_one(Cx *cx, CloseRow *row, Report *r)
{
    Held held = {0};
    int64_t n = 0;
    if (!row->c.closed) {
        return true;
    }
    if (!hold(cx, row, &held)) {
        return false;
    }
    for (size_t i = 0; i < held.n; i++) {
        n += held.homes[i].n;
    }
    Str root = closing_root(cx->mem, row->type, row->c.period, row->c.version, row->c.fields, held.homes, held.n);
    if (n != row->c.n || (int64_t)held.n != row->c.homes || !str_eq(root, row->c.hash)) {
        verify_fault(r, "%.*s %.*s：第 %lld 次关账的指纹与各单位合计不符", STRF(row->type), STRF(row->c.period), (long long)row->c.version);
    }
    return !row->stands || against_records(cx, row, &held, r);
}

bool verify_closings(Cx *cx, Store *s, Report *r)
{
    CloseRow *rows;
    size_t n;
    if (!read_rows(cx, &rows, &n) || !against_journal(cx, s, rows, n, r)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (!verify_one(cx, &rows[i], r)) {
            return false;
        }
    }
    return true;
}
