/*
 * internal.h - what the files of page share; not for other modules.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "base/log.h"
#include "fmt/crypt.h"
#include "page/metrics.h"
#include "page/page.h"
#include "rule/validate.h"
#include "store/file.h"
#include "store/journal.h"
#include "store/task.h"
#include "store/compliance.h"
#include "store/factor.h"
#include "store/idem.h"
#include "store/user.h"

/* A file of the asset folder, held in memory for the life of the process. */
typedef struct {
    Str body, gzip, type, etag;      /* gzip empty: not worth it */
    bool hashed;                     /* its name changes with its content: may be kept for ever */
} Asset;

typedef struct PageCache PageCache;
typedef struct TodoCache TodoCache;
typedef struct NoticeCache NoticeCache;

struct Site {
    Store *store;
    const Pack *pack;
    Arena *mem;
    SiteConf conf;
    bool secure;                     /* reached through https: cookies are Secure */
    Templates *templates;
    const Route **routes;
    const struct RoutePath *route_paths; /* their patterns, cut (route.c) */
    size_t n_routes;
    const Route **menu_routes;       /* of each item of the pack's menu; NULL: nothing serves it */
    Map assets;                      /* file name -> Asset */
    Doc *frame;                      /* what every page's layout needs, the same for all: lang, site, assets */
    PageCache *cache;
    TodoCache *todo;
    NoticeCache *notices;
    Str openapi, openapi_etag;
    Str login_secret;
    _Atomic int heavy;
    Metrics metrics;
    _Atomic uint64_t known[16384];   /* marks of sessions and tokens found good a while ago (busy.c) */
    const Net *_Atomic net;          /* NULL: not started */
    _Atomic bool stopping;
    int64_t started_ms, ready_ms;    /* ready_*: what /readyz found a moment ago, under ready_lock */
    unsigned ready_bad;
    pthread_mutex_t ready_lock;
    Str busy_html;                   /* the page for those there is no room for; empty: JSON only */
    pthread_mutex_t idem_lock;
    pthread_cond_t idem_done;
    uint8_t idem_busy[64][32];       /* keys of writes under way */
    size_t n_idem_busy;
};

/* A request with what only this module needs. A Req is always the head of an Exchange. */
typedef struct {
    Req rq;
    NetResp *resp;
    Str path;                        /* without ".json" */
    Str cookies;
    bool bearer, big, contrast, cacheable, flash_waiting;
    uint64_t *seen;                  /* versions of all types when the request began (cacheable only) */
    bool *reads;
    Doc *crumbs;
    Str cookie_out[4];               /* Set-Cookie */
    size_t n_cookie_out;
    Str idem_key, idem_hash;
    bool idem_replayed;
    bool proof_asked;                /* the page that asks for the proof is the answer */
    const Findings *act_found;       /* why the step just tried was refused */
} Exchange;

static inline Exchange *exchange(Req *rq) { return (Exchange *)rq; }
size_t site_versions(const Site *s); /* number of version counters */

/* handle.c */
Exchange *exchange_new(Site *s, const NetReq *net, NetResp *resp);
bool anonymous_read(const Exchange *x);              /* may this be answered with a page everybody sees? */
bool find_route(Exchange *x);
void exchange_note(Exchange *x, unsigned cls, int64_t start_us); /* answered: figures and the line of the log */
void exchange_log(const Exchange *x, unsigned cls, int64_t us, bool shed);

/* busy.c: classes in the order of their turns */
enum { CLASS_VITAL, CLASS_SIGN_IN, CLASS_WRITE, CLASS_FORM, CLASS_READ, CLASS_PUBLIC, CLASS_HEAVY, CLASS_N };
const char *class_name(unsigned cls);
void known_note(Exchange *x);                        /* the session or token of this request is a good one */

/* route.c */
void routes_init(Site *s, Arena *mem, const Route *const *tables);
/* route_find - the route for a request; fills args. NULL with E_NOT_FOUND or E_METHOD (and Allow). */
const Route *route_find(Req *rq, Str method, Str path);
const Route *route_of(const Site *s, const char *method, Str path); /* NULL: none; so that links follow the route tables */

/* assets.c */
MUST_USE bool assets_load(Cx *cx, Site *s);
PageFn asset_page, favicon_page;
Str gzip_bytes(Arena *mem, Str body, int level); /* empty when it does not pay */

/* cache.c */
PageCache *page_cache_new(size_t max_bytes);
void page_cache_free(PageCache *c);
bool page_cache_answer(Exchange *x);                 /* true: answered from memory */
void page_cache_keep(Exchange *x, Str html, Str type); /* and answers with it */

/* body.c */
MUST_USE bool body_read(Exchange *x);

/* guard.c */
MUST_USE bool guard_identity(Exchange *x);
MUST_USE bool guard_rights(Exchange *x);
MUST_USE bool guard_forgery(Exchange *x);
MUST_USE bool guard_idem_begin(Exchange *x);          /* idem_replayed: the answer is already filled in */
void guard_idem_end(Exchange *x, bool ok);
Str login_csrf(Req *rq, bool make);                   /* token of the sign-in form; made with its cookie when asked */
const char *session_cookie(const Site *s);
void set_cookie(Req *rq, Str name, Str value, int64_t max_age_s, bool http_only); /* max_age 0: ends; -1: the browser session */

/* proof.c: is it still the person who signed in? May answer itself (proof_asked). */
MUST_USE bool guard_proof(Exchange *x);

/* render.c */
void render_answer(Exchange *x);
void render_problem(Exchange *x);
void render_busy(Exchange *x, int64_t retry_s);      /* 503 without database and template */

/* frame.c */
void frame_site(Site *s);
bool frame_build(Exchange *x);
void frame_title(Req *rq, Str title);
MUST_USE bool todo_counts(Req *rq, int64_t **ret_by_type, int64_t *ret_total);
TodoCache *todo_cache_new(void);
void todo_cache_free(TodoCache *c);
Str tone_word(Str pack_tone);                         /* grey sky grass gold red -> plain info good warn bad */

/* notices.c */
MUST_USE bool notice_count(Req *rq, int64_t *ret);      /* unread, of the actor */
NoticeCache *notice_cache_new(void);
void notice_cache_free(NoticeCache *c);

/* contacts.c: `contact` of a user into o */
MUST_USE bool contact_doc(Req *rq, int64_t user, Doc *o);

/* openapi.c */
void openapi_build(Site *s);
PageFn openapi_page;

/* url.c */
typedef struct {
    Str name, value;                                  /* value empty: leave the name out */
} UrlSet;
Str url_with(Arena *mem, Str path, const Params *p, const UrlSet *set, size_t n_set);
Str url_record(Arena *mem, const RecordType *t, int64_t id, const char *tail);
bool url_local(Str url);                              /* a path of this site: safe to redirect to */

/* valdoc.c: values as documents */
Doc *value_doc(Req *rq, const Field *f, const Value *v);
Str value_text(Req *rq, const Field *f, const Value *v);   /* for people; labels of references resolved */
Str rec_title(Req *rq, const Rec *r);
Doc *rec_doc(Req *rq, const Rec *r);                       /* the API's shape of a record */
bool field_visible(Req *rq, const Rec *r, const Field *f);
void find_fields(Req *rq, const RecordType *t, Doc *to); /* rfind.c: what a record may be found by, for the list page */
Doc *finding_list(Arena *mem, const Findings *found, bool warnings);
Doc *value_rows(Req *rq, const Field *list, const Value *v); /* html: columns and rows of a list field */

/* fielddoc.c: fields of forms */
typedef struct {
    Req *rq;
    const RecordType *type;        /* of the record; NULL for loose inputs */
    const Findings *found;         /* may be NULL */
    const Params *typed;           /* what was typed; NULL: nothing yet */
    int64_t self;
} FieldCtx;
Doc *field_doc(const FieldCtx *c, const Field *f, Str name, const Value *v);
Doc *field_doc_list(const FieldCtx *c, const Field *f, const Value *v);
Doc *field_options(Req *rq, const Field *f, Str chosen, bool filter);
/* ref_shown - the title of a record that an address or a form names, for those who may read it; for all others the text stays. */
Str ref_shown(Req *rq, const Field *f, Str text);
void field_doc_plain(Doc *o);      /* sets to null every name the template asks for and that is not set */

/* rform.c: pieces of the form page. form_section adds an object {label, clause, fields} to `sections` when there is a field to show. */
EvalEnv form_env(Req *rq, const RecordType *t, const Value *values);
void first_values(Req *rq, const RecordType *t, Value *values); /* defaults, own region, ?field=value */
void form_section(const FieldCtx *c, const EvalEnv *env, Doc *sections, Str label, Str clause, const Field *const *fields, size_t n);

/* fill.c: one part of a draft: a section of the type, or what stands in none */
typedef struct {
    Str label, clause;
    const Field *const *fields;
    size_t n, number;                                       /* number: 1 … */
} FillPart;
FillPart *fill_parts(Arena *mem, const RecordType *t, size_t *ret_n);
bool fill_may_set(const Req *rq, const Rec *r, const Field *f);
bool fill_in_part(const FillPart *p, Str field);           /* "list.2.column" belongs to `list` */
Str fill_url(Arena *mem, const Rec *r, size_t number);      /* 0: the list of parts */
MUST_USE bool fill_record(Req *rq, const RecordType **ret_t, Rec *ret); /* one that this person may fill in now */

/* rparse.c: forms into values */
MUST_USE bool form_values(Req *rq, const RecordType *t, const Field *fields, size_t n, bool whole, Value *values, bool *set,
                          Findings *found);

/* rquery.c: addresses into queries */
MUST_USE bool query_from(Req *rq, const RecordType *t, Query *ret, Findings *found);
const Field *query_field(const RecordType *t, Str id);     /* may be filtered by; NULL */
Doc *query_filters_doc(Req *rq, const RecordType *t, const Query *q);
Doc *query_chips_doc(Req *rq, const RecordType *t, const Query *q);

static inline const Field *const *as_const_fields(const Field **l) { return (const Field *const *)l; }

/* rfacet.c: counts by f (NULL: by state), added to the list `facets` */
MUST_USE bool facet_doc(Req *rq, const RecordType *t, const Query *q, const Field *f, Doc *facets);

/* rtable.c */
Doc *table_doc(Req *rq, const RecordType *t, const Field *const *cols, size_t n_cols, const RecPage *page, bool sortable,
               bool check);

/* racts.c: permitted actions in a document */
MUST_USE bool actions_doc(Req *rq, const Rec *r, Doc *o);
Doc *action_form_doc(Req *rq, const RecordType *t, const Action *act, Str href, const Findings *found);

/* rkept.c: signatures under way, snapshots, news of the form */
MUST_USE bool kept_doc(Req *rq, const Rec *r);

/* rflow.c */
Doc *flow_steps_doc(Req *rq, const Rec *r);
MUST_USE bool history_doc(Req *rq, const Rec *r, size_t limit, Doc **ret);
Doc *event_doc(Req *rq, const RecordType *t, const Event *e);

/* userpages.c: the account's page again with what is wrong; problem JSON for programs */
bool account_refused(Req *rq, Findings *found);
bool users_refused(Req *rq, Findings *found); /* the same for the page of users */

/* factorpages.c: `factor` of the account's page */
MUST_USE bool factor_doc(Req *rq, Doc *o);
/* userpages.c */
void role_options(Req *rq, Doc *list, const Org *at, Str chosen); /* {value, label, note, on}: the roles an account of this office may have */
Str role_labels(Req *rq, Str roles);

/* delegations.c: `delegations` (and for pages `colleagues`) into rq->doc */
MUST_USE bool delegations_doc(Req *rq);

/* rtask.c: what others were asked about a record */
MUST_USE bool tasks_doc(Req *rq, const Rec *r);
Doc *task_doc(Req *rq, const Task *t);

/* rconflict.c */
MUST_USE bool conflict_page(Req *rq, const RecordType *t, const Rec *now, int64_t rev, const Value *values, const bool *set);

/* ract.c */
MUST_USE bool bulk_confirm(Req *rq, const RecordType *t, const Action *act, const Str *ids, size_t n, Str back, const Findings *found);

/* rshow.c */
MUST_USE bool show_doc(Req *rq, const Rec *r);             /* the whole page document of a record */
MUST_USE bool file_rows(Req *rq, const Rec *r);            /* `files` into rq->doc */
/* show_section - adds {label, facts, tables} to `sections` when the person may see any of the fields. */
void show_section(Req *rq, Doc *sections, const Rec *r, Str label, const Field *const *fields, size_t n);
MUST_USE bool req_record(Req *rq, const RecordType **ret_t, Rec *ret);

bool req_need_user(Req *rq);       /* signed in, or a JSON reader of published records */

/* handlers, one file a group */
PageFn record_list, record_new, record_create, record_show, record_edit, record_update, record_delete, record_history, record_snapshot, record_revise,
    record_action, record_bulk, record_unmask, record_erase, record_find, record_check_field, record_file_add, file_get, file_delete, desk_page, journal_page,
    security_txt_page, clauses_page, login_page, login_post, logout_post, view_post, health_page, ready_page, metrics_page, home_page, access_page, users_page, users_post, user_password_post,
    user_disable_post, account_page, account_password_post, tokens_page, tokens_post, token_drop_post, search_page, task_post, task_answer_post,
    task_back_post, delegation_post, delegation_end_post, notices_page, notices_read_post, notice_read_post,
    outbox_page, outbox_retry_post, outbox_retry_all_post, account_contact_post, user_contact_post, public_form, public_form_post, public_status, public_status_post,
    fill_start, fill_start_post, fill_list, fill_section, fill_section_post, fill_check, code_page, code_post, confirm_page, confirm_post, confirm_end_post, factor_page, factor_begin_post, factor_confirm_post,
    factor_drop_post, user_factor_post, roles_page, roles_post, request_yes_post, request_no_post, first_page, first_post, security_page;
