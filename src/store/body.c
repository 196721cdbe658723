/*
 * body.c - see body.h.
 */
#include "store/body.h"

#include "rule/validate.h"
#include "store/subject.h"

static Doc *value_doc(Cx *cx, Store *s, const Rec *r, const Field *f, const Value *v)
{
    if (!v->has) {
        return doc_null(cx->mem);
    }
    if (f->personal) {
        return doc_str(cx->mem, personal_seal(cx, s, r->own_key, field_aad(cx->mem, r->type, f, r->id), v->s));
    }
    if (f->kind == FT_LIST) {
        Doc *list = doc_list(cx->mem);
        for (size_t i = 0; i < v->n_rows; i++) {
            Doc *row = doc_add_obj(list);
            for (size_t k = 0; k < f->n_fields; k++) {
                if (v->rows[i].v[k].has) {
                    doc_set_str_n(row, f->fields[k].id, value_raw(cx->mem, &f->fields[k], &v->rows[i].v[k]));
                }
            }
        }
        return list;
    }
    return doc_str(cx->mem, value_raw(cx->mem, f, v));
}

static const Value NONE = {0};

size_t values_differ(const RecordType *t, const Value *before, const Value *after)
{
    size_t n = 0;
    for (size_t i = 0; i < t->n_fields; i++) {
        n += !value_eq(&t->fields[i], before != NULL ? &before[i] : &NONE, &after[i]);
    }
    return n;
}

Str body_diff(Cx *cx, Store *s, const Rec *r, const Value *before, const Value *after, size_t *ret_n)
{
    Doc *o = doc_obj(cx->mem);
    *ret_n = 0;
    for (size_t i = 0; i < r->type->n_fields; i++) {
        const Field *f = &r->type->fields[i];
        const Value *was = before != NULL ? &before[i] : &NONE;
        if (value_eq(f, was, &after[i])) {
            continue;
        }
        bool erased = f->personal && after[i].has && str_eq(after[i].s, PERSONAL_ERASED);
        Doc *pair = doc_list(cx->mem);
        doc_add_doc(pair, value_doc(cx, s, r, f, erased ? &NONE : was));
        doc_add_doc(pair, value_doc(cx, s, r, f, &after[i]));
        doc_set_doc_n(o, f->id, pair);
        (*ret_n)++;
    }
    return json_text(cx->mem, o);
}
