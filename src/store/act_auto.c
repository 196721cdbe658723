/*
 * act_auto.c - actions the program takes by itself once their `auto` expression is true.
 *
 * Every record in one of the from-states is looked at; the decision is made again inside the write. One that fails is
 * logged and left for the next round. Nothing is remembered between rounds, so a clock that was set forward or back
 * only changes what is due.
 */
#include "base/log.h"
#include "store/act_int.h"

#define ROUND_MAX 5000 /* records of one action moved in one round */

static bool from_states_held(Cx *cx, Store *s, const RecordType *t, const Action *act, int64_t after, Rec *ret,
                        bool *ret_found)
{
    Sql *q = sql_new(cx->mem);
    sql_lit(q, "select id from ");
    sql_ident(q, s->types[t->index].table);
    sql_lit(q, " where deleted is null and id > ");
    sql_int(q, after);
    sql_lit(q, " and state in (");
    for (size_t i = 0; i < act->n_from; i++) {
        if (i != 0) {
            sql_lit(q, ", ");
        }
        sql_text(q, act->from[i]->id);
    }
    sql_lit(q, ") order by id limit 1");
    int64_t id;
    Stmt *st = sql_stmt(cx, cx->db, SQL_ROLLUP, q);
    if (st == NULL || !stmt_one_int(cx, st, 0, &id)) {
        return false;
    }
    *ret_found = id != 0;
    return id == 0 || rec_load(cx, s, t, id, true, ret);
}

static bool from_states(Cx *cx, Store *s, const RecordType *t, const Action *act, int64_t after, Rec *ret,
                        bool *ret_found)
{
    ReachHold h;
    reach_program(cx, &h);
    bool ok = from_states_held(cx, s, t, act, after, ret, ret_found);
    reach_end(cx, &h);
    return ok;
}

static bool take(Cx *cx, Store *s, void *arg)
{
    return act_run(cx, s, arg);
}

/* false: it failed; what was wrong is in cx. */
static bool one(Cx *cx, Store *s, const Action *act, const Rec *r, bool *ret_done)
{
    *ret_done = false;
    if (rule_test(env_make(cx, s, r), act->auto_when) != TRI_TRUE) {
        return cx->err == E_OK;
    }
    Actor program = act_program(S("到时自动办理"));
    Findings found = findings_new(cx->mem);
    WriteOpts o = {.reason = S("到时自动办理"), .rev = r->rev};
    Rec after;
    ActArg x = {.a = &program,
                .t = r->type,
                .id = r->id,
                .act = act,
                .o = &o,
                .found = &found,
                .ret = &after,
                .only_if_due = true};
    x.inputs = NEW_ARRAY(cx->mem, Value, act->n_ask + 1);
    if (!store_write(cx, s, take, &x)) {
        return false;
    }
    *ret_done = !x.not_due;
    return true;
}

bool rec_auto_run(Cx *cx, Store *s, const _Atomic bool *stop, int64_t *ret_n)
{
    *ret_n = 0;
    for (size_t i = 0; i < s->pack->n_types; i++) {
        const RecordType *t = &s->pack->types[i];
        for (size_t k = 0; k < t->n_actions; k++) {
            const Action *act = &t->actions[k];
            int64_t after = 0, taken = 0;
            for (bool found = act->auto_when != NULL; found && taken < ROUND_MAX;) {
                ArenaMark mark = arena_mark(cx->mem);
                Rec r;
                bool done;
                if (stop != NULL && *stop) {
                    return true;
                }
                if (!from_states(cx, s, t, act, after, &r, &found)) {
                    return false;
                }
                after = found ? r.id : after;
                if (found && !one(cx, s, act, &r, &done)) {
                    log_error("auto %.*s.%.*s on %lld: %s (%.*s)", STRF(t->id), STRF(act->id), (long long)r.id,
                              err_info(cx->err)->api, STRF(cx->err_at));
                    cx_clear(cx);
                    done = false;
                }
                taken += found && done;
                arena_release(cx->mem, mark);
            }
            *ret_n += taken;
        }
    }
    return true;
}
