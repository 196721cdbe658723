/*
 * page.h - one request: route, session, rights, one document, JSON or HTML.
 *
 * A handler fills one document and names a template; it never sees HTML and never writes to a socket. Route tables are explicit
 * lists; app gives them to page_start. The same URL answers JSON to `Accept: application/json` or a path ending in .json.
 */
#pragma once

#include "fmt/doc.h"
#include "fmt/mustache.h"
#include "fmt/url.h"
#include "net/net.h"
#include "store/record.h"

typedef struct Site Site;            /* site.h: what is shared by all requests */
typedef struct Req Req;
typedef bool PageFn(Req *rq);

typedef enum { AUTH_PUBLIC, AUTH_USER, AUTH_ADMIN } RouteAuth;

/* One row a route. `pattern`: segments, {name} takes one segment, {name:id} a record id, {type} a record type of the pack. */
typedef struct {
    const char *method;              /* GET POST PUT PATCH DELETE; GET serves HEAD */
    const char *pattern;
    PageFn *fn;
    RouteAuth auth;
    const char *view;                /* template; NULL: JSON, redirect or file only */
    const char *summary;             /* one line, English, for OpenAPI */
    const char *params;              /* "limit:int,cursor:string": query parameters for OpenAPI; NULL: none */
    unsigned flags;
} Route;
enum {
    ROUTE_CACHE = 1,                 /* public page kept in the page cache; its handler notes what it read with req_reads */
    ROUTE_UPLOAD = 2,                /* may carry up to upload_bytes */
    ROUTE_NO_CSRF = 4,               /* checked otherwise (sign-in has its own token) */
    ROUTE_HEAVY = 8,                 /* at most two at once, then 503 */
    ROUTE_PROOF = 16,                /* wants password or code again, unless given within the profile's minutes (proof.c) */
    ROUTE_EXPORT = 32,               /* of these: a token of scope `export` may as well */
};

struct Req {
    Cx cx;
    Arena *mem;
    Site *site;
    Store *store;
    const Pack *pack;
    const NetReq *net;
    const Route *route;
    Str args[8][2];                  /* name, value of the pattern's segments */
    size_t n_args;
    Params query, form;              /* form: urlencoded fields, multipart plain fields, or the members of a JSON object */
    Doc *json;                       /* JSON body; NULL when it was a form */
    Part *parts;
    size_t n_parts;
    Actor actor;                     /* public when not signed in */
    Str session, csrf, nonce;
    bool wants_json, is_htmx, read_only;
    /* the answer */
    Doc *doc, *frame;                /* page document; what layouts need (html only) */
    const char *view;                /* from the route; may be changed */
    int status;
    Str redirect;                    /* set: 303 (201 with Location for JSON when status is 201) */
    NetHeader headers[24];
    size_t n_headers;
    int file_fd;                     /* > 0: send this file */
    int64_t file_len;
    Str file_type, file_name;
    bool file_inline;
    Str raw_body, raw_type;          /* a body that is neither page nor file */
};

Str req_arg(const Req *rq, const char *name);              /* empty when absent */
const RecordType *req_type(Req *rq);                       /* {type}; NULL with E_NOT_FOUND */
MUST_USE bool req_id(Req *rq, int64_t *ret);
Str req_param(const Req *rq, const char *name);            /* form first, then query */
void req_header(Req *rq, Str name, Str value);
bool req_see(Req *rq, Str url);                            /* redirect after a POST; always true */
void req_flash(Req *rq, Str tone, Str text);               /* shown on the next page of this session */
void req_reads(Req *rq, const RecordType *t);              /* cached page: depends on this type */
bool req_invalid(Req *rq, const Findings *found);          /* E_INVALID with errors[] in the document; false */
/* req_if_match - the revision from If-Match (API) or the form field `rev`; E_NEED_MATCH when an API write has neither. */
MUST_USE bool req_if_match(Req *rq, int64_t *ret_rev);
void req_etag(Req *rq, int64_t rev);
Str req_asset(const Req *rq, Str name);                    /* bytes of a file of the asset folder; empty when there is none */
void doc_set_count_kept(Doc *o, int64_t total);            /* "kept": for how many seconds so large a count stands (count_kept_ms), or null */
void req_crumb(Req *rq, Str label, Str href);
/* rec_offers - what else there is about a record: `pages` [{label, href}] (features.yaml, record), `documents` and has_documents. */
MUST_USE bool rec_offers(Req *rq, const Rec *r, Doc *to);
/* query_from - the filters, order and place of a list from the request's query; what is wrong with them in *found. */
MUST_USE bool query_from(Req *rq, const RecordType *t, Query *ret, Findings *found);

/* ---- starting (app) ---- */
typedef struct {
    Store *store;
    const char *view_dir, *asset_dir;
    const Route *const *tables;      /* NULL-terminated list of tables, each ended by a row without method */
    bool strict;                     /* tests: an unknown template name fails */
    bool demo;                       /* show the demonstration banner */
    const char *public_url;
    const char *security_contact;    /* for security.txt; NULL: none. security_contact_ok */
    const char *version;             /* of the program, for /metrics */
    bool behind_proxy;               /* then /metrics wants its token from everybody */
} SiteConf;
MUST_USE Site *site_start(Cx *cx, Arena *mem, const SiteConf *conf);
void site_stop(Site *s);
bool security_contact_ok(Str contact); /* mailto:, https:// or tel:, printable ASCII without spaces */
NetHandler site_handle;              /* net's handler; ctx is the Site */
const NetClass *site_classes(void);  /* the next four: NetConf's classes, classify, fast, shed */
unsigned site_classify(void *site, const NetReq *req);
bool site_fast(void *site, const NetReq *req, NetResp *resp);
void site_shed(void *site, const NetReq *req, NetResp *resp);
void site_net(Site *s, const Net *net);   /* whose figures /metrics shows; NULL before it is stopped */
void site_stopping(Site *s);              /* /readyz says so from now on */
void site_worker_start(void *site, unsigned worker);
void site_worker_stop(void *site, unsigned worker);
bool site_upload_path(Str method, Str path);
extern const Route ROUTES_CORE[];    /* sign-in, sign-out, view toggles, assets, health, openapi, clauses */
extern const Route ROUTES_RECORD[];  /* the generic record pages */
extern const Route ROUTES_USER[];    /* users, tokens, own account */
