/*
 * list.c - the catalogue page: search, filters with counts, cards. Read with nobody's rights, whoever looks, so that it may be cached.
 */
#include "feature/catalogue/settings.h"

#include "feature/catalogue/catalogue.h"

#define PER_PAGE 24

const Actor CATALOGUE_EYES = {.via = STR_INIT("public")};

static const Link *link_by_id(const RecordType *t, Str id)
{
    for (size_t i = 0; i < t->n_links; i++) {
        if (str_eq(t->links[i].id, id)) {
            return &t->links[i];
        }
    }
    return NULL;
}

bool catalogue_settings(Req *rq, Catalogue *c)
{
    const Pack *p = rq->pack;
    Str f = S("catalogue");
    *c = (Catalogue){.t = pack_type(p, pack_setting_str(p, f, S("type")))};
    if (c->t == NULL) {
        return fail(&rq->cx, E_NOT_FOUND, "这个策略包没有公开目录");
    }
    c->title = type_field(c->t, pack_setting_str(p, f, S("title")));
    c->intro = type_field(c->t, pack_setting_str(p, f, S("intro")));
    c->region = type_field(c->t, pack_setting_str(p, f, S("region")));
    c->figures = link_by_id(c->t, pack_setting_str(p, f, S("figures")));
    c->honours = link_by_id(c->t, pack_setting_str(p, f, S("honours")));
    const Setting *facets = pack_setting(p, f, S("facets")), *show = pack_setting(p, f, S("figures_show"));
    for (size_t i = 0; facets != NULL && i < facets->n && c->n_facets < ARRAY_LEN(c->facets); i++) {
        const Field *one = type_field(c->t, facets->values[i]);
        if (one != NULL && one->codes != NULL) {
            c->facets[c->n_facets++] = one;
        }
    }
    if (c->figures != NULL) {
        c->period = type_field(c->figures->type, pack_setting_str(p, f, S("figures_period")));
        for (size_t i = 0; show != NULL && i < show->n && c->n_show < ARRAY_LEN(c->show); i++) {
            const Field *one = type_field(c->figures->type, show->values[i]);
            if (one != NULL) {
                c->show[c->n_show++] = one;
            }
        }
    }
    const Setting *told = pack_setting(p, f, S("told"));
    for (size_t i = 0; told != NULL && i < told->n && c->n_told < ARRAY_LEN(c->told); i++) {
        const Link *one = link_by_id(c->t, told->values[i]);
        if (one != NULL) {
            c->told[c->n_told++] = one;
        }
    }
    return c->title != NULL ? true : fail(&rq->cx, E_PACK, "公开目录没有设置名称字段");
}

static Str page_href(Req *rq, const Catalogue *c, const Field *change, Str value, int64_t page)
{
    Buf b = buf_new(rq->mem, 4096);
    buf_add(&b, S("/catalogue?"));
    Str q = req_param(rq, "q"), region = req_param(rq, "region");
    if (q.n != 0) {
        buf_printf(&b, "q=%.*s&", STRF(url_enc(rq->mem, q)));
    }
    if (region.n != 0) {
        buf_printf(&b, "region=%.*s&", STRF(url_enc(rq->mem, region)));
    }
    for (size_t i = 0; i < c->n_facets; i++) {
        Str v = c->facets[i] == change ? value : param_get(&rq->query, c->facets[i]->id);
        if (v.n != 0) {
            buf_printf(&b, "%.*s=%.*s&", STRF(c->facets[i]->id), STRF(url_enc(rq->mem, v)));
        }
    }
    if (page > 1) {
        buf_printf(&b, "page=%lld&", (long long)page);
    }
    b.n--;
    return buf_str(&b);
}

static bool facets_doc(Req *rq, const Catalogue *c, const Query *q, Doc *list)
{
    for (size_t i = 0; i < c->n_facets; i++) {
        const Field *f = c->facets[i];
        FacetCount *counts;
        size_t n;
        if (!rec_facet(&rq->cx, rq->store, &CATALOGUE_EYES, q, f, &counts, &n)) {
            return false;
        }
        Str chosen = param_get(&rq->query, f->id);
        Doc *o = doc_add_obj(list);
        doc_set_str(o, "id", f->id);
        doc_set_str(o, "label", f->label);
        Doc *items = doc_set_list(o, "items");
        for (size_t k = 0; k < f->codes->n; k++) {
            int64_t count = 0;
            for (size_t m = 0; m < n; m++) {
                count += str_eq(counts[m].key, f->codes->codes[k].code) ? counts[m].n : 0;
            }
            bool on = str_eq(chosen, f->codes->codes[k].code);
            if (count == 0 && !on) {
                continue;
            }
            Doc *item = doc_add_obj(items);
            doc_set_str(item, "value", f->codes->codes[k].code);
            doc_set_str(item, "label", f->codes->codes[k].label);
            doc_set_int(item, "n", count);
            doc_set_bool(item, "on", on);
            doc_set_str(item, "href", page_href(rq, c, f, on ? S("") : f->codes->codes[k].code, 1));
        }
    }
    return true;
}

/* The cover shows the first code list: its word, and one colour for each of its codes. */
static void card_cover(const Catalogue *c, const Rec *r, Doc *o)
{
    static const char *const TONES[] = {"d0", "d1", "d2", "d3", "d4"};
    Str kind = S("");
    size_t at = ARRAY_LEN(TONES) - 1;
    const Field *f = c->n_facets != 0 ? c->facets[0] : NULL;
    for (size_t i = 0; f != NULL && i < f->codes->n; i++) {
        if (str_eq(f->codes->codes[i].code, r->v[f->index].s)) {
            kind = f->codes->codes[i].label;
            at = MIN(i, ARRAY_LEN(TONES) - 1);
        }
    }
    doc_html_only(doc_set_str(o, "kind", kind));
    doc_html_only(doc_set_strc(o, "tone", TONES[at]));
}

static void card_doc(Req *rq, const Catalogue *c, const Rec *r, Doc *o)
{
    const Pack *p = rq->pack;
    doc_set_id(o, "id", r->id);
    doc_set_str(o, "no", r->no);
    doc_set_str(o, "name", r->v[c->title->index].s);
    doc_set_str(o, "href", str_printf(rq->mem, "/catalogue/%.*s", STRF(r->no)));
    Str intro = c->intro != NULL ? r->v[c->intro->index].s : S("");
    doc_set_str(o, "intro", utf8_cut(intro, 80));
    const Region *at = c->region != NULL ? pack_region(p, r->v[c->region->index].s) : NULL;
    const Org *owner = pack_org_by_home(p, r->home);
    if (at == NULL && owner != NULL) {
        at = owner->region;
    }
    doc_set_str(o, "place", at == NULL ? S("") : at->parent != NULL && at->parent->parent != NULL
                                                     ? str_printf(rq->mem, "%.*s · %.*s", STRF(at->parent->name), STRF(at->name))
                                                     : at->name);
    doc_html_only(doc_set_str(o, "mn", at != NULL ? at->name_mn : S("")));
    card_cover(c, r, o);
    Doc *tags = doc_set_list(o, "tags");
    for (size_t i = rq->wants_json ? 0 : 1; i < c->n_facets; i++) {
        Str shown = value_show(rq->mem, p, c->facets[i], &r->v[c->facets[i]->index]);
        if (shown.n != 0) {
            doc_add_str(tags, shown);
        }
    }
}

bool catalogue_list(Req *rq)
{
    Catalogue c;
    RecPage page;
    if (!catalogue_settings(rq, &c)) {
        return false;
    }
    req_reads(rq, c.t);
    Query q = {.type = c.t, .limit = PER_PAGE, .search = req_param(rq, "q")};
    for (size_t i = 0; i < c.n_facets; i++) {
        Str v = param_get(&rq->query, c.facets[i]->id);
        if (v.n != 0) {
            q.filters[q.n_filters++] = (Filter){.field = c.facets[i], .value = {.has = true, .s = v}};
        }
    }
    const Region *at = pack_region(rq->pack, req_param(rq, "region"));
    if (at != NULL && c.region != NULL) {
        q.filters[q.n_filters++] = (Filter){.field = c.region, .value = {.has = true, .s = at->code}, .within = at};
    }
    int64_t number = 1;
    if (!str_int(req_param(rq, "page"), &number) || number < 1 || number > 10000) {
        number = 1;
    }
    q.offset = (size_t)(number - 1) * PER_PAGE;
    if (!rec_list(&rq->cx, rq->store, &CATALOGUE_EYES, &q, true, &page)) {
        return false;
    }
    int64_t pages = (page.total + PER_PAGE - 1) / PER_PAGE;
    doc_set_str(rq->doc, "label", c.t->label);
    doc_set_str(rq->doc, "search", q.search);
    doc_set_str(rq->doc, "region_label", at != NULL ? at->name : S(""));
    doc_set_int(rq->doc, "total", page.total);
    doc_set_int(rq->doc, "page", number);
    doc_set_int(rq->doc, "pages", MAX(pages, (int64_t)1));
    doc_set_bool(rq->doc, "none", page.n == 0);
    doc_set_str(rq->doc, "prev", number > 1 ? page_href(rq, &c, NULL, S(""), number - 1) : S(""));
    doc_set_str(rq->doc, "next", number < pages ? page_href(rq, &c, NULL, S(""), number + 1) : S(""));
    doc_html_only(doc_set_bool(rq->doc, "filtered", q.n_filters != 0 || q.search.n != 0));
    Doc *items = doc_set_list(rq->doc, "items");
    for (size_t i = 0; i < page.n; i++) {
        card_doc(rq, &c, &page.items[i], doc_add_obj(items));
    }
    return facets_doc(rq, &c, &q, doc_set_list(rq->doc, "facets"));
}

const Route ROUTES_CATALOGUE[] = {
    {"GET", "/catalogue", catalogue_list, AUTH_PUBLIC, "catalogue/list", "The public catalogue: search and filters with counts",
     "q:string,region:string,page:int", ROUTE_CACHE},
    {"GET", "/catalogue/{no}", catalogue_entry, AUTH_PUBLIC, "catalogue/entry", "One entry of the public catalogue", NULL, ROUTE_CACHE},
    {0},
};
