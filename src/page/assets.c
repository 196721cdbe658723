/*
 * assets.c - style sheet, scripts, icons: read once at start with their gzip, served from memory under names that change with
 * their content, so that browsers may keep them for ever.
 */
#include "page/internal.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define ASSET_MAX (8 << 20)

Str gzip_bytes(Arena *mem, Str body, int level)
{
    if (body.n < 600 || body.n > (64u << 20)) {
        return S("");
    }
    z_stream z = {0};
    if (deflateInit2(&z, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
        return S("");
    }
    size_t room = deflateBound(&z, body.n);
    char *out = arena_alloc(mem, room + 1);
    char *in = (char *)(uintptr_t)body.p; /* zlib does not write to it */
    z.next_in = (Bytef *)in;
    z.avail_in = (uInt)body.n;
    z.next_out = (Bytef *)out;
    z.avail_out = (uInt)room;
    int done = deflate(&z, Z_FINISH);
    size_t n = room - z.avail_out;
    deflateEnd(&z);
    return done == Z_STREAM_END && n + n / 10 < body.n ? str_n(out, n) : S("");
}

static Str type_of(Str name)
{
    static const Str TYPES[][2] = {
        {STR_INIT(".css"), STR_INIT("text/css; charset=utf-8")},      {STR_INIT(".js"), STR_INIT("text/javascript; charset=utf-8")},
        {STR_INIT(".svg"), STR_INIT("image/svg+xml")},                {STR_INIT(".json"), STR_INIT("application/json")},
        {STR_INIT(".woff2"), STR_INIT("font/woff2")},                 {STR_INIT(".png"), STR_INIT("image/png")},
        {STR_INIT(".webmanifest"), STR_INIT("application/manifest+json")},
    };
    for (size_t i = 0; i < ARRAY_LEN(TYPES); i++) {
        if (str_ends(name, TYPES[i][0])) {
            return TYPES[i][1];
        }
    }
    return S("application/octet-stream");
}

static bool read_whole(Cx *cx, Arena *mem, const char *path, Str *ret)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > ASSET_MAX) {
        if (fd >= 0) {
            close(fd);
        }
        return fail(cx, E_IO, "读不了静态文件 %s", path);
    }
    size_t n = (size_t)st.st_size, at = 0;
    char *p = arena_alloc(mem, n + 1);
    while (at < n) {
        ssize_t got = read(fd, p + at, n - at);
        if (got <= 0) {
            close(fd);
            return fail(cx, E_IO, "读不了静态文件 %s", path);
        }
        at += (size_t)got;
    }
    close(fd);
    *ret = str_n(p, n);
    return true;
}

static bool load_one(Cx *cx, Site *s, Str name, bool hashed)
{
    Asset *a = NEW(s->mem, Asset);
    const char *path = str_z(cx->mem, str_printf(cx->mem, "%s/%.*s", s->conf.asset_dir, STRF(name)));
    if (!read_whole(cx, s->mem, path, &a->body)) {
        return false;
    }
    uint8_t sum[32];
    sha256(a->body.p, a->body.n, sum);
    a->etag = str_printf(s->mem, "\"%.*s\"", STRF(hex(cx->mem, sum, 10)));
    a->type = type_of(name);
    a->hashed = hashed;
    if (!str_ends(name, S(".woff2")) && !str_ends(name, S(".png"))) {
        a->gzip = gzip_bytes(s->mem, a->body, 9);
    }
    (void)map_put(&s->assets, str_dup(s->mem, name), a);
    return true;
}

/* The names pages use, from the manifest: "tamga.css" is served as /assets/tamga.1a2b3c4d.css. */
static void name_assets(Site *s, const Doc *manifest)
{
    static const char *const NAMES[][2] = {
        {"css", "tamga.css"}, {"js", "tamga.js"}, {"htmx", "htmx.js"}, {"icons", "icons.svg"}, {"favicon", "favicon.svg"}};
    Doc *o = doc_set_obj(s->frame, "assets");
    for (size_t i = 0; i < ARRAY_LEN(NAMES); i++) {
        Str file = doc_get_str(manifest, NAMES[i][1]);
        file = file.n != 0 ? file : str_c(NAMES[i][1]);
        doc_set_str(o, NAMES[i][0], str_printf(s->mem, "/assets/%.*s", STRF(file)));
    }
}

bool assets_load(Cx *cx, Site *s)
{
    s->assets = map_new(s->mem);
    Doc *manifest = NULL;
    Str text, why;
    const char *dir = s->conf.asset_dir;
    if (dir == NULL) {
        name_assets(s, NULL);
        return true;
    }
    if (!read_whole(cx, s->mem, str_z(cx->mem, str_printf(cx->mem, "%s/manifest.json", dir)), &text)) {
        return false;
    }
    manifest = json_read(s->mem, text, &why);
    if (manifest == NULL || manifest->kind != DOC_OBJ) {
        return fail(cx, E_DATA, "静态文件目录的 manifest.json 有错误");
    }
    for (const Doc *c = manifest->first; c != NULL; c = c->next) {
        if (str_contains(c->s, S("/")) || !load_one(cx, s, c->s, !str_eq(c->name, c->s))) {
            return false;
        }
    }
    name_assets(s, manifest);
    return true;
}

Str req_asset(const Req *rq, Str name)
{
    const Asset *a = map_get(&rq->site->assets, name);
    return a != NULL ? a->body : S("");
}

static void no_release(const void *ref) { (void)ref; }

bool asset_page(Req *rq)
{
    const Asset *a = map_get(&rq->site->assets, req_arg(rq, "file"));
    if (a == NULL) {
        return fail(&rq->cx, E_NOT_FOUND, "没有这个文件");
    }
    NetResp *resp = exchange(rq)->resp;
    req_header(rq, S("etag"), a->etag);
    req_header(rq, S("cache-control"), a->hashed ? S("public, max-age=31536000, immutable") : S("public, max-age=300"));
    req_header(rq, S("content-type"), a->type);
    if (str_eq(net_header(rq->net, S("if-none-match")), a->etag)) {
        rq->status = 304;
        return true;
    }
    bool zip = a->gzip.n != 0 && str_contains(net_header(rq->net, S("accept-encoding")), S("gzip"));
    if (a->gzip.n != 0) {
        req_header(rq, S("vary"), S("accept-encoding"));
    }
    if (zip) {
        req_header(rq, S("content-encoding"), S("gzip"));
    }
    rq->status = 200;
    resp->body = zip ? a->gzip : a->body;
    resp->body_ref = a;
    resp->body_release = no_release;
    return true;
}

bool favicon_page(Req *rq)
{
    return req_see(rq, doc_get_str(doc_get(rq->site->frame, S("assets")), "favicon"));
}
