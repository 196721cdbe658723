/*
 * pages.c - the page of those who draw, and the public page with the input for whoever repeats the draw.
 */
#include "base/date.h"
#include "feature/lottery/lottery.h"
#include "store/access.h"

static const Actor PROGRAM = {.is_system = true, .name = STR_INIT("系统"), .via = STR_INIT("lottery")};

static bool in_from(const Action *act, const State *st)
{
    bool in = false;
    for (size_t i = 0; i < act->n_from; i++) {
        in = in || act->from[i] == st;
    }
    return in;
}

/* The draw of the address, as the program reads it. */
static bool draw_of(Req *rq, Lottery *l, Rec *ret)
{
    const RecordType *t = req_type(rq);
    int64_t id;
    return t != NULL && lottery_of(&rq->cx, rq->pack, t, l) && req_id(rq, &id) &&
           rec_get(&rq->cx, rq->store, &PROGRAM, t, id, ret);
}

static Str region_name(Req *rq, Str code)
{
    const Region *r = pack_region(rq->pack, code);
    return r != NULL ? r->name : S("");
}

static void lists(Req *rq, const Doc *list, const Doc *draw)
{
    Doc *in = doc_set_list(rq->doc, "candidates"), *out = doc_set_list(rq->doc, "exclusions"),
        *order = doc_set_list(rq->doc, "order");
    const char *const parts[] = {"candidates", "exclusions"};
    for (size_t k = 0; k < ARRAY_LEN(parts); k++) {
        for (const Doc *c = list != NULL ? doc_get(list, str_c(parts[k]))->first : NULL; c != NULL; c = c->next) {
            Doc *o = doc_add_obj(k == 0 ? in : out), *why = doc_set_list(o, "reasons");
            const Doc *reasons = doc_get(c, S("reasons"));
            doc_set_str(o, "key", doc_get_str(c, "key"));
            doc_set_str(o, "title", doc_get_str(c, "title"));
            doc_set_shown(o, "stratum", doc_get_str(c, "stratum"), region_name(rq, doc_get_str(c, "stratum")));
            for (const Doc *r = reasons != NULL ? reasons->first : NULL; r != NULL; r = r->next) {
                doc_add_str(why, r->s);
            }
        }
    }
    for (const Doc *c = draw != NULL ? doc_get(draw, S("order"))->first : NULL; c != NULL; c = c->next) {
        Doc *o = doc_add_obj(order);
        doc_set_int(o, "place", doc_get_int(c, "place", 0));
        doc_set_str(o, "key", doc_get_str(c, "key"));
        doc_set_str(o, "title", doc_get_str(c, "title"));
        doc_set_str(o, "ticket", doc_get_str(c, "ticket"));
        doc_set_shown(o, "stratum", doc_get_str(c, "stratum"), region_name(rq, doc_get_str(c, "stratum")));
        doc_set_bool(o, "drawn", doc_get_bool(c, "drawn"));
        doc_set_bool(o, "made", doc_get_bool(c, "made"));
    }
}

static void head(Req *rq, const Lottery *l, const Rec *r, bool revealed)
{
    Doc *o = rq->doc;
    const Value *on = &r->v[l->drawn_on->index];
    Str id = id_text(rq->mem, r->id), title = l->draw->title != NULL ? r->v[l->draw->title->index].s : r->no;
    int64_t limit = r->v[l->per_city->index].i;
    doc_set_str(o, "title", title);
    doc_set_str(o, "no", r->no);
    doc_set_shown(o, "state", r->state->id, r->state->label);
    doc_set_str(o, "subject_label", l->subject->label);
    doc_set_str(o, "make_label", l->make->label);
    doc_set_int(o, "want", r->v[l->size->index].i);
    doc_set_int(o, "per_stratum", limit);
    doc_html_only(doc_set_bool(o, "limited", limit != 0));
    doc_set_str(o, "commitment", r->v[l->commitment->index].s);
    doc_set_str(o, "list_hash", r->v[l->list_hash->index].s);
    doc_set_bool(o, "drawn", on->has);
    doc_set_bool(o, "revealed", revealed);
    doc_set_str(o, "seed", revealed ? r->v[l->seed->index].s : S(""));
    doc_set_str(o, "word", revealed ? r->v[l->word->index].s : S(""));
    doc_set_str(o, "drawn_on", on->has ? date_zh(rq->mem, (int32_t)on->i) : S(""));
    doc_set_str(o, "purpose", r->no);
    doc_set_str(o, "base", str_printf(rq->mem, "/lot/%.*s/%.*s", STRF(l->draw->id), STRF(id)));
    doc_set_str(o, "record", str_printf(rq->mem, "/r/%.*s/%.*s", STRF(l->draw->id), STRF(id)));
    doc_set_str(o, "public_href", str_printf(rq->mem, "/lottery/%.*s/%.*s", STRF(l->draw->id), STRF(id)));
    doc_set_str(o, "input_href", str_printf(rq->mem, "/lottery/%.*s/%.*s/input", STRF(l->draw->id), STRF(id)));
    doc_set_str(o, "made_href",
                str_printf(rq->mem, "/r/%.*s?%.*s=%.*s", STRF(l->make->id), STRF(l->make_draw->id), STRF(id)));
    req_crumb(rq, title, S(""));
}

static bool runs(Req *rq, const Lottery *l, const Rec *r)
{
    return !rq->actor.read_only && rq->actor.org != NULL && rq->actor.org->home == r->home &&
           lottery_role(rq->pack, l, &rq->actor, "officers");
}

static bool lot_page(Req *rq)
{
    Lottery l;
    Rec r, mine;
    Doc *list, *draw;
    if (!draw_of(rq, &l, &r) || !rec_get(&rq->cx, rq->store, &rq->actor, l.draw, r.id, &mine)) {
        return false;
    }
    bool run = runs(rq, &l, &r);
    if (!run && !lottery_role(rq->pack, &l, &rq->actor, "viewers")) {
        return fail(&rq->cx, E_FORBIDDEN, "抽签由组织单位办理，您可以看公开的抽签页");
    }
    if (!lottery_kept(&rq->cx, rq->store, &l, &r, "list", &list) ||
        !lottery_kept(&rq->cx, rq->store, &l, &r, "draw", &draw) ||
        (list == NULL && !lottery_list(&rq->cx, rq->store, &l, &r, &list))) {
        return false;
    }
    req_crumb(rq, l.draw->label, str_printf(rq->mem, "/r/%.*s", STRF(l.draw->id)));
    head(rq, &l, &r, draw != NULL);
    doc_set_int(rq->doc, "rev", r.rev);
    req_etag(rq, r.rev);
    doc_set_bool(rq->doc, "may_commit", run && in_from(l.commit, r.state));
    doc_set_bool(rq->doc, "may_draw", run && in_from(l.act_draw, r.state));
    doc_set_bool(rq->doc, "published", r.state->published);
    lists(rq, list, draw);
    doc_set_int(rq->doc, "fit", (int64_t)doc_get(list, S("candidates"))->n);
    doc_set_int(rq->doc, "unfit", (int64_t)doc_get(list, S("exclusions"))->n);
    return true;
}

static bool step_of(Req *rq, Lottery *l, Rec *r, bool draw)
{
    int64_t rev;
    if (!draw_of(rq, l, r) || !req_if_match(rq, &rev)) {
        return false;
    }
    if (!runs(rq, l, r)) {
        return fail(&rq->cx, E_FORBIDDEN, "抽签由组织单位的经办人办理");
    }
    if (!in_from(draw ? l->act_draw : l->commit, r->state)) {
        return fail(&rq->cx, E_WRONG_STATE, "现在是“%.*s”，不能这样办理", STRF(r->state->label));
    }
    return rev == r->rev || fail(&rq->cx, E_STALE, "刚刚被别人办理过，请核对后再办");
}

static bool done(Req *rq, const Lottery *l, const Rec *r, Str text)
{
    req_flash(rq, S("good"), text);
    return req_see(rq, str_printf(rq->mem, "/lot/%.*s/%.*s", STRF(l->draw->id), STRF(id_text(rq->mem, r->id))));
}

static bool commit_post(Req *rq)
{
    Lottery l;
    Rec r;
    return step_of(rq, &l, &r, false) && lottery_commit(&rq->cx, rq->store, &rq->actor, &l, &r) &&
           done(rq, &l, &r, S("名单已封存，承诺值已公布，可以抽签了"));
}

static bool draw_post(Req *rq)
{
    Lottery l;
    Rec r;
    Str word = str_trim(req_param(rq, "word"));
    if (!step_of(rq, &l, &r, true)) {
        return false;
    }
    if (utf8_len(word) > 60 || str_contains(word, S("|"))) {
        return fail(&rq->cx, E_INVALID, "公开口令最多 60 个字，不能有竖线");
    }
    return lottery_draw(&rq->cx, rq->store, &rq->actor, &l, &r, word) &&
           done(rq, &l, &r, str_printf(rq->mem, "已抽签，已建立%.*s", STRF(l.make->label)));
}

/* ---- for anyone ---- */

static bool public_draw(Req *rq, Lottery *l, Rec *r, Doc **ret_list, Doc **ret_draw)
{
    *ret_draw = NULL;
    if (!draw_of(rq, l, r)) {
        return false;
    }
    bool revealed = lottery_has(rq->pack, l, "reveal", r->state->id);
    if (!r->state->published || !lottery_kept(&rq->cx, rq->store, l, r, "list", ret_list) ||
        (revealed && !lottery_kept(&rq->cx, rq->store, l, r, "draw", ret_draw)) || *ret_list == NULL) {
        return rq->cx.err != E_OK ? false : fail(&rq->cx, E_NOT_FOUND, "还没有公布");
    }
    return true;
}

static bool lottery_page(Req *rq)
{
    Lottery l;
    Rec r;
    Doc *list, *draw;
    if (!public_draw(rq, &l, &r, &list, &draw)) {
        return false;
    }
    head(rq, &l, &r, draw != NULL);
    lists(rq, list, draw);
    return true;
}

static bool lottery_input(Req *rq)
{
    Lottery l;
    Rec r;
    Doc *list, *draw;
    if (!public_draw(rq, &l, &r, &list, &draw)) {
        return false;
    }
    if (draw == NULL) {
        return fail(&rq->cx, E_NOT_FOUND, "结果还没有公开");
    }
    Doc *o = doc_obj(rq->mem), *to = doc_set_list(o, "candidates");
    doc_set_str(o, "seed", doc_get_str(draw, "seed"));
    doc_set_str(o, "word", doc_get_str(draw, "word"));
    doc_set_str(o, "purpose", doc_get_str(draw, "purpose"));
    doc_set_int(o, "want", doc_get_int(draw, "want", 0));
    doc_set_int(o, "per_stratum", doc_get_int(draw, "per_stratum", 0));
    for (const Doc *c = doc_get(list, S("candidates"))->first; c != NULL; c = c->next) {
        Doc *one = doc_add_obj(to);
        doc_set_str(one, "key", doc_get_str(c, "key"));
        doc_set_str(one, "stratum", doc_get_str(c, "stratum"));
    }
    rq->raw_body = json_text(rq->mem, o);
    rq->raw_type = S("application/json");
    return true;
}

const Route ROUTES_LOTTERY[] = {
    {"GET", "/lot/{type}/{id:id}", lot_page, AUTH_USER, "lottery/lot", "A draw by lot, for those who run it", NULL, 0},
    {"POST", "/lot/{type}/{id:id}/commit", commit_post, AUTH_USER, NULL, "Close the list and publish the commitment",
     NULL, 0},
    {"POST", "/lot/{type}/{id:id}/draw", draw_post, AUTH_USER, NULL, "Draw, and make a record for each one drawn",
     "word:string", 0},
    {"GET", "/lottery/{type}/{id:id}", lottery_page, AUTH_PUBLIC, "lottery/public",
     "A draw by lot for anyone to repeat", NULL, 0},
    {"GET", "/lottery/{type}/{id:id}/input", lottery_input, AUTH_PUBLIC, NULL, "The input of test/draw.mjs", NULL, 0},
    {0},
};
