/*
 * where.c - the where clause of a query: what the actor may read (where_reach.c), narrowed by filters, search and what
 * waits for them. Lists, counts and the desk all ask through it, so none of them shows more than another.
 *
 * Nobody filters or orders by what they may not see: such a query matches nothing.
 */
#include "base/date.h"
#include "fmt/codes.h"
#include "store/internal.h"

const Field WHERE_STATE;

static void filter_column(Sql *q, const Filter *f)
{
    if (f->field != NULL) {
        sql_ident2(q, S("f_"), f->field->id);
    } else {
        sql_ident(q, f->column);
    }
}

static void filter_value(Cx *cx, Sql *q, const Filter *f)
{
    const Value *v = &f->value;
    if (f->field != NULL && f->field->kind == FT_DATE) {
        sql_text(q, date_iso(cx->mem, (int32_t)v->i));
    } else if (f->field != NULL ? field_is_text(f->field)
                                : str_eq(f->column, S("state")) || str_eq(f->column, S("no"))) {
        sql_text(q, v->s);
    } else {
        sql_int(q, v->i);
    }
}

/* A region and all below it, as an or-list of equalities: few enough, and each can use the index. */
static void filter_region(const Pack *p, Sql *q, const Filter *f)
{
    bool first = true;
    sql_lit(q, " and (");
    for (size_t i = 0; i < p->n_regions && q->n_args < SQL_MAX_ARGS - 16; i++) {
        if (region_within(&p->regions[i], f->within)) {
            if (!first) {
                sql_lit(q, " or ");
            }
            filter_column(q, f);
            sql_lit(q, " = ");
            sql_text(q, p->regions[i].code);
            first = false;
        }
    }
    sql_lit(q, ")");
}

static void add_filter(Cx *cx, const Pack *p, Sql *q, const Filter *f)
{
    if (f->within != NULL) {
        if (f->within->parent != NULL) { /* the whole: no condition */
            filter_region(p, q, f);
        }
        return;
    }
    sql_lit(q, " and ");
    filter_column(q, f);
    if (!f->value.has) {
        if (f->op == OP_NE) {
            sql_lit(q, " is not null");
        } else {
            sql_lit(q, " is null");
        }
        return;
    }
    switch (f->op) {
    case OP_EQ:
        sql_lit(q, " = ");
        break;
    case OP_NE:
        sql_lit(q, " is distinct from ");
        break;
    case OP_LT:
        sql_lit(q, " < ");
        break;
    case OP_LE:
        sql_lit(q, " <= ");
        break;
    case OP_GT:
        sql_lit(q, " > ");
        break;
    case OP_GE:
        sql_lit(q, " >= ");
        break;
    case OP_HAS:
        sql_lit(q, " like ");
        sql_like(q, f->value.s);
        return;
    }
    filter_value(cx, q, f);
}

/* A personal field: equality only, by its blind index, for those who might see it in clear; others would guess at it value by value. */
static bool add_lookup(Cx *cx, Store *s, const Actor *a, const RecordType *t, const Filter *f, Sql *q)
{
    if (!f->field->lookup || f->op != OP_EQ || !f->value.has) {
        return fail(cx, E_INVALID, "“%.*s”是个人信息，只能按完整内容查找", STRF(f->field->label));
    }
    if (!access_flag(a, t, 'u')) {
        return fail(cx, E_FORBIDDEN, "您没有按个人信息查找的权限");
    }
    sql_lit(q, " and ");
    row_equals(cx, s, q, t, f->field, &f->value);
    return true;
}

bool query_where(Cx *cx, Store *s, const Actor *a, const Query *query, const Field *skip, Sql *q)
{
    const RecordType *t = query->type;
    Scope scope = access_scope(cx->mem, s->pack, a, t);
    sql_lit(q, " where deleted is null");
    if (!reach_where(a, t, &scope, q)) {
        return false;
    }
    for (size_t i = 0; i < query->n_filters; i++) {
        const Filter *f = &query->filters[i];
        if (f->field != NULL && !access_field_in(a, t, NULL, f->field, scope.published_only)) {
            return false; /* no filtering by what may not be seen */
        }
        bool skipped =
            skip == &WHERE_STATE ? f->field == NULL && str_eq(f->column, S("state")) : skip != NULL && f->field == skip;
        if (f->field != NULL && f->field->personal) {
            if (!add_lookup(cx, s, a, t, f, q)) {
                return false;
            }
        } else if (!skipped) {
            add_filter(cx, s->pack, q, f);
        }
    }
    if (query->order != NULL && !access_field_in(a, t, NULL, query->order, scope.published_only)) {
        return false; /* nor ordering */
    }
    if (query->search.n != 0 && t->searchable) {
        sql_lit(q, " and search like ");
        sql_like(q, name_fold(cx->mem, query->search));
    }
    return !query->mine_to_do || work_where(a, t, q);
}
