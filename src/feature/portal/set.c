/*
 * set.c - settings of the portal, and its routes.
 */
#include "feature/portal/set.h"

const Actor PORTAL_EYES = {.via = STR_INIT("public")};

bool setting_has(const Setting *s, Str value)
{
    for (size_t i = 0; s != NULL && i < s->n; i++) {
        if (str_eq(s->values[i], value)) {
            return true;
        }
    }
    return false;
}

static const Field *nth_field(const Pack *p, Str name, const RecordType *t, const char *key, size_t i)
{
    const Setting *s = pack_setting(p, name, str_c(key));
    return s != NULL && i < s->n ? type_field(t, s->values[i]) : NULL;
}

static void read_kinds(const Pack *p, Portal *ret)
{
    const Setting *s = pack_setting(p, ret->name, S("announce"));
    for (size_t i = 0; s != NULL && i < s->n && ret->n_kinds < ANNOUNCE_MAX; i++) {
        const RecordType *t = pack_type(p, s->values[i]);
        if (t != NULL) {
            ret->kinds[ret->n_kinds++] = (Announce){
                t, nth_field(p, ret->name, t, "announce_round", i), nth_field(p, ret->name, t, "announce_from", i),
                nth_field(p, ret->name, t, "announce_until", i), nth_field(p, ret->name, t, "announce_text", i)};
        }
    }
}

static bool read_one(Req *rq, Str f, Portal *ret)
{
    const Pack *p = rq->pack;
    Str verb = pack_setting_str(p, f, S("verb"));
    *ret = (Portal){.name = f, .verb = verb.n != 0 ? verb : S("申报"), .call = pack_type(p, pack_setting_str(p, f, S("call"))),
                    .entry = pack_type(p, pack_setting_str(p, f, S("entry"))), .vote = pack_type(p, pack_setting_str(p, f, S("vote"))),
                    .open = pack_setting(p, f, S("call_open")), .dates = pack_setting(p, f, S("call_dates")),
                    .texts = pack_setting(p, f, S("call_text")), .lists = pack_setting(p, f, S("call_lists")),
                    .columns = pack_setting(p, f, S("entry_columns")), .how = pack_setting(p, f, S("how"))};
    if (ret->call == NULL || ret->entry == NULL) {
        return fail(&rq->cx, E_PACK, "features.yaml 的 %.*s 缺少 call 或 entry", STRF(f));
    }
    ret->until = type_field(ret->call, pack_setting_str(p, f, S("call_until")));
    ret->vote_until = type_field(ret->call, pack_setting_str(p, f, S("vote_until")));
    ret->entry_round = type_field(ret->entry, pack_setting_str(p, f, S("entry_round")));
    if (ret->vote != NULL && (ret->vote->open == NULL || ret->vote->open->about == NULL || ret->vote->open->about->ref != ret->entry)) {
        return fail(&rq->cx, E_PACK, "features.yaml 的 %.*s：vote 应为有 public_form、about 指向 entry 的类型", STRF(f));
    }
    read_kinds(p, ret);
    return ret->entry_round != NULL || fail(&rq->cx, E_PACK, "features.yaml 的 %.*s 没有设置 entry_round", STRF(f));
}

bool portals(Req *rq, Portal *ret, size_t *ret_n)
{
    const Pack *p = rq->pack;
    *ret_n = 0;
    for (size_t i = 0; i < p->n_settings && *ret_n < PORTALS_MAX; i++) {
        const Setting *s = &p->settings[i];
        bool ours = str_eq(s->feature, S("portal")) || str_starts(s->feature, S("portal."));
        if (ours && str_eq(s->key, S("call")) && !read_one(rq, s->feature, &ret[(*ret_n)++])) {
            return false;
        }
    }
    return *ret_n != 0 || fail(&rq->cx, E_NOT_FOUND, "这个策略包没有征集和公示栏目");
}

bool portal_call_get(Req *rq, int64_t id, Portal *ret, Rec *ret_r)
{
    Portal all[PORTALS_MAX];
    size_t n;
    if (!portals(rq, all, &n)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        cx_clear(&rq->cx);
        if (rec_get(&rq->cx, rq->store, &PORTAL_EYES, all[i].call, id, ret_r)) {
            *ret = all[i];
            return true;
        }
        if (rq->cx.err != E_NOT_FOUND) {
            return false;
        }
    }
    return false;
}

bool portal_when(Req *rq, const Portal *p, const char *key, const Rec *r, bool *ret)
{
    Str text = pack_setting_str(rq->pack, p->name, str_c(key)), error, shown;
    Value v = {0};
    *ret = false;
    if (text.n == 0) {
        return true;
    }
    const Expr *e = expr_parse(rq->mem, rq->pack, r->type, NULL, 0, text, &error);
    if (e == NULL) {
        return fail(&rq->cx, E_PACK, "features.yaml 的 %.*s 里“%.*s”不能用：%.*s", STRF(p->name), STRF(text), STRF(error));
    }
    if (!rec_eval(&rq->cx, rq->store, r, e, &v, &shown)) {
        return false;
    }
    *ret = v.has && v.i != 0;
    return true;
}

const Route ROUTES_PORTAL[] = {
    {"GET", "/calls", portal_calls, AUTH_PUBLIC, "portal/calls", "Calls for entries, open ones first", NULL, ROUTE_CACHE},
    {"GET", "/calls/{id:id}", portal_call, AUTH_PUBLIC, "portal/call", "One call: conditions, calendar, places, how to apply", NULL, ROUTE_CACHE},
    {"GET", "/apply/{id:id}", portal_apply, AUTH_USER, NULL, "Begin an entry for this call", NULL, 0},
    {"GET", "/announcements", portal_announcements, AUTH_PUBLIC, "portal/announcements", "Public notices and decisions", NULL, ROUTE_CACHE},
    {"GET", "/announcements/{type}/{id:id}", portal_announcement, AUTH_PUBLIC, "portal/announcement", "One of them with its list of names", NULL,
     ROUTE_CACHE},
    {0},
};
