/*
 * racts.c - the steps a person may take with a record, as part of its document: buttons and API clients read the same decision.
 */
#include "page/internal.h"

static const char *reason_word(const Action *a)
{
    return a->reason_required ? "required" : a->ask_reason ? "optional" : "none";
}

static Str button_class(const Action *a)
{
    static const Str MAP[][2] = {{STR_INIT("sky"), STR_INIT("btn-primary")},
                                 {STR_INIT("grass"), STR_INIT("btn-good")},
                                 {STR_INIT("gold"), STR_INIT("btn-warn")},
                                 {STR_INIT("red"), STR_INIT("btn-danger")}};
    for (size_t i = 0; i < ARRAY_LEN(MAP); i++) {
        if (str_eq(a->tone, MAP[i][0])) {
            return MAP[i][1];
        }
    }
    return a->reason_required ? S("btn-danger") : S("btn-primary"); /* what must be justified takes something away */
}

Doc *action_form_doc(Req *rq, const RecordType *t, const Action *act, Str href, const Findings *found)
{
    Doc *o = doc_obj(rq->mem);
    doc_set_str(o, "id", act->id);
    doc_set_str(o, "label", act->label);
    doc_set_str(o, "tone", tone_word(act->tone));
    doc_set_strc(o, "method", "POST");
    doc_set_str(o, "href", href);
    doc_set_strc(o, "reason", reason_word(act));
    if (act->clause.n != 0) {
        doc_set_str(o, "clause", act->clause);
    } else {
        doc_set_null(o, "clause");
    }
    Doc *phrases = doc_set_list(o, "phrases");
    for (size_t i = 0; i < act->n_phrases; i++) {
        doc_add_str(phrases, act->phrases[i].value.n != 0 ? act->phrases[i].value : act->phrases[i].label);
    }
    Doc *inputs = doc_set_list(o, "inputs");
    for (size_t i = 0; i < act->n_ask && rq->wants_json; i++) {
        Doc *f = doc_add_obj(inputs);
        doc_set_str(f, "name", act->ask[i].id);
        doc_set_str(f, "label", act->ask[i].label);
        doc_set_bool(f, "required", act->ask[i].required);
    }
    if (rq->wants_json) {
        return o;
    }
    if (act->confirm.n != 0) {
        doc_set_str(o, "confirm", act->confirm);
    } else {
        doc_set_null(o, "confirm");
    }
    doc_set_str(o, "button", button_class(act));
    doc_set_bool(o, "has_phrases", act->n_phrases != 0);
    doc_set_bool(o, "asks_reason", act->ask_reason || act->reason_required);
    doc_set_bool(o, "reason_required", act->reason_required);
    bool typed = found != NULL && str_eq(req_arg(rq, "action"), act->id);
    doc_set_str(o, "reason_text", typed ? param_get(&rq->form, S("reason")) : S(""));
    Doc *fields = doc_set_list(o, "fields");
    FieldCtx c = {.rq = rq, .found = typed ? found : NULL, .typed = typed ? &rq->form : NULL};
    EvalEnv env = form_env(rq, t, NEW_ARRAY(rq->mem, Value, t->n_fields)); /* what is asked begins with its default, where no record is needed for it */
    for (size_t i = 0; i < act->n_ask; i++) {
        const Field *f = &act->ask[i];
        Value first = f->default_value != NULL ? rule_value(&env, f->default_value, f) : (Value){.has = false};
        doc_add_doc(fields, field_doc(&c, f, f->id, first.has ? &first : NULL));
    }
    return o;
}

static void verdict_list(Req *rq, Doc *o, const Verdict *v, size_t n)
{
    Doc *l = doc_set_list(o, "conditions");
    for (size_t i = 0; i < n; i++) {
        Doc *c = doc_add_obj(l);
        doc_set_str(c, "text", v[i].condition->say);
        bool person = v[i].condition->manual && v[i].verdict == -1;
        doc_set_str(c, "verdict", person ? S("person") : v[i].verdict == 1 ? S("yes") : v[i].verdict == 0 ? S("no") : S("unknown"));
        doc_set_str(c, "value", v[i].why);
        if (v[i].condition->clause.n != 0) {
            doc_set_str(c, "clause", v[i].condition->clause);
        } else {
            doc_set_null(c, "clause");
        }
        if (!rq->wants_json) {
            doc_set_bool(c, "ok", v[i].verdict == 1);
            doc_set_bool(c, "bad", v[i].verdict == 0);
            doc_set_bool(c, "warn", v[i].verdict == -1 && !person);
            doc_set_bool(c, "person", person);
            doc_set_null(c, "href");
        }
    }
}

/* On the page one step is unfolded: the one just tried, else the first that can be taken and takes nothing away, else the first that takes
   nothing away, so that it is seen what it still lacks. Findings of a refused step are left in rq->doc by the handler under "act_errors", to stand beside the inputs they are about. */
bool actions_doc(Req *rq, const Rec *r, Doc *o)
{
    const RecordType *t = r->type;
    Doc *l = doc_set_list(o, "actions");
    Str tried = exchange(rq)->act_found != NULL ? req_arg(rq, "action") : S("");
    Doc **all = NEW_ARRAY(rq->mem, Doc *, t->n_actions), *open = NULL;
    size_t n_all = 0;
    bool open_can = false;
    for (size_t i = 0; i < t->n_actions; i++) {
        const Action *act = &t->actions[i];
        if (!access_action(rq->pack, &rq->actor, r, act)) {
            continue;
        }
        bool can;
        Str why;
        Verdict *v = NULL;
        size_t n = 0;
        if (!rec_can(&rq->cx, rq->store, &rq->actor, r, act, &can, &why, &v, &n)) {
            return false;
        }
        Str tail = str_printf(rq->mem, "/do/%.*s", STRF(act->id));
        Doc *a = action_form_doc(rq, t, act, url_record(rq->mem, t, r->id, str_z(rq->mem, tail)), exchange(rq)->act_found);
        doc_set_bool(a, "can", can);
        if (can) {
            doc_set_null(a, "why");
        } else {
            doc_set_str(a, "why", why);
        }
        verdict_list(rq, a, v, n);
        bool takes = str_eq(button_class(act), S("btn-danger"));
        if (tried.n != 0 ? str_eq(tried, act->id) : !takes && (open == NULL || (can && !open_can))) {
            open = a;
            open_can = can;
        }
        all[n_all++] = a;
        doc_add_doc(l, a);
    }
    for (size_t i = 0; i < n_all; i++) {
        doc_html_only(doc_set_bool(all[i], "unfolded", all[i] == open));
    }
    return true;
}
