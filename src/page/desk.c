/*
 * desk.c - what lies on a person's desk, in four boxes: to do, done, what they started, what they were copied.
 *
 * To do: records at the desk of the office in a state with a step for this person, and what others asked of this person, the most urgent
 * first; each deadline has its light, counted in working days, and always a word.
 */
#include "base/date.h"
#include "page/deskrows.h"

#define SHOWN_MAX 200
#define DONE_PAGE 50

static const Str BOXES[][2] = {{STR_INIT("todo"), STR_INIT("待办")},
                               {STR_INIT("done"), STR_INIT("已办")},
                               {STR_INIT("begun"), STR_INIT("我发起的")},
                               {STR_INIT("copies"), STR_INIT("抄送我的")}};
enum { BOX_TODO, BOX_DONE, BOX_BEGUN, BOX_COPIES };

static size_t box_of(Req *rq)
{
    Str box = req_param(rq, "box");
    for (size_t i = 0; i < ARRAY_LEN(BOXES); i++) {
        if (str_eq(box, BOXES[i][0])) {
            return i;
        }
    }
    return BOX_TODO;
}

/* ---- to do ---- */

static int urgent_first(const void *a, const void *b)
{
    const DeskRow *x = a, *y = b;
    if (x->rank != y->rank) {
        return x->rank < y->rank ? -1 : 1;
    }
    return x->since_ms < y->since_ms ? -1 : x->since_ms > y->since_ms;
}

static bool wanted(Req *rq, const DeskRow *r)
{
    Str type = req_param(rq, "type"), light = req_param(rq, "light");
    return (type.n == 0 || str_eq(type, r->type->id)) && (light.n == 0 || str_eq(light, r->light));
}

/* Choices over the list: all, each type, each light, with their numbers. */
static void choices(Req *rq, const char *name, const Str *ids, const Str *labels, const int64_t *counts, size_t n)
{
    Str now = req_param(rq, name);
    Doc *l = doc_set_list(rq->doc, str_eq(str_c(name), S("type")) ? "by_type" : "by_light");
    for (size_t i = 0; i < n; i++) {
        if (counts[i] == 0 && !str_eq(now, ids[i])) {
            continue;
        }
        UrlSet set = {str_c(name), ids[i]};
        Doc *o = doc_add_obj(l);
        doc_set_str(o, "id", ids[i]);
        doc_set_str(o, "label", labels[i]);
        doc_set_int(o, "count", counts[i]);
        doc_html_only(doc_set_str(o, "href", url_with(rq->mem, S("/desk"), &rq->query, &set, 1)));
        doc_html_only(doc_set_bool(o, "on", str_eq(now, ids[i])));
    }
}

static void count_choices(Req *rq, const DeskRow *rows, size_t n)
{
    static const Str LIGHTS[][2] = {{STR_INIT(""), STR_INIT("全部期限")}, {STR_INIT("red"), STR_INIT("已超期")},
                                    {STR_INIT("gold"), STR_INIT("快到期")}, {STR_INIT("grass"), STR_INIT("未到期")}, {STR_INIT("none"), STR_INIT("没有期限")}};
    size_t n_types = rq->pack->n_types;
    Str *ids = NEW_ARRAY(rq->mem, Str, n_types + 1), *labels = NEW_ARRAY(rq->mem, Str, n_types + 1), lights[5], words[5];
    int64_t *by_type = NEW_ARRAY(rq->mem, int64_t, n_types + 1), by_light[5] = {(int64_t)n};
    ids[0] = S("");
    labels[0] = S("全部类型");
    by_type[0] = (int64_t)n;
    for (size_t i = 0; i < n_types; i++) {
        ids[i + 1] = rq->pack->types[i].id;
        labels[i + 1] = rq->pack->types[i].label;
    }
    for (size_t k = 0; k < 5; k++) {
        lights[k] = LIGHTS[k][0];
        words[k] = LIGHTS[k][1];
    }
    for (size_t i = 0; i < n; i++) {
        by_type[rows[i].type->index + 1]++;
        for (size_t k = 1; k < 5; k++) {
            by_light[k] += str_eq(rows[i].light, lights[k]);
        }
    }
    choices(rq, "type", ids, labels, by_type, n_types + 1);
    choices(rq, "light", lights, words, by_light, 5);
}

static bool todo_box(Req *rq, int64_t at_desk)
{
    DeskRow *rows;
    size_t n, shown = 0;
    if (!desk_todo_rows(rq, &rows, &n)) {
        return false;
    }
    if (n != 0) {
        qsort(rows, n, sizeof *rows, urgent_first);
    }
    count_choices(rq, rows, n);
    Doc *l = doc_set_list(rq->doc, "items");
    for (size_t i = 0; i < n; i++) {
        if (wanted(rq, &rows[i]) && shown++ < SHOWN_MAX) {
            doc_add_doc(l, desk_row_doc(rq, &rows[i]));
        }
    }
    doc_set_bool(rq->doc, "more", at_desk > (int64_t)n || shown > SHOWN_MAX);
    return true;
}

/* ---- done ---- */

static bool place_read(Str text, EventPlace *ret)
{
    Str at, home, seq;
    return str_cut(text, '.', &at, &text) && str_cut(text, '.', &home, &seq) && str_int(at, &ret->at_ms) && str_int(home, &ret->home) &&
           str_int(seq, &ret->seq) && ret->at_ms > 0;
}

static bool done_box(Req *rq)
{
    Event *events;
    size_t n;
    EventPlace before = {0};
    Str at = req_param(rq, "before");
    if (at.n != 0 && !place_read(at, &before)) {
        return fail(&rq->cx, E_BAD_REQUEST, "before 须是上一页给出的位置");
    }
    if (!desk_done(&rq->cx, rq->store, &rq->actor, before, DONE_PAGE, &events, &n)) {
        return false;
    }
    Doc *l = doc_set_list(rq->doc, "events");
    RecordSet seen = {0};
    for (size_t i = 0; i < n; i++) {
        record_set_want(rq, &seen, events[i].rtype, events[i].record);
    }
    if (!record_set_load(rq, &seen)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        const Event *e = &events[i];
        const Rec *r = record_set_get(&seen, e->record);
        Doc *o = event_doc(rq, e->rtype, e);
        doc_set_str(o, "type_label", e->rtype != NULL ? e->rtype->label : e->type);
        doc_set_str(o, "label", r != NULL ? rec_title(rq, r) : S("（已删除或不在您的管辖范围内）"));
        doc_set_id(o, "record", e->record);
        if (r != NULL) {
            doc_set_str(o, "href", url_record(rq->mem, r->type, r->id, ""));
        } else {
            doc_set_null(o, "href");
        }
        doc_add_doc(l, o);
    }
    if (n == DONE_PAGE) {
        const Event *last = &events[n - 1];
        UrlSet set[] = {{S("box"), S("done")},
                        {S("before"), str_printf(rq->mem, "%lld.%lld.%lld", (long long)last->at_ms, (long long)last->home, (long long)last->seq)}};
        doc_set_str(rq->doc, "older", url_with(rq->mem, S("/desk"), NULL, set, 2));
    } else {
        doc_set_null(rq->doc, "older");
    }
    return true;
}

/* ---- the page ---- */

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

static void tabs(Req *rq, size_t box, int64_t todo, int64_t begun, int64_t copies)
{
    const int64_t counts[] = {todo, -1, begun, copies}; /* done: grows for ever, no use to count */
    Doc *l = doc_set_list(rq->doc, "tabs");
    for (size_t i = 0; i < ARRAY_LEN(BOXES); i++) {
        UrlSet set = {S("box"), i == BOX_TODO ? S("") : BOXES[i][0]};
        Doc *o = doc_add_obj(l);
        doc_set_str(o, "id", BOXES[i][0]);
        doc_set_str(o, "label", BOXES[i][1]);
        doc_html_only(doc_set_str(o, "href", url_with(rq->mem, S("/desk"), NULL, &set, 1)));
        doc_html_only(doc_set_bool(o, "on", i == box));
        if (counts[i] >= 0) {
            doc_set_int(o, "count", counts[i])->show = str_printf(rq->mem, "%lld", (long long)counts[i]);
        } else {
            doc_set_null(o, "count");
        }
    }
    doc_html_only(doc_set_bool(rq->doc, "box_todo", box == BOX_TODO));
    doc_html_only(doc_set_bool(rq->doc, "box_done", box == BOX_DONE));
    doc_html_only(doc_set_bool(rq->doc, "box_begun", box == BOX_BEGUN));
    doc_html_only(doc_set_bool(rq->doc, "box_copies", box == BOX_COPIES));
}

bool desk_page(Req *rq)
{
    size_t box = box_of(rq);
    int64_t *by_type, todo, n_begun = 0, n_copies = 0;
    rq->doc = doc_obj(rq->mem);
    doc_set_strc(rq->doc, "title", "工作台");
    doc_set_str(rq->doc, "box", BOXES[box][0]);
    if (!todo_counts(rq, &by_type, &todo) || !desk_begun_rows(rq, box == BOX_BEGUN, &n_begun) ||
        !desk_copy_rows(rq, box == BOX_COPIES, &n_copies)) {
        return false;
    }
    if ((box == BOX_TODO && !todo_box(rq, todo)) || (box == BOX_DONE && !done_box(rq))) {
        return false;
    }
    tabs(rq, box, todo, n_begun, n_copies);
    if (rq->wants_json) {
        return true;
    }
    quick_links(rq);
    const Org *org = rq->actor.org;
    doc_set_str(rq->doc, "who", str_printf(rq->mem, "%.*s，您好", STRF(rq->actor.name)));
    doc_set_str(rq->doc, "where", org != NULL ? org->name : S(""));
    doc_set_date(rq->doc, "today", instant_date(rq->cx.now_ms));
    doc_set_str(rq->doc, "deputy_names", rq->actor.deputy_names);
    if (route_of(rq->site, "GET", S("/jobs")) != NULL) {
        doc_set_str(rq->doc, "jobs_href", S("/jobs"));
    } else {
        doc_set_null(rq->doc, "jobs_href");
    }
    return true;
}
