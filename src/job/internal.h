/*
 * internal.h - what the files of the queue share; not for other modules.
 */
#pragma once

/* Of an import nobody can say any more how far it came. */
#define JOB_STOPPED "系统中途停止，可以重新运行；如果是导入，已写入的行保留，再导入一次不会重复"

#include "job/job.h"
#include "db/db.h"
#include "store/shared.h"

/* query_save - a query as text, to be run later; query_load reads it back against the pack of today (E_INVALID when a field left it). */
Str query_save(Arena *mem, const Query *q);
MUST_USE bool query_load(Cx *cx, const Pack *p, const RecordType *t, Str text, Query *ret);

/* file_kind of an upload by its bytes: 'x' workbook, 'o' old or encrypted workbook, 'c' text, 0 something else. */
char upload_kind(Str bytes);


/* rows_in - how many non-blank rows a kept workbook has, header included; 0 when it cannot be read (the run will say why). */
int64_t rows_in(Cx *cx, const char *path);

/* ---- jobrow.c ---- */

#define JOB_COLUMNS                                                                                                                        \
    "id, user_id, created, started, ended, kind, state, title, type, input_name, text, done, total, n_new, n_changed, n_same, n_wrong,"    \
    " n_warn, dry_run, has_report, has_output, params, actor"
#define JOB_TRIES 2 /* a job that was running when its process died is begun anew so often in all */

typedef struct {
    Job job;
    Str params, actor;
} JobRow;

typedef struct {
    const Job *job;
    bool lost, cancel; /* set by job_row_update: it is another process's now; somebody asked that it stop */
} JobMark;

void job_row_read(Arena *mem, Stmt *st, JobRow *r);                          /* a row of JOB_COLUMNS, in their order */
MUST_USE bool job_row_load(Cx *cx, int64_t id, JobRow *ret);                 /* E_NOT_FOUND */
MUST_USE bool job_row_own(Cx *cx, const Actor *a, int64_t id, JobRow *ret);  /* E_NOT_FOUND too when it is another person's */
bool job_row_insert(Cx *cx, Store *s, void *row);                            /* StoreFn; JobRow; E_TOO_MANY above 5 waiting */
bool job_row_update(Cx *cx, Store *s, void *mark);                           /* StoreFn; JobMark; writes nothing of a job that is not ours */
bool job_row_take(Cx *cx, Store *s, void *id);                               /* StoreFn; the oldest waiting job is ours and runs; 0: none */
bool job_row_free(Cx *cx, Store *s, void *unused);                           /* StoreFn; what dead processes left running waits again */
bool job_row_stop(Cx *cx, Store *s, void *id);                               /* StoreFn; what waits is cancelled, whoever runs it is asked to stop */
