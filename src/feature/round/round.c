/*
 * round.c - the page of a round and the list of those under way.
 */
#include "feature/round/round.h"

#include "base/date.h"
#include "pack/expr.h"
#include "store/access.h"

const Setting *round_setting(const Pack *p, const Round *rd, const char *key)
{
    return pack_setting(p, rd->name, str_c(key));
}

Str round_part(Str *rest)
{
    Str head;
    (void)str_cut(*rest, '|', &head, rest);
    return str_trim(head);
}

bool round_listed(Str words, Str word)
{
    bool found = false;
    while (words.n != 0 && !found) {
        Str head;
        (void)str_cut(words, ' ', &head, &words);
        found = head.n != 0 && str_eq(head, word);
    }
    return found;
}

Str round_path(Arena *mem, Str path, const RecordType *t, int64_t id)
{
    Buf b = buf_new(mem, 512);
    while (path.n != 0) {
        bool type = str_starts(path, S("{type}")), here = str_starts(path, S("{id}"));
        buf_add(&b, type ? t->id : here ? id_text(mem, id) : str_sub(path, 0, 1));
        path = str_sub(path, type ? 6 : here ? 4 : 1, path.n);
    }
    return buf_str(&b);
}

void round_state(Doc *o, const State *st)
{
    static const char *const MAP[][2] = {
        {"grey", "plain"}, {"sky", "info"}, {"grass", "good"}, {"gold", "warn"}, {"red", "bad"}};
    const char *tone = "plain";
    for (size_t i = 0; i < ARRAY_LEN(MAP); i++) {
        tone = str_eq(st->tone, str_c(MAP[i][0])) ? MAP[i][1] : tone;
    }
    doc_set_shown(o, "state", st->id, st->label);
    doc_html_only(doc_set_strc(o, "tone", tone));
}

Str round_left(Req *rq, int32_t day, bool *ret_past)
{
    int32_t today = instant_date(rq->cx.now_ms), n = workday_between(&rq->pack->workdays, today, day);
    *ret_past = day < today;
    if (day == today) {
        return S("就是今天");
    }
    return day < today ? S("已过") : n == 0 ? S("到期前没有工作日") : str_printf(rq->mem, "还剩 %d 个工作日", n);
}

bool round_eval(Req *rq, const Rec *r, Str text, Value *ret)
{
    Str error, shown;
    const Expr *e = expr_parse(rq->mem, rq->pack, r->type, NULL, 0, text, &error);
    if (e == NULL) {
        return fail(&rq->cx, E_PACK, "features.yaml 的 round 里“%.*s”不能用：%.*s", STRF(text), STRF(error));
    }
    return rec_eval(&rq->cx, rq->store, r, e, ret, &shown);
}

/* The instance whose `round` is t. */
static bool round_of(Cx *cx, const Pack *p, const RecordType *t, Round *ret)
{
    *ret = (Round){.name = pack_instance(p, S("round"), S("round"), t->id), .round = t};
    if (ret->name.n == 0) {
        return fail(cx, E_NOT_FOUND, "没有这个页面");
    }
    ret->entry = pack_type(p, pack_setting_str(p, ret->name, S("entry")));
    ret->entry_round =
        ret->entry != NULL ? type_field(ret->entry, pack_setting_str(p, ret->name, S("entry_round"))) : NULL;
    ret->entry_city =
        ret->entry != NULL ? type_field(ret->entry, pack_setting_str(p, ret->name, S("entry_city"))) : NULL;
    return ret->entry_round != NULL ||
           fail(cx, E_PACK, "features.yaml 的 %.*s 缺少 entry 或 entry_round", STRF(ret->name));
}

static bool sees(Req *rq, const Round *rd)
{
    const Setting *s = round_setting(rq->pack, rd, "roles");
    bool may = s == NULL;
    for (size_t i = 0; s != NULL && i < s->n; i++) {
        may = may || actor_has_role(&rq->actor, s->values[i]);
    }
    return may;
}

/* What else there is about the round, but for this page itself. */
static bool offers(Req *rq, const Rec *r)
{
    Doc *all = doc_obj(rq->mem), *links = doc_set_list(rq->doc, "pages"), *docs = doc_set_list(rq->doc, "documents");
    if (!rec_offers(rq, r, all)) {
        return false;
    }
    for (const Doc *o = doc_get(all, S("pages"))->first; o != NULL; o = o->next) {
        if (!str_starts(doc_get_str(o, "href"), S("/round/"))) {
            Doc *one = doc_add_obj(links);
            doc_set_str(one, "label", doc_get_str(o, "label"));
            doc_set_str(one, "href", doc_get_str(o, "href"));
        }
    }
    for (const Doc *o = doc_get(all, S("documents"))->first; o != NULL; o = o->next) {
        Doc *one = doc_add_obj(docs);
        doc_set_str(one, "label", doc_get_str(o, "label"));
        doc_set_str(one, "href", doc_get_str(o, "href"));
    }
    return true;
}

static bool round_page(Req *rq)
{
    const RecordType *t = req_type(rq);
    Round rd;
    Rec r;
    int64_t id;
    if (t == NULL || !round_of(&rq->cx, rq->pack, t, &rd) || !req_id(rq, &id) ||
        !rec_get(&rq->cx, rq->store, &rq->actor, t, id, &r)) {
        return false;
    }
    if (!sees(rq, &rd)) {
        return fail(&rq->cx, E_FORBIDDEN, "总览由办理单位查看，您可以看%.*s的公开内容", STRF(t->label));
    }
    Str title = r.v[t->title->index].s;
    doc_set_id(rq->doc, "id", r.id);
    doc_set_str(rq->doc, "title", title);
    doc_set_str(rq->doc, "no", r.no);
    doc_set_str(rq->doc, "type_label", t->label);
    doc_set_str(rq->doc, "entry_label", rd.entry->label);
    doc_set_str(rq->doc, "record", round_path(rq->mem, S("/r/{type}/{id}"), t, id));
    round_state(rq->doc, r.state);
    req_crumb(rq, S("进行中的批次"), S("/rounds"));
    req_crumb(rq, title, S(""));
    return offers(rq, &r) && round_next(rq, &rd, &r) && round_table(rq, &rd, &r) && round_boxes(rq, &rd, &r);
}

/* ---- the list ---- */

/* The next date of the calendar that is not over. */
static void next_date(Req *rq, const Round *rd, const Rec *r, Doc *o)
{
    const Setting *s = round_setting(rq->pack, rd, "calendar");
    int32_t today = instant_date(rq->cx.now_ms), best = DATE_MAX;
    Str label = S(""), left = S("");
    for (size_t i = 0; s != NULL && i < s->n; i++) {
        Str rest = s->values[i], word = round_part(&rest);
        const Field *f = type_field(rd->round, str_trim(rest));
        const Value *v = f != NULL && f->kind == FT_DATE ? &r->v[f->index] : NULL;
        if (v != NULL && v->has && v->i >= today && v->i < best) {
            best = (int32_t)v->i;
            label = word;
        }
    }
    bool past;
    if (best != DATE_MAX) {
        left = round_left(rq, best, &past);
        doc_set_date(o, "next_on", best);
    } else {
        doc_set_null(o, "next_on");
    }
    doc_set_str(o, "next_label", label);
    doc_set_str(o, "next_left", left);
}

static bool list_rounds(Req *rq, const Round *rd, Doc *list)
{
    const Setting *running = round_setting(rq->pack, rd, "running");
    const Field *by[1] = {rd->entry_round};
    Query q = {.type = rd->round, .limit = 200}, all = {.type = rd->entry};
    RecPage page;
    CrossCount *g;
    size_t n;
    if (!rec_list(&rq->cx, rq->store, &rq->actor, &q, false, &page) ||
        !rec_cross(&rq->cx, rq->store, &rq->actor, &all, by, 1, &g, &n)) {
        return false;
    }
    for (size_t i = 0; i < page.n; i++) {
        const Rec *r = &page.items[i];
        bool on = running == NULL;
        for (size_t k = 0; running != NULL && k < running->n; k++) {
            on = on || str_eq(running->values[k], r->state->id);
        }
        if (!on) {
            continue;
        }
        int64_t entries = 0;
        for (size_t k = 0; k < n; k++) {
            entries += str_eq(g[k].keys[0], id_text(rq->mem, r->id)) ? g[k].n : 0;
        }
        Doc *o = doc_add_obj(list);
        doc_set_id(o, "id", r->id);
        doc_set_str(o, "title", r->v[rd->round->title->index].s);
        doc_set_str(o, "kind", rd->round->label);
        doc_set_str(o, "href", round_path(rq->mem, S("/round/{type}/{id}"), rd->round, r->id));
        doc_set_int(o, "entries", entries);
        doc_set_str(o, "entry_label", rd->entry->label);
        round_state(o, r->state);
        next_date(rq, rd, r, o);
    }
    return true;
}

static bool rounds_page(Req *rq)
{
    const Pack *p = rq->pack;
    Doc *list = doc_set_list(rq->doc, "rounds");
    bool any = false;
    doc_set_str(rq->doc, "title", S("进行中的批次"));
    req_crumb(rq, S("进行中的批次"), S(""));
    for (size_t i = 0; i < p->n_settings; i++) {
        const Setting *s = &p->settings[i];
        Str feature, instance;
        (void)str_cut(s->feature, '.', &feature, &instance);
        const RecordType *t =
            str_eq(feature, S("round")) && str_eq(s->key, S("round")) && s->n == 1 ? pack_type(p, s->values[0]) : NULL;
        Round rd;
        if (t == NULL) {
            continue;
        }
        if (!round_of(&rq->cx, p, t, &rd)) {
            return false;
        }
        any = any || sees(rq, &rd);
        if (sees(rq, &rd) && !list_rounds(rq, &rd, list)) {
            return false;
        }
    }
    return any || fail(&rq->cx, E_FORBIDDEN, "批次总览由办理单位查看");
}

const Route ROUTES_ROUND[] = {
    {"GET", "/rounds", rounds_page, AUTH_USER, "round/list", "Rounds under way", NULL, 0},
    {"GET", "/round/{type}/{id:id}", round_page, AUTH_USER, "round/round", "The page a round is run from", NULL, 0},
    {0},
};
