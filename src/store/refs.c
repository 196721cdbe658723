/*
 * refs.c - a person may point only to what that person may read: a live record of the right type, published or in
 * reach. Without this an id is enough to have defaults and labels tell what stands in somebody else's draft.
 */
#include "store/internal.h"

static bool points_to(const Field *f, const Value *v, int64_t id)
{
    for (size_t i = 0; v != NULL && i < v->n_rows; i++) {
        for (size_t k = 0; k < f->n_fields; k++) {
            if (f->fields[k].kind == FT_REF && v->rows[i].v[k].has && v->rows[i].v[k].i == id) {
                return true;
            }
        }
    }
    return v != NULL && f->kind == FT_REF && v->has && v->i == id;
}

static bool one_ref(Cx *cx, Store *s, const Actor *a, const Field *f, Str where, int64_t id, Findings *found)
{
    Rec r;
    bool public_only, there = rec_load(cx, s, f->ref, id, true, &r);
    if (!there && cx->err != E_NOT_FOUND) {
        return false;
    }
    if (!there) {
        cx_clear(cx);
    }
    if (!there || !access_read(s->pack, a, &r, &public_only)) {
        finding_add(found, false, where, S("ref"), f->clause,
                    str_printf(cx->mem, "%.*s：没有找到这条%.*s，或者您不能查看，请从列表中选择", STRF(f->label),
                               STRF(f->ref->label)));
    }
    return true;
}

bool refs_check(Cx *cx, Store *s, const Actor *a, const Field *f, const Value *before, const Value *v, Findings *found)
{
    if (a->is_system) {
        return true;
    }
    if (f->kind == FT_REF) {
        return !v->has || points_to(f, before, v->i) || one_ref(cx, s, a, f, f->id, v->i, found);
    }
    for (size_t i = 0; f->kind == FT_LIST && i < v->n_rows; i++) {
        for (size_t k = 0; k < f->n_fields; k++) {
            const Field *col = &f->fields[k];
            const Value *cell = &v->rows[i].v[k];
            if (col->kind == FT_REF && cell->has && !points_to(f, before, cell->i) &&
                !one_ref(cx, s, a, col, str_printf(cx->mem, "%.*s.%zu.%.*s", STRF(f->id), i, STRF(col->id)), cell->i, found)) {
                return false;
            }
        }
    }
    return true;
}
