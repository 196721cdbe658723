/*
 * journal.c - appending to the chain of a home, and reading it.
 */
#include "store/internal.h"
#include "store/chain.h"
#include "store/delegate.h"
#include "store/held.h"

bool journal_add(Cx *cx, Store *s, int64_t home, const Actor *a, Str act, const RecordType *t, int64_t record, int64_t rev,
                 Str action, Str state_from, Str state_to, Str reason, Str source, Str body)
{
    CHECK(on_writer(s));
    ChainEnd end;
    if (!held_chain(cx, s, home, &end)) {
        return false;
    }
    Event e = {.home = home, .seq = end.seq + 1, .at_ms = cx->now_ms, .user = a->user, .user_name = a->name,
               .org_name = a->org != NULL ? a->org->name : S(""), .act = act, .type = t != NULL ? t->id : S(""),
               .record = record, .rev = rev, .action = action, .state_from = state_from, .state_to = state_to,
               .reason = reason, .source = delegate_source(cx->mem, a, t, act, action, source), .body = body};
    end.seq = e.seq;
    chain_hash(end.hash, &e, end.hash);
    Stmt *st = db_stmt(cx, cx->db, SQL_HOME,
                       S("insert into journal (home, seq, at, user_id, user_name, org, act, type, record, rev, action,"
                         " state_from, state_to, reason, source, body, hash)"
                         " values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)"));
    if (st == NULL) {
        return false;
    }
    const int64_t ints[] = {e.home, e.seq, e.at_ms, e.user};
    for (int i = 0; i < 4; i++) {
        stmt_int(st, i + 1, ints[i]);
    }
    stmt_text(st, 5, e.user_name);
    stmt_text(st, 6, e.org_name);
    stmt_text(st, 7, e.act);
    stmt_text(st, 8, e.type);
    stmt_int(st, 9, e.record);
    stmt_int(st, 10, e.rev);
    const Str texts[] = {e.action, e.state_from, e.state_to, e.reason, e.source, e.body};
    for (int i = 0; i < 6; i++) {
        stmt_text(st, 11 + i, texts[i]);
    }
    stmt_blob(st, 17, str_n((const char *)end.hash, sizeof end.hash));
    if (!stmt_queue(cx, st)) {
        return false;
    }
    held_chain_set(s, home, &end);
    return true;
}

void event_read(Cx *cx, Store *s, Stmt *st, Event *e)
{
    *e = (Event){.home = stmt_col_int(st, 0), .seq = stmt_col_int(st, 1), .at_ms = stmt_col_int(st, 2),
                 .user = stmt_col_int(st, 3), .record = stmt_col_int(st, 8), .rev = stmt_col_int(st, 9)};
    Str *const texts[] = {&e->user_name, &e->org_name, &e->act, &e->type, NULL, NULL, &e->action, &e->state_from,
                          &e->state_to, &e->reason, &e->source, &e->body, &e->hash};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        if (texts[i] != NULL) {
            *texts[i] = stmt_col_dup(cx->mem, st, (int)i + 4);
        }
    }
    e->rtype = e->type.n != 0 ? pack_type(s->pack, e->type) : NULL;
}

bool events_read(Cx *cx, Store *s, Stmt *st, Event **ret, size_t *ret_n)
{
    size_t cap = 0, n = 0;
    Event *items = NULL;
    while (stmt_next(cx, st)) {
        ARRAY_ROOM(cx->mem, items, n, cap);
        event_read(cx, s, st, &items[n++]);
    }
    if (!stmt_end(st)) {
        return false;
    }
    *ret = items;
    *ret_n = n;
    return true;
}

bool journal_of(Cx *cx, Store *s, const RecordType *t, int64_t record, Event **ret, size_t *ret_n)
{
    (void)t;
    Stmt *st = db_stmt(cx, cx->db, SQL_HOME, S(EVENT_SELECT " where home = ?2 and record = ?1 order by home, seq limit 2000"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, record);
    stmt_int(st, 2, id_home(record));
    return events_read(cx, s, st, ret, ret_n);
}

bool journal_hash_stored(Cx *cx, int64_t home, int64_t seq, uint8_t ret[32], bool *ret_there)
{
    memset(ret, 0, 32);
    *ret_there = seq == 0;
    if (seq == 0) {
        return true;
    }
    Stmt *st = db_stmt(cx, cx->db, SQL_HOME, S("select hash from journal where home = ?1 and seq = ?2"));
    bool row = false;
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, home);
    stmt_int(st, 2, seq);
    bool ok = stmt_step(cx, st, &row);
    if (ok && row) {
        Str h = stmt_col_text(st, 0);
        memcpy(ret, h.p, MIN(h.n, (size_t)32));
    }
    stmt_done(st);
    *ret_there = row;
    return ok;
}

bool journal_hash_at(Cx *cx, Store *s, int64_t home, int64_t seq, uint8_t ret[32])
{
    (void)s;
    bool there;
    return journal_hash_stored(cx, home, seq, ret, &there) && (there || fail(cx, E_DATA, "操作记录缺少第 %lld 条，请运行 tamga verify", (long long)seq));
}

static bool has_sealed(const RecordType *t)
{
    for (size_t i = 0; t != NULL && i < t->n_states; i++) {
        if (t->states[i].sealed) {
            return true;
        }
    }
    return false;
}

/* That something happened to a sealed record may be known, what was written not: the event loses its body, reason and figures. */
static bool blank_sealed_held(Cx *cx, Store *s, const Actor *a, Event *e)
{
    if (!has_sealed(e->rtype)) {
        return true;
    }
    Sql *q = sql_new(cx->mem);
    sql_lit(q, "select ");
    buf_add(&q->text, s->types[e->rtype->index].columns);
    sql_lit(q, " from ");
    sql_ident(q, s->types[e->rtype->index].table);
    sql_lit(q, " where home = ");
    sql_int(q, id_home(e->record));
    sql_lit(q, " and id = ");
    sql_int(q, e->record);
    Stmt *st = sql_stmt(cx, cx->db, SQL_HOME, q);
    Rec r;
    bool row = false;
    bool ok = st != NULL && stmt_step(cx, st, &row) && (!row || row_read(cx, s, e->rtype, st, PERSONAL_MASKED, &r));
    if (st != NULL) {
        stmt_done(st);
    }
    if (ok && row && r.state->sealed && !access_belongs(a, &r)) {
        e->body = S("{}");
        e->reason = S("");
    }
    return ok;
}

static bool blank_sealed(Cx *cx, Store *s, const Actor *a, Event *e)
{
    ReachHold h;
    reach_program(cx, &h);
    bool ok = blank_sealed_held(cx, s, a, e);
    reach_end(cx, &h);
    return ok;
}

bool journal_list(Cx *cx, Store *s, const Actor *a, EventPlace before, size_t limit, Event **ret, size_t *ret_n)
{
    *ret_n = 0;
    bool admin = a->kind == ADMIN_AUDIT; /* reads what administrators did; what is about records is not for them */
    if (!admin && !actor_is_auditor(s->pack, a)) {
        return fail(cx, E_FORBIDDEN, "只有审计人员可以查阅全部操作记录");
    }
    Stmt *st = admin ? db_stmt(cx, cx->db, SQL_ROLLUP, S(EVENT_SELECT " where type = '' and at <= ?1 and (at, home, seq) < (?1, ?2, ?3) order by at desc, home desc, seq desc limit ?4"))
                     : db_stmt(cx, cx->db, SQL_ROLLUP, S(EVENT_SELECT " where at <= ?1 and (at, home, seq) < (?1, ?2, ?3) order by at desc, home desc, seq desc limit ?4"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, before.at_ms > 0 ? before.at_ms : INT64_MAX);
    stmt_int(st, 2, before.home);
    stmt_int(st, 3, before.seq);
    stmt_int(st, 4, (int64_t)MIN(limit, (size_t)500));
    if (!events_read(cx, s, st, ret, ret_n)) {
        return false;
    }
    for (size_t i = 0; i < *ret_n; i++) {
        if (!blank_sealed(cx, s, a, &(*ret)[i])) {
            return false;
        }
    }
    return true;
}
