/*
 * write.c - creating, changing and deleting records: rights, checks, row, child rows, journal, in one transaction.
 */
#include "store/absent.h"
#include "store/body.h"
#include "base/date.h"
#include "store/closing_int.h"
#include "store/env.h"
#include "store/held.h"
#include "store/recent.h"
#include "store/subject.h"

static const State *initial_state(const RecordType *t)
{
    for (size_t i = 0; i < t->n_states; i++) {
        if (t->states[i].initial) {
            return &t->states[i];
        }
    }
    return &t->states[0];
}

/* ---- rows ---- */

static bool write_lists(Cx *cx, Store *s, const Rec *r)
{
    for (size_t i = 0; i < r->type->n_fields; i++) {
        const Field *f = &r->type->fields[i];
        if (f->kind != FT_LIST) {
            continue;
        }
        Str table = str_printf(cx->mem, "r_%.*s__%.*s", STRF(r->type->id), STRF(f->id));
        Sql *q = sql_new(cx->mem);
        sql_lit(q, "delete from ");
        sql_ident(q, table);
        sql_lit(q, " where home = ");
        sql_int(q, r->home);
        sql_lit(q, " and parent = ");
        sql_int(q, r->id);
        Stmt *st = sql_stmt(cx, cx->db, SQL_HOME, q);
        if (st == NULL || !stmt_queue(cx, st)) {
            return false;
        }
        for (size_t n = 0; n < r->v[i].n_rows; n++) {
            q = sql_new(cx->mem);
            sql_lit(q, "insert into ");
            sql_ident(q, table);
            sql_lit(q, " (home, parent, pos");
            for (size_t k = 0; k < f->n_fields; k++) {
                sql_lit(q, ", ");
                sql_ident2(q, S("f_"), f->fields[k].id);
            }
            sql_lit(q, ") values (");
            sql_int(q, r->home);
            sql_lit(q, ", ");
            sql_int(q, r->id);
            sql_lit(q, ", ");
            sql_int(q, (int64_t)n);
            for (size_t k = 0; k < f->n_fields; k++) {
                sql_lit(q, ", ");
                row_bind_value(cx, s, q, r, &f->fields[k], &r->v[i].rows[n].v[k]);
            }
            sql_lit(q, ")");
            st = sql_stmt(cx, cx->db, SQL_HOME, q);
            if (st == NULL || !stmt_queue(cx, st)) {
                return false;
            }
        }
    }
    return true;
}

/* The statement of the row, its lists, and what is remembered of it. */
static bool put_row(Cx *cx, Store *s, Stmt *st, const Rec *r)
{
    if (st == NULL || !stmt_queue(cx, st) || !write_lists(cx, s, r)) {
        return false;
    }
    recent_put(s, r);
    absent_put(s, r);
    return true;
}

static bool insert_row(Cx *cx, Store *s, const Rec *r)
{
    Sql *q = sql_new(cx->mem);
    sql_lit(q, "insert into ");
    sql_ident(q, s->types[r->type->index].table);
    sql_lit(q, " (id, home, rev, state, holder, created, updated, created_by, updated_by, no, search, warnings, form");
    for (size_t i = 0; i < r->type->n_fields; i++) {
        if (field_has_column(&r->type->fields[i])) {
            sql_lit(q, ", ");
            sql_ident2(q, S("f_"), r->type->fields[i].id);
        }
        if (r->type->fields[i].lookup) {
            sql_lit(q, ", ");
            sql_ident2(q, S("b_"), r->type->fields[i].id);
        }
    }
    sql_lit(q, ") values (");
    sql_int(q, r->id);
    const int64_t head[] = {r->home, r->rev};
    for (size_t i = 0; i < ARRAY_LEN(head); i++) {
        sql_lit(q, ", ");
        sql_int(q, head[i]);
    }
    sql_lit(q, ", ");
    sql_text(q, r->state->id);
    const int64_t mid[] = {r->holder, r->created_ms, r->updated_ms, r->created_by, r->updated_by};
    for (size_t i = 0; i < ARRAY_LEN(mid); i++) {
        sql_lit(q, ", ");
        sql_int(q, mid[i]);
    }
    const Str texts[] = {r->no, search_text(cx->mem, r->type, r), r->warnings};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        sql_lit(q, ", ");
        sql_text(q, texts[i]);
    }
    sql_lit(q, ", ");
    sql_int(q, r->form);
    for (size_t i = 0; i < r->type->n_fields; i++) {
        if (field_has_column(&r->type->fields[i])) {
            sql_lit(q, ", ");
            row_bind_value(cx, s, q, r, &r->type->fields[i], &r->v[i]);
        }
        if (r->type->fields[i].lookup) {
            sql_lit(q, ", ");
            row_bind_token(cx, s, q, r->type, &r->type->fields[i], &r->v[i]);
        }
    }
    sql_lit(q, ")");
    return put_row(cx, s, sql_stmt(cx, cx->db, SQL_HOME, q), r);
}

static bool update_row(Cx *cx, Store *s, const Rec *before, const Rec *r)
{
    Sql *q = sql_new(cx->mem);
    sql_lit(q, "update ");
    sql_ident(q, s->types[r->type->index].table);
    sql_lit(q, " set rev = ");
    sql_int(q, r->rev);
    sql_lit(q, ", state = ");
    sql_text(q, r->state->id);
    sql_lit(q, ", holder = ");
    sql_int(q, r->holder);
    sql_lit(q, ", updated = ");
    sql_int(q, r->updated_ms);
    sql_lit(q, ", updated_by = ");
    sql_int(q, r->updated_by);
    sql_lit(q, ", search = ");
    sql_text(q, search_text(cx->mem, r->type, r));
    sql_lit(q, ", warnings = ");
    sql_text(q, r->warnings);
    sql_lit(q, ", form = ");
    sql_int(q, r->form);
    for (size_t i = 0; i < r->type->n_fields; i++) {
        const Field *f = &r->type->fields[i];
        if (field_has_column(f) && !value_eq(f, &before->v[i], &r->v[i])) {
            sql_lit(q, ", ");
            sql_ident2(q, S("f_"), f->id);
            sql_lit(q, " = ");
            row_bind_value(cx, s, q, r, f, &r->v[i]);
            if (f->lookup) {
                sql_lit(q, ", ");
                sql_ident2(q, S("b_"), f->id);
                sql_lit(q, " = ");
                row_bind_token(cx, s, q, r->type, f, &r->v[i]);
            }
        }
    }
    sql_lit(q, " where id = ");
    sql_int(q, r->id);
    sql_lit(q, " and home = ");
    sql_int(q, r->home);
    return put_row(cx, s, sql_stmt(cx, cx->db, SQL_HOME, q), r);
}

/* ---- numbers ---- */

/* The middle of a number names the owner, because each owner counts for itself: its region, or its own code where offices share one. */
static Str number_place(const Store *s, int64_t home)
{
    const Org *o = pack_org_by_home(s->pack, home);
    if (o == NULL || o->region == NULL) {
        return o != NULL ? o->code : S("0");
    }
    for (size_t i = 0; i < s->pack->n_orgs; i++) {
        if (s->pack->orgs[i].region == o->region && &s->pack->orgs[i] != o) {
            return o->code;
        }
    }
    return o->region->code;
}

bool next_number(Cx *cx, Store *s, const RecordType *t, Rec *r)
{
    if (t->number_prefix.n == 0) {
        return true;
    }
    char year[8];
    Str day = instant_iso(cx->mem, cx->now_ms + 8 * 3600 * 1000);
    memcpy(year, day.p, 4);
    Str head = str_printf(cx->mem, "%.*s-%.*s-%.4s", STRF(t->number_prefix), STRF(number_place(s, r->home)), year);
    int64_t n;
    if (!held_count(cx, s, r->home, head, &n)) {
        return false;
    }
    r->no = str_printf(cx->mem, "%.*s-%04lld", STRF(head), (long long)n);
    return true;
}

/* ---- storing, without rights and checks ---- */

bool rec_store_new(Cx *cx, Store *s, const Actor *a, Rec *r, Str action, Str reason, Str source)
{
    size_t n;
    if (!closing_guard(cx, s, NULL, r, false)) {
        return false;
    }
    r->id = store_new_id(s, r->home);
    recent_made(s, r->id);
    r->own_key = S(""); /* it may be a copy of another record, whose key is not its own */
    r->rev = 1;
    r->created_ms = r->updated_ms = cx->now_ms;
    r->created_by = r->updated_by = a->user;
    if (r->state == NULL) {
        r->state = initial_state(r->type);
    }
    if (r->holder == 0) {
        r->holder = r->home;
    }
    if (r->form == 0) {
        r->form = MAX(r->type->revision, 1);
    }
    if (!next_number(cx, s, r->type, r) || !subject_ready(cx, s, r, NULL) || !insert_row(cx, s, r)) {
        return false;
    }
    store_touch(s, r->type->index);
    Str body = body_diff(cx, s, r, NULL, r->v, &n);
    return journal_add(cx, s, r->home, a, S("create"), r->type, r->id, r->rev, action, S(""), r->state->id, reason, source, body) &&
           rec_refresh_latest(cx, s, a, r);
}

/* A record that now refers to another one no longer counts for the one it left. */
static bool leave_parents(Cx *cx, Store *s, const Actor *a, const Rec *before, const Rec *after)
{
    for (size_t i = 0; i < after->type->n_fields; i++) {
        const Field *f = &after->type->fields[i];
        if (f->kind == FT_REF && before->v[i].has && !value_eq(f, &before->v[i], &after->v[i])) {
            return rec_refresh_latest(cx, s, a, before);
        }
    }
    return true;
}

bool rec_store_change(Cx *cx, Store *s, const Actor *a, const Rec *before, Rec *after, Str act, Str action, Str reason, Str source,
                      bool *ret_changed)
{
    size_t n = values_differ(after->type, before->v, after->v);
    bool moved = after->state != before->state || after->holder != before->holder;
    *ret_changed = n != 0 || moved || after->form != before->form || str_eq(act, S("act"));
    if (!*ret_changed) {
        return true;
    }
    if (n != 0 && !closing_guard(cx, s, before->v, after, str_eq(act, S("erase")))) {
        return false;
    }
    after->rev = before->rev + 1;
    after->updated_ms = cx->now_ms;
    after->updated_by = a->user;
    if (!subject_ready(cx, s, after, before->v)) {
        return false;
    }
    Str body = body_diff(cx, s, after, before->v, after->v, &n);
    if (!update_row(cx, s, before, after)) {
        return false;
    }
    store_touch(s, after->type->index);
    return journal_add(cx, s, after->home, a, act, after->type, after->id, after->rev, action, before->state->id, after->state->id,
                       reason, source, body) &&
           (n == 0 || (rec_refresh_latest(cx, s, a, after) && leave_parents(cx, s, a, before, after)));
}

/* ---- what people do ---- */

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
static bool check(Cx *cx, Store *s, const Value *before, Rec *r, bool partial, Findings *found)
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

typedef struct {
    const Actor *a;
    const RecordType *t;
    const Org *owner;
    int64_t id;
    const Value *values;
    const bool *set;
    const WriteOpts *o;
    Findings *found;
    Rec *ret;
    bool *ret_changed;
} WriteArg;

static bool settable(const Actor *a, const RecordType *t, const Field *f, int32_t form)
{
    return field_in_form(f, form) && !f->computed && (!f->read_only || a->is_system) && access_field(a, t, f, false);
}

static void fill_defaults(Cx *cx, Store *s, const Actor *a, Rec *r, const bool *set)
{
    EvalEnv *env = env_make(cx, s, r);
    env->actor = a->login;
    for (size_t i = 0; i < r->type->n_fields; i++) {
        const Field *f = &r->type->fields[i];
        if (!r->v[i].has && f->default_value != NULL && field_in_form(f, r->form) && (set == NULL || !set[i] || f->read_only)) {
            r->v[i] = rule_value(env, f->default_value, f);
        }
    }
    const Field *at = r->type->region; /* an office of one region need not say where it is */
    const Org *o = rec_owner(s, r);
    if (at != NULL && !r->v[at->index].has && o != NULL && o->region != NULL &&
        (at->level.n == 0 || str_eq(at->level, o->region->level))) {
        r->v[at->index] = (Value){.has = true, .s = o->region->code};
    }
}

/* Before defaults and checks look at what the references point to. */
static bool given_refs(Cx *cx, Store *s, const WriteArg *w, const Value *before, const Rec *r)
{
    for (size_t i = 0; i < w->t->n_fields; i++) {
        const Value *v = &r->v[i];
        if (w->o->dry_run && w->t->fields[i].kind == FT_REF && v->has && v->i == REC_NOT_YET) {
            continue;
        }
        if (w->set[i] && !refs_check(cx, s, w->a, &w->t->fields[i], before != NULL ? &before[i] : NULL, v, w->found)) {
            return false;
        }
    }
    return w->found->errors == 0 || fail(cx, E_INVALID, "有 %zu 处需要修改", w->found->errors);
}

static bool do_create(Cx *cx, Store *s, void *arg)
{
    WriteArg *w = arg;
    Rec r = {.type = w->t, .home = w->owner->home, .holder = w->owner->home, .state = initial_state(w->t), .no = S(""),
             .form = MAX(w->t->revision, 1)};
    r.v = NEW_ARRAY(cx->mem, Value, w->t->n_fields);
    for (size_t i = 0; i < w->t->n_fields; i++) {
        if (w->set[i] && settable(w->a, w->t, &w->t->fields[i], r.form)) {
            r.v[i] = w->values[i];
        }
    }
    if (!given_refs(cx, s, w, NULL, &r)) {
        return false;
    }
    fill_defaults(cx, s, w->a, &r, w->set);
    if (!check(cx, s, NULL, &r, w->o->partial, w->found)) {
        return false;
    }
    if (!w->o->dry_run && !rec_store_new(cx, s, w->a, &r, S(""), w->o->reason, w->o->source)) {
        return false;
    }
    *w->ret = rec_as_seen(cx, s, w->a, &r);
    return true;
}

bool rec_create(Cx *cx, Store *s, const Actor *a, const RecordType *t, const Org *owner, const Value *values, const bool *set,
                const WriteOpts *o, Findings *found, Rec *ret)
{
    if (!access_create(s->pack, a, t, owner)) {
        return fail(cx, E_FORBIDDEN, "您不能为%.*s登记%.*s", STRF(owner->name), STRF(t->label));
    }
    WriteArg w = {.a = a, .t = t, .owner = owner, .values = values, .set = set, .o = o, .found = found, .ret = ret};
    if (o->dry_run || (o->undone_by_caller && on_writer(s))) {
        return do_create(cx, s, &w);
    }
    return store_write(cx, s, do_create, &w);
}

/* A masked value that comes back from a form unchanged means: leave it. */
static bool is_own_mask(Cx *cx, const Field *f, const Value *now, const Value *given)
{
    return f->personal && now->has && given->has && str_eq(given->s, mask_personal(cx->mem, f, now->s));
}

static bool do_update(Cx *cx, Store *s, void *arg)
{
    WriteArg *w = arg;
    Rec before, r;
    bool public_only;
    if (!rec_load(cx, s, w->t, w->id, true, &before)) {
        return false;
    }
    if (!access_read(s->pack, w->a, &before, &public_only) || public_only) {
        return fail(cx, E_NOT_FOUND, "没有找到这条%.*s记录，或者不在您的管辖范围内", STRF(w->t->label));
    }
    if (!access_edit(s->pack, w->a, &before)) {
        return fail(cx, E_WRONG_STATE, "这条记录现在是“%.*s”，您不能修改", STRF(before.state->label));
    }
    if (w->o->rev != 0 && w->o->rev != before.rev) {
        return fail(cx, E_STALE, "这条记录刚刚被别人修改过（现在是第 %lld 版），请核对后再保存", (long long)before.rev);
    }
    r = before;
    r.v = NEW_ARRAY(cx->mem, Value, w->t->n_fields);
    memcpy(r.v, before.v, w->t->n_fields * sizeof(Value));
    for (size_t i = 0; i < w->t->n_fields; i++) {
        const Field *f = &w->t->fields[i];
        if (w->set[i] && settable(w->a, w->t, f, r.form) && !is_own_mask(cx, f, &before.v[i], &w->values[i])) {
            r.v[i] = w->values[i];
        }
    }
    if (!given_refs(cx, s, w, before.v, &r) || !check(cx, s, before.v, &r, w->o->partial, w->found)) {
        return false;
    }
    if (w->o->dry_run) {
        *w->ret_changed = values_differ(w->t, before.v, r.v) != 0;
    } else if (!rec_store_change(cx, s, w->a, &before, &r, S("update"), S(""), w->o->reason, w->o->source, w->ret_changed)) {
        return false;
    }
    *w->ret = rec_as_seen(cx, s, w->a, &r);
    return true;
}

bool rec_update(Cx *cx, Store *s, const Actor *a, const RecordType *t, int64_t id, const Value *values, const bool *set,
                const WriteOpts *o, Findings *found, Rec *ret, bool *ret_changed)
{
    WriteArg w = {.a = a, .t = t, .id = id, .values = values, .set = set, .o = o, .found = found, .ret = ret,
                  .ret_changed = ret_changed};
    if (o->dry_run || (o->undone_by_caller && on_writer(s))) {
        return do_update(cx, s, &w);
    }
    return store_write(cx, s, do_update, &w);
}

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

static bool do_delete(Cx *cx, Store *s, void *arg)
{
    WriteArg *w = arg;
    Rec r;
    bool public_only;
    if (!rec_load(cx, s, w->t, w->id, true, &r)) {
        return false;
    }
    if (!access_read(s->pack, w->a, &r, &public_only) || public_only) {
        return fail(cx, E_NOT_FOUND, "没有找到这条%.*s记录，或者不在您的管辖范围内", STRF(w->t->label));
    }
    if (!access_delete(s->pack, w->a, &r)) {
        return fail(cx, E_WRONG_STATE, "这条记录现在是“%.*s”，不能删除", STRF(r.state->label));
    }
    if (w->o->rev != 0 && w->o->rev != r.rev) {
        return fail(cx, E_STALE, "这条记录刚刚被别人修改过，请核对后再删除");
    }
    if (!closing_guard(cx, s, NULL, &r, false)) {
        return false;
    }
    Sql *q = sql_new(cx->mem);
    sql_lit(q, "update ");
    sql_ident(q, s->types[w->t->index].table);
    sql_lit(q, " set deleted = ");
    sql_int(q, cx->now_ms);
    sql_lit(q, ", rev = rev + 1 where id = ");
    sql_int(q, r.id);
    sql_lit(q, " and home = ");
    sql_int(q, r.home);
    recent_drop(s, r.id);
    Stmt *st = sql_stmt(cx, cx->db, SQL_HOME, q);
    if (st == NULL || !stmt_run(cx, st)) {
        return false;
    }
    store_touch(s, w->t->index);
    return journal_add(cx, s, r.home, w->a, S("delete"), w->t, r.id, r.rev + 1, S(""), r.state->id, S(""), w->o->reason,
                       w->o->source, S("{}")) &&
           rec_refresh_latest(cx, s, w->a, &r);
}

bool rec_delete(Cx *cx, Store *s, const Actor *a, const RecordType *t, int64_t id, const WriteOpts *o)
{
    WriteArg w = {.a = a, .t = t, .id = id, .o = o};
    return store_write(cx, s, do_delete, &w);
}
