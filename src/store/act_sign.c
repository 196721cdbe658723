/*
 * act_sign.c - actions that several persons must take: each signature is kept and journalled, the last one moves the
 * record.
 *
 * A signature stands for the revision it was given on: an edit, or any other step, makes it void without deleting it.
 */
#include "store/act_int.h"
#include "store/subject.h"

bool act_needs_signs(const Action *act)
{
    return act->need_count > 1 || (act->need_each_role && act->n_roles > 1);
}

static bool has_role_sign(const Signs *l, Str role)
{
    for (size_t i = 0; i < l->n; i++) {
        if (str_eq(l->got[i].role, role)) {
            return true;
        }
    }
    return false;
}

static void what_is_missing(Cx *cx, const Action *act, Signs *l)
{
    int32_t by_count = act->need_count - (int32_t)l->n;
    l->missing_roles = NEW_ARRAY(cx->mem, Str, act->n_roles + 1);
    for (size_t i = 0; act->need_each_role && i < act->n_roles; i++) {
        if (!has_role_sign(l, act->roles[i])) {
            l->missing_roles[l->n_missing_roles++] = act->roles[i];
        }
    }
    l->missing = MAX(MAX(by_count, (int32_t)l->n_missing_roles), 0);
}

bool rec_signs(Cx *cx, Store *s, const Rec *r, const Action *act, Signs *ret)
{
    (void)s;
    *ret = (Signs){0};
    if (!act_needs_signs(act)) {
        return true;
    }
    Stmt *st = db_stmt(cx, cx->db, SQL_HOME,
                       S("select user_id, user_name, org, role, at, opinion, inputs from sign where home = ?4 and record = ?1 and "
                         "rev = ?2 and action = ?3"
                         " order by id"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, r->id);
    stmt_int(st, 2, r->rev);
    stmt_text(st, 3, act->id);
    stmt_int(st, 4, r->home);
    size_t cap = 0;
    while (stmt_next(cx, st)) {
        ARRAY_ROOM(cx->mem, ret->got, ret->n, cap);
        ret->got[ret->n++] = (Sign){.user = stmt_col_int(st, 0),
                                    .user_name = stmt_col_dup(cx->mem, st, 1),
                                    .org_name = stmt_col_dup(cx->mem, st, 2),
                                    .role = stmt_col_dup(cx->mem, st, 3),
                                    .at_ms = stmt_col_int(st, 4),
                                    .opinion = stmt_col_dup(cx->mem, st, 5),
                                    .inputs = stmt_col_dup(cx->mem, st, 6)};
    }
    if (!stmt_end(st)) {
        return false;
    }
    what_is_missing(cx, act, ret);
    return true;
}

Str signs_missing_text(Cx *cx, Store *s, const Signs *l)
{
    Buf b = buf_new(cx->mem, 2000);
    buf_printf(&b, "还差 %d 人", l->missing);
    for (size_t i = 0; i < l->n_missing_roles; i++) {
        const Role *role = pack_role(s->pack, l->missing_roles[i]);
        buf_printf(&b, "%s%.*s", i == 0 ? "（" : "、", STRF(role != NULL ? role->label : l->missing_roles[i]));
    }
    buf_add(&b, l->n_missing_roles != 0 ? S("）") : S(""));
    return buf_str(&b);
}

/* The role this person signs for: one that is still missing, or (where only heads are counted) any of theirs. Empty:
 * none. */
static Str sign_role(const Actor *a, const Action *act, const Signs *l)
{
    for (size_t i = 0; i < act->n_roles; i++) {
        if (actor_has_role(a, act->roles[i]) && (!act->need_each_role || !has_role_sign(l, act->roles[i]))) {
            return act->roles[i];
        }
    }
    return S("");
}

bool sign_refused(Cx *cx, Store *s, const Actor *a, const Rec *r, const Action *act, Str *ret_why)
{
    Signs l;
    *ret_why = S("");
    if (!rec_signs(cx, s, r, act, &l)) {
        return false;
    }
    for (size_t i = 0; i < l.n; i++) {
        bool self = l.got[i].user == a->user;
        for (size_t k = 0; k < a->n_deputy_for; k++) { /* who acts for somebody that signed is no further person */
            self = self || l.got[i].user == a->deputy_for[k];
        }
        if (self) {
            *ret_why = str_printf(cx->mem, "您已签署，%.*s", STRF(signs_missing_text(cx, s, &l)));
            return true;
        }
    }
    if (sign_role(a, act, &l).n == 0) {
        *ret_why = str_printf(cx->mem, "您这一方已有人签署，%.*s", STRF(signs_missing_text(cx, s, &l)));
    }
    return true;
}

/* Personal data stand there as a token: these texts are only compared. */
static Str inputs_json(Cx *cx, const Store *s, const ActArg *x)
{
    Doc *o = doc_obj(cx->mem);
    for (size_t i = 0; i < x->act->n_ask; i++) {
        if (x->inputs[i].has) {
            const Field *f = &x->act->ask[i];
            doc_set_str_n(o, f->id, f->personal ? personal_token(cx, s, x->t, f, x->inputs[i].s) : value_raw(cx->mem, f, &x->inputs[i]));
        }
    }
    return json_canonical(cx->mem, o);
}

bool sign_add(Cx *cx, Store *s, const ActArg *x, const Rec *r, bool *ret_complete)
{
    Signs l;
    if (!rec_signs(cx, s, r, x->act, &l)) {
        return false;
    }
    Str inputs = inputs_json(cx, s, x), role = sign_role(x->a, x->act, &l);
    if (l.n != 0 && !str_eq(l.got[0].inputs, inputs)) { /* they agree on one thing, not each on another */
        finding_add(x->found, false, S(""), S("differs"), x->act->clause,
                    str_printf(cx->mem, "填写的内容与%.*s签署时填写的不一致，请核对；意见不同请不要签署",
                               STRF(l.got[0].user_name)));
        return fail(cx, E_INVALID, "有 1 处需要修改");
    }
    Stmt *st = db_stmt(
        cx, cx->db, SQL_HOME,
        S("insert into sign (home, type, record, rev, action, user_id, user_name, org, role, at, opinion, inputs, id)"
          " values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, r->home);
    stmt_text(st, 2, r->type->id);
    stmt_int(st, 3, r->id);
    stmt_int(st, 4, r->rev);
    stmt_text(st, 5, x->act->id);
    stmt_int(st, 6, x->a->user);
    stmt_text(st, 7, x->a->name);
    stmt_text(st, 8, x->a->org != NULL ? x->a->org->name : S(""));
    stmt_text(st, 9, role);
    stmt_int(st, 10, cx->now_ms);
    stmt_text(st, 11, x->o->reason);
    stmt_text(st, 12, inputs);
    stmt_int(st, 13, store_new_id(s, r->home));
    Doc *body = doc_obj(cx->mem);
    doc_set_str(body, "#role", role);
    doc_set_str(body, "#inputs", inputs);
    if (!stmt_run(cx, st) ||
        !journal_add(cx, s, r->home, x->a, S("sign"), r->type, r->id, r->rev, x->act->id, r->state->id, r->state->id,
                     x->o->reason, x->o->source, json_text(cx->mem, body)) ||
        !rec_signs(cx, s, r, x->act, &l)) {
        return false;
    }
    *ret_complete = l.missing == 0;
    return true;
}
