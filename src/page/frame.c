/*
 * frame.c - what the layouts need around a page's document: menu, place, person, message, number of things to do.
 *
 * What is the same for everybody (site, assets) is made once; the number of things to do is kept per person until a record changes.
 */
#include "base/date.h"
#include "page/deskrows.h"

#define TODO_SLOTS 1024

struct TodoCache {
    Arena *mem;
    pthread_mutex_t lock;
    struct {
        int64_t user;
        uint64_t version;
        int64_t by_type[128], total;
    } slots[TODO_SLOTS];
};

TodoCache *todo_cache_new(void)
{
    Arena *mem = arena_new(sizeof(TodoCache) + (64 << 10));
    TodoCache *c = NEW(mem, TodoCache);
    c->mem = mem;
    pthread_mutex_init(&c->lock, NULL);
    return c;
}

void todo_cache_free(TodoCache *c)
{
    if (c != NULL) {
        pthread_mutex_destroy(&c->lock);
        arena_free(c->mem);
    }
}

Str tone_word(Str t)
{
    static const Str MAP[][2] = {{STR_INIT("grey"), STR_INIT("plain")},
                                 {STR_INIT("sky"), STR_INIT("info")},
                                 {STR_INIT("grass"), STR_INIT("good")},
                                 {STR_INIT("gold"), STR_INIT("warn")},
                                 {STR_INIT("red"), STR_INIT("bad")}};
    for (size_t i = 0; i < ARRAY_LEN(MAP); i++) {
        if (str_eq(t, MAP[i][0])) {
            return MAP[i][1];
        }
    }
    return t;
}

static bool count_todo(Req *rq, int64_t *by_type)
{
    for (size_t i = 0; i < rq->pack->n_types; i++) {
        const RecordType *t = &rq->pack->types[i];
        if (t->n_actions == 0) {
            continue;
        }
        Query q = {.type = t, .mine_to_do = true};
        FacetCount *counts;
        size_t n;
        if (!rec_facet(&rq->cx, rq->store, &rq->actor, &q, NULL, &counts, &n)) {
            return false;
        }
        for (size_t k = 0; k < n; k++) {
            by_type[i] += counts[k].n;
        }
    }
    return true;
}

bool todo_counts(Req *rq, int64_t **ret_by_type, int64_t *ret_total)
{
    TodoCache *c = rq->site->todo;
    size_t n = rq->pack->n_types, slot = (size_t)((uint64_t)rq->actor.user * 0x9e3779b97f4a7c15u >> 54) % TODO_SLOTS;
    CHECK(n <= ARRAY_LEN(c->slots[0].by_type));
    int64_t *by_type = NEW_ARRAY(rq->mem, int64_t, n + 1), total = 0;
    uint64_t version = 1 + ((uint64_t)rq->actor.n_deputy_for << 56); /* a delegation begins and ends by itself */
    for (size_t i = 0; i < site_versions(rq->site); i++) {
        version += store_version(rq->store, (int32_t)i);
    }
    pthread_mutex_lock(&c->lock);
    bool known = c->slots[slot].user == rq->actor.user && c->slots[slot].version == version;
    if (known) {
        memcpy(by_type, c->slots[slot].by_type, n * sizeof *by_type);
        total = c->slots[slot].total;
    }
    pthread_mutex_unlock(&c->lock);
    if (!known) {
        if (!count_todo(rq, by_type)) {
            return false;
        }
        Task *tasks;
        size_t n_tasks;
        if (!tasks_of(&rq->cx, rq->store, &rq->actor, TASKS_TODO, &tasks, &n_tasks)) {
            return false;
        }
        if (!desk_escalated(rq, &total)) {
            return false;
        }
        total += (int64_t)n_tasks;
        for (size_t i = 0; i < n; i++) {
            total += by_type[i];
        }
        pthread_mutex_lock(&c->lock);
        c->slots[slot].user = rq->actor.user;
        c->slots[slot].version = version;
        memcpy(c->slots[slot].by_type, by_type, n * sizeof *by_type);
        c->slots[slot].total = total;
        pthread_mutex_unlock(&c->lock);
    }
    *ret_by_type = by_type;
    *ret_total = total;
    return true;
}

/* Pages kept for everybody are the public's menu. */
static bool is_public_item(const Site *s, size_t item)
{
    const Route *r = s->menu_routes[item];
    return r != NULL && r->auth == AUTH_PUBLIC && (r->flags & ROUTE_CACHE) != 0;
}

void frame_site(Site *s)
{
    s->frame = doc_obj(s->mem);
    doc_set_strc(s->frame, "lang", "zh-CN");
    Doc *site = doc_set_obj(s->frame, "site");
    doc_set_str(site, "name", s->pack->title);
    doc_set_str(site, "sub", s->pack->subtitle);
    doc_set_bool(site, "demo", s->conf.demo);
    s->menu_routes = NEW_ARRAY(s->mem, const Route *, s->pack->n_menu + 1);
    for (size_t i = 0; i < s->pack->n_menu; i++) {
        s->menu_routes[i] = route_of(s, "GET", s->pack->menu[i].href);
    }
}

/* The record type whose list the item opens; NULL: another page. */
static const RecordType *menu_type(const Req *rq, const MenuItem *m)
{
    return str_starts(m->href, S("/r/")) ? pack_type(rq->pack, str_sub(m->href, 3, m->href.n)) : NULL;
}

/* By the roles the item names, and for a list by whether a role of the person reads its type at all. */
static bool menu_allowed(const Req *rq, const MenuItem *m)
{
    const RecordType *t = menu_type(rq, m);
    if (t != NULL && access_scope(rq->mem, rq->pack, &rq->actor, t).published_only) {
        return false;
    }
    for (size_t i = 0; i < m->n_roles; i++) {
        if (actor_has_role(&rq->actor, m->roles[i])) {
            return true;
        }
    }
    return m->n_roles == 0 || rq->actor.is_system;
}

/* The item whose address is the longest beginning of this page's. */
static const MenuItem *menu_current(const Exchange *x)
{
    const MenuItem *best = NULL;
    for (size_t i = 0; i < x->rq.pack->n_menu; i++) {
        const MenuItem *m = &x->rq.pack->menu[i];
        bool fits = str_eq(x->path, m->href) ||
                    (str_starts(x->path, m->href) && x->path.n > m->href.n && x->path.p[m->href.n] == '/');
        if (fits && (best == NULL || m->href.n > best->href.n)) {
            best = m;
        }
    }
    return best;
}

static void menu(Exchange *x, const int64_t *todo)
{
    Req *rq = &x->rq;
    const MenuItem *now = menu_current(x);
    Doc *list = doc_set_list(rq->frame, "menu"), *items = NULL;
    Str group = S("\n");
    for (size_t i = 0; i < rq->pack->n_menu; i++) {
        const MenuItem *m = &rq->pack->menu[i];
        if (rq->site->menu_routes[i] == NULL || !menu_allowed(rq, m)) {
            continue;
        }
        if (items == NULL || !str_eq(group, m->group)) {
            Doc *g = doc_add_obj(list);
            doc_set_str(g, "label", m->group);
            items = doc_set_list(g, "items");
            group = m->group;
        }
        Doc *o = doc_add_obj(items);
        doc_set_str(o, "label", m->label);
        doc_set_str(o, "href", m->href);
        doc_set_str(o, "icon", m->icon.n != 0 ? m->icon : S("point"));
        doc_set_bool(o, "on", m == now);
        const RecordType *t = menu_type(rq, m);
        if (t != NULL && todo != NULL && todo[t->index] != 0) {
            doc_set_int(o, "count", todo[t->index]);
        } else {
            doc_set_null(o, "count");
        }
    }
}

static void public_menu(Exchange *x)
{
    Req *rq = &x->rq;
    const MenuItem *now = menu_current(x);
    Doc *list = doc_set_list(rq->frame, "pubmenu");
    for (size_t i = 0; i < rq->pack->n_menu; i++) {
        const MenuItem *m = &rq->pack->menu[i];
        if (is_public_item(rq->site, i)) {
            Doc *o = doc_add_obj(list);
            doc_set_str(o, "label", m->label);
            doc_set_str(o, "href", m->href);
            doc_set_bool(o, "on", m == now);
        }
    }
}

static bool person(Exchange *x)
{
    Req *rq = &x->rq;
    if (rq->actor.user == 0 || x->cacheable) {
        doc_set_null(rq->frame, "me");
        doc_set_null(rq->frame, "todo_count");
        doc_set_null(rq->frame, "notice_count");
        doc_set_null(rq->frame, "menu");
        return true;
    }
    Doc *me = doc_set_obj(rq->frame, "me");
    Buf roles = buf_new(rq->mem, 2000);
    for (size_t i = 0; i < rq->actor.n_roles; i++) {
        const Role *r = pack_role(rq->pack, rq->actor.roles[i]);
        if (r != NULL) {
            buf_add(&roles, roles.n != 0 ? S("、") : S(""));
            buf_add(&roles, r->label);
        }
    }
    const Org *org = rq->actor.org;
    doc_set_str(me, "name", rq->actor.name);
    doc_set_str(me, "org", org == NULL ? S("") : org->shortname.n != 0 ? org->shortname : org->name);
    doc_set_str(me, "role", buf_str(&roles));
    doc_set_str(me, "initial", utf8_cut(rq->actor.name, 1));
    int64_t *todo, total;
    if (!todo_counts(rq, &todo, &total)) {
        return false;
    }
    if (total != 0) {
        doc_set_int(rq->frame, "todo_count", total);
    } else {
        doc_set_null(rq->frame, "todo_count");
    }
    if (!notice_count(rq, &total)) {
        return false;
    }
    if (total != 0) {
        doc_set_int(rq->frame, "notice_count", total);
    } else {
        doc_set_null(rq->frame, "notice_count");
    }
    menu(x, todo);
    return true;
}

static bool message(Exchange *x)
{
    Req *rq = &x->rq;
    Str tone = S(""), text = S("");
    if (rq->session.n != 0 && x->flash_waiting && !x->cacheable && !rq->is_htmx) {
        if (!session_flash_take(&rq->cx, rq->store, rq->session, &tone, &text)) {
            return false;
        }
        set_cookie(rq, S("tamga_note"), S(""), 0, true);
    }
    if (text.n == 0) {
        doc_set_null(rq->frame, "flash");
        return true;
    }
    Doc *f = doc_set_obj(rq->frame, "flash");
    doc_set_str(f, "tone", tone);
    doc_set_str(f, "text", text);
    return true;
}

void frame_title(Req *rq, Str title)
{
    if (rq->frame == NULL) {
        rq->frame = doc_obj(rq->mem);
    }
    if (doc_get(rq->frame, S("title")) == NULL) {
        doc_set_str(rq->frame, "title", title);
    }
}

static void set_or_null(Doc *o, const char *name, Str v)
{
    if (v.n != 0) {
        doc_set_str(o, name, v);
    } else {
        doc_set_null(o, name);
    }
}

bool frame_build(Exchange *x)
{
    Req *rq = &x->rq;
    Doc *given = rq->frame;
    rq->frame = doc_obj(rq->mem); /* a problem may replace a page that was already framed */
    Doc *f = rq->frame;
    Str title = doc_get_str(given, "title"), note = doc_get_str(given, "clause_note");
    doc_set_str(f, "title", title.n != 0 ? title : doc_get_str(rq->doc, "title"));
    doc_set_str(f, "nonce", rq->nonce);
    set_or_null(f, "csrf", x->cacheable ? S("") : rq->csrf);
    set_or_null(f, "clause_note", note);
    set_or_null(f, "q", param_get(&rq->query, S("q")));
    doc_set_str(f, "here", url_with(rq->mem, rq->read_only ? x->path : S("/desk"), &rq->query, NULL, 0));
    Doc *view = doc_set_obj(f, "view");
    doc_set_bool(view, "big", x->big);
    doc_set_bool(view, "contrast", x->contrast);
    if (x->crumbs != NULL) {
        if (doc_get(f, S("crumbs")) == NULL) {
            doc_set_doc(f, "crumbs", x->crumbs);
            x->crumbs = NULL;
        }
    } else {
        doc_set_null(f, "crumbs");
    }
    public_menu(x);
    return message(x) && person(x);
}
