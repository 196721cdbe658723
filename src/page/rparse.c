/*
 * rparse.c - what was typed or sent, into values of a record's fields. Only fields the person may see and set are looked at; every
 * fault becomes a finding beside its field.
 */
#include "page/internal.h"

#define LIST_ROWS_MAX 500

static bool given(Req *rq, Str name, Str *ret)
{
    Str inner = str_printf(rq->mem, "values.%.*s", STRF(name));
    Str which = param_has(&rq->form, name) ? name : inner;
    if (!param_has(&rq->form, which)) {
        return false;
    }
    *ret = param_get(&rq->form, which);
    return true;
}

/* In JSON money is whole fen, as it is printed; the parser reads yuan, as people type it. */
static Str json_money(Req *rq, const Field *f, Str text)
{
    int64_t fen;
    if (rq->json == NULL || f->kind != FT_MONEY || !str_int(text, &fen)) {
        return text;
    }
    uint64_t abs = fen < 0 ? 0 - (uint64_t)fen : (uint64_t)fen;
    return str_printf(rq->mem, "%s%llu.%02u", fen < 0 ? "-" : "", (unsigned long long)(abs / 100), (unsigned)(abs % 100));
}

static const Region *near_region(const Req *rq)
{
    return rq->actor.org != NULL ? rq->actor.org->region : NULL;
}

static bool parse_one(Req *rq, const Field *f, Str where, Str text, Value *ret, Findings *found)
{
    if (f->kind == FT_REF) {
        int64_t id;
        text = str_trim(text);
        if (text.n == 0) {
            *ret = (Value){0};
            return true;
        }
        if (!id_read(text, &id)) {
            finding_add(found, false, where, S("ref"), f->clause, str_printf(rq->mem, "%.*s：请从列表中选择", STRF(f->label)));
            return false;
        }
        *ret = (Value){.has = true, .i = id};
        return true;
    }
    if (f->kind == FT_ORG) {
        const Org *g = pack_org(rq->pack, str_trim(text));
        if (g != NULL) {
            *ret = (Value){.has = true, .i = g->home};
            return true;
        }
    }
    return value_parse(rq->mem, rq->pack, f, where, json_money(rq, f, text), near_region(rq), ret, found);
}

static Str cell_name(Req *rq, const Field *f, size_t i, const Field *col)
{
    return str_printf(rq->mem, "%.*s.%zu.%.*s", STRF(f->id), i, STRF(col->id));
}

static size_t rows_given(Req *rq, const Field *f, bool *ret_named)
{
    size_t n = 0;
    for (size_t i = 0; i < rq->form.n; i++) {
        Str name = rq->form.items[i].name, head, rest, no, col;
        int64_t at;
        if (str_starts(name, S("values."))) {
            name = str_sub(name, 7, name.n);
        }
        bool cut = str_cut(name, '.', &head, &rest);
        if (!str_eq(head, f->id)) {
            continue;
        }
        *ret_named = true;
        if (cut && str_cut(rest, '.', &no, &col) && str_int(no, &at) && at >= 0 && at < LIST_ROWS_MAX) {
            n = MAX(n, (size_t)at + 1);
        }
    }
    return n;
}

static void parse_list(Req *rq, const Field *f, size_t n, Value *ret, Findings *found)
{
    *ret = (Value){.rows = NEW_ARRAY(rq->mem, Row, n)};
    for (size_t i = 0; i < n; i++) {
        Row row = {.v = NEW_ARRAY(rq->mem, Value, f->n_fields)};
        bool any = false;
        for (size_t k = 0; k < f->n_fields; k++) {
            const Field *col = &f->fields[k];
            Str text, where = cell_name(rq, f, i, col);
            if (given(rq, where, &text) && str_trim(text).n != 0) {
                any = true;
                (void)parse_one(rq, col, where, text, &row.v[k], found);
            }
        }
        if (any) {
            ret->rows[ret->n_rows++] = row;
        }
    }
    ret->has = ret->n_rows != 0;
}

bool form_values(Req *rq, const RecordType *t, const Field *fields, size_t n, bool whole, Value *values, bool *set, Findings *found)
{
    for (size_t i = 0; i < n; i++) {
        const Field *f = &fields[i];
        Str text, pick = S("");
        if (f->read_only || f->computed || (t != NULL && !access_field(&rq->actor, t, f, false))) {
            continue;
        }
        if (given(rq, str_printf(rq->mem, "pick.%.*s", STRF(f->id)), &pick) && str_eq(pick, S("theirs"))) {
            continue; /* chosen on the conflict page */
        }
        if (f->kind == FT_LIST) {
            bool named = false;
            size_t rows = rows_given(rq, f, &named);
            if (named || whole) {
                set[i] = true;
                parse_list(rq, f, rows, &values[i], found);
            }
            continue;
        }
        if (!given(rq, f->id, &text) || (f->personal && personal_hidden(text))) {
            continue; /* a mask sent back means: unchanged */
        }
        set[i] = true;
        (void)parse_one(rq, f, f->id, text, &values[i], found);
    }
    return found->errors == 0 && rq->cx.err == E_OK;
}
