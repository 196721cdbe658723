/*
 * desk.c - what lies on a person's desk: counts per type and state with links, work with a deadline and its light, returned entries.
 */
#include "base/date.h"
#include "page/internal.h"

#define TASKS_MAX 12
#define SOON_DAYS 3

static Doc *task(Doc *l, Str label, Str href, Str sub)
{
    Doc *o = doc_add_obj(l);
    doc_set_str(o, "label", label);
    doc_set_str(o, "href", href);
    doc_set_str(o, "sub", sub);
    return o;
}

static void task_plain(Doc *o)
{
    static const char *const NAMES[] = {"pill", "tone", "count"};
    for (size_t i = 0; i < ARRAY_LEN(NAMES); i++) {
        if (doc_get(o, str_c(NAMES[i])) == NULL) {
            doc_set_null(o, NAMES[i]);
        }
    }
}

static bool todo_of_type(Req *rq, const RecordType *t, Doc *l)
{
    Query q = {.type = t, .mine_to_do = true};
    FacetCount *counts;
    size_t n;
    if (!rec_facet(&rq->cx, rq->store, &rq->actor, &q, NULL, &counts, &n)) {
        return false;
    }
    for (size_t i = 0; i < t->n_states; i++) {
        const State *st = &t->states[i];
        for (size_t k = 0; k < n; k++) {
            if (!str_eq(counts[k].key, st->id) || counts[k].n == 0) {
                continue;
            }
            UrlSet set[] = {{S("todo"), S("1")}, {S("state"), st->id}};
            Doc *o = task(l, str_printf(rq->mem, "%.*s · %.*s", STRF(t->label), STRF(st->label)),
                          url_with(rq->mem, str_printf(rq->mem, "/r/%.*s", STRF(t->id)), NULL, set, 2), S("在本单位办理"));
            doc_set_str(o, "type", t->id);
            doc_set_str(o, "state", st->id);
            doc_set_str(o, "tone", tone_word(st->tone));
            doc_set_int(o, "count", counts[k].n);
            task_plain(o);
        }
    }
    return true;
}

static void light(Req *rq, Doc *o, int32_t due)
{
    int32_t left = due - instant_date(rq->cx.now_ms);
    doc_set_date(o, "due", due);
    doc_set_int(o, "days_left", left);
    doc_set_str(o, "pill", left < 0    ? str_printf(rq->mem, "已超期 %d 天", -left)
                           : left == 0 ? S("今天到期")
                                       : str_printf(rq->mem, "剩 %d 天", left));
    doc_set_str(o, "tone", left < 0 ? S("bad") : left <= SOON_DAYS ? S("warn") : S("good"));
}

/* Records at this desk in a state that has a deadline, or that came back. */
static bool work_in_state(Req *rq, const RecordType *t, const State *st, bool due, Doc *l)
{
    Query q = {.type = t, .limit = TASKS_MAX, .n_filters = 2, .order = due ? st->due : NULL, .ascending = due};
    q.filters[0] = (Filter){.column = S("state"), .op = OP_EQ, .value = {.has = true, .s = st->id}};
    q.filters[1] = (Filter){.column = S("holder"), .op = OP_EQ, .value = {.has = true, .i = rq->actor.org->home}};
    RecPage page;
    if (!rec_list(&rq->cx, rq->store, &rq->actor, &q, false, &page)) {
        return false;
    }
    for (size_t i = 0; i < page.n && l->n < TASKS_MAX; i++) {
        const Rec *r = &page.items[i];
        Doc *o = task(l, rec_title(rq, r), url_record(rq->mem, t, r->id, ""),
                      str_printf(rq->mem, "%.*s · %.*s", STRF(t->label), STRF(st->label)));
        const Value *v = due ? &r->v[st->due->index] : NULL;
        if (v != NULL && v->has) {
            light(rq, o, (int32_t)v->i);
        }
        task_plain(o);
    }
    return true;
}

static bool came_back(const State *st)
{
    return st->editable && !st->initial && !st->published && (str_eq(st->tone, S("red")) || str_eq(st->tone, S("gold")));
}

static bool desk_work(Req *rq, Doc *todo, Doc *tasks, Doc *returned)
{
    for (size_t i = 0; i < rq->pack->n_types; i++) {
        const RecordType *t = &rq->pack->types[i];
        if (t->n_actions == 0) {
            continue;
        }
        if (!todo_of_type(rq, t, todo)) {
            return false;
        }
        for (size_t k = 0; k < t->n_states && rq->actor.org != NULL; k++) {
            const State *st = &t->states[k];
            if (st->due != NULL && !st->published && !work_in_state(rq, t, st, true, tasks)) {
                return false;
            }
            if (came_back(st) && !work_in_state(rq, t, st, false, returned)) {
                return false;
            }
        }
    }
    return true;
}

/* Short ways to what this person does often: new records of types they enter. */
static void quick_links(Req *rq)
{
    Doc *l = doc_set_list(rq->doc, "quick");
    for (size_t i = 0; i < rq->pack->n_types && l->n < 6; i++) {
        const RecordType *t = &rq->pack->types[i];
        if (rq->actor.org == NULL || rq->actor.read_only || !access_create(rq->pack, &rq->actor, t, rq->actor.org)) {
            continue;
        }
        Str import = str_printf(rq->mem, "/r/%.*s/import", STRF(t->id));
        Doc *o = doc_add_obj(l);
        doc_set_str(o, "label", str_printf(rq->mem, "新增%.*s", STRF(t->label)));
        doc_set_str(o, "href", str_printf(rq->mem, "/r/%.*s/new", STRF(t->id)));
        doc_set_strc(o, "icon", "plus");
        if (t->sheet != NULL && access_flag(&rq->actor, t, 'i') && route_of(rq->site, "GET", import) != NULL) {
            o = doc_add_obj(l);
            doc_set_str(o, "label", str_printf(rq->mem, "导入%.*s", STRF(t->sheet->label)));
            doc_set_str(o, "href", import);
            doc_set_strc(o, "icon", "upload");
        }
    }
}

bool desk_page(Req *rq)
{
    rq->doc = doc_obj(rq->mem);
    doc_set_strc(rq->doc, "title", "工作台");
    Doc *todo = doc_set_list(rq->doc, "todo"), *tasks = doc_set_list(rq->doc, "tasks_due"), *returned = doc_set_list(rq->doc, "returned");
    if (!desk_work(rq, todo, tasks, returned)) {
        return false;
    }
    if (rq->wants_json) {
        return true;
    }
    quick_links(rq);
    const Org *org = rq->actor.org;
    doc_set_str(rq->doc, "who", str_printf(rq->mem, "%.*s，您好", STRF(rq->actor.name)));
    doc_set_str(rq->doc, "where", org != NULL ? org->name : S(""));
    doc_set_date(rq->doc, "today", instant_date(rq->cx.now_ms));
    if (route_of(rq->site, "GET", S("/jobs")) != NULL) {
        doc_set_str(rq->doc, "jobs_href", S("/jobs"));
    } else {
        doc_set_null(rq->doc, "jobs_href");
    }
    return true;
}
