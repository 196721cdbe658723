/*
 * logbook.c - see logbook.h. Everything here is public; the same addresses answer programs with JSON.
 *
 * An entry is shown by its own members: the words of `kind` are those of whoever wrote it.
 */
#include "feature/logbook/logbook.h"

#include "store/tlog.h"

#define PER_PAGE 30

static Str base64_of(Req *rq, const uint8_t h[32])
{
    return base64(rq->mem, str_n((const char *)h, 32));
}

static void set_path(Req *rq, const char *name, uint8_t (*path)[32], size_t n)
{
    Doc *l = doc_set_list(rq->doc, name);
    for (size_t i = 0; i < n; i++) {
        doc_add_str(l, base64_of(rq, path[i]));
    }
}

static bool number(Req *rq, Str text, const char *what, int64_t *ret)
{
    if (!str_int(text, ret) || *ret < 0) {
        return fail(&rq->cx, E_BAD_REQUEST, "%s应是一个不小于 0 的整数", what);
    }
    return true;
}

static void entry_doc(Req *rq, const LogEntry *e, Doc *o)
{
    doc_set_int(o, "index", e->index);
    doc_set_str(o, "kind", e->kind);
    doc_set_str(o, "subject", e->subject);
    doc_set_instant(o, "time", e->at_ms);
    doc_set_str(o, "leaf", base64_of(rq, e->leaf));
    doc_html_only(doc_set_str(o, "short", str_printf(rq->mem, "%.*s…", STRF(str_sub(base64_of(rq, e->leaf), 0, 12)))));
    doc_html_only(doc_set_str(o, "href", str_printf(rq->mem, "/log/entry/%lld", (long long)e->index)));
}

static bool log_page(Req *rq)
{
    LogEntry *items;
    size_t n;
    int64_t size, before = -1;
    uint8_t root[32];
    Str note;
    if (req_param(rq, "before").n != 0 && !number(rq, req_param(rq, "before"), "before ", &before)) {
        return false;
    }
    /* the checkpoint first: it may write, and what follows then shows at least its size */
    if (!tlog_checkpoint(&rq->cx, rq->store, &note) || !tlog_size(&rq->cx, rq->store, &size) ||
        !tlog_root(&rq->cx, rq->store, size, root) || !tlog_list(&rq->cx, rq->store, before, PER_PAGE, &items, &n)) {
        return false;
    }
    doc_set_strc(rq->doc, "title", "公开日志");
    doc_set_int(rq->doc, "size", size);
    doc_set_str(rq->doc, "root", base64_of(rq, root));
    doc_set_str(rq->doc, "checkpoint", note);
    doc_set_str(rq->doc, "vkey", tlog_vkey(rq->store, rq->mem));
    Doc *l = doc_set_list(rq->doc, "entries");
    for (size_t i = 0; i < n; i++) {
        entry_doc(rq, &items[i], doc_add_obj(l));
    }
    bool more = n != 0 && items[n - 1].index > 0;
    doc_set_str(rq->doc, "older", more ? str_printf(rq->mem, "/log?before=%lld", (long long)items[n - 1].index) : S(""));
    req_crumb(rq, S("公开日志"), S(""));
    return true;
}

static bool entry_page(Req *rq)
{
    LogEntry e;
    int64_t index, size;
    uint8_t root[32], (*path)[32];
    size_t n;
    Str place = req_arg(rq, "n");
    if (str_ends(place, S(".json"))) { /* the last segment takes the ending with it */
        place.n -= strlen(".json");
    }
    if (!number(rq, place, "条目的序号", &index) || !tlog_get(&rq->cx, rq->store, index, &e) ||
        !tlog_size(&rq->cx, rq->store, &size)) {
        return false;
    }
    if (req_param(rq, "size").n != 0 && !number(rq, req_param(rq, "size"), "size ", &size)) {
        return false;
    }
    if (!tlog_proof(&rq->cx, rq->store, index, size, &path, &n) || !tlog_root(&rq->cx, rq->store, size, root)) {
        return false;
    }
    entry_doc(rq, &e, rq->doc);
    doc_set_str(rq->doc, "title", str_printf(rq->mem, "公开日志第 %lld 条", (long long)index));
    doc_set_str(rq->doc, "entry", e.entry);
    doc_set_int(rq->doc, "size", size);
    doc_set_str(rq->doc, "root", base64_of(rq, root));
    set_path(rq, "proof", path, n);
    doc_set_str(rq->doc, "older", index > 0 ? str_printf(rq->mem, "/log/entry/%lld", (long long)index - 1) : S(""));
    doc_set_str(rq->doc, "newer", index + 1 < size ? str_printf(rq->mem, "/log/entry/%lld", (long long)index + 1) : S(""));
    req_crumb(rq, S("公开日志"), S("/log"));
    req_crumb(rq, str_printf(rq->mem, "第 %lld 条", (long long)index), S(""));
    return true;
}

static bool checkpoint_text(Req *rq)
{
    if (!tlog_checkpoint(&rq->cx, rq->store, &rq->raw_body)) {
        return false;
    }
    rq->raw_type = S("text/plain; charset=utf-8");
    return true;
}

static bool consistency_json(Req *rq)
{
    int64_t from, to;
    uint8_t old_root[32], new_root[32], (*path)[32];
    size_t n;
    if (!number(rq, req_param(rq, "from"), "from ", &from)) {
        return false;
    }
    if (req_param(rq, "to").n != 0 ? !number(rq, req_param(rq, "to"), "to ", &to) : !tlog_size(&rq->cx, rq->store, &to)) {
        return false;
    }
    if (!tlog_consistency(&rq->cx, rq->store, from, to, &path, &n) || !tlog_root(&rq->cx, rq->store, from, old_root) ||
        !tlog_root(&rq->cx, rq->store, to, new_root)) {
        return false;
    }
    doc_set_int(rq->doc, "from", from);
    doc_set_int(rq->doc, "to", to);
    doc_set_str(rq->doc, "from_root", base64_of(rq, old_root));
    doc_set_str(rq->doc, "to_root", base64_of(rq, new_root));
    set_path(rq, "proof", path, n);
    return true;
}

static bool keys_page(Req *rq)
{
    PublicKey keys[2] = {*signer_public(store_signer(rq->store, SIGN_ED25519)), *signer_public(store_signer(rq->store, SIGN_SM2))};
    rq->raw_body = keys_json(rq->mem, keys, 2, tlog_origin(rq->store, rq->mem), tlog_vkey(rq->store, rq->mem));
    rq->raw_type = S("application/json");
    req_header(rq, S("access-control-allow-origin"), S("*"));
    return true;
}

/* The page that checks certificates from any place, with this site's keys inside. */
static bool offline_page(Req *rq)
{
    PublicKey keys[2] = {*signer_public(store_signer(rq->store, SIGN_ED25519)), *signer_public(store_signer(rq->store, SIGN_SM2))};
    Str page = req_asset(rq, S("verify.html"));
    if (page.n == 0) {
        return fail(&rq->cx, E_NOT_FOUND, "这个站点没有装离线核对页");
    }
    Str text = keys_json(rq->mem, keys, 2, tlog_origin(rq->store, rq->mem), tlog_vkey(rq->store, rq->mem));
    rq->raw_body = str_replace(rq->mem, page, S("@KEYS@"), base64url(rq->mem, text));
    rq->raw_type = S("text/html; charset=utf-8");
    req_header(rq, S("content-disposition"), S("attachment; filename=\"tamga-verify.html\""));
    return true;
}

const Route ROUTES_LOGBOOK[] = {
    {"GET", "/log", log_page, AUTH_PUBLIC, "logbook/log", "The public log: newest entries, size, root, checkpoint", "before:int", 0},
    {"GET", "/log/entry/{n}", entry_page, AUTH_PUBLIC, "logbook/entry", "One entry of the public log with its proof in the tree of `size`", "size:int", 0},
    {"GET", "/log/checkpoint", checkpoint_text, AUTH_PUBLIC, NULL, "The signed checkpoint of the public log (C2SP signed note)", NULL, 0},
    {"GET", "/log/consistency", consistency_json, AUTH_PUBLIC, NULL, "Proof that the log of size `to` continues that of size `from`",
     "from:int,to:int", 0},
    {"GET", "/verify/offline", offline_page, AUTH_PUBLIC, NULL, "A page to keep, which checks certificates without this site", NULL, 0},
    {"GET", "/keys.json", keys_page, AUTH_PUBLIC, NULL, "The public keys that sign certificates and checkpoints", NULL, 0},
    {0},
};
