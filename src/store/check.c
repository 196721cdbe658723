/*
 * check.c - whether what somebody gives may be a record: the pack's own checks, what is unique, where it lies, closed
 * periods; and what a draft may leave open for now.
 */
#include "fmt/doc.h"
#include "store/absent.h"
#include "store/closing_int.h"
#include "store/env.h"
#include "store/recent.h"

static Str warnings_json(Cx *cx, const Findings *found)
{
    if (found->n == found->errors) {
        return S("");
    }
    Doc *list = doc_list(cx->mem);
    for (size_t i = 0; i < found->n; i++) {
        const Finding *f = &found->items[i];
        if (f->warn) {
            Doc *o = doc_add_obj(list);
            doc_set_str(o, "field", f->field);
            doc_set_str(o, "code", f->code);
            doc_set_str(o, "text", f->text);
            doc_set_str(o, "clause", f->clause);
        }
    }
    return json_text(cx->mem, list);
}

static bool check_unique(Cx *cx, Store *s, const Rec *r, Findings *found)
{
    const RecordType *t = r->type;
    if (t->n_unique == 0) {
        return true;
    }
    Sql *q = sql_new(cx->mem);
    sql_lit(q, "select id from ");
    sql_ident(q, s->types[t->index].table);
    sql_lit(q, " where deleted is null and home = ");
    sql_int(q, r->home);
    for (size_t i = 0; i < t->n_unique; i++) {
        const Value *v = &r->v[t->unique[i]->index];
        if (!v->has || (t->unique[i]->kind == FT_REF && recent_unreferred(s, v->i)) || absent_known(s, t, t->unique[i], v)) {
            return true;
        }
        sql_lit(q, " and ");
        row_equals(cx, s, q, t, t->unique[i], &r->v[t->unique[i]->index]);
    }
    sql_lit(q, " and id <> ");
    sql_int(q, r->id);
    sql_lit(q, " limit 1");
    Stmt *st = sql_stmt(cx, cx->db, SQL_HOME, q);
    int64_t other = 0;
    ReachHold h;
    reach_program(cx, &h);
    bool ok = st != NULL && stmt_one_int(cx, st, 0, &other);
    reach_end(cx, &h);
    if (!ok) {
        return false;
    }
    if (other != 0) {
        finding_add(found, false, t->unique[0]->id, S("unique"), t->unique[0]->clause,
                    str_printf(cx->mem, "本单位已有一条%.*s，%.*s相同；请修改那一条，不要重复登记", STRF(t->label), STRF(t->unique[0]->label)));
    }
    return true;
}

/* A record that may come before the public lies where its owner is responsible; of others (a firm seated elsewhere) it is only doubtful. */
static void check_place(Cx *cx, const Store *s, const Rec *r, Findings *found)
{
    const Field *f = r->type->region;
    const Org *o = rec_owner(s, r);
    const Region *at = f != NULL && r->v[f->index].has ? pack_region(s->pack, r->v[f->index].s) : NULL;
    if (at != NULL && o != NULL && o->region != NULL && !region_within(at, o->region)) {
        bool published = false;
        for (size_t i = 0; i < r->type->n_states; i++) {
            published = published || r->type->states[i].published;
        }
        finding_add(found, !published, f->id, S("scope"), f->clause,
                    str_printf(cx->mem, "%.*s不在%.*s的管辖范围内，请核对%.*s", STRF(at->name), STRF(o->name), STRF(f->label)));
    }
}

/* What is still missing, or does not fit as long as something is missing, may wait as long as the record can be changed and has a way to go. */
static void forgive_missing(const Rec *r, Findings *found)
{
    if (!r->state->editable || r->type->n_actions == 0) {
        return;
    }
    for (size_t i = 0; i < found->n; i++) {
        Finding *f = &found->items[i];
        if (!f->warn && (str_eq(f->code, S("required")) || str_eq(f->code, S("rule"))) && !str_contains(f->field, S("."))) {
            f->warn = true;
            f->code = S("unfinished"); /* kept with the record: rec_missing looks for it */
            found->errors--;
        }
    }
}

/* before: NULL for a new record. */
bool rec_check(Cx *cx, Store *s, const Value *before, Rec *r, bool partial, Findings *found)
{
    EvalEnv *env = env_make(cx, s, r);
    record_check(env, found);
    if (partial) {
        forgive_missing(r, found);
    }
    check_place(cx, s, r, found);
    if (cx->err != E_OK || !check_unique(cx, s, r, found) || !closing_check(cx, s, before, r, found)) {
        return false;
    }
    if (found->errors != 0) {
        return fail(cx, E_INVALID, "有 %zu 处需要修改", found->errors);
    }
    r->warnings = warnings_json(cx, found);
    return true;
}

/* ---- asked of a record as it is ---- */

bool rec_findings(Cx *cx, Store *s, const Actor *a, const RecordType *t, int64_t id, Findings *found)
{
    Rec r;
    bool public_only;
    ReachHold h;
    reach_record(cx, s, a, t, &h);
    bool there = rec_load_held(cx, s, t, id, true, &r);
    reach_end(cx, &h);
    if (!there) {
        return false;
    }
    if (!access_read(s->pack, a, &r, &public_only) || public_only) {
        return fail(cx, E_NOT_FOUND, "没有找到这条%.*s记录，或者不在您的管辖范围内", STRF(t->label));
    }
    record_check(env_make(cx, s, &r), found);
    return cx->err == E_OK;
}

bool rec_missing(Cx *cx, Store *s, const Rec *r, Str *ret)
{
    Findings found = findings_new(cx->mem);
    Buf b = buf_new(cx->mem, 4000);
    size_t n = 0;
    *ret = S("");
    if (!str_contains(r->warnings, S("\"unfinished\""))) {
        return true;
    }
    record_check(env_make(cx, s, r), &found);
    for (size_t i = 0; i < found.n; i++) {
        const Finding *one = &found.items[i];
        const Field *f = type_field(r->type, one->field);
        bool counts = !one->warn && (str_eq(one->code, S("required")) || str_eq(one->code, S("rule")));
        if (counts && n++ < 5) {
            buf_add(&b, n > 1 ? S("、") : S(""));
            buf_add(&b, f != NULL ? f->label : one->text);
        }
    }
    *ret = n == 0 ? S("") : str_printf(cx->mem, "还没有填完：%.*s%s", STRF(buf_str(&b)), n > 5 ? "等" : "");
    return cx->err == E_OK;
}
