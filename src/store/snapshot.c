/*
 * snapshot.c - see snapshot.h. A snapshot's hash stands in the journal of its record, under the chain of the home.
 */
#include "store/snapshot.h"

#include "store/act_int.h"
#include "store/subject.h"

#include "base/date.h"

#define SNAPSHOT_MAX (8 << 20)

static Doc *field_tree(Cx *cx, Store *s, const Field *f, const Value *v)
{
    Doc *o = doc_obj(cx->mem);
    doc_set_str(o, "label", f->label);
    if (f->kind == FT_LIST) {
        Doc *rows = doc_set_list(o, "rows");
        for (size_t i = 0; i < v->n_rows; i++) {
            Doc *row = doc_add_obj(rows);
            for (size_t k = 0; k < f->n_fields; k++) {
                doc_set_doc_n(row, f->fields[k].id, field_tree(cx, s, &f->fields[k], &v->rows[i].v[k]));
            }
        }
        return o;
    }
    if (!v->has) {
        doc_set_null(o, "value");
        doc_set_str(o, "text", S(""));
    } else if (f->personal) {
        uint8_t cipher, id;
        doc_set_str(o, "value", v->s);
        doc_set_str(o, "text", field_head(v->s, &cipher, &id) ? S("（个人信息，加密保存）") : v->s);
    } else {
        Str text = f->kind == FT_REF ? rec_label(cx, s, f->ref, v->i) : value_show(cx->mem, s->pack, f, v);
        doc_set_str(o, "value", value_raw(cx->mem, f, v));
        doc_set_str(o, "text",
                    f->unit.n != 0 && f->kind != FT_MONEY ? str_printf(cx->mem, "%.*s %.*s", STRF(text), STRF(f->unit))
                                                          : text);
    }
    return o;
}

static Doc *record_tree(Cx *cx, Store *s, const Rec *r)
{
    const Org *owner = pack_org_by_home(s->pack, r->home);
    Doc *o = doc_obj(cx->mem);
    doc_set_str(o, "type", r->type->id);
    doc_set_str(o, "type_label", r->type->label);
    doc_set_id(o, "id", r->id);
    doc_set_str(o, "no", r->no);
    doc_set_int(o, "rev", r->rev);
    doc_set_int(o, "form", r->form);
    doc_set_str(o, "state", r->state->id);
    doc_set_str(o, "state_label", r->state->label);
    doc_set_str(o, "owner", owner != NULL ? owner->code : S(""));
    doc_set_str(o, "owner_name", owner != NULL ? owner->name : S(""));
    Doc *fields = doc_set_obj(o, "fields");
    for (size_t i = 0; i < r->type->n_fields; i++) {
        const Field *f = &r->type->fields[i];
        if (field_in_form(f, r->form)) {
            doc_set_doc_n(fields, f->id, field_tree(cx, s, f, &r->v[i]));
        }
    }
    return o;
}

Str record_json(Cx *cx, Store *s, const Rec *r)
{
    return json_canonical(cx->mem, record_tree(cx, s, r));
}

static Str sha256_text(Arena *mem, Str text)
{
    uint8_t out[32];
    sha256(text.p, text.n, out);
    return hex(mem, out, sizeof out);
}

bool snapshot_put(Cx *cx, Store *s, const Actor *a, const Rec *r, Str name, Str json, Snapshot *ret)
{
    CHECK(on_writer(s));
    if (json.n > SNAPSHOT_MAX) {
        return fail(cx, E_TOO_LARGE, "要封存的内容超过 8 MB");
    }
    Snapshot n = {.id = store_new_id(s, r->home),
                  .record = r->id,
                  .rev = r->rev,
                  .at_ms = cx->now_ms,
                  .name = name,
                  .body = json,
                  .sha256 = sha256_text(cx->mem, json)};
    Stmt *st = db_stmt(cx, cx->db, SQL_HOME,
                       S("insert into snapshot (id, home, type, record, rev, at, name, body, sha256)"
                         " values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, n.id);
    stmt_int(st, 2, r->home);
    stmt_text(st, 3, r->type->id);
    stmt_int(st, 4, r->id);
    stmt_int(st, 5, r->rev);
    stmt_int(st, 6, n.at_ms);
    stmt_text(st, 7, name);
    stmt_text(st, 8, json);
    stmt_text(st, 9, n.sha256);
    Doc *body = doc_obj(cx->mem);
    doc_set_str(body, "#snapshot", id_text(cx->mem, n.id));
    doc_set_str(body, "#sha256", n.sha256);
    *ret = n;
    return stmt_run(cx, st) && journal_add(cx, s, r->home, a, S("snapshot"), r->type, r->id, r->rev, name, r->state->id,
                                           r->state->id, S(""), S(""), json_text(cx->mem, body));
}

static bool read_all(Cx *cx, Stmt *st, Snapshot **ret, size_t *ret_n)
{
    size_t cap = 0;
    *ret = NULL;
    *ret_n = 0;
    while (stmt_next(cx, st)) {
        ARRAY_ROOM(cx->mem, *ret, *ret_n, cap);
        (*ret)[(*ret_n)++] = (Snapshot){.id = stmt_col_int(st, 0),
                                        .record = stmt_col_int(st, 1),
                                        .rev = stmt_col_int(st, 2),
                                        .at_ms = stmt_col_int(st, 3),
                                        .name = stmt_col_dup(cx->mem, st, 4),
                                        .body = stmt_col_dup(cx->mem, st, 5),
                                        .sha256 = stmt_col_dup(cx->mem, st, 6)};
    }
    return stmt_end(st);
}

#define COLUMNS "select id, record, rev, at, name, body, sha256 from snapshot where home = ?4 and record = ?1 and type = ?2"

bool snapshot_list(Cx *cx, Store *s, const RecordType *t, int64_t record, Snapshot **ret, size_t *ret_n)
{
    (void)s;
    Stmt *st = db_stmt(cx, cx->db, SQL_HOME, S(COLUMNS " order by id limit ?3"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, record);
    stmt_text(st, 2, t->id);
    stmt_int(st, 3, 1000);
    stmt_int(st, 4, id_home(record));
    return read_all(cx, st, ret, ret_n);
}

bool snapshot_last(Cx *cx, Store *s, const RecordType *t, int64_t record, Str name, Snapshot *ret, bool *ret_found)
{
    (void)s;
    Snapshot *l;
    size_t n;
    Stmt *st = db_stmt(cx, cx->db, SQL_HOME, S(COLUMNS " and name = ?3 order by id desc limit 1"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, record);
    stmt_text(st, 2, t->id);
    stmt_int(st, 4, id_home(record));
    stmt_text(st, 3, name);
    if (!read_all(cx, st, &l, &n)) {
        return false;
    }
    *ret_found = n != 0;
    if (n != 0) {
        *ret = l[0];
    }
    return true;
}

static bool is_clear(const Field *f, const Value *v)
{
    return f->personal && v->has && !str_eq(v->s, PERSONAL_ERASED);
}

/* Personal values are frozen sealed with the record's own key, so that they go with it; snapshot_show opens and masks them. */
static void seal_values(Cx *cx, Store *s, const Rec *r, const Field *fields, size_t n, Value *v)
{
    for (size_t i = 0; i < n; i++) {
        if (is_clear(&fields[i], &v[i])) {
            v[i].s = personal_seal(cx, s, r->own_key, field_aad(cx->mem, r->type, &fields[i], r->id), v[i].s);
        }
    }
}

static bool sealed_copy(Cx *cx, Store *s, const Rec *r, const ActArg *x, Rec *ret, Value **ret_inputs)
{
    bool any = false;
    Value *inputs = NEW_ARRAY(cx->mem, Value, x->act->n_ask + 1);
    *ret = *r;
    ret->v = NEW_ARRAY(cx->mem, Value, r->type->n_fields);
    memcpy(ret->v, r->v, r->type->n_fields * sizeof(Value));
    for (size_t i = 0; i < r->type->n_fields; i++) {
        any = any || is_clear(&r->type->fields[i], &ret->v[i]);
    }
    for (size_t i = 0; i < x->act->n_ask; i++) {
        inputs[i] = x->inputs[i];
        any = any || is_clear(&x->act->ask[i], &inputs[i]);
    }
    if (any && !subject_need(cx, s, ret)) {
        return false;
    }
    seal_values(cx, s, ret, r->type->fields, r->type->n_fields, ret->v);
    seal_values(cx, s, ret, x->act->ask, x->act->n_ask, inputs);
    *ret_inputs = inputs;
    return true;
}

static void show_field(Cx *cx, const Store *s, const Rec *r, const Field *f, Doc *o)
{
    Doc *value = doc_get(o, S("value")), *text = doc_get(o, S("text"));
    Str clear;
    uint8_t cipher, id;
    if (!f->personal || value == NULL || text == NULL || value->kind != DOC_STR || text->kind != DOC_STR || !field_head(value->s, &cipher, &id)) {
        return;
    }
    bool ok = personal_open(cx, s, r->own_key, field_aad(cx->mem, r->type, f, r->id), value->s, &clear);
    value->s = text->s = ok ? mask_personal(cx->mem, f, clear) : PERSONAL_BROKEN;
}

void snapshot_show(Cx *cx, const Store *s, const Rec *r, Doc *body)
{
    Doc *fields = doc_get(doc_get(body, S("record")), S("fields")), *inputs = doc_get(doc_get(body, S("action")), S("inputs"));
    const Action *act = type_action(r->type, doc_get_str(doc_get(body, S("action")), "id"));
    for (size_t i = 0; fields != NULL && i < r->type->n_fields; i++) {
        show_field(cx, s, r, &r->type->fields[i], doc_get(fields, r->type->fields[i].id));
    }
    for (size_t i = 0; inputs != NULL && act != NULL && i < act->n_ask; i++) {
        show_field(cx, s, r, &act->ask[i], doc_get(inputs, act->ask[i].id));
    }
}

bool snapshot_act(Cx *cx, Store *s, const ActArg *x, const Rec *before, const Rec *after, const Verdict *v, size_t n)
{
    Rec seen;
    Value *given;
    Snapshot kept;
    if (!sealed_copy(cx, s, after, x, &seen, &given)) {
        return false;
    }
    Doc *o = doc_obj(cx->mem), *pack = doc_set_obj(o, "pack"), *act = doc_set_obj(o, "action");
    doc_set_str(pack, "id", s->pack->id);
    doc_set_str(pack, "version", s->pack->version);
    doc_set_str(pack, "hash", s->pack->hash);
    doc_set_str(act, "id", x->act->id);
    doc_set_str(act, "label", x->act->label);
    doc_set_str(act, "reason", x->o->reason);
    doc_set_str(act, "by", x->a->name);
    doc_set_str(act, "org", x->a->org != NULL ? x->a->org->name : S(""));
    doc_set_str(act, "state_from", before->state->id);
    doc_set_str(act, "state_to", after->state->id);
    Doc *inputs = doc_set_obj(act, "inputs");
    for (size_t i = 0; i < x->act->n_ask; i++) {
        const Field *f = &x->act->ask[i];
        doc_set_doc_n(inputs, f->id, field_tree(cx, s, f, &given[i]));
    }
    doc_set_str(o, "time", instant_iso(cx->mem, cx->now_ms));
    doc_set_doc(o, "record", record_tree(cx, s, &seen));
    Doc *l = doc_set_list(o, "conditions");
    for (size_t i = 0; i < n; i++) {
        Doc *c = doc_add_obj(l);
        doc_set_str(c, "id", v[i].condition->id);
        doc_set_str(c, "text", v[i].condition->say);
        doc_set_str(c, "clause", v[i].condition->clause);
        doc_set_str(c, "verdict",
                    v[i].condition->manual ? S("person")
                    : v[i].verdict == 1    ? S("yes")
                    : v[i].verdict == 0    ? S("no")
                                           : S("unknown"));
        doc_set_str(c, "why", v[i].why);
    }
    return snapshot_put(cx, s, x->a, &seen, x->act->id, json_canonical(cx->mem, o), &kept);
}
