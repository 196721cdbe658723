/*
 * jobrow.c - rows of the table `job`: read, added, brought up to date. What a row means is decided in jobs.c and jobrun.c.
 */
#include "job/internal.h"

#define MAX_WAITING 5

void job_row_read(Arena *mem, Stmt *st, JobRow *r)
{
    Job *b = &r->job;
    int64_t *const ints[] = {&b->id, &b->user, &b->created_ms, &b->started_ms, &b->ended_ms};
    Str *const texts[] = {&b->kind, &b->state, &b->title, &b->type, &b->input_name, &b->text};
    int64_t *const counts[] = {&b->done, &b->total, &b->n_new, &b->n_changed, &b->n_same, &b->n_wrong, &b->n_warn};
    int c = 0;
    for (size_t i = 0; i < ARRAY_LEN(ints); i++) {
        *ints[i] = stmt_col_int(st, c++);
    }
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        *texts[i] = stmt_col_dup(mem, st, c++);
    }
    for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
        *counts[i] = stmt_col_int(st, c++);
    }
    b->dry_run = stmt_col_int(st, c++) != 0;
    b->has_report = stmt_col_int(st, c++) != 0;
    b->has_output = stmt_col_int(st, c++) != 0;
    r->params = stmt_col_dup(mem, st, c++);
    r->actor = stmt_col_dup(mem, st, c);
}

bool job_row_load(Cx *cx, int64_t id, JobRow *ret)
{
    Stmt *st = db_stmt(cx, cx->db, SQL_ADMIN, S("select " JOB_COLUMNS " from job where id = ?1"));
    bool row = false;
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, id);
    bool ok = stmt_step(cx, st, &row);
    if (ok && row) {
        job_row_read(cx->mem, st, ret);
    }
    stmt_done(st);
    return ok && (row || fail(cx, E_NOT_FOUND, "没有找到这个任务"));
}

bool job_row_own(Cx *cx, const Actor *a, int64_t id, JobRow *ret)
{
    JobRow r;
    if (!job_row_load(cx, id, &r)) {
        return false;
    }
    if (!a->is_system && (a->user == 0 || a->user != r.job.user)) {
        return fail(cx, E_NOT_FOUND, "没有找到这个任务");
    }
    *ret = r;
    return true;
}

bool job_row_insert(Cx *cx, Store *s, void *arg)
{
    const JobRow *r = arg;
    const Job *b = &r->job;
    int64_t waiting = 0;
    Stmt *st = db_stmt(cx, cx->db, SQL_ADMIN, S("select count(*) from job where user_id = ?1 and state = 'waiting'"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, b->user);
    if (!stmt_one_int(cx, st, 0, &waiting)) {
        return false;
    }
    if (waiting >= MAX_WAITING) {
        return fail(cx, E_TOO_MANY, "您已有 %d 个任务在排队，请等它们办完", MAX_WAITING);
    }
    st = db_stmt(cx, cx->db, SQL_ADMIN,
                 S("insert into job (id, user_id, kind, state, title, type, input_name, params, actor, dry_run, done, total, n_new,"
                   " n_changed, n_same, n_wrong, n_warn, has_report, has_output, text, created, started, ended, folder)"
                   " values (?1, ?2, ?3, 'waiting', ?4, ?5, ?6, ?7, ?8, ?9, 0, 0, 0, 0, 0, 0, 0, 0, 0, '', ?10, 0, 0, ?11)"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, b->id);
    stmt_int(st, 2, b->user);
    stmt_text(st, 3, b->kind);
    stmt_text(st, 4, b->title);
    stmt_text(st, 5, b->type);
    stmt_text(st, 6, b->input_name);
    stmt_text(st, 7, r->params);
    stmt_text(st, 8, r->actor);
    stmt_int(st, 9, b->dry_run);
    stmt_int(st, 10, cx->now_ms);
    stmt_text(st, 11, store_folder(s));
    return stmt_run(cx, st);
}

bool job_row_update(Cx *cx, Store *s, void *arg)
{
    JobMark *m = arg;
    const Job *b = m->job;
    Stmt *st = db_stmt(cx, cx->db, SQL_ADMIN,
                       S("update job set state = ?2, text = ?3, done = ?4, total = ?5, n_new = ?6, n_changed = ?7, n_same = ?8,"
                         " n_wrong = ?9, n_warn = ?10, has_report = ?11, has_output = ?12, started = ?13, ended = ?14"
                         " where id = ?1 and owner = ?15 returning cancel"));
    if (st == NULL) {
        return false;
    }
    const int64_t ints[] = {b->done, b->total, b->n_new, b->n_changed, b->n_same, b->n_wrong, b->n_warn,
                            b->has_report, b->has_output, b->started_ms, b->ended_ms};
    stmt_int(st, 1, b->id);
    stmt_text(st, 2, b->state);
    stmt_text(st, 3, b->text);
    for (size_t i = 0; i < ARRAY_LEN(ints); i++) {
        stmt_int(st, 4 + (int)i, ints[i]);
    }
    stmt_text(st, 15, store_me(s));
    m->lost = true;
    while (stmt_next(cx, st)) {
        m->lost = false;
        m->cancel = stmt_col_int(st, 0) != 0;
    }
    return stmt_end(st);
}

/* One job to one process: whoever else asks at the same time passes over the row, or finds its state changed. */
bool job_row_take(Cx *cx, Store *s, void *id)
{
    Stmt *st = db_stmt(cx, cx->db, SQL_ADMIN,
                       S("update job set state = 'running', owner = ?1, tries = tries + 1, started = ?2 where state = 'waiting' and id ="
                         " (select id from job where state = 'waiting' and folder in ('', ?3) order by created, id limit 1 {lock_skip})"
                         " returning id"));
    if (st == NULL) {
        return false;
    }
    stmt_text(st, 1, store_me(s));
    stmt_int(st, 2, cx->now_ms);
    stmt_text(st, 3, store_folder(s));
    return stmt_one_int(cx, st, 0, id);
}

bool job_row_free(Cx *cx, Store *s, void *unused)
{
    (void)unused;
    Stmt *st = db_stmt(cx, cx->db, SQL_ADMIN,
                       S("update job set state = case when tries < ?1 then 'waiting' else 'failed' end, text = ?2,"
                         " ended = case when tries < ?1 then 0 else ?3 end, owner = ''"
                         " where state = 'running' and folder in ('', ?4) and owner " STORE_GONE));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, JOB_TRIES);
    stmt_text(st, 2, S(JOB_STOPPED));
    stmt_int(st, 3, cx->now_ms);
    stmt_text(st, 4, store_folder(s));
    return stmt_run(cx, st);
}

bool job_row_stop(Cx *cx, Store *s, void *id)
{
    (void)s;
    Stmt *st = db_stmt(cx, cx->db, SQL_ADMIN,
                       S("update job set cancel = case when state = 'running' then 1 else 0 end, text = case when state = 'running' then text else ?2 end,"
                         " ended = case when state = 'running' then ended else ?3 end, state = case when state = 'running' then state else 'cancelled' end"
                         " where id = ?1 and state in ('waiting', 'running')"));
    if (st == NULL) {
        return false;
    }
    stmt_int(st, 1, *(int64_t *)id);
    stmt_text(st, 2, S("已取消，没有开始"));
    stmt_int(st, 3, cx->now_ms);
    return stmt_run(cx, st);
}
