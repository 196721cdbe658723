/*
 * document.c - see document.h. Assembly is job/letter, printing job/press; here the address is taken apart and rights are asked.
 */
#include "feature/document/document.h"

#include "job/letter.h"

static Press *press;
static const Actor ANYONE = {.via = STR_INIT("public")};

void document_set_press(Press *p)
{
    press = p;
}

typedef struct {
    const char *ending, *mime;
    PaperFormat format;
} Kind;

static const Kind KINDS[] = {
    {"pdf", "application/pdf", PAPER_PDF},
    {"docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", PAPER_DOCX},
};

/* "decision.pdf" into the document and the kind of file. */
static bool asked_for(Req *rq, const RecordType *t, const Document **ret_d, const Kind **ret_k)
{
    Str name, ending;
    if (!str_cut(req_arg(rq, "doc"), '.', &name, &ending)) {
        ending = S("pdf");
    }
    *ret_d = pack_document(rq->pack, name);
    *ret_k = NULL;
    for (size_t i = 0; i < ARRAY_LEN(KINDS); i++) {
        *ret_k = str_eq(ending, str_c(KINDS[i].ending)) ? &KINDS[i] : *ret_k;
    }
    if (*ret_d == NULL || (*ret_d)->type != t) {
        return fail(&rq->cx, E_NOT_FOUND, "%.*s没有这份文件", STRF(t->label));
    }
    return *ret_k != NULL || fail(&rq->cx, E_NOT_ACCEPTABLE, "文件可以取 pdf 或 docx");
}

static bool answer(Req *rq, const Actor *a, const Document *d, const Kind *k, const Rec *r)
{
    Paper *p;
    if (!letter_make(&rq->cx, rq->store, a, d, r, &p) || !press_print(&rq->cx, press, p, k->format, &rq->raw_body)) {
        return false;
    }
    Buf name = buf_new(rq->mem, 2000);
    buf_add(&name, k->format == PAPER_PDF ? S("inline; filename*=UTF-8''") : S("attachment; filename*=UTF-8''"));
    url_encode(&name, letter_file_name(&rq->cx, rq->store, d, r, k->ending));
    req_header(rq, S("content-disposition"), buf_str(&name));
    rq->raw_type = str_c(k->mime);
    return true;
}

static bool own_document(Req *rq)
{
    const RecordType *t = req_type(rq);
    const Document *d;
    const Kind *k;
    int64_t id;
    Rec r;
    return t != NULL && req_id(rq, &id) && rec_get(&rq->cx, rq->store, &rq->actor, t, id, &r) && asked_for(rq, t, &d, &k) &&
           answer(rq, &rq->actor, d, k, &r);
}

/* The same bytes for everyone: read with nobody's rights. */
static bool open_document(Req *rq)
{
    const RecordType *t = req_type(rq);
    const Document *d;
    const Kind *k;
    int64_t id;
    Rec r;
    if (t == NULL || !req_id(rq, &id) || !asked_for(rq, t, &d, &k)) {
        return false;
    }
    if (!d->open) {
        return fail(&rq->cx, E_NOT_FOUND, "这份文件不公开");
    }
    return rec_get(&rq->cx, rq->store, &ANYONE, t, id, &r) && answer(rq, &ANYONE, d, k, &r);
}

const Route ROUTES_DOCUMENT[] = {
    {"GET", "/r/{type}/{id:id}/documents/{doc}", own_document, AUTH_USER, NULL,
     "A document of the pack printed from a record (doc: <id>.pdf or <id>.docx)", NULL, ROUTE_HEAVY},
    {"GET", "/d/{type}/{id:id}/{doc}", open_document, AUTH_PUBLIC, NULL,
     "A document anyone may fetch, of a published record (doc: <id>.pdf or <id>.docx)", NULL, ROUTE_HEAVY},
    {0},
};
