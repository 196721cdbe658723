/*
 * reach.c - see reach.h. Nothing here looks at a statement: the two lines must not share a mistake.
 */
#include "store/reach.h"

#include "store/internal.h"

static const DbReach ALL = {.all = true};

static void hold(Cx *cx, ReachHold *h)
{
    h->before = db_reach(cx->db, &h->now);
}

static void of_actor(Cx *cx, const Store *s, const Actor *a, const RecordType *t, bool one, ReachHold *ret)
{
    Scope scope = access_scope(cx->mem, s->pack, a, t);
    *ret = (ReachHold){0};
    if (scope.published_only) {
        ret->now.open = true;
    } else {
        ret->now = (DbReach){.all = scope.all, .homes = scope.homes, .n = scope.n, .open = one};
        if (scope.mine || one) {
            ret->now.person = a->user;
            ret->now.login = a->login;
        }
    }
    hold(cx, ret);
}

void reach_list(Cx *cx, const Store *s, const Actor *a, const RecordType *t, ReachHold *ret)
{
    of_actor(cx, s, a, t, false, ret);
}

void reach_record(Cx *cx, const Store *s, const Actor *a, const RecordType *t, ReachHold *ret)
{
    of_actor(cx, s, a, t, true, ret);
}

void reach_program(Cx *cx, ReachHold *ret)
{
    *ret = (ReachHold){.now = ALL};
    hold(cx, ret);
}

void reach_end(Cx *cx, const ReachHold *h)
{
    (void)db_reach(cx->db, h->before);
}

void reach_writer(Db *writer)
{
    (void)db_reach(writer, &ALL);
}
