/*
 * deskrows.c - see deskrows.h.
 */
#include "page/deskrows.h"

#include "base/date.h"

#define PER_TYPE 200
#define AMBER_DAYS 3
#define OVERDUE_MAX 50

void record_set_want(Req *rq, RecordSet *w, const RecordType *t, int64_t id)
{
    for (size_t i = 0; i < w->n; i++) {
        if (w->items[i].id == id) {
            return;
        }
    }
    if (t == NULL) {
        return;
    }
    ARRAY_ROOM(rq->mem, w->items, w->n, w->cap);
    w->items[w->n++] = (struct Wanted){.type = t, .id = id};
}

bool record_set_load(Req *rq, RecordSet *w)
{
    int64_t *ids = NEW_ARRAY(rq->mem, int64_t, w->n + 1);
    for (size_t k = 0; k < rq->pack->n_types; k++) {
        size_t n = 0;
        for (size_t i = 0; i < w->n; i++) {
            if (w->items[i].type == &rq->pack->types[k]) {
                ids[n++] = w->items[i].id;
            }
        }
        RecPage page = {0};
        if (n != 0 && !rec_many(&rq->cx, rq->store, &rq->actor, &rq->pack->types[k], ids, n, &page)) {
            return false;
        }
        for (size_t i = 0; i < w->n; i++) {
            for (size_t m = 0; m < page.n && w->items[i].rec == NULL; m++) {
                if (page.items[m].id == w->items[i].id) {
                    w->items[i].rec = &page.items[m];
                }
            }
        }
    }
    return true;
}

const Rec *record_set_get(const RecordSet *w, int64_t id)
{
    for (size_t i = 0; i < w->n; i++) {
        if (w->items[i].id == id) {
            return w->items[i].rec;
        }
    }
    return NULL;
}

/* ---- lights ---- */

static void light(Req *rq, DeskRow *row)
{
    const Rec *r = row->rec;
    const State *st = r->state;
    row->light = S("none");
    row->rank = INT32_MAX;
    if (st->due == NULL || !r->v[st->due->index].has) {
        return;
    }
    int32_t today = instant_date(rq->cx.now_ms), amber = st->amber != 0 ? st->amber : AMBER_DAYS;
    row->has_due = true;
    row->due = (int32_t)r->v[st->due->index].i;
    row->left = workday_between(&rq->pack->workdays, today, row->due);
    bool over = row->due < today;
    if (over && row->left == 0) {
        row->left = -1; /* the deadline and today lie on either side of days off only */
    }
    row->light = over ? S("red") : row->left <= amber ? S("gold") : S("grass");
    row->rank = row->due;
}

static Str light_word(Req *rq, const DeskRow *r)
{
    if (!r->has_due) {
        return S("");
    }
    if (r->left < 0) {
        return str_printf(rq->mem, "已超期%d个工作日", -r->left);
    }
    return r->due == instant_date(rq->cx.now_ms) ? S("今天到期") : str_printf(rq->mem, "剩%d个工作日", r->left);
}

static void desk_words(Req *rq, Doc *o, const Rec *r)
{
    const Org *holder = pack_org_by_home(rq->pack, r->holder), *owner = pack_org_by_home(rq->pack, r->home);
    doc_set_shown(o, "type", r->type->id, r->type->label);
    doc_set_id(o, "record", r->id);
    doc_set_str(o, "label", rec_title(rq, r));
    doc_set_str(o, "href", url_record(rq->mem, r->type, r->id, ""));
    doc_set_shown(o, "state", r->state->id, r->state->label);
    doc_set_str(o, "state_tone", tone_word(r->state->tone));
    doc_set_shown(o, "owner", owner != NULL ? owner->code : S(""), owner == NULL ? S("") : owner->shortname.n != 0 ? owner->shortname : owner->name);
    doc_set_shown(o, "holder", holder != NULL ? holder->code : S(""), holder == NULL ? S("") : holder->shortname.n != 0 ? holder->shortname : holder->name);
}

static void set_or_null(Doc *o, const char *name, Str v)
{
    if (v.n != 0) {
        doc_set_str(o, name, v);
    } else {
        doc_set_null(o, name);
    }
}

Doc *desk_row_doc(Req *rq, const DeskRow *r)
{
    Doc *o = doc_obj(rq->mem);
    desk_words(rq, o, r->rec);
    doc_set_str(o, "light", r->light);
    doc_html_only(doc_set_str(o, "tone", str_eq(r->light, S("none")) ? S("plain") : tone_word(r->light)));
    set_or_null(o, "pill", light_word(rq, r));
    if (r->has_due) {
        doc_set_date(o, "due", r->due);
        doc_set_int(o, "workdays_left", r->left);
    } else {
        doc_set_null(o, "due");
    }
    set_or_null(o, "note", r->note);
    doc_set_bool(o, "escalated", r->escalated);
    if (r->task != NULL) {
        doc_set_doc(o, "task", task_doc(rq, r->task));
    } else {
        doc_set_null(o, "task");
    }
    return o;
}

/* ---- to do ---- */

typedef struct {
    Req *rq;
    DeskRow *rows;
    size_t n, cap;
} Rows;

static DeskRow *row_add(Rows *l, const Rec *r)
{
    ARRAY_ROOM(l->rq->mem, l->rows, l->n, l->cap);
    DeskRow *row = &l->rows[l->n++];
    *row = (DeskRow){.type = r->type, .rec = r, .since_ms = r->updated_ms, .note = S("")};
    light(l->rq, row);
    return row;
}

static void add_page(Rows *l, const RecPage *page, size_t from)
{
    for (size_t i = 0; i < page->n; i++) {
        bool known = false;
        for (size_t k = from; k < l->n && !known; k++) {
            known = l->rows[k].rec->id == page->items[i].id;
        }
        if (!known) {
            (void)row_add(l, &page->items[i]);
        }
    }
}

/* Records of a type at the desk: those that waited longest; and when that is not all, the ones with the nearest deadlines. */
static bool records_at_desk(Rows *l, const RecordType *t)
{
    Req *rq = l->rq;
    size_t from = l->n;
    Query q = {.type = t, .mine_to_do = true, .limit = PER_TYPE, .ascending = true};
    RecPage page;
    if (!rec_list(&rq->cx, rq->store, &rq->actor, &q, false, &page)) {
        return false;
    }
    bool all = page.next.n == 0;
    add_page(l, &page, from);
    for (size_t i = 0; i < t->n_states && !all; i++) {
        const State *st = &t->states[i];
        if (st->due == NULL) {
            continue;
        }
        q.order = st->due;
        q.n_filters = 2;
        q.filters[0] = (Filter){.column = S("state"), .op = OP_EQ, .value = {.has = true, .s = st->id}};
        q.filters[1] = (Filter){.field = st->due, .op = OP_NE};
        if (!rec_list(&rq->cx, rq->store, &rq->actor, &q, false, &page)) {
            return false;
        }
        add_page(l, &page, from);
    }
    return true;
}

/* Who has it, or whom it waits for. */
static bool who_has_it(Rows *l)
{
    Req *rq = l->rq;
    Task *open;
    size_t n;
    int64_t *ids = NEW_ARRAY(rq->mem, int64_t, l->n + 1);
    for (size_t start = 0; start < l->n; start += 500) {
        size_t part = MIN(l->n - start, (size_t)500);
        for (size_t i = 0; i < part; i++) {
            ids[i] = l->rows[start + i].rec->id;
        }
        if (!tasks_open(&rq->cx, rq->store, ids, part, &open, &n)) {
            return false;
        }
        for (size_t k = 0; k < n; k++) {
            for (size_t i = start; i < start + part; i++) {
                if (l->rows[i].rec->id == open[k].record && open[k].to != rq->actor.user) {
                    l->rows[i].note = open[k].kind == TASK_SIGN ? str_printf(rq->mem, "等待%.*s加签", STRF(open[k].to_name))
                                                                : str_printf(rq->mem, "已转给%.*s", STRF(open[k].to_name));
                }
            }
        }
    }
    return true;
}

static bool add_tasks(Rows *l)
{
    Req *rq = l->rq;
    Task *tasks;
    size_t n;
    RecordSet want = {0};
    if (!tasks_of(&rq->cx, rq->store, &rq->actor, TASKS_TODO, &tasks, &n)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        record_set_want(rq, &want, tasks[i].type, tasks[i].record);
    }
    if (!record_set_load(rq, &want)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        const Rec *r = record_set_get(&want, tasks[i].record);
        if (r != NULL) {
            DeskRow *row = row_add(l, r);
            row->task = &tasks[i];
            row->since_ms = tasks[i].at_ms;
            row->note = str_printf(rq->mem, "%.*s：%.*s", STRF(task_kind_label(tasks[i].kind)), STRF(tasks[i].by_name));
            row->rank = MIN(row->rank, (int64_t)instant_date(tasks[i].at_ms)); /* who was asked in person looks at it first */
        }
    }
    return true;
}

/* What lies at an office below far beyond its deadline. */
static bool add_escalated(Rows *l)
{
    Req *rq = l->rq;
    const Org *org = rq->actor.org;
    int32_t today = instant_date(rq->cx.now_ms);
    const Param0 *p = org != NULL ? pack_param(rq->pack, S("escalate_days"), org->region, today) : NULL;
    if (p == NULL || !p->known || p->value < 0 || p->value > 250) {
        return true;
    }
    int32_t before = workday_after(&rq->pack->workdays, today, -(int32_t)p->value);
    for (size_t i = 0; i < rq->pack->n_types; i++) {
        const RecordType *t = &rq->pack->types[i];
        for (size_t k = 0; k < t->n_states; k++) {
            RecPage page;
            if (t->states[k].due == NULL || !state_has_work(t, &t->states[k])) {
                continue;
            }
            if (!desk_overdue(&rq->cx, rq->store, &rq->actor, t, &t->states[k], before, OVERDUE_MAX, &page)) {
                return false;
            }
            for (size_t m = 0; m < page.n; m++) {
                DeskRow *row = row_add(l, &page.items[m]);
                if (row->left >= -p->value) {
                    l->n--;
                    continue;
                }
                row->escalated = true;
                const Org *at = pack_org_by_home(rq->pack, page.items[m].holder);
                Str name = at == NULL ? S("") : at->shortname.n != 0 ? at->shortname : at->name;
                row->note = str_printf(rq->mem, "超期督办：%.*s", STRF(name));
            }
        }
    }
    return true;
}

bool desk_escalated(Req *rq, int64_t *ret_n)
{
    Rows l = {.rq = rq};
    bool ok = add_escalated(&l);
    *ret_n = (int64_t)l.n;
    return ok;
}

bool desk_todo_rows(Req *rq, DeskRow **ret, size_t *ret_n)
{
    Rows l = {.rq = rq};
    int64_t *by_type, total;
    if (!todo_counts(rq, &by_type, &total)) {
        return false;
    }
    for (size_t i = 0; i < rq->pack->n_types; i++) {
        if (by_type[i] != 0 && !records_at_desk(&l, &rq->pack->types[i])) {
            return false;
        }
    }
    if (!who_has_it(&l) || !add_tasks(&l) || !add_escalated(&l)) {
        return false;
    }
    *ret = l.rows;
    *ret_n = l.n;
    return true;
}

/* ---- started, copied ---- */

bool desk_begun_rows(Req *rq, bool fill, int64_t *ret_n)
{
    Begun *items;
    size_t n;
    if (!desk_begun(&rq->cx, rq->store, &rq->actor, &items, &n)) {
        return false;
    }
    *ret_n = (int64_t)n;
    Doc *l = fill ? doc_set_list(rq->doc, "items") : NULL;
    for (size_t i = 0; i < n && fill; i++) {
        DeskRow row = {.type = items[i].rec.type, .rec = &items[i].rec, .note = S("")};
        light(rq, &row);
        Doc *o = desk_row_doc(rq, &row);
        doc_set_instant(o, "since", items[i].since_ms);
        doc_set_bool(o, "may_urge", task_may(rq->store, &rq->actor, &items[i].rec, TASK_URGE));
        doc_add_doc(l, o);
    }
    return true;
}

bool desk_copy_rows(Req *rq, bool fill, int64_t *ret_n)
{
    Task *tasks;
    size_t n;
    RecordSet want = {0};
    *ret_n = 0;
    if (!tasks_of(&rq->cx, rq->store, &rq->actor, TASKS_COPY, &tasks, &n)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        *ret_n += tasks[i].answered_ms == 0;
        record_set_want(rq, &want, tasks[i].type, tasks[i].record);
    }
    if (!fill) {
        return true;
    }
    Doc *l = doc_set_list(rq->doc, "items");
    if (!record_set_load(rq, &want)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        const Rec *r = record_set_get(&want, tasks[i].record);
        if (r != NULL) {
            DeskRow row = {.type = r->type, .rec = r, .task = &tasks[i], .note = S("")};
            light(rq, &row);
            doc_add_doc(l, desk_row_doc(rq, &row));
        }
    }
    return true;
}
