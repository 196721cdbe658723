/*
 * document.c - see document.h. Assembly is job/letter, printing job/press; here the address is taken apart and rights
 * are asked.
 */
#include "feature/document/document.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fmt/crypt.h"
#include "fmt/xlsx.h"
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
    bool sheet; /* not printed: the first table as a workbook */
} Kind;

static const Kind KINDS[] = {
    {"pdf", "application/pdf", PAPER_PDF, false},
    {"docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", PAPER_DOCX, false},
    {"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", PAPER_PDF, true},
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
    return *ret_k != NULL || fail(&rq->cx, E_NOT_ACCEPTABLE, "文件可以取 pdf 或 docx，有表格的还可以取 xlsx");
}

static bool write_sheet(Cx *cx, const char *path, const PaperBlock *t, Str name)
{
    XlsxCol *cols = NEW_ARRAY(cx->mem, XlsxCol, t->n_cols);
    for (size_t i = 0; i < t->n_cols; i++) {
        cols[i] = (XlsxCol){.title = t->cols[i].title, .kind = XCOL_TEXT, .depends_on = -1};
    }
    XlsxSpec spec = {.sheet_name = utf8_cut(name, 30), .cols = cols, .n_cols = t->n_cols};
    XlsxWriter *w = xlsx_open(cx, path, &spec);
    if (w == NULL) {
        return false;
    }
    for (const PaperRow *r = t->rows; r != NULL; r = r->next) {
        for (size_t i = 0; i < t->n_cols; i++) {
            xlsx_text(w, i, r->cells[i]);
        }
        xlsx_next(w);
    }
    return xlsx_close(cx, w);
}

/* The first table as a workbook; its file has no name any more when it is sent. */
static bool answer_sheet(Req *rq, const Document *d, const Paper *p, Str name)
{
    const PaperBlock *t = p->blocks;
    while (t != NULL && t->kind != BLOCK_TABLE) {
        t = t->next;
    }
    if (t == NULL) {
        return fail(&rq->cx, E_NOT_ACCEPTABLE, "“%.*s”里没有表格，可以取 pdf 或 docx", STRF(d->label));
    }
    const char *path =
        str_printf(rq->mem, "%s/spool/sheet-%.*s", store_dir(rq->store), STRF(random_token(rq->mem, 12))).p;
    bool ok = write_sheet(&rq->cx, path, t, d->label);
    int fd = ok ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    struct stat st;
    (void)unlink(path);
    if (fd < 0 || fstat(fd, &st) != 0) {
        return ok ? fail(&rq->cx, E_IO, "写不出表格文件") : false;
    }
    rq->file_fd = fd;
    rq->file_len = st.st_size;
    rq->file_type = str_c(KINDS[2].mime);
    rq->file_name = name;
    return true;
}

static bool answer(Req *rq, const Actor *a, const Document *d, const Kind *k, const Rec *r)
{
    Paper *p;
    if (!letter_make(&rq->cx, rq->store, a, d, r, &p)) {
        return false;
    }
    if (k->sheet) {
        return answer_sheet(rq, d, p, letter_file_name(&rq->cx, rq->store, d, r, k->ending));
    }
    if (!press_print(&rq->cx, press, p, k->format, &rq->raw_body)) {
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
    return t != NULL && req_id(rq, &id) && rec_get(&rq->cx, rq->store, &rq->actor, t, id, &r) &&
           asked_for(rq, t, &d, &k) && answer(rq, &rq->actor, d, k, &r);
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
     "A document of the pack printed from a record (doc: its id and .pdf, .docx or .xlsx)", NULL, ROUTE_HEAVY},
    {"GET", "/d/{type}/{id:id}/{doc}", open_document, AUTH_PUBLIC, NULL,
     "A document anyone may fetch, of a published record (doc: its id and .pdf, .docx or .xlsx)", NULL, ROUTE_HEAVY},
    {0},
};
