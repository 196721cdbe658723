/*
 * boxes.c - what belongs to a round, kind by kind: how many in which state, the newest with their dates, and a way to
 * add one.
 */
#include "base/date.h"
#include "feature/round/round.h"
#include "store/access.h"

#define BOX_ROWS    6
#define THROUGH_MAX 12

typedef struct {
    Str label, path;
    const RecordType *t;
    const Field *via, *through; /* through: of via->ref, refers to the round */
} Box;

static bool read_box(Req *rq, const Round *rd, Str text, Box *b)
{
    Str rest = text;
    *b = (Box){.label = round_part(&rest)};
    b->t = pack_type(rq->pack, round_part(&rest));
    b->via = b->t != NULL ? type_field(b->t, round_part(&rest)) : NULL;
    b->path = round_part(&rest);
    Str through = str_trim(rest);
    bool good = b->via != NULL && b->via->kind == FT_REF;
    b->through = good && through.n != 0 ? type_field(b->via->ref, through) : NULL;
    const Field *last = b->through != NULL ? b->through : b->via;
    if (!good || (through.n != 0 && b->through == NULL) || last->ref != rd->round) {
        return fail(&rq->cx, E_PACK, "features.yaml 的 %.*s.boxes 里“%.*s”没有指向%.*s", STRF(rd->name), STRF(text),
                    STRF(rd->round->label));
    }
    b->path = b->path.n != 0 ? b->path : S("/r/{type}/{id}");
    return true;
}

/* The records the box refers to: the round itself, or those between. */
static bool targets(Req *rq, const Box *b, const Rec *r, int64_t *ret, size_t *ret_n)
{
    if (b->through == NULL) {
        ret[0] = r->id;
        *ret_n = 1;
        return true;
    }
    Query q = {.type = b->via->ref, .limit = THROUGH_MAX, .n_filters = 1};
    RecPage page;
    q.filters[0] = (Filter){.field = b->through, .value = {.has = true, .i = r->id}};
    if (!rec_list(&rq->cx, rq->store, &rq->actor, &q, false, &page)) {
        return false;
    }
    *ret_n = MIN(page.n, (size_t)THROUGH_MAX);
    for (size_t i = 0; i < *ret_n; i++) {
        ret[i] = page.items[i].id;
    }
    return true;
}

static bool progress(Req *rq, const Round *rd, const Rec *r, Doc *o)
{
    const Setting *s = round_setting(rq->pack, rd, "progress");
    Value all = {0}, some = {0};
    for (size_t i = 0; s != NULL && i < s->n; i++) {
        Str rest = s->values[i];
        if (!str_eq(round_part(&rest), r->type->id)) {
            continue;
        }
        Str first = round_part(&rest);
        if (!round_eval(rq, r, first, &some) || !round_eval(rq, r, str_trim(rest), &all)) {
            return false;
        }
    }
    if (some.has && all.has && all.i != 0) {
        doc_set_int(o, "done", some.i);
        doc_set_int(o, "of", all.i);
    } else {
        doc_set_null(o, "done");
        doc_set_null(o, "of");
    }
    return true;
}

static bool one_row(Req *rq, const Round *rd, const Box *b, const Rec *r, Doc *list)
{
    Doc *o = doc_add_obj(list);
    const Value *title = b->t->title != NULL ? &r->v[b->t->title->index] : NULL;
    const Value *due = r->state->due != NULL ? &r->v[r->state->due->index] : NULL;
    bool past = false, dated = due != NULL && due->has;
    doc_set_id(o, "id", r->id);
    doc_set_str(o, "title", title != NULL && title->s.n != 0 ? title->s : r->no);
    doc_set_str(o, "href", round_path(rq->mem, b->path, b->t, r->id));
    round_state(o, r->state);
    doc_set_str(o, "left", dated ? round_left(rq, (int32_t)due->i, &past) : S(""));
    doc_set_bool(o, "past", past);
    if (dated) {
        doc_set_date(o, "due", (int32_t)due->i);
    } else {
        doc_set_null(o, "due");
    }
    return progress(rq, rd, r, o);
}

static bool one_box(Req *rq, const Round *rd, const Box *b, const Rec *r, Doc *list)
{
    int64_t ids[THROUGH_MAX], total = 0;
    size_t n_ids, shown = 0;
    int64_t *by_state = NEW_ARRAY(rq->mem, int64_t, b->t->n_states);
    if (!targets(rq, b, r, ids, &n_ids)) {
        return false;
    }
    Doc *o = doc_add_obj(list), *counts = doc_set_list(o, "counts"), *rows = doc_set_list(o, "rows");
    for (size_t i = 0; i < n_ids; i++) {
        Query q = {.type = b->t, .limit = BOX_ROWS, .n_filters = 1};
        RecPage page;
        FacetCount *g;
        size_t n;
        q.filters[0] = (Filter){.field = b->via, .value = {.has = true, .i = ids[i]}};
        if (!rec_facet(&rq->cx, rq->store, &rq->actor, &q, NULL, &g, &n) ||
            !rec_list(&rq->cx, rq->store, &rq->actor, &q, false, &page)) {
            return false;
        }
        for (size_t k = 0; k < n; k++) {
            const State *st = type_state(b->t, g[k].key);
            total += g[k].n;
            by_state[st != NULL ? st->index : 0] += g[k].n;
        }
        for (size_t k = 0; k < page.n && shown < BOX_ROWS; k++, shown++) {
            if (!one_row(rq, rd, b, &page.items[k], rows)) {
                return false;
            }
        }
    }
    Str href = str_printf(rq->mem, "/r/%.*s?%.*s=%.*s", STRF(b->t->id), STRF(b->via->id),
                          STRF(id_text(rq->mem, n_ids != 0 ? ids[0] : 0)));
    for (size_t k = 0; k < b->t->n_states; k++) {
        if (by_state[k] != 0) {
            Doc *c = doc_add_obj(counts);
            doc_set_int(c, "n", by_state[k]);
            round_state(c, &b->t->states[k]);
        }
    }
    doc_set_str(o, "label", b->label);
    doc_set_str(o, "type", b->t->id);
    doc_set_int(o, "total", total);
    doc_html_only(doc_set_bool(o, "any", total != 0));
    doc_html_only(doc_set_bool(o, "many", total > 1));
    doc_set_str(o, "href", b->through == NULL || n_ids == 1 ? href : str_printf(rq->mem, "/r/%.*s", STRF(b->t->id)));
    bool adds = b->through == NULL && rq->actor.org != NULL && access_create(rq->pack, &rq->actor, b->t, rq->actor.org);
    if (adds) {
        doc_set_str(o, "new",
                    str_printf(rq->mem, "/r/%.*s/new?%.*s=%.*s", STRF(b->t->id), STRF(b->via->id),
                               STRF(id_text(rq->mem, r->id))));
    } else {
        doc_set_null(o, "new");
    }
    return true;
}

bool round_boxes(Req *rq, const Round *rd, const Rec *r)
{
    const Setting *s = round_setting(rq->pack, rd, "boxes");
    Doc *list = doc_set_list(rq->doc, "boxes");
    for (size_t i = 0; s != NULL && i < s->n; i++) {
        Box b;
        if (!read_box(rq, rd, s->values[i], &b)) {
            return false;
        }
        Scope scope = access_scope(rq->mem, rq->pack, &rq->actor, b.t);
        if ((scope.all || scope.n != 0 || scope.mine) && !one_box(rq, rd, &b, r, list)) {
            return false;
        }
    }
    return true;
}
