/*
 * verify.c - proving the journal: every chain recomputed (verify_chain.c), and every record compared with what its journal says it must be.
 *
 * The journal is replayed into the last state, revision and values of each record; the typed tables must show exactly these. A row changed
 * behind the program's back, an entry altered, removed, inserted or reordered, all show up with their place.
 */
#include "base/clock.h"
#include "fmt/doc.h"
#include "rule/validate.h"
#include "store/chain.h"
#include "store/closing_int.h"
#include "store/held.h"
#include "store/subject.h"

static bool same_rows(Cx *cx, const Field *f, const Value *v, const Doc *told)
{
    if ((told == NULL || told->kind != DOC_LIST ? 0 : told->n) != v->n_rows) {
        return false;
    }
    for (size_t i = 0; i < v->n_rows; i++) {
        for (size_t k = 0; k < f->n_fields; k++) {
            const Value *cell = &v->rows[i].v[k];
            Str now = cell->has ? value_raw(cx->mem, &f->fields[k], cell) : S("");
            const Doc *said = doc_get(doc_at(told, i), f->fields[k].id);
            if (!str_eq(now, said != NULL && said->kind == DOC_STR ? said->s : S(""))) {
                return false;
            }
        }
    }
    return true;
}

/* One field as the journal last told it against the row. */
static bool same_field(Cx *cx, Store *s, const Rec *rec, const Field *f, const Doc *told)
{
    const Value *v = &rec->v[f->index];
    if (f->kind == FT_LIST) {
        return same_rows(cx, f, v, told);
    }
    bool empty = told == NULL || told->kind != DOC_STR;
    if (empty != !v->has) {
        return false;
    }
    if (empty) {
        return true;
    }
    Str said = told->s;
    if (f->personal && !personal_open(cx, s, rec->own_key, field_aad(cx->mem, rec->type, f, rec->id), told->s, &said)) {
        return false;
    }
    return str_eq(said, f->personal ? v->s : value_raw(cx->mem, f, v));
}

static bool verify_record(Cx *cx, Store *s, const Rec *rec, Report *r)
{
    Event *events;
    size_t n;
    if (!journal_of(cx, s, rec->type, rec->id, &events, &n)) {
        return false;
    }
    const Doc **told = NEW_ARRAY(cx->mem, const Doc *, rec->type->n_fields);
    int64_t rev = 0;
    Str state = S("");
    for (size_t i = 0; i < n; i++) {
        const Event *e = &events[i];
        if (!str_eq(e->act, S("create")) && !str_eq(e->act, S("update")) && !str_eq(e->act, S("act")) && !str_eq(e->act, S("compute")) &&
            !str_eq(e->act, S("erase"))) {
            continue;
        }
        Str error;
        const Doc *body = json_read(cx->mem, e->body, &error);
        rev = e->rev;
        state = e->state_to;
        for (size_t k = 0; body != NULL && k < rec->type->n_fields; k++) {
            const Doc *pair = doc_get(body, rec->type->fields[k].id);
            if (pair != NULL) {
                told[k] = doc_at(pair, 1);
            }
        }
    }
    if (n >= 2000) {
        return true; /* longer than journal_of reads: the chain alone stands for it */
    }
    if (rev != rec->rev || !str_eq(state, rec->state->id)) {
        verify_fault(r, "%.*s %.*s（%lld）：版次或状态与操作记录不符", STRF(rec->type->label), STRF(rec->no), (long long)rec->id);
    }
    for (size_t k = 0; k < rec->type->n_fields; k++) {
        if (!same_field(cx, s, rec, &rec->type->fields[k], told[k])) {
            verify_fault(r, "%.*s %.*s（%lld）：“%.*s”与操作记录不符", STRF(rec->type->label), STRF(rec->no), (long long)rec->id,
                  STRF(rec->type->fields[k].label));
        }
    }
    return true;
}

/* Records that the journal knows and the table does not show, though nobody deleted them. */
static bool verify_missing(Cx *cx, Store *s, const RecordType *t, Report *r)
{
    Sql *q = sql_new(cx->mem);
    sql_lit(q, "select j.record from journal j where j.act = 'create' and j.type = ");
    sql_text(q, t->id);
    sql_lit(q, " and not exists (select 1 from ");
    sql_ident(q, s->types[t->index].table);
    sql_lit(q, " r where r.id = j.record and (r.deleted is null or exists"
               " (select 1 from journal d where d.record = j.record and d.act = 'delete'))) order by j.record");
    Stmt *st = sql_stmt(cx, cx->db, SQL_ADMIN, q);
    if (st == NULL) {
        return false;
    }
    while (stmt_next(cx, st)) {
        verify_fault(r, "%.*s %lld：操作记录里有，数据表里不见了", STRF(t->label), (long long)stmt_col_int(st, 0));
    }
    return stmt_end(st);
}

static bool verify_type(Cx *cx, Store *s, const RecordType *t, Report *r)
{
    for (int64_t after = 0;;) {
        Arena *mem = arena_new(0);
        Cx sub = *cx;
        sub.mem = mem;
        Sql *q = sql_new(mem);
        sql_lit(q, "select id from ");
        sql_ident(q, s->types[t->index].table);
        sql_lit(q, " where id > ");
        sql_int(q, after);
        sql_lit(q, " and deleted is null order by id limit 1");
        Stmt *st = sql_stmt(&sub, cx->db, SQL_ADMIN, q);
        Rec rec;
        bool ok = st != NULL && stmt_one_int(&sub, st, 0, &after) &&
                  (after == 0 || (rec_load(&sub, s, t, after, true, &rec) && verify_record(&sub, s, &rec, r)));
        if (!ok) {
            (void)fail(cx, sub.err, "%.*s", STRF(cx_text(&sub)));
        }
        arena_free(mem);
        if (!ok || after == 0) {
            return ok;
        }
        r->counts.records++;
    }
}

/* A snapshot is there, under its record, and its text has the hash that the journal told when it was made. */
static bool snapshot_holds(Cx *cx, const Event *e, bool *ret)
{
    Str error, text;
    const Doc *body = json_read(cx->mem, e->body, &error);
    int64_t id = 0;
    uint8_t hash[32];
    *ret = false;
    if (!id_read(doc_get_str(body, "#snapshot"), &id)) {
        return true;
    }
    Stmt *st = db_stmt(cx, cx->db, SQL_ADMIN, S("select body, sha256, name, rev from snapshot where id = ?1 and record = ?2"));
    bool row = false;
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, id);
    stmt_int(st, 2, e->record);
    if (!stmt_step(cx, st, &row)) {
        stmt_done(st);
        return false;
    }
    if (row) {
        text = stmt_col_text(st, 0);
        sha256(text.p, text.n, hash);
        Str now = hex(cx->mem, hash, sizeof hash);
        *ret = str_eq(now, doc_get_str(body, "#sha256")) && str_eq(now, stmt_col_text(st, 1)) && str_eq(e->action, stmt_col_text(st, 2)) &&
               e->rev == stmt_col_int(st, 3);
    }
    stmt_done(st);
    return true;
}

static bool verify_snapshots(Cx *cx, Store *s, Report *r)
{
    Stmt *st = db_stmt(cx, cx->db, SQL_ADMIN, S(EVENT_SELECT " where act = 'snapshot' order by home, seq"));
    int64_t told = 0, kept = 0;
    if (st == NULL) {
        return false;
    }
    while (stmt_next(cx, st)) {
        ArenaMark mark = arena_mark(cx->mem);
        bool holds;
        Event e;
        event_read(cx, s, st, &e);
        if (!snapshot_holds(cx, &e, &holds)) {
            stmt_done(st);
            return false;
        }
        told++;
        if (!holds) {
            verify_fault(r, "单位 %lld：第 %lld 条封存的快照（记录 %lld）不见了或被改动过", (long long)e.home, (long long)e.seq, (long long)e.record);
        }
        if (r->text.n == 0) {
            arena_release(cx->mem, mark);
        }
    }
    if (!stmt_end(st)) {
        return false;
    }
    st = db_stmt(cx, cx->db, SQL_ADMIN, S("select count(*) from snapshot"));
    if (st == NULL || !stmt_one_int(cx, st, 0, &kept)) {
        return false;
    }
    r->counts.snapshots = kept;
    if (kept > told) {
        verify_fault(r, "有 %lld 份快照没有操作记录", (long long)(kept - told));
    }
    return true;
}

static bool verify_held(Cx *cx, Store *s, const VerifyOpts *o, VerifyCounts *ret, Str *ret_report)
{
    Report r = {.text = buf_new(cx->mem, 1 << 20)};
    int64_t start = clock_mono_ms();
    if (!held_write(cx, s) || !verify_chains(cx, s, o->threads, &r)) {
        return false;
    }
    r.counts.chain_ms = clock_mono_ms() - start;
    if (!o->chains_only && (!verify_snapshots(cx, s, &r) || !verify_closings(cx, s, &r))) {
        return false;
    }
    for (size_t i = 0; i < s->pack->n_types && !o->chains_only; i++) {
        if (!verify_type(cx, s, &s->pack->types[i], &r) || !verify_missing(cx, s, &s->pack->types[i], &r)) {
            return false;
        }
    }
    *ret = r.counts;
    *ret_report = buf_str(&r.text);
    return true;
}

bool journal_verify_with(Cx *cx, Store *s, const VerifyOpts *o, VerifyCounts *ret, Str *ret_report)
{
    ReachHold h;
    reach_program(cx, &h);
    bool ok = verify_held(cx, s, o, ret, ret_report);
    reach_end(cx, &h);
    return ok;
}

bool journal_verify(Cx *cx, Store *s, VerifyCounts *ret, Str *ret_report)
{
    return journal_verify_with(cx, s, &(VerifyOpts){.threads = 2}, ret, ret_report);
}
