/*
 * put.c - a new or changed record stored: its number, revision and key, the row, the journal entry, and what other
 * records compute from it. Without rights and checks: whoever calls has decided (write.c, act.c).
 */
#include "base/date.h"
#include "store/body.h"
#include "store/closing_int.h"
#include "store/held.h"
#include "store/recent.h"
#include "store/subject.h"

const State *state_initial(const RecordType *t)
{
    for (size_t i = 0; i < t->n_states; i++) {
        if (t->states[i].initial) {
            return &t->states[i];
        }
    }
    return &t->states[0];
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

/* Into r->no, when the type has numbers. */
static bool next_number(Cx *cx, Store *s, const RecordType *t, Rec *r)
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

/* ---- storing ---- */

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
        r->state = state_initial(r->type);
    }
    if (r->holder == 0) {
        r->holder = r->home;
    }
    if (r->form == 0) {
        r->form = MAX(r->type->revision, 1);
    }
    if (!next_number(cx, s, r->type, r) || !subject_ready(cx, s, r, NULL) || !row_insert(cx, s, r)) {
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
    if (!row_update(cx, s, before, after)) {
        return false;
    }
    store_touch(s, after->type->index);
    return journal_add(cx, s, after->home, a, act, after->type, after->id, after->rev, action, before->state->id, after->state->id,
                       reason, source, body) &&
           (n == 0 || (rec_refresh_latest(cx, s, a, after) && leave_parents(cx, s, a, before, after)));
}
