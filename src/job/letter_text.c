/*
 * letter_text.c - a text of the pack copied with each {{name}} replaced by what the person asking may see of the record,
 * or of a row of it.
 */
#include "job/letter_int.h"

#include "base/date.h"
#include "rule/validate.h"

/* ---- values ---- */

Str letter_value(Letter *x, const Field *f, const Value *v)
{
    if (!v->has || (x->d->open && f->personal)) {
        return S("");
    }
    if (f->kind == FT_REF) {
        return rec_label(x->cx, x->s, f->ref, v->i);
    }
    if (f->kind == FT_LIST) {
        return str_printf(x->cx->mem, "%zu 项", v->n_rows);
    }
    if (f->personal && personal_hidden(v->s)) {
        return v->s; /* masked: not in the field's own form any more */
    }
    return value_show(x->cx->mem, store_pack(x->s), f, v);
}

static const Value *value_at(const Place *at, Str name, const Field **ret_f)
{
    if (at->list == NULL) {
        *ret_f = type_field(at->rec->type, name);
        return *ret_f != NULL ? &at->rec->v[(*ret_f)->index] : NULL;
    }
    for (size_t i = 0; i < at->list->n_fields; i++) {
        if (str_eq(at->list->fields[i].id, name)) {
            *ret_f = &at->list->fields[i];
            return &at->cells[i];
        }
    }
    return NULL;
}

/* "ref.field" of a record that the person may read; empty otherwise. */
static bool beyond(Letter *x, const Field *ref, int64_t id, Str name, Str *ret)
{
    Rec r;
    *ret = S("");
    if (!rec_get(x->cx, x->s, x->a, ref->ref, id, &r)) {
        bool gone = x->cx->err == E_NOT_FOUND;
        if (gone) {
            cx_clear(x->cx);
        }
        return gone;
    }
    const Field *f = type_field(ref->ref, name);
    if (f != NULL) {
        *ret = letter_value(x, f, &r.v[f->index]);
    } else {
        *ret = str_eq(name, S("number")) ? r.no : str_eq(name, S("state")) ? r.state->label : S("");
    }
    return true;
}

/* ---- names ---- */

static bool name_text(Letter *x, const Place *at, Str name, Str *ret)
{
    Str head, tail;
    const Field *f = NULL;
    bool through = str_cut(name, '.', &head, &tail);
    const Value *v = value_at(at, head, &f);
    *ret = S("");
    if (v != NULL && through) {
        return !v->has || beyond(x, f, v->i, tail, ret);
    }
    if (v != NULL) {
        *ret = letter_value(x, f, v);
    } else if (str_eq(head, S("number"))) {
        *ret = at->rec->no;
    } else if (str_eq(head, S("state"))) {
        *ret = at->rec->state->label;
    } else if (str_eq(head, S("today"))) {
        *ret = date_zh(x->cx->mem, instant_date(x->cx->now_ms));
    } else if (str_eq(head, S("row")) && at->number != 0) {
        *ret = str_printf(x->cx->mem, "%zu", at->number);
    }
    return true;
}

bool letter_fill(Letter *x, const Place *at, Str text, Str *ret)
{
    Buf b = buf_new(x->cx->mem, PAPER_MAX_TEXT);
    size_t open, end;
    while (str_find(text, S("{{"), &open)) {
        Str said, rest = str_sub(text, open + 2, text.n);
        if (!str_find(rest, S("}}"), &end)) {
            break;
        }
        buf_add(&b, str_sub(text, 0, open));
        if (!name_text(x, at, str_trim(str_sub(rest, 0, end)), &said)) {
            return false;
        }
        buf_add(&b, said);
        text = str_sub(rest, end + 2, rest.n);
    }
    buf_add(&b, text);
    if (b.full) {
        return fail(x->cx, E_TOO_LARGE, "文件“%.*s”里有一段太长", STRF(x->d->label));
    }
    *ret = str_dup(x->mem, buf_str(&b));
    return x->cx->err == E_OK;
}

bool letter_fill_date(Letter *x, const Place *at, Str text)
{
    Str name = str_trim(text);
    if (str_starts(name, S("{{")) && str_ends(name, S("}}"))) {
        const Field *f = NULL;
        Str id = str_trim(str_sub(name, 2, name.n - 4));
        const Value *v = value_at(at, id, &f);
        if (str_eq(id, S("today"))) {
            x->p->date = instant_date(x->cx->now_ms);
            return true;
        }
        if (v != NULL && f->kind == FT_DATE) {
            x->p->date = v->has ? (int32_t)v->i : PAPER_NO_DATE;
            return true;
        }
    }
    return letter_fill(x, at, text, &x->p->date_text);
}
