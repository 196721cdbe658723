/*
 * deskrows.h - the rows of the desk: records and tasks with their lights; a fixed number of statements a record type, none a row.
 */
#pragma once

#include "page/internal.h"
#include "store/desk.h"

typedef struct {
    const RecordType *type;
    const Rec *rec;                  /* NULL only for tasks whose record may not be read any more: not shown */
    const Task *task;                /* what was asked; NULL: the record lies at the desk of the office */
    Str note;                        /* 已转给… 等待…加签 超期督办 */
    bool escalated;                  /* lies at an office below, long overdue */
    bool has_due;
    int32_t due, left;               /* left: working days until then; negative: overdue */
    Str light;                       /* red gold grass none */
    int64_t rank, since_ms;          /* smaller: more urgent */
} DeskRow;

/* desk_todo_rows - everything to do, unsorted; at most 200 records a type. */
MUST_USE bool desk_todo_rows(Req *rq, DeskRow **ret, size_t *ret_n);
/* desk_escalated - how many records long overdue at offices below are among them. */
MUST_USE bool desk_escalated(Req *rq, int64_t *ret_n);
Doc *desk_row_doc(Req *rq, const DeskRow *r);
/* Into rq->doc as `items` when `fill`; the number in any case (copies: unread ones). */
MUST_USE bool desk_begun_rows(Req *rq, bool fill, int64_t *ret_n);
MUST_USE bool desk_copy_rows(Req *rq, bool fill, int64_t *ret_n);

/* Records wanted by id, loaded type by type. */
typedef struct {
    struct Wanted {
        const RecordType *type;
        int64_t id;
        const Rec *rec;
    } *items;
    size_t n, cap;
} RecordSet;
void record_set_want(Req *rq, RecordSet *w, const RecordType *t, int64_t id);
MUST_USE bool record_set_load(Req *rq, RecordSet *w);
const Rec *record_set_get(const RecordSet *w, int64_t id); /* NULL: not there, or not to be read */
