/*
 * jobs.c - what people ask of the queue: put a job into it, see it, cancel it, run it again, take its files.
 *
 * A job is a row of the table `job` (jobrow.c); its files stand beside the database under jobs/: <id>.in what was uploaded,
 * <id>.report.xlsx the annotated workbook, <id>.out what was made. Whose job it is is asked first, each time.
 */
#include <unistd.h>

#include "base/date.h"
#include "fmt/xlsx.h"
#include "job/box.h"
#include "job/jobs_int.h"

#define LIST_MAX 100

const char *job_path(Arena *mem, const Jobs *j, int64_t id, const char *tail)
{
    return str_printf(mem, "%s/%lld.%s", j->dir, (long long)id, tail).p;
}

/* ---- new jobs ---- */

static JobRow new_row(Jobs *j, const Actor *a, const RecordType *t, Str kind)
{
    return (JobRow){.job = {.id = store_new_id(j->s, a->org != NULL ? a->org->home : 1), .user = a->user, .kind = kind, .type = t->id},
                    .actor = a->is_system ? S("system") : S("")};
}

static Str import_title(Arena *mem, const RecordType *t, bool dry_run)
{
    return str_printf(mem, "%s%.*s", dry_run ? "试导入" : "导入", STRF(t->label));
}

bool import_submit(Cx *cx, Jobs *j, const Actor *a, const RecordType *t, Str file_name, Str bytes, bool dry_run, int64_t *ret_id)
{
    if (t->sheet == NULL) {
        return fail(cx, E_NOT_FOUND, "%.*s没有导入表", STRF(t->label));
    }
    if (!access_flag(a, t, 'i') || a->read_only) {
        return fail(cx, E_FORBIDDEN, "您没有批量导入%.*s的权限", STRF(t->label));
    }
    char kind = upload_kind(bytes);
    if (bytes.n == 0) {
        return fail(cx, E_MEDIA_TYPE, "文件是空的，请选择填好的模板");
    }
    if (kind == 'o') {
        return fail(cx, E_MEDIA_TYPE, "这是旧版（.xls）或加了密码的工作簿，请在表格软件里去掉密码，另存为 .xlsx 后再上传");
    }
    if (kind == 0 || (kind == 'c' && str_ends(str_lower(cx->mem, file_name), S(".xlsx")))) {
        return fail(cx, E_MEDIA_TYPE, "这不是表格文件，请上传 .xlsx 工作簿或 .csv 文件");
    }
    JobRow r = new_row(j, a, t, S("import"));
    r.job.title = import_title(cx->mem, t, dry_run);
    r.job.input_name = file_name.n != 0 ? utf8_cut(file_name, 120) : kind == 'x' ? S("导入.xlsx") : S("导入.csv");
    r.job.dry_run = dry_run;
    const char *in = job_path(cx->mem, j, r.job.id, "in");
    XlsxInfo info;
    int fd;
    const char *clear;
    if (!box_bytes(cx, bytes, &fd, &clear)) {
        return false;
    }
    bool readable = kind != 'x' || xlsx_info(cx, clear, &info);
    close(fd);
    if (!readable || !box_write(cx, j->s, in, bytes)) {
        return false;
    }
    if (!store_write(cx, j->s, job_row_insert, &r)) {
        (void)unlink(in);
        return false;
    }
    *ret_id = r.job.id;
    jobs_poke(j);
    return true;
}

bool export_submit(Cx *cx, Jobs *j, const Actor *a, const Query *q, Str format, int64_t *ret_id)
{
    if (!access_flag(a, q->type, 'x')) {
        return fail(cx, E_FORBIDDEN, "您没有导出%.*s的权限", STRF(q->type->label));
    }
    if (!str_eq(format, S("csv")) && !str_eq(format, S("xlsx"))) {
        return fail(cx, E_NOT_ACCEPTABLE, "只能导出为 xlsx 或 csv");
    }
    JobRow r = new_row(j, a, q->type, S("export"));
    r.job.title = str_printf(cx->mem, "导出%.*s", STRF(q->type->label));
    r.job.input_name = str_printf(cx->mem, "%.*s-%.*s.%.*s", STRF(q->type->label), STRF(date_iso(cx->mem, instant_date(cx->now_ms))),
                                  STRF(format));
    r.params = query_save(cx->mem, q);
    if (!store_write(cx, j->s, job_row_insert, &r)) {
        return false;
    }
    *ret_id = r.job.id;
    jobs_poke(j);
    return true;
}

bool work_submit(Cx *cx, Jobs *j, const Actor *a, const JobWork *work, const RecordType *t, Str title, Str file_name, Str params,
                 int64_t *ret_id)
{
    if (!access_flag(a, t, 'x')) {
        return fail(cx, E_FORBIDDEN, "您没有导出%.*s的权限", STRF(t->label));
    }
    JobRow r = new_row(j, a, t, str_c(work->kind));
    r.job.title = title;
    r.job.input_name = file_name;
    r.params = params;
    if (!store_write(cx, j->s, job_row_insert, &r)) {
        return false;
    }
    *ret_id = r.job.id;
    jobs_poke(j);
    return true;
}

bool job_retry(Cx *cx, Jobs *j, const Actor *a, int64_t id, bool dry_run, int64_t *ret_id)
{
    JobRow old;
    if (!job_row_own(cx, a, id, &old)) {
        return false;
    }
    const RecordType *t = pack_type(store_pack(j->s), old.job.type);
    if (t == NULL || str_eq(old.job.state, S("waiting")) || str_eq(old.job.state, S("running"))) {
        return fail(cx, E_WRONG_STATE, "任务还没有结束");
    }
    bool import = str_eq(old.job.kind, S("import"));
    if (!access_flag(a, t, import ? 'i' : 'x') || (import && a->read_only)) {
        return fail(cx, E_FORBIDDEN, "您没有办理这个任务的权限");
    }
    JobRow r = new_row(j, a, t, old.job.kind);
    r.job.title = import ? import_title(cx->mem, t, dry_run) : old.job.title;
    r.job.input_name = old.job.input_name;
    r.job.dry_run = import && dry_run;
    r.params = old.params;
    const char *in = job_path(cx->mem, j, r.job.id, "in");
    if (import && link(job_path(cx->mem, j, id, "in"), in) != 0) {
        return fail(cx, E_NOT_FOUND, "上传的文件已不在，请重新上传");
    }
    if (!store_write(cx, j->s, job_row_insert, &r)) {
        (void)unlink(in);
        return false;
    }
    *ret_id = r.job.id;
    jobs_poke(j);
    return true;
}

/* ---- one's own jobs ---- */

bool job_get(Cx *cx, Jobs *j, const Actor *a, int64_t id, Job *ret)
{
    (void)j;
    JobRow r;
    if (!job_row_own(cx, a, id, &r)) {
        return false;
    }
    *ret = r.job;
    return true;
}

bool job_list(Cx *cx, Jobs *j, const Actor *a, Job **ret, size_t *ret_n)
{
    (void)j;
    Job *items = NEW_ARRAY(cx->mem, Job, LIST_MAX);
    size_t n = 0;
    Stmt *st = db_stmt(cx, cx->db, SQL_ADMIN,
                       S("select " JOB_COLUMNS " from job where user_id = ?1 order by created desc, id desc limit ?2"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, a->user);
    stmt_int(st, 2, LIST_MAX);
    while (n < LIST_MAX && stmt_next(cx, st)) {
        JobRow r;
        job_row_read(cx->mem, st, &r);
        items[n++] = r.job;
    }
    *ret = items;
    *ret_n = n;
    return stmt_end(st);
}

bool job_cancel(Cx *cx, Jobs *j, const Actor *a, int64_t id)
{
    JobRow r;
    if (!job_row_own(cx, a, id, &r)) {
        return false;
    }
    if (!str_eq(r.job.state, S("waiting")) && !str_eq(r.job.state, S("running"))) {
        return fail(cx, E_WRONG_STATE, "任务已经结束，不能取消");
    }
    /* in one write, as it may begin at this moment; whoever runs it sees the mark when it writes its progress */
    if (!store_write(cx, j->s, job_row_stop, &id)) {
        return false;
    }
    pthread_mutex_lock(&j->lock);
    if (j->running == id) { /* here: at once */
        atomic_store(&j->cancel, true);
    }
    pthread_mutex_unlock(&j->lock);
    return true;
}

static Str stem(Str name)
{
    for (size_t i = name.n; i > 1; i--) {
        if (name.p[i - 1] == '.') {
            return str_sub(name, 0, i - 1);
        }
    }
    return name;
}

bool job_file(Cx *cx, Jobs *j, const Actor *a, int64_t id, Str which, int *ret_fd, Str *ret_name)
{
    JobRow r;
    if (!job_row_own(cx, a, id, &r)) {
        return false;
    }
    const char *tail = NULL;
    Str name = r.job.input_name;
    if (str_eq(which, S("input")) && str_eq(r.job.kind, S("import"))) {
        tail = "in";
    } else if (str_eq(which, S("report")) && r.job.has_report) {
        tail = "report.xlsx";
        name = str_printf(cx->mem, "%.*s-核对结果.xlsx", STRF(stem(name)));
    } else if (str_eq(which, S("output")) && r.job.has_output) {
        tail = "out";
    }
    if (tail == NULL) {
        return fail(cx, E_NOT_FOUND, "这个任务没有这个文件");
    }
    if (access(job_path(cx->mem, j, id, tail), F_OK) != 0) {
        return fail(cx, E_NOT_FOUND, store_shared(j->s) ? "这个任务的文件不在这台服务器的数据文件夹里" : "这个任务没有这个文件");
    }
    if (!box_open(cx, j->s, job_path(cx->mem, j, id, tail), ret_fd, NULL)) {
        return false;
    }
    *ret_name = name;
    return true;
}
