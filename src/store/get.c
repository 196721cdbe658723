/*
 * get.c - reading single records: by id, by number, by key; with unmasking as a logged act.
 */
#include "store/absent.h"
#include "store/internal.h"

static bool see(Cx *cx, Store *s, const Actor *a, Rec *r)
{
    bool public_only = false;
#ifdef TAMGA_BREAK_SCOPE /* a test build: is there a second line? (test/keys) */
    return true;
#endif
    if (!access_read(s->pack, a, r, &public_only)) {
        return fail(cx, E_NOT_FOUND, "没有找到这条%.*s记录，或者不在您的管辖范围内", STRF(r->type->label));
    }
    rec_redact(a, r, public_only);
    return true;
}

bool rec_get(Cx *cx, Store *s, const Actor *a, const RecordType *t, int64_t id, Rec *ret)
{
    ReachHold h;
    Rec r;
    reach_record(cx, s, a, t, &h);
    bool ok = rec_load_held(cx, s, t, id, false, &r);
    reach_end(cx, &h);
    if (!ok || !see(cx, s, a, &r)) {
        return false;
    }
    *ret = r;
    return true;
}

static bool find_id(Cx *cx, Sql *q, int64_t *ret)
{
    Stmt *st = sql_stmt(cx, cx->db, SQL_ROLLUP, q);
    return st != NULL && stmt_one_int(cx, st, 0, ret);
}

bool rec_by_no(Cx *cx, Store *s, const Actor *a, const RecordType *t, Str no, Rec *ret)
{
    Sql *q = sql_new(cx->mem);
    sql_lit(q, "select id, home, state, created_by"); /* whose it is: for the second line */
    if (t->person != NULL) {
        sql_lit(q, ", ");
        sql_ident2(q, S("f_"), t->person->id);
    }
    sql_lit(q, " from ");
    sql_ident(q, s->types[t->index].table);
    sql_lit(q, " where no = ");
    sql_text(q, no);
    sql_lit(q, " and deleted is null limit 1");
    int64_t id;
    ReachHold h;
    reach_record(cx, s, a, t, &h);
    bool ok = find_id(cx, q, &id);
    reach_end(cx, &h);
    if (!ok) {
        return false;
    }
    if (id == 0 || no.n == 0) {
        return fail(cx, E_NOT_FOUND, "没有找到编号 %.*s", STRF(no));
    }
    return rec_get(cx, s, a, t, id, ret);
}

bool rec_find(Cx *cx, Store *s, const Actor *a, const RecordType *t, const Field *const *keys, const Value *values, size_t n,
              Rec *ret, bool *ret_found)
{
    *ret_found = false;
    Scope scope = access_scope(cx->mem, s->pack, a, t);
    if (scope.published_only) {
        return true;
    }
    Sql *q = sql_new(cx->mem);
    sql_lit(q, "select id from ");
    sql_ident(q, s->types[t->index].table);
    sql_lit(q, " where deleted is null");
    if (!reach_where(a, t, &scope, q)) {
        return true;
    }
    for (size_t i = 0; i < n; i++) {
        if (!values[i].has || absent_known(s, t, keys[i], &values[i])) {
            return true;
        }
        sql_lit(q, " and ");
        row_equals(cx, s, q, t, keys[i], &values[i]);
    }
    sql_lit(q, " order by id limit 1");
    int64_t id;
    ReachHold h;
    reach_list(cx, s, a, t, &h);
    bool ok = find_id(cx, q, &id);
    *ret_found = ok && id != 0;
    ok = ok && (id == 0 || rec_load_held(cx, s, t, id, true, ret));
    reach_end(cx, &h);
    return ok;
}

Str rec_label(Cx *cx, Store *s, const RecordType *t, int64_t id)
{
    if (t->title == NULL) {
        return id_text(cx->mem, id);
    }
    Sql *q = sql_new(cx->mem);
    sql_lit(q, "select ");
    sql_ident2(q, S("f_"), t->title->id);
    sql_lit(q, ", no from ");
    sql_ident(q, s->types[t->index].table);
    sql_lit(q, " where home = ");
    sql_int(q, id_home(id));
    sql_lit(q, " and id = ");
    sql_int(q, id);
    ReachHold h;
    reach_program(cx, &h);
    Stmt *st = sql_stmt(cx, cx->db, SQL_HOME, q);
    bool row = false;
    Str label = S("（已删除）");
    if (st != NULL && stmt_step(cx, st, &row) && row) {
        label = stmt_col_dup(cx->mem, st, 0);
        if (label.n == 0) {
            label = stmt_col_dup(cx->mem, st, 1);
        }
    }
    if (st != NULL) {
        stmt_done(st);
    }
    reach_end(cx, &h);
    return label;
}

typedef struct {
    const Actor *a;
    const RecordType *t;
    int64_t id;
    Str reason;
    Rec *ret;
} UnmaskArg;

static bool do_unmask(Cx *cx, Store *s, void *arg)
{
    UnmaskArg *u = arg;
    Rec r;
    ReachHold h;
    reach_record(cx, s, u->a, u->t, &h);
    bool there = rec_load_held(cx, s, u->t, u->id, true, &r);
    reach_end(cx, &h);
    if (!there || !see(cx, s, u->a, &r)) {
        return false;
    }
    *u->ret = r;
    return journal_add(cx, s, r.home, u->a, S("unmask"), u->t, r.id, r.rev, S(""), r.state->id, r.state->id, u->reason, S(""), S("{}"));
}

bool rec_unmask(Cx *cx, Store *s, const Actor *a, const RecordType *t, int64_t id, Str reason, Rec *ret)
{
    if (a->read_only || !access_flag(a, t, 'u')) {
        return fail(cx, E_FORBIDDEN, "您没有查看完整个人信息的权限");
    }
    if (utf8_len(str_trim(reason)) < 4) {
        return fail(cx, E_INVALID, "请写明查看完整个人信息的事由（至少 4 个字），事由会记入操作记录");
    }
    UnmaskArg u = {.a = a, .t = t, .id = id, .reason = str_trim(reason), .ret = ret};
    return store_write(cx, s, do_unmask, &u);
}
