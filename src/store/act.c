/*
 * act.c - the one door to another state: role, desk, four eyes, signatures, conditions, then move, set, make, journal -
 * in one transaction.
 */
#include "store/act_int.h"
#include "store/call.h"
#include "store/closing.h"
#include "store/notice.h"
#include "store/task.h"

static bool conditions(Cx *cx, Store *s, const Rec *r, const Action *act, Verdict **ret, size_t *ret_n, bool *ret_all)
{
    RuleVerdict *rules = NEW_ARRAY(cx->mem, RuleVerdict, act->n_conditions);
    Verdict *v = NEW_ARRAY(cx->mem, Verdict, act->n_conditions);
    *ret_all = rule_conditions(env_make(cx, s, r), act->conditions, act->n_conditions, rules);
    for (size_t i = 0; i < act->n_conditions; i++) {
        v[i] = (Verdict){.condition = rules[i].condition, .verdict = (int)rules[i].verdict, .why = rules[i].why};
    }
    *ret = v;
    *ret_n = act->n_conditions;
    return cx->err == E_OK;
}

/* … or whom the person acts for today, or who acted for the person on that day: the two count as one. */
#define DELEGATES                                                                                                      \
    " or exists (select 1 from delegation d where (d.deputy = ?3 and d.principal = journal.user_id and d.begins <= "   \
    "?4 and d.ends > ?4)"                                                                                              \
    " or (d.principal = ?3 and d.deputy = journal.user_id and d.begins <= journal.at and d.ends > journal.at))"

/* Did this person enter, change or submit the record? To submit is to move it out of a state in which it could be
 * edited; a reviewer who sent it back has not submitted it and may look at it again. */
static bool touched_by(Cx *cx, const Actor *a, const Rec *r, bool *ret)
{
    Stmt *st = db_stmt(
        cx, cx->db, SQL_HOME,
        S("select distinct act, state_from from journal where record = ?1 and home = ?2 and (user_id = ?3" DELEGATES ")"
          " and (act in ('create', 'update') or (act = 'act' and state_from <> state_to))"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, r->id);
    stmt_int(st, 2, r->home);
    stmt_int(st, 3, a->user);
    stmt_int(st, 4, cx->now_ms);
    *ret = false;
    while (stmt_next(cx, st)) {
        const State *from = type_state(r->type, stmt_col_text(st, 1));
        *ret = *ret || !str_eq(stmt_col_text(st, 0), S("act")) || (from != NULL && from->editable);
    }
    return stmt_end(st);
}

/* The office the record goes to; NULL when there is none above. */
static const Org *next_holder(const Store *s, const Rec *r, const Action *act)
{
    const Org *now = pack_org_by_home(s->pack, r->holder), *owner = pack_org_by_home(s->pack, r->home);
    const Org *top = owner;
    switch (act->holder) {
    case HOLD_SAME:
        return now;
    case HOLD_OWNER:
        return owner;
    case HOLD_PARENT:
        return now != NULL ? now->parent : NULL;
    case HOLD_TOP:
        while (top != NULL && top->parent != NULL) {
            top = top->parent;
        }
        return top;
    }
    return NULL;
}

static const State *next_state(const Store *s, const Rec *r, const Action *act, const Org *holder)
{
    if (act->n_to == 0) {
        return r->state;
    }
    if (act->n_to == 1) {
        return act->to[0];
    }
    CHECK(act->n_to == s->pack->n_levels);
    return holder->level_index >= 0 ? act->to[holder->level_index] : NULL;
}

/* Does this step lead anywhere but back to an editable state? */
static bool leads_on(const Action *act)
{
    for (size_t i = 0; i < act->n_to; i++) {
        if (act->to[i] != NULL && !act->to[i]->editable) {
            return true;
        }
    }
    return false;
}

/* Does the record go on to somebody else's work or before the public? An unfinished draft may only be given up (and taken up again). */
static bool goes_on(const Rec *r, const State *to)
{
    bool on = to->published;
    for (size_t i = 0; i < r->type->n_actions && !to->editable; i++) {
        const Action *act = &r->type->actions[i];
        for (size_t k = 0; k < act->n_from; k++) {
            on = on || (act->from[k] == to && leads_on(act));
        }
    }
    return on && to != r->state;
}

static bool decide(Cx *cx, Store *s, const Actor *a, const Rec *r, const Action *act, bool *ret_can, Str *ret_why,
                   Verdict **ret_verdicts, size_t *ret_n)
{
    *ret_can = false;
    *ret_why = S("");
    *ret_n = 0;
    if (!access_action(s->pack, a, r, act)) {
        *ret_why = S("您现在不能办理这一步");
        return true;
    }
    bool all, touched = false;
    if (!conditions(cx, s, r, act, ret_verdicts, ret_n, &all)) {
        return false;
    }
    if (act->four_eyes && !a->is_system) {
        if (!touched_by(cx, a, r, &touched)) {
            return false;
        }
        if (touched) {
            *ret_why = S("您填报、修改或上报过这条记录，按“经办、审核分离”的要求须由另一人办理");
            return true;
        }
    }
    if (!task_blocks(cx, s, a, r, act, ret_why)) {
        return false;
    }
    if (ret_why->n != 0) {
        return true;
    }
    if (act_needs_signs(act) && !a->is_system) {
        if (!sign_refused(cx, s, a, r, act, ret_why)) {
            return false;
        }
        if (ret_why->n != 0) {
            return true;
        }
    }
    if (act->n_set != 0 && !closing_refuses(cx, s, r->type, r->v, ret_why)) { /* figures stay; a move alone changes none */
        return false;
    }
    if (ret_why->n != 0) {
        return true;
    }
    const Org *holder = next_holder(s, r, act);
    if (holder == NULL || next_state(s, r, act, holder) == NULL) {
        *ret_why = S("没有可以接收的上级单位");
        return true;
    }
    if (r->state->editable && !a->is_system && goes_on(r, next_state(s, r, act, holder)) && !rec_missing(cx, s, r, ret_why)) {
        return false;
    }
    if (ret_why->n != 0) {
        return true;
    }
    if (!all) {
        *ret_why = S("有条件还没有满足");
        return true;
    }
    *ret_can = true;
    return true;
}

bool rec_can(Cx *cx, Store *s, const Actor *a, const Rec *r, const Action *act, bool *ret_can, Str *ret_why,
             Verdict **ret_verdicts, size_t *ret_n)
{
    return decide(cx, s, a, r, act, ret_can, ret_why, ret_verdicts, ret_n);
}

static bool check_inputs(Cx *cx, Store *s, const ActArg *x, const EvalEnv *env)
{
    if (x->act->reason_required && utf8_len(str_trim(x->o->reason)) < 2) {
        finding_add(x->found, false, S("reason"), S("required"), x->act->clause,
                    str_printf(cx->mem, "“%.*s”须写明理由", STRF(x->act->label)));
    }
    for (size_t i = 0; i < x->act->n_ask; i++) {
        const Field *f = &x->act->ask[i];
        if (f->required && !x->inputs[i].has) {
            finding_add(x->found, false, f->id, S("required"), f->clause,
                        str_printf(cx->mem, "请填写%.*s", STRF(f->label)));
        } else if (x->inputs[i].has) {
            value_check(env, f, f->id, &x->inputs[i], x->found);
            if (!refs_check(cx, s, x->a, f, NULL, &x->inputs[i], x->found)) {
                return false;
            }
        }
    }
    return x->found->errors == 0 ? true : fail(cx, E_INVALID, "有 %zu 处需要修改", x->found->errors);
}

Actor act_program(Str via)
{
    return (Actor){.is_system = true, .name = S("系统"), .via = via};
}

EvalEnv *act_env(Cx *cx, Store *s, const ActArg *x, const Rec *r)
{
    EvalEnv *env = env_make(cx, s, r);
    env->actor = x->a->login;
    env->extra = x->act->ask;
    env->extra_values = x->inputs;
    env->n_extra = x->act->n_ask;
    return env;
}

/* The move itself, once everything that could refuse it has been asked. */
static bool move(Cx *cx, Store *s, ActArg *x, const Rec *before, const Verdict *verdicts, size_t n)
{
    Rec after = *before;
    bool changed;
    after.v = NEW_ARRAY(cx->mem, Value, x->t->n_fields);
    memcpy(after.v, before->v, x->t->n_fields * sizeof(Value));
    EvalEnv *env = act_env(cx, s, x, before);
    for (size_t i = 0; i < x->act->n_set; i++) {
        after.v[x->act->set[i].field->index] = rule_value(env, x->act->set[i].value, x->act->set[i].field);
    }
    const Org *holder = next_holder(s, before, x->act);
    after.state = next_state(s, before, x->act, holder);
    after.holder = holder->home;
    const Call call = {.actor = x->a, .action = x->act, .before = before, .after = &after, .reason = x->o->reason};
    if (x->act->call.n != 0 && !store_call(cx, s, &call)) {
        return false;
    }
    if (!rec_store_change(cx, s, x->a, before, &after, S("act"), x->act->id, x->o->reason, x->o->source, &changed) ||
        !task_moved(cx, s, x->a, before, &after) ||
        (x->act->snapshot && !snapshot_act(cx, s, x, before, &after, verdicts, n)) || !act_make(cx, s, x, &after) ||
        !act_then(cx, s, x, &after)) {
        return false;
    }
    if ((x->act->n_make != 0 || x->act->n_then != 0) &&
        !rec_load(cx, s, x->t, x->id, true, &after)) { /* what followed may have come back to it */
        return false;
    }
    if (!notice_action(cx, s, x->a, &after, x->act)) { /* once, when all of it has happened */
        return false;
    }
    *x->ret = rec_as_seen(cx, s, x->a, &after);
    return true;
}

bool act_run(Cx *cx, Store *s, ActArg *x)
{
    Rec before;
    bool can, public_only, complete = true;
    Str why;
    Verdict *verdicts = NULL;
    size_t n;
    int64_t left = ACT_RECORDS_MAX;
    x->left = x->left != NULL ? x->left : &left;
    if (!rec_load(cx, s, x->t, x->id, true, &before)) {
        return false;
    }
    if (!x->a->is_system && (!access_read(s->pack, x->a, &before, &public_only) || public_only)) {
        return fail(cx, E_NOT_FOUND, "没有找到这条%.*s记录，或者不在您的管辖范围内", STRF(x->t->label));
    }
    if (x->o->rev != 0 && x->o->rev != before.rev) {
        return fail(cx, E_STALE, "这条记录刚刚被别人办理过（现在是“%.*s”），请核对后再办", STRF(before.state->label));
    }
    if (x->only_if_due && rule_test(env_make(cx, s, &before), x->act->auto_when) != TRI_TRUE) {
        x->not_due = true;
        return cx->err == E_OK;
    }
    if (!decide(cx, s, x->a, &before, x->act, &can, &why, &verdicts, &n)) {
        return false;
    }
    if (!can) {
        cx->err_clause = x->act->clause;
        return fail(cx, E_WRONG_STATE, "不能“%.*s”：%.*s", STRF(x->act->label), STRF(why));
    }
    if (!check_inputs(cx, s, x, act_env(cx, s, x, &before))) {
        return false;
    }
    if (act_needs_signs(x->act) && !x->a->is_system && !sign_add(cx, s, x, &before, &complete)) {
        return false;
    }
    if (!complete) {
        *x->ret = rec_as_seen(cx, s, x->a, &before);
        return true;
    }
    return move(cx, s, x, &before, verdicts, n);
}

static bool do_act(Cx *cx, Store *s, void *arg)
{
    return act_run(cx, s, arg);
}

bool rec_act(Cx *cx, Store *s, const Actor *a, const RecordType *t, int64_t id, const Action *act, const Value *inputs,
             const WriteOpts *o, Findings *found, Rec *ret)
{
    ActArg x = {.a = a, .t = t, .id = id, .act = act, .o = o, .found = found, .ret = ret};
    x.inputs = inputs != NULL ? inputs : NEW_ARRAY(cx->mem, Value, act->n_ask + 1);
    return store_write(cx, s, do_act, &x);
}

bool rec_act_system(Cx *cx, Store *s, const Actor *cause, const RecordType *t, int64_t id, const Action *act,
                    const Value *inputs, const WriteOpts *o, Findings *found, Rec *ret)
{
    Str via = cause == NULL      ? S("系统自动办理")
              : cause->is_system ? cause->via
                                 : str_printf(cx->mem, "由%.*s引起", STRF(cause->name));
    Actor program = act_program(via);
    WriteOpts with = *o;
    with.reason = o->reason.n != 0 || !act->reason_required ? o->reason : via;
    return rec_act(cx, s, &program, t, id, act, inputs, &with, found, ret);
}
