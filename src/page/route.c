/*
 * route.c - which row of the route tables answers a request. Patterns are cut into segments once; literal segments win over
 * placeholders, so that /r/x/new is not taken for a record id.
 */
#include "page/internal.h"

#define MAX_SEGMENTS 8

typedef struct RoutePath {
    Str seg[MAX_SEGMENTS];
    size_t n;
} Path;

static bool path_cut(Str path, Path *ret)
{
    *ret = (Path){0};
    if (path.n == 0 || path.p[0] != '/') {
        return false;
    }
    Str rest = str_sub(path, 1, path.n), seg;
    while (rest.n != 0) {
        if (ret->n == MAX_SEGMENTS) {
            return false;
        }
        (void)str_cut(rest, '/', &seg, &rest);
        ret->seg[ret->n++] = seg;
    }
    return true;
}

void routes_init(Site *s, Arena *mem, const Route *const *tables)
{
    size_t n = 0;
    for (size_t i = 0; tables[i] != NULL; i++) {
        for (const Route *r = tables[i]; r->method != NULL; r++) {
            n++;
        }
    }
    s->routes = NEW_ARRAY(mem, const Route *, n + 1);
    for (size_t i = 0; tables[i] != NULL; i++) {
        for (const Route *r = tables[i]; r->method != NULL; r++) {
            s->routes[s->n_routes++] = r;
        }
    }
    Path *paths = NEW_ARRAY(mem, Path, n + 1);
    for (size_t i = 0; i < n; i++) {
        CHECK(path_cut(str_c(s->routes[i]->pattern), &paths[i]));
    }
    s->route_paths = paths;
}

/* How well `pattern` fits: 0 not at all, else 1 + a bit per literal segment, the first one highest. */
static unsigned fit(const Pack *p, const Path *pattern, const Path *path, Str (*args)[2], size_t *ret_n)
{
    if (pattern->n != path->n) {
        return 0;
    }
    unsigned score = 1;
    *ret_n = 0;
    for (size_t i = 0; i < pattern->n; i++) {
        Str want = pattern->seg[i], got = path->seg[i], name, kind;
        if (want.n < 2 || want.p[0] != '{') {
            if (!str_eq(want, got)) {
                return 0;
            }
            score |= 1u << (MAX_SEGMENTS + 1 - i);
            continue;
        }
        int64_t id;
        (void)str_cut(str_sub(want, 1, want.n - 2), ':', &name, &kind);
        if (got.n == 0 || (str_eq(kind, S("id")) && !id_read(got, &id)) || (str_eq(name, S("type")) && pack_type(p, got) == NULL)) {
            return 0;
        }
        args[*ret_n][0] = name;
        args[(*ret_n)++][1] = got;
    }
    return score;
}

static bool method_fits(const Route *r, Str method)
{
    return str_eq(str_c(r->method), method) || (str_eq(method, S("HEAD")) && str_eq(str_c(r->method), S("GET")));
}

const Route *route_find(Req *rq, Str method, Str path)
{
    const Site *s = rq->site;
    const Route *best = NULL;
    unsigned best_score = 0;
    Str args[8][2];
    size_t n;
    Path cut;
    Buf allow = buf_new(rq->mem, 200);
    bool ok = path_cut(path, &cut);
    for (size_t i = 0; ok && i < s->n_routes; i++) {
        unsigned score = fit(s->pack, &s->route_paths[i], &cut, args, &n);
        if (score == 0) {
            continue;
        }
        if (!method_fits(s->routes[i], method)) {
            buf_add(&allow, allow.n != 0 ? S(", ") : S(""));
            buf_add(&allow, str_c(s->routes[i]->method));
        } else if (score > best_score) {
            best = s->routes[i];
            best_score = score;
            memcpy(rq->args, args, sizeof args);
            rq->n_args = n;
        }
    }
    if (best != NULL) {
        return best;
    }
    if (allow.n != 0) {
        req_header(rq, S("allow"), buf_str(&allow));
        (void)fail(&rq->cx, E_METHOD, "此地址不接受 %.*s", STRF(method));
    } else {
        (void)fail(&rq->cx, E_NOT_FOUND, "没有这个页面");
    }
    return NULL;
}

const Route *route_of(const Site *s, const char *method, Str path)
{
    Path cut;
    Str args[8][2];
    size_t n;
    const Route *best = NULL;
    unsigned best_score = 0;
    bool ok = path_cut(path, &cut);
    for (size_t i = 0; ok && i < s->n_routes; i++) {
        unsigned score = strcmp(s->routes[i]->method, method) == 0 ? fit(s->pack, &s->route_paths[i], &cut, args, &n) : 0;
        if (score > best_score) {
            best = s->routes[i];
            best_score = score;
        }
    }
    return best;
}

bool site_upload_path(Str method, Str path)
{
    /* Called before a request exists: decided by shape. Attachments, what the public sends in, and, when the job routes are there, workbooks. */
    return str_eq(method, S("POST")) && (str_starts(path, S("/f/")) || str_eq(path, S("/verify")) || (str_starts(path, S("/r/")) && (str_ends(path, S("/files")) ||
                                                                                                      str_ends(path, S("/import")))));
}
