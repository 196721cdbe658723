/* people.h - accounts beside the fixture's store: two and more of one office, so that work can be handed on and lent. */
#pragma once

#include "fixture.h"

#include "store/delegate.h"
#include "store/task.h"

#define DAY_MS 86400000LL

/* An account, and the actor who signs in with it. */
static inline Actor person(Fixture *f, const char *login, const char *name, const char *org, const char *roles)
{
    int64_t id;
    Actor a;
    OK(user_add(&f->cx, f->s, &f->system, str_c(login), str_c(name), pack_org(f->pack, str_c(org)), str_c(roles),
                S("staub wolke lampe"), false, &id));
    OK(user_actor(&f->cx, f->s, id, &a));
    return a;
}

static inline Actor again(Fixture *f, const Actor *a)
{
    Actor now;
    OK(user_actor(&f->cx, f->s, a->user, &now));
    return now;
}

static inline void at_day(Fixture *f, int32_t day)
{
    f->cx.now_ms = day * DAY_MS + 4 * 3600000LL; /* noon in China */
}
