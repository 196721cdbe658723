/*
 * jobrun.c - one job from beginning to end: its files opened, the work of its kind done with the rights of whoever asked,
 * progress noted in its row on the way, and how it ended written there.
 */
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "job/box.h"
#include "job/jobs_int.h"
#include "store/user.h"

#define PROGRESS_MS 400

/* ---- progress ---- */

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

/* ---- the work of each kind ---- */

static bool run_import(Cx *cx, Jobs *j, const Actor *a, const RecordType *t, Job *b, Progress *p)
{
    const char *in, *report = job_path(cx->mem, j, b->id, "report.xlsx");
    int fd;
    if (!box_open(cx, j->s, job_path(cx->mem, j, b->id, "in"), &fd, &in)) {
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
    const char *out = job_path(cx->mem, j, b->id, "out");
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
    const char *out = job_path(cx->mem, j, b->id, "out");
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

/* ---- one job ---- */

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

static void end_badly(const Jobs *j, Cx *cx, Job *b, const Progress *p)
{
    bool stopped = p->cancelled && cx->err == E_CANCELLED;
    b->state = stopped && !j->stopping ? S("cancelled") : S("failed");
    b->text = stopped && j->stopping ? S(JOB_STOPPED) : str_dup(cx->mem, cx_text(cx));
    log_info("job %lld ended: %s", (long long)b->id, err_info(cx->err)->api);
    cx_clear(cx);
}

void job_run(Jobs *j, int64_t id)
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
        if (jobs_wait(j)) {
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
