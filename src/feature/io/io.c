/*
 * io.c - templates, imports and exports of any record type, and the pages of the jobs they become. Clause 1.1.
 *
 * An upload is never worked on in the request: it is kept, queued, and its page shows how far it is. A short export is answered at once;
 * a long one becomes a job too. Files made for one answer have no name any more when they are sent.
 */
#include "feature/io/io.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/date.h"
#include "fmt/crypt.h"

#define AT_ONCE 5000 /* records of an export that is answered in the request */
#define XLSX "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#define CSV "text/csv; charset=utf-8"

static Jobs *jobs;

void io_set_jobs(Jobs *j)
{
    jobs = j;
}

/* ---- files ---- */

static const char *scratch_path(Req *rq)
{
    return str_printf(rq->mem, "%s/jobs/answer-%.*s", store_dir(rq->store), STRF(random_token(rq->mem, 12))).p;
}

static bool send_fd(Req *rq, int fd, Str type, Str name)
{
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0) {
        if (fd >= 0) {
            close(fd);
        }
        return fail(&rq->cx, E_IO, "打不开文件");
    }
    rq->file_fd = fd;
    rq->file_len = st.st_size;
    rq->file_type = type;
    rq->file_name = name;
    return true;
}

/* Send the file at path and forget its name: it is gone once it was sent. */
static bool send_scratch(Req *rq, const char *path, Str type, Str name)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    (void)unlink(path);
    return send_fd(rq, fd, type, name);
}

static Str today(Req *rq)
{
    return date_iso(rq->mem, instant_date(rq->cx.now_ms));
}

/* ---- import ---- */

static const RecordType *sheet_type(Req *rq)
{
    const RecordType *t = req_type(rq);
    if (t == NULL) {
        return NULL;
    }
    if (t->sheet == NULL) {
        (void)fail(&rq->cx, E_NOT_FOUND, "%.*s没有导入表", STRF(t->label));
        return NULL;
    }
    if (!access_flag(&rq->actor, t, 'i')) {
        (void)fail(&rq->cx, E_FORBIDDEN, "您没有批量导入%.*s的权限", STRF(t->label));
        return NULL;
    }
    return t;
}

static bool template_get(Req *rq)
{
    const RecordType *t = sheet_type(rq);
    if (t == NULL) {
        return false;
    }
    const char *path = scratch_path(rq);
    bool rows = str_eq(param_get(&rq->query, S("rows")), S("1"));
    if (!template_write(&rq->cx, rq->store, &rq->actor, t, rows, path)) {
        (void)unlink(path);
        return false;
    }
    return send_scratch(rq, path, S(XLSX), str_printf(rq->mem, "%.*s-%s%.*s.xlsx", STRF(t->sheet->label), rows ? "已有数据-" : "模板-",
                                                      STRF(today(rq))));
}

static void import_doc(Req *rq, const RecordType *t)
{
    Doc *d = rq->doc = doc_obj(rq->mem);
    Str base = str_printf(rq->mem, "/r/%.*s", STRF(t->id));
    doc_set_str(d, "title", str_printf(rq->mem, "批量导入%.*s", STRF(t->label)));
    doc_set_str(d, "type", t->id);
    doc_set_str(d, "type_label", t->label);
    doc_set_str(d, "sheet_label", t->sheet->label);
    doc_set_str(d, "clause", t->clause);
    doc_set_str(d, "action", str_printf(rq->mem, "%.*s/import", STRF(base)));
    doc_set_str(d, "template", str_printf(rq->mem, "%.*s/template.xlsx", STRF(base)));
    doc_set_str(d, "list", base);
    Doc *notes = doc_set_list(d, "notes");
    for (size_t i = 0; i < t->sheet->n_notes; i++) {
        doc_add_str(notes, t->sheet->notes[i]);
    }
    doc_set_list(d, "errors");
    doc_set_list(d, "recent");
    doc_set_bool(d, "has_recent", false);
    req_crumb(rq, t->label, base);
    req_crumb(rq, S("批量导入"), S(""));
}

static bool import_get(Req *rq)
{
    const RecordType *t = sheet_type(rq);
    Job *items;
    size_t n, shown = 0;
    if (t == NULL || !job_list(&rq->cx, jobs, &rq->actor, &items, &n)) {
        return false;
    }
    import_doc(rq, t);
    Doc *recent = doc_get(rq->doc, S("recent"));
    for (size_t i = 0; i < n && shown < 5; i++) {
        if (str_eq(items[i].type, t->id) && str_eq(items[i].kind, S("import"))) {
            doc_add_doc(recent, io_job_doc(rq, &items[i], !rq->wants_json));
            shown++;
        }
    }
    if (shown != 0) {
        doc_get(rq->doc, S("has_recent"))->b = true;
    }
    return true;
}

static const Part *upload_part(const Req *rq)
{
    for (size_t i = 0; i < rq->n_parts; i++) {
        if (rq->parts[i].is_file && rq->parts[i].data.n != 0) {
            return &rq->parts[i];
        }
    }
    return NULL;
}

/* Go to the job's page; programs get the job itself. */
static bool answer_job(Req *rq, int64_t id)
{
    Job b;
    rq->redirect = str_printf(rq->mem, "/jobs/%lld", (long long)id);
    if (!rq->wants_json) {
        return true;
    }
    if (!job_get(&rq->cx, jobs, &rq->actor, id, &b)) {
        return false;
    }
    rq->doc = io_job_doc(rq, &b, false);
    rq->status = 202;
    return true;
}

/* A page again with what is wrong on top; programs get the failure as it is. */
static bool import_refused(Req *rq, const RecordType *t)
{
    if (rq->wants_json || (rq->cx.err != E_MEDIA_TYPE && rq->cx.err != E_INVALID && rq->cx.err != E_TOO_LARGE)) {
        return false;
    }
    import_doc(rq, t);
    Doc *e = doc_add_obj(doc_get(rq->doc, S("errors")));
    doc_set_str(e, "field", S("file"));
    doc_set_str(e, "text", str_dup(rq->mem, cx_text(&rq->cx)));
    doc_set_null(e, "clause");
    rq->status = err_info(rq->cx.err)->http;
    cx_clear(&rq->cx);
    return true;
}

static bool import_post(Req *rq)
{
    const RecordType *t = sheet_type(rq);
    if (t == NULL) {
        return false;
    }
    const Part *p = upload_part(rq);
    Str mode = req_param(rq, "mode");
    bool real = str_eq(mode, S("real")) || str_eq(req_param(rq, "dry_run"), S("false"));
    int64_t id;
    if (p == NULL) {
        (void)fail(&rq->cx, E_INVALID, "请先选择填好的表格文件（.xlsx 或 .csv）");
        return import_refused(rq, t);
    }
    if (!import_submit(&rq->cx, jobs, &rq->actor, t, p->filename, p->data, !real, &id)) {
        return import_refused(rq, t);
    }
    return answer_job(rq, id);
}

/* ---- export ---- */

static bool export_as(Req *rq, Str format)
{
    const RecordType *t = req_type(rq);
    Query q;
    Findings found = findings_new(rq->mem);
    if (t == NULL || !query_from(rq, t, &q, &found)) {
        return false;
    }
    if (found.errors != 0) {
        return fail(&rq->cx, E_BAD_REQUEST, "查询参数不对：%.*s", STRF(found.items[0].text));
    }
    if (!access_flag(&rq->actor, t, 'x')) {
        return fail(&rq->cx, E_FORBIDDEN, "您没有导出%.*s的权限", STRF(t->label));
    }
    RecPage page;
    Query count = q;
    count.limit = 1;
    count.offset = 0;
    count.after = S("");
    int64_t id, rows;
    if (!rec_list(&rq->cx, rq->store, &rq->actor, &count, true, &page)) {
        return false;
    }
    if (page.total > AT_ONCE) {
        return export_submit(&rq->cx, jobs, &rq->actor, &q, format, &id) && answer_job(rq, id);
    }
    const char *path = scratch_path(rq);
    Str name = str_printf(rq->mem, "%.*s-%.*s.%.*s", STRF(t->label), STRF(today(rq)), STRF(format));
    if (!export_run(&rq->cx, rq->store, &rq->actor, &q, format, path, NULL, NULL, &rows)) {
        return false;
    }
    return send_scratch(rq, path, str_eq(format, S("csv")) ? S(CSV) : S(XLSX), name);
}

static bool export_csv(Req *rq)
{
    return export_as(rq, S("csv"));
}

static bool export_xlsx(Req *rq)
{
    return export_as(rq, S("xlsx"));
}

/* ---- jobs ---- */

static bool jobs_get(Req *rq)
{
    Job *items;
    size_t n;
    if (!job_list(&rq->cx, jobs, &rq->actor, &items, &n)) {
        return false;
    }
    rq->doc = doc_obj(rq->mem);
    doc_set_str(rq->doc, "title", S("后台任务"));
    Doc *l = doc_set_list(rq->doc, "items");
    for (size_t i = 0; i < n; i++) {
        doc_add_doc(l, io_job_doc(rq, &items[i], !rq->wants_json));
    }
    req_crumb(rq, S("后台任务"), S(""));
    return true;
}

static bool job_page(Req *rq)
{
    int64_t id;
    Job b;
    if (!req_id(rq, &id) || !job_get(&rq->cx, jobs, &rq->actor, id, &b)) {
        return false;
    }
    if (rq->wants_json) {
        rq->doc = io_job_doc(rq, &b, false);
        return true;
    }
    rq->doc = doc_obj(rq->mem);
    doc_set_str(rq->doc, "title", b.title);
    doc_set_doc(rq->doc, "job", io_job_doc(rq, &b, true));
    if (rq->is_htmx) { /* the card asks for itself */
        rq->view = "record/jobcard";
        return true;
    }
    req_crumb(rq, S("后台任务"), S("/jobs"));
    req_crumb(rq, b.title, S(""));
    return true;
}

static bool job_cancel_post(Req *rq)
{
    int64_t id;
    if (!req_id(rq, &id) || !job_cancel(&rq->cx, jobs, &rq->actor, id)) {
        return false;
    }
    return answer_job(rq, id);
}

static bool job_run_post(Req *rq)
{
    int64_t id, fresh;
    Job b;
    if (!req_id(rq, &id) || !job_get(&rq->cx, jobs, &rq->actor, id, &b)) {
        return false;
    }
    bool dry = b.dry_run && !str_eq(b.state, S("done")); /* one that did not come to its end is repeated as it was */
    return job_retry(&rq->cx, jobs, &rq->actor, id, dry, &fresh) && answer_job(rq, fresh);
}

static bool job_file_get(Req *rq)
{
    int64_t id;
    int fd;
    Str name;
    if (!req_id(rq, &id) || !job_file(&rq->cx, jobs, &rq->actor, id, req_arg(rq, "which"), &fd, &name)) {
        return false;
    }
    Str lower = str_lower(rq->mem, name);
    return send_fd(rq, fd, str_ends(lower, S(".xlsx")) ? S(XLSX) : str_ends(lower, S(".csv")) ? S(CSV) : S("application/octet-stream"),
                   name);
}

#define LIST_PARAMS "q:string,order:string,state:string,org:string"

const Route ROUTES_IO[] = {
    {"GET", "/r/{type}/template.xlsx", template_get, AUTH_USER, NULL, "Workbook to fill in; rows=1: with the records there are",
     "rows:int", ROUTE_HEAVY},
    {"GET", "/r/{type}/import", import_get, AUTH_USER, "record/import", "Import page", NULL, 0},
    {"POST", "/r/{type}/import", import_post, AUTH_USER, "record/import",
     "Queue the import of a workbook or CSV (multipart file; mode=dry checks only, mode=real writes)", NULL, ROUTE_UPLOAD},
    {"GET", "/r/{type}/export.csv", export_csv, AUTH_USER, NULL, "Records of a list as CSV; a long one becomes a job", LIST_PARAMS,
     ROUTE_HEAVY | ROUTE_PROOF | ROUTE_EXPORT},
    {"GET", "/r/{type}/export.xlsx", export_xlsx, AUTH_USER, NULL, "Records of a list as a workbook; a long one becomes a job", LIST_PARAMS,
     ROUTE_HEAVY | ROUTE_PROOF | ROUTE_EXPORT},
    {"GET", "/jobs", jobs_get, AUTH_USER, "record/jobs", "One's own jobs", NULL, 0},
    {"GET", "/jobs/{id:id}", job_page, AUTH_USER, "record/job", "A job: state, progress, counts, files", NULL, 0},
    {"POST", "/jobs/{id:id}/cancel", job_cancel_post, AUTH_USER, NULL, "Cancel a job", NULL, 0},
    {"POST", "/jobs/{id:id}/run", job_run_post, AUTH_USER, NULL, "Run a dry run for real, or repeat a job that failed", NULL, 0},
    {"GET", "/jobs/{id:id}/{which}", job_file_get, AUTH_USER, NULL, "A job's file: input, report, output", NULL, 0},
    {0},
};
