/*
 * job.h - long work that a person can watch, cancel and find again: imports and exports, on their own thread, one after another.
 *
 * A job is a row: type, state (waiting running done failed cancelled), progress, counts, files. Jobs left running by a crash are found at
 * start and marked failed ("可以重新运行"); job_retry runs them again.
 */
#pragma once

#include "store/record.h"

typedef struct {
    int64_t id, user, created_ms, started_ms, ended_ms;
    Str kind, state, title, type, input_name, text; /* text: the result or failure in words */
    int64_t done, total, n_new, n_changed, n_same, n_wrong, n_warn;
    bool dry_run, has_report, has_output;
} Job;

typedef bool JobProgress(void *ctx, int64_t done, int64_t total); /* false: cancel */

typedef struct Jobs Jobs;
MUST_USE Jobs *jobs_start(Cx *cx, Store *s);       /* one worker thread */
void jobs_stop(Jobs *j);

/* import_submit - keep the uploaded workbook or CSV and queue its import. E_MEDIA_TYPE when it is neither. */
MUST_USE bool import_submit(Cx *cx, Jobs *j, const Actor *a, const RecordType *t, Str file_name, Str bytes, bool dry_run, int64_t *ret_id);
MUST_USE bool export_submit(Cx *cx, Jobs *j, const Actor *a, const Query *q, Str format, int64_t *ret_id);
MUST_USE bool job_get(Cx *cx, Jobs *j, const Actor *a, int64_t id, Job *ret);
MUST_USE bool job_list(Cx *cx, Jobs *j, const Actor *a, Job **ret, size_t *ret_n);
MUST_USE bool job_cancel(Cx *cx, Jobs *j, const Actor *a, int64_t id);
MUST_USE bool job_retry(Cx *cx, Jobs *j, const Actor *a, int64_t id, bool dry_run, int64_t *ret_id); /* a dry run then for real */
/*
 * Work of another kind, done by whoever is above: named before jobs_start, queued like an export, its file found as "output". The function
 * makes the file `out` (which is not there yet) and says in *ret_text what came of it; `t` and `params` as they were submitted; rights are
 * its own affair, but a job is only taken from who may export `t`.
 */
typedef struct JobWork {
    const char *kind;            /* not "import", not "export" */
    bool (*fn)(Cx *cx, Store *s, const Actor *a, const RecordType *t, Str params, const char *out, JobProgress *progress, void *ctx,
               Str *ret_text);
} JobWork;
void jobs_offer(const JobWork *work);               /* a literal; at most four */
MUST_USE bool work_submit(Cx *cx, Jobs *j, const Actor *a, const JobWork *work, const RecordType *t, Str title, Str file_name, Str params,
                          int64_t *ret_id);
/* job_file - which: "input", "report" (annotated workbook), "output". */
MUST_USE bool job_file(Cx *cx, Jobs *j, const Actor *a, int64_t id, Str which, int *ret_fd, Str *ret_name);

/* ---- the work itself, also for the command line (import.c, export.c) ---- */
typedef struct {
    int64_t rows, n_new, n_changed, n_same, n_wrong, n_warn;
} ImportCounts;

/*
 * import_run - read the sheet of `path` (xlsx or csv), check every row and, unless dry_run, write the good ones in batches of 500 a
 * transaction. Wrong rows are left out. `report` NULL or the path for the annotated workbook (written when there are findings).
 * E_INVALID only for a workbook that cannot be taken at all (wrong template, missing columns: named in the message).
 */
MUST_USE bool import_run(Cx *cx, Store *s, const Actor *a, const RecordType *t, const char *path, bool dry_run, const char *report,
                         Str source, JobProgress *progress, void *ctx, ImportCounts *ret);
/* export_run - every record the query selects for this actor, as seen by them, into path; format "xlsx" or "csv". */
MUST_USE bool export_run(Cx *cx, Store *s, const Actor *a, const Query *q, Str format, const char *path, JobProgress *progress, void *ctx,
                         int64_t *ret_rows);
/* template_write - the sheet's template: drop-downs, dependent lists, notes, hidden keys, version; existing rows of the actor
 * filled in when `with_rows`. */
MUST_USE bool template_write(Cx *cx, Store *s, const Actor *a, const RecordType *t, bool with_rows, const char *path);
