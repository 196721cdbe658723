/*
 * site.c - what all requests share: templates, assets, routes, caches. Made once, then only read (caches have their own locks).
 */
#include "base/clock.h"
#include "page/internal.h"

#define PAGE_CACHE_BYTES (24u << 20)

size_t site_versions(const Site *s)
{
    return s->pack->n_types + 2; /* and users, files */
}

/* Every template a route names must be there: a missing one is found at start, not by a visitor. */
static bool views_there(Cx *cx, const Site *s)
{
    for (size_t i = 0; i < s->n_routes; i++) {
        const char *view = s->routes[i]->view;
        if (view != NULL && !templates_has(s->templates, str_c(view))) {
            return fail(cx, E_PACK, "路由 %s %s 的模板 %s 不存在", s->routes[i]->method, s->routes[i]->pattern, view);
        }
    }
    return true;
}

/* Whom there is no room for gets a page that costs nothing to make. */
static bool busy_page(Cx *cx, Site *s)
{
    if (!templates_has(s->templates, S("core/busy"))) {
        return true;
    }
    Buf b = buf_new(s->mem, 16 << 10);
    const Doc *stack[] = {s->frame};
    bool ok = mustache_render(cx, s->templates, S("core/busy"), stack, 1, &b);
    s->busy_html = ok ? buf_str(&b) : S("");
    return ok;
}

Site *site_start(Cx *cx, Arena *mem, const SiteConf *conf)
{
    Site *s = NEW(mem, Site);
    s->mem = mem;
    s->conf = *conf;
    s->store = conf->store;
    s->pack = store_pack(conf->store);
    s->secure = conf->public_url != NULL && str_starts(str_c(conf->public_url), S("https://"));
    s->login_secret = store_secret(conf->store, mem, "sign-in form");
    s->started_ms = clock_now_ms();
    pthread_mutex_init(&s->ready_lock, NULL);
    pthread_mutex_init(&s->idem_lock, NULL);
    pthread_cond_init(&s->idem_done, NULL);
    routes_init(s, mem, conf->tables);
    frame_site(s);
    s->templates = templates_load(cx, mem, conf->view_dir);
    if (s->templates == NULL || !assets_load(cx, s) || !views_there(cx, s)) {
        return NULL;
    }
    templates_strict(s->templates, conf->strict);
    if (!busy_page(cx, s)) {
        return NULL;
    }
    openapi_build(s);
    s->cache = page_cache_new(PAGE_CACHE_BYTES);
    s->todo = todo_cache_new();
    s->notices = notice_cache_new();
    return s;
}

void site_stop(Site *s)
{
    if (s != NULL) {
        page_cache_free(s->cache);
        todo_cache_free(s->todo);
        notice_cache_free(s->notices);
        pthread_mutex_destroy(&s->idem_lock);
        pthread_cond_destroy(&s->idem_done);
    }
}

void site_worker_start(void *site, unsigned worker)
{
    Site *s = site;
    (void)worker;
    Arena *mem = arena_new(1 << 20);
    Cx cx;
    cx_init(&cx, mem);
    if (!store_attach(&cx, s->store)) {
        log_error("worker %u: no database connection", worker);
    }
    arena_free(mem);
}

void site_worker_stop(void *site, unsigned worker)
{
    Site *s = site;
    (void)worker;
    store_detach(s->store);
}
