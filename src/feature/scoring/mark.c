/*
 * mark.c - the points of one row of a sheet, however they were written: form, API, import.
 */
#include "feature/scoring/set.h"

static const Criterion *criterion_of(const Rubric *r, Str id)
{
    for (size_t i = 0; r != NULL && i < r->n_criteria; i++) {
        if (str_eq(r->criteria[i].id, id)) {
            return &r->criteria[i];
        }
    }
    return NULL;
}

void scoring_mark(const EvalEnv *env, const Field *f, const Value *v, Findings *found)
{
    const Field *rubric = type_field(env->type, S("rubric"));
    Str id = S("");
    for (size_t i = 0; i < env->n_extra; i++) {
        if (str_eq(env->extra[i].id, S("criterion"))) {
            id = env->extra_values[i].s;
        }
    }
    const Criterion *c = rubric != NULL ? criterion_of(pack_rubric(env->pack, env->values[rubric->index].s), id) : NULL;
    if (c == NULL || c->expr != NULL) {
        finding_add(found, false, f->id, S("choice"), f->clause, S("评分表里没有这一项，或者这一项由系统计算"));
    } else {
        (void)score_mark_check(c, v->i, f->id, found);
    }
}
