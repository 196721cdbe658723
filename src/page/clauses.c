/*
 * clauses.c - each clause of the plan, where the system carries it out, and which clauses have nothing yet. Made from the pack: every
 * item in it names its clause.
 */
#include "page/internal.h"

typedef struct {
    Req *rq;
    Str id;
    Doc *list;
} Where;

static void found(const Where *w, Str clause, const char *kind, Str label, Str href)
{
    if (clause.n == 0 || !str_eq(clause, w->id) || w->list->n >= 60) {
        return;
    }
    Doc *o = doc_add_obj(w->list);
    doc_set_strc(o, "kind", kind);
    doc_set_str(o, "label", label);
    if (href.n != 0) {
        doc_set_str(o, "href", href);
    } else {
        doc_set_null(o, "href");
    }
}

static void in_type(const Where *w, const RecordType *t)
{
    Str href = str_printf(w->rq->mem, "/r/%.*s", STRF(t->id));
    found(w, t->clause, "记录", t->label, href);
    for (size_t i = 0; i < t->n_sections; i++) {
        found(w, t->sections[i].clause, "内容", str_printf(w->rq->mem, "%.*s：%.*s", STRF(t->label), STRF(t->sections[i].label)), href);
    }
    for (size_t i = 0; i < t->n_fields; i++) {
        found(w, t->fields[i].clause, "字段", str_printf(w->rq->mem, "%.*s：%.*s", STRF(t->label), STRF(t->fields[i].label)), href);
    }
    for (size_t i = 0; i < t->n_checks; i++) {
        found(w, t->checks[i].clause, "核对", t->checks[i].say, href);
    }
    for (size_t i = 0; i < t->n_actions; i++) {
        const Action *a = &t->actions[i];
        found(w, a->clause, "办理步骤", str_printf(w->rq->mem, "%.*s：%.*s", STRF(t->label), STRF(a->label)), href);
        for (size_t k = 0; k < a->n_conditions; k++) {
            found(w, a->conditions[k].clause, "条件", a->conditions[k].say, href);
        }
    }
}

static void everywhere(const Where *w)
{
    const Pack *p = w->rq->pack;
    for (size_t i = 0; i < p->n_menu; i++) {
        if (route_of(w->rq->site, "GET", p->menu[i].href) != NULL) {
            found(w, p->menu[i].clause, "页面", p->menu[i].label, p->menu[i].href);
        }
    }
    for (size_t i = 0; i < p->n_targets; i++) {
        found(w, p->targets[i].clause, "目标", p->targets[i].label, S(""));
    }
    for (size_t i = 0; i < p->n_types; i++) {
        in_type(w, &p->types[i]);
    }
    for (size_t i = 0; i < p->n_sets; i++) {
        found(w, p->sets[i].clause, "地区范围", p->sets[i].label, S(""));
    }
    for (size_t i = 0; i < p->n_code_lists; i++) {
        for (size_t k = 0; k < p->code_lists[i].n; k++) {
            found(w, p->code_lists[i].codes[k].clause, "代码", 
                  str_printf(w->rq->mem, "%.*s：%.*s", STRF(p->code_lists[i].label), STRF(p->code_lists[i].codes[k].label)), S(""));
        }
    }
}

bool clauses_page(Req *rq)
{
    int64_t empty = 0;
    rq->doc = doc_obj(rq->mem);
    doc_set_strc(rq->doc, "title", "方案条款对照");
    Doc *l = doc_set_list(rq->doc, "clauses");
    for (size_t i = 0; i < rq->pack->n_clauses; i++) {
        const Clause *c = &rq->pack->clauses[i];
        Doc *o = doc_add_obj(l);
        doc_set_str(o, "clause", c->id);
        doc_set_str(o, "label", c->title);
        doc_set_str(o, "text", c->text);
        doc_set_str(o, "parent", c->parent);
        Where w = {rq, c->id, doc_set_list(o, "where")};
        everywhere(&w);
        doc_html_only(doc_set_bool(o, "has_where", w.list->n != 0));
        doc_html_only(doc_set_int(o, "count", (int64_t)w.list->n));
        bool parent = false; /* a heading needs nothing of its own */
        for (size_t k = 0; k < rq->pack->n_clauses; k++) {
            parent = parent || str_eq(rq->pack->clauses[k].parent, c->id);
        }
        doc_set_bool(o, "heading", parent);
        doc_set_bool(o, "nothing", w.list->n == 0 && !parent);
        empty += w.list->n == 0 && !parent;
    }
    doc_set_int(rq->doc, "total", (int64_t)rq->pack->n_clauses);
    doc_set_int(rq->doc, "nothing_yet", empty);
    req_crumb(rq, S("方案条款对照"), S(""));
    return true;
}
