/*
 * next.c - where a round stands: its dates with working days left, the bar of steps, what is to be done now, and the
 * steps of the flow with what still hinders them, in words.
 */
#include "base/date.h"
#include "feature/round/round.h"

static const Value *date_of(const Round *rd, const Rec *r, Str entry, Str *ret_label)
{
    Str rest = entry;
    *ret_label = round_part(&rest);
    const Field *f = type_field(rd->round, str_trim(rest));
    return f != NULL && f->kind == FT_DATE ? &r->v[f->index] : NULL;
}

static void calendar(Req *rq, const Round *rd, const Rec *r, Doc *list)
{
    const Setting *s = round_setting(rq->pack, rd, "calendar");
    int64_t today = instant_date(rq->cx.now_ms), coming = DATE_MAX;
    Str label;
    for (size_t i = 0; s != NULL && i < s->n; i++) {
        const Value *v = date_of(rd, r, s->values[i], &label);
        coming = v != NULL && v->has && v->i >= today ? MIN(coming, v->i) : coming;
    }
    for (size_t i = 0; s != NULL && i < s->n; i++) {
        const Value *v = date_of(rd, r, s->values[i], &label);
        bool past = false;
        if (v == NULL) {
            continue;
        }
        Doc *o = doc_add_obj(list);
        doc_set_str(o, "label", label);
        doc_set_str(o, "left", v->has ? round_left(rq, (int32_t)v->i, &past) : S("还没有确定"));
        if (v->has) {
            doc_set_date(o, "on", (int32_t)v->i);
        } else {
            doc_set_null(o, "on");
        }
        doc_set_bool(o, "past", past);
        doc_set_bool(o, "coming", v->has && v->i == coming);
    }
}

static void steps(Req *rq, const Round *rd, const Rec *r, Doc *list)
{
    const Setting *s = round_setting(rq->pack, rd, "steps");
    size_t here = SIZE_MAX;
    for (size_t i = 0; s != NULL && i < s->n; i++) {
        here = str_eq(s->values[i], r->state->id) ? i : here;
    }
    for (size_t i = 0; s != NULL && i < s->n; i++) {
        const State *st = type_state(rd->round, s->values[i]);
        if (st == NULL) {
            continue;
        }
        Doc *o = doc_add_obj(list);
        doc_set_str(o, "label", st->label);
        doc_set_str(o, "sub", i == here ? S("现在") : S(""));
        doc_set_str(o, "note", S(""));
        doc_set_bool(o, "done", here != SIZE_MAX && i < here);
        doc_set_bool(o, "cur", i == here);
    }
}

static bool todo(Req *rq, const Round *rd, const Rec *r, Doc *list)
{
    const Setting *s = round_setting(rq->pack, rd, "next");
    for (size_t i = 0; s != NULL && i < s->n; i++) {
        Str rest = s->values[i], states = round_part(&rest), label = round_part(&rest), path = round_part(&rest),
            when = str_trim(rest);
        Value v = {0};
        if (!round_listed(states, r->state->id)) {
            continue;
        }
        if (when.n != 0 && !round_eval(rq, r, when, &v)) {
            return false;
        }
        Doc *o = doc_add_obj(list);
        doc_set_str(o, "text", label);
        doc_set_str(o, "href", round_path(rq->mem, path, r->type, r->id));
        doc_set_bool(o, "done", v.has && v.i != 0);
    }
    return true;
}

static void verdicts_doc(const Verdict *v, size_t n, Doc *list)
{
    for (size_t i = 0; i < n; i++) {
        Doc *o = doc_add_obj(list);
        doc_set_str(o, "text", v[i].condition->say);
        doc_set_str(o, "value", v[i].why);
        doc_set_bool(o, "ok", v[i].verdict == 1);
        doc_set_bool(o, "bad", v[i].verdict == 0);
        doc_set_bool(o, "warn", v[i].verdict < 0);
        doc_set_null(o, "href");
        doc_set_str(o, "clause", v[i].condition->clause);
    }
}

static Str role_labels(Req *rq, const Action *act)
{
    Buf b = buf_new(rq->mem, 512);
    for (size_t i = 0; i < act->n_roles; i++) {
        const Role *role = pack_role(rq->pack, act->roles[i]);
        buf_printf(&b, "%s%.*s", i != 0 ? "、" : "", STRF(role != NULL ? role->label : act->roles[i]));
    }
    return buf_str(&b);
}

/* The steps that lead out of this state. Those that go back or end the round early stand on the record's page. */
static bool actions(Req *rq, const Round *rd, const Rec *r, Doc *list)
{
    const Setting *bar = round_setting(rq->pack, rd, "steps");
    for (size_t i = 0; i < rd->round->n_actions; i++) {
        const Action *act = &rd->round->actions[i];
        bool from = false, onward = false, can;
        Verdict *v;
        Str why;
        size_t n;
        for (size_t k = 0; k < act->n_from; k++) {
            from = from || act->from[k] == r->state;
        }
        for (size_t k = 0; bar != NULL && act->n_to != 0 && k < bar->n; k++) {
            onward = onward || (act->to[0] != NULL && str_eq(act->to[0]->id, bar->values[k]));
        }
        if (!from || !onward) {
            continue;
        }
        if (!rec_can(&rq->cx, rq->store, &rq->actor, r, act, &can, &why, &v, &n)) {
            return false;
        }
        Doc *o = doc_add_obj(list);
        size_t missing = 0;
        for (size_t k = 0; k < n; k++) {
            missing += v[k].verdict != 1 && !v[k].condition->manual && !v[k].condition->warn;
        }
        doc_set_str(o, "id", act->id);
        doc_set_str(o, "label", act->label);
        doc_set_bool(o, "can", can);
        doc_set_bool(o, "by_program", act->by_program);
        doc_set_str(o, "who", act->by_program ? S("") : role_labels(rq, act));
        doc_set_str(o, "why",
                    act->by_program
                        ? (act->auto_when != NULL ? S("到日子由系统自动办理") : S("由上面的工作带动，系统自动办理"))
                    : can          ? S("现在可以办理")
                    : missing != 0 ? str_printf(rq->mem, "还差 %zu 个条件", missing)
                    : why.n != 0   ? why
                                   : str_printf(rq->mem, "由%.*s办理", STRF(role_labels(rq, act))));
        verdicts_doc(v, n, doc_set_list(o, "checks"));
    }
    return true;
}

bool round_next(Req *rq, const Round *rd, const Rec *r)
{
    calendar(rq, rd, r, doc_set_list(rq->doc, "calendar"));
    steps(rq, rd, r, doc_set_list(rq->doc, "steps"));
    return todo(rq, rd, r, doc_set_list(rq->doc, "next")) && actions(rq, rd, r, doc_set_list(rq->doc, "actions"));
}
