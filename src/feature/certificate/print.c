/*
 * print.c - a certificate on paper, and all of a round in one package. The code on it leads to the page that checks;
 * behind the # stands the signed text, which never reaches a server, so that the code also serves who has no network.
 */
#include <pthread.h>
#include <stdlib.h>

#include "feature/certificate/certificate.h"
#include "fmt/zipplain.h"

static const Actor FACTS = {.is_system = true, .name = STR_INIT("系统"), .via = STR_INIT("print")};
static char site_url[300];
static Press *press;
static Jobs *jobs;
static pthread_mutex_t url_lock = PTHREAD_MUTEX_INITIALIZER; /* set while the first request may already be under way */

void certificate_set_url(Str url)
{
    pthread_mutex_lock(&url_lock);
    size_t n = url.n < sizeof site_url ? url.n : 0;
    memcpy(site_url, url.p, n);
    site_url[n] = '\0';
    while (n > 0 && site_url[n - 1] == '/') {
        site_url[--n] = '\0';
    }
    pthread_mutex_unlock(&url_lock);
}

void certificate_set_press(Press *p)
{
    press = p;
}

void certificate_set_jobs(Jobs *j)
{
    jobs = j;
}

static Str code_text(Cx *cx, Str no, Str token)
{
    pthread_mutex_lock(&url_lock);
    Str url = str_dup(cx->mem, str_c(site_url));
    pthread_mutex_unlock(&url_lock);
    Str text = url.n != 0 ? str_printf(cx->mem, "%.*s/verify/%.*s#%.*s", STRF(url), STRF(no), STRF(token)) : token;
    return text.n <= PAPER_MAX_QR ? text : str_printf(cx->mem, "%.*s/verify/%.*s", STRF(url), STRF(no));
}

bool certificate_print(Cx *cx, Store *s, const Document *d, const Rec *r, Paper *p)
{
    CertSet set;
    bool found;
    Rec whole;
    if (!cert_set(cx, store_pack(s), r->type, &set, &found) || !found || set.document != d) {
        return cx->err == E_OK;
    }
    if (!rec_get(cx, s, &FACTS, r->type, r->id, &whole)) {
        return false;
    }
    const Value *token = &whole.v[set.token->index];
    if (!token->has) {
        p->watermark = S("未签发");
        return true;
    }
    p->qr = code_text(cx, r->no, token->s);
    p->qr_caption =
        p->qr_caption.n != 0 ? str_printf(cx->mem, "扫码核验真伪\n%.*s", STRF(p->qr_caption)) : S("扫码核验真伪");
    p->keywords = token->s;
    const Value *mn = set.name_mn != NULL ? &whole.v[set.name_mn->index] : NULL;
    for (Str rest = mn != NULL && mn->has ? mn->s : S(""), line; rest.n != 0;) {
        (void)str_cut(rest, '\n', &line, &rest);
        paper_script(p, line);
    }
    return true;
}

/* ---- all of a round ---- */

typedef struct {
    int64_t *ids;
    size_t n, cap;
    Arena *mem;
} Ids;

static bool keep_id(void *ctx, const Rec *r)
{
    Ids *l = ctx;
    ARRAY_ROOM(l->mem, l->ids, l->n, l->cap);
    l->ids[l->n++] = r->id;
    return true;
}

static int by_id(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

static bool all_of_round(Cx *cx, Store *s, const Actor *a, const CertSet *set, int64_t round, Ids *ret)
{
    Arena *mem = cx->mem, *rows = arena_new(0);
    Query q = {.type = set->t, .n_filters = 1};
    q.filters[0] = (Filter){.field = set->round, .op = OP_EQ, .value = {.has = true, .i = round}};
    *ret = (Ids){.mem = mem};
    cx->mem = rows;
    bool ok = rec_each(cx, s, a, &q, keep_id, ret);
    cx->mem = mem;
    cx->err_text = str_dup(mem, cx->err_text);
    cx->err_at = str_dup(mem, cx->err_at);
    arena_free(rows);
    if (ret->n != 0) {
        qsort(ret->ids, ret->n, sizeof *ret->ids, by_id);
    }
    return ok;
}

/* One certificate into the package; those not offered (revoked, expired) are passed over. */
static bool one_certificate(Cx *cx, Store *s, const Actor *a, const CertSet *set, int64_t id, ZipOut *z, int64_t *ret_n)
{
    Rec r;
    Paper *p;
    Str bytes;
    bool offered;
    if (!rec_get(cx, s, a, set->t, id, &r) || !letter_offered(cx, s, set->document, &r, &offered)) {
        return false;
    }
    if (!offered) {
        return true;
    }
    *ret_n += 1;
    return letter_make(cx, s, a, set->document, &r, &p) && press_print(cx, press, p, PAPER_PDF, &bytes) &&
           zipout_add(cx, z, str_printf(cx->mem, "%.*s.pdf", STRF(r.no)), bytes);
}

static bool work(Cx *cx, Store *s, const Actor *a, const RecordType *t, Str params, const char *out,
                 JobProgress *progress, void *ctx, Str *ret_text)
{
    CertSet set;
    bool found, ok = true;
    int64_t round, n = 0;
    Ids l;
    ZipOut *z;
    if (!cert_set(cx, store_pack(s), t, &set, &found)) {
        return false;
    }
    if (!found || set.round == NULL || set.document == NULL || !id_read(params, &round)) {
        return fail(cx, E_INVALID, "这种记录不能成批打印");
    }
    if (!all_of_round(cx, s, a, &set, round, &l) || !zipout_open(cx, out, cx->now_ms, &z)) {
        return false;
    }
    Arena *mem = cx->mem, *one = arena_new(0);
    for (size_t i = 0; ok && i < l.n; i++) {
        arena_reset(one);
        cx->mem = one;
        ok = one_certificate(cx, s, a, &set, l.ids[i], z, &n);
        cx->mem = mem;
        cx->err_text = str_dup(mem, cx->err_text);
        cx->err_at = str_dup(mem, cx->err_at);
        ok = ok && (progress(ctx, (int64_t)i + 1, (int64_t)l.n) || fail(cx, E_CANCELLED, "打印已取消"));
    }
    arena_free(one);
    ok = ok && (n != 0 || fail(cx, E_NOT_FOUND, "没有可以打印的证书")) && zipout_end(cx, z);
    zipout_drop(z);
    *ret_text = str_printf(cx->mem, "打印完毕，共 %lld 份证书，每份一个 PDF 文件", (long long)n);
    return ok;
}

const JobWork CERTIFICATE_WORK = {"certificates", work};

/* The round at hand, {type} and {id}, as the person sees it. */
static bool round_of(Req *rq, CertSet *set, Rec *ret)
{
    const RecordType *t = req_type(rq);
    bool found;
    int64_t id;
    if (t == NULL || !req_id(rq, &id) || !cert_set(&rq->cx, rq->pack, NULL, set, &found)) {
        return false;
    }
    if (!found || set->round == NULL || set->round->ref != t || set->document == NULL || jobs == NULL) {
        return fail(&rq->cx, E_NOT_FOUND, "%.*s没有可以成批打印的证书", STRF(t->label));
    }
    return rec_get(&rq->cx, rq->store, &rq->actor, t, id, ret);
}

bool certificate_round(Req *rq)
{
    CertSet set;
    Rec r;
    RecPage page;
    if (!round_of(rq, &set, &r)) {
        return false;
    }
    Query q = {.type = set.t, .limit = 1, .n_filters = 1};
    q.filters[0] = (Filter){.field = set.round, .op = OP_EQ, .value = {.has = true, .i = r.id}};
    if (!rec_list(&rq->cx, rq->store, &rq->actor, &q, true, &page)) {
        return false;
    }
    Str name = rec_label(&rq->cx, rq->store, r.type, r.id),
        href = str_printf(rq->mem, "/r/%.*s/%.*s", STRF(r.type->id), STRF(id_text(rq->mem, r.id)));
    doc_set_str(rq->doc, "title", str_printf(rq->mem, "打印全部%.*s", STRF(set.t->label)));
    doc_set_str(rq->doc, "round", name);
    doc_set_str(rq->doc, "record", href);
    doc_set_str(rq->doc, "action",
                str_printf(rq->mem, "/certificates/%.*s/%.*s", STRF(r.type->id), STRF(id_text(rq->mem, r.id))));
    doc_set_int(rq->doc, "total", page.total);
    doc_set_bool(rq->doc, "may", page.total > 0 && access_flag(&rq->actor, set.t, 'x'));
    req_crumb(rq, r.type->label, str_printf(rq->mem, "/r/%.*s", STRF(r.type->id)));
    req_crumb(rq, name, href);
    req_crumb(rq, S("打印证书"), S(""));
    return true;
}

/* The package becomes a job; its page shows how far it is. */
bool certificate_queue(Req *rq)
{
    CertSet set;
    Rec r;
    int64_t job;
    if (!round_of(rq, &set, &r)) {
        return false;
    }
    Str title = str_printf(rq->mem, "打印“%.*s”的全部%.*s", STRF(rec_label(&rq->cx, rq->store, r.type, r.id)),
                           STRF(set.t->label));
    if (!work_submit(&rq->cx, jobs, &rq->actor, &CERTIFICATE_WORK, set.t, title,
                     str_printf(rq->mem, "%.*s.zip", STRF(set.t->label)), id_text(rq->mem, r.id), &job)) {
        return false;
    }
    rq->redirect = str_printf(rq->mem, "/jobs/%lld", (long long)job);
    if (rq->wants_json) {
        doc_set_id(rq->doc, "id", job);
        rq->status = 202;
    }
    return true;
}
