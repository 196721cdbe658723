/*
 * profile.c - see profile.h.
 */
#include "feature/profile/profile.h"

#include "pack/expr.h"
#include "rule/validate.h"

static bool one_figure(Req *rq, const Rec *r, Str setting, Doc *list)
{
    Str label, text, error = S("");
    Value v;
    Str shown;
    (void)str_cut(setting, '|', &label, &text);
    const Expr *e = expr_parse(rq->mem, rq->pack, r->type, NULL, 0, str_trim(text), &error);
    if (e == NULL) {
        return fail(&rq->cx, E_PACK, "画像的“%.*s”不能用：%.*s", STRF(setting), STRF(error));
    }
    if (!rec_eval(&rq->cx, rq->store, r, e, &v, &shown)) {
        return false;
    }
    Doc *o = doc_add_obj(list);
    doc_set_str(o, "label", str_trim(label));
    if (shown.n != 0) {
        doc_set_str(o, "text", shown);
    } else {
        doc_set_null(o, "text");
    }
    return true;
}

static bool profile_page(Req *rq)
{
    const RecordType *t = req_type(rq);
    int64_t id;
    Rec r;
    if (t == NULL || !req_id(rq, &id)) {
        return false;
    }
    if (!str_eq(t->id, pack_setting_str(rq->pack, S("profile"), S("type")))) {
        return fail(&rq->cx, E_NOT_FOUND, "%.*s没有画像", STRF(t->label));
    }
    if (!rec_get(&rq->cx, rq->store, &rq->actor, t, id, &r)) {
        return false;
    }
    Str title = t->title != NULL ? r.v[t->title->index].s : r.no, label = pack_setting_str(rq->pack, S("profile"), S("label"));
    Str href = str_printf(rq->mem, "/r/%.*s/%lld", STRF(t->id), (long long)r.id);
    req_crumb(rq, t->label, str_printf(rq->mem, "/r/%.*s", STRF(t->id)));
    req_crumb(rq, title, href);
    req_crumb(rq, label, S(""));
    doc_set_id(rq->doc, "id", r.id);
    doc_set_str(rq->doc, "name", title);
    doc_set_str(rq->doc, "label", label);
    doc_set_str(rq->doc, "record", href);
    Doc *dims = doc_set_list(rq->doc, "dimensions");
    for (char key[3] = "d1"; key[1] <= '9'; key[1]++) {
        const Setting *s = pack_setting(rq->pack, S("profile"), str_n(key, 2));
        if (s == NULL || s->n == 0) {
            continue;
        }
        Doc *o = doc_add_obj(dims);
        doc_set_str(o, "title", s->values[0]);
        Doc *figures = doc_set_list(o, "figures");
        for (size_t i = 1; i < s->n; i++) {
            if (!one_figure(rq, &r, s->values[i], figures)) {
                return false;
            }
        }
    }
    return true;
}

const Route ROUTES_PROFILE[] = {
    {"GET", "/profile/{type}/{id:id}", profile_page, AUTH_USER, "profile/profile", "A record along the pack's dimensions, with the figures", NULL, 0},
    {0},
};
