/*
 * rconflict.c - two people changed one record: both values side by side, field by field, and one press to go on.
 *
 * What the other person did not touch is simply kept as typed; what this person did not touch (the typed text is what stood there
 * before) is taken over. Only real conflicts are asked about.
 */
#include "page/internal.h"

/* The value a field had at revision `rev`, when the journal knows that it changed since. NULL: not changed since. */
static const Doc *before_since(Req *rq, const Event *events, const Doc *const *bodies, size_t n, int64_t rev, const Field *f)
{
    (void)rq;
    for (size_t i = 0; i < n; i++) {
        const Doc *pair = events[i].rev > rev ? doc_get(bodies[i], f->id) : NULL;
        if (pair != NULL && pair->kind == DOC_LIST) {
            return pair;
        }
    }
    return NULL;
}

static bool typed_is(Req *rq, const Field *f, const Value *typed, const Doc *raw)
{
    if (raw == NULL || raw->kind == DOC_NULL) {
        return !typed->has;
    }
    if (raw->kind == DOC_LIST || f->personal) {
        return false;
    }
    Str text = raw->kind == DOC_INT ? str_printf(rq->mem, "%lld", (long long)raw->i) : raw->s;
    return typed->has && str_eq(value_raw(rq->mem, f, typed), text);
}

static void hidden(Doc *l, Str name, Str value)
{
    Doc *h = doc_add_obj(l);
    doc_set_str(h, "name", name);
    doc_set_str(h, "value", value);
}

static void conflict_row(Req *rq, Doc *rows, const Field *f, const Value *mine, const Value *theirs)
{
    Doc *o = doc_add_obj(rows);
    doc_set_str(o, "field", f->id);
    doc_set_str(o, "label", f->label);
    doc_set_str(o, "mine", value_text(rq, f, mine));
    doc_set_str(o, "theirs", value_text(rq, f, theirs));
}

bool conflict_page(Req *rq, const RecordType *t, const Rec *now, int64_t rev, const Value *values, const bool *set)
{
    Event *events;
    size_t n;
    Str why, who = S("");
    if (!journal_of(&rq->cx, rq->store, t, now->id, &events, &n)) {
        return false;
    }
    const Doc **bodies = arena_alloc_array(rq->mem, sizeof *bodies, n + 1);
    for (size_t i = 0; i < n; i++) {
        bodies[i] = events[i].rev > rev ? json_read(rq->mem, events[i].body, &why) : NULL;
        who = events[i].rev > rev ? events[i].user_name : who;
    }
    rq->doc = doc_obj(rq->mem);
    rq->view = "record/conflict";
    rq->status = err_info(E_STALE)->http;
    Doc *rows = doc_set_list(rq->doc, "rows"), *kept = doc_set_list(rq->doc, "hidden");
    for (size_t i = 0; i < t->n_fields; i++) {
        const Field *f = &t->fields[i];
        const Doc *pair = set[i] ? before_since(rq, events, (const Doc *const *)bodies, n, rev, f) : NULL;
        if (pair == NULL || value_eq(f, &values[i], &now->v[i])) {
            continue; /* they did not touch it, or both wrote the same */
        }
        if (typed_is(rq, f, &values[i], doc_at(pair, 0))) {
            hidden(kept, str_printf(rq->mem, "pick.%.*s", STRF(f->id)), S("theirs"));
        } else {
            conflict_row(rq, rows, f, &values[i], &now->v[i]);
        }
    }
    for (size_t i = 0; i < rq->form.n; i++) {
        Str name = rq->form.items[i].name;
        if (!str_eq(name, S("rev")) && !str_eq(name, S("csrf")) && !str_eq(name, S("idem")) && !str_starts(name, S("pick."))) {
            hidden(kept, name, rq->form.items[i].value);
        }
    }
    doc_set_bool(rq->doc, "has_rows", rows->n != 0);
    doc_set_str(rq->doc, "title", S("别人刚刚修改过这条记录"));
    doc_set_str(rq->doc, "name", rec_title(rq, now));
    doc_set_str(rq->doc, "who", who);
    doc_set_instant(rq->doc, "when", now->updated_ms);
    doc_set_str(rq->doc, "action", url_record(rq->mem, t, now->id, ""));
    doc_set_int(rq->doc, "rev", now->rev);
    doc_set_str(rq->doc, "idem", random_token(rq->mem, 12));
    req_crumb(rq, t->label, str_printf(rq->mem, "/r/%.*s", STRF(t->id)));
    req_crumb(rq, rec_title(rq, now), url_record(rq->mem, t, now->id, ""));
    req_crumb(rq, S("核对"), S(""));
    return true;
}
