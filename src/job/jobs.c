/*
 * jobs.c - the queue: rows of the table `job`, worked off one after another by one thread; files stand beside the database under jobs/.
 *
 * The table is the queue, so nothing is lost by a restart: what waits is worked off later, what was running is marked failed and may be
 * run again (an import is safe to repeat: rows already taken are found again by their key). Where several processes share a database and a folder
 * each takes a job by writing its name into the row; what one that died had running is begun anew by another, once. Files: <id>.in what was uploaded,
 * <id>.report.xlsx the annotated workbook, <id>.out what was made. Jobs are forgotten after 30 days, their files with them; looked after once a day.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/date.h"
#include "base/log.h"
#include "db/db.h"
#include "fmt/xlsx.h"
#include "job/box.h"
#include "job/internal.h"
#include "store/user.h"

#define DAY_MS ((int64_t)86400 * 1000)
#define KEEP_MS (30 * DAY_MS)
#define HOUR_MS 3600000 /* an idle worker wakes so often, to see whether a day has begun */
#define LIST_MAX 100
#define PROGRESS_MS 400
#define RETRY_MS 250
#define POLL_MS 1000 /* where another process may have put a job into the queue */

struct Jobs {
    Store *s;
    Arena *mem;
    const char *dir;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    atomic_bool stopping;
    bool poked;
    int64_t running;             /* id; 0: none */
    int64_t tidied_day;          /* of the clock: when old jobs were forgotten last; worker thread only */
    atomic_bool cancel;          /* the running one */
};

static const char *path_of(Arena *mem, const Jobs *j, int64_t id, const char *tail)
{
    return str_printf(mem, "%s/%lld.%s", j->dir, (long long)id, tail).p;
}

static void drop_files(Arena *mem, const Jobs *j, int64_t id)
{
    static const char *const TAILS[] = {"in", "report.xlsx", "out"};
    for (size_t i = 0; i < ARRAY_LEN(TAILS); i++) {
        (void)unlink(path_of(mem, j, id, TAILS[i]));
    }
}

/* ---- the worker ---- */

typedef struct {
    Jobs *j;
    Job *job;
    Arena *mem;                  /* for writing progress only */
    int64_t written_ms;
    bool cancelled, lost; /* lost: another process took it for dead and has it now */
} Progress;

static bool on_progress(void *ctx, int64_t done, int64_t total)
{
    Progress *p = ctx;
    p->job->done = done;
    if (total != 0) {
        p->job->total = total;
    }
    p->job->total = MAX(p->job->total, done);
    int64_t now = clock_mono_ms();
    if (now - p->written_ms >= PROGRESS_MS) {
        Cx cx;
        arena_reset(p->mem);
        cx_init(&cx, p->mem);
        JobMark m = {.job = p->job};
        if (!store_write(&cx, p->j->s, job_row_update, &m)) {
            log_warn("job %lld: progress not written: %.*s", (long long)p->job->id, STRF(cx_text(&cx)));
        } else if (m.lost) {
            p->lost = true;
        } else if (m.cancel) {
            atomic_store(&p->j->cancel, true);
        }
        p->written_ms = now;
    }
    p->cancelled = atomic_load(&p->j->cancel);
    return !p->cancelled && !p->lost;
}

static bool run_import(Cx *cx, Jobs *j, const Actor *a, const RecordType *t, Job *b, Progress *p)
{
    const char *in, *report = path_of(cx->mem, j, b->id, "report.xlsx");
    int fd;
    if (!box_open(cx, j->s, path_of(cx->mem, j, b->id, "in"), &fd, &in)) {
        return false;
    }
    int64_t rows = rows_in(cx, in);
    b->total = MAX(rows - 1, 1);
    (void)unlink(report);
    ImportCounts n = {0};
    Str source = str_printf(cx->mem, "导入 %.*s（任务 %lld）", STRF(b->input_name), (long long)b->id);
    bool ok = import_run(cx, j->s, a, t, in, b->dry_run, report, source, on_progress, p, &n);
    close(fd);
    bool sealed = box_seal(cx, j->s, report);
    if (!sealed) {
        (void)unlink(report);
        ok = ok && !b->dry_run; /* what was written stays written: that it went well is said, and that the reasons are lost */
        if (ok) {
            cx_clear(cx);
        }
    }
    b->n_new = n.n_new;
    b->n_changed = n.n_changed;
    b->n_same = n.n_same;
    b->n_wrong = n.n_wrong;
    b->n_warn = n.n_warn;
    b->done = n.rows;
    b->has_report = ok && access(report, R_OK) == 0;
    if (ok) {
        b->total = n.rows;
        b->text = str_printf(cx->mem, "%s：共 %lld 行，新增 %lld，更新 %lld，没有变化 %lld，有错 %lld%s%s",
                             b->dry_run ? "核对完毕，还没有写入" : "导入完毕", (long long)n.rows, (long long)n.n_new, (long long)n.n_changed,
                             (long long)n.n_same, (long long)n.n_wrong, n.n_wrong != 0 && !b->dry_run ? "（有错的行没有收取）" : "",
                             sealed ? "" : "；标注文件没有保存成，要看原因请把原文件再核对一次");
    }
    return ok;
}

static bool run_export(Cx *cx, Jobs *j, const Actor *a, const RecordType *t, const JobRow *r, Job *b, Progress *p)
{
    const char *out = path_of(cx->mem, j, b->id, "out");
    Str format = str_ends(b->input_name, S(".csv")) ? S("csv") : S("xlsx");
    Query q;
    int64_t rows = 0;
    if (!query_load(cx, store_pack(j->s), t, r->params, &q) || !export_run(cx, j->s, a, &q, format, out, on_progress, p, &rows)) {
        (void)unlink(out);
        return false;
    }
    if (!box_seal(cx, j->s, out)) {
        (void)unlink(out);
        return false;
    }
    b->done = b->total = rows;
    b->has_output = true;
    b->text = str_printf(cx->mem, "导出完毕，共 %lld 条", (long long)rows);
    return true;
}

static const JobWork *works[4];

void jobs_offer(const JobWork *work)
{
    for (size_t i = 0; i < ARRAY_LEN(works); i++) {
        if (works[i] == NULL || works[i] == work) {
            works[i] = work;
            return;
        }
    }
    CHECK(false);
}

static bool run_work(Cx *cx, Jobs *j, const Actor *a, const RecordType *t, const JobRow *r, Job *b, Progress *p)
{
    const char *out = path_of(cx->mem, j, b->id, "out");
    for (size_t i = 0; i < ARRAY_LEN(works) && works[i] != NULL; i++) {
        if (str_eq(b->kind, str_c(works[i]->kind))) {
            (void)unlink(out);
            b->has_output = works[i]->fn(cx, j->s, a, t, r->params, out, on_progress, p, &b->text) && box_seal(cx, j->s, out);
            b->done = b->total;
            return b->has_output;
        }
    }
    return fail(cx, E_NOT_FOUND, "这个版本的程序没有这种任务");
}

static bool run_kind(Cx *cx, Jobs *j, const Actor *a, const RecordType *t, const JobRow *r, Job *b, Progress *p)
{
    return str_eq(b->kind, S("import"))   ? run_import(cx, j, a, t, b, p)
           : str_eq(b->kind, S("export")) ? run_export(cx, j, a, t, r, b, p)
                                          : run_work(cx, j, a, t, r, b, p);
}

static bool job_actor(Cx *cx, Jobs *j, const JobRow *r, Actor *ret)
{
    if (str_eq(r->actor, S("system"))) {
        *ret = (Actor){.is_system = true, .name = S("系统")};
    } else if (!user_actor(cx, j->s, r->job.user, ret)) {
        return false;
    }
    ret->via = str_printf(cx->mem, "%.*s:%lld", STRF(r->job.kind), (long long)r->job.id);
    return true;
}

/* RETRY_MS, or until somebody calls; true when the service stops. */
static bool wait_a_moment(Jobs *j)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += RETRY_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    pthread_mutex_lock(&j->lock);
    if (!j->stopping) {
        (void)pthread_cond_timedwait(&j->wake, &j->lock, &until);
    }
    bool stopping = j->stopping;
    pthread_mutex_unlock(&j->lock);
    return stopping;
}

static void end_badly(const Jobs *j, Cx *cx, Job *b, const Progress *p)
{
    bool stopped = p->cancelled && cx->err == E_CANCELLED;
    b->state = stopped && !j->stopping ? S("cancelled") : S("failed");
    b->text = stopped && j->stopping ? S(JOB_STOPPED) : str_dup(cx->mem, cx_text(cx));
    log_info("job %lld ended: %s", (long long)b->id, err_info(cx->err)->api);
    cx_clear(cx);
}

/* A job that was taken. Its end is written again while the database is away, or it would seem to run for ever. */
static void run_one(Jobs *j, int64_t id)
{
    Arena *mem = arena_new(0), *progress_mem = arena_new(0);
    Cx cx;
    cx_init(&cx, mem);
    JobRow r;
    Actor a;
    if (!store_attach(&cx, j->s) || !job_row_load(&cx, id, &r)) {
        log_error("job %lld: %.*s", (long long)id, STRF(cx_text(&cx)));
        r = (JobRow){.job = {.id = id, .text = S("任务读不出来，请重新提交")}};
    }
    Job *b = &r.job;
    b->state = S("running");
    b->started_ms = clock_now_ms();
    Progress p = {.j = j, .job = b, .mem = progress_mem};
    const RecordType *t = cx.err == E_OK ? pack_type(store_pack(j->s), b->type) : NULL;
    bool ok = cx.err == E_OK && job_actor(&cx, j, &r, &a) && (t != NULL || fail(&cx, E_NOT_FOUND, "策略包里已没有这种记录")) &&
              run_kind(&cx, j, &a, t, &r, b, &p);
    b->state = S("done");
    arena_pardon(mem); /* how it ended is written all the same */
    if (!ok) {
        end_badly(j, &cx, b, &p);
    }
    b->ended_ms = clock_now_ms();
    JobMark m = {.job = b};
    while (!p.lost && !store_write(&cx, j->s, job_row_update, &m)) { /* no memory, no room or no database now: its owner waits for this line */
        log_error("job %lld: end not written: %.*s", (long long)id, STRF(cx_text(&cx)));
        cx_clear(&cx);
        arena_pardon(mem);
        if (wait_a_moment(j)) {
            break;
        }
    }
    if (p.lost || m.lost) {
        log_warn("job %lld is another process's now", (long long)id);
    }
    store_rest(j->s);
    arena_free(progress_mem);
    arena_free(mem);
}

/* Read first: most looks find nothing, and then nothing is written. */
static bool look(Cx *cx, Jobs *j, int64_t *ret_waiting, int64_t *ret_left)
{
    *ret_left = 0;
    Stmt *st = db_stmt(cx, cx->db, SQL_ADMIN, S("select count(*) from job where state = 'waiting' and folder in ('', ?1)"));
    if (st == NULL) {
        return false;
    }
    stmt_text(st, 1, store_folder(j->s));
    if (!stmt_one_int(cx, st, 0, ret_waiting) || !store_shared(j->s)) {
        return cx->err == E_OK;
    }
    st = db_stmt(cx, cx->db, SQL_ADMIN, S("select count(*) from job where state = 'running' and folder in ('', ?1) and owner " STORE_GONE));
    if (st == NULL) {
        return false;
    }
    stmt_text(st, 1, store_folder(j->s));
    return stmt_one_int(cx, st, 0, ret_left);
}

/* The oldest waiting job, now ours and running; 0: none; -1: not known now. */
static int64_t take_next(Jobs *j)
{
    Arena *mem = arena_new(1 << 20);
    Cx cx;
    cx_init(&cx, mem);
    int64_t id = 0, waiting = 0, left = 0;
    if (!store_attach(&cx, j->s) || !look(&cx, j, &waiting, &left) || (left != 0 && !store_write(&cx, j->s, job_row_free, NULL)) ||
        (waiting + left != 0 && !store_write(&cx, j->s, job_row_take, &id))) {
        log_error("jobs: %.*s", STRF(cx_text(&cx)));
        id = -1;
    }
    store_rest(j->s);
    arena_free(mem);
    return id;
}

/* Old jobs of this folder, which has their files; those of a folder that is served no more go when they are twice as old. The files go first: one
 * whose row is gone would be nobody's, and stay. */
#define FORGOTTEN " created < ?1 and state not in ('waiting', 'running') and (folder in ('', ?2) or created < ?3)"

typedef struct {
    int64_t *ids;
    size_t n;
} Old;

static void bind_old(const Cx *cx, const Jobs *j, Stmt *st)
{
    stmt_int(st, 1, cx->now_ms - KEEP_MS);
    stmt_text(st, 2, store_folder(j->s));
    stmt_int(st, 3, cx->now_ms - 2 * KEEP_MS);
}

static bool old_jobs(Cx *cx, const Jobs *j, Old *ret)
{
    size_t cap = 0;
    Stmt *st = db_stmt(cx, cx->db, SQL_ADMIN, S("select id from job where" FORGOTTEN));
    *ret = (Old){0};
    if (st == NULL) {
        return false;
    }
    bind_old(cx, j, st);
    while (stmt_next(cx, st)) {
        ARRAY_ROOM(cx->mem, ret->ids, ret->n, cap);
        ret->ids[ret->n++] = stmt_col_int(st, 0);
    }
    return stmt_end(st);
}

static bool do_forget(Cx *cx, Store *s, void *arg)
{
    (void)s;
    Stmt *st = db_stmt(cx, cx->db, SQL_ADMIN, S("delete from job where" FORGOTTEN));
    if (st == NULL) {
        return false;
    }
    bind_old(cx, arg, st);
    return stmt_run(cx, st);
}

static void forget_daily(Jobs *j)
{
    int64_t today = clock_now_ms() / DAY_MS;
    Old old;
    if (j->tidied_day == today) {
        return;
    }
    j->tidied_day = today;
    Arena *mem = arena_new(0);
    Cx cx;
    cx_init(&cx, mem);
    bool ok = store_attach(&cx, j->s) && old_jobs(&cx, j, &old);
    for (size_t i = 0; ok && i < old.n; i++) {
        drop_files(mem, j, old.ids[i]);
    }
    if (!ok || (old.n != 0 && !store_write(&cx, j->s, do_forget, j))) {
        log_error("jobs: old ones are not forgotten today: %.*s", STRF(cx_text(&cx)));
    }
    arena_free(mem);
}

/* Until somebody of this process puts a job into the queue; others of the same database are not heard, so it is looked at every now and then. */
static void wait_for_job(Jobs *j)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += (store_shared(j->s) ? POLL_MS : HOUR_MS) / 1000;
    while (!j->poked && !j->stopping && pthread_cond_timedwait(&j->wake, &j->lock, &at) == 0) {
    }
}

static void *worker_main(void *arg)
{
    Jobs *j = arg;
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
    pthread_mutex_lock(&j->lock);
    while (!j->stopping) {
        j->poked = false;
        pthread_mutex_unlock(&j->lock);
        forget_daily(j);
        int64_t id = take_next(j);
        if (id < 0) {
            (void)wait_a_moment(j);
        }
        pthread_mutex_lock(&j->lock);
        if (id < 0) {
            continue;
        }
        if (id == 0) {
            wait_for_job(j);
            continue;
        }
        j->running = id;
        atomic_store(&j->cancel, j->stopping);
        pthread_mutex_unlock(&j->lock);
        run_one(j, id);
        pthread_mutex_lock(&j->lock);
        j->running = 0;
    }
    pthread_mutex_unlock(&j->lock);
    store_detach(j->s);
    return NULL;
}

/* ---- starting and stopping ---- */

/* What was running when the process ended. Where there are several others may be running it; what the dead left is found by take_next. */
static bool recover(Cx *cx, Store *s, void *unused)
{
    (void)unused;
    if (store_shared(s)) {
        return true;
    }
    Stmt *st = db_stmt(cx, cx->db, SQL_ADMIN, S("update job set state = 'failed', text = ?1, ended = ?2 where state = 'running'"));
    if (st == NULL) {
        return false;
    }
    stmt_text(st, 1, S(JOB_STOPPED));
    stmt_int(st, 2, cx->now_ms);
    return stmt_run(cx, st);
}

Jobs *jobs_start(Cx *cx, Store *s)
{
    Arena *mem = arena_new(1 << 20);
    Jobs *j = NEW(mem, Jobs);
    j->mem = mem;
    j->s = s;
    j->dir = str_printf(mem, "%s/jobs", store_dir(s)).p;
    if (mkdir(j->dir, 0700) != 0 && errno != EEXIST) {
        (void)fail(cx, E_IO, "无法建立任务文件夹 %s", j->dir);
        arena_free(mem);
        return NULL;
    }
    if (!store_write(cx, s, recover, NULL)) {
        arena_free(mem);
        return NULL;
    }
    box_sweep(cx, s, j->dir);
    pthread_mutex_init(&j->lock, NULL);
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&j->wake, &attr);
    pthread_condattr_destroy(&attr);
    CHECK(pthread_create(&j->thread, NULL, worker_main, j) == 0);
    return j;
}

void jobs_stop(Jobs *j)
{
    if (j == NULL) {
        return;
    }
    pthread_mutex_lock(&j->lock);
    j->stopping = true;
    atomic_store(&j->cancel, true);
    pthread_cond_signal(&j->wake);
    pthread_mutex_unlock(&j->lock);
    pthread_join(j->thread, NULL);
    pthread_mutex_destroy(&j->lock);
    pthread_cond_destroy(&j->wake);
    arena_free(j->mem);
}

static void poke(Jobs *j)
{
    pthread_mutex_lock(&j->lock);
    j->poked = true;
    pthread_cond_signal(&j->wake);
    pthread_mutex_unlock(&j->lock);
}

/* ---- what people ask ---- */

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
    const char *in = path_of(cx->mem, j, r.job.id, "in");
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
    poke(j);
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
    poke(j);
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
    poke(j);
    return true;
}

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

static bool cancel_waiting(Cx *cx, Store *s, void *arg)
{
    (void)s;
    Stmt *st = db_stmt(cx, cx->db, SQL_ADMIN,
                       S("update job set state = 'cancelled', text = ?2, ended = ?3 where id = ?1 and state = 'waiting'"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, *(int64_t *)arg);
    stmt_text(st, 2, S("已取消，没有开始"));
    stmt_int(st, 3, cx->now_ms);
    return stmt_run(cx, st);
}

bool job_cancel(Cx *cx, Jobs *j, const Actor *a, int64_t id)
{
    JobRow r;
    if (!job_row_own(cx, a, id, &r)) {
        return false;
    }
    pthread_mutex_lock(&j->lock);
    bool open = str_eq(r.job.state, S("waiting")) || str_eq(r.job.state, S("running"));
    bool running = open && j->running == id; /* of one that has just ended the thread may not know yet */
    if (running) {
        atomic_store(&j->cancel, true);
    }
    pthread_mutex_unlock(&j->lock);
    if (running) {
        return true;
    }
    if (str_eq(r.job.state, S("running"))) { /* by another process: it looks when it writes its progress */
        return store_write(cx, j->s, job_row_stop, &id);
    }
    if (!str_eq(r.job.state, S("waiting"))) {
        return fail(cx, E_WRONG_STATE, "任务已经结束，不能取消");
    }
    return store_write(cx, j->s, cancel_waiting, &id);
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
    const char *in = path_of(cx->mem, j, r.job.id, "in");
    if (import && link(path_of(cx->mem, j, id, "in"), in) != 0) {
        return fail(cx, E_NOT_FOUND, "上传的文件已不在，请重新上传");
    }
    if (!store_write(cx, j->s, job_row_insert, &r)) {
        (void)unlink(in);
        return false;
    }
    *ret_id = r.job.id;
    poke(j);
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
    if (access(path_of(cx->mem, j, id, tail), F_OK) != 0) {
        return fail(cx, E_NOT_FOUND, store_shared(j->s) ? "这个任务的文件不在这台服务器的数据文件夹里" : "这个任务没有这个文件");
    }
    if (!box_open(cx, j->s, path_of(cx->mem, j, id, tail), ret_fd, NULL)) {
        return false;
    }
    *ret_name = name;
    return true;
}
