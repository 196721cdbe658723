/*
 * call.c - see call.h: one table, given by the application.
 */
#include "store/call.h"

static const NamedCall *calls;
static size_t n_calls;

void store_calls_set(const NamedCall *table, size_t n)
{
    calls = table;
    n_calls = n;
}

static const NamedCall *find(Str name)
{
    for (size_t i = 0; i < n_calls; i++) {
        if (str_eq(name, str_c(calls[i].name))) {
            return &calls[i];
        }
    }
    return NULL;
}

bool store_calls_known(Cx *cx, const Pack *p)
{
    for (size_t i = 0; i < p->n_types; i++) {
        const RecordType *t = &p->types[i];
        for (size_t k = 0; k < t->n_actions; k++) {
            const Action *a = &t->actions[k];
            if (a->call.n != 0 && find(a->call) == NULL) {
                return fail(cx, E_PACK, "记录类型 %.*s 的动作 %.*s 要调用 %.*s，程序里没有，应为程序登记的功能之一",
                            STRF(t->id), STRF(a->id), STRF(a->call));
            }
        }
    }
    return true;
}

bool store_call(Cx *cx, Store *s, const Call *c)
{
    const NamedCall *n = find(c->action->call);
    return n != NULL ? n->fn(cx, s, c)
                     : fail(cx, E_PACK, "程序里没有 %.*s，不能“%.*s”", STRF(c->action->call), STRF(c->action->label));
}
