/*
 * publish.c - see publish.h. Personal fields are left out even where a pack calls them public: the log is for ever.
 */
#include "feature/logbook/publish.h"

#include "fmt/doc.h"
#include "rule/validate.h"
#include "store/tlog.h"

static Str subject_of(Cx *cx, const Rec *r)
{
    for (size_t i = 0; r->no.n == 0 && i < r->type->n_fields; i++) {
        if (r->type->fields[i].kind == FT_DOCNO && r->v[i].has) {
            return utf8_cut(r->v[i].s, 30);
        }
    }
    return r->no.n != 0 ? r->no : id_text(cx->mem, r->id);
}

bool log_public(Cx *cx, Store *s, const Call *c)
{
    const Rec *r = c->after;
    int64_t index;
    Doc *o = doc_obj(cx->mem);
    doc_set_str(o, "state", r->state->id);
    Doc *values = doc_set_obj(o, "values");
    for (size_t i = 0; i < r->type->n_publics; i++) {
        const Field *f = r->type->publics[i];
        if (!f->personal && f->kind != FT_LIST && r->v[f->index].has) {
            doc_set_str_n(values, f->id, value_raw(cx->mem, f, &r->v[f->index]));
        }
    }
    return tlog_add(cx, s, str_printf(cx->mem, "%.*s_%.*s", STRF(r->type->id), STRF(c->action->id)), subject_of(cx, r),
                    json_canonical(cx->mem, o), &index);
}
