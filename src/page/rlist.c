/*
 * rlist.c - the list of a record type: query area, chips, counts, tools, table, pages; for programs items, total and cursor.
 */
#include "base/date.h"
#include "page/internal.h"

static bool list_facets(Req *rq, const RecordType *t, const Query *q)
{
    Doc *facets = doc_set_list(rq->doc, "facets");
    if (rq->wants_json && !str_eq(param_get(&rq->query, S("facets")), S("1"))) {
        return true;
    }
    for (size_t i = 0; i < t->n_facets; i++) {
        if (!facet_doc(rq, t, q, t->facets[i], facets)) {
            return false;
        }
    }
    return t->n_states < 2 || rq->actor.user == 0 || facet_doc(rq, t, q, NULL, facets);
}

static Str page_href(Req *rq, int64_t page)
{
    UrlSet set[] = {{S("page"), page > 1 ? str_printf(rq->mem, "%lld", (long long)page) : S("")}, {S("cursor"), S("")}};
    return url_with(rq->mem, exchange(rq)->path, &rq->query, set, ARRAY_LEN(set));
}

static void page_number(Req *rq, Doc *pages, int64_t n, int64_t now, bool gap)
{
    Doc *o = doc_add_obj(pages);
    doc_set_int(o, "n", n);
    doc_set_str(o, "href", page_href(rq, n));
    doc_set_bool(o, "on", n == now);
    doc_set_bool(o, "gap", gap);
}

static void href_or_null(Doc *o, const char *name, bool there, Str href)
{
    if (there) {
        doc_set_str(o, name, href);
    } else {
        doc_set_null(o, name);
    }
}

static Doc *pager(Req *rq, const Query *q, const RecPage *p)
{
    Doc *o = doc_obj(rq->mem);
    int64_t size = (int64_t)q->limit, now = (int64_t)q->offset / size + 1, last = MAX((p->total + size - 1) / size, (int64_t)1);
    doc_set_int(o, "total", p->total);
    doc_set_count_kept(o, p->total);
    if (p->n != 0 && q->after.n == 0) {
        doc_set_int(o, "from", (int64_t)q->offset + 1);
        doc_set_int(o, "to", (int64_t)q->offset + (int64_t)p->n);
    } else {
        doc_set_null(o, "from");
        doc_set_null(o, "to");
    }
    href_or_null(o, "prev", now > 1, page_href(rq, now - 1));
    href_or_null(o, "next", now < last, page_href(rq, now + 1));
    Doc *pages = doc_set_list(o, "pages");
    for (int64_t n = 1; n <= last && last > 1; n++) {
        bool near = n == 1 || n == last || (n >= now - 2 && n <= now + 2);
        if (near) {
            page_number(rq, pages, n, now, false);
        } else if (n == now - 3 || n == now + 3) {
            page_number(rq, pages, n, now, true);
        }
        if (n > now + 3 && n < last - 1) {
            n = last - 1; /* not one by one over a million rows */
        } else if (n == 1 && now > 5) {
            n = now - 4;
        }
    }
    Doc *sizes = doc_set_list(o, "sizes");
    static const int64_t SIZES[] = {20, 50, 100, 200};
    for (size_t i = 0; i < ARRAY_LEN(SIZES); i++) {
        Doc *s = doc_add_obj(sizes);
        UrlSet set[] = {{S("size"), str_printf(rq->mem, "%lld", (long long)SIZES[i])}, {S("page"), S("")}, {S("cursor"), S("")}};
        doc_set_int(s, "n", SIZES[i]);
        doc_set_str(s, "href", url_with(rq->mem, exchange(rq)->path, &rq->query, set, ARRAY_LEN(set)));
        doc_set_bool(s, "on", SIZES[i] == size);
    }
    return o;
}

static void tool(Req *rq, Doc *tools, const char *label, const char *icon, Str path, Str href, bool primary)
{
    const Route *r = route_of(rq->site, "GET", path);
    if (r == NULL) {
        return;
    }
    Doc *o = doc_add_obj(tools);
    doc_set_strc(o, "label", label);
    doc_set_strc(o, "icon", icon);
    doc_set_str(o, "href", href.n != 0 ? href : path);
    doc_set_bool(o, "primary", primary);
}

static void list_tools(Req *rq, const RecordType *t)
{
    Doc *tools = doc_set_list(rq->doc, "tools");
    find_fields(rq, t, doc_set_list(rq->doc, "find"));
    Str base = str_printf(rq->mem, "/r/%.*s", STRF(t->id));
    if (t->sheet != NULL && access_flag(&rq->actor, t, 'i')) {
        tool(rq, tools, "下载模板", "file-spreadsheet", str_printf(rq->mem, "%.*s/template.xlsx", STRF(base)), S(""), false);
        tool(rq, tools, "下载模板", "file-spreadsheet", str_printf(rq->mem, "%.*s/template", STRF(base)), S(""), false);
        tool(rq, tools, "批量导入", "upload", str_printf(rq->mem, "%.*s/import", STRF(base)), S(""), false);
    }
    if (access_flag(&rq->actor, t, 'x')) {
        static const UrlSet OFF[] = {{STR_INIT("page"), STR_INIT("")}, {STR_INIT("cursor"), STR_INIT("")}};
        Str xlsx = str_printf(rq->mem, "%.*s/export.xlsx", STRF(base)), csv = str_printf(rq->mem, "%.*s/export.csv", STRF(base));
        tool(rq, tools, "导出 Excel", "file-spreadsheet", xlsx, url_with(rq->mem, xlsx, &rq->query, OFF, 2), false);
        tool(rq, tools, "导出 CSV", "download", csv, url_with(rq->mem, csv, &rq->query, OFF, 2), false);
    }
    if (t->closing != NULL && rq->actor.org != NULL) {
        tool(rq, tools, "期别关账", "lock", str_printf(rq->mem, "/closing/%.*s", STRF(t->id)), S(""), false);
    }
    if (rq->actor.org != NULL && access_create(rq->pack, &rq->actor, t, rq->actor.org)) {
        tool(rq, tools, "新增", "plus", str_printf(rq->mem, "%.*s/new", STRF(base)), S(""), true);
    }
}

/* Actions that may be done to many at once, shown where their state is what the list shows. */
static bool list_bulk(Req *rq, const RecordType *t)
{
    Doc *bulk = doc_set_list(rq->doc, "bulk");
    for (size_t i = 0; i < t->n_actions; i++) {
        const Action *a = &t->actions[i];
        bool role = rq->actor.is_system;
        for (size_t k = 0; k < a->n_roles; k++) {
            role = role || actor_has_role(&rq->actor, a->roles[k]);
        }
        if (a->bulk && role && !rq->actor.read_only) {
            Str href = str_printf(rq->mem, "/r/%.*s/do/%.*s", STRF(t->id), STRF(a->id));
            doc_add_doc(bulk, action_form_doc(rq, t, a, href, NULL));
        }
    }
    return bulk->n != 0;
}

static void html_parts(Req *rq, const RecordType *t, const Query *q, const RecPage *page, const Findings *found)
{
    bool check = list_bulk(rq, t);
    doc_set_bool(rq->doc, "has_bulk", check);
    doc_set_doc(rq->doc, "filters", query_filters_doc(rq, t, q));
    doc_set_doc(rq->doc, "table", table_doc(rq, t, as_const_fields(t->list_cols), t->n_list_cols, page, true, check));
    doc_set_doc(rq->doc, "pager", pager(rq, q, page));
    doc_set_doc(rq->doc, "errors", finding_list(rq->mem, found, false));
    doc_set_str(rq->doc, "note", t->note);
    doc_set_str(rq->doc, "back", url_with(rq->mem, exchange(rq)->path, &rq->query, NULL, 0));
    list_tools(rq, t);
    req_crumb(rq, t->label, S(""));
}

bool record_list(Req *rq)
{
    const RecordType *t = req_type(rq);
    Query q;
    Findings found = findings_new(rq->mem);
    RecPage page;
    if (t == NULL || !req_need_user(rq) || !query_from(rq, t, &q, &found)) {
        return false;
    }
    if (rq->wants_json && found.errors != 0) {
        (void)req_invalid(rq, &found);
        cx_clear(&rq->cx);
        return fail(&rq->cx, E_BAD_REQUEST, "查询参数不对：%.*s", STRF(found.items[0].text));
    }
    req_reads(rq, t);
    q.leave_personal = !rq->wants_json && (t->title == NULL || !t->title->personal); /* no other column of a list may be personal */
    if (!rec_list(&rq->cx, rq->store, &rq->actor, &q, true, &page)) {
        return false;
    }
    if (rq->is_htmx) { /* the address without the fields left empty */
        req_header(rq, S("hx-push-url"), url_with(rq->mem, exchange(rq)->path, &rq->query, NULL, 0));
    }
    rq->doc = doc_obj(rq->mem);
    doc_set_str(rq->doc, "title", t->label);
    doc_set_str(rq->doc, "type", t->id);
    doc_set_int(rq->doc, "total", page.total);
    if (page.next.n != 0) {
        doc_set_str(rq->doc, "next", page.next);
        UrlSet set[] = {{S("cursor"), page.next}, {S("page"), S("")}};
        req_header(rq, S("link"), str_printf(rq->mem, "<%.*s>; rel=\"next\"",
                                             STRF(url_with(rq->mem, rq->net->path, &rq->query, set, ARRAY_LEN(set)))));
    } else {
        doc_set_null(rq->doc, "next");
    }
    if (rq->wants_json) {
        Doc *items = doc_set_list(rq->doc, "items");
        for (size_t i = 0; i < page.n; i++) {
            doc_add_doc(items, rec_doc(rq, &page.items[i]));
        }
    } else {
        html_parts(rq, t, &q, &page, &found);
    }
    return rq->cx.err == E_OK && list_facets(rq, t, &q);
}
